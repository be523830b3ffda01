//! The rule planner: goals in, complete experiments out. No file, network or worker is touched.

mod advised;
mod columns;
mod kinds;
mod limits;
mod papers;
mod recipes;
mod requests;
mod table;
mod told;

use proptest::prelude::*;
use serde_json::json;
use tallow::error::Failure;
use tallow::intake::{self, DataName, ModelName, PaperFormat, parse_request};
use tallow::job::Part;
use tallow::plan::{
    DataChoice, DataFacts, Facts, Goal, HostFacts, Layout, ModelFacts, Offer, Planner, PlannerError, RulePlanner, Share,
    SplitFacts, Wishes, estimate, resolve, scoring_secs,
};
use tallow::spec::{
    self, Augment, Columns, DataSource, ExperimentSpec, ImageSize, Length, Metric, ModelSpec, Monitor, Optimizer, Resample,
    Schedule, Task, Warmup,
};

/// A machine of so many GFLOP a second.
fn host(gflops: f64) -> HostFacts {
    HostFacts::new(2, 8 << 30, gflops * 1e9)
}

fn split(name: &str, examples: usize, labelled: bool) -> SplitFacts {
    SplitFacts { name: name.into(), files: vec![], examples, labelled, part: None, tokens: None }
}

fn texts(splits: Vec<SplitFacts>) -> DataFacts {
    let columns = Columns { input: vec!["text".into()], label: Some("label".into()), ..Columns::default() };
    let labels = vec!["no".into(), "yes".into()];
    DataFacts { splits, columns, labels, mean_tokens: Some(14.0), ..DataFacts::default() }
}

fn images(splits: Vec<SplitFacts>, side: usize) -> DataFacts {
    DataFacts { mean_tokens: None, image_shape: Some([side, side, 3]), ..texts(splits) }
}

fn request(text: &str) -> Goal {
    Goal::Request(parse_request(text, |_| None))
}

fn example_paper() -> Goal {
    let paper = intake::read_paper(intake::EXAMPLE_PAPER, PaperFormat::Pdf, "the example paper").expect("it can be read");
    Goal::Paper(Box::new(intake::extract(&paper)))
}

/// Data that Tallow makes is as large as keys of the experiment file say, before there is one.
#[test]
fn generated_data_is_made_as_asked() {
    let of = |set: &[(&str, &str)]| {
        let set = set.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        choice(&request("train BERT from scratch on toy_reviews"), &Wishes { set, ..Wishes::default() }).source
    };
    let made = |examples, seed| DataSource::Generated { name: "toy_reviews".into(), examples, seed };
    assert_eq!(of(&[]), made(12_000, 1));
    assert_eq!(of(&[("data.source.examples", "400"), ("data.source.seed", "7")]), made(400, 7));
    assert_eq!(of(&[("data.source.examples", "many")]), made(12_000, 1), "it is refused with the experiment");
}

fn choice(goal: &Goal, wishes: &Wishes) -> DataChoice {
    RulePlanner.data(goal, wishes).expect("data").remove(0)
}

fn proposals(goal: &Goal, wishes: &Wishes, data: &DataFacts, gflops: f64) -> Result<Vec<ExperimentSpec>, PlannerError> {
    let offer = Offer { data, model: None, host: &host(gflops), absent: &[], at_hand: &[] };
    RulePlanner.experiments(goal, wishes, &choice(goal, wishes), &offer)
}

fn first(goal: &Goal, wishes: &Wishes, data: &DataFacts) -> ExperimentSpec {
    proposals(goal, wishes, data, 200.0).expect("experiments").remove(0)
}

fn id(spec: &ExperimentSpec) -> &str {
    match &spec.model {
        ModelSpec::Pretrained { id, .. } => id,
        ModelSpec::Scratch { config, .. } => config.family(),
    }
}

fn says(spec: &ExperimentSpec, field: &str) -> bool {
    spec.deviations.iter().any(|d| d.field == field)
}

/// Why it differs in a field.
fn why<'a>(spec: &'a ExperimentSpec, field: &str) -> &'a str {
    spec.deviations.iter().find(|d| d.field == field).map_or("", |d| &d.reason)
}

fn assumes(spec: &ExperimentSpec, words: &str) -> bool {
    spec.assumptions.iter().any(|a| a.contains(words))
}

fn glue() -> DataFacts {
    texts(vec![split("train", 67_349, true), split("validation", 872, true)])
}

fn cifar() -> DataFacts {
    images(vec![split("train", 50_000, true), split("test", 10_000, true)], 32)
}

#[test]
fn the_budget_chooses_model_and_length() {
    let at = |minutes: u64| {
        let wishes = Wishes { max_time_secs: Some(60 * minutes), ..Wishes::default() };
        first(&request("fine-tune BERT on SST-2"), &wishes, &glue())
    };
    let (hour, day, week) = (at(60), at(60 * 24), at(60 * 24 * 7));
    assert_eq!((id(&week), week.recipe.length), ("google-bert/bert-large-uncased", Length::Epochs(3.0)));
    assert!(hour.recipe.length != week.recipe.length || id(&hour) != id(&week));
    assert!(id(&day).contains("bert-large") || id(&day).contains("bert-base"));
    let short = at(1);
    assert!(assumes(&short, "recipe.length: ") || short.data.max_train_examples.is_some());
    assert!(matches!(
        proposals(&request("BERT on SST-2"), &Wishes { max_time_secs: Some(1), ..Wishes::default() }, &glue(), 0.01),
        Err(PlannerError::Budget { .. })
    ));
}

