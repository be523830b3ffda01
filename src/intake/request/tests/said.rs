//! Settings as people say them.

use super::*;
use crate::spec::{Augment, Length};

/// Nothing is left that was not understood.
fn all_of(text: &str) -> Request {
    let request = parse(text);
    assert!(is_clear(&request), "{text}: {:?} {:?} {:?}", request.not_understood, request.refused, request.lacking);
    request
}

#[test]
fn images_are_changed_as_was_said() {
    let changes = |text: &str| all_of(&format!("train ResNet-20 on CIFAR-10 {text}")).augment;
    let (crop, flip) = (Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip);
    for text in ["with flip and crop", "with random crops and flips", "using random crop + horizontal flip"] {
        assert_eq!(changes(text), [crop, flip], "{text}");
    }
    assert_eq!(changes("with random flips"), [flip]);
    assert_eq!(changes("with random cropping"), [crop]);
    assert_eq!(changes("with mixup 0.4"), [Augment::Mixup { alpha: 0.4 }]);
    assert_eq!(changes("with mixup (alpha=0.1) for 2 epochs"), [Augment::Mixup { alpha: 0.1 }]);
    assert_eq!(changes("with cutmix alpha 0.5"), [Augment::Cutmix { alpha: 0.5 }]);
    assert_eq!(changes("with random rotations of up to 10 degrees"), [Augment::Rotation { degrees: 10.0 }]);
    assert_eq!(changes("with mixup, 2 epochs"), [Augment::Mixup { alpha: 0.2 }]);
    // Words that are none of images.
    for text in ["predict crop yield in farms.csv", "classify coin flips in coins.csv", "MiniLM on SST-2, flip the labels"] {
        assert_eq!(parse(text).augment, [], "{text}");
    }
    let upside_down = parse("train ResNet-20 on CIFAR-10 with vertical flips");
    assert!(upside_down.augment.is_empty() && !upside_down.not_understood.is_empty(), "{:?}", upside_down.not_understood);
}

#[test]
fn sizes_of_a_model_from_scratch() {
    let size = |text: &str| all_of(text).size;
    let gpt = size("train a character-level GPT with 6 layers, 6 heads, 384 embedding dim on novel.txt");
    assert_eq!((gpt.layers, gpt.heads, gpt.hidden), (Some(6), Some(6), Some(384)));
    for text in [
        "BERT from scratch, 4 layers 256 wide",
        "BERT from scratch with 4 layers of width 256",
        "a BERT from scratch: 256-dimensional, 4 layers",
    ] {
        let size = size(&format!("{text} on SST-2"));
        assert_eq!((size.layers, size.hidden), (Some(4), Some(256)), "{text}");
    }
    let both =
        "a Transformer with 2 encoder and 2 decoder layers, d_model 128, 4 heads, ffn 512, vocabulary 8000 on toy_translation";
    let both = parse(both).size;
    assert_eq!(
        (both.layers, both.hidden, both.heads, both.intermediate, both.vocab),
        (Some(2), Some(128), Some(4), Some(512), Some(8000))
    );
    let uneven = parse("translate toy_translation with 6 encoder layers and 2 decoder layers");
    assert_eq!(uneven.refused.len(), 1, "{:?}", uneven.refused);
    assert_eq!(size("BERT from scratch on SST-2 with a vocab size of 8k").vocab, Some(8000));
    assert_eq!(size("BERT from scratch on SST-2 with intermediate size 1024").intermediate, Some(1024));
    let tiny = all_of("train ViT-Tiny from scratch on CIFAR-10");
    assert_eq!((tiny.model, tiny.size.layers, tiny.size.hidden), (called("vit"), Some(12), Some(192)));
}

#[test]
fn letters_are_tokens() {
    for text in
        ["a character-level GPT on novel.txt", "GPT on novel.txt, char-level", "a GPT on novel.txt with characters as tokens"]
    {
        assert!(all_of(text).characters, "{text}");
    }
    assert!(!parse("classify characters in novel.csv").characters);
}

#[test]
fn lengths_and_ends() {
    assert_eq!(all_of("GPT on novel.txt for 5000 iterations").steps, Some(5000));
    assert_eq!(all_of("GPT on novel.txt, max_iters=300").steps, Some(300));
    assert_eq!(all_of("what accuracy does ResNet-20 reach on CIFAR-10 after 1 epoch with seed 7?").epochs, Some(1.0));
    let watched = all_of("fine-tune MiniLM on SST-2, evaluate after every 2 epochs");
    assert_eq!((watched.epochs, watched.evaluate_every), (None, Some(Length::Epochs(2.0))));
    let patient = all_of("MiniLM on SST-2 until validation accuracy stops improving for 3 evaluations");
    assert_eq!(patient.patience, Some(3));
    assert!(all_of("MiniLM on SST-2, keep the best").keep_best);
    assert_eq!(all_of("MNIST >= 99%").target, Some(0.99));
    assert_eq!(all_of("a model for MNIST that gets at least 0.98 accuracy").target, Some(0.98));
    assert!(all_of("make the best language model of novel.txt you can in 10 minutes").search);
}

#[test]
fn what_is_said_twice_is_one_wish() {
    let probe = all_of("linear probe of MiniLM on SST-2 (freeze the encoder)");
    assert_eq!((probe.frozen, probe.lacking.len()), (Some(Frozen::Body), 0));
}

#[test]
fn optimizers_and_losses() {
    let sgd = all_of("MiniLM on CoLA w/ sgd lr 0.01 nesterov, no weight decay, poly decay, no warmup");
    assert!(sgd.nesterov);
    assert_eq!(
        (sgd.lr, sgd.weight_decay, sgd.schedule),
        (Some(0.01), Some(0.0), Some(ScheduleShape::Polynomial { power: None }))
    );
    assert_eq!(all_of("T5-small on opus_books with a noam schedule").schedule, Some(ScheduleShape::InverseSqrt));
    assert_eq!(all_of("MNIST with lr warmup of 20 steps").warmup, Some(Warmup::Steps(20)));
    assert!(all_of("predict a in b.csv, class weights balanced").class_weights);
    // The trainer hides 15 %: what is asked beyond that is refused, and what is that is followed.
    let hidden = |text: &str| parse(&format!("masked language modelling on WikiText-2 {text}"));
    for text in ["with 15% masking", "masking 15 % of the tokens", "mlm_probability=0.15"] {
        let request = hidden(text);
        assert!(request.refused.is_empty() && request.not_understood.is_empty(), "{text}: {request:?}");
    }
    assert_eq!(hidden("with 40% masking").refused.len(), 1);
    let distilled = parse("distil MiniLM into a 2-layer student on SST-2");
    assert_eq!(distilled.lacking.len(), 1, "{distilled:?}");
}
