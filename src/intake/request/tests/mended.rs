//! What was planned as another experiment than the one that was asked for.

use super::*;
use crate::intake::request::{AskedOrder, AskedPart, Frozen, Without};
use crate::spec::{Augment, Metric};

#[test]
fn what_is_frozen_in_unclear_words_is_refused() {
    for text in [
        "Freeze the whole MiniLM including the classification head and fine-tune it on SST-2 for 3 epochs",
        "fine-tune MiniLM on SST-2 with everything frozen, head included",
        "MiniLM on SST-2, freeze all weights",
        "MiniLM on SST-2, freeze some of the middle layers",
        "MiniLM on SST-2, the whole model stays frozen",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().any(|refused| refused.expected.contains("the encoder")), "{text}: {r:?}");
    }
    for text in [
        "predict sales of frozen food in shop.csv",
        "classify freezing rain in weather.csv with an mlp",
        "MiniLM on SST-2, don't freeze anything",
        "MiniLM on SST-2 with no frozen layers",
    ] {
        let r = parse(text);
        assert_eq!((r.refused, r.frozen), (vec![], None), "{text}");
    }
}

#[test]
fn all_but_the_last_layers_in_other_orders_and_languages() {
    for text in [
        "MiniLM on SST-2, freeze everything except the 2 last layers",
        "MiniLM on SST-2 with everything but the last two layers frozen",
        "entrena MiniLM con spam.csv, congela todo menos las dos últimas capas, 6 épocas",
        "entraîne MiniLM sur spam.csv, gèle tout sauf les deux dernières couches, 6 époques",
        "addestra MiniLM su spam.csv, congela tutto tranne gli ultimi due strati, 6 epoche",
        "treine MiniLM com spam.csv, congele tudo exceto as duas últimas camadas, 6 épocas",
        "Trainiere MiniLM auf spam.csv, alles außer den letzten zwei Schichten einfrieren, 6 Epochen",
    ] {
        assert_eq!(parse(text).frozen, Some(Frozen::AllButUpperLayers { count: 2 }), "{text}");
    }
}

#[test]
fn a_column_is_corrected_as_a_number_is() {
    for text in [
        "train an mlp on penguins.csv to predict sex... sorry, species! so drop sex then",
        "train an mlp on penguins.csv to predict sex, no, species",
        "mlp on penguins.csv, predict sex - I mean species",
    ] {
        assert_eq!(parse(text).label.as_deref(), Some("species"), "{text}");
    }
    for text in [
        "mlp on penguins.csv, predict sex, sorry for the mess",
        "mlp on penguins.csv to predict sex. Sorry, typing fast",
        "mlp on penguins.csv, predict sex, actually only for adults",
    ] {
        assert_eq!(parse(text).label.as_deref(), Some("sex"), "{text}");
    }
}

#[test]
fn nothing_of_a_run_that_is_told_of_is_taken() {
    let r = parse(
        "Last year's model had 0.82 accuracy after 7 epochs of batch 64; I want to beat that. tickets.csv, MiniLM, 5 epochs",
    );
    assert_eq!((r.batch_size, r.epochs, r.target), (None, Some(5.0), Some(0.82)), "{r:?}");
    for text in [
        "Our old model was trained with lr 1e-2 and batch 256. MiniLM on tickets.csv, 5 epochs",
        "The production classifier got 0.7 with batch size 64. MiniLM on tickets.csv, 5 epochs",
        "Last quarter's run used dropout 0.3, batch size 64. MiniLM on tickets.csv, 5 epochs",
    ] {
        let r = parse(text);
        assert_eq!((r.batch_size, r.lr, r.dropout, r.epochs), (None, None, None, Some(5.0)), "{text}: {r:?}");
    }
    for text in
        ["MiniLM on tickets.csv with batch 64, as the last model", "MiniLM on tickets.csv, batch 64, to beat the old model"]
    {
        assert_eq!(parse(text).batch_size, Some(64), "{text}");
    }
}

#[test]
fn the_value_of_a_method_that_there_is_not_is_no_other_setting() {
    for text in [
        "LoRA r=8 on gpt2 and chat.jsonl, neftune alpha 5",
        "LoRA r=8 on gpt2 and chat.jsonl, neftune_noise_alpha=5",
        "LoRA r=8 on gpt2 and chat.jsonl with focal loss alpha 0.25",
    ] {
        assert_eq!(parse(text).adapter.map(|adapter| adapter.alpha), Some(None), "{text}");
    }
    let r = parse("LoRA r=8 alpha=32 on gpt2 and chat.jsonl, neftune alpha 5");
    assert_eq!(r.adapter.and_then(|adapter| adapter.alpha), Some(32.0), "{r:?}");
    let r = parse("gpt2 on chat.jsonl, QLoRA r=8 only q_proj,v_proj, 300 steps");
    assert_eq!((r.adapter_targets, r.steps), (vec!["q_proj".to_string(), "v_proj".into()], Some(300)));
    assert!(parse("gpt2 on chat.jsonl, LoRA on everything but q_proj").adapter_targets.is_empty());
}

