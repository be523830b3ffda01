//! What tables, headings and clauses say of where a value belongs; each beside one that looks alike.

use super::said_tests::in_markdown;
use crate::intake::FieldKey;

fn said(text: &str, key: FieldKey) -> Vec<String> {
    in_markdown(&format!("## Training\n\n{text}\n"), key)
}

#[test]
fn a_table_of_whose_cells_several_were_made_one() {
    let sizes = "|Model<br>Parameters<br>Layers<br>Hidden|Model<br>Parameters<br>Layers<br>Hidden|\n|---|---|\n|BarNet<br>small<br>large|8M<br>6<br>256<br>30M<br>12<br>512|\n|FooNet<br>small<br>large|4M<br>6<br>256<br>9M<br>12<br>512|\n\nTable 1: Models.\n";
    let variants = said(sizes, FieldKey::Variants);
    assert_eq!(variants.len(), 4, "{variants:?}");
    assert!(variants.iter().any(|v| v.contains("FooNet large") && v.contains("512") && v.contains("9000000")), "{variants:?}");
    let settings = "||LR<br>BSZ<br>FooNet DR<br>TS<br>WS|\n|---|---|\n|MNLI<br>RTE<br>SVHN|1.00E-05<br>16<br>0<br>5300<br>320<br>3.00E-05<br>128<br>0.1<br>10000<br>1000<br>2.00E-05<br>32<br>0.2<br>800<br>200|\n\nTable 1: What we tune with. LR: Learning Rate. BSZ: Batch Size. DR: Dropout Rate. TS: Training Steps. WS: Warmup Steps.\n";
    assert_eq!(said(settings, FieldKey::Lr), ["0.00001 [MNLI]", "0.00003 [RTE]", "0.00002 [SVHN]"]);
    assert_eq!(said(settings, FieldKey::Dropout), ["0.0 [MNLI]", "0.1 [RTE]", "0.2 [SVHN]"]);
    assert_eq!(said(settings, FieldKey::Warmup), ["320.0 [MNLI]", "1000.0 [RTE]", "200.0 [SVHN]"]);
}

#[test]
fn rows_of_another_family_are_others() {
    let table = "| Model | Batch size | Steps |\n|---|---|---|\n| FooNet | 64 | 3000 |\n| BERTlarge with books | 256 | 9000 |\n\nTable 1: How FooNet grows.\n";
    let heading = "We use BERT as the backbone.\n\n";
    let sizes = said(&format!("{heading}{table}"), FieldKey::BatchSize);
    assert!(sizes.iter().any(|size| size.starts_with("64.0 [FooNet")), "{sizes:?}");
}

#[test]
fn the_phase_of_a_setup() {
    let text = "## Experimental setup\n\nWe follow others in the leaves that we use for pretraining our models.\n\nAll updates use a batch size of 48. It is trained for 9,000 steps.\n";
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["48.0 [pre-training]"]);
    // Of both phases, or in a section about something else, nothing is said.
    let both =
        "## Experimental setup\n\nWe pre-train on leaves.\n\nWe fine-tune on roots.\n\nAll updates use a batch size of 48.\n";
    assert_eq!(in_markdown(both, FieldKey::BatchSize), ["48.0 []"]);
    let other = "## Sorting\n\nWe pre-train on leaves.\n\nAll updates use a batch size of 48.\n";
    assert_eq!(in_markdown(other, FieldKey::BatchSize), ["48.0 [Sorting]"]);
}

#[test]
fn what_a_value_is_only_compared_with() {
    let text = "We train with the same constants as for the base model. The learning rate is 0.1.";
    assert_eq!(said(text, FieldKey::Lr), ["0.1 []"]);
    let earlier = "In earlier experiments, we saw more. The learning rate is 0.1.";
    assert_eq!(said(earlier, FieldKey::Lr), ["0.1 []"]);
    let two = "We compare FooNet-small after 300 training steps with FooNet-large after 500 training steps.";
    assert_eq!(said(two, FieldKey::Steps), ["300.0 [FooNet-small]", "500.0 [FooNet-large]"]);
}

