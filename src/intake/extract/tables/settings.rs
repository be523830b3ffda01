//! Settings in tables: their names down the first column or across the header.

use super::values::{augmentation, gives_betas, is_absent, names_betas, unit_of, value_in};
use super::{Named, View, is_header, is_name, sizes, value_of};
use crate::intake::extract::{Findings, augmentation, choices, family_named, names, numbers, scope, topic};
use crate::intake::{Cell, Family, Field, FieldKey, Paper, Phase, Row, Scope, Table, Unit, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Whether the names of settings stand down the first column: in most rows; one is enough where the table says that it is about settings.
pub(super) fn in_rows(view: &View<'_>) -> bool {
    let valued = || view.table.rows.iter().filter(|r| r.cells.len() > 1);
    let named = valued().filter(|r| named_in(view, r).is_some()).count();
    let is_about = names_column(view).is_some() || is_about_settings(view.caption);
    // Systems down the column and one setting across are another table.
    is_about && named >= 1 && !in_columns(view) || named >= 2 && 2 * named >= valued().filter(|r| !is_header(r)).count()
}

fn is_about_settings(caption: &str) -> bool {
    static ABOUT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:hyper-?\s?parameters?|training (?:details|settings?|configurations?|setup|recipe)|implementation details|optimi[sz]ation settings|finetuning settings|pre-?training settings?)\b",
        )
    });
    ABOUT.is_match(caption)
}

/// Tables that are looked through for others of settings.
const MOST_TABLES: usize = 200;

/// Of several tables of settings, what one is of by its caption: `Hyperparameters of Foo`, `Foo training settings`.
pub(super) fn told_apart(paper: &Paper, caption: usize) -> Option<String> {
    static LABEL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?i:table|tab\.) ?(?:[A-Z]\.?)?\d{0,3}[.:|]?\s"));
    static OF: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b(?:for|of) (?:the |our )?(?P<x>[A-Z][^.:;,]{1,60})$"));
    let text = |caption: usize| paper.passages.get(caption).map_or("", |passage| paper.passage(passage));
    let of_settings = |table: &Table| table.caption.is_some_and(|other| other != caption && is_about_settings(text(other)));
    if !is_about_settings(text(caption)) || !paper.tables.iter().take(MOST_TABLES).any(of_settings) {
        return None;
    }
    let bare = LABEL.replace(text(caption), "");
    let first = bare.split(". ").next().unwrap_or_default().trim_end_matches('.');
    let named = OF.captures(first).map_or(first, |found| found.name("x").map_or("", |x| x.as_str()));
    topic::telling(named).filter(|told| told.split(' ').count() <= 5 && told.starts_with(char::is_uppercase))
}

/// Which of the first two columns says over itself that it holds the names of settings: the second stands behind groups of them.
fn names_column(view: &View<'_>) -> Option<usize> {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^(?:hyper-?\s?)?(?:parameters?|params?|settings?|config(?:uration)?s?|options?)\b")
    });
    view.table.rows.first()?.cells.iter().take(2).position(|cell| HEAD.is_match(&cell.text))
}

/// The setting that a row gives, and which of its cells names it.
fn named_in(view: &View<'_>, row: &Row) -> Option<(usize, Named)> {
    let at = |index: usize| row.cells.get(index).and_then(|cell| view.setting(&cell.text)).map(|named| (index, named));
    // A sign of its own, explained beside it: `E | Number of epochs | 30`.
    let explained = || {
        let is_told = row.cells.len() > 2 && row.cells[0].text.chars().count() <= 3;
        let head = view.table.rows.first().and_then(|first| first.cells.get(1)).filter(|head| is_told && says_about(&head.text));
        head.and_then(|_| at(1))
    };
    at(0).or_else(explained).or_else(|| {
        let head = view.table.rows.first().and_then(|first| first.cells.get(1)).filter(|_| names_column(view) == Some(1))?;
        // Where the group is an empty cell, the name comes first.
        row.cells.iter().position(|cell| cell.x0 <= head.center() && head.center() <= cell.x1).and_then(at)
    })
}

