//! A paper's source -> its bytes, and what they are: by what they begin with, and only then by their name.

use super::arxiv::{self, ArxivRecord, FetchOptions};
use super::{Error, Limits, PaperFormat, PaperSource, pdf};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is known of a paper's file before it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceRecord {
    pub format: PaperFormat,
    /// What messages call it.
    pub name: String,
    /// What arXiv says of it, if it comes from there.
    pub arxiv: Option<ArxivRecord>,
}

/// A paper's bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    pub bytes: Vec<u8>,
    pub record: SourceRecord,
}

impl Opened {
    /// The example paper that Tallow carries.
    pub fn example() -> Self {
        let record = SourceRecord { format: PaperFormat::Pdf, name: "the example paper".into(), arxiv: None };
        Opened { bytes: super::EXAMPLE_PAPER.to_vec(), record }
    }
}

/// The bytes of the paper: a file's, a folder's, those of the standard input, or arXiv's.
///
/// # Errors
/// [`Error::Io`] for a file that cannot be opened, [`Error::TooLarge`], [`Error::NotPaper`], [`Error::Table`], and those of arXiv.
pub fn open(source: &PaperSource, options: &FetchOptions) -> Result<Opened, Error> {
    let name = source.name();
    match source {
        PaperSource::Arxiv { id } => arxiv::fetch(id, options),
        PaperSource::Stdin => {
            let bytes = bounded(&mut std::io::stdin().lock(), &name)?;
            opened(bytes, Path::new(""), name)
        }
        PaperSource::File { path } => {
            let failed = |source| Error::Io { name: name.clone(), source };
            let found = fs::metadata(path).map_err(failed)?;
            if found.is_dir() {
                let bytes = folder(path, None).map_err(failed)?;
                let Some(bytes) = bytes else {
                    return Err(Error::NotPaper { name, found: "a folder without a LaTeX file".into() });
                };
                return Ok(Opened { bytes, record: SourceRecord { format: PaperFormat::Latex, name, arxiv: None } });
            }
            if is_table(path) {
                return Err(Error::Table { name });
            }
            let limit = Limits::default().max_bytes;
            if found.len() > limit {
                return Err(Error::TooLarge { name, found: found.len(), limit, unit: "bytes" });
            }
            let bytes = bounded(&mut File::open(path).map_err(failed)?, &name)?;
            let mut opened = opened(bytes, path, name.clone())?;
            let plain = !is_archive(&opened.bytes);
            if opened.record.format == PaperFormat::Latex && plain && names_files(&opened.bytes) {
                // Its parts lie beside it.
                let beside = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let main = path.file_name().map(|name| name.to_string_lossy().into_owned());
                opened.bytes = folder(beside, main.as_deref()).map_err(failed)?.unwrap_or(opened.bytes);
            }
            Ok(opened)
        }
    }
}

/// How a file's name ends, in lower case.
fn ending(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Whether a file's name is that of rows to learn from.
fn is_table(path: &Path) -> bool {
    matches!(ending(path).as_str(), "csv" | "tsv" | "jsonl" | "ndjson" | "parquet" | "arrow" | "feather")
}

/// What is there, as far as a paper may go: what has no end is no paper.
fn bounded(input: &mut dyn Read, name: &str) -> Result<Vec<u8>, Error> {
    let limit = Limits::default().max_bytes;
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes).map_err(|source| Error::Io { name: name.into(), source })?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { name: name.into(), found: bytes.len() as u64, limit, unit: "bytes" });
    }
    Ok(bytes)
}

fn opened(bytes: Vec<u8>, path: &Path, name: String) -> Result<Opened, Error> {
    match format_of(&bytes, path) {
        Some(format) => Ok(Opened { bytes, record: SourceRecord { format, name, arxiv: None } }),
        None => Err(Error::NotPaper { name, found: pdf::describe(&bytes) }),
    }
}

/// What the bytes are; none for what is no paper.
pub(super) fn format_of(bytes: &[u8], path: &Path) -> Option<PaperFormat> {
    let extension = ending(path);
    let head = &bytes[..bytes.len().min(4096)];
    if head[..head.len().min(1024)].windows(5).any(|w| w == b"%PDF-") || extension == "pdf" {
        return Some(PaperFormat::Pdf);
    }
    if is_archive(bytes) || extension == "tar" {
        return Some(PaperFormat::Latex);
    }
    let binary = head.contains(&0)
        || [&b"PK\x03\x04"[..], b"\x89PNG", b"\xff\xd8\xff", b"%!PS", b"\x7fELF"].iter().any(|m| head.starts_with(m));
    if binary {
        return None;
    }
    let text = String::from_utf8_lossy(head).to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(match extension.as_str() {
        "tex" | "ltx" | "latex" => PaperFormat::Latex,
        "md" | "markdown" => PaperFormat::Markdown,
        "html" | "htm" | "xhtml" => PaperFormat::Html,
        _ if says(&["<!doctype html", "<html"]) => PaperFormat::Html,
        _ if says(&["\\documentclass", "\\documentstyle", "\\begin{document}"]) => PaperFormat::Latex,
        _ if text.starts_with("# ") || says(&["\n# ", "\n## "]) => PaperFormat::Markdown,
        _ => PaperFormat::Text,
    })
}

fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b]) || bytes.get(257..262) == Some(b"ustar")
}

fn names_files(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    ["\\input", "\\include", "\\subfile", "\\import", "\\bibliography", "\\usepackage"].iter().any(|word| text.contains(word))
}

/// What of a folder is looked at, and what of it is taken.
const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 6;
const MAX_TEXTS: usize = 2_000;
const MAX_TEXT_BYTES: u64 = 24 << 20;

