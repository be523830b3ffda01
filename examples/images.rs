//! How fast images become batches: `cargo run --release --example images -- PARQUET INPUT LABEL [MOST]`. Prints the seconds of decoding all
//! images of the file once, the seconds of an epoch of batches of 128 made from that (cropped out of a padded image, mirrored, scaled),
//! and how many images there are. `benches/data.py` holds it against another library.

use std::path::{Path, PathBuf};
use std::time::Instant;
use tallow::job::{Event, PrepareJob, RunConfig, SplitSource, TokenizerSource};
use tallow::spec::{Augment, Columns, Length, Metric, Optimizer, Recipe, Schedule, Task, TokenizerKind, Warmup};
use tallow_zoo::ModelConfig;

const BATCH: usize = 128;
const THREADS: usize = 2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, input, label, most @ ..] = arguments.as_slice() else {
        return Err("expected PARQUET INPUT LABEL [MOST]".into());
    };
    let most = most.first().map(|most| most.parse::<usize>()).transpose()?;
    tallow_kernels::set_threads(THREADS)?;
    let folder = tempfile::tempdir()?;
    let out = std::fs::canonicalize(folder.path())?;
    let begun = Instant::now();
    let (images, classes) = decoded(file, [input, label], most, &out)?;
    let decoding = begun.elapsed().as_secs_f64();
    let config = run(&out, images, classes)?;
    let (begun, mut made) = (Instant::now(), 0);
    tallow::trainer::feed(&config, &out, &mut |examples| made += examples)?;
    println!("{decoding} {} {made}", begun.elapsed().as_secs_f64());
    Ok(())
}

/// Decodes the images of a file into `out`; says how many there are, and of how many classes.
fn decoded(
    file: &str,
    [input, label]: [&str; 2],
    most: Option<usize>,
    out: &Path,
) -> Result<(usize, usize), Box<dyn std::error::Error>> {
    let job = PrepareJob {
        task: Task::ImageClassification,
        splits: vec![SplitSource { name: "train".into(), files: vec![std::path::absolute(file)?], part: None }],
        columns: Columns { input: vec![input.into()], label: Some(label.into()), ..Columns::default() },
        rows: vec![],
        tokenizer: TokenizerSource::Trained(TokenizerKind::Characters),
        vocab_size: 0,
        max_seq_len: 0,
        image_shape: None,
        image: None,
        table: None,
        labels: None,
        numbered: None,
        max_examples: most,
        chat: Default::default(),
        pairs: None,
        speech: None,
        out: out.into(),
    };
    let mut found = None;
    tallow::data::prepare(&job, &mut |event| {
        if let Event::Prepared(split) = event {
            found = Some((split.examples, split.labels.len()));
        }
    })?;
    found.ok_or_else(|| "nothing was prepared".into())
}

/// An epoch of a small model, whose weights nobody asks for.
fn run(out: &Path, images: usize, classes: usize) -> Result<RunConfig, Box<dyn std::error::Error>> {
    let names: Vec<String> = (0..classes).map(|i| i.to_string()).collect();
    let model = ModelConfig::from_public(r#"{"model_type": "resnet_cifar", "depth": 20}"#)?.with_labels(&names);
    let total_steps = images.div_ceil(BATCH) as u64;
    let recipe = Recipe {
        augment: vec![Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip],
        ..Recipe::bare(
            Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 },
            0.1,
            Schedule::Constant { warmup: Warmup::Steps(0) },
            Length::Steps(total_steps),
            BATCH,
        )
    };
    let train = PathBuf::from(out).join("train.safetensors");
    let config = RunConfig::bare(Task::ImageClassification, model, train, Metric::Accuracy, recipe, total_steps);
    Ok(RunConfig { name: "images".into(), threads: THREADS, ..config })
}
