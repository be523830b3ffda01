//! The models of a paper as configurations of the zoo: exactly where one fits, and what the zoo lacks where none does.

use super::models;
use crate::intake::{Family, PaperSpec, Variant, family_named};
use serde::Serialize;
use serde_json::{Value, json};
use tallow_zoo::ModelConfig;

/// A model that a paper describes or names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    /// The zoo has it.
    Zoo {
        /// As the paper calls it.
        name: String,
        /// The zoo's family.
        family: String,
        /// Its `config.json`.
        config: Value,
        /// Of the configuration, without a head for a task where the architecture comes without one.
        num_params: usize,
        /// What the paper leaves open and was taken as the family usually has it, and where its count of parameters is another.
        assumed: Vec<String>,
        #[serde(skip)]
        model: ModelConfig,
    },
    /// The zoo has the family; the paper does not say the size.
    Open { name: String, family: String, lacks: String },
    /// The zoo has nothing of the kind.
    Lacking { name: String, lacks: String },
}

/// The models of the paper, each once; where it gives no sizes, its family.
pub fn shapes(paper: &PaperSpec) -> Vec<Shape> {
    let own = paper.family().map(|(family, _)| family);
    let mut shapes: Vec<Shape> = Vec::new();
    for (variant, _) in paper.variants().filter(|(_, field)| field.confidence >= 0.7) {
        let Some(family) = family_named(&variant.name).or(own) else { continue };
        let shape = shape(family, variant);
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    }
    if shapes.is_empty()
        && let Some(family) = own
    {
        let named = Variant { name: family.name().to_string(), ..Variant::default() };
        shapes.push(shape(family, &named));
    }
    shapes
}

/// The family's most usual model.
pub(super) fn usual(family: Family) -> Option<ModelConfig> {
    let name = match family {
        Family::Bert => "bert base",
        Family::Roberta | Family::Lora | Family::Dora => "roberta base",
        Family::Distilbert => "distilbert base",
        Family::Electra => "electra base",
        Family::Gpt2 => "gpt-2 small",
        Family::Llama => "llama 7b",
        Family::T5 => "t5 base",
        Family::Vit => "vit base",
        Family::Resnet => "resnet-50",
        Family::WideResnet => "wrn-28-10",
        Family::Transformer => "transformer base",
        Family::Whisper => "whisper tiny",
        _ => return None,
    };
    let family = if matches!(family, Family::Lora | Family::Dora) { Family::Roberta } else { family };
    match shape(family, &Variant { name: name.into(), ..Variant::default() }) {
        Shape::Zoo { model, .. } => Some(model),
        Shape::Open { .. } | Shape::Lacking { .. } => None,
    }
}

