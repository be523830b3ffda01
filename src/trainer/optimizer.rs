//! Moments by parameter, and the step over all of them.
//!
//! Weight decay: AdamW's is decoupled, `p -= lr wd p` (Loshchilov & Hutter 2019); SGD's is part of the gradient, `g + wd p`, as in
//! `torch.optim.SGD` and the papers that train so (He et al. 2015): decoupled from a momentum of 0.9 the same number would mean a
//! tenth of it. Biases and norms (fewer than two dimensions) do not decay.

use super::Error;
use crate::spec::Optimizer;
use candle_core::Tensor;
use std::collections::BTreeMap;
use tallow_kernels::optim::{AdamW, Sgd};
use tallow_kernels::{Gradients, Param, ParamStore};

/// The optimiser's moments, in the order of the parameters' names.
pub(super) struct State {
    moments: Moments,
}

enum Moments {
    Adamw { beta1: f64, beta2: f64, eps: f64, weight_decay: f64, m: Vec<Tensor>, v: Vec<Tensor> },
    Sgd { momentum: f64, nesterov: bool, weight_decay: f64, buffers: Vec<Tensor> },
}

impl State {
    /// Zero moments for each trainable parameter.
    pub(super) fn new(optimizer: Optimizer, store: &ParamStore) -> Result<Self, Error> {
        let zeros = || store.trainable().map(|p| p.tensor().zeros_like()).collect::<Result<Vec<_>, _>>();
        let moments = match optimizer {
            Optimizer::Adamw { beta1, beta2, eps, weight_decay } => {
                Moments::Adamw { beta1, beta2, eps, weight_decay, m: zeros()?, v: zeros()? }
            }
            Optimizer::Sgd { momentum, nesterov, weight_decay } => {
                Moments::Sgd { momentum, nesterov, weight_decay, buffers: zeros()? }
            }
        };
        Ok(State { moments })
    }

    /// Moves every trainable parameter that has a gradient; `step` counts from 1, and the gradients are multiplied by `grad_scale`.
    pub(super) fn step(
        &mut self,
        store: &ParamStore,
        grads: &Gradients,
        lr: f64,
        step: u64,
        grad_scale: f64,
    ) -> Result<(), Error> {
        for (i, param) in store.trainable().enumerate() {
            let Some(grad) = grads.get(param) else { continue };
            match &self.moments {
                Moments::Adamw { beta1, beta2, eps, weight_decay, m, v } => {
                    let (beta1, beta2, eps, weight_decay) = (*beta1, *beta2, *eps, decay(param, *weight_decay));
                    AdamW { lr, beta1, beta2, eps, weight_decay }.step(param, grad, &m[i], &v[i], step, grad_scale)?;
                }
                Moments::Sgd { momentum, nesterov, weight_decay, buffers } => {
                    let (momentum, nesterov, weight_decay) = (*momentum, *nesterov, decay(param, *weight_decay));
                    let sgd = Sgd { lr, momentum, weight_decay, nesterov, decoupled: false };
                    sgd.step(param, grad, &buffers[i], step, grad_scale)?;
                }
            }
        }
        Ok(())
    }

    /// Moments of each parameter.
    pub(super) fn copies(&self) -> usize {
        self.kinds().len()
    }

    /// Every moment by name, for a checkpoint: `m/NAME`.
    pub(super) fn named(&self, store: &ParamStore) -> BTreeMap<String, Tensor> {
        let of = |(kind, moments): (&'static str, &[Tensor])| {
            let each = store.trainable().zip(moments);
            each.map(|(param, moment)| (format!("{kind}/{}", param.name()), moment.clone())).collect::<Vec<_>>()
        };
        self.kinds().into_iter().flat_map(of).collect()
    }

    /// Takes the moments that were saved: `saved` knows each by its kind and its parameter.
    pub(super) fn restore(
        &mut self,
        store: &ParamStore,
        saved: impl Fn(&str, &Param) -> Result<Tensor, Error>,
    ) -> Result<(), Error> {
        let load = |kind: &str| store.trainable().map(|param| saved(kind, param)).collect::<Result<Vec<_>, _>>();
        match &mut self.moments {
            Moments::Adamw { m, v, .. } => (*m, *v) = (load("m")?, load("v")?),
            Moments::Sgd { buffers, .. } => *buffers = load("momentum")?,
        }
        Ok(())
    }

    fn kinds(&self) -> Vec<(&'static str, &[Tensor])> {
        match &self.moments {
            Moments::Adamw { m, v, .. } => vec![("m", m), ("v", v)],
            Moments::Sgd { buffers, .. } => vec![("momentum", buffers)],
        }
    }
}

/// Biases and norms (fewer than two dimensions) do not decay.
fn decay(param: &Param, weight_decay: f64) -> f64 {
    if param.tensor().rank() >= 2 { weight_decay } else { 0.0 }
}
