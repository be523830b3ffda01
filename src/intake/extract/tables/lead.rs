//! What a table's data is told by that stands in none of its heads: the sentence above it, a column of data sets, the beginning of a name.

use super::{View, is_header, value_of};
use crate::intake::extract::heard::Heard;
use crate::intake::extract::standing;
use crate::intake::{Paper, PassageKind, Row, Table};
use std::sync::LazyLock;

/// The sentences above a table without a caption that announce it: `The accuracy on Foo is as follows:`.
pub(super) fn announced<'a>(paper: &'a Paper, table: &Table) -> &'a str {
    // In the order of the page nothing stands between them.
    const FURTHEST: usize = 12;
    static ANNOUNCES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i):$|\b(?:below|following|follows|as follows|shown|demonstrated|listed|reported|given|results?|performances?|scores?)\b",
        )
    });
    let Some(start) = table.rows.first().map(|row| row.span.start) else { return "" };
    let before = |kind| matches!(kind, PassageKind::Prose | PassageKind::Item | PassageKind::Heading | PassageKind::Caption);
    let mut above = paper.passages.iter().filter(|p| p.page == table.page && p.span.end <= start && before(p.kind));
    let Some(last) = above.next_back().filter(|p| start - p.span.end <= FURTHEST && p.kind == PassageKind::Prose) else {
        return "";
    };
    let text = paper.passage(last);
    // The last two sentences.
    let ends: Vec<usize> = text.match_indices(". ").map(|(at, _)| at + 2).collect();
    let from = ends.len().checked_sub(2).and_then(|last| ends.get(last)).copied().unwrap_or_default();
    text.get(from..).filter(|words| last.section == table.section && ANNOUNCES.is_match(words)).unwrap_or_default()
}

/// What a row says its data is under a head like `Dataset` that does not stand first.
pub(super) fn of_row(view: &View<'_>, index: usize, row: &Row, heard: &Heard) -> Option<String> {
    static DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^(?:(?:test|evaluation) )?(?:data ?sets?|corpus|benchmarks?|test sets?)$"));
    let is_told = |cell: &&crate::intake::Cell| view.headers(index, cell).last().is_some_and(|head| DATA.is_match(head.trim()));
    let cell = row.cells.iter().skip(1).take(3).filter(|cell| value_of(&cell.text).is_none()).find(is_told)?;
    let text = cell.text.trim();
    let told = heard.datasets_in(text).into_iter().next().map(|m| text[m.at].to_string());
    told.or_else(|| beginning_of(text, heard)).or_else(|| standing::is_coined(text).then(|| text.to_string()))
}

/// The only data set of the paper whose name begins so: `DAIC` of `DAIC-2`, `Sto.` of `Stories`.
pub(super) fn beginning_of(text: &str, heard: &Heard) -> Option<String> {
    let bare = text.trim().trim_end_matches('.').to_lowercase();
    if bare.len() < 3 || !bare.chars().all(char::is_alphanumeric) || !text.trim().starts_with(char::is_uppercase) {
        return None;
    }
    let begins = |name: &&String| name.len() > bare.len() && name.to_lowercase().starts_with(&bare);
    let mut all = heard.datasets.iter().map(|(name, _)| name).filter(begins);
    let first = all.next()?;
    all.next().is_none().then(|| first.clone())
}

/// Whether at least two heads of a row are beginnings of names of the paper's data.
pub(super) fn heads_are_beginnings(view: &View<'_>, heard: &Heard) -> bool {
    let head = view.table.rows.iter().find(|row| is_header(row) && row.cells.len() > 2);
    head.is_some_and(|row| row.cells[1..].iter().filter_map(|cell| beginning_of(&cell.text, heard)).take(2).count() > 1)
}

#[cfg(test)]
mod tests {
    use crate::intake::{PaperFormat, Value, extract, read_paper};

    fn results(text: &str) -> Vec<String> {
        let text =
            format!("# FooNet: A Study\n\n## Abstract\n\nWe present FooNet, which we train.\n\n## Experiments\n\n{text}\n");
        let spec = extract(&read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read"));
        let told = spec.fields.into_iter().filter_map(|field| match field.value {
            Value::Result { result } => Some(result),
            _ => None,
        });
        told.map(|r| format!("{} {} {}", r.dataset, r.variant.unwrap_or_default(), r.value)).collect()
    }

    #[test]
    fn the_sentence_above_a_table_tells_its_data() {
        let table = "| Model | Avg. | Roots |\n|---|---|---|\n| FooNet | 56.7 | 47.6 |\n";
        let of = |above: &str| results(&format!("We also use SVHN. We test on SVHN.\n\n{above}\n\n{table}"));
        assert_eq!(of("The accuracy on MNIST is as follows:")[0], "MNIST FooNet 56.7");
        // Words that announce nothing, and an average over several.
        assert!(of("We thank the people of MNIST for all.").iter().all(|r| !r.starts_with("MNIST")));
        assert!(of("The accuracy on MNIST and SVHN is shown below:").iter().all(|r| !r.starts_with("MNIST FooNet 56.7")));
    }

    #[test]
    fn a_column_of_data_sets_tells_the_row() {
        let text = "We use the LeafQA dataset and the RootQA-2 dataset, most of all LeafQA.\n\nTable 1: Results on LeafQA.\n\n\
            | Method | Dataset | Accuracy |\n|---|---|---|\n| FooNet | LeafQA | 91.5 |\n| FooNet | Roo | 82.5 |\n| FooNet | RootQA | 72.5 |\n";
        let all = results(text);
        assert!(all.iter().any(|r| r.starts_with("LeafQA") && r.ends_with("91.5")), "{all:?}");
        assert!(all.iter().any(|r| r.starts_with("RootQA-2") && r.ends_with("82.5")), "{all:?}");
        assert!(all.iter().any(|r| r.starts_with("RootQA") && r.ends_with("72.5")), "{all:?}");
    }

    #[test]
    fn heads_may_be_beginnings_of_names() {
        let text = "We use the Leaves dataset and the Roots dataset.\n\nTable 1: Accuracy.\n\n\
            | Method | Lea | Roo |\n|---|---|---|\n| FooNet | 91.5 | 82.5 |\n";
        assert_eq!(results(text), ["Leaves FooNet 91.5", "Roots FooNet 82.5"]);
        assert!(results(&text.replace("Lea |", "Fig |")).iter().all(|r| !r.starts_with("Roots")));
    }
}
