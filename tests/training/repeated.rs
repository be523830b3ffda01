//! The same run gives the same bits: with any number of threads, after a stop at any step, with a damaged checkpoint, and whatever is
//! logged, watched or saved on the way.

use crate::bench::{Bench, checkpoints};
use std::path::Path;
use tallow::error::{Class, Failure};
use tallow::job::{MonitorConfig, RunConfig};
use tallow::spec::{Optimizer, Recipe, Schedule, Warmup};
use tallow::trainer::Finish;

/// With activations kept or made again, too.
#[test]
fn any_number_of_threads() {
    let bench = Bench::new();
    for (name, config) in bench.all().into_iter().chain(bench.recipes()) {
        let run =
            |threads: usize, folder: &str| bench.train(&RunConfig { threads, ..config.clone() }, &format!("{name}-{folder}"));
        let first = run(2, "a");
        for (threads, folder) in [(2, "b"), (1, "c"), (4, "d")] {
            let again = run(threads, folder);
            assert_eq!(first.numbers_after(0), again.numbers_after(0), "{name}, {threads} threads");
            assert_eq!(first.sha256(), again.sha256(), "{name}, {threads} threads");
        }
        let recipe = Recipe { gradient_checkpointing: true, ..config.recipe.clone() };
        let again = bench.train(&RunConfig { recipe, ..config.clone() }, &format!("{name}-checkpointing"));
        assert_eq!(first.sha256(), again.sha256(), "{name}, activations made again");
        let other = bench.train(&RunConfig { seed: 1, ..config.clone() }, &format!("{name}-e"));
        assert_ne!(first.sha256(), other.sha256(), "{name}: another seed");
    }
}

/// Each attempt takes one step, of 10 over three epochs; into folders of their own and into the same one by turns.
#[test]
fn resumed_at_every_step() {
    let bench = Bench::new();
    for (name, config) in bench.all().into_iter().chain(bench.recipes()) {
        let config = RunConfig { total_steps: 10, log_every_steps: 1, checkpoint_every_steps: 0, ..config };
        let whole = bench.train(&config, &format!("{name}-whole"));
        let folder = |step: u64| format!("{name}-{}", step / 2);
        for step in 0..config.total_steps {
            let from = (step > 0 && step.is_multiple_of(2)).then(|| folder(step - 1));
            let attempt = bench.attempt(&config, &folder(step), from.as_deref(), Some(step + 1)).expect("an attempt");
            assert_eq!(attempt.started(), (step, step > 0), "{name}");
            let expected: Vec<_> = whole.numbers_after(step).into_iter().take(1).collect();
            assert_eq!(attempt.numbers_after(0), expected, "{name}, step {step}");
            let model = bench.path(&folder(step)).join("model.safetensors");
            if step + 1 < config.total_steps {
                assert_eq!((&attempt.finish, model.exists()), (&Finish::Stopped { step: step + 1 }, false), "{name}");
            } else {
                assert_eq!(attempt.sha256(), whole.sha256(), "{name}");
                assert_eq!(attempt.work_done(), whole.work_done(), "work is counted over all attempts");
            }
        }
    }
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let bench = Bench::new();
    let config = bench.bert();
    let whole = bench.train(&config, "whole");
    let stopped = |folder: &str| {
        bench.attempt(&config, folder, None, Some(15)).expect("stopped");
        let files = checkpoints(&bench.path(folder));
        assert_eq!(files.len(), 2, "{files:?}");
        files
    };
    let cut = |path: &Path| {
        let bytes = std::fs::read(path).expect("read");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("cut");
    };
    let turn_a_bit = |path: &Path| {
        let mut bytes = std::fs::read(path).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(path, bytes).expect("written");
    };
    let empty = |path: &Path| std::fs::write(path, "").expect("written");
    type Damage<'a> = (&'a str, &'a dyn Fn(&Path));
    let damages: [Damage; 3] = [("cut", &cut), ("bit", &turn_a_bit), ("empty", &empty)];
    for (name, damage) in damages {
        damage(&stopped(name)[1]);
        let run = bench.attempt(&config, name, None, None).expect("trained");
        assert_eq!((run.started(), run.notes("passed over"), run.sha256()), ((14, true), 1, whole.sha256()), "{name}");
    }
    stopped("both").iter().for_each(|path| cut(path));
    let run = bench.attempt(&config, "both", None, None).expect("trained");
    assert_eq!((run.started(), run.notes("passed over"), run.sha256()), ((0, false), 2, whole.sha256()));
}

