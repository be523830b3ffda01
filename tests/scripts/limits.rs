//! What a script may take, fill and say has an end.

use super::{Bench, STEPS, has_engine, report, said};

#[test]
fn out_of_memory_is_tried_in_smaller_parts_of_the_same_batch() {
    if !has_engine() {
        return;
    }
    let body = r#"
size, parts = tallow.batch(16)
tallow.start(total_steps=1)
room = [bytearray(b"x" * (8 << 20)) for _ in range(size)]
tallow.metric("batch", size * parts)
tallow.metric("parts", parts)
tallow.step(1, loss=0.5)
tallow.finish(1)
"#;
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &["--memory=64MiB"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let (attempts, metrics) = report(&run);
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    assert!(attempts[..2].iter().all(|outcome| outcome == "out of memory (limit 64.0 MiB)"), "{attempts:?}");
    assert_eq!(metrics, [("batch".to_string(), 16.0), ("parts".to_string(), 4.0)]);
    let fixed = Bench::new("tallow.start(total_steps=1)\nroom = bytearray(b'x' * (128 << 20))\n");
    let run = fixed.place.run();
    let said = fixed.run(&run, &["--memory=64MiB"]);
    assert_eq!(said.code, Some(40), "{said:#?}");
    assert!(std::fs::read_to_string(run.join("runs/script/review.md")).expect("a review").contains("`tallow.batch`"));
}

#[test]
fn what_is_told_without_end_or_sense_is_bounded() {
    if !has_engine() {
        return;
    }
    let body = "tallow.start(total_steps=3000)\nfd = int(os.environ['TALLOW_EVENTS'])\n\
                for line in [b'hello', b'\\xff\\xfe', b'{\"event\": \"metric\", \"name\": \"acc\"}']:\n    os.write(fd, line + b'\\n')\n\
                for i in range(1, 3001):\n    tallow.step(i, loss=1 / i, lr=tallow.lr(0.1))\n    tallow.metric('acc', i / 3000, step=i)\n\
                tallow.metric('acc', math.nan)\ntallow.finish(3000)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(said.stderr.lines().count() < 30, "{said:#?}");
    assert_eq!(report(&run).1, [("acc".to_string(), 1.0)]);
    let ledger = std::fs::read_to_string(run.join("ledger.jsonl")).expect("a ledger");
    assert!(ledger.lines().count() < 20, "{ledger}");
    let page = std::fs::read_to_string(run.join("report.md")).expect("a report");
    assert!(page.contains("not understood: 3 lines among its events; the first: hello"), "{page}");
    assert!(page.contains("the metric acc is nan and is not told"), "{page}");
}

/// Steps that take no time are told now and then, and the last of them.
#[test]
fn very_many_steps_are_no_flood() {
    if !has_engine() {
        return;
    }
    let body = "tallow.start(total_steps=100000)\nfor i in range(1, 100001):\n    tallow.step(i, loss=1 / i)\n\
                tallow.finish(100000)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let events = std::fs::read_to_string(run.join("runs/script/attempts/001/events.jsonl")).expect("events");
    let steps: Vec<&str> = events.lines().filter(|line| line.contains("\"event\":\"step\"")).collect();
    assert!(steps.len() < 1000 && steps[0].contains("\"step\":1,"), "{}", steps.len());
    assert!(steps.last().is_some_and(|line| line.contains("\"step\":100000,")), "{steps:?}");
}

#[test]
fn budgets_bound_a_script_and_resume_raises_them() {
    if !has_engine() {
        return;
    }
    let body = format!(
        "{STEPS}\nif began == 0:\n    (tallow.out / 'scratch').write_bytes(b'x' * (9 << 20))\ntrain(8000 if began == 0 else began + 1, wait=0.02)\n"
    );
    let bench = Bench::new(&body);
    let run = bench.place.run();
    let said = bench.run(&run, &["--max-disk=8MiB"]);
    assert!(said.code == Some(42) && said.stderr.contains("--max-disk"), "{said:#?}");
    // What was there is kept, and it goes on from there; with as little room as before it does not begin.
    let again = bench.resume(&run);
    assert!(again.code == Some(42) && report(&run).0.len() == 1, "{again:#?}");
    let mut command = bench.place.tallow(["resume", "--max-disk=1GiB"]);
    command.arg(&run);
    let said = self::said(bench.with_means(command));
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(report(&run).1.iter().any(|(name, value)| name == "began" && *value > 0.0), "{:?}", report(&run));
    // Attempts.
    let bench = Bench::new("tallow.batch(16)\nroom = bytearray(b'x' * (128 << 20))\n");
    let run = bench.place.run();
    let said = bench.run(&run, &["--memory=64MiB", "--max-attempts=2"]);
    assert!(said.code == Some(42) && said.stderr.contains("`--max-attempts` is 2"), "{said:#?}");
    assert_eq!(report(&run).0.len(), 2);
}

/// Where nobody says how much a script may take, it is a share of what there is, which the engine holds it to.
#[test]
fn a_script_that_nobody_limits_has_a_share_of_what_there_is() {
    if !has_engine() {
        return;
    }
    let body = "limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']\n\
                tallow.metric('memory', [int(open(file).read()) for file in limits if os.path.exists(file)][0])\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let spec: toml::Table = toml::from_str(&std::fs::read_to_string(run.join("script.toml")).expect("read")).expect("TOML");
    let limit = |name: &str| spec.get(name).and_then(toml::Value::as_integer).expect("a limit");
    let (_, metrics) = report(&run);
    let held = limit("spare_memory_bytes") as f64;
    assert!((metrics[0].1 - held).abs() <= 4096.0 && held > (64 << 20) as f64, "{metrics:?} {held}");
    assert!(limit("spare_disk_bytes") > 1 << 20 && !spec.contains_key("max_memory_bytes"));
    let page = std::fs::read_to_string(run.join("report.md")).expect("a report");
    assert!(page.contains("a share of what the machine had to spare"), "{page}");
}

/// What it prints is a sign of life; what says nothing at all is stalled, and the hint can be followed.
#[test]
fn a_log_is_a_sign_of_life() {
    if !has_engine() {
        return;
    }
    let talks = Bench::new("for i in range(12):\n    time.sleep(1)\n    print(i)\ntallow.finish(1)\n");
    let said = talks.run(&talks.place.run(), &["--max-silence=8s"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let silent = Bench::new(
        "if tallow.resume is None:\n    (tallow.out / 'c').write_text('1')\n    tallow.checkpoint(1, 'c')\n    time.sleep(30)\ntallow.finish(1)\n",
    );
    let run = silent.place.run();
    let said = silent.run(&run, &["--max-silence=8s", "--max-attempts=1"]);
    assert_eq!(said.code, Some(42), "{said:#?}");
    assert!(report(&run).0[0].starts_with("stalled"), "{said:#?}");
    let mut command = silent.place.tallow(["resume", "--max-silence=1m"]);
    command.arg(&run);
    let said = self::said(silent.with_means(command));
    assert_eq!(said.code, Some(0), "{said:#?}");
}

/// The end of a log of many megabytes is what tells why it ended; notes and names have an end.
#[test]
fn the_end_of_a_huge_log_is_kept() {
    if !has_engine() {
        return;
    }
    let body = "tallow.metric('m' * 500000, 1)\nfor i in range(60):\n    tallow._tell('note', message=str(i) + 'n' * 900000)\n\
                for _ in range(320):\n    print('x' * 65535)\nraise KeyError('why it ended')\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert!(said.code == Some(20) && said.stderr.contains("why it ended"), "{:?}", said.code);
    let bytes = |name: &str| std::fs::metadata(run.join(name)).expect("a file").len();
    assert!(
        bytes("runs/script/attempts/001/stderr.log") < 17 << 20 && bytes("report.html") < 1 << 20,
        "{}",
        bytes("report.html")
    );
    let log = std::fs::read_to_string(run.join("runs/script/attempts/001/stderr.log")).expect("a log");
    assert!(log.trim_end().ends_with("KeyError: 'why it ended'") && log.contains("bytes were not kept]"));
    assert!(std::fs::read_to_string(run.join("runs/script/review.md")).expect("a review").contains("why it ended"));
}

/// What the engine would refuse is told before a run is begun.
#[test]
fn limits_that_the_engine_has_not_are_told_first() {
    if !has_engine() {
        return;
    }
    let bench = Bench::new("tallow.finish(1)\n");
    for (arg, words) in [("--threads=512", "found 512"), ("--memory=1MiB", "expected at least 6.0 MiB")] {
        let run = bench.place.run();
        let mut command = bench.place.tallow(["train", "--script"]);
        command.arg(&bench.script).arg("--out").arg(&run).arg(arg);
        let said = said(bench.with_means(command));
        assert!(said.code == Some(2) && said.stderr.contains(words) && !run.exists(), "{said:#?}");
    }
}
