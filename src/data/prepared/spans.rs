//! Answers that stand in a text.

use super::PreparedTexts;
use crate::data::mapped::{Elements, TensorFile};
use std::ops::Range;

/// Questions about texts, each text in one or more windows.
#[derive(Debug)]
pub struct PreparedSpans {
    /// Of each window.
    questions: Vec<u32>,
    /// Of each window, the first and last token of the answer; twice 0 where it holds none.
    spans: Vec<[u32; 2]>,
    /// Of each token of all windows, the characters of the text that it stands for; [`NOT_SEEN`] for one of something else.
    characters: Vec<[u32; 2]>,
    told: Told,
}

/// The texts, and of each question which text it is about and its right answers.
#[derive(Debug, serde::Deserialize)]
struct Told {
    contexts: Vec<String>,
    questions: Vec<(usize, Vec<String>)>,
}

impl PreparedSpans {
    /// The question that window `i` is of. Panics where there is no such window.
    pub fn question(&self, i: usize) -> usize {
        self.questions[i] as usize
    }

    /// The first and the last token of the answer in window `i`. Panics where there is no such window.
    pub fn span(&self, i: usize) -> [u32; 2] {
        self.spans[i]
    }

    /// What the tokens `range` of all windows stand for.
    pub fn characters(&self, range: Range<usize>) -> &[[u32; 2]] {
        &self.characters[range]
    }

    /// The right answers to a question. Panics where there is no such question.
    pub fn answers(&self, question: usize) -> &[String] {
        &self.told.questions[question].1
    }

    /// These characters of the text that a question is about. Panics where there is no such question.
    pub fn words(&self, question: usize, from: usize, to: usize) -> String {
        let context = &self.told.contexts[self.told.questions[question].0];
        context.chars().skip(from).take(to.saturating_sub(from)).collect()
    }

    /// Whether some questions have no answer.
    pub fn some_unanswered(&self) -> bool {
        self.told.questions.iter().any(|(_, answers)| answers.is_empty())
    }

    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let pairs = |name: &str| {
            let all: Elements<u32> = file.elements(name, 2)?.0;
            Ok::<_, String>(all.as_chunks::<2>().0.to_vec())
        };
        let questions: Vec<u32> = file.elements("questions", 1)?.0.to_vec();
        let told: Told = serde_json::from_slice(&file.elements::<u8>("told", 1)?.0).map_err(|e| e.to_string())?;
        if questions.iter().any(|question| *question as usize >= told.questions.len()) {
            return Err("a window is of a question that is not there".into());
        }
        if told.questions.iter().any(|(context, _)| *context >= told.contexts.len()) {
            return Err("a question is about a text that is not there".into());
        }
        Ok(PreparedSpans { questions, spans: pairs("spans")?, characters: pairs("characters")?, told })
    }

    /// Whether they are those of these windows.
    pub(super) fn fit(&self, texts: Option<&PreparedTexts>) -> bool {
        texts.is_some_and(|texts| {
            let inside = |(i, span): (usize, &[u32; 2])| span[0] <= span[1] && (span[1] as usize) < texts.text_len(i);
            self.questions.len() == texts.len()
                && self.spans.len() == texts.len()
                && self.characters.len() == texts.num_tokens()
                && self.spans.iter().enumerate().all(inside)
        })
    }
}
