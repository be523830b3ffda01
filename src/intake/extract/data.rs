//! Data sets and metrics that the paper uses.

use super::names::{same_spelling, says_zero_shot};
use super::{Findings, Place};
use crate::intake::{DatasetRole, DatasetUse, Field, FieldKey, SectionKind, Value};
use std::ops::Range;
use std::sync::LazyLock;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    if at.kind == SectionKind::RelatedWork {
        return;
    }
    datasets(at, found);
    metrics(at, found);
}

/// Data sets that the sentence says are trained or evaluated on.
fn datasets(at: &Place<'_>, found: &mut Findings<'_>) {
    static TRAIN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:(?:pre-?)?train(?:ed|ing)?|fine-?tun\w*|corpus|training (?:set|data|images|examples))\b")
    });
    static EVALUATE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:evaluat\w*|test(?:ed|s|ing)?|validation|benchmarks?|results?|dev(?:elopment)?|achiev\w*|accurac\w*|zero-shot)\b",
        )
    });
    static CUE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:data ?sets?|corpus|corpora|benchmarks?|tasks?|on|using|use|following|(?:data|sampled|drawn|taken|collected|crawled) from|sampled|(?:text|data|speech|audio|material) (?:is|are|was|were|comes?|came))\b",
        )
    });
    let text = at.text();
    if is_not_yet(text) || is_of_future(found.paper.section_title(at.sentence.section)) {
        return;
    }
    let mentions = at.heard.datasets_in(text);
    let mut named: Vec<(String, Range<usize>)> = mentions.into_iter().map(|m| (text[m.at.clone()].to_string(), m.at)).collect();
    for (name, _) in &mut named {
        *name = at.heard.in_full(name);
    }
    named.extend(unnamed(text));
    named.extend(by_authors(text));
    for (name, place) in ids(text) {
        if !named.iter().any(|(_, other)| other.start < place.end && place.start < other.end) {
            named.push((name, place));
        }
    }
    if named.is_empty() || !at.caption && !CUE.is_match(text) {
        return;
    }
    let role = match (TRAIN.is_match(text), EVALUATE.is_match(text)) {
        (true, false) => DatasetRole::Train,
        (false, true) => DatasetRole::Eval,
        _ => DatasetRole::TrainAndEval,
    };
    for (name, place) in named {
        found.say(at, FieldKey::Datasets, Value::Dataset { dataset: DatasetUse { name, role } }, None, place);
    }
}

/// What could be done with data, or could not: `can be enhanced by larger data such as Foo`, `Foo is not available`.
fn is_not_yet(text: &str) -> bool {
    static NOT_YET: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:in (?:the )?future|future (?:work|research|studies|directions?|versions?|experiments?)|we (?:plan|hope) to",
            r"|(?:can|could|may|might|would) (?:also |further |then |likely |probably )?be (?:[a-z]+ly )?(?:further )?(?:improved|enhanced|extended|boosted)",
            r"|(?:is|are|was|were) (?:unavailable|not (?:publicly |yet |freely )?(?:available|released|accessible))",
            r"|(?:has|have|was|were|is|are) not (?:yet )?(?:been )?(?:pre-?|fine-?)?(?:trained|tuned|tested|evaluated) on)\b"
        ))
    });
    NOT_YET.is_match(text)
}

fn is_of_future(title: &str) -> bool {
    title.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| word == "future")
        && !title.to_lowercase().contains("conclusion")
}

/// Whether the paper says of all its data sets at once that it trains on them: `we split the three datasets into training and test sets`.
pub(super) fn all_trained_on(sentences: &[crate::intake::Sentence]) -> bool {
    static ALL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:(?:all|each|both|these|two|three|four|five|six|seven|eight|ten|the|every) (?:[\w-]+ )?(?:data ?sets?|benchmarks|corpora)",
            r"\b[^.;]{0,60}\b(?:training (?:sets?|splits?|data|images)|into train|training,|train/|trained)",
            r"|train(?:ed|ing)? [^.;]{0,40}\bon (?:all|each|both|these|two|three|four|five|six|every) (?:[\w-]+ )?(?:data ?sets?|benchmarks|corpora))\b"
        ))
    });
    sentences.iter().any(|sentence| ALL.is_match(&sentence.text) && !sentence.text.contains("pre-train"))
}

/// So sure a setting is the paper's own.
const SURE: f32 = 0.7;

