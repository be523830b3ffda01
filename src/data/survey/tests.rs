mod said;

use super::*;
use crate::spec::{Border, HeldOutBy, TokenizerKind};
use std::path::Path;

fn survey(source: &DataSource, dir: &Path) -> Result<DataFacts> {
    hinted(source, &DataSpecHints::default(), dir)
}

fn hinted(source: &DataSource, hints: &DataSpecHints, dir: &Path) -> Result<DataFacts> {
    survey_data(&Hub::nowhere("/nowhere"), source, hints, &Making::quietly(dir))
}

/// All that a folder holds.
fn of_folder(dir: &tempfile::TempDir, hints: &DataSpecHints) -> Result<DataFacts> {
    hinted(&DataSource::Local { path: dir.path().into() }, hints, dir.path())
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    dir
}

#[test]
fn generated_sets_are_surveyed_like_any_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let of =
        |name: &str| survey(&DataSource::Generated { name: name.into(), examples: 100, seed: 0 }, dir.path()).expect("surveyed");
    let sizes = |facts: &DataFacts| facts.splits.iter().map(|s| (s.name.clone(), s.examples, s.labelled)).collect::<Vec<_>>();
    let expected = [("train", 100, true), ("validation", 40, true), ("test", 40, true)].map(|(n, e, l)| (n.to_string(), e, l));
    let reviews = of("toy_reviews");
    assert_eq!((sizes(&reviews), reviews.labels.join(" ")), (expected.to_vec(), "negative positive".into()));
    assert!(reviews.mean_tokens.is_some_and(|m| (5.0..40.0).contains(&m)) && reviews.splits[0].files[0].is_absolute());
    let shapes = of("toy_shapes");
    assert_eq!((shapes.image_shape, shapes.labels.join(" ")), (Some([16, 16, 3]), "circle cross square triangle".into()));
    assert_eq!(shapes.splits.iter().map(|s| s.examples).sum::<usize>(), 180);
}

#[test]
fn a_folder_of_files_is_a_data_set() {
    let dir = folder(&[("train.csv", "text,label\na,3\nb,20\nc,3\n"), ("test.jsonl", "{\"text\":\"a\"}\n")]);
    let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
    assert_eq!((facts.labels.as_slice(), facts.license), (&["3".to_string(), "20".into()][..], None));
    assert_eq!(facts.splits.iter().map(|s| s.labelled).collect::<Vec<_>>(), [true, false]);
    let one = survey(&DataSource::Local { path: dir.path().join("train.csv") }, dir.path()).expect("surveyed");
    assert_eq!((one.splits.len(), one.splits[0].name.as_str()), (1, "train"));
}

#[test]
fn many_numbers_with_fractions_are_no_classes() {
    let rows: String = (0..30).map(|i| format!("text {i},{}.25\n", i)).collect();
    let whole: String = (0..30).map(|i| format!("text {i},{}\n", i % 5)).collect();
    let task = |rows: &str, hinted: Option<Task>, label: &str| {
        let dir = folder(&[("train.csv", &format!("text,{label}\n{rows}"))]);
        let hints = DataSpecHints { task: hinted, ..DataSpecHints::default() };
        let facts = of_folder(&dir, &hints);
        facts.map(|facts| (facts.task, facts.labels.len(), facts.splits[0].labelled)).map_err(|e| e.to_string())
    };
    assert_eq!(task(&rows, None, "label"), Ok((Some(Task::TextRegression), 0, true)));
    assert_eq!(task(&rows, None, "price"), Ok((Some(Task::TextRegression), 0, true)), "the only column of numbers");
    assert_eq!(task(&whole, None, "label"), Ok((Some(Task::TextClassification), 5, true)));
    // As JSON and Parquet have them, numbers are numbers.
    let dir = tempfile::tempdir().expect("a folder");
    let typed: String = (0..30).map(|i| format!("{{\"text\":\"text {i}\",\"score\":{}}}\n", f64::from(i) / 31.0)).collect();
    std::fs::write(dir.path().join("train.jsonl"), typed).expect("written");
    let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
    assert_eq!((facts.task, facts.splits[0].labelled), (Some(Task::TextRegression), true));
    assert_eq!(task(&whole, Some(Task::TextRegression), "label"), Ok((Some(Task::TextRegression), 0, true)));
    assert!(task(&rows, Some(Task::TextClassification), "label").is_err_and(|e| e.contains("expected classes, found 30")));
}

