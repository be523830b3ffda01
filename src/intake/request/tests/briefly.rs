//! Shares in few words, columns by how they begin, what may come of something, and files without names of columns.

use super::*;

fn read(text: &str) -> Request {
    parse_request(&format!("MLP on pumps.csv, {text}"), |_| None)
}

#[test]
fn shares_are_said_in_the_fewest_words() {
    let share = |part: f64| Some(AskedPart::Share(part));
    for (text, tested, watched) in [
        ("predict failed, 30% test", share(0.3), None),
        ("predict failed, 10% validation, 10% test", share(0.1), share(0.1)),
        ("predict failed, 15 % dev and 25 % test", share(0.25), share(0.15)),
        ("predict failed, val 10%, test 20%", share(0.2), share(0.1)),
        ("predict failed, test: 0.3, val: 0.1", share(0.3), share(0.1)),
        ("predict failed, 25% holdout", share(0.25), None),
        ("predict failed, 80/10/10", share(0.1), share(0.1)),
        ("predict failed, 80/20, 5 epochs", share(0.2), None),
    ] {
        let request = read(text);
        assert_eq!((request.tested, request.watched), (tested, watched), "{text}: {:?}", request.not_understood);
        assert_eq!(request.not_understood, [""; 0], "{text}");
    }
    for text in [
        "predict failed, 90% test accuracy",
        "predict failed, hidden sizes 64/32",
        "predict failed, 5% test error",
        "predict failed, eval every 10 steps",
    ] {
        let request = read(text);
        assert_eq!((request.tested, request.watched), (None, None), "{text}");
    }
}

#[test]
fn columns_are_read_by_how_their_names_begin() {
    for text in [
        "predict failed from the vib_ columns",
        "predict failed from all vib_* columns",
        "predict failed using only columns that start with vib_",
        "predict failed, inputs: vib_*",
        "predict failed from the columns whose names begin with vib_",
    ] {
        assert_eq!(read(text).input, ["vib_*"], "{text}");
    }
    let request = read("predict failed, drop the columns that start with vib_");
    assert_eq!((request.input.len(), request.exclude.as_slice()), (0, &["vib_*".to_string()][..]));
}

#[test]
fn what_may_come_of_something_is_told_of_it() {
    for (text, label) in [
        ("predict the probability of default", "probability of default"),
        ("estimate the risk of failure for each pump", "risk of failure"),
        ("predict the chance that a pump failed", "chance that a pump failed"),
        ("predict failed", "failed"),
    ] {
        assert_eq!(read(text).label.as_deref(), Some(label), "{text}");
    }
}

#[test]
fn a_file_without_names_is_refused() {
    for text in [
        "it has no header",
        "the file has no header row",
        "without a header",
        "header=None",
        "the csv is headerless",
        "there are no column names",
    ] {
        let request = read(&format!("predict failed; {text}"));
        assert!(request.refused.iter().any(|refused| refused.expected.contains("names the columns")), "{text}: {request:?}");
    }
    assert_eq!(read("predict failed; the header has 5 names").refused, []);
}
