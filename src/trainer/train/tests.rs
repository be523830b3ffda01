use super::*;
use crate::spec::{Length, Metric, Optimizer, Recipe, Schedule, Task, Warmup};
use safetensors::Dtype::{U8, U32, U64};
use std::collections::HashMap;

/// A step may take longer than anybody waits for a sign of life: each of its passes is heard of.
#[test]
fn a_step_is_heard_of_at_each_pass() {
    let dir = tempfile::tempdir().expect("a folder");
    let train = dir.path().join("train.safetensors");
    let u32s = |values: Vec<u32>| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let tensors = [
        ("offsets", U64, vec![9], (0..9u64).flat_map(|text| (2 * text).to_le_bytes()).collect()),
        ("tokens", U32, vec![16], u32s((1..17).collect())),
        ("labels", U32, vec![8], u32s((0..8).map(|text| text % 3).collect())),
        ("type_ids", U8, vec![16], vec![0; 16]),
    ];
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
    });
    let metadata = [("vocab_size", "50"), ("labels", r#"["a","b","c"]"#)];
    let metadata: HashMap<String, String> = metadata.map(|(name, value)| (name.to_string(), value.to_string())).into();
    std::fs::write(&train, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
    let optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    let recipe = Recipe::bare(optimizer, 0.1, Schedule::linear(Warmup::Steps(0)), Length::Steps(2), 8);
    let model = (tallow_zoo::registry()[0].tiny)();
    let config =
        RunConfig { micro_batch_size: 2, ..RunConfig::bare(Task::TextClassification, model, train, Metric::Accuracy, recipe, 2) };
    let mut run = Run::new(&config, WorkFolder::at(dir.path())).expect("a run");
    for before in [0, 8] {
        let mut heard = Vec::new();
        let stepped = run.step(&mut |event| heard.push(event)).expect("a step");
        run.count(&stepped);
        assert_eq!(heard, [2, 4, 6, 8].map(|done| Event::Progress { examples: before + done }));
    }
}
