//! The faults, each with its row of `docs/faults.md`.

use crate::bench::{Bench, STEPS, Went, jumping, steady};
use crate::worker::Fault;
use tallow::error::Class;
use tallow::job::{Divergence, InitFrom, Origin, RunConfig};
use tallow::run::recovery::{Change, MAX_ATTEMPTS};
use tallow::run::{Allowed, Budget, Outcome};
use tallow::spec::{Optimizer, Schedule, Warmup};

type Case = (&'static str, fn());

pub(crate) fn tests() -> Vec<Case> {
    let mut tests: Vec<Case> = ROWS.iter().map(|row| (row.name, row.run)).collect();
    tests.push(("the page says what is tried here", page));
    tests
}

/// A row of the page: the fault, how the attempt ends, what recovery does, and the test of it.
struct Row {
    name: &'static str,
    ends: &'static str,
    then: &'static str,
    run: fn(),
}

const fn row(name: &'static str, ends: &'static str, then: &'static str, run: fn()) -> Row {
    Row { name, ends, then, run }
}

const CONTINUED: &str = "the same config goes on from the last checkpoint, twice at most";

const ROWS: &[Row] = &[
    row("the worker is killed at a step", "killed", CONTINUED, killed),
    row("the worker hangs at a step", "stalled", CONTINUED, hangs),
    row("the worker dies in the middle of an event", "killed", CONTINUED, half_event),
    row(
        "the worker dies, and the newest checkpoint is torn",
        "killed",
        "the same config goes on from the checkpoint before",
        torn,
    ),
    row(
        "memory runs out at a step",
        "out of memory",
        "as large a micro-batch as is reckoned to fit, at most half, the same effective batch, from the start",
        memory,
    ),
    row(
        "a GPU's memory runs out at a step",
        "out of memory",
        "half the micro-batch, the same effective batch, from the start",
        gpu_memory,
    ),
    row("a GPU fails otherwise (driver, memory access, ECC ...)", "refused: resource", "nothing; the hint says what it was", gpu),
    row("the disk is full at a checkpoint", "refused: resource", "nothing; `resume` goes on from the last checkpoint", disk),
    row(
        "the run folder grows beyond its disk space",
        "budget spent: disk",
        "nothing; `resume --max-disk` goes on from the last checkpoint",
        filled,
    ),
    row("the worker does what the jail refuses, and dies of it", "refused: sandbox", "nothing", refused),
    row("the clock jumps by decades", "completed", "nothing to do", clock),
    row("losses or gradients grow until they are not finite", "diverged: growth", "a lower rate, from the start", growth),
    row(
        "all losses are finite, and the model ends worse than it was, as good as a guess after a rise, or saying the same of all",
        "diverged: growth",
        "a tenth of the rate, from the start",
        in_vain,
    ),
    row("one step is not finite, all before was calm", "diverged: operation", "tighter clipping, from the start", one_step),
    row("an example is not finite", "diverged: data", "nothing; with consent the example is left out, from the start", data),
    row("the weights to begin with overflow", "diverged: loaded", "nothing", loaded),
];

fn faulty(fault: Fault) -> (Bench, RunConfig, Went) {
    let bench = Bench::new(None);
    let config = bench.config(&format!("{}-at-13", fault.name()));
    let went = bench.supervise(&config, Allowed::default(), &steady());
    (bench, config, went)
}

/// It completed in the end, and its model is that of an undisturbed run with its last config.
fn ends_as_undisturbed(bench: &Bench, went: &Went) {
    assert_eq!(went.outcomes.last(), Some(&Outcome::Completed), "{:?}", went.outcomes);
    let last = went.configs.last().expect("an attempt");
    assert_eq!(went.weights.as_deref(), Some(bench.undisturbed(last).as_str()), "the model");
}

/// It ended so, went on from a checkpoint, and nothing else changed.
fn is_continued(fault: Fault, ends: impl Fn(&Outcome) -> bool) {
    let (bench, config, went) = faulty(fault);
    assert!(went.outcomes.len() == 2 && ends(&went.outcomes[0]), "{:?}", went.outcomes);
    assert_eq!((went.changes.as_slice(), went.resumed.as_slice()), ([Change::Nothing].as_slice(), [false, true].as_slice()));
    assert_eq!(went.configs, [config.clone(), config]);
    ends_as_undisturbed(&bench, &went);
}

fn killed() {
    is_continued(Fault::Kill, |outcome| *outcome == Outcome::Killed { signal: 9 });
}

fn hangs() {
    is_continued(Fault::Hang, |outcome| *outcome == Outcome::Stalled { limit_secs: 3 });
}

fn half_event() {
    // Half of "finished" is no end.
    is_continued(Fault::HalfEvent, |outcome| *outcome == Outcome::Killed { signal: 9 });
}

fn torn() {
    is_continued(Fault::TornCheckpoint, |outcome| *outcome == Outcome::Killed { signal: 9 });
}

fn memory() {
    let (bench, config, went) = faulty(Fault::Memory);
    let limit = 256 << 20;
    let ran_out = |outcome: &Outcome| match outcome {
        Outcome::OutOfMemory { limit_bytes: Some(found), peak_bytes: Some(peak), gpu: None } => {
            *found == limit && *peak > limit / 2
        }
        _ => false,
    };
    assert!(went.outcomes.len() == 2 && ran_out(&went.outcomes[0]), "{:?}", went.outcomes);
    assert_eq!(went.changes, [Change::MicroBatch { from: 32, to: 16 }]);
    assert_eq!((went.resumed.as_slice(), &went.configs[0]), ([false, false].as_slice(), &config));
    assert_eq!(went.configs[1], RunConfig { micro_batch_size: 16, ..config });
    ends_as_undisturbed(&bench, &went);
}

fn gpu_memory() {
    let (bench, config, went) = faulty(Fault::GpuMemory);
    assert!(matches!(went.outcomes[0], Outcome::OutOfMemory { gpu: Some(_), .. }), "{:?}", went.outcomes);
    assert_eq!(went.changes, [Change::MicroBatch { from: 32, to: 16 }]);
    assert_eq!(went.configs[1], RunConfig { micro_batch_size: 16, ..config });
    ends_as_undisturbed(&bench, &went);
}

fn gpu() {
    let (_, _, went) = faulty(Fault::Gpu);
    let [Outcome::Refused { class: Class::Resource, hint: Some(hint), .. }] = &went.outcomes[..] else {
        panic!("{:?}", went.outcomes)
    };
    assert!(hint.contains("a kernel reached beyond its memory") && went.changes.is_empty(), "{hint}");
}

fn disk() {
    let (bench, config, went) = faulty(Fault::Disk);
    assert!(matches!(went.outcomes[..], [Outcome::Refused { class: Class::Resource, .. }]), "{:?}", went.outcomes);
    assert!(went.changes.is_empty() && went.weights.is_none());
    // A person has made room.
    let went = bench.supervise(&config, Allowed::default(), &steady());
    assert_eq!(went.resumed, [false, true]);
    ends_as_undisturbed(&bench, &went);
}

fn filled() {
    let bench = Bench::new(None);
    let config = bench.config("fill-at-13");
    bench.disk.set(Some(7 << 20));
    let went = bench.supervise(&config, Allowed::default(), &steady());
    let [Outcome::BudgetSpent { budget: Budget::Disk, what }] = &went.outcomes[..] else { panic!("{:?}", went.outcomes) };
    assert!(what.contains("`budget.max_disk_bytes` is 7.0") && went.changes.is_empty() && went.weights.is_none(), "{what}");
    // A person gives it more.
    bench.disk.set(Some(1 << 30));
    let went = bench.supervise(&config, Allowed::default(), &steady());
    assert_eq!(went.resumed, [false, true]);
    ends_as_undisturbed(&bench, &went);
}

fn refused() {
    let (bench, _, went) = faulty(Fault::Refused);
    let [Outcome::Refused { class: Class::Sandbox, message, .. }] = &went.outcomes[..] else { panic!("{:?}", went.outcomes) };
    assert_eq!(message, "the jail refused `socket` (sockets), and then the worker died of signal 6");
    assert!(went.changes.is_empty() && went.weights.is_none());
    let ledger = std::fs::read_to_string(bench.path("run/ledger.jsonl")).expect("a ledger");
    assert!(ledger.contains(r#""event":"refused","calls":[{"call":"socket""#), "{ledger}");
}

fn clock() {
    let bench = Bench::new(None);
    let went = bench.supervise(&bench.config("seed-0"), Allowed::default(), &jumping());
    assert_eq!(went.outcomes, [Outcome::Completed]);
    ends_as_undisturbed(&bench, &went);
}

fn origin(outcome: &Outcome) -> Option<&Origin> {
    match outcome {
        Outcome::Diverged { origin, .. } => origin.as_ref(),
        _ => None,
    }
}

/// The smallest of some rates that makes it diverge.
fn growth() {
    for lr in [3.0, 10.0, 30.0, 100.0] {
        let bench = Bench::new(None);
        let mut config = bench.config("seed-0");
        config.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
        config.recipe.lr = lr;
        config.recipe.schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
        let went = bench.supervise(&config, Allowed::default(), &steady());
        if went.outcomes == [Outcome::Completed] {
            continue;
        }
        assert!(matches!(origin(&went.outcomes[0]), Some(Origin::Growth { .. })), "{:?}", went.outcomes);
        assert!(matches!(went.changes[0], Change::LowerLr { from, .. } if from == lr), "{:?}", went.changes);
        assert!(went.resumed.iter().all(|resumed| !resumed), "from the start");
        return ends_as_undisturbed(&bench, &went);
    }
    panic!("no rate made it diverge");
}

/// The smallest of some rates that leaves it finite, and worse than it was.
fn in_vain() {
    for lr in [0.3, 1.0, 3.0, 10.0, 30.0] {
        let bench = Bench::new(None);
        let mut config = bench.config("seed-0");
        config.recipe.lr = lr;
        let went = bench.supervise(&config, Allowed::default(), &steady());
        if !matches!(went.outcomes[0], Outcome::Diverged { what: Divergence::LossStayedHigh | Divergence::Collapsed, .. }) {
            continue;
        }
        assert!(matches!(origin(&went.outcomes[0]), Some(Origin::Growth { .. })), "{:?}", went.outcomes);
        let is_a_tenth = |to: f64| (to - 0.1 * lr).abs() < 1e-12 * lr;
        assert!(matches!(went.changes[0], Change::LowerLr { from, to } if from == lr && is_a_tenth(to)), "{:?}", went.changes[0]);
        assert!(went.resumed.iter().all(|resumed| !resumed), "from the start");
        return ends_as_undisturbed(&bench, &went);
    }
    panic!("no rate made it worse");
}

/// Batches of one: no other example says that it is this one's fault.
fn one_step() {
    let bench = Bench::new(Some((7, f32::MAX)));
    let mut config = bench.speech("seed-0");
    (config.recipe.batch_size, config.micro_batch_size, config.total_steps) = (1, 1, 8 * STEPS);
    config.recipe.lr = 1e-4;
    let went = bench.supervise(&config, Allowed::default(), &steady());
    for outcome in &went.outcomes {
        let Some(Origin::Operation { place, .. }) = origin(outcome) else { panic!("{outcome:?}") };
        assert!(place.operation.is_some() && place.parameter.is_some(), "{place:?}");
    }
    assert_eq!(went.outcomes.len(), MAX_ATTEMPTS);
    let kinds = went.changes.iter().map(|change| match change {
        Change::TighterClipping { .. } => "clipping",
        Change::LowerLr { .. } => "rate",
        Change::OtherOptimizer { .. } => "optimizer",
        Change::Nothing | Change::MicroBatch { .. } | Change::GradientCheckpointing | Change::LeaveOut { .. } => "another",
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["clipping", "rate", "optimizer", "rate"]);
    // A person is told.
    let page = std::fs::read_to_string(bench.path("run/runs/seed-0/review.md")).expect("a review");
    assert!(page.contains("To decide:") && page.matches("diverged at step").count() == MAX_ATTEMPTS, "{page}");
    assert!(went.said.iter().any(|line| line.contains("needs a decision")), "{:?}", went.said);
    // One who goes on grants one more attempt to what is left: from the start, for its checkpoints lead to where it diverged.
    let went = bench.supervise(&config, Allowed::default(), &steady());
    assert_eq!((went.outcomes.len(), went.resumed.last()), (MAX_ATTEMPTS + 1, Some(&false)), "{:?}", went.outcomes);
    assert_eq!(went.changes.len(), MAX_ATTEMPTS, "{:?}", went.changes);
    assert!(matches!(went.changes.last(), Some(Change::LowerLr { .. })), "{:?}", went.changes);
    assert!(went.said[0].contains("learning rate"), "{:?}", went.said);
}

fn data() {
    for value in [f32::NAN, f32::MAX] {
        an_example_that_is(value);
    }
}

fn an_example_that_is(value: f32) {
    let bench = Bench::new(Some((7, value)));
    let config = bench.speech("seed-0");
    let went = bench.supervise(&config, Allowed::default(), &steady());
    assert!(
        matches!(went.outcomes[..], [Outcome::Diverged { origin: Some(Origin::Data { example: 7 }), .. }]),
        "{:?}",
        went.outcomes
    );
    assert!(
        went.changes.is_empty() && went.reason.as_ref().is_some_and(|reason| reason.contains("example 7")),
        "{:?}",
        went.reason
    );
    // A person consents.
    let went = bench.supervise(&config, Allowed { scope_change: true, ..Allowed::default() }, &steady());
    assert_eq!(went.configs.last(), Some(&RunConfig { leave_out: vec![7], ..config }));
    assert_eq!(went.changes, [Change::LeaveOut { example: 7 }], "and it is entered, though it was refused before");
    assert_eq!(went.resumed, [false, false]);
    ends_as_undisturbed(&bench, &went);
    assert!(!bench.path("run/runs/seed-0/review.md").exists(), "nothing is left to decide");
}

fn loaded() {
    let bench = Bench::new(None);
    let config = bench.speech("seed-0");
    bench.undisturbed(&config);
    // Each finite, and so is their sum; but not what they make of each other.
    let spoiled = ["model.encoder.layers.0.fc1.weight", "model.encoder.layers.0.fc2.weight"];
    let path = bench.spoiled_weights(&bench.path("undisturbed/model.safetensors"), &spoiled, 5e35);
    let config = RunConfig { init: InitFrom::Weights { path, sha256: String::new() }, ..config };
    let went = bench.supervise(&config, Allowed::default(), &steady());
    let found: Vec<_> = went.outcomes.iter().map(origin).collect();
    let [Some(Origin::Loaded { place })] = found[..] else { panic!("{:?}", went.outcomes) };
    assert!(place.operation.is_some(), "{place:?}");
    assert!(went.changes.is_empty(), "{:?}", went.changes);
    // One who goes on where nothing is left to change is told what comes of it.
    let went = bench.supervise(&config, Allowed::default(), &steady());
    assert!(went.said[0].contains("diverges again unless something else has changed"), "{:?}", went.said);
    assert_eq!((went.outcomes.len(), &went.outcomes[0]), (2, &went.outcomes[1]), "the same steps");
}

/// `docs/faults.md` has a row for each, and no other.
fn page() {
    let page = include_str!("../../docs/faults.md");
    let rows: Vec<String> = ROWS.iter().map(|row| format!("| {} | {} | {} |", row.name, row.ends, row.then)).collect();
    let table = page.lines().skip_while(|line| !line.starts_with("| "));
    let found: Vec<&str> = table.take_while(|line| line.starts_with('|')).skip(2).collect();
    assert_eq!(found, rows);
}
