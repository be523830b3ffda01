//! Speech recognition: experiments, recordings and models that cannot be used for it.

use crate::program::{Place, Refusal, said, succeeds};
use std::path::Path;

/// A run of about a second: a Whisper of one layer on what a simple machine says.
const TINY: &str = r#"
version = 1
title = "A tiny test"
task = "speech_recognition"
metric = "wer"

[data]
source = { kind = "generated", name = "toy_speech", examples = 48, seed = 1 }
train = "train"
held_out = "test"
monitor = { kind = "none" }

[model]
kind = "scratch"

[model.config]
family = "whisper"
vocab_size = 40
num_mel_bins = 8
d_model = 16
encoder_layers = 1
decoder_layers = 1
encoder_attention_heads = 2
decoder_attention_heads = 2
encoder_ffn_dim = 32
decoder_ffn_dim = 32
max_source_positions = 50
max_target_positions = 40
activation_function = "gelu"
dropout = 0.1
attention_dropout = 0.0
activation_dropout = 0.0
init_std = 0.25
pad_token_id = 0
bos_token_id = 0
eos_token_id = 1
decoder_start_token_id = 0

[recipe]
optimizer = { kind = "adamw" }
lr = 1e-3
schedule = { kind = "linear", warmup = { frac = 0.1 } }
length = { steps = 6 }
batch_size = 16
max_seq_len = 24
"#;

const SCHEMA: &str = "`tallow schema` prints every key";

/// A second of a tone, in 16 bits of 16 kHz.
fn wav(seconds: f64) -> Vec<u8> {
    let samples: Vec<u8> =
        (0..(seconds * 16_000.0) as usize).flat_map(|i| ((8000.0 * (i as f64 * 0.2).sin()) as i16).to_le_bytes()).collect();
    let size = samples.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + size).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend([16_000u32, 32_000].into_iter().flat_map(u32::to_le_bytes));
    file.extend(b"\x02\0\x10\0data");
    file.extend(size.to_le_bytes());
    file.extend(samples);
    file
}

fn command(place: &Place, text: &str, out: &Path) -> std::process::Command {
    let mut command = place.train_file("speech.toml", text, out);
    command.arg("--offline");
    command
}

/// The experiment on a folder of recordings.
fn on_folder(place: &Place) -> String {
    let own = "source = { kind = \"generated\", name = \"toy_speech\", examples = 48, seed = 1 }";
    TINY.replacen(own, &format!("source = {{ kind = \"local\", path = {:?} }}", place.path("data")), 1)
}

/// Two folders of recordings, each with this table.
fn folders(place: &Place, table: &str) {
    for split in ["train", "test"] {
        place.write(&format!("data/{split}/metadata.csv"), table);
        place.write(&format!("data/{split}/a.wav"), wav(0.5));
        place.write(&format!("data/{split}/b.wav"), wav(0.3));
    }
}

#[test]
fn experiments() {
    let check = |replaced: &[(&str, &str)], words: &[&str], hint: &str| {
        let place = Place::new();
        let mut text = TINY.to_string();
        for (old, new) in replaced {
            assert!(text.contains(old), "{old}");
            text = text.replacen(old, new, 1);
        }
        Refusal { code: 10, words, hint }.check(&|| {
            let out = place.run();
            (command(&place, &text, &out), Some(out))
        });
    };
    check(
        &[
            ("kind = \"scratch\"\n", "kind = \"scratch\"\ntokenizer = { trained = \"wordpiece\" }\n"),
            ("eos_token_id = 1", "eos_token_id = 7"),
        ],
        &[
            "`model.tokenizer`: expected `bpe` or `characters`",
            "`model.config.eos_token_id`: expected 1, that of `</s>`",
            "found 7",
        ],
        SCHEMA,
    );
    let metrics = "`metric`: expected one of speech recognition: perplexity, exact match, word error rate, character error rate";
    check(&[("\"wer\"", "\"bleu\"")], &[metrics, "found BLEU"], SCHEMA);
    check(
        &[("max_seq_len = 24", "max_seq_len = 24\n[speech]\nnum_beams = 0\nwrite = \"song\"")],
        &["`speech.num_beams`: expected a whole number from 1 to 100, found 0", "`speech.write`: expected"],
        SCHEMA,
    );
    check(
        &[("max_seq_len = 24", "max_seq_len = 99\n[speech]\nlanguage = \"de\"")],
        &[
            "`recipe.max_seq_len`: the model has 40 positions, found 99",
            "`speech.language`: the model knows a single language and is not told which, found `de`",
        ],
        "",
    );
    check(&[("num_mel_bins = 8", "num_mel_bins = 0")], &["`model.config.num_mel_bins`: expected"], SCHEMA);
    let place = Place::new();
    let words = ["`speech`: expected the task `speech_recognition`, found text classification"];
    place.refuses(&["speech.num_beams=2"], &Refusal { code: 10, words: &words, hint: SCHEMA });
    let words = ["a bert model is not for speech recognition"];
    let set = ["task=speech_recognition", "metric=wer", "data.source.name=toy_speech"];
    place.refuses(&set, &Refusal { code: 10, words: &words, hint: "" });
}

