//! Settings that are said in other words than the usual, and what is said around them, each beside a neighbour that means something else.

use super::*;
use crate::intake::{ScheduleShape, Unit};
use crate::spec::Augment;

#[test]
fn the_head_may_have_so_many_times_the_rate_of_all_else() {
    let rates = |text: &str| {
        let r = parse(text);
        (r.lr, r.times.head_lr, r.refused.len())
    };
    assert_eq!(rates("BERT on r.csv, lr 3e-5, classifier head 5x that"), (Some(3e-5), Some(5.0), 0));
    assert_eq!(rates("BERT on r.csv, lr 3e-5, head lr 8x, 2 epochs"), (Some(3e-5), Some(8.0), 0));
    assert_eq!(rates("BERT on r.csv, lr 3e-5 and 20 times the learning rate for the head"), (Some(3e-5), Some(20.0), 0));
    assert_eq!(rates("BERT on r.csv, lr 3e-5, head 1e-3"), (Some(3e-5), None, 0));
    assert_eq!(parse("BERT with a classifier 3x64 on r.csv").times.head_lr, None);
}

#[test]
fn what_is_left_of_the_rate_is_a_rate_or_a_share_of_it() {
    let least = |text: &str| {
        let r = parse(text);
        (r.min_lr, r.times.min_lr)
    };
    assert_eq!(least("MiniLM on r.csv, lr 1e-3 with 50 warmup steps, decaying to 2e-4 on a cosine"), (Some(2e-4), None));
    assert_eq!(least("MiniLM on r.csv, cosine with a floor at 5% of peak"), (None, Some(0.05)));
    let (of_rate, _) = least("MiniLM on r.csv, peak lr 6e-4 with cosine decay to 10% of it");
    assert!(of_rate.is_some_and(|lr| (lr - 6e-5).abs() < 1e-12), "{of_rate:?}");
    assert_eq!(least("MiniLM on r.csv, lr 1e-3, weight decay 1e-2"), (None, None));
    assert_eq!(parse("one-cycle lr (max 0.05) on MNIST").lr, Some(0.05));
}

#[test]
fn a_rate_may_fall_again() {
    let at = |text: &str| match parse(text).schedule {
        Some(ScheduleShape::Milestones { at, unit: Some(Unit::Epochs), divisor }) => (at, divisor),
        other => panic!("{text}: {other:?}"),
    };
    let twice = (vec![6.0, 9.0], Some(10.0));
    for text in [
        "ResNet-20 on CIFAR-10, lr 0.1, divide the lr by 10 after epoch 6 and again after epoch 9",
        "ResNet-20 on CIFAR-10, lr 0.1, divided by 10 after epoch 6, and again after epoch 9, 12 epochs",
        "ResNet-20 on CIFAR-10, drop the lr by 10x after epoch 6 and then again after epoch 9",
    ] {
        assert_eq!(at(text), twice, "{text}");
    }
}

#[test]
fn models_of_two_sides_say_their_layers_at_once() {
    for text in
        ["a transformer with 2+2 layers on a.csv", "Transformer (2+2 layers), 128 wide", "from scratch, 2 + 2 transformer layers"]
    {
        assert_eq!(parse(text).size.layers, Some(2), "{text}");
    }
}

#[test]
fn images_are_turned_by_an_angle() {
    let turns = |text: &str| parse(text).augment;
    let by = |degrees| vec![Augment::Rotation { degrees }];
    assert_eq!(turns("ViT on photos/, rotate by up to 20 degrees"), by(20.0));
    assert_eq!(turns("ViT on photos/, rotation 25 degrees"), by(25.0));
    assert_eq!(turns("ViT on photos/, random rotation"), by(15.0));
    for text in ["photos/ are rotated 90 degrees already", "crop rotation by year in fields.csv", "rotate the logs"] {
        assert_eq!(turns(text), [], "{text}");
    }
    assert!(parse("ViT on photos/, sample the classes evenly").balanced_sampling);
    assert!(!parse("ViT on photos/, sample evenly spaced rows").balanced_sampling);
}

#[test]
fn vectors_have_a_scale_and_speech_is_compared_plainly() {
    let scale = |text: &str| parse(text).similarity_scale;
    assert_eq!(scale("contrastive MiniLM embeddings on p.csv, scale 35"), Some(35.0));
    assert_eq!(scale("MiniLM with in-batch negatives on p.csv, temperature 0.1"), Some(10.0));
    assert_eq!(scale("MLP on p.csv, predict scale, temperature 0.1"), None);
    let plain = |text: &str| parse(text).speech.is_some_and(|speech| speech.compared_plainly);
    assert!(plain("Whisper on clips/, WER, ignore case and punctuation"));
    assert!(plain("Whisper on clips/, case-insensitive WER"));
    assert!(!plain("Whisper on clips/, WER"));
}

