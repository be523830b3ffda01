//! Settings in tables: their names down the first column or across the header.

use super::{View, is_header, is_name, sizes, value_of};
use crate::intake::extract::{Findings, choices, names, numbers};
use crate::intake::{Field, FieldKey, Phase, Row, ScheduleShape, Scope, Unit, Value};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Whether the names of settings stand down the first column: in most rows; one is enough where the table says that it is about settings.
pub(super) fn in_rows(view: &View<'_>) -> bool {
    static ABOUT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:hyper-?\s?parameters?|training (?:details|settings?|configurations?|setup|recipe)|implementation details|optimi[sz]ation settings|finetuning settings|pre-?training settings?)\b",
        )
    });
    let valued = || view.table.rows.iter().filter(|r| r.cells.len() > 1);
    let named = valued().filter(|r| named_in(view, r).is_some()).count();
    let is_about = names_column(view).is_some() || ABOUT.is_match(view.caption);
    // Systems down the column and one setting across are another table.
    is_about && named >= 1 && !in_columns(view) || named >= 2 && 2 * named >= valued().filter(|r| !is_header(r)).count()
}

/// Which of the first two columns says over itself that it holds the names of settings: the second stands behind groups of them.
fn names_column(view: &View<'_>) -> Option<usize> {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^(?:hyper-?\s?)?(?:parameters?|params?|settings?|config(?:uration)?s?|options?)\b")
    });
    view.table.rows.first()?.cells.iter().take(2).position(|cell| HEAD.is_match(&cell.text))
}