#[test]
fn recordings() {
    let check = |table: &str, files: &[(&str, &[u8])], code: i32, words: &[&str], hint: &str| {
        let place = Place::new();
        folders(&place, table);
        files.iter().for_each(|(name, bytes)| drop(place.write(&format!("data/train/{name}"), bytes)));
        let text = on_folder(&place);
        Refusal { code, words, hint }.check(&|| {
            let out = place.run();
            (command(&place, &text, &out), Some(out))
        });
    };
    // Where one of many is damaged, it is left out; where all are, there is nothing to learn from.
    let rows = "file_name,transcription\na.wav,one two\n";
    let repair = "repair or remove it";
    let whole = wav(0.5);
    let place = "metadata.csv`, line 2, column `file_name`: the recording cannot be read";
    check(rows, &[("a.wav", &whole[..whole.len() - 7])], 20, &[place, "a.wav", "it is cut off: expected 16000 bytes"], repair);
    check(rows, &[("a.wav", b"ID3\x04")], 20, &[place, "it has no frame of an MP3 file"], repair);
    check(rows, &[("a.wav", b"")], 20, &[place, "found an empty file"], repair);
    check(rows, &[("a.wav", &wav(0.0))], 20, &[place, "there is not a single sample"], repair);
    check("file_name,transcription\nc.wav,one\n", &[], 20, &[place, "c.wav", "No such file"], repair);
    let outside = "file_name,transcription\n../../a.wav,one\n";
    check(outside, &[], 20, &[place, "expected the name of a file below"], repair);
    let hint = "with `data.columns.input` and `data.columns.label`";
    check("name,transcription\nx,one\n", &[], 20, &["cannot tell which column holds the recordings"], hint);
    check("file_name,a,b\na.wav,one,two\n", &[], 20, &["cannot tell which column holds the text that is said"], hint);
    let silent = ["split `train`: none of its 2 recordings has a text"];
    check("file_name,transcription\na.wav, \nb.wav,\n", &[], 20, &silent, "fill in the texts");
}

/// What cannot be read is left out and named, with its weight; what no row names is neither opened nor part of what a run was made of.
#[test]
fn damaged_recordings_are_left_out_and_only_named_files_are_read() {
    let table = "file_name,transcription,often\na.wav,one two,1\nb.wav,three,2\ndamaged.wav,four,3\nmissing.wav,five,4\n,six,5\n";
    let weighted = |place: &Place| {
        on_folder(place).replacen("[recipe]\n", "[data.columns]\nweight = \"often\"\n\n[recipe]\nsampling = \"weighted\"\n", 1)
    };
    let run = |beside: Option<&str>| {
        let place = Place::new();
        folders(&place, table);
        place.write("data/train/damaged.wav", &wav(0.2)[..100]);
        place.write("data/test/damaged.wav", wav(0.2));
        beside.iter().for_each(|name| drop(place.write(&format!("data/train/{name}"), wav(0.1))));
        let out = place.run();
        let told = succeeds(&mut command(&place, &weighted(&place), &out)).stderr;
        let ledger = std::fs::read_to_string(out.join("ledger.jsonl")).expect("a ledger");
        let rows: Vec<serde_json::Value> = ledger.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let sourced = rows.iter().find(|row| row["record"]["kind"] == "sourced" && row["record"]["run"] == "prepare");
        let files = sourced.expect("what was read").to_string();
        let hashes: Vec<String> = files.split("\"sha256\":\"").skip(1).map(|rest| rest[..64].to_string()).collect();
        let prepared = std::fs::read(out.join("data/prepared/train.safetensors")).expect("prepared");
        let weights =
            safetensors::SafeTensors::deserialize(&prepared).expect("whole").tensor("weights").expect("weights").data().to_vec();
        (told, hashes, weights, files)
    };
    let (told, hashes, weights, files) = run(None);
    for words in [
        "split `train`: 3 of 5 recordings are left out, for they cannot be read: ",
        "line 4, column `file_name`: the recording cannot be read: ",
        "damaged.wav`: it is cut off",
        "missing.wav`: No such file",
        "line 6, column `file_name`: there is no recording",
        "split `test`: 2 of 5 recordings are left out",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(weights, [1f64, 2.0].into_iter().flat_map(f64::to_le_bytes).collect::<Vec<u8>>());
    assert!(files.contains("metadata.csv"), "{files}");
    // Another file in the folder changes nothing of what was read.
    assert_eq!((run(Some("other.wav")).1, hashes.len() >= 2), (hashes, true));
}

/// Error rates of texts without case and marks, where that is asked for; the report says so.
#[test]
fn texts_are_compared_as_asked() {
    let place = Place::new();
    folders(&place, "file_name,transcription\na.wav,One two!\nb.wav,Three.\n");
    let out = place.run();
    let text = on_folder(&place).replacen("[recipe]", "[speech]\ncompared = \"lowercase_without_punctuation\"\n\n[recipe]", 1);
    succeeds(&mut command(&place, &text, &out));
    let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("texts compared: in lower case, without punctuation"), "{report}");
    let wrong = on_folder(&place).replacen("[recipe]", "[speech]\ncompared = \"loosely\"\n\n[recipe]", 1);
    Refusal { code: 10, words: &["`speech.compared`: expected"], hint: SCHEMA }.check(&|| {
        let out = place.run();
        (command(&place, &wrong, &out), Some(out))
    });
}

