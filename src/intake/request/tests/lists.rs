//! Lists of what is forbidden or tried, what is taken back, and what is only asked.

use super::*;

#[test]
fn what_a_list_forbids_is_left_out() {
    let without = |text: &str| {
        let r = parse(text);
        assert!(r.patience.is_none() && r.adapter.is_none() && !r.class_weights, "{text}: {r:?}");
        (r.without.len(), r)
    };
    for (text, count) in [
        ("What I want:\n- MiniLM on reviews.csv\n- 2 epochs\nWhat I don't want:\n- early stopping\n- any upload to the hub", 1),
        ("MiniLM on reviews.csv, 2 epochs.\nThings to avoid:\n* LoRA\n* early stopping\n", 2),
        ("MiniLM on reviews.csv, 2 epochs. Please avoid: early stopping, LoRA and class weights.", 3),
        ("Not wanted: class weights, adapters. MiniLM on reviews.csv, 2 epochs", 2),
        ("MiniLM on reviews.csv, 2 epochs, no LoRA, early stopping or class weights", 3),
        ("MiniLM on reviews.csv, 2 epochs, without early stopping and class weights", 2),
        ("MiniLM on reviews.csv, 2 epochs. What not to do: use LoRA, add early stopping.", 2),
        ("MiniLM on reviews.csv, 2 epochs. Class weights are unwanted, early stopping is forbidden.", 2),
    ] {
        let (found, r) = without(text);
        assert_eq!((found, r.epochs), (count, Some(2.0)), "{text}: {r:?}");
        assert!(is_clear(&r), "{text}: {r:?}");
    }
    let r = parse("No: LoRA, dropout. Yes: class weights, early stopping. MiniLM on reviews.csv");
    assert_eq!((r.dropout, r.class_weights, r.patience, r.without.len()), (Some(0.0), true, Some(3), 1), "{r:?}");
    let r = parse("I don't need LoRA, class weights or anything fancy, MiniLM on reviews.csv");
    assert_eq!((r.adapter, r.class_weights, r.without.len()), (None, false, 2), "{r:?}");
    // Others forbid nothing more than they say.
    let r = parse("MiniLM on reviews.csv, no LoRA, early stopping with patience 2. Not needed: warm-up; class weights please");
    assert_eq!((r.patience, r.class_weights, r.adapter), (Some(2), true, None), "{r:?}");
    let r = parse("MiniLM on reviews.csv. Settings:\n- no LoRA\n- early stopping\n- 3 epochs");
    assert_eq!((r.patience, r.epochs, r.adapter), (Some(3), Some(3.0), None), "{r:?}");
    // `Don't use it` is of what was named before it.
    assert_eq!(parse("LoRA is slow, don't use it. MiniLM on reviews.csv").adapter, None);
    assert!(parse("LoRA is quick, use it. MiniLM on reviews.csv").adapter.is_some());
}

#[test]
fn of_several_values_none_is_taken() {
    for text in [
        "Sweep hidden sizes 16, 48 and 96 for an MLP on loans.csv",
        "grid search over dropout {0, 0.1, 0.3}, MLP on loans.csv",
        "try batch sizes of 8 and 64, MiniLM on reviews.csv",
        "MiniLM on reviews.csv with ranks 2, 4 and 8, LoRA",
        "compare 2, 5 and 9 epochs of MiniLM on reviews.csv",
        "MLPs of different depth, with 1, 2 and 3 hidden layers, on loans.csv",
        "MiniLM on reviews.csv, weight decay 0, 0.01 and 0.1, 4 epochs",
        "MiniLM on reviews.csv, lr in {1e-5, 5e-5}",
        "MLP on loans.csv, dropout in {0, 0.5}",
        "compare MLPs of 16, 32 and 64 hidden units on loans.csv",
        "try three dropout values (0, 0.1, 0.3), MLP on loans.csv",
        "MiniLM on reviews.csv, batch size 8 and 16",
        "MiniLM on reviews.csv, max length 64, 128 or 256",
    ] {
        let r = parse(text);
        assert_eq!(r.refused.len(), 1, "{text}: {r:?}");
        let taken = [r.dropout.is_some(), r.batch_size.is_some(), r.weight_decay.is_some(), r.lr.is_some(), !r.units.is_empty()];
        assert!(!taken.contains(&true) && r.size == ModelSize::default(), "{text}: {r:?}");
    }
    // What only looks like several.
    for text in [
        "MLP with hidden layers 128, 64 and 32 on loans.csv, dropout 0.1, 3 epochs",
        "try an MLP with hidden layers 64 and 32 on loans.csv, batch size 16, 3 epochs",
        "MLP on loans.csv, dropout 0.1, 0.01 weight decay, batch size 16, 32 hidden units",
        "ResNet-20 on CIFAR-10, lr 0.1 divided by 10 at epochs 60, 120 and 160, 200 epochs",
        "an MLP with 64 and 32 hidden units on loans.csv",
        "MLP on loans.csv, a patience of 3 and 10 epochs",
        "MLP on loans.csv, batch size 16 and 32 hidden units, dropout 0.1 and 3 epochs",
        "MLP on loans.csv, patience 3 and 5 seeds, dropout 0.1 and 0.01 weight decay",
        "LoRA on q_proj and v_proj, rank 8, 3 epochs, MiniLM on reviews.csv",
    ] {
        assert_eq!(parse(text).refused, [], "{text}");
    }
    assert_eq!(parse("MLP 64-32 on loans.csv, 3 epochs").units, [64, 32]);
    assert_eq!(parse("MLP (48, 24) on loans.csv, 3 epochs").units, [48, 24]);
    assert_eq!(parse("an MLP of 64x16 on loans.csv").units, [64, 16]);
    let of_each = parse("MLP 3x64 on loans.csv, 80/20 split");
    assert_eq!((of_each.units.len(), of_each.size.layers, of_each.size.hidden), (0, Some(3), Some(64)));
}

