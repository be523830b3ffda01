//! `toy_speech`: one to four words, spoken by a simple machine. WAV files of 8 kHz and `metadata.csv` in a folder each split.
//!
//! A word is a row of sounds; a sound is a train of pulses or noise through three resonators, as voices have them (Klatt, 1980). No two
//! speakers have the same pitch, length of throat or speed, sounds glide into each other, and there is noise. Words share sounds, and some
//! differ by a single one, so that what is said must be heard sound by sound.

use super::{Draws, Making};
use crate::data::audio::write_wav;
use rayon::prelude::*;
use std::collections::HashSet;
use std::f64::consts::PI;
use std::fs::File;
use std::io::{BufWriter, Error, ErrorKind, Result, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tallow_kernels::Stream;

const RATE: u32 = 8000;

/// A sound: its letter, whether the voice takes part, its resonances in Hz, its length in ms, how loud it is.
struct Phone(char, bool, [f64; 3], f64, f64);

#[rustfmt::skip]
const PHONES: [Phone; 17] = [
    Phone('a', true, [750.0, 1200.0, 2500.0], 95.0, 1.0), Phone('e', true, [530.0, 1850.0, 2500.0], 85.0, 1.0),
    Phone('i', true, [300.0, 2250.0, 3000.0], 85.0, 0.9), Phone('o', true, [500.0, 850.0, 2400.0], 95.0, 1.0),
    Phone('u', true, [320.0, 700.0, 2250.0], 90.0, 0.9), Phone('n', true, [280.0, 1450.0, 2300.0], 65.0, 0.5),
    Phone('m', true, [270.0, 1000.0, 2150.0], 65.0, 0.5), Phone('l', true, [380.0, 1050.0, 2850.0], 60.0, 0.6),
    Phone('r', true, [420.0, 1250.0, 1600.0], 60.0, 0.6), Phone('w', true, [300.0, 620.0, 2200.0], 60.0, 0.6),
    Phone('v', true, [260.0, 1150.0, 2350.0], 55.0, 0.4), Phone('z', true, [250.0, 1750.0, 3300.0], 65.0, 0.4),
    Phone('s', false, [2900.0, 3300.0, 3700.0], 80.0, 0.35), Phone('f', false, [1100.0, 2100.0, 3300.0], 70.0, 0.25),
    Phone('t', false, [1800.0, 2700.0, 3500.0], 35.0, 0.5), Phone('k', false, [900.0, 1900.0, 2600.0], 40.0, 0.5),
    Phone('g', true, [250.0, 1550.0, 2050.0], 45.0, 0.5),
];

/// Words and how they sound.
#[rustfmt::skip]
const WORDS: [(&str, &str); 24] = [
    ("zero", "ziro"), ("one", "wan"), ("two", "tu"), ("three", "fri"), ("four", "for"), ("five", "faiv"), ("six", "siks"), ("seven", "seven"),
    ("eight", "eit"), ("nine", "nain"), ("red", "ret"), ("green", "grin"), ("gold", "golt"), ("blue", "vlu"), ("white", "wait"), ("rose", "roz"),
    ("moon", "mun"), ("noon", "nun"), ("sun", "san"), ("lake", "leik"), ("rain", "rein"), ("wine", "wain"), ("line", "lain"), ("sea", "si"),
];

/// A recording before it is spoken.
struct Drawn {
    words: Vec<usize>,
    /// What it goes on with.
    draws: Draws,
    noise: Stream,
}

/// Writes a folder a split. No two recordings of a split are the same, and no row of words stands in two splits.
pub(super) fn write(folder: &Path, splits: &[(&str, usize)], stream: Stream, making: &Making) -> Result<()> {
    /// Recordings between two looks at whether to stop, and seconds between two words on how far it is.
    const AT_ONCE: usize = 64;
    const TOLD_EVERY: Duration = Duration::from_secs(5);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(making.threads).build().map_err(Error::other)?;
    let (mut done, all) = (0, splits.iter().map(|(_, examples)| examples).sum::<usize>());
    let mut told = Instant::now();
    let mut others: HashSet<Vec<usize>> = HashSet::new();
    // Those that are scored first: what they say is never trained on, but for single words, of which there are few.
    for (split, examples) in splits.iter().rev() {
        let place = folder.join(split);
        std::fs::create_dir_all(&place)?;
        let drawn = draw(*examples, stream.named(split), &others);
        let mut table = BufWriter::new(File::create(place.join("metadata.csv"))?);
        writeln!(table, "file_name,transcription")?;
        for (number, Drawn { words, .. }) in drawn.iter().enumerate() {
            writeln!(table, "{},{}", file_name(number), words.iter().map(|word| WORDS[*word].0).collect::<Vec<_>>().join(" "))?;
        }
        table.flush()?;
        for (part, begin) in drawn.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
            if making.is_given_up() {
                return Err(ErrorKind::Interrupted.into());
            }
            pool.install(|| {
                let one = |(at, drawn): (usize, &Drawn)| drawn.write(&place.join(file_name(begin + at)));
                part.par_iter().enumerate().try_for_each(one)
            })?;
            done += part.len();
            if told.elapsed() >= TOLD_EVERY {
                told = Instant::now();
                (making.tell)(&format!("making toy_speech: {done} of {all} recordings"));
            }
        }
        others.extend(drawn.into_iter().map(|drawn| drawn.words));
    }
    Ok(())
}

