//! Log-mel spectrograms as Whisper hears them (Radford et al., 2212.04356): equal to transformers' `WhisperFeatureExtractor`.
//!
//! Every [`HOP`] samples the power spectrum of 400 around them, in a Hann window; filters that grow wider with the frequency, as Slaney's
//! Auditory Toolbox has them (1998); the logarithm to base 10, no lower than 8 below the greatest, brought to about -1..1.

use super::fourier::{Complex, Fourier};
use super::{HOP, RATE};
use std::f64::consts::TAU;

/// Samples of a frame.
pub(super) const N_FFT: usize = 400;
const BINS: usize = N_FFT / 2 + 1;
/// The least power that is told apart from none.
const FLOOR: f64 = 1e-10;

/// Makes spectrograms of one size.
pub(in crate::data) struct LogMel {
    frames: usize,
    window: Vec<f64>,
    fourier: Fourier,
    /// Of each mel bin: the first frequency that counts, and the weights from there on.
    filters: Vec<(usize, Vec<f64>)>,
}

/// A spectrogram without the silence behind it.
#[derive(Debug, PartialEq)]
pub(in crate::data) struct Features {
    /// `[mel bins, frames]`.
    pub(in crate::data) values: Vec<f32>,
    pub(in crate::data) frames: usize,
    /// What stands in all frames behind.
    pub(in crate::data) silence: f32,
}

impl LogMel {
    pub(in crate::data) fn new(mel_bins: usize, frames: usize) -> Self {
        let window = (0..N_FFT).map(|i| 0.5 - 0.5 * (TAU * i as f64 / N_FFT as f64).cos()).collect();
        LogMel { frames, window, fourier: Fourier::new(N_FFT), filters: filters(mel_bins) }
    }

    /// Samples that are heard.
    pub(in crate::data) fn samples(&self) -> usize {
        self.frames * HOP
    }

    /// Of the first [`LogMel::samples`] samples; silence follows where there are fewer.
    pub(in crate::data) fn of(&self, samples: &[f32]) -> Features {
        let samples = &samples[..samples.len().min(self.samples())];
        let frames = (samples.len() + N_FFT / 2).div_ceil(HOP).min(self.frames);
        let mut logs = vec![0f64; self.filters.len() * frames];
        let (mut x, mut scratch) = (vec![[0.0; 2]; N_FFT], vec![[0.0; 2]; N_FFT]);
        // Two frames at a time, as the real and the imaginary part of one transform.
        for first in (0..frames).step_by(2) {
            for (i, value) in x.iter_mut().enumerate() {
                *value = [0, 1].map(|which| self.window[i] * self.sample(samples, (first + which) * HOP + i));
            }
            self.fourier.transform(&mut x, &mut scratch);
            for which in 0..2.min(frames - first) {
                let power: Vec<f64> = (0..BINS).map(|k| power(&x, k, which)).collect();
                for (mel, (from, weights)) in self.filters.iter().enumerate() {
                    let sum: f64 = weights.iter().zip(&power[*from..]).map(|(weight, power)| weight * power).sum();
                    logs[mel * frames + first + which] = sum.max(FLOOR).log10();
                }
            }
        }
        let greatest = logs.iter().copied().fold(FLOOR.log10(), f64::max);
        let scaled = |log: f64| ((log.max(greatest - 8.0) + 4.0) / 4.0) as f32;
        Features { values: logs.into_iter().map(scaled).collect(), frames, silence: scaled(FLOOR.log10()) }
    }

    /// The sample at `at`, counted from half a frame before the first; the recording, silence included, is mirrored at both ends.
    fn sample(&self, samples: &[f32], at: usize) -> f64 {
        let whole = self.samples();
        let place = match at.checked_sub(N_FFT / 2) {
            None => N_FFT / 2 - at,
            Some(place) if place < whole => place,
            Some(place) => (2 * whole).saturating_sub(place + 2),
        };
        samples.get(place).copied().map_or(0.0, f64::from)
    }
}

/// The power of frequency `k` in the signal that was the real (0) or the imaginary (1) part.
fn power(x: &[Complex], k: usize, which: usize) -> f64 {
    let ([a, b], [c, d]) = (x[k], x[(N_FFT - k) % N_FFT]);
    let (real, imaginary) = if which == 0 { (a + c, b - d) } else { (b + d, c - a) };
    (real * real + imaginary * imaginary) / 4.0
}

/// Triangles over frequencies that lie evenly on the mel scale, each of area 2 over its width in hertz.
fn filters(mel_bins: usize) -> Vec<(usize, Vec<f64>)> {
    let half = f64::from(RATE) / 2.0;
    let corner = |i: usize| hertz(mel(half) * i as f64 / (mel_bins + 1) as f64);
    let frequency = |k: usize| half * k as f64 / (BINS - 1) as f64;
    let filter = |i: usize| {
        let [low, middle, high] = [corner(i), corner(i + 1), corner(i + 2)];
        let weight = |k: usize| {
            let f = frequency(k);
            let share = ((f - low) / (middle - low)).min((high - f) / (high - middle)).max(0.0);
            share * 2.0 / (high - low)
        };
        let from = (0..BINS).find(|k| weight(*k) > 0.0).unwrap_or(0);
        (from, (from..BINS).map(weight).take_while(|weight| *weight > 0.0).collect())
    };
    (0..mel_bins).map(filter).collect()
}

/// Even up to 1000 Hz, then by the logarithm, of which 27 steps are a factor of 6.4.
fn mel(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz * 3.0 / 200.0 } else { 15.0 + (hertz / 1000.0).ln() * 27.0 / 6.4f64.ln() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * ((mel - 15.0) * 6.4f64.ln() / 27.0).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// What transformers makes of the same samples (`tests/audio/make.py`).
    #[test]
    fn equals_the_feature_extractor_of_transformers() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio/features.safetensors");
        let all: BTreeMap<_, _> = candle_core::safetensors::load(path, &Device::Cpu).expect("fixtures").into_iter().collect();
        let cases: Vec<&str> = all.keys().filter_map(|name| name.strip_suffix(".samples")).collect();
        assert!(cases.len() >= 4, "{cases:?}");
        for case in cases {
            let samples: Vec<f32> = all[&format!("{case}.samples")].to_vec1().expect("samples");
            let expected = all[&format!("{case}.features")].to_vec2::<f32>().expect("features");
            let (mel_bins, frames) = (expected.len(), expected[0].len());
            let found = LogMel::new(mel_bins, frames).of(&samples);
            let mut off = 0f32;
            for (mel, row) in expected.iter().enumerate() {
                for (frame, expected) in row.iter().enumerate() {
                    let value = if frame < found.frames { found.values[mel * found.frames + frame] } else { found.silence };
                    off = off.max((value - expected).abs());
                }
            }
            assert!(off < 2e-6, "{case}: off by {off:.1e}");
            let sound = (samples.len() + N_FFT / 2).div_ceil(HOP);
            assert_eq!(found.frames, sound.min(frames), "{case}: silence is not kept");
        }
    }
}
