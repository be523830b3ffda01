//! Which experiment a heading or the beginning of a sentence speaks of, where no list of names knows it.

mod subject;

use crate::intake::{Paper, Section, SectionKind, Sentence};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;
use subject::subject;
pub(super) use subject::{Subjects, is_model, subject_of_clause, trained_subject};

/// Words for kinds of sections, of statements and of settings: they tell no experiment from another.
const GENERAL: &str = "a an the our its their this these all both each of and or for in on from with to by as at via vs during under \
    abstract introduction background preliminaries related work works method methods methodology methodologies model models modeling \
    modelling architecture architectures network networks structure design designs approach approaches proposed overall overview \
    framework training train trained trains experiment experiments experimental experimentation setup setups set-up set up setting \
    settings implementation implementations implement details detail detailed specifics evaluation evaluating evaluations results \
    result main analysis discussion discussions conclusion conclusions appendix appendices supplementary supplemental material \
    materials additional further more other omitted extra extended information section sections hyperparameter hyperparameters \
    hyper-parameter hyper-parameters hyper parameter parameters parameterization configuration configurations config optimization \
    optimisation optimizer optimizers optimiser optimizing pre-training pretraining pre-train fine-tuning finetuning fine-tune \
    tuning regularization regularisation procedure procedures protocol protocols regime recipe recipes scheme schemes strategy \
    strategies pipeline process data dataset datasets preprocessing pre-processing processing preparation augmentation augmentations \
    limitations limits acknowledgments acknowledgements acknowledgment acknowledgements references baseline baselines comparison compared \
    comparisons validation testing test objective objectives loss losses function functions learning-rate rate rates batch batches \
    size sizes warmup warm-up schedule schedules scheduler schedulers stage stages phase phases step steps epoch epochs dropout \
    initialization initialisation weight weights decay momentum gradient hardware software computational compute computing \
    infrastructure resources resource cost costs time environment environments reproducibility algorithm algorithms used using use \
    selection search default ablation ablations metrics metric measures tasks task part general technical new final choice choices study studies \
    specification specifications description descriptions former latter case cases";

/// Words that begin `For ..., we` without saying what for.
const MANNERS: &str = "example instance simplicity fairness fair clarity brevity convenience completeness consistency efficiency \
    efficient computational speed stability stable comparison comparability reasons reason purpose purposes sake better that those \
    which any every it them brief contrast addition practice general particular short total ease notation now inference testing \
    visualization ablation ablations readability context our respectively average top hand contrary figure table we above \
    below following earlier previous prior preliminary early respective feed-forward feedforward position-wise embedding embeddings attention layer layers activation activations tokenizer tokenization \
    vocabulary positional hidden decoding sampling certain most many several few various different";

/// What a paper's short forms stand for: `leaf sorting (LS)`.
pub(super) struct ShortForms(HashMap<String, String>);

/// Short forms that are kept.
const MOST_FORMS: usize = 500;

impl ShortForms {
    pub(super) fn of(sentences: &[Sentence]) -> Self {
        static SHORT: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" \((?P<s>[A-Z]{2,5})s?\)"));
        let mut all: HashMap<String, String> = HashMap::new();
        for text in sentences.iter().map(|sentence| &sentence.text).filter(|text| text.contains('(')) {
            for found in SHORT.captures_iter(text) {
                let (Some(whole), short) = (found.get(0), &found["s"]) else { continue };
                if all.len() >= MOST_FORMS {
                    return ShortForms(all);
                }
                let mut long: Vec<&str> = text[..whole.start()].rsplit(' ').take(short.len()).collect();
                long.reverse();
                let begins = |(word, sign): (&&str, char)| word.starts_with(|c: char| c.eq_ignore_ascii_case(&sign));
                let fits = long.len() == short.len() && long.iter().zip(short.chars()).all(begins);
                if fits {
                    all.entry(short.to_string()).or_insert_with(|| long.join(" "));
                }
            }
        }
        ShortForms(all)
    }

    /// `LS` -> `leaf sorting (LS)`, and `Leaf sorting` -> `Leaf sorting (LS)`.
    pub(super) fn spelled_out(&self, topic: String) -> String {
        // (A general word at the end, as in `Leaf sorting model (LSM)`, is no part of a topic.)
        let begins = |long: &str| {
            let head = long.get(..topic.len()).is_some_and(|head| head.eq_ignore_ascii_case(&topic));
            head && long.get(topic.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        let short = self.0.iter().filter(|(_, long)| begins(long)).map(|(short, _)| short).min();
        if let Some(short) = short.filter(|_| topic.contains(' ')) {
            return format!("{topic} ({short})");
        }
        let words = topic.split(' ');
        let long = |word: &str| self.0.get(word).map(|long| format!("{long} ({word})"));
        words.map(|word| long(word).unwrap_or_else(|| word.to_string())).collect::<Vec<_>>().join(" ")
    }
}

fn is_among(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|general| general == word)
}

