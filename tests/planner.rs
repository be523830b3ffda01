//! The rule planner: goals in, complete experiments out. No file, network or worker is touched.

use proptest::prelude::*;
use serde_json::json;
use tallow::intake::{self, DataName, ModelName, parse_request};
use tallow::job::Part;
use tallow::plan::{DataChoice, DataFacts, Goal, HostFacts, ModelFacts, Offer, Planner, PlannerError, RulePlanner, SplitFacts, Wishes, estimate};
use tallow::spec::{self, Augment, Columns, DataSource, ExperimentSpec, Length, Metric, ModelSpec, Monitor, Optimizer, Schedule, Task, Warmup};

/// A machine of so many GFLOP a second.
fn host(gflops: f64) -> HostFacts {
    HostFacts { cores: 2, memory_bytes: 8 << 30, matmul_flops: gflops * 1e9 }
}

fn split(name: &str, examples: usize, labelled: bool) -> SplitFacts {
    SplitFacts { name: name.into(), files: vec![], examples, labelled, part: None }
}

fn texts(splits: Vec<SplitFacts>) -> DataFacts {
    let columns = Columns { input: vec!["text".into()], label: Some("label".into()) };
    let labels = vec!["no".into(), "yes".into()];
    DataFacts { splits, columns, labels, license: None, revision: None, mean_tokens: Some(14.0), image_shape: None }
}

fn images(splits: Vec<SplitFacts>, side: usize) -> DataFacts {
    DataFacts { mean_tokens: None, image_shape: Some([side, side, 3]), ..texts(splits) }
}

fn request(text: &str) -> Goal {
    Goal::Request(parse_request(text))
}

fn example_paper() -> Goal {
    let paper = intake::read_pdf(intake::EXAMPLE_PAPER, "the example paper").expect("it can be read");
    Goal::Paper(Box::new(intake::extract(&paper)))
}

fn choice(goal: &Goal, wishes: &Wishes) -> DataChoice {
    RulePlanner.data(goal, wishes).expect("data").remove(0)
}

fn proposals(goal: &Goal, wishes: &Wishes, data: &DataFacts, gflops: f64) -> Result<Vec<ExperimentSpec>, PlannerError> {
    let offer = Offer { data, model: None, host: &host(gflops) };
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

fn glue() -> DataFacts {
    texts(vec![split("train", 67_349, true), split("validation", 872, true)])
}

fn cifar() -> DataFacts {
    images(vec![split("train", 50_000, true), split("test", 10_000, true)], 32)
}

#[test]
fn the_example_paper_is_planned_as_it_is_written() {
    let goal = example_paper();
    let data = texts(vec![split("train", 6000, true), split("validation", 1000, true), split("test", 1000, true)]);
    let spec = first(&goal, &Wishes::default(), &data);
    assert!(matches!(&spec.data.source, DataSource::Generated { name, .. } if name == "toy_reviews"));
    assert_eq!((spec.data.train.as_str(), spec.data.held_out.as_str()), ("train", "test"));
    assert_eq!(spec.data.monitor, Monitor::Split { name: "validation".into() });
    assert_eq!((spec.recipe.lr, spec.recipe.batch_size, spec.recipe.length), (1e-3, 32, Length::Epochs(3.0)));
    assert_eq!(spec.recipe.optimizer, Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 });
    assert_eq!((spec.recipe.max_seq_len, spec.recipe.grad_clip_norm, spec.recipe.dropout), (Some(64), Some(1.0), Some(0.1)));
    let claim = spec.claim.as_ref().expect("a claim");
    assert_eq!((claim.value, claim.page, spec.target.as_ref().map(|t| t.value)), (Some(0.95), Some(1), Some(0.95)));
    // Every value of the recipe has its words, and all that differs is the number of seeds.
    assert!(spec.citations.iter().all(|c| !c.quote.is_empty() && c.page >= 1) && spec.citations.len() >= 10);
    assert_eq!(spec.deviations.iter().map(|d| d.field.as_str()).collect::<Vec<_>>(), ["seeds"]);
}

