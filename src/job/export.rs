//! A model in the format of another program.

use super::ModelFiles;
use crate::export::FloatKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Writes a model, with its adapter if it has one, as one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportJob {
    pub model: tallow_zoo::ModelConfig,
    pub weights: ModelFiles,
    pub to: ExportTo,
    /// Where the file goes: [`ExportTo::file_name`].
    pub out: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum ExportTo {
    Onnx {
        /// Height and width of the images that it is given, where something says so.
        #[serde(default)]
        image: Option<[usize; 2]>,
    },
    Gguf {
        kind: FloatKind,
        /// What the model is called.
        name: String,
        tokenizer: PathBuf,
        /// `bos_token`, `eos_token` and the like, by name.
        special: BTreeMap<String, String>,
        chat_template: Option<String>,
    },
}

impl ExportTo {
    /// What the file is called.
    pub fn file_name(&self) -> &'static str {
        match self {
            ExportTo::Onnx { .. } => "model.onnx",
            ExportTo::Gguf { .. } => "model.gguf",
        }
    }
}
