//! What can be wrong with data, and with models as files.

use super::hub;
use super::read::Position;
use crate::error::{Class, Failure, is_out_of_room, place_hint};
use crate::words::{bullets, counted, listed};
use std::fmt;
use std::path::{Path, PathBuf};

/// Result of this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Data or a model's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Hub(#[from] hub::Error),
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("`{}` is all of the {}, and no data set", path.display(), if path.parent().is_none() { "disk" } else { "home folder" })]
    Everything { path: PathBuf },
    #[error("cannot find the data `{}`", path.display())]
    NotThere { path: PathBuf, near: Vec<String>, source: std::io::Error },
    #[error(transparent)]
    Store(#[from] crate::store::Error),

    // Where the data lies.
    #[error("{place}: the card's front matter cannot be read: line {line}: {what}")]
    Card { place: String, line: usize, what: String },
    #[error("{place} has no configuration `{config}`: it has {}", listed(have))]
    NoConfig { place: String, config: String, have: Vec<String> },
    #[error("{place} has several configurations and none was chosen: {}", listed(have))]
    ChooseConfig { place: String, have: Vec<String> },
    #[error(
        "{place} holds no table and no image folder that can be read: expected .parquet, .arrow, .csv, .tsv, .jsonl, .json, .conll or .txt files, or SPLIT/CLASS/*.png|jpg|webp|bmp|gif; found {}",
        listed(found)
    )]
    NoData { place: String, found: Vec<String> },
    #[error("{place} holds recordings such as `{heard}`, and no table that says what is said in them")]
    Unsaid { place: String, heard: String },
    #[error("`{}`: rows are chosen by `{column}`: expected a number or a date such as 2024-01-31, found `{found}`", path.display())]
    RowBound { path: PathBuf, column: String, found: String },
    #[error("{place} has no split `{split}`: it has {}", listed(have))]
    NoSplit { place: String, split: String, have: Vec<String> },
    #[error("`data.held_out_frac`: {place} already has a split `{split}`: the part that is cut off needs another name")]
    SplitOfItsOwn { place: String, split: String },
    #[error("there is no data set `{name}` that Tallow makes itself: there are {}", listed(have))]
    NoGenerator { name: String, have: Vec<String> },
    #[error("making the data set `{name}` was stopped")]
    GivenUp { name: String },

    // What a file holds.
    #[error(
        "`{}`: expected a .parquet, .arrow, .csv, .tsv, .jsonl, .json, .conll or .txt file, a folder of images, or a .zip or .tar of such",
        path.display()
    )]
    UnknownFormat { path: PathBuf },
    #[error("`{}` is packed by {by}: expected .gz or .zst, or .zip or .tar of several files", path.display())]
    UnknownPacking { path: PathBuf, by: &'static str },
    #[error("`{}` is packed within by {by}, which is not read: expected Snappy, gzip, Zstandard or nothing", path.display())]
    PackedWithin { path: PathBuf, by: &'static str },
    #[error("the archive `{}`, {member}: {what}", path.display(), member = member.as_ref().map_or("as a whole".into(), |name| format!("its member `{name}`")))]
    Archive { path: PathBuf, member: Option<String>, what: String },
    #[error("no file below `{}` matches `{pattern}`", below.display())]
    NoMatch { pattern: String, below: PathBuf },
    #[error("`{}`{}: {what}", path.display(), at(position))]
    Unreadable { path: PathBuf, position: Option<Position>, what: String },
    #[error("`{}` has no column `{column}`: it has {}", path.display(), listed(have))]
    NoColumn { path: PathBuf, column: String, have: Vec<String> },
    #[error("`{}` has no column `{column}` to draw its rows by: it has {}", path.display(), listed(have))]
    NoWeightColumn { path: PathBuf, column: String, have: Vec<String> },
    #[error("`{}`, column `{column}`: expected {expected}, found {found}", path.display())]
    ColumnKind { path: PathBuf, column: String, expected: &'static str, found: String },
    #[error("`{}`: cannot tell which column holds the {role}: it has {}", path.display(), listed(have))]
    ChooseColumn { path: PathBuf, role: &'static str, have: Vec<String> },
    #[error("`{}`: nothing says which column is to be predicted, and of {}, which the request names, not what they are for", path.display(), listed(columns))]
    NoLabel { path: PathBuf, columns: Vec<String> },
    #[error("`{}`: {} are all to be told, and one column is, or several of a text where each holds nothing but 0 and 1", path.display(), listed(columns))]
    SeveralTold { path: PathBuf, columns: Vec<String> },
    #[error("`{}`: cannot tell which column holds the {role} that the model is asked about: it has {}", path.display(), listed(have))]
    ChooseInput { path: PathBuf, role: &'static str, have: Vec<String> },
    #[error("`{}` has two columns that are called `{column}`", path.display())]
    SameName { path: PathBuf, column: String },
    #[error("`{}` has no column {}: it has {}", path.display(), listed(columns), listed(have))]
    NoColumns { path: PathBuf, columns: Vec<String>, have: Vec<String> },
    #[error("`{}` has no column to tell `{label}` from:{}", path.display(), bullets(have))]
    NoFeatures { path: PathBuf, label: String, have: Vec<String> },
    #[error("`{}`, column `{column}`: expected numbers as in training, found {odd} of {rows} cells that are none, such as `{example}`", path.display())]
    NotNumbers { path: PathBuf, column: String, odd: usize, rows: usize, example: String },
    #[error("`{}`, {position}, column `{column}`: expected a number or nothing, found `{found}`", path.display())]
    NotNumber { path: PathBuf, position: Position, column: String, found: String },

    // What its rows hold.
    #[error("split `{split}` is empty: `{}` has no rows", path.display())]
    EmptySplit { split: String, path: PathBuf },
    #[error("`{}`: {} outside any class folder, such as `{first}`", path.display(), counted(*files, "file"))]
    NoClassFolder { path: PathBuf, files: usize, first: String },
    #[error("split `{split}` has {}: `{}` holds no text to learn from", counted(*tokens, "token"), path.display())]
    NoWords { split: String, path: PathBuf, tokens: usize },
    #[error("`{}`, {position}, column `{column}`: there is no {what}", path.display())]
    Missing { path: PathBuf, position: Position, column: String, what: Lacks },
    #[error("`{}`, {position}, column `{column}`: the label is {found}; expected one of {} classes: {}", path.display(), classes.len(), listed(classes))]
    Label { path: PathBuf, position: Position, column: String, found: String, classes: Vec<String> },
    #[error("`{}`, {position}, column `{column}`: expected a finite number, found {found}", path.display())]
    Number { path: PathBuf, position: Position, column: String, found: String },
    #[error("`{}`, {position}, column `{column}`: expected {expected}, found {found}", path.display())]
    Time { path: PathBuf, position: Position, column: String, expected: &'static str, found: String },
    #[error("split `{split}` cannot be cut: {}", one_time(*examples, column))]
    OneTime { split: String, column: Option<String>, examples: usize },
    #[error("split `{split}` cannot be cut: {}", one_group(*examples, column))]
    OneGroup { split: String, column: String, examples: usize },
    #[error(
        "`data.held_out_by.from`: expected a place within `{column}` of the split `{split}`, with rows on both sides of it: it goes from {first} to {last}; found `{found}`"
    )]
    Border { split: String, column: String, first: String, last: String, found: String },
    #[error("`{}`, {position}, column `{column}`: expected a weight, a finite number of at least 0, found {found}", path.display())]
    Weight { path: PathBuf, position: Position, column: String, found: String },
    #[error("split `{split}`, column `{column}`: each of its {examples} examples has the weight 0: none can be drawn")]
    NoWeight { split: String, column: String, examples: usize },
    #[error("`{}`, {position}: expected as many tags as words, found {} in `{}` and {} in `{}`", path.display(), counted(words.1, "word"), words.0, counted(tags.1, "tag"), tags.0)]
    Unequal { path: PathBuf, position: Position, words: (String, usize), tags: (String, usize) },
    #[error("`{}`, {position}: expected the answer `{expected}` at character {at} of the text, found `{found}`", path.display())]
    Answer { path: PathBuf, position: Position, at: usize, expected: String, found: String },
    #[error("`{}`, {position}, column `{column}`: the answer {answer} does not stand in the text", path.display())]
    NotInText { path: PathBuf, position: Position, column: String, answer: String },
    #[error("split `{split}` has a single class, `{class}`: there is nothing to learn")]
    OneClass { split: String, class: String },
    #[error("split `{split}` has a single value of `{column}`, {value}: there is nothing to learn")]
    OneValue { split: String, column: String, value: String },
    #[error("`{}`, {position}, column `{column}`: the image cannot be read: {what}", path.display())]
    Image { path: PathBuf, position: Position, column: String, what: String },
    #[error("`{}`, {position}, column `{column}`: the recording cannot be read: {what}", path.display())]
    Audio { path: PathBuf, position: Position, column: String, what: String },
    #[error("the recording `{}` cannot be read: {what}", path.display())]
    Recording { path: PathBuf, what: String },
    #[error("split `{split}`: none of its {rows} recordings has a text")]
    NoTranscripts { split: String, rows: usize },
    #[error("`{}`, {position}, column `{column}`: expected an image of {expected}, found {found} (height x width x channels)", path.display())]
    ImageSize { path: PathBuf, position: Position, column: String, expected: String, found: String },

    // Conversations.
    #[error("`{}`, {position}: {what}", path.display())]
    Conversation { path: PathBuf, position: Position, what: String },
    #[error("the model's chat template fails{}: {what}", line.map(|line| format!(" in line {line}")).unwrap_or_default())]
    Template { line: Option<usize>, what: String },
    #[error("split `{split}`: none of its {rows} answers has a token within the longest text of {max_seq_len} tokens")]
    NoAnswers { split: String, rows: usize, max_seq_len: usize },

    // Pairs.
    #[error("split `{split}`: of each of its {rows} pairs the source or the target is empty")]
    NoPairs { split: String, rows: usize },
    #[error("the tokenizer `{}` has no token {id}, with which the model's texts begin or end: it has {known}", path.display())]
    NoPairToken { path: PathBuf, id: u32, known: usize },

    // Texts whose vectors are compared.
    #[error("split `{split}`: all of its {rows} rows have a blank text")]
    NoTexts { split: String, rows: usize },
    #[error("split `{split}`: all texts in column `{column}` are the same: there is nothing to tell apart")]
    AlikeTexts { split: String, column: String },

    // Tokenizers.
    #[error("the tokenizer `{}` cannot be read: {what}", path.display())]
    Tokenizer { path: PathBuf, what: String },
    #[error("`{}`, {position}: the text cannot be tokenised: {what}", path.display())]
    Tokenise { path: PathBuf, position: Position, what: String },
    #[error("max_seq_len is {max_seq_len}: expected more than the {special} special tokens that the tokenizer adds")]
    TooShort { max_seq_len: usize, special: usize },
    #[error("vocab_size is {vocab_size}: expected at least {least}, the special tokens and a few letters")]
    VocabTooSmall { vocab_size: usize, least: usize },
    #[error("`{}`, {position}: the tokenizer gives token {id}, and the model has {vocab_size}", path.display())]
    ForeignToken { path: PathBuf, position: Position, id: u32, vocab_size: usize },

    // Prepared files.
    #[error("`{}` is no prepared split: {what}", path.display())]
    NotPrepared { path: PathBuf, what: String },

    // Models.
    #[error("{place} has no weights: expected `model.safetensors`, `pytorch_model.bin` or a GGUF file, found {}", listed(found))]
    NoWeights { place: String, found: Vec<String> },
    #[error("{place} is no model itself; it holds {}: {}", if below.len() == 1 { "one" } else { "several" }, listed(below))]
    ModelsBelow { place: String, below: Vec<String> },
    #[error(
        "{place} has no tokenizer: expected `tokenizer.json` (or `vocab.txt`, `vocab.json` with `merges.txt`, SentencePiece's file, `source.spm` with `target.spm` and `vocab.json`), found {}",
        listed(found)
    )]
    NoTokenizer { place: String, found: Vec<String> },
    #[error("the model `{}`: there is no such folder", path.display())]
    NoFolder { path: PathBuf },
    /// It may be meant as a path: what it would lie in is there.
    #[error("the model `{}`: there is no such folder, and it could not be fetched from the Hub", path.display())]
    NeitherFolderNorHub { path: PathBuf, source: hub::Error },
    #[error("{place}: {what}")]
    Model { place: String, what: String },
}

/// What a row has not that it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    Text,
    /// Of a question.
    Context,
    Label,
    Weight,
    Image,
    Recording,
}

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lacks::Text => "text",
            Lacks::Context => "text that the question is about",
            Lacks::Label => "label",
            Lacks::Weight => "weight",
            Lacks::Image => "image",
            Lacks::Recording => "recording",
        })
    }
}

