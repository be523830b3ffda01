//! What a sentence is about: which phase, data and model. A sentence that does not say is about what its paragraph, heading, or
//! section said before.

use super::variant::variant_in;
use super::{names, standing, topic};
use crate::intake::{Paper, Passage, PassageKind, Phase, Scope, Sentence};
use std::sync::LazyLock;

/// The scope of each sentence, in their order.
pub(super) fn scopes(paper: &Paper, sentences: &[Sentence]) -> Vec<Scope> {
    let mut scopes = Vec::with_capacity(sentences.len());
    let mut running = Running::default();
    let for_all = for_all_of_each(sentences);
    let short = topic::ShortForms::of(sentences);
    let subjects = topic::Subjects::of(sentences);
    for (index, sentence) in sentences.iter().enumerate() {
        let passage = &paper.passages[sentence.passage];
        let heading = of_heading(paper, sentence.section);
        let mut own = of_text(&sentence.text);
        if own.phase.is_none() && trains(&sentence.text) && contrasts_with_tuning(sentences, index) {
            own.phase = Some(Phase::PreTraining);
        }
        let told = topic::of_sentence(paper, &sentence.text).or_else(|| subjects.of_one(sentence));
        own.topic = told.and_then(|topic| further(&own, topic));
        let scope = match passage.kind {
            // A caption stands by itself.
            PassageKind::Caption => own.or(&of_caption(paper, sentence.passage)).or(&heading),
            PassageKind::Note => own.or(&heading),
            _ => {
                let goes_on = running.passage.is_some_and(|last| {
                    goes_on_behind_a_formula(paper, last, sentence.passage)
                        || goes_on_behind_its_title(paper, last, sentence.passage)
                });
                let own = running.take(sentence, own, goes_on).or(&heading).or(&running.paragraph);
                match topic::reach(&sentence.text) {
                    topic::Reach::All if !for_all => own,
                    _ => own.or(&running.section(paper.section_title(sentence.section))),
                }
            }
        };
        // A statement on all experiments is of none of them.
        if !for_all && topic::holds_for_all(&sentence.text) {
            scopes.push(scope);
            continue;
        }
        let is_in_text = matches!(passage.kind, PassageKind::Prose | PassageKind::Item);
        let label = running.label.clone().filter(|_| is_in_text);
        let of_section = || topic::of_section(paper, sentence.section);
        // A paragraph that begins with a name is about that, whatever else its sentences speak of.
        let of_stage = || running.stage.clone().filter(|_| is_in_text);
        let topic = label.clone().or_else(of_stage).or_else(of_section);
        let of_defaults = || (label.is_none() && is_in_text && running.of_defaults).then(|| "default settings".to_string());
        let topic = match defaults(&sentence.text).or_else(of_defaults) {
            Some(defaults) => Some(topic.map_or(defaults.clone(), |topic| format!("{topic} {defaults}"))),
            None => topic,
        };
        let label = label.filter(|_| scope.topic.is_some());
        let mut scope = scope.or_topic(topic);
        if let (Some(told), Some(label)) = (&scope.topic, label.filter(|label| !says(&scope, label))) {
            scope.topic = Some(format!("{label} {told}"));
        }
        scope.topic = scope.topic.map(|topic| short.spelled_out(topic));
        scopes.push(scope);
    }
    scopes
}

/// Whether several sections each say something of `all experiments`: each means its own.
fn for_all_of_each(sentences: &[Sentence]) -> bool {
    let mut all = sentences.iter().filter(|sentence| topic::holds_for_all(&sentence.text)).map(|sentence| sentence.section);
    all.next().is_some_and(|first| all.any(|section| section != first))
}

/// What the text before a sentence was about.
#[derive(Default)]
struct Running {
    section: Option<usize>,
    passage: Option<usize>,
    paragraph: Scope,
    /// What the words say that head the paragraph in its own line.
    head: Option<Phase>,
    /// The name of an experiment that heads the paragraph: `Adult census income: ...`.
    label: Option<String>,
    /// The stage of training that was opened last: `In Stage 1 (Leaf), ...`.
    stage: Option<String>,
    /// Whether defaults head the paragraph: `Default setting.`
    of_defaults: bool,
    /// Data sets that the section has brought in so far.
    introduced: Vec<String>,
    /// Phases that it has spoken of so far, each once.
    phases: Vec<Phase>,
}

