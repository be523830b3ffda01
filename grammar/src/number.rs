//! Whole and decimal numbers within a range, letter by letter: a digit is allowed only where some number of the range goes on with it.

use serde_json::Number as Json;

/// Digits of a number behind its point, and what it is counted in: billionths.
const PLACES: u32 = 9;
const UNIT: u64 = 1_000_000_000;
/// Digits of a number in all, so that different texts are different float64.
const DIGITS: u32 = 15;
/// The largest whole part is below this.
const WHOLE: u64 = 1_000_000_000;
/// The most negative power of ten that is written.
const POWER: u64 = 30;

/// Sizes, from the least to the most, both included; none where there is no such number.
type Sizes = Option<(u64, u64)>;

/// Whole numbers of a range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Integers {
    /// Of those not below zero, and of the others' sizes.
    up: Sizes,
    down: Sizes,
}

/// Where a whole number stands: its sign, and its digits so far as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Whole {
    negative: bool,
    begun: bool,
    size: u64,
}

/// The largest size of a whole number.
const LARGEST: i128 = 999_999_999_999_999;

impl Integers {
    /// From `least` to `most`.
    pub(crate) fn new(least: i128, most: i128) -> Self {
        // One beyond the largest holds nothing, and its sign can be turned.
        let (least, most) = (least.clamp(-LARGEST, LARGEST + 1), most.clamp(-LARGEST - 1, LARGEST));
        let sizes = |from: i128, to: i128| (from <= to).then_some((from as u64, to as u64));
        Integers { up: sizes(least.max(0), most), down: sizes((-most).max(1), -least) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.up.is_none() && self.down.is_none()
    }

    /// All of them, if they are at most so many.
    pub(crate) fn few(&self, most: u64) -> Option<Vec<i128>> {
        let count = |sizes: Sizes| sizes.map_or(0, |(least, last)| last - least + 1);
        if count(self.up).saturating_add(count(self.down)) > most {
            return None;
        }
        let list = |sizes: Sizes| sizes.into_iter().flat_map(|(least, last)| least..=last).map(i128::from);
        Some(list(self.down).rev_sorted().chain(list(self.up)).collect())
    }

    /// The same without those below `least`, which is not negative, and without so many of the largest.
    pub(crate) fn between(&self, least: u64, fewer: u64) -> Self {
        let up = self.up.map(|(first, last)| (first.max(least), last.saturating_sub(fewer)));
        Integers { up: up.filter(|(first, last)| first <= last), down: None }
    }

    pub(crate) fn largest(&self) -> Option<u64> {
        self.up.map(|(_, last)| last)
    }

    fn sizes(&self, negative: bool) -> Sizes {
        if negative { self.down } else { self.up }
    }

    pub(crate) fn step(&self, at: Whole, byte: u8) -> Option<Whole> {
        let next = match byte {
            b'-' if !at.negative && !at.begun => Whole { negative: true, ..at },
            b'0'..=b'9' if at.begun && at.size == 0 => return None,
            b'0'..=b'9' => Whole { begun: true, size: at.size.checked_mul(10)? + u64::from(byte - b'0'), ..at },
            _ => return None,
        };
        self.cost(next).map(|_| next)
    }

    /// The fewest letters that still come; none where no number goes on so.
    pub(crate) fn cost(&self, at: Whole) -> Option<u32> {
        if !at.begun {
            let digits = |negative: bool| self.sizes(negative).map(|(least, _)| letters(least) + u32::from(negative));
            let own = digits(at.negative).map(|all| all - u32::from(at.negative));
            return if at.negative { own } else { [own, digits(true)].into_iter().flatten().min() };
        }
        let (least, most) = self.sizes(at.negative)?;
        more_digits(at.size, 1, |from, to| from <= most && to >= least)
    }

    pub(crate) fn accepts(&self, at: Whole) -> bool {
        at.begun && self.sizes(at.negative).is_some_and(|(least, most)| (least..=most).contains(&at.size))
    }
}

impl Whole {
    pub(crate) fn size(self) -> u64 {
        self.size
    }

    pub(crate) fn pack(self) -> u64 {
        self.size | u64::from(self.begun) << 62 | u64::from(self.negative) << 63
    }

