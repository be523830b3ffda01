//! What no mark tells in blocks of text: the title, the line of authors, captions in capitals.

use super::Block;
use super::head::is_of_names;
use std::sync::LazyLock;

/// Where no mark tells a title, it is what comes first, if that is no sentence; or that is the line of authors.
pub(in crate::intake) fn untitled(blocks: &mut [Block]) {
    let begins = |block: &Block| matches!(block, Block::Heading { title, .. } if ["abstract", "introduction"].contains(&title.to_lowercase().as_str()));
    let titled = blocks.iter().any(|block| matches!(block, Block::Title(_)));
    let Some(end) = blocks.iter().take(20).position(begins).filter(|_| !titled) else { return };
    let next_is_of_names = matches!(blocks.get(1), Some(Block::Prose { text, .. }) if end > 1 && is_of_names(text.trim(), None));
    let Some(first @ Block::Prose { .. }) = blocks[..end].first_mut() else { return };
    let Block::Prose { text, .. } = &*first else { return };
    let text = text.trim().to_string();
    if !next_is_of_names && is_of_names(&text, None) {
        *first = Block::Authors(text);
    } else if (3..=30).contains(&text.split_whitespace().count()) && !text.ends_with(['.', ':', ',']) && !text.contains('@') {
        *first = Block::Title(text);
    }
}

/// `## TITLE`, as a draft marks its parts: the line below is the title, and what stood first was a note to whoever reads the draft.
pub(in crate::intake) fn labelled(blocks: &mut Vec<Block>) {
    const FIRST: usize = 10;
    let is_label = |block: &Block| matches!(block, Block::Heading { title, .. } if ["title", "paper title"].contains(&title.trim_end_matches(':').to_lowercase().as_str()));
    let Some(at) = blocks.iter().take(FIRST).position(is_label) else { return };
    let Some(Block::Prose { text, .. }) = blocks.get(at + 1) else { return };
    if !(2..=40).contains(&text.split_whitespace().count()) {
        return;
    }
    let title = Block::Title(text.trim_matches(['*', '_', ' ', '\n']).to_string());
    for block in &mut blocks[..at] {
        if let Block::Title(text) = block {
            *block = Block::Note(std::mem::take(text));
        }
    }
    blocks.splice(at..at + 2, [title]);
}

/// What stands right below the title, if it is of names and is no sentence, is the line of authors.
pub(in crate::intake) fn byline(blocks: &mut [Block]) {
    static NAMES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^[*_ ]*(?:[Bb]y |Authors?: ?)?\p{Lu}[\p{L}'’.-]*(?: (?:\p{Lu}[\p{L}'’.-]*|van|von|de|der|den|la|al|bin)){1,3}(?:$| ?[,;∗†‡*¹²³⁰\d\[^]| and | & | [\p{Lu}(])",
        )
    });
    // What a journal writes above a title is no part of it.
    let title = blocks.iter().position(|block| matches!(block, Block::Title(_))).unwrap_or_default();
    let blocks = &mut blocks[title..];
    // `## Authors`, and their names in a list.
    if let [Block::Title(_), Block::Heading { title, .. }, rest @ ..] = &mut *blocks
        && ["authors", "author"].contains(&title.to_lowercase().as_str())
    {
        for block in rest {
            match block {
                Block::Item(text) | Block::Prose { text, .. } if NAMES.is_match(text.trim_start_matches(['•', ' '])) => {
                    *block = Block::Authors(text.trim_start_matches(['•', ' ']).to_string());
                }
                _ => break,
            }
        }
        return;
    }
    let [Block::Title(title), rest @ ..] = &mut *blocks else { return };
    // The title may stand there once more, in parts.
    let repeats = |block: &Block| matches!(block, Block::Prose { text, .. } if title.contains(text.as_str()));
    // A mark alone is no line, and one line may stand between: what kind of work it is.
    let is_mark = |block: &Block| matches!(block, Block::Prose { text, .. } if !text.contains(char::is_alphabetic));
    let several = |block: &Block| matches!(block, Block::Prose { text, .. } if text.contains([',', '·', '(']) && text.split_whitespace().count() < 60 && NAMES.is_match(text));
    let is_short = |block: &Block| matches!(block, Block::Prose { text, .. } if text.split_whitespace().count() <= 8 && !NAMES.is_match(text));
    let Some(at) = rest.iter().position(|block| !repeats(block) && !is_mark(block)) else { return };
    let stands_below = rest.get(at).is_some_and(is_short) && rest.get(at + 1).is_some_and(several);
    let Some(line) = rest.get_mut(if stands_below { at + 1 } else { at }) else { return };
    if let Block::Prose { text, .. } = line
        && text.split_whitespace().count() <= if text.contains(|c: char| c.is_ascii_digit()) { 150 } else { 60 }
        && !text.ends_with(['.', ':'])
        && NAMES.is_match(text)
    {
        let text = text.strip_prefix("By ").unwrap_or(text).to_string();
        *line = Block::Authors(text);
    }
}

