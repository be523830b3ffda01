//! What a request asks for, laid over the default recipe; what there is no way to follow becomes a deviation.

use super::defaults::{self, Choice, Defaults, set_rate};
use super::frozen;
use super::paper::Drafted;
use super::schedule::Stated;
use crate::intake::{Frozen, Lack, Request, ScheduleShape, Without};
use crate::spec::{
    Augment, BestBy, ClassWeights, EarlyStopping, Ema, Group, Keep, Length, Optimizer, Recipe, Sampling, Task, Warmup,
};
use crate::words::{self, plain};
use tallow_zoo::{Head, Modality, ModelConfig, Places};

/// The default recipe with what was asked for.
pub(super) fn recipe_of(request: &Request, model: &ModelConfig, defaults: &Defaults) -> Drafted {
    let source = format!("recipe: the default for such models ({}) but for what was asked", defaults.source);
    let drafted = Drafted {
        recipe: defaults.recipe.clone(),
        adapter: None,
        citations: vec![],
        deviations: vec![],
        not_understood: vec![],
        assumptions: vec![source],
        length_is_given: false,
    };
    let mut asked = Asked { request, model, out: drafted };
    asked.out.assumptions.extend(request.read_as.iter().map(|text| format!("request: read as \"{text}\"")));
    asked.optimizer();
    asked.schedule();
    asked.numbers();
    asked.beside_the_usual();
    asked.frozen();
    asked.rate_of_head();
    asked.lacking();
    asked.out
}

/// So many times the usual rate, which is another where the recipe is.
pub(super) fn times_the_rate(by: f64, decay: Option<f64>, out: &mut Drafted) {
    let usual = out.recipe.lr;
    take_rate(&mut out.recipe, usual * by, decay);
    out.assumptions.push(format!("recipe.lr: {}, {}", plain(usual * by), said(by, &plain(usual))));
}

/// Another rate than the usual one, beside a decay that was asked for as it was, else beside the default one.
fn take_rate(recipe: &mut Recipe, lr: f64, decay: Option<f64>) {
    match decay {
        Some(_) => recipe.lr = lr,
        None => set_rate(recipe, lr),
    }
}

fn said(by: f64, usual: &str) -> String {
    format!("{} times the usual {usual}", plain(by))
}

fn times_as_long(usual: Length, by: f64) -> Length {
    match usual {
        Length::Epochs(epochs) => Length::Epochs(epochs * by),
        Length::Steps(steps) => Length::Steps(((steps as f64 * by).round() as u64).max(1)),
    }
}

/// What of the rate is left at the end, once the rate and how it falls are final.
pub(super) fn least_rate(request: &Request, out: &mut Drafted) {
    let of_share = request.times.min_lr.map(|share| share * out.recipe.lr);
    let Some(least) = request.min_lr.or(of_share) else { return };
    let (lr, schedule) = (out.recipe.lr, out.recipe.schedule.clone());
    let name = schedule.name();
    match schedule.with_min_lr_frac(least / lr).filter(|_| least <= lr) {
        Some(set) => out.recipe.schedule = set,
        None => {
            let reason = if least <= lr { "such a schedule has no end of its own" } else { "the rate itself is lower" };
            out.deviate("recipe.schedule.min_lr_frac", plain(least), name, reason);
        }
    }
}

