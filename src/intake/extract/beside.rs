//! Further values of a setting in the same sentence, which does not name it again: `A uses 0.1 while B uses 0.2`, `0.1 (A) and 0.2 (B)`,
//! `8 for all, except for A, where it is 16`.

use super::{in_turn, numbers, scope, topic};
use crate::intake::Scope;
use std::ops::Range;
use std::sync::LazyLock;

/// The value that ends at `end` and those behind it, each with what it is for; what the first is for may be left open. Empty where
/// there is but one.
pub(super) fn values(text: &str, whole: &Range<usize>, value: &Range<usize>) -> Vec<(Range<usize>, Scope)> {
    let rest = &text[value.end..];
    if !rest.contains(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let all = labelled(text, value);
    let all = if all.is_empty() { of_subjects(text, whole, value) } else { all };
    if all.is_empty() { exceptions(text, value) } else { all }
}

/// `3e-4 (base) and 1e-4 (large)`.
fn labelled(text: &str, value: &Range<usize>) -> Vec<(Range<usize>, Scope)> {
    static LABEL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?: [a-z-]+){0,2} \((?:for |on )?(?P<x>[A-Za-z][\w./ -]{1,30})\)"));
    static NEXT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"^(?:,? and |, | or |; | / ?)(?P<v>{})", numbers::NUMBER)));
    let mut all = Vec::new();
    let mut at = value.clone();
    while let Some((label, end)) =
        LABEL.captures(&text[at.end..]).and_then(|found| Some((found["x"].to_string(), at.end + found.get(0)?.end())))
    {
        let Some(of) = named(&label).or_else(|| in_turn::thing(&label)) else { break };
        all.push((at.clone(), of));
        let Some(next) = NEXT.captures(&text[end..]).and_then(|found| found.name("v")) else { break };
        at = end + next.start()..end + next.end();
    }
    if all.len() < 2 { Vec::new() } else { all }
}

/// `Foo uses 1e-4 while Bar uses 5e-5`, `Foo is trained for 10 epochs and Bar for 20`: clauses with a subject each.
fn of_subjects(text: &str, whole: &Range<usize>, value: &Range<usize>) -> Vec<(Range<usize>, Scope)> {
    const NAME: &str = r"(?:the |The |our )?(?P<x>(?:[A-Z][\w.+/-]*(?: [A-Z0-9][\w.+/-]*){0,2}|(?:tiny|small|base|medium|large|huge|teacher|student|encoder|decoder|generator|discriminator|actor|critic|backbone|head|baselines?|smaller|larger|others?|latter|second|first)))(?: (?:models?|networks?|variants?|ones?))?";
    static FIRST: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?:^|[.;:,] (?:and |while |where )?){NAME} (?:uses?|used|is|are|was|were|takes?|has|had|adopts?|employs?|trains?|runs?)\b[^,;:]*$"
        ))
    });
    static NEXT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?: [a-z-]+){{0,2}}(?:,|;)? (?:and|while|whereas|but) {NAME} (?:(?:uses?|used|takes?|has|had|is|are|was|were|for|with|at|to|trained|fine-tuned|optimi[sz]ed|set|in|one|an?|of|rate|size) )*(?P<v>{})",
            numbers::NUMBER
        ))
    });
    let Some(first) = FIRST.captures(&text[..whole.start.max(value.start)]).and_then(|found| named(&found["x"])) else {
        return Vec::new();
    };
    let mut all = vec![(value.clone(), first)];
    let mut end = value.end;
    while let Some(found) = NEXT.captures(&text[end..]) {
        let (Some(next), Some(of)) = (found.name("v"), named(&found["x"])) else { break };
        let at = end + next.start()..end + next.end();
        end = at.end;
        all.push((at, of));
    }
    if all.len() < 2 { Vec::new() } else { all }
}

