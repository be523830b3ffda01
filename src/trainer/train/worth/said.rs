//! What a trained model says of some of the examples that it learnt from, and whether that hangs on what they are.

use super::super::super::Error;
use super::super::super::collate::collate;
use super::super::super::objective::{NONE, Rule, Wanted};
use super::super::super::predict::{first_of_largest, softmax};
use super::super::super::scoring::{How, hidden_rows, token_rows};
use crate::data::{NOT_SEEN, Prepared, PreparedTargets};
use crate::eval::half_alike;
use candle_core::Tensor;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::LN_2;
use tallow_zoo::{Input, Model};

/// So many words are asked, or tags; of fewer words than the second nothing is told.
const WORDS: usize = 128;
const FEWEST_WORDS: usize = 64;

/// Those of `examples` that look otherwise than all before them: nobody can tell others apart.
///
/// # Errors
/// A batch cannot be made of them.
pub(super) fn different(data: &Prepared, examples: &[usize], how: &How) -> Result<Vec<usize>, Error> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for &example in examples {
        if seen.insert(looks(&collate(data, &[example], how.normalize, None)?.input)?) {
            found.push(example);
        }
    }
    Ok(found)
}

/// All numbers of what a model is fed with, in their bits.
fn looks(input: &Input) -> Result<Vec<u32>, Error> {
    let bits = |numbers: &Tensor| -> Result<Vec<u32>, Error> {
        Ok(numbers.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f32::to_bits).collect())
    };
    Ok(match input {
        Input::Text { token_ids, .. } | Input::Packed { token_ids, .. } => token_ids.flatten_all()?.to_vec1::<u32>()?,
        Input::TextToText { source_ids, .. } => source_ids.flatten_all()?.to_vec1::<u32>()?,
        Input::Image { pixels } => bits(pixels)?,
        Input::Speech { features, .. } => bits(features)?,
        Input::Table { numbers, categories } => [bits(numbers)?, categories.flatten_all()?.to_vec1::<u32>()?].concat(),
    })
}

/// Whether half of the words have the same tags, as likely, though not all of them should.
///
/// # Errors
/// The model cannot take an example.
pub(super) fn tags_are_alike(model: &dyn Model, data: &Prepared, examples: &[usize], how: &How) -> Result<bool, Error> {
    let mut said = Vec::new();
    for chosen in examples.chunks(how.batch_size.max(1)) {
        let batch = collate(data, chosen, how.normalize, None)?;
        let Wanted::Tags(tags) = &batch.wanted else { return Ok(false) };
        let scores = token_rows(model, &batch)?;
        let asked = scores.iter().flatten().zip(tags).filter(|(_, tag)| **tag != NONE);
        said.extend(asked.map(|(scores, tag)| (*tag, softmax(scores))));
    }
    // Spread over all of them.
    let step = said.len().div_ceil(2 * WORDS).max(1);
    Ok(half_alike(&said.iter().step_by(step).map(|(tag, probabilities)| (tag, probabilities.as_slice())).collect::<Vec<_>>()))
}

/// The first and the last token of each answer that the model finds, each with the one that is right.
///
/// # Errors
/// The model cannot take an example.
pub(super) fn places(model: &dyn Model, data: &Prepared, examples: &[usize], how: &How) -> Result<Vec<(usize, usize)>, Error> {
    let mut said = Vec::new();
    for chosen in examples.chunks(how.batch_size.max(1)) {
        let batch = collate(data, chosen, how.normalize, None)?;
        let Wanted::Spans(spans, lengths) = &batch.wanted else { return Ok(Vec::new()) };
        for ((scores, span), length) in token_rows(model, &batch)?.iter().zip(spans).zip(lengths) {
            said.extend([0, 1].map(|which| {
                let of: Vec<f32> = scores.iter().take(*length).map(|scores| scores[which]).collect();
                (first_of_largest(&of), span[which] as usize)
            }));
        }
    }
    Ok(said)
}

/// Some of the words that the model says of `examples`, each with the one that is right, spread over them; none where it is not asked for
/// words.
///
/// # Errors
/// The model cannot take an example.
pub(super) fn words(model: &dyn Model, data: &Prepared, examples: &[usize], how: &How) -> Result<Vec<(usize, usize)>, Error> {
    let mut said = Vec::new();
    for chosen in examples.chunks(how.batch_size.max(1)) {
        let batch = collate(data, chosen, how.normalize, None)?;
        let Wanted::Words(words) = &batch.wanted else { return Ok(Vec::new()) };
        let asked: Vec<usize> = (0..words.len()).filter(|place| words[*place] != NONE).collect();
        let share = (WORDS * chosen.len()).div_ceil(examples.len().max(1));
        let mut some = vec![NONE; words.len()];
        asked.iter().step_by(asked.len().div_ceil(share).max(1)).for_each(|place| some[*place] = words[*place]);
        let scores = hidden_rows(model, &batch, &some)?;
        said.extend(scores.into_iter().map(|(place, scores)| (first_of_largest(&scores), some[place] as usize)));
    }
    Ok(said)
}

