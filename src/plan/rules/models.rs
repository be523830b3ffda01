//! Which models serve: public ones that fine-tunes start from, and architectures of the zoo from scratch.

use crate::data::{
    DECODERS, ENCODERS, EncoderFamily, HEARERS, PublicEncoder, PublicModel, SMALLER_BERTS, USUAL_BERT, WRITERS,
    words_of_characters,
};
use crate::intake::ModelSize;
use crate::plan::TableFacts;
use crate::spec::{ModelSpec, TokenizerSpec};
use serde_json::json;
use tallow_zoo::{HeadKind, ModelConfig, mlp};

/// A model that a run may start from, with all that its cost depends on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// As people call it: `BERT-base`, `ResNet-20`.
    pub(super) name: String,
    pub(super) spec: ModelSpec,
    pub(super) config: ModelConfig,
}

/// What a name stands for, as people call models.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Named {
    /// Encoders of BERT's kind, of any size.
    Bert,
    /// Encoders of this kind from scratch, of the size that was asked for: the public ones go by their ids.
    Fresh(EncoderKind),
    /// These public encoders.
    Encoders(Vec<&'static PublicEncoder>),
    /// A ResNet of any depth, or of this one.
    Resnet(Option<usize>),
    /// A wide ResNet of this depth, so many times as wide.
    WideResnet(usize, usize),
    /// A vision transformer from scratch.
    Vit,
    /// A perceptron for tables.
    Mlp,
    /// These public models of two texts; none: small ones from scratch.
    Writers(&'static [PublicModel]),
    /// These public models of speech.
    Hearers(&'static [PublicModel]),
    /// These public language models; none: small ones from scratch.
    Decoders(&'static [PublicModel]),
    /// Llamas from scratch: the public ones have names of their own.
    Llama,
}

/// Encoders that can be made anew in any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EncoderKind {
    Bert,
    Roberta,
    Distilbert,
    Electra,
}

impl EncoderKind {
    fn in_words(self) -> &'static str {
        match self {
            EncoderKind::Bert => "BERT",
            EncoderKind::Roberta => "RoBERTa",
            EncoderKind::Distilbert => "DistilBERT",
            EncoderKind::Electra => "ELECTRA",
        }
    }
}

/// The meaning of `minilm`, `bert-base`, `resnet-20`; none where the zoo has no such model.
pub(super) fn named(name: &str) -> Option<Named> {
    let name = name.to_lowercase().replace(['_', ' '], "-");
    if name == "bert" {
        return Some(Named::Bert);
    }
    let fresh = [EncoderKind::Roberta, EncoderKind::Distilbert, EncoderKind::Electra];
    if let Some(kind) = fresh.into_iter().find(|kind| kind.in_words().to_lowercase() == name) {
        return Some(Named::Fresh(kind));
    }
    if matches!(name.as_str(), "gpt" | "nanogpt") || name.starts_with("language-model") {
        return Some(Named::Decoders(&[]));
    }
    if matches!(name.as_str(), "mlp" | "perceptron" | "multi-layer-perceptron" | "multilayer-perceptron") {
        return Some(Named::Mlp);
    }
    if matches!(name.as_str(), "transformer" | "vanilla-transformer") {
        return Some(Named::Writers(&[]));
    }
    if matches!(name.as_str(), "t5" | "flan-t5") {
        let of_family = WRITERS.iter().position(|writer| writer.name.to_lowercase().starts_with(&name))?;
        let count = WRITERS[of_family..].iter().take_while(|writer| writer.name.to_lowercase().starts_with(&name)).count();
        return Some(Named::Writers(&WRITERS[of_family..of_family + count]));
    }
    // Of convolutional networks the zoo has residual ones.
    if matches!(
        name.as_str(),
        "cnn" | "convnet" | "convnets" | "conv-net" | "convolutional-network" | "convolutional-neural-network"
    ) {
        return Some(Named::Resnet(None));
    }
    if name == "vit" {
        return Some(Named::Vit);
    }
    if name == "llama" {
        return Some(Named::Llama);
    }
    if let Some(at) = SMALLER_BERTS.iter().position(|encoder| encoder.name.to_lowercase() == name) {
        // Where it cannot be had, the next smaller one.
        let smaller = ENCODERS.iter().filter(|encoder| encoder.family == EncoderFamily::Bert && encoder.layers <= 4);
        return Some(Named::Encoders(SMALLER_BERTS[at..].iter().chain(smaller).collect()));
    }
    let wide = ["wide-resnet", "wideresnet", "wrn"].iter().find_map(|start| name.strip_prefix(start));
    if let Some(rest) = wide {
        // 1605.07146 writes WRN-depth-width; its smallest good one is 16-4.
        let sizes: Vec<&str> = rest.split('-').filter(|part| !part.is_empty()).collect();
        return match sizes.as_slice() {
            [] => Some(Named::WideResnet(16, 4)),
            [depth, width] => Some(Named::WideResnet(depth.parse().ok()?, width.parse().ok()?)),
            _ => None,
        };
    }
    if name == "whisper" {
        // Those of several languages.
        return Some(Named::Hearers(&HEARERS[..2]));
    }
    if let Some(at) = HEARERS.iter().position(|hearer| hearer.name.to_lowercase() == name) {
        return Some(Named::Hearers(&HEARERS[at..=at]));
    }
    if let Some(at) = WRITERS.iter().position(|writer| writer.name.to_lowercase() == name) {
        return Some(Named::Writers(&WRITERS[at..=at]));
    }
    if let Some(at) = DECODERS.iter().position(|decoder| decoder.is_called(&name)) {
        return Some(Named::Decoders(&DECODERS[at..=at]));
    }
    if let Some(depth) = name.strip_prefix("resnet") {
        let depth = depth.trim_start_matches('-');
        return if depth.is_empty() {
            Some(Named::Resnet(None))
        } else {
            depth.parse().ok().filter(|depth| is_depth(*depth)).map(|depth| Named::Resnet(Some(depth)))
        };
    }
    let is_own = |part: &str| {
        matches!(part, "all" | "minilm" | "uncased" | "v2") || part.starts_with(['l', 'h']) && part[1..].parse::<u32>().is_ok()
    };
    // Others of that name were trained on something else.
    if name.contains("minilm") && !name.split('-').all(is_own) {
        return None;
    }
    let start = if name.contains("minilm") {
        let size = name.split('-').find(|part| part.starts_with('l') && part[1..].parse::<u32>().is_ok());
        size.map_or("minilm".into(), |size| format!("minilm-{size}"))
    } else {
        name.trim_end_matches("-uncased").to_string()
    };
    let found: Vec<_> = ENCODERS
        .iter()
        .filter(|encoder| {
            encoder.name.to_lowercase().strip_prefix(&start).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
        .collect();
    (!found.is_empty()).then_some(Named::Encoders(found))
}

/// All public encoders, largest first.
pub(super) fn encoders() -> Vec<Candidate> {
    ENCODERS.iter().filter_map(public).collect()
}

pub(super) fn public(encoder: &PublicEncoder) -> Option<Candidate> {
    let size = EncoderSize {
        kind: EncoderKind::Bert,
        layers: encoder.layers,
        hidden: encoder.hidden,
        heads: encoder.heads,
        intermediate: 4 * encoder.hidden,
        positions: 512,
        vocab: 30_522,
    };
    let spec = ModelSpec::Pretrained { id: encoder.id.into(), revision: None };
    Some(Candidate { name: encoder.name.into(), spec, config: size.config(0.1)? })
}

/// Whether this is less than what people call BERT: an encoder of another family, or one smaller than the usual.
pub(super) fn is_less_than_bert(candidate: &Candidate) -> bool {
    let place = |name: &str| ENCODERS.iter().position(|encoder| encoder.name == name);
    let (Some(this), Some(usual)) = (place(&candidate.name), place(USUAL_BERT)) else { return false };
    this > usual || ENCODERS[this].family != EncoderFamily::Bert
}

/// The name of one of these sizes of BERT, where `name` is that of one and the candidate is another.
pub(super) fn other_than_named(candidate: &Candidate, name: &str) -> Option<&'static str> {
    let asked = SMALLER_BERTS.iter().find(|encoder| encoder.name.eq_ignore_ascii_case(name))?;
    (asked.name != candidate.name).then_some(asked.name)
}

/// Whether it was tuned on pairs of sentences.
pub(super) fn is_of_sentences(candidate: &Candidate) -> bool {
    ENCODERS.iter().any(|encoder| encoder.name == candidate.name && encoder.family == EncoderFamily::Minilm)
}

/// Sizes of an encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct EncoderSize {
    pub(super) kind: EncoderKind,
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    pub(super) intermediate: usize,
    pub(super) positions: usize,
    pub(super) vocab: usize,
}

impl EncoderSize {
    /// With the architecture's own values for all else; none where the sizes make no encoder. Special tokens are those of a tokenizer of
    /// BERT's kind, which is what is made from texts.
    pub(super) fn config(&self, dropout: f64) -> Option<ModelConfig> {
        let named = |model_type: &str, positions: usize| {
            json!({
                "model_type": model_type, "vocab_size": self.vocab, "hidden_size": self.hidden, "num_hidden_layers": self.layers,
                "num_attention_heads": self.heads, "intermediate_size": self.intermediate, "max_position_embeddings": positions,
                "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout, "pad_token_id": 0,
            })
        };
        let config = match self.kind {
            EncoderKind::Bert => named("bert", self.positions),
            EncoderKind::Roberta => {
                // Its positions are counted from the padding's id on.
                let mut config = named("roberta", self.positions + 1);
                (config["bos_token_id"], config["eos_token_id"]) = (json!(2), json!(3));
                config
            }
            EncoderKind::Electra => {
                let mut config = named("electra", self.positions);
                config["embedding_size"] = json!(self.hidden.min(128));
                config
            }
            EncoderKind::Distilbert => json!({
                "model_type": "distilbert", "vocab_size": self.vocab, "dim": self.hidden, "n_layers": self.layers, "n_heads": self.heads,
                "hidden_dim": self.intermediate, "max_position_embeddings": self.positions, "dropout": dropout,
                "attention_dropout": dropout, "pad_token_id": 0,
            }),
        };
        ModelConfig::from_public(&config.to_string()).ok()
    }

    pub(super) fn candidate(&self, dropout: f64) -> Option<Candidate> {
        let name = format!("{} of {} layers of {}", self.kind.in_words(), self.layers, self.hidden);
        let config = self.config(dropout)?;
        Some(Candidate { name, spec: ModelSpec::Scratch { config: config.clone(), tokenizer: None }, config })
    }
}

/// Layers and width of GPTs from scratch, largest first: 124M parameters as GPT-2's smallest has them, then what a CPU can train.
pub(super) const SCRATCH_DECODERS: [(usize, usize); 4] = [(12, 768), (8, 512), (6, 384), (4, 192)];

/// The largest vocabulary that is made.
const MOST_VOCAB: usize = 32_768;

/// A vocabulary in proportion to the text.
pub(super) fn vocabulary(tokens: u64) -> usize {
    match tokens {
        0..2_000_000 => 1_024,
        2_000_000..20_000_000 => 8_192,
        _ => MOST_VOCAB,
    }
}

/// One of so many different characters, and no larger: a word that no text has takes of every step to be told that it is none.
pub(super) fn of_characters(different: usize) -> usize {
    words_of_characters(different).min(MOST_VOCAB)
}

/// A GPT from scratch; none where the sizes make none.
pub(super) fn decoder(layers: usize, width: usize, heads: usize, positions: usize, vocab: usize) -> Option<Candidate> {
    let config = json!({
        "model_type": "gpt2", "vocab_size": vocab, "n_positions": positions, "n_embd": width, "n_layer": layers, "n_head": heads,
    });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("GPT of {layers} layers of {width}"), spec, config })
}

