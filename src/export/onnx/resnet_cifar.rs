//! ResNet for small images, and its wide kin, of images of any size.

use super::graph::{Graph, Name};
use super::images::{conv, conv_norm, norm, pixels, scores};
use crate::export::{Error, Tensors, tensor};
use tallow_zoo::{resnet_cifar, wide_resnet};

/// Halves of the sizes come with the first block of each stage but the first.
fn stride(stage: usize, block: usize) -> i64 {
    if stage > 0 && block == 0 { 2 } else { 1 }
}

pub(super) fn graph(config: &resnet_cifar::Config, tensors: &Tensors) -> Result<Graph, Error> {
    let mut g = Graph::default();
    let pixels = pixels(&mut g, config.num_channels);
    let x = conv_norm(&mut g, tensors, ["conv1", "bn1"], &pixels, 1)?;
    let mut x = g.op("Relu", &[&x], &[]);
    for stage in 0..3 {
        for i in 0..(config.depth - 2) / 6 {
            x = block(&mut g, tensors, &format!("layer{}.{i}", stage + 1), &x, stride(stage, i))?;
        }
    }
    scores(&mut g, tensors, "linear", &x, config.head.width())?;
    Ok(g)
}

fn block(g: &mut Graph, tensors: &Tensors, at: &str, x: &str, stride: i64) -> Result<Name, Error> {
    let names = |conv: &str, norm: &str| [format!("{at}.{conv}"), format!("{at}.{norm}")];
    let [first, second, shortcut] = [names("conv1", "bn1"), names("conv2", "bn2"), names("shortcut.0", "shortcut.1")];
    let one = |g: &mut Graph, [conv, norm]: &[String; 2], x: &str, stride| conv_norm(g, tensors, [conv, norm], x, stride);
    let y = one(g, &first, x, stride)?;
    let y = g.op("Relu", &[&y], &[]);
    let y = one(g, &second, &y, 1)?;
    let shortcut = match (tensors.contains_key(&format!("{}.weight", shortcut[0])), stride) {
        (true, _) => one(g, &shortcut, x, stride)?,
        (false, 1) => x.to_string(),
        (false, _) => padded(g, tensors, &first[0], x, stride)?,
    };
    let sum = g.op("Add", &[&y, &shortcut], &[]);
    Ok(g.op("Relu", &[&sum], &[]))
}

/// Every `stride`-th place, with channels of zeros before and behind: as many channels as the convolution `beside` it makes.
fn padded(g: &mut Graph, tensors: &Tensors, beside: &str, x: &str, stride: i64) -> Result<Name, Error> {
    let (out, inner, ..) = tensor(tensors, &format!("{beside}.weight"))?.dims4()?;
    let more = ((out - inner) / 2) as i64;
    let (from, to, axes, steps) = (g.ints(&[0, 0]), g.ints(&[i64::MAX; 2]), g.ints(&[2, 3]), g.ints(&[stride; 2]));
    let places = g.op("Slice", &[x, &from, &to, &axes, &steps], &[]);
    let pads = g.ints(&[0, more, 0, 0, 0, more, 0, 0]);
    Ok(g.op("Pad", &[&places, &pads], &[]))
}

/// A wide one normalises before it convolves.
pub(super) fn wide_graph(config: &wide_resnet::Config, tensors: &Tensors) -> Result<Graph, Error> {
    let mut g = Graph::default();
    let pixels = pixels(&mut g, config.num_channels);
    let mut x = conv(&mut g, tensors, "conv1", &pixels, 1)?;
    for stage in 0..3 {
        for i in 0..(config.depth - 4) / 6 {
            x = wide_block(&mut g, tensors, &format!("block{}.layer.{i}", stage + 1), &x, stride(stage, i))?;
        }
    }
    let x = norm_relu(&mut g, tensors, "bn1", &x)?;
    scores(&mut g, tensors, "fc", &x, config.head.width())?;
    Ok(g)
}

fn norm_relu(g: &mut Graph, tensors: &Tensors, at: &str, x: &str) -> Result<Name, Error> {
    let n = norm(g, tensors, at, x)?;
    Ok(g.op("Relu", &[&n], &[]))
}

fn wide_block(g: &mut Graph, tensors: &Tensors, at: &str, x: &str, stride: i64) -> Result<Name, Error> {
    let n = norm_relu(g, tensors, &format!("{at}.bn1"), x)?;
    let y = conv_norm(g, tensors, [&format!("{at}.conv1"), &format!("{at}.bn2")], &n, stride)?;
    let y = g.op("Relu", &[&y], &[]);
    let y = conv(g, tensors, &format!("{at}.conv2"), &y, 1)?;
    let shortcut = format!("{at}.convShortcut");
    let shortcut = match tensors.contains_key(&format!("{shortcut}.weight")) {
        true => conv(g, tensors, &shortcut, &n, stride)?,
        false => x.to_string(),
    };
    Ok(g.op("Add", &[&y, &shortcut], &[]))
}
