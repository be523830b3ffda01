//! Experiments on the side. What their sections say is true of them and not the paper's recipe.

use super::{names, tables};
use crate::intake::{FieldKey, Paper, Sentence};
use std::sync::LazyLock;

/// For each section, whether it is about an experiment on the side: its title says so, that of a section above it does, or a section of
/// the same title calls itself preliminary.
pub(super) fn sections(paper: &Paper, sentences: &[Sentence]) -> Vec<bool> {
    static TITLE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:ablations?|ablation stud(?:y|ies)|preliminary|exploratory|sensitivity|negative results?|failed|vs\.?|versus|robustness (?:checks?|to)|alternatives?|what did not work|limit(?:ation)?s?|future work)\b",
        )
    });
    static PRELIMINARY: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bwe (?:also |further |additionally )?(?:perform|do|conduct|ran|run|present|report|carry out) (?:an? |some |several )?(?:preliminary|exploratory|initial|additional ablation) (?:exploration|experiment|study|studies|investigation|result)",
        )
    });
    // `Training details and ablations` is about both.
    static RECIPE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:training|implementation|experimental|details|set-?up|settings?|hyper-?\s?parameters?)\b")
    });
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)(?:\band\b|&|,)"));
    let is_aside = |title: &str| TITLE.is_match(title) && !(RECIPE.is_match(title) && BOTH.is_match(title));
    let mut aside: Vec<bool> = paper.sections.iter().map(|section| is_aside(&section.title)).collect();
    for sentence in sentences.iter().filter(|sentence| PRELIMINARY.is_match(&sentence.text)) {
        let title = paper.section_title(sentence.section);
        for (other, is_aside) in paper.sections.iter().zip(&mut aside) {
            *is_aside |= !title.is_empty() && other.title.eq_ignore_ascii_case(title);
        }
    }
    for at in 0..aside.len() {
        let Some(number) = &paper.sections[at].number else { continue };
        let above = (0..at).rev().find(|other| {
            paper.sections[*other]
                .number
                .as_deref()
                .is_some_and(|n| number.strip_prefix(n).is_some_and(|rest| rest.starts_with('.')))
        });
        aside[at] |= above.is_some_and(|other| aside[other]);
    }
    aside
}

/// Sections whose settings a paper takes, and those that it does not take from there.
pub(super) struct Taken {
    pub sections: Vec<bool>,
    pub but: Vec<FieldKey>,
}

/// For each section, whether the paper says that it takes the settings that are given there, or in the one above it: `we follow the
/// optimisation hyperparameters given in Section 2`.
pub(super) fn taken(paper: &Paper, sentences: &[Sentence]) -> Taken {
    static TAKES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bwe (?:\w+ ){0,2}?(?:follow|use|adopt|keep|employ|take|reuse)\b[^.;]{0,100}\b(?:hyper-?\s?parameters?|settings?|configurations?|recipe|set-?up)\b[^.;]{0,60}\b(?:in|from|of) (?:section|sec\.|§) ?(?P<n>\d{1,2}(?:\.\d{1,2})*)",
        )
    });
    // `except for the peak rate and the batch size`: these it chose itself.
    static EXCEPT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:except|apart|aside)(?: for| from)? (?P<x>[^.;]{3,120}?)(?:, (?:which|that|where)\b|[.;]|$)",
        )
    });
    let mut named: Vec<String> = Vec::new();
    let mut but: Vec<FieldKey> = Vec::new();
    for text in sentences.iter().map(|sentence| sentence.text.as_str()) {
        let Some(found) = TAKES.captures(text) else { continue };
        named.push(found["n"].to_string());
        let excepted = EXCEPT.captures(text).map(|found| found["x"].replace(" and ", ", ")).unwrap_or_default();
        let bare = |part: &str| part.trim().trim_start_matches("the ").trim_start_matches("number of ").to_string();
        but.extend(excepted.split(", ").filter_map(|part| tables::setting(&bare(part))).map(|setting| setting.key));
    }
    let is_named = |number: &str| {
        let number = number.trim_end_matches('.');
        named.iter().any(|named| number == named || number.starts_with(&format!("{named}.")))
    };
    Taken { sections: paper.sections.iter().map(|section| section.number.as_deref().is_some_and(is_named)).collect(), but }
}

