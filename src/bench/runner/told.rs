//! What all trials say, as files; and the history of such.

use super::super::fault::Fault;
use super::super::files::{read_trial, write_json};
use super::super::page::{Past, page};
use super::super::results::{About, Results};
use super::super::tables::markdown;
use super::Bench;
use crate::error::Result;
use crate::store::write_atomic;
use std::fs::{File, OpenOptions};
use std::io::Write;

impl Bench<'_> {
    /// What all trials in the folder say.
    pub(super) fn results(&self) -> Result<Results> {
        let (mut trials, mut unreadable) = (Vec::new(), Vec::new());
        for task in &self.suite.task {
            for fault in std::iter::once(Fault::None).chain(Fault::ALL) {
                let folder = self.out.join("trials").join(&task.id).join(fault.name());
                let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
                for path in entries.filter(|path| path.extension().is_some_and(|suffix| suffix == "json")) {
                    match read_trial(&path) {
                        Ok(trial) => trials.push(trial),
                        Err(why) => {
                            unreadable.push(format!("{}: {why}", path.strip_prefix(&self.out).unwrap_or(&path).display()))
                        }
                    }
                }
            }
        }
        unreadable.sort();
        let about = About {
            tier: self.tier,
            label: self.label.clone(),
            at: (self.now)(),
            command: self.command.clone(),
            machine: self.machine.clone(),
            patience: self.patience,
            unreadable,
        };
        Ok(Results::of(self.suite, about, trials))
    }

    pub(super) fn write(&self, results: &Results) -> Result<()> {
        write_json(&self.out.join("results.json"), results)?;
        let text = |name: &str, text: String| write_atomic(&self.out.join(name), |file| file.write_all(text.as_bytes()));
        text("results.md", markdown(results))?;
        text("results.html", page(results, &self.past(results)))?;
        Ok(())
    }

    /// Earlier lines of the same suite and tier.
    fn past(&self, results: &Results) -> Vec<Past> {
        let text = std::fs::read_to_string(&self.history).unwrap_or_default();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Past>(line).ok());
        lines.filter(|past| past.suite == results.suite && past.tier == results.tier.name()).collect()
    }

    /// Appends a line to the history.
    pub(super) fn remember(&self, results: &Results) -> Result<()> {
        let Some(past) = Past::of(results) else { return Ok(()) };
        let line = serde_json::to_string(&past).unwrap_or_default();
        writeln!(self.open_history()?, "{line}").map_err(self.io("write", &self.history))?;
        Ok(())
    }

    pub(super) fn open_history(&self) -> Result<File> {
        Ok(OpenOptions::new().create(true).append(true).open(&self.history).map_err(self.io("write", &self.history))?)
    }
}
