//! Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): a model's own weights stay as they are, and chosen linear layers get a
//! small trainable addition, with DoRA (Liu et al. 2024, arXiv 2402.09353) also the lengths of their weight's rows. Names and settings are those of the `peft` library.

use crate::error::{ConfigProblem, Error};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tallow_kernels::{self as kernels, Dora, FrozenWeight, Init, Lora, Param, ParamKind, Result, Tape, Var, Weights};

/// The adapter of a whole model, as `adapter_config.json` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Rank of the additions.
    pub r: usize,
    /// An addition is multiplied by `lora_alpha / r`, or as `use_rslora` says.
    pub lora_alpha: f64,
    /// The probability that an element of an addition's input is dropped in training.
    pub lora_dropout: f64,
    /// Layers that are adapted: those whose path is one of these, or ends with a dot and one of these; [`ALL_LINEAR`] is every
    /// linear layer that can be.
    pub target_modules: Vec<String>,
    /// An addition is multiplied by `lora_alpha / sqrt(r)`, so that it stays as large for large ranks (Kalajdzievski 2023,
    /// arXiv 2312.03732).
    #[serde(default)]
    pub use_rslora: bool,
    /// The length of each row of the sum of weight and addition is trained, too (DoRA).
    #[serde(default)]
    pub use_dora: bool,
    /// Layers of another rank than `r`, named as `target_modules` names them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rank_pattern: BTreeMap<String, usize>,
    /// Layers of another `lora_alpha`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub alpha_pattern: BTreeMap<String, f64>,
    /// How the matrices of the base's linear layers are held in memory; not in `adapter_config.json`, for it makes no other adapter.
    #[serde(default)]
    pub base: BaseWeights,
}

/// How matrices that an adapter stands beside are held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseWeights {
    /// Widened once: the fastest.
    #[default]
    Float32,
    /// As the file has them, in 16 bits or in GGUF's blocks (QLoRA, Dettmers et al. 2023, arXiv 2305.14314): the values are the same, and
    /// they are widened some rows at a time whenever they are used.
    AsStored,
}

/// The target that every linear layer meets.
pub const ALL_LINEAR: &str = "all-linear";

/// What a model with an adapter is made of, by the names of its parameters: [`ModelConfig::adapted`](crate::ModelConfig::adapted).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapted {
    /// Shapes of what is trained: the additions, and a head that starts anew.
    pub trained: BTreeMap<String, Vec<usize>>,
    /// Elements of everything else.
    pub num_frozen: usize,
    /// Of those, elements of the matrices that may stay as a file has them: [`BaseWeights::AsStored`].
    pub num_stored: usize,
    /// Paths of the frozen layers with a matrix, adapted or not.
    matrices: Vec<String>,
}

impl Adapted {
    pub(crate) fn of(asked: Vec<(String, Vec<usize>, ParamKind)>) -> Self {
        let (mut trained, mut num_frozen, mut matrices) = (BTreeMap::new(), 0, Vec::new());
        for (name, shape, kind) in asked {
            if kind == ParamKind::Trainable {
                trained.insert(name, shape);
                continue;
            }
            num_frozen += shape.iter().product::<usize>();
            matrices.extend(name.strip_suffix(".weight").filter(|_| shape.len() == 2).map(str::to_string));
        }
        Adapted { trained, num_frozen, num_stored: 0, matrices }
    }

    /// Elements of what is trained.
    pub fn num_trained(&self) -> usize {
        self.trained.values().map(|shape| shape.iter().product::<usize>()).sum()
    }

    /// Elements of the weights of the adapted layers.
    pub(crate) fn num_beside(&self) -> usize {
        let side = |layer: &str, end: &str, at: usize| self.trained.get(&format!("{layer}{end}")).map_or(0, |shape| shape[at]);
        self.layers().iter().map(|layer| side(layer, LORA_A, 1) * side(layer, LORA_B, 0)).sum()
    }

    /// Paths of the adapted layers.
    pub fn layers(&self) -> Vec<&str> {
        self.trained.keys().filter_map(|name| name.strip_suffix(LORA_A)).collect()
    }

