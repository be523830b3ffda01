//! Columns that are named in passing, listed or left out; what of them are columns is for the data to say.

use super::*;
use crate::intake::Lying;

#[test]
fn lists_of_inputs_end_where_another_wish_begins() {
    for (text, input) in [
        (
            "Classify the class column in galaxies.csv, using only u, g, r, i and z as features",
            &["class", "u", "g", "r", "i", "z"][..],
        ),
        ("predict rent from city and balcony, lr 1e-3, flats.csv", &["city", "balcony"]),
        ("predict rent from city and balcony, ./d/flats.csv", &["city", "balcony"]),
        ("predict queue from the subject and the body together. MiniLM, 2 epochs, t.csv", &["subject", "body"]),
        ("predict body mass using bill length, bill depth and island, p.csv", &["bill length", "bill depth", "island"]),
        ("use a, b and c as inputs to predict y in t.csv", &["a", "b", "c"]),
        ("predict y from x, y2 and z in t.csv, batch size 16", &["x", "y2", "z"]),
        ("survived ~ sex + age, titanic.csv", &["sex", "age"]),
        ("MiniLM, data: t.csv; input: body; output: category; epochs: 4", &["body"]),
        ("Miete vorhersagen aus Fläche und Zimmer, miete.csv", &["Fläche", "Zimmer"]),
        ("sex + age -> survived, titanic.csv", &["sex", "age"]),
        ("classifica a espécie (species) em iris.csv usando apenas petal_length e petal_width", &["petal_length", "petal_width"]),
        ("Use age, sex and fare to work out who survived, titanic.csv", &["age", "sex", "fare"]),
        ("只用 area 和 rooms 预测 price, h.csv", &["area", "rooms"]),
        // Something else than a list is meant.
        ("predict y in t.csv, split the data based on date", &[]),
        ("predict y in t.csv using weight decay 0.1", &[]),
        ("use a cosine schedule, predict y in t.csv", &[]),
    ] {
        let found = parse(text).perhaps_columns().input;
        let found: Vec<_> = found.iter().filter(|name| !name.contains("decay")).collect();
        assert_eq!(found, input.iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn what_is_left_out_is_no_input() {
    for (text, exclude) in [
        ("predict rent without date, flats.csv", &["date"][..]),
        ("predict rent without using date or id, flats.csv", &["date", "id"]),
        ("predict rent but not from date, flats.csv", &["date"]),
        ("target = defaulted, loans.csv. Exclude zip and loan_id (fair lending!)", &["zip", "loan_id"]),
        ("regress redshift in g.csv, leave class and objid out, 60 epochs", &["class", "objid"]),
        ("predict y in t.csv, do not use the name", &["name"]),
        ("predict y in t.csv; columns to ignore: id, zip", &["id", "zip"]),
        ("predict y in t.csv. Don't let the model see gender or age", &["gender", "age"]),
        ("Leave the id column out of it and predict y, t.csv", &["id"]),
        ("predict y in t.csv. ZIP code must not be used, and neither may income", &["ZIP", "income"]),
        ("predict y in t.csv. The phone numbers are ignored, nor should age be looked at", &["phone", "age"]),
        ("Sage price aus h.csv voraus, die Spalten id und name weglassen", &["id", "name"]),
        ("predecir precio en c.csv; no uses ni el id ni el año (year_built). 30 épocas", &["id", "year_built"]),
        ("prever price em c.csv, sem usar a coluna id, 5 épocas", &["id"]),
        ("预测 price,不要用 id 和 district 这两列, c.csv", &["id", "district"]),
    ] {
        let r = parse(text);
        let perhaps = r.perhaps_columns();
        for name in exclude {
            assert!(perhaps.exclude.iter().chain(&r.exclude).any(|own| own == name), "{text}: {perhaps:?}");
            assert!(!perhaps.input.iter().chain(&r.input).any(|own| own == name), "{text}: {perhaps:?}");
        }
    }
    for text in [
        "drop rows without income and predict rent, flats.csv",
        "predict rent, ignore class imbalance, flats.csv",
        "predict rent, exclude year 2020, flats.csv",
    ] {
        let exclude = parse(text).perhaps_columns().exclude;
        assert!(!exclude.iter().any(|name| matches!(name.as_str(), "income" | "class" | "year")), "{text}: {exclude:?}");
    }
    for (text, label) in [
        ("predict rent without date, flats.csv", "rent"),
        ("predict rent excluding date and id, flats.csv", "rent"),
        ("predict rent per flat, flats.csv", "rent per flat"),
        ("predict species, train on d/train.csv, test on d/test.csv", "species"),
        ("predict notes_count in t.csv", "notes_count"),
        ("predict exchange rate from day, t.csv", "exchange rate"),
    ] {
        assert_eq!(parse(text).label.as_deref(), Some(label), "{text}");
    }
}

#[test]
fn what_is_told_may_be_named_in_passing() {
    let perhaps = |text: &str| parse(text).perhaps_columns();
    for (text, told) in [
        ("a model that tells me which patients will be readmitted, patients.csv", "readmitted"),
        ("classify survived, titanic.csv", "survived"),
        ("train a classifier for survived on titanic.csv", "survived"),
        ("who survived? titanic.csv", "survived"),
        ("survived ~ sex + age, titanic.csv", "survived"),
        ("Ich möchte aus p.csv vorhersagen, wer wiederkommt (readmitted)", "readmitted"),
        ("Miete vorhersagen aus Fläche und Zimmer, miete.csv", "Miete"),
        ("predecir el precio (price) en houses.csv", "price"),
        ("regression of wage on age and educ in c.csv", "wage"),
        ("wage is what I want to predict, c.csv", "wage"),
        ("what will the price be? h.csv", "price"),
    ] {
        assert!(perhaps(text).told.iter().any(|name| name == told), "{text}");
    }
    assert_eq!(perhaps("prever o preço (coluna price) em houses.csv").label, ["price"]);
    for (text, label) in [
        ("predict the rating (stars) in r.csv", &["stars"][..]),
        ("预测房价(price 列), h.csv", &["price"]),
        ("predict the house price (area, rooms and year) in h.csv", &[]),
        ("predict the score in a.csv, columns label and text", &[]),
        ("target y; t.csv", &["y"]),
    ] {
        assert_eq!(perhaps(text).label, label, "{text}");
    }
    assert_eq!(perhaps("c.csv: the target variable is churn").label, ["churn"]);
    assert_eq!(perhaps("MiniLM on t.csv; input: body; output: category").label, ["category"]);
    assert!(perhaps("MiniLM on reviews.csv for 3 epochs").told.is_empty());
    assert_eq!(Request::names_in("Exclude zip"), ["zip"]);
    assert_eq!(Request::names_in("the class column"), ["class"]);
    assert!(Request::names_in("features").is_empty());
    assert_eq!(Request::names_in("without using id and district 这 2 column"), ["id", "district"]);
}

#[test]
fn classes_that_are_weighed_and_metrics_that_are_optimised() {
    for text in ["weigh the classes", "weighing the classes", "weigh each class"] {
        assert!(parse(&format!("predict y in t.csv, {text}")).class_weights, "{text}");
    }
    assert!(!parse("predict weigh in t.csv").class_weights);
    for text in ["optimise F1", "maximize the F1", "optimizing for F1"] {
        let r = parse(&format!("predict y in t.csv, {text}"));
        assert_eq!((r.metric, is_clear(&r)), (Some(Metric::F1), true), "{text}: {r:?}");
    }
}

#[test]
fn several_labels_in_other_words() {
    for text in ["several labels per clause", "each may have several topics", "an article can belong to more than one category"] {
        assert_eq!(parse(&format!("MiniLM on t.csv, {text}")).task, Some(Task::TextMultiLabel), "{text}");
    }
    for text in ["several labels are wrong", "with multiple classes", "several topics"] {
        assert_eq!(parse(&format!("MiniLM on t.csv, {text}")).task, None, "{text}");
    }
}

#[test]
fn groups_without_labels_are_another_task() {
    for text in ["group the customers into 5 clusters", "segment customers into 4 groups", "find clusters", "k-means"] {
        let r = parse(&format!("{text}, loans.csv"));
        assert_eq!(r.lacking.iter().map(|lacking| lacking.of).collect::<Vec<_>>(), [Lack::Task], "{text}: {r:?}");
    }
    for text in ["predict segment from age", "classify the customers into 4 groups", "split the rows into two groups"] {
        assert!(parse(&format!("{text}, loans.csv")).lacking.is_empty(), "{text}");
    }
}

#[test]
fn places_with_blanks_and_folders_by_name() {
    for text in ["predict y, data: \"d/my data.csv\"", "predict y from 'd/my data.csv'", "predict y on `d/my data.csv`"] {
        assert_eq!(parse(text).data, local("d/my data.csv"), "{text}");
    }
    assert_eq!(parse("\"predict y on data.csv\"").data, local("data.csv"));
    let there = |word: &str| (word == "pets").then_some(Lying::Data);
    for text in
        ["ResNet-18 on pets", "ResNet-18 with the pets folder", "ResNet-18, folder pets", "pets フォルダの画像で ResNet-18"]
    {
        assert_eq!(parse_request(text, there).data, local("pets"), "{text}");
    }
    assert_eq!(parse_request("classify my pets with ResNet-18", there).data, None);
    assert_eq!(parse_request("ResNet-18 on cifar10, save to pets", there).data, parse("on cifar10").data);
}

#[test]
fn what_was_named_before_is_left_out() {
    for (text, exclude) in [
        ("predict y in t.csv. The blood pressure is broken, leave it out", &["blood pressure", "blood"][..]),
        ("predict y in t.csv; pulse readings come from a bad device, do not use them", &["pulse"]),
        ("predict y in t.csv. Age, bmi and sex are unreliable, so ignore these.", &["Age", "bmi", "sex"]),
        ("predict y in t.csv. We don't trust age, leave it out", &["age"]),
        ("predict y in t.csv. Not wanted: zip, income", &["zip", "income"]),
        ("predict y in t.csv. Don't use:\n- zip\n- income", &["zip", "income"]),
    ] {
        let found = parse(text).perhaps_columns().exclude;
        for name in exclude {
            assert!(found.iter().any(|own| own == name), "{text}: {found:?}");
        }
    }
    // Of rows something is left out, and not their columns.
    for text in [
        "predict y in t.csv. Age has missing values, drop them",
        "predict y in t.csv. The rows without age are wrong, leave them out",
        "predict y in t.csv from age, use it",
    ] {
        assert!(parse(text).perhaps_columns().exclude.iter().all(|name| name != "age" && name != "Age"), "{text}");
    }
    let both = parse("use smoker and age in p.csv to predict y but drop smoker").perhaps_columns();
    assert_eq!((both.input, both.exclude), (vec!["smoker".into(), "age".into()], vec!["smoker".into()]));
}

#[test]
fn languages_say_the_direction() {
    let pair = |text: &str| match parse(text).pair {
        Some(AskedPair::Translation { from, to }) => from.zip(to),
        _ => None,
    };
    for text in [
        "a small T5 from scratch to turn de into en with t.csv",
        "translate de into en, t.csv",
        "translate German sentences into English with t.csv",
        "translate German news articles into English with t.csv",
        "transformer from scratch, German to English, t.csv",
        "t.csv, de -> en, transformer",
        "transformer on t.csv from de to en",
        "transformer on t.csv from the de column to the en column",
        "transformer on t.csv with de as the source and en as the target",
        "translate with t.csv; input: de, output: en",
        "transformer on t.csv; source language: German, target language: English",
    ] {
        assert_eq!(pair(text), Some(("de".into(), "en".into())), "{text}");
    }
    for text in [
        "translate it to de with t.csv",
        "classify German to English letters in t.csv",
        "MiniLM on English-German.csv",
        "whisper on clips, transcribe speech from de to en",
        "go to it and train MiniLM on t.csv",
    ] {
        assert_eq!(pair(text), None, "{text}");
    }
}

#[test]
fn a_list_of_columns_ends_where_something_else_begins() {
    for (text, label, exclude) in [
        ("a model that predicts churn? Leave id out", "churn", &[][..]),
        ("predict churn without the columns a and b, metric F1", "churn", &["a", "b"]),
        ("predict churn without the columns a, b, macro F1", "churn", &["a", "b"]),
        ("predict churn, drop the columns a, b and c, batch size 8", "churn", &["a", "b", "c"]),
        ("predict churn, ignore columns a, b, lr 1e-3", "churn", &["a", "b"]),
        ("predict churn, ignore columns a, b, 5 epochs", "churn", &["a", "b"]),
        ("predict churn, drop the a, b and c columns", "churn", &["a", "b", "c"]),
        ("predict churn, ignore columns a, b, c from a.csv", "churn", &["a", "b", "c"]),
    ] {
        let request = parse(&format!("MLP on a.csv, {text}"));
        assert_eq!(
            (request.label.as_deref(), &request.exclude[..]),
            (Some(label), &exclude.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{text}: {request:?}"
        );
    }
}

#[test]
fn a_schedule_that_fits_names_no_column() {
    let request = parse("I think cosine fits best here, MLP on a.csv, predict b");
    assert_eq!((request.label.as_deref(), request.embeddings), (Some("b"), false));
    let request = parse("MiniLM on a.csv, texts title and body, cosine similarity should match rating");
    assert_eq!((request.label.as_deref(), request.embeddings), (Some("rating"), true));
}
