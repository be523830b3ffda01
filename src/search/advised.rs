//! A language model that proposes what is tried next. It is told what every trial changed and what was watched, and what may be set;
//! types, ranges and the loop guard ([`super::revised`]) decide. Nothing of the held-out split, the target, the data or times is in the
//! question: so it says nothing that the model should not know, and is the same wherever the search is repeated.

use super::{Journal, Revision, Settings, Trial, Watched, revised};
use crate::llm::prompt::{Prompt, SearchQuestion, SearchSystem, Setting, Takes, TrialTold};
use crate::llm::{Ask, Conversation, Error, LanguageModel, converse};
use crate::plan::advised::{Settable, in_words, name_of, not_settable, reason_of, schema_of_one, searchable, without_nulls};
use crate::spec::{self, ExperimentSpec};
use crate::words::{clean, count, score};
use serde::Deserialize;
use serde_json::Value;

/// Tokens of an answer: a key, its value and a reason.
const MOST_TOKENS: u32 = 512;
/// Letters of how a trial failed.
const FAILURE: usize = 300;
/// Points of a curve that are told.
const POINTS: usize = 8;
/// Trials that are told: the best, and the last of the others.
const TOLD: usize = 20;
/// Said with every answer that is sent back.
const OTHERWISE: &str = "It changes one setting, in a way that was not tried yet.";

/// What a search is about, besides its experiment.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// Examples of an epoch.
    pub examples: usize,
    pub trials_left: usize,
}

/// A recipe that may be tried next.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// Laid over the first plan.
    pub settings: Settings,
    pub spec: ExperimentSpec,
    pub reason: String,
}

