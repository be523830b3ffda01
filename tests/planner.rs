//! The rule planner: goals in, complete experiments out. No file, network or worker is touched.

use proptest::prelude::*;
use serde_json::json;
use tallow::error::Failure;
use tallow::intake::{self, DataName, ModelName, parse_request};
use tallow::job::Part;
use tallow::plan::{
    DataChoice, DataFacts, Facts, Goal, HostFacts, Layout, ModelFacts, Offer, Planner, PlannerError, RulePlanner, SplitFacts,
    Wishes, estimate, resolve,
};
use tallow::spec::{
    self, Augment, Columns, DataSource, ExperimentSpec, Length, Metric, ModelSpec, Monitor, Optimizer, Schedule, Task, Warmup,
};

/// A machine of so many GFLOP a second.
fn host(gflops: f64) -> HostFacts {
    HostFacts { cores: 2, memory_bytes: 8 << 30, matmul_flops: gflops * 1e9 }
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
    let paper = intake::read_pdf(intake::EXAMPLE_PAPER, "the example paper").expect("it can be read");
    Goal::Paper(Box::new(intake::extract(&paper)))
}

fn choice(goal: &Goal, wishes: &Wishes) -> DataChoice {
    RulePlanner.data(goal, wishes).expect("data").remove(0)
}

fn proposals(goal: &Goal, wishes: &Wishes, data: &DataFacts, gflops: f64) -> Result<Vec<ExperimentSpec>, PlannerError> {
    let offer = Offer { data, model: None, host: &host(gflops), absent: &[] };
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
    let spec = first(
        &request("train resnet-32 on cifar10, 7 epochs, batch size 64, lr 0.05, seeds 4 and 9, target 80%"),
        &Wishes::default(),
        &cifar(),
    );
    assert_eq!((spec.recipe.length, spec.recipe.batch_size, spec.recipe.lr), (Length::Epochs(7.0), 64, 0.05));
    assert_eq!((spec.seeds.as_slice(), spec.target.as_ref().map(|t| t.value)), (&[4, 9][..], Some(0.8)));
    assert_eq!(spec.budget.max_time_secs, None, "a length was said and no limit: none is made up");
    assert!(spec.recipe.augment.contains(&Augment::HorizontalFlip));
    assert!(matches!(&spec.model, ModelSpec::Scratch { config, .. } if config.num_params() > 460_000));
    let any_size = first(&request("train a resnet on cifar10 for 3 epochs"), &Wishes::default(), &cifar());
    assert_eq!(any_size.recipe.length, Length::Epochs(3.0), "the assumed time chooses the model, not the length");
    assert!(!says(&any_size, "recipe.length"));
    let digits = first(
        &request("resnet on MNIST"),
        &Wishes::default(),
        &images(vec![split("train", 60_000, true), split("test", 10_000, true)], 28),
    );
    assert!(!digits.recipe.augment.contains(&Augment::HorizontalFlip), "digits are not mirrored");
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
        model: Some(ModelName::parse("MiniLM")),
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
    let model = ModelFacts {
        config: config(),
        weights: None,
        weights_sha256: None,
        tokenizer: None,
        normalize: None,
        license: None,
        revision: None,
        chat: Default::default(),
        adapter: None,
    };
    let data = glue();
    let offer = Offer { data: &data, model: Some(&model), host: &host(200.0), absent: &[] };
    let found =
        RulePlanner.experiments(&goal, &Wishes::default(), &choice(&goal, &Wishes::default()), &offer).expect("experiments");
    assert_eq!((found.len(), id(&found[0])), (1, "me/my-bert"));
    // Its own limits hold: it has 12 positions.
    assert_eq!(found[0].recipe.max_seq_len, Some(12));
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let refused = |text: &str, data: &DataFacts| proposals(&request(text), &Wishes::default(), data, 200.0).expect_err(text);
    assert!(matches!(refused("bert on cifar10", &cifar()), PlannerError::NoModel { .. }));
    assert!(matches!(
        refused("resnet on food-101", &images(vec![split("train", 900, true), split("validation", 90, true)], 512)),
        PlannerError::Data { .. }
    ));
    let lonely = texts(vec![split("train", 40, true), split("test", 100, false)]);
    assert!(matches!(refused("bert on my.csv", &lonely), PlannerError::NoHeldOut { .. }));
    assert!(matches!(RulePlanner.data(&request("do something"), &Wishes::default()), Err(PlannerError::NoData { .. })));
}

