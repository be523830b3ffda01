//! Requests in ordinary words: what is followed, what is said of the rest.

use super::*;
use tallow::plan::TableFacts;
use tallow_zoo::BaseWeights;
use tallow_zoo::mlp::NumericColumn;

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
fn what_cannot_be_done_is_refused_with_its_reason() {
    let refused = |text: &str, data: &DataFacts| proposals(&request(text), &Wishes::default(), data, 200.0).expect_err(text);
    assert!(matches!(refused("bert on cifar10", &cifar()), PlannerError::NoModel { .. }));
    let lonely = |rows| texts(vec![split("train", rows, true), split("test", 100, false)]);
    assert!(matches!(refused("bert on my.csv", &lonely(3)), PlannerError::NoHeldOut { least: 4, .. }));
    // Few rows are no reason to refuse, and one to say how little they tell.
    let few = first(&request("bert on my.csv"), &Wishes::default(), &lonely(40));
    assert_eq!(few.data.held_out_frac, Some(0.2));
    let told = "there are but 40 rows, of which about 32 are trained on and 8 scored: expect a wide 95 % interval";
    assert!(few.assumptions.iter().any(|a| a.contains(told)), "{:?}", few.assumptions);
    assert_eq!(first(&request("bert on my.csv"), &Wishes::default(), &lonely(5)).data.held_out_frac, Some(0.4));
    let many = first(&request("bert on my.csv"), &Wishes::default(), &lonely(60));
    assert!(many.assumptions.iter().all(|a| !a.contains("there are but")), "{:?}", many.assumptions);
    assert!(matches!(RulePlanner.data(&request("do something"), &Wishes::default()), Err(PlannerError::NoData { .. })));
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

/// What an error is hoped to be is said by what measures the task; of what nothing measures, that is told.
#[test]
fn errors_that_are_hoped_for() {
    let of = |text: &str| first(&request(text), &Wishes::default(), &glue());
    for (text, metric, target) in [
        ("BERT on SST-2, error rate at most 0.2", Metric::Accuracy, 0.8),
        ("BERT on SST-2 with a loss below 0.3", Metric::LogLoss, 0.3),
        ("BERT on SST-2, log loss under 0.4", Metric::LogLoss, 0.4),
    ] {
        let spec = of(text);
        assert_eq!((spec.metric, spec.target.as_ref().map(|t| t.value)), (metric, Some(target)), "{text}");
        assert_eq!(assumes(&spec, "target: a"), text.contains("error rate") || text.contains("a loss"), "{:?}", spec.assumptions);
    }
    let vectors = choice(&request("sentence embeddings on STS-B"), &Wishes::default());
    assert_eq!(vectors.task, Some(Task::SentenceSimilarity));
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
        ("MiniLM on SST-2 with curriculum learning", "method", "curriculum learning"),
        ("MiniLM on SST-2 with 4 beams", "text_to_text.num_beams", "4 beams"),
        ("MiniLM on SST-2, 224x224", "data.image", "images of 224x224 pixels"),
    ] {
        let spec = first(&request(text), &Wishes { max_time_secs: Some(36_000), ..Wishes::default() }, &glue());
        let found = spec.deviations.iter().find(|d| d.field == field).unwrap_or_else(|| panic!("{text}: {:?}", spec.deviations));
        assert_eq!(found.stated, stated, "{text}");
        assert_eq!(spec.target, None, "{text}");
    }
    let left = |text: &str| first(&request(text), &Wishes::default(), &glue()).not_understood;
    assert_eq!(left("MiniLM on SST-2 with origami"), ["origami"]);
    assert_eq!(left("MiniLM, not BERT, on SST-2"), [""; 0], "another stands in its place");
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

fn encoder(layers: usize, hidden: usize) -> tallow_zoo::ModelConfig {
    let config = json!({
        "model_type": "bert", "vocab_size": 30_522, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": hidden / 64,
        "intermediate_size": 4 * hidden, "max_position_embeddings": 512,
    });
    tallow_zoo::ModelConfig::from_public(&config.to_string()).expect("a config")
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
                let config = encoder(layers, hidden);
                let steps = 66_849u64.div_ceil(spec.recipe.batch_size as u64);
                let epoch = estimate(
                    &config,
                    &Share::of(&config, None, None),
                    &spec.recipe,
                    spec.recipe.batch_size,
                    steps,
                    &data,
                    &host(200.0),
                )
                .train_secs;
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
    // A held-out split that takes a third of the time leaves less to training.
    let scored = texts(vec![split("train", 67_349, true), split("validation", 200_000, true)]);
    let cut = first(&request("MiniLM-L6 on SST-2, 9 epochs, 20 minutes"), &Wishes::default(), &scored);
    let (said, recipe) = (why(&cut, "recipe.length"), &cut.recipe);
    let steps = (cut.data.max_train_examples.unwrap_or(66_849) as f64 / recipe.batch_size as f64).ceil() as u64;
    let Length::Epochs(epochs) = recipe.length else { panic!("{:?}", recipe.length) };
    let spent = |config: &tallow_zoo::ModelConfig| {
        let training = estimate(config, &Share::of(config, None, None), recipe, recipe.batch_size, steps, &scored, &host(200.0))
            .train_secs
            * epochs;
        (training, scoring_secs(config, recipe, 200_000, &scored, &host(200.0)))
    };
    let (training, scoring) = spent(&encoder(6, 384));
    assert!(training + scoring <= 0.9 * 1200.0 && training > 0.4 * 1200.0, "{training} {scoring}");
    assert!(!said.contains("70 % of the limit"), "{said}");
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
        let model = ModelFacts::from_scratch(config());
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
    let fields = |wishes: &Wishes| {
        let plan = planned(&first(&request("MiniLM-L6 on SST-2"), wishes, &data));
        plan.deviations.into_iter().map(|deviation| deviation.field).collect::<Vec<_>>()
    };
    assert_eq!(fields(&Wishes::default()), ["data.monitor"], "500 of 67,349 are watched");
    assert!(fields(&wishes).is_empty(), "of 64 nobody misses them");
    // Where a paper took all, a part is a deviation, whoever asks for it.
    let toy = texts(vec![split("train", 6000, true), split("test", 1000, true)]);
    assert_eq!(why(&first(&example_paper(), &wishes, &toy), "data.max_train_examples"), "asked for on the command line");
    // A large part that is kept out is other data.
    let mut half = first(&request("MiniLM-L6 on SST-2"), &Wishes::default(), &data);
    half.data.monitor = Monitor::HoldOut { examples: 30_000 };
    assert!(planned(&half).deviations.iter().any(|d| d.field == "data.train"));
}

/// Where preparation leaves examples out, epochs are as long as what is left.
#[test]
fn epochs_are_as_long_as_what_was_prepared() {
    let spec = first(&request("MiniLM-L6 on SST-2, 2 epochs"), &Wishes::default(), &glue());
    let mut spec = ExperimentSpec { recipe: spec::Recipe { max_seq_len: Some(8), ..spec.recipe.clone() }, ..spec };
    (spec.recipe.batch_size, spec.data.monitor) = (32, Monitor::HoldOut { examples: 100 });
    let facts = Facts { host: host(200.0), data: glue(), model: ModelFacts::from_scratch((tallow_zoo::registry()[0].tiny)()) };
    let planned = |spec: &ExperimentSpec| resolve(spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect("a plan");
    let plan = planned(&spec);
    let all = facts.data.splits.iter().find(|split| split.name == spec.data.train).expect("the split").examples;
    assert!(plan.with_examples(all).is_none() && plan.with_examples(100).is_none(), "as planned, and nothing at all");
    let counted = plan.with_examples(100 + 32 * 50).expect("another plan");
    let run = &counted.runs[0];
    assert_eq!((run.total_steps, run.log_every_steps), (100, 1));
    assert!(run.monitor_every_steps <= 100 && run.checkpoint_every_steps <= 100);
    let share = 100.0 / plan.runs[0].total_steps as f64;
    assert!((counted.estimate.train_secs / plan.estimate.train_secs / share - 1.0).abs() < 1e-9);
    assert!(counted.assumptions.last().expect("said").contains("100 steps instead of 4,"), "{:?}", counted.assumptions);
    assert_eq!(counted.with_examples(100 + 32 * 50), None, "once");
    spec.data.max_train_examples = Some(320);
    assert_eq!(planned(&spec).with_examples(5000), None, "a part of them is as long as ever");
    spec.recipe.length = Length::Steps(7);
    spec.data.max_train_examples = None;
    assert_eq!(planned(&spec).with_examples(5000), None);
}

/// Weights beside an adapter are held as they are stored where that is asked for, or where they leave no room otherwise.
#[test]
fn a_base_is_held_as_it_is_stored_where_room_is_short() {
    let config = tallow_zoo::registry()[0].tiny;
    let weights = 4 * config().num_params() as u64;
    for (text, memory_bytes, in_file, expected) in [
        ("with LoRA", 64 * weights, Some(1.0625), None),
        ("with LoRA", weights + weights / 2, Some(1.0625), Some(BaseWeights::AsStored)),
        ("with LoRA", weights + weights / 2, Some(4.0), None),
        ("with LoRA", 0, Some(1.0625), None),
        ("with QLoRA", 64 * weights, Some(1.0625), Some(BaseWeights::AsStored)),
        ("with QLoRA", 64 * weights, None, Some(BaseWeights::AsStored)),
    ] {
        let spec = first(&request(&format!("MiniLM-L6 on SST-2 {text} of rank 1")), &Wishes::default(), &glue());
        let spec = ExperimentSpec { recipe: spec::Recipe { max_seq_len: Some(8), ..spec.recipe.clone() }, ..spec };
        assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);
        let model = ModelFacts { bytes_per_weight: in_file, ..ModelFacts::from_scratch(config()) };
        let facts = Facts { host: HostFacts { memory_bytes, ..host(200.0) }, data: glue(), model };
        let plan = resolve(&spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect("a plan");
        assert_eq!(plan.spec.adapter.as_ref().expect("an adapter").base, expected, "{text}, {memory_bytes} bytes: {plan:?}");
        let run = plan.runs[0].adapter.as_ref().expect("an adapter").base;
        assert_eq!(run, expected.unwrap_or_default());
        let told = plan.assumptions.iter().filter(|a| a.starts_with("adapter.base")).cloned().collect::<Vec<_>>().join("; ");
        let expected = match (expected, in_file, text) {
            (None, ..) => "",
            (Some(_), None, _) => "nothing is saved",
            (Some(_), _, "with LoRA") => "in float32 weights take",
            (Some(_), ..) => "8.5 bits a weight",
        };
        assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{text}: {told}");
    }
}

/// The cause is told: words that are not understood, a model that nobody has, a value that cannot be.
#[test]
fn a_request_that_cannot_be_planned_is_told_why() {
    let refused = |text: &str| RulePlanner.data(&request(text), &Wishes::default()).expect_err(text);
    for (text, name) in [
        ("deberta on ./mine", "deberta"),
        ("resnet-21 on cifar10", "resnet-21"),
        ("a swin on cifar10", "swin"),
        ("modernbert on SST-2", "modernbert"),
        ("an LSTM for SST-2", "lstm"),
    ] {
        let error = refused(text);
        assert!(
            matches!(error, PlannerError::NoModel { .. }) && error.to_string().contains(&format!("`{name}`")),
            "{text}: {error}"
        );
    }
    assert_eq!(refused("resnet-50 on imagenet").to_string(), "no known data set was named; not understood: `imagenet`");
    assert_eq!(refused("fine-tune BERT in an hour").to_string(), "no data set was named");
    for (text, words) in [
        ("BERT on SST-2 in 0 minutes", "0 minutes"),
        ("BERT on SST-2, 150% accuracy, lr -1", "lr -1"),
        ("BERT on SST-2 for 1000000 hours", "1000000 hours"),
    ] {
        let error = refused(text);
        assert!(matches!(error, PlannerError::Request { .. }) && error.to_string().contains(words), "{text}: {error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("--set")), "{text}");
    }
    let wishes = Wishes { model: Some(ModelName::parse("lstm", |_| None)), ..Wishes::default() };
    assert!(matches!(RulePlanner.data(&example_paper(), &wishes), Err(PlannerError::NoModel { .. })));
}

/// What comes later is held out where that is asked for and the data says when; a date alone asks for nothing, and is told of.
#[test]
fn the_latest_rows_are_held_out_where_that_is_asked_for() {
    use tallow::spec::HeldOutBy;
    let data = |times: &[&str], splits| DataFacts { times: times.iter().map(|time| time.to_string()).collect(), ..texts(splits) };
    let one = || vec![split("train", 1000, true)];
    let of = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data);
    let by = |column: &str| HeldOutBy::Time { column: column.into(), from: None };
    let deviates = |spec: &ExperimentSpec, words: &str| {
        spec.deviations.iter().any(|d| d.field == "data.held_out" && format!("{} {}", d.stated, d.reason).contains(words))
    };
    let dated = data(&["sent_on", "edited"], one());
    for (text, expected, frac) in [
        ("MiniLM on my.csv, split by sent_on", by("sent_on"), 0.2),
        ("MiniLM on my.csv, split by edited", by("edited"), 0.2),
        ("MiniLM on my.csv, train on the past and test on the latest", by("sent_on"), 0.2),
        ("MiniLM on my.csv, hold out the latest 30% for testing", by("sent_on"), 0.3),
        ("MiniLM on my.csv with an 80/20 chronological split", by("sent_on"), 0.2),
        ("forecast the label in my.csv with MiniLM", by("sent_on"), 0.2),
        ("MiniLM on my.csv, use the last 20% of the rows as test set", HeldOutBy::End, 0.2),
        ("MiniLM on my.csv, hold out the first 20% for testing", HeldOutBy::Start, 0.2),
        ("MiniLM on my.csv, hold out 20% for testing", HeldOutBy::Chance, 0.2),
    ] {
        let spec = of(text, &dated);
        assert_eq!((&spec.data.held_out_by, spec.data.held_out_frac), (&expected, Some(frac)), "{text}");
        assert!(!spec.deviations.iter().any(|d| d.field == "data.held_out"), "{text}: {:?}", spec.deviations);
        assert!(assumes(&spec, &expected.in_words()), "{text}: {:?}", spec.assumptions);
        assert_eq!(assumes(&spec, "`split by sent_on` in a request"), expected == HeldOutBy::Chance, "{text}");
        assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);
    }
    let undated = data(&[], one());
    let spec = of("MiniLM on my.csv, split by date", &undated);
    assert!(spec.data.held_out_by.is_chance() && deviates(&spec, "no column says when a row was"), "{:?}", spec.deviations);
    let spec = of("MiniLM on my.csv, split by author", &dated);
    assert!(spec.data.held_out_by.is_chance() && deviates(&spec, "no column is called `author`"), "{:?}", spec.deviations);
    assert!(of("forecast the label in my.csv with MiniLM", &undated).deviations.is_empty());
    // What would be refused, for its days and months cannot be told apart, is not advised.
    let unclear = DataFacts { unclear_times: vec!["sent_on".into()], ..data(&["sent_on"], one()) };
    assert!(!assumes(&of("MiniLM on my.csv", &unclear), "`split by sent_on` in a request"));
    assert!(assumes(&of("MiniLM on my.csv", &dated), "`split by sent_on` in a request"));
    // A split of the data's own is not made anew.
    let whole = data(&["sent_on"], vec![split("train", 1000, true), split("test", 200, true)]);
    let spec = of("MiniLM on my.csv, split by date", &whole);
    assert!(spec.data.held_out_frac.is_none() && deviates(&spec, "labelled split of its own"), "{:?}", spec.deviations);
}

/// Rows of one value of a column stay together where that is asked for and there is such a column, however it is called.
#[test]
fn groups_are_kept_together_where_that_is_asked_for() {
    use tallow::spec::HeldOutBy;
    let whose =
        ["text", "patient_id", "visit", "office", "scaffold", "StoreKey", "customer_age", "sent_on", "reviewer user", "kunde"];
    let data = |splits| DataFacts { whose: whose.map(str::to_string).to_vec(), times: vec!["sent_on".into()], ..texts(splits) };
    let one = data(vec![split("train", 1000, true)]);
    let of = |text: &str, data: &DataFacts| first(&request(&format!("MiniLM on my.csv, {text}")), &Wishes::default(), data);
    let deviations = |spec: &ExperimentSpec| -> Vec<String> {
        let all = spec.deviations.iter().filter(|d| d.field == "data.held_out");
        all.map(|d| format!("{}: {} ({})", d.stated, d.used, d.reason)).collect()
    };
    for (text, column, frac) in [
        ("split by patient", "patient_id", 0.2),
        ("no patients in both train and test", "patient_id", 0.2),
        ("a grouped 70/30 split by `patient_id`", "patient_id", 0.3),
        ("split by patient id", "patient_id", 0.2),
        ("hold out 10% for testing, keep all rows of a store together", "StoreKey", 0.1),
        ("test on users not seen in training", "reviewer user", 0.2),
        ("split by visit", "visit", 0.2),
        // No word for whom rows are of, but a column that says no time.
        ("split by office", "office", 0.2),
        ("no scaffold in both train and test", "scaffold", 0.2),
        ("split by visits", "visit", 0.2),
        // As it is called in the data, and in no other language.
        ("Aufteilung nach Kunde", "kunde", 0.2),
        ("Aufteilung nach Patienten", "patient_id", 0.2),
        ("按患者划分", "patient_id", 0.2),
        ("split by patient, no leakage between train and test", "patient_id", 0.2),
    ] {
        let spec = of(text, &one);
        let by = HeldOutBy::Group { column: column.into() };
        assert_eq!((&spec.data.held_out_by, spec.data.held_out_frac), (&by, Some(frac)), "{text}: {:?}", spec.deviations);
        assert_eq!(deviations(&spec), [""; 0], "{text}");
        let told = format!("drawn at random, those of one `{column}` together, for that was asked for");
        assert!(assumes(&spec, &told), "{text}: {:?}", spec.assumptions);
        assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);
    }
    for (text, by, told) in [
        ("split by customer", HeldOutBy::Chance, "no column is called `customer`"),
        ("5-fold GroupKFold on patient", HeldOutBy::Group { column: "patient_id".into() }, "there are no folds"),
        (
            "hold out the latest 20% for testing, no patient in both train and test",
            HeldOutBy::Time { column: "sent_on".into(), from: None },
            "rows are parted in one way, and these are the latest by `sent_on`",
        ),
        ("no leakage between train and test", HeldOutBy::Chance, "it names no column"),
        ("a stratified split by patient", HeldOutBy::Group { column: "patient_id".into() }, "whatever their classes are"),
        ("split by label", HeldOutBy::Chance, ""),
    ] {
        let spec = of(text, &one);
        assert_eq!(spec.data.held_out_by, by, "{text}: {:?}", spec.deviations);
        let told_of = deviations(&spec);
        assert!(told.is_empty() || told_of.iter().any(|d| d.contains(told)), "{text}: {told_of:?}");
    }
    // A split of the data's own is not made anew.
    let whole = data(vec![split("train", 1000, true), split("test", 200, true)]);
    for text in ["split by patient", "train before 2021 and test on 2021 and later"] {
        let spec = of(text, &whole);
        assert!(spec.data.held_out_by.is_chance() && spec.data.held_out_frac.is_none(), "{text}");
        assert!(deviations(&spec).iter().any(|d| d.contains("labelled split of its own")), "{text}: {:?}", spec.deviations);
    }
    // What tells whose a row of a table is, is no input of it.
    let numeric = vec![NumericColumn::of("visit", [Some(1.0), Some(2.0)])];
    let table = DataFacts {
        task: Some(Task::TabularClassification),
        table: Some(TableFacts { numeric, ..TableFacts::default() }),
        mean_tokens: None,
        columns: Columns { input: vec!["visit".into(), "patient_id".into()], ..one.columns.clone() },
        ..one.clone()
    };
    let plan = |text: &str| first(&request(&format!("predict label in my.csv, {text}")), &Wishes::default(), &table);
    let spec = plan("split by patient");
    assert_eq!(spec.data.columns.exclude, ["patient_id"]);
    assert!(
        assumes(&spec, "`patient_id` is no input, for no value of it that is trained on is met again"),
        "{:?}",
        spec.assumptions
    );
}