/// The setting that a row gives, and which of its cells names it.
fn named_in(view: &View<'_>, row: &Row) -> Option<(usize, FieldKey, Option<Unit>)> {
    let at = |index: usize| row.cells.get(index).and_then(|cell| view.setting(&cell.text)).map(|(key, unit)| (index, key, unit));
    at(0).or_else(|| {
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
    let named = |row: &Row| row.cells.iter().filter(|c| view.setting(&c.text).is_some()).count();
    let mut headers = view.table.rows.iter().filter(|r| is_header(r));
    headers.any(|r| named(r) >= 2 || named(r) == 1 && r.cells.len() == 2 && OF.is_match(view.caption))
}

/// The setting that a cell names; signs and units behind the name aside: `Learning rate (η)`, `Batch size B`.
pub(super) fn setting(text: &str) -> Option<(FieldKey, Option<Unit>)> {
    static BEHIND: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?:\s*[\(\[][^()\[\]]*[\)\]]|\s+[α-ωϵA-Z]_?\w{0,5}|[*†‡:])$"));
    let text = text.trim();
    named(text).or_else(|| {
        let bare = BEHIND.find(text).map(|behind| text[..behind.start()].trim())?;
        let (key, unit) = named(bare)?;
        let unit = if key == FieldKey::BatchSize && text.to_lowercase().contains("token") { Some(Unit::Tokens) } else { unit };
        Some((key, unit))
    })
}

fn named(text: &str) -> Option<(FieldKey, Option<Unit>)> {
    static NAMES: LazyLock<Vec<(regex::Regex, FieldKey, Option<Unit>)>> = LazyLock::new(|| {
        let name = |pattern: &str, key, unit| (crate::intake::regex(&format!("(?i)^(?:{pattern})$")), key, unit);
        vec![
            name(
                r"(?:(?:base|peak|initial|init|max|maximum|starting|backbone|encoder|decoder|head|classifier|actor|critic|policy|generator|discriminator|pre-?training|fine-?tuning|training|adam|adamw|sgd)[- ]){0,2}(?:modules? )?(?:learning[- _]rate|lr)",
                FieldKey::Lr,
                None,
            ),
            name(
                r"(?:(?:training|train|global|total|effective|pre-?training|fine-?tuning)[- ])?(?:mini[- ]?)?batch[- _]?size|bsz|bs",
                FieldKey::BatchSize,
                Some(Unit::Examples),
            ),
            name(
                r"(?:# ?(?:of )?|num(?:ber of)?\.? |max(?:imum)?\.? |total )?(?:training |train |fine-?tuning |pre-?training )?epochs?",
                FieldKey::Epochs,
                Some(Unit::Epochs),
            ),
            name(
                r"(?:# ?(?:of )?|num(?:ber of)?\.? |max(?:imum)?\.? |total )?(?:training |train |optimi[sz]ation |gradient |update )?(?:steps|iterations|updates|iters)",
                FieldKey::Steps,
                Some(Unit::Steps),
            ),
            name(
                r"(?:lr |learning[- ]rate |linear )?warm-?\s?up(?: length| period| duration)?|(?:# ?)?(?:lr )?warm-?\s?up[ _](?:steps|iterations|updates)",
                FieldKey::Warmup,
                Some(Unit::Steps),
            ),
            name(r"warm-?\s?up epochs", FieldKey::Warmup, Some(Unit::Epochs)),
            name(r"warm-?\s?up tokens", FieldKey::Warmup, Some(Unit::Tokens)),
            name(r"(?:lr )?warm-?\s?up[ _](?:ratio|proportion|fraction|percentage)", FieldKey::Warmup, Some(Unit::Fraction)),
            name(r"(?:l2 |adam |adamw |decoupled )?weight[- _]decay(?: rate| coefficient)?", FieldKey::WeightDecay, None),
            name(
                r"(?:(?:cls|residual|attention|hidden|embedding|ffn|mlp|classifier|encoder|decoder) )?drop-?out(?: prob\w*\.?| rate| ratio)?|p_?drop",
                FieldKey::Dropout,
                None,
            ),
            name(r"label[- ]smooth(?:ing)?(?: factor| rate)?|[ϵε]_?ls", FieldKey::LabelSmoothing, None),
            name(
                r"(?:(?:max(?:imum)?\.?|input|training) ){0,2}(?:seq(?:uence|\.)?|context|input|text)[- _]?(?:len(?:gth|\.)?|window|size)|max(?:imum)?\.? (?:len(?:gth|\.)?|tokens)",
                FieldKey::MaxSeqLen,
                Some(Unit::Tokens),
            ),
            name(
                r"(?:gradient |grad\.? )?(?:norm )?clip(?:ping)?(?: norm| value| threshold)?|max(?:imum)?\.? grad(?:ient|\.)?[- ]norm|(?:gradient|grad) norm(?: clip(?:ping)?)?",
                FieldKey::GradClipNorm,
                None,
            ),
            name(r"(?:sgd )?momentum", FieldKey::Momentum, None),
            name(r"(?:adam\w? )?(?:β[₁1]|beta_?1)", FieldKey::Beta1, None),
            name(r"(?:adam\w? )?(?:β[₂2]|beta_?2)", FieldKey::Beta2, None),
            name(r"(?:adam\w? )?[ϵε]|(?:adam\w? )?eps(?:ilon)?", FieldKey::Eps, None),
            name(r"optimi[sz]er(?: type)?", FieldKey::Optimizer, None),
            name(
                r"(?:learning[- ]rate|lr)[- _](?:decay|schedule|scheduler|schedule type|decay schedule|annealing)|schedul(?:e|er)|decay (?:schedule|type)",
                FieldKey::Schedule,
                None,
            ),
            name(r"lora[- _](?:α|alpha)", FieldKey::LoraAlpha, None),
            name(r"lora config\.?|adaptation|lora[- _](?:rank|r)|rank r?", FieldKey::LoraRank, None),
            name(r"lora (?:target )?(?:modules|targets|layers)|target modules", FieldKey::LoraTargets, None),
            name(r"(?:data )?augmentations?", FieldKey::Augmentation, None),
            name(r"(?:training |numerical |model )?precision|(?:training )?dtype|mixed[- ]precision", FieldKey::Precision, None),
            name(r"(?:loss|objective)(?: function)?|training (?:loss|objective)", FieldKey::Loss, None),
            name(r"hardware|gpus?(?: type)?|devices?|accelerators?|(?:training )?hardware", FieldKey::Hardware, None),
        ]
    });
    NAMES.iter().find(|(name, ..)| name.is_match(text)).map(|(_, key, unit)| (*key, *unit))
}

/// `Adam betas`, `β₁, β₂`: one cell names both.
fn names_betas(text: &str) -> bool {
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:adam\w? |optimi[sz]er )?(?:betas?|β|(?:adam\w? )?\(?(?:β|beta_?)[₁1]?\s?[,/]\s?(?:β|beta_?)[₂2]?\)?)(?: parameters)?$",
        )
    });
    BOTH.is_match(text.trim())
}

