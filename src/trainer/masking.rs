//! Words that are hidden, to be told from all others of their piece (Devlin et al., 1810.04805, section 3.1 and appendix A.1): 15 % of
//! them, of which 80 % become the token that hides, 10 % another one, and 10 % stay. They are drawn anew in each epoch; where nothing is
//! trained, as in scoring, a piece always has the same.

use super::collate::Changes;
use super::objective::NONE;
use crate::data::{HidingTokens, PreparedTexts};
use tallow_kernels::Stream;

/// The share of words that are asked for.
const ASKED: f32 = 0.15;

/// A piece with hidden words: its tokens, and of each the word that it should be told as, or [`NONE`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Masked {
    pub(super) tokens: Vec<u32>,
    pub(super) wanted: Vec<u32>,
}

impl Masked {
    /// Piece `i` of a stream, between the tokens that stand around it.
    pub(super) fn of(texts: &PreparedTexts, with: HidingTokens, i: usize, changes: Option<Changes>) -> Self {
        let shift = changes.map_or(0, |changes| changes.shift(texts));
        let stream = changes.map_or_else(|| Stream::root(0).named("mask").at(i as u64), |c| c.streams.masking(c.epoch, i));
        let (chosen, fate, other) = (stream.named("chosen"), stream.named("fate"), stream.named("other"));
        let (piece, _) = texts.piece(i, shift);
        let hide = |(place, token): (u64, &u32)| match (chosen.uniform(place) < ASKED, fate.uniform(place)) {
            (false, _) => (*token, NONE),
            (true, fate) if fate < 0.8 => (with.mask, *token),
            (true, fate) if fate < 0.9 => (other.below(place, texts.vocab_size()) as u32, *token),
            (true, _) => (*token, *token),
        };
        let around = |token: Option<u32>| token.map(|token| (token, NONE));
        let all = around(with.begin).into_iter().chain((0..).zip(piece).map(hide)).chain(around(with.end));
        let (tokens, wanted) = all.unzip();
        Masked { tokens, wanted }
    }
}
