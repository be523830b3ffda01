//! Vision Transformers for image classification (Dosovitskiy et al., 2010.11929) of any size, patch and image, with the names of
//! `ViTForImageClassification`. For images of another size the table of positions is stretched (section 3.2), as that class does with
//! `interpolate_pos_encoding`.
//!
//! Shapes: `b` batch, `h`, `w` height and width, `c` channels, `n` patches, `t` the token of the class and all patches, `d` hidden size.

use crate::contract::{Architecture, Input, Model, Output};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Error, Result};
use crate::fields::{Fields, check_counts, check_divides, check_dropouts, check_positive, named};
use crate::head::{Head, HeadKind, Heads};
use crate::lora::{Adapter, Linear, body};
use crate::parts::{Activation, Dense, LayerNorm, images_of, leave_other_head, residual};
use candle_core::{DType, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::rc::Rc;
use tallow_kernels::{self as kernels, Attention, Conv2d, Init, Interpolation, Param, Tape, Var, Weights};

/// The keys of the public `config.json` that matter here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub hidden_act: Activation,
    pub hidden_dropout_prob: f64,
    pub attention_probs_dropout_prob: f64,
    pub initializer_range: f64,
    pub layer_norm_eps: f64,
    /// Pixels a side of the images that the table of positions is for.
    pub image_size: usize,
    /// Pixels a side of a patch.
    pub patch_size: usize,
    pub num_channels: usize,
    pub qkv_bias: bool,
    /// What the last layer says.
    #[serde(default)]
    pub head: Head,
}

/// Its heads, by the names of their classes in public files.
pub(crate) const HEADS: &Heads = &[
    (HeadKind::Classes, "ViTForImageClassification"),
    (HeadKind::Labels, "ViTForImageClassification"),
    (HeadKind::Value, "ViTForImageClassification"),
];

impl Architecture for Config {
    fn from_public(object: &Map<String, Value>) -> Result<Self> {
        let mut f = Fields::new(object);
        let config = Config {
            hidden_size: f.count_or("hidden_size", 768),
            num_hidden_layers: f.count_or("num_hidden_layers", 12),
            num_attention_heads: f.count_or("num_attention_heads", 12),
            intermediate_size: f.count_or("intermediate_size", 3072),
            hidden_act: f.choice_or("hidden_act", Activation::Gelu, &Activation::NAMES),
            hidden_dropout_prob: f.number_or("hidden_dropout_prob", 0.0),
            attention_probs_dropout_prob: f.number_or("attention_probs_dropout_prob", 0.0),
            initializer_range: f.number_or("initializer_range", 0.02),
            layer_norm_eps: f.number_or("layer_norm_eps", 1e-12),
            image_size: f.count_or("image_size", 224),
            patch_size: f.count_or("patch_size", 16),
            num_channels: f.count_or("num_channels", 3),
            qkv_bias: f.flag_or("qkv_bias", true),
            head: Head::read(&mut f, HEADS, &["num_labels"], 2),
        };
        f.finish(config.problems())?;
        Ok(config)
    }

    fn tiny() -> Self {
        Config {
            hidden_size: 16,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 24,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            initializer_range: 0.02,
            layer_norm_eps: 1e-12,
            image_size: 6,
            patch_size: 3,
            num_channels: 3,
            qkv_bias: true,
            head: Head::three_classes(),
        }
    }

    fn image_channels(&self) -> Option<usize> {
        Some(self.num_channels)
    }