/// Layers, width, heads, width inside, of public models by the words of their names.
const SIZES: &[(Family, &[&str], [usize; 4])] = &[
    (Family::Bert, &["tiny"], [2, 128, 2, 512]),
    (Family::Bert, &["mini"], [4, 256, 4, 1024]),
    (Family::Bert, &["small"], [4, 512, 8, 2048]),
    (Family::Bert, &["medium"], [8, 512, 8, 2048]),
    (Family::Bert, &["base"], [12, 768, 12, 3072]),
    (Family::Bert, &["large"], [24, 1024, 16, 4096]),
    (Family::Roberta, &["base"], [12, 768, 12, 3072]),
    (Family::Roberta, &["large"], [24, 1024, 16, 4096]),
    (Family::Distilbert, &["", "base"], [6, 768, 12, 3072]),
    (Family::Electra, &["small"], [12, 256, 4, 1024]),
    (Family::Electra, &["base"], [12, 768, 12, 3072]),
    (Family::Electra, &["large"], [24, 1024, 16, 4096]),
    (Family::Gpt2, &["", "small", "117m", "124m"], [12, 768, 12, 3072]),
    (Family::Gpt2, &["medium", "m", "345m", "355m"], [24, 1024, 16, 4096]),
    (Family::Gpt2, &["large", "l", "762m", "774m"], [36, 1280, 20, 5120]),
    (Family::Gpt2, &["xl", "1542m", "1.5b"], [48, 1600, 25, 6400]),
    (Family::Llama, &["7b"], [32, 4096, 32, 11_008]),
    (Family::Llama, &["13b"], [40, 5120, 40, 13_824]),
    (Family::Llama, &["65b"], [80, 8192, 64, 22_016]),
    (Family::T5, &["small"], [6, 512, 8, 2048]),
    (Family::T5, &["base"], [12, 768, 12, 3072]),
    (Family::T5, &["large"], [24, 1024, 16, 4096]),
    (Family::Vit, &["ti", "tiny"], [12, 192, 3, 768]),
    (Family::Vit, &["s", "small"], [12, 384, 6, 1536]),
    (Family::Vit, &["b", "base"], [12, 768, 12, 3072]),
    (Family::Vit, &["l", "large"], [24, 1024, 16, 4096]),
    (Family::Vit, &["h", "huge"], [32, 1280, 16, 5120]),
    (Family::Transformer, &["base"], [6, 512, 8, 2048]),
    (Family::Transformer, &["big"], [6, 1024, 16, 4096]),
    (Family::Whisper, &["tiny"], [4, 384, 6, 1536]),
    (Family::Whisper, &["base"], [6, 512, 8, 2048]),
    (Family::Whisper, &["small"], [12, 768, 12, 3072]),
    (Family::Whisper, &["medium"], [24, 1024, 16, 4096]),
    (Family::Whisper, &["large"], [32, 1280, 20, 5120]),
];

/// The size that a name stands for: `BERT_LARGE`, `ViT-B/16`, `GPT-2 medium`.
fn size_named(family: Family, name: &str) -> Option<[usize; 4]> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|word| !word.is_empty()).collect();
    let known = |of: &&str| if of.is_empty() { words.len() == 1 || name == "gpt-2" } else { words.iter().any(|word| word == of) };
    // `BERTLARGE`, as a small capital is read.
    let joined = |of: &&str| of.len() > 3 && name.ends_with(*of);
    SIZES
        .iter()
        .find(|(other, names, _)| *other == family && names.iter().any(|of| known(of) || joined(of)))
        .map(|(_, _, size)| *size)
}

/// Sizes of a variant with what was assumed of them.
struct Sizes {
    layers: usize,
    width: usize,
    heads: usize,
    inner: usize,
    assumed: Vec<String>,
}

impl Sizes {
    /// As stated; else as the public model of that name has them, or the family: heads of 64, four times the width inside.
    fn of(family: Family, variant: &Variant) -> Option<Sizes> {
        let named = size_named(family, &variant.name);
        let mut assumed = Vec::new();
        let stated = |value: Option<u32>| value.map(|value| value as usize);
        let (layers, width) = (stated(variant.num_layers), stated(variant.hidden_size));
        // A name's sizes are those of the paper only if they do not differ from what it states.
        let agrees = |[l, w, ..]: &[usize; 4]| layers.is_none_or(|layers| layers == *l) && width.is_none_or(|width| width == *w);
        let named = named.filter(agrees);
        let take =
            |what: &str, stated: Option<usize>, of_name: Option<usize>, usual: Option<usize>, assumed: &mut Vec<String>| {
                let open =
                    of_name.map(|n| (n, "as the public model of that name")).or(usual.map(|n| (n, "as the family has it")));
                stated.or_else(|| {
                    let (value, why) = open?;
                    assumed.push(format!("{what}: {value}, {why}"));
                    Some(value)
                })
            };
        let layers = take("layers", layers, named.map(|n| n[0]), None, &mut assumed)?;
        let width = take("width", width, named.map(|n| n[1]), None, &mut assumed)?;
        let heads = take("heads", stated(variant.num_heads), named.map(|n| n[2]), Some((width / 64).max(1)), &mut assumed)?;
        let inner = if family == Family::Llama { (8 * width / 3).div_ceil(256) * 256 } else { 4 * width };
        let inner = take("width inside", stated(variant.intermediate_size), named.map(|n| n[3]), Some(inner), &mut assumed)?;
        Some(Sizes { layers, width, heads, inner, assumed })
    }
}

