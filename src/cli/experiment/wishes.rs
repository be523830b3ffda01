//! What the flags say, for an experiment file and for a planner.

use crate::cli::args::{BudgetArgs, Wishes};
use crate::intake::{DataName, Lying, ModelName};
use crate::plan;
use std::path::Path;

/// What the flags say, as keys of the experiment file.
pub(super) fn overrides(wishes: &Wishes) -> Vec<(String, String)> {
    let mut set = Vec::new();
    let mut put = |key: &str, value: Option<String>| set.extend(value.map(|value| (key.to_string(), value)));
    put("budget.max_time_secs", wishes.max_time.map(|time| time.as_secs().to_string()));
    put("search.max_trials", wishes.improve.map(|trials| trials.to_string()));
    put("recipe.length", wishes.epochs.map(|epochs| format!("{{ epochs = {epochs:?} }}")));
    put("data.max_train_examples", wishes.max_examples.map(|n| n.to_string()));
    put("seeds", (!wishes.seeds.is_empty()).then(|| format!("{:?}", wishes.seeds)));
    set.extend(budget(&wishes.budget));
    set.extend(wishes.set.iter().cloned());
    set
}

/// The keys that flags set, which a search leaves as they are; none where a flag says that it leaves none, so that its list `is_open`.
pub(super) fn fixed(wishes: &Wishes, is_open: bool) -> impl Iterator<Item = &str> {
    let says_so = is_open && wishes.set.iter().any(|(key, _)| key == "search.fixed");
    let set = wishes.set.iter().map(|(key, _)| key.as_str()).chain(wishes.epochs.map(|_| "recipe.length"));
    set.filter(move |_| !says_so)
}

/// What the flags say of budgets, as keys of the experiment file.
fn budget(args: &BudgetArgs) -> Vec<(String, String)> {
    let BudgetArgs { memory, max_disk, max_attempts, max_silence, max_tokens, max_usd, allow_scope_change, accept_license } =
        args;
    let flags = [
        ("budget.max_memory_bytes", memory.map(|bytes| bytes.to_string())),
        ("budget.max_disk_bytes", max_disk.map(|bytes| bytes.to_string())),
        ("budget.max_attempts", max_attempts.map(|attempts| attempts.to_string())),
        ("budget.max_silence_secs", max_silence.map(|time| time.as_secs().to_string())),
        ("budget.max_tokens", max_tokens.map(|tokens| tokens.to_string())),
        ("budget.max_usd", max_usd.map(|usd| format!("{usd:?}"))),
        ("budget.allow_scope_change", allow_scope_change.then(|| "true".into())),
        ("budget.accept_licenses", (!accept_license.is_empty()).then(|| format!("{accept_license:?}"))),
    ];
    flags.into_iter().filter_map(|(key, value)| Some((key.to_string(), value?))).collect()
}

/// What the flags say, for a planner.
pub(in crate::cli) fn planner_wishes(wishes: &Wishes) -> plan::Wishes {
    plan::Wishes {
        data: wishes.data.as_deref().map(|name| DataName::parse(name, lying)),
        model: wishes.model.as_deref().map(|name| ModelName::parse(name, lying)),
        max_time_secs: wishes.max_time.map(|time| time.as_secs()),
        affordable_secs: None,
        trials: wishes.improve.map(usize::from),
        epochs: wishes.epochs,
        max_examples: wishes.max_examples,
        seeds: wishes.seeds.clone(),
        set: budget(&wishes.budget).into_iter().chain(wishes.set.iter().cloned()).collect(),
        llm: wishes.llm.llm.clone(),
        llm_replay: wishes.llm.llm_replay.as_deref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.into())),
    }
}

/// What is at a path: a folder that holds a model, or data.
pub(in crate::cli) fn lying(path: &str) -> Option<Lying> {
    let path = Path::new(path);
    let is_model = ["config.json", "model.safetensors", "adapter_config.json"].iter().any(|file| path.join(file).is_file());
    // All that there is on a disk is neither.
    (path.exists() && !crate::data::holds_everything(path)).then_some(if is_model { Lying::Model } else { Lying::Data })
}