/// `32 for all but MNLI, where we use 128`, `32 (128 for MNLI)`.
fn exceptions(text: &str, value: &Range<usize>) -> Vec<(Range<usize>, Scope)> {
    static EXCEPT: LazyLock<regex::Regex> = LazyLock::new(|| {
        let n = numbers::NUMBER;
        crate::intake::regex(&format!(
            concat!(
                r"^[^.;()]{{0,60}}?,? (?:except|apart|aside)(?: for| from| on| in)? (?:the )?(?P<x>[^,;.()]{{2,40}}?),? (?:(?:for |on |in )?(?:where|which|whose|that)|with)(?: [a-z]+){{0,4}}? (?P<v>{n})",
                r"|^(?: [a-z-]+)? \((?P<w>{n}) (?:for|on|in|with) (?:the )?(?P<y>[^,;()]{{2,40}})\)",
                r"|^[^.;]{{0,20}}[;,] (?:and |but |while )?(?:for|during|in) (?:the )?(?P<z>[^,;.]{{3,40}}?),? (?:we (?:lower|reduce|raise|increase|decrease|set|change)\w* it to|it (?:is|was) (?:lowered|reduced|raised|increased|decreased|set|changed) to) (?P<u>{n})"
            ),
            n = n
        ))
    });
    let rest = &text[value.end..];
    let Some(found) = EXCEPT.captures(rest) else { return Vec::new() };
    let (x, v) = (
        found.name("x").or_else(|| found.name("y")).or_else(|| found.name("z")),
        found.name("v").or_else(|| found.name("w")).or_else(|| found.name("u")),
    );
    let (Some(x), Some(v)) = (x, v) else { return Vec::new() };
    let told = Some(scope::of_text(x.as_str())).filter(|scope| !scope.is_empty());
    let topic = || topic::named(x.as_str()).map(|topic| Scope { topic: Some(topic), ..Scope::default() });
    let Some(of) = told.or_else(topic) else { return Vec::new() };
    vec![(value.clone(), Scope::default()), (value.end + v.start()..value.end + v.end(), of)]
}

/// What a name stands for: data, a model, a part; no optimiser and no setting.
fn named(name: &str) -> Option<Scope> {
    let is_other = super::choices::optimizer_named(name).is_some() || super::tables::setting(name).is_some();
    let of_text = || Some(scope::of_text(name)).filter(|scope| !scope.is_empty());
    let part = || name.starts_with(char::is_lowercase).then(|| in_turn::thing(name)).flatten();
    (!is_other).then(|| of_text().or_else(|| in_turn::named(name)).or_else(part)).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::said_tests::in_markdown;
    use crate::intake::FieldKey;

    fn said(sentence: &str, key: FieldKey) -> Vec<String> {
        in_markdown(&format!("## Training\n\n{sentence}\n"), key)
    }

    #[test]
    fn values_behind_the_first() {
        for (sentence, key, expected) in [
            (
                "FooNet uses a learning rate of 1e-4 while BarkNet uses 5e-5.",
                FieldKey::Lr,
                ["0.0001 [FooNet]", "0.00005 [BarkNet]"],
            ),
            ("FooNet is trained for 10 epochs and BarkNet for 20.", FieldKey::Epochs, ["10.0 [FooNet]", "20.0 [BarkNet]"]),
            ("The learning rate is set to 3e-4 (base) and 1e-4 (large).", FieldKey::Lr, ["0.0003 [base]", "0.0001 [large]"]),
            (
                "We use a batch size of 32 for all tasks except for MNLI, where we use 128.",
                FieldKey::BatchSize,
                ["32.0 []", "128.0 [MNLI]"],
            ),
            ("We use a batch size of 32 (128 for MNLI).", FieldKey::BatchSize, ["32.0 []", "128.0 [MNLI]"]),
        ] {
            assert_eq!(said(sentence, key), expected, "{sentence}");
        }
    }

    #[test]
    fn what_is_no_further_value() {
        for (sentence, key) in [
            ("FooNet uses a learning rate of 1e-4 and Adam with 0.9.", FieldKey::Lr),
            ("FooNet is trained for 10 epochs and BarkNet for 20 hours.", FieldKey::Epochs),
            ("FooNet uses a batch size of 8 and BarkNet has 12 layers.", FieldKey::BatchSize),
        ] {
            assert_eq!(said(sentence, key).len(), 1, "{sentence}");
        }
    }
}
