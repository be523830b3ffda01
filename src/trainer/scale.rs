//! The scale on which numbers are learnt: with mean 0 and standard deviation 1 over the training examples, so that one recipe serves
//! whatever unit they are in. The saved model says them in their own unit, as any other library expects: its last layer, and nothing
//! else, is rewritten from `y = w h + b` to `std y + mean` at the end, and back where training begins from such a layer.

use super::Error;
use crate::data::{Prepared, PreparedTargets};
use crate::job::Spread;
use candle_core::Tensor;
use std::collections::BTreeMap;
use tallow_kernels::{LoadReport, ParamStore};

/// `own = std * learnt + mean`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    mean: f64,
    std: f64,
    /// The last layer: what its tensors' names begin with.
    layer: String,
}

impl Scale {
    /// That of the values that are trained on; none where answers are no numbers, do not vary, or where the model has no last layer
    /// of its own for them, with a bias: then they are learnt in their own unit.
    pub(super) fn of(data: &Prepared, examples: &[u32], store: &ParamStore) -> Option<Self> {
        let PreparedTargets::Values { of } = data.targets() else { return None };
        let values: Vec<f64> = examples.iter().map(|&i| of[i as usize]).collect();
        let Spread { mean, std, .. } = Spread::of(&values)?;
        let layer = last_layer(store)?;
        (std.is_finite() && std > f64::EPSILON * mean.abs()).then_some(Scale { mean, std, layer })
    }

    /// A value as it is learnt.
    pub(super) fn learnt(&self, own: f64) -> f64 {
        (own - self.mean) / self.std
    }

    /// A learnt value in its own unit.
    pub(super) fn own(&self, learnt: f64) -> f64 {
        learnt * self.std + self.mean
    }

    /// The unit of what is learnt.
    pub(super) fn std(&self) -> f64 {
        self.std
    }

    /// Rewrites a last layer that came with the given weights, and so speaks in the values' own unit; one that starts anew stays.
    ///
    /// # Errors
    /// A tensor operation failed.
    pub(super) fn enter(&self, store: &ParamStore, report: &LoadReport) -> Result<(), Error> {
        let [weight, bias] = self.names();
        let scratch = report.loaded == 0;
        let (Some(weight), Some(bias)) = (store.get(&weight), store.get(&bias)) else { return Ok(()) };
        if scratch || report.initialised.iter().any(|name| name == weight.name()) {
            return Ok(());
        }
        weight.set(&weight.tensor().affine(1.0 / self.std, 0.0)?)?;
        Ok(bias.set(&bias.tensor().affine(1.0 / self.std, -self.mean / self.std)?)?)
    }

    /// The tensors of a model that says values in their own unit.
    ///
    /// # Errors
    /// A tensor operation failed.
    pub(super) fn leave(&self, mut tensors: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>, Error> {
        let [weight, bias] = self.names();
        for (name, shift) in [(weight, 0.0), (bias, self.mean)] {
            if let Some(tensor) = tensors.get_mut(&name) {
                *tensor = tensor.affine(self.std, shift)?;
            }
        }
        Ok(tensors)
    }

    fn names(&self) -> [String; 2] {
        ["weight", "bias"].map(|part| format!("{}.{part}", self.layer))
    }
}

/// The only linear layer with one output.
fn last_layer(store: &ParamStore) -> Option<String> {
    let is_one = |name: &str| {
        let (weight, bias) = (store.get(&format!("{name}.weight"))?, store.get(&format!("{name}.bias"))?);
        Some(weight.is_trainable() && weight.tensor().rank() == 2 && weight.tensor().dims()[0] == 1 && bias.len() == 1)
    };
    let layers = store.iter().filter_map(|param| param.name().strip_suffix(".weight"));
    let mut found = layers.filter(|name| is_one(name) == Some(true));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use tallow_kernels::{Init, Stream, Weights};

    #[test]
    fn the_last_layer_speaks_either_unit() {
        let device = Device::Cpu;
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &device).expect("a tensor");
        let given = BTreeMap::from([
            ("body.weight".to_string(), tensor(&[1.0, 2.0], &[2, 1])),
            ("body.bias".into(), tensor(&[0.0, 1.0], &[2])),
            ("head.weight".into(), tensor(&[3.0, -5.0], &[1, 2])),
            ("head.bias".into(), tensor(&[10.0], &[1])),
        ]);
        let build = |given: BTreeMap<String, Tensor>| {
            let weights = Weights::given(given, Stream::root(0), &device);
            for (layer, shape) in [("body", [2, 1]), ("head", [1, 2])] {
                weights.at(layer).param("weight", &shape, Init::Zeros);
                weights.at(layer).fresh("bias", &shape[..1], Init::Zeros);
            }
            weights.finish().expect("whole")
        };
        let (store, report) = build(given.clone());
        let layer = last_layer(&store).expect("found");
        assert_eq!(layer, "head");
        let scale = Scale { mean: 40.0, std: 5.0, layer };
        let values = |tensors: &BTreeMap<String, Tensor>| {
            let one = |name: &str| tensors[name].flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
            (one("head.weight"), one("head.bias"), one("body.weight"))
        };
        let named = |store: &ParamStore| store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
        scale.enter(&store, &report).expect("rewritten");
        assert_eq!(values(&named(&store)), (vec![0.6, -1.0], vec![-6.0], vec![1.0, 2.0]));
        assert_eq!(values(&scale.leave(named(&store)).expect("rewritten")), (vec![3.0, -5.0], vec![10.0], vec![1.0, 2.0]));
        assert_eq!((scale.own(scale.learnt(7.0)), scale.std()), (7.0, 5.0));
    }
}
