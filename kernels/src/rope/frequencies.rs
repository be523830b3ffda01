//! The angles by which neighbouring positions differ, and how they are stretched for longer texts.

use crate::{Error, Result};
use std::f64::consts::TAU;

/// How frequencies are lowered so that a model reads longer texts than it was first trained on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// All of them divided by `factor` (Chen et al., 2306.15595).
    Linear { factor: f64 },
    /// Waves longer than `original_positions / low_freq_factor` are divided by `factor`, those shorter than
    /// `original_positions / high_freq_factor` stay, and between them it goes over smoothly (Llama 3.1).
    Llama3 { factor: f64, low_freq_factor: f64, high_freq_factor: f64, original_positions: usize },
    /// As above between waves that turn `beta_fast` and `beta_slow` times in the original length, and all values multiplied by
    /// `attention_factor` (none: `0.1 ln(factor) + 1`) (YaRN: Peng et al., 2309.00071).
    Yarn { factor: f64, beta_fast: f64, beta_slow: f64, original_positions: usize, attention_factor: Option<f64> },
}

impl RopeScaling {
    /// The K/2 frequencies, and what cosines and sines are multiplied by.
    pub(super) fn frequencies(self, size: usize, theta: f64) -> Result<(Vec<f64>, f64)> {
        self.check(theta)?;
        let plain = (0..size / 2).map(|i| theta.powf(-2.0 * i as f64 / size as f64));
        Ok(match self {
            RopeScaling::None => (plain.collect(), 1.0),
            RopeScaling::Linear { factor } => (plain.map(|f| f / factor).collect(), 1.0),
            RopeScaling::Llama3 { factor, low_freq_factor: low, high_freq_factor: high, original_positions } => {
                let scale = |f: f64| {
                    let turns = original_positions as f64 * f / TAU;
                    let kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
                    (1.0 - kept) * f / factor + kept * f
                };
                (plain.map(scale).collect(), 1.0)
            }
            RopeScaling::Yarn { factor, beta_fast, beta_slow, original_positions, attention_factor } => {
                // The index of the frequency that turns so many times in the original length.
                let index = |turns: f64| size as f64 * (original_positions as f64 / (turns * TAU)).ln() / (2.0 * theta.ln());
                let first = index(beta_fast).floor().max(0.0);
                let last = index(beta_slow).ceil().min((size - 1) as f64);
                let last = if last == first { first + 0.001 } else { last };
                let scale = |(i, f): (usize, f64)| {
                    let stretched = ((i as f64 - first) / (last - first)).clamp(0.0, 1.0);
                    stretched * f / factor + (1.0 - stretched) * f
                };
                let by_default = if factor > 1.0 { 0.1 * factor.ln() + 1.0 } else { 1.0 };
                (plain.enumerate().map(scale).collect(), attention_factor.unwrap_or(by_default))
            }
        })
    }

    fn check(self, theta: f64) -> Result<()> {
        let mut positive = vec![("theta", theta)];
        let ordered = match self {
            RopeScaling::None => true,
            RopeScaling::Linear { factor } => {
                positive.push(("factor", factor));
                true
            }
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_positions } => {
                positive.extend([
                    ("factor", factor),
                    ("low_freq_factor", low_freq_factor),
                    ("original positions", original_positions as f64),
                ]);
                low_freq_factor < high_freq_factor
            }
            RopeScaling::Yarn { factor, beta_fast, beta_slow, original_positions, attention_factor } => {
                positive.extend([
                    ("factor", factor),
                    ("beta_slow", beta_slow),
                    ("original positions", original_positions as f64),
                ]);
                positive.push(("attention_factor", attention_factor.unwrap_or(1.0)));
                beta_slow < beta_fast
            }
        };
        let error = |message: String| Err(Error::Argument { op: "rope", message });
        match positive.into_iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            Some((what, value)) => error(format!("{what} must be a positive number, found {value}")),
            None if !ordered => error(format!("the lower bound of the scaling must be below the upper one, found {self:?}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from the public implementation (`ROPE_INIT_FUNCTIONS` of transformers 5.23, float32), K = 16, theta = 10000.
    #[test]
    fn equal_the_public_ones() {
        let llama3 = RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_positions: 64 };
        let yarn =
            RopeScaling::Yarn { factor: 4.0, beta_fast: 32.0, beta_slow: 1.0, original_positions: 512, attention_factor: None };
        for (scaling, expected, factor) in [
            (RopeScaling::None, EXPECTED_NONE, 1.0),
            (RopeScaling::Linear { factor: 4.0 }, EXPECTED_LINEAR, 1.0),
            (llama3, EXPECTED_LLAMA3, 1.0),
            (yarn, EXPECTED_YARN, 1.138_629_436_111_989),
        ] {
            let (found, by) = scaling.frequencies(16, 10_000.0).unwrap();
            assert!((by - factor).abs() < 1e-12, "{scaling:?}: {by}");
            for (f, e) in found.iter().zip(expected) {
                assert!((f - e).abs() < 1e-6 * e, "{scaling:?}: {f} against {e}");
            }
        }
    }

    const EXPECTED_NONE: [f64; 8] = [
        1.00000000e+00,
        3.16227764e-01,
        1.00000001e-01,
        3.16227786e-02,
        9.99999978e-03,
        3.16227786e-03,
        1.00000005e-03,
        3.16227786e-04,
    ];
    const EXPECTED_LINEAR: [f64; 8] = [
        2.50000000e-01,
        7.90569410e-02,
        2.50000004e-02,
        7.90569466e-03,
        2.49999994e-03,
        7.90569466e-04,
        2.50000012e-04,
        7.90569466e-05,
    ];
    const EXPECTED_LLAMA3: [f64; 8] = [
        1.00000000e+00,
        2.44384587e-01,
        1.30422562e-02,
        3.95284733e-03,
        1.24999997e-03,
        3.95284733e-04,
        1.25000006e-04,
        3.95284733e-05,
    ];
    const EXPECTED_YARN: [f64; 8] = [
        1.00000000e+00,
        2.56935060e-01,
        6.25000000e-02,
        1.38349654e-02,
        2.49999994e-03,
        7.90569466e-04,
        2.50000012e-04,
        7.90569466e-05,
    ];

    #[test]
    fn numbers_are_checked() {
        let message = |scaling: RopeScaling, theta| scaling.frequencies(4, theta).unwrap_err().to_string();
        assert!(message(RopeScaling::None, 0.0).contains("theta"));
        assert!(message(RopeScaling::Linear { factor: -1.0 }, 1e4).contains("factor must be a positive number"));
        let crossed = RopeScaling::Llama3 { factor: 8.0, low_freq_factor: 4.0, high_freq_factor: 1.0, original_positions: 64 };
        assert!(message(crossed, 1e4).contains("lower bound"));
    }
}
