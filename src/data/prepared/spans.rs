//! Answers that stand in a text.

use super::{ANSWERS, ASKED_OF, CONTEXTS, PreparedTexts, RIGHT, Verbatim};
use crate::data::mapped::{Elements, TensorFile};
use std::ops::Range;

/// Questions about texts, each text in one or more windows.
#[derive(Debug)]
pub struct PreparedSpans {
    /// Of each window.
    questions: Elements<u32>,
    /// Of each window, the first and last token of the answer; twice 0 where it holds none.
    spans: Elements<u32>,
    /// Of each token of all windows, the characters of the text that it stands for; [`NOT_SEEN`] for one of something else.
    characters: Elements<u32>,
    /// The texts.
    contexts: Verbatim,
    /// Of each question, its text.
    asked_of: Elements<u32>,
    /// All right answers, and where those of each question begin; one more entry for the end.
    answers: Verbatim,
    right: Elements<u64>,
}

impl PreparedSpans {
    /// The question that window `i` is of. Panics where there is no such window.
    pub fn question(&self, i: usize) -> usize {
        self.questions[i] as usize
    }

    /// The first and the last token of the answer in window `i`. Panics where there is no such window.
    pub fn span(&self, i: usize) -> [u32; 2] {
        self.spans.as_chunks::<2>().0[i]
    }

    /// What the tokens `range` of all windows stand for.
    pub fn characters(&self, range: Range<usize>) -> &[[u32; 2]] {
        &self.characters.as_chunks::<2>().0[range]
    }

    /// The right answers to a question. Panics where there is no such question.
    pub fn answers(&self, question: usize) -> Vec<String> {
        (self.right[question]..self.right[question + 1]).map(|answer| self.answers.text(answer as usize)).collect()
    }

    /// These characters of the text that a question is about. Panics where there is no such question.
    pub fn words(&self, question: usize, from: usize, to: usize) -> String {
        let context = self.contexts.text(self.asked_of[question] as usize);
        context.chars().skip(from).take(to.saturating_sub(from)).collect()
    }

    /// Whether some questions have no answer.
    pub fn some_unanswered(&self) -> bool {
        !self.right.all_pairs(|from, to| from < to)
    }

    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let found = PreparedSpans {
            questions: file.elements("questions", 1)?.0,
            spans: file.elements("spans", 2)?.0,
            characters: file.elements("characters", 2)?.0,
            contexts: Verbatim::parse(file, CONTEXTS)?,
            asked_of: file.elements(ASKED_OF, 1)?.0,
            answers: Verbatim::parse(file, ANSWERS)?,
            right: file.elements(RIGHT, 1)?.0,
        };
        let PreparedSpans { questions, contexts, asked_of, answers, right, .. } = &found;
        let whole = right.len() == asked_of.len() + 1
            && right.first() == Some(&0)
            && right.last() == Some(&(answers.len() as u64))
            && right.all_pairs(|from, to| from <= to);
        match () {
            () if !whole => Err(format!("the offsets do not cut {} answers among {} questions", answers.len(), asked_of.len())),
            () if questions.first_where(|question| question as usize >= asked_of.len()).is_some() => {
                Err("a window is of a question that is not there".into())
            }
            () if asked_of.first_where(|context| context as usize >= contexts.len()).is_some() => {
                Err("a question is about a text that is not there".into())
            }
            () => Ok(found),
        }
    }

    /// Whether they are those of these windows.
    pub(super) fn fit(&self, texts: Option<&PreparedTexts>) -> bool {
        texts.is_some_and(|texts| {
            let spans = self.spans.as_chunks::<2>().0;
            let inside = |(i, span): (usize, &[u32; 2])| span[0] <= span[1] && (span[1] as usize) < texts.text_len(i);
            self.questions.len() == texts.len()
                && self.spans.len() == 2 * texts.len()
                && self.characters.len() == 2 * texts.num_tokens()
                && spans.iter().enumerate().all(inside)
        })
    }
}
