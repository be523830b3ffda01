//! How each parameter is moved, and what is remembered of its gradients.
//!
//! Biases and norms (fewer than two dimensions) do not decay, unless their group says so. Rates differ by group and by layer; frozen
//! parameters are not trainable, so they are not here at all.

use super::Error;
use crate::spec::{Group, Optimizer, Recipe};
use candle_core::Tensor;
use std::collections::BTreeMap;
use tallow_kernels::optim::{Adafactor, Adam, AdamW, Lamb, Lion, Muon, Sgd, Squares};
use tallow_kernels::{Gradients, Param, ParamStore};
use tallow_zoo::{Place, Places};

/// The optimiser's state: one slot for each trainable parameter, in the order of their names.
pub(super) struct State {
    slots: Vec<Slot>,
}

struct Slot {
    rule: Rule,
    /// Its learning rate is so many times the schedule's.
    lr_scale: f64,
}

/// An update with its constants (the rate comes with the step) and its moments.
enum Rule {
    Adamw { by: AdamW, m: Tensor, v: Tensor },
    Adam { by: Adam, m: Tensor, v: Tensor },
    Sgd { by: Sgd, buffer: Tensor },
    Adafactor { by: Adafactor, squares: Squares, momentum: Option<Tensor> },
    Lion { by: Lion, m: Tensor },
    Lamb { by: Lamb, m: Tensor, v: Tensor },
    Muon { by: Muon, m: Tensor },
}

/// The least root mean square that a parameter counts with where Adafactor's rate is multiplied by it (1804.04235, algorithm 4).
const SCALE_FLOOR: f64 = 1e-3;

impl State {
    /// Moments of zeros.
    pub(super) fn new(recipe: &Recipe, store: &ParamStore) -> Result<Self, Error> {
        let places = Places::of(store.iter().map(Param::name));
        let slots = store.trainable().map(|param| {
            let group = Group::of(&recipe.groups, param.name()).map(|i| &recipe.groups[i]);
            let place = places.place(param.name());
            let usual = if param.tensor().rank() >= 2 { recipe.optimizer.weight_decay() } else { 0.0 };
            let weight_decay = group.and_then(|group| group.weight_decay).unwrap_or(usual);
            let (rule, own) = Rule::of(recipe, param, place, weight_decay)?;
            let by_layer = recipe.layerwise_lr_decay.map_or(1.0, |decay| decay.powi(below_head(place, &places)));
            Ok(Slot { rule, lr_scale: own * by_layer * group.map_or(1.0, |group| group.lr_scale) })
        });
        Ok(State { slots: slots.collect::<Result<_, Error>>()? })
    }

    /// Moves every trainable parameter that has a gradient; `lr` is the schedule's, `step` counts from 1, and the gradients are
    /// multiplied by `grad_scale`.
    pub(super) fn step(
        &mut self,
        store: &ParamStore,
        grads: &Gradients,
        lr: f64,
        step: u64,
        grad_scale: f64,
    ) -> Result<(), Error> {
        for (slot, param) in self.slots.iter().zip(store.trainable()) {
            if let Some(grad) = grads.get(param) {
                slot.rule.step(param, grad, lr * slot.lr_scale, step, grad_scale)?;
            }
        }
        Ok(())
    }

    /// Numbers of all moments together.
    pub(super) fn len(&self) -> usize {
        self.slots.iter().flat_map(|slot| slot.rule.moments()).map(|(_, moment)| moment.elem_count()).sum()
    }

    /// Every moment by name, for a checkpoint: `m/NAME`.
    pub(super) fn named(&self, store: &ParamStore) -> BTreeMap<String, Tensor> {
        let of = |(slot, param): (&Slot, &Param)| {
            let each = slot.rule.moments().into_iter();
            each.map(|(kind, moment)| (format!("{kind}/{}", param.name()), moment.clone())).collect::<Vec<_>>()
        };
        self.slots.iter().zip(store.trainable()).flat_map(of).collect()
    }

    /// Takes the moments that were saved: `saved` knows each by its kind, its parameter and its shape.
    pub(super) fn restore(
        &mut self,
        store: &ParamStore,
        saved: impl Fn(&str, &Param, &[usize]) -> Result<Tensor, Error>,
    ) -> Result<(), Error> {
        for (slot, param) in self.slots.iter_mut().zip(store.trainable()) {
            for (kind, moment) in slot.rule.moments_mut() {
                *moment = saved(kind, param, moment.dims())?;
            }
        }
        Ok(())
    }
}

