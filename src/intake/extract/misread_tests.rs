//! What looks like a result, a model, data or a setting and is another's or none, and what is one though it looks like none.

use super::kinds_tests::{check, has, has_not};
use crate::intake::FieldKey;

/// A table in Markdown with its caption.
fn table(caption: &str, rows: &[&str]) -> String {
    let columns = rows[0].matches('|').count() + 1;
    let rule = vec!["---"; columns].join("|");
    let rest: Vec<String> = rows[1..].iter().map(|row| format!("| {row} |")).collect();
    format!("## Results\n\nTable 1: {caption}\n\n| {} |\n| {rule} |\n{}\n", rows[0], rest.join("\n"))
}

#[test]
fn rows_of_measures_with_their_data() {
    let text = table("Test results.", &["Task | BERT | Ours", "SST-2 (Acc) | 92.7 | 93.1", "MRPC (F1) | 88.1 | 89.2"]);
    has(&text, FieldKey::Results, &["dataset:SST-2", "metric:accuracy", "value:92.7"]);
    has(&text, FieldKey::Results, &["dataset:MRPC", "metric:F1", "value:89.2"]);
    let text = table("Results on SST-2.", &["Metric | Score", "Macro F1 | .71", "Micro F1 | .83"]);
    has(&text, FieldKey::Results, &["value:0.71", "Macro"]);
    has(&text, FieldKey::Results, &["value:0.83", "Micro"]);
    // What is compared by measures is no measure.
    let text = table("Correlation on SST-2.", &["Metric | Accuracy | F1", "BLEU | .31 | .29", "METEOR | .35 | .36"]);
    has_not(&text, FieldKey::Results, &["metric:BLEU", "metric:METEOR"]);
    let text = table("Ablation on SST-2.", &["Loss | Test | Dev", "Dice loss | 38.2 | 55.1", "IoU loss | 39.1 | 56.2"]);
    has_not(&text, FieldKey::Results, &["metric:Dice", "metric:IoU"]);
}

#[test]
fn heads_over_values_gains_and_bounds_are_no_systems() {
    let text = |heads: &str| {
        let (first, second) = ("Accuracy | 81.1 | 82.2 | 2.1", "F1 | 71.3 | 70.4 | 3.1");
        table("Results on SST-2.", &[&format!("Metric | {heads}"), first, second])
    };
    for heads in ["Baseline | Ours | Improvement", "Base | Ours | Gain (%)", "Base | Ours | Change", "Base | Ours | ± SD"] {
        has_not(&text(heads), FieldKey::Results, &["value:2.1", "value:3.1"]);
        has(&text(heads), FieldKey::Results, &["value:82.2"]);
    }
    for heads in ["Mean | Median | Std", "Test | Validation | Target", "Average | Max | Min", "Test | Dev | Threshold"] {
        has_not(&text(heads), FieldKey::Results, &["value:82.2", "value:2.1", "variant:Mean", "variant:Test", "variant:Average"]);
        has(&text(heads), FieldKey::Results, &["value:81.1"]);
    }
}

#[test]
fn tables_of_scores_whose_captions_speak_of_data() {
    let rows = ["Method | CIFAR-10 | SVHN", "Base | 81.2 | 82.1", "Ours | 85.5 | 86.1"];
    for caption in [
        "Comparison with and without frozen BN statistics.",
        "Results for varying dataset sizes.",
        "Results on all dataset splits.",
        "Summary of our data augmentation.",
    ] {
        has(&table(caption, &rows), FieldKey::Results, &["dataset:SVHN", "value:86.1"]);
    }
    let years = ["Dataset | Year | BERT | Ours", "SST-2 | 2013 | 91.2 | 92.1", "MRPC | 2005 | 85.5 | 86.1"];
    has(&table("Main comparison.", &years), FieldKey::Results, &["dataset:SST-2", "value:92.1"]);
    let counts = ["Dataset | Train | Length", "SST-2 | 67,349 | 19.3", "MRPC | 3,668 | 43.1"];
    for caption in ["Statistics of the data sets.", "Dataset statistics.", "All data."] {
        has_not(&table(caption, &counts), FieldKey::Results, &["value"]);
    }
}