#[test]
fn a_few_cells_beside_numbers_stand_for_nothing() {
    let rows: String = (0..60).map(|i| format!("text {i},{i}.25\n")).collect();
    let of = |odd: &str, task: Option<Task>| {
        let dir = folder(&[("train.csv", &format!("text,label\n{rows}{odd}"))]);
        of_folder(&dir, &DataSpecHints { task, ..DataSpecHints::default() })
    };
    let facts = of("a,TBD\nb,-\nc,\nd,inf\n", None).expect("surveyed");
    assert_eq!((facts.task, facts.splits[0].examples), (Some(Task::TextRegression), 60));
    let told = "4 of 64 rows of `train` are left out, for they have no `label`, or one that is no number, such as `TBD`, or one that is not finite";
    assert_eq!(facts.notes, [told]);
    let units: String = (0..60).map(|i| format!("text,{i} kg\n")).collect();
    let error = of(&units, Some(Task::TextRegression)).expect_err("no numbers").to_string();
    assert!(error.contains("line 62, column `label`") && error.contains("`0 kg`"), "{error}");
    let facts = of(&units, Some(Task::TextClassification)).expect("surveyed");
    assert!(facts.notes.iter().any(|note| note.contains("nearly every row is a class of its own")), "{:?}", facts.notes);
}

#[test]
fn texts_that_belong_together_are_found() {
    let task = |csv: &str| {
        let dir = folder(&[("train.csv", csv)]);
        survey(&DataSource::Local { path: dir.path().into() }, dir.path())
            .map(|facts| (facts.task, facts.columns.input))
            .map_err(|e| e.to_string())
    };
    let together = |columns: &[&str]| Ok((Some(Task::SentenceSimilarity), names(columns)));
    assert_eq!(task("anchor,positive\na,b\nc,d\n"), together(&["anchor", "positive"]));
    assert_eq!(task("query,positive,negative\na,b,c\n"), together(&["query", "positive", "negative"]));
    assert_eq!(task("query,document,hard_negative_1\na,b,c\n"), together(&["query", "document", "hard_negative_1"]));
    let scored: String = (0..40).map(|i| format!("a,b,0.{i:02}\n")).collect();
    let scored = task(&format!("sentence1,sentence2,score\n{scored}"));
    assert_eq!(scored.map(|found| found.0), Ok(Some(Task::TextRegression)), "as ever");
    assert_eq!(task("question,answer\na,b\nc,d\n").map(|found| found.0), Ok(Some(Task::InstructionTuning)), "as ever");
}

#[test]
fn scores_are_told_of_what_is_trained_on() {
    let csv = "sentence1,sentence2,score\na,b,1\na,c,5\nd,e,\nf,g,-3\n";
    let dir = folder(&[("train.csv", csv), ("test.csv", "sentence1,sentence2,score\na,b,-1\n")]);
    let hints = DataSpecHints { task: Some(Task::SentenceSimilarity), ..DataSpecHints::default() };
    let facts = of_folder(&dir, &hints).expect("surveyed");
    assert_eq!((facts.scores, facts.columns.label.as_deref()), (Some([-3.0, 5.0]), Some("score")));
    assert_eq!(facts.splits.iter().map(|split| split.labelled).collect::<Vec<_>>(), [true, false], "nothing but -1 is a secret");
}

#[test]
fn questions_with_answers_are_found() {
    let line = |answers: &str| format!("{{\"id\":\"7\",\"context\":\"a b\",\"question\":\"which?\",\"answers\":{answers}}}\n");
    for answers in ["{\"text\":[\"b\"],\"answer_start\":[2]}", "[{\"text\":\"b\",\"answer_start\":2}]"] {
        let dir = folder(&[("train.jsonl", &line(answers))]);
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
        let columns = (facts.columns.input.as_slice(), facts.columns.label.as_deref());
        assert_eq!(facts.task, Some(Task::QuestionAnswering));
        assert_eq!(columns, (&names(&["question", "context"])[..], Some("answers")));
    }
}

#[test]
fn words_that_are_columns_are_taken_as_such() {
    let rows: String = (0..60).map(|i| format!("{},{},{},{}\n", i % 7, i % 5, i % 11, ["low", "high"][i % 2])).collect();
    let dir = folder(&[("train.csv", &format!("area,rooms,year,priority\n{rows}"))]);
    let of = |label: &[&str], input: &[&str], exclude: &[&str]| {
        let perhaps =
            PerhapsColumns { label: names(label), input: names(input), exclude: names(exclude), ..PerhapsColumns::default() };
        let hints = DataSpecHints { perhaps, ..DataSpecHints::default() };
        let place = DataSource::Local { path: dir.path().into() };
        let facts = hinted(&place, &hints, dir.path()).expect("surveyed");
        (facts.columns.label.unwrap_or_default(), facts.columns.input)
    };
    assert_eq!(of(&["priority"], &["rooms", "tweets"], &[]), ("priority".into(), names(&["rooms"])));
    assert_eq!(of(&["Priority"], &[], &["year"]), ("priority".into(), names(&["area", "rooms"])));
}