/// What the trainer has, where an optimiser is asked for that it has not.
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

    /// The optimiser, with a learning rate that suits it where none was said.
    fn optimizer(&mut self) {
        if let Some(kind) = self.request.optimizer.filter(|kind| kind.name() != self.out.recipe.optimizer.name()) {
            match defaults::with_optimizer(kind, &self.out.recipe) {
                Some(other) => self.take(other),
                None => self.out.deviate("recipe.optimizer", kind.name(), self.out.recipe.optimizer.name(), OPTIMIZERS),
            }
        }
        if let Some(decay) = self.request.weight_decay {
            self.recipe().optimizer = self.out.recipe.optimizer.with_weight_decay(decay);
        }
        if self.request.nesterov {
            match &mut self.out.recipe.optimizer {
                Optimizer::Sgd { nesterov, .. } | Optimizer::Muon { nesterov, .. } => *nesterov = true,
                Optimizer::Adamw { .. }
                | Optimizer::Adam { .. }
                | Optimizer::Lamb { .. }
                | Optimizer::Lion { .. }
                | Optimizer::Adafactor { .. } => {
                    let used = self.out.recipe.optimizer.name();
                    self.out.deviate("recipe.optimizer.nesterov", "Nesterov's momentum", used, "SGD and Muon alone have it");
                }
            }
        }
        self.moments();
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
                self.out.deviate(
                    "recipe.optimizer.momentum",
                    plain(asked),
                    used,
                    &format!("{name} has no momentum of that name"),
                );
            }
            (None, _) => {}
        }
    }

    /// What Adam and its kin keep means with.
    fn moments(&mut self) {
        let reason = format!("{} has no such value", self.out.recipe.optimizer.name());
        if let Some(betas) = self.request.betas {
            match self.out.recipe.optimizer.clone().with_betas(betas) {
                Some(set) => self.recipe().optimizer = set,
                None => {
                    let stated = format!("{} and {}", plain(betas[0]), plain(betas[1]));
                    self.out.deviate("recipe.optimizer.beta1", stated, "none", &reason);
                }
            }
        }
        if let Some(eps) = self.request.eps {
            match self.out.recipe.optimizer.clone().with_eps(eps) {
                Some(set) => self.recipe().optimizer = set,
                None => self.out.deviate("recipe.optimizer.eps", plain(eps), "none", &reason),
            }
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
        let warmup = self.request.warmup.or_else(|| self.warmup());
        let Some(shape) = &self.request.schedule else {
            self.recipe().schedule = default.with_warmup(warmup.unwrap_or(default.warmup()));
            return;
        };
        let stated = Stated { shape, warmup, unsaid: default.warmup(), length: self.length(), per_epoch: None };
        let (schedule, differs) = stated.or(&default);
        let is_warm =
            warmup.is_none() && !matches!(schedule.warmup(), Warmup::Steps(0)) && schedule.warmup() != Warmup::Frac(0.0);
        // That of one cycle is a part of it.
        if is_warm && !matches!(shape, ScheduleShape::OneCycle) {
            // What is left of the rate at the end is settled later.
            let said = words::warmup(&schedule.warmup());
            self.out
                .assumptions
                .push(format!("recipe.schedule.warmup: {said} (nothing was said of it; `no warm-up` leaves it out)"));
        }
        self.recipe().schedule = schedule;
        self.out.deviations.extend(differs);
    }

    /// How long is trained, as far as it was said: of what is so many times as long, warm-up is a share of that.
    fn length(&self) -> Length {
        let asked = self.request.steps.map(Length::Steps).or(self.request.epochs.map(Length::Epochs));
        let usual = self.out.recipe.length;
        asked.unwrap_or_else(|| self.request.times.length.map_or(usual, |by| times_as_long(usual, by)))
    }

    /// Epochs of warm-up as a share of the usual length.
    fn warmup(&mut self) -> Option<Warmup> {
        let asked = self.request.warmup_epochs?;
        match self.length() {
            Length::Epochs(epochs) => Some(Warmup::Frac((asked / epochs).min(1.0))),
            Length::Steps(_) => {
                let stated = format!("{} epochs", plain(asked));
                self.out.deviate("recipe.schedule.warmup", stated, "the usual warm-up", "how many epochs there are is not said");
                None
            }
        }
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
        if let Some(lr) = r.lr {
            take_rate(recipe, lr, r.weight_decay);
        }
        recipe.gradient_checkpointing |= r.gradient_checkpointing;
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
        if r.best_by_loss {
            recipe.best_by = BestBy::Loss;
        }
        recipe.layerwise_lr_decay = r.layerwise_lr_decay.or(recipe.layerwise_lr_decay);
        if let Some(length) = r.steps.map(Length::Steps).or(r.epochs.map(Length::Epochs)) {
            recipe.length = length;
            self.out.length_is_given = true;
        }
        if let (Some(epochs), Some(steps)) = (r.epochs, r.steps) {
            let used = words::length(&Length::Steps(steps));
            self.out.deviate(
                "recipe.length",
                words::length(&Length::Epochs(epochs)),
                used,
                "both epochs and steps were asked for",
            );
        }
        let recipe = self.recipe();
        recipe.class_weights = r.class_weights.then_some(ClassWeights::Balanced);
        recipe.focal_gamma = r.focal_gamma;
        self.number_loss();
        let recipe = self.recipe();
        if r.balanced_sampling {
            recipe.sampling = Sampling::Balanced;
        }
        if r.weighted_by.is_some() {
            recipe.sampling = Sampling::Weighted;
        }
        if r.focal_gamma.is_some() && recipe.label_smoothing > 0.0 {
            recipe.label_smoothing = 0.0;
            self.out.deviate("recipe.label_smoothing", "label smoothing", "none", "the focal loss takes none");
        }
        self.augment();
        match (takes, r.dropout.filter(|p| *p > 0.0)) {
            (Modality::Image, Some(p)) => self.out.deviate("recipe.dropout", plain(p), "none", "the architecture has no dropout"),
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
                self.out.deviate("recipe.max_seq_len", format!("{len} tokens"), "none", reason);
            }
            (Modality::Image | Modality::Table, None) => {}
        }
    }

    /// What a wrong number costs, where numbers are told.
    fn number_loss(&mut self) {
        let Some(asked) = self.request.number_loss else { return };
        match (self.model.head(), words::number_loss(&asked)) {
            (Head::Value, _) => self.recipe().number_loss = asked,
            (_, Some(asked)) => self.out.deviate("recipe.number_loss", asked, "cross entropy", "no number is told"),
            (_, None) => {}
        }
    }

    /// Changes of images that were asked for, beside the default ones of another kind.
    fn augment(&mut self) {
        let without = &self.request.without;
        self.out.recipe.augment.retain(|own| !without.iter().any(|what| what.takes_out(own)));
        if self.request.augment.is_empty() {
            return;
        }
        let asked = words::augment(&self.request.augment);
        if self.model.takes() != Modality::Image {
            return self.out.deviate("recipe.augment", asked, "left out", "there are no images");
        }
        let mixes = self.request.augment.iter().any(Augment::mixes);
        let recipe = self.recipe();
        if mixes && (recipe.class_weights.is_some() || recipe.focal_gamma.is_some()) {
            (recipe.class_weights, recipe.focal_gamma) = (None, None);
            let reason = "classes that are mixed count alike";
            self.out.deviate("recipe.class_weights", "class weights or a focal loss", "neither", reason);
        }
        for augment in self.request.augment.clone() {
            let recipe = self.recipe();
            // A part of the image is cropped already.
            let is_resized = |own: &Augment| matches!(own, Augment::RandomResizedCrop { .. });
            if matches!(augment, Augment::PadCrop { .. }) && recipe.augment.iter().any(is_resized) {
                continue;
            }
            // Its own values come before the default ones.
            match recipe.augment.iter_mut().find(|own| own.is_like(&augment)) {
                Some(own) => *own = augment,
                None => recipe.augment.push(augment),
            }
        }
    }

    /// What stays as it is; with an adapter all but that does anyway.
    fn frozen(&mut self) {
        const FIELD: &str = "recipe.groups";
        let Some(frozen) = self.request.frozen else { return };
        // A configuration with mistakes is refused elsewhere.
        let Ok(names) = self.model.trainable_names(None) else { return };
        let is_side = self.request.frozen_encoder && frozen::has_two_sides(&names);
        let frozen = if is_side { Frozen::Encoder } else { frozen };
        let stated = format!("{} frozen", frozen.in_words());
        if self.request.adapter.is_some() {
            self.out.assumptions.push(format!("{FIELD}: none for {stated}, for with an adapter the model stays as it is"));
            return;
        }
        let speaks = *self.model.head() == Head::Words;
        let groups = frozen::groups(frozen, &names);
        let reason = match (frozen, groups.is_empty()) {
            (Frozen::Body, _) if speaks => "a model of words has no head of its own to train",
            (_, true) => "the model has no such part",
            (_, false) => {
                let patterns = words::quoted(groups.iter().map(|group| &group.pattern));
                self.out.assumptions.push(format!("{FIELD}: {stated}, which are {patterns}"));
                let layers = Places::of(names.iter().map(String::as_str)).layers();
                // As many were counted of another model: of this one nothing but its head is trained.
                if matches!(frozen, Frozen::LowerLayers { count } if count > layers) {
                    let used = format!("all of its {layers} layers frozen");
                    self.out.deviate(FIELD, stated, used, "the model has no more: say how many of its own stay as they are");
                }
                self.recipe().groups = groups;
                return;
            }
        };
        self.out.deviate(FIELD, stated, "training of all weights", reason);
    }

    /// So many times what would be taken otherwise.
    fn beside_the_usual(&mut self) {
        let times = self.request.times;
        if let Some(by) = times.batch_size {
            let usual = self.out.recipe.batch_size;
            let own = ((usual as f64 * by).round() as usize).max(1);
            let recipe = self.recipe();
            recipe.batch_size = own;
            recipe.micro_batch_size = recipe.micro_batch_size.filter(|micro| *micro > 0 && own % *micro == 0);
            self.out.assumptions.push(format!("recipe.batch_size: {own}, {}", said(by, &usual.to_string())));
        }
        if let Some(by) = times.lr {
            times_the_rate(by, self.request.weight_decay, &mut self.out);
        }
        if let Some(by) = times.length {
            let usual = self.out.recipe.length;
            let own = times_as_long(usual, by);
            self.recipe().length = own;
            self.out.length_is_given = true;
            self.out.assumptions.push(format!("recipe.length: {}, {}", words::length(&own), said(by, &words::length(&usual))));
        }
    }

    /// The rate of what is behind the last layer, where it is another; that of all else is so many times as great.
    fn rate_of_head(&mut self) {
        const FIELD: &str = "recipe.groups";
        let own = self.out.recipe.lr;
        let Some(of_head) = self.request.head_lr.or(self.request.times.head_lr.map(|times| times * own)) else { return };
        let stated = format!("a learning rate of {} for the head", plain(of_head));
        let used = format!("{} for all", plain(own));
        if self.request.adapter.is_some() {
            return self.out.deviate(FIELD, stated, &used, "with an adapter the model stays as it is");
        }
        if *self.model.head() == Head::Words {
            return self.out.deviate(FIELD, stated, &used, "a model of words has no head of its own");
        }
        // A configuration with mistakes is refused elsewhere.
        let Ok(names) = self.model.trainable_names(None) else { return };
        let body = frozen::groups(Frozen::Body, &names);
        if body.is_empty() {
            return self.out.deviate(FIELD, stated, &used, "the model has no such part");
        }
        let scale = own / of_head;
        let recipe = self.recipe();
        recipe.lr = of_head;
        // What is frozen stands before it, and stays so.
        let body = body.into_iter().map(|group| Group { lr_scale: scale, frozen: false, ..group });
        let all: Vec<Group> = recipe.groups.iter().cloned().chain(body).collect();
        let meets = |at: usize| names.iter().any(|name| Group::of(&all, name) == Some(at));
        recipe.groups = all.iter().enumerate().filter(|(at, _)| meets(*at)).map(|(_, group)| group.clone()).collect();
        let (head, body) = (plain(of_head), plain(own));
        self.out.assumptions.push(format!("{FIELD}: a learning rate of {head} for the head, and of {body} for all else"));
    }

    /// Wishes that are understood and cannot be followed.
    fn lacking(&mut self) {
        for lacking in &self.request.lacking {
            let (field, used, reason) = match lacking.of {
                // What is measured, and held out, instead is known elsewhere.
                Lack::Metric | Lack::Split | Lack::Hardware | Lack::Tool => continue,
                Lack::Rows if self.request.max_examples.is_some() => ("data", "as many, drawn at random", OF_PLACE),
                Lack::Rows => ("data", "all of it", OF_PLACE),
                Lack::Filter => ("data", "all rows", OF_FILTERS),
                Lack::Afterwards => ("after training", "not done", afterwards(&lacking.words)),
                Lack::Output => ("task", "the words alone", "a model of speech writes here what was said, and not when"),
                Lack::Method => method(&lacking.words, self.request.task),
                Lack::Precision => ("precision", "float32", "the trainer computes in float32"),
                Lack::Augmentation => ("recipe.augment", "left out", AUGMENT),
                Lack::Task => ("task", "another task", "there is no model for it here"),
            };
            self.out.deviate(field, lacking.words.clone(), used, reason);
        }
    }
}