#[test]
fn rows_that_are_chosen_by_what_they_hold_are_told_as_such() {
    for text in [
        "predict loan_status in loans.csv, but ignore the rows that are still 'Current'",
        "predict loan_status in loans.csv, only rows where country is DE",
        "predict price in houses.csv, drop all records with a price below 1000",
        "classify x.csv by kind, rows where lang is fr should be skipped",
        "predict price in houses.csv WHERE city != 'Oslo'",
    ] {
        let r = parse(text);
        assert_eq!(r.lacking.iter().map(|lack| lack.of).collect::<Vec<_>>(), [Lack::Filter], "{text}: {r:?}");
    }
    for (text, words) in [
        ("predict y in x.csv, only rows where country is DE, FR or US, 3 epochs", "only rows where country is DE, FR or US"),
        ("predict y in x.csv, only rows with income over 1,000, 3 epochs", "only rows with income over 1,000"),
        ("predict y in x.csv WHERE country IN ('DE', 'FR'), 3 epochs", "WHERE country IN ('DE', 'FR'"),
        ("predict y in x.csv, only rows where country is DE, and 3 epochs", "only rows where country is DE"),
    ] {
        let r = parse(text);
        assert_eq!(r.lacking.iter().map(|lack| lack.words.as_str()).collect::<Vec<_>>(), [words], "{text}: {r:?}");
        assert_eq!(r.epochs, Some(3.0), "{text}");
    }
    for text in [
        "predict price in houses.csv, hold out 20% of the rows",
        "predict price in houses.csv where possible with an mlp",
        "predict price in houses.csv, use the rows from the last year for testing",
        "predict price in houses.csv, drop the column rows",
    ] {
        assert!(parse(text).lacking.iter().all(|lack| lack.of != Lack::Filter), "{text}");
    }
}

#[test]
fn flips_only_leaves_out_what_is_usual_besides() {
    let crop = Without::Change { augment: Augment::PadCrop { padding: 4 } };
    for text in [
        "ResNet-20 from scratch on leaves/, flips only",
        "ResNet-20 from scratch on leaves/, augmentation: only horizontal flips",
        "ResNet-20 from scratch on leaves/ with just random flips as augmentation",
    ] {
        let r = parse(text);
        assert_eq!(
            (r.augment.as_slice(), r.without.contains(&crop)),
            ([Augment::HorizontalFlip].as_slice(), true),
            "{text}: {r:?}"
        );
        assert_eq!(r.refused, [], "{text}");
    }
    for text in ["mlp on fields.csv, predict crops only", "ResNet-20 on leaves/, the images are only flipped"] {
        assert!(parse(text).without.is_empty(), "{text}");
    }
}

#[test]
fn inputs_and_labels_in_few_words() {
    let r = parse("Summarise news: body in, highlights out, from articles.jsonl. Inputs cut at 128 tokens and summaries at 32");
    assert_eq!((r.input.as_slice(), r.label.as_deref()), (["body".to_string()].as_slice(), Some("highlights")));
    assert_eq!((r.max_seq_len, r.max_target_len), (Some(128), Some(32)));
    assert_eq!(parse("mlp on a.csv: age in, zip out, predict price").label.as_deref(), Some("price"));
    let r = parse("Use data.csv. The last column is what I want to predict, except the columns that start with tmp_. mlp 64");
    assert_eq!((r.label.as_deref(), r.exclude.as_slice()), (Some("last"), ["tmp_*".to_string()].as_slice()));
    assert_eq!((r.size.layers, r.size.hidden), (Some(1), Some(64)));
    assert_eq!(parse("mlp on a.csv, drop all *_raw columns, predict y").exclude, ["*_raw"]);
    assert_eq!(parse("readmitted_30d from patients.csv, mlp").label.as_deref(), Some("readmitted_30d"));
    let r = parse("MiniLM sentence embeddings on sts.csv (sent_a, sent_b, similarity from 0 to 5 in sim_score), Spearman");
    assert_eq!((r.label.as_deref(), r.embeddings), (Some("sim_score"), true));
    let perhaps = parse("MiniLM on news.csv, classify section from headline + lede").perhaps_columns();
    assert_eq!((perhaps.label, perhaps.input.contains(&"section".to_string())), (vec!["section".to_string()], false));
    let perhaps = parse("MiniLM, classify reviews from reviews.csv by stars").perhaps_columns();
    assert!(!perhaps.label.contains(&"reviews".to_string()), "{perhaps:?}");
}

