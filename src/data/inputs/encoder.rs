//! One input -> what a model is fed with.

use crate::data::audio::hear_cell;
use crate::data::chat::{self, Message, Role};
use crate::data::prepare::{
    Pixels, Question, Rows, Tokenization, brought_to, decode_image, encode_text, encode_with_places, encode_words, first_tokens,
    places, text_of, windows,
};
use crate::data::read::{Cell, Position, Row, Table};
use crate::data::{Error, Lacks, NOT_SEEN, Result};
use crate::job::{Feeding, Speaker, Turn};
use crate::spec::Task;
use std::ops::Range;
use std::path::Path;
use tallow_zoo::Modality;
use tokenizers::{EncodeInput, Encoding, PostProcessor, TruncationParams};

/// A text, or a pair, with its special tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    pub ids: Vec<u32>,
    pub type_ids: Vec<u8>,
    /// Whether the text is longer than the model reads, and its end is left out.
    pub cut: bool,
}

impl Tokens {
    fn of(encoding: &Encoding) -> Self {
        Tokens {
            ids: encoding.get_ids().to_vec(),
            type_ids: encoding.get_type_ids().iter().map(|id| *id as u8).collect(),
            cut: !encoding.get_overflowing().is_empty(),
        }
    }
}

/// What a model is fed with for one input, and what it takes to say of what it speaks.
#[derive(Debug, Clone, PartialEq)]
pub enum Fed {
    Text(Tokens),
    /// Words, and the place of each one's first token ([`NOT_SEEN`] for one that is cut off).
    Words {
        tokens: Tokens,
        words: Vec<String>,
        firsts: Vec<u32>,
    },
    /// A question and its text, in as many windows as the text needs; of each token the characters that it stands for.
    Question {
        windows: Vec<(Tokens, Vec<[u32; 2]>)>,
        context: String,
    },
    /// `[height, width, channels]`.
    Image {
        shape: [usize; 3],
        pixels: Vec<u8>,
    },
    /// What a model that writes is asked.
    Prompt(String),
    /// The same in turns: what several columns say, or a list of turns.
    Turns(Vec<Turn>),
    /// What one that hears does, `[frequencies, frames]`, and whether the recording is longer.
    Sound {
        features: Vec<f32>,
        cut: bool,
    },
    Row {
        numbers: Vec<f32>,
        categories: Vec<u32>,
        /// Columns, each with a category in it that the model does not know: it takes it for an unknown one.
        unseen: Vec<[String; 2]>,
    },
}

/// Turns inputs.
pub struct Encoder {
    feeding: Feeding,
    tokenization: Option<Tokenization>,
}

