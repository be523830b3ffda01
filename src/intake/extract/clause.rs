//! What a clause of a sentence is about, where the whole speaks of several things.

use super::{scope, topic, variant};
use crate::intake::{Phase, Scope};
use std::ops::Range;
use std::sync::LazyLock;

/// What the sum over several phases is of.
pub(super) const TOTAL: &str = "total";

/// What is done to a model, its own verb and words before that.
pub(super) const TRAINED: &str =
    r"(?:is|are|was|were) (?:then |also |first |both |all )?(?:pre-?|fine-?|re-?)?(?:trained|tuned|optimi[sz]ed)";

/// Whether a sentence may have several clauses.
fn has_clauses(text: &str) -> bool {
    [" while ", " whereas ", "; ", " and ", ", "].iter().any(|mark| text.contains(mark))
}

/// The scope of what a sentence says at a place: its last clause may be about something else than its beginning.
pub(super) fn of(text: &str, words: &Range<usize>, of_sentence: &Scope) -> Scope {
    let at = words.end;
    let phase = of_sentence.phase.or_else(|| phase_of_clause(text, at));
    let datasets = data_of_clause(text, at, of_sentence).unwrap_or_else(|| of_sentence.datasets.clone());
    let variant = of_sentence.variant.as_ref().map(|told| variant::variant_before(text, at).unwrap_or_else(|| told.clone()));
    let variant = model_of_clause(text, at).or(variant);
    let scope = Scope { phase, datasets, variant, ..of_sentence.clone() };
    // A sum of what the clauses tell is of none of them.
    if of_sentence.topic.as_deref() == Some(TOTAL) {
        return of_sentence.clone();
    }
    // What begins anew with a subject of its own is of no phase that was named before.
    if let Some(topic) = topic::subject_of_clause(text, at) {
        return Scope { phase: None, topic: Some(topic), ..scope };
    }
    if let Some(topic) = topic::of_exception(text, words.end) {
        return Scope { topic: Some(topic), ..scope };
    }
    if let Some(part) = part_of_clause(text, at).and_then(|part| scope::further(&scope, part)) {
        return Scope { topic: Some(part), ..scope };
    }
    match topic::of_clause(text, at).and_then(|topic| scope::further(&scope, topic)) {
        Some(topic) => Scope { topic: Some(topic), ..scope },
        None => scope::with_topic(scope, topic::of_role(text, words)),
    }
}

/// `FooNet was trained for 5 epochs, while BarNet was trained for 10`: of a sentence whose clauses have a model each for their subject, the
/// one of the clause at `at`.
fn model_of_clause(text: &str, at: usize) -> Option<String> {
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        // The subject is a model's name (x, or y where `we` do it) or its size (z).
        let begin = r"(?:^|[,;:] (?:and |while |whereas |but )?)";
        crate::intake::regex(&format!(
            concat!(
                r"(?:^(?:While |Whereas )?|[,;:] (?:and |while |whereas |but )?|\b(?:and|while|whereas|but) )(?:[Tt]he |[Oo]ur )?(?P<x>[A-Za-z]*[A-Z][\w+./-]*(?: [A-Z\d][\w.-]*)?)(?: models?| networks?| encoders?)? (?:{TRAINED}|uses?|used|adopts?|employs?|takes?)\b",
                r"|{begin}(?:[Tt]he |[Oo]ur )?(?P<z>tiny|small|base|medium|large|huge|big|smaller|larger|teacher|student) (?:model|one|network|variant|encoder|version)s? (?:{TRAINED}|uses?|used|takes?)\b",
                r"|{begin}(?:[Ff]or [^,;]{{2,40}}?,? )?[Ww]e (?:use|train|fine-tune|used|trained|fine-tuned) (?:the |an? )?(?P<y>[A-Z][\w+./-]*[A-Z\d][\w+./-]*) (?:with|for|using)\b"
            ),
            TRAINED = TRAINED,
            begin = begin
        ))
    });
    if !has_clauses(text) {
        return None;
    }
    let name = |found: &regex::Captures<'_>| {
        let size = found.name("z");
        let model = || found.name("x").or_else(|| found.name("y")).filter(|name| topic::is_model(name.as_str()));
        size.or_else(model).map(|name| (name.start(), name.as_str().to_string()))
    };
    let all: Vec<(usize, String)> = SUBJECT.captures_iter(text).filter_map(|found| name(&found)).collect();
    let (_, model) = all.iter().rfind(|(start, _)| *start < at)?;
    all.iter().any(|(_, other)| other != model).then(|| model.clone())
}