/// `β₁, β₂ = 0.9, 0.95` in a cell of values.
fn gives_betas(text: &str) -> bool {
    static BOTH: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^\(?(?:β|beta)_?[₁1]?\s?[,/]\s?(?:β|beta)_?[₂2]?\)?\s?[=:]"));
    BOTH.is_match(text.trim())
}

/// Whether a cell says that something is not used.
fn is_absent(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "✗" | "×" | "no" | "none" | "-" | "–" | "—" | "−")
}

/// What a row on augmentation gives: the kinds that the cell names, or its own where that is used.
fn augmentation(name: &str, text: &str) -> Option<Value> {
    if is_absent(text) || value_of(text) == Some(0.0) {
        return None;
    }
    let of_any = name.to_lowercase().contains("augmentation");
    let named = choices::augmentations_named(if of_any { text } else { name });
    let texts = if named.is_empty() { vec![if of_any { text } else { name }.trim().to_string()] } else { named };
    Some(Value::Texts { texts })
}

/// What a cell gives for a setting.
pub(super) fn setting_value(key: FieldKey, text: &str) -> Option<Value> {
    static RANK: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^r_?q ?= ?r_?v ?= ?(\d+)$|^r ?= ?(\d+)$|^(\d+)$"));
    static UNIT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\s?(?:%|(?:training )?(?:steps|iterations|updates|epochs|tokens|examples|samples|sequences|images)(?: of training)?|of (?:the )?(?:total )?(?:training )?(?:steps|training))+\s*$",
        )
    });
    static SCALED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"^(?P<v>{})\s?[·×x∙⋅*]\s?\(?\p{{L}}.*$", numbers::NUMBER)));
    let words = || text.chars().any(char::is_alphabetic).then(|| text.trim().to_string());
    match key {
        FieldKey::Optimizer => choices::optimizer_named(text).map(|optimizer| Value::Optimizer { optimizer }),
        FieldKey::Schedule => shape_named(text).map(|schedule| Value::Schedule { schedule }),
        FieldKey::LoraRank => {
            let found = RANK.captures(text.trim())?;
            found.iter().skip(1).flatten().next()?.as_str().parse().ok().map(|value| Value::Number { value })
        }
        FieldKey::LoraTargets => {
            words().map(|text| Value::Texts { texts: text.split(',').map(|t| t.trim().to_string()).collect() })
        }
        FieldKey::Augmentation => augmentation("augmentation", text),
        FieldKey::Dropout | FieldKey::LabelSmoothing | FieldKey::WeightDecay if matches!(text.trim(), "✗" | "×") => {
            Some(Value::Number { value: 0.0 })
        }
        FieldKey::Precision | FieldKey::Loss | FieldKey::Hardware => words().map(|text| Value::Text { text }),
        _ => {
            let bare = UNIT.replace(text.trim(), "");
            // `0.0005 × batchsize / 512` is a rate and how it is scaled.
            let bare = SCALED.replace(&bare, "$v");
            let several = bare.starts_with(['{', '[']) || bare.contains('/') || bare.contains(", ");
            let mut values = if several { numbers::parse_list(&bare) } else { value_of(&bare).into_iter().collect() };
            let share = matches!(key, FieldKey::Dropout | FieldKey::LabelSmoothing | FieldKey::WeightDecay | FieldKey::Warmup);
            if share && text.contains('%') {
                values.iter_mut().for_each(|v| *v /= 100.0);
            }
            (!values.is_empty()).then(|| Value::from_numbers(values))
        }
    }
}