/// The words of a text from the first that tells something to the last; none where all are general.
pub(super) fn telling(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_telling = |at: &usize| {
        let Some(word) = words.get(*at) else { return false };
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let of_rate = bare == "learning" && words.get(*at + 1).is_some_and(|next| next.to_lowercase().starts_with("rate"));
        // A large batch is of no large model.
        let of_size = ["large", "larger", "small", "smaller", "big", "long", "longer", "short", "high", "low"]
            .contains(&bare.as_str())
            && words.get(*at + 1).is_some_and(|next| is_among(GENERAL, &next.to_lowercase()));
        bare.chars().any(char::is_alphabetic)
            && !of_rate
            && !of_size
            && !bare.split(['/', '&']).all(|part| is_among(GENERAL, part))
    };
    let first = (0..words.len()).find(is_telling)?;
    let last = (0..words.len()).rev().find(is_telling)?;
    let told = words.get(first..=last)?.join(" ");
    Some(told.trim_matches(['.', ',', ':', ';', ' ']).to_string()).filter(|told| !told.is_empty())
}

/// A heading that tells of an experiment: by its words, or by the section whose details it gives.
fn of_title(paper: &Paper, title: &str) -> Option<String> {
    // A sentence for a heading tells what was found.
    let first = title.split_whitespace().next().unwrap_or_default().to_lowercase();
    let is_sentence = is_among("why how what does do is", &first);
    if title.len() >= 80 || is_sentence {
        return None;
    }
    of_reference(paper, title).or_else(|| telling(title).map(|told| with_its_kind(title, told)))
}

/// `Stage 2: Leaf tuning`: with the number of the stage before and the `tuning` behind, which tell by themselves nothing.
fn with_its_kind(title: &str, told: String) -> String {
    let mut words = title.split([' ', ':', '.']).filter(|word| !word.is_empty());
    let (kind, number) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_number = number.starts_with(|c: char| c.is_ascii_digit()) || is_among("I II III IV One Two Three", number);
    let is_stage = is_among("stage phase step", &kind.to_lowercase()) && is_number;
    // `I: Leaf tuning` tells its number.
    let told = told
        .strip_prefix(number)
        .filter(|_| is_stage)
        .map_or(told.as_str(), |rest| rest.trim_start_matches([':', '.', ' ']))
        .to_string();
    let last = title.rsplit(' ').next().filter(|last| last.eq_ignore_ascii_case("tuning") && !told.ends_with(last));
    let told = last.map_or_else(|| told.clone(), |last| format!("{told} {last}"));
    if is_stage { format!("{kind} {number} {told}") } else { told }
}

/// What the heading of a section says of the experiment in it, or else those above it.
pub(super) fn of_section(paper: &Paper, section: Option<usize>) -> Option<String> {
    chain(&paper.sections, section?)
        .into_iter()
        .filter_map(|at| paper.sections.get(at))
        .find_map(|s| of_title(paper, s.title.trim()))
}

/// `experiments in Section 3.1`, with what is the heading of that.
pub(super) fn of_reference(paper: &Paper, text: &str) -> Option<String> {
    static SECTION: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"\b(?:[Ss]ection|Sec\.|§) ?(?P<n>(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,3})\b"));
    let number = SECTION.captures(text)?.name("n")?.as_str();
    let section = paper.sections.iter().find(|section| section.number.as_deref().is_some_and(|n| bare(n) == number));
    let title = section.and_then(|section| telling(&section.title)).unwrap_or_default();
    Some(format!("Section {number} {title}").trim_end().to_string())
}

