//! Questions about texts -> token ids of question and text together, in windows that overlap where a text is too long, and where in
//! each the answer lies (Devlin et al., 1810.04805, section 4.2).
//!
//! Answers are told as SQuAD tells them: by their words and the character at which they begin; or in columns of their own, the words in
//! one and the character, where it is known, in another. Without it an answer is where its words first stand in the text; where they do
//! not, the row is left out, and counted. A question may have no answer.

use super::answers::missing;
use super::lacking::Lacking;
use super::text::Texts;
use super::tokenization::{Tokenization, failed, text};
use super::verbatim::Kept;
use super::{CHUNK, Said, Split, finish};
use crate::data::columns::{AnswersIn, answers_in};
use crate::data::guarded::guarded;
use crate::data::prepared::{ANSWERS, ASKED_OF, CONTEXTS, RIGHT};
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::tensor_file::{Dtype, Spool, Tensor};
use crate::data::{Error, NOT_SEEN, Result};
use crate::job::{Event, PrepareJob};
use rayon::prelude::*;
use std::path::Path;
use tokenizers::Offsets;
use tokenizers::{Encoding, PostProcessor, TruncationDirection};

/// What windows share with the next: this part of the longest text, as 128 of 384 tokens.
const OVERLAP: usize = 3;

/// An answer: its words, and the characters of the text from and up to which it goes.
struct Answer {
    text: String,
    from: usize,
    to: usize,
}

pub(in crate::data) struct Question {
    position: Position,
    question: String,
    context: String,
    answers: Vec<Answer>,
    /// Whether an answer's words stand in several places, and nobody says which is meant.
    is_guessed: bool,
}

impl Question {
    /// One whose answer nobody knows.
    pub(in crate::data) fn new(position: Position, question: &str, context: String) -> Self {
        Question { position, question: question.trim_start().into(), context, answers: Vec::new(), is_guessed: false }
    }

    /// The text that it is about.
    pub(in crate::data) fn into_context(self) -> String {
        self.context
    }
}

/// Tokenises all splits and writes them. No window is longer than the job's `max_seq_len`.
pub(super) fn prepare(job: &PrepareJob, splits: &[Split], emit: &mut dyn FnMut(Event)) -> Result<()> {
    let Some(first) = splits.first() else { return Ok(()) };
    let tokenization = Tokenization::new(job, first, emit)?;
    splits.iter().try_for_each(|split| prepare_split(job, split, &tokenization, emit))
}

