//! The files of a LaTeX source: one file, or an archive as arXiv keeps it (`.tar`, `.tar.gz`, `.gz`). Nothing is ever unpacked to
//! disk; names that lead out of the archive, links and what is no text are left out and said so.

use crate::intake::Error;
use crate::tar::{BLOCK, fill, header_name, is_whole, number, record, sum};
use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, HashSet};
use std::io::Read;

/// What an archive may hold, unpacked: figures are passed over, texts are kept.
const MAX_UNPACKED: u64 = 512 << 20;
const MAX_TEXT: usize = 24 << 20;
const MAX_FILES: usize = 4096;
const MAX_NOTES: usize = 20;

/// What may be read by a name.
const TEXTS: [&str; 10] = [".tex", ".ltx", ".latex", ".bbl", ".bib", ".sty", ".cls", ".def", ".cfg", ".txt"];

/// Texts by name, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Files {
    texts: BTreeMap<String, String>,
    pub(super) left_out: Vec<String>,
}

impl Files {
    /// Opens what `bytes` are; a single file is called `main.tex`.
    pub(super) fn open(bytes: &[u8], name: &str) -> Result<Files, Error> {
        let mut files = Files::default();
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            files.take(&mut &bytes[..], name)?;
            return Ok(files);
        }
        let mut unpacked = MultiGzDecoder::new(bytes).take(MAX_UNPACKED + 1);
        files.take(&mut unpacked, name)?;
        if unpacked.limit() == 0 {
            return Err(Error::TooLarge {
                name: name.into(),
                found: MAX_UNPACKED + 1,
                limit: MAX_UNPACKED,
                unit: "bytes unpacked",
            });
        }
        Ok(files)
    }

    fn take(&mut self, input: &mut dyn Read, name: &str) -> Result<(), Error> {
        let mut first = [0; BLOCK];
        let read = fill(input, &mut first).map_err(|problem| damaged(name, &problem))?;
        if read == BLOCK && &first[257..262] == b"ustar" || read == BLOCK && old_tar(&first) {
            return self.take_archive(input, first, name);
        }
        let mut bytes = first[..read].to_vec();
        let limit = MAX_TEXT as u64 + 1;
        input.take(limit).read_to_end(&mut bytes).map_err(|problem| damaged(name, &problem))?;
        if bytes.len() > MAX_TEXT {
            return Err(Error::TooLarge { name: name.into(), found: bytes.len() as u64, limit: MAX_TEXT as u64, unit: "bytes" });
        }
        if bytes.contains(&0) {
            return Err(Error::Malformed { name: name.into(), problem: "it is neither a text nor an archive of texts".into() });
        }
        self.texts.insert("main.tex".into(), text_of(bytes));
        Ok(())
    }

    /// One header after the other, each followed by its file in whole blocks.
    fn take_archive(&mut self, input: &mut dyn Read, first: [u8; BLOCK], name: &str) -> Result<(), Error> {
        let mut header = first;
        let mut long_name: Option<String> = None;
        let (mut entries, mut kept) = (0, 0);
        loop {
            if header.iter().all(|b| *b == 0) {
                break;
            }
            entries += 1;
            if entries > MAX_FILES {
                self.note(format!("the archive holds more than {MAX_FILES} files: the rest is not read"));
                break;
            }
            // Sizes beyond eight gigabytes are binary: nothing that is read is as large.
            let Some(size) = number(&header[124..136]).filter(|_| header[124] & 0x80 == 0) else {
                return Err(Error::Malformed { name: name.into(), problem: "its archive has a damaged header".into() });
            };
            let kind = header[156];
            let own = long_name.take().unwrap_or_else(|| header_name(&header));
            let wants = match kind {
                b'0' | 0 => self.is_wanted(&own, size, kept),
                b'L' | b'x' => size <= 64 << 10,
                b'1' | b'2' => {
                    self.note(format!("`{}` is a link: left out", shown(&own)));
                    false
                }
                _ => false,
            };
            let mut content = Vec::new();
            let padded = size.div_ceil(BLOCK as u64) * BLOCK as u64;
            let whole = if wants {
                let limit = size;
                let read = input.take(limit).read_to_end(&mut content).map_err(|problem| damaged(name, &problem))? as u64;
                skip(input, padded - size.min(padded)).is_ok() && read == size
            } else {
                skip(input, padded).is_ok()
            };
            match kind {
                b'L' if wants => long_name = Some(String::from_utf8_lossy(&content).trim_end_matches('\0').to_string()),
                b'x' if wants => long_name = record(&content, "path"),
                b'0' | 0 if wants => {
                    kept += content.len();
                    self.texts.insert(own.trim_start_matches("./").to_string(), text_of(content));
                }
                _ => {}
            }
            if !whole || fill(input, &mut header).map_err(|problem| damaged(name, &problem))? < BLOCK {
                if !whole {
                    self.note("the archive is cut off: what comes before is read".into());
                }
                break;
            }
        }
        Ok(())
    }

    fn is_wanted(&mut self, name: &str, size: u64, kept: usize) -> bool {
        let lower = name.to_lowercase();
        let readme = lower.trim_start_matches("./").starts_with("00readme");
        if !readme && !TEXTS.iter().any(|end| lower.ends_with(end)) {
            return false;
        }
        let path = name.trim_start_matches("./");
        if path.starts_with(['/', '\\']) || path.split(['/', '\\']).any(|part| part == "..") {
            self.note(format!("`{}` leads out of the archive: left out", shown(name)));
            return false;
        }
        if size > (MAX_TEXT - kept.min(MAX_TEXT)) as u64 {
            self.note(format!("`{}` of {size} bytes is left out: at most {MAX_TEXT} bytes of text are read", shown(name)));
            return false;
        }
        true
    }

    pub(super) fn note(&mut self, note: String) {
        if self.left_out.len() < MAX_NOTES {
            self.left_out.push(note);
        }
    }

    /// The text of a file that another names, from the folder of `from` or of the main file.
    pub(super) fn find(&self, named: &str, from: &str, ends: &[&str]) -> Option<(&str, &str)> {
        let named = normal(named)?;
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let places = [format!("{folder}/{named}"), named.clone()];
        let tried = places.iter().flat_map(|place| ends.iter().map(move |end| format!("{}{end}", place.trim_start_matches('/'))));
        let exact = tried.clone().find_map(|path| self.texts.get_key_value(&path));
        let found = exact.or_else(|| {
            // Systems that know no capitals have papers that mix them.
            let tried: Vec<String> = tried.map(|path| path.to_lowercase()).collect();
            self.texts.iter().find(|(path, _)| tried.contains(&path.to_lowercase()))
        });
        found.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The file that is the paper: the one that is named as such, or begins a document and is part of no other.
    pub(super) fn main(&self) -> Option<(&str, &str)> {
        if let Some(named) = self.named_main().and_then(|name| self.find(&name, "", &["", ".tex"])) {
            return Some(named);
        }
        let is_tex = |path: &str| [".tex", ".ltx", ".latex", ".txt"].iter().any(|end| path.to_lowercase().ends_with(end));
        let begins = |text: &str| {
            let says = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
            let class = says("\\documentclass") || says("\\documentstyle");
            (class && text.contains("\\begin{document}"), class)
        };
        let parts: HashSet<String> = self.texts.values().flat_map(|text| text.lines()).flat_map(parts_named).collect();
        let mut candidates: Vec<_> = self.texts.iter().filter(|(path, _)| is_tex(path)).collect();
        candidates.sort_by_key(|(path, text)| {
            let stem = stem_of(path);
            let is_part = parts.contains(&stem) || is_child(text);
            // As a word of its own: `hyperparams` holds `ms`, too.
            let usual = |word: &str| ["main", "ms", "paper", "article", "manuscript", "arxiv", "root"].contains(&word);
            let usual = stem.split(|c: char| !c.is_alphanumeric()).any(usual);
            let titled = text.contains("\\title") || text.contains("\\maketitle");
            let supplement =
                ["supp", "appendix", "response", "rebuttal", "cover", "poster"].iter().any(|name| stem.contains(name));
            let (document, class) = begins(text);
            (!document, !class, is_part, supplement, !titled, !usual, path.matches('/').count(), usize::MAX - text.len())
        });
        candidates.first().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// What arXiv's `00README` names as the top file.
    fn named_main(&self) -> Option<String> {
        let (path, text) = self.texts.iter().find(|(path, _)| path.to_lowercase().starts_with("00readme"))?;
        if path.ends_with(".json") {
            let read: serde_json::Value = serde_json::from_str(text).ok()?;
            let sources = read.get("sources")?.as_array()?;
            let top = sources.iter().find(|s| s.get("usage").and_then(|u| u.as_str()) == Some("toplevel"))?;
            return top.get("filename")?.as_str().map(String::from);
        }
        text.lines().find_map(|line| line.trim().strip_suffix("toplevelfile").map(|name| name.trim().to_string()))
    }

    /// The only file with this ending.
    pub(super) fn find_one(&self, end: &str) -> Option<(&str, &str)> {
        let mut found = self.texts.iter().filter(|(path, _)| path.to_lowercase().ends_with(end));
        let first = found.next().filter(|_| found.next().is_none())?;
        Some((first.0.as_str(), first.1.as_str()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// The files that a line pulls in, without folders and endings.
fn parts_named(line: &str) -> Vec<String> {
    const PULLS: [&str; 5] = ["\\input", "\\include", "\\subfile", "\\import", "\\subimport"];
    let line = line.split_once('%').map_or(line, |(line, _)| line);
    if !PULLS.iter().any(|word| line.contains(word)) {
        return Vec::new();
    }
    let named = line.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(named, _)| named);
    named.map(stem_of).filter(|stem| !stem.is_empty()).collect()
}

/// `tables/Sizes.tex` -> `sizes`.
fn stem_of(path: &str) -> String {
    path.trim().rsplit('/').next().unwrap_or(path).trim_end_matches(".tex").to_lowercase()
}

/// Whether a file says that it is part of another: `\documentclass[../paper]{subfiles}`, `\documentclass{../paper.tex}`.
fn is_child(text: &str) -> bool {
    let mut classes = text.lines().map(str::trim_start).filter_map(|line| line.strip_prefix("\\documentclass"));
    classes.any(|class| {
        let class = class.rsplit_once('{').map_or("", |(_, class)| class.split('}').next().unwrap_or_default());
        class == "subfiles" || class == "standalone" || class.ends_with(".tex")
    })
}

/// A relative name without `.`; none where it leads out of the source.
fn normal(named: &str) -> Option<String> {
    let named = named.trim().trim_matches('"');
    let outside = named.is_empty() || named.starts_with(['/', '\\', '~', '|']) || named.contains(['\0', ':']);
    let parts: Vec<&str> = named.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!outside && !parts.contains(&"..")).then(|| parts.join("/"))
}

fn shown(name: &str) -> String {
    name.chars().take(80).collect::<String>().escape_debug().to_string()
}

fn damaged(name: &str, problem: &std::io::Error) -> Error {
    Error::Malformed { name: name.into(), problem: format!("it cannot be unpacked: {problem}") }
}

/// UTF-8, or else Latin-1, which any bytes are.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

fn skip(input: &mut dyn Read, bytes: u64) -> std::io::Result<()> {
    let skipped = std::io::copy(&mut input.take(bytes), &mut std::io::sink())?;
    if skipped == bytes { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

/// An archive from before `ustar`: its header's sum is right.
fn old_tar(header: &[u8; BLOCK]) -> bool {
    is_whole(header) && sum(header) > 256
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::io::Write;

    /// An archive of files: (name, kind, content).
    pub(crate) fn tar(files: &[(&str, u8, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, kind, content) in files {
            let mut header = [0u8; BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
            header[156] = *kind;
            header[257..263].copy_from_slice(b"ustar\0");
            header[148..156].fill(b' ');
            let sum: u64 = header.iter().map(|b| u64::from(*b)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            out.extend(header);
            out.extend(*content);
            out.resize(out.len().next_multiple_of(BLOCK), 0);
        }
        out.resize(out.len() + 2 * BLOCK, 0);
        out
    }

    pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("packed");
        encoder.finish().expect("packed")
    }

    const MAIN: &[u8] = b"\\documentclass{article}\n\\begin{document}\n\\input{part}\n\\end{document}";

    #[test]
    fn an_archive_a_packed_file_and_a_file() {
        let archive = tar(&[("./part.tex", b'0', b"words"), ("paper.tex", b'0', MAIN), ("figure.png", b'0', &[0; 900])]);
        for bytes in [archive.clone(), gz(&archive)] {
            let files = Files::open(&bytes, "x").expect("opened");
            assert_eq!(files.main().map(|(path, _)| path), Some("paper.tex"));
            assert_eq!(files.find("part", "paper.tex", &["", ".tex"]), Some(("part.tex", "words")));
            assert_eq!(files.find("figure.png", "paper.tex", &[""]), None);
            assert!(files.left_out.is_empty());
        }
        assert_eq!(Files::open(&gz(MAIN), "x").expect("opened").main().map(|(path, _)| path), Some("main.tex"));
        assert_eq!(
            Files::open(b"\\documentclass{a} \xe9", "x").expect("opened").main().map(|(_, t)| t),
            Some("\\documentclass{a} é")
        );
    }

    #[test]
    fn a_part_is_never_the_paper() {
        let whole = b"\\documentclass{article}\n\\title{On Trees}\n\\begin{document}\n\\subfile{tables/main_results}\n\\input{parts/hyperparams}\n\\end{document}";
        let part = b"\\documentclass[../acl_latex]{subfiles}\n\\begin{document}\nmany more words of a table\n\\end{document}";
        let alone = b"\\documentclass{../acl_latex.tex}\n\\begin{document}\nwords\n\\end{document}";
        let archive = tar(&[
            ("tables/main_results.tex", b'0', part),
            ("parts/hyperparams.tex", b'0', MAIN),
            ("tables/ms.tex", b'0', alone),
            ("acl_latex.tex", b'0', whole),
        ]);
        assert_eq!(Files::open(&archive, "x").expect("opened").main().map(|(path, _)| path), Some("acl_latex.tex"));
        // A name that only holds a usual one says nothing.
        let archive = tar(&[("systems.tex", b'0', MAIN), ("my_paper.tex", b'0', MAIN)]);
        assert_eq!(Files::open(&archive, "x").expect("opened").main().map(|(path, _)| path), Some("my_paper.tex"));
    }

    #[test]
    fn what_leads_out_and_what_is_a_link_is_left_out() {
        let archive = tar(&[
            ("../../evil.tex", b'0', b"evil"),
            ("/etc/passwd.tex", b'0', b"evil"),
            ("link.tex", b'2', b""),
            ("paper.tex", b'0', MAIN),
        ]);
        let files = Files::open(&archive, "x").expect("opened");
        assert_eq!(files.texts.len(), 1);
        assert_eq!(files.left_out.len(), 3, "{:?}", files.left_out);
        for name in ["/etc/passwd", "../paper", "a/../../paper", "|ls", "~/x", "", "C:\\x"] {
            assert_eq!(files.find(name, "paper.tex", &["", ".tex"]), None, "{name}");
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_without_keeping_it() {
        // 600 MB of zeros behind one header, as half a megabyte.
        let mut header = tar(&[("a.tex", b'0', b"")]);
        header.truncate(BLOCK);
        header[124..135].copy_from_slice(b"77777777777");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&header).expect("packed");
        for _ in 0..600 {
            encoder.write_all(&vec![0; 1 << 20]).expect("packed");
        }
        let error = Files::open(&encoder.finish().expect("packed"), "bomb").expect_err("too large").to_string();
        assert!(error.contains("`bomb` is too large") && error.contains("bytes unpacked"), "{error}");
        let text = Files::open(&gz(&vec![b'a'; 25 << 20]), "long").expect_err("too large").to_string();
        assert!(text.contains("`long` is too large"), "{text}");
    }

    #[test]
    fn a_cut_off_archive_gives_what_comes_before() {
        let archive = tar(&[("paper.tex", b'0', MAIN), ("later.tex", b'0', &[b'x'; 2000])]);
        let files = Files::open(&archive[..1600], "x").expect("opened");
        assert_eq!(files.main().map(|(path, _)| path), Some("paper.tex"));
        assert!(files.left_out.iter().any(|note| note.contains("cut off")), "{:?}", files.left_out);
    }
}
