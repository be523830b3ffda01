//! The harness from the command line: what a suite's file says is run, kept, told and gone on with.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "shared with tests that use more of it")]
mod program;

use program::{Place, Refusal, said, succeeds};
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One task of a table, which trains in less than a second.
const SUITE: &str = r#"
version = 1
name = "tiny"
summary = "One task of a table."
seeds = 2

[[task]]
id = "flowers"
name = "Kinds of flowers"
human_minutes = 5

[task.ci]
start = { kind = "request", text = "predict the species from flowers.csv" }
vague = "please predict the species from my flowers.csv, as well as you can"
files = [{ kind = "made", name = "flowers.csv", make = "flowers", rows = 200 }]
bad_column = "data.columns.label=kind"
time_limit_secs = 120
target = { metric = "accuracy", value = 0.7, source = "made so" }
"#;

fn bench(place: &Place, out: &Path, more: &[&str]) -> Command {
    let suite = place.write("tiny.toml", SUITE);
    let words = ["bench".into(), suite.into_os_string(), "--threads=2".into(), "--out".into(), out.as_os_str().into()];
    place.tallow(words.into_iter().chain(more.iter().map(OsString::from)))
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn a_suite_is_run_kept_told_and_gone_on_with() {
    let place = Place::new();
    let out = place.path("out");
    let said = succeeds(&mut bench(&place, &out, &["--seeds=2", "--label=first", "--at-least=1"]));
    assert!(said.stdout.contains("100 % (2/2;"), "{}", said.stdout);
    assert!(said.stderr.contains("Kinds of flowers, undisturbed, seed 1"), "{}", said.stderr);
    let results = read(&out.join("results.json"));
    let trial = &results["trials"][0];
    assert_eq!((trial["ending"].as_str(), trial["seed"].as_u64()), (Some("first_attempt"), Some(0)));
    // Its numbers are those of the run's ledger.
    let ledger = std::fs::read_to_string(out.join("runs/flowers/none/seed-0/ledger.jsonl")).expect("a ledger");
    let finished = ledger
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|row| row["record"]["told"]["event"] == "finished");
    let finished = finished.expect("it finished")["record"]["told"].clone();
    assert_eq!(trial["took"]["steps"], finished["step"]);
    assert_eq!(trial["took"]["examples"], finished["examples"]);
    let parts = trial["took"]["split"].as_object().expect("parts").values().map(|secs| secs.as_f64().expect("seconds"));
    let wall = trial["wall_secs"].as_f64().expect("seconds");
    assert!((parts.sum::<f64>() - wall).abs() < 0.05 * wall + 0.05, "the parts make the whole: {trial:#}");
    // What is large is gone, what is quoted is there.
    assert!(out.join("runs/flowers/none/seed-0/report.html").is_file() && !out.join("runs/flowers/none/seed-0/data").exists());
    assert!(std::fs::read_to_string(out.join("results.html")).expect("a page").contains("Kinds of flowers"));

    // Again, with one seed lost and a fault more: only what is not there is run.
    std::fs::remove_file(out.join("trials/flowers/none/seed-1.json")).expect("removed");
    let said = succeeds(&mut bench(&place, &out, &["--adversity=bad-column,vague", "--seeds=2", "--label=second"]));
    assert!(!said.stderr.contains("undisturbed, seed 0") && said.stderr.contains("undisturbed, seed 1"), "{}", said.stderr);
    let again = read(&out.join("results.json"));
    assert_eq!(again["trials"][0], results["trials"][0]);
    let of = |fault: &str| {
        let all = again["trials"].as_array().expect("trials").iter();
        all.filter(|trial| trial["fault"] == fault).map(|trial| trial["ending"].as_str().expect("an ending")).collect::<Vec<_>>()
    };
    assert_eq!(of("bad_column"), ["refused", "refused"]);
    assert_eq!(of("vague"), ["first_attempt", "first_attempt"]);
    assert_eq!(std::fs::read_to_string(out.join("history.jsonl")).expect("a history").lines().count(), 2);

    // The same against itself.
    let compared = succeeds(&mut place.tallow([OsString::from("bench"), "--compare".into(), out.clone().into(), out.into()]));
    assert!(compared.stdout.contains("no difference shown"), "{}", compared.stdout);
}

#[test]
fn a_framework_that_is_not_there_is_refused_before_anything_is_run() {
    let place = Place::new();
    let out = place.path("out");
    let said = said(&mut bench(&place, &out, &["--seeds=1", "--vs=pytorch", "--python=/nonexistent/python"]));
    assert!(said.code == Some(2) && said.stderr.contains("PyTorch cannot be run by `/nonexistent/python`"), "{said:#?}");
    assert!(said.stderr.contains("--python PATH") && !out.join("trials").exists(), "{said:#?}");
}