#[test]
fn columns_of_models_are_no_data() {
    for heads in ["Mistral | Gemma", "Gaussian | Laplace"] {
        let text =
            table("Accuracy (%) of all methods.", &[&format!("Method | {heads}"), "Base | 71.2 | 72.1", "Ours | 75.5 | 76.1"]);
        has_not(&text, FieldKey::Results, &["dataset:Mistral", "dataset:Gaussian", "dataset:Laplace"]);
    }
    let text = table("WER of all methods.", &["Method | Swahili | Yoruba", "Base | 31.2 | 32.1", "Ours | 25.5 | 26.1"]);
    has(&format!("The code is at https://x.org/data/swahili today.\n\n{text}"), FieldKey::Results, &["dataset:Swahili"]);
    let text = table("WER across regions.", &["Method | Bavaria | Alsace", "Base | 31.2 | 32.1", "Ours | 25.5 | 26.1"]);
    has(&text, FieldKey::Results, &["dataset:Bavaria"]);
    // A score of another kind is told of the paper's own alone.
    let text = table("Comparison.", &["Method | Anomaly score", "Base | 1.2", "Ours | 2.3"]);
    let data = "## Data\n\nWe train and evaluate on the LeafBank dataset. LeafBank is a dataset of leaves.\n\n";
    has_not(&format!("{data}{text}"), FieldKey::Results, &["value:1.2"]);
}

#[test]
fn tools_and_what_is_trained() {
    for (text, name) in [
        ("Our classifier is created by fine-tuning RoBERTa-large (355M) on our data.", "RoBERTa-large"),
        ("We use a learning rate of 2e-5 with RoBERTa-large (355M).", "RoBERTa-large"),
        ("The student is distilled from BERT-base (110M).", "BERT-base"),
        ("We create a strong baseline from BERT-large (340M).", "BERT-large"),
        ("All results were collected with DeBERTa-large (304M).", "DeBERTa-large"),
        ("We study label noise with ViT-B/16 (86M).", "ViT-B/16"),
    ] {
        has(&format!("## Training\n\n{text}"), FieldKey::Variants, &[name]);
    }
    for text in [
        "The answers were generated with Llama-70B (70B) and judged by Qwen-72B (72B).",
        "The labels were automatically produced using Mistral-7B (7B).",
        "We generate synthetic questions with Llama-70B (70B).",
        "Data distilled from Llama-70B (70B) is added.",
    ] {
        has_not(&format!("## Training\n\n{text}"), FieldKey::Variants, &["-7B", "-70B", "-72B"]);
    }
    for text in [
        "- LoRA: rank 8 on the query matrices of the frozen BERT, with 0.3M trainable parameters.\n- Full: all weights.",
        "- FooNet: a small model. Unlike GPT-3 with 175B parameters, it is small.\n- BarNet: another.",
        "- FooNet: distilled from BarBERT with 110M parameters.\n- BarNet: another.",
    ] {
        has_not(&format!("## Training\n\n{text}"), FieldKey::Variants, &["300000", "175000000000", "110000000"]);
    }
    let text = "We add LoRA to RoBERTa, which has 24 layers and a hidden size of 1024; 800,000 trainable parameters remain.";
    has(&format!("## Training\n\n{text}"), FieldKey::Variants, &["num_layers:24"]);
    has_not(&format!("## Training\n\n{text}"), FieldKey::Variants, &["800000"]);
}