/// How many layers a place lies below the head.
fn below_head(place: Place, places: &Places) -> i32 {
    let layers = places.layers() as i32;
    match place {
        Place::Head => 0,
        Place::Layer(number) => layers - number as i32,
        Place::Embeddings => layers + 1,
    }
}

impl Rule {
    /// The recipe's for a parameter, and the times that its rate is of the schedule's for the optimiser's own sake.
    fn of(recipe: &Recipe, param: &Param, place: Place, weight_decay: f64) -> Result<(Self, f64), Error> {
        let zeros = || param.tensor().zeros_like();
        // The rate comes with the step.
        let lr = 0.0;
        let rule = match recipe.optimizer {
            Optimizer::Adamw { beta1, beta2, eps, .. } => {
                Rule::Adamw { by: AdamW { lr, beta1, beta2, eps, weight_decay }, m: zeros()?, v: zeros()? }
            }
            Optimizer::Adam { beta1, beta2, eps, .. } => {
                Rule::Adam { by: Adam { lr, beta1, beta2, eps, weight_decay }, m: zeros()?, v: zeros()? }
            }
            // Decoupled from a momentum of 0.9 the papers' numbers would mean a tenth of what they do (He et al. 2015).
            Optimizer::Sgd { momentum, nesterov, .. } => {
                Rule::Sgd { by: Sgd { lr, momentum, weight_decay, nesterov, decoupled: false }, buffer: zeros()? }
            }
            Optimizer::Adafactor { beta1, decay, eps, clip, scale_parameter, .. } => {
                let scale_floor = scale_parameter.then_some(SCALE_FLOOR);
                let by = Adafactor { lr, eps, clip, decay, beta1, scale_floor, weight_decay };
                let momentum = beta1.map(|_| zeros()).transpose()?;
                Rule::Adafactor { by, squares: Squares::zeros(param)?, momentum }
            }
            Optimizer::Lion { beta1, beta2, .. } => Rule::Lion { by: Lion { lr, beta1, beta2, weight_decay }, m: zeros()? },
            Optimizer::Lamb { beta1, beta2, eps, .. } => {
                let adapts = param.tensor().rank() >= 2;
                Rule::Lamb { by: Lamb { lr, beta1, beta2, eps, weight_decay, adapts }, m: zeros()?, v: zeros()? }
            }
            Optimizer::Muon { momentum, nesterov, .. } if is_hidden_matrix(param, place) => {
                Rule::Muon { by: Muon { lr, momentum, nesterov, weight_decay }, m: zeros()? }
            }
            Optimizer::Muon { adamw_lr, beta1, beta2, eps, .. } => {
                let rule = Rule::Adamw { by: AdamW { lr, beta1, beta2, eps, weight_decay }, m: zeros()?, v: zeros()? };
                return Ok((rule, adamw_lr / recipe.lr));
            }
        };
        Ok((rule, 1.0))
    }

    fn step(&self, param: &Param, grad: &Tensor, lr: f64, step: u64, grad_scale: f64) -> Result<(), Error> {
        match self {
            Rule::Adamw { by, m, v } => AdamW { lr, ..*by }.step(param, grad, m, v, step, grad_scale),
            Rule::Adam { by, m, v } => Adam { lr, ..*by }.step(param, grad, m, v, step, grad_scale),
            Rule::Sgd { by, buffer } => Sgd { lr, ..*by }.step(param, grad, buffer, step, grad_scale),
            Rule::Adafactor { by, squares, momentum } => {
                Adafactor { lr, ..*by }.step(param, grad, squares, momentum.as_ref(), step, grad_scale)
            }
            Rule::Lion { by, m } => Lion { lr, ..*by }.step(param, grad, m, grad_scale),
            Rule::Lamb { by, m, v } => Lamb { lr, ..*by }.step(param, grad, m, v, step, grad_scale),
            Rule::Muon { by, m } => Muon { lr, ..*by }.step(param, grad, m, grad_scale),
        }?;
        Ok(())
    }

    /// Each with the word for its kind in a checkpoint.
    fn moments(&self) -> Vec<(&'static str, &Tensor)> {
        match self {
            Rule::Adamw { m, v, .. } | Rule::Adam { m, v, .. } | Rule::Lamb { m, v, .. } => vec![("m", m), ("v", v)],
            Rule::Sgd { buffer, .. } => vec![("momentum", buffer)],
            Rule::Lion { m, .. } | Rule::Muon { m, .. } => vec![("momentum", m)],
            Rule::Adafactor { squares, momentum, .. } => {
                let mut all = match squares {
                    Squares::Full(v) => vec![("v", v)],
                    Squares::Factored { rows, columns } => vec![("rows", rows), ("columns", columns)],
                };
                all.extend(momentum.iter().map(|m| ("momentum", m)));
                all
            }
        }
    }