/// The field, what is done in place of a method, and why.
fn method(words: &str, task: Option<Task>) -> (&'static str, &'static str, &'static str) {
    const NONE: &str = "the trainer has no such method";
    let words = words.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    match () {
        () if says(&["whole word", "whole-word"]) => ("method", "pieces of words hidden by themselves", NONE),
        () if says(&["orpo", "kto", "simpo", "ppo", "grpo", "rlhf"]) && task == Some(Task::PreferenceOptimization) => {
            ("method", "DPO", NONE)
        }
        () if says(&["validat", "fold", "leave"]) => {
            ("held out", "one split of the data", "there is no cross-validation: `--seeds 0,1,2` repeats a run")
        }
        () if says(&["pseudo", "self-training", "semi-supervised"]) => ("method", "training on the rows with labels", NONE),
        () if says(&["averag", "swa"]) => {
            ("method", "the weights of one step", "it can be had as `ema 0.999`, a running mean of the weights")
        }
        () if says(&["path", "depth", "augment", "neftune", "r-drop", "packing", "mixout"]) => {
            ("method", "training without it", NONE)
        }
        () => ("method", "training of all weights", NONE),
    }
}

/// Why rows are not chosen by where they stand.
const OF_PLACE: &str =
    "examples to train on are drawn from all of them, and others are held out: a file that holds just those rows has no others";

/// Why rows are not chosen by what they hold.
const OF_FILTERS: &str = "no column and value of the data were told from these words: `only rows where age is over 60`, or `data.rows` in an experiment";

/// What does so afterwards.
fn afterwards(words: &str) -> &'static str {
    let words = words.to_lowercase();
    let says = |word: &str| words.contains(word);
    if says("merg") {
        "a run trains and scores a model: `tallow merge RUN --out DIR` makes one of adapter and base"
    } else if says("gguf") {
        "a run trains and scores a model: `tallow export RUN --to gguf` writes it for other programs"
    } else if (says("sav") || says("stor")) && !says("onnx") {
        "a run keeps its model in its own folder, under `model`, from where it can be copied"
    } else if ["hub", "hugging", "push", "upload", "publish"].into_iter().any(says) {
        "a run trains and scores a model: `tallow push RUN ORG/NAME` puts it on the Hub"
    } else {
        "a run trains and scores a model: `tallow export RUN --to onnx` (or `gguf`) writes it for other programs"
    }
}

/// What the trainer has, where another augmentation is stated.
pub(super) const AUGMENT: &str = "the trainer has no such change of images";