/// What is asked in passing is a column of classes or numbers; a name that no column has is what somebody calls it.
#[test]
fn columns_that_are_asked_for_in_passing() {
    let row = |i: usize| format!("p{i},{},{},{}\n", i % 7, 20 + i % 11, ["no", "yes"][i % 2]);
    let rows: String = (0..60).map(row).collect();
    let dir = folder(&[("train.csv", &format!("patient_id,visits,age_years,readmitted\n{rows}"))]);
    let of = |asked: Option<&str>, perhaps: PerhapsColumns| {
        let columns = Columns { label: asked.map(str::to_string), ..Columns::default() };
        let hints = DataSpecHints { perhaps, columns, ..DataSpecHints::default() };
        let place = DataSource::Local { path: dir.path().into() };
        let facts = hinted(&place, &hints, dir.path()).expect("surveyed");
        (facts.columns.label.unwrap_or_default(), facts.columns.input)
    };
    let told = |told: &[&str]| PerhapsColumns { told: names(told), ..PerhapsColumns::default() };
    let all = names(&["visits", "age_years"]);
    assert_eq!(of(None, told(&["patients", "will", "be", "readmitted"])), ("readmitted".into(), all.clone()));
    assert_eq!(of(Some("Wiederaufnahme"), told(&["readmitted"])), ("readmitted".into(), all));
    let label = PerhapsColumns { label: names(&["readmitted"]), input: names(&["age years"]), ..PerhapsColumns::default() };
    assert_eq!(of(None, label), ("readmitted".into(), names(&["age_years"])));
    let exclude = PerhapsColumns { exclude: names(&["visits"]), ..told(&["readmitted"]) };
    assert_eq!(of(None, exclude), ("readmitted".into(), names(&["age_years"])));
    // What a name in brackets says of something else is not what is predicted.
    let beside = PerhapsColumns { label: names(&["visits"]), ..PerhapsColumns::default() };
    assert_eq!(of(Some("readmitted at all"), beside).0, "readmitted");
    assert_eq!(of(Some("readmitted per patient"), PerhapsColumns::default()).0, "readmitted");
    assert_eq!(of(None, told(&["patient_id", "readmitted"])).0, "readmitted");
}

#[test]
fn pairs_of_texts_are_found() {
    let check = |file: &str, text: &str, hints: Columns, expected: Option<(&str, &str)>| {
        let dir = folder(&[(file, text)]);
        let hints = DataSpecHints { columns: hints, ..DataSpecHints::default() };
        let facts = of_folder(&dir, &hints);
        let found = facts.ok().filter(|facts| facts.task == Some(Task::TextToText));
        let found = found.map(|facts| (facts.columns.input[0].clone(), facts.columns.label.unwrap_or_default()));
        let found = found.as_ref().map(|(source, target)| (source.as_str(), target.as_str()));
        assert_eq!(found, expected, "{text}");
    };
    let rows = |line: &dyn Fn(usize) -> String| (0..8).map(line).collect::<String>();
    let translated = rows(&|i| format!("{{\"translation\":{{\"de\":\"der {i}\",\"en\":\"the {i}\"}}}}\n"));
    check("train.jsonl", &translated, Columns::default(), Some(("translation.de", "translation.en")));
    let asked =
        |source: &str, target: &str| Columns { input: vec![source.into()], label: Some(target.into()), ..Columns::default() };
    check("train.jsonl", &translated, asked("en", "de"), Some(("translation.en", "translation.de")));
    let one = Columns { label: Some("translation.de".into()), ..Columns::default() };
    check("train.jsonl", &translated, one, Some(("translation.en", "translation.de")));
    let columns = format!("id,en,fr\n{}", rows(&|i| format!("{i},the {i},le {i}\n")));
    check("train.csv", &columns, Columns::default(), Some(("en", "fr")));
    let summaries = format!("summary,document\n{}", rows(&|i| format!("short {i},long {i}\n")));
    check("train.csv", &summaries, Columns::default(), Some(("document", "summary")));
    // What has few values is a class, whatever it is called.
    let classes = format!("source,target\n{}", rows(&|i| format!("a text {i},{}\n", ["good", "bad"][i % 2])));
    check("train.csv", &classes, Columns::default(), None);
}

#[test]
fn tagged_words_are_found() {
    let check = |files: &[(&str, &str)], expected: (&str, &str), labels: &[&str]| {
        let dir = folder(files);
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
        let columns = (facts.columns.input[0].as_str(), facts.columns.label.as_deref().unwrap_or_default());
        assert_eq!((facts.task, columns), (Some(Task::TokenClassification), expected));
        assert_eq!(facts.labels, names(labels));
        assert!(facts.splits[0].labelled && facts.mean_tokens.is_some_and(|mean| mean > 3.0));
    };
    let line = "{\"id\":\"7\",\"tokens\":[\"a\",\"b\"],\"pos_tags\":[\"D\",\"N\"],\"ner_tags\":[\"O\",\"B-X\"]}\n";
    check(&[("train.jsonl", line)], ("tokens", "ner_tags"), &["B-X", "O"]);
    check(
        &[("train.conll", "EU B-ORG\nagrees O\n\nBonn B-LOC\n"), ("test.txt", "a O\nb O\n")],
        ("tokens", "tags"),
        &["B-LOC", "B-ORG", "O"],
    );
}