/// A Llama from scratch, as 2302.13971 has them: as wide inside as 8/3 of its width; none where the sizes make none.
pub(super) fn llama(layers: usize, width: usize, heads: usize, positions: usize, vocab: usize) -> Option<Candidate> {
    let config = json!({
        "model_type": "llama", "vocab_size": vocab, "max_position_embeddings": positions, "hidden_size": width,
        "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": (8 * width / 3).div_ceil(64) * 64,
        "tie_word_embeddings": true,
    });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("Llama of {layers} layers of {width}"), spec, config })
}

/// A perceptron for a table that says what `head` says, of hidden layers of these `units`; none where the sizes make none. What stands
/// between them is told where it is not what is usual.
pub(super) fn perceptron(
    table: &TableFacts,
    head: HeadKind,
    units: Vec<usize>,
    hidden_act: Option<mlp::Activation>,
    norm: Option<mlp::Norm>,
) -> Option<Candidate> {
    let mut widths: Vec<String> = units.iter().map(usize::to_string).collect();
    widths.dedup();
    let mut name =
        format!("MLP of {} hidden layer{} of {}", units.len(), if units.len() == 1 { "" } else { "s" }, widths.join(", "));
    let act = hidden_act.filter(|act| *act != mlp::Activation::Relu).map(mlp::Activation::name);
    let beside = act.into_iter().chain(match norm {
        Some(mlp::Norm::Batch) => Some("batch norm"),
        Some(mlp::Norm::Layer) => Some("layer norm"),
        Some(mlp::Norm::None) | None => None,
    });
    let beside: Vec<&str> = beside.collect();
    if !beside.is_empty() {
        name.push_str(&format!(" ({})", beside.join(", ")));
    }
    let hidden_sizes = units;
    let open = mlp::Config {
        numeric_columns: vec![],
        categorical_columns: vec![],
        target_column: None,
        target: mlp::Scale::default(),
        hidden_sizes,
        hidden_act: hidden_act.unwrap_or(mlp::Activation::Relu),
        norm: norm.unwrap_or(mlp::Norm::None),
        dropout: 0.1,
        head: head.with(Vec::new()),
    };
    let spec = ModelSpec::Scratch { config: ModelConfig::Mlp(open.clone()), tokenizer: None };
    // With the columns, for what it costs.
    let config = ModelConfig::Mlp(table.given_to(open, None)).with_labels(&["0".into(), "1".into()]);
    config.check().is_ok().then_some(Candidate { name, spec, config })
}