/// The unit of a cell, where it says another than the setting's name.
fn unit_of(key: FieldKey, unit: Option<Unit>, value: &Value, text: &str) -> Option<Unit> {
    let text = text.to_lowercase();
    let small = value.numbers().iter().all(|v| *v < 1.0);
    match key {
        FieldKey::Warmup if text.contains('%') => Some(Unit::Fraction),
        FieldKey::Warmup if text.contains("epoch") => Some(Unit::Epochs),
        FieldKey::Warmup if text.contains("token") => Some(Unit::Tokens),
        FieldKey::Warmup if small && unit == Some(Unit::Steps) => Some(Unit::Fraction),
        FieldKey::BatchSize if text.contains("token") => Some(Unit::Tokens),
        _ => unit,
    }
}

fn shape_named(text: &str) -> Option<ScheduleShape> {
    let text = text.to_lowercase();
    let shapes = [
        ("restart", ScheduleShape::CosineRestarts { cycles: None }),
        ("cosine", ScheduleShape::Cosine),
        ("inverse", ScheduleShape::InverseSqrt),
        ("poly", ScheduleShape::Polynomial { power: None }),
        ("expon", ScheduleShape::Exponential),
        ("wsd", ScheduleShape::Wsd),
        ("one cycle", ScheduleShape::OneCycle),
        ("onecycle", ScheduleShape::OneCycle),
        ("plateau", ScheduleShape::Plateau { divisor: None }),
        ("step", ScheduleShape::Milestones { at: Vec::new(), unit: None, divisor: None }),
        ("linear", ScheduleShape::Linear),
        ("constant", ScheduleShape::Constant),
        ("fixed", ScheduleShape::Constant),
        ("none", ScheduleShape::Constant),
    ];
    shapes.into_iter().find(|(name, _)| text.contains(name)).map(|(_, shape)| shape)
}

/// A setting of what the paper only compares with.
const BASELINE: f32 = 0.45;

/// What tables have given so far: how often for each key, phase and group of data.
pub(in crate::intake::extract) type Given = HashMap<(FieldKey, Option<Phase>, Option<String>), i32>;

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
pub(super) fn by_row(view: &View<'_>, found: &mut Findings<'_>) {
    // Labels for the rows below them stand alone in their line.
    let mut group = String::new();
    let own = found.own.clone();
    let of_sizes = sizes::in_rows(view);
    let mut in_group = false;
    for (index, row) in view.table.rows.iter().enumerate() {
        let Some(first) = row.cells.first() else { continue };
        if row.cells.len() > 1 && (names_betas(&first.text) || gives_betas(&row.cells[1].text)) {
            betas(view, row, found);
            continue;
        }
        // In a table of systems `mixup` may be one; among settings it is a kind of augmentation.
        let kind = || {
            let is_kind = first.text.split(' ').count() <= 3 && !choices::augmentations_named(&first.text).is_empty();
            (row.cells.len() > 1 && is_kind).then_some((0, FieldKey::Augmentation, None))
        };
        let Some((name, key, unit)) = named_in(view, row).or_else(kind) else {
            let parts = ["training", "inference", "evaluation"].contains(&first.text.to_lowercase().as_str());
            if row.cells.len() == 1 && first.text.split(' ').count() <= 4 && !parts {
                group = if in_group || group.is_empty() { first.text.clone() } else { format!("{group} {}", first.text) };
                in_group = false;
            }
            continue;
        };
        in_group = true;
        let mut columns: Vec<(Value, Vec<String>)> = Vec::new();
        let mut unit = unit;
        let given = &row.cells[name + 1..];
        for cell in given {
            let value = match key {
                FieldKey::Augmentation => augmentation(&row.cells[name].text, &cell.text),
                _ => setting_value(key, &cell.text),
            };
            let Some(value) = value else { continue };
            unit = unit_of(key, unit, &value, &cell.text);
            // One value in the middle holds for every column.
            let header = if given.len() > 1 { view.headers(index, cell).join(" ") } else { String::new() };
            match columns.iter_mut().find(|(other, _)| *other == value) {
                Some((_, headers)) => headers.push(header),
                None => columns.push((value, vec![header])),
            }
        }
        // What one column has and another has not is that column's.
        let single = columns.len() == 1 && !(given.len() > 1 && given.iter().any(|cell| is_absent(&cell.text)));
        for (value, headers) in columns {
            let mut scope = Scope { variant: (!group.is_empty()).then(|| group.clone()), ..Scope::default() };
            if !single {
                scope.datasets = headers.iter().flat_map(|h| names::datasets_in(h)).map(|m| m.name.to_string()).collect();
                if scope.datasets.is_empty() {
                    let systems = [scope.variant.unwrap_or_default(), headers.join(" ")].join(" ").trim().to_string();
                    scope.variant = (!systems.is_empty()).then_some(systems);
                }
            }
            let is_baseline = view.is_baseline(&own, &scope, is_header);
            let scope = scope.or(&view.scope);
            let trust = match is_baseline {
                true => BASELINE,
                // A column that gives a whole model gives its recipe, too.
                false if of_sizes => SAID,
                false => trust(&mut found.given, key, &scope),
            };
            found.add(key, value, unit, scope, trust, view.quote(row), view.table.section);
        }
    }
    optimizer_of_constants(view, found);
}

