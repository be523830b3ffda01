//! The real program, driven as a user drives it, and what must hold of everything that it refuses.

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A run of less than a second: a BERT of one layer on a data set that Tallow makes itself.
pub(crate) const TINY: &str = r#"
version = 1
title = "A tiny test"
task = "text_classification"
metric = "accuracy"
seeds = [0]

[data]
source = { kind = "generated", name = "toy_reviews", examples = 200, seed = 1 }
train = "train"
held_out = "test"
monitor = { kind = "none" }

[model]
kind = "scratch"

[model.config]
family = "bert"
vocab_size = 400
hidden_size = 16
num_hidden_layers = 1
num_attention_heads = 2
intermediate_size = 32
max_position_embeddings = 32
type_vocab_size = 2
hidden_act = "gelu"
hidden_dropout_prob = 0.1
attention_probs_dropout_prob = 0.1
initializer_range = 0.02
layer_norm_eps = 1e-12
pad_token_id = 0
head = { classes = ["negative", "positive"] }

[recipe]
optimizer = { kind = "adamw" }
lr = 1e-3
schedule = { kind = "linear", warmup = { frac = 0.1 } }
length = { steps = 20 }
batch_size = 16
max_seq_len = 32
"#;

/// A folder for a test's files and runs. What is started in it sees nothing of the user's environment.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    runs: Cell<u32>,
}

/// What a command said when it had ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// None: a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Place { dir: tempfile::tempdir().expect("a folder"), runs: Cell::new(0) }
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// The place of a run that is not there yet.
    pub(crate) fn run(&self) -> PathBuf {
        self.runs.set(self.runs.get() + 1);
        self.path(format!("run-{}", self.runs.get()))
    }

    pub(crate) fn tallow<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tallow"));
        command.args(args).env_clear().stdin(Stdio::null());
        hears_stops(&mut command);
        command.envs([("HOME", self.path("home")), ("TALLOW_RUNS", self.path("runs")), ("TALLOW_CACHE", self.path("cache"))]);
        command
    }

    /// The tiny experiment with these keys changed, into `out`. No network unless the caller takes `--offline` away.
    pub(crate) fn train(&self, set: &[&str], out: &Path) -> Command {
        let mut command = self.train_file("tiny.toml", TINY, out);
        command.args(set.iter().map(|set| format!("--set={set}")));
        command
    }

    /// Another experiment, which is written to a file of this name.
    pub(crate) fn train_file(&self, name: &str, experiment: &str, out: &Path) -> Command {
        let file = self.write(name, experiment);
        self.tallow([OsStr::new("train"), file.as_os_str(), OsStr::new("--threads=2"), OsStr::new("--out"), out.as_os_str()])
    }

    pub(crate) fn resume(&self, run: &Path) -> Command {
        self.tallow([OsStr::new("resume"), run.as_os_str(), OsStr::new("--offline"), OsStr::new("--threads=2")])
    }

    /// The tiny experiment with these keys changed is refused, offline; nothing half-written is left.
    pub(crate) fn refuses(&self, set: &[&str], expected: &Refusal) {
        self.refuses_with(set, &|command| offline(command), expected);
    }

    /// As [`Place::refuses`], with the command changed further.
    pub(crate) fn refuses_with(&self, set: &[&str], change: &dyn Fn(&mut Command), expected: &Refusal) {
        expected.check(&|| {
            let out = self.run();
            let mut command = self.train(set, &out);
            change(&mut command);
            (command, Some(out))
        });
    }
}

fn offline(command: &mut Command) {
    command.arg("--offline");
}

/// Shells have what they start in the background ignore Ctrl-C, and so would what is tested.
fn hears_stops(command: &mut Command) {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        let hear = || {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
                // SAFETY: a plain number, and a disposition that runs no code.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
            Ok(())
        };
        // SAFETY: between fork and exec it calls `signal` alone, which may be called there.
        unsafe { command.pre_exec(hear) };
    }
}