impl Running {
    /// Takes note of a sentence, which `goes_on` in the paragraph before or not; gives its own scope back.
    fn take(&mut self, sentence: &Sentence, mut own: Scope, goes_on: bool) -> Scope {
        if self.section != sentence.section {
            *self = Running { section: sentence.section, ..Running::default() };
        }
        if goes_on && self.section == sentence.section {
            self.passage = Some(sentence.passage);
        }
        self.stage = topic::stage(&sentence.text).or(self.stage.take());
        if self.passage != Some(sentence.passage) {
            self.passage = Some(sentence.passage);
            self.paragraph = Scope::default();
            self.head = if is_run_in(&sentence.text) { own.phase } else { None };
            self.label = label(&sentence.text).or_else(|| title_alone(&sentence.text));
            self.of_defaults = heads_defaults(&sentence.text);
        } else if let Some(name) = title_alone(&sentence.text) {
            self.paragraph = Scope { phase: self.paragraph.phase, ..Scope::default() };
            self.label = Some(name);
        }
        if let Some(head) = run_in_name(&sentence.text) {
            self.paragraph = Scope::default();
            self.introduced.clear();
            self.label = Some(head);
        }
        // `Unless specified, we reuse the settings from pre-training`.
        if self.head.is_some() && takes_over(&sentence.text) {
            own.phase = None;
        }
        for dataset in &own.datasets {
            if !self.introduced.contains(dataset) {
                self.introduced.push(dataset.clone());
            }
        }
        if let Some(phase) = own.phase.filter(|phase| !self.phases.contains(phase)) {
            self.phases.push(phase);
        }
        // What holds for all ends what was said of one.
        if topic::reach(&sentence.text) != topic::Reach::Own && own.datasets.is_empty() {
            self.paragraph = Scope { phase: self.paragraph.phase, ..Scope::default() };
        }
        // A sentence that only compares with other data does not change what the paragraph is about.
        let leads = own.datasets.len() > 1 && ["On ", "For ", "In both "].iter().any(|word| sentence.text.starts_with(word));
        let introduces = begins_item(&sentence.text) && !own.datasets.is_empty()
            || (own.datasets.len() == 1 || leads) && !compares(&sentence.text);
        let data = if introduces { own.datasets.clone() } else { std::mem::take(&mut self.paragraph.datasets) };
        // Another model by its name ends what was said of the one before.
        if own.variant.is_none() && own.topic.as_deref().is_some_and(topic::is_model) {
            self.paragraph.variant = None;
        }
        let told = if is_of_others(&sentence.text) { Scope::default() } else { own.clone() };
        self.paragraph = Scope {
            phase: self.head.or(told.phase).or(self.paragraph.phase),
            datasets: data,
            variant: told.variant.filter(|name| !ends_in_a_letter(name)).or(self.paragraph.variant.take()),
            topic: told.topic.or(self
                .paragraph
                .topic
                .take()
                .filter(|topic| own.datasets.is_empty() || topic.contains(' ') || topic::is_model(topic))),
        };
        own
    }

    /// The section's only data set is what its other paragraphs are about too, but those that begin with a name of their own; and so is
    /// pre-training where a section that is about a setup, as its title says, speaks of no other phase. (Fine-tuning may be named in passing.)
    fn section(&self, title: &str) -> Scope {
        static SETUP: LazyLock<regex::Regex> = LazyLock::new(|| {
            crate::intake::regex(
                r"(?i)^(?:experiment\w* |training |implementation |model )?(?:set-?ups?|settings?|details|implementation|configurations?|hyper-?\s?parameters?|procedure)$",
            )
        });
        let datasets = if self.introduced.len() == 1 && self.label.is_none() { self.introduced.clone() } else { Vec::new() };
        let phase = match self.phases.as_slice() {
            [Phase::PreTraining] if self.label.is_none() && SETUP.is_match(title.trim()) => Some(Phase::PreTraining),
            _ => None,
        };
        Scope { datasets, phase, ..Scope::default() }
    }
}

