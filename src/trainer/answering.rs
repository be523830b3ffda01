//! From the scores of tokens to an answer: the best pairs of a first and a last token in each window over a text, then the best over
//! all windows of a question (the baseline of 1606.05250's data as public scripts decode it).

use crate::data::{NOT_SEEN, PreparedSpans};
use crate::eval::AnswerSaid;
use std::collections::BTreeMap;

/// So many of the likeliest first and last tokens are paired.
const BEST: usize = 20;
/// An answer has at most so many tokens.
const LONGEST: usize = 30;

/// What one window says: the score of its best answer with its characters, and that of there being none; of both the probability, which
/// is that of the first token times that of the last, among those of the text and the first of all, by which there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    best: Option<(f64, [u32; 2])>,
    probability: f64,
    none: f64,
    no_answer: f64,
}

impl Window {
    /// `scores` of each real token, that it is the first of the answer and that it is the last; `characters` that each stands for.
    /// None if a score is not finite.
    pub(super) fn of(scores: &[Vec<f32>], characters: &[[u32; 2]]) -> Option<Self> {
        let seen = &scores[..characters.len().min(scores.len())];
        if seen.iter().flatten().any(|score| !score.is_finite()) {
            return None;
        }
        let ranked = |of: usize| {
            let mut order: Vec<usize> = (0..seen.len()).collect();
            // The first of equals.
            order.sort_by(|&i, &j| seen[j][of].total_cmp(&seen[i][of]));
            order.truncate(BEST);
            order
        };
        let is_text = |i: usize| characters[i][0] != NOT_SEEN;
        let (firsts, lasts) = (ranked(0), ranked(1));
        let mut best: Option<(f64, [u32; 2])> = None;
        for &first in firsts.iter().filter(|&&i| is_text(i)) {
            for &last in lasts.iter().filter(|&&i| is_text(i) && (first..first + LONGEST).contains(&i)) {
                let score = f64::from(seen[first][0]) + f64::from(seen[last][1]);
                if best.is_none_or(|(other, _)| score > other) {
                    best = Some((score, [characters[first][0], characters[last][1]]));
                }
            }
        }
        // Tokens of the question can be no answer, and have no say.
        let total = |of: usize| {
            let scores = (0..seen.len()).filter(|&i| i == 0 || is_text(i)).map(|i| f64::from(seen[i][of]));
            let most = scores.clone().fold(f64::NEG_INFINITY, f64::max);
            most + scores.map(|score| (score - most).exp()).sum::<f64>().ln()
        };
        let Some(none) = seen.first().map(|scores| f64::from(scores[0]) + f64::from(scores[1])) else {
            return Some(Window { best: None, probability: 0.0, none: f64::NEG_INFINITY, no_answer: 1.0 });
        };
        let total = total(0) + total(1);
        let probability = best.map_or(0.0, |(score, _)| (score - total).exp());
        Some(Window { best, probability, none, no_answer: (none - total).exp() })
    }

    /// What both windows over one text say: the better answer, of equals the first; the window that is least sure that there is none
    /// decides whether there is.
    fn and(self, other: Window) -> Window {
        let is_better = other.best.is_some_and(|(score, _)| self.best.is_none_or(|(own, _)| score > own));
        let Window { best, probability, .. } = if is_better { other } else { self };
        Window { best, probability, none: self.none.min(other.none), no_answer: self.no_answer.min(other.no_answer) }
    }
}

/// What all windows over one text say together: the best answer's characters and its probability, and that of there being none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) best: Option<[u32; 2]>,
    pub(super) probability: f64,
    pub(super) no_answer: f64,
}

impl Spread {
    /// Each has its probability in the window that it is of, as the `transformers` library's pipeline tells it: there being none in
    /// the one that is least sure of that.
    pub(super) fn of(windows: &[Window]) -> Self {
        let all = windows.iter().copied().reduce(Window::and);
        all.map_or(Spread { best: None, probability: 0.0, no_answer: 1.0 }, |Window { best, probability, no_answer, .. }| {
            Spread { best: best.map(|(_, span)| span), probability, no_answer }
        })
    }
}

