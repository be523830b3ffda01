//! Residual networks for image classification (He et al., 1512.03385): ResNet-18, 34, 50, 101, 152 and their like, with the stem for
//! ImageNet or, for small images, a plain 3x3 one. Weights and config are those of Hugging Face's ResNetForImageClassification; those of
//! torchvision (and timm) are read as well. Wide ones (1605.07146, table 8), which the former does not know, have the latter's names.
//!
//! Shapes: `b` batch, `h`, `w` height and width, `c` channels.

use crate::contract::{Architecture, Input, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count, generic_labels};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
use crate::parts::{ConvNorm, Dense, images_of, leave_other_head};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
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
    /// How many times as wide the inside of a bottleneck is as in a ResNet: 2 in WRN-50-2 and WRN-101-2; our own.
    #[serde(default = "one")]
    pub width_factor: usize,
    /// Whether the first stage halves the size as the others do.
    pub downsample_in_first_stage: bool,
    /// Whether a bottleneck halves it in its first convolution instead of its second.
    pub downsample_in_bottleneck: bool,
    pub stem_type: Stem,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

fn one() -> usize {
    1
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[
    (HeadKind::Classes, "ResNetForImageClassification"),
    (HeadKind::Labels, "ResNetForImageClassification"),
    (HeadKind::Value, "ResNetForImageClassification"),
];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let config = Config {
            num_channels: f.count_or("num_channels", 3),
            embedding_size: f.count_or("embedding_size", 64),
            hidden_sizes: f.counts_or("hidden_sizes", &[256, 512, 1024, 2048]),
            depths: f.counts_or("depths", &[3, 4, 6, 3]),
            layer_type: f.choice_or("layer_type", LayerType::Bottleneck, &LAYER_TYPES),
            width_factor: f.count_or("width_factor", 1),
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
            width_factor: 1,
            downsample_in_first_stage: false,
            downsample_in_bottleneck: false,
            stem_type: Stem::Imagenet,
            head: Head::three_classes(),
        }
    }

    fn beside(&self, config: &mut Map<String, Value>) {
        config.insert("hidden_act".into(), json!("relu"));
        config.retain(|field, value| field != "width_factor" || *value != json!(1));
    }

    fn image_channels(&self) -> Option<usize> {
        Some(self.num_channels)
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        check_count(&mut problems, "num_channels", self.num_channels, 1..=1024);
        check_count(&mut problems, "embedding_size", self.embedding_size, 1..=65536);
        check_count(&mut problems, "width_factor", self.width_factor, 1..=64);
        if self.layer_type == LayerType::Basic && self.width_factor > 1 {
            problems.push(ConfigProblem::new("width_factor", "1, for basic blocks", self.width_factor));
        }
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

    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let rename = |(name, tensor): (String, Tensor)| (from_torchvision(&name).unwrap_or(name), tensor);
        let mut given: BTreeMap<_, _> = given.into_iter().map(rename).collect();
        given.retain(|name, _| !name.ends_with("num_batches_tracked"));
        leave_other_head(&mut given, "classifier.1", [self.head.width(), self.hidden_sizes.last().copied().unwrap_or_default()]);
        Ok(given)
    }

    fn public_tensors(&self, own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        if self.width_factor == 1 {
            return Ok(own);
        }
        Ok(own.into_iter().map(|(name, tensor)| (to_torchvision(&name).unwrap_or(name), tensor)).collect())
    }

    /// The stem for small images and wider blocks are our own keys.
    fn is_public(&self) -> bool {
        self.stem_type == Stem::Imagenet && self.width_factor == 1
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
            cost.block(batch * shape.inner * side * side, |cost| {
                for (conv, stride) in self.convolutions(shape) {
                    side = side.div_ceil(stride);
                    cost.conv_norm(batch, conv, side);
                }
                if shape.projects() {
                    cost.conv_norm(batch, [shape.inner, shape.width, 1], out);
                }
            });
        }
        cost.dense(batch, self.hidden_sizes.last().copied().unwrap_or_default(), self.head.width());
        cost
    }

    /// It has no layer that an adapter could meet.
    fn build(&self, weights: &Weights, _adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Resnet::new(self, weights)))
    }
}

/// What timm calls the networks whose weights are those of torchvision's and mean the same, but for where they were
/// trained (`tv_`, `.a1_in1k`). Many more have the same tensors and compute something else: their pooling is elsewhere, or blurs.
pub(crate) const TIMM_NAMES: [&str; 8] =
    ["resnet18", "resnet26", "resnet34", "resnet50", "resnet101", "resnet152", "wide_resnet50_2", "wide_resnet101_2"];