/// A header row names at least two settings, or the one that the table is about.
pub(super) fn in_columns(view: &View<'_>) -> bool {
    static OF: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:learning rates?|batch sizes?|dropout(?: rates?)?|number of (?:epochs|(?:training )?steps))\b",
        )
    });
    // Beside recall, precision is no format of numbers.
    let measures = |row: &Row| {
        row.cells.iter().any(|c| ["recall", "f1", "accuracy"].iter().any(|name| c.text.to_lowercase().starts_with(name)))
    };
    let is_setting =
        |row: &Row, c: &Cell| view.setting(&c.text).is_some_and(|named| named.key != FieldKey::Precision || !measures(row));
    let named = |row: &Row| row.cells.iter().filter(|c| is_setting(row, c)).count();
    let mut headers = view.table.rows.iter().filter(|r| is_header(r));
    headers.any(|r| named(r) >= 2 || named(r) == 1 && r.cells.len() == 2 && OF.is_match(view.caption))
}

/// A setting of what the paper only compares with.
pub(super) const BASELINE: f32 = 0.45;

/// What tables have given so far: how often for each key, phase and group of data.
pub(in crate::intake::extract) type Given = HashMap<(FieldKey, Option<Phase>, Option<String>), i32>;

/// How much to trust the next statement of a table on a key, given those before it: tables lead with the main configuration for a
/// data set or suite, and each further one is less likely to be the recipe.
fn trust(given: &mut Given, key: FieldKey, scope: &Scope, rows: &str) -> f32 {
    let group = scope.datasets.first().map(|d| names::suite_of(d).unwrap_or(d).to_string());
    let group = group.or_else(|| (!rows.is_empty()).then(|| rows.to_string()));
    let earlier = given.entry((key, scope.phase, group)).or_default();
    *earlier += 1;
    SAID * 0.85_f32.powi((*earlier - 1).min(20))
}

/// Columns beside the first of a row are as much the paper's, a little less each.
const BESIDE: f32 = 0.99;

/// The same within a row: columns beside each other are configurations beside each other, not further ones.
fn trust_beside(
    given: &mut Given,
    key: FieldKey,
    (scope, rows): (&Scope, &str),
    row: &mut Vec<(Option<Phase>, Option<String>, f32)>,
) -> f32 {
    let of = (scope.phase, scope.datasets.first().cloned());
    if let Some((.., first)) = row.iter_mut().find(|(phase, data, _)| (*phase, data) == (of.0, &of.1)) {
        *first *= BESIDE;
        return *first;
    }
    let first = trust(given, key, scope, rows);
    row.push((of.0, of.1, first));
    first
}

/// How much a table's first statement is to be trusted.
pub(super) const SAID: f32 = 0.75;

