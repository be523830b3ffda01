//! A model that is asked about inputs whose answers nobody knows: what it is given, and what it says of each.

use super::{GenerateJob, ModelFiles, Normalize};
use crate::spec::{ImageSize, Task};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Has a model say what it says of inputs: a line of `predictions.jsonl` each, in their order ([`Said::line`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictJob {
    pub model: tallow_zoo::ModelConfig,
    pub weights: ModelFiles,
    pub feeding: Feeding,
    pub given: Given,
    /// So many of the likeliest classes are told with their probability; none: all.
    pub top_k: Option<usize>,
    /// Whether the model's own numbers are told, before they become probabilities.
    pub logits: bool,
    /// Of a model that writes, how it does: each input is put behind its prompt, or heard in the place of its recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writing: Option<Box<GenerateJob>>,
    pub batch_size: usize,
    pub threads: usize,
    /// Where `predictions.jsonl` goes.
    pub out: PathBuf,
}

/// How an input becomes what the model is fed with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feeding {
    pub task: Task,
    /// For texts.
    pub tokenizer: Option<PathBuf>,
    /// Words of the model's vocabulary, and the longest text in tokens.
    pub vocab_size: usize,
    pub max_seq_len: usize,
    /// For images: what they are brought to, if anything.
    pub image: Option<ImageSize>,
    /// For images: the channels that the model sees.
    pub channels: usize,
    pub normalize: Option<Normalize>,
    /// For recordings: how many frequencies of how many frames the model hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hears: Option<[usize; 2]>,
    /// For rows of a table: the model, whose columns say what becomes of the cells.
    pub table: Option<Box<tallow_zoo::mlp::Config>>,
}

#[cfg(test)]
impl Feeding {
    /// With what every task has.
    pub(crate) fn bare(task: Task) -> Self {
        let (tokenizer, image, normalize, hears, table) = (None, None, None, None, None);
        Feeding { task, tokenizer, vocab_size: 0, max_seq_len: 0, image, channels: 0, normalize, hears, table }
    }
}

/// What a model is asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Given {
    /// As they were said: one text each, or two.
    Texts { texts: Vec<Vec<String>> },
    /// The rows of tables, and folders of images. `columns`: those of the input; none named: those that serve. `called`: what files are
    /// called that were made of something else.
    Tables {
        files: Vec<PathBuf>,
        columns: Vec<String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        called: BTreeMap<PathBuf, String>,
    },
    /// Image files, and folders of them, all that lie in one in the order of their names.
    Images { files: Vec<PathBuf> },
    /// Files of recordings.
    Recordings { files: Vec<PathBuf> },
}

impl Given {
    /// What of it a worker must read.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            Given::Texts { .. } => &[],
            Given::Tables { files, .. } | Given::Images { files } | Given::Recordings { files } => files,
        }
    }
}

/// What a model says of an input. Written flat, beside the input's `index` (from 0).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    /// The likeliest class; of each (or the likeliest few) its probability.
    Class {
        label: String,
        probability: f32,
        probabilities: BTreeMap<String, f32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logits: Option<Vec<f32>>,
    },
    /// The labels that are likelier than not.
    Labels {
        labels: Vec<String>,
        probabilities: BTreeMap<String, f32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logits: Option<Vec<f32>>,
    },
    Value {
        value: f32,
    },
    /// Of each word its tag, and what consecutive words are together.
    Tags {
        words: Vec<TaggedWord>,
        entities: Vec<Entity>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logits: Option<Vec<Vec<f32>>>,
    },
    /// Words of the text that answer best, from and up to these characters of it. Their probability is that of their first token times
    /// that of their last, among those of their window of the text and the first of all, which stands for there being none: what the
    /// `transformers` library's pipeline calls the score. `no_answer` is the same of that first one.
    Answer {
        answer: String,
        probability: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<u32>,
        no_answer: f64,
        /// Of each token of the first window, that it is the first and that it is the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        logits: Option<Vec<[f32; 2]>>,
    },
    Vector {
        vector: Vec<f32>,
    },
    /// What it wrote, in how many tokens, and whether it ended by itself, and not for want of room.
    Text {
        text: String,
        tokens: usize,
        ended: bool,
    },
    /// Of each hidden word the likeliest.
    Hidden {
        words: Vec<Vec<Word>>,
    },
    /// The input cannot be read, or what the model says of it is not finite.
    Failed {
        error: String,
    },
}

/// A word and its tag; none where the model does not see it, for the text is too long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaggedWord {
    pub word: String,
    pub tag: Option<String>,
    pub probability: Option<f32>,
}

/// Words that are one thing together, by the prefixes `B-` and `I-` of their tags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    pub entity: String,
    pub text: String,
    /// The first word, and the one behind the last, from 0.
    pub words: [usize; 2],
    /// The mean of its words.
    pub probability: f32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub word: String,
    pub probability: f32,
}

impl Said {
    /// A line of JSON, without its end: what is said, and of which input, with the file that it is, if it is one; of one whose end the
    /// model has not read, that it was cut; of a row the columns whose category the model does not know. Numbers have as many
    /// digits as tell them apart.
    pub fn line(&self, index: u64, file: Option<&str>, cut: bool, unseen: &[String]) -> String {
        let said = serde_json::to_string(self).unwrap_or_default();
        let file = file.map(|file| format!("\"file\":{},", serde_json::json!(file))).unwrap_or_default();
        let cut = if cut { "\"cut\":true," } else { "" };
        let unseen = if unseen.is_empty() { String::new() } else { format!("\"unseen\":{},", serde_json::json!(unseen)) };
        format!("{{\"index\":{index},{file}{cut}{unseen}{}", said.strip_prefix('{').unwrap_or("}"))
    }
}

/// Which input a line is of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Index {
    pub index: u64,
    /// Of an input that is a file by itself.
    #[serde(default)]
    pub file: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_of_which_input_it_is_and_reads_back() {
        let said = Said::Vector { vector: vec![0.1, -1e-7] };
        let line = said.line(7, None, true, &[]);
        assert_eq!(line, r#"{"index":7,"cut":true,"kind":"vector","vector":[0.1,-1e-7]}"#);
        assert_eq!(serde_json::from_str::<Said>(&line).expect("said"), said);
        let line = said.line(7, Some("a \"b\".png"), false, &[]);
        assert_eq!(line, r#"{"index":7,"file":"a \"b\".png","kind":"vector","vector":[0.1,-1e-7]}"#);
        let of_row = said.line(7, None, false, &["colour".to_string()]);
        assert_eq!(of_row, r#"{"index":7,"unseen":["colour"],"kind":"vector","vector":[0.1,-1e-7]}"#);
        assert_eq!(serde_json::from_str::<Said>(&of_row).expect("said"), said);
        let index = serde_json::from_str::<Index>(&line).expect("an index");
        assert_eq!(index, Index { index: 7, file: Some("a \"b\".png".into()) });
        assert_eq!(serde_json::from_str::<Said>(&line).expect("said"), said);
    }
}
