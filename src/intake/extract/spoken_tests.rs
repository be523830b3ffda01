//! Settings with other words around their names than the plainest, each beside words that only look alike.

use super::said_tests::in_markdown;
use crate::intake::FieldKey;

/// `value [scope]`, or the value alone where it has no scope.
fn said(source: &str, key: FieldKey) -> Vec<String> {
    in_markdown(source, key).into_iter().map(|said| said.trim_end_matches(" []").to_string()).collect()
}

fn check(sentence: &str, key: FieldKey, expected: &[&str]) {
    assert_eq!(said(&format!("## Training\n\n{sentence}\n"), key), expected, "{sentence}");
}

#[test]
fn words_between_a_name_and_its_value() {
    check("We set the momentum of the outer loop to 0.8 in SGD.", FieldKey::Momentum, &["0.8"]);
    check("The rank of all adapter layers is set to 12.", FieldKey::LoraRank, &["12.0"]);
    check("The rank of the kernel matrix is 12.", FieldKey::LoraRank, &[]);
    check("The maximum input length for the reader is limited to 300 tokens.", FieldKey::MaxSeqLen, &["300.0 [reader]"]);
    check("We train with Adam ( β 1 = 0.8, β 2 = 0.9).", FieldKey::Beta2, &["0.9"]);
}

#[test]
fn how_long_training_is() {
    check("In training, a total of 1,250 steps were completed.", FieldKey::Steps, &["1250.0"]);
    check("We prune half of the weights and run 120,000 iterations.", FieldKey::Steps, &["120000.0"]);
    check("We simulate the chain and run 120,000 iterations.", FieldKey::Steps, &[]);
    check("We train a net with a multiplier of 3 for 40 epochs (9,000 steps).", FieldKey::Steps, &["9000.0"]);
    check("We train for 9,000 steps, which roughly corresponds to 40 epochs.", FieldKey::Epochs, &["40.0"]);
}

#[test]
fn shares_and_bounds() {
    check("The rate has a linear warm up reaching its maximum of 0.4 at epoch 6.", FieldKey::Warmup, &["6.0"]);
    check("We use 5% of the steps for warmup.", FieldKey::Warmup, &["0.05"]);
    check("We use 5% of the data for validation after warmup.", FieldKey::Warmup, &[]);
    check("Gradients are clipped when their norms exceed 3.", FieldKey::GradClipNorm, &["3.0"]);
    check("Inputs longer than 200 tokens are cut.", FieldKey::MaxSeqLen, &["200.0"]);
    check("Answers longer than 200 tokens are rated worse.", FieldKey::MaxSeqLen, &[]);
}

#[test]
fn phases_by_their_letters() {
    let text = "In SFT, we train with a learning rate of 0.1. In RL, we change the reward. The learning rate is 0.2.";
    check(text, FieldKey::Lr, &["0.1 [SFT]", "0.2 [RL]"]);
}

#[test]
fn a_table_that_lost_its_columns() {
    check("Learning Rate 3e-4 Batch Size 24 Warmup Steps 70", FieldKey::BatchSize, &["24.0"]);
    check("Learning Curves 3 Batch 24 Accuracy 70", FieldKey::BatchSize, &[]);
}

#[test]
fn several_settings_in_a_cell() {
    let table = "## Training\n\n| Data | Parameters |\n|---|---|\n| MNIST | lr: 0.1, batch size: 8 |\n| SVHN | lr: 0.2, batch size: 16 |\n";
    assert_eq!(said(table, FieldKey::Lr), ["0.1 [MNIST]", "0.2 [SVHN]"]);
    let other = "## Training\n\n| Data | Ratio |\n|---|---|\n| MNIST | 3:1, 2:1 |\n";
    assert_eq!(said(other, FieldKey::Lr), Vec::<String>::new());
}

#[test]
fn a_paragraph_that_was_cut() {
    let cut = "## Training\n\nWe train the net with a learning\n\nrate of 0.3 in all runs.\n";
    assert_eq!(said(cut, FieldKey::Lr), ["0.3"]);
    let whole = "## Training\n\nWe train the net for learning.\n\nrate of 0.3 in all runs.\n";
    assert_eq!(said(whole, FieldKey::Lr), Vec::<String>::new());
}

#[test]
fn what_a_paragraph_or_section_is_about() {
    let short = "## Training\n\nWe try leaf probing (LP) first.\n\nFor LP, we train with a dropout of 0.1.\n";
    assert_eq!(said(short, FieldKey::Dropout), ["0.1 [leaf probing (LP)]"]);
    let each = "## Leaf sorting\n\nFor all experiments, we use a dropout of 0.1.\n\n## Root counting\n\nFor all experiments, we use a dropout of 0.2.\n";
    assert_eq!(said(each, FieldKey::Dropout), ["0.1 [Leaf sorting]", "0.2 [Root counting]"]);
    check("For all experiments, we use a dropout of 0.1.", FieldKey::Dropout, &["0.1"]);
    check("Details of Leaf Sorting We take leaves. We use a dropout of 0.1.", FieldKey::Dropout, &["0.1 [Leaf Sorting]"]);
    check("Some tasks. Leaf Sorting. We use a dropout of 0.1.", FieldKey::Dropout, &["0.1 [Leaf Sorting]"]);
    check("Our base model, Leaf-7, has a dropout of 0.1.", FieldKey::Dropout, &["0.1"]);
}

#[test]
fn schedules_and_lengths_in_other_words() {
    check("LR scheduler: cosine", FieldKey::Schedule, &["\"cosine decay\""]);
    check("The weight decay is linear in depth.", FieldKey::Schedule, &[]);
    check("We train all models with a single epoch on leaves.", FieldKey::Epochs, &["1.0"]);
    check("We save the model at every single epoch.", FieldKey::Epochs, &[]);
    check("Training spans 70 epochs.", FieldKey::Epochs, &["70.0"]);
    check("We use five epochs of linear warm-up.", FieldKey::Warmup, &["5.0"]);
    check("Training takes 12 hours for Leaf and 8 hours for Root.", FieldKey::TrainingTime, &["12.0 [Leaf]", "8.0 [Root]"]);
    // Each number with its own unit.
    check("Training takes 30 minutes for Leaf and 2 hours for Root.", FieldKey::TrainingTime, &["0.5 [Leaf]", "2.0 [Root]"]);
    check("We train for 10 epochs on Leaf and 5,000 steps on Root.", FieldKey::Epochs, &["10.0 [Leaf]"]);
}

#[test]
fn where_a_model_comes_from_is_no_phase() {
    let text = "## Training\n\nWe fine-tune a ViT-B/16 pre-trained on ImageNet-21k for 10 epochs with a learning rate of 1e-4.\n";
    for key in [FieldKey::Epochs, FieldKey::Lr] {
        let said = said(text, key);
        assert!(said.len() == 1 && !said[0].contains("pre-training"), "{said:?}");
    }
}
