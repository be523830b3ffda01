//! Wide residual networks for small images (Zagoruyko and Komodakis, 1605.07146): WRN-d-k has `d = 6 n + 4` layers in three stages of
//! 16, 32 and 64 times `k` channels, norms before convolutions. Weight names are those of the usual PyTorch implementation. Its
//! ImageNet sibling, a ResNet with wider bottlenecks, is in the file of ResNets.
//!
//! Shapes: `b` batch, `c` channels, `h`, `w` height and width.

use crate::contract::{Architecture, Input, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count, check_dropouts, generic_labels, named};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
use crate::parts::{ConvNorm, Dense, Norm2d, images_of, leave_other_head};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Conv2d, Init, Param, Tape, Var, Weights};

/// What the architecture leaves open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Layers with weights: 16, 28, 40 in the paper.
    pub depth: usize,
    /// How many times as wide as the network it widens: 4, 8, 10, 12 in the paper.
    pub widen_factor: usize,
    /// Channels of the image.
    pub num_channels: usize,
    /// Channels behind the stem: 16 in the paper.
    pub width: usize,
    /// Dropout between the two convolutions of a block.
    pub dropout: f64,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads =
    &[(HeadKind::Classes, "WideResNet"), (HeadKind::Labels, "WideResNet"), (HeadKind::Value, "WideResNet")];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let config = Config {
            depth: f.count("depth"),
            widen_factor: f.count("widen_factor"),
            num_channels: f.count_or("num_channels", 3),
            width: f.count_or("width", 16),
            dropout: f.number_or("dropout", 0.0),
            head: Head::read(&mut f, HEADS, &["num_labels"], 10),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config { depth: 10, widen_factor: 2, num_channels: 3, width: 4, dropout: 0.0, head: Head::three_classes() }
    }

    fn image_channels(&self) -> Option<usize> {
        Some(self.num_channels)
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if self.depth < 10 || !(self.depth - 4).is_multiple_of(6) || self.depth > 2000 {
            problems.push(ConfigProblem::new("depth", "6 n + 4 layers, from 10 to 2000, such as 16 or 28", self.depth));
        }
        check_count(&mut problems, "widen_factor", self.widen_factor, 1..=256);
        check_count(&mut problems, "num_channels", self.num_channels, 1..=1024);
        check_count(&mut problems, "width", self.width, 1..=4096);
        check_dropouts(&mut problems, named!(self; dropout));
        self.head.check(&mut problems, HEADS);
        problems
    }

    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        given.retain(|name, _| !name.ends_with("num_batches_tracked"));
        leave_other_head(&mut given, "fc", [self.head.width(), self.channels(2)]);
        Ok(given)
    }

    fn set_dropout(&mut self, p: f64) {
        self.dropout = p;
    }

    fn is_public(&self) -> bool {
        false
    }

    fn cost(&self, batch: usize, side: usize) -> Cost {
        let (mut cost, mut side) = (Cost::default(), side);
        cost.conv(batch, [self.num_channels, self.width, 3], side);
        for (_, _, shape) in self.blocks() {
            let [inner, width] = [shape.inner, shape.width];
            cost.block(batch * inner * side * side, |cost| {
                cost.norm(batch, inner, side);
                side = side.div_ceil(shape.stride);
                cost.conv_norm(batch, [inner, width, 3], side);
                cost.conv(batch, [width, width, 3], side);
                if inner != width {
                    cost.conv(batch, [inner, width, 1], side);
                }
                cost.keep(batch * width * side * side);
            });
        }
        cost.norm(batch, self.channels(2), side);
        cost.dense(batch, self.channels(2), self.head.width());
        cost
    }

    /// It has no layer that an adapter could meet.
    fn build(&self, weights: &Weights, _adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(WideResnet::new(self, weights)))
    }
}

impl Config {
    /// By the names and shapes of the weights. None where a block has a tensor that it has no place for: that is another network.
    pub(crate) fn identify(shapes: &BTreeMap<String, Vec<usize>>) -> Option<Self> {
        if shapes.keys().any(|name| name.starts_with("block") && !has_place(name)) {
            return None;
        }
        let &[width @ 1..=usize::MAX, num_channels, 3, 3] = shapes.get("conv1.weight")?.as_slice() else { return None };
        let &[classes, inner] = shapes.get("fc.weight")?.as_slice() else { return None };
        let has = |stage: usize, i: usize| shapes.contains_key(&format!("block{stage}.layer.{i}.conv1.weight"));
        let n = (0..).take_while(|&i| has(1, i)).count();
        let same = n > 0 && [2, 3].iter().all(|&stage| has(stage, n - 1) && !has(stage, n)) && inner.is_multiple_of(4 * width);
        let (depth, widen_factor) = (6 * n + 4, inner / (4 * width));
        same.then(|| Config {
            depth,
            widen_factor,
            num_channels,
            width,
            dropout: 0.0,
            head: Head::Classes(generic_labels(classes)),
        })
    }

    /// Channels of a stage, counted from 0.
    fn channels(&self, stage: usize) -> usize {
        (self.width << stage) * self.widen_factor
    }

    /// Each block's stage, number in it, and shape.
    fn blocks(&self) -> impl Iterator<Item = (usize, usize, Shape)> {
        (0..3).flat_map(move |stage| {
            (0..(self.depth - 4) / 6).map(move |i| {
                let width = self.channels(stage);
                let before = if stage == 0 { self.width } else { self.channels(stage - 1) };
                let stride = if stage > 0 && i == 0 { 2 } else { 1 };
                (stage, i, Shape { inner: if i == 0 { before } else { width }, width, stride })
            })
        })
    }
}

