//! A language model that proposes what a search tries: what it is told, what becomes of its answers, and how it all repeats.

use crate::program::{Place, TINY, said, succeeds, weights};
use crate::server::{Act, Server, refuses, says};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tallow::report::Report;
use tallow::search::{By, Journal};
use tallow::store::{Record, RunFolder};

/// A target that nothing of what is asked may name, and a rate at which little is learnt.
const SEARCH: [&str; 9] = [
    "data.monitor={ kind = \"hold_out\", examples = 200 }",
    "data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 1000, seed = 1 }",
    "recipe.lr=1e-3",
    "recipe.length={ steps = 60 }",
    "search.fixed=[]",
    "search.max_trials=4",
    "search.patience=4",
    "target={ value = 0.98765, source = \"printed elsewhere\" }",
    "seeds=[0]",
];

fn change(key: &str, value: Value) -> Act {
    says(&json!({"change": {"key": key, "reason": "the curve says so", "value": value}}).to_string())
}

/// Out of its reach; a rate; of no use thrice; a decay.
fn acts() -> Vec<Act> {
    let useless = says("I would not change a thing");
    vec![
        change("data.held_out", json!("train")),
        change("recipe.lr", json!(0.003)),
        useless.clone(),
        useless.clone(),
        useless,
        change("recipe.optimizer", json!({"kind": "adamw", "weight_decay": 0.05})),
    ]
}

fn search(place: &Place, server: &Server, out: &Path) -> Command {
    let mut command = place.train(&SEARCH, out);
    command.args(["--offline", "--llm", &format!("{}#m", server.url)]);
    command
}

fn journal(run: &Path) -> Journal {
    let folder = RunFolder::open(run).expect("a run");
    folder.read_json(&folder.journal()).expect("a journal")
}

/// Without times.
fn told(journal: &Journal) -> Vec<String> {
    let of = |trial: &tallow::search::Trial| {
        let result = trial.result.as_ref().expect("it ended");
        format!("{:?} {:?} {:?} {} {:?}", trial.settings, trial.changes, trial.reason, result.kept, result.watched)
    };
    journal.trials.iter().map(of).collect()
}

#[test]
fn a_model_proposes_and_rules_go_on_where_it_is_of_no_use() {
    let (place, server) = (Place::new(), Server::start(acts()));
    let run = place.run();
    let page = succeeds(&mut search(&place, &server, &run));
    assert_eq!(server.asked().len(), 6);
    let journal = journal(&run);
    let by: Vec<&By> = journal.trials.iter().map(|trial| &trial.by).collect();
    let model = By::LanguageModel { name: "m at 127.0.0.1".into() };
    assert_eq!(by, [&By::Plan, &model, &By::Rules, &model], "{journal:#?}");
    let asked = |at: usize| journal.trials[at].asked.clone().expect("it was asked");
    assert_eq!((asked(1).usage.tokens(), asked(2).usage.tokens(), asked(3).usage.tokens()), (240, 360, 120));
    assert!(asked(2).instead.is_some_and(|why| why.contains("no answer that can be used in 3 attempts")));
    assert_eq!(journal.trials[1].settings["recipe.lr"], "0.003");
    assert!(page.stderr.contains("proposed by m at 127.0.0.1") && page.stderr.contains("; rules go on"), "{}", page.stderr);
    // When the last question was asked, nothing was held out yet that could have been seen.
    let ledger = RunFolder::open(&run).expect("a run").ledger().read().expect("a ledger");
    let last_asked = ledger.iter().rposition(|entry| matches!(entry.record, Record::Settled { .. })).expect("asked");
    let is_held_out = |record: &Record| matches!(record, Record::AttemptStarted { run, .. } if run.contains("held-out"));
    let held_out = ledger.iter().position(|entry| is_held_out(&entry.record)).expect("it is scored");
    assert!(last_asked < held_out, "{last_asked} {held_out}");
    // Nor does any question name a target, a split, the data or a path.
    let bodies: String = server.asked().iter().map(|asked| asked.body["messages"].to_string()).collect();
    for words in ["0.98765", "printed elsewhere", "toy_reviews", "held_out\":", "/runs", "run-"] {
        assert!(!bodies.contains(words), "{words}");
    }
    assert!(bodies.contains("`data.held_out` may not be changed") && bodies.contains("What was tried"));
    // The report says who proposed what, and what it took.
    let folder = RunFolder::open(&run).expect("a run");
    let report: Report = folder.read_json(&folder.report_json()).expect("a report");
    let shown = report.search.expect("a search");
    assert_eq!(shown.trials[1].by, "m at 127.0.0.1");
    assert_eq!(shown.trials[2].tokens_in.map(|tokens| tokens.value), Some(300.0));
    let written = folder.read_text(&folder.report_md()).expect("a page");
    assert!(written.contains("proposed by") && written.contains("tokens read + written"), "{written}");
    assert!(written.contains("Against the plan's estimate: the time"), "{written}");
}

