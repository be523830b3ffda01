//! Llama 3's scaling of rotary positions, from what a GGUF file keeps of it: by what each frequency is divided.
//!
//! A frequency that turns often over the positions of the first training stays, one that hardly turns is divided by the factor, and between
//! the two the reciprocal divisor grows in proportion to the turns (transformers, `_compute_llama3_parameters`). Other settings may mean
//! the same divisors, and then the same model; those of the public models are preferred.

use serde_json::{Value as Json, json};
use std::f64::consts::TAU;

/// Turns below and above which frequencies are divided whole and not at all, and positions, in all public models.
const USUAL_TURNS: [f64; 2] = [1.0, 4.0];
const USUAL_POSITIONS: f64 = 8192.0;

/// How far a divisor may be off, as a share: files have float32.
const CLOSE: f64 = 1e-4;

/// A share so near to none or all of the way is none or all.
const WHOLE: f64 = 1e-5;

/// Settings of `rope_type` "llama3".
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    factor: f64,
    /// `low_freq_factor`, `high_freq_factor`.
    turns: [f64; 2],
    positions: f64,
}

impl Settings {
    /// By what a frequency is divided.
    fn divisor(&self, frequency: f64) -> f64 {
        let [low, high] = self.turns;
        let share = ((self.positions * frequency / TAU - low) / (high - low)).clamp(0.0, 1.0);
        1.0 / ((1.0 - share) / self.factor + share)
    }

    fn gives(&self, divisors: &[f64], frequencies: &[f64]) -> bool {
        let [low, high] = self.turns;
        let close = |(divisor, frequency): (&f64, &f64)| (divisor / self.divisor(*frequency) - 1.0).abs() < CLOSE;
        0.0 < low && low < high && self.positions >= 1.0 && divisors.iter().zip(frequencies).all(close)
    }

    fn public(&self) -> Json {
        let [low, high] = self.turns;
        json!({"rope_type": "llama3", "factor": self.factor, "low_freq_factor": low, "high_freq_factor": high,
               "original_max_position_embeddings": self.positions as u64})
    }
}

/// What the public configuration says where frequencies are divided by these factors; none if no settings of Llama 3 give them.
pub(super) fn scaling(factors: &[f32], theta: f64) -> Option<Json> {
    if factors.iter().all(|f| *f == 1.0) {
        return Some(json!({"rope_type": "default"}));
    }
    let divisors: Vec<f64> = factors.iter().map(|f| f64::from(*f)).collect();
    let frequencies: Vec<f64> = (0..divisors.len()).map(|i| theta.powf(-(i as f64) / divisors.len() as f64)).collect();
    let most = divisors.iter().copied().fold(1.0, f64::max);
    // Where no frequency is so low that it is divided whole, the factor is larger than every divisor.
    let larger = (1..=6).map(|power| f64::from(1 << power)).filter(|factor| *factor > most);
    let all = [most.round(), most].into_iter().chain(larger).filter(|factor| *factor > 1.0).flat_map(|factor| {
        let shares: Vec<f64> = divisors.iter().map(|divisor| (1.0 / divisor - 1.0 / factor) / (1.0 - 1.0 / factor)).collect();
        [usual(factor, &shares, &frequencies), any(factor, &shares, &frequencies)]
    });
    all.into_iter().find(|settings| settings.gives(&divisors, &frequencies)).map(|settings| settings.public())
}

/// Of frequencies that go part of the way: their place among all.
fn between(shares: &[f64]) -> impl DoubleEndedIterator<Item = usize> {
    (0..shares.len()).filter(|i| (WHOLE..1.0 - WHOLE).contains(&shares[*i]))
}

/// With the turns of the public models: the positions that the first frequency between them tells of.
fn usual(factor: f64, shares: &[f64], frequencies: &[f64]) -> Settings {
    let [low, high] = USUAL_TURNS;
    let told = between(shares).next().map(|i| ((low + shares[i] * (high - low)) * TAU / frequencies[i]).round());
    Settings { factor, turns: USUAL_TURNS, positions: told.unwrap_or(USUAL_POSITIONS) }
}

