use super::*;
use crate::intake::{OptimizerKind, ScheduleShape};
use crate::spec::{Augment, Length, Metric, Task, Warmup};
use proptest::prelude::*;

mod briefly;
mod cannot;
mod clauses;
mod columns;
mod languages;
mod lists;
mod mended;
mod misread;
mod named;
mod narrow;
mod notation;
mod numbers;
mod ordinary;
mod parted;
mod partly;
mod reached;
mod said;
mod shapes;
mod slots;
mod taken_back;
mod targets;
mod values;
mod wordings;

/// Where nothing lies anywhere.
fn parse(text: &str) -> Request {
    parse_request(text, |_| None)
}

fn called(name: &str) -> Option<ModelName> {
    Some(ModelName::Called { name: name.into() })
}

fn at(id: &str) -> Option<ModelName> {
    Some(ModelName::At { id: id.into() })
}

fn known(name: &str) -> Option<DataName> {
    Some(DataName::Known { name: name.into() })
}

fn local(path: &str) -> Option<DataName> {
    Some(DataName::Local { path: path.into() })
}

/// Nothing is left that would have to be told.
fn is_clear(r: &Request) -> bool {
    let outcome = Outcome { open: r.not_understood.clone(), ..Outcome::default() };
    r.unmet(&outcome).is_empty() && r.refused.is_empty() && r.lacking.is_empty()
}

#[test]
fn ordinary_requests() {
    let r = parse("fine-tune BERT on SST-2, at most 30 minutes");
    assert_eq!((&r.model, &r.data, r.max_time_secs), (&called("bert"), &known("SST-2"), Some(1800)));
    assert!(is_clear(&r), "{r:?}");

    let r =
        parse("Train a ResNet-56 from scratch on cifar10 for 5 epochs, batch size 64, lr 0.05, 3 seeds, and reach 70% accuracy");
    assert_eq!((&r.model, &r.data, r.from_scratch), (&called("resnet-56"), &known("CIFAR-10"), true));
    assert_eq!(
        (r.epochs, r.batch_size, r.lr, r.seeds.as_slice(), r.target),
        (Some(5.0), Some(64), Some(0.05), &[0, 1, 2][..], Some(0.7))
    );
    assert_eq!(r.metric, Some(Metric::Accuracy));
    assert!(is_clear(&r), "{r:?}");
}

#[test]
fn vectors_of_texts() {
    for text in [
        "sentence embeddings on MRPC",
        "fine-tune MiniLM for semantic search on pairs.csv",
        "train a sentence encoder on STS-B",
        "learn embeddings from pairs.csv",
        "an embedding model for pairs.csv",
        "dense retrieval with pairs.csv",
        "train a bi-encoder on pairs.csv",
    ] {
        let r = parse(text);
        assert!(r.embeddings && is_clear(&r), "{text}: {r:?}");
    }
    for text in [
        "classify reviews.csv",
        "freeze the embeddings",
        "STS-B",
        "semantic textual similarity benchmark",
        "do not touch the embeddings of it",
    ] {
        assert!(!parse(text).embeddings, "{text}");
    }
    assert_eq!(parse("reach ndcg@10 of 0.5 on pairs.csv").metric, Some(Metric::NdcgAt10));
    assert_eq!(parse("pairs.csv, MRR@10").metric, Some(Metric::MrrAt10));
    assert_eq!(parse("pairs.csv, triplet accuracy above 0.9").target, Some(0.9));
}

#[test]
fn ids_and_paths() {
    let r = parse("fine-tune prajjwal1/bert-tiny on nyu-mll/glue:sst2 in 1 hour and 30 min");
    assert_eq!((r.model, r.max_time_secs), (at("prajjwal1/bert-tiny"), Some(5400)));
    assert_eq!(r.data, Some(DataName::Hub { id: "nyu-mll/glue".into(), config: Some("sst2".into()) }));
    let r = parse("classify my reviews.csv with MiniLM, macro F1, 2k examples, seeds 3, 5 and 7");
    assert_eq!((r.model, r.data, r.metric), (called("minilm"), local("reviews.csv"), Some(Metric::MacroF1)));
    assert_eq!((r.max_examples, r.seeds), (Some(2000), vec![3, 5, 7]));
    let r = parse("train on ./data/pets with ./models/base");
    assert_eq!((r.data, r.model), (local("./data/pets"), at("./models/base")));
    assert_eq!(parse("a train/test split of BERT and/or so").model, called("bert"), "these are no ids");
}

