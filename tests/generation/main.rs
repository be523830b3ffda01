//! `tallow generate` as a user types it, on a GGUF file that has learnt nothing: what it writes is what was asked for all the same.
#![cfg(target_os = "linux")]

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;
mod tiny;

use candle_core::quantized::gguf_file::Value;
use program::{Place, said, succeeds};
use serde_json::{Value as Json, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tallow::data::hub::{Hub, HubConfig};
use tallow::llm::{Ask, LanguageModel};
use tallow::pipeline::{Embedded, Worker};
use tallow::sandbox::Level;
use tallow::store::RunFolder;

const SCHEMA: &str = r#"{
    "type": "object", "additionalProperties": false, "required": ["kind", "lr", "seeds", "note"],
    "properties": {
        "kind": {"enum": ["adamw", "sgd"]}, "lr": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "seeds": {"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": true, "minItems": 1, "maxItems": 3},
        "note": {"type": "string", "maxLength": 20}, "more": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}
    }
}"#;

fn generate(place: &Place, model: &Path, args: &[&str]) -> Command {
    let mut command = place.tallow(["generate"]);
    command.arg(model).args(args).arg("--offline");
    command
}

fn written(command: &mut Command) -> Json {
    let out = succeeds(command.args(["--json", "--threads=2"]));
    assert_eq!(out.stdout.lines().count(), 1, "one line and nothing else: {out:?}");
    serde_json::from_str(&out.stdout).expect("JSON")
}

#[test]
fn text_is_json_of_the_schema_whatever_is_drawn() {
    let place = Place::new();
    let (model, schema) = (place.write("m/tiny.gguf", tiny::gguf(&[])), place.write("schema.json", SCHEMA));
    let schema = format!("--schema={}", schema.display());
    for seed in 0..6 {
        let (seed, temperature) = (format!("--seed={seed}"), format!("--temperature={}", 0.5 + f64::from(seed)));
        let found = written(&mut generate(&place, &model, &["the", &schema, &seed, &temperature, "--max-tokens=200"]));
        assert_eq!(found["ended"], true, "{found}");
        assert!(found["tokens"].as_u64().is_some_and(|n| n <= 200));
        let text = found["text"].as_str().expect("a text");
        let value: Json = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let lr = value["lr"].as_f64().expect("a number");
        assert!(lr > 0.0 && lr <= 1.0 && ["adamw", "sgd"].contains(&value["kind"].as_str().expect("a word")), "{text}");
        let mut seeds: Vec<u64> =
            value["seeds"].as_array().expect("a list").iter().map(|n| n.as_u64().expect("a number")).collect();
        seeds.dedup();
        assert_eq!(seeds.len(), value["seeds"].as_array().map_or(0, Vec::len), "{text}");
        assert!(
            (1..=3).contains(&seeds.len()) && value["note"].as_str().is_some_and(|note| note.chars().count() <= 20),
            "{text}"
        );
    }
}

#[test]
fn the_same_is_written_with_any_number_of_threads() {
    let place = Place::new();
    let model = place.write("m/tiny.gguf", tiny::gguf(&[]));
    let schema = place.write("schema.json", SCHEMA);
    let text = |threads: &str, more: &[&str]| {
        let mut command = generate(&place, &model, &["the prompt", "--temperature=1", "--seed=3", "--max-tokens=60", threads]);
        succeeds(command.args(more)).stdout
    };
    let first = text("--threads=1", &[]);
    assert!(first.len() > 20, "{first:?}");
    for threads in ["--threads=1", "--threads=2", "--threads=4"] {
        assert_eq!(text(threads, &[]), first, "{threads}");
    }
    assert_eq!(text("--threads=2", &["--stream"]), first, "told piece by piece");
    let held = format!("--schema={}", schema.display());
    assert_eq!(text("--threads=1", &[&held]), text("--threads=2", &[&held, "--stream"]));
    assert_ne!(text("--threads=2", &["--chat"]), first, "a conversation is another prompt");
    let narrow = text("--threads=2", &["--top-k=1"]);
    let mut greedy = generate(&place, &model, &["the prompt", "--max-tokens=60", "--temperature=0"]);
    assert_eq!(succeeds(&mut greedy).stdout, narrow, "the likeliest of one is the likeliest");
}

