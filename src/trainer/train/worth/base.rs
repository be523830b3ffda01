//! A model without what its adapter adds.

use super::super::super::Error;
use candle_core::Tensor;
use tallow_kernels::{Param, ParamStore};
use tallow_zoo::{begins_as_zeros, is_addition_matrix};

/// Zeros in place of the matrices that an adapter's additions are products of, in the order of their names.
pub(super) struct Base {
    zeros: Vec<Tensor>,
}

impl Base {
    /// None where more is trained than such matrices, so that it would be another model than the one that training began with.
    pub(super) fn of(store: &ParamStore) -> Result<Option<Self>, Error> {
        if !store.trainable().all(|param| is_addition_matrix(param.name())) || factors(store).next().is_none() {
            return Ok(None);
        }
        let zeros = factors(store).map(|param| param.tensor().zeros_like()).collect::<Result<_, _>>()?;
        Ok(Some(Base { zeros }))
    }

    /// Changes places with the adapter: called again, all is as before.
    pub(super) fn swap(&mut self, store: &ParamStore) -> Result<(), Error> {
        for (param, other) in factors(store).zip(&mut self.zeros) {
            let own = param.tensor().copy()?;
            param.set(other)?;
            *other = own;
        }
        Ok(())
    }
}

/// One of the two matrices of each product.
fn factors(store: &ParamStore) -> impl Iterator<Item = &Param> {
    store.trainable().filter(|param| begins_as_zeros(param.name()))
}