/// One labelled split is cut in two, and that is said.
#[test]
fn a_verdict_is_read_from_a_part_that_is_cut_off() {
    let spec = first(
        &request("bert on my.csv for 2 epochs"),
        &Wishes::default(),
        &texts(vec![split("train", 500, true), split("test", 90, false)]),
    );
    assert_eq!(
        (spec.data.train.as_str(), spec.data.held_out.as_str(), spec.data.held_out_frac),
        ("train", "held_out", Some(0.2))
    );
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
    let result = |variant: &str, error: f64| json!({ "kind": "result", "result": { "dataset": "CIFAR-10", "metric": "error", "value": error, "variant": variant } });
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
    let paper =
        serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("a paper's statements");
    let goal = Goal::Paper(Box::new(paper));

    let spec = first(&goal, &Wishes { max_time_secs: Some(3600), ..Wishes::default() }, &cifar());
    assert_eq!(spec.title, "ResNet-20 on CIFAR-10", "the smaller of the two that the paper reports on");
    assert_eq!(spec.claim.as_ref().and_then(|c| c.value), Some(0.9125), "its own number, not another system's");
    assert_eq!(spec.recipe.optimizer, Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 });
    assert_eq!(spec.recipe.schedule, Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.5, 0.75], factor: 0.1 });
    assert!(matches!(spec.recipe.length, Length::Epochs(epochs) if epochs < 164.0) && says(&spec, "recipe.length"));
    assert_eq!(spec.recipe.label_smoothing, 0.1);
    assert!(says(&spec, "seeds"));
    assert!(
        spec.assumptions.iter().any(|a| a.contains("recipe.optimizer: SGD, which the paper states for ImageNet")),
        "{:?}",
        spec.assumptions
    );

    let whole = first(&goal, &Wishes { max_time_secs: Some(30 * 86_400), ..Wishes::default() }, &cifar());
    assert_eq!((whole.title.as_str(), whole.recipe.length), ("ResNet-56 on CIFAR-10", Length::Steps(64_000)));
    assert!(!says(&whole, "recipe.length") && !says(&whole, "model"));
}

