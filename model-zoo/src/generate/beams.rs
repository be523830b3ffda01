//! A search by beams: several texts at once, of which the likeliest is kept.

use super::{Prompt, Settings, next_scores};
use crate::error::Result;
use crate::generate::Generator;
use std::cmp::Ordering;

pub(super) struct Beams {
    pub(super) num_beams: usize,
    pub(super) length_penalty: f64,
    pub(super) early_stopping: bool,
}

/// A text with its score: the sum of its words' log-probabilities, or for one that has ended that over its length.
#[derive(Debug, Clone)]
struct Scored {
    words: Vec<u32>,
    score: f64,
}

/// A word that may follow the text of that number.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    text: usize,
    word: u32,
    score: f64,
}

pub(super) fn beams(
    generator: &dyn Generator,
    prompt: Prompt,
    settings: &Settings,
    room: usize,
    search: Beams,
) -> Result<Vec<u32>> {
    // Enough that `num_beams` are left if every ending is among them.
    let keep = (1 + settings.eos_token_ids.len()).max(2) * search.num_beams;
    let mut cache = generator.begin(prompt.source.as_slice())?;
    let mut running = vec![Scored { words: Vec::new(), score: 0.0 }];
    let mut ended: Vec<Scored> = Vec::new();
    let mut new = vec![prompt.start.to_vec()];
    for length in 1..=room {
        let mut scores = next_scores(generator, &new, &mut cache)?;
        for (text, scores) in running.iter().zip(&mut scores) {
            log_softmax(scores);
            settings.adjust(scores, &[prompt.start, &text.words].concat(), prompt.start.len());
        }
        let candidates = likeliest(&running, &scores, keep);
        let ends = |c: &Candidate| length == room || settings.eos_token_ids.contains(&c.word);
        let longer = |c: &Candidate, score: f64| {
            let words = running[c.text].words.iter().copied().chain([c.word]).collect();
            Scored { words, score }
        };
        let worth = (length as f64).powf(search.length_penalty);
        if !(search.early_stopping && ended.len() >= search.num_beams) {
            ended.extend(candidates.iter().take(search.num_beams).filter(|c| ends(c)).map(|c| longer(c, c.score / worth)));
            ended.sort_by(|a, b| b.score.total_cmp(&a.score));
            ended.truncate(search.num_beams);
        }
        let next: Vec<Candidate> = candidates.iter().filter(|c| !ends(c)).take(search.num_beams).copied().collect();
        let Some(first) = next.first() else { break };
        let full = ended.len() >= search.num_beams;
        let can_improve = ended.last().is_none_or(|worst| !full || first.score / worth > worst.score);
        if !can_improve || (full && search.early_stopping) {
            break;
        }
        cache.select(&next.iter().map(|c| c.text as u32).collect::<Vec<_>>())?;
        new = next.iter().map(|c| vec![c.word]).collect();
        running = next.iter().map(|c| longer(c, c.score)).collect();
    }
    Ok(ended.into_iter().next().map(|best| best.words).unwrap_or_default())
}

fn log_softmax(scores: &mut [f32]) {
    let highest = f64::from(scores.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum = scores.iter().map(|&s| (f64::from(s) - highest).exp()).sum::<f64>().ln() + highest;
    scores.iter_mut().for_each(|s| *s = (f64::from(*s) - sum) as f32);
}

/// The `count` best of all words that may follow any of the texts, the best first; of equals, the first text's first word.
fn likeliest(running: &[Scored], scores: &[Vec<f32>], count: usize) -> Vec<Candidate> {
    let of = |(text, (so_far, scores)): (usize, (&Scored, &Vec<f32>))| {
        let so_far = so_far.score;
        let words: Vec<Candidate> =
            (0u32..).zip(scores).map(|(word, &s)| Candidate { text, word, score: so_far + f64::from(s) }).collect();
        words
    };
    let mut all: Vec<Candidate> = running.iter().zip(scores).enumerate().flat_map(of).collect();
    let order = |a: &Candidate, b: &Candidate| -> Ordering {
        b.score.total_cmp(&a.score).then(a.text.cmp(&b.text)).then(a.word.cmp(&b.word))
    };
    if all.len() > count {
        all.select_nth_unstable_by(count, order);
        all.truncate(count);
    }
    all.sort_unstable_by(order);
    all
}
