//! Which kind of task a request names: "named entity recognition", "DPO", "regression".

use crate::intake::regex;
use crate::intake::request::pattern::pattern;
use crate::intake::request::rest::{Found, Rest, is_filler, taken_if};
use crate::intake::request::wording::corrected::takes_back;
use crate::intake::request::{Refused, Request};
use crate::spec::Task;
use regex::Regex;
use std::sync::LazyLock;

/// Kinds whose names hold that of a model.
static OF_WORDS: LazyLock<Vec<(Task, Regex)>> = LazyLock::new(|| {
    vec![
        (
            Task::MaskedLanguageModelling,
            pattern(r"\bmasked[- ](?:language[- ]model(?:s|l?ing)?|lm)\b|\bmlm\b|\bcloze(?: tasks?)?\b"),
        ),
        (
            Task::LanguageModelling,
            pattern(
                r"\b(?:causal|auto-?regressive)[- ](?:language[- ]model(?:s|l?ing)?|lm)\b|\bnext[- ](?:word|token)[- ]prediction\b",
            ),
        ),
    ]
});

static KINDS: LazyLock<Vec<(Task, Regex)>> = LazyLock::new(|| {
    vec![
        (Task::TextMultiLabel, pattern(r"\bmulti-?\s?(?:label|tag)(?: (?:text )?classif\w+| tagging)?\b")),
        (
            Task::TokenClassification,
            pattern(
                r"\bnamed[- ]entit(?:y|ies)(?:[- ](?:recognition|recogni[sz]er|extraction|tagg(?:ing|ers?)))?\b|\bentity[- ](?:recognition|extraction|tagg(?:ing|ers?))\b|\bner\b|\btoken[-_ ]classif\w+\b|\b(?:sequence|pos|part[- ]of[- ]speech)[- ](?:tagg(?:ing|ers?)|labell?ing)\b",
            ),
        ),
        (
            Task::QuestionAnswering,
            pattern(r"\b(?:extractive )?question[- ]answering\b|\b(?:extractive )?qa\b|\b(?:machine )?reading comprehension\b"),
        ),
        (
            Task::PreferenceOptimization,
            pattern(
                r"\b(?:direct )?preference[- ](?:optimi[sz]ation|tuning|learning|alignment|training)(?: \(?dpo\)?)?\b|\bdpo\b|\balign(?:ing|ment|ed)?(?: (?:with|to|on|by)(?: (?:the|my|our|human|these))*)? preferences?\b",
            ),
        ),
        (
            Task::InstructionTuning,
            pattern(
                r"\binstruction[- ](?:fine-?\s?)?(?:tun(?:e|ed|ing)|following)\b|\bsupervised fine-?\s?tuning(?: \(?sft\)?)?\b|\bsft\b|\bchat[- ](?:fine-?)?tuning\b|\b(?:to )?follow(?:ing|s)? instructions\b",
            ),
        ),
        (Task::ImageClassification, pattern(r"\b(?:image|picture|photo)s?[-_ ](?:classif\w+|recognition)\b")),
        (
            Task::TextClassification,
            pattern(
                r"\b(?:text|document|sentence|sequence|topic|intent|spam|sentiment|toxicity|emotion)s?[-_ ](?:classif\w+|analysis|detection|detector)\b|\bsentence[- ]pair classif\w+\b|\b(?:natural language inference|nli|textual entailment|paraphrase (?:detection|identification))\b",
            ),
        ),
        // Whether of texts or of tables is for the data to say.
        (Task::TextRegression, pattern(r"\b(?:text[ _]|tabular[ _]|a )?regression(?: (?:task|problem|model))?\b|\bregressor\b")),
        (Task::TabularClassification, pattern(r"\btabular[ _]classif\w+\b")),
    ]
});

