//! DistilBERT (Sanh et al., 1910.01108) for every job that its public classes have, with their names: BERT without segment types, with a
//! head of its own on the first token.

use crate::contract::{Architecture, Model};
use crate::cost::Cost;
use crate::encoder::{Encoder, Names, Places, Shape, Top};
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
    pub dim: usize,
    pub n_layers: usize,
    pub n_heads: usize,
    /// Inner size of the feed-forward layers.
    pub hidden_dim: usize,
    pub max_position_embeddings: usize,
    /// Whether the table of positions holds sines and stays as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sinusoidal_pos_embds: bool,
    pub activation: Activation,
    pub dropout: f64,
    pub attention_dropout: f64,
    /// Dropout before the scores of a text.
    pub seq_classif_dropout: f64,
    /// Dropout before the scores of a span.
    pub qa_dropout: f64,
    pub initializer_range: f64,
    pub pad_token_id: usize,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[
    (HeadKind::Classes, "DistilBertForSequenceClassification"),
    (HeadKind::Labels, "DistilBertForSequenceClassification"),
    (HeadKind::Value, "DistilBertForSequenceClassification"),
    (HeadKind::Tags, "DistilBertForTokenClassification"),
    (HeadKind::Span, "DistilBertForQuestionAnswering"),
    (HeadKind::Words, "DistilBertForMaskedLM"),
    (HeadKind::Vector, "DistilBertModel"),
];

const PLACES: Places = Places {
    body: "distilbert",
    parts: &["embeddings.", "transformer."],
    tops: &["pre_classifier.", "classifier.", "qa_outputs.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector."],
};

const NAMES: Names = Names {
    layers: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    intermediate: "ffn.lin1",
    output: "ffn.lin2",
    output_norm: "output_layer_norm",
};

/// Of all its norms, by its code.
const NORM_EPS: f64 = 1e-12;

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let head = Head::read(&mut f, HEADS, &["num_labels"], 2);
        if head == Head::Words {
            f.only_if_present("tie_word_embeddings", json!(true));
            f.only_if_present("tie_weights_", json!(true));
        }
        let config = Config {
            vocab_size: f.count("vocab_size"),
            dim: f.count("dim"),
            n_layers: f.count("n_layers"),
            n_heads: f.count("n_heads"),
            hidden_dim: f.count("hidden_dim"),
            max_position_embeddings: f.count("max_position_embeddings"),
            sinusoidal_pos_embds: f.flag_or("sinusoidal_pos_embds", false),
            activation: f.choice_or("activation", Activation::Gelu, &Activation::NAMES),
            dropout: f.number_or("dropout", 0.1),
            attention_dropout: f.number_or("attention_dropout", 0.1),
            seq_classif_dropout: f.number_or("seq_classif_dropout", 0.2),
            qa_dropout: f.number_or("qa_dropout", 0.1),
            initializer_range: f.number_or("initializer_range", 0.02),
            pad_token_id: f.count_or("pad_token_id", 0),
            head,
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            vocab_size: 50,
            dim: 16,
            n_layers: 2,
            n_heads: 2,
            hidden_dim: 24,
            max_position_embeddings: 12,
            sinusoidal_pos_embds: false,
            activation: Activation::Gelu,
            dropout: 0.1,
            attention_dropout: 0.1,
            seq_classif_dropout: 0.2,
            qa_dropout: 0.1,
            initializer_range: 0.02,
            pad_token_id: 0,
            head: Head::three_classes(),
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        config.insert("sinusoidal_pos_embds".into(), json!(self.sinusoidal_pos_embds));
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("vocab_size", self.vocab_size, 10_000_000),
            ("dim", self.dim, 65_536),
            ("n_layers", self.n_layers, 1000),
            ("n_heads", self.n_heads, 1024),
            ("hidden_dim", self.hidden_dim, 1_000_000),
            ("max_position_embeddings", self.max_position_embeddings, 1_000_000),
        ];
        check_counts(&mut problems, most);
        check_divides(&mut problems, named!(self; n_heads, dim));
        check_dropouts(&mut problems, named!(self; dropout, attention_dropout, seq_classif_dropout, qa_dropout));
        check_ids(&mut problems, self.vocab_size, named!(self; pad_token_id));
        check_positive(&mut problems, named!(self; initializer_range));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Weights of a bare `DistilBertModel` get the prefix `distilbert.`; index buffers and heads of other jobs are left out.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let own: &[&str] = match &self.head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => &["pre_classifier.", "classifier."],
            Head::Tags(_) => &["classifier."],
            Head::Span => &["qa_outputs."],
            Head::Words => &["vocab_transform.", "vocab_layer_norm.", "vocab_projector.bias"],
            Head::Vector(_) => &[],
        };
        let mut given = PLACES.read(given, own);
        leave_other_head(&mut given, "classifier", [self.head.width(), self.dim]);
        leave_other_head(&mut given, "qa_outputs", [2, self.dim]);
        Ok(given)
    }

    fn public_tensors(&self, own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        Ok(PLACES.write(own, &self.head))
    }

    fn cost(&self, b: usize, t: usize) -> Cost {
        self.shape().cost(b, t, &self.head)
    }

    fn set_dropout(&mut self, p: f64) {
        (self.dropout, self.attention_dropout, self.seq_classif_dropout, self.qa_dropout) = (p, p, p, p);
    }

    fn vector_width(&self) -> Option<usize> {
        Some(self.dim)
    }

    fn text_limits(&self) -> Option<(usize, usize)> {
        Some((self.vocab_size, self.max_position_embeddings))
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        let (shape, d) = (self.shape(), self.dim);
        let dense = |at: &str, out| Dense::fresh(&weights.at(at), d, out, shape.init, Init::Zeros);
        let top = match &self.head {
            Head::Classes(_) | Head::Labels(_) | Head::Value => {
                let (dense, scores) = (dense("pre_classifier", d), dense("classifier", self.head.width()));
                Top::First { before: None, dense, act: Activation::Relu, dropout: self.seq_classif_dropout as f32, scores }
            }
            Head::Tags(_) => Top::Each { dropout: self.dropout as f32, scores: dense("classifier", self.head.width()) },
            Head::Span => Top::Each { dropout: self.qa_dropout as f32, scores: dense("qa_outputs", 2) },
            Head::Words => {
                let norm = LayerNorm::fresh(&weights.at("vocab_layer_norm"), d, NORM_EPS);
                let bias = weights.at("vocab_projector").fresh("bias", &[self.vocab_size], Init::Zeros);
                Top::Words { dense: dense("vocab_transform", d), act: self.activation, norm, bias }
            }
            Head::Vector(pooling) => Top::Vector(*pooling),
        };
        Ok(Box::new(Encoder::new("distilbert", &shape, &NAMES, (&weights.at("distilbert"), adapter), top)?))
    }
}

