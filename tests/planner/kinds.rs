//! What the data is for decides: splits, streams of words, tables.

use super::*;

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
    facts.cut("train", "held_out", &Part::Drawn(0.2));
    let sizes: Vec<_> = facts.splits.iter().map(|s| (s.name.as_str(), s.examples, s.part.clone())).collect();
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
    // Of several that are for training none is held out, and the test is of the same.
    let of = |names: &[&str]| {
        let (train, held_out, _) = splits(&texts(names.iter().map(|name| split(name, 900, true)).collect()));
        [train, held_out]
    };
    let six = ["train_prefs", "train_sft", "test_sft", "test_prefs", "train_gen", "test_gen"];
    assert_eq!(of(&six), ["train_prefs", "test_prefs"]);
    assert_eq!(of(&six[..2]), ["train_prefs", "test"], "a part of the first");
    let large = texts(vec![split("train", 9000, true), split("test", 90, true)]);
    assert_eq!(splits(&large).2, Monitor::HoldOut { examples: 100 });
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
        data.cut(&spec.data.train, &spec.data.held_out, &Part::Drawn(spec.data.held_out_frac.expect("a part")));
        let model = ModelFacts::from_scratch(config.clone());
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
        left_out: vec!["name".into()],
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

    let told = DataFacts { notes: vec!["data.columns.input: `width` alone is read".into()], ..small.clone() };
    assert!(assumes(&of("predict the kind from ./things.csv", &told), "`width` alone is read"), "a later survey does not say so");

    let mut known = small.clone();
    known.cut(&spec.data.train, &spec.data.held_out, &Part::Drawn(0.2));
    let ModelSpec::Scratch { config, .. } = &spec.model else { panic!("{:?}", spec.model) };
    let model = ModelFacts::from_scratch(config.clone());
    let facts = Facts { host: host(100.0), data: known, model };
    let plan = resolve(&spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect("a plan");
    let ModelConfig::Mlp(mlp) = &plan.runs[0].model else { panic!("{:?}", plan.runs[0].model) };
    assert_eq!(
        (mlp.num_numbers(), mlp.column_names(), mlp.target_column.as_deref()),
        (2, vec!["width", "colour"], Some("kind_of_it"))
    );
    assert!(plan.assumptions.iter().any(|a| a.contains("`name` is left out")), "{:?}", plan.assumptions);

    // What is usual is so for the rows that are trained on: of fewer than 10,000 it is a batch of 32, and eight times that here.
    let mut part = of("predict the kind from ./things.csv", &data(30_000, Task::TabularClassification));
    part.recipe.batch_size = 256;
    let facts = Facts { data: data(30_000, Task::TabularClassification), ..facts };
    for (most, usual) in [(Some(5_000), 8e-3), (None, 1e-3)] {
        part.data.max_train_examples = most;
        let mut facts = facts.clone();
        facts.data.cut(&part.data.train, &part.data.held_out, &Part::Drawn(0.2));
        let plan = resolve(&part, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect("a plan");
        assert_eq!(tallow::plan::usual_rate(&plan, &plan.runs[0]), Some(usual), "{most:?}");
    }

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
    assert!(other.is_err_and(|e| {
        e.to_string().contains("`bert` reads a text, and as far as the request is understood it says of no column")
    }));
}

/// Pairs of texts are for models of two texts: a public T5 with its words before the source, else a Transformer from scratch.
#[test]
fn pairs_are_for_models_of_two_texts() {
    let pairs = |source: &str, target: &str| DataFacts {
        task: Some(Task::TextToText),
        columns: Columns { input: vec![source.into()], label: Some(target.into()), ..Columns::default() },
        labels: vec![],
        ..texts(vec![split("train", 30_000, true), split("validation", 1000, true), split("test", 1000, true)])
    };
    let prefix = |spec: &ExperimentSpec| spec.text_to_text.clone().map(|pairs| pairs.prefix).unwrap_or_default();
    let translated = pairs("translation.en", "translation.de");
    let spec =
        first(&request("translate English to German on pairs.csv with T5-small in 4 hours"), &Wishes::default(), &translated);
    assert_eq!((id(&spec), spec.task, spec.metric), ("google-t5/t5-small", Task::TextToText, Metric::Bleu));
    assert_eq!((prefix(&spec), spec.recipe.lr), ("translate English to German: ".into(), 3e-4));
    let spec = first(&request("summarise ./news with t5-small in 4 hours"), &Wishes::default(), &pairs("document", "summary"));
    assert_eq!((prefix(&spec), spec.metric), ("summarize: ".into(), Metric::RougeL));
    let spec =
        first(&request("train a translator from scratch on toy_translation in 30 minutes"), &Wishes::default(), &translated);
    assert_eq!((id(&spec), prefix(&spec), spec.recipe.label_smoothing), ("marian", String::new(), 0.1));
    assert!(matches!(spec.recipe.optimizer, Optimizer::Adam { beta2: 0.98, .. }), "{:?}", spec.recipe.optimizer);
    assert!(matches!(spec.recipe.schedule, Schedule::InverseSqrt { .. }), "{:?}", spec.recipe.schedule);
    let spec = first(
        &request("translate ./pairs with 2 layers and hidden size 128 from scratch in 1 hour"),
        &Wishes::default(),
        &translated,
    );
    let ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Marian(config), .. } = &spec.model else {
        panic!("{:?}", spec.model)
    };
    assert_eq!((config.encoder_layers, config.decoder_layers, config.d_model), (2, 2, 128));
    // Where no public model can be had, one from scratch serves.
    let goal = request("translate ./pairs in 30 minutes");
    let absent: Vec<String> = tallow::data::WRITERS.iter().map(|writer| writer.id.to_string()).collect();
    let offer = Offer { data: &translated, model: None, host: &host(200.0), absent: &absent, at_hand: &[] };
    let wishes = Wishes::default();
    let spec = RulePlanner.experiments(&goal, &wishes, &choice(&goal, &wishes), &offer).expect("experiments").remove(0);
    assert_eq!(id(&spec), "marian");
    // Models of other things are not for it.
    let error = proposals(&request("BERT on ./pairs"), &wishes, &translated, 200.0).expect_err("refused").to_string();
    assert!(error.contains("text to text"), "{error}");
}

