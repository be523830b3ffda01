//! What a wrong number costs: `Huber loss with delta 0.5`, `train with an L1 loss`.

use super::{first, real};
use crate::intake::request::Request;
use crate::intake::request::pattern::patterns;
use crate::intake::request::rest::Rest;
use crate::spec::NumberLoss;

patterns! {
    huber: [
        r"\b(?:(?:with|using|use|and|as|by)\s)?(?:(?:an?|the)\s)?(?:huber(?:['’]s)?|smooth[- _]?l1)(?:[ -]loss(?: function)?)?[\s,(]*(?:(?:with|and|an?|its|of)\s)*(?:delta|δ|beta|threshold)\s?(?:=|:|of|at|is)?\s?#\s?\)?",
        r"\b(?:(?:with|using|use|and|as|by)\s)?(?:(?:an?|the)\s)?(?:huber(?:['’]s)?|smooth[- _]?l1)(?:[ -]loss(?: function)?)?\b(?: as (?:the |a )?(?:training )?(?:loss|objective|criterion))?",
    ],
    absolute: [
        r"\b(?:(?:with|using|use|and|as|by)\s)?(?:(?:an?|the)\s)?(?:l1|mae|(?:mean )?absolute[- ]error)(?:[ -]loss(?: function)?| as (?:the |a )?(?:training )?(?:loss|objective|criterion))\b",
        r"\b(?:train|fit|optimi[sz]e|minimi[sz]e)(?:d|s|ing)?(?: (?:it|the model|directly))? (?:with|against|on|for) (?:the )?(?:l1|mae|mean absolute error)\b",
    ],
    squared: [
        r"\b(?:(?:with|using|use|and|as|by)\s)?(?:(?:an?|the)\s)?(?:l2|mse|(?:mean )?squared[- ]error)(?:[ -]loss(?: function)?| as (?:the |a )?(?:training )?(?:loss|objective|criterion))\b",
    ],
}

pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    let p = &*PATTERNS;
    let huber = first(rest, &p.huber);
    let delta = request.value(huber, "a delta of more than 0 and at most 1000", |cut| match cut.get("v") {
        // As PyTorch's.
        "" => Some(1.0),
        _ => real(cut, |delta| delta > 0.0 && delta <= 1000.0),
    });
    request.number_loss = delta.map(|delta| NumberLoss::Huber { delta });
    for (ways, loss) in [(&p.absolute, NumberLoss::Absolute), (&p.squared, NumberLoss::Squared)] {
        if first(rest, ways).is_some() {
            request.number_loss.get_or_insert(loss);
        }
    }
}
