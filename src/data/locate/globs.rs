//! Files that a pattern names, such as `data/*.jsonl` or `{a,b}.csv`.

use crate::data::{Result, braces, splits, walk};
use std::collections::BTreeSet;
use std::path::Path;

/// So many files may be named one by one.
const MOST_NAMES: usize = 100_000;

/// Marks by which a name stands for several.
const MARKS: [char; 3] = ['*', '?', '['];

/// The files below `root` that a pattern names, as paths from there, in the order of their names. Where the choices in braces leave
/// a name without marks, that file is looked for and no folder is listed; others are listed no deeper than the pattern goes.
pub(super) fn files(root: &Path, pattern: &str) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    for choice in braces::choices(pattern, MOST_NAMES) {
        let choice = choice.trim_start_matches("./");
        let Some(mark) = choice.find(MARKS) else {
            found.extend(root.join(choice).is_file().then(|| choice.to_string()));
            continue;
        };
        let (folder, rest) = choice.split_at(choice[..mark].rfind('/').map_or(0, |at| at + 1));
        let below = root.join(folder);
        if !below.is_dir() {
            continue;
        }
        let deepest = if rest.contains("**") { usize::MAX } else { rest.matches('/').count() };
        let names = walk::names(&below, &walk::files_within(&below, deepest)?);
        found.extend(names.into_iter().map(|name| format!("{folder}{name}")).filter(|path| splits::fits(choice, path)));
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// What nobody named may lie anywhere, and need not be readable.
    #[test]
    fn only_what_a_pattern_may_mean_is_listed() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path();
        let closed = root.join("closed");
        std::fs::create_dir_all(root.join("sub/deep")).expect("made");
        std::fs::create_dir(&closed).expect("made");
        for name in ["a.csv", "b.csv", ".c.csv", "sub/d.csv", "sub/deep/e.csv"] {
            std::fs::write(root.join(name), "x\n1\n").expect("written");
        }
        let open = |mode: u32| std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).expect("set");
        open(0o000);
        let patterns = ["*.csv", "{b.csv,sub/deep/e.csv,gone.csv}", "{.c,a}.csv", "*/*.csv", "**/*.csv", "sub/{*,x}/e.csv"];
        let found = patterns.map(|pattern| files(root, pattern).expect("found"));
        open(0o755);
        let expected: [&[&str]; 6] = [
            &["a.csv", "b.csv"],
            &["b.csv", "sub/deep/e.csv"],
            &[".c.csv", "a.csv"],
            &["sub/d.csv"],
            &["a.csv", "b.csv", "sub/d.csv", "sub/deep/e.csv"],
            &["sub/deep/e.csv"],
        ];
        assert_eq!(found, expected);
    }
}
