//! What a request asks for, laid over the default recipe; what there is no way to follow becomes a deviation.

use super::defaults::{self, Choice, Defaults};
use super::frozen;
use super::paper::Drafted;
use crate::intake::{Frozen, Lack, Request, ScheduleShape, Unit, Without};
use crate::spec::{
    Augment, ClassWeights, Decay, Deviation, EarlyStopping, Ema, Keep, Length, Optimizer, Recipe, Sampling, Schedule, Warmup,
};
use crate::words::{self, plain};
use tallow_zoo::{Head, Modality, ModelConfig};

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
    asked.out.assumptions.extend(request.read_as.iter().map(|text| format!("request: read as \"{text}\"")));
    asked.optimizer();
    asked.schedule();
    asked.numbers();
    asked.frozen();
    asked.lacking();
    asked.out
}

/// A schedule without milestones in the trainer's terms, with the usual values where none are said; none where it has no such schedule.
pub(super) fn schedule_of(shape: &ScheduleShape, warmup: Warmup) -> Option<Schedule> {
    let min_lr_frac = 0.0;
    match shape {
        ScheduleShape::Constant => Some(Schedule::Constant { warmup }),
        ScheduleShape::Linear => Some(Schedule::linear(warmup)),
        ScheduleShape::Cosine => Some(Schedule::cosine(warmup)),
        ScheduleShape::CosineRestarts { cycles } => {
            Some(Schedule::CosineRestarts { warmup, cycles: cycles.unwrap_or(4), min_lr_frac })
        }
        ScheduleShape::Polynomial { power } => Some(Schedule::Polynomial { warmup, power: power.unwrap_or(1.0), min_lr_frac }),
        // Its rise is a good part of it, other than a warm-up before something else.
        ScheduleShape::OneCycle => {
            Some(Schedule::OneCycle { warmup: Warmup::Frac(0.3), div_factor: 25.0, final_div_factor: 1e4 })
        }
        // The fall of 2404.06395, section 4.3.
        ScheduleShape::Wsd => Some(Schedule::Wsd { warmup, decay_frac: 0.1, decay: Decay::Linear, min_lr_frac }),
        ScheduleShape::InverseSqrt => Some(Schedule::InverseSqrt { warmup, timescale: None }),
        ScheduleShape::Exponential => Some(Schedule::Exponential { warmup, end_frac: 0.01 }),
        ScheduleShape::Milestones { .. } | ScheduleShape::Plateau { .. } => None,
    }
}

/// What the trainer has, where a schedule or an optimiser is asked for that it has not.
pub(super) const SCHEDULES: &str =
    "the trainer has no schedule that waits for a loss, and none with steps at places that are not said";