/// From a date on, whatever share that is; of several columns that say when the one that is named.
#[test]
fn rows_are_held_out_from_a_border_on_where_that_is_asked_for() {
    use tallow::spec::{Border, HeldOutBy};
    let data = |times: &[&str]| DataFacts {
        times: times.iter().map(|time| time.to_string()).collect(),
        ..texts(vec![split("train", 1000, true)])
    };
    let of = |text: &str, data: &DataFacts| first(&request(&format!("MiniLM on my.csv, {text}")), &Wishes::default(), data);
    for (text, column, from) in [
        ("train on data before 2021 and test on 2021 and later", "sent_on", "2021"),
        ("use everything up to 2022-06-30 for training and the rest for testing", "sent_on", "2022-07"),
        ("train on rows with edited before 2021-03-15 and test on the rest", "edited", "2021-03-15"),
        ("split by edited, test on everything from 2021 on", "edited", "2021"),
        ("test set: from March 2023", "sent_on", "2023-03"),
    ] {
        let spec = of(text, &data(&["sent_on", "edited"]));
        let by = HeldOutBy::Time { column: column.into(), from: Some(Border::new(from)) };
        assert_eq!((&spec.data.held_out_by, spec.data.held_out_frac), (&by, None), "{text}: {:?}", spec.deviations);
        assert!(spec.deviations.iter().all(|d| d.field != "data.held_out"), "{text}: {:?}", spec.deviations);
        let told = format!("held out: a part of `train`, those whose `{column}` is {from} or later, for that was asked for");
        assert!(assumes(&spec, &told) && assumes(&spec, "trained on are all before it"), "{text}: {:?}", spec.assumptions);
        assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);
    }
    let of_share = of("hold out 30% for testing, train on data before 2021 and test on 2021 and later", &data(&["sent_on"]));
    assert_eq!(of_share.data.held_out_frac, None);
    assert_eq!(why(&of_share, "data.held_out"), "a border says how much is held out");
    let undated = of("train on data before 2021 and test on the rest", &data(&[]));
    assert_eq!((undated.data.held_out_by.is_chance(), undated.data.held_out_frac), (true, Some(0.2)));
    assert_eq!(why(&undated, "data.held_out"), "no column says when a row was");
}

