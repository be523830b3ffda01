//! What a model folder holds: its config, weights, tokenizer, licence.

mod adapter;
mod at_hand;
mod weights;

pub use at_hand::models_at_hand;

use super::hub::{Hub, Kind, Repo};
use super::tokenizers::given;
use super::{Card, Error, Result, sha256_of_weights};
use crate::job::{ChatFormat, Normalize};
use crate::plan::{ModelFacts, SentenceFacts, SpeechFacts, WritingFacts};
use crate::spec::{ImageSize, ModelSpec, Resample, TokenizerSpec, Write};
use crate::store::folder_of;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tallow_zoo::{Head, HeadKind, Modality, ModelConfig, Pooling};
use weights::{Outline, Weights, weights};

const ADAPTER_CONFIG: &str = "adapter_config.json";
/// As `peft` writes it now, and as it did.
const ADAPTER_WEIGHTS: [&str; 2] = ["adapter_model.safetensors", "adapter_model.bin"];

/// Fetches a model's files (or only the tokenizer, for one from scratch) and looks at them.
///
/// # Errors
/// The model is not there or has neither safetensors nor GGUF; the weights are cut off; no architecture of the zoo fits; it is an
/// adapter of a kind that is not known, or whose base is not there.
pub fn survey_model(hub: &Hub, spec: &ModelSpec) -> Result<ModelFacts> {
    let mut facts = look_at_model(hub, spec)?;
    facts.weights_sha256 = facts.weights.as_deref().map(sha256_of_weights).transpose()?;
    Ok(facts)
}

/// As [`survey_model`], but for the hash of the weights, which takes as long as to read them.
///
/// # Errors
/// As [`survey_model`].
pub fn look_at_model(hub: &Hub, spec: &ModelSpec) -> Result<ModelFacts> {
    let (id, revision) = match spec {
        ModelSpec::Pretrained { id, revision } => (id, revision.as_deref()),
        ModelSpec::Scratch { config, tokenizer } => {
            let tokenizer = match tokenizer {
                Some(TokenizerSpec::Of(id)) => Some(survey_tokenizer(hub, id)?),
                Some(TokenizerSpec::Trained(_)) | None => None,
            };
            return Ok(ModelFacts { tokenizer, ..ModelFacts::from_scratch(config.clone()) });
        }
    };
    let repo = open(hub, id, revision)?;
    let facts = if repo.has(ADAPTER_CONFIG) { adapter::read(hub, &repo)? } else { whole(&repo)? };
    Ok(ModelFacts { is_local: Path::new(id).is_dir() || is_file_of_weights(id), ..facts })
}

/// A model whose weights are all here.
fn whole(repo: &Repo) -> Result<ModelFacts> {
    let wrong = |what: String| Error::Model { place: repo.in_words(), what };
    // Before gigabytes are fetched.
    let card = Card::of(repo)?;
    let Weights { path, mut config, shapes, bytes_per_weight, mut chat, carries_tokenizer } = weights(repo)?;
    config.check_shapes(&shapes).map_err(|e| wrong(format!("`{}`: {e}", path.display())))?;
    let tokenizer = given::fetch(repo)?.or(carries_tokenizer.then(|| path.clone()));
    if tokenizer.is_none() && matches!(config.takes(), Modality::Text | Modality::TextToText | Modality::Speech) {
        // A tokenizer of our own would give ids that mean nothing to these weights.
        return Err(Error::NoTokenizer { place: repo.in_words(), found: repo.paths() });
    }
    let sentences = sentences(repo, &mut config)?;
    let (normalize, image) = match repo.read_text("preprocessor_config.json")? {
        Some(json) => preprocessor(&json, config.image_channels().unwrap_or(3))
            .map_err(|what| wrong(format!("`preprocessor_config.json`: {what}")))?,
        None => (None, None),
    };
    let own = chat_format(repo)?;
    chat.template = own.template.or(chat.template);
    chat.tokens.extend(own.tokens);
    let speech = match (config.takes(), &tokenizer) {
        (Modality::Speech, Some(tokenizer)) => Some(speech(repo, &config, tokenizer)?),
        (Modality::Speech, None) | (Modality::Text | Modality::TextToText | Modality::Image | Modality::Table, _) => None,
    };
    Ok(ModelFacts {
        weights: Some(path),
        bytes_per_weight: Some(bytes_per_weight),
        tokenizer,
        normalize,
        image,
        license: card.license,
        terms: card.terms,
        is_gated: card.is_gated,
        revision: repo.commit().map(str::to_string),
        chat,
        prefix: prefix(repo)?,
        ends: ends(repo)?,
        writes: writes(repo)?,
        speech,
        sentences,
        ..ModelFacts::from_scratch(config)
    })
}

