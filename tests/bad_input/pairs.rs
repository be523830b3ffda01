//! Text to text: experiments, data and models that cannot be used for it.

use crate::program::{Place, Refusal, said, succeeds};
use std::path::Path;

/// A run of about a second: a Transformer of one layer on a language that Tallow makes itself.
const TINY: &str = r#"
version = 1
title = "A tiny test"
task = "text_to_text"
metric = "bleu"

[data]
source = { kind = "generated", name = "toy_translation", examples = 120, seed = 1 }
train = "train"
held_out = "test"
monitor = { kind = "none" }

[model]
kind = "scratch"

[model.config]
family = "marian"
vocab_size = 400
d_model = 16
encoder_layers = 1
decoder_layers = 1
encoder_attention_heads = 2
decoder_attention_heads = 2
encoder_ffn_dim = 32
decoder_ffn_dim = 32
max_position_embeddings = 64
activation_function = "relu"
dropout = 0.1
attention_dropout = 0.0
activation_dropout = 0.0
init_std = 0.25
scale_embedding = true
pad_token_id = 0
eos_token_id = 1
decoder_start_token_id = 0

[recipe]
optimizer = { kind = "adam" }
lr = 1e-3
schedule = { kind = "inverse_sqrt", warmup = { steps = 5 } }
length = { steps = 10 }
batch_size = 16
max_seq_len = 32
label_smoothing = 0.1

[text_to_text]
max_target_len = 12
"#;

fn command(place: &Place, text: &str, out: &Path) -> std::process::Command {
    let mut command = place.train_file("pairs.toml", text, out);
    command.arg("--offline");
    command
}

/// The experiment with these words changed, beside these files, is refused.
fn check(files: &[(&str, &str)], replaced: &[(&str, &str)], code: i32, words: &[&str], hint: &str) {
    let place = Place::new();
    files.iter().for_each(|(name, text)| drop(place.write(&format!("data/{name}"), text)));
    let mut text = TINY.to_string();
    for (old, new) in replaced {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    if !files.is_empty() {
        let own = "source = { kind = \"generated\", name = \"toy_translation\", examples = 120, seed = 1 }";
        text = text.replacen(own, &format!("source = {{ kind = \"local\", path = {:?} }}", place.path("data")), 1);
    }
    Refusal { code, words, hint }.check(&|| {
        let out = place.run();
        (command(&place, &text, &out), Some(out))
    });
}

const SCHEMA: &str = "`tallow schema` prints every key";

#[test]
fn experiments() {
    let model = "kind = \"scratch\"\n";
    check(
        &[],
        &[(model, "kind = \"scratch\"\ntokenizer = { trained = \"wordpiece\" }\n"), ("eos_token_id = 1", "eos_token_id = 7")],
        10,
        &[
            "`model.tokenizer`: expected `bpe` or `characters`",
            "`model.config.eos_token_id`: expected 1, that of `</s>`",
            "found 7",
        ],
        SCHEMA,
    );
    check(
        &[],
        &[("\"bleu\"", "\"accuracy\"")],
        10,
        &["`metric`: expected one of text to text: perplexity, exact match, BLEU, chrF"],
        SCHEMA,
    );
    check(
        &[],
        &[("max_target_len = 12", "max_target_len = 1\nnum_beams = 0")],
        10,
        &["`text_to_text.max_target_len`: expected", "`text_to_text.num_beams`: expected a whole number from 1 to 100, found 0"],
        SCHEMA,
    );
    check(
        &[],
        &[("max_target_len = 12", "max_target_len = 65"), ("max_seq_len = 32", "max_seq_len = 99")],
        10,
        &[
            "`recipe.max_seq_len`: the model has 64 positions, found 99",
            "`text_to_text.max_target_len`: the model has 64 positions, found 65",
        ],
        "",
    );
    let place = Place::new();
    let words = ["`text_to_text`: expected the task `text_to_text`, found text classification"];
    place.refuses(&["text_to_text.prefix=translate"], &Refusal { code: 10, words: &words, hint: SCHEMA });
    // What sees only what comes before it writes no text from another.
    let words = ["a bert model is not for text to text"];
    let set = ["task=text_to_text", "metric=bleu", "data.source.name=toy_translation"];
    place.refuses(&set, &Refusal { code: 10, words: &words, hint: "" });
}

#[test]
fn data() {
    let named = "monitor = { kind = \"none\" }";
    let columns = |columns: &str| format!("{named}\ncolumns = {columns}");
    let train = "a,b,c\nthe cat,die katze,x\nthe dog,der hund,y\n";
    let hint = "with `data.columns.input` and `data.columns.label`";
    check(
        &[("train.csv", train), ("test.csv", train)],
        &[],
        20,
        &["cannot tell which column holds the source and which the target", "`a`, `b`, `c`"],
        hint,
    );
    let missing = columns("{ input = [\"a\"], label = \"d\" }");
    check(
        &[("train.csv", train), ("test.csv", train)],
        &[(named, &missing)],
        20,
        &["has no column `d`: it has `a`, `b`, `c`"],
        hint,
    );
    let given = columns("{ input = [\"a\"], label = \"b\" }");
    let empty = "a,b,c\nthe cat,,x\n,der hund,y\nthe dog, ,z\n";
    let words = ["split `train`: of each of its 3 pairs the source or the target is empty"];
    let filled = "fill in both texts";
    check(&[("train.csv", empty), ("test.csv", train)], &[(named, &given)], 20, &words, filled);
    let secret = "a,c\nthe cat,x\n";
    let words = ["`data.held_out`: the split `test` has no labels"];
    check(&[("train.csv", train), ("test.csv", secret)], &[(named, &given)], 10, &words, "");
}

/// The whole way: what comes out writes again, and says the same.
#[test]
fn what_was_trained_writes() {
    let place = Place::new();
    let out = place.run();
    succeeds(&mut command(&place, TINY, &out));
    let model = out.join("model");
    for name in ["model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] {
        assert!(model.join(name).is_file(), "{name}");
    }
    let card = std::fs::read_to_string(model.join("README.md")).expect("a card");
    assert!(card.contains("pipeline_tag: translation") && card.contains("- bleu"), "{card}");
    let lines =
        std::fs::read_to_string(out.join("runs/seed-0-held-out/attempts/001/work/predictions.jsonl")).expect("predictions");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    let (source, written) = (line["source"].as_str().expect("a source"), line["predicted"].as_str().expect("a text"));
    let model = model.display().to_string();
    let ask = |more: &[&str]| {
        let args = ["generate", &model, "--offline", "--threads=2", "--max-tokens=12", "--prompt", source];
        said(&mut place.tallow(args.into_iter().chain(more.iter().copied())))
    };
    let found = ask(&[]);
    assert_eq!((found.code, found.stdout.trim()), (Some(0), written), "{}", found.stderr);
    assert_eq!(ask(&["--beams=2"]).code, Some(0));
    let chat = ask(&["--chat"]);
    assert!(chat.code == Some(21) && chat.stderr.contains("holds no conversation"), "{}", chat.stderr);
    let scored =
        said(&mut place.tallow(["eval", &model, "--data", "toy_translation", "--offline", "--threads=2", "--max-examples=5"]));
    assert!(scored.code == Some(0) && scored.stdout.contains("BLEU"), "{} {}", scored.stdout, scored.stderr);
}