/// A part for validation or for the test is cut where it was asked to be, and all else is trained on.
#[test]
fn parts_that_are_kept_out() {
    let lonely = texts(vec![split("train", 1000, true)]);
    let of = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data);
    let spec = of("MiniLM on my.csv, use 30% of the rows for testing, keep 70 rows for validation, 1 epoch", &lonely);
    assert_eq!((spec.data.held_out_frac, spec.data.max_train_examples), (Some(0.3), None));
    assert_eq!(spec.data.monitor, Monitor::HoldOut { examples: 70 });
    assert!(assumes(&spec, "30 % of `train`") && assumes(&spec, "that was asked for"), "{:?}", spec.assumptions);
    let share = of("MiniLM on SST-2, hold out 10% of the data for validation, 1 epoch", &glue());
    assert_eq!(share.data.monitor, Monitor::HoldOut { examples: 6735 });
    assert_eq!(
        why(&of("MiniLM on SST-2 with a 20% test split, 1 epoch", &glue()), "data.held_out"),
        "the data has a labelled split of its own"
    );
    let all = proposals(&request("MiniLM on my.csv, keep 900 rows for validation"), &Wishes::default(), &lonely, 200.0);
    assert!(matches!(all, Err(PlannerError::Data { .. })));
}

/// Half the usual rate of an adapter is half of its own; warm-up is a part of what is trained.
#[test]
fn what_is_beside_the_usual() {
    let small = texts(vec![split("train", 900, true), split("validation", 90, true)]);
    let of = |text: &str| first(&request(text), &Wishes::default(), &small).recipe;
    let usual = of("MiniLM on SST-2 with LoRA");
    let half = of("MiniLM on SST-2 with LoRA at half the usual learning rate");
    assert!((half.lr - usual.lr / 2.0).abs() < 1e-12, "{} of {}", half.lr, usual.lr);
    // A decay that was asked for stays, whatever the rate.
    for text in ["MiniLM on SST-2 with LoRA, weight decay 0.5", "MiniLM on SST-2, weight decay 0.5"] {
        for rate in ["4 times the usual learning rate", "lr 0.3"] {
            assert_eq!(of(&format!("{text}, {rate}")).optimizer.weight_decay(), 0.5, "{text}, {rate}");
        }
    }
    let Length::Epochs(epochs) = of("MiniLM on SST-2").length else { panic!("epochs are usual") };
    let double = of("MiniLM on SST-2, double the epochs, 1 epoch of warm-up");
    assert_eq!(double.length, Length::Epochs(2.0 * epochs));
    assert_eq!(double.schedule.warmup(), Warmup::Frac(1.0 / (2.0 * epochs)));
}