/// `For linear evaluation, we ...`, `On the parsing task, ...`: what a sentence says at its beginning that it is about.
pub(super) fn of_sentence(paper: &Paper, text: &str) -> Option<String> {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:\W{1,8})?(?:For|On|During|Regarding|As for|When \p{L}+ing|To (?:fine-?tune|(?:pre-?)?train|adapt|optimi[sz]e|distil+))(?: on| with| for)? (?P<x>[^,;:()]{2,70}?)(?: \((?:(?P<s>[A-Z]{2,6})|[^()]{1,40})\))?, \p{L}",
        )
    });
    static STAGE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:In|At) (?:the |our )?(?P<x>[^,;:()]{2,50}? (?:stages?|phases?|tasks?|experiments?|scenarios?)), \p{L}",
        )
    });
    // `In SFT, we ...`, `In DPO training, the ...`: a way of training by its letters.
    static LETTERS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:In|At|During|With|Under) (?:the |our )?(?P<x>[A-Z][A-Za-z]?[A-Z]{1,4}[a-z]?)(?: (?:training|fine-?tuning|learning|optimi[sz]ation|stage|phase|step|setting))?, (?:we|the|an?|our|all|both|its|each|training|learning|batch)\b",
        )
    });
    let found =
        HEAD.captures(text).or_else(|| STAGE.captures(text)).or_else(|| LETTERS.captures(text)).or_else(|| subject(text))?;
    let x = found.name("x").or_else(|| found.name("y"))?.as_str();
    let rest = || super::in_turn::rest(x).and_then(|rest| rest.topic);
    // `For leaf sorting (LS), ...`: with its short name, where the words alone may say little.
    let short = found.name("s").map(|short| short.as_str());
    let own = || named(x).map(|named| short.map_or(named.clone(), |short| format!("{named} ({short})")));
    of_reference(paper, x).or_else(rest).or_else(own)
}

/// `In Stage 1 (Leaf), we ...`, `In the second stage, ...`: the stage of training that a sentence opens. It goes on until the next one.
pub(super) fn stage(text: &str) -> Option<String> {
    static STAGE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^(?:(?:In|During|For|At|•) )?(?:the |our )?(?:[Tt]raining )?(?P<s>(?:[Ss]tage|[Pp]hase) (?:\d|I{1,3}|IV|[Oo]ne|[Tt]wo|[Tt]hree|[Ff]our)",
            r"|(?:first|second|third|fourth|final) (?:training )?(?:stage|phase))(?: \((?P<n>[\w+/ -]{2,40})\)| ?[–—:] ?(?P<t>[A-Z][\w+/ -]{2,50}?))?(?:[,:]| ?\(| (?:we|uses|trains|is trained)\b|\.$|\. [A-Z]|$)"
        ))
    });
    if !["tage ", "hase ", "tage,", "hase,", "tage:", "hase:"].iter().any(|word| text.contains(word)) {
        return None;
    }
    let found = STAGE.captures(text)?;
    let name = found.name("n").or_else(|| found.name("t")).map(|name| name.as_str().trim());
    Some(name.map_or_else(|| found["s"].to_string(), |name| format!("{} {name}", &found["s"])))
}

/// `..., except for A, which was trained for 40 epochs`: the exception that the clause at `at` tells of.
pub(super) fn of_exception(text: &str, at: usize) -> Option<String> {
    static EXCEPT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:except|apart|aside)(?: for| from| on)? (?:the )?(?P<x>[^,;.()]{2,40}?)(?: \([^()]{1,30}\))?,? (?:(?:for )?which|where|whose|that) [^;]{0,60}$",
        )
    });
    let before = text.get(..at).filter(|before| before.contains("except") || before.contains(" from "))?;
    named(EXCEPT.captures(before)?.name("x")?.as_str())
}