/// A request whose words are told apart: those that are followed change the recipe, and nothing becomes a target by accident.
#[test]
fn settings_of_a_request_are_followed() {
    let of = |text: &str| first(&request(text), &Wishes::default(), &glue());
    for text in [
        "BERT on SST-2 with dropout 0.2",
        "BERT on SST-2, weight decay 0.1, warm-up 10%",
        "gradient clipping 0.5, BERT on SST-2",
        "BERT on 10% of SST-2",
    ] {
        assert_eq!(of(text).target, None, "{text}");
    }
    let spec = of(
        "fine-tune MiniLM on SST-2 in 1 hour with dropout 0.2, weight decay 0.1, warm-up 10%, gradient clipping 0.5 and a cosine schedule",
    );
    assert_eq!((spec.recipe.dropout, spec.recipe.grad_clip_norm), (Some(0.2), Some(0.5)));
    assert_eq!(spec.recipe.schedule, Schedule::cosine(Warmup::Frac(0.1)));
    assert!(matches!(spec.recipe.optimizer, Optimizer::Adamw { weight_decay: 0.1, .. }));
    assert_eq!(spec.deviations, []);

    let spec = of("fine-tune MiniLM on SST-2 using SGD with momentum 0.8, constant learning rate, no warm-up");
    assert_eq!(spec.recipe.optimizer, Optimizer::Sgd { momentum: 0.8, nesterov: false, weight_decay: 0.0 });
    assert_eq!(spec.recipe.schedule, Schedule::Constant { warmup: Warmup::Steps(0) });
    assert!(spec.recipe.lr > 1e-3 && assumes(&spec, "recipe.lr: "), "a rate for Adam is none for SGD");
    assert_eq!(of("MiniLM on SST-2 with SGD, lr 0.3").recipe.lr, 0.3);
    let adam = first(&request("resnet-20 on cifar10 with Adam"), &Wishes::default(), &cifar());
    assert!(matches!(adam.recipe.optimizer, Optimizer::Adam { weight_decay: 0.0, .. }) && adam.recipe.lr == 1e-3);
    let lion = of("MiniLM on SST-2 with Lion, cosine with restarts, early stopping and label smoothing 0.1");
    assert!(matches!(lion.recipe.optimizer, Optimizer::Lion { .. }) && lion.recipe.lr < 5e-5, "{:?}", lion.recipe);
    assert!(matches!(lion.recipe.schedule, Schedule::CosineRestarts { cycles: 4, .. }));
    assert!(lion.recipe.early_stopping.is_some() && lion.recipe.label_smoothing == 0.1 && lion.deviations.is_empty());

    assert_eq!(of("MiniLM on 10% of SST-2").data.max_train_examples, Some(6685));
    assert_eq!(of("MiniLM on SST-2, 2k examples, half of the data").data.max_train_examples, Some(2000));
    let scratch = of("train a bert with 4 layers and hidden size 256 from scratch on SST-2");
    assert!(
        matches!(&scratch.model, ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Bert(c), .. } if (c.num_hidden_layers, c.hidden_size, c.num_attention_heads) == (4, 256, 4))
    );
    assert!(matches!(of("train MiniLM-L6 from scratch on SST-2").model, ModelSpec::Scratch { .. }));
    let depth = |text: &str| first(&request(text), &Wishes::default(), &cifar()).title;
    assert_eq!(
        (depth("a resnet with 32 layers on cifar10"), depth("resnet-18 on cifar10 for 1 epoch")),
        ("ResNet-32 on CIFAR-10".into(), "ResNet-18 on CIFAR-10".into())
    );
}

/// What is asked for and not followed stands under what differs.
#[test]
fn what_is_not_followed_differs() {
    for (text, field, stated) in [
        ("MiniLM on SST-2, 4-bit", "precision", "4-bit"),
        ("MiniLM on SST-2 in bf16", "precision", "bf16"),
        ("MiniLM on SST-2 with mixup", "recipe.augment", "mixup, alpha 0.2"),
        ("MiniLM on SST-2 with the LARS optimizer", "recipe.optimizer", "LARS"),
        ("MiniLM on SST-2 with a plateau schedule", "recipe.schedule", "reduce on plateau"),
        ("MiniLM on SST-2 with AdamW and momentum 0.8", "recipe.optimizer.momentum", "0.8"),
        ("MiniLM with 3 layers on SST-2", "model", "a model of 3 layers"),
        ("MiniLM on SST-2, 2 epochs, 500 steps", "recipe.length", "2 epochs"),
        ("MiniLM on SST-2, sequence length 1000", "recipe.max_seq_len", "1000 tokens"),
        ("MiniLM on SST-2 with curriculum learning", "request", "`curriculum learning`"),
        ("MiniLM, not BERT, on SST-2", "request", "`not BERT`"),
    ] {
        let spec = first(&request(text), &Wishes { max_time_secs: Some(36_000), ..Wishes::default() }, &glue());
        let found = spec.deviations.iter().find(|d| d.field == field).unwrap_or_else(|| panic!("{text}: {:?}", spec.deviations));
        assert_eq!(found.stated, stated, "{text}");
        assert_eq!(spec.target, None, "{text}");
    }
    let images = |text: &str| first(&request(text), &Wishes::default(), &cifar());
    assert!(says(&images("resnet-20 on cifar10 with dropout 0.1"), "recipe.dropout"), "a ResNet has none");
    assert!(says(&images("a pretrained resnet-20 on cifar10"), "model"));
}

