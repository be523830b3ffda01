//! Which rows of preparations count. One that failed, or that was killed before its files were taken over, is made again, and the data may
//! be other data by then: of each preparation its last attempt counts, for that is what lies in the run folder.

use super::Sourced;
use crate::job::{Event, PreparedSplit};
use crate::store::{Entry, Record};

/// The prepared splits that count, each with its row and what prepared it, in the order in which they were told.
pub fn prepared(ledger: &[Entry]) -> Vec<(u64, &str, &PreparedSplit)> {
    let told = || {
        ledger.iter().filter_map(|entry| match &entry.record {
            Record::Told { run, attempt, told: Event::Prepared(split) } => Some((entry.row, run.as_str(), *attempt, split)),
            _ => None,
        })
    };
    let is_last = |run: &str, attempt: u32| !told().any(|(_, of, later, _)| of == run && later > attempt);
    let counts = told().filter(|(_, run, attempt, _)| is_last(run, *attempt));
    counts.map(|(row, run, _, split)| (row, run, split)).collect()
}

/// What the preparations that count were made from, each with its name.
pub fn sources(ledger: &[Entry]) -> Vec<(&str, &Sourced)> {
    let mut last: Vec<(&str, &Sourced)> = Vec::new();
    for entry in ledger {
        let Record::Sourced { run, read } = &entry.record else { continue };
        match last.iter_mut().find(|(of, _)| of == run) {
            Some(known) => known.1 = read,
            None => last.push((run, read)),
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::FileHash;

    fn ledger(records: Vec<Record>) -> Vec<Entry> {
        (1..).zip(records).map(|(row, record)| Entry { row, at: String::new(), before: None, record }).collect()
    }

    #[test]
    fn the_last_attempt_of_each_preparation_counts() {
        let told = |run: &str, attempt, split: &str, examples: usize| {
            let split = serde_json::json!({
                "event": "prepared", "split": split, "file": "a.safetensors", "examples": examples, "labels": [], "label_counts": [],
                "shape": {"kind": "text", "tokens": 1, "longest": 1, "truncated": 0, "vocab_size": 1}, "columns": {}, "sha256": "",
            });
            Record::Told { run: run.into(), attempt, told: serde_json::from_value(split).expect("an event") }
        };
        let ledger = ledger(vec![
            told("prepare", 1, "train", 400),
            told("prepare", 2, "train", 297),
            told("prepare", 2, "validation", 50),
            told("prepare-held-out", 1, "test", 100),
        ]);
        let found: Vec<_> = prepared(&ledger).into_iter().map(|(row, run, split)| (row, run, split.examples)).collect();
        assert_eq!(found, [(2, "prepare", 297), (3, "prepare", 50), (4, "prepare-held-out", 100)]);
    }

    #[test]
    fn what_the_last_of_each_read_counts() {
        let read = |sha256: &str| {
            let file = FileHash { path: "train.csv".into(), sha256: sha256.into() };
            Sourced { files: vec![file], tokenizer_sha256: None }
        };
        let row = |run: &str, sha256: &str| Record::Sourced { run: run.into(), read: read(sha256) };
        let ledger = ledger(vec![row("prepare", "before"), row("prepare", "after"), row("prepare-held-out", "other")]);
        assert_eq!(sources(&ledger), [("prepare", &read("after")), ("prepare-held-out", &read("other"))]);
    }
}
