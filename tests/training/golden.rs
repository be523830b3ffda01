//! The losses of the first steps of every kind of run as they were when they were written down, bit for bit.
//!
//! Products are summed in an order that follows a processor's registers and caches, so each kind of processor has its own list in
//! `golden.json`. Where there is none for this one, the losses are those of the first list to 1 in 1000, and the file's order is kept.
//! `UPDATE_GOLDEN=1` writes those of this processor, and takes out those of all others if they had been computed otherwise.

use crate::bench::Bench;
use std::collections::BTreeMap;
use std::path::Path;
use tallow::job::{MonitorConfig, RunConfig};

const STEPS: u64 = 6;

/// Losses of each kind of run, as shortest decimal numbers: they read back to the bit.
type Losses = BTreeMap<String, Vec<String>>;

/// By the name of the processor.
type Golden = BTreeMap<String, Losses>;

/// The first processor of this machine: its name, which many have in common, its model and its cache.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let found = text.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name));
        found.map_or("", |(_, value)| value.trim())
    };
    let [name, family, model, cache] = ["model name", "cpu family", "model", "cache size"].map(field);
    format!("{name}, family {family}, model {model}, cache {cache}")
}

fn losses(bench: &Bench) -> Losses {
    let of = |name: &str, config: RunConfig| {
        let config = RunConfig { log_every_steps: 1, total_steps: STEPS, monitor: MonitorConfig::None, ..config };
        bench.train(&config, name).steps().iter().map(|step| step.loss.to_string()).collect()
    };
    bench.all().into_iter().chain(bench.recipes()).map(|(name, config)| (name.into(), of(name, config))).collect()
}

#[test]
fn losses_are_as_they_were() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/training/golden.json");
    let golden: Golden =
        std::fs::read_to_string(&path).map_or_else(|_| Golden::new(), |text| serde_json::from_str(&text).expect("losses"));
    let (here, found) = (processor(), losses(&Bench::new()));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let mut golden = golden;
        // Losses of another processor are as old as those that are replaced.
        if golden.get(&here).is_some_and(|before| *before != found) {
            golden.clear();
        }
        golden.insert(here, found);
        std::fs::write(&path, serde_json::to_string_pretty(&golden).expect("JSON") + "\n").expect("written");
        return;
    }
    let names = |losses: &Losses| losses.keys().cloned().collect::<Vec<_>>();
    match (golden.get(&here), golden.values().next()) {
        (Some(expected), _) => {
            for (name, losses) in &found {
                assert_eq!(Some(losses), expected.get(name), "{name}: UPDATE_GOLDEN=1 writes them anew");
            }
            assert_eq!(names(&found), names(expected), "UPDATE_GOLDEN=1 writes them anew");
        }
        (None, Some(expected)) => {
            assert_eq!(names(&found), names(expected), "UPDATE_GOLDEN=1 writes them anew");
            let number = |loss: &String| loss.parse::<f64>().expect("a number");
            for (name, losses) in &found {
                let close = |(a, b): (&String, &String)| (number(a) / number(b) - 1.0).abs() < 1e-3;
                let all = losses.len() == expected[name].len() && losses.iter().zip(&expected[name]).all(close);
                assert!(all, "{name} on {here}: expected {:?} to 1 in 1000, found {losses:?}", expected[name]);
            }
        }
        (None, None) => panic!("{} holds no losses: UPDATE_GOLDEN=1 writes them", path.display()),
    }
}

/// Activations that are made again give the same losses, bit for bit, as those that are kept.
#[test]
fn losses_do_not_depend_on_what_is_kept() {
    let bench = Bench::new();
    for (name, config) in
        [("t5", bench.text_to_text()), ("whisper", bench.speech()), ("dora", bench.dora()), ("bert", bench.bert())]
    {
        let losses = |gradient_checkpointing: bool| {
            let mut config = RunConfig { log_every_steps: 1, total_steps: STEPS, ..config.clone() };
            config.recipe.gradient_checkpointing = gradient_checkpointing;
            bench.train(&config, &format!("{name}-{gradient_checkpointing}")).numbers_after(0)
        };
        assert_eq!(losses(true), losses(false), "{name}");
    }
}
