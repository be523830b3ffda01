//! Recipes for what nobody stated, each with where it comes from.

use crate::intake::OptimizerKind;
use crate::spec::{Augment, Length, Optimizer, Recipe, Schedule, Task, Warmup};
use tallow_zoo::{HeadKind, Modality, ModelConfig};

/// A recipe and its source.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Defaults {
    pub(super) recipe: Recipe,
    pub(super) source: &'static str,
}

/// What the usual recipe depends on.
pub(super) struct Case<'a> {
    pub(super) config: &'a ModelConfig,
    pub(super) pretrained: bool,
    pub(super) task: Task,
    /// A mirrored image shows the same.
    pub(super) mirror: bool,
    /// Tokens of a piece of a stream of words.
    pub(super) piece: usize,
    pub(super) examples: usize,
    /// Of pairs of texts: they have a score.
    pub(super) scored: bool,
    /// Tokens of the longest text that a model of sentences reads.
    pub(super) longest: Option<usize>,
    /// Tokens of a text of the data on average, about.
    pub(super) mean_tokens: Option<f64>,
}

/// The recipe for a model and a task.
pub(super) fn usual(case: &Case<'_>) -> Defaults {
    let params = || case.config.num_params();
    let mut defaults = match (case.config, case.pretrained) {
        (ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) | ModelConfig::WideResnet(_), false) => {
            resnet_from_scratch(case.mirror)
        }
        (ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) | ModelConfig::WideResnet(_), true) => resnet_tuning(case.mirror),
        (ModelConfig::Vit(_), false) => vit_from_scratch(case.mirror),
        (ModelConfig::Gpt2(_) | ModelConfig::Llama(_), false) => decoder_from_scratch(case.piece),
        (ModelConfig::Gpt2(_) | ModelConfig::Llama(_), true) if case.task.is_of_conversations() => {
            conversing(case.task == Task::PreferenceOptimization)
        }
        (ModelConfig::Gpt2(_) | ModelConfig::Llama(_), true) => decoder_tuning(case.piece),
        (ModelConfig::T5(_) | ModelConfig::Marian(_), true) => pair_tuning(),
        (ModelConfig::Whisper(_), true) => speech_tuning(params()),
        (ModelConfig::Whisper(config), false) => speech_from_scratch(config.d_model),
        (ModelConfig::T5(config), false) => pairs_from_scratch(config.d_model, case.examples),
        (ModelConfig::Marian(config), false) => pairs_from_scratch(config.d_model, case.examples),
        (ModelConfig::Mlp(config), _) => perceptron_from_scratch(case.examples, config.input_width()),
        (ModelConfig::Bert(config), false) => encoder_from_scratch(config.hidden_size),
        (ModelConfig::Roberta(config), false) => encoder_from_scratch(config.hidden_size),
        (ModelConfig::Electra(config), false) => encoder_from_scratch(config.hidden_size),
        (ModelConfig::Distilbert(config), false) => encoder_from_scratch(config.dim),
        (_, true) if case.task == Task::MaskedLanguageModelling => {
            let mut defaults = fine_tuning(params());
            defaults.recipe.max_seq_len = Some(case.piece);
            defaults
        }
        (_, true) if case.task == Task::SentenceSimilarity => sentence_vectors(case.scored, case.longest),
        _ if case.task == Task::QuestionAnswering => answering(params()),
        _ => fine_tuning(params()),
    };
    let reads = matches!(case.task.takes(), Modality::Text) && case.task.head() != HeadKind::Words;
    if let Some(tokens) = case.mean_tokens.filter(|_| reads && defaults.recipe.max_seq_len == Some(SHORT)) {
        defaults.recipe.max_seq_len = Some(long_enough(tokens));
    }
    defaults
}

/// Tokens of a text that are read where texts are short.
const SHORT: usize = 128;

/// Twice what texts of `mean_tokens` have on average, so that few are cut; no more than the usual encoder has positions for.
pub(super) fn long_enough(mean_tokens: f64) -> usize {
    const MOST: usize = 512;
    ((2.0 * mean_tokens.max(1.0)).min(MOST as f64) as usize).next_power_of_two().clamp(SHORT, MOST)
}

