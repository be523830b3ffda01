//! What a model learnt from, by the manifest that lies beside it: its columns, and whether it is to be scored on just that.

use crate::data::sha256_of_place;
use crate::plan::{ModelFacts, SplitFacts};
use crate::provenance::Manifest;
use crate::spec::Columns;
use crate::store::MANIFEST;
use std::collections::BTreeSet;

/// The columns that a model was told to learn from; none where nobody wrote them down, or they were found.
pub(super) fn columns(model: &ModelFacts) -> Option<Columns> {
    let settings = manifest_beside(model)?.settings;
    let input = settings.get("data.columns.input")?.as_array()?;
    let input: Vec<String> = input.iter().filter_map(|name| Some(name.as_str()?.to_string())).collect();
    let label = settings.get("data.columns.label").and_then(|name| Some(name.as_str()?.to_string()));
    (!input.is_empty()).then(|| Columns { input, label, ..Columns::default() })
}

/// What stands beside its weights of how it came about. What somebody else wrote is no reason to fail.
fn manifest_beside(model: &ModelFacts) -> Option<Manifest> {
    let weights = model.adapter.as_ref().map(|adapter| &adapter.weights).or(model.weights.as_ref())?;
    serde_json::from_slice(&std::fs::read(weights.with_file_name(MANIFEST)).ok()?).ok()
}

/// A warning where the split has the name of the one that the model learnt from, and a file, or a folder, of the same bytes; none where it
/// has not, or where nobody wrote down what the model learnt from.
pub(super) fn in_training(model: &ModelFacts, split: &SplitFacts) -> Option<String> {
    let manifest = manifest_beside(model)?;
    let is = |key: &str| manifest.settings.get(key).and_then(|name| name.as_str()) == Some(&split.name);
    let how = match (is("data.train"), is("data.monitor.name")) {
        (true, _) => "trained on",
        (false, true) => "watched on while it was trained",
        (false, false) => return None,
    };
    let hashes: BTreeSet<&str> = manifest.data.sources.iter().map(|source| source.sha256.as_str()).collect();
    let is_one = split.files.iter().any(|file| sha256_of_place(file).is_ok_and(|hash| hashes.contains(hash.as_str())));
    is_one.then(|| {
        let split = &split.name;
        format!("data: the model was {how} this split `{split}`, or a part of it (`{MANIFEST}`): its score says little of new examples")
    })
}
