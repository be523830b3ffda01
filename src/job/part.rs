//! A split that the source lacks, cut off another one.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use tallow_kernels::Stream;

/// Which of a split's rows are meant. The draw goes by row number alone: every run, seed and machine draws the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// This part of the rows, drawn at random without replacement.
    Drawn(f64),
    /// The rows that [`Part::Drawn`] leaves.
    Rest(f64),
}

impl Part {
    /// How much of the whole it is.
    pub fn share(self) -> f64 {
        match self {
            Part::Drawn(frac) => frac,
            Part::Rest(frac) => 1.0 - frac,
        }
    }

    /// How many of `rows` rows. A draw takes at least one and leaves at least one, if there are two.
    pub fn count(self, rows: usize) -> usize {
        let drawn =
            |frac: f64| ((rows as f64 * frac).round() as usize).clamp(rows.min(1), rows.saturating_sub(1).max(rows.min(1)));
        match self {
            Part::Drawn(frac) => drawn(frac),
            Part::Rest(frac) => rows - drawn(frac),
        }
    }

    /// Of a text, which has no rows to draw: its end, or what stands before that.
    pub fn of_text(self, text: &str) -> &str {
        let (Part::Drawn(frac) | Part::Rest(frac)) = self;
        let cut = (text.len() as f64 * Part::Rest(frac).share()).round() as usize;
        let cut = (cut..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        match self {
            Part::Drawn(_) => &text[cut..],
            Part::Rest(_) => &text[..cut],
        }
    }

    /// Row by row, whether it is meant: as [`Part::mask_within`] where all rows are alike. Takes five bytes a row: there may be very many.
    pub fn mask(self, rows: usize) -> Vec<bool> {
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
    fn drawn(self, rows: usize) -> (usize, bool) {
        match self {
            Part::Drawn(_) => (self.count(rows), true),
            Part::Rest(frac) => (Part::Drawn(frac).count(rows), false),
        }
    }

    /// By which a row is drawn sooner or later.
    fn key(row: u64) -> u32 {
        Stream::root(0).named("held_out").bits(row)
    }

    /// The same where rows are of several kinds, such as classes: about the same share of each is drawn. `kinds`: of each row.
    pub fn mask_within(self, kinds: &[u32]) -> Vec<bool> {
        let rows = kinds.len();
        let (drawn, wanted) = self.drawn(rows);
        let mut order: Vec<usize> = (0..rows).collect();
        order.sort_by_cached_key(|&row| (Self::key(row as u64), row));
        // Each row's place among those of its kind; one is drawn before another whose kind has fewer left before it, in shares.
        let mut sizes = std::collections::BTreeMap::new();
        kinds.iter().for_each(|kind| *sizes.entry(kind).or_insert(0u64) += 1);
        let mut before = std::collections::BTreeMap::new();
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

    proptest! {
        /// The two parts share no row, hold all of them, and are as large as they say.
        #[test]
        fn parts_make_a_whole(rows in 0usize..500, frac in 0.001f64..0.999) {
            let (drawn, rest) = (Part::Drawn(frac), Part::Rest(frac));
            let (a, b) = (drawn.mask(rows), rest.mask(rows));
            prop_assert_eq!((&a, &b), (&drawn.mask_within(&vec![7; rows]), &rest.mask_within(&vec![7; rows])));
            prop_assert!(a.iter().zip(&b).all(|(a, b)| a != b) && a.len() == rows && b.len() == rows);
            let held = |mask: &[bool]| mask.iter().filter(|held| **held).count();
            prop_assert_eq!((held(&a), held(&b)), (drawn.count(rows), rest.count(rows)));
            prop_assert!(rows < 2 || (drawn.count(rows) > 0 && rest.count(rows) > 0));
        }
    }
}