/// Whether nothing but formulas stands between two passages, the first of which does not end: both are one paragraph.
fn goes_on_behind_a_formula(paper: &Paper, last: usize, next: usize) -> bool {
    let Some(between) = paper.passages.get(last + 1..next).filter(|between| !between.is_empty()) else { return false };
    let is_open = paper.passages.get(last).is_some_and(|passage| !paper.passage(passage).trim_end().ends_with(['.', '!', '?']));
    is_open && between.iter().all(|passage| passage.kind == PassageKind::Fragment)
}

/// Whether a passage is the title in its line of the next, which the layout of a page took apart.
fn goes_on_behind_its_title(paper: &Paper, last: usize, next: usize) -> bool {
    let Some(passage) = paper.passages.get(last).filter(|_| next == last + 1) else { return false };
    passage.kind == PassageKind::Prose && title_alone(paper.passage(passage).trim()).is_some()
}

/// `Foo-L`: a name that others' models beside it have, too, so that it tells of its own sentence alone.
fn ends_in_a_letter(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, size)| size.len() <= 2 && size.chars().all(char::is_alphabetic))
}

/// A heading that the paragraph goes on after: `Fine-tuning details.`
fn is_run_in(text: &str) -> bool {
    text.ends_with(['.', ':']) && text.split_whitespace().count() <= 6 && !text.contains(|c: char| c.is_ascii_digit())
}

/// `Adult census income: the model has ...`, `• RowSort: lr = 0.1`, `Sorting of stars.`: what the paragraph is about, unless that is a
/// kind of section or a setting.
fn label(text: &str) -> Option<String> {
    static LABEL: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?P<l>[A-Z][\w-]*(?: [\w/&-]+){0,5})(?:: [A-Z]|\. (?:lr|[a-z]{4,}) |\.$|:$)"));
    static ITEM: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^• ?(?P<l>[A-Z][\w-]*(?: [\w/&+-]+){0,4}): \S"));
    static VERB: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:is|are|was|were|be|has|have|we|it|this|that|uses?|used|trains?|trained|set|see|follows?|do|does|can|spans|lasts|takes|took|runs|requires|shows?|gives?|lists?|reports?|presents?|compares?|contains?|describes?|summari[sz]es?|\w+(?:ed|es) (?:the|an?|all|our|its|their|both))\b",
        )
    });
    // `Track A. Each head is`, `• Task 2: we`: the letter or number tells it from the others.
    static NUMBERED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:• ?)?(?P<l>(?:(?:[Ss]ub-?)?[Tt]rack|(?:[Ss]ub-?)?[Tt]ask|Setting|Scenario|Experiment|System|Model|Run|Part|Variant|Configuration) (?:[A-Z]|\d{1,2}|I{1,3}|I?V))(?: \([^()]{2,60}\))?(?:[.:]$|[.:] \S| [–—-] )",
        )
    });
    if let Some(found) = NUMBERED.captures(text) {
        return Some(found["l"].to_string());
    }
    // An item may have a title of its own: `• Leaf baseline. lr 0.1`.
    let bare = text.strip_prefix('•').map_or(text, str::trim_start);
    let label = LABEL.captures(bare).or_else(|| ITEM.captures(text))?.name("l")?.as_str();
    let is_setting = super::tables::setting(label).is_some();
    // `Table 1 shows the result.` tells of a table, `We use two: A and B` of both.
    let is_sentence = VERB.is_match(label);
    (topic::telling(label).is_some() && !is_setting && !is_sentence).then(|| label.to_string())
}

/// `Default setting.`, `Our default configuration:`.
fn heads_defaults(text: &str) -> bool {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:our|the) )?default (?:(?:training|experimental|optimi[sz]ation|model) )?(?:settings?|set-?ups?|configurations?|hyper-?\s?parameters?|recipe|protocol|values)[.:]",
        )
    });
    HEAD.is_match(text)
}

/// `Leaf Sorting (LS).` within a paragraph: a heading in its line, a title of its own.
fn title_alone(text: &str) -> Option<String> {
    let title = text.strip_suffix('.')?;
    let is_title = |word: &str| word.len() < 4 || word.starts_with(|c: char| c.is_uppercase() || c == '(' || c.is_ascii_digit());
    if title.len() > 60 || !title.starts_with(|c: char| c.is_uppercase()) || !title.split(' ').all(is_title) {
        return None;
    }
    let (plain, aside) = title.split_once(" (").map_or((title, None), |(plain, aside)| (plain, aside.strip_suffix(')')));
    let label = label(&format!("{plain}."))?;
    // The short name is one, too.
    let short = aside.filter(|short| short.len() < 9 && short.starts_with(char::is_uppercase) && !short.contains(' '));
    Some(short.map_or(label.clone(), |short| format!("{label} ({short})")))
}