fn prepare_split(job: &PrepareJob, split: &Split, tokenization: &Tokenization, emit: &mut dyn FnMut(Event)) -> Result<()> {
    let spool = || Spool::within(&job.out);
    let (mut texts, mut contexts, mut right) = (Texts::new(job)?, Kept::within(&job.out)?, Kept::within(&job.out)?);
    let (mut questions, mut answers, mut characters) = (spool()?, spool()?, spool()?);
    let (mut asked_of, mut rights, mut context) = (spool()?, spool()?, None::<String>);
    rights.add_u64(0)?;
    let (mut count, mut guessed, mut lacking) = (0u32, 0usize, Lacking::default());
    let told = match split.tables.first() {
        Some(table) => answers_in(table, split.label_column())?,
        None => AnswersIn::Places,
    };
    let mut wanted = split.wanted();
    if let AnswersIn::Words { start: Some(start) } = &told {
        wanted.push(start);
    }
    split.each_chunk_of(&wanted, CHUNK, emit, |table, rows| {
        let encode = |row| -> Result<Result<(Question, Vec<Encoding>)>> {
            let question = match question(table, split, &told, row) {
                Ok(question) => question,
                Err(error @ (Error::NotInText { .. } | Error::Missing { .. })) => return Ok(Err(error)),
                Err(error) => return Err(error),
            };
            let windows = windows(job.max_seq_len, tokenization, table.path(), &question)?;
            Ok(Ok((question, windows)))
        };
        let encoded: Vec<Result<(Question, Vec<Encoding>)>> = rows.into_par_iter().map(encode).collect::<Result<_>>()?;
        for one in encoded {
            let (question, windows) = match one {
                Ok(found) => found,
                Err(error) => {
                    lacking.add(error);
                    continue;
                }
            };
            guessed += usize::from(question.is_guessed);
            for window in &windows {
                tokenization.check(window.get_ids(), table.path(), &question.position)?;
                let places = places(window);
                let [start, end] = question.answers.first().map_or([0, 0], |answer| span(&places, answer));
                texts.add(window)?;
                questions.add_u32s(&[count])?;
                answers.add_u32s(&[start, end])?;
                characters.add_u32s(places.as_flattened())?;
            }
            count += 1;
            // Rows about one text follow each other.
            if context.as_ref() != Some(&question.context) {
                contexts.add(&question.context)?;
            }
            asked_of.add_u32s(&[contexts.len() as u32 - 1])?;
            context = Some(question.context);
            question.answers.iter().try_for_each(|answer| right.add(&answer.text))?;
            rights.add_u64(right.len() as u64)?;
        }
        lacking.check(count as usize)
    })?;
    lacking.settle(split, count as usize, emit)?;
    if guessed > 0 {
        let message = format!(
            "split `{}`: of {guessed} of {count} questions the answer stands in several places of the text, and no column \
             `answer_start` says in which: the first is taken",
            split.name
        );
        emit(Event::Note { message });
    }
    let (windows, tokens, asked) = (texts.len(), characters.len() / 8, count as usize);
    let mut tensors = vec![
        Tensor { name: RIGHT, dtype: Dtype::U64, shape: vec![asked + 1], bytes: rights.bytes()? },
        Tensor { name: "questions", dtype: Dtype::U32, shape: vec![windows], bytes: questions.bytes()? },
        Tensor { name: "spans", dtype: Dtype::U32, shape: vec![windows, 2], bytes: answers.bytes()? },
        Tensor { name: "characters", dtype: Dtype::U32, shape: vec![tokens, 2], bytes: characters.bytes()? },
        Tensor { name: ASKED_OF, dtype: Dtype::U32, shape: vec![asked], bytes: asked_of.bytes()? },
    ];
    tensors.extend(contexts.tensors(CONTEXTS)?);
    tensors.extend(right.tensors(ANSWERS)?);
    let said = Said { examples: windows, tensors, names: &[], counts: &[], values: None };
    let made = texts.made(tokenization, tokenization.metadata())?;
    finish(job, split, said, made, emit)
}

/// Question and text in as many windows as the text needs.
pub(in crate::data) fn windows(
    max_seq_len: usize,
    tokenization: &Tokenization,
    path: &Path,
    q: &Question,
) -> Result<Vec<Encoding>> {
    let failed = |e: String| failed(path, &q.position, e);
    let tokenizer = &tokenization.tokenizer;
    let encode = |text: &str| {
        let encoded = guarded(|| tokenizer.encode_char_offsets(text, false)).map_err(&failed)?;
        encoded.map_err(|e| failed(e.to_string()))
    };
    let (question, mut context) = (encode(&q.question)?, encode(&q.context)?);
    let special = tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(true));
    let (asked, overlap) = (question.len(), max_seq_len / OVERLAP);
    let room = max_seq_len.saturating_sub(asked + special);
    // Windows must be longer than what they share.
    if room <= overlap && room < context.len() {
        return Err(failed(format!(
            "a question of {asked} tokens leaves too little room for its text within {max_seq_len} (`max_seq_len`)"
        )));
    }
    // Not left to the tokenizer, which stops to read a text where its first window is full.
    context.set_type_ids(vec![1; context.len()]);
    if context.len() > room {
        context.truncate(room, overlap, TruncationDirection::Right);
    }
    let offsets: Vec<Vec<Offsets>> =
        std::iter::once(&context).chain(context.get_overflowing()).map(|window| window.get_offsets().to_vec()).collect();
    let mut first = tokenizer.post_process(question, Some(context), true).map_err(|e| failed(e.to_string()))?;
    let rest = first.take_overflowing();
    let mut windows: Vec<Encoding> = std::iter::once(first).chain(rest).collect();
    windows.iter_mut().zip(&offsets).for_each(|(window, offsets)| restore(window, offsets));
    Ok(windows)
}

