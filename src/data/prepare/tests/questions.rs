//! Questions about texts: where their answers lie.

use super::Bench;
use crate::data::PreparedTargets;
use crate::error::{Class, Failure};
use crate::job::{Event, SplitShape, TokenizerSource};
use crate::spec::Task;
use std::path::{Path, PathBuf};

/// A job over questions, one a line: text, question, answer and the character at which it begins; none: no answer.
fn questions(lines: &[(&str, &str, Option<(&str, usize)>)]) -> Bench {
    let mut bench = Bench::new(Task::QuestionAnswering);
    let line = |(context, question, answer): &(&str, &str, Option<(&str, usize)>)| {
        let (texts, starts): (Vec<&str>, Vec<usize>) = answer.iter().copied().unzip();
        serde_json::json!({"context": context, "question": question, "answers": {"text": texts, "answer_start": starts}})
            .to_string()
            + "\n"
    };
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, lines.iter().map(line).collect::<String>()).expect("written");
    bench.add("train", path);
    bench
}

#[test]
fn answers_are_found_in_windows_that_overlap() {
    let long = (0..30).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
    let at = long.find("w20").expect("there");
    let lines =
        [("é was in Bonn", "where?", Some(("Bonn", 9))), (long.as_str(), "who?", Some(("w20 w21", at))), ("a b", "why?", None)];
    let bench = questions(&lines);
    let made = bench.run().expect("prepared").remove(0);
    assert!(matches!(made.shape, SplitShape::Text { longest: 16, truncated: 0, .. }), "{:?}", made.shape);
    let prepared = bench.open("train.safetensors");
    let (PreparedTargets::Spans(spans), Some(texts)) = (prepared.targets(), prepared.texts()) else { panic!("expected spans") };
    assert!(texts.len() > 5 && spans.some_unanswered() && made.examples == texts.len());
    let (mut answered, mut seen) = (vec![0; 3], vec![false; 30]);
    for i in 0..texts.len() {
        let (question, [first, last]) = (spans.question(i), spans.span(i));
        let characters = spans.characters(texts.range(i));
        if first > 0 {
            answered[question] += 1;
            let words = spans.words(question, characters[first as usize][0] as usize, characters[last as usize][1] as usize);
            assert_eq!(spans.answers(question), [words]);
        }
        if question == 1 {
            let starts: Vec<u32> = characters.iter().map(|at| at[0]).collect();
            (0..30).for_each(|w| seen[w] |= starts.contains(&(long.find(&format!("w{w}")).expect("there") as u32)));
        }
    }
    assert!(answered[0] >= 1 && answered[1] >= 1 && answered[2] == 0, "{answered:?}");
    assert!(seen.iter().all(|seen| *seen), "each word is in a window: {seen:?}");
}

/// A byte-level tokenizer as RoBERTa's: a blank belongs to the word behind it, and to no place in the text.
fn trimming_tokenizer(folder: &Path) -> PathBuf {
    let mut vocab: serde_json::Map<String, serde_json::Value> =
        ["<s>", "<pad>", "</s>", "Ġ", "Ġs"].iter().zip(0..).map(|(token, id)| (token.to_string(), id.into())).collect();
    ('!'..='~').for_each(|letter| drop(vocab.insert(letter.to_string(), vocab.len().into())));
    let special = |id: u32, content: &str| {
        serde_json::json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true})
    };
    let byte_level = serde_json::json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    let json = serde_json::json!({
        "version": "1.0", "added_tokens": [special(0, "<s>"), special(1, "<pad>"), special(2, "</s>")],
        "pre_tokenizer": byte_level, "decoder": byte_level,
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true,
            "add_prefix_space": false},
        "model": {"type": "BPE", "vocab": vocab, "merges": ["Ġ s"]},
    });
    let path = folder.join("tokenizer.json");
    std::fs::write(&path, json.to_string()).expect("written");
    path
}

#[test]
fn answers_lie_where_they_are_also_with_a_tokenizer_that_leaves_out_blanks() {
    let text = "we read stories so so long";
    let at = text.find("stories").expect("there");
    let mut bench = questions(&[(text, "what?", Some(("stories", at)))]);
    bench.job.tokenizer = TokenizerSource::File(trimming_tokenizer(bench.dir.path()));
    bench.job.max_seq_len = 24;
    bench.run().expect("prepared");
    let prepared = bench.open("train.safetensors");
    let (PreparedTargets::Spans(spans), Some(texts)) = (prepared.targets(), prepared.texts()) else { panic!("expected spans") };
    let answered: Vec<usize> = (0..texts.len()).filter(|i| spans.span(*i)[0] > 0).collect();
    assert!(texts.len() > 1 && !answered.is_empty(), "{} windows", texts.len());
    for i in answered {
        let (characters, [first, last]) = (spans.characters(texts.range(i)), spans.span(i));
        let words = spans.words(0, characters[first as usize][0] as usize, characters[last as usize][1] as usize);
        assert_eq!(words, "stories");
        assert_eq!(texts.text(i).0[first as usize], 4, "the token that its blank belongs to");
    }
}

