//! What a suite holds, and how its file is read: every problem at once.

use super::fault::Fault;
use super::strike::arguments;
use crate::error::{Class, Failure};
use crate::spec::{Metric, parse_strictly, takes};
use crate::words::{self, clean};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The version of the format.
const VERSION: u32 = 1;

/// Suites that Tallow carries, by their names.
const SHIPPED: [(&str, &str); 1] = [("classic20", include_str!("../../presets/suites/classic20.toml"))];

/// A suite that Tallow carries.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A list of tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    pub version: u32,
    pub name: String,
    /// What it is for, in a sentence.
    pub summary: String,
    /// Seeds that each task is run with.
    #[serde(default = "usual_seeds")]
    #[schemars(range(min = 1, max = 1000))]
    pub seeds: u64,
    #[schemars(length(min = 1))]
    pub task: Vec<Task>,
}

fn usual_seeds() -> u64 {
    5
}

/// One task, in up to three sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Names its files: lower-case letters, digits and underscores.
    pub id: String,
    /// As one says it: `BERT on SST-2`.
    pub name: String,
    /// What it takes a person who knows the field.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub human_minutes: Option<f64>,
    /// What agents of the field reach.
    #[serde(default)]
    pub agents: Option<Agents>,
    #[serde(default)]
    pub ci: Option<Tier>,
    #[serde(default)]
    pub cpu: Option<Tier>,
    #[serde(default)]
    pub gpu: Option<Tier>,
}

/// What was reported of other agents on the full task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agents {
    /// Share of runs.
    #[schemars(range(min = 0, max = 1))]
    pub first_attempt: f64,
    #[schemars(range(min = 0, max = 1))]
    pub after_recovery: f64,
    #[schemars(range(min = 0))]
    pub minutes: f64,
    pub source: String,
}

/// A task in one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub start: Start,
    /// The request in other words: what somebody says who does not know what there is to say.
    #[serde(default)]
    pub vague: Option<String>,
    /// The request with slips of the keys.
    #[serde(default)]
    pub misspelt: Option<String>,
    /// Flags of the command line, besides. `{model}` is the folder of the model that `model_of` left.
    #[serde(default)]
    pub args: Vec<String>,
    /// What lies in the folder that the task is run in.
    #[serde(default)]
    pub files: Vec<File>,
    /// Whether models or data come from the Hub, or from a folder in its place.
    #[serde(default)]
    pub hub: bool,
    /// Another task of the suite, whose model this one begins with. It is run before.
    #[serde(default)]
    pub model_of: Option<String>,
    /// A flag that names a column that is not there, such as `data.columns.label=colour`; none: the task has no columns.
    #[serde(default)]
    pub bad_column: Option<String>,
    /// For everything, from the request to the report.
    #[schemars(range(min = 1))]
    pub time_limit_secs: u64,
    pub target: Goal,
}

/// What is given to the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Start {
    /// `tallow do`.
    Request { text: String },
    /// `tallow reproduce`: a file of the task's folder, or an arXiv id.
    Paper { paper: String },
    /// `tallow reproduce --example`.
    ExamplePaper,
}

/// A file in a task's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum File {
    /// Of a folder named by `--data-dir`.
    Given { name: String },
    /// It is made: the same for the same number of rows.
    Made {
        name: String,
        make: Made,
        #[schemars(range(min = 10, max = 1_000_000))]
        rows: usize,
    },
}

impl File {
    pub fn name(&self) -> &str {
        match self {
            File::Given { name } | File::Made { name, .. } => name,
        }
    }
}