/// Whoever says BERT means BERT-base; a smaller or another encoder in its place differs, with the true reason.
#[test]
fn a_lesser_model_than_asked_for_differs() {
    let at = |text: &str, secs: u64| first(&request(text), &Wishes { max_time_secs: Some(secs), ..Wishes::default() }, &glue());
    let short = at("fine-tune BERT on SST-2", 1800);
    assert!(id(&short).contains("MiniLM") && says(&short, "model"), "{}", id(&short));
    assert!(!says(&at("fine-tune BERT on SST-2", 7 * 86_400), "model"), "BERT-large is BERT");
    assert!(!says(&at("fine-tune MiniLM on SST-2", 1800), "model") && !says(&at("classify texts on SST-2", 1800), "model"));
    let small = at("fine-tune a bert with 2 layers on SST-2", 1800);
    assert!(id(&small).contains("L-2_H-128") && !says(&small, "model"), "it is the one of that size");
}

/// The reason names those larger models that do not fit, and no others, and what they are compared with.
#[test]
fn reasons_for_the_model_are_true() {
    let data = glue();
    let wishes = |secs| Wishes { max_time_secs: Some(secs), ..Wishes::default() };
    let reason = |spec: &ExperimentSpec| {
        let assumed = spec.assumptions.iter().find(|a| a.starts_with("model: ")).cloned();
        assumed.unwrap_or_else(|| why(spec, "model").to_string())
    };
    // Every encoder but the largest fits: a proposal for a smaller one does not say that others were too slow.
    let goal = request("classify SST-2");
    for secs in [600, 1800, 7200, 36_000, 200_000, 2_000_000] {
        for spec in proposals(&goal, &wishes(secs), &data, 200.0).expect("experiments") {
            let said = reason(&spec);
            for (name, layers, hidden) in [
                ("BERT-large", 24, 1024),
                ("BERT-base", 12, 768),
                ("MiniLM-L12", 12, 384),
                ("MiniLM-L6", 6, 384),
                ("BERT-mini", 4, 256),
            ] {
                let config = json!({
                    "model_type": "bert", "vocab_size": 30_522, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": hidden / 64,
                    "intermediate_size": 4 * hidden, "max_position_embeddings": 512,
                });
                let config = tallow_zoo::ModelConfig::from_public(&config.to_string()).expect("a config");
                let steps = 66_849u64.div_ceil(spec.recipe.batch_size as u64);
                let epoch = estimate(&config, None, &spec.recipe, spec.recipe.batch_size, steps, &data, &host(200.0)).train_secs;
                let fits = epoch <= 0.7 * secs as f64;
                assert!(!(fits && said.contains(&format!("with {name} "))), "{secs} s: {said}");
            }
            assert!(!said.contains("takes about") || said.contains("70 % of the limit"), "{said}");
        }
    }
    let cut = first(&request("MiniLM-L6 on SST-2, 9 epochs, 20 minutes"), &Wishes::default(), &data);
    assert!(
        why(&cut, "recipe.length").contains("training may take 14 min, 70 % of the limit of 20 min"),
        "{}",
        why(&cut, "recipe.length")
    );
    let seeds = first(&request("MiniLM-L6 on SST-2, 9 epochs, 20 minutes, 2 seeds"), &Wishes::default(), &data);
    assert!(why(&seeds, "recipe.length").contains("of each of 2 runs may take 7 min"), "{}", why(&seeds, "recipe.length"));
}