#[test]
fn a_path_is_what_lies_there() {
    for text in
        ["classify ./d/set3", "./d/set3 for 2 epochs", "bert for ./d/set3", "fine-tune BERT, data: ./d/set3", "sort /d/set3"]
    {
        let path = if text.contains("/d/set3") && !text.contains("./d") { "/d/set3" } else { "./d/set3" };
        assert_eq!(parse(text).data, local(path), "{text}");
    }
    let lying = |word: &str| match word {
        "runs/a/model" | "./m" => Some(Lying::Model),
        "d/set3" | "./d" => Some(Lying::Data),
        _ => None,
    };
    for (text, data, model) in [
        ("train ./d", local("./d"), None),
        ("train with d/set3", local("d/set3"), None),
        ("fine-tune from ./m on d/set3", local("d/set3"), at("./m")),
        ("runs/a/model on ./d", local("./d"), at("runs/a/model")),
        ("evaluate on runs/a/model, SST-2", known("SST-2"), at("runs/a/model")),
    ] {
        let r = parse_request(text, lying);
        assert_eq!((r.data, r.model), (data, model), "{text}");
    }
}

#[test]
fn longer_names_win() {
    assert_eq!(parse("a resnet on CIFAR-100").data, known("CIFAR-100"));
    assert_eq!(parse("bert on the Corpus of Linguistic Acceptability").data, known("CoLA"));
    assert_eq!(parse("bert-base-uncased on fashion mnist").data, known("Fashion-MNIST"));
    assert_eq!(parse("toy_reviews with bert").data, Some(DataName::Generated { name: "toy_reviews".into() }));
    // A name within another word is none.
    assert_eq!(parse("bert on parte").data, None);
}

#[test]
fn times() {
    for (text, expected) in [
        ("within 90s", 90),
        ("in half an hour", 1800),
        ("2 hours", 7200),
        ("1h30m", 5400),
        ("20-minute limit", 1200),
        ("1,5 hours", 5400),
        ("1.5 hours", 5400),
        ("an hour and a half", 5400),
        ("no more than 10 minutes", 600),
        ("not longer than two hours", 7200),
        ("a day", 86_400),
        ("must not exceed 45 min", 2700),
        ("don't use more than 5 minutes", 300),
        ("do not train for longer than 5 minutes", 300),
        ("for 0,5 h", 1800),
    ] {
        let r = parse(text);
        assert_eq!(r.max_time_secs, Some(expected), "{text}");
        assert!(r.refused.is_empty(), "{text}: {r:?}");
    }
    // Short words are no units, and sizes are no times.
    for text in ["train as fast as you can", "I am in a hurry", "of 110M parameters", "3D images"] {
        assert_eq!(parse(text).max_time_secs, None, "{text}");
    }
}