/// With any turns, over the positions of the public models.
fn any(factor: f64, shares: &[f64], frequencies: &[f64]) -> Settings {
    let turns = |i: usize| USUAL_POSITIONS * frequencies[i] / TAU;
    let beyond = |is: fn(f64) -> bool| move |i: &usize| is(shares[*i]);
    // The nearest frequencies that are divided whole, and not at all.
    let whole = (0..shares.len()).find(beyond(|share| share < WHOLE)).map_or(0.0, turns);
    let none = (0..shares.len()).rev().find(beyond(|share| share >= 1.0 - WHOLE)).map_or(f64::INFINITY, turns);
    let turns = match (between(shares).next(), between(shares).next_back()) {
        (Some(first), Some(last)) if first != last => {
            let slope = (turns(first) - turns(last)) / (shares[first] - shares[last]);
            let low = turns(last) - shares[last] * slope;
            [low, low + slope]
        }
        // One alone fits many: the widest that neither neighbour is within.
        (Some(one), _) => {
            let ends = |part: i32| {
                let low = turns(one) - (turns(one) - whole) * 0.5f64.powi(part);
                [low, low + (turns(one) - low) / shares[one]]
            };
            (0..16).map(ends).find(|[low, high]| *low > 0.0 && *high <= none).unwrap_or_else(|| ends(16))
        }
        (None, _) if none.is_finite() => [whole, none],
        (None, _) => [whole, 2.0 * whole],
    };
    Settings { factor, turns, positions: USUAL_POSITIONS }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(settings: Settings, theta: f64, count: usize) -> Vec<f32> {
        (0..count).map(|i| settings.divisor(theta.powf(-(i as f64) / count as f64)) as f32).collect()
    }

    /// Whatever the settings were, those that are found divide alike.
    #[test]
    fn divisors_read_back() {
        let usual = |factor, positions| Settings { factor, turns: USUAL_TURNS, positions };
        for (settings, theta, count) in [
            (usual(8.0, 8192.0), 500_000.0, 64),
            (usual(32.0, 8192.0), 500_000.0, 32),
            (usual(8.0, 16.0), 500.0, 4),
            (usual(8.0, 64.0), 10_000.0, 8),
            (usual(2.5, 100.0), 10_000.0, 16),
            // None of the frequencies is low enough to be divided whole.
            (usual(8.0, 700.0), 100.0, 8),
            (Settings { turns: [2.0, 7.5], ..usual(4.0, 512.0) }, 10_000.0, 16),
            (Settings { turns: [0.7, 1.3], ..usual(4.0, 40.0) }, 10_000.0, 4),
        ] {
            let given = factors(settings, theta, count);
            let found = scaling(&given, theta).unwrap_or_else(|| panic!("{settings:?}"));
            if found["rope_type"] == "default" {
                assert!(given.iter().all(|factor| *factor == 1.0), "{settings:?}");
                continue;
            }
            let number = |key: &str| found[key].as_f64().expect("a number");
            let found = Settings {
                factor: number("factor"),
                turns: [number("low_freq_factor"), number("high_freq_factor")],
                positions: number("original_max_position_embeddings"),
            };
            if settings.turns == USUAL_TURNS && given.iter().any(|factor| f64::from(*factor) == settings.factor) {
                assert_eq!(found, settings);
            }
            for (given, again) in given.iter().zip(factors(found, theta, count)) {
                assert!((given / again - 1.0).abs() < 1e-5, "{settings:?} read as {found:?}");
            }
        }
    }

    #[test]
    fn other_factors_are_none_of_llama_3() {
        let mut other = factors(Settings { factor: 8.0, turns: USUAL_TURNS, positions: 8192.0 }, 500_000.0, 64);
        other[30] *= 1.1;
        assert_eq!(scaling(&other, 500_000.0), None);
        assert_eq!(scaling(&[4.0, 1.0, 1.0, 1.0], 1e4), None);
        assert_eq!(scaling(&[f32::NAN, 0.0], 1e4), None);
        assert_eq!(scaling(&[1.0; 4], 1e4).expect("none")["rope_type"], json!("default"));
    }
}