    /// Modules that are trained whole: of the paths of what is no addition, the shortest beginnings with nothing frozen below.
    pub fn whole_modules(&self) -> Vec<String> {
        let own = self.trained.keys().filter(|name| !is_addition(name));
        let frozen =
            |path: &str| self.matrices.iter().any(|name| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
        let mut modules: Vec<String> = own
            .map(|name| {
                let ends = name.match_indices('.').map(|(at, _)| at);
                let path = ends.map(|at| &name[..at]).find(|path| !frozen(path));
                path.unwrap_or(name).to_string()
            })
            .collect();
        modules.dedup();
        modules
    }

    /// Targets in the fewest words that mean exactly the adapted layers to whoever reads them: those of `adapter`, unless they would
    /// meet another layer as well, or stand for all.
    pub fn targets(&self, adapter: &Adapter) -> Vec<String> {
        let layers = self.layers();
        let meets_another = |path: &str| adapter.covers(path) && !layers.contains(&path);
        let whole = self.trained.keys().filter(|name| !is_addition(name)).filter_map(|name| name.strip_suffix(".weight"));
        let is_exact = !self.matrices.iter().map(String::as_str).chain(whole).any(meets_another)
            && !adapter.target_modules.iter().any(|t| t == ALL_LINEAR);
        if is_exact { adapter.target_modules.clone() } else { layers.into_iter().map(str::to_string).collect() }
    }
}

const LORA_A: &str = ".lora_A.weight";
const LORA_B: &str = ".lora_B.weight";
const MAGNITUDE: &str = ".lora_magnitude_vector";

/// Whether a parameter is part of an adapter's additions, by its name.
pub fn is_addition(name: &str) -> bool {
    is_addition_matrix(name) || name.ends_with(MAGNITUDE)
}

/// Whether a parameter is one of the two matrices of an addition.
pub fn is_addition_matrix(name: &str) -> bool {
    name.ends_with(LORA_A) || begins_as_zeros(name)
}

/// Whether a parameter is that of the two which begins as zeros, so that nothing is added.
pub fn begins_as_zeros(name: &str) -> bool {
    name.ends_with(LORA_B)
}

impl Adapter {
    /// Whether the layer at `path` (`model.layers.0.self_attn.q_proj`) is adapted.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.target_modules.iter().any(|target| covers(target, path))
    }

    /// Of these layers, with the settings that `peft` has where nothing is said.
    pub fn of(target_modules: &[&str]) -> Self {
        let target_modules = target_modules.iter().map(|target| target.to_string()).collect();
        Adapter {
            r: 8,
            lora_alpha: 8.0,
            lora_dropout: 0.0,
            target_modules,
            use_rslora: false,
            use_dora: false,
            rank_pattern: BTreeMap::new(),
            alpha_pattern: BTreeMap::new(),
            base: BaseWeights::Float32,
        }
    }

    /// Targets that none of the linear layers at these paths meets.
    pub(crate) fn unmet(&self, layers: &[&str]) -> Vec<ConfigProblem> {
        let mut names: Vec<&str> = layers.iter().filter_map(|path| path.rsplit('.').next()).collect();
        names.sort_unstable();
        names.dedup();
        let have = match names.is_empty() {
            true => "none: the architecture has no linear layer that an adapter can be beside".into(),
            false => format!(
                "one of the model's linear layers, `{ALL_LINEAR}` or {}",
                names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let unmet = self.beyond(layers).into_iter();
        let mut problems: Vec<_> =
            unmet.map(|target| ConfigProblem::new("target_modules", have.clone(), format!("`{target}`"))).collect();
        if self.target_modules.is_empty() {
            problems.push(ConfigProblem::new("target_modules", have, "none"));
        }
        problems
    }

    /// The rank of the addition of the layer at `path`.
    pub fn rank(&self, path: &str) -> usize {
        self.rank_pattern.iter().find(|(layer, _)| covers(layer, path)).map_or(self.r, |(_, rank)| *rank)
    }

    /// What the addition of the layer at `path` is multiplied by.
    pub fn scale(&self, path: &str) -> f64 {
        let alpha = self.alpha_pattern.iter().find(|(layer, _)| covers(layer, path)).map_or(self.lora_alpha, |(_, alpha)| *alpha);
        let rank = self.rank(path) as f64;
        alpha / if self.use_rslora { rank.sqrt() } else { rank }
    }

    /// Without these of its targets; none where it has no other.
    pub fn without(&self, targets: &[&str]) -> Option<Self> {
        let mut left = self.clone();
        left.target_modules.retain(|target| !targets.contains(&target.as_str()));
        (!left.target_modules.is_empty()).then_some(left)
    }

    /// Targets that none of the layers at these paths meets.
    pub(crate) fn beyond(&self, layers: &[&str]) -> Vec<&str> {
        let meets_none = |target: &&str| !layers.iter().any(|path| covers(target, path));
        self.target_modules.iter().map(String::as_str).filter(meets_none).collect()
    }

    /// Numbers out of range. A target that no layer has shows when the model is built: [`Error::NotAdapted`].
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (field, rank) in std::iter::once(("r", &self.r)).chain(self.rank_pattern.values().map(|rank| ("rank_pattern", rank)))
        {
            if !(1..=65_536).contains(rank) {
                problems.push(ConfigProblem::new(field, "a count from 1 to 65536", rank));
            }
        }
        let alphas = self.alpha_pattern.values().map(|alpha| ("alpha_pattern", alpha));
        for (field, alpha) in std::iter::once(("lora_alpha", &self.lora_alpha)).chain(alphas) {
            if !(alpha.is_finite() && *alpha > 0.0) {
                problems.push(ConfigProblem::new(field, "a positive number", alpha));
            }
        }
        if !(0.0..1.0).contains(&self.lora_dropout) {
            problems.push(ConfigProblem::new("lora_dropout", "a number in [0, 1)", self.lora_dropout));
        }
        problems
    }

    /// # Errors
    /// A target that no layer with an addition meets; `names` are those of all parameters.
    pub(crate) fn check_met(&self, names: &[String]) -> Result<(), Error> {
        let adapted = || names.iter().filter_map(|name| name.strip_suffix(LORA_A));
        let meets = |target: &String| adapted().any(|path| covers(target, path));
        match self.target_modules.iter().find(|target| !meets(target)) {
            Some(target) => Err(Error::NotAdapted { target: target.clone() }),
            None => Ok(()),
        }
    }
}

/// Whether a target (`q_proj`, or a whole path) means the layer at `path`.
fn covers(target: &str, path: &str) -> bool {
    target == ALL_LINEAR || path.strip_suffix(target).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
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
    /// Kept as it is stored, without an addition.
    Frozen(FrozenWeight),
    Adapted(FrozenWeight, Lora),
    Lengths(FrozenWeight, Dora),
}

/// A layer's own weight.
enum Held {
    Param(Param),
    Stored(FrozenWeight),
}

impl Linear {
    /// The layer at `at`. With an adapter for the model, all but the additions is frozen.
    pub(crate) fn new(at: &Weights, [inner, out]: [usize; 2], bias: bool, init: Init, adapter: Option<&Adapter>) -> Result<Self> {
        let own = body(at, adapter);
        let kept = adapter.and_then(|_| own.stored("weight", [out, inner]));
        let weight = kept.map_or_else(|| Held::Param(own.param("weight", &[out, inner], init)), Held::Stored);
        let bias = bias.then(|| own.param("bias", &[out], Init::Zeros));
        let kind = match (adapter.filter(|adapter| adapter.covers(at.path())), weight) {
            (None, Held::Param(weight)) => Kind::Plain(weight),
            (None, Held::Stored(weight)) => Kind::Frozen(weight),
            (Some(adapter), weight) => Self::adapted(at, weight, [inner, out], adapter)?,
        };
        Ok(Linear { kind, bias })
    }