/// Whether a paragraph begins with a head of its own that says that it is about what the paper compares with: `Baselines.`
pub(super) fn heads_baselines(text: &str) -> bool {
    let Some(end) = text.find(['.', ':']) else { return false };
    let head = text[..end].to_lowercase();
    let is_of_them = ["baseline", "competing ", "competitors", "compared methods", "compared models"]
        .iter()
        .any(|word| head.starts_with(word));
    is_of_them && head.split_whitespace().count() <= 3
}

/// Whether a sentence tells what others did, where the paper's own are `own`: `Foo et al. (2019) train with ...`, `In contrast, Foo was
/// trained ...`, `Baselines use ...`.
pub(super) fn is_of_others(text: &str, own: &[String]) -> bool {
    static CONTRAST: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:In|By|As a|For|For the sake of|In sharp|In stark) (?:contrast|comparison|reference|context),? ",
        )
    });
    static CITED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?:The |The original )?(?P<n>[A-Z][\w-]+)(?: \([^()]{{1,20}}\))?(?:(?: (?:and|&) [A-Z][\w-]+)? ?(?:\([A-Z(]?[^()]*\d{{4}}[^()]*\)|\[[\d, ]+\]|\[[A-Z][^\]]*\d{{4}}\])| et al\.?(?:,? ?[\(\[]\d{{4}}[\)\]])?),? {DO}"
        ))
    });
    static NAMED: LazyLock<regex::Regex> = LazyLock::new(|| {
        let cited = r"(?: [A-Z][\w-]+ (?:et al\.?|(?:and|&) [A-Z][\w-]+) \(\d{4}[a-z]?\))?";
        crate::intake::regex(&format!(
            r"^(?:The |The original )?(?P<n>[A-Z][\w-]*[A-Z][\w-]*)(?: (?:models?|implementation|paper|code|authors))?{cited} {DO}"
        ))
    });
    static BASELINES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?:The |All |Other |Both )?(?:[Bb]aselines?|competing|competitors?)(?: (?:methods?|models?|systems?|runs?))? {DO}"
        ))
    });
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:we|our|ours|us)\b"));
    static SOME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:[\w ]{1,24}, )?(?:they|(?:many|most|several|some|previous|prior|earlier|existing|recent|other|these|those) (?:\w+ )?(?:studies|works?|papers?|authors|methods|approaches|researchers|practitioners))\s(?:\w+ ){0,2}?(?:use[sd]?|recommend(?:s|ed)?|suggest(?:s|ed)?|set|adopt(?:s|ed)?|conduct(?:s|ed)?|train(?:s|ed)?|report(?:s|ed)?|employ(?:s|ed)?|propos\w+|fine-?tun\w+|appl(?:y|ied))\b",
        )
    });
    // `In the Foo paper, He et al. also propose ...`.
    static PROPOSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:\d{0,2}In (?:the|their) [^,.;]{2,50}, )?(?P<n>[A-Z][\w-]+) et al\.?,? (?:[\[(][^\])]{1,20}[\])] )?(?:(?:also|further|originally|first|additionally) )?(?:propos|introduc|present|suggest|recommend)\w*\b",
        )
    });
    let lower = text.to_lowercase();
    if OWN.is_match(text) || own.iter().any(|own| lower.starts_with(own)) {
        return false;
    }
    static METHODS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:dropout|q?lora|dora|adapters?|bpe|wordpiece|sentencepiece|ema|mixup|cutmix|ner|qa|mlm|clm|sft|dpo|ppo|rlhf|seq2seq|transformers?|(?:bi-?)?lstms?|grus?|rnns?|cnns?|mlps?|vits?|gans?|vaes?|gnns?|gcns?|u-?nets?|tiny|small|base|medium|large|huge|relu|gelu|swiglu|(?:layer|batch|rms)-?norm\w*|models?)$",
        )
    });
    // By whom is not said: by the paper itself.
    static IS_USED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^.{0,120}? (?:is|are) (?:also )?(?:used?|set|employed|adopted|applied)\b"));
    // Data, optimisers, methods and parts of the paper are nobody's.
    let somebody = |found: &regex::Captures<'_>| {
        !METHODS.is_match(&found["n"])
            && names::datasets_in(&found["n"]).is_empty()
            && super::choices::optimizer_named(&found["n"]).is_none()
    };
    let another = |found: regex::Captures<'_>| {
        let name = found["n"].to_lowercase();
        !own.is_empty() && !own.iter().any(|own| name.contains(own) || own.contains(&name)) && somebody(&found)
    };
    if SOME.is_match(text) || text.contains("et al") && PROPOSE.is_match(text) {
        return true;
    }
    if IS_USED.is_match(text) && !CONTRAST.is_match(text) {
        return false;
    }
    CITED.captures(text).is_some_and(|found| somebody(&found))
        || BASELINES.is_match(text)
        || CONTRAST.find(text).is_some_and(|found| !own.iter().any(|own| lower[found.end()..].starts_with(own)))
        || NAMED.captures(text).is_some_and(another)
}

