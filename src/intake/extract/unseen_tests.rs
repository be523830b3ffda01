//! Ways of saying settings, results and names that papers nobody had looked at before turned out to have.

use super::said_tests::said;
use crate::intake::{FieldKey, PaperFormat};

fn in_study(text: &str, key: FieldKey) -> Vec<String> {
    said(PaperFormat::Markdown, &format!("# A Study of Trees\n\nJane Doe\n\n## Abstract\n\nWe study trees.\n\n{text}"), key)
}

fn check(text: &str, key: FieldKey, expected: &[&str]) {
    let said: Vec<String> = in_study(&format!("## Training\n\n{text}\n"), key).iter().map(|one| one.replace('"', "")).collect();
    assert_eq!(said, *expected, "{text}");
}

/// What is found, each in a line.
fn found(text: &str, key: FieldKey) -> String {
    in_study(text, key).join("\n")
}

#[test]
fn clauses_sizes_and_parts_have_values_of_their_own() {
    check(
        "XLM-R was fine-tuned for 5 epochs, while mT5 was fine-tuned for 10 epochs.",
        FieldKey::Epochs,
        &["5.0 [XLM-R fine-tuning]", "10.0 [mT5 fine-tuning]"],
    );
    check(
        "For the tables we use CatBoost with a learning rate of 0.03; the FT-Transformer is trained with a learning rate of 1e-4.",
        FieldKey::Lr,
        &["0.03 [CatBoost]", "0.0001 [FT-Transformer]"],
    );
    check(
        "The 0.5B model uses a maximum sequence length of 1536. The 1.5B model uses a maximum sequence length of 1024.",
        FieldKey::MaxSeqLen,
        &["1536.0 [0.5B]", "1024.0 [1.5B]"],
    );
    check(
        "The SFT is trained for 3 epochs with a batch size of 128. For RL training, we use a batch size of 64.",
        FieldKey::BatchSize,
        &["128.0 [SFT]", "64.0 [RL]"],
    );
    check(
        "Models optimized with AdamW were trained for 100 epochs. Models optimized with SGD were trained for 200 epochs.",
        FieldKey::Epochs,
        &["100.0 [AdamW]", "200.0 [SGD]"],
    );
}

/// A firm lends its name to data as well as to machines.
#[test]
fn data_and_machines_of_firms() {
    let data = |text: &str| found(&format!("## Training\n\n{text}\n"), FieldKey::Datasets);
    assert!(data("We use the Google Speech Commands dataset, which contains 65,000 recordings.").contains("Speech Commands"));
    assert!(data("We train on the Amazon Reviews dataset.").contains("Amazon Reviews"));
    assert_eq!(data("We train on Google Colab and on Amazon EC2."), "");
    assert_eq!(data("This could be further improved with larger datasets such as ImageNet."), "");
    assert_eq!(data("The model was not trained on the MNIST dataset."), "");
    assert_eq!(found("## Future improvements\n\nTrain on the ImageNet dataset, too.\n", FieldKey::Datasets), "");
}

#[test]
fn settings_in_other_words() {
    check("We use SGD with a Nesterov momentum factor of 0.9.", FieldKey::Momentum, &["0.9 []"]);
    check("We use linear warm-up over 20 rollout steps for training.", FieldKey::Warmup, &["20.0 []"]);
    check("We use 1% of the tokens for linear warmup.", FieldKey::Warmup, &["0.01 []"]);
    check("We train with a maximum learning rate of 4e-4 and a minimum learning rate of 4e-5.", FieldKey::Lr, &["0.0004 []"]);
    check("The initial learning rate is between 1e-5 to 5e-5.", FieldKey::Lr, &["[0.00001,0.00005] []"]);
    check("We train with mixed precision (FP16) on one card.", FieldKey::Precision, &["mixed precision (FP16) []"]);
    check("The model uses Stochastic Gradient Descent (SGD) for optimization.", FieldKey::Optimizer, &["SGD []"]);
    check("Training uses the `OneCycleLR` schedule.", FieldKey::Schedule, &["one cycle []"]);
    for schedule in [
        "An Exponential Learning rate scheduler was used.",
        "We use an exponential learning rate schedule.",
        "We train for 10 epochs and the learning rate decays exponentially.",
    ] {
        check(schedule, FieldKey::Schedule, &["exponential decay []"]);
    }
    check("We implement a binary cross-entropy loss function.", FieldKey::Loss, &["binary cross-entropy loss []"]);
    check("We train the nets on this:\n\n1. RAM: 14GB\n2. GPU: NVIDIA Tesla K80\n", FieldKey::Hardware, &["NVIDIA Tesla K80 []"]);
}