/// A program in Python's place: says what it was given, and what it made of that.
const STAND_IN: &str = r#"#!/bin/sh
set -e
# Asked whether it has the libraries.
test "$1" = -c && exit 0
for file in __main__ batches models objectives scoring training; do test -f "$1/$file.py"; done
folder=$(dirname "$2")
test -f "$folder/init.safetensors" && test -f "$folder/train-0.safetensors" && test -f "$folder/held_out-0.safetensors"
cp "$2" "$folder/given.json"
echo "a line of some library"
echo '{"nothing": null, "versions": {"torch": "0"}, "train_secs": 2.0, "evaluate_secs": 1.0, "steps": 2, "losses": [0.25, 0.125], "scores": {"accuracy": 0.5}}'
"#;

#[cfg(unix)]
#[test]
fn a_framework_is_given_the_steps_and_stands_beside() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (out, python) = (place.path("out"), place.write("python", STAND_IN));
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    let flag = format!("--python={}", python.display());
    let said = succeeds(&mut bench(&place, &out, &["--seeds=1", "--vs=pytorch", &flag]));
    assert!(said.stdout.contains("Beside PyTorch") && said.stdout.contains("of 1 tasks"), "{}", said.stdout);
    let trial = read(&out.join("results.json"))["trials"][0].clone();
    let measured = &trial["beside"]["measured"];
    assert!(measured.is_object(), "{trial:#}");
    assert_eq!((measured["steps"].as_u64(), measured["scores"]["accuracy"].as_f64()), (Some(2), Some(0.5)));
    assert_eq!(measured["examples"], trial["took"]["examples"], "as many were laid out as were trained on");
    assert!(measured["losses"] == serde_json::json!([0.25, 0.125]), "{measured:#}");
    // What it was given, of which the large part is gone.
    let folder = out.join("beside/flowers/none/seed-0");
    let given = read(&folder.join("given.json"));
    assert_eq!(given["lrs"].as_array().map(Vec::len), given["config"]["total_steps"].as_u64().map(|steps| steps as usize));
    assert_eq!((given["public_config"]["model_type"].as_str(), &given["adapter"]), (Some("mlp"), &Value::Null));
    assert!(!folder.join("init.safetensors").exists() && !folder.join("train-0.safetensors").exists());
    // Where it failed, it stands beside the next time; where there is no counterpart, nothing is run again.
    let trial_file = out.join("trials/flowers/none/seed-0.json");
    for (failed, told) in [(true, "undisturbed, seed 0"), (false, "1 of 1 trials are there already")] {
        let mut nothing = trial.clone();
        nothing["beside"] = serde_json::json!({"framework": "PyTorch", "nothing": "why", "failed": failed, "measured": null});
        std::fs::write(&trial_file, nothing.to_string()).expect("written");
        let said = succeeds(&mut bench(&place, &out, &["--seeds=1", "--vs=pytorch", &flag]));
        assert!(said.stderr.contains(told), "{}", said.stderr);
        assert_eq!(read(&trial_file)["beside"]["measured"].is_object(), failed);
    }
}

/// Two benches would remove the runs of each other.
#[test]
fn a_folder_is_one_benchs_at_a_time() {
    let place = Place::new();
    let out = place.path("out");
    std::fs::create_dir_all(&out).expect("made");
    let other = std::fs::File::open(&out).expect("opened");
    other.lock().expect("locked");
    let said = said(&mut bench(&place, &out, &["--seeds=1"]));
    assert!(said.code == Some(2) && said.stderr.contains("another bench is at work in"), "{said:#?}");
    assert!(!out.join("trials").exists());
}

