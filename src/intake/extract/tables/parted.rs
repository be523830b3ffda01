//! Rows of settings that hold more than one: `(β1, β2) / weight decay | (0.9, 0.98) / 0.1`, `Optimizer | AdamW, lr 5e-4`. Each becomes
//! a row of its own.

use super::{is_list, values};
use crate::intake::extract::{architecture, choices, numbers};
use crate::intake::{Cell, FieldKey, Row, Table};
use std::sync::LazyLock;

/// The table with a row for each setting; none where each row has one as it is.
pub(super) fn parted(table: &Table) -> Option<Table> {
    let whole = with_what_follows(&table.rows);
    let is_joined = whole.len() < table.rows.len();
    let mut rows: Vec<Row> = Vec::with_capacity(table.rows.len());
    for row in &whole {
        match by_names(row).or_else(|| by_brackets(row)) {
            Some(several) => rows.extend(several.into_iter().flat_map(with_asides)),
            None => rows.extend(with_asides(row.clone())),
        }
    }
    (is_joined || rows.len() > table.rows.len()).then(|| Table { rows, ..table.clone() })
}

/// `Modules | q, k,` over ` | v, o`: a list that goes on in the next row, under no name of its own.
fn with_what_follows(rows: &[Row]) -> Vec<Row> {
    let mut whole: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        if let ([more], Some(last)) = (row.cells.as_slice(), whole.last_mut())
            && let [name, value] = last.cells.as_mut_slice()
            && value.text.trim_end().ends_with(',')
            && more.x0 > name.x1
            && names_one(&name.text)
        {
            value.text = format!("{} {}", value.text.trim_end(), more.text.trim_start());
            value.span.end = more.span.end;
            last.span.end = row.span.end;
            continue;
        }
        whole.push(row.clone());
    }
    whole
}

fn names_one(text: &str) -> bool {
    values::setting(text).is_some() || values::names_betas(text)
}

/// `Optimizer (β1, β2, ϵ) | Foo (0.9, 0.999, 1e-8)`: what stands in brackets behind name and value, one for one.
fn by_brackets(row: &Row) -> Option<Vec<Row>> {
    let [first, value] = row.cells.as_slice() else { return None };
    let inside = |text: &str| {
        let (head, rest) = text.trim().split_once('(')?;
        Some((head.trim().to_string(), split(rest.strip_suffix(')')?, ",")))
    };
    let ((name, names), (main, values)) = (inside(&first.text)?, inside(&value.text)?);
    let is_whole =
        names_one(&name) && !main.is_empty() && names.len() == values.len() && names.iter().any(|name| names_one(name));
    let row_of = |(name, value_text): (String, String)| {
        let cells = vec![Cell { text: name, ..first.clone() }, Cell { text: value_text, ..value.clone() }];
        Row { cells, ..row.clone() }
    };
    is_whole.then(|| std::iter::once((name, main)).chain(names.into_iter().zip(values)).map(row_of).collect())
}

/// `Hidden / layers | 384 / 12`: as many values as names in each cell.
fn by_names(row: &Row) -> Option<Vec<Row>> {
    let (first, given) = row.cells.split_first().filter(|(_, given)| !given.is_empty())?;
    let is_one = names_one(&first.text);
    [" / ", "/", " · ", ", ", " and "].iter().find_map(|mark| {
        let mut names = split(&first.text, mark);
        // `LoRA r / α`: both are the adapter's.
        let of_adapter = first.text.starts_with("LoRA ");
        names
            .iter_mut()
            .skip(1)
            .filter(|name| of_adapter && values::adapter_setting(name).is_some())
            .for_each(|name| name.insert_str(0, "LoRA "));
        let is_named = |name: &str| names_one(name) || values::adapter_setting(name).is_some();
        let known = names.iter().filter(|name| is_named(name) || architecture::dimension(name).is_some()).count();
        // What is a name as a whole has several settings only if each part is one.
        if names.len() < 2 || known == 0 || is_one && (known < names.len() || !first.text.contains('/')) {
            return None;
        }
        let parts = |cell: &Cell| {
            let all = [" / ", "/", " · ", ", ", " and "].iter().map(|mark| split(&cell.text, mark));
            // What has none of them has an empty place for each.
            let absent = || values::is_absent(&cell.text).then(|| vec![cell.text.clone(); names.len()]);
            all.into_iter().find(|parts| parts.len() == names.len()).or_else(absent)
        };
        let values: Vec<Vec<String>> = given.iter().map(parts).collect::<Option<_>>()?;
        let row_of = |at: usize| {
            let texts = std::iter::once(names[at].clone()).chain(values.iter().map(|value| value[at].clone()));
            let cells = row.cells.iter().zip(texts).map(|(cell, text)| Cell { text, ..cell.clone() }).collect();
            Row { cells, ..row.clone() }
        };
        Some((0..names.len()).map(row_of).collect())
    })
}

