//! Examples that a script predicts without their answers.

use super::{Bench, has_engine, json, program, report};
use std::path::Path;

/// The answers of held-out examples are nowhere in the container, and what is predicted of them is scored here.
#[test]
fn held_out_examples_are_predicted_without_their_answers() {
    if !has_engine() {
        return;
    }
    let body = "lines = [json.loads(line) for line in open(tallow.held_out)]\nfound = ''\nfor place, _, files in os.walk('/'):\n    \
                if not place.startswith(('/proc', '/sys', '/usr', '/dev')):\n        for name in files:\n            try:\n                \
                found += open(os.path.join(place, name)).read(100000)\n            except Exception:\n                pass\n\
                tallow.metric('leaks', found.count('secret' + 'answer'))\n\
                tallow.predict('secret' + 'answer' if line['x'] > 1 else 'other' for line in lines)\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let table = bench.place.write("held.csv", "x,kind\n1,other\n2,secretanswer\n3,other\n4,secretanswer\n");
    let args = ["--held-out", table.to_str().expect("a path"), "--label=kind"];
    let run = bench.place.run();
    let said = bench.run(&run, &args);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(report(&run).1, [("leaks".to_string(), 0.0)]);
    let scores = &json(run.join("report.json"))["scores"][0];
    assert_eq!((scores["metric"].as_str(), scores["value"]["value"].as_f64()), (Some("accuracy"), Some(0.75)), "{scores}");
    assert!(scores["interval"][0]["value"].as_f64().is_some_and(|low| (0.2..0.75).contains(&low)), "{scores}");
    for (body, words) in [
        ("tallow.finish(1)\n", "did not call `tallow.predict`"),
        ("tallow.predict(['other'])\ntallow.finish(1)\n", "each of 4 held-out examples, found 1"),
        ("os.symlink('/etc/passwd', tallow.out / 'predictions.jsonl')\ntallow.finish(1)\n", "did not call"),
    ] {
        let bench = Bench::new(body);
        let out = bench.place.run();
        let said = bench.run(&out, &args);
        assert!(said.code == Some(10) && said.stderr.contains(words), "{body}: {said:#?}");
        // All else is told all the same.
        let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
        assert!(report.contains("Not scored") && report.contains("Completed"), "{report}");
    }
}

/// What the script sees must not hold the answers. Said before any engine is asked.
#[test]
fn held_out_answers_are_not_among_the_data() {
    let rows = "x,kind\n1,other\n2,answer\n";
    let refused = |bench: &Bench, table: &Path, words: &str| {
        let said = bench.run(&bench.place.run(), &["--held-out", table.to_str().expect("a path"), "--label=kind"]);
        assert!(said.code == Some(2) && said.stderr.contains("the held-out answers are in the data"), "{said:#?}");
        assert!(said.stderr.contains(words) && said.stderr.contains("in another folder"), "{said:#?}");
        assert!(!bench.place.run().exists(), "nothing is begun");
    };
    let bench = Bench::new("tallow.finish(1)\n");
    let within = bench.place.write("data/deep/test.csv", rows);
    refused(&bench, &within, "test.csv");
    // By a way around, and as a copy under another name.
    refused(&bench, &bench.place.path("data/../data/deep/test.csv"), "test.csv");
    let bench = Bench::new("tallow.finish(1)\n");
    let apart = bench.place.write("held.csv", rows);
    std::os::unix::fs::symlink(&apart, bench.place.path("data/link.csv")).expect("a link");
    bench.place.write("data/extra/notes.bin", rows);
    refused(&bench, &apart, "notes.bin");
    // Those that another run keeps.
    let bench = Bench::new("tallow.finish(1)\n");
    let apart = bench.place.write("held.csv", rows);
    bench.place.write("data/old/ledger.jsonl", "");
    bench.place.write("data/old/data/held_out/answers.jsonl", "\"answer\"\n");
    refused(&bench, &apart, "held_out");
}

/// The run folder keeps them, too.
#[test]
fn a_run_that_keeps_answers_does_not_lie_among_the_data() {
    let bench = Bench::new("tallow.finish(1)\n");
    let table = bench.place.write("held.csv", "x,kind\n1,other\n2,answer\n");
    for place in ["data/run", "data/new/run", "data/../data/run"] {
        let out = bench.place.path(place);
        let said = bench.run(&out, &["--held-out", table.to_str().expect("a path"), "--label=kind"]);
        assert!(said.code == Some(2) && said.stderr.contains("the run folder keeps the held-out answers"), "{said:#?}");
        assert!(said.stderr.contains("`--out`") && !out.exists(), "{said:#?}");
    }
}

/// A run that is complete is not run again: what it predicted is scored, and its report written, also where a crash came before.
#[test]
fn a_complete_run_is_not_run_again() {
    if !has_engine() {
        return;
    }
    let body = "lines = [json.loads(line) for line in open(tallow.held_out)]\ntallow.metric('nonce', int.from_bytes(os.urandom(4), 'big'))\n\
                (tallow.out / '.tmp-mine').write_text('x')\ntallow.predict(line['x'] + 0.5 for line in lines)\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let table = bench.place.write("held.csv", "x,age\n20,20\n31,31\n42,42\n");
    let run = bench.place.run();
    let said = bench.run(&run, &["--held-out", table.to_str().expect("a path"), "--label=age"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let before = report(&run);
    assert!(said.stdout.contains("root mean squared error  0.5000"), "{said:#?}");
    std::fs::remove_file(run.join("report.json")).expect("removed");
    let again = bench.resume(&run);
    assert_eq!((again.code, report(&run)), (Some(0), before), "{again:#?}");
    assert!(!run.join("runs/script/attempts/002").exists() && run.join("runs/script/attempts/001/work/.tmp-mine").is_file());
    let mut diff = bench.place.tallow(["diff"]);
    let told = program::said(diff.arg(&run).arg(&run));
    assert!(told.code == Some(2) && told.stderr.contains("is the run of a script"), "{told:#?}");
}
