//! The search for a better recipe: one change at a time, kept or discarded by what is watched. Pure: trials are run elsewhere.
//!
//! Rules propose, or a language model ([`advised`]). What is proposed may set the recipe and the adapter. Data, metric, target, seeds,
//! budget and the held-out split are out of reach: [`Revision`]s that name any other key are refused before anything is run ([`revised`]).

pub mod advised;
mod journal;
mod pace;
mod rules;

pub use journal::{Asked, By, Changed, Journal, Point, Proposal, Result, Stop, Trial, Watched};
pub use pace::Pace;
pub use rules::revisions;

use crate::spec::{self, ExperimentSpec};
use std::collections::BTreeMap;

/// Keys of an experiment file, with values in TOML, laid over the first plan's; no text at all takes a key away.
pub type Settings = BTreeMap<String, String>;

/// Under this name the ledger has what the search gained on the held-out split.
pub const GAIN: &str = "the recipe found against the first plan, on the held-out split";

/// What may be set.
const WITHIN_REACH: [&str; 2] = ["recipe.", "adapter."];
/// What does not bear on what is learnt, or would change what a trial is measured by.
const NO_REVISION: [&str; 4] =
    ["recipe.micro_batch_size", "recipe.gradient_checkpointing", "recipe.keep_checkpoints", "adapter.base"];

/// What is proposed to be tried next: the best recipe so far with these keys set.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    pub set: Settings,
    pub reason: String,
}

/// Why a revision is not tried.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("`{key}` is out of reach: only `recipe` and `adapter` may be set")]
    OutOfReach { key: String },
    #[error("`{key}` was decided by whoever asked for the search")]
    Fixed { key: String },
    #[error("{}", problems.join("; "))]
    Invalid { problems: Vec<String> },
    #[error("it is the same as trial {trial}")]
    Tried { trial: usize },
}

/// The experiment of a trial: the first plan with `settings` laid over it, without a search of its own.
///
/// # Errors
/// It is no experiment.
pub fn experiment(first: &ExperimentSpec, settings: &Settings) -> std::result::Result<ExperimentSpec, spec::Error> {
    let wrong = |problems| spec::Error::Problems { file: "the trial's experiment".into(), problems };
    let plain = ExperimentSpec { search: None, ..first.clone() };
    let mut table = toml::Table::try_from(&plain).map_err(|why| wrong(vec![why.to_string()]))?;
    for (key, value) in settings {
        spec::lay_over(&mut table, key, value)?;
    }
    spec::of_table(table).map_err(wrong)
}

/// The settings and the experiment that `revision` makes of the best recipe so far.
///
/// # Errors
/// It sets what is out of reach, makes no experiment, or was tried already, under whatever names.
pub fn revised(
    first: &ExperimentSpec,
    journal: &Journal,
    revision: &Revision,
) -> std::result::Result<(Settings, ExperimentSpec), Refused> {
    let reaches = |key: &&String| {
        WITHIN_REACH.iter().any(|start| key.starts_with(start)) && !NO_REVISION.iter().any(|no| key.starts_with(no))
    };
    if let Some(key) = revision.set.keys().find(|key| !reaches(key)) {
        return Err(Refused::OutOfReach { key: key.clone() });
    }
    if let Some(key) = revision.set.keys().find(|key| first.search.as_ref().is_some_and(|search| search.fixes(key))) {
        return Err(Refused::Fixed { key: key.clone() });
    }
    let mut settings = journal.best().map(|trial| trial.settings.clone()).unwrap_or_default();
    // What stands below a key that is set as a whole was the old one's.
    settings.retain(|key, _| !revision.set.keys().any(|set| key.strip_prefix(set).is_some_and(|rest| rest.starts_with('.'))));
    settings.extend(revision.set.clone());
    let invalid = |error: spec::Error| Refused::Invalid {
        problems: if let spec::Error::Problems { problems, .. } = error { problems } else { vec![error.to_string()] },
    };
    let spec = experiment(first, &settings).map_err(invalid)?;
    for trial in &journal.trials {
        let tried = experiment(first, &trial.settings).map_err(invalid)?;
        if (&tried.recipe, &tried.adapter) == (&spec.recipe, &spec.adapter) {
            return Err(Refused::Tried { trial: trial.number });
        }
    }
    Ok((settings, spec))
}