    pub(crate) fn unpack(at: u64) -> Self {
        Whole { negative: at >> 63 == 1, begun: at >> 62 & 1 == 1, size: at & (1 << 62) - 1 }
    }
}

/// Digits of a whole number.
fn letters(size: u64) -> u32 {
    size.checked_ilog10().unwrap_or(0) + 1
}

/// How many digits more a number at least needs that begins with `size`, counted in `unit`, so that `fits` says yes to what it may be.
fn more_digits(size: u64, unit: u64, fits: impl Fn(u64, u64) -> bool) -> Option<u32> {
    // A number does not go on behind a zero.
    let most = if size == 0 { 0 } else { DIGITS };
    let mut power = 1u64;
    for more in 0..=most {
        let from = size.checked_mul(power)?;
        let to = from.checked_add(power - 1)?;
        if fits(from.checked_mul(unit)?, to.checked_mul(unit)?.checked_add(unit - 1)?) {
            return Some(more);
        }
        power = power.checked_mul(10)?;
    }
    None
}

trait Reversed {
    fn rev_sorted(self) -> std::vec::IntoIter<i128>;
}

/// Sizes of negative numbers, from the lowest number up.
impl<I: Iterator<Item = i128>> Reversed for I {
    fn rev_sorted(self) -> std::vec::IntoIter<i128> {
        let mut all: Vec<i128> = self.map(|size| -size).collect();
        all.sort_unstable();
        all.into_iter()
    }
}

/// One end of a range of decimal numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: Json,
    pub(crate) excluded: bool,
}

impl Bound {
    fn float(&self) -> f64 {
        self.value.as_f64().unwrap_or(0.0)
    }
}

/// Decimal numbers of a range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decimals {
    /// In billionths, as for [`Integers`].
    up: Sizes,
    down: Sizes,
    least: Option<Bound>,
    most: Option<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    #[default]
    Sign,
    Whole,
    /// Behind the point, where at least one digit comes.
    Point,
    Fraction,
    /// Behind `e`, behind `e-`, and within the power.
    E,
    Minus,
    Power,
}

const PHASES: [Phase; 7] = [Phase::Sign, Phase::Whole, Phase::Point, Phase::Fraction, Phase::E, Phase::Minus, Phase::Power];

/// Where a decimal number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Decimal {
    negative: bool,
    phase: Phase,
    /// Digits so far, and how many of them stand behind the point; zeros at the front do not count among `digits`.
    size: u64,
    digits: u32,
    places: u32,
    power: u64,
}

impl Decimals {
    pub(crate) fn new(least: Option<Bound>, most: Option<Bound>) -> Self {
        let top = WHOLE * UNIT - 1;
        // The first and the last number of billionths within a bound on the sizes.
        let first = |bound: Option<&Bound>| match bound {
            None => Some(0),
            Some(bound) => scaled(bound.value.clone(), bound.excluded).map(|(up, _)| up),
        };
        let last = |bound: Option<&Bound>| match bound {
            None => Some(top),
            Some(bound) => scaled(bound.value.clone(), bound.excluded).and_then(|(_, down)| down),
        };
        let negative = |bound: &Bound| bound.float() < 0.0;
        let mirrored = |bound: &Option<Bound>| bound.clone().map(|bound| Bound { value: positive(&bound.value), ..bound });
        let sizes = |first: Option<u64>, last: Option<u64>| {
            let (first, last) = (first?, last?.min(top));
            (first <= last).then_some((first, last))
        };
        let up = if most.as_ref().is_some_and(negative) {
            None
        } else {
            sizes(first(least.as_ref().filter(|bound| !negative(bound))), last(most.as_ref()))
        };
        let down = if least.as_ref().is_some_and(|bound| !negative(bound)) {
            None
        } else {
            let nearest = first(mirrored(&most.clone().filter(negative)).as_ref()).map(|first| first.max(1));
            sizes(nearest, last(mirrored(&least).as_ref()))
        };
        Decimals { up, down, least, most }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cost(Decimal::default()).is_none()
    }

    fn sizes(&self, negative: bool) -> Sizes {
        if negative { self.down } else { self.up }
    }

    pub(crate) fn step(&self, at: Decimal, byte: u8) -> Option<Decimal> {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        let is_digit = byte.is_ascii_digit();
        let next = match (at.phase, byte) {
            (Phase::Sign, b'-') if !at.negative => Decimal { negative: true, ..at },
            (Phase::Sign, _) if is_digit => at.with(digit, Phase::Whole, 0),
            (Phase::Whole, _) if is_digit && at.size > 0 => at.with(digit, Phase::Whole, 0),
            (Phase::Whole, b'.') => Decimal { phase: Phase::Point, ..at },
            (Phase::Point | Phase::Fraction, _) if is_digit && at.places < PLACES => at.with(digit, Phase::Fraction, 1),
            (Phase::Whole | Phase::Fraction, b'e') if at.size > 0 => Decimal { phase: Phase::E, ..at },
            (Phase::E, b'-') => Decimal { phase: Phase::Minus, ..at },
            (Phase::Minus, b'1'..=b'9') => Decimal { phase: Phase::Power, power: digit, ..at },
            (Phase::Power, _) if is_digit => Decimal { power: at.power * 10 + digit, ..at },
            _ => return None,
        };
        (next.digits <= DIGITS && self.cost(next).is_some()).then_some(next)
    }