/// What is longer than the model hears is cut off, and what has no text is left out; both are told.
#[test]
fn long_recordings_are_cut_and_counted() {
    let place = Place::new();
    folders(&place, "file_name,transcription\na.wav,one two\nb.wav,three\nb.wav,\n");
    place.write("data/train/a.wav", wav(1.5));
    let out = place.run();
    let told = succeeds(&mut command(&place, &on_folder(&place), &out)).stderr;
    for words in ["1 of 3 recordings are left out, for they have no text", "1 of 2 recordings are cut off after 1 seconds"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("report.json")).expect("a report")).expect("JSON");
    assert!(report.to_string().contains("recordings cut off"), "{report}");
}

/// The whole way: what comes out hears again, and writes the same.
#[test]
fn what_was_trained_hears() {
    let place = Place::new();
    let out = place.run();
    succeeds(&mut command(&place, TINY, &out));
    let model = out.join("model");
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(model.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))).expect("JSON")
    };
    let extractor = read("preprocessor_config.json");
    assert_eq!(
        (&extractor["feature_size"], &extractor["chunk_length"], &extractor["n_fft"]),
        (&8.into(), &1.into(), &400.into())
    );
    let generation = read("generation_config.json");
    assert_eq!((&generation["max_length"], &generation["is_multilingual"]), (&25.into(), &false.into()));
    assert_eq!(read("config.json")["architectures"][0], "WhisperForConditionalGeneration");
    assert!(model.join("tokenizer.json").is_file());
    let card = std::fs::read_to_string(model.join("README.md")).expect("a card");
    assert!(card.contains("pipeline_tag: automatic-speech-recognition") && card.contains("- wer"), "{card}");
    let model = model.display().to_string();
    let scored = ["eval", &model, "--data", "toy_speech", "--offline", "--threads=2", "--max-examples=5"];
    let scored = said(&mut place.tallow(scored));
    assert!(scored.code == Some(0) && scored.stdout.contains("word error rate"), "{} {}", scored.stdout, scored.stderr);
    // A file is heard as it was in the split.
    let lines =
        std::fs::read_to_string(out.join("runs/seed-0-held-out/attempts/001/work/predictions.jsonl")).expect("predictions");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    let (name, expected) = (line["source"].as_str().expect("a name"), line["predicted"].as_str().expect("a text"));
    let sources = std::fs::read_dir(out.join("data/sources")).expect("sources").map(|entry| entry.expect("an entry").path());
    let file = sources.map(|folder| folder.join("test").join(name)).find(|file| file.is_file()).expect("the recording");
    let ask = |prompt: &str, more: &[&str]| {
        let args = ["generate", &model, "--offline", "--threads=2", "--max-tokens=24", "--prompt", prompt];
        said(&mut place.tallow(args.into_iter().chain(more.iter().copied())))
    };
    let found = ask(&file.display().to_string(), &[]);
    assert_eq!((found.code, found.stdout.trim()), (Some(0), expected), "{}", found.stderr);
    // It knows one language, and can be told no other; what is no model of speech can be told nothing.
    let english = ask(&file.display().to_string(), &["--language", "en", "--write", "transcript"]);
    assert_eq!((english.code, english.stdout.trim()), (Some(0), expected), "{}", english.stderr);
    for (more, words) in [
        (&["--language", "de"][..], "knows a single language and is not told which, found `de`"),
        (&["--write", "translation"], "the model cannot be told to translate"),
    ] {
        let told = ask(&file.display().to_string(), more);
        assert!(told.code == Some(2) && told.stderr.contains(words), "{words}: {}", told.stderr);
        let scored = ["eval", &model, "--data", "toy_speech", "--offline", "--threads=2", "--max-examples=5"];
        let told = said(&mut place.tallow(scored.iter().chain(more)));
        assert!(told.code == Some(2) && told.stderr.contains(words), "{words}: {}", told.stderr);
    }
    let scored = [
        "eval",
        &model,
        "--data",
        "toy_speech",
        "--offline",
        "--threads=2",
        "--max-examples=5",
        "--compare=lowercase-without-punctuation",
    ];
    let scored = said(&mut place.tallow(scored));
    assert!(scored.code == Some(0) && scored.stdout.contains("of texts in lower case, without punctuation"), "{scored:?}");
    let missing = ask("hello.wav", &[]);
    assert!(missing.code == Some(2) && missing.stderr.contains("there is no file `hello.wav`"), "{}", missing.stderr);
    let damaged = ask(&place.write("noise.flac", "fLaC?").display().to_string(), &[]);
    assert!(damaged.code == Some(20) && damaged.stderr.contains("noise.flac` cannot be read"), "{}", damaged.stderr);
}
