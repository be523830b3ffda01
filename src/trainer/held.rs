//! A text held to a JSON schema while a model writes it.

use super::Error;
use crate::data::Vocabulary;
use serde_json::Value;
use tallow_grammar::{Bounds, Constraint, Grammar};
use tallow_zoo::Guide;

/// A schema and the model's tokens, made ready.
pub(super) struct Ready {
    grammar: Grammar,
    tokens: tallow_grammar::Vocabulary,
}

impl Ready {
    /// # Errors
    /// The schema says what cannot be held, or the tokens stand for no bytes.
    pub(super) fn new(schema: &Value, vocabulary: &Vocabulary) -> Result<Self, Error> {
        let grammar = Grammar::new(schema, Bounds::default())?;
        let tokens = tallow_grammar::Vocabulary::new(vocabulary.bytes()?, vocabulary.ends());
        Ok(Ready { grammar, tokens })
    }

    /// A text of at most `room` tokens.
    ///
    /// # Errors
    /// The tokens cannot write it, or it takes more than that.
    pub(super) fn text(&self, room: usize) -> Result<Held<'_>, Error> {
        Ok(Held { constraint: Constraint::new(&self.grammar, &self.tokens, room)? })
    }
}

/// A text that is being written.
pub(super) struct Held<'a> {
    constraint: Constraint<'a>,
}

impl Held<'_> {
    /// The text, byte by byte as its tokens have it.
    pub(super) fn spelt(&self) -> String {
        self.constraint.text()
    }
}

impl Guide for Held<'_> {
    fn forced(&mut self, left: usize) -> Vec<u32> {
        self.constraint.forced(left)
    }

    fn restrict(&mut self, left: usize, scores: &mut [f32]) -> Result<(), String> {
        let allowed = self.constraint.allowed(left).map_err(|e| e.to_string())?;
        (0u32..)
            .zip(scores.iter_mut())
            .filter(|(token, _)| !allowed.has(*token))
            .for_each(|(_, score)| *score = f32::NEG_INFINITY);
        // Where all scores are nothing, a choice among them would be none of those that are allowed.
        if scores.iter().all(|score| !score.is_finite()) {
            let first = allowed.tokens().next().and_then(|token| scores.get_mut(token as usize));
            first.map(|score| *score = 0.0).ok_or("the model has no score for what must come")?;
        }
        Ok(())
    }

    fn take(&mut self, word: u32) -> Result<(), String> {
        self.constraint.take(word).map_err(|e| e.to_string())
    }

    fn is_over(&self) -> bool {
        self.constraint.is_over()
    }
}
