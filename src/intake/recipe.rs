//! The recipe that a paper gives for one phase and data set, out of all it says.

use super::{Field, FieldKey, PaperSpec, Phase, Scope};
use crate::intake::extract::{is_member, same_dataset, same_model};

/// What a recipe is wanted for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub phase: Option<Phase>,
    /// `SST-2`; what the paper says of its suite (GLUE) counts too, a little less.
    pub dataset: Option<&'a str>,
    /// `ResNet-20`; what the paper says of another variant is the last resort.
    pub variant: Option<&'a str>,
}

/// The best statement of each kind; none where the paper is silent. Each field shows its own scope, so that a value which the paper
/// gives for another phase can be told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PaperRecipe<'a> {
    pub optimizer: Option<&'a Field>,
    pub lr: Option<&'a Field>,
    pub beta1: Option<&'a Field>,
    pub beta2: Option<&'a Field>,
    pub eps: Option<&'a Field>,
    pub momentum: Option<&'a Field>,
    pub weight_decay: Option<&'a Field>,
    pub schedule: Option<&'a Field>,
    pub warmup: Option<&'a Field>,
    pub batch_size: Option<&'a Field>,
    pub epochs: Option<&'a Field>,
    pub steps: Option<&'a Field>,
    pub dropout: Option<&'a Field>,
    pub label_smoothing: Option<&'a Field>,
    pub grad_clip_norm: Option<&'a Field>,
    pub max_seq_len: Option<&'a Field>,
    pub augmentation: Option<&'a Field>,
}

impl PaperSpec {
    /// The best field of a key for what is wanted: one that speaks of just that before a general one, never one that speaks of
    /// another phase or data set.
    pub fn best(&self, key: FieldKey, wanted: &Wanted<'_>) -> Option<&Field> {
        let mut best: Option<(u32, &Field)> = None;
        for field in self.all(key) {
            // The first of equals wins, for fields stand in the order of their confidence.
            if let Some(fit) = fit(&field.scope, wanted).filter(|fit| best.is_none_or(|(other, _)| *fit > other)) {
                best = Some((fit, field));
            }
        }
        best.map(|(_, field)| field)
    }

    /// The recipe for what is wanted. What papers keep from one phase to the next (optimiser, its constants, dropout, length) is taken
    /// from the other phase if this one is silent.
    pub fn recipe(&self, wanted: &Wanted<'_>) -> PaperRecipe<'_> {
        let own = |key| self.best(key, wanted);
        let anywhere = Wanted { phase: None, ..wanted.clone() };
        let kept = |key| own(key).or_else(|| self.best(key, &anywhere));
        PaperRecipe {
            optimizer: kept(FieldKey::Optimizer),
            lr: own(FieldKey::Lr),
            beta1: kept(FieldKey::Beta1),
            beta2: kept(FieldKey::Beta2),
            eps: kept(FieldKey::Eps),
            momentum: kept(FieldKey::Momentum),
            weight_decay: kept(FieldKey::WeightDecay),
            schedule: kept(FieldKey::Schedule),
            warmup: own(FieldKey::Warmup),
            batch_size: own(FieldKey::BatchSize),
            epochs: own(FieldKey::Epochs),
            steps: own(FieldKey::Steps),
            dropout: kept(FieldKey::Dropout),
            label_smoothing: own(FieldKey::LabelSmoothing),
            grad_clip_norm: own(FieldKey::GradClipNorm),
            max_seq_len: kept(FieldKey::MaxSeqLen),
            augmentation: own(FieldKey::Augmentation),
        }
    }

    /// Reported numbers on a data set, the most trusted first.
    pub fn results_on<'a>(&'a self, dataset: &'a str) -> impl Iterator<Item = (&'a super::ReportedResult, &'a Field)> {
        self.results().filter(move |(result, _)| same_dataset(&result.dataset, dataset))
    }
}

impl Scope {
    /// Whether what is said may be said of the model `variant`: it names it, or none at all.
    pub fn concerns_model(&self, variant: Option<&str>) -> bool {
        self.variant.as_deref().is_none_or(|of| variant.is_some_and(|variant| same_model(of, variant)))
    }

    /// Whether what is said may be said of `dataset`: it names it, its suite, or no data set at all.
    pub fn concerns(&self, dataset: &str) -> bool {
        self.datasets.is_empty() || self.datasets.iter().any(|d| same_dataset(d, dataset) || is_member(dataset, d))
    }
}

/// How well a scope fits; none if it speaks of something else.
fn fit(scope: &Scope, wanted: &Wanted<'_>) -> Option<u32> {
    let phase = match (scope.phase, wanted.phase) {
        (Some(a), Some(b)) if a == b => 8,
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => 2,
        (Some(Phase::PreTraining), None) => 0,
        (_, None) => 3,
    };
    let dataset = match wanted.dataset {
        _ if scope.datasets.is_empty() => 2,
        None => 0,
        Some(wanted) if scope.datasets.iter().any(|d| same_dataset(d, wanted)) => 5,
        Some(wanted) if scope.datasets.iter().any(|d| is_member(wanted, d)) => 4,
        Some(_) => return None,
    };
    let variant = match (scope.variant.as_deref(), wanted.variant) {
        (Some(a), Some(b)) if same_model(a, b) => 2,
        (Some(_), _) => 0,
        (None, _) => 1,
    };
    Some(phase * 100 + dataset * 10 + variant)
}
