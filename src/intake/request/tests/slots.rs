//! Wishes of a kind that may stand in many words: whose rows stay together, which end of the data is tested on, how a rate goes on.

use super::*;
use crate::intake::ScheduleShape;
use crate::intake::request::{AskedOrder, AskedPart, Edge, Frozen, SplitBy};
use crate::spec::Metric;

fn of_gait(text: &str) -> Request {
    parse(&format!("MLP on gait.csv, predict activity, 5 epochs. {text}"))
}

#[test]
fn rows_of_one_are_on_one_side() {
    for text in [
        "All rows of one rider should be in the same split.",
        "Questions about one rider should all fall in the same split.",
        "Everything from one rider goes to the same side of the split.",
        "Each rider belongs to one side only.",
        "No rider on both sides.",
        "Keep the rows of each rider on one side of the split.",
        "A rider must be either in training or in test, never in both.",
    ] {
        let r = of_gait(text);
        let by: Vec<&SplitBy> = r.parted.iter().map(|asked| &asked.by).collect();
        assert_eq!(by, [&SplitBy::Group("rider".into())], "{text}: {r:?}");
        assert_eq!((is_clear(&r), r.epochs), (true, Some(5.0)), "{text}: {r:?}");
    }
    let named = of_gait("Steps of the same rider (rider_no) have to stay in the same split.");
    assert_eq!(named.parted.iter().map(|asked| &asked.by).collect::<Vec<_>>(), [&SplitBy::Group("rider_no".into())], "{named:?}");
    for text in ["All layers of one block are in the same precision.", "Put it in the same folder.", "Each epoch is one pass."] {
        assert_eq!(of_gait(text).parted, [], "{text}");
    }
}

#[test]
fn the_newest_are_tested_on_whatever_stands_between() {
    let by = |column: &str| Some(AskedOrder::By(column.into()));
    for (text, share, order) in [
        ("Newest 15 % of the mails (received_at) as test set.", 0.15, by("received_at")),
        ("Latest 15% by received_at as the test set.", 0.15, by("received_at")),
        ("The test set should be the most recent 15% by date.", 0.15, by("date")),
        ("Hold the newest fifth back for the test.", 0.2, None),
        ("Test: newest quarter by received_at.", 0.25, by("received_at")),
        ("Use the 20% most recently received mails as the test set.", 0.2, None),
    ] {
        let r = of_gait(text);
        assert_eq!((r.tested, r.tested_at), (Some(AskedPart::Share(share)), Some(Edge::Latest)), "{text}: {r:?}");
        assert_eq!(&r.ordered_by, &order, "{text}: {r:?}");
    }
    let r = of_gait("train: first 80% by received_at, test: the remaining 20%");
    assert_eq!((r.tested, r.ordered_by.clone()), (Some(AskedPart::Share(0.2)), by("received_at")), "{r:?}");
    let r = of_gait("The last 10% in time are for testing.");
    assert_eq!((r.tested, r.ordered_by.clone()), (Some(AskedPart::Share(0.1)), Some(AskedOrder::Time)), "{r:?}");
    let r = of_gait("Train on runs recorded in 2021, 2022 and 2023, test on 2024.");
    assert_eq!(r.parted.first().map(|asked| asked.by.clone()), Some(SplitBy::Border("2024".into())), "{r:?}");
}

