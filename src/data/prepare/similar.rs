//! Texts whose vectors are to be near or far -> token ids: all texts of an example one behind the other, in the order of their
//! columns. A row with a blank text is left out, and counted.

use super::answers::{Said, Values};
use super::text::{Texts, encode, truncated_to};
use super::tokenization::{Tokenization, text};
use super::weights::Weights;
use super::{Split, finish};
use crate::data::read::{Cell, Row, Table};
use crate::data::{Error, Result};
use crate::job::{Event, PrepareJob};
use rayon::prelude::*;
use tokenizers::Encoding;

/// Tokenises all splits and writes them. Texts are cut to the job's `max_seq_len`.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let Some(first) = splits.first() else { return Ok(()) };
    let mut tokenization = Tokenization::new(job, first, emit)?;
    truncated_to(&mut tokenization, job, false)?;
    splits.iter().try_for_each(|split| prepare_split(job, split, &tokenization, emit))
}

fn prepare_split(job: &PrepareJob, split: &Split, tokenization: &Tokenization, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let each = split.columns.input.len();
    let mut scores = split.columns.label.as_ref().map(|column| Values::of(column));
    let (mut texts, mut weights, mut left_out) = (Texts::new(job)?, Weights::of(split), 0);
    // Whether there is anything to tell apart.
    let (mut second, mut differ): (Option<Vec<u32>>, bool) = (None, each > 2 || scores.is_some());
    split.each_chunk(emit, |table, rows| {
        let all = rows.len();
        let mut rows: Vec<Row> = rows.into_iter().filter(|row| !row.cells.iter().take(each).any(Cell::is_blank)).collect();
        left_out += all - rows.len();
        rows.iter_mut().try_for_each(|row| weights.take(table, row))?;
        if let Some(scores) = &mut scores {
            rows.iter_mut().try_for_each(|row| scores.take(table, row))?;
        }
        let encode = |row: Row| encode_all(tokenization, table, &split.columns.input, row);
        let encoded: Vec<Vec<Encoding>> = rows.into_par_iter().map(encode).collect::<Result<_>>()?;
        for row in &encoded {
            row.iter().try_for_each(|encoding| texts.add(encoding))?;
            if let Some(ids) = row.get(1).map(Encoding::get_ids).filter(|_| !differ) {
                differ = second.get_or_insert_with(|| ids.to_vec()) != ids;
            }
        }
        Ok(())
    })?;
    let examples = texts.len() / each.max(1);
    if examples == 0 {
        return Err(Error::NoTexts { split: split.name.clone(), rows: left_out });
    }
    if !differ {
        return Err(Error::AlikeTexts {
            split: split.name.clone(),
            column: split.columns.input.get(1).cloned().unwrap_or_default(),
        });
    }
    if left_out > 0 {
        let all = examples + left_out;
        let message =
            format!("split `{}`: {left_out} of {all} examples are left out, for one of their texts is blank", split.name);
        emit(Event::Note { message });
    }
    let mut metadata = tokenization.metadata();
    metadata.push(("texts_each", each.to_string()));
    let made = texts.made(tokenization, metadata)?;
    let said = match &scores {
        Some(scores) => scores.said(),
        None => Said { examples, tensors: Vec::new(), names: &[], counts: &[], values: None },
    };
    finish(job, split, said.with(weights.tensors(split)?), made, emit)
}

fn encode_all(tokenization: &Tokenization, table: &Table, columns: &[String], row: Row) -> Result<Vec<Encoding>> {
    let Row { position, cells } = row;
    let encoded = cells.into_iter().zip(columns).map(|(cell, column)| {
        let text = text(table.path(), &position, column, cell)?;
        let encoding = encode(&tokenization.tokenizer, table.path(), &position, text.into())?;
        tokenization.check(encoding.get_ids(), table.path(), &position)?;
        Ok(encoding)
    });
    encoded.collect()
}