/// Blank words are no answer; a row that says nothing of one is no example.
#[test]
fn blank_answers_are_none_and_rows_without_answers_are_left_out() {
    let mut bench = Bench::new(Task::QuestionAnswering);
    let line = |text: &str, answers: serde_json::Value| {
        serde_json::json!({"context": text, "question": "why?", "answers": answers}).to_string() + "\n"
    };
    let lines = [
        line("a b", serde_json::json!({"text": [""], "answer_start": [-1]})),
        line("c d", serde_json::json!({"text": ["d"], "answer_start": [2]})),
        line("e f", serde_json::Value::Null),
        line("g h", serde_json::json!({"text": "", "answer_start": 0})),
    ];
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, lines.concat()).expect("written");
    bench.add("train", path);
    let mut notes = Vec::new();
    super::prepare(&bench.job, &mut |event| {
        if let Event::Note { message } = event {
            notes.push(message);
        }
    })
    .expect("prepared");
    assert_eq!(marked(&bench), [(vec![], vec![]), (vec!["d".to_string()], vec!["d".to_string()]), (vec![], vec![])]);
    let told = |words: &str| notes.iter().any(|note| note.contains(words));
    assert!(told("1 of 4 examples are left out") && told("line 3, column `answers`: there is no label"), "{notes:?}");
}

#[test]
fn answers_that_are_not_where_they_are_said_to_be() {
    let error = questions(&[("a bc", "q?", Some(("bc", 1)))]).run().expect_err("refused");
    assert!(error.to_string().contains("line 1: expected the answer `bc` at character 1 of the text, found ` b`"), "{error}");
    assert_eq!((error.class(), error.hint().is_some()), (Class::Data, true));
    let question = "why ".repeat(15);
    let error = questions(&[(&"a ".repeat(20), &question, None)]).run().expect_err("refused").to_string();
    assert!(error.contains("leaves too little room for its text within 16"), "{error}");
}

/// A job over a table of questions.
fn table(csv: &str) -> Bench {
    let mut bench = Bench::new(Task::QuestionAnswering);
    let path = bench.dir.path().join("train.csv");
    std::fs::write(&path, csv).expect("written");
    bench.add("train", path);
    bench
}

/// The words that the windows of each question mark, and those that are right.
fn marked(bench: &Bench) -> Vec<(Vec<String>, Vec<String>)> {
    let prepared = bench.open("train.safetensors");
    let (PreparedTargets::Spans(spans), Some(texts)) = (prepared.targets(), prepared.texts()) else { panic!("expected spans") };
    let mut found: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for i in 0..texts.len() {
        let (question, [first, last]) = (spans.question(i), spans.span(i));
        let characters = spans.characters(texts.range(i));
        found.resize(found.len().max(question + 1), Default::default());
        if first > 0 {
            let words = spans.words(question, characters[first as usize][0] as usize, characters[last as usize][1] as usize);
            found[question].0.push(words.to_string());
        }
        found[question].1 = spans.answers(question).iter().map(|words| words.to_string()).collect();
    }
    found
}

#[test]
fn answers_in_columns_of_their_own_lie_where_they_say() {
    let bench = table(
        "id,question,context,answer_text,answer_start\n1,where?,é was in Bonn,Bonn,9\n2,who?,a b a c,a,4\n3,why?,a b,,\n4,what?,c d a,D,-1\n",
    );
    bench.run().expect("prepared");
    let one = |word: &str| (vec![word.to_string()], vec![word.to_string()]);
    assert_eq!(marked(&bench), [one("Bonn"), one("a"), (vec![], vec![]), one("d")]);
    let prepared = bench.open("train.safetensors");
    let (PreparedTargets::Spans(spans), Some(texts)) = (prepared.targets(), prepared.texts()) else { panic!("expected spans") };
    let window = (0..texts.len()).find(|i| spans.question(*i) == 1).expect("a window");
    let [first, _] = spans.span(window);
    assert_eq!(spans.characters(texts.range(window))[first as usize][0], 4, "the second of two");
    for (csv, expected) in [
        (
            "question,context,answer,answer_start\nq?,a bc,bc,1\n",
            "line 2: expected the answer `bc` at character 1 of the text, found ` b`",
        ),
        (
            "question,context,answer,answer_start\nq?,a bc,bc,far\n",
            "line 2, column `answer_start`: expected a finite number, found `far`",
        ),
    ] {
        let error = table(csv).run().expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn answers_without_a_place_are_looked_for_in_their_text() {
    let csv = "question,context,answer\nwhere?,é was in Bonn,bonn\nwho?,a b a c,a\nwhat?,c d,Paris\nwhy?,a b,b\n";
    let bench = table(csv);
    let mut notes = Vec::new();
    super::prepare(&bench.job, &mut |event| {
        if let Event::Note { message } = event {
            notes.push(message);
        }
    })
    .expect("prepared");
    let one = |word: &str| (vec![word.to_string()], vec![word.to_string()]);
    assert_eq!(marked(&bench), [one("Bonn"), one("a"), one("b")]);
    let told = |words: &str| notes.iter().any(|note| note.contains(words));
    assert!(
        told("1 of 4 examples are left out") && told("line 4, column `answer`: the answer `Paris` does not stand"),
        "{notes:?}"
    );
    assert!(told("of 1 of 3 questions the answer stands in several places"), "{notes:?}");
    let error = table("question,context,answer\nq?,a b,Paris\nq?,a b,a\n").run().expect_err("half of them").to_string();
    assert!(error.contains("line 2, column `answer`: the answer `Paris` does not stand in the text"), "{error}");
}
