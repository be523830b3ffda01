//! What a sentence or a clause has for its subject: a model, a part of one, a kind of runs.

use super::named;
use crate::intake::Sentence;
use crate::intake::extract::{about, choices, clause, models, names, scope, tables};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The models that the sentences of each section have for their subjects, where there are several: then each tells of its own.
pub(in crate::intake::extract) struct Subjects(HashMap<Option<usize>, Vec<String>>);

impl Subjects {
    pub(in crate::intake::extract) fn of(sentences: &[Sentence]) -> Self {
        let mut all: HashMap<Option<usize>, Vec<String>> = HashMap::new();
        for sentence in sentences {
            let Some(name) = trained_subject(&sentence.text).or_else(|| trained_part(&sentence.text)) else { continue };
            let named = all.entry(sentence.section).or_default();
            if !named.contains(&name) {
                named.push(name);
            }
        }
        all.retain(|_, named| named.len() > 1);
        Subjects(all)
    }

    /// The model that a sentence is about, beside others of its section.
    pub(in crate::intake::extract) fn of_one(&self, sentence: &Sentence) -> Option<String> {
        self.0.get(&sentence.section).and_then(|_| trained_subject(&sentence.text).or_else(|| trained_part(&sentence.text)))
    }
}

/// `The SFT is trained`, `The reward model was trained`, `Models optimized with Foo were trained`: a step, a part or a kind of runs, which
/// tells something beside others.
pub(super) fn trained_part(text: &str) -> Option<String> {
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^(?:(?:The |Our )?(?P<x>SFT|RLHF|RL|DPO|PPO|GRPO|KTO|ORPO|SimPO|RFT|CPT|[Rr]eward model|[Pp]olicy(?: model| network)?|[Tt]eacher(?: model| network)?|[Ss]tudent(?: model| network)?|[Dd]iscriminator|[Gg]enerator|[Rr]etriever|[Rr]e-?ranker|[Rr]eader|[Vv]ocoder|[Aa]coustic model|[Ll]anguage model|[Dd]etector|[Cc]lassifier|[Dd]iffusion model|[Aa]utoencoder|[Dd]ecoder|[Ee]ncoder)(?: model| stage| phase| training)? (?:is|was) (?:then |also |first )?(?:pre-?|fine-?|re-?)?(?:trained|tuned|optimi[sz]ed|performed|carried out|conducted|run)",
            r"|(?:The |All )?(?:[Mm]odels|[Nn]etworks|[Rr]uns|[Vv]ariants) (?:that (?:are|were) )?(?:trained|optimi[sz]ed|fine-?tuned) (?:with|using|by|on) (?:the )?(?P<y>[A-Z][\w-]*(?:(?:,|,? and) [A-Z][\w-]*)*) (?:were|are|use|used)",
            r"|For (?:the )?(?P<z>SFT|RLHF|RL|DPO|PPO|GRPO|KTO|ORPO|SimPO|RFT|CPT)(?: stage| phase| training| fine-?tuning)?, (?:we|the|an?))\b"
        ))
    });
    let may = [" trained ", " tuned ", " optimized ", " optimised ", " performed ", " conducted ", " run "]
        .iter()
        .any(|word| text.contains(word));
    let found = (may || text.starts_with("For ")).then(|| PART.captures(text)).flatten()?;
    let name = found.name("x").or_else(|| found.name("y")).or_else(|| found.name("z"))?;
    Some(name.as_str().to_string())
}

