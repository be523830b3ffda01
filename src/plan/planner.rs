//! Where a planner plugs in: from what somebody wants, and what is there, to experiments worth trying.
//!
//! A planner only proposes. What it proposes is checked like any experiment file, priced by [`super::estimate`], and resolved by
//! [`super::resolve`]; so rules and a language model stand behind the same trait and neither can do harm. Planners are pure: what
//! must be looked up (which data is there, what this machine can do) is handed to them.

use super::{DataFacts, HostFacts, ModelFacts, usd_of};
use crate::error::{Class, Failure};
use crate::intake::{DataName, ModelName, PaperSpec, Refused, Request};
use crate::llm;
use crate::spec::{DataSource, ExperimentSpec, ModelSpec, Task};
use crate::words;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What somebody wants.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one in a run")]
pub enum Goal {
    /// The claim of a paper, tried.
    Paper(Box<PaperSpec>),
    Request(Request),
}

impl Goal {
    /// The model that was asked for, by the command line or the request.
    pub fn model<'a>(&'a self, wishes: &'a Wishes) -> Option<&'a ModelName> {
        let of_request = || if let Goal::Request(request) = self { request.model.as_ref() } else { None };
        wishes.model.as_ref().or_else(of_request)
    }

    /// Whether weights are asked for that were learnt before, and not by the id or the folder of a model.
    pub fn wants_weights(&self, wishes: &Wishes) -> bool {
        let Goal::Request(request) = self else { return false };
        let is_named = matches!(self.model(wishes), Some(ModelName::At { .. }));
        !is_named && !request.from_scratch && (request.pretrained || request.keeps_most())
    }
}

/// What the command line says besides; it comes before what the goal says. In the run folder: `wishes.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    pub data: Option<DataName>,
    pub model: Option<ModelName>,
    /// A limit that is kept: planned for, then enforced.
    pub max_time_secs: Option<u64>,
    /// What the money that may be spent buys of this machine's time, where that is less: planned for, and kept by what is spent.
    #[serde(skip)]
    pub affordable_secs: Option<u64>,
    /// Recipes to try at most, the first included; none: as the goal says.
    pub trials: Option<usize>,
    pub epochs: Option<f64>,
    pub max_examples: Option<usize>,
    pub seeds: Vec<u64>,
    /// Keys of the experiment file with their values, laid over whatever is proposed.
    pub set: Vec<(String, String)>,
    /// The language model to ask, as the command line has it.
    pub llm: Option<String>,
    /// The recording that answers in its place.
    pub llm_replay: Option<PathBuf>,
}

/// A data set worth looking at.
#[derive(Debug, Clone, PartialEq)]
pub struct DataChoice {
    /// As the goal calls it, or the usual name.
    pub name: String,
    pub source: DataSource,
    /// Its splits and columns, where they are known beforehand; empty and none where they have to be looked up.
    pub splits: Vec<String>,
    pub columns: crate::spec::Columns,
    /// Words of the goal that are columns if the data has them.
    pub perhaps: crate::data::PerhapsColumns,
    /// The languages that are translated from and to, by their codes, where that was said: columns of these names are meant, if there
    /// are any.
    pub languages: Option<[String; 2]>,
    /// What is to be learnt, where that is known; none: what the data is found to be for.
    pub task: Option<Task>,
    /// Of the catalogue, where it stands there.
    pub known: Option<&'static crate::data::Known>,
}

/// Turns a goal into experiments.
pub trait Planner {
    /// Data sets to look at, best first. The first that is there is used.
    ///
    /// # Errors
    /// The goal names none, or none that can be used.
    fn data(&self, goal: &Goal, wishes: &Wishes) -> Result<Vec<DataChoice>, PlannerError>;

    /// The same for a script, which needs no model of the zoo.
    ///
    /// # Errors
    /// As [`Planner::data`], but for models.
    fn data_of_script(&self, goal: &Goal, wishes: &Wishes) -> Result<Vec<DataChoice>, PlannerError>;

    /// Experiments on the data that was found, best first, each complete and within the budget. The first whose model can be had is run.
    ///
    /// # Errors
    /// Nothing that the zoo has serves the goal, or the budget is too small for anything.
    fn experiments(
        &self,
        goal: &Goal,
        wishes: &Wishes,
        choice: &DataChoice,
        offer: &Offer<'_>,
    ) -> Result<Vec<ExperimentSpec>, PlannerError>;

    /// Another look at the experiment that would be run, with everything laid over it that the command line sets; `inspect` says what
    /// is wrong with another one. A planner that has nothing to add leaves it as it is.
    ///
    /// # Errors
    /// A language model that was to be asked gives no answer.
    fn revise(
        &self,
        _wanted: (&Goal, &Wishes),
        _choice: &DataChoice,
        _offer: &Offer<'_>,
        draft: Draft,
        _inspect: Inspect<'_>,
    ) -> Result<Revised, llm::Error> {
        Ok(Revised { spec: draft.spec, notes: Vec::new() })
    }
}

/// What is wrong with an experiment, each in words; empty: it can be run, within its budget and on terms that were agreed to.
pub type Inspect<'a> = &'a mut dyn FnMut(&ExperimentSpec) -> Vec<String>;

/// An experiment that can be run, and what else was proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub spec: ExperimentSpec,
    /// With other models, whether they can be had or not, best first.
    pub others: Vec<ExperimentSpec>,
}

