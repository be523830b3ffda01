//! What a recipe asks for is what happens: frozen parameters, means of the weights, the best evaluation, an early end.

use crate::bench::{Bench, checkpoints};
use std::collections::BTreeMap;
use tallow::job::{BestStep, Event, MonitorConfig, RunConfig};
use tallow::spec::{BestBy, EarlyStopping, Ema, Group, Keep, Metric, Sampling, Schedule, Warmup};

const FLAT: Schedule = Schedule::Constant { warmup: Warmup::Steps(0) };

fn weights(bench: &Bench, folder: &str) -> BTreeMap<String, Vec<f32>> {
    let path = bench.path(folder).join("model.safetensors");
    let tensors = candle_core::safetensors::load(path, &candle_core::Device::Cpu).expect("read");
    let values = |t: candle_core::Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
    tensors.into_iter().map(|(name, tensor)| (name, values(tensor))).collect()
}

/// Steps, whether it ended early, the best step.
fn ended(events: &[Event]) -> (u64, bool, Option<BestStep>) {
    match events.last() {
        Some(Event::Finished { step, stopped_early, best, .. }) => (*step, *stopped_early, *best),
        other => panic!("expected a finished run, found {other:?}"),
    }
}

fn monitored(events: &[Event]) -> Vec<(u64, f64, f64)> {
    let of = |event: &Event| match event {
        Event::Monitored { step, value, loss, .. } => Some((*step, *value, *loss)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn frozen_parameters_stay_and_others_move() {
    let bench = Bench::new();
    let mut config = bench.bert();
    config.recipe.groups = vec![Group { pattern: "bert.*".into(), lr_scale: 1.0, weight_decay: None, frozen: true }];
    let [short, long] = [("short", 1), ("long", 4)].map(|(folder, total_steps)| {
        let run = bench.train(&RunConfig { total_steps, ..config.clone() }, folder);
        let trainable = run.events.iter().find_map(|event| match event {
            Event::Started { num_params, num_trainable, .. } => Some((*num_params, *num_trainable)),
            _ => None,
        });
        // Only the classifier, of two classes on 16 numbers.
        assert!(trainable.is_some_and(|(all, trained)| trained == 2 * 16 + 2 && all > 1000), "{trainable:?}");
        weights(&bench, folder)
    });
    for (name, values) in &long {
        assert_eq!(*values == short[name], name.starts_with("bert."), "{name}");
    }
}

/// A mean that is not used changes nothing; one that is, is what comes out and what is scored. So is the mean of what batch norm saw.
#[test]
fn the_mean_of_the_weights() {
    let bench = Bench::new();
    for (name, config) in [("bert", bench.bert()), ("mlp", bench.mlp())] {
        the_mean_of(&bench, name, RunConfig { total_steps: 6, monitor_every_steps: 6, ..config });
    }
}

fn the_mean_of(bench: &Bench, model: &str, mut config: RunConfig) {
    let run = |config: &RunConfig, folder: &str| {
        let run = bench.train(config, &format!("{model}-{folder}"));
        (run.sha256().to_string(), monitored(&run.events))
    };
    let weights = |folder: &str| weights(bench, &format!("{model}-{folder}"));
    let plain = run(&config, "plain");
    let mut ema = Ema { decay: 0.6, warmup: false, evaluate: false };
    config.recipe.ema = Some(ema);
    assert_eq!(run(&config, "unused"), plain);
    ema.evaluate = true;
    config.recipe.ema = Some(ema);
    assert_ne!(run(&config, "used").0, plain.0);
    // By hand, from the weights after each number of steps; the rate must not depend on how many there are.
    config.recipe.schedule = FLAT;
    run(&config, "mean");
    config.recipe.ema = None;
    let after = |total_steps: u64| {
        let folder = format!("after-{total_steps}");
        run(&RunConfig { total_steps, ..config.clone() }, &folder);
        weights(&folder)
    };
    // The weights that training began with, from a step so short that it changes none; what batch norm sees it notes all the same.
    let mut still = RunConfig { total_steps: 1, ..config.clone() };
    still.recipe.lr = 1e-30;
    run(&still, "still");
    let mut expected = weights("still");
    for (name, values) in &mut expected {
        match name.rsplit('.').next() {
            Some("running_mean") => values.fill(0.0),
            Some("running_var") => values.fill(1.0),
            _ => {}
        }
    }
    for step in 1..=6 {
        for (name, values) in after(step) {
            let mean = expected.get_mut(&name).expect("the same names");
            mean.iter_mut().zip(values).for_each(|(mean, value)| *mean += 0.4 * (value - *mean));
        }
    }
    for (name, values) in weights("mean") {
        let off = values.iter().zip(&expected[&name]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-6, "{model}, {name}: off by {off}");
    }
}

/// The best weights are those of a run that ends where they were.
#[test]
fn the_best_comes_out_and_training_ends_early() {
    let bench = Bench::new();
    let mut config = RunConfig { total_steps: 40, monitor_every_steps: 2, ..bench.bert() };
    (config.recipe.schedule, config.recipe.keep, config.recipe.best_by) = (FLAT, Keep::Best, BestBy::Loss);
    config.recipe.lr = 0.05;
    config.recipe.early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 });
    config.log_every_steps = 0;
    let run = bench.train(&config, "best");
    let (step, early, best) = ended(&run.events);
    let seen = monitored(&run.events);
    let least = seen.iter().min_by(|a, b| a.2.total_cmp(&b.2)).expect("scores");
    assert_eq!((step, early, best), (least.0 + 6, true, Some(BestStep { step: least.0, value: Some(least.1) })), "{seen:?}");
    assert_eq!(run.notes("ended after step") + run.notes("the weights are those of step"), 2);
    // Nothing else tells of the last steps.
    let told: Vec<u64> = run.steps().iter().map(|told| told.step).collect();
    assert_eq!(told, [step]);

    let mut plain = RunConfig { total_steps: least.0, ..config.clone() };
    (plain.recipe.keep, plain.recipe.early_stopping) = (Keep::Last, None);
    assert_eq!(bench.train(&plain, "plain").sha256(), run.sha256());
    let last = RunConfig { total_steps: step, ..plain };
    assert_ne!(bench.train(&last, "last").sha256(), run.sha256());
}

/// Of texts of one class there is no area under a curve: nothing is worse than anything then, and nothing the best.
#[test]
fn what_has_no_score_ends_nothing() {
    let bench = Bench::new();
    let texts: Vec<_> = (0..20).map(|i| (vec![1, 9 + i, 2], 0)).collect();
    bench.write_as_texts("alike.safetensors", &texts);
    let monitor = MonitorConfig::File { path: bench.path("alike.safetensors") };
    let mut config = RunConfig { monitor, metric: Metric::Auroc, monitor_every_steps: 4, ..bench.bert() };
    config.recipe.keep = Keep::Best;
    config.recipe.early_stopping = Some(EarlyStopping { patience: 1, min_delta: 0.0 });
    let run = bench.train(&config, "unscored");
    assert_eq!(ended(&run.events), (40, false, None));
    assert_eq!((run.notes("it has no value"), run.notes("the weights are those of the last step")), (10, 1));
}

/// Where watching has a say, another watching is another run; where it has none, it is not.
#[test]
fn what_is_watched_is_part_of_a_run_that_it_decides() {
    let bench = Bench::new();
    let mut config = bench.bert();
    config.recipe.keep = Keep::Best;
    bench.attempt(&config, "first", None, Some(9)).expect("stopped");
    let other = RunConfig { monitor_every_steps: 3, ..config.clone() };
    let error = bench.attempt(&other, "second", Some("first"), None).err().expect("refused").to_string();
    assert!(error.contains("`watching.every_steps`: expected 3, found 20"), "{error}");
    let other = RunConfig { monitor: MonitorConfig::File { path: config.train.clone() }, ..config };
    let error = bench.attempt(&other, "second", Some("first"), None).err().expect("refused").to_string();
    assert!(error.contains("`watching.file`"), "{error}");
}

#[test]
fn so_many_checkpoints_are_kept() {
    let bench = Bench::new();
    let mut config = RunConfig { total_steps: 12, checkpoint_every_steps: 2, ..bench.bert() };
    for keep in [1, 2, 4] {
        config.recipe.keep_checkpoints = keep;
        let folder = format!("keep-{keep}");
        bench.train(&config, &folder);
        assert_eq!(checkpoints(&bench.path(&folder)).len(), keep);
    }
}

/// Where one class weighs nothing it is never seen: the model says the other of everything. The same weights for all are none.
#[test]
fn examples_are_drawn_by_their_weights() {
    let bench = Bench::new();
    let train = bench.path("one_class.safetensors");
    let mut config = RunConfig { train, monitor: MonitorConfig::None, ..bench.bert() };
    config.recipe.sampling = Sampling::Weighted;
    let run = bench.train(&config, "one class");
    assert!(run.steps().last().is_some_and(|step| step.loss < 0.01), "{:?}", run.steps().last());
    let weights = bench.path("one class").join("model.safetensors");
    let job = bench.evaluate_job(&config, weights, &[Metric::Accuracy]);
    let told = bench.evaluate(&job).expect("scored");
    let [.., Event::Evaluated { scores, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(scores[&Metric::Accuracy], 0.5, "half of the texts are of the class that was never drawn");
    config.recipe.sampling = Sampling::Shuffled;
    let shuffled = bench.train(&config, "shuffled");
    assert!(shuffled.steps().last().is_some_and(|step| step.loss > 0.01), "{:?}", shuffled.steps().last());
}
