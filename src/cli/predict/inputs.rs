//! What inputs on the command line are: texts, rows, files and stdin, as a job has them.

use crate::cli::args::PredictArgs;
use crate::data::inputs::{images_to_name, is_folder_of_images};
use crate::data::{IMAGES, OTHER_RECORDINGS, RECORDINGS, TABLES, check_object, files_called, holds_rows, is_pattern, letters};
use crate::error::{Class, Failure};
use crate::job::Given;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error("there is no file `{path}`")]
    NoFile { path: String },
    #[error(transparent)]
    Data(#[from] crate::data::Error),
    #[error("cannot tell from its name what the file `{path}` holds: expected a table ({}), images ({}), recordings ({}) or texts ({})", tables(), IMAGES.join(", "), RECORDINGS.join(", "), TEXTS.join(", "))]
    UnknownFile { path: String },
    #[error("`{a}` and `{b}` are inputs of different kinds")]
    Mixed { a: String, b: String },
    #[error("`-` is stdin, and was named more than once")]
    Twice,
    #[error("`--out {path}`: the name is that of a table, and answers are written as lines of JSON")]
    OutTable { path: String },
    #[error("`--with` is the second text of a pair; `{input}` is a file, not a text")]
    WithFile { input: String },
    #[error("`--columns` names columns of a table, and none is given: `{input}` is {what}")]
    NoTable { input: String, what: &'static str },
    #[error("`{place}` is no text")]
    NoText { place: String, source: std::io::Error },
    #[error("cannot {action} `{place}`")]
    Io { action: &'static str, place: String, source: std::io::Error },
    #[error("nothing to predict: the input is empty")]
    Empty,
    #[error("{place}, line {line}: expected a JSON object as in the first line: {source}")]
    Line { place: String, line: usize, source: serde_json::Error },
}

impl Failure for InputError {
    fn class(&self) -> Class {
        match self {
            InputError::NoFile { .. }
            | InputError::UnknownFile { .. }
            | InputError::Mixed { .. }
            | InputError::Twice
            | InputError::NoTable { .. }
            | InputError::OutTable { .. }
            | InputError::WithFile { .. } => Class::Usage,
            InputError::Data(error) => error.class(),
            InputError::Io { .. } => Class::Resource,
            InputError::Empty | InputError::NoText { .. } | InputError::Line { .. } => Class::Data,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            InputError::NoFile { .. } => {
                Some("a text that looks like a file's name can be given on stdin: `echo TEXT | tallow predict MODEL -`".into())
            }
            InputError::UnknownFile { path } => Some(match ending_of(Path::new(path)).as_str() {
                "tif" | "tiff" | "avif" | "heic" | "heif" | "svg" | "jp2" | "ico" => "convert it to PNG or JPEG".into(),
                other if OTHER_RECORDINGS.contains(&other) => "convert it to WAV, FLAC, MP3 or Ogg".into(),
                _ if holds_rows(path) => "unpack it, and give the folder or its files".into(),
                _ => "where it holds texts, a line each, give them on stdin: `tallow predict MODEL - < FILE`".into(),
            }),
            InputError::Data(error) => error.hint(),
            InputError::Mixed { .. } => Some("ask about them one after the other".into()),
            InputError::WithFile { .. } => Some("a table has two columns for pairs: name them with `--columns`".into()),
            InputError::NoTable { .. } => Some("leave `--columns` out".into()),
            InputError::OutTable { path } => Some(format!("call it `{}`", Path::new(path).with_extension("jsonl").display())),
            InputError::NoText { .. } => Some("write it as UTF-8: `iconv -f WINDOWS-1252 -t UTF-8`".into()),
            InputError::Twice | InputError::Io { .. } | InputError::Empty | InputError::Line { .. } => None,
        }
    }
}

/// What an input on the command line is, by its look.
#[derive(Debug, Clone, PartialEq)]
enum Input {
    Text(String),
    /// A row of a table, as a JSON object.
    Row(String),
    Stdin,
    /// A text a line.
    Lines(PathBuf),
    Table(PathBuf),
    /// One, or a folder of them.
    Image(PathBuf),
    Recording(PathBuf),
}

/// Endings of files of texts.
const TEXTS: [&str; 2] = ["txt", "text"];

/// Endings of tables as a message names them.
fn tables() -> String {
    TABLES.map(|ending| ending.trim_start_matches('.')).join(", ")
}

/// The ending of a file's name, in small letters.
pub(super) fn ending_of(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
}

impl Input {
    fn of(input: &str) -> Result<Self, InputError> {
        if input == "-" {
            return Ok(Input::Stdin);
        }
        if input.trim_start().starts_with('{') && check_object(input).is_ok() {
            // Between the values of an object a line may end, within them never.
            return Ok(Input::Row(input.replace(['\n', '\r'], " ")));
        }
        let ending = ending_of(Path::new(input));
        let is_table = crate::data::is_table(input);
        let is_recording = RECORDINGS.contains(&ending.as_str());
        let known = is_table || is_recording || IMAGES.contains(&ending.as_str()) || TEXTS.contains(&ending.as_str());
        // In a text of several words a stroke is nothing: "8/10 at best".
        let is_path = known || input.contains(std::path::is_separator) && !input.contains(char::is_whitespace);
        let path = std::path::absolute(input).ok().filter(|path| path.exists());
        match path {
            Some(path) if path.is_dir() && is_folder_of_images(&path) => Ok(Input::Image(path)),
            Some(path) if path.is_dir() => Ok(Input::Table(path)),
            Some(path) if IMAGES.contains(&ending.as_str()) => Ok(Input::Image(path)),
            Some(path) if is_recording => Ok(Input::Recording(path)),
            Some(path) if TEXTS.contains(&ending.as_str()) => Ok(Input::Lines(path)),
            Some(path) if known => Ok(Input::Table(path)),
            Some(path) => Err(InputError::UnknownFile { path: path.display().to_string() }),
            None if is_path => Err(InputError::NoFile { path: input.into() }),
            None => Ok(Input::Text(input.into())),
        }
    }
}

/// What is named, with the files of each pattern in its place.
fn each(inputs: &[String]) -> Result<Vec<String>, InputError> {
    let mut all = Vec::new();
    for input in inputs {
        let files = match Input::of(input) {
            Err(InputError::NoFile { .. }) if is_pattern(input) => files_called(Path::new(input))?,
            _ => Vec::new(),
        };
        match files.is_empty() {
            true => all.push(input.clone()),
            false => all.extend(files.iter().map(|file| file.display().to_string())),
        }
    }
    Ok(all)
}

/// All inputs as a job has them, and how many blank lines among rows are none. What comes from stdin, lines and rows go to tables in
/// `folder`, so that nothing is held in memory.
pub(super) fn given(args: &PredictArgs, columns: &[String], folder: &Path) -> Result<(Given, usize), InputError> {
    let named = each(&args.inputs)?;
    let inputs: Vec<Input> = named.iter().map(|input| Input::of(input)).collect::<Result<_, _>>()?;
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(InputError::Twice);
    }
    let (mut texts, mut images, mut recordings, mut tables) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut rows, mut called, mut left_out) = (String::new(), BTreeMap::new(), 0);
    for (input, said) in inputs.into_iter().zip(&named) {
        let is_text = matches!(input, Input::Text(_));
        match input {
            Input::Text(text) => texts.push([Some(text), args.with.clone()].into_iter().flatten().collect()),
            Input::Row(row) => rows.push_str(&format!("{row}\n")),
            Input::Image(path) => images.extend(images_to_name(path)),
            Input::Recording(path) => recordings.push(path),
            Input::Table(path) => tables.push(path),
            Input::Lines(path) => {
                let open = File::open(&path).map_err(|source| io("read", &path, source))?;
                let place = folder.join(format!("lines-{}.jsonl", tables.len()));
                called.insert(place.clone(), path.display().to_string());
                left_out += spooled(&mut BufReader::new(open), &place, &path.display().to_string())?;
                tables.push(place);
            }
            Input::Stdin => {
                let place = folder.join("stdin.jsonl");
                called.insert(place.clone(), "stdin".into());
                left_out += spooled(&mut std::io::stdin().lock(), &place, "stdin")?;
                tables.push(place);
            }
        }
        if let (Some(_), false) = (&args.with, is_text) {
            return Err(InputError::WithFile { input: said.clone() });
        }
    }
    if !rows.is_empty() {
        let place = folder.join("rows.jsonl");
        std::fs::write(&place, rows).map_err(|source| io("write", &place, source))?;
        called.insert(place.clone(), "the command line".into());
        tables.push(place);
    }
    let given = match (texts.is_empty(), images.is_empty(), recordings.is_empty(), tables.is_empty()) {
        (false, true, true, true) => without_columns(args, "a text").map(|()| Given::Texts { texts }),
        (true, false, true, true) => without_columns(args, "an image").map(|()| Given::Images { files: images }),
        (true, true, false, true) => without_columns(args, "a recording").map(|()| Given::Recordings { files: recordings }),
        (true, true, true, false) => Ok(Given::Tables { files: tables, columns: columns.to_vec(), called }),
        _ => {
            let first = named.first().cloned().unwrap_or_default();
            let kind = |input: &str| Input::of(input).ok().map(|input| std::mem::discriminant(&input));
            let other = named.iter().find(|input| kind(input) != kind(&first)).cloned().unwrap_or_default();
            Err(InputError::Mixed { a: first, b: other })
        }
    };
    given.map(|given| (given, left_out))
}

