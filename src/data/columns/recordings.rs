//! Columns of recordings and of what is said in them.

use super::is_name;
use crate::data::read::{Column, ColumnKind, Table};
use crate::data::{Error, Result};
use crate::spec::Columns;

/// Names of columns of recordings, likeliest first.
const RECORDINGS: [&str; 8] = ["audio", "file_name", "path", "file", "wav", "speech", "recording", "clip"];

/// Names of columns of what is said in them, likeliest first.
const TRANSCRIPTS: [&str; 9] =
    ["transcription", "transcript", "sentence", "text", "raw_transcription", "normalized_text", "raw_text", "utterance", "words"];

/// The column of recordings and that of their texts.
pub(super) fn recordings(table: &Table, asked: &Columns) -> Result<Columns> {
    let asked = &as_said(table, asked);
    let unclear = |role: &'static str| Error::ChooseColumn { path: table.path().into(), role, have: table.listed() };
    let is_asked = |column: &&Column| asked.input.contains(&column.name) || asked.label.as_ref() == Some(&column.name);
    let of_kind = |kind: ColumnKind| table.columns().iter().filter(move |column| column.kind == kind);
    let expect = |name: &str, kinds: &[ColumnKind], expected: &'static str| {
        table.column_of(name, expected, |kind| kinds.contains(kind)).map(|column| column.name.clone())
    };
    let heard = match asked.input.as_slice() {
        [one] => expect(one, &[ColumnKind::Audio], "recordings (WAV, FLAC, MP3, Ogg Vorbis), their bytes or names of files")?,
        [] => chosen(of_kind(ColumnKind::Audio).collect(), &RECORDINGS).ok_or_else(|| unclear("recordings"))?,
        _ => return Err(unclear("recordings, one column")),
    };
    // Digits alone are a text, too, where a file does not say what its cells are.
    let kinds = [ColumnKind::Text, ColumnKind::Int, ColumnKind::Float];
    let said = match &asked.label {
        Some(name) => expect(name, &kinds, "texts")?,
        None => {
            let texts = of_kind(ColumnKind::Text).filter(|column| !is_name(&column.name) && !is_asked(column)).collect();
            let numbers = || of_kind(ColumnKind::Int).filter(|column| TRANSCRIPTS.contains(&column.name.as_str())).collect();
            let found = chosen(texts, &TRANSCRIPTS).or_else(|| chosen(numbers(), &TRANSCRIPTS));
            found.ok_or_else(|| unclear("text that is said"))?
        }
    };
    Ok(Columns { input: vec![heard], label: Some(said), ..Columns::default() })
}

/// `The text is in wording`: of speech that is what is told, wherever it says so of what is read elsewhere.
fn as_said(table: &Table, asked: &Columns) -> Columns {
    let kind = |name: &String| table.column(name).ok().map(|column| column.kind.clone());
    let (texts, input): (Vec<String>, Vec<String>) =
        asked.input.iter().cloned().partition(|name| kind(name) == Some(ColumnKind::Text));
    let is_told = |said: &String| asked.label.as_ref().is_none_or(|label| label == said);
    match texts.as_slice() {
        [said] if is_told(said) && table.columns().iter().any(|column| column.kind == ColumnKind::Audio) => {
            Columns { input, label: Some(said.clone()), ..asked.clone() }
        }
        _ => asked.clone(),
    }
}

/// The only column, else the one with the likeliest name.
fn chosen(columns: Vec<&Column>, names: &[&str]) -> Option<String> {
    let usual = || names.iter().find_map(|name| columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)));
    match columns.as_slice() {
        [only] => Some(only.name.clone()),
        _ => usual().map(|column| column.name.clone()),
    }
}

/// Whether rows are recordings with what is said in them, where nobody says so: texts of any other name may be what a recording is *of*.
pub(in crate::data) fn is_heard(table: &Table, asked: &Columns) -> bool {
    let asked = &as_said(table, asked);
    let some = table.columns().iter().any(|column| column.kind == ColumnKind::Audio);
    let said = || recordings(table, asked).ok().and_then(|columns| columns.label);
    let is_usual = |name: &String| TRANSCRIPTS.iter().any(|usual| name.eq_ignore_ascii_case(usual));
    some && said().is_some_and(|name| asked.label.as_ref() == Some(&name) || is_usual(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_and_their_texts_are_found() {
        let check = |csv: &str, asked: Columns, expected: Result<[&str; 2], &str>| {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("metadata.csv");
            std::fs::write(&path, csv).expect("written");
            let table = Table::open(&path).expect("a table");
            match (recordings(&table, &asked), expected) {
                (Ok(found), Ok([heard, said])) => {
                    assert_eq!((found.input[0].as_str(), found.label.as_deref()), (heard, Some(said)), "{csv}");
                    assert!(is_heard(&table, &asked));
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("{csv}: expected {expected:?}, found {found:?}"),
            }
        };
        let none = Columns::default;
        check("file_name,transcription\na.wav,hello\nb.FLAC,there\n", none(), Ok(["file_name", "transcription"]));
        check("client_id,path,sentence,age\nx,a.mp3,hello,20\ny,b.mp3,no,30\n", none(), Ok(["path", "sentence"]));
        check("audio,raw,words\na.wav,x,one\n", none(), Ok(["audio", "words"]));
        check("audio,text\na.wav,12\nb.wav,7\n", none(), Ok(["audio", "text"]));
        let asked = |input: &[&str], label: Option<&str>| Columns {
            input: input.iter().map(|name| name.to_string()).collect(),
            label: label.map(str::to_string),
            ..Columns::default()
        };
        check("a,b,c,d\na.wav,b.wav,x,y\n", asked(&["b"], Some("c")), Ok(["b", "c"]));
        // `The text is in d`.
        check("a,c,d\na.wav,x,y\n", asked(&["d"], None), Ok(["a", "d"]));
        check("a,b,c,d\na.wav,b.wav,x,y\n", asked(&["b", "d"], None), Ok(["b", "d"]));
        check("a,c,d\na.wav,x,y\n", asked(&["d"], Some("d")), Ok(["a", "d"]));
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("sounds.csv");
        std::fs::write(&path, "filename,fold,target,category\n0.wav,0,0,dog\n1.wav,1,1,cat\n").expect("written");
        assert!(!is_heard(&Table::open(&path).expect("a table"), &none()), "kinds of sounds");
        check("a,b,c\na.wav,b.wav,x\n", none(), Err("cannot tell which column holds the recordings"));
        check("a,b,c\na.wav,x,y\n", none(), Err("cannot tell which column holds the text that is said"));
        check("a,b\nhello,x\n", asked(&["a"], None), Err("expected recordings (WAV, FLAC, MP3, Ogg Vorbis)"));
    }
}
