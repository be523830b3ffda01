//! What is shown of a script while it runs.

use super::Told;
use crate::run::Watch;
use crate::words::{clean, count, measured};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often a line of progress is said at most.
const EVERY: Duration = Duration::from_secs(5);

/// Lines about how far a script is.
#[derive(Default)]
pub(super) struct Progress {
    total: Option<u64>,
    last: Option<Instant>,
    /// When each metric was last shown.
    metrics: BTreeMap<String, Instant>,
    notes: usize,
}

/// Metrics and notes that are shown as they come.
const MOST_SHOWN: usize = 20;

impl Progress {
    pub(super) fn show(&mut self, told: &Told, watch: &mut dyn Watch) {
        let of = |step: u64, total: Option<u64>| {
            let total = total.map(|total| format!("/{}", count(total as f64))).unwrap_or_default();
            format!("{}{total}", count(step as f64))
        };
        match told {
            Told::Started { step, total_steps } => {
                self.total = Some(*total_steps);
                let from = if *step > 0 { format!(" from step {}", count(*step as f64)) } else { String::new() };
                let steps = if *total_steps == 1 { "step" } else { "steps" };
                watch.say(&format!("  {} {steps}{from}", count(*total_steps as f64)));
            }
            Told::Step { step, loss, .. } if self.last.is_none_or(|last| last.elapsed() >= EVERY) => {
                self.last = Some(Instant::now());
                watch.say(&format!("  step {}, loss {}", of(*step, self.total), measured(*loss)));
            }
            Told::Metric { name, value, .. } => {
                let is_due = match self.metrics.get(name) {
                    Some(last) => last.elapsed() >= EVERY,
                    None => self.metrics.len() < MOST_SHOWN,
                };
                if is_due {
                    self.metrics.insert(name.clone(), Instant::now());
                    watch.say(&format!("  {}: {} (the script's own)", clean(name), measured(*value)));
                }
            }
            Told::Note { message } if self.notes < MOST_SHOWN => {
                self.notes += 1;
                watch.say(&format!("  note: {}", clean(message)));
            }
            Told::Finished { step } => watch.say(&format!("  finished after step {}", of(*step, self.total))),
            Told::Began
            | Told::Step { .. }
            | Told::Exited { .. }
            | Told::Batch { .. }
            | Told::Lr { .. }
            | Told::Checkpoint { .. }
            | Told::Diverged { .. }
            | Told::Refused { .. }
            | Told::Note { .. }
            | Told::Stopped { .. } => {}
        }
    }
}
