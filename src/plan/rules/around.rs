//! What a request says around the experiment: what it is to be computed with, and what is to run beside it. A run uses none of it, and
//! says so once of each kind.

use super::brief::Brief;
use super::paper::Drafted;
use crate::data::is_called;
use crate::intake::Lack;

impl Brief<'_> {
    /// That papers which a request names were not read, and how they are.
    pub(super) fn say_of_papers(&self, out: &mut Drafted) {
        let Some(request) = self.request() else { return };
        for id in &request.papers {
            let reason = format!(
                "a request is followed by its own words, and no paper is read for it: `tallow plan {id}` reads this one and tries its claim \
                 (by the network, or offline from the papers that were read before; its file does as well)"
            );
            out.deviate("request", format!("arXiv {id}"), "what such models usually have, and what was asked for", &reason);
        }
    }

    /// Once of all hardware and once of all programs, unless the words are those of a column.
    pub(super) fn say_of_tools(&self, out: &mut Drafted) {
        let Some(request) = self.request() else { return };
        let columns = self.column_names();
        let is_column = |words: &str| words.split_whitespace().any(|word| columns.iter().any(|column| is_called(column, word)));
        let of = |kind: Lack| {
            let own = request.lacking.iter().filter(|lacking| lacking.of == kind && !is_column(&lacking.words));
            own.map(|lacking| format!("`{}`", lacking.words)).collect::<Vec<_>>().join(", ")
        };
        const KINDS: [(Lack, &str, &str); 2] = [
            (
                Lack::Hardware,
                "hardware",
                "a run trains on the CPU of this machine with Tallow's own code: what is learnt is the same, and only the time is another",
            ),
            (Lack::Tool, "tools", "a run needs no other programs: its report and its ledger hold what was set and measured"),
        ];
        for (kind, field, reason) in KINDS {
            let said = of(kind);
            if !said.is_empty() {
                out.deviate(field, said, "not used", reason);
            }
        }
    }
}