/// The answers to the questions that these windows are of, in the order of the questions. Where every question has an answer, one is
/// always given; else there is none where that scores higher in every window than any answer.
pub(super) fn answers(spans: &PreparedSpans, windows: &[(usize, Window)]) -> Vec<AnswerSaid> {
    let mut found: BTreeMap<usize, Window> = BTreeMap::new();
    for (i, window) in windows {
        found.entry(spans.question(*i)).and_modify(|all| *all = all.and(*window)).or_insert(*window);
    }
    let may_lack = spans.some_unanswered();
    let answer = |(question, said): (usize, Window)| {
        let kept = said.best.filter(|(score, _)| !may_lack || said.none <= *score);
        let words = kept.map_or_else(String::new, |(_, [from, to])| spans.words(question, from as usize, to as usize));
        AnswerSaid::new(words, spans.answers(question))
    };
    found.into_iter().map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_pair_is_of_the_text_in_order_and_not_too_long() {
        const NONE: [u32; 2] = [NOT_SEEN; 2];
        let check = |scores: &[[f32; 2]], characters: &[[u32; 2]], best: Option<(f64, [u32; 2])>| {
            let scores: Vec<Vec<f32>> = scores.iter().map(|pair| pair.to_vec()).collect();
            assert_eq!(Window::of(&scores, characters).expect("finite").best, best, "{scores:?}");
        };
        // The first token is of the question, and the best last token lies before the best first one.
        let text = [NONE, [0, 3], [4, 7], [8, 9]];
        check(&[[9.0, 9.0], [1.0, 5.0], [4.0, 0.0], [0.0, 3.0]], &text, Some((7.0, [4, 9])));
        check(&[[9.0, 9.0], [2.0, 5.0], [4.0, 0.0], [0.0, 2.5]], &text, Some((7.0, [0, 3])));
        check(&[[1.0, 1.0], [0.0, 0.0]], &[NONE, NONE], None);
        let long: Vec<[u32; 2]> = (0..40).map(|i| [i, i + 1]).collect();
        let mut scores = vec![[0.0f32, 0.0]; 40];
        (scores[0][0], scores[35][1]) = (5.0, 5.0);
        check(&scores, &long, Some((5.0, [0, 1])));
        assert_eq!(Window::of(&[vec![f32::NAN, 0.0]], &[[0, 1]]), None);
        // Of the two kinds of tokens that count, those of the question are neither.
        let text = [NONE, NONE, [0, 3], [4, 7]];
        let said = |first: f32| {
            let scores: Vec<Vec<f32>> = vec![vec![first, 0.0], vec![9.0, 9.0], vec![1.0, 0.0], vec![0.0, 1.0]];
            Window::of(&scores, &text).expect("finite")
        };
        let (sure, unsure) = (said(0.0), said(2.0));
        let e = 1f64.exp();
        assert!((sure.probability - e * e / ((e + 2.0) * (e + 2.0))).abs() < 1e-12, "{sure:?}");
        assert!((sure.no_answer - 1.0 / ((e + 2.0) * (e + 2.0))).abs() < 1e-12, "{sure:?}");
        let spread = Spread::of(&[unsure, sure]);
        assert_eq!((spread.best, spread.probability, spread.no_answer), (Some([0, 7]), unsure.probability, sure.no_answer));
        assert_eq!(Spread::of(&[]).best, None);
        // Padding has no say.
        let padded: Vec<Vec<f32>> = vec![vec![1.0, 1.0], vec![f32::INFINITY, 0.0]];
        assert_eq!(Window::of(&padded, &[[0, 2]]).and_then(|w| w.best), Some((2.0, [0, 2])));
    }
}