/// The row, and one for each further setting that its values name: `AdamW, lr 5e-4`, `cosine, 2% warmup`, the same in every cell.
fn with_asides(row: Row) -> Vec<Row> {
    let mut rows = vec![row];
    let Some((first, [value])) = rows[0].cells.split_first().map(|(first, given)| (first.clone(), given)) else { return rows };
    if !names_one(&first.text) || is_list(&value.text) {
        return rows;
    }
    let mut parts: Vec<String> = split(&value.text, ", ").iter().flat_map(|part| split(part, "; ")).collect();
    // `cosine with 3% warmup`, `linear warmup (500 steps) + cosine`.
    for mark in [" with ", " w/ ", " + ", " then ", " followed by "] {
        parts = parts.iter().flat_map(|part| split(part, mark)).collect();
    }
    // `linear warmup (3%) then constant`: what comes first is no shape.
    let key_of = |name: &str| values::setting(name).map(|named| named.key);
    let warms = |part: &String| named_value(part).is_some_and(|(name, _)| key_of(&name) == Some(FieldKey::Warmup));
    if key_of(&first.text) == Some(FieldKey::Schedule) && parts.len() > 1 && warms(&parts[0]) {
        parts.rotate_left(1);
    }
    let asides: Vec<(String, String)> = parts.iter().skip(1).filter_map(|part| named_value(part)).collect();
    let is_own = |name: &str| values::setting(name).map(|named| named.key) == values::setting(&first.text).map(|named| named.key);
    let value = value.clone();
    for (name, text) in asides.into_iter().filter(|(name, _)| !is_own(name)) {
        let cells = vec![Cell { text: name, ..first.clone() }, Cell { text, ..value.clone() }];
        rows.push(Row { cells, ..rows[0].clone() });
    }
    if let Some(whole) = parts.first().filter(|_| rows.len() > 1)
        && let Some(cell) = rows[0].cells.get_mut(1)
    {
        cell.text.clone_from(whole);
    }
    rows
}

/// `lr 5e-4`, `2% warmup`, `momentum = 0.9`: the name of a setting and its value.
fn named_value(part: &str) -> Option<(String, String)> {
    static BEHIND: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"^(?P<n>[^\d=:(]{{2,30}}?) ?[=:]? ?(?P<v>\(?{}.*)$", numbers::NUMBER)));
    static BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?P<v>{}(?: ?%| steps| epochs)?)(?: of)? (?P<n>[A-Za-z][A-Za-z -]{{2,30}})$",
            numbers::NUMBER
        ))
    });
    let part = part.trim();
    // `Adam, AdamW` are two optimisers.
    if choices::optimizer_named(part).is_some() {
        return None;
    }
    let found = BEHIND.captures(part).filter(|found| names_one(&found["n"])).or_else(|| BEFORE.captures(part))?;
    // `warmup (3%)`: the brackets are no part of it.
    let value = found["v"].trim();
    let value =
        value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|inner| !inner.contains(',')).unwrap_or(value);
    names_one(&found["n"]).then(|| (found["n"].trim().to_string(), value.to_string()))
}

/// The parts of a text between marks that stand in no brackets.
fn split(text: &str, mark: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_i32, 0);
    for (at, sign) in text.char_indices() {
        match sign {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ if depth == 0 && at >= from && text[at..].starts_with(mark) => {
                parts.push(text[from..at].trim().to_string());
                from = at + mark.len();
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim().to_string());
    if parts.iter().any(String::is_empty) { vec![text.to_string()] } else { parts }
}

#[cfg(test)]
mod tests {
    use crate::intake::FieldKey;
    use crate::intake::extract::said_tests::in_markdown;

    #[test]
    fn a_row_of_several_settings() {
        let table = "## Training\n\nTable 1: Hyperparameters.\n\n| Hyperparameter | Value |\n|---|---|\n| Optimizer | AdamW, lr 5e-4 |\n| (β1, β2) / weight decay | (0.9, 0.98) / 0.1 |\n| Schedule | cosine, 2% warmup |\n| Epochs / words seen | 10 / ≈99M |\n| Batch size / dropout | 32 / 0.2 |\n| Wall clock | 12 h 30 m |\n| Gradient clipping | Max norm 1.0 |\n";
        for (key, expected) in [
            (FieldKey::Optimizer, "\"AdamW\" []"),
            (FieldKey::Lr, "0.0005 []"),
            (FieldKey::Beta1, "0.9 []"),
            (FieldKey::Beta2, "0.98 []"),
            (FieldKey::WeightDecay, "0.1 []"),
            (FieldKey::Schedule, "\"cosine decay\" []"),
            (FieldKey::Warmup, "0.02 []"),
            (FieldKey::Epochs, "10.0 []"),
            (FieldKey::BatchSize, "32.0 []"),
            (FieldKey::Dropout, "0.2 []"),
            (FieldKey::TrainingTime, "12.5 []"),
            (FieldKey::GradClipNorm, "1.0 []"),
        ] {
            assert_eq!(in_markdown(table, key), [expected], "{key:?}");
        }
    }

    #[test]
    fn a_row_of_one_setting_stays() {
        let table = "## Training\n\nTable 1: Hyperparameters.\n\n| Hyperparameter | Value |\n|---|---|\n| Learning rate | 1e-4, 5e-4 |\n| Batch size | 8, 16 |\n| Optimizer | Adam |\n";
        assert_eq!(in_markdown(table, FieldKey::Lr), ["[0.0001,0.0005] []"]);
        assert_eq!(in_markdown(table, FieldKey::BatchSize), ["[8.0,16.0] []"]);
    }
}
