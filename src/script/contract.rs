//! What a script tells, and what it is told: `shim/tallow.py` is the other side.

use crate::words::{clean, counted};
use serde::{Deserialize, Serialize};

/// One line from a script. Its text is untrusted: it is shown cleaned, and no path of it is used but below the attempt's own folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Told {
    /// The runner's first word: the script's first line is next.
    Began,
    /// It takes its batches through `tallow.batch`, so that forward passes can be made smaller.
    Batch { size: u64, micro_batch: u64 },
    /// It takes its learning rate through `tallow.lr`, so that it can be lowered.
    Lr { value: f64 },
    /// Training begins, or goes on after `step` steps.
    Started { step: u64, total_steps: u64 },
    /// So many steps are done.
    Step {
        step: u64,
        loss: f64,
        #[serde(default)]
        lr: Option<f64>,
    },
    /// What it measured itself.
    Metric {
        name: String,
        value: f64,
        #[serde(default)]
        step: Option<u64>,
    },
    /// A file below the attempt's folder is whole and holds all that an attempt after this one needs.
    Checkpoint { step: u64, path: String },
    /// A loss is not finite (`NaN`, `inf`): the script ends.
    Diverged { step: u64, value: String },
    /// It ended because it may not do what it tried, as the runner saw: what, where it is a file of which path, and the error.
    Refused {
        what: String,
        #[serde(default)]
        path: Option<String>,
        error: String,
    },
    /// It ended by `sys.exit` with a text, as the runner saw.
    Exited { message: String },
    /// Something worth knowing that stops nothing.
    Note { message: String },
    /// Everything is done.
    Finished { step: u64 },
    /// It was asked to stop, and has.
    Stopped { step: u64 },
}

impl Told {
    /// A line of a script; none if it is no such event: a script may write what it likes.
    pub fn parse(line: &[u8]) -> Option<Told> {
        let mut told: Told = serde_json::from_slice(line).ok()?;
        match &mut told {
            Told::Metric { name, .. } => cut(name, MOST_NAME),
            Told::Note { message } | Told::Exited { message } => cut(message, MOST_WORDS),
            Told::Diverged { value, .. } => cut(value, MOST_NAME),
            Told::Refused { what, path, error } => {
                cut(what, MOST_NAME);
                path.iter_mut().for_each(|path| cut(path, MOST_WORDS));
                cut(error, MOST_WORDS);
            }
            // No file has a longer one.
            Told::Checkpoint { path, .. } if path.len() > MOST_PATH => return None,
            Told::Checkpoint { .. }
            | Told::Began
            | Told::Batch { .. }
            | Told::Lr { .. }
            | Told::Started { .. }
            | Told::Step { .. }
            | Told::Finished { .. }
            | Told::Stopped { .. } => {}
        }
        Some(told)
    }

    /// The step that it tells of.
    pub fn step(&self) -> Option<u64> {
        match self {
            Told::Started { step, .. }
            | Told::Step { step, .. }
            | Told::Checkpoint { step, .. }
            | Told::Diverged { step, .. }
            | Told::Finished { step }
            | Told::Stopped { step } => Some(*step),
            Told::Metric { step, .. } => *step,
            Told::Began
            | Told::Batch { .. }
            | Told::Lr { .. }
            | Told::Refused { .. }
            | Told::Exited { .. }
            | Told::Note { .. } => None,
        }
    }
}

/// Characters of a metric's name, and of a text, that are kept: pages show them, and a script may write what it likes.
const MOST_NAME: usize = 120;
const MOST_WORDS: usize = 1000;
/// Bytes of a path, as Linux has it.
const MOST_PATH: usize = 4096;

/// Leaves so many characters of a text, and says where it was cut.
fn cut(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push('…');
    }
}

/// What decisions and pages need of all that an attempt told: the last of each kind, of metrics the last of each name, and every note.
/// A script may tell a thing at each of a million steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    told: Vec<Told>,
    /// Lines that were no events, and the first of them.
    foreign: u64,
    first_foreign: String,
    /// Metrics and notes beyond what is kept.
    dropped: u64,
}

/// Metrics and notes of an attempt that are kept.
const MOST_NAMES: usize = 256;
/// Characters of a foreign line that are shown.
const MOST_CHARS: usize = 120;

impl Heard {
    /// Takes a line that was told.
    pub fn line(&mut self, line: &[u8]) -> Option<Told> {
        let told = Told::parse(line);
        match &told {
            Some(told) => self.take(told),
            None => {
                self.foreign += 1;
                if self.foreign == 1 {
                    self.first_foreign = String::from_utf8_lossy(line).chars().take(MOST_CHARS).collect();
                }
            }
        }
        told
    }

    fn take(&mut self, told: &Told) {
        let same = |known: &Told| match (known, told) {
            (Told::Metric { name, .. }, Told::Metric { name: other, .. }) => name == other,
            (Told::Note { message }, Told::Note { message: other }) => message == other,
            _ => std::mem::discriminant(known) == std::mem::discriminant(told),
        };
        let is_named = |told: &Told| matches!(told, Told::Metric { .. } | Told::Note { .. });
        if let Some(known) = self.told.iter_mut().find(|known| same(known)) {
            *known = told.clone();
        } else if is_named(told) && self.told.iter().filter(|known| is_named(known)).count() >= MOST_NAMES {
            self.dropped += 1;
        } else {
            self.told.push(told.clone());
        }
    }