/// Width of a perceptron's layers.
pub(super) const HIDDEN: usize = 128;

/// A public model, to be tuned.
pub(super) fn tuned(model: &PublicModel) -> Option<Candidate> {
    let spec = ModelSpec::Pretrained { id: model.id.into(), revision: None };
    Some(Candidate { name: model.name.into(), spec, config: ModelConfig::from_public(model.config).ok()? })
}

/// The architecture of a public model from scratch, with its tokenizer.
pub(super) fn fresh(model: &PublicModel) -> Option<Candidate> {
    let Candidate { name, config, .. } = tuned(model)?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: Some(TokenizerSpec::Of(model.id.into())) };
    Some(Candidate { name, spec, config })
}

/// Layers of each side and width of models of two texts from scratch, largest first: the base model of 1706.03762, then what a CPU can
/// train.
pub(super) const SCRATCH_WRITERS: [(usize, usize); 3] = [(6, 512), (3, 256), (2, 128)];

/// Layers of each side and width of models of speech from scratch, largest first: Whisper-tiny's, then what a CPU can train.
pub(super) const SCRATCH_HEARERS: [(usize, usize); 3] = [(4, 384), (3, 256), (2, 128)];

/// A model of speech from scratch that hears so many frames; none where the sizes make none.
pub(super) fn hearer(layers: usize, width: usize, heads: usize, frames: usize, vocab: usize) -> Option<Candidate> {
    let config = json!({
        "model_type": "whisper", "vocab_size": vocab, "d_model": width, "encoder_layers": layers, "decoder_layers": layers,
        "encoder_attention_heads": heads, "decoder_attention_heads": heads, "encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width,
        "max_source_positions": frames / 2, "max_target_positions": 448, "dropout": 0.1, "pad_token_id": 0, "bos_token_id": 0,
        "eos_token_id": 1, "decoder_start_token_id": 0, "init_std": (width.max(1) as f64).powf(-0.5),
    });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("Whisper of {layers} layers of {width}"), spec, config })
}

