//! Wishes that are said of another clause: of a rate beside it, of what stands between layers, in place of what was said first.

use super::*;
use crate::intake::AskedPart;
use tallow_zoo::mlp::{Activation, Norm};

#[test]
fn a_rate_is_so_many_times_another() {
    for text in [
        "MiniLM on a.csv, the head's learning rate is 20 times that of the body, which is 3e-5",
        "MiniLM on a.csv, head learning rate 20x the encoder's (3e-5)",
        "MiniLM on a.csv with a head at 20 times the rate of the encoder, that is 3e-5",
    ] {
        let request = parse(text);
        assert_eq!((request.lr, request.times.head_lr), (Some(3e-5), Some(20.0)), "{text}: {request:?}");
        assert_eq!(request.not_understood, [""; 0], "{text}");
    }
}

#[test]
fn what_stands_between_the_layers_of_a_perceptron() {
    let both = |text: &str| {
        let request = parse(text);
        (request.activation, request.norm, request.not_understood)
    };
    let none = Vec::<String>::new;
    assert_eq!(both("MLP on a.csv, predict b, tanh, 5 epochs"), (Some(Activation::Tanh), None, none()));
    assert_eq!(both("an MLP with GELU activations on a.csv, predict b"), (Some(Activation::Gelu), None, none()));
    assert_eq!(both("MLP on a.csv, predict b, activation: silu"), (Some(Activation::Silu), None, none()));
    assert_eq!(both("MLP on a.csv, predict b, with batch norm after each layer"), (None, Some(Norm::Batch), none()));
    for two in ["with batch norm and layer norm", "tanh in one layer, ReLU in the other", "relu activations, gelu"] {
        let request = parse(&format!("MLP on a.csv, predict b, {two}"));
        assert_eq!(request.refused.len(), 1, "{two}: {request:?}");
    }
    let again = parse("MLP on a.csv, predict b, ReLU after each layer, relu everywhere");
    assert!(again.activation == Some(Activation::Relu) && again.refused.is_empty(), "{again:?}");
    // Of others nothing is made of it, and it is told.
    assert_eq!(both("MiniLM on a.csv, predict b, tanh").2, ["tanh"]);
}

#[test]
fn a_wish_in_place_of_another() {
    let request = parse("ViT on photos/, train it with mixup... no wait, just use the last checkpoint, 5 epochs");
    assert!(request.augment.is_empty() && request.refused.is_empty(), "{request:?}");
    assert_eq!(request.epochs, Some(5.0));
    // Where it cannot be told what is taken back it is still refused.
    assert!(!parse("MiniLM on a.csv, lr 1e-3, no wait").refused.is_empty());
}

#[test]
fn what_is_measured_on_a_part_of_the_rows() {
    for text in [
        "MiniLM on a.conll, 4 epochs. Report F1 on a random 15% of the sentences",
        "MiniLM on a.csv, predict b; Spearman on a held-out 15%",
        "MLP on a.csv, predict b, test on about 15%",
    ] {
        let request = parse(text);
        assert_eq!(
            (request.tested, request.data_frac, request.max_examples),
            (Some(AskedPart::Share(0.15)), None, None),
            "{text}"
        );
    }
    let trained = parse("fine-tune MiniLM on a random 15% of the sentences of a.csv");
    assert_eq!((trained.tested, trained.data_frac), (None, Some(0.15)), "{trained:?}");
}

#[test]
fn how_alike_two_texts_are() {
    let request = parse("MiniLM on a.csv so that the cosine of claim and fact matches closeness (0 to 4)");
    assert!(request.embeddings);
    assert_eq!((request.label.as_deref(), request.input), (Some("closeness"), vec!["claim".to_string(), "fact".into()]));
}

#[test]
fn classes_and_no_numbers() {
    for text in
        ["MiniLM on a.csv, predict stars as classes, not as a number", "predict stars from a.csv, treat them as categories"]
    {
        let request = parse(text);
        assert!(request.classifies && request.not_understood.is_empty(), "{text}: {request:?}");
    }
}

#[test]
fn an_answer_to_a_mail_bars_what_it_quotes() {
    let text = "Please not the colour, leave colour out. Half as many epochs are enough, so 15. The rest as Ann wrote.\n\n\
                > train an MLP on a.csv, predict colour,\n> 30 epochs, batch size 24";
    let request = parse(text);
    assert_eq!((request.label, request.epochs, request.batch_size), (None, Some(15.0), Some(24)), "{:?}", request.not_understood);
}

