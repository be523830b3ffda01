//! Columns that a request says in other words than their names.

use super::*;
use tallow::plan::TableFacts;
use tallow_zoo::mlp::NumericColumn;

/// A table of numbers with this label, and these columns left out.
fn table(label: &str, task: Task, left_out: &[&str]) -> DataFacts {
    let numeric = vec![NumericColumn::of("amount", [Some(1.0), Some(2.0), None])];
    let left_out = left_out.iter().map(|name| name.to_string()).collect();
    let columns = Columns { input: vec!["amount".into()], label: Some(label.into()), ..Columns::default() };
    DataFacts {
        task: Some(task),
        columns,
        labels: if task == Task::TabularRegression { vec![] } else { vec!["no".into(), "yes".into()] },
        table: Some(TableFacts { numeric, left_out, ..TableFacts::default() }),
        mean_tokens: None,
        ..texts(vec![split("train", 900, true)])
    }
}

/// What the plan says of words of the request that it made nothing of.
fn unread(spec: &ExperimentSpec) -> Vec<&String> {
    let stated = spec.deviations.iter().filter(|d| d.used == "not followed").map(|d| &d.stated);
    stated.chain(spec.assumptions.iter().filter(|line| line.starts_with("request: no wish"))).collect()
}

#[test]
fn a_label_in_other_words_is_told() {
    for (text, label, task, said) in [
        ("Train a house price model on houses.csv and report the R2", "price", Task::TabularRegression, "price"),
        ("Which loans default? Train on loans.csv, 20 epochs", "defaulted", Task::TabularClassification, "default"),
    ] {
        let spec = first(&request(text), &Wishes::default(), &table(label, task, &[]));
        let told = format!("data.columns.label: `{label}`, for the request says `{said}`");
        assert!(assumes(&spec, &told), "{text}: {:?}", spec.assumptions);
        assert_eq!(spec.data.columns.label.as_deref(), Some(label));
        assert!(!unread(&spec).iter().any(|words| words.contains(said)), "{text}: {:?}", unread(&spec));
    }
    let spec = first(
        &request("predict readmission in patients.csv"),
        &Wishes::default(),
        &table("readmitted", Task::TabularClassification, &[]),
    );
    assert!(assumes(&spec, "data.columns.label: `readmitted` is what `readmission` means"), "{:?}", spec.assumptions);
    // What is said as it is needs no telling.
    let spec = first(&request("predict price in houses.csv"), &Wishes::default(), &table("price", Task::TabularRegression, &[]));
    assert!(!assumes(&spec, "data.columns.label"), "{:?}", spec.assumptions);
}

/// Nothing is dropped in silence, and none is said not to be there.
#[test]
fn splits_that_nothing_comes_of_are_told() {
    let of = |splits: Vec<SplitFacts>| {
        let data = DataFacts { task: Some(Task::TextClassification), ..texts(splits) };
        first(&request("text classification on tickets.csv"), &Wishes::default(), &data)
    };
    let spec = of(vec![split("feb", 900, true), split("jan", 299, true)]);
    assert!(assumes(&spec, "for no other labelled split is called a test of it"), "{:?}", spec.assumptions);
    let unused = "data: not used, for no name of these is that of a test of `feb`: `jan` (299 examples)";
    assert!(assumes(&spec, unused), "{:?}", spec.assumptions);
    let spec = of(vec![split("train", 900, true)]);
    assert!(assumes(&spec, "for there is no other labelled split"), "{:?}", spec.assumptions);
    assert!(!assumes(&spec, "data: not used"), "{:?}", spec.assumptions);
}

#[test]
fn what_is_left_out_in_other_words_stays_so() {
    let of = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data).data.columns.exclude;
    let loans = table("defaulted", Task::TabularClassification, &["loan_id", "zip_code"]);
    assert_eq!(of("predict defaulted in loans.csv. ZIP code must not be used", &loans), ["zip_code"]);
    assert_eq!(of("predict defaulted in loans.csv without weight decay", &loans), Vec::<String>::new());
    // Of texts, too, what was not wanted is not read when the data is looked at again.
    let columns = Columns {
        input: vec!["body".into()],
        label: Some("category".into()),
        exclude: vec!["subject".into()],
        ..Columns::default()
    };
    let tickets = DataFacts { task: Some(Task::TextClassification), columns, ..texts(vec![split("train", 900, true)]) };
    let text =
        "Train a model that predicts the category of a ticket from its body. The data is tickets.csv. Don't use the subject.";
    assert_eq!(of(text, &tickets), ["subject"]);
    let spec = first(&request(text), &Wishes::default(), &tickets);
    assert!(!unread(&spec).iter().any(|words| words.contains("subject")), "{:?}", unread(&spec));
}

/// Of a table its texts are read where a model or a task of such is asked for, and no other model.
#[test]
fn models_of_texts_read_the_texts_of_a_table() {
    let of = |text: &str| choice(&request(text), &Wishes::default()).perhaps.reads_texts;
    for text in [
        "Fine-tune MiniLM on tickets.csv to predict the priority from subject and body together",
        "BERT on tickets.csv, predict priority",
        "text classification on tickets.csv, predict priority",
    ] {
        assert!(of(text), "{text}");
    }
    for text in ["predict price in houses.csv with an MLP", "predict priority in tickets.csv"] {
        assert!(!of(text), "{text}");
    }
    let wishes = Wishes { model: Some(ModelName::parse("MiniLM")), ..Wishes::default() };
    assert!(choice(&request("predict priority in tickets.csv"), &wishes).perhaps.reads_texts);
}
