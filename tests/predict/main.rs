//! What a model says of inputs, by the whole program: one by one and in bulk, of every kind. What transformers says of the same inputs
//! with fresh random models is compared where `TALLOW_PYTHON` names a Python that has it.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use program::{Place, Refusal, said, succeeds};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn predict(place: &Place, model: &Path, inputs: &[&str]) -> Command {
    let mut command = place.tallow(["predict"]);
    command.arg(model).args(inputs).args(["--offline", "--threads=2"]);
    command
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

fn answers(command: &mut Command) -> Vec<Value> {
    lines(&succeeds(command.arg("--json")).stdout)
}

/// A model that tells two moods apart, and its run.
fn moods(place: &Place) -> PathBuf {
    let run = place.run();
    succeeds(place.train(&[], &run).arg("--offline"));
    run
}

fn trained(place: &Place, task: &str, metric: &str, set: &[String]) -> PathBuf {
    let (run, out) = (place.run(), [format!("task={task}"), format!("metric={metric}")]);
    let all: Vec<&str> = out.iter().chain(set).map(String::as_str).collect();
    succeeds(place.train(&all, &run).arg("--offline"));
    run
}

fn source(path: &Path) -> String {
    format!("data.source={{ kind = \"local\", path = {path:?} }}")
}

/// A model that translates does so line by line, as it was scored: by the length and the beams of its own files.
#[test]
fn texts_are_translated_in_bulk() {
    let place = Place::new();
    let set = [
        "data.source.name=\"toy_translation\"",
        "model.config={ family = \"marian\", vocab_size = 400, d_model = 16, encoder_layers = 1, decoder_layers = 1, \
         encoder_attention_heads = 2, decoder_attention_heads = 2, encoder_ffn_dim = 32, decoder_ffn_dim = 32, \
         max_position_embeddings = 64, activation_function = \"relu\", dropout = 0.1, attention_dropout = 0.0, \
         activation_dropout = 0.0, init_std = 0.25, scale_embedding = true, pad_token_id = 0, eos_token_id = 1, \
         decoder_start_token_id = 0 }",
        "text_to_text.max_target_len=12",
    ];
    let run = trained(&place, "text_to_text", "bleu", &set.map(String::from));
    let texts = ["a dog sees the cat", "the cat", "a small house"];
    let file = place.write("texts.txt", texts.join("\n"));
    let told = answers(&mut predict(&place, &run, &[&file.display().to_string()]));
    assert_eq!(told.len(), texts.len(), "{told:?}");
    for (told, text) in told.iter().zip(texts) {
        let mut generate = place.tallow(["generate"]);
        generate.arg(&run).args([text, "--offline", "--threads=2", "--json"]);
        let alone: Value = serde_json::from_str(&succeeds(&mut generate).stdout).expect("JSON");
        assert_eq!((&told["kind"], &told["text"]), (&Value::from("text"), &alone["text"]), "{told}");
        assert!(told["tokens"].as_u64().is_some_and(|tokens| tokens <= 12), "no longer than it was scored: {told}");
    }
    // As tables, and for people.
    let table = place.write("texts.jsonl", texts.map(|text| format!("{{\"source\": \"{text}\"}}\n")).concat());
    let again = answers(predict(&place, &run, &[&table.display().to_string()]).args(["--columns", "source"]));
    let written = |lines: &[Value]| lines.iter().map(|line| line["text"].clone()).collect::<Vec<Value>>();
    assert_eq!(written(&again), written(&told));
}

