//! What would go to the Hub: every file of a model's folder with its hashes, and what in them should not go.

use super::places::is_id;
use super::secrets::{Finding, scan};
use crate::data::git_blob;
use crate::data::hub::push::Upload;
use crate::error::{Class, Failure, place_hint};
use crate::words::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// First bytes that the Hub is shown of each file.
const SAMPLE: usize = 512;

/// Texts beyond this are no texts that somebody wrote.
const MOST_TEXT: u64 = 64 << 20;
/// So much of a file that is no text is looked through; of safetensors the whole header, whose length their first bytes say.
const MOST_HEAD: u64 = 1 << 20;

/// What the Hub shows of a model, and reads its licence from.
const CARD: &str = "README.md";

/// The files of a model's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// By path.
    pub files: Vec<Upload>,
    /// What their texts hold that should not go, with the file.
    pub findings: Vec<(String, Finding)>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read `{}`", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("`{}` leads out of the folder that is to be pushed", path.display())]
    Elsewhere { path: PathBuf },
    #[error("`{}` is no model that could be pushed: it has no `{missing}`", path.display())]
    NoModel { path: PathBuf, missing: &'static str },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Io { .. } => Class::Resource,
            Error::Elsewhere { .. } | Error::NoModel { .. } => Class::Usage,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Io { source, .. } => place_hint(source),
            Error::Elsewhere { .. } => Some("put the file itself in its place".into()),
            Error::NoModel { .. } => Some("name a finished run, or the folder of a model in the Hub's format".into()),
        }
    }
}

impl Shipment {
    /// Of the folder `root`; `own`: whether a line holds a secret of the one who asks, whatever it looks like. Names that begin with a dot stay here.
    ///
    /// # Errors
    /// A file cannot be read, or is a link that leads elsewhere; the folder is no model's.
    pub fn of(root: &Path, own: &dyn Fn(&str) -> bool) -> Result<Self, Error> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| Error::Io { path: path.clone(), source }
        };
        let within = root.canonicalize().map_err(io(root))?;
        let (mut places, mut waiting) = (Vec::new(), vec![root.to_path_buf()]);
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(&folder).map_err(io(&folder))? {
                let path = entry.map_err(io(&folder))?.path();
                if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                    continue;
                }
                if !path.canonicalize().map_err(io(&path))?.starts_with(&within) {
                    return Err(Error::Elsewhere { path });
                }
                if path.is_dir() { waiting.push(path) } else { places.push(path) }
            }
        }
        let (mut files, mut findings) = (Vec::new(), Vec::new());
        for place in places {
            let parts: Vec<_> = place.strip_prefix(root).unwrap_or(&place).iter().map(|p| p.to_string_lossy()).collect();
            let file = upload(parts.join("/"), &place).map_err(io(&place))?;
            let found = scan(&readable(&file, &place).map_err(io(&place))?, own);
            findings.extend(found.into_iter().map(|finding| (file.path.clone(), finding)));
            files.push(file);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        findings.sort_by(|a, b| (&a.0, a.1.line).cmp(&(&b.0, b.1.line)));
        let has = |ending: &str| files.iter().any(|file| file.path.ends_with(ending));
        match () {
            () if !has("config.json") && !has(".gguf") => Err(Error::NoModel { path: root.into(), missing: "config.json" }),
            () if !has(".safetensors") && !has(".gguf") && !has(".onnx") => {
                Err(Error::NoModel { path: root.into(), missing: "model.safetensors" })
            }
            () => Ok(Shipment { files, findings }),
        }
    }

    /// The place on this machine that an adapter names as its base, which nobody else has.
    pub fn base_here(&self) -> Option<String> {
        let config = self.files.iter().find(|file| file.path == "adapter_config.json")?;
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&config.place).ok()?).ok()?;
        json["base_model_name_or_path"].as_str().filter(|base| !base.is_empty() && !is_id(base)).map(str::to_string)
    }

    /// The same with this text in place of the card, which is written to the folder `beside`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn with_card(mut self, text: &str, beside: &Path) -> Result<Self, Error> {
        let place = beside.join(CARD);
        let io = |source| Error::Io { path: place.clone(), source };
        std::fs::write(&place, text).map_err(io)?;
        let card = upload(CARD.into(), &place).map_err(io)?;
        self.files.retain(|file| file.path != CARD);
        self.files.push(card);
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self)
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// What of a file is text, whatever its encoding; of weights and other bytes the beginning, where their names and notes stand.
fn readable(file: &Upload, place: &Path) -> std::io::Result<String> {
    let (sample, mut open) = (&file.sample, File::open(place)?);
    let wide = |from: fn([u8; 2]) -> u16, bytes: &[u8]| {
        String::from_utf16_lossy(&bytes.chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect::<Vec<u16>>())
    };
    let order: Option<fn([u8; 2]) -> u16> = match sample.as_slice() {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ => None,
    };
    let most = match sample.contains(&0) && order.is_none() {
        true => sample.first_chunk::<8>().map_or(0, |length| u64::from_le_bytes(*length)).clamp(MOST_HEAD, MOST_TEXT),
        false => MOST_TEXT,
    };
    let mut bytes = Vec::new();
    (&mut open).take(most).read_to_end(&mut bytes)?;
    Ok(order.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |order| wide(order, &bytes)))
}