    fn image_side(&self) -> Option<usize> {
        Some(self.image_size)
    }

    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let most = [
            ("hidden_size", self.hidden_size, 65_536),
            ("num_hidden_layers", self.num_hidden_layers, 1000),
            ("num_attention_heads", self.num_attention_heads, 1024),
            ("intermediate_size", self.intermediate_size, 1_000_000),
            ("image_size", self.image_size, 65_536),
            ("patch_size", self.patch_size, 65_536),
            ("num_channels", self.num_channels, 1024),
        ];
        check_counts(&mut problems, most);
        check_divides(&mut problems, named!(self; num_attention_heads, hidden_size));
        if self.image_size > 0 && self.patch_size > self.image_size {
            let expected = format!("at most `image_size` ({})", self.image_size);
            problems.push(ConfigProblem::new("patch_size", expected, self.patch_size));
        }
        check_dropouts(&mut problems, named!(self; hidden_dropout_prob, attention_probs_dropout_prob));
        check_positive(&mut problems, named!(self; layer_norm_eps, initializer_range));
        self.head.check(&mut problems, HEADS);
        problems
    }

    /// Weights of a bare `ViTModel` get the prefix `vit.`; what other jobs have on top or hide patches with is left out.
    fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        let bare = !given.keys().any(|name| name.starts_with("vit."));
        let part = |name: &str| ["embeddings.", "encoder.", "layernorm.", "pooler."].iter().any(|part| name.starts_with(part));
        let name = |name: String| if bare && part(&name) { format!("vit.{name}") } else { name };
        let mut given: BTreeMap<_, _> = given.into_iter().map(|(n, tensor)| (name(n), tensor)).collect();
        given.retain(|name, _| !["vit.pooler.", "vit.embeddings.mask_token"].iter().any(|other| name.starts_with(other)));
        leave_other_head(&mut given, "classifier", [self.head.width(), self.hidden_size]);
        Ok(given)
    }

    fn set_dropout(&mut self, p: f64) {
        (self.hidden_dropout_prob, self.attention_probs_dropout_prob) = (p, p);
    }

    fn cost(&self, b: usize, side: usize) -> Cost {
        let (mut cost, d, patch) = (Cost::default(), self.hidden_size, self.patch_size);
        let n = (side / patch).max(1).pow(2);
        let (t, rows) = (n + 1, b * (n + 1));
        cost.dense(b * n, self.num_channels * patch * patch, d);
        cost.params += (self.positions() + 1) * d;
        cost.keep(rows * d);
        for _ in 0..self.num_hidden_layers {
            cost.block(rows * d, |cost| {
                (0..3).for_each(|_| cost.linear(rows, d, d, self.qkv_bias));
                cost.dense(rows, d, d);
                cost.dense(rows, d, self.intermediate_size);
                cost.dense(rows, self.intermediate_size, d);
                cost.params += 4 * d;
                // Scores and their product with the values.
                cost.forward_flops += 4.0 * (rows * t * d) as f64;
                cost.keep(rows * self.intermediate_size + 5 * rows * d);
            });
        }
        cost.params += 2 * d;
        cost.dense(b, d, self.head.width());
        cost
    }

    fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Vit::new(self, weights, adapter)?))
    }
}

impl Config {
    /// Patches a side of the table of positions.
    fn grid(&self) -> usize {
        self.image_size / self.patch_size
    }

    /// The table of positions of a model, `[1, t, d]`, as it is for images of so many pixels along height and width.
    ///
    /// # Errors
    /// The table is another model's, or an image is smaller than a patch.
    pub fn positions_for(&self, table: &Tensor, [height, width]: [usize; 2]) -> Result<Tensor> {
        let (d, patch, tape) = (self.hidden_size, self.patch_size, Tape::inference());
        let [h, w] = [height / patch, width / patch];
        if h == 0 || w == 0 {
            let expected = format!("images of at least {patch} by {patch} pixels, the size of a patch");
            return Err(Error::Input { family: "vit", expected, found: format!("{height} by {width}") });
        }
        let table_td = Var::constant(table.to_dtype(DType::F32)?.reshape((self.positions(), d))?);
        let table_td = stretched(&tape, table_td, (self.grid(), d), [h, w])?;
        Ok(table_td.tensor().reshape((1, h * w + 1, d))?)
    }

    /// Rows of the table of positions: the class's, then the patches' from the upper left, line by line.
    fn positions(&self) -> usize {
        self.grid().pow(2) + 1
    }
}