impl Error {
    /// The same of a file that is called `name` where somebody knows it: it was made of something else.
    pub(super) fn called(mut self, file: &Path, name: &Path) -> Self {
        match &mut self {
            Error::Io { path, .. }
            | Error::Unreadable { path, .. }
            | Error::NoColumn { path, .. }
            | Error::NoColumns { path, .. }
            | Error::ColumnKind { path, .. }
            | Error::ChooseColumn { path, .. }
            | Error::ChooseInput { path, .. }
            | Error::SeveralTold { path, .. }
            | Error::NoLabel { path, .. }
            | Error::SameName { path, .. }
            | Error::Missing { path, .. }
                if path.as_path() == file =>
            {
                *path = name.into();
            }
            _ => {}
        }
        self
    }
}

fn one_time(examples: usize, column: &Option<String>) -> String {
    match column {
        Some(column) if examples > 1 => format!("all of its {examples} examples are of one `{column}`"),
        Some(column) => format!("it has {} whose `{column}` says when they were", counted(examples, "example")),
        None => format!("it has {}", counted(examples, "example")),
    }
}

fn one_group(examples: usize, column: &str) -> String {
    match examples {
        0 => format!("it has no example whose `{column}` says whose it is"),
        1 => format!("it has 1 example whose `{column}` says whose it is"),
        _ => format!("all of its {examples} examples are of one `{column}`, and those of one stay together"),
    }
}