/// `Leaf En-De For the teacher, we train ...`, `Leaf We train ...`: a name on a line of its own that text without layout runs into the
/// sentence behind it. A capital within a sentence tells.
fn run_in_name(text: &str) -> Option<String> {
    static HEAD: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"^(?:(?:[A-Z][a-z]+ )?(?:[Dd]etails?|[Ss]ettings?|[Ss]etups?) (?:of|for|on) (?P<d>[A-Z]?[\w-]+(?: [\w-]+){0,4}?) (?:We|Our|The|All|For|During|This|In)\b",
            r"|(?P<l>[A-Z][\w+-]*(?: [A-Z\d][\w+-]*){0,3}) (?:For [^,.;:]{2,60}, (?:we|the)\b",
            r"|We (?:use|train|set|fine-?tune|pre-?train|follow|adopt|optimi[sz]e|evaluate|run|apply|employ)\b))"
        ))
    });
    static NONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?:Figure|Fig|Table|Section|Appendix|Algorithm|Equation|Step|Note|Here|Then|Also)\b")
    });
    let found = HEAD.captures(text)?;
    let head = found.name("d").or_else(|| found.name("l"))?.as_str();
    let tells = topic::telling(head).is_some() && super::tables::setting(head).is_none() && !NONE.is_match(head);
    tells.then(|| head.to_string())
}

/// `2) For A and B, ...`: an item of a list within a paragraph is about what it begins with, however it goes on.
fn begins_item(text: &str) -> bool {
    static ITEM: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^\(?(?:\d{1,2}|[a-h]|i{1,3}|iv|v)\) (?:[Ff]or|[Oo]n|[Ii]n) "));
    ITEM.is_match(text)
}

fn takes_over(text: &str) -> bool {
    static SAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:re-?us\w+|same|identical|follow\w*|inherit\w*|as (?:in|for|during)|(?:taken|carried over|kept) from)\b",
        )
    });
    SAME.is_match(text)
}

