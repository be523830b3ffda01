//! ResNets for small images (He et al., 1512.03385, section 4.2): 3x3 stem, three stages of 16, 32 and 64 channels, shortcuts
//! without parameters (option A). Depth is `6 n + 2`. Weight names are those of the usual PyTorch implementation.
//!
//! Shapes: `b` batch, `c` channels, `h`, `w` height and width.

use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count, generic_labels};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
use crate::parts::{ConvNorm, Dense, images_of, leave_other_head};
use crate::registry::{Architecture, Input, Model, Output};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Init, Tape, Var, Weights};

/// What the architecture leaves open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Layers with weights: 20, 32, 44, 56, 110 in the paper.
    pub depth: usize,
    /// Channels of the image.
    pub num_channels: usize,
    /// Channels of the first stage; it doubles from stage to stage.
    pub width: usize,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads =
    &[(HeadKind::Classes, "ResNetForCIFAR"), (HeadKind::Labels, "ResNetForCIFAR"), (HeadKind::Value, "ResNetForCIFAR")];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let config = Config {
            depth: f.count("depth"),
            num_channels: f.count_or("num_channels", 3),
            width: f.count_or("width", 16),
            head: Head::read(&mut f, HEADS, &["num_labels"], 10),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config { depth: 8, num_channels: 3, width: 4, head: Head::three_classes() }
    }

    fn to_public(&self) -> Value {
        let mut config = json!({
            "model_type": "resnet_cifar", "depth": self.depth,
            "num_channels": self.num_channels, "width": self.width, "torch_dtype": "float32",
        });
        self.head.write(&mut config, HEADS);
        config
    }

    fn image_channels(&self) -> Option<usize> {
        Some(self.num_channels)
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if self.depth < 8 || !(self.depth - 2).is_multiple_of(6) || self.depth > 2000 {
            problems.push(ConfigProblem::new("depth", "6 n + 2 layers, from 8 to 2000, such as 20 or 56", self.depth));
        }
        check_count(&mut problems, "num_channels", self.num_channels, 1..=1024);
        check_count(&mut problems, "width", self.width, 1..=4096);
        if !self.width.is_multiple_of(2) {
            problems.push(ConfigProblem::new(
                "width",
                "an even number, so that shortcuts can be padded on both sides",
                self.width,
            ));
        }
        self.head.check(&mut problems, HEADS);
        problems
    }

    fn public_names(&self, mut given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        given.retain(|name, _| !name.ends_with("num_batches_tracked"));
        leave_other_head(&mut given, "linear", [self.head.width(), 4 * self.width]);
        Ok(given)
    }

    fn is_public(&self) -> bool {
        false
    }

    fn cost(&self, batch: usize, side: usize) -> Cost {
        let (mut cost, mut inner, mut side) = (Cost::default(), self.width, side);
        cost.conv_norm(batch, [self.num_channels, self.width, 3], side);
        for stage in 0..3 {
            let width = self.width << stage;
            for block in 0..self.blocks() {
                let inputs = batch * inner * side * side;
                if stage > 0 && block == 0 {
                    side = side.div_ceil(2);
                }
                cost.block(inputs, |cost| {
                    cost.conv_norm(batch, [inner, width, 3], side);
                    cost.conv_norm(batch, [width, width, 3], side);
                    cost.keep(batch * width * side * side);
                });
                inner = width;
            }
        }
        cost.dense(batch, inner, self.head.width());
        cost
    }

    /// It has no layer that an adapter could meet.
    fn build(&self, weights: &Weights, _adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(ResnetCifar::new(self, weights)))
    }
}

impl Config {
    /// By the names and shapes of the weights.
    pub(crate) fn identify(shapes: &BTreeMap<String, Vec<usize>>) -> Option<Self> {
        let &[width, num_channels, 3, 3] = shapes.get("conv1.weight")?.as_slice() else { return None };
        let &[classes, _] = shapes.get("linear.weight")?.as_slice() else { return None };
        let blocks = |stage: usize| (0..).take_while(|i| shapes.contains_key(&format!("layer{stage}.{i}.conv1.weight"))).count();
        let n = blocks(1);
        let same = n > 0 && blocks(2) == n && blocks(3) == n && !shapes.contains_key("layer4.0.conv1.weight");
        same.then(|| Config { depth: 6 * n + 2, num_channels, width, head: Head::Classes(generic_labels(classes)) })
    }

    /// Blocks a stage.
    fn blocks(&self) -> usize {
        (self.depth - 2) / 6
    }
}

/// The model.
pub struct ResnetCifar {
    stem: ConvNorm,
    blocks: Vec<Rc<Block>>,
    linear: Dense,
    num_channels: usize,
}

/// Convolutions start as in the usual PyTorch implementation.
const INIT: Init = Init::KaimingNormalFanIn;

impl ResnetCifar {
    pub(crate) fn new(config: &Config, weights: &Weights) -> Self {
        let stem = ConvNorm::new(weights, ["conv1", "bn1"], [config.num_channels, config.width, 3], 1, INIT);
        let (mut blocks, mut inner) = (Vec::<Rc<Block>>::new(), config.width);
        for stage in 0..3 {
            let width = config.width << stage;
            for i in 0..config.blocks() {
                let stride = if stage > 0 && i == 0 { 2 } else { 1 };
                blocks.push(Rc::new(Block::new(&weights.at(format!("layer{}", stage + 1)).at(i), inner, width, stride)));
                inner = width;
            }
        }
        let linear = Dense::fresh(&weights.at("linear"), inner, config.head.width(), INIT, Init::Zeros);
        ResnetCifar { stem, blocks, linear, num_channels: config.num_channels }
    }
}

impl Model for ResnetCifar {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let mut x_bhwc = self.stem.forward_relu(tape, &images_of("resnet_cifar", input, self.num_channels)?)?;
        for block in &self.blocks {
            let block = Rc::clone(block);
            [x_bhwc] = kernels::block(tape, [&x_bhwc], move |tape, [x]| Ok([block.forward(tape, x)?]))?;
        }
        Ok(Output::Scores(self.linear.forward(tape, &kernels::global_avg_pool(tape, &x_bhwc)?)?))
    }
}

/// Two convolutions and the shortcut around them.
struct Block {
    first: ConvNorm,
    second: ConvNorm,
    width: usize,
    stride: usize,
}

impl Block {
    fn new(at: &Weights, inner: usize, width: usize, stride: usize) -> Self {
        Block {
            first: ConvNorm::new(at, ["conv1", "bn1"], [inner, width, 3], stride, INIT),
            second: ConvNorm::new(at, ["conv2", "bn2"], [width, width, 3], 1, INIT),
            width,
            stride,
        }
    }

    fn forward(&self, tape: &Tape, x_bhwc: &Var) -> kernels::Result<Var> {
        let y_bhwc = self.first.forward_relu(tape, x_bhwc)?;
        let same = self.stride == 1 && x_bhwc.dims()[3] == self.width;
        let shortcut_bhwc = if same { x_bhwc.clone() } else { kernels::shortcut_pad(tape, x_bhwc, self.stride, self.width)? };
        self.second.forward_add_relu(tape, &y_bhwc, &shortcut_bhwc)
    }
}
