//! Numbers that belong to something else than they seem to at first.

use super::*;
use crate::intake::Unit;
use crate::spec::Augment;

fn steps_at(at: &[f64], unit: Unit, by: f64) -> Option<ScheduleShape> {
    Some(ScheduleShape::Milestones { at: at.to_vec(), unit: Some(unit), divisor: Some(by) })
}

#[test]
fn what_is_scored_is_not_what_is_trained_on() {
    let of = |text: &str| {
        let r = parse(text);
        (r.data_frac, r.max_examples, r.tested, r.watched)
    };
    let (fifth, tenth) = (Some(AskedPart::Share(0.2)), Some(AskedPart::Share(0.1)));
    assert_eq!(of("MiniLM on reviews.csv, evaluate on 20% of the data"), (None, None, fifth, None));
    assert_eq!(of("MiniLM on a.csv, test on 20% of the data"), (None, None, fifth, None));
    assert_eq!(of("MiniLM on reviews.csv, evaluate on 500 examples"), (None, None, Some(AskedPart::Examples(500)), None));
    assert_eq!(of("BERT on a.csv, validate on 10% of the data"), (None, None, None, tenth));
    assert_eq!(of("MiniLM on a.csv, train on 80% of the rows and test on the remaining 20%"), (None, None, fifth, None));
    for text in [
        "MiniLM on reviews.csv, show me the predictions for 10 images",
        "drop 10% of the rows of t.csv",
        "ResNet-20 on CIFAR-10, flip 50% of the images",
        "MiniLM on reviews.csv, test it on 5 sentences",
    ] {
        assert_eq!(of(text), (None, None, None, None), "{text}");
    }
    let watched = of("MiniLM on a.csv, evaluate every 50 steps on 200 examples");
    assert_eq!(watched, (None, None, None, Some(AskedPart::Examples(200))));
    // What is trained on is so beside such words, too.
    assert_eq!(of("a quick test on 10% of SST-2 with MiniLM"), (Some(0.1), None, None, None));
    assert_eq!(of("MiniLM on 500 examples of SST-2"), (None, Some(500), None, None));
}

#[test]
fn rates_fall_where_that_is_said() {
    let fall = |text: &str| parse(&format!("ResNet-20 on CIFAR-10, lr 0.1, {text}")).schedule;
    assert_eq!(fall("divided by 10 at 50% and 75% of training"), steps_at(&[0.5, 0.75], Unit::Fraction, 10.0));
    assert_eq!(fall("drop it to 0.01 after 80 epochs"), steps_at(&[80.0], Unit::Epochs, 10.0));
    assert_eq!(fall("drop the lr to 0.02 at epoch 80, 100 epochs"), steps_at(&[80.0], Unit::Epochs, 5.0));
    for text in ["after 32,000 and 48,000 steps", "after 32k and 48k steps", "at 32000 and 48000 iterations"] {
        let text = format!("divide the lr by 10 {text}");
        assert_eq!(fall(&text), steps_at(&[32_000.0, 48_000.0], Unit::Steps, 10.0), "{text}");
    }
    assert_eq!(fall("2000 steps, log every 100 steps, decay lr linearly to 0"), Some(ScheduleShape::Linear));
    let r = parse("ResNet-20 on CIFAR-10, lr 0.1, drop the lr at epochs 60 and 120, 200 epochs");
    assert_eq!((r.schedule, r.epochs), (steps_at(&[60.0, 120.0], Unit::Epochs, 10.0), Some(200.0)));
    assert_eq!(fall("drop the lr at the 30th and 60th epoch"), steps_at(&[30.0, 60.0], Unit::Epochs, 10.0));
    assert_eq!(fall("drop the lr at 30, 60"), steps_at(&[30.0, 60.0], Unit::Epochs, 10.0));
    let every = ScheduleShape::Staircase { every: 800.0, unit: Unit::Steps, divisor: Some(2.0) };
    assert_eq!(fall("halve the lr every 800 iterations"), Some(every));
    for text in [
        "save a checkpoint every epoch, reduce lr on plateau",
        "reduce the learning rate when the loss stops improving",
        "reduce lr on plateau, early stopping patience 5",
    ] {
        assert_eq!(fall(text), Some(ScheduleShape::Plateau { divisor: None }), "{text}");
    }
    assert_eq!(fall("MultiStepLR(milestones=[80, 120], gamma=0.2)"), steps_at(&[80.0, 120.0], Unit::Epochs, 5.0));
    assert!(fall("StepLR(step_size=10)").is_some());
    for text in ["ReduceLROnPlateau(factor=0.5, patience=3)", "halve the lr if val loss does not improve for 2 epochs"] {
        let r = parse(&format!("ResNet-20 on CIFAR-10, lr 0.1, {text}, 30 epochs"));
        let plateau = ScheduleShape::Plateau { divisor: Some(2.0) };
        assert_eq!((r.schedule, r.patience, r.epochs), (Some(plateau), None, Some(30.0)), "{text}");
    }
    for text in [
        "save it every 2 epochs and log the lr",
        "Sales dropped in 2020",
        "a training step on 2 cores",
        "dropout rate of 0.2 in 30 epochs",
        "cut it at 128 tokens",
        "decayed to 1e-5 in 10 epochs",
    ] {
        assert_eq!(fall(text), None, "{text}");
    }
    assert_eq!(parse("MiniLM on SST-2, dropout rate of 0.2 in 30 epochs").dropout, Some(0.2));
    assert_eq!(parse("ResNet-20 on CIFAR-10, early stopping patience 5, reduce lr on plateau").patience, Some(5));
    // What cannot be is refused: places that do not grow, and a fall to what is no less.
    for text in ["divide the lr by 10 at epochs 80 and 40", "drop the lr to 0.5 after 80 epochs"] {
        assert_eq!(parse(&format!("ResNet-20 on CIFAR-10, lr 0.1, {text}")).refused.len(), 1, "{text}");
    }
}

