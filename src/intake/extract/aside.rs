//! Experiments on the side. What their sections say is true of them and not the paper's recipe.

use crate::intake::{Paper, Sentence};
use std::sync::LazyLock;

/// For each section, whether it is about an experiment on the side: its title says so, that of a section above it does, or a section of
/// the same title calls itself preliminary.
pub(super) fn sections(paper: &Paper, sentences: &[Sentence]) -> Vec<bool> {
    static TITLE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:ablations?|ablation stud(?:y|ies)|preliminary|exploratory|sensitivity|negative results?|failed|vs\.?|versus|robustness (?:checks?|to)|alternatives?|what did not work|limitations?|future work)\b",
        )
    });
    static PRELIMINARY: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bwe (?:also |further |additionally )?(?:perform|do|conduct|ran|run|present|report|carry out) (?:an? |some |several )?(?:preliminary|exploratory|initial|additional ablation) (?:exploration|experiment|study|studies|investigation|result)",
        )
    });
    let mut aside: Vec<bool> = paper.sections.iter().map(|section| TITLE.is_match(&section.title)).collect();
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

/// Whether a sentence gives a setting that is made to compare with others, or that holds for a part of the training alone.
pub(super) fn is_exception(text: &str) -> bool {
    static TO_COMPARE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\bto (?:match|compare (?:fairly )?(?:with|to)|be comparable (?:to|with)|allow (?:for )?a fair comparison)\b[^.;]{0,50}\b(?:baselines?|(?:prior|previous|earlier) (?:work|results?)|others?|competing methods?)\b|\bfor (?:a )?fair comparisons?\b",
        )
    });
    TO_COMPARE.is_match(text)
}
