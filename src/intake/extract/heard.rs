//! Data sets and metrics that a paper names itself, told by where the names stand: `the Foo corpus`, `experiments on Foo and Bar`, a
//! column headed `Dataset`, `joint goal accuracy (JGA)`. What many papers share is in [`names`].

use super::standing::{Form, STRONG, WEAK, is_coined, is_kind, is_possible, is_small_word, items, list};
use super::{aside, names, tables};
use crate::intake::{Paper, SectionKind, Sentence};
use std::cell::OnceCell;
use std::collections::HashSet;
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
    any_dataset: Option<regex::Regex>,
    /// Short names of measures.
    any_metric: Option<regex::Regex>,
    /// The data set that it speaks of most.
    pub main: Option<String>,
    /// The words that the paper writes without a capital, once they are asked for.
    small: OnceCell<HashSet<String>>,
}

impl Heard {
    /// Whether the paper writes a word without a capital, other than in an address.
    pub(super) fn writes(&self, paper: &Paper, word: &str) -> bool {
        let words = |text: &str| {
            let said =
                text.split_whitespace().filter(|word| !word.contains("://") && !word.contains("www.") && !word.contains('@'));
            let parts = said.flat_map(|word| word.split(|c: char| !c.is_alphanumeric() && c != '’'));
            parts.filter(|word| word.starts_with(char::is_lowercase)).map(str::to_string).collect::<Vec<_>>()
        };
        self.small.get_or_init(|| paper.pages.iter().flat_map(|page| words(&page.text)).collect()).contains(word)
    }

    pub(super) fn of(paper: &Paper, sentences: &[Sentence], own: &[String]) -> Heard {
        // What a paper proposes may be data.
        let own: Vec<String> = own.iter().filter(|own| !is_said_to_be_data(own, sentences)).cloned().collect();
        let own = own.as_slice();
        let mut names = Collected::default();
        for sentence in sentences.iter().filter(|s| is_own(paper, s, own)) {
            let text = without_citations(&sentence.text);
            names.read(&text, own);
            if is_of_data(paper.section_title(sentence.section)) {
                names.subject(without_head(&text));
            }
        }
        names.headings(paper);
        names.tables(paper);
        names.title(paper);
        let tasks = expanded(sentences);
        let datasets = names.settle(&tasks);
        let any = |list: &[String]| {
            // A caption may be in capitals.
            let capitals = list.iter().filter(|name| name.len() > 5).map(|name| name.to_uppercase());
            let mut list: Vec<String> = capitals.filter(|name| !list.contains(name)).chain(list.iter().cloned()).collect();
            list.sort_by_key(|name| std::cmp::Reverse(name.len()));
            let written = |name: &String| regex::escape(name).replace(' ', r"[ -]").replace(r"\-", r"[-‐–]?");
            let all = list.iter().map(written).collect::<Vec<_>>().join("|");
            (!list.is_empty()).then(|| regex::Regex::new(&format!(r"\b(?:{all})(?:\b|$|\s)")).ok()).flatten()
        };
        let both: Vec<String> = datasets.iter().flat_map(|(name, short)| std::iter::once(name).chain(short)).cloned().collect();
        let (any_dataset, any_metric) = (any(&both), any(&measures(sentences)));
        let mut heard = Heard { datasets, any_dataset, any_metric, main: None, small: OnceCell::new() };
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
        // By its name, and as it was written first.
        let mut counts: Vec<(String, String, usize)> = Vec::new();
        for sentence in sentences.iter().filter(|s| is_own(paper, s, own)) {
            for Named { name, at } in self.datasets_in(&sentence.text) {
                match counts.iter_mut().find(|(other, ..)| *other == name) {
                    Some((_, _, count)) => *count += 1,
                    None => counts.push((name, sentence.text[at].to_string(), 1)),
                }
            }
        }
        let counts = counts.into_iter().map(|(_, written, count)| (written, count));
        // The only one there is need not be named twice.
        let is_only = counts.len() == 1;
        counts.filter(|(_, count)| is_only || *count > 1).rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
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

/// `the Foo data set`, `Foo is a corpus`, `a benchmark, Foo`, said more than once.
fn is_said_to_be_data(own: &str, sentences: &[Sentence]) -> bool {
    let data = ["dataset", "data set", "corpus", "benchmark"];
    let says = |text: &str| {
        let Some(at) = text.find(own) else { return false };
        let before = text[..at].trim_end_matches([' ', ',', '“', '"']);
        let behind = text[at + own.len()..].trim_start();
        let behind = behind.strip_prefix("is ").or(behind.strip_prefix(", ")).unwrap_or(behind);
        let behind = behind.strip_prefix("a ").or(behind.strip_prefix("an ")).unwrap_or(behind);
        data.iter().any(|word| behind.starts_with(word) || before.ends_with(word))
    };
    own.len() > 2 && sentences.iter().filter(|s| says(&s.text.to_lowercase())).take(2).count() > 1
}

/// Neither of related work nor of what others did.
fn is_own(paper: &Paper, sentence: &Sentence, own: &[String]) -> bool {
    let of_others = matches!(paper.section_kind(sentence.section), SectionKind::References | SectionKind::RelatedWork);
    !of_others && !aside::is_of_others(&sentence.text, own)
}

/// What the paper proposes, or one of its versions: `Foonet`, `Foonetlarge`.
fn is_of_own(name: &str, own: &[String]) -> bool {
    let lower = name.to_lowercase();
    let version = |own: &String| lower.strip_prefix(own.as_str()).filter(|_| own.len() > 3);
    own.contains(&lower) || own.iter().filter_map(version).any(|rest| rest.chars().all(char::is_alphabetic))
}

/// The text without what it cites: `Foo (Bar et al., 2019)`, `Foo [7]`, `Foo Bar et al. (2019)`.
pub(super) fn without_citations(text: &str) -> String {
    static CITES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"[ ~]?\([^()]{0,200}\b(?:19|20)\d\d[a-z]?[^()]{0,60}\)|[ ~]?\[[^\[\]]{1,200}\]|[ ~][A-Z][\w-]+(?: et al\.?| (?:and|&) [A-Z][\w-]+),?(?: \((?:19|20)\d\d[a-z]?\))",
        )
    });
    CITES.replace_all(text, "").replace(['`', '*', '∗', '†', '‡'], "")
}

