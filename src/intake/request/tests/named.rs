//! Adapters, models and data as people write them.

use super::*;
use std::path::Path;

#[test]
fn an_adapter_is_said_in_one_word_or_several() {
    for (text, rank, [use_dora, use_rslora, as_stored]) in [
        ("with LoRA", None, [false, false, false]),
        ("with DoRA of rank 4", Some(4), [true, false, false]),
        ("with LoRA of rank 16 and DoRA", Some(16), [true, false, false]),
        ("with rsLoRA, rank 2", Some(2), [false, true, false]),
        ("using rs-LoRA with DoRA", None, [true, true, false]),
        ("with QLoRA of rank 4", Some(4), [false, false, true]),
        ("with LoRA of rank 4, keeping the base quantised", Some(4), [false, false, true]),
        ("with LoRA on the quantized base", None, [false, false, true]),
    ] {
        let r = parse(&format!("fine-tune MiniLM on SST-2 {text}"));
        let asked = AskedAdapter { rank, use_dora, use_rslora, as_stored, ..AskedAdapter::default() };
        assert_eq!(r.adapter, Some(asked), "{text}: {r:?}");
        assert!(r.not_understood.is_empty() && r.lacking.is_empty(), "{text}: {r:?}");
    }
    for (text, rank, alpha, dropout) in [
        ("LoRA fine-tune MiniLM on SST-2 with r=16 and alpha=32", Some(16), Some(32.0), None),
        ("QLoRA of MiniLM on SST-2, rank 8", Some(8), None, None),
        ("MiniLM on SST-2 with LoRA, lora_r=4, lora_alpha 8, lora_dropout=0.05", Some(4), Some(8.0), Some(0.05)),
        ("fine-tune MiniLM on SST-2 using LoRA (rank 4, alpha 16, dropout 0.1)", Some(4), Some(16.0), Some(0.1)),
        ("MiniLM on SST-2 with LoRA, r=8, alpha=16, dropout 0.05", Some(8), Some(16.0), Some(0.05)),
        ("MiniLM on SST-2 with LoRA, dropout of 0.05, rank 8", Some(8), None, Some(0.05)),
        ("MiniLM on SST-2 with LoRA of rank 8; dropout 0.2", Some(8), None, None),
    ] {
        let r = parse(text);
        let asked = r.adapter.unwrap_or_default();
        assert_eq!((asked.rank, asked.alpha, asked.dropout), (rank, alpha, dropout), "{text}: {r:?}");
        assert!(r.not_understood.is_empty(), "{text}: {r:?}");
    }
    let beta = |text: &str| parse(text).beta;
    assert_eq!(beta("DPO with GPT-2 on pairs.jsonl, beta 0.2"), Some(0.2));
    assert_eq!(beta("DPO with GPT-2 on pairs.jsonl, beta=0.05"), Some(0.05));
    assert_eq!(beta("MiniLM on SST-2, Adam with beta1 0.9"), None);
}

/// Words that people put around names and that hide no wish.
#[test]
fn ids_without_an_owner_and_models_by_their_usual_names() {
    let hub = |id: &str| Some(DataName::Hub { id: id.into(), config: None });
    let at = |id: &str| Some(ModelName::At { id: id.into() });
    for (text, data, model) in [
        ("translate English to French with t5-small on opus_books", hub("opus_books"), called("t5-small")),
        ("fine-tune distilgpt2 on my_org_texts", hub("my_org_texts"), at("distilbert/distilgpt2")),
        (
            "summarise cnn_dailymail with flan-t5-small",
            Some(DataName::Known { name: "CNN and Daily Mail".into() }),
            called("flan-t5-small"),
        ),
        (
            "fine-tune opus-mt-en-de on pairs.csv",
            Some(DataName::Local { path: "pairs.csv".into() }),
            at("Helsinki-NLP/opus-mt-en-de"),
        ),
        (
            "question answering with roberta-base on squad_v2",
            Some(DataName::Known { name: "SQuAD 2.0".into() }),
            at("FacebookAI/roberta-base"),
        ),
    ] {
        let r = parse(text);
        assert_eq!((&r.data, &r.model), (&data, &model), "{text}: {r:?}");
        assert!(r.not_understood.is_empty(), "{text}: {r:?}");
    }
    assert_eq!(parse("yes/no question answering on BoolQ with roberta-base").model, at("FacebookAI/roberta-base"));
    let made = |text: &str| {
        let r = parse(text);
        (r.from_scratch, r.pretrained, r.not_understood)
    };
    assert_eq!(made("pretrain a GPT on novel.txt"), (true, false, vec![]));
    assert_eq!(made("continue pretraining GPT-2 on novel.txt"), (false, true, vec![]));
    assert_eq!(made("fine-tune a pretrained BERT on SST-2"), (false, true, vec![]));
}

#[test]
fn a_sign_between_items_is_no_place() {
    let everywhere = |path: &str| Path::new(path).exists().then_some(Lying::Data);
    let r = parse_request("MRPC / MiniLM / lr 2e-5 / 2 epochs / bs 32 | 20% warmup", everywhere);
    assert_eq!(r.data, Some(DataName::Known { name: "MRPC".into() }), "{r:?}");
    assert_eq!((r.lr, r.epochs, r.batch_size, r.warmup), (Some(2e-5), Some(2.0), Some(32), Some(Warmup::Frac(0.2))));
    for sign in ["/", ".", "..", "~", "./", "../.."] {
        assert_eq!(parse_request(&format!("MiniLM on {sign} for 2 epochs"), everywhere).data, None, "{sign}");
    }
    assert_eq!(parse("MiniLM on reviews.csv, 80 / 20 split").tested, Some(AskedPart::Share(0.2)), "a ratio is one");
}

#[test]
fn of_several_names_of_a_family_the_one_with_a_size_is_meant() {
    for (text, name) in [
        ("the paper's network (ResNet) on CIFAR-10, as ResNet-56", "resnet-56"),
        ("a ResNet on CIFAR-10, smaller than ResNet-56", "resnet"),
        ("ResNet-20 on CIFAR-10 as in the ResNet paper", "resnet-20"),
        ("a GPT on novel.txt with GPT-2 BPE", "gpt"),
    ] {
        assert_eq!(parse(text).model, Some(ModelName::Called { name: name.into() }), "{text}");
    }
}

#[test]
fn rows_that_are_to_be_ignored_are_told() {
    let r = parse("predict mood in notes.csv. A few rows have mood '-', skip those. 3 epochs");
    assert!(r.lacking.iter().any(|lack| lack.of == Lack::Filter && lack.words.contains("rows have mood")), "{r:?}");
    assert_eq!(r.label.as_deref(), Some("mood"));
}

#[test]
fn two_folders_are_splits_where_one_is_trained_on() {
    let at = |path: &str| path.contains('/').then_some(Lying::Data);
    let path = |text: &str| match parse_request(text, at).data {
        Some(DataName::Local { path }) => path.to_string_lossy().into_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(path("ResNet-20 on photos/train, test on photos/val"), "photos");
    assert_eq!(path("ResNet-20 with photos/val and photos/train"), "photos");
    let request = parse_request("train ResNet-20 on photos/val, test on photos/train", at);
    assert_eq!((path("train ResNet-20 on photos/val, test on photos/train").as_str(), request.refused.len()), ("photos/val", 1));
}