const fn adamw(weight_decay: f64) -> Optimizer {
    Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay }
}

/// Fine-tuning an encoder of so many parameters on texts. Small encoders bear higher rates: those of 1908.08962 were tuned with 3e-5 to 3e-4,
/// and a MiniLM of 23 million learns more with this one than with half of it (`benches/RESULTS.md`, "Rates of a small encoder").
fn fine_tuning(num_params: usize) -> Defaults {
    let is_small = num_params < 60_000_000;
    Defaults {
        recipe: Recipe {
            max_seq_len: Some(SHORT),
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(
                adamw(0.01),
                if is_small { 1e-4 } else { 2e-5 },
                Schedule::linear(Warmup::Frac(0.06)),
                Length::Epochs(3.0),
                32,
            )
        },
        source: if is_small {
            "1810.04805, appendix A.3, with a higher rate, which small encoders bear (1908.08962); warm-up of 6 % as in 1907.11692, table 10"
        } else {
            "1810.04805, appendix A.3; warm-up of 6 % as in 1907.11692, table 10"
        },
    }
}

/// Tuning an encoder to answer questions about texts, which are long.
fn answering(num_params: usize) -> Defaults {
    let mut defaults = fine_tuning(num_params);
    (defaults.recipe.length, defaults.recipe.max_seq_len) = (Length::Epochs(2.0), Some(384));
    defaults.source = "1810.04805, section 4.2 and appendix A.3; windows of 384 tokens as its code has them";
    defaults
}

/// Vectors of texts: of `scored` pairs, or of texts that belong together, which want large batches to find others in. `longest`: tokens
/// of the longest text that the model reads by itself.
fn sentence_vectors(scored: bool, longest: Option<usize>) -> Defaults {
    let (length, batch_size) = if scored { (Length::Epochs(4.0), 16) } else { (Length::Epochs(1.0), 64) };
    Defaults {
        recipe: Recipe {
            max_seq_len: Some(longest.unwrap_or(128)),
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(adamw(0.01), 2e-5, Schedule::linear(Warmup::Frac(0.1)), length, batch_size)
        },
        source: if scored {
            "1908.10084, section 3.1: batches of 16, 2e-5, a warm-up of 10 %; four epochs as its code has them for scores"
        } else {
            "1908.10084, section 3.1: one epoch, 2e-5, a warm-up of 10 %; batches of 64, for all else in a step is what does not belong (2104.08821)"
        },
    }
}

/// An encoder from scratch on a small data set. The rate falls with the width, as small models bear higher ones.
fn encoder_from_scratch(hidden_size: usize) -> Defaults {
    let mut defaults = fine_tuning(0);
    defaults.recipe.lr = (0.064 / hidden_size.max(1) as f64).clamp(1e-4, 1e-3);
    defaults.recipe.schedule = Schedule::linear(Warmup::Frac(0.1));
    defaults.source = "1706.03762, section 5.3: a rate that falls with the width, after a warm-up";
    defaults
}

/// A language model from scratch on a text.
fn decoder_from_scratch(piece: usize) -> Defaults {
    Defaults {
        recipe: Recipe {
            max_seq_len: Some(piece),
            grad_clip_norm: Some(1.0),
            dropout: Some(0.1),
            ..Recipe::bare(
                Optimizer::Adamw { beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.1 },
                1e-3,
                Schedule::cosine(Warmup::Frac(0.02)),
                Length::Epochs(10.0),
                16,
            )
        },
        source: "2005.14165, appendix B; a higher rate, which small models bear, and some dropout, for the text is read often",
    }
}

/// Tuning a language model that has learnt before.
fn decoder_tuning(piece: usize) -> Defaults {
    let mut defaults = decoder_from_scratch(piece);
    (defaults.recipe.lr, defaults.recipe.length, defaults.recipe.batch_size) = (5e-5, Length::Epochs(3.0), 8);
    (defaults.recipe.dropout, defaults.recipe.schedule) = (None, Schedule::linear(Warmup::Frac(0.06)));
    defaults.source = "1801.06146, section 3.2: small steps, warmed up, then linearly less";
    defaults
}

