//! ResNets for small images (He et al., 1512.03385, section 4.2): 3x3 stem, three stages of 16, 32 and 64 channels, shortcuts
//! without parameters (option A) or, where the size halves, with projections (option B). Depth is `6 n + 2`. Weight names are
//! those of the usual PyTorch implementation.
//!
//! Shapes: `b` batch, `c` channels, `h`, `w` height and width.

use crate::contract::{Architecture, Input, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Result};
use crate::fields::{Fields, check_count, generic_labels};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::Adapter;
use crate::parts::{ConvNorm, Dense, images_of, leave_other_head};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
    /// Whether shortcuts are convolutions where the size halves (option B), and not padded (option A).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub projection_shortcuts: bool,
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
            projection_shortcuts: f.flag_or("projection_shortcuts", false),
            head: Head::read(&mut f, HEADS, &["num_labels"], 10),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config { depth: 8, num_channels: 3, width: 4, projection_shortcuts: false, head: Head::three_classes() }
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
        if !self.projection_shortcuts && !self.width.is_multiple_of(2) {
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
                let halves = stage > 0 && block == 0;
                if halves {
                    side = side.div_ceil(2);
                }
                cost.block(inputs, |cost| {
                    cost.conv_norm(batch, [inner, width, 3], side);
                    cost.conv_norm(batch, [width, width, 3], side);
                    if halves && self.projection_shortcuts {
                        cost.conv_norm(batch, [inner, width, 1], side);
                    }
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
    /// By the names and shapes of the weights. None where a block has a tensor that it has no place for: that is another network.
    pub(crate) fn identify(shapes: &BTreeMap<String, Vec<usize>>) -> Option<Self> {
        let projection_shortcuts = shapes.contains_key("layer2.0.shortcut.0.weight");
        if shapes.keys().any(|name| name.starts_with("layer") && !has_place(name, projection_shortcuts)) {
            return None;
        }
        let &[width, num_channels, 3, 3] = shapes.get("conv1.weight")?.as_slice() else { return None };
        let &[classes, _] = shapes.get("linear.weight")?.as_slice() else { return None };
        let blocks = |stage: usize| (0..).take_while(|i| shapes.contains_key(&format!("layer{stage}.{i}.conv1.weight"))).count();
        let n = blocks(1);
        let same = n > 0 && blocks(2) == n && blocks(3) == n && !shapes.contains_key("layer4.0.conv1.weight");
        let head = || Head::Classes(generic_labels(classes));
        same.then(|| Config { depth: 6 * n + 2, num_channels, width, projection_shortcuts, head: head() })
    }

    /// Blocks a stage.
    fn blocks(&self) -> usize {
        (self.depth - 2) / 6
    }
}

/// Whether a block has a place for the tensor of that name.
fn has_place(name: &str, projection_shortcuts: bool) -> bool {
    match *name.split('.').collect::<Vec<_>>() {
        [_, _, "conv1" | "conv2", "weight"] | [_, _, "bn1" | "bn2", _] => true,
        ["layer2" | "layer3", "0", "shortcut", "0", "weight"] => projection_shortcuts,
        ["layer2" | "layer3", "0", "shortcut", "1", _] => projection_shortcuts,
        _ => false,
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
                let projects = config.projection_shortcuts && stride > 1;
                let at = weights.at(format!("layer{}", stage + 1)).at(i);
                blocks.push(Rc::new(Block::new(&at, [inner, width], stride, projects)));
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
    /// None where the shortcut has no parameters.
    projection: Option<ConvNorm>,
    width: usize,
    stride: usize,
}

impl Block {
    fn new(at: &Weights, [inner, width]: [usize; 2], stride: usize, projects: bool) -> Self {
        let projection = || ConvNorm::new(at, ["shortcut.0", "shortcut.1"], [inner, width, 1], stride, INIT);
        Block {
            first: ConvNorm::new(at, ["conv1", "bn1"], [inner, width, 3], stride, INIT),
            second: ConvNorm::new(at, ["conv2", "bn2"], [width, width, 3], 1, INIT),
            projection: projects.then(projection),
            width,
            stride,
        }
    }

    fn forward(&self, tape: &Tape, x_bhwc: &Var) -> kernels::Result<Var> {
        let y_bhwc = self.first.forward_relu(tape, x_bhwc)?;
        let same = self.stride == 1 && x_bhwc.dims()[3] == self.width;
        let shortcut_bhwc = match &self.projection {
            Some(projection) => projection.forward(tape, x_bhwc)?,
            None if same => x_bhwc.clone(),
            None => kernels::shortcut_pad(tape, x_bhwc, self.stride, self.width)?,
        };
        self.second.forward_add_relu(tape, &y_bhwc, &shortcut_bhwc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::ModelConfig;
    use candle_core::{DType, Device};
    use tallow_kernels::{ParamKind, Stream};

    fn asked(config: &Config) -> Vec<(String, Vec<usize>, ParamKind)> {
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu).outline();
        config.build(&weights, None).expect("a model");
        weights.asked_shapes()
    }

    fn shapes(config: &Config) -> BTreeMap<String, Vec<usize>> {
        asked(config).into_iter().map(|(name, shape, _)| (name, shape)).collect()
    }

    /// Both kinds are known by their tensors, written and read again, and counted.
    #[test]
    fn shortcuts_are_padded_or_projected() {
        for projection_shortcuts in [false, true] {
            let config = Config { projection_shortcuts, ..Config::tiny() };
            assert_eq!(Config::identify(&shapes(&config)).as_ref(), Some(&config));
            assert_eq!(shapes(&config).contains_key("layer3.0.shortcut.1.running_var"), projection_shortcuts);
            let trained = asked(&config).into_iter().filter(|(.., kind)| *kind == ParamKind::Trainable);
            let trained: usize = trained.map(|(_, shape, _)| shape.iter().product::<usize>()).sum();
            let config = ModelConfig::ResnetCifar(config);
            assert_eq!(ModelConfig::from_public(&config.to_public().to_string()).expect("a config"), config);
            assert_eq!(config.num_params(), trained);
        }
    }

    #[test]
    fn blocks_with_other_tensors_are_not_taken_for_these() {
        let beside = |projection_shortcuts, name: &str| {
            let mut shapes = shapes(&Config { projection_shortcuts, ..Config::tiny() });
            shapes.insert(name.into(), vec![8]);
            Config::identify(&shapes)
        };
        assert!(beside(false, "layer2.0.bn1.num_batches_tracked").is_some());
        assert!(beside(true, "layer2.0.shortcut.1.num_batches_tracked").is_some());
        for name in
            ["layer1.0.se.fc1.weight", "layer1.0.conv1.bias", "layer1.0.conv3.weight", "layer3.0.shortcut.0.weight", "layers.x"]
        {
            assert_eq!(beside(false, name), None, "{name}");
        }
        assert_eq!(beside(true, "layer1.0.shortcut.0.weight"), None, "a projection where the size stays");
    }

    /// With nothing left of its convolutions a block gives what its projection makes of the first of four places.
    #[test]
    fn a_projection_is_a_convolution_of_single_places() {
        let block = |weights: &Weights| Block::new(weights, [2, 4], 2, true);
        let weights = Weights::scratch(Stream::root(1), &Device::Cpu);
        block(&weights);
        let (store, _) = weights.finish().expect("from scratch");
        let mut tensors: BTreeMap<_, _> = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu).expect("a tensor");
        tensors.insert("bn2.weight".into(), Tensor::zeros(4, DType::F32, &Device::Cpu).expect("zeros"));
        tensors.insert("shortcut.0.weight".into(), tensor(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0, -1.0, 0.0], &[4, 2, 1, 1]));
        let weights = Weights::given(tensors, Stream::root(0), &Device::Cpu);
        let block = block(&weights);
        weights.finish().expect("they fit");
        let x_bhwc = Var::constant(tensor(&[1.0, 2.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0], &[1, 2, 2, 2]));
        let y_bhwc = block.forward(&Tape::inference(), &x_bhwc).expect("an output");
        assert_eq!(y_bhwc.dims(), [1, 1, 1, 4]);
        let found = y_bhwc.tensor().flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("numbers");
        assert!(found.iter().zip([1f32, 2.0, 3.0, 0.0]).all(|(found, expected)| (found - expected).abs() < 1e-4), "{found:?}");
    }
}
