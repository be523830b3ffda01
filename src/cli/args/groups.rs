//! Arguments that belong together; most stand with several commands.

use super::values::{
    parse_assignment, parse_bytes, parse_count, parse_duration, parse_epochs, parse_fault, parse_patience, parse_seed,
    parse_seed_count, parse_share, parse_threads, parse_trials, parse_usd,
};
use crate::bench::{Fault, TierName};
use crate::sandbox::Level;
use crate::spec::Write;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct PaperArg {
    /// A file (PDF, LaTeX, HTML, Markdown, text), a folder or archive of LaTeX, an arXiv id (1810.04805) or URL, or `-`.
    #[arg(required_unless_present = "example")]
    pub paper: Option<String>,
    /// The example paper that Tallow carries.
    #[arg(long, conflicts_with = "paper")]
    pub example: bool,
}

/// A script in place of an experiment, for what the zoo lacks.
#[derive(Debug, Args, Default, Clone)]
pub struct ScriptArgs {
    /// A Python script, which runs in a Docker container without network; `--data` is then the folder that it sees. See docs/scripts.md.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["experiment", "example"])]
    pub script: Option<PathBuf>,
    /// A table of examples that a script predicts (`tallow.predict`) and Tallow scores.
    #[arg(long, value_name = "FILE", requires = "label", conflicts_with_all = ["experiment", "example"])]
    pub held_out: Option<PathBuf>,
    /// Its column with the answers, which the script does not see.
    #[arg(long, value_name = "COLUMN", requires = "held_out", conflicts_with_all = ["experiment", "example"])]
    pub label: Option<String>,
}

/// Scripts in containers, where the zoo lacks what is wanted.
#[derive(Debug, Args, Default, Clone)]
pub struct FallbackArgs {
    /// Let the language model of `--llm` write a Python script where the zoo lacks the model, or mend the one of `--script`; it runs in a
    /// container without network (docs/scripts.md). Without it that is asked for on a terminal and refused elsewhere.
    #[arg(long)]
    pub allow_script: bool,
    /// The image that a script runs in; default: `tallow-python`.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Let a script see the GPUs.
    #[arg(long)]
    pub gpu: bool,
}

impl FallbackArgs {
    /// The first of these that was given.
    pub fn given(&self) -> Option<&'static str> {
        let all = [("--allow-script", self.allow_script), ("--image", self.image.is_some()), ("--gpu", self.gpu)];
        all.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }

    /// The first that was given of those that are nothing without a script.
    pub fn of_container(&self) -> Option<&'static str> {
        FallbackArgs { allow_script: false, ..self.clone() }.given()
    }
}

/// What the user wants otherwise than the file says. Each lands in the spec.
#[derive(Debug, Args, Default, Clone)]
pub struct Wishes {
    /// The data set: a file, a folder, an archive, a pattern ('data/*.csv'), a file's https address, a Hub id (ORG/NAME:CONFIG), or a usual
    /// name such as SST-2.
    #[arg(long, value_name = "DATA")]
    pub data: Option<String>,
    /// The model: a folder, a Hub id, or a usual name such as BERT-base or ResNet-20.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Time for everything, such as 30m or 2h.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub max_time: Option<Duration>,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub llm: LlmArgs,
    /// Try further recipes, at most N in all, and keep what improves the monitored metric; the verdict compares it with the first.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "8", value_parser = parse_trials)]
    pub improve: Option<u16>,
    /// Train for N epochs.
    #[arg(long, value_name = "N", value_parser = parse_epochs)]
    pub epochs: Option<f64>,
    /// Use at most N training examples.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub max_examples: Option<usize>,
    /// Seeds, one run each: 0,1,2.
    #[arg(long, value_delimiter = ',', value_parser = parse_seed)]
    pub seeds: Vec<u64>,
    /// Set any key of the experiment file: --set recipe.lr=1e-4
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_assignment)]
    pub set: Vec<(String, String)>,
}

/// What a model of speech is told.
#[derive(Debug, Args, Clone)]
pub struct SpeechArgs {
    /// For a model of speech: what is spoken, by its code such as en or de; default: as the model was last trained, else English.
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// For a model of speech: what it writes; default: as it was last trained.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub write: Option<Write>,
}

