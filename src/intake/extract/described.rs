//! Models that a paragraph describes bit by bit: `The small model has 12 layers. Its hidden size is 512; the large one has 24 and 1024.`

use super::architecture::{Dimension, numbers_of};
use super::{Findings, is_caption};
use crate::intake::{FieldKey, Paper, Scope, SectionKind, Sentence, Span, Value, Variant};
use std::ops::Range;
use std::sync::LazyLock;

/// How much a description that is put together is to be trusted.
const TOGETHER: f32 = 0.75;

/// A model as far as it was described, and from which sentence to which.
struct Described {
    variant: Variant,
    /// What was said of it, in order.
    said: Vec<Dimension>,
    sentences: Range<usize>,
}

/// Models whose sizes stand in several sentences or clauses of one paragraph, each by its name.
pub(super) fn find(paper: &Paper, sentences: &[Sentence], scopes: &[Scope], found: &mut Findings<'_>) {
    let mut from = 0;
    while from < sentences.len() {
        let passage = sentences[from].passage;
        let to = from + sentences[from..].iter().take_while(|sentence| sentence.passage == passage).count();
        let kind = paper.section_kind(sentences[from].section);
        let others = matches!(kind, SectionKind::References | SectionKind::RelatedWork | SectionKind::Baselines);
        if !others && !is_caption(paper, &sentences[from]) {
            for model in in_paragraph(&sentences[from..to]) {
                let range = from + model.sentences.start..from + model.sentences.end;
                say(sentences, scopes, model.variant, range, found);
            }
        }
        from = to;
    }
}

fn say(sentences: &[Sentence], scopes: &[Scope], variant: Variant, at: Range<usize>, found: &mut Findings<'_>) {
    let is_whole = variant.num_layers.is_some() && variant.known() >= 2;
    let same = |other: &Variant| {
        (other.num_layers, other.hidden_size) == (variant.num_layers, variant.hidden_size) && other.known() >= variant.known()
    };
    if found.fields.iter().any(|field| matches!(&field.value, Value::Variant { variant: other } if same(other))) {
        return;
    }
    let (first, last) = (&sentences[at.start], &sentences[at.end - 1]);
    let (Some(begin), Some(end)) = (first.quote(0..first.text.len()), last.quote(0..last.text.len())) else { return };
    if !is_whole || begin.page() != end.page() {
        return;
    }
    let quote = found.paper.quote(begin.page(), Span { start: begin.span().start, end: end.span().end });
    let scope = Scope { variant: None, ..scopes[at.start].clone() };
    found.add(FieldKey::Variants, Value::Variant { variant }, None, scope, TOGETHER, quote, first.section);
}

/// The models of one paragraph.
fn in_paragraph(sentences: &[Sentence]) -> Vec<Described> {
    let mut models: Vec<Described> = Vec::new();
    let mut current: Option<usize> = None;
    for (index, sentence) in sentences.iter().enumerate() {
        for clause in clauses(&sentence.text) {
            let named = subject(clause);
            match named {
                Some(name) => {
                    let known = models.iter().position(|model| model.variant.name.eq_ignore_ascii_case(name));
                    current = Some(known.unwrap_or_else(|| {
                        let variant = Variant { name: name.to_string(), ..Variant::default() };
                        models.push(Described { variant, said: Vec::new(), sentences: index..index + 1 });
                        models.len() - 1
                    }));
                }
                // Of whom the sentence speaks is not said.
                None if !goes_on(clause) => current = None,
                None => {}
            }
            let Some(at) = current else { continue };
            let mut sizes = numbers_of(clause);
            if sizes.is_empty() && named.is_some() {
                sizes = as_before(clause, models.iter().rev().map(|model| model.said.as_slice()).find(|said| !said.is_empty()));
            }
            if !sizes.is_empty() {
                let model = &mut models[at];
                model.sentences.end = index + 1;
                for (dimension, value) in sizes {
                    model.variant.set(dimension, value);
                    model.said.push(dimension);
                }
            }
        }
    }
    models
}

/// The parts of a sentence that may each be of another model.
fn clauses(text: &str) -> Vec<&str> {
    static BREAK: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"; (?:and |while )?|, (?:while|whereas|and) (?:the|our) |, (?:while|whereas) "));
    let mut parts = Vec::new();
    let mut from = 0;
    for end in BREAK.find_iter(text) {
        parts.push(&text[from..end.start()]);
        // The article is the next clause's.
        let article = if end.as_str().ends_with("the ") || end.as_str().ends_with("our ") { 4 } else { 0 };
        from = end.end() - article;
    }
    parts.push(&text[from..]);
    parts
}

/// Whether a text says of which model its sizes are.
pub(super) fn names_one(text: &str) -> bool {
    clauses(text).into_iter().any(|clause| begins_with(clause).is_some() && !numbers_of(clause).is_empty())
}

/// The model that a clause is about, or takes.
fn subject(clause: &str) -> Option<&str> {
    // `We use the Foo base setting, which consists of 6 layers`.
    static TAKEN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:use|uses|adopt|employ|follow|take)\s+(?:an?|the|our)\s+(?P<n>[A-Z][A-Za-z]+(?:-[A-Za-z]+)?(?:\s+(?:base|small|large|big))?)\s+(?:architecture|model|setting|configuration|network|encoder)s?,?\s",
            r"|^[Tt]he (?P<b>tiny|small|base|medium|large|big|huge) (?:model|variant|version|one|configuration) [^.;,]{3,60}? (?:has|consists|contains|uses|comprises)\b"
        ))
    });
    let taken = || TAKEN.captures(clause).and_then(|found| found.name("n").or_else(|| found.name("b"))).map(|name| name.as_str());
    begins_with(clause).or_else(taken)
}

