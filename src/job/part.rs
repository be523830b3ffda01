//! A split that the source lacks, cut off another one.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use tallow_kernels::Stream;

/// Which of a split's rows are meant. A draw goes by row number alone: every run, seed and machine draws the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// This part of the rows, drawn at random without replacement.
    Drawn(f64),
    /// The rows that [`Part::Drawn`] leaves.
    Rest(f64),
    /// The rows from a place in their order on.
    From(Boundary),
    /// Those before it.
    Before(Boundary),
}

/// Fewer rows are few: where some of them are drawn, every kind that has two has one on either side.
pub const FEW: usize = 50;

/// Of more rows a draw comes to each class's share by itself, and their classes would have to be kept in memory.
pub const MOST_BY_CLASS: usize = 1 << 20;

/// The rows that can be parted at least: one of each kind on either side, of a single kind two.
pub fn least_to_part(kinds: usize) -> usize {
    2 * kinds.max(2)
}

/// The share that is drawn of so many rows: the `usual` one, of few rows enough that each kind can have one among them.
pub fn share_drawn(usual: f64, rows: usize, kinds: usize) -> f64 {
    let needed = kinds.max(2) as f64 / rows.max(1) as f64;
    if rows < FEW { usual.max(needed) } else { usual }
}

/// A place in the order of a split's rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boundary {
    /// The column that puts the rows in order; a row of which it says nothing is on neither side. None: the rows as they stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What that column says of a row.
    #[serde(default, skip_serializing_if = "Says::is_when")]
    pub says: Says,
    /// The place that it gives a row from here on, of dates the seconds since 1970; of rows as they stand the number of the first, from 0.
    pub at: f64,
    /// How many rows there are before it, and from it on.
    pub before: usize,
    pub from: usize,
}

/// What a column says of a row, by which the row has its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// When it was.
    #[default]
    When,
    /// Whose it is: rows of one value have one place, which is drawn. `draw`: the number of the draw.
    Whose { draw: u64 },
}

impl Says {
    pub fn is_when(&self) -> bool {
        *self == Says::When
    }

    /// The place of all rows of one value. A draw goes by the value alone, as that of rows goes by their number.
    pub fn place_of(value: &str, draw: u64) -> f64 {
        let [high, low, ..] = Part::draws().named(value).block(draw);
        // As many bits as a number holds whole, so that a plan that is written down says the same.
        ((u64::from(high) << 21) | u64::from(low >> 11)) as f64
    }
}

impl Part {
    /// How much of the whole it is.
    pub fn share(&self) -> f64 {
        let of = |rows: usize, others: usize| rows as f64 / (rows + others).max(1) as f64;
        match self {
            Part::Drawn(frac) => *frac,
            Part::Rest(frac) => 1.0 - frac,
            Part::From(Boundary { before, from, .. }) => of(*from, *before),
            Part::Before(Boundary { before, from, .. }) => of(*before, *from),
        }
    }

    /// What the split has besides.
    #[must_use]
    pub fn rest(&self) -> Part {
        match self.clone() {
            Part::Drawn(frac) => Part::Rest(frac),
            Part::Rest(frac) => Part::Drawn(frac),
            Part::From(boundary) => Part::Before(boundary),
            Part::Before(boundary) => Part::From(boundary),
        }
    }

    /// Where its rows lie in their order; none where they are drawn.
    pub fn boundary(&self) -> Option<&Boundary> {
        match self {
            Part::From(boundary) | Part::Before(boundary) => Some(boundary),
            Part::Drawn(_) | Part::Rest(_) => None,
        }
    }

    /// How many of `rows` rows. A draw takes at least one and leaves at least one, if there are two.
    pub fn count(&self, rows: usize) -> usize {
        let drawn =
            |frac: f64| ((rows as f64 * frac).round() as usize).clamp(rows.min(1), rows.saturating_sub(1).max(rows.min(1)));
        match self {
            Part::Drawn(frac) => drawn(*frac),
            Part::Rest(frac) => rows - drawn(*frac),
            Part::From(boundary) => boundary.from,
            Part::Before(boundary) => boundary.before,
        }
    }

