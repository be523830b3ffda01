//! A run that ended early, and what the user can do about it.

use super::CliError;
use crate::error::{Class, Error};
use crate::run::{Budget, Outcome, class_of};
use crate::store::{Decided, Record, RunFolder};
use crate::{script, words};

/// A run that ended early, as an error; `folder`: its own, where `resume` can go on.
pub(in crate::cli) fn unfinished(run: String, outcome: &Outcome, folder: Option<&RunFolder>) -> Error {
    let class = class_of(outcome).unwrap_or(Class::Bug);
    let (words, hint) = match outcome {
        Outcome::Refused { message, hint, .. } => (message.clone(), hint.clone()),
        Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } => {
            (outcome.to_string(), folder.map(|folder| next_step(outcome, folder)))
        }
        other => {
            let gave_up = folder.and_then(|folder| gave_up(&run, folder)).map(|reason| format!("; {reason}")).unwrap_or_default();
            (format!("{other}{gave_up}"), folder.map(|folder| next_step(outcome, folder)))
        }
    };
    CliError::Unfinished { run, outcome: words, class, hint }.into()
}

/// A script's run that ended early, as an error: its class and its next steps are other ones.
pub(in crate::cli) fn unfinished_script(outcome: &Outcome, reason: &str, folder: &RunFolder) -> Error {
    let class = script::outcome::class(outcome).unwrap_or(Class::Bug);
    let (words, hint) = match outcome {
        Outcome::Refused { message, hint, .. } => (message.clone(), hint.clone()),
        Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } | Outcome::TimedOut { .. } => {
            (outcome.to_string(), Some(next_step(outcome, folder)))
        }
        other => (format!("{other}; {reason}"), Some(next_step(outcome, folder))),
    };
    CliError::Unfinished { run: script::RUN.into(), outcome: words, class, hint }.into()
}

/// What the user can do about a run that ended so.
fn next_step(outcome: &Outcome, folder: &RunFolder) -> String {
    let resume = format!("tallow resume {}", words::shell(folder.root()));
    let twice = |limit: u64| words::size_option(limit.saturating_mul(2));
    let is_script = folder.script_spec().is_file();
    let from = match is_script {
        true => "the last checkpoint that the script named, or begins anew",
        false => "the last checkpoint",
    };
    match outcome {
        Outcome::BudgetSpent { budget: Budget::Time, .. } | Outcome::TimedOut { .. } => {
            format!("`{resume} --max-time 1h` gives it an hour in all")
        }
        Outcome::BudgetSpent { budget: Budget::Money, .. } => format!("`{resume} --max-usd 10` lets it spend more"),
        Outcome::BudgetSpent { budget: Budget::Attempts, .. } => {
            format!(
                "`{resume} --max-attempts 5` lets recovery try more; `review.md` beside the attempts says what there is to decide"
            )
        }
        Outcome::BudgetSpent { budget: Budget::LanguageModel, .. } => {
            format!("`{resume} --max-tokens 100000` (or `--max-usd`) lets the language model go on")
        }
        Outcome::BudgetSpent { budget: Budget::Disk, .. } => format!("`{resume} --max-disk 50GB` lets it write more"),
        Outcome::OutOfMemory { gpu: Some(_), .. } => "take a smaller model or shorter texts, or a GPU with more memory".into(),
        Outcome::OutOfMemory { gpu: None, limit_bytes, .. } if is_script => {
            let more =
                limit_bytes.map_or(String::new(), |limit| format!(", or give it more (`{resume} --memory {}`)", twice(limit)));
            format!("free some memory{more}; batches from `tallow.batch` are made smaller by themselves")
        }
        Outcome::OutOfMemory { gpu: None, limit_bytes: Some(limit), .. } => format!(
            "free some memory or raise `budget.max_memory_bytes` (`{resume} --memory {}`); or take a smaller model or shorter texts",
            twice(*limit)
        ),
        Outcome::OutOfMemory { gpu: None, limit_bytes: None, .. } => {
            format!("free some memory, then `{resume}`; or take a smaller model or shorter texts")
        }
        Outcome::Diverged { .. } => {
            format!("`review.md` beside the attempts says what was tried and what there is to decide; `{resume}` tries once more")
        }
        Outcome::Stalled { .. } if is_script => {
            format!("`{resume} --max-silence 1h` lets it be silent for an hour; an event or a line of its log is a sign of life")
        }
        Outcome::Stalled { .. } => format!("`{resume} --max-silence 1h` tries again, and lets a worker be silent for an hour"),
        Outcome::Crashed { .. } | Outcome::Killed { .. } => {
            format!("`{resume}` goes on from {from}; `stderr.log` of the attempt may say more")
        }
        _ => format!("`{resume}` goes on from {from}"),
    }
}

/// Why nothing more was tried, as the ledger has it.
fn gave_up(run: &str, folder: &RunFolder) -> Option<String> {
    folder.ledger().read().ok()?.into_iter().rev().find_map(|entry| match entry.record {
        Record::Recovery { run: of, decision: Decided::GiveUp, reason, .. } if of == run => Some(reason),
        _ => None,
    })
}
