//! A model goes to the Hub: what is there already, what goes how, the upload, one commit, and what was stored, read back.
//!
//! The Hub's own client (`hf-hub`) sends large files by one transfer alone, and where a server offers another it sends them within the
//! commit. So the protocol is spoken here: [the commit route][commit] (lines of JSON), [Git LFS's batch route][lfs] for large files, with
//! the transfers `basic` and `multipart`. The token goes to the Hub's own host and to no other.
//!
//! [commit]: https://huggingface.co/docs/hub/api
//! [lfs]: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md

mod error;
mod http;
mod large;
mod repo;

pub use error::Error;

use super::{Hub, check_id};
use crate::words::duration;
use http::Http;
pub(super) use http::is_passing;
use repo::Stored;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A file that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// In the repository, with `/`.
    pub path: String,
    /// Where it lies here.
    pub place: PathBuf,
    pub size: u64,
    pub sha256: String,
    /// SHA-1 of git's header and the bytes: how git names a file's content.
    pub git_sha1: String,
    /// Its first bytes, by which the Hub says how it is to be sent.
    pub sample: Vec<u8>,
}

/// Where files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `ORG/NAME` of a model.
    pub id: String,
    /// A branch, which is made if it is not there.
    pub revision: String,
    /// Only those who have access see it. One that is there and public is not pushed to. Without it a new one is as its owner has settled.
    pub private: bool,
    /// As a pull request, for others to look at.
    pub pull_request: bool,
}

impl Target {
    /// Whether it can be one, before anybody is asked.
    ///
    /// # Errors
    /// Its id is none, or names no owner.
    pub fn check(&self) -> Result<(), Error> {
        check_id(super::Kind::Model, &self.id)?;
        if self.id.contains('/') { Ok(()) } else { Err(Error::NoOwner { id: self.id.clone() }) }
    }
}

/// What is at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No such repository.
    Absent,
    /// A repository without that branch; it would begin at this commit of `main`.
    NoBranch {
        head: String,
        private: bool,
        files: Files,
    },
    There {
        head: String,
        private: bool,
        files: Files,
    },
}

/// What a commit holds, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, Stored>);

impl Files {
    /// What would become of a file.
    pub fn change(&self, file: &Upload) -> Change {
        match self.0.get(&file.path) {
            None => Change::New,
            Some(stored) if stored.is(file) => Change::Same,
            Some(_) => Change::Changed,
        }
    }

    /// Paths that are not as they are after a push of `files`.
    fn differing(&self, files: &[Upload]) -> Vec<String> {
        let changed = files.iter().filter(|file| self.change(file) != Change::Same).map(|file| file.path.clone());
        changed.chain(self.replaced(files)).collect()
    }

    /// Files of another model that `files` take the place of without having their names: weights, and what libraries and Tallow read
    /// beside them. They must go: of a folder with `model.safetensors` and shards, or with a model and an adapter, every library loads
    /// the one that it looks for first, and of a tokenizer or a module that nobody sent the model would be another.
    pub fn replaced(&self, files: &[Upload]) -> Vec<String> {
        if !files.iter().any(|file| are_weights(&file.path)) {
            return Vec::new();
        }
        self.besides(files).filter(|path| are_weights(path) || is_of_a_bundle(path)).cloned().collect()
    }

    /// What is there besides, and stays.
    pub fn staying(&self, files: &[Upload]) -> Vec<String> {
        let replaced = self.replaced(files);
        self.besides(files).filter(|path| !replaced.contains(path) && *path != ".gitattributes").cloned().collect()
    }

    fn besides<'a>(&'a self, files: &'a [Upload]) -> impl Iterator<Item = &'a String> {
        self.0.keys().filter(move |path| !files.iter().any(|file| file.path == **path))
    }
}

/// Whether Tallow writes such a file beside a model's weights; a card and what nobody here writes are not among them.
fn is_of_a_bundle(path: &str) -> bool {
    const NAMES: [&str; 18] = [
        "1_Pooling/config.json",
        "chat_template.jinja",
        "config.json",
        "config_sentence_transformers.json",
        "generation_config.json",
        "manifest.json",
        "metrics.json",
        "modules.json",
        "preprocessor_config.json",
        "sentence_bert_config.json",
        "source.spm",
        "special_tokens_map.json",
        "target.spm",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.toml",
        "vocab.json",
        "vocab.txt",
    ];
    let is_plot = path.strip_prefix("plots/").is_some_and(|name| name.ends_with(".svg") && !name.contains('/'));
    is_plot || NAMES.contains(&path)
}