#[test]
fn tables_of_settings() {
    let table = "Table 1: Hyperparameters.\n\n| Setting | Value |\n|---|---|\n| LoRA r / α | 16 / 32 |\n| Per-GPU batch | 4 |\n| Effective batch | 128 |\n| LR schedule | Linear warmup (3%) then constant |\n| L2 lambda | 0.01 |\n| Backbone LR | 3e-5 |\n| Head LR | 2e-4 |\n";
    check(table, FieldKey::LoraAlpha, &["32.0 []"]);
    check(table, FieldKey::BatchSize, &["128.0 []"]);
    check(table, FieldKey::Warmup, &["0.03 []"]);
    check(table, FieldKey::Schedule, &["constant []"]);
    check(table, FieldKey::WeightDecay, &["0.01 []"]);
    check(table, FieldKey::Lr, &["0.00003 [Backbone]", "0.0002 [Head]"]);
    let explained = "Table 1: Hyperparameters.\n\n| Symbol | Description | Value |\n|---|---|---|\n| B | Batch size | 64 |\n| E | Number of epochs | 30 |\n";
    check(explained, FieldKey::Epochs, &["30.0 []"]);
    // A table in LaTeX, in Markdown.
    let latex = "\\begin{tabular}{c|c}\n\\hline Hyperparameter & Value \\\\\n\\hline Learning rate & $10^{-4}$ \\\\\nBatch size & 64 \\\\\n\\hline\n\\end{tabular}\n\nTable 2. Training hyperparameters.\n";
    check(latex, FieldKey::Lr, &["0.0001 []"]);
}

#[test]
fn tables_of_results() {
    let ranks = "## Results\n\n| Dataset | Method | @1 | Recall @2 | @5 |\n|---|---|---|---|---|\n| LeafSets (15) | Sets | 0.11 | 0.12 | 0.13 |\n| | FooNet | 0.21 | 0.22 | 0.23 |\n\nTable 1: Results.\n";
    let said = found(ranks, FieldKey::Results);
    for value in ["0.21", "0.22", "0.23"] {
        let wanted = said.lines().any(|line| line.contains(value) && line.contains("LeafSets") && line.contains("recall"));
        assert!(wanted, "{value}: {said}");
    }
    let languages = "## Results\n\nTable 1: WER of the models.\n\n| Model | Swahili | Yoruba |\n|---|---|---|\n| Bar | 34.2 | 60.3 |\n| FooNet | 24.1 | 41.5 |\n";
    let said = found(languages, FieldKey::Results);
    assert!(said.lines().any(|line| line.contains("24.1") && line.contains("Swahili") && line.contains("WER")), "{said}");
    let alone = "## Results\n\nTable 1: Main Results on LEAF-VTT\n\n| Method | R@1 | R@5 |\n|---|---|---|\n| Bar | 42.1 | 71.3 |\n| Ours | 45.3 | 74.1 |\n";
    let said = found(alone, FieldKey::Results);
    assert!(said.lines().any(|line| line.contains("45.3") && line.contains("LEAF-VTT")), "{said}");
    // Beside recall, precision is no format.
    let measures = "## Results\n\nTable 1: Results on the LeafKDD dataset.\n\n| Model | Accuracy (%) | Precision (%) | Recall |\n|---|---|---|---|\n| Bar | 91.2 | 90.1 | 0.905 |\n| FooNet | 95.4 | 94.8 | 0.951 |\n";
    assert!(found(measures, FieldKey::Results).contains("95.4"));
    assert!(found(measures, FieldKey::Precision).is_empty());
}