#[test]
fn texts_one_by_one_and_in_bulk_are_told_alike() {
    let place = Place::new();
    let run = moods(&place);
    let model = run.join("model");
    let texts = ["a fine film", "dull , and far too long", "what a wonderful \"day\""];
    let alone: Vec<Value> = texts.iter().map(|text| answers(&mut predict(&place, &model, &[text])).remove(0)).collect();
    let together = answers(&mut predict(&place, &model, &texts));
    for (index, (alone, together)) in alone.iter().zip(&together).enumerate() {
        assert_eq!((&alone["label"], together["index"].as_u64()), (&together["label"], Some(index as u64)));
        let probabilities = together["probabilities"].as_object().expect("probabilities");
        let values: Vec<f64> = probabilities.values().map(|p| p.as_f64().expect("a number")).collect();
        assert!(probabilities.contains_key("negative") && (values.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{together}");
        assert_eq!(together["probability"].as_f64(), values.iter().copied().reduce(f64::max), "{together}");
    }
    // More rows than are turned at once, with a label that nobody needs, and without; in both formats, and from stdin.
    let rows: Vec<&str> = (0..2500).map(|i| texts[i % 3]).collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let csv: String = rows.iter().map(|text| format!("{},positive\n", quoted(text))).collect();
    let with_label = place.write("with.csv", format!("text,label\n{csv}"));
    let jsonl: String = rows.iter().map(|text| format!("{}\n", json!({"id": 7, "text": text}))).collect();
    let without = place.write("without.jsonl", &jsonl);
    let plain: String = rows.iter().map(|text| format!("{text}\n")).collect();
    let text_file = place.write("lines.txt", &plain);
    let from_stdin = |text: &str| {
        let mut command = predict(&place, &run, &["-"]);
        let mut child = command.arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
        child.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("written");
        String::from_utf8(child.wait_with_output().expect("ended").stdout).expect("UTF-8")
    };
    let of_file = |path: &Path| succeeds(predict(&place, &run, &[&path.display().to_string()]).arg("--json")).stdout;
    let expected = of_file(&with_label);
    for found in [of_file(&without), of_file(&text_file), from_stdin(&plain), from_stdin(&jsonl)] {
        assert!(found == expected, "{} lines, expected {}", found.lines().count(), expected.lines().count());
    }
    let all = lines(&expected);
    assert_eq!(all.len(), rows.len());
    for (i, line) in all.iter().enumerate() {
        assert_eq!((line["index"].as_u64(), &line["label"]), (Some(i as u64), &alone[i % 3]["label"]));
        let near = line["probability"].as_f64().zip(alone[i % 3]["probability"].as_f64());
        assert!(near.is_some_and(|(a, b)| (a - b).abs() < 1e-5), "{line}");
    }
    // Each line has the number that it has in what was given; one that says nothing has no answer.
    let gaps = lines(&from_stdin(&format!("{}\n\n{}\n\n", texts[0], texts[1])));
    let told: Vec<_> = gaps.iter().map(|line| (line["index"].as_u64(), line["kind"].as_str() == Some("failed"))).collect();
    assert_eq!(told, [(Some(0), false), (Some(1), true), (Some(2), false)], "{gaps:?}");
    assert_eq!((&gaps[0]["label"], &gaps[2]["label"]), (&alone[0]["label"], &alone[1]["label"]));
    // Longer than the model reads: the line says so, and the end how many.
    let long = "dull ".repeat(600);
    let told = succeeds(&mut predict(&place, &model, &[texts[0], &long, &long])).stderr;
    assert!(told.contains("2 of 3 texts are longer than the model reads: their ends were left out"), "{told}");
    let found = answers(&mut predict(&place, &model, &[texts[0], &long]));
    assert_eq!((&found[0]["cut"], &found[1]["cut"]), (&Value::Null, &json!(true)), "{found:?}");
    // Into a file, and for people.
    let out = place.path("answers.jsonl");
    succeeds(predict(&place, &run, &[&without.display().to_string()]).arg("--out").arg(&out));
    assert!(std::fs::read_to_string(&out).expect("read") == expected);
    let shown = succeeds(predict(&place, &run, &texts).arg("--top-k=1")).stdout;
    assert!(shown.contains("a fine film\n") && shown.matches('%').count() == 3, "{shown}");
}

/// Weights as `torch.save` wrote them, whole and in parts, with tokenizers in parts (`tests/fixtures/older_models/make.py`).
#[test]
fn older_folders_say_what_transformers_says_of_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/older_models");
    let json = std::fs::read(fixtures.join("expected.json")).expect("read");
    let expected: serde_json::Map<String, Value> = serde_json::from_slice(&json).expect("JSON");
    let place = Place::new();
    for (name, cases) in &expected {
        let cases = cases.as_array().expect("cases");
        let texts: Vec<&str> = cases.iter().filter_map(|case| case[0].as_str()).collect();
        let found = answers(predict(&place, &fixtures.join(name), &texts).arg("--logits"));
        assert_eq!(found.len(), texts.len());
        for (found, case) in found.iter().zip(cases) {
            let numbers = |of: &Value| -> Vec<f64> { of.as_array().expect("numbers").iter().filter_map(Value::as_f64).collect() };
            let (found, wanted) = (numbers(&found["logits"]), numbers(&case[1]));
            let far = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(found.len() == wanted.len() && far < 1e-5, "{name}: {found:?}, expected {wanted:?}");
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_in_its_line() {
    let place = Place::new();
    let run = moods(&place);
    let file = place.write("some.jsonl", "{\"text\": \"fine\"}\n{\"text\": null}\n{\"text\": \"bad\"}\n");
    let told = said(predict(&place, &run, &[&file.display().to_string()]).arg("--json"));
    let found = lines(&told.stdout);
    assert_eq!(found.len(), 3);
    assert!(found[1]["error"].as_str().is_some_and(|e| e.contains("there is no text")), "{}", found[1]);
    assert!(found[2]["label"].is_string());
    let none = place.write("none.jsonl", "{\"text\": null}\n");
    let refused = |inputs: &[&str], code, words: &[&str], hint| {
        Refusal { code, words, hint }.check(&|| (predict(&place, &run, inputs), None));
    };
    refused(&[&none.display().to_string()], 20, &["there is no text"], "fill it in");
    refused(
        &["a text", "--columns=text"],
        2,
        &["`--columns` names columns of a table", "`a text` is a text"],
        "leave `--columns` out",
    );
    let absent = place.path("absent/answers.jsonl").display().to_string();
    // Before anything is asked: the model is not even looked for.
    let refusal = Refusal { code: 2, words: &["there is no folder", "absent"], hint: "mkdir -p" };
    refusal.check(&|| (predict(&place, &place.path("no-model"), &["fine", "--out", &absent]), None));
    let mut export = place.tallow(["export"]);
    let told = said(export.arg(&run).args(["--to=onnx", "--offline", "--out", &absent]));
    assert!(told.code == Some(2) && told.stderr.contains("there is no folder"), "{told:?}");
    refused(&["reviews/absent"], 2, &["there is no file `reviews/absent`"], "stdin");
    let (link, target) = (place.path("link.jsonl"), place.write("target.jsonl", "old"));
    std::os::unix::fs::symlink(&target, &link).expect("linked");
    succeeds(predict(&place, &run, &["fine"]).arg("--out").arg(&link));
    assert!(link.is_symlink() && std::fs::read_to_string(&target).expect("read").contains("probabilities"));
    let to_stdout = succeeds(&mut predict(&place, &run, &["fine", "--out=/dev/stdout"])).stdout;
    assert!(to_stdout.contains("probabilities"), "{to_stdout}");
    let row = answers(&mut predict(&place, &run, &["{\"text\":\n \"fine\"}"]));
    assert!(row.len() == 1 && row[0]["label"].is_string(), "{row:?}");
    refused(&["absent.csv"], 2, &["there is no file `absent.csv`"], "stdin");
    refused(&["absent/*.csv"], 2, &["there is no file `absent/*.csv`"], "stdin");
    let scan = place.write("scan.tiff", "x");
    refused(&[&scan.display().to_string()], 2, &["scan.tiff` holds: expected a table"], "convert it to PNG");
    let packed = place.write("some.zip", "x");
    refused(&[&packed.display().to_string()], 2, &["some.zip` holds: expected a table"], "unpack it");
    place.write("mix/b.jsonl", "{\"text\": \"bad\"}\n");
    place.write("mix/a.csv", "text\nfine\nfar too long\n");
    let pattern = place.path("mix/*").display().to_string();
    assert_eq!(answers(&mut predict(&place, &run, &[&pattern])).len(), 3, "the files of a pattern");
    // A run that came to nothing yet is one all the same.
    let planned = place.run();
    succeeds(place.tallow(["plan"]).arg(place.path("tiny.toml")).args(["--offline", "--out"]).arg(&planned));
    let none_yet = Refusal { code: 2, words: &["the run `", "has no model yet"], hint: "tallow resume" };
    none_yet.check(&|| (predict(&place, &planned, &["fine"]), None));
    let mut export = place.tallow(["export"]);
    let told = said(export.arg(&planned).args(["--to=onnx", "--offline"]));
    assert!(told.code == Some(2) && told.stderr.contains("has no model yet"), "{told:?}");
    let told = said(&mut predict(&place, &run.join("model"), &["{\"a\": \"x\", \"b\": \"y\", \"c\": \"z\"}"]));
    assert!(told.stderr.contains("`the command line`: cannot tell which column"), "{told:?}");
    let notes = place.write("notes.md", "fine");
    refused(&[&notes.display().to_string()], 2, &["notes.md` holds: expected a table", "csv"], "stdin");
    let (csv, image) = (place.write("a.csv", "text\nfine\n"), place.write("a.png", "no image"));
    refused(&[&csv.display().to_string(), "a text"], 2, &["different kinds"], "one after the other");
    refused(&[&image.display().to_string()], 2, &["text classification", "images"], "texts on the command line");
    let other = place.write("b.csv", "a,b,c\nx,y,z\n");
    refused(&[&other.display().to_string(), "--columns=d"], 20, &["no column `d`", "`a`, `b`, `c`"], "data.columns");
    let model = run.join("model").display().to_string();
    let mut command = place.tallow(["predict", &model, &other.display().to_string(), "--offline"]);
    let told = said(&mut command);
    assert!(
        told.code == Some(20) && told.stderr.contains("cannot tell which column") && told.stderr.contains("--columns"),
        "{told:?}"
    );
}

#[test]
fn words_are_tagged_and_go_together() {
    let place = Place::new();
    let row = |i: usize| {
        let (name, verb) = (["ada", "bob", "eve"][i % 3], ["runs", "sings"][i % 2]);
        json!({"tokens": ["today", name, "smith", verb, "."], "ner_tags": ["O", "B-PER", "I-PER", "O", "O"]})
    };
    let table = |rows: usize| (0..rows).map(|i| format!("{}\n", row(i))).collect::<String>();
    place.write("tagged/train.jsonl", table(96));
    place.write("tagged/test.jsonl", table(12));
    let set = [
        source(&place.path("tagged")),
        "model.config.head={ tags = [\"B-PER\", \"I-PER\", \"O\"] }".into(),
        "model.config.vocab_size=120".into(),
        "recipe.length={ steps = 60 }".into(),
        "recipe.lr=1e-2".into(),
    ];
    let run = trained(&place, "token_classification", "entity_f1", &set);
    let found = answers(&mut predict(&place, &run, &["today eve smith sings ."])).remove(0);
    assert_eq!(found["entities"][0]["entity"], "PER", "{found}");
    assert_eq!((&found["entities"][0]["text"], &found["entities"][0]["words"]), (&json!("eve smith"), &json!([1, 3])), "{found}");
    let words = place.write("words.jsonl", format!("{}\n", json!({"tokens": ["today", "eve", "smith", "sings", "."]})));
    let listed = answers(&mut predict(&place, &run, &[&words.display().to_string()])).remove(0);
    assert_eq!(listed["words"], found["words"], "a text and its words");
}

#[test]
fn rows_of_tables() {
    let place = Place::new();
    let row = |i: usize| format!("{},{},{}", i % 10, ["red", "blue"][i % 2], if i % 10 > 4 { "high" } else { "low" });
    let table = format!("size,colour,level\n{}\n", (0..300).map(row).collect::<Vec<_>>().join("\n"));
    let (table, run) = (place.write("rows.csv", table), place.run());
    let preset = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets/table_mlp.toml");
    let mut train = place.tallow(["train".as_ref(), preset.as_os_str()]);
    for set in [format!("data.source.path={}", table.display()), "data.columns.label=level".into(), "seeds=[0]".into()] {
        train.args(["--set", &set]);
    }
    succeeds(train.args(["--epochs=40", "--offline", "--threads=2", "--out"]).arg(&run));
    let unlabelled = place.write("new.csv", "colour,size\nred,9\nblue,0\n,\n");
    let found = answers(&mut predict(&place, &run, &[&unlabelled.display().to_string()]));
    assert_eq!((&found[0]["label"], &found[1]["label"], found.len()), (&json!("high"), &json!("low"), 3), "{found:?}");
    let one = answers(&mut predict(&place, &run, &["{\"size\": 9, \"colour\": \"red\"}"])).remove(0);
    let unknown = succeeds(&mut predict(&place, &run, &["{\"size\": 9, \"colour\": \"RED\"}"])).stderr;
    assert!(unknown.contains("1 of 1 rows hold a category") && unknown.contains("`RED` in `colour`"), "{unknown}");
    let unknown = answers(&mut predict(&place, &run, &["{\"size\": 9, \"colour\": \"RED\"}"])).remove(0);
    assert_eq!((&unknown["unseen"], &one["unseen"]), (&json!(["colour"]), &Value::Null), "{unknown}");
    let near = one["probability"].as_f64().zip(found[0]["probability"].as_f64());
    assert!(one["label"] == "high" && near.is_some_and(|(a, b)| (a - b).abs() < 1e-6), "{one}");
    // Nothing is a missing number; a word in its place is a mistake.
    let odd = answers(&mut predict(
        &place,
        &run,
        &["{\"size\": \"big\", \"colour\": \"red\"}", "{\"size\": null, \"colour\": \"red\"}"],
    ));
    let told = "`the command line`, line 1, column `size`: expected a number or nothing, found `big`";
    assert!(odd[0]["error"].as_str().is_some_and(|e| e.contains(told)), "{odd:?}");
    assert!(odd[1]["label"].is_string(), "{odd:?}");
    let unknown = answers(&mut predict(&place, &run, &["{\"size\": NaN, \"colour\": \"red\"}"])).remove(0);
    assert_eq!(unknown["label"], odd[1]["label"], "as Python writes that it is not known");
    let refused = |inputs: &[&str], words: &[&str], hint| {
        Refusal { code: 2, words, hint }.check(&|| (predict(&place, &run, inputs), None));
    };
    let words = ["input 1 begins as a row, and is no JSON object", "key must be a string"];
    refused(&["{\"size\": 9, colour: red}"], &words, "an object");
    let csv = unlabelled.display().to_string();
    let words = ["fed with the columns that it was trained on: `size`, `colour`"];
    refused(&[&csv, "--columns=size"], &words, "leave `--columns` out");
    answers(&mut predict(&place, &run, &[&csv, "--columns=colour,size"]));
    let told = said(&mut predict(&place, &run, &["{\"size\": 9}"]));
    assert!(told.code == Some(20) && told.stderr.contains("`the command line` has no column `colour`"), "{told:?}");
    let none = place.write("none.csv", "colour,size\n");
    let told = said(&mut predict(&place, &run, &[&none.display().to_string()]));
    assert!(told.code == Some(20) && told.stderr.contains("the input is empty"), "{told:?}");
    let lacking = place.write("lacking.csv", "size\n3\n");
    let told = said(&mut predict(&place, &run, &[&lacking.display().to_string()]));
    assert!(told.code == Some(20) && told.stderr.contains("no column `colour`"), "{told:?}");
}

/// `True` and `False` of a CSV are what other formats have booleans for: the same weights, and the same answers.
#[test]
fn booleans_are_the_same_in_every_format() {
    let place = Place::new();
    let rows: Vec<(i64, bool, &str)> =
        (0..60).map(|i| (i * 7 % 10, i % 3 == 0, if (i % 3 == 0) == (i * 7 % 10 > 4) { "high" } else { "low" })).collect();
    let csv: String = rows.iter().map(|(n, b, y)| format!("{n},{},{y}\n", if *b { "True" } else { "False" })).collect();
    let line = |(n, b, y): &(i64, bool, &str)| format!("{{\"size\":{n},\"alone\":{b},\"level\":\"{y}\"}}\n");
    let tables = [
        place.write("csv/rows.csv", format!("size,alone,level\n{csv}")),
        place.write("jsonl/rows.jsonl", rows.iter().map(line).collect::<String>()),
        parquet_of(place.write("parquet/rows.parquet", ""), &rows),
    ];
    let preset = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets/table_mlp.toml");
    let runs: Vec<PathBuf> = tables
        .iter()
        .map(|table| {
            let run = place.run();
            let mut train = place.tallow(["train".as_ref(), preset.as_os_str()]);
            for set in [format!("data.source.path={}", table.display()), "data.columns.label=level".into(), "seeds=[0]".into()] {
                train.args(["--set", &set]);
            }
            succeeds(train.args(["--epochs=3", "--offline", "--threads=2", "--out"]).arg(&run));
            run
        })
        .collect();
    let weights = |run: &PathBuf| std::fs::read(run.join("model/model.safetensors")).expect("weights");
    assert!(runs.iter().all(|run| weights(run) == weights(&runs[0])), "the same bits");
    let said = |run: &Path, table: &Path| succeeds(predict(&place, run, &[&table.display().to_string()]).arg("--json")).stdout;
    let expected = said(&runs[0], &tables[0]);
    for (run, table) in runs.iter().flat_map(|run| tables.iter().map(move |table| (run, table))) {
        assert_eq!(said(run, table), expected, "{}", table.display());
    }
}

/// Writes the rows there.
fn parquet_of(path: PathBuf, rows: &[(i64, bool, &str)]) -> PathBuf {
    let schema = "message schema { required int64 size; required boolean alone; required binary level (UTF8); }";
    let schema = std::sync::Arc::new(parse_message_type(schema).expect("a schema"));
    let file = std::fs::File::create(&path).expect("a file");
    let mut writer = SerializedFileWriter::new(file, schema, Default::default()).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let sizes: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let alone: Vec<bool> = rows.iter().map(|row| row.1).collect();
    let levels: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(row.2)).collect();
    for at in 0..3 {
        let mut column = group.next_column().expect("a column").expect("there");
        match at {
            0 => column.typed::<Int64Type>().write_batch(&sizes, None, None),
            1 => column.typed::<BoolType>().write_batch(&alone, None, None),
            _ => column.typed::<ByteArrayType>().write_batch(&levels, None, None),
        }
        .expect("written");
        column.close().expect("closed");
    }
    group.close().expect("closed");
    writer.close().expect("closed");
    path
}

/// Fresh random models of transformers say the same, number for number.
#[test]
fn transformers_says_the_same() {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not compared: TALLOW_PYTHON names no Python with transformers");
        return;
    };
    let place = Place::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/predict/make.py");
    let made = Command::new(python).arg(script).arg(place.path("made")).output().expect("the Python that TALLOW_PYTHON names");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut seen = 0;
    for entry in std::fs::read_dir(place.path("made")).expect("made").flatten().filter(|entry| entry.path().is_dir()) {
        let folder = entry.path();
        let told: Value = serde_json::from_slice(&std::fs::read(folder.join("asked.json")).expect("read")).expect("JSON");
        let inputs: Vec<String> =
            told["inputs"].as_array().expect("inputs").iter().map(|i| i.as_str().expect("text").into()).collect();
        let mut command = predict(&place, &folder, &inputs.iter().map(String::as_str).collect::<Vec<_>>());
        if let Some(with) = told["with"].as_str() {
            command.args(["--with", with]);
        }
        let found = answers(command.arg("--logits"));
        let numbers = |value: &Value| flat(value);
        let mut worst: f64 = 0.0;
        for (found, expected) in found.iter().zip(told["expected"].as_array().expect("expected")) {
            let found = numbers(found.get("logits").or_else(|| found.get("vector")).unwrap_or_else(|| panic!("{found}")));
            let expected = numbers(expected);
            assert_eq!(found.len(), expected.len(), "{}", folder.display());
            // Of numbers in the thousands the last digits of a float32 are worth more.
            let size = expected.iter().fold(1.0, |size: f64, value| size.max(value.abs()));
            worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / size).fold(worst, f64::max);
        }
        for (found, expected) in found.iter().zip(told["answers"].as_array().into_iter().flatten()) {
            for (key, other) in [("start", "start"), ("end", "end"), ("answer", "text")] {
                assert_eq!(found[key], expected[other], "{}: {found}", folder.display());
            }
            let near = found["probability"].as_f64().zip(expected["probability"].as_f64());
            assert!(near.is_some_and(|(a, b)| (a - b).abs() < 1e-4), "{found}, expected {expected}");
        }
        println!("{}: {} inputs, off by {worst:.1e}", entry.file_name().display(), found.len());
        assert!(worst < 1e-4 && found.len() == inputs.len(), "{}", folder.display());
        seen += 1;
    }
    assert!(seen >= 10, "{seen} models");
}

/// Adapters with additions to tables of words and output layers, tied or not, are one model as peft has them.
#[test]
fn transformers_says_what_peft_said_of_merged_adapters() {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not compared: TALLOW_PYTHON names no Python with peft");
        return;
    };
    let place = Place::new();
    let (made, merged) = (place.path("made"), place.path("merged"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/predict/adapters.py");
    let ran = |arguments: &[&Path]| {
        let told = Command::new(&python).arg(&script).args(arguments).output().expect("the Python that TALLOW_PYTHON names");
        let out = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(told.status.success(), "{out}\n{}", String::from_utf8_lossy(&told.stderr));
        out
    };
    ran(&[&made]);
    std::fs::create_dir(&merged).expect("a folder");
    for name in ["tied", "table", "own", "saved"] {
        let mut command = place.tallow(["merge"]);
        succeeds(command.arg(made.join(name)).arg("--out").arg(merged.join(name)).arg("--offline"));
    }
    let told = ran(&[&made, &merged]);
    println!("{told}");
    assert_eq!(told.matches("off by").count(), 4, "{told}");
}

/// All numbers of nested lists.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().unwrap_or_else(|| panic!("{other}"))],
    }
}
