//! What a script's run has to show: its own numbers, named as such, and what was measured of it. From the ledger; pure.

use super::{Scored, ScriptSpec, Settings, Told};
use crate::run::Outcome;
use crate::store::{Entry, Record};
use crate::words::{bytes, clean, count, duration, plain, score};
use serde::Serialize;

/// The last value of each metric, the attempts, and what they were made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScriptReport {
    pub spec: ScriptSpec,
    pub outcome: Outcome,
    /// Why nothing more was tried.
    pub reason: String,
    /// What Tallow measured on the held-out examples.
    pub scores: Vec<Scored>,
    pub metrics: Vec<Metric>,
    pub attempts: Vec<AttemptRow>,
}

/// A number that the script told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    pub name: String,
    pub value: f64,
    pub step: Option<u64>,
    /// Row of the ledger.
    pub row: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptRow {
    pub number: u32,
    pub settings: Settings,
    pub outcome: String,
    pub wall_secs: f64,
    /// What was decided after it.
    pub decision: Option<String>,
    pub row: u64,
}

impl ScriptReport {
    /// `settings`: of each attempt, from the first on.
    pub fn of(spec: &ScriptSpec, ledger: &[Entry], settings: &[Settings], (outcome, reason): (Outcome, String)) -> Self {
        let (spec, scores) = (spec.clone(), Vec::new());
        let mut report = ScriptReport { spec, outcome, reason, scores, metrics: Vec::new(), attempts: Vec::new() };
        for entry in ledger {
            match &entry.record {
                // What an attempt told that was given up for another is not what the last one found.
                Record::Script { told: Told::Started { step: 0, .. }, .. } => report.metrics.clear(),
                Record::Script { told: Told::Metric { name, value, step }, .. } => {
                    let metric = Metric { name: clean(name), value: *value, step: *step, row: entry.row };
                    match report.metrics.iter_mut().find(|known| known.name == metric.name) {
                        Some(known) => *known = metric,
                        None => report.metrics.push(metric),
                    }
                }
                Record::AttemptEnded { attempt, outcome, wall_secs, .. } => report.attempts.push(AttemptRow {
                    number: *attempt,
                    settings: (*attempt as usize).checked_sub(1).and_then(|at| settings.get(at)).copied().unwrap_or_default(),
                    outcome: outcome.to_string(),
                    wall_secs: *wall_secs,
                    decision: None,
                    row: entry.row,
                }),
                Record::Recovery { attempt, reason, .. } => {
                    let of = report.attempts.iter_mut().find(|row| row.number == *attempt);
                    of.into_iter().for_each(|row| row.decision = Some(reason.clone()));
                }
                _ => {}
            }
        }
        report
    }