/// What an unattended run may use and do. Each lands in the spec.
#[derive(Debug, Args, Default, Clone)]
pub struct BudgetArgs {
    /// Most memory of a worker, such as 1GiB: a run that needs more is tried again in smaller parts of the same steps.
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub memory: Option<u64>,
    /// Most disk space of the run folder, such as 20GB.
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub max_disk: Option<u64>,
    /// Most attempts of a run that fails, the first included.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub max_attempts: Option<u8>,
    /// How long a worker, or a script, may be silent before it counts as hung; default: 10m.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub max_silence: Option<Duration>,
    /// Most tokens that a language model may read and write for the run.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_tokens: Option<u64>,
    /// Most US dollars that the run may cost: a language model, by the price in its configuration, and the time of this machine,
    /// where an hour of it has one (docs/planning.md).
    #[arg(long, value_name = "USD", value_parser = parse_usd)]
    pub max_usd: Option<f64>,
    /// Let recovery change what is tested, such as leave out examples that are not finite; the report names each such change.
    #[arg(long)]
    pub allow_scope_change: bool,
    /// Agree to a licence, as the card names it, such as cc-by-nc-4.0; without it what forbids commercial use, or sharing what is made
    /// of it, is asked for on a terminal and refused elsewhere.
    #[arg(long, value_name = "ID")]
    pub accept_license: Vec<String>,
}

/// The language model to ask about a paper or a plan. See docs/language-models.md.
#[derive(Debug, Args, Default, Clone)]
pub struct LlmArgs {
    /// Ask a language model, too: a name of the configuration (llm.toml) or a usual one such as ollama#MODEL, URL#MODEL, or embedded:MODEL
    /// for weights on this machine (docs/language-models.md).
    #[arg(long, value_name = "NAME")]
    pub llm: Option<String>,
    /// Answer its questions from the recording of an earlier run (llm.jsonl).
    #[arg(long, value_name = "FILE")]
    pub llm_replay: Option<PathBuf>,
}

#[derive(Debug, Args, Clone)]
pub struct RunArgs {
    /// The run folder; default: a new one in the folder of runs; of `eval` and `profile` one that nobody keeps.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub hub: HubArgs,
    #[command(flatten)]
    pub worker: WorkerArgs,
}

#[derive(Debug, Args, Clone)]
pub struct HubArgs {
    /// A local folder in the Hub's layout (models/, datasets/), used instead of the Hub.
    #[arg(long, value_name = "DIR")]
    pub hub: Option<PathBuf>,
    /// Never touch the network.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args, Clone)]
pub struct WorkerArgs {
    /// How the jail is built: strict refuses if a layer is missing.
    #[arg(long, value_enum, default_value_t = Level::Strict)]
    pub sandbox: Level,
    /// Threads of the worker; default: all cores.
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub threads: Option<NonZeroUsize>,
}

impl WorkerArgs {
    /// The threads of the worker.
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }
}

/// What `tallow bench` runs, or compares.
#[derive(Debug, Args, Clone)]
pub struct BenchArgs {
    /// The suite: `classic20`, or the path of a TOML file.
    #[arg(required_unless_present = "compare")]
    pub suite: Option<String>,
    /// How large: `ci` on small made data in seconds, `cpu` on real data in minutes, `gpu` the full task, which is refused without `--on-cpu`:
    /// nothing is trained on a GPU yet.
    #[arg(long, value_enum, default_value_t = TierName::Ci)]
    pub tier: TierName,
    /// Run the tier `gpu` on the processor.
    #[arg(long)]
    pub on_cpu: bool,
    /// Only these tasks, and those whose models they begin with.
    #[arg(long, value_delimiter = ',', value_name = "ID,..")]
    pub tasks: Vec<String>,
    /// Seeds of each task, from 0; default: as many as the suite says.
    #[arg(long, value_name = "N", value_parser = parse_seed_count)]
    pub seeds: Option<u64>,
    /// Where everything goes, and what is gone on with; default: `bench-SUITE-TIER` in the folder of runs.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Also run each task with these faults: `memory`, `learning-rate`, `bad-column`, `cut-download`, `kill-worker`, `kill-program`, `vague`, `misspelt`, or `all`.
    #[arg(long, value_delimiter = ',', value_name = "NAME,..", value_parser = parse_fault)]
    pub adversity: Vec<Faults>,
    /// Also run the same recipe in another framework, on the same batches and in turns.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub vs: Option<Other>,
    /// The Python that has torch and transformers; default: `python3`.
    #[arg(long, value_name = "PATH", requires = "vs")]
    pub python: Option<PathBuf>,
    /// Where files lie that a suite names and does not make.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Vec<PathBuf>,
    /// Multiply the suite's time limits by this, on a slow or busy machine.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = parse_patience)]
    pub patience: f64,
    /// The file that a line about the results is appended to; default: `history.jsonl` in `--out`.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// What the results are called, such as a commit.
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// Fail where less than this share of the trials went well after recovery, such as 0.95.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub at_least: Option<f64>,
    /// Compare two results instead: folders of benches, or their `results.json`.
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "suite")]
    pub compare: Vec<PathBuf>,
    #[command(flatten)]
    pub hub: HubArgs,
    #[command(flatten)]
    pub worker: WorkerArgs,
}

/// What is run beside Tallow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Other {
    Pytorch,
}

/// One fault, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    One(Fault),
    All,
}
