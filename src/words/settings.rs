//! Settings of an experiment in words.

use super::{clean, count, plain, shortest};
use crate::job::Writing;
use crate::spec::{
    AdapterSpec, Augment, ClassWeights, Decay, EarlyStopping, Ema, Group, Length, NumberLoss, Optimizer, Schedule, Similarity,
    Warmup,
};
use tallow_zoo::BaseWeights;

pub(crate) fn adapter(adapter: &AdapterSpec) -> String {
    let AdapterSpec { rank, alpha, dropout, target_modules, use_rslora, use_dora, base } = adapter;
    let kind = match (use_dora, use_rslora) {
        (false, false) => "LoRA",
        (false, true) => "rsLoRA",
        (true, false) => "DoRA",
        (true, true) => "DoRA (scaled as rsLoRA)",
    };
    let base = if *base == Some(BaseWeights::AsStored) { ", beside weights held as they are stored" } else { "" };
    format!("{kind} of rank {rank}, alpha {}, dropout {}, on {}{base}", plain(*alpha), plain(*dropout), target_modules.join(", "))
}

pub(crate) fn optimizer(optimizer: &Optimizer) -> String {
    let mut constants: Vec<(&str, f64)> = Vec::new();
    let mut name = optimizer.name().to_string();
    match optimizer {
        Optimizer::Adamw { beta1, beta2, eps, .. }
        | Optimizer::Adam { beta1, beta2, eps, .. }
        | Optimizer::Lamb { beta1, beta2, eps, .. } => {
            name.push_str(&format!(", betas {} and {}", plain(*beta1), plain(*beta2)));
            constants.push(("eps", *eps));
        }
        Optimizer::Sgd { momentum, nesterov, .. } => {
            let kind = if *nesterov { "Nesterov momentum" } else { "momentum" };
            name.push_str(&format!(" with {kind} {}", plain(*momentum)));
        }
        Optimizer::Adafactor { beta1, decay, clip, scale_parameter, .. } => {
            constants.extend(beta1.map(|beta1| ("momentum", beta1)));
            constants.extend([("decay", *decay), ("updates clipped at", *clip)]);
            if *scale_parameter {
                name.push_str(", rates relative to the weights");
            }
        }
        Optimizer::Lion { beta1, beta2, .. } => name.push_str(&format!(", betas {} and {}", plain(*beta1), plain(*beta2))),
        Optimizer::Muon { momentum, nesterov, adamw_lr, beta1, beta2, .. } => {
            let kind = if *nesterov { "Nesterov momentum" } else { "momentum" };
            let beside = format!("AdamW at {}, betas {} and {}", plain(*adamw_lr), plain(*beta1), plain(*beta2));
            name.push_str(&format!(" with {kind} {} for hidden matrices, {beside} for the rest", plain(*momentum)));
        }
    }
    constants.push(("weight decay", optimizer.weight_decay()));
    constants.iter().fold(name, |name, (what, value)| format!("{name}, {what} {}", plain(*value)))
}

pub(crate) fn schedule(schedule: &Schedule) -> String {
    let share = |frac: f64| format!("{} %", shortest(frac * 100.0, 2));
    let to = |min: &f64| if *min == 0.0 { "to 0".to_string() } else { format!("to {} of the rate", share(*min)) };
    let shape = match schedule {
        Schedule::Constant { .. } => "constant".to_string(),
        Schedule::Linear { min_lr_frac, .. } => format!("linear {}", to(min_lr_frac)),
        Schedule::Cosine { min_lr_frac, .. } => format!("cosine {}", to(min_lr_frac)),
        Schedule::CosineRestarts { cycles, min_lr_frac, .. } => format!("{cycles} cosines {}", to(min_lr_frac)),
        Schedule::Polynomial { power, min_lr_frac, .. } => format!("a power of {} {}", plain(*power), to(min_lr_frac)),
        Schedule::Step { at_frac, factor, .. } => {
            let places: Vec<String> = at_frac.iter().map(|frac| share(*frac)).collect();
            format!("times {} at {} of steps", plain(*factor), places.join(", "))
        }
        Schedule::OneCycle { div_factor, final_div_factor, .. } => {
            format!("one cycle, up from 1/{} and down to 1/{}", plain(*div_factor), plain(div_factor * final_div_factor))
        }
        Schedule::Wsd { decay_frac, decay, min_lr_frac, .. } => {
            let how = match decay {
                Decay::Linear => "linear",
                Decay::Cosine => "cosine",
                Decay::OneMinusSqrt => "1 - sqrt",
            };
            format!("stable, then {how} {} over the last {} of steps", to(min_lr_frac), share(*decay_frac))
        }
        Schedule::InverseSqrt { timescale, .. } => {
            let scale = timescale.map_or(String::new(), |steps| format!(" over {} steps", count(steps as f64)));
            format!("inverse square root{scale}")
        }
        Schedule::Exponential { end_frac, .. } => format!("exponential {}", to(end_frac)),
    };
    match schedule.warmup() {
        Warmup::Steps(0) | Warmup::Frac(0.0) => shape,
        warmup => format!("{shape}, warm-up {}", self::warmup(&warmup)),
    }
}