#[test]
fn settings_are_understood_however_they_are_put() {
    let check = |text: &str, holds: fn(&Request) -> bool| {
        let r = parse(text);
        assert!(holds(&r) && is_clear(&r) && r.target.is_none(), "{text}: {r:?}");
    };
    check("learning rate of 2e-5", |r| r.lr == Some(2e-5));
    check("lr=0,001", |r| r.lr == Some(1e-3));
    check("1,000 steps", |r| r.steps == Some(1000));
    check("2.5k examples", |r| r.max_examples == Some(2500));
    check("three epochs", |r| r.epochs == Some(3.0));
    for text in [
        "10% of the data",
        "with 10 percent of the training data",
        "on 10 % of my examples",
        "a tenth of the data",
        "use 10% of SST-2",
    ] {
        check(text, |r| r.data_frac == Some(0.1));
    }
    check("an eighth of the data", |r| r.data_frac == Some(0.125));
    for text in ["dropout 0.2", "with a dropout of 0.2", "0.2 dropout", "dropout rate: 20%", "drop-out probability 0.2"] {
        check(text, |r| r.dropout == Some(0.2));
    }
    for text in [
        "gradient clipping 0.5",
        "gradient clipping at 0.5",
        "clip gradients to 0.5",
        "clip the gradient norm at .5",
        "grad clip norm 0.5",
    ] {
        check(text, |r| r.grad_clip_norm == Some(0.5));
    }
    check("weight decay 0.1, warm-up 10%", |r| (r.weight_decay, r.warmup) == (Some(0.1), Some(Warmup::Frac(0.1))));
    for text in ["500 warm-up steps", "warmup of 500 steps", "warm up for 500 steps", "500 steps of warmup"] {
        check(text, |r| r.warmup == Some(Warmup::Steps(500)) && r.steps.is_none());
    }
    check("without warmup, no dropout and no weight decay", |r| {
        (r.warmup, r.dropout, r.weight_decay) == (Some(Warmup::Steps(0)), Some(0.0), Some(0.0))
    });
    check("using SGD with momentum 0.8, cosine schedule", |r| {
        (r.optimizer, r.momentum, &r.schedule) == (Some(OptimizerKind::Sgd), Some(0.8), &Some(ScheduleShape::Cosine))
    });
    check("AdamW and a linear learning rate decay", |r| {
        (r.optimizer, &r.schedule) == (Some(OptimizerKind::AdamW), &Some(ScheduleShape::Linear))
    });
    check("a constant learning rate", |r| r.schedule == Some(ScheduleShape::Constant));
    check("with Lion", |r| r.optimizer == Some(OptimizerKind::Lion));
    check("using the Muon optimizer", |r| r.optimizer == Some(OptimizerKind::Muon));
    for text in ["cosine with restarts", "a cosine schedule with warm restarts", "SGDR"] {
        check(text, |r| r.schedule == Some(ScheduleShape::CosineRestarts { cycles: None }));
    }
    check("cosine annealing with 3 restarts", |r| r.schedule == Some(ScheduleShape::CosineRestarts { cycles: Some(4) }));
    check("cosine decay with 3 cycles", |r| r.schedule == Some(ScheduleShape::CosineRestarts { cycles: Some(3) }));
    check("polynomial decay with power 2", |r| r.schedule == Some(ScheduleShape::Polynomial { power: Some(2.0) }));
    check("a one-cycle schedule", |r| r.schedule == Some(ScheduleShape::OneCycle));
    check("WSD schedule", |r| r.schedule == Some(ScheduleShape::Wsd));
    check("layer-wise learning rate decay 0.9", |r| (r.layerwise_lr_decay, r.lr) == (Some(0.9), None));
    check("clip gradients by value 0.5", |r| (r.grad_clip_value, r.grad_clip_norm) == (Some(0.5), None));
    check("label smoothing 0.2", |r| r.label_smoothing == Some(0.2));
    check("with label smoothing", |r| r.label_smoothing == Some(0.1));
    check("without label smoothing", |r| r.label_smoothing == Some(0.0));
    check("early stopping", |r| r.patience == Some(3));
    check("early stopping with patience 5", |r| r.patience == Some(5));
    check("an EMA of the weights with decay 0.99", |r| r.ema_decay == Some(0.99));
    check("EMA", |r| r.ema_decay == Some(0.999));
    check("keep the best checkpoint", |r| r.keep_best);
    check("with mixup and RandAugment", |r| {
        r.augment == [Augment::Mixup { alpha: 0.2 }, Augment::RandAugment { ops: 2, magnitude: 9 }] && r.lacking.is_empty()
    });
    check("balanced class weights", |r| r.class_weights);
    check("focal loss with gamma 1.5", |r| r.focal_gamma == Some(1.5));
    check("focal loss", |r| r.focal_gamma == Some(2.0));
    check("balanced sampling", |r| r.balanced_sampling);
    check("bert with 2 layers", |r| r.size.layers == Some(2));
    check("a 12-layer bert with hidden size 768 of 110M parameters", |r| {
        r.size == ModelSize { layers: Some(12), hidden: Some(768), params: Some(110e6), ..ModelSize::default() }
    });
    check("a small BERT", |r| r.model == called("bert-small"));
    check("pretrained minilm", |r| r.pretrained);
}