    fn moments_mut(&mut self) -> Vec<(&'static str, &mut Tensor)> {
        match self {
            Rule::Adamw { m, v, .. } | Rule::Adam { m, v, .. } | Rule::Lamb { m, v, .. } => vec![("m", m), ("v", v)],
            Rule::Sgd { buffer, .. } => vec![("momentum", buffer)],
            Rule::Lion { m, .. } | Rule::Muon { m, .. } => vec![("momentum", m)],
            Rule::Adafactor { squares, momentum, .. } => {
                let mut all = match squares {
                    Squares::Full(v) => vec![("v", v)],
                    Squares::Factored { rows, columns } => vec![("rows", rows), ("columns", columns)],
                };
                all.extend(momentum.iter_mut().map(|m| ("momentum", m)));
                all
            }
        }
    }
}

/// What Muon moves: matrices and filters within layers.
fn is_hidden_matrix(param: &Param, place: Place) -> bool {
    param.tensor().rank() >= 2 && matches!(place, Place::Layer(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Length, Schedule, Warmup};
    use candle_core::Device;
    use tallow_kernels::{Init, Stream, Weights};

    const LR: f64 = 0.05;

    fn recipe(optimizer: Optimizer) -> Recipe {
        Recipe::bare(optimizer, LR, Schedule::Constant { warmup: Warmup::Steps(0) }, Length::Steps(10), 1)
    }

    /// The shapes of `tests/fixtures/recipe/optimizers.py`, in the order of their names.
    const SHAPES: [(&str, &[usize]); 6] = [
        ("embeddings.weight", &[4, 3]),
        ("head.bias", &[2]),
        ("head.weight", &[2, 5]),
        ("layers.0.norm.bias", &[5]),
        ("layers.0.weight", &[5, 3]),
        ("layers.1.weight", &[3, 5]),
    ];

    fn values(number: usize, shape: &[usize], start: f64) -> Tensor {
        let value = |i: usize| (1.7 * (i * i) as f64 + 0.9 * number as f64 + start).sin() as f32;
        Tensor::from_vec((0..shape.iter().product()).map(value).collect(), shape, &Device::Cpu).expect("a tensor")
    }

    fn store(frozen: &'static [&'static str]) -> ParamStore {
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu).freezing(|name| frozen.contains(&name));
        for (k, (name, shape)) in SHAPES.iter().enumerate() {
            weights.param(name, shape, Init::Zeros).set(&values(k, shape, 0.3)).expect("set");
        }
        weights.finish().expect("parameters").0
    }

    /// Takes ten steps; the gradients come twice as large, to be halved.
    fn ten_steps(recipe: &Recipe, store: &ParamStore) -> State {
        let mut state = State::new(recipe, store).expect("a state");
        let mut grads = Gradients::new(store);
        for step in 1..=10 {
            grads.clear();
            for (k, param) in store.iter().enumerate() {
                let grad = values(k, param.tensor().dims(), 2.1 * step as f64);
                grads.add(param, (grad * 2.0).expect("a tensor")).expect("added");
            }
            state.step(store, &grads, recipe.lr, step, 0.5).expect("a step");
        }
        state
    }

    fn numbers(param: &Param) -> Vec<f32> {
        param.tensor().flatten_all().and_then(|t| t.to_vec1()).expect("values")
    }

    #[test]
    fn ten_steps_of_other_libraries() {
        let (beta1, beta2, weight_decay) = (0.9, 0.98, 0.1);
        let adafactor = |beta1, scale_parameter| Optimizer::Adafactor {
            beta1,
            decay: 0.8,
            eps: 1e-30,
            clip: 1.0,
            scale_parameter,
            weight_decay,
        };
        let muon =
            Optimizer::Muon { momentum: 0.95, nesterov: true, adamw_lr: 0.01, beta1, beta2: 0.95, eps: 1e-10, weight_decay };
        let all = [
            ("adamw", Optimizer::Adamw { beta1, beta2, eps: 1e-6, weight_decay }),
            ("adam", Optimizer::Adam { beta1, beta2, eps: 1e-6, weight_decay }),
            ("sgd", Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay }),
            ("adafactor", adafactor(None, true)),
            ("adafactor_momentum", adafactor(Some(0.9), false)),
            ("lion", Optimizer::Lion { beta1, beta2: 0.99, weight_decay }),
            ("lamb", Optimizer::Lamb { beta1, beta2: 0.999, eps: 1e-6, weight_decay }),
            ("muon", muon),
        ];
        let expected: BTreeMap<String, BTreeMap<String, Vec<f32>>> =
            serde_json::from_str(include_str!("../../tests/fixtures/recipe/optimizers.json")).expect("a fixture");
        assert_eq!(expected.len(), all.len());
        for (name, optimizer) in all {
            let store = store(&[]);
            ten_steps(&recipe(optimizer), &store);
            for param in store.iter() {
                let (found, expected) = (numbers(param), &expected[name][param.name()]);
                let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(off < 3e-6, "{name}, `{}`: off by {off}: {found:?} {expected:?}", param.name());
            }
        }
    }

    /// With plain SGD a step is the rate times the gradient, so ratios of steps are ratios of rates.
    #[test]
    fn rates_and_decay_by_group_and_layer() {
        let group =
            |pattern: &str, lr_scale, weight_decay, frozen| Group { pattern: pattern.into(), lr_scale, weight_decay, frozen };
        let plain = recipe(Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 });
        let moved = |recipe: &Recipe, frozen| {
            let store = store(frozen);
            ten_steps(recipe, &store);
            let before = SHAPES.iter().enumerate().map(|(k, (_, shape))| values(k, shape, 0.3));
            let by = |(param, before): (&Param, Tensor)| {
                let before = before.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
                numbers(param).iter().zip(before).map(|(a, b)| f64::from(a - b)).collect::<Vec<f64>>()
            };
            store.iter().zip(before).map(by).collect::<Vec<_>>()
        };
        let unchanged = moved(&plain, &[]);
        let ratios = |recipe: &Recipe, frozen| {
            let ratio = |(a, b): (Vec<f64>, &Vec<f64>)| {
                let ratio = a[1] / b[1];
                assert!(a.iter().zip(b).all(|(a, b)| (a - ratio * b).abs() < 1e-5), "{a:?} {b:?}");
                (ratio * 1e3).round() / 1e3
            };
            moved(recipe, frozen).into_iter().zip(&unchanged).map(ratio).collect::<Vec<f64>>()
        };
        let by_layer = Recipe { layerwise_lr_decay: Some(0.5), ..plain.clone() };
        assert_eq!(ratios(&by_layer, &[]), [0.125, 1.0, 1.0, 0.25, 0.25, 0.5], "embeddings, head, head, layers 0, 0, 1");
        let groups = vec![group("head.*", 3.0, None, false), group("*", 0.5, None, false)];
        assert_eq!(ratios(&Recipe { groups: groups.clone(), ..by_layer }, &[])[..3], [0.063, 3.0, 3.0]);
        assert_eq!(ratios(&Recipe { groups, ..plain.clone() }, &["head.weight"]), [0.5, 3.0, 0.0, 0.5, 0.5, 0.5]);
        // Decay alone: the weight shrinks by a tenth a step without a gradient, so with one too but for it.
        let decaying = Recipe { groups: vec![group("head.bias", 1.0, Some(2.0), false)], ..plain };
        let found = moved(&decaying, &[]);
        assert!(found[1] != unchanged[1] && found.iter().zip(&unchanged).filter(|(a, b)| a == b).count() == 5);
    }

    #[test]
    fn moments_have_names_and_come_back() {
        let optimizers = [
            Optimizer::Adamw { beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.0 },
            Optimizer::Adafactor {
                beta1: Some(0.9),
                decay: 0.8,
                eps: 1e-30,
                clip: 1.0,
                scale_parameter: true,
                weight_decay: 0.0,
            },
            Optimizer::Muon {
                momentum: 0.9,
                nesterov: true,
                adamw_lr: 0.1,
                beta1: 0.9,
                beta2: 0.9,
                eps: 1e-8,
                weight_decay: 0.0,
            },
        ];
        for optimizer in optimizers {
            let store = store(&["head.weight"]);
            let state = ten_steps(&recipe(optimizer), &store);
            let named = state.named(&store);
            assert_eq!(named.values().map(Tensor::elem_count).sum::<usize>(), state.len());
            assert!(named.keys().all(|name| !name.ends_with("head.weight")), "frozen parameters have none");
            let mut again = State::new(&recipe(optimizer), &store).expect("a state");
            let saved = |kind: &str, param: &Param, shape: &[usize]| {
                let tensor = named[&format!("{kind}/{}", param.name())].clone();
                assert_eq!(tensor.dims(), shape);
                Ok(tensor)
            };
            again.restore(&store, saved).expect("restored");
            let values = |named: &BTreeMap<String, Tensor>| {
                named
                    .iter()
                    .map(|(n, t)| (n.clone(), t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values")))
                    .collect::<Vec<_>>()
            };
            assert_eq!(values(&again.named(&store)), values(&named));
        }
    }
}
