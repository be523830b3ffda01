//! Residual networks for image classification (He et al., 1512.03385): ResNet-18, 34, 50, 101, 152 and their like, with the stem for
//! ImageNet or, for small images, a plain 3x3 one. Weights and config are those of Hugging Face's ResNetForImageClassification.
//!
//! Shapes: `b` batch, `h`, `w` height and width, `c` channels.

use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
use crate::parts::{ConvNorm, Dense, images_of, leave_other_head};
use crate::registry::{Architecture, Input, Model, Output};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Init, Pool2d, Tape, Var, Weights};

/// What a block is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerType {
    /// Two 3x3 convolutions.
    Basic,
    /// 1x1 to a quarter of the channels, 3x3, and 1x1 back.
    Bottleneck,
}

/// How the image comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stem {
    /// 7x7 with stride 2, then a maximum over 3x3 with stride 2: a quarter of the size.
    Imagenet,
    /// 3x3 with stride 1: the whole size, for images of 32 pixels or so.
    Cifar,
}

const LAYER_TYPES: [(&str, LayerType); 2] = [("basic", LayerType::Basic), ("bottleneck", LayerType::Bottleneck)];
const STEMS: [(&str, Stem); 2] = [("imagenet", Stem::Imagenet), ("cifar", Stem::Cifar)];
const STEM_POOL: Pool2d = Pool2d::square(3, 2, 1);

/// What the architecture leaves open, under the public names; `stem_type` is our own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Channels of the image.
    pub num_channels: usize,
    /// Channels behind the stem.
    pub embedding_size: usize,
    /// Channels of each stage.
    pub hidden_sizes: Vec<usize>,
    /// Blocks of each stage.
    pub depths: Vec<usize>,
    pub layer_type: LayerType,
    /// Whether the first stage halves the size as the others do.
    pub downsample_in_first_stage: bool,
    /// Whether a bottleneck halves it in its first convolution instead of its second.
    pub downsample_in_bottleneck: bool,
    pub stem_type: Stem,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[(HeadKind::Classes, "ResNetForImageClassification")];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let config = Config {
            num_channels: f.count_or("num_channels", 3),
            embedding_size: f.count_or("embedding_size", 64),
            hidden_sizes: f.counts_or("hidden_sizes", &[256, 512, 1024, 2048]),
            depths: f.counts_or("depths", &[3, 4, 6, 3]),
            layer_type: f.choice_or("layer_type", LayerType::Bottleneck, &LAYER_TYPES),
            downsample_in_first_stage: f.flag_or("downsample_in_first_stage", false),
            downsample_in_bottleneck: f.flag_or("downsample_in_bottleneck", false),
            stem_type: f.choice_or("stem_type", Stem::Imagenet, &STEMS),
            head: Head::read(&mut f, HEADS, &["num_labels"], 2),
        };
        f.choice_or("hidden_act", (), &[("relu", ())]);
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            num_channels: 3,
            embedding_size: 6,
            hidden_sizes: vec![8, 12],
            depths: vec![2, 1],
            layer_type: LayerType::Bottleneck,
            downsample_in_first_stage: false,
            downsample_in_bottleneck: false,
            stem_type: Stem::Imagenet,
            head: Head::three_classes(),
        }
    }

    fn to_public(&self) -> Value {
        let mut config = json!({
            "model_type": "resnet", "num_channels": self.num_channels,
            "embedding_size": self.embedding_size, "hidden_sizes": self.hidden_sizes, "depths": self.depths,
            "layer_type": self.layer_type, "hidden_act": "relu", "downsample_in_first_stage": self.downsample_in_first_stage,
            "downsample_in_bottleneck": self.downsample_in_bottleneck, "stem_type": self.stem_type, "torch_dtype": "float32",
        });
        self.head.write(&mut config, HEADS);
        config
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        check_count(&mut problems, "num_channels", self.num_channels, 1..=1024);
        check_count(&mut problems, "embedding_size", self.embedding_size, 1..=65536);
        let stages = self.hidden_sizes.len();
        if !(1..=16).contains(&stages) {
            problems.push(ConfigProblem::new("hidden_sizes", "1 to 16 stages", format!("{stages}")));
        }
        if self.depths.len() != stages {
            let expected = format!("{stages} numbers, as many as `hidden_sizes`");
            problems.push(ConfigProblem::new("depths", expected, format!("{:?}", self.depths)));
        }
        for (i, (size, depth)) in self.hidden_sizes.iter().zip(&self.depths).enumerate() {
            check_count(&mut problems, &format!("hidden_sizes.{i}"), *size, 1..=65536);
            check_count(&mut problems, &format!("depths.{i}"), *depth, 1..=1000);
            if self.layer_type == LayerType::Bottleneck && !size.is_multiple_of(4) {
                problems.push(ConfigProblem::new(format!("hidden_sizes.{i}"), "a multiple of 4, for bottlenecks", size));
            }
        }
        self.head.check(&mut problems, HEADS);
        problems
    }

    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        given.retain(|name, _| !name.ends_with("num_batches_tracked"));
        leave_other_head(&mut given, "classifier.1", [self.head.width(), self.hidden_sizes.last().copied().unwrap_or_default()]);
        Ok(given)
    }

    fn cost(&self, batch: usize, side: usize) -> Cost {
        let (mut cost, (kernel, stride)) = (Cost::default(), self.stem());
        let mut side = side.div_ceil(stride);
        cost.conv_norm(batch, [self.num_channels, self.embedding_size, kernel], side);
        if self.stem_type == Stem::Imagenet {
            side = side.div_ceil(2);
            cost.keep(batch * self.embedding_size * side * side);
        }
        for (_, _, shape) in self.blocks() {
            let out = side.div_ceil(shape.stride);
            for (conv, stride) in self.convolutions(shape) {
                side = side.div_ceil(stride);
                cost.conv_norm(batch, conv, side);
            }
            if shape.projects() {
                cost.conv_norm(batch, [shape.inner, shape.width, 1], out);
            }
        }
        cost.dense(batch, self.hidden_sizes.last().copied().unwrap_or_default(), self.head.width());
        cost
    }

    /// It has no layer that an adapter could meet.
    fn build(&self, weights: &Weights, _adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Resnet::new(self, weights)))
    }
}

