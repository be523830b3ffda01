use super::super::Style;
use super::*;
use crate::job::{Event, JobKind};
use crate::sandbox::Level;
use crate::store::{Decided, Purpose};

fn spec() -> ScriptSpec {
    ScriptSpec {
        version: 1,
        script: Some("a/train.py".into()),
        script_sha256: Some("ab".into()),
        image: "python".into(),
        image_id: "sha256:cd".into(),
        data: None,
        held_out: Some(crate::script::HeldOut {
            file: "held.csv".into(),
            file_sha256: "x".into(),
            label: "kind".into(),
            examples: 40,
        }),
        seed: 3,
        cpus: 2,
        gpu: false,
        max_memory_bytes: Some(1 << 30),
        max_disk_bytes: None,
        spare_memory_bytes: None,
        spare_disk_bytes: Some(5 << 30),
        max_time_secs: None,
        max_silence_secs: None,
        max_attempts: None,
        author: None,
    }
}

/// A run whose second attempt completes.
fn ledger() -> Vec<Entry> {
    let metric = |name: &str, value, step| Told::Metric { name: name.into(), value, step };
    let script = |attempt, told| Record::Script { attempt, told };
    let started = |attempt| Record::AttemptStarted { run: "script".into(), attempt, job: JobKind::Script };
    let ended =
        |attempt, outcome| Record::AttemptEnded { run: "script".into(), attempt, outcome, wall_secs: 2.5, max_rss_bytes: 0 };
    let layers = [("network".to_string(), "none".to_string())].into();
    let jailed = Event::Jailed { level: Level::Strict, layers, start_ms: 0.0 };
    let accuracy = [("accuracy", 0.75), ("accuracy, low", 0.6), ("accuracy, high", 0.85)];
    let records = [
        Record::Created {
            purpose: Purpose::Script,
            command: vec!["tallow".into(), "train".into()],
            version: "1".into(),
            binary_sha256: "e".into(),
        },
        started(1),
        Record::Told { run: "script".into(), attempt: 1, told: jailed },
        script(1, metric("f1", 0.1, Some(1))),
        script(1, metric("old", 0.1, None)),
        ended(1, Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None }),
        Record::Recovery { run: "script".into(), attempt: 1, decision: Decided::Mend, reason: "smaller".into() },
        started(2),
        script(2, Told::Started { step: 0, total_steps: 9 }),
        script(2, metric("f1", 0.75, Some(9))),
        script(2, metric("<b>|\u{1b}[31m", 1e-7, None)),
        script(2, Told::Note { message: "2 lines were no events".into() }),
        ended(2, Outcome::Completed),
        Record::Measured { what: "x".into(), values: accuracy.map(|(name, value)| (name.to_string(), value)).into() },
    ];
    (1..).zip(records).map(|(row, record)| Entry { row, at: String::new(), before: None, record }).collect()
}

fn report() -> ScriptReport {
    let steps = |range: std::ops::RangeInclusive<u64>, scale: f64| {
        range.map(move |step| Told::Step { step, loss: scale / step as f64, lr: Some(0.1) })
    };
    let first: Vec<Told> = steps(1..=9, 100.0).collect();
    let second = [Told::Started { step: 0, total_steps: 9 }].into_iter().chain(steps(1..=9, 1.0)).collect();
    let settings = [Settings::default(), Settings { batch_parts: 2, lr_scale: 0.3 }];
    let scored = Ok(vec![Metric::Accuracy]);
    let ended = (&Outcome::Completed, "");
    build_script(&spec(), &ledger(), (&[first, second], &settings), ended, &scored, Path::new("/runs/a")).expect("a report")
}

#[test]
fn the_last_value_of_the_last_attempt_counts_and_has_its_row() {
    let report = report();
    assert_eq!(report.metrics.iter().map(|m| (m.value.value, m.value.ledger_row)).collect::<Vec<_>>(), [(0.75, 10), (1e-7, 11)]);
    assert_eq!(report.scores[0].interval.map(|ends| ends.map(|end| (end.value, end.ledger_row))), Some([(0.6, 14), (0.85, 14)]));
    // What the first attempt drew is gone: it was given up.
    assert_eq!(report.curves[0].points, (1..=9).map(|x| [f64::from(x), 1.0 / f64::from(x)]).collect::<Vec<_>>());
    assert_eq!(
        report.attempts.iter().map(|a| a.job.as_str()).collect::<Vec<_>>(),
        ["script", "script, batches in 2 parts, learning rates x 0.3"]
    );
    let text = serde_json::to_string(&report).expect("JSON");
    assert_eq!(serde_json::from_str::<ScriptReport>(&text).expect("read back"), report);
}

