//! `manifest.json` of a script's run: what it was made of, and who wrote it.

use crate::script::ScriptSpec;
use crate::store::{Entry, Record};
use serde::{Deserialize, Serialize};

/// The manifest of a script's run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptManifest {
    pub version: u32,
    /// The script of each attempt.
    pub scripts: Vec<ScriptHash>,
    /// Whether a language model wrote the last one.
    pub is_generated: bool,
    pub image: String,
    pub image_id: String,
    pub seed: u64,
    /// Of the held-out examples as they were given; none: nothing was scored.
    pub held_out_sha256: Option<String>,
    /// Of Tallow.
    pub tallow: String,
    /// Of the program's own file.
    pub binary_sha256: String,
    /// What its scores mean.
    pub meaning: String,
}

/// The script of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptHash {
    pub attempt: u32,
    pub sha256: String,
    /// None: it was given.
    pub written_by: Option<String>,
}

impl ScriptManifest {
    pub fn of(spec: &ScriptSpec, ledger: &[Entry]) -> ScriptManifest {
        let given = (spec.script_sha256.clone().unwrap_or_default(), None);
        let (mut last, mut scripts, mut made) = (given, Vec::new(), (String::new(), String::new()));
        for entry in ledger {
            match &entry.record {
                Record::Created { version, binary_sha256, .. } => made = (version.clone(), binary_sha256.clone()),
                Record::Written { by, sha256, .. } => last = (sha256.clone(), Some(by.clone())),
                Record::AttemptStarted { run, attempt, .. } if run == crate::script::RUN => {
                    scripts.push(ScriptHash { attempt: *attempt, sha256: last.0.clone(), written_by: last.1.clone() });
                }
                _ => {}
            }
        }
        let held_out_sha256 = spec.held_out.as_ref().map(|held_out| held_out.file_sha256.clone());
        let scores = match held_out_sha256 {
            Some(_) => {
                "its scores are Tallow's, of what it predicted of examples whose answers it could not see; all other numbers are its own"
            }
            None => "all its numbers are its own: Tallow measured none of them",
        };
        let code = "it ran in a container without network";
        ScriptManifest {
            version: 1,
            is_generated: scripts.last().is_some_and(|script| script.written_by.is_some()),
            scripts,
            image: spec.image.clone(),
            image_id: spec.image_id.clone(),
            seed: spec.seed,
            held_out_sha256,
            tallow: made.0,
            binary_sha256: made.1,
            meaning: format!("{code}; {scores}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobKind;
    use crate::script::RUN;

    #[test]
    fn each_attempt_has_the_script_that_was_written_last() {
        let started = |attempt| Record::AttemptStarted { run: RUN.into(), attempt, job: JobKind::Script };
        let written = |attempt, sha256: &str| {
            let (by, file) = ("m at h".to_string(), "runs/script/attempts/002/script.py".to_string());
            Record::Written { attempt, by, file, sha256: sha256.into(), secs: 1.0 }
        };
        let other = Record::AttemptStarted { run: "answer".into(), attempt: 1, job: JobKind::Generate };
        let rows = [started(1), other, written(2, "b"), started(2), started(3), written(4, "d"), started(4)];
        let ledger: Vec<Entry> =
            (1..).zip(rows).map(|(row, record)| Entry { row, at: String::new(), before: None, record }).collect();
        let spec = ScriptSpec { script: Some("t.py".into()), script_sha256: Some("a".into()), ..ScriptSpec::default() };
        let manifest = ScriptManifest::of(&spec, &ledger);
        let found: Vec<(&str, bool)> = manifest.scripts.iter().map(|s| (s.sha256.as_str(), s.written_by.is_some())).collect();
        assert_eq!(found, [("a", false), ("b", true), ("b", true), ("d", true)]);
        assert!(manifest.is_generated && manifest.meaning.contains("Tallow measured none"), "{manifest:?}");
        assert!(!ScriptManifest::of(&spec, &ledger[..2]).is_generated);
    }
}
