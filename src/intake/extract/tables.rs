//! What tables say: settings, sizes of the architecture, results.
//!
//! A number belongs to the label at the start of its row and to the header cells above it. Whether rows or columns hold settings, data
//! sets or systems is told by their names.

use super::architecture::{self, Dimension};
use super::{Findings, choices, names, numbers, scope};
use crate::intake::{
    Cell, DatasetRole, DatasetUse, Family, Field, FieldKey, Paper, Phase, Quote, ReportedResult, Row, ScheduleShape, Scope, Span,
    Table, Unit, Value, Variant,
};
use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) fn find(paper: &Paper, table: &Table, found: &mut Findings<'_>) {
    let view = View::new(paper, table);
    if view.settings_in_rows() {
        settings_by_row(&view, found);
    } else if view.settings_in_columns() {
        settings_by_column(&view, found);
    } else {
        results(&view, found);
    }
    variants(&view, found);
}

/// A table with what is known of its parts.
struct View<'a> {
    paper: &'a Paper,
    table: &'a Table,
    caption: &'a str,
    /// What caption and section say.
    scope: Scope,
}

impl<'a> View<'a> {
    fn new(paper: &'a Paper, table: &'a Table) -> Self {
        let caption = table.caption.map_or("", |c| paper.passage(&paper.passages[c]));
        let scope = table.caption.map_or_else(Scope::default, |c| scope::of_caption(paper, c));
        // A table may have floated away from its section; its caption stays.
        let named = scope.variant.is_some() || !scope.datasets.is_empty();
        let scope = if named { scope } else { scope.or(&scope::of_text(paper.section_title(table.section))) };
        View { paper, table, caption, scope }
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
        self.table.rows[..row]
            .iter()
            .filter(|r| is_header(r))
            .filter_map(|r| r.cells.iter().find(over).map(|header| self.part_over(header, row, cell)))
            .collect()
    }

    /// The word of a header that was set too close for a cell each: if several numbers of the row stand under it.
    fn part_over(&self, header: &Cell, row: usize, cell: &Cell) -> String {
        let under =
            self.table.rows[row].cells.iter().filter(|c| header.x0 - 4.0 <= c.center() && c.center() <= header.x1 + 4.0).count();
        let words: Vec<&str> = header.text.split(' ').collect();
        if under < 2 || words.len() < under {
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

    /// Whether a cell names it.
    fn names(&self, name: &str) -> bool {
        self.table.rows.iter().flat_map(|r| &r.cells).any(|c| names_it(&c.text, name))
    }

    /// Whether `scope` is of a system that the paper, whose own is `own`, only compares with.
    fn is_baseline(&self, own: Option<&str>, scope: &Scope) -> bool {
        own.is_some_and(|own| {
            self.names(own) && !names_it(self.caption, own) && scope.variant.as_deref().is_some_and(|v| !names_it(v, own))
        })
    }

    /// The model that a row gives the size of.
    fn size(&self, index: usize, row: &Row) -> Option<Variant> {
        let mut variant = Variant { name: row_label(self, index, row), ..Variant::default() };
        let mut params = "";
        for cell in &row.cells {
            let headers = self.headers(index, cell);
            let named = headers.iter().rev().find_map(|h| architecture::dimension(h));
            if let (Some(dimension), Some(value)) = (named, value_of(&cell.text)) {
                let millions = dimension == Dimension::Params && (headers.iter().any(|h| h.contains("10⁶") || h.contains("(M)")));
                variant.set(dimension, if millions { value * 1e6 } else { value });
                if dimension == Dimension::Params {
                    params = &cell.text;
                }
            }
        }
        // A model without a name is called by its parameters, if the row has its whole size and is no change of another's.
        if variant.name.is_empty() && variant.num_layers.is_some() && variant.hidden_size.is_some() {
            variant.name = params.to_string();
        }
        let sized = variant.num_layers.is_some() && (variant.hidden_size.is_some() || variant.num_params.is_some());
        (sized && !variant.name.is_empty()).then_some(variant)
    }

    /// Most rows begin with the name of a setting.
    fn settings_in_rows(&self) -> bool {
        let named = self.table.rows.iter().filter(|r| r.cells.len() > 1 && setting(&r.cells[0].text).is_some()).count();
        named >= 2 && 2 * named >= self.table.rows.iter().filter(|r| r.cells.len() > 1 && !is_header(r)).count()
    }

    /// A header row names at least two settings.
    fn settings_in_columns(&self) -> bool {
        self.table
            .rows
            .iter()
            .filter(|r| is_header(r))
            .any(|r| r.cells.iter().filter(|c| setting(&c.text).is_some()).count() >= 2)
    }
}

/// A row without values.
fn is_header(row: &Row) -> bool {
    let is_value = |text: &str| {
        value_of(text).is_some() || text.starts_with('{') && text.ends_with('}') || matches!(text, "-" | "–" | "—" | "−")
    };
    !row.cells.iter().any(|c| is_value(&c.text))
}

/// The first number of a cell that is a value: `6.43 (6.61±0.16)`, `88.55 ± 0.04`, `84.6/83.4`.
fn value_of(text: &str) -> Option<f64> {
    static VALUE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^[~≈]?(?P<v>\d{{1,3}}(?: \d{{3}})+|{})\s?%?(?:\s?(?:±|\+/-|\+-).*|\s?[\(\[].*|/[\d.]+.*|[∗*†‡§¹²³]*)?$",
            numbers::NUMBER
        ))
    });
    VALUE
        .captures(text.trim())
        .and_then(|found| numbers::parse(&found["v"]).or_else(|| numbers::parse(&found["v"].replace(' ', ""))))
}

