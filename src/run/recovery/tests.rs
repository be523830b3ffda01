use super::*;
use crate::job::{Divergence, Origin, Place};
use crate::run::outcome::Budget;
use crate::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
use crate::store::{Decided, Entry, Record};
use proptest::prelude::*;

pub(in crate::run) fn config(batch_size: usize) -> RunConfig {
    let recipe = Recipe::bare(
        Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
        0.1,
        Schedule::linear(Warmup::Steps(5)),
        Length::Steps(100),
        batch_size,
    );
    let model = (tallow_zoo::registry()[0].tiny)();
    RunConfig {
        checkpoint_every_steps: 5,
        monitor_every_steps: 5,
        log_every_steps: 1,
        ..RunConfig::bare(Task::TextClassification, model, "train".into(), Metric::Accuracy, recipe, 100)
    }
}

fn adamw() -> Optimizer {
    Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 }
}

const MEMORY: Outcome = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None };

fn diverged(origin: Option<Origin>) -> Outcome {
    Outcome::Diverged { step: 9, what: Divergence::LossNotFinite, origin }
}

fn place() -> Place {
    Place { operation: Some("gelu".into()), parameter: Some("a.weight".into()) }
}

/// Attempts that end as told, one after the other, until recovery gives up or there is no further: the configs of all attempts, the
/// changes between them, and the last decision.
fn follow(outcomes: &[Outcome], first: RunConfig, allowed: Allowed) -> (Vec<Tried>, Vec<Change>, Decision) {
    let (mut history, mut changes, mut config) = (Vec::new(), Vec::new(), first);
    for outcome in outcomes {
        let decision = decide(outcome, &config, &history, allowed);
        history.push(Tried { config: config.clone(), outcome: outcome.clone() });
        match decision {
            Decision::Retry { change, config: next, .. } => {
                changes.push(change);
                config = *next;
            }
            end @ Decision::GiveUp { .. } => return (history, changes, end),
        }
    }
    let goes_on = Decision::Retry { change: Change::Nothing, config: Box::new(config), from: From::Start, reason: String::new() };
    (history, changes, goes_on)
}

/// The same outcome each time, until recovery gives up: with what reason.
fn exhaust(outcome: &Outcome, first: RunConfig) -> (Vec<RunConfig>, String) {
    let (history, _, end) = follow(&vec![outcome.clone(); MAX_ATTEMPTS + 1], first, Allowed::default());
    let Decision::GiveUp { reason, spent: false } = end else { panic!("{end:?}") };
    (history.into_iter().map(|tried| tried.config).collect(), reason)
}

#[test]
fn without_memory_each_attempt_is_smaller_and_the_step_is_the_same() {
    let sizes = |configs: &[RunConfig]| configs.iter().map(|c| c.micro_batch_size).collect::<Vec<_>>();
    let (configs, reason) = exhaust(&MEMORY, config(96));
    let keeping = |configs: &[RunConfig]| configs.iter().filter(|c| !c.recipe.gradient_checkpointing).count();
    assert_eq!((sizes(&configs), keeping(&configs)), (vec![96, 48, 24, 24, 12], 3));
    let as_first = |c: &RunConfig| {
        let recipe = Recipe { gradient_checkpointing: false, ..c.recipe.clone() };
        RunConfig { micro_batch_size: 96, recipe, ..c.clone() }
    };
    assert!(configs.iter().all(|c| as_first(c) == config(96)), "nothing else changes");
    assert_eq!(reason, "5 attempts did not complete: out of memory with 96, 48, 24, 24, 12 examples a forward pass");
    let (configs, reason) = exhaust(&MEMORY, config(3));
    assert_eq!((sizes(&configs), keeping(&configs)), (vec![3, 1, 1], 2));
    assert_eq!(reason, "out of memory with one example a forward pass");
}

