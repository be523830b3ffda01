//! What tables say: settings, sizes of the architecture, results.
//!
//! A number belongs to the label at the start of its row and to the header cells above it. Whether rows or columns hold settings, data
//! sets or systems is told by their names.

mod blocks;
mod columns;
mod counted;
mod heads;
mod lead;
mod listed;
mod measures;
mod own;
mod parted;
mod prose;
mod results;
mod settings;
mod sizes;
mod values;

pub(super) use settings::Given;
pub(super) use values::{Named, adapter_setting, setting};

use super::{Findings, numbers, scope};
use crate::intake::{Cell, FieldKey, Paper, Quote, Row, Scope, Table};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::LazyLock;

pub(super) fn find(paper: &Paper, table: &Table, found: &mut Findings<'_>) {
    let apart = parted::parted(table);
    let view = View::new(paper, apart.as_ref().unwrap_or(table));
    if settings::in_rows(&view) {
        settings::by_row(&view, found);
    } else if settings::in_columns(&view) {
        settings::by_column(&view, found);
    } else if !(measures::in_rows(&view, &Rc::clone(&found.heard)) && measures::find(&view, found)) {
        results::find(&view, found);
        prose::find(&view, found);
    }
    listed::find(&view, found);
    sizes::find(&view, found);
}

/// A table with what is known of its parts.
struct View<'a> {
    paper: &'a Paper,
    table: &'a Table,
    caption: &'a str,
    /// What caption and section say.
    scope: Scope,
    /// What tells it apart from other tables of settings.
    told_apart: Option<String>,
    /// Short names that the caption writes out: `LR: learning rate`.
    short: Vec<(&'a str, &'a str)>,
    /// Signs that the text gives to settings: `the learning rate η`.
    signs: Vec<(char, Named)>,
    /// The rows whose cells head what stands below them, from the top.
    heads: Vec<usize>,
}

impl<'a> View<'a> {
    fn new(paper: &'a Paper, table: &'a Table) -> Self {
        let lead = if table.caption.is_none() { lead::announced(paper, table) } else { "" };
        let caption = table.caption.map_or(lead, |c| paper.passage(&paper.passages[c]));
        let of_lead = || Scope { variant: None, ..scope::of_text(lead) };
        let scope = table.caption.map_or_else(of_lead, |c| scope::of_caption(paper, c));
        // A table may have floated away from its section; its caption stays.
        let named = scope.variant.is_some() || !scope.datasets.is_empty();
        let mut scope = if named { scope } else { scope.or(&scope::of_text(paper.section_title(table.section))) };
        if !named {
            scope.topic = scope.topic.or_else(|| task_of(caption));
        }
        // What a table of settings is of, where there are several.
        let is_vague = scope.phase.is_none() && scope.datasets.is_empty() && scope.variant.is_none();
        let told_apart = table.caption.filter(|_| is_vague).and_then(|caption| settings::told_apart(paper, caption));
        scope.topic = scope.topic.or_else(|| told_apart.clone());
        let has_signs = table
            .rows
            .iter()
            .flat_map(|row| row.cells.iter().take(4))
            .any(|cell| sign(&cell.text).is_some() || begins_with_sign(&cell.text));
        let signs = if has_signs { signs_of(paper) } else { Vec::new() };
        View { paper, table, caption, scope, told_apart, short: written_out(caption), signs, heads: heads(&table.rows) }
    }

