//! What every model offers, and the list of them.

use crate::cost::Cost;
use crate::error::{Error, Result};
use crate::fields::{generic_labels, parse_object};
use crate::{bert, resnet, resnet_cifar};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use tallow_kernels::{Tape, Var, Weights};

/// One batch as a model takes it.
pub enum Input {
    /// `token_ids`, `type_ids`: u32 `[B, T]`; `lengths`: real tokens of each example, the rest is padding.
    Text { token_ids: Tensor, type_ids: Tensor, lengths: Vec<usize> },
    /// `pixels`: float32 `[B, C, H, W]`, normalised.
    Image { pixels: Tensor },
}

/// A model with its parameters.
pub trait Model {
    /// Scores of each class: `[B, num_labels]`.
    ///
    /// # Errors
    /// The batch does not suit the model, or an operation failed.
    fn logits(&self, tape: &Tape, input: &Input) -> Result<Var>;
}

/// An architecture with its whole configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "snake_case")]
pub enum ModelConfig {
    Bert(bert::Config),
    Resnet(resnet::Config),
    ResnetCifar(resnet_cifar::Config),
}

/// What a model is trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    TextClassification,
    ImageClassification,
}

/// One line of the zoo.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub family: &'static str,
    pub summary: &'static str,
    pub jobs: &'static [Job],
    /// A configuration small enough for tests.
    pub tiny: fn() -> ModelConfig,
}

/// All architectures.
pub fn registry() -> &'static [Entry] {
    &[
        Entry {
            family: "bert",
            summary: "BERT encoders of any size (1810.04805); weights and config as BertForSequenceClassification",
            jobs: &[Job::TextClassification],
            tiny: || ModelConfig::Bert(bert::Config::tiny()),
        },
        Entry {
            family: "resnet",
            summary: "ResNet-18, 34, 50, 101, 152 (1512.03385); weights and config as ResNetForImageClassification",
            jobs: &[Job::ImageClassification],
            tiny: || ModelConfig::Resnet(resnet::Config::tiny()),
        },
        Entry {
            family: "resnet_cifar",
            summary: "ResNet-20, 32, 44, 56, 110 for small images (1512.03385, section 4.2), shortcuts without parameters",
            jobs: &[Job::ImageClassification],
            tiny: || ModelConfig::ResnetCifar(resnet_cifar::Config::tiny()),
        },
    ]
}

impl ModelConfig {
    /// From a public `config.json`.
    ///
    /// # Errors
    /// No JSON object, a family that the zoo lacks, or fields that cannot be used: all of them at once.
    pub fn from_public(config_json: &str) -> Result<Self> {
        let object = parse_object(config_json)?;
        let model_type = object.get("model_type").and_then(Value::as_str);
        match model_type {
            Some("bert") => Ok(ModelConfig::Bert(bert::Config::from_public(&object)?)),
            Some("resnet") => Ok(ModelConfig::Resnet(resnet::Config::from_public(&object)?)),
            Some("resnet_cifar") => Ok(ModelConfig::ResnetCifar(resnet_cifar::Config::from_public(&object)?)),
            other => Err(Error::UnknownFamily {
                expected: "`model_type` \"bert\", \"resnet\" or \"resnet_cifar\"".into(),
                found: other.map_or("none".into(), |name| format!("\"{name}\"")),
            }),
        }
    }

    /// From names and shapes of weights that come without a `config.json`.
    pub fn identify(shapes: &BTreeMap<String, Vec<usize>>) -> Option<Self> {
        resnet_cifar::Config::identify(shapes).map(ModelConfig::ResnetCifar)
    }

    /// # Errors
    /// Every field that cannot be used.
    pub fn check(&self) -> Result<()> {
        let problems = match self {
            ModelConfig::Bert(config) => config.problems(),
            ModelConfig::Resnet(config) => config.problems(),
            ModelConfig::ResnetCifar(config) => config.problems(),
        };
        if problems.is_empty() { Ok(()) } else { Err(Error::Config(problems)) }
    }

    /// The same body with a head for these classes.
    #[must_use]
    pub fn with_labels(mut self, labels: &[String]) -> Self {
        *self.labels_mut() = labels.to_vec();
        self
    }