/// Answers of a language model: to tell them, or to prefer one to the other, which wants smaller steps.
fn conversing(preferred: bool) -> Defaults {
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

/// Tuning a Whisper to hear.
fn speech_tuning(num_params: usize) -> Defaults {
    Defaults {
        recipe: Recipe {
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(
                adamw(0.0),
                if num_params < 60_000_000 { 3.75e-5 } else { 2.5e-5 },
                Schedule::linear(Warmup::Frac(0.1)),
                Length::Epochs(3.0),
                16,
            )
        },
        source: "2212.04356, appendix F: AdamW, clipping, a linear schedule; of its rates a fortieth, which is usual for tuning",
    }
}

/// A model of speech from scratch. The rate falls with the width, as small models bear higher ones; at twice this one some never find where in
/// a recording they are (`benches/RESULTS.md`, "A made-up speech").
fn speech_from_scratch(width: usize) -> Defaults {
    let mut defaults = speech_tuning(0);
    defaults.recipe.lr = (0.1 / width.max(1) as f64).clamp(2e-4, 2e-3);
    defaults.recipe.length = Length::Epochs(20.0);
    defaults.source = "2212.04356, appendix F, with a higher rate, which small models bear";
    defaults
}

/// Tuning a T5 to write texts from others.
fn pair_tuning() -> Defaults {
    Defaults {
        recipe: Recipe {
            max_seq_len: Some(256),
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(adamw(0.0), 3e-4, Schedule::linear(Warmup::Frac(0.06)), Length::Epochs(3.0), 16)
        },
        source: "1910.10683, section 3.1.2, with AdamW, whose usual rate for T5 is 1e-4 to 3e-4, in place of Adafactor",
    }
}

/// A Transformer of this width that learns from scratch to write texts from others. The paper's rate is `width^-0.5 warmup^-0.5` after a
/// warm-up of 4000 steps, 7e-4 for its base model; that of a smaller one is larger, and a shorter run has a shorter warm-up.
fn pairs_from_scratch(width: usize, examples: usize) -> Defaults {
    let batch_size = 64;
    let per_epoch = examples.div_ceil(batch_size).max(1) as f64;
    Defaults {
        recipe: Recipe {
            max_seq_len: Some(128),
            grad_clip_norm: Some(1.0),
            label_smoothing: 0.1,
            dropout: Some(0.1),
            ..Recipe::bare(
                Optimizer::Adam { beta1: 0.9, beta2: 0.98, eps: 1e-9, weight_decay: 0.0 },
                (7e-4 * (512.0 / width.max(1) as f64).sqrt()).clamp(1e-4, 2e-3),
                Schedule::InverseSqrt { warmup: Warmup::Frac(0.1), timescale: None },
                Length::Epochs((4000.0 / per_epoch).round().clamp(3.0, 60.0)),
                batch_size,
            )
        },
        source: "1706.03762, sections 5.3 and 5.4, with a shorter warm-up",
    }
}

/// A perceptron on `examples` rows of a table with so many inputs each: enough steps for a small one, few enough epochs for a large one.
fn perceptron_from_scratch(examples: usize, inputs: usize) -> Defaults {
    let batch_size = if examples < 10_000 { 32 } else { 256 };
    let per_epoch = examples.div_ceil(batch_size).max(1) as f64;
    Defaults {
        recipe: Recipe {
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(
                adamw(decay_of_rows(inputs, examples)),
                1e-3,
                Schedule::cosine(Warmup::Frac(0.05)),
                Length::Epochs((1500.0 / per_epoch).round().clamp(10.0, 100.0)),
                batch_size,
            )
        },
        source: "2106.11959, section 4.4: AdamW and dropout; a weight decay that grows with the inputs for a row, as the best penalty of \
                 ridge regression does (1507.03003)",
    }
}

/// Weight decay where rows have many inputs and are few: the best penalty of ridge regression is in proportion to the inputs for a row. With
/// the usual rate the strongest forgets a weight within a hundred steps (measured in `benches/RESULTS.md`, "Wide tables"). Two digits are enough.
fn decay_of_rows(inputs: usize, rows: usize) -> f64 {
    const PER_INPUT: f64 = 60.0;
    let decay = (PER_INPUT * inputs as f64 / rows.max(1) as f64).clamp(USUAL_DECAY, 10.0);
    let unit = 10f64.powf(decay.log10().floor() - 1.0);
    ((decay / unit).round() * unit * 1e6).round() / 1e6
}

/// Weight decay that hardly tells.
const USUAL_DECAY: f64 = 0.01;

/// Sets another rate than the usual one. A default decay that is strong takes no more of the weights in a step than it did.
pub(super) fn set_rate(recipe: &mut Recipe, lr: f64) {
    const STRONG: f64 = 0.1;
    let (decay, usual) = (recipe.optimizer.weight_decay(), recipe.lr);
    recipe.lr = lr;
    if decay > STRONG && lr > usual {
        recipe.optimizer = recipe.optimizer.with_weight_decay(decay * usual / lr);
    }
}

/// A ResNet from scratch on small images; `mirror`: a mirrored image shows the same class.
fn resnet_from_scratch(mirror: bool) -> Defaults {
    let mut augment = vec![Augment::PadCrop { padding: 4 }];
    augment.extend(mirror.then_some(Augment::HorizontalFlip));
    Defaults {
        recipe: Recipe {
            augment,
            ..Recipe::bare(
                Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 },
                0.1,
                Schedule::cosine(Warmup::Frac(0.05)),
                Length::Epochs(164.0),
                128,
            )
        },
        source: "1512.03385, section 4.2; cosine decay as in 1608.03983",
    }
}