/// What the files of the `sentence-transformers` library say, if there are any: how vectors are made becomes the model's head, where it
/// has no head for something else.
fn sentences(repo: &Repo, config: &mut ModelConfig) -> Result<Option<SentenceFacts>> {
    let Some(modules) = repo.read_text("modules.json")? else { return Ok(None) };
    let read = |file: &str| -> Result<serde_json::Value> {
        let text = repo.read_text(file)?.unwrap_or_else(|| "{}".into());
        let wrong = |e: serde_json::Error| Error::Model { place: repo.in_words(), what: format!("`{file}`: {e}") };
        serde_json::from_str(&text).map_err(wrong)
    };
    let pooling = match Pooling::path(&modules) {
        Ok(Some(path)) => match repo.read_text(&path)? {
            Some(json) => Pooling::from_public(&modules, Some(&json)).map_err(|e| e.to_string()),
            None => Err(format!("`modules.json` names `{path}`, which is not there")),
        },
        Ok(None) => Pooling::from_public(&modules, None).map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let (of_texts, of_prompts) = (read("sentence_bert_config.json")?, read("config_sentence_transformers.json")?);
    let unusable = match &pooling {
        Err(what) => Some(what.clone()),
        Ok(_) if of_texts["do_lower_case"] == true => Some("`do_lower_case`: texts are cut as the tokenizer has them".into()),
        Ok(_) if of_prompts["default_prompt_name"].is_string() => {
            Some(format!("`default_prompt_name`: {}, a prompt before every text", of_prompts["default_prompt_name"]))
        }
        Ok(_) => None,
    };
    let bare = matches!(config.head().kind(), HeadKind::Vector | HeadKind::Words);
    if let Ok(pooling) = pooling
        && bare
        && config.heads().any(|head| head == HeadKind::Vector)
    {
        *config = config.clone().with_head(Head::Vector(pooling));
    }
    let max_seq_len = of_texts["max_seq_length"].as_u64().map(|length| length as usize);
    Ok(Some(SentenceFacts { max_seq_len, unusable }))
}

/// How the model writes conversations, as its folder says.
fn chat_format(repo: &Repo) -> Result<ChatFormat> {
    let wrong = |file: &str, e: serde_json::Error| Error::Model { place: repo.in_words(), what: format!("`{file}`: {e}") };
    let read = |file: &str| -> Result<serde_json::Value> {
        let text = repo.read_text(file)?.unwrap_or_else(|| "{}".into());
        serde_json::from_str(&text).map_err(|e| wrong(file, e))
    };
    let config = read("tokenizer_config.json")?;
    let mut format = ChatFormat { template: repo.read_text("chat_template.jinja")?, tokens: BTreeMap::new() };
    for fields in [&read("special_tokens_map.json")?, &config] {
        for name in ["bos_token", "eos_token", "pad_token", "unk_token"] {
            let token = fields.get(name).and_then(|token| token.as_str().or_else(|| token.get("content")?.as_str()));
            format.tokens.extend(token.map(|token| (name.to_string(), token.to_string())));
        }
    }
    // One template, or several by name.
    let named = |list: &serde_json::Value| {
        let all = list.as_array()?;
        all.iter().find(|one| one.get("name").is_some_and(|name| name == "default"))?.get("template").cloned()
    };
    let template = config.get("chat_template").and_then(|t| if t.is_string() { Some(t.clone()) } else { named(t) });
    format.template = format.template.or(template.and_then(|t| t.as_str().map(str::to_string)));
    Ok(format)
}

/// What a model of speech is told and does not write: by `generation_config.json`, else by the names of the tokenizer's tokens and by
/// `config.json`, as older folders have it.
fn speech(repo: &Repo, config: &ModelConfig, tokenizer: &Path) -> Result<SpeechFacts> {
    let read = |file: &str| -> Result<Value> {
        let text = repo.read_text(file)?.unwrap_or_else(|| "{}".into());
        let wrong = |e: serde_json::Error| Error::Model { place: repo.in_words(), what: format!("`{file}`: {e}") };
        serde_json::from_str(&text).map_err(wrong)
    };
    let (generation, own) = (read("generation_config.json")?, read("config.json")?);
    let (json, _) = given::tokenizer_json(tokenizer)?;
    let broken = |e: serde_json::Error| Error::Tokenizer { path: tokenizer.into(), what: e.to_string() };
    let json: Value = serde_json::from_slice(&json).map_err(broken)?;
    let added: BTreeMap<&str, u32> = json["added_tokens"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|token| Some((token["content"].as_str()?, token["id"].as_u64()? as u32)))
        .collect();
    let bare = |token: &str| token.strip_prefix("<|").and_then(|rest| rest.strip_suffix("|>")).unwrap_or(token).to_string();
    let named = |key: &str| -> BTreeMap<String, u32> {
        let tokens = generation[key].as_object().into_iter().flatten();
        tokens.filter_map(|(name, id)| Some((bare(name), id.as_u64()? as u32))).collect()
    };
    let (mut languages, mut tasks) = (named("lang_to_id"), named("task_to_id"));
    let several = generation["is_multilingual"].as_bool().unwrap_or_else(|| {
        // The English models have one token less.
        added.contains_key("<|transcribe|>") && config.text_limits().is_some_and(|(words, _)| words != ENGLISH_WORDS)
    });
    if languages.is_empty() {
        let is_code = |name: &str| (2..=3).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase());
        languages = added.iter().map(|(token, id)| (bare(token), *id)).filter(|(name, _)| is_code(name)).collect();
    }
    if tasks.is_empty() {
        let known = ["transcribe", "translate"];
        tasks = known.iter().filter_map(|name| Some((name.to_string(), *added.get(format!("<|{name}|>").as_str())?))).collect();
    }
    if !several {
        (languages, tasks) = Default::default();
    }
    let no_timestamps = generation["no_timestamps_token_id"].as_u64().map(|id| id as u32);
    let list = |key: &str| -> Vec<u32> {
        let found = [&generation[key], &own[key]].into_iter().find_map(Value::as_array);
        found.into_iter().flatten().filter_map(|id| id.as_u64().map(|id| id as u32)).collect()
    };
    Ok(SpeechFacts {
        language: generation["language"].as_str().map(bare).filter(|code| languages.contains_key(code)),
        languages,
        write: match generation["task"].as_str() {
            Some(task) if task == Write::Translation.public() => Write::Translation,
            _ => Write::Transcript,
        },
        tasks,
        no_timestamps: no_timestamps.or_else(|| added.get("<|notimestamps|>").copied()),
        suppress_tokens: list("suppress_tokens"),
        begin_suppress_tokens: list("begin_suppress_tokens"),
    })
}