/// Data sets that a suite can have made. Each follows a rule with some noise, so that there is something to learn and a score that
/// says whether it was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// `text,label`: what somebody says of a thing, positive or negative. A twentieth of the labels is wrong.
    Reviews,
    /// `sentence1,sentence2,label`: whether both say the same of their thing.
    Pairs,
    /// `sentence1,sentence2,score`: how near two sentences are, 0 to 5.
    Similar,
    /// `text,rating`: a number that the words of a text add up to.
    Ratings,
    /// JSON lines of `tokens` and `ner_tags`: people and places.
    Entities,
    /// JSON lines as SQuAD has them: where somebody lives.
    Questions,
    /// Sentences of a small grammar, a line each.
    Novel,
    /// A list of `instruction`, `input`, `output`: an opinion, and a sentence of the same opinion in the words of `novel`.
    Instructions,
    /// A list of `prompt`, `chosen`, `rejected`: polite answers are better.
    Preferences,
    /// A table of measures and a colour; `species` is what they tell.
    Flowers,
    /// A table of size, rooms, district; `price` is what they add up to.
    Houses,
}

/// What has to be reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    pub metric: Metric,
    pub value: f64,
    /// Where the value is from.
    pub source: String,
}

/// How large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum TierName {
    /// Small made data, seconds.
    Ci,
    /// Real data and weights at hand, minutes on two cores.
    Cpu,
    /// The full task on one GPU.
    Gpu,
}

impl TierName {
    pub fn name(self) -> &'static str {
        match self {
            TierName::Ci => "ci",
            TierName::Cpu => "cpu",
            TierName::Gpu => "gpu",
        }
    }
}

impl Task {
    pub fn tier(&self, name: TierName) -> Option<&Tier> {
        match name {
            TierName::Ci => self.ci.as_ref(),
            TierName::Cpu => self.cpu.as_ref(),
            TierName::Gpu => self.gpu.as_ref(),
        }
    }
}

impl Tier {
    /// The column that `bad_column` names.
    pub(super) fn column_that_is_not_there(&self) -> Option<&str> {
        let (_, value) = self.bad_column.as_deref()?.split_once('=')?;
        Some(value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '"' | '\'')))
    }
}

/// A suite cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    #[error("the suite `{file}` has {}:{}", words::counted(problems.len(), "problem"), words::bullets(problems))]
    Problems { file: String, problems: Vec<String> },
    #[error("there is no suite `{name}`: it is no file, and Tallow carries {}", .have.join(", "))]
    Unknown { name: String, have: Vec<String> },
    #[error("the suite `{suite}` has no task {} in the tier `{tier}`", words::quoted(tasks))]
    NoTask { suite: String, tier: &'static str, tasks: Vec<String>, have: Vec<String> },
}

impl Failure for SuiteError {
    fn class(&self) -> Class {
        match self {
            SuiteError::Problems { .. } => Class::Spec,
            SuiteError::Unknown { .. } | SuiteError::NoTask { .. } => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            SuiteError::Problems { .. } => Some("docs/benchmarks.md says what a suite holds".into()),
            SuiteError::Unknown { .. } => Some("give the path of a suite's TOML file".into()),
            SuiteError::NoTask { have, .. } => Some(format!("there are {}", have.join(", "))),
        }
    }
}

impl Suite {
    /// The names of the suites that Tallow carries.
    pub fn names() -> Vec<String> {
        SHIPPED.iter().map(|(name, _)| name.to_string()).collect()
    }

    /// Reads a suite's file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str, file: &str) -> Result<Suite, SuiteError> {
        Suite::parse_with(text, file, &|_| None)
    }

    /// The same, where `misread` says of a command's words why they cannot be read, if so.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse_with(text: &str, file: &str, misread: &dyn Fn(&[String]) -> Option<String>) -> Result<Suite, SuiteError> {
        parse_strictly(text, &|suite: &Suite| together(suite, misread))
            .map_err(|problems| SuiteError::Problems { file: file.into(), problems })
    }

    /// The tasks that `wanted` names, all of the tier where it names none, each behind the one whose model it begins with.
    ///
    /// # Errors
    /// A task that is not there in this tier.
    pub fn chosen(&self, tier: TierName, wanted: &[String]) -> Result<Vec<(&Task, &Tier)>, SuiteError> {
        let all: Vec<(&Task, &Tier)> = self.task.iter().filter_map(|task| Some((task, task.tier(tier)?))).collect();
        let missing: Vec<String> = wanted.iter().filter(|id| !all.iter().any(|(task, _)| task.id == **id)).cloned().collect();
        if !missing.is_empty() || all.is_empty() {
            let have = all.iter().map(|(task, _)| task.id.clone()).collect();
            return Err(SuiteError::NoTask { suite: self.name.clone(), tier: tier.name(), tasks: missing, have });
        }
        let mut ids: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        // Whose models are needed; a chain is as long as there are tasks at most.
        for _ in 0..all.len() {
            let needed =
                all.iter().filter(|(task, _)| ids.contains(task.id.as_str())).filter_map(|(_, tier)| tier.model_of.as_deref());
            let needed: Vec<&str> = needed.collect();
            ids.extend(needed);
        }
        Ok(all.into_iter().filter(|(task, _)| wanted.is_empty() || ids.contains(task.id.as_str())).collect())
    }
}