/// A default that nobody stated is shortened as an assumption; what somebody asked for is none of either.
#[test]
fn only_what_was_stated_differs() {
    let data = glue();
    let layout = Layout { prepared: "p".into(), threads: 2 };
    let planned = |spec: &ExperimentSpec| {
        let config = tallow_zoo::registry()[0].tiny;
        let model = ModelFacts {
            config: config(),
            weights: None,
            weights_sha256: None,
            tokenizer: None,
            normalize: None,
            license: None,
            revision: None,
            chat: Default::default(),
            adapter: None,
        };
        let spec = ExperimentSpec { recipe: spec::Recipe { max_seq_len: Some(8), ..spec.recipe.clone() }, ..spec.clone() };
        resolve(&spec, &Facts { host: host(200.0), data: glue(), model }, &layout).expect("a plan")
    };
    let spec = first(&request("MiniLM-L6 on SST-2, 10 minutes"), &Wishes::default(), &data);
    assert!(!says(&spec, "recipe.length") && assumes(&spec, "instead of the default of 3 epochs"), "{:?}", spec.assumptions);
    let asked = first(&request("MiniLM-L6 on SST-2, 3 epochs, 10 minutes"), &Wishes::default(), &data);
    assert!(says(&asked, "recipe.length") && !assumes(&asked, "instead of the default"));
    for text in ["MiniLM-L6 on SST-2, 64 examples", "MiniLM-L6 on 1% of SST-2"] {
        let plan = planned(&first(&request(text), &Wishes::default(), &data));
        assert!(!plan.deviations.iter().any(|d| d.field == "data.max_train_examples"), "{text}: {:?}", plan.deviations);
    }
    let wishes = Wishes { max_examples: Some(64), ..Wishes::default() };
    let plan = planned(&first(&request("MiniLM-L6 on SST-2"), &wishes, &data));
    assert_eq!(
        plan.deviations.iter().map(|d| d.field.as_str()).collect::<Vec<_>>(),
        ["data.monitor"],
        "500 of 67,349 are watched"
    );
    // Where a paper took all, a part is a deviation, whoever asks for it.
    let toy = texts(vec![split("train", 6000, true), split("test", 1000, true)]);
    assert_eq!(why(&first(&example_paper(), &wishes, &toy), "data.max_train_examples"), "asked for on the command line");
    // A large part that is kept out is other data.
    let mut half = first(&request("MiniLM-L6 on SST-2"), &Wishes::default(), &data);
    half.data.monitor = Monitor::HoldOut { examples: 30_000 };
    assert!(planned(&half).deviations.iter().any(|d| d.field == "data.train"));
}

/// A text becomes a language model of what fits into the time, whose end is held out; a name chooses a public one.
#[test]
fn texts_are_for_language_models() {
    let text = SplitFacts { tokens: Some(400_000), ..split("train", 1, true) };
    let data = DataFacts {
        columns: Columns { input: vec!["text".into()], ..Columns::default() },
        labels: vec![],
        mean_tokens: Some(400_000.0),
        ..texts(vec![text])
    };
    let of =
        |text: &str, gflops: f64| proposals(&request(text), &Wishes::default(), &data, gflops).expect("experiments").remove(0);
    let layers = |spec: &ExperimentSpec| match &spec.model {
        ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Gpt2(config), .. } => (config.n_layer, config.n_positions),
        other => panic!("{other:?}"),
    };
    let planned = |spec: &ExperimentSpec| {
        let ModelSpec::Scratch { config, .. } = &spec.model else { panic!("{:?}", spec.model) };
        let mut data = data.clone();
        data.cut(&spec.data.train, &spec.data.held_out, spec.data.held_out_frac.expect("a part"));
        let model = ModelFacts {
            config: config.clone(),
            weights: None,
            weights_sha256: None,
            tokenizer: None,
            normalize: None,
            license: None,
            revision: None,
            chat: Default::default(),
            adapter: None,
        };
        let layout = Layout { prepared: "p".into(), threads: 2 };
        resolve(spec, &Facts { host: host(100.0), data, model }, &layout).expect("a plan")
    };
    let slow = of("train a language model on ./novel.txt in 10 minutes", 100.0);
    assert_eq!((slow.task, slow.metric), (Task::LanguageModelling, Metric::Perplexity));
    assert_eq!((slow.data.held_out_frac, layers(&slow)), (Some(0.1), (4, 256)));
    assert!(slow.assumptions.iter().any(|line| line.contains("its end")), "{:?}", slow.assumptions);
    assert!(planned(&slow).estimate.train_secs < 600.0);
    assert!(layers(&of("train a GPT on ./novel.txt in 10 minutes", 100_000.0)).0 > 4, "a faster machine trains a larger one");
    let asked = of("a GPT with 2 layers on ./novel.txt, at most 64 tokens, 1 epoch", 1000.0);
    assert_eq!((layers(&asked), asked.recipe.max_seq_len), ((2, 64), Some(64)));
    // An epoch is all of it: what is left of 400,000 tokens, in pieces of 64, but for those that are watched.
    let Monitor::HoldOut { examples: watched } = asked.data.monitor else { panic!("{:?}", asked.data.monitor) };
    assert_eq!(planned(&asked).runs[0].total_steps, ((360_000 / 64 - watched) as u64).div_ceil(asked.recipe.batch_size as u64));
    assert_eq!(id(&of("fine-tune GPT-2 on ./novel.txt", 100_000.0)), "openai-community/gpt2");
    let error = proposals(&request("fine-tune gpt2 on SST-2"), &Wishes::default(), &glue(), 100.0).expect_err("no such head");
    assert!(error.to_string().contains("`gpt2` on `SST-2`, which is for text classification"), "{error}");
}