/// What the machine did to a trial says nothing of the task, and is not kept for ever.
#[test]
fn a_trial_that_the_machine_ended_is_run_again() {
    let place = Place::new();
    let out = place.path("out");
    let file = out.join("trials/flowers/none/seed-0.json");
    succeeds(&mut bench(&place, &out, &["--seeds=1"]));
    let again = succeeds(&mut bench(&place, &out, &["--seeds=1"]));
    assert!(again.stderr.contains("1 of 1 trials are there already"), "{}", again.stderr);
    let mut trial = read(&file);
    (trial["ending"], trial["value"]) = ("failed".into(), Value::Null);
    trial["why"] = "it is not in the cache".into();
    std::fs::write(&file, trial.to_string()).expect("written");
    let kept = succeeds(&mut bench(&place, &out, &["--seeds=1"]));
    assert!(kept.stdout.contains("0 % (0/1"), "what failed by itself stays: {}", kept.stdout);
    trial["surroundings"] = true.into();
    std::fs::write(&file, trial.to_string()).expect("written");
    let said = succeeds(&mut bench(&place, &out, &["--seeds=1"]));
    assert!(said.stderr.contains("undisturbed, seed 0") && said.stdout.contains("100 % (1/1"), "{said:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_bench_started_ends_with_it() {
    let place = Place::new();
    let out = place.path("out");
    let long = SUITE.replace("from flowers.csv\" }\nvague", "from flowers.csv with an MLP for 100000 epochs\" }\nvague");
    let suite = place.write("long.toml", long);
    let words = ["bench".into(), suite.into_os_string(), "--seeds=1".into(), "--out".into(), out.into_os_string()];
    let mut bench = place.tallow(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    // State and parent stand behind the name.
    let of = |pid: u32| -> Option<(String, u32)> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut behind = stat.rsplit_once(')')?.1.split_whitespace();
        Some((behind.next()?.to_string(), behind.next()?.parse().ok()?))
    };
    let lives = |pid: u32| of(pid).is_some_and(|(state, _)| state != "Z" && state != "X");
    let children = |parent: u32| -> Vec<u32> {
        let all = std::fs::read_dir("/proc").expect("processes").flatten();
        let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        all.filter(|pid| of(*pid).is_some_and(|(_, of)| of == parent) && lives(*pid)).collect()
    };
    let begun = Instant::now();
    let child = loop {
        if let Some(child) = children(bench.id()).first() {
            break *child;
        }
        assert!(bench.try_wait().expect("asked").is_none() && begun.elapsed() < Duration::from_secs(60), "it started nothing");
        std::thread::sleep(Duration::from_millis(2));
    };
    bench.kill().expect("killed");
    bench.wait().expect("gone");
    let killed = Instant::now();
    while lives(child) {
        assert!(killed.elapsed() < Duration::from_secs(10), "it goes on by itself");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_trial_that_cannot_be_read_is_named() {
    let place = Place::new();
    let out = place.path("out");
    succeeds(&mut bench(&place, &out, &["--seeds=1"]));
    let broken = out.join("trials/flowers/none/seed-7.json");
    std::fs::write(&broken, "{").expect("written");
    let said = succeeds(&mut bench(&place, &out, &["--seeds=1"]));
    assert!(said.stdout.contains("Not counted, for it cannot be read: trials/flowers/none/seed-7.json: EOF"), "{}", said.stdout);
    let trial = read(&out.join("results.json"))["trials"][0].clone();
    assert!(trial["machine"]["cores"].as_u64().is_some_and(|cores| cores > 0), "{trial:#}");
    assert_eq!(trial["bench"][1].as_str(), Some("bench"));
}

#[test]
fn what_cannot_be_run_is_refused_with_all_its_reasons() {
    let check = |suite: &str, more: &[&str], code: i32, words: &[&str], hint: &str| {
        let place = Place::new();
        Refusal { code, words, hint }.check(&|| {
            let file = place.write("suite.toml", suite);
            let out = place.path("out");
            let args = ["bench".into(), file.into_os_string(), "--out".into(), out.into_os_string()];
            let command = place.tallow(args.into_iter().chain(more.iter().map(OsString::from)));
            (command, None)
        });
    };
    let wrong = SUITE.replace("value = 0.7", "value = 7").replace("id = \"flowers\"", "id = \"Flowers!\"");
    check(&wrong, &[], 10, &["2 problems", "line 8, `task[0].id`", "task[0].ci.target.value"], "docs/benchmarks.md");
    check(SUITE, &["--tier=gpu"], 2, &["no task"], "");
    let large = SUITE.replace("[task.ci]", "[task.gpu]");
    check(&large, &["--tier=gpu"], 40, &["Tallow trains on the processor alone"], "--on-cpu");
    let unread = SUITE.replace("time_limit_secs", "args = [\"--epochz\"]\ntime_limit_secs");
    check(&unread, &[], 10, &["the program cannot be told so: unexpected argument '--epochz'"], "docs/benchmarks.md");
    check(SUITE, &["--nosuch"], 2, &["unexpected argument '--nosuch'"], "");
    check(SUITE, &["--tasks=flowers,birds"], 2, &["`birds`"], "there are flowers");
    let given = SUITE.replace(
        "{ kind = \"made\", name = \"flowers.csv\", make = \"flowers\", rows = 200 }",
        "{ kind = \"given\", name = \"a.csv\" }",
    );
    check(&given, &[], 2, &["`a.csv`"], "--data-dir");
}

#[test]
fn another_suite_is_not_mixed_in() {
    let place = Place::new();
    let out = place.path("out");
    std::fs::create_dir_all(&out).expect("made");
    std::fs::write(out.join("bench.json"), r#"{"suite":"other","tier":"cpu","sha256":"ab"}"#).expect("written");
    let said = said(&mut bench(&place, &out, &[]));
    assert_eq!(said.code, Some(2), "{said:#?}");
    assert!(said.stderr.contains("holds another bench") && said.stderr.contains("other, tier cpu"), "{}", said.stderr);
}
