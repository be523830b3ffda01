//! Where the splits of a data set lie: on the Hub, in files at hand, or in files that Tallow makes.

mod beside;
mod globs;

use super::audio::is_audio;
use super::card::Config;
use super::hub::{self, Hub, Kind, Repo};
use super::packing::Packing;
use super::read::{Table, is_image};
use super::unpack::{is_archive, unpack};
use super::walk;
use super::{Card, Error, Making, Result, generate, splits};
use crate::spec::DataSource;
use crate::words::{address, count, listed};
use std::path::{Path, PathBuf};

/// A data set whose files are here.
pub(super) struct Located {
    /// For messages: "the data set `nyu-mll/glue`".
    pub(super) place: String,
    /// The splits that were wanted, with their files.
    pub(super) splits: Vec<(String, Vec<PathBuf>)>,
    /// All that it has, wanted or not.
    pub(super) names: Vec<String>,
    pub(super) card: Card,
    pub(super) config: Option<String>,
    pub(super) revision: Option<String>,
    /// Whether there may be files of it that nobody here knows of.
    pub(super) may_lack_files: bool,
    /// What whoever uses it should know.
    pub(super) notes: Vec<String>,
}

/// Where a data set lies, whatever it may be for.
#[derive(Debug, Clone, PartialEq)]
pub struct Lying {
    /// As messages call it.
    pub place: String,
    pub splits: Vec<(String, Vec<PathBuf>)>,
    /// As the card says, verbatim; none where it says nothing.
    pub license: Option<String>,
    pub revision: Option<String>,
    /// What whoever uses it should know.
    pub notes: Vec<String>,
}

/// Finds the wanted splits (none named: all) and fetches their files; nothing is looked into.
///
/// # Errors
/// The data set or a split is not there.
pub fn lying(hub: &Hub, source: &DataSource, wanted: &[String], making: &Making) -> Result<Lying> {
    let Located { place, splits, card, revision, notes, .. } = locate(hub, source, wanted, making)?;
    Ok(Lying { place, splits, license: card.license, revision, notes })
}

/// Finds the wanted splits (none named: all) and fetches their files.
pub(super) fn locate(hub: &Hub, source: &DataSource, wanted: &[String], making: &Making) -> Result<Located> {
    match source {
        DataSource::Hub { id, config, revision } => {
            let repo = hub.dataset(id, revision.as_deref())?;
            in_repo(&repo, config.as_deref(), wanted, making)
        }
        DataSource::Local { path } if path.is_file() => in_file(path, format!("the file `{}`", path.display()), wanted, making),
        DataSource::Local { path } if walk::holds_everything(path) => {
            Err(Error::Everything { path: path.canonicalize().unwrap_or_else(|_| path.clone()) })
        }
        DataSource::Local { path } if path.is_dir() => in_repo(&Repo::at_folder(Kind::Dataset, path)?, None, wanted, making),
        DataSource::Local { path } if splits::is_pattern(&path.to_string_lossy()) => by_pattern(path, wanted),
        DataSource::Local { path } => {
            // In the system's own words.
            let source = path.metadata().err().unwrap_or(std::io::ErrorKind::NotFound.into());
            Err(Error::NotThere { near: near(path), path: path.clone(), source })
        }
        DataSource::Url { url, sha256 } => {
            let file = hub.file_at(url, sha256.as_deref())?;
            in_file(&file, format!("the file at `{}`", address(url)), wanted, making)
        }
        DataSource::Generated { name, examples, seed } => {
            let folder = generate(name, *examples, *seed, making)?;
            let mut located = in_repo(&Repo::at_folder(Kind::Dataset, &folder)?, None, wanted, making)?;
            located.place = format!("the generated data set `{name}`");
            Ok(located)
        }
    }
}

/// What lies beside a path that is not there, and is called so but for a few slips of the keys: the nearest first.
pub fn near(path: &Path) -> Vec<String> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return vec![] };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let stem = name.split('.').next().unwrap_or(name).chars().count();
    let slips = |other: &str| strsim::osa_distance(&name.to_lowercase(), &other.to_lowercase());
    let mut near: Vec<(usize, String)> = names.map(|other| (slips(&other), other)).collect();
    near.retain(|(slips, _)| *slips <= 1 + stem / 5);
    near.sort();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// A single file: a split, or an archive of a folder.