/// `TABLE II`, and below it the caption's words, as some journals set them: in capitals, beside the table.
pub(in crate::intake) fn captions_in_capitals(blocks: &mut Vec<Block>) {
    let in_capitals = |text: &str| {
        let (upper, lower) =
            (text.chars().filter(|c| c.is_uppercase()).count(), text.chars().filter(|c| c.is_lowercase()).count());
        text.split_whitespace().count() > 3 && upper > 5 * lower.max(1)
    };
    for at in 0..blocks.len() {
        let beside = |other: Option<usize>| other.is_some_and(|other| matches!(blocks.get(other), Some(Block::Table { .. })));
        let Some(Block::Prose { text, .. }) = blocks.get(at) else { continue };
        if !in_capitals(text) || !beside(Some(at + 1)) && !beside(at.checked_sub(1)) {
            continue;
        }
        let label = at.checked_sub(1).and_then(|before| match blocks.get_mut(before) {
            Some(Block::Caption(label)) if label.split_whitespace().count() == 2 => Some(std::mem::take(label)),
            _ => None,
        });
        if let Some(Block::Prose { text, .. }) = blocks.get(at) {
            let caption = label.map_or_else(|| text.clone(), |label| format!("{label}: {text}"));
            blocks[at] = Block::Caption(caption);
        }
    }
    blocks.retain(|block| !block.is_empty());
}

#[cfg(test)]
mod tests {
    use crate::intake::markdown::read;

    #[test]
    fn captions_set_in_capitals() {
        let caption = |source: &str| {
            let paper = read(format!("# T\n\n## Results\n\n{source}\n").as_bytes(), "x").expect("read");
            paper.tables[0].caption.map(|c| paper.passage(&paper.passages[c]).to_string())
        };
        let table = "| Tree | A |\n|---|---|\n| Oak | 1.5 |\n";
        let expected = Some("TABLE II: SCORES OF OLD TREES ON PLUM5".to_string());
        assert_eq!(caption(&format!("TABLE II\n\nSCORES OF OLD TREES ON PLUM5\n\n{table}")), expected);
        assert_eq!(caption(&format!("SCORES OF OLD TREES ON PLUM5\n\n{table}")).as_deref(), Some("SCORES OF OLD TREES ON PLUM5"));
        assert_eq!(caption(&format!("We give scores of old trees.\n\n{table}")), None);
    }

    #[test]
    fn captions_below_tables() {
        let table = "| Tree | A |\n|---|---|\n| Oak | 1.5 |\n";
        let source = format!(
            "# T\n\n{table}\nTable 1: Oaks.\n\n{table}\nTable 2: More oaks.\n\nFigure 1: A tree.\n\n{table}\nTable 3: Last oaks.\n"
        );
        let paper = read(source.as_bytes(), "x").expect("read");
        let captions = paper.tables.iter().map(|table| table.caption.map(|c| paper.passage(&paper.passages[c])));
        let expected = ["Table 1: Oaks.", "Table 2: More oaks.", "Table 3: Last oaks."];
        assert_eq!(captions.collect::<Vec<_>>(), expected.map(Some));
    }

    #[test]
    fn titles_below_what_a_journal_writes() {
        let title = |source: &str| {
            let paper = read(source.as_bytes(), "x").expect("read");
            paper.title.as_ref().map(|title| paper.passage(title).to_string())
        };
        assert_eq!(
            title("Journal of *Trees*\n\n### Article\n\n# On Leaves\n\nAda Oak\n\n## Abstract\n").as_deref(),
            Some("On Leaves")
        );
        assert_eq!(
            title("# arXiv:2001.00001v1 [cs.CL]\n\n# On Leaves\n\n## Abstract\n\nWe look.\n").as_deref(),
            Some("On Leaves")
        );
        assert_eq!(
            title("On Leaves and Trees\n\nAda Oak, Bo Ash\n\n## Abstract\n\nWe look.\n").as_deref(),
            Some("On Leaves and Trees")
        );
        // What stands below the abstract is none.
        assert_eq!(title("### Abstract\n\nWe look.\n\n# Methods\n\nMore.\n"), None);
    }

    #[test]
    fn drafts_that_mark_their_parts() {
        let draft = "# DRAFT 3, not to be sent\n\n---\n\n## TITLE\n\nOn Oaks in Wind\n\n## AUTHORS\n\nAda Oak*1, Bo Ash2\n1 Institute of X\n\n## ABSTRACT\n\nWe look.\n";
        let paper = read(draft.as_bytes(), "x").expect("read");
        assert_eq!(paper.title.as_ref().map(|title| paper.passage(title)), Some("On Oaks in Wind"));
        assert_eq!(paper.authors.first().map(|author| paper.passage(author)), Some("Ada Oak"));
        // A section on titles is none.
        let plain = "# On Titles\n\n## Abstract\n\nWe look.\n\n## Titles\n\nThey are many.\n";
        let paper = read(plain.as_bytes(), "x").expect("read");
        assert_eq!(paper.title.as_ref().map(|title| paper.passage(title)), Some("On Titles"));
    }

    #[test]
    fn authors_below_a_title() {
        let check = |below: &str, expected: &[&str]| {
            let paper = read(format!("# A Study of Nets\n\n{below}\n\n## Abstract\n\nWords.\n").as_bytes(), "x").expect("read");
            assert_eq!(paper.authors.iter().map(|a| paper.passage(a)).collect::<Vec<_>>(), expected, "{below}");
        };
        check("Ann One, Bo van Two and Cy Three", &["Ann One", "Bo van Two", "Cy Three"]);
        check("**Ann One** and **Bo Two**\nInstitute of X", &["Ann One"]);
        check("By Ann One", &["Ann One"]);
        check("Ann One [1, 2] , Bo Two [3]", &["Ann One", "Bo Two"]);
        check("A Study of\n\nNets\n\nAnn One1, 2, Bo Two3", &["Ann One", "Bo Two"]);
        check("We study nets.", &[]);
        check("Draft of November", &[]);
    }
}