pub(super) const OPTIMIZERS: &str = "the trainer has SGD, Adam, AdamW, Adafactor, Lion, LAMB and Muon";

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
        if let Some(kind) = self.request.optimizer.filter(|kind| kind.name() != self.out.recipe.optimizer.name()) {
            match defaults::with_optimizer(kind, &self.out.recipe) {
                Some(other) => self.take(other),
                None => self.deviate("recipe.optimizer", kind.name(), self.out.recipe.optimizer.name(), OPTIMIZERS),
            }
        }
        if let Some(decay) = self.request.weight_decay {
            self.recipe().optimizer = self.out.recipe.optimizer.with_weight_decay(decay);
        }
        let name = self.out.recipe.optimizer.name();
        match (self.request.momentum, &mut self.out.recipe.optimizer) {
            (Some(asked), Optimizer::Sgd { momentum, .. } | Optimizer::Muon { momentum, .. }) => *momentum = asked,
            (Some(asked), Optimizer::Adafactor { beta1, .. }) => *beta1 = Some(asked),
            (
                Some(asked),
                Optimizer::Adamw { beta1, .. }
                | Optimizer::Adam { beta1, .. }
                | Optimizer::Lamb { beta1, .. }
                | Optimizer::Lion { beta1, .. },
            ) => {
                let used = format!("beta1 {}", plain(*beta1));
                self.deviate("recipe.optimizer.momentum", plain(asked), used, &format!("{name} has no momentum of that name"));
            }
            (None, _) => {}
        }
    }

    /// Another optimiser than the default, with the rate that suits it.
    fn take(&mut self, other: Choice) {
        if self.request.lr.is_none() && other.lr != self.out.recipe.lr {
            self.out.assumptions.push(format!(
                "recipe.lr: {}, for another optimizer than the default was asked for ({})",
                plain(other.lr),
                other.source
            ));
        }
        (self.recipe().optimizer, self.recipe().lr) = (other.optimizer, other.lr);
    }

    fn schedule(&mut self) {
        let default = self.out.recipe.schedule.clone();
        let warmup = self.request.warmup.or_else(|| self.warmup()).unwrap_or(default.warmup());
        self.recipe().schedule = match &self.request.schedule {
            None => default.with_warmup(warmup),
            Some(ScheduleShape::Milestones { at, unit, divisor }) if !at.is_empty() => {
                self.milestones(at, *unit, *divisor, warmup).unwrap_or_else(|| default.with_warmup(warmup))
            }
            Some(shape) => schedule_of(shape, warmup).unwrap_or_else(|| {
                self.deviate("recipe.schedule", shape.to_string(), default.name(), SCHEDULES);
                default.with_warmup(warmup)
            }),
        };
    }

    /// How long is trained, as far as it was said.
    fn length(&self) -> Length {
        let asked = self.request.steps.map(Length::Steps).or(self.request.epochs.map(Length::Epochs));
        asked.unwrap_or(self.out.recipe.length)
    }

    /// Epochs of warm-up as a share of the usual length.
    fn warmup(&mut self) -> Option<Warmup> {
        let asked = self.request.warmup_epochs?;
        match self.length() {
            Length::Epochs(epochs) => Some(Warmup::Frac((asked / epochs).min(1.0))),
            Length::Steps(_) => {
                let stated = format!("{} epochs", plain(asked));
                self.deviate("recipe.schedule.warmup", stated, "the usual warm-up", "how many epochs there are is not said");
                None
            }
        }
    }

    /// A rate that falls at these steps or epochs, as shares of all; none where they are not in its terms.
    fn milestones(&mut self, at: &[f64], unit: Option<Unit>, divisor: Option<f64>, warmup: Warmup) -> Option<Schedule> {
        let total = match (self.length(), unit) {
            (Length::Epochs(epochs), None | Some(Unit::Epochs)) => Some(epochs),
            (Length::Steps(steps), Some(Unit::Steps)) => Some(steps as f64),
            _ => None,
        };
        let stated = ScheduleShape::Milestones { at: at.to_vec(), unit, divisor }.to_string();
        let used = self.out.recipe.schedule.name();
        let Some(total) = total else {
            self.deviate("recipe.schedule", stated, used, "how many of them there are in all is not said");
            return None;
        };
        let at_frac: Vec<f64> = at.iter().map(|at| at / total).filter(|frac| (0.0..1.0).contains(frac)).collect();
        if at_frac.len() < at.len() {
            self.deviate("recipe.schedule", stated, used, "its steps lie beyond the end of this run");
            return None;
        }
        Some(Schedule::Step { warmup, at_frac, factor: 1.0 / divisor.filter(|d| *d >= 1.0).unwrap_or(10.0) })
    }

    fn numbers(&mut self) {
        let r = self.request;
        let takes = self.model.takes();
        let recipe = &mut self.out.recipe;
        recipe.batch_size = r.batch_size.unwrap_or(recipe.batch_size);
        recipe.micro_batch_size = r.micro_batch_size.or(recipe.micro_batch_size);
        if let Some(pieces) = r.accumulation {
            let micro = (recipe.batch_size / pieces).max(1);
            (recipe.batch_size, recipe.micro_batch_size) = (micro * pieces, Some(micro));
        }
        if let (None, Some(micro)) = (r.batch_size, recipe.micro_batch_size) {
            recipe.batch_size = recipe.batch_size.next_multiple_of(micro);
        }
        recipe.evaluate_every = r.evaluate_every.or(recipe.evaluate_every);
        recipe.lr = r.lr.unwrap_or(recipe.lr);
        recipe.grad_clip_norm = r.grad_clip_norm.or(recipe.grad_clip_norm);
        if r.grad_clip_value.is_some() {
            (recipe.grad_clip_value, recipe.grad_clip_norm) = (r.grad_clip_value, None);
        }
        if r.without.contains(&Without::Clipping) {
            (recipe.grad_clip_value, recipe.grad_clip_norm) = (None, None);
        }
        recipe.label_smoothing = r.label_smoothing.unwrap_or(recipe.label_smoothing);
        recipe.ema = r.ema_decay.map(|decay| Ema { decay, warmup: true, evaluate: true }).or(recipe.ema);
        if let Some(patience) = r.patience {
            recipe.early_stopping = Some(EarlyStopping { patience, min_delta: 0.0 });
            // Whoever ends training for its scores wants the weights that scored.
            recipe.keep = Keep::Best;
        }
        if r.keep_best {
            recipe.keep = Keep::Best;
        }
        recipe.layerwise_lr_decay = r.layerwise_lr_decay.or(recipe.layerwise_lr_decay);
        if let Some(length) = r.steps.map(Length::Steps).or(r.epochs.map(Length::Epochs)) {
            recipe.length = length;
            self.out.length_is_given = true;
        }
        if let (Some(epochs), Some(steps)) = (r.epochs, r.steps) {
            let used = words::length(&Length::Steps(steps));
            self.deviate("recipe.length", words::length(&Length::Epochs(epochs)), used, "both epochs and steps were asked for");
        }
        let recipe = self.recipe();
        recipe.class_weights = r.class_weights.then_some(ClassWeights::Balanced);
        recipe.focal_gamma = r.focal_gamma;
        if r.balanced_sampling {
            recipe.sampling = Sampling::Balanced;
        }
        if r.weighted_by.is_some() {
            recipe.sampling = Sampling::Weighted;
        }
        if r.focal_gamma.is_some() && recipe.label_smoothing > 0.0 {
            recipe.label_smoothing = 0.0;
            self.deviate("recipe.label_smoothing", "label smoothing", "none", "the focal loss takes none");
        }
        self.augment();
        match (takes, r.dropout.filter(|p| *p > 0.0)) {
            (Modality::Image, Some(p)) => self.deviate("recipe.dropout", plain(p), "none", "the architecture has no dropout"),
            (Modality::Image, None) => {}
            (Modality::Text | Modality::Table | Modality::TextToText | Modality::Speech, _) => {
                let recipe = self.recipe();
                recipe.dropout = r.dropout.map(|p| p as f32).or(recipe.dropout);
            }
        }
        match (takes, r.max_seq_len) {
            (Modality::Text | Modality::TextToText | Modality::Speech, asked) => {
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

    /// Changes of images that were asked for, beside the default ones of another kind.
    fn augment(&mut self) {
        let without = &self.request.without;
        let is_kind = |a: &Augment, b: &Augment| std::mem::discriminant(a) == std::mem::discriminant(b);
        let is_left_out = |own: &Augment| {
            without.iter().any(|what| match what {
                Without::Augmentation => true,
                Without::Change { augment } => is_kind(own, augment),
                Without::Adapter
                | Without::EarlyStopping
                | Without::ClassWeights
                | Without::BalancedSampling
                | Without::FocalLoss
                | Without::Ema
                | Without::Clipping
                | Without::Search
                | Without::Freezing => false,
            })
        };
        self.out.recipe.augment.retain(|own| !is_left_out(own));
        if self.request.augment.is_empty() {
            return;
        }
        let asked = words::augment(&self.request.augment);
        if self.model.takes() != Modality::Image {
            return self.deviate("recipe.augment", asked, "left out", "there are no images");
        }
        let mixes = self.request.augment.iter().any(Augment::mixes);
        let recipe = self.recipe();
        if mixes && (recipe.class_weights.is_some() || recipe.focal_gamma.is_some()) {
            (recipe.class_weights, recipe.focal_gamma) = (None, None);
            let reason = "classes that are mixed count alike";
            self.deviate("recipe.class_weights", "class weights or a focal loss", "neither", reason);
        }
        for augment in self.request.augment.clone() {
            let recipe = self.recipe();
            if !recipe.augment.iter().any(|own| std::mem::discriminant(own) == std::mem::discriminant(&augment)) {
                recipe.augment.push(augment);
            }
        }
    }

    /// What stays as it is; with an adapter all but that does anyway.
    fn frozen(&mut self) {
        const FIELD: &str = "recipe.groups";
        let Some(frozen) = self.request.frozen else { return };
        let stated = format!("{} frozen", frozen.in_words());
        if self.request.adapter.is_some() {
            self.out.assumptions.push(format!("{FIELD}: none for {stated}, for with an adapter the model stays as it is"));
            return;
        }
        let speaks = *self.model.head() == Head::Words;
        // A configuration with mistakes is refused elsewhere.
        let Ok(names) = self.model.trainable_names(None) else { return };
        let groups = frozen::groups(frozen, &names);
        let reason = match (frozen, groups.is_empty()) {
            (Frozen::Body, _) if speaks => "a model of words has no head of its own to train",
            (Frozen::Body | Frozen::Embeddings | Frozen::LowerLayers { .. } | Frozen::AllButUpperLayers { .. }, true) => {
                "the model has no such part"
            }
            (Frozen::Body | Frozen::Embeddings | Frozen::LowerLayers { .. } | Frozen::AllButUpperLayers { .. }, false) => {
                let patterns: Vec<String> = groups.iter().map(|group| format!("`{}`", group.pattern)).collect();
                self.out.assumptions.push(format!("{FIELD}: {stated}, which are {}", patterns.join(", ")));
                self.recipe().groups = groups;
                return;
            }
        };
        self.deviate(FIELD, stated, "training of all weights", reason);
    }

    /// Wishes that are understood and cannot be followed.
    fn lacking(&mut self) {
        for lacking in &self.request.lacking {
            let (field, used, reason) = match lacking.of {
                Lack::Method => ("method", "training of all weights", "the trainer has no such method"),
                Lack::Precision => ("precision", "float32", "the trainer computes in float32"),
                Lack::Augmentation => ("recipe.augment", "left out", AUGMENT),
                Lack::Task => ("task", "another task", "there is no model for it here"),
            };
            self.deviate(field, lacking.words.clone(), used, reason);
        }
    }
}

/// What the trainer has, where another augmentation is stated.
pub(super) const AUGMENT: &str = "the trainer has no such change of images";