/// Names of settings down the first column, data sets or systems across.
pub(super) fn by_row(view: &View<'_>, found: &mut Findings<'_>) {
    static STAGE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:Stage|Phase|Step|Part|Task|Model) (?:\d|[A-Z]|I{1,3}|IV)\b"));
    // Labels for the rows below them stand alone in their line.
    let mut group = String::new();
    let own = found.own.clone();
    let of_sizes = sizes::in_rows(view);
    let is_tried = gives_what_was_tried(view.caption);
    let are_experiments = groups_are_experiments(view);
    let mut in_group = false;
    for (index, row) in view.table.rows.iter().enumerate() {
        let Some(first) = row.cells.first() else { continue };
        if row.cells.len() > 1 && (names_betas(&first.text) || gives_betas(&row.cells[1].text)) {
            betas(view, (index, row), found);
            continue;
        }
        // In a table of systems `mixup` may be one; among settings it is a kind of augmentation.
        let kind = || {
            let is_kind = first.text.split(' ').count() <= 3 && !augmentation::augmentations_named(&first.text).is_empty();
            let named = Named { key: FieldKey::Augmentation, unit: None, power: 0 };
            (row.cells.len() > 1 && is_kind).then_some((0, named))
        };
        let Some((name, named)) = named_in(view, row).or_else(kind) else {
            let parts = ["training", "inference", "evaluation"].contains(&first.text.to_lowercase().as_str());
            // (A stage may have a long name.)
            let most = if topic::stage(&format!("{},", first.text)).is_some() || STAGE.is_match(&first.text) { 9 } else { 4 };
            if row.cells.len() == 1 && first.text.split(' ').count() <= most && !parts {
                group = if in_group || group.is_empty() { first.text.clone() } else { format!("{group} {}", first.text) };
                in_group = false;
            }
            continue;
        };
        // A column before the names is of groups; where it is empty the last goes on.
        if let Some(cell) = row.cells[..name].first().filter(|_| are_experiments) {
            group = cell.text.clone();
        }
        in_group = true;
        let given = &row.cells[name + 1..];
        let key = named.key;
        let columns = columns(view, (index, row), name, named);
        let part = part_named(view, &row.cells[name].text, key);
        // What one column has and another has not is that column's.
        let single = columns.len() == 1 && !(given.len() > 1 && given.iter().any(|cell| is_absent(&cell.text)));
        let mut beside = Vec::new();
        for Column { value, unit, headers } in columns {
            let scope = if single { of_columns(view, &group, &[]) } else { of_columns(view, &group, &headers) };
            let is_baseline = view.is_baseline(&own, &scope, is_header);
            let topic = part.clone().filter(|_| scope.topic.is_none());
            let scope = Scope { topic: topic.or(scope.topic.clone()), ..scope }.or(&view.scope);
            let trust = match is_baseline {
                true => BASELINE,
                false if is_tried && value.numbers().len() > 1 => BASELINE,
                // A column that gives a whole model gives its recipe, too.
                false if of_sizes => SAID,
                false => {
                    let rows = view.told_apart.as_ref().filter(|_| group.is_empty()).unwrap_or(&group);
                    let rows = part.as_ref().unwrap_or(rows);
                    trust_beside(&mut found.given, key, (&scope, rows), &mut beside)
                }
            };
            found.add(key, value, unit, scope, trust, view.quote(row), view.table.section);
        }
    }
    optimizer_of_constants(view, found);
}

/// `Backbone LR` beside `Head LR`: whose the setting is, where the table gives it for several.
fn part_named(view: &View<'_>, name: &str, key: FieldKey) -> Option<String> {
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?P<p>[A-Za-z][\w-]*(?: [a-z-]+)?)[ _-](?i:learning[- _]rate|lr|weight[- _]decay|optimi[sz]er|drop-?out)\b",
        )
    });
    const PLAIN: [&str; 16] = [
        "base", "peak", "initial", "init", "max", "maximum", "starting", "training", "adam", "adamw", "sgd", "minimum", "min",
        "final", "l2", "lora",
    ];
    let same = |row: &&Row| named_in(view, row).is_some_and(|(_, named)| named.key == key);
    if view.table.rows.iter().filter(same).take(2).count() < 2 {
        return None;
    }
    let part = PART.captures(name.trim())?["p"].to_string();
    let is_plain = part.split(' ').any(|word| PLAIN.contains(&word.to_lowercase().as_str()));
    (!is_plain && scope::of_text(&part).phase.is_none()).then_some(part)
}

/// A value of a row, and the headers of the columns that have it.
struct Column {
    value: Value,
    unit: Option<Unit>,
    headers: Vec<String>,
}

