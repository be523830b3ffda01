//! Adapters as the `peft` library keeps them: `adapter_config.json`, and `adapter_model.safetensors` with names of its own.
//!
//! | here | there |
//! |---|---|
//! | `model.layers.0.self_attn.q_proj.lora_A.weight` | `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` |
//! | `classifier.weight`, trained whole | `base_model.model.classifier.weight`, its module in `modules_to_save` |
//! | `model.embed_tokens.lora_embedding_A` (read, not written) | `base_model.model.model.embed_tokens.lora_embedding_A` |
//!
//! Its names are those of modules, and version 5 of `transformers` has renamed those of ViT while models' files kept theirs: an adapter
//! for one is written under both.

mod patterns;

use self::patterns::{Layer, Patterns};
use crate::contract::Modality;
use crate::error::{ConfigProblem, Error, Result};
use crate::fields::parse_object;
use crate::head::HeadKind;
use crate::lora::{Adapted, Adapter, BaseWeights};
use crate::registry::ModelConfig;
use candle_core::Tensor;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// In front of every name.
const PREFIX: &str = "base_model.model.";

/// What an adapter's configuration says.
#[derive(Debug, Clone, PartialEq)]
pub struct Peft {
    pub adapter: Adapter,
    /// The base model: a Hub id or a folder.
    pub base: Option<String>,
    /// Of the base.
    pub revision: Option<String>,
}

/// Reads an `adapter_config.json`. Which layers are adapted is read off `names`, those of the adapter's tensors, and not off
/// `target_modules`, which may be a pattern.
///
/// # Errors
/// No JSON object; another method than LoRA, or one of its relatives that is not known; numbers out of range: all at once.
pub fn read_config<'a>(json: &str, names: impl Iterator<Item = &'a str>) -> Result<Peft> {
    let object = parse_object(json)?;
    let mut problems = Vec::new();
    let kind = object.get("peft_type").and_then(Value::as_str).unwrap_or("nothing");
    if kind != "LORA" {
        problems.push(ConfigProblem::new("peft_type", "\"LORA\"", kind));
    }
    let is_off = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    for field in UNKNOWN {
        if let Some(found) = object.get(field).filter(|found| !is_off(found)) {
            problems.push(ConfigProblem::new(field, "not to be used: LoRA, rsLoRA and DoRA are known", found));
        }
    }
    let begins_otherwise =
        |init: &&str| ["pissa", "olora", "corda", "loftq", "lora_ga"].iter().any(|kind| init.starts_with(kind));
    if let Some(found) = object.get("init_lora_weights").and_then(Value::as_str).filter(begins_otherwise) {
        problems.push(ConfigProblem::new("init_lora_weights", "an initialisation that leaves the base as it is", found));
    }
    if let Some(found) = object.get("bias").filter(|found| *found != "none") {
        problems.push(ConfigProblem::new("bias", "\"none\"", found));
    }
    let number = |field: &str| object.get(field).and_then(Value::as_f64);
    let text = |field: &str| object.get(field).and_then(Value::as_str).map(str::to_string);
    let layers: Vec<Layer> = names.filter_map(layer).collect();
    let own = Patterns::of(json, &layers, &mut problems);
    let layers: BTreeSet<String> = layers.into_iter().map(|layer| layer.path).collect();
    let adapter = Adapter {
        r: object.get("r").and_then(Value::as_u64).unwrap_or(0) as usize,
        lora_alpha: number("lora_alpha").unwrap_or(0.0),
        lora_dropout: number("lora_dropout").unwrap_or(0.0),
        target_modules: layers.into_iter().collect(),
        use_rslora: object.get("use_rslora").and_then(Value::as_bool).unwrap_or(false),
        use_dora: object.get("use_dora").and_then(Value::as_bool).unwrap_or(false),
        rank_pattern: own.rank,
        alpha_pattern: own.alpha,
        base: BaseWeights::Float32,
    };
    problems.extend(adapter.problems());
    if adapter.target_modules.is_empty() {
        problems.push(ConfigProblem::new("target_modules", "layers with a tensor `lora_A.weight` or `lora_embedding_A`", "none"));
    }
    match problems.is_empty() {
        true => Ok(Peft { adapter, base: text("base_model_name_or_path"), revision: text("revision") }),
        false => Err(Error::Config(problems)),
    }
}