    /// The page, which reads well as text, too.
    pub fn to_markdown(&self) -> String {
        let spec = &self.spec;
        let mut text = format!("# {}\n\n", clean(&spec.script.display().to_string()));
        text.push_str(&format!("The script {}.\n\n", end(&self.outcome, &self.reason)));
        if let Some(held_out) = self.spec.held_out.as_ref().filter(|_| !self.scores.is_empty()) {
            let (examples, file) = (count(held_out.examples as f64), clean(&held_out.file.display().to_string()));
            let label = clean(&held_out.label);
            text.push_str(&format!("Measured on {examples} examples of `{file}`, whose `{label}` it could not see:\n\n"));
            text.push_str("| metric | value | 95 % interval |\n|---|---|---|\n");
            for Scored { metric, value, interval } in &self.scores {
                let interval = interval.map_or("–".into(), |[low, high]| format!("{} to {}", score(low), score(high)));
                text.push_str(&format!("| {} | {} | {interval} |\n", metric.in_words(), score(*value)));
            }
            text.push('\n');
        }
        if self.metrics.is_empty() {
            text.push_str("It told no metric.\n");
        } else {
            text.push_str("Its own numbers, as it told them; Tallow did not measure them.\n\n| metric | value | step | ledger |\n|---|---|---|---|\n");
            for Metric { name, value, step, row } in &self.metrics {
                let step = step.map_or("–".into(), |step| count(step as f64));
                text.push_str(&format!("| {} | {} | {step} | [{row}] |\n", name.replace('|', "\\|"), score(*value)));
            }
        }
        text.push_str(
            "\n| attempt | batches | learning rates | it ended | time | then | ledger |\n|---|---|---|---|---|---|---|\n",
        );
        for AttemptRow { number, settings, outcome, wall_secs, decision, row } in &self.attempts {
            let parts = if settings.batch_parts == 1 { "whole".into() } else { format!("in {} parts", settings.batch_parts) };
            let (secs, then) = (duration(*wall_secs), decision.as_deref().unwrap_or("–"));
            let lr = plain(settings.lr_scale);
            text.push_str(&format!(
                "| {number} | {parts} | x {lr} | {} | {secs} | {then} | [{row}] |\n",
                outcome.replace('|', "\\|")
            ));
        }
        let none = || "none".to_string();
        let rows = [
            ("script", format!("sha256 {}", spec.script_sha256)),
            ("image", format!("{}, {}", clean(&spec.image), spec.image_id)),
            ("data", spec.data.as_ref().map_or_else(none, |data| clean(&data.display().to_string()))),
            ("seed", spec.seed.to_string()),
            ("memory", spec.max_memory_bytes.map_or("no limit".into(), |limit| format!("at most {}", bytes(limit as f64)))),
            ("time", spec.max_time_secs.map_or("no limit".into(), |limit| format!("at most {}", duration(limit as f64)))),
            ("jail", "a container without network, with a read-only root, no capabilities, and a user without rights".into()),
        ];
        text.push_str("\n| made with | |\n|---|---|\n");
        rows.iter().for_each(|(name, value)| text.push_str(&format!("| {name} | {value} |\n")));
        text
    }
}

fn end(outcome: &Outcome, reason: &str) -> String {
    match outcome {
        Outcome::Completed => "completed".into(),
        Outcome::Interrupted { .. } => "was stopped; it can be resumed".into(),
        _ => format!("did not complete: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_the_last_attempt_counts() {
        let spec = ScriptSpec {
            version: 1,
            script: "train.py".into(),
            script_sha256: "ab".into(),
            image: "python".into(),
            image_id: "sha256:cd".into(),
            data: None,
            held_out: None,
            seed: 0,
            cpus: 2,
            gpu: false,
            max_memory_bytes: Some(1 << 30),
            max_time_secs: None,
        };
        let metric = |name: &str, value, step| Told::Metric { name: name.into(), value, step };
        let script = |attempt, told| Record::Script { attempt, told };
        let ended =
            |attempt, outcome| Record::AttemptEnded { run: "script".into(), attempt, outcome, wall_secs: 2.0, max_rss_bytes: 0 };
        let memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None };
        let records = [
            script(1, metric("f1", 0.1, Some(1))),
            script(1, metric("old", 0.1, None)),
            ended(1, memory),
            Record::Recovery { run: "script".into(), attempt: 1, decision: "x".into(), reason: "smaller".into() },
            script(2, Told::Started { step: 0, total_steps: 9 }),
            script(2, metric("f1", 0.2, Some(5))),
            script(2, metric("a|b\u{1b}[31m", 0.5, None)),
            script(2, metric("f1", 0.75, Some(9))),
            ended(2, Outcome::Completed),
        ];
        let ledger: Vec<Entry> = (1..).zip(records).map(|(row, record)| Entry { row, at: String::new(), record }).collect();
        let settings = [Settings::default(), Settings { batch_parts: 2, lr_scale: 1.0 }];
        let report = ScriptReport::of(&spec, &ledger, &settings, (Outcome::Completed, String::new()));
        assert_eq!(report.metrics.iter().map(|m| (m.value, m.row)).collect::<Vec<_>>(), [(0.75, 8), (0.5, 7)]);
        assert_eq!(report.attempts.iter().map(|a| (a.number, a.settings.batch_parts)).collect::<Vec<_>>(), [(1, 1), (2, 2)]);
        let page = report.to_markdown();
        assert!(page.contains("| f1 | 0.7500 | 9 | [8] |") && page.contains("smaller") && page.contains("in 2 parts"), "{page}");
        assert!(page.contains("a\\|b") && !page.contains('\u{1b}'), "{page}");
    }
}
