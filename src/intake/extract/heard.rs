//! Data sets and metrics that a paper names itself, told by where the names stand: `the Foo corpus`, `experiments on Foo and Bar`, a
//! column headed `Dataset`, `joint goal accuracy (JGA)`. What many papers share is in [`names`].

use super::{aside, names, tables};
use crate::intake::{Paper, SectionKind, Sentence};
use std::ops::Range;
use std::sync::LazyLock;

/// A name in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Named {
    pub name: String,
    pub at: Range<usize>,
}

/// The names of a paper.
#[derive(Default)]
pub(super) struct Heard {
    /// Data sets by the names that it gives them, each with the short one that stands in brackets behind it.
    pub datasets: Vec<(String, Option<String>)>,
    /// Short names of measures.
    metrics: Vec<String>,
    any_dataset: Option<regex::Regex>,
    any_metric: Option<regex::Regex>,
    /// The data set that it speaks of most.
    pub main: Option<String>,
}

impl Heard {
    pub(super) fn of(paper: &Paper, sentences: &[Sentence], own: &[String]) -> Heard {
        let mut names = Collected::default();
        for sentence in sentences.iter().filter(|s| is_own(paper, s, own)) {
            let text = without_citations(&sentence.text);
            names.read(&text, own);
            if is_of_data(paper.section_title(sentence.section)) {
                names.subject(&text);
            }
        }
        names.tables(paper);
        let tasks = expanded(sentences);
        let datasets = names.settle(&tasks);
        let metrics = measures(sentences);
        let any = |list: &[String]| {
            let mut list: Vec<&str> = list.iter().map(String::as_str).collect();
            list.sort_by_key(|name| std::cmp::Reverse(name.len()));
            let written = |name: &&str| regex::escape(name).replace(' ', r"[ -]").replace(r"\-", r"[-‐–]?");
            let all = list.iter().map(written).collect::<Vec<_>>().join("|");
            (!list.is_empty()).then(|| regex::Regex::new(&format!(r"\b(?:{all})(?:\b|$|\s)")).ok()).flatten()
        };
        let both: Vec<String> = datasets.iter().flat_map(|(name, short)| std::iter::once(name).chain(short)).cloned().collect();
        let (any_dataset, any_metric) = (any(&both), any(&metrics));
        let mut heard = Heard { datasets, metrics, any_dataset, any_metric, main: None };
        heard.main = heard.most_spoken_of(paper, sentences, own);
        heard
    }

    /// Data sets in a text, in order: the paper's own names and those that many share; of two that overlap the longer.
    pub(super) fn datasets_in(&self, text: &str) -> Vec<Named> {
        let known = names::datasets_in(text).into_iter().map(|m| Named { name: m.name.to_string(), at: m.at });
        merged(named(self.any_dataset.as_ref(), text).chain(known).collect())
    }

    /// Metrics in a text, in order.
    pub(super) fn metrics_in(&self, text: &str) -> Vec<Named> {
        let known = names::metrics_in(text).into_iter().map(|m| Named { name: m.name.to_string(), at: m.at });
        merged(named(self.any_metric.as_ref(), text).chain(known).collect())
    }

    /// A data set by its long name and its short one; as it stands, where one of them is known or it has but one.
    pub(super) fn in_full(&self, name: &str) -> String {
        let is_it = |other: &String| names::same_spelling(other, name);
        match self.datasets.iter().find(|(long, short)| is_it(long) || short.as_ref().is_some_and(is_it)) {
            Some((long, Some(_))) if !names::datasets_in(long).is_empty() => long.clone(),
            Some((long, Some(short))) => format!("{long} ({short})"),
            _ => name.to_string(),
        }
    }

    fn most_spoken_of(&self, paper: &Paper, sentences: &[Sentence], own: &[String]) -> Option<String> {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for sentence in sentences.iter().filter(|s| is_own(paper, s, own)) {
            for Named { name, .. } in self.datasets_in(&sentence.text) {
                match counts.iter_mut().find(|(other, _)| *other == name) {
                    Some((_, count)) => *count += 1,
                    None => counts.push((name, 1)),
                }
            }
        }
        counts.into_iter().filter(|(_, count)| *count > 1).rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
    }
}