fn file_name(number: usize) -> String {
    format!("{number:05}.wav")
}

/// What is said in a split; of more than one word nothing that `others` say.
fn draw(examples: usize, stream: Stream, others: &HashSet<Vec<usize>>) -> Vec<Drawn> {
    let one = |number: u64| {
        let stream = stream.at(number);
        let mut draws = Draws::new(stream);
        let words: Vec<usize> = (0..1 + draws.below(4)).map(|_| draws.below(WORDS.len())).collect();
        Drawn { words, draws, noise: stream.named("noise") }
    };
    (0..).map(one).filter(|drawn| drawn.words.len() == 1 || !others.contains(&drawn.words)).take(examples).collect()
}

impl Drawn {
    fn write(&self, path: &Path) -> Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        write_wav(&mut file, RATE, &speak(&self.words, &mut self.draws.clone(), self.noise))?;
        file.flush()
    }
}

/// A resonator of two poles.
#[derive(Clone, Copy, Default)]
struct Resonator {
    before: [f64; 2],
}

impl Resonator {
    fn next(&mut self, x: f64, hertz: f64, width: f64) -> f64 {
        let r = (-PI * width / f64::from(RATE)).exp();
        let angle = 2.0 * PI * hertz / f64::from(RATE);
        let y = (1.0 - r) * x + 2.0 * r * angle.cos() * self.before[0] - r * r * self.before[1];
        self.before = [y, self.before[0]];
        y
    }
}

/// The words by one speaker.
fn speak(words: &[usize], draws: &mut Draws, noise: Stream) -> Vec<i16> {
    let mut between = |low: f64, high: f64| low + (high - low) * draws.below(1000) as f64 / 999.0;
    let (pitch, throat, speed, level) = (between(90.0, 230.0), between(0.9, 1.1), between(0.85, 1.2), between(0.3, 0.9));
    let hiss = between(0.002, 0.02);
    let mut sounds: Vec<(&Phone, f64)> = Vec::new();
    let (pause, mut gaps) = (&Phone(' ', false, [500.0, 1500.0, 2500.0], 0.0, 0.0), Vec::new());
    for word in words {
        gaps.push(between(30.0, 110.0));
        sounds.push((pause, gaps[gaps.len() - 1]));
        for letter in WORDS[*word].1.chars() {
            sounds.extend(
                PHONES.iter().filter(|phone| phone.0 == letter).map(|phone| (phone, phone.3 * between(0.85, 1.15) / speed)),
            );
        }
    }
    sounds.push((pause, between(40.0, 120.0)));
    let (mut out, mut resonators, mut phase) = (Vec::new(), [Resonator::default(); 3], 0.0);
    let (mut formants, mut loud) = (pause.2, 0.0);
    for (phone, length) in sounds {
        for _ in 0..(length * f64::from(RATE) / 1000.0) as usize {
            // What a mouth does takes about 12 ms.
            let glide = 1.0 - (-1000.0 / 12.0 / f64::from(RATE)).exp();
            for (now, then) in formants.iter_mut().zip(phone.2) {
                *now += glide * ((then * throat).min(3800.0) - *now);
            }
            loud += 2.0 * glide * (phone.4 - loud);
            let i = out.len() as u64;
            let breath = f64::from(noise.normal(2 * i));
            // The pitch falls as one speaks on.
            phase += pitch * (1.0 - 0.1 * i as f64 / f64::from(RATE)).max(0.5) / f64::from(RATE);
            let pulse = if phase >= 1.0 { 6.0 } else { 0.0 };
            phase -= phase.floor();
            let x = loud * if phone.1 { pulse + 0.02 * breath } else { breath };
            let widths = [80.0, 110.0, 160.0];
            let sum: f64 = (0..3).map(|n| resonators[n].next(x, formants[n], widths[n]) / (n + 1) as f64).sum();
            out.push(level * sum * 1.5 + hiss * f64::from(noise.normal(2 * i + 1)));
        }
    }
    let most = out.iter().fold(1e-9f64, |most, x| most.max(x.abs()));
    let scale = 0.95 * level / most;
    out.into_iter().map(|x| (x * scale * 32_767.0) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_sounds_and_no_two_sound_alike() {
        let mut seen = HashSet::new();
        for (word, sounds) in WORDS {
            assert!(sounds.chars().all(|letter| PHONES.iter().any(|phone| phone.0 == letter)), "{word}");
            assert!(seen.insert(sounds), "{word}");
        }
    }

    #[test]
    fn what_is_spoken_is_loud_and_short_enough() {
        for i in 0..50 {
            let mut draws = Draws::new(Stream::root(1).at(i));
            let words: Vec<usize> = (0..4).map(|_| draws.below(WORDS.len())).collect();
            let sound = speak(&words, &mut draws, Stream::root(2).at(i));
            let seconds = sound.len() as f64 / f64::from(RATE);
            let power = sound.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / sound.len() as f64;
            assert!((0.5..2.56).contains(&seconds) && power.sqrt() > 200.0, "{seconds} s, {}", power.sqrt());
        }
    }
}
