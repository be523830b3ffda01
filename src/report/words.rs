//! What ledger rows are, in words.

use crate::store::Record;
use crate::words::clean;

/// What a ledger row is, in a few words.
pub(super) fn record(record: &Record) -> String {
    match record {
        Record::Created { version, .. } => format!("run folder made by Tallow {version}"),
        Record::Stage { stage, file, .. } => format!("stage `{stage}` wrote `{file}`"),
        Record::AttemptStarted { run, attempt, job } => format!("{run}, attempt {attempt}: {job} started"),
        Record::AttemptEnded { run, attempt, .. } => format!("{run}, attempt {attempt}: ended"),
        Record::CutOff { run, attempt, .. } => format!("{run}, attempt {attempt}: its last sign of life"),
        Record::Told { run, attempt, told } => format!("{run}, attempt {attempt}: event `{}`", event_name(told)),
        Record::Script { attempt, .. } => format!("script, attempt {attempt}: told by the script"),
        Record::Written { attempt, by, .. } => format!("script, attempt {attempt}: written by {}", clean(by)),
        Record::Recovery { run, attempt, .. } => format!("{run}, attempt {attempt}: recovery"),
        Record::Sourced { run, .. } => format!("{run}: files that it was made from"),
        Record::Surroundings(found) => format!("trained by Tallow {} on {}", found.version, found.processor),
        Record::Checked { run, .. } => format!("{run}: what was expected of it and what it took"),
        Record::Tried(trial) => format!("search: trial {}", trial.number),
        Record::Verified(found) => format!("repeated: {}", if found.is_identical() { "identical" } else { "not the same" }),
        Record::Reserved { .. } => "set aside for a question to a language model".into(),
        Record::Settled { model, .. } => format!("a question to {}", clean(model)),
        Record::Measured { what, .. } => format!("measured: {what}"),
    }
}

/// The name that the ledger itself gives it.
fn event_name(event: &crate::job::Event) -> String {
    let written = serde_json::to_value(event).unwrap_or_default();
    written["event"].as_str().unwrap_or_default().to_owned()
}
