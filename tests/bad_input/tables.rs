//! Tables of numbers and categories that cannot be used, and those that can in spite of what is odd about them.

use crate::program::{Place, Refusal, Said, succeeds};
use std::fmt::Write;

/// What makes the tiny experiment one on a table.
const ON_A_TABLE: [&str; 4] = [
    "task=tabular_classification",
    "model={ kind = \"scratch\", config = { family = \"mlp\", hidden_sizes = [8], hidden_act = \"relu\", norm = \"none\", dropout = 0.1 } }",
    "recipe={ optimizer = { kind = \"adamw\" }, lr = 1e-2, schedule = { kind = \"constant\", warmup = { steps = 0 } }, length = { steps = 20 }, batch_size = 16 }",
    "data.columns.label=kind",
];

/// Rows of a number, another that may miss, a category and a class that follows from the first.
fn rows(from: usize, count: usize) -> String {
    (from..from + count).fold(String::new(), |mut rows, i| {
        let (width, kind) = ((i * 37) % 50, if (i * 37) % 50 < 25 { "small" } else { "large" });
        let _ = writeln!(rows, "{width}.5,{},{},{kind}", (i * 7) % 13, ["red", "green", "blue"][i % 3]);
        rows
    })
}

const HEADER: &str = "width,depth,colour,kind\n";

fn table(from: usize, count: usize) -> String {
    format!("{HEADER}{}", rows(from, count))
}

fn set(place: &Place, more: &[&str]) -> Vec<String> {
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    std::iter::once(source).chain(ON_A_TABLE.iter().chain(more).map(|set| set.to_string())).collect()
}

/// These two tables, of training and of testing, are refused.
fn refuses(train: &str, test: &str, more: &[&str], code: i32, words: &[&str], hint: &str) {
    let place = Place::new();
    place.write("data/train.csv", train);
    place.write("data/test.csv", test);
    let set = set(&place, more);
    place.refuses(&set.iter().map(String::as_str).collect::<Vec<_>>(), &Refusal { code, words, hint });
}

/// They are trained on, and it is told what is odd about them.
fn takes(train: &str, test: &str, more: &[&str], words: &[&str]) -> Said {
    let place = Place::new();
    place.write("data/train.csv", train);
    place.write("data/test.csv", test);
    let (set, run) = (set(&place, more), place.run());
    let said = succeeds(place.train(&set.iter().map(String::as_str).collect::<Vec<_>>(), &run).arg("--offline"));
    let report = std::fs::read_to_string(run.join("report.md")).expect("a report");
    for words in words {
        assert!(report.contains(words), "expected {words:?}\n{report}");
    }
    said
}

#[test]
fn columns_that_cannot_be_used() {
    let (train, test) = (table(0, 60), table(60, 20));
    let check = |train: &str, test: &str, more: &[&str], words: &[&str], hint: &str| refuses(train, test, more, 20, words, hint);
    check(
        &train,
        &test,
        &["data.columns.label=mood"],
        &["has no column `mood`: it has `width`, `depth`, `colour`, `kind`"],
        "data.columns",
    );
    check(&train, &test, &["data.columns.exclude=[\"mood\"]"], &["has no column `mood`"], "data.columns");
    let other = test.replace("width,depth", "length,height");
    check(
        &train,
        &other,
        &[],
        &["test.csv` has no column `width`, `depth`: it has `length`, `height`"],
        "the columns that it was trained on",
    );
    let twice = train.replace("width,depth", "width,width");
    check(&twice, &test, &[], &["train.csv` has two columns that are called `width`"], "a name of its own");
    check("", &test, &[], &["train.csv`, line 1: expected a line with the names of the columns, found none"], "");
    check(HEADER, &test, &[], &["split `train` is empty"], "another split");
    let ragged = format!("{train}1,2\n");
    check(&ragged, &test, &[], &["train.csv`, line 62: expected 4 cells as in the header, found 2"], "repair");
    let named = "name,kind\n".to_string() + &(0..60).map(|i| format!("row {i},{}\n", ["a", "b"][i % 2])).collect::<String>();
    let words = ["no column to tell `kind` from", "name: names or the like: 60 different values in 60 rows"];
    check(&named, &named, &[], &words, "data.columns.input");
    check(&named, &named, &["data.columns.input=[\"name\"]"], &["column `name`: expected numbers, dates or categories"], "");
}

