//! What rows say and lack: bad cells by their place, classes in their order, rows that nobody labelled.

use super::*;

/// A model may number the same classes otherwise, and know more of them.
#[test]
fn classes_are_numbered_as_asked() {
    let mut bench = Bench::text(&[("test", "text,label\none,no\ntwo,yes\nthree,no\n")]);
    bench.job.labels = Some(vec!["no".into(), "yes".into()]);
    bench.job.numbered = Some(vec!["Yes".into(), "perhaps".into(), "No".into()]);
    let made = bench.run().expect("prepared").remove(0);
    assert_eq!((made.labels, made.label_counts), (vec!["Yes".into(), "perhaps".into(), "No".into()], vec![1, 0, 2]));
    assert_eq!(labels(&bench.open("test.safetensors")), [2, 0, 2]);
    bench.job.numbered = Some(vec!["yes".into(), "perhaps".into()]);
    let error = bench.run().expect_err("no such class").to_string();
    assert!(error.contains("perhaps"), "{error}");
}

#[test]
fn labels_of_minus_one_are_missing() {
    let bench = Bench::text(&[("train", "text,label\na,0\nb,1\n"), ("test", "text,label\na,-1\n")]);
    let error = bench.run().expect_err("no labels");
    assert!(error.to_string().contains("test.csv`, line 2, column `label`: there is no label"), "{error}");
    assert!(error.hint().is_some());
}

/// Rows that nobody labelled are left out, with their weights; half of all are refused.
#[test]
fn rows_without_a_label_are_no_examples() {
    let rows = |missing: &[usize]| {
        let row = |i: usize| format!("text {i},{}\n", if missing.contains(&i) { "-1".to_string() } else { (i % 2).to_string() });
        format!("text,label\n{}", (0..60).map(row).collect::<String>())
    };
    let mut bench = Bench::text(&[("train", &rows(&[7, 31, 59]))]);
    bench.job.labels = Some(vec!["0".into(), "1".into()]);
    let made = bench.run().expect("prepared").remove(0);
    assert_eq!((made.examples, made.label_counts.iter().sum::<usize>()), (57, 57));
    assert_eq!(labels(&bench.open("train.safetensors"))[5..9], [1, 0, 0, 1], "those around the row that is left out");
    let mut bench = Bench::text(&[("train", &rows(&(1..=30).collect::<Vec<_>>()))]);
    bench.job.labels = Some(vec!["0".into(), "1".into()]);
    assert!(bench.run().expect_err("too many").to_string().contains("there is no label"));
}

/// Of `a|b` a blank is no label; of lists that are written down it is a row that nobody labelled.
#[test]
fn a_blank_among_several_labels_is_none_of_them() {
    let made = |cells: [&str; 4]| {
        let row = |cell: &&str| format!("text,\"{cell}\"\n");
        let mut bench = Bench::text(&[("train", &format!("text,label\n{}", cells.iter().map(row).collect::<String>()))]);
        bench.job.task = Task::TextMultiLabel;
        let made = bench.run().expect("prepared").remove(0);
        (made.examples, made.label_counts)
    };
    assert_eq!(made(["", "a|b", "", "b"]), (4, vec![1, 2]));
    assert_eq!(made(["", "['a', 'b']", "[]", "['b']"]), (3, vec![1, 2]));
}

#[test]
fn bad_texts_are_named_by_file_row_and_column() {
    let check = |splits: &[(&str, &str)], change: fn(&mut PrepareJob), class: Class, words: &str| {
        let mut bench = Bench::text(splits);
        change(&mut bench.job);
        let error = bench.run().expect_err(words);
        assert!(error.to_string().contains(words) && error.class() == class, "expected {words:?}, found {error}");
        assert!(!bench.job.out.join("train.safetensors").exists(), "nothing half-written: {words}");
    };
    let good = "text,label\na,0\nb,1\n";
    let as_is = |_: &mut PrepareJob| {};
    let two_classes = |job: &mut PrepareJob| job.labels = Some(vec!["no".into(), "yes".into()]);
    check(&[("train", "text,label\n")], as_is, Class::Data, "split `train` is empty");
    check(&[("train", "text,label\na,0\nb,\nc,1\nd,\n")], as_is, Class::Data, "line 3, column `label`: there is no label");
    check(
        &[("train", "text,label\na,0\nb,7\n")],
        two_classes,
        Class::Data,
        "line 3, column `label`: the label is 7; expected one of 2 classes: `no`, `yes`",
    );
    check(&[("train", "text,label\na,maybe\n")], two_classes, Class::Data, "the label is `maybe`");
    check(&[("train", "text,label\na,0\n,1\n")], as_is, Class::Data, "line 3, column `text`: there is no text");
    check(&[("train", "text,label\na,0\nb,0\n")], as_is, Class::Data, "a single class, `0`");
    check(
        &[("train", good)],
        |job| job.columns.label = Some("mood".into()),
        Class::Data,
        "no column `mood`: it has `text`, `label`",
    );
    check(&[("train", good)], |job| job.columns.input = vec!["words".into()], Class::Data, "no column `words`");
    check(&[("train", good)], |job| job.max_seq_len = 2, Class::Spec, "expected more than the 2 special tokens");
    check(&[("train", good)], |job| job.vocab_size = 3, Class::Spec, "vocab_size is 3");
    check(
        &[("train", good)],
        |job| job.tokenizer = TokenizerSource::File(job.splits[0].files[0].clone()),
        Class::Model,
        "the tokenizer `",
    );
}
