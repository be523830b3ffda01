//! Papers: their own recipe, and what of it can be followed.

use super::*;

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

/// A schedule is run with the warm-up that is cited beside it, and with those of its steps that the run is long enough for.
#[test]
fn a_papers_schedule_is_run_as_it_is_cited() {
    let number =
        |key: &str, value: f64, unit: &str| stated(key, json!({ "kind": "number", "value": value }), Some(unit), "SST-2");
    let kind =
        |schedule: serde_json::Value| stated("schedule.kind", json!({ "kind": "schedule", "schedule": schedule }), None, "SST-2");
    let of = |fields: Vec<serde_json::Value>| {
        let wishes = Wishes { max_time_secs: Some(30 * 86_400), ..Wishes::default() };
        first(&paper_of("bert", "bert base", fields), &wishes, &glue())
    };
    let cited = |spec: &ExperimentSpec, field: &str| spec.citations.iter().any(|c| c.field == field);
    let one_cycle = || kind(json!({ "kind": "one_cycle" }));

    let warm = of(vec![one_cycle(), number("schedule.warmup", 0.1, "fraction")]);
    assert_eq!(warm.recipe.schedule, Schedule::one_cycle(Some(Warmup::Frac(0.1))));
    assert!(cited(&warm, "recipe.schedule") && cited(&warm, "recipe.schedule.warmup"));
    assert_eq!(of(vec![one_cycle()]).recipe.schedule, Schedule::one_cycle(None));

    let falls = |at: &[f64]| {
        let milestones = json!({ "kind": "milestones", "at": at, "unit": "epochs", "divisor": 10.0 });
        of(vec![kind(milestones), number("epochs", 4.0, "epochs")])
    };
    let (all, some, none) = (falls(&[1.0, 2.0]), falls(&[2.0, 8.0]), falls(&[8.0]));
    let warmup = Warmup::Steps(0);
    assert_eq!(all.recipe.schedule, Schedule::Step { warmup, at_frac: vec![0.25, 0.5], factor: 0.1 });
    assert!(cited(&all, "recipe.schedule") && !says(&all, "recipe.schedule"));
    assert_eq!(some.recipe.schedule, Schedule::Step { warmup, at_frac: vec![0.5], factor: 0.1 });
    assert_eq!(none.recipe.schedule, Schedule::Constant { warmup });
    for spec in [some, none] {
        assert!(says(&spec, "recipe.schedule") && !cited(&spec, "recipe.schedule"), "{:?}", spec.deviations);
    }
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

/// A paper about adapters: its rank, alpha and layers, as the model at hand names them; what it does not state is assumed.
#[test]
fn a_paper_about_adapters_trains_one() {
    let wishes = Wishes {
        model: Some(ModelName::parse("minilm", |_| None)),
        data: Some(DataName::parse("SST-2", |_| None)),
        ..Wishes::default()
    };
    let number = |key: &str, number: f64| stated(key, json!({ "kind": "number", "value": number }), None, "SST-2");
    let layers = stated("lora.target_modules", json!({ "kind": "texts", "texts": ["Wq", "W_v"] }), None, "SST-2");
    let fields = vec![number("lora.rank", 4.0), number("lora.alpha", 32.0), number("lora.dropout", 0.05), layers];
    let spec = first(&paper_of("lora", "lora base", fields), &wishes, &glue());
    let adapter = spec.adapter.clone().expect("an adapter");
    assert_eq!((adapter.rank, adapter.alpha, adapter.target_modules), (4, 32.0, vec!["query".to_string(), "value".into()]));
    assert_eq!(adapter.dropout, 0.05);
    for field in ["adapter.rank", "adapter.alpha", "adapter.dropout", "adapter.target_modules"] {
        assert!(spec.citations.iter().any(|citation| citation.field == field), "{field}: {:?}", spec.citations);
    }
    let silent = first(&paper_of("lora", "lora base", vec![]), &wishes, &glue());
    let adapter = silent.adapter.clone().expect("an adapter");
    assert_eq!((adapter.rank, adapter.alpha, adapter.target_modules), (8, 8.0, vec!["all-linear".to_string()]));
    assert_eq!(silent.assumptions.iter().filter(|a| a.starts_with("adapter.")).count(), 3, "{:?}", silent.assumptions);
    let with_lengths = first(&paper_of("dora", "dora base", vec![]), &wishes, &glue());
    assert!(!adapter.use_dora && with_lengths.adapter.is_some_and(|adapter| adapter.use_dora));
}

/// A model of the command line beside a paper is said to be another than the paper's, and who asked for it.
#[test]
fn a_forced_model_tells_what_the_paper_did() {
    let wishes = Wishes {
        model: Some(ModelName::parse("minilm", |_| None)),
        data: Some(DataName::parse("SST-2", |_| None)),
        ..Wishes::default()
    };
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
            assert!(spec.adapter.is_none());
        }
    }
    let resnet = Wishes {
        model: Some(ModelName::parse("resnet-20", |_| None)),
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

/// What is planned for a paper about a family on a data set, with all the time that it takes.
fn planned_for(family: &str, dataset: &str, data: &DataFacts, more: Vec<serde_json::Value>) -> ExperimentSpec {
    let result =
        json!({ "kind": "result", "result": { "dataset": dataset, "metric": "accuracy", "value": 91.0, "variant": null } });
    let mut fields = vec![
        stated("architecture.family", json!({ "kind": "family", "family": family }), None, dataset),
        stated("results", result, Some("percent"), dataset),
    ];
    fields.extend(more);
    let paper = serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("statements");
    first(&Goal::Paper(Box::new(paper)), &Wishes { max_time_secs: Some(30 * 86_400), ..Wishes::default() }, data)
}

/// A paper that names another optimiser than the default and no rate is not run at the default's rate.
#[test]
fn a_papers_optimizer_has_a_rate_that_suits_it() {
    let kind =
        |dataset: &str, kind: &str| stated("optimizer.kind", json!({ "kind": "optimizer", "optimizer": kind }), None, dataset);
    let images = |fields: Vec<serde_json::Value>| planned_for("resnet", "CIFAR-10", &cifar(), fields);
    let adam = images(vec![kind("CIFAR-10", "adam")]);
    assert!(matches!(adam.recipe.optimizer, Optimizer::Adam { .. }) && adam.recipe.lr == 1e-3, "{:?}", adam.recipe);
    assert!(assumes(&adam, "recipe.lr: 0.001, which suits Adam"), "{:?}", adam.assumptions);
    assert_eq!(images(vec![kind("CIFAR-10", "sgd")]).recipe.lr, 0.1, "the default's own");
    let lr = stated("optimizer.lr", json!({ "kind": "number", "value": 0.05 }), None, "CIFAR-10");
    assert_eq!(images(vec![kind("CIFAR-10", "adam"), lr]).recipe.lr, 0.05);
    assert_eq!(planned_for("bert", "SST-2", &glue(), vec![kind("SST-2", "sgd")]).recipe.lr, 0.01);
}

/// Constants beside an optimiser that the trainer has not, or that is not named, are the default's where it has such; no other is
/// cited.
#[test]
fn constants_are_cited_where_they_are_used() {
    let number = |key: &str, value: f64, dataset: &str| stated(key, json!({ "kind": "number", "value": value }), None, dataset);
    let lars = |dataset: &str| stated("optimizer.kind", json!({ "kind": "optimizer", "optimizer": "lars" }), None, dataset);
    let cited = |spec: &ExperimentSpec, field: &str| spec.citations.iter().any(|c| c.field == field);
    let constants = ["recipe.optimizer.weight_decay", "recipe.optimizer.momentum"];
    let of = |dataset: &str| vec![number("optimizer.weight_decay", 5e-4, dataset), number("optimizer.momentum", 0.8, dataset)];

    let images = planned_for("resnet", "CIFAR-10", &cifar(), [vec![lars("CIFAR-10")], of("CIFAR-10")].concat());
    assert_eq!(images.recipe.optimizer, Optimizer::Sgd { momentum: 0.8, nesterov: false, weight_decay: 5e-4 });
    assert!(says(&images, "recipe.optimizer") && constants.iter().all(|field| cited(&images, field)), "{:?}", images.citations);

    for named in [vec![lars("SST-2")], vec![]] {
        let texts = planned_for("bert", "SST-2", &glue(), [named, of("SST-2")].concat());
        assert!(matches!(texts.recipe.optimizer, Optimizer::Adamw { weight_decay: 5e-4, .. }), "{:?}", texts.recipe.optimizer);
        assert_eq!(constants.map(|field| (cited(&texts, field), says(&texts, field))), [(true, false), (false, true)]);
    }
}

/// A number that names no model is that of the only one that a paper reports; of several it may be any.
#[test]
fn a_number_without_a_model() {
    let wishes = Wishes {
        model: Some(ModelName::parse("minilm", |_| None)),
        data: Some(DataName::parse("SST-2", |_| None)),
        ..Wishes::default()
    };
    let size = |name: &str, num_params: f64| {
        let variant = json!({
            "name": name, "num_layers": null, "hidden_size": null, "intermediate_size": null, "num_heads": null,
            "num_params": num_params,
        });
        stated("architecture.variants", json!({ "kind": "variant", "variant": variant }), None, "SST-2")
    };
    let result = |variant: Option<&str>, value: f64| {
        let result = json!({ "dataset": "SST-2", "metric": "accuracy", "value": value, "variant": variant });
        stated("results", json!({ "kind": "result", "result": result }), Some("percent"), "SST-2")
    };
    let target = |more: Vec<serde_json::Value>| {
        let fields = [vec![size("bert base", 110e6), size("bert large", 340e6), result(None, 97.0)], more].concat();
        first(&paper_of("bert", "bert large", fields), &wishes, &glue()).target.map(|target| target.value)
    };
    assert_eq!(target(vec![]), Some(0.97));
    assert_eq!(target(vec![result(Some("bert base"), 93.0)]), Some(0.93), "the smallest of its own");
}

/// An error rate of words is in percent, one of less than 1 % as well.
#[test]
fn error_rates_of_words_are_in_percent() {
    let sounds = DataFacts {
        task: Some(Task::SpeechRecognition),
        columns: Columns { input: vec!["audio".into()], label: Some("text".into()), ..Columns::default() },
        labels: vec![],
        longest_secs: Some(12.0),
        ..texts(vec![split("train", 20_000, true), split("validation", 2000, true), split("test", 2000, true)])
    };
    let result = |value: f64, of: Option<&str>| json!({ "kind": "result", "result": { "dataset": "LibriSpeech", "metric": "WER", "value": value, "variant": of } });
    let fields = [
        stated("architecture.family", json!({ "kind": "family", "family": "whisper" }), None, "LibriSpeech"),
        stated("results", result(0.9, None), Some("percent"), "LibriSpeech"),
        stated("results", result(5.1, Some("Other")), Some("percent"), "LibriSpeech"),
    ];
    let paper = serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("statements");
    let wishes = Wishes { max_time_secs: Some(6 * 3600), ..Wishes::default() };
    let spec = first(&Goal::Paper(Box::new(paper)), &wishes, &sounds);
    assert!(spec.target.as_ref().is_some_and(|target| (target.value - 0.009).abs() < 1e-12), "{:?}", spec.target);
}

/// The paper on the Transformer itself, whose data is known: from scratch, by its own recipe, as large as there is time for.
#[test]
fn the_transformers_own_paper() {
    let number = |value: f64| json!({ "kind": "number", "value": value });
    let name = "WMT 2014 English-German";
    let result = |variant: &str, value: f64| json!({ "kind": "result", "result": { "dataset": name, "metric": "BLEU", "value": value, "variant": variant } });
    let variant = |name: &str, hidden: u32, heads: u32| {
        let sizes = json!({ "name": name, "num_layers": 6, "hidden_size": hidden, "intermediate_size": 4 * hidden, "num_heads": heads, "num_params": null });
        stated("architecture.variants", json!({ "kind": "variant", "variant": sizes }), None, name)
    };
    let fields = [
        stated("architecture.family", json!({ "kind": "family", "family": "transformer" }), None, name),
        variant("Transformer (base model)", 512, 8),
        variant("Transformer (big)", 1024, 16),
        stated("optimizer.kind", json!({ "kind": "optimizer", "optimizer": "adam" }), None, name),
        stated("label_smoothing", number(0.1), None, name),
        stated("steps", number(100_000.0), Some("steps"), name),
        stated("results", result("ConvS2S", 25.16), None, name),
        stated("results", result("Transformer (base model)", 27.3), None, name),
        stated("results", result("Transformer (big)", 28.4), None, name),
    ];
    let paper = serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("statements");
    let goal = Goal::Paper(Box::new(paper));
    let data = DataFacts {
        task: Some(Task::TextToText),
        columns: Columns { input: vec!["translation.en".into()], label: Some("translation.de".into()), ..Columns::default() },
        labels: vec![],
        mean_tokens: Some(30.0),
        ..texts(vec![split("train", 4_500_000, true), split("validation", 3000, true), split("test", 3003, true)])
    };
    let spec = first(&goal, &Wishes { max_time_secs: Some(3600), ..Wishes::default() }, &data);
    let ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Marian(config), .. } = &spec.model else {
        panic!("{:?}", spec.model)
    };
    assert!(config.d_model <= 512 && spec.text_to_text.is_none(), "{config:?}");
    assert!(matches!(&spec.data.source, DataSource::Hub { id, .. } if id == "wmt/wmt14"), "{:?}", spec.data.source);
    assert_eq!((spec.task, spec.metric, spec.recipe.label_smoothing), (Task::TextToText, Metric::Bleu, 0.1));
    assert!(spec.target.as_ref().is_some_and(|target| [27.3, 28.4].contains(&target.value)), "its own number: {:?}", spec.target);
    assert!(says(&spec, "recipe.length") && says(&spec, "model"), "{:?}", spec.deviations);
}

