//! Archives of images, recordings or tables: unpacked once into a folder that is called by their content, and read as that folder.
//!
//! An archive is not trusted: a member whose name leads out of the folder, a link, a device, a name that is there twice and what unfolds
//! beyond all measure are refused, with the member's name. Nothing half-unpacked stays.

mod tar;
#[cfg(test)]
pub(super) mod tests;
mod zip;

use super::packing::{Bounded, Packing};
use super::splits;
use super::{Error, Making, Result, digest};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// More members than this are no data set, but an attempt to use up the disk's entries.
const MOST_MEMBERS: usize = 10_000_000;
/// No name is longer.
const MOST_NAME: usize = 4096;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// In words: nothing that is unpacked.
    Other(&'static str),
}

/// What an archive says of a member.
struct Member {
    name: String,
    kind: Kind,
    /// Bytes, unpacked.
    size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Zip,
    Tar,
}

const ENDINGS: [(&str, Format); 6] = [
    (".tar.gz", Format::Tar),
    (".tar.zst", Format::Tar),
    (".tgz", Format::Tar),
    (".tzst", Format::Tar),
    (".tar", Format::Tar),
    (".zip", Format::Zip),
];

/// The name without the archive's ending, and its format; none: it is no archive.
fn parted(name: &str) -> Option<(&str, Format)> {
    let lower = name.to_lowercase();
    let (ending, format) = ENDINGS.iter().find(|(ending, _)| lower.ends_with(ending) && lower.len() > ending.len())?;
    Some((name.get(..name.len() - ending.len())?, *format))
}

/// Whether a file is an archive, by its name.
pub(super) fn is_archive(path: &str) -> bool {
    parted(path).is_some()
}

/// Unpacks archives (as the data set calls them, and where they lie) and says in which folder what they held lies. Those that are
/// unpacked already are left as they are. An archive whose name stands for a split is the folder of that name, unless it holds splits;
/// so is each of several.
///
/// # Errors
/// One cannot be read, holds what must not be unpacked, or does not fit on the disk: the message names archive and member.
pub(super) fn unpack(archives: &[(String, PathBuf)], making: &Making) -> Result<PathBuf> {
    let mut named = String::new();
    for (name, path) in archives {
        named.push_str(&format!("{name}\0{}\n", digest::sha256_of_file(path)?));
    }
    let folder = making.work_dir.join(format!("unpacked-{}", &digest::sha256_of(named.as_bytes())[..16]));
    let io = |source| Error::Io { action: "write", path: folder.clone(), source };
    if folder.is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(making.work_dir).map_err(io)?;
    // Unpacked beside and renamed, so that what is there is whole.
    let sibling = tempfile::tempdir_in(making.work_dir).map_err(io)?;
    let whole = sibling.path().join("whole");
    for (name, path) in archives {
        (making.tell)(&format!("unpacking {name}"));
        let into = sibling.path().join("archive");
        unpack_one(path, &into, making)?;
        let (stem, _) = parted(name).unwrap_or((name, Format::Tar));
        let last = stem.rsplit('/').next().unwrap_or(stem);
        let content = content(&into, last)?;
        let target = match archives.len() > 1 || splits::stands_for_split(last) && !holds_splits(&content) {
            true => whole.join(stem),
            false => whole.clone(),
        };
        std::fs::create_dir_all(target.parent().unwrap_or(&whole)).map_err(io)?;
        std::fs::rename(content, &target).map_err(io)?;
        // What is left is an empty folder around the content.
        let _ = std::fs::remove_dir_all(&into);
    }
    std::fs::rename(&whole, &folder).map_err(io)?;
    Ok(folder)
}

/// The folder that holds the content: archives often hold a single folder with everything in it. One that stands for a split or a class
/// is part of the content, unless it is called as the archive is.
fn content(folder: &Path, archive: &str) -> Result<PathBuf> {
    let io = |source| Error::Io { action: "list", path: folder.into(), source };
    let mut entries = std::fs::read_dir(folder).map_err(io)?.collect::<Result<Vec<_>, _>>().map_err(io)?;
    let (Some(only), true) = (entries.pop(), entries.is_empty()) else { return Ok(folder.into()) };
    let (path, name) = (only.path(), only.file_name().to_string_lossy().into_owned());
    let is_wrapper = path.is_dir() && (name == archive || !splits::stands_for_split(&name) && !holds_images(&path));
    if is_wrapper { content(&path, archive) } else { Ok(folder.into()) }
}

/// Whether a folder holds folders of splits, as `training_data.zip` may hold `train` and `test`.
fn holds_splits(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| {
        let path = entry.path();
        splits::stands_for_split(&entry.file_name().to_string_lossy()) && path.is_dir() && !holds_images(&path)
    })
}

/// Whether images lie directly in a folder, which then is a class.
fn holds_images(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).any(|name| super::read::is_image(&name))
}