/// Several labels of each, as people say it of texts: beside any other kind it says nothing of its own.
static SEVERAL: LazyLock<Regex> = LazyLock::new(|| {
    let (count, label) = (
        r"(?:several|multiple|many|more th[ae]n one|any number of|(?:one|two) or more|a few)",
        r"(?:labels?|tags?|topics?|categories|category)",
    );
    pattern(&format!(
        r"\b(?:(?:(?:each|every) \w+ )?(?:can|may|might|could|will|must|should|often|sometimes|usually) (?:be in |(?:have|carry|get|bear|receive|belong|fall|fit|hold|take|cover|concern|match) (?:to |in |into )?){count} (?:{label}|class(?:es)?)|(?:(?:assign|attach|give|get|receive|carry|bear)(?:s|ing)? {count}|(?:has|have|with) (?:more than one|one or more|any number of)) {label}(?: (?:to|per|for|on|of) (?:each|every|a|an|the|one)\b(?: \w+)?)?|{count} {label} (?:per|each|at (?:once|a time)|(?:for|to|on) (?:each|every|one|a|an))\b(?: \w+)?|all (?:the )?(?:topics|labels|tags|categories) that (?:apply|fit)|(?:an?|each|every|one) \w+ (?:can|may|might|could) (?:have|carry|get|be in|belong to) {count} of (?:them|these|those))\b"
    ))
});

/// Those whose names hold that of a model; names of data are cut out already. And labels with a column each, whose first one would else be
/// taken for the label: `one 0/1 column per label: bug, docs`.
pub(crate) fn find_of_words(rest: &mut Rest, request: &mut Request) {
    static FLAGS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:one|an?) (?:(?:0/1|1/0|binary|boolean|yes/no|true/false|separate|own) )?(?:column|flag|field) (?:per|for (?:each|every)) (?:label|tag|topic|category)\b",
        )
    });
    take(&OF_WORDS, rest, request);
    while rest.cut(&FLAGS).is_some() {
        request.task = Some(Task::TextMultiLabel);
    }
}

/// All others; names of data and models are cut out already.
pub(crate) fn find(rest: &mut Rest, request: &mut Request) {
    taken_back(rest, request);
    take(&KINDS, rest, request);
    if matches!(request.task, None | Some(Task::TextClassification | Task::TextMultiLabel)) {
        // A file that has more than one column of labels says nothing of how many each has.
        static COLUMNS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^[- ](?:columns?|fields?|files?|sets?)\b"));
        while rest.cut_as(&SEVERAL, |found| taken_if(!COLUMNS.is_match(found.behind))).is_some() {
            request.task = Some(Task::TextMultiLabel);
        }
    }
    let as_classes = request.task != Some(Task::TextRegression) && as_classes(rest);
    as_number(rest, request);
    request.classifies = as_classes || matches!(request.task, Some(Task::TextClassification | Task::TextMultiLabel));
}

/// `As classes. Actually no, do regression`, and the other way round: what was taken back asks for nothing.
fn taken_back(rest: &mut Rest, request: &mut Request) {
    // `As` is cut out with the name before it.
    const CLASSES: &str = r"(?:\b(?:as|into) (?:a )?|¦\s*)(?:class(?:es)?|categor(?:y|ies))\b|\bclassif(?:y|ier|ication)\b";
    const NUMBER: &str = r"\b(?:as |a )?regress(?:ion|or)\b";
    static KINDS: LazyLock<[Regex; 2]> = LazyLock::new(|| [CLASSES, NUMBER].map(|way| regex(&format!("(?i){way}"))));
    if !rest.says("class") && !rest.says("categor") || !rest.says("regress") {
        return;
    }
    for (first, then) in [(0, 1), (1, 0)] {
        let gives_way = |found: &Found<'_>| {
            let instead = KINDS[then].find(found.behind).map(|own| takes_back(&found.behind[..own.start()]));
            taken_if(instead == Some(true))
        };
        if let Some(cut) = rest.cut_as(&KINDS[first], gives_way) {
            request.taken_back.push(cut.words);
        }
    }
}

