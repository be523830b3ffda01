//! Parts of a split: drawn, by the time of rows, the end of a text.

use super::*;
use crate::job::{Boundary, Says};

/// The two parts of a file are the file, and the tokenizer is trained on its own part alone.
#[test]
fn parts_of_a_split_share_no_row() {
    // A letter of its own for each row: a tokenizer knows those that it was trained on.
    let letter = |row: u32| char::from_u32(0x4e00 + row).expect("a letter");
    let rows: String = (0..40).map(|i| format!("word {},{}\n", letter(i), i % 2)).collect();
    let mut bench = Bench::text(&[("all", &format!("text,label\n{rows}"))]);
    let whole = bench.job.splits[0].clone();
    let part = |name: &str, part| SplitSource { name: name.into(), part: Some(part), ..whole.clone() };
    bench.job.splits = vec![part("train", Part::Rest(0.25)), part("held_out", Part::Drawn(0.25))];
    let made = bench.run().expect("prepared");
    assert_eq!(made.iter().map(|m| (m.split.as_str(), m.examples)).collect::<Vec<_>>(), [("train", 30), ("held_out", 10)]);
    let tokenizer = std::fs::read_to_string(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let held_out = Part::Drawn(0.25).mask(40, |_| None);
    for (row, held_out) in (0..).zip(held_out) {
        assert_eq!(tokenizer.contains(letter(row)), !held_out, "row {row}");
    }
}

/// However many rows there are, each class gives its share; those that it is drawn of have no say.
#[test]
fn a_draw_has_each_class_by_its_share() {
    let class = |row: u32| if row % 10 == 3 { "rare" } else { "usual" };
    let rows: String = (0..400).map(|row| format!("word,{}\n", class(row))).collect();
    let mut bench = Bench::text(&[("all", &format!("text,label\n{rows}"))]);
    let whole = bench.job.splits[0].clone();
    let part = |name: &str, part| SplitSource { name: name.into(), part: Some(part), ..whole.clone() };
    bench.job.splits = vec![part("train", Part::Rest(0.25)), part("held_out", Part::Drawn(0.25))];
    bench.run().expect("prepared");
    let counts = |split: &str| {
        let prepared = bench.open(&format!("{split}.safetensors"));
        let rare = labels(&prepared).iter().filter(|label| **label == 0).count();
        (rare, labels(&prepared).len())
    };
    assert_eq!((counts("train"), counts("held_out")), ((30, 300), (10, 100)));
}

/// Rows before a time and from it on, in whatever order they stand; those that do not say when they were are in neither part.
#[test]
fn parts_go_by_the_time_of_rows() {
    let letter = |row: u32| char::from_u32(0x4e00 + row).expect("a letter");
    let day = |i: u32| if i == 7 { String::new() } else { format!("2026-02-{:02}", 1 + i * 11 % 28) };
    let rows: String = (0..28).map(|i| format!("word {},{},{}\n", letter(i), day(i), i % 2)).collect();
    let mut bench = Bench::text(&[("all", &format!("text,day,label\n{rows}"))]);
    bench.job.columns = Columns { input: vec!["text".into()], label: Some("label".into()), ..Columns::default() };
    let whole = bench.job.splits[0].clone();
    let at = 1_771_632_000.0; // 2026-02-21
    let boundary = Boundary { column: Some("day".into()), says: Says::When, at, before: 19, from: 8 };
    let part = |name: &str, part| SplitSource { name: name.into(), part: Some(part), ..whole.clone() };
    bench.job.splits = vec![part("train", Part::Before(boundary.clone())), part("held_out", Part::From(boundary))];
    let made = bench.run().expect("prepared");
    let tokenizer = std::fs::read_to_string(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let known: Vec<u32> = (0..28).filter(|row| tokenizer.contains(letter(*row))).collect();
    let early: Vec<u32> = (0..28).filter(|row| *row != 7 && 1 + row * 11 % 28 < 21).collect();
    assert_eq!(known, early);
    let late = 28 - 1 - early.len();
    assert_eq!(
        made.iter().map(|m| (m.split.as_str(), m.examples)).collect::<Vec<_>>(),
        [("train", early.len()), ("held_out", late)]
    );
}

/// What is watched is drawn by the groups that are written beside what is trained on.
#[test]
fn parts_keep_groups_together_and_say_which_they_are() {
    let letter = |row: u32| char::from_u32(0x4e00 + row).expect("a letter");
    let who = |i: u32| if i == 7 { String::new() } else { format!("p{}", i % 5) };
    let rows: String = (0..40).map(|i| format!("word {},{},{}\n", letter(i), who(i), i % 2)).collect();
    let mut bench = Bench::text(&[("all", &format!("text,who,label\n{rows}"))]);
    let whole = bench.job.splits[0].clone();
    let says = Says::Whose { draw: 0 };
    let mut places: Vec<f64> = (0..5).map(|i| Says::place_of(&format!("p{i}"), 0)).collect();
    places.sort_by(f64::total_cmp);
    let boundary = Boundary { column: Some("who".into()), says, at: places[3], before: 24, from: 16 };
    let part = |name: &str, part| SplitSource { name: name.into(), part: Some(part), ..whole.clone() };
    for input in [vec!["text"], vec!["text", "who"]] {
        let input = input.into_iter().map(str::to_string).collect();
        bench.job.columns = Columns { input, label: Some("label".into()), ..Columns::default() };
        bench.job.splits = vec![part("train", Part::Before(boundary.clone())), part("held_out", Part::From(boundary.clone()))];
        let made = bench.run().expect("prepared");
        let trained: Vec<u32> = (0..40).filter(|i| *i != 7 && Says::place_of(&who(*i), 0) < places[3]).collect();
        assert_eq!(made.iter().map(|m| m.examples).collect::<Vec<_>>(), [trained.len(), 39 - trained.len()]);
        let tokenizer = std::fs::read_to_string(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
        assert_eq!((0..40).filter(|row| tokenizer.contains(letter(*row))).collect::<Vec<_>>(), trained);
        let groups = bench.open("train.safetensors").groups().expect("groups").to_vec();
        for (i, j) in (0..trained.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
            assert_eq!(groups[i] == groups[j], who(trained[i]) == who(trained[j]), "{i} {j}");
        }
        assert!(bench.open("held_out.safetensors").groups().is_none());
    }
}

/// A text without rows is cut itself: its end is held out.
#[test]
fn a_single_text_is_cut_at_its_end() {
    let mut bench = Bench::new(Task::LanguageModelling);
    bench.job.tokenizer = TokenizerSource::Trained(TokenizerKind::Bpe);
    bench.job.vocab_size = 300;
    let path = bench.dir.path().join("play.txt");
    let text: String = (0..100).map(|i| format!("line {i} of the play\n")).collect();
    std::fs::write(&path, &text).expect("written");
    let part = |name: &str, part| SplitSource { name: name.into(), files: vec![path.clone()], part: Some(part) };
    bench.job.splits = vec![part("train", Part::Rest(0.25)), part("held_out", Part::Drawn(0.25))];
    let made = bench.run().expect("prepared");
    let tokenizer = tokenizers::Tokenizer::from_file(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let read = |file: &str| {
        let prepared = bench.open(file);
        let texts = prepared.texts().expect("texts");
        let ids: Vec<u32> = (0..prepared.len()).flat_map(|i| texts.text(i).0).copied().collect();
        tokenizer.decode(&ids, false).expect("decoded")
    };
    let (train, held_out) = (read(&made[0].file), read(&made[1].file));
    assert_eq!(format!("{train}{held_out}"), text);
    assert_eq!(held_out.len(), text.len() / 4);
    std::fs::write(&path, "").expect("written");
    let error = bench.run().expect_err("no text").to_string();
    assert!(error.contains("split `train` has 0 tokens"), "{error}");
}