/// `LeafNet5 was trained`, `Both LeafNet and BarkNet were trained`, `For BarkNet, we`: the models that a sentence begins with.
pub(in crate::intake::extract) fn trained_subject(text: &str) -> Option<String> {
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        const NAME: &str = r"[A-Z][\w+./-]*[A-Z\d][\w+./-]*(?: [A-Z\d][\w.-]*)?";
        crate::intake::regex(&format!(
            concat!(
                r"^(?:Both |The |Our )?(?P<x>{n}(?:(?:, | and |, and ){n}){{0,2}})(?: models?| networks?)?,? ?(?:\([^()]{{1,40}}\) ?)?",
                r"(?:{trained}|uses? (?:an? |the )?(?:learning rate|batch size|Adam|SGD))\b",
                r"|^For (?:the |our )?(?P<y>{n}), (?:we|the|an?) "
            ),
            n = NAME,
            trained = clause::TRAINED
        ))
    });
    let may = [" trained ", " tuned ", " optimized ", " optimised ", " use ", " uses "].iter().any(|word| text.contains(word));
    let found = (may || text.starts_with("For ")).then(|| SUBJECT.captures(text)).flatten()?;
    let name = found.name("x").or_else(|| found.name("y"))?.as_str();
    (is_model(name) && scope::of_text(name).datasets.is_empty()).then(|| name.to_string())
}

/// Whether a topic is the name of a model: coined or known, no optimiser, no setting.
pub(in crate::intake::extract) fn is_model(name: &str) -> bool {
    let is_coined = |word: &str| {
        word.starts_with(char::is_uppercase)
            && word.chars().any(char::is_lowercase)
            && word.chars().filter(|c| c.is_uppercase() || c.is_ascii_digit()).count() > 1
    };
    let first = name.split(' ').next().unwrap_or_default();
    (is_coined(first) || about::family_named(first).is_some() || models::parameters(first).is_some())
        && choices::optimizer_named(name).is_none()
        && tables::setting(name).is_none()
        && names::datasets_in(name).is_empty()
}

/// `Leaf-only models use ...`, `The primary budget is ...`: what a sentence is about by its subject, where a setting follows.
pub(super) fn subject(text: &str) -> Option<regex::Captures<'_>> {
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^(?:(?:The|Our|All) )?(?:(?P<y>[A-Za-z]+)-only (?:models|runs|variants|systems|networks)|(?P<x>(?:[Mm]ono-?lingual|[Bb]i-?lingual|[Mm]ulti-?lingual|[Mm]ulti-?task|[Ss]ingle-?task|[Jj]oint) (?:models|runs|variants|systems|networks)",
            r"|(?:[Pp]rimary|[Ss]econdary|[Ss]hort|[Ll]ong|[Ff]ull|[Rr]educed|[Ss]mall|[Ll]arge) (?:budgets?|schedules?|horizon))) (?:uses?|used|are|is|were|was|trains?|runs?)\b"
        ))
    });
    // `Five LeafNet variants with identical settings`.
    static ALIKE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:The|Our|All|Both|Two|Three|Four|Five|Six) (?P<x>[A-Z][\w-]*[A-Z][\w-]*) (?:models|runs|variants|networks) (?:with|share|have|use) (?:identical|the same)\b",
        )
    });
    let may = [" models ", " runs ", " variants ", " systems ", " networks ", " budget", " schedule", " horizon"];
    may.iter().any(|word| text.contains(word)).then(|| SUBJECT.captures(text).or_else(|| ALIKE.captures(text))).flatten()
}

/// `..., and the final LS task takes another 50 epochs`: what the last clause before `at` has for its subject.
pub(in crate::intake::extract) fn subject_of_clause(text: &str, at: usize) -> Option<String> {
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?:[,;]|\band|\bwhile|\bwhereas) the (?:(?:final|main|last|downstream|target|second) )?(?P<x>[A-Z][\w-]*(?: [A-Z][\w-]*)?) (?:task|stage|phase|training|model|experiment)s? (?:takes?|took|requires?d?|uses?|used|needs?|runs?|ran|(?:is|was) trained)\b",
        )
    });
    let before = text.get(..at)?;
    if ![" the final ", " task ", " stage ", " phase ", " training ", " model "].iter().any(|word| before.contains(word)) {
        return None;
    }
    SUBJECT.captures_iter(before).last().and_then(|found| named(found.name("x")?.as_str()))
}