/// The setting that a cell names.
fn setting(text: &str) -> Option<(FieldKey, Option<Unit>)> {
    static NAMES: LazyLock<Vec<(regex::Regex, FieldKey, Option<Unit>)>> = LazyLock::new(|| {
        let name = |pattern: &str, key, unit| (crate::intake::regex(&format!("(?i)^(?:{pattern})$")), key, unit);
        vec![
            name(r"(?:base |peak |initial |max )?(?:learning rate|lr)", FieldKey::Lr, None),
            name(r"(?:training |train )?(?:mini-?)?batch[- ]?size", FieldKey::BatchSize, Some(Unit::Examples)),
            name(r"(?:# ?|num(?:ber of)?\.? |training |max )?epochs?", FieldKey::Epochs, Some(Unit::Epochs)),
            name(
                r"(?:# ?|num(?:ber of)?\.? |training |train |max )?(?:steps|iterations|updates)",
                FieldKey::Steps,
                Some(Unit::Steps),
            ),
            name(r"warm-?\s?up steps", FieldKey::Warmup, Some(Unit::Steps)),
            name(r"warm-?\s?up tokens", FieldKey::Warmup, Some(Unit::Tokens)),
            name(r"warm-?\s?up (?:ratio|proportion|fraction)", FieldKey::Warmup, Some(Unit::Fraction)),
            name(r"(?:l2 )?weight decay", FieldKey::WeightDecay, None),
            name(r"(?:cls |residual |attention )?drop-?out(?: prob\w*\.?| rate)?|p_?drop", FieldKey::Dropout, None),
            name(r"label smooth(?:ing)?|[ϵε]_?ls", FieldKey::LabelSmoothing, None),
            name(r"(?:max\.? )?(?:seq\.?|sequence) len(?:gth|\.)?", FieldKey::MaxSeqLen, Some(Unit::Tokens)),
            name(r"(?:gradient |grad\.? )?clip(?:ping)?(?: norm)?", FieldKey::GradClipNorm, None),
            name(r"momentum", FieldKey::Momentum, None),
            name(r"(?:adam )?(?:β[₁1]|beta1)", FieldKey::Beta1, None),
            name(r"(?:adam )?(?:β[₂2]|beta2)", FieldKey::Beta2, None),
            name(r"(?:adam )?[ϵε]|(?:adam )?eps(?:ilon)?", FieldKey::Eps, None),
            name(r"optimi[sz]er", FieldKey::Optimizer, None),
            name(r"(?:learning rate|lr) (?:decay|schedule)|schedule", FieldKey::Schedule, None),
            name(r"lora (?:α|alpha)", FieldKey::LoraAlpha, None),
            name(r"lora config\.?|adaptation|lora rank|rank r?", FieldKey::LoraRank, None),
        ]
    });
    NAMES.iter().find(|(name, ..)| name.is_match(text.trim())).map(|(_, key, unit)| (*key, *unit))
}

