//! ResNet, of images of any size. Batch normalisation becomes part of each convolution: with running statistics both are linear.
//! `y = (w * x - m) g / sqrt(v + e) + b`.

use super::LOGITS;
use super::graph::{Attribute, Dim, Graph, Kind, Name};
use crate::export::{Error, Tensors, tensor};
use candle_core::{DType, Tensor};
use tallow_zoo::resnet::{Config, LayerType, Stem};

const BATCH: Dim = Dim::Named("batch_size");

/// Of the public implementation's batch normalisation.
const EPS: f64 = 1e-5;

pub(super) fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, Error> {
    if config.width_factor != 1 {
        let found = format!("{}", config.width_factor);
        return Err(Error::Setting { format: "ONNX", what: "width_factor", found });
    }
    let mut g = Graph::default();
    let (height, width) = (Dim::Named("height"), Dim::Named("width"));
    let pixels = g.input("pixel_values", Kind::Float, &[BATCH, Dim::Known(config.num_channels), height, width]);
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
    let pooled = g.op("GlobalAveragePool", &[&x], &[]);
    let flat = g.op("Flatten", &[&pooled], &[("axis", Attribute::Int(1))]);
    let said = g.linear(tensors, "classifier.1", &flat)?;
    g.named_op("Identity", &[&said], &[], LOGITS);
    g.output(LOGITS, &[BATCH, Dim::Known(config.head.width())]);
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
    let of = |name: &str| tensor(tensors, &format!("{at}.normalization.{name}"))?.to_dtype(DType::F64).map_err(Error::from);
    let filters = tensor(tensors, &format!("{at}.convolution.weight"))?;
    let kernel = filters.dim(2)? as i64;
    let scale: Tensor = (of("weight")? / (of("running_var")? + EPS)?.sqrt()?)?;
    let bias = (of("bias")? - (of("running_mean")? * &scale)?)?;
    let wide = scale.reshape((scale.elem_count(), 1, 1, 1))?;
    let folded = filters.to_dtype(DType::F64)?.broadcast_mul(&wide)?;
    let filters = g.values(&format!("{at}.folded.weight"), &folded)?;
    let bias = g.values(&format!("{at}.folded.bias"), &bias)?;
    let settings = [
        ("kernel_shape", Attribute::Ints(vec![kernel; 2])),
        ("strides", Attribute::Ints(vec![stride; 2])),
        ("pads", Attribute::Ints(vec![kernel / 2; 4])),
    ];
    Ok(g.op("Conv", &[x, &filters, &bias], &settings))
}
