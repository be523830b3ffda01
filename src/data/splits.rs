//! Which files make up which split. Pure: decides on names alone.

use super::braces;
use super::packing::unpacked_name;
use crate::plan::PARTIAL;
use std::collections::{BTreeMap, BTreeSet};

/// Endings of files with rows.
pub const TABLES: [&str; 11] =
    [".parquet", ".arrow", ".csv", ".tsv", ".jsonl", ".json", ".ndjson", ".conll", ".iob", ".iob2", ".bio"];

/// Endings of files that are a document each.
const TEXTS: [&str; 2] = [".txt", ".text"];

/// Words that stand for a split in names of files and folders.
pub const SPLIT_WORDS: [(&str, &[&str]); 3] = [
    ("train", &["train", "training"]),
    ("validation", &["validation", "valid", "val", "dev"]),
    ("test", &["test", "testing", "eval", "evaluation"]),
];

/// Whether a file holds rows, by its name.
pub fn is_table(path: &str) -> bool {
    let lower = path.to_lowercase();
    TABLES.iter().any(|ending| unpacked_name(&lower).ends_with(ending)) && !is_about(&lower)
}

/// Whether a file is a document, by its name.
pub(super) fn is_text(path: &str) -> bool {
    let lower = path.to_lowercase();
    TEXTS.iter().any(|ending| unpacked_name(&lower).ends_with(ending)) && !is_about(&lower)
}

/// Whether a name is that of a file with rows, or of an archive that may hold such.
pub fn holds_rows(name: &str) -> bool {
    is_table(name) || super::unpack::is_archive(name)
}

/// Whether a name is that of a document.
pub fn holds_text(name: &str) -> bool {
    is_text(name)
}

/// Files that say something about the repository and hold no rows.
fn is_about(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(
        name,
        "dataset_infos.json"
            | "dataset_info.json"
            | "dataset_dict.json"
            | "state.json"
            | "config.json"
            | "package.json"
            | "license.txt"
            | "readme.txt"
    ) || name.starts_with("cache-") && name.ends_with(".arrow")
}

/// Splits of a list of table files, by the names of files and folders: (split, files), train first, files sorted.
///
/// `train-00000-of-00001.parquet`, `data/dev.csv`, `sst2/train/0000.parquet`. Without any such word a single file is the training split,
/// and so are several that are told apart by numbers alone, as `part-0.csv` and `part-1.csv`; others are splits named by themselves.
/// A file that a split has in several formats is taken once.
pub(super) fn by_name(paths: &[String]) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let named: Vec<Option<String>> = paths.iter().map(|p| split_of(p)).collect();
    let any_named = named.iter().any(Option::is_some);
    let is_one = paths.windows(2).all(|two| unnumbered(&two[0]) == unnumbered(&two[1]));
    for (path, split) in paths.iter().zip(named) {
        let split = match split {
            Some(split) => split,
            None if any_named => continue,
            None if is_one => "train".into(),
            None => stem(path).to_string(),
        };
        match found.iter_mut().find(|(known, _)| *known == split) {
            Some((_, files)) => files.push(path.clone()),
            None => found.push((split, vec![path.clone()])),
        }
    }
    found.iter_mut().for_each(|(_, files)| *files = each_once(files));
    in_order(&mut found);
    found
}

/// Of files that differ in their endings alone, and so hold the same rows in several formats, the one whose ending is first among those
/// that are read, unpacked where it is packed, too: else a row would stand on both sides of a cut.
fn each_once(files: &[String]) -> Vec<String> {
    let mut taken: BTreeMap<&str, (usize, bool, &String)> = BTreeMap::new();
    for file in files {
        let (name, format) = without_ending(file);
        let this = (format, unpacked_name(file).len() < file.len(), file);
        taken.entry(name).and_modify(|known| *known = this.min(*known)).or_insert(this);
    }
    files.iter().filter(|file| taken.get(without_ending(file).0).is_some_and(|(.., known)| known == file)).cloned().collect()
}