/// A script that never says where it starts has its own attempt's numbers alone; one that goes on has those before it, too.
#[test]
fn numbers_of_attempts_that_were_given_up_are_gone() {
    let shown = |start: Option<Told>| {
        let mut ledger = ledger();
        let at = ledger.iter().position(|entry| matches!(entry.record, Record::Script { attempt: 2, .. })).expect("a row");
        match start {
            Some(told) => ledger[at].record = Record::Script { attempt: 2, told },
            None => drop(ledger.remove(at)),
        }
        metrics(&ledger).into_iter().map(|metric| metric.name).collect::<Vec<_>>()
    };
    assert_eq!(shown(None), ["f1", "<b>| [31m"]);
    assert_eq!(shown(Some(Told::Started { step: 0, total_steps: 9 })), ["f1", "<b>| [31m"]);
    assert_eq!(shown(Some(Told::Started { step: 4, total_steps: 9 })), ["f1", "old", "<b>| [31m"]);
}

#[test]
fn the_pages_show_all_of_it_and_text_stays_text() {
    let report = report();
    let (markdown, page, terminal) = (script_markdown(&report), script_html(&report), script_terminal(&report, Style::Plain));
    for words in ["0.75", "smaller", "2 lines were no events", "1.000e-7", "held.csv", "batches in 2 parts"] {
        assert!(markdown.replace('\\', "").contains(words) && page.contains(words), "{words}\n{markdown}\n{page}");
    }
    assert!(page.contains("<svg") && page.contains("&lt;b&gt;") && !page.contains("<b>") && !page.contains('\u{1b}'), "{page}");
    assert!(terminal.contains("accuracy  0.7500 (0.6000 to 0.8500)") && terminal.contains("Completed"), "{terminal}");
}

#[test]
fn code_that_was_generated_is_said_to_be() {
    let (mut ledger, ended) = (ledger(), (&Outcome::Completed, ""));
    let by = "m at h|<b>".to_string();
    let (file, sha256) = ("runs/script/attempts/002/script.py".to_string(), "ef".to_string());
    ledger[6].record = Record::Written { attempt: 2, by, file, sha256, secs: 1.0 };
    let took = [("tokens", 1234.0), ("US dollars", 0.0)].map(|(name, value)| (name.to_string(), value)).into();
    let record = Record::Measured { what: format!("what m {}", crate::llm::TOOK), values: took };
    ledger.push(Entry { row: 15, at: String::new(), before: None, record });
    let spec = ScriptSpec { script: None, script_sha256: None, ..spec() };
    let scored = Ok(vec![Metric::Accuracy]);
    let report = build_script(&spec, &ledger, (&[], &[]), ended, &scored, Path::new("/runs/a")).expect("a report");
    for page in [script_markdown(&report), script_terminal(&report, Style::Plain), script_card(&report)] {
        let page = page.replace('\\', "");
        assert!(page.contains("was written by the language model m at h") && page.contains("measured by Tallow"), "{page}");
    }
    assert!(script_card(&report).contains("- accuracy: 0.7500 (95 % interval 0.6000 to 0.8500), measured by Tallow"));
    assert!(script_html(&report).contains("runs/script/attempts/002/script.py") && !script_html(&report).contains("h|<b>"));
    assert!(report.rows.iter().any(|row| row.ledger_row == 7), "the row of who wrote it is a source");
    assert!(script_markdown(&report).contains("1234"), "what it took is told");
}

#[test]
fn what_cannot_be_scored_is_said() {
    let (spec, ledger, ended) = (spec(), ledger(), (&Outcome::Completed, ""));
    let why = Err("expected 40, found 3".to_string());
    let report = build_script(&spec, &ledger, (&[], &[]), ended, &why, Path::new("/runs/a")).expect("a report");
    assert!(report.scores.is_empty() && script_markdown(&report).contains("expected 40, found 3"));
    assert!(script_html(&report).contains("expected 40, found 3"));
}
