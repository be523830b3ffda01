//! The ledger: what happened, in order, appended and synced line by line. Every number of a report has its row here.

use super::atomic::Keeping;
use super::{Decided, Error, Stage};
use crate::job::{Event, JobKind};
use crate::llm::Usage;
use crate::provenance::{Sourced, Surroundings, Verification};
use crate::run::Outcome;
use crate::words::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Row number, from 1: the address that reports cite.
    pub row: u64,
    /// UTC, RFC 3339.
    pub at: String,
    /// How the line before begins when it is hashed: whoever changes or takes out a row has to write all that follow anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub record: Record,
}

/// What a run folder is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    #[default]
    Experiment,
    /// `tallow eval`: nothing to go on with.
    Evaluation,
    /// `tallow train --script`.
    Script,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// The run folder was made, by this command on this binary.
    Created {
        #[serde(default)]
        purpose: Purpose,
        command: Vec<String>,
        version: String,
        binary_sha256: String,
    },
    /// A stage wrote its file.
    Stage { stage: Stage, file: String, sha256: String, secs: f64 },
    /// A worker was started.
    AttemptStarted { run: String, attempt: u32, job: JobKind },
    /// A worker ended, and how.
    AttemptEnded { run: String, attempt: u32, outcome: Outcome, wall_secs: f64, max_rss_bytes: u64 },
    /// The end of a worker that nobody saw, for the process that had started it ended: how long it went on, by its last sign of life.
    /// Entered when somebody goes on with the run.
    CutOff { run: String, attempt: u32, secs: f64 },
    /// An event worth keeping (splits, monitor scores, finished, evaluated), from that attempt.
    Told { run: String, attempt: u32, told: Event },
    /// What a script told in that attempt, but for its steps.
    Script { attempt: u32, told: crate::script::Told },
    /// A language model wrote the script of that attempt, which lies in this file.
    Written { attempt: u32, by: String, file: String, sha256: String, secs: f64 },
    /// What recovery changed before the next attempt, or why it gave up.
    Recovery {
        run: String,
        attempt: u32,
        #[serde(deserialize_with = "Decided::of_any_age")]
        decision: Decided,
        reason: String,
    },
    /// What a preparation (`prepare`, `prepare-held-out`) was made from, as it was read.
    Sourced { run: String, read: Sourced },
    /// The program and machine that train from here on.
    Surroundings(Surroundings),
    /// What a run took, against what was expected of it.
    Checked { run: String, checked: crate::plan::Checked },
    /// A recipe was tried.
    Tried(crate::search::Trial),
    /// The run was held against its records and repeated.
    Verified(Verification),
    /// So much was set aside for a question to a language model; none: nobody knows what it costs.
    Reserved { tokens: u64, usd: Option<f64> },
    /// What the question took in the end.
    Settled { model: String, usage: Usage, usd: Option<f64>, secs: f64 },
    /// Facts of any stage as numbers with names.
    Measured { what: String, values: BTreeMap<String, f64> },
}

/// The file `ledger.jsonl`.
#[derive(Debug, Clone)]
pub struct Ledger {
    path: PathBuf,
    keeping: Keeping,
    /// The file as this left it: where it is still as long, nobody else wrote.
    left: RefCell<Option<Left>>,
}

/// How far the file goes: its whole lines.
#[derive(Debug, Clone, Default)]
struct Left {
    rows: u64,
    bytes: u64,
    /// Of the last line.
    hash: Option<String>,
}

impl Left {
    fn and(self, line: &[u8]) -> Left {
        Left { rows: self.rows + 1, bytes: self.bytes + line.len() as u64, hash: Some(hash_of(line)) }
    }
}

/// Enough of a hash of a line to tell it from any other by chance.
fn hash_of(line: &[u8]) -> String {
    hex(&Sha256::digest(line)[..8])
}

/// Where rows are not those that were appended one behind the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The row behind which something is missing or has been changed; 0: the first.
    pub behind: u64,
    /// What the row that follows says of it, and what is there: row numbers, or hashes.
    pub expected: String,
    pub found: String,
}

impl Ledger {
    pub(super) fn at(path: PathBuf, keeping: Keeping) -> Self {
        Ledger { path, keeping, left: RefCell::new(None) }
    }

