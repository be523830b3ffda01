//! The bundle's files: written into a sibling folder, synced, and renamed into place.
//!
//! ```text
//! model/  model.safetensors  config.json  README.md  training.toml  manifest.json (put there after)
//!         model-00001-of-0000N.safetensors  model.safetensors.index.json      in place of the first, where it is large
//!         metrics.json  plots/                                                scores of every run, curves of training
//!         tokenizer.json  tokenizer_config.json  special_tokens_map.json      texts
//!         generation_config.json                                              language models, and texts that are written from others
//!         preprocessor_config.json                                            images and recordings
//!         modules.json  1_Pooling/config.json  sentence_bert_config.json  config_sentence_transformers.json   vectors of texts
//! ```

use super::card::merged_card;
use super::places::{head_of_experiment, published_manifest, published_spec};
use super::{Error, card, companions, redacted, shards};
use crate::data::{PAIR_TOKENIZER, chat_source, extractor, tokenizer_files, tokenizer_json};
use crate::job::Writing;
use crate::plan::{ModelFacts, Plan};
use crate::provenance::Manifest;
use crate::report::{self, Report};
use crate::spec::{self, ModelSpec, Task};
use crate::store::{MANIFEST, write_atomic};
use crate::words::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use tallow_zoo::{Head, HeadKind, ModelConfig, PairIds, peft};

/// Writes the model that `weights` holds to the folder `place`, which may be there from an earlier time. `tokenizer`: the
/// tokenizer.json that its texts were cut with.
///
/// # Errors
/// A file cannot be read or written, or the weights are not those that the report is about. `place` is then as it was.
pub fn write_bundle(place: &Path, plan: &Plan, report: &Report, weights: &Path, tokenizer: Option<&Path>) -> Result<(), Error> {
    put(place, |folder| fill(folder, plan, report, weights, tokenizer))
}

/// The run that an adapter is of.
pub struct Origin {
    /// Its experiment is the one that the adapter was trained by.
    pub plan: Plan,
    pub report: Report,
    pub manifest: Manifest,
}

/// Writes a model that was made of a base and its adapter to the new folder `place`: `weights`, whose hash is `sha256`, and what else
/// belongs to a model; where the adapter's run is known, with what is told of that.
///
/// # Errors
/// As [`write_bundle`].
pub fn write_merged(
    place: &Path,
    model: &ModelFacts,
    weights: &Path,
    sha256: &str,
    origin: Option<&Origin>,
) -> Result<(), Error> {
    put(place, |folder| {
        fill_merged(folder, model, weights, sha256)?;
        origin.map_or(Ok(()), |origin| write_origin(folder, origin, sha256))
    })
}

/// What is told of a run beside the weights that were made of its adapter, whose hash is `sha256`: its scores, its experiment and where
/// all came from.
fn write_origin(folder: &Path, Origin { plan, report, manifest }: &Origin, sha256: &str) -> Result<(), Error> {
    let unwritable = |e: serde_json::Error| Error::Unwritable { what: MANIFEST, reason: e.to_string() };
    let manifest = merged_manifest(manifest, report.model.kept_run.as_deref(), sha256);
    write_json(&folder.join(MANIFEST), &serde_json::to_value(published_manifest(&manifest)).map_err(unwritable)?)?;
    // Those scored were adapters.
    let mut scored = report.clone();
    scored.scores.runs.iter_mut().for_each(|run| run.weights_sha256 = None);
    write_told(folder, plan, &scored)?;
    write_text(&folder.join("README.md"), &merged_card(plan, report))
}

/// The manifest of an adapter's runs as it holds for what one of them was merged into: hashes of adapters are none of these weights.
fn merged_manifest(manifest: &Manifest, kept: Option<&str>, sha256: &str) -> Manifest {
    let mut merged = manifest.clone();
    merged.runs.retain(|run| kept.is_none_or(|kept| run.name == kept));
    let is_only = merged.runs.len() == 1;
    for run in &mut merged.runs {
        run.weights_sha256 = is_only.then(|| sha256.to_string());
    }
    merged
}