/// What `for x` is for; none where that is a manner, a setting or a count.
pub(super) fn named(x: &str) -> Option<String> {
    // `For h = Wx, we have` is on no experiment.
    if x.contains('=') {
        return None;
    }
    // `all tasks except for Foo` are not of Foo.
    let x = [" except", " apart from", " other than"].iter().find_map(|but| x.split_once(but)).map_or(x, |(all, _)| all);
    let words: Vec<&str> = x.split_whitespace().collect();
    let is_manner = words.iter().any(|word| is_among(MANNERS, &word.to_lowercase()));
    let is_counted = words.first().is_some_and(|first| first.starts_with(|c: char| c.is_ascii_digit()));
    let told = telling(x)?;
    let is_setting = super::tables::setting(x).is_some()
        || super::tables::setting(&told).is_some()
        || super::choices::optimizer_named(&told).is_some();
    // `the second stage` is told by both words.
    let is_ordinal = is_among("first second third fourth last next final", &told.to_lowercase());
    let told = if is_ordinal { x.trim_start_matches("the ").to_string() } else { told };
    (words.len() <= 8 && !is_manner && !is_counted && !is_setting).then_some(told)
}

/// `..., while for three classes, the rate is ...`: what the last clause before `at` says that it is about.
pub(super) fn of_clause(text: &str, at: usize) -> Option<String> {
    static CLAUSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?:[,;] (?:and |while |whereas |but )?|(?:and|while|whereas) )for (?:the )?(?P<x>[^,;:()]{2,50}?)(?:,? (?:we|the|an?|it|this|our|its)\b|, \p{L})",
        )
    });
    let before = text.get(..at)?;
    CLAUSE.captures_iter(before).last().and_then(|found| named(found.name("x")?.as_str()))
}

/// `the local rate is 0.1 and the global rate 1`: of several settings of one name, which the one is that `words` name.
pub(super) fn of_role(text: &str, words: &Range<usize>) -> Option<String> {
    static ROLE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?P<role>[a-z-]{3,})(?:'s)? (?P<name>learning rate|batch size|optimi[sz]er|dropout|weight decay)\b",
        )
    });
    const PLAIN: &str = "initial base peak final same different small large constant fixed mini maximum minimum max min total global-batch \
        effective adam adamw sgd cosine linear default low high higher lower larger smaller decayed initialized where while with set \
        using use best optimal with";
    let is_role = |role: &str| !is_among(PLAIN, role) && !is_among(GENERAL, role) && !is_among(MANNERS, role);
    let all: Vec<(Range<usize>, String, String)> = ROLE
        .captures_iter(text)
        .map(|found| (found.get(0).map_or(0..0, |m| m.range()), found["role"].to_lowercase(), found["name"].to_lowercase()))
        .filter(|(_, role, _)| is_role(role))
        .collect();
    let (_, role, name) = all.iter().rfind(|(at, ..)| at.start < words.end && words.start < at.end)?;
    all.iter().any(|(_, other, same)| same == name && other != role).then(|| role.clone())
}

/// How far what a sentence says goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// What it is about.
    Own,
    /// All models of what is spoken of.
    Models,
    /// All experiments.
    All,
}

/// `All models are trained for`, `In all experiments, we`: how far a sentence goes.
pub(super) fn reach(text: &str) -> Reach {
    static MODELS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[Aa]ll (?:of )?(?:the |our |these )?|[Bb]oth (?:of )?(?:the |our )?|[Ee]ach of (?:the |our |these )|[Ee]very )(?:[\w-]+ ){0,2}?(?:models?|networks?|runs?|methods?|systems?|variants?|approaches|baselines|architectures?) (?:is|are|was|were|uses?|used|shares?|have|has|trains?|takes?)\b|^(?:For|In|Across) (?:all|both) (?:of )?(?:the |our )?(?:[\w-]+ ){0,2}?(?:models|networks|runs|methods|systems|variants|approaches),",
        )
    });
    match text {
        text if holds_for_all(text) => Reach::All,
        text if MODELS.is_match(text) => Reach::Models,
        _ => Reach::Own,
    }
}