impl Config {
    fn shape(&self) -> Shape {
        Shape {
            vocab_size: self.vocab_size,
            embedding_size: self.dim,
            hidden_size: self.dim,
            num_layers: self.n_layers,
            num_heads: self.n_heads,
            intermediate_size: self.hidden_dim,
            positions: self.max_position_embeddings,
            first_position: 0,
            fixed_positions: self.sinusoidal_pos_embds,
            types: 0,
            act: self.activation,
            dropout: self.dropout as f32,
            attention_dropout: self.attention_dropout as f32,
            norm_eps: NORM_EPS,
            init: Init::Normal(self.initializer_range as f32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Input;
    use crate::registry::ModelConfig;
    use candle_core::Device;
    use tallow_kernels::{Stream, Tape};

    const POSITIONS: &str = "distilbert.embeddings.position_embeddings.weight";

    /// Sines are a table as any other in a forward pass, but nothing that is trained.
    #[test]
    fn a_table_of_sines_is_used_and_stays() {
        let (learnt, fixed) = (Config::tiny(), Config { sinusoidal_pos_embds: true, ..Config::tiny() });
        let weights = Weights::scratch(Stream::root(1), &Device::Cpu);
        fixed.build(&weights, None).expect("a model");
        let (store, _) = weights.finish().expect("from scratch");
        let tensors: BTreeMap<_, _> = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
        // Of 16 channels the second pair's angle is one over the root of ten.
        let rows = tensors[POSITIONS].to_vec2::<f32>().expect("a table");
        let near = |found: &[f32], expected: [f32; 4]| found.iter().zip(expected).all(|(found, e)| (found - e).abs() < 1e-5);
        assert!(near(&rows[0], [0.0, 1.0, 0.0, 1.0]) && near(&rows[1], [0.841471, 0.540302, 0.310984, 0.950415]), "{rows:?}");

        let ids = |ids: &[u32]| Tensor::from_slice(ids, (2, 3), &Device::Cpu).expect("ids");
        let input = Input::Text { token_ids: ids(&[3, 7, 9, 4, 5, 0]), type_ids: ids(&[0; 6]), lengths: vec![3, 2] };
        let scores = |config: &Config| {
            let weights = Weights::given(tensors.clone(), Stream::root(0), &Device::Cpu);
            let model = config.build(&weights, None).expect("a model");
            let (_, report) = weights.finish().expect("they fit");
            assert!(report.unused.is_empty(), "{:?}", report.unused);
            let tape = Tape::inference();
            let scores = model.forward(&tape, &input).and_then(|output| output.scores(&tape)).expect("scores");
            scores.tensor().to_vec2::<f32>().expect("numbers")
        };
        assert_eq!(scores(&fixed), scores(&learnt));

        let [learnt, fixed] = [learnt, fixed].map(ModelConfig::Distilbert);
        assert_eq!(ModelConfig::from_public(&fixed.to_public().to_string()).expect("a config"), fixed);
        let trained = |config: &ModelConfig| config.trainable_names(None).expect("a model").iter().any(|name| name == POSITIONS);
        assert!(trained(&learnt) && !trained(&fixed));
        assert_eq!(learnt.num_params() - fixed.num_params(), 12 * 16);
    }
}