    /// The setting that a cell names, in full or by a short name of the caption's.
    fn setting(&self, text: &str) -> Option<Named> {
        if let Some(key) = values::adapter_setting(text).filter(|_| self.is_of_adapters()) {
            return Some(Named { key, unit: None, power: 0 });
        }
        if let Some(sign) = sign(text) {
            let given = self.signs.iter().find(|(given, _)| *given == sign).map(|(_, named)| *named);
            return given.or_else(|| values::setting(text));
        }
        values::setting(text).or_else(|| {
            let long = |word| self.short.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| *long);
            let words: Vec<&str> = text.split_whitespace().map(long).collect();
            let written = words.join(" ");
            let named = (written != text).then(|| values::setting(&written)).flatten();
            // `FooNet dropout`: of which part it is may stand before it.
            let is_coined =
                |word: &str| word.chars().filter(|c| c.is_uppercase()).count() > 1 && !word.to_lowercase().starts_with("per-");
            named.or_else(|| match words.as_slice() {
                [part, rest @ ..] if !rest.is_empty() && is_coined(part) => values::setting(&rest.join(" ")),
                _ => None,
            })
        })
    }

    /// Whether rank and α, by these names, are what the table is about.
    fn is_of_adapters(&self) -> bool {
        let named = |key| move |row: &&Row| row.cells.first().is_some_and(|c| values::adapter_setting(&c.text) == Some(key));
        let has = |key| self.table.rows.iter().any(|row| named(key)(&row));
        has(FieldKey::LoraRank) && has(FieldKey::LoraAlpha)
    }

    fn quote(&self, row: &Row) -> Quote {
        self.paper.quote(self.table.page, row.span)
    }

    /// Header cells above a cell, from the top; only those that stand over it.
    fn headers(&self, row: usize, cell: &Cell) -> Vec<String> {
        let over = |header: &&Cell| {
            header.x0 - 4.0 <= cell.center() && cell.center() <= header.x1 + 4.0
                || cell.x0 <= (header.x0 + header.x1) / 2.0 && (header.x0 + header.x1) / 2.0 <= cell.x1
        };
        let above = self.heads.iter().take_while(|at| **at < row).map(|at| &self.table.rows[*at]);
        above
            .filter_map(|r| {
                let header = r.cells.iter().find(over)?;
                Some(blocks::with_measure(r, header).unwrap_or_else(|| self.part_over(header, row, cell)))
            })
            .collect()
    }

    /// The word of a header that was set too close for a cell each: if several numbers of the row stand under it.
    fn part_over(&self, header: &Cell, row: usize, cell: &Cell) -> String {
        let under =
            self.table.rows[row].cells.iter().filter(|c| header.x0 - 4.0 <= c.center() && c.center() <= header.x1 + 4.0).count();
        let words: Vec<&str> = header.text.split(' ').collect();
        // Heads of their own below it: it stands over all of them.
        let within = |c: &&Cell| header.x0 - 4.0 <= c.center() && c.center() <= header.x1 + 4.0 && c.span != header.span;
        let below = |at: &usize| self.table.rows[*at].cells.iter().filter(within).count();
        let is_over_heads = self.heads.iter().take_while(|at| **at < row).any(|at| below(at) >= under.max(2));
        if under < 2 || words.len() < under || is_over_heads {
            return header.text.clone();
        }
        let letter = (header.x1 - header.x0) / header.text.chars().count().max(1) as f32;
        let mut at = header.x0;
        let mut best = (f32::MAX, "");
        for word in words {
            let width = word.chars().count() as f32 * letter;
            let off = (at + width / 2.0 - cell.center()).abs();
            if off < best.0 {
                best = (off, word);
            }
            at += width + letter;
        }
        best.1.to_string()
    }

    /// Whether `scope` is of a system that the paper, whose own are `own`, only compares with, where the systems stand in `rows`.
    fn is_baseline(&self, own: &[String], scope: &Scope, rows: impl Fn(&Row) -> bool) -> bool {
        let named =
            |own: &str| self.table.rows.iter().filter(|row| rows(row)).flat_map(|row| &row.cells).any(|c| names_it(&c.text, own));
        own.iter().any(|own| named(own) && !names_it(self.caption, own))
            && scope.variant.as_deref().is_some_and(|v| !own.iter().any(|own| names_it(v, own)))
    }
}

/// The rows whose cells head what stands below them.
fn heads(rows: &[Row]) -> Vec<usize> {
    // The first of words alone is a header; a later one that begins with a setting is that setting, in words.
    let first = rows.iter().position(is_header);
    let begins = rows.iter().position(|r| !is_header(r)).unwrap_or_default();
    let widest = rows[..begins].iter().map(|r| r.cells.len()).max().unwrap_or_default();
    // Among the values a line of few words is the name of what stands below it, and so is one below the heads of columns.
    let above = rows[..begins].iter().position(|r| r.cells.len() > 1).unwrap_or(begins);
    let is_alone = |at: usize, r: &Row| r.cells.len() == 1 && at > above;
    let is_head = |at: usize, r: &Row| at < begins && !is_alone(at, r) || r.cells.len() > 1 && r.cells.len() * 2 > widest;
    let is_one = |(at, r): &(usize, &Row)| is_head(*at, r) && is_header(r) && (Some(*at) == first || !gives_a_setting(r));
    rows.iter().enumerate().filter(is_one).map(|(at, _)| at).collect()
}

/// A Greek letter alone.
fn sign(text: &str) -> Option<char> {
    let mut letters = text.trim().chars();
    let only = letters.next().filter(|c| ('α'..='ω').contains(c) || *c == 'ϵ')?;
    letters.next().is_none().then_some(only)
}

/// `η: 0.1, τ: 0.5`.
fn begins_with_sign(text: &str) -> bool {
    text.split_once([':', '=']).is_some_and(|(name, _)| sign(name).is_some())
}