/// Tokens that end what it writes: those of `generation_config.json`, else of `config.json`.
fn ends(repo: &Repo) -> Result<Vec<u32>> {
    for file in ["generation_config.json", "config.json"] {
        let json: Value = repo.read_text(file)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let ids = match &json["eos_token_id"] {
            Value::Array(ids) => ids.iter().filter_map(Value::as_u64).collect(),
            id => Vec::from_iter(id.as_u64()),
        };
        if !ids.is_empty() {
            return Ok(ids.into_iter().filter_map(|id| id.try_into().ok()).collect());
        }
    }
    Ok(Vec::new())
}

/// How it writes by `generation_config.json`. A text's length there counts what it begins with.
fn writes(repo: &Repo) -> Result<WritingFacts> {
    let text = repo.read_text("generation_config.json")?;
    let json: Value = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let count = |key: &str| json[key].as_u64().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
    Ok(WritingFacts {
        max_new_tokens: count("max_new_tokens").or_else(|| count("max_length")?.checked_sub(1)).filter(|most| *most > 0),
        num_beams: count("num_beams"),
        length_penalty: json["length_penalty"].as_f64(),
    })
}

/// Tokens of Whisper's models of English alone.
const ENGLISH_WORDS: usize = 51_864;

/// What its own `config.json` puts before every text.
fn prefix(repo: &Repo) -> Result<String> {
    let json = repo.read_text("config.json")?.unwrap_or_default();
    let config = serde_json::from_str::<serde_json::Value>(&json).unwrap_or_default();
    Ok(config.get("prefix").and_then(|prefix| prefix.as_str()).unwrap_or_default().to_string())
}

