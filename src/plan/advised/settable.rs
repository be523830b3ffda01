//! What a language model may set: nothing else has a name here.
//!
//! The evaluator (metric, target, splits, seeds, the label), the budget and what was said by others are no [`Settable`], so that no
//! answer can name them.

use crate::enumerated::enumerated;
use crate::intake::{Lack, Request, Without};
use crate::plan::{Goal, Wishes};
use crate::spec::{ExperimentSpec, Task};
use serde_json::Value;
use tallow_zoo::{HeadKind, Modality};

enumerated! {
    /// A key of the experiment that a language model may set.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Settable {
        /// One of the models that the rules propose; the recipe is then theirs for it, but for what else is set.
        Model,
        Adapter,
        Optimizer,
        Lr,
        Schedule,
        Length,
        BatchSize,
        MaxSeqLen,
        GradClipNorm,
        Groups,
        LayerwiseLrDecay,
        LabelSmoothing,
        ClassWeights,
        FocalGamma,
        Ema,
        EarlyStopping,
        Keep,
        Dropout,
        Augment,
        Input,
        Exclude,
    }
}

impl Settable {
    /// As the experiment file has it.
    pub fn key(self) -> &'static str {
        match self {
            Settable::Model => "model",
            Settable::Adapter => "adapter",
            Settable::Optimizer => "recipe.optimizer",
            Settable::Lr => "recipe.lr",
            Settable::Schedule => "recipe.schedule",
            Settable::Length => "recipe.length",
            Settable::BatchSize => "recipe.batch_size",
            Settable::MaxSeqLen => "recipe.max_seq_len",
            Settable::GradClipNorm => "recipe.grad_clip_norm",
            Settable::Groups => "recipe.groups",
            Settable::LayerwiseLrDecay => "recipe.layerwise_lr_decay",
            Settable::LabelSmoothing => "recipe.label_smoothing",
            Settable::ClassWeights => "recipe.class_weights",
            Settable::FocalGamma => "recipe.focal_gamma",
            Settable::Ema => "recipe.ema",
            Settable::EarlyStopping => "recipe.early_stopping",
            Settable::Keep => "recipe.keep",
            Settable::Dropout => "recipe.dropout",
            Settable::Augment => "recipe.augment",
            Settable::Input => "data.columns.input",
            Settable::Exclude => "data.columns.exclude",
        }
    }

    /// What goes by this key; none: nothing that may be set.
    pub fn of(key: &str) -> Option<Settable> {
        Settable::ALL.into_iter().find(|settable| settable.key() == key)
    }

    /// Whether it means anything for such an experiment.
    fn serves(self, spec: &ExperimentSpec) -> bool {
        let (takes, head) = (spec.task.takes(), spec.task.head());
        let texts = matches!(takes, Modality::Text | Modality::TextToText);
        match self {
            Settable::Adapter => matches!(spec.model, crate::spec::ModelSpec::Pretrained { .. }) && texts,
            Settable::MaxSeqLen => texts,
            Settable::LabelSmoothing => matches!(head, HeadKind::Classes | HeadKind::Tags | HeadKind::Words),
            Settable::ClassWeights | Settable::FocalGamma => head == HeadKind::Classes,
            Settable::Augment => takes == Modality::Image,
            Settable::Input => takes == Modality::Table || spec.task == Task::TextClassification,
            Settable::Exclude => takes == Modality::Table,
            Settable::EarlyStopping | Settable::Keep => spec.data.monitor != crate::spec::Monitor::None,
            Settable::Model
            | Settable::Optimizer
            | Settable::Lr
            | Settable::Schedule
            | Settable::Length
            | Settable::BatchSize
            | Settable::GradClipNorm
            | Settable::Groups
            | Settable::LayerwiseLrDecay
            | Settable::Ema
            | Settable::Dropout => true,
        }
    }

    /// What the experiment has there, as JSON; null: nothing.
    pub fn value(self, spec: &Value) -> Value {
        spec.pointer(&format!("/{}", self.key().replace('.', "/"))).cloned().unwrap_or(Value::Null)
    }
}

