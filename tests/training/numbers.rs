//! What is computed: that models learn, and that batches, rates and subsets are what the config says.

use crate::bench::Bench;
use std::collections::BTreeMap;
use std::f64::consts::FRAC_PI_2;
use tallow::error::{Class, Failure};
use tallow::eval::Guess;
use tallow::job::{Divergence, EvaluateJob, Event, InitFrom, MonitorConfig, Origin, RunConfig};
use tallow::spec::{Metric, Optimizer, Schedule, Task, Warmup};
use tallow::trainer::{self, BatchShape, Finish};
use tallow_zoo::{Head, ModelConfig};

#[test]
fn a_profile_accounts_for_the_whole_step() {
    let bench = Bench::new();
    let texts = BatchShape::Texts { batch: 4, tokens: 9, vocab_size: 30 };
    let images = BatchShape::Images { batch: 4, channels: 3, height: 8, width: 8 };
    for (config, shape, op) in [(bench.bert(), texts, "linear"), (bench.resnet(), images, "conv2d")] {
        let mut told = Vec::new();
        let profiled = trainer::profile(&config, shape, 3, &mut |step| told.push(step)).expect("profiled");
        assert_eq!(told, [1, 2, 3]);
        let row = |name: &str| profiled.rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no {name}"));
        assert!(row(op).calls > 1 && row(op).forward_secs > 0.0 && row(op).backward_secs > 0.0 && row(op).floor_secs > 0.0);
        // Forward counts what the model's own estimate counts.
        let size = if let BatchShape::Texts { tokens, .. } = shape { tokens } else { 8 };
        let counted = profiled.rows.iter().map(|row| row.flops).sum::<f64>() / 3.0;
        let estimated = config.model.forward_flops(4, size);
        assert!((0.9..1.2).contains(&(counted / estimated)), "{counted} of {estimated}");
        let told: f64 = profiled.rows.iter().map(|row| row.secs()).sum();
        assert!(profiled.min_secs <= profiled.median_secs && told >= profiled.min_secs && profiled.product_share() > 0.0);
        assert!(profiled.rows.windows(2).all(|two| two[0].secs() >= two[1].secs()) && row("optimiser").calls == 1);
    }
    let wrong = trainer::profile(&bench.bert(), images, 1, &mut |_| {}).expect_err("images for a model of texts");
    assert!(wrong.to_string().contains("images"), "{wrong}");
}

#[test]
fn models_learn_and_are_scored() {
    let bench = Bench::new();
    for (name, config) in [("bert", bench.bert()), ("resnet", bench.resnet())] {
        let run = bench.train(&config, name);
        let steps = run.steps();
        let (first, last) = (steps[0].loss, steps[steps.len() - 1].loss);
        assert!(last < 0.5 * first, "{name}: the loss went from {first} to {last}");
        assert_eq!(steps.len() as u64, config.total_steps.div_ceil(3), "a line each three steps, and the last");

        let monitored: Vec<f64> =
            run.events.iter().filter_map(|e| if let Event::Monitored { value, .. } = e { Some(*value) } else { None }).collect();
        assert_eq!(monitored.len(), 2, "{name}");
        assert!(monitored[1] >= 0.9, "{name}: accuracy {} on what was kept out", monitored[1]);

        let weights = bench.path(name).join("model.safetensors");
        assert_eq!(run.sha256(), tallow::data::sha256_of_file(&weights).expect("read"));
        let job = bench.evaluate_job(&config, weights, &[Metric::Accuracy, Metric::MacroF1, Metric::Matthews]);
        let told = bench.evaluate(&job).expect("evaluated");
        let [.., Event::Evaluated { examples, scores, loss, .. }] = told.as_slice() else { panic!("{told:?}") };
        let predictions = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
        let lines: Vec<serde_json::Value> = predictions.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((lines.len(), lines[5]["index"].as_u64()), (*examples, Some(5)));
        let right = lines.iter().filter(|line| line["label"] == line["predicted"]).count();
        assert_eq!(scores[&Metric::Accuracy], right as f64 / *examples as f64);
        assert!(scores[&Metric::Matthews] > 0.8 && *loss < 0.5, "{name}: {scores:?}, loss {loss}");
    }
}

