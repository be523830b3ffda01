//! Recipes: what is said in other terms than a recipe has, and what follows from what was asked for.

use super::*;
use tallow::spec::Group;

/// What is said of epochs is a share of those that are trained, and what is said of the rate one of the rate that is used.
#[test]
fn shares_are_of_what_is_run() {
    let ten = Wishes { epochs: Some(10.0), ..Wishes::default() };
    let falls = first(&request("resnet-20 on CIFAR-10, drop the lr by 10 after 5 and 8 epochs, no warm-up"), &ten, &cifar());
    let step = Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.5, 0.8], factor: 0.1 };
    assert_eq!((&falls.recipe.schedule, falls.recipe.length), (&step, Length::Epochs(10.0)));
    assert!(!says(&falls, "recipe.schedule"), "{:?}", falls.deviations);
    let warm = first(&request("MiniLM on SST-2, warm up for 1 epoch then cosine"), &ten, &glue());
    assert_eq!(warm.recipe.schedule, Schedule::cosine(Warmup::Frac(0.1)));

    let of = |text: &str| first(&request(text), &Wishes::default(), &glue()).recipe;
    let adapted = of("MiniLM-L6 on SST-2 with LoRA, cosine schedule, min lr 1e-6");
    let Schedule::Cosine { min_lr_frac, .. } = adapted.schedule else { panic!("{:?}", adapted.schedule) };
    assert!(adapted.lr == 2e-4 && (adapted.lr * min_lr_frac - 1e-6).abs() < 1e-15, "{adapted:?}");
}

/// An adapter's usual rate is AdamW's; another optimiser has the one that suits it.
#[test]
fn adapters_have_the_rate_of_their_optimizer() {
    let of = |text: &str| first(&request(text), &Wishes::default(), &glue());
    let rates = |spec: &ExperimentSpec| spec.assumptions.iter().filter(|a| a.starts_with("recipe.lr: ")).count();
    let usual = of("MiniLM-L6 on SST-2 with LoRA");
    assert_eq!((usual.recipe.lr, rates(&usual)), (2e-4, 1), "{:?}", usual.assumptions);
    let lion = of("MiniLM-L6 on SST-2 with Lion, LoRA of rank 4");
    assert!(matches!(lion.recipe.optimizer, Optimizer::Lion { .. }) && lion.adapter.is_some(), "{:?}", lion.recipe);
    assert!((lion.recipe.lr - 4e-5).abs() < 1e-12 && rates(&lion) == 1, "{} {:?}", lion.recipe.lr, lion.assumptions);
    assert_eq!(of("MiniLM-L6 on SST-2 with Lion, LoRA of rank 4, lr 1e-5").recipe.lr, 1e-5);
}

/// Who says what of a model stays as it is trains the rest of it, and no adapter beside it.
#[test]
fn what_is_frozen_of_a_conversing_model_takes_no_adapter() {
    let data = DataFacts {
        task: Some(Task::InstructionTuning),
        columns: Columns { input: vec!["instruction".into()], label: Some("output".into()), ..Columns::default() },
        labels: vec![],
        ..texts(vec![split("train", 3000, true), split("test", 300, true)])
    };
    let of = |more: &str| {
        let text = format!("instruction tuning of smollm2 on ./alpaca.json for 1 epoch{more}");
        first(&request(&text), &Wishes::default(), &data)
    };
    assert!(of("").adapter.is_some());
    let frozen = of(", freeze the first six layers");
    assert!(frozen.adapter.is_none() && !frozen.recipe.groups.is_empty(), "{:?}", frozen.recipe);
}

/// An encoder from scratch has positions for the texts that it is to read.
#[test]
fn encoders_from_scratch_are_as_long_as_their_texts() {
    let of = |text: &str, mean_tokens: f64| {
        let splits = vec![split("train", 900, true), split("test", 90, true)];
        let data = DataFacts { mean_tokens: Some(mean_tokens), ..texts(splits) };
        let text = format!("train a bert with 2 layers and hidden size 64 from scratch on my.csv for 1 epoch{text}");
        let spec = first(&request(&text), &Wishes::default(), &data);
        assert!(!says(&spec, "recipe.max_seq_len"), "{:?}", spec.deviations);
        let ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Bert(config), .. } = &spec.model else { panic!("{spec:?}") };
        (config.max_position_embeddings, spec.recipe.max_seq_len)
    };
    assert_eq!(of("", 14.0), (128, Some(128)));
    assert_eq!(of("", 200.0), (512, Some(512)));
    assert_eq!(of(", sequence length 300", 14.0), (300, Some(300)));
}

