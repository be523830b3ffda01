//! What a run was expected to take against what it took.

use super::Estimate;
use serde::{Deserialize, Serialize};

/// The measured time may differ from the estimate by this share of it, the memory by that.
const TIME_WITHIN: f64 = 0.3;
const MEMORY_WITHIN: f64 = 0.2;

/// An estimate and what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub estimated: f64,
    pub measured: f64,
    /// Measured over estimated.
    pub ratio: f64,
    /// Whether it is as near as estimates are meant to be.
    pub within: bool,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub num_params: usize,
    /// Of training, over all attempts, and the steps of that time.
    pub train_secs: f64,
    pub steps: u64,
    /// None where the system does not say it.
    pub peak_bytes: Option<u64>,
}

/// All of it, side by side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    pub num_params: Compared,
    pub train_secs: Compared,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<Compared>,
}

impl Compared {
    fn of(estimated: f64, measured: f64, within: f64) -> Self {
        let ratio = if estimated > 0.0 { measured / estimated } else { 0.0 };
        Compared { estimated, measured, ratio, within: (measured - estimated).abs() <= within * estimated }
    }
}

impl Checked {
    /// Of a run of `total_steps` planned steps; one that ended early is held against its share of the time.
    pub fn of(estimate: &Estimate, total_steps: u64, measured: Measured) -> Self {
        let share = measured.steps as f64 / total_steps.max(1) as f64;
        let memory = |bytes: u64| Compared::of(estimate.peak_memory_bytes as f64, bytes as f64, MEMORY_WITHIN);
        Checked {
            num_params: Compared::of(estimate.num_params as f64, measured.num_params as f64, 0.0),
            train_secs: Compared::of(estimate.train_secs * share, measured.train_secs, TIME_WITHIN),
            peak_bytes: measured.peak_bytes.map(memory),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_stands_beside_what_was_expected() {
        let estimate = Estimate {
            num_params: 1000,
            num_trainable: 10,
            train_flops: 1e9,
            train_secs: 100.0,
            peak_memory_bytes: 1 << 20,
            state_bytes: 0,
            example_bytes: 0,
        };
        let check = |steps: u64, secs: f64, bytes: u64, within: [bool; 3], ratios: [f64; 2]| {
            let measured = Measured { num_params: 1000, train_secs: secs, steps, peak_bytes: Some(bytes) };
            let Checked { num_params, train_secs, peak_bytes } = Checked::of(&estimate, 10, measured);
            let peak_bytes = peak_bytes.expect("measured");
            assert_eq!([num_params.within, train_secs.within, peak_bytes.within], within, "{steps} {secs} {bytes}");
            assert_eq!([train_secs.ratio, peak_bytes.ratio], ratios);
        };
        check(10, 130.0, 1 << 20, [true, true, true], [1.3, 1.0]);
        check(10, 131.0, 1 << 19, [true, false, false], [1.31, 0.5]);
        check(10, 69.0, 1 << 21, [true, false, false], [0.69, 2.0]);
        // It ended early: half of the time was expected.
        check(5, 50.0, 1 << 20, [true, true, true], [1.0, 1.0]);
        let other = Measured { num_params: 1001, train_secs: 1.0, steps: 10, peak_bytes: None };
        let checked = Checked::of(&estimate, 10, other);
        assert!(!checked.num_params.within && checked.peak_bytes.is_none());
    }
}