fn in_file(path: &Path, place: String, wanted: &[String], making: &Making) -> Result<Located> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let io = |source| Error::Io { action: "find", path: path.into(), source };
    if is_archive(&name) {
        let folder = unpack(&[(name, path.into())], making)?;
        let mut located = in_repo(&Repo::at_folder(Kind::Dataset, &folder)?, None, wanted, making)?;
        located.place = place;
        return Ok(located);
    }
    if !splits::is_table(&name) && !splits::is_text(&name) {
        // By what it is packed, if that is what is wrong with it.
        Packing::of(path)?;
        return Err(Error::UnknownFormat { path: path.into() });
    }
    let file = std::path::absolute(path).map_err(io)?;
    let found = splits::by_name(&[name]).into_iter().map(|(split, _)| (split, vec![file.clone()])).collect();
    let (names, splits) = keep(&place, found, wanted)?;
    let (card, notes) = (Card::default(), Vec::new());
    Ok(Located { place, splits, names, card, config: None, revision: None, may_lack_files: false, notes })
}

/// The folder that a pattern begins with, and the rest of it.
fn parted(pattern: &Path) -> (PathBuf, String) {
    let parts: Vec<_> = pattern.components().collect();
    let fixed = parts.iter().take_while(|part| !splits::is_pattern(&part.as_os_str().to_string_lossy())).count();
    let (below, rest): (PathBuf, PathBuf) = (parts[..fixed].iter().collect(), parts[fixed..].iter().collect());
    let below = if below.as_os_str().is_empty() { PathBuf::from(".") } else { below };
    (below, rest.to_string_lossy().into_owned())
}

/// The files that a pattern names, whatever they hold, in the order of their names; none where there are none.
///
/// # Errors
/// A folder that they may lie in cannot be read.
pub fn files_called(pattern: &Path) -> Result<Vec<PathBuf>> {
    let (below, rest) = parted(pattern);
    if !below.is_dir() {
        return Ok(Vec::new());
    }
    Ok(globs::files(&below, &rest)?.into_iter().map(|file| below.join(file)).collect())
}

/// Files whose names fit a pattern such as `data/*.jsonl`, in the order of their names.
fn by_pattern(pattern: &Path, wanted: &[String]) -> Result<Located> {
    let (below, rest) = parted(pattern);
    let no_match = || Error::NoMatch { pattern: rest.clone(), below: below.clone() };
    if !below.is_dir() {
        return Err(no_match());
    }
    let io = |source| Error::Io { action: "find", path: below.clone(), source };
    let root = std::path::absolute(&below).map_err(io)?;
    let place = format!("the files `{}`", pattern.display());
    let fitting = globs::files(&root, &rest)?;
    let rows: Vec<String> = fitting.iter().filter(|path| splits::is_table(path) || splits::is_text(path)).cloned().collect();
    match rows.is_empty() {
        true if fitting.is_empty() => return Err(no_match()),
        true => return Err(Error::NoData { place, found: fitting }),
        false => {}
    }
    let absolute = |(split, files): (String, Vec<String>)| (split, files.iter().map(|file| root.join(file)).collect());
    let found = splits::of_pattern(&rows);
    let notes = left_out(&rows, &found);
    let (names, splits) = keep(&place, found.into_iter().map(absolute).collect(), wanted)?;
    Ok(Located { place, splits, names, card: Card::default(), config: None, revision: None, may_lack_files: false, notes })
}

