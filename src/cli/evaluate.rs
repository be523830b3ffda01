//! `tallow eval`: scores a model that is there on a split of a data set.

use super::args::{EvalArgs, SpeechArgs};
use super::environment::Environment;
use super::experiment::{check_place, create, create_passing, drive, find, is_locked, lying, passing_folder, unfinished};
use super::together::together;
use crate::error::{Class, Failure, Result};
use crate::intake::{DataName, Request};
use crate::pipeline::{Question, Score, Spoken};
use crate::plan::{DataChoice, Goal, Planner, RulePlanner, Wishes};
use crate::spec::ModelSpec;
use crate::store::{self, Purpose};
use crate::words::{clean, count, score};
use serde::Serialize;
use std::process::ExitCode;

/// What a model of speech is told.
pub(super) fn spoken(speech: &SpeechArgs) -> Spoken {
    Spoken { language: speech.language.clone(), write: speech.write }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum EvalError {
    #[error("`--data {data}` names no data set")]
    NoData { data: String },
    #[error("several data sets are named, and `{name}` cannot be taken together with others: {why}")]
    Together { name: String, why: &'static str },
}

impl Failure for EvalError {
    fn class(&self) -> Class {
        Class::Usage
    }
    fn hint(&self) -> Option<String> {
        match self {
            EvalError::Together { .. } => Some("name files alone, or one folder, archive, pattern or data set of the Hub".into()),
            EvalError::NoData { .. } => None,
        }
    }
}

/// The data set that is called so.
pub(super) fn choice(named: &str) -> Result<DataChoice> {
    let wishes = Wishes { data: Some(DataName::parse(named, lying)), ..Wishes::default() };
    let choices = RulePlanner.data(&Goal::Request(Request::default()), &wishes)?;
    Ok(choices.into_iter().next().ok_or_else(|| EvalError::NoData { data: named.into() })?)
}

pub(super) fn evaluate(json: bool, env: &Environment, args: &EvalArgs) -> Result<ExitCode> {
    let named = together(&args.data)?;
    let data = choice(&named)?;
    let question = Question {
        model: model_of(env, &args.model)?,
        data,
        split: args.split.clone(),
        max_examples: args.max_examples.map(usize::from),
        spoken: spoken(&args.speech),
        compared: args.compare,
        classes: args.classes.iter().map(|name| name.trim().to_string()).collect(),
    };
    let means = (&args.run.hub, &args.run.worker);
    let score = |folder| drive(json, env, folder, means, |pipeline| pipeline.score_given(&question));
    let scored = match &args.run.out {
        Some(root) => {
            let was_there = root.is_dir();
            let folder = create(env, root.clone(), Purpose::Evaluation)?;
            let scored = score(folder.clone());
            // One that came to nothing cannot be gone on with: it would be in the way of the next.
            if !matches!(scored, Ok(Ok(_))) && !scored.as_ref().is_err_and(is_locked) {
                folder.discard(was_there);
            }
            scored
        }
        // Nothing is kept but the answer.
        None => {
            let passing = passing_folder()?;
            score(create_passing(env, passing.path().join("evaluation"))?)
        }
    };
    match scored? {
        Ok(score) if json => {
            let answer = Answer { model: &args.model, data: &named, score: &score };
            super::print_json(&answer)
        }
        Ok(score) => super::say_all(&page(&args.model, &named, &score)),
        Err(end) => Err(unfinished(end, None)),
    }
}

/// The model that is meant: a run's folder, or its name in the folder of runs, stands for what came of it.
///
/// # Errors
/// Nothing came of the run yet, or nothing lies at what is a path.
pub(super) fn model_of(env: &Environment, asked: &str) -> Result<ModelSpec> {
    let id = match find(env, asked) {
        Ok(run) if run.model().is_dir() => run.model().display().to_string(),
        // What a script wrote is its own.
        Ok(run) if !run.script_spec().is_file() => return Err(store::Error::NoModel { path: run.root().into() }.into()),
        Ok(_) => asked.into(),
        Err(_) => {
            check_place(env, asked)?;
            asked.into()
        }
    };
    Ok(ModelSpec::Pretrained { id, revision: None })
}

/// For machines: one line.
#[derive(Serialize)]
struct Answer<'a> {
    model: &'a str,
    data: &'a str,
    score: &'a Score,
}

fn page(model: &str, data: &str, answer: &Score) -> String {
    let place = format!("split `{}`, {} examples", clean(&answer.split), count(answer.examples as f64));
    let mut out = format!("{} on {}, {place}\n\n", clean(model), clean(data));
    for (metric, scored) in &answer.scores {
        let range = scored.interval.map(|i| format!(" ({} to {})", score(i.low), score(i.high))).unwrap_or_default();
        out.push_str(&format!("  {:<22} {}{range}\n", metric.in_words(), score(scored.value)));
    }
    out.push_str(&format!("  {:<22} {}\n", "loss", score(answer.loss)));
    if !answer.assumptions.is_empty() {
        out.push_str("\nAssumed\n");
        answer.assumptions.iter().for_each(|a| out.push_str(&format!("  {}\n", clean(a))));
    }
    out
}
