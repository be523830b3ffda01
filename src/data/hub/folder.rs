//! Repositories that are folders: `DIR/{models,datasets}/ORG/NAME/...`.

use super::{Error, Kind, RepoFile};
use crate::data::walk::{self, Unlisted};
use std::path::{Path, PathBuf};

/// The folder of a repository below `hub`, and its files.
pub(super) fn open(hub: &Path, kind: Kind, id: &str) -> Result<(PathBuf, Vec<RepoFile>), Error> {
    let root = hub.join(kind.plural()).join(id);
    if !root.is_dir() {
        return Err(Error::NotFound {
            kind,
            what: format!("{} `{id}` in the local folder `{}`", kind.in_words(), hub.display()),
            near: nearest(id, ids(&hub.join(kind.plural()))),
            is_local: true,
        });
    }
    Ok((root.clone(), list(&root)?))
}

/// All files below `root`, sorted; names that begin with a dot are left out.
pub(super) fn list(root: &Path) -> Result<Vec<RepoFile>, Error> {
    let disk = |Unlisted { folder, source }| Error::Disk { action: "list", path: folder, source };
    let files = walk::files_below(root).map_err(disk)?;
    Ok(walk::names(root, &files).into_iter().map(|path| RepoFile { path, size: None, etag: None }).collect())
}

/// `ORG/NAME` of every repository below a folder.
pub(super) fn ids(folder: &Path) -> Vec<String> {
    let children = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter(|e| e.path().is_dir()).map(|e| e.file_name().to_string_lossy().into_owned()).collect()
    };
    let orgs = children(folder);
    orgs.iter().flat_map(|org| children(&folder.join(org)).into_iter().map(move |name| format!("{org}/{name}"))).collect()
}

/// Letters of a name that another one may go on with, at least.
const SHORTEST: usize = 4;

/// Up to three of `names` that resemble `wanted`, the nearest first.
pub(super) fn nearest(wanted: &str, names: Vec<String>) -> Vec<String> {
    let last = |id: &str| id.rsplit('/').next().unwrap_or(id).to_lowercase();
    let score = |name: &String| {
        let (a, b) = (wanted.to_lowercase(), name.to_lowercase());
        let (own, other) = (last(&a), last(&b));
        // One that goes on where the other ends: `NAME-GGUF` of `NAME`.
        let is_longer = |one: &str, other: &str| {
            one.len() >= SHORTEST && other.strip_prefix(one).is_some_and(|more| more.starts_with(['-', '_', '.']))
        };
        let goes_on = is_longer(&own, &other) || is_longer(&other, &own);
        let letters = strsim::levenshtein(&a, &b).min(strsim::levenshtein(&own, &other));
        if goes_on { letters.min(1) } else { letters }
    };
    let most = (last(wanted).len() / 2).max(2);
    let mut scored: Vec<(usize, String)> = names.into_iter().map(|n| (score(&n), n)).filter(|(s, _)| *s <= most).collect();
    scored.sort();
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let names = || vec!["nyu-mll/glue".to_string(), "uoft-cs/cifar10".into(), "openai/gsm8k".into()];
        assert_eq!(nearest("nyu-mll/gleu", names()), ["nyu-mll/glue"]);
        assert_eq!(nearest("cifar-10", names()), ["uoft-cs/cifar10"]);
        assert!(nearest("stanfordnlp/imdb", names()).is_empty());
        let longer = || vec!["acme/Tiny-1B-Chat-GGUF".to_string(), "acme/other".into()];
        assert_eq!(nearest("somebody/Tiny-1B", longer()), ["acme/Tiny-1B-Chat-GGUF"]);
    }

    #[test]
    fn a_link_that_leads_back_is_not_followed() {
        let dir = tempfile::tempdir().expect("a folder");
        let (root, elsewhere) = (dir.path().join("data"), dir.path().join("more"));
        for (folder, file) in [(root.join("train"), "a.csv"), (elsewhere.clone(), "b.csv")] {
            std::fs::create_dir_all(&folder).expect("made");
            std::fs::write(folder.join(file), "x\n1\n").expect("written");
        }
        std::os::unix::fs::symlink(&root, root.join("train/all")).expect("linked");
        std::os::unix::fs::symlink(&elsewhere, root.join("test")).expect("linked");
        let paths: Vec<String> = list(&root).expect("listed").into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["test/b.csv", "train/a.csv"]);
    }
}