/// What differs between the recipes of two experiments, key by key.
pub fn changes(before: &ExperimentSpec, after: &ExperimentSpec) -> Vec<Changed> {
    let flat = |spec: &ExperimentSpec| {
        let (recipe, adapter) = (serde_json::to_value(&spec.recipe), serde_json::to_value(&spec.adapter));
        crate::job::flatten(serde_json::json!({ "recipe": recipe.unwrap_or_default(), "adapter": adapter.unwrap_or_default() }))
    };
    let (before, after) = (flat(before), flat(after));
    let shown = |value: Option<&serde_json::Value>| match value {
        None | Some(serde_json::Value::Null) => "none".to_string(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Number(number)) => {
            number.as_f64().filter(|_| !number.is_u64()).map_or_else(|| number.to_string(), crate::words::plain)
        }
        Some(other) => other.to_string(),
    };
    crate::job::differing(&before, &after)
        .map(|(key, was, now)| Changed { key: key.into(), was: shown(was), now: shown(now) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toy() -> ExperimentSpec {
        spec::parse(include_str!("../../presets/toy_bert.toml"), "toy").expect("an experiment")
    }

    fn set(pairs: &[(&str, &str)]) -> Revision {
        let set = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Revision { set, reason: "a test".into() }
    }

    #[test]
    fn only_recipes_are_within_reach() {
        let (first, journal) = (toy(), Journal::of(toy().metric));
        for key in ["data.held_out", "metric", "target.value", "seeds", "budget.max_time_secs", "model.kind", "recipe", "search"]
        {
            let refused = revised(&first, &journal, &set(&[(key, "1")]));
            assert_eq!(refused.err(), Some(Refused::OutOfReach { key: key.into() }));
        }
        let found = revised(&first, &journal, &set(&[("recipe.lr", "-3")])).expect_err("no rate");
        assert!(found.to_string().contains("`recipe.lr`: expected a number above 0"), "{found}");
        let (settings, spec) = revised(&first, &journal, &set(&[("recipe.lr", "3e-4")])).expect("a trial");
        assert_eq!((settings.len(), spec.recipe.lr, spec.search), (1, 3e-4, None));
    }

    #[test]
    fn what_was_decided_stays() {
        let fixed = vec!["recipe.batch_size".to_string(), "recipe.optimizer".into()];
        let search = Some(spec::Search { fixed, ..spec::Search::default() });
        let (first, journal) = (ExperimentSpec { search, ..toy() }, Journal::of(toy().metric));
        for key in ["recipe.batch_size", "recipe.optimizer.weight_decay"] {
            let refused = revised(&first, &journal, &set(&[(key, "8")]));
            assert_eq!(refused.err(), Some(Refused::Fixed { key: key.into() }));
        }
        assert!(revised(&first, &journal, &set(&[("recipe.lr", "3e-4")])).is_ok());
    }

    #[test]
    fn what_was_tried_is_not_tried_again_under_another_name() {
        let first = toy();
        let mut journal = Journal::of(first.metric);
        journal.begin(Proposal::first());
        let same = set(&[("recipe.lr", &format!("{:?}", first.recipe.lr))]);
        assert_eq!(revised(&first, &journal, &same).err(), Some(Refused::Tried { trial: 1 }));
    }

    #[test]
    fn a_key_that_is_set_as_a_whole_loses_what_was_set_below_it() {
        let first = toy();
        let mut journal = Journal::of(first.metric);
        let (settings, _) = revised(&first, &journal, &set(&[("recipe.optimizer.weight_decay", "0.25"), ("recipe.lr", "3e-4")]))
            .expect("a trial");
        journal.begin(Proposal { settings, ..Proposal::default() });
        journal.end(Ok(Watched { score: 0.9, train_loss: [1.0, 0.5], points: vec![], total_steps: 10 }), 1.0);
        let whole = set(&[("recipe.optimizer", "{ kind = \"adamw\", weight_decay = 0.03 }"), ("recipe.grad_clip_norm", "")]);
        let (settings, spec) = revised(&first, &journal, &whole).expect("a trial");
        assert_eq!((spec.recipe.optimizer.weight_decay(), spec.recipe.lr, spec.recipe.grad_clip_norm), (0.03, 3e-4, None));
        assert_eq!(experiment(&first, &settings).expect("the same"), spec);
    }

    #[test]
    fn changes_are_told_key_by_key() {
        let first = toy();
        let (_, other) = revised(
            &first,
            &Journal::of(first.metric),
            &set(&[("recipe.lr", "2e-5"), ("recipe.schedule", "{ kind = \"cosine\", warmup = { steps = 5 } }")]),
        )
        .expect("a trial");
        let told: Vec<_> = changes(&first, &other).into_iter().map(|c| c.to_string()).collect();
        assert!(told.contains(&"recipe.lr 0.001 -> 2e-5".to_string()), "{told:?}");
        assert!(told.contains(&"recipe.schedule.kind linear -> cosine".to_string()), "{told:?}");
        assert_eq!(changes(&first, &first), []);
    }
}
