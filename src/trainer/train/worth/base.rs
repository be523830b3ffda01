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

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use tallow_kernels::{Init, Stream, Weights};

    fn store(trains_head: bool) -> ParamStore {
        let weights = Weights::scratch(Stream::root(3), &Device::Cpu);
        weights.frozen().param("q.weight", &[4, 3], Init::Normal(1.0));
        weights.param("q.lora_A.weight", &[2, 3], Init::Normal(1.0));
        weights.param("q.lora_B.weight", &[4, 2], Init::Normal(1.0));
        if trains_head {
            weights.param("head.weight", &[2, 4], Init::Normal(1.0));
        }
        weights.finish().expect("parameters").0
    }

    fn values(store: &ParamStore, name: &str) -> Vec<f32> {
        store.get(name).expect("a parameter").tensor().flatten_all().and_then(|t| t.to_vec1()).expect("values")
    }

    #[test]
    fn the_base_is_the_model_without_its_additions_and_comes_back() {
        let store = store(false);
        let names = ["q.weight", "q.lora_A.weight", "q.lora_B.weight"];
        let all = || names.map(|name| values(&store, name));
        let before = all();
        let mut base = Base::of(&store).expect("copied").expect("an adapter");
        base.swap(&store).expect("swapped");
        let [weight, a, b] = all();
        assert_eq!(([weight, a], b), ([before[0].clone(), before[1].clone()], vec![0.0; 8]));
        base.swap(&store).expect("swapped");
        assert_eq!(all(), before);
    }

    /// A head that is trained as well is no part of the base.
    #[test]
    fn more_than_additions_has_no_base() {
        assert!(Base::of(&store(true)).expect("looked at").is_none());
    }
}