/// Scores, curves and the experiment.
fn write_told(folder: &Path, plan: &Plan, report: &Report) -> Result<(), Error> {
    write_json(&folder.join("metrics.json"), &companions::metrics(report))?;
    write_plots(&folder.join("plots"), report)?;
    // An address that is signed is not handed on: whoever repeats it has one of their own.
    let experiment = redacted(&spec::to_toml(&published_spec(plan)));
    write_text(&folder.join("training.toml"), &format!("{}{experiment}", head_of_experiment(plan)))
}

/// Fills a folder beside `place`, which takes its place when it is whole.
fn put(place: &Path, fill: impl FnOnce(&Path) -> Result<(), Error>) -> Result<(), Error> {
    let partial = sibling(place, "partial");
    remove(&partial)?;
    fs::create_dir_all(&partial).map_err(io("create", &partial))?;
    let filled = fill(&partial).and_then(|()| swap(&partial, place));
    if filled.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&partial);
    }
    filled
}

fn fill_merged(folder: &Path, model: &ModelFacts, weights: &Path, sha256: &str) -> Result<(), Error> {
    let found = copy(weights, &folder.join("model.safetensors"))?;
    if found != sha256 {
        return Err(Error::Changed { path: weights.into(), expected: sha256.into(), found });
    }
    let mut config = model.config.to_public();
    if let Some(tokenizer) = &model.tokenizer {
        let (head, answers) = (model.config.head().kind(), model.chat.template.is_some());
        let turns = write_tokenizer(folder, tokenizer, &mut config, model, Tells { head, answers })?;
        write_ends(folder, &config, head, model, &turns)?;
    }
    write_json(&folder.join("config.json"), &config)?;
    if let Some(limits) = model.config.speech_limits() {
        write_json(&folder.join("preprocessor_config.json"), &extractor(limits.mel_bins, limits.frames))?;
        let known = model.speech.clone().unwrap_or_default();
        write_json(
            &folder.join("generation_config.json"),
            &companions::speech_generation(&known, known.language(None), known.write),
        )?;
    }
    let longest = model.sentences.as_ref().and_then(|sentences| sentences.max_seq_len);
    write_sentences(folder, &model.config, longest)?;
    write_chat(folder, model)
}

/// What a model tells, and whether it answers in conversations.
#[derive(Clone, Copy)]
struct Tells {
    head: HeadKind,
    answers: bool,
}

/// A tokenizer with its companions; what it says of the ends of texts goes into a language model's `config`. Which tokens end a text
/// or a turn is for the model that training began with to say, where it does. Gives the tokens that end a turn of one that answers.
fn write_tokenizer(
    folder: &Path,
    tokenizer: &Path,
    config: &mut Value,
    model: &ModelFacts,
    tells: Tells,
) -> Result<Vec<u64>, Error> {
    if tokenizer.file_name().is_some_and(|name| name == PAIR_TOKENIZER) {
        write_pair_tokenizer(folder, tokenizer)?;
        return Ok(Vec::new());
    }
    let mut own = model.chat.tokens.clone();
    let (json, _) = tokenizer_json(tokenizer).map_err(|e| Error::Unwritable { what: "the tokenizer", reason: e.to_string() })?;
    let place = folder.join("tokenizer.json");
    write_atomic(&place, |file| file.write_all(&json))?;
    let parsed = read_tokenizer(&place)?;
    // A model of two texts says itself what they begin and end with.
    if tells.head == HeadKind::Words && model.config.pair_ids().is_none() {
        companions::add_ends(config, &parsed, &own);
    }
    let turns = match tells.answers {
        true => companions::ends_of_turns(&parsed, &chat_source(&model.chat, &|token| knows(&parsed, token))),
        false => Vec::new(),
    };
    // By the usual template a turn ends where the model is to end, which other libraries look up here.
    if let (None, Some((end, _))) = (&model.chat.template, turns.first()) {
        own.insert("eos_token".into(), end.to_string());
    }
    write_json(&folder.join("tokenizer_config.json"), &companions::tokenizer_config(&parsed, &model.config, &own))?;
    write_json(&folder.join("special_tokens_map.json"), &companions::special_tokens(&parsed, &own))?;
    Ok(turns.into_iter().map(|(_, id)| id).collect())
}

/// Whether a parsed tokenizer.json has a token of that name.
fn knows(tokenizer: &Value, token: &str) -> bool {
    let mut added = tokenizer["added_tokens"].as_array().into_iter().flatten();
    added.any(|added| added["content"] == token) || tokenizer["model"]["vocab"].get(token).is_some()
}

