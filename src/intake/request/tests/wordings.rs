//! Wordings that a second set of requests by others had, in other words, each beside a neighbour that means something else.

use super::*;
use crate::spec::Warmup;

#[test]
fn a_small_model_of_a_family() {
    for text in ["a tiny ViT on CIFAR-10", "a small ResNet from scratch on CIFAR-10", "a compact, simple ResNet on CIFAR-10"] {
        let r = parse(text);
        assert!(r.is_small && is_clear(&r), "{text}: {:?}", r.not_understood);
    }
    let spanish = parse("clasifica las fotos de x.csv con un ResNet pequeño desde cero, 5 épocas, sin aumento de datos");
    assert_eq!((spanish.is_small, spanish.without), (true, vec![Without::Augmentation]));
    let german =
        parse("Trainiere ein kleines ResNet auf CIFAR-10, zehn Epochen, die ersten zwei Schichten sollen eingefroren bleiben");
    assert_eq!((german.is_small, german.frozen), (true, Some(Frozen::LowerLayers { count: 2 })));
    assert_eq!(german.size.layers, None);
    // BERT has sizes of such names, and a small subset is no small model.
    for text in ["a small BERT on SST-2", "ResNet on a small CIFAR-10 subset", "a small ResNet-56 on CIFAR-10"] {
        assert!(!parse(text).is_small, "{text}");
    }
}

#[test]
fn vision_transformers_in_words() {
    let r = parse("a Vision Transformer from scratch on CIFAR-10 with patch size 4, 6 layers and width 192");
    assert_eq!((r.model.clone(), r.size.patch, is_clear(&r)), (called("vit"), Some(4), true));
    assert_eq!(parse("a vision transformer (ViT-S/16) on CIFAR-10").model, parse("ViT-S/16 on CIFAR-10").model);
    assert_eq!(parse("a vision model on CIFAR-10").model, None);
}

#[test]
fn three_parts_in_a_sentence() {
    let r = parse("Use 70% of t.csv for training, 10% for validation and 20% for the test; MiniLM");
    assert_eq!((r.data_frac, r.watched, r.tested), (None, Some(AskedPart::Share(0.1)), Some(AskedPart::Share(0.2))));
    assert_eq!(parse("MiniLM, train on 10% of t.csv").data_frac, Some(0.1));
}

#[test]
fn numbers_in_words() {
    let r =
        parse("MiniLM on t.csv, three and a quarter epochs, lr of twenty millionths, warm-up over the first eighth of the steps");
    assert_eq!((r.epochs, r.lr, r.warmup), (Some(3.25), Some(2e-5), Some(Warmup::Frac(0.125))));
    assert!(is_clear(&r), "{:?}", r.not_understood);
    assert_eq!(parse("MiniLM on t.csv, lr three hundred-thousandths").lr, Some(3e-5));
    assert_eq!(parse("MiniLM on t.csv, lr three hundred thousandths").lr, None);
    assert_eq!(parse("MiniLM on t.csv for two and a half hours").max_time_secs, Some(9000));
    assert!(!parse("MiniLM on t.csv for zero epochs").refused.is_empty());
    assert_eq!(parse("two hundredths of the rows of t.csv").data_frac, None);
}

#[test]
fn times_of_people_are_no_limits() {
    for text in
        ["The room is booked for 45 minutes", "I have a meeting that takes 45 minutes", "We have 45 minutes on Monday to discuss"]
    {
        let r = parse(&format!("MiniLM on t.csv. {text}."));
        assert_eq!((r.max_time_secs, r.not_understood.is_empty()), (None, false), "{text}");
    }
    for text in [
        "We booked the GPU for 45 minutes",
        "Training is scheduled for 45 minutes",
        "I can wait for 45 minutes",
        "You have 45 minutes",
    ] {
        assert_eq!(parse(&format!("MiniLM on t.csv. {text}.")).max_time_secs, Some(2700), "{text}");
    }
}

#[test]
fn what_is_frozen_is_not_trained() {
    for text in ["freeze the encoder but fine-tune all layers", "full fine-tuning with the encoder frozen"] {
        assert_eq!(parse(&format!("MiniLM on t.csv, {text}")).refused.len(), 1, "{text}");
    }
    for text in ["freeze the embeddings and train all layers", "freeze the first 2 layers and train all layers above"] {
        let r = parse(&format!("MiniLM on t.csv, {text}"));
        assert!(r.refused.is_empty() && r.frozen.is_some(), "{text}: {r:?}");
    }
    for text in ["Freeze the MiniLM encoder and train just the classification head on t.csv", "Freeze MiniLM's encoder, t.csv"] {
        assert_eq!(parse(text).frozen, Some(Frozen::Body), "{text}");
    }
}