/// Why a command line of these words cannot be read; none: it can.
type Misread<'a> = &'a dyn Fn(&[String]) -> Option<String>;

/// What is wrong: its place, and in words.
type Wrong = (String, String);

fn wrong(place: String, expected: &str, found: &str) -> Wrong {
    (place, format!("expected {expected}, found {found}"))
}

/// What must hold between values.
fn together(suite: &Suite, misread: Misread) -> Vec<Wrong> {
    let mut problems = Vec::new();
    if suite.version != VERSION {
        problems.push(wrong("version".into(), &VERSION.to_string(), &suite.version.to_string()));
    }
    if !is_file_name(&suite.name) {
        problems.push(wrong("name".into(), "a name that a file can have", &quoted(&suite.name)));
    }
    for (i, task) in suite.task.iter().enumerate() {
        let is_name = !task.id.is_empty() && task.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_name {
            problems.push(wrong(format!("task.{i}.id"), "lower-case letters, digits and underscores", &quoted(&task.id)));
        }
        if suite.task[..i].iter().any(|other| other.id == task.id) {
            problems.push(wrong(format!("task.{i}.id"), "each name once", &format!("{} again", quoted(&task.id))));
        }
        if task.name.trim().is_empty() {
            problems.push(wrong(format!("task.{i}.name"), "a name", "none"));
        }
        if [&task.ci, &task.cpu, &task.gpu].iter().all(|tier| tier.is_none()) {
            problems.push(wrong(format!("task.{i}"), "at least one of `ci`, `cpu` and `gpu`", "none"));
        }
        for name in [TierName::Ci, TierName::Cpu, TierName::Gpu] {
            let Some(tier) = task.tier(name) else { continue };
            let at = |key: &str| format!("task.{i}.{}.{key}", name.name());
            problems.extend(in_tier(tier, &at));
            let has_model = |id: &str| suite.task[..i].iter().any(|other| other.id == id && other.tier(name).is_some());
            problems.extend(of_model(tier, &at, &has_model));
            problems.extend(of_command(tier, &at, misread));
        }
    }
    problems
}

/// What must hold within a task's size.
fn in_tier(tier: &Tier, at: &dyn Fn(&str) -> String) -> Vec<Wrong> {
    let mut problems = Vec::new();
    let (least, most) = tier.target.metric.range();
    if !(least..=most).contains(&tier.target.value) {
        let range = format!("{least} to {most} for {}", tier.target.metric.in_words());
        problems.push(wrong(at("target.value"), &range, &tier.target.value.to_string()));
    }
    let (key, said) = match &tier.start {
        Start::Request { text } => ("start.text", Some(text)),
        Start::Paper { paper } => ("start.paper", Some(paper)),
        Start::ExamplePaper => ("start", None),
    };
    let texts = [
        (key, said),
        ("vague", tier.vague.as_ref()),
        ("misspelt", tier.misspelt.as_ref()),
        ("target.source", Some(&tier.target.source)),
    ];
    let empty = texts.into_iter().filter(|(_, text)| text.is_some_and(|text| text.trim().is_empty()));
    problems.extend(empty.map(|(key, _)| wrong(at(key), "words", "none")));
    for (i, file) in tier.files.iter().enumerate() {
        if !is_file_name(file.name()) {
            problems.push(wrong(at("files"), "names of files, without folders", &quoted(file.name())));
        }
        if tier.files[..i].iter().any(|other| other.name() == file.name()) {
            problems.push(wrong(at("files"), "each name once", &format!("{} again", quoted(file.name()))));
        }
    }
    let is_column = |flag: &str| {
        let (key, column) = flag.split_once('=').unwrap_or((flag, ""));
        key.starts_with("data.columns.") && !takes(key).is_empty() && !column.trim().is_empty()
    };
    if let Some(flag) = tier.bad_column.as_deref().filter(|flag| !is_column(flag)) {
        let expected = "KEY=COLUMN such as `data.columns.label=colour`, with a key that an experiment has";
        problems.push(wrong(at("bad_column"), expected, &quoted(flag)));
    }
    problems
}