    /// The same with another dropout probability everywhere; nothing changes where the architecture has none.
    #[must_use]
    pub fn with_dropout(mut self, p: f32) -> Self {
        if let ModelConfig::Bert(config) = &mut self {
            config.hidden_dropout_prob = f64::from(p);
            config.attention_probs_dropout_prob = f64::from(p);
            config.classifier_dropout = None;
        }
        self
    }

    /// Class names.
    pub fn labels(&self) -> &[String] {
        match self {
            ModelConfig::Bert(config) => &config.labels,
            ModelConfig::Resnet(config) => &config.labels,
            ModelConfig::ResnetCifar(config) => &config.labels,
        }
    }

    fn labels_mut(&mut self) -> &mut Vec<String> {
        match self {
            ModelConfig::Bert(config) => &mut config.labels,
            ModelConfig::Resnet(config) => &mut config.labels,
            ModelConfig::ResnetCifar(config) => &mut config.labels,
        }
    }

    pub fn num_labels(&self) -> usize {
        self.labels().len()
    }

    /// The family's name in the registry.
    pub fn family(&self) -> &'static str {
        match self {
            ModelConfig::Bert(_) => "bert",
            ModelConfig::Resnet(_) => "resnet",
            ModelConfig::ResnetCifar(_) => "resnet_cifar",
        }
    }

    pub fn job(&self) -> Job {
        match self {
            ModelConfig::Bert(_) => Job::TextClassification,
            ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) => Job::ImageClassification,
        }
    }

    /// Words of the vocabulary, and the longest text in tokens; none for models of images.
    pub fn text_limits(&self) -> Option<(usize, usize)> {
        match self {
            ModelConfig::Bert(config) => Some((config.vocab_size, config.max_position_embeddings)),
            ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) => None,
        }
    }

    /// Builds the model, asking `weights` for every parameter by its public name.
    ///
    /// # Errors
    /// The configuration has mistakes. Those of the weights are told by `weights.finish()`.
    pub fn build(&self, weights: &Weights) -> Result<Box<dyn Model>> {
        self.check()?;
        Ok(match self {
            ModelConfig::Bert(config) => Box::new(bert::Bert::new(config, weights)),
            ModelConfig::Resnet(config) => Box::new(resnet::Resnet::new(config, weights)),
            ModelConfig::ResnetCifar(config) => Box::new(resnet_cifar::ResnetCifar::new(config, weights)),
        })
    }

    /// Given tensors under the names that [`ModelConfig::build`] asks for; a head for another number of classes is left out, so
    /// that it starts anew.
    #[must_use]
    pub fn public_names(&self, given: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
        match self {
            ModelConfig::Bert(config) => config.public_names(given),
            ModelConfig::Resnet(config) => config.public_names(given),
            ModelConfig::ResnetCifar(config) => config.public_names(given),
        }
    }

    /// `config.json`.
    pub fn to_public(&self) -> Value {
        match self {
            ModelConfig::Bert(config) => config.to_public(),
            ModelConfig::Resnet(config) => config.to_public(),
            ModelConfig::ResnetCifar(config) => config.to_public(),
        }
    }

    /// Trainable elements.
    pub fn num_params(&self) -> usize {
        self.cost(1, 1).params
    }

    /// Floating-point operations of a forward pass over `batch` examples of `size` tokens, or of `size` pixels a side.
    pub fn forward_flops(&self, batch: usize, size: usize) -> f64 {
        self.cost(batch, size).forward_flops
    }

    /// Bytes that a forward pass keeps for backward: a first estimate.
    pub fn activation_bytes(&self, batch: usize, size: usize) -> f64 {
        self.cost(batch, size).kept * 4.0
    }

    fn cost(&self, batch: usize, size: usize) -> Cost {
        match self {
            ModelConfig::Bert(config) => config.cost(batch, size),
            ModelConfig::Resnet(config) => config.cost(batch, size),
            ModelConfig::ResnetCifar(config) => config.cost(batch, size),
        }
    }
}

/// Generic class names, for tiny configurations.
pub(crate) fn tiny_labels(count: usize) -> Vec<String> {
    generic_labels(count)
}