#[test]
fn what_a_wrong_number_costs() {
    use crate::spec::NumberLoss;
    for (text, loss) in [
        ("huber loss", NumberLoss::Huber { delta: 1.0 }),
        ("a Huber loss with delta 0.25", NumberLoss::Huber { delta: 0.25 }),
        ("Huber loss, delta=2", NumberLoss::Huber { delta: 2.0 }),
        ("smooth L1 (beta=2)", NumberLoss::Huber { delta: 2.0 }),
        ("L1 loss", NumberLoss::Absolute),
        ("mean absolute error as the loss", NumberLoss::Absolute),
        ("MSE loss", NumberLoss::Squared),
    ] {
        let request = parse(&format!("MLP on a.csv, predict price, {text}, 5 epochs"));
        assert_eq!((request.number_loss, request.not_understood), (Some(loss), vec![]), "{text}");
    }
    // What is measured is no loss.
    assert_eq!(parse("MLP on a.csv, predict price, report MAE").number_loss, None);
    for watched in [
        "report MSE loss",
        "log the L1 loss",
        "monitor the validation huber loss",
        "stop on the validation L1 loss",
        "keep the best epoch by MSE loss",
        "early stopping on squared error loss with patience 3",
        "choose the checkpoint with the lowest MAE loss on the validation set",
        "MSE loss on the held-out rows as a metric",
    ] {
        let request = parse(&format!("MLP on a.csv, predict price, {watched}"));
        assert_eq!(request.number_loss, None, "{watched}: {request:?}");
    }
    for (text, loss) in [
        ("report R2 and train with an L1 loss", NumberLoss::Absolute),
        ("stop early, use the MSE loss", NumberLoss::Squared),
        ("report MSE, minimise the L1 loss", NumberLoss::Absolute),
        ("report MSE loss, train with huber loss", NumberLoss::Huber { delta: 1.0 }),
    ] {
        assert_eq!(parse(&format!("MLP on a.csv, predict price, {text}")).number_loss, Some(loss), "{text}");
    }
    // Which of two is meant nobody knows.
    let both = parse("MLP on a.csv, predict price, L1 loss and MSE loss");
    assert_eq!(both.refused.iter().map(|refused| refused.words.as_str()).collect::<Vec<_>>(), ["L1 loss and MSE loss"]);
}

#[test]
fn where_the_data_lies_is_said_apart() {
    let there = ["parts", "parts/train.csv", "parts/dev.csv", "parts/test.csv", "photos", "photos/train", "photos/val"];
    let data = |text: &str| match parse_request(text, |path| there.contains(&path).then_some(Lying::Data)).data {
        Some(DataName::Local { path }) => path.display().to_string(),
        other => format!("{other:?}"),
    };
    let files = "in the folder parts are train.csv, dev.csv and test.csv. MiniLM, predict team from body";
    assert_eq!(data(files), "parts/{train.csv,dev.csv,test.csv}");
    for text in
        ["ResNet-20 on photos/train, validate on photos/val", "images in photos/train (training) and photos/val (validation)"]
    {
        assert_eq!(data(text), "photos", "{text}");
    }
}

#[test]
fn shares_of_three_parts_are_one_whole() {
    let request = parse("MLP on a.csv, predict b, 60% train, 20% validation, 20% test");
    assert_eq!((request.data_frac, request.refused.len()), (None, 0), "{:?}", request.refused);
    assert_eq!(parse("MLP on a.csv, predict b, 60% train, 30% validation, 20% test").refused.len(), 1);
    let request = parse("MLP on a.csv, predict b, put a quarter of the rows away for the test");
    assert_eq!((request.tested, request.data_frac), (Some(AskedPart::Share(0.25)), None));
}

#[test]
fn changes_that_are_named_are_all() {
    let of = |text: &str| {
        let request = parse(&format!("ResNet-20 on CIFAR-10, {text}"));
        assert!(request.refused.is_empty() && request.not_understood.is_empty(), "{text}: {request:?}");
        (request.augment, request.without)
    };
    let (crop, flip) = (Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip);
    let (changes, without) = of("random rotation (10 degrees), no other augmentation");
    assert_eq!(changes, [Augment::Rotation { degrees: 10.0 }]);
    assert_eq!(without, [crop, flip].map(|augment| Without::Change { augment }));
    assert_eq!(of("rotations up to 15 deg and flips").0, [Augment::Rotation { degrees: 15.0 }, flip]);
}