/// A path without the ending that says its format, and the place of that among those that are read.
fn without_ending(path: &str) -> (&str, usize) {
    let unpacked = unpacked_name(path);
    let lower = unpacked.to_lowercase();
    let formats = TABLES.iter().chain(&TEXTS).enumerate();
    let mut named = formats.filter(|(_, ending)| lower.ends_with(**ending));
    let before = |ending: &str| unpacked.get(..unpacked.len().checked_sub(ending.len())?);
    named.next().and_then(|(place, ending)| Some((before(ending)?, place))).unwrap_or((unpacked, usize::MAX))
}

/// Files among `paths` that no split of [`by_name`] has.
pub(super) fn left_out(paths: &[String], splits: &[(String, Vec<String>)]) -> Vec<String> {
    paths.iter().filter(|path| !splits.iter().any(|(_, files)| files.contains(path))).cloned().collect()
}

/// Whether the values of a column say which split each row belongs to.
pub fn are_splits(values: impl IntoIterator<Item: AsRef<str>>) -> bool {
    let splits: Option<BTreeSet<usize>> = values.into_iter().map(|value| place_of(value.as_ref())).collect();
    splits.is_some_and(|splits| splits.len() > 1)
}

/// Whether a value is the name of a split.
pub(super) fn is_split(value: &str) -> bool {
    place_of(value).is_some()
}

fn place_of(value: &str) -> Option<usize> {
    SPLIT_WORDS.iter().position(|(_, names)| names.contains(&value.trim().to_lowercase().as_str()))
}

/// Whether texts lie in folders of classes, in each of the folders `tops` or in the one `around` them: several classes of several texts
/// each, and most texts in one of them. Folders that are called as splits are no classes.
pub(super) fn are_of_classes(texts: &[String], around: &str, tops: &[String]) -> bool {
    let in_classes = |folder: String| {
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        let mut strays = 0;
        for path in texts.iter().filter_map(|path| path.strip_prefix(&folder)) {
            match path.split_once('/') {
                Some((class, _)) => *classes.entry(class).or_default() += 1,
                None => strays += 1,
            }
        }
        let are_several = classes.len() > 1 && classes.values().all(|texts| *texts > 1);
        are_several && !are_splits(classes.keys()) && strays < classes.values().sum::<usize>()
    };
    match tops {
        [] => in_classes(around.into()),
        tops => tops.iter().all(|top| in_classes(format!("{around}{top}/"))),
    }
}

/// Splits of an image folder: the folder that they lie in (empty, or with its stroke), and theirs in it, where one of these stands for a
/// split; none: everything is `train`. A folder around everything is looked into.
pub(super) fn of_images(paths: &[String]) -> (String, Vec<String>) {
    let mut around = String::new();
    loop {
        let below: Vec<&str> = paths.iter().filter_map(|path| path.strip_prefix(&around)).collect();
        // With an image directly in it a folder is a class.
        let deep = |path: &&&str| path.matches('/').count() >= 2;
        let top = |path: &&str| path.split('/').next().map(str::to_string);
        let mut tops: Vec<String> = below.iter().filter(deep).filter_map(top).collect();
        tops.sort();
        tops.dedup();
        if tops.iter().any(|top| stands_for_split(top)) {
            return (around, tops);
        }
        match tops.as_slice() {
            [only] if below.iter().all(|path| deep(&path)) => around.push_str(&format!("{only}/")),
            _ => return (around, Vec::new()),
        }
    }
}

/// The folders of [`of_images`] as splits. Two that stand for the same one keep their names: their classes may differ.
pub(super) fn of_folders(tops: Vec<String>) -> Vec<(String, Vec<String>)> {
    let named: Vec<String> = tops.iter().map(|top| split_of(top).unwrap_or_else(|| top.clone())).collect();
    let is_alone = |name: &String| named.iter().filter(|other| *other == name).count() == 1;
    let mut splits: Vec<(String, Vec<String>)> = tops
        .into_iter()
        .zip(&named)
        .map(|(top, name)| (if is_alone(name) { name.clone() } else { top.clone() }, vec![top]))
        .collect();
    in_order(&mut splits);
    splits
}

