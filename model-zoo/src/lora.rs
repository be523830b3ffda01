//! Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): a model's own weights stay as they are, and chosen linear layers get a
//! small trainable addition. Names and settings are those of the `peft` library.

use crate::error::{ConfigProblem, Error};
use serde::{Deserialize, Serialize};
use tallow_kernels::{self as kernels, FrozenWeight, Init, Lora, Param, Result, Tape, Var, Weights};

/// The adapter of a whole model, as `adapter_config.json` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Rank of the additions.
    pub r: usize,
    /// An addition is multiplied by `lora_alpha / r`.
    pub lora_alpha: f64,
    /// The probability that an element of an addition's input is dropped in training.
    pub lora_dropout: f64,
    /// Layers that are adapted: those whose path is one of these, or ends with a dot and one of these.
    pub target_modules: Vec<String>,
}

impl Adapter {
    /// Whether the layer at `path` (`model.layers.0.self_attn.q_proj`) is adapted.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.target_modules.iter().any(|target| covers(target, path))
    }

    /// Numbers out of range. A target that no layer has shows when the model is built: [`Error::NotAdapted`].
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        if !(1..=65_536).contains(&self.r) {
            problems.push(ConfigProblem::new("r", "a count from 1 to 65536", self.r));
        }
        if !(self.lora_alpha.is_finite() && self.lora_alpha > 0.0) {
            problems.push(ConfigProblem::new("lora_alpha", "a positive number", self.lora_alpha));
        }
        if !(0.0..1.0).contains(&self.lora_dropout) {
            problems.push(ConfigProblem::new("lora_dropout", "a number in [0, 1)", self.lora_dropout));
        }
        problems
    }

    /// # Errors
    /// A target that no layer with an addition meets; `names` are those of all parameters.
    pub(crate) fn check_met(&self, names: &[String]) -> Result<(), Error> {
        let adapted = || names.iter().filter_map(|name| name.strip_suffix(".lora_A.weight"));
        let meets = |target: &String| adapted().any(|path| covers(target, path));
        match self.target_modules.iter().find(|target| !meets(target)) {
            Some(target) => Err(Error::NotAdapted { target: target.clone() }),
            None => Ok(()),
        }
    }
}

fn covers(target: &str, path: &str) -> bool {
    path.strip_suffix(target).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Where the parameters of a body come from, all but its [`Linear`] layers: with an adapter they are frozen.
pub(crate) fn body(weights: &Weights, adapter: Option<&Adapter>) -> Weights {
    if adapter.is_some() { weights.frozen() } else { weights.clone() }
}

/// A linear layer `[out, in]` with or without bias, and with or without an addition.
pub(crate) struct Linear {
    kind: Kind,
    bias: Option<Param>,
}

enum Kind {
    Plain(Param),
    Adapted(FrozenWeight, Lora),
}

impl Linear {
    /// The layer at `at`. With an adapter for the model, all but the additions is frozen.
    pub(crate) fn new(at: &Weights, [inner, out]: [usize; 2], bias: bool, init: Init, adapter: Option<&Adapter>) -> Result<Self> {
        let own = body(at, adapter);
        let weight = own.param("weight", &[out, inner], init);
        let bias = bias.then(|| own.param("bias", &[out], Init::Zeros));
        let kind = match adapter.filter(|adapter| adapter.covers(at.path())) {
            None => Kind::Plain(weight),
            Some(adapter) => {
                let lora = Lora {
                    a: at.at("lora_A").fresh("weight", &[adapter.r, inner], Init::KaimingUniformFanIn),
                    b: at.at("lora_B").fresh("weight", &[out, adapter.r], Init::Zeros),
                    scale: (adapter.lora_alpha / adapter.r as f64) as f32,
                    dropout: adapter.lora_dropout as f32,
                };
                Kind::Adapted(FrozenWeight::from_param(&weight)?, lora)
            }
        };
        Ok(Linear { kind, bias })
    }

    /// `x`: `[..., in]`; returns `[..., out]`.
    pub(crate) fn forward(&self, tape: &Tape, x: &Var) -> Result<Var> {
        match &self.kind {
            Kind::Plain(weight) => kernels::linear(tape, x, weight, self.bias.as_ref()),
            Kind::Adapted(weight, lora) => kernels::lora_linear(tape, x, weight, self.bias.as_ref(), lora),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_whole_parts_of_paths() {
        let adapter = |target: &str| Adapter { r: 8, lora_alpha: 16.0, lora_dropout: 0.0, target_modules: vec![target.into()] };
        let path = "model.layers.0.self_attn.q_proj";
        assert!(["q_proj", "self_attn.q_proj", path].iter().all(|target| adapter(target).covers(path)));
        assert!(["proj", "attn.q_proj", "k_proj", ""].iter().all(|target| !adapter(target).covers(path)));
        let names = [format!("{path}.weight"), format!("{path}.lora_A.weight")];
        adapter("q_proj").check_met(&names).expect("met");
        let error = adapter("w_proj").check_met(&names).expect_err("no such layer").to_string();
        assert!(error.contains("w_proj"), "{error}");
        assert_eq!(Adapter { r: 0, lora_alpha: 0.0, lora_dropout: 1.0, target_modules: vec![] }.problems().len(), 3);
    }
}
