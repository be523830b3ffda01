//! Ordinary English that is easily read as something else.

use super::*;

fn without(text: &str) -> Vec<Without> {
    let r = parse(&format!("Train a model on SST-2 as a baseline, do it in a simple way, {text}"));
    assert_eq!((&r.read_as, r.adapter, r.patience, r.class_weights, r.search), (&None, None, None, false, false), "{text}");
    assert!(r.augment.is_empty() && r.refused.is_empty(), "{text}: {r:?}");
    assert_eq!(r.not_understood, ["baseline", "simple way"], "{text}");
    r.without
}

#[test]
fn what_can_be_left_out_is() {
    for (text, what) in [
        ("with no LoRA", Without::Adapter),
        ("don't use any LoRA adapters", Without::Adapter),
        ("full fine-tuning", Without::Adapter),
        ("train all weights", Without::Adapter),
        ("no augmentation", Without::Augmentation),
        ("with data augmentation off", Without::Augmentation),
        ("no early stopping", Without::EarlyStopping),
        ("without stopping early", Without::EarlyStopping),
        ("no class weights", Without::ClassWeights),
        ("no hyperparameter search", Without::Search),
        ("no gradient clipping", Without::Clipping),
        ("with no frozen layers", Without::Freezing),
        ("no mixup", Without::Change { augment: Augment::Mixup { alpha: 0.2 } }),
        ("no random crops", Without::Change { augment: Augment::PadCrop { padding: 4 } }),
    ] {
        assert_eq!(without(text), [what], "{text}");
    }
    assert_eq!(without("all weights, no LoRA"), [Without::Adapter]);
    assert_eq!(without("do not use a GPU"), []);
    let r = parse("resnet on CIFAR-10, disable dropout, warm-up off, no momentum, without a schedule");
    assert_eq!((r.dropout, r.warmup, r.momentum), (Some(0.0), Some(Warmup::Steps(0)), Some(0.0)));
    assert_eq!((r.schedule, r.not_understood), (Some(ScheduleShape::Constant), vec![]));
    let both = parse("BERT on SST-2 with LoRA, no LoRA");
    assert_eq!(both.refused.iter().map(|r| r.words.as_str()).collect::<Vec<_>>(), ["an adapter and none"]);
}

#[test]
fn layers_that_stay_are_no_size() {
    use Frozen::{AllButUpperLayers, LowerLayers};
    for (text, expected) in [
        ("freeze the first six layers", LowerLayers { count: 6 }),
        ("freeze the bottom 3 blocks", LowerLayers { count: 3 }),
        ("the first two encoder layers are frozen", LowerLayers { count: 2 }),
        ("freeze all but the last 2 layers", AllButUpperLayers { count: 2 }),
        ("freeze everything except the top three layers", AllButUpperLayers { count: 3 }),
        ("train only the last 2 layers", AllButUpperLayers { count: 2 }),
        ("unfreeze the top 4 layers", AllButUpperLayers { count: 4 }),
    ] {
        let r = parse(&format!("fine-tune BERT on SST-2, {text}"));
        assert_eq!((r.frozen, r.size), (Some(expected), ModelSize::default()), "{text}: {r:?}");
        assert!(is_clear(&r), "{text}: {r:?}");
    }
    for text in
        ["a layer-wise learning rate decay", "a block size of 256", "look at the last 2 layers", "freeze the last 2 layers"]
    {
        assert_eq!(parse(&format!("BERT on SST-2 with {text}")).size, ModelSize::default(), "{text}");
    }
    assert_eq!(parse("BERT on SST-2 with a layer-wise learning rate decay").layerwise_lr_decay, Some(0.9));
    for text in
        ["with a block size of 256", "context window 256", "context of 256 tokens", "max_seq_length=256", "max length 256"]
    {
        let r = parse(&format!("a GPT on novel.txt {text}"));
        assert_eq!((r.max_seq_len, is_clear(&r)), (Some(256), true), "{text}: {r:?}");
    }
}

