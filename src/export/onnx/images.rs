//! What convolutional networks share. Batch normalisation behind a convolution becomes part of it: with running statistics both are linear.
//! `y = (w * x - m) g / sqrt(v + e) + b`.

use super::LOGITS;
use super::graph::{Attribute, Dim, Graph, Kind, Name};
use crate::export::{Error, Tensors, tensor};
use candle_core::{DType, Tensor};

pub(super) const BATCH: Dim = Dim::Named("batch_size");

/// Of the public implementations' batch normalisation.
const EPS: f64 = 1e-5;

/// Images of any size.
pub(super) fn pixels(g: &mut Graph, channels: usize) -> Name {
    let (height, width) = (Dim::Named("height"), Dim::Named("width"));
    g.input("pixel_values", Kind::Float, &[BATCH, Dim::Known(channels), height, width])
}

/// A convolution without a bias that keeps the size where the stride is 1.
pub(super) fn conv(g: &mut Graph, tensors: &Tensors, at: &str, x: &str, stride: i64) -> Result<Name, Error> {
    let name = format!("{at}.weight");
    let (kernel, filters) = (tensor(tensors, &name)?.dim(2)? as i64, g.weight(tensors, &name)?);
    Ok(g.op("Conv", &[x, &filters], &settings(kernel, stride)))
}

/// A convolution and the normalisation behind it, as one, by the names of the two layers.
pub(super) fn conv_norm(g: &mut Graph, tensors: &Tensors, [conv, norm]: [&str; 2], x: &str, stride: i64) -> Result<Name, Error> {
    let of = |name: &str| tensor(tensors, &format!("{norm}.{name}"))?.to_dtype(DType::F64).map_err(Error::from);
    let filters = tensor(tensors, &format!("{conv}.weight"))?;
    let kernel = filters.dim(2)? as i64;
    let scale: Tensor = (of("weight")? / (of("running_var")? + EPS)?.sqrt()?)?;
    let bias = (of("bias")? - (of("running_mean")? * &scale)?)?;
    let wide = scale.reshape((scale.elem_count(), 1, 1, 1))?;
    let folded = filters.to_dtype(DType::F64)?.broadcast_mul(&wide)?;
    let filters = g.values(&format!("{conv}.folded.weight"), &folded)?;
    let bias = g.values(&format!("{conv}.folded.bias"), &bias)?;
    Ok(g.op("Conv", &[x, &filters, &bias], &settings(kernel, stride)))
}

fn settings(kernel: i64, stride: i64) -> [(&'static str, Attribute); 3] {
    [
        ("kernel_shape", Attribute::Ints(vec![kernel; 2])),
        ("strides", Attribute::Ints(vec![stride; 2])),
        ("pads", Attribute::Ints(vec![kernel / 2; 4])),
    ]
}

/// Batch normalisation by itself, by its running statistics.
pub(super) fn norm(g: &mut Graph, tensors: &Tensors, at: &str, x: &str) -> Result<Name, Error> {
    let mut inputs = vec![x.to_string()];
    for name in ["weight", "bias", "running_mean", "running_var"] {
        inputs.push(g.weight(tensors, &format!("{at}.{name}"))?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    Ok(g.op("BatchNormalization", &inputs, &[("epsilon", Attribute::Float(EPS as f32))]))
}

/// The means over all places, and the scores that the last layer, `at`, makes of them.
pub(super) fn scores(g: &mut Graph, tensors: &Tensors, at: &str, x: &str, width: usize) -> Result<(), Error> {
    let pooled = g.op("GlobalAveragePool", &[x], &[]);
    let flat = g.op("Flatten", &[&pooled], &[("axis", Attribute::Int(1))]);
    let said = g.linear(tensors, at, &flat)?;
    g.named_op("Identity", &[&said], &[], LOGITS);
    g.output(LOGITS, &[BATCH, Dim::Known(width)]);
    Ok(())
}
