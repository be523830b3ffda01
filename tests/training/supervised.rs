//! What the supervisor makes of a run that diverges, with the whole program.

use std::process::{Command, Stdio};
use tallow::job::{Divergence, Event, Job, Origin};
use tallow::run::Outcome;
use tallow::store::{Record, RunFolder};

#[test]
fn a_run_that_diverges_is_tried_again_with_a_lower_rate_from_the_start() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("run");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallow"));
    command.args(["train", "--example", "--offline", "--threads=2", "--set=recipe.lr=100", "--epochs=4"]);
    command.arg("--set=data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 300, seed = 1 }");
    command.args(["--set=model.config.hidden_size=32", "--set=model.config.intermediate_size=64", "--out"]).arg(&out);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("run");

    let folder = RunFolder::open(&out).expect("a run");
    let records: Vec<Record> = folder.ledger().read().expect("read").into_iter().map(|entry| entry.record).collect();
    let outcome = records.iter().find_map(|record| match record {
        Record::AttemptEnded { run, attempt: 1, outcome, .. } if run == "seed-0" => Some(outcome),
        _ => None,
    });
    let Some(Outcome::Diverged { step, what: Divergence::LossExploded, origin: Some(Origin::Growth { .. }) }) = outcome else {
        panic!("{outcome:?}")
    };
    let events = folder.attempt("seed-0", 1).read_events().expect("read");
    assert!(matches!(events.last(), Some(Event::Diverged { step: told, .. }) if told == step), "{:?}", events.last());

    let attempt = |number: u32| match folder.read_json(&folder.attempt("seed-0", number).job()).expect("a job") {
        Job::Train { config, resume_from, .. } => (config.recipe.lr, resume_from),
        other => panic!("{other:?}"),
    };
    assert_eq!(attempt(1), (100.0, Vec::new()));
    let (lr, resume_from) = attempt(2);
    // What is usual for such a model, for the rate was far above it.
    assert!((lr - 1e-3).abs() < 1e-9 && resume_from.is_empty(), "{lr} {resume_from:?}");
}