#[test]
fn how_a_rate_goes_on() {
    let of = |text: &str| parse(&format!("MiniLM on mails.csv, predict team, {text}, 3 epochs"));
    for text in ["lr 2e-4 constant", "lr 2e-4 held constant", "lr 2e-4 which stays constant", "lr 2e-4, keep the lr constant"] {
        let r = of(text);
        assert_eq!((r.lr, &r.schedule, is_clear(&r)), (Some(2e-4), &Some(ScheduleShape::Constant), true), "{text}: {r:?}");
    }
    for text in [
        "lr 1e-3 decaying to a tenth by cosine",
        "lr 1e-3 with cosine decay down to one tenth of it",
        "cosine, lr 1e-3 decaying to 10% of its peak",
        "lr 1e-3 -> 1e-4 cosine",
    ] {
        let r = of(text);
        assert_eq!((r.lr, &r.schedule), (Some(1e-3), &Some(ScheduleShape::Cosine)), "{text}: {r:?}");
        assert!(r.min_lr.is_some_and(|lr| (lr - 1e-4).abs() < 1e-9), "{text}: {r:?}");
    }
    let r = of("lr 1e-3 linearly decaying to 10% of its peak");
    assert_eq!((&r.schedule, is_clear(&r)), (&Some(ScheduleShape::Linear), true), "{r:?}");
    for text in [
        "5% of steps for warm-up",
        "half a warm-up epoch is overkill so 5% of steps",
        "a warm-up epoch is too long, 5% of the steps",
    ] {
        assert_eq!(of(text).warmup, Some(crate::spec::Warmup::Frac(0.05)), "{text}");
    }
    assert_eq!(of("no warm-up, drop the lr at 50% of training").warmup, Some(crate::spec::Warmup::Steps(0)));
}

#[test]
fn pieces_of_a_batch_and_the_best_checkpoint() {
    let of = |text: &str| parse(&format!("MiniLM on mails.csv, predict team, {text}, 3 epochs"));
    let r = of("per-device batch 1 with 8 accumulation steps");
    assert_eq!((r.batch_size, r.micro_batch_size, is_clear(&r)), (Some(8), Some(1), true), "{r:?}");
    for (text, metric) in [
        ("keep the checkpoint that is best by validation macro F1", Some(Metric::MacroF1)),
        ("choose the checkpoint by validation accuracy", Some(Metric::Accuracy)),
        ("pick the model on the dev accuracy", Some(Metric::Accuracy)),
    ] {
        let r = of(text);
        assert_eq!((r.keep_best, r.metric, is_clear(&r)), (true, metric, true), "{text}: {r:?}");
    }
    for (text, metric) in [("r2_score", Metric::R2), ("mean_absolute_error", Metric::Mae), ("roc_auc_score", Metric::Auroc)] {
        assert_eq!(of(text).metric, Some(metric), "{text}");
    }
    assert!(parse("Entrena un MLP con a.csv, clases ponderadas, 10 épocas").class_weights);
}

#[test]
fn all_layers_and_a_frozen_encoder_are_two_wishes() {
    let of = |text: &str| parse(&format!("MiniLM on mails.csv, predict team, 3 epochs. {text}"));
    for text in [
        "Train all the layers at lr 2e-5, but keep the encoder completely frozen.",
        "Fine-tune all layers but freeze the encoder.",
        "Train the whole model, with the encoder completely frozen.",
        "Everything should be trained, yet the encoder must remain fully frozen.",
        "Unfreeze everything; the encoder is to stay frozen throughout.",
        "All weights trainable. Encoder weights frozen.",
    ] {
        let r = of(text);
        assert_eq!(r.refused.len(), 1, "{text}: {r:?}");
        assert!(r.refused[0].words.contains("frozen, and "), "{text}: {r:?}");
    }
    for (text, frozen) in [
        ("Train all the layers, but the embeddings stay frozen.", Frozen::Embeddings),
        ("Train every layer except the first 2, which are frozen.", Frozen::LowerLayers { count: 2 }),
        ("Freeze the encoder and train all layers of the head.", Frozen::Body),
        ("Keep the encoder entirely frozen.", Frozen::Body),
    ] {
        let r = of(text);
        assert_eq!((r.frozen, &r.refused[..]), (Some(frozen), &[][..]), "{text}: {r:?}");
    }
}

#[test]
fn columns_of_a_list_may_be_said_by_how_they_begin() {
    for (text, alike) in [
        ("from cadence and everything that starts with acc_", "everything that starts with acc_"),
        ("from cadence plus all columns ending in _raw", "all columns ending in _raw"),
        ("from cadence and acc_*", "acc_*"),
    ] {
        let r = of_gait(text);
        assert_eq!(r.alike, [alike], "{text}: {r:?}");
        assert!(!r.not_understood.iter().any(|words| words.contains("acc") || words.contains("raw")), "{text}: {r:?}");
    }
    assert_eq!(of_gait("without the _raw columns").exclude, ["*_raw"]);
}
