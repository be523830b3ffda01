//! What a sentence is about: which phase, data and model. A sentence that does not say is about what its paragraph, heading, or
//! section said before.

use super::names;
use crate::intake::{Paper, Phase, Scope, Sentence};
use std::sync::LazyLock;

/// The scope of each sentence, in their order.
pub(super) fn scopes(paper: &Paper, sentences: &[Sentence]) -> Vec<Scope> {
    let mut scopes = Vec::with_capacity(sentences.len());
    let mut paragraph = Scope::default();
    let mut before: Option<&Sentence> = None;
    for sentence in sentences {
        let same_section = before.is_some_and(|b| b.section == sentence.section);
        let same_paragraph = same_section && before.is_some_and(|b| b.passage == sentence.passage);
        if !same_section {
            paragraph = Scope::default();
        } else if !same_paragraph {
            // The phase and model of a paragraph end with it; its data often go on.
            paragraph = Scope { datasets: std::mem::take(&mut paragraph.datasets), ..Scope::default() };
        }
        let own = of_text(&sentence.text);
        let heading = of_heading(paper, sentence.section);
        scopes.push(own.clone().or(&heading).or(&paragraph).or_topic(topic(paper, sentence.section)));
        // A sentence that only compares with other data does not change what the paragraph is about.
        let introduces = paragraph.datasets.is_empty() && own.datasets.len() == 1;
        paragraph = Scope { phase: own.phase.or(paragraph.phase), variant: own.variant.or(paragraph.variant),
            datasets: if introduces { own.datasets } else { paragraph.datasets }, topic: None };
        before = Some(sentence);
    }
    scopes
}

/// What a text says of itself.
pub(super) fn of_text(text: &str) -> Scope {
    let mut datasets: Vec<String> = Vec::new();
    for mention in names::datasets_in(text) {
        if !datasets.iter().any(|d| d == mention.name) {
            datasets.push(mention.name.to_string());
        }
    }
    // Many names are a list of what was tried, not what a setting is for.
    if datasets.len() > 3 {
        datasets.clear();
    }
    Scope { phase: phase_in(text), datasets, variant: variant_in(text), topic: None }
}

/// What the heading says, and those above it.
fn of_heading(paper: &Paper, section: Option<usize>) -> Scope {
    let Some(index) = section else { return Scope::default() };
    let number = paper.sections[index].number.clone().unwrap_or_default();
    let mut scope = Scope::default();
    for other in paper.sections[..=index].iter().rev() {
        let above = other.number.as_deref().is_some_and(|n| !n.is_empty() && number.starts_with(&format!("{n}.")));
        if other.number.as_deref().unwrap_or_default() == number || above {
            scope = scope.or(&of_text(&other.title));
        }
    }
    scope
}

/// A heading that names an experiment rather than a kind of section.
fn topic(paper: &Paper, section: Option<usize>) -> Option<String> {
    static GENERIC: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:the )?(?:abstract|introduction|background|related work|methods?|our method|model|models?|architecture|model architecture|approach|training|training details|experiments?|experimental (?:setup|settings?|details)|setup|implementation(?: details)?|evaluation|results?(?: and .*)?|analysis|discussion|conclusions?|appendix|details|hyper-?parameters?.*|optimi[sz]er|regulari[sz]ation|training (?:procedure|data.*|regime)|data.*|why .*|limitations|acknowledge?ments?|references)$",
        )
    });
    let title = paper.section_title(section).trim();
    (!title.is_empty() && !GENERIC.is_match(title) && title.len() < 80).then(|| title.to_string())
}

fn phase_in(text: &str) -> Option<Phase> {
    static TUNE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\bfine[- ]?tun"));
    // "The pre-trained model" names the model, not the phase.
    static PRE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\bpre-?train(?:ing\b|ed (?:on|for|with|using|in|at)\b|\b)"));
    let (tune, pre) = (TUNE.find(text), PRE.find(text));
    match (tune, pre) {
        (Some(_), None) => Some(Phase::FineTuning),
        (None, Some(_)) => Some(Phase::PreTraining),
        _ => None,
    }
}

fn variant_in(text: &str) -> Option<String> {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:the |our )?(base|big|large|small|tiny|medium|huge) models?\b|\((base|big|large|small)\)",
            r"|\b([A-Z][A-Za-z]*(?:BASE|LARGE|SMALL|TINY|XXL))\b|\b([A-Z][A-Za-z]+ (?:base|large|small|tiny|medium))\b",
            r"|\b([A-Z][A-Za-z]*[A-Z][A-Za-z]*-(?:[A-Z]+/\d+|(?:Base|Large|Huge|Small|Tiny)|\d{2,4}))\b|\b(GPT-[23])\b"
        ))
    });
    static LAYERS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b(\d{2,4})-layer (ResNet|net|network|model)"));
    let named = SIZE.captures_iter(text).find_map(|found| {
        let name = found.iter().skip(1).flatten().next()?.as_str().trim_matches(['(', ')']).to_string();
        names::datasets_in(&name).is_empty().then_some(name)
    });
    named.or_else(|| LAYERS.captures(text).map(|found| format!("{}-{}", &found[2], &found[1])))
}

impl Scope {
    /// What this scope leaves open, taken from another.
    pub(super) fn or(self, other: &Scope) -> Scope {
        Scope {
            phase: self.phase.or(other.phase),
            datasets: if self.datasets.is_empty() { other.datasets.clone() } else { self.datasets },
            variant: self.variant.or_else(|| other.variant.clone()),
            topic: self.topic.or_else(|| other.topic.clone()),
        }
    }

    fn or_topic(mut self, topic: Option<String>) -> Scope {
        if self.is_empty() {
            self.topic = topic;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sentence_says_of_itself() {
        let check = |text: &str, expected: &str| assert_eq!(of_text(text).to_string(), expected, "{text}");
        check("We fine-tune for 3 epochs on all GLUE tasks.", "GLUE fine-tuning");
        check("We pre-train with a batch size of 256.", "pre-training");
        check("We fine-tune the pre-trained model.", "fine-tuning");
        check("The big models were trained for 300,000 steps.", "big");
        check("On CIFAR10 we start with 0.1.", "CIFAR-10");
        check("It is plain.", "");
    }
}