#[test]
fn seeds_end_where_something_else_begins() {
    let of = |text: &str| parse(&format!("MiniLM on SST-2, {text}"));
    let r = of("seed 42, 30 minutes");
    assert_eq!((r.seeds.as_slice(), r.max_time_secs), (&[42][..], Some(1800)));
    let r = of("seed 1, 90% accuracy");
    assert_eq!((r.seeds.as_slice(), r.target), (&[1][..], Some(0.9)));
    let r = of("seed 0, 2 GB of RAM");
    assert_eq!((r.seeds.as_slice(), r.max_memory_bytes), (&[0][..], Some(2_000_000_000)));
    assert_eq!(of("seeds 1, 2 and 3, 2 epochs").seeds, [1, 2, 3]);
    assert_eq!(of("random_state=7").seeds, [7]);
}

#[test]
fn texts_and_heads_have_numbers_of_their_own() {
    let r = parse("BERT from scratch on t.txt with a vocabulary of 8000 tokens");
    assert_eq!((r.max_seq_len, r.size.vocab), (None, Some(8000)));
    for text in ["texts with an average length of 80 tokens", "a 500k-token corpus", "a corpus of 500k tokens"] {
        assert_eq!(parse(&format!("GPT on t.txt, {text}")).max_seq_len, None, "{text}");
    }
    assert_eq!(parse("GPT on t.txt, length of 80 tokens").max_seq_len, Some(80));
    assert_eq!(parse("BERT with a 2-layer MLP head on SST-2").size.layers, None);
    assert_eq!(parse("BERT from scratch with 2 layers on SST-2").size.layers, Some(2));
}

#[test]
fn times_money_and_goals_of_the_data() {
    let clip = parse("ResNet-20 on spectrograms of ./clips, each clip of 10 seconds");
    assert_eq!((clip.grad_clip_norm, clip.max_time_secs), (None, None));
    let r = parse("MiniLM on SST-2. One epoch takes 10 minutes here.");
    assert_eq!((r.epochs, r.max_time_secs), (None, None));
    for text in ["songs of the 1990s", "from 5-minute bars"] {
        assert_eq!(parse(&format!("predict y in a.csv, {text}")).max_time_secs, None, "{text}");
    }
    assert_eq!(parse("predict y in a.csv in 5 minutes").max_time_secs, Some(300));
    for text in ["only houses under $500k", "each label costs $0.05", "it costs $0.05 per label"] {
        assert_eq!(parse(&format!("predict y in a.csv, {text}")).max_usd, None, "{text}");
    }
    assert_eq!(parse("predict y in a.csv, spend at most $1").max_usd, Some(1.0));
    for text in ["keep rows with score > 0.5", "columns with price > 0.5"] {
        assert_eq!(parse(&format!("predict y in a.csv, {text}")).target, None, "{text}");
    }
    assert_eq!(parse("ResNet-20 on CIFAR-10 with >= 90%").target, Some(0.9));
    let r = parse("whisper-tiny on ./clips, current WER is 18%, we want 12%");
    assert_ne!(r.target, Some(0.18));
    assert_eq!(parse("predict y in a.csv, baseline RMSE is 310").target, None);
    assert_eq!(parse("whisper-tiny on ./clips, WER below 20%").target, Some(0.2));
    let r = parse("MiniLM on SST-2 for 3 or 5 epochs");
    assert_eq!((r.epochs, r.refused.len()), (None, 1), "{r:?}");
}