/// That no columns are asked for where there are none.
fn without_columns(args: &PredictArgs, what: &'static str) -> Result<(), InputError> {
    match args.columns.is_empty() {
        true => Ok(()),
        false => Err(InputError::NoTable { input: args.inputs.first().cloned().unwrap_or_default(), what }),
    }
}

pub(super) fn io(action: &'static str, place: &Path, source: std::io::Error) -> InputError {
    InputError::Io { action, place: place.display().to_string(), source }
}

/// Writes lines as a table: JSON objects as they are, if the first is one, else a text each. A blank line among texts is one that says
/// nothing, so that the number of an answer is that of its line; among objects it is none, and their number is told. Behind the last
/// line that says something blank ones move nothing, and are none.
fn spooled(from: &mut dyn BufRead, place: &Path, name: &str) -> Result<usize, InputError> {
    let mut out = BufWriter::new(File::create(place).map_err(|source| io("write", place, source))?);
    let unread = |source: std::io::Error| match source.kind() {
        ErrorKind::InvalidData => InputError::NoText { place: name.into(), source },
        _ => InputError::Io { action: "read", place: name.into(), source },
    };
    // As of any other file: UTF-8, or UTF-16 that says so.
    let mut from = letters(from).map_err(unread)?;
    let (mut objects, mut number, mut text) = (None, 0, String::new());
    let (mut blank, mut left_out) = (0, 0);
    loop {
        text.clear();
        if from.read_line(&mut text).map_err(unread)? == 0 {
            break;
        }
        number += 1;
        let line = text.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            blank += 1;
            continue;
        }
        let object = check_object(line);
        let are_objects = *objects.get_or_insert(line.trim_start().starts_with('{') && object.is_ok());
        let row = match (are_objects, object) {
            (true, Ok(())) => line.to_string(),
            (true, Err(source)) => return Err(InputError::Line { place: name.into(), line: number, source }),
            (false, _) => serde_json::json!({"text": line}).to_string(),
        };
        let nothing = if are_objects { "" } else { r#"{"text":null}"# };
        left_out += if are_objects { blank } else { 0 };
        let mut rows = std::iter::repeat_n(nothing, std::mem::take(&mut blank)).chain([row.as_str()]);
        rows.try_for_each(|row| writeln!(out, "{row}")).map_err(|source| io("write", place, source))?;
    }
    out.flush().map_err(|source| io("write", place, source))?;
    match objects {
        Some(_) => Ok(left_out),
        None => Err(InputError::Empty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_what_it_looks_like() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = |name: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, "x").expect("written");
            path
        };
        let (csv, png, txt) = (file("a.csv"), file("b.PNG"), file("c.txt"));
        let of = |input: &Path| Input::of(&input.display().to_string()).expect("an input");
        assert_eq!(of(&csv), Input::Table(csv.clone()));
        assert_eq!(of(&png), Input::Image(png.clone()));
        assert_eq!(of(&txt), Input::Lines(txt.clone()));
        assert_eq!(of(dir.path()), Input::Table(dir.path().into()));
        let images = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(images.path().join("cats")).expect("a folder");
        std::fs::write(images.path().join("cats/a.jpg"), "x").expect("written");
        assert_eq!(of(images.path()), Input::Image(images.path().into()));
        std::fs::write(images.path().join("metadata.csv"), "x").expect("written");
        assert_eq!(of(images.path()), Input::Table(images.path().into()), "a table says which");
        for text in ["a fine film", "{not json", "version 2.csv is out", "a.b", "8/10 at best", "/s was meant"] {
            assert_eq!(Input::of(text).expect("a text"), Input::Text(text.into()));
        }
        assert_eq!(Input::of("-").expect("stdin"), Input::Stdin);
        assert_eq!(Input::of("{\"a\": 1}").expect("a row"), Input::Row("{\"a\": 1}".into()));
        assert_eq!(Input::of("{\"a\":\r\n \"b\"}").expect("a row"), Input::Row("{\"a\":   \"b\"}".into()));
        let spaced = dir.path().join("my reviews.csv").display().to_string();
        for path in ["absent.csv", "my reviews.csv", "data/reviews", "./absent", &spaced, "reviews.csv.gz"] {
            assert!(matches!(Input::of(path), Err(InputError::NoFile { .. })), "{path}");
        }
        for heard in [file("a.OPUS"), file("b.m4a"), file("c.webm")] {
            let hint = Input::of(&heard.display().to_string()).expect_err("cannot be read").hint();
            assert_eq!(hint.as_deref(), Some("convert it to WAV, FLAC, MP3 or Ogg"), "{heard:?}");
        }
        assert!(tables().starts_with("parquet, arrow, csv"));
        for unknown in [file("notes"), file("my notes.pdf")] {
            assert!(matches!(Input::of(&unknown.display().to_string()), Err(InputError::UnknownFile { .. })), "{unknown:?}");
        }
    }

    #[test]
    fn lines_become_a_table() {
        let dir = tempfile::tempdir().expect("a folder");
        let read = |bytes: &[u8], expected: Result<(&str, usize), &str>| {
            let place = dir.path().join("x.jsonl");
            let text = String::from_utf8_lossy(bytes);
            match (spooled(&mut &*bytes, &place, "stdin"), expected) {
                (Ok(left_out), Ok((rows, blank))) => {
                    assert_eq!(std::fs::read_to_string(&place).expect("read"), rows, "{text:?}");
                    assert_eq!(left_out, blank, "{text:?}");
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("{text:?}: expected {expected:?}, found {found:?}"),
            }
        };
        let check = |text: &str, expected| read(text.as_bytes(), expected);
        // A line has the place that it has in what was given; what says nothing has no answer.
        check("a \"b\"\r\n\nc", Ok(("{\"text\":\"a \\\"b\\\"\"}\n{\"text\":null}\n{\"text\":\"c\"}\n", 0)));
        check(" \na\n\n\n", Ok(("{\"text\":null}\n{\"text\":\"a\"}\n", 0)));
        check("\u{feff}{\"a\":1}\n{\"a\":2}\n", Ok(("{\"a\":1}\n{\"a\":2}\n", 0)));
        check("\n{\"a\":1}\n \n{\"a\":2}\n\n", Ok(("\n{\"a\":1}\n\n{\"a\":2}\n", 2)));
        check("{\"a\":1}\nno\n", Err("stdin, line 2"));
        check("{ no object\n", Ok(("{\"text\":\"{ no object\"}\n", 0)));
        check("\n\n", Err("the input is empty"));
        // A mark of byte order is one at the beginning alone.
        check("\u{feff}a\n\u{feff}b\n", Ok(("{\"text\":\"a\"}\n{\"text\":\"\u{feff}b\"}\n", 0)));
        let wide: Vec<u8> = "\u{feff}é\nb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        read(&wide, Ok(("{\"text\":\"é\"}\n{\"text\":\"b\"}\n", 0)));
        read(b"fine\ncaf\xe9\n", Err("`stdin` is no text"));
    }
}