#[test]
fn what_is_said_in_few_words_beside_another() {
    let request = parse("MiniLM on a.csv, b from c, lr 5e-5 for the head and 1e-5 below");
    assert_eq!((request.head_lr, request.lr), (Some(5e-5), Some(1e-5)));
    assert!(!request.not_understood.concat().contains("below"), "{:?}", request.not_understood);
    let request = parse("MLP on a.csv, predict b, early stop after 7, macro F1 on 30%");
    assert_eq!((request.patience, request.tested, request.not_understood), (Some(7), Some(AskedPart::Share(0.3)), vec![]));
    let request = parse("a small cnn on CIFAR-10, best checkpoint by accuracy");
    assert!(request.is_small && request.keep_best && request.not_understood.is_empty(), "{request:?}");
}

#[test]
fn nobody_is_on_both_sides() {
    for text in [
        "MLP on a.csv, predict b, never let a patient be in both sets",
        "MLP on a.csv, predict b. Don't put the same patient into both training and test",
        "The same patient comes several times (patient is the number) and must not end up in training and test both. MLP on a.csv, predict b",
    ] {
        let request = parse(text);
        let by: Vec<SplitBy> = request.parted.iter().map(|asked| asked.by.clone()).collect();
        assert_eq!(by, [SplitBy::Group("patient".into())], "{text}: {request:?}");
    }
}

#[test]
fn what_is_best_by_the_loss() {
    let of = |text: &str| {
        let request = parse(&format!("MiniLM on a.csv, predict b, {text}"));
        (request.keep_best || request.patience.is_some(), request.best_by_loss, request.not_understood)
    };
    for text in [
        "keep the best model by validation loss",
        "choose by validation loss",
        "pick the checkpoint with the lowest validation loss",
        "select the best epoch by loss",
        "keep the weights of the epoch with minimal validation loss",
        "stop when the validation loss has not improved for 3 epochs",
    ] {
        assert_eq!(of(text), (true, true, vec![]), "{text}");
    }
    assert!(of("early stopping on the validation loss with patience 3").1);
    for text in ["keep the best model by F1", "select the best epoch by log loss", "early stopping with patience 3"] {
        let (is_kept, by_loss, _) = of(text);
        assert!(is_kept && !by_loss, "{text}");
    }
    assert!(!of("focal loss, no early stopping").1);
}

#[test]
fn rates_of_the_head_and_of_all_else() {
    for text in [
        "learning rate 3e-5 for everything but the classifier, which gets 3e-4",
        "lr 3e-5 for all layers except the head (3e-4)",
        "head lr 3e-4, rest 2e-5",
        "head lr 3e-4, everything else at 2e-5",
        "lr of the head 3e-4, the rest of the model gets 2e-5",
    ] {
        let request = parse(&format!("MiniLM on a.csv, predict b, {text}, 3 epochs"));
        let body = if text.contains("2e-5") { 2e-5 } else { 3e-5 };
        assert_eq!((request.lr, request.head_lr), (Some(body), Some(3e-4)), "{text}: {:?}", request.not_understood);
    }
}