/// The cause is told: words that are not understood, a model that nobody has, a value that cannot be.
#[test]
fn a_request_that_cannot_be_planned_is_told_why() {
    let refused = |text: &str| RulePlanner.data(&request(text), &Wishes::default()).expect_err(text);
    for (text, name) in [
        ("roberta on ./mine", "roberta"),
        ("resnet-21 on cifar10", "resnet-21"),
        ("a ViT on cifar10", "vit"),
        ("bert-small on SST-2", "bert-small"),
        ("an LSTM for SST-2", "lstm"),
    ] {
        let error = refused(text);
        assert!(
            matches!(error, PlannerError::NoModel { .. }) && error.to_string().contains(&format!("`{name}`")),
            "{text}: {error}"
        );
    }
    assert_eq!(refused("resnet-50 on imagenet").to_string(), "it is not said which data to use; not understood: `imagenet`");
    assert_eq!(refused("fine-tune BERT in an hour").to_string(), "it is not said which data to use");
    for (text, words) in [
        ("BERT on SST-2 in 0 minutes", "0 minutes"),
        ("BERT on SST-2, 150% accuracy, lr -1", "lr -1"),
        ("BERT on SST-2 for 1000000 hours", "1000000 hours"),
    ] {
        let error = refused(text);
        assert!(matches!(error, PlannerError::Request { .. }) && error.to_string().contains(words), "{text}: {error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("--set")), "{text}");
    }
    let wishes = Wishes { model: Some(ModelName::parse("lstm")), ..Wishes::default() };
    assert!(matches!(RulePlanner.data(&example_paper(), &wishes), Err(PlannerError::NoModel { .. })));
}

/// Too little time is told of the cheapest model that can be had.
#[test]
fn too_little_time_is_told_of_a_model_that_is_there() {
    let goal = request("BERT on SST-2, at most 1 second, 2 seeds");
    let data = glue();
    let mut absent: Vec<String> = Vec::new();
    let mut needed = 0.0;
    for expected in ["BERT-tiny", "BERT-mini", "MiniLM-L6"] {
        let offer = Offer { data: &data, model: None, host: &host(1.0), absent: &absent };
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
    let offer = Offer { data: &data, model: None, host: &host(200.0), absent: &absent };
    let found = RulePlanner.experiments(&goal, &Wishes::default(), &choice(&goal, &Wishes::default()), &offer);
    assert!(matches!(found, Err(PlannerError::NoModel { .. })), "none is left");
}

/// A paper's statements on a text data set, with a result of its own.
fn paper_of(family: &str, variant: &str, more: Vec<serde_json::Value>) -> Goal {
    let result =
        json!({ "kind": "result", "result": { "dataset": "SST-2", "metric": "accuracy", "value": 95.1, "variant": variant } });
    let mut fields = vec![
        stated("architecture.family", json!({ "kind": "family", "family": family }), None, "SST-2"),
        stated("results", result, Some("percent"), "SST-2"),
    ];
    fields.extend(more);
    Goal::Paper(Box::new(
        serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("a paper's statements"),
    ))
}

/// A model of the command line beside a paper: that its method is not applied is said, and who asked for it.
#[test]
fn a_forced_model_tells_what_the_paper_did() {
    let wishes =
        Wishes { model: Some(ModelName::parse("minilm")), data: Some(DataName::parse("SST-2", |_| None)), ..Wishes::default() };
    let spec = first(&paper_of("lora", "lora base", vec![]), &wishes, &glue());
    let method = spec.deviations.iter().find(|d| d.field == "method").expect("the method differs");
    assert_eq!((method.stated.as_str(), method.used.as_str()), ("LoRA", "training of all weights"));
    let variant = json!({ "kind": "variant", "variant": {
        "name": "RoBERTa base", "num_layers": null, "hidden_size": null, "intermediate_size": null, "num_heads": null, "num_params": 125e6,
    } });
    let spec = first(
        &paper_of("lora", "another system", vec![stated("architecture.variants", variant, None, "SST-2")]),
        &wishes,
        &glue(),
    );
    assert_eq!(spec.deviations.iter().find(|d| d.field == "model").map(|d| d.stated.as_str()), Some("RoBERTa base"));
    for family in ["vit", "gpt2", "t5", "lstm", "roberta"] {
        for variant in [format!("{family} base"), "another system".into()] {
            let spec = first(&paper_of(family, &variant, vec![]), &wishes, &glue());
            assert_eq!(why(&spec, "model"), "asked for on the command line", "{family} {variant}: {:?}", spec.deviations);
            assert!(!says(&spec, "method"));
        }
    }
    let resnet = Wishes {
        model: Some(ModelName::parse("resnet-20")),
        data: Some(DataName::parse("CIFAR-10", |_| None)),
        ..Wishes::default()
    };
    let spec = first(&paper_of("vit", "vit base", vec![]), &resnet, &cifar());
    assert_eq!(
        (why(&spec, "model"), spec.deviations.iter().filter(|d| d.field == "model").count()),
        ("asked for on the command line", 1)
    );
}

/// What is printed as taken from the paper is what is run: a value out of range is a deviation, and each has its unit.
#[test]
fn only_what_is_taken_is_cited() {
    let number = |value: f64| json!({ "kind": "number", "value": value });
    let with = |key: &str, value: f64, unit: Option<&str>| {
        let goal = paper_of("bert", "bert base", vec![stated(key, number(value), unit, "SST-2")]);
        first(&goal, &Wishes { max_time_secs: Some(30 * 86_400), ..Wishes::default() }, &glue())
    };
    let cited = |spec: &ExperimentSpec, field: &str| spec.citations.iter().find(|c| c.field == field).map(|c| c.value.clone());
    for (key, field, unit, good, words, bad) in [
        ("epochs", "recipe.length", Some("epochs"), 2.0, "2 epochs", 1e9),
        ("steps", "recipe.length", Some("steps"), 5000.0, "5,000 steps", 0.0),
        ("batch_size", "recipe.batch_size", Some("examples"), 64.0, "64 examples", 1e6),
        ("optimizer.lr", "recipe.lr", None, 3e-5, "3e-5", 50.0),
        ("dropout", "recipe.dropout", None, 0.2, "0.2", 1.5),
        ("grad_clip_norm", "recipe.grad_clip_norm", None, 0.5, "0.5", 0.0),
        ("max_seq_len", "recipe.max_seq_len", Some("tokens"), 256.0, "256 tokens", 1.0),
        ("schedule.warmup", "recipe.schedule.warmup", Some("fraction"), 0.1, "0.1 of all steps", 1.5),
    ] {
        let spec = with(key, good, unit);
        assert_eq!(cited(&spec, field).as_deref(), Some(words), "{key}");
        assert!(!says(&spec, field), "{key}: {:?}", spec.deviations);
        let spec = with(key, bad, unit);
        assert_eq!((cited(&spec, field), says(&spec, field)), (None, true), "{key}: {:?}", spec.citations);
        assert!(spec::parse(&spec::to_toml(&spec), "proposed").is_ok(), "{key}");
    }
    let tokens = with("batch_size", 25_000.0, Some("tokens"));
    assert_eq!((tokens.recipe.batch_size, cited(&tokens, "recipe.batch_size")), (32, None));
    assert!(says(&tokens, "recipe.batch_size"));
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
                    let cost = estimate(&config, None, &spec.recipe, spec.recipe.batch_size, steps, &data, &host(gflops));
                    prop_assert!(cost.train_secs * seeds as f64 <= secs as f64, "{} s of {secs}", cost.train_secs);
                    if epochs < 164.0 {
                        prop_assert!(assumes(&spec, "recipe.length: "));
                    }
                }
            }
        }
    }
}

