//! What of an experiment does not fit what is there.

use super::{memory, micro_batch_size, target_len};
use crate::plan::{Facts, Share, SplitFacts};
use crate::spec::{AdapterSpec, ClassWeights, ExperimentSpec, Group, Metric, ModelSpec, Task};
use tallow_zoo::{HeadKind, ModelConfig};

/// The split of that name, labelled and not empty.
pub(super) fn split<'a>(facts: &'a Facts, name: &str, path: &str, problems: &mut Vec<String>) -> Option<&'a SplitFacts> {
    let found = facts.data.splits.iter().find(|split| split.name == name);
    match found {
        None => {
            let have: Vec<&str> = facts.data.splits.iter().map(|split| split.name.as_str()).collect();
            problems.push(format!("`{path}`: there is no split `{name}`; there are: {}", have.join(", ")));
        }
        Some(split) if split.examples == 0 => problems.push(format!("`{path}`: the split `{name}` is empty")),
        Some(split) if !split.labelled => {
            problems.push(format!("`{path}`: the split `{name}` has no labels (they are kept secret); take another split"));
        }
        Some(_) => {}
    }
    found
}

/// Each pattern meets a parameter that no group before it has, and something is left to train.
pub(super) fn groups(spec: &ExperimentSpec, model: &ModelConfig, problems: &mut Vec<String>) {
    let groups = &spec.recipe.groups;
    let adapter = spec.adapter.as_ref().map(AdapterSpec::adapter);
    // A configuration with mistakes is refused elsewhere.
    let Ok(names) = model.trainable_names(adapter.as_ref()) else { return };
    for (i, group) in groups.iter().enumerate() {
        if names.iter().any(|name| Group::of(groups, name) == Some(i)) {
            continue;
        }
        let found = match names.iter().find(|name| Group::of(&groups[i..=i], name).is_some()) {
            Some(name) => format!("all that it meets, such as `{name}`, belongs to a group before it"),
            None => format!("it meets no parameter; there are {}", some(&names)),
        };
        problems.push(format!("`recipe.groups[{i}].pattern`: `{}`: {found}", group.pattern));
    }
    if !groups.is_empty() && names.iter().all(|name| Group::freezes(groups, name)) {
        problems.push("`recipe.groups`: everything is frozen, and nothing is left to train".into());
    }
}

/// The first, the middle and the last few.
fn some(names: &[String]) -> String {
    let middle = names.len() / 2;
    let shown = |i: &usize| *i < 3 || (middle..middle + 3).contains(i) || *i + 3 >= names.len();
    let shown: Vec<String> = (0..names.len()).filter(shown).map(|i| format!("`{}`", names[i])).collect();
    format!("{} of {} names", shown.join(", "), names.len())
}

/// Classes that an experiment lists for a model from scratch are the data's, in their order: what is given for each class goes by it.
/// Names that only count say nothing.
pub(super) fn classes(spec: &ExperimentSpec, facts: &Facts, assumptions: &mut Vec<String>) -> Option<String> {
    let ModelSpec::Scratch { config, .. } = &spec.model else { return None };
    let (kind, listed, of_data) = (config.head().kind(), config.labels(), facts.data.labels.as_slice());
    let counts = |(at, name): (usize, &String)| *name == at.to_string() || *name == format!("LABEL_{at}");
    let says_nothing = listed.iter().enumerate().all(counts);
    // Of a single class, or of none, other refusals tell more.
    if of_data.len() < 2 || kind != spec.task.head() || listed == of_data || says_nothing {
        return None;
    }
    let field = format!("model.config.head.{}", kind.name());
    let is_of_data = listed.iter().all(|name| of_data.contains(name));
    // Nothing else goes by their order.
    let is_weighed = matches!(spec.recipe.class_weights, Some(ClassWeights::Given { .. }));
    let [listed_words, of_data_words] = [listed, of_data].map(few);
    if listed.len() == of_data.len() && !(is_of_data && is_weighed) {
        assumptions.push(format!("{field}: {of_data_words}, as the data has them, in this order, instead of {listed_words}"));
        return None;
    }
    Some(format!("`{field}`: expected {of_data_words} (the data's, in this order), found {listed_words}"))
}

/// The first names of a list.
fn few(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST { format!("{shown} ... ({} of them)", names.len()) } else { shown }
}

/// What the model, or the data's classes, cannot be trained with.
pub(super) fn unfit(spec: &ExperimentSpec, facts: &Facts, model: &ModelConfig) -> Vec<String> {
    let mut problems = Vec::new();
    let classes = facts.data.labels.len();
    if spec.metric == Metric::F1 && spec.task.head() == HeadKind::Classes && classes > 2 {
        problems.push(format!("`metric`: F1 is of one class of two, and there are {classes}; expected `macro_f1` or `micro_f1`"));
    }
    if spec.metric == Metric::Top5Accuracy && (1..=5).contains(&classes) {
        problems.push(format!("`metric`: of {classes} classes the right one is always among five; expected `accuracy`, say"));
    }
    if spec.recipe.gradient_checkpointing && !model.can_checkpoint() {
        let family = model.family();
        problems
            .push(format!("`recipe.gradient_checkpointing`: expected a model whose layers can be made again, found `{family}`"));
    }
    if let (Some(longest), Some((_, positions))) = (target_len(spec), model.text_limits())
        && longest > positions
        && matches!(spec.task, Task::TextToText | Task::SpeechRecognition)
    {
        problems.push(format!("`text_to_text.max_target_len`: the model has {positions} positions, found {longest}"));
    }
    if let Some(ClassWeights::Given { weights }) = &spec.recipe.class_weights
        && weights.len() != model.num_labels()
    {
        let (found, classes) = (weights.len(), model.num_labels());
        problems.push(format!("`recipe.class_weights.weights`: expected one for each of {classes} classes, found {found}"));
    }
    let fewest = model.fewest_examples();
    if micro_batch_size(spec) < fewest {
        problems
            .push(format!("`recipe.batch_size`: the model normalises over the examples of a pass: at least {fewest} of them"));
    }
    problems
}

/// Why the model cannot be trained in the memory that there is, however small the batch: weights, gradients and moments alone.
pub(super) fn too_large(spec: &ExperimentSpec, facts: &Facts, share: &Share) -> Option<String> {
    const MIB: f64 = (1 << 20) as f64;
    let (least, params) = (share.bytes(&spec.recipe), share.num_params);
    let (there, whose) = memory(spec, facts);
    (there > 0 && least > there as f64).then(|| {
        let (least, there) = (least / MIB, there as f64 / MIB);
        format!("`model`: the weights, gradients and moments of {params} parameters take {least:.0} MiB, {whose} {there:.0} MiB")
    })
}