/// Gives the tokens of the text their places back: a tokenizer that leaves the blank before a word out of its place does so each time
/// that it puts texts together, also where there is none left.
fn restore(window: &mut Encoding, offsets: &[Offsets]) {
    let of_text = window.get_sequence_ids();
    let places = window.get_offsets_mut().iter_mut().zip(of_text).filter(|(_, of)| *of == Some(1));
    places.zip(offsets).for_each(|((place, _), own)| *place = *own);
}

/// Of each token the characters of the text that it stands for, from and up to; [`NOT_SEEN`] for one of something else.
pub(in crate::data) fn places(window: &Encoding) -> Vec<[u32; 2]> {
    let of_text = window.get_sequence_ids();
    let place = |(of, (from, to)): (Option<usize>, &(usize, usize))| match of {
        Some(1) => [*from as u32, *to as u32],
        _ => [NOT_SEEN; 2],
    };
    of_text.into_iter().zip(window.get_offsets()).map(place).collect()
}

/// The first and the last token of an answer; twice the first token of all, which says that there is none, where the window does not
/// hold all of it.
fn span(places: &[[u32; 2]], answer: &Answer) -> [u32; 2] {
    let (from, to) = (answer.from as u32, answer.to as u32);
    let seen = |place: &&[u32; 2]| place[0] != NOT_SEEN && place[0] < place[1];
    let whole = places.iter().find(seen).is_some_and(|first| first[0] <= from)
        && places.iter().rfind(seen).is_some_and(|last| last[1] >= to);
    let start = places.iter().rposition(|place| place[0] != NOT_SEEN && place[0] <= from);
    let end = places.iter().position(|place| place[0] != NOT_SEEN && place[1] >= to);
    match (whole, start, end) {
        (true, Some(start), Some(end)) if start <= end => [start as u32, end as u32],
        _ => [0, 0],
    }
}

fn question(table: &Table, split: &Split, told: &AnswersIn, row: Row) -> Result<Question> {
    let Row { position, cells } = row;
    let mut cells = cells.into_iter();
    let mut next = || cells.next().unwrap_or(Cell::Null);
    let column = |at: usize| split.columns.input.get(at).map_or("", String::as_str);
    let question = text(table.path(), &position, column(0), next())?.trim_start().to_string();
    let context = text(table.path(), &position, column(1), next())?;
    let characters: Vec<char> = context.chars().collect();
    let answer = next();
    let answers = match told {
        AnswersIn::Places => {
            let answers = answers(&answer).ok_or_else(|| missing(table, &position, split.label_column()))?;
            answers.into_iter().map(|(words, from)| (words, Some(from))).collect()
        }
        AnswersIn::Words { start } => {
            let at = start.as_ref().map_or(Cell::Null, |_| next());
            words_and_starts(&answer, &at).ok_or_else(|| {
                let (column, found) = (start.as_deref().unwrap_or(split.label_column()).to_string(), at.in_words());
                Error::Number { path: table.path().into(), position: position.clone(), column, found }
            })?
        }
    };
    let mut is_guessed = false;
    let locate = |(words, from): (String, Option<usize>)| {
        let Some(from) = from else {
            let words = words.trim();
            let mut places = places_of(&characters, words);
            let from = places.next().ok_or_else(|| Error::NotInText {
                path: table.path().into(),
                position: position.clone(),
                column: split.label_column().into(),
                answer: Cell::Text(words.into()).in_words(),
            })?;
            is_guessed |= places.next().is_some();
            let to = from + words.chars().count();
            return Ok(Answer { text: characters[from..to].iter().collect(), from, to });
        };
        let to = from + words.chars().count();
        let found: String = characters.iter().skip(from).take(to - from).collect();
        match found == words {
            true => Ok(Answer { text: words, from, to }),
            false => {
                Err(Error::Answer { path: table.path().into(), position: position.clone(), at: from, expected: words, found })
            }
        }
    };
    let answers = answers.into_iter().map(locate).collect::<Result<_>>()?;
    Ok(Question { position, question, context, answers, is_guessed })
}

