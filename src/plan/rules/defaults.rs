//! Recipes for what nobody stated, each with where it comes from.

use crate::spec::{Augment, Length, Optimizer, Recipe, Schedule, Warmup};

/// A recipe and its source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Defaults {
    pub(super) recipe: Recipe,
    pub(super) source: &'static str,
}

const fn adamw(weight_decay: f64) -> Optimizer {
    Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay }
}

/// Fine-tuning an encoder of so many parameters on texts. Small encoders want the upper end of the usual range.
pub(super) fn fine_tuning(num_params: usize) -> Defaults {
    Defaults {
        recipe: Recipe {
            optimizer: adamw(0.01),
            lr: if num_params < 60_000_000 { 5e-5 } else { 2e-5 },
            schedule: Schedule::Linear { warmup: Warmup::Frac(0.06) },
            length: Length::Epochs(3.0),
            batch_size: 32,
            micro_batch_size: None,
            max_seq_len: Some(128),
            grad_clip_norm: Some(1.0),
            dropout: None,
            augment: vec![],
        },
        source: "1810.04805, appendix A.3; warm-up of 6 % as in 1907.11692, table 10",
    }
}

/// Tuning an encoder to answer questions about texts, which are long.
pub(super) fn answering(num_params: usize) -> Defaults {
    let mut defaults = fine_tuning(num_params);
    (defaults.recipe.length, defaults.recipe.max_seq_len) = (Length::Epochs(2.0), Some(384));
    defaults.source = "1810.04805, section 4.2 and appendix A.3; windows of 384 tokens as its code has them";
    defaults
}

/// An encoder from scratch on a small data set. The rate falls with the width, as small models bear higher ones.
pub(super) fn encoder_from_scratch(hidden_size: usize) -> Defaults {
    let mut defaults = fine_tuning(0);
    defaults.recipe.lr = (0.064 / hidden_size.max(1) as f64).clamp(1e-4, 1e-3);
    defaults.recipe.schedule = Schedule::Linear { warmup: Warmup::Frac(0.1) };
    defaults.source = "1706.03762, section 5.3: a rate that falls with the width, after a warm-up";
    defaults
}

/// A language model from scratch on a text.
pub(super) fn decoder_from_scratch(piece: usize) -> Defaults {
    Defaults {
        recipe: Recipe {
            optimizer: Optimizer::Adamw { beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.1 },
            lr: 1e-3,
            schedule: Schedule::Cosine { warmup: Warmup::Frac(0.02) },
            length: Length::Epochs(10.0),
            batch_size: 16,
            micro_batch_size: None,
            max_seq_len: Some(piece),
            grad_clip_norm: Some(1.0),
            dropout: Some(0.1),
            augment: vec![],
        },
        source: "2005.14165, appendix B; a higher rate, which small models bear, and some dropout, for the text is read often",
    }
}

/// Tuning a language model that has learnt before.
pub(super) fn decoder_tuning(piece: usize) -> Defaults {
    let mut defaults = decoder_from_scratch(piece);
    (defaults.recipe.lr, defaults.recipe.length, defaults.recipe.batch_size) = (5e-5, Length::Epochs(3.0), 8);
    (defaults.recipe.dropout, defaults.recipe.schedule) = (None, Schedule::Linear { warmup: Warmup::Frac(0.06) });
    defaults.source = "1801.06146, section 3.2: small steps, warmed up, then linearly less";
    defaults
}

/// Answers of a language model: to tell them, or to prefer one to the other, which wants smaller steps.
pub(super) fn conversing(preferred: bool) -> Defaults {
    let mut defaults = decoder_tuning(512);
    (defaults.recipe.length, defaults.recipe.optimizer) = (Length::Epochs(if preferred { 1.0 } else { 3.0 }), adamw(0.0));
    defaults.recipe.lr = if preferred { 1e-5 } else { 2e-5 };
    defaults.source = if preferred {
        "2305.18290, appendix B, with larger steps for smaller batches"
    } else {
        "2203.02155, appendix C, with larger steps for smaller models"
    };
    defaults
}

/// A perceptron on `examples` rows of a table: enough steps for a small one, few enough epochs for a large one.
pub(super) fn perceptron_from_scratch(examples: usize) -> Defaults {
    let batch_size = if examples < 10_000 { 32 } else { 256 };
    let per_epoch = examples.div_ceil(batch_size).max(1) as f64;
    Defaults {
        recipe: Recipe {
            optimizer: adamw(0.01),
            lr: 1e-3,
            schedule: Schedule::Cosine { warmup: Warmup::Frac(0.05) },
            length: Length::Epochs((1500.0 / per_epoch).round().clamp(10.0, 100.0)),
            batch_size,
            micro_batch_size: None,
            max_seq_len: None,
            grad_clip_norm: Some(1.0),
            dropout: None,
            augment: vec![],
        },
        source: "2106.11959, section 4.4: AdamW and dropout",
    }
}

/// A ResNet from scratch on small images; `mirror`: a mirrored image shows the same class.
pub(super) fn resnet_from_scratch(mirror: bool) -> Defaults {
    let mut augment = vec![Augment::PadCrop { padding: 4 }];
    augment.extend(mirror.then_some(Augment::HorizontalFlip));
    Defaults {
        recipe: Recipe {
            optimizer: Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 },
            lr: 0.1,
            schedule: Schedule::Cosine { warmup: Warmup::Frac(0.05) },
            length: Length::Epochs(164.0),
            batch_size: 128,
            micro_batch_size: None,
            max_seq_len: None,
            grad_clip_norm: None,
            dropout: None,
            augment,
        },
        source: "1512.03385, section 4.2; cosine decay as in 1608.03983",
    }
}

/// An optimiser with a learning rate, for whoever asks for another than the default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) optimizer: Optimizer,
    pub(super) lr: f64,
    pub(super) source: &'static str,
}

/// Fine-tuning a transformer with SGD.
pub(super) fn sgd_for_tuning() -> Choice {
    let optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    Choice { optimizer, lr: 0.01, source: "2010.11929, appendix B.1.1" }
}

/// Images with AdamW.
pub(super) fn adamw_for_images() -> Choice {
    Choice { optimizer: adamw(0.01), lr: 1e-3, source: "1412.6980, algorithm 1" }
}