/// Names as they are collected, with how often each was seen where a name only may be a data set's.
#[derive(Default)]
struct Collected {
    sure: Vec<(String, Option<String>)>,
    maybe: Vec<(String, Option<String>, usize)>,
}

impl Collected {
    fn read(&mut self, text: &str, own: &[String]) {
        for (place, form) in STRONG.iter() {
            for found in form.captures_iter(text) {
                let between = found.name("b").map_or("", |b| b.as_str()).to_lowercase();
                let Some(list) = found.name("l").filter(|_| !between.split(' ').any(is_small_word)) else { continue };
                let behind = *place == Form::Behind;
                let of_tasks = behind && found[0].starts_with("task");
                // `data from Germany`; what data were drawn from has a plain name at times.
                let of_source = found[0].starts_with("data ")
                    && found[0].contains(" from ")
                    && !["sampled ", "drawn ", "taken ", "crawled "].iter().any(|verb| found[0].contains(verb));
                for (name, short) in items(list.as_str()) {
                    // A word that a sentence begins with has its capital from there.
                    let opens = *place == Form::Before && text[..list.start()].trim_end().ends_with([':', '.']);
                    let begins = (list.start() == 0 || opens) && text[list.start()..].starts_with(&name) && !name.contains(' ');
                    let plain =
                        of_tasks || of_source || begins || behind && (items(list.as_str()).len() < 2 || !found[0].contains(", "));
                    let is_named_so = own.contains(&name.to_lowercase());
                    let is_own = (*place == Form::Before || !is_named_so) && is_of_own(&name, own);
                    if is_possible(&name) && !is_own && (!plain || is_coined(&name)) {
                        self.sure.push((name, short));
                    }
                }
            }
        }
        self.sure.extend(numbered(text).into_iter().filter(|name| !own.contains(&name.to_lowercase())).map(|name| (name, None)));
        self.sure
            .extend(of_plain_data(text).into_iter().filter(|name| !own.contains(&name.to_lowercase())).map(|name| (name, None)));
        self.sure
            .extend(in_brackets(text).into_iter().filter(|name| !own.contains(&name.to_lowercase())).map(|name| (name, None)));
        for form in WEAK.iter() {
            for found in form.captures_iter(text) {
                let Some(list) = found.name("l").or_else(|| found.name("m")) else { continue };
                let all = items(list.as_str());
                let weight = if all.len() > 1 { 2 } else { 1 };
                for (name, short) in all {
                    if is_possible(&name) && (is_coined(&name) || short.is_some()) && !is_of_own(&name, own) {
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

    /// `Dataset: Foo2`, `The Foo2 benchmark`: what a heading calls so.
    fn headings(&mut self, paper: &Paper) {
        static NAMED: LazyLock<regex::Regex> = LazyLock::new(|| {
            const NAME: &str = r"[A-Z][A-Za-z]*(?:[A-Z]|\d)[A-Za-z\d]*(?:-[A-Z\d][\w.]*)?";
            crate::intake::regex(&format!(
                r"(?:^|: |^The |^Our )(?P<l>{NAME}) (?:[Dd]ata ?[Ss]ets?|[Cc]orpus|[Bb]enchmark)$|^(?:Data ?set|Corpus|Benchmark)s?: (?P<m>{NAME})$"
            ))
        });
        for section in 0..paper.sections.len() {
            let title = paper.section_title(Some(section)).trim();
            let Some(found) = NAMED.captures(title) else { continue };
            let name = found.name("l").or_else(|| found.name("m")).map(|name| name.as_str()).filter(|name| is_possible(name));
            self.sure.extend(name.map(|name| (name.to_string(), None)));
        }
    }

    /// A name that only may be a data set's and that the title begins with is one.
    fn title(&mut self, paper: &Paper) {
        let Some(title) = paper.title.as_ref().map(|title| paper.passage(title)) else { return };
        let title = title.strip_prefix("The ").unwrap_or(title);
        let is_there = |name: &str| title.strip_prefix(name).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
        self.maybe.iter_mut().filter(|(name, ..)| is_there(name)).for_each(|(_, _, count)| *count += 1);
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
                // `iFoo` is a name, too; `Total` is of the rows above.
                let begins = name.chars().take(2).any(char::is_uppercase) && !name.eq_ignore_ascii_case("total");
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

/// `data sets of several kinds: facts (Foo, BarQA), sums (Baz8k)`: names in brackets behind words for what they are of.
fn in_brackets(text: &str) -> Vec<String> {
    static BRACKETS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"[a-z] \((?P<l>[A-Z][\w’.-]*(?:-[\w.-]+)?(?:(?:,? and |, )[A-Z][\w’.-]*)*)\)"));
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:data ?sets|benchmarks|corpora)\b"));
    static KIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:data ?sets|benchmarks|corpora|methods?|baselines?|models?|optimi[sz]ers?|algorithms?|approach(?:es)?|metrics?|systems?|frameworks?|libraries)\b",
        )
    });
    if !text.contains('(') || !DATA.is_match(text) {
        return Vec::new();
    }
    // Of words for kinds of things the last before the brackets tells what is in them.
    let is_of_data = |found: &regex::Captures<'_>| {
        let before = found.get(0).map_or("", |whole| &text[..whole.start() + 1]);
        KIND.find_iter(before).last().is_some_and(|kind| DATA.is_match(kind.as_str()))
    };
    let lists: Vec<Vec<String>> = BRACKETS
        .captures_iter(text)
        .filter(is_of_data)
        .map(|found| items(&found["l"]).into_iter().map(|(name, _)| name).filter(|name| is_possible(name)).collect())
        .collect();
    // One name alone may be short for the words before it; several are a list, and so is what stands beside one.
    let short = |name: &str| !name.chars().any(|c| c.is_lowercase() || c.is_ascii_digit());
    if !lists.iter().any(|list| list.len() > 1 && list.iter().all(|name| is_coined(name))) {
        return Vec::new();
    }
    lists
        .into_iter()
        .filter(|list| list.len() > 1 || !list.iter().any(|name| short(name)))
        .flatten()
        .filter(|name| is_coined(name))
        .collect()
}

