//! Title, first author, task, family, code: what the paper as a whole is.

mod code;
mod family;

use super::{Findings, names};
use crate::intake::{Family, Field, FieldKey, Paper, Scope, SectionKind, Sentence, Span, Value};
use code::{code, licence};
use family::family;
use std::sync::LazyLock;

pub(crate) use family::family_named;
pub(super) use family::kind_named;

pub(super) fn find(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    if let Some(title) = &paper.title {
        let text = paper.passage(title).to_string();
        found.add(FieldKey::Title, Value::Text { text }, None, Scope::default(), 0.95, paper.quote(title.page, title.span), None);
    }
    if let Some(author) = paper.authors.first() {
        let text = paper.passage(author).to_string();
        found.add(
            FieldKey::FirstAuthor,
            Value::Text { text },
            None,
            Scope::default(),
            0.9,
            paper.quote(author.page, author.span),
            None,
        );
    }
    family(paper, sentences, found);
    tasks(paper, sentences, found);
    let own = own_names(paper, sentences, None);
    code(sentences, &own, found);
    licence(paper, sentences, found);
}

/// What the paper calls what it proposes, in lower case: the name before the colon of its title and its short form, else what its first
/// pages say that it introduces, or they and captions call its own; where it coins none, its family.
pub(super) fn own_names(paper: &Paper, sentences: &[Sentence], family: Option<Family>) -> Vec<String> {
    const NAME: &str = r"(?P<n>[A-Z][\w-]*[A-Z][\w-]*)";
    // The name may have a number behind it: `Foo 2: ...`.
    static TITLE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:Introducing |Presenting )?([A-Z][\w.+-]{1,30}(?: \d(?:\.\d)?)?):"));
    static SHORT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(&format!(r"\b(?P<long>[A-Z][\w-]+) \({NAME}\)")));
    static COINED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\b[Ww]e (?:introduce|propose|present|develop|call|name|dub|term|denote)\b(?: (?:it|this|the|a|an|our|new|novel|model|method|approach|network|resulting|as|called))* {NAME}"
        ))
    });
    static OURS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(r"\b[Oo]ur {NAME} (?:architectures?|models?|method|approach|networks?|family)\b"))
    });
    let title = paper.title.as_ref().map(|title| paper.passage(title)).unwrap_or_default();
    let mut names: Vec<String> = TITLE.captures(title).map(|found| found[1].to_lowercase()).into_iter().collect();
    let introduces = |s: &Sentence| {
        paper.section_kind(s.section) == SectionKind::Abstract
            || paper.section_title(s.section).eq_ignore_ascii_case("introduction")
            // What stands before all sections is the abstract, too.
            || s.section.is_none()
    };
    if let Some(long) = names.first().cloned() {
        let short =
            sentences.iter().flat_map(|s| SHORT.captures_iter(&s.text)).find(|found| found["long"].to_lowercase() == long);
        names.extend(short.map(|found| found["n"].to_lowercase()));
        return names;
    }
    for sentence in sentences {
        let introduced = introduces(sentence);
        names.extend(introduced.then(|| short_title(title, &sentence.text)).flatten().filter(|short| !names.contains(short)));
        let coined = introduced.then(|| COINED.captures_iter(&sentence.text)).into_iter().flatten();
        let ours = (introduced || super::is_caption(paper, sentence)).then(|| OURS.captures_iter(&sentence.text));
        for found in coined.chain(ours.into_iter().flatten()) {
            let name = found["n"].to_lowercase();
            let general = matches!(
                family_named(&found["n"]),
                Some(Family::Cnn | Family::Mlp | Family::Lstm | Family::Gru | Family::Transformer)
            );
            if !general && !names.contains(&name) && names::datasets_in(&found["n"]).is_empty() {
                names.push(name);
            }
        }
    }
    if names.is_empty() { family.map(|family| family.name().to_string()).into_iter().collect() } else { names }
}

/// `we call them deep orchard nets (DONs)` in a paper of that title: its short form.
fn short_title(title: &str, text: &str) -> Option<String> {
    static CALLED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b[Ww]e (?:\w+ )?(?:call|name|term|dub|propose|introduce|present|develop|denote|refer)\b[^.;]{0,120}? \((?P<s>[A-Z]{3,6})s?\)",
        )
    });
    let found = CALLED.captures(text)?;
    let before = text[..found.name("s")?.start()].trim_end_matches([' ', '(']).to_lowercase();
    let begins = |word: &str, sign: char| word.starts_with(|c: char| c.eq_ignore_ascii_case(&sign));
    let long: Vec<&str> = before.rsplit([' ', '-']).take(found["s"].len()).collect();
    let fits = long.len() == found["s"].len() && long.iter().rev().zip(found["s"].chars()).all(|(word, sign)| begins(word, sign));
    let title = title.to_lowercase();
    let head: Vec<&str> = title.split([' ', '-']).take(long.len()).map(|word| word.trim_end_matches('s')).collect();
    (fits && long.iter().rev().map(|word| word.trim_end_matches('s')).eq(head)).then(|| found["s"].to_lowercase())
}