/// Settings that change what an adapter computes.
const UNKNOWN: [&str; 10] = [
    "use_qalora",
    "use_bdlora",
    "lora_bias",
    "layer_replication",
    "trainable_token_indices",
    "target_parameters",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
];

/// The layer whose first matrix a tensor of such a file is.
fn layer(name: &str) -> Option<Layer> {
    let given = name.strip_prefix(PREFIX)?;
    let given = ADDED.iter().find_map(|part| given.find(part).map(|at| given[..at].to_string()))?;
    let own = own_name(name)?;
    let path = ADDITIONS.iter().find_map(|end| own.strip_suffix(end))?.to_string();
    let later = later_name(&path);
    Some(Layer { names: [given, path.clone()].into_iter().chain(later).collect(), path })
}

/// What the first matrix of an addition is called: of a linear layer, and of a table of words.
const ADDITIONS: [&str; 2] = [".lora_A.weight", ".lora_embedding_A"];
const ADDED: [&str; 2] = [".lora_A.", ".lora_embedding_A"];

/// An `adapter_config.json` for the adapter of this model; `adapted`: what is trained of it.
pub fn config(adapter: &Adapter, adapted: &Adapted, model: &ModelConfig, base: &str, revision: Option<&str>) -> Value {
    let whole = adapted.whole_modules();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.into(), value));
    put("peft_type", json!("LORA"));
    put("task_type", json!(task_type(model)));
    put("base_model_name_or_path", json!(base));
    put("revision", json!(revision));
    put("inference_mode", json!(true));
    put("r", json!(adapter.r));
    put("lora_alpha", whole_number(adapter.lora_alpha));
    put("lora_dropout", json!(adapter.lora_dropout));
    let renamed = adapted.layers().into_iter().filter_map(later_name);
    put("target_modules", json!(adapted.targets(adapter).into_iter().chain(renamed).collect::<Vec<_>>()));
    // A path, read as a pattern, means its layer and no other.
    put("rank_pattern", by_both_names(&adapter.rank_pattern, |rank| json!(rank)));
    put("alpha_pattern", by_both_names(&adapter.alpha_pattern, |alpha| whole_number(*alpha)));
    put("use_rslora", json!(adapter.use_rslora));
    put("use_dora", json!(adapter.use_dora));
    put("bias", json!("none"));
    // Whether the base has its matrices the other way around.
    put("fan_in_fan_out", json!(matches!(model, ModelConfig::Gpt2(_))));
    put("modules_to_save", if whole.is_empty() { Value::Null } else { json!(whole) });
    put("init_lora_weights", json!(true));
    Value::Object(fields)
}

fn by_both_names<T>(of_layers: &BTreeMap<String, T>, value: impl Fn(&T) -> Value) -> Value {
    let names = |(layer, of): (&String, &T)| {
        let value = value(of);
        std::iter::once(layer.clone()).chain(later_name(layer)).map(move |name| (name, value.clone())).collect::<Vec<_>>()
    };
    Value::Object(of_layers.iter().flat_map(names).collect())
}

/// `16` rather than `16.0`, as such files have it.
fn whole_number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 { json!(value as i64) } else { json!(value) }
}

fn task_type(model: &ModelConfig) -> Option<&'static str> {
    match model.head().kind() {
        // What `peft` wraps by a task it feeds with `input_ids`, and expects of a model of words that it writes: not of these.
        _ if matches!(model.takes(), Modality::Image | Modality::Speech | Modality::Table) => None,
        HeadKind::Words if model.heads().any(|head| head == HeadKind::Tags) => None,
        HeadKind::Classes | HeadKind::Labels | HeadKind::Value => Some("SEQ_CLS"),
        HeadKind::Tags => Some("TOKEN_CLS"),
        HeadKind::Span => Some("QUESTION_ANS"),
        HeadKind::Words if model.pair_ids().is_some() => Some("SEQ_2_SEQ_LM"),
        HeadKind::Words => Some("CAUSAL_LM"),
        HeadKind::Vector => Some("FEATURE_EXTRACTION"),
    }
}

