//! The gradients of a step, summed over its micro-batches.

use crate::tape::accumulate;
use crate::{Error, Param, ParamStore, Result, slice};
use candle_core::Tensor;

/// One gradient for each trainable parameter, addressed by parameter; kept from step to step so that memory is reused.
pub struct Gradients {
    by_id: Vec<Option<Tensor>>,
}

impl Gradients {
    /// No gradients yet, for the parameters of `store`.
    pub fn new(store: &ParamStore) -> Self {
        Gradients { by_id: vec![None; store.len()] }
    }

    /// The parameter's gradient, if backward reached it.
    pub fn get(&self, param: &Param) -> Option<&Tensor> {
        self.by_id[param.id()].as_ref()
    }

    /// Forgets all gradients.
    pub fn clear(&mut self) {
        self.by_id.fill(None);
    }

    /// # Errors
    /// Names every trainable parameter that no gradient reached.
    pub fn check_complete(&self, store: &ParamStore) -> Result<()> {
        let missing: Vec<String> =
            store.trainable().filter(|p| self.get(p).is_none()).map(|p| p.name().to_string()).collect();
        if missing.is_empty() { Ok(()) } else { Err(Error::NoGradient(missing)) }
    }

    pub(crate) fn add(&mut self, param: &Param, grad: Tensor) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        if grad.dims() != param.tensor().dims() {
            let expected = format!("{:?}", param.tensor().dims());
            return Err(Error::shape("gradient", format!("of `{}`", param.name()), expected, grad.dims()));
        }
        let place = &mut self.by_id[param.id()];
        match place {
            None => *place = Some(grad.contiguous()?),
            Some(have) if slice::is_fast(have) => accumulate(have, &grad)?,
            Some(have) => *place = Some((&*have + grad)?),
        }
        Ok(())
    }

    pub(crate) fn add_with(&mut self, param: &Param, f: impl FnOnce(&mut [f32])) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        let place = &mut self.by_id[param.id()];
        if place.is_none() {
            *place = Some(param.tensor().zeros_like()?);
        }
        match place {
            Some(grad) => slice::update(grad, f),
            None => Ok(()),
        }
    }
}
