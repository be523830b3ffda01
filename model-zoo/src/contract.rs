//! What a model is fed with and says, and what an architecture offers: what all of them are tested against.

use crate::cost::Cost;
use crate::error::{ConfigProblem, Error, Result};
use crate::generate::Generator;
use crate::lora::Adapter;
use candle_core::Tensor;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Documents, Param, Tape, Var, Weights};

/// What a model is fed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    Text,
    Image,
    Table,
    /// One text to read and another to write.
    TextToText,
    /// A recording to hear and its text to write.
    Speech,
}

/// What a model of speech hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeechLimits {
    pub mel_bins: usize,
    /// Of every recording; shorter ones end in silence.
    pub frames: usize,
}

/// Tokens of a model that writes one text from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairIds {
    /// What the decoder is fed with before the first token of a target.
    pub start: u32,
    /// What a target ends with.
    pub end: u32,
    pub pad: u32,
    /// What is never written, whatever its score.
    pub never: Option<u32>,
}

/// One batch as a model takes it.
pub enum Input {
    /// `token_ids`, `type_ids`: u32 `[B, T]`; `lengths`: real tokens of each example, the rest is padding.
    Text { token_ids: Tensor, type_ids: Tensor, lengths: Vec<usize> },
    /// Several texts in each row, one behind the other, none of which sees another: `token_ids`, u32 `[B, T]`; `texts`: where
    /// the texts of each row end, the rest of it is padding. For models whose words follow each other.
    Packed { token_ids: Tensor, texts: Documents },
    /// `pixels`: float32 `[B, C, H, W]`, normalised.
    Image { pixels: Tensor },
    /// Rows of a table. `numbers`: float32 `[B, N]`, standardised, none of them missing; `categories`: u32 `[B, K]`, of each column
    /// the number of its value. [`crate::ModelConfig::table_limits`] tells N and what each of the K columns holds.
    Table { numbers: Tensor, categories: Tensor },
    /// `source_ids`: u32 `[B, S]`, read as a whole; `target_ids`: u32 `[B, T]`, each of which tells the next, so that the first is the
    /// word that means the beginning; `source_lengths`, `target_lengths`: real tokens of each example, the rest is padding.
    TextToText { source_ids: Tensor, source_lengths: Vec<usize>, target_ids: Tensor, target_lengths: Vec<usize> },
    /// `features`: float32 `[B, M, F]`, M mel bins and F frames as [`crate::ModelConfig::speech_limits`] has them; targets as in
    /// [`Input::TextToText`].
    Speech { features: Tensor, target_ids: Tensor, target_lengths: Vec<usize> },
}

impl Input {
    /// It is not what the model takes.
    pub(crate) fn other_than(&self, family: &'static str, expected: &str) -> Error {
        let found = match self {
            Input::Text { .. } => "texts",
            Input::Packed { .. } => "several texts in a row",
            Input::Image { .. } => "images",
            Input::Table { .. } => "rows of a table",
            Input::TextToText { .. } => "pairs of texts",
            Input::Speech { .. } => "recordings",
        };
        Error::Input { family, expected: expected.into(), found: found.into() }
    }
}

/// What a model makes of a batch.
pub enum Output {
    /// Scores of each example `[B, C]`, or of each of its tokens `[B, T, C]`; what they are of is the [`crate::Head`]'s to say.
    Scores(Var),
    /// States `[B, T, D]` and the matrix `[V, D]` that turns each into scores of all words, with a number `[V]` to add to them if any:
    /// too many to be made of all tokens at once.
    Words { states: Var, vocabulary: Param, bias: Option<Param> },
    /// A vector for each example, `[B, D]`.
    Vectors(Var),
}

impl Output {
    /// All scores, `[B, T, V]` for words; the vectors where they are what the model gives.
    ///
    /// # Errors
    /// The product failed.
    pub fn scores(&self, tape: &Tape) -> Result<Var> {
        match self {
            Output::Scores(scores) => Ok(scores.clone()),
            Output::Words { states, vocabulary, bias } => Ok(kernels::linear(tape, states, vocabulary, bias.as_ref())?),
            Output::Vectors(vectors) => Ok(vectors.clone()),
        }
    }
}

/// A model with its parameters.
pub trait Model {
    /// What the model's head says of a batch. Where `t` is not below a text's length, scores and states mean nothing.
    ///
    /// # Errors
    /// The batch does not suit the model, or an operation failed.
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output>;

    /// The same model, asked word after word; none where it does not write.
    fn generator(&self) -> Option<&dyn Generator> {
        None
    }
}

/// What an architecture's configuration has to offer.
pub(crate) trait Architecture {
    /// From the fields of a public `config.json`.
    ///
    /// # Errors
    /// Fields that cannot be used: all of them at once.
    fn from_public(object: &Map<String, Value>) -> Result<Self>
    where
        Self: Sized;

    /// Whether other libraries know it by its `config.json` and the names of its tensors.
    fn is_public(&self) -> bool {
        true
    }

    /// The fewest examples of a forward pass in training: two where one alone has no statistics to be normalised by.
    fn fewest_examples(&self) -> usize {
        1
    }

    /// Small enough for tests.
    fn tiny() -> Self
    where
        Self: Sized;

    /// What a public `config.json` says beside the fields, or otherwise than they do.
    fn beside(&self, _config: &mut Map<String, Value>) {}

    /// Ranges, and what must hold between fields. A count of 0 stands for one that could not be read.
    fn problems(&self) -> Vec<ConfigProblem>;

    /// Another dropout probability everywhere; nothing changes where the architecture has none.
    fn set_dropout(&mut self, _p: f64) {}

    /// Lets the output layer be another than the table of words; tells whether the architecture has a place for it.
    fn set_untied(&mut self) -> bool {
        false
    }

    /// Gives the output layer what the table of words holds, where it is to have its own and its base had none.
    fn untie(&self, _given: &mut BTreeMap<String, Tensor>) {}

    /// Words of the vocabulary, and the longest text in tokens.
    fn text_limits(&self) -> Option<(usize, usize)> {
        None
    }

    /// Numbers of the vector that it makes of a text, where it has such a head.
    fn vector_width(&self) -> Option<usize> {
        None
    }

    /// What texts that are written from others begin and end with.
    fn pair_ids(&self) -> Option<PairIds> {
        None
    }

    /// Channels of the images that it sees.
    fn image_channels(&self) -> Option<usize> {
        None
    }

    /// Pixels a side of the images that its positions are for.
    fn image_side(&self) -> Option<usize> {
        None
    }

    /// What of a recording is heard.
    fn speech_limits(&self) -> Option<SpeechLimits> {
        None
    }

    /// Numbers of a row, and how many values each of its categorical columns has.
    fn table_limits(&self) -> Option<(usize, Vec<usize>)> {
        None
    }

    /// Given tensors under the names and in the layout that the model asks for. A head for another number of classes is left out, so
    /// that it starts anew, as is what the model does without.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>>;

    /// The model's parameters as public files have them.
    fn public_tensors(&self, own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        Ok(own)
    }

    fn cost(&self, batch: usize, size: usize) -> Cost;

    /// The model of a configuration without problems; with an adapter, everything else is frozen.
    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>>;
}
