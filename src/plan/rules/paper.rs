//! A paper's recipe in our types: every value with its words, every silence filled from the defaults and said, every difference a
//! deviation.

use super::defaults::Defaults;
use crate::intake::{Field, FieldKey, OptimizerKind, PaperRecipe, PaperSpec, Phase, ScheduleShape, Unit, Value, Wanted};
use crate::words::plain;
use crate::spec::{Augment, Citation, Deviation, Length, Optimizer, Recipe, Schedule, Warmup};

/// A recipe, and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drafted {
    pub(super) recipe: Recipe,
    pub(super) citations: Vec<Citation>,
    pub(super) deviations: Vec<Deviation>,
    pub(super) assumptions: Vec<String>,
}

/// The recipe that `paper` gives for what is wanted, over the defaults.
pub(super) fn recipe_of(paper: &PaperSpec, wanted: &Wanted<'_>, defaults: &Defaults, steps_per_epoch: impl Fn(usize) -> u64) -> Drafted {
    let mut stated = own_variant(paper.recipe(wanted), wanted);
    // A paper trains everything with one optimiser, whichever data set it says it of.
    stated.optimizer = stated.optimizer.or_else(|| paper.best(FieldKey::Optimizer, &Wanted::default()));
    let mut draft = Draft { phase: wanted.phase, dataset: wanted.dataset.map(str::to_string), out: Drafted { recipe: defaults.recipe.clone(), citations: vec![], deviations: vec![], assumptions: vec![] }, silent: vec![] };
    draft.batch_size(stated.batch_size);
    draft.optimizer(&stated);
    draft.lr(stated.lr);
    draft.length(stated.epochs, stated.steps);
    let per_epoch = steps_per_epoch(draft.out.recipe.batch_size);
    draft.schedule(stated.schedule, stated.warmup, per_epoch);
    draft.regularisation(&stated);
    draft.augmentation(stated.augmentation);
    if !draft.silent.is_empty() {
        let silent = draft.silent.join(", ");
        draft.out.assumptions.push(format!("{silent}: not stated; the default for such models ({})", defaults.source));
    }
    draft.out
}

/// Without what the paper says of another size of the model only.
fn own_variant<'a>(mut recipe: PaperRecipe<'a>, wanted: &Wanted<'_>) -> PaperRecipe<'a> {
    let other = |field: &mut Option<&'a Field>| {
        let of = field.and_then(|f| f.scope.variant.as_deref());
        if of.is_some_and(|of| wanted.variant.is_none_or(|wanted| !of.eq_ignore_ascii_case(wanted))) {
            *field = None;
        }
    };
    for field in [
        &mut recipe.optimizer, &mut recipe.lr, &mut recipe.beta1, &mut recipe.beta2, &mut recipe.eps, &mut recipe.momentum,
        &mut recipe.weight_decay, &mut recipe.schedule, &mut recipe.warmup, &mut recipe.batch_size, &mut recipe.epochs, &mut recipe.steps,
        &mut recipe.dropout, &mut recipe.label_smoothing, &mut recipe.grad_clip_norm, &mut recipe.max_seq_len, &mut recipe.augmentation,
    ] {
        other(field);
    }
    recipe
}

struct Draft {
    phase: Option<Phase>,
    dataset: Option<String>,
    out: Drafted,
    /// Fields that the paper is silent on.
    silent: Vec<&'static str>,
}

impl Draft {
    /// Notes where a value comes from; one that is stated for another phase or other data is an assumption.
    fn cite(&mut self, name: &'static str, value: String, field: &Field) {
        if let (Some(here), Some(there)) = (self.phase, field.scope.phase)
            && here != there
        {
            let phase = if there == Phase::PreTraining { "pre-training" } else { "fine-tuning" };
            self.out.assumptions.push(format!("{name}: {value}, which the paper states for {phase}"));
        } else if let Some(here) = &self.dataset
            && !field.scope.concerns(here)
        {
            self.out.assumptions.push(format!("{name}: {value}, which the paper states for {}", field.scope.datasets.join(", ")));
        }
        let quote = &field.evidence.quote;
        self.out.citations.push(Citation { field: name.into(), value, quote: quote.verbatim().into(), page: quote.page() });
    }

    fn deviate(&mut self, field: &str, stated: impl Into<String>, used: impl Into<String>, reason: &str) {
        self.out.deviations.push(Deviation { field: field.into(), stated: stated.into(), used: used.into(), reason: reason.into() });
    }

