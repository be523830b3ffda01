//! What preferences are measured against: the model that training began with.
//!
//! Its log-probabilities are made once, before the first step. With an adapter whose additions are still zero that is the base, and
//! without one the pretrained model: so no second copy of the weights is ever in memory.

use super::Error;
use super::collate::collate;
use super::objective::{Pairs, Wanted};
use crate::data::{Prepared, PreparedTargets};
use crate::spec::Preference;
use std::collections::BTreeMap;
use tallow_kernels::Tape;
use tallow_zoo::Model;

/// Of each example of a file by how much the better answer is likelier than the other, in logarithms.
pub(super) struct Reference {
    preference: Preference,
    ratios: BTreeMap<usize, f64>,
}

impl Reference {
    /// By `model`; none where the examples are no pairs. `told` hears how many are done.
    ///
    /// # Errors
    /// The model cannot take an example, or its scores are not finite.
    pub(super) fn of(
        model: &dyn Model,
        data: &Prepared,
        examples: &[usize],
        preference: Option<Preference>,
        batch_size: usize,
        told: &mut dyn FnMut(usize),
    ) -> Result<Option<Self>, Error> {
        if !matches!(data.targets(), PreparedTargets::Preferences { .. }) {
            return Ok(None);
        }
        let mut order = examples.to_vec();
        order.sort_by_key(|&i| (data.example_len(i), i));
        let mut ratios = BTreeMap::new();
        for (number, chosen) in order.chunks(batch_size.max(1)).enumerate() {
            told(number * batch_size);
            data.give_back();
            let batch = collate(data, chosen, None, None)?;
            let Wanted::Preferences(pairs) = &batch.wanted else { continue };
            let tape = Tape::inference();
            let found = pairs.ratios(&tape, &model.forward(&tape, &batch.input)?)?;
            for (&example, ratio) in chosen.iter().zip(found) {
                if !ratio.is_finite() {
                    return Err(Error::NotFinite { example });
                }
                ratios.insert(example, ratio);
            }
        }
        Ok(Some(Reference { preference: preference.unwrap_or_default(), ratios }))
    }

    /// Tells a batch of these examples what it is measured against.
    pub(super) fn tell(&self, wanted: &mut Wanted, examples: &[usize]) {
        if let Wanted::Preferences(pairs) = wanted {
            pairs.preference = self.preference;
            pairs.reference = examples.iter().map(|example| self.ratio(*example)).collect();
        }
    }

    /// The margin of an example whose answers differ by `ratio` now, and what is lost by it.
    pub(super) fn margin(&self, example: usize, ratio: f64) -> (f64, f64) {
        let margin = self.preference.beta * (ratio - self.ratio(example));
        (margin, Pairs::lost(self.preference, margin))
    }

    fn ratio(&self, example: usize) -> f64 {
        self.ratios.get(&example).copied().unwrap_or_default()
    }
}
