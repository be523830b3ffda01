//! `tallow predict`: what a model says of inputs, on a terminal as a table, for machines a line of JSON each.

use super::args::PredictArgs;
use super::environment::Environment;
use super::evaluate::{model_of, told};
use super::experiment::{create_passing, drive_aside, find, passing_folder, unfinished};
use crate::data::inputs::{images_to_name, is_folder_of_images};
use crate::data::{IMAGES, OTHER_RECORDINGS, RECORDINGS, TABLES, check_object, files_called, holds_rows, is_pattern, letters};
use crate::error::{Class, Failure, Result};
use crate::job::{Given, Index, Said, Unseen};
use crate::pipeline::Asking;
use crate::plan::Plan;
use crate::spec::Task;
use crate::store::Destination;
use crate::words::{bytes, clean, in_json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, thiserror::Error)]
enum InputError {
    #[error("there is no file `{path}`")]
    NoFile { path: String },
    #[error(transparent)]
    Data(#[from] crate::data::Error),
    #[error("what the file `{path}` holds is not known by its name: expected a table ({}), images ({}), recordings ({}) or texts ({})", tables(), IMAGES.join(", "), RECORDINGS.join(", "), TEXTS.join(", "))]
    UnknownFile { path: String },
    #[error("`{a}` and `{b}` are inputs of different kinds")]
    Mixed { a: String, b: String },
    #[error("`-` is stdin, and was named more than once")]
    Twice,
    #[error("`--out {path}`: the name is that of a table, and answers are written as lines of JSON")]
    OutTable { path: String },
    #[error("`--with` gives each text that was said its second one: `{input}` is no text but a file")]
    WithFile { input: String },
    #[error("`--columns` names columns of a table, and none is given: `{input}` is {what}")]
    NoTable { input: String, what: &'static str },
    #[error("`{place}` is no text")]
    NoText { place: String, source: std::io::Error },
    #[error("cannot {action} `{place}`")]
    Io { action: &'static str, place: String, source: std::io::Error },
    #[error("there is nothing to say anything of: what was given is empty")]
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
            InputError::UnknownFile { path } => Some(match ending_of(path).as_str() {
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
fn ending_of(path: &str) -> String {
    Path::new(path).extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default()
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
        let ending = ending_of(input);
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

/// All inputs as a job has them. What comes from stdin, lines and rows go to tables in `folder`, so that nothing is held in memory.
fn given(args: &PredictArgs, columns: &[String], folder: &Path) -> Result<Given, InputError> {
    let named = each(&args.inputs)?;
    let inputs: Vec<Input> = named.iter().map(|input| Input::of(input)).collect::<Result<_, _>>()?;
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(InputError::Twice);
    }
    let (mut texts, mut images, mut recordings, mut tables) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut rows, mut called) = (String::new(), BTreeMap::new());
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
                tables.push(spooled(&mut BufReader::new(open), &place, &path.display().to_string())?);
            }
            Input::Stdin => {
                let place = folder.join("stdin.jsonl");
                called.insert(place.clone(), "stdin".into());
                tables.push(spooled(&mut std::io::stdin().lock(), &place, "stdin")?);
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
    match (texts.is_empty(), images.is_empty(), recordings.is_empty(), tables.is_empty()) {
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
    }
}

/// That no columns are asked for where there are none.
fn without_columns(args: &PredictArgs, what: &'static str) -> Result<(), InputError> {
    match args.columns.is_empty() {
        true => Ok(()),
        false => Err(InputError::NoTable { input: args.inputs.first().cloned().unwrap_or_default(), what }),
    }
}

fn io(action: &'static str, place: &Path, source: std::io::Error) -> InputError {
    InputError::Io { action, place: place.display().to_string(), source }
}

/// Writes lines as a table: JSON objects as they are, if the first is one, else a text each. Blank lines are none.
fn spooled(from: &mut dyn BufRead, place: &Path, name: &str) -> Result<PathBuf, InputError> {
    let mut out = BufWriter::new(File::create(place).map_err(|source| io("write", place, source))?);
    let unread = |source: std::io::Error| match source.kind() {
        ErrorKind::InvalidData => InputError::NoText { place: name.into(), source },
        _ => InputError::Io { action: "read", place: name.into(), source },
    };
    // As of any other file: UTF-8, or UTF-16 that says so.
    let mut from = letters(from).map_err(unread)?;
    let (mut objects, mut number, mut text) = (None, 0, String::new());
    loop {
        text.clear();
        if from.read_line(&mut text).map_err(unread)? == 0 {
            break;
        }
        number += 1;
        let line = text.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            continue;
        }
        let object = check_object(line);
        let is_object = *objects.get_or_insert(line.trim_start().starts_with('{') && object.is_ok());
        let written = match (is_object, object) {
            (true, Ok(())) => writeln!(out, "{line}"),
            (true, Err(source)) => return Err(InputError::Line { place: name.into(), line: number, source }),
            (false, _) => writeln!(out, "{}", serde_json::json!({"text": line})),
        };
        written.map_err(|source| io("write", place, source))?;
    }
    out.flush().map_err(|source| io("write", place, source))?;
    if objects.is_none() {
        return Err(InputError::Empty);
    }
    Ok(place.into())
}

/// The columns that a run was trained on, if it is a run that is asked.
fn columns(env: &Environment, args: &PredictArgs) -> Vec<String> {
    if !args.columns.is_empty() {
        return args.columns.clone();
    }
    let of_run = |plan: Plan| {
        let mut input = plan.facts.data.columns.input;
        match plan.spec.task {
            // Its last two are answers: the better one and the other.
            Task::PreferenceOptimization => input.truncate(input.len().saturating_sub(2)),
            // The others are compared with it: each text has a vector of its own.
            Task::SentenceSimilarity => input.truncate(1),
            _ => {}
        }
        input
    };
    find(env, &args.model).ok().and_then(|run| run.read_json(&run.plan()).ok()).map(of_run).unwrap_or_default()
}

pub(super) fn predict(json: bool, env: &Environment, args: &PredictArgs) -> Result<ExitCode> {
    let named = args.out.as_deref();
    if let Some(out) = named.filter(|out| is_other_table(out)) {
        return Err(InputError::OutTable { path: out.display().to_string() }.into());
    }
    // Nothing is asked of a model whose answers could not be kept.
    let out = named.map(Destination::find).transpose()?;
    let model = model_of(env, &args.model)?;
    let passing = passing_folder()?;
    let folder = create_passing(env, passing.path().join("prediction"))?;
    let trained_on = columns(env, args);
    let given = given(args, &trained_on, passing.path())?;
    // Texts of a line have a column of their own; a run's may be called otherwise.
    let given = match given {
        Given::Tables { files, columns, called }
            if args.columns.is_empty() && files.iter().all(|file| file.starts_with(passing.path())) =>
        {
            Given::Tables { columns: columns_there(&files, columns), files, called }
        }
        other => other,
    };
    let texts = if let Given::Texts { texts } = &given { texts.clone() } else { Vec::new() };
    let asking = Asking {
        model,
        given,
        names_columns: !args.columns.is_empty(),
        top_k: args.top_k.map(usize::from),
        logits: args.logits,
        chat: args.chat,
        max_new_tokens: args.max_tokens,
        beams: args.beams.map(usize::from),
        told: told(&args.speech),
    };
    let answers = match drive_aside(json, env, folder, (&args.hub, &args.worker), |pipeline| pipeline.predict(&asking))? {
        Ok(answers) => answers,
        Err(end) => return Err(unfinished(end, None)),
    };
    if answers.examples == 0 {
        return Err(InputError::Empty.into());
    }
    let mut lines = BufReader::new(File::open(&answers.path).map_err(|source| io("read", &answers.path, source))?);
    match &out {
        Some(out) => out.write(|file| std::io::copy(&mut lines, file).map(drop))?,
        None => {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            let mut say = |line: &str| match json {
                true => stdout.write_all(in_json(line).as_bytes()),
                false => row(line, &texts).map_or(Ok(()), |row| stdout.write_all(row.as_bytes())),
            };
            let said = each_line(&mut lines, &mut say).map_err(|source| io("read", &answers.path, source))?;
            super::note_unsaid(said.and_then(|()| stdout.flush()));
        }
    }
    // What the lines themselves do not say.
    let assumed: Vec<String> = answers.assumptions.iter().map(|assumed| format!("assumed: {assumed}")).collect();
    let mut told = Vec::new();
    if answers.failed > 0 {
        told.push(format!("{} of {} inputs have no answer: their lines say why", answers.failed, answers.examples));
    }
    if answers.cut > 0 {
        told.push(format!(
            "{} of {} texts are longer than the model reads: their ends were left out",
            answers.cut, answers.examples
        ));
    }
    if let Some(Unseen { rows, column, value }) = &answers.unseen {
        told.push(format!(
            "{rows} of {} rows hold a category that is rare or not there in the training rows, such as `{value}` in `{column}`: the model takes it for an unknown one",
            answers.examples
        ));
    }
    if let Some(out) = named {
        told.push(format!("{} lines in {}", answers.examples, out.display()));
    }
    let told = if json { Vec::new() } else { told };
    assumed.iter().chain(&told).for_each(|line| super::mention(&format!("{}\n", clean(line))));
    Ok(ExitCode::SUCCESS)
}

/// Whether a name is that of a table whose rows are no lines of JSON.
fn is_other_table(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    matches!(ending.as_str(), "csv" | "tsv" | "parquet" | "arrow" | "feather" | "xlsx")
}

/// The columns that are asked for, where the first rows have them; none: those that serve.
fn columns_there(files: &[PathBuf], columns: Vec<String>) -> Vec<String> {
    let first = |file: &PathBuf| {
        let mut line = String::new();
        BufReader::new(File::open(file).ok()?).read_line(&mut line).ok()?;
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&line).ok()
    };
    let there = files.iter().filter_map(first).all(|row| columns.iter().all(|column| row.contains_key(column)));
    if there { columns } else { Vec::new() }
}

/// No line of ours is longer. What a worker wrote may have been made by what it read.
const LONGEST_LINE: u64 = 64 << 20;

/// Hands on each line, with its end, until one cannot be said: the inner result. The outer: whether they can be read.
fn each_line(lines: &mut impl BufRead, say: &mut dyn FnMut(&str) -> std::io::Result<()>) -> std::io::Result<std::io::Result<()>> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(Ok(()));
        }
        if line.len() as u64 > LONGEST_LINE {
            let what = format!("expected lines of at most {}, found a longer one", bytes(LONGEST_LINE as f64));
            return Err(std::io::Error::new(ErrorKind::InvalidData, what));
        }
        if let Err(unsaid) = say(&String::from_utf8_lossy(&line)) {
            return Ok(Err(unsaid));
        }
    }
}

