//! The YAML that the Hub reads.

use super::{License, base_model, license};
use crate::data::{PairKind, is_pattern};
use crate::plan::Plan;
use crate::report::Report;
use crate::spec::{DataSource, Metric, Task};
use crate::words::{address, count, last_of_address, put};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(super) fn matter(plan: &Plan, report: &Report) -> String {
    let mut yaml = String::from("---\n");
    match license(plan) {
        License::Known(name) => put(&mut yaml, format_args!("license: {name}\n")),
        License::Other { name, link } => {
            put(&mut yaml, format_args!("license: other\n"));
            for (key, value) in [("license_name", name), ("license_link", link)] {
                value.iter().for_each(|value| put(&mut yaml, format_args!("{key}: {}\n", quoted(value))));
            }
        }
        License::Unknown | License::NoBase => {}
    }
    // What the card of the data states; one that states none says nothing of ours.
    if !plan.facts.data.languages.is_empty() {
        yaml.push_str("language:\n");
        plan.facts.data.languages.iter().for_each(|code| put(&mut yaml, format_args!("- {}\n", quoted(code))));
    }
    if let Some(library) = library(plan) {
        put(&mut yaml, format_args!("library_name: {library}\n"));
    }
    put(&mut yaml, format_args!("pipeline_tag: {}\ntags:\n- tallow\n", pipeline_tag(plan)));
    if plan.spec.task == Task::SentenceSimilarity {
        yaml.push_str("- sentence-transformers\n- feature-extraction\n");
    }
    if plan.spec.adapter.is_some() {
        yaml.push_str("- lora\n");
    }
    if let Some(base) = base_model(plan) {
        let relation = if plan.spec.adapter.is_some() { "adapter" } else { "finetune" };
        put(&mut yaml, format_args!("base_model: {}\nbase_model_relation: {relation}\n", quoted(base)));
    }
    if let DataSource::Hub { id, .. } = &plan.spec.data.source {
        put(&mut yaml, format_args!("datasets:\n- {}\n", quoted(id)));
    }
    let kept = report.scores.runs.iter().find(|run| Some(&run.run) == report.model.kept_run.as_ref());
    let own = kept.into_iter().flat_map(|run| run.scores.iter().map(|(metric, _)| *metric));
    let mut seen = BTreeSet::new();
    yaml.push_str("metrics:\n");
    for metric in std::iter::once(report.metric).chain(own).map(Metric::public_name).filter(|name| seen.insert(*name)) {
        put(&mut yaml, format_args!("- {metric}\n"));
    }
    yaml.push_str(&model_index(plan, report));
    yaml.push_str("---\n\n");
    yaml
}

/// Which library loads it; none where no other does.
fn library(plan: &Plan) -> Option<&'static str> {
    if !plan.facts.model.config.is_public() {
        return None;
    }
    Some(match (plan.spec.task, &plan.spec.adapter) {
        (Task::SentenceSimilarity, _) => "sentence-transformers",
        (_, Some(_)) => "peft",
        (_, None) => "transformers",
    })
}

/// The data set's address and its name; one that lies here has no address, and its place is nobody's affair.
fn dataset(plan: &Plan) -> (String, String) {
    match &plan.spec.data.source {
        DataSource::Hub { id, config, .. } => {
            (id.clone(), config.as_ref().map_or_else(|| id.clone(), |config| format!("{id} ({config})")))
        }
        DataSource::Local { path } => {
            let files: Vec<&Path> = plan.facts.data.splits.iter().flat_map(|split| &split.files).map(PathBuf::as_path).collect();
            let name = local_name(path, &files);
            (name.clone(), name)
        }
        DataSource::Url { url, .. } => (address(url), last_of_address(url)),
        DataSource::Generated { name, .. } => (name.clone(), format!("{name} (made by Tallow)")),
    }
}

/// What data that lies here is called: its own name; where a pattern names several `files`, theirs, and of many their folder's.
fn local_name(path: &Path, files: &[&Path]) -> String {
    const MOST: usize = 4;
    let stem = |path: &Path| path.file_stem().map_or_else(|| "local".to_string(), |name| name.to_string_lossy().into_owned());
    if !is_pattern(&path.to_string_lossy()) {
        return stem(path);
    }
    let mut names: Vec<String> = Vec::new();
    for name in files.iter().map(|file| stem(file)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.len() {
        0 => "local".into(),
        1..=MOST => names.join(", "),
        _ => files.first().and_then(|file| file.parent()).map_or_else(|| "local".into(), stem),
    }
}

/// The scores of the very weights that lie beside the card.
fn model_index(plan: &Plan, report: &Report) -> String {
    let kept = report.scores.runs.iter().find(|run| Some(&run.run) == report.model.kept_run.as_ref());
    let Some(kept) = kept else { return String::new() };
    let (id, name) = dataset(plan);
    let mut yaml =
        format!("model-index:\n- name: {}\n  results:\n  - task:\n      type: {}\n", quoted(&report.title), pipeline_tag(plan));
    put(&mut yaml, format_args!("    dataset:\n      type: {}\n      name: {}\n", quoted(&id), quoted(&name)));
    let (config, revision) = match &plan.spec.data.source {
        DataSource::Hub { config, revision, .. } => (config.as_ref(), revision.as_ref().or(plan.facts.data.revision.as_ref())),
        DataSource::Local { .. } | DataSource::Url { .. } | DataSource::Generated { .. } => (None, None),
    };
    // A part that was cut off is no split that anybody else scores on.
    let split = Some(&plan.spec.data.held_out).filter(|_| !plan.spec.data.is_cut_off());
    let fields = [("config", config), ("split", split), ("revision", revision)];
    for (field, value) in fields.into_iter().filter_map(|(field, value)| Some((field, value?))) {
        put(&mut yaml, format_args!("      {field}: {}\n", quoted(value)));
    }
    yaml.push_str("    metrics:\n");
    let train = &plan.spec.data.train;
    let how = plan.facts.data.held_out_in_words(train, &plan.spec.data.held_out_by, plan.spec.task);
    let cut_off = plan.spec.data.is_cut_off().then(|| format!(", cut off from `{train}`, {how}"));
    for (metric, value) in &kept.scores {
        let (examples, cut_off) = (count(kept.examples.value), cut_off.as_deref().unwrap_or_default());
        let name = quoted(&format!("{} on {examples} held-out examples{cut_off}", metric.in_words()));
        put(&mut yaml, format_args!("    - type: {}\n      value: {}\n      name: {name}\n", metric.public_name(), value.value));
    }
    yaml
}

pub(super) fn pipeline_tag(plan: &Plan) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_at_hand_has_a_name_whatever_named_its_files() {
        let check = |path: &str, files: &[&str], expected: &str| {
            let files: Vec<&Path> = files.iter().map(Path::new).collect();
            assert_eq!(local_name(Path::new(path), &files), expected, "{path}");
        };
        check("/x/reviews.csv", &["/x/reviews.csv"], "reviews");
        check("/x/reviews", &["/x/reviews/train.csv", "/x/reviews/test.csv"], "reviews");
        check("/x/{tag_train.conll,tag_test.conll}", &["/x/tag_train.conll", "/x/tag_test.conll"], "tag_train, tag_test");
        check("/x/*.csv", &["/x/a.csv", "/x/a.csv"], "a");
        let many = ["/x/months/1.csv", "/x/months/2.csv", "/x/months/3.csv", "/x/months/4.csv", "/x/months/5.csv"];
        check("/x/months/*.csv", &many, "months");
        check("/x/*.csv", &[], "local");
    }
}