    /// One number out of those stated: `pick` chooses among several.
    fn number(&mut self, name: &'static str, field: Option<&Field>, pick: fn(&[f64]) -> f64, why: &str) -> Option<f64> {
        let Some(field) = field else {
            self.silent.push(name);
            return None;
        };
        let numbers = field.value.numbers();
        let value = match numbers.as_slice() {
            [] => return None,
            [only] => *only,
            several => pick(several),
        };
        self.cite(name, plain(value), field);
        if numbers.len() > 1 {
            let all: Vec<String> = numbers.iter().map(|n| plain(*n)).collect();
            self.deviate(name, format!("chosen among {}", all.join(", ")), plain(value), why);
        }
        Some(value)
    }

    fn batch_size(&mut self, field: Option<&Field>) {
        let most = self.number("recipe.batch_size", field, largest, "one run, not a search: the largest takes the fewest steps");
        if let Some(size) = most.filter(|size| (1.0..=65_536.0).contains(size)) {
            self.out.recipe.batch_size = size as usize;
        }
    }

    fn lr(&mut self, field: Option<&Field>) {
        let lr = self.number("recipe.lr", field, largest, "one run, not a search: short runs of small models want the highest rate");
        if let Some(lr) = lr.filter(|lr| *lr > 0.0 && *lr <= 10.0) {
            self.out.recipe.lr = lr;
        }
    }

    fn length(&mut self, epochs: Option<&Field>, steps: Option<&Field>) {
        if let (None, Some(field)) = (epochs, steps) {
            if let Some(steps) = self.number("recipe.length", Some(field), largest, "one run, not a search").filter(|s| *s >= 1.0) {
                self.out.recipe.length = Length::Steps(steps as u64);
            }
        } else if let Some(epochs) = self.number("recipe.length", epochs, middle, "one run, not a search: the middle of the range") {
            self.out.recipe.length = Length::Epochs(epochs);
        }
    }

    /// The optimiser with its constants, as far as the trainer has it.
    fn optimizer(&mut self, stated: &PaperRecipe<'_>) {
        let Some(field) = stated.optimizer else {
            self.silent.push("recipe.optimizer");
            return;
        };
        let Value::Optimizer { optimizer: kind } = field.value else { return };
        let decay = self.constant("recipe.optimizer.weight_decay", stated.weight_decay).unwrap_or(0.0);
        match kind {
            OptimizerKind::Sgd => {
                let momentum = self.constant("recipe.optimizer.momentum", stated.momentum).unwrap_or(0.0);
                self.out.recipe.optimizer = Optimizer::Sgd { momentum, nesterov: false, weight_decay: decay };
                self.cite("recipe.optimizer", kind.name().into(), field);
            }
            OptimizerKind::Adam | OptimizerKind::AdamW => {
                let beta1 = self.constant("recipe.optimizer.beta1", stated.beta1).unwrap_or(0.9);
                let beta2 = self.constant("recipe.optimizer.beta2", stated.beta2).unwrap_or(0.999);
                let eps = self.constant("recipe.optimizer.eps", stated.eps).filter(|eps| *eps > 0.0).unwrap_or(1e-8);
                self.out.recipe.optimizer = Optimizer::Adamw { beta1, beta2, eps, weight_decay: decay };
                self.cite("recipe.optimizer", kind.name().into(), field);
                if kind == OptimizerKind::Adam && decay > 0.0 {
                    let stated = format!("Adam with weight decay {}", plain(decay));
                    self.deviate("recipe.optimizer", stated, "AdamW", "the trainer decays weights apart from the gradient (1711.05101)");
                }
            }
            other => {
                let used = optimizer_name(&self.out.recipe.optimizer);
                self.deviate("recipe.optimizer", other.name(), used, "the trainer has AdamW and SGD");
            }
        }
    }

    fn constant(&mut self, name: &'static str, field: Option<&Field>) -> Option<f64> {
        let field = field?;
        let value = *field.value.numbers().first()?;
        self.cite(name, plain(value), field);
        Some(value)
    }