    /// The fewest letters that still come; none where no number goes on so.
    pub(crate) fn cost(&self, at: Decimal) -> Option<u32> {
        match at.phase {
            Phase::Sign => {
                let begin = |negative: bool| {
                    let sign = Decimal { negative, ..at };
                    let best = (0..=9).filter_map(|digit| self.cost(sign.with(digit, Phase::Whole, 0))).min();
                    best.map(|cost| cost + 1 + u32::from(negative && !at.negative))
                };
                if at.negative { begin(true) } else { [begin(false), begin(true)].into_iter().flatten().min() }
            }
            Phase::Whole | Phase::Point | Phase::Fraction => {
                let plain = self.plain_cost(at);
                // `e`, `-` and the digits of a power.
                let small = match at.phase {
                    // A digit comes before that.
                    Phase::Point if at.digits < DIGITS => (0..=9)
                        .map(|digit| at.with(digit, Phase::Fraction, 1))
                        .filter(|next| next.size > 0)
                        .filter_map(|next| self.power_cost(next))
                        .min()
                        .map(|cost| cost + 1),
                    Phase::Point => None,
                    _ if at.size > 0 => self.power_cost(at),
                    _ => None,
                };
                [plain, small.map(|cost| cost + 2)].into_iter().flatten().min()
            }
            Phase::E => self.power_cost(at).map(|cost| cost + 1),
            Phase::Minus => self.power_cost(at),
            Phase::Power => {
                if self.has_power(at, at.power) {
                    return Some(0);
                }
                (at.power < 10 && (0..10).any(|digit| self.has_power(at, at.power * 10 + digit))).then_some(1)
            }
        }
    }

    /// Without a power.
    fn plain_cost(&self, at: Decimal) -> Option<u32> {
        let (least, most) = self.sizes(at.negative)?;
        let fits = |from: u64, to: u64| from <= most && to >= least;
        if at.phase == Phase::Whole {
            let room = DIGITS.saturating_sub(at.digits);
            // As many digits as reach the range, each of the numbers between two whole ones by a point and what follows it.
            let whole = more_digits(at.size, UNIT, fits).filter(|more| *more <= room)?;
            let power = 10u64.checked_pow(whole)?;
            let (first, last) = (at.size * power, at.size * power + (power - 1));
            let has_whole = first.max(least.div_ceil(UNIT)) <= last.min(most / UNIT);
            return Some(whole + if has_whole { 0 } else { self.fraction_cost(least, most, (first, last), at.digits + whole)? });
        }
        let unit = 10u64.pow(PLACES - at.places);
        let (from, to) = (at.size * unit, at.size * unit + (unit - 1));
        if !fits(from, to) {
            return None;
        }
        if at.phase == Phase::Fraction && from >= least && from <= most {
            return Some(0);
        }
        // The fewest places at which a number of the range begins so.
        let room = DIGITS.saturating_sub(at.digits);
        let places = (at.places + 1..=PLACES).find(|places| {
            let step = 10u64.pow(PLACES - places);
            let first = from.max(least).div_ceil(step) * step;
            first <= to && first <= most
        })?;
        let more = places - at.places;
        // Zeros at the front take no digit.
        (at.size == 0 || more <= room).then_some(more)
    }

    /// A point and digits behind a whole part between `first` and `last`.
    fn fraction_cost(&self, least: u64, most: u64, (first, last): (u64, u64), digits: u32) -> Option<u32> {
        let (from, to) = (first * UNIT, last * UNIT + (UNIT - 1));
        let room = if last == 0 { PLACES } else { DIGITS.saturating_sub(digits).min(PLACES) };
        let places = (1..=room).find(|places| {
            let step = 10u64.pow(PLACES - places);
            let begin = from.max(least).div_ceil(step) * step;
            begin <= to && begin <= most
        })?;
        Some(1 + places)
    }

    fn power_cost(&self, at: Decimal) -> Option<u32> {
        (1..=POWER).find(|power| self.has_power(at, *power)).map(letters)
    }