/// `for all experiments`: what is said holds wherever it stands.
pub(super) fn holds_for_all(text: &str) -> bool {
    static ALL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:for|in|across|throughout) all (?:of )?(?:the |our )?(?:experiments?|runs|tasks|datasets|data sets)(?P<rest>\s+\w+)?",
        )
    });
    let rest = ALL.captures(text).map(|found| found.name("rest").map_or("", |rest| rest.as_str()).trim().to_lowercase());
    rest.is_some_and(|rest| !["above", "below", "of", "in", "on", "with", "that", "here"].contains(&rest.as_str()))
}

fn bare(number: &str) -> &str {
    number.trim_matches(['.', ')', '(', ':', '§'])
}

/// A section and those that it is part of, from the inside out, by their numbers; without one it is part of the last that has, and of
/// those without one whose headings are set larger.
pub(super) fn chain(sections: &[Section], index: usize) -> Vec<usize> {
    let Some(section) = sections.get(index) else { return Vec::new() };
    let is_roman = |n: &str| n.chars().all(|c| "IVX".contains(c));
    let numbers = || sections[..index].iter().filter_map(|s| s.number.as_deref());
    let romans = numbers().any(|n| bare(n).len() > 1 && is_roman(bare(n)));
    let rank = |number: &str| match bare(number) {
        n if n.contains('.') => 1 + n.matches('.').count(),
        n if romans && is_roman(n) => 0,
        n if n.len() == 1 && n.starts_with(char::is_alphabetic) => usize::from(romans),
        _ if number.ends_with(')') => 2,
        _ => 0,
    };
    let mut chain = vec![index];
    let mut inner = section.number.clone();
    if inner.is_none() && matches!(section.kind, SectionKind::Abstract | SectionKind::References) {
        return chain;
    }
    let mut depth = section.depth;
    for (at, other) in sections[..index].iter().enumerate().rev() {
        let Some(number) = other.number.as_deref() else {
            let is_larger = inner.is_none() && other.depth.zip(depth).is_some_and(|(other, inner)| other < inner);
            if is_larger && !matches!(other.kind, SectionKind::Abstract | SectionKind::References) {
                chain.push(at);
                depth = other.depth;
            }
            continue;
        };
        let above = match inner.as_deref() {
            None => true,
            Some(inner) if bare(inner).contains('.') => bare(inner).starts_with(&format!("{}.", bare(number))),
            Some(inner) => rank(number) < rank(inner),
        };
        if above {
            chain.push(at);
            inner = Some(number.to_string());
        }
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(number: Option<&str>, title: &str) -> Section {
        Section { number: number.map(str::to_string), title: title.into(), kind: SectionKind::Body, depth: None }
    }

    fn paper(sections: Vec<Section>) -> Paper {
        Paper { sections, ..Paper::default() }
    }

    #[test]
    fn general_words_tell_nothing() {
        for text in
            ["Experiment settings", "Training Protocol", "Main Results", "The learning rate warm-up stage", "Data & Training"]
        {
            assert_eq!(telling(text), None, "{text}");
        }
        assert_eq!(with_its_kind("Stage 2: Leaf tuning", "Leaf".into()), "Stage 2 Leaf tuning");
        assert_eq!(with_its_kind("Stages of Leaf growth", "Leaf growth".into()), "Leaf growth");
        assert_eq!(telling("Training Details for Parsing Trees").as_deref(), Some("Parsing Trees"));
        assert_eq!(telling("Representation learning").as_deref(), Some("Representation learning"));
    }

    #[test]
    fn a_heading_that_tells_nothing_is_of_the_one_above() {
        let sections = vec![
            section(Some("II"), "Sorting Nets"),
            section(Some("A"), "Setup"),
            section(Some("1)"), "Training details"),
            section(None, "Optimization"),
            section(Some("III"), "Results"),
        ];
        let paper = paper(sections);
        assert_eq!(of_section(&paper, Some(3)).as_deref(), Some("Sorting Nets"));
        assert_eq!(chain(&paper.sections, 3), [3, 2, 1, 0]);
        assert_eq!(of_section(&paper, Some(4)), None);
    }

    #[test]
    fn a_heading_holds_for_those_set_smaller_below_it() {
        let of = |depth, title| Section { depth: Some(depth), ..section(None, title) };
        let sections = vec![of(2, "Pre-training"), of(3, "Data"), of(3, "Model"), of(2, "Fine-tuning"), of(3, "Model")];
        assert_eq!(chain(&sections, 2), [2, 0]);
        assert_eq!(chain(&sections, 4), [4, 3]);
        assert_eq!(chain(&sections, 3), [3]);
    }

    #[test]
    fn a_stage_by_its_number() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(stage(text).as_deref(), expected, "{text}");
        check("In Stage 1 (Leaf Sorter), we train both.", Some("Stage 1 Leaf Sorter"));
        check("During phase II, the rate is 0.1.", Some("phase II"));
        check("In the second stage, the rate is 0.1.", Some("second stage"));
        check("Stage 2: we train on roots.", Some("Stage 2"));
        for text in
            ["Stage-1 weights are frozen.", "At this stage, we stop.", "In stages, we stop.", "We end Stage 1, then stop."]
        {
            check(text, None);
        }
    }

    #[test]
    fn what_a_sentence_is_about() {
        let paper = paper(vec![section(Some("3.1"), "Finding Cats")]);
        let check = |text: &str, expected: Option<&str>| assert_eq!(of_sentence(&paper, text).as_deref(), expected, "{text}");
        check("For linear probing, we train for 9 epochs.", Some("linear probing"));
        check("For our experiments in Section 3.1, we use a batch of 8.", Some("Section 3.1 Finding Cats"));
        check("For example, we use a batch of 8.", None);
        check("For the learning rate, we use 0.1.", None);
        check("In the second stage, the rate is 0.1.", Some("second stage"));
        check("In this work, the rate is 0.1.", None);
        check("For simplicity, the batch is 8.", None);
        check("For all experiments, we use Adam.", None);
        check("For Adam, the rate is 0.1.", None);
        check("For h = Wx, we have a rate of 0.1.", None);
    }

    #[test]
    fn a_clause_is_about_what_it_begins_with() {
        let text = "For pairs, the rate is 0.1, while for triples, a rate of 0.2 is used";
        let at = |value: &str| text.find(value).expect("there");
        assert_eq!(of_clause(text, at("0.1")), None);
        assert_eq!(of_clause(text, at("0.2")).as_deref(), Some("triples"));
    }

    #[test]
    fn what_the_subject_tells() {
        let of = |text: &str| of_sentence(&paper(Vec::new()), text);
        assert_eq!(of("Leaf-only models use 146k pairs.").as_deref(), Some("Leaf"));
        assert_eq!(of("The multilingual models use all of them.").as_deref(), Some("multilingual"));
        assert_eq!(of("The primary budget is 3,814 steps.").as_deref(), Some("primary budget"));
        for text in
            ["Language models use words.", "All models are trained.", "Our budget is small.", "The models use the full set."]
        {
            assert_eq!(of(text), None, "{text}");
        }
        let text = "The pre-training takes 20 epochs and the final LS task takes another 50 epochs.";
        assert_eq!(subject_of_clause(text, text.find("50").expect("there")).as_deref(), Some("LS"));
        assert_eq!(subject_of_clause(text, text.find("20").expect("there")), None);
        let text = "We train and the model takes 50 epochs.";
        assert_eq!(subject_of_clause(text, text.find("50").expect("there")), None);
    }

    #[test]
    fn settings_of_one_name() {
        let text = "The outer learning rate is 0.7 and the inner learning rate 0.01";
        let at = |value: &str| text.find(value).expect("there") - 5..text.find(value).expect("there");
        assert_eq!(of_role(text, &at("0.7")).as_deref(), Some("outer"));
        assert_eq!(of_role(text, &at("0.01")).as_deref(), Some("inner"));
        assert_eq!(of_role("The initial learning rate is 0.7 and the peak learning rate 1", &(40..60)), None);
    }

    #[test]
    fn what_holds_for_all() {
        assert!(holds_for_all("We use Adam for all experiments."));
        assert!(!holds_for_all("For all experiments above, we use Adam."));
    }
}
