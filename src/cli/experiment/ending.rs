//! A run that ended early, and what the user can do about it.

use super::error::CliError;
use crate::error::{Class, Error};
use crate::pipeline::Unfinished;
use crate::run::{Budget, Outcome};
use crate::script::ScriptSpec;
use crate::store::{Decided, Record, RunFolder};
use crate::{script, spec, words};

/// A run that ended early, as an error; `folder`: its own, where `resume` can go on.
pub(in crate::cli) fn unfinished(end: Unfinished, folder: Option<&RunFolder>) -> Error {
    let Unfinished { run, outcome } = end;
    let class = outcome.class().unwrap_or(Class::Bug);
    let (words, hint) = match &outcome {
        Outcome::Refused { message, hint, .. } => (message.clone(), hint.clone()),
        Outcome::Interrupted { .. } | Outcome::BudgetSpent { .. } => {
            (outcome.to_string(), folder.map(|folder| next_step(&outcome, folder)))
        }
        other => {
            let gave_up = folder.and_then(|folder| gave_up(&run, folder)).map(|reason| format!("; {reason}")).unwrap_or_default();
            (format!("{other}{gave_up}"), folder.map(|folder| next_step(&outcome, folder)))
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

const HOUR: u64 = 3600;

/// A time as an option takes it: 2h, 90m, 45s.
fn time_option(secs: u64) -> String {
    match secs {
        _ if secs.is_multiple_of(HOUR) => format!("{}h", secs / HOUR),
        _ if secs.is_multiple_of(60) => format!("{}m", secs / 60),
        _ => format!("{secs}s"),
    }
}

/// What a run may use, as its own file has it; nothing where that cannot be read.
fn given(folder: &RunFolder) -> spec::Budget {
    if let Ok(ScriptSpec { max_time_secs, max_disk_bytes, author, .. }) = folder.read_json(&folder.script_spec()) {
        let (max_tokens, max_usd) = author.map(|author| (author.max_tokens, author.max_usd)).unwrap_or_default();
        return spec::Budget { max_time_secs, max_disk_bytes, max_tokens, max_usd, ..spec::Budget::default() };
    }
    let text = folder.read_text(&folder.spec());
    text.ok().and_then(|text| spec::parse(&text, "").ok()).map(|spec| spec.budget).unwrap_or_default()
}

/// What the user can do about a run that ended so.
fn next_step(outcome: &Outcome, folder: &RunFolder) -> String {
    let resume = format!("tallow resume {}", words::shell(folder.root()));
    let twice = |limit: u64| words::size_option(limit.saturating_mul(2));
    // A limit that is there already gives nothing: what is offered is twice as much at the least.
    let given = given(folder);
    let more = |usual: u64, limit: Option<u64>| limit.map_or(0, |limit| limit.saturating_mul(2)).max(usual);
    let silence = |limit: u64| {
        let secs = more(HOUR, Some(limit));
        (time_option(secs), words::duration(secs as f64))
    };
    let is_script = folder.script_spec().is_file();
    let from = match is_script {
        true => "the last checkpoint that the script named, or begins anew",
        false => "the last checkpoint",
    };
    match outcome {
        Outcome::BudgetSpent { budget: Budget::Time, .. } | Outcome::TimedOut { .. } => {
            let secs = more(HOUR, given.max_time_secs);
            format!("`{resume} --max-time {}` gives it {} in all", time_option(secs), words::duration(secs as f64))
        }
        Outcome::BudgetSpent { budget: Budget::Money, .. } => {
            let usd = given.max_usd.map_or(0.0, |usd| 2.0 * usd).max(10.0);
            format!("`{resume} --max-usd {usd}` lets it spend more")
        }
        Outcome::BudgetSpent { budget: Budget::Attempts, .. } => {
            format!(
                "`{resume} --max-attempts 5` lets recovery try more; `review.md` beside the attempts says what there is to decide"
            )
        }
        Outcome::BudgetSpent { budget: Budget::LanguageModel, .. } => {
            let tokens = more(100_000, given.max_tokens);
            format!("`{resume} --max-tokens {tokens}` (or `--max-usd`) lets the language model go on")
        }
        Outcome::BudgetSpent { budget: Budget::Disk, .. } => {
            // Of a limit that was meant to be small no more than that is asked.
            let bytes = given.max_disk_bytes.map_or(50 << 30, |limit| limit.saturating_mul(2).max(1 << 30));
            let bytes = words::size_option(bytes);
            format!("`{resume} --max-disk {bytes}` lets it write more")
        }
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
        Outcome::Stalled { limit_secs } if is_script => {
            let (option, time) = silence(*limit_secs);
            format!(
                "`{resume} --max-silence {option}` lets it be silent for {time}; an event or a line of its log is a sign of life"
            )
        }
        Outcome::Stalled { limit_secs } => {
            let (option, time) = silence(*limit_secs);
            format!("`{resume} --max-silence {option}` tries again, and lets a worker be silent for {time}")
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_options_take_them() {
        assert_eq!([3600, 14_400, 5400, 45].map(time_option), ["1h", "4h", "90m", "45s"]);
    }

    /// What is offered is more than what there was.
    #[test]
    fn the_next_step_gives_more() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(place.path().join("run")).expect("a run folder");
        let mut experiment = spec::parse(super::super::start::EXAMPLE, "the example").expect("it can be read");
        experiment.budget.max_time_secs = Some(7200);
        experiment.budget.max_usd = Some(8.0);
        experiment.budget.max_tokens = Some(200);
        folder.write_text(&folder.spec(), &spec::to_toml(&experiment)).expect("written");
        let spent = |budget| Outcome::BudgetSpent { budget, what: String::new() };
        for (outcome, option) in [
            (spent(Budget::Time), "--max-time 4h` gives it 4 h in all"),
            (Outcome::TimedOut { limit_secs: 7200 }, "--max-time 4h`"),
            (spent(Budget::Money), "--max-usd 16`"),
            (spent(Budget::LanguageModel), "--max-tokens 100000`"),
            (spent(Budget::Disk), "--max-disk 50GiB`"),
            (Outcome::Stalled { limit_secs: 2700 }, "--max-silence 90m` tries again, and lets a worker be silent for 1 h 30 min"),
        ] {
            let step = next_step(&outcome, &folder);
            assert!(step.contains(option), "{option}: {step}");
        }
        experiment.budget.max_disk_bytes = Some(100_000);
        folder.write_text(&folder.spec(), &spec::to_toml(&experiment)).expect("written");
        let step = next_step(&spent(Budget::Disk), &folder);
        assert!(step.contains("--max-disk 1GiB`"), "{step}");
    }
}