#[test]
fn a_prompt_comes_from_stdin() {
    let place = Place::new();
    let model = place.write("m/tiny.gguf", tiny::gguf(&[]));
    let mut command = generate(&place, &model, &["-", "--max-tokens=8", "--threads=2"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    child.stdin.take().expect("stdin").write_all(b"the the").expect("written");
    let out = child.wait_with_output().expect("ended");
    let same = succeeds(&mut generate(&place, &model, &["the the", "--max-tokens=8", "--threads=2"]));
    assert_eq!(String::from_utf8_lossy(&out.stdout), same.stdout);
    let old = succeeds(&mut generate(&place, &model, &["--prompt", "the the", "--max-tokens=8", "--threads=2"]));
    assert_eq!(old.stdout, same.stdout);
}

/// A line of a file is written to as if it had been asked by itself.
#[test]
fn many_prompts_are_written_to_at_once() {
    let place = Place::new();
    let model = place.write("m/tiny.gguf", tiny::gguf(&[]));
    let prompts = ["the", "a the", "the the the"];
    let lines = place.write("prompts.txt", prompts.join("\n"));
    let mut command = place.tallow(["predict"]);
    command.arg(&model).arg(&lines).args(["--max-tokens=6", "--offline", "--json", "--threads=2"]);
    let out = succeeds(&mut command).stdout;
    let told: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(told.len(), prompts.len(), "{out}");
    for (index, (told, prompt)) in told.iter().zip(prompts).enumerate() {
        assert_eq!((&told["index"], &told["kind"]), (&json!(index), &json!("text")), "{told}");
        let alone = written(&mut generate(&place, &model, &[prompt, "--max-tokens=6"]));
        for key in ["text", "tokens", "ended"] {
            assert_eq!(told[key], alone[key], "{prompt}: {told}");
        }
    }
    // One that has no room is told of in its line, and numbers are for models that have them.
    let long = "the ".repeat(3000);
    let lines = place.write("long.txt", format!("the\n{long}\n"));
    let mut command = place.tallow(["predict"]);
    command.arg(&model).arg(&lines).args(["--max-tokens=2", "--offline", "--json", "--threads=2"]);
    let out = succeeds(&mut command).stdout;
    let told: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&told[0]["kind"], &told[1]["kind"]), (&json!("text"), &json!("failed")), "{out}");
    let mut command = place.tallow(["predict"]);
    let out = said(command.arg(&model).args(["the", "--logits", "--offline"]));
    assert!(out.code == Some(2) && out.stderr.contains("`--logits`"), "{out:?}");
}

