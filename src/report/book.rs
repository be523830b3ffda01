//! Questions that the report asks the ledger.

use super::types::*;
use super::{Error, words};
use crate::eval::{ByClass, HELD_OUT_SUFFIX, OfClass, UNTRAINED};
use crate::job::{Event, PreparedSplit, SHARED};
use crate::plan::Checked;
use crate::provenance;
use crate::store::{Entry, Record, Stage};

/// The last word of a run that finished.
pub(super) struct Finished {
    pub(super) row: u64,
    pub(super) sha256: String,
    pub(super) steps: f64,
    pub(super) tokens: f64,
    pub(super) examples: f64,
    pub(super) train_secs: f64,
}

/// Questions to the ledger.
pub(super) struct Book<'a> {
    pub(super) ledger: &'a [Entry],
}

impl<'a> Book<'a> {
    /// What workers told: (row, run, attempt, event).
    fn told(&self) -> impl DoubleEndedIterator<Item = (u64, &'a str, u32, &'a Event)> {
        self.ledger.iter().filter_map(|entry| match &entry.record {
            Record::Told { run, attempt, told } => Some((entry.row, run.as_str(), *attempt, told)),
            _ => None,
        })
    }

    /// The last row in which a stage wrote its file.
    pub(super) fn stage(&self, wanted: Stage) -> Result<u64, Error> {
        let is = |entry: &&Entry| matches!(&entry.record, Record::Stage { stage, .. } if *stage == wanted);
        let found = self.ledger.iter().rev().find(is).map(|entry| entry.row);
        found.ok_or_else(|| Error::NoRow { what: format!("the stage `{wanted}`") })
    }

    pub(super) fn evaluated(&self, wanted: &str) -> Option<u64> {
        let of = |run: &str| run == wanted || run.strip_suffix(HELD_OUT_SUFFIX) == Some(wanted);
        self.told().rev().find(|(_, run, _, told)| of(run) && matches!(told, Event::Evaluated { .. })).map(|(row, ..)| row)
    }

    pub(super) fn finished(&self, wanted: &str) -> Option<Finished> {
        self.told().rev().filter(|(_, run, ..)| *run == wanted).find_map(|(row, _, _, told)| match told {
            Event::Finished { step, weights_sha256, tokens, examples, train_secs, .. } => Some(Finished {
                row,
                sha256: weights_sha256.clone(),
                steps: *step as f64,
                tokens: *tokens as f64,
                examples: *examples as f64,
                train_secs: *train_secs,
            }),
            _ => None,
        })
    }

    /// (row, parameters, trainable parameters) of the first training attempt.
    pub(super) fn started(&self) -> Option<(u64, usize, usize)> {
        self.told().find_map(|(row, _, _, told)| match told {
            Event::Started { num_params, num_trainable, .. } => Some((row, *num_params, *num_trainable)),
            _ => None,
        })
    }

    pub(super) fn last_started(&self, wanted: &str) -> Option<u64> {
        let is = |entry: &&Entry| matches!(&entry.record, Record::AttemptStarted { run, .. } if run == wanted);
        self.ledger.iter().rev().find(is).map(|entry| entry.row)
    }

    /// What the run took against what was expected of it.
    pub(super) fn checked(&self, wanted: &str) -> Option<(u64, &'a Checked)> {
        self.ledger.iter().rev().find_map(|entry| match &entry.record {
            Record::Checked { run, checked } if run == wanted => Some((entry.row, checked)),
            _ => None,
        })
    }