#[test]
fn numbers_of_decay_and_clipping_may_be_words() {
    let r = parse("BERT on r.csv, weight decay of one hundredth and gradients clipped at one");
    assert_eq!((r.weight_decay, r.refused.len()), (Some(0.01), 0));
    assert_eq!(parse("BERT on r.csv, clip the gradients at one, 3 epochs").grad_clip_norm, Some(1.0));
}

#[test]
fn what_is_needed_around_a_run_is_told_by_its_kind() {
    let of = |text: &str| parse(text).lacking.into_iter().map(|lacking| lacking.of).collect::<Vec<_>>();
    for text in ["train it on 4 GPUs", "use my A100", "with DDP", "with torch.compile", "flash attention 2"] {
        assert_eq!(of(&format!("BERT on r.csv, {text}")), [Lack::Hardware], "{text}");
    }
    for text in ["log to wandb", "track runs in MLflow", "in a Docker container", "in a Jupyter notebook"] {
        assert_eq!(of(&format!("BERT on r.csv, {text}")), [Lack::Tool], "{text}");
    }
    for text in ["predict gpu from cpu and ram", "MLP on notebooks.csv", "aim for 90%", "printed on A4 paper"] {
        assert_eq!(of(&format!("{text}, MLP on r.csv")), [], "{text}");
    }
}

#[test]
fn what_is_written_shortly_is_read() {
    let r = parse("can u train an mlp on a.csv? pls dont use zip_code, predict price");
    assert!(
        r.exclude.contains(&"zip_code".to_string()) || r.perhaps_columns().exclude.contains(&"zip_code".to_string()),
        "{r:?}"
    );
    let left = parse("Let's do 5 epochs instead and lr 1e-4 for MiniLM on a.csv").not_understood;
    assert_eq!(left, Vec::<String>::new());
    let thanks = parse("MLP on a.csv, 3 epochs. Gracias, Lucas");
    assert!(!thanks.not_understood.iter().any(|words| words.contains("Lucas")), "{thanks:?}");
    let r = parse("What do we get on SST-2 if we use MiniLM in place of BERT? 1 epoch");
    assert!(!r.not_understood.iter().any(|words| words == "if"), "{r:?}");
}

#[test]
fn a_column_that_is_left_out_and_asked_for_is_refused() {
    for text in [
        "MLP on a.csv, predict price without zip but use zip as a feature",
        "MLP on a.csv, predict price. Use every column except zip. zip says most, so make sure it is one of the features.",
        "MLP on a.csv, predict price, drop zip. zip must be one of the inputs.",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().any(|refused| refused.words.contains("zip")), "{text}: {r:?}");
    }
    for text in [
        "MLP on a.csv, predict price without zip, use rooms as a feature",
        "MLP on a.csv, predict price, drop zip. zip must not be one of the inputs.",
        "MLP on a.csv, predict price without zip. Actually, use zip as a feature after all",
    ] {
        assert_eq!(parse(text).refused, [], "{text}");
    }
}

#[test]
fn other_languages_say_it_in_their_order() {
    let r = parse("Ich möchte die Miete aus wohnungen.csv vorhersagen. nummer und strasse bitte weglassen. 40 Epochen");
    assert!(r.label.as_deref() == Some("Miete") || r.perhaps_columns().label.contains(&"Miete".to_string()), "{r:?}");
    let out = parse("Miete in wohnungen.csv vorhersagen. Lass nummer und strasse weg. 40 Epochen").perhaps_columns().exclude;
    assert!(out.contains(&"nummer".to_string()) && out.contains(&"strasse".to_string()), "{out:?}");
    let r = parse("à partir de notes.csv je voudrais prédire la note d'après le commentaire, 3 époques");
    assert!(
        r.perhaps_columns().input.contains(&"commentaire".to_string()) || r.input.contains(&"commentaire".to_string()),
        "{r:?}"
    );
    let r = parse(
        "un modelo de lenguaje tipo GPT a nivel de caracteres con libro.txt: 3 capas, dimensión 96, contexto de 64, 500 pasos",
    );
    assert_eq!((r.characters, r.size.hidden, r.max_seq_len, r.steps), (true, Some(96), Some(64), Some(500)), "{r:?}");
    let r = parse("用MiniLM对评论.csv做文本分类：训练2轮，学习率2e-5");
    assert_eq!(r.data, Some(DataName::Local { path: "评论.csv".into() }), "{r:?}");
    assert_eq!(r.epochs, Some(2.0));
}