/// Tuning a ResNet that has learnt from other images: steps a tenth as long, and far fewer.
fn resnet_tuning(mirror: bool) -> Defaults {
    let mut defaults = resnet_from_scratch(mirror);
    defaults.recipe.grad_clip_norm = Some(1.0);
    defaults.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 };
    (defaults.recipe.lr, defaults.recipe.length, defaults.recipe.batch_size) = (0.01, Length::Epochs(10.0), 64);
    defaults.source = "2010.11929, appendix B.1.1, where ResNets are tuned, too: SGD with momentum, cosine decay, clipping, no decay of weights";
    defaults
}

/// A vision transformer from scratch on small images.
fn vit_from_scratch(mirror: bool) -> Defaults {
    let mut augment = vec![Augment::PadCrop { padding: 4 }];
    augment.extend(mirror.then_some(Augment::HorizontalFlip));
    let schedule = Schedule::cosine(Warmup::Frac(0.1));
    Defaults {
        recipe: Recipe {
            augment,
            grad_clip_norm: Some(1.0),
            ..Recipe::bare(adamw(0.05), 1e-3, schedule, Length::Epochs(100.0), 128)
        },
        source: "AdamW, decay and cosine of 2012.12877, table 9; its rate is for larger models, this one is that of presets/cifar10_vit.toml",
    }
}

/// An optimiser with a learning rate, for whoever asks for another than the default.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) optimizer: Optimizer,
    pub(super) lr: f64,
    pub(super) source: &'static str,
}

/// As papers and requests name it.
pub(super) fn kind_of(optimizer: &Optimizer) -> OptimizerKind {
    match optimizer {
        Optimizer::Adamw { .. } => OptimizerKind::AdamW,
        Optimizer::Sgd { .. } => OptimizerKind::Sgd,
        Optimizer::Adam { .. } => OptimizerKind::Adam,
        Optimizer::Adafactor { .. } => OptimizerKind::AdaFactor,
        Optimizer::Lion { .. } => OptimizerKind::Lion,
        Optimizer::Lamb { .. } => OptimizerKind::Lamb,
        Optimizer::Muon { .. } => OptimizerKind::Muon,
    }
}