/// `has_model`: whether a task above has this tier.
fn of_model(tier: &Tier, at: &dyn Fn(&str) -> String, has_model: &dyn Fn(&str) -> bool) -> Vec<Wrong> {
    let mut problems = Vec::new();
    let of = tier.model_of.as_deref();
    if let Some(id) = of.filter(|id| !has_model(id)) {
        problems.push(wrong(at("model_of"), "a task above this one that has this tier", &quoted(id)));
    }
    let names_model = tier.args.iter().any(|arg| arg.contains(MODEL));
    if names_model != of.is_some() {
        let (expected, found) = match names_model {
            true => ("`model_of`, for `args` names `{model}`", "nothing"),
            false => ("`{model}` in `args`, for there is `model_of`", "none"),
        };
        problems.push(wrong(at("args"), expected, found));
    }
    problems
}

/// What the bench says itself, of every task alike.
const OWN_FLAGS: [&str; 5] = ["--seeds", "--out", "--json", "--hub", "--offline"];

/// What is told to the program.
fn of_command(tier: &Tier, at: &dyn Fn(&str) -> String, misread: Misread) -> Vec<Wrong> {
    let is_own = |arg: &&String| OWN_FLAGS.iter().any(|flag| arg.split('=').next() == Some(*flag));
    let own = tier.args.iter().filter(is_own);
    let mut problems: Vec<Wrong> =
        own.map(|arg| wrong(at("args"), "flags that the bench does not set itself", &quoted(arg))).collect();
    let told = misread(&arguments(tier, 0, Fault::None, None));
    problems.extend(told.map(|why| (at("args"), format!("the program cannot be told so: {}", clean(&why)))));
    problems
}

/// Stands in `args` for a model's folder.
pub(super) const MODEL: &str = "{model}";

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']) && !name.chars().any(char::is_control)
}