/// train, validation, test, then the rest by name.
fn in_order(splits: &mut [(String, Vec<String>)]) {
    let rank = |name: &str| SPLIT_WORDS.iter().position(|(word, _)| *word == name).unwrap_or(SPLIT_WORDS.len());
    splits.iter_mut().for_each(|(_, files)| files.sort());
    splits.sort_by(|a, b| rank(&a.0).cmp(&rank(&b.0)).then(a.0.cmp(&b.0)));
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

/// A file's name without its numbers, and what stands between these: what parts of one whole share.
fn unnumbered(path: &str) -> String {
    stem(path).chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// The split that a path's words stand for: the file's own name first, then its folders from the innermost.
fn split_of(path: &str) -> Option<String> {
    // `NAME-00000-of-00001` names any split, but for the library's own format: there the folder does, or a word of the name.
    let part = part_of(stem(path));
    let is_arrow = path.to_lowercase().ends_with(".arrow");
    if let Some(name) = part.filter(|_| !is_arrow) {
        return Some(name.to_string());
    }
    let name = unpacked_name(path.rsplit('/').next().unwrap_or(path));
    let name = name.rsplit_once('.').map_or(name, |(before, _)| before);
    let folders = path.rsplit('/').skip(1);
    // A part of a split is not taken for the whole.
    let partial = folders.clone().find(|folder| folder.len() > PARTIAL.len() && folder.starts_with(PARTIAL));
    if let Some(partial) = partial {
        return Some(partial.to_string());
    }
    let said = std::iter::once(name).chain(folders).find_map(split_in);
    said.or_else(|| part.map(|name| if name == "data" { "train".into() } else { name.to_string() }))
}

/// The split that a file's name stands for, where it does.
pub fn split_of_file(name: &str) -> Option<String> {
    split_of(name)
}

/// `NAME` of `NAME-00000-of-00001`.
fn part_of(stem: &str) -> Option<&str> {
    let (name, shard) = stem.split_once('-')?;
    let (number, of) = shard.split_once("-of-")?;
    (number.len() == 5 && number.bytes().chain(of.bytes().take(5)).all(|b| b.is_ascii_digit())).then_some(name)
}

/// The first part that is not among these files, of wholes whose parts are counted in their names: `train-00001-of-00002.parquet`, where
/// `train-00000-of-00002.parquet` is alone.
pub(super) fn missing_part(paths: &[String]) -> Option<String> {
    let mut wholes: BTreeMap<(&str, &str, &str), BTreeSet<usize>> = BTreeMap::new();
    for path in paths {
        if let Some((before, number, total, after)) = counted(path) {
            wholes.entry((before, total, after)).or_default().insert(number);
        }
    }
    wholes.into_iter().find_map(|((before, total, after), numbers)| {
        let (width, count) = (total.len(), total.parse::<usize>().ok()?);
        // Some count from 1.
        let first = usize::from(numbers.contains(&count));
        let missing = (first..first + count).find(|number| !numbers.contains(number))?;
        Some(format!("{before}{missing:0width$}-of-{total}{after}"))
    })
}

/// `data/train-`, 0, `00002` and `.parquet` of `data/train-00000-of-00002.parquet`.
fn counted(path: &str) -> Option<(&str, usize, &str, &str)> {
    let (left, right) = path.rsplit_once("-of-")?;
    let (total, after) = right.split_at(right.bytes().take_while(u8::is_ascii_digit).count());
    let digits = left.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (before, number) = left.split_at(left.len() - digits);
    (digits >= 2 && digits == total.len() && !after.contains('/')).then_some((before, number.parse().ok()?, total, after))
}

/// The split that a word of a name stands for; numbers are no part of a word.
fn split_in(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphabetic());
    words.find_map(|word| SPLIT_WORDS.iter().find(|(_, names)| names.contains(&word)).map(|(split, _)| split.to_string()))
}

/// As [`by_name`] of files that somebody named together: where no name stands for a split, they are one.
pub(super) fn of_pattern(paths: &[String]) -> Vec<(String, Vec<String>)> {
    match paths.iter().any(|path| split_of(path).is_some()) {
        true => by_name(paths),
        false => vec![("train".into(), each_once(paths))],
    }
}

/// Whether a folder's name stands for a split.
pub(super) fn stands_for_split(folder: &str) -> bool {
    split_of(folder).is_some()
}

/// Whether a name is a pattern for several.
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

/// A dozen groups of braces have thousands of ways, and a glob is held against every file.
const MOST_CHOICES: usize = 1024;

/// Whether a glob fits a path: `*` within a folder, `**` over folders, `?`, `{a,b}` and `[ab]`.
pub(super) fn fits(glob: &str, path: &str) -> bool {
    braces::choices(glob, MOST_CHOICES).iter().any(|glob| fits_one(glob, path))
}

/// As [`fits`], of a glob whose braces are letters.
fn fits_one(glob: &str, path: &str) -> bool {
    let glob: Vec<char> = glob.trim_start_matches("./").chars().collect();
    let path: Vec<char> = path.chars().collect();
    // Which ends of `path` a prefix of the glob can reach; one row a glob element, so it is never exponential.
    let mut reach = vec![false; path.len() + 1];
    reach[0] = true;
    let mut at = 0;
    while at < glob.len() {
        let mut next = vec![false; path.len() + 1];
        // One that is not closed is a letter.
        let closes = if glob[at] == '[' { glob[at..].iter().position(|c| *c == ']') } else { None };
        let step = match (glob[at], closes) {
            ('*', _) => {
                let deep = glob.get(at + 1) == Some(&'*');
                let mut open = false;
                for end in 0..=path.len() {
                    open = (open && end > 0 && (deep || path[end - 1] != '/')) || reach[end];
                    next[end] = open;
                }
                // `**/` also stands for no folder at all.
                if deep && glob.get(at + 2) == Some(&'/') {
                    for end in 0..=path.len() {
                        next[end] = reach[end] || (end > 0 && path[end - 1] == '/' && next[end]);
                    }
                    3
                } else {
                    1 + usize::from(deep)
                }
            }
            ('[', Some(close)) => {
                let set = &glob[at + 1..at + close];
                for end in 1..=path.len() {
                    next[end] = reach[end - 1] && in_set(set, path[end - 1]);
                }
                close + 1
            }
            (c, _) => {
                for end in 1..=path.len() {
                    next[end] = reach[end - 1] && (path[end - 1] == c || (c == '?' && path[end - 1] != '/'));
                }
                1
            }
        };
        reach = next;
        at += step;
    }
    reach[path.len()]
}

fn in_set(set: &[char], c: char) -> bool {
    set.contains(&c) || set.windows(3).any(|w| w[1] == '-' && w[0] <= c && c <= w[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, path, expected) in [
            ("sst2/train-*", "sst2/train-00000-of-00001.parquet", true),
            ("sst2/train-*", "sst2/train-x/y", false),
            ("**/test/*", "a/b/test/0.csv", true),
            ("**/test/*", "test/0.csv", true),
            ("data/**", "data/a/b.csv", true),
            ("{train,dev}.csv", "dev.csv", true),
            ("a/[0-9]*.json", "a/7x.json", true),
            ("a/[0-9]*.json", "a/x7.json", false),
            ("b.csv", "a/b.csv", false),
            ("a?c", "abc", true),
            ("*", "", true),
            ("{a,b}{1,2}.csv", "b1.csv", true),
            ("{a,b}{1,2}.csv", "ab.csv", false),
            ("x[", "xa", false),
            ("x[", "x[", true),
            ("x[ab", "xa", false),
            ("x[]", "xa", false),
            ("{a", "{a", true),
        ] {
            assert_eq!(fits(glob, path), expected, "{glob} {path}");
        }
        assert!(!fits(&"*a".repeat(200), &"a".repeat(150)), "must not take for ever");
        assert!(!fits(&"{a,b}".repeat(60), "c"), "nor must this");
        let many: Vec<String> = (0..900).map(|i| format!("part-{i}")).collect();
        assert!(fits(&format!("{{{}}}.csv", many.join(",")), "part-777.csv"));
    }

    #[test]
    fn folders_of_images_are_splits_where_they_are_called_so() {
        let check = |paths: &[&str], around: &str, splits: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
            assert_eq!(of_images(&paths), (around.into(), splits.iter().map(|s| s.to_string()).collect()), "{paths:?}");
        };
        check(&["cat/a.jpg", "dog/b.jpg"], "", &[]);
        check(&["cat/a.jpg", "dog/b.jpg", "cat/old/x.jpg"], "", &[]);
        check(&["cat/batch1/a.jpg", "cat/batch2/a.jpg", "dog/batch1/a.jpg"], "", &[]);
        check(&["animals/cat/batch1/a.jpg", "animals/dog/batch1/a.jpg"], "animals/", &[]);
        check(&["train/cat/a.jpg", "train/dog/b.jpg", "test/cat/c.jpg"], "", &["test", "train"]);
        check(&["train/cat/sub/x.jpg", "extra/cat/y.jpg"], "", &["extra", "train"]);
        check(&["v1/data/val/cat/x.jpg", "v1/data/train/cat/x.jpg"], "v1/data/", &["train", "val"]);
        check(&["a.jpg"], "", &[]);
        check(&[], "", &[]);
    }

    #[test]
    fn texts_in_folders_are_of_classes_where_several_are() {
        let check = |paths: &[&str], expected: bool| {
            let paths: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
            let (around, tops) = of_images(&paths);
            assert_eq!(are_of_classes(&paths, &around, &tops), expected, "{paths:?}");
        };
        check(&["sport/1.txt", "sport/2.txt", "tech/1.txt", "tech/2.txt"], true);
        check(&["x/train/neg/1.txt", "x/train/neg/2.txt", "x/train/pos/1.txt", "x/train/pos/2.txt", "x/train/urls.txt"], true);
        check(&["train/neg/1.txt", "train/neg/2.txt", "train/pos/1.txt", "train/pos/2.txt", "test/a/1.txt"], false);
        check(&["train/wiki/1.txt", "train/wiki/2.txt"], false);
        check(&["wiki/wiki.txt", "books/books.txt"], false);
        check(&["train.txt", "test.txt"], false);
        check(&["train/1.txt", "train/2.txt", "test/1.txt", "test/2.txt"], false);
        check(&["valid/1.txt", "valid/2.txt", "invalid/1.txt", "invalid/2.txt"], true);
    }

    #[test]
    fn columns_that_say_the_split() {
        let are = |values: &[&str]| are_splits(&values.iter().map(|value| value.to_string()).collect::<Vec<_>>());
        assert!(are(&["train", "val", "TEST"]) && are(&["train", "dev"]));
        assert!(!are(&["train", "training"]) && !are(&["train", "bus"]) && !are(&["the train", "a test"]) && !are(&[]));
    }

    #[test]
    fn folders_are_called_and_ordered_as_files_are() {
        let check = |tops: &[&str], expected: &[(&str, &str)]| {
            let found = of_folders(tops.iter().map(|top| top.to_string()).collect());
            let found: Vec<(&str, &str)> = found.iter().map(|(split, tops)| (split.as_str(), tops[0].as_str())).collect();
            assert_eq!(found, expected);
        };
        check(
            &["Testing", "extra", "train", "val"],
            &[("train", "train"), ("validation", "val"), ("test", "Testing"), ("extra", "extra")],
        );
        check(&["dev", "train", "val"], &[("train", "train"), ("dev", "dev"), ("val", "val")]);
    }

    #[test]
    fn parts_that_are_not_there() {
        let check = |paths: &[&str], expected: Option<&str>| {
            let paths: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
            assert_eq!(missing_part(&paths).as_deref(), expected, "{paths:?}");
        };
        check(&["d/train-00000-of-00002.parquet", "d/test-00000-of-00001.parquet"], Some("d/train-00001-of-00002.parquet"));
        check(&["d/train-00001-of-00002.parquet", "d/train-00000-of-00002.parquet"], None);
        check(&["c4.00000-of-00002.json.gz"], Some("c4.00001-of-00002.json.gz"));
        check(&["x-00002-of-00003.csv", "x-00003-of-00003.csv"], Some("x-00001-of-00003.csv"));
        check(&["x-00001-of-00002.csv", "x-00002-of-00002.csv"], None);
        check(&["day-1-of-7.csv", "part-0.csv", "a-00-of-02/x.csv", "best-of-10.csv"], None);
        check(&["x-00000-of-00000.csv", "x-00000-of-99999999999999999999999.csv"], None);
    }

    #[test]
    fn splits_by_name() {
        let check = |paths: &[&str], expected: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
            let found: Vec<String> =
                by_name(&paths).into_iter().map(|(split, files)| format!("{split}:{}", files.len())).collect();
            assert_eq!(found, expected, "{paths:?}");
        };
        check(
            &["d/test-00000-of-00001.parquet", "d/train-00001-of-00002.parquet", "d/train-00000-of-00002.parquet"],
            &["train:2", "test:1"],
        );
        check(
            &["validation_matched-00000-of-00001.parquet", "train-00000-of-00001.parquet"],
            &["train:1", "validation_matched:1"],
        );
        check(&["my.train.csv", "dev.tsv"], &["train:1", "validation:1"]);
        check(&["sst2/train/0000.parquet", "sst2/validation/0000.parquet"], &["train:1", "validation:1"]);
        check(&["rows.csv"], &["train:1"]);
        check(
            &["default/partial-train/0000.parquet", "default/partial-train/0001.parquet", "default/test/0000.parquet"],
            &["test:1", "partial-train:2"],
        );
        check(&["partial-train.csv"], &["train:1"]);
        check(&["cats.csv", "dogs.csv"], &["cats:1", "dogs:1"]);
        check(&["train1.csv", "train2.csv", "test1.csv"], &["train:2", "test:1"]);
        check(&["val2017/a.csv", "train2017/a.csv"], &["train:1", "validation:1"]);
        check(&["part-00000.parquet", "part-00001.parquet", "part-00002.parquet"], &["train:3"]);
        check(&["a/0001.jsonl", "b/0001.jsonl"], &["train:2"]);
        check(&["trainer_notes.json", "train.json"], &["train:1"]);
        check(&["train.csv.gz", "dev.jsonl.zst"], &["train:1", "validation:1"]);
        check(&["test/data-00000-of-00001.arrow", "train/data-00000-of-00001.arrow"], &["train:1", "test:1"]);
        check(&["imdb-train-00000-of-00002.arrow", "imdb-train-00001-of-00002.arrow", "imdb-test.arrow"], &["train:2", "test:1"]);
        check(&["data-00000-of-00001.arrow"], &["train:1"]);
        check(&["train.csv", "test.parquet"], &["train:1", "test:1"]);
    }

    #[test]
    fn the_same_rows_in_several_formats_are_taken_once() {
        let check = |paths: &[&str], expected: &[&str]| {
            let mut paths: Vec<String> = paths.iter().map(|p| p.to_string()).collect();
            for _ in 0..2 {
                let found: Vec<String> = by_name(&paths).into_iter().flat_map(|(_, files)| files).collect();
                assert_eq!(found, expected, "{paths:?}");
                let named: Vec<usize> = of_pattern(&paths).into_iter().map(|(_, files)| files.len()).collect();
                assert_eq!(named, [expected.len()], "{paths:?}");
                paths.reverse();
            }
        };
        check(&["r.csv", "r.csv.gz"], &["r.csv"]);
        check(&["r.csv", "r.jsonl", "r.json.zst"], &["r.csv"]);
        check(&["R.CSV", "R.JSON"], &["R.CSV"]);
        check(&["r.txt", "r.txt.gz"], &["r.txt"]);
        check(&["a/train.csv", "a/train.jsonl", "b/train.jsonl"], &["a/train.csv", "b/train.jsonl"]);
        check(&["part-0.csv", "part-1.csv", "part-1.csv.gz"], &["part-0.csv", "part-1.csv"]);
    }
}
