//! Texts whose vectors are compared.

use super::{PreparedTexts, finite};
use crate::data::mapped::{Elements, TensorFile};
use std::collections::HashMap;

/// Of each example several texts: the first, one that is near to it, and any that are far; or two with a score.
#[derive(Debug)]
pub struct PreparedSimilar {
    pub(super) each: usize,
    scores: Option<Elements<f64>>,
    /// Of each text; those of the same tokens share theirs.
    numbers: Vec<u32>,
}

impl PreparedSimilar {
    /// Texts of an example.
    pub fn each(&self) -> usize {
        self.each
    }

    /// How near the two texts of each example are, in the data's own unit; none where texts belong together.
    pub fn scores(&self) -> Option<&[f64]> {
        self.scores.as_deref()
    }

    /// A number of the text in place `role` of example `i` that texts of the same tokens share. Panics where there is none.
    pub fn number(&self, i: usize, role: usize) -> u32 {
        self.numbers[i * self.each + role]
    }

    pub(super) fn parse(file: &TensorFile, each: &str) -> Result<Self, String> {
        let each = each.parse().ok().filter(|each| *each >= 2).ok_or_else(|| format!("it has `{each}` texts an example"))?;
        let scores = file.has("values").then(|| finite(file, "values")).transpose()?;
        Ok(PreparedSimilar { each, scores, numbers: Vec::new() })
    }

    /// Numbers the texts, which must be whole examples, and two each where there are scores.
    pub(super) fn fit(&mut self, texts: Option<&PreparedTexts>) -> bool {
        let Some(texts) = texts.filter(|texts| texts.len().is_multiple_of(self.each)) else { return false };
        let mut known: HashMap<&[u32], u32> = HashMap::new();
        let numbers = (0..texts.len()).map(|text| {
            let next = known.len() as u32;
            *known.entry(texts.text(text).0).or_insert(next)
        });
        self.numbers = numbers.collect();
        self.scores.as_ref().is_none_or(|scores| self.each == 2 && scores.len() == texts.len() / 2)
    }
}
