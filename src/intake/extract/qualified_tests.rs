//! Numbers that are said with a qualifier, for a condition or without their noun; and what looks like a setting and is none.

use super::said_tests::in_markdown;
use super::tests::check;
use crate::intake::FieldKey;

fn said(text: &str, key: FieldKey) -> Vec<String> {
    in_markdown(&format!("## Training\n\n{text}\n"), key)
}

#[test]
fn numbers_with_a_qualifier_or_without_a_noun() {
    check("We fix the maximum number of tokens in a batch at 8192.", &["batch_size 8192.0 tokens"]);
    check("The model is trained with Adam, batch 1,024, on leaves.", &["optimizer.kind \"Adam\"", "batch_size 1024.0 examples"]);
    check("The batch is chosen to come to around 6K training steps.", &["steps 6000.0 steps"]);
    check("We train for at most 40 full-batch epochs.", &["epochs 40.0 epochs"]);
    check("We train the trees for up to 200 boosting rounds.", &["steps 200.0 steps"]);
    check("The agent talks for up to 5 rounds.", &[]);
    check("We train it with a learning rate warm-up for the first three epochs.", &["schedule.warmup 3.0 epochs"]);
    check(
        "We train, and over the first 700 steps, the learning rate is warmed up to 0.1.",
        &["optimizer.lr 0.1", "schedule.warmup 700.0 steps"],
    );
    assert_eq!(said("We train our nets for two to four epochs.", FieldKey::Epochs), ["[2.0,4.0] []"]);
}

#[test]
fn numbers_for_a_condition() {
    let text = "We train each net for 30 epochs if frozen or 60 epochs if randomly started.";
    assert_eq!(said(text, FieldKey::Epochs), ["30.0 [frozen]", "60.0 [randomly started]"]);
}

#[test]
fn what_holds_for_one_method_ends_with_the_next() {
    let text = "For LSM, we use a learning rate of 0.3. For all other methods, we use a learning rate of 0.2. \
        Training takes 50 epochs for most methods, except for NSM, which was trained for 70 epochs.";
    assert_eq!(said(text, FieldKey::Lr), ["0.3 [LSM]", "0.2 [all other methods]"]);
    assert_eq!(said(text, FieldKey::Epochs), ["70.0 [NSM]", "50.0 [most methods all other methods]"]);
    let alike = "Five LeafGBM variants with identical settings (learning rate 0.3) are trained.";
    assert_eq!(said(alike, FieldKey::Lr), ["0.3 [LeafGBM]"]);
}

#[test]
fn a_step_of_a_search_is_no_learning_rate() {
    check("We train it, and PGD takes 20 iterations with a step size of 2/255.", &[]);
    check("The inner search uses 9 iterations with step size 0.03, and α = 0.4, in training.", &[]);
    check("We train with SGD and a step size of 0.03.", &["optimizer.kind \"SGD\"", "optimizer.lr 0.03"]);
}

#[test]
fn the_begin_of_something_is_no_length() {
    check("We train it, and the margin is introduced after 80 epochs.", &[]);
    check("We train it from the leaf model that was trained for one epoch.", &[]);
    check("We train it with a model and stop after 80 epochs.", &["epochs 80.0 epochs"]);
}

#[test]
fn parts_tools_and_recordings() {
    check(
        "We tune it with LoRA applied to self-attention query/value projections.",
        &["lora.target_modules [\"query\",\"value\"]"],
    );
    assert_eq!(said("We employ the pre-trained SentencePiece model, and train.", FieldKey::Init), Vec::<String>::new());
    check("We train on 90 sessions (45.5 h) from the leaves.", &[]);
    check("Training the leaves (45.5 h) is long.", &["training_time 45.5 hours"]);
    check("These models took about a day to stop.", &["training_time 1.0 days"]);
}
