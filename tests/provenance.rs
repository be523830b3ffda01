//! The whole program: a run repeats bit for bit and says so; what was changed since is named; two runs say where they part.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "other tests need the rest of it")]
mod program;

use program::{Place, Refusal, said, succeeds};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

fn verify(place: &Place, run: &Path, more: &[&str]) -> Command {
    let mut command = place.tallow(["verify".as_ref(), run.as_os_str()]);
    command.args(more);
    command
}

fn diff(place: &Place, a: &Path, b: &Path) -> Value {
    let told = succeeds(&mut place.tallow(["diff".as_ref(), a.as_os_str(), b.as_os_str(), "--json".as_ref()]));
    serde_json::from_str(&told.stdout).expect("JSON")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("there")).expect("JSON")
}

/// A run of twenty steps, in a folder of its own.
fn trained(place: &Place, set: &[&str]) -> std::path::PathBuf {
    let run = place.run();
    succeeds(place.train(set, &run).arg("--offline"));
    run
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("listed").flatten() {
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &place) } else { std::fs::copy(&path, &place).map(drop).expect("copied") }
    }
}

/// Every file below a folder with what it holds, but for the ledger.
fn contents(folder: &Path, found: &mut Vec<(std::path::PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            contents(&path, found);
        } else if path.file_name().is_some_and(|name| name != "ledger.jsonl") {
            found.push((path.clone(), std::fs::read(&path).expect("read")));
        }
    }
    found.sort();
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).expect("there");
    let changed = change(text.clone());
    assert_ne!(text, changed, "nothing was changed");
    std::fs::write(path, changed).expect("written");
}

