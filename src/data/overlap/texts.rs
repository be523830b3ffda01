//! Texts that are nearly the same, by the runs of tokens that they share.

use super::super::prepared::{Prepared, PreparedTexts};
use super::Found;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher};

/// Tokens of a run in texts, and in streams of words.
const RUN: usize = 3;
const STREAM_RUN: usize = 13;

/// Share of runs from which on two texts are nearly the same.
const NEAR: f64 = 0.8;

/// A run that so many held-out texts have says nothing of any.
const COMMON: usize = 100;

fn hash(tokens: &[u32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    tokens.iter().for_each(|token| hasher.write_u32(*token));
    hasher.finish()
}

/// The runs of an example, each once. Its texts are told apart.
fn runs(data: &Prepared, texts: &PreparedTexts, i: usize) -> HashSet<u64> {
    let tokens = data.texts_of(i).map(|text| texts.text(text).0);
    tokens.flat_map(|tokens| tokens.windows(RUN).map(hash).collect::<Vec<_>>()).collect()
}

/// Marks held-out texts that are nowhere to the byte, but nearly somewhere.
pub(super) fn near(train: &Prepared, held: &Prepared, found: &mut [Found], told: &mut dyn FnMut(usize)) {
    let (Some(train_texts), Some(held_texts)) = (train.texts(), held.texts()) else { return };
    let mut having: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut sizes = vec![0; held.len()];
    for i in (0..held.len()).filter(|&i| found[i] == Found::Nowhere) {
        let runs = runs(held, held_texts, i);
        sizes[i] = runs.len();
        runs.into_iter().for_each(|run| having.entry(run).or_default().push(i));
    }
    let rare = |run: &u64| having.get(run).filter(|examples| examples.len() <= COMMON);
    for i in 0..train.len() {
        let own = runs(train, train_texts, i);
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for &example in own.iter().filter_map(rare).flatten() {
            *shared.entry(example).or_default() += 1;
        }
        for (example, count) in shared {
            // Of those that are near enough most of what they have in common is rare.
            if found[example] == Found::Nowhere && 2 * count >= sizes[example] {
                let both = runs(held, held_texts, example).intersection(&own).count();
                let either = sizes[example] + own.len() - both;
                if both as f64 >= NEAR * either as f64 {
                    found[example] = Found::Near(Some(i));
                }
            }
        }
        told(i);
    }
}

/// Which pieces of a held-out stream are made of what training has. A piece that is shorter than a run has none.
pub(super) fn streams(train: &Prepared, held: &Prepared, told: &mut dyn FnMut(usize)) -> Vec<Found> {
    let mut found = vec![Found::Nowhere; held.len()];
    let (Some(train_texts), Some(held_texts)) = (train.texts(), held.texts()) else { return found };
    let piece = |texts: &PreparedTexts, i: usize| texts.text(i).0.to_vec();
    let mut seen: HashMap<u64, bool> = HashMap::new();
    for i in 0..held.len() {
        seen.extend(piece(held_texts, i).windows(STREAM_RUN).map(|run| (hash(run), false)));
    }
    // Runs go on over the pieces' ends: it is one stream.
    let mut last: Vec<u32> = Vec::new();
    for i in 0..train.len() {
        last.extend(piece(train_texts, i));
        for run in last.windows(STREAM_RUN) {
            if let Some(seen) = seen.get_mut(&hash(run)) {
                *seen = true;
            }
        }
        last.drain(..last.len().saturating_sub(STREAM_RUN - 1));
        told(i);
    }
    for (i, found) in found.iter_mut().enumerate() {
        let tokens = piece(held_texts, i);
        let (mut all, mut known) = (0, 0);
        for run in tokens.windows(STREAM_RUN) {
            all += 1;
            known += usize::from(seen.get(&hash(run)).copied().unwrap_or(false));
        }
        *found = match (known, all) {
            (_, 0) => Found::Nowhere,
            (known, all) if known == all => Found::Exact(None),
            (known, all) if known as f64 >= NEAR * all as f64 => Found::Near(None),
            _ => Found::Nowhere,
        };
    }
    found
}
