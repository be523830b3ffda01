//! What papers choose among, as far as it has a name here: optimisers, schedules, families of architectures.

use super::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    Sgd,
    Adam,
    AdamW,
    AdaGrad,
    AdaDelta,
    AdaMax,
    AdaFactor,
    RmsProp,
    Lamb,
    Lars,
    Lion,
    Muon,
    Lbfgs,
}

impl OptimizerKind {
    /// The usual spelling.
    pub const fn name(self) -> &'static str {
        match self {
            OptimizerKind::Sgd => "SGD",
            OptimizerKind::Adam => "Adam",
            OptimizerKind::AdamW => "AdamW",
            OptimizerKind::AdaGrad => "AdaGrad",
            OptimizerKind::AdaDelta => "AdaDelta",
            OptimizerKind::AdaMax => "AdaMax",
            OptimizerKind::AdaFactor => "Adafactor",
            OptimizerKind::RmsProp => "RMSProp",
            OptimizerKind::Lamb => "LAMB",
            OptimizerKind::Lars => "LARS",
            OptimizerKind::Lion => "Lion",
            OptimizerKind::Muon => "Muon",
            OptimizerKind::Lbfgs => "L-BFGS",
        }
    }
}

/// How the learning rate goes after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScheduleShape {
    Constant,
    Linear,
    Cosine,
    /// Half a cosine again and again; how often, where it is said.
    CosineRestarts {
        cycles: Option<u32>,
    },
    Polynomial {
        power: Option<f64>,
    },
    OneCycle,
    /// Warm-up, stable, decay.
    Wsd,
    Exponential,
    InverseSqrt,
    /// Divided by `divisor` at each of these steps or epochs (`unit`); empty where the paper names none.
    Milestones {
        at: Vec<f64>,
        unit: Option<Unit>,
        divisor: Option<f64>,
    },
    /// Divided by `divisor` after each `every` steps or epochs (`unit`).
    Staircase {
        every: f64,
        unit: Unit,
        divisor: Option<f64>,
    },
    /// Divided by `divisor` whenever the error stops falling.
    Plateau {
        divisor: Option<f64>,
    },
}

impl fmt::Display for ScheduleShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |divisor: &Option<f64>| divisor.map_or(String::new(), |d| format!(", divided by {d}"));
        match self {
            ScheduleShape::Constant => f.write_str("constant"),
            ScheduleShape::Linear => f.write_str("linear decay"),
            ScheduleShape::Cosine => f.write_str("cosine decay"),
            ScheduleShape::CosineRestarts { cycles: None } => f.write_str("cosine decay with restarts"),
            ScheduleShape::CosineRestarts { cycles: Some(cycles) } => write!(f, "cosine decay in {cycles} cycles"),
            ScheduleShape::Polynomial { power: None } => f.write_str("polynomial decay"),
            ScheduleShape::Polynomial { power: Some(power) } => write!(f, "polynomial decay of power {power}"),
            ScheduleShape::OneCycle => f.write_str("one cycle"),
            ScheduleShape::Wsd => f.write_str("tri-stage: warm-up, stable, decay"),
            ScheduleShape::Exponential => f.write_str("exponential decay"),
            ScheduleShape::InverseSqrt => f.write_str("inverse square root decay"),
            ScheduleShape::Plateau { divisor } => write!(f, "reduce on plateau{}", by(divisor)),
            ScheduleShape::Staircase { every, unit, divisor } => {
                // A small fall again and again is what an exponential is made of.
                match divisor.filter(|divisor| *divisor < 2.0) {
                    Some(divisor) => write!(f, "exponential decay, times {}", (1e4 / divisor).round() / 1e4)?,
                    None => write!(f, "step decay{}", by(divisor))?,
                }
                let one = if *unit == Unit::Epochs { "epoch" } else { "step" };
                if *every == 1.0 { write!(f, " every {one}") } else { write!(f, " every {every} {one}s") }
            }
            ScheduleShape::Milestones { at, unit, divisor } => {
                write!(f, "step decay{}", by(divisor))?;
                let (unit, times) = match unit {
                    Some(Unit::Epochs) => ("epochs", 1.0),
                    Some(Unit::Fraction) => ("% of all steps", 100.0),
                    _ => ("steps", 1.0),
                };
                let at: Vec<String> = at.iter().map(|at| ((at * times * 1e6).round() / 1e6).to_string()).collect();
                if at.is_empty() { Ok(()) } else { write!(f, " at {} {unit}", at.join(" and ")) }
            }
        }
    }
}

/// Families of architectures that papers build on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    Bert,
    Roberta,
    Gpt2,
    Llama,
    T5,
    Vit,
    Resnet,
    Transformer,
    Lora,
    Dora,
    Lstm,
    Cnn,
    Mlp,
    LogisticRegression,
    Distilbert,
    Electra,
    Deberta,
    Albert,
    Bart,
    Gpt3,
    Whisper,
    WideResnet,
    Vgg,
    Densenet,
    Efficientnet,
    Mobilenet,
    Convnext,
    Swin,
    Clip,
    Unet,
    Diffusion,
    Gan,
    Vae,
    GraphNetwork,
    Gru,
    Mamba,
    MixtureOfExperts,
    Xlnet,
    Wav2vec2,
    Tabnet,
}

impl Family {
    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Bert => "bert",
            Family::Roberta => "roberta",
            Family::Gpt2 => "gpt2",
            Family::Llama => "llama",
            Family::T5 => "t5",
            Family::Vit => "vit",
            Family::Resnet => "resnet",
            Family::Transformer => "transformer",
            Family::Lora => "lora",
            Family::Dora => "dora",
            Family::Lstm => "lstm",
            Family::Cnn => "cnn",
            Family::Mlp => "mlp",
            Family::LogisticRegression => "logistic regression",
            Family::Distilbert => "distilbert",
            Family::Electra => "electra",
            Family::Deberta => "deberta",
            Family::Albert => "albert",
            Family::Bart => "bart",
            Family::Gpt3 => "gpt3",
            Family::Whisper => "whisper",
            Family::WideResnet => "wide resnet",
            Family::Vgg => "vgg",
            Family::Densenet => "densenet",
            Family::Efficientnet => "efficientnet",
            Family::Mobilenet => "mobilenet",
            Family::Convnext => "convnext",
            Family::Swin => "swin",
            Family::Clip => "clip",
            Family::Unet => "u-net",
            Family::Diffusion => "diffusion",
            Family::Gan => "gan",
            Family::Vae => "vae",
            Family::GraphNetwork => "graph network",
            Family::Gru => "gru",
            Family::Mamba => "mamba",
            Family::MixtureOfExperts => "mixture of experts",
            Family::Xlnet => "xlnet",
            Family::Wav2vec2 => "wav2vec2",
            Family::Tabnet => "tabnet",
        }
    }
}