fn named<'t>(any: Option<&'t regex::Regex>, text: &'t str) -> impl Iterator<Item = Named> + 't {
    any.into_iter().flat_map(move |any| any.find_iter(text)).map(move |m| {
        let name = m.as_str().trim_end();
        Named { name: name.to_string(), at: m.start()..m.start() + name.len() }
    })
}

fn merged(mut all: Vec<Named>) -> Vec<Named> {
    all.sort_by_key(|one| (std::cmp::Reverse(one.at.len()), one.at.start));
    let mut kept: Vec<Named> = Vec::new();
    for one in all {
        if kept.iter().all(|other| one.at.end <= other.at.start || other.at.end <= one.at.start) {
            kept.push(one);
        }
    }
    kept.sort_by_key(|one| one.at.start);
    kept
}

/// Neither of related work nor of what others did.
fn is_own(paper: &Paper, sentence: &Sentence, own: &[String]) -> bool {
    let of_others = matches!(paper.section_kind(sentence.section), SectionKind::References | SectionKind::RelatedWork);
    !of_others && !aside::is_of_others(&sentence.text, own)
}

/// The text without what it cites: `Foo (Bar et al., 2019)`, `Foo [7]`, `Foo Bar et al. (2019)`.
fn without_citations(text: &str) -> String {
    static CITES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"[ ~]?\([^()]{0,200}\b(?:19|20)\d\d[a-z]?[^()]{0,60}\)|[ ~]?\[[^\[\]]{1,200}\]|[ ~][A-Z][\w-]+(?: et al\.?| (?:and|&) [A-Z][\w-]+),?(?: \((?:19|20)\d\d[a-z]?\))",
        )
    });
    CITES.replace_all(text, "").replace(['`', '*'], "")
}

/// A name: words with a capital or a digit each.
const NAME: &str =
    r"(?:[A-Z][\w’'!+]*(?:[-/][\w+]+)*(?:\.\d+)?)(?:[ ](?:[A-Z][\w’'!+]*\.?(?:[-/][\w+]+)*|v?\d[\w]*(?:[-.]\w+)*)){0,4}";
/// What may stand in brackets behind it.
const ASIDE: &str = r"(?: \([^()]{1,40}\))?";

fn list() -> String {
    format!(r"{NAME}{ASIDE}(?:(?:,? and |, |,? or |,? as well as )(?:the |on )?{NAME}{ASIDE})*")
}

/// How names of data sets stand in sentences: those that say so, and those that only may.
static STRONG: LazyLock<[regex::Regex; 6]> = LazyLock::new(|| {
    let (name, list) = (NAME, list());
    const DATA: &str = r"(?:data ?sets?|corpus|corpora|benchmarks?|treebanks?)";
    [
        crate::intake::regex(&format!(r"(?P<l>{list}) (?P<b>(?:[a-z]+(?:-[a-z]+)* ){{0,2}}?){DATA}\b")),
        crate::intake::regex(&format!(
            r"\b(?:{DATA}|tasks)(?:(?:,|[^.;:()]{{0,60}}?) (?:such as|including|namely|i\.e\.,?|called|named|known as)|,? are|:| [–—-]| \() ?(?:the )?(?P<l>{list})"
        )),
        crate::intake::regex(&format!(
            r"(?:^|[Ww]e (?:also )?(?:introduce|present|release|propose|construct|build|built|create|collect|compile)d? )(?P<l>{name}){ASIDE}(?: is|,) (?:an?|the) (?P<b>(?:[\w-]+ ){{0,5}}?){DATA}\b"
        )),
        // Not only words of capitals: `the foo2.5 dataset`.
        crate::intake::regex(&format!(r"\b(?:[Tt]he|[Oo]n|’s|'s) (?P<l>[a-z]+[a-z-]*\d[\w.-]*\w) {DATA}\b")),
        // Its own name says what it is: `the Foo Bar Task (FBT)`, `the Foo Database`.
        crate::intake::regex(
            r"(?P<l>(?:[A-Z][\w’'-]+ ){1,4}(?:Task|Challenge|Dataset|Corpus|Benchmark|Database|Treebank)(?: \([A-Z][\w-]{1,11}\))?)",
        ),
        // `the Foo Bar (FB) corpus`: the short name before the word.
        crate::intake::regex(&format!(
            r"\b(?:[Tt]he|[Oo]n|[Oo]ur) (?P<l>{name} \([A-Z][\w-]{{1,11}}\)) (?P<b>(?:[a-z]+(?:-[a-z]+)* ){{0,2}}?){DATA}\b"
        )),
    ]
});