#[test]
fn a_recorded_search_repeats_bit_for_bit_and_asks_nobody() {
    let (place, server) = (Place::new(), Server::start(acts()));
    let (first, again) = (place.run(), place.run());
    succeeds(&mut search(&place, &server, &first));
    let asked = server.asked().len();
    let mut replay = place.train(&SEARCH, &again);
    succeeds(replay.args(["--offline", "--llm-replay"]).arg(first.join("llm.jsonl")));
    assert_eq!(server.asked().len(), asked);
    assert_eq!(told(&journal(&again)), told(&journal(&first)));
    assert_eq!(weights(&again), weights(&first));
    // Another recipe brings other questions.
    let mut other = place.train(&[&SEARCH[..], &["recipe.lr=2e-3"]].concat(), &place.run());
    let other = said(other.args(["--offline", "--llm-replay"]).arg(first.join("llm.jsonl")));
    assert!(other.code == Some(31) && other.stderr.contains("recipe.lr"), "{other:#?}");
}

#[test]
fn a_search_that_was_killed_asks_nothing_twice() {
    let place = Place::new();
    let (undisturbed, interrupted) = (Server::start(acts()), Server::start(acts()));
    let (whole, killed) = (place.run(), place.run());
    succeeds(&mut search(&place, &undisturbed, &whole));
    let mut child = search(&place, &interrupted, &killed).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let begun = Instant::now();
    // While the third trial trains: five questions were answered by then.
    let events = killed.join("search/003/runs/seed-0/attempts/001/events.jsonl");
    while !std::fs::read_to_string(&events).is_ok_and(|told| told.contains("\"step\"")) {
        assert!(child.try_wait().expect("asked").is_none(), "it ended before the third trial");
        assert!(begun.elapsed() < Duration::from_secs(120), "no third trial in two minutes");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    // It died before it could note what it was told: the answers are there all the same.
    let folder = RunFolder::open(&killed).expect("a run");
    let mut journal_then: Journal = folder.read_json(&folder.journal()).expect("a journal");
    journal_then.trials.truncate(2);
    folder.write_json(&folder.journal(), &journal_then).expect("written");
    std::fs::remove_dir_all(folder.trial(3)).expect("removed");
    succeeds(&mut place.resume(&killed));
    assert_eq!(interrupted.asked().len(), undisturbed.asked().len());
    assert_eq!(told(&journal(&killed)), told(&journal(&whole)));
    assert_eq!(weights(&killed), weights(&whole));
}

#[test]
fn without_tokens_rules_go_on_and_it_is_told() {
    let (place, server) = (Place::new(), Server::start(acts()));
    let run = place.run();
    let said = succeeds(search(&place, &server, &run).args(["--max-tokens", "100"]));
    assert!(server.asked().is_empty());
    assert!(said.stderr.contains("was not asked: the budget for the language model is spent"), "{}", said.stderr);
    let journal = journal(&run);
    assert!(journal.trials.iter().skip(1).all(|trial| trial.by == By::Rules), "{journal:#?}");
    assert_eq!(journal.trials.len(), 4);
    // Without a search there is nothing to propose.
    let mut plain = place.train(&[], &place.run());
    let plain = crate::program::said(plain.args(["--offline", "--llm", &format!("{}#m", server.url)]));
    assert!(
        plain.code == Some(2) && plain.stderr.contains("without a search (`--improve`) there is nothing to propose"),
        "{plain:#?}"
    );
}

/// A provider that fails on the way costs its own proposals alone, and is not asked for ever.
#[test]
fn a_provider_that_fails_ends_no_search() {
    let place = Place::new();
    let run = place.run();
    let server = Server::start(vec![change("recipe.lr", json!(0.003)), refuses(401, "", "no such key")]);
    let page = succeeds(&mut search(&place, &server, &run));
    assert_eq!(server.asked().len(), 3, "for trials 3 and 4 in vain");
    let journal = journal(&run);
    let by: Vec<&By> = journal.trials.iter().map(|trial| &trial.by).collect();
    let model = By::LanguageModel { name: "m at 127.0.0.1".into() };
    assert_eq!(by, [&By::Plan, &model, &By::Rules, &By::Rules], "{journal:#?}");
    let instead = journal.trials[2].asked.clone().expect("it was asked").instead.expect("why");
    assert!(instead.contains("refused with 401: no such key"), "{instead}");
    assert!(page.stderr.contains("for 2 trials on end: it is not asked any more"), "{}", page.stderr);
}

/// Nor does a search end with one that is gone for good, where somebody says to go on without it.
#[test]
fn a_search_goes_on_without_a_model_that_is_gone() {
    let place = Place::new();
    let (file, run) = (place.write("tiny.toml", TINY), place.run());
    let config = place.write("llm.toml", "[providers.mine]\nurl = \"http://127.0.0.1:9/v1\"\nmodel = \"m\"\n");
    let mut plan = place.tallow(["plan".as_ref(), file.as_os_str(), "--offline".as_ref(), "--out".as_ref(), run.as_os_str()]);
    for set in SEARCH.into_iter().chain(["search.max_trials=2"]) {
        plan.args(["--set", set]);
    }
    succeeds(plan.args(["--llm", "mine"]).env("TALLOW_LLM_CONFIG", &config));
    let gone = said(&mut place.resume(&run));
    assert!(gone.code == Some(2) && gone.stderr.contains("no language model is called `mine`"), "{gone:#?}");
    assert!(gone.stderr.contains("tallow resume RUN --without-llm"), "{gone:#?}");
    succeeds(place.resume(&run).arg("--without-llm"));
    let journal = journal(&run);
    assert!(journal.trials.len() == 2 && journal.trials[1].by == By::Rules, "{journal:#?}");
}

/// A first plan that diverges, and a rate that does not: there is a report, and nothing that it gains over.
#[test]
fn a_first_plan_that_cannot_be_trained_keeps_no_verdict_back() {
    let (place, server) = (Place::new(), Server::start(vec![change("recipe.lr", json!(0.003))]));
    let run = place.run();
    let set = [&SEARCH[..], &["recipe.lr=100", "budget.max_attempts=1", "search.max_trials=2"]].concat();
    let mut command = place.train(&set, &run);
    let page = succeeds(command.args(["--offline", "--llm", &format!("{}#m", server.url)]));
    assert!(page.stderr.contains("the first plan could not be trained"), "{}", page.stderr);
    let journal = journal(&run);
    let first = journal.trials[0].result.as_ref().expect("it ended");
    assert!(first.failed.as_ref().is_some_and(|failed| failed.contains("diverged")), "{journal:#?}");
    assert_eq!(journal.best().map(|best| best.number), Some(2), "{journal:#?}");
    let folder = RunFolder::open(&run).expect("a run");
    let report: Report = folder.read_json(&folder.report_json()).expect("a report");
    assert!(report.search.expect("a search").gain.is_none());
    let written = folder.read_text(&folder.report_md()).expect("a page");
    assert!(
        written.contains("Of 2 recipes trial 2 was chosen, by what is watched; the first was not scored on the held-out split."),
        "{written}"
    );
}