fn shape(family: Family, variant: &Variant) -> Shape {
    let name = variant.name.clone();
    let lacking = |lacks: &str| Shape::Lacking { name: name.clone(), lacks: lacks.to_string() };
    match family {
        Family::Resnet => residual(variant),
        Family::WideResnet => wide(variant),
        Family::Bert
        | Family::Roberta
        | Family::Distilbert
        | Family::Electra
        | Family::Gpt2
        | Family::Llama
        | Family::T5
        | Family::Vit
        | Family::Transformer
        | Family::Whisper => match Sizes::of(family, variant) {
            Some(sizes) => sized(family, variant, sizes),
            None => {
                let lacks = "the paper does not state layers and width".into();
                Shape::Open { name, family: family.name().into(), lacks }
            }
        },
        Family::Lora | Family::Dora => {
            let lacks = "adapters are a way to train; the zoo puts them on any of its models".into();
            Shape::Open { name, family: family.name().into(), lacks }
        }
        Family::Mlp => Shape::Open { name, family: "mlp".into(), lacks: "the columns of a table, which the data gives".into() },
        Family::LogisticRegression => lacking("linear models by themselves"),
        Family::Lstm | Family::Gru => lacking("recurrent networks"),
        Family::Cnn | Family::Vgg | Family::Densenet | Family::Efficientnet | Family::Mobilenet | Family::Convnext => {
            lacking("convolutional networks other than ResNets")
        }
        Family::Unet | Family::Diffusion => lacking("networks that make images, and their training by noise"),
        Family::Gan => lacking("adversarial training of two networks"),
        Family::Vae => lacking("autoencoders"),
        Family::GraphNetwork => lacking("networks on graphs"),
        Family::Mamba => lacking("state-space models"),
        Family::Swin => lacking("attention in shifted windows"),
        Family::Clip => lacking("training of images and texts together"),
        Family::Deberta => lacking("attention with content and position apart"),
        Family::Albert => lacking("layers that share their weights"),
        Family::Bart => lacking("BART: the zoo has Marian and T5 for one text from another"),
        Family::Gpt3 => lacking("sparse attention as GPT-3 has it; dense models of the kind are GPT-2's"),
        Family::MixtureOfExperts => lacking("mixtures of experts"),
        Family::Xlnet => lacking("attention over permutations of a text"),
        Family::Wav2vec2 => lacking("encoders of raw sound"),
        Family::Tabnet => lacking("choice of features by attention"),
    }
}