/// Whether a library that loads the repository looks for this file: weights of a model or an adapter, and what says where they lie.
/// Other forms of a model (GGUF, ONNX) are asked for by name.
fn are_weights(path: &str) -> bool {
    let (stem, numbered) = ["model", "pytorch_model", "adapter_model"]
        .into_iter()
        .find_map(|stem| Some((stem, path.strip_prefix(stem)?)))
        .unwrap_or_default();
    let form = match numbered.split_once('.') {
        Some((number, form)) if number.bytes().all(|b| b.is_ascii_digit() || b"-of".contains(&b)) => form,
        _ => "",
    };
    let is_form = matches!(form, "safetensors" | "bin" | "safetensors.index.json" | "bin.index.json");
    path == "adapter_config.json" || !stem.is_empty() && is_form
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    New,
    Changed,
    /// It is stored already, byte for byte.
    Same,
}

impl Standing {
    pub fn change(&self, file: &Upload) -> Change {
        match self {
            Standing::Absent => Change::New,
            Standing::NoBranch { files, .. } | Standing::There { files, .. } => files.change(file),
        }
    }

    /// Files there that these take the place of.
    pub fn replaced(&self, uploads: &[Upload]) -> Vec<String> {
        match self {
            Standing::Absent => Vec::new(),
            Standing::NoBranch { files, .. } | Standing::There { files, .. } => files.replaced(uploads),
        }
    }

    /// Files there that a push of these leaves as they are.
    pub fn staying(&self, uploads: &[Upload]) -> Vec<String> {
        match self {
            Standing::Absent => Vec::new(),
            Standing::NoBranch { files, .. } | Standing::There { files, .. } => files.staying(uploads),
        }
    }
}

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// Everything was stored already: there is no new commit.
    Unchanged { commit: String },
    Committed {
        commit: String,
        /// Files that were sent within the commit, and large ones that were sent before it; the rest of what is large was stored already.
        sent: usize,
        uploaded: usize,
        pull_request: Option<String>,
    },
}

/// How patient a push is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries of each request.
    pub attempts: u32,
    /// Before the second; each further wait is twice as long.
    pub first_wait: Duration,
    /// No wait is longer, whatever the server asks for.
    pub longest_wait: Duration,
    /// The same where the server says that it is asked too often.
    pub longest_limit: Duration,
    /// No answer is waited for longer, beyond the time that what is sent may take.
    pub longest_answer: Duration,
}

/// As long as the Hub's own limits last.
pub(super) const LONGEST_LIMIT: Duration = Duration::from_secs(300);

/// A server that says nothing for so long says nothing at all.
pub(super) const LONGEST_ANSWER: Duration = Duration::from_secs(300);

impl Default for Patience {
    fn default() -> Self {
        let (first_wait, longest_wait) = (Duration::from_secs(1), Duration::from_secs(60));
        Patience { attempts: 5, first_wait, longest_wait, longest_limit: LONGEST_LIMIT, longest_answer: LONGEST_ANSWER }
    }
}

impl Patience {
    /// Waits after so many failures, as long as the server asked for, and says so where that is for its limit.
    pub(super) fn wait(&self, failures: u32, limited: bool, asked: Option<Duration>, tell: &dyn Fn(&str)) {
        let own = self.first_wait.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let wait = asked.unwrap_or(own).min(if limited { self.longest_limit } else { self.longest_wait });
        if limited && wait >= Duration::from_secs(1) {
            tell(&format!("waiting {} for the Hub's rate limit", duration(wait.as_secs_f64())));
        }
        std::thread::sleep(wait);
    }
}

/// The Hub, to be written to.
pub struct Pusher {
    http: Http,
}

impl Hub {
    /// The Hub, to be written to.
    ///
    /// # Errors
    /// There is no token, the network must not be used, or it is no Hub but a local folder.
    pub fn pusher(&self, patience: Patience) -> Result<Pusher, Error> {
        let config = self.config();
        if config.offline || config.local.is_some() {
            return Err(Error::Offline);
        }
        Ok(Pusher { http: Http::new(config, patience, self.tell.clone())? })
    }
}