#[test]
fn a_checkpoint_of_another_run_is_refused_and_says_what_differs() {
    let bench = Bench::new();
    let config = bench.bert();
    bench.attempt(&config, "first", None, Some(9)).expect("stopped");
    let attempt = |change: &dyn Fn(&mut RunConfig)| {
        let mut other = config.clone();
        change(&mut other);
        bench.attempt(&other, "second", Some("first"), Some(12))
    };
    let refused = |change: &dyn Fn(&mut RunConfig), words: &[&str]| {
        let error = attempt(change).err().expect("refused");
        assert_eq!((error.class(), error.hint().is_some()), (Class::Spec, true), "{error}");
        words.iter().for_each(|word| assert!(error.to_string().contains(word), "`{word}` in: {error}"));
    };
    refused(&|c| c.seed = 5, &["of another run: `seed`: expected 5, found 0"]);
    let several = |c: &mut RunConfig| {
        c.recipe.lr = 0.5;
        c.total_steps = 41;
        c.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.01 };
        c.recipe.schedule = Schedule::linear(Warmup::Steps(4));
    };
    refused(
        &several,
        &[
            "`recipe.lr`: expected 0.5, found 0.01; ",
            "`total_steps`: expected 41, found 40",
            "`recipe.optimizer.kind`: expected \"sgd\"",
            "`recipe.optimizer.beta1`: expected nothing, found 0.9",
            "`recipe.schedule.warmup.steps`: expected 4, found nothing",
        ],
    );
    refused(
        &|c| c.model = c.model.clone().with_labels(&["bad".into(), "good".into()]),
        &["`model.head.classes`", "\"good\"", "\"better\""],
    );
    refused(&|c| c.monitor = MonitorConfig::None, &["`monitor.hold_out`: expected 0, found 40"]);
    bench.write_as_texts("others.safetensors", &vec![(vec![1, 8, 2], 0); 160]);
    refused(&|c| c.train = bench.path("others.safetensors"), &["`train`"]);
    assert!(!bench.path("second").join("checkpoint").exists(), "nothing was written");

    // What changes no number, and how a step is cut, which memory decides.
    let harmless = |c: &mut RunConfig| {
        c.name = "again".into();
        c.micro_batch_size = 8;
        c.threads = 1;
        (c.checkpoint_every_steps, c.monitor_every_steps, c.log_every_steps) = (3, 5, 1);
    };
    let run = attempt(&harmless).expect("goes on");
    assert_eq!((run.started(), run.finish), ((9, true), Finish::Stopped { step: 12 }));
}

#[test]
fn logging_watching_and_saving_change_nothing() {
    let bench = Bench::new();
    for (name, config) in bench.all() {
        let sha256 = |each: u64, monitor: MonitorConfig| {
            let folder = format!("{name}-{each}-{}", matches!(monitor, MonitorConfig::None));
            let mut config = RunConfig { total_steps: 12, monitor, ..config.clone() };
            (config.log_every_steps, config.monitor_every_steps, config.checkpoint_every_steps) = (each, each, each);
            bench.train(&config, &folder).sha256().to_string()
        };
        let never = sha256(0, MonitorConfig::None);
        for each in [0, 1, 5] {
            assert_eq!(sha256(each, MonitorConfig::File { path: config.train.clone() }), never, "{name}, each {each} steps");
        }
    }
}