/// What is not to be done is left out, and what was said of steps and layers is followed.
#[test]
fn wishes_about_the_recipe_are_followed() {
    let of = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data);
    let plain = of("resnet-20 on CIFAR-10, no augmentation, 5 epochs", &cifar());
    assert_eq!((plain.recipe.augment.as_slice(), plain.deviations.as_slice()), (&[][..], &[][..]));
    let cropped = of("resnet-20 on CIFAR-10, no horizontal flips, 5 epochs", &cifar());
    assert_eq!(cropped.recipe.augment, [Augment::PadCrop { padding: 4 }]);
    assert_eq!(of("MiniLM on SST-2, no gradient clipping", &glue()).recipe.grad_clip_norm, None);
    let falls = of("resnet-20 on CIFAR-10, 160 epochs, drop the lr by 10 after 80 and 120 epochs, no warm-up", &cifar());
    let step = Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.5, 0.75], factor: 0.1 };
    assert_eq!((falls.recipe.schedule, falls.recipe.length), (step, Length::Epochs(160.0)));
    let late = of("resnet-20 on CIFAR-10, 5 epochs, drop the lr by 10 after 80 epochs", &cifar());
    assert_eq!(why(&late, "recipe.schedule"), "its steps lie beyond the end of this run");
    let some = of("resnet-20 on CIFAR-10, 100 epochs, drop the lr by 10 after 80 and 120 epochs, no warm-up", &cifar());
    let step = Schedule::Step { warmup: Warmup::Steps(0), at_frac: vec![0.8], factor: 0.1 };
    assert_eq!((some.recipe.schedule.clone(), says(&some, "recipe.schedule")), (step, true));
    let cycle = |text: &str| of(&format!("MiniLM on SST-2 with a one-cycle schedule{text}"), &glue()).recipe.schedule;
    assert_eq!(cycle(""), Schedule::one_cycle(None));
    assert_eq!(cycle(" and 10 % warmup"), Schedule::one_cycle(Some(Warmup::Frac(0.1))));
    let pieces = of("MiniLM on SST-2, batch size 8, gradient accumulation of 4 steps, evaluate every 50 steps", &glue()).recipe;
    assert_eq!((pieces.batch_size, pieces.micro_batch_size, pieces.evaluate_every), (32, Some(8), Some(Length::Steps(50))));
    let usual = of("MiniLM on SST-2, gradient_accumulation_steps=4", &glue()).recipe;
    assert_eq!((usual.batch_size, usual.micro_batch_size), (32, Some(8)));
    let warm = of("MiniLM on SST-2, warm up for 1 epoch then cosine", &glue()).recipe;
    assert_eq!(warm.schedule, Schedule::cosine(Warmup::Frac(1.0 / 3.0)), "of the usual three epochs");
}