pub(crate) fn warmup(warmup: &Warmup) -> String {
    match warmup {
        Warmup::Steps(steps) => format!("{} steps", count(*steps as f64)),
        Warmup::Frac(frac) => format!("{} % of steps", shortest(frac * 100.0, 2)),
    }
}

/// None where it is the usual one.
pub(crate) fn number_loss(loss: &NumberLoss) -> Option<String> {
    match loss {
        NumberLoss::Squared => None,
        NumberLoss::Absolute => Some("absolute error".into()),
        NumberLoss::Huber { delta } => Some(format!("Huber's, linear beyond {}", plain(*delta))),
    }
}

pub(crate) fn class_weights(weights: &ClassWeights) -> String {
    match weights {
        ClassWeights::Balanced => "as if classes were equally frequent".into(),
        ClassWeights::Given { weights } => weights.iter().map(|w| plain(*w)).collect::<Vec<_>>().join(", "),
    }
}

pub(crate) fn similarity(loss: &Similarity) -> String {
    match loss {
        Similarity::Cosine { score_range: None } => "mean squared error of cosines from scores".into(),
        Similarity::Cosine { score_range: Some([low, high]) } => {
            format!("mean squared error of cosines from scores, {} meaning 0 and {} meaning 1", plain(*low), plain(*high))
        }
        Similarity::Cosent { scale } => format!("the order of cosines (CoSENT, scale {})", plain(*scale)),
        Similarity::Contrastive { scale } => {
            format!("choosing what belongs to it among all of a step (cosines times {})", plain(*scale))
        }
    }
}

pub(crate) fn ema(ema: &Ema) -> String {
    let warmup = if ema.warmup { ", less at first" } else { "" };
    let used = if ema.evaluate { "" } else { "; not used" };
    format!("decay {}{warmup}{used}", plain(ema.decay))
}

pub(crate) fn early_stopping(stopping: &EarlyStopping) -> String {
    let better = if stopping.min_delta == 0.0 { String::new() } else { format!(" by more than {}", plain(stopping.min_delta)) };
    match stopping.patience {
        1 => format!("after an evaluation that is not better{better}"),
        n => format!("after {n} evaluations on end that are not better{better}"),
    }
}

/// What holds for some parameters alone, a phrase a group.
pub(crate) fn groups(groups: &[Group]) -> String {
    let phrase = |group: &Group| {
        let mut parts = Vec::new();
        if group.frozen {
            return format!("`{}` frozen", clean(&group.pattern));
        }
        if group.lr_scale != 1.0 {
            parts.push(format!("rate times {}", plain(group.lr_scale)));
        }
        parts.extend(group.weight_decay.map(|decay| format!("weight decay {}", plain(decay))));
        let what = if parts.is_empty() { "as the rest".to_string() } else { parts.join(" and ") };
        format!("`{}` {what}", clean(&group.pattern))
    };
    groups.iter().map(phrase).collect::<Vec<String>>().join("; ")
}

pub(crate) fn length(length: &Length) -> String {
    match length {
        Length::Epochs(1.0) => "1 epoch".into(),
        Length::Epochs(epochs) => format!("{} epochs", plain(*epochs)),
        Length::Steps(steps) => format!("{} steps", count(*steps as f64)),
    }
}

pub(crate) fn augment(augment: &[Augment]) -> String {
    let word = |a: &Augment| match a {
        Augment::PadCrop { padding } => format!("pad by {padding} and crop back at random"),
        Augment::HorizontalFlip => "flip left and right at random".into(),
        Augment::RandomResizedCrop { min_area, max_area, max_ratio } => {
            format!(
                "a part of {} to {} of the area, sides up to 1 : {}",
                plain(*min_area),
                plain(*max_area),
                shortest(*max_ratio, 2)
            )
        }
        Augment::Rotation { degrees } => format!("turn by up to {} degrees", plain(*degrees)),
        Augment::ColorJitter { brightness, contrast, saturation, hue } => {
            let [b, c, s, h] = [brightness, contrast, saturation, hue].map(|v| plain(*v));
            format!("colours: brightness {b}, contrast {c}, saturation {s}, hue {h}")
        }
        Augment::RandAugment { ops, magnitude } => format!("RandAugment of {ops} operations, magnitude {magnitude}"),
        Augment::RandomErasing { p, min_area, max_area, .. } => {
            format!("erase {} to {} of the area with probability {}", plain(*min_area), plain(*max_area), plain(*p))
        }
        Augment::Mixup { alpha } => format!("mixup, alpha {}", plain(*alpha)),
        Augment::Cutmix { alpha } => format!("cutmix, alpha {}", plain(*alpha)),
    };
    augment.iter().map(word).collect::<Vec<String>>().join("; ")
}

/// How texts are written that are compared with others.
pub(crate) fn writing(writing: &Writing) -> String {
    let how = match writing.num_beams {
        0 | 1 => "the likeliest word each time".to_string(),
        beams => format!("{beams} beams, length penalty {}", plain(writing.length_penalty)),
    };
    format!("{how}, at most {} tokens", writing.max_new_tokens)
}
