//! `tallow predict`: what a model says of inputs, on a terminal as a table, for machines a line of JSON each.

mod inputs;

use super::args::PredictArgs;
use super::environment::Environment;
use super::evaluate::{model_of, spoken};
use super::experiment::{create_passing, drive_aside, find, passing_folder, unfinished};
use crate::error::Result;
use crate::job::{Given, Index, Said, Unseen};
use crate::pipeline::Asking;
use crate::plan::Plan;
use crate::spec::Task;
use crate::store::Destination;
use crate::words::{bytes, clean, in_json};
use inputs::{InputError, ending_of, given, io};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    let (given, left_out) = given(args, &trained_on, passing.path())?;
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
        spoken: spoken(&args.speech),
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
    if left_out > 0 {
        told.push(format!("blank lines between the rows: {left_out}, no rows: `index` counts rows"));
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
    assumed.iter().chain(&told).for_each(|line| super::note(json, line));
    Ok(ExitCode::SUCCESS)
}

/// Whether a name is that of a table whose rows are no lines of JSON.
fn is_other_table(path: &Path) -> bool {
    matches!(ending_of(path).as_str(), "csv" | "tsv" | "parquet" | "arrow" | "feather" | "xlsx")
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
}