#[test]
fn a_request_is_followed_and_the_rest_is_said() {
    let spec = first(&request("fine-tune BERT on SST-2, at most 30 minutes"), &Wishes::default(), &glue());
    assert_eq!((spec.task, spec.metric, spec.budget.max_time_secs), (Task::TextClassification, Metric::Accuracy, Some(1800)));
    assert_eq!(spec.data.source, DataSource::Hub { id: "nyu-mll/glue".into(), config: Some("sst2".into()), revision: None });
    assert_eq!(spec.claim, None);
    let spec = first(&request("train resnet-32 on cifar10, 7 epochs, batch size 64, lr 0.05, seeds 4 and 9, target 80%"), &Wishes::default(), &cifar());
    assert_eq!((spec.recipe.length, spec.recipe.batch_size, spec.recipe.lr), (Length::Epochs(7.0), 64, 0.05));
    assert_eq!((spec.seeds.as_slice(), spec.target.as_ref().map(|t| t.value)), (&[4, 9][..], Some(0.8)));
    assert_eq!(spec.budget.max_time_secs, None, "a length was said and no limit: none is made up");
    assert!(spec.recipe.augment.contains(&Augment::HorizontalFlip));
    assert!(matches!(&spec.model, ModelSpec::Scratch { config, .. } if config.num_params() > 460_000));
    let any_size = first(&request("train a resnet on cifar10 for 3 epochs"), &Wishes::default(), &cifar());
    assert_eq!(any_size.recipe.length, Length::Epochs(3.0), "the assumed time chooses the model, not the length");
    assert!(!says(&any_size, "recipe.length"));
    let digits = first(&request("resnet on MNIST"), &Wishes::default(), &images(vec![split("train", 60_000, true), split("test", 10_000, true)], 28));
    assert!(!digits.recipe.augment.contains(&Augment::HorizontalFlip), "digits are not mirrored");
    let unclear = first(&request("fine-tune BERT on SST-2 with mixup"), &Wishes::default(), &glue());
    assert!(unclear.assumptions.iter().any(|a| a.contains("mixup")), "{:?}", unclear.assumptions);
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
    assert!(says(&short, "recipe.length") || short.data.max_train_examples.is_some());
    assert!(matches!(proposals(&request("BERT on SST-2"), &Wishes { max_time_secs: Some(1), ..Wishes::default() }, &glue(), 0.01), Err(PlannerError::Budget { .. })));
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
        model: Some(ModelName::parse("MiniLM")),
        data: Some(DataName::parse("SST-2")),
        ..Wishes::default()
    };
    let spec = first(&request("ResNet-20 on CIFAR-10, 9 epochs"), &wishes, &glue());
    assert_eq!((spec.recipe.length, spec.data.max_train_examples, spec.seeds.as_slice()), (Length::Epochs(1.0), Some(500), &[3][..]));
    assert!(id(&spec).contains("MiniLM"));
    assert!(spec.recipe.batch_size * 20 <= 500 || spec.recipe.batch_size == 8);
    let paper = first(&example_paper(), &Wishes { epochs: Some(1.0), ..Wishes::default() }, &texts(vec![split("train", 6000, true), split("test", 1000, true)]));
    assert!(says(&paper, "recipe.length"), "beside a paper it is a deviation");
}

#[test]
fn a_model_that_was_looked_up_is_used_as_it_is() {
    let goal = request("fine-tune me/my-bert on SST-2 in 1 hour");
    let config = tallow_zoo::registry()[0].tiny;
    let model = ModelFacts { config: config(), weights: None, weights_sha256: None, tokenizer: None, normalize: None, license: None, revision: None };
    let data = glue();
    let offer = Offer { data: &data, model: Some(&model), host: &host(200.0) };
    let found = RulePlanner.experiments(&goal, &Wishes::default(), &choice(&goal, &Wishes::default()), &offer).expect("experiments");
    assert_eq!((found.len(), id(&found[0])), (1, "me/my-bert"));
    // Its own limits hold: it has 12 positions.
    assert_eq!(found[0].recipe.max_seq_len, Some(12));
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let refused = |text: &str, data: &DataFacts| proposals(&request(text), &Wishes::default(), data, 200.0).expect_err(text);
    assert!(matches!(refused("fine-tune gpt2 on SST-2", &glue()), PlannerError::NoModel { .. }));
    assert!(matches!(refused("bert on cifar10", &cifar()), PlannerError::NoModel { .. }));
    assert!(matches!(refused("resnet-21 on cifar10", &cifar()), PlannerError::NoModel { .. }));
    assert!(matches!(refused("resnet on food-101", &images(vec![split("train", 900, true), split("validation", 90, true)], 512)), PlannerError::Data { .. }));
    let lonely = texts(vec![split("train", 40, true), split("test", 100, false)]);
    assert!(matches!(refused("bert on my.csv", &lonely), PlannerError::NoHeldOut { .. }));
    assert!(matches!(RulePlanner.data(&request("do something"), &Wishes::default()), Err(PlannerError::NoData { .. })));
}

/// One labelled split is cut in two, and that is said.
#[test]
fn a_verdict_is_read_from_a_part_that_is_cut_off() {
    let spec = first(&request("bert on my.csv for 2 epochs"), &Wishes::default(), &texts(vec![split("train", 500, true), split("test", 90, false)]));
    assert_eq!((spec.data.train.as_str(), spec.data.held_out.as_str(), spec.data.held_out_frac), ("train", "held_out", Some(0.2)));
    assert!(spec.assumptions.iter().any(|a| a.contains("20 % of `train`")), "{:?}", spec.assumptions);
    let mut facts = texts(vec![split("train", 500, true)]);
    facts.cut("train", "held_out", 0.2);
    let sizes: Vec<_> = facts.splits.iter().map(|s| (s.name.as_str(), s.examples, s.part)).collect();
    assert_eq!(sizes, [("train", 400, Some(Part::Rest(0.2))), ("held_out", 100, Some(Part::Drawn(0.2)))]);
}

