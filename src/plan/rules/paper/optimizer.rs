//! A paper's optimiser: its constants, and a rate that suits it where none is stated.

use super::{DECAY, Draft, POSITIVE, SHARE, Within};
use crate::intake::{Field, OptimizerKind, PaperRecipe, Value};
use crate::plan::rules::asked::OPTIMIZERS;
use crate::plan::rules::defaults::{kind_of, with_optimizer};
use crate::spec::{Optimizer, Recipe};
use crate::words::plain;

impl Draft {
    /// The optimiser with its constants, as far as the trainer has it.
    pub(super) fn optimizer(&mut self, stated: &PaperRecipe<'_>) {
        let Some(field) = stated.optimizer else {
            self.silent.push("recipe.optimizer");
            return self.constants_of_the_default(stated);
        };
        let Value::Optimizer { optimizer: kind } = field.value else { return };
        match kind {
            OptimizerKind::Sgd => {
                let weight_decay = self.decay(stated);
                let momentum = self.constant("recipe.optimizer.momentum", stated.momentum, &SHARE).unwrap_or(0.0);
                self.out.recipe.optimizer = Optimizer::Sgd { momentum, nesterov: false, weight_decay };
                self.cite("recipe.optimizer", kind.name().into(), field);
            }
            OptimizerKind::Adam | OptimizerKind::AdamW | OptimizerKind::Lamb => self.adams(kind, stated, field),
            OptimizerKind::Lion => {
                let weight_decay = self.decay(stated);
                let beta1 = self.constant("recipe.optimizer.beta1", stated.beta1, &SHARE).unwrap_or(0.9);
                let beta2 = self.constant("recipe.optimizer.beta2", stated.beta2, &SHARE).unwrap_or(0.99);
                self.out.recipe.optimizer = Optimizer::Lion { beta1, beta2, weight_decay };
                self.cite("recipe.optimizer", kind.name().into(), field);
            }
            OptimizerKind::AdaFactor | OptimizerKind::Muon => {
                if let Some(other) = with_optimizer(kind, &self.out.recipe) {
                    let decay = self.decay(stated);
                    self.out.recipe.optimizer = other.optimizer.with_weight_decay(decay);
                    self.cite("recipe.optimizer", kind.name().into(), field);
                }
            }
            OptimizerKind::AdaGrad
            | OptimizerKind::AdaDelta
            | OptimizerKind::AdaMax
            | OptimizerKind::RmsProp
            | OptimizerKind::Lars
            | OptimizerKind::Lbfgs => {
                self.constants_of_the_default(stated);
                let used = self.out.recipe.optimizer.name();
                self.out.deviate("recipe.optimizer", kind.name(), used, OPTIMIZERS);
            }
        }
    }

    /// Adam and its kin.
    fn adams(&mut self, kind: OptimizerKind, stated: &PaperRecipe<'_>, field: &Field) {
        let weight_decay = self.decay(stated);
        let beta1 = self.constant("recipe.optimizer.beta1", stated.beta1, &SHARE).unwrap_or(0.9);
        let beta2 = self.constant("recipe.optimizer.beta2", stated.beta2, &SHARE).unwrap_or(0.999);
        let eps = self.constant("recipe.optimizer.eps", stated.eps, &POSITIVE);
        let adams = eps.unwrap_or(1e-8);
        self.out.recipe.optimizer = match kind {
            OptimizerKind::Lamb => Optimizer::Lamb { beta1, beta2, eps: eps.unwrap_or(1e-6), weight_decay },
            OptimizerKind::Adam if weight_decay == 0.0 => Optimizer::Adam { beta1, beta2, eps: adams, weight_decay },
            _ => Optimizer::Adamw { beta1, beta2, eps: adams, weight_decay },
        };
        self.cite("recipe.optimizer", kind.name().into(), field);
        if kind == OptimizerKind::Adam && weight_decay > 0.0 {
            let stated = format!("Adam with weight decay {}", plain(weight_decay));
            let reason = "whoever decays weights with Adam mostly does it apart from the gradient (1711.05101)";
            self.out.deviate("recipe.optimizer", stated, "AdamW", reason);
        }
    }

    /// Whoever names an optimiser and no weight decay has none.
    fn decay(&mut self, stated: &PaperRecipe<'_>) -> f64 {
        self.constant("recipe.optimizer.weight_decay", stated.weight_decay, &DECAY).unwrap_or(0.0)
    }

    /// What is stated beside an optimiser that cannot be had, or is not named, holds for the default one as far as that has it.
    fn constants_of_the_default(&mut self, stated: &PaperRecipe<'_>) {
        type Set = fn(Optimizer, f64) -> Option<Optimizer>;
        let constants: [(&'static str, Option<&Field>, &Within, Set); 5] = [
            ("recipe.optimizer.weight_decay", stated.weight_decay, &DECAY, |own, decay| Some(own.with_weight_decay(decay))),
            ("recipe.optimizer.momentum", stated.momentum, &SHARE, with_momentum),
            ("recipe.optimizer.beta1", stated.beta1, &SHARE, |own, beta| with_beta(own, 0, beta)),
            ("recipe.optimizer.beta2", stated.beta2, &SHARE, |own, beta| with_beta(own, 1, beta)),
            ("recipe.optimizer.eps", stated.eps, &POSITIVE, Optimizer::with_eps),
        ];
        for (name, field, within, set) in constants {
            let Some(field) = field else { continue };
            let Some(value) = field.value.numbers().first().copied() else { continue };
            match set(self.out.recipe.optimizer, value) {
                Some(_) if !within.holds(value) => self.refuse(name, &[value], within),
                Some(with) => {
                    self.out.recipe.optimizer = with;
                    self.cite(name, (within.words)(value), field);
                }
                None => {
                    let reason = format!("{} has no such value", self.out.recipe.optimizer.name());
                    self.out.deviate(name, plain(value), "none", &reason);
                }
            }
        }
    }

    /// The default rate is for the default optimiser; another one has a rate that suits it.
    pub(super) fn usual_rate(&mut self, usual: &Recipe) {
        let own = self.out.recipe.optimizer;
        if own.name() == usual.optimizer.name() {
            return;
        }
        let of_batch = Recipe { batch_size: self.out.recipe.batch_size, ..usual.clone() };
        if let Some(choice) = with_optimizer(kind_of(&own), &of_batch).filter(|choice| choice.lr != usual.lr) {
            self.silent.retain(|name| *name != "recipe.lr");
            self.out.recipe.lr = choice.lr;
            let (lr, name) = (plain(choice.lr), own.name());
            let said = format!("recipe.lr: {lr}, which suits {name}, for the paper's is not known ({})", choice.source);
            self.out.assumptions.push(said);
        }
    }
}

/// The same with another momentum; none where it has none.
fn with_momentum(mut optimizer: Optimizer, value: f64) -> Option<Optimizer> {
    let (Optimizer::Sgd { momentum, .. } | Optimizer::Muon { momentum, .. }) = &mut optimizer else { return None };
    *momentum = value;
    Some(optimizer)
}

/// The same with another first or second beta; none where it has none.
fn with_beta(mut optimizer: Optimizer, which: usize, value: f64) -> Option<Optimizer> {
    let (Optimizer::Adamw { beta1, beta2, .. }
    | Optimizer::Adam { beta1, beta2, .. }
    | Optimizer::Lamb { beta1, beta2, .. }
    | Optimizer::Lion { beta1, beta2, .. }
    | Optimizer::Muon { beta1, beta2, .. }) = &mut optimizer
    else {
        return None;
    };
    *(if which == 0 { beta1 } else { beta2 }) = value;
    Some(optimizer)
}
