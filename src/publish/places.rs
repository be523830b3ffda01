//! What is published says what a model was made from, and not where that lies on this machine: a place may name a person or a customer.

use crate::data::is_pattern;
use crate::plan::Plan;
use crate::provenance::Manifest;
use crate::spec::{DataSource, ExperimentSpec, ModelSpec, TokenizerSpec};
use regex::Regex;
use serde_json::Value;
use std::cmp::Reverse;
use std::ops::Range;
use std::path::{Component, Path};
use std::sync::LazyLock;

/// A path from the root on, and what stands before it.
const ABSOLUTE: &str = r#"(?:^|[\s"'`(<=,:\[{])(/[^\s"'`<>,)\]}:;=]+)"#;

static PLACES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ABSOLUTE).ok());

/// Folders that every machine has: what lies there says nothing of this one.
const OF_ANY_MACHINE: [&str; 11] = ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr"];

/// What a file, a folder or a pattern is called, without where it lies.
pub(super) fn name_of(place: &Path) -> String {
    let text = place.display().to_string();
    let is_one = !is_pattern(&text) || place.exists();
    // Of a pattern all that may differ from file to file.
    let fixed = if is_one { text.trim_end_matches('/').len() } else { text.find(['*', '?', '[', '{']).unwrap_or(text.len()) };
    let from = text.get(..fixed).and_then(|fixed| fixed.rfind('/')).map_or(0, |at| at + 1);
    let name = text.get(from..).unwrap_or_default().trim_end_matches('/');
    if ["", ".", ".."].contains(&name) { "local".into() } else { name.into() }
}

/// What a folder of a model is called, in words that are no id of the Hub; a run's own `model` by its run.
fn model_name(place: &str) -> String {
    let mut parts = place.split('/').rev().filter(|part| !["", ".", ".."].contains(part));
    let name = parts.next().unwrap_or("model");
    match parts.next().filter(|_| name == "model") {
        Some(run) => format!("./{run}/{name}"),
        None => format!("./{name}"),
    }
}

/// Whether it is `NAME` or `ORG/NAME`, as the Hub has it.
pub(super) fn is_id(id: &str) -> bool {
    let is_part = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(known)
    };
    id.split('/').count() <= 2 && id.split('/').all(is_part)
}

/// The experiment with the names alone of what lies here.
pub(super) fn published_spec(plan: &Plan) -> ExperimentSpec {
    let mut spec = plan.spec.clone();
    if let DataSource::Local { path } = &mut spec.data.source {
        *path = name_of(path).into();
    }
    match &mut spec.model {
        ModelSpec::Pretrained { id, .. } if plan.facts.model.is_local => *id = model_name(id.as_str()),
        ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Of(id)), .. } if !is_id(id.as_str()) => *id = model_name(id.as_str()),
        ModelSpec::Pretrained { .. } | ModelSpec::Scratch { .. } => {}
    }
    spec
}

/// How the experiment beside the model is run again: whoever does it says where those things are that lay on the machine.
pub(super) fn again(plan: &Plan) -> String {
    let places = missing_places(plan).into_iter().map(|(key, place)| format!(" --set {key}={place}"));
    format!("tallow train training.toml{}", places.collect::<String>())
}

/// What `training.toml` begins with where it alone does not run.
pub(super) fn head_of_experiment(plan: &Plan) -> String {
    let places: Vec<&str> = missing_places(plan).into_iter().map(|(_, place)| place).collect();
    if places.is_empty() {
        return String::new();
    }
    format!("# `{}` runs it again, with the place of {} on your machine.\n", again(plan), places.join(" and "))
}

/// Keys of the experiment whose values lay on the machine that trained, and what stands for their places.
fn missing_places(plan: &Plan) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    if matches!(plan.spec.data.source, DataSource::Local { .. }) {
        found.push(("data.source.path", "DATA"));
    }
    if plan.facts.model.is_local && matches!(plan.spec.model, ModelSpec::Pretrained { .. }) {
        found.push(("model.id", "MODEL"));
    }
    if tokenizer_here(&plan.spec.model).is_some() {
        found.push(("model.tokenizer.of", "TOKENIZER"));
    }
    found
}

/// The place of the tokenizer that a model from scratch takes from another one on this machine.
fn tokenizer_here(model: &ModelSpec) -> Option<&str> {
    match model {
        ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Of(id)), .. } => Some(id.as_str()).filter(|id| !is_id(id)),
        ModelSpec::Scratch { .. } | ModelSpec::Pretrained { .. } => None,
    }
}