/// `only public data (Foo-X, BarQA, Plum)`: names in brackets behind data of a kind; beside coined ones a plain one is a name, too.
fn of_plain_data(text: &str) -> Vec<String> {
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:public|open|open-source|training|parallel|monolingual|bilingual|multilingual|conversational|pre-?training|fine-?tuning|evaluation|test|external|auxiliary|in-domain|out-of-domain|instruction|speech|text) data ",
            r"\((?P<l>[A-Z][\w’.-]*(?: [A-Z][\w’.-]*)?(?:(?:,? and |, )[A-Z][\w’.-]*(?: [A-Z][\w’.-]*)?)+)\)"
        ))
    });
    if !text.contains(" data (") {
        return Vec::new();
    }
    let Some(list) = DATA.captures(text).and_then(|found| found.name("l")) else { return Vec::new() };
    let names: Vec<String> = items(list.as_str()).into_iter().map(|(name, _)| name).filter(|name| is_possible(name)).collect();
    if names.iter().filter(|name| is_coined(name)).count() > 1 { names } else { Vec::new() }
}

/// `General anchor (for replay): Foo-X, a register`, `• Foo-X, human-written`: without what heads the paragraph or the item.
fn without_head(text: &str) -> &str {
    let bare = text.trim_start_matches(['•', ' ']);
    let head = bare
        .split_once(": ")
        .filter(|(head, rest)| head.len() < 40 && !head.contains([',', '.']) && rest.starts_with(char::is_uppercase));
    head.map_or(bare, |(_, rest)| rest)
}

