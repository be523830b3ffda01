//! What makes vectors of texts near or far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What vectors of texts are trained by. All of these are of the cosine of two vectors, and of a step's examples together, however
/// the step is cut into forward passes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Similarity {
    /// Of pairs with a score: the cosine is to be the score, by the mean squared error (1908.10084, section 3).
    Cosine {
        /// The scores that mean 0 and 1; none: as they are where all lie within -1 and 1, else the least and the greatest of the
        /// training split.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score_range: Option<[f64; 2]>,
    },
    /// Of pairs with a score: cosines are to be in the order of the scores (CoSENT).
    Cosent {
        #[serde(default = "scale")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 300))]
        scale: f64,
    },
    /// Of texts that belong together: of all second texts of a step, and of the negatives of all, the first text is to choose its
    /// own, by the cross entropy of cosines times `scale` (1705.00652, section 4.4; 1807.03748).
    Contrastive {
        #[serde(default = "scale")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1000))]
        scale: f64,
    },
}

/// That of the `sentence-transformers` library: a temperature of 0.05, as 2104.08821 has it.
fn scale() -> f64 {
    20.0
}

impl Similarity {
    /// The usual for pairs with a score, or for texts that belong together.
    pub fn usual(scored: bool) -> Self {
        if scored { Similarity::Cosine { score_range: None } } else { Similarity::Contrastive { scale: scale() } }
    }

    /// Whether it is for pairs with a score.
    pub fn is_of_scores(self) -> bool {
        match self {
            Similarity::Cosine { .. } | Similarity::Cosent { .. } => true,
            Similarity::Contrastive { .. } => false,
        }
    }

    /// As an experiment file has it.
    pub fn name(self) -> &'static str {
        match self {
            Similarity::Cosine { .. } => "cosine",
            Similarity::Cosent { .. } => "cosent",
            Similarity::Contrastive { .. } => "contrastive",
        }
    }

    /// The cosine that a score stands for.
    pub fn cosine_of(self, score: f64) -> f64 {
        match self {
            Similarity::Cosine { score_range: Some([low, high]) } => (score - low) / (high - low),
            Similarity::Cosine { score_range: None } | Similarity::Cosent { .. } | Similarity::Contrastive { .. } => score,
        }
    }

    /// The scores that mean 0 and 1 where those from `least` to `most` are found and nobody said what they mean; none: the scores
    /// are cosines as they are, or all alike.
    pub fn range_of([least, most]: [f64; 2]) -> Option<[f64; 2]> {
        (!(least >= -1.0 && most <= 1.0) && least < most).then_some([least, most])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_mean_cosines() {
        assert_eq!(Similarity::range_of([0.0, 1.0]), None);
        assert_eq!(Similarity::range_of([-0.5, 0.5]), None);
        assert_eq!(Similarity::range_of([3.0, 3.0]), None);
        assert_eq!(Similarity::range_of([1.0, 5.0]), Some([1.0, 5.0]));
        let cosine = |score_range, score| Similarity::Cosine { score_range }.cosine_of(score);
        assert_eq!((cosine(Some([1.0, 5.0]), 4.0), cosine(None, 0.3)), (0.75, 0.3));
    }
}
