//! What the planner makes of a paper, beside what the paper says: its models in the zoo, what it is silent on, its language.

use crate::intake::{PaperSpec, RankedChunks};
use crate::plan::{Shape, Silent, shapes, silences};
use serde::Serialize;

/// What the planner makes of a paper.
#[derive(Debug, Serialize)]
pub(super) struct Reading {
    /// Code of the paper's language, where it can be told.
    language: Option<String>,
    /// The paper's models as configurations of the zoo, or what is lacking.
    models: Vec<Shape>,
    /// Settings that the paper gives nowhere, with what would be taken.
    silent: Vec<Silent>,
    /// What to read first for which fields.
    chunks: Vec<RankedChunks>,
}

impl Reading {
    pub(super) fn of(spec: &PaperSpec) -> Self {
        let (language, chunks) = (spec.language.clone(), spec.chunks.clone());
        Reading { language, models: shapes(spec), silent: silences(spec), chunks }
    }

    /// The keys of `paper`, a paper's content or its fields alone, and next to them those of this.
    pub(super) fn page(&self, paper: &impl Serialize) -> serde_json::Map<String, serde_json::Value> {
        let object = |value: serde_json::Result<serde_json::Value>| match value {
            Ok(serde_json::Value::Object(object)) => object,
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        let mut page = object(serde_json::to_value(paper));
        page.extend(object(serde_json::to_value(self)));
        page
    }

    /// A paragraph each. Paper text is untrusted, so it is escaped.
    pub(super) fn in_words(&self) -> String {
        let mut lines = Vec::new();
        if let Some(language) = self.language.as_deref().filter(|language| *language != "en") {
            lines.push(format!(
                "written in another language than English ({language}): what was found is uncertain, and much is missed\n"
            ));
        }
        if !self.models.is_empty() {
            lines.push("models in the zoo:".into());
        }
        const SHOWN: usize = 12;
        lines.extend(self.models.iter().take(SHOWN).map(model_in_words));
        if self.models.len() > SHOWN {
            lines.push(format!("  and {} more", self.models.len() - SHOWN));
        }
        if !self.silent.is_empty() {
            lines.push("\nnot stated, and what a run would take:".into());
        }
        let mut last = "";
        for Silent { key, default, why } in &self.silent {
            let key = serde_json::to_value(key).ok().and_then(|key| key.as_str().map(String::from)).unwrap_or_default();
            lines.push(format!("  {key:<26} {}", default.as_deref().unwrap_or("depends on the model")));
            last = why;
        }
        if !self.silent.is_empty() {
            lines.push(format!("  ({last})"));
        }
        lines.join("\n")
    }
}

fn model_in_words(shape: &Shape) -> String {
    match shape {
        Shape::Zoo { name, family, num_params, assumed, .. } => {
            let params = crate::words::count(*num_params as f64);
            let open = if assumed.is_empty() { String::new() } else { format!("\n      assumed: {}", assumed.join("; ")) };
            format!("  {}: {family}, {params} parameters{open}", name.escape_debug())
        }
        Shape::Open { name, family, lacks } => format!("  {}: {family}, open: {lacks}", name.escape_debug()),
        Shape::Lacking { name, lacks } => format!("  {}: the zoo lacks {lacks}", name.escape_debug()),
    }
}