/// Every family of the zoo: the public models of its own that the time allows; where none of them can be had, its architecture from
/// scratch or what stands in for it, said so.
#[test]
fn a_paper_of_each_family() {
    let words = || {
        let of = |name: &str, tokens: usize| SplitFacts { tokens: Some(tokens as u64), ..split(name, tokens / 60, true) };
        let columns = Columns { input: vec!["text".into()], ..Columns::default() };
        let splits = vec![of("train", 2_000_000), of("validation", 200_000), of("test", 200_000)];
        DataFacts { task: Some(Task::LanguageModelling), columns, labels: vec![], mean_tokens: Some(60.0), ..texts(splits) }
    };
    let sounds = || DataFacts {
        task: Some(Task::SpeechRecognition),
        columns: Columns { input: vec!["audio".into()], label: Some("text".into()), ..Columns::default() },
        labels: vec![],
        longest_secs: Some(12.0),
        ..texts(vec![split("train", 20_000, true), split("validation", 2000, true), split("test", 2000, true)])
    };
    let sizes = |name: &str, layers: u32, hidden: u32| {
        let variant = json!({ "name": name, "num_layers": layers, "hidden_size": hidden, "intermediate_size": null, "num_heads": null, "num_params": null });
        stated("architecture.variants", json!({ "kind": "variant", "variant": variant }), None, "")
    };
    let tuned = || {
        let mut lr = stated("optimizer.lr", json!({ "kind": "number", "value": 1e-3 }), None, "");
        lr["scope"] = json!({ "phase": "pre_training", "datasets": [], "variant": null, "topic": null });
        lr
    };
    let paper = |family: &str, data: &str, metric: &str, value: f64, more: Vec<serde_json::Value>| {
        let result =
            json!({ "kind": "result", "result": { "dataset": data, "metric": metric, "value": value, "variant": null } });
        let mut fields = vec![stated("architecture.family", json!({ "kind": "family", "family": family }), None, data)];
        fields.push(stated("results", result, None, data));
        fields.extend(more);
        Goal::Paper(Box::new(
            serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("it"),
        ))
    };
    let day = Wishes { max_time_secs: Some(6 * 3600), ..Wishes::default() };
    for (goal, data, own, otherwise) in [
        (
            paper("roberta", "SST-2", "accuracy", 94.8, vec![]),
            glue(),
            "FacebookAI/roberta-large",
            "google-bert/bert-base-uncased",
        ),
        (
            paper("distilbert", "IMDB", "accuracy", 92.8, vec![]),
            glue(),
            "distilbert/distilbert-base-uncased",
            "google-bert/bert-base-uncased",
        ),
        (
            paper("electra", "MNLI", "accuracy", 88.5, vec![]),
            glue(),
            "google/electra-base-discriminator",
            "google-bert/bert-base-uncased",
        ),
        (
            paper("lora", "SST-2", "accuracy", 95.1, vec![sizes("RoBERTa base", 12, 768), tuned()]),
            glue(),
            "FacebookAI/roberta-base",
            "google-bert/bert-base-uncased",
        ),
        (paper("vit", "CIFAR-10", "accuracy", 98.1, vec![tuned()]), cifar(), "facebook/deit-small-patch16-224", "vit"),
        (paper("wide_resnet", "CIFAR-10", "error", 4.0, vec![sizes("WRN-16-2", 16, 32)]), cifar(), "wide_resnet", "wide_resnet"),
        (paper("gpt2", "WikiText-2", "perplexity", 29.4, vec![tuned()]), words(), "openai-community/gpt2", "gpt2"),
        (paper("llama", "WikiText-103", "perplexity", 20.0, vec![tuned()]), words(), "HuggingFaceTB/SmolLM2-135M", "llama"),
        (paper("whisper", "LibriSpeech", "WER", 5.6, vec![tuned()]), sounds(), "openai/whisper-tiny", "whisper"),
    ] {
        let spec = first(&goal, &day, &data);
        eprintln!("{own} {} {:?}", spec.title, spec.target.as_ref().map(|t| t.value));
        if id(&spec) != own {
            continue;
        }
        assert!(spec.target.is_some() && spec.claim.is_some(), "{own}: the paper's number is the target");
        assert_eq!(
            spec.adapter.is_some(),
            matches!(&goal, Goal::Paper(paper) if paper.family().is_some_and(|(f, _)| f.name() == "lora"))
        );
        let absent: Vec<String> = proposals(&goal, &day, &data, 200.0)
            .expect("several")
            .iter()
            .filter(|spec| matches!(&spec.model, ModelSpec::Pretrained { id, .. } if !id.starts_with("google-bert/")))
            .map(|spec| id(spec).to_string())
            .chain(["google-bert/bert-large-uncased".to_string()])
            .collect();
        let offer = Offer { data: &data, model: None, host: &host(200.0), absent: &absent, at_hand: &[] };
        let left = RulePlanner.experiments(&goal, &day, &choice(&goal, &day), &offer).expect("something stands in");
        assert_eq!(id(&left[0]), otherwise, "without {absent:?}");
        assert!(left[0].recipe.batch_size > 0 && spec::parse(&spec::to_toml(&left[0]), "proposed").is_ok(), "{own}");
    }
    // Another form of the data than the usual one is said to be it.
    let goal = paper("gpt2", "WikiText-2", "perplexity", 29.4, vec![]);
    let forms = RulePlanner.data(&goal, &day).expect("two forms");
    let data = words();
    let offer = Offer { data: &data, model: None, host: &host(200.0), absent: &[], at_hand: &[] };
    let said = |form: &DataChoice| {
        let spec = RulePlanner.experiments(&goal, &day, form, &offer).expect("experiments").remove(0);
        spec.assumptions.iter().any(|a| a.starts_with("data.source.config: `wikitext-2-v1`"))
    };
    assert_eq!(forms.iter().map(said).collect::<Vec<_>>(), [false, true]);
    // What the zoo has nothing of is refused, with what could be done.
    let refused = RulePlanner.data(&paper("mamba", "WikiText-103", "perplexity", 16.0, vec![]), &day);
    assert!(matches!(refused, Err(PlannerError::NoModel { .. })), "{refused:?}");
}

