//! Which stage of training a setting is of.

use super::said_tests::in_markdown;
use crate::intake::FieldKey;

#[test]
fn a_stage_holds_through_the_headings_below_its_own() {
    let text = "## Pre-training\n\nWords.\n\n### Model\n\nWe use Adam with a batch size of 8.\n\n\
        ## Fine-tuning\n\nWords.\n\n### Model\n\nWe use Adam with a batch size of 8.\n";
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["8.0 [pre-training]", "8.0 [fine-tuning]"]);
    let text = "## Pre-training\n\nWords.\n\n## Model\n\nWe use Adam with a batch size of 8.\n";
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["8.0 []"]);
}

#[test]
fn a_stage_holds_until_the_next() {
    let text = "## 2 Training\n\nIn Stage 1 (Leaf Sorter), we train both parts.\n\nTraining uses a batch size of 8.\n\n\
        In Stage 2, we go on.\n\nTraining uses a batch size of 4.\n\n## 3 Setup\n\nWe train with a batch size of 2.\n";
    let sizes = in_markdown(text, FieldKey::BatchSize);
    assert_eq!(sizes, ["8.0 [Stage 1 Leaf Sorter]", "4.0 [Stage 2]", "2.0 []"]);
}
