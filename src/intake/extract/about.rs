//! Title, first author, task, family, code: what the paper as a whole is.

use super::{Findings, names};
use crate::intake::{Family, FieldKey, Paper, Scope, SectionKind, Sentence, Value};
use std::sync::LazyLock;

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
    code(sentences, found);
}

/// (family, names that stand for it, in the order in which they are tried).
const FAMILIES: &[(Family, &str)] = &[
    (Family::Roberta, r"\bRoBERTa\b"),
    (Family::Bert, r"\bBERT(?:BASE|LARGE)?\b"),
    (Family::Gpt2, r"\bGPT-?2\b"),
    (Family::Llama, r"\bLLaMA\b|\bLlama\b"),
    (Family::T5, r"\bT5\b"),
    (Family::Vit, r"\bViT\b|\b[Vv]ision [Tt]ransformers?\b"),
    (Family::Resnet, r"\bResNets?\b|\b[Rr]esidual (?:net\w*|learning)\b"),
    (Family::Lora, r"\bLoRA\b|\b[Ll]ow-[Rr]ank [Aa]daptation\b"),
    (Family::Dora, r"\bDoRA\b|\b[Ww]eight-[Dd]ecomposed [Ll]ow-[Rr]ank [Aa]daptation\b"),
    (Family::Transformer, r"\bTransformers?\b"),
    (Family::Lstm, r"\bLSTMs?\b"),
    (Family::Cnn, r"\b[Cc]onvolutional (?:neural )?networks?\b|\bCNNs?\b"),
    (Family::Mlp, r"\b[Mm]ulti-?[Ll]ayer (?:perceptrons?|neural networks?|fully connected)|\bMLPs?\b"),
    (Family::LogisticRegression, r"\b[Ll]ogistic regression\b"),
];

/// The family that the paper is about: named in its title, or by "we propose", or most often.
fn family(paper: &Paper, sentences: &[Sentence], found: &mut Findings<'_>) {
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:we (?:propose|introduce|present|show|evaluate|train|use|find)|our (?:largest |proposed )?(?:model|method|network|architecture)|called|based on)",
        )
    });
    let title = paper.title.as_ref().map(|t| paper.passage(t)).unwrap_or_default();
    let mut best: Option<(f64, Family, usize, std::ops::Range<usize>)> = None;
    for (family, names) in FAMILIES {
        let names = crate::intake::regex(names);
        // A general word counts less than a name.
        let general =
            matches!(family, Family::Transformer | Family::Cnn | Family::Mlp | Family::LogisticRegression | Family::Lstm);
        let in_title = match family {
            _ if general => 8.0,
            // What it refines is in its title, too, and throughout.
            Family::Dora => 300.0,
            _ => 30.0,
        };
        let mut weight = if names.is_match(title) { in_title } else { 0.0 };
        let mut example: Option<(usize, std::ops::Range<usize>, bool)> = None;
        for (index, sentence) in sentences.iter().enumerate() {
            let kind = paper.section_kind(sentence.section);
            if matches!(kind, SectionKind::References | SectionKind::RelatedWork) {
                continue;
            }
            let Some(at) = names.find(&sentence.text).map(|m| m.range()) else { continue };
            let own = OWN.is_match(&sentence.text);
            weight += if kind == SectionKind::Abstract && own {
                8.0
            } else if own {
                1.5
            } else {
                1.0
            };
            if example.as_ref().is_none_or(|(_, _, other)| own && !other) {
                example = Some((index, at, own));
            }
        }
        if weight <= 3.0 {
            continue;
        }
        let weight = if general { weight * 0.3 } else { weight };
        if let Some((index, at, _)) = example
            && best.as_ref().is_none_or(|(other, ..)| weight > *other)
        {
            best = Some((weight, *family, index, at));
        }
    }
    if let Some((_, family, index, at)) = best
        && let Some(quote) = sentences[index].quote(at)
    {
        found.add(FieldKey::Family, Value::Family { family }, None, Scope::default(), 0.8, quote, sentences[index].section);
    }
}

/// `Our experiments cover`, `we evaluate on a range of tasks`.
static OWN_TASKS: LazyLock<regex::Regex> = LazyLock::new(|| {
    crate::intake::regex(
        r"(?i)\b(?:our (?:experiments|evaluation|tasks)|we (?:evaluate|experiment|consider|conduct experiments|test|validate|apply))\b[^.;]{0,80}\btasks?\b",
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
}

/// Where the authors' code is, by their own words.
fn code(sentences: &[Sentence], found: &mut Findings<'_>) {
    static URL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"https?://(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/ ?[\w.-]+(?:/ ?[\w.-]*[\w-])?",
        )
    });
    static OFFER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:code|implementations?|models?|package|checkpoints)\b[^;]{0,120}\b(?:available|released?|at|found|provide)\b",
        )
    });
    for sentence in sentences {
        if let Some(url) = URL.find(&sentence.text).filter(|url| OFFER.is_match(&sentence.text[..url.start()]))
            && let Some(quote) = sentence.quote(url.range())
        {
            let text = url.as_str().replace(' ', "");
            found.add(FieldKey::CodeUrl, Value::Text { text }, None, Scope::default(), 0.8, quote, sentence.section);
            return;
        }
    }
}
