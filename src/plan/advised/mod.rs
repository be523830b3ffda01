//! The planner that asks a language model: the rules propose, the model may change what nobody fixed, and everything that it changes
//! is checked like any experiment and told with its reason. An answer that fails is sent back with its problems, at most twice; then
//! the rules' own proposal is taken.

mod advice;
mod question;
mod settable;

pub use advice::{Ground, apply, name_of, schema};
pub(crate) use advice::{in_words, not_settable, reason_of, schema_of_one, without_nulls};
pub use question::wanted;
pub use settable::{Settable, said, searchable, settable};

use super::Plan;
use super::rules::{DEFAULT_SECS, TRAINING_SHARE};
use super::{DataChoice, Draft, Goal, HostFacts, Inspect, Offer, Planner, PlannerError, Revised, Wishes, secs_for};
use crate::llm::{Came, Error, LanguageModel, converse};
use crate::spec::ExperimentSpec;
use crate::words::duration;

/// Said with every answer that is sent back.
const NO_CHANGE: &str = "No change is a good answer: {\"changes\": {}}.";

/// Plans by rules, and asks a language model what it would do otherwise.
pub struct AdvisedPlanner<'a> {
    rules: &'a dyn Planner,
    adviser: &'a dyn LanguageModel,
}

impl<'a> AdvisedPlanner<'a> {
    pub fn new(rules: &'a dyn Planner, adviser: &'a dyn LanguageModel) -> Self {
        AdvisedPlanner { rules, adviser }
    }
}

impl Planner for AdvisedPlanner<'_> {
    fn data(&self, goal: &Goal, wishes: &Wishes) -> Result<Vec<DataChoice>, PlannerError> {
        self.rules.data(goal, wishes)
    }

    fn data_of_script(&self, goal: &Goal, wishes: &Wishes) -> Result<Vec<DataChoice>, PlannerError> {
        self.rules.data_of_script(goal, wishes)
    }

    fn experiments(
        &self,
        goal: &Goal,
        wishes: &Wishes,
        choice: &DataChoice,
        offer: &Offer<'_>,
    ) -> Result<Vec<ExperimentSpec>, PlannerError> {
        self.rules.experiments(goal, wishes, choice, offer)
    }

    fn revise(
        &self,
        (goal, wishes): (&Goal, &Wishes),
        choice: &DataChoice,
        offer: &Offer<'_>,
        draft: Draft,
        inspect: Inspect<'_>,
    ) -> Result<Revised, Error> {
        let adviser = self.adviser.name();
        let models: Vec<String> = draft.models();
        let (settables, fixed) = settable(goal, wishes, &draft.spec, models.len());
        if settables.is_empty() {
            let note = format!("{adviser} was not asked: all that it may set is fixed");
            return Ok(Revised { spec: draft.spec, notes: vec![note] });
        }
        let schema = schema(&settables, &models);
        let ask = question::question(goal, choice, offer, &draft, &models, (&settables, &fixed), schema);
        let ground = Ground { draft: &draft.spec, others: &draft.others, settables: &settables, adviser: &adviser };
        let proposed = converse(self.adviser, ask, NO_CHANGE, false, |answer| {
            let spec = apply(answer, &ground)?;
            if spec == draft.spec {
                return Ok(spec);
            }
            match inspect(&spec) {
                problems if problems.is_empty() => Ok(spec),
                problems => Err(problems),
            }
        })?;
        let notes = proposed.notes;
        Ok(match proposed.came {
            Came::Answer(mut spec) => {
                if spec == draft.spec {
                    spec.assumptions.push(format!("planner: the language model {adviser} was asked and proposes no change"));
                }
                Revised { spec, notes }
            }
            // The rules do without.
            Came::NotAsked(why) => by_rules(draft.spec, notes, &format!("{adviser} was not asked: {why}")),
            Came::Useless { attempts, last } => {
                let why = format!(
                    "the language model {adviser} gave no answer that can be used in {attempts} attempts (the last: {last})"
                );
                by_rules(draft.spec, notes, &why)
            }
        })
    }
}

/// Whether a proposal trains for longer than the limit leaves it, and longer than what it stands in place of.
pub fn too_long(plan: &Plan, before: &Plan) -> Option<String> {
    let secs = |plan: &Plan| plan.estimate.train_secs * plan.runs.len() as f64;
    let limit = plan.spec.budget.max_time_secs.unwrap_or(DEFAULT_SECS) as f64;
    let limit = affordable_secs(&plan.spec, &plan.facts.host).map_or(limit, |secs| secs.min(limit));
    let (now, room) = (secs(plan), (limit * TRAINING_SHARE).max(secs(before)));
    (now > room)
        .then(|| format!("training would take about {}, and may take {}: shorten `recipe.length`", duration(now), duration(room)))
}

/// What may be spent buys so much of this machine's time, where an hour of it has a price.
fn affordable_secs(spec: &ExperimentSpec, host: &HostFacts) -> Option<f64> {
    secs_for(spec.budget.max_usd?, host.usd_per_hour?)
}

fn by_rules(mut spec: ExperimentSpec, mut notes: Vec<String>, why: &str) -> Revised {
    let why = crate::words::clean(why);
    notes.push(format!("{why}; the rules' proposal is taken"));
    spec.assumptions.push(format!("planner: the rules' proposal ({why})"));
    Revised { spec, notes }
}