#[test]
fn parts_for_validation_and_test_are_no_training_data() {
    use AskedPart::{Examples, Share};
    for (text, watched, tested) in [
        ("hold out 10% of the data for validation", Some(Share(0.1)), None),
        ("keep 500 rows for validation", Some(Examples(500)), None),
        ("with a validation split of 10%", Some(Share(0.1)), None),
        ("reserve 5 % for monitoring", Some(Share(0.05)), None),
        ("use 20% of the rows for testing", None, Some(Share(0.2))),
        ("a 20% test split", None, Some(Share(0.2))),
        ("test_size=0.25", None, Some(Share(0.25))),
        ("set aside 300 examples", None, Some(Examples(300))),
        ("leave out the last 10% as a test set", None, Some(Share(0.1))),
        ("an 80/20 split", None, Some(Share(0.2))),
        ("train on 80% of it and test on the remaining 20%", None, Some(Share(0.2))),
        ("use 90% of the rows for training and 10% for validation", Some(Share(0.1)), None),
        ("train/val/test split 80/10/10", Some(Share(0.1)), Some(Share(0.1))),
    ] {
        let r = parse(&format!("MiniLM on reviews.csv, {text}"));
        assert_eq!((r.watched, r.tested), (watched, tested), "{text}: {r:?}");
        assert_eq!((r.data_frac, r.max_examples, is_clear(&r)), (None, None, true), "{text}: {r:?}");
    }
    for text in ["10% of the data", "reach 90% on the test set", "90% test accuracy", "keep the best checkpoint for 3 epochs"] {
        let r = parse(&format!("MiniLM on reviews.csv, {text}"));
        assert_eq!((r.watched, r.tested), (None, None), "{text}");
    }
    let refused = parse("MiniLM on reviews.csv with 100 examples per class");
    assert_eq!((refused.max_examples, refused.refused.len()), (None, 1));
    assert_eq!(parse("summarise articles.jsonl in 2 sentences").not_understood, ["2 sentences"]);
    assert_eq!(parse("reviews.csv has 50000 rows, MiniLM").max_examples, None);
}

#[test]
fn a_million_is_no_minute_and_not_every_time_is_a_limit() {
    for (text, params, examples, secs) in [
        ("a 110M BERT on SST-2", Some(110e6), None, None),
        ("a 10M GPT on novel.txt", Some(10e6), None, None),
        ("train on the 2M rows of clicks.csv", None, Some(2_000_000), None),
        ("MiniLM on 5 M examples of x.csv, 10m", None, Some(5_000_000), Some(600)),
        ("a GPT on novel.txt for 5M tokens", None, None, None),
        ("predict churn within 30 days from customers.csv", None, None, None),
        ("predict demand from the last 7 days, sales.csv", None, None, None),
        ("predict demand of the next 24 hours, sales.csv", None, None, None),
        ("transcribe ./clips, clips are at most 30 seconds long", None, None, None),
        ("whisper on ./clips of 10 seconds each", None, None, None),
        ("this is a second attempt, BERT on SST-2", None, None, None),
        ("BERT on SST-2 in 1:30 hours", None, None, Some(5400)),
        ("BERT on SST-2, 00:45:00", None, None, Some(2700)),
        ("BERT on SST-2 in <10 min", None, None, Some(600)),
        ("BERT on SST-2, ~10 min", None, None, Some(600)),
        ("BERT on SST-2, 2 days", None, None, Some(172_800)),
        ("BERT on SST-2 in at most a week", None, None, Some(604_800)),
        ("BERT on SST-2, stop after 10 minutes", None, None, Some(600)),
    ] {
        let r = parse(text);
        assert_eq!((r.size.params, r.max_examples, r.max_time_secs), (params, examples, secs), "{text}: {r:?}");
        assert!(r.refused.is_empty() && r.steps.is_none() && r.max_seq_len.is_none(), "{text}: {r:?}");
    }
    for text in ["less than 30M parameters", "under 30 million parameters", "at most 30M parameters", "no more than 30M params"] {
        let r = parse(&format!("classify tweets.csv with {text}"));
        assert_eq!((r.size.params, r.size.max_params, is_clear(&r)), (None, Some(30e6), true), "{text}: {r:?}");
    }
}

#[test]
fn numbers_end_where_they_end() {
    for (text, lr) in [
        ("lr 2x10^-5", 2e-5),
        ("lr 2 × 10⁻⁵", 2e-5),
        ("learning rate of 5e\u{2212}5", 5e-5),
        ("learning_rate=2e-5", 2e-5),
        ("lr 10^-4", 1e-4),
    ] {
        assert_eq!((parse(text).lr, is_clear(&parse(text))), (Some(lr), true), "{text}");
    }
    assert_eq!(parse("weight decay 1%").weight_decay, Some(0.01));
    for text in ["lr 2x", "lr 2^5", "lr 3%", "batch size 16GB", "batch size 32/64", "momentum 90%"] {
        let r = parse(text);
        assert_eq!(r.refused.iter().map(|r| r.words.as_str()).collect::<Vec<_>>(), [text], "{r:?}");
        assert_eq!((r.lr, r.batch_size, r.momentum), (None, None, None), "{text}");
    }
    assert_eq!(parse("LoRA of BERT on SST-2, r=16/alpha=32").adapter.and_then(|a| a.alpha), Some(32.0));
}