/// What a cell gives for a setting.
fn setting_value(key: FieldKey, text: &str) -> Option<Value> {
    static RANK: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^r_?q ?= ?r_?v ?= ?(\d+)$|^r ?= ?(\d+)$|^(\d+)$"));
    match key {
        FieldKey::Optimizer => choices::optimizer_named(text).map(|optimizer| Value::Optimizer { optimizer }),
        FieldKey::Schedule => shape_named(text).map(|schedule| Value::Schedule { schedule }),
        FieldKey::LoraRank => {
            let found = RANK.captures(text.trim())?;
            found.iter().skip(1).flatten().next()?.as_str().parse().ok().map(|value| Value::Number { value })
        }
        _ => {
            let braces = text.trim().starts_with('{') || text.contains('/');
            let values = if braces { numbers::parse_list(text) } else { value_of(text).into_iter().collect() };
            (!values.is_empty()).then(|| Value::from_numbers(values))
        }
    }
}

fn shape_named(text: &str) -> Option<ScheduleShape> {
    match text.trim().to_lowercase().as_str() {
        "linear" => Some(ScheduleShape::Linear),
        "cosine" => Some(ScheduleShape::Cosine),
        "constant" => Some(ScheduleShape::Constant),
        "exponential" => Some(ScheduleShape::Exponential),
        _ => None,
    }
}

/// A setting of what the paper only compares with.
const BASELINE: f32 = 0.45;

fn names_it(text: &str, name: &str) -> bool {
    text.to_lowercase().contains(name)
}

/// What tables have given so far: how often for each key, phase and group of data.
pub(super) type Given = HashMap<(FieldKey, Option<Phase>, Option<String>), i32>;

/// How much to trust the next statement of a table on a key, given those before it: tables lead with the main configuration for a
/// data set or suite, and each further one is less likely to be the recipe.
fn trust(given: &mut Given, key: FieldKey, scope: &Scope) -> f32 {
    let group = scope.datasets.first().map(|d| names::suite_of(d).unwrap_or(d).to_string());
    let earlier = given.entry((key, scope.phase, group)).or_default();
    *earlier += 1;
    SAID * 0.85_f32.powi((*earlier - 1).min(20))
}

/// How much a table's first statement is to be trusted.
const SAID: f32 = 0.75;

/// Names of settings down the first column, data sets or systems across.
fn settings_by_row(view: &View<'_>, found: &mut Findings<'_>) {
    // Labels for the rows below them stand alone in their line.
    let mut group = String::new();
    let own = found.family().map(|family| family.name());
    let mut in_group = false;
    for (index, row) in view.table.rows.iter().enumerate() {
        let Some(first) = row.cells.first() else { continue };
        let Some((key, unit)) = setting(&first.text) else {
            let parts = ["training", "inference", "evaluation"].contains(&first.text.to_lowercase().as_str());
            if row.cells.len() == 1 && first.text.split(' ').count() <= 4 && !parts {
                group = if in_group || group.is_empty() { first.text.clone() } else { format!("{group} {}", first.text) };
                in_group = false;
            }
            continue;
        };
        in_group = true;
        let mut columns: Vec<(Value, Vec<String>)> = Vec::new();
        for cell in &row.cells[1..] {
            let Some(value) = setting_value(key, &cell.text) else { continue };
            // One value in the middle holds for every column.
            let header = if row.cells.len() > 2 { view.headers(index, cell).join(" ") } else { String::new() };
            match columns.iter_mut().find(|(other, _)| *other == value) {
                Some((_, headers)) => headers.push(header),
                None => columns.push((value, vec![header])),
            }
        }
        let single = columns.len() == 1;
        for (value, headers) in columns {
            let mut scope = Scope { variant: (!group.is_empty()).then(|| group.clone()), ..Scope::default() };
            if !single {
                scope.datasets = headers.iter().flat_map(|h| names::datasets_in(h)).map(|m| m.name.to_string()).collect();
                if scope.datasets.is_empty() {
                    let systems = [scope.variant.unwrap_or_default(), headers.join(" ")].join(" ").trim().to_string();
                    scope.variant = (!systems.is_empty()).then_some(systems);
                }
            }
            let is_baseline = view.is_baseline(own, &scope);
            let scope = scope.or(&view.scope);
            let trust = if is_baseline { BASELINE } else { trust(&mut found.given, key, &scope) };
            found.add(key, value, unit, scope, trust, view.quote(row), view.table.section);
        }
    }
}