/// The manifest as it lies beside the model: sources are named from their root, local ones by their names.
pub fn published_manifest(manifest: &Manifest) -> Manifest {
    let text = |key: &str| manifest.settings.get(key).and_then(Value::as_str);
    let (asked, id) = (text("data.source.path"), text("data.source.id"));
    let mut published = manifest.clone();
    for file in &mut published.data.sources {
        file.path = source_name(&file.path, asked, id);
    }
    for (key, value) in &mut published.settings {
        let Value::String(text) = value else { continue };
        match key.as_str() {
            "data.source.path" => *text = name_of(Path::new(text.as_str())),
            "model.id" | "model.tokenizer.of" if !is_id(text.as_str()) => *text = model_name(text.as_str()),
            _ => {}
        }
    }
    published
}

/// A source as its data set has it. `asked`: the place that was asked for; `id`: the data set of the Hub that was.
fn source_name(path: &str, asked: Option<&str>, id: Option<&str>) -> String {
    // As every client of the Hub lays out its cache: `datasets--ORG--NAME/snapshots/REVISION/FILE`.
    let mut parts = path.split('/').skip_while(|part| !part.starts_with("datasets--"));
    if let (Some(repo), Some("snapshots"), Some(revision)) = (parts.next(), parts.next(), parts.next()) {
        let repo = repo.trim_start_matches("datasets--").replacen("--", "/", 1);
        return format!("{repo}@{revision}/{}", parts.collect::<Vec<_>>().join("/"));
    }
    // A folder in the Hub's layout that stands for the Hub.
    if let Some((id, (_, file))) = id.and_then(|id| Some((id, path.split_once(&format!("/{id}/"))?))) {
        return format!("{id}/{file}");
    }
    let below = |place: &str| path.strip_prefix(place.trim_end_matches('/'))?.strip_prefix('/').map(str::to_string);
    if let Some(asked) = asked {
        let name = name_of(Path::new(asked));
        if path == asked || path.ends_with(&format!("/{name}")) {
            return name;
        }
        if let Some(file) = below(asked) {
            return format!("{name}/{file}");
        }
        if let Some(file) = asked.strip_suffix(name.as_str()).filter(|folder| !folder.is_empty()).and_then(below) {
            return file;
        }
    }
    // What lies below the run folder is named from there.
    let is_below = Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if is_below { path.into() } else { name_of(Path::new(path)) }
}

/// A page without places: those that the run knows by what they are called, any other that is there on this machine by its last name.
pub(super) fn without_places(page: &str, plan: &Plan, folder: &str) -> String {
    let known = known_places(plan, folder).into_iter();
    let mut page = known.fold(page.to_string(), |page, (place, name)| replaced(&page, &place, &name));
    let mut found = on_this_machine(&page);
    // From behind, so that those before stay where they are.
    found.sort_by_key(|range| Reverse(range.start));
    for range in found {
        let name = page.get(range.clone()).map(|place| name_of(Path::new(place))).unwrap_or_default();
        page.replace_range(range, &name);
    }
    page
}

/// Places that the run knows, and what stands for them, longer ones first.
fn known_places(plan: &Plan, folder: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut add = |place: &str, name: &str| {
        let absolute = std::path::absolute(place).ok().map(|path| path.display().to_string());
        let both = [Some(place.trim_end_matches('/').to_string()), absolute];
        found.extend(both.into_iter().flatten().filter(|place| place.contains('/')).map(|place| (place, name.to_string())));
    };
    if let DataSource::Local { path } = &plan.spec.data.source {
        add(&path.display().to_string(), &name_of(path));
    }
    if let (ModelSpec::Pretrained { id, .. }, true) = (&plan.spec.model, plan.facts.model.is_local) {
        add(id, &model_name(id));
    }
    if let Some(place) = tokenizer_here(&plan.spec.model) {
        add(place, &model_name(place));
    }
    add(folder, &name_of(Path::new(folder)));
    // What lies in the run folder is named from there.
    let below = format!("{}/", folder.trim_end_matches('/'));
    found.extend((below.len() > 1).then(|| (below, String::new())));
    // A page marks letters that Markdown would obey.
    let marked: Vec<(String, String)> = found.iter().map(|(place, name)| (marked(place), marked(name))).collect();
    found.extend(marked);
    found.sort_by_key(|(place, _)| Reverse(place.len()));
    found.dedup();
    found
}