#[test]
fn names_of_columns_are_known_however_they_are_written() {
    let long = |i: usize| format!("what is said in row {i} and nothing else");
    let rows = |width: usize| -> String {
        (0..30).map(|i| (0..width).map(|at| long(10 * i + at)).collect::<Vec<_>>().join(",") + "\n").collect()
    };
    for (header, width, expected) in [
        ("Source,Target", 2, Task::TextToText),
        ("Source Text,Target Text", 2, Task::TextToText),
        ("EN,DE", 2, Task::TextToText),
        ("Instruction,Input,Output", 3, Task::InstructionTuning),
        ("Question,Answer", 2, Task::InstructionTuning),
        ("Prompt,Chosen,Rejected", 3, Task::PreferenceOptimization),
    ] {
        let dir = folder(&[("train.csv", &format!("{header}\n{}", rows(width)))]);
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect(header);
        assert_eq!(facts.task, Some(expected), "{header}");
    }
}

#[test]
fn several_labels_are_found_in_lists_and_in_columns_of_flags() {
    let check = |file: &str, text: &str, hinted: Option<Task>, expected: (&[&str], &[&str])| {
        let dir = folder(&[(file, text)]);
        let hints = DataSpecHints { task: hinted, ..DataSpecHints::default() };
        let facts = of_folder(&dir, &hints).expect(text);
        assert_eq!(facts.task, Some(Task::TextMultiLabel), "{text}");
        let (labels, columns) = expected;
        assert_eq!(
            (facts.labels.as_slice(), facts.columns.labels.as_slice()),
            (&names(labels)[..], &names(columns)[..]),
            "{text}"
        );
        assert_eq!(facts.columns.input, ["text"]);
    };
    let lists = "{\"text\":\"a\",\"labels\":[\"x\",\"y\"]}\n{\"text\":\"b\",\"labels\":[]}\n";
    check("train.jsonl", lists, None, (&["x", "y"], &[]));
    check("train.csv", "id,text,rude,spam\n7,a,0,1\n9,b,1,1\n", None, (&["rude", "spam"], &["rude", "spam"]));
    check("train.csv", "text,labels\na,x|y\nb,y\n", Some(Task::TextMultiLabel), (&["x", "y"], &[]));
    let written = "text,labels\na,\"[\"\"x\"\", \"\"y z\"\"]\"\nb,[]\nc,\"['it's', 'x']\"\n";
    check("train.csv", written, None, (&["it's", "x", "y z"], &[]));
    let strokes = "text,labels\na,x|y\nb,y\nc,x|z\nd,y|z\ne,z|x|y\n";
    check("train.csv", strokes, None, (&["x", "y", "z"], &[]));
    let one = folder(&[("train.csv", "text,label,long\na,0,1\nb,1,0\n")]);
    let facts = survey(&DataSource::Local { path: one.path().into() }, one.path()).expect("surveyed");
    assert_eq!((facts.task, facts.columns.label.as_deref()), (Some(Task::TextClassification), Some("label")));
}