/// `Our experiments cover`, `we evaluate on a range of tasks`.
static OWN_TASKS: LazyLock<regex::Regex> = LazyLock::new(|| {
    crate::intake::regex(
        r"(?i)\b(?:our (?:experiments|evaluation|tasks)|we (?:also |further |then )?(?:evaluate|experiment|consider|conduct experiments|test|validate|apply|study|assess))\b[^.;]{0,80}\btasks?\b",
    )
});

/// Tasks named in the abstract, by the authors of their experiments, or on the first pages.
fn tasks(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    let named_in = |wanted: &dyn Fn(&Sentence) -> bool| -> Vec<(&'static str, usize, std::ops::Range<usize>)> {
        let mut named: Vec<(&'static str, usize, std::ops::Range<usize>)> = Vec::new();
        for (index, sentence) in sentences.iter().enumerate().filter(|(_, s)| wanted(s)) {
            for mention in names::tasks_in(&sentence.text) {
                if !named.iter().any(|(name, ..)| *name == mention.name) {
                    named.push((mention.name, index, mention.at));
                }
            }
        }
        named
    };
    let first_page = |s: &Sentence| paper.passages.get(s.passage).is_some_and(|p| paper.is_near_start(p));
    let mut named = named_in(&|s| paper.section_kind(s.section) == SectionKind::Abstract);
    let own = |s: &Sentence| {
        !matches!(paper.section_kind(s.section), SectionKind::References | SectionKind::RelatedWork)
            && OWN_TASKS.is_match(&s.text)
    };
    for more in named_in(&own).into_iter().chain(named_in(&first_page)) {
        if named.len() < 4 && !named.iter().any(|(name, ..)| *name == more.0) {
            named.push(more);
        }
    }
    for (name, index, at) in named {
        if let Some(quote) = sentences[index].quote(at) {
            let value = Value::Texts { texts: vec![name.to_string()] };
            found.add(FieldKey::Task, value, None, Scope::default(), 0.7, quote, sentences[index].section);
        }
    }
    own_words(paper, sentences, found);
}

/// Tasks in the paper's own words: of its title, its abstract and its first pages.
fn own_words(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    const MOST: usize = 3;
    let known = |task: &str| !names::tasks_in(task).is_empty();
    let mut seen: Vec<String> = Vec::new();
    if let Some(title) = &paper.title {
        for (task, at) in super::task::named_in(paper.passage(title), true) {
            let span = Span { start: title.span.start + at.start, end: title.span.start + at.end };
            // A known one that is no more than that has its usual name.
            let usual = names::tasks_in(&task).into_iter().find(|known| known.at == (0..task.len()));
            let task = usual.map_or(task, |known| known.name.to_string());
            let told = |f: &Field| matches!(&f.value, Value::Texts { texts } if f.key == FieldKey::Task && texts.contains(&task));
            if found.fields.iter().any(told) {
                continue;
            }
            let value = Value::Texts { texts: vec![task.clone()] };
            found.add(FieldKey::Task, value, None, Scope::default(), 0.7, paper.quote(title.page, span), None);
            seen.push(task);
        }
    }
    let is_first = |s: &Sentence| {
        paper.section_kind(s.section) == SectionKind::Abstract
            || paper.passages.get(s.passage).is_some_and(|p| paper.is_near_start(p))
    };
    // A task is spoken of more than once, or given a short name; other words that end like one are not.
    let is_told = |task: &str, of_abstract: bool, after: &str| {
        // (An abstract has no room for others.)
        let times = sentences.iter().filter(|s| s.text.to_lowercase().contains(task)).take(2).count();
        times > 1 || of_abstract || after.starts_with(" (") || after.starts_with(" task")
    };
    for sentence in sentences.iter().filter(|s| is_first(s)) {
        for (task, at) in super::task::named_in(&sentence.text, false) {
            let is_new = seen.len() < MOST && !seen.contains(&task) && !known(&task);
            let of_abstract = paper.section_kind(sentence.section) == SectionKind::Abstract;
            let is_told = is_new && is_told(&task, of_abstract, sentence.text.get(at.end..).unwrap_or_default());
            let Some(quote) = sentence.quote(at).filter(|_| is_told) else {
                continue;
            };
            let value = Value::Texts { texts: vec![task.clone()] };
            found.add(FieldKey::Task, value, None, Scope::default(), 0.7, quote, sentence.section);
            seen.push(task);
        }
    }
}