/// Recordings are for models of speech: a public Whisper, else one from scratch.
#[test]
fn recordings_are_for_models_of_speech() {
    let recordings = DataFacts {
        task: Some(Task::SpeechRecognition),
        columns: Columns { input: vec!["file_name".into()], label: Some("transcription".into()), ..Columns::default() },
        labels: vec![],
        ..texts(vec![split("train", 3_000, true), split("validation", 300, true), split("test", 300, true)])
    };
    let wishes = Wishes::default();
    let spec = first(&request("fine-tune whisper-tiny on ./recordings in 5 hours"), &wishes, &recordings);
    assert_eq!((id(&spec), spec.task, spec.metric), ("openai/whisper-tiny", Task::SpeechRecognition, Metric::Wer));
    assert_eq!(spec.recipe.lr, 3.75e-5);
    let spec = first(&request("train whisper from scratch on ./recordings in 1 hour"), &wishes, &recordings);
    let ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Whisper(config), .. } = &spec.model else {
        panic!("{:?}", spec.model)
    };
    assert_eq!((config.eos_token_id, config.max_source_positions), (1, 500), "ten seconds, where nobody knows");
    // As long as the longest recording, in whole seconds, from one to thirty.
    for (longest, frames) in [(2.56, 300), (7.0, 700), (0.3, 100), (30.0, 3000), (95.5, 3000)] {
        let data = DataFacts { longest_secs: Some(longest), ..recordings.clone() };
        let spec = first(&request("train whisper from scratch on ./recordings in 1 hour"), &wishes, &data);
        let ModelSpec::Scratch { config: tallow_zoo::ModelConfig::Whisper(config), .. } = &spec.model else { panic!("{spec:?}") };
        assert_eq!(config.max_source_positions, frames / 2, "{longest}");
        assert!(assumes(&spec, &format!("model: it hears {} seconds", frames / 100)), "{:?}", spec.assumptions);
    }
    assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);
    let goal = request("learn to transcribe ./recordings in 30 minutes");
    let absent: Vec<String> = tallow::data::HEARERS.iter().map(|hearer| hearer.id.to_string()).collect();
    let offer = Offer { data: &recordings, model: None, host: &host(200.0), absent: &absent, at_hand: &[] };
    let spec = RulePlanner.experiments(&goal, &wishes, &choice(&goal, &wishes), &offer).expect("experiments").remove(0);
    assert_eq!(id(&spec), "whisper");
    // What is said in words is learnt, with the error that is hoped for.
    let spec = first(
        &request("transcribe German recordings from ./recordings in 5 hours, error rate at most 20%"),
        &wishes,
        &recordings,
    );
    assert_eq!((spec.metric, spec.target.as_ref().map(|t| t.value)), (Metric::Wer, Some(0.2)));
    assert_eq!(spec.speech.as_ref().and_then(|speech| speech.language.as_deref()), Some("de"));
    let error = proposals(&request("BERT on ./recordings"), &wishes, &recordings, 200.0).expect_err("refused").to_string();
    assert!(error.contains("holds recordings, which `bert` cannot hear"), "{error}");
}