    /// Whether the digits so far times that power of ten are in the range.
    fn has_power(&self, at: Decimal, power: u64) -> bool {
        let text = format!("{}{}e-{}", if at.negative { "-" } else { "" }, at.size, power + u64::from(at.places));
        let in_range = |value: f64| {
            let above = self.least.as_ref().is_none_or(|b| if b.excluded { value > b.float() } else { value >= b.float() });
            let below = self.most.as_ref().is_none_or(|b| if b.excluded { value < b.float() } else { value <= b.float() });
            above && below
        };
        (1..=POWER).contains(&power) && text.parse::<f64>().is_ok_and(in_range)
    }

    pub(crate) fn accepts(&self, at: Decimal) -> bool {
        !matches!(at.phase, Phase::Sign | Phase::Point | Phase::E | Phase::Minus) && {
            let unit = 10u64.pow(PLACES - at.places);
            match at.phase {
                Phase::Power => self.has_power(at, at.power),
                _ => self.sizes(at.negative).is_some_and(|(least, most)| (least..=most).contains(&(at.size * unit))),
            }
        }
    }
}

impl Decimal {
    fn with(self, digit: u64, phase: Phase, places: u32) -> Self {
        let digits = if self.size == 0 && digit == 0 { 0 } else { self.digits + 1 };
        Decimal { size: self.size * 10 + digit, digits, phase, places: self.places + places, ..self }
    }

    /// In two words.
    pub(crate) fn pack(self) -> [u64; 2] {
        let phase = self.phase as u64;
        let rest = phase | u64::from(self.digits) << 8 | u64::from(self.places) << 16 | self.power << 24;
        [self.size, rest | u64::from(self.negative) << 40]
    }

    pub(crate) fn unpack([size, rest]: [u64; 2]) -> Self {
        Decimal {
            negative: rest >> 40 & 1 == 1,
            phase: PHASES[(rest & 7) as usize % PHASES.len()],
            size,
            digits: (rest >> 8 & 255) as u32,
            places: (rest >> 16 & 255) as u32,
            power: rest >> 24 & 0xffff,
        }
    }
}

/// Without its sign.
fn positive(value: &Json) -> Json {
    let text = value.to_string();
    text.trim_start_matches('-').parse().unwrap_or_else(|_| value.clone())
}