/// Numbers are learnt on a scale of their own; what is saved, told and scored is in their unit, whose spread is about 86.
#[test]
fn values_are_learnt_and_scored_in_their_own_unit() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 150, ..bench.regression() };
    let run = bench.train(&config, "values");
    let steps = run.steps();
    let (first, last) = (steps[0].loss, steps[steps.len() - 1].loss);
    assert!(first > 3000.0 && last < 3000.0, "squared errors of {first} and {last}");
    let monitored = |e: &Event| if let Event::Monitored { value, loss, .. } = e { Some((*value, *loss)) } else { None };
    let (rmse, loss) = run.events.iter().rev().find_map(monitored).expect("watched");
    assert!(rmse < 60.0 && (rmse * rmse / loss - 1.0).abs() < 1e-9, "{rmse} {loss}");

    let weights = bench.path("values").join("model.safetensors");
    let metrics = [Metric::Rmse, Metric::R2, Metric::Spearman];
    let mut job = bench.evaluate_job(&config, weights.clone(), &metrics);
    job.guess = Some(Guess::Value { value: 1000.0 });
    let told = bench.evaluate(&job).expect("scored");
    let [.., Event::Evaluated { scores, intervals, baseline, loss, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert!(scores[&Metric::R2] > 0.6 && scores[&Metric::Spearman] > 0.7, "{scores:?}");
    assert!((scores[&Metric::Rmse].powi(2) / loss - 1.0).abs() < 1e-9, "{scores:?} {loss}");
    let [low, high] = intervals[&Metric::Rmse];
    assert!(low < scores[&Metric::Rmse] && scores[&Metric::Rmse] < high, "{intervals:?}");
    assert!(baseline.is_some_and(|guess| guess > 1.5 * scores[&Metric::Rmse]), "{baseline:?}");
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert!((line["predicted"].as_f64().expect("a number") - line["value"].as_f64().expect("a number")).abs() < 150.0, "{line}");

    // Going on from such a model begins where it ended.
    let init = InitFrom::Weights { path: weights, sha256: String::new() };
    let mut config = RunConfig { init, total_steps: 3, ..config };
    config.recipe.lr = 1e-6;
    let again = bench.train(&config, "again");
    assert!(again.steps()[0].loss < 3.0 * last, "{} after {last}", again.steps()[0].loss);
}

/// Of numbers that nearly nothing tells, batches lose now half and now twice as much, and hardly less in the end: no rate was too high.
#[test]
fn little_that_can_be_told_is_no_divergence() {
    let bench = Bench::new();
    bench.write_noise(2000);
    let mlp = bench.mlp();
    let mut config = RunConfig {
        task: Task::TabularRegression,
        metric: Metric::R2,
        model: mlp.model.clone().with_head(Head::Value),
        train: bench.path("noise.safetensors"),
        monitor: MonitorConfig::None,
        total_steps: 125,
        ..mlp
    };
    config.recipe.batch_size = 16;
    config.recipe.lr = 1e-3;
    for seed in 0..20 {
        config.seed = seed;
        let run = bench.train(&config, &format!("noise-{seed}"));
        assert!(matches!(run.finish, Finish::Completed { .. }), "seed {seed}: {:?}", run.events.last());
    }
}

/// One example alone has no statistics over a batch.
#[test]
fn batch_norm_trains_where_one_example_is_left() {
    let bench = Bench::new();
    let mut config = RunConfig { max_train_examples: Some(33), total_steps: 6, ..bench.mlp() };
    for (batch, micro) in [(16, 16), (32, 16), (32, 32), (4, 4)] {
        (config.recipe.batch_size, config.micro_batch_size) = (batch, micro);
        let run = bench.train(&config, &format!("left-{batch}-{micro}"));
        assert!(matches!(run.finish, Finish::Completed { .. }), "{batch} {micro}: {:?}", run.events.last());
    }
}

#[test]
fn several_labels_are_learnt_each_by_itself() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 200, ..bench.multi_label() };
    bench.train(&config, "labels");
    let weights = bench.path("labels").join("model.safetensors");
    let mut job = bench.evaluate_job(&config, weights, &[Metric::MicroF1, Metric::SubsetAccuracy, Metric::Auroc]);
    job.guess = Some(Guess::Labels { often: vec![false, true, false] });
    let told = bench.evaluate(&job).expect("scored");
    let [.., Event::Evaluated { scores, intervals, baseline, loss, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert!(scores[&Metric::MicroF1] > 0.4 && scores[&Metric::Auroc] > 0.65 && *loss < 0.5, "{scores:?} {loss}");
    assert!(baseline.is_some_and(|guess| guess < 0.6), "{baseline:?}");
    assert!(intervals.contains_key(&Metric::MicroF1) && !intervals.contains_key(&Metric::SubsetAccuracy), "a share has Wilson's");
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert!(line["labels"].is_array() && line["predicted"].is_array(), "{line}");
}

/// Words that are not seen are told as such, and never right.
#[test]
fn words_are_tagged_and_entities_counted() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 150, ..bench.tagger() };
    bench.train(&config, "tags");
    let weights = bench.path("tags").join("model.safetensors");
    let told = bench.evaluate(&bench.evaluate_job(&config, weights, &[Metric::EntityF1, Metric::Accuracy])).expect("scored");
    let [.., Event::Evaluated { scores, intervals, loss, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert!(scores[&Metric::EntityF1] > 0.7 && *loss < 0.4, "{scores:?} {loss}");
    assert!((0.7..=6.0 / 7.0).contains(&scores[&Metric::Accuracy]), "{scores:?}");
    assert_eq!(intervals.len(), 2, "sentences are drawn for both");
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!((line["tags"].as_array().map(Vec::len), line["predicted"][6].is_null()), (Some(7), true), "{line}");
}

/// What is heard is written: nearly every word is right, and what every text begins with is given, not told.
#[test]
fn what_is_said_is_written() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 400, monitor_every_steps: 100, ..bench.speech() };
    bench.train(&config, "heard");
    let weights = bench.path("heard").join("model.safetensors");
    let metrics: Vec<Metric> = Metric::usual(config.task).collect();
    let job = bench.evaluate_job(&config, weights, &metrics);
    let told = bench.evaluate(&job).expect("scored");
    let Some(Event::Evaluated { scores, intervals, loss, examples, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!((scores.len(), *examples), (metrics.len(), 160));
    assert!(scores[&Metric::Wer] < 0.1 && scores[&Metric::ExactMatch] > 0.8, "{scores:?}");
    assert!((scores[&Metric::Perplexity] - loss.exp()).abs() < 1e-9);
    assert!(intervals.contains_key(&Metric::Wer), "{intervals:?}");
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(line["source"], "0.wav", "what a recording is called");
    // Words that are suppressed are not written.
    let writing = config.writing.clone().map(|writing| tallow::job::Writing { suppress_tokens: vec![3, 4, 5, 6], ..writing });
    let told = bench.evaluate(&EvaluateJob { writing, ..job.clone() }).expect("scored");
    let Some(Event::Evaluated { scores, .. }) = told.last() else { panic!("{told:?}") };
    assert!(scores[&Metric::Wer] >= 1.0, "{scores:?}");
}

/// Words are written from behind: what is written equals its reference, and is told of; the best by what is written comes out.
#[test]
fn texts_are_written_from_others() {
    let bench = Bench::new();
    let mut config = RunConfig { total_steps: 400, monitor_every_steps: 100, ..bench.text_to_text() };
    config.recipe.keep = tallow::spec::Keep::Best;
    let run = bench.train(&config, "written");
    let watched: Vec<(Metric, f64)> = run
        .events
        .iter()
        .filter_map(|e| if let Event::Monitored { metric, value, .. } = e { Some((*metric, *value)) } else { None })
        .collect();
    assert!(watched.len() == 4 && watched.iter().all(|(metric, _)| *metric == Metric::Chrf), "{watched:?}");
    let weights = bench.path("written").join("model.safetensors");
    let metrics: Vec<Metric> = Metric::usual(config.task).collect();
    let job = EvaluateJob { guess: Some(tallow::eval::Guess::Source), ..bench.evaluate_job(&config, weights, &metrics) };
    let told = bench.evaluate(&job).expect("scored");
    let sampled = told.iter().filter(|e| matches!(e, Event::Sampled { .. })).count();
    let Some(Event::Evaluated { scores, intervals, baseline, loss, examples, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!((scores.len(), sampled, *examples), (metrics.len(), 2, 160));
    assert!(scores[&Metric::Bleu] > 50.0 && scores[&Metric::Chrf] > 60.0 && scores[&Metric::ExactMatch] > 0.3, "{scores:?}");
    assert!((scores[&Metric::Perplexity] - loss.exp()).abs() < 1e-9);
    assert!(baseline.is_some_and(|copied| copied < scores[&Metric::Bleu]), "{baseline:?}");
    assert!(intervals.contains_key(&Metric::Bleu) && !intervals.contains_key(&Metric::ExactMatch), "{intervals:?}");
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
    assert_eq!(lines.lines().count(), 160);
    // Beams are no worse at what they look for.
    let writing = config.writing.clone().map(|writing| tallow::job::Writing { num_beams: 3, ..writing });
    let told = bench.evaluate(&EvaluateJob { writing, ..job.clone() }).expect("scored");
    let Some(Event::Evaluated { scores: by_beams, .. }) = told.last() else { panic!("{told:?}") };
    assert!(by_beams[&Metric::Chrf] > scores[&Metric::Chrf] - 5.0, "{by_beams:?}, greedily {scores:?}");
    // Without a tokenizer nothing is written, and so nothing of it is told.
    let error = bench.evaluate(&EvaluateJob { writing: None, ..job }).expect_err("no score").to_string();
    assert!(error.contains("BLEU"), "{error}");
}

#[test]
fn questions_are_answered() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 150, ..bench.answers() };
    bench.train(&config, "answers");
    let weights = bench.path("answers").join("model.safetensors");
    let told = bench.evaluate(&bench.evaluate_job(&config, weights, &[Metric::AnswerF1, Metric::ExactMatch])).expect("scored");
    let [.., Event::Evaluated { scores, examples, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert!(scores[&Metric::AnswerF1] >= scores[&Metric::ExactMatch] && scores[&Metric::ExactMatch] > 0.5, "{scores:?}");
    assert_eq!(*examples, 160);
    let lines = std::fs::read_to_string(bench.path("predictions.jsonl")).expect("there");
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(line["answers"], serde_json::json!([]), "the first has none");
}

/// Hidden words are told from both sides: most tokens are the one before plus one.
#[test]
fn hidden_words_are_learnt_from_all_others() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 400, ..bench.masked() };
    let run = bench.train(&config, "masked");
    assert!(run.steps()[0].loss > 3.0, "{:?}", run.steps()[0]);
    let weights = bench.path("masked").join("model.safetensors");
    let job = bench.evaluate_job(&config, weights, &[Metric::Perplexity, Metric::MaskedAccuracy]);
    let (told, again) = (bench.evaluate(&job).expect("scored"), bench.evaluate(&job).expect("scored"));
    let scores = |told: &[Event]| match told {
        [.., Event::Evaluated { scores, loss, .. }] => (scores.clone(), *loss),
        other => panic!("{other:?}"),
    };
    let (found, loss) = scores(&told);
    assert!(
        (found[&Metric::Perplexity] - loss.exp()).abs() < 1e-12
            && found[&Metric::MaskedAccuracy] > 0.18
            && found[&Metric::Perplexity] < 9.0,
        "{found:?}"
    );
    assert_eq!(scores(&again), (found, loss), "the same words are hidden each time");
}

/// A language model learns what mostly follows what; its perplexity is that of its loss, told of all tokens but the stream's last.
#[test]
fn words_are_learnt_from_those_before() {
    let bench = Bench::new();
    let config = RunConfig { total_steps: 120, ..bench.gpt() };
    let run = bench.train(&config, "gpt");
    let steps = run.steps();
    assert!(steps[0].loss > 3.0 && steps[steps.len() - 1].loss < 1.5, "{:?} {:?}", steps[0], steps[steps.len() - 1]);
    let job = EvaluateJob {
        task: config.task,
        model: config.model.clone(),
        weights: bench.path("gpt").join("model.safetensors").into(),
        reference: None,
        writing: None,
        similarity: None,
        samples: None,
        data: config.train.clone(),
        normalize: None,
        metrics: vec![Metric::Perplexity, Metric::BitsPerByte],
        guess: None,
        batch_size: 16,
        threads: 2,
        out: bench.path("scored"),
    };
    let events = bench.evaluate(&job).expect("scored");
    let Some(Event::Evaluated { examples, scores, loss, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(*examples, 125);
    assert!((scores[&Metric::Perplexity] - loss.exp()).abs() < 1e-12 && *loss < 1.2, "{loss}");
    assert!((scores[&Metric::BitsPerByte] - loss / std::f64::consts::LN_2 * 999.0 / 1000.0).abs() < 1e-12);
}

#[test]
fn accumulation_equals_the_whole_batch() {
    let bench = Bench::new();
    let mut config = bench.bert();
    accumulates(&bench, &mut config, "bert");
    // Of targets of several lengths each token counts alike.
    let mut config = bench.text_to_text();
    accumulates(&bench, &mut config, "written");
    let mut config = bench.speech();
    accumulates(&bench, &mut config, "heard");
}

fn accumulates(bench: &Bench, config: &mut RunConfig, name: &str) {
    config.recipe.dropout = Some(0.0);
    config.recipe.lr = 0.1;
    config.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    config.recipe.schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
    // 120 examples in batches of 32: one of each four steps holds 24, which 16 cuts into unequal parts.
    config.total_steps = 5;
    let weights = |micro_batch_size: usize| {
        let folder = format!("{name}-micro-{micro_batch_size}");
        bench.train(&RunConfig { micro_batch_size, ..config.clone() }, &folder);
        let path = bench.path(&folder).join("model.safetensors");
        let tensors = candle_core::safetensors::load(path, &candle_core::Device::Cpu).expect("read");
        let values = |t: candle_core::Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
        tensors.into_iter().map(|(name, tensor)| (name, values(tensor))).collect::<BTreeMap<String, Vec<f32>>>()
    };
    let whole = weights(32);
    for micro_batch_size in [16, 8, 1] {
        for (name, values) in weights(micro_batch_size) {
            let off = values.iter().zip(&whole[&name]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off <= 1e-6, "`{name}` in parts of {micro_batch_size}: off by {off}");
        }
    }
}

#[test]
fn rates_are_those_of_the_closed_forms() {
    let bench = Bench::new();
    let (peak, warmup, total) = (0.004, 3u64, 12u64);
    let check = |name: &str, schedule: Schedule, after: &dyn Fn(f64) -> f64| {
        let mut config = RunConfig { log_every_steps: 1, total_steps: total, monitor: MonitorConfig::None, ..bench.bert() };
        (config.recipe.lr, config.recipe.schedule) = (peak, schedule);
        for step in bench.train(&config, name).steps() {
            // The event counts steps done.
            let at = step.step - 1;
            let expected = if at < warmup {
                peak * at as f64 / warmup as f64
            } else {
                peak * after((at - warmup) as f64 / (total - warmup) as f64)
            };
            assert!((step.lr - expected).abs() < 1e-15, "{name}, step {at}: expected {expected}, found {}", step.lr);
        }
    };
    let warmup = Warmup::Frac(0.25);
    check("constant", Schedule::Constant { warmup }, &|_| 1.0);
    check("linear", Schedule::linear(warmup), &|done| 1.0 - done);
    check("cosine", Schedule::cosine(warmup), &|done| (FRAC_PI_2 * done).cos().powi(2));
    // At steps 6 and 9 of 12: a third and two thirds of the way from step 3.
    let at_frac = vec![0.5, 0.75];
    let stairs = |done: f64| [1.0, 0.1, 0.01][usize::from(done > 0.33) + usize::from(done > 0.66)];
    check("step", Schedule::Step { warmup, at_frac, factor: 0.1 }, &stairs);
}

#[test]
fn divergence_is_told_and_leaves_no_model() {
    let bench = Bench::new();
    for (name, mut config) in [("bert", bench.bert()), ("resnet", bench.resnet())] {
        config.recipe.lr = 1e6;
        config.recipe.grad_clip_norm = None;
        config.recipe.schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
        let run = bench.train(&config, name);
        let Some(Event::Diverged { step, what, value, origin: Some(Origin::Growth { .. }) }) = run.events.last() else {
            panic!("{name}: {:?}", run.events.last())
        };
        assert_eq!(run.finish, Finish::Diverged { step: *step });
        let shown = if *what == Divergence::LossExploded { *value > 10.0 * 2f64.ln() } else { !value.is_finite() };
        assert!(*step < 20 && shown, "{name}: {what:?}, {value} at step {step}");
        assert!(!bench.path(name).join("model.safetensors").exists());
    }
}

/// A last step whose update is too large leaves no loss that could show it.
#[test]
fn weights_that_are_not_finite_are_no_model() {
    let bench = Bench::new();
    let mut config = RunConfig { total_steps: 1, monitor_every_steps: 1, ..bench.bert() };
    config.recipe.lr = 1e300;
    config.recipe.schedule = Schedule::Constant { warmup: Warmup::Steps(0) };
    let run = bench.train(&config, "last");
    assert_eq!(run.finish, Finish::Diverged { step: 1 });
    assert!(
        matches!(
            run.events.last(),
            Some(Event::Diverged { what: Divergence::WeightsNotFinite, origin: Some(Origin::Growth { place, .. }), .. })
                if place.parameter.is_some()
        ),
        "{:?}",
        run.events.last()
    );
    assert!(!bench.path("last").join("model.safetensors").exists());
}

/// Ten texts of 1, 2, 4 .. 512 tokens: the tokens of an epoch, as bits, are the texts that it holds.
#[test]
fn subsets_are_disjoint_and_stable() {
    let bench = Bench::new();
    let texts: Vec<(Vec<u32>, u32)> = (0..10).map(|i| (vec![9; 1 << i], i % 2)).collect();
    bench.write_as_texts("doubled.safetensors", &texts);
    let trained = |examples: usize, hold_out: usize, max_train_examples: Option<usize>, seed: u64| {
        let monitor = MonitorConfig::HoldOut { examples: hold_out };
        let train = bench.path("doubled.safetensors");
        let mut config = RunConfig { train, monitor, max_train_examples, seed, micro_batch_size: 1, ..bench.bert() };
        if let ModelConfig::Bert(model) = &mut config.model {
            model.max_position_embeddings = 512;
        }
        config.recipe.batch_size = 1;
        config.total_steps = trainer::steps_per_epoch(examples, 1);
        let run = bench.train(&config, &format!("{hold_out}-{max_train_examples:?}-{seed}-{}", fresh()));
        let watched =
            run.events.iter().find_map(|e| if let Event::Monitored { examples, .. } = e { Some(*examples) } else { None });
        assert_eq!(watched, (hold_out > 0).then_some(hold_out));
        let (tokens, done) = run.work_done();
        assert_eq!((done, tokens.count_ones() as usize), (examples as u64, examples), "each once");
        tokens
    };
    assert_eq!(trained(10, 0, None, 0), (1 << 10) - 1);
    let seven = trained(7, 3, None, 0);
    assert_eq!(trained(7, 3, None, 0), seven, "the same seed keeps the same out");
    for max in [1, 4, 6] {
        let fewer = trained(max, 3, Some(max), 0);
        assert_eq!(fewer & !seven, 0, "at most {max}: {fewer:b} of {seven:b}, the others are kept out");
    }
    assert!((1..6).any(|seed| trained(7, 3, None, seed) != seven), "another seed keeps others out");
}

/// A number that was not given before.
fn fresh() -> usize {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn epochs_end_with_a_smaller_batch() {
    let bench = Bench::new();
    let mut config = RunConfig { max_train_examples: Some(70), ..bench.bert() };
    config.total_steps = trainer::steps_per_epoch(70, 32) * 2;
    let run = bench.train(&config, "subset");
    assert_eq!(run.work_done().1, 140);
    assert_eq!(run.steps().last().map(|s| (s.step, s.epoch)), Some((6, 2.0)));
    assert!(run.events.iter().any(|e| matches!(e, Event::Started { train_examples: 70, resumed: false, .. })));
}

#[test]
fn pretrained_weights_are_taken_and_checked() {
    let bench = Bench::new();
    let config = bench.bert();
    let base = bench.train(&config, "base");
    let path = bench.path("base").join("model.safetensors");
    let from =
        |sha256: &str| RunConfig { init: InitFrom::Weights { path: path.clone(), sha256: sha256.into() }, ..config.clone() };
    let tuned = bench.train(&from(base.sha256()), "tuned");
    assert!(tuned.steps()[0].loss < 0.5 * base.steps()[0].loss, "it starts where the other ended");
    let error = bench.attempt(&from(&"0".repeat(64)), "other", None, None).err().expect("another file");
    assert_eq!(error.class(), Class::Model);
    assert!(error.to_string().contains(base.sha256()), "{error}");
}
