//! Moments by parameter, and the step over all of them.

use super::Error;
use crate::spec::Optimizer;
use candle_core::Tensor;
use std::collections::BTreeMap;
use tallow_kernels::optim::{AdamW, Sgd};
use tallow_kernels::{Gradients, Param, ParamStore};

/// The optimiser with its state: `[m, v]` for AdamW, `[buffer]` for SGD, in the order of the parameters' names.
pub(super) struct State {
    kind: Optimizer,
    moments: Vec<Vec<Tensor>>,
}

impl State {
    /// Zero moments for each trainable parameter.
    pub(super) fn new(kind: Optimizer, store: &ParamStore) -> Result<Self, Error> {
        let count = match kind {
            Optimizer::Adamw { .. } => 2,
            Optimizer::Sgd { .. } => 1,
        };
        let zeros = |p: &Param| (0..count).map(|_| p.tensor().zeros_like()).collect::<Result<Vec<_>, _>>();
        Ok(State { kind, moments: store.trainable().map(zeros).collect::<Result<_, _>>()? })
    }

    /// Moves every trainable parameter; `step` counts from 1. Biases and norms (fewer than two dimensions) do not decay.
    pub(super) fn step(&mut self, store: &ParamStore, grads: &Gradients, lr: f64, step: u64, scale: f64) -> Result<(), Error> {
        for (param, moments) in store.trainable().zip(&self.moments) {
            let Some(grad) = grads.get(param) else { continue };
            let decays = param.tensor().rank() >= 2;
            let decay = |weight_decay: f64| if decays { weight_decay } else { 0.0 };
            match (self.kind, moments.as_slice()) {
                (Optimizer::Adamw { beta1, beta2, eps, weight_decay }, [m, v]) => {
                    AdamW { lr, beta1, beta2, eps, weight_decay: decay(weight_decay) }.step(param, grad, m, v, step, scale)?;
                }
                (Optimizer::Sgd { momentum, nesterov, weight_decay }, [buffer]) => {
                    let sgd = Sgd { lr, momentum, weight_decay: decay(weight_decay), nesterov, decoupled: false };
                    sgd.step(param, grad, buffer, step, scale)?;
                }
                _ => return Err(Error::Config("the optimiser's state is of another optimiser".into())),
            }
        }
        Ok(())
    }

    /// Every moment with its name, for a checkpoint: `NAME#0`, `NAME#1`.
    pub(super) fn named(&self, store: &ParamStore) -> BTreeMap<String, Tensor> {
        let each = store.trainable().zip(&self.moments);
        each.flat_map(|(p, ms)| ms.iter().enumerate().map(|(i, m)| (format!("{}#{i}", p.name()), m.clone()))).collect()
    }

    /// Takes the moments of a checkpoint.
    pub(super) fn restore(&mut self, store: &ParamStore, mut named: BTreeMap<String, Tensor>) -> Result<(), String> {
        for (param, moments) in store.trainable().zip(&mut self.moments) {
            for (i, moment) in moments.iter_mut().enumerate() {
                let name = format!("{}#{i}", param.name());
                let given = named.remove(&name).filter(|t| t.dims() == moment.dims());
                *moment = given.ok_or_else(|| format!("the moment `{name}` is missing or has another shape"))?;
            }
        }
        Ok(())
    }
}