    /// The end of an attempt: what was heard, with what was wrong about it.
    pub fn finish(self) -> Vec<Told> {
        let mut told = self.told;
        if self.foreign > 0 {
            let (lines, shown) = (counted(self.foreign, "line"), clean(&self.first_foreign));
            told.push(Told::Note { message: format!("not understood: {lines} among its events; the first: {shown}") });
        }
        if self.dropped > 0 {
            told.push(Told::Note {
                message: format!("{} metrics or notes beyond {MOST_NAMES} names were not kept", self.dropped),
            });
        }
        told
    }
}

/// What may differ from one attempt to the next. The script, its data, its seed, its steps and the effective batch never do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Parts that a batch is cut into, whose gradients the script adds up.
    pub batch_parts: u64,
    /// What learning rates are multiplied by.
    pub lr_scale: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { batch_parts: 1, lr_scale: 1.0 }
    }
}

impl Settings {
    /// As the shim reads them.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [("TALLOW_BATCH_PARTS", self.batch_parts.to_string()), ("TALLOW_LR_SCALE", self.lr_scale.to_string())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_shim_writes_them() {
        for (line, expected) in [
            (r#"{"event": "batch", "size": 32, "micro_batch": 16}"#, Some(Told::Batch { size: 32, micro_batch: 16 })),
            (r#"{"event": "lr", "value": 0.0003}"#, Some(Told::Lr { value: 3e-4 })),
            (r#"{"event": "step", "step": 3, "loss": 0.5, "lr": null}"#, Some(Told::Step { step: 3, loss: 0.5, lr: None })),
            (
                r#"{"event": "metric", "name": "f1", "value": 1.0, "step": null}"#,
                Some(Told::Metric { name: "f1".into(), value: 1.0, step: None }),
            ),
            (r#"{"event": "finished", "step": 7}"#, Some(Told::Finished { step: 7 })),
            (r#"{"event": "finished"}"#, None),
            (r#"{"event": "step", "step": -1, "loss": 0.5}"#, None),
            (r#"{"event": "step", "step": 1, "loss": NaN}"#, None),
            (r#"{"event": "began"}"#, Some(Told::Began)),
            (r#"{"event": "exited", "message": "no data"}"#, Some(Told::Exited { message: "no data".into() })),
            ("hello", None),
        ] {
            assert_eq!(Told::parse(line.as_bytes()), expected, "{line}");
        }
        assert!(Told::parse(&[0xff, 0xfe]).is_none());
    }

    #[test]
    fn texts_have_an_end() {
        let parsed = |line: String| Told::parse(line.as_bytes());
        let long = "ä".repeat(900_000);
        let Some(Told::Note { message }) = parsed(format!(r#"{{"event": "note", "message": "{long}"}}"#)) else {
            panic!("a note")
        };
        assert!(message.chars().count() == MOST_WORDS + 1 && message.ends_with('…'));
        let Some(Told::Metric { name, .. }) = parsed(format!(r#"{{"event": "metric", "name": "{long}", "value": 1}}"#)) else {
            panic!("a metric")
        };
        assert_eq!(name.chars().count(), MOST_NAME + 1);
        assert_eq!(parsed(format!(r#"{{"event": "checkpoint", "step": 1, "path": "{long}"}}"#)), None);
    }

    #[test]
    fn the_last_of_each_is_kept_and_what_is_none_is_counted() {
        let mut heard = Heard::default();
        for step in 1..=10_000u64 {
            heard.line(format!(r#"{{"event": "step", "step": {step}, "loss": 0.5}}"#).as_bytes());
            heard.line(format!(r#"{{"event": "metric", "name": "f1", "value": {step}}}"#).as_bytes());
        }
        assert!(heard.line(b"\x1b[31mhello").is_none() && heard.line(&[0xff]).is_none());
        (0..300).for_each(|i| drop(heard.line(format!(r#"{{"event": "metric", "name": "m{i}", "value": 1}}"#).as_bytes())));
        let told = heard.finish();
        assert_eq!(told[0], Told::Step { step: 10_000, loss: 0.5, lr: None });
        assert_eq!(told[1], Told::Metric { name: "f1".into(), value: 10_000.0, step: None });
        let notes: Vec<&Told> = told.iter().filter(|told| matches!(told, Told::Note { .. })).collect();
        let [Told::Note { message: foreign }, Told::Note { message: dropped }] = notes[..] else { panic!("{notes:?}") };
        assert!(
            foreign.starts_with("not understood: 2 lines") && foreign.contains("hello") && !foreign.contains('\u{1b}'),
            "{foreign}"
        );
        assert!(dropped.starts_with("45 metrics"), "{dropped}");
        assert_eq!(told.len(), 1 + 256 + 2);
    }
}