/// Whether a block has a place for the tensor of that name.
fn has_place(name: &str) -> bool {
    match *name.split('.').collect::<Vec<_>>() {
        ["block1" | "block2" | "block3", "layer", _, layer, leaf] => match layer {
            "conv1" | "conv2" | "convShortcut" => leaf == "weight",
            _ => ["bn1", "bn2"].contains(&layer),
        },
        _ => false,
    }
}

/// Channels in and out of a block, and by how much it makes the image smaller.
#[derive(Clone, Copy)]
struct Shape {
    inner: usize,
    width: usize,
    stride: usize,
}

/// The model.
struct WideResnet {
    stem: Param,
    blocks: Vec<Rc<Block>>,
    norm: Norm2d,
    fc: Dense,
    num_channels: usize,
}

/// Convolutions start as in the paper's code.
const INIT: Init = Init::KaimingNormalFanOut;

fn filter(at: &Weights, name: &str, [inner, out, kernel]: [usize; 3]) -> Param {
    at.at(name).param("weight", &[out, inner, kernel, kernel], INIT)
}

impl WideResnet {
    fn new(config: &Config, weights: &Weights) -> Self {
        let stem = filter(weights, "conv1", [config.num_channels, config.width, 3]);
        let block = |(stage, i, shape): (usize, usize, Shape)| {
            Block::new(&weights.at(format!("block{}", stage + 1)).at("layer").at(i), shape, config.dropout as f32)
        };
        let width = config.channels(2);
        WideResnet {
            stem,
            blocks: config.blocks().map(block).map(Rc::new).collect(),
            norm: Norm2d::new(&weights.at("bn1"), width),
            fc: Dense::fresh(&weights.at("fc"), width, config.head.width(), Init::KaimingUniformFanIn, Init::Zeros),
            num_channels: config.num_channels,
        }
    }
}

impl Model for WideResnet {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let x_bhwc = images_of("wide_resnet", input, self.num_channels)?;
        let mut x_bhwc = kernels::conv2d(tape, &x_bhwc, &self.stem, None, Conv2d::square(1, 1))?;
        for block in &self.blocks {
            let block = Rc::clone(block);
            [x_bhwc] = kernels::block(tape, [&x_bhwc], move |tape, [x]| Ok([block.forward(tape, x)?]))?;
        }
        let x_bc = kernels::global_avg_pool(tape, &self.norm.forward_relu(tape, &x_bhwc)?)?;
        Ok(Output::Scores(self.fc.forward(tape, &x_bc)?))
    }
}

/// Norm, convolution, norm, dropout, convolution, and the shortcut around them.
struct Block {
    norm: Norm2d,
    first: ConvNorm,
    dropout: f32,
    second: Param,
    /// Where the number of channels changes: a convolution of what the first norm made.
    shortcut: Option<Param>,
    stride: usize,
}

impl Block {
    fn new(at: &Weights, Shape { inner, width, stride }: Shape, dropout: f32) -> Self {
        Block {
            norm: Norm2d::new(&at.at("bn1"), inner),
            first: ConvNorm::new(at, ["conv1", "bn2"], [inner, width, 3], stride, INIT),
            dropout,
            second: filter(at, "conv2", [width, width, 3]),
            shortcut: (inner != width).then(|| filter(at, "convShortcut", [inner, width, 1])),
            stride,
        }
    }

    fn forward(&self, tape: &Tape, x_bhwc: &Var) -> kernels::Result<Var> {
        let n_bhwc = self.norm.forward_relu(tape, x_bhwc)?;
        let y_bhwc = kernels::dropout(tape, &self.first.forward_relu(tape, &n_bhwc)?, self.dropout)?;
        let y_bhwc = kernels::conv2d(tape, &y_bhwc, &self.second, None, Conv2d::square(1, 1))?;
        let shortcut_bhwc = match &self.shortcut {
            Some(shortcut) => kernels::conv2d(tape, &n_bhwc, shortcut, None, Conv2d::square(self.stride, 0))?,
            None => x_bhwc.clone(),
        };
        kernels::add(tape, &y_bhwc, &shortcut_bhwc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use tallow_kernels::Stream;

    #[test]
    fn blocks_with_other_tensors_are_not_taken_for_these() {
        let config = Config::tiny();
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu).outline();
        config.build(&weights, None).expect("a model");
        let own: BTreeMap<_, _> = weights.asked_shapes().into_iter().map(|(name, shape, _)| (name, shape)).collect();
        let beside = |name: &str| {
            let mut shapes = own.clone();
            shapes.insert(name.into(), vec![8]);
            Config::identify(&shapes)
        };
        for name in ["block1.layer.0.bn1.num_batches_tracked", "bn1.num_batches_tracked"] {
            assert_eq!(beside(name).as_ref(), Some(&config), "{name}");
        }
        for name in [
            "block1.layer.0.se.fc1.weight",
            "block1.layer.0.conv1.bias",
            "block2.layer.0.conv3.weight",
            "block3.layer.0.shortcut.0.weight",
            "block4.layer.0.bn1.weight",
        ] {
            assert_eq!(beside(name), None, "{name}");
        }
    }
}