impl Encoder {
    /// # Errors
    /// The tokenizer cannot be read, or leaves no room for texts.
    pub fn open(feeding: &Feeding) -> Result<Self> {
        let open = |path: &std::path::PathBuf| -> Result<Tokenization> {
            let mut found = Tokenization::open(path, feeding.vocab_size)?;
            // A text of questions is cut into windows, not off.
            if feeding.task != Task::QuestionAnswering {
                let special = found.tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(true));
                let max_seq_len = feeding.max_seq_len;
                if max_seq_len <= special {
                    return Err(Error::TooShort { max_seq_len, special });
                }
                let truncation = TruncationParams { max_length: max_seq_len, ..TruncationParams::default() };
                let broken = |e: tokenizers::Error| Error::Tokenizer { path: path.clone(), what: e.to_string() };
                found.tokenizer.with_truncation(Some(truncation)).map_err(broken)?;
            }
            Ok(found)
        };
        Ok(Encoder { feeding: feeding.clone(), tokenization: feeding.tokenizer.as_ref().map(open).transpose()? })
    }

    /// The token that hides a word, and what each token is called; none where there is no tokenizer.
    pub fn mask(&self) -> Option<u32> {
        let tokenizer = &self.tokenization.as_ref()?.tokenizer;
        ["[MASK]", "<mask>"].into_iter().find_map(|name| tokenizer.token_to_id(name))
    }

    /// What a token stands for, as it would be read.
    pub fn spell(&self, id: u32) -> String {
        let Some(tokenization) = &self.tokenization else { return String::new() };
        let decoded = tokenization.tokenizer.decode(&[id], false).ok().filter(|text| !text.is_empty());
        decoded.or_else(|| tokenization.tokenizer.id_to_token(id)).unwrap_or_default()
    }

    /// `cells`: those of `columns`, in the order of the input.
    pub(super) fn turn(&self, path: &Path, table: Option<&Table>, columns: &[String], row: Row) -> Result<Fed> {
        match self.feeding.task.takes() {
            _ if !self.feeding.task.answers() => self.prompt(path, columns, row),
            Modality::Image => self.image(path, columns, &row),
            Modality::Table => self.row(path, table, columns, &row),
            Modality::Text | Modality::TextToText | Modality::Speech => self.text(path, columns, row),
        }
    }

    fn text(&self, path: &Path, columns: &[String], row: Row) -> Result<Fed> {
        let Row { position, mut cells } = row;
        let missing = || Error::Tokenizer { path: path.into(), what: "the model brings none".into() };
        let tokenization = self.tokenization.as_ref().ok_or_else(missing)?;
        let check = |encoding: &Encoding| tokenization.check(encoding.get_ids(), path, &position);
        if let (Task::TokenClassification, Some(Cell::List(_))) = (self.feeding.task, cells.first()) {
            let Cell::List(items) = cells.swap_remove(0) else { return Err(missing()) };
            let column = columns.first().map_or("", String::as_str);
            let words = items.into_iter().map(|item| text_of(path, &position, column, item)).collect::<Result<Vec<String>>>()?;
            let encoding = encode_words(tokenization, path, &position, &words)?;
            check(&encoding)?;
            let firsts = first_tokens(&encoding, words.len());
            return Ok(Fed::Words { tokens: Tokens::of(&encoding), words, firsts });
        }
        let mut texts = Vec::with_capacity(cells.len());
        for (cell, column) in cells.into_iter().zip(columns) {
            texts.push(text_of(path, &position, column, cell)?);
        }
        let mut texts = texts.into_iter();
        let (first, second) = (texts.next().unwrap_or_default(), texts.next());
        match (self.feeding.task, second) {
            (Task::QuestionAnswering, Some(context)) => self.question(tokenization, path, position, &first, context),
            (Task::QuestionAnswering, None) => {
                Err(Error::Missing { path: path.into(), position, column: "context".into(), what: Lacks::Context })
            }
            (Task::TokenClassification, _) => {
                let encoding = encode_with_places(&tokenization.tokenizer, path, &position, first.as_str().into())?;
                check(&encoding)?;
                let (words, firsts) = words_of(&first, &encoding);
                Ok(Fed::Words { tokens: Tokens::of(&encoding), words, firsts })
            }
            (_, second) => {
                let input: EncodeInput = match second {
                    Some(second) => (first, second).into(),
                    None => first.into(),
                };
                let encoding = encode_text(&tokenization.tokenizer, path, &position, input)?;
                check(&encoding)?;
                Ok(Fed::Text(Tokens::of(&encoding)))
            }
        }
    }

    /// Of a model that writes: its tokens are for whoever writes.
    fn prompt(&self, path: &Path, columns: &[String], row: Row) -> Result<Fed> {
        let is_turn = |cell: &Cell| matches!(cell, Cell::Object(_));
        let are_turns = |cell: &Cell| is_turn(cell) || matches!(cell, Cell::List(items) if items.iter().any(is_turn));
        if self.feeding.hears.is_none() && (row.cells.len() > 1 || row.cells.iter().any(are_turns)) {
            return turns(path, columns, row).map(Fed::Turns);
        }
        let (position, cell) = (row.position, row.cells.into_iter().next().unwrap_or(Cell::Null));
        let column = columns.first().map_or("", String::as_str);
        let Some([mel_bins, frames]) = self.feeding.hears else {
            return Ok(Fed::Prompt(text_of(path, &position, column, cell)?));
        };
        if cell == Cell::Null {
            return Err(Error::Missing { path: path.into(), position, column: column.into(), what: Lacks::Recording });
        }
        let wrong = |what| Error::Audio { path: path.into(), position, column: column.into(), what };
        let (features, cut) = hear_cell(&cell, mel_bins, frames).map_err(wrong)?;
        Ok(Fed::Sound { features, cut })
    }

    fn question(&self, of: &Tokenization, path: &Path, position: Position, question: &str, context: String) -> Result<Fed> {
        let asked = Question::new(position.clone(), question, context);
        let mut all = Vec::new();
        for window in windows(self.feeding.max_seq_len, of, path, &asked)? {
            of.check(window.get_ids(), path, &position)?;
            all.push((Tokens::of(&window), places(&window)));
        }
        Ok(Fed::Question { windows: all, context: asked.into_context() })
    }

    fn image(&self, path: &Path, columns: &[String], row: &Row) -> Result<Fed> {
        let (cell, position) = (row.cells.first().unwrap_or(&Cell::Null), row.position.clone());
        let (path, column) = (path.into(), columns.first().cloned().unwrap_or_default());
        if *cell == Cell::Null {
            return Err(Error::Missing { path, position, column, what: Lacks::Image });
        }
        let image: std::result::Result<Pixels, String> = decode_image(cell).and_then(|image| match &self.feeding.image {
            Some(size) => brought_to(image, size),
            None => Ok(image),
        });
        let image = image.map_err(|what| Error::Image { path, position, column, what })?.with_channels(self.feeding.channels);
        Ok(Fed::Image { shape: image.shape(), pixels: image.bytes().to_vec() })
    }

    fn row(&self, path: &Path, table: Option<&Table>, columns: &[String], row: &Row) -> Result<Fed> {
        let Some(model) = &self.feeding.table else {
            return Ok(Fed::Row { numbers: Vec::new(), categories: Vec::new(), unseen: Vec::new() });
        };
        let mut rows = Rows::new(model, columns);
        let said = table.map(|table| rows.said(table)).unwrap_or_default();
        rows.take(&said, &row.cells);
        // Nothing is a missing number; something else is a mistake, and an answer to it would be one.
        if let Some((column, found)) = rows.odd() {
            let (column, found) = (column.to_string(), found.to_string());
            return Err(Error::NotNumber { path: path.into(), position: row.position.clone(), column, found });
        }
        let unseen = rows.unseen().map(|told| told.map(str::to_string)).collect();
        let (numbers, categories) = rows.drain();
        Ok(Fed::Row { numbers, categories, unseen })
    }
}

