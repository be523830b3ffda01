//! The running mean of the weights over the steps, which is often better than any of them. What batch norm has seen is averaged
//! alike: statistics of other weights than those they stand beside do not fit them.

use super::Error;
use super::weights::changing;
use crate::spec::Ema;
use candle_core::Tensor;
use tallow_kernels::{Param, ParamStore, optim};

/// One mean a trainable parameter and a buffer, in the order of their names.
pub(super) struct Average {
    ema: Ema,
    means: Vec<Tensor>,
}

impl Average {
    /// The weights as they are.
    pub(super) fn new(ema: Ema, store: &ParamStore) -> Result<Self, Error> {
        let means = changing(store).map(|param| param.tensor().copy()).collect::<Result<_, _>>()?;
        Ok(Average { ema, means })
    }

    /// Takes the weights after step `step`, which counts from 1.
    pub(super) fn take(&self, store: &ParamStore, step: u64) -> Result<(), Error> {
        let decay = self.ema.decay_at(step);
        changing(store).zip(&self.means).try_for_each(|(param, mean)| Ok(optim::average(mean, param, decay)?))
    }

    /// Changes places with the weights: called again, all is as before.
    pub(super) fn swap(&mut self, store: &ParamStore) -> Result<(), Error> {
        for (param, mean) in changing(store).zip(&mut self.means) {
            let own = param.tensor().copy()?;
            param.set(mean)?;
            *mean = own;
        }
        Ok(())
    }

    /// Whether it is the mean that is scored and kept.
    pub(super) fn is_used(&self) -> bool {
        self.ema.evaluate
    }

    /// Each beside what it is the mean of.
    pub(super) fn means<'a>(&'a self, store: &'a ParamStore) -> impl Iterator<Item = (&'a Param, &'a Tensor)> {
        changing(store).zip(&self.means)
    }

    /// Takes the means that were saved.
    pub(super) fn restore(&mut self, store: &ParamStore, saved: impl Fn(&Param) -> Result<Tensor, Error>) -> Result<(), Error> {
        self.means = changing(store).map(saved).collect::<Result<_, _>>()?;
        Ok(())
    }
}