/// Own names from those of such a file; a tensor of another kind keeps its name, so that whoever builds the model finds no place for it.
pub fn own_names(given: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    given.into_iter().map(|(name, tensor)| (own_name(&name).unwrap_or(name), tensor)).collect()
}

/// As older versions have it, too.
fn own_name(name: &str) -> Option<String> {
    let name = name.strip_prefix(PREFIX)?;
    let name =
        name.replace(".modules_to_save.", ".").replace(".lora_A.default.", ".lora_A.").replace(".lora_B.default.", ".lora_B.");
    // A table beside its addition, which is kept where tables are adapted.
    let name = name.replace(".base_layer.", ".");
    let name = earlier_name(&name).unwrap_or(name);
    let length = [".lora_magnitude_vector.default.weight", ".lora_magnitude_vector.weight", ".lora_magnitude_vector.default"];
    let length = length.iter().find_map(|end| name.strip_suffix(end));
    Some(length.map_or(name.clone(), |path| format!("{path}.lora_magnitude_vector")))
}

/// The names of such a file.
pub fn public_names(own: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let renamed: Vec<_> = own.iter().filter_map(|(name, tensor)| Some((later_name(name)?, tensor.clone()))).collect();
    own.into_iter().chain(renamed).map(|(name, tensor)| (format!("{PREFIX}{name}"), tensor)).collect()
}

/// Where ViT's layers lie, and what they are called there: in its files and up to version 4 of `transformers`, and from version 5 on.
const RENAMED: [&str; 2] = ["vit.encoder.layer.", "vit.layers."];
const RENAMED_MODULES: [[&str; 2]; 6] = [
    ["attention.attention.query", "attention.q_proj"],
    ["attention.attention.key", "attention.k_proj"],
    ["attention.attention.value", "attention.v_proj"],
    ["attention.output.dense", "attention.o_proj"],
    ["intermediate.dense", "mlp.fc1"],
    ["output.dense", "mlp.fc2"],
];

/// The later name of what was renamed.
fn later_name(name: &str) -> Option<String> {
    renamed(name, 0, 1)
}

/// The name in the model's own files of what was renamed.
fn earlier_name(name: &str) -> Option<String> {
    renamed(name, 1, 0)
}