/// A model of two texts from scratch; none where the sizes make none.
pub(super) fn writer(layers: usize, width: usize, heads: usize, positions: usize, vocab: usize) -> Option<Candidate> {
    let config = json!({
        "model_type": "marian", "vocab_size": vocab, "d_model": width, "encoder_layers": layers, "decoder_layers": layers,
        "encoder_attention_heads": heads, "decoder_attention_heads": heads, "encoder_ffn_dim": 4 * width, "decoder_ffn_dim": 4 * width,
        "max_position_embeddings": positions, "activation_function": "relu", "scale_embedding": true, "pad_token_id": 0,
        // So that what the scaled table gives is as large as positions are.
        "eos_token_id": 1, "decoder_start_token_id": 0, "init_std": (width.max(1) as f64).powf(-0.5),
    });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("Transformer of {layers} layers of {width}"), spec, config })
}

/// A T5 from scratch, as 1910.10683 has them; none where the sizes make none.
pub(super) fn t5(layers: usize, width: usize, heads: usize, positions: usize, vocab: usize) -> Option<Candidate> {
    let config = json!({
        "model_type": "t5", "vocab_size": vocab, "d_model": width, "d_kv": width / heads.max(1), "d_ff": 4 * width, "num_layers": layers,
        "num_heads": heads, "n_positions": positions, "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0,
    });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("T5 of {layers} layers of {width}"), spec, config })
}