/// A bound that is not negative in billionths: the first number at or above it, and the last at or below it, if there is any.
fn scaled(value: Json, excluded: bool) -> Option<(u64, Option<u64>)> {
    let text = value.to_string().to_lowercase();
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i64 = power.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    // The digits times ten to this are billionths.
    let shift = power - fraction.len() as i64 + i64::from(PLACES);
    if digits.is_empty() {
        return Some(if excluded { (1, None) } else { (0, Some(0)) });
    }
    let most = (u64::MAX / 4).to_string().len() as i64;
    if digits.len() as i64 + shift > most - 1 {
        // Above all that is written.
        return Some((u64::MAX / 4, Some(u64::MAX / 4)));
    }
    let (kept, rest) = if shift < 0 { digits.split_at((digits.len() as i64 + shift).max(0) as usize) } else { (digits, "") };
    let exact = rest.bytes().all(|digit| digit == b'0');
    let kept: u64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let kept = kept.checked_mul(10u64.checked_pow(shift.max(0) as u32)?)?;
    let up = if exact && !excluded { kept } else { kept + 1 };
    let down = if exact && excluded { kept.checked_sub(1) } else { Some(kept) };
    Some((up, down))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(integers: &Integers, text: &str) -> Option<Whole> {
        text.bytes().try_fold(Whole::default(), |at, byte| integers.step(at, byte))
    }

    fn decimal(decimals: &Decimals, text: &str) -> Option<Decimal> {
        text.bytes().try_fold(Decimal::default(), |at, byte| decimals.step(at, byte))
    }

    fn bound(value: f64, excluded: bool) -> Option<Bound> {
        Some(Bound { value: Json::from_f64(value).expect("finite"), excluded })
    }

    #[test]
    fn whole_numbers_stay_in_range() {
        let all = Integers::new(-12, 305);
        for n in -1000i32..1000 {
            let found = whole(&all, &n.to_string()).is_some_and(|at| all.accepts(at));
            assert_eq!(found, (-12..=305).contains(&n), "{n}");
        }
        for text in ["-0", "00", "007", "+1", "1.0", "-", "--1", "4000"] {
            assert!(!whole(&all, text).is_some_and(|at| all.accepts(at)), "{text}");
        }
        assert_eq!(all.cost(Whole::default()), Some(1));
        assert_eq!(Integers::new(500, 599).cost(Whole::default()), Some(3));
        assert_eq!(Integers::new(-7, -5).cost(Whole::default()), Some(2));
        assert!(Integers::new(3, 2).is_empty());
        assert!(Integers::new(i128::MAX, i128::MAX).is_empty() && Integers::new(i128::MIN, i128::MIN).is_empty());
        assert_eq!(Integers::new(-2, 1).few(4), Some(vec![-2, -1, 0, 1]));
    }

    #[test]
    fn decimal_numbers_stay_in_range() {
        let open = Decimals::new(bound(0.0, true), bound(0.5, true));
        let yes = ["0.1", "0.499999999", "0.000000001", "1e-1", "5e-5", "4.9e-1", "49e-2", "0.25", "123e-10", "0.30"];
        let no = [
            "0",
            "0.0",
            "0.5",
            "0.50",
            "1",
            "5e-1",
            "-0.1",
            "e-1",
            ".5",
            "0.",
            "1e",
            "1e-",
            "1e5",
            "0e-1",
            "1e-31",
            "0.0000000001",
        ];
        let accepted = |all: &Decimals, text: &str| decimal(all, text).is_some_and(|at| all.accepts(at));
        yes.iter().for_each(|text| assert!(accepted(&open, text), "{text}"));
        no.iter().for_each(|text| assert!(!accepted(&open, text), "{text}"));
        let closed = Decimals::new(bound(-1.5, false), bound(2.0, false));
        for text in ["-1.5", "2", "2.0", "0", "1.999", "-1", "-15e-1"] {
            assert!(accepted(&closed, text), "{text}");
        }
        for text in ["-1.6", "2.1", "3", "-2", "-0"] {
            assert!(!accepted(&closed, text), "{text}");
        }
        assert!(Decimals::new(bound(1.0, true), bound(1.0, false)).is_empty());
        assert!(!Decimals::new(bound(1e-12, false), bound(2e-12, false)).is_empty(), "by a power");
        assert!(!Decimals::new(None, None).is_empty());
        assert!(accepted(&Decimals::new(bound(0.7, true), bound(0.8, true)), "0.75"));
    }

    /// What `cost` promises: a text of so many letters more, and never a prefix without one.
    fn finish(decimals: &Decimals, mut at: Decimal) -> usize {
        let mut letters = 0;
        while !decimals.accepts(at) {
            let cost = decimals.cost(at).expect("a way on");
            let next = b"0123456789.e-".iter().filter_map(|byte| decimals.step(at, *byte));
            at = next.min_by_key(|next| decimals.cost(*next)).expect("a letter");
            assert!(decimals.cost(at).expect("a way on") < cost, "{at:?} of {decimals:?}");
            letters += 1;
            assert!(letters < 40);
        }
        letters
    }

    proptest! {
        #[test]
        fn whatever_is_begun_ends_in_range(
            a in -1e6f64..1e6, width in 1e-6f64..1e4, small: bool, excluded: bool, choices in proptest::collection::vec(0usize..13, 0..20),
        ) {
            let (a, width) = if small { (a / 1e6, width / 1e4) } else { (a, width) };
            let decimals = Decimals::new(bound(a, excluded), bound(a + width, excluded));
            prop_assert!(!decimals.is_empty());
            let (mut at, mut text) = (Decimal::default(), String::new());
            for choice in choices {
                let byte = b"0123456789.e-"[choice];
                if let Some(next) = decimals.step(at, byte) {
                    at = next;
                    text.push(byte as char);
                    prop_assert_eq!(Decimal::unpack(at.pack()), at);
                }
            }
            finish(&decimals, at);
            if decimals.accepts(at) {
                let value: f64 = text.parse().expect("a number");
                prop_assert!(value >= a && value <= a + width, "{text} of {a} to {}", a + width);
            }
        }

        #[test]
        fn whole_numbers_that_are_begun_end_in_range(a in -3000i64..3000, width in 0i64..5000, choices in proptest::collection::vec(0usize..11, 0..8)) {
            let integers = Integers::new(i128::from(a), i128::from(a + width));
            let mut at = Whole::default();
            for choice in choices {
                at = integers.step(at, b"0123456789-"[choice]).unwrap_or(at);
                prop_assert_eq!(Whole::unpack(at.pack()), at);
            }
            while !integers.accepts(at) {
                let cost = integers.cost(at).expect("a way on");
                let next = b"0123456789-".iter().filter_map(|byte| integers.step(at, *byte)).min_by_key(|next| integers.cost(*next));
                at = next.expect("a letter");
                prop_assert!(integers.cost(at).expect("a way on") < cost);
            }
        }
    }
}
