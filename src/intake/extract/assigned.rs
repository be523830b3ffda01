//! A setting that is named once, and then who takes which value of it: `Regarding the learning rate, A and B use 1e-4, C takes 5e-6, and D
//! 1e-6`.

use super::rules::COMPILED;
use super::{Findings, Place, Said, in_turn, numbers, scope, tables};
use crate::intake::{FieldKey, Scope, Unit, Value};
use std::ops::Range;
use std::sync::LazyLock;

/// Says each value for its own; the places of what was said.
pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) -> Vec<(FieldKey, Range<usize>)> {
    let text = at.text();
    let Some((key, unit, from)) = named(text) else { return Vec::new() };
    let values = clauses(text, from);
    let fits = |(value, _): &(Range<usize>, Scope)| {
        let value = numbers::parse(&text[value.clone()]);
        value.is_some_and(|v| COMPILED.iter().any(|c| c.rule.key == key && (c.rule.within.0..=c.rule.within.1).contains(&v)))
    };
    // One alone may be said in any way.
    if values.len() < 2 || !values.iter().all(fits) {
        return Vec::new();
    }
    let mut taken = Vec::new();
    for (number, of) in values {
        let Some(value) = numbers::parse(&text[number.clone()]) else { continue };
        let scope = of.or(at.scope);
        let said = Said { unit, placed: true, ..Said::new(key, Value::Number { value }, number.clone()) };
        found.tell(&Place { scope: &scope, ..*at }, said);
        taken.push((key, number));
    }
    taken
}

/// The setting that a sentence begins with, and where its values begin.
fn named(text: &str) -> Option<(FieldKey, Option<Unit>, usize)> {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^(?:(?:Regarding|Concerning|As for|As to|For|With (?:regard|respect) to|In terms of) (?:the |our )?(?P<a>[A-Za-z][A-Za-z -]{2,30}?)(?: \([^()]{1,16}\))?, (?:we (?:set|use) )?",
            r"|(?:The |Our )?(?P<b>[A-Za-z][A-Za-z -]{2,30}?) (?:is|are|was|were) (?:set |chosen |selected |given |tuned )?as follows: ?)"
        ))
    });
    if !text.contains(", ") || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let found = HEAD.captures(text)?;
    let name = found.name("a").or_else(|| found.name("b"))?.as_str();
    let setting = tables::setting(name).or_else(|| tables::setting(name.strip_suffix('s')?))?;
    Some((setting.key, setting.unit, found.get(0)?.end()))
}

/// `A and B use 1e-4, C takes 5e-6, and D 1e-6`: each value and who takes it.
fn clauses(text: &str, from: usize) -> Vec<(Range<usize>, Scope)> {
    static CLAUSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            concat!(
                r"^(?:[,;]? ?(?:and|while|whereas|but) |[,;] )?(?P<x>(?:the |our )?[A-Za-z][^,;.:()=]{{0,50}}?(?:, [A-Z][\w-]*,? and [A-Z][\w-]*)?) ?",
                r"(?:(?:use[sd]?|employ(?:s|ed)?|adopt(?:s|ed)?|takes?|took|has|have|had|is|are|was|were|sets?|gets?|needs?|requires?|trained|tuned|with|to|at|of|a|an|value|rate|size)\b ?|[=:] ?)*",
                r"(?P<v>{n})(?: [a-z]+)??(?P<end>[,;.]|$| (?:and|while|whereas|but) )"
            ),
            n = numbers::NUMBER
        ))
    });
    let mut all = Vec::new();
    let mut at = from;
    while let Some(found) = CLAUSE.captures(&text[at..]) {
        let (Some(value), Some(end)) = (found.name("v"), found.name("end")) else { break };
        let Some(of) = who(&found["x"]) else { break };
        all.push((at + value.start()..at + value.end(), of));
        at += end.start();
    }
    all
}

/// Data, a model or a part by its name.
fn who(words: &str) -> Option<Scope> {
    let told = Some(scope::of_text(words)).filter(|scope| !scope.is_empty());
    told.or_else(|| in_turn::named(words)).or_else(|| in_turn::thing(words))
}

#[cfg(test)]
mod tests {
    use super::super::said_tests::in_markdown;
    use crate::intake::FieldKey;

    fn said(sentence: &str, key: FieldKey) -> Vec<String> {
        in_markdown(&format!("## Training\n\n{sentence}\n"), key)
    }

    #[test]
    fn who_takes_which_value() {
        let text = "Regarding the learning rate (LR), ELM and ASH employ 4e-4, OAK adopts 5e-6, and FirNet uses 1e-6.";
        assert_eq!(said(text, FieldKey::Lr), ["0.0004 [ELM and ASH]", "5e-6 [OAK]", "1e-6 [FirNet]"]);
        let text = "As for batch sizes, the teacher uses 64, the student 128 and the probe 32.";
        assert_eq!(said(text, FieldKey::BatchSize), ["64.0 [teacher]", "128.0 [student]", "32.0 [probe]"]);
    }

    #[test]
    fn one_value_is_said_in_any_way() {
        let text = "For the learning rate, we use 1e-4, and we train for 10 epochs.";
        assert_eq!(said(text, FieldKey::Lr), ["0.0001 []"]);
        assert_eq!(said(text, FieldKey::Epochs), ["10.0 []"]);
    }
}