/// A repository, or a folder in its format.
fn in_repo(repo: &Repo, config: Option<&str>, wanted: &[String], making: &Making) -> Result<Located> {
    let place = repo.in_words();
    let card = Card::of(repo)?;
    let mut notes: Vec<String> = repo.notes().iter().chain(&card.notes).cloned().collect();
    let paths = repo.paths();
    let mut tables: Vec<String> = paths.iter().filter(|p| splits::is_table(p)).cloned().collect();
    let images: Vec<String> = paths.iter().filter(|p| is_image(p)).cloned().collect();
    // What is beside tables and images says something about them.
    let texts: Vec<String> = paths.iter().filter(|p| splits::is_text(p)).cloned().collect();
    let archives: Vec<&String> = paths.iter().filter(|p| is_archive(p)).collect();
    if tables.is_empty() && images.is_empty() && !archives.is_empty() {
        let archives = archives.into_iter().map(|name| Ok((name.clone(), repo.fetch(name)?))).collect::<Result<Vec<_>>>()?;
        let within = in_repo(&Repo::at_folder(Kind::Dataset, &unpack(&archives, making)?)?, config, wanted, making)?;
        // What the data set says of itself stands beside the archives, or in them.
        let card = if repo.has("README.md") { card } else { within.card };
        notes.extend(within.notes);
        return Ok(Located { place, card, notes, revision: repo.commit().map(str::to_string), ..within });
    }
    if tables.is_empty()
        && images.is_empty()
        && let Some(heard) = paths.iter().find(|path| is_audio(path))
    {
        return Err(Error::Unsaid { place, heard: heard.clone() });
    }
    if let Some(root) = repo.root().filter(|_| config.is_none() && card.configs.is_empty())
        && !tables.is_empty()
        && !images.is_empty()
        && beside::are_about_images(root, &tables, &images)
    {
        notes.push(format!("{}: beside images in folders of classes; left out", listed(&tables)));
        tables.clear();
    }
    let (config, found) = match (tables.is_empty(), repo.root()) {
        (true, Some(root)) if !images.is_empty() => match images.iter().find(|image| !root.join(image).is_file()) {
            Some(image) => return Err(repo.lacks(image).into()),
            None => (None, folder_splits(root, &images)),
        },
        (true, Some(root)) if config.is_none() && card.configs.is_empty() && are_of_classes(root, &texts) => {
            (None, folder_splits(root, &texts))
        }
        (true, _) if texts.is_empty() => return Err(Error::NoData { place, found: paths }),
        (true, _) => table_splits((repo, wanted), &card, config, texts, &mut notes)?,
        (false, _) => table_splits((repo, wanted), &card, config, tables, &mut notes)?,
    };
    if found.is_empty() {
        return Err(Error::NoData { place, found: paths });
    }
    let (names, splits) = keep(&place, found, wanted)?;
    if repo.may_lack_files()
        && let Some(part) = splits.iter().find_map(|(_, files)| splits::missing_part(files))
    {
        return Err(repo.lacks(&part).into());
    }
    let fetch = |file: &String| -> Result<PathBuf> {
        if Path::new(file).is_absolute() { Ok(file.into()) } else { Ok(repo.fetch(file)?) }
    };
    let fetch_all = |(split, files): (String, Vec<String>)| Ok((split, files.iter().map(fetch).collect::<Result<_>>()?));
    let splits = splits.into_iter().map(fetch_all).collect::<Result<_>>()?;
    let (revision, may_lack_files) = (repo.commit().map(str::to_string), repo.may_lack_files());
    Ok(Located { place, splits, names, card, config, revision, may_lack_files, notes })
}

/// What other clients left in the cache need not be all of a split: its parts must be as many as their names say, and its rows as many as
/// the card says.
///
/// # Errors
/// There are fewer.
pub(super) fn check_whole(located: &Located, splits: &[(String, Vec<Table>)]) -> Result<()> {
    for (split, tables) in splits.iter().filter(|_| located.may_lack_files) {
        // Of other formats the card may count something else than rows.
        let counts = |table: &Table| matches!(table.path().extension().and_then(|e| e.to_str()), Some("parquet" | "arrow"));
        let Some(expected) = located.card.examples(located.config.as_deref(), split) else { continue };
        if !tables.iter().all(counts) {
            continue;
        }
        let found = tables.iter().map(Table::count).sum::<Result<usize>>()? as u64;
        if found < expected {
            let (found, expected) = (count(found as f64), count(expected as f64));
            let what = format!(
                "a part of the split `{split}` of {} ({found} of the {expected} examples that its card counts are)",
                located.place
            );
            return Err(hub::Error::Offline { what }.into());
        }
    }
    Ok(())
}

type Splits<F> = Vec<(String, Vec<F>)>;

/// `split/class/file`, or `class/file` for a training split alone. Absolute folders, one a split.
fn folder_splits(root: &Path, files: &[String]) -> Splits<String> {
    let (around, tops) = of_folders(files);
    let absolute = |folder: String| {
        let path = root.join(folder);
        std::path::absolute(&path).unwrap_or(path).to_string_lossy().into_owned()
    };
    match tops.is_empty() {
        true => vec![("train".into(), vec![absolute(around)])],
        false => {
            let lying = |top: &String| absolute(innermost(files, format!("{around}{top}")));
            splits::of_folders(tops).into_iter().map(|(split, tops)| (split, tops.iter().map(lying).collect())).collect()
        }
    }
}

