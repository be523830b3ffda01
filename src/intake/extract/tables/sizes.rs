//! Sizes of the architecture in tables.

use super::{View, is_header, is_name, names_it, results, value_of};
use crate::intake::extract::Findings;
use crate::intake::extract::architecture::{self, Dimension};
use crate::intake::{Cell, Family, FieldKey, Row, Scope, Value, Variant};
use std::sync::LazyLock;

/// One size a row, or sizes named across a header (`18-layer`, `34-layer`).
pub(super) fn find(view: &View<'_>, found: &mut Findings<'_>) {
    for row in view.table.rows.iter().filter(|row| is_header(row)) {
        depths_across(view, row, found);
    }
    if in_rows(view) {
        return by_row(view, found);
    }
    let own = found.own.clone();
    for (index, row) in view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row)) {
        // A row with a citation is another paper's model.
        if let Some(variant) = size(view, index, row, &own).filter(|_| !row.cells[0].text.contains('[')) {
            let scope = Scope { variant: None, ..view.scope.clone() };
            found.add(FieldKey::Variants, Value::Variant { variant }, None, scope, 0.8, view.quote(row), view.table.section);
        }
    }
}

/// Whether sizes stand down the first column.
pub(super) fn in_rows(view: &View<'_>) -> bool {
    let named = view.table.rows.iter().filter(|r| r.cells.len() > 1 && architecture::dimension(&r.cells[0].text).is_some());
    // Headers of two rows may begin with a dimension, too.
    named.filter(|row| !is_header(row)).count() >= 2
}

/// Sizes down the first column, a model a column: `Layers | 12 | 24`, `Hidden size | 768 | 1024`.
fn by_row(view: &View<'_>, found: &mut Findings<'_>) {
    let mut models: Vec<(String, Variant, Option<usize>)> = Vec::new();
    for (index, row) in view.table.rows.iter().enumerate() {
        let Some(dimension) = row.cells.first().and_then(|c| architecture::dimension(&c.text)) else { continue };
        for cell in &row.cells[1..] {
            let Some(value) = value_of(&cell.text) else { continue };
            let header = view.headers(index, cell).join(" ");
            let at = models.iter().position(|(name, ..)| *name == header).unwrap_or_else(|| {
                models.push((header, Variant::default(), None));
                models.len() - 1
            });
            let (_, variant, first) = &mut models[at];
            variant.set(dimension, value);
            first.get_or_insert(index);
        }
    }
    let single = models.len() == 1;
    let family = found.family().map_or("model", |family| family.name());
    for (header, mut variant, first) in models {
        let of_values = ["", "value", "values", "setting"].contains(&header.to_lowercase().as_str());
        variant.name = if of_values || single && !is_name(&header) { family.to_string() } else { header };
        let sized = variant.num_layers.is_some() && variant.known() >= 2;
        if let Some(row) = first.filter(|_| sized) {
            let row = &view.table.rows[row];
            found.add(
                FieldKey::Variants,
                Value::Variant { variant },
                None,
                view.scope.clone(),
                0.8,
                view.quote(row),
                view.table.section,
            );
        }
    }
}

/// `18-layer | 34-layer | 50-layer`: depths of the paper's family.
fn depths_across(view: &View<'_>, row: &Row, found: &mut Findings<'_>) {
    static DEPTH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(\d{1,4})[- ]layers?$"));
    let depths: Vec<u32> = row.cells.iter().filter_map(|c| DEPTH.captures(&c.text)?[1].parse().ok()).collect();
    if depths.len() < 2 {
        return;
    }
    let family = found.family().map(|family| if family == Family::Resnet { "ResNet" } else { family.name() });
    for depth in depths {
        let name = family.map_or_else(|| format!("{depth}-layer"), |f| format!("{f}-{depth}"));
        let variant = Variant { name, num_layers: Some(depth), ..Variant::default() };
        let scope = Scope { variant: None, ..view.scope.clone() };
        found.add(FieldKey::Variants, Value::Variant { variant }, None, scope, 0.8, view.quote(row), view.table.section);
    }
}

