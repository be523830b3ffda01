//! The command line, as clap reads it.

mod commands;
mod groups;
mod values;

pub use commands::*;
pub use groups::*;

use clap::{Parser, Subcommand};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use values::{parse_duration, parse_steps};

/// An ML engineer in one native binary: papers and requests in, trained and measured models out.
#[derive(Debug, Parser)]
#[command(name = "tallow", version, about, after_help = EXIT_CODES, max_term_width = 110, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON for machines (events as JSON lines while training).
    #[arg(long, global = true)]
    pub json: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 2 usage · 10 spec · 11 paper · 20 data · 21 model · 30 numeric · \
31 not the same when repeated · 40 resource · \
41 interrupted (`tallow resume` continues) · 42 budget spent · 43 stalled · 50 sandbox · 60 external service · 70 a bug in Tallow";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try a paper's claim: read it, plan, train, evaluate, report.
    Reproduce {
        #[command(flatten)]
        paper: PaperArg,
        #[command(flatten)]
        fallback: FallbackArgs,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Do what is asked in ordinary words: "fine-tune BERT on SST-2, at most 30 minutes".
    Do {
        /// What to do.
        #[arg(required = true)]
        request: Vec<String>,
        #[command(flatten)]
        fallback: FallbackArgs,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Stop after the plan: of a paper, a request or an experiment file.
    Plan {
        /// A paper (as `read` takes it), an experiment file (.toml), or a request in ordinary words.
        #[arg(required_unless_present = "example")]
        what: Vec<String>,
        /// The example paper that Tallow carries.
        #[arg(long, conflicts_with = "what")]
        example: bool,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Run an experiment file.
    Train {
        /// The experiment, as TOML.
        #[arg(required_unless_present_any = ["example", "script"])]
        experiment: Option<PathBuf>,
        /// The experiment that Tallow carries: a small BERT on a data set that it makes itself.
        #[arg(long, conflicts_with = "experiment")]
        example: bool,
        #[command(flatten)]
        script: ScriptArgs,
        #[command(flatten)]
        fallback: FallbackArgs,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Show what a paper says, each field with the words it was found in.
    Read {
        #[command(flatten)]
        paper: PaperArg,
        /// Only the fields, as JSON.
        #[arg(long)]
        fields: bool,
        /// Never touch the network.
        #[arg(long)]
        offline: bool,
        #[command(flatten)]
        llm: LlmArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Continue a run that was planned, stopped or killed.
    Resume {
        /// A run folder, or its name in the folder of runs.
        run: String,
        /// Time for everything, including what was used before, such as 30m or 2h.
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        max_time: Option<Duration>,
        /// Ask the language model of the run no more: the rules go on alone.
        #[arg(long)]
        without_llm: bool,
        #[command(flatten)]
        budget: BudgetArgs,
        #[command(flatten)]
        hub: HubArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Show what a data set holds: splits, columns, classes, lengths, what is repeated or shared between splits, and what to beware of.
    Data(Box<DataArgs>),
    /// Score an existing model on a split of a data set, with a 95 % interval.
    Eval(Box<EvalArgs>),
    /// Ask a model about new texts, images, recordings or rows of tables: its answers, with probabilities.
    Predict(Box<PredictArgs>),
    /// Have a model continue a text, or answer.
    Generate(Box<GenerateArgs>),
    /// Make one model of an adapter and its base.
    Merge {
        /// The adapter: a run that trained one, its `model` folder, or a Hub id.
        adapter: String,
        /// The model's folder; it must not be there.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        hub: HubArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Write a model for another program: ONNX (BERT, ResNet in ImageNet's shapes, ViT) or GGUF (Llama, Mistral, Qwen2, Qwen3).
    Export(Box<ExportArgs>),
    /// Put a model on the Hub in one commit, once secrets and licences have been checked and somebody has agreed.
    Push(Box<PushArgs>),
    /// Train a finished run again, in a jail, and compare all that it logged and its weights, bit for bit.
    Verify {
        /// A run folder, or its name in the folder of runs.
        run: String,
        /// Only the first N steps of each seed.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        steps: Option<u64>,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Say which input of two runs differs first, and from which step on their losses do.
    Diff {
        /// A run folder, its name in the folder of runs, or a model that a run left.
        a: String,
        /// Another.
        b: String,
    },
    /// Run a suite of tasks unattended and say how it went: how often each succeeds, how fast, and beside what (docs/benchmarks.md).
    Bench(Box<BenchArgs>),
    /// Show the report of a run again.
    Report {
        /// A run folder, or its name in the folder of runs.
        run: String,
    },
    /// List the runs in the folder of runs (`runs` here, or what the variable TALLOW_RUNS names), newest first: when each began, how far it
    /// is or how it ended, and its score. A run that was put elsewhere with `--out` is not among them.
    Runs,
    /// List the models of the zoo.
    Models,
    /// Show where the time of a training step goes, operation by operation: random batches of the data's own size.
    Profile {
        /// What to train, as for `plan`: an experiment file (.toml), a request, or a paper.
        #[arg(required_unless_present = "example")]
        what: Vec<String>,
        /// The example paper that Tallow carries.
        #[arg(long, conflicts_with = "what")]
        example: bool,
        /// Steps that are timed.
        #[arg(long, default_value_t = 5, value_name = "N", value_parser = parse_steps)]
        steps: u64,
        /// For models of texts: tokens of each; default: the mean of the data.
        #[arg(long, value_name = "N")]
        tokens: Option<NonZeroUsize>,
        #[command(flatten)]
        wishes: Wishes,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Say what this machine offers.
    Doctor {
        #[command(flatten)]
        hub: HubArgs,
    },
    /// Print the JSON schema of experiment files.
    Schema,
    /// The worker of a run: a job on stdin, events on stdout.
    #[command(hide = true)]
    Worker,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// An experiment names its own held-out split: examples beside it would be silently left out.
    #[test]
    fn held_out_examples_are_for_scripts_alone() {
        let read = |args: &[&str]| {
            let words = [&["tallow", "train"][..], args].concat();
            Cli::try_parse_from(words).map(drop).map_err(|error| error.exit_code())
        };
        let held_out = ["--held-out", "test.csv", "--label", "y"];
        for beside in [&["exp.toml"][..], &["--example"], &[]] {
            assert_eq!(read(&[beside, &held_out].concat()), Err(2), "{beside:?}");
        }
        assert_eq!(read(&[&["--script", "train.py"][..], &held_out].concat()), Ok(()));
    }
}