/// What a row asks as a conversation, as training reads it. Answers that it ends with are what the model is to write.
fn turns(path: &Path, columns: &[String], Row { position, cells }: Row) -> Result<Vec<Turn>> {
    let wrong = |what| Error::Conversation { path: path.into(), position: position.clone(), what };
    let mut said = chat::prompt(columns, cells).map_err(wrong)?;
    while said.last().is_some_and(|turn| turn.role == Role::Assistant) {
        said.pop();
    }
    if said.is_empty() {
        return Err(wrong("there is nothing to write to".into()));
    }
    let turn = |Message { role, content }: Message| {
        let by = match role {
            Role::System => Speaker::System,
            Role::User => Speaker::User,
            Role::Assistant => Speaker::Assistant,
            Role::Tool => return Err(wrong("a turn is a tool's, which cannot be asked again".into())),
        };
        Ok(Turn { by, text: content })
    };
    said.into_iter().map(turn).collect()
}

/// The words of a text as its tokenizer parts them, and the place of each one's first token.
fn words_of(text: &str, encoding: &Encoding) -> (Vec<String>, Vec<u32>) {
    let mut found: Vec<(Range<usize>, u32)> = Vec::new();
    let mut last = None;
    for (place, (word, (from, to))) in (0u32..).zip(encoding.get_word_ids().iter().zip(encoding.get_offsets())) {
        match word {
            None => {}
            Some(_) if *word == last => {
                if let Some((range, _)) = found.last_mut() {
                    range.end = range.end.max(*to);
                }
            }
            Some(_) => found.push((*from..*to, place)),
        }
        last = *word;
    }
    let words = found.iter().map(|(range, _)| text.get(range.clone()).unwrap_or_default().trim().to_string());
    // Some tokenizers have tokens of blanks alone.
    let seen = words.zip(found.iter().map(|(_, first)| *first)).filter(|(word, _)| !word.is_empty());
    let (words, firsts): (Vec<String>, Vec<u32>) = seen.unzip();
    debug_assert!(!firsts.contains(&NOT_SEEN));
    (words, firsts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What training puts together is not asked in parts.
    #[test]
    fn a_model_that_writes_is_asked_with_all_columns() {
        let encoder = Encoder { feeding: Feeding::bare(Task::LanguageModelling), tokenization: None };
        let text = |text: &str| Cell::Text(text.into());
        let ask = |columns: &[&str], cells: Vec<Cell>| {
            let columns: Vec<String> = columns.iter().map(|name| name.to_string()).collect();
            encoder.turn(Path::new("x.jsonl"), None, &columns, Row { position: Position::Row(1), cells })
        };
        let said = |by, text: &str| Turn { by, text: text.into() };
        let found = ask(&["system", "question"], vec![text("s"), text("q")]).expect("asked");
        assert_eq!(found, Fed::Turns(vec![said(Speaker::System, "s"), said(Speaker::User, "q")]));
        let found = ask(&["instruction", "input"], vec![text("do"), text("this")]).expect("asked");
        assert_eq!(found, Fed::Turns(vec![said(Speaker::User, "do\n\nthis")]));
        assert_eq!(ask(&["text"], vec![text("a")]).expect("asked"), Fed::Prompt("a".into()));
        let words = Cell::List(vec![text("a"), text("b")]);
        assert_eq!(ask(&["text"], vec![words]).expect("asked"), Fed::Prompt("a b".into()));
        let turn = |role: &str, content: &str| {
            let fields = [("role", role), ("content", content)];
            Cell::Object(fields.into_iter().map(|(name, value)| (name.to_string(), text(value))).collect())
        };
        let talk = Cell::List(vec![turn("user", "u"), turn("assistant", "a")]);
        let found = ask(&["messages"], vec![talk]).expect("asked");
        assert_eq!(found, Fed::Turns(vec![said(Speaker::User, "u")]), "the answer is not given away");
        let nothing = ask(&["instruction", "input"], vec![Cell::Null, text(" ")]).expect_err("nothing is asked");
        assert!(nothing.to_string().contains("there is nothing to write to"), "{nothing}");
    }
}