#[test]
fn measures_by_their_letters() {
    let table = "## Results\n\n| Model | P | R | F1 |\n|---|---|---|---|\n| Bar | 91.8 | 92.4 | 92.1 |\n| FooNet | 93.5 | 93.4 | 93.2 |\n\nTable 1: Results on VoxLeaf1-O.\n";
    let said = found(table, FieldKey::Results);
    for (value, measure) in [("93.5", "precision"), ("93.4", "recall"), ("93.2", "F1")] {
        let wanted = said.lines().any(|line| line.contains(value) && line.contains(measure) && line.contains("VoxLeaf1-O"));
        assert!(wanted, "{value}: {said}");
    }
}

#[test]
fn numbers_before_names() {
    let text =
        "## Data\n\nWe use three public datasets: (i) ASH-50, which has 2,000 clips; (ii) UrbanOak8K; and (iii) ElmSet3.\n";
    let said = found(text, FieldKey::Datasets);
    assert!(["ASH-50", "UrbanOak8K", "ElmSet3"].iter().all(|name| said.contains(name)), "{said}");
    let model = "## Training\n\n- **Model:** Llama-3.2-3B-Instruct\n- **Batch:** 4 per device, 8 steps (effective 32)\n";
    assert!(found(model, FieldKey::Variants).contains("Llama-3.2-3B-Instruct"));
    assert_eq!(found(model, FieldKey::BatchSize), "32.0 []");
}

#[test]
fn pairs_of_results() {
    let said = found(
        "## Results\n\nWe train on LibriSpeech. Our system obtains WERs of 2.1/4.3 on the test-clean/test-other sets of LibriSpeech.\n",
        FieldKey::Results,
    );
    for (value, part) in [("2.1", "test-clean"), ("4.3", "test-other")] {
        assert!(said.lines().any(|line| line.contains(value) && line.contains(part)), "{value}: {said}");
    }
}

#[test]
fn names_of_models_and_data() {
    let variants = |text: &str| found(&format!("## Model\n\n{text}\n"), FieldKey::Variants);
    for (text, names) in [
        ("We fine-tune the pre-trained Pythia 1B/6.9B models on leaves.", &["Pythia 1B", "Pythia 6.9B"][..]),
        ("We fine-tune the pre-trained R3D-18 model on leaves.", &["R3D-18"]),
        ("We fine-tune the pre-trained OakBERT-base model with CTC.", &["OakBERT-base"]),
        ("Pegasus-large is fine-tuned on our leaves.", &["Pegasus-large"]),
        ("We fine-tune DeBERTa-v3-large as a classifier.", &["DeBERTa-v3-large"]),
    ] {
        let said = variants(text);
        assert!(names.iter().all(|name| said.contains(&format!("\"{name}\""))), "{text}: {said}");
    }
    let data = |text: &str| found(&format!("## Data\n\n{text}\n"), FieldKey::Datasets);
    for (text, name) in [
        ("The dataset is based on AshCT-1k and contains 892 images.", "AshCT-1k"),
        ("We also pre-train on 10k hours of unlabeled audio from OakSpeech.", "OakSpeech"),
        ("On BarkSet2016, we achieve 99.9% in accuracy.", "BarkSet2016"),
        ("We evaluate on a benchmark assembled from TN3K, TN5K and DDTI.", "TN5K"),
    ] {
        assert!(data(text).contains(name), "{text}: {}", data(text));
    }
}

#[test]
fn code_among_the_authors() {
    let text = "# A Study of Trees\n\n**Author:** Jane Doe  \n**Code & Data:** https://github.com/janedoe/trees\n\n---\n\n## Abstract\n\nWe study trees.\n";
    assert_eq!(said(PaperFormat::Markdown, text, FieldKey::CodeUrl), ["\"https://github.com/janedoe/trees\" []"]);
}
