//! Several settings with their values in one cell: `lr: 0.1, batch size: 32, epochs: 20`.

use super::settings::{BASELINE, SAID};
use super::values::{unit_of, value_in};
use super::{Named, View, is_header};
use crate::intake::extract::{Findings, names, scope};
use crate::intake::{Cell, FieldKey, Row, Scope, Value};
use std::sync::LazyLock;

/// Says what such cells give, each for the data or the system that its row, or the line above it, names.
pub(super) fn find(view: &View<'_>, found: &mut Findings<'_>) {
    let mut group = Scope::default();
    let mut system: Option<String> = None;
    let own = found.own.clone();
    let last = last_system(view);
    for row in &view.table.rows {
        let lists: Vec<(&Cell, Vec<(Named, Value)>)> =
            row.cells.iter().map(|cell| (cell, settings_in(view, &cell.text))).filter(|(_, given)| !given.is_empty()).collect();
        if let ([cell], true) = (row.cells.as_slice(), lists.is_empty()) {
            group = named(&cell.text);
        }
        if let Some(first) = name_of(row) {
            system = Some(first.to_string());
        }
        for (cell, given) in lists {
            let mut of = system.as_deref().map_or_else(Scope::default, named);
            let head = view.table.rows.iter().find(|row| is_header(row));
            let over = head.and_then(|row| row.cells.iter().find(|c| c.x0 <= cell.center() && cell.center() <= c.x1));
            let over = over.filter(|over| over.text != cell.text).map(|over| scope::of_text(&over.text)).unwrap_or_default();
            of = of.or(&over).or(&group).or(&view.scope);
            let is_another = last.is_some() && system.as_deref().map(squeezed) != last;
            let trust = if is_another || view.is_baseline(&own, &of, |_| true) { BASELINE } else { SAID };
            for (named, value) in given {
                let unit = unit_of(named.key, named.unit, &value, "");
                found.add(named.key, value, unit, of.clone(), trust, view.quote(row), view.table.section);
            }
        }
    }
}

/// What stands first in a row, if it is a name.
fn name_of(row: &Row) -> Option<&str> {
    let first = row.cells.first().filter(|_| row.cells.len() > 1)?;
    let text = first.text.trim();
    (super::is_name(text) && !text.contains([':', '='])).then_some(text)
}

/// Data, if the words name some, else a system. A short name is the data's own: `Split-MNIST` is more than `MNIST`.
fn named(text: &str) -> Scope {
    let text = text.trim();
    let known = names::datasets_in(text);
    if known.is_empty() {
        return Scope { variant: Some(text.to_string()), ..Scope::default() };
    }
    let is_one = known.len() == 1 && !text.contains([',', '/', '&']) && text.split_whitespace().count() <= 2;
    let datasets = if is_one { vec![text.to_string()] } else { known.iter().map(|m| m.name.to_string()).collect() };
    Scope { datasets, ..Scope::default() }
}

/// Of several systems whose own settings a table gives the paper's is the last, as in tables of results.
fn last_system(view: &View<'_>) -> Option<String> {
    let mut systems: Vec<String> = view.table.rows.iter().filter_map(name_of).map(squeezed).collect();
    systems.dedup();
    systems.pop().filter(|_| systems.len() > 2)
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The settings that a cell gives, where it is a list of them and nothing else.
pub(super) fn settings_in(view: &View<'_>, text: &str) -> Vec<(Named, Value)> {
    let given = |(name, value): &(&str, &str)| {
        let named = view.setting(name).filter(|named| named.key != FieldKey::Augmentation)?;
        Some((named, value_in(named, value)?))
    };
    pairs_in(text).iter().filter_map(given).collect()
}

/// `lr: 0.1, batch size: 32`: names with their values; none where anything else stands among them.
pub(super) fn pairs_in(text: &str) -> Vec<(&str, &str)> {
    static PAIR: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(?P<n>[^:=]{1,40}?)\s?[:=]\s?(?P<v>[^:=]+)$"));
    let parts: Vec<&str> = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let pairs: Vec<(&str, &str)> = parts
        .iter()
        .filter_map(|part| PAIR.captures(part).and_then(|pair| Some((pair.name("n")?.as_str(), pair.name("v")?.as_str()))))
        .collect();
    if pairs.len() < 2 || pairs.len() < parts.len() { Vec::new() } else { pairs }
}
