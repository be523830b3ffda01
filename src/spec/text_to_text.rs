//! How one text is read and another written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What there is to say of texts that are written from others, besides the recipe; `recipe.max_seq_len` is the longest source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TextToText {
    /// Stands before every source: `translate English to German: ` (1910.10683, appendix D).
    pub prefix: String,
    /// Longest target in tokens, its end included; longer ones are cut, and counted, and no longer text is written. None: as
    /// `recipe.max_seq_len`.
    #[schemars(extend("minimum" = 2))]
    pub max_target_len: Option<usize>,
    /// Texts that are gone on with at a time where what is scored is written; 1: the likeliest word each time.
    #[schemars(extend("minimum" = 1, "maximum" = 100))]
    pub num_beams: usize,
    /// A text's score is the sum of its words' log-probabilities over its length to this power.
    #[schemars(extend("minimum" = -10, "maximum" = 10))]
    pub length_penalty: f64,
}

impl Default for TextToText {
    fn default() -> Self {
        TextToText { prefix: String::new(), max_target_len: None, num_beams: 1, length_penalty: 1.0 }
    }
}
