//! What the commands of a script refuse by themselves.

use crate::error::{Class, Error, Failure};
use crate::sandbox::container::LEAST_MEMORY;
use crate::words::bytes;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(super) enum ScriptError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{}`: {what}", path.display())]
    Spec { path: PathBuf, what: String },
    #[error("a script needs a container engine: there is no `docker` on PATH")]
    NoEngine,
    #[error("the container engine cannot be used: {what}")]
    Engine { what: String },
    #[error("the image `{image}` cannot be used: {what}")]
    Image { image: String, what: String },
    #[error("`--threads`: expected at most the {there} of the container engine's machine, found {asked}")]
    Processors { there: usize, asked: usize },
    #[error("`--memory`: expected at least {}, which is what a container engine gives, found {}", bytes(LEAST_MEMORY as f64), bytes(*asked as f64))]
    Memory { asked: u64 },
    #[error("the data folder `{}` is not there", path.display())]
    NoData { path: PathBuf },
    #[error("the held-out answers are in the data that the script sees: `{}` lies in `--data {}`", path.display(), data.display())]
    AnswersInData { path: PathBuf, data: PathBuf },
    #[error("the run folder keeps the held-out answers, and would lie in the data that the script sees: `{}` is in `--data {}`", path.display(), data.display())]
    RunInData { path: PathBuf, data: PathBuf },
    #[error("the script completed, but what it predicted cannot be scored: {what}")]
    Predictions { what: String, report: PathBuf },
    #[error("`{option}` does not go with a script")]
    DoesNotGo { option: &'static str },
    #[error("`{option}` without `--llm` does not go with a script")]
    NeedsModel { option: &'static str },
    #[error("`{option}` is about a script, and none is given: expected `--script FILE` beside it")]
    NoScript { option: &'static str },
    #[error("`{option}` is about a script, which nobody is there to write: expected `--llm NAME` beside it")]
    NoAuthor { option: &'static str },
    #[error("nobody agreed to have {model} mend the script")]
    NotAgreed { model: String },
}

impl Failure for ScriptError {
    fn class(&self) -> Class {
        match self {
            ScriptError::Read { .. }
            | ScriptError::Processors { .. }
            | ScriptError::Memory { .. }
            | ScriptError::DoesNotGo { .. }
            | ScriptError::NeedsModel { .. }
            | ScriptError::NoScript { .. }
            | ScriptError::NoAuthor { .. }
            | ScriptError::AnswersInData { .. }
            | ScriptError::RunInData { .. }
            | ScriptError::NotAgreed { .. } => Class::Usage,
            ScriptError::Spec { .. } | ScriptError::Predictions { .. } => Class::Spec,
            ScriptError::NoEngine | ScriptError::Engine { .. } | ScriptError::Image { .. } => Class::Sandbox,
            ScriptError::NoData { .. } => Class::Data,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            ScriptError::NoEngine => Some("install Docker, or put what the script does into an experiment of the zoo: `tallow models`".into()),
            ScriptError::Engine { .. } => Some(
                "see that it runs (`systemctl start docker`), or name its address in DOCKER_HOST; `tallow doctor` says what is there".into(),
            ),
            ScriptError::Image { image, .. } => Some(format!(
                "name another by `--image`; or make one where no registry can be reached: a root file system with Python as a tar, then \
                 `docker import root.tar {image}` (docs/scripts.md)"
            )),
            ScriptError::DoesNotGo { .. } | ScriptError::NeedsModel { .. } => Some("a script decides that itself; it takes `--data`, `--seeds` (one), `--memory`, `--max-disk`, `--max-attempts`, `--max-time`, `--max-silence`, `--threads`, `--image`, `--gpu`, `--out`, and `--llm` with its budgets where a language model may mend it".into()),
            ScriptError::AnswersInData { .. } => {
                Some("`--data` is mounted whole: keep the file of `--held-out`, and copies of it, in another folder".into())
            }
            ScriptError::RunInData { .. } => Some("`--data` is mounted whole: name another place by `--out`".into()),
            ScriptError::NoAuthor { .. } => Some("leave it out: a model of the zoo is trained in a jail of its own".into()),
            ScriptError::NotAgreed { .. } => Some("say so by `--allow-script`, or leave out `--llm`".into()),
            ScriptError::NoScript { .. } => Some("an experiment file trains a model of the zoo, in a jail of its own".into()),
            ScriptError::Predictions { report, .. } => Some(format!(
                "`tallow.predict` takes one value for each line of `tallow.held_out`; all else is in `{}`",
                report.display()
            )),
            ScriptError::Memory { .. } => Some("Python alone needs some 20 MiB, and PyTorch some 500".into()),
            ScriptError::Read { .. } | ScriptError::Spec { .. } | ScriptError::NoData { .. } | ScriptError::Processors { .. } => None,
        }
    }
}

/// That an option says nothing to a script.
pub(in crate::cli) fn does_not_go(option: &'static str) -> Error {
    ScriptError::DoesNotGo { option }.into()
}

/// That an option needs a script.
pub(in crate::cli) fn without_script(option: &'static str) -> Error {
    ScriptError::NoScript { option }.into()
}

/// That an option needs a language model that writes a script.
pub(in crate::cli) fn without_author(option: &'static str) -> Error {
    ScriptError::NoAuthor { option }.into()
}