/// Names of settings in the header, one configuration a row.
fn settings_by_column(view: &View<'_>, found: &mut Findings<'_>) {
    let own = found.family().map(|family| family.name());
    let first = found.fields.len();
    for (index, row) in view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row)) {
        let mut scope = Scope::default();
        let mut settings = Vec::new();
        for cell in &row.cells {
            let header = view.headers(index, cell);
            match header.iter().rev().find_map(|h| setting(h)) {
                Some((key, unit)) => settings.extend(setting_value(key, &cell.text).map(|value| (key, value, unit))),
                None if value_of(&cell.text).is_some() => {}
                None => match names::datasets_in(&cell.text).first() {
                    Some(dataset) => scope.datasets.push(dataset.name.to_string()),
                    None if scope.variant.is_none() && is_name(&cell.text) => scope.variant = Some(cell.text.clone()),
                    None => {}
                },
            }
        }
        // A row that names nothing is a part of another.
        if scope == Scope::default() {
            continue;
        }
        let scope = scope.or(&Scope { datasets: Vec::new(), ..view.scope.clone() });
        let size = view.size(index, row).filter(|variant| variant.num_layers.is_some() && variant.hidden_size.is_some());
        for (key, value, unit) in settings {
            let trust = match size {
                _ if view.is_baseline(own, &scope) => BASELINE,
                // A row that gives a whole model gives its recipe, too.
                Some(_) => SAID,
                None => trust(&mut found.given, key, &scope),
            };
            // Data sets with the same value share a statement.
            let shared = |f: &&mut Field| f.key == key && f.value == value && f.scope.variant == scope.variant;
            match found.fields[first..].iter_mut().find(shared).filter(|_| !scope.datasets.is_empty()) {
                Some(field) => field.scope.datasets.extend(scope.datasets.iter().cloned()),
                None => found.add(key, value, unit, scope.clone(), trust, view.quote(row), view.table.section),
            }
        }
    }
}

/// A name of a system: letters, not a mark like (A).
fn is_name(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !text.starts_with('(')
}