/// What a language model's texts and turns end with. That of a model of two texts is there already, and says more.
fn write_ends(folder: &Path, config: &Value, head: HeadKind, model: &ModelFacts, turns: &[u64]) -> Result<(), Error> {
    let tells_words = head == HeadKind::Words && model.config.pair_ids().is_none();
    if tells_words && config["eos_token_id"].is_number() {
        write_json(&folder.join("generation_config.json"), &companions::ends_of_texts(config, turns))?;
    }
    Ok(())
}

/// One that cuts the two texts of a pair by a file each, as it lies beside the model that training began with: there is no one file that
/// other libraries read in place of them.
fn write_pair_tokenizer(folder: &Path, tokenizer: &Path) -> Result<(), Error> {
    let own = tokenizer.with_file_name("tokenizer_config.json");
    let told = if own.is_file() { read_tokenizer(&own)? } else { Value::Null };
    for file in tokenizer_files(tokenizer) {
        let name = file.file_name().unwrap_or_default();
        // The model's own config is written anew, and where the tokenizer once lay says nothing.
        if name != "config.json" && name != "tokenizer_config.json" {
            copy(&file, &folder.join(name))?;
        }
    }
    write_json(&folder.join("tokenizer_config.json"), &companions::pair_tokenizer_config(told))
}

fn fill(folder: &Path, plan: &Plan, report: &Report, weights: &Path, tokenizer: Option<&Path>) -> Result<(), Error> {
    let name = if plan.spec.adapter.is_some() { "adapter_model.safetensors" } else { "model.safetensors" };
    let large = plan.spec.adapter.is_none() && fs::metadata(weights).map_err(io("read", weights))?.len() > shards::MOST_BYTES;
    let hash = if large { hash_of(weights)? } else { copy(weights, &folder.join(name))? };
    if let Some(expected) = report.model.weights_sha256.as_ref().filter(|expected| **expected != hash) {
        return Err(Error::Changed { path: weights.into(), expected: expected.clone(), found: hash });
    }
    if large {
        shards::write(weights, folder, shards::MOST_BYTES)?;
    }
    let mut config = config(plan, report);
    if let Some(pairs) = plan.spec.text_to_text.as_ref().filter(|pairs| !pairs.prefix.is_empty()) {
        config["prefix"] = pairs.prefix.clone().into();
    }
    if let Some((ids, writing)) = plan.runs.first().and_then(|run| Some((run.model.pair_ids()?, run.writing.as_ref()?))) {
        let fields = match plan.spec.task {
            Task::SpeechRecognition => speech_generation(plan, ids, writing),
            _ => companions::generation_config(ids, writing),
        };
        write_json(&folder.join("generation_config.json"), &fields)?;
    }
    if let Some(limits) = plan.facts.model.config.speech_limits() {
        write_json(&folder.join("preprocessor_config.json"), &extractor(limits.mel_bins, limits.frames))?;
    }
    let head = plan.spec.task.head();
    let turns = match tokenizer {
        Some(tokenizer) => {
            let tells = Tells { head, answers: plan.spec.task.is_of_conversations() };
            write_tokenizer(folder, tokenizer, &mut config, &plan.facts.model, tells)?
        }
        None => Vec::new(),
    };
    write_ends(folder, &config, head, &plan.facts.model, &turns)?;
    // A folder with one is a whole model to sentence-transformers; all that an adapter's would say is its base's.
    if plan.spec.adapter.is_none() || plan.spec.task != Task::SentenceSimilarity {
        write_json(&folder.join("config.json"), &config)?;
    }
    write_adapter(folder, plan)?;
    let run = plan.runs.first();
    write_sentences(folder, run.map_or(&plan.facts.model.config, |run| &run.model), longest_text(plan))?;
    let model = &plan.facts.model;
    match tokenizer.filter(|_| model.chat.template.is_none() && plan.spec.task.is_of_conversations()) {
        Some(tokenizer) => write_usual_chat(folder, model, tokenizer)?,
        None => write_chat(folder, model)?,
    }
    let size = plan.facts.data.image_shape.map(|[height, width, _]| [height, width]);
    if let Some((normalize, size)) = plan.runs.first().and_then(|run| run.normalize.as_ref()).zip(size) {
        write_json(
            &folder.join("preprocessor_config.json"),
            &companions::preprocessor(normalize, size, plan.spec.data.image.as_ref()),
        )?;
    }
    write_told(folder, plan, report)?;
    write_text(&folder.join("README.md"), &card(plan, report))
}