#[test]
fn a_value_that_cannot_be_is_refused_in_its_own_words() {
    for (text, words) in [
        ("in 0 minutes", "0 minutes"),
        ("in 1000000 hours", "1000000 hours"),
        ("1 to 2 hours", "1 to 2 hours"),
        ("150% accuracy", "150% accuracy"),
        ("reach 150%", "reach 150%"),
        ("lr -1", "lr -1"),
        ("learning rate of 0", "learning rate of 0"),
        ("0 epochs", "0 epochs"),
        ("3-5 epochs", "3-5 epochs"),
        ("-2 epochs", "-2 epochs"),
        ("batch size 0", "batch size 0"),
        ("batch size 2.5", "batch size 2.5"),
        ("1.000 steps", "1.000 steps"),
        ("dropout 1.5", "dropout 1.5"),
        ("200% of the data", "200% of the data"),
        ("0 seeds", "0 seeds"),
        ("1000 seeds", "1000 seeds"),
        ("seeds 3 and 3", "seeds 3 and 3"),
        ("warm-up 200%", "warm-up 200%"),
        ("weight decay -0.1", "weight decay -0.1"),
        ("gradient clipping 0", "gradient clipping 0"),
        ("at least 90% recall", "at least 90% recall"),
    ] {
        let r = parse(text);
        assert_eq!(r.refused.iter().map(|r| r.words.as_str()).collect::<Vec<_>>(), [words], "{text}: {r:?}");
        let blank = Request { text: r.text.clone(), refused: r.refused.clone(), metric: r.metric, ..Request::default() };
        assert_eq!(r, blank, "{text}: nothing else is made of it");
    }
}

#[test]
fn what_there_is_no_way_to_follow_is_told_apart() {
    for (text, of) in [
        ("LoRA, 4-bit", &[Lack::Precision][..]),
        ("packing on", &[Lack::Method]),
        ("in bf16", &[Lack::Precision]),
        ("int8 quantization", &[Lack::Precision, Lack::Precision]),
        ("with cutout", &[Lack::Augmentation]),
        ("mixed-precision training", &[Lack::Precision]),
    ] {
        let r = parse(text);
        assert_eq!(r.lacking.iter().map(|l| l.of).collect::<Vec<_>>(), of, "{text}: {r:?}");
        assert!(r.not_understood.is_empty() && r.model.is_none() && r.target.is_none(), "{text}: {r:?}");
    }
}

#[test]
fn what_stays_as_it_is() {
    for (text, expected) in [
        ("fine-tune BERT on ./x.csv, freeze the embeddings", Some(Frozen::Embeddings)),
        ("BERT on ./x.csv with frozen embeddings", Some(Frozen::Embeddings)),
        ("freeze the first 6 layers of BERT, ./x.csv", Some(Frozen::LowerLayers { count: 6 })),
        ("BERT on ./x.csv, bottom 3 encoder layers frozen", Some(Frozen::LowerLayers { count: 3 })),
        ("linear probe of BERT on ./x.csv", Some(Frozen::Body)),
        ("BERT on ./x.csv, freeze everything but the classifier", Some(Frozen::Body)),
        ("fine-tune only the head of BERT on ./x.csv", Some(Frozen::Body)),
        ("freeze the encoder and the embeddings of BERT, ./x.csv", Some(Frozen::Body)),
        ("train a classifier on ./x.csv", None),
    ] {
        let r = parse(text);
        assert_eq!((r.frozen, r.size.layers), (expected, None), "{text}: {r:?}");
        assert!(r.lacking.is_empty() && r.not_understood.is_empty(), "{text}: {r:?}");
    }
}

#[test]
fn what_is_negated_is_never_followed() {
    let r = parse("fine-tune MiniLM, not BERT, on SST-2");
    assert_eq!((r.model, r.not_understood), (called("minilm"), vec![]), "another stands in its place");
    for (text, words) in [
        ("do not use BERT", "not use BERT"),
        ("don't train for 30 minutes", "don't train for 30 minutes"),
        ("without SGD", "without SGD"),
        ("anything but SST-2", "anything but SST-2"),
        ("rather than MiniLM", "rather than MiniLM"),
        ("not on ./mine.csv", "not on ./mine.csv"),
        ("not from scratch", "not from scratch"),
        ("never reach 90%", "never reach 90%"),
        ("do not touch the embeddings", "not touch the embeddings"),
        ("no large bert", "no large bert"),
        ("no BERT", "no BERT"),
    ] {
        let r = parse(text);
        assert_eq!(r, Request { text: text.into(), not_understood: vec![words.into()], ..Request::default() }, "{text}");
    }
    // Nor within a sentence whose small words other languages have, too.
    for negated in ["BERT", "large bert", "MiniLM", "SGD", "SST-2", "regression", "word2vec"] {
        let r = parse(&format!("Train a model on QNLI as a baseline, do it with no {negated}"));
        let followed =
            Request { text: r.text.clone(), data: known("QNLI"), not_understood: r.not_understood.clone(), ..Request::default() };
        assert_eq!(r, followed, "{negated}");
        assert!(r.not_understood.contains(&format!("no {negated}")), "{negated}: {:?}", r.not_understood);
    }
}