/// `Foo (Bar et al., 2019) improved ...`, `Foo [7] was ...`: what others did says nothing of what follows.
fn is_of_others(text: &str) -> bool {
    static OTHERS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^[A-Z][\w-]+ (?:\([A-Z][^()]*\d{4}|\[\d)"));
    OTHERS.is_match(text)
}

fn compares(text: &str) -> bool {
    static COMPARES: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:similar|compar\w+|previous|unlike|in contrast|than|also on|as on)\b"));
    COMPARES.is_match(text)
}

/// "We train ...", neither pre-training nor fine-tuning by name.
fn trains(text: &str) -> bool {
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)(?:^|[\s(])train(?:s|ed|ing)?\b"));
    TRAINS.is_match(text) && phase_in(text).is_none()
}

/// Whether a sentence close by says "for fine-tuning": then plain training is what comes before it.
fn contrasts_with_tuning(sentences: &[Sentence], index: usize) -> bool {
    static FOR_TUNING: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b[Ff]or fine-?tuning,? we\b"));
    let close = &sentences[index + 1..(index + 6).min(sentences.len())];
    close.iter().any(|s| s.passage == sentences[index].passage && FOR_TUNING.is_match(&s.text))
}

/// What a caption says, with the others': beside `... for fine-tuning`, `... for training` is pre-training.
pub(super) fn of_caption(paper: &Paper, caption: usize) -> Scope {
    let text = paper.passage(&paper.passages[caption]);
    // `For X we also ...` is about X alone.
    let general = text
        .split(". ")
        .filter(|sentence| !sentence.starts_with("For ") && !sentence.starts_with("We also "))
        .collect::<Vec<_>>()
        .join(". ");
    let mut scope = of_text(&general);
    let tunes = |p: &Passage| p.kind == PassageKind::Caption && paper.passage(p).contains("for fine-tuning");
    if scope.phase.is_none() && text.contains("for training") && paper.passages.iter().any(tunes) {
        scope.phase = Some(Phase::PreTraining);
    }
    scope
}

/// What a text says of itself.
pub(super) fn of_text(text: &str) -> Scope {
    let mut datasets: Vec<String> = Vec::new();
    for mention in names::datasets_in(text) {
        if !datasets.iter().any(|d| d == mention.name) && !is_in_passing(text, &mention.at) {
            datasets.push(mention.name.to_string());
        }
    }
    for name in data_named(text) {
        if !datasets.contains(&name) {
            datasets.push(name);
        }
    }
    // Many names are a list of what was tried, not what a setting is for.
    if datasets.len() > 3 {
        datasets.clear();
    }
    Scope { phase: phase_in(text), datasets, variant: variant_in(text), topic: None }
}

/// `on the X task`, `the X and Y data sets`: names of data that no list knows.
fn data_named(text: &str) -> Vec<String> {
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:[Oo]n|[Ff]or|both|and) (?:the |our |both )?(?P<x>[A-Z][\w'’+./–-]*\d?(?: \(?[A-Z\d][\w'’+./–>-]*\)?){0,3}) (?:tasks?|data ?sets?|corpus|corpora|benchmarks?)\b",
        )
    });
    static USED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i:\b(?:train|fine-?tun|pre-?train|evaluat|test|experiment)\w*(?: [\w-]+){0,4}?) on (?:the )?(?P<x>[A-Z][\w’+./-]*[\w](?: (?:and|&) [A-Z][\w’+./-]*[\w])?)\b",
        )
    });
    static DEVICE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)gpu|tpu|cpu|nvidia|geforce|rtx|gtx|tesla|titan|intel|xeon|amd|^[APVHTLB]\d{1,3}s?\b")
    });
    const OTHERS: [&str; 10] = ["Section", "Table", "Figure", "Appendix", "NLP", "NLU", "NLG", "AI", "ML", "QA"];
    // `the training code relies on Foo`: what it rests on.
    let rests = |at: usize| {
        ["relies", "rely", "relied", "based", "builds", "built", "depends", "focuses"]
            .iter()
            .any(|verb| text[..at].trim_end_matches("the ").strip_suffix(" on ").is_some_and(|before| before.ends_with(verb)))
    };
    let used = USED.captures_iter(text).filter_map(|found| found.name("x")).filter(|name| !rests(name.start()));
    let found = DATA.captures_iter(text).filter_map(|found| found.name("x")).chain(used);
    let names = found.flat_map(|x| x.as_str().split(" and ")).filter(|x| !DEVICE.is_match(x) && standing::is_possible(x));
    let is_name = |x: &&str| {
        let first = x.split(' ').next().unwrap_or_default();
        let marked = x.chars().any(|c| c.is_ascii_digit()) || first.chars().skip(1).any(char::is_uppercase) || x.contains(' ');
        marked && !OTHERS.contains(&first) && names::datasets_in(x).is_empty() && names::tasks_in(x).is_empty()
    };
    names.filter(is_name).map(str::to_string).collect()
}

/// Data that only something taken from elsewhere is of: `weights pre-trained on X`, `X-pretrained`, `the mean of X`, `X models`.
fn is_in_passing(text: &str, at: &std::ops::Range<usize>) -> bool {
    static BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:\b(?:except|apart|aside)(?: for| from| on| in)? (?:the )?|\(\S*\d\S* (?:for|on) (?:the )?|(?:weights|models?|backbones?|networks?|encoders?|checkpoints?|which (?:is|are|was|were)|,|\() pre-?trained (?:on|with|from) (?:the )?|(?:mean|statistics|weights|deviation|checkpoints?) (?:of|from|on) (?:the )?)$",
        )
    });
    static BEHIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:'s|’s)? (?:\w+ )?(?:means?|statistics|weights|normali[sz]ation|checkpoints?|initiali[sz]ation|models)\b|[- ]pre-?trained\b)",
        )
    });
    text.get(..at.start).is_some_and(|before| BEFORE.is_match(before))
        || text.get(at.end..).is_some_and(|behind| BEHIND.is_match(behind))
}

/// What the heading says, and those above it.
fn of_heading(paper: &Paper, section: Option<usize>) -> Scope {
    let Some(index) = section else { return Scope::default() };
    let chain = topic::chain(&paper.sections, index);
    let titles = chain.into_iter().filter_map(|at| paper.sections.get(at)).map(|section| section.title.as_str());
    titles.fold(Scope::default(), |scope, title| scope.or(&of_text(title)))
}