#[test]
fn questions_are_no_trainings() {
    for text in [
        "Is MiniLM good enough for reviews.csv?",
        "I have 400 reviews in reviews.csv. Would BERT be overkill?",
        "How many epochs do I need for MiniLM on reviews.csv?",
        "Which learning rate should one use for BERT on SST-2?",
        "Should I use LoRA for MiniLM on reviews.csv?",
        "What would you recommend for reviews.csv?",
        "Does BERT need a GPU for reviews.csv?",
        "How big a model do I need for reviews.csv?",
        "What is the best batch size for MiniLM on SST-2?",
        "Hi! How long will it take to fine-tune MiniLM on SST-2?",
    ] {
        let r = parse(text);
        assert_eq!((r.refused.len(), r.not_understood.len()), (1, r.not_understood.len()), "{text}: {r:?}");
        assert!(r.refused[0].words == text && r.refused[0].expected.contains("question"), "{text}: {r:?}");
    }
    for text in [
        "Could you fine-tune MiniLM on reviews.csv for 2 epochs?",
        "How good does BERT get on SST-2 in 20 minutes?",
        "What accuracy does MiniLM reach on SST-2 after 3 epochs?",
        "Which patients will be readmitted? patients.csv",
        "Does the patient need more time? patients.csv, mlp",
        "MiniLM on SST-2, please. 3 epochs?",
        "can u train something that's not too big? on reviews.csv",
        "What is the best accuracy that MiniLM reaches on SST-2?",
        "Fine-tune MiniLM on SST-2, is 3 epochs enough?",
    ] {
        assert_eq!(parse(text).refused, [], "{text}");
    }
    // Beside a wish one is told, and nothing of it taken.
    let r = parse("Fine-tune MiniLM on reviews.csv, 2 epochs. Would batch size 64 be too big?");
    assert_eq!((r.epochs, r.batch_size, r.refused.len()), (Some(2.0), None, 0));
    assert_eq!(r.not_understood, ["Would batch size 64 be too big?"]);
}

#[test]
fn what_is_taken_back_is_not_followed() {
    let r = parse("GPT from scratch on novel.txt, 40k tokens per... hmm, forget that, just 300 steps, lr 1e-3");
    assert_eq!((r.max_seq_len, r.steps, r.lr), (None, Some(300), Some(1e-3)), "{r:?}");
    let r = parse("MiniLM on reviews.csv, 1,000 steps, lr 1e-3, never mind, 2 epochs");
    assert_eq!((r.lr, r.steps, r.epochs), (None, Some(1000), Some(2.0)), "{r:?}");
    let r = parse("MiniLM on reviews.csv. Batch size 64. Forget that. 2 epochs");
    assert_eq!((r.batch_size, r.epochs), (None, Some(2.0)), "{r:?}");
    // What is not to be minded is something else.
    let r = parse("MiniLM on reviews.csv, batch size 8, never mind the typos, don't forget 2 epochs");
    assert_eq!((r.batch_size, r.epochs), (Some(8), Some(2.0)), "{r:?}");
}

#[test]
fn shares_of_the_rows_in_words() {
    let near = |part: Option<AskedPart>, share: f64| matches!(part, Some(AskedPart::Share(own)) if (own - share).abs() < 1e-6);
    for (text, share) in [
        ("a third of the rows for testing", 1.0 / 3.0),
        ("use a quarter of the data for testing", 0.25),
        ("hold out a fifth", 0.2),
        ("use half the rows for testing", 0.5),
        ("half of the data for training and half for testing", 0.5),
        ("two thirds for training, one third for the test", 1.0 / 3.0),
        ("test on a tenth of the rows", 0.1),
        ("train on three quarters of the rows and test on the rest", 0.25),
        ("train on 70% and test on the rest", 0.3),
        ("85 % of the rows for training, the rest for testing", 0.15),
        ("hold out 50 ‰", 0.05),
    ] {
        let r = parse(&format!("MLP on loans.csv, {text}, 5 epochs"));
        assert!(near(r.tested, share) && r.data_frac.is_none() && is_clear(&r), "{text}: {r:?}");
    }
    let r = parse("MLP on loans.csv, the last quarter of the rows as the test set");
    assert_eq!((r.tested, r.tested_at), (Some(AskedPart::Share(0.25)), Some(Edge::End)));
    let r = parse("MLP on houses.csv, test on the 20 % most recently sold");
    assert_eq!((r.tested, r.ordered_by), (Some(AskedPart::Share(0.2)), Some(AskedOrder::Time)));
    let r = parse("MLP on loans.csv, half for training, a quarter for validation and a quarter for testing");
    assert_eq!((r.tested, r.watched, r.data_frac), (Some(AskedPart::Share(0.25)), Some(AskedPart::Share(0.25)), None));
    assert_eq!(parse("MLP on loans.csv, train with half the learning rate").times.lr, Some(0.5));
    for (text, share) in [("train on half of the data", 0.5), ("use a third of the rows", 1.0 / 3.0)] {
        let r = parse(&format!("MLP on loans.csv, {text}"));
        assert_eq!((r.data_frac, r.tested), (Some(share), None), "{text}");
    }
    assert_eq!(parse("MiniLM on half of reviews.csv").data_frac, Some(0.5));
    assert_eq!(parse("MiniLM on reviews.csv, a quarter of an hour for testing").max_time_secs, Some(900));
}