static WEAK: LazyLock<[regex::Regex; 5]> = LazyLock::new(|| {
    let list = list();
    const DONE: &str = r"(?:[Ee]valuat\w+|[Ee]xperiment\w*|[Tt]est(?:ed|ing)?|[Tt]rain(?:ed|ing|s)?|[Ff]ine-?tun(?:ed?|ing)|[Rr]esults?|[Pp]erformances?|[Vv]alidat\w+|[Cc]lassification|[Aa]chiev\w+)";
    [
        crate::intake::regex(&format!(r"\b{DONE} (?:[\w’'@%.-]+ ){{0,8}}?on (?:the |both |all )?(?P<l>{list})")),
        crate::intake::regex(&format!(
            r"\b(?:use|adopt|consider|select|employ|utili[sz]e|choose)d? (?:the )?(?P<l>{list}) (?:for|as|to) (?:[a-z-]+ ){{0,4}}?(?:(?:pre-?)?train|evaluat|fine-?tun|test|validation|benchmark|source)"
        )),
        crate::intake::regex(&format!(r"(?P<l>{NAME}) (?:is|was) used (?:as|for) (?:the |our )?(?:test|validation|dev|train)")),
        crate::intake::regex(&format!(
            r"\b(?:[Tt]he|[Oo]n|[Oo]f) (?P<l>{list}) (?:training|test|validation|dev|development|evaluation|eval) (?:sets?|splits?|data)\b"
        )),
        crate::intake::regex(&format!(
            r"\b(?:on|the) (?P<l>{list}) (?:[a-z]+(?:-[a-z]+)* ){{0,3}}?tasks?\b|\btasks? (?P<m>{list})"
        )),
    ]
});

/// Names as they are collected, with how often each was seen where a name only may be a data set's.
#[derive(Default)]
struct Collected {
    sure: Vec<(String, Option<String>)>,
    maybe: Vec<(String, Option<String>, usize)>,
}

impl Collected {
    fn read(&mut self, text: &str, own: &[String]) {
        for (index, form) in STRONG.iter().enumerate() {
            for found in form.captures_iter(text) {
                let between = found.name("b").map_or("", |b| b.as_str());
                let Some(list) = found.name("l").filter(|_| !between.split(' ').any(is_small_word)) else { continue };
                let of_tasks = index == 1 && found[0].starts_with("task");
                for (name, short) in items(list.as_str()) {
                    // A word that a sentence begins with has its capital from there.
                    let begins = list.start() == 0 && text.starts_with(&name) && !name.contains(' ');
                    let plain = of_tasks || begins || index == 1 && (items(list.as_str()).len() < 2 || !found[0].contains(", "));
                    let is_own = index == 0 && own.contains(&name.to_lowercase());
                    if is_possible(&name) && !is_own && (!plain || is_coined(&name)) {
                        self.sure.push((name, short));
                    }
                }
            }
        }
        for form in WEAK.iter() {
            for found in form.captures_iter(text) {
                let Some(list) = found.name("l").or_else(|| found.name("m")) else { continue };
                let all = items(list.as_str());
                let weight = if all.len() > 1 { 2 } else { 1 };
                for (name, short) in all {
                    if is_possible(&name) && (is_coined(&name) || short.is_some()) && !own.contains(&name.to_lowercase()) {
                        match self.maybe.iter_mut().find(|(other, ..)| *other == name) {
                            Some((_, _, count)) => *count += weight,
                            None => self.maybe.push((name, short, weight)),
                        }
                    }
                }
            }
        }
    }

