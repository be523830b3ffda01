//! The gradients of a step, summed over its micro-batches.

use crate::tape::accumulate;
use crate::{Error, Param, ParamStore, Result, simd, slice};
use candle_core::Tensor;
use rayon::prelude::*;

/// One gradient for each trainable parameter, addressed by parameter; kept from step to step so that memory is reused.
pub struct Gradients {
    by_id: Vec<Option<Tensor>>,
    /// Whether the tensor at hand is of this step, or only memory to reuse.
    live: Vec<bool>,
}

impl Gradients {
    /// No gradients yet, for the parameters of `store`.
    pub fn new(store: &ParamStore) -> Self {
        Gradients { by_id: vec![None; store.len()], live: vec![false; store.len()] }
    }

    /// The parameter's gradient, if backward reached it.
    pub fn get(&self, param: &Param) -> Option<&Tensor> {
        self.by_id[param.id()].as_ref().filter(|_| self.live[param.id()])
    }

    /// Forgets all gradients; their memory is kept for the next step.
    pub fn clear(&mut self) {
        self.live.fill(false);
    }

    /// # Errors
    /// Names every trainable parameter that no gradient reached.
    pub fn check_complete(&self, store: &ParamStore) -> Result<()> {
        let missing: Vec<String> =
            store.trainable().filter(|p| self.get(p).is_none()).map(|p| p.name().to_string()).collect();
        if missing.is_empty() { Ok(()) } else { Err(Error::NoGradient(missing)) }
    }

    /// Global norm over the trainable parameters: a sum of squares in float64, by name, in a fixed order.
    pub fn global_norm(&self, store: &ParamStore) -> Result<f64> {
        let mut sum = 0.0;
        for grad in store.trainable().filter_map(|p| self.get(p)) {
            let values = slice::floats(grad)?;
            sum += values.par_chunks(1 << 16).map(simd::sum_of_squares).collect::<Vec<_>>().iter().sum::<f64>();
        }
        Ok(sum.sqrt())
    }

    pub(crate) fn add(&mut self, param: &Param, grad: Tensor) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        if grad.dims() != param.tensor().dims() {
            let expected = format!("{:?}", param.tensor().dims());
            return Err(Error::shape("gradient", format!("of `{}`", param.name()), expected, grad.dims()));
        }
        let live = std::mem::replace(&mut self.live[param.id()], true);
        let place = &mut self.by_id[param.id()];
        match place {
            Some(have) if live => accumulate(have, &grad)?,
            _ => *place = Some(grad.contiguous()?),
        }
        Ok(())
    }

    pub(crate) fn add_with(&mut self, param: &Param, f: impl FnOnce(&mut [f32])) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        let live = std::mem::replace(&mut self.live[param.id()], true);
        match &self.by_id[param.id()] {
            Some(grad) if live => slice::update(grad, f),
            Some(grad) => slice::update(grad, |grad| {
                grad.fill(0.0);
                f(grad);
            }),
            None => {
                let grad = param.tensor().zeros_like()?;
                slice::update(&grad, f)?;
                self.by_id[param.id()] = Some(grad);
                Ok(())
            }
        }
    }
}