    /// Appends a row and, in a folder that is kept, syncs it to disk. `at` is the time that the caller read.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn append(&self, at: String, record: Record) -> Result<u64, Error> {
        let io = |action| move |source| Error::Io { action, path: self.path.clone(), source };
        let known = self.left.take().filter(|left| std::fs::metadata(&self.path).is_ok_and(|file| file.len() == left.bytes));
        let left = known.map_or_else(|| self.scan(&mut |_, _| ()), Ok)?;
        let entry = Entry { row: left.rows + 1, at, before: left.hash.clone(), record };
        let mut line = serde_json::to_vec(&entry).map_err(|source| Error::Malformed { path: self.path.clone(), source })?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.path).map_err(io("open"))?;
        // A line that a crash cut short is overwritten.
        file.set_len(left.bytes).map_err(io("write"))?;
        file.seek(SeekFrom::End(0)).map_err(io("write"))?;
        file.write_all(&line).map_err(io("write"))?;
        if self.keeping == Keeping::Lasting {
            file.sync_data().map_err(io("sync"))?;
        }
        self.left.replace(Some(left.and(&line)));
        Ok(entry.row)
    }

    /// All rows; a last line that a crash cut short is left out.
    pub fn read(&self) -> Result<Vec<Entry>, Error> {
        let mut rows = Vec::new();
        self.scan(&mut |entry, _| rows.push(entry))?;
        Ok(rows)
    }

    /// The first place where rows are not as they were appended; those of before rows had hashes are held against their numbers alone.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn broken(&self) -> Result<Option<Broken>, Error> {
        let mut found = None;
        self.scan(&mut |entry, left| {
            let broken = |expected: String, found: String| Broken { behind: left.rows, expected, found };
            let is_next =
                (entry.row != left.rows + 1).then(|| broken(format!("row {}", left.rows + 1), format!("row {}", entry.row)));
            let says = entry.before.filter(|_| is_next.is_none()).map(|says| (says, left.hash.clone().unwrap_or_default()));
            let apart = is_next.or_else(|| says.filter(|(says, is)| says != is).map(|(says, is)| broken(says, is)));
            found = found.take().or(apart);
        })?;
        Ok(found)
    }

    /// Each whole line, with how far the file went before it; and how far it goes.
    fn scan(&self, each: &mut dyn FnMut(Entry, &Left)) -> Result<Left, Error> {
        let io = |source| Error::Io { action: "read", path: self.path.clone(), source };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Left::default()),
            Err(e) => return Err(io(e)),
        };
        let (mut left, mut reader, mut line) = (Left::default(), BufReader::new(file), Vec::new());
        while reader.read_until(b'\n', &mut line).map_err(io)? > 0 {
            if line.last() != Some(&b'\n') {
                break;
            }
            let entry = serde_json::from_slice(&line).map_err(|source| Error::Malformed { path: self.path.clone(), source })?;
            each(entry, &left);
            left = left.and(&line);
            line.clear();
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_and_a_cut_line_is_dropped() {
        let dir = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::at(dir.path().join("ledger.jsonl"), Keeping::Lasting);
        let record = |n: f64| Record::Measured { what: "x".into(), values: [("n".to_string(), n)].into() };
        assert_eq!(ledger.append("t".into(), record(1.0)).expect("appended"), 1);
        let mut file = OpenOptions::new().append(true).open(&ledger.path).expect("open");
        file.write_all(b"{\"row\":2,\"at\"").expect("write");
        assert_eq!(ledger.read().expect("read").len(), 1);
        assert_eq!(ledger.append("t".into(), record(2.0)).expect("appended"), 2);
        assert_eq!(ledger.read().expect("read")[1].record, record(2.0));
        assert_eq!(ledger.broken().expect("read"), None);
    }

    #[test]
    fn rows_that_were_changed_or_taken_out_are_seen() {
        let dir = tempfile::tempdir().expect("a folder");
        let ledger = || Ledger::at(dir.path().join("ledger.jsonl"), Keeping::Lasting);
        let kept = ledger();
        for n in [1.0, 2.0, 3.0, 4.0] {
            // Another process, now and then.
            let ledger = if n == 3.0 { &ledger() } else { &kept };
            let record = Record::Measured { what: "x".into(), values: [("n".to_string(), n)].into() };
            ledger.append("t".into(), record).expect("appended");
        }
        let whole = std::fs::read_to_string(&kept.path).expect("read");
        let behind = |text: String| {
            std::fs::write(&kept.path, text).expect("written");
            ledger().broken().expect("read").map(|broken| broken.behind)
        };
        let lines: Vec<&str> = whole.lines().collect();
        let without = |row: usize| (0..4).filter(|i| i + 1 != row).map(|i| format!("{}\n", lines[i])).collect::<String>();
        assert_eq!(behind(whole.clone()), None);
        assert_eq!(behind(whole.replace("\"n\":2.0", "\"n\":2.5")), Some(2));
        assert_eq!(behind(without(1)), Some(0));
        assert_eq!(behind(without(3)), Some(2));
        assert_eq!(behind(without(4)), None, "what was never written is not missed");
        let old: String =
            lines.iter().map(|line| format!("{}\n", line.split(",\"before\"").collect::<Vec<_>>().join(",\"x\""))).collect();
        assert_eq!(behind(old), None, "rows of before there were hashes");
    }
}
