//! Tallow's models: one file an architecture, written against the operations of `tallow-kernels` alone, with weights and
//! `config.json` in the public model's own names.
//!
//! A new architecture is one file and a line in [`registry`]; the contract tests pick it up.

mod blocks;
mod cache;
mod contract;
mod cost;
mod encoder;
mod encoder_decoder;
mod error;
mod fields;
mod generate;
mod head;
mod parts;
pub mod peft;
mod places;
mod pooling;
mod registry;

pub mod bert;
pub mod distilbert;
pub mod electra;
pub mod gguf;
pub mod gpt2;
pub mod llama;
mod lora;
pub mod marian;
pub mod mlp;
mod packed_llama;
pub mod resnet;
pub mod resnet_cifar;
pub mod roberta;
pub mod t5;
pub mod torch_file;
pub mod vit;
pub mod whisper;
pub mod wide_resnet;

pub use cache::Cache;
pub use contract::{Input, Modality, Model, Output, PairIds, SpeechLimits};
pub use error::{ConfigProblem, Error, Result};
pub use generate::{Generator, Guide, NextWord, Prompt, Remembered, Search, Settings, Source, generate, generate_all, write};
pub use head::{Head, HeadKind};
pub use lora::{ALL_LINEAR, Adapted, Adapter, BaseWeights, begins_as_zeros, is_addition, is_addition_matrix};
pub use packed_llama::{PackedLlama, PackedText};
pub use places::{Place, Places};
pub use pooling::{Pooling, PoolingOf};
pub use registry::{Entry, ModelConfig, registry};