#[test]
fn a_run_repeats_and_stays_as_it_is() {
    let place = Place::new();
    let run = trained(&place, &[]);
    let (mut before, mut after) = (Vec::new(), Vec::new());
    contents(&run, &mut before);
    let told = succeeds(&mut verify(&place, &run, &[]));
    assert!(told.stdout.starts_with("Identical: "), "{}", told.stdout);
    assert!(told.stdout.contains("20 of 20 steps repeated"), "{}", told.stdout);
    contents(&run, &mut after);
    assert_eq!(before, after, "nothing but the ledger changes");
    let ledger = std::fs::read_to_string(run.join("ledger.jsonl")).expect("a ledger");
    assert!(ledger.lines().last().expect("a row").contains(r#""kind":"verified""#), "{ledger}");

    // For machines; other threads; a part of it; from another place.
    let moved = place.path("moved");
    std::fs::rename(&run, &moved).expect("moved");
    let told = succeeds(&mut verify(&place, &moved, &["--json", "--threads=1", "--steps=11"]));
    let found: Value = serde_json::from_str(told.stdout.lines().last().expect("a line")).expect("JSON");
    let replayed = &found["replayed"][0];
    assert_eq!((&replayed["steps"], &replayed["threads_repeated"]), (&11.into(), &1.into()), "{found}");
    assert!(replayed["compared"]["loss"].as_u64() > Some(0) && replayed["compared"]["grad_norm"].as_u64() > Some(0), "{found}");
    assert_eq!((&replayed["parting"], &found["changed"]), (&Value::Null, &serde_json::json!([])), "{found}");
}

/// What turns a sentence of a small language into another, in place of what tells classes.
const WRITES: [&str; 5] = [
    "task=text_to_text",
    "metric=bleu",
    "data.source.name=toy_translation",
    "model.config={ family = \"marian\", vocab_size = 400, d_model = 16, encoder_layers = 1, decoder_layers = 1, \
     encoder_attention_heads = 2, decoder_attention_heads = 2, encoder_ffn_dim = 32, decoder_ffn_dim = 32, \
     max_position_embeddings = 64, activation_function = \"relu\", dropout = 0.1, attention_dropout = 0.0, \
     activation_dropout = 0.0, init_std = 0.25, scale_embedding = true, pad_token_id = 0, eos_token_id = 1, \
     decoder_start_token_id = 0 }",
    "text_to_text.max_target_len=12",
];

/// Where the tokenizer lies that it writes with decides nothing.
#[test]
fn a_run_that_writes_can_be_moved_as_well() {
    let place = Place::new();
    let (run, moved) = (trained(&place, &WRITES), place.path("moved"));
    std::fs::rename(&run, &moved).expect("moved");
    let told = succeeds(&mut verify(&place, &moved, &[]));
    assert!(told.stdout.starts_with("Identical: "), "{}", told.stdout);
    let manifest = json(&moved.join("manifest.json"));
    let config = manifest["runs"][0]["config"].as_object().expect("a config");
    assert!(config.contains_key("writing.num_beams") && !config.contains_key("writing.tokenizer"), "{config:?}");
}

/// What is told of a run is not what its weights come from: it is named, and the run repeats all the same.
#[test]
fn a_report_that_was_changed_is_named() {
    let place = Place::new();
    let run = trained(&place, &[]);
    let pages = ["report.html", "report.json", "report.md", "model/README.md", "model/metrics.json", "model/training.toml"];
    for page in pages {
        edit(&run.join(page), |text| text + "\n");
    }
    let told = said(&mut verify(&place, &run, &[]));
    assert_eq!(told.code, Some(31), "{told:#?}");
    for page in pages {
        assert!(told.stdout.contains(&format!("  report, {page}: recorded ")), "{page}\n{}", told.stdout);
    }
    assert!(told.stdout.starts_with("Not the same: ") && told.stdout.contains("20 of 20 steps repeated"), "{}", told.stdout);
    // What is not there tells nothing wrong.
    pages.iter().for_each(|page| std::fs::remove_file(run.join(page)).expect("removed"));
    let told = succeeds(&mut verify(&place, &run, &[]));
    assert!(told.stdout.starts_with("Identical: "), "{}", told.stdout);
    assert!(told.stdout.contains("model/README.md"), "what the model lacks is told: {}", told.stdout);
}

/// Whatever lies beside the weights is as much of the model as they are.
#[test]
fn every_file_of_a_model_is_held_against_its_record() {
    let place = Place::new();
    let run = trained(&place, &[]);
    let (mut files, verified) = (Vec::new(), |more: &[&str]| said(&mut verify(&place, &run, more)));
    contents(&run.join("model"), &mut files);
    assert!(files.len() > 8, "{}", files.len());
    let name = |file: &Path| file.strip_prefix(&run).expect("below the run").display().to_string();
    for (file, bytes) in &files {
        std::fs::write(file, [bytes.as_slice(), b" "].concat()).expect("written");
    }
    let told = verified(&["--steps=11"]);
    assert_eq!(told.code, Some(31), "{told:#?}");
    for (file, bytes) in &files {
        let words = match name(file).ends_with(".safetensors") {
            true => "the model's file is another: recorded".to_string(),
            false => format!("  report, {}: recorded ", name(file)),
        };
        assert!(told.stdout.contains(&words), "{words}: {}", told.stdout);
        std::fs::write(file, bytes).expect("written");
    }
    assert_eq!(verified(&["--steps=11"]).code, Some(0));
    for (file, _) in &files {
        std::fs::remove_file(file).expect("removed");
    }
    let told = verified(&["--steps=11"]);
    assert_eq!(told.code, Some(0), "{told:#?}");
    for (file, _) in &files {
        assert!(told.stdout.contains(&name(file)), "{}: {}", name(file), told.stdout);
    }
}

#[test]
fn what_was_changed_is_named() {
    let place = Place::new();
    let run = trained(&place, &[]);
    let attempt = "runs/seed-0/attempts/001";
    let check = |change: &dyn Fn(&Path), words: &[&str]| {
        let copied = place.run();
        copy(&run, &copied);
        change(&copied);
        let refusal = Refusal { code: 31, words, hint: "" };
        refusal.check(&|| (verify(&place, &copied, &[]), None));
    };
    // One bit of the last weight.
    let flip = |file: std::path::PathBuf| {
        let mut bytes = std::fs::read(&file).expect("weights");
        *bytes.last_mut().expect("bytes") ^= 1;
        std::fs::write(&file, bytes).expect("written");
    };
    check(&|run| flip(run.join(attempt).join("work/model.safetensors")), &["step 20, hash of the model's file: recorded"]);
    check(&|run| flip(run.join("model/model.safetensors")), &["step 20, hash of the model's file: recorded"]);
    check(&|run| flip(run.join("data/prepared/train.safetensors")), &["data, `data/prepared/train.safetensors`: recorded"]);
    check(&|run| flip(run.join("data/held_out/test.safetensors")), &["data, `data/held_out/test.safetensors`: recorded"]);

    // A digit of the score.
    let better = |text: String| {
        let at = text.find("\"mean\":").expect("a mean")
            + text[text.find("\"mean\":").expect("a mean")..].find("0.").expect("a share")
            + 2;
        let digit = if text.as_bytes()[at] == b'9' { "8" } else { "9" };
        format!("{}{digit}{}", &text[..at], &text[at + 1..])
    };
    check(&|run| edit(&run.join("eval.json"), better), &["scores, `eval.json`: recorded"]);
    check(&|run| edit(&run.join("spec.toml"), |text| text + "# more\n"), &["config, `spec.toml`: recorded"]);

    // The smallest change of one logged loss.
    let nudge = |text: String| {
        let at = text.rfind("\"loss\":").expect("a loss") + "\"loss\":".len();
        let end = at + text[at..].find(',').expect("an end");
        let loss: f64 = text[at..end].parse().expect("a number");
        format!("{}{:?}{}", &text[..at], f64::from_bits(loss.to_bits() + 1), &text[end..])
    };
    check(&|run| edit(&run.join(attempt).join("events.jsonl"), nudge), &["seed-0, step 20, loss: recorded", "repeated"]);

    // Another seed: in the plan alone, then everywhere that the program itself would look, so that only repeating tells.
    let reseeded = |text: String| text.replace("\"seed\": 0,", "\"seed\": 1,");
    check(&|run| edit(&run.join("plan.json"), reseeded), &["config, `seed-0: seed`: recorded 0, found 1"]);
    check(
        &|run| {
            let hash = |file: &str| tallow::data::sha256_of_file(&run.join(file)).expect("a hash");
            let before = [hash("plan.json"), hash("manifest.json")];
            for file in ["plan.json", "manifest.json", "model/manifest.json", &format!("{attempt}/job.json")] {
                edit(&run.join(file), reseeded);
            }
            let after = [hash("plan.json"), hash("manifest.json")];
            edit(&run.join("ledger.jsonl"), |text| chained(&text.replace(&before[0], &after[0]).replace(&before[1], &after[1])));
        },
        &["seed-0, step ", "loss: recorded", "repeated"],
    );
}

/// Rows as if they had been appended so.
fn chained(text: &str) -> String {
    let mut before: Option<String> = None;
    let line = |line: &str| {
        let mut row: Value = serde_json::from_str(line).expect("a row");
        if let Some(before) = &before {
            row["before"] = before.as_str().into();
        }
        let line = format!("{row}\n");
        let hash = tallow::data::sha256_of_bytes(line.as_bytes());
        before = Some(hash[..16].into());
        line
    };
    text.lines().map(line).collect()
}

#[test]
fn a_ledger_that_was_changed_is_seen_and_scores_are_computed_again() {
    let place = Place::new();
    let run = trained(&place, &[]);
    let check = |change: &dyn Fn(String) -> String, words: &[&str]| {
        let copied = place.run();
        copy(&run, &copied);
        edit(&copied.join("ledger.jsonl"), change);
        let refusal = Refusal { code: 31, words, hint: "" };
        refusal.check(&|| (verify(&place, &copied, &[]), None));
        copied
    };
    // Another accuracy, and it alone.
    let better = |text: String| {
        let at = text.find("\"event\":\"evaluated\"").expect("scored");
        let key = "\"accuracy\":";
        let from = at + text[at..].find(key).expect("an accuracy") + key.len();
        let end = from + text[from..].find(['}', ',']).expect("an end");
        format!("{}0.5078125{}", &text[..from], &text[end..])
    };
    let copied = check(&better, &["ledger, `ledger.jsonl, behind row "]);
    let told = said(&mut place.tallow(["report".as_ref(), copied.as_os_str()]));
    assert!(
        told.stderr.contains("the report is not what was written, or the ledger that it is of has been changed"),
        "{told:#?}"
    );
    let whole = succeeds(&mut place.tallow(["report".as_ref(), run.as_os_str()]));
    assert!(!whole.stderr.contains("not what was written"), "{whole:#?}");
    check(&|text| text.lines().filter(|line| !line.contains("\"row\":3,")).map(|line| format!("{line}\n")).collect(), &["row 3"]);
    // Whoever writes all rows anew is found out by scoring.
    check(
        &|text| chained(&better(text)),
        &["number of the held-out split: recorded scores accuracy 0.5078125, repeated scores accuracy "],
    );
}

/// One table, of which what is scored is drawn: training would be of what it was, scores of what it is.
#[test]
fn a_table_that_changes_between_its_two_preparations_stops_the_run() {
    let place = Place::new();
    let table = place.write("films.csv", films([60, 60]));
    let source = format!("data.source={{ kind = \"local\", path = {table:?} }}");
    let set =
        [source.as_str(), "data.train=train", "data.held_out=test", "data.held_out_frac=0.25", "recipe.length={ steps = 2 }"];
    let run = place.run();
    succeeds(place.train(&set, &run).arg("--offline"));
    // As if it had been stopped before the second.
    std::fs::remove_dir_all(run.join("data/held_out")).expect("removed");
    succeeds(&mut place.resume(&run));
    std::fs::remove_dir_all(run.join("data/held_out")).expect("removed");
    place.write("films.csv", films([60, 61]));
    let words = &["films.csv", "is not what it was when this run was planned, or its other split was prepared"];
    Refusal { code: 20, words, hint: "put the file back as it was" }.check(&|| (place.resume(&run), None));
    assert!(!run.join("data/held_out").exists(), "nothing is taken over");
    place.write("films.csv", films([60, 60]));
    succeeds(&mut place.resume(&run));
}

/// Between plan and preparation.
#[test]
fn data_that_changed_since_it_was_planned_is_planned_anew() {
    let place = Place::new();
    place.write("data/train.csv", films([40, 40]));
    place.write("data/test.csv", films([10, 10]));
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let set = [source.as_str(), "recipe.length={ epochs = 1.0 }"];
    let run = place.run();
    let file = place.train(&[], &run).get_args().nth(1).expect("the experiment").to_owned();
    let mut plan = place.tallow(["plan".as_ref(), file.as_os_str(), "--offline".as_ref(), "--out".as_ref(), run.as_os_str()]);
    succeeds(plan.args(set.iter().map(|set| format!("--set={set}"))));
    let examples = |run: &Path| json(&run.join("plan.json"))["facts"]["data"]["splits"][0]["examples"].clone();
    assert_eq!(examples(&run), 80);
    place.write("data/train.csv", films([30, 30]));
    let told = succeeds(&mut place.resume(&run));
    assert!(told.stderr.contains("it is planned anew"), "{told:#?}");
    assert_eq!(examples(&run), 60);
}

#[test]
fn a_run_that_was_stopped_and_resumed_repeats() {
    let place = Place::new();
    let run = place.run();
    let mut child = place
        .train(&["recipe.length={ steps = 1500 }"], &run)
        .arg("--offline")
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("started");
    let events = run.join("runs/seed-0/attempts/001/events.jsonl");
    let begun = std::time::Instant::now();
    while !std::fs::read_to_string(&events).is_ok_and(|text| text.matches("checkpointed").count() >= 2) {
        assert!(begun.elapsed().as_secs() < 60 && child.try_wait().expect("asked").is_none(), "it ended too soon");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().expect("kill -9");
    child.wait().expect("gone");
    succeeds(&mut place.resume(&run));
    assert!(run.join("runs/seed-0/attempts/002/events.jsonl").is_file());
    let told = succeeds(&mut verify(&place, &run, &[]));
    assert!(told.stdout.starts_with("Identical: ") && told.stdout.contains("1,500 of 1,500 steps"), "{}", told.stdout);
    assert!(told.stdout.contains("× hash of the weights, 1 × hash of the model's file"), "{}", told.stdout);
}

/// What a table names is read, and no other file beside it; each of the two preparations reads its own part.
#[test]
fn pictures_that_a_table_names_are_held_against_what_was_read() {
    let place = Place::new();
    let picture = |n: u8, shade: u8| {
        let file = place.path(&format!("pictures/{n}.png"));
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        image::RgbImage::from_pixel(8, 8, image::Rgb([shade; 3])).save(file).expect("an image");
    };
    (0..60).for_each(|n| picture(n, if n % 2 == 0 { 10 + n } else { 200 - n }));
    let rows: String = (0..60).map(|n| format!("{n}.png,{}\n", if n % 2 == 0 { "dark" } else { "light" })).collect();
    place.write("pictures/metadata.csv", format!("file_name,label\n{rows}"));
    place.write("pictures/notes.txt", "of no picture");
    let run = place.run();
    let request = "train a ResNet-20 from scratch for 1 epoch with batch size 16";
    let mut command = place.tallow(["do", request, "--offline", "--seeds=0", "--threads=2", "--data"]);
    succeeds(command.arg(place.path("pictures")).arg("--out").arg(&run));
    let told = succeeds(&mut verify(&place, &run, &[])).stdout;
    assert!(told.starts_with("Identical: "), "{told}");
    place.write("pictures/notes.txt", "changed, and never read");
    assert!(succeeds(&mut verify(&place, &run, &[])).stdout.starts_with("Identical: "));
    picture(7, 90);
    let told = said(&mut verify(&place, &run, &[])).stdout;
    assert!(told.starts_with("Not the same: ") && told.matches("pictures").count() == 1, "{told}");
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let place = Place::new();
    let planned = place.run();
    let spec = place.write("tiny.toml", program::TINY);
    succeeds(&mut place.tallow(["plan".as_ref(), spec.as_os_str(), "--offline".as_ref(), "--out".as_ref(), planned.as_os_str()]));
    let refuse = |code, words, hint, args: &[&std::ffi::OsStr]| {
        Refusal { code, words: &[words], hint }.check(&|| (place.tallow(args), None));
    };
    refuse(2, "no run of", "tallow resume", &["verify".as_ref(), planned.as_os_str()]);
    refuse(2, "no run folder", "tallow runs", &["verify".as_ref(), "nowhere".as_ref()]);
    refuse(2, "neither a run folder nor a model", "tallow runs", &["diff".as_ref(), planned.as_os_str(), "nowhere".as_ref()]);
    // What is a path is no model of the Hub, which is not asked.
    let nothing = "is no run and no folder of a model: nothing lies there";
    refuse(2, nothing, "tallow runs", &["predict".as_ref(), "./nowhere".as_ref(), "a text".as_ref()]);
    let (slip, own) = (format!("{}x", planned.display()), planned.display().to_string());
    refuse(2, nothing, &own, &["predict".as_ref(), slip.as_ref(), "a text".as_ref()]);
    let run = trained(&place, &["recipe.length={ steps = 400 }"]);
    // What was planned alone has nothing yet that could differ but what was asked for.
    let found = diff(&place, &run, &planned);
    assert_eq!((&found["comparison"]["not_prepared"], &found["same"]), (&"b".into(), &false.into()), "{found:#}");
    let inputs = found["comparison"]["inputs"].as_array().expect("inputs");
    assert!(!inputs.is_empty() && inputs.iter().all(|one| one["input"] == "config" || one["input"] == "threads"), "{found:#}");
    let told = succeeds(&mut place.tallow(["diff".as_ref(), run.as_os_str(), planned.as_os_str()])).stdout;
    assert!(told.contains("b was planned and not prepared yet") && !told.contains("source file"), "{told}");
    refuse(2, "leave nothing to compare", "--steps", &["verify".as_ref(), run.as_os_str(), "--steps=1".as_ref()]);
}

/// The experiment in the run folder names its data so that it is found from any folder, however it was named.
#[test]
fn an_experiment_is_run_again_from_anywhere() {
    let place = Place::new();
    let rows = |from: usize| -> String {
        let row = |i: usize| format!("a film of {i},{}\n", if i % 2 == 0 { "negative" } else { "positive" });
        format!("sentence,label\n{}", (from..from + 60).map(row).collect::<String>())
    };
    place.write("rows/train.csv", rows(0));
    place.write("rows/test.csv", rows(60));
    let (run, elsewhere) = (place.run(), place.write("elsewhere/x.txt", ""));
    let local = "data.source={ kind = \"local\", path = \"rows\" }";
    succeeds(place.train(&[local], &run).arg("--offline").current_dir(place.path("")));
    let elsewhere = elsewhere.parent().expect("a folder");
    let mut again = place.tallow(["train".as_ref(), run.join("spec.toml").as_os_str()]);
    succeeds(again.args(["--offline", "--threads=2"]).current_dir(elsewhere));
    succeeds(verify(&place, &run, &[]).current_dir(elsewhere));
}

/// Two of one name may begin in the same second.
#[test]
fn runs_are_listed_with_what_came_of_them() {
    let place = Place::new();
    let spec = place.write("tiny.toml", program::TINY);
    let plan = |_| {
        let mut plan = place.tallow(["plan".as_ref(), spec.as_os_str(), "--offline".as_ref()]);
        plan.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started")
    };
    let both: Vec<_> = (0..2).map(plan).collect();
    assert!(both.into_iter().all(|mut plan| plan.wait().expect("ended").success()));
    succeeds(place.train(&[], &place.path("runs/done")).arg("--offline"));
    let told = succeeds(&mut place.tallow(["runs", "--json"])).stdout;
    let rows: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    assert_eq!(rows.len(), 3, "{told}");
    assert!(rows.iter().all(|row| row["title"] == "A tiny test"), "{told}");
    assert_eq!(rows[0]["run"], "done", "the newest is the first: {told}");
    let began: Vec<_> = rows.iter().map(|row| row["began"].as_str().expect("a time")).collect();
    assert!(began.is_sorted_by(|a, b| a >= b) && began.iter().all(|at| !at.is_empty()), "{told}");
    let slip = Refusal { code: 2, words: &["`dome` is no run folder"], hint: "runs/done`?" };
    slip.check(&|| (place.tallow(["verify", "dome"]), None));
    let (done, planned): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["run"] == "done");
    assert_eq!((&done[0]["state"], &done[0]["metric"]), (&"reported".into(), &"accuracy".into()), "{told}");
    assert!(done[0]["score"].is_number() && done[0]["verdict"].is_string(), "{told}");
    assert!(planned.iter().all(|row| row["state"] == "planned" && row["score"].is_null()), "{told}");
}

/// An experiment that is edited before anything was prepared is what is run; after that only its budget may be edited.
#[test]
fn an_experiment_that_was_edited_is_heeded_or_refused() {
    let place = Place::new();
    let (run, tiny) = (place.run(), place.write("tiny.toml", program::TINY));
    succeeds(&mut place.tallow(["plan".as_ref(), tiny.as_os_str(), "--offline".as_ref(), "--out".as_ref(), run.as_os_str()]));
    let file = run.join("spec.toml");
    let set = |key: [&str; 2], value: toml::Value| {
        let mut table: toml::Table = toml::from_str(&std::fs::read_to_string(&file).expect("there")).expect("TOML");
        let part = table.entry(key[0]).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        part.as_table_mut().expect("a table").insert(key[1].into(), value);
        std::fs::write(&file, toml::to_string(&table).expect("TOML")).expect("written");
    };
    let rate = || json(&run.join("plan.json"))["runs"][0]["recipe"]["lr"].clone();
    assert_eq!(rate(), 1e-3);
    set(["recipe", "lr"], toml::Value::Float(2e-3));
    succeeds(&mut place.resume(&run));
    assert_eq!(rate(), 2e-3);
    let told = succeeds(&mut verify(&place, &run, &[]));
    assert!(told.stdout.starts_with("Identical: "), "{}", told.stdout);

    set(["budget", "max_attempts"], toml::Value::Integer(3));
    succeeds(&mut place.resume(&run));
    set(["recipe", "lr"], toml::Value::Float(3e-3));
    let words = ["spec.toml` was changed after the run had begun"];
    Refusal { code: 10, words: &words, hint: "tallow train" }.check(&|| (place.resume(&run), Some(run.clone())));
    assert_eq!(rate(), 2e-3);
}

#[test]
fn two_runs_say_where_they_part() {
    let place = Place::new();
    let a = trained(&place, &[]);
    let check = |set: &[&str], input: &str, key: &str, values: (Value, Value), partings: bool| {
        let b = trained(&place, set);
        let found = diff(&place, &a, &b);
        let first = &found["comparison"]["inputs"][0];
        assert_eq!((&first["input"], &first["key"]), (&input.into(), &key.into()), "{found:#}");
        assert_eq!((&first["a"], &first["b"]), (&values.0, &values.1), "{found:#}");
        assert_eq!(found["comparison"]["partings"].as_object().is_some_and(|p| !p.is_empty()), partings, "{found:#}");
        // The models that they left say the same of the inputs.
        assert_eq!(diff(&place, &a.join("model"), &b.join("model"))["comparison"]["inputs"][0], *first);
    };
    let same = trained(&place, &["title=\"Another name\""]);
    let found = diff(&place, &a, &same);
    assert_eq!(
        (&found["same"], &found["comparison"]["same_weights"]),
        (&true.into(), &serde_json::json!(["seed-0"])),
        "{found:#}"
    );
    check(&["recipe.lr=2e-3"], "config", "recipe.lr", ("0.001".into(), "0.002".into()), true);
    check(&["seeds=[1]"], "config", "seeds", ("[0]".into(), "[1]".into()), true);
    check(
        &["data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 200, seed = 2 }"],
        "config",
        "data.source.seed",
        ("1".into(), "2".into()),
        true,
    );
    // Threads change no bit.
    let b = place.run();
    let spec = place.write("tiny.toml", program::TINY);
    succeeds(&mut place.tallow([
        "train".as_ref(),
        spec.as_os_str(),
        "--offline".as_ref(),
        "--threads=1".as_ref(),
        "--out".as_ref(),
        b.as_os_str(),
    ]));
    let found = diff(&place, &a, &b);
    assert_eq!(found["comparison"]["inputs"][0]["input"], "threads", "{found:#}");
    assert_eq!(found["comparison"]["same_weights"], serde_json::json!(["seed-0"]), "{found:#}");

    let page = succeeds(&mut place.tallow(["diff".as_ref(), a.as_os_str(), b.as_os_str()])).stdout;
    assert!(page.contains("Differs first\n  threads, seed-0: threads: a 2, b 1"), "{page}");
    assert_eq!(said(&mut place.tallow(["diff"])).code, Some(2));
}

#[test]
fn the_manifest_holds_what_a_run_was_made_of() {
    let place = Place::new();
    let run = trained(&place, &[]);
    let manifest = json(&run.join("manifest.json"));
    assert_eq!(manifest, json(&run.join("model/manifest.json")));
    let hash = |file: &str| Value::from(tallow::data::sha256_of_file(&run.join(file)).expect("a hash"));
    assert_eq!(manifest["runs"][0]["weights_sha256"], hash("model/model.safetensors"));
    // These follow the speed of the machine, and no weight depends on them.
    let config = manifest["runs"][0]["config"].as_object().expect("a config");
    for key in ["checkpoint_every_steps", "log_every_steps", "monitor_every_steps"] {
        assert!(!config.contains_key(key) && config.contains_key("total_steps"), "{key}");
    }
    assert_eq!(manifest["tokenizer_sha256"], hash("model/tokenizer.json"));
    let prepared = manifest["data"]["prepared"].as_array().expect("splits");
    let of = |by: &str| &prepared.iter().find(|split| split["by"] == by).expect("a split")["sha256"];
    assert_eq!(*of("prepare"), hash("data/prepared/train.safetensors"));
    assert_eq!(*of("prepare-held-out"), hash("data/held_out/test.safetensors"));
    for file in manifest["data"]["sources"].as_array().expect("sources") {
        assert_eq!(file["sha256"], hash(file["path"].as_str().expect("a path")));
    }
    let surroundings = &manifest["surroundings"][0];
    let program = tallow::data::sha256_of_file(Path::new(env!("CARGO_BIN_EXE_tallow"))).expect("a hash");
    assert_eq!((&surroundings["binary_sha256"], &surroundings["device"]), (&program.into(), &"cpu".into()));
    assert_eq!(manifest["determinism"], "bitwise_on_this_device_model");
    assert!(manifest["meaning"].as_str().is_some_and(|text| text.contains("the same bits")));
}

/// `films` that are good, then `films` that are bad.
fn films([bad, good]: [usize; 2]) -> String {
    let rows = |count, word: &str, label: &str| {
        (0..count).map(|i| format!("film {i} was {word} in the end,{label}\n")).collect::<String>()
    };
    format!("text,label\n{}{}", rows(bad, "awful", "neg"), rows(good, "fine", "pos"))
}

/// A preparation that failed has told of data that is other data by now.
#[test]
fn only_what_was_prepared_in_the_end_counts() {
    let place = Place::new();
    place.write("data/train.csv", films([60, 50]));
    place.write("data/validation.csv", films([5, 5]) + "what a film,perhaps\n");
    place.write("data/test.csv", films([30, 10]));
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let set = [source.as_str(), "data.monitor={ kind = \"split\", name = \"validation\" }", "recipe.length={ epochs = 2.0 }"];
    let run = place.run();
    let told = said(place.train(&set, &run).arg("--offline"));
    assert_eq!(told.code, Some(20), "{told:#?}");
    place.write("data/train.csv", films([14, 50]));
    place.write("data/validation.csv", films([5, 5]));
    succeeds(&mut place.resume(&run));
    // Four of five of the training split are good now, and one in four of the held-out one.
    assert_eq!(json(&run.join("eval.json"))["baseline"], 0.25);
    assert_eq!(json(&run.join("plan.json"))["runs"][0]["total_steps"], 2 * 64 / 16);
    let told = succeeds(&mut verify(&place, &run, &[]));
    assert!(told.stdout.starts_with("Identical: "), "{}", told.stdout);
}

/// That the prepared data is there says that nothing of its preparation is left to do.
#[test]
fn what_data_was_made_from_is_noted_before_it_is_there() {
    let place = Place::new();
    // What takes longer to hash than to prepare: a column that nobody reads.
    let notes = "nothing of note ".repeat(1500);
    let rows: String = (0..3000).map(|i| format!("film {i},{},{notes}\n", ["neg", "pos"][i % 2])).collect();
    place.write("data/train.csv", format!("text,label,notes\n{rows}"));
    place.write("data/test.csv", "text,label,notes\na film,neg,x\na play,pos,x\n");
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let run = place.run();
    let columns = ["data.columns.input=[\"text\"]", "data.columns.label=label"];
    let mut command = place.train(&[&source, columns[0], columns[1], "recipe.length={ steps = 1 }"], &run);
    let mut child = command.arg("--offline").stdout(std::process::Stdio::null()).spawn().expect("started");
    let begun = std::time::Instant::now();
    while !run.join("data/prepared").exists() {
        assert!(begun.elapsed().as_secs() < 60 && child.try_wait().expect("asked").is_none(), "it ended too soon");
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    let ledger = std::fs::read_to_string(run.join("ledger.jsonl")).expect("a ledger");
    child.kill().expect("kill -9");
    child.wait().expect("gone");
    assert!(ledger.contains(r#""kind":"sourced","run":"prepare""#), "{ledger}");
}