/// The model.
struct Vit {
    embeddings: Embeddings,
    layers: Vec<Rc<Layer>>,
    norm: LayerNorm,
    classifier: Dense,
}

impl Vit {
    fn new(config: &Config, weights: &Weights, adapter: Option<&Adapter>) -> Result<Self> {
        let (vit, d) = (weights.at("vit"), config.hidden_size);
        let layers = vit.at("encoder.layer");
        let init = Init::Normal(config.initializer_range as f32);
        Ok(Vit {
            embeddings: Embeddings::new(config, &body(&vit.at("embeddings"), adapter)),
            layers: (0..config.num_hidden_layers)
                .map(|i| Layer::new(config, adapter, &layers.at(i)).map(Rc::new))
                .collect::<Result<_>>()?,
            norm: LayerNorm::new(&body(&vit.at("layernorm"), adapter), d, config.layer_norm_eps),
            classifier: Dense::fresh(&weights.at("classifier"), d, config.head.width(), init, Init::Zeros),
        })
    }
}

impl Model for Vit {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        let mut h_btd = self.embeddings.forward(tape, input)?;
        for layer in &self.layers {
            let layer = Rc::clone(layer);
            [h_btd] = kernels::block(tape, [&h_btd], move |tape, [h]| Ok([layer.forward(tape, h)?]))?;
        }
        // The norm is of each token alone, and one is all that is asked of.
        let class_bd = self.norm.forward(tape, &kernels::first_token(tape, &h_btd)?)?;
        Ok(Output::Scores(self.classifier.forward(tape, &class_bd)?))
    }
}

/// Patches and the token of the class, with their positions.
struct Embeddings {
    /// `[d, c, patch, patch]`, `[d]`
    projection: Param,
    bias: Param,
    /// `[1, 1, d]`
    class: Param,
    /// `[1, positions, d]`
    positions: Param,
    grid: usize,
    patch: usize,
    num_channels: usize,
    dropout: f32,
}

impl Embeddings {
    fn new(config: &Config, at: &Weights) -> Self {
        let (d, patch, projection) = (config.hidden_size, config.patch_size, at.at("patch_embeddings.projection"));
        let init = Init::Normal(config.initializer_range as f32);
        Embeddings {
            projection: projection.param("weight", &[d, config.num_channels, patch, patch], init),
            bias: projection.param("bias", &[d], Init::Zeros),
            class: at.param("cls_token", &[1, 1, d], init),
            positions: at.param("position_embeddings", &[1, config.positions(), d], init),
            grid: config.grid(),
            patch,
            num_channels: config.num_channels,
            dropout: config.hidden_dropout_prob as f32,
        }
    }

    /// `[b, t, d]`.
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Var> {
        let x_bhwc = images_of("vit", input, self.num_channels)?;
        let (patch, d) = (self.patch, self.bias.len());
        if x_bhwc.dims()[1..3].iter().any(|side| *side < patch) {
            let expected = format!("images of at least {patch} by {patch} pixels, the size of a patch");
            let found = format!("{} by {}", x_bhwc.dims()[1], x_bhwc.dims()[2]);
            return Err(Error::Input { family: "vit", expected, found });
        }
        let x_bhwd = kernels::conv2d(tape, &x_bhwc, &self.projection, Some(&self.bias), Conv2d::square(patch, 0))?;
        let &[b, h, w, _] = x_bhwd.dims() else { return Err(input.other_than("vit", "images")) };
        let x_bnd = kernels::reshape(tape, &x_bhwd, (b, h * w, d))?;
        // The same token before each image's patches.
        let class_1d = kernels::reshape(tape, &kernels::value(tape, &self.class), (1, d))?;
        let zeros_b1d = Var::constant(Tensor::zeros((b, 1, d), self.class.tensor().dtype(), x_bnd.tensor().device())?);
        let class_b1d = kernels::add(tape, &zeros_b1d, &class_1d)?;
        let x_btd = kernels::concat(tape, &[&class_b1d, &x_bnd], 1)?;
        let x_btd = kernels::add(tape, &x_btd, &self.positions(tape, [h, w])?)?;
        Ok(kernels::dropout(tape, &x_btd, self.dropout)?)
    }

