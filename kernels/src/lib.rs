//! Tallow's training layer: a small tape of our own over Candle tensors, and operations with forward and backward.
//!
//! Models call only what this crate exports, never Candle's operations, so what lies below can change without touching a
//! model. An operation is a folder: `mod.rs` (contract, formula, dispatch, tape), `reference.rs` (plain Candle operations,
//! any device and float type) and `cpu.rs` (the fast float32 version, equal to the reference by test). Some have kernels for a GPU,
//! `cuda.cu` and what launches it, `cuda.rs` (feature `cuda`). Where there is none, tests run the same kernels on the CPU (feature
//! `cuda-emulation`): that shows their arithmetic, indexing and barriers, not speed nor what a real warp's scheduling may do.
//!
//! - [`Param`] is a leaf with a name (a weight or a buffer), [`Var`] is an activation.
//! - [`Tape`] records what backward needs; [`Tape::backward`] adds into [`Gradients`]. Frozen parameters cost nothing.
//! - Images lie as `[B, H, W, C]`, the channels of a place side by side; [`images()`] turns pixels that come as `[B, C, H, W]`.
//! - [`Stream`] is the only source of randomness: counter-based, split by name, addressable by step.
//!
//! ```
//! use tallow_kernels::{linear, Gradients, Init, Stream, Tape, Var, Weights};
//! use candle_core::{Device, Tensor};
//! # fn main() -> Result<(), tallow_kernels::Error> {
//! let weights = Weights::scratch(Stream::root(1).named("init"), &Device::Cpu);
//! let w = weights.param("weight", &[1, 2], Init::Ones);
//! let (params, _) = weights.finish()?;
//! let tape = Tape::training(Stream::root(1).named("dropout"));
//! let x = Var::constant(Tensor::new(&[[2f32, 3.]], &Device::Cpu)?);
//! let y = linear(&tape, &x, &w, None)?; // [[5]]
//! let mut grads = Gradients::new(&params);
//! tape.backward(&y, &mut grads)?;
//! assert_eq!(grads.get(&w).unwrap().to_vec2::<f32>()?, [[2., 3.]]); // d(xW)/dW = x
//! # Ok(()) }
//! ```

mod blocks;
#[cfg(device_kernels)]
mod columns;
#[cfg(device_kernels)]
mod device;
mod documents;
mod error;
mod gradients;
mod inspection;
mod matmul;
mod param;
mod profile;
mod random;
mod scratch;
mod simd;
mod slice;
mod subnormal;
mod tape;
mod targets;
mod window;

mod activation;
mod add;
mod attention;
mod avg_pool2d;
mod batch_norm;
mod checkpoint;
mod concat;
mod conv2d;
mod cosent;
mod cross_entropy;
mod dropout;
mod embedding;
mod first_token;
mod gather;
mod global_avg_pool;
mod group_norm;
mod images;
mod interpolate;
mod l2_normalize;
mod layer_norm;
mod linear;
mod linear_cross_entropy;
mod lora_linear;
mod losses;
mod max_pool2d;
mod mean_tokens;
mod multiply;
pub mod optim;
pub mod packed;
mod product;
mod rms_norm;
mod rope;
mod scale;
mod shortcut_pad;
mod sum_last;
mod swiglu;
mod top_k;
mod views;

#[cfg(test)]
mod check;

pub use activation::{gelu, gelu_tanh, relu, silu, tanh};
pub use add::add;
pub use attention::{Attention, Mask, RelativeBias, attention, attention_biased, attention_packed};
pub use avg_pool2d::avg_pool2d;
pub use batch_norm::{BatchNorm, batch_norm, batch_norm_add_relu, batch_norm_relu};
pub use blocks::{set_threads, set_threads_with_this};
pub use checkpoint::{block, checkpoint};
pub use concat::concat;
pub use conv2d::{Conv2d, conv2d};
pub use cosent::cosent;
pub use cross_entropy::{cross_entropy, cross_entropy_rows, soft_cross_entropy};
#[cfg(feature = "cuda")]
pub use device::open_gpu;
pub use documents::Documents;
pub use dropout::dropout;
pub use embedding::{embedding, embedding_padded};
pub use error::{Error, Result, WeightProblem};
pub use first_token::first_token;
pub use gather::{gather, scatter_add};
pub use global_avg_pool::global_avg_pool;
pub use gradients::Gradients;
pub use group_norm::group_norm;
pub use images::images;
pub use inspection::{Inspection, Suspect, all_finite};
pub use interpolate::{Interpolation, interpolate};
pub use l2_normalize::l2_normalize;
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use linear_cross_entropy::{linear_cross_entropy, linear_cross_entropy_rows};
pub use lora_linear::{Dora, FrozenWeight, Lora, dora_linear, frozen_linear, lora_linear, merged_weight, row_norms};
pub use losses::{absolute_error, bce_with_logits, huber, kl_div, mse};
pub use max_pool2d::{Pool2d, max_pool2d};
pub use mean_tokens::mean_tokens;
pub use multiply::multiply;
pub use param::{Init, LoadReport, Param, ParamKind, ParamStore, Weights};
pub use product::product;
pub use profile::{Op, Profile, Times, Work};
pub use random::Stream;
pub use rms_norm::{add_rms_norm, rms_norm, rms_norm_heads};
pub use rope::{Rope, RopeScaling, rope, rope_documents};
pub use scale::scale;
pub use shortcut_pad::shortcut_pad;
pub use sum_last::sum_last;
pub use swiglu::swiglu;
pub use tape::{Backward, Inputs, Tape, Target, Var};
pub use targets::Targets;
pub use top_k::top_k;
pub use views::{narrow, reshape, value};