fn at(position: &Option<Position>) -> String {
    position.as_ref().map(|p| format!(", {p}")).unwrap_or_default()
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Hub(error) | Error::NeitherFolderNorHub { source: error, .. } => error.class(),
            Error::Store(error) => error.class(),
            Error::Io { source, .. } if is_out_of_room(source) => Class::Resource,
            Error::GivenUp { .. } => Class::Interrupted,
            Error::TooShort { .. } | Error::VocabTooSmall { .. } | Error::NoGenerator { .. } | Error::SplitOfItsOwn { .. } => {
                Class::Spec
            }
            Error::NoWeights { .. }
            | Error::ModelsBelow { .. }
            | Error::NoTokenizer { .. }
            | Error::NoFolder { .. }
            | Error::Model { .. }
            | Error::Tokenizer { .. }
            | Error::Template { .. }
            | Error::NoPairToken { .. }
            | Error::ForeignToken { .. } => Class::Model,
            _ => Class::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::Hub(error) => return error.hint(),
            Error::Store(error) => return error.hint(),
            Error::Io { source, .. } if is_out_of_room(source) => return place_hint(source),
            Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => "check the path",
            Error::NotThere { near, .. } if !near.is_empty() => return Some(format!("did you mean {}?", listed(near))),
            Error::Everything { .. } => "name the folder or the file in it that holds the data",
            Error::NotThere { .. } | Error::NoFolder { .. } | Error::NeitherFolderNorHub { .. } => "check the path",
            Error::NoConfig { .. } | Error::ChooseConfig { .. } => "set `data.source.config`",
            Error::NoSplit { .. } => {
                "name one that is there: `--split` where a model is scored, `data.train` and `data.held_out` in an experiment"
            }
            Error::SplitOfItsOwn { .. } => {
                "leave out `data.held_out_frac` to hold out that split, or give the part another name with `data.held_out`"
            }
            Error::NoColumns { .. } => "a model is fed with the columns that it was trained on, by their names",
            Error::ImageSize { .. } => "set `data.image` to what all are brought to, such as `{ height = 64, width = 64 }`",
            Error::ChooseInput { .. } => "name it with `--columns`",
            Error::NoLabel { columns, .. } => {
                let first = columns.first().map_or("y", String::as_str);
                return Some(format!(
                    "say `predict {first}` or `{first} is the label` where it is to be told, `from {first}` where it is read, `without {first}` \
                     where it is left out"
                ));
            }
            Error::SeveralTold { .. } => "ask for one, `predict a from c and d`: each is a run of its own",
            Error::SameName { .. } => "give each column a name of its own",
            Error::NoFeatures { .. } => {
                "name those that are wanted all the same: `predict LABEL from COLUMN`, in an experiment `data.columns.input`"
            }
            Error::NotNumbers { .. } | Error::NotNumber { .. } => {
                "correct the cells, or leave them empty where the number is not known"
            }
            Error::NoColumn { .. } | Error::ColumnKind { .. } | Error::ChooseColumn { .. } => {
                "name them with `predict y from a and b` in a request, with `--columns` where a model is asked, \
                 with `data.columns.input` and `data.columns.label` in an experiment"
            }
            Error::NoData { .. } => {
                "the Hub keeps Parquet copies of data sets that are made by a script: set `data.source.revision` to `refs/convert/parquet`"
            }
            Error::Unsaid { heard, .. } if heard.contains('/') => {
                "no model here tells which kind a recording is of, as their folders may say; for speech put a `metadata.csv` beside them, \
                 with the columns `file_name` and `transcription`, a line a recording"
            }
            Error::Unsaid { .. } => {
                "put a `metadata.csv` beside them, with the columns `file_name` and `transcription`, a line a recording"
            }
            Error::GivenUp { .. } => "begin again: nothing of it was kept",
            Error::NoWeightColumn { .. } => "set `data.columns.weight` to a column of numbers",
            Error::Weight { .. } | Error::NoWeight { .. } => {
                "correct the weights, or name another column by `data.columns.weight`"
            }
            Error::Time { .. } | Error::OneTime { .. } => {
                "correct the cell, or leave it empty where it is not known; `data.held_out_by` names the column, or another way"
            }
            Error::OneGroup { .. } => "name another column by `data.held_out_by`, or another way of holding rows out",
            Error::Border { .. } => {
                "correct `data.held_out_by`: its border, its column, or leave the border out and say by `data.held_out_frac` how much is held out"
            }
            Error::Missing { what: Lacks::Weight, .. } => "fill it in: 0 for an example that is never drawn",
            Error::Missing { what: Lacks::Text, .. } => "fill it in, or take the row out",
            Error::Missing { what: Lacks::Label, .. } => {
                "test sets are often published without labels: use a split that has them, such as `validation`"
            }
            Error::NoWeights { .. } => {
                "Tallow reads safetensors and GGUF; look for a revision or a copy of the model that has either"
            }
            Error::ModelsBelow { .. } => {
                "name the folder of one of them, or give the folder above `models` as `--hub` and the model as ORG/NAME"
            }
            Error::NoTokenizer { .. } => {
                "its texts can only be cut as they were in its training: take a revision or a copy of the model that has the file"
            }
            Error::Tokenizer { .. } => "fetch the model's `tokenizer.json` again",
            Error::NoTranscripts { .. } => "fill in the texts, or name their column by `data.columns.label`",
            Error::NoPairs { .. } => "fill in both texts, or name other columns by `data.columns`",
            Error::ForeignToken { .. } | Error::NoPairToken { .. } => {
                "check that config.json, model.safetensors and tokenizer.json belong together"
            }
            Error::Model { .. } => {
                "check that the model's files are whole and belong together; `tallow models` lists the architectures"
            }
            Error::Answer { .. } => "correct the answer or where it begins, counted in characters from 0",
            Error::NotInText { .. } => "an answer is a part of its text, to the letter: correct it, or take the row out",
            Error::Unequal { .. } => "correct the row, or take it out",
            Error::Number { .. } => "correct the value, or take the row out",
            Error::Label { .. } => "correct the label, or name the class in the training split as well",
            Error::Unreadable { .. } | Error::Image { .. } | Error::Audio { .. } | Error::Recording { .. } => {
                "repair or remove it, or make the file again"
            }
            Error::AlikeTexts { .. } => {
                "take rows whose texts differ, or give each a text that does not belong to it (a column `negative`)"
            }
            Error::NoTexts { .. } | Error::EmptySplit { .. } => "take another split, or fill the file",
            Error::NoClassFolder { .. } => "put what is of one class into a folder that is called so",
            Error::NotPrepared { .. } => "`tallow train` the run's spec.toml into a new folder",
            Error::UnknownFormat { path } => saved_as(path),
            Error::PackedWithin { .. } => "write it anew: `compression=\"zstd\"` in pandas and pyarrow",
            Error::UnknownPacking { .. } => "unpack it, or pack it anew with gzip or zstd",
            Error::Archive { .. } => "unpack it yourself if you trust it, and give the folder",
            Error::NoMatch { .. } => {
                "`*` stands for any letters within a folder, `**` for any folders; put the pattern in quotes"
            }
            Error::Conversation { .. } => {
                "rows hold `messages` (a list of turns with `role` and `content`), `prompt` and `completion`, `instruction` and `output`, or \
                 `question` and `answer`; pairs hold `prompt`, `chosen` and `rejected`; `data.columns` names others"
            }
            Error::Template { .. } => {
                "the template is the model's `chat_template.jinja`, or `chat_template` in its tokenizer_config.json"
            }
            Error::TooShort { .. } | Error::NoAnswers { .. } => "raise `recipe.max_seq_len`",
            _ => return None,
        };
        Some(hint.into())
    }
}
/// How what is in a file of another format is had in one that is read.
fn saved_as(path: &Path) -> &'static str {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "xlsx" | "xls" | "xlsm" | "ods" | "numbers" => "save the sheet as CSV (UTF-8)",
        "db" | "sqlite" | "sqlite3" => "write the table as CSV: `sqlite3 -header -csv FILE 'select * from TABLE' > table.csv`",
        "feather" | "pkl" | "pickle" | "h5" | "hdf5" | "hdf" | "dta" | "sav" | "sas7bdat" | "orc" | "avro" => {
            "write it as Parquet: `to_parquet` in pandas"
        }
        "npy" | "npz" | "mat" => "write it as Parquet or CSV, a column for each feature and one for the answer",
        "arff" | "libsvm" | "svm" => "write it as CSV, with the columns' names in the first line",
        "xml" | "html" | "yaml" | "yml" => "write it as JSON lines: an object a line, a field for each column",
        "pdf" | "doc" | "docx" | "rtf" => "save its text as `.txt`, or a text a row in a table",
        _ => "save the data in one of these formats",
    }
}