    /// The highest peak over a run's attempts.
    pub(super) fn peak(&self, wanted: &str) -> Option<Sourced> {
        let peaks = self.ledger.iter().filter_map(|entry| match &entry.record {
            Record::AttemptEnded { run, max_rss_bytes, .. } if run == wanted && *max_rss_bytes > 0 => {
                Some(Sourced { value: *max_rss_bytes as f64, ledger_row: entry.row })
            }
            _ => None,
        });
        peaks.max_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// Prepared splits in the order of their first row, each as prepared last.
    pub(super) fn prepared(&self) -> Vec<(u64, &'a PreparedSplit)> {
        let mut splits: Vec<(u64, &PreparedSplit)> = Vec::new();
        for (row, _, split) in provenance::prepared(self.ledger) {
            match splits.iter_mut().find(|(_, known)| known.split == split.split) {
                Some(known) => *known = (row, split),
                None => splits.push((row, split)),
            }
        }
        splits
    }

    /// What the last comparison of the splits found.
    pub(super) fn overlap(&self) -> Option<OverlapShown> {
        self.told().rev().find_map(|(row, _, _, told)| {
            let Event::Compared(found) = told else { return None };
            let at = |value: usize| Sourced { value: value as f64, ledger_row: row };
            Some(OverlapShown {
                held_out: at(found.held_out),
                train: at(found.train),
                exact: at(found.exact),
                near: found.near.map(at),
                repeated_in_train: found.repeated_in_train.map(at),
                repeated_in_held_out: found.repeated_in_held_out.map(at),
            })
        })
    }

    pub(super) fn attempts(&self) -> Vec<AttemptShown> {
        let mut attempts: Vec<AttemptShown> = Vec::new();
        for entry in self.ledger {
            match &entry.record {
                Record::AttemptStarted { run, attempt, job } => attempts.push(AttemptShown {
                    run: run.clone(),
                    attempt: *attempt,
                    job: job.to_string(),
                    outcome: None,
                    wall_secs: None,
                    peak_bytes: None,
                    recovery: None,
                    ledger_row: entry.row,
                }),
                Record::AttemptEnded { run, attempt, outcome, wall_secs, max_rss_bytes } => {
                    let at = |value: f64| Some(Sourced { value, ledger_row: entry.row });
                    if let Some(shown) = last_of(&mut attempts, run, *attempt) {
                        shown.outcome = Some(outcome.to_string());
                        shown.wall_secs = at(*wall_secs);
                        shown.peak_bytes = if *max_rss_bytes > 0 { at(*max_rss_bytes as f64) } else { None };
                    }
                }
                Record::CutOff { run, attempt, secs } => {
                    if let Some(shown) = last_of(&mut attempts, run, *attempt) {
                        shown.wall_secs = Some(Sourced { value: *secs, ledger_row: entry.row });
                    }
                }
                Record::Recovery { run, attempt, reason, .. } => {
                    if let Some(shown) = last_of(&mut attempts, run, *attempt) {
                        shown.recovery = Some(reason.clone());
                    }
                }
                _ => {}
            }
        }
        attempts
    }

    /// Every trial as it ended last, and what came of the search.
    pub(super) fn search(&self) -> Option<SearchShown> {
        let mut trials: Vec<TrialShown> = Vec::new();
        let mut gain = None;
        for entry in self.ledger {
            let at = |value: f64| Sourced { value, ledger_row: entry.row };
            match &entry.record {
                Record::Tried(trial) => {
                    let Some(result) = &trial.result else { continue };
                    let loss = result.watched.as_ref().and_then(|watched| watched.last()).map(|last| last.loss);
                    trials.retain(|known| known.trial != trial.number);
                    trials.push(TrialShown {
                        trial: trial.number,
                        from: trial.from,
                        changes: trial.changes.iter().map(ToString::to_string).collect(),
                        reason: trial.reason.clone(),
                        by: trial.by.to_string(),
                        tokens_in: trial.asked.as_ref().map(|asked| at(asked.usage.tokens_in as f64)),
                        tokens_out: trial.asked.as_ref().map(|asked| at(asked.usage.tokens_out as f64)),
                        usd: trial.asked.as_ref().and_then(|asked| asked.usd).map(at),
                        instead: trial.asked.as_ref().and_then(|asked| asked.instead.clone()),
                        score: result.watched.as_ref().map(|watched| at(watched.score)),
                        loss: loss.filter(|loss| loss.is_finite()).map(at),
                        failed: result.failed.clone(),
                        secs: at(result.secs),
                        kept: result.kept,
                        ledger_row: entry.row,
                    });
                }
                Record::Measured { what, values } if what == crate::search::GAIN => {
                    let of = |name: &str| values.get(name).copied().map(at);
                    gain = of("first plan").zip(of("recipe found")).zip(of("gain")).map(|((first, found), gain)| GainShown {
                        first,
                        found,
                        gain,
                        low: of("gain, low"),
                        high: of("gain, high"),
                    });
                }
                _ => {}
            }
        }
        (!trials.is_empty()).then_some(SearchShown { trials, gain })
    }

    pub(super) fn jail(&self) -> Vec<JailShown> {
        let mut jails: Vec<JailShown> = Vec::new();
        for (row, run, attempt, told) in self.told() {
            let Event::Jailed { level, layers, start_ms } = told else { continue };
            let layers: Vec<(String, String)> = layers.clone().into_iter().collect();
            let name = format!("{run}/{attempt}");
            match jails.iter_mut().find(|known| known.layers == layers && known.level == level.name()) {
                Some(known) => known.attempts.push(name),
                None => {
                    let start_ms = Sourced { value: *start_ms, ledger_row: row };
                    let level = level.name().to_string();
                    jails.push(JailShown { level, layers, attempts: vec![name], start_ms, ledger_row: row });
                }
            }
        }
        jails
    }

    pub(super) fn notes(&self) -> Vec<NoteShown> {
        let mut notes: Vec<NoteShown> = Vec::new();
        for (row, run, _, told) in self.told() {
            let message = match told {
                Event::Note { message } => message.clone(),
                Event::Refused { calls } => format!("the jail refused {}", crate::sandbox::in_words(calls)),
                _ => continue,
            };
            if !notes.iter().any(|known| known.message == message) {
                notes.push(NoteShown { run: run.to_string(), message, ledger_row: row });
            }
        }
        notes
    }

    /// What the last scoring of `run` told of each class.
    pub(super) fn classes(&self, run: &str) -> Option<ClassesShown> {
        let name = format!("{run}{HELD_OUT_SUFFIX}");
        let told = self.told().filter_map(|(row, of, _, told)| match told {
            Event::ByClass(by_class) if of == name => Some((row, by_class)),
            _ => None,
        });
        let (row, ByClass { classes, confused }) = told.last()?;
        let at = |value: f64| Sourced { value, ledger_row: row };
        let shown = |class: &OfClass| ToldClass {
            name: class.name.clone(),
            actual: at(class.actual as f64),
            said: at(class.said as f64),
            precision: at(class.precision),
            recall: at(class.recall),
            f1: at(class.f1),
        };
        let confused = confused.iter().map(|row| row.iter().map(|taken| at(*taken as f64)).collect()).collect();
        Some(ClassesShown { run: run.into(), classes: classes.iter().map(shown).collect(), confused })
    }

    /// By example, in the order in which they were told.
    pub(super) fn samples(&self) -> Vec<SampleShown> {
        let shown = |(row, run, _, told): (u64, &str, u32, &Event)| match told {
            Event::Sampled { example, prompt, wanted, written } => Some(SampleShown {
                run: run.strip_suffix(HELD_OUT_SUFFIX).unwrap_or(run).to_string(),
                example: Sourced { value: *example as f64, ledger_row: row },
                prompt: prompt.clone(),
                wanted: wanted.clone(),
                written: written.clone(),
            }),
            _ => None,
        };
        let mut samples: Vec<SampleShown> = Vec::new();
        // An attempt that was cut off may have told of some that its successor tells of again.
        for sample in self.told().filter_map(shown) {
            samples.retain(|old| (&old.run, old.example.value) != (&sample.run, sample.example.value));
            samples.push(sample);
        }
        // What was trained is told before what was not, and read after it.
        samples.sort_by(|a, b| {
            let trained = |sample: &SampleShown| sample.run != UNTRAINED;
            a.example.value.total_cmp(&b.example.value).then(trained(a).cmp(&trained(b)))
        });
        samples
    }

    pub(super) fn measured(&self) -> Vec<MeasuredShown> {
        let rows = self.ledger.iter().filter_map(|entry| match &entry.record {
            // What a search gained is told with it, and what splits share with the data.
            Record::Measured { what, values } if what != crate::search::GAIN && what != SHARED => Some((entry.row, what, values)),
            _ => None,
        });
        let rows: Vec<_> = rows.collect();
        let is_overtaken = |row: u64, name: &str| {
            name.ends_with(crate::llm::TOOK) && rows.iter().any(|(later, what, _)| *later > row && *what == name)
        };
        rows.iter()
            .filter(|(row, what, _)| !is_overtaken(*row, what))
            .map(|(row, what, values)| (*row, *what, *values))
            .map(|(row, what, values)| MeasuredShown {
                what: what.clone(),
                values: values.iter().map(|(name, value)| (name.clone(), Sourced { value: *value, ledger_row: row })).collect(),
            })
            .collect()
    }

    pub(super) fn repeat(&self) -> Result<Repeat, Error> {
        let mut repeat: Option<Repeat> = None;
        let mut files: Vec<FileShown> = Vec::new();
        for entry in self.ledger {
            match &entry.record {
                Record::Created { command, version, binary_sha256, .. } => {
                    let known = repeat.get_or_insert(Repeat {
                        commands: vec![],
                        version: version.clone(),
                        binary_sha256: binary_sha256.clone(),
                        files: vec![],
                    });
                    known.commands.push(command.clone());
                }
                Record::Stage { file, sha256, .. } => {
                    files.retain(|known| known.file != *file);
                    files.push(FileShown { file: file.clone(), sha256: sha256.clone(), ledger_row: entry.row });
                }
                _ => {}
            }
        }
        let mut repeat = repeat.ok_or_else(|| Error::NoRow { what: "the making of the run folder".into() })?;
        repeat.files = files;
        Ok(repeat)
    }

    pub(super) fn rows(&self, cited: &[u64]) -> Vec<RowShown> {
        let rows = self.ledger.iter().filter(|entry| cited.contains(&entry.row));
        rows.map(|entry| RowShown { ledger_row: entry.row, at: entry.at.clone(), what: words::record(&entry.record) }).collect()
    }
}

fn last_of<'b>(attempts: &'b mut [AttemptShown], run: &str, attempt: u32) -> Option<&'b mut AttemptShown> {
    attempts.iter_mut().rev().find(|shown| shown.run == run && shown.attempt == attempt)
}
