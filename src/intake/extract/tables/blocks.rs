//! Heads and rows that share what only one of them says: `@1 | Recall @5 | @10`, a data set beside the first of its systems.

use super::{View, is_header, value_of};
use crate::intake::extract::heard::Heard;
use crate::intake::extract::{choices, topic};
use crate::intake::{Cell, Row};
use std::sync::LazyLock;

/// A head for what is compared.
pub(super) static SYSTEMS: LazyLock<regex::Regex> =
    LazyLock::new(|| crate::intake::regex(r"(?i)^(?:models?|methods?|systems?|approach(?:es)?|algorithms?|networks?)$"));

/// `@10` in a row `@1 | Recall @5 | @10`: `Recall @10`, for the measure stands once over the ranks that rise beside it.
pub(super) fn with_measure(row: &Row, header: &Cell) -> Option<String> {
    static RANK: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:(?P<m>[A-Za-z][\w-]*)\s?)?@(?P<k>\d{1,4})$"));
    let rank = |cell: &Cell| {
        let found = RANK.captures(cell.text.trim())?;
        Some((found.name("m").map(|measure| measure.as_str().to_string()), found["k"].parse::<u32>().ok()?))
    };
    let (None, own) = rank(header)? else { return None };
    let at = row.cells.iter().position(|cell| cell.span == header.span)?;
    let rising = |cells: &mut dyn Iterator<Item = &Cell>, follows: fn(u32, u32) -> bool| {
        let mut last = own;
        let mut ranks = cells.map_while(rank).take_while(|(_, k)| std::mem::replace(&mut last, *k) != *k && follows(own, *k));
        ranks.find_map(|(measure, _)| measure)
    };
    let measure = rising(&mut row.cells[..at].iter().rev(), |own, k| k < own)
        .or_else(|| rising(&mut row.cells[at + 1..].iter(), |own, k| k > own))?;
    Some(format!("{measure} {}", header.text.trim()))
}

/// Whether data sets stand down the first column and systems down the next.
pub(super) fn systems_beside_data(view: &View<'_>) -> bool {
    static DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^(?:data ?sets?|corpus|corpora|benchmarks?|test sets?)(?: \([^)]*\))?$"));
    let header = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 2);
    header.is_some_and(|row| DATA.is_match(row.cells[0].text.trim()) && SYSTEMS.is_match(row.cells[1].text.trim()))
}

/// The data of a row and the system that stands beside it; `stub` is what the rows above began with.
pub(super) fn data_and_system(view: &View<'_>, index: usize, row: &Row, stub: Option<&str>) -> Option<(String, String)> {
    let system = row.cells.iter().take(2).find(|cell| {
        value_of(&cell.text).is_none() && view.headers(index, cell).last().is_some_and(|head| SYSTEMS.is_match(head.trim()))
    })?;
    let first = row.cells.first().filter(|first| first.span != system.span).map(|first| first.text.as_str());
    let data = first.or(stub)?.trim();
    // `Foo (15)`: with a count of its own.
    let data = data.find(" (").filter(|_| data.ends_with(')')).map_or(data, |end| &data[..end]);
    Some((data.to_string(), system.text.clone()))
}

/// Whether a head is a name like those of languages and places: a plain word with a capital that the paper never writes without one.
pub(super) fn is_proper_name(view: &View<'_>, heard: &Heard, head: &str) -> bool {
    let head = head.trim();
    let is_plain = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase) && letters.all(|c| c.is_lowercase() || c == '’')
    };
    head.chars().count() > 2
        && head.split([' ', '-']).all(is_plain)
        && topic::telling(head).is_some()
        && crate::intake::family_named(head).is_none()
        && choices::optimizer_named(head).is_none()
        && !["Ours", "Proposed"].contains(&head)
        && !head.to_lowercase().split([' ', '-']).all(|word| heard.writes(view.paper, word))
}

/// Whether heads that are such names are of languages or places rather than of models or methods: one is a known language, the caption
/// speaks of them, or the text does beside one of the names.
pub(super) fn are_places(view: &View<'_>, heads: &[Cell]) -> bool {
    const KNOWN: &str = " Afrikaans Albanian Amharic Arabic Armenian Azerbaijani Basque Belarusian Bengali Bosnian Bulgarian Burmese Catalan \
        Chinese Croatian Czech Danish Dutch English Estonian Finnish French Galician Georgian German Greek Gujarati Hausa Hebrew Hindi \
        Hungarian Icelandic Igbo Indonesian Irish Italian Japanese Javanese Kannada Kazakh Khmer Korean Kurdish Lao Latin Latvian \
        Lithuanian Macedonian Malay Malayalam Maltese Mandarin Marathi Mongolian Nepali Norwegian Pashto Persian Polish Portuguese Punjabi \
        Quechua Romanian Russian Serbian Sinhala Slovak Slovenian Somali Spanish Swahili Swedish Tagalog Tamil Telugu Thai Tibetan \
        Turkish Ukrainian Urdu Uyghur Uzbek Vietnamese Welsh Wolof Xhosa Yoruba Zulu ";
    static KINDS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:languages|dialects|speakers|domains|regions|countries|cities|provinces|districts|corpora|species)\b",
        )
    });
    /// So near to a name what it is of is said.
    const NEAR: usize = 80;
    let is_said = |head: &str| {
        let texts = view.paper.pages.iter().map(|page| page.text.as_str());
        let mut places = texts.flat_map(|text| text.match_indices(head).map(move |(at, _)| (text, at)));
        places.any(|(text, at)| {
            let (start, end) = (at.saturating_sub(NEAR), (at + head.len() + NEAR).min(text.len()));
            KINDS.is_match(&text[text.ceil_char_boundary(start)..text.floor_char_boundary(end)])
        })
    };
    let mut heads = heads.iter().map(|head| head.text.trim());
    KINDS.is_match(view.caption) || heads.any(|head| KNOWN.contains(&format!(" {head} ")) || is_said(head))
}

/// Whether a row of heads is `P | R | F1`.
pub(super) fn has_letters(view: &View<'_>) -> bool {
    let has = |row: &Row, text: &str| row.cells.iter().any(|cell| cell.text.trim() == text);
    view.table
        .rows
        .iter()
        .filter(|row| is_header(row))
        .any(|row| has(row, "P") && has(row, "R") && (has(row, "F1") || has(row, "F")))
}

/// `P` beside `F1` is precision.
pub(super) fn measure_of_letter(head: &str) -> Option<&'static str> {
    match head.trim() {
        "P" => Some("precision"),
        "R" => Some("recall"),
        _ => None,
    }
}