impl Config {
    /// The stem's window and stride.
    fn stem(&self) -> (usize, usize) {
        match self.stem_type {
            Stem::Imagenet => (7, 2),
            Stem::Cifar => (3, 1),
        }
    }

    /// Each block's stage, number in it, and shape.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, Shape)> {
        let first_halves = self.downsample_in_first_stage;
        let before = std::iter::once(&self.embedding_size).chain(&self.hidden_sizes);
        let stages = before.zip(&self.hidden_sizes).zip(&self.depths).enumerate();
        stages.flat_map(move |(stage, ((&inner, &width), &depth))| {
            (0..depth).map(move |i| {
                let halves = i == 0 && (stage > 0 || first_halves);
                (stage, i, Shape { inner: if i == 0 { inner } else { width }, width, stride: if halves { 2 } else { 1 } })
            })
        })
    }

    /// The convolutions of a block, each with its stride.
    fn convolutions(&self, Shape { inner, width, stride }: Shape) -> Vec<([usize; 3], usize)> {
        let narrow = width / 4;
        match (self.layer_type, self.downsample_in_bottleneck) {
            (LayerType::Basic, _) => vec![([inner, width, 3], stride), ([width, width, 3], 1)],
            (LayerType::Bottleneck, false) => {
                vec![([inner, narrow, 1], 1), ([narrow, narrow, 3], stride), ([narrow, width, 1], 1)]
            }
            (LayerType::Bottleneck, true) => {
                vec![([inner, narrow, 1], stride), ([narrow, narrow, 3], 1), ([narrow, width, 1], 1)]
            }
        }
    }
}

