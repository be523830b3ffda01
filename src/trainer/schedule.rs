//! The learning rate of a step. Pure.
//!
//! Step `s` counts from 0 and is the optimiser step about to be taken, as in PyTorch with the schedules of `transformers`: with a
//! warm-up of `w` steps the first step has rate 0, step `w` the full one, and a schedule that falls to 0 reaches it at step
//! `total`, one past the last. Past that it stays.

use crate::spec::{Decay, Schedule, Warmup};
use std::f64::consts::PI;

/// The learning rate of step `step` of `total_steps`; `peak` is the recipe's `lr`.
///
/// ```
/// use tallow::{spec::{Schedule, Warmup}, trainer::lr_at};
/// let linear = Schedule::linear(Warmup::Steps(10));
/// assert_eq!([0, 5, 10, 60, 110, 200].map(|step| lr_at(&linear, 1.0, step, 110)), [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]);
/// ```
pub fn lr_at(schedule: &Schedule, peak: f64, step: u64, total_steps: u64) -> f64 {
    let step = step.min(total_steps);
    let warmup = schedule.warmup().steps(total_steps);
    // One cycle rises in a way of its own.
    if step < warmup && !matches!(schedule, Schedule::OneCycle { .. }) {
        return peak * step as f64 / warmup as f64;
    }
    // How far between the end of the warm-up and the end. A warm-up as long as the run leaves no steps to come down on.
    let (taken, all) = (step.saturating_sub(warmup), total_steps.saturating_sub(warmup));
    let done = if step == total_steps { 1.0 } else { taken as f64 / all.max(1) as f64 };
    let above = |min: f64, rate: f64| min + (1.0 - min) * rate;
    peak * match schedule {
        Schedule::Constant { .. } => 1.0,
        Schedule::Linear { min_lr_frac, .. } => above(*min_lr_frac, 1.0 - done),
        Schedule::Cosine { min_lr_frac, .. } => above(*min_lr_frac, cosine(done)),
        Schedule::CosineRestarts { min_lr_frac, .. } if done == 1.0 => *min_lr_frac,
        Schedule::CosineRestarts { cycles, min_lr_frac, .. } => above(*min_lr_frac, cosine((f64::from(*cycles) * done).fract())),
        Schedule::Polynomial { power, min_lr_frac, .. } => above(*min_lr_frac, (1.0 - done).powf(*power)),
        Schedule::Step { at_frac, factor, .. } => {
            let passed = at_frac.iter().filter(|frac| step as f64 >= **frac * total_steps as f64 - 1e-9).count();
            factor.powi(passed as i32)
        }
        Schedule::OneCycle { warmup, div_factor, final_div_factor } => {
            one_cycle(warmup.exact(total_steps), 1.0 / div_factor, *final_div_factor, step, total_steps)
        }
        Schedule::Wsd { decay_frac, decay, min_lr_frac, .. } => {
            let falling = Warmup::Frac(*decay_frac).steps(total_steps).max(1).min(all);
            let left = total_steps - step;
            let fallen = if left >= falling && falling > 0 { 0.0 } else { 1.0 - left as f64 / falling.max(1) as f64 };
            above(
                *min_lr_frac,
                match decay {
                    Decay::Linear => 1.0 - fallen,
                    Decay::Cosine => cosine(fallen),
                    Decay::OneMinusSqrt => 1.0 - fallen.sqrt(),
                },
            )
        }
        Schedule::InverseSqrt { timescale, .. } => {
            let timescale = timescale.unwrap_or(if warmup > 0 { warmup } else { 10_000 }) as f64;
            (taken as f64 / timescale + 1.0).sqrt().recip()
        }
        Schedule::Exponential { end_frac, .. } => end_frac.powf(done),
    }
}

/// From 1 to 0 along half a cosine.
fn cosine(done: f64) -> f64 {
    0.5 * (1.0 + (PI * done).cos())
}