/// One size a row, or sizes named across a header (`18-layer`, `34-layer`).
fn variants(view: &View<'_>, found: &mut Findings<'_>) {
    for row in view.table.rows.iter().filter(|row| is_header(row)) {
        depths_across(view, row, found);
    }
    for (index, row) in view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row)) {
        // A row with a citation is another paper's model.
        if let Some(variant) = view.size(index, row).filter(|_| !row.cells[0].text.contains('[')) {
            let scope = Scope { variant: None, ..view.scope.clone() };
            found.add(FieldKey::Variants, Value::Variant { variant }, None, scope, 0.8, view.quote(row), view.table.section);
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
fn row_label(view: &View<'_>, index: usize, row: &Row) -> String {
    let Some(first) = row.cells.first().filter(|c| value_of(&c.text).is_none() && is_name(&c.text)) else { return String::new() };
    // The count tells rows of one name apart.
    let namesakes = view.table.rows.iter().filter(|r| r.cells.first().is_some_and(|c| c.text == first.text)).count();
    if namesakes < 2 {
        return first.text.clone();
    }
    let layers = row
        .cells
        .get(1)
        .filter(|c| view.headers(index, c).iter().rev().find_map(|h| architecture::dimension(h)) == Some(Dimension::Layers));
    match layers.and_then(|c| value_of(&c.text)) {
        Some(count) => format!("{}-{count}", first.text),
        None => first.text.clone(),
    }
}

/// Numbers with a data set and, where it can be told, a metric and a system.
fn results(view: &View<'_>, found: &mut Findings<'_>) {
    let metrics = CaptionMetrics::read(view.caption);
    // Labels that hold for the rows below.
    let mut group: Option<String> = None;
    for (index, row) in view.table.rows.iter().enumerate() {
        if is_header(row) {
            group = row
                .cells
                .first()
                .filter(|_| row.cells.len() == 1)
                .and_then(|c| names::datasets_in(&c.text).first().map(|m| m.name.to_string()))
                .or(group);
            continue;
        }
        let label = row_label(view, index, row);
        for cell in row.cells.iter().skip(usize::from(!label.is_empty())) {
            let Some(value) = score_of(&cell.text) else { continue };
            let headers = view.headers(index, cell);
            if headers.iter().any(|h| architecture::dimension(h).is_some() || setting(h).is_some()) {
                continue;
            }
            if let Some((result, unit)) = result_of(view, &metrics, &label, &headers, group.as_deref(), value) {
                let scope = Scope {
                    phase: view.scope.phase,
                    datasets: vec![result.dataset.clone()],
                    variant: result.variant.clone(),
                    topic: None,
                };
                // From the row's label to the number.
                let words = view.paper.quote(view.table.page, Span { start: row.span.start, end: cell.span.end });
                uses(view, &result, &scope, &words, found);
                found.add(FieldKey::Results, Value::Result { result }, unit, scope, 0.7, words, view.table.section);
            }
        }
    }
}

/// A result says that its data set and metric were used.
fn uses(view: &View<'_>, result: &ReportedResult, scope: &Scope, words: &Quote, found: &mut Findings<'_>) {
    let dataset = DatasetUse { name: result.dataset.clone(), role: DatasetRole::Eval };
    let metric =
        result.metric.iter().filter(|m| *m != "score").map(|m| (FieldKey::Metrics, Value::Texts { texts: vec![m.clone()] }));
    for (key, value) in metric.chain([(FieldKey::Datasets, Value::Dataset { dataset })]) {
        if !found.fields.iter().any(|f| f.key == key && f.value == value) {
            found.add(key, value, None, scope.clone(), 0.7, words.clone(), view.table.section);
        }
    }
}

/// A score rather than a count: no `392k`, no years.
fn score_of(text: &str) -> Option<f64> {
    let counted = text.trim_end_matches(['∗', '*', '†']).ends_with(['k', 'K', 'M', 'B']);
    value_of(text).filter(|v| !counted && (0.0..=1000.0).contains(v) && (text.contains('.') || text.contains('%')))
}

fn result_of(
    view: &View<'_>,
    metrics: &CaptionMetrics,
    label: &str,
    headers: &[String],
    group: Option<&str>,
    value: f64,
) -> Option<(ReportedResult, Option<Unit>)> {
    let dataset_of = |text: &str| names::datasets_in(text).first().map(|m| text[m.at.clone()].to_string());
    let begins = |text: &str| names::datasets_in(text).first().is_some_and(|m| m.at.start == 0);
    let above = headers.iter().rev().find_map(|h| dataset_of(h));
    // A data set at the row's start makes the columns systems, though they be named after other data (`Ours-C4`).
    let after_data = begins(label) && !headers.iter().any(|h| begins(h));
    let (dataset, variant) = match (above.filter(|_| !after_data), dataset_of(label)) {
        (Some(dataset), _) => (dataset, label.to_string()),
        (None, Some(dataset)) => (dataset, headers.join(" ")),
        (None, None) => {
            let average = headers.iter().any(|h| h.starts_with("Av"));
            let caption = dataset_of(view.caption).filter(|_| !average || view.caption.contains("GLUE"));
            (group.map(str::to_string).or(caption).or_else(|| view.scope.datasets.first().cloned())?, label.to_string())
        }
    };
    let metric_above = headers.iter().rev().find_map(|h| names::metrics_in(h).first().map(|m| m.name));
    let metric = metric_above.filter(|m| *m != "score").or_else(|| metrics.of(&dataset)).or(metric_above);
    let unit = metric.is_some_and(names::in_percent).then_some(Unit::Percent);
    let variant = (!variant.is_empty()).then_some(variant);
    Some((ReportedResult { dataset, metric: metric.map(str::to_string), value, variant }, unit))
}

/// Which metric the caption names for which data sets: `F1 for QQP, and accuracy for the other tasks`.
struct CaptionMetrics {
    /// (metric, data sets it is for; none where it is for all or the others).
    parts: Vec<(&'static str, Vec<&'static str>)>,
}

impl CaptionMetrics {
    fn read(caption: &str) -> Self {
        let metrics: Vec<_> = names::metrics_in(caption).into_iter().filter(|m| m.name != "score").collect();
        let mut parts = Vec::new();
        for (index, metric) in metrics.iter().enumerate() {
            let end = metrics.get(index + 1).map_or(caption.len(), |next| next.at.start);
            let named = &caption[metric.at.end..end];
            let is_for = named.trim_start().starts_with("for") || named.contains(" for ");
            let datasets = if is_for { names::datasets_in(named).into_iter().map(|m| m.name).collect() } else { Vec::new() };
            parts.push((metric.name, datasets));
        }
        CaptionMetrics { parts }
    }

    fn of(&self, dataset: &str) -> Option<&'static str> {
        let named = self.parts.iter().find(|(_, datasets)| datasets.iter().any(|d| names::same_dataset(d, dataset)));
        named.or_else(|| self.parts.iter().find(|(_, datasets)| datasets.is_empty())).map(|(metric, _)| *metric)
    }
}
