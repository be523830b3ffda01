//! A model's weights in one file or in several. Where they are several, an index names the file of each tensor, as the Hub has it for
//! models of more than some gigabytes: `model.safetensors.index.json`.

use super::digest::sha256_of_file;
use super::{Error, Result};
use crate::words::hex;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How the name of an index ends.
const ENDINGS: [&str; 2] = [".safetensors.index.json", ".bin.index.json"];
/// No index is larger.
const MOST_BYTES: u64 = 64 << 20;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The files below a model's folder that an index names, in the order of their names.
///
/// # Errors
/// It is no such index: in words.
pub(super) fn files_of_index(json: &str) -> Result<BTreeSet<String>, String> {
    let index: Index = serde_json::from_str(json).map_err(|e| format!("it is no index of weights: {e}"))?;
    let files: BTreeSet<String> = index.weight_map.into_values().collect();
    let is_plain = |name: &str| (name.ends_with(".safetensors") || name.ends_with(".bin")) && !name.contains(['/', '\\', '\0']);
    match files.iter().find(|name| !is_plain(name)) {
        Some(name) => Err(format!("expected files of weights beside the index, found `{name}`")),
        None if files.is_empty() => Err("its `weight_map` names no file".into()),
        None => Ok(files),
    }
}

/// The files that weights lie in: those that the index at `path` names, or the one at `path`.
///
/// # Errors
/// The index cannot be read, or is none.
pub fn weight_files(path: &Path) -> Result<Vec<PathBuf>> {
    let is_index = path.file_name().is_some_and(|name| ENDINGS.iter().any(|ending| name.to_string_lossy().ends_with(ending)));
    if !is_index {
        return Ok(vec![path.to_path_buf()]);
    }
    let io = |source| Error::Io { action: "read", path: path.into(), source };
    let mut json = String::new();
    File::open(path).map_err(io)?.take(MOST_BYTES).read_to_string(&mut json).map_err(io)?;
    let files = files_of_index(&json).map_err(|what| Error::Unreadable { path: path.into(), position: None, what })?;
    Ok(files.into_iter().map(|name| path.with_file_name(name)).collect())
}

/// As [`sha256_of_file`]; of an index, that of the names and hashes of the files that it names.
///
/// # Errors
/// A file cannot be read, or is no index.
pub fn sha256_of_weights(path: &Path) -> Result<String> {
    let files = weight_files(path)?;
    if let [only] = files.as_slice()
        && only == path
    {
        return sha256_of_file(path);
    }
    let mut hasher = Sha256::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        hasher.update(format!("{name}\0{}\n", sha256_of_file(&file)?));
    }
    Ok(hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_names_the_files_beside_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = |name: &str| dir.path().join(name);
        let index = place("model.safetensors.index.json");
        let write = |name: &str, text: &str| std::fs::write(place(name), text).expect("written");
        write("a.safetensors", "1");
        write("b.safetensors", "2");
        write(
            "model.safetensors.index.json",
            r#"{"metadata": {"total_size": 2}, "weight_map": {"x": "b.safetensors", "y": "a.safetensors", "z": "b.safetensors"}}"#,
        );
        let files = weight_files(&index).expect("files");
        assert_eq!(files, [place("a.safetensors"), place("b.safetensors")]);
        assert_eq!(weight_files(&files[0]).expect("itself"), [files[0].clone()]);
        let before = sha256_of_weights(&index).expect("a hash");
        assert_eq!(sha256_of_weights(&files[0]).expect("a hash"), sha256_of_file(&files[0]).expect("a hash"));
        write("b.safetensors", "3");
        assert_ne!(sha256_of_weights(&index).expect("a hash"), before);
        for (json, words) in [
            ("{}", "no index of weights"),
            (r#"{"weight_map": {}}"#, "names no file"),
            (r#"{"weight_map": {"x": "../../etc/shadow.safetensors"}}"#, "../../etc/shadow"),
            (r#"{"weight_map": {"x": "pytorch_model.txt"}}"#, "pytorch_model.txt"),
        ] {
            write("model.safetensors.index.json", json);
            let error = weight_files(&index).expect_err(json).to_string();
            assert!(error.contains(words), "{json}: {error}");
        }
    }
}
