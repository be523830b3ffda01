//! Ways of saying a setting that lean on what stands around it: the sentence before, a subject, a section that is referred to.

use super::said_tests::{in_markdown, said};
use crate::intake::{FieldKey, PaperFormat};

fn check(cases: &[(&str, FieldKey, &[&str])]) {
    for (text, key, expected) in cases {
        assert_eq!(in_markdown(&format!("## Training\n\n{text}\n"), *key), *expected, "{text}");
    }
}

#[test]
fn what_holds_for_all_is_of_none_of_them() {
    check(&[
        (
            "For MNIST, we use a learning rate of 0.1. For CIFAR-10, we use 0.01. All models are trained for 50 epochs.",
            FieldKey::Epochs,
            &["50.0 []"],
        ),
        (
            "For MNIST, we use a learning rate of 0.1. In all experiments, the batch size is 64 and training lasts 50 epochs.",
            FieldKey::BatchSize,
            &["64.0 []"],
        ),
        // The same setting once more, without its name.
        (
            "For MNIST, we use a learning rate of 0.1. For CIFAR-10, we use 0.01.",
            FieldKey::Lr,
            &["0.1 [MNIST]", "0.01 [CIFAR-10]"],
        ),
    ]);
}

#[test]
fn each_model_that_is_a_subject_tells_of_its_own() {
    let text = "LeNet5 was trained using the Adam optimizer for 10 epochs and the learning rate was set to 5e-4. For WideResNet, we used the architecture of WRN-40-4, which was trained for 50 epochs. For DenseNet, we used a depth of 100. DenseNet-BC was trained for 200 epochs with batches of 64 images. The learning rate was initialized to 0.1.";
    let of = |key: FieldKey| said(PaperFormat::Markdown, &format!("# A Study of Trees\n\n## Training\n\n{text}\n"), key);
    assert_eq!(of(FieldKey::Epochs), ["10.0 [LeNet5]", "50.0 [WRN-40-4 WideResNet]", "200.0 [DenseNet-BC]"]);
    assert_eq!(of(FieldKey::Lr), ["0.0005 [LeNet5]", "0.1 [DenseNet-BC]"]);
    assert_eq!(of(FieldKey::BatchSize), ["64.0 [DenseNet-BC]"]);
}

#[test]
fn the_best_of_several_is_what_was_taken() {
    check(&[
        ("We select learning rates from {1e-5, 2e-5, 3e-5}, with 2e-5 performing best.", FieldKey::Lr, &["0.00002 []"]),
        ("The batch size was tuned over {16, 32} and we found 32 to work best.", FieldKey::BatchSize, &["32.0 []"]),
        (
            "A learning rate of 5e-5 performed better for FooNet-S, whereas 3e-5 proved more suitable for FooNet-L.",
            FieldKey::Lr,
            &["0.00005 [FooNet-S]", "0.00003 [FooNet-L]"],
        ),
        // Nothing says which.
        ("We select learning rates from {1e-5, 2e-5}, as others do.", FieldKey::Lr, &["[0.00001,0.00002] []"]),
    ]);
}

#[test]
fn labels_with_a_value_behind() {
    check(&[
        ("- **Warmup:** 100 steps\n- **Epochs:** 3", FieldKey::Warmup, &["100.0 []"]),
        ("- **Warmup:** 6% of total steps\n- **Epochs:** 3", FieldKey::Warmup, &["0.06 []"]),
        ("- Momentum: 0,9\n- Learning rate: 0,001", FieldKey::Lr, &["0.001 []"]),
        ("- Momentum: 0,9\n- Learning rate: 0,001", FieldKey::Momentum, &["0.9 []"]),
        ("Weight decay is disabled in training.", FieldKey::WeightDecay, &["0.0 []"]),
        ("We train for twenty epochs with a batch size of sixty-four.", FieldKey::BatchSize, &["64.0 []"]),
        ("We train for 80 epochs, of which 4 are warm-up epochs.", FieldKey::Warmup, &["4.0 []"]),
        ("We fine-tune with AdamW at 2e-5 for 3 epochs.", FieldKey::Lr, &["0.00002 [fine-tuning]"]),
        ("Optimizer: AdamW (lr 1e-3, wd 0.05). Batch: 1024. Epochs: 300.", FieldKey::BatchSize, &["1024.0 []"]),
        ("Optimizer: AdamW (lr 1e-3, wd 0.05). Batch: 1024. Epochs: 300.", FieldKey::WeightDecay, &["0.05 []"]),
        (
            "During pre-training, we use a learning rate of 1e-3; for fine-tuning we lower it to 1e-4.",
            FieldKey::Lr,
            &["0.001 [pre-training]", "0.0001 [fine-tuning]"],
        ),
        ("For leaf fine-tuning (LFT), we use a learning rate of 1e-5.", FieldKey::Lr, &["0.00001 [fine-tuning leaf (LFT)]"]),
    ]);
}