fn unpack_one(path: &Path, into: &Path, making: &Making) -> Result<()> {
    let io = |source| Error::Io { action: "read", path: path.into(), source };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let failed = |(member, what): (Option<String>, String)| Error::Archive { path: path.into(), member, what };
    let (_, format) = parted(&name).ok_or_else(|| Error::UnknownFormat { path: path.into() })?;
    let packing = if format == Format::Tar { Packing::of(path)? } else { None };
    let mut file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    std::fs::create_dir_all(into).map_err(io)?;
    let mut place = Place { root: into.into(), files: BTreeSet::new(), members: 0, size, sum: 0 };
    let mut disk = None;
    let mut take = |member: &Member, content: &mut dyn Read| {
        if making.is_given_up() {
            return Err((None, "unpacking was stopped".into()));
        }
        place.take(member, content).map_err(|e| match e {
            Refused::Member(what) => (Some(clean(&member.name)), what),
            Refused::Disk(source) => {
                let what = source.to_string();
                disk = Some(source);
                (Some(clean(&member.name)), what)
            }
        })
    };
    let done = match (format, packing) {
        (Format::Zip, _) => zip::each(&mut file, &mut take),
        (Format::Tar, None) => tar::each(&mut std::io::BufReader::with_capacity(1 << 16, file), &mut take),
        (Format::Tar, Some(packing)) => tar::each(&mut Bounded::new(packing.unpack(file).map_err(io)?, size), &mut take),
    };
    match (done, disk) {
        (Err(_), _) if making.is_given_up() => Err(Error::GivenUp { name }),
        (Err(_), Some(source)) => Err(Error::Io { action: "unpack into", path: making.work_dir.into(), source }),
        (done, _) => done.map_err(failed),
    }
}

/// Names of members come from others: nothing of them is obeyed by a terminal.
fn clean(name: &str) -> String {
    name.chars().take(120).collect::<String>().escape_debug().to_string()
}

/// Why a member is not unpacked.
enum Refused {
    Member(String),
    Disk(std::io::Error),
}

impl From<&str> for Refused {
    fn from(what: &str) -> Self {
        Refused::Member(what.into())
    }
}

/// Where members go.
struct Place {
    root: PathBuf,
    files: BTreeSet<PathBuf>,
    members: usize,
    /// Bytes of the archive, and of what came of it.
    size: u64,
    sum: u64,
}

impl Place {
    fn take(&mut self, member: &Member, content: &mut dyn Read) -> Result<(), Refused> {
        self.members += 1;
        if self.members > MOST_MEMBERS {
            return Err(Refused::Member(format!("the archive holds more than {MOST_MEMBERS} members")));
        }
        let below = below(&member.name)?;
        match member.kind {
            Kind::Other(what) => return Err(Refused::Member(format!("it is {what}, and only files and folders are unpacked"))),
            Kind::Folder => return Ok(()),
            Kind::File => {}
        }
        // What systems leave beside the files of people: it is read as all of the archive, and kept nowhere.
        if below.iter().any(|part| part.to_string_lossy().starts_with('.') || part == "__MACOSX") {
            return self.write(member, content, &mut std::io::sink());
        }
        if below.as_os_str().is_empty() {
            return Err("its name is empty".into());
        }
        if !self.files.insert(below.clone()) {
            return Err("the archive holds two members of this name".into());
        }
        if below.ancestors().skip(1).any(|parent| self.files.contains(parent)) {
            return Err("another member is a file where this one has a folder".into());
        }
        let path = self.root.join(&below);
        std::fs::create_dir_all(path.parent().unwrap_or(&self.root)).map_err(Refused::Disk)?;
        // Nothing that is there is written to, whatever a system takes for the same name.
        let mut file = File::options().write(true).create_new(true).open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::AlreadyExists => "another member has its name".into(),
            _ => Refused::Disk(e),
        })?;
        self.write(member, content, &mut file)
    }

    fn write(&mut self, member: &Member, content: &mut dyn Read, file: &mut dyn Write) -> Result<(), Refused> {
        let mut buffer = vec![0; 1 << 16];
        let mut written = 0;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) => return Err(Refused::Member(e.to_string())),
            };
            written += read as u64;
            self.sum += read as u64;
            if self.sum > Bounded::<&[u8]>::most(self.size) {
                let what = format!(
                    "with it the archive of {} bytes unfolds to more than {} bytes: it is no data",
                    self.size,
                    self.sum - read as u64
                );
                return Err(Refused::Member(what));
            }
            file.write_all(&buffer[..read]).map_err(Refused::Disk)?;
        }
        if written < member.size {
            return Err(Refused::Member(format!(
                "the archive is cut off in it: expected {} bytes, found {written}",
                member.size
            )));
        }
        Ok(())
    }
}

/// A member's place below the folder.
fn below(name: &str) -> Result<PathBuf, Refused> {
    if name.len() > MOST_NAME {
        return Err("its name is too long".into());
    }
    if name.contains(['\0', '\\']) || name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err("its name leads out of the archive".into());
    }
    Ok(name.split('/').filter(|part| !matches!(*part, "" | ".")).collect())
}
