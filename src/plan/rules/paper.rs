//! A paper's recipe in our types: every value with its words, every silence filled from the defaults and said, every difference a
//! deviation.

mod optimizer;

use super::asked::AUGMENT;
use super::defaults::{Defaults, set_rate};
use super::schedule::Stated;
use crate::intake::{Field, FieldKey, PaperRecipe, PaperSpec, Phase, Unit, Value, Wanted};
use crate::spec::{AdapterSpec, Augment, Citation, Deviation, Length, Recipe, Warmup};
use crate::words::{self, plain};
use std::ops::RangeInclusive;

/// A recipe, and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drafted {
    pub(super) recipe: Recipe,
    /// What is trained in place of all weights.
    pub(super) adapter: Option<AdapterSpec>,
    pub(super) citations: Vec<Citation>,
    pub(super) deviations: Vec<Deviation>,
    pub(super) assumptions: Vec<String>,
    pub(super) not_understood: Vec<String>,
    /// Whether somebody said how long to train.
    pub(super) length_is_given: bool,
}

impl Drafted {
    pub(super) fn deviate(&mut self, field: &str, stated: impl Into<String>, used: impl Into<String>, reason: &str) {
        self.deviations.push(Deviation { field: field.into(), stated: stated.into(), used: used.into(), reason: reason.into() });
    }
}

/// The recipe that `paper` gives for what is wanted, over the defaults, for so many training examples.
pub(super) fn recipe_of(paper: &PaperSpec, wanted: &Wanted<'_>, defaults: &Defaults, examples: usize) -> Drafted {
    let mut stated = own_variant(paper.recipe(wanted), wanted);
    // A paper trains everything with one optimiser, whichever data set it says it of.
    stated.optimizer = stated.optimizer.or_else(|| paper.best(FieldKey::Optimizer, &Wanted::default()));
    let out = Drafted {
        recipe: defaults.recipe.clone(),
        adapter: None,
        citations: vec![],
        deviations: vec![],
        not_understood: vec![],
        assumptions: vec![],
        length_is_given: false,
    };
    let mut draft = Draft { phase: wanted.phase, dataset: wanted.dataset.map(str::to_string), out, silent: vec![] };
    draft.batch_size(stated.batch_size);
    draft.optimizer(&stated);
    draft.lr(stated.lr, defaults);
    draft.length(stated.epochs, stated.steps);
    draft.enough_steps(examples);
    let per_epoch = draft.steps_per_epoch(examples);
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
        if field.is_some_and(|f| !f.scope.concerns_model(wanted.variant)) {
            *field = None;
        }
    };
    for field in [
        &mut recipe.optimizer,
        &mut recipe.lr,
        &mut recipe.beta1,
        &mut recipe.beta2,
        &mut recipe.eps,
        &mut recipe.momentum,
        &mut recipe.weight_decay,
        &mut recipe.schedule,
        &mut recipe.warmup,
        &mut recipe.batch_size,
        &mut recipe.epochs,
        &mut recipe.steps,
        &mut recipe.dropout,
        &mut recipe.label_smoothing,
        &mut recipe.grad_clip_norm,
        &mut recipe.max_seq_len,
        &mut recipe.augmentation,
    ] {
        other(field);
    }
    recipe
}

/// What a run can have, and how a value of it reads.
struct Within {
    range: RangeInclusive<f64>,
    words: fn(f64) -> String,
}

impl Within {
    fn holds(&self, value: f64) -> bool {
        self.range.contains(&value)
    }
}