/// What a refusal must say.
pub(crate) struct Refusal<'a> {
    pub(crate) code: i32,
    /// Words of the message and its causes: what, where, expected, found.
    pub(crate) words: &'a [&'a str],
    /// Words of the hint; none where there is no next step.
    pub(crate) hint: &'a str,
}

impl Refusal<'_> {
    /// For people and for machines; `command` makes the command and names the run folder that it would write.
    pub(crate) fn check(&self, command: &dyn Fn() -> (Command, Option<PathBuf>)) {
        for json in [false, true] {
            let (mut command, out) = command();
            if json {
                command.arg("--json");
            }
            let said = said(&mut command);
            let context = format!("{command:?}\n{said:#?}");
            assert_eq!(said.code, Some(self.code), "{context}");
            let (told, hint) = if json { machines(&said, self.code) } else { people(&said) };
            for words in self.words {
                assert!(told.contains(words), "expected {words:?}\n{context}");
            }
            assert!(
                hint.contains(self.hint) && (self.hint.is_empty() || !hint.is_empty()),
                "expected {:?} in the hint\n{context}",
                self.hint
            );
            assert!(!said.stderr.contains("panicked"), "{context}");
            out.iter().for_each(|out| nothing_is_half_written(out));
        }
    }
}

/// The message with its causes, and the hint.
fn people(said: &Said) -> (String, String) {
    let at = said.stderr.find("error: ").unwrap_or_else(|| panic!("no error is told: {said:#?}"));
    let (told, hint) = said.stderr[at..].split_once("\nhint: ").unwrap_or((&said.stderr[at..], ""));
    (told.into(), hint.into())
}

fn machines(said: &Said, code: i32) -> (String, String) {
    let told = said.stderr.lines().last().and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let told = told.unwrap_or_else(|| panic!("the last line must be JSON: {said:#?}"));
    let error = &told["error"];
    assert_eq!(error["exit_code"], code, "{said:#?}");
    assert!(error["class"].is_string(), "{said:#?}");
    let causes = error["causes"].as_array().expect("causes").iter();
    let told: Vec<&str> = std::iter::once(&error["message"]).chain(causes).map(|line| line.as_str().expect("text")).collect();
    (told.join("\n"), error["hint"].as_str().unwrap_or_default().into())
}

/// Runs it to its end.
pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().expect("started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs it to its end, which must be a good one.
pub(crate) fn succeeds(command: &mut Command) -> Said {
    let said = said(command);
    assert_eq!(said.code, Some(0), "{command:?}\n{said:#?}");
    said
}

/// No file that was never finished, and none that is broken, in a run folder (that need not be there).
pub(crate) fn nothing_is_half_written(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let partial = name.starts_with('.') || [".new", ".partial", ".incomplete", ".tmp"].iter().any(|end| name.ends_with(end));
        assert!(!partial, "{} was left", path.display());
        if path.is_dir() {
            nothing_is_half_written(&path);
            continue;
        }
        let bytes = std::fs::read(&path).expect("read");
        let whole = match path.extension().and_then(OsStr::to_str) {
            Some("json") => serde_json::from_slice::<serde_json::Value>(&bytes).map(drop).map_err(|e| e.to_string()),
            Some("toml") => toml::from_slice::<toml::Table>(&bytes).map(drop).map_err(|e| e.to_string()),
            Some("safetensors") => safetensors::SafeTensors::deserialize(&bytes).map(drop).map_err(|e| e.to_string()),
            Some("jsonl") => lines_are_whole(&bytes),
            _ => Ok(()),
        };
        assert_eq!(whole, Ok(()), "{}", path.display());
    }
}

/// Every line is JSON; the last may be cut, as readers leave such a one out.
fn lines_are_whole(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .try_for_each(|line| serde_json::from_str::<serde_json::Value>(line).map(drop).map_err(|e| format!("{line}: {e}")))
}

/// Hash of the trained model.
pub(crate) fn weights(run: &Path) -> String {
    tallow::data::sha256_of_file(&run.join("model/model.safetensors")).expect("weights")
}