/// What a search may set of such an experiment: recipe and adapter, as far as they mean anything for it.
pub fn searchable(spec: &ExperimentSpec) -> Vec<Settable> {
    let of_recipe = |settable: &Settable| match settable {
        Settable::Model | Settable::Input | Settable::Exclude => false,
        // What is held against what would be another thing.
        Settable::Adapter => spec.adapter.is_some(),
        Settable::Optimizer
        | Settable::Lr
        | Settable::Schedule
        | Settable::Length
        | Settable::BatchSize
        | Settable::MaxSeqLen
        | Settable::GradClipNorm
        | Settable::Groups
        | Settable::LayerwiseLrDecay
        | Settable::LabelSmoothing
        | Settable::ClassWeights
        | Settable::FocalGamma
        | Settable::Ema
        | Settable::EarlyStopping
        | Settable::Keep
        | Settable::Dropout
        | Settable::Augment => true,
    };
    Settable::ALL.into_iter().filter(|settable| of_recipe(settable) && settable.serves(spec)).collect()
}

/// What may be set in the experiment that the rules made of this, and what somebody has fixed, in order.
pub fn settable(goal: &Goal, wishes: &Wishes, spec: &ExperimentSpec, models: usize) -> (Vec<Settable>, Vec<Settable>) {
    let mut fixed: Vec<Settable> = Vec::new();
    match goal {
        Goal::Request(request) => fixed.extend(said(request)),
        Goal::Paper(_) => {}
    }
    // What a paper says is cited; what is not as somebody wanted it has been weighed already.
    let said = spec.citations.iter().map(|c| c.field.as_str()).chain(spec.deviations.iter().map(|d| d.field.as_str()));
    let said = said.chain(wishes.set.iter().map(|(key, _)| key.as_str())).chain(wishes.epochs.map(|_| Settable::Length.key()));
    let said: Vec<&str> = said.collect();
    let touches = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
    fixed.extend(Settable::ALL.into_iter().filter(|settable| {
        let of_model = *settable == Settable::Model;
        // Another model than the paper's is a deviation, and which one is open.
        said.iter().any(|key| !(of_model && *key == "model") && (touches(key, settable.key()) || touches(settable.key(), key)))
    }));
    let is_model_set = wishes.set.iter().any(|(key, _)| touches(key, Settable::Model.key()));
    if is_model_set || models < 2 {
        fixed.push(Settable::Model);
    }
    let of_kind =
        |settable: &Settable| settable.serves(spec) && *settable != Settable::Model || *settable == Settable::Model && models > 1;
    Settable::ALL.into_iter().filter(of_kind).partition(|settable| !fixed.contains(settable))
}

