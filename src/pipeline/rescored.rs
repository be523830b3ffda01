//! What a run was scored with on the held-out split, scored again: the same numbers, or where they part.

use super::stages::{readable_by_evaluation, supervisor};
use super::{Limits, Pipeline};
use crate::error::Result;
use crate::eval;
use crate::job::{Event, Job, RunConfig};
use crate::plan::Plan;
use crate::provenance::{Parting, Quantity};
use crate::run::Outcome;
use crate::store::RunFolder;
use serde_json::Value;
use std::collections::BTreeMap;

/// What came of it.
pub(super) enum Rescored {
    /// So many numbers are the same to the last bit.
    Same(usize),
    Apart(Parting),
    /// The scoring did not complete.
    Failed(Outcome),
    /// There was nothing to compare with.
    Nothing,
}

impl Pipeline<'_> {
    /// Scores the model of a finished run again, into a folder that is gone afterwards.
    pub(super) fn rescored(&mut self, plan: &Plan, config: &RunConfig) -> Result<Rescored> {
        let name = format!("{}{}", config.name, eval::HELD_OUT_SUFFIX);
        let is_score = |event: &Event| matches!(event, Event::Evaluated { .. });
        let recorded = self.told(&name)?.into_iter().find(is_score);
        let (Some(recorded), Some(weights)) = (recorded, self.trained(config)?) else { return Ok(Rescored::Nothing) };
        self.watch.say(&format!("scoring {} again", config.name));
        let passing = self.folder.passing()?;
        let folder = RunFolder::create(passing.path().join("scored"))?;
        let mut job = self.evaluate_job(plan, config, weights, 1, &name)?;
        job.out = folder.attempt(&name, 1).work();
        // Answers that a report shows are no score.
        job.samples = None;
        let limits = Limits { memory_bytes: self.read_spec()?.budget.max_memory_bytes, ..Limits::default() };
        let readable = readable_by_evaluation(&job);
        let supervisor = supervisor(&folder, &self.setup, &limits);
        let attempt = supervisor.attempt(&name, 1, &Job::Evaluate(Box::new(job)), readable, self.watch)?;
        Ok(match attempt.events.iter().find(|event| is_score(event)) {
            Some(again) => compared(&recorded, again, config.total_steps),
            None => Rescored::Failed(attempt.outcome),
        })
    }
}

/// Number by number; how long it took is no score.
fn compared(recorded: &Event, again: &Event, step: u64) -> Rescored {
    let [a, b] = [recorded, again].map(|event| {
        let mut numbers = BTreeMap::new();
        flat("", &serde_json::to_value(event).unwrap_or_default(), &mut numbers);
        numbers.retain(|name, _| name != "secs");
        numbers
    });
    let names = a.keys().chain(b.keys());
    match names.into_iter().find(|name| a.get(*name) != b.get(*name)) {
        None => Rescored::Same(a.len()),
        Some(name) => {
            let said =
                |of: &BTreeMap<String, String>| of.get(name).map_or_else(|| format!("no {name}"), |is| format!("{name} {is}"));
            Rescored::Apart(Parting { step, quantity: Quantity::HeldOut, a: said(&a), b: said(&b) })
        }
    }
}

/// The numbers of a value by their names: `accuracy`, `accuracy 1` of its interval.
fn flat(name: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let below = |key: &str| if name.is_empty() { key.to_string() } else { format!("{name} {key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flat(&below(key), value, into)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| flat(&below(&i.to_string()), value, into)),
        Value::Number(number) => drop(into.insert(name.to_string(), number.to_string())),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_part_at_their_first_bit() {
        let event = |accuracy: f64, high: f64, secs: f64| {
            let text = format!(
                r#"{{"event": "evaluated", "examples": 30, "scores": {{"accuracy": {accuracy}}}, "intervals": {{"accuracy": [0.5, {high}]}},
                   "baseline": null, "loss": 0.25, "secs": {secs}}}"#
            );
            serde_json::from_str::<Event>(&text).expect("an event")
        };
        let recorded = event(0.9, 0.95, 1.0);
        assert!(matches!(compared(&recorded, &event(0.9, 0.95, 2.0), 7), Rescored::Same(5)));
        let Rescored::Apart(parting) = compared(&event(0.91, 0.95, 1.0), &recorded, 7) else { panic!("not the same") };
        assert_eq!((parting.step, parting.a.as_str(), parting.b.as_str()), (7, "scores accuracy 0.91", "scores accuracy 0.9"));
        assert!(matches!(compared(&recorded, &event(0.9, 0.950_000_000_000_000_1, 1.0), 7), Rescored::Apart(_)));
    }
}