/// By halves alone one that is far too large is never small enough.
#[test]
fn what_is_reckoned_to_fit_is_tried_at_once() {
    let sizes = |batch: usize, limit: u64, needs: Needs| {
        let outcome = Outcome::OutOfMemory { limit_bytes: Some(limit), peak_bytes: Some(1), gpu: None };
        let allowed = Allowed { needs: Some(needs), ..Allowed::default() };
        let (history, ..) = follow(&vec![outcome; MAX_ATTEMPTS], config(batch), allowed);
        history.iter().map(|tried| tried.config.micro_batch_size).collect::<Vec<_>>()
    };
    let needs = Needs { state_bytes: 4 << 20, example_bytes: 300 << 10 };
    assert_eq!(sizes(2048, 40 << 20, needs), [2048, 64, 32, 32, 16], "122 fit, and a power of two divides the batch");
    // It was taken for one that fits: the reckoning is no help, and it is halved.
    assert_eq!(sizes(64, 40 << 20, needs), [64, 32, 16, 16, 8]);
    // Not one example fits, or not even the weights do: one example is the last that can be tried.
    assert_eq!(sizes(64, (4 << 20) + 1, needs), [64, 1, 1]);
    assert_eq!(sizes(64, 1 << 20, needs), [64, 1, 1]);
    // Without a limit it is what there was when it ran out.
    let of_machine = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: Some(40 << 20), gpu: None };
    let allowed = Allowed { needs: Some(needs), ..Allowed::default() };
    let Decision::Retry { change, .. } = decide(&of_machine, &config(2048), &[], allowed) else { panic!("a retry") };
    assert_eq!(change, Change::MicroBatch { from: 2048, to: 64 });
}

/// The kinds of change, in order, of a run that diverges so again and again.
fn remedies(origin: Option<Origin>, optimizer: Optimizer) -> Vec<&'static str> {
    let mut first = config(8);
    first.recipe.optimizer = optimizer;
    let (_, changes, _) = follow(&vec![diverged(origin); MAX_ATTEMPTS], first, Allowed::default());
    let kind = |change: &Change| match change {
        Change::Nothing | Change::MicroBatch { .. } | Change::GradientCheckpointing => "none of divergence",
        Change::LowerLr { .. } => "rate",
        Change::TighterClipping { .. } => "clipping",
        Change::OtherOptimizer { .. } => "optimizer",
        Change::LeaveOut { .. } => "data",
    };
    changes.iter().map(kind).collect()
}

#[test]
fn what_is_tried_follows_from_where_it_comes_from() {
    let growth = Some(Origin::Growth { place: place(), grad_norm: None });
    let one_step = Some(Origin::Operation { place: place(), grad_norm: 0.5 });
    assert_eq!(remedies(None, adamw()), ["rate", "clipping", "optimizer", "rate"]);
    assert_eq!(remedies(growth.clone(), adamw()), ["rate", "clipping", "optimizer", "rate"]);
    assert_eq!(remedies(one_step, adamw()), ["clipping", "rate", "optimizer", "rate"]);
    for what in [Divergence::LossStayedHigh, Divergence::LossRose, Divergence::Collapsed] {
        let in_vain = Outcome::Diverged { step: 100, what, origin: growth.clone() };
        let (tried, ..) = follow(&vec![in_vain; MAX_ATTEMPTS], config(8), Allowed::default());
        let rates: Vec<f64> = tried.iter().map(|tried| tried.config.recipe.lr).collect();
        assert_eq!(rates, [0.1, 0.01, 0.001, 0.0001, 0.00001], "far too high, and no other remedy");
    }
    // Where it is known what is usual, a rate far above it is that at once; one that is near it falls as ever.
    let rates = |usual_lr: f64| -> Vec<f64> {
        let allowed = Allowed { usual_lr: Some(usual_lr), ..Allowed::default() };
        let (tried, ..) = follow(&vec![diverged(growth.clone()); 3], config(8), allowed);
        tried.iter().map(|tried| tried.config.recipe.lr).collect()
    };
    assert_eq!(rates(0.002), [0.1, 0.002, 0.002]);
    assert_eq!(rates(0.05), [0.1, 0.03, 0.03]);
    let not_finite = diverged(Some(Origin::Data { example: 7 }));
    let allowed = Allowed { usual_lr: Some(0.002), ..Allowed::default() };
    assert!(matches!(decide(&not_finite, &config(8), &[], allowed), Decision::GiveUp { .. }), "no rate mends the data");
    // Nothing says what another optimiser's rate would be.
    let sgd = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    assert_eq!(remedies(growth, sgd), ["rate", "clipping", "rate", "rate"]);
}

