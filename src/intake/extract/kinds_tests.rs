//! Whose value it is, models of lists, rows of measures, settings in prose cells, schedules and machines in short, and what is no value at
//! all: six ways of saying each.

use super::said_tests::said;
use crate::intake::{FieldKey, PaperFormat};

fn in_study(text: &str, key: FieldKey) -> Vec<String> {
    let source = format!("# A Study of Trees\n\nJane Doe\n\n## Abstract\n\nWe study trees.\n\n{text}\n");
    said(PaperFormat::Markdown, &source, key).iter().map(|one| one.replace('"', "")).collect()
}

pub(super) fn check(text: &str, key: FieldKey, expected: &[&str]) {
    assert_eq!(in_study(&format!("## Training\n\n{text}"), key), *expected, "{text}");
}

/// Whether one of the key's statements has all of these words.
pub(super) fn has(text: &str, key: FieldKey, words: &[&str]) {
    let all = in_study(text, key);
    assert!(all.iter().any(|one| words.iter().all(|word| one.contains(word))), "{words:?} in {all:?}: {text}");
}

/// Whether none has any of them.
pub(super) fn has_not(text: &str, key: FieldKey, words: &[&str]) {
    let all = in_study(text, key);
    assert!(!all.iter().any(|one| words.iter().any(|word| one.contains(word))), "{words:?} in {all:?}: {text}");
}

#[test]
fn clauses_say_whose_value_it_is() {
    check(
        "The small model was tuned for 12 epochs, whereas the large one was tuned for 7 epochs.",
        FieldKey::Epochs,
        &["12.0 [small]", "7.0 [large]"],
    );
    check(
        "The encoder is trained for 40 epochs with Adam; the decoder is trained for 15 epochs with SGD.",
        FieldKey::Optimizer,
        &["Adam [encoder]", "SGD [decoder]"],
    );
    check(
        "**Track 1.** The tagger was trained with a dropout of 0.1. **Track 2.** The ranker was trained with a dropout of 0.3.",
        FieldKey::Dropout,
        &["0.1 [Track 1]", "0.3 [Track 2]"],
    );
    check(
        "We fix the input length to 96 for SST-2, CoNLL 2003 and 320 for OntoNotes 5.0 data.",
        FieldKey::MaxSeqLen,
        &["96.0 [SST-2 CoNLL 2003]", "320.0 [OntoNotes 5.0]"],
    );
    check(
        "Whereas GPT-2 is trained for 4 epochs, OPT-1.3B is trained for 2 epochs.",
        FieldKey::Epochs,
        &["4.0 [GPT-2]", "2.0 [OPT-1.3B]"],
    );
    check(
        "A dropout of 0.1 is used in the base model and 0.4 in the large model.",
        FieldKey::Dropout,
        &["0.1 [base]", "0.4 [large]"],
    );
}

#[test]
fn sizes_of_models_in_lists_and_words() {
    let models = |text: &str, words: &[&str]| has(&format!("## Models\n\n{text}"), FieldKey::Variants, words);
    models("We fine-tune Phi-3 models with 3.8B, 7B and 14B parameters on leaves.", &["Phi-3 7B", "7000000000"]);
    models("We use the ELECTRA-Small architecture, which has roughly 14M trainable parameters.", &["ELECTRA-Small", "14000000"]);
    models(
        "- **mBERT** [3]: an encoder of many tongues (bert-base-multilingual, 178M parameters)\n- **SVM** of words",
        &["mBERT", "178000000"],
    );
    models(
        "1. **AraBERT** (Ash et al., 2020): Arabic encoder with 135M parameters\n2. **Trees**: a forest",
        &["AraBERT", "135000000"],
    );
    models("The teacher is a pretrained ResNet-50 (16 blocks, 25.6M parameters).", &["ResNet-50", "num_layers:50"]);
    models("A frozen Whisper-base writes words down, and LoRA changes it.", &["Whisper-base"]);
}

#[test]
fn what_is_no_size_of_the_model() {
    let none = |text: &str, words: &[&str]| has_not(&format!("## Models\n\n{text}"), FieldKey::Variants, words);
    none("We made 900 more sentences, generated using Mixtral-8x7B (47B parameters).\n\nWe fine-tune DistilBERT.", &["Mixtral"]);
    none("Labels were assigned by prompting Llama-3.1-405B (405B parameters).\n\nWe fine-tune DistilBERT.", &["405B"]);
    none(
        "Whisper-base takes LoRA in 6 encoder and 6 decoder blocks: 36 modules, 442,368 trainable parameters.",
        &["442368", "num_layers:6"],
    );
}