/// The model that a clause begins with: `The small model has`, `BASE contains`, `the large one`, `FooNet-S uses`.
fn begins_with(clause: &str) -> Option<&str> {
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^(?:[^.;:]{0,200}: )?(?:\*|• )?(?:(?:[Tt]he|[Oo]ur|[Ff]or|[Ff]or the|[Ii]n|[Ii]n the|[Aa]nd the)\s)*",
            r"(?P<n>[Tt]iny|[Ss]mall|[Bb]ase|[Mm]edium|[Ll]arge|[Hh]uge|[Bb]ig|(?:TINY|SMALL|BASE|MEDIUM|LARGE|HUGE|XL|XXL)|[A-Z][A-Za-z]*[A-Z\d][\w-]*)",
            r"(?: (?:model|one|variant|version|configuration|network|encoder|transformer))?,? (?:we |it )?(?:has|have|contains?|consists?|uses?|use|comprises?|is|with)\b"
        ))
    });
    // An item of a list: `FooNet-S: a model of ...`.
    static ITEM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?:• ?)?(?P<n>[Tt]iny|[Ss]mall|[Bb]ase|[Mm]edium|[Ll]arge|[Hh]uge|[A-Z][A-Za-z]*[A-Z\d][\w-]*): ")
    });
    let name = SUBJECT.captures(clause).or_else(|| ITEM.captures(clause))?.name("n")?;
    Some(name.as_str())
}

/// `Its hidden size`, `It has`, `with a width of`: still of the same.
fn goes_on(clause: &str) -> bool {
    static SAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[Ii]ts?|[Tt]his (?:model|one|variant|version)|[Tt]he (?:hidden|width|model dim|inner|number|depth|feed|size|embedding|dimension)\w*|[Ii]t also|with|and) ",
        )
    });
    SAME.is_match(clause)
}

/// `the large one has 24 and 1024`: the numbers are of what was said of the model before, in its order.
fn as_before(clause: &str, said: Option<&[Dimension]>) -> Vec<(Dimension, f64)> {
    static NUMBERS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:has|uses|with|is|are) ((?:\d{1,5}(?:,\d{3})*)(?:(?:, and |, | and )\d{1,5}(?:,\d{3})*)+)\.?(?: respectively\.?)?$",
        )
    });
    let Some(said) = said else { return Vec::new() };
    let Some(list) = NUMBERS.captures(clause) else { return Vec::new() };
    let values = super::numbers::parse_list(&list[1]);
    if values.len() == said.len() { said.iter().copied().zip(values).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{FlatSpec, PaperFormat, extract, read_paper};

    fn models(text: &str) -> Vec<String> {
        let paper =
            read_paper(format!("# A Study\n\n## Models\n\n{text}\n").as_bytes(), PaperFormat::Markdown, "x").expect("read");
        let spec = extract(&paper);
        for field in FlatSpec::from(&spec).fields {
            let (page, span) = (field.page, field.span);
            assert_eq!(paper.words(page, span), field.quote);
        }
        let of = |value: &Value| match value {
            Value::Variant { variant: v } => Some(format!("{} {:?} {:?} {:?}", v.name, v.num_layers, v.hidden_size, v.num_heads)),
            _ => None,
        };
        spec.sure().filter_map(|field| of(&field.value)).collect()
    }

    #[test]
    fn sizes_over_several_sentences() {
        let check = |text: &str, expected: &[&str]| assert_eq!(models(text), expected, "{text}");
        check(
            "The small model has 12 layers. Its hidden size is 512; the large one has 24 and 1024.",
            &["small Some(12) Some(512) None", "large Some(24) Some(1024) None"],
        );
        check(
            "The small model has 6 layers. It uses 8 attention heads and a hidden size of 512. We train it for long.",
            &["small Some(6) Some(512) Some(8)"],
        );
        check(
            "All runs use a Foo architecture with a 6-layer encoder. The size of embeddings is set to 512. The number of heads is 4.",
            &["Foo Some(6) Some(512) Some(4)"],
        );
        // Of whom is not said.
        check("The small model has 12 layers. Others prefer a hidden size of 512.", &[]);
    }

    #[test]
    fn whose_sizes_they_are() {
        let check = |text: &str, expected: &[&str]| assert_eq!(models(text), expected, "{text}");
        check(
            "We try two configurations which share the same encoder: BASE contains 12 transformer blocks, model dimension 768 and 8 attention heads. \
             The LARGE model contains 24 transformer blocks with model dimension 1,024 and 16 attention heads.",
            &["BASE Some(12) Some(768) Some(8)", "LARGE Some(24) Some(1024) Some(16)"],
        );
        check(
            "- **FooT-Small**: A 300 million parameter model (12 encoder layers, hidden size 1472, 6 attention heads).\n",
            &["FooT-Small Some(12) Some(1472) Some(6)"],
        );
        check(
            "We set the number of layers to 60 and the hidden dimension to 5120, and the number of attention heads to 128.",
            &["model Some(60) Some(5120) Some(128)"],
        );
    }
}