/// Columns of the table that a terminal shows: the input by its number or its file, or what it says of itself.
const SHOWN: usize = 60;

/// For people: an input, and below it what stands beside the first answer; none of what is no line of ours.
fn row(line: &str, texts: &[Vec<String>]) -> Option<String> {
    let Index { index, file } = serde_json::from_str(line).ok()?;
    let said = serde_json::from_str::<Said>(line).ok()?;
    let number = || index.saturating_add(1).to_string();
    let named = || file.as_deref().map_or_else(number, ending);
    let input = texts.get(index as usize).map_or_else(named, |texts| shown(&texts.join(" | ")));
    Some(format!("{input}\n{}\n", page(&said)))
}

fn shown(text: &str) -> String {
    let clean = clean(text);
    match clean.chars().count() > SHOWN {
        true => clean.chars().take(SHOWN - 1).chain(['…']).collect(),
        false => clean.to_string(),
    }
}

/// A path, whose end tells more than its beginning.
fn ending(path: &str) -> String {
    let clean = clean(path);
    match clean.chars().count().checked_sub(SHOWN) {
        None | Some(0) => clean.to_string(),
        Some(more) => std::iter::once('…').chain(clean.chars().skip(more + 1)).collect(),
    }
}

/// What is said of one input, in lines.
fn page(said: &Said) -> String {
    let percent = |p: f64| format!("{:5.1} %", 100.0 * p);
    let ranked = |of: &std::collections::BTreeMap<String, f32>| {
        let mut all: Vec<(&String, &f32)> = of.iter().collect();
        all.sort_by(|a, b| b.1.total_cmp(a.1));
        let more = all.len().saturating_sub(RANKED);
        let lines = all.into_iter().take(RANKED).map(|(name, p)| format!("  {}  {}\n", percent(f64::from(*p)), clean(name)));
        lines.collect::<String>() + &if more > 0 { format!("           and {more} more\n") } else { String::new() }
    };
    match said {
        Said::Class { probabilities, .. } => ranked(probabilities),
        Said::Labels { labels, probabilities, .. } => {
            let named = if labels.is_empty() { "none".into() } else { labels.join(", ") };
            format!("  {}\n{}", clean(&named), ranked(probabilities))
        }
        Said::Value { value } => format!("  {value}\n"),
        Said::Tags { entities, words, .. } if entities.is_empty() => format!("  nothing in {} words\n", words.len()),
        Said::Tags { entities, .. } => {
            let line = |e: &crate::job::Entity| {
                format!("  {}  {:<12} {}\n", percent(f64::from(e.probability)), clean(&e.entity), clean(&e.text))
            };
            entities.iter().map(line).collect()
        }
        Said::Answer { answer, probability, no_answer, .. } => {
            format!("  {}  {}\n  {}  no answer\n", percent(*probability), clean(answer), percent(*no_answer))
        }
        Said::Vector { vector } => {
            let some: Vec<String> = vector.iter().take(6).map(|value| format!("{value:.4}")).collect();
            format!("  {} numbers: {} …\n", vector.len(), some.join(" "))
        }
        // What is shown of it steers no terminal.
        Said::Text { text, .. } => text.lines().map(|line| format!("  {}\n", clean(line))).collect(),
        Said::Hidden { words } => {
            let line = |w: &crate::job::Word| format!("  {}  {}\n", percent(f64::from(w.probability)), clean(&w.word));
            words.iter().map(|words| words.iter().map(line).collect::<String>()).collect::<Vec<_>>().join("  --\n")
        }
        Said::Failed { error } => format!("  error: {}\n", clean(error)),
    }
}

