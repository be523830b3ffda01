//! What papers say of models and of scores beyond one sentence: names in lists and tables, layers alone, heads and groups of tables.

use crate::intake::{FieldKey, FlatSpec, Paper, PaperFormat, PaperSpec, Value, extract, read_paper};

fn read(text: &str) -> (Paper, PaperSpec) {
    let text = format!("# A Study of Things\n\n## Experiments\n\n{text}\n");
    let paper = read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read");
    let spec = extract(&paper);
    for field in FlatSpec::from(&spec).fields {
        assert_eq!(paper.words(field.page, field.span), field.quote);
    }
    (paper, spec)
}

fn said(text: &str, key: FieldKey) -> Vec<String> {
    let (_, spec) = read(text);
    let name = |value: &Value| match value {
        Value::Variant { variant } => variant.name.clone(),
        Value::Text { text } => text.clone(),
        Value::Family { family } => family.name().to_string(),
        Value::Dataset { dataset } => dataset.name.clone(),
        Value::Result { result } => {
            format!("{} {} {}", result.dataset, result.variant.as_deref().unwrap_or("-"), result.value)
        }
        _ => String::new(),
    };
    spec.sure().filter(|field| field.key == key).map(|field| name(&field.value)).collect()
}

#[test]
fn models_in_tables() {
    let variants = |text: &str| said(text, FieldKey::Variants);
    let heads = "| Teacher | VGG13 | ResNet-50 | VGG16 |\n|---|---|---|---|\n| Student | VGG8 | FooNet2 | ResNet-18 |\n| Plain | 70.5 | 71.5 | 72.5 |\n";
    assert_eq!(variants(heads), ["VGG13", "ResNet-50", "VGG16", "VGG8", "FooNet2", "ResNet-18"]);
    let series = "| Method | Score |\n|---|---|\n| FOO-Small | 1.5 |\n| FOO-Large | 2.5 |\n| BAR-Large | 3.5 |\n";
    assert_eq!(variants(series), ["FOO-Small", "FOO-Large"]);
    // Others' models, in sizes like those of nobody else's.
    let others =
        "| Method | Score |\n|---|---|\n| FOO-Small | 1.5 |\n| FOO-Large | 2.5 |\n| BAR-Small | 3.5 |\n| BAR-Large | 4.5 |\n";
    assert!(variants(others).is_empty());
    assert!(variants("We use C4 (156B) for the words.").is_empty());
    // Heads of settings name no models.
    assert!(variants("| Setting | A | B |\n|---|---|---|\n| Rate | 0.1 | 0.2 |\n").is_empty());
}

#[test]
fn what_training_begins_with() {
    let init = |text: &str| said(text, FieldKey::Init);
    assert_eq!(init("All methods use Foo-7B as the initial policy."), ["Foo-7B"]);
    assert_eq!(init("We initialize the matrix so that the map is the identity."), ["so that the map is the identity"]);
    assert!(init("We use ResNet-50 as the backbone.").is_empty());
    assert_eq!(init("We fine-tune Foo-7B on leaves."), ["Foo-7B"]);
    for text in [
        "We pre-train BERT-base from scratch on our corpus.",
        "We train Foo-7B on 1T tokens.",
        "Our architecture is based on GPT-2.",
        "We use the pretrained InceptionV3 to compute FID.",
        "We use a pretrained FooNet2 as the reward model.",
    ] {
        assert!(init(text).is_empty(), "{text}");
    }
}

#[test]
fn layers_tell_a_kind_where_nothing_else_does() {
    let family = |text: &str| said(text, FieldKey::Family);
    assert_eq!(family("It has two convolutional layers. Behind the convolutional layers comes a sum."), ["cnn"]);
    assert!(family("It has two convolutional layers.").is_empty());
}

#[test]
fn tables_of_data() {
    let data = |text: &str| said(text, FieldKey::Datasets);
    let table = "| Dataset | Train | Test |\n|---|---|---|\n| Plum (Ash, 2001) | 120 | 20 |\n| PearQA | 300 | 30 |\n";
    assert_eq!(data(&format!("Table 1: Sizes of our data.\n\n{table}")), ["Plum", "PearQA"]);
    assert!(data(&format!("Table 1: Comparison with existing data.\n\n{table}")).is_empty());
}

#[test]
fn heads_and_groups_of_scores() {
    let results = |text: &str| said(text, FieldKey::Results);
    // A line of few words among the values is over no column, and a value may be below zero.
    let groups = "Table 1: Accuracy on the Plum5 dataset.\n\n| Model | Gain | Drop |\n|---|---|---|\n| Oak | -0.5 | 2.5 |\n| | Large ones | |\n| Elm | 1.5 | 3.5 |\n";
    assert_eq!(results(groups), ["Plum5 Oak Gain -0.5", "Plum5 Oak Drop 2.5", "Plum5 Elm Gain 1.5", "Plum5 Elm Drop 3.5"]);
    // What is tested on stands behind the arrow; a network belongs to its system's name.
    let arrow = "We use the Plum5 dataset and the Pear7 dataset.\n\n| Method | Backbone | Plum5→Pear7 |\n|---|---|---|\n| Oak | FooNet | 1.5 |\n| Oak | BarNet | 2.5 |\n";
    assert_eq!(results(arrow), ["Pear7 Oak FooNet 1.5", "Pear7 Oak BarNet 2.5"]);
}

#[test]
fn models_that_are_taken() {
    let all = |text: &str| super::said_tests::in_markdown(&format!("## Models\n\n{text}\n"), FieldKey::Variants).join("; ");
    let taken = all(
        "We use the XLM-RoBERTa base sized model (270M parameters), and our second is the Leaf-100 model [7] with 41M parameters.",
    );
    assert!(taken.contains("\"XLM-RoBERTa base\"") && taken.contains("270000000"), "{taken}");
    assert!(taken.contains("\"Leaf-100\"") && taken.contains("41000000"), "{taken}");
    assert_eq!(all("Others have the Leaf-100 model with 41M parameters."), "");
    let students = all("ResNet-18 (RN-18) [19] and MobileNet-V2 [20] are used as students.");
    assert!(students.contains("ResNet-18") && students.contains("MobileNet-V2"), "{students}");
    assert!(all("We compare with ResNet-18, and labels are used as targets.").is_empty());
}

#[test]
fn layers_of_the_model_of_the_title() {
    use crate::intake::{PaperFormat, extract, read_paper};
    let named = |title: &str| {
        let text = format!("# {title}\n\n## Model\n\nThe model has 32 layers, and the number of attention heads is 16.\n");
        let spec = extract(&read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read"));
        let name = |field: &crate::intake::Field| match &field.value {
            crate::intake::Value::Variant { variant } if variant.num_heads == Some(16) => Some(variant.name.clone()),
            _ => None,
        };
        spec.fields.iter().find_map(name)
    };
    assert_eq!(named("Introducing Leaf-7B: An Open Model").as_deref(), Some("Leaf-7B"));
    // A count of layers is no name.
    assert_eq!(named("A Log of It").as_deref(), Some("model"));
}

#[test]
fn names_that_differ_by_one_letter() {
    use super::same_model;
    assert!(same_model("RoBbase (LoRA)", "RoBERTa base LoRA") && same_model("ResNet-50", "Resnet50"));
    assert!(!same_model("ResNet-50", "ResNeXt-50") && !same_model("BERT-large", "BERT-xlarge"));
    let both = "For leaves, we utilized ResNet-50 and ResNeXt-50 (Oak et al. 2017) as backbones and trained them.";
    assert_eq!(said(both, FieldKey::Variants), ["ResNet-50", "ResNeXt-50"]);
}
