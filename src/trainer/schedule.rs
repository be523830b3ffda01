//! The learning rate of a step. Pure.
//!
//! Step `s` counts from 0 and is the optimiser step about to be taken, as in PyTorch with the schedules of `transformers`: with a
//! warm-up of `w` steps the first step has rate 0, step `w` the full one, and a schedule that falls to 0 reaches it at step
//! `total`, one past the last. Past that it stays.

use crate::spec::Schedule;
use std::f64::consts::PI;

/// The learning rate of step `step` of `total_steps`; `peak` is the recipe's `lr`.
///
/// ```
/// use tallow::{spec::{Schedule, Warmup}, trainer::lr_at};
/// let linear = Schedule::Linear { warmup: Warmup::Steps(10) };
/// assert_eq!([0, 5, 10, 60, 110, 200].map(|step| lr_at(&linear, 1.0, step, 110)), [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]);
/// ```
pub fn lr_at(schedule: &Schedule, peak: f64, step: u64, total_steps: u64) -> f64 {
    let warmup = schedule.warmup().steps(total_steps);
    let step = step.min(total_steps);
    if step < warmup {
        return peak * step as f64 / warmup as f64;
    }
    // How far between the end of the warm-up and the end. A warm-up as long as the run leaves no steps to come down on.
    let done = if step == total_steps { 1.0 } else { (step - warmup) as f64 / (total_steps - warmup) as f64 };
    peak * match schedule {
        Schedule::Constant { .. } => 1.0,
        Schedule::Linear { .. } => 1.0 - done,
        Schedule::Cosine { .. } => 0.5 * (1.0 + (PI * done).cos()),
        Schedule::Step { at_frac, factor, .. } => {
            let passed = at_frac.iter().filter(|frac| step as f64 >= **frac * total_steps as f64 - 1e-9).count();
            factor.powi(passed as i32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Warmup;
    use proptest::prelude::*;

    fn schedules(warmup: Warmup) -> [Schedule; 4] {
        let step = Schedule::Step { warmup, at_frac: vec![0.5, 0.75], factor: 0.1 };
        [Schedule::Constant { warmup }, Schedule::Linear { warmup }, Schedule::Cosine { warmup }, step]
    }

    #[test]
    fn known_values() {
        let check = |schedule: &Schedule, expected: [f64; 6]| {
            for (step, expected) in [0, 2, 4, 10, 15, 20].into_iter().zip(expected) {
                let lr = lr_at(schedule, 0.2, step, 20);
                assert!((lr - expected).abs() < 1e-12, "{schedule:?} at {step}: expected {expected}, found {lr}");
            }
        };
        let [constant, linear, cosine, step] = schedules(Warmup::Steps(4));
        check(&constant, [0.0, 0.1, 0.2, 0.2, 0.2, 0.2]);
        check(&linear, [0.0, 0.1, 0.2, 0.125, 0.0625, 0.0]);
        check(&cosine, [0.0, 0.1, 0.2, 0.1 * (1.0 + (0.375 * PI).cos()), 0.1 * (1.0 + (0.6875 * PI).cos()), 0.0]);
        check(&step, [0.0, 0.1, 0.2, 0.02, 0.002, 0.002]);
    }

    #[test]
    fn a_fraction_is_rounded_up() {
        for (frac, total, expected) in [(0.06, 2105, 127), (0.07, 100, 7), (0.0, 100, 0), (0.1, 10, 1), (0.01, 10, 1)] {
            assert_eq!(Warmup::Frac(frac).steps(total), expected, "{frac} of {total}");
        }
    }

    proptest! {
        #[test]
        fn rises_then_never_rises_and_stays_within_bounds(total in 1u64..500, frac in 0.0f64..1.0, lr in 1e-6f64..1.0) {
            for schedule in schedules(Warmup::Frac(frac)) {
                let warmup = Warmup::Frac(frac).steps(total);
                let rates: Vec<f64> = (0..total + 10).map(|s| lr_at(&schedule, lr, s, total)).collect();
                prop_assert!(rates.iter().all(|r| (0.0..=lr * (1.0 + 1e-12)).contains(r)));
                // A step's fall may lie within the warm-up.
                let stepped = matches!(schedule, Schedule::Step { .. });
                let taken = rates[..total as usize].windows(2).enumerate();
                for (i, pair) in taken.filter(|(i, _)| !stepped || *i as u64 > warmup) {
                    let rising = (i as u64) < warmup;
                    prop_assert!(if rising { pair[0] < pair[1] } else { pair[0] >= pair[1] }, "{:?} at {}: {:?}", schedule, i, pair);
                }
                prop_assert!(rates[total as usize..].iter().all(|r| *r == rates[total as usize]));
            }
        }
    }
}