/// How what was said in recordings was written that was scored, and what the model is told by first tokens.
fn speech_generation(plan: &Plan, ids: PairIds, writing: &Writing) -> Value {
    let (asked, known) = (plan.spec.speech.clone().unwrap_or_default(), plan.facts.model.speech.clone().unwrap_or_default());
    let language = known.language(asked.language.as_deref());
    let positions = plan.facts.model.config.text_limits().map_or(usize::MAX, |(_, positions)| positions);
    companions::speech_generation_config(ids, writing, positions, &known, language, asked.write)
}

/// What the `sentence-transformers` library reads of a model of vectors, beside the files of `transformers`.
fn write_sentences(folder: &Path, model: &ModelConfig, max_seq_len: Option<usize>) -> Result<(), Error> {
    let (Head::Vector(pooling), Some(width)) = (model.head(), model.vector_width()) else { return Ok(()) };
    for (path, value) in pooling.to_public(width) {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(io("create", parent))?;
        write_json(&path, &value)?;
    }
    let longest = max_seq_len.or(model.text_limits().map(|(_, positions)| positions));
    write_json(&folder.join("sentence_bert_config.json"), &companions::sentence_texts(longest))?;
    write_json(&folder.join("config_sentence_transformers.json"), &companions::sentence_similarity())
}

/// Tokens of the longest text that a model of vectors was trained on.
fn longest_text(plan: &Plan) -> Option<usize> {
    let own = plan.facts.model.sentences.as_ref().and_then(|sentences| sentences.max_seq_len);
    plan.spec.recipe.max_seq_len.or(own)
}

/// The curves of training, an image each.
fn write_plots(folder: &Path, report: &Report) -> Result<(), Error> {
    let plots = report::plots(report);
    if !plots.is_empty() {
        fs::create_dir_all(folder).map_err(io("create", folder))?;
    }
    plots.into_iter().try_for_each(|(name, _, svg)| write_text(&folder.join(name), &svg))
}

/// Of an adapter, what it is and what it stands beside.
fn write_adapter(folder: &Path, plan: &Plan) -> Result<(), Error> {
    let (Some(run), ModelSpec::Pretrained { id, revision }) = (plan.runs.first(), &plan.spec.model) else { return Ok(()) };
    let Some(adapter) = &run.adapter else { return Ok(()) };
    let unwritable = |e: tallow_zoo::Error| Error::Unwritable { what: "adapter_config.json", reason: e.to_string() };
    let adapted = run.model.adapted(adapter).map_err(unwritable)?;
    let revision = plan.facts.model.revision.as_deref().or(revision.as_deref());
    // A folder is named from everywhere.
    let base =
        std::path::absolute(id).ok().filter(|path| path.exists()).map_or_else(|| id.clone(), |path| path.display().to_string());
    let mut config = peft::config(adapter, &adapted, &run.model, &base, revision);
    if let (Head::Vector(_), Some(targets)) = (run.model.head(), config["target_modules"].as_array_mut()) {
        // The base is a bare body, whose names leave out its place.
        let place = format!("{}.", run.model.family());
        for target in targets {
            *target = target.as_str().map_or(Value::Null, |name| name.strip_prefix(&place).unwrap_or(name).into());
        }
    }
    write_json(&folder.join("adapter_config.json"), &config)
}

/// The chat template that a model of answers was trained with.
fn write_chat(folder: &Path, model: &ModelFacts) -> Result<(), Error> {
    match &model.chat.template {
        Some(template) if model.config.head().kind() == HeadKind::Words => {
            write_text(&folder.join("chat_template.jinja"), template)
        }
        _ => Ok(()),
    }
}

/// The same where the model brought none and learnt conversations by the usual one.
fn write_usual_chat(folder: &Path, model: &ModelFacts, tokenizer: &Path) -> Result<(), Error> {
    let parsed = read_tokenizer(tokenizer)?;
    write_text(&folder.join("chat_template.jinja"), &chat_source(&model.chat, &|token| knows(&parsed, token)))
}

