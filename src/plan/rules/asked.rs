//! What a request asks for, laid over the default recipe; what there is no way to follow becomes a deviation.

use super::defaults::{self, Defaults};
use super::paper::Drafted;
use crate::intake::{Lack, OptimizerKind, Request, ScheduleShape};
use crate::spec::{Deviation, Length, Optimizer, Recipe, Schedule, Warmup};
use crate::words::{self, plain};
use tallow_zoo::{Modality, ModelConfig};

/// The default recipe with what was asked for.
pub(super) fn recipe_of(request: &Request, model: &ModelConfig, defaults: &Defaults) -> Drafted {
    let source = format!("recipe: the default for such models ({}) but for what was asked", defaults.source);
    let drafted = Drafted {
        recipe: defaults.recipe.clone(),
        adapter: None,
        citations: vec![],
        deviations: vec![],
        assumptions: vec![source],
        length_is_given: false,
    };
    let mut asked = Asked { request, model, out: drafted };
    asked.optimizer();
    asked.schedule();
    asked.numbers();
    asked.lacking();
    asked.out
}

/// A schedule without milestones in the trainer's terms; none where it has no such schedule.
pub(super) fn schedule_of(shape: &ScheduleShape, warmup: Warmup) -> Option<Schedule> {
    match shape {
        ScheduleShape::Constant => Some(Schedule::Constant { warmup }),
        ScheduleShape::Linear => Some(Schedule::Linear { warmup }),
        ScheduleShape::Cosine => Some(Schedule::Cosine { warmup }),
        _ => None,
    }
}

/// What the trainer has, where a schedule or an optimiser is asked for that it has not.
pub(super) const SCHEDULES: &str = "the trainer has constant, linear, cosine and step schedules";
pub(super) const OPTIMIZERS: &str = "the trainer has AdamW and SGD";

struct Asked<'a> {
    request: &'a Request,
    model: &'a ModelConfig,
    out: Drafted,
}

