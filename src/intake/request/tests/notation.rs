//! Numbers in words and signs, corrections, parts of the model and what stands beside the usual.

use super::*;

/// Nothing is left that was not understood.
fn all_of(text: &str) -> Request {
    let request = parse(text);
    assert!(is_clear(&request), "{text}: {:?} {:?} {:?}", request.not_understood, request.refused, request.lacking);
    request
}

#[test]
fn numbers_in_words_and_signs() {
    let r = all_of(
        "I'd like MiniLM trained on reviews.csv for half a dozen epochs, in batches of sixteen, with a learning rate of two times ten to \
         the minus five, and a tenth of the steps for warming up.",
    );
    assert_eq!((r.epochs, r.batch_size, r.lr, r.warmup), (Some(6.0), Some(16), Some(2e-5), Some(Warmup::Frac(0.1))));
    let r =
        all_of("MiniLM on x.csv, lr three times ten to the minus four, dropout zero point one, a fifth of training as warm-up");
    assert_eq!((r.lr, r.dropout, r.warmup), (Some(3e-4), Some(0.1), Some(Warmup::Frac(0.2))));
    let r = all_of("MiniLM, reviews.csv, lr 2×10⁻⁵, bs 2^5, 1.5k steps, wd ¼ %, wu 1/20");
    assert_eq!((r.lr, r.batch_size, r.steps), (Some(2e-5), Some(32), Some(1500)));
    assert_eq!((r.weight_decay, r.warmup), (Some(0.0025), Some(Warmup::Frac(0.05))));
    assert_eq!(all_of("MiniLM on x.csv, time at most 1/4 hour").max_time_secs, Some(900));
    assert_eq!(parse("It's 11:15 now and I want MiniLM on x.csv finished when I leave at noon").max_time_secs, Some(2700));
    let r = parse("MiniLM on x.csv, ready by 5 pm");
    assert_eq!(
        (r.max_time_secs, r.not_understood),
        (None, vec!["ready".to_string(), "by 5 pm".into()].into_iter().rev().collect())
    );
    assert_eq!(parse("MiniLM on x.csv, at 1:30 hours at most").max_time_secs, Some(5400));
    assert_eq!(parse("ViT-B/16 on CIFAR-10, an 80/20 split").tested, Some(AskedPart::Share(0.2)));
}

#[test]
fn shorthand_of_experts() {
    let r =
        all_of("smollm2-135m-instruct, chats.jsonl, lora r=16 α=32 drop=.1 tgt=all-linear, lr=2e-4 cos wu=3%, bs=2 ga=8, 1ep");
    let adapter = r.adapter.expect("it was asked for");
    assert_eq!((adapter.rank, adapter.alpha, adapter.dropout), (Some(16), Some(32.0), Some(0.1)));
    assert_eq!((r.schedule, r.warmup, r.epochs), (Some(ScheduleShape::Cosine), Some(Warmup::Frac(0.03)), Some(1.0)));
    assert_eq!((r.batch_size, r.micro_batch_size), (Some(16), Some(2)));
    let r = all_of("MiniLM on x.csv, bs 4x8, wd .01, 2ep");
    assert_eq!((r.batch_size, r.micro_batch_size, r.epochs), (Some(32), Some(4), Some(2.0)));
    assert_eq!(parse("MiniLM on x.csv, drop 10% of the rows").dropout, None);
}

#[test]
fn what_is_corrected_holds() {
    let r = all_of(
        "Train MiniLM on reviews.csv for 5 epochs, no wait, make it 3. Batch 16 - actually 8, sorry. And the learning rate should be 1e-4, \
         I mean 1e-5.",
    );
    assert_eq!((r.epochs, r.batch_size, r.lr), (Some(3.0), Some(8), Some(1e-5)));
    let r = all_of("ResNet-50 on CIFAR-10 with SGD, sorry, AdamW; 20 epochs. On second thoughts, 30 epochs");
    assert_eq!((r.epochs, r.optimizer), (Some(30.0), Some(crate::intake::OptimizerKind::AdamW)));
    assert_eq!(parse("MiniLM on tweets.csv, batch 16, no wait, 3 epochs").batch_size, Some(16));
    let r = parse("BERT, but not base: the large uncased whole-word-masking one. reviews.csv, keep the first 20 layers frozen");
    assert_eq!((r.model, r.frozen), (called("bert-large-uncased"), Some(Frozen::LowerLayers { count: 20 })));
    let mail = "From: Priya\nTo: ML\nSubject: Re: Re: pets\n\nOn second thoughts ResNet-18 is enough, and 5 epochs. Everything else as \
                below.\n\n> From: Tom\n> Please train a ResNet-50 on ./pets for 50 epochs, batch size 32, lr 0.02, no augmentation.";
    let r = parse(mail);
    assert_eq!((r.model.clone(), r.epochs, r.batch_size, r.lr), (called("resnet-18"), Some(5.0), Some(32), Some(0.02)));
    assert_eq!((r.refused.clone(), r.without.clone()), (vec![], vec![Without::Augmentation]), "{r:?}");
}