#[test]
fn which_of_a_hubs_data_sets_in_one() {
    let config = |text: &str| match parse(text).data {
        Some(DataName::Hub { config, .. }) => config,
        _ => None,
    };
    for text in [
        "fine-tune MiniLM on nyu-mll/glue, subset mrpc, 3 epochs",
        "dataset: nyu-mll/glue\nsubset: mrpc\nnum_train_epochs: 4",
        "MiniLM on nyu-mll/glue with the config mrpc, 3 epochs",
    ] {
        assert_eq!(config(text).as_deref(), Some("mrpc"), "{text}");
    }
    for text in ["MiniLM on nyu-mll/glue, a small subset of it", "MiniLM on nyu-mll/glue, config file x.toml"] {
        assert_eq!(config(text), None, "{text}");
    }
}

#[test]
fn what_is_said_of_rates_and_weights() {
    let r = parse("MiniLM on SST-2, peak lr of 1e-3 decaying to 1e-4 on a cosine");
    assert_eq!((r.lr, r.min_lr), (Some(1e-3), Some(1e-4)), "{r:?}");
    let r = parse("MiniLM on SST-2, lr 1e-3, cosine, floor at 10% of peak");
    assert!(r.min_lr.is_some_and(|lr| (lr - 1e-4).abs() < 1e-12), "{r:?}");
    for text in ["weight the loss by inverse frequency", "reweight classes by their frequency", "inverse frequency weighting"] {
        assert!(parse(&format!("MiniLM on SST-2, {text}")).class_weights, "{text}");
    }
    let r = parse("用评论.csv训练MiniLM，3轮，按日期切分，最新的20%作为测试集，指标用宏平均F1");
    assert_eq!((r.tested, r.metric), (Some(AskedPart::Share(0.2)), Some(Metric::MacroF1)), "{r:?}");
    assert!(r.ordered_by.is_some(), "{r:?}");
}

#[test]
fn what_is_refused_in_english_is_so_in_other_languages() {
    let french = "Entraîne un MLP sur churn.tsv pour prédire churned, 80 époques, une validation croisée à 5 plis";
    let r = parse(french);
    assert!(r.refused.iter().any(|refused| refused.expected.contains("one split")), "{r:?}");
    let r = parse(&format!("{french} si possible"));
    assert_eq!((r.refused, r.lacking.len(), r.epochs), (vec![], 1, Some(80.0)));
}

#[test]
fn a_measure_that_there_is_not_takes_its_value_along() {
    let r = parse("predict status in loans.csv, I need a recall of at least 0.6 for Charged Off");
    assert_eq!((r.lacking.iter().map(|lack| lack.of).collect::<Vec<_>>(), r.target), (vec![Lack::Metric], None), "{r:?}");
    let r = parse("predict status in loans.csv, precision, recall and F1 above 0.8");
    assert_eq!((r.metric, r.target), (Some(Metric::F1), Some(0.8)), "{r:?}");
}

#[test]
fn one_training_after_another_is_two_runs() {
    for text in [
        "First train MiniLM on SST-2 for 1 epoch, then take that model and fine-tune it on reviews.jsonl for 3 epochs",
        "First fine-tune MiniLM on SST-2 and then train it further on reviews.jsonl",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().any(|refused| refused.expected.starts_with("one training")), "{text}: {r:?}");
    }
    for text in [
        "First train the head of MiniLM on SST-2, then everything",
        "Train MiniLM on SST-2, first with a low rate, then evaluate it on the test set",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().all(|refused| !refused.expected.starts_with("one training")), "{text}: {r:?}");
    }
}

#[test]
fn when_is_said_in_other_languages() {
    for column in ["Datum", "created_at", "Verkaufsdatum", "sold_date"] {
        let r = parse(&format!("predict price in homes.csv, 20% for testing, the latest by {column}"));
        assert_eq!((r.tested, r.ordered_by), (Some(AskedPart::Share(0.2)), Some(AskedOrder::By(column.into()))));
    }
    // What says nothing of when is no order.
    assert_eq!(parse("predict price in homes.csv, 20% for testing, the latest by far").ordered_by, None);
}