#[test]
fn steps_and_epochs_of_other_things_are_no_length() {
    let of = |text: &str| parse(&format!("MiniLM on SST-2, {text}"));
    for text in [
        "batch size 8 with gradient accumulation of 4 steps",
        "micro batch 8, effective batch size 32",
        "accumulate gradients over 4 batches, batch 8",
    ] {
        let r = of(&format!("{text}, 3 epochs"));
        assert_eq!((r.batch_size, r.micro_batch_size, r.steps, r.epochs), (Some(32), Some(8), None, Some(3.0)), "{text}");
        assert!(is_clear(&r), "{text}: {r:?}");
    }
    assert_eq!(of("gradient_accumulation_steps=4").accumulation, Some(4));
    assert_eq!(of("batch size 30, micro batch 8").refused.len(), 1);
    for text in [
        "stop early after 2 epochs without improvement",
        "stop if the validation loss does not improve for 2 epochs",
        "early stopping when it stops improving for 2 epochs",
        "no improvement for 2 epochs",
        "early stopping with patience 2 epochs",
    ] {
        let r = of(&format!("10 epochs, {text}"));
        assert_eq!((r.epochs, r.patience, r.evaluate_every), (Some(10.0), Some(2), Some(Length::Epochs(1.0))), "{text}: {r:?}");
        assert!(is_clear(&r), "{text}: {r:?}");
    }
    for (text, every) in [
        ("evaluate after 500 steps", Length::Steps(500)),
        ("evaluate every 100 steps", Length::Steps(100)),
        ("validate after every epoch", Length::Epochs(1.0)),
        ("eval_steps=50", Length::Steps(50)),
    ] {
        let r = of(&format!("3 epochs, {text}"));
        assert_eq!((r.epochs, r.steps, r.evaluate_every, is_clear(&r)), (Some(3.0), None, Some(every), true), "{text}: {r:?}");
    }
    let r = of("160 epochs, drop the lr by 10 after 80 and 120 epochs, lr 0.1");
    let at = vec![80.0, 120.0];
    let falls = ScheduleShape::Milestones { at, unit: Some(crate::intake::Unit::Epochs), divisor: Some(10.0) };
    assert_eq!((r.epochs, r.lr, r.schedule.clone()), (Some(160.0), Some(0.1), Some(falls)), "{r:?}");
    assert!(is_clear(&r), "{r:?}");
    let shape = of("200 epochs, step decay at epochs 60, 120 and 160 by 0.2").schedule;
    assert!(matches!(shape, Some(ScheduleShape::Milestones { divisor: Some(5.0), .. })), "{shape:?}");
    for (text, warmup) in [("3 warmup epochs", 0.3), ("warm up for 3 epochs", 0.3), ("1 epoch of warm-up", 0.1)] {
        let r = of(&format!("10 epochs, {text}"));
        assert_eq!((r.warmup, r.steps, is_clear(&r)), (Some(Warmup::Frac(warmup)), None, true), "{text}: {r:?}");
    }
    assert_eq!(of("warm up for 1 epoch then cosine").warmup_epochs, Some(1.0));
    for text in ["stop after 3 epochs", "epochs 3", "epochs=3", "num_train_epochs=3", "three epochs"] {
        assert_eq!((of(text).epochs, is_clear(&of(text))), (Some(3.0), true), "{text}");
    }
    assert_eq!((of("seven epochs").epochs, of("for an epoch").epochs), (Some(7.0), Some(1.0)));
    assert_eq!(of("per_device_train_batch_size=16, weight_decay=0.01, warmup_ratio=0.1, max_length=256").not_understood, [""; 0]);
    for (text, seeds) in [("seeds 0-4", vec![0, 1, 2, 3, 4]), ("3 seeds: 1, 2, 3", vec![1, 2, 3]), ("a single seed", vec![0])] {
        assert_eq!((of(text).seeds, is_clear(&of(text))), (seeds, true), "{text}");
    }
}

#[test]
fn what_is_scored_on_is_not_trained_on() {
    for (text, data) in [
        ("train on train.csv and evaluate on test.csv", local("{train.csv,test.csv}")),
        ("evaluate on d/test.csv after training on d/train.csv", local("d/{train.csv,test.csv}")),
        ("fine-tune BERT on SST-2 and evaluate it on SST-2", known("SST-2")),
        ("fine-tune BERT and test it on CoLA", known("CoLA")),
        ("BERT on MRPC, not on the Corpus of Linguistic Acceptability", known("MRPC")),
    ] {
        let r = parse(text);
        assert_eq!((r.data, r.refused), (data, vec![]), "{text}");
    }
    for text in ["train on IMDB, test on SST-2", "train on a.csv, evaluate on b.csv", "test on SST-2 after training on IMDB"] {
        let r = parse(text);
        assert!(r.refused.len() == 1 && r.data != known("SST-2"), "{text}: {r:?}");
    }
    assert_eq!(parse("BERT on MNLI, and the Stanford Sentiment Treebank later").data, known("MNLI"), "the first");
}

