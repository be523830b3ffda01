//! Models that read a source and write a target from it: how the decoder's blocks are walked, in training and word after word.
//!
//! Shapes: `b` batch, `s` positions of the source, `t` target tokens, `d` width.

use crate::cache::{Cache, Past};
use crate::contract::{Input, Model, Output};
use crate::error::Result;
use crate::generate::{Generator, Source};
use crate::parts::check_tokens;
use candle_core::Tensor;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Tape, Var};

/// A source that has been read: its states `[b, s, d]`, and how many positions of each are real.
pub(crate) struct Read {
    pub(crate) states: Var,
    pub(crate) lengths: Vec<usize>,
}

/// Words to be written: ids `[b, t]`, and how many of each are real.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) ids: &'a Tensor,
    pub(crate) lengths: &'a [usize],
}

/// A model of two texts, or of speech and text.
pub(crate) trait EncoderDecoder {
    const FAMILY: &'static str;
    type Block: DecoderBlock;

    /// Reads the sources of a batch; its targets are handed on.
    ///
    /// # Errors
    /// The input is another model's, does not suit this one, or an operation failed.
    fn read<'a>(&self, tape: &Tape, input: &'a Input) -> Result<(Read, Target<'a>)>;

    /// Reads sources from which texts are to be written.
    ///
    /// # Errors
    /// They do not suit the model, or an operation failed.
    fn read_alone(&self, tape: &Tape, sources: &[Source]) -> Result<Read>;

    /// What the decoder's first block takes, `[b, t, d]`, of words whose first stands at position `first`.
    ///
    /// # Errors
    /// A word is not in the vocabulary, or an operation failed.
    fn embed(&self, tape: &Tape, ids: &Tensor, first: usize) -> Result<Var>;

    fn decoder(&self) -> &[Rc<Self::Block>];

    /// What the model says by the last block's states `[b, t, d]`.
    ///
    /// # Errors
    /// An operation failed.
    fn output(&self, tape: &Tape, x: &Var) -> Result<Output>;

    /// The longest target.
    fn max_target_tokens(&self) -> usize;
}

/// What [`EncoderDecoder::read`] gives where sources are texts, which `encode` makes states of.
///
/// # Errors
/// The input is another model's, or `encode`'s.
pub(crate) fn read_texts<'a>(
    family: &'static str,
    input: &'a Input,
    encode: impl FnOnce(&Tensor, &[usize]) -> Result<Var>,
) -> Result<(Read, Target<'a>)> {
    let Input::TextToText { source_ids, source_lengths, target_ids, target_lengths } = input else {
        return Err(input.other_than(family, "pairs of texts"));
    };
    let states = encode(source_ids, source_lengths)?;
    Ok((Read { states, lengths: source_lengths.clone() }, Target { ids: target_ids, lengths: target_lengths }))
}

/// Real positions of targets and of their sources.
pub(crate) struct Lengths {
    pub(crate) target: Vec<usize>,
    pub(crate) source: Vec<usize>,
}

/// A block of a decoder.
pub(crate) trait DecoderBlock: 'static {
    /// Keys and values of the source's states `[b, s, d]`, as the block's attention takes them.
    ///
    /// # Errors
    /// An operation failed.
    fn keys_values(&self, tape: &Tape, states: &Var) -> kernels::Result<[Var; 2]>;

    /// Words `[b, t, d]` behind those in `past`, if there are such.
    ///
    /// # Errors
    /// An operation failed.
    fn decode(
        &self,
        tape: &Tape,
        x: &Var,
        keys_values: &[Var; 2],
        lengths: &Lengths,
        past: Option<&mut Past>,
    ) -> kernels::Result<Var>;
}

/// Such a model, as all others are used.
pub(crate) struct Writer<M>(pub(crate) M);

impl<M: EncoderDecoder> Model for Writer<M> {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let model = &self.0;
        let (Read { states, lengths }, Target { ids, lengths: target }) = model.read(tape, input)?;
        check_tokens(M::FAMILY, ids, target, model.max_target_tokens())?;
        let lengths = Rc::new(Lengths { target: target.to_vec(), source: lengths });
        let mut x = model.embed(tape, ids, 0)?;
        for block in model.decoder() {
            let (block, lengths) = (Rc::clone(block), Rc::clone(&lengths));
            [x] = kernels::block(tape, [&x, &states], move |tape, [x, states]| {
                let keys_values = block.keys_values(tape, states)?;
                Ok([block.decode(tape, x, &keys_values, &lengths, None)?])
            })?;
        }
        model.output(tape, &x)
    }

    fn generator(&self) -> Option<&dyn Generator> {
        Some(self)
    }
}

impl<M: EncoderDecoder> Generator for Writer<M> {
    fn begin(&self, sources: &[Source]) -> Result<Cache> {
        let (model, tape) = (&self.0, Tape::inference());
        let Read { states, lengths } = model.read_alone(&tape, sources)?;
        let mut cache = Cache::new(model.decoder().len(), states.tensor().device()).of_sources(lengths);
        for (i, block) in model.decoder().iter().enumerate() {
            cache.layer(i).set_source(block.keys_values(&tape, &states)?);
        }
        Ok(cache)
    }

    fn next(&self, token_ids: &Tensor, cache: &mut Cache) -> Result<Output> {
        let ((b, t), model, tape, first) = (token_ids.dims2()?, &self.0, Tape::inference(), cache.len());
        let lengths = Lengths { target: vec![t; b], source: cache.source_lengths().to_vec() };
        check_tokens(M::FAMILY, token_ids, &lengths.target, model.max_target_tokens().saturating_sub(first))?;
        let mut x = model.embed(&tape, token_ids, first)?;
        for (i, block) in model.decoder().iter().enumerate() {
            let past = cache.layer(i);
            let keys_values = past.source()?;
            x = block.decode(&tape, &x, &keys_values, &lengths, Some(past))?;
        }
        cache.advance(t);
        model.output(&tape, &x)
    }

    fn max_positions(&self) -> usize {
        self.0.max_target_tokens()
    }
}