/// Files of other libraries than transformers may have a `config.json` without one; so may broken ones, which are told as such.
fn names_a_model_type(config_json: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(config_json).map_or(true, |config| config.get("model_type").is_some())
}

/// The tokenizer of a Hub model or of a folder.
///
/// # Errors
/// It is not there.
pub fn survey_tokenizer(hub: &Hub, id: &str) -> Result<PathBuf> {
    let repo = open(hub, id, None)?;
    given::fetch(&repo)?.ok_or_else(|| Error::NoTokenizer { place: repo.in_words(), found: repo.paths() })
}

/// Whether it is a file at hand that holds weights.
pub fn is_file_of_weights(id: &str) -> bool {
    Path::new(id).is_file() && weights::ENDINGS.iter().any(|ending| id.to_lowercase().ends_with(ending))
}

/// A folder at hand, else a model of the Hub.
fn open(hub: &Hub, id: &str, revision: Option<&str>) -> Result<Repo> {
    let path = Path::new(id);
    // A file of weights stands for the folder that it lies in, without the others there.
    if is_file_of_weights(id) {
        return Ok(Repo::at_folder(Kind::Model, folder_of(path))?.without_others(path));
    }
    match path.is_dir() {
        true => Ok(Repo::at_folder(Kind::Model, path)?),
        false if id.starts_with(['/', '.']) => Err(Error::NoFolder { path: path.into() }),
        false => hub.model(id, revision).map_err(|source| {
            let is_there = matches!(source, crate::data::hub::Error::Gated { .. });
            match path.parent().is_some_and(Path::is_dir) && !is_there {
                true => Error::NeitherFolderNorHub { path: path.into(), source },
                false => Error::Hub(source),
            }
        }),
    }
}

/// What a public preprocessor does with images of so many channels.
fn preprocessor(json: &str, channels: usize) -> Result<(Option<Normalize>, Option<ImageSize>), String> {
    let value: serde_json::Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
    Ok((normalize(&value, channels)?, image_size(&value)?))
}

/// What it brings images to: a size as it is; a shorter side, of which the middle is cut out by `crop_size` or by the share `crop_pct`.
fn image_size(value: &serde_json::Value) -> Result<Option<ImageSize>, String> {
    let (on, size) = (value["do_resize"].as_bool().unwrap_or(true), &value["size"]);
    if !on || size.is_null() {
        return Ok(None);
    }
    let number = |of: &serde_json::Value| of.as_u64().map(|n| n as usize).filter(|n| (1..=4096).contains(n));
    let sides = |of: &serde_json::Value| match number(of) {
        Some(side) => Some([side, side]),
        None => Some([number(&of["height"])?, number(&of["width"])?]),
    };
    let resample = match value["resample"].as_u64() {
        Some(3) => Resample::Bicubic,
        Some(2) | None => Resample::Bilinear,
        Some(other) => return Err(format!("`resample`: expected 2 (bilinear) or 3 (bicubic), found {other}")),
    };
    let told = |what: &str| format!("`{what}`: expected pixels from 1 to 4096, found {}", value[what]);
    let crop =
        if value["do_center_crop"] == true { Some(sides(&value["crop_size"]).ok_or_else(|| told("crop_size"))?) } else { None };
    let share = value["crop_pct"].as_f64().filter(|share| *share > 0.0 && *share <= 1.0);
    // Older files say a single number, which is the shorter side where something is cut out of it.
    let shorter = number(&size["shortest_edge"]).or(number(size).filter(|_| crop.is_some() || share.is_some()));
    let ([height, width], crop_from) = match (shorter, crop, share) {
        (Some(shorter), Some(crop), _) => (crop, Some(shorter.max(crop[0]).max(crop[1]))),
        // ConvNeXt's way: nothing is cut out of large ones.
        (Some(shorter), None, Some(_)) if shorter >= 384 => ([shorter, shorter], None),
        (Some(shorter), None, share) => ([shorter, shorter], Some((shorter as f64 / share.unwrap_or(1.0)) as usize)),
        (None, Some([height, width]), _) => {
            // Stretched first, then cut: the shorter side of what is cut from says as much where both are squares.
            let [from_height, from_width] = sides(size).ok_or_else(|| told("size"))?;
            ([height, width], Some(from_height.min(from_width).max(height).max(width)))
        }
        (None, None, _) => (sides(size).ok_or_else(|| told("size"))?, None),
    };
    if crop_from.is_some_and(|from| from > 4096) {
        return Err(told("crop_pct"));
    }
    Ok(Some(ImageSize { height, width, crop_from, resample }))
}