#[test]
fn unknown_data_gets_its_splits_by_name() {
    let splits = |data: &DataFacts| {
        let spec = first(&request("bert on ./mine for 1 epoch"), &Wishes::default(), data);
        (spec.data.train, spec.data.held_out, spec.data.monitor)
    };
    let three = texts(vec![split("train", 900, true), split("validation", 100, true), split("test", 90, true)]);
    assert_eq!(splits(&three), ("train".into(), "test".into(), Monitor::Split { name: "validation".into() }));
    let secret = texts(vec![split("train", 900, true), split("validation", 100, true), split("test", 90, false)]);
    assert_eq!(splits(&secret), ("train".into(), "validation".into(), Monitor::None));
    let large = texts(vec![split("train", 9000, true), split("test", 90, true)]);
    assert_eq!(splits(&large).2, Monitor::HoldOut { examples: 100 });
}

/// A paper's statement, as `paper_spec.json` has it.
fn stated(key: &str, value: serde_json::Value, unit: Option<&str>, dataset: &str) -> serde_json::Value {
    json!({
        "key": key, "value": value, "unit": unit, "origin": "stated", "confidence": 0.9,
        "scope": { "phase": null, "datasets": [dataset], "variant": null, "topic": null },
        "evidence": { "quote": { "text": format!("the words on {key}"), "page": 7, "span": { "start": 0, "end": 5 } }, "section": null },
    })
}

#[test]
fn a_paper_that_counts_in_steps() {
    let number = |value: f64| json!({ "kind": "number", "value": value });
    let result = |variant: &str, error: f64| {
        json!({ "kind": "result", "result": { "dataset": "CIFAR-10", "metric": "error", "value": error, "variant": variant } })
    };
    let milestones = json!({ "kind": "schedule", "schedule": { "kind": "milestones", "at": [32000.0, 48000.0], "unit": "steps", "divisor": 10.0 } });
    let fields = [
        stated("architecture.family", json!({ "kind": "family", "family": "resnet" }), None, "ImageNet"),
        stated("optimizer.kind", json!({ "kind": "optimizer", "optimizer": "sgd" }), None, "ImageNet"),
        stated("optimizer.lr", number(0.1), None, "CIFAR-10"),
        stated("optimizer.momentum", number(0.9), None, "CIFAR-10"),
        stated("optimizer.weight_decay", number(1e-4), None, "CIFAR-10"),
        stated("schedule.kind", milestones, None, "CIFAR-10"),
        stated("steps", number(64_000.0), Some("steps"), "CIFAR-10"),
        stated("batch_size", number(128.0), Some("examples"), "CIFAR-10"),
        stated("label_smoothing", number(0.1), None, "CIFAR-10"),
        stated("results", result("Maxout", 9.38), Some("percent"), "CIFAR-10"),
        stated("results", result("ResNet-20", 8.75), Some("percent"), "CIFAR-10"),
        stated("results", result("ResNet-56", 6.97), Some("percent"), "CIFAR-10"),
    ];
    let paper = serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("a paper's statements");
    let goal = Goal::Paper(Box::new(paper));

    let spec = first(&goal, &Wishes { max_time_secs: Some(3600), ..Wishes::default() }, &cifar());
    assert_eq!(spec.title, "ResNet-20 on CIFAR-10", "the smaller of the two that the paper reports on");
    assert_eq!(spec.claim.as_ref().and_then(|c| c.value), Some(0.9125), "its own number, not another system's");
    assert_eq!(spec.recipe.optimizer, Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 });
    assert_eq!(spec.recipe.schedule, Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.5, 0.75], factor: 0.1 });
    assert!(matches!(spec.recipe.length, Length::Epochs(epochs) if epochs < 164.0) && says(&spec, "recipe.length"));
    assert!(says(&spec, "recipe.label_smoothing") && says(&spec, "seeds"));
    assert!(spec.assumptions.iter().any(|a| a.contains("recipe.optimizer: SGD, which the paper states for ImageNet")), "{:?}", spec.assumptions);

    let whole = first(&goal, &Wishes { max_time_secs: Some(30 * 86_400), ..Wishes::default() }, &cifar());
    assert_eq!((whole.title.as_str(), whole.recipe.length), ("ResNet-56 on CIFAR-10", Length::Steps(64_000)));
    assert!(!says(&whole, "recipe.length") && !says(&whole, "model"));
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
                    let cost = estimate(&config, &spec.recipe, spec.recipe.batch_size, steps, &data, &host(gflops));
                    prop_assert!(cost.train_secs * seeds as f64 <= secs as f64, "{} s of {secs}", cost.train_secs);
                    if epochs < 164.0 {
                        prop_assert!(says(&spec, "recipe.length"));
                    }
                }
            }
        }
    }
}