#[test]
fn from_scratch_length_counts_more_than_size() {
    let wishes = |secs| Wishes { max_time_secs: Some(secs), ..Wishes::default() };
    let short = first(&request("train a resnet on cifar10"), &wishes(1800), &cifar());
    assert_eq!(short.title, "ResNet-20 on CIFAR-10");
    let long = first(&request("train a resnet on cifar10"), &wishes(3_000_000), &cifar());
    assert_eq!((long.title.as_str(), long.recipe.length), ("ResNet-110 on CIFAR-10", Length::Epochs(164.0)));
}

#[test]
fn the_command_line_comes_first() {
    let wishes = Wishes {
        epochs: Some(1.0),
        max_examples: Some(500),
        seeds: vec![3],
        model: Some(ModelName::parse("MiniLM", |_| None)),
        data: Some(DataName::parse("SST-2", |_| None)),
        ..Wishes::default()
    };
    let spec = first(&request("ResNet-20 on CIFAR-10, 9 epochs"), &wishes, &glue());
    assert_eq!(
        (spec.recipe.length, spec.data.max_train_examples, spec.seeds.as_slice()),
        (Length::Epochs(1.0), Some(500), &[3][..])
    );
    assert!(id(&spec).contains("MiniLM"));
    assert!(spec.recipe.batch_size * 20 <= 500 || spec.recipe.batch_size == 8);
    let paper = first(
        &example_paper(),
        &Wishes { epochs: Some(1.0), ..Wishes::default() },
        &texts(vec![split("train", 6000, true), split("test", 1000, true)]),
    );
    assert!(says(&paper, "recipe.length"), "beside a paper it is a deviation");
}

#[test]
fn a_model_that_was_looked_up_is_used_as_it_is() {
    let goal = request("fine-tune me/my-bert on SST-2 in 1 hour");
    let config = tallow_zoo::registry()[0].tiny;
    let model = ModelFacts::from_scratch(config());
    let data = glue();
    let offer = Offer { data: &data, model: Some(&model), host: &host(200.0), absent: &[], at_hand: &[] };
    let found =
        RulePlanner.experiments(&goal, &Wishes::default(), &choice(&goal, &Wishes::default()), &offer).expect("experiments");
    assert_eq!((found.len(), id(&found[0])), (1, "me/my-bert"));
    // Its own limits hold: it has 12 positions.
    assert_eq!(found[0].recipe.max_seq_len, Some(12));
}

/// Too little time is told of the cheapest model that can be had.
#[test]
fn too_little_time_is_told_of_a_model_that_is_there() {
    let goal = request("BERT on SST-2, at most 1 second, 2 seeds");
    let data = glue();
    let mut absent: Vec<String> = Vec::new();
    let mut needed = 0.0;
    for expected in ["BERT-tiny", "BERT-mini", "MiniLM-L6"] {
        let offer = Offer { data: &data, model: None, host: &host(1.0), absent: &absent, at_hand: &[] };
        let Err(PlannerError::Budget { name, needed_secs, model, .. }) =
            RulePlanner.experiments(&goal, &Wishes::default(), &choice(&goal, &Wishes::default()), &offer)
        else {
            panic!("nothing fits")
        };
        let ModelSpec::Pretrained { id, .. } = *model else { panic!("a public model") };
        assert_eq!(name, expected);
        assert!(needed_secs > needed, "each is dearer than the one before");
        needed = needed_secs;
        absent.push(id);
    }
    absent.extend(
        ["google-bert/bert-large-uncased", "google-bert/bert-base-uncased", "sentence-transformers/all-MiniLM-L12-v2"]
            .map(String::from),
    );
    let offer = Offer { data: &data, model: None, host: &host(200.0), absent: &absent, at_hand: &[] };
    let found = RulePlanner.experiments(&goal, &Wishes::default(), &choice(&goal, &Wishes::default()), &offer);
    assert!(matches!(found, Err(PlannerError::NoModel { .. })), "none is left");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the budget, the machine and the data: what is proposed can be read back, costs no more than the limit, and says where
    /// it falls short of its recipe.
    #[test]
    fn proposals_are_valid_and_affordable(secs in 5u64..500_000, gflops in 1.0f64..5000.0, examples in 30usize..2_000_000, image in any::<bool>(), seeds in 1usize..4) {
        let text = if image { "resnet on cifar10" } else { "bert on sst2" };
        let wishes = Wishes { max_time_secs: Some(secs), seeds: (0..seeds as u64).collect(), ..Wishes::default() };
        let splits = |held_out| vec![split("train", examples, true), split(held_out, 500, true)];
        let data = if image { images(splits("test"), 32) } else { texts(splits("validation")) };
        match proposals(&request(text), &wishes, &data, gflops) {
            Err(error) => prop_assert!(matches!(error, PlannerError::Budget { .. }), "{error}"),
            Ok(found) => {
                prop_assert!(!found.is_empty());
                for spec in found {
                    let read = spec::parse(&spec::to_toml(&spec), "proposed");
                    prop_assert_eq!(read.map_err(|e| e.to_string()), Ok(spec.clone()));
                    let config = match &spec.model {
                        ModelSpec::Scratch { config, .. } => config.clone(),
                        ModelSpec::Pretrained { .. } => continue,
                    };
                    let used = examples.min(spec.data.max_train_examples.unwrap_or(usize::MAX));
                    let Length::Epochs(epochs) = spec.recipe.length else { continue };
                    let steps = (epochs * used.div_ceil(spec.recipe.batch_size) as f64) as u64;
                    let cost = estimate(&config, &Share::of(&config, None, None), &spec.recipe, spec.recipe.batch_size, steps, &data, &host(gflops));
                    prop_assert!(cost.train_secs * seeds as f64 <= secs as f64, "{} s of {secs}", cost.train_secs);
                    if epochs < 164.0 {
                        prop_assert!(assumes(&spec, "recipe.length: "));
                    }
                }
            }
        }
    }
}
