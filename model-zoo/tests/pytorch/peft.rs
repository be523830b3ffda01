//! Adapters against the `peft` library, both ways: it loads what is written here and says and trains the same, and what it saves then
//! is loaded here. Run where `TALLOW_PYTHON` names a Python with peft and transformers.

use crate::fixture::{Tensors, folder, load, read};
use candle_core::{Device, Tensor};
use std::path::Path;
use std::process::Command;
use tallow_kernels::{self as kernels, Gradients, ParamStore, Stream, Tape, Targets, Var, Weights, optim};
use tallow_zoo::{ALL_LINEAR, Adapter, Input, Model, ModelConfig, Output, peft};

/// As the script has it.
const ADAMW: optim::AdamW = optim::AdamW { lr: 5e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
const STEPS: u64 = 10;

/// Largest difference as a share of the largest value: of one pass, and after ten steps.
const CLOSE: f64 = 2e-5;
const TRAINED: f64 = 5e-4;

struct Case {
    base: &'static str,
    adapter: Adapter,
    /// `rank_pattern` and `alpha_pattern` as people write them, where the adapter has such: they mean what it has by layers.
    patterns: Option<[&'static str; 2]>,
}

impl Case {
    fn name(&self) -> String {
        let Adapter { use_dora, use_rslora, .. } = self.adapter;
        let patterns = if self.patterns.is_some() { "_patterns" } else { "" };
        format!("{}_{}{}{patterns}", self.base, if use_rslora { "rs" } else { "" }, if use_dora { "dora" } else { "lora" })
    }
}

fn cases() -> Vec<Case> {
    let all = |base: &'static str| {
        [(false, false), (true, false), (false, true), (true, true)].map(|(use_rslora, use_dora)| {
            let adapter = Adapter { r: 3, lora_alpha: 4.0, use_rslora, use_dora, ..Adapter::of(&[ALL_LINEAR]) };
            Case { base, adapter, patterns: None }
        })
    };
    // Not ViT: transformers 5 names its modules otherwise than its files, and peft goes by modules.
    ["bert_classes", "gpt2", "llama3", "qwen2"].into_iter().flat_map(all).chain([by_layers()]).collect()
}

/// Ranks and alphas by layer. Their order counts; peft itself reads them in the order of the file, and saves them by the alphabet.
fn by_layers() -> Case {
    let ranks = r#"{".*up_proj": 4, "layers\\.1\\.self_attn\\.(q|k|v)_proj": 5, "q_proj": 2, "v_proj": 6}"#;
    let own = |layer: usize, part: &str| format!("model.layers.{layer}.{part}");
    let attention = ["q_proj", "k_proj", "v_proj", "o_proj"].map(|name| format!("self_attn.{name}"));
    let first = attention.iter().map(String::as_str).chain(["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]);
    let adapter = Adapter {
        r: 3,
        lora_alpha: 4.0,
        rank_pattern: [
            (own(1, "self_attn.q_proj"), 5),
            (own(1, "self_attn.k_proj"), 5),
            (own(0, "self_attn.q_proj"), 2),
            (own(0, "self_attn.v_proj"), 6),
            (own(1, "self_attn.v_proj"), 5),
            (own(0, "mlp.up_proj"), 4),
            (own(1, "mlp.up_proj"), 4),
        ]
        .into(),
        alpha_pattern: first.map(|part| (own(0, part), 7.0)).chain([(own(1, "mlp.down_proj"), 1.5)]).collect(),
        ..Adapter::of(&[ALL_LINEAR])
    };
    Case { base: "llama3", adapter, patterns: Some([ranks, r#"{"^model\\.layers\\.0\\..*": 7, "down_proj": 1.5}"#]) }
}

/// A model of a base and an adapter, whose tensors are new or given.
fn build(case: &Case, given: Option<Tensors>) -> (ModelConfig, Box<dyn Model>, ParamStore) {
    let config = load(case.base).config;
    let mut all = config.public_names(read(&folder(case.base).join("model.safetensors"))).expect("weights");
    all.extend(given.unwrap_or_default());
    let weights = Weights::given(all, Stream::root(7), &Device::Cpu);
    let model = config.build(&weights, Some(&case.adapter)).expect("a model");
    let (store, report) = weights.finish().expect("weights that fit");
    assert_eq!(report.unused, Vec::<String>::new(), "{}", case.name());
    (config, model, store)
}

fn input() -> (Input, Tensor) {
    let ids: Vec<u32> = (0..27).map(|i| 1 + (i * i * 5 + 2) % 22).collect();
    let token_ids = Tensor::from_vec(ids, (3, 9), &Device::Cpu).expect("ids");
    let type_ids = token_ids.zeros_like().expect("zeros");
    (Input::Text { token_ids: token_ids.clone(), type_ids, lengths: vec![9; 3] }, token_ids)
}

fn logits(model: &dyn Model, tape: &Tape, input: &Input) -> Var {
    match model.forward(tape, input).expect("a pass") {
        Output::Scores(scores) => scores,
        Output::Words { states, vocabulary, bias } => kernels::linear(tape, &states, &vocabulary, bias.as_ref()).expect("scores"),
        Output::Vectors(_) => panic!("no scores"),
    }
}

fn loss(tape: &Tape, logits: &Var) -> Var {
    let classes = logits.dims().last().copied().expect("classes");
    let rows = logits.tensor().elem_count() / classes;
    let targets: Vec<u32> = (0..rows).map(|i| ((i * 7 + 3) % classes) as u32).collect();
    let flat = kernels::reshape(tape, logits, &[rows, classes]).expect("rows");
    kernels::cross_entropy(tape, &flat, Targets::new(&targets)).expect("a loss")
}

fn floats(t: &Tensor) -> Vec<f64> {
    t.to_dtype(candle_core::DType::F64).and_then(|t| t.flatten_all()?.to_vec1()).expect("floats")
}

fn close(what: &str, found: &Tensor, expected: &Tensor, limit: f64) {
    assert_eq!(found.elem_count(), expected.elem_count(), "{what}");
    let (found, expected) = (floats(found), floats(expected));
    let largest = expected.iter().fold(1e-3, |m: f64, v| m.max(v.abs()));
    let worst = found.iter().zip(&expected).fold(0.0, |m: f64, (f, e)| m.max((f - e).abs()));
    assert!(worst <= limit * largest, "{what}: off by {worst:e}, of at most {largest:e}");
}

/// The adapter's folder, with numbers in place of the zeros that an addition begins with.
fn write(root: &Path, case: &Case) {
    let folder = root.join(case.name());
    std::fs::create_dir_all(&folder).expect("a folder");
    let (config, model, store) = build(case, None);
    for (i, param) in store.trainable().enumerate() {
        let noise = |j: u64| Stream::root(3).named(param.name()).normal(j + i as u64) * 0.1;
        let noise = Tensor::from_vec((0..param.len() as u64).map(noise).collect(), param.tensor().shape(), &Device::Cpu);
        param.set(&(param.tensor() + noise.expect("numbers")).expect("a sum")).expect("set");
    }
    let adapted = config.adapted(&case.adapter).expect("adapted");
    let base = crate::fixture::folder(case.base).display().to_string();
    let mut json = peft::config(&case.adapter, &adapted, &config, &base, None);
    // As text, for their order counts.
    let patterns = case.patterns.map(|patterns| ["rank_pattern", "alpha_pattern"].into_iter().zip(patterns));
    for (field, _) in patterns.clone().into_iter().flatten() {
        json[field] = format!("{field}'s").into();
    }
    let placed = |json: String, (field, text): (&str, &str)| json.replace(&format!("\"{field}'s\""), text);
    let json = patterns.into_iter().flatten().fold(json.to_string(), placed);
    std::fs::write(folder.join("adapter_config.json"), json).expect("written");
    let learnt: Tensors = store.trainable().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
    let public = peft::public_names(config.public_tensors(learnt).expect("public"));
    let save = |tensors: Tensors, name: &str| {
        let tensors = tensors.into_iter().collect::<std::collections::HashMap<_, _>>();
        candle_core::safetensors::save(&tensors, folder.join(name)).expect("written");
    };
    save(public, "adapter_model.safetensors");
    let (input, fed) = input();
    let said = logits(&*model, &Tape::inference(), &input).tensor().clone();
    save([("token_ids".to_string(), fed), ("logits".to_string(), said)].into(), "said.safetensors");
}

/// As many steps of AdamW, and their losses; the first gradients are compared on the way.
fn train(case: &Case, told: &Tensors, own: Tensors) -> Vec<f64> {
    let (config, model, store) = build(case, Some(own));
    let (input, _) = input();
    let moments: Vec<[Tensor; 2]> = store.trainable().map(|p| [0, 1].map(|_| p.tensor().zeros_like().expect("zeros"))).collect();
    let mut losses = Vec::new();
    for step in 1..=STEPS {
        let tape = Tape::training(Stream::root(0));
        let loss = loss(&tape, &logits(&*model, &tape, &input));
        losses.push(floats(loss.tensor())[0]);
        let mut grads = Gradients::new(&store);
        tape.backward(&loss, &mut grads).expect("gradients");
        grads.check_complete(&store).expect("all of the adapter has a gradient");
        if step == 1 {
            let found: Tensors =
                store.trainable().map(|p| (p.name().to_string(), grads.get(p).expect("a gradient").clone())).collect();
            let found = peft::public_names(config.public_tensors(found).expect("public"));
            let names: Vec<&str> = told.keys().filter_map(|name| name.strip_prefix("grad.")).collect();
            assert_eq!(names, found.keys().map(String::as_str).collect::<Vec<_>>(), "{}", case.name());
            for name in names {
                close(&format!("{}: gradient of {name}", case.name()), &found[name], &told[&format!("grad.{name}")], CLOSE);
            }
        }
        for (param, [m, v]) in store.trainable().zip(&moments) {
            ADAMW.step(param, grads.get(param).expect("a gradient"), m, v, step, 1.0).expect("a step");
        }
    }
    losses
}

#[test]
fn peft_says_and_trains_the_same() {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not run: TALLOW_PYTHON names no Python with peft and transformers");
        return;
    };
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peft");
    let _ = std::fs::remove_dir_all(&root);
    cases().iter().for_each(|case| write(&root, case));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/load_peft.py");
    let told = Command::new(python).arg(script).arg(&root).output().expect("the Python that TALLOW_PYTHON names");
    assert!(told.status.success(), "{}\n{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    for case in cases() {
        let (name, folder) = (case.name(), root.join(case.name()));
        let (said, told) = (read(&folder.join("said.safetensors")), read(&folder.join("told.safetensors")));
        close(&format!("{name}: logits"), &said["logits"], &told["logits"], CLOSE);
        let losses = train(&case, &told, peft::own_names(read(&folder.join("adapter_model.safetensors"))));
        for (step, (found, expected)) in losses.iter().zip(floats(&told["losses"])).enumerate() {
            assert!((found - expected).abs() < 1e-4 * expected, "{name}: loss of step {}: {found}, not {expected}", step + 1);
        }
        // What it saved, with its own configuration.
        let back = read(&folder.join("back/adapter_model.safetensors"));
        let json = std::fs::read_to_string(folder.join("back/adapter_config.json")).expect("a configuration");
        let adapter = peft::read_config(&json, back.keys().map(String::as_str)).expect("an adapter").adapter;
        assert_eq!((adapter.use_dora, adapter.use_rslora), (case.adapter.use_dora, case.adapter.use_rslora));
        let by_layers = |adapter: &Adapter| (adapter.rank_pattern.clone(), adapter.alpha_pattern.clone());
        assert_eq!(by_layers(&adapter), by_layers(&case.adapter), "{name}");
        let case = Case { adapter, ..case };
        let (_, model, _) = build(&case, Some(peft::own_names(back)));
        let said = logits(&*model, &Tape::inference(), &input().0);
        close(&format!("{name}: trained logits"), said.tensor(), &told["trained_logits"], TRAINED);
    }
}