/// `Predict the stars as classes, not as a number`, `treat them as classes`.
fn as_classes(rest: &mut Rest) -> bool {
    static CLASSES: LazyLock<Regex> = LazyLock::new(|| {
        let classes = r"(?:class(?:es)?|categor(?:y|ies)|(?:a )?classification(?: (?:task|problem))?)";
        let number = r"(?:a |an )?(?:numbers?|numeric(?:al)? values?|continuous(?: values?)?|regression(?: (?:target|task|problem))?|scores?|scale)";
        pattern(&format!(
            r"(?:(?:\b(?:treat|take|consider|handle|regard)(?:ed|ing)? (?:(?:it|them|these|those|this|¦|the [\w-]+) )?)?\bas|¦)(?: (?:an?|separate|distinct|different|discrete|two|three|four|five|six|seven|eight|nine|ten|\d+))* {classes}(?:,? (?:and |but )?(?:not|never|rather than|instead of) (?:as )?{number})?\b"
        ))
    });
    // `As class labels` names a column.
    let is_all = |found: &Found<'_>| {
        let next = found.behind.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
        taken_if(!found.behind.trim_start().starts_with(next) || next.is_empty() || is_filler(next))
    };
    (rest.says("class") || rest.says("categor")) && rest.cut_as(&CLASSES, is_all).is_some()
}

/// `Predict the score as a number`; a column that is read or held as one says nothing of what is told.
fn as_number(rest: &mut Rest, request: &mut Request) {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:\bas|¦) (?:a |an )(?:(?:real|continuous|decimal|numeric|numerical|single) )*(?:number|float|scalar)\b|(?:\bas|¦) a (?:real|continuous|numeric|numerical|decimal) value\b",
        )
    });
    static HELD: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:treat|us(?:e|es|ing)\b|encod|read|pars|handl|consider|tak(?:e|ing)\b|stor|writ|keep|given|pass|column)\w*\s[^.,;:¦]{0,40}$",
        )
    });
    let says = ["number", "float", "scalar", "value"].iter().any(|word| rest.says(word));
    if request.task.is_some() || !says || rest.says("classif") {
        return;
    }
    // `As` is cut out with the name before it.
    let is_told = |found: &Found<'_>| {
        let is_said = found.cut.words.to_lowercase().starts_with("as ") || request.label.is_some();
        taken_if(is_said && !HELD.is_match(found.before) && !found.behind.starts_with(" of "))
    };
    if rest.cut_as(&NUMBER, is_told).is_some() {
        request.task = Some(Task::TextRegression);
    }
}

/// Whether classes are to be told; a classifier that is a part of a model is cut out already.
pub(crate) fn find_classes(rest: &mut Rest, request: &mut Request) {
    static CLASSIFIES: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bclassif(?:y|ies|ying|iers?|ication)\b"));
    while rest.cut(&CLASSIFIES).is_some() {
        request.classifies = true;
    }
}

fn take(kinds: &[(Task, Regex)], rest: &mut Rest, request: &mut Request) {
    for (task, way) in kinds {
        while let Some(cut) = rest.cut(way) {
            match request.task {
                // `Multi-label, text classification`.
                Some(Task::TextMultiLabel) if *task == Task::TextClassification => {}
                Some(other) if other != *task => {
                    let words = format!("{} and {}", other.in_words(), cut.words);
                    request.refused.push(Refused { words, expected: "one kind of task".into() });
                }
                _ => request.task = Some(*task),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::intake::request::parse_request;
    use crate::spec::Task;

    #[test]
    fn a_kind_that_is_taken_back_is_none() {
        let read = |text: &str| {
            let request = parse_request(text, |_| None);
            let left = request.not_understood.iter().any(|words| words.contains("class") || words.contains("regress"));
            (request.task, request.taken_back, request.refused.len(), left)
        };
        let words = |all: &[&str]| all.iter().map(|words| words.to_string()).collect::<Vec<_>>();
        let number = Some(Task::TextRegression);
        assert_eq!(
            read("MLP on pens.csv, predict grade as classes, 9 epochs. Hmm, actually no: do regression."),
            (number, words(&["classes"]), 0, false)
        );
        let text = "MLP on pens.csv, grade is the target, regression. Actually no: treat it as classes";
        assert_eq!(read(text).1, words(&["regression"]));
        assert_eq!(read(text).0, None);
        // Without a word that takes it back it is said, as it is of something else.
        let (task, taken_back, _, left) = read("MLP on pens.csv, predict grade as classes, with regression targets");
        assert!(taken_back.is_empty() && (task.is_none() || left), "{task:?}");
        assert_eq!(read("MLP on pens.csv, predict grade, regression, not as classes").1, words(&[]));
    }
}