    /// In a section on data, what a sentence is about.
    fn subject(&mut self, text: &str) {
        static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
            crate::intake::regex(&format!(
                r"^(?:(?:The|For) )?(?P<l>{})(?:,| (?:contains?|consists?|comprises?|includes?|is|are|has|have|provides?|covers?|was|were|uses?)) ",
                list()
            ))
        });
        let Some(list) = SUBJECT.captures(text).and_then(|found| found.name("l")) else { return };
        self.sure.extend(items(list.as_str()).into_iter().filter(|(name, _)| is_possible(name) && is_coined(name)));
    }

    /// What stands in a column headed `Dataset`.
    fn tables(&mut self, paper: &Paper) {
        static DATA: LazyLock<regex::Regex> =
            LazyLock::new(|| crate::intake::regex(r"(?i)^(?:data ?sets?|corpus|corpora|benchmarks?)$"));
        for table in &paper.tables {
            let Some(header) = table.rows.iter().find(|row| tables::is_header(row) && row.cells.len() > 1) else { continue };
            let Some(column) = header.cells.first().filter(|cell| DATA.is_match(cell.text.trim())) else { continue };
            for cell in table.rows.iter().filter_map(|row| row.cells.first()) {
                let name = without_citations(&cell.text);
                let name = name.trim();
                let begins = name.starts_with(|c: char| c.is_uppercase());
                if begins && cell.x0 <= column.x1 && name.len() <= 40 && !DATA.is_match(name) && is_possible(name) {
                    self.sure.push((name.to_string(), None));
                }
            }
        }
    }

    /// The names, and the short ones. What is the short name of a task is no data set where that is only possible.
    fn settle(self, tasks: &[String]) -> Vec<(String, Option<String>)> {
        let mut datasets: Vec<(String, Option<String>)> = Vec::new();
        let maybe = self.maybe.into_iter().filter(|(_, _, count)| *count > 1).map(|(name, short, _)| (name, short));
        for (name, abbreviation) in self.sure.into_iter().chain(maybe).filter(|(name, _)| !tasks.contains(name)) {
            // A known short name needs no long one; what a known one is followed by is no part of it.
            let known = |name: &str| names::datasets_in(name).first().is_some_and(|m| m.at == (0..name.len()));
            let begins_known = name.rsplit_once(' ').is_some_and(|(first, last)| known(first) && is_kind(last));
            if abbreviation.as_deref().is_some_and(known) || begins_known {
                continue;
            }
            let room = datasets.len() < MOST_NAMES;
            match datasets.iter_mut().find(|(other, _)| names::same_spelling(other, &name)) {
                Some((_, short)) => *short = short.take().or(abbreviation),
                None if room => datasets.push((name, abbreviation)),
                None => {}
            }
        }
        let short: Vec<String> = datasets.iter().filter_map(|(_, short)| short.clone()).collect();
        datasets.retain(|(name, _)| !short.contains(name));
        datasets
    }
}

const MOST_NAMES: usize = 60;

fn is_of_data(title: &str) -> bool {
    static DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:data|data ?sets?|corpus|corpora|benchmarks?)\b"));
    DATA.is_match(title)
}

/// The names of a list, each with its short form, if that stands behind it in brackets.
fn items(list: &str) -> Vec<(String, Option<String>)> {
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?:^|,? and |, |,? or |,? as well as |the |on )(?P<n>{NAME})(?: \((?P<s>[^()]{{1,40}})\))?"
        ))
    });
    let is_short =
        |text: &str| text.len() > 1 && text.len() < 12 && !text.contains(' ') && text.starts_with(|c: char| c.is_uppercase());
    ONE.captures_iter(list)
        .map(|one| (bare(&one["n"]), one.name("s").map(|s| s.as_str().to_string()).filter(|s| is_short(s))))
        .flat_map(|(name, short)| parts(&name).into_iter().map(move |name| (name, short.clone())))
        .filter(|(name, _)| !name.is_empty())
        .chain(list.starts_with(|c: char| c.is_lowercase()).then(|| (list.to_string(), None)))
        .collect()
}