/// As [`splits::of_images`]. A folder around everything may be called as a split is and hold the splits, as what was unpacked
/// often does: `training_data/test/cat/1.jpg`.
fn of_folders(files: &[String]) -> (String, Vec<String>) {
    let (mut around, mut tops) = splits::of_images(files);
    while let [only] = tops.as_slice() {
        let folder = format!("{around}{only}/");
        let below: Vec<String> = files.iter().filter_map(|file| file.strip_prefix(&folder)).map(str::to_string).collect();
        let (within, inner) = splits::of_images(&below);
        let is_in_split = |file: &String| inner.iter().any(|top| file.starts_with(&format!("{within}{top}/")));
        if below.len() < files.len() || !below.iter().all(is_in_split) {
            break;
        }
        (around, tops) = (folder + &within, inner);
    }
    (around, tops)
}

/// Where the folders of a split's classes lie: some archives hold a split's folder in one that is called as a split, too
/// (`training_set/training_set/cat/1.jpg`).
fn innermost(files: &[String], mut split: String) -> String {
    loop {
        let mut below = files.iter().filter_map(|file| file.strip_prefix(&split)?.strip_prefix('/'));
        let Some((inner, _)) = below.clone().next().and_then(|path| path.split_once('/')) else { return split };
        let holds =
            |path: &str| path.strip_prefix(inner).and_then(|path| path.strip_prefix('/')).is_some_and(|path| path.contains('/'));
        if !splits::stands_for_split(inner) || !below.all(holds) {
            return split;
        }
        split = format!("{split}/{inner}");
    }
}

/// Whether documents lie in folders of classes, and are there.
fn are_of_classes(root: &Path, texts: &[String]) -> bool {
    let (around, tops) = of_folders(texts);
    let is_document = |file: &String| Table::open(&root.join(file)).is_ok_and(|table| table.is_document());
    splits::are_of_classes(texts, &around, &tops)
        && texts.iter().all(|file| root.join(file).is_file())
        && texts.last().is_some_and(is_document)
}

/// By the card's configurations, else by names. Gives the configuration's name, where there is one.
fn table_splits(
    asking: (&Repo, &[String]),
    card: &Card,
    asked: Option<&str>,
    tables: Vec<String>,
    notes: &mut Vec<String>,
) -> Result<(Option<String>, Splits<String>)> {
    let place = &asking.0.in_words();
    let with_files: Vec<&Config> = card.configs.iter().filter(|c| !c.splits.is_empty()).collect();
    if with_files.is_empty() {
        let (config, tables) = by_folder(place, asked, tables)?;
        return Ok((config, by_names(asking, &tables, notes)?));
    }
    let names = || with_files.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let config = match asked {
        Some(name) => with_files.iter().find(|c| c.name == name).ok_or_else(|| Error::NoConfig {
            place: place.into(),
            config: name.into(),
            have: names(),
        })?,
        None => match with_files.as_slice() {
            [only] => only,
            several => several
                .iter()
                .find(|c| c.default || c.name == "default")
                .ok_or_else(|| Error::ChooseConfig { place: place.into(), have: names() })?,
        },
    };
    let mut found = Vec::new();
    for (split, globs) in &config.splits {
        let files: Vec<String> = tables.iter().filter(|p| globs.iter().any(|g| splits::fits(g, p))).cloned().collect();
        match split.as_str() {
            "" => found.extend(by_names(asking, &files, notes)?),
            _ if files.is_empty() => {}
            split => found.push((split.to_string(), files)),
        }
    }
    Ok((Some(config.name.clone()), found))
}

/// Without a card that says so, a configuration is a folder at the top.
fn by_folder(place: &str, asked: Option<&str>, tables: Vec<String>) -> Result<(Option<String>, Vec<String>)> {
    let top = |path: &str| path.split_once('/').map(|(top, _)| top.to_string());
    let mut tops: Vec<String> = tables.iter().filter_map(|p| top(p)).collect();
    tops.sort();
    tops.dedup();
    match asked {
        Some(name) if tops.iter().any(|t| t == name) => {
            Ok((Some(name.into()), tables.into_iter().filter(|p| top(p).as_deref() == Some(name)).collect()))
        }
        Some("default") | None if tops.len() < 2 || tops.iter().any(|t| splits::stands_for_split(t)) => Ok((None, tables)),
        None => Err(Error::ChooseConfig { place: place.into(), have: tops }),
        Some(name) => Err(Error::NoConfig { place: place.into(), config: name.into(), have: tops }),
    }
}