#[test]
fn targets_that_cannot_be_used() {
    let (train, test) = (table(0, 60), table(60, 20));
    let one = train.replace("small", "large");
    refuses(&one, &test, &[], 20, &["split `train` has a single class, `large`: there is nothing to learn"], "");
    let none: String = train.lines().map(|line| format!("{},\n", line.rsplit_once(',').expect("cells").0)).collect();
    let none = none.replace("colour,\n", "colour,kind\n");
    refuses(&none, &test, &[], 10, &["the split `train` has no labels"], "");
    let other = test.replace("small", "middling");
    refuses(
        &train,
        &other,
        &[],
        20,
        &["the label is `middling`; expected one of 2 classes: `large`, `small`"],
        "correct the label",
    );
}

#[test]
fn cells_that_are_of_another_kind_than_in_training() {
    let (train, test) = (table(0, 60), table(60, 20));
    let words: String = test
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let (_, rest) = line.split_once(',').expect("cells");
            if i == 0 { format!("{line}\n") } else { format!("wide,{rest}\n") }
        })
        .collect();
    let expected =
        ["test.csv`, column `width`: expected numbers as in training, found 20 of 20 cells that are none, such as `wide`"];
    refuses(&train, &words, &[], 20, &expected, "correct the cells");
}

/// What can be worked with is, and the report says how.
#[test]
fn odd_cells_are_told() {
    let (train, test) = (table(0, 60), table(60, 20));
    let odd = format!(
        "{train}inf,3,red,small\nabc,4,red,small\n,NaN,,large\n1e300,123456789012345678901234567890,red,large\n1.5,2,red,\n"
    );
    takes(
        &odd,
        &test.replace("green", "violet"),
        &[],
        &[
            "1 of 65 rows of `train` are left out, for they have no `kind`",
            "cells of `width` are no finite numbers, such as `abc`: they count as missing",
            "hold a category that is rare or not there in the training rows, such as",
        ],
    );
    let more = odd
        .replace("depth,colour", "depth,colour,id,empty,same")
        .lines()
        .enumerate()
        .map(|(i, line)| {
            let Some((cells, kind)) = line.rsplit_once(',') else { return String::new() };
            if i == 0 { format!("{line}\n") } else { format!("{cells},{i},,x,{kind}\n") }
        })
        .collect::<String>();
    takes(
        &more,
        &more,
        &["data.columns.exclude=[\"depth\"]"],
        &[
            "`id` is left out: it numbers the rows",
            "`empty` is left out: it is empty in the training rows",
            "`same` is left out: it is `x` in every training row",
        ],
    );
}

/// Rows are drawn by a column that the model is not fed with; what cannot be drawn by is refused before anything is trained.
#[test]
fn rows_are_drawn_by_a_column() {
    let weighed = |weight: &dyn Fn(usize) -> String| {
        let table = table(0, 60);
        let lines = table.lines().enumerate().map(|(i, line)| match i {
            0 => format!("{line},often\n"),
            _ => format!("{line},{}\n", weight(i)),
        });
        lines.collect::<String>()
    };
    const WEIGHTED: [&str; 2] = ["recipe.sampling=weighted", "data.columns.weight=often"];
    let place = Place::new();
    place.write("data/train.csv", weighed(&|i| (i % 4).to_string()));
    // What is scored is not drawn: it need not have the column.
    place.write("data/test.csv", table(60, 20));
    let (set, run) = (set(&place, &WEIGHTED), place.run());
    succeeds(place.train(&set.iter().map(String::as_str).collect::<Vec<_>>(), &run).arg("--offline"));
    let plan = std::fs::read_to_string(run.join("plan.json")).expect("a plan");
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(plan["facts"]["data"]["columns"]["input"], serde_json::json!(["width", "depth", "colour"]));
    let report = std::fs::read_to_string(run.join("report.md")).expect("a report");
    assert!(report.contains("drawn with replacement, each in proportion to its"), "{report}");

    let test = table(60, 20);
    let check = |train: &str, words: &[&str], hint: &str| refuses(train, &test, &WEIGHTED, 20, words, hint);
    check(
        &table(0, 60),
        &["train.csv` has no column `often` to draw its rows by: it has `width`, `depth`, `colour`, `kind`"],
        "data.columns.weight",
    );
    check(&weighed(&|_| "0".into()), &["column `often`: each of its 60 examples has the weight 0"], "correct the weights");
    let negative = weighed(&|i| if i == 3 { "-2".into() } else { "1".into() });
    check(
        &negative,
        &["line 4, column `often`: expected a weight, a finite number of at least 0, found `-2`"],
        "correct the weights",
    );
    let blank = weighed(&|i| if i == 3 { String::new() } else { "1".into() });
    check(&blank, &["line 4, column `often`: there is no weight"], "0 for an example that is never drawn");
}
