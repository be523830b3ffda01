//! The search for a better recipe, from the command line: what it may see, what it leaves, and that it goes on where it was killed.
#![cfg(target_os = "linux")]

mod program;

use program::{Place, Refusal, nothing_is_half_written, succeeds, weights};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tallow::plan::Plan;
use tallow::report::Report;
use tallow::search::Journal;
use tallow::store::{Record, RunFolder, Stage};

const WATCHED: &str = "data.monitor={ kind = \"hold_out\", examples = 200 }";
const MORE: &str = "data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 1000, seed = 1 }";
/// A rate at which little is learnt, so that a higher one is sure to do better.
const TIMID: &str = "recipe.lr=1e-3";
const LONG: &str = "recipe.length={ steps = 200 }";
/// The experiment is made of what is set: a search may try all of it.
const OPEN: &str = "search.fixed=[]";

fn journal(run: &Path) -> Journal {
    let folder = RunFolder::open(run).expect("a run");
    folder.read_json(&folder.journal()).expect("a journal")
}

/// What was tried and what came of it, without times.
fn told(journal: &Journal) -> Vec<(String, Option<f64>, bool)> {
    let of = |trial: &tallow::search::Trial| {
        let result = trial.result.as_ref().expect("it ended");
        (format!("{:?}", trial.settings), result.watched.as_ref().map(|watched| watched.score), result.kept)
    };
    journal.trials.iter().map(of).collect()
}

#[test]
fn what_does_better_is_kept_and_held_against_the_first_plan() {
    let place = Place::new();
    let run = place.run();
    let set = [WATCHED, MORE, TIMID, LONG, OPEN, "search.max_trials=4", "search.patience=2"];
    succeeds(place.train(&set, &run).arg("--offline"));
    let (folder, journal) = (RunFolder::open(&run).expect("a run"), journal(&run));
    let best = journal.best().expect("one is kept");
    assert!(journal.trials.len() <= 4 && journal.stopped.is_some(), "{journal:#?}");
    assert!(best.number > 1, "{journal:#?}");
    // The plan is that of the recipe that was found, and says why.
    let plan: Plan = folder.read_json(&folder.plan()).expect("a plan");
    let found: f64 = best.settings["recipe.lr"].parse().expect("a rate");
    assert_eq!(plan.spec.recipe.lr, found);
    assert!(
        plan.assumptions.iter().any(|line| line.starts_with("recipe.lr: ") && line.contains("(what is watched did best")),
        "{plan:#?}"
    );
    // No trial has the held-out split, but for the first plan, which was scored when all was decided.
    for trial in &journal.trials {
        let held_out = RunFolder::open(folder.trial(trial.number)).expect("a trial").held_out();
        assert_eq!(held_out.is_dir(), trial.number == 1, "{}", trial.number);
    }
    let ledger = folder.ledger().read().expect("a ledger");
    let position = |is: &dyn Fn(&Record) -> bool| ledger.iter().position(|entry| is(&entry.record)).expect("a row");
    let last_trial = ledger.iter().rposition(|entry| matches!(entry.record, Record::Tried(_))).expect("trials");
    let scored = position(&|record| matches!(record, Record::Stage { stage: Stage::Eval, .. }));
    assert!(last_trial < scored, "the held-out split is read when the search is over");
    let report: Report = folder.read_json(&folder.report_json()).expect("a report");
    let shown = report.search.expect("it is told");
    let gain = shown.gain.expect("the first plan was scored");
    assert_eq!(shown.trials.len(), journal.trials.len());
    assert!((gain.gain.value - (gain.found.value - gain.first.value)).abs() < 1e-12, "{gain:?}");
    nothing_is_half_written(&run);
}

#[test]
fn a_search_that_finds_nothing_says_so() {
    let place = Place::new();
    let run = place.run();
    // A step that is no step: whatever is tried scores the same.
    let still = [
        "recipe.lr=1e-30",
        "recipe.length={ steps = 2 }",
        "recipe.keep=\"last\"",
        OPEN,
        "search.max_trials=3",
        "budget.max_disk_bytes=1000000000",
    ];
    let said = succeeds(place.train(&[&[WATCHED, MORE][..], &still].concat(), &run).arg("--offline"));
    let journal = journal(&run);
    assert_eq!(journal.best().map(|best| best.number), Some(1), "{journal:#?}");
    let folder = RunFolder::open(&run).expect("a run");
    // Trials count for the disk space of the run: of those that are over, the words alone stay.
    for trial in folder.trials() {
        let large = [trial.prepared(), trial.attempt("seed-0", 1).work()].map(|place| place.is_dir());
        assert_eq!((large, trial.attempt("seed-0", 1).events().is_file()), ([trial.id() == "001"; 2], true), "{}", trial.id());
    }
    let page = folder.read_text(&folder.report_md()).expect("a report");
    for told in [said.stdout, page] {
        assert!(told.contains("Of 3 recipes the first did best on what is watched: there is no gain over it."), "{told}");
    }
}

