//! Which tensors a model's weights are, and the configuration that goes with them.

use super::names_a_model_type;
use crate::data::hub::Repo;
use crate::data::lfs;
use crate::data::shards::files_of_index;
use crate::data::tokenizers::gguf;
use crate::data::{Error, Result};
use crate::job::ChatFormat;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use tallow_zoo::ModelConfig;
use tallow_zoo::gguf::Gguf;
use tallow_zoo::torch_file::TorchFile;

/// Whole weights by the Hub's names, the best first: in one file, or in several that an index names.
const FILES: [&str; 4] =
    ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];
const GGUF: &str = ".gguf";
/// How files of weights end whose names are free.
pub(super) const ENDINGS: [&str; 4] = [GGUF, ".pth", ".pt", ".th"];
/// No model has a header beyond this.
const MOST_HEADER_BYTES: u64 = 64 << 20;

/// What a model's weights are.
pub(super) struct Weights {
    pub(super) path: PathBuf,
    pub(super) config: ModelConfig,
    pub(super) shapes: BTreeMap<String, Vec<usize>>,
    pub(super) bytes_per_weight: f64,
    pub(super) chat: ChatFormat,
    /// A GGUF file has one of its own.
    pub(super) carries_tokenizer: bool,
}

/// The first of [`FILES`] that is there, else the only file that ends as one of weights.
pub(super) fn weights(repo: &Repo) -> Result<Weights> {
    let wrong = |what: String| Error::Model { place: repo.in_words(), what };
    let name = match FILES.into_iter().find(|name| repo.has(name)) {
        Some(name) => name.to_string(),
        None => only_one(repo)?,
    };
    let path = repo.fetch(&name)?;
    if name.to_lowercase().ends_with(GGUF) {
        return of_gguf(&path).map_err(|what| wrong(format!("`{name}`: {what}")));
    }
    let files = match name.ends_with(".json") {
        true => files_of_index(&repo.read_text(&name)?.unwrap_or_default()).map_err(|what| wrong(format!("`{name}`: {what}")))?,
        false => [name].into(),
    };
    let mut all = Outline::default();
    for file in files {
        all.add(Outline::of(&repo.fetch(&file)?).map_err(|what| wrong(format!("`{file}`: {what}")))?);
    }
    let bytes_per_weight = all.bytes_per_weight();
    let shapes = all.shapes;
    let config = match repo.read_text("config.json")?.filter(|json| names_a_model_type(json)) {
        Some(json) => ModelConfig::from_public(&json).map_err(|e| wrong(e.to_string()))?,
        None => {
            let config = ModelConfig::identify(&shapes).ok_or_else(|| {
                wrong(
                    "it has no `config.json` with a `model_type`, and its tensors are those of no architecture of the zoo: `tallow models` lists them"
                        .into(),
                )
            })?;
            if let (ModelConfig::Resnet(_), Some(name)) = (&config, architecture(repo)?) {
                ModelConfig::check_timm_name(&name).map_err(|e| wrong(e.to_string()))?;
            }
            config
        }
    };
    Ok(Weights { path, config, shapes, bytes_per_weight, chat: ChatFormat::default(), carries_tokenizer: false })
}

/// What timm's own `config.json` calls the network.
fn architecture(repo: &Repo) -> Result<Option<String>> {
    let json = repo.read_text("config.json")?.unwrap_or_default();
    let config = serde_json::from_str::<serde_json::Value>(&json).unwrap_or_default();
    Ok(config.get("architecture").and_then(|name| name.as_str()).map(str::to_string))
}

/// Of a folder without any of [`FILES`].
fn only_one(repo: &Repo) -> Result<String> {
    let is_one = |path: &String| ENDINGS.iter().any(|ending| path.to_lowercase().ends_with(ending));
    let mut files: Vec<String> = repo.paths().into_iter().filter(is_one).collect();
    let below = models_below(&repo.paths());
    match (files.pop(), files.is_empty()) {
        (Some(only), true) => Ok(only),
        _ if !below.is_empty() => Err(Error::ModelsBelow { place: repo.in_words(), below }),
        (None, _) => Err(Error::NoWeights { place: repo.in_words(), found: repo.paths() }),
        (Some(last), false) => {
            files.push(last);
            let what = format!("it has several files of weights, and it is not said which: {}", files.join(", "));
            Err(Error::Model { place: repo.in_words(), what })
        }
    }
}

/// The folders below one that are models; none where it has such files itself.
fn models_below(paths: &[String]) -> Vec<String> {
    let of_model = |name: &str| {
        FILES.contains(&name)
            || ["config.json", "adapter_config.json"].contains(&name)
            || ENDINGS.iter().any(|ending| name.to_lowercase().ends_with(ending))
    };
    let parted = |path: &'_ str| {
        path.rsplit_once('/').map_or((String::new(), path.to_string()), |(folder, name)| (folder.into(), name.into()))
    };
    let folders: BTreeSet<String> =
        paths.iter().map(|path| parted(path)).filter(|(_, name)| of_model(name)).map(|(folder, _)| folder).collect();
    // A model may have more of its own in folders.
    let is_outer = |folder: &String| !folders.iter().any(|outer| folder.starts_with(&format!("{outer}/")));
    if folders.contains("") { Vec::new() } else { folders.iter().filter(|folder| is_outer(folder)).cloned().collect() }
}