#[test]
fn tables_of_measures_scores_and_counts() {
    let data = "## Data\n\nWe train and test on the PolEmo dataset.\n\n## Results\n\n";
    let results = |table: &str, words: &[&str]| has(&format!("{data}{table}"), FieldKey::Results, words);
    results("| Metric | Mean Score |\n|---|---|\n| BLEU | 21.3 |\n| chrF | 48.1 |\n", &["PolEmo", "BLEU", "21.3"]);
    results("| Measure | Value |\n|---|---|\n| Accuracy | 87.3% |\n| Precision | 0.86 |\n", &["precision", "0.86"]);
    results(
        "| Metric | mBERT | XLM-R |\n|---|---|---|\n| Accuracy | 87.3 | 88.1 |\n| F1 | 84.2 | 85.9 |\n",
        &["XLM-R", "F1", "85.9"],
    );
    results(
        "| System | Public Score | Private Score |\n|---|---|---|\n| Words | 101.2 | 98.4 |\n| Trees | 140.6 | 131.9 |\n",
        &["Trees Private", "131.9"],
    );
    let counts =
        |table: &str| assert_eq!(in_study(&format!("{data}{table}"), FieldKey::Results), Vec::<String>::new(), "{table}");
    counts("| Pair | Source TTR | Length |\n|---|---|---|\n| A-B | 0.081 | 17.2 |\n\nTable 1: Statistics of PolEmo.\n");
    counts("| Dataset | Rows | Rate (%) |\n|---|---|---|\n| PolEmo | 590,540 | 3.50 |\n| CIFAR-10 | 60,000 | 0.17 |\n");
}

#[test]
fn settings_in_the_prose_of_a_cell() {
    let table = "## Setup\n\nTable 1: Search spaces.\n\n| Model | Space |\n|---|---|\n\
        | CatBoost | learning rate ∈ [0.01, 0.2] (log); depth ∈ [4, 10]; ≤2000 rounds |\n\
        | ResNet | 3–6 layers of width 128 or 256; dropout ∈ [0.1, 0.4]; learning rate ∈ [1e-5, 1e-3] (log); SGD, batch size 512, ≤50 epochs |\n";
    let check = |key, expected: &[&str]| assert_eq!(in_study(table, key), *expected);
    check(FieldKey::Lr, &["[0.01,0.2] [CatBoost]", "[0.00001,0.001] [ResNet]"]);
    check(FieldKey::Dropout, &["[0.1,0.4] [ResNet]"]);
    check(FieldKey::Optimizer, &["SGD [ResNet]"]);
    check(FieldKey::BatchSize, &["512.0 [ResNet]"]);
    check(FieldKey::Epochs, &["50.0 [ResNet]"]);
    let notes = "## Others\n\n| Model | Notes |\n|---|---|\n| FooNet | a net of 12 layers, good at images, 3 times as fast |\n";
    for key in [FieldKey::Lr, FieldKey::BatchSize, FieldKey::Epochs, FieldKey::Optimizer] {
        assert_eq!(in_study(notes, key), Vec::<String>::new());
    }
}

#[test]
fn schedules_machines_and_adapters_in_short() {
    check(
        "The initial rate of 0.2 is reduced by 10× every 25 epochs: a learning rate in steps.",
        FieldKey::Schedule,
        &["step decay, divided by 10 every 25 epochs []"],
    );
    check("The learning rate drops 5x every 40 epochs.", FieldKey::Schedule, &["step decay, divided by 5 every 40 epochs []"]);
    check(
        "Batches of size 512—spread across 8 GPUs—are used with the usual crop + flip augmentation.",
        FieldKey::Hardware,
        &["8 GPUs []"],
    );
    check(
        "Batches of size 512—spread across 8 GPUs—are used with the usual crop + flip augmentation.",
        FieldKey::Augmentation,
        &["[crop,flip] []"],
    );
    check("Three L40S GPUs shared the load.", FieldKey::Hardware, &["Three L40S GPUs []"]);
    check("We put LoRA (α = r = 8) into all layers, with an effective batch of 24.", FieldKey::LoraAlpha, &["8.0 []"]);
    check("We put LoRA (α = r = 8) into all layers, with an effective batch of 24.", FieldKey::BatchSize, &["24.0 []"]);
}

#[test]
fn what_was_reached_planned_or_done_by_others_is_no_setting() {
    check("DeBERTa was best (84.1% of all), then BERT with label smoothing (79.4% of all).", FieldKey::LabelSmoothing, &[]);
    check("BERT takes label smoothing (epsilon=0.05).", FieldKey::LabelSmoothing, &["0.05 []"]);
    check("Future work will try CutMix and a cosine schedule with a learning rate of 1e-3.", FieldKey::Lr, &[]);
    check("A fixed learning rate of 1e-4 was used instead of tuning it for each model.", FieldKey::Schedule, &[]);
    check("The architecture search took 48 GPU hours. Training takes 2 hours on one V100.", FieldKey::TrainingTime, &["2.0 []"]);
    check(
        "A recent study [4] has shown that taking focal loss as the loss function helps. We use the cross entropy loss.",
        FieldKey::Loss,
        &["cross entropy loss []"],
    );
}

#[test]
fn columns_named_like_languages_are_data() {
    let table = |heads: &str, text: &str| {
        let table = format!(
            "| Model | {heads} |\n|---|---|---|\n| Whisper-small | 34.2 | 51.0 |\n| XLS-R | 28.9 | 40.2 |\n\nTable 1: WER (%) of all models.\n"
        );
        in_study(&format!("## Results\n\n{text}\n\n{table}"), FieldKey::Results).join("\n")
    };
    let said = table("Tok Pisin | Quenya", "We write down what Quenya speakers say.");
    assert!(said.contains("dataset:Quenya") && said.contains("dataset:Tok Pisin"), "{said}");
    // A word that the paper writes small is none, and neither is a model.
    for (heads, text) in [("Greedy | Beamed", "We try greedy and beamed words."), ("Conformer | Whisper", "We try them.")] {
        assert_eq!(table(heads, text), "", "{heads}");
    }
}
