//! What came of repeating a run.

use super::difference::differing_surroundings;
use super::{Difference, Parting, Quantity, Surroundings};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run that was held against its records, and repeated where those hold together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Files and settings that are not what was recorded, first things first; then nothing was repeated, unless it is the report alone.
    pub changed: Vec<Difference>,
    pub replayed: Vec<Replayed>,
    /// Files that were held against their recorded hash.
    pub files_checked: Vec<String>,
    /// Files that are no longer there, and are not needed to repeat it.
    pub files_gone: Vec<String>,
    /// Files of the model that were recorded and are no longer there: nothing else needs them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub model_gone: Vec<String>,
    /// What differs between the program and machine that trained and those that repeated it.
    pub surroundings: Vec<Difference>,
}

/// One run, repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    pub run: String,
    /// Steps that were repeated, of those that it has.
    pub steps: u64,
    pub total_steps: u64,
    pub threads_recorded: usize,
    pub threads_repeated: usize,
    /// How many values of each kind were compared, bit for bit.
    pub compared: BTreeMap<Quantity, usize>,
    /// `a` was recorded, `b` repeated.
    pub parting: Option<Parting>,
}

impl Verification {
    pub fn is_identical(&self) -> bool {
        self.changed.is_empty() && self.replayed.iter().all(|run| run.parting.is_none())
    }

    /// The first difference, in words.
    pub fn first_difference(&self) -> Option<String> {
        if let Some(changed) = self.changed.first() {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".into());
            let (input, key) = (changed.input.in_words(), &changed.key);
            return Some(format!("{input}, `{key}`: recorded {}, found {}", value(&changed.a), value(&changed.b)));
        }
        self.replayed.iter().find_map(|run| {
            let parting = run.parting.as_ref()?;
            let (step, quantity) = (parting.step, parting.quantity.in_words());
            Some(format!("{}, step {step}, {quantity}: recorded {}, repeated {}", run.run, parting.a, parting.b))
        })
    }
}

/// What differs between two programs and machines.
pub fn surroundings_apart(recorded: Option<&Surroundings>, now: &Surroundings) -> Vec<Difference> {
    // A run of before they were recorded says nothing.
    recorded.map_or_else(Vec::new, |recorded| differing_surroundings(Some(recorded), Some(now)))
}