/// Asks for one change of the best recipe so far; `inspect` says what else is wrong with the experiment that it makes. That a provider
/// fails is no error.
///
/// # Errors
/// It is interrupted, a recording holds no answer, or the run folder cannot be written.
pub fn ask(
    model: &dyn LanguageModel,
    first: &ExperimentSpec,
    journal: &Journal,
    scene: Scene,
    mut inspect: impl FnMut(&ExperimentSpec) -> Vec<String>,
) -> Result<Conversation<Next>, Error> {
    let best = journal.best().map(|trial| trial.settings.clone()).unwrap_or_default();
    let before = super::experiment(first, &best).unwrap_or_else(|_| first.clone());
    let mut settables = searchable(&before);
    settables.retain(|settable| !first.search.as_ref().is_some_and(|search| search.fixes(settable.key())));
    let question = question(&before, journal, scene, &settables);
    let ask = Ask::new(SearchSystem {}.text(), question.text(), Some(schema_of_one(&settables)), MOST_TOKENS);
    // Trials can be had without it: a night's search does not end with its provider.
    converse(model, ask, OTHERWISE, true, |answer| {
        let revision = revision(answer, &settables)?;
        let (settings, spec) = revised(first, journal, &revision).map_err(|refused| match refused {
            super::Refused::Invalid { problems } => problems,
            refused => vec![refused.to_string()],
        })?;
        match inspect(&spec) {
            problems if problems.is_empty() => Ok(Next { settings, spec, reason: revision.reason }),
            problems => Err(problems),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advice {
    change: Change,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Texts, these two; told by their names where they are none.
    key: Value,
    reason: Value,
    value: Value,
}

/// An answer as a revision.
fn revision(answer: &Value, settables: &[Settable]) -> Result<Revision, Vec<String>> {
    let Advice { change } = serde_json::from_value(answer.clone())
        .map_err(|why| vec![format!("expected {{\"change\": {{\"key\", \"reason\", \"value\"}}}}, found another form: {why}")])?;
    let text = |name: &str, value: &Value| {
        let other = || vec![format!("`change.{name}`: expected a text, found {value}")];
        value.as_str().map(String::from).ok_or_else(other)
    };
    let (key, reason) = (text("key", &change.key)?, text("reason", &change.reason)?);
    let mut problems = Vec::new();
    if !Settable::of(&key).is_some_and(|settable| settables.contains(&settable)) {
        problems.push(not_settable(&key, settables));
    }
    let reason = reason_of(&reason);
    if reason.is_empty() {
        problems.push("expected a reason, found none".into());
    }
    // TOML has no word for nothing: the key is taken away.
    let value = match change.value {
        Value::Null => Ok(String::new()),
        value => toml::Value::try_from(without_nulls(value)).map(|value| value.to_string()),
    };
    match value {
        Ok(value) if problems.is_empty() => Ok(Revision { set: [(key, value)].into(), reason }),
        Ok(_) => Err(problems),
        Err(why) => Err(problems.into_iter().chain([format!("`{}`: {why}", clean(&key))]).collect()),
    }
}

fn question(before: &ExperimentSpec, journal: &Journal, scene: Scene, settables: &[Settable]) -> SearchQuestion {
    let spec = serde_json::to_value(before).unwrap_or_default();
    let best = journal.best();
    let steps = best.or(journal.trials.first()).and_then(|trial| trial.result.as_ref()?.watched.as_ref());
    let setting = |settable: &Settable| Setting { key: settable.key().into(), value: in_words(&settable.value(&spec)) };
    let takes = |settable: &Settable| {
        let takes = spec::takes(settable.key());
        Takes { key: settable.key().into(), takes }
    };
    let hidden = journal.trials.len().saturating_sub(TOLD);
    let shown = |trial: &&Trial| trial.number > hidden || best.is_some_and(|best| best.number == trial.number);
    SearchQuestion {
        task: before.task.in_words().into(),
        model: clean(&name_of(before)),
        examples: count(scene.examples as f64),
        steps: steps.map_or("an unknown number of".into(), |watched| count(watched.total_steps as f64)),
        metric: journal.metric.in_words().into(),
        higher_is_better: journal.metric.reaches(1.0, 0.0),
        best: best.map(|best| best.number),
        settings: settables.iter().map(setting).collect(),
        trials: journal.trials.iter().filter(shown).map(|trial| told(trial, journal)).collect(),
        may_change: settables.iter().map(takes).collect(),
        trials_left: scene.trials_left,
    }
}

fn told(trial: &Trial, journal: &Journal) -> TrialTold {
    let changes: Vec<String> = trial.changes.iter().map(|change| clean(&change.to_string())).collect();
    let changed = match (trial.from, changes.as_slice()) {
        (_, []) => "the first plan".into(),
        (Some(from), changes) => format!("trial {from} with {}", changes.join("; ")),
        (None, changes) => format!("the first plan with {}", changes.join("; ")),
    };
    let result = trial.result.as_ref();
    let outcome = match result.map(|result| (&result.watched, &result.failed, result.kept)) {
        Some((Some(watched), _, kept)) => {
            format!("{} {}, {}", journal.metric.in_words(), score(watched.score), if kept { "kept" } else { "discarded" })
        }
        Some((None, failed, _)) => {
            let why: String = clean(failed.as_deref().unwrap_or("it did not complete")).chars().take(FAILURE).collect();
            format!("it failed: {why}")
        }
        None => "it runs".into(),
    };
    let curve = result.and_then(|result| result.watched.as_ref()).map(curve).unwrap_or_default();
    TrialTold { number: trial.number, changed, reason: clean(&trial.reason), outcome, curve }
}

/// A curve in short: some of its points, the last among them.
fn curve(watched: &Watched) -> String {
    let [begun, ended] = watched.train_loss.map(score);
    let every = watched.points.len().div_ceil(POINTS).max(1);
    let kept = watched.points.iter().rev().step_by(every).collect::<Vec<_>>().into_iter().rev();
    let points =
        kept.map(|point| format!("step {}: {} (loss {})", count(point.step as f64), score(point.score), score(point.loss)));
    let points = points.collect::<Vec<_>>().join(", ");
    format!("training loss {begun} -> {ended}; watched: {}", if points.is_empty() { "nothing" } else { &points })
}

#[cfg(test)]
mod tests {
    use super::super::{Point, Proposal};
    use super::*;
    use crate::llm::{Came, Reply, Usage};
    use crate::spec::Target;
    use serde_json::json;
    use std::cell::RefCell;

    /// Says one thing after the other, the last again and again.
    struct Script {
        says: RefCell<Vec<String>>,
        asked: RefCell<Vec<Ask>>,
    }

    impl LanguageModel for Script {
        fn name(&self) -> String {
            "a script".into()
        }
        fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
            self.asked.borrow_mut().push(ask.clone());
            let mut says = self.says.borrow_mut();
            let text = if says.len() > 1 { says.remove(0) } else { says[0].clone() };
            if text == "budget" {
                return Err(Error::Budget { what: "no tokens are left".into() });
            }
            if text == "down" {
                return Err(Error::Unreachable { model: self.name(), why: "nobody is there".into() });
            }
            let usage = Usage { tokens_in: 10, tokens_out: 5, tokens_cached: 0 };
            Ok(Reply { text, is_cut: false, usage, secs: 0.1, notes: vec![] })
        }
    }

    fn first() -> ExperimentSpec {
        let mut first = crate::spec::parse(include_str!("../../presets/toy_bert.toml"), "toy").expect("an experiment");
        first.target = Some(Target { value: 0.987_654_3, source: "a paper's table".into() });
        first
    }

    fn journal(first: &ExperimentSpec) -> Journal {
        let mut journal = Journal::of(first.metric);
        journal.begin(Proposal::first());
        let points =
            (1..=20).map(|i| Point { step: 10 * i, score: 0.5 + 0.01 * i as f64, loss: 0.7 - 0.01 * i as f64 }).collect();
        journal.end(Ok(Watched { score: 0.7, train_loss: [0.69, 0.4], points, total_steps: 200 }), 12.5);
        let (settings, spec) =
            revised(first, &journal, &Revision { set: [("recipe.lr".into(), "0.1".into())].into(), reason: String::new() })
                .expect("a trial");
        let changes = super::super::changes(first, &spec);
        journal.begin(Proposal { settings, changes, reason: "a higher rate".into(), ..Proposal::default() });
        journal.end(Err("diverged at step 3".into()), 2.0);
        journal
    }

    const SCENE: Scene = Scene { examples: 1600, trials_left: 6 };

    fn change(key: &str, value: Value) -> String {
        json!({"change": {"key": key, "reason": "it is better so", "value": value}}).to_string()
    }

    fn asked(says: &[&str], wrong: &[&str]) -> (Conversation<Next>, Vec<Ask>) {
        let script = Script { says: RefCell::new(says.iter().map(|s| s.to_string()).collect()), asked: RefCell::default() };
        let inspect = |_: &ExperimentSpec| wrong.iter().map(|words| words.to_string()).collect();
        let first = first();
        let came = ask(&script, &first, &journal(&first), SCENE, inspect).expect("it came to something");
        (came, script.asked.into_inner())
    }

    #[test]
    fn a_change_is_one_of_the_best_recipe() {
        let check = |key: &str, value: Value, holds: fn(&ExperimentSpec) -> bool| {
            let (came, asked) = asked(&[&change(key, value)], &[]);
            let Came::Answer(next) = came.came else { panic!("{key}: {came:?}") };
            assert!(holds(&next.spec) && next.spec.search.is_none(), "{key}: {:?}", next.settings);
            assert_eq!((asked.len(), next.settings.len(), next.reason.as_str()), (1, 1, "it is better so"));
            assert_eq!(next.spec, super::super::experiment(&first(), &next.settings).expect("the same"));
        };
        check("recipe.lr", json!(3e-4), |spec| spec.recipe.lr == 3e-4);
        check("recipe.grad_clip_norm", json!(null), |spec| spec.recipe.grad_clip_norm.is_none());
        check("recipe.schedule", json!({"kind": "cosine", "warmup": {"frac": 0.2}}), |spec| {
            matches!(spec.recipe.schedule, spec::Schedule::Cosine { .. })
        });
        check("recipe.length", json!({"epochs": 2.5}), |spec| spec.recipe.length == spec::Length::Epochs(2.5));
    }

    #[test]
    fn what_cannot_be_tried_is_sent_back_with_all_that_is_wrong() {
        let check = |answer: &str, words: &str| {
            let (came, asked) = asked(&[answer, &change("recipe.lr", json!(3e-4))], &[]);
            assert!(matches!(came.came, Came::Answer(_)), "{answer}: {came:?}");
            assert_eq!((asked.len(), came.usage.tokens()), (2, 30));
            let sent_back = &asked[1].turns[2].text;
            assert!(sent_back.contains(words) && sent_back.contains(OTHERWISE), "{words}: {sent_back}");
        };
        check("as you like", "the answer is no JSON");
        check("{}", "expected {\"change\":");
        check(&change("recipe.lr", json!(-1)), "`recipe.lr`: expected a number above 0 and at most 100, found -1");
        check(&change("recipe.lr", json!(0.1)), "it is the same as trial 2");
        check(&change("recipe.lr", json!(first().recipe.lr)), "it is the same as trial 1");
        check(&change("recipe.lr", json!("fast")), "found the text \"fast\"");
        check(&change("recipe.augment", json!([])), "`recipe.augment` may not be changed; what may: recipe.optimizer, recipe.lr");
        for key in [
            "metric",
            "target",
            "seeds",
            "data.held_out",
            "data.monitor",
            "budget.max_usd",
            "model",
            "recipe.micro_batch_size",
            "recipe",
        ] {
            check(&change(key, json!(1)), &format!("`{key}` may not be changed"));
        }
        let silent = json!({"change": {"key": "recipe.lr", "reason": " ", "value": 1e-4}}).to_string();
        check(&silent, "expected a reason, found none");
        let number = json!({"change": {"key": "recipe.lr", "reason": 3, "value": 1e-4}}).to_string();
        check(&number, "`change.reason`: expected a text, found 3");
    }

    #[test]
    fn after_three_answers_of_no_use_and_without_tokens_the_rules_go_on() {
        let (came, asked_for) = asked(&[&change("metric", json!("f1"))], &[]);
        assert!(matches!(&came.came, Came::Useless { attempts: 3, last } if last.contains("`metric`")), "{came:?}");
        assert_eq!((asked_for.len(), came.usage.tokens(), came.notes.len()), (3, 45, 3));
        let (came, asked_for) = asked(&[&change("recipe.lr", json!(1e-4))], &["there is no time left for it"]);
        assert!(matches!(&came.came, Came::Useless { last, .. } if last == "there is no time left for it"), "{came:?}");
        assert_eq!(asked_for.len(), 3);
        let (came, asked_for) = asked(&["budget"], &[]);
        assert!(matches!(came.came, Came::NotAsked(Error::Budget { .. })) && asked_for.len() == 1, "{came:?}");
        // Nor does a provider that fails end a search, even after an answer.
        let (came, asked_for) = asked(&["as you like", "down"], &[]);
        assert!(matches!(came.came, Came::NotAsked(Error::Unreachable { .. })) && asked_for.len() == 2, "{came:?}");
        assert_eq!(came.usage.tokens(), 15);
    }

    #[test]
    fn the_question_tells_what_was_watched_and_nothing_else() {
        let (_, asked) = asked(&[&change("recipe.lr", json!(3e-4))], &[]);
        let text = format!("{}\n{}", asked[0].system, asked[0].turns[0].text);
        for words in [
            "accuracy 0.7000, kept",
            "trial 1 with recipe.lr 0.001 -> 0.1",
            "it failed: diverged at step 3",
            "training loss 0.6900 -> 0.4000",
            "step 200: 0.7000 (loss 0.5000)",
            "recipe.lr: a number above 0 and at most 100",
            "6 more may be tried",
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        // The target, the splits, the data and times stay where they are.
        for words in ["0.98765", "a paper's table", "held", "test", "toy_reviews", "12.5"] {
            assert!(!text.contains(words), "{words}\n{text}");
        }
    }

    /// A curve of many points is told by few, the last among them.
    #[test]
    fn curves_in_short() {
        let journal = journal(&first());
        let told = told(&journal.trials[0], &journal);
        assert_eq!(told.curve.matches("step ").count(), 7, "{}", told.curve);
        assert!(told.curve.ends_with("step 200: 0.7000 (loss 0.5000)"), "{}", told.curve);
    }
}