/// `Foo10/100` is two.
fn parts(name: &str) -> Vec<String> {
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(?P<n>[A-Za-z -]+)(?P<a>\d+)/(?P<b>\d+)$"));
    match BOTH.captures(name) {
        Some(both) => vec![format!("{}{}", &both["n"], &both["a"]), format!("{}{}", &both["n"], &both["b"])],
        None => vec![name.to_string()],
    }
}

/// Without the words that a sentence begins with.
fn bare(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    let from = words.iter().rposition(|word| BEGINS.contains(word)).map_or(0, |at| at + 1);
    let words = &words[from..];
    words.join(" ").trim_end_matches(['.', '\'', '’']).to_string()
}

const BEGINS: [&str; 44] = [
    "It",
    "They",
    "Its",
    "Existing",
    "Public",
    "Since",
    "Most",
    "Many",
    "Several",
    "Such",
    "Other",
    "Different",
    "Because",
    "Training",
    "When",
    "Then",
    "Across",
    "New",
    "Large",
    "Custom",
    "The",
    "This",
    "These",
    "Our",
    "We",
    "For",
    "In",
    "On",
    "Both",
    "Each",
    "All",
    "Using",
    "From",
    "Table",
    "Figure",
    "Section",
    "Appendix",
    "And",
    "As",
    "With",
    "While",
    "Datasets",
    "Dataset",
    "Data",
];

fn is_small_word(word: &str) -> bool {
    matches!(
        word,
        "on" | "the"
            | "for"
            | "with"
            | "of"
            | "in"
            | "a"
            | "an"
            | "this"
            | "each"
            | "to"
            | "from"
            | "our"
            | "and"
            | "is"
            | "are"
            | "these"
            | "that"
            | "by"
            | "as"
            | "at"
            | "all"
            | "two"
            | "three"
            | "four"
            | "other"
            | "or"
            | "has"
            | "uses"
            | "using"
            | "across"
            | "over"
            | "into"
            | "between"
            | "against"
            | "than"
            | "under"
            | "per"
            | "any"
            | "some"
            | "every"
            | "multiple"
            | "several"
            | "many"
            | "various"
            | "different"
            | "its"
            | "their"
            | "which"
    )
}

/// Not the name of a model, a metric, a machine, a tool or a language.
fn is_possible(name: &str) -> bool {
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:NVIDIA|[CGT]PUs?|[AVH]\d00|RTX|GeForce|Tesla|Adam\w?|SGD|PyTorch|TensorFlow|Hugging ?Face|Transformers|Eq|Tab|Fig|Figures?|Tables?|Sections?|Appendix|Algorithm|NLP|AI|ML|L?LMs?|RAG|SFT|RL|Learning|Python|Java|C\+\+|English|Chinese|German|French|Spanish|Japanese|Latin|Arabic)$",
        )
    });
    if name.split(' ').all(is_kind) {
        return false;
    }
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let metric = names::metrics_in(name).iter().any(|m| m.at.start == 0);
    letters > 1
        && name.len() <= 60
        && !metric
        && !OTHER.is_match(name)
        && !begins_with_machine(name)
        && (super::family_named(name).is_none() || !names::datasets_in(name).is_empty())
        && names::tasks_in(name).is_empty()
}

/// A word for a kind of thing, no name.
fn is_kind(word: &str) -> bool {
    static KIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:Tasks?|Challenges?|Benchmarks?|Data(?:sets?|bases?)?|Corpus|Corpora|Treebank|Test|Train|Training|Validation|Dev|Sets?|Evaluation|Word|Classification|Binary|Multiclass|Shared|Language|Adaptation)$",
        )
    });
    KIND.is_match(word)
}

pub(super) fn begins_with_machine(name: &str) -> bool {
    [
        "GeForce", "GTX", "RTX", "TITAN", "Titan", "Tesla", "Quadro", "NVIDIA", "Nvidia", "Google", "Amazon", "Intel", "AMD",
        "TPU", "GPU",
    ]
    .iter()
    .any(|maker| name.starts_with(maker))
}