/// A share below 1.
const SHARE: Within = Within { range: 0.0..=0.999_999_999, words: plain };
const DECAY: Within = Within { range: 0.0..=10.0, words: plain };
const POSITIVE: Within = Within { range: f64::MIN_POSITIVE..=1e9, words: plain };
const TOKENS: Within = Within { range: 3.0..=100_000.0, words: |n| format!("{} tokens", words::count(n)) };

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

    /// One number out of those stated and `within` what a run can have: `pick` chooses among several. It is cited, in words with its
    /// unit, only if it is taken.
    fn number(
        &mut self,
        name: &'static str,
        field: Option<&Field>,
        within: &Within,
        pick: fn(&[f64]) -> f64,
        why: &str,
    ) -> Option<f64> {
        let Some(field) = field else {
            self.silent.push(name);
            return None;
        };
        let stated = field.value.numbers();
        let numbers: Vec<f64> = stated.iter().copied().filter(|number| within.holds(*number)).collect();
        if numbers.is_empty() {
            self.refuse(name, &stated, within);
            return None;
        }
        let value = pick(&numbers);
        self.cite(name, (within.words)(value), field);
        if stated.len() > 1 {
            let all: Vec<String> = stated.iter().map(|n| plain(*n)).collect();
            self.out.deviate(name, format!("chosen among {}", all.join(", ")), (within.words)(value), why);
        }
        Some(value)
    }

    /// Numbers that no run can have, where there are any: a deviation.
    fn refuse(&mut self, name: &str, stated: &[f64], within: &Within) {
        if !stated.is_empty() {
            let all: Vec<String> = stated.iter().map(|n| plain(*n)).collect();
            let reason = format!("a run can have {} to {}", plain(*within.range.start()), plain(*within.range.end()));
            self.out.deviate(name, all.join(", "), "the default", &reason);
        }
    }

    fn batch_size(&mut self, field: Option<&Field>) {
        const SIZES: Within = Within { range: 1.0..=65_536.0, words: |n| format!("{} examples", words::count(n)) };
        if let Some(field) = field.filter(|field| field.unit == Some(Unit::Tokens)) {
            let tokens: Vec<String> = field.value.numbers().into_iter().map(words::count).collect();
            let used = format!("{} examples", self.out.recipe.batch_size);
            self.out.deviate(
                "recipe.batch_size",
                format!("{} tokens", tokens.join(", ")),
                used,
                "batches are counted in examples here",
            );
        } else if let Some(size) =
            self.number("recipe.batch_size", field, &SIZES, largest, "one run, not a search: the largest takes the fewest steps")
        {
            self.out.recipe.batch_size = size as usize;
        }
    }

    fn steps_per_epoch(&self, examples: usize) -> u64 {
        examples.div_ceil(self.out.recipe.batch_size.max(1)) as u64
    }

    /// Epochs over little data in the batches that a paper has for much data would be a handful of steps: such a batch is halved until
    /// there are some.
    fn enough_steps(&mut self, examples: usize) {
        const FEW: f64 = 200.0;
        const USUAL: usize = 64;
        let Length::Epochs(epochs) = self.out.recipe.length else { return };
        let stated = self.out.recipe.batch_size;
        while self.out.recipe.batch_size > USUAL && epochs * (self.steps_per_epoch(examples) as f64) < FEW {
            self.out.recipe.batch_size /= 2;
        }
        let used = self.out.recipe.batch_size;
        if used != stated {
            self.out.citations.retain(|citation| citation.field != "recipe.batch_size");
            let steps = (epochs * examples.div_ceil(stated) as f64).round();
            let reason = format!(
                "{} of {} examples would be {} steps",
                words::length(&Length::Epochs(epochs)),
                words::count(examples as f64),
                steps
            );
            self.out.deviate("recipe.batch_size", format!("{stated} examples"), format!("{used} examples"), &reason);
        }
    }

    fn lr(&mut self, field: Option<&Field>, defaults: &Defaults) {
        const RATES: Within = Within { range: f64::MIN_POSITIVE..=10.0, words: plain };
        let why = "one run, not a search: short runs of small models want the highest rate";
        match self.number("recipe.lr", field, &RATES, largest, why) {
            // A decay that the paper states is its own.
            Some(lr) if self.out.recipe.optimizer == defaults.recipe.optimizer => set_rate(&mut self.out.recipe, lr),
            Some(lr) => self.out.recipe.lr = lr,
            None => self.usual_rate(&defaults.recipe),
        }
    }

    fn length(&mut self, epochs: Option<&Field>, steps: Option<&Field>) {
        const STEPS: Within = Within { range: 1.0..=1e9, words: |n| words::length(&Length::Steps(n as u64)) };
        const EPOCHS: Within = Within { range: 1e-3..=1e6, words: |n| words::length(&Length::Epochs(n)) };
        let length = match (epochs, steps) {
            (None, Some(_)) => {
                self.number("recipe.length", steps, &STEPS, largest, "one run, not a search").map(|n| Length::Steps(n as u64))
            }
            _ => self
                .number("recipe.length", epochs, &EPOCHS, middle, "one run, not a search: the middle of the range")
                .map(Length::Epochs),
        };
        if let Some(length) = length {
            self.out.recipe.length = length;
            self.out.length_is_given = true;
        }
    }

    /// The first number stated, if a run can have it.
    fn constant(&mut self, name: &'static str, field: Option<&Field>, within: &Within) -> Option<f64> {
        let field = field?;
        let value = *field.value.numbers().first()?;
        if !within.holds(value) {
            self.refuse(name, &[value], within);
            return None;
        }
        self.cite(name, (within.words)(value), field);
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
        let unsaid = if other_phase { default.warmup() } else { Warmup::Steps(0) };
        if given.is_none() && other_phase {
            self.silent.push("recipe.schedule.warmup");
        }
        let stated = Stated { shape, warmup: given, unsaid, length: self.out.recipe.length, per_epoch: Some(per_epoch) };
        let (schedule, differs) = stated.or(&default);
        self.out.recipe.schedule = schedule;
        match differs {
            Some(differs) => self.out.deviations.push(differs),
            None => self.cite("recipe.schedule", shape.to_string(), field),
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
        let stated = match field.unit {
            Some(Unit::Fraction) => format!("{} of all steps", plain(value)),
            Some(Unit::Percent) => format!("{} % of all steps", plain(value)),
            Some(Unit::Epochs) => words::length(&Length::Epochs(value)),
            _ => format!("{} steps", words::count(value)),
        };
        if !matches!(warmup, Warmup::Frac(frac) if (0.0..=1.0).contains(&frac)) {
            self.out.deviate("recipe.schedule.warmup", stated, "the default", "a warm-up takes 0 to 100 % of all steps");
            return None;
        }
        // A warm-up that would take most of the run belongs to a longer one.
        if matches!(warmup, Warmup::Frac(frac) if frac > 0.5) {
            self.out.deviate("recipe.schedule.warmup", stated, "the default", "it would take more than half of this run");
            return None;
        }
        self.cite("recipe.schedule.warmup", stated, field);
        Some(warmup)
    }

    fn regularisation(&mut self, stated: &PaperRecipe<'_>) {
        if let Some(p) = self.constant("recipe.dropout", stated.dropout, &SHARE) {
            self.out.recipe.dropout = Some(p as f32);
        }
        if let Some(norm) = self.constant("recipe.grad_clip_norm", stated.grad_clip_norm, &POSITIVE) {
            self.out.recipe.grad_clip_norm = Some(norm);
        }
        if self.out.recipe.max_seq_len.is_some()
            && let Some(len) = self.constant("recipe.max_seq_len", stated.max_seq_len, &TOKENS)
        {
            self.out.recipe.max_seq_len = Some(len as usize);
        }
        if let Some(smoothing) = self.constant("recipe.label_smoothing", stated.label_smoothing, &SHARE) {
            self.out.recipe.label_smoothing = smoothing;
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
        let (mut flips, mut padding) = (false, None);
        let (taken, lacking): (Vec<&str>, Vec<&str>) = texts.iter().map(String::as_str).partition(|text| {
            let words = text.to_lowercase();
            if words.contains("pad") {
                padding = words.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse::<usize>().ok()).filter(|n| *n <= 64);
                return padding.is_some();
            }
            let flip = words.contains("flip") && !words.contains("vertical");
            flips |= flip;
            flip || words.contains("crop") && padding.is_some()
        });
        let mut augment: Vec<Augment> = padding.map(|padding| Augment::PadCrop { padding }).into_iter().collect();
        augment.extend(flips.then_some(Augment::HorizontalFlip));
        if !taken.is_empty() {
            self.cite("recipe.augment", taken.join(", "), field);
        }
        if !lacking.is_empty() {
            self.out.deviate("recipe.augment", lacking.join(", "), "left out", AUGMENT);
        }
        self.out.recipe.augment = augment;
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