    fn schedule(&mut self, field: Option<&Field>, warmup: Option<&Field>, per_epoch: u64) {
        let total = match self.out.recipe.length {
            Length::Steps(steps) => steps as f64,
            Length::Epochs(epochs) => epochs * per_epoch as f64,
        };
        let given = self.warmup(warmup, total, per_epoch);
        let default = self.out.recipe.schedule.clone();
        let Some((field, Value::Schedule { schedule: shape })) = field.map(|f| (f, &f.value)) else {
            self.silent.push("recipe.schedule");
            if let Some(warmup) = given {
                self.out.recipe.schedule = default.with_warmup(warmup);
            }
            return;
        };
        // Whoever states a schedule and no warm-up has none, unless it is said of another phase.
        let other_phase = self.phase.is_some() && field.scope.phase.is_some() && field.scope.phase != self.phase;
        let warmup = given.unwrap_or(if other_phase { default.warmup() } else { Warmup::Steps(0) });
        if given.is_none() && other_phase {
            self.silent.push("recipe.schedule.warmup");
        }
        let schedule = match shape {
            ScheduleShape::Constant => Some(Schedule::Constant { warmup }),
            ScheduleShape::Linear => Some(Schedule::Linear { warmup }),
            ScheduleShape::Cosine => Some(Schedule::Cosine { warmup }),
            ScheduleShape::Milestones { at, unit, divisor } if !at.is_empty() => {
                let per = if *unit == Some(Unit::Epochs) { per_epoch as f64 } else { 1.0 };
                let at_frac: Vec<f64> = at.iter().map(|at| at * per / total).filter(|frac| *frac < 1.0).collect();
                Some(Schedule::Step { warmup, at_frac, factor: 1.0 / divisor.filter(|d| *d > 0.0).unwrap_or(10.0) })
            }
            _ => None,
        };
        match schedule {
            Some(schedule) => {
                self.cite("recipe.schedule", shape.to_string(), field);
                self.out.recipe.schedule = schedule;
            }
            None => {
                self.out.recipe.schedule = default.with_warmup(warmup);
                self.deviate("recipe.schedule", shape.to_string(), default.name(), "the trainer has constant, linear, cosine and step schedules");
            }
        }
    }

    fn warmup(&mut self, field: Option<&Field>, total: f64, per_epoch: u64) -> Option<Warmup> {
        let field = field?;
        let value = *field.value.numbers().first()?;
        let warmup = match field.unit {
            Some(Unit::Fraction) => Warmup::Frac(value),
            Some(Unit::Percent) => Warmup::Frac(value / 100.0),
            Some(Unit::Epochs) => Warmup::Frac((value * per_epoch as f64 / total).min(1.0)),
            Some(Unit::Steps) | None => Warmup::Frac((value / total).min(1.0)),
            Some(_) => return None,
        };
        let unit = field.unit.map_or(String::new(), |unit| format!(" {unit:?}").to_lowercase());
        let stated = format!("{}{unit}", plain(value));
        // A warm-up that would take most of the run belongs to a longer one.
        if matches!(warmup, Warmup::Frac(frac) if frac > 0.5) {
            self.deviate("recipe.schedule.warmup", stated, "the default", "it would take more than half of this run");
            return None;
        }
        self.cite("recipe.schedule.warmup", stated, field);
        Some(warmup)
    }

    fn regularisation(&mut self, stated: &PaperRecipe<'_>) {
        if let Some(p) = self.constant("recipe.dropout", stated.dropout).filter(|p| (0.0..1.0).contains(p)) {
            self.out.recipe.dropout = Some(p as f32);
        }
        if let Some(norm) = self.constant("recipe.grad_clip_norm", stated.grad_clip_norm).filter(|norm| *norm > 0.0) {
            self.out.recipe.grad_clip_norm = Some(norm);
        }
        if self.out.recipe.max_seq_len.is_some()
            && let Some(len) = self.constant("recipe.max_seq_len", stated.max_seq_len).filter(|len| (3.0..=100_000.0).contains(len))
        {
            self.out.recipe.max_seq_len = Some(len as usize);
        }
        if let Some(smoothing) = stated.label_smoothing.and_then(|f| f.value.numbers().first().copied()).filter(|s| *s > 0.0) {
            self.deviate("recipe.label_smoothing", plain(smoothing), "none", "the trainer's loss is the plain cross-entropy");
        }
    }

    /// Only images are changed at random; for texts the defaults have nothing and nothing is read.
    fn augmentation(&mut self, field: Option<&Field>) {
        if self.out.recipe.max_seq_len.is_some() {
            return;
        }
        let Some((field, Value::Texts { texts })) = field.map(|f| (f, &f.value)) else {
            self.silent.push("recipe.augment");
            return;
        };
        let (mut augment, mut lacking, mut padding) = (Vec::new(), Vec::new(), None);
        for text in texts {
            let words = text.to_lowercase();
            if words.contains("pad") {
                padding = words.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse::<usize>().ok()).filter(|n| *n <= 64);
            } else if words.contains("flip") && !words.contains("vertical") {
                augment.push(Augment::HorizontalFlip);
            } else if !(words.contains("crop") && padding.is_some()) {
                lacking.push(text.clone());
            }
        }
        augment.extend(padding.map(|padding| Augment::PadCrop { padding }));
        augment.sort_by_key(|a| matches!(a, Augment::HorizontalFlip));
        self.cite("recipe.augment", texts.join(", "), field);
        if !lacking.is_empty() {
            self.deviate("recipe.augment", lacking.join(", "), "left out", "the trainer crops padded images and mirrors them");
        }
        self.out.recipe.augment = augment;
    }
}

fn optimizer_name(optimizer: &Optimizer) -> &'static str {
    match optimizer {
        Optimizer::Adamw { .. } => "AdamW",
        Optimizer::Sgd { .. } => "SGD",
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