/// A paper that trains and tests, and names data for one of both alone, does the other on it, too.
pub(super) fn for_both(fields: &mut [Field], sentences: &[crate::intake::Sentence]) {
    const OF_TRAINING: [FieldKey; 5] =
        [FieldKey::Optimizer, FieldKey::Lr, FieldKey::Epochs, FieldKey::Steps, FieldKey::BatchSize];
    // Others' settings are less sure.
    let trains = fields.iter().any(|field| OF_TRAINING.contains(&field.key) && field.confidence >= SURE);
    let is = |field: &Field, role: DatasetRole| matches!(&field.value, Value::Dataset { dataset } if dataset.role == role);
    let any = |role: DatasetRole| fields.iter().any(|field| is(field, role) || is(field, DatasetRole::TrainAndEval));
    let mut names = fields.iter().filter_map(|field| match &field.value {
        Value::Dataset { dataset } => Some(dataset.name.clone()),
        _ => None,
    });
    // Of several, some may be only for tests.
    let Some(name) = names.next() else { return };
    let is_one = names.all(|other| same_spelling(&other, &name));
    // Without training on it, or by those who made the model.
    let is_other = |text: &str| {
        let lower = text.to_lowercase();
        says_zero_shot(text) || ["benchmark", "pre-train", "pretrain"].iter().any(|word| lower.contains(word))
    };
    let is_doubtful = sentences.iter().any(|sentence| sentence.text.contains(&name) && is_other(&sentence.text));
    if !trains || any(DatasetRole::Train) == any(DatasetRole::Eval) || !is_one || is_doubtful {
        return;
    }
    for field in fields {
        if let Value::Dataset { dataset } = &mut field.value {
            dataset.role = DatasetRole::TrainAndEval;
        }
    }
}

/// Data that has no name but those who made it: `the data set introduced by Ash and Oak (2020)`.
fn by_authors(text: &str) -> Vec<(String, Range<usize>)> {
    const WHO: &str = r"[A-Z][\w’'-]+(?: et al\.?| (?:and|&) [A-Z][\w’'-]+)?,? \((?:19|20)\d\d[a-z]?\)";
    static MADE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\b(?:data ?sets?|corpus|corpora) (?:(?:introduced|collected|released|provided|created|proposed|published|annotated|constructed|built|made|compiled) (?:by|in)|from|of) (?P<l>{WHO}(?:(?:,? and |, ){WHO})*)"
        ))
    });
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(WHO));
    if !text.contains("data") && !text.contains("corp") {
        return Vec::new();
    }
    // `Foo, a dataset introduced in ...` has a name.
    let is_named = |found: &regex::Captures<'_>| {
        let before = found.get(0).map_or("", |whole| text[..whole.start()].trim_end());
        [", a", ", an", ", the"].iter().any(|article| before.ends_with(article))
    };
    let lists = MADE.captures_iter(text).filter(|found| !is_named(found)).filter_map(|found| found.name("l"));
    lists
        .flat_map(|list| {
            ONE.find_iter(list.as_str())
                .map(move |one| (one.as_str().to_string(), list.start() + one.start()..list.start() + one.end()))
        })
        .collect()
}

/// Data that has no name but is the paper's: `trained on an in-house dataset of ...`, `fine-tuned on our orchard dataset`.
fn unnamed(text: &str) -> Option<(String, Range<usize>)> {
    static OURS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:train|fine-?tun|evaluat|test|collect|experiment|apply|us)\w* (?:[\w-]+ ){0,6}?(?:on|from|with|using|the)? ?(?:our|an) (?P<d>(?:own )?(?P<a>(?:[a-z]+(?:-[a-z]+)* ){1,3}?)(?:data ?set|corpus))\b",
        )
    });
    const SAYS_NOTHING: [&str; 28] = [
        "large",
        "small",
        "new",
        "single",
        "different",
        "given",
        "same",
        "specific",
        "larger",
        "smaller",
        "balanced",
        "public",
        "own",
        "existing",
        "external",
        "additional",
        "independent",
        "unseen",
        "entire",
        "original",
        "full",
        "training",
        "test",
        "evaluation",
        "on",
        "of",
        "to",
        "with",
    ];
    let found = OURS.captures(text)?;
    let says = found["a"].split_whitespace().any(|word| !SAYS_NOTHING.contains(&word));
    // `an LM on any dataset` is of more than one thing.
    let is_one = !found["a"].split_whitespace().any(|word| ["on", "of", "to", "with", "for", "from", "in"].contains(&word));
    let name = found.name("d").filter(|_| says && is_one)?;
    Some((name.as_str().to_string(), name.range()))
}

/// `owner/name` in a sentence of data sets.
fn ids(text: &str) -> Vec<(String, Range<usize>)> {
    static ID: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b([a-z0-9][\w-]*/[a-z][\w.-]*[a-z0-9])\b"));
    let has_cue = ["data set", "dataset", "corpus"].iter().any(|cue| text.contains(cue)) && !text.contains("://");
    let named = ID.find_iter(text).filter(|id| has_cue && id.as_str().contains('-') && !id.as_str().contains("/non-"));
    named.map(|id| (id.as_str().to_string(), id.range())).collect()
}