#[test]
fn a_setting_that_is_said_twice_is_one_or_refused() {
    assert_eq!(parse("bert on sst2, 3 epochs, yes, 3 epochs").epochs, Some(3.0));
    let r = parse("bert on sst2, 3 epochs and 5 epochs");
    assert_eq!(
        r.refused.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["`3 epochs and 5 epochs`: expected one of the two"]
    );
    assert_eq!(parse("bert on sst2, evaluate every 100 steps, 2 epochs").steps, None);
}

#[test]
fn kinds_of_task() {
    for (text, task) in [
        ("NER on ./x.jsonl", Some(Task::TokenClassification)),
        ("masked language model pre-training on ./x.txt", Some(Task::MaskedLanguageModelling)),
        ("a causal LM on ./x.txt", Some(Task::LanguageModelling)),
        ("reading comprehension on SQuAD", Some(Task::QuestionAnswering)),
        ("DPO on ./x.json", Some(Task::PreferenceOptimization)),
        ("SFT on ./x.json", Some(Task::InstructionTuning)),
        ("multi-label classification of ./x.csv", Some(Task::TextMultiLabel)),
        ("topic classification of ./x.csv", Some(Task::TextClassification)),
        ("no regression please, ./x.csv", None),
        ("classify ./x.csv", None),
    ] {
        let r = parse(text);
        assert_eq!((r.task, r.refused.len()), (task, 0), "{text}: {r:?}");
    }
    assert_eq!(parse("logistic regression on ./x.csv").model, called("logistic-regression"));
}

#[test]
fn single_public_models_are_looked_up_under_their_ids() {
    for (text, id) in [
        ("RoBERTa on ./x.csv", "FacebookAI/roberta-base"),
        ("fine-tune distilbert-base-uncased on SST-2", "distilbert/distilbert-base-uncased"),
        ("ViT-B/16 on CIFAR-10", "google/vit-base-patch16-224"),
        ("mistral with LoRA on ./x.json", "mistralai/Mistral-7B-v0.3"),
        ("qwen3-0.6b on ./x.json", "Qwen/Qwen3-0.6B"),
    ] {
        assert_eq!(parse(text).model, at(id), "{text}");
    }
    assert_eq!(parse("a ViT on CIFAR-10").model, called("vit"));
    // Of a size of its own it is no public one.
    let own = "train a DistilBERT of 2 layers with hidden size 64 from scratch on ./x.csv";
    assert_eq!(parse(own).model, called("distilbert"));
    assert_eq!(parse("DistilBERT from scratch on ./x.csv").model, at("distilbert/distilbert-base-uncased"));
    assert_eq!(parse("WRN-28-10 on CIFAR-10").model, called("wrn-28-10"));
}

#[test]
fn what_is_not_understood_is_told_in_phrases() {
    let told = |text: &str| parse(text).not_understood;
    assert_eq!(told("fine-tune BERT on SST-2 with origami on the moon"), ["origami", "moon"]);
    assert_eq!(told("train GPT-2 on wikitext"), ["wikitext"]);
    assert_eq!(told("bert on sst2, 3 epochs, checkpoints every 5 epochs"), ["every 5 epochs", "checkpoints"]);
    assert_eq!(told("a tiny xlnet"), ["tiny"]);
    assert_eq!(told("for a few epochs"), ["few epochs"]);
}