/// The last step has the least rate, so that both ways are one step shorter than they are long.
fn one_cycle(warmup: f64, start: f64, final_div_factor: f64, step: u64, total_steps: u64) -> f64 {
    let (top, last) = (warmup - 1.0, total_steps as f64 - 1.0);
    let step = (step as f64).min(last.max(0.0));
    if step <= top {
        let rise = if top > 0.0 { step / top } else { 1.0 };
        return 1.0 + (start - 1.0) * cosine(rise);
    }
    let end = start / final_div_factor;
    end + (1.0 - end) * cosine(((step - top) / (last - top)).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Warmup;
    use proptest::prelude::*;

    fn schedules(warmup: Warmup) -> [Schedule; 10] {
        let (cycles, timescale, min_lr_frac) = (3, None, 0.1);
        [
            Schedule::Constant { warmup },
            Schedule::linear(warmup),
            Schedule::cosine(warmup),
            Schedule::Step { warmup, at_frac: vec![0.5, 0.75], factor: 0.1 },
            Schedule::Polynomial { warmup, power: 2.0, min_lr_frac },
            Schedule::Wsd { warmup, decay_frac: 0.3, decay: Decay::OneMinusSqrt, min_lr_frac },
            Schedule::InverseSqrt { warmup, timescale },
            Schedule::Exponential { warmup, end_frac: 0.01 },
            Schedule::CosineRestarts { warmup, cycles, min_lr_frac },
            Schedule::OneCycle { warmup, div_factor: 25.0, final_div_factor: 1e4 },
        ]
    }

    /// What transformers' and PyTorch's functions of the same name say, by `tests/fixtures/recipe/schedules.py`.
    #[test]
    fn rates_of_other_libraries() {
        let steps = [0, 2, 4, 7, 10, 13, 15, 19, 20, 25];
        let (warmup, min_lr_frac) = (Warmup::Steps(4), 0.1);
        let wsd = |decay| Schedule::Wsd { warmup, decay_frac: 0.35, decay, min_lr_frac: 0.0 };
        let check = |schedule: Schedule, expected: [f64; 10]| {
            for (step, expected) in steps.into_iter().zip(expected) {
                let lr = lr_at(&schedule, 0.2, step, 20);
                assert!((lr - expected).abs() < 1e-9, "{schedule:?} at {step}: expected {expected}, found {lr}");
            }
        };
        check(Schedule::Constant { warmup }, [0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]);
        check(Schedule::linear(warmup), [0.0, 0.1, 0.2, 0.1625, 0.125, 0.0875, 0.0625, 0.0125, 0.0, 0.0]);
        check(
            Schedule::cosine(warmup),
            [0.0, 0.1, 0.2, 0.18314696123, 0.138268343237, 0.080490967798, 0.044442976698, 0.00192147196, 0.0, 0.0],
        );
        check(
            Schedule::Cosine { warmup, min_lr_frac },
            [0.0, 0.1, 0.2, 0.184832265107, 0.144441508913, 0.092441871019, 0.059998679028, 0.021729324764, 0.02, 0.02],
        );
        check(
            Schedule::CosineRestarts { warmup, cycles: 3, min_lr_frac: 0.0 },
            [0.0, 0.1, 0.2, 0.080490967798, 0.192387953251, 0.044442976698, 0.19807852804, 0.01685303877, 0.0, 0.0],
        );
        check(
            Schedule::Polynomial { warmup, power: 2.0, min_lr_frac },
            [0.0, 0.1, 0.2, 0.138828125, 0.0903125, 0.054453125, 0.037578125, 0.020703125, 0.02, 0.02],
        );
        check(wsd(Decay::Linear), [0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.142857142857, 0.028571428571, 0.0, 0.0]);
        check(wsd(Decay::Cosine), [0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.162348980186, 0.00990311321, 0.0, 0.0]);
        check(wsd(Decay::OneMinusSqrt), [0.0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.093095503235, 0.014835980045, 0.0, 0.0]);
        check(
            Schedule::InverseSqrt { warmup, timescale: None },
            [
                0.0,
                0.1,
                0.2,
                0.151185789204,
                0.126491106407,
                0.110940039245,
                0.103279555899,
                0.091766293548,
                0.0894427191,
                0.0894427191,
            ],
        );
        check(
            Schedule::InverseSqrt { warmup, timescale: Some(9) },
            [0.0, 0.1, 0.2, 0.173205080757, 0.154919333848, 0.141421356237, 0.13416407865, 0.122474487139, 0.12, 0.12],
        );
        check(
            Schedule::Exponential { warmup: Warmup::Steps(0), end_frac: 0.01 },
            [
                0.2,
                0.126191468896,
                0.079621434111,
                0.039905246299,
                0.02,
                0.010023744673,
                0.00632455532,
                0.002517850824,
                0.002,
                0.002,
            ],
        );
        check(
            Schedule::OneCycle { warmup: Warmup::Frac(0.3), div_factor: 25.0, final_div_factor: 1e4 },
            [
                0.008,
                0.07433436854,
                0.18166563146,
                0.190096926403,
                0.143388600358,
                0.077748395613,
                0.03765166921,
                8e-07,
                8e-07,
                8e-07,
            ],
        );
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
            // Restarts rise again, and one cycle has a warm-up of its own.
            for schedule in &schedules(Warmup::Frac(frac))[..8] {
                let warmup = Warmup::Frac(frac).steps(total);
                let rates: Vec<f64> = (0..total + 10).map(|s| lr_at(schedule, lr, s, total)).collect();
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
            for schedule in &schedules(Warmup::Frac(frac))[8..] {
                let rates: Vec<f64> = (0..total + 10).map(|s| lr_at(schedule, lr, s, total)).collect();
                prop_assert!(rates.iter().all(|r| (0.0..=lr * (1.0 + 1e-12)).contains(r)), "{:?}: {:?}", schedule, rates);
                prop_assert!(rates[total as usize..].iter().all(|r| *r == rates[total as usize]));
            }
        }
    }
}
