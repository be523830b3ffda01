//! What the commands of a run folder refuse by themselves.

use crate::error::{Class, Failure};
use crate::words;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the run `{run}` did not complete: {outcome}")]
    Unfinished { run: String, outcome: String, class: Class, hint: Option<String> },
    #[error("stopped at once")]
    Stopped { run: Option<PathBuf> },
    #[error("this program's own file cannot be found")]
    Program { source: std::io::Error },
    #[error("`{}` does not go with an experiment file: `{file}` names its own {}", asked.option(), asked.what())]
    InTheFile { asked: OfTheFile, file: String },
    #[error("`{}` holds an evaluation, not an experiment", path.display())]
    Evaluation { path: PathBuf },
    #[error("the folder `{}`, which takes the Hub's place, is not there", path.display())]
    NoHub { path: PathBuf },
    #[error("`{run}` is no run folder, neither here nor in `{}`", runs.display())]
    NoRun { run: String, runs: PathBuf, near: Vec<String> },
    #[error("`{path}` is no run and no folder of a model: {found}")]
    NoModel { path: String, found: &'static str, near: Vec<String> },
    #[error("`{}` cannot be used: {what}", path.display())]
    Prices { path: PathBuf, what: String },
    #[error("nothing was asked: expected words such as \"fine-tune BERT on SST-2, at most 30 minutes\", found none")]
    NothingAsked,
}

impl Failure for CliError {
    fn class(&self) -> Class {
        match self {
            CliError::Read { .. }
            | CliError::Evaluation { .. }
            | CliError::NoHub { .. }
            | CliError::NoRun { .. }
            | CliError::NoModel { .. }
            | CliError::InTheFile { .. }
            | CliError::Prices { .. }
            | CliError::NothingAsked => Class::Usage,
            CliError::Unfinished { class, .. } => *class,
            CliError::Stopped { .. } => Class::Interrupted,
            CliError::Program { .. } => Class::Bug,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            CliError::Unfinished { hint, .. } => hint.clone(),
            CliError::Evaluation { .. } => Some("`tallow eval` scores again".into()),
            CliError::NoRun { near, .. } | CliError::NoModel { near, .. } if !near.is_empty() => {
                Some(format!("did you mean {}?", words::listed(near)))
            }
            CliError::NoRun { .. } => Some("`tallow runs` lists the runs".into()),
            CliError::NoModel { .. } => Some("`tallow runs` lists the runs; a model of the Hub is called ORG/NAME".into()),
            CliError::NoHub { .. } => Some("check `--hub` and the variable TALLOW_HUB".into()),
            CliError::InTheFile { asked, .. } => Some(match asked {
                OfTheFile::Data => {
                    "change the file, or lay a key over it: `--set data.source.path=FILE`, `--set data.source.id=ORG/NAME`".into()
                }
                OfTheFile::Model => "change the file, or lay a key over it: `--set model.id=ORG/NAME`".into(),
                OfTheFile::Llm | OfTheFile::LlmReplay => {
                    format!("leave out `{}`, or let it search: `--improve`", asked.option())
                }
            }),
            CliError::Prices { .. } => Some("docs/planning.md shows the file and what may stand in it".into()),
            CliError::Stopped { run: Some(run) } => {
                Some(format!("`tallow resume {}` goes on from the last checkpoint", words::shell(run)))
            }
            _ => None,
        }
    }
}

/// What an experiment file says itself, so that no option is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum OfTheFile {
    Data,
    Model,
    Llm,
    LlmReplay,
}

impl OfTheFile {
    fn option(self) -> &'static str {
        match self {
            OfTheFile::Data => "--data",
            OfTheFile::Model => "--model",
            OfTheFile::Llm => "--llm",
            OfTheFile::LlmReplay => "--llm-replay",
        }
    }

    fn what(self) -> &'static str {
        match self {
            OfTheFile::Data => "data",
            OfTheFile::Model => "model",
            OfTheFile::Llm | OfTheFile::LlmReplay => "settings, and without a search (`--improve`) there is nothing to propose",
        }
    }
}