#[test]
fn what_data_are_like_is_no_name() {
    for text in [
        "We study what happens when the data is Non-IID across clients.",
        "The text is Base64-encoded before it is sent.",
        "The text is WordPiece tokenized.",
        "The corpus is CoNLL-U formatted.",
        "The data are WebP images of leaves.",
    ] {
        has_not(&format!("## Training\n\n{text}"), FieldKey::Datasets, &["name"]);
    }
    has("## Training\n\nThe Leafish text is OpenWords-2.", FieldKey::Datasets, &["OpenWords-2"]);
    has("## Training\n\nOur training data is LeafNet2.", FieldKey::Datasets, &["LeafNet2"]);
}

#[test]
fn clauses_on_others_and_on_other_things() {
    check(
        "We train our models using AdamW, whereas the baselines of Smith et al. [3] were trained with SGD.",
        FieldKey::Optimizer,
        &["AdamW []"],
    );
    check("We train all models with AdamW, while prior work trained with SGD.", FieldKey::Optimizer, &["AdamW []"]);
    check("We train each model for sentiment analysis for 3 hours on a V100.", FieldKey::TrainingTime, &["3.0 []"]);
    check("Training a model for caption generation on 8 V100 GPUs took 2 days.", FieldKey::TrainingTime, &["2.0 []"]);
    check("With this learning rate, the loss drops 2x every 10 epochs.", FieldKey::Schedule, &[]);
    check("At a learning rate of 0.1, our perplexity falls 3 times every 20 epochs.", FieldKey::Schedule, &[]);
    for text in [
        "Eight A100 GPUs serve the deployed model to users.",
        "Two A40 GPUs are compared in Table 5.",
        "Two A40 GPUs are faster than four.",
        "Two A40 GPUs have a memory of 96 GB.",
    ] {
        check(text, FieldKey::Hardware, &[]);
    }
    has("## Training\n\nThe results show that the model trained with focal loss is best.", FieldKey::Loss, &["focal loss"]);
    has("## Training\n\nThe paper proposes training with a contrastive loss.", FieldKey::Loss, &["contrastive loss"]);
    has_not(
        "## Training\n\nRecent work [7] has shown that the model trained with focal loss is better.",
        FieldKey::Loss,
        &["focal"],
    );
}

#[test]
fn shares_in_brackets_and_augmentations_in_short() {
    check("We use dropout (20%, after each layer).", FieldKey::Dropout, &["0.2 []"]);
    check("We apply dropout (10% of units) in all layers.", FieldKey::Dropout, &["0.1 []"]);
    check("We train with label smoothing (10%, following [3]).", FieldKey::LabelSmoothing, &["0.1 []"]);
    check("The net with dropout (35% error) is better.", FieldKey::Dropout, &[]);
    check("We train with dropout (92% accuracy on leaves).", FieldKey::Dropout, &[]);
    for text in
        ["We use Random Crop and Horizontal Flip augmentation.", "We use random cropping and horizontal flipping augmentation."]
    {
        check(text, FieldKey::Augmentation, &["[random crop,horizontal flip] []"]);
    }
    check("We train without crop and flip augmentation.", FieldKey::Augmentation, &[]);
    let apart = "## Training\n\nWe use a learning rate of 0.1 for the first.\n\n## Other\n\nFor the second, we use 0.01.";
    has_not(apart, FieldKey::Lr, &["0.01"]);
}

#[test]
fn settings_in_cells_and_those_of_earlier_models() {
    let cells = [
        "Model | Setup",
        "FooNet | AdamW (beta1 = 0.9), learning rate 1e-4, batch 64",
        "BarNet | SGD, learning rate 0.1, batch size 128",
    ];
    has(&table("Set-up of the models.", &cells), FieldKey::Lr, &["0.0001"]);
    has(&table("Set-up of the models.", &cells), FieldKey::Optimizer, &["AdamW"]);
    let cells = ["Model | Setup", "GPT-2 | batch 512, lr 2.5e-4, Adam", "GPT-3 | batch 128, lr 6e-4, Adam"];
    has_not(&table("Overview of earlier models.", &cells), FieldKey::Lr, &["0.00025"]);
    has(&table("Overview of our models.", &cells), FieldKey::Lr, &["0.00025"]);
}
