//! Columns that a request says in other words than their names.

use super::*;
use tallow::plan::TableFacts;
use tallow_zoo::mlp::NumericColumn;

/// A table of numbers with this label, and these columns left out.
pub(super) fn table(label: &str, task: Task, left_out: &[&str]) -> DataFacts {
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
        assert!(!spec.not_understood.iter().any(|words| words.contains(said)), "{text}: {:?}", spec.not_understood);
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
    assert!(!spec.not_understood.iter().any(|words| words.contains("subject")), "{:?}", spec.not_understood);
}

/// A label that was guessed is told, although the experiment names it and is looked at once more.
#[test]
fn a_guessed_label_is_told() {
    let note =
        "data.columns.label: `churned`, for nothing else says what is told, and the file is called `churn.csv`".to_string();
    let data = DataFacts { notes: vec![note.clone()], ..table("churned", Task::TabularClassification, &[]) };
    let spec = first(&request("churn.csv, 20 epochs"), &Wishes::default(), &data);
    assert!(spec.assumptions.contains(&note), "{:?}", spec.assumptions);
}

/// However somebody says what is done, it is not told as if it were not.
#[test]
fn columns_that_are_followed_are_not_told() {
    let columns = |input: &[&str]| Columns {
        input: input.iter().map(|name| name.to_string()).collect(),
        label: Some("category".into()),
        exclude: vec!["subject".into()],
        ..Columns::default()
    };
    let told = |text: &str, input: &[&str]| {
        let columns = columns(input);
        let data = DataFacts { task: Some(Task::TextClassification), columns, ..texts(vec![split("train", 900, true)]) };
        let spec = first(&request(text), &Wishes::default(), &data);
        spec.not_understood.iter().filter(|words| ["body", "category", "subject"].iter().any(|name| words.contains(name))).count()
    };
    for text in [
        "Classify the rows of t.csv by category using the body text only, with MiniLM",
        "MiniLM on t.csv: body is the text and category the label",
        "Text classification on t.csv with the body text, which says where they belong (the category thing)",
        "model: minilm\ndata: t.csv\ntext: body\ntarget: category",
        "MiniLM on t.csv, predict category, subject must stay out",
    ] {
        assert_eq!(told(text, &["body"]), 0, "{text}");
    }
    // Of two that are read one alone was named, and what was left out is not read.
    assert_ne!(told("MiniLM on t.csv, predict category, shorten the body", &["body", "title"]), 0);
    assert_ne!(told("MiniLM on t.csv, predict category, polish the subject", &["body"]), 0);
    // What is to be treated alike is no label.
    let data = table("readmitted", Task::TabularClassification, &[]);
    let text = "A readmission model from patients.csv that doesn't discriminate by amount";
    let wish = |text: &str| proposals(&request(text), &Wishes::default(), &data, 200.0);
    // Beside a negation that is not understood a column may be one that is not to be read.
    let shunned = PlannerError::Shunned { data: "patients".into(), columns: vec!["amount".into()] };
    for text in [
        text,
        "predict readmitted in patients.csv, amount would not be fair",
        "predict readmitted in patients.csv. Never liked amount",
    ] {
        assert_eq!(wish(text).expect_err("unclear"), shunned, "{text}");
    }
    for text in [
        "A readmission model from patients.csv",
        "a readmission model from patients.csv, amount may not be used",
        "a readmission model from patients.csv, no missing values in amount",
    ] {
        assert!(wish(text).is_ok(), "{text}");
    }
    let spec = first(&request("A readmission model from patients.csv"), &Wishes::default(), &data);
    assert!(assumes(&spec, "`readmitted`, for the request says `readmission`"), "{:?}", spec.assumptions);
}

#[test]
fn what_stays_in_is_told() {
    let data = table("class", Task::TabularClassification, &["objid"]);
    let text = "MLP on g.csv, predict class, without amount. No wait, keep the amount in.";
    let spec = first(&request(text), &Wishes::default(), &data);
    assert!(assumes(&spec, "data.columns: `amount` stays in, as the request says"), "{:?}", spec.assumptions);
    assert!(!spec.not_understood.iter().any(|words| words.contains("amount")), "{:?}", spec.not_understood);
    assert_eq!(spec.data.columns.exclude, Vec::<String>::new());
}

#[test]
fn of_several_measures_those_beside_the_verdicts_are_told() {
    let of = |text: &str, task: Task| first(&request(text), &Wishes::default(), &table("price", task, &[]));
    let spec = of("MLP on h.csv, predict price, report RMSE and R2", Task::TabularRegression);
    assert_eq!(spec.metric, tallow::spec::Metric::Rmse);
    let told = "metric: root mean squared error is what the verdict is read from; beside it the report has R²";
    assert!(assumes(&spec, told), "{:?}", spec.assumptions);
    let spec = of("MLP on h.csv, classify price, report accuracy and BLEU", Task::TabularClassification);
    assert!(spec.deviations.iter().any(|d| d.field == "metric" && d.stated == "BLEU"), "{:?}", spec.deviations);
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
    let wishes = Wishes { model: Some(ModelName::parse("MiniLM", |_| None)), ..Wishes::default() };
    assert!(choice(&request("predict priority in tickets.csv"), &wishes).perhaps.reads_texts);
}
