//! Whether further recipes are tried before the verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A search for a better recipe, by what is watched (`data.monitor`) alone. The held-out split plays no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Recipes that are tried at most, the experiment's own included.
    #[serde(default = "eight")]
    #[schemars(extend("minimum" = 2, "maximum" = 1000))]
    pub max_trials: usize,
    /// So many on end that are no better end it.
    #[serde(default = "four")]
    #[schemars(extend("minimum" = 1, "maximum" = 1000))]
    pub patience: usize,
}

fn eight() -> usize {
    8
}
fn four() -> usize {
    4
}

impl Default for Search {
    fn default() -> Self {
        Search { max_trials: eight(), patience: four() }
    }
}

/// Trials that a limit on the time leaves room for at least, where as many were asked for.
const ROOM_FOR: usize = 6;

impl Search {
    /// What the first recipe may take of a limit on everything, with all seeds, so that the search has room, too.
    pub fn first_secs(&self, limit_secs: u64, seeds: usize) -> u64 {
        let roomy = Search { max_trials: self.max_trials.min(ROOM_FOR), ..*self };
        (limit_secs * seeds as u64 / roomy.trainings(seeds).max(1) as u64).max(1)
    }

    /// Trainings of one length that a search and what follows it take at most: the trials, then the recipe that was found with every
    /// seed, and the first with those that its trial had not.
    pub fn trainings(&self, seeds: usize) -> usize {
        (self.max_trials + 2 * seeds).saturating_sub(1)
    }
}
