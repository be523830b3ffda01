//! A table of requests as people write them, `requests.toml`, each with what must come of it.

use super::*;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tallow::plan::TableFacts;
use tallow_zoo::mlp::NumericColumn;

#[derive(Deserialize)]
struct Rows {
    request: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    text: String,
    data: String,
    model: Option<String>,
    #[serde(default)]
    is: BTreeMap<String, Value>,
    #[serde(default)]
    tells: Vec<String>,
    refuses: Option<String>,
}

/// What is found where a request points to.
fn facts(name: &str) -> DataFacts {
    let columns = |input: &[&str], label: Option<&str>| Columns {
        input: input.iter().map(|name| name.to_string()).collect(),
        label: label.map(str::to_string),
        ..Columns::default()
    };
    let of = |task: Task, columns: Columns, labels: &[&str]| DataFacts {
        task: Some(task),
        columns,
        labels: labels.iter().map(|label| label.to_string()).collect(),
        ..texts(vec![split("train", 3000, true), split("test", 300, true)])
    };
    match name {
        "reviews" => glue(),
        "photos" => DataFacts { task: Some(Task::ImageClassification), ..cifar() },
        "entities" => of(Task::TokenClassification, columns(&["tokens"], Some("ner_tags")), &["O", "B-PER", "I-PER"]),
        "questions" => of(Task::QuestionAnswering, columns(&["question", "context"], Some("answers")), &[]),
        "instructions" => of(Task::InstructionTuning, columns(&["instruction"], Some("output")), &[]),
        "preferences" => of(Task::PreferenceOptimization, columns(&["chosen", "rejected"], None), &[]),
        "pairs" => of(Task::TextToText, columns(&["en"], Some("de")), &[]),
        "similar" => of(Task::SentenceSimilarity, columns(&["anchor", "positive"], None), &[]),
        "novel" => {
            let text = SplitFacts { tokens: Some(400_000), ..split("train", 1, true) };
            DataFacts {
                mean_tokens: Some(400_000.0),
                splits: vec![text],
                ..of(Task::LanguageModelling, columns(&["text"], None), &[])
            }
        }
        "table" => {
            let numeric = vec![NumericColumn::of("rooms", [Some(1.0), Some(2.0), None])];
            let table = Some(TableFacts { numeric, ..TableFacts::default() });
            DataFacts { table, mean_tokens: None, ..of(Task::TabularRegression, columns(&["rooms"], Some("price")), &[]) }
        }
        other => panic!("no such data: {other}"),
    }
}

/// What is planned, or why nothing is.
fn planned(row: &Row) -> Result<ExperimentSpec, PlannerError> {
    let (goal, wishes, data) = (request(&row.text), Wishes::default(), facts(&row.data));
    let choice = RulePlanner.data(&goal, &wishes)?.remove(0);
    let offer = Offer { data: &data, model: None, host: &host(200.0), absent: &[], at_hand: &[] };
    Ok(RulePlanner.experiments(&goal, &wishes, &choice, &offer)?.remove(0))
}

/// What is wrong with what came of a request; none: nothing.
fn wrong(row: &Row) -> Vec<String> {
    let spec = match (planned(row), &row.refuses) {
        (Ok(_), Some(words)) => return vec![format!("planned, expected a refusal with {words:?}")],
        (Err(error), Some(words)) if error.to_string().contains(words) => return vec![],
        (Err(error), _) => return vec![format!("refused: {error}")],
        (Ok(spec), None) => spec,
    };
    let json = serde_json::to_value(&spec).expect("json");
    let at = |key: &str| key.split('.').try_fold(&json, |value, part| value.get(part)).cloned().unwrap_or_default();
    let same = |found: &Value, expected: &Value| match (found.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-6 * b.abs(),
        // A list that is empty may not be written.
        _ => found == expected || found.is_null() && expected.as_array().is_some_and(Vec::is_empty),
    };
    let values = row.is.iter().filter(|(key, expected)| !same(&at(key), expected));
    let mut wrong: Vec<String> = values.map(|(key, expected)| format!("{key}: expected {expected}, found {}", at(key))).collect();
    if let Some(model) = row.model.as_ref().filter(|model| !spec.title.contains(*model)) {
        wrong.push(format!("expected the model {model}, found {}", spec.title));
    }
    let stated = spec.deviations.iter().map(|d| &d.stated);
    let said: Vec<&String> = stated.chain(&spec.assumptions).chain(&spec.not_understood).collect();
    let unsaid = row.tells.iter().filter(|words| !said.iter().any(|line| line.contains(*words)));
    wrong.extend(unsaid.map(|words| format!("{words:?} is not told: {said:?}")));
    wrong
}

#[test]
fn every_request_gives_what_it_must() {
    let rows: Rows = toml::from_str(include_str!("requests.toml")).expect("the table");
    assert!(rows.request.len() >= 60, "{}", rows.request.len());
    let failures: Vec<String> = rows
        .request
        .iter()
        .filter_map(|row| {
            Some(wrong(row)).filter(|wrong| !wrong.is_empty()).map(|wrong| format!("{:?}: {}", row.text, wrong.join("; ")))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rows.request.len(), failures.join("\n"));
}

/// What the data says of somebody's words is what the plan holds, too.
#[test]
fn columns_in_other_words_are_those_of_the_plan() {
    let columns = |input: &[&str], label: &str| Columns {
        input: input.iter().map(|name| name.to_string()).collect(),
        label: Some(label.into()),
        ..Columns::default()
    };
    let table = |columns: Columns, left_out: &[&str]| DataFacts {
        task: Some(Task::TabularRegression),
        table: Some(TableFacts {
            numeric: columns.input.iter().map(|name| NumericColumn::of(name, [Some(1.0), Some(2.0), None])).collect(),
            left_out: left_out.iter().map(|name| name.to_string()).collect(),
            ..TableFacts::default()
        }),
        labels: vec![],
        mean_tokens: None,
        columns,
        ..texts(vec![split("train", 3000, true), split("test", 300, true)])
    };
    let of = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data).data.columns;
    let bills = ["bill_length_mm", "bill_depth_mm", "island"];
    let found = of(
        "predict body mass using bill length, bill depth and island, ./penguins.csv",
        &table(columns(&bills, "body_mass_g"), &["year"]),
    );
    assert_eq!((found.input.as_slice(), found.label.as_deref()), (&bills.map(String::from)[..], Some("body_mass_g")));
    // All columns, of which some were named only, are none that were asked for.
    let all = table(columns(&["bill_length_mm", "sex"], "body_mass_g"), &[]);
    assert!(of("predict body mass using bill length, ./penguins.csv", &all).input.is_empty());
    let without = table(columns(&["rooms"], "y"), &["id", "year"]);
    assert_eq!(of("predict y in ./t.csv, ignore column id, and leave year out", &without).exclude, ["id", "year"]);
    let tickets = DataFacts { columns: columns(&["text"], "urgent"), ..glue() };
    assert_eq!(of("Tell me which tickets are urgent, MiniLM, ./tickets.csv", &tickets).label.as_deref(), Some("urgent"));
}