#[test]
fn what_runs_on_what_for_how_long() {
    check(&[
        ("Each run needs 16 TPUv3 cores for 4 days.", FieldKey::Hardware, &["\"16 TPUv3 cores\" []"]),
        ("Each run needs 16 TPUv3 cores for 4 days.", FieldKey::TrainingTime, &["4.0 []"]),
        ("Training FooNet took 3.5 GPU-days on a single V100.", FieldKey::TrainingTime, &["3.5 []"]),
        (
            "We use 4×A100 to train FooNet-7B and 8×A100 to train FooNet-13B.",
            FieldKey::Hardware,
            &["\"4×A100\" [FooNet-7B]", "\"8×A100\" [FooNet-13B]"],
        ),
        ("For the GPU decoding measurements, we use a single A100 GPU.", FieldKey::Hardware, &[]),
        ("The maximum batch size for our models is around 220 sentences.", FieldKey::BatchSize, &[]),
    ]);
}

#[test]
fn a_stage_keeps_its_number() {
    let text = "### Stage I: Leaf Alignment\n\n#### Setup\n\nWe train with a learning rate of 0.1.\n\n### Stage II: Bark Tuning\n\n#### Setup\n\nWe train with a learning rate of 0.2.";
    check(&[(text, FieldKey::Lr, &["0.1 [Stage I Leaf Alignment]", "0.2 [Stage II Bark Tuning]"])]);
    // A word that is no number of a stage stays.
    let plain = "### Experiment: Logistic Regression\n\nWe train with a learning rate of 0.1.";
    check(&[(plain, FieldKey::Lr, &["0.1 [Logistic Regression]"])]);
}

#[test]
fn a_line_over_rows_names_their_model() {
    let table = "Table 1: Results on CIFAR-10.\n\n| VGG Accuracy | | | |\n|---|---|---|---|\n| Receptive Field | Dense | Pruned | Difference in Accuracy |\n| 181 | 93.5 | 10.9 | 82.6 |\n| 359 | 91.1 | 32.4 | 58.7 |\n";
    let said = in_markdown(table, FieldKey::Results);
    assert!(said.iter().any(|result| result.contains("93.5") && result.contains("VGG")), "{said:?}");
    assert!(!said.iter().any(|result| result.contains("82.6")), "{said:?}");
}

#[test]
fn data_by_what_is_said_of_them() {
    for (text, name) in [
        ("We use LP3 (Ash et al., 2022) as our sorting task dataset.", "LP3"),
        ("It is finetuned on the Universal Leaves (UL) annotations of a tree.", "Universal Leaves"),
        ("We train on (5) LEAFY, a dataset introduced in Ash & Oak (2018).", "LEAFY"),
    ] {
        let said = in_markdown(&format!("## Data\n\n{text}\n"), FieldKey::Datasets);
        assert!(said.iter().any(|data| data.contains(name)), "{text} {said:?}");
        assert!(!said.iter().any(|data| data.contains("Ash")), "{text} {said:?}");
    }
}

#[test]
fn settings_of_a_section_that_is_referred_to() {
    let background = "## 2 Background\n\nBarNet is optimized with AdamW with a weight decay of 0.01.\n\n## 3 Setup\n\n";
    let of = |text: &str| in_markdown(&format!("{background}{text}\n"), FieldKey::WeightDecay);
    assert_eq!(of("We follow the original BarNet optimization hyperparameters, given in Section 2."), ["0.01 []"]);
    assert_eq!(of("We explain this in Section 2."), Vec::<String>::new());
    let but = "We follow the BarNet hyperparameters in Section 2, except for the weight decay, which is tuned.";
    assert_eq!(of(but), Vec::<String>::new());
}

#[test]
fn the_same_number_of_two_stages_is_told_twice() {
    let text = "### Training\n\nThe learning rate is 0.1.\n\n### Pruned nets\n\nWe fine-tune with a learning rate of 0.1.";
    check(&[(text, FieldKey::Lr, &["0.1 []", "0.1 [fine-tuning Pruned nets]"])]);
}