impl Pusher {
    /// What is at the target now.
    ///
    /// # Errors
    /// No access; the Hub cannot be reached or answers nonsense; it is public and was to be private.
    pub fn standing(&self, target: &Target) -> Result<Standing, Error> {
        target.check()?;
        let standing = repo::standing(&self.http, &target.id, &target.revision)?;
        let is_private = match &standing {
            Standing::Absent => None,
            Standing::NoBranch { private, .. } | Standing::There { private, .. } => Some(*private),
        };
        match is_private {
            Some(false) if target.private => Err(Error::Public { id: target.id.clone() }),
            _ => Ok(standing),
        }
    }

    /// Stores files by one commit, which takes away those that they replace, makes the repository and the branch if they are not
    /// there, and reads back what was stored.
    ///
    /// # Errors
    /// Anything between here and the Hub; another push came in between; what was stored is not what was sent. Large files that were
    /// uploaded before stay uploaded, and are not sent again.
    pub fn push(&self, target: &Target, files: &[Upload], message: &str, tell: &mut dyn FnMut(&str)) -> Result<Pushed, Error> {
        let mut standing = self.standing(target)?;
        if standing == Standing::Absent {
            repo::create(&self.http, &target.id, target.private)?;
            standing = self.standing(target)?;
            let seen = match &standing {
                Standing::NoBranch { private: true, .. } | Standing::There { private: true, .. } => " (private)",
                Standing::NoBranch { .. } | Standing::There { .. } => " (public)",
                Standing::Absent => "",
            };
            tell(&format!("made the repository {}{seen}", target.id));
        }
        if let Standing::NoBranch { head, .. } = &standing {
            repo::branch(&self.http, &target.id, &target.revision, head)?;
            tell(&format!("made the branch {}", target.revision));
            standing = self.standing(target)?;
        }
        let Standing::There { head, files: stored, .. } = standing else {
            return Err(Error::Vanished { id: target.id.clone() });
        };
        let changed: Vec<&Upload> = files.iter().filter(|file| stored.change(file) != Change::Same).collect();
        let replaced = stored.replaced(files);
        if changed.is_empty() && replaced.is_empty() {
            return Ok(Pushed::Unchanged { commit: head });
        }
        let large = repo::large(&self.http, target, &changed)?;
        let (large, small): (Vec<&Upload>, Vec<&Upload>) = changed.iter().copied().partition(|file| large.contains(&file.path));
        let uploaded = large::upload(&self.http, target, &large, tell)?;
        let parts = repo::Parts { small: &small, large: &large, gone: &replaced };
        let made = match repo::commit(&self.http, target, &head, message, &parts)? {
            Some(made) => made,
            // Another push, or the same one whose answer was lost.
            None => match self.standing(target)? {
                Standing::There { head, files: stored, .. } if stored.differing(files).is_empty() => {
                    return Ok(Pushed::Committed { commit: head, sent: small.len(), uploaded, pull_request: None });
                }
                _ => return Err(Error::Moved { id: target.id.clone(), revision: target.revision.clone() }),
            },
        };
        let stored = repo::files_at(&self.http, &target.id, &made.commit)?;
        let wrong = stored.differing(files);
        if !wrong.is_empty() {
            return Err(Error::Differs { id: target.id.clone(), commit: made.commit, paths: wrong });
        }
        Ok(Pushed::Committed { commit: made.commit, sent: small.len(), uploaded, pull_request: made.pull_request })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_library_would_load() {
        for path in
            ["model.safetensors", "model-00001-of-00002.safetensors", "pytorch_model.bin.index.json", "adapter_config.json"]
        {
            assert!(are_weights(path), "{path}");
        }
        for path in
            ["config.json", "onnx/model.onnx", "model.gguf", "model_head.safetensors", "old/model.safetensors", "model.md"]
        {
            assert!(!are_weights(path), "{path}");
        }
    }

    #[test]
    fn what_is_written_beside_weights() {
        for path in ["tokenizer.json", "1_Pooling/config.json", "plots/loss.svg", "modules.json", "vocab.txt"] {
            assert!(is_of_a_bundle(path), "{path}");
        }
        for path in ["README.md", ".gitattributes", "model.gguf", "plots/a/b.svg", "notes.md", "old/tokenizer.json"] {
            assert!(!is_of_a_bundle(path), "{path}");
        }
    }
}