/// A table is for a perceptron of its columns: small ones are cut class by class and run several times; the label is the column that
/// was found, whatever it was called.
#[test]
fn tables_are_for_perceptrons() {
    use tallow::plan::TableFacts;
    use tallow_zoo::ModelConfig;
    use tallow_zoo::mlp::{CategoricalColumn, NumericColumn};
    let table = TableFacts {
        numeric: vec![NumericColumn::of("width", [Some(1.0), Some(2.0), None])],
        categorical: vec![CategoricalColumn::of("colour", [Some("red"), Some("blue"), Some("red")], 1)],
        notes: vec!["data.columns: `name` is left out: names or the like".into()],
    };
    let columns =
        Columns { input: vec!["width".into(), "colour".into()], label: Some("kind_of_it".into()), ..Columns::default() };
    let data = |rows: usize, task: Task| DataFacts {
        task: Some(task),
        columns: columns.clone(),
        labels: if task == Task::TabularRegression { vec![] } else { vec!["a".into(), "b".into()] },
        table: Some(table.clone()),
        mean_tokens: None,
        ..texts(vec![split("train", rows, true)])
    };
    let of = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data);
    let small = data(300, Task::TabularClassification);
    let spec = of("predict the kind from ./things.csv in 2 minutes", &small);
    let ModelSpec::Scratch { config: ModelConfig::Mlp(mlp), .. } = &spec.model else { panic!("{:?}", spec.model) };
    assert!(mlp.is_without_columns(), "the columns are the plan's to fill in");
    assert_eq!((spec.task, spec.metric, spec.budget.max_time_secs), (Task::TabularClassification, Metric::Accuracy, Some(120)));
    assert_eq!((spec.seeds.as_slice(), spec.data.held_out_frac), (&[0, 1, 2][..], Some(0.2)));
    assert_eq!(spec.data.columns.label.as_deref(), Some("kind_of_it"));
    assert!(assumes(&spec, "of each class its share") && assumes(&spec, "seeds: 3 runs"), "{:?}", spec.assumptions);
    assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);

    let mut known = small.clone();
    known.cut(&spec.data.train, &spec.data.held_out, 0.2);
    let ModelSpec::Scratch { config, .. } = &spec.model else { panic!("{:?}", spec.model) };
    let model = ModelFacts {
        config: config.clone(),
        weights: None,
        weights_sha256: None,
        tokenizer: None,
        normalize: None,
        license: None,
        revision: None,
        chat: Default::default(),
        adapter: None,
    };
    let facts = Facts { host: host(100.0), data: known, model };
    let plan = resolve(&spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect("a plan");
    let ModelConfig::Mlp(mlp) = &plan.runs[0].model else { panic!("{:?}", plan.runs[0].model) };
    assert_eq!(
        (mlp.num_numbers(), mlp.column_names(), mlp.target_column.as_deref()),
        (2, vec!["width", "colour"], Some("kind_of_it"))
    );
    assert!(plan.assumptions.iter().any(|a| a.contains("`name` is left out")), "{:?}", plan.assumptions);

    let large = of(
        "an MLP with 3 layers, hidden size 64 and dropout 0.3 on things.csv, predict kind",
        &data(50_000, Task::TabularClassification),
    );
    let ModelSpec::Scratch { config: ModelConfig::Mlp(mlp), .. } = &large.model else { panic!("{:?}", large.model) };
    assert_eq!(
        (mlp.hidden_sizes.as_slice(), large.seeds.as_slice(), large.recipe.dropout),
        (&[64, 64, 64][..], &[0][..], Some(0.3))
    );
    let numbers = of("predict the price of things.csv", &data(300, Task::TabularRegression));
    assert_eq!((numbers.task, numbers.metric), (Task::TabularRegression, Metric::Rmse));
    let other = proposals(&request("fine-tune BERT on things.csv"), &Wishes::default(), &small, 100.0);
    assert!(other.is_err_and(|e| e.to_string().contains("is a table of numbers and categories, which `bert` cannot read")));
}