/// Whether a sentence tells what is yet to be done: `In future work, we plan to train for longer`, `Planned experiments with Foo`.
pub(super) fn is_planned(text: &str) -> bool {
    static PLANNED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bin (?:the |our )?(?:near )?future\b|\bfuture (?:work|research|studies|directions?|experiments?|versions?)\b|\b(?:planned|follow-on) (?:[\w-]+ ){0,2}?(?:experiments?|stud(?:y|ies)|work|runs?|extensions?)\b|\bwe (?:also |then )?(?:plan|intend|hope) to\b",
        )
    });
    ["uture", "lanned", "ollow-on", " plan", " intend", " hope "].iter().any(|word| text.contains(word)) && PLANNED.is_match(text)
}

/// What others do with models and data.
const DO: &str = r"(?:(?:has |have |is |are |was |were |been |also |originally |all |models? )*)(?:use[sd]?|train(?:s|ed)?|require[sd]?|took|takes|pre-?train(?:s|ed)|fine-?tune[sd]?|employ(?:s|ed)?|adopt(?:s|ed)?|report(?:s|ed)?|set|optimized)\b";

/// Whether a sentence gives a setting that is made to compare with others, or that holds for a part of the training alone.
pub(super) fn is_exception(text: &str) -> bool {
    static TO_COMPARE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bto (?:match|compare (?:fairly )?(?:with|to)|be comparable (?:to|with)|allow (?:for )?a fair comparison)\b[^.;]{0,50}\b(?:baselines?|(?:prior|previous|earlier) (?:work|results?)|others?|competing methods?)\b|\bfor (?:a )?fair comparisons?\b",
        )
    });
    // `equivalent in cost to training for 1M steps` is nothing that was done.
    static AS_MUCH_AS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:equivalent|equals?|amounts?|comparable|corresponds?)\b[^.;]{0,60}?\bto (?:pre-?|fine-?)?(?:training|tuning)\b",
        )
    });
    // `We also train longer (up to 900 epochs)`, `The baselines are trained for 40 epochs`.
    static FURTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bwe (?:also|additionally|further) (?:train|try|tried|trained|experiment(?:ed)?|test(?:ed)?)\b[^.;]{0,60}?\b(?:larger|longer|smaller|shorter|higher|lower)\b|\bbaselines? (?:is|are|was|were) (?:also |all |only )?(?:pre-?)?trained\b",
        )
    });
    TO_COMPARE.is_match(text) || AS_MUCH_AS.is_match(text) || FURTHER.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_yet_to_be_done() {
        for text in [
            "In future work, we train for longer with a batch size of 1024.",
            "Planned follow-on experiments with DPO will show more.",
            "We plan to train larger models with a learning rate of 0.1.",
        ] {
            assert!(is_planned(text), "{text}");
        }
        for text in [
            "We train a planner with a learning rate of 0.1.",
            "We predict the future frames.",
            "Our plan is trained for 3 epochs.",
        ] {
            assert!(!is_planned(text), "{text}");
        }
    }

    #[test]
    fn what_others_propose() {
        let own = ["foonet".to_string()];
        assert!(is_of_others("2In the Bar paper, Ash et al. also propose nets such as the Bar-44.", &own));
        assert!(is_of_others("Ash et al. [7] suggest a rate of 0.1.", &own));
        assert!(!is_of_others("We follow what Ash et al. propose.", &own));
        assert!(!is_of_others("In the Bar paper, we propose a net.", &own));
    }
}