impl Config {
    /// By the names and shapes of the weights, as torchvision has them. None where a block has a tensor that it has no place for, as
    /// those with attention have.
    pub(crate) fn identify(shapes: &BTreeMap<String, Vec<usize>>) -> Option<Self> {
        if shapes.keys().any(|name| name.starts_with("layer") && from_torchvision(name).is_none()) {
            return None;
        }
        let &[embedding_size, num_channels, 7, 7] = shapes.get("conv1.weight")?.as_slice() else { return None };
        let &[classes, _] = shapes.get("fc.weight")?.as_slice() else { return None };
        let filter = |stage: usize, i: usize, conv: usize| shapes.get(&format!("layer{stage}.{i}.conv{conv}.weight"));
        let depths: Vec<usize> =
            (1..).map(|stage| (0..).take_while(|&i| filter(stage, i, 1).is_some()).count()).take_while(|n| *n > 0).collect();
        let bottleneck = filter(1, 0, 3).is_some();
        let last = if bottleneck { 3 } else { 2 };
        let hidden_sizes =
            (1..=depths.len()).map(|stage| filter(stage, 0, last)?.first().copied()).collect::<Option<Vec<_>>>()?;
        let narrow = filter(1, 0, 1)?.first().copied()?;
        let width_factor = if bottleneck { 4 * narrow / hidden_sizes.first()?.max(&1) } else { 1 };
        Some(Config {
            num_channels,
            embedding_size,
            hidden_sizes,
            depths,
            layer_type: if bottleneck { LayerType::Bottleneck } else { LayerType::Basic },
            width_factor,
            downsample_in_first_stage: false,
            downsample_in_bottleneck: false,
            stem_type: Stem::Imagenet,
            head: Head::Classes(generic_labels(classes)),
        })
    }

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
        let narrow = width / 4 * self.width_factor;
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

/// The name in Hugging Face's files of a tensor of torchvision's; none if it is none of those.
fn from_torchvision(name: &str) -> Option<String> {
    let part = |kind: &str| match kind {
        "conv" => Some("convolution"),
        "bn" => Some("normalization"),
        _ => None,
    };
    let (place, leaf) = name.rsplit_once('.')?;
    Some(match *place.split('.').collect::<Vec<_>>() {
        ["conv1"] => format!("resnet.embedder.embedder.convolution.{leaf}"),
        ["bn1"] => format!("resnet.embedder.embedder.normalization.{leaf}"),
        ["fc"] => format!("classifier.1.{leaf}"),
        [stage, block, ref rest @ ..] => {
            let stage = stage.strip_prefix("layer")?.parse::<usize>().ok()?.checked_sub(1)?;
            let at = format!("resnet.encoder.stages.{stage}.layers.{block}");
            match *rest {
                ["downsample", "0"] => format!("{at}.shortcut.convolution.{leaf}"),
                ["downsample", "1"] => format!("{at}.shortcut.normalization.{leaf}"),
                [layer] => {
                    let (kind, number) = layer.split_at_checked(layer.len().checked_sub(1)?)?;
                    let number = number.parse::<usize>().ok()?.checked_sub(1)?;
                    format!("{at}.layer.{number}.{}.{leaf}", part(kind)?)
                }
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// The other way.
fn to_torchvision(name: &str) -> Option<String> {
    let part = |kind: &str| match kind {
        "convolution" => Some(("conv", 0)),
        "normalization" => Some(("bn", 1)),
        _ => None,
    };
    let (place, leaf) = name.rsplit_once('.')?;
    Some(match *place.split('.').collect::<Vec<_>>() {
        ["resnet", "embedder", "embedder", kind] => format!("{}1.{leaf}", part(kind)?.0),
        ["classifier", "1"] => format!("fc.{leaf}"),
        ["resnet", "encoder", "stages", stage, "layers", block, ref rest @ ..] => {
            let at = format!("layer{}.{block}", stage.parse::<usize>().ok()? + 1);
            match *rest {
                ["shortcut", kind] => format!("{at}.downsample.{}.{leaf}", part(kind)?.1),
                ["layer", number, kind] => format!("{at}.{}{}.{leaf}", part(kind)?.0, number.parse::<usize>().ok()? + 1),
                _ => return None,
            }
        }
        _ => return None,
    })
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
    blocks: Vec<Rc<Block>>,
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
        let blocks = config.blocks().map(block).map(Rc::new).collect();
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
            let block = Rc::clone(block);
            [x_bhwc] = kernels::block(tape, [&x_bhwc], move |tape, [x]| Ok([block.forward(tape, x)?]))?;
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

    fn forward(&self, tape: &Tape, x_bhwc: &Var) -> kernels::Result<Var> {
        let mut y_bhwc = x_bhwc.clone();
        for layer in &self.first {
            y_bhwc = layer.forward_relu(tape, &y_bhwc)?;
        }
        let shortcut_bhwc = match &self.shortcut {
            Some(shortcut) => shortcut.forward(tape, x_bhwc)?,
            None => x_bhwc.clone(),
        };
        self.last.forward_add_relu(tape, &y_bhwc, &shortcut_bhwc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::ModelConfig;
    use tallow_kernels::Stream;

    /// A wide one is written in torchvision's names, by which alone it is known again.
    #[test]
    fn wide_ones_have_the_names_of_torchvision() {
        let mut config = Config { width_factor: 2, ..Config::tiny() };
        let weights = Weights::scratch(Stream::root(1), &candle_core::Device::Cpu);
        config.build(&weights, None).expect("a model");
        let (store, _) = weights.finish().expect("from scratch");
        let own: BTreeMap<_, _> = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
        let public = config.public_tensors(own.clone()).expect("tensors");
        for name in [
            "conv1.weight",
            "bn1.running_var",
            "layer1.1.conv3.weight",
            "layer2.0.bn2.bias",
            "layer2.0.downsample.1.weight",
            "fc.bias",
        ] {
            assert!(public.contains_key(name), "{name}: {:?}", public.keys());
        }
        let shapes: BTreeMap<_, _> = public.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        config.head = Head::Classes(generic_labels(3));
        assert_eq!(ModelConfig::identify(&shapes), Some(ModelConfig::Resnet(config.clone())));
        let mut attentive = shapes.clone();
        attentive.insert("layer1.0.se.fc1.weight".into(), vec![4, 8, 1, 1]);
        assert_eq!(ModelConfig::identify(&attentive), None, "squeezed and excited");
        let back = config.public_names(public).expect("tensors");
        assert!(back.keys().eq(own.keys()));
        assert!(
            ["layer.0.conv1.weight", "layer1.0.conv.weight", "layer0.0.conv1.weight", "x"]
                .iter()
                .all(|name| from_torchvision(name).is_none())
        );
    }
}
