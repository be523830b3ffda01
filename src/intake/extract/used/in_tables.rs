//! Models that tables name: in heads, as what is built on, by their depths or as a series of sizes.

use super::NamedModel;
use crate::intake::extract::models::{depth, is_model, models_named};
use crate::intake::extract::{Findings, about, names, tables};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Models that heads of columns name: `Teacher | FooNet-34 | BarNet-18`, each cell of one or of the two that were trained together.
pub(super) fn in_heads(found: &Findings<'_>) -> Vec<NamedModel> {
    static MODELS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:teachers?|students?|models?|backbones?|networks?|architectures?|encoders?|arch\.?)\b")
    });
    let mut models: Vec<NamedModel> = Vec::new();
    for table in &found.paper.tables {
        let heads = table.rows.iter().take(3).filter(|row| tables::is_header(row) && row.cells.len() > 2);
        for row in heads {
            let Some((_, cells)) = row.cells.split_first().filter(|(first, _)| MODELS.is_match(&first.text)) else { continue };
            let named = |text: &str| -> Vec<String> {
                let named: Vec<String> = models_named(text).into_iter().map(|(name, _)| name).collect();
                let whole: usize = named.iter().map(|name| name.len() + 1).sum();
                if whole > text.len() { named } else { Vec::new() }
            };
            // One of them may be known to nobody else.
            let known = cells.iter().filter(|cell| named(&cell.text).iter().any(|name| is_model(name))).count();
            if known * 2 <= cells.len() || cells.iter().any(|cell| named(&cell.text).is_empty()) {
                continue;
            }
            for cell in cells {
                for name in named(&cell.text) {
                    let quote = found.paper.quote(table.page, cell.span);
                    let section = table.section;
                    models.push(NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section });
                }
            }
        }
    }
    models
}

/// Models that tables of settings name as what is built on: `Base architecture | FooNet-18 (lib)`.
pub(super) fn built_on(found: &Findings<'_>) -> Vec<NamedModel> {
    static BASE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:base|backbone|pre-?trained|foundation|encoder) (?:architecture|model|network|LLM)|backbone|base|(?:text |image |audio |vision )?encoder|architecture|model)s?:?$",
        )
    });
    static ASIDE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" ?[(\[].*$"));
    let mut models = Vec::new();
    for table in &found.paper.tables {
        let rows = table.rows.iter().filter(|row| row.cells.len() > 1 && BASE.is_match(row.cells[0].text.trim()));
        // A head of columns stands above, a row of settings among others.
        let of_settings = |row: &&crate::intake::Row| row.cells.first().is_some_and(|cell| tables::setting(&cell.text).is_some());
        if table.rows.iter().filter(of_settings).count() < 2 {
            continue;
        }
        for cell in rows.flat_map(|row| &row.cells[1..]) {
            let name = ASIDE.replace(cell.text.trim(), "").into_owned();
            if models_named(&name).len() == 1 && name.split(' ').count() <= 3 {
                let quote = found.paper.quote(table.page, cell.span);
                models.push(NamedModel {
                    name,
                    sure: true,
                    weight: 6.0,
                    begins: false,
                    trust: 0.75,
                    quote,
                    section: table.section,
                });
            }
        }
    }
    models
}

/// Models that rows begin with, whose names tell how deep they are.
pub(super) fn depths_in_rows(found: &Findings<'_>) -> Vec<NamedModel> {
    let mut models = Vec::new();
    for table in &found.paper.tables {
        for cell in table.rows.iter().filter_map(|row| row.cells.first()).filter(|cell| depth(cell.text.trim()).is_some()) {
            let (name, quote) = (cell.text.trim().to_string(), found.paper.quote(table.page, cell.span));
            models.push(NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section: table.section });
        }
    }
    models
}

/// Models of the paper's own that rows tell apart by size alone: `Foo-Small` and `Foo-Large`.
pub(super) fn series(found: &Findings<'_>) -> Vec<NamedModel> {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?P<stem>[A-Z][A-Za-z\d]*[A-Z\d][\w]*)[- ](?P<size>(?i:nano|tiny|small|base|medium|large|huge)|XXL|XL|XS|[TSBMLH])$",
        )
    });
    let mut all: Vec<(String, NamedModel)> = Vec::new();
    for table in &found.paper.tables {
        for cell in table.rows.iter().filter_map(|row| row.cells.first()) {
            let Some(parts) = SIZE.captures(cell.text.trim()) else { continue };
            let name = cell.text.trim().to_string();
            let known = about::family_named(&name).is_some() || !names::datasets_in(&name).is_empty();
            if known || all.iter().any(|(_, other)| other.name == name) {
                continue;
            }
            let quote = found.paper.quote(table.page, cell.span);
            let section = table.section;
            let model = NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section };
            all.push((parts["stem"].to_string(), model));
        }
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (stem, _) in &all {
        *counts.entry(stem.clone()).or_default() += 1;
    }
    counts.retain(|_, count| *count > 1);
    // Others' models come in sizes, too: the paper's own bear its name, or are the only ones.
    let own: Vec<&String> = found.own.iter().filter(|own| own.len() > 2 && about::family_named(own).is_none()).collect();
    // `Blue Oak Trees` is short for itself as `BOT`.
    let title = found.paper.title.as_ref().map_or("", |title| found.paper.passage(title)).to_lowercase();
    let initials: String = title.split([' ', '-']).filter_map(|word| word.chars().next()).collect();
    let is_own = |stem: &str| {
        let lower = stem.to_lowercase();
        let is_named = || own.iter().any(|own| lower.starts_with(own.as_str())) || initials.starts_with(&lower);
        counts.contains_key(stem) && if own.is_empty() { counts.len() == 1 } else { is_named() }
    };
    all.into_iter().filter(|(stem, _)| is_own(stem)).map(|(_, model)| model).collect()
}