impl Candidate {
    /// With the width of feed-forward layers and the vocabulary that were asked for, where all of it is made anew.
    #[must_use]
    pub(super) fn sized(mut self, size: &ModelSize) -> Self {
        if let ModelSpec::Scratch { config, tokenizer: None } = &mut self.spec
            && (size.intermediate.is_some() || size.vocab.is_some() || size.patch.is_some())
        {
            for config in [config, &mut self.config] {
                if let (ModelConfig::Vit(vit), Some(patch)) = (&mut *config, size.patch) {
                    vit.patch_size = patch;
                }
                let (inner, vocab) = inside(config);
                for (own, asked) in
                    inner.into_iter().map(|own| (own, size.intermediate)).chain(vocab.map(|own| (own, size.vocab)))
                {
                    *own = asked.unwrap_or(*own);
                }
            }
        }
        self
    }

    /// Whether it is as large as was asked for.
    pub(super) fn is_of(&self, size: &ModelSize) -> bool {
        let (layers, hidden, heads) = match &self.config {
            ModelConfig::Bert(c) => (Some(c.num_hidden_layers), Some(c.hidden_size), Some(c.num_attention_heads)),
            ModelConfig::Distilbert(c) => (Some(c.n_layers), Some(c.dim), Some(c.n_heads)),
            ModelConfig::Electra(c) => (Some(c.num_hidden_layers), Some(c.hidden_size), Some(c.num_attention_heads)),
            ModelConfig::Roberta(c) => (Some(c.num_hidden_layers), Some(c.hidden_size), Some(c.num_attention_heads)),
            ModelConfig::Vit(c) => (Some(c.num_hidden_layers), Some(c.hidden_size), Some(c.num_attention_heads)),
            ModelConfig::WideResnet(c) => (Some(c.depth), None, None),
            ModelConfig::Gpt2(c) => (Some(c.n_layer), Some(c.n_embd), Some(c.n_head)),
            ModelConfig::Llama(c) => (Some(c.num_hidden_layers), Some(c.hidden_size), Some(c.num_attention_heads)),
            ModelConfig::Mlp(c) => (Some(c.hidden_sizes.len()), c.hidden_sizes.first().copied(), None),
            ModelConfig::Marian(c) => (Some(c.encoder_layers), Some(c.d_model), Some(c.encoder_attention_heads)),
            ModelConfig::T5(c) => (Some(c.num_layers), Some(c.d_model), Some(c.num_heads)),
            ModelConfig::Whisper(c) => (Some(c.encoder_layers), Some(c.d_model), Some(c.encoder_attention_heads)),
            ModelConfig::ResnetCifar(c) => (Some(c.depth), None, None),
            // By its name: the usual count leaves out some of the convolutions.
            ModelConfig::Resnet(_) => (self.name.rsplit('-').next().and_then(|depth| depth.parse().ok()), None, None),
        };
        // "110M parameters" is a round number.
        let close = |params: f64| (self.config.num_params() as f64 / params - 1.0).abs() < 0.05;
        let same = |asked: Option<usize>, found: Option<usize>| asked.is_none() || asked == found;
        let small = |most: f64| self.config.num_params() as f64 <= most;
        let mut config = self.config.clone();
        let (inner, vocab) = inside(&mut config);
        let patch = if let ModelConfig::Vit(vit) = &self.config { Some(vit.patch_size) } else { None };
        same(size.layers, layers)
            && same(size.patch, patch)
            && same(size.intermediate, inner.first().map(|own| **own))
            && same(size.vocab, vocab.map(|own| *own))
            && same(size.hidden, hidden)
            && same(size.heads, heads)
            && size.params.is_none_or(close)
            && size.max_params.is_none_or(small)
    }
}