#[test]
fn parts_of_the_model() {
    for text in [
        "MiniLM on reviews.csv but freeze everything except the classification head",
        "MiniLM on reviews.csv, all layers frozen but the head",
        "MiniLM on reviews.csv, train nothing but the classifier",
        "MiniLM on reviews.csv, only train the output layer",
    ] {
        assert_eq!(all_of(text).frozen, Some(Frozen::Body), "{text}");
    }
    let r = parse(
        "Unfreeze only the top two layers of MiniLM (and the head, obviously) and train on reviews.csv; 1e-5 for the encoder, 1e-3 for \
         the head; 3 epochs.",
    );
    assert_eq!((r.frozen, r.lr, r.head_lr), (Some(Frozen::AllButUpperLayers { count: 2 }), Some(1e-5), Some(1e-3)));
    assert!(is_clear(&r), "{r:?}");
    let r = all_of("MiniLM on x.csv, lr 2e-5, head lr 1e-3");
    assert_eq!((r.lr, r.head_lr), (Some(2e-5), Some(1e-3)));
    let r = all_of("MiniLM on x.csv, train the head at 1e-3 and the encoder at 1e-5");
    assert_eq!((r.lr, r.head_lr), (Some(1e-5), Some(1e-3)));
    assert_eq!(all_of("MiniLM on x.csv, lr 2e-5, weight decay 1e-2").head_lr, None);
    let targets = |text: &str| all_of(text).adapter_targets;
    let lora = "SmolLM2-135M-Instruct on chats.jsonl with LoRA: rank 8, alpha 16, dropout 0.05, only on the query and value projections.";
    assert_eq!(targets(lora), ["query", "value"]);
    assert_eq!(targets("SmolLM2-135M-Instruct on chats.jsonl, LoRA on the q, k and v matrices"), ["q", "k", "v"]);
    assert_eq!(targets("LoRA on q and v only, rank 4, SmolLM2-135M on chats.jsonl"), ["q", "v"]);
    let gpt = all_of(
        "Train a GPT-2 from scratch on novel.txt with 4 layers, hidden size 256, 4 heads and a context length of 128, 1000 steps",
    );
    assert_eq!((gpt.model, gpt.size.layers, gpt.size.heads), (called("gpt"), Some(4), Some(4)));
    let vit = all_of("Train a ViT-Tiny on CIFAR-10 at image size 64 with patch size 8, AdamW, 15 epochs.");
    assert_eq!((vit.from_scratch, vit.size.layers, vit.size.hidden, vit.size.patch), (true, Some(12), Some(192), Some(8)));
    assert!(!all_of("Fine-tune ViT-B/16 on CIFAR-10 with patch size 16").from_scratch);
}

#[test]
fn what_is_chosen_and_tried() {
    let r = all_of(
        "Predict readmitted in patients.csv. The classes are imbalanced, so weight them, and select the best model by AUROC.",
    );
    assert_eq!((r.keep_best, r.class_weights, r.metric), (true, true, Some(Metric::Auroc)));
    for best in ["keep the checkpoint with the best F1", "pick the model with the lowest validation loss"] {
        assert!(all_of(&format!("MiniLM on x.csv, {best}")).keep_best, "{best}");
    }
    let r = all_of("Tune the learning rate and the batch size of MiniLM on reviews.csv with 8 trials.");
    assert_eq!((r.search, r.tunes_rate, r.trials), (true, true, Some(8)));
    let r = all_of("Tune dropout and weight decay of MiniLM on x.csv");
    assert_eq!((r.search, r.tunes_rate), (true, false));
    let r = all_of("Train MiniLM on reviews.csv with three seeds (1, 2 and 3) and report the mean accuracy.");
    assert_eq!((r.seeds, r.metric), (vec![1, 2, 3], Some(Metric::Accuracy)));
    for text in ["Distill BERT-large into MiniLM on reviews.csv, 3 epochs", "knowledge distillation from BERT on x.csv"] {
        assert_eq!(parse(text).refused.len(), 1, "{text}");
    }
    assert!(parse("classify distilled spirits in x.csv").refused.is_empty());
    assert_eq!(parse("Do the same as last time on reviews.csv but with 2 epochs").refused.len(), 1);
}