/// `learning rate (η)`, `a weight decay of λ`: the signs that a paper gives to settings.
fn signs_of(paper: &Paper) -> Vec<(char, Named)> {
    static GIVEN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?P<name>learning rate|batch size|weight decay|dropout(?: rate)?|label smoothing|momentum),? (?:\(|of )?(?P<sign>[α-ωϵ])(?:\W|$)",
        )
    });
    let all = paper.pages.iter().flat_map(|page| GIVEN.captures_iter(&page.text));
    all.filter_map(|found| Some((found["sign"].chars().next()?, values::setting(&found["name"])?))).collect()
}

/// `... on the commonsense reasoning tasks`: what a table is about whose data no name tells.
fn task_of(caption: &str) -> Option<String> {
    static TASK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:on|for) (?:the |our )?(?P<t>[a-z][a-z/-]+(?: [a-z/-]+){0,2}?) (?:tasks?|benchmarks?|experiments?)\b",
        )
    });
    const GENERAL: [&str; 12] =
        ["all", "each", "every", "various", "several", "different", "many", "both", "most", "these", "downstream", "other"];
    let task = TASK.captures(caption)?["t"].to_string();
    (!task.split(' ').any(|word| GENERAL.contains(&word))).then_some(task)
}

/// `{1e-5, 3e-5}`, `(0.9, 0.95)`: values in brackets.
fn is_list(text: &str) -> bool {
    let within = |open, close| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    within('{', '}').is_some()
        || within('(', ')')
            .or(within('[', ']'))
            .is_some_and(|inside| inside.contains(", ") && numbers::parse_list(inside).len() > 1)
}

/// A row without values.
pub(super) fn is_header(row: &Row) -> bool {
    let is_mark =
        |text: &str| matches!(text, "-" | "–" | "—" | "−" | "✓" | "✗" | "×" | "None" | "True" | "False" | "Yes" | "No" | "n/a");
    let is_value = |text: &str| value_of(text).is_some() || is_list(text) || is_mark(text) || values::gives_betas(text);
    !row.cells.iter().any(|c| is_value(&c.text))
}

/// What a caption says its short names stand for: `LR: Learning Rate. BSZ: Batch Size.`, `BS = batch size`.
fn written_out(caption: &str) -> Vec<(&str, &str)> {
    static SHORT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"\b([A-Z][A-Za-z]{0,4})(?::| ?=| stands for| denotes)\s([A-Za-z][A-Za-z -]{3,40})")
    });
    SHORT.captures_iter(caption).filter_map(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str().trim()))).collect()
}

/// `Learning rate decay | linear | linear`: a setting, and what it is for each column.
fn gives_a_setting(row: &Row) -> bool {
    let Some(Named { key, .. }) = row.cells.first().and_then(|cell| values::setting(&cell.text)) else { return false };
    let mut others = row.cells[1..].iter();
    others.any(|cell| values::setting_value(key, &cell.text).is_some())
        && !row.cells[1..].iter().any(|cell| values::setting(&cell.text).is_some())
}

/// The first number of a cell that is a value: `6.43 (6.61±0.16)`, `88.55 ± 0.04`, `84.6/83.4`.
fn value_of(text: &str) -> Option<f64> {
    static VALUE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^[~≈]?(?P<v>\d{{1,3}}(?: \d{{3}})+|{})\s?%?(?:\s?(?:±|\+/-|\+-).*|\s?[\(\[].*|/\s?[\d.]+.*|[∗*†‡§¹²³]*)?$",
            numbers::NUMBER
        ))
    });
    VALUE
        .captures(plain(text).trim())
        .and_then(|found| numbers::parse(&found["v"]).or_else(|| numbers::parse(&found["v"].replace(' ', ""))))
}

/// A cell that is written as mathematics, without its marks: `$\mathbf{9 1 . 8} \pm 0 . 4$` is `91.8±0.4`.
fn plain(text: &str) -> Cow<'_, str> {
    static COMMAND: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\\[A-Za-z]+|[${}]"));
    if !text.contains(['$', '\\']) {
        return Cow::Borrowed(text);
    }
    let bare = COMMAND.replace_all(&text.replace("\\pm", "±").replace("\\times", "×"), "").to_string();
    // Each sign of such a number may stand alone.
    let is_number = bare.chars().all(|c| c.is_ascii_digit() || " .,±×%+-".contains(c));
    Cow::Owned(if is_number { bare.replace(' ', "") } else { bare })
}

fn names_it(text: &str, name: &str) -> bool {
    text.to_lowercase().contains(name)
}

/// A name of a system: letters, not a mark like (A).
fn is_name(text: &str) -> bool {
    value_of(text).is_none() && text.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !text.starts_with('(')
}