/// The LaTeX files below a folder as one archive, whose main file is `main`; none if there is none. Links are not followed.
fn folder(root: &Path, main: Option<&str>) -> std::io::Result<Option<Vec<u8>>> {
    let mut found: Vec<(String, PathBuf, u64)> = Vec::new();
    let mut folders = VecDeque::from([(PathBuf::new(), 0)]);
    let mut seen = 0;
    while let Some((inner, depth)) = folders.pop_front() {
        let mut entries: Vec<fs::DirEntry> = match fs::read_dir(root.join(&inner)) {
            Ok(entries) => entries.flatten().take(MAX_ENTRIES - seen).collect(),
            Err(problem) if depth == 0 => return Err(problem),
            Err(_) => continue,
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        seen += entries.len();
        for entry in entries {
            let (path, name) = (inner.join(entry.file_name()), entry.file_name().to_string_lossy().into_owned());
            let Ok(kind) = entry.file_type() else { continue };
            let ends = |end: &&str| name.to_lowercase().ends_with(*end);
            if kind.is_dir() && depth < MAX_DEPTH && !name.starts_with('.') {
                folders.push_back((path, depth + 1));
            } else if kind.is_file() && [".tex", ".ltx", ".latex", ".bbl", ".bib", ".sty", ".cls"].iter().any(ends) {
                let bytes = entry.metadata().map_or(0, |m| m.len());
                found.push((path.to_string_lossy().replace('\\', "/"), root.join(&path), bytes));
            }
        }
        if seen >= MAX_ENTRIES {
            break;
        }
    }
    if !found.iter().any(|(name, ..)| [".tex", ".ltx", ".latex"].iter().any(|end| name.to_lowercase().ends_with(end))) {
        return Ok(None);
    }
    let mut archive = Vec::new();
    if let Some(main) = main {
        add(&mut archive, "00README.XXX", format!("{main} toplevelfile\n").as_bytes());
    }
    // What is read first is not crowded out by a large bibliography beside it.
    found.sort_by_key(|(name, ..)| (Some(name.as_str()) != main, name.to_lowercase().ends_with(".bib")));
    let mut taken = 0;
    for (name, path, bytes) in found.into_iter().take(MAX_TEXTS) {
        if taken + bytes > MAX_TEXT_BYTES || name.len() > 99 {
            continue;
        }
        // One that cannot be read is as if it were not there.
        let Ok(file) = File::open(path) else { continue };
        let mut text = Vec::new();
        taken += file.take(MAX_TEXT_BYTES).read_to_end(&mut text)? as u64;
        add(&mut archive, &name, &text);
    }
    archive.resize(archive.len() + 1024, 0);
    Ok(Some(archive))
}

/// One file of a tar archive: a header of 512 bytes, then its content in whole blocks.
fn add(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    archive.extend(header);
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::read_paper;

    #[test]
    fn what_bytes_are() {
        let check = |bytes: &[u8], path: &str, expected| assert_eq!(format_of(bytes, Path::new(path)), expected, "{path}");
        check(b"%PDF-1.4", "x.txt", Some(PaperFormat::Pdf));
        check(b"words", "x.pdf", Some(PaperFormat::Pdf));
        check(b"\x1f\x8b\x08", "x", Some(PaperFormat::Latex));
        check(b"\\section{A}", "x.tex", Some(PaperFormat::Latex));
        check(b"% a\n\\documentclass{x}", "x", Some(PaperFormat::Latex));
        check(b"<!DOCTYPE html><html>", "x", Some(PaperFormat::Html));
        check(b"# A\n", "x", Some(PaperFormat::Markdown));
        check(b"words", "x.md", Some(PaperFormat::Markdown));
        check(b"words", "x", Some(PaperFormat::Text));
        check(b"PK\x03\x04", "x.docx", None);
        check(b"\0\x01", "x", None);
    }

    #[test]
    fn a_table_is_no_paper() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("churn.CSV");
        fs::write(&path, "a,b\n1,2\n").expect("written");
        let found = open(&PaperSource::File { path }, &FetchOptions::new(None));
        assert!(matches!(found, Err(Error::Table { .. })), "{found:?}");
    }

    #[test]
    fn a_folder_and_a_file_with_its_parts() {
        let place = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, text).expect("written");
        };
        let words = "Enough words to be taken for the text of a paper, which they are not.";
        write(
            "a.tex",
            &format!("\\documentclass{{x}}\\begin{{document}}{words} \\input{{sec/b}} \\input{{out}}\\end{{document}}"),
        );
        write(
            "z.tex",
            "\\documentclass{x}\\begin{document}Another \\input{sec/b}, larger than the first one is by far. And more of it, and more, and more, and more.\\end{document}",
        );
        write("sec/b.tex", "the part");
        write("figure.png", "\0");
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", place.path().join("out.tex")).expect("a link");
        let read = |path: &Path| {
            let source = PaperSource::File { path: path.to_path_buf() };
            let opened = open(&source, &FetchOptions::new(None)).expect("opened");
            read_paper(&opened.bytes, opened.record.format, "x").expect("read")
        };
        let paper = read(&place.path().join("a.tex"));
        assert!(paper.pages[0].text.contains("are not. the part"), "{}", paper.pages[0].text);
        assert!(!paper.pages[0].text.contains("root:"));
        assert_eq!(paper.left_out, ["`out` is left out: no such text is part of the paper"]);
        assert!(read(place.path()).pages[0].text.contains("Another the part"));
        let empty = tempfile::tempdir().expect("a folder");
        let source = PaperSource::File { path: empty.path().to_path_buf() };
        let error = open(&source, &FetchOptions::new(None)).expect_err("empty").to_string();
        assert!(error.contains("found a folder without a LaTeX file"), "{error}");
    }
}
