//! From the scores of tokens to an answer: the best pairs of a first and a last token in each window over a text, then the best over
//! all windows of a question (the baseline of 1606.05250's data as public scripts decode it).

use crate::data::{NOT_SEEN, PreparedSpans};
use crate::eval::AnswerSaid;
use std::collections::BTreeMap;

/// So many of the likeliest first and last tokens are paired.
const BEST: usize = 20;
/// An answer has at most so many tokens.
const LONGEST: usize = 30;

/// What one window says: the score of its best answer with its characters, and that of there being none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    best: Option<(f64, [u32; 2])>,
    none: f64,
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
        let none = seen.first().map_or(f64::NEG_INFINITY, |scores| f64::from(scores[0]) + f64::from(scores[1]));
        Some(Window { best, none })
    }

    /// What both windows over one text say: the better answer, of equals the first; the window that is least sure that there is none
    /// decides whether there is.
    fn and(self, other: Window) -> Window {
        let is_better = |(score, _): &(f64, [u32; 2])| self.best.is_none_or(|(own, _)| *score > own);
        Window { best: other.best.filter(is_better).or(self.best), none: self.none.min(other.none) }
    }
}

/// What all windows over one text say together: the best answer's characters, its probability beside that of there being none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) best: Option<[u32; 2]>,
    pub(super) probability: f64,
    pub(super) no_answer: f64,
}

impl Spread {
    /// The best answer of each window stands against the others and against there being none, as the window that is least sure of
    /// that has it.
    pub(super) fn of(windows: &[Window]) -> Self {
        let all = windows.iter().copied().reduce(Window::and);
        let Window { best, none } = all.unwrap_or(Window { best: None, none: f64::INFINITY });
        let scores: Vec<f64> = windows.iter().filter_map(|window| window.best.map(|(score, _)| score)).collect();
        let most = scores.iter().copied().fold(none, f64::max);
        let sum = scores.iter().map(|score| (score - most).exp()).sum::<f64>() + (none - most).exp();
        Spread {
            best: best.map(|(_, span)| span),
            probability: best.map_or(0.0, |(score, _)| (score - most).exp() / sum),
            no_answer: (none - most).exp() / sum,
        }
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
        let window = |score: f64, none: f64| Window { best: Some((score, [score as u32, 9])), none };
        let spread = Spread::of(&[window(1.0, 3.0), window(2.0, 2.0)]);
        let sum = 1.0 + 1.0 + (-1f64).exp();
        assert_eq!(spread.best, Some([2, 9]));
        assert!((spread.probability - 1.0 / sum).abs() < 1e-12 && (spread.no_answer - 1.0 / sum).abs() < 1e-12);
        // Padding has no say.
        let padded: Vec<Vec<f32>> = vec![vec![1.0, 1.0], vec![f32::INFINITY, 0.0]];
        assert_eq!(Window::of(&padded, &[[0, 2]]).and_then(|w| w.best), Some((2.0, [0, 2])));
    }
}
