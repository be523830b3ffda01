//! ResNet, of images of any size.

use super::graph::{Attribute, Graph, Name};
use super::images::{self, pixels, scores};
use crate::export::{Error, Tensors};
use tallow_zoo::resnet::{Config, LayerType, Stem};

pub(super) fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, Error> {
    if config.width_factor != 1 {
        let found = format!("{}", config.width_factor);
        return Err(Error::Setting { format: "ONNX", what: "width_factor", found });
    }
    let mut g = Graph::default();
    let pixels = pixels(&mut g, config.num_channels);
    let stride = if config.stem_type == Stem::Imagenet { 2 } else { 1 };
    let x = conv_norm(&mut g, tensors, "resnet.embedder.embedder", &pixels, stride)?;
    let mut x = g.op("Relu", &[&x], &[]);
    if config.stem_type == Stem::Imagenet {
        let settings = [
            ("kernel_shape", Attribute::Ints(vec![3; 2])),
            ("strides", Attribute::Ints(vec![2; 2])),
            ("pads", Attribute::Ints(vec![1; 4])),
        ];
        x = g.op("MaxPool", &[&x], &settings);
    }
    for (stage, depth) in config.depths.iter().enumerate() {
        for i in 0..*depth {
            let halves = i == 0 && (stage > 0 || config.downsample_in_first_stage);
            let at = format!("resnet.encoder.stages.{stage}.layers.{i}");
            x = block(&mut g, config, tensors, &at, &x, if halves { 2 } else { 1 })?;
        }
    }
    scores(&mut g, tensors, "classifier.1", &x, config.head.width())?;
    Ok(g)
}

fn block(g: &mut Graph, config: &Config, tensors: &Tensors, at: &str, x: &str, stride: i64) -> Result<Name, Error> {
    let strides: Vec<i64> = match (config.layer_type, config.downsample_in_bottleneck) {
        (LayerType::Basic, _) => vec![stride, 1],
        (LayerType::Bottleneck, false) => vec![1, stride, 1],
        (LayerType::Bottleneck, true) => vec![stride, 1, 1],
    };
    let mut y = x.to_string();
    for (i, stride) in strides.iter().enumerate() {
        y = conv_norm(g, tensors, &format!("{at}.layer.{i}"), &y, *stride)?;
        if i + 1 < strides.len() {
            y = g.op("Relu", &[&y], &[]);
        }
    }
    let shortcut = match tensors.contains_key(&format!("{at}.shortcut.convolution.weight")) {
        true => conv_norm(g, tensors, &format!("{at}.shortcut"), x, stride)?,
        false => x.to_string(),
    };
    let sum = g.op("Add", &[&y, &shortcut], &[]);
    Ok(g.op("Relu", &[&sum], &[]))
}

/// A convolution and the normalisation behind it, as one.
fn conv_norm(g: &mut Graph, tensors: &Tensors, at: &str, x: &str, stride: i64) -> Result<Name, Error> {
    images::conv_norm(g, tensors, [&format!("{at}.convolution"), &format!("{at}.normalization")], x, stride)
}