/// The words at the start of a row; a count of layers that follows belongs to the name (`ResNet 20`).
pub(super) fn row_label(view: &View<'_>, index: usize, row: &Row) -> String {
    let named = |c: &&Cell| value_of(&c.text).is_none() && is_name(&c.text) || names_a_size(&c.text);
    let Some(first) = row.cells.first().filter(named) else { return String::new() };
    // The count tells rows of one name apart.
    let namesakes = view.table.rows.iter().filter(|r| r.cells.first().is_some_and(|c| c.text == first.text)).count();
    if namesakes < 2 {
        return first.text.clone();
    }
    let layers = row
        .cells
        .get(1)
        .filter(|c| view.headers(index, c).iter().rev().find_map(|h| architecture::dimension(h)) == Some(Dimension::Layers));
    // So does a size in a cell of its own: `ALBERT | base`.
    let part = row.cells.get(1).filter(|c| c.text.chars().all(|c| c.is_alphanumeric() || c == '-') && is_name(&c.text));
    if let Some(part) =
        part.filter(|c| value_of(&c.text).is_none() && view.headers(index, c).last() == view.headers(index, first).last())
    {
        return format!("{} {}", first.text, part.text);
    }
    match layers.and_then(|c| value_of(&c.text)) {
        Some(count) => format!("{}-{count}", first.text),
        None => first.text.clone(),
    }
}

/// `117M` at the start of a row: the model of so many parameters.
pub(super) fn names_a_size(text: &str) -> bool {
    let count = text.strip_suffix(['M', 'B']).unwrap_or_default();
    !count.is_empty() && count.len() <= 5 && count.starts_with(|c: char| c.is_ascii_digit()) && count.parse::<f64>().is_ok()
}

/// `Foo (ours) FooNet` -> `Foo FooNet`
fn without_ours(label: &str) -> String {
    static OURS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i) ?[(\[]ours?[)\]]"));
    OURS.replace_all(label, "").trim().to_string()
}

/// Whether a name is of a model with something added; how many times as wide it is, adds nothing.
fn is_changed(name: &str) -> bool {
    static WIDER: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" ?\((?:\d+(?:\.\d+)? ?[×x]|[×x] ?\d+)\)"));
    WIDER.replace_all(name, "").contains(['(', '+'])
}

/// The model that a row gives the size of; of the paper's own the number of parameters is enough.
pub(super) fn size(view: &View<'_>, index: usize, row: &Row, own: &[String]) -> Option<Variant> {
    let label = results::with_network(view, index, row, row_label(view, index, row), false);
    let mut variant = Variant { name: without_ours(&label), ..Variant::default() };
    let (mut params, mut all_trained) = ("", true);
    for cell in &row.cells {
        let headers = view.headers(index, cell);
        let named = headers.iter().rev().find_map(|h| architecture::dimension(h));
        if let (Some(dimension), Some(value)) = (named, value_of(&cell.text)) {
            let millions = dimension == Dimension::Params
                && headers.iter().any(|h| h.contains("10⁶") || h.contains("(M)") || h.to_lowercase().contains("million"));
            variant.set(dimension, if millions { value * 1e6 } else { value });
            if dimension == Dimension::Params {
                params = &cell.text;
                all_trained = !headers.iter().any(|h| h.to_lowercase().contains("trainable"));
            }
        }
    }
    // A model without a name is called by its parameters, if the row has its whole size and is no change of another's.
    if variant.name.is_empty() && variant.num_layers.is_some() && variant.hidden_size.is_some() {
        variant.name = params.to_string();
    }
    let sized = variant.num_layers.is_some() && (variant.hidden_size.is_some() || variant.num_params.is_some());
    let is_own = !is_changed(&variant.name)
        && own.iter().any(|own| names_it(&variant.name, own))
        && variant.num_params.is_some()
        && all_trained;
    ((sized || is_own) && !variant.name.is_empty()).then_some(variant)
}
