//! What a paper does not say of its recipe, and what the planner would take for it: from [`defaults`], as a run would have it.

use super::brief::PIECE;
use super::defaults::{self, Case, Defaults};
use super::zoo::{self, Shape};
use crate::intake::{Family, FieldKey, PaperSpec, Phase};
use crate::spec::{Length, Recipe, Task, Warmup};
use crate::words;
use serde::Serialize;
use tallow_zoo::{Modality, ModelConfig};

/// A setting that a paper is silent on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Silent {
    pub key: FieldKey,
    /// What the planner would take, in words; none where that depends on what the paper does not name either.
    pub default: Option<String>,
    /// Where the default comes from, or why there is none.
    pub why: String,
}

/// The settings of a recipe that the paper gives nowhere, in the order of their keys. For no data set in particular: a run that is
/// planned for one may take smaller batches of few examples.
pub fn silences(paper: &PaperSpec) -> Vec<Silent> {
    let defaults = defaults_for(paper);
    let said = |key: FieldKey| paper.sure().any(|field| field.key == key);
    let length = [FieldKey::Epochs, FieldKey::Steps];
    let open = SETTINGS.iter().filter(|(key, _)| !said(*key) && !(length.contains(key) && length.iter().any(|key| said(*key))));
    let silent = open.filter_map(|(key, of)| match &defaults {
        Some(defaults) => of(&defaults.recipe).map(|default| (*key, Some(default), defaults.source.to_string())),
        None => Some((*key, None, "the paper names no model that the zoo has, and the default depends on the model".into())),
    });
    silent.map(|(key, default, why)| Silent { key, default, why }).collect()
}

type Words = fn(&Recipe) -> Option<String>;

/// Settings, and what a recipe says of each; none where it has none of the kind.
const SETTINGS: &[(FieldKey, Words)] = &[
    (FieldKey::Optimizer, |recipe| Some(words::optimizer(&recipe.optimizer))),
    (FieldKey::Lr, |recipe| Some(words::plain(recipe.lr))),
    (FieldKey::WeightDecay, |recipe| Some(words::plain(recipe.optimizer.weight_decay()))),
    (FieldKey::Schedule, |recipe| Some(words::schedule(&recipe.schedule))),
    (FieldKey::Warmup, |recipe| Some(warmup(&recipe.schedule.warmup()))),
    (FieldKey::BatchSize, |recipe| Some(format!("{} examples", recipe.batch_size))),
    (FieldKey::Epochs, |recipe| matches!(recipe.length, Length::Epochs(_)).then(|| words::length(&recipe.length))),
    (FieldKey::Steps, |recipe| matches!(recipe.length, Length::Steps(_)).then(|| words::length(&recipe.length))),
    (FieldKey::Dropout, |recipe| Some(recipe.dropout.map_or("the model's own".into(), |p| words::plain(f64::from(p))))),
    (FieldKey::LabelSmoothing, |recipe| Some(words::plain(recipe.label_smoothing))),
    (FieldKey::GradClipNorm, |recipe| Some(recipe.grad_clip_norm.map_or("none".into(), words::plain))),
    (FieldKey::MaxSeqLen, |recipe| recipe.max_seq_len.map(|len| format!("{len} tokens"))),
    (FieldKey::Augmentation, |recipe| recipe.max_seq_len.is_none().then(|| words::augment(&recipe.augment))),
];

fn warmup(warmup: &Warmup) -> String {
    match warmup {
        Warmup::Steps(steps) => format!("{steps} steps"),
        Warmup::Frac(frac) => format!("{} % of all steps", words::plain((frac * 1000.0).round() / 10.0)),
    }
}

/// The defaults for the paper's first model that the zoo has, as it is used there.
fn defaults_for(paper: &PaperSpec) -> Option<Defaults> {
    let shapes = zoo::shapes(paper);
    let config = shapes.iter().find_map(|shape| match shape {
        Shape::Zoo { model, .. } => Some(model),
        Shape::Open { .. } | Shape::Lacking { .. } => None,
    });
    let config = config.cloned().or_else(|| paper.family().and_then(|(family, _)| zoo::usual(family)))?;
    let tunes = paper.sure().any(|field| field.scope.phase == Some(Phase::FineTuning));
    let adapts = matches!(paper.family(), Some((Family::Lora | Family::Dora, _)));
    let case = Case {
        config: &config,
        pretrained: tunes || adapts,
        task: task_of(&config),
        mirror: true,
        piece: PIECE,
        examples: 50_000,
        scored: true,
        longest: None,
        mean_tokens: None,
    };
    Some(defaults::usual(&case))
}

/// What a model is used for where nothing more is known.
fn task_of(config: &ModelConfig) -> Task {
    match (config.takes(), config) {
        (Modality::Text, ModelConfig::Gpt2(_) | ModelConfig::Llama(_)) => Task::LanguageModelling,
        (Modality::Text, _) => Task::TextClassification,
        (Modality::Image, _) => Task::ImageClassification,
        (Modality::Table, _) => Task::TabularClassification,
        (Modality::TextToText, _) => Task::TextToText,
        (Modality::Speech, _) => Task::SpeechRecognition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{PaperFormat, extract, read_paper};

    fn silent(about: &str, recipe: &str) -> Vec<Silent> {
        let text = format!(
            "# {about}\n\n## Abstract\n\nWe study {about} in depth, for the classification of sentences.\n\n## Training\n\n{recipe}\n"
        );
        silences(&extract(&read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read")))
    }

    #[test]
    fn what_a_paper_states_is_left_out_and_the_rest_has_a_default() {
        let found = silent(
            "BERT: Bidirectional Transformers",
            "We fine-tune BERT-base with AdamW, a learning rate of 3e-5 and a batch size of 16 for 3 epochs.",
        );
        let keys: Vec<FieldKey> = found.iter().map(|one| one.key).collect();
        for stated in [FieldKey::Optimizer, FieldKey::Lr, FieldKey::BatchSize, FieldKey::Epochs, FieldKey::Steps] {
            assert!(!keys.contains(&stated), "{stated:?} of {keys:?}");
        }
        for open in [FieldKey::WeightDecay, FieldKey::Warmup, FieldKey::Dropout, FieldKey::MaxSeqLen] {
            let one = found.iter().find(|one| one.key == open).unwrap_or_else(|| panic!("{open:?} is not among {keys:?}"));
            assert!(one.default.is_some() && !one.why.is_empty(), "{one:?}");
        }
        assert!(!keys.contains(&FieldKey::Augmentation), "texts are not cropped");
    }

    /// Steps or epochs: one says how long.
    #[test]
    fn a_length_in_steps_is_a_length() {
        let keys: Vec<FieldKey> = silent("BERT: Bidirectional Transformers", "We train BERT-base for 1,000,000 steps with Adam.")
            .into_iter()
            .map(|one| one.key)
            .collect();
        assert!(
            !keys.contains(&FieldKey::Epochs) && !keys.contains(&FieldKey::Steps) && keys.contains(&FieldKey::Lr),
            "{keys:?}"
        );
    }

    #[test]
    fn without_a_model_of_the_zoo_there_is_no_default() {
        let found = silent("A new machine", "We train our new machine with a learning rate of 0.1 for 10 epochs.");
        assert!(!found.is_empty() && found.iter().all(|one| one.default.is_none()), "{found:?}");
    }
}