/// Pairs with a score are for a number each, unless the request or the model says vectors; texts that belong together are for those.
#[test]
fn pairs_are_for_vectors_where_something_says_so() {
    use tallow::plan::SentenceFacts;
    use tallow::spec::Similarity;
    let columns = |input: &[&str], label: Option<&str>| Columns {
        input: input.iter().map(|name| name.to_string()).collect(),
        label: label.map(str::to_string),
        ..Columns::default()
    };
    let data = |task: Task, columns: Columns| DataFacts {
        task: Some(task),
        scores: columns.label.as_ref().map(|_| [0.0, 5.0]),
        columns,
        labels: vec![],
        ..texts(vec![split("train", 5000, true), split("validation", 1000, true)])
    };
    let scored = || columns(&["sentence1", "sentence2"], Some("score"));
    let planned = |text: &str, data: &DataFacts, model: Option<&ModelFacts>| {
        let (goal, wishes) = (request(text), Wishes::default());
        let offer = Offer { data, model, host: &host(200.0), absent: &[], at_hand: &[] };
        RulePlanner.experiments(&goal, &wishes, &choice(&goal, &wishes), &offer).expect("experiments").remove(0)
    };
    // Asked for: the data is looked at as such, with what is known of it.
    let asked = choice(&request("sentence embeddings on STS-B"), &Wishes::default());
    assert_eq!(
        (asked.task, &asked.columns),
        (Some(Task::SentenceSimilarity), &columns(&["sentence1", "sentence2"], Some("label")))
    );
    let questions = choice(&request("retrieval on SQuAD"), &Wishes::default());
    assert_eq!((questions.task, &questions.columns), (Some(Task::SentenceSimilarity), &columns(&["question", "context"], None)));
    let none = RulePlanner.data(&request("sentence embeddings on SST-2"), &Wishes::default()).expect_err("no pairs");
    assert!(none.to_string().contains("`SST-2` cannot be trained on: vectors are learnt from pairs"), "{none}");
    let spec = planned("MiniLM for semantic search on pairs.csv", &data(Task::SentenceSimilarity, scored()), None);
    assert_eq!(
        (spec.task, spec.metric, spec.similarity),
        (Task::SentenceSimilarity, Metric::Spearman, Some(Similarity::usual(true)))
    );
    assert_eq!((spec.recipe.batch_size, spec.data.columns.clone()), (16, scored()));
    assert!(assumes(&spec, "`sentence1`, `sentence2` are near by their score `score`"), "{:?}", spec.assumptions);
    assert_eq!(spec::parse(&spec::to_toml(&spec), "x").expect("read back"), spec);
    // Without a model that is named, one that knows sentences.
    let usual = planned("sentence embeddings on pairs.csv", &data(Task::SentenceSimilarity, scored()), None);
    assert!(id(&usual).starts_with("sentence-transformers/"), "{}", id(&usual));
    // Not asked for: a number, unless the model that is named is one of vectors.
    let numbers = data(Task::TextRegression, scored());
    assert_eq!(planned("fine-tune BERT on pairs.csv", &numbers, None).task, Task::TextRegression);
    let sentences = |max_seq_len| Some(SentenceFacts { max_seq_len, unusable: None });
    let model = |sentences| ModelFacts { sentences, ..ModelFacts::from_scratch((tallow_zoo::registry()[0].tiny)()) };
    let text = "fine-tune me/encoder on pairs.csv";
    assert_eq!(planned(text, &numbers, Some(&model(None))).task, Task::TextRegression);
    let assumed = planned(text, &numbers, Some(&model(sentences(Some(10)))));
    assert_eq!(
        (assumed.task, assumed.metric, assumed.recipe.max_seq_len),
        (Task::SentenceSimilarity, Metric::Spearman, Some(10))
    );
    assert!(
        assumes(&assumed, "task: sentence similarity, for the model is one of sentence vectors"),
        "{:?}",
        assumed.assumptions
    );
    // What is told to set for the other reading can be set.
    let set = [("task", "text_regression"), ("similarity", "")].map(|(key, value)| (key.to_string(), value.to_string()));
    assert!(assumes(&assumed, "`--set task=text_regression --set similarity=`"), "{:?}", assumed.assumptions);
    let numbered = spec::parse_with(&spec::to_toml(&assumed), "x", &set).expect("an experiment");
    assert_eq!((numbered.task, numbered.similarity), (Task::TextRegression, None));
    let error = planned("fine-tune me/encoder on pairs.csv, RMSE", &numbers, Some(&model(sentences(None))));
    assert_eq!((error.task, error.metric), (Task::TextRegression, Metric::Rmse), "the metric is one of numbers");
    // What belongs together.
    let triples = data(Task::SentenceSimilarity, columns(&["query", "document", "negative"], None));
    let spec = planned("MiniLM on triples.csv", &triples, None);
    assert_eq!((spec.metric, spec.similarity, spec.recipe.batch_size), (Metric::NdcgAt10, Some(Similarity::usual(false)), 64));
    assert!(assumes(&spec, "`document` belongs to `query`, `negative` not"), "{:?}", spec.assumptions);
    // A model whose vectors are made otherwise is refused with the reason.
    let odd = ModelFacts { sentences: Some(SentenceFacts { max_seq_len: None, unusable: Some("Dense".into()) }), ..model(None) };
    let facts = Facts { host: host(100.0), data: triples, model: odd };
    let refused = resolve(&spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect_err("refused").to_string();
    assert!(refused.contains("`model`: it makes its vectors in a way that Tallow does not support: Dense"), "{refused}");
}

/// Images of one small size stay as they are; others are brought to a size that is said, and counted in what a model costs.
#[test]
fn images_are_brought_to_a_size() {
    let data = |side: usize, differ: bool| DataFacts {
        images_differ: differ,
        ..images(vec![split("train", 900, true), split("validation", 90, true)], side)
    };
    let of = |data: &DataFacts| first(&request("resnet-20 on ./photos"), &Wishes::default(), data);
    for (side, differ, expected) in [
        (32, false, None),
        (96, false, None),
        (512, false, Some(96)),
        (500, true, Some(96)),
        (70, true, Some(64)),
        (20, true, Some(32)),
    ] {
        let spec = of(&data(side, differ));
        assert_eq!(spec.data.image, expected.map(ImageSize::square), "{side} {differ}");
        assert_eq!(spec.assumptions.iter().any(|a| a.starts_with("data.image: ")), expected.is_some(), "{:?}", spec.assumptions);
        let ModelSpec::Scratch { config, .. } = &spec.model else { panic!("{:?}", spec.model) };
        let model = ModelFacts::from_scratch(config.clone());
        let resolved = |spec: &ExperimentSpec, model: ModelFacts| {
            resolve(
                spec,
                &Facts { host: host(200.0), data: data(side, differ), model },
                &Layout { prepared: "p".into(), threads: 2 },
            )
        };
        let plan = resolved(&spec, model.clone()).expect("a plan");
        let side = expected.unwrap_or(side);
        assert_eq!(plan.facts.data.image_shape, Some([side, side, 3]));
        // Nobody said to what: a pretrained model's own size counts, else there is none.
        let mut bare = spec.clone();
        bare.data.image = None;
        let own = ImageSize { height: 48, width: 40, crop_from: None, resample: Resample::Bicubic };
        let plan = resolved(&bare, ModelFacts { image: Some(own), ..model.clone() }).expect("a plan");
        assert_eq!((plan.spec.data.image, plan.facts.data.image_shape), (Some(own), Some([48, 40, 3])));
        assert_eq!(resolved(&bare, model).is_err_and(|e| e.to_string().contains("of several sizes")), differ);
    }
}

/// Of a network from scratch with its own optimiser, and with another, whatever rate was asked for.
#[test]
fn the_usual_rate_of_a_run_is_that_of_the_defaults() {
    let data = images(vec![split("train", 900, true), split("validation", 90, true)], 32);
    let usual = |text: &str| {
        let spec = first(&request(text), &Wishes::default(), &data);
        let ModelSpec::Scratch { config, .. } = &spec.model else { panic!("{:?}", spec.model) };
        let facts = Facts { host: host(200.0), data: data.clone(), model: ModelFacts::from_scratch(config.clone()) };
        let plan = resolve(&spec, &facts, &Layout { prepared: "p".into(), threads: 2 }).expect("a plan");
        (plan.runs[0].recipe.lr, tallow::plan::usual_rate(&plan, &plan.runs[0]))
    };
    assert_eq!(usual("resnet-20 from scratch on ./photos, SGD, lr 10"), (10.0, Some(0.1)));
    assert_eq!(usual("resnet-20 from scratch on ./photos, AdamW, lr 0.5"), (0.5, Some(1e-3)));
}

/// Grey images become colours for a model that sees these; colours are refused by one that sees grey.
#[test]
fn images_have_the_channels_that_the_model_sees() {
    let data = |channels: usize| DataFacts {
        image_shape: Some([28, 28, channels]),
        ..images(vec![split("train", 900, true), split("validation", 90, true)], 28)
    };
    let spec = first(&request("resnet-20 on ./photos"), &Wishes::default(), &data(3));
    let resolved = |channels: usize, seen: usize| {
        let config = format!(r#"{{"model_type":"resnet_cifar","depth":20,"num_channels":{seen},"num_labels":2}}"#);
        let model = ModelFacts::from_scratch(tallow_zoo::ModelConfig::from_public(&config).expect("a config"));
        resolve(&spec, &Facts { host: host(200.0), data: data(channels), model }, &Layout { prepared: "p".into(), threads: 2 })
    };
    let plan = resolved(1, 3).expect("a plan");
    assert_eq!(plan.facts.data.image_shape, Some([28, 28, 3]));
    assert!(plan.assumptions.iter().any(|a| a.contains("three equal channels")), "{:?}", plan.assumptions);
    let normalize = plan.runs[0].normalize.as_ref().expect("images are normalised");
    assert_eq!(normalize.mean.len(), 3);
    assert_eq!(resolved(1, 1).expect("a plan").facts.data.image_shape, Some([28, 28, 1]));
    let refused = resolved(3, 1).expect_err("refused").to_string();
    assert!(refused.contains("expected one that sees 3 channels") && refused.contains("sees 1"), "{refused}");
}

/// Tags that are no entities, as parts of speech are, are told word by word.
#[test]
fn tags_that_are_no_entities_are_scored_by_words() {
    let of = |labels: &[&str]| {
        let labels = labels.iter().map(|label| label.to_string()).collect();
        let data = texts(vec![split("train", 900, true), split("test", 90, true)]);
        let data = DataFacts { task: Some(Task::TokenClassification), labels, ..data };
        first(&request("bert on ./mine for 1 epoch"), &Wishes::default(), &data)
    };
    assert_eq!(of(&["B-PER", "I-PER", "O"]).metric, Metric::EntityF1);
    let spec = of(&["INTJ", "NOUN", "SYM", "VERB"]);
    assert_eq!(spec.metric, Metric::Accuracy);
    assert!(spec.assumptions.iter().any(|a| a.starts_with("metric: accuracy of words")), "{:?}", spec.assumptions);
}
