//! What a plan tells beside its runs: what was assumed, what they take, and where they differ from what was stated.

use crate::data::UNEVEN;
use crate::plan::idle::idle;
use crate::plan::{Facts, PARTIAL, Plan, usd_of};
use crate::spec::{Deviation, ExperimentSpec, Length, Metric, Monitor, Task};
use crate::words;

impl Plan {
    /// What whoever runs it would rather know before than after: how long it takes here, and what is without effect.
    pub fn forewarned(&self) -> Vec<String> {
        let needed = self.estimate.train_secs * self.runs.len() as f64;
        let steps = self.runs.first().map_or(0, |run| run.total_steps);
        let runs = match self.runs.len() {
            1 => String::new(),
            count => format!("{count} runs of "),
        };
        let takes = format!("training: {runs}{} steps, about {} here", words::count(steps as f64), words::duration(needed));
        std::iter::once(takes)
            .chain(of_time(&self.spec, needed))
            .chain(of_memory(&self.spec, self.estimate.peak_memory_bytes))
            .chain(of_money(&self.spec, &self.facts))
            .chain(idle(&self.spec, &self.facts, steps))
            .collect()
    }
}

/// How long an epoch of a stream of words is taken to be.
pub(super) fn of_length(spec: &ExperimentSpec, tokens: Option<u64>, piece: usize) -> Option<String> {
    let (Some(tokens), Length::Epochs(_)) = (tokens, spec.recipe.length) else { return None };
    let (tokens, piece) = (words::count(tokens as f64), words::count(piece as f64));
    Some(format!("recipe.length: an epoch is taken for {tokens} tokens, in pieces of {piece} (an estimate)"))
}

/// That training takes longer than it may.
pub(super) fn of_time(spec: &ExperimentSpec, needed: f64) -> Option<String> {
    let limit = spec.budget.max_time_secs.map(|secs| secs as f64).filter(|limit| needed > *limit)?;
    let (needed, limit) = (words::duration(needed), words::duration(limit));
    Some(format!("time: training takes about {needed} here, longer than the limit of {limit}"))
}

/// That training is reckoned to take more memory than it may.
pub(super) fn of_memory(spec: &ExperimentSpec, needed: u64) -> Option<String> {
    let limit = spec.budget.max_memory_bytes.filter(|limit| needed > *limit)?;
    let (needed, limit) = (words::bytes(needed as f64), words::bytes(limit as f64));
    Some(format!(
        "memory: training takes about {needed} here, more than the limit of {limit}: at the limit it is tried again in smaller parts of the same \
         steps, up to the attempts there are; gradient checkpointing, shorter texts or a smaller model take less from the start"
    ))
}

/// What so many seconds of training cost here, where somebody said what an hour does.
pub(super) fn cost(spec: &ExperimentSpec, facts: &Facts, secs: f64) -> Option<String> {
    let usd_per_hour = facts.host.usd_per_hour?;
    let usd = usd_of(secs, usd_per_hour);
    let over = match spec.budget.max_usd {
        Some(max) if usd > max => format!(", more than the {} that may be spent", words::dollars(max)),
        _ => String::new(),
    };
    Some(format!(
        "cost: training takes about {} of this machine{over} ({} at {} an hour, as `prices.toml` has it)",
        words::dollars(usd),
        words::duration(secs),
        words::dollars(usd_per_hour)
    ))
}

/// That a limit in dollars cannot be held for this machine's time.
pub(super) fn of_money(spec: &ExperimentSpec, facts: &Facts) -> Option<String> {
    unpriced(spec.budget.max_usd, facts.host.usd_per_hour)
}

/// The same of a limit and of what somebody said that an hour costs.
pub fn unpriced(max_usd: Option<f64>, usd_per_hour: Option<f64>) -> Option<String> {
    let max = max_usd.filter(|_| usd_per_hour.is_none()).map(words::dollars)?;
    Some(format!(
        "cost: the limit of {max} cannot be held for the time of this machine, for no `prices.toml` says what an hour of it costs; it \
         holds for a language model alone"
    ))
}

/// That a split is a part of one, where it is.
pub(super) fn of_parts(spec: &ExperimentSpec) -> Vec<String> {
    let watched = match &spec.data.monitor {
        Monitor::Split { name } => Some(name),
        Monitor::None | Monitor::HoldOut { .. } => None,
    };
    let used = [("data.train", Some(&spec.data.train)), ("data.held_out", Some(&spec.data.held_out)), ("data.monitor", watched)];
    let told = |(field, name): (&str, Option<&String>)| {
        let name = name.filter(|name| name.starts_with(PARTIAL))?;
        Some(format!("{field}: `{name}` is the first part of a split: the Hub converts no more of a large one"))
    };
    used.into_iter().filter_map(told).collect()
}

/// Which text is taken for the source, where nobody said so.
pub(super) fn assumed_pair(spec: &ExperimentSpec, facts: &Facts) -> Option<String> {
    let (source, target) = (facts.data.columns.input.first()?, facts.data.columns.label.as_ref()?);
    let open = spec.task == Task::TextToText && (spec.data.columns.input.is_empty() || spec.data.columns.label.is_none());
    open.then(|| format!("data.columns: `{target}` is written from `{source}` (their names say so; `data.columns.input` and `data.columns.label` turn it round)"))
}

/// Begins what a planner says of examples that are watched because the request asks for it.
pub(in crate::plan) const WATCHED_AS_ASKED: &str = "data.monitor: as was asked for, ";

/// That measures over all rows hardly show a rare class, where one of these was taken.
pub(super) fn of_rare_classes(spec: &ExperimentSpec, facts: &Facts) -> Option<String> {
    let is_uneven = facts.data.all_notes().any(|note| note.starts_with(UNEVEN));
    let counts_rows = matches!(spec.metric, Metric::Accuracy | Metric::MicroF1);
    let name = spec.metric.in_words();
    (is_uneven && counts_rows)
        .then(|| format!("metric: {name} counts each row alike; the macro F1 counts each class alike, the rare one too"))
}

/// Watching takes this share of the training examples at most before it is a matter of other data.
const SMALL_SHARE: f64 = 0.05;

/// Those of the spec, and what follows from how the data is split. What somebody asks for, and no paper says otherwise, is none.
pub(super) fn deviations(spec: &ExperimentSpec, there: usize, kept_out: usize) -> Vec<Deviation> {
    let mut deviations = spec.deviations.clone();
    let mut fewer = |field: &str, from: usize, to: usize, reason: String| {
        // A planner may have said it, with its own reason.
        if to < from && !deviations.iter().any(|d| d.field == field) {
            let (stated, used) = (format!("{} training examples", words::count(from as f64)), words::count(to as f64));
            deviations.push(Deviation { field: field.into(), stated, used, reason });
        }
    };
    let left = there - kept_out;
    let field = if kept_out as f64 <= SMALL_SHARE * there as f64 { "data.monitor" } else { "data.train" };
    // Whoever asks for fewer than are left misses none of those that are kept out, nor who asks for these to be.
    let is_asked = spec.claim.is_none() && spec.assumptions.iter().any(|line| line.starts_with(WATCHED_AS_ASKED));
    if !is_asked && spec.data.max_train_examples.is_none_or(|most| most > left) {
        fewer(field, there, left, format!("{kept_out} are kept out to watch training"));
    }
    if spec.claim.is_some() {
        let taken = left.min(spec.data.max_train_examples.unwrap_or(usize::MAX));
        fewer("data.max_train_examples", left, taken, "the experiment takes a part of them".into());
    }
    deviations
}