    /// Of a text, which has no rows to draw: its end, or what stands before that.
    pub fn of_text<'a>(&self, text: &'a str) -> &'a str {
        let is_end = matches!(self, Part::Drawn(_) | Part::From(_));
        let kept = if is_end { 1.0 - self.share() } else { self.share() };
        let cut = (text.len() as f64 * kept).round() as usize;
        let cut = (cut..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        if is_end { &text[cut..] } else { &text[..cut] }
    }

    /// Row by row, whether it is meant. `place`: that which the column of its boundary gives a row, if it has one.
    pub fn mask(&self, rows: usize, place: impl Fn(usize) -> Option<f64>) -> Vec<bool> {
        let Some(Boundary { column, at, .. }) = self.boundary() else { return self.drawn_mask(rows) };
        let place = |row: usize| if column.is_some() { place(row) } else { Some(row as f64) };
        let is_from = matches!(self, Part::From(_));
        (0..rows).map(|row| place(row).is_some_and(|place| (place >= *at) == is_from)).collect()
    }

    /// Whether each class gives its share of it: of a draw among at most [`MOST_BY_CLASS`] rows.
    pub fn is_by_class(&self, rows: usize) -> bool {
        self.boundary().is_none() && rows <= MOST_BY_CLASS
    }

    /// As [`Part::mask_within`] where all rows are alike. Takes five bytes a row: there may be very many.
    fn drawn_mask(&self, rows: usize) -> Vec<bool> {
        let (drawn, wanted) = self.drawn(rows);
        let key = |row: usize| Self::key(row as u64);
        let mut keys: Vec<u32> = (0..rows).map(key).collect();
        let Some(at) = drawn.checked_sub(1) else { return vec![!wanted; rows] };
        let last = *keys.select_nth_unstable(at).1;
        // Of rows with the same key the first are drawn.
        let mut ties = keys[..drawn].iter().filter(|key| **key == last).count();
        let is_drawn = |row| match key(row).cmp(&last) {
            Ordering::Equal => ties.checked_sub(1).map(|left| ties = left).is_some(),
            order => order == Ordering::Less,
        };
        (0..rows).map(is_drawn).map(|is_drawn| is_drawn == wanted).collect()
    }

    /// How many rows are drawn, and whether those are meant.
    fn drawn(&self, rows: usize) -> (usize, bool) {
        match self {
            Part::Rest(_) | Part::Before(_) => (self.rest().count(rows).min(rows), false),
            Part::Drawn(_) | Part::From(_) => (self.count(rows).min(rows), true),
        }
    }

    fn draws() -> Stream {
        Stream::root(0).named("held_out")
    }

    /// By which a row is drawn sooner or later.
    fn key(row: u64) -> u32 {
        Self::draws().bits(row)
    }

    /// Of a draw the same where rows are of several kinds, such as classes: about the same share of each. `kinds`: of each row.
    pub fn mask_within(&self, kinds: &[u32]) -> Vec<bool> {
        let rows = kinds.len();
        let (drawn, wanted) = self.drawn(rows);
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_cached_key(|&row| (Self::key(row as u64), row));
        // Each row's place among those of its kind; one is drawn before another whose kind has fewer left before it, in shares.
        let mut sizes = std::collections::BTreeMap::new();
        kinds.iter().for_each(|kind| *sizes.entry(kind).or_insert(0u64) += 1);
        let mut before = std::collections::BTreeMap::new();
        let is_sure = |place: u64, size: u64| rows < FEW && place == 0 && size > 1;
        let mut placed: Vec<(u64, u64, usize)> = Vec::with_capacity(rows);
        for &row in &order {
            let place: &mut u64 = before.entry(kinds[row]).or_default();
            placed.push((2 * *place + 1, sizes[&kinds[row]], row));
            *place += 1;
        }
        // As fractions, exactly; a stable sort leaves equal ones in the order of the draw.
        placed.sort_by(|(a, of_a, _), (b, of_b, _)| {
            (u128::from(*a) * u128::from(*of_b)).cmp(&(u128::from(*b) * u128::from(*of_a)))
        });
        placed.sort_by_key(|&(twice, size, _)| !is_sure(twice / 2, size));
        let mut mask = vec![!wanted; rows];
        placed[..drawn].iter().for_each(|&(.., row)| mask[row] = wanted);
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_at_its_end() {
        let text = "abcdefghié";
        let (drawn, rest) = (Part::Drawn(0.1), Part::Rest(0.1));
        assert_eq!((rest.of_text(text), drawn.of_text(text)), ("abcdefghié", ""), "no letter is cut");
        let (drawn, rest) = (Part::Drawn(0.2), Part::Rest(0.2));
        assert_eq!((rest.of_text(text), drawn.of_text(text)), ("abcdefghi", "é"));
    }

    /// Of few rows, that is: of many a rare class may miss on one side, as chance has it.
    #[test]
    fn of_few_rows_every_kind_is_on_either_side() {
        let sides = |sizes: &[usize]| {
            let kinds: Vec<u32> = (0..).zip(sizes).flat_map(|(kind, size)| vec![kind; *size]).collect();
            let frac = share_drawn(0.2, kinds.len(), sizes.len());
            let mask = Part::Drawn(frac).mask_within(&kinds);
            let drawn = |kind| kinds.iter().zip(&mask).filter(|(k, drawn)| **k == kind && **drawn).count();
            let drawn: Vec<usize> = (0..).zip(sizes).map(|(kind, _)| drawn(kind)).collect();
            let other: Vec<bool> = Part::Rest(frac).mask_within(&kinds).iter().map(|kept| !kept).collect();
            assert_eq!(mask, other);
            drawn
        };
        assert_eq!(sides(&[24, 24]), [5, 5]);
        assert_eq!(sides(&[44, 2, 2]), [8, 1, 1]);
        assert_eq!(sides(&[2, 2]), [1, 1]);
        assert_eq!(sides(&[2, 2, 2, 2, 2, 2]), [1; 6]);
        assert_eq!(sides(&[30, 1]), [6, 0], "one row is on one side");
        assert_eq!(sides(&[96, 2, 2])[1..], [0, 0], "of many rows each has its share");
        assert_eq!((least_to_part(3), least_to_part(0)), (6, 4));
        assert_eq!((share_drawn(0.2, 48, 2), share_drawn(0.2, 50, 40)), (0.2, 0.2));
    }

    #[test]
    fn rows_are_parted_where_their_order_says() {
        let times = [Some(3.0), Some(1.0), None, Some(2.0), Some(2.0)];
        let boundary = Boundary { column: Some("when".into()), says: Says::When, at: 2.0, before: 1, from: 3 };
        let (late, early) = (Part::From(boundary.clone()), Part::Before(boundary));
        let mask = |part: &Part| part.mask(5, |row| times[row]).iter().map(|held| usize::from(*held)).collect::<Vec<_>>();
        assert_eq!((mask(&late), mask(&early)), (vec![1, 0, 0, 1, 1], vec![0, 1, 0, 0, 0]));
        assert_eq!((late.count(5), early.count(5), late.share(), late.rest()), (3, 1, 0.75, early.clone()));
        let end = Part::From(Boundary { column: None, says: Says::When, at: 3.0, before: 3, from: 2 });
        assert_eq!((mask(&end), mask(&end.rest())), (vec![0, 0, 0, 1, 1], vec![1, 1, 1, 0, 0]));
        let at = Says::place_of("patient 7", 3);
        let whose = Part::From(Boundary { column: None, says: Says::Whose { draw: 3 }, at, before: 3, from: 2 });
        for part in [late, whose] {
            let written = serde_json::to_string(&part).expect("JSON");
            assert_eq!(serde_json::from_str::<Part>(&written).expect("read"), part, "{written}");
        }
    }

    /// Plans that are on disk say where the groups of a run lie.
    #[test]
    fn the_places_of_values_stay_where_they_are() {
        assert_eq!(
            ["p1", "p2", ""].map(|value| Says::place_of(value, 0)),
            [4_093_308_894_634_818.0, 1_632_209_899_982_422.0, 2_752_261_809_988_473.0]
        );
        assert_ne!(Says::place_of("p1", 0), Says::place_of("p1", 1));
    }

    proptest! {
        /// The two parts share no row, hold all of them, and are as large as they say.
        #[test]
        fn parts_make_a_whole(rows in 0usize..500, frac in 0.001f64..0.999) {
            let (drawn, rest) = (Part::Drawn(frac), Part::Rest(frac));
            let (a, b) = (drawn.mask(rows, |_| None), rest.mask(rows, |_| None));
            prop_assert_eq!((&a, &b), (&drawn.mask_within(&vec![7; rows]), &rest.mask_within(&vec![7; rows])));
            prop_assert!(a.iter().zip(&b).all(|(a, b)| a != b) && a.len() == rows && b.len() == rows);
            let held = |mask: &[bool]| mask.iter().filter(|held| **held).count();
            prop_assert_eq!((held(&a), held(&b)), (drawn.count(rows), rest.count(rows)));
            prop_assert!(rows < 2 || (drawn.count(rows) > 0 && rest.count(rows) > 0));
        }
    }
}