/// The recipe's own kind of optimiser, with the rate that suits it where AdamW's is `adamw_lr`.
pub(super) fn beside_adamw(recipe: &Recipe, adamw_lr: f64) -> Option<Choice> {
    with_optimizer(kind_of(&recipe.optimizer), &Recipe { optimizer: adamw(0.0), lr: adamw_lr, ..recipe.clone() })
}

/// Another optimiser for a recipe, with what follows from AdamW's rate for it; none where the trainer has none of that kind.
pub(super) fn with_optimizer(kind: OptimizerKind, recipe: &Recipe) -> Option<Choice> {
    // Images have SGD by default, and say nothing of AdamW.
    let (adamw_lr, decay) = match recipe.optimizer {
        Optimizer::Sgd { .. } => (1e-3, 0.01),
        other => (recipe.lr, other.weight_decay()),
    };
    let (beta1, beta2, eps) = (0.9, 0.999, 1e-8);
    let (optimizer, lr, source) = match kind {
        OptimizerKind::Sgd => {
            (Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 }, 0.01, "2010.11929, appendix B.1.1")
        }
        OptimizerKind::AdamW => (adamw(decay), adamw_lr, "1412.6980, algorithm 1"),
        OptimizerKind::Adam => (Optimizer::Adam { beta1, beta2, eps, weight_decay: 0.0 }, adamw_lr, "1412.6980, algorithm 1"),
        // Its updates are as long as Adam's where they are not relative to the weights.
        OptimizerKind::AdaFactor => {
            let (decay_of_squares, square_eps, clip) = (0.8, 1e-30, 1.0);
            let optimizer = Optimizer::Adafactor {
                beta1: None,
                decay: decay_of_squares,
                eps: square_eps,
                clip,
                scale_parameter: false,
                weight_decay: 0.0,
            };
            (optimizer, adamw_lr, "1804.04235, algorithm 4, with AdamW's rate")
        }
        OptimizerKind::Lion => {
            let optimizer = Optimizer::Lion { beta1, beta2: 0.99, weight_decay: 5.0 * decay };
            (optimizer, adamw_lr / 5.0, "2302.06675, section 5: a third to a tenth of AdamW's, with as much more decay")
        }
        OptimizerKind::Lamb => {
            let optimizer = Optimizer::Lamb { beta1, beta2, eps: 1e-6, weight_decay: 0.01 };
            (optimizer, 5e-3 * (recipe.batch_size as f64 / 32_768.0).sqrt(), "1904.00962, table 4: with the root of the batch")
        }
        OptimizerKind::Muon => {
            let (momentum, lr) = (0.95, (20.0 * adamw_lr).min(0.02));
            // Steps that are so much longer would take as much more of the weights.
            let weight_decay = if decay > USUAL_DECAY { (decay * adamw_lr / lr).max(USUAL_DECAY) } else { decay };
            let optimizer = Optimizer::Muon { momentum, nesterov: true, adamw_lr, beta1, beta2: 0.95, eps: 1e-10, weight_decay };
            (optimizer, lr, "Jordan et al. 2024: at most 0.02, and far above AdamW's rate")
        }
        OptimizerKind::AdaGrad
        | OptimizerKind::AdaDelta
        | OptimizerKind::AdaMax
        | OptimizerKind::RmsProp
        | OptimizerKind::Lars
        | OptimizerKind::Lbfgs => return None,
    };
    Some(Choice { optimizer, lr, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_of_many_inputs_decay_more() {
        for (inputs, rows, expected) in
            [(12, 2000, 0.36), (2, 400, 0.3), (97, 600, 9.7), (300, 200, 10.0), (15, 1_000_000, 0.01), (0, 0, 0.01)]
        {
            assert_eq!(decay_of_rows(inputs, rows), expected, "{inputs} inputs, {rows} rows");
        }
        let Defaults { mut recipe, .. } = perceptron_from_scratch(200, 300);
        set_rate(&mut recipe, 1e-2);
        assert_eq!((recipe.lr, recipe.optimizer.weight_decay()), (1e-2, 1.0));
        set_rate(&mut recipe, 1e-4);
        assert_eq!((recipe.lr, recipe.optimizer.weight_decay()), (1e-4, 1.0));
    }
}
