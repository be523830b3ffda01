//! What a model folder holds: its config, weights, tokenizer, licence.

use super::hub::{Hub, Kind, Repo};
use super::{Card, Error, Result, sha256_of_file};
use crate::job::Normalize;
use crate::plan::ModelFacts;
use crate::spec::{ModelSpec, TokenizerSpec};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tallow_zoo::{Modality, ModelConfig};

const WEIGHTS: &str = "model.safetensors";
/// No model has a header beyond this.
const MOST_HEADER_BYTES: u64 = 64 << 20;

/// Fetches a model's files (or only the tokenizer, for one from scratch) and looks at them.
///
/// # Errors
/// The model is not there or has no safetensors; the weights are cut off; no architecture of the zoo fits.
pub fn survey_model(hub: &Hub, spec: &ModelSpec) -> Result<ModelFacts> {
    let (id, revision) = match spec {
        ModelSpec::Pretrained { id, revision } => (id, revision.as_deref()),
        ModelSpec::Scratch { config, tokenizer } => {
            let tokenizer = match tokenizer {
                Some(TokenizerSpec::Of(id)) => Some(survey_tokenizer(hub, id)?),
                Some(TokenizerSpec::Trained(_)) | None => None,
            };
            let config = config.clone();
            return Ok(ModelFacts {
                config,
                weights: None,
                weights_sha256: None,
                tokenizer,
                normalize: None,
                license: None,
                revision: None,
            });
        }
    };
    let repo = open(hub, id, revision)?;
    if !repo.has(WEIGHTS) {
        return Err(Error::NoWeights { place: repo.in_words(), found: repo.paths() });
    }
    let weights = repo.fetch(WEIGHTS)?;
    let wrong = |what: String| Error::Model { place: repo.in_words(), what };
    let shapes = header(&weights).map_err(|what| wrong(format!("`{WEIGHTS}`: {what}")))?;
    let config = match repo.read_text("config.json")?.filter(|json| names_a_model_type(json)) {
        Some(json) => ModelConfig::from_public(&json).map_err(|e| wrong(e.to_string()))?,
        None => ModelConfig::identify(&shapes).ok_or_else(|| {
            wrong(
                "it has no `config.json` with a `model_type`, and its tensors are those of no architecture of the zoo: `tallow models` lists them"
                    .into(),
            )
        })?,
    };
    config.check_shapes(&shapes).map_err(|e| wrong(format!("`{WEIGHTS}`: {e}")))?;
    let tokenizer = repo.has("tokenizer.json").then(|| repo.fetch("tokenizer.json")).transpose()?;
    if tokenizer.is_none() && config.takes() == Modality::Text {
        // A tokenizer of our own would give ids that mean nothing to these weights.
        return Err(Error::NoTokenizer { place: repo.in_words(), found: repo.paths() });
    }
    let card = match repo.read_text("README.md")? {
        Some(readme) => Card::parse(&repo.in_words(), &readme)?,
        None => Card::default(),
    };
    let normalize = match repo.read_text("preprocessor_config.json")? {
        Some(json) => normalize(&json).map_err(|what| wrong(format!("`preprocessor_config.json`: {what}")))?,
        None => None,
    };
    Ok(ModelFacts {
        config,
        weights_sha256: Some(sha256_of_file(&weights)?),
        weights: Some(weights),
        tokenizer,
        normalize,
        license: card.license,
        revision: repo.commit().map(str::to_string),
    })
}

/// Files of other libraries than transformers may have a `config.json` without one; so may broken ones, which are told as such.
fn names_a_model_type(config_json: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(config_json).map_or(true, |config| config.get("model_type").is_some())
}

/// The `tokenizer.json` of a Hub model or of a folder.
///
/// # Errors
/// It is not there.
pub fn survey_tokenizer(hub: &Hub, id: &str) -> Result<PathBuf> {
    Ok(open(hub, id, None)?.fetch("tokenizer.json")?)
}

/// A folder at hand, else a model of the Hub.
fn open(hub: &Hub, id: &str, revision: Option<&str>) -> Result<Repo> {
    let path = Path::new(id);
    match path.is_dir() {
        true => Ok(Repo::at_folder(Kind::Model, path)?),
        false if id.starts_with(['/', '.']) => {
            Err(Error::Model { place: format!("the model `{id}`"), what: "there is no such folder".into() })
        }
        false => Ok(hub.model(id, revision)?),
    }
}

/// Names and shapes of the tensors, and that the file is as long as its header says.
fn header(path: &Path) -> Result<BTreeMap<String, Vec<usize>>, String> {
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let size = file.metadata().map_err(|e| e.to_string())?.len();
    let mut head = [0u8; 8];
    file.read_exact(&mut head).map_err(|_| format!("it is no safetensors file: it has {size} bytes"))?;
    let length = u64::from_le_bytes(head);
    if length > MOST_HEADER_BYTES || length + 8 > size {
        return Err(format!("it is no safetensors file, or cut off: its header would have {length} bytes, the file has {size}"));
    }
    let mut json = Vec::new();
    file.take(length).read_to_end(&mut json).map_err(|e| e.to_string())?;
    let metadata: safetensors::tensor::Metadata =
        serde_json::from_slice(&json).map_err(|e| format!("it is no safetensors file: its header is broken: {e}"))?;
    let tensors = metadata.tensors();
    let end = tensors.values().map(|t| t.data_offsets.1).max().unwrap_or(0) as u64;
    if 8 + length + end != size {
        return Err(format!("it is cut off or has been changed: expected {} bytes, found {size}", 8 + length + end));
    }
    Ok(tensors.into_iter().map(|(name, t)| (name, t.shape.clone())).collect())
}

/// `image_mean` and `image_std`, where both are there.
fn normalize(json: &str) -> Result<Option<Normalize>, String> {
    let value: serde_json::Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
    let numbers =
        |key: &str| -> Option<Vec<f32>> { value.get(key)?.as_array()?.iter().map(|v| v.as_f64().map(|f| f as f32)).collect() };
    match (numbers("image_mean"), numbers("image_std")) {
        (Some(mean), Some(std)) if mean.len() == std.len() && std.iter().all(|s| *s > 0.0) => Ok(Some(Normalize { mean, std })),
        (None, None) => Ok(None),
        _ => Err("expected `image_mean` and `image_std` of equal length, the latter positive".into()),
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
            match (header(&path), expected) {
                (Ok(found), Ok(shape)) => assert_eq!(found, [("w".to_string(), shape)].into()),
                (Err(what), Err(words)) => assert!(what.contains(words), "{what}"),
                (found, expected) => panic!("expected {expected:?}, found {found:?}"),
            }
        };
        check(&whole, Ok(vec![2]));
        check(&whole[..whole.len() - 1], Err("cut off"));
        check(&whole[..20], Err("cut off"));
        check(b"abc", Err("no safetensors file"));
        check(&[0xff; 64], Err("no safetensors file"));
    }

    #[test]
    fn normalisation_is_read() {
        let read = normalize(r#"{"image_mean":[0.5,0.5,0.5],"image_std":[0.25,0.25,0.25]}"#).expect("fine").expect("there");
        assert_eq!((read.mean[0], read.std[2]), (0.5, 0.25));
        assert_eq!(normalize("{}"), Ok(None));
        assert!(normalize(r#"{"image_mean":[0.5],"image_std":[0.0]}"#).is_err());
    }
}
