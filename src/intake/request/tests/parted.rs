//! How rows are parted.

use super::*;

#[test]
fn the_oldest_are_trained_on_and_none_of_them_is_left_out() {
    for text in [
        "train on the oldest 75% of calls.csv and test on the newest 25%, predict outcome",
        "calls.csv: fit on the earliest 75 percent, evaluate on the latest 25 percent; target outcome",
        "predict outcome in calls.csv, train on the first 75% by date, test on the most recent 25%",
        "use 75% of the data in calls.csv for training and 25% for testing",
        "Trainiere auf den ältesten 75 % von calls.csv und teste auf den neuesten 25 %",
    ] {
        let r = parse(text);
        assert_eq!((r.tested, r.data_frac, r.max_examples), (Some(AskedPart::Share(0.25)), None, None), "{text}: {r:?}");
    }
    let r = parse("train on the oldest 80% of log.csv and test on the newest 20% (logged_at)");
    assert_eq!((r.tested_at, r.data_frac), (Some(Edge::Latest), None), "{r:?}");
    assert_eq!(r.ordered_by, Some(AskedOrder::By("logged_at".into())), "{r:?}");
    // A part alone is one.
    assert_eq!(parse("MiniLM on SST-2, train on 10% of the data").data_frac, Some(0.1));
}

#[test]
fn each_class_is_to_have_its_share() {
    for text in [
        "a stratified 80/20 split",
        "hold out 20%, stratified by class",
        "80/20 split with stratification",
        "stratify by the label, test on 20%",
    ] {
        let r = parse(&format!("MiniLM on mails.csv, {text}"));
        assert!(r.stratified && r.not_understood.is_empty(), "{text}: {r:?}");
        assert_eq!(r.tested, Some(AskedPart::Share(0.2)), "{text}: {r:?}");
    }
    for text in [
        "MiniLM auf mails.csv trainieren, Aufteilung 80/20 stratifiziert",
        "Entraîner MiniLM sur mails.csv, découpage 80/20 stratifié",
        "Entrena MiniLM con mails.csv, división 80/20 estratificada",
        "Addestra MiniLM su mails.csv, suddivisione 80/20 stratificata",
        "Treine MiniLM em mails.csv, divisão 80/20 estratificada",
    ] {
        let r = parse(text);
        assert!(r.stratified, "{text}: {r:?}");
        assert_eq!(r.tested, Some(AskedPart::Share(0.2)), "{text}: {r:?}");
    }
    assert!(!parse("MiniLM on mails.csv, an 80/20 split").stratified);
}

#[test]
fn a_date_as_the_border_is_told_and_time_is_kept() {
    for text in [
        "train on everything before 2021 and test on the rest",
        "rows until March 2021 are for training, later ones for testing",
        "fit on data up to 2021-06-30, evaluate on data after 2021-06-30",
        "test on what was sold since 2021",
        "paid before 2021 is train, everything later is test",
    ] {
        let r = parse(&format!("predict amount in bills.csv, {text}"));
        assert!(r.lacking.iter().any(|lack| lack.of == Lack::Split), "{text}: {r:?}");
        assert!(r.ordered_by.is_some(), "{text}: {r:?}");
    }
    for text in [
        "predict sales in 2023 from bills.csv",
        "MiniLM on news2019.csv, test on 20%",
        "a run of 2000 steps on SST-2, test after 2000 steps",
    ] {
        let r = parse(text);
        assert!(r.lacking.iter().all(|lack| lack.of != Lack::Split) && r.ordered_by.is_none(), "{text}: {r:?}");
    }
}

#[test]
fn rows_that_belong_together_are_told() {
    for text in [
        "no patient may be in both train and test",
        "the same author must not appear in both splits",
        "a split grouped by patient_id",
        "use a group split on household",
        "keep all rows of the same device together",
        "a patient-level split",
        "split by user_id",
    ] {
        let r = parse(&format!("predict y in a.csv, {text}, 5 epochs"));
        assert!(r.lacking.iter().any(|lack| lack.of == Lack::Split), "{text}: {r:?}");
        assert_eq!((r.epochs, r.ordered_by.is_none()), (Some(5.0), true), "{text}: {r:?}");
    }
    for text in ["both train and test have a header", "split by date", "the same columns in both files", "group by page"] {
        let r = parse(&format!("predict y in a.csv, {text}"));
        assert!(r.lacking.iter().all(|lack| lack.of != Lack::Split), "{text}: {r:?}");
    }
}