/// `image_mean` and `image_std`, where both are there, in terms of pixels from 0 to 1; of ViT's preprocessors, which need not name them,
/// those that its library takes.
fn normalize(value: &serde_json::Value, channels: usize) -> Result<Option<Normalize>, String> {
    let numbers =
        |key: &str| -> Option<Vec<f32>> { value.get(key)?.as_array()?.iter().map(|v| v.as_f64().map(|f| f as f32)).collect() };
    let is_of_vit = ["image_processor_type", "feature_extractor_type"]
        .iter()
        .any(|key| value[key].as_str().is_some_and(|name| name.starts_with("ViT")));
    let found = match (numbers("image_mean"), numbers("image_std")) {
        _ if value["do_normalize"] == false => Normalize { mean: vec![0.0; channels], std: vec![1.0; channels] },
        (Some(mean), Some(std)) if mean.len() == std.len() && std.iter().all(|s| *s > 0.0) => Normalize { mean, std },
        (None, None) if is_of_vit => Normalize { mean: vec![0.5; channels], std: vec![0.5; channels] },
        (None, None) => return Ok(None),
        _ => return Err("expected `image_mean` and `image_std` of equal length, the latter positive".into()),
    };
    let factor = if value["do_rescale"] == false { 1.0 } else { value["rescale_factor"].as_f64().unwrap_or(1.0 / 255.0) };
    let largest = (255.0 * factor) as f32;
    match largest {
        1.0 => Ok(Some(found)),
        _ if largest > 0.0 && largest.is_finite() => {
            let scaled = |values: Vec<f32>| values.into_iter().map(|value| value / largest).collect();
            Ok(Some(Normalize { mean: scaled(found.mean), std: scaled(found.std) }))
        }
        _ => Err(format!("`rescale_factor`: expected a positive number, found {factor}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_checked_against_the_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("m.safetensors");
        let header_json = br#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  "#;
        let whole: Vec<u8> = (header_json.len() as u64).to_le_bytes().iter().chain(header_json).chain(&[0; 8]).copied().collect();
        let check = |bytes: &[u8], expected: Result<Vec<usize>, &str>| {
            std::fs::write(&path, bytes).expect("written");
            match (Outline::of(&path), expected) {
                (Ok(found), Ok(shape)) => assert_eq!(found.shapes, [("w".to_string(), shape)].into()),
                (Err(what), Err(words)) => assert!(what.contains(words), "{what}"),
                (found, expected) => panic!("expected {expected:?}, found {:?}", found.map(|found| found.shapes)),
            }
        };
        check(&whole, Ok(vec![2]));
        check(&whole[..whole.len() - 1], Err("cut off"));
        check(&whole[..20], Err("cut off"));
        check(b"abc", Err("no safetensors file"));
        check(&[0xff; 64], Err("no safetensors file"));
    }

    /// What may be a path or an id is told as both: `src` is there, and no `nosuch` in it.
    #[test]
    fn a_folder_that_is_not_there_is_told_beside_the_hub() {
        let hub = Hub::nowhere("/nowhere");
        let told = |id: &str| open(&hub, id, None).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            told("src/nosuch").contains("the model `src/nosuch`: there is no such folder, and it could not be fetched"),
            "{}",
            told("src/nosuch")
        );
        assert!(!told("nobody/nosuch").contains("folder"), "{}", told("nobody/nosuch"));
    }

    #[test]
    fn a_card_is_read_before_weights_are_fetched() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |readme: &str| {
            std::fs::write(dir.path().join("README.md"), readme).expect("written");
            whole(&Repo::at_folder(Kind::Model, dir.path()).expect("a folder"))
        };
        assert!(matches!(of("---\nlicense: [mit\n---\n"), Err(Error::Card { .. })));
        assert!(matches!(of("---\nlicense: mit\n---\n"), Err(Error::NoWeights { .. })));
    }

    #[test]
    fn how_vectors_are_made_is_read() {
        use tallow_zoo::PoolingOf;
        let module =
            |kind: &str, path: &str| serde_json::json!({"type": format!("sentence_transformers.models.{kind}"), "path": path});
        let modules =
            |more: &[serde_json::Value]| serde_json::Value::from([&[module("Transformer", "")], more].concat()).to_string();
        let usual = modules(&[module("Pooling", "1_Pooling"), module("Normalize", "2_Normalize")]);
        let first = r#"{"pooling_mode_cls_token": true}"#;
        let check = |files: &[(&str, &str)], class: &str| {
            let dir = tempfile::tempdir().expect("a folder");
            for (name, text) in files {
                let path = dir.path().join(name);
                std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
                std::fs::write(path, text).expect("written");
            }
            let mut config = (tallow_zoo::registry()[0].tiny)().to_public();
            config["architectures"] = serde_json::json!([class]);
            let mut config = ModelConfig::from_public(&config.to_string()).expect("a model");
            let repo = Repo::at_folder(Kind::Model, dir.path()).expect("a folder");
            (sentences(&repo, &mut config).expect("read"), config.head().clone())
        };
        let vector = |of, normalize| Head::Vector(Pooling { of, normalize });
        let plain = vector(PoolingOf::Mean, false);
        assert_eq!(check(&[("config.json", "{}")], "BertModel"), (None, plain.clone()), "a bare encoder");
        let settings = ("sentence_bert_config.json", r#"{"max_seq_length": 7, "do_lower_case": false}"#);
        let (facts, head) = check(&[("modules.json", &usual), ("1_Pooling/config.json", first), settings], "BertForMaskedLM");
        assert_eq!((facts, head), (Some(SentenceFacts { max_seq_len: Some(7), unusable: None }), vector(PoolingOf::First, true)));
        let (_, head) = check(&[("modules.json", &usual), ("1_Pooling/config.json", first)], "BertForTokenClassification");
        assert!(matches!(head, Head::Tags(_)), "a head for something else stays");
        let unusable = |files: &[(&str, &str)], words: &str| {
            let found = check(files, "BertModel").0.and_then(|facts| facts.unusable).unwrap_or_default();
            assert!(found.contains(words), "{found}");
        };
        unusable(&[("modules.json", &usual)], "`modules.json` names `1_Pooling/config.json`, which is not there");
        unusable(
            &[("modules.json", &modules(&[module("Dense", "1_Dense")]))],
            "expected Pooling or Normalize, found sentence_transformers.models.Dense",
        );
        unusable(&[("modules.json", &usual), ("1_Pooling/config.json", r#"{"pooling_mode": "max"}"#)], "found max");
        let all = [("modules.json", usual.as_str()), ("1_Pooling/config.json", first)];
        unusable(&[&all[..], &[("sentence_bert_config.json", r#"{"do_lower_case": true}"#)]].concat(), "`do_lower_case`");
        let prompts = ("config_sentence_transformers.json", r#"{"prompts": {"query": "q: "}, "default_prompt_name": "query"}"#);
        unusable(&[&all[..], &[prompts]].concat(), "`default_prompt_name`: \"query\", a prompt before every text");
    }

    #[test]
    fn what_ends_a_text_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let read = |file: &str, json: &str| {
            std::fs::write(dir.path().join(file), json).expect("written");
            ends(&Repo::at_folder(Kind::Model, dir.path()).expect("a folder")).expect("read")
        };
        assert_eq!(read("config.json", r#"{"eos_token_id": 5}"#), [5]);
        assert_eq!(read("generation_config.json", r#"{"eos_token_id": null}"#), [5]);
        assert_eq!(read("generation_config.json", r#"{"eos_token_id": [7, 9]}"#), [7, 9]);
    }

    #[test]
    fn normalisation_is_read() {
        let read = |json: &str| preprocessor(json, 3).map(|(normalize, _)| normalize);
        let found = read(r#"{"image_mean":[0.5,0.5,0.5],"image_std":[0.25,0.25,0.25]}"#).expect("fine").expect("there");
        assert_eq!((found.mean[0], found.std[2]), (0.5, 0.25));
        assert_eq!(read("{}"), Ok(None));
        assert!(read(r#"{"image_mean":[0.5],"image_std":[0.0]}"#).is_err());
        let check = |json: &str, mean: f32, std: f32| {
            assert_eq!(read(json), Ok(Some(Normalize { mean: vec![mean; 3], std: vec![std; 3] })), "{json}");
        };
        let half = r#""image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]"#;
        check(&format!(r#"{{{half},"rescale_factor":0.00392156862745098}}"#), 0.5, 0.5);
        check(&format!(r#"{{{half},"do_normalize":false}}"#), 0.0, 1.0);
        check(&format!(r#"{{{half},"rescale_factor":0.00784313725490196}}"#), 0.25, 0.25);
        check(&format!(r#"{{{half},"do_rescale":false}}"#), 0.5 / 255.0, 0.5 / 255.0);
        check(r#"{"image_processor_type":"ViTImageProcessor"}"#, 0.5, 0.5);
        assert!(read(r#"{"image_mean":[0.5],"image_std":[0.5],"rescale_factor":0}"#).is_err());
    }

    /// As the preprocessors of public models say it: ViT's, an old one's, ConvNeXt's, that of torchvision's ResNets.
    #[test]
    fn the_size_of_images_is_read() {
        let read = |json: &str| preprocessor(json, 3).map(|(_, image)| image);
        let size = |height, width, crop_from, resample| Ok(Some(ImageSize { height, width, crop_from, resample }));
        for (json, expected) in [
            (r#"{"do_resize":true,"size":{"height":224,"width":200},"resample":2}"#, size(224, 200, None, Resample::Bilinear)),
            (r#"{"size":384,"resample":3}"#, size(384, 384, None, Resample::Bicubic)),
            (r#"{"size":{"shortest_edge":224},"crop_pct":0.875,"resample":3}"#, size(224, 224, Some(256), Resample::Bicubic)),
            (
                r#"{"size":{"shortest_edge":256},"do_center_crop":true,"crop_size":{"height":224,"width":224}}"#,
                size(224, 224, Some(256), Resample::Bilinear),
            ),
            (r#"{"size":224,"crop_pct":0.875,"resample":3}"#, size(224, 224, Some(256), Resample::Bicubic)),
            (r#"{"size":{"shortest_edge":384},"crop_pct":0.875}"#, size(384, 384, None, Resample::Bilinear)),
            (r#"{"size":256,"do_center_crop":true,"crop_size":224}"#, size(224, 224, Some(256), Resample::Bilinear)),
            (r#"{"do_resize":false,"size":224}"#, Ok(None)),
            (r#"{"image_mean":[0.5],"image_std":[0.5]}"#, Ok(None)),
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
        for json in [
            r#"{"size":0}"#,
            r#"{"size":{"shortest_edge":224},"crop_pct":0.0001}"#,
            r#"{"size":"large"}"#,
            r#"{"size":224,"resample":0}"#,
            r#"{"size":{"shortest_edge":9},"do_center_crop":true}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
