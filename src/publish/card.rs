//! The model card: YAML front matter that the Hub reads, then a page for people. Every number is the report's.

use crate::data::PairKind;
use crate::plan::{self, Plan};
use crate::report::{Report, markdown};
use crate::spec::{DataSource, ModelSpec, Task};
use crate::words::{clean, count};
use std::fmt::Write;

/// The README.md of a model folder.
pub fn card(plan: &Plan, report: &Report) -> String {
    let mut out = front_matter(plan, report);
    // The page's own title becomes the card's.
    out.push_str(&markdown(report));
    if plan.spec.task == Task::SentenceSimilarity {
        out.push_str(SENTENCE_USE);
    }
    put(&mut out, format_args!("## Licence\n\n{}\n\n## Files\n\n{}\n", license_note(plan), files(plan)));
    out
}

fn files(plan: &Plan) -> &'static str {
    if plan.spec.adapter.is_some() { ADAPTER_FILES } else { FILES }
}

/// How vectors are had.
const SENTENCE_USE: &str = "## Use

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(\"path/to/this/folder\")
vectors = model.encode([\"How is the weather today?\", \"Is it sunny outside?\"])
print(model.similarity(vectors, vectors))
```

";

const ADAPTER_FILES: &str = "`adapter_model.safetensors` and `adapter_config.json` are an adapter as the `peft` library has it, to be \
loaded beside the base model; `tallow merge` makes one model of both. `training.toml` is the whole experiment: \
`tallow train training.toml` runs it again.";

const FILES: &str = "`model.safetensors` and `config.json` have the names and keys of the public model, so other libraries \
load them. `training.toml` is the whole experiment: `tallow train training.toml` runs it again.";

fn front_matter(plan: &Plan, report: &Report) -> String {
    let mut yaml = String::from("---\n");
    match license(plan) {
        License::Known(name) => put(&mut yaml, format_args!("license: {name}\n")),
        License::Other(stated) => put(&mut yaml, format_args!("license: other\nlicense_name: {}\n", quoted(&stated))),
        License::Unknown | License::NoBase => {}
    }
    if plan.spec.task == Task::SentenceSimilarity {
        yaml.push_str("library_name: sentence-transformers\n");
    } else if matches!(plan.facts.model.config.family(), "bert" | "gpt2" | "llama" | "marian" | "t5") {
        yaml.push_str("library_name: transformers\n");
    }
    put(&mut yaml, format_args!("pipeline_tag: {}\ntags:\n- tallow\n", pipeline_tag(plan)));
    if plan.spec.task == Task::SentenceSimilarity {
        yaml.push_str("- sentence-transformers\n- feature-extraction\n");
    }
    if let Some(base) = base_model(plan) {
        put(&mut yaml, format_args!("base_model: {}\n", quoted(base)));
    }
    let dataset = match &plan.spec.data.source {
        DataSource::Hub { id, config, revision } => {
            Some((id, config.as_ref(), revision.as_ref().or(plan.facts.data.revision.as_ref())))
        }
        _ => None,
    };
    if let Some((id, ..)) = dataset {
        put(&mut yaml, format_args!("datasets:\n- {}\n", quoted(id)));
    }
    put(&mut yaml, format_args!("metrics:\n- {}\n", report.metric.public_name()));
    if let Some((id, config, revision)) = dataset {
        yaml.push_str(&model_index(plan, report, id, config, revision));
    }
    yaml.push_str("---\n\n");
    yaml
}

/// The scores of the very weights that lie beside the card.
fn model_index(plan: &Plan, report: &Report, id: &str, config: Option<&String>, revision: Option<&String>) -> String {
    let kept = report.scores.runs.iter().find(|run| Some(&run.run) == report.model.kept_run.as_ref());
    let Some(kept) = kept else { return String::new() };
    let name = config.map_or_else(|| id.to_string(), |config| format!("{id} ({config})"));
    let mut yaml =
        format!("model-index:\n- name: {}\n  results:\n  - task:\n      type: {}\n", quoted(&report.title), pipeline_tag(plan));
    put(&mut yaml, format_args!("    dataset:\n      type: {}\n      name: {}\n", quoted(id), quoted(&name)));
    let fields = [("config", config), ("split", Some(&plan.spec.data.held_out)), ("revision", revision)];
    for (field, value) in fields.into_iter().filter_map(|(field, value)| Some((field, value?))) {
        put(&mut yaml, format_args!("      {field}: {}\n", quoted(value)));
    }
    yaml.push_str("    metrics:\n");
    for (metric, value) in &kept.scores {
        let name = quoted(&format!("{} on {} held-out examples", metric.in_words(), count(kept.examples.value)));
        put(&mut yaml, format_args!("    - type: {}\n      value: {}\n      name: {name}\n", metric.public_name(), value.value));
    }
    yaml
}

enum License {
    /// The base model's, by the Hub's name for it.
    Known(&'static str),
    /// The base model's own words.
    Other(String),
    /// The base model states none.
    Unknown,
    /// Trained from scratch.
    NoBase,
}

fn license(plan: &Plan) -> License {
    let stated = plan.facts.model.license.as_deref().map(str::trim).filter(|stated| !stated.is_empty());
    match (&plan.spec.model, stated) {
        (ModelSpec::Scratch { .. }, _) => License::NoBase,
        (_, None) => License::Unknown,
        (_, Some(stated)) => plan::hub_name(stated).map_or_else(|| License::Other(stated.to_string()), License::Known),
    }
}

/// On which terms others gave what the model is made from.
fn license_note(plan: &Plan) -> String {
    let own = match license(plan) {
        License::NoBase => "Trained from scratch; whoever publishes it chooses a licence.\n",
        License::Known(_) | License::Other(_) | License::Unknown => {
            "This model is derived from its base, whose licence holds for it.\n"
        }
    };
    let terms = plan::licensed(&plan.spec, &plan.facts);
    terms.iter().fold(own.to_string(), |out, licensed| format!("{out}\n- {}", clean(&licensed.in_words())))
}

/// The base model's id on the Hub; a local folder has none.
fn base_model(plan: &Plan) -> Option<&str> {
    let is_id = |id: &str| {
        let part = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) && !part.starts_with('.');
        id.split_once('/').is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty() && part(owner) && part(name))
    };
    match &plan.spec.model {
        ModelSpec::Pretrained { id, .. } => Some(id.as_str()).filter(|id| is_id(id)),
        ModelSpec::Scratch { .. } => None,
    }
}

fn pipeline_tag(plan: &Plan) -> &'static str {
    match plan.spec.task {
        // The Hub files numbers for texts there, too.
        Task::TextClassification | Task::TextRegression | Task::TextMultiLabel => "text-classification",
        Task::MaskedLanguageModelling => "fill-mask",
        Task::QuestionAnswering => "question-answering",
        Task::TokenClassification => "token-classification",
        Task::ImageClassification => "image-classification",
        Task::LanguageModelling | Task::InstructionTuning | Task::PreferenceOptimization => "text-generation",
        Task::TabularClassification => "tabular-classification",
        Task::TabularRegression => "tabular-regression",
        Task::TextToText => match PairKind::of(&plan.facts.data.columns) {
            PairKind::Translation => "translation",
            PairKind::Summary => "summarization",
            PairKind::Other => "text2text-generation",
        },
        Task::SentenceSimilarity => "sentence-similarity",
        Task::SpeechRecognition => "automatic-speech-recognition",
    }
}

/// A YAML string in double quotes: JSON's form is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn put(text: &mut String, args: std::fmt::Arguments) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(args);
}