    /// Positions of so many patches along height and width, `[t, d]`: stretched where the table is for others.
    fn positions(&self, tape: &Tape, [h, w]: [usize; 2]) -> Result<Var> {
        let (grid, d) = (self.grid, self.bias.len());
        let table_td = kernels::reshape(tape, &kernels::value(tape, &self.positions), (grid * grid + 1, d))?;
        stretched(tape, table_td, (grid, d), [h, w])
    }
}

/// A table of positions `[t, d]` for so many patches along height and width: stretched where it is for `grid` along each.
fn stretched(tape: &Tape, table_td: Var, (grid, d): (usize, usize), [h, w]: [usize; 2]) -> Result<Var> {
    if [h, w] == [grid, grid] {
        return Ok(table_td);
    }
    let class_1d = kernels::narrow(tape, &table_td, 0, 0, 1)?;
    let patches_nd = kernels::narrow(tape, &table_td, 0, 1, grid * grid)?;
    let patches_1hwd = kernels::reshape(tape, &patches_nd, (1, grid, grid, d))?;
    let patches_1hwd = kernels::interpolate(tape, &patches_1hwd, [h, w], Interpolation::Bicubic)?;
    let patches_nd = kernels::reshape(tape, &patches_1hwd, (h * w, d))?;
    Ok(kernels::concat(tape, &[&class_1d, &patches_nd], 0)?)
}

/// One layer: attention, then feed-forward, each behind a norm, with dropout and residual.
struct Layer {
    attention_norm: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    attention_output: Linear,
    forward_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    act: Activation,
    num_heads: usize,
    dropout: f32,
    attention_dropout: f32,
}

impl Layer {
    fn new(config: &Config, adapter: Option<&Adapter>, at: &Weights) -> Result<Self> {
        let (d, ff) = (config.hidden_size, config.intermediate_size);
        let init = Init::Normal(config.initializer_range as f32);
        let linear = |name: &str, sizes, bias| Linear::new(&at.at(name), sizes, bias, init, adapter);
        let norm = |name: &str| LayerNorm::new(&body(&at.at(name), adapter), d, config.layer_norm_eps);
        Ok(Layer {
            attention_norm: norm("layernorm_before"),
            query: linear("attention.attention.query", [d, d], config.qkv_bias)?,
            key: linear("attention.attention.key", [d, d], config.qkv_bias)?,
            value: linear("attention.attention.value", [d, d], config.qkv_bias)?,
            attention_output: linear("attention.output.dense", [d, d], true)?,
            forward_norm: norm("layernorm_after"),
            intermediate: linear("intermediate.dense", [d, ff], true)?,
            output: linear("output.dense", [ff, d], true)?,
            act: config.hidden_act,
            num_heads: config.num_attention_heads,
            dropout: config.hidden_dropout_prob as f32,
            attention_dropout: config.attention_probs_dropout_prob as f32,
        })
    }

    fn forward(&self, tape: &Tape, x_btd: &Var) -> kernels::Result<Var> {
        let n_btd = self.attention_norm.forward(tape, x_btd)?;
        let (q, k, v) = (self.query.forward(tape, &n_btd)?, self.key.forward(tape, &n_btd)?, self.value.forward(tape, &n_btd)?);
        let args = Attention { dropout: self.attention_dropout, ..Attention::full(self.num_heads) };
        let a_btd = self.attention_output.forward(tape, &kernels::attention(tape, &q, &k, &v, &args)?)?;
        let x_btd = residual(tape, &a_btd, x_btd, self.dropout)?;
        let h = self.intermediate.forward(tape, &self.forward_norm.forward(tape, &x_btd)?)?;
        let h_btd = self.output.forward(tape, &self.act.forward(tape, &h)?)?;
        residual(tape, &h_btd, &x_btd, self.dropout)
    }
}
