//! What a run begins with: an experiment file, a paper, a request, or what is there of it.

use super::error::{CliError, OfTheFile};
use super::wishes::{fixed, lying, overrides, planner_wishes};
use crate::cli::args::{PaperArg, Wishes};
use crate::cli::environment::Environment;
use crate::cli::read;
use crate::cli::secrets::Secrets;
use crate::error::Result;
use crate::intake::{self, PaperSource, parse_request};
use crate::pipeline::{Granted, Pipeline};
use crate::spec::{self, ExperimentSpec};
use std::path::Path;

/// The experiment that Tallow carries.
pub(super) const EXAMPLE: &str = include_str!("../../../presets/toy_bert.toml");

/// What a run begins with.
pub(in crate::cli) enum Start {
    Experiment(Box<ExperimentSpec>),
    Paper(Box<intake::Opened>),
    Request(Box<intake::Request>),
    /// A run that is there, with other budgets if so asked for.
    Resumed {
        granted: Granted,
    },
}

impl Start {
    /// An experiment file, or the example.
    pub(in crate::cli) fn experiment(file: Option<&Path>, wishes: &Wishes) -> Result<Start> {
        let (text, name) = match file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.into(), source })?;
                (text, path.display().to_string())
            }
            None => (EXAMPLE.to_string(), "the example".to_string()),
        };
        for (asked, is_asked) in [(OfTheFile::Data, wishes.data.is_some()), (OfTheFile::Model, wishes.model.is_some())] {
            if is_asked {
                return Err(CliError::InTheFile { asked, file: name }.into());
            }
        }
        let mut spec = spec::parse_with(&text, &name, &overrides(wishes))?;
        if let Some(search) = &mut spec.search {
            let is_open = search.fixed.is_empty();
            fixed(wishes, is_open).for_each(|key| search.fix(key));
        }
        let of_search = [(OfTheFile::Llm, wishes.llm.llm.is_some()), (OfTheFile::LlmReplay, wishes.llm.llm_replay.is_some())];
        for (asked, is_asked) in of_search {
            if is_asked && spec.search.is_none() {
                return Err(CliError::InTheFile { asked, file: name }.into());
            }
        }
        Ok(Start::Experiment(Box::new(spec)))
    }

    pub(in crate::cli) fn paper(env: &Environment, paper: &PaperArg, offline: bool) -> Result<Start> {
        Ok(Start::Paper(Box::new(read::open(env, paper, offline)?)))
    }

    /// No secret of the user's goes further than here; the address of data is kept as it is, for it is what the data is read from.
    pub(in crate::cli) fn request(env: &Environment, words: &[String]) -> Result<Start> {
        let text = words.join(" ");
        if text.trim().is_empty() {
            return Err(CliError::NothingAsked.into());
        }
        let secrets = Secrets::read(env);
        let request = parse_request(&secrets.left_out_beside_addresses(&text), lying);
        Ok(Start::Request(Box::new(request.in_words(|words| secrets.left_out(words)))))
    }

    /// What `tallow plan` is given: an experiment file, a paper or a request.
    pub(in crate::cli) fn any(
        env: &Environment,
        given: &[String],
        example: bool,
        wishes: &Wishes,
        offline: bool,
    ) -> Result<Start> {
        let of_paper = |paper: Option<&String>| Start::paper(env, &PaperArg { paper: paper.cloned(), example }, offline);
        match given {
            _ if example => of_paper(None),
            [one] if one.to_lowercase().ends_with(".toml") => Start::experiment(Some(Path::new(one)), wishes),
            [one] if is_paper(one) => of_paper(Some(one)),
            words => Start::request(env, words),
        }
    }

    /// Puts into the run folder what the run begins with.
    pub(super) fn lay(&self, pipeline: &mut Pipeline, wishes: &Wishes) -> Result<()> {
        match self {
            Start::Experiment(spec) if wishes.llm.llm.is_some() || wishes.llm.llm_replay.is_some() => {
                pipeline.begin_advised(spec, &planner_wishes(wishes))
            }
            Start::Experiment(spec) => pipeline.begin(spec),
            Start::Paper(paper) => pipeline.begin_with_paper(paper, &planner_wishes(wishes)),
            Start::Request(request) => pipeline.begin_with_request(request, &planner_wishes(wishes)),
            Start::Resumed { granted } if *granted == Granted::default() => Ok(()),
            Start::Resumed { granted } => pipeline.grant(granted),
        }
    }

    /// A name for the run folder.
    pub(super) fn slug(&self) -> String {
        let title = match self {
            Start::Experiment(spec) => spec.title.clone(),
            Start::Paper(paper) => {
                let name = &paper.record.name;
                format!(
                    "paper {}",
                    Path::new(name).file_stem().map_or_else(|| name.clone(), |s| s.to_string_lossy().into_owned())
                )
            }
            Start::Request(request) => request.text.clone(),
            Start::Resumed { .. } => String::new(),
        };
        let words: String = title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        words.split('-').filter(|word| !word.is_empty()).take(6).collect::<Vec<_>>().join("-")
    }
}

/// Whether one word names a paper: not all languages part their words.
fn is_paper(one: &str) -> bool {
    const ENDINGS: [&str; 10] = ["pdf", "tex", "ltx", "latex", "gz", "tar", "html", "htm", "md", "txt"];
    match PaperSource::parse(one) {
        Ok(PaperSource::File { path }) => {
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            // A request may end with a file of its own.
            let is_one_word = !one.contains(char::is_whitespace);
            path.exists() || is_one_word && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
        }
        Ok(PaperSource::Arxiv { .. } | PaperSource::Stdin) => true,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_request_that_ends_with_a_file_is_no_paper() {
        assert!(!super::is_paper("train a GPT on novel.txt") && super::is_paper("novel.txt"));
    }
}