/// The values of a row whose cell `name` names a setting.
fn columns(view: &View<'_>, (index, row): (usize, &Row), name: usize, named: Named) -> Vec<Column> {
    let given = &row.cells[name + 1..];
    let (mut columns, mut unit, key): (Vec<Column>, _, _) = (Vec::new(), named.unit, named.key);
    for cell in given {
        let value = match key {
            FieldKey::Augmentation => augmentation(&row.cells[name].text, &cell.text),
            _ => value_in(named, &cell.text),
        };
        let Some(value) = value else { continue };
        unit = unit_of(key, unit, &value, &cell.text);
        // One value in the middle holds for every column.
        let header = if given.len() > 1 { view.headers(index, cell).join(" ") } else { String::new() };
        if given.len() > 1 && says_about(&header) {
            continue;
        }
        let header = if says_value(&header) { String::new() } else { header };
        match columns.iter_mut().find(|column| column.value == value) {
            Some(column) => column.headers.push(header),
            None => columns.push(Column { value, unit, headers: vec![header] }),
        }
    }
    columns
}

/// Whether the groups in a column before the names are experiments, not kinds of settings: a name stands in several of them.
fn groups_are_experiments(view: &View<'_>) -> bool {
    let name = |row: &Row| named_in(view, row).and_then(|(at, _)| row.cells.get(at)).map(|cell| cell.text.clone());
    let names: Vec<String> = view.table.rows.iter().filter_map(name).collect();
    names_column(view) == Some(1) && names.iter().enumerate().any(|(at, name)| names[..at].contains(name))
}

/// `The search space of our hyper-parameters`: values of which one was chosen.
pub(super) fn gives_what_was_tried(caption: &str) -> bool {
    static TRIED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:search|hyper-?\s?parameters?|tuning|sweep)[- ](?:search )?(?:spaces?|grids?|ranges?)\b|\bgrid[- ]search\b",
        )
    });
    TRIED.is_match(caption)
}

/// A header over words on a setting, or over what was tried for it: not over what it was.
fn says_about(header: &str) -> bool {
    static ABOUT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:descriptions?|notes?|remarks?|comments?|meaning|explanation|rationale|reasons?|references?|symbol|type|(?:search )?(?:space|range)|(?:tested|tried|candidate|considered|explored) values|grid)$",
        )
    });
    ABOUT.is_match(header.trim())
}

/// A header over values, of no system.
fn says_value(header: &str) -> bool {
    static VALUE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:best|final|chosen|selected|optimal|used|our)? ?(?:values?|settings?|choice)|best|final|chosen|selected|optimal|used)$",
        )
    });
    VALUE.is_match(header.trim())
}

/// What columns under these headers are of, in a group of rows: data, a phase, or systems.
fn of_columns(view: &View<'_>, group: &str, headers: &[String]) -> Scope {
    // `Pre-training` or `GLUE` over rows is no model's name.
    let told = scope::of_text(group);
    let is_told = told.phase.is_some() || !told.datasets.is_empty();
    let group = (!group.is_empty() && !is_told).then(|| group.to_string());
    let mut datasets: Vec<String> = headers.iter().flat_map(|h| names::datasets_in(h)).map(|m| m.name.to_string()).collect();
    let words = headers.join(" ");
    let phase = scope::of_text(&words).phase.filter(|_| datasets.is_empty() && columns_are_phases(view));
    if headers.is_empty() || !datasets.is_empty() || phase.is_some() {
        datasets.extend(told.datasets);
        // Above the data may stand the model.
        let variant = group.or_else(|| model_over_data(headers));
        return Scope { variant, datasets, phase: phase.or(told.phase), ..Scope::default() };
    }
    let systems = [group.unwrap_or_default(), words].join(" ").trim().to_string();
    Scope { variant: (!systems.is_empty()).then_some(systems), datasets: told.datasets, phase: told.phase, ..Scope::default() }
}