impl Draft {
    /// The names of its models, its own first, each once.
    pub fn models(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in std::iter::once(&self.spec).chain(&self.others).map(super::advised::name_of) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// What is to be run after another look, and what whoever waits should know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Revised {
    pub spec: ExperimentSpec,
    pub notes: Vec<String>,
}

/// What is there to plan with.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    pub data: &'a DataFacts,
    /// The model that was asked for by id or folder.
    pub model: Option<&'a ModelFacts>,
    pub host: &'a HostFacts,
    /// Ids of public models that were looked for in vain: they are not proposed.
    pub absent: &'a [String],
    /// Models that lie here, where weights are asked for and no model by its id.
    pub at_hand: &'a [AtHand],
}

/// A model with weights that lies here, found by nobody's naming it.
#[derive(Debug, Clone, PartialEq)]
pub struct AtHand {
    pub id: String,
    pub facts: ModelFacts,
    /// What its card says that it was trained on, by ids or names.
    pub trained_on: Vec<String>,
}

/// Why nothing can be proposed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlannerError {
    #[error("{}", no_data(not_understood))]
    NoData { not_understood: Vec<String>, known: Vec<&'static str> },
    #[error("none of the data sets that the paper reports on can be used: {}", words::listed(found))]
    NoUsableData { found: Vec<String>, known: Vec<&'static str> },
    #[error("the zoo has no model for this: {wanted}")]
    NoModel { wanted: String, zoo: Vec<&'static str> },
    #[error(
        "`{data}` has no labelled split besides `{train}` (it has {}): the verdict needs one that training never sees; to cut one off \
         `{train}`, expected at least {least} examples, found {examples}",
        words::listed(have)
    )]
    NoHeldOut { data: String, train: String, examples: usize, least: usize, have: Vec<String> },
    #[error("`{data}` cannot be trained on: {what}")]
    Data { data: String, what: String },
    /// `model`: the cheapest that was not looked for in vain; `usd_per_hour`: of this machine, where the limit is one on money;
    /// `searches`: other recipes are to be tried in the time that is needed.
    #[error(
        "{} are too little: {name}, the cheapest model that serves, needs about {} for {steps} steps on this machine, \
         {} included",
        there_are(*max_secs, *usd_per_hour), words::duration(*needed_secs),
        if *searches { "preparing, scoring and further recipes" } else { "preparing and scoring" }
    )]
    Budget {
        max_secs: u64,
        needed_secs: f64,
        usd_per_hour: Option<f64>,
        searches: bool,
        steps: u64,
        name: String,
        model: Box<ModelSpec>,
    },
    /// They would be read as all others are.
    #[error(
        "`{data}`: the request says something of {} that may forbid {}, and that is not understood",
        words::listed(columns), if columns.len() == 1 { "it" } else { "them" }
    )]
    Shunned { data: String, columns: Vec<String> },
    #[error("the request cannot be followed:{}", words::bullets(refused))]
    Request { refused: Vec<Refused> },
}

impl Failure for PlannerError {
    fn class(&self) -> Class {
        match self {
            PlannerError::NoHeldOut { .. } | PlannerError::Data { .. } => Class::Data,
            PlannerError::NoModel { .. } => Class::Model,
            PlannerError::Budget { .. } => Class::Resource,
            PlannerError::NoData { .. }
            | PlannerError::NoUsableData { .. }
            | PlannerError::Shunned { .. }
            | PlannerError::Request { .. } => Class::Spec,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            PlannerError::NoData { known, .. } | PlannerError::NoUsableData { known, .. } => {
                // Enough to see what is meant; all of them would hide the rest.
                const SHOWN: usize = 12;
                let (shown, more) = (known[..known.len().min(SHOWN)].join(", "), known.len().saturating_sub(SHOWN));
                format!(
                    "name some with `--data`: a file or folder, a Hub id such as `nyu-mll/glue:sst2`, or one that has a name here: {shown} and {more} more"
                )
            }
            PlannerError::NoModel { zoo, .. } => {
                format!(
                    "the zoo has {}; name a model of such a family with `--model`, or have a Python script take its place, in a container: \
                     one of your own by `tallow train --script FILE.py`, or one that a language model writes by `--llm NAME --allow-script` \
                     (docs/scripts.md)",
                    zoo.join(", ")
                )
            }
            PlannerError::NoHeldOut { .. } => "add a file or folder named `test`, with labels".into(),
            PlannerError::Budget { needed_secs, usd_per_hour: Some(per_hour), .. } => {
                let cents = (100.0 * usd_of(needed_secs * 1.5, *per_hour)).ceil();
                format!("let it spend at least `--max-usd {}`", cents / 100.0)
            }
            PlannerError::Budget { needed_secs, .. } => format!("give at least `--max-time {:.0}s`", (needed_secs * 1.5).ceil()),
            PlannerError::Request { .. } => {
                "say it otherwise, leave it out, or set the key itself, such as `--set recipe.lr=2e-5` (`tallow schema` has them all)"
                    .into()
            }
            PlannerError::Shunned { columns, .. } => format!(
                "say `without {}` to leave {} out; where the model is to read {}, leave these words out",
                columns.join(", "),
                if columns.len() == 1 { "it" } else { "them" },
                if columns.len() == 1 { "it" } else { "them" }
            ),
            PlannerError::Data { .. } => return None,
        })
    }
}

/// What was named and is not known may have been meant as data.
fn no_data(not_understood: &[String]) -> String {
    match not_understood {
        [] => "no data set was named".into(),
        some => format!("no known data set was named; not understood: {}", words::listed(some)),
    }
}

/// The time that there is, and what it costs where that is what limits it.
fn there_are(secs: u64, usd_per_hour: Option<f64>) -> String {
    let time = words::duration(secs as f64);
    match usd_per_hour {
        Some(per_hour) => format!("{time} of this machine, which {} pay for,", words::dollars(usd_of(secs as f64, per_hour))),
        None => time,
    }
}
