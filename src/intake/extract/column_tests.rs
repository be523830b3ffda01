//! Papers as a reader of PDFs writes them, with tables column by column; and statements of what was not done, each with a neighbour
//! that was.

use super::tests::check;
use crate::intake::{FieldKey, FlatSpec, PaperFormat, Value, extract, read_paper};

fn said(text: &str, key: FieldKey) -> Vec<String> {
    let text = format!(
        "On Things\n\nAda Oak, Bo Ash\n\nAbstract\n\nWe introduce FooNet, a model of things.\n\n1. Experiments\n\n{text}\n"
    );
    let paper = read_paper(text.as_bytes(), PaperFormat::Text, "x").expect("read");
    let spec = extract(&paper);
    for field in FlatSpec::from(&spec).fields {
        assert_eq!(paper.words(field.page, field.span), field.quote);
    }
    let words = |value: &Value| match value {
        Value::Result { result } => {
            format!("{} {} {}", result.dataset, result.variant.as_deref().unwrap_or("-"), result.value)
        }
        Value::Variant { variant } => {
            format!("{} {:?} {:?}", variant.name, variant.num_layers.unwrap_or(0), variant.num_params.unwrap_or(0.0))
        }
        Value::Text { text } => text.clone(),
        Value::Texts { texts } => texts.join(", "),
        other => format!("{:?}", other.numbers()),
    };
    let all = spec.sure().filter(|field| field.key == key);
    all.map(|field| format!("{} [{}]", words(&field.value), field.scope)).collect()
}

#[test]
fn settings_column_by_column() {
    let text = "Hyperparameter\n\nValue\n\nUpdates\nBatch Size\nWeight Init\nβ2\nWeight Decay\n\n1048576\n256\nUniform\n0.98\n0.1\n\nTable 7. FooNet training hyperparameters.\n\nHyperparameter\n\nValue\n\nUpdates\nBatch Size\nDropout\n\n65536\n1024\n0.1\n\nTable 8. Hyperparameters changed for FooNet Wide.\n\nThe models are trained for 220 updates.";
    assert_eq!(said(text, FieldKey::Steps), ["[1048576.0] [FooNet]", "[65536.0] [FooNet Wide]"]);
    assert_eq!(said(text, FieldKey::BatchSize), ["[256.0] [FooNet]", "[1024.0] [FooNet Wide]"]);
    assert_eq!(said(text, FieldKey::Init), ["Uniform [FooNet]"]);
    assert_eq!(said(text, FieldKey::Beta2), ["[0.98] [FooNet]"]);
}

#[test]
fn models_column_by_column() {
    let text = "Model\n\nLayers\n\nWidth\n\nParameters\n\nTiny\nBase\nLarge\n\n4\n6\n12\n\n128\n256\n512\n\n5M\n20M\n80M\n\nTable 1. Sizes.\n\nModel\n\nMax Learning Rate\n\nTiny\nBase\nLarge\n\n1 × 10−3\n5 × 10−4\n2 × 10−4\n\nTable 2. FooNet learning rates.";
    assert_eq!(said(text, FieldKey::Variants), ["Tiny 4 5000000.0 []", "Base 6 20000000.0 []", "Large 12 80000000.0 []"]);
    assert_eq!(said(text, FieldKey::Lr), ["[0.001] [Tiny]", "[0.0005] [Base]", "[0.0002] [Large]"]);
}

#[test]
fn scores_column_by_column() {
    let text = "Dataset\nCIFAR-10\nSVHN\nImageNet\n\nmodel\nFooNet-40\nFooNet-16\nFooNet-50\n\ntest perf.\n3.8%\n1.54%\n21.9%\n\nTable 3: Test error of FooNet.";
    let found = said(text, FieldKey::Results);
    assert!(found.iter().any(|one| one.starts_with("SVHN FooNet-16 1.54")), "{found:?}");
    assert_eq!(found.len(), 3, "{found:?}");
    // Two numbers in a cell.
    let text = "Model\nFooNet-40\nFooNet-16\nFooNet-50\n\ntop-1\n25.1 / 23.6\n23.8 / 22.1\n22.5 / 21.4\n\nTable 4: Top-1 error rates on ImageNet, with one crop or ten.";
    let found = said(text, FieldKey::Results);
    assert!(found.iter().any(|one| one.starts_with("ImageNet FooNet-16 23.8")), "{found:?}");
}

#[test]
fn what_follows_from_a_value_is_no_setting() {
    check("A batch size of 8 gives us 56 pairs.", &[]);
    check("A learning rate of 0.5 leads to divergence.", &[]);
    check("A batch size of 64 gives the best result.", &["batch_size 64.0 examples"]);
    check(
        "We note that the result of FooNet was obtained with batch size 64, whereas we use a batch size of 32.",
        &["batch_size 32.0 examples"],
    );
    check("We measure forward and backward times with a batch size of 32.", &[]);
    check("We search a grid of 7 learning rates spaced evenly between 0.0001 and 0.1.", &[]);
    check("The loss without dropout drops fast.", &[]);
    check("The model without dropout was used.", &["dropout 0.0"]);
}

#[test]
fn lengths_of_training() {
    check("We probe with a rate of 0.1 and a longer training of 90 epochs.", &["epochs 90.0 epochs"]);
    let none = Vec::<String>::new();
    assert_eq!(said("We also train with larger batch sizes (up to 4096) here.", FieldKey::BatchSize), none);
    assert_eq!(said("Our random baselines are trained for 40,000 steps.", FieldKey::Steps), none);
}

#[test]
fn losses_and_how_they_are_computed() {
    assert_eq!(said("The final loss is computed across all pairs, both of them.", FieldKey::Loss), Vec::<String>::new());
    for text in ["As the loss, we use FooXent, optimized with care.", "For our training objective, we minimize FooXent."] {
        assert_eq!(said(text, FieldKey::Loss).len(), 1, "{text}");
    }
}

#[test]
fn augmentations_in_brackets() {
    let of = |text: &str| said(text, FieldKey::Augmentation);
    assert_eq!(of("We adopt a standard data augmentation scheme (mirroring/shifting) for both."), ["mirroring, shifting []"]);
    assert_eq!(of("We use augmentation (tilting, stretching and shading) here."), ["tilting, stretching, shading []"]);
    assert!(of("We use augmentation (see below) here.").is_empty());
}

#[test]
fn levels_without_a_measure() {
    let of = |text: &str| said(text, FieldKey::Results).len();
    assert_eq!(of("Our model achieves 1.54% on SVHN."), 1);
    assert_eq!(of("Our model achieved 18.3% on CIFAR-100 using FooNet-40."), 1);
    // A bound, and what men reach.
    assert_eq!(of("It is trained on SVHN, which lacks classes, upper-bounding accuracy at 80.4%."), 0);
    assert_eq!(of("This is far below the human-level error rate of 5.8% on SVHN."), 0);
}

#[test]
fn defaults_that_head_a_paragraph() {
    let text = "Default setting. We use Adam with a learning rate of 0.1.\n\n2. Others\n\nWe then use a learning rate of 0.2 for tuning leaves.";
    assert_eq!(said(text, FieldKey::Lr)[0], "[0.1] [default settings]");
}
