//! What a script tells, and what it is told: `shim/tallow.py` is the other side.

use serde::{Deserialize, Serialize};

/// One line from a script. Its text is untrusted: it is shown cleaned, and no path of it is used but below the attempt's own folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Told {
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
    /// Everything is done.
    Finished { step: u64 },
    /// It was asked to stop, and has.
    Stopped { step: u64 },
}

impl Told {
    /// A line of a script; none if it is no such event: a script may write what it likes.
    pub fn parse(line: &[u8]) -> Option<Told> {
        serde_json::from_slice(line).ok()
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
            Told::Batch { .. } | Told::Lr { .. } => None,
        }
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
            ("hello", None),
        ] {
            assert_eq!(Told::parse(line.as_bytes()), expected, "{line}");
        }
        assert!(Told::parse(&[0xff, 0xfe]).is_none());
    }
}