fn read_tokenizer(path: &Path) -> Result<Value, Error> {
    let text = fs::read_to_string(path).map_err(io("read", path))?;
    serde_json::from_str(&text).map_err(|source| Error::Tokenizer { path: path.into(), source })
}

/// The public config.json; with the data's class names where the model's own are generic.
fn config(plan: &Plan, report: &Report) -> Value {
    let config = plan.runs.first().map_or(&plan.facts.model.config, |run| &run.model);
    let named: Vec<String> = report.data.splits.first().into_iter().flat_map(|s| &s.classes).map(|c| c.label.clone()).collect();
    if named.len() == config.num_labels() && config.labels().iter().all(|label| is_generic(label)) {
        return config.clone().with_labels(&named).to_public();
    }
    config.to_public()
}

fn is_generic(label: &str) -> bool {
    label.strip_prefix("LABEL_").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

/// Puts the whole new folder in the place of the old one.
fn swap(partial: &Path, place: &Path) -> Result<(), Error> {
    let old = sibling(place, "old");
    remove(&old)?;
    if place.exists() {
        fs::rename(place, &old).map_err(io("move away", place))?;
    }
    if let Err(source) = fs::rename(partial, place) {
        let _ = fs::rename(&old, place);
        return Err(io("rename to", place)(source));
    }
    // A name alone lies here.
    if let Some(parent) = place.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent }) {
        File::open(parent).and_then(|folder| folder.sync_all()).map_err(io("sync", parent))?;
    }
    remove(&old)
}

/// `.model.partial` beside `model`.
fn sibling(place: &Path, state: &str) -> PathBuf {
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    place.with_file_name(format!(".{name}.{state}"))
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(io("remove", folder)(source)),
        _ => Ok(()),
    }
}

/// Copies a file to disk for good, and says its sha256 in hex.
fn copy(from: &Path, to: &Path) -> Result<String, Error> {
    let mut source = File::open(from).map_err(io("read", from))?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    let mut failed = None;
    write_atomic(to, |file| {
        loop {
            let read = match source.read(&mut block) {
                Ok(read) => read,
                Err(error) => {
                    failed = Some(io("read", from)(error));
                    return Err(std::io::ErrorKind::Other.into());
                }
            };
            if read == 0 {
                return Ok(());
            }
            hasher.update(&block[..read]);
            file.write_all(&block[..read])?;
        }
    })
    .map_err(|error| failed.take().unwrap_or(Error::Store(error)))?;
    Ok(hex(&hasher.finalize()))
}

/// The sha256 of a file, in hex.
fn hash_of(path: &Path) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut File::open(path).map_err(io("read", path))?, &mut hasher).map_err(io("read", path))?;
    Ok(hex(&hasher.finalize()))
}

pub(super) fn write_json(path: &Path, value: &Value) -> Result<(), Error> {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Error::Unwritable { what: "a JSON file", reason: e.to_string() })?;
    write_text(path, &(text + "\n"))
}

fn write_text(path: &Path, text: &str) -> Result<(), Error> {
    Ok(write_atomic(path, |file| file.write_all(text.as_bytes()))?)
}

pub(super) fn io<'a>(action: &'static str, path: &'a Path) -> impl Fn(std::io::Error) -> Error + 'a {
    move |source| Error::Io { action, path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::RunHashes;
    use std::collections::BTreeMap;

    #[test]
    fn a_merged_model_has_a_hash_of_its_own() {
        let run = |name: &str| RunHashes {
            name: name.into(),
            config_sha256: String::new(),
            config: BTreeMap::new(),
            threads: 1,
            weights_sha256: Some(format!("adapter of {name}")),
        };
        let manifest = Manifest { runs: vec![run("seed-0"), run("seed-1")], ..Manifest::unknown() };
        let told = |kept: Option<&str>| -> Vec<(String, Option<String>)> {
            merged_manifest(&manifest, kept, "merged").runs.into_iter().map(|run| (run.name, run.weights_sha256)).collect()
        };
        assert_eq!(told(Some("seed-1")), [("seed-1".to_string(), Some("merged".to_string()))]);
        assert_eq!(told(None), [("seed-0".to_string(), None), ("seed-1".to_string(), None)], "which of them is not known");
    }
}
