//! Whether a model was trained on what it is asked to be scored on, by the manifest that lies beside it.

use crate::data::sha256_of_file;
use crate::plan::{ModelFacts, SplitFacts};
use crate::provenance::Manifest;
use crate::store::MANIFEST;
use std::collections::BTreeSet;

/// A warning where the split has the name of the one that the model learnt from, and a file of the same bytes; none where it has not, or
/// where nobody wrote down what the model learnt from.
pub(super) fn in_training(model: &ModelFacts, split: &SplitFacts) -> Option<String> {
    let weights = model.adapter.as_ref().map(|adapter| &adapter.weights).or(model.weights.as_ref())?;
    // What somebody else wrote is no reason to fail.
    let manifest: Manifest = serde_json::from_slice(&std::fs::read(weights.with_file_name(MANIFEST)).ok()?).ok()?;
    let is = |key: &str| manifest.settings.get(key).and_then(|name| name.as_str()) == Some(&split.name);
    let how = match (is("data.train"), is("data.monitor.name")) {
        (true, _) => "trained on",
        (false, true) => "watched on while it was trained",
        (false, false) => return None,
    };
    let hashes: BTreeSet<&str> = manifest.data.sources.iter().map(|source| source.sha256.as_str()).collect();
    let is_one = split.files.iter().any(|file| sha256_of_file(file).is_ok_and(|hash| hashes.contains(hash.as_str())));
    is_one.then(|| {
        let split = &split.name;
        format!("data: the model was {how} this split `{split}`, or a part of it (`{MANIFEST}`): its score says little of new examples")
    })
}