/// `Adam β₁`, `Adam ϵ` name the optimiser where no row does.
fn optimizer_of_constants(view: &View<'_>, found: &mut Findings<'_>) {
    let named = |row: &Row| named_in(view, row).map(|(at, key, _)| (key, choices::optimizer_named(&row.cells[at].text)));
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

/// The pair that a row gives.
fn betas(view: &View<'_>, row: &Row, found: &mut Findings<'_>) {
    // Behind the signs, if they stand in the cell.
    let written = |text: &str| numbers::parse_list(text.rsplit(['=', ':']).next().unwrap_or_default());
    let values: Vec<f64> = row.cells[1..].iter().take(2).flat_map(|cell| written(&cell.text)).take(2).collect();
    if let [first, second] = values[..]
        && (0.0..1.0).contains(&first)
        && (0.0..1.0).contains(&second)
    {
        for (key, value) in [(FieldKey::Beta1, first), (FieldKey::Beta2, second)] {
            let trust = trust(&mut found.given, key, &view.scope);
            let value = Value::Number { value };
            found.add(key, value, None, view.scope.clone(), trust, view.quote(row), view.table.section);
        }
    }
}

/// A header over names of data.
fn names_data(header: &str) -> bool {
    ["dataset", "datasets", "data set", "data", "corpus", "task", "tasks"].contains(&header.trim().to_lowercase().as_str())
}

/// Names of settings in the header, one configuration a row.
pub(super) fn by_column(view: &View<'_>, found: &mut Findings<'_>) {
    let own = found.own.clone();
    let first = found.fields.len();
    for (index, row) in view.table.rows.iter().enumerate().filter(|(_, row)| !is_header(row)) {
        let mut scope = Scope::default();
        let mut settings = Vec::new();
        let mut is_model = false;
        for (column, cell) in row.cells.iter().enumerate() {
            let header = view.headers(index, cell);
            match header.iter().rev().find_map(|h| view.setting(h)) {
                Some((key, unit)) => settings.extend(setting_value(key, &cell.text).map(|value| (key, value, unit))),
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
        for (key, value, unit) in settings {
            let trust = match size {
                _ if view.is_baseline(&own, &scope, |_| true) => BASELINE,
                // A row that gives a whole model, or is of one that is known, gives its recipe, too.
                Some(_) => SAID,
                None if is_model => SAID,
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