/// Transformers of any size.
fn sized(family: Family, variant: &Variant, sizes: Sizes) -> Shape {
    let Sizes { layers, width, heads, inner, mut assumed } = sizes;
    let mut take = |what: &str| assumed.push(format!("{what}, as the family has it"));
    let config = match family {
        Family::Bert | Family::Electra => {
            take("a vocabulary of 30,522, 512 positions");
            let kind = if family == Family::Bert { "bert" } else { "electra" };
            json!({
                "model_type": kind, "vocab_size": 30_522, "hidden_size": width, "num_hidden_layers": layers,
                "num_attention_heads": heads, "intermediate_size": inner, "max_position_embeddings": 512,
                "embedding_size": if layers == 12 && width == 256 { 128 } else { width },
            })
        }
        Family::Distilbert => {
            take("a vocabulary of 30,522, 512 positions");
            json!({
                "model_type": "distilbert", "vocab_size": 30_522, "dim": width, "n_layers": layers, "n_heads": heads,
                "hidden_dim": inner, "max_position_embeddings": 512,
            })
        }
        Family::Roberta => {
            take("a vocabulary of 50,265, 514 positions");
            json!({
                "model_type": "roberta", "vocab_size": 50_265, "hidden_size": width, "num_hidden_layers": layers,
                "num_attention_heads": heads, "intermediate_size": inner, "max_position_embeddings": 514, "type_vocab_size": 1,
            })
        }
        Family::Gpt2 => {
            take("a vocabulary of 50,257, 1,024 positions");
            json!({
                "model_type": "gpt2", "vocab_size": 50_257, "n_positions": 1024, "n_embd": width, "n_layer": layers,
                "n_head": heads, "n_inner": inner,
            })
        }
        Family::Llama => {
            take("a vocabulary of 32,000, 4,096 positions, a key for each head");
            json!({
                "model_type": "llama", "vocab_size": 32_000, "hidden_size": width, "intermediate_size": inner,
                "num_hidden_layers": layers, "num_attention_heads": heads, "max_position_embeddings": 4096,
            })
        }
        Family::T5 => {
            take("a vocabulary of 32,128, keys of 64");
            json!({
                "model_type": "t5", "vocab_size": 32_128, "d_model": width, "d_ff": inner, "d_kv": 64, "num_layers": layers,
                "num_heads": heads,
            })
        }
        Family::Vit => {
            if variant.patch_size.is_none() {
                take("patches of 16");
            }
            take("images of 224, 1,000 classes");
            json!({
                "model_type": "vit", "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads,
                "intermediate_size": inner, "patch_size": variant.patch_size.unwrap_or(16), "image_size": 224, "id2label": a_thousand(),
            })
        }
        Family::Whisper => {
            take("a vocabulary of 51,865, 30 seconds");
            json!({
                "model_type": "whisper", "vocab_size": 51_865, "d_model": width, "encoder_layers": layers,
                "decoder_layers": layers, "encoder_attention_heads": heads, "decoder_attention_heads": heads,
                "encoder_ffn_dim": inner, "decoder_ffn_dim": inner, "max_source_positions": 1500, "max_target_positions": 448,
            })
        }
        _ => {
            take("an encoder and a decoder of as many layers each, a shared vocabulary of 37,000, 512 positions");
            json!({
                "model_type": "marian", "vocab_size": 37_000, "d_model": width, "encoder_layers": layers, "decoder_layers": layers,
                "encoder_attention_heads": heads, "decoder_attention_heads": heads, "encoder_ffn_dim": inner,
                "decoder_ffn_dim": inner, "max_position_embeddings": 512, "activation_function": "relu", "scale_embedding": true,
                "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0,
            })
        }
    };
    of_config(variant, &config, assumed)
}

fn of_config(variant: &Variant, config: &Value, mut assumed: Vec<String>) -> Shape {
    let name = variant.name.clone();
    match ModelConfig::from_public(&config.to_string()).and_then(|model| model.check().map(|()| model)) {
        Ok(model) => {
            let num_params = model.num_params();
            // `110M` is a round number, and heads are counted or not.
            if let Some(stated) = variant.num_params.filter(|stated| (num_params as f64 / stated - 1.0).abs() > 0.1) {
                let (stated, ours) = (crate::words::count(stated), crate::words::count(num_params as f64));
                assumed.push(format!("parameters: the paper counts {stated}, this configuration has {ours}"));
            }
            Shape::Zoo { name, family: model.family().into(), config: without_labels(config), num_params, assumed, model }
        }
        Err(problem) => Shape::Lacking { name, lacks: format!("a model of these sizes: {problem}") },
    }
}

/// ImageNet's classes.
fn a_thousand() -> Value {
    Value::Object((0..1000).map(|i| (i.to_string(), json!(format!("LABEL_{i}")))).collect())
}

/// A thousand class names that nobody reads are left out.
fn without_labels(config: &Value) -> Value {
    let mut config = config.clone();
    if let Some(object) = config.as_object_mut() {
        object.remove("id2label");
    }
    config
}

