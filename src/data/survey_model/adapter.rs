//! Models that are an adapter beside a base.

use super::{ADAPTER_CONFIG, ADAPTER_WEIGHTS, Outline, chat_format, open, sentences, whole};
use crate::data::hub::{Hub, Repo};
use crate::data::tokenizers::given;
use crate::data::{Error, Result};
use crate::job::AdapterFiles;
use crate::plan::ModelFacts;
use tallow_zoo::peft::{self, Peft};
use tallow_zoo::{HeadKind, ModelConfig};

/// An adapter, beside the base that it names; its own tokenizer, template and classes come before the base's.
pub(super) fn read(hub: &Hub, repo: &Repo) -> Result<ModelFacts> {
    let wrong = |what: String| Error::Model { place: repo.in_words(), what };
    let name = ADAPTER_WEIGHTS.into_iter().find(|name| repo.has(name));
    let name = name.ok_or_else(|| Error::NoWeights { place: repo.in_words(), found: repo.paths() })?;
    let weights = repo.fetch(name)?;
    let Outline { shapes, .. } = Outline::of(&weights).map_err(|what| wrong(format!("`{name}`: {what}")))?;
    let json = repo.read_text(ADAPTER_CONFIG)?.unwrap_or_default();
    let names = shapes.keys().map(String::as_str);
    let Peft { adapter, base, revision } =
        peft::read_config(&json, names).map_err(|e| wrong(format!("`{ADAPTER_CONFIG}`: {e}")))?;
    let base = base.ok_or_else(|| wrong(format!("`{ADAPTER_CONFIG}`: `base_model_name_or_path` names no base")))?;
    let mut facts = whole(&open(hub, &base, revision.as_deref())?)?;
    // `peft` leaves the output layer at the base's table then.
    let is_table = |name: &&String| name.ends_with("embed_tokens.weight") || name.ends_with("wte.weight");
    if let Some(name) = shapes.keys().find(is_table).filter(|_| facts.config.to_public()["tie_word_embeddings"] == true) {
        let what = "a table of words of its own beside a base whose output layer is its table: merge it with `peft`";
        return Err(wrong(format!("`{name}`: {what}")));
    }
    // Additions beyond linear layers are taken into the weights: of a model of words into its table or its output layer, which `peft`
    // tells apart where the base does not.
    let beyond = facts.config.targets_beyond(&adapter).map_err(|e| wrong(format!("the base: {e}")))?;
    if let (Some(layer), HeadKind::Words) = (beyond.first(), facts.config.head().kind()) {
        let family = facts.config.family();
        let what = format!("`{layer}`: a {family} model has no addition beside it: merge it with `peft`");
        facts.config = facts.config.untied().ok_or_else(|| wrong(what))?;
    }
    // A head of its own: that of the adapter's configuration, else as wide as the adapter's tensors say.
    if let Some(json) = repo.read_text("config.json")? {
        let own = ModelConfig::from_public(&json).map_err(|e| wrong(format!("`config.json`: {e}")))?;
        // How a body's vectors are made is in no `config.json`.
        let bare = own.head().kind() == HeadKind::Vector && facts.config.head().kind() == HeadKind::Vector;
        facts.config = if bare { facts.config } else { facts.config.with_head(own.head().clone()) };
    } else if let Some((_, shape)) = shapes.iter().find(|(name, _)| HEADS.iter().any(|head| name.ends_with(head))) {
        let labels = (0..shape.first().copied().unwrap_or(0)).map(|i| format!("LABEL_{i}")).collect::<Vec<_>>();
        facts.config = facts.config.with_labels(&labels);
    }
    if let Some(own) = sentences(repo, &mut facts.config)? {
        facts.sentences = Some(own);
    }
    if let Some(own) = given::fetch(repo)? {
        facts.tokenizer = Some(own);
    }
    let own = chat_format(repo)?;
    facts.chat.template = own.template.or(facts.chat.template);
    facts.chat.tokens.extend(own.tokens);
    facts.adapter = Some(AdapterFiles { adapter, weights });
    Ok(facts)
}

/// Tensors whose rows are classes.
const HEADS: [&str; 3] = ["model.classifier.weight", "model.score.weight", "classifier.out_proj.weight"];