fn marked(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if "\\`*_[]|#~".contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

/// `text` with `name` in place of `place`, where that stands as a whole or something below it follows.
fn replaced(text: &str, place: &str, name: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(place) {
        out.push_str(before);
        let is_begun = out.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !"/._-~\\".contains(c));
        let is_ended = place.ends_with('/') || after.chars().next().is_none_or(|c| !c.is_alphanumeric() && !"_-\\".contains(c));
        out.push_str(if is_begun && is_ended { name } else { place });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where a text names a place that is there on this machine, and not on any other.
pub(super) fn on_this_machine(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(form) = PLACES.as_ref() else { return found };
    for place in form.captures_iter(text).filter_map(|captures| captures.get(1)) {
        let named = place.as_str().trim_end_matches(['.', '/', '…']);
        if is_of_this_machine(Path::new(&named.replace('\\', ""))) {
            found.push(place.start()..place.start() + named.len());
        }
    }
    found
}

fn is_of_this_machine(path: &Path) -> bool {
    let names = path.components().filter_map(|part| if let Component::Normal(name) = part { name.to_str() } else { None });
    let names: Vec<&str> = names.collect();
    matches!(names.as_slice(), [first, _, ..] if !OF_ANY_MACHINE.contains(first)) && path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_names() {
        for (place, name) in [
            ("/srv/acme/secret.csv", "secret.csv"),
            ("/srv/acme/fruit/", "fruit"),
            ("/srv/acme/*.csv", "*.csv"),
            ("/srv/acme/{a/x.csv,b/y.csv}", "{a/x.csv,b/y.csv}"),
            ("fruit", "fruit"),
            ("..", "local"),
        ] {
            assert_eq!(name_of(Path::new(place)), name, "{place}");
        }
        for (place, name) in [("/srv/acme/llama", "./llama"), ("runs/it/model", "./it/model"), ("model", "./model")] {
            assert_eq!(model_name(place), name, "{place}");
        }
    }

    #[test]
    fn a_tokenizer_of_this_machine_is_asked_for() {
        let config = r#"{"model_type":"bert","vocab_size":30,"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,
            "intermediate_size":16,"max_position_embeddings":16,"type_vocab_size":2,"hidden_act":"gelu"}"#;
        let config = tallow_zoo::ModelConfig::from_public(config).expect("a config");
        let scratch = |tokenizer| ModelSpec::Scratch { config: config.clone(), tokenizer };
        for (of, is_here) in [("/srv/acme/tok", true), ("./tok", true), ("acme/bert-base", false), ("gpt2", false)] {
            let model = scratch(Some(TokenizerSpec::Of(of.into())));
            assert_eq!(tokenizer_here(&model), Some(of).filter(|_| is_here), "{of}");
        }
        assert_eq!(tokenizer_here(&scratch(None)), None);
        let pretrained = ModelSpec::Pretrained { id: "/srv/acme/model".into(), revision: None };
        assert_eq!(tokenizer_here(&pretrained), None);
    }

    #[test]
    fn sources_are_named_from_their_root() {
        let cache = "/home/ada/.cache/huggingface/hub/datasets--nyu-mll--glue/snapshots/bcdc/sst2/train-0.parquet";
        for (path, asked, id, expected) in [
            (cache, None, Some("nyu-mll/glue"), "nyu-mll/glue@bcdc/sst2/train-0.parquet"),
            ("/srv/hub/datasets/acme/moods/train.csv", None, Some("acme/moods"), "acme/moods/train.csv"),
            ("/srv/acme/secret.csv", Some("/srv/acme/secret.csv"), None, "secret.csv"),
            ("/srv/acme/fruit/train", Some("/srv/acme/fruit"), None, "fruit/train"),
            ("/srv/acme/data/jan.csv", Some("/srv/acme/data/*.csv"), None, "jan.csv"),
            ("/srv/acme/secret.csv", Some("secret.csv"), None, "secret.csv"),
            ("/srv/cache/unpacked/0a1b/train.csv", Some("/srv/acme/fruit.zip"), None, "train.csv"),
            ("data/sources/toy_reviews/train.jsonl", None, None, "data/sources/toy_reviews/train.jsonl"),
            ("../acme/x.csv", None, None, "x.csv"),
        ] {
            assert_eq!(source_name(path, asked, id), expected, "{path}");
        }
    }

    #[test]
    fn places_are_found_where_they_are_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("secret.csv");
        std::fs::write(&file, "").expect("written");
        let place = file.display().to_string();
        for text in [place.clone(), format!("path = \"{place}\""), format!("--data={place}"), format!("it is `{place}`.")] {
            let found: Vec<&str> = on_this_machine(&text).into_iter().filter_map(|range| text.get(range)).collect();
            assert_eq!(found, [place.as_str()], "{text}");
        }
        for text in ["https://huggingface.co/a/b", "and/or, 1/2", "/no/such/place.csv", "/usr/share", "/tmp"] {
            assert!(on_this_machine(text).is_empty(), "{text}");
        }
        assert_eq!(replaced("`/x/run/model/`, /x/run.", "/x/run", "run"), "`run/model/`, run.");
        assert_eq!(replaced("/a/x/run /x/running", "/x/run", "run"), "/a/x/run /x/running");
    }
}