    fn adapted(at: &Weights, weight: Held, [inner, out]: [usize; 2], adapter: &Adapter) -> Result<Kind> {
        let rank = adapter.rank(at.path());
        let lora = Lora {
            a: at.at("lora_A").fresh("weight", &[rank, inner], Init::KaimingUniformFanIn),
            b: at.at("lora_B").fresh("weight", &[out, rank], Init::Zeros),
            scale: adapter.scale(at.path()) as f32,
            dropout: adapter.lora_dropout as f32,
        };
        let is_known = at.has("lora_magnitude_vector");
        let magnitude = adapter.use_dora.then(|| at.fresh("lora_magnitude_vector", &[out], Init::Ones));
        let weight = match weight {
            // An outline has no weight to stand beside, nor has a model that does not fit what was given.
            Held::Param(weight) if weight.tensor().dims() != [out, inner] => return Ok(Kind::Plain(weight)),
            Held::Param(weight) => FrozenWeight::from_param(&weight)?,
            Held::Stored(weight) => weight,
        };
        let Some(magnitude) = magnitude else { return Ok(Kind::Adapted(weight, lora)) };
        if !is_known {
            magnitude.set(&kernels::row_norms(&weight, None)?)?;
        }
        Ok(Kind::Lengths(weight, Dora { lora, magnitude }))
    }

    /// `x`: `[..., in]`; returns `[..., out]`.
    pub(crate) fn forward(&self, tape: &Tape, x: &Var) -> Result<Var> {
        match &self.kind {
            Kind::Plain(weight) => kernels::linear(tape, x, weight, self.bias.as_ref()),
            Kind::Frozen(weight) => kernels::frozen_linear(tape, x, weight, self.bias.as_ref()),
            Kind::Adapted(weight, lora) => kernels::lora_linear(tape, x, weight, self.bias.as_ref(), lora),
            Kind::Lengths(weight, dora) => kernels::dora_linear(tape, x, weight, self.bias.as_ref(), dora),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_whole_parts_of_paths() {
        let adapter = |target: &str| Adapter { lora_alpha: 16.0, ..Adapter::of(&[target]) };
        let path = "model.layers.0.self_attn.q_proj";
        assert!(["q_proj", "self_attn.q_proj", path].iter().all(|target| adapter(target).covers(path)));
        assert!(["proj", "attn.q_proj", "k_proj", ""].iter().all(|target| !adapter(target).covers(path)));
        let names = [format!("{path}.weight"), format!("{path}.lora_A.weight")];
        adapter("q_proj").check_met(&names).expect("met");
        let error = adapter("w_proj").check_met(&names).expect_err("no such layer").to_string();
        assert!(error.contains("w_proj"), "{error}");
        assert_eq!(
            Adapter { r: 0, lora_alpha: 0.0, lora_dropout: 1.0, target_modules: vec![], ..adapter("q_proj") }.problems().len(),
            3
        );
    }
}
