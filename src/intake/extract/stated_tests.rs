//! What papers state of augmentation, initialisation, code, hardware and time, and the rows of their own; each with a neighbour that
//! is none of it.

use super::said_tests::in_markdown;
use crate::intake::FieldKey;

fn all(text: &str, key: FieldKey) -> String {
    in_markdown(&format!("## Training\n\n{text}\n"), key).join("; ")
}

#[test]
fn augmentations_of_a_list() {
    let said = |text: &str| all(text, FieldKey::Augmentation);
    let listed = said("Data augmentation included small turns (angle, up to 8; shear, 3), added noise, and tone changes.");
    assert!(["small turns", "added noise", "tone changes"].iter().all(|item| listed.contains(item)), "{listed}");
    assert!(!listed.contains("angle"), "{listed}");
    assert_eq!(said("We compare with ways of augmentation such as mixup and cutout."), "");
    assert_eq!(said("We train without random cropping."), "");
}

#[test]
fn initialisation_of_what() {
    let said = |text: &str| all(text, FieldKey::Init);
    assert!(
        said("We initialize FooNet-S from the pretrained weights of FooNet and tune it.")
            .contains("pretrained weights of FooNet")
    );
    assert!(!said("We initialize FooNet-S from the pretrained weights of FooNet and tune it.").contains("tune"));
    assert_eq!(said("We initialize the queue from the last run."), "");
}

#[test]
fn where_the_code_is() {
    let said = |text: &str| all(text, FieldKey::CodeUrl);
    assert!(said("Our code is available at https://gi thub.com/ann/foonet.").contains("https://github.com/ann/foonet"));
    assert!(said("We have released our code at https://www.example.org/foo/net.").contains("https://www.example.org/foo/net"));
    assert_eq!(said("The trees are listed at https://www.example.org/trees."), "");
}

#[test]
fn devices_and_hours() {
    let said = |text: &str| all(text, FieldKey::Hardware);
    assert!(said("Training was done with an AMD 7543P CPU and an NVIDIA A100 GPU.").contains("NVIDIA A100 GPU"));
    assert!(said("Both parts are run on a 4-GPU A800 cluster.").contains("4-GPU A800"));
    assert!(said("We train on a single NVIDIA L40S GPU.").contains("L40S GPU"));
    assert_eq!(said("We train using an L2 penalty on H1 and B2."), "");
    assert!(all("Training took about 5 hours.", FieldKey::TrainingTime).starts_with("5.0"));
    assert_eq!(all("We train on 60 hours of speech.", FieldKey::TrainingTime), "");
}

#[test]
fn rows_of_the_papers_own() {
    let table = "Table 1: Accuracy on CIFAR-10.\n\n| Method | CIFAR-10 | SVHN |\n|---|---|---|\n| OtherNet [3] | 90.0 | 91.0 |\n| FooNet | $9 3 . 5 { \\pm } 0 . 2$ | $\\mathbf{9 4 . 5} \\pm 0 . 1$ |\n";
    let results = in_markdown(&format!("## Results\n\n{table}"), FieldKey::Results);
    // Numbers that are written as mathematics count, and the own row comes first.
    let first = results.first().cloned().unwrap_or_default();
    assert!(first.contains("FooNet") && !first.contains("OtherNet"), "{results:?}");
    assert!(["93.5", "94.5"].iter().all(|value| results.iter().any(|result| result.contains(value))), "{results:?}");
    assert!(!results.iter().any(|result| result.contains("pm")), "{results:?}");
}

#[test]
fn tasks_are_spoken_of() {
    let said = |text: &str| all(text, FieldKey::Task);
    let twice = "We care for fruit ripeness estimation. In fruit ripeness estimation, time is short.";
    assert!(said(twice).contains("fruit ripeness estimation"));
    assert!(said("Ours is made for out-of-season fruit detection tasks.").contains("out-of-season fruit detection"));
    // Of a large language model nothing is said to be modelled; what is said once is only words.
    assert_eq!(said("Large language models are used on earlier analysis, as before."), "");
}