#[test]
fn a_search_that_was_killed_goes_on_to_the_same_end() {
    let place = Place::new();
    let set = [WATCHED, MORE, TIMID, LONG, OPEN, "search.max_trials=3"];
    let (undisturbed, killed) = (place.run(), place.run());
    succeeds(place.train(&set, &undisturbed).arg("--offline"));
    let mut command = place.train(&set, &killed);
    let mut child = command.arg("--offline").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let events = killed.join("search/002/runs/seed-0/attempts/001/events.jsonl");
    let begun = Instant::now();
    while !std::fs::read_to_string(&events).is_ok_and(|told| told.contains("\"step\"")) {
        assert!(child.try_wait().expect("asked").is_none(), "it ended before the second trial");
        assert!(begun.elapsed() < Duration::from_secs(120), "no second trial in two minutes");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    succeeds(&mut place.resume(&killed));
    assert_eq!(told(&journal(&killed)), told(&journal(&undisturbed)));
    assert_eq!(weights(&killed), weights(&undisturbed));
}

/// A search leaves as it is what the command line sets, unless it says otherwise.
#[test]
fn what_the_command_line_sets_is_not_tried() {
    let place = Place::new();
    let fixed = |more: &[&str]| {
        let (file, run) = (place.write("tiny.toml", program::TINY), place.run());
        let mut plan = place.tallow(["plan".as_ref(), file.as_os_str(), "--offline".as_ref(), "--out".as_ref(), run.as_os_str()]);
        plan.args(["--improve=3", "--epochs=2", "--set", WATCHED, "--set", MORE, "--set", TIMID]);
        succeeds(plan.args(more));
        let spec = std::fs::read_to_string(run.join("spec.toml")).expect("an experiment");
        tallow::spec::parse(&spec, "spec.toml").expect("an experiment").search.expect("a search").fixed
    };
    assert_eq!(fixed(&[]), ["recipe.lr", "recipe.length"]);
    assert_eq!(fixed(&["--set", OPEN]), [""; 0]);
    let more = ["--set", "search.fixed=[\"recipe.batch_size\"]"];
    assert_eq!(fixed(&more), ["recipe.batch_size", "recipe.lr", "recipe.length"], "who names one does not open the others");
}

#[test]
fn a_search_needs_something_to_watch() {
    let words = &["`search`: expected something to be watched (`data.monitor`)"];
    Place::new().refuses(&["search.max_trials=3"], &Refusal { code: 10, words, hint: "tallow schema" });
}

/// Where the first plan and all that was gentler failed, it is not trained once more: the run ends and says why.
#[test]
fn a_search_in_which_nothing_completes_ends() {
    let place = Place::new();
    let run = place.run();
    // What even a short step needs is more than there is.
    let set = [
        WATCHED,
        "data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 1500, seed = 1 }",
        "recipe.batch_size=1024",
        "model.config.hidden_size=64",
        "model.config.intermediate_size=256",
        "model.config.vocab_size=20000",
        "recipe.length={ steps = 2 }",
        "budget.max_memory_bytes=29360128",
        "budget.max_attempts=1",
        OPEN,
        "search.max_trials=3",
    ];
    let mut train = place.train(&set, &run);
    train.arg("--offline");
    for mut command in [train, place.resume(&run)] {
        let said = program::said(&mut command);
        assert_eq!(said.code, Some(40), "{said:#?}");
        for words in
            ["none of the 3 recipes that were tried could be trained to its end; the first plan: out of memory", "search`"]
        {
            assert!(said.stderr.contains(words), "{words}: {said:#?}");
        }
    }
    let journal = journal(&run);
    assert!(journal.trials.len() == 3 && journal.best().is_none(), "{journal:#?}");
    assert!(!run.join("runs/seed-0").exists(), "nothing was trained besides");
}