/// Metrics, where the sentence says that they are measured.
fn metrics(at: &Place<'_>, found: &mut Findings<'_>) {
    static MEASURED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:report\w*|evaluat\w*|measur\w*|scor\w*|achiev\w*|obtain\w*|error rates?|in terms of|metrics?|better|comparison|test set|shows?|results?)\b",
        )
    });
    let text = at.text();
    // An item of a list under such a heading needs no verb.
    if let [only] = at.heard.metrics_in(text).as_slice()
        && text.trim_start_matches(['•', ' ']) == &text[only.at.clone()]
        && is_of_measures(found.paper.section_title(at.sentence.section))
    {
        let value = Value::Texts { texts: vec![only.name.clone()] };
        return found.say(at, FieldKey::Metrics, value, None, only.at.clone());
    }
    let whole = text.ends_with(['.', ':', ')']);
    if !whole || !MEASURED.is_match(text) && !at.caption {
        return;
    }
    for mention in at.heard.metrics_in(text) {
        if mention.name != "score" && !is_denied(&text[..mention.at.start]) && !at.own.contains(&mention.name.to_lowercase()) {
            // `Macro-F1` is more than `F1`.
            let written = &text[mention.at.clone()];
            let closer = mention.name.ends_with("@k")
                || written.len() > mention.name.len() && written.ends_with(&format!("-{}", mention.name));
            let value = Value::Texts { texts: vec![if closer { written.to_string() } else { mention.name.clone() }] };
            found.say(at, FieldKey::Metrics, value, None, mention.at);
        }
    }
}

/// `Evaluation metrics`, `Measures`: a heading over them.
fn is_of_measures(title: &str) -> bool {
    let title = title.to_lowercase();
    ["metric", "measure", "evaluation"].iter().any(|word| title.contains(word))
}

/// `This is accuracy, not the mean {error}`: what the measure is not.
fn is_denied(before: &str) -> bool {
    static NOT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r", (?:and )?not (?:(?:the|an?) )?(?:[\w-]+ ){0,3}(?:\(?[\w-]+ \(?)?$"));
    before.contains(", ") && NOT.is_match(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_measure_is_not() {
        assert!(is_denied("This metric is accuracy, not reference-model-normalized mean corruption "));
        assert!(is_denied("It is recall, not the "));
        assert!(!is_denied("We do not tune, and report ") && !is_denied("It does not change the "));
    }

    #[test]
    fn data_for_training_and_tests() {
        use crate::intake::{PaperFormat, extract, read_paper};
        let roles = |text: &str| {
            let text = format!("# A Study\n\n## Experiments\n\n{text}\n");
            let paper = read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read");
            let role = |field: &Field| match &field.value {
                Value::Dataset { dataset } => Some(dataset.role),
                _ => None,
            };
            extract(&paper).fields.iter().filter_map(role).collect::<Vec<_>>()
        };
        assert_eq!(
            roles("We evaluate on the Plum dataset. We use Adam with a learning rate of 0.1."),
            [DatasetRole::TrainAndEval]
        );
        // Scores of a table are of tests, and of several data some may be for nothing else.
        let scores = "Table 1: Zero-shot results.\n\n| Benchmark | Llama | Ours |\n|---|---|---|\n| MMLU | 45.3 | 50.1 |\n| GSM8K | 20.5 | 30.5 |\n\nWe use Adam with a learning rate of 0.1.";
        let scored = roles(scores);
        assert!(scored.len() > 1 && scored.iter().all(|role| *role == DatasetRole::Eval), "{scored:?}");
        // Nothing is trained, or on other data.
        assert_eq!(roles("We evaluate on the Plum dataset."), [DatasetRole::Eval]);
        let both = roles("We train on the Pear corpus with Adam. We evaluate on the Plum dataset.");
        assert_eq!(both, [DatasetRole::Train, DatasetRole::Eval]);
    }

    #[test]
    fn data_of_its_authors() {
        let named = |text: &str| by_authors(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(named("We use the data set introduced by Ash et al. (2020) of leaves."), ["Ash et al. (2020)"]);
        assert_eq!(named("Annotated datasets from Ash and Oak (2001) and Elm (2002a)."), ["Ash and Oak (2001)", "Elm (2002a)"]);
        assert!(named("We follow the recipe of Ash et al. (2020) on our data.").is_empty());
    }

    #[test]
    fn data_without_a_name() {
        let name = |text: &str| unnamed(text).map(|(name, _)| name);
        assert_eq!(name("It is trained on our orchard dataset.").as_deref(), Some("orchard dataset"));
        assert_eq!(name("Models are trained on an in-house dataset of trees.").as_deref(), Some("in-house dataset"));
        assert_eq!(name("We train on our new dataset."), None);
        assert_eq!(name("Others met an orchard dataset."), None);
    }
}
