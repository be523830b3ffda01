//! The learning rate of each step. Pure, and defined for all steps: it stays where it is past the end.

use crate::spec::{Schedule, Warmup};

/// Learning rate of step `step` (from 0) of `total`, for the peak `lr`; as `get_linear_schedule_with_warmup` and its kin do it.
pub fn lr_at(schedule: &Schedule, lr: f64, step: u64, total: u64) -> f64 {
    let (Schedule::Constant { warmup } | Schedule::Linear { warmup } | Schedule::Cosine { warmup } | Schedule::Step { warmup, .. }) =
        schedule;
    let warmup = match *warmup {
        Warmup::Steps(steps) => steps,
        Warmup::Frac(frac) => (frac * total as f64).ceil() as u64,
    };
    if step < warmup {
        return lr * step as f64 / warmup as f64;
    }
    // A warm-up as long as the run leaves no steps to come down on: past the end it is down.
    let progress = if step >= total { 1.0 } else { (step - warmup) as f64 / (total - warmup) as f64 };
    match schedule {
        Schedule::Constant { .. } => lr,
        Schedule::Linear { .. } => lr * (1.0 - progress),
        Schedule::Cosine { .. } => lr * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        Schedule::Step { at_frac, factor, .. } => {
            let passed = at_frac.iter().filter(|frac| step as f64 >= **frac * total as f64).count();
            lr * factor.powi(passed as i32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values() {
        let check = |schedule: Schedule, step, expected: f64| {
            let found = lr_at(&schedule, 1.0, step, 100);
            assert!((found - expected).abs() < 1e-12, "{schedule:?} at {step}: {found}");
        };
        let linear = || Schedule::Linear { warmup: Warmup::Frac(0.1) };
        check(linear(), 0, 0.0);
        check(linear(), 5, 0.5);
        check(linear(), 10, 1.0);
        check(linear(), 55, 0.5);
        check(linear(), 100, 0.0);
        check(linear(), 1000, 0.0);
        let cosine = || Schedule::Cosine { warmup: Warmup::Steps(0) };
        check(cosine(), 0, 1.0);
        check(cosine(), 50, 0.5);
        check(cosine(), 500, 0.0);
        let steps = || Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.5, 0.75], factor: 0.1 };
        check(steps(), 49, 1.0);
        check(steps(), 50, 0.1);
        check(steps(), 75, 0.01);
        check(Schedule::Constant { warmup: Warmup::Steps(4) }, 1, 0.25);
    }

    proptest! {
        #[test]
        fn never_negative_and_never_above_the_peak(step in 0u64..5000, total in 1u64..2000, warmup in 0.0f64..1.0, kind in 0..3) {
            let warmup = Warmup::Frac(warmup);
            let schedule = [Schedule::Constant { warmup }, Schedule::Linear { warmup }, Schedule::Cosine { warmup }][kind as usize].clone();
            let lr = lr_at(&schedule, 0.3, step, total);
            prop_assert!((0.0..=0.3 + 1e-12).contains(&lr), "{}", lr);
            if step > total {
                prop_assert_eq!(lr, lr_at(&schedule, 0.3, total, total));
            }
        }
    }
}