/// A file with both of its hashes.
fn upload(path: String, place: &Path) -> std::io::Result<Upload> {
    let mut file = File::open(place)?;
    let size = file.metadata()?.len();
    let (mut sha256, mut git) = (Sha256::new(), git_blob(size));
    let (mut block, mut sample) = (vec![0; 1 << 20], Vec::new());
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        sample.extend_from_slice(&block[..read.min(SAMPLE.saturating_sub(sample.len()))]);
        sha256.update(&block[..read]);
        git.update(&block[..read]);
    }
    Ok(Upload { path, place: place.into(), size, sha256: hex(&sha256.finalize()), git_sha1: hex(&git.finalize()), sample })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_git_and_of_the_bytes() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x");
        std::fs::write(&path, "hello\n").expect("written");
        let file = upload("x".into(), &path).expect("read");
        // As `git hash-object` and `sha256sum` have it.
        assert_eq!(file.git_sha1, "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(file.sha256, "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
        assert_eq!((file.size, file.sample.as_slice()), (6, &b"hello\n"[..]));
    }

    #[test]
    fn secrets_are_found_whatever_the_encoding() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).expect("written");
        let secret = format!("hf_{}", "a1B2".repeat(9));
        write("config.json", b"{}");
        write("latin.txt", &[b"caf\xe9 ", secret.as_bytes()].concat());
        write("wide.txt", &format!("\u{feff}{secret}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        let header = format!("{{\"__metadata__\":{{\"note\":\"{secret}\"}}}}");
        write("model.safetensors", &[&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 64]].concat());
        let found = Shipment::of(dir.path(), &|_| false).expect("a model").findings;
        let files: Vec<&str> = found.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(files, ["latin.txt", "model.safetensors", "wide.txt"], "{found:?}");
    }

    #[test]
    fn hidden_files_stay_and_links_out_are_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("model");
        let write = |name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "x").expect("written");
        };
        write("model.safetensors");
        assert!(matches!(Shipment::of(&root, &|_| false), Err(Error::NoModel { missing: "config.json", .. })));
        ["config.json", ".env", ".git/config", "1_Pooling/config.json"].into_iter().for_each(write);
        let paths = |shipment: Shipment| shipment.files.into_iter().map(|file| file.path).collect::<Vec<_>>();
        let found = Shipment::of(&root, &|_| false).expect("a model");
        assert_eq!(paths(found), ["1_Pooling/config.json", "config.json", "model.safetensors"]);
        std::fs::write(dir.path().join("secret"), "x").expect("written");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), root.join("notes.txt")).expect("linked");
            assert!(matches!(Shipment::of(&root, &|_| false), Err(Error::Elsewhere { .. })));
        }
    }
}