/// What stays as it is has no gradient and no moments: AdamW's three further copies of it are not counted.
#[test]
fn frozen_weights_take_their_own_place_alone() {
    let config = tallow_zoo::registry()[0].tiny;
    let planned = |groups: Vec<Group>| {
        let spec = first(&request("MiniLM-L6 on SST-2"), &Wishes::default(), &glue());
        let recipe = spec::Recipe { max_seq_len: Some(8), groups, ..spec.recipe.clone() };
        let facts = Facts { host: host(200.0), data: glue(), model: ModelFacts::from_scratch(config()) };
        let layout = Layout { prepared: "p".into(), threads: 2 };
        resolve(&ExperimentSpec { recipe, ..spec }, &facts, &layout).expect("a plan").estimate
    };
    let (name, elements) = config().trainable_sizes(None).expect("a model").remove(0);
    let (whole, part) =
        (planned(vec![]), planned(vec![Group { pattern: name, lr_scale: 1.0, weight_decay: None, frozen: true }]));
    assert_eq!((part.num_params, part.num_trainable), (whole.num_params, whole.num_trainable - elements));
    assert_eq!(whole.peak_memory_bytes - part.peak_memory_bytes, 12 * elements as u64);
    // Nor are they read and written by the optimiser; what their gradients would take is not known of any place.
    assert!(part.train_secs < whole.train_secs);
    assert_eq!(part.train_flops, whole.train_flops);
}

/// What is given for each class goes by the order of the data's, so another order is no matter of taste.
#[test]
fn classes_that_an_experiment_lists_are_those_of_the_data() {
    let weighed = |classes: &[&str], class_weights: Option<spec::ClassWeights>| {
        let spec = first(&request("MiniLM-L6 on SST-2"), &Wishes::default(), &glue());
        let names: Vec<String> = classes.iter().map(|name| (*name).to_string()).collect();
        let config = (tallow_zoo::registry()[0].tiny)().with_labels(&names);
        let recipe = spec::Recipe { max_seq_len: Some(8), class_weights, ..spec.recipe.clone() };
        let facts = Facts { host: host(200.0), data: glue(), model: ModelFacts::from_scratch(config.clone()) };
        let spec = ExperimentSpec { recipe, model: ModelSpec::Scratch { config, tokenizer: None }, ..spec };
        resolve(&spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).map_err(|e| e.to_string())
    };
    let planned = |classes: &[&str]| weighed(classes, None);
    let told = |classes: &[&str]| {
        let assumed = planned(classes).expect("a plan").assumptions;
        assumed.into_iter().find(|line| line.starts_with("model.config.head.classes: "))
    };
    for classes in [&["no", "yes"][..], &["0", "1"], &["LABEL_0", "LABEL_1", "LABEL_2"]] {
        assert_eq!(told(classes), None, "{classes:?}");
    }
    let assumed = "model.config.head.classes: no, yes, as the data has them, in this order, instead of good, bad";
    assert_eq!(told(&["good", "bad"]).as_deref(), Some(assumed));
    assert!(told(&["yes", "no"]).is_some_and(|assumed| assumed.ends_with("instead of yes, no")), "their order says nothing");
    let weights = Some(spec::ClassWeights::Given { weights: vec![1.0, 2.0] });
    assert!(weighed(&["yes", "no"], weights).is_err_and(|found| found.contains("(the data's, in this order), found yes, no")));
    for classes in [&["a", "b", "c"][..], &["no"]] {
        let expected =
            format!("`model.config.head.classes`: expected no, yes (the data's, in this order), found {}", classes.join(", "));
        assert!(planned(classes).is_err_and(|found| found.contains(&expected)), "{classes:?}");
    }
}

/// Names of columns that a key sets are those of TOML: a comma in a name is no end of it.
#[test]
fn columns_are_set_as_the_experiment_file_has_them() {
    let set = [("data.columns.input", r#"["a, b", "c"]"#), ("data.columns.label", "y"), ("data.columns.exclude", "['id']")];
    let set = set.map(|(key, value)| (key.to_string(), value.to_string())).to_vec();
    let columns = choice(&request("classify ./my.csv"), &Wishes { set, ..Wishes::default() }).columns;
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    assert_eq!((columns.input, columns.exclude), (names(&["a, b", "c"]), names(&["id"])));
    assert_eq!(columns.label.as_deref(), Some("y"));
}