/// Layers that stay change no model, and another model than the one that was named is told.
#[test]
fn a_named_model_stays_or_is_told() {
    let week = Wishes { max_time_secs: Some(7 * 86_400), ..Wishes::default() };
    let of = |text: &str, wishes: &Wishes| first(&request(text), wishes, &glue());
    let spec = of("fine-tune BERT on SST-2, freeze the first six layers", &week);
    assert!(id(&spec).contains("bert-large") && assumes(&spec, "the first 6 layers"), "{} {:?}", id(&spec), spec.assumptions);
    let spec = of("fine-tune BERT on SST-2 and train only the last 2 layers", &week);
    assert!(id(&spec).contains("bert-large") && !spec.recipe.groups.is_empty(), "{}", id(&spec));
    let stays = |layer: usize| {
        let name = format!("bert.encoder.layer.{layer}.");
        spec.recipe.groups.iter().any(|group| group.pattern.starts_with(&name))
    };
    assert!(stays(21) && !stays(22) && !stays(23), "{:?}", spec.recipe.groups);
    assert!(says(&of("fine-tune BERT-tiny on SST-2, train only the last 2 layers", &week), "recipe.groups"));
    assert!(says(&of("fine-tune BERT with 6 layers on SST-2", &week), "model"), "a MiniLM is no BERT");
    let small = of("classify SST-2 with less than 30M parameters", &week);
    assert_eq!(id(&small), "sentence-transformers/all-MiniLM-L6-v2");
    let tiny = proposals(&request("classify SST-2 with at most 1M parameters"), &week, &glue(), 200.0).expect_err("none");
    assert!(tiny.to_string().contains("one of at most 1,000,000 parameters; the smallest"), "{tiny}");
}

