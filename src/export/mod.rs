//! A model in the format of another program: ONNX for encoders, image models and perceptrons for tables, GGUF for Llama and its relatives. Pure: weights by
//! their public names in, bytes out. That the other program computes the same is tested by running it (`tests/export`).

mod gguf;
mod onnx;

pub use gguf::{Beside, FloatKind, write as write_gguf};
pub use onnx::write as write_onnx;

use candle_core::Tensor;
use std::collections::BTreeMap;

/// Weights by their public names, in float32.
pub type Tensors = BTreeMap<String, Tensor>;

/// A model that cannot be written so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{format} cannot be had of a {family} model{}: expected {expected}", head.map(|head| format!(" with a head for {head}")).unwrap_or_default())]
    Model { format: &'static str, family: &'static str, head: Option<&'static str>, expected: &'static str },
    #[error("{format} has no way to say the model's `{what}`: {found}")]
    Setting { format: &'static str, what: &'static str, found: String },
    #[error(
        "{format} cannot have two values called `{name}`: expected columns whose names are no others in the graph, in which a part of a date is `NAME.year`"
    )]
    Twice { format: &'static str, name: String },
    #[error("the weights hold no `{name}`")]
    Missing { name: String },
    #[error("{bytes} bytes of weights: one file of ONNX holds at most 2 GiB")]
    TooLarge { bytes: u64 },
    #[error("the tokenizer cannot be written as GGUF has it: {what}")]
    Tokenizer { what: String },
    #[error("a tensor operation failed")]
    Candle(#[from] candle_core::Error),
    #[error("the file cannot be written")]
    Io(#[from] std::io::Error),
}

fn tensor<'a>(tensors: &'a Tensors, name: &str) -> Result<&'a Tensor, Error> {
    tensors.get(name).ok_or_else(|| Error::Missing { name: name.into() })
}
