//! The planner by rules: always there, needs no network and no language model.
//!
//! For a paper it takes the recipe that the paper states for one of its own data sets, finds a model that the budget allows, and says
//! everything that differs. For a request it does what was asked and fills the rest from [`defaults`].

mod adapter;
mod around;
mod asked;
mod at_hand;
mod brief;
mod candidates;
mod columns;
mod data;
mod defaults;
mod fit;
mod followed;
mod frozen;
mod held_out;
mod images;
mod loose;
mod measures;
mod models;
mod of_paper;
mod paper;
mod parted;
mod prepared;
mod propose;
mod say;
mod schedule;
mod sections;
mod silent;
mod unread;
mod usual_rate;
mod weights;
mod zoo;

pub(super) use brief::{DEFAULT_SECS, TRAINING_SHARE};
pub use loose::Loose;
pub use silent::{Silent, silences};
pub use usual_rate::usual_rate;
pub use zoo::{Shape, shapes};

use super::{DataChoice, Goal, Offer, Planner, PlannerError, Wishes};
use crate::spec::ExperimentSpec;

/// Plans by rules.
#[derive(Debug, Clone, Copy, Default)]
pub struct RulePlanner;

impl Planner for RulePlanner {
    fn data(&self, goal: &Goal, wishes: &Wishes) -> Result<Vec<DataChoice>, PlannerError> {
        data::choices(goal, wishes, data::For::Zoo)
    }

    fn data_of_script(&self, goal: &Goal, wishes: &Wishes) -> Result<Vec<DataChoice>, PlannerError> {
        data::choices(goal, wishes, data::For::Script)
    }

    fn experiments(
        &self,
        goal: &Goal,
        wishes: &Wishes,
        choice: &DataChoice,
        offer: &Offer<'_>,
    ) -> Result<Vec<ExperimentSpec>, PlannerError> {
        propose::experiments(goal, wishes, choice, offer)
    }
}
