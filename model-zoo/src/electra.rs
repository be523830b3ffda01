//! ELECTRA (Clark et al., 2003.10555) for every job that its public classes have but its own way of pre-training, with their names: BERT
//! with embeddings that may be smaller than its layers, and another head on the first token. Its smaller half, which guesses hidden
//! words, is the model with the head of words.

use crate::contract::{Architecture, Model};
use crate::cost::Cost;
use crate::encoder::{Encoder, NAMES, Places, Shape, Top};
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_counts, check_divides, check_dropouts, check_ids, check_positive, named};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
use crate::parts::{Activation, Dense, LayerNorm, leave_other_head};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tallow_kernels::{Init, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub vocab_size: usize,
    /// Size of the embeddings; a layer takes them to `hidden_size` where that differs.
    pub embedding_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub max_position_embeddings: usize,
    pub type_vocab_size: usize,
    pub hidden_act: Activation,
    pub hidden_dropout_prob: f64,
    pub attention_probs_dropout_prob: f64,
    /// Dropout around the head; none: `hidden_dropout_prob`.
    pub classifier_dropout: Option<f64>,
    pub initializer_range: f64,
    pub layer_norm_eps: f64,
    pub pad_token_id: usize,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[
    (HeadKind::Classes, "ElectraForSequenceClassification"),
    (HeadKind::Labels, "ElectraForSequenceClassification"),
    (HeadKind::Value, "ElectraForSequenceClassification"),
    (HeadKind::Tags, "ElectraForTokenClassification"),
    (HeadKind::Span, "ElectraForQuestionAnswering"),
    (HeadKind::Words, "ElectraForMaskedLM"),
    (HeadKind::Vector, "ElectraModel"),
];

const PLACES: Places = Places {
    body: "electra",
    parts: &["embeddings.", "embeddings_project.", "encoder."],
    tops: &["classifier.", "qa_outputs.", "generator_predictions.", "generator_lm_head.", "discriminator_predictions."],
};

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let head = Head::read(&mut f, HEADS, &["num_labels"], 2);
        if head == Head::Words {
            f.only_if_present("tie_word_embeddings", json!(true));
        }
        f.only_if_present("is_decoder", json!(false));
        f.only_if_present("position_embedding_type", json!("absolute"));
        let config = Config {
            vocab_size: f.count("vocab_size"),
            embedding_size: f.count_or("embedding_size", 128),
            hidden_size: f.count("hidden_size"),
            num_hidden_layers: f.count("num_hidden_layers"),
            num_attention_heads: f.count("num_attention_heads"),
            intermediate_size: f.count("intermediate_size"),
            max_position_embeddings: f.count("max_position_embeddings"),
            type_vocab_size: f.count_or("type_vocab_size", 2),
            hidden_act: f.choice_or("hidden_act", Activation::Gelu, &Activation::NAMES),
            hidden_dropout_prob: f.number_or("hidden_dropout_prob", 0.1),
            attention_probs_dropout_prob: f.number_or("attention_probs_dropout_prob", 0.1),
            classifier_dropout: f.get("classifier_dropout").is_some().then(|| f.number_or("classifier_dropout", 0.1)),
            initializer_range: f.number_or("initializer_range", 0.02),
            layer_norm_eps: f.number_or("layer_norm_eps", 1e-12),
            pad_token_id: f.count_or("pad_token_id", 0),
            head,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            embedding_size: 12,
            hidden_size: 16,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 24,
            max_position_embeddings: 12,
            type_vocab_size: 2,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            classifier_dropout: None,
            initializer_range: 0.02,
            layer_norm_eps: 1e-12,
            pad_token_id: 0,
            head: Head::three_classes(),
        }
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("embedding_size", self.embedding_size, 65_536),
            ("hidden_size", self.hidden_size, 65_536),
            ("num_hidden_layers", self.num_hidden_layers, 1000),
            ("num_attention_heads", self.num_attention_heads, 1024),
            ("intermediate_size", self.intermediate_size, 1_000_000),
            ("max_position_embeddings", self.max_position_embeddings, 1_000_000),
            ("type_vocab_size", self.type_vocab_size, 1000),
        ];
        check_counts(&mut problems, most);
        check_divides(&mut problems, named!(self; num_attention_heads, hidden_size));
        check_dropouts(&mut problems, named!(self; hidden_dropout_prob, attention_probs_dropout_prob));
        check_dropouts(&mut problems, [("classifier_dropout", self.classifier_dropout.unwrap_or(0.0))]);
        check_ids(&mut problems, self.vocab_size, named!(self; pad_token_id));
        check_positive(&mut problems, named!(self; layer_norm_eps, initializer_range));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Weights of a bare `ElectraModel` get the prefix `electra.`; index buffers and heads of other jobs are left out.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let (own, scores): (&[&str], _) = match &self.head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => {
                (&["classifier.dense.", "classifier.out_proj."], "classifier.out_proj")
            }
            Head::Tags(_) => (&["classifier.weight", "classifier.bias"], "classifier"),
            Head::Span => (&["qa_outputs."], "qa_outputs"),
            Head::Words => (&["generator_predictions.", "generator_lm_head.bias"], ""),
            Head::Vector(_) => (&[], ""),
        };
        let mut given = PLACES.read(given, own);
        leave_other_head(&mut given, scores, [self.head.width(), self.hidden_size]);
        Ok(given)
    }

    fn public_tensors(&self, own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        Ok(PLACES.write(own, &self.head))
    }

    fn cost(&self, b: usize, t: usize) -> Cost {
        self.shape().cost(b, t, &self.head)
    }

    fn set_dropout(&mut self, p: f64) {
        (self.hidden_dropout_prob, self.attention_probs_dropout_prob, self.classifier_dropout) = (p, p, None);
    }

    fn vector_width(&self) -> Option<usize> {
        Some(self.hidden_size)
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.max_position_embeddings))
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        let (shape, d, e) = (self.shape(), self.hidden_size, self.embedding_size);
        let dense = |at: &str, out| Dense::fresh(&weights.at(at), d, out, shape.init, Init::Zeros);
        let dropout = self.classifier_dropout.unwrap_or(self.hidden_dropout_prob) as f32;
        let top = match &self.head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => {
                let (dense, scores) = (dense("classifier.dense", d), dense("classifier.out_proj", self.head.width()));
                Top::First { before: Some(dropout), dense, act: Activation::Gelu, dropout, scores }
            }
            Head::Tags(_) => Top::Each { dropout, scores: dense("classifier", self.head.width()) },
            Head::Span => Top::Each { dropout: 0.0, scores: dense("qa_outputs", 2) },
            Head::Words => {
                let norm = LayerNorm::fresh(&weights.at("generator_predictions.LayerNorm"), e, self.layer_norm_eps);
                let bias = weights.at("generator_lm_head").fresh("bias", &[self.vocab_size], Init::Zeros);
                Top::Words { dense: dense("generator_predictions.dense", e), act: Activation::Gelu, norm, bias }
            }
            Head::Vector(pooling) => Top::Vector(*pooling),
        };
        Ok(Box::new(Encoder::new("electra", &shape, &NAMES, (&weights.at("electra"), adapter), top)?))
    }
}

impl Config {
    fn shape(&self) -> Shape {
        Shape {
            vocab_size: self.vocab_size,
            embedding_size: self.embedding_size,
            hidden_size: self.hidden_size,
            num_layers: self.num_hidden_layers,
            num_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            positions: self.max_position_embeddings,
            first_position: 0,
            fixed_positions: false,
            types: self.type_vocab_size,
            act: self.hidden_act,
            dropout: self.hidden_dropout_prob as f32,
            attention_dropout: self.attention_probs_dropout_prob as f32,
            norm_eps: self.layer_norm_eps,
            init: Init::Normal(self.initializer_range as f32),
        }
    }
}
