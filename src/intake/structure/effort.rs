//! How much work looking for tables may cost.

use std::cell::Cell;

/// Lines that may be looked at for each line of a text, and in any text. A paper needs a tenth.
const FOR_EACH: usize = 40;
const FOR_ANY: usize = 100_000;

/// How many lines may still be looked at. A table may begin at any line and have hundreds, so that a text of nothing but short lines
/// would cost as many for each of its own; with an end to it the work grows with the length of the text alone.
pub(in crate::intake) struct Effort(Cell<usize>);

impl Default for Effort {
    fn default() -> Self {
        Effort::of(0)
    }
}

impl Effort {
    pub(in crate::intake) fn of(lines: usize) -> Self {
        Effort(Cell::new(lines.saturating_mul(FOR_EACH).saturating_add(FOR_ANY)))
    }

    pub(super) fn is_left(&self) -> bool {
        self.0.get() > 0
    }

    pub(super) fn spend(&self, lines: usize) {
        self.0.set(self.0.get().saturating_sub(lines));
    }
}