/// ResNets are told by their depth: the five known from ImageNet, or one of 6n + 2 layers for small images.
fn residual(variant: &Variant) -> Shape {
    const IMAGENET: [usize; 5] = [18, 34, 50, 101, 152];
    let name = variant.name.clone();
    let of_name = || name.split(|c: char| !c.is_ascii_digit()).find_map(|part| part.parse().ok());
    let Some(depth) = variant.num_layers.map(|n| n as usize).or_else(of_name) else {
        return Shape::Open { name, family: "resnet".into(), lacks: "the paper does not state the depth".into() };
    };
    match models::resnet(depth, 3) {
        Some(candidate) if IMAGENET.contains(&depth) => {
            let mut config = candidate.config.to_public();
            if let Some(object) = config.as_object_mut() {
                object.retain(|key, _| !["num_labels", "label2id"].contains(&key.as_str()));
                object.insert("stem_type".into(), json!("imagenet"));
                object.insert("id2label".into(), a_thousand());
            }
            of_config(variant, &config, vec!["1,000 classes, the stem for large images".into()])
        }
        Some(candidate) => of_config(variant, &candidate.config.to_public(), Vec::new()),
        None => {
            let lacks = format!("a ResNet of {depth} layers: 18, 34, 50, 101, 152, or 6n + 2 for small images");
            Shape::Lacking { name, lacks }
        }
    }
}

/// `WRN-28-10`.
fn wide(variant: &Variant) -> Shape {
    let name = variant.name.clone();
    let numbers: Vec<usize> = name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [depth, width] => match models::wide_resnet(depth, width, 3) {
            Some(candidate) => of_config(variant, &candidate.config.to_public(), Vec::new()),
            None => Shape::Lacking { name, lacks: format!("a wide ResNet of {depth} layers: 6n + 4") },
        },
        _ => Shape::Open { name, family: "wide_resnet".into(), lacks: "the paper does not state depth and width".into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sizes_are_models_of_the_zoo() {
        // Millions of parameters as the papers and public models have them; heads and biases make a difference of at most 3 %.
        let check = |family: Family, variant: Variant, expected: &str| {
            let found = shape(family, &variant);
            let fits = match (&found, expected.rsplit_once(' ')) {
                (Shape::Zoo { family, num_params, .. }, Some((of, millions))) => {
                    let millions: f64 = millions.parse().expect("a number");
                    family == of && (*num_params as f64 / 1e6 / millions - 1.0).abs() < 0.03
                }
                (Shape::Open { lacks, .. } | Shape::Lacking { lacks, .. }, _) => lacks.starts_with(expected),
                (Shape::Zoo { .. }, None) => false,
            };
            let told = match &found {
                Shape::Zoo { family, num_params, .. } => format!("{family} {num_params}"),
                other => format!("{other:?}"),
            };
            assert!(fits, "{variant:?}: {told}, not {expected}");
        };
        let of = |name: &str| Variant { name: name.into(), ..Variant::default() };
        let sized = |name: &str, layers, width, heads| Variant {
            num_layers: Some(layers),
            hidden_size: Some(width),
            num_heads: heads,
            ..of(name)
        };
        check(Family::Bert, sized("BERT_LARGE", 24, 1024, Some(16)), "bert 335.1");
        check(Family::Bert, of("BERTBASE"), "bert 109.5");
        check(Family::Roberta, of("RoBERTa large"), "roberta 355.4");
        check(Family::Gpt2, sized("117M", 12, 768, None), "gpt2 124.4");
        check(Family::Gpt2, sized("1542M", 48, 1600, None), "gpt2 1557.6");
        check(Family::Vit, of("ViT-B/16"), "vit 86.6");
        check(Family::Vit, Variant { patch_size: Some(14), ..of("ViT-H/14") }, "vit 632.0");
        check(Family::Resnet, of("ResNet-50"), "resnet 25.6");
        check(Family::Resnet, of("ResNet-20"), "resnet_cifar 0.27");
        check(Family::Resnet, Variant { num_layers: Some(110), ..of("ResNet-110") }, "resnet_cifar 1.73");
        check(Family::WideResnet, of("WRN-28-10"), "wide_resnet 36.5");
        check(Family::Transformer, of("base"), "marian 64.0");
        check(Family::Transformer, sized("big", 6, 1024, Some(16)), "marian 214.0");
        check(Family::Llama, of("LLaMA-7B"), "llama 6738.4");
        check(Family::Bert, sized("ours", 2, 100, Some(3)), "a model of these sizes");
        check(Family::Bert, of("our model"), "the paper does not state layers and width");
        check(Family::Resnet, of("ResNet-21"), "a ResNet of 21 layers");
        check(Family::Lstm, of("LSTM"), "recurrent networks");
    }
}