/// A word with a digit or two capitals: made up, not only at the head of a sentence or of a title.
pub(super) fn is_coined(name: &str) -> bool {
    name.split(' ').any(|word| word.chars().any(|c| c.is_ascii_digit()) || word.chars().filter(|c| c.is_uppercase()).count() > 1)
        || !names::datasets_in(name).is_empty()
}

/// Short names that lower-case words stand before: `natural language inference (NLI)`.
fn expanded(sentences: &[Sentence]) -> Vec<String> {
    static SHORT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?:\b[a-z]{3,}(?:[ -][a-z]+)*|\b(?:Recognition|Tagging|Generation|Inference|Answering|Models?|Learning|Optimization|Selection|Networks?|Processing)) \((?P<s>[A-Z]{2,6})s?\)",
        )
    });
    sentences.iter().flat_map(|s| SHORT.captures_iter(&s.text).map(|found| found["s"].to_string())).collect()
}

/// Short names of measures: `joint goal accuracy (JGA)`, `Expected Calibration Error (ECE)`.
fn measures(sentences: &[Sentence]) -> Vec<String> {
    static SHORT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?P<l>(?:[\w-]+ ){0,4}(?:rate|error|accuracy|precision|recall|score|coefficient|correlation|distance|similarity|index|ratio|F-measure|F1))s? \((?P<s>(?-i:[A-Za-z]?[A-Z][\w@-]{1,7}))\)",
        )
    });
    let mut found: Vec<String> = Vec::new();
    for one in sentences.iter().flat_map(|s| SHORT.captures_iter(&s.text)) {
        let (long, short) = (one["l"].to_lowercase(), one["s"].to_string());
        let begins = |c: char| long.split([' ', '-']).any(|word| word.starts_with(c));
        let fits = short.chars().filter(|c| c.is_uppercase()).all(|c| c.to_lowercase().any(begins));
        let rates = ["learning rate", "dropout", "compression", "sampling", "decay", "momentum"];
        let known = !names::metrics_in(&short).is_empty() || found.contains(&short);
        if fits && !known && !rates.iter().any(|rate| long.contains(rate)) {
            found.push(short);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{PaperFormat, read_paper};

    fn heard(text: &str) -> Vec<String> {
        let text = format!("# A Study\n\n## Experiments\n\n{text}\n");
        let paper = read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read");
        Heard::of(&paper, &paper.sentences(), &["ournet".to_string()]).datasets.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn names_that_stand_where_data_sets_stand() {
        let check = |text: &str, expected: &[&str]| assert_eq!(heard(text), expected, "{text}");
        check("We use the Blue Lake dataset.", &["Blue Lake"]);
        check("We compare on the Plum (Ash et al., 2019) and PearQA [7] datasets.", &["Plum", "PearQA"]);
        check("There are three datasets: Alder-5, BirchBank (BB) and Cedar.", &["Alder-5", "BirchBank", "Cedar"]);
        check("We introduce FigBench, a benchmark for fruit.", &["FigBench"]);
        check("We conduct experiments on QuinceQA and Rowan21.", &["QuinceQA", "Rowan21"]);
        check("The test was done on A100 and V100 GPUs. We run BERT on the dataset.", &[]);
        check("On the dataset, OurNet achieves more. We evaluate OurNet.", &[]);
        check("| Dataset | Size |\n|---|---|\n| Hazel (Oak, 2001) | 120 |\n| Thorn | 300 |\n", &["Hazel", "Thorn"]);
    }

    #[test]
    fn short_names_of_measures() {
        let of = |text: &str| {
            let paper = read_paper(format!("# A Study\n\n## Results\n\n{text}\n").as_bytes(), PaperFormat::Markdown, "x");
            measures(&paper.expect("read").sentences())
        };
        assert_eq!(of("We report the whole plan accuracy (WPA)."), ["WPA"]);
        assert!(of("We set the learning rate (LR). The error (see Fig) is small.").is_empty());
    }
}