#[test]
fn ids_by_what_stands_around_them() {
    let id = at("HuggingFaceTB/SmolLM2-135M-Instruct-GGUF");
    for text in [
        "DPO on p.jsonl, initialized from HuggingFaceTB/SmolLM2-135M-Instruct-GGUF",
        "DPO on p.jsonl starting from HuggingFaceTB/SmolLM2-135M-Instruct-GGUF, 1 epoch",
        "SmolLM2-135M-Instruct-GGUF (HuggingFaceTB), DPO, p.jsonl",
        "SmolLM2 (HuggingFaceTB/SmolLM2-135M-Instruct-GGUF), DPO, p.jsonl",
    ] {
        let r = parse(text);
        assert!(r.model == id && r.data == local("p.jsonl") && is_clear(&r), "{text}: {r:?}");
    }
    let r = parse("SmolLM2-135M-Instruct-GGUF (HuggingFaceTB), DPO, p.jsonl, η=2×10⁻⁵, |B|=8, ctx 256");
    assert_eq!((r.lr, r.batch_size, r.max_seq_len, is_clear(&r)), (Some(2e-5), Some(8), Some(256), true), "{r:?}");
    assert_eq!(parse("MiniLM on data from x-org/y-data").model, called("minilm"));
    assert_eq!(parse("ResNet-20 (pretrained) on CIFAR-10").model, called("resnet-20"));
}

#[test]
fn what_takes_back_and_what_does_not() {
    let r = parse("a GPT from scratch that writes like novel.txt");
    assert!(r.from_scratch && r.refused.is_empty(), "{r:?}");
    assert_eq!(parse("MiniLM on t.csv, 5 epochs, scratch that, 3 epochs").epochs, Some(3.0));
    for text in ["lr 1e-4 - hmm no, that's too high, make it 3e-5 - and 2 epochs", "lr 1e-4, that's way too big, 3e-5, 2 epochs"]
    {
        let r = parse(&format!("MiniLM on t.csv, {text}"));
        assert_eq!((r.lr, r.epochs), (Some(3e-5), Some(2.0)), "{text}");
    }
    assert_eq!(parse("MiniLM on t.csv, lr 1e-4, that's too high I fear, 2 epochs").lr, Some(1e-4));
}

#[test]
fn conditions_are_told() {
    for text in ["if it takes more than an hour use 4 epochs instead", "should training run out of memory, do 4 epochs"] {
        let r = parse(&format!("MiniLM on t.csv, 8 epochs; {text}"));
        assert_eq!((r.epochs, r.refused.len(), r.not_understood.len()), (Some(8.0), 0, 1), "{text}");
    }
    assert_eq!(parse("MiniLM on t.csv, stop if it does not improve for 3 epochs").patience, Some(3));
}

#[test]
fn lists_of_widths_and_counts_of_seeds() {
    assert_eq!(parse("MLP on t.csv, hidden 64, 32, ReLU").units, [64, 32]);
    assert_eq!(parse("- data: t.csv\n- model: MLP, hidden 128-64-32\n- epochs: 3").units, [128, 64, 32]);
    assert_eq!(parse("MLP on t.csv, hidden 64, 10 epochs").units, [0; 0]);
    assert_eq!(parse("MiniLM on t.csv, seeds: 4").seeds, [0, 1, 2, 3]);
    assert_eq!((parse("MiniLM on t.csv, seeds 7").seeds, parse("MiniLM on t.csv, seed: 3").seeds), (vec![7], vec![3]));
}

#[test]
fn several_rates_are_a_search() {
    let r = parse("MiniLM on t.csv, explore 8 learning rates and keep the best one");
    assert!(r.search && r.tunes_rate && r.trials == Some(8) && is_clear(&r), "{r:?}");
    for text in ["with a learning rate of 8e-5", "try 3 learning rates: 1e-5, 2e-5 and 5e-5"] {
        assert!(!parse(&format!("MiniLM on t.csv, {text}")).search, "{text}");
    }
}

#[test]
fn short_words_with_letters_turned() {
    let r = parse("minilm on t.csv fro fuor epohcs wiht lerning raet 4e-5 adn bacth szie 8");
    assert_eq!((r.epochs, r.lr, r.batch_size), (Some(4.0), Some(4e-5), Some(8)));
    assert_eq!(parse("minilm on t.csv, predict tier form size").read_as, None);
    let italian = parse("Addestra Whisper da zero in ./clips, 4 epoche, misura il tasso di errore sui caratteri");
    assert_eq!(italian.metric, Some(crate::spec::Metric::Cer));
    // What is so anyway.
    assert!(is_clear(&parse("MiniLM on SST-2, fp16: false, not more as 50 steps")));
    assert!(!parse("MiniLM on SST-2, fp16: true").lacking.is_empty());
}