/// Splits by the names of files, each in its best format; what is left out is told. Where no name stands for a split, files of
/// one folder that have the same columns are one, unless one of them is wanted.
fn by_names((repo, wanted): (&Repo, &[String]), tables: &[String], notes: &mut Vec<String>) -> Result<Splits<String>> {
    // Where no name stands for a split they are as one.
    let are_named = tables.iter().any(|path| splits::split_of_file(path).is_some());
    let taken = if are_named { tables.to_vec() } else { best_format(tables.to_vec()) };
    let mut found = splits::by_name(&taken);
    found.iter_mut().for_each(|(_, files)| *files = best_format(std::mem::take(files)));
    notes.extend(left_out(tables, &found));
    let is_wanted = |(name, _): &(String, Vec<String>)| wanted.contains(name);
    if are_named || found.len() < 2 || found.iter().any(is_wanted) {
        return Ok(found);
    }
    let mut files: Vec<String> = found.iter().flat_map(|(_, files)| files).cloned().collect();
    files.sort();
    let shown = listed(&files);
    let are_one = lie_together(&files) && have_the_same_columns(repo, &files)?;
    notes.push(match are_one {
        true => format!("{shown}: taken together as `train`: none is called as a split is, and their columns are the same"),
        false => format!("{shown}: each a split by itself: none is called as one is, and they lie apart or their columns differ"),
    });
    Ok(if are_one { vec![("train".into(), files)] } else { found })
}

/// Whether files lie in one folder.
fn lie_together(files: &[String]) -> bool {
    let folder = |file: &String| file.rsplit_once('/').map(|(folder, _)| folder.to_string());
    files.windows(2).all(|two| folder(&two[0]) == folder(&two[1]))
}

/// Whether all have the columns of the first; what cannot be read is told of where it is needed. What cannot be fetched is told at once:
/// the splits of a data set are not what the network makes of them.
fn have_the_same_columns(repo: &Repo, files: &[String]) -> Result<bool> {
    let mut first = None;
    for file in files {
        let Ok(table) = Table::open(&repo.fetch(file)?) else { return Ok(false) };
        let mut names = table.names();
        names.sort();
        if *first.get_or_insert_with(|| names.clone()) != names {
            return Ok(false);
        }
    }
    Ok(first.is_some())
}

/// A split may hold the same rows in several formats: Parquet is taken where there is any.
fn best_format(files: Vec<String>) -> Vec<String> {
    let parquet: Vec<String> = files.iter().filter(|path| path.to_lowercase().ends_with(".parquet")).cloned().collect();
    if parquet.is_empty() { files } else { parquet }
}

/// What is said of files that no split has, and why none has them.
fn left_out(files: &[String], found: &[(String, Vec<String>)]) -> Vec<String> {
    let is_named = |path: &String| splits::split_of_file(path).is_some();
    let are_named = files.iter().any(is_named);
    let (again, unnamed): (Vec<String>, Vec<String>) =
        splits::left_out(files, found).into_iter().partition(|path| !are_named || is_named(path));
    [(unnamed, "no split, by the name"), (again, "taken for the same rows in another format")]
        .into_iter()
        .filter(|(files, _)| !files.is_empty())
        .map(|(files, why)| format!("{}: {why}; left out", listed(&files)))
        .collect()
}

/// The names of all, and the wanted ones in the wanted order; all, where none are named.
fn keep<F: Clone>(place: &str, found: Splits<F>, wanted: &[String]) -> Result<(Vec<String>, Splits<F>)> {
    let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
    if wanted.is_empty() {
        return Ok((names, found));
    }
    let find = |split: &String| {
        let named = |wanted: &str| found.iter().find(|(name, _)| name == wanted).cloned();
        // `val` is `validation`, as folders and files are called.
        named(split).or_else(|| named(&splits::split_of_file(split)?)).ok_or_else(|| Error::NoSplit {
            place: place.into(),
            split: split.clone(),
            have: names.clone(),
        })
    };
    let kept = wanted.iter().map(find).collect::<Result<_>>()?;
    Ok((names, kept))
}

#[cfg(test)]
mod tests;
