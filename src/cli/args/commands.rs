//! What single commands take, where it is much: each is handed on whole.

use super::groups::{HubArgs, RunArgs, SpeechArgs, WorkerArgs};
use super::values::{parse_count, parse_share_of_one, parse_temperature};
use crate::cli::export::Format;
use crate::export::FloatKind;
use crate::spec::Compared;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What `tallow data` looks at.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The data set: a file or several, a folder, an archive, a pattern ('data/*.csv'), a file's https address, a Hub id
    /// (ORG/NAME:CONFIG), or a usual name such as SST-2.
    #[arg(required = true)]
    pub data: Vec<String>,
    /// Only this split.
    #[arg(long)]
    pub split: Option<String>,
    /// The column that would be predicted, where that cannot be told.
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Rows of each split to show.
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub samples: usize,
    #[command(flatten)]
    pub hub: HubArgs,
    #[command(flatten)]
    pub worker: WorkerArgs,
}

/// What `tallow eval` scores, and on what.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// The model: a folder in the Hub's format (such as the `model` folder of a run), or a Hub id.
    pub model: String,
    /// The data set: a file (once for each of several), a folder, an archive, a pattern ('data/*.csv'), a file's https address, a Hub id
    /// (ORG/NAME:CONFIG), or a usual name such as SST-2.
    #[arg(long, required = true, value_name = "DATA")]
    pub data: Vec<String>,
    /// The split; default: the one that is usually scored.
    #[arg(long)]
    pub split: Option<String>,
    /// Only the first N examples of the split.
    #[arg(long, value_name = "N")]
    pub max_examples: Option<NonZeroUsize>,
    #[command(flatten)]
    pub speech: SpeechArgs,
    /// For a model of speech: what becomes of texts before they are compared.
    #[arg(long, value_enum, value_name = "HOW")]
    pub compare: Option<Compared>,
    /// What the data calls each of the model's classes, in the model's order; default: as their names say, or numbers on both sides.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub classes: Vec<String>,
    #[command(flatten)]
    pub run: RunArgs,
}

/// What `tallow predict` asks a model about.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// The model: a run, its `model` folder, a folder in the Hub's format, or a Hub id.
    pub model: String,
    /// Texts, `-` for stdin (a text or JSON object a line; among texts a blank line counts and has no answer), tables (.csv, .jsonl,
    /// .parquet), files of texts (.txt), images, folders of images, recordings, or rows as JSON objects.
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// The second text beside each one that is said: what a question is about, or the other of a pair.
    #[arg(long, visible_alias = "context", value_name = "TEXT")]
    pub with: Option<String>,
    /// Columns of the input; default: those that the run was trained on, else those with the usual names.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Only the N likeliest.
    #[arg(long, value_name = "N")]
    pub top_k: Option<NonZeroUsize>,
    /// With the model's own numbers, from which probabilities are made.
    #[arg(long)]
    pub logits: bool,
    /// Of a model that writes: each input is what a user says, in the form of the model's chat template.
    #[arg(long)]
    pub chat: bool,
    /// Of a model that writes: at most N tokens; default: 128, of a model of pairs what its `generation_config.json` says.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_tokens: Option<usize>,
    /// Of a model that writes: search for the likeliest text with N beams; default: what its files say.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub beams: Option<u16>,
    #[command(flatten)]
    pub speech: SpeechArgs,
    /// Write the answers there, a line of JSON each.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub hub: HubArgs,
    #[command(flatten)]
    pub worker: WorkerArgs,
}

/// What `tallow generate` has a model write.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// The model: a run, an adapter, a folder in the Hub's format, a GGUF file, or a Hub id.
    pub model: String,
    /// What the text begins with, or with `--chat` what is said to the model; for a model of speech a recording (WAV, FLAC, MP3, Ogg Vorbis). `-`: stdin.
    #[arg(value_name = "PROMPT", required_unless_present = "prompt_option")]
    pub prompt: Option<String>,
    /// The same, as an option.
    #[arg(long = "prompt", value_name = "PROMPT", conflicts_with = "prompt")]
    pub prompt_option: Option<String>,
    /// Say it in the form of the model's chat template.
    #[arg(long)]
    pub chat: bool,
    /// In a conversation, who the model is to be.
    #[arg(long, value_name = "TEXT", requires = "chat")]
    pub system: Option<String>,
    /// Write at most N tokens; default: 128, of a model of pairs what its `generation_config.json` says.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_tokens: Option<usize>,
    /// Sample: the higher, the more evenly; default: the likeliest each time.
    #[arg(long, value_name = "T", allow_negative_numbers = true, value_parser = parse_temperature)]
    pub temperature: Option<f64>,
    /// Draw from the fewest tokens that together have this probability.
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = parse_share_of_one)]
    pub top_p: Option<f64>,
    /// Draw from the N likeliest tokens.
    #[arg(long, value_name = "N")]
    pub top_k: Option<NonZeroUsize>,
    /// Search for the likeliest text with N beams.
    #[arg(long, value_name = "N", conflicts_with_all = ["temperature", "top_p", "top_k", "schema", "stream"], value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub beams: Option<u16>,
    /// What chance is drawn from.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A file with a JSON schema: the text is JSON that fits it, whatever the model.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Show the text as it is written; on a terminal it is shown so in any case.
    #[arg(long)]
    pub stream: bool,
    #[command(flatten)]
    pub speech: SpeechArgs,
    #[command(flatten)]
    pub hub: HubArgs,
    #[command(flatten)]
    pub worker: WorkerArgs,
}

/// What `tallow export` writes.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The model: a run, an adapter, a folder in the Hub's format, a GGUF file, or a Hub id.
    pub model: String,
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub to: Format,
    /// Of GGUF: how matrices are stored.
    #[arg(long, value_enum, default_value_t = FloatKind::F16, value_name = "KIND")]
    pub dtype: FloatKind,
    /// The file; default: `model.onnx` or `model.gguf` here. It must not be there.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub hub: HubArgs,
    #[command(flatten)]
    pub worker: WorkerArgs,
}

/// What `tallow push` puts on the Hub, and where.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// A finished run, its name in the folder of runs, or a model's folder.
    pub model: String,
    /// Where it goes: ORG/NAME. It is made if it is not there.
    pub target: String,
    /// Only those with access see it.
    #[arg(long)]
    pub private: bool,
    /// As a pull request.
    #[arg(long)]
    pub pr: bool,
    /// The branch; it is made if it is not there.
    #[arg(long, default_value = "main", value_name = "BRANCH")]
    pub revision: String,
    /// Say what would go, with sizes and hashes, and send nothing. What would be refused is said, and ends with the exit code that the
    /// push would.
    #[arg(long)]
    pub dry_run: bool,
    /// Agree beforehand: nobody is asked.
    #[arg(long)]
    pub yes: bool,
    /// Let paths of this machine go that stand in its texts.
    #[arg(long)]
    pub allow_paths: bool,
    /// You may share it on the terms of this licence, as the card names it, or `unknown`.
    #[arg(long, value_name = "ID")]
    pub accept_license: Vec<String>,
    /// The licence that its card states, as the Hub names it, such as `apache-2.0`.
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,
    /// What the commit is called.
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    #[command(flatten)]
    pub hub: HubArgs,
}