#[test]
fn a_request_reads_back_as_it_was_written() {
    let r = parse("fine-tune a 2-layer BERT with SGD and LoRA on 10% of SST-2, not MNLI, in 0 minutes, warm-up 10%");
    let json = serde_json::to_string(&r).expect("JSON");
    assert_eq!(serde_json::from_str::<Request>(&json).expect("a request"), r);
    // Request files of before have fewer fields.
    assert_eq!(serde_json::from_str::<Request>(r#"{"text": "x", "lr": 0.1}"#).expect("a request").lr, Some(0.1));
}

#[test]
fn options_name_the_same_things() {
    assert_eq!(DataName::parse("sst2", |_| None), DataName::Known { name: "SST-2".into() });
    assert_eq!(DataName::parse("a/b", |_| None), DataName::Hub { id: "a/b".into(), config: None });
    assert_eq!(DataName::parse("a/b", |_| Some(Lying::Data)), DataName::Local { path: "a/b".into() });
    assert_eq!(DataName::parse("./a/b", |_| None), DataName::Local { path: "./a/b".into() });
    assert_eq!(DataName::parse("toy_shapes", |_| None), DataName::Generated { name: "toy_shapes".into() });
    assert_eq!(ModelName::parse("ResNet-20", |_| None), ModelName::Called { name: "resnet-20".into() });
    assert_eq!(ModelName::parse("a/b", |_| None), ModelName::At { id: "a/b".into() });
    assert_eq!(ModelName::parse("runs/a/model", |_| None), ModelName::At { id: "runs/a/model".into() });
    assert_eq!(ModelName::parse("bert", |_| Some(Lying::Model)), ModelName::At { id: "bert".into() });
    assert_eq!(ModelName::parse("bert", |_| Some(Lying::Data)), ModelName::Called { name: "bert".into() });
    assert_eq!(ModelName::parse("tiny.gguf", |_| Some(Lying::Data)), ModelName::At { id: "tiny.gguf".into() });
}

/// Phrases of requests that say nothing of a target.
#[rustfmt::skip]
const PHRASES: [&str; 24] = [
    "fine-tune BERT", "on SST-2", "10% of the data", "dropout 0.2", "weight decay 0.1", "warm-up 10%", "gradient clipping 0.5", "not MiniLM", "within 30 minutes",
    "150 steps", "3 epochs", "lr -1", "0.3", "90%", "0 seeds", "label smoothing 0.1", "4-bit", "less than 5% noise", "momentum 0.9", "accuracy",
    "with 2 layers", "batch size 32", "and report macro F1", "report the RMSE",
];

proptest! {
    /// Whatever is written: nothing panics, and what is told are words of the text.
    #[test]
    fn any_text_is_taken(text in "\\PC{0,60}") {
        let r = parse(&text);
        prop_assert_eq!(r.text, text.trim());
    }

    /// In whatever order they stand: no target comes of phrases that say nothing of one, no number is dropped, and each phrase that is
    /// followed alone is followed among others.
    #[test]
    fn phrases_do_not_disturb_each_other(places in prop::sample::subsequence((0..PHRASES.len()).collect::<Vec<_>>(), 1..8).prop_shuffle()) {
        let text = places.iter().map(|place| PHRASES[*place]).collect::<Vec<_>>().join(", ");
        let whole = parse(&text);
        prop_assert_eq!(whole.target, None, "{}", text);
        for place in places {
            let one = parse(PHRASES[place]);
            let holds = |part: bool| match part {
                true => Ok(()),
                false => Err(TestCaseError::fail(format!("{text}: {}: {whole:?}", PHRASES[place]))),
            };
            holds(one.max_time_secs.is_none() || whole.max_time_secs == one.max_time_secs)?;
            holds(one.epochs.is_none() || whole.epochs == one.epochs)?;
            holds(one.dropout.is_none() || whole.dropout == one.dropout)?;
            holds(one.data_frac.is_none() || whole.data_frac == one.data_frac)?;
            holds(one.warmup.is_none() || whole.warmup == one.warmup)?;
            holds(one.model.is_none() || whole.model == one.model)?;
            holds(one.lacking.iter().all(|lacking| whole.lacking.contains(lacking)))?;
            // Of a model in whose place another stands nothing has to be told.
            let is_settled = |words: &String| words == "not MiniLM" && whole.model.is_some();
            holds(one.not_understood.iter().all(|words| whole.not_understood.contains(words) || is_settled(words)))?;
            holds(one.refused.iter().all(|refused| whole.refused.contains(refused)))?;
        }
    }
}

#[test]
fn what_is_to_be_predicted() {
    for (text, expected) in [
        ("predict species from penguins.csv", Some("species")),
        ("predict the fare from ./titanic.csv in 2 minutes", Some("fare")),
        ("train an MLP on data.csv to predict the body mass, at most 1 minute", Some("body mass")),
        ("Predict `Sale Price` using houses.parquet", Some("Sale Price")),
        ("houses.csv: forecast demand for 3 seeds", Some("demand")),
        ("use houses.csv, target column price", Some("price")),
        ("train on my reviews.csv and predict the sentiment", None),
        ("predict whether survived from people.csv", Some("survived")),
        ("predict the next word from ./novel.txt", None),
        ("predict sentiment on SST-2", None),
        ("classify ./photos in 5 minutes", None),
    ] {
        let request = parse_request(text, |_| None);
        assert_eq!(request.label.as_deref(), expected, "{text}");
        assert!(request.data.is_some() && expected.is_none_or(|_| request.not_understood.is_empty()), "{text}: {request:?}");
    }
}

#[test]
fn what_is_to_be_written() {
    let from_to = |from: &str, to: &str| AskedPair::Translation { from: Some(from.into()), to: Some(to.into()) };
    let open = AskedPair::Translation { from: None, to: None };
    for (text, expected, metric, target) in [
        ("translate English to German with T5-small on pairs.csv", Some(from_to("en", "de")), None, None),
        ("train a translator from French into English on ./pairs", Some(from_to("fr", "en")), None, None),
        (
            "English-German translation on pairs.csv, BLEU of at least 25",
            Some(from_to("en", "de")),
            Some(Metric::Bleu),
            Some(25.0),
        ),
        ("train a translator from scratch on toy_translation", Some(open.clone()), None, None),
        ("summarise ./news with t5, ROUGE-2", Some(AskedPair::Summary), Some(Metric::Rouge2), None),
        ("a summarization model on ./news, reach ROUGE-L 0.3", Some(AskedPair::Summary), Some(Metric::RougeL), Some(0.3)),
        ("seq2seq on ./pairs.jsonl for 3 epochs", Some(AskedPair::Any), None, None),
        ("a machine translation model on ./pairs.jsonl", Some(open), None, None),
        ("classify ./reviews.csv", None, None, None),
    ] {
        let request = parse_request(text, |_| None);
        assert_eq!((request.pair.clone(), request.metric, request.target), (expected, metric, target), "{text}: {request:?}");
        assert_eq!(request.not_understood, Vec::<String>::new(), "{text}");
        assert_eq!(request.refused, [], "{text}");
    }
}

#[test]
fn languages_are_named_in_others_and_the_other_way_round() {
    for (text, from, to) in [
        ("fine-tune opus-mt-en-fr on pairs.jsonl the other way round, French in, English out", "fr", "en"),
        ("opus-mt-de-en on saetze.csv, but in the opposite direction", "en", "de"),
        ("translate into Spanish from English with pairs.csv, t5-small", "en", "es"),
        ("Übersetze vom Spanischen ins Deutsche, paare.csv, Transformer", "es", "de"),
        ("ein Modell, das von Englisch nach Deutsch übersetzt, paare.csv", "en", "de"),
        ("traduire de l'anglais vers le français avec paires.csv", "en", "fr"),
        ("traducir del francés al inglés con pares.csv", "fr", "en"),
        ("tradurre dall'inglese all'italiano con coppie.csv, t5-small", "en", "it"),
        ("traduzir do espanhol para o inglês com pares.csv", "es", "en"),
        ("用pairs.csv训练，把英语翻译成中文", "en", "zh"),
    ] {
        let expected = AskedPair::Translation { from: Some(from.into()), to: Some(to.into()) };
        assert_eq!(parse(text).pair, Some(expected), "{text}: {:?}", parse(text));
    }
    for text in ["sentiment of French reviews in English, r.csv", "classify German and English texts of r.csv"] {
        assert_eq!(parse(text).pair, None, "{text}");
    }
}

#[test]
fn a_side_that_is_frozen_is_known_from_the_body() {
    for (text, frozen, encoder) in [
        ("whisper-tiny on ./clips, freeze the encoder", Some(Frozen::Body), true),
        ("t5-small on a.jsonl with the encoder frozen", Some(Frozen::Body), true),
        ("Whisper tiny auf ./clips, Encoder einfrieren", Some(Frozen::Body), true),
        ("t5-small on a.jsonl, train only the decoder", Some(Frozen::Body), true),
        ("t5-small on a.jsonl, keep the decoder frozen", Some(Frozen::Decoder), false),
        ("congela il decoder, t5-small, a.jsonl, tre epoche", Some(Frozen::Decoder), false),
        ("linear probe of MiniLM on t.csv", Some(Frozen::Body), false),
        ("MiniLM on t.csv, freeze the backbone", Some(Frozen::Body), false),
    ] {
        let r = parse(text);
        assert_eq!((r.frozen, r.frozen_encoder), (frozen, encoder), "{text}: {r:?}");
    }
}

#[test]
fn models_by_their_language_and_how_small_they_are() {
    let at = |id: &str| Some(ModelName::At { id: id.into() });
    for (text, model) in [
        ("a German BERT on t.csv", at("google-bert/bert-base-german-cased")),
        ("mehrsprachiges BERT auf t.csv feinabstimmen, 3 Epochen", at("google-bert/bert-base-multilingual-cased")),
        ("affiner un BERT multilingue sur t.csv, 3 époques", at("google-bert/bert-base-multilingual-cased")),
        ("ajusta BERT multilingüe con t.csv, 3 épocas", at("google-bert/bert-base-multilingual-cased")),
        ("bert-base-chinese on t.csv", at("google-bert/bert-base-chinese")),
        ("中文BERT，t.csv，训练3轮", at("google-bert/bert-base-chinese")),
        ("minilm-uncased-squad2 on qa.jsonl", at("deepset/minilm-uncased-squad2")),
        ("a pretrained ResNet-50 on ./pets", at("microsoft/resnet-50")),
        ("ResNet-18 pretrained on ./pets", at("microsoft/resnet-18")),
        ("ResNet-34 from scratch on ./pets", called("resnet-34")),
    ] {
        assert_eq!(parse(text).model, model, "{text}");
    }
    for text in [
        "the smallest model on MNIST that gets 98 %",
        "translate en to de: a small transformer from scratch on pairs.jsonl",
        "das kleinste Modell auf MNIST, 98 % Genauigkeit",
        "le plus petit modèle sur MNIST, 3 époques",
        "a very small network on MNIST",
    ] {
        assert!(parse(text).is_small, "{text}: {:?}", parse(text));
    }
    for text in ["keep the model file small, MNIST", "a model smaller than BERT-base on SST-2", "small batches on MNIST"] {
        assert!(!parse(text).is_small, "{text}");
    }
}

#[test]
fn metrics_have_names_of_their_own() {
    for (text, metric) in [
        ("DPO on p.jsonl with smollm2, report preference accuracy", Metric::PreferenceAccuracy),
        ("DPO on p.jsonl, metric: reward accuracy", Metric::PreferenceAccuracy),
        ("DPO on p.jsonl, watch the reward margin", Metric::PreferenceMargin),
        ("predict price from h.csv, R^2", Metric::R2),
        ("predict price from h.csv, R-squared of 0.8", Metric::R2),
        ("extractive QA on qa.jsonl, EM and F1", Metric::ExactMatch),
        ("STS on s.tsv, Spearman's rho", Metric::Spearman),
        ("t.csv with minilm, Matthews correlation coefficient", Metric::Matthews),
    ] {
        assert_eq!(parse(text).metric, Some(metric), "{text}: {:?}", parse(text));
    }
    assert_eq!(parse("Treina o MiniLM em t.csv").metric, None);
}

#[test]
fn speech_is_to_be_written() {
    for (text, language) in [
        ("transcribe ./recordings", None),
        ("train an ASR model on ./recordings", None),
        ("speech recognition on ./recordings", None),
        ("a speech-to-text model for ./recordings", None),
        ("speech to text on ./recordings", None),
        ("automatic speech recognition, whisper-tiny, ./recordings", None),
        ("fine-tune whisper to transcribe German speech from ./recordings", Some("de")),
        ("transcription in French of ./recordings", Some("fr")),
        ("recognise speech in ./recordings", None),
        ("learn to transcribe my recordings, ./recordings", None),
    ] {
        let r = parse(text);
        assert_eq!(
            r.speech,
            Some(AskedSpeech { language: language.map(str::to_string), ..AskedSpeech::default() }),
            "{text}: {r:?}"
        );
        assert_eq!(r.data, local("./recordings"), "{text}");
        assert_eq!(r.not_understood, Vec::<String>::new(), "{text}");
    }
    let r = parse("transcribe ./recordings in 20 minutes with a WER below 15 %");
    assert_eq!((r.metric, r.target, r.max_time_secs), (Some(Metric::Wer), Some(0.15), Some(1200)));
    for text in ["classify speeches.csv", "classify ./recordings", "do not transcribe ./recordings"] {
        assert_eq!(parse(text).speech, None, "{text}");
    }
}

#[test]
fn rows_are_drawn_by_a_column() {
    for (text, column) in [
        ("weighted sampling by importance", "importance"),
        ("weighted random sampling by the column `sample_weight`", "sample_weight"),
        ("weighted sampling from the column w", "w"),
        ("with weighted sampling of the rows by hardness", "hardness"),
    ] {
        let r = parse(text);
        assert_eq!((r.weighted_by.as_deref(), is_clear(&r)), (Some(column), true), "{text}: {r:?}");
    }
    assert_eq!(parse("balanced sampling").weighted_by, None);
}
