//! Another number of samples a second: what is below half of the lower of both rates stays, the rest goes. Each new sample is a sum of old
//! ones by a sinc in a Kaiser window (Smith, "Digital audio resampling", 1984), the same for all of one phase.

use super::RATE;
use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::sync::{Arc, Mutex, PoisonError};

/// Zero crossings of the sinc on each side.
const CROSSINGS: f64 = 64.0;
/// Of half the lower rate, where the middle of the band lies in which sounds fade.
const CUTOFF: f64 = 0.95;
/// Of the window: what is cut off is below -100 dB.
const BETA: f64 = 10.06;
/// Weights of all phases: more are none of a rate that anything is recorded with.
const MOST_WEIGHTS: usize = 1 << 23;
/// Rates whose weights are kept.
const MOST_RATES: usize = 8;

/// The cutoff in cycles a sample.
fn cutoff(rate: u32) -> f64 {
    0.5 * CUTOFF * (f64::from(RATE) / f64::from(rate)).min(1.0)
}

/// Old samples on each side of a new one that it is made of.
pub(super) fn ahead(rate: u32) -> usize {
    if rate == RATE { 0 } else { (CROSSINGS / (2.0 * cutoff(rate))).ceil() as usize }
}

/// The weights of each rate that was met, made once.
#[derive(Debug, Default)]
pub(in crate::data) struct Resamplers {
    made: Mutex<BTreeMap<u32, Arc<Resampler>>>,
}

/// From one rate to [`RATE`].
#[derive(Debug)]
struct Resampler {
    /// New sample i lies at `i down / up` old ones.
    up: usize,
    down: usize,
    /// Old samples on each side of a new one.
    side: usize,
    /// Of each phase, one behind the other.
    weights: Vec<f64>,
}

impl Resamplers {
    /// Samples at `rate` -> at [`RATE`]. Around a recording there is silence.
    ///
    /// # Errors
    /// The two rates have so little in common that each new sample would need weights of its own.
    pub(super) fn resample(&self, samples: Vec<f32>, rate: u32) -> Result<Vec<f32>, String> {
        if rate == RATE { Ok(samples) } else { Ok(self.of(rate)?.resample(&samples)) }
    }

    fn of(&self, rate: u32) -> Result<Arc<Resampler>, String> {
        // What a thread that panicked left is whole: an entry is put in when it is made.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resampler) = made.get(&rate) {
            return Ok(resampler.clone());
        }
        // Recordings have a few rates; of many odd ones the weights would fill the memory.
        if made.len() >= MOST_RATES {
            made.pop_last();
        }
        let resampler = Arc::new(Resampler::new(rate)?);
        made.insert(rate, resampler.clone());
        Ok(resampler)
    }
}

impl Resampler {
    fn new(rate: u32) -> Result<Self, String> {
        let common = gcd(rate, RATE);
        let (up, down) = ((RATE / common) as usize, (rate / common) as usize);
        let side = ahead(rate);
        if up * (2 * side + 1) > MOST_WEIGHTS {
            return Err(format!("expected a usual number of samples a second, such as 16000, 44100 or 48000, found {rate}"));
        }
        let weights = (0..up).flat_map(|phase| weights(phase as f64 / up as f64, side, cutoff(rate))).collect();
        Ok(Resampler { up, down, side, weights })
    }

    fn resample(&self, samples: &[f32]) -> Vec<f32> {
        let Resampler { up, down, side, weights } = self;
        let taps = 2 * side + 1;
        let count = (samples.len() * up).div_ceil(*down);
        let new = |i: usize| {
            let (whole, phase) = (i * down / up, i * down % up);
            let weights = &weights[phase * taps..][..taps];
            // The weight of tap k is that of old sample `whole + k - side`.
            let first = side.saturating_sub(whole);
            let last = taps.min((samples.len() + side).saturating_sub(whole));
            let old = samples.get((whole + first).saturating_sub(*side)..).unwrap_or_default();
            let sum: f64 = weights[first.min(last)..last].iter().zip(old).map(|(weight, old)| weight * f64::from(*old)).sum();
            sum as f32
        };
        (0..count).map(new).collect()
    }
}

/// Of a new sample that lies `fraction` behind an old one: those of the old ones from `side` before to `side` behind it. They sum to 1,
/// so that what does not change is not changed.
fn weights(fraction: f64, side: usize, cutoff: f64) -> Vec<f64> {
    let half = CROSSINGS / (2.0 * cutoff);
    let weight = |k: usize| {
        let x = k as f64 - side as f64 - fraction;
        let within = 1.0 - (x / half).powi(2);
        if within <= 0.0 {
            return 0.0;
        }
        let angle = 2.0 * PI * cutoff * x;
        let sinc = if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
        sinc * bessel(BETA * within.sqrt())
    };
    let weights: Vec<f64> = (0..=2 * side).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// The modified Bessel function of the first kind and order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..100 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resample(samples: Vec<f32>, rate: u32) -> Result<Vec<f32>, String> {
        Resamplers::default().resample(samples, rate)
    }

    #[test]
    fn weights_of_a_rate_are_made_once() {
        let all = Resamplers::default();
        let first = all.of(44_100).expect("weights");
        assert!(all.resample(vec![0.5; 100], 44_100).is_ok() && all.resample(vec![0.5; 100], 8000).is_ok());
        assert!(Arc::ptr_eq(&first, &all.of(44_100).expect("weights")));
        assert_eq!(all.made.lock().expect("whole").keys().copied().collect::<Vec<_>>(), [8000, 44_100]);
    }

    /// Tones stay what they are, far from both ends; what is above half the new rate is gone.
    #[test]
    fn tones_stay_and_what_cannot_be_heard_goes() {
        for rate in [8000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] {
            let tone = |hertz: f64, at: f64, i: usize| (2.0 * PI * hertz * i as f64 / at).sin();
            let low = f64::from(rate.min(RATE)) / 2.0;
            for (hertz, stays) in
                [(0.02 * low, true), (0.4 * low, true), (0.9 * low, true), (1.02 * low, false), (1.5 * low, false)]
            {
                if hertz >= f64::from(rate) / 2.0 {
                    continue;
                }
                let old: Vec<f32> = (0..rate as usize / 4).map(|i| tone(hertz, f64::from(rate), i) as f32).collect();
                let new = resample(old, rate).expect("a usual rate");
                assert_eq!(new.len(), (rate as usize / 4 * 16_000).div_ceil(rate as usize), "{rate}");
                let middle = new.len() / 4..3 * new.len() / 4;
                let expected = |i: usize| if stays { tone(hertz, f64::from(RATE), i) } else { 0.0 };
                let off = middle.map(|i| (f64::from(new[i]) - expected(i)).abs()).fold(0.0, f64::max);
                assert!(off < 3e-5, "{hertz} Hz at {rate}: off by {off:.1e}");
            }
        }
    }

    #[test]
    fn the_same_rate_changes_nothing_and_odd_ones_are_refused() {
        assert_eq!(resample(vec![0.5, -1.0], RATE), Ok(vec![0.5, -1.0]));
        assert!(resample(vec![0.5; 9], 767_999).is_err_and(|e| e.contains("found 767999")));
        assert_eq!(resample(vec![0.25; 3000], 44_100).map(|new| new[500]), Ok(0.25));
    }
}
