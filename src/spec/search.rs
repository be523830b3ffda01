//! Whether further recipes are tried before the verdict.

use super::{ExperimentSpec, schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A search for a better recipe, by what is watched (`data.monitor`) alone. The held-out split plays no part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Recipes that are tried at most, the experiment's own included.
    #[serde(default = "max_trials")]
    #[schemars(extend("minimum" = 2, "maximum" = 1000))]
    pub max_trials: usize,
    /// So many on end that are no better end it.
    #[serde(default = "patience")]
    #[schemars(extend("minimum" = 1, "maximum" = 1000))]
    pub patience: usize,
    /// Keys that somebody decided: no recipe that is tried has another value there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<String>,
}

fn max_trials() -> usize {
    8
}
fn patience() -> usize {
    4
}

impl Default for Search {
    fn default() -> Self {
        Search { max_trials: max_trials(), patience: patience(), fixed: vec![] }
    }
}

/// Trials that a limit on the time leaves room for at least, where as many were asked for.
const ROOM_FOR: usize = 6;

impl Search {
    /// Whether a key is decided, by itself or with what it is a part of.
    pub fn fixes(&self, key: &str) -> bool {
        let holds = |whole: &str, part: &str| part == whole || part.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
        self.fixed.iter().any(|fixed| holds(fixed, key) || holds(key, fixed))
    }

    /// Leaves a key as it is that somebody set; nothing changes where no trial could have another value there.
    pub fn fix(&mut self, key: &str) {
        if Search::could_try(key) && !self.fixed.iter().any(|known| known == key) {
            self.fixed.push(key.into());
        }
    }

    fn could_try(key: &str) -> bool {
        let is_of_recipe = ["recipe", "adapter"].contains(&key.split('.').next().unwrap_or_default());
        is_of_recipe && schema::has(&schemars::schema_for!(ExperimentSpec).to_value(), key)
    }

    /// What the first recipe may take of a limit on everything, with all seeds, so that the search has room, too.
    pub fn first_secs(&self, limit_secs: u64, seeds: usize) -> u64 {
        (limit_secs * seeds as u64 / self.room_for(seeds) as u64).max(1)
    }

    /// The limit on everything of which the first recipe may take so much.
    pub fn whole_secs(&self, first_secs: f64, seeds: usize) -> f64 {
        first_secs * self.room_for(seeds) as f64 / seeds.max(1) as f64
    }

    /// Trainings that a limit on the time leaves room for.
    fn room_for(&self, seeds: usize) -> usize {
        let roomy = Search { max_trials: self.max_trials.min(ROOM_FOR), ..self.clone() };
        roomy.trainings(seeds).max(1)
    }

    /// Trainings of one length that a search and what follows it take at most: the trials, then the recipe that was found with every
    /// seed, and the first with those that its trial had not.
    pub fn trainings(&self, seeds: usize) -> usize {
        (self.max_trials + 2 * seeds).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_set_is_left_as_it_is() {
        let mut search = Search { fixed: vec!["recipe.lr".into()], ..Search::default() };
        for key in ["recipe.lr", "recipe.optimizer", "adapter.rank", "data.train", "seeds", "recipe.nothing", "recipe.optimizer"]
        {
            search.fix(key);
        }
        assert_eq!(search.fixed, ["recipe.lr", "recipe.optimizer", "adapter.rank"]);
        assert!(search.fixes("recipe.optimizer.weight_decay") && !search.fixes("recipe.length"));
    }
}