/// Channels in and out of a block, and whether it halves the size.
#[derive(Clone, Copy)]
struct Shape {
    inner: usize,
    width: usize,
    stride: usize,
}

impl Shape {
    /// Whether the shortcut needs a convolution.
    fn projects(self) -> bool {
        self.inner != self.width || self.stride != 1
    }
}

/// The model.
pub struct Resnet {
    stem: ConvNorm,
    pool: bool,
    blocks: Vec<Block>,
    classifier: Dense,
    num_channels: usize,
}

/// Convolutions start as in the public implementation.
const INIT: Init = Init::KaimingNormalFanOut;
const CONV_NORM: [&str; 2] = ["convolution", "normalization"];

impl Resnet {
    pub(crate) fn new(config: &Config, weights: &Weights) -> Self {
        let (body, (kernel, stride)) = (weights.at("resnet"), config.stem());
        let stem_shape = [config.num_channels, config.embedding_size, kernel];
        let stem = ConvNorm::new(&body.at("embedder").at("embedder"), CONV_NORM, stem_shape, stride, INIT);
        let block = |(stage, i, shape): (usize, usize, Shape)| {
            Block::new(&body.at("encoder").at("stages").at(stage).at("layers").at(i), config, shape)
        };
        let blocks = config.blocks().map(block).collect();
        let width = config.hidden_sizes.last().copied().unwrap_or_default();
        let bias = Init::Uniform(1.0 / (width.max(1) as f32).sqrt());
        let classifier =
            Dense::fresh(&weights.at("classifier").at(1), width, config.head.width(), Init::KaimingUniformFanIn, bias);
        Resnet { stem, pool: config.stem_type == Stem::Imagenet, blocks, classifier, num_channels: config.num_channels }
    }
}

impl Model for Resnet {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let mut x_bhwc = self.stem.forward_relu(tape, &images_of("resnet", input, self.num_channels)?)?;
        if self.pool {
            x_bhwc = kernels::max_pool2d(tape, &x_bhwc, STEM_POOL)?;
        }
        for block in &self.blocks {
            x_bhwc = block.forward(tape, &x_bhwc)?;
        }
        Ok(Output::Scores(self.classifier.forward(tape, &kernels::global_avg_pool(tape, &x_bhwc)?)?))
    }
}

/// A few convolutions and the shortcut around them.
struct Block {
    first: Vec<ConvNorm>,
    last: ConvNorm,
    shortcut: Option<ConvNorm>,
}

impl Block {
    fn new(at: &Weights, config: &Config, shape: Shape) -> Self {
        let layer = at.at("layer");
        let conv = |(i, (sizes, stride))| ConvNorm::new(&layer.at(i), CONV_NORM, sizes, stride, INIT);
        let mut convolutions: Vec<_> = config.convolutions(shape).into_iter().enumerate().collect();
        let last = conv(convolutions.remove(convolutions.len() - 1));
        let shortcut = shape
            .projects()
            .then(|| ConvNorm::new(&at.at("shortcut"), CONV_NORM, [shape.inner, shape.width, 1], shape.stride, INIT));
        Block { first: convolutions.into_iter().map(conv).collect(), last, shortcut }
    }

    fn forward(&self, tape: &Tape, x_bhwc: &Var) -> Result<Var> {
        let mut y_bhwc = x_bhwc.clone();
        for layer in &self.first {
            y_bhwc = layer.forward_relu(tape, &y_bhwc)?;
        }
        let shortcut_bhwc = match &self.shortcut {
            Some(shortcut) => shortcut.forward(tape, x_bhwc)?,
            None => x_bhwc.clone(),
        };
        Ok(self.last.forward_add_relu(tape, &y_bhwc, &shortcut_bhwc)?)
    }
}