#[test]
fn beside_the_usual() {
    let r = all_of("MiniLM on reviews.csv with half the batch size you would normally take and double the epochs.");
    assert_eq!((r.times.batch_size, r.times.length, r.times.lr), (Some(0.5), Some(2.0), None));
    assert_eq!(all_of("MiniLM on x.csv at twice the usual learning rate").times.lr, Some(2.0));
    assert_eq!(all_of("MiniLM on x.csv with a learning rate 10x the default").times.lr, Some(10.0));
    assert_eq!(all_of("MiniLM on x.csv at 1/10 the usual learning rate").times.lr, Some(0.1));
    assert_eq!(parse("MiniLM on x.csv, double the usual batch size, batch size 16").refused.len(), 1);
    assert_eq!(parse("MiniLM on x.csv, double the batch size every 5 epochs").times, Times::default());
    assert_eq!(parse("MiniLM on x.csv, 3 epochs, warm up for half the epochs").times, Times::default());
}

#[test]
fn other_languages_say_it_too() {
    let r =
        parse("Trainiere ein BERT-Modell auf reviews.csv: 3 Epochen, Lernrate 2e-5, Batchgröße 16, Aufwärmphase 100 Schritte.");
    assert_eq!(
        (r.model.clone(), r.epochs, r.steps, r.warmup),
        (called("bert"), Some(3.0), None, Some(Warmup::Steps(100))),
        "{r:?}"
    );
    let r = parse("Afina MiniLM con reviews.csv, 2 pasadas sobre los datos, sin calentamiento");
    assert_eq!((r.epochs, r.warmup), (Some(2.0), Some(Warmup::Steps(0))), "{r:?}");
    let r = parse(
        "Quero afinar o SmolLM2-135M-Instruct com chats.jsonl usando LoRA de posto 16 (alfa 32), só 100 passos, sem aquecimento.",
    );
    let adapter = r.adapter.expect("it was asked for");
    assert_eq!((adapter.rank, adapter.alpha, r.steps, r.warmup), (Some(16), Some(32.0), Some(100), Some(Warmup::Steps(0))));
    let r = parse("reviews.csv で MiniLM を 3 エポック、学習率 3e-5、バッチサイズ 16 でファインチューニングしてください。");
    assert_eq!((r.epochs, r.lr, r.batch_size), (Some(3.0), Some(3e-5), Some(16)), "{r:?}");
    assert!(is_clear(&r), "{r:?}");
}

#[test]
fn what_is_followed_is_not_told_as_lost() {
    for text in [
        "Named entity recognition on ner.conll with RoBERTa, 4 epochs, report entity-level F1.",
        "Multi-label classification of contracts.csv with ELECTRA-small, labels are separated by semicolons, report micro F1.",
        "Train an MLP with two hidden layers of 64 and 32 units on houses.csv to predict price",
        "ResNet-20 on CIFAR-10, hflip only (no crops)",
        "MiniLM on x.csv, 45 minutes tops",
    ] {
        all_of(text);
    }
    let letter = "Hi team,\n\nMiniLM on x.csv, 3 epochs.\n\nThanks,\nKaren\nVP Growth";
    assert_eq!(all_of(letter).epochs, Some(3.0));
    assert!(!parse("MiniLM on x.csv\n\nThanks!\nUse DistilBERT").not_understood.is_empty());
}

#[test]
fn words_are_told_from_wishes() {
    for words in ["exclude zip", "not BERT", "origami", "5 clusters", "FSDP", "shuffle the data", "weight sharing", "tonight"] {
        assert!(Request::may_change(words), "{words}");
    }
    for words in ["difference between", "customer", "marketing needs"] {
        assert!(!Request::may_change(words), "{words}");
    }
}