#[test]
fn what_is_frozen_for_a_while_is_not_frozen() {
    for text in ["freeze the encoder for 1 epoch, then unfreeze it", "freeze all layers for the first 2 epochs"] {
        let r = parse(&format!("BERT on SST-2, {text}"));
        assert_eq!((r.frozen, r.epochs, r.lacking.len()), (None, None, 1), "{text}: {r:?}");
    }
    let r = parse("BERT on SST-2, freeze the encoder and train for 3 epochs");
    assert_eq!((r.frozen, r.epochs), (Some(Frozen::Body), Some(3.0)));
    let r = parse("BERT on SST-2 with frozen encoder for 3 epochs");
    assert_eq!((r.frozen, r.epochs), (Some(Frozen::Body), Some(3.0)));
    let r = parse("BERT on SST-2, freeze the embeddings and the first 4 layers");
    assert_eq!(r.frozen, Some(Frozen::LowerLayers { count: 4 }));
}

#[test]
fn values_go_where_they_belong() {
    let r = parse("MiniLM on SST-2, label smoothing with epsilon 0.1");
    assert_eq!((r.label_smoothing, r.eps), (Some(0.1), None));
    let r = parse("MiniLM on SST-2, AdamW with eps 1e-6, label smoothing 0.2");
    assert_eq!((r.label_smoothing, r.eps), (Some(0.2), Some(1e-6)));
    let r = parse("MiniLM on SST-2, warm up the lr from 0 to 1e-3 over 500 steps");
    assert_eq!((r.lr, r.warmup, r.steps, r.refused.len()), (Some(1e-3), Some(Warmup::Steps(500)), None, 0));
    let r = parse("MiniLM on SST-2, linear warmup of the lr from 1e-6 to 1e-4 in 2 epochs");
    assert_eq!((r.lr, r.min_lr, r.warmup_epochs, r.epochs), (Some(1e-4), None, Some(2.0), None));
    let r = parse("ResNet-20 on CIFAR-10, lr from 1e-5 to 1e-3");
    assert_eq!((r.lr, r.min_lr), (Some(1e-3), None));
    let changes = |text: &str| {
        let r = parse(&format!("ResNet-20 on CIFAR-10, {text}"));
        assert!(r.refused.is_empty(), "{text}: {:?}", r.refused);
        r.augment
    };
    assert_eq!(changes("random horizontal flip (p=0.5)"), [Augment::HorizontalFlip]);
    assert_eq!(changes("RandAugment with magnitude 7"), [Augment::RandAugment { ops: 2, magnitude: 7 }]);
    let jitter = Augment::ColorJitter { brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.1 };
    assert_eq!(changes("color jitter 0.3"), [jitter]);
    assert_eq!(changes("cutmix with probability 0.5"), []);
    assert_eq!(changes("random crop with padding 2"), [Augment::PadCrop { padding: 2 }]);
    assert_eq!(changes("random crops with padding 2 and flips"), [Augment::PadCrop { padding: 2 }, Augment::HorizontalFlip]);
    let restarts = Some(ScheduleShape::CosineRestarts { cycles: None });
    assert_eq!(parse("MiniLM on SST-2, lr_scheduler_type=cosine_with_restarts").schedule, restarts);
    assert_eq!(parse("MiniLM on SST-2, cosine_with_restarts").schedule, None);
    let r = parse("MiniLM on SST-2, class weights 1:10");
    let own = AskedWeights::All { weights: vec![1.0, 10.0] };
    assert_eq!((r.class_weights, r.refused.len(), r.given_weights), (false, 0, Some(own)));
    assert!(parse("MiniLM on SST-2, balanced class weights, 3 epochs").class_weights);
    let r = parse("predict y in t.csv, hidden layers 128x64");
    assert_eq!((r.units.as_slice(), r.image_size), (&[128, 64][..], None));
}
