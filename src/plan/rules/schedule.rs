//! A schedule that was stated, in the trainer's terms.

use crate::intake::{ScheduleShape, Unit};
use crate::spec::{Decay, Deviation, Length, Schedule, Warmup};

/// What a stated schedule is read with.
pub(super) struct Stated<'a> {
    pub(super) shape: &'a ScheduleShape,
    /// The warm-up that was said beside it.
    pub(super) warmup: Option<Warmup>,
    /// The warm-up that it has where none was said.
    pub(super) unsaid: Warmup,
    pub(super) length: Length,
    /// Steps an epoch, where they are known.
    pub(super) per_epoch: Option<u64>,
}

const FIELD: &str = "recipe.schedule";
const UNKNOWN_END: &str = "how many of them there are in all is not said";
/// More falls than these are written as a curve.
const MOST_FALLS: f64 = 1000.0;

impl Stated<'_> {
    /// The schedule with the usual values where none are said; `default`, and what differs, where the trainer has no such schedule.
    pub(super) fn or(&self, default: &Schedule) -> (Schedule, Option<Deviation>) {
        const LACKING: &str =
            "the trainer has no schedule that waits for a loss, and none with steps at places that are not said";
        let (warmup, min_lr_frac) = (self.warmup.unwrap_or(self.unsaid), 0.0);
        let schedule = match self.shape {
            // Whoever wants the same rate all the time wants it from the first step on.
            ScheduleShape::Constant => Schedule::Constant { warmup: self.warmup.unwrap_or(Warmup::Steps(0)) },
            ScheduleShape::Linear => Schedule::linear(warmup),
            ScheduleShape::Cosine => Schedule::cosine(warmup),
            ScheduleShape::CosineRestarts { cycles } => {
                Schedule::CosineRestarts { warmup, cycles: cycles.unwrap_or(4), min_lr_frac }
            }
            ScheduleShape::Polynomial { power } => Schedule::Polynomial { warmup, power: power.unwrap_or(1.0), min_lr_frac },
            ScheduleShape::OneCycle => Schedule::one_cycle(self.warmup),
            // The fall of 2404.06395, section 4.3.
            ScheduleShape::Wsd => Schedule::Wsd { warmup, decay_frac: 0.1, decay: Decay::Linear, min_lr_frac },
            ScheduleShape::InverseSqrt => Schedule::InverseSqrt { warmup, timescale: None },
            ScheduleShape::Exponential => Schedule::Exponential { warmup, end_frac: 0.01 },
            ScheduleShape::Milestones { at, unit, divisor } if !at.is_empty() => {
                return self.milestones(at, *unit, *divisor, default);
            }
            ScheduleShape::Staircase { every, unit, divisor } => return self.staircase(*every, *unit, *divisor, default),
            ScheduleShape::Milestones { .. } | ScheduleShape::Plateau { .. } => return self.instead(default, LACKING),
        };
        (schedule, None)
    }

    /// A rate that falls at these steps or epochs. Those beyond the end of this run are left out: what is before them is as it was stated.
    fn milestones(
        &self,
        at: &[f64],
        unit: Option<Unit>,
        divisor: Option<f64>,
        default: &Schedule,
    ) -> (Schedule, Option<Deviation>) {
        let Some(total) = self.total(unit.unwrap_or(Unit::Steps)) else { return self.instead(default, UNKNOWN_END) };
        let within: Vec<f64> = at.iter().copied().filter(|at| (0.0..1.0).contains(&(at / total))).collect();
        let warmup = self.warmup.unwrap_or(self.unsaid);
        let (at_frac, factor) =
            (within.iter().map(|at| at / total).collect(), inverse(divisor.filter(|d| *d >= 1.0).unwrap_or(10.0)));
        if within.is_empty() {
            let schedule = Schedule::Constant { warmup };
            let differs = self.differs(schedule.name(), "its steps lie beyond the end of this run");
            return (schedule, Some(differs));
        }
        let differs = (within.len() < at.len()).then(|| {
            let used = ScheduleShape::Milestones { at: within, unit, divisor }.to_string();
            self.differs(&used, "the others of its steps lie beyond the end of this run")
        });
        (Schedule::Step { warmup, at_frac, factor }, differs)
    }

    /// A rate that falls again and again.
    fn staircase(&self, every: f64, unit: Unit, divisor: Option<f64>, default: &Schedule) -> (Schedule, Option<Deviation>) {
        let Some(total) = self.total(unit) else { return self.instead(default, UNKNOWN_END) };
        let count = ((total / every).ceil() - 1.0).max(0.0);
        if count <= MOST_FALLS {
            let at: Vec<f64> = (1..=count as u32).map(|n| f64::from(n) * every).collect();
            return self.milestones(&at, Some(unit), divisor, default);
        }
        let end_frac = divisor.unwrap_or(10.0).max(1.0).powf(-total / every).max(f64::MIN_POSITIVE);
        let schedule = Schedule::Exponential { warmup: self.warmup.unwrap_or(self.unsaid), end_frac };
        let differs = self.differs(schedule.name(), "it falls more than a thousand times, which is the same without stairs");
        (schedule, Some(differs))
    }

    /// How many steps or epochs the run has; none where that is not known. Of shares it is one.
    fn total(&self, unit: Unit) -> Option<f64> {
        if unit == Unit::Fraction {
            return Some(1.0);
        }
        let per_epoch = self.per_epoch.map(|steps| steps as f64);
        match (self.length, unit == Unit::Epochs) {
            (Length::Epochs(epochs), true) => Some(epochs),
            (Length::Steps(steps), false) => Some(steps as f64),
            (Length::Epochs(epochs), false) => per_epoch.map(|steps| epochs * steps),
            (Length::Steps(steps), true) => per_epoch.map(|each| steps as f64 / each),
        }
    }

    fn instead(&self, default: &Schedule, reason: &str) -> (Schedule, Option<Deviation>) {
        (default.with_warmup(self.warmup.unwrap_or(self.unsaid)), Some(self.differs(default.name(), reason)))
    }

    fn differs(&self, used: &str, reason: &str) -> Deviation {
        Deviation { field: FIELD.into(), stated: self.shape.to_string(), used: used.into(), reason: reason.into() }
    }
}

/// `0.9`, which the division by what it is the inverse of only comes near to.
fn inverse(divisor: f64) -> f64 {
    const DIGITS: f64 = 1e6;
    let factor = 1.0 / divisor;
    let short = (factor * DIGITS).round() / DIGITS;
    if (short - factor).abs() < 1e-14 { short } else { factor }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_factor_is_as_it_was_said() {
        for said in [0.9, 0.95, 0.1, 0.2, 1.0 / 3.0] {
            assert_eq!(super::inverse(1.0 / said), said);
        }
    }
}