#[test]
fn no_rate_is_touched_for_what_it_cannot_mend() {
    let reason = |origin: Origin, allowed: Allowed| match decide(&diverged(Some(origin)), &config(8), &[], allowed) {
        Decision::GiveUp { reason, spent: false } => reason,
        Decision::Retry { change, config, from, .. } => {
            assert_eq!((change, from), (Change::LeaveOut { example: 7 }, From::Start));
            format!("without {:?} at {}", config.leave_out, config.recipe.lr)
        }
        other => panic!("{other:?}"),
    };
    let allowed = Allowed { scope_change: true, ..Allowed::default() };
    assert_eq!(
        reason(Origin::Data { example: 7 }, Allowed::default()),
        "training example 7 (from 0) is not finite, which no learning rate mends; `--allow-scope-change` trains without it"
    );
    assert_eq!(reason(Origin::Data { example: 7 }, allowed), "without [7] at 0.1");
    assert_eq!(
        reason(Origin::Loaded { place: place() }, allowed),
        "the weights that it began with give numbers that are not finite, first in `gelu` at `a.weight`: no learning rate mends that"
    );
}

#[test]
fn a_lower_rate_warms_up_longer_and_clipping_is_at_what_was_usual() {
    let Decision::Retry { config: next, from: From::Start, .. } = decide(&diverged(None), &config(8), &[], Allowed::default())
    else {
        panic!("a retry")
    };
    assert!((next.recipe.lr - 0.03).abs() < 1e-12 && next.recipe.schedule.warmup() == Warmup::Steps(10));
    let clip = |now: Option<f64>, usual: f64| {
        let mut config = config(8);
        config.recipe.grad_clip_norm = now;
        let outcome = diverged(Some(Origin::Operation { place: place(), grad_norm: usual }));
        match decide(&outcome, &config, &[], Allowed::default()) {
            Decision::Retry { change: Change::TighterClipping { to, .. }, .. } => to,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((clip(None, 0.25), clip(None, 40.0), clip(None, 0.0)), (0.25, 1.0, 1.0));
    assert_eq!((clip(Some(2.0), 0.25), clip(Some(2.0), 40.0)), (0.25, 0.6));
}

/// An experiment that clips both is refused.
#[test]
fn clipping_by_norm_takes_the_place_of_clipping_each_value() {
    let mut by_value = config(8);
    by_value.recipe.grad_clip_value = Some(0.05);
    let outcome = diverged(Some(Origin::Operation { place: place(), grad_norm: 0.25 }));
    let Decision::Retry { config: next, reason, .. } = decide(&outcome, &by_value, &[], Allowed::default()) else {
        panic!("a retry")
    };
    assert_eq!((next.recipe.grad_clip_norm, next.recipe.grad_clip_value), (Some(0.25), None));
    assert!(reason.contains("clipped at norm 0.25 instead of each value at 0.05"), "{reason}");
}

#[test]
fn accidents_are_continued_twice() {
    let (configs, reason) = exhaust(&Outcome::Killed { signal: 9 }, config(8));
    assert_eq!((configs, reason.as_str()), (vec![config(8); 3], "it ended by accident three times"));
}

#[test]
fn being_stopped_uses_up_no_attempt() {
    let tried = |outcome: Outcome| Tried { config: config(8), outcome };
    let stopped = [Outcome::Interrupted { step: 1 }, Outcome::TimedOut { limit_secs: 1 }].map(tried);
    let history = [stopped.clone(), stopped.clone(), stopped].concat();
    let accident = Outcome::Killed { signal: 9 };
    let decision = decide(&accident, &config(8), &history, Allowed::default());
    assert!(matches!(decision, Decision::Retry { change: Change::Nothing, .. }));
    let budget = Outcome::BudgetSpent { budget: Budget::Disk, what: "x".into() };
    for outcome in [Outcome::TimedOut { limit_secs: 1 }, Outcome::Interrupted { step: 1 }, Outcome::Completed, budget] {
        assert!(matches!(decide(&outcome, &config(8), &[], Allowed::default()), Decision::GiveUp { .. }), "{outcome:?}");
    }
}

#[test]
fn what_is_left_to_try_is_known_after_the_last_attempt() {
    let (history, _, end) = follow(&vec![MEMORY; MAX_ATTEMPTS], config(96), Allowed::default());
    assert!(matches!(end, Decision::GiveUp { .. }), "{end:?}");
    let (last, before) = history.split_last().expect("attempts");
    let Decision::Retry { change, .. } = proposed(&last.outcome, &last.config, before, Allowed::default()) else {
        panic!("a change")
    };
    assert_eq!(change, Change::MicroBatch { from: 12, to: 6 });
    // Where nothing is, nothing is made up.
    let data = diverged(Some(Origin::Data { example: 7 }));
    assert!(matches!(proposed(&data, &config(8), &[], Allowed::default()), Decision::GiveUp { .. }));
}

#[test]
fn fewer_attempts_may_be_given() {
    let allowed = Allowed { attempts: 2, ..Allowed::default() };
    let (history, _, end) = follow(&[MEMORY, MEMORY], config(64), allowed);
    let Decision::GiveUp { reason, spent: true } = end else { panic!("{end:?}") };
    assert_eq!((history.len(), reason.as_str()), (2, "2 attempts did not complete, and `budget.max_attempts` is 2"));
    // What nobody would try again is no matter of budgets.
    let refused = Outcome::Refused { class: crate::error::Class::Data, message: "no".into(), hint: None };
    assert!(matches!(follow(&[MEMORY, refused], config(64), allowed).2, Decision::GiveUp { spent: false, .. }));
}

#[test]
fn a_review_says_what_was_tried_and_what_to_decide() {
    let (mut history, ..) = follow(&vec![MEMORY; MAX_ATTEMPTS], config(96), Allowed::default());
    let limit = Outcome::OutOfMemory { limit_bytes: Some(1 << 30), peak_bytes: Some(1 << 30), gpu: None };
    history.iter_mut().for_each(|tried| tried.outcome = limit.clone());
    let page = review(&history).to_markdown("seed-0", "5 attempts did not complete");
    let ended = "out of memory (limit 1.0 GiB, peak 1.0 GiB)";
    let tried = [
        "1. 96 examples a forward pass, learning rate 0.1",
        "2. 48 examples a forward pass",
        "3. 24 examples a forward pass",
        "4. activations made again in backward",
        "5. 12 examples a forward pass",
    ];
    for line in tried {
        assert!(page.contains(&format!("{line}: {ended}\n")), "{line}: {page}");
    }
    assert!(page.starts_with("# seed-0 needs a decision: 5 attempts did not complete\n"), "{page}");
    assert!(page.contains("To decide:\n\n1. more memory: `--memory` above 1.0 GiB\n"), "{page}");
}

fn optimizers() -> impl Strategy<Value = Optimizer> {
    let (beta1, weight_decay) = (0.9, 0.1);
    prop::sample::select(vec![
        adamw(),
        Optimizer::Adam { beta1, beta2: 0.999, eps: 1e-8, weight_decay },
        Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay },
        Optimizer::Lion { beta1, beta2: 0.99, weight_decay },
        Optimizer::Lamb { beta1, beta2: 0.999, eps: 1e-6, weight_decay },
        Optimizer::Muon { momentum: 0.95, nesterov: true, adamw_lr: 3e-4, beta1, beta2: 0.95, eps: 1e-10, weight_decay },
        Optimizer::Adafactor { beta1: None, decay: 0.8, eps: 1e-30, clip: 1.0, scale_parameter: true, weight_decay },
    ])
}

prop_compose! {
    fn configs()(
        accumulation in 1usize..9,
        micro in 1usize..100,
        optimizer in optimizers(),
        lr in 1e-6f64..10.0,
        clip in prop::option::of(1e-3f64..100.0),
        saving in any::<bool>(),
        seed in any::<u64>(),
        steps in 1u64..100_000,
        model in prop::sample::select(tallow_zoo::registry().iter().map(|entry| entry.tiny).collect::<Vec<_>>()),
    ) -> RunConfig {
        let mut config = RunConfig { micro_batch_size: micro, seed, total_steps: steps, model: model(), ..config(micro * accumulation) };
        config.recipe.optimizer = optimizer;
        (config.recipe.lr, config.recipe.grad_clip_norm, config.recipe.gradient_checkpointing) = (lr, clip, saving);
        config
    }
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    let norm = prop_oneof![Just(0.0), 1e-6f64..1e6];
    let origin = prop_oneof![
        Just(None),
        (0usize..50).prop_map(|example| Some(Origin::Data { example })),
        Just(Some(Origin::Loaded { place: Place::default() })),
        norm.clone().prop_map(|grad_norm| Some(Origin::Operation { place: Place::default(), grad_norm })),
        prop::option::of(norm).prop_map(|grad_norm| Some(Origin::Growth { place: Place::default(), grad_norm })),
    ];
    let bytes = || prop::option::of(0u64..1 << 40);
    prop_oneof![
        2 => Just(MEMORY),
        2 => (bytes(), bytes()).prop_map(|(limit_bytes, peak_bytes)| Outcome::OutOfMemory { limit_bytes, peak_bytes, gpu: None }),
        6 => origin.prop_map(diverged),
        1 => Just(Outcome::Killed { signal: 9 }),
        1 => Just(Outcome::Crashed { exit_code: 1 }),
        1 => Just(Outcome::Stalled { limit_secs: 600 }),
        1 => Just(Outcome::Interrupted { step: 3 }),
    ]
}

prop_compose! {
    fn needs()(state_bytes in 0u64..1 << 40, example_bytes in 0u64..1 << 32) -> Needs {
        Needs { state_bytes, example_bytes }
    }
}

fn is_failure(tried: &&Tried) -> bool {
    !matches!(tried.outcome, Outcome::Interrupted { .. })
}

/// What a run with this config holds at once, as far as a change of recovery moves it; compared part by part.
fn memory(config: &RunConfig) -> [usize; 3] {
    [config.micro_batch_size, usize::from(!config.recipe.gradient_checkpointing), config.recipe.optimizer.moments()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Over random histories. A run that the user stopped goes on with the same config, as `resume` does.
    #[test]
    fn invariants(
        first in configs(),
        ends in prop::collection::vec(outcomes(), 1..12),
        scope_change in any::<bool>(),
        attempts in 1usize..6,
        needs in prop::option::of(needs()),
        usual_lr in prop::option::of(1e-6f64..1.0),
    ) {
        let allowed = Allowed { attempts, scope_change, needs, usual_lr };
        let (mut history, mut config): (Vec<Tried>, RunConfig) = (Vec::new(), first.clone());
        for outcome in ends {
            let decision = decide(&outcome, &config, &history, allowed);
            history.push(Tried { config: config.clone(), outcome: outcome.clone() });
            let failures = history.iter().filter(is_failure).count();
            match decision {
                Decision::Retry { change, config: next, from, .. } => {
                    prop_assert!(failures < attempts, "{failures} of {attempts} attempts, and another");
                    // What is tested is the same.
                    prop_assert_eq!(next.recipe.batch_size, first.recipe.batch_size);
                    prop_assert!(next.recipe.batch_size.is_multiple_of(next.micro_batch_size));
                    prop_assert_eq!((next.seed, next.total_steps, &next.train), (first.seed, first.total_steps, &first.train));
                    prop_assert_eq!((&next.model, next.recipe.max_seq_len), (&first.model, first.recipe.max_seq_len));
                    prop_assert_eq!(&next.recipe.length, &first.recipe.length);
                    prop_assert!(scope_change || next.leave_out.is_empty());
                    // Each attempt is new, but for accidents.
                    if change == Change::Nothing {
                        prop_assert_eq!(&*next, &config);
                    } else {
                        prop_assert!(history.iter().all(|tried| tried.config != *next), "tried again: {change:?}");
                    }
                    // Going on from a checkpoint means the same steps.
                    prop_assert!(from == From::Start || next.takes_the_steps_of(&config));
                    // Once memory ran out no attempt asks for more of anything.
                    if history.iter().any(|tried| matches!(tried.outcome, Outcome::OutOfMemory { .. })) {
                        let (now, then) = (memory(&next), memory(&config));
                        prop_assert!(now.iter().zip(&then).all(|(now, then)| now <= then), "{then:?} -> {now:?}");
                    }
                    prop_assert!(next.recipe.lr > 0.0 && next.recipe.grad_clip_norm.is_none_or(|norm| norm > 0.0));
                    config = *next;
                }
                Decision::GiveUp { reason, .. } => {
                    prop_assert!(!reason.is_empty());
                    if is_failure(&&history[history.len() - 1]) {
                        return Ok(());
                    }
                }
            }
            prop_assert!(history.iter().filter(is_failure).count() <= MAX_ATTEMPTS);
        }
    }
}

/// What a report says was trained is the config of the last attempt, to the bit: the changes of a ledger lead there.
#[test]
fn the_ledger_leads_to_the_last_config() {
    let muon =
        Optimizer::Muon { momentum: 0.95, nesterov: true, adamw_lr: 1.2, beta1: 0.9, beta2: 0.95, eps: 1e-10, weight_decay: 0.0 };
    let loss = |what| Outcome::Diverged { step: 9, what, origin: None };
    let grew = loss(Divergence::LossNotFinite);
    for outcomes in [
        vec![grew.clone(), loss(Divergence::LossStayedHigh)],
        vec![grew.clone(), grew.clone(), grew.clone(), grew.clone()],
        vec![MEMORY, MEMORY, grew.clone(), Outcome::Killed { signal: 9 }],
    ] {
        let mut first = config(64);
        (first.recipe.optimizer, first.recipe.lr) = (muon.clone(), 1.0);
        let (_, changes, end) = follow(&outcomes, first.clone(), Allowed::default());
        let Decision::Retry { config: last, .. } = end else { panic!("{end:?}") };
        let record = |change: &Change| Record::Recovery {
            run: first.name.clone(),
            attempt: 1,
            decision: Decided::Changed(change.clone()),
            reason: "it diverged".into(),
        };
        let rows =
            (1..).zip(&changes).map(|(row, change)| Entry { row, at: String::new(), before: None, record: record(change) });
        let written = rows.map(|entry| serde_json::to_string(&entry).expect("JSON"));
        let ledger: Vec<Entry> = written.map(|line| serde_json::from_str(&line).expect("a row")).collect();
        assert_eq!(crate::report::as_trained(&first, &ledger), *last, "{changes:?}");
    }
}