/// Whether one word or place is nearly all that is said, and is wrong for the most part. `said`: each with the one that is right.
pub(super) fn is_one(said: &[(usize, usize)]) -> bool {
    const NEARLY_ALL: f64 = 0.95;
    let mut counts = BTreeMap::<usize, [usize; 2]>::new();
    for (one, right) in said {
        let [times, hits] = counts.entry(*one).or_default();
        *times += 1;
        *hits += usize::from(one == right);
    }
    let most = counts.into_values().max().unwrap_or_default();
    said.len() >= FEWEST_WORDS && most[0] as f64 > NEARLY_ALL * said.len() as f64 && 2 * most[1] < most[0]
}

/// What the same answer to all loses at least, of an answer, by the loss of training: without weights and the like the entropy of what is
/// right. None where answers are no classes, labels, tags or preferences.
pub(super) fn of_one_answer(data: &Prepared, examples: &[usize], rule: &Rule, choices: usize) -> Option<f64> {
    match data.targets() {
        PreparedTargets::Classes { of, .. } => Some(rule.of_one_answer(&counted(examples.iter().map(|i| of[*i])), choices)),
        PreparedTargets::Tags(tags) => {
            let of = |i: usize| {
                let (tags, firsts) = tags.text(i);
                tags.iter().zip(firsts).filter(|(_, first)| **first != NOT_SEEN).map(|(tag, _)| *tag)
            };
            Some(rule.of_one_answer(&counted(examples.iter().flat_map(|i| of(*i))), choices))
        }
        PreparedTargets::Labels { of, names } => {
            let flag = |label: usize| examples.iter().map(move |i| u32::from(of[i * names.len() + label]));
            let lost = |label| Rule::default().of_one_answer(&counted(flag(label)), 2);
            Some((0..names.len()).map(lost).sum::<f64>() / names.len().max(1) as f64)
        }
        PreparedTargets::Preferences { .. } => Some(LN_2),
        _ => None,
    }
}

fn counted(of: impl Iterator<Item = u32>) -> BTreeMap<u32, usize> {
    let mut counts = BTreeMap::new();
    of.for_each(|one| *counts.entry(one).or_default() += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_that_is_mostly_wrong_is_said_in_vain() {
        let said = |say: fn(usize) -> usize, right: fn(usize) -> usize| (0..100).map(|i| (say(i), right(i))).collect::<Vec<_>>();
        assert!(is_one(&said(|_| 7, |i| i % 20)));
        assert!(is_one(&said(|i| if i == 50 { 3 } else { 7 }, |i| i % 20)), "once another");
        assert!(!is_one(&said(|_| 7, |i| if i % 3 == 0 { i } else { 7 })), "it is right");
        assert!(!is_one(&said(|i| if i % 10 == 0 { 3 } else { 7 }, |i| i % 20)), "others are said, too");
        assert!(!is_one(&said(|_| 7, |i| i % 20)[..20]), "too few to tell");
        assert!(!is_one(&[]));
    }

    #[test]
    fn the_same_answer_to_all_loses_their_entropy() {
        let of = |answers: &[u32]| Rule::default().of_one_answer(&counted(answers.iter().copied()), 4);
        assert!((of(&[0, 1, 0, 1]) - 2f64.ln()).abs() < 1e-12);
        assert!((of(&[0, 0, 0, 1]) - (0.75 * (4.0 / 3.0f64).ln() + 0.25 * 4f64.ln())).abs() < 1e-12);
        assert_eq!([of(&[3, 3, 3]), of(&[])], [0.0, 0.0]);
    }

    /// Rows of a table may be the same: no model tells them apart.
    #[test]
    fn what_looks_the_same_has_the_same_bits() {
        use candle_core::Device;
        let table = |numbers: &[f32], category: u32| {
            let numbers = Tensor::from_slice(numbers, (1, numbers.len()), &Device::Cpu).expect("numbers");
            let categories = Tensor::from_slice(&[category], (1, 1), &Device::Cpu).expect("categories");
            looks(&Input::Table { numbers, categories }).expect("bits")
        };
        assert_eq!(table(&[0.5, 1.0], 2), table(&[0.5, 1.0], 2));
        assert!(table(&[0.5, 1.0], 2) != table(&[0.5, 1.0], 3) && table(&[0.5, 1.0], 2) != table(&[0.5, 1.5], 2));
    }
}
