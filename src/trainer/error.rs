//! What can go wrong while training or scoring.

use crate::error::{Class, FULL_DISK, Failure};
use crate::job::{GpuFailure, GpuMemory, gpu_failed, gpu_memory};
use crate::words::counted;
use crate::{data, store};
use std::path::PathBuf;

/// Training or scoring cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("the weights in `{}` cannot be read: {message}", path.display())]
    BadWeights { path: PathBuf, message: String },
    #[error("the weights in `{}` are not those that were planned with: expected sha256 {expected}, found {found}", path.display())]
    OtherWeights { path: PathBuf, expected: String, found: String },
    #[error("the adapter in `{}` is not for the base `{}`: expected weights with sha256 {expected}, found {found}", path.display(), base.display())]
    OtherBase { path: PathBuf, base: PathBuf, expected: String, found: String },
    #[error("the adapter in `{}` cannot be taken into its base: `{layer}`: {message}", path.display())]
    Addition { path: PathBuf, layer: String, message: String },
    #[error("the weights in `{}` cannot be read", path.display())]
    Gguf { path: PathBuf, source: tallow_zoo::gguf::Error },
    #[error("the weights in `{}` do not fit the model", path.display())]
    Weights { path: PathBuf, source: tallow_kernels::Error },
    /// A head that starts anew would be scored as if it had been trained.
    #[error("the weights in `{}` were not trained for this task: they lack {}", path.display(), some(missing))]
    Untrained { path: PathBuf, missing: Vec<String> },
    #[error("the weights in `{}` hold tensors that the model has no place for: {}", path.display(), some(extra))]
    ExtraWeights { path: PathBuf, extra: Vec<String> },
    #[error("`{}` cannot be used: {what}: expected {expected}, found {found}", path.display())]
    WrongData { path: PathBuf, what: &'static str, expected: String, found: String },
    #[error("the model is not for the task: expected one of {expected}, found one of {found}")]
    WrongTask { expected: &'static str, found: &'static str },
    #[error("the input is a conversation, and the model is asked for what follows a text")]
    Conversation,
    #[error("the config cannot be used: {field}: expected {expected}, found {found}")]
    Config { field: &'static str, expected: String, found: String },
    #[error("the checkpoint `{}` cannot be used: {message}", path.display())]
    Checkpoint { path: PathBuf, message: String },
    #[error("the checkpoint `{}` is of another run: {}", path.display(), differences.join("; "))]
    OtherRun { path: PathBuf, differences: Vec<String> },
    #[error("batches cannot be made beside the model's work: there can be no further thread")]
    NoThread(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("preferences cannot be scored without the model that training began with")]
    NoReference,
    #[error("the model's scores of example {example} (from 0) are not finite")]
    NotFinite { example: usize },
    #[error(
        "the {metric} of {} has no value: the model says the same of all, or their answers are all the same",
        counted(*examples, "example")
    )]
    NoScore { metric: &'static str, examples: usize },
    #[error(transparent)]
    Schema(#[from] tallow_grammar::Unfit),
    #[error(transparent)]
    Held(#[from] tallow_grammar::Error),
    #[error("a search by beams cannot be held to a schema, and is not told as it goes on")]
    Beams,
    #[error(transparent)]
    Model(#[from] tallow_zoo::Error),
    #[error("an operation failed")]
    Kernels(#[from] tallow_kernels::Error),
    #[error("a tensor operation failed")]
    Candle(#[from] candle_core::Error),
    #[error(transparent)]
    Export(#[from] crate::export::Error),
    #[error(transparent)]
    Data(#[from] data::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The first few, and how many more.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    names[..names.len().min(SHOWN)].join(", ") + &more
}

impl Error {
    /// What a GPU's backend says, where that failed.
    fn of_gpu(&self) -> Option<String> {
        let candle = match self {
            Error::Candle(source) => source,
            Error::Kernels(tallow_kernels::Error::Candle { source })
            | Error::Model(tallow_zoo::Error::Kernels(tallow_kernels::Error::Candle { source })) => source,
            _ => return None,
        };
        of_gpu(candle)
    }

    /// That a GPU's memory ran out, with what is known of it.
    pub fn gpu_memory(&self) -> Option<GpuMemory> {
        let said = self.of_gpu()?;
        gpu_failed(&said).filter(|failed| failed.kind == GpuFailure::OutOfMemory).map(|_| gpu_memory(&said))
    }

    /// The operation that failed, if that is what it is.
    fn kernels(&self) -> Option<&tallow_kernels::Error> {
        match self {
            Error::Kernels(error) | Error::Model(tallow_zoo::Error::Kernels(error)) => Some(error),
            _ => None,
        }
    }
}

/// The words of Candle's own error of a GPU, in which the driver's codes have their names.
fn of_gpu(error: &candle_core::Error) -> Option<String> {
    use candle_core::Error::{Context, Cuda, WithBacktrace, WithPath};
    match error {
        Cuda(source) => Some(format!("{source} {source:?}")),
        Context { inner, .. } | WithPath { inner, .. } | WithBacktrace { inner, .. } => of_gpu(inner),
        _ => None,
    }
}

impl Failure for Error {
    fn class(&self) -> Class {
        if self.of_gpu().is_some() {
            return Class::Resource;
        }
        if let Some(error) = self.kernels() {
            // An id outside its table came with the data; anything else should have been found before.
            return if matches!(error, tallow_kernels::Error::Index { .. }) { Class::Data } else { Class::Bug };
        }
        match self {
            Error::Io { .. } | Error::NoThread(_) => Class::Resource,
            Error::BadWeights { .. }
            | Error::OtherWeights { .. }
            | Error::OtherBase { .. }
            | Error::Addition { .. }
            | Error::Gguf { .. }
            | Error::Weights { .. } => Class::Model,
            Error::WrongData { .. } | Error::Model(tallow_zoo::Error::Input { .. }) => Class::Data,
            Error::Schema(_) | Error::Beams | Error::Conversation | Error::Held(tallow_grammar::Error::Room { .. }) => {
                Class::Usage
            }
            Error::Held(tallow_grammar::Error::Unspellable { .. }) => Class::Model,
            Error::Held(tallow_grammar::Error::Stuck { .. } | tallow_grammar::Error::Forbidden { .. }) => Class::Model,
            Error::Model(tallow_zoo::Error::Prompt { .. } | tallow_zoo::Error::NoPrompt) => Class::Usage,
            Error::Export(crate::export::Error::Io(_)) => Class::Resource,
            Error::Export(_) | Error::Untrained { .. } | Error::ExtraWeights { .. } | Error::Model(_) => Class::Model,
            Error::Config { .. } | Error::WrongTask { .. } | Error::OtherRun { .. } => Class::Spec,
            Error::NotFinite { .. } | Error::NoScore { .. } => Class::Numeric,
            Error::Checkpoint { .. } | Error::NoReference | Error::Kernels(_) | Error::Candle(_) => Class::Bug,
            Error::Data(source) => source.class(),
            Error::Store(source) => source.class(),
        }
    }

    fn hint(&self) -> Option<String> {
        if let Some(said) = self.of_gpu() {
            return gpu_failed(&said).and_then(|failed| failed.hint);
        }
        if let Some(tallow_kernels::Error::Index { .. }) = self.kernels() {
            return Some("the texts were prepared for another model: its tokenizer and `max_seq_len` must suit this one".into());
        }
        let hint = match self {
            Error::Weights { .. } | Error::ExtraWeights { .. } => "check that config.json and model.safetensors belong together",
            Error::OtherRun { .. } => "go on with the settings that the run began with, or start a new run",
            Error::BadWeights { .. } => "fetch the file again: it is damaged, or no safetensors file",
            Error::Addition { .. } => {
                "check that the adapter's tensors and its adapter_config.json belong together, and to this base"
            }
            Error::OtherBase { .. } => "take the base that the adapter was trained on, or train an adapter for this one",
            Error::Gguf { .. } => "fetch the file again, or take one in a type that is known, such as Q8_0 or F16",
            Error::OtherWeights { .. } => "the file changed after planning: plan again",
            Error::Untrained { .. } => "train the model on the task first, then evaluate what comes out",
            Error::NotFinite { .. } => "the weights hold values too large to compute with: train with a lower `recipe.lr`",
            Error::NoScore { .. } => "train longer or with another `recipe.lr`, or score more examples",
            Error::NoThread(_) => {
                "each thread takes some MiB of `--memory`, and counts against `ulimit -u`: allow more of what is short"
            }
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => FULL_DISK,
            Error::Schema(_) => "docs/generation.md lists what a schema may say",
            Error::Held(tallow_grammar::Error::Room { .. }) => "give it more with `--max-tokens`, or shorten the prompt",
            Error::Model(tallow_zoo::Error::NoPrompt) => "give it words to go on with: `--prompt \"Once upon a time\"`",
            Error::Model(tallow_zoo::Error::Prompt { .. }) => "shorten the prompt",
            Error::Conversation => "`--chat` asks it in conversations; or name the one column of the texts with `--columns`",
            Error::Beams => "leave out `--beams`",
            Error::Data(source) => return source.hint(),
            Error::Store(source) => return source.hint(),
            _ => return None,
        };
        Some(hint.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Candle's backend wraps what the driver says.
    fn failed(said: &str) -> Error {
        let cuda = candle_core::Error::Cuda(said.into());
        Error::Kernels(tallow_kernels::Error::Candle { source: cuda.context("while training") })
    }

    #[test]
    fn nobody_shortens_an_empty_prompt() {
        let hint = |error: tallow_zoo::Error| Error::Model(error).hint().expect("a hint");
        assert!(hint(tallow_zoo::Error::NoPrompt).contains("--prompt"));
        let long = tallow_zoo::Error::Prompt { expected: "fewer".into(), found: "900 words".into() };
        assert!(hint(long).contains("shorten"));
    }

    #[test]
    fn a_gpu_that_fails_is_no_bug_of_ours() {
        let said = "DriverError(CUDA_ERROR_ECC_UNCORRECTABLE, \"uncorrectable ECC error encountered\")";
        let error = failed(said);
        assert_eq!((error.class(), error.gpu_memory()), (Class::Resource, None));
        assert!(error.hint().is_some_and(|hint| hint.contains("the GPU itself failed")));
        let memory = failed("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")").gpu_memory();
        assert_eq!(memory, Some(GpuMemory::default()));
        // What says so elsewhere is not believed: a name of a tensor, or a path.
        let other = Error::Candle(candle_core::Error::Msg(said.into()));
        assert_eq!((other.class(), other.gpu_memory()), (Class::Bug, None));
    }
}