#[test]
fn lines_below_a_paragraph_part_pages() {
    let text = "# Hyperparameters\n\nWe train with a learning rate of 0.1 and stop after a while, as others do.\n---\n# Table 1: Settings.\n\n| Setting | Value |\n|---|---|\n| batch size | 48 |\n";
    assert_eq!(in_markdown(text, FieldKey::Lr), ["0.1 []"]);
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["48.0 []"]);
}

#[test]
fn systems_that_are_named_after_data() {
    let table = "| Model | Spearman |\n|---|---|\n| *Trained on SNLI data* | |\n| FooBERT-SNLI-base | 77.5 |\n| FooBERT-SNLI-large | 79.5 |\n\nTable 1: Evaluation on the STS benchmark test set.\n";
    let results = said(table, FieldKey::Results);
    assert!(results.iter().all(|r| r.contains("STS benchmark") && r.contains("FooBERT-SNLI")), "{results:?}");
    assert_eq!(results.len(), 2, "{results:?}");
    let mean = "| Model | STS12 | STS13 | Avg. |\n|---|---|---|---|\n| FooBERT-SNLI-base | 70.5 | 76.5 | 73.5 |\n| FooBERT-SNLI-large | 72.5 | 78.5 | 75.5 |\n| Total | 1.5 | 2.5 | 3.5 |\n\nTable 1: Spearman rank correlation.\n";
    let results = said(mean, FieldKey::Results);
    assert!(results.iter().any(|r| r.contains("Avg.") && r.contains("73.5") && r.contains("FooBERT-SNLI-base")), "{results:?}");
    assert!(!results.iter().any(|r| r.contains("3.5") && r.contains("Total")), "{results:?}");
}

#[test]
fn a_line_below_the_heads_names_what_follows() {
    let table = "<table><tr><th>Model</th><th colspan=2>SQuAD</th><th colspan=2>NewsQA</th></tr><tr><td></td><td>EM</td><td>F1</td><td>EM</td><td>F1</td></tr><tr><td colspan=5>Single models w/o more data</td></tr><tr><td>FooNet</td><td>88.5</td><td>94.5</td><td>86.5</td><td>89.5</td></tr></table>\n\nTable 1: Results of question answering.\n";
    let results = said(table, FieldKey::Results);
    let has = |data: &str, metric: &str, value: &str| {
        results.iter().any(|r| r.contains(data) && r.contains(metric) && r.contains(value))
    };
    assert!(has("SQuAD", "F1", "94.5") && has("NewsQA", "EM", "86.5"), "{results:?}");
    assert!(!results.iter().any(|r| r.contains("w/o")), "{results:?}");
}

#[test]
fn sizes_of_one_model() {
    let said = |text: &str| in_markdown(&format!("## Models\n\n{text}\n"), FieldKey::Variants);
    let sizes = said("We release variants of FooNet with 7M, 13M, and 70M parameters.");
    assert_eq!(sizes.len(), 3, "{sizes:?}");
    assert!(sizes.iter().any(|size| size.contains("FooNet 13M") && size.contains("13000000")), "{sizes:?}");
    assert!(said("BarNet comes in sizes of 7M and 13M parameters.").is_empty());
}

#[test]
fn machines_and_times_said_otherwise() {
    let hardware = |text: &str| said(text, FieldKey::Hardware).join("; ");
    assert!(hardware("We train FooNet on a single 8-GPU node in two days.").contains("a single 8-GPU node"));
    assert!(hardware("The training was performed on hardware of type A100-80GB.").contains("A100-80GB"));
    assert!(hardware("Both clusters use NVIDIA A100s for training.").contains("NVIDIA A100"));
    let time = |text: &str| said(text, FieldKey::TrainingTime).join("; ");
    assert!(time("We fine-tune FooNet on leaves. This takes 20 hours on a single node.").starts_with("20.0"));
    assert!(time("A cumulative of 3000 GPU hours of computation was spent.").starts_with("3000.0"));
    assert!(time("We train FooNet with 90k steps (32h of training).").starts_with("32.0"));
    assert_eq!(time("We look at leaves. This takes 20 hours."), "");
}

#[test]
fn losses_of_several_experiments() {
    let text = "## Nets\n\n### Sorting\n\nWe use the squared leaf distance as our training objective.\n\n### Naming\n\nWe optimize a triple leaf loss.\n";
    let losses = in_markdown(text, FieldKey::Loss);
    assert_eq!(losses.len(), 2, "{losses:?}");
}