fn quoted(text: &str) -> String {
    format!("`{}`", clean(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
version = 1
name = "small"
summary = "two tasks"

[[task]]
id = "reviews"
name = "BERT on reviews"
[task.ci]
start = { kind = "request", text = "classify reviews.csv" }
files = [{ kind = "made", name = "reviews.csv", make = "reviews", rows = 100 }]
time_limit_secs = 30
target = { metric = "accuracy", value = 0.8, source = "made so" }

[[task]]
id = "more"
name = "the same again"
[task.ci]
start = { kind = "request", text = "classify reviews.csv" }
args = ["--model", "{model}"]
model_of = "reviews"
time_limit_secs = 30
target = { metric = "accuracy", value = 0.8, source = "made so" }
"#;

    #[test]
    fn tasks_bring_the_one_whose_model_they_begin_with() {
        let suite = Suite::parse(SMALL, "small.toml").expect("a suite");
        assert_eq!(suite.seeds, 5);
        let ids = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|id| id.to_string()).collect();
            suite.chosen(TierName::Ci, &wanted).map(|all| all.iter().map(|(task, _)| task.id.clone()).collect::<Vec<_>>())
        };
        assert_eq!(ids(&["more"]).expect("chosen"), ["reviews", "more"]);
        assert_eq!(ids(&["reviews"]).expect("chosen"), ["reviews"]);
        assert_eq!(ids(&[]).expect("chosen").len(), 2);
        assert!(matches!(ids(&["other"]), Err(SuiteError::NoTask { .. })));
        assert!(suite.chosen(TierName::Gpu, &[]).is_err());
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let wrong = SMALL
            .replace("id = \"more\"", "id = \"re views\"")
            .replace("model_of = \"reviews\"", "model_of = \"nobody\"")
            .replacen("value = 0.8", "value = 1.8", 1);
        let Err(SuiteError::Problems { problems, .. }) = Suite::parse(&wrong, "s") else { panic!("it is wrong") };
        let words = ["task[0].ci.target.value", "task[1].id", "task[1].ci.model_of"];
        assert_eq!(problems.len(), words.len(), "{problems:#?}");
        assert!(words.iter().all(|word| problems.iter().any(|p| p.contains(word) && p.starts_with("line "))), "{problems:#?}");
        let unknown = SMALL.replace("time_limit_secs", "time_limit").replace("\"made\"", "\"found\"");
        let Err(SuiteError::Problems { problems, .. }) = Suite::parse(&unknown, "s") else { panic!("it is wrong") };
        assert_eq!(problems.len(), 5, "two keys too many, two missing, one kind: {problems:#?}");
        let file = "{ kind = \"made\", name = \"reviews.csv\", make = \"reviews\", rows = 100 }";
        let odd = SMALL
            .replacen("name = \"small\"", "name = \"a/../../b\"", 1)
            .replacen("name = \"BERT on reviews\"", "name = \" \"", 1)
            .replacen("text = \"classify reviews.csv\"", "text = \" \"", 1)
            .replacen(
                &format!("[{file}]"),
                &format!("[{file}, {file}]\nbad_column = \"data.columns.labl=colour\"\nvague = \"\""),
                1,
            )
            .replacen("source = \"made so\"", "source = \"\"", 1)
            .replacen("[\"--model\", \"{model}\"]", "[\"--model\", \"{model}\", \"--seeds=3\", \"--json\", \"--nosuch\"]", 1);
        let misread = |words: &[String]| words.contains(&"--nosuch".to_string()).then(|| "no `--nosuch`".to_string());
        let Err(SuiteError::Problems { problems, .. }) = Suite::parse_with(&odd, "s", &misread) else { panic!("it is wrong") };
        let words = [
            "`name`: expected a name that a file can have, found `a/../../b`",
            "`task[0].name`",
            "`task[0].ci.start.text`",
            "`task[0].ci.files`: expected each name once",
            "`task[0].ci.bad_column`",
            "`task[0].ci.vague`",
            "`task[0].ci.target.source`",
            "found `--seeds=3`",
            "found `--json`",
            "`task[1].ci.args`: the program cannot be told so: no `--nosuch`",
        ];
        assert_eq!(problems.len(), words.len(), "{problems:#?}");
        assert!(words.iter().all(|word| problems.iter().any(|p| p.contains(word))), "{words:#?} {problems:#?}");
        for (flag, is_one) in
            [("=x", false), ("data.columns.label=", false), ("recipe.lr=x", false), ("data.columns.label=x", true)]
        {
            let with = SMALL.replacen("time_limit_secs", &format!("bad_column = \"{flag}\"\ntime_limit_secs"), 1);
            assert_eq!(Suite::parse(&with, "s").is_ok(), is_one, "{flag}");
        }
    }

    #[test]
    fn suites_that_tallow_carries_are_sound() {
        for (name, text) in SHIPPED {
            let suite = Suite::parse(text, name).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(suite.name, name);
            for task in &suite.task {
                assert!(task.ci.is_some() && task.cpu.is_some(), "{}: every task has a size for CI and for a CPU", task.id);
                for tier in [&task.ci, &task.cpu, &task.gpu].into_iter().flatten() {
                    let is_said = !matches!(tier.start, Start::Request { .. }) || tier.vague.is_some() && tier.misspelt.is_some();
                    assert!(is_said, "{}: every request is said vaguely and misspelt, too", task.id);
                }
            }
        }
    }
}