impl Asked<'_> {
    fn recipe(&mut self) -> &mut Recipe {
        &mut self.out.recipe
    }

    fn deviate(&mut self, field: &str, stated: impl Into<String>, used: impl Into<String>, reason: &str) {
        self.out.deviations.push(Deviation {
            field: field.into(),
            stated: stated.into(),
            used: used.into(),
            reason: reason.into(),
        });
    }

    /// The optimiser, with a learning rate that suits it where none was said.
    fn optimizer(&mut self) {
        let (kind, decay) = (self.request.optimizer, self.request.weight_decay);
        let other = match (kind, self.out.recipe.optimizer) {
            (Some(OptimizerKind::Sgd), Optimizer::Adamw { .. }) => Some(defaults::sgd_for_tuning()),
            (Some(OptimizerKind::AdamW | OptimizerKind::Adam), Optimizer::Sgd { .. }) => Some(defaults::adamw_for_images()),
            (None | Some(OptimizerKind::Sgd | OptimizerKind::AdamW | OptimizerKind::Adam), _) => None,
            (Some(kind), used) => {
                self.deviate("recipe.optimizer", kind.name(), used.name(), OPTIMIZERS);
                None
            }
        };
        if let Some(other) = other {
            if self.request.lr.is_none() {
                self.out.assumptions.push(format!(
                    "recipe.lr: {}, for another optimizer than the default was asked for ({})",
                    plain(other.lr),
                    other.source
                ));
            }
            (self.recipe().optimizer, self.recipe().lr) = (other.optimizer, other.lr);
        }
        // Adam is AdamW without the decay that makes the difference.
        let decay = decay.or((kind == Some(OptimizerKind::Adam)).then_some(0.0));
        let (Optimizer::Adamw { weight_decay, .. } | Optimizer::Sgd { weight_decay, .. }) = &mut self.out.recipe.optimizer;
        *weight_decay = decay.unwrap_or(*weight_decay);
        match (self.request.momentum, &mut self.out.recipe.optimizer) {
            (Some(asked), Optimizer::Sgd { momentum, .. }) => *momentum = asked,
            (Some(asked), Optimizer::Adamw { beta1, .. }) => {
                let used = format!("beta1 {}", plain(*beta1));
                self.deviate("recipe.optimizer.momentum", plain(asked), used, "AdamW has no momentum of that name");
            }
            (None, _) => {}
        }
    }

    fn schedule(&mut self) {
        let default = self.out.recipe.schedule.clone();
        let warmup = self.request.warmup.unwrap_or(default.warmup());
        self.recipe().schedule = match &self.request.schedule {
            None => default.with_warmup(warmup),
            Some(shape) => schedule_of(shape, warmup).unwrap_or_else(|| {
                self.deviate("recipe.schedule", shape.to_string(), default.name(), SCHEDULES);
                default.with_warmup(warmup)
            }),
        };
    }

    fn numbers(&mut self) {
        let r = self.request;
        let takes = self.model.takes();
        let recipe = &mut self.out.recipe;
        recipe.batch_size = r.batch_size.unwrap_or(recipe.batch_size);
        recipe.lr = r.lr.unwrap_or(recipe.lr);
        recipe.grad_clip_norm = r.grad_clip_norm.or(recipe.grad_clip_norm);
        if let Some(length) = r.steps.map(Length::Steps).or(r.epochs.map(Length::Epochs)) {
            recipe.length = length;
            self.out.length_is_given = true;
        }
        if let (Some(epochs), Some(steps)) = (r.epochs, r.steps) {
            let used = words::length(&Length::Steps(steps));
            self.deviate("recipe.length", words::length(&Length::Epochs(epochs)), used, "both epochs and steps were asked for");
        }
        match (takes, r.dropout.filter(|p| *p > 0.0)) {
            (Modality::Image, Some(p)) => self.deviate("recipe.dropout", plain(p), "none", "the architecture has no dropout"),
            (Modality::Image, None) => {}
            (Modality::Text | Modality::Table | Modality::TextToText, _) => {
                let recipe = self.recipe();
                recipe.dropout = r.dropout.map(|p| p as f32).or(recipe.dropout);
            }
        }
        match (takes, r.max_seq_len) {
            (Modality::Text | Modality::TextToText, asked) => {
                let recipe = self.recipe();
                recipe.max_seq_len = asked.or(recipe.max_seq_len);
            }
            (Modality::Image | Modality::Table, Some(len)) => {
                let reason = "what has no text has no tokens";
                self.deviate("recipe.max_seq_len", format!("{len} tokens"), "none", reason);
            }
            (Modality::Image | Modality::Table, None) => {}
        }
    }

    /// Wishes that are understood and cannot be followed, and those that are not understood.
    fn lacking(&mut self) {
        for lacking in &self.request.lacking {
            let (field, used, reason) = match lacking.of {
                Lack::Method => ("method", "training of all weights", "the trainer has no such method"),
                Lack::Precision => ("precision", "float32", "the trainer computes in float32"),
                Lack::LabelSmoothing => ("recipe.label_smoothing", "none", LOSS),
                Lack::Augmentation => ("recipe.augment", "left out", AUGMENT),
                Lack::EarlyStopping => ("recipe.early_stopping", "the whole length", "the trainer stops at the end alone"),
            };
            self.deviate(field, lacking.words.clone(), used, reason);
        }
        if !self.request.not_understood.is_empty() {
            let stated: Vec<String> = self.request.not_understood.iter().map(|words| format!("`{words}`")).collect();
            self.deviate("request", stated.join(", "), "not followed", "it is not understood");
        }
    }
}

/// What the trainer has, where another loss or augmentation is stated.
pub(super) const LOSS: &str = "the trainer's loss is the plain cross-entropy";
pub(super) const AUGMENT: &str = "the trainer crops padded images and mirrors them";