/// `FooNet-B Leaves`, `FooNet-B Roots`: the one model that columns of data are of.
fn model_over_data(headers: &[String]) -> Option<String> {
    let mut models: Vec<String> = Vec::new();
    for header in headers {
        let at = names::datasets_in(header).first().map(|data| data.at.start).filter(|at| *at > 0)?;
        let model = header[..at].trim().to_string();
        if !models.contains(&model) {
            models.push(model);
        }
    }
    let is_model = |name: &String| topic::is_model(name) || family_named(name).is_some();
    (!models.is_empty() && models.iter().all(is_model)).then(|| models.join(" and "))
}

/// `Pre-training | Fine-tuning` across; a `Fine-tune` among methods is one of them.
fn columns_are_phases(view: &View<'_>) -> bool {
    let headers = view.table.rows.iter().filter(|row| is_header(row)).flat_map(|row| &row.cells);
    let phases: Vec<Phase> = headers.filter_map(|cell| scope::of_text(&cell.text).phase).collect();
    phases.contains(&Phase::PreTraining) && phases.contains(&Phase::FineTuning)
}

/// `Adam β₁`, `Adam ϵ` name the optimiser where no row does.
fn optimizer_of_constants(view: &View<'_>, found: &mut Findings<'_>) {
    let named = |row: &Row| named_in(view, row).map(|(at, named)| (named.key, choices::optimizer_named(&row.cells[at].text)));
    let is_constant = |key| matches!(key, FieldKey::Beta1 | FieldKey::Beta2 | FieldKey::Eps | FieldKey::Momentum);
    if view.table.rows.iter().filter_map(named).any(|(key, _)| key == FieldKey::Optimizer) {
        return;
    }
    for row in &view.table.rows {
        if let Some((key, Some(optimizer))) = named(row)
            && is_constant(key)
        {
            let (key, value) = (FieldKey::Optimizer, Value::Optimizer { optimizer });
            return found.add(key, value, None, view.scope.clone(), SAID, view.quote(row), view.table.section);
        }
    }
}

/// The pair that a row gives: one number in each of two cells, or both in one, for each column that has its own.
fn betas(view: &View<'_>, (index, row): (usize, &Row), found: &mut Findings<'_>) {
    // Behind the signs, if they stand in the cell.
    let written = |cell: &Cell| {
        let behind: Vec<&str> = cell.text.split(['=', ':']).skip(1).collect();
        match behind.as_slice() {
            [first, second] => [first, second].iter().filter_map(|part| leading_number(part)).collect(),
            _ => numbers::parse_list(behind.last().unwrap_or(&cell.text.as_str())),
        }
    };
    let given = &row.cells[1..];
    let mut pairs: Vec<(Vec<f64>, Vec<String>)> = Vec::new();
    for cell in given.iter().filter(|cell| written(cell).len() == 2) {
        match pairs.iter_mut().find(|(pair, _)| *pair == written(cell)) {
            Some((_, headers)) => headers.push(view.headers(index, cell).join(" ")),
            None => pairs.push((written(cell), vec![view.headers(index, cell).join(" ")])),
        }
    }
    if pairs.is_empty() {
        pairs.push((given.iter().take(2).flat_map(written).take(2).collect(), Vec::new()));
    }
    let single = pairs.len() == 1;
    for (pair, headers) in pairs {
        let [first, second] = pair[..] else { continue };
        if !(0.0..1.0).contains(&first) || !(0.0..1.0).contains(&second) {
            continue;
        }
        let scope = of_columns(view, "", if single { &[] } else { &headers }).or(&view.scope);
        for (key, value) in [(FieldKey::Beta1, first), (FieldKey::Beta2, second)] {
            let trust = trust(&mut found.given, key, &scope, "");
            let value = Value::Number { value };
            found.add(key, value, None, scope.clone(), trust, view.quote(row), view.table.section);
        }
    }
}

/// ` 0.9, β₂` -> 0.9
fn leading_number(text: &str) -> Option<f64> {
    numbers::parse(text.trim().split([',', ';', ' ']).next()?)
}

