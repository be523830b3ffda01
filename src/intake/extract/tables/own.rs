//! Which rows of a table are of what the paper proposes.

use super::heads::CITED;
use super::results::score_of;
use super::{View, is_header};
use crate::intake::Row;
use std::sync::LazyLock;

/// Which rows are of what the paper proposes.
pub(super) struct Own {
    pub rows: Vec<bool>,
    /// Whether the table tells; else any may be.
    pub told: bool,
}

impl Own {
    /// A row is the paper's that says so, or bears its name. Where none does and others are cited, those are that cite nobody.
    pub(super) fn read(view: &View<'_>, own: &[String]) -> Own {
        static OURS: LazyLock<regex::Regex> = LazyLock::new(|| {
            crate::intake::regex(
                r"(?i)\b(?:ours?|proposed)\b|^(?:our )?(?:final|full|complete) (?:[\w-]+ ){0,2}(?:system|model|method|pipeline|ensemble|framework)\b",
            )
        });
        static SUMS: LazyLock<regex::Regex> = LazyLock::new(|| {
            crate::intake::regex(r"(?i)\b(?:improvements?|gains?|average|mean|human|random|baselines?|total)\b|Δ")
        });
        let words = |row: &Row| {
            let words = row.cells.iter().take(3).take_while(|cell| score_of(&cell.text).is_none());
            words.map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        let all: Vec<String> =
            view.table.rows.iter().map(|row| if is_header(row) { String::new() } else { words(row) }).collect();
        let is_own = |label: &String| {
            let lower = label.to_lowercase();
            OURS.is_match(label) || own.iter().any(|own| lower.contains(own.as_str())) && !CITED.is_match(label)
        };
        let rows: Vec<bool> = all.iter().map(is_own).collect();
        if rows.contains(&true) {
            return Own { rows, told: true };
        }
        let named = all.iter().filter(|label| !label.is_empty()).count();
        let cited = all.iter().filter(|label| CITED.is_match(label)).count();
        let uncited = |label: &String| !label.is_empty() && !CITED.is_match(label) && !SUMS.is_match(label);
        if cited * 2 >= named && cited > 0 {
            return Own { rows: all.iter().map(uncited).collect(), told: true };
        }
        Own { rows: vec![true; all.len()], told: false }
    }
}
