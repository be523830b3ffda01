//! Digits that are no number: `01067`.

/// What the cells of a column are that say something.
#[derive(Debug, Clone, Default)]
pub(in crate::data) struct Codes {
    seen: bool,
    /// How many digits all cells have, if those are all that they have.
    digits: Option<usize>,
    /// Whether a nought stands in front of any.
    has_nought: bool,
}

impl Codes {
    pub(in crate::data) fn take(&mut self, said: &str) {
        let are_digits = said.bytes().all(|b| b.is_ascii_digit());
        let is_alike = !self.seen || self.digits == Some(said.len());
        self.digits = Some(said.len()).filter(|_| are_digits && is_alike);
        self.has_nought |= said.starts_with('0');
        self.seen = true;
    }

    /// Whether what looks like numbers are codes: of as many digits each, and with noughts in front of some.
    pub(in crate::data) fn are_codes(&self) -> bool {
        const SHORTEST: usize = 4;
        self.has_nought && self.digits.is_some_and(|digits| digits >= SHORTEST)
    }
}