/// Where words stand in a text, by their first character: as they are written, else with large letters for small ones.
fn places_of(text: &[char], words: &str) -> impl Iterator<Item = usize> {
    /// Whether there is a second place is all that one asks.
    const MOST: usize = 2;
    // Each letter in its small form, with its place: one may be several then.
    let small = |letters: &mut dyn Iterator<Item = (usize, char)>, turn: bool| -> (String, Vec<usize>) {
        let (mut written, mut places) = (String::new(), Vec::new());
        for (at, letter) in letters {
            let forms: Vec<char> = if turn { letter.to_lowercase().collect() } else { vec![letter] };
            for form in forms {
                written.push(form);
                places.resize(written.len(), at);
            }
        }
        (written, places)
    };
    let length = words.chars().count();
    let found = |turn: bool| -> Vec<usize> {
        let (text, places) = small(&mut text.iter().copied().enumerate(), turn);
        let (words, _) = small(&mut words.chars().enumerate(), turn);
        let is_whole = |from: usize| {
            let end = from + words.len();
            let letters = places[end - 1] - places[from] + 1;
            letters == length && (from == 0 || places[from - 1] != places[from]) && places.get(end) != places.get(end - 1)
        };
        let whole = text.match_indices(&words).map(|(from, _)| from).filter(|from| is_whole(*from)).map(|from| places[from]);
        whole.take(MOST).collect()
    };
    let as_written = if length > 0 { found(false) } else { Vec::new() };
    let all = if as_written.is_empty() && length > 0 { found(true) } else { as_written };
    all.into_iter()
}

/// The words of each answer and the character at which it begins, where that is known: of a cell each, or of a list each. Blank words are
/// no answer. None where the beginning is no number.
fn words_and_starts(words: &Cell, starts: &Cell) -> Option<Vec<(String, Option<usize>)>> {
    let start = |cell: &Cell| -> Option<Option<usize>> {
        match cell {
            // What is not known is often -1.
            _ if cell.is_blank() => Some(None),
            Cell::Int(at) => Some(usize::try_from(*at).ok()),
            Cell::Float(at) => (at.fract() == 0.0 && at.abs() < 1e15).then(|| usize::try_from(*at as i64).ok()),
            Cell::Text(text) => {
                let at = text.trim().parse::<f64>().ok().filter(|at| at.fract() == 0.0 && at.abs() < 1e15)?;
                Some(usize::try_from(at as i64).ok())
            }
            _ => None,
        }
    };
    let words_of = |cell: &Cell| match cell {
        Cell::Text(words) => words.clone(),
        Cell::Int(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        _ => String::new(),
    };
    let pairs: Vec<(&Cell, &Cell)> = match (words, starts) {
        (Cell::List(words), Cell::List(starts)) if words.len() == starts.len() => words.iter().zip(starts).collect(),
        (Cell::List(_), Cell::List(_)) => return None,
        (Cell::List(words), _) => words.iter().map(|words| (words, &Cell::Null)).collect(),
        (words, starts) => vec![(words, starts)],
    };
    let answers = pairs.into_iter().filter(|(words, _)| !words_of(words).trim().is_empty());
    answers.map(|(words, at)| Some((words_of(words), start(at)?))).collect()
}

/// The words and the beginning of each answer: of lists of both, or a list of pairs, or one pair. Blank words are no answer, wherever
/// they begin. None where it is something else.
fn answers(cell: &Cell) -> Option<Vec<(String, usize)>> {
    let pair = |text: &Cell, at: &Cell| match (text, at) {
        (text, _) if text.is_blank() => Some(Vec::new()),
        (Cell::Text(text), Cell::Int(at)) => Some(vec![(text.clone(), usize::try_from(*at).ok()?)]),
        _ => None,
    };
    match cell {
        Cell::List(items) => {
            let all = items.iter().map(answers).collect::<Option<Vec<_>>>()?;
            Some(all.concat())
        }
        Cell::Object(fields) => {
            let field = |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, cell)| cell);
            match (field("text")?, field("answer_start")?) {
                (Cell::List(texts), Cell::List(starts)) if texts.len() == starts.len() => {
                    let all = texts.iter().zip(starts).map(|(text, at)| pair(text, at)).collect::<Option<Vec<_>>>()?;
                    Some(all.concat())
                }
                (text, at) => pair(text, at),
            }
        }
        _ => None,
    }
}
