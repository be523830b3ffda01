//! ViT. Images have one size, that of the model's preprocessor, for which the table of positions is stretched. Shapes: `b` batch, `n` patches, `t` the class and all patches, `d` hidden size.

use super::LOGITS;
use super::graph::{Attribute, Dim, Graph, Kind, Name};
use crate::export::{Error, Tensors, tensor};
use tallow_zoo::vit::Config;

const BATCH: Dim = Dim::Named("batch_size");

pub(super) fn graph(config: &Config, tensors: &Tensors, image: Option<[usize; 2]>) -> Result<Graph, Error> {
    let (mut g, size) = (Graph::default(), image.unwrap_or([config.image_size; 2]));
    let [height, width] = size.map(Dim::Known);
    let pixels = g.input("pixel_values", Kind::Float, &[BATCH, Dim::Known(config.num_channels), height, width]);
    let mut x = embeddings(&mut g, config, tensors, (&pixels, size))?;
    for layer in 0..config.num_hidden_layers {
        x = self::layer(&mut g, config, tensors, &format!("vit.encoder.layer.{layer}"), &x)?;
    }
    let first = g.first(&x);
    let first = g.layer_norm(tensors, "vit.layernorm", &first, config.layer_norm_eps)?;
    let said = g.linear(tensors, "classifier", &first)?;
    g.named_op("Identity", &[&said], &[], LOGITS);
    g.output(LOGITS, &[BATCH, Dim::Known(config.head.width())]);
    Ok(g)
}

/// `[b, t, d]`.
fn embeddings(g: &mut Graph, config: &Config, tensors: &Tensors, (pixels, size): (&str, [usize; 2])) -> Result<Name, Error> {
    let (at, patch, d) = ("vit.embeddings", config.patch_size as i64, config.hidden_size as i64);
    let filters = g.weight(tensors, &format!("{at}.patch_embeddings.projection.weight"))?;
    let bias = g.weight(tensors, &format!("{at}.patch_embeddings.projection.bias"))?;
    let settings = [("kernel_shape", Attribute::Ints(vec![patch; 2])), ("strides", Attribute::Ints(vec![patch; 2]))];
    let patches = g.op("Conv", &[pixels, &filters, &bias], &settings);
    let lines = g.ints(&[0, d, -1]);
    let patches = g.op("Reshape", &[&patches, &lines], &[]);
    let patches = g.op("Transpose", &[&patches], &[("perm", Attribute::Ints(vec![0, 2, 1]))]);
    // The same token before each image's patches.
    let class = g.weight(tensors, &format!("{at}.cls_token"))?;
    let (shape, zero, rest) = (g.op("Shape", &[pixels], &[]), g.ints(&[0]), g.ints(&[1, d]));
    let batch = g.op("Gather", &[&shape, &zero], &[("axis", Attribute::Int(0))]);
    let wanted = g.op("Concat", &[&batch, &rest], &[("axis", Attribute::Int(0))]);
    let class = g.op("Expand", &[&class, &wanted], &[]);
    let x = g.op("Concat", &[&class, &patches], &[("axis", Attribute::Int(1))]);
    let name = format!("{at}.position_embeddings");
    let table = config.positions_for(tensor(tensors, &name)?, size);
    let table = table.map_err(|e| Error::Setting { format: "ONNX", what: "position_embeddings", found: e.to_string() })?;
    let places = g.values(&name, &table)?;
    Ok(g.op("Add", &[&x, &places], &[]))
}

fn layer(g: &mut Graph, config: &Config, tensors: &Tensors, at: &str, x: &str) -> Result<Name, Error> {
    let linear = |g: &mut Graph, name: &str, x: &str| g.linear(tensors, &format!("{at}.{name}"), x);
    let n = g.layer_norm(tensors, &format!("{at}.layernorm_before"), x, config.layer_norm_eps)?;
    let q = linear(g, "attention.attention.query", &n)?;
    let k = linear(g, "attention.attention.key", &n)?;
    let v = linear(g, "attention.attention.value", &n)?;
    let seen = g.attention([&q, &k, &v], config.num_attention_heads, config.hidden_size, None);
    let seen = linear(g, "attention.output.dense", &seen)?;
    let x = g.op("Add", &[&seen, x], &[]);
    let n = g.layer_norm(tensors, &format!("{at}.layernorm_after"), &x, config.layer_norm_eps)?;
    let inner = linear(g, "intermediate.dense", &n)?;
    let inner = g.activation(config.hidden_act, &inner);
    let outer = linear(g, "output.dense", &inner)?;
    Ok(g.op("Add", &[&outer, &x], &[]))
}
