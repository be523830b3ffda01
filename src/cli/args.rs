//! The command line, as clap reads it.

mod groups;
mod values;

pub use groups::*;

use super::export::Format;
use crate::export::FloatKind;
use crate::spec::Compared;
use clap::{Parser, Subcommand};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;
use values::{parse_duration, parse_share_of_one, parse_some, parse_steps, parse_temperature};

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
    /// Go on with a run that was planned, stopped or killed.
    Resume {
        /// A run folder, or its name in the folder of runs.
        run: String,
        /// Time for everything, what was used before included, such as 30m or 2h.
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
    Data {
        /// The data set: a file or several, a folder, an archive, a pattern ('data/*.csv'), a file's https address, a Hub id
        /// (ORG/NAME:CONFIG), or a usual name such as SST-2.
        #[arg(required = true)]
        data: Vec<String>,
        /// Only this split.
        #[arg(long)]
        split: Option<String>,
        /// The column that would be predicted, where that cannot be told.
        #[arg(long, value_name = "COLUMN")]
        label: Option<String>,
        /// Rows of each split to show.
        #[arg(long, default_value_t = 2, value_name = "N")]
        samples: usize,
        #[command(flatten)]
        hub: HubArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Score a model that is there on a split of a data set, with a 95 % interval.
    Eval {
        /// The model: a folder in the Hub's format (such as the `model` folder of a run), or a Hub id.
        model: String,
        /// The data set: a file (once for each of several), a folder, an archive, a pattern ('data/*.csv'), a file's https address, a Hub id
        /// (ORG/NAME:CONFIG), or a usual name such as SST-2.
        #[arg(long, required = true, value_name = "DATA")]
        data: Vec<String>,
        /// The split; default: the one that is usually scored.
        #[arg(long)]
        split: Option<String>,
        /// Only so many examples, the first of the split.
        #[arg(long, value_name = "N")]
        max_examples: Option<NonZeroUsize>,
        #[command(flatten)]
        speech: SpeechArgs,
        /// For a model of speech: what becomes of texts before they are compared.
        #[arg(long, value_enum, value_name = "HOW")]
        compare: Option<Compared>,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Say what a model says of texts, images or rows of tables whose answers nobody knows, with probabilities.
    Predict {
        /// The model: a run, its `model` folder, a folder in the Hub's format, or a Hub id.
        model: String,
        /// Texts, `-` for stdin (a text or JSON object a line), tables (.csv, .jsonl, .parquet), files of texts (.txt), images, folders of
        /// images, recordings, or rows as JSON objects.
        #[arg(required = true)]
        inputs: Vec<String>,
        /// The second text beside each one that is said: what a question is about, or the other of a pair.
        #[arg(long, visible_alias = "context", value_name = "TEXT")]
        with: Option<String>,
        /// Columns of the input; default: those that the run was trained on, else those with the usual names.
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        columns: Vec<String>,
        /// Only the likeliest so many.
        #[arg(long, value_name = "N")]
        top_k: Option<NonZeroUsize>,
        /// With the model's own numbers, from which probabilities are made.
        #[arg(long)]
        logits: bool,
        /// Of a model that writes: each input is what a user says, in the form of the model's chat template.
        #[arg(long)]
        chat: bool,
        /// Of a model that writes: at most so many tokens; default: 128, of a model of pairs what its `generation_config.json` says.
        #[arg(long, value_name = "N", value_parser = parse_some)]
        max_tokens: Option<usize>,
        /// Of a model that writes: search for the likeliest text by going on with so many at a time; default: what its files say.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
        beams: Option<u16>,
        #[command(flatten)]
        speech: SpeechArgs,
        /// Write the answers there, a line of JSON each.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        hub: HubArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Have a model go on with a text, or answer.
    Generate {
        /// The model: a run, an adapter, a folder in the Hub's format, a GGUF file, or a Hub id.
        model: String,
        /// What the text begins with, or with `--chat` what is said to the model; for a model of speech a recording (WAV, FLAC, MP3, Ogg Vorbis). `-`: stdin.
        #[arg(value_name = "PROMPT", required_unless_present = "prompt_option")]
        prompt: Option<String>,
        /// The same, as an option.
        #[arg(long = "prompt", value_name = "PROMPT", conflicts_with = "prompt")]
        prompt_option: Option<String>,
        /// Say it in the form of the model's chat template.
        #[arg(long)]
        chat: bool,
        /// In a conversation, who the model is to be.
        #[arg(long, value_name = "TEXT", requires = "chat")]
        system: Option<String>,
        /// Write at most so many tokens; default: 128, of a model of pairs what its `generation_config.json` says.
        #[arg(long, value_name = "N", value_parser = parse_some)]
        max_tokens: Option<usize>,
        /// Draw by chance, the more evenly the higher; default: the likeliest each time.
        #[arg(long, value_name = "T", allow_negative_numbers = true, value_parser = parse_temperature)]
        temperature: Option<f64>,
        /// Draw from the fewest tokens that together have this probability.
        #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = parse_share_of_one)]
        top_p: Option<f64>,
        /// Draw from so many of the likeliest tokens.
        #[arg(long, value_name = "N")]
        top_k: Option<NonZeroUsize>,
        /// Search for the likeliest text by going on with so many at a time.
        #[arg(long, value_name = "N", conflicts_with_all = ["temperature", "top_p", "top_k", "schema", "stream"], value_parser = clap::value_parser!(u16).range(1..=1000))]
        beams: Option<u16>,
        /// What chance is drawn from.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// A file with a JSON schema: the text is JSON that fits it, whatever the model.
        #[arg(long, value_name = "FILE")]
        schema: Option<PathBuf>,
        /// Show the text as it is written; on a terminal it is shown so in any case.
        #[arg(long)]
        stream: bool,
        #[command(flatten)]
        speech: SpeechArgs,
        #[command(flatten)]
        hub: HubArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
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
    Export {
        /// The model: a run, an adapter, a folder in the Hub's format, a GGUF file, or a Hub id.
        model: String,
        #[arg(long, value_enum, value_name = "FORMAT")]
        to: Format,
        /// Of GGUF: how matrices are stored.
        #[arg(long, value_enum, default_value_t = FloatKind::F16, value_name = "KIND")]
        dtype: FloatKind,
        /// The file; default: `model.onnx` or `model.gguf` here. It must not be there.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        hub: HubArgs,
        #[command(flatten)]
        worker: WorkerArgs,
    },
    /// Put a model on the Hub by one commit, after secrets and licences were looked at and somebody agreed.
    Push {
        /// A finished run, its name in the folder of runs, or a model's folder.
        model: String,
        /// Where it goes: ORG/NAME. It is made if it is not there.
        target: String,
        /// Only those with access see it.
        #[arg(long)]
        private: bool,
        /// As a pull request.
        #[arg(long)]
        pr: bool,
        /// The branch; it is made if it is not there.
        #[arg(long, default_value = "main", value_name = "BRANCH")]
        revision: String,
        /// Say what would go, with sizes and hashes, and send nothing.
        #[arg(long)]
        dry_run: bool,
        /// Agree beforehand: nobody is asked.
        #[arg(long)]
        yes: bool,
        /// Let paths of this machine go that stand in its texts.
        #[arg(long)]
        allow_paths: bool,
        /// You may share it on the terms of this licence, as the card names it, or `unknown`.
        #[arg(long, value_name = "ID")]
        accept_license: Vec<String>,
        /// The licence that its card states, as the Hub names it, such as `apache-2.0`.
        #[arg(long, value_name = "ID")]
        license: Option<String>,
        /// What the commit is called.
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
        #[command(flatten)]
        hub: HubArgs,
    },
    /// Train a finished run again, in a jail, and compare all that it logged and its weights, bit for bit.
    Verify {
        /// A run folder, or its name in the folder of runs.
        run: String,
        /// Only the first so many steps of each seed.
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
    /// List the runs.
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