#[test]
fn how_a_rate_begins_and_ends() {
    use crate::intake::ScheduleShape;
    use crate::spec::Warmup;
    let of = |text: &str| parse(&format!("MiniLM on a.csv, predict b, {text}"));
    for text in ["lr 1e-3 down to 1e-5, cosine", "lr 1e-3, cosine to 1e-5", "lr 1e-3 with cosine decay down to 1e-5"] {
        let r = of(text);
        assert_eq!((r.lr, r.min_lr, r.schedule), (Some(1e-3), Some(1e-5), Some(ScheduleShape::Cosine)), "{text}");
        assert_eq!(r.not_understood, [""; 0], "{text}");
    }
    let r = of("one-cycle up to 0.4, 30 epochs");
    assert_eq!((r.lr, r.schedule, r.epochs), (Some(0.4), Some(ScheduleShape::OneCycle), Some(30.0)));
    let r = of("lr 6e-4 to 6e-5, cosine");
    assert_eq!((r.lr, r.min_lr), (Some(6e-4), Some(6e-5)));
    assert!(of("lr 1e-5 to 1e-3").lr.is_none(), "it is a range");
    assert_eq!(of("polynomial decay, power 2").schedule, Some(ScheduleShape::Polynomial { power: Some(2.0) }));
    assert_eq!(of("warm up linearly during the first 5% of training").warmup, Some(Warmup::Frac(0.05)));
    assert_eq!(of("a trapezoidal schedule").schedule, Some(ScheduleShape::Wsd));
    let r = of("lr 0.05, decay exponentially by 0.5 each epoch");
    assert!(matches!(r.schedule, Some(ScheduleShape::Staircase { every: 1.0, divisor: Some(2.0), .. })), "{:?}", r.schedule);
    assert_eq!(of("weight decay 0.9, 3 epochs").schedule, None);
    let r = of("lr 0.1, divided by 10 after 100 and 150 of 200 epochs");
    assert!(matches!(&r.schedule, Some(ScheduleShape::Milestones { at, .. }) if *at == [100.0, 150.0]), "{:?}", r.schedule);
    assert_eq!((r.epochs, r.not_understood), (Some(200.0), vec![]));

    let r = of("500 warmup steps out of 4000 in total, constant after the warm-up");
    assert_eq!((r.warmup, r.steps), (Some(Warmup::Steps(500)), Some(4000)));
    assert_eq!((r.schedule, r.not_understood), (Some(ScheduleShape::Constant), vec![]));
    let r = of("warm up for 1 epoch of 4");
    assert_eq!((r.warmup, r.epochs), (Some(Warmup::Frac(0.25)), Some(4.0)), "{:?}", r.not_understood);
    let r = of("lr divided by 10 at 60 and 120 of 200 epochs, warm-up over the first half epoch");
    assert_eq!((r.warmup, r.epochs), (Some(Warmup::Frac(0.0025)), Some(200.0)), "{:?}", r.not_understood);
    let r = of("warm-up over the first half epoch, 2 epochs");
    assert_eq!((r.warmup, r.epochs), (Some(Warmup::Frac(0.25)), Some(2.0)), "{:?}", r.not_understood);
    assert_eq!(of("100 steps of warm-up out of 2000").steps, Some(2000));
}

#[test]
fn optimisers_that_are_other_words_too() {
    use crate::intake::OptimizerKind;
    let of = |text: &str| parse(&format!("MiniLM on a.csv, predict b, {text}"));
    for (text, kind) in [
        ("Lion at 3e-5, 2 epochs", OptimizerKind::Lion),
        ("Lion (lr 3e-5)", OptimizerKind::Lion),
        ("Muon with lr 0.02, 600 steps", OptimizerKind::Muon),
        ("LAMB with a learning rate of 2e-3", OptimizerKind::Lamb),
    ] {
        let request = of(text);
        assert_eq!(request.optimizer, Some(kind), "{text}: {request:?}");
        assert!(request.lr.is_some() && request.not_understood.is_empty(), "{text}: {request:?}");
    }
    for text in ["lion or tiger, 3 epochs", "photos of lion, lamb and cat, lr 3e-5"] {
        assert_eq!(of(text).optimizer, None, "{text}");
    }
    let r = of("AdamW (lr 3e-5, weight decay 0.1), 3 epochs");
    assert_eq!((r.lr, r.weight_decay, r.optimizer), (Some(3e-5), Some(0.1), Some(OptimizerKind::AdamW)));
}

#[test]
fn layers_rates_and_measures_in_more_words() {
    let of = |text: &str| parse(&format!("MiniLM on a.csv, predict b, {text}, 2 epochs"));
    let r = of("LoRA r=8 on the attention projections only");
    assert_eq!((r.adapter_targets, r.not_understood), (["query", "key", "value", "output"].map(str::to_string).to_vec(), vec![]));
    let r = of("SGD 0.05, momentum 0.9");
    assert_eq!((r.lr, r.momentum), (Some(0.05), Some(0.9)));
    let r = of("a constant rate of 2e-5");
    assert_eq!((r.lr, r.schedule), (Some(2e-5), Some(ScheduleShape::Constant)));
    let r = of("metric_for_best_model=eval_loss, load_best_model_at_end=True");
    assert!(r.keep_best && r.best_by_loss && r.metric.is_none(), "{r:?}");
}
