//! Rows whose answers are texts: conversations, texts that are written from others, what is said in recordings.

use super::answers::answers_of;
use super::{files_of, no_data, told};
use crate::data::lengths::Lengths;
use crate::data::locate::Located;
use crate::data::read::{Cell, Table};
use crate::data::{Result, audio};
use crate::plan::{DataFacts, SplitFacts};
use crate::spec::{Columns, Task};

/// Bytes of recordings that are looked at for the longest.
const HEADS: usize = 256 << 20;
/// Rows that are conversations, or pairs of answers: nothing is labelled but by what they say.
pub(super) fn conversations_of(
    splits: &[(String, Vec<Table>)],
    columns: Columns,
    task: Task,
    located: Located,
) -> Result<DataFacts> {
    let mut facts = Vec::new();
    for (name, tables) in splits {
        let examples = tables.iter().map(Table::count).sum::<Result<usize>>()?;
        let files = files_of(name, tables, examples)?;
        facts.push(SplitFacts { name: name.clone(), files, examples, labelled: true, part: None, tokens: None });
    }
    let all: Vec<String> = columns.input.iter().chain(&columns.label).cloned().collect();
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    // Of a pair the prompt stands in both texts; a template adds a few tokens to each turn.
    let twice = if task == Task::PreferenceOptimization { all.len().saturating_sub(2) } else { 0 };
    let lengths = Lengths::of(first, &all, twice)?.map(|tokens| tokens + 4.0 * (all.len() + twice) as f64);
    Ok(told(task, facts, columns, lengths, located))
}

/// Rows of a text and what is written from it; a split other than the first may lack the latter.
pub(super) fn pairs_of(splits: &[(String, Vec<Table>)], columns: Columns, located: Located) -> Result<DataFacts> {
    let target = columns.label.clone().unwrap_or_default();
    let facts = answered(splits, &target)?;
    let both: Vec<String> = columns.input.iter().cloned().chain([target]).collect();
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    // Of the two together half each.
    let lengths = Lengths::of(first, &both, 0)?.map(|tokens| tokens / 2.0);
    Ok(told(Task::TextToText, facts, columns, lengths, located))
}

/// Recordings with what is said in them; a split other than the first may lack the latter.
pub(super) fn recordings_of(splits: &[(String, Vec<Table>)], columns: Columns, located: Located) -> Result<DataFacts> {
    let said = columns.label.clone().unwrap_or_default();
    let facts = answered(splits, &said)?;
    let first = splits.first().and_then(|(_, tables)| tables.first()).ok_or_else(|| no_data(&located))?;
    let lengths = Lengths::of(first, &[said], 0)?;
    let heard = columns.input.first().cloned().unwrap_or_default();
    let (longest_secs, mean_secs) = durations(splits.iter().flat_map(|(_, tables)| tables), &heard)?.unzip();
    Ok(DataFacts { longest_secs, mean_secs, ..told(Task::SpeechRecognition, facts, columns, lengths, located) })
}

/// Splits whose rows are told by texts of a column.
fn answered(splits: &[(String, Vec<Table>)], column: &str) -> Result<Vec<SplitFacts>> {
    let split = |(at, (name, tables)): (usize, &(String, Vec<Table>))| {
        let found = answers_of(tables, column, at > 0)?;
        let files = files_of(name, tables, found.rows)?;
        Ok(SplitFacts { name: name.clone(), files, examples: found.rows, labelled: found.any, part: None, tokens: None })
    };
    splits.iter().enumerate().map(split).collect()
}

/// Seconds of the longest recording and of the mean one, by the heads of all; of those that lie in tables themselves the first [`HEADS`]
/// bytes are looked at.
fn durations<'a>(tables: impl Iterator<Item = &'a Table>, column: &str) -> Result<Option<(f64, f64)>> {
    let (mut all, mut read) = (Vec::new(), 0);
    'tables: for table in tables {
        for row in table.rows(&[column])? {
            // What cannot be read is for the preparation to tell of.
            let Some(cell) = row.ok().and_then(|row| row.cells.into_iter().next()) else { continue };
            all.extend(audio::seconds(&cell));
            read += if let Cell::Bytes(bytes) = &cell { bytes.len() } else { 0 };
            if read > HEADS {
                break 'tables;
            }
        }
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    Ok(all.into_iter().reduce(f64::max).map(|longest| (longest, mean)))
}