/// What was asked for by the request.
pub fn said(request: &Request) -> Vec<Settable> {
    let Request {
        // What of it is no part of a recipe.
        text: _,
        read_as: _,
        alike: _,
        answer: _,
        task: _,
        data: _,
        label: _,
        input: _,
        exclude,
        tested: _,
        tested_at: _,
        ordered_by: _,
        parted: _,
        stratified: _,
        forecasts: _,
        watched: _,
        classifies: _,
        pair: _,
        model: _,
        is_small: _,
        frozen_encoder: _,
        size: _,
        units: _,
        activation: _,
        number_loss: _,
        norm: _,
        characters: _,
        from_scratch: _,
        pretrained: _,
        max_time_secs: _,
        max_memory_bytes: _,
        max_disk_bytes: _,
        max_attempts: _,
        max_usd: _,
        tunes_rate: _,
        tunes: _,
        preparation: _,
        pasted: _,
        max_examples: _,
        data_frac: _,
        seeds: _,
        metric: _,
        further_metrics: _,
        target: _,
        error: _,
        refused: _,
        embeddings: _,
        speech: _,
        beta: _,
        papers: _,
        taken_back: _,
        not_understood: _,
        search: _,
        trials: _,
        epochs,
        steps,
        batch_size,
        micro_batch_size,
        accumulation,
        evaluate_every: _,
        lr,
        head_lr,
        times,
        min_lr,
        optimizer,
        momentum,
        nesterov,
        betas,
        eps,
        weight_decay,
        schedule,
        warmup,
        warmup_epochs,
        dropout,
        grad_clip_norm,
        grad_clip_value,
        layerwise_lr_decay,
        label_smoothing,
        ema_decay,
        patience,
        keep_best,
        best_by_loss: _,
        without,
        frozen,
        augment,
        image_size: _,
        gradient_checkpointing: _,
        num_beams: _,
        class_weights,
        given_weights,
        similarity_scale: _,
        focal_gamma,
        balanced_sampling,
        weighted_by,
        max_seq_len,
        max_target_len: _,
        adapter,
        adapter_targets: _,
        lacking,
    } = request;
    let of_optimizer =
        optimizer.is_some() || momentum.is_some() || *nesterov || weight_decay.is_some() || betas.is_some() || eps.is_some();
    let said = [
        (epochs.is_some() || steps.is_some() || times.length.is_some(), &[Settable::Length][..]),
        (
            batch_size.is_some() || micro_batch_size.is_some() || accumulation.is_some() || times.batch_size.is_some(),
            &[Settable::BatchSize],
        ),
        (lr.is_some() || times.lr.is_some(), &[Settable::Lr]),
        (head_lr.is_some() || times.head_lr.is_some(), &[Settable::Lr, Settable::Groups, Settable::Adapter]),
        (of_optimizer, &[Settable::Optimizer]),
        (
            schedule.is_some() || warmup.is_some() || warmup_epochs.is_some() || min_lr.is_some() || times.min_lr.is_some(),
            &[Settable::Schedule],
        ),
        (!exclude.is_empty(), &[Settable::Exclude]),
        (dropout.is_some(), &[Settable::Dropout]),
        (grad_clip_norm.is_some() || grad_clip_value.is_some(), &[Settable::GradClipNorm]),
        (layerwise_lr_decay.is_some(), &[Settable::LayerwiseLrDecay]),
        (label_smoothing.is_some() || focal_gamma.is_some(), &[Settable::LabelSmoothing, Settable::FocalGamma]),
        (ema_decay.is_some(), &[Settable::Ema]),
        (patience.is_some(), &[Settable::EarlyStopping, Settable::Keep]),
        (*keep_best, &[Settable::Keep]),
        (!augment.is_empty(), &[Settable::Augment]),
        (*class_weights || given_weights.is_some() || *balanced_sampling || weighted_by.is_some(), &[Settable::ClassWeights]),
        (max_seq_len.is_some(), &[Settable::MaxSeqLen]),
        (frozen.is_some(), &[Settable::Groups, Settable::Adapter]),
        (adapter.is_some(), &[Settable::Adapter]),
        // How it is trained was said, and cannot be had: nobody else decides on it.
        (
            lacking.iter().any(|lacking| !matches!(lacking.of, Lack::Hardware | Lack::Tool)),
            &[Settable::Adapter, Settable::Groups, Settable::Augment],
        ),
    ];
    let left_out = without.iter().flat_map(|what| match what {
        Without::Adapter => &[Settable::Adapter][..],
        Without::Augmentation | Without::Change { .. } => &[Settable::Augment],
        Without::EarlyStopping => &[Settable::EarlyStopping],
        Without::ClassWeights | Without::BalancedSampling => &[Settable::ClassWeights],
        Without::FocalLoss => &[Settable::FocalGamma],
        Without::Ema => &[Settable::Ema],
        Without::Clipping => &[Settable::GradClipNorm],
        Without::Freezing => &[Settable::Groups],
        Without::Search => &[],
    });
    let said = said.into_iter().filter(|(is_said, _)| *is_said).flat_map(|(_, settables)| settables.iter().copied());
    said.chain(left_out.copied()).collect()
}