/// The sizes that a paper describes and trains on the task itself are those that are tried.
#[test]
fn a_paper_that_trains_its_own_sizes() {
    let sizes = json!({ "name": "ViT-6", "num_layers": 6, "hidden_size": 96, "intermediate_size": null, "num_heads": null, "num_params": null });
    let number = |value: f64| json!({ "kind": "number", "value": value });
    let fields = [
        stated("architecture.family", json!({ "kind": "family", "family": "vit" }), None, "CIFAR-10"),
        stated("architecture.variants", json!({ "kind": "variant", "variant": sizes }), None, "CIFAR-10"),
        stated("epochs", number(10.0), Some("epochs"), "CIFAR-10"),
        stated("batch_size", number(4096.0), Some("examples"), "CIFAR-10"),
        stated(
            "datasets",
            json!({ "kind": "dataset", "dataset": { "name": "CIFAR-10", "role": "train_and_eval" } }),
            None,
            "CIFAR-10",
        ),
    ];
    let paper = serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("statements");
    let spec = first(&Goal::Paper(Box::new(paper)), &Wishes { max_time_secs: Some(1800), ..Wishes::default() }, &cifar());
    assert_eq!(spec.title, "ViT of 6 layers of 96 on CIFAR-10");
    // 130 steps of 4,096 would teach little.
    assert_eq!((spec.recipe.batch_size, says(&spec, "recipe.batch_size")), (2048, true), "{:?}", spec.deviations);
    assert!(!spec.citations.iter().any(|citation| citation.field == "recipe.batch_size"));
}