/// So many classes are shown.
const RANKED: usize = 5;

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
    fn answers_are_no_table_of_another_kind() {
        let is_other = |name: &str| is_other_table(Path::new(name));
        assert!(is_other("sub.csv") && is_other("a/b.TSV"));
        assert!(!is_other("a.jsonl") && !is_other("answers") && !is_other("/dev/stdout"));
    }

    #[test]
    fn lines_of_a_worker_are_read_to_a_size() {
        let mut heard = Vec::new();
        let mut say = |line: &str| {
            heard.push(line.to_string());
            Ok(())
        };
        each_line(&mut &b"one\n\xfftwo"[..], &mut say).expect("read").expect("said");
        let endless = each_line(&mut BufReader::new(std::io::repeat(b'x')), &mut say).expect_err("too long");
        assert_eq!(endless.to_string(), "expected lines of at most 64.0 MiB, found a longer one");
        assert_eq!(heard, ["one\n", "\u{fffd}two"]);
        let gone = each_line(&mut &b"one\ntwo\n"[..], &mut |_| Err(ErrorKind::BrokenPipe.into())).expect("read");
        assert_eq!(gone.expect_err("unsaid").kind(), ErrorKind::BrokenPipe);
        let value = r#"{"index":18446744073709551615,"kind":"value","value":0.5}"#;
        assert_eq!(row(value, &[]).as_deref(), Some("18446744073709551615\n  0.5\n\n"));
        assert_eq!(row("\u{1b}[2J", &[]), None);
        let of_file = r#"{"index":0,"file":"cats/a.jpg","kind":"value","value":0.5}"#;
        assert_eq!(row(of_file, &[]).as_deref(), Some("cats/a.jpg\n  0.5\n\n"));
        let long = format!("{}/a.jpg", "x".repeat(SHOWN));
        assert_eq!(ending(&long), format!("…{}/a.jpg", "x".repeat(SHOWN - 7)));
    }

    #[test]
    fn lines_become_a_table() {
        let dir = tempfile::tempdir().expect("a folder");
        let read = |bytes: &[u8], expected: Result<&str, &str>| {
            let place = dir.path().join("x.jsonl");
            let text = String::from_utf8_lossy(bytes);
            match (spooled(&mut &*bytes, &place, "stdin"), expected) {
                (Ok(path), Ok(rows)) => assert_eq!(std::fs::read_to_string(path).expect("read"), rows, "{text:?}"),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("{text:?}: expected {expected:?}, found {found:?}"),
            }
        };
        let check = |text: &str, expected| read(text.as_bytes(), expected);
        check("a \"b\"\r\n\nc", Ok("{\"text\":\"a \\\"b\\\"\"}\n{\"text\":\"c\"}\n"));
        check("\u{feff}{\"a\":1}\n{\"a\":2}\n", Ok("{\"a\":1}\n{\"a\":2}\n"));
        check("{\"a\":1}\nno\n", Err("stdin, line 2"));
        check("{ no object\n", Ok("{\"text\":\"{ no object\"}\n"));
        check("\n\n", Err("what was given is empty"));
        // A mark of byte order is one at the beginning alone.
        check("\u{feff}a\n\u{feff}b\n", Ok("{\"text\":\"a\"}\n{\"text\":\"\u{feff}b\"}\n"));
        let wide: Vec<u8> = "\u{feff}é\nb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        read(&wide, Ok("{\"text\":\"é\"}\n{\"text\":\"b\"}\n"));
        read(b"fine\ncaf\xe9\n", Err("`stdin` is no text"));
    }
}