const MOST_NAMES: usize = 60;

/// `three datasets: (i) Foo, which ...; (ii) Bar`: the names that numbers stand before.
fn numbered(text: &str) -> Vec<String> {
    static LIST: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b(?:data ?sets|corpora|benchmarks)\b[^.:]{0,40}: ?\((?:i|1|a)\) "));
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\((?:i{{1,3}}|iv|v|vi{{1,3}}|[a-h1-9])\) (?:the )?(?P<n>{})(?: \(|,|;|:|\.|$)",
            super::standing::NAME
        ))
    });
    let Some(list) = LIST.find(text) else { return Vec::new() };
    // From the first number on.
    let from = list.as_str().rfind('(').map_or(list.end(), |at| list.start() + at);
    ONE.captures_iter(&text[from..])
        .map(|found| found["n"].to_string())
        .filter(|name| is_possible(name) && is_coined(name))
        .collect()
}

fn is_of_data(title: &str) -> bool {
    static DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:data|data ?sets?|corpus|corpora|benchmarks?)\b"));
    DATA.is_match(title)
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
    // `Leaf Similarity (LS) tasks`, `corpus`: what is measured on.
    static OF_DATA: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^ (?:tasks?|corpus|corpora|data ?sets?|benchmarks?|challenges?|problems?)\b"));
    let mut of_data: Vec<String> = Vec::new();
    for (text, one) in sentences.iter().flat_map(|s| SHORT.captures_iter(&s.text).map(|one| (s.text.as_str(), one))) {
        let (long, short) = (one["l"].to_lowercase(), one["s"].to_string());
        if one.get(0).is_some_and(|whole| OF_DATA.is_match(&text[whole.end()..])) {
            of_data.push(short);
            continue;
        }
        let begins = |c: char| long.split([' ', '-']).any(|word| word.starts_with(c));
        let fits = short.chars().filter(|c| c.is_uppercase()).all(|c| c.to_lowercase().any(begins));
        let rates = ["learning rate", "dropout", "compression", "sampling", "decay", "momentum"];
        let known = !names::metrics_in(&short).is_empty() || found.contains(&short);
        if fits && !known && !rates.iter().any(|rate| long.contains(rate)) {
            found.push(short);
        }
    }
    found.retain(|short| !of_data.contains(short));
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
        check("In OurNet there are leaves. The OurNet dataset is small. We built the OurNet corpus.", &["OurNet"]);
        check("The words are data sampled from Birch and Alder-3.", &["Birch", "Alder-3"]);
        check("- Lime (5-shot): A corpus of words.\n", &["Lime"]);
        check("- Limes, a dataset introduced by others, of words.\n", &["Limes"]);
        check("**PlumQA** PlumQA is a dataset of words. The PlumQA dataset is small.", &["PlumQA"]);
        check("We take five English-language corpora, and QA datasets.", &[]);
        check(
            "We report the average scores on PlumQA (Ash et al., 2020), PearQA (Oak, 2019), and FigQA (Elm, 2018).",
            &["PlumQA", "PearQA", "FigQA"],
        );
        check("| Dataset | Size |\n|---|---|\n| iLeaves 2018 | 120 |\n| Total | 120 |\n", &["iLeaves 2018"]);
        check(
            "We take datasets of kinds: facts (BirchQA, ALD), sums (Elm8k), and more (see Table 2).",
            &["BirchQA", "ALD", "Elm8k"],
        );
        // Names of what else there is.
        check("We take datasets to compare methods (FedAvg, FedProx, SCAFFOLD) with ours.", &[]);
        check("On the datasets we try optimizers (AdaGrad, RMSProp).", &[]);
        check("We use data from Germany and France.", &[]);
        check("We employ the leaf sorting dataset AldN and a corpus Words.", &["AldN"]);
        check("We sample leaves from existing resources such as AlderBank.", &["AlderBank"]);
        check("We also include AshRank and ElmRank from Bench.", &["AshRank", "ElmRank"]);
        check("We evaluate OurNetlarge on all. We evaluate on OurNetlarge and OurNetsmall.", &[]);
        check("The query of Season 2 is in the data from Season 2.", &[]);
        check("Table 1: Leaf benchmark results of all. We see more: Root benchmark results.", &[]);
        check("It learns data from Stage 1 once more.", &[]);
        check("We use benchmarks of question answering (QA) and of named entity recognition (NER).", &[]);
        check("We sample from Medlar, a large multilingual dataset of words.", &["Medlar"]);
        check("We introduce FigBench, a benchmark for fruit.", &["FigBench"]);
        check("We use only public data (OpenFigs, ALD-H, Plum) here.", &["OpenFigs", "ALD-H", "Plum"]);
        check("We work on tabular data (XBoost, CatNet).", &[]);
        check("We work on public data (see Section A).", &[]);
        check(
            "The primary data source is the Large Leaf Growth Dataset for Trees [3], which is public.",
            &["Leaf Growth Dataset"],
        );
        check("We conduct experiments on QuinceQA and Rowan21.", &["QuinceQA", "Rowan21"]);
        check("The test was done on A100 and V100 GPUs. We run BERT on the dataset.", &[]);
        check("On the dataset, OurNet achieves more. We evaluate OurNet.", &[]);
        check("| Dataset | Size |\n|---|---|\n| Hazel (Oak, 2001) | 120 |\n| Thorn | 300 |\n", &["Hazel", "Thorn"]);
    }

    #[test]
    fn a_name_of_the_title_need_be_met_but_once() {
        let of = |title: &str| {
            let text = format!(
                "# {title}\n\n## Results\n\nWe report the results on LEAF-NB5. They are as we said that they would be here.\n"
            );
            let paper = read_paper(text.as_bytes(), PaperFormat::Markdown, "x").expect("read");
            Heard::of(&paper, &paper.sentences(), &[]).datasets.len()
        };
        assert_eq!((of("LEAF-NB5: A Log"), of("A Log of LEAF-NB5 Leaves"), of("A Log")), (1, 0, 0));
    }

    #[test]
    fn short_names_of_measures() {
        let of = |text: &str| {
            let paper = read_paper(format!("# A Study\n\n## Results\n\n{text}\n").as_bytes(), PaperFormat::Markdown, "x");
            measures(&paper.expect("read").sentences())
        };
        assert_eq!(of("We report the whole plan accuracy (WPA)."), ["WPA"]);
        assert!(of("We study the Leaf Similarity (LS) tasks and the Root Distance (RD) corpus.").is_empty());
        assert!(of("We set the learning rate (LR). The error (see Fig) is small.").is_empty());
    }
}