fn names(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

#[test]
fn images_are_found_by_their_names() {
    for (file, text) in [
        ("train/metadata.csv", "file_name,label\na.png,cat\nb.png,dog\n"),
        ("train/metadata.jsonl", "{\"file_name\":\"a.png\",\"label\":\"cat\"}\n{\"file_name\":\"b.png\",\"label\":\"dog\"}\n"),
        ("train.csv", "caption,image_path,label\nit,train/a.png,cat\nit,./train/b.png,dog\n"),
    ] {
        let dir = folder(&[(file, text), ("train/x.txt", "")]);
        for name in ["a.png", "b.png"] {
            image::GrayImage::new(6, 4).save(dir.path().join("train").join(name)).expect("written");
        }
        let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect(file);
        assert_eq!((facts.task, facts.image_shape), (Some(Task::ImageClassification), Some([4, 6, 1])), "{file}");
        assert_eq!(facts.labels, ["cat", "dog"], "{file}");
    }
}

#[test]
fn documents_are_a_stream_of_words() {
    let dir = folder(&[("train.txt", &"a word ".repeat(1000)), ("test/one.txt", "a word"), ("test/two.txt", "more")]);
    let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
    let sizes: Vec<_> = facts.splits.iter().map(|s| (s.name.as_str(), s.examples, s.is_one_text())).collect();
    assert_eq!(sizes, [("train", 1, true), ("test", 2, false)]);
    assert!(facts.is_stream() && facts.columns.label.is_none());
    // Letter by letter as many as there are; else about as many as English has.
    let tokens = |tokenizer| {
        let hints = DataSpecHints { tokenizer, ..DataSpecHints::default() };
        let facts = of_folder(&dir, &hints);
        facts.expect("surveyed").splits[0].tokens.expect("a stream")
    };
    assert_eq!(tokens(Some((TokenizerSource::Trained(TokenizerKind::Characters), 100))), 7000);
    assert!((1000..7000).contains(&tokens(None)));
    assert!(tokens(Some((TokenizerSource::Trained(TokenizerKind::Bpe), 300))) > tokens(None));
}

#[test]
fn what_is_wrong_is_said_before_anything_runs() {
    let check = |files: &[(&str, &str)], words: &str| {
        let dir = folder(files);
        let error = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect_err(words).to_string();
        assert!(error.contains(words), "expected {words:?}, found {error}");
    };
    check(&[("notes.pdf", "x")], "holds no table and no image folder");
    check(&[("train.csv", "text,label\n")], "split `train` is empty");
    check(&[("train.csv", "text,label\na,0\n"), ("test.csv", "text,label\n")], "split `test` is empty");
    check(
        &[("a/train.csv", "text,label\nx,0\n"), ("b/train.csv", "text,label\nx,0\n")],
        "several configurations and none was chosen: `a`, `b`",
    );
    check(
        &[("README.md", "---\nconfigs: x\n---\n"), ("train.csv", "text,label\na,0\n")],
        "the card's front matter cannot be read: line 2",
    );
    check(&[("train.csv", "image_path,label\na.png,x\nb.png,y\n")], "cannot tell which column holds the input");
    check(&[("train/cat/a.png", "no image")], "`cat/a.png`, column `image`: the image cannot be read");
}

/// What lies beside the splits, or says them in a column, is told; texts in folders are of classes.
#[test]
fn what_of_the_files_is_told() {
    let rows = |split: &str| (0..8).map(|i| format!("a film {i},{},{split}\n", i % 2)).collect::<String>();
    let table = |splits: [&str; 2]| format!("text,label,part\n{}{}", rows(splits[0]), rows(splits[1]));
    let of = |files: &[(&str, &str)]| {
        let place = folder(files);
        survey(&DataSource::Local { path: place.path().to_path_buf() }, place.path()).expect("surveyed")
    };
    let facts = of(&[("a.csv", &table(["train", "dev"]).replace("part", "split"))]);
    assert!(facts.notes.iter().any(|note| note.contains("`split` says which split each row belongs to")), "{facts:?}");
    let facts = of(&[("train.csv", &table(["x", "y"])), ("test.csv", &table(["x", "y"])), ("extra.csv", "text\na\n")]);
    assert_eq!(facts.notes, ["`extra.csv`: no split, by the name; left out"]);
    let labelled: String = (0..16).map(|i| format!("the film {i} of a year,{}\n", i % 2)).collect();
    let facts = of(&[("a.csv", &format!("text,label\n{labelled}a film,\na play,NA\n"))]);
    assert_eq!((facts.splits[0].examples, facts.labels.join(" ")), (16, "0 1".into()));
    assert_eq!(facts.notes, ["2 of 18 rows of `train` are left out, for they have no `label`"]);
    // Where the card knows the classes, -1 is none of them; among lists an empty cell is a row that nobody labelled.
    let card = "---\nlanguage:\n- en\n- 'no'\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names: [bad, good]\n---\n";
    let facts = of(&[("a.csv", &format!("text,label\n{labelled}a film,-1\n")), ("README.md", card)]);
    assert_eq!((facts.splits[0].examples, facts.labels.join(" ")), (16, "bad good".into()));
    assert_eq!(facts.languages, ["en", "no"]);
    assert_eq!(facts.notes, ["1 of 17 rows of `train` are left out, for they have no `label`"]);
    let several: String = (0..16).map(|i| format!("the film {i} of a year,['a']\n")).collect();
    let facts = of(&[("a.csv", &format!("text,labels\n{several}a film,\nplay,['b']\n"))]);
    assert_eq!((facts.task, facts.splits[0].examples), (Some(Task::TextMultiLabel), 17));
    assert_eq!(facts.notes, ["1 of 18 rows of `train` are left out, for they have no `labels`"]);
    // Where none are written down, it is one that none of the labels holds of.
    let several: String = (0..16).map(|i| format!("the film {i} of a year,a|b\n")).collect();
    let place = folder(&[("a.csv", &format!("text,labels\n{several}a film,\nplay,b\n"))]);
    let hints = DataSpecHints { task: Some(Task::TextMultiLabel), ..DataSpecHints::default() };
    let facts = of_folder(&place, &hints).expect("surveyed");
    assert_eq!((facts.labels.join(" "), facts.splits[0].examples, facts.splits[0].labelled), ("a b".into(), 18, true));
    assert_eq!(facts.notes, ["1 of 18 rows of `train` have a blank `labels`: none of the labels holds of them"]);
    let texts =
        ["train/neg/1", "train/neg/2", "train/pos/1", "train/pos/2", "test/neg/1", "test/neg/2", "test/pos/1", "test/pos/2"];
    let names = texts.map(|name| format!("{name}.txt"));
    let facts = of(&names.iter().map(|name| (name.as_str(), "a film\n")).collect::<Vec<_>>());
    assert_eq!((facts.task, facts.labels.join(" ")), (Some(Task::TextClassification), "neg pos".into()));
    let sizes: Vec<_> = facts.splits.iter().map(|split| (split.name.as_str(), split.examples)).collect();
    assert_eq!(sizes, [("train", 4), ("test", 4)]);
}

/// Questions about texts are told by their answers: with a place, or standing in their texts; others are texts to be written.
#[test]
fn questions_with_flat_answers() {
    let task = |header: &str, answer: &str| {
        let rows: String =
            (0..8).map(|i| format!("what is {i}?,the text number {i} is here,{answer}\n").replace('#', &i.to_string())).collect();
        let dir = folder(&[("train.csv", &format!("{header}\n{rows}"))]);
        survey(&DataSource::Local { path: dir.path().join("train.csv") }, dir.path())
            .map(|facts| (facts.task, facts.columns.label))
    };
    let answered = |label: &str| Some((Some(Task::QuestionAnswering), Some(label.to_string())));
    assert_eq!(task("question,context,answer", "number #").ok(), answered("answer"));
    assert_eq!(task("question,context,answer_text,answer_start", "number #,9").ok(), answered("answer_text"));
    let free = task("question,context,answer", "nobody knows of #").ok().and_then(|found| found.0);
    assert_ne!(free, Some(Task::QuestionAnswering));
}

/// What is held out comes behind what is trained on, and what is learnt of the columns is of the earlier rows alone.
#[test]
fn the_latest_rows_of_a_table_are_held_out() {
    let day = |i: usize| format!("2026-{:02}-{:02}", 1 + i / 20, 1 + i % 20);
    // In no order; the last ten days have a colour and sizes of their own, and two rows no day.
    let row = |i: usize| {
        let at = i * 37 % 100;
        let late = at >= 90;
        let when = if at == 3 || at == 50 { String::new() } else { day(at) };
        format!(
            "{when},{},{},{}\n",
            if late { 9000 + at } else { at },
            if late { "violet" } else { ["red", "blue"][at % 2] },
            at * at
        )
    };
    let dir = folder(&[("sales.csv", &("day,size,colour,sold\n".to_string() + &(0..100).map(row).collect::<String>()))]);
    let source = DataSource::Local { path: dir.path().join("sales.csv") };
    let of = |by: HeldOutBy| {
        let hints = DataSpecHints {
            task: Some(Task::TabularRegression),
            columns: Columns { label: Some("sold".into()), ..Columns::default() },
            splits: vec!["train".into()],
            cut_off: Some(CutOff { name: "test".into(), frac: 0.1, by }),
            ..DataSpecHints::default()
        };
        hinted(&source, &hints, dir.path())
    };
    let facts = of(HeldOutBy::Time { column: "day".into(), from: None }).expect("surveyed");
    let sizes: Vec<(&str, usize)> = facts.splits.iter().map(|split| (split.name.as_str(), split.examples)).collect();
    assert_eq!((sizes, facts.times.as_slice()), (vec![("train", 88), ("test", 10)], &["day".to_string()][..]));
    let table = facts.table.as_ref().expect("a table");
    let colours = table.categorical.iter().find(|column| column.name == "colour").expect("colours");
    assert_eq!(colours.values, ["blue", "red"], "what only later rows have is not known");
    let notes: Vec<&String> = facts.all_notes().collect();
    let told = |words: &str| notes.iter().any(|note| note.contains(words));
    assert!(told("10 of 98 rows of `train`, those whose `day` is 2026-05-11 or later"), "{notes:?}");
    assert!(told("2 rows of `train` are left out, for no `day` says when"), "{notes:?}");
    let error = of(HeldOutBy::Time { column: "colour".into(), from: None }).expect_err("no times").to_string();
    assert!(error.contains("line 2, column `colour`: expected a date such as 2026-01-31, or a number"), "{error}");
    // From a day on, whatever share that is; a colour has but one side of what comes later.
    let from = |day: &str| HeldOutBy::Time { column: "day".into(), from: Some(Border::new(day)) };
    let facts = of(from("2026-05")).expect("surveyed");
    assert_eq!(facts.splits.iter().map(|split| split.examples).sum::<usize>(), 98);
    assert!(facts.all_notes().any(|note| note.contains("those whose `day` is 2026-05-01 or later, ")), "{:?}", facts.notes);
    let error = of(from("2030")).expect_err("none is so late").to_string();
    assert!(error.contains("`data.held_out_by.from`: expected a place within `day` of the split `train`"), "{error}");
    assert_eq!(facts.whose, ["day", "size", "colour"], "what is told is no group");
    let drawn = of(HeldOutBy::Chance).expect("surveyed");
    assert_eq!(drawn.splits.iter().map(|split| split.examples).collect::<Vec<_>>(), [90, 10]);
}

/// Though nobody asked for it, and its file is not looked at.
#[test]
fn a_part_cannot_be_called_as_a_split_that_there_is() {
    let row = |i: usize| format!("the film number {i} was {},{}\n", ["dull", "fine", "long"][i % 3], i % 2);
    let rows = "text,label\n".to_string() + &(0..100).map(row).collect::<String>();
    let dir = folder(&[("train.csv", &rows), ("test.csv", &rows)]);
    let of = |name: &str| {
        let hints = DataSpecHints {
            splits: vec!["train".into()],
            cut_off: Some(CutOff { name: name.into(), frac: 0.5, by: HeldOutBy::Chance }),
            ..DataSpecHints::default()
        };
        of_folder(&dir, &hints)
    };
    let names: Vec<String> = of("part").expect("surveyed").splits.into_iter().map(|split| split.name).collect();
    assert_eq!(names, ["train", "part"]);
    let error = of("test").expect_err("there is one").to_string();
    assert!(error.contains("already has a split `test`"), "{error}");
}

/// Texts that a request names, or that are all there is besides dates and the label, are not asked for.
#[test]
fn several_texts_beside_a_label_that_is_named() {
    let rows = |more: &str| -> String {
        let row = |i: usize| {
            let (queue, month) = (["a", "b"][i % 2], 1 + i % 12);
            format!("help number {i},Hello I have a question about my account {i} please,{queue},2022-{month:02}-03{more}\n")
        };
        (0..20).map(row).collect()
    };
    let dir = folder(&[
        ("five.csv", &format!("subject,body,queue,created,remark\n{}", rows(",as before"))),
        ("four.csv", &format!("subject,body,queue,created\n{}", rows(""))),
    ]);
    let of = |file: &str, named: &[&str]| {
        let perhaps = PerhapsColumns {
            label: vec!["queue".into()],
            input: named.iter().map(|name| name.to_string()).collect(),
            ..PerhapsColumns::default()
        };
        let hints = DataSpecHints { perhaps, ..DataSpecHints::default() };
        hinted(&DataSource::Local { path: dir.path().join(file) }, &hints, dir.path())
            .map(|facts| (facts.columns.input.join(" "), facts.columns.label.unwrap_or_default()))
            .map_err(|e| e.to_string())
    };
    let both = || Ok(("subject body".to_string(), "queue".to_string()));
    assert_eq!(of("five.csv", &["subject", "body"]), both());
    assert_eq!(of("four.csv", &[]), both());
    assert_eq!(of("four.csv", &["body"]), Ok(("body".into(), "queue".into())));
    // Of several texts the long one.
    assert_eq!(of("five.csv", &[]), Ok(("body".into(), "queue".into())));
}

/// As of a single class. Of texts whoever only looks sees what there is.
#[test]
fn answers_that_are_all_the_same_number_are_refused() {
    let told = |text: &str, task: Task, for_training: bool| {
        let dir = folder(&[("train.csv", text)]);
        let splits = vec!["train".to_string()];
        let hints = DataSpecHints { task: Some(task), splits, for_training, ..DataSpecHints::default() };
        let facts = of_folder(&dir, &hints);
        facts.map(|facts| facts.task).map_err(|e| e.to_string())
    };
    let words = "split `train` has a single value of `label`, 5: there is nothing to learn";
    let rows = "text,label\na dull film,5\na good one,5\nit was long,5.0\n";
    assert_eq!(told(rows, Task::TextRegression, true), Err(words.into()));
    assert_eq!(told(rows, Task::TextRegression, false), Ok(Some(Task::TextRegression)));
    assert!(told(&rows.replace("5.0", "4"), Task::TextRegression, true).is_ok());
    let table = "size,label\n1.5,5\n7,5\n2.25,5\n";
    assert_eq!(told(table, Task::TabularRegression, true), Err(words.into()));
}

/// Of splits of an experiment; whoever only looks sees what there is.
#[test]
fn labels_that_are_none_of_the_classes_are_told_where_data_is_surveyed() {
    let card = "---\ndataset_info:\n  features:\n  - name: text\n    dtype: string\n  - name: label\n    dtype:\n      class_label:\n        names:\n          '0': neg\n          '1': pos\n---\n";
    let survey_of = |files: &[(&str, &str)], wanted: &[&str], for_training: bool| {
        let dir = folder(files);
        let splits = wanted.iter().map(|name| name.to_string()).collect();
        let hints = DataSpecHints { task: Some(Task::TextClassification), splits, for_training, ..DataSpecHints::default() };
        let facts = of_folder(&dir, &hints);
        facts.map(|facts| facts.labels.join(" ")).map_err(|e| e.to_string())
    };
    let told = |files: &[(&str, &str)], wanted: &[&str]| survey_of(files, wanted, true);
    let unseen = [("train.csv", "text,label\na,x\nb,y\n"), ("test.csv", "text,label\na,x\nb,z\n")];
    let error = told(&unseen, &["train", "test"]).expect_err("refused");
    assert!(
        error.contains("test.csv`, line 3, column `label`: the label is `z`; expected one of 2 classes: `x`, `y`"),
        "{error}"
    );
    assert_eq!(survey_of(&unseen, &["train", "test"], false), Ok("x y".into()));
    assert_eq!(told(&unseen, &["train"]), Ok("x y".into()), "a split that is not used");
    let beyond = [("README.md", card), ("train.csv", "text,label\na,0\nb,1\nc,2\n")];
    let error = told(&beyond, &["train"]).expect_err("refused");
    assert!(
        error.contains("train.csv`, line 4, column `label`: the label is 2; expected one of 2 classes: `neg`, `pos`"),
        "{error}"
    );
    let secret = [("train.csv", "text,label\na,0\nb,1\n"), ("test.csv", "text,label\na,-1\nb,-1\n")];
    assert_eq!(told(&secret, &["train", "test"]), Ok("0 1".into()));
    let single = [("train.csv", "text,label\na,0\nb,0\n"), ("test.csv", "text,label\na,1\n")];
    assert_eq!(told(&single, &["train", "test"]), Ok("0".into()));
    // Numbers stand for places only where somebody says the order: that of the letters is a guess.
    let numbers = "text,label\na,0\nb,1\n";
    let guessed = [("train.csv", "text,label\na,World\nb,Sports\n"), ("test.csv", numbers)];
    let error = told(&guessed, &["train", "test"]).expect_err("refused");
    let words = "test.csv`, line 2, column `label`: the label is 0, and neither file nor card says which class has that number; \
                 expected one of 2 classes: `Sports`, `World`";
    assert!(error.contains(words), "{error}");
    assert_eq!(survey_of(&guessed, &["train", "test"], false), Ok("Sports World".into()));
    let declared = [("README.md", card), ("train.csv", "text,label\na,pos\nb,neg\n"), ("test.csv", numbers)];
    assert_eq!(told(&declared, &["train", "test"]), Ok("neg pos".into()));
}

#[test]
fn half_stars_are_classes_in_every_format() {
    let line = |i: usize| format!("{{\"text\":\"the film {i} of a year\",\"label\":{:?}}}\n", 0.5 + (i % 4) as f64 / 2.0);
    let dir = folder(&[("train.jsonl", &(0..40).map(line).collect::<String>())]);
    let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
    assert_eq!((facts.task, facts.splits[0].examples), (Some(Task::TextClassification), 40));
    assert_eq!(facts.labels, ["1", "2", "0.5", "1.5"]);
}

#[test]
fn rows_without_one_of_their_flags_are_told() {
    let rows: String = (0..16).map(|i| format!("the film {i} of a year,{},{}\n", i % 2, i / 2 % 2)).collect();
    let dir = folder(&[("train.csv", &format!("text,spam,rude\n{rows}a film,,1\n"))]);
    let facts = survey(&DataSource::Local { path: dir.path().into() }, dir.path()).expect("surveyed");
    assert_eq!((facts.task, facts.splits[0].examples), (Some(Task::TextMultiLabel), 16));
    assert_eq!(facts.notes, ["1 of 17 rows of `train` are left out, for they have no `spam` or `rude`"]);
}

/// A text that somebody names is read, whatever categories stand beside it.
#[test]
fn a_named_text_is_what_is_learnt_from() {
    let rows: String =
        (0..40).map(|i| format!("this is headline number {i} of the day,{},{}\n", ["a", "b"][i % 2], i / 3 % 2)).collect();
    let dir = folder(&[("h.csv", &format!("headline,source,is_clickbait\n{rows}"))]);
    let of = |named: &[&str]| {
        let perhaps = PerhapsColumns {
            label: vec!["is_clickbait".into()],
            input: named.iter().map(|name| name.to_string()).collect(),
            ..PerhapsColumns::default()
        };
        let hints = DataSpecHints { perhaps, ..DataSpecHints::default() };
        hinted(&DataSource::Local { path: dir.path().join("h.csv") }, &hints, dir.path())
            .map(|facts| (facts.task, facts.columns.input))
    };
    let found = of(&["headline"]).expect("read");
    assert_eq!(found, (Some(Task::TextClassification), vec!["headline".to_string()]));
}