fn renamed(name: &str, from: usize, to: usize) -> Option<String> {
    let (layer, module) = name.strip_prefix(RENAMED[from])?.split_once('.')?;
    let under = |path: &str| module.strip_prefix(path).filter(|rest| rest.is_empty() || rest.starts_with('.'));
    let (names, rest) = RENAMED_MODULES.iter().find_map(|names| Some((names, under(names[from])?)))?;
    Some(format!("{}{layer}.{}{rest}", RENAMED[to], names[to]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = [
        "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
    ];

    #[test]
    fn what_is_written_reads_back() {
        let public = json!({"model_type": "bert", "vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 16, "max_position_embeddings": 9});
        let model = ModelConfig::from_public(&public.to_string()).expect("a configuration");
        let own = |layer: usize, part: &str| format!("bert.encoder.layer.{layer}.attention.self.{part}");
        let adapter = Adapter {
            r: 2,
            lora_alpha: 4.0,
            use_rslora: true,
            use_dora: true,
            rank_pattern: [(own(0, "query"), 3)].into(),
            alpha_pattern: [(own(0, "query"), 6.0), (own(1, "value"), 0.5)].into(),
            ..Adapter::of(&["query", "value"])
        };
        let scales = [(0, "query"), (0, "value"), (1, "value")].map(|(layer, part)| adapter.scale(&own(layer, part)));
        assert_eq!(scales, [6.0 / 3f64.sqrt(), 4.0 / 2f64.sqrt(), 0.5 / 2f64.sqrt()]);
        let adapted = model.adapted(&adapter).expect("adapted");
        assert_eq!(
            (adapted.layers().len(), adapted.whole_modules()),
            (4, vec!["bert.pooler".to_string(), "classifier".to_string()])
        );
        assert_eq!(adapted.num_trained(), 3 * 2 * (8 + 8) + 3 * (8 + 8) + 4 * 8 + (8 * 8 + 8) + (2 * 8 + 2));
        let written = config(&adapter, &adapted, &model, "org/base", Some("main"));
        assert_eq!(written["target_modules"], json!(["query", "value"]));
        let names: Vec<String> = adapted.trained.keys().map(|name| format!("{PREFIX}{name}")).collect();
        let read = read_config(&written.to_string(), names.iter().map(String::as_str)).expect("read");
        assert_eq!((read.base.as_deref(), read.revision.as_deref()), (Some("org/base"), Some("main")));
        let layers = adapted.layers().into_iter().map(str::to_string).collect();
        assert_eq!(read.adapter, Adapter { target_modules: layers, ..adapter.clone() });
        // To whoever reads `dense`, the pooler is one, too.
        let dense = Adapter { target_modules: vec!["dense".into()], ..adapter };
        let adapted = model.adapted(&dense).expect("adapted");
        assert_eq!((adapted.layers().len(), adapted.targets(&dense).len()), (6, 6));
        let nowhere = Adapter::of(&["q_proj", "query", "w_proj"]);
        let message = model.adapted(&nowhere).expect_err("no such layers").to_string();
        assert!(
            message.contains("found `q_proj`") && message.contains("found `w_proj`") && message.contains("`dense`, `key`"),
            "{message}"
        );
    }

    /// By the names of either version of `transformers`, or by both.
    #[test]
    fn layers_that_were_renamed_are_read_under_both_names() {
        let public = json!({"model_type": "vit", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16,
            "image_size": 8, "patch_size": 4});
        let model = ModelConfig::from_public(&public.to_string()).expect("a configuration");
        let adapter = Adapter { use_dora: true, ..Adapter::of(&["query", "output.dense"]) };
        let adapted = model.adapted(&adapter).expect("adapted");
        let scalar = || Tensor::zeros(1, candle_core::DType::F32, &candle_core::Device::Cpu).expect("a tensor");
        let own: BTreeMap<String, Tensor> = adapted.trained.keys().map(|name| (name.clone(), scalar())).collect();
        let file = public_names(own.clone());
        for name in [
            "vit.encoder.layer.1.attention.attention.query.lora_A.weight",
            "vit.layers.1.attention.q_proj.lora_A.weight",
            "vit.layers.0.attention.o_proj.lora_B.weight",
            "vit.layers.0.mlp.fc2.lora_magnitude_vector",
        ] {
            assert!(file.contains_key(&format!("{PREFIX}{name}")), "{name}: {:?}", file.keys());
        }
        assert_eq!(own_names(file.clone()).into_keys().collect::<Vec<_>>(), own.keys().cloned().collect::<Vec<_>>());
        let later: Vec<String> = file.keys().filter(|name| !name.contains("encoder.layer")).cloned().collect();
        let written = config(&adapter, &adapted, &model, "a/b", None).to_string();
        let all = |names: Vec<String>| read_config(&written, names.iter().map(String::as_str)).expect("read").adapter;
        let layers: Vec<String> = adapted.layers().into_iter().map(str::to_string).collect();
        assert_eq!(all(later).target_modules, layers);
        assert_eq!(all(file.into_keys().collect()).target_modules, layers);
        assert!(written.contains("vit.layers.0.mlp.fc2") && written.contains("query"), "{written}");
    }

    #[test]
    fn what_is_not_known_is_refused_at_once() {
        let read = |config: Value| read_config(&config.to_string(), NAMES.into_iter());
        let plain = json!({"peft_type": "LORA", "r": 8, "lora_alpha": 16, "lora_dropout": 0.05, "bias": "none", "target_modules": "^.*q_proj$",
            "rank_pattern": {}, "use_dora": false, "base_model_name_or_path": "a/b"});
        let found = read(plain.clone()).expect("read");
        assert_eq!(found.adapter.target_modules, ["model.layers.0.self_attn.q_proj"]);
        let mut odd = plain;
        for (field, value) in [("peft_type", json!("IA3")), ("bias", json!("all")), ("lora_bias", json!(true)), ("r", json!(0))] {
            odd[field] = value;
        }
        let message = read(odd).expect_err("refused").to_string();
        for field in ["`peft_type`", "`bias`", "`lora_bias`", "`r`"] {
            assert!(message.contains(field), "{message}");
        }
    }
}
