//! The choice of a word by its scores.

use std::collections::BTreeSet;

pub(super) fn penalise(scores: &mut [f32], text: &[u32], penalty: f64) {
    if penalty == 1.0 {
        return;
    }
    for word in text.iter().collect::<BTreeSet<_>>() {
        if let Some(score) = scores.get_mut(*word as usize) {
            *score = if *score > 0.0 { f64::from(*score) / penalty } else { f64::from(*score) * penalty } as f32;
        }
    }
}

/// The likeliest; of several, the first.
pub(super) fn best(scores: &[f32]) -> u32 {
    let better = |best: (usize, f32), (i, &score): (usize, &f32)| if score > best.1 { (i, score) } else { best };
    scores.iter().enumerate().fold((0, f32::NEG_INFINITY), better).0 as u32
}

/// The word that a number in `[0, 1)` stands for, the likeliest first.
pub(super) fn draw(scores: &[f32], temperature: f64, top_k: Option<usize>, top_p: Option<f64>, chance: f64) -> u32 {
    let highest = f64::from(scores.iter().copied().fold(f32::NEG_INFINITY, f32::max)) / temperature;
    let weight = |score: f32| (f64::from(score) / temperature - highest).exp();
    // What is a billion times less likely than the likeliest has no chance that such a number tells.
    let mut words: Vec<(u32, f64)> =
        (0u32..).zip(scores).map(|(word, &score)| (word, weight(score))).filter(|(_, weight)| *weight > 1e-9).collect();
    let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if let Some(k) = top_k.filter(|k| *k < words.len()) {
        let (_, &mut (_, least), _) = words.select_nth_unstable_by(k - 1, order);
        // Words that are as likely as the last of them stay too.
        words.retain(|(_, weight)| *weight >= least);
    }
    // Few words have nearly all of the chance: the others are put in order only where they are reached.
    let (all, head) = (words.iter().map(|(_, weight)| weight).sum::<f64>(), 1e-3);
    let split = partition(&mut words, |(_, weight)| *weight > head);
    words[..split].sort_unstable_by(order);
    let sum = |words: &[(u32, f64)]| words.iter().map(|(_, weight)| weight).sum::<f64>();
    let share = top_p.unwrap_or(1.0) * all;
    if sum(&words[..split]) <= share.max(chance * all) {
        words[split..].sort_unstable_by(order);
    } else {
        words.truncate(split);
    }
    let mut kept = words.len();
    let mut total = all;
    if top_p.is_some() {
        let mut before = 0.0;
        // A word stays while those before it do not have the share.
        kept = words
            .iter()
            .take_while(|(_, weight)| {
                let stays = before < share;
                before += weight;
                stays
            })
            .count()
            .max(1);
        total = sum(&words[..kept.min(words.len())]);
    }
    let mut left = chance * total;
    let words = &words[..kept.min(words.len())];
    let chosen = words.iter().find(|(_, weight)| {
        left -= weight;
        left < 0.0
    });
    chosen.or(words.last()).map_or(0, |(word, _)| *word)
}

/// Brings those that hold to the front, in their order; says how many.
fn partition<T: Copy>(all: &mut [T], holds: impl Fn(&T) -> bool) -> usize {
    let mut front = 0;
    for i in 0..all.len() {
        if holds(&all[i]) {
            all.swap(front, i);
            front += 1;
        }
    }
    front
}