/// `The encoder is trained with A; the decoder is trained with B`: of a sentence whose clauses have a part each for their subject, that of
/// the clause at `at`.
fn part_of_clause(text: &str, at: usize) -> Option<String> {
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?:^|[,;:] (?:and |while |whereas |but )?|\b(?:and|while|whereas|but) )(?:[Tt]he |[Oo]ur )?(?P<x>encoder|decoder|generator|discriminator|critic|actor|policy|retriever|re-?ranker|reader|tagger|backbone|head|classifier|projector|adapters?)(?: model| network)? (?:{TRAINED}|uses?|used|takes?)\b"
        ))
    });
    if !has_clauses(text) {
        return None;
    }
    let all: Vec<(usize, &str)> =
        SUBJECT.captures_iter(text).filter_map(|found| found.name("x")).map(|part| (part.start(), part.as_str())).collect();
    let (_, part) = all.iter().rfind(|(start, _)| *start < at)?;
    all.iter().any(|(_, other)| other != part).then(|| (*part).to_string())
}

/// `On A we take 8; on B we take 16`: of a sentence whose clauses begin with data of their own, the data of the clause at `at`.
fn data_of_clause(text: &str, at: usize, of_sentence: &Scope) -> Option<Vec<String>> {
    static CLAUSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?:^|[;,:] (?:and |while |whereas |but )?|\b(?:while|whereas|and) )(?:[Ff]or|[Oo]n|[Ii]n) (?P<x>[^,;:()]{2,60}?)(?:, | (?:we|the|an?|is|are|it|our|with)\b| (?:for|at) \d)",
        )
    });
    if of_sentence.datasets.is_empty() {
        return None;
    }
    let all: Vec<(usize, Vec<String>)> = CLAUSE
        .captures_iter(text)
        .filter_map(|found| {
            Some((found.get(0)?.start(), scope::of_text(&format!("on {} data", found.name("x")?.as_str())).datasets))
        })
        .filter(|(_, datasets)| !datasets.is_empty())
        .collect();
    let (_, datasets) = all.iter().rfind(|(start, _)| *start < at)?;
    all.iter().any(|(_, other)| other != datasets).then(|| datasets.clone())
}

/// `We pre-train for 3 epochs and fine-tune for 2`: of the two phases the one that was named last before `at`.
fn phase_of_clause(text: &str, at: usize) -> Option<Phase> {
    static PHASE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            // `a net pre-trained on leaves` tells where the net comes from; `it is pre-trained on leaves`, what is done.
            concat!(
                r"(?i)\b(?:(?P<pre>(?:is|are|was|were|been|be|we|first|then|and) (?:\w+ )?pre-?trained (?:on|for|with|using|in|at)",
                r"|pre-?train(?:ing)?)|(?P<tune>fine-?tun(?:e|ed|ing)))\b"
            ),
        )
    });
    let lower = text.to_lowercase();
    if !(lower.contains("pre-train") || lower.contains("pretrain")) || !lower.contains("tun") {
        return None;
    }
    let mut all = PHASE.captures_iter(text).filter_map(|found| Some((found.get(0)?.start(), found.name("pre").is_some())));
    let (before, after): (Vec<_>, Vec<_>) = all.by_ref().partition(|(start, _)| *start < at);
    let is_pre = before.last()?.1;
    // One phase alone was for the whole sentence to say.
    let both = before.iter().chain(&after).any(|(_, other)| *other != is_pre);
    both.then_some(if is_pre { Phase::PreTraining } else { Phase::FineTuning })
}
