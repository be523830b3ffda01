//! Settings that stand in a cell as words do in a sentence: `MLP | 3 layers; dropout in [0, 0.5]; AdamW, batch size 512, at most 30 epochs`.

use super::heads::{CITED, is_of_earlier_work};
use super::settings::gives_what_was_tried;
use super::{View, is_header, is_name, listed, value_of};
use crate::intake::extract::{Findings, Place, choices, settings};
use crate::intake::{Cell, FieldKey, Scope, SectionKind, Sentence};
use std::sync::LazyLock;

/// Reads such cells as sentences, each for the system that its row begins with; where a row begins with nothing, that of the row above
/// goes on.
pub(super) fn find(view: &View<'_>, found: &mut Findings<'_>) {
    if !view.table.rows.iter().any(|row| row.cells.iter().any(is_prose)) {
        return;
    }
    let tried = gives_what_was_tried(view.caption);
    let mut system: Option<(f32, String)> = None;
    for row in view.table.rows.iter().filter(|row| !row.cells.is_empty()) {
        let (first, alone) = (&row.cells[0], row.cells.len() == 1);
        let begins_right = system.as_ref().is_some_and(|(end, _)| first.x0 > *end);
        if !alone && is_name(&first.text) && !is_prose(first) && !(is_header(row) && !row.cells.iter().any(is_prose)) {
            system = Some((first.x1, first.text.trim().to_string()));
        } else if !begins_right {
            system = None;
        }
        let Some((_, name)) = &system else { continue };
        for cell in row.cells.iter().filter(|cell| is_prose(cell) && cell.text.trim() != name) {
            let scope = Scope { variant: Some(name.clone()), ..Scope::default() }.or(&view.scope);
            read(view, cell, &scope, tried, found);
        }
    }
}

/// What the rules for sentences find in a cell.
fn read(view: &View<'_>, cell: &Cell, scope: &Scope, tried: bool, found: &mut Findings<'_>) {
    let text = view.paper.words(view.table.page, cell.span);
    let sentence = Sentence::of_cell(text, view.table.page, cell.span, view.table.section);
    let (own, heard) = (found.own.clone(), std::rc::Rc::clone(&found.heard));
    let at = Place {
        sentence: &sentence,
        scope,
        kind: match view.paper.section_kind(view.table.section) {
            SectionKind::RelatedWork => return,
            kind => kind,
        },
        caption: false,
        boasts: false,
        is_aside: false,
        of_others: false,
        in_cell: true,
        own: &own,
        heard: &heard,
    };
    let first = found.fields.len();
    settings::find(&at, found);
    choices::find(&at, found);
    // What the paper only compares with or cites, and what a caption says of earlier work, is another's.
    let is_anothers = view.is_baseline(&own, scope, |_| true)
        || scope.variant.as_deref().is_some_and(|name| CITED.is_match(name))
        || is_of_earlier_work(view.caption);
    let most = if is_anothers { super::settings::BASELINE } else { super::settings::SAID };
    // A model's loss and start are told elsewhere.
    let told =
        found.fields.split_off(first).into_iter().filter(|field| field.key != FieldKey::Init && field.key != FieldKey::Loss);
    found.fields.extend(told.map(|mut field| {
        let is_range = tried && field.value.numbers().len() > 1;
        field.confidence = field.confidence.min(if is_range { TRIED.min(most) } else { most });
        field
    }));
}

/// How much a range that was searched is worth: one of it was taken, which the cell does not tell.
const TRIED: f32 = 0.7;

/// Whether a cell holds several settings in words, and is no list of pairs, which is read elsewhere.
fn is_prose(cell: &Cell) -> bool {
    static SETTING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:learning[- ]rates?|lr|batch(?:es)?(?: size)?|drop-?out|weight[- ]decay|epochs?|steps|momentum|warm-?up|(?:adamw?|sgd|rmsprop)\b)",
        )
    });
    let text = cell.text.as_str();
    let parts = text.split([',', ';']).count();
    parts > 1
        && text.contains(|c: char| c.is_ascii_digit())
        && value_of(text).is_none()
        && SETTING.find_iter(text).take(2).count() > usize::from(parts < 3)
        && listed::pairs_in(text).is_empty()
}
