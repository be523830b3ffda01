//! How a model writes conversations: what comes of a model's folder, and what the worker that prepares them needs.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A model's chat template and the tokens that it names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatFormat {
    /// Jinja, as `chat_template.jinja` or `tokenizer_config.json` has it; none: ChatML.
    pub template: Option<String>,
    /// `bos_token`, `eos_token` and the like, by name.
    pub tokens: BTreeMap<String, String>,
}
