//! A number so far from all others of its column that it decides their scale: mistakes of typing, and codes for what is not known.

use crate::words::measured;

/// So many times as far from the middle as the middle half of all is wide.
const FAR: f64 = 1000.0;
/// Of fewer numbers none can be called far from the others.
const LEAST: usize = 20;

/// What there is to say of a column that has such. Nothing where half of its numbers are the same: beside those any other lies far out.
pub(super) fn far_out(name: &str, numbers: impl Iterator<Item = f64>) -> Option<String> {
    let mut sorted: Vec<f64> = numbers.filter(|number| number.is_finite()).collect();
    if sorted.len() < LEAST {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    let (low, middle, high) = (at(0.25), at(0.5), at(0.75));
    let distance = |number: &f64| (number - middle).abs();
    let farthest = [at(0.0), at(1.0)].into_iter().max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let is_far = high > low && distance(&farthest) > FAR * (high - low);
    is_far.then(|| {
        let [farthest, low, high] = [farthest, low, high].map(measured);
        format!(
            "data.columns: `{name}` has {farthest}, and half of its values lie between {low} and {high}: \
             what is so far out decides the scale of all"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_the_scale_is_told() {
        // Half of 0 to 99, each a hundredth, lie between 0.25 and 0.74.
        let numbers = || (0..100).map(|i| f64::from(i) / 100.0);
        assert_eq!(far_out("a", numbers()), None);
        let told = far_out("a", numbers().chain([-1e39])).expect("told");
        assert!(told.starts_with("data.columns: `a` has -1.000e39, and half of its values lie between 0.24 and 0.74:"), "{told}");
        assert!(far_out("a", numbers().chain([999.0, f64::NAN])).is_some(), "a code for what is not known");
        assert_eq!(far_out("a", numbers().chain([99.0])), None, "large, and no more");
        let mostly_none = (0..100).map(|i| if i < 90 { 0.0 } else { 1e6 });
        assert_eq!(far_out("gain", mostly_none), None);
        assert_eq!(far_out("few", [1.0, 2.0, 1e9].into_iter()), None);
    }
}