/// What would be another task, or one of several, is refused; F1 of several classes is their mean.
#[test]
fn another_task_is_refused() {
    for (text, words) in [
        ("classify tweets.csv with gpt2", "encoders classify texts"),
        ("use a small language model to classify tweets.csv", "encoders classify texts"),
        ("fine-tune FinBERT on reviews.csv", "`finbert`"),
        ("bert-base-finnish-cased on reviews.csv", "`bert-base-finnish-cased`"),
        ("train on IMDB, test on SST-2", "one data set"),
        ("BERT on SST-2, 100 examples per class", "of all classes together"),
        ("compare adam and sgd with BERT on SST-2", "one of the two"),
    ] {
        let error = RulePlanner.data(&request(text), &Wishes::default()).expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    let both = choice(&request("train on d/train.csv and evaluate on d/test.csv"), &Wishes::default());
    assert_eq!((both.name.as_str(), both.source), ("train", DataSource::Local { path: "d/{train.csv,test.csv}".into() }));
    let several = DataFacts { labels: vec!["a".into(), "b".into(), "c".into()], ..glue() };
    let spec = first(&request("MiniLM on my.csv, F1 of at least 0.8"), &Wishes::default(), &several);
    assert!(spec.metric == Metric::MacroF1 && assumes(&spec, "metric: macro F1"), "{:?}", spec.assumptions);
    assert_eq!(first(&request("MiniLM on my.csv, F1"), &Wishes::default(), &glue()).metric, Metric::F1);
    let columns = choice(&request("predict price from houses.csv, ignore column id"), &Wishes::default()).columns;
    assert_eq!((columns.label.as_deref(), columns.exclude.as_slice()), (Some("price"), &["id".to_string()][..]));
}