/// A header over names of data.
fn names_data(header: &str) -> bool {
    ["dataset", "datasets", "data set", "data", "corpus", "task", "tasks"].contains(&header.trim().to_lowercase().as_str())
}

/// The same where each row is of data of its own: none of them is a further one for the same data.
fn trust_once(given: &mut Given, told: &mut HashMap<FieldKey, (Vec<String>, f32)>, key: FieldKey, scope: &Scope) -> f32 {
    // (Of several models each may be tried on each.)
    let Some(data) = scope.datasets.first().filter(|_| scope.variant.is_none()) else { return trust(given, key, scope, "") };
    match told.get_mut(&key) {
        Some((seen, first)) if !seen.contains(data) => {
            seen.push(data.clone());
            *first
        }
        Some(_) => trust(given, key, scope, ""),
        None => {
            let first = trust(given, key, scope, "");
            told.insert(key, (vec![data.clone()], first));
            first
        }
    }
}

/// Whether a row is of a model of another family than the paper's, beside one that bears the paper's own name.
fn is_anothers(view: &View<'_>, own: &[String], family: Option<Family>, scope: &Scope) -> bool {
    let named = |own: &String| view.table.rows.iter().flat_map(|row| &row.cells).any(|cell| super::names_it(&cell.text, own));
    let variant = scope.variant.as_deref().unwrap_or_default();
    let is_own = own.iter().any(|own| super::names_it(variant, own));
    let other = family_named(variant).filter(|other| Some(*other) != family);
    !is_own && other.is_some() && family.is_some() && own.iter().any(named)
}

/// Names of settings in the header, one configuration a row.
pub(super) fn by_column(view: &View<'_>, found: &mut Findings<'_>) {
    let own = found.own.clone();
    let family = found.family();
    let first = found.fields.len();
    // For each setting the data that had one, and how much the first was trusted.
    let mut told: HashMap<FieldKey, (Vec<String>, f32)> = HashMap::new();
    for (index, row) in view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row)) {
        let mut scope = Scope::default();
        let mut settings = Vec::new();
        let mut is_model = false;
        for (column, cell) in row.cells.iter().enumerate() {
            let header = view.headers(index, cell);
            match header.iter().rev().find_map(|h| view.setting(h)) {
                Some(named) => {
                    // A system may stand over several settings.
                    let over = header.first().filter(|over| header.len() > 1 && view.setting(over).is_none() && is_name(over));
                    let value = value_in(named, &cell.text);
                    settings.extend(value.map(|value| (named.key, value, named.unit, over.cloned())));
                }
                None if column == 0 && sizes::names_a_size(&cell.text) => {
                    scope.variant = Some(cell.text.clone());
                    is_model = true;
                }
                None if value_of(&cell.text).is_some() => {}
                None => match names::datasets_in(&cell.text).first() {
                    Some(dataset) => scope.datasets.push(dataset.name.to_string()),
                    None if header.last().is_some_and(|h| names_data(h)) => scope.datasets.push(cell.text.clone()),
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
        is_model |= scope.variant.as_deref().is_some_and(|name| found.is_variant(name));
        let size =
            sizes::size(view, index, row, &own).filter(|variant| variant.num_layers.is_some() && variant.hidden_size.is_some());
        for (key, value, unit, over) in settings {
            let scope = match (over, scope.variant.is_none()) {
                (Some(over), true) => Scope { variant: Some(over), ..scope.clone() },
                _ => scope.clone(),
            };
            let trust = match size {
                _ if view.is_baseline(&own, &scope, |_| true) || is_anothers(view, &own, family, &scope) => BASELINE,
                // A row that gives a whole model, or is of one that is known, gives its recipe, too.
                Some(_) => SAID,
                None if is_model => SAID,
                None => trust_once(&mut found.given, &mut told, key, &scope),
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
