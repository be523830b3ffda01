//! RoBERTa (Liu et al., 1907.11692) for every job that its public classes have, with their names; and XLM-R (1911.02116) and CamemBERT
//! (1911.03894), which are the same under other names. It is BERT without the guess of the next sentence: its first token goes through a
//! layer of the head's own. Positions are numbered from the padding's id on.

use crate::contract::{Architecture, Model};
use crate::cost::Cost;
use crate::encoder::{Encoder, NAMES, Places, Shape, Top};
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count, check_counts, check_divides, check_dropouts, check_ids, check_positive, named};
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
    pub model_type: Relative,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    /// Rows of the table of positions: a text may be shorter by `pad_token_id + 1`.
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
    /// What texts begin and end with.
    pub bos_token_id: usize,
    pub eos_token_id: usize,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Which relative: they differ in data and names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relative {
    #[serde(rename = "roberta")]
    Roberta,
    #[serde(rename = "xlm-roberta")]
    XlmRoberta,
    #[serde(rename = "camembert")]
    Camembert,
}

/// Their `model_type`, and how the names of their classes begin.
const RELATIVES: [(&str, Relative, &str); 3] = [
    ("roberta", Relative::Roberta, "Roberta"),
    ("xlm-roberta", Relative::XlmRoberta, "XLMRoberta"),
    ("camembert", Relative::Camembert, "Camembert"),
];

/// Its heads, by the names of their classes in public files; the first of a kind is RoBERTa's own.
pub(crate) const HEADS: &Heads = &[
    (HeadKind::Classes, "RobertaForSequenceClassification"),
    (HeadKind::Labels, "RobertaForSequenceClassification"),
    (HeadKind::Value, "RobertaForSequenceClassification"),
    (HeadKind::Tags, "RobertaForTokenClassification"),
    (HeadKind::Span, "RobertaForQuestionAnswering"),
    (HeadKind::Words, "RobertaForMaskedLM"),
    (HeadKind::Vector, "RobertaModel"),
];

const PLACES: Places = Places {
    body: "roberta",
    parts: &["embeddings.", "encoder.", "pooler."],
    tops: &["roberta.pooler.", "classifier.", "qa_outputs.", "lm_head."],
};

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let relatives = RELATIVES.map(|(name, relative, _)| (name, relative));
        let model_type = Fields::new(object).choice_or("model_type", Relative::Roberta, &relatives);
        // Classes by RoBERTa's own name.
        let mut object = object.clone();
        if let Some(Value::String(class)) = object.get_mut("architectures").and_then(|all| all.get_mut(0))
            && let Some(rest) = class.strip_prefix(model_type.class())
        {
            *class = format!("{}{rest}", Relative::Roberta.class());
        }
        let mut f = Fields::new(&object);
        let head = Head::read(&mut f, HEADS, &["num_labels"], 2);
        if head == Head::Words {
            f.only_if_present("tie_word_embeddings", json!(true));
        }
        f.only_if_present("is_decoder", json!(false));
        f.only_if_present("position_embedding_type", json!("absolute"));
        let config = Config {
            model_type,
            vocab_size: f.count("vocab_size"),
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
            pad_token_id: f.count_or("pad_token_id", 1),
            bos_token_id: f.count_or("bos_token_id", 0),
            eos_token_id: f.count_or("eos_token_id", 2),
            head,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            model_type: Relative::XlmRoberta,
            vocab_size: 50,
            hidden_size: 16,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 24,
            max_position_embeddings: 14,
            type_vocab_size: 1,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            classifier_dropout: None,
            initializer_range: 0.02,
            layer_norm_eps: 1e-5,
            pad_token_id: 1,
            bos_token_id: 0,
            eos_token_id: 2,
            head: Head::three_classes(),
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        if let Some(Value::String(class)) = config.get_mut("architectures").and_then(|all| all.get_mut(0)) {
            *class = class.replacen(Relative::Roberta.class(), self.model_type.class(), 1);
        }
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("hidden_size", self.hidden_size, 65_536),
            ("num_hidden_layers", self.num_hidden_layers, 1000),
            ("num_attention_heads", self.num_attention_heads, 1024),
            ("intermediate_size", self.intermediate_size, 1_000_000),
            ("type_vocab_size", self.type_vocab_size, 1000),
        ];
        check_counts(&mut problems, most);
        // A position at least is left for a token.
        let least = self.pad_token_id.min(self.vocab_size) + 2;
        check_count(&mut problems, "max_position_embeddings", self.max_position_embeddings, least..=1_000_000);
        check_divides(&mut problems, named!(self; num_attention_heads, hidden_size));
        check_dropouts(&mut problems, named!(self; hidden_dropout_prob, attention_probs_dropout_prob));
        check_dropouts(&mut problems, [("classifier_dropout", self.classifier_dropout.unwrap_or(0.0))]);
        check_ids(&mut problems, self.vocab_size, named!(self; pad_token_id, bos_token_id, eos_token_id));
        check_positive(&mut problems, named!(self; layer_norm_eps, initializer_range));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Weights of a bare `RobertaModel` get the prefix `roberta.`; index buffers and heads of other jobs are left out.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let (own, scores): (&[&str], _) = match &self.head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => {
                (&["classifier.dense.", "classifier.out_proj."], "classifier.out_proj")
            }
            Head::Tags(_) => (&["classifier.weight", "classifier.bias"], "classifier"),
            Head::Span => (&["qa_outputs."], "qa_outputs"),
            Head::Words => (&["lm_head.dense.", "lm_head.layer_norm.", "lm_head.bias"], ""),
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
        Some((self.vocab_size, self.shape().longest()))
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        let (shape, d) = (self.shape(), self.hidden_size);
        let dense = |at: &str, out| Dense::fresh(&weights.at(at), d, out, shape.init, Init::Zeros);
        let dropout = self.classifier_dropout.unwrap_or(self.hidden_dropout_prob) as f32;
        let top = match &self.head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => {
                let (dense, scores) = (dense("classifier.dense", d), dense("classifier.out_proj", self.head.width()));
                Top::First { before: Some(dropout), dense, act: Activation::Tanh, dropout, scores }
            }
            Head::Tags(_) => Top::Each { dropout, scores: dense("classifier", self.head.width()) },
            Head::Span => Top::Each { dropout: 0.0, scores: dense("qa_outputs", 2) },
            Head::Words => {
                let norm = LayerNorm::fresh(&weights.at("lm_head.layer_norm"), d, self.layer_norm_eps);
                let bias = weights.at("lm_head").fresh("bias", &[self.vocab_size], Init::Zeros);
                Top::Words { dense: dense("lm_head.dense", d), act: Activation::Gelu, norm, bias }
            }
            Head::Vector(pooling) => Top::Vector(*pooling),
        };
        Ok(Box::new(Encoder::new("roberta", &shape, &NAMES, (&weights.at("roberta"), adapter), top)?))
    }
}

impl Relative {
    /// How the names of its classes begin.
    fn class(self) -> &'static str {
        RELATIVES.iter().find(|(_, relative, _)| *relative == self).map_or("", |(.., class)| class)
    }
}

impl Config {
    fn shape(&self) -> Shape {
        Shape {
            vocab_size: self.vocab_size,
            embedding_size: self.hidden_size,
            hidden_size: self.hidden_size,
            num_layers: self.num_hidden_layers,
            num_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            positions: self.max_position_embeddings,
            first_position: self.pad_token_id + 1,
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