#[test]
fn what_cannot_be_written_is_told() {
    let place = Place::new();
    let model = place.write("m/tiny.gguf", tiny::gguf(&[]));
    let cases: [(&str, &str, &[&str], i32, &[&str]); 6] = [
        (
            "unheld",
            r#"{"type": "object", "properties": {"a": {"not": {}}, "b": {"if": {}}}}"#,
            &[],
            2,
            &["#/properties/a/not", "#/properties/b/if"],
        ),
        ("empty", "false", &[], 2, &["nothing fits"]),
        ("broken", "{", &[], 2, &["is no JSON"]),
        ("long", r#"{"const": "a long text that takes many tokens"}"#, &["--max-tokens=5"], 2, &["shortest text", "room for 5"]),
        ("beams", "true", &["--beams=3"], 2, &["--beams"]),
        ("size", "true", &["--temperature=-1"], 2, &["--temperature"]),
    ];
    for (name, schema, more, code, words) in cases {
        let schema = place.write(&format!("{name}.json"), schema).display().to_string();
        let out = said(generate(&place, &model, &["the", "--schema", &schema]).args(more));
        assert!(out.code == Some(code) || name == "size" && out.code.is_some_and(|code| code != 0), "{name}: {out:?}");
        words.iter().filter(|_| name != "size").for_each(|word| assert!(out.stderr.contains(word), "{name}: {}", out.stderr));
    }
    let long = "the ".repeat(3000);
    let out = said(&mut generate(&place, &model, &[&long]));
    assert!(out.code == Some(2) && out.stderr.contains("fewer words than the model's 2000 positions"), "{out:?}");
    let out = said(&mut generate(&place, &model, &[""]));
    assert!(out.code == Some(2) && out.stderr.contains("at least one word"), "{out:?}");
    let odd = place.write("odd/tiny.gguf", tiny::gguf(&[("tokenizer.ggml.pre", Value::String("unheard-of".into()))]));
    let out = said(&mut generate(&place, &odd, &["the"]));
    assert!(out.code == Some(21) && out.stderr.contains("`unheard-of`") && out.stderr.contains("qwen2"), "{out:?}");
    let cut = tiny::gguf(&[]);
    let cut = place.write("cut/tiny.gguf", &cut[..cut.len() - 1000]);
    let out = said(&mut generate(&place, &cut, &["the"]));
    assert!(out.code == Some(21) && out.stderr.contains("damaged or cut off"), "{out:?}");
}

/// Ctrl-C in the midst of a text ends it at once, with the exit code of an interruption and no process left.
#[test]
fn writing_can_be_stopped() {
    let place = Place::new();
    let long = [("llama.context_length", Value::U32(100_000_000))];
    let model = place.write("m/tiny.gguf", tiny::gguf(&long));
    let args = ["the the", "--max-tokens=90000000", "--stream", "--threads=1"];
    let mut child = generate(&place, &model, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let mut first = [0u8; 1];
    std::io::Read::read_exact(child.stdout.as_mut().expect("stdout"), &mut first).expect("a first letter");
    let mut drain = child.stdout.take().expect("stdout");
    let reader = std::thread::spawn(move || std::io::copy(&mut drain, &mut std::io::sink()));
    // SAFETY: the child is ours and has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let begun = Instant::now();
    let status = child.wait().expect("ended");
    assert_eq!(status.code(), Some(41));
    assert!(begun.elapsed() < Duration::from_secs(60));
    drop(reader.join());
}

/// The same file behind the trait that planners ask: JSON of the schema, whatever was said before, and what is wrong told.
#[test]
fn it_answers_as_a_language_model() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let place = Place::new();
    let model = place.write("m/tiny.gguf", tiny::gguf(&[]));
    let worker = Worker {
        program: env!("CARGO_BIN_EXE_tallow").into(),
        level: Level::Strict,
        threads: 2,
        stop: &STOP,
        now: || "2026-01-01T00:00:00Z".into(),
        folder: RunFolder::create(place.path("answers")).expect("a folder"),
    };
    let hub = Hub::new(HubConfig {
        endpoint: "https://huggingface.co".into(),
        cache_dir: place.path("hub"),
        token: None,
        offline: true,
        local: None,
    });
    let embedded = Embedded::open(&hub, &model.display().to_string(), worker).unwrap_or_else(|e| panic!("{e}"));
    assert!(embedded.name().starts_with("tiny.gguf"));
    let schema: Json = serde_json::from_str(SCHEMA).expect("a schema");
    let ask = Ask::new("be short", "the question", Some(schema.clone()), 300);
    for ask in [ask.clone(), ask.go_on("{}", "that lacks a kind")] {
        let reply = embedded.answer(&ask).unwrap_or_else(|e| panic!("{e}"));
        let value = reply.json().expect("JSON");
        assert!(!reply.is_cut && ["adamw", "sgd"].contains(&value["kind"].as_str().expect("a word")), "{value}");
        assert!(reply.usage.tokens_in > 10 && reply.usage.tokens_out <= 300);
    }
    let none = embedded.answer(&Ask::new("", "x", Some(schema), 3)).expect_err("no room").to_string();
    assert!(none.contains("shortest text"), "{none}");
}

#[test]
fn numbers_of_an_answer_add_up() {
    let place = Place::new();
    let model = place.write("m/tiny.gguf", tiny::gguf(&[]));
    let found = written(&mut generate(&place, &model, &["the the the", "--max-tokens=5", "--temperature=3"]));
    // A space and a word are two tokens.
    assert_eq!(found["prompt_tokens"], json!(5));
    assert!(found["secs"].as_f64() >= found["prompt_secs"].as_f64());
}