/// Widths of a model's feed-forward layers, and its words.
fn inside(config: &mut ModelConfig) -> (Vec<&mut usize>, Option<&mut usize>) {
    match config {
        ModelConfig::Bert(c) => (vec![&mut c.intermediate_size], Some(&mut c.vocab_size)),
        ModelConfig::Roberta(c) => (vec![&mut c.intermediate_size], Some(&mut c.vocab_size)),
        ModelConfig::Electra(c) => (vec![&mut c.intermediate_size], Some(&mut c.vocab_size)),
        ModelConfig::Distilbert(c) => (vec![&mut c.hidden_dim], Some(&mut c.vocab_size)),
        ModelConfig::Gpt2(c) => (vec![c.n_inner.get_or_insert(4 * c.n_embd)], Some(&mut c.vocab_size)),
        ModelConfig::Llama(c) => (vec![&mut c.intermediate_size], Some(&mut c.vocab_size)),
        ModelConfig::T5(c) => (vec![&mut c.d_ff], Some(&mut c.vocab_size)),
        ModelConfig::Marian(c) => (vec![&mut c.encoder_ffn_dim, &mut c.decoder_ffn_dim], Some(&mut c.vocab_size)),
        ModelConfig::Whisper(c) => (vec![&mut c.encoder_ffn_dim, &mut c.decoder_ffn_dim], Some(&mut c.vocab_size)),
        ModelConfig::Vit(c) => (vec![&mut c.intermediate_size], None),
        ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) | ModelConfig::WideResnet(_) | ModelConfig::Mlp(_) => (vec![], None),
    }
}

/// (depth, blocks of each stage, bottlenecks) of He et al., 1512.03385, table 1.
const LARGE_RESNETS: [(usize, [usize; 4], bool); 5] = [
    (18, [2, 2, 2, 2], false),
    (34, [3, 4, 6, 3], false),
    (50, [3, 4, 6, 3], true),
    (101, [3, 4, 23, 3], true),
    (152, [3, 8, 36, 3], true),
];

/// Depths for small images of He et al., 1512.03385, table 6, that are worth training.
pub(super) const RESNET_DEPTHS: [usize; 5] = [110, 56, 44, 32, 20];

fn is_depth(depth: usize) -> bool {
    resnet(depth, 3).is_some()
}

/// A ResNet for small images: one of the five that are known from ImageNet, with a stem for small images, or one of 6n + 2 layers
/// (1512.03385, section 4.2); none where there is no such depth.
pub(super) fn resnet(depth: usize, channels: usize) -> Option<Candidate> {
    let config = match LARGE_RESNETS.iter().find(|(of, ..)| *of == depth) {
        Some((_, depths, bottleneck)) => {
            let (kind, first) = if *bottleneck { ("bottleneck", 256) } else { ("basic", 64) };
            let sizes = [first, 2 * first, 4 * first, 8 * first];
            json!({
                "model_type": "resnet", "num_channels": channels, "embedding_size": 64, "hidden_sizes": sizes,
                "depths": depths, "layer_type": kind, "stem_type": "cifar",
            })
        }
        None => json!({ "model_type": "resnet_cifar", "depth": depth, "num_channels": channels, "width": 16 }),
    };
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    Some(Candidate {
        name: format!("ResNet-{depth}"),
        spec: ModelSpec::Scratch { config: config.clone(), tokenizer: None },
        config,
    })
}

/// A wide ResNet; none where there is none of that depth.
pub(super) fn wide_resnet(depth: usize, widen_factor: usize, channels: usize) -> Option<Candidate> {
    let config = json!({ "model_type": "wide_resnet", "depth": depth, "widen_factor": widen_factor, "num_channels": channels });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("WRN-{depth}-{widen_factor}"), spec, config })
}

/// Layers and width of vision transformers from scratch, largest first: those of 2012.12877 from the small one on, then what a CPU can
/// train.
pub(super) const SCRATCH_VITS: [(usize, usize); 3] = [(12, 384), (12, 192), (6, 128)];