/// That defaults are spoken of.
fn defaults(text: &str) -> Option<String> {
    // `Adam with its default values` has defaults of its own.
    static DEFAULTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?P<its>\b(?:with|its) )?(?:the )?\bdefault (?:training |optimi[sz]ation )?(?:settings|hyper-?\s?parameters|values)\b",
        )
    });
    let found = DEFAULTS.captures(text)?;
    found.name("its").is_none().then(|| "default settings".to_string())
}

fn phase_in(text: &str) -> Option<Phase> {
    static TUNE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\bfi?ne[- ]?tun"));
    // "The pre-trained model" names the model, not the phase.
    static PRE: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\bpre-?train(?:ing\b|ed (?:on|for|with|using|in|at)\b|\b)"));
    // `Training & Fine-tuning` is about both.
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)training (?:&|and) fine-?tuning"));
    // `before fine-tuning` says that it is not that.
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:before|prior to|without|instead of|after|following|rather than) (?:any |the )?(?:pre-?training|fine-?tuning)\b",
        )
    });
    if BOTH.is_match(text) {
        return None;
    }
    let left = OTHER.replace_all(text, "");
    let (tune, pre) = (TUNE.find(&left), PRE.find(&left));
    if tune.is_none() && pre.is_none() && left.len() < text.len() {
        return None;
    }
    match (tune, pre) {
        (Some(_), None) => Some(Phase::FineTuning),
        (None, Some(_)) => Some(Phase::PreTraining),
        _ => None,
    }
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

    /// With what a heading tells, unless something closer is known.
    fn or_topic(mut self, topic: Option<String>) -> Scope {
        if self.topic.is_none() {
            self.topic = topic.and_then(|topic| further(&self, topic));
        }
        self
    }
}

/// Whether all words of a topic are in a scope already.
fn says(scope: &Scope, topic: &str) -> bool {
    let said = scope.to_string().to_lowercase();
    topic.to_lowercase().split_whitespace().all(|word| said.contains(word))
}

/// A scope that is also about what a part of the sentence tells.
pub(super) fn with_topic(mut scope: Scope, topic: Option<String>) -> Scope {
    if let Some(topic) = topic.filter(|topic| !says(&scope, topic)) {
        scope.topic = Some(scope.topic.map_or(topic.clone(), |other| format!("{topic} {other}")));
    }
    scope
}

/// What a topic tells beside the data that are known.
pub(super) fn further(scope: &Scope, topic: String) -> Option<String> {
    let said: Vec<String> = scope.datasets.iter().flat_map(|name| name.split(' ')).map(spelled_alike).collect();
    let is_new = |word: &&str| !said.contains(&spelled_alike(word));
    let new: Vec<&str> = topic.split(' ').filter(is_new).collect();
    let left = if new.len() == topic.split(' ').count() { topic } else { topic::telling(&new.join(" "))? };
    (!says(scope, &left)).then_some(left)
}

/// `CIFAR-10`, `CIFAR10` and `cifar10,` are one word.
fn spelled_alike(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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
        check("We train on LeafQA for 3 epochs.", "LeafQA");
        check("We train on GPUs, and test on the Leaf2Tree task.", "Leaf2Tree");
        check("We train on Sundays.", "");
        check("We begin with a backbone pre-trained on ImageNet.", "pre-training");
        check("We train LeafNet-xlarge and LeafNet-B.", "LeafNet-xlarge");
        check("LeafNet-B is trained longer.", "LeafNet-B");
        check("We take the same constants as for the base model.", "");
    }

    #[test]
    fn what_heads_defaults() {
        for text in ["Default setting.", "Our default configuration: we use Adam.", "The default training hyper-parameters."] {
            assert!(heads_defaults(text), "{text}");
        }
        assert!(!heads_defaults("Default values are bad.") && !heads_defaults("By default. We"));
    }

    #[test]
    fn a_short_sentence_is_no_label() {
        assert_eq!(label("Sorting of stars."), Some("Sorting of stars".to_string()));
        for sentence in ["Table 1 shows the result.", "Figure 2 compares both models."] {
            assert_eq!(label(sentence), None, "{sentence}");
        }
    }
}