/// A perceptron has no public weights, and no size but the one that is stated.
#[test]
fn a_papers_perceptron_is_as_large_as_it_says() {
    let variant = |layers: u32, hidden: u32| {
        let variant = json!({ "name": "multi-layer perceptron", "num_layers": layers, "hidden_size": hidden, "intermediate_size": null,
            "num_heads": null, "num_params": null });
        stated("architecture.variants", json!({ "kind": "variant", "variant": variant }), None, "Iris")
    };
    let data = super::columns::table("species", Task::TabularClassification, &[]);
    let name = DataName::Local { path: "iris.csv".into() };
    let spec = |more: Vec<serde_json::Value>| {
        let mut fields = vec![stated("architecture.family", json!({ "kind": "family", "family": "mlp" }), None, "Iris")];
        fields.extend(more);
        let paper =
            serde_json::from_value(json!({ "title": "A paper", "arxiv_id": null, "fields": fields })).expect("statements");
        let wishes = Wishes { data: Some(name.clone()), max_time_secs: Some(1800), ..Wishes::default() };
        first(&Goal::Paper(Box::new(paper)), &wishes, &data)
    };
    let of = |spec: &ExperimentSpec| (spec.title.split(" on ").next().map(String::from), says(spec, "model"));
    assert_eq!(of(&spec(vec![variant(3, 32)])), (Some("MLP of 3 hidden layers of 32".into()), false));
    assert_eq!(of(&spec(vec![])).0, Some("MLP of 2 hidden layers of 128".into()));
}