/// A vision transformer from scratch for square images of `side` pixels, in about eight patches a side; none where the sizes make none.
pub(super) fn vit(
    layers: usize,
    width: usize,
    heads: usize,
    [side, channels]: [usize; 2],
    patch: Option<usize>,
) -> Option<Candidate> {
    let usual = || (1..=side).filter(|patch| side % patch == 0).min_by_key(|patch| (side / patch).abs_diff(8));
    let patch = patch.filter(|patch| *patch > 0 && side % patch == 0).or_else(usual)?;
    let config = json!({
        "model_type": "vit", "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 4 * width,
        "image_size": side, "patch_size": patch, "num_channels": channels,
    });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    let spec = ModelSpec::Scratch { config: config.clone(), tokenizer: None };
    Some(Candidate { name: format!("ViT of {layers} layers of {width}"), spec, config })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_public_models() {
        // Parameters as the public models have them with a head of two classes (pooler included where BERT has one).
        let millions: Vec<f64> = encoders().iter().map(|c| c.config.num_params() as f64 / 1e6).collect();
        for (found, expected) in millions.iter().zip([335.1, 109.5, 33.4, 22.7, 11.2, 4.4]) {
            assert!((found - expected).abs() < 0.1, "{found} {expected}");
        }
        assert_eq!(millions.len(), 6);
        assert!((resnet(20, 3).expect("there is one").config.num_params() as f64 - 269_722.0).abs() < 1.0);
        assert_eq!(resnet(21, 3), None);
        // The known depths are the known models, though 50 is 6n + 2, too.
        let resnets: Vec<f64> =
            [18, 34, 50].iter().map(|depth| resnet(*depth, 3).expect("there is one").config.num_params() as f64 / 1e6).collect();
        for (found, expected) in resnets.iter().zip([11.2, 21.3, 23.5]) {
            assert!((found - expected).abs() < 0.1, "{found} {expected}");
        }
        assert_eq!(
            EncoderSize {
                kind: EncoderKind::Bert,
                layers: 2,
                hidden: 64,
                heads: 3,
                intermediate: 256,
                positions: 64,
                vocab: 100
            }
            .config(0.1),
            None
        );
    }

    #[test]
    fn names_mean_models_of_the_zoo_or_nothing() {
        let names = |name: &str| match named(name) {
            Some(Named::Encoders(found)) => found.iter().map(|encoder| encoder.name).collect::<Vec<_>>().join(" "),
            Some(Named::Decoders([])) => "from scratch".into(),
            Some(Named::Decoders(found)) => found.iter().map(|decoder| decoder.name).collect::<Vec<_>>().join(" "),
            Some(other) => format!("{other:?}"),
            None => "none".into(),
        };
        for (name, expected) in [
            ("bert", "Bert"),
            ("BERT base", "BERT-base"),
            ("bert-base-uncased", "BERT-base"),
            ("bert-tiny", "BERT-tiny"),
            ("minilm", "MiniLM-L12 MiniLM-L6"),
            ("all-MiniLM-L6-v2", "MiniLM-L6"),
            ("multi-qa-MiniLM-L6-cos-v1", "none"),
            ("bert-base-german-cased", "none"),
            ("finbert", "none"),
            ("resnet", "Resnet(None)"),
            ("ResNet-20", "Resnet(Some(20))"),
            ("resnet18", "Resnet(Some(18))"),
            ("resnet-21", "none"),
            ("gpt-2", "GPT-2"),
            ("gpt2-medium", "GPT-2-medium"),
            ("smollm2-135m", "SmolLM2-135M"),
            ("smollm2", "SmolLM2-135M"),
            ("gpt", "from scratch"),
            ("language-modelling", "from scratch"),
            ("gpt-3", "none"),
            ("llama-3", "none"),
            ("bert-huge", "none"),
            ("bert-", "none"),
            ("roberta", "Fresh(Roberta)"),
            ("DistilBERT", "Fresh(Distilbert)"),
            ("electra", "Fresh(Electra)"),
            ("vit", "Vit"),
            ("wide resnet", "WideResnet(16, 4)"),
            ("WRN-28-10", "WideResnet(28, 10)"),
            ("wrn-28", "none"),
            ("", "none"),
        ] {
            assert_eq!(names(name), expected, "{name}");
        }
    }

    #[test]
    fn less_than_bert() {
        let less: Vec<String> = encoders().into_iter().filter(is_less_than_bert).map(|c| c.name).collect();
        assert_eq!(less, ["MiniLM-L12", "MiniLM-L6", "BERT-mini", "BERT-tiny"]);
    }
}