#[test]
fn columns_by_their_roles() {
    for (text, label) in [
        ("train on reviews.csv, column stars is the target", "stars"),
        ("classify tickets.csv, labels are in column priority", "priority"),
        ("houses.csv, target: price", "price"),
        ("reviews.csv, use stars as the label", "stars"),
        ("reviews.csv, label column: stars", "stars"),
    ] {
        let r = parse(text);
        assert_eq!((r.label.as_deref(), is_clear(&r), r.read_as.clone()), (Some(label), true, None), "{text}: {r:?}");
    }
    let r = parse("classify tickets.csv, text is in column body, ignore column id and drop the name column");
    assert_eq!((r.input, r.exclude, r.not_understood), (vec!["body".to_string()], vec!["id".into(), "name".into()], vec![]));
    assert_eq!(parse("classify news.csv, columns title and body as input").input, ["title", "body"]);
    assert_eq!(parse("train on stars.csv, column stars").data, local("stars.csv"));
    assert_eq!(parse("houses.csv, target accuracy: 90%").label, None);
}

#[test]
fn words_of_another_task() {
    assert_eq!(parse("classify reviews.csv and give me a summary of the results").pair, None);
    assert_eq!(parse("classify reviews.csv and summarise the results").pair, None);
    assert_eq!(parse("write a short summary of each text of news.jsonl").pair, Some(AskedPair::Summary));
    let r = parse("train a GPT with embedding size 128 on novel.txt");
    assert_eq!((r.embeddings, r.size.hidden, is_clear(&r)), (false, Some(128), true));
    assert!(!parse("classify golden retrievers in ./dogs").embeddings);
    for text in ["lion and tiger photos in ./cats", "photos with lion and tiger images in ./cats", "muon tracks in events.csv"] {
        assert_eq!(parse(text).optimizer, None, "{text}");
    }
    assert!(parse("classify tweets.csv with gpt2").classifies && !parse("a GPT on novel.txt").classifies);
    for text in ["random weights", "randomly initialised weights", "random initialization", "no pretrained weights"] {
        let r = parse(&format!("BERT on reviews.csv with {text}"));
        assert_eq!((r.from_scratch, r.pretrained, is_clear(&r)), (true, false, true), "{text}: {r:?}");
    }
}

#[test]
fn metrics_by_their_other_names() {
    for (text, metric) in [
        ("f1 macro", Metric::MacroF1),
        ("f1_macro", Metric::MacroF1),
        ("macro-averaged F1", Metric::MacroF1),
        ("micro F1", Metric::MicroF1),
        ("AUC", Metric::Auroc),
        ("ROC AUC", Metric::Auroc),
        ("R2", Metric::R2),
        ("R²", Metric::R2),
        ("R squared", Metric::R2),
        ("top-5 accuracy", Metric::Top5Accuracy),
        ("average precision", Metric::AveragePrecision),
    ] {
        let r = parse(&format!("x.csv, {text}"));
        assert_eq!((r.metric, is_clear(&r)), (Some(metric), true), "{text}: {r:?}");
        let r = parse(&format!("x.csv, reach a {text} of 0.9"));
        assert_eq!((r.metric, r.target), (Some(metric), Some(0.9)), "{text}: {r:?}");
    }
    for text in ["balanced accuracy", "top-3 accuracy", "weighted F1"] {
        let r = parse(&format!("x.csv, {text}"));
        let lacking = vec![Lacking { of: Lack::Metric, words: text.to_string() }];
        assert_eq!((r.metric, r.lacking, r.not_understood), (None, lacking, vec![]), "{text}");
    }
}

#[test]
fn one_of_several_is_not_what_was_asked_for() {
    for text in [
        "learning rates 1e-5 3e-5 5e-5 with BERT on SST-2",
        "BERT on SST-2 with lr 1e-5, 3e-5 or 5e-5",
        "compare adam and sgd with BERT on SST-2",
        "compare BERT and RoBERTa on SST-2",
    ] {
        assert_eq!(parse(text).refused.len(), 1, "{text}: {:?}", parse(text));
    }
    assert_eq!(parse("BERT on SST-2, lr 2e-5, 0.1 dropout").lr, Some(2e-5));
    for (text, name) in [
        ("FinBERT", "finbert"),
        ("bert-base-finnish-cased", "bert-base-finnish-cased"),
        ("finnish-bert", "finnish-bert"),
        ("SciBERT", "scibert"),
        ("paraphrase-MiniLM-L3-v2", "paraphrase-minilm-l3-v2"),
        ("a BERT-like model", "bert"),
        ("a 2-layer-bert", "bert"),
        ("ResNet-based features", "resnet"),
        ("bert-tiny", "bert-tiny"),
    ] {
        assert_eq!(parse(&format!("fine-tune {text} on reviews.csv")).model, called(name), "{text}");
    }
}