fn of_gguf(path: &Path) -> Result<Weights, String> {
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let read = Gguf::read(&mut file).map_err(|e| e.to_string())?;
    let (config, shapes) = read.outline(&mut file).map_err(|e| e.to_string())?;
    let template = read.text("tokenizer.chat_template").map(str::to_string);
    let chat = ChatFormat { template, tokens: gguf::named_tokens(&read) };
    let (bytes_per_weight, carries_tokenizer) = (read.bytes_per_weight(), gguf::has_tokenizer(&read));
    Ok(Weights { path: path.into(), config, shapes, bytes_per_weight, chat, carries_tokenizer })
}

/// What files of weights say of their tensors.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) shapes: BTreeMap<String, Vec<usize>>,
    /// Of all matrices.
    matrix_bytes: usize,
    matrix_elements: f64,
}

impl Outline {
    /// Names and shapes of a file's tensors, and that the file is as long as it says: safetensors, or what `torch.save` writes.
    ///
    /// # Errors
    /// In words.
    pub(super) fn of(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|e| e.to_string())?;
        let mut first = Vec::new();
        (&mut file).take(8).read_to_end(&mut first).map_err(|e| e.to_string())?;
        file.rewind().map_err(|e| e.to_string())?;
        if !TorchFile::begins(&first) {
            return of_safetensors(file).map_err(|what| lfs::or(path, what));
        }
        let read = TorchFile::read(&mut file).map_err(|e| e.to_string())?;
        let mut all = Outline { shapes: read.shapes(), ..Outline::default() };
        for (name, shape) in all.shapes.iter().filter(|(_, shape)| shape.len() == 2) {
            all.matrix_bytes += read.bytes_of(name);
            all.matrix_elements += shape.iter().map(|dim| *dim as f64).product::<f64>();
        }
        Ok(all)
    }

    fn add(&mut self, other: Outline) {
        self.shapes.extend(other.shapes);
        self.matrix_bytes += other.matrix_bytes;
        self.matrix_elements += other.matrix_elements;
    }

    /// Of an element of a matrix, on average over all of them.
    fn bytes_per_weight(&self) -> f64 {
        if self.matrix_elements > 0.0 { self.matrix_bytes as f64 / self.matrix_elements } else { 4.0 }
    }
}

fn of_safetensors(mut file: File) -> Result<Outline, String> {
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
    let matrices = || tensors.values().filter(|t| t.shape.len() == 2);
    let matrix_bytes = matrices().map(|t| t.data_offsets.1 - t.data_offsets.0).sum();
    let matrix_elements = matrices().map(|t| t.shape.iter().map(|dim| *dim as f64).product::<f64>()).sum();
    let shapes = tensors.into_iter().map(|(name, t)| (name, t.shape.clone())).collect();
    Ok(Outline { shapes, matrix_bytes, matrix_elements })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::hub::Kind;
    use tallow_kernels::Stream;

    /// Many of timm's networks have the tensors of a plain one.
    #[test]
    fn networks_of_timm_are_told_apart_by_their_names() {
        let dir = tempfile::tempdir().expect("a folder");
        let wide = ModelConfig::Resnet(tallow_zoo::resnet::Config { width_factor: 2, ..tiny() });
        let weights = tallow_kernels::Weights::scratch(Stream::root(1), &candle_core::Device::Cpu);
        wide.build(&weights, None).expect("a model");
        let (store, _) = weights.finish().expect("from scratch");
        let own = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();
        let public = wide.public_tensors(own).expect("tensors").into_iter().collect();
        candle_core::safetensors::save(&public, dir.path().join("model.safetensors")).expect("written");
        let read = |config: &str| {
            std::fs::write(dir.path().join("config.json"), config).expect("written");
            super::weights(&Repo::at_folder(Kind::Model, dir.path()).expect("a folder")).map(|weights| weights.config)
        };
        for name in ["wide_resnet50_2", "resnet50.a1_in1k", "tv_resnet34"] {
            assert!(read(&format!(r#"{{"architecture": "{name}"}}"#)).is_ok(), "{name}");
        }
        for name in ["resnetblur50", "resnetaa50", "seresnet50.a1_in1k"] {
            let message = read(&format!(r#"{{"architecture": "{name}"}}"#)).err().expect("refused").to_string();
            assert!(message.contains(name) && message.contains("\"resnet50\""), "{message}");
        }
    }

    fn tiny() -> tallow_zoo::resnet::Config {
        let tiny = tallow_zoo::registry().iter().find(|entry| entry.family == "resnet").map(|entry| (entry.tiny)());
        match tiny {
            Some(ModelConfig::Resnet(config)) => config,
            other => panic!("expected a ResNet, found {other:?}"),
        }
    }
}
