//! Words that only say again what is understood already: nothing is lost with them, and to tell them would hide what is.

use super::Request;
use super::rest::Rest;
use crate::intake::regex;
use crate::spec::Task;
use regex::Regex;
use std::sync::LazyLock;

/// Behind all else.
pub(super) fn find(rest: &mut Rest, request: &Request) {
    static JUDGED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:judg(?:e[sd]?|ing)|assess(?:ed|ing)?|grad(?:e[sd]?|ing))(?: (?:it|them|the model|the result|results))?(?: (?:is|are))? (?:by|with|on)(?: the| its)?\s*¦",
        )
    });
    static SPLIT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:the )?(?:labels?|tags?|classes|which)?(?: (?:are|is))? ?(?:separated|delimited|divided|joined)(?: (?:by|with))? (?:a )?(?:semi-?colons?|commas?|pipes?|`?[;,|]`?)",
        )
    });
    static UNEVEN: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:the |my |our )?(?:classes|labels|data|data ?set) (?:are|is) (?:very |highly |quite |heavily )?(?:im|un)balanced\b",
        )
    });
    if request.metric.is_some() {
        while rest.cut(&JUDGED).is_some() {}
    }
    if request.class_weights {
        while rest.cut(&UNEVEN).is_some() {}
    }
    // They are split where all rows have the same sign between them.
    if request.task == Some(Task::TextMultiLabel) {
        while rest.cut(&SPLIT).is_some() {}
    }
}
