//! Rules that find what a paper says. Pure, and general: they know how papers say things, not which paper it is.
//!
//! Each rule looks at one sentence or one table and gives a value with the words it was read from. What the sentence is about comes
//! from [`scope`]; names that many papers share are in [`names`].

mod about;
mod architecture;
mod aside;
mod assigned;
mod augmentation;
mod beside;
mod choices;
mod clause;
mod data;
mod described;
mod disowned;
mod hardware;
mod heard;
mod in_turn;
mod language;
mod loss;
mod meant;
mod models;
mod names;
mod numbers;
mod rank;
mod results;
mod rules;
mod schedule;
mod scope;
mod settings;
mod slips;
mod standing;
mod tables;
mod task;
pub mod told;
mod topic;
mod used;
mod variant;

pub(crate) use about::family_named;
pub(super) use names::{is_member, same_dataset, same_model};

use super::{
    DatasetRole, DatasetUse, Evidence, Family, Field, FieldKey, Origin, Paper, PaperSpec, PassageKind, Phase, Quote, Scope,
    SectionKind, Sentence, Span, Unit, Value,
};
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// Everything that the paper says and these rules know, each with its evidence.
pub fn extract(paper: &Paper) -> PaperSpec {
    let mut sentences = paper.sentences();
    sentences.truncate(MOST_SENTENCES);
    let scopes = scope::scopes(paper, &sentences);
    let mut found = Findings { paper, fields: Vec::new(), given: tables::Given::new(), own: Vec::new(), heard: Rc::default() };
    about::find(paper, &sentences, &mut found);
    found.own = about::own_names(paper, &sentences, found.family());
    let own = found.own.clone();
    // Beside a paper that proposes no model of its own, every model is what it trains.
    let proposed = about::own_names(paper, &sentences, None);
    let heard = Rc::new(heard::Heard::of(paper, &sentences, &own));
    found.heard = Rc::clone(&heard);
    let asides = aside::sections(paper, &sentences);
    let taken = aside::taken(paper, &sentences);
    let mut models = Vec::new();
    // Which paragraph it is, and whether it is about baselines.
    let mut paragraph = (None, false);
    for (sentence, scope) in sentences.iter().zip(&scopes) {
        if paragraph.0 != Some(sentence.passage) {
            paragraph = (Some(sentence.passage), aside::heads_baselines(&sentence.text));
        }
        let is_taken = sentence.section.is_some_and(|section| taken.sections[section]);
        let kind = match paper.section_kind(sentence.section) {
            _ if paragraph.1 => SectionKind::Baselines,
            // What it tells of others the paper does itself.
            SectionKind::RelatedWork if is_taken => SectionKind::Body,
            kind => kind,
        };
        let boasts = kind == SectionKind::Abstract || paper.section_title(sentence.section).eq_ignore_ascii_case("introduction");
        let is_aside = sentence.section.is_some_and(|s| asides[s]) || aside::is_exception(&sentence.text);
        let of_others = !is_taken && aside::is_of_others(&sentence.text, &proposed);
        let at = Place {
            sentence,
            scope,
            kind,
            caption: is_caption(paper, sentence),
            boasts,
            is_aside,
            of_others,
            in_cell: false,
            own: &own,
            heard: &heard,
        };
        if found.fields.len() >= MOST_FIELDS {
            break;
        }
        // A float on the last page of the references is part of what follows them.
        if at.kind == SectionKind::References && !at.caption {
            continue;
        }
        data::find(&at, &mut found);
        results::in_sentence(&at, &mut found);
        // What others did, what a figure shows, and what is yet to be done, is no recipe.
        if at.kind != SectionKind::RelatedWork && !aside::is_planned(&sentence.text) {
            let first = found.fields.len();
            settings::find(&at, &mut found);
            choices::find(&at, &mut found);
            if is_taken && !taken.but.is_empty() {
                let told = found.fields.split_off(first);
                found.fields.extend(told.into_iter().filter(|field| !taken.but.contains(&field.key)));
            }
            architecture::in_sentence(&at, &mut found);
            used::named(&at, &mut models);
        }
    }
    described::find(paper, &sentences, &scopes, &mut found);
    for table in &paper.tables {
        if found.fields.len() >= MOST_FIELDS {
            break;
        }
        tables::find(paper, table, &mut found);
    }
    slips::powers_of_two(&mut found.fields);
    used::init(&models, &mut found);
    used::say(models, &mut found);
    architecture::patches(&mut found.fields);
    architecture::depths(&mut found.fields);
    if data::all_trained_on(&sentences) {
        let datasets = found.fields.iter_mut().filter_map(|field| match &mut field.value {
            Value::Dataset { dataset } => Some(dataset),
            _ => None,
        });
        datasets.filter(|used| used.role == DatasetRole::Eval).for_each(|used| used.role = DatasetRole::TrainAndEval);
    }
    data::for_both(&mut found.fields, &sentences);
    found.fields.sort_by_key(|f| f.key);
    join_augmentation(paper, &mut found.fields);
    spell(&mut found.fields, paper, &sentences);
    let language = language::of(paper);
    let mut fields = without_short_names(tidy(found.fields));
    if language.is_some_and(|language| language != "en") {
        fields.iter_mut().for_each(|field| field.confidence *= FOREIGN);
    }
    PaperSpec {
        title: paper.title.as_ref().map(|t| paper.passage(t).to_string()),
        arxiv_id: paper.arxiv_id.clone(),
        language: language.map(str::to_string),
        chunks: rank::chunks(paper, &fields),
        fields,
    }
}

/// Puts the patterns together that most papers need, which takes as long as to look for them: by reading what most papers say.
pub(super) fn prepare() {
    const USUAL: &str = include_str!("usual.md");
    if let Ok(paper) = super::markdown::read(USUAL.as_bytes(), "usual.md") {
        extract(&paper);
    }
}

/// Whether these words alone name a setting, as they do in a table.
pub(super) fn names_setting(text: &str) -> bool {
    tables::setting(text).is_some()
}

/// Sentences that are read: those of a book, several times over.
const MOST_SENTENCES: usize = 50_000;
/// Statements that are taken. A paper makes some hundred; what makes so many more is none.
const MOST_FIELDS: usize = 10_000;

/// How much what is read in another language than English is to be trusted: the rules are for English.
pub(super) const FOREIGN: f32 = 0.6;

fn is_caption(paper: &Paper, sentence: &Sentence) -> bool {
    paper.passages.get(sentence.passage).is_some_and(|p| p.kind == PassageKind::Caption)
}

/// How much a setting of an experiment on the side is to be trusted to be the paper's recipe.
const ASIDE: f32 = 0.6;

/// A sentence and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    sentence: &'a Sentence,
    scope: &'a Scope,
    kind: SectionKind,
    caption: bool,
    /// In the abstract or the introduction.
    boasts: bool,
    /// It is about an experiment on the side, or an exception.
    is_aside: bool,
    /// It tells what others did.
    of_others: bool,
    /// It is a table's cell, where settings stand without verbs.
    in_cell: bool,
    /// Words for what the paper proposes.
    own: &'a [String],
    /// Data sets and metrics by the paper's own names.
    heard: &'a heard::Heard,
}

impl Place<'_> {
    fn text(&self) -> &str {
        &self.sentence.text
    }

    /// How much a setting here is to be trusted to be the paper's own: an appendix also speaks of others' models, and a section on
    /// baselines of little else.
    fn trust(&self) -> f32 {
        let text = self.text().to_lowercase();
        let of_all = ["our experiments", "all experiments", "all of our", "all our"].iter().any(|all| text.contains(all));
        let names_own = || of_all || text.contains("we ") && self.own.iter().any(|own| text.contains(own));
        match self.kind {
            _ if self.of_others => 0.45,
            SectionKind::Baselines if !names_own() => 0.45,
            _ if self.is_aside => ASIDE,
            SectionKind::Appendix => 0.8,
            _ if self.caption => 0.8,
            _ => 0.9,
        }
    }
}

/// What a sentence says.
struct Said {
    key: FieldKey,
    value: Value,
    unit: Option<Unit>,
    /// Where, in the sentence.
    words: Range<usize>,
    /// How much this way of saying it is worth, where a plain one is worth 1.
    weight: f32,
    origin: Origin,
    /// Whether the scope is what these words are for, so that the clause around them tells no more.
    placed: bool,
}

impl Said {
    fn new(key: FieldKey, value: Value, words: Range<usize>) -> Self {
        Said { key, value, unit: None, words, weight: 1.0, origin: Origin::Stated, placed: false }
    }
}

/// What was found so far.
struct Findings<'a> {
    paper: &'a Paper,
    fields: Vec<Field>,
    given: tables::Given,
    /// What the paper calls what it proposes, in lower case.
    own: Vec<String>,
    /// Data sets and metrics by the paper's own names.
    heard: Rc<heard::Heard>,
}

impl Findings<'_> {
    fn family(&self) -> Option<Family> {
        self.fields.iter().find_map(|f| match f.value {
            Value::Family { family } => Some(family),
            _ => None,
        })
    }

    /// Whether a size of a model of this name was found.
    fn is_variant(&self, name: &str) -> bool {
        self.fields.iter().any(|f| matches!(&f.value, Value::Variant { variant } if names::same_model(&variant.name, name)))
    }

    /// Whether a sentence stands behind a statement on its page and in its section, not further than `close` bytes.
    fn follows(&self, at: &Place<'_>, before: &Field, close: usize) -> bool {
        let Some(begin) = at.sentence.quote(0..at.text().len()) else { return false };
        let quote = &before.evidence.quote;
        let is_there = quote.page() == begin.page() && before.evidence.section == self.section(at.sentence.section);
        is_there && begin.span().start.checked_sub(quote.span().end).is_some_and(|apart| apart <= close)
    }

    /// What a section is called, with its number.
    fn section(&self, section: Option<usize>) -> Option<String> {
        section.and_then(|s| self.paper.sections.get(s)).map(|s| match &s.number {
            Some(number) => format!("{number} {}", s.title),
            None => s.title.clone(),
        })
    }

    /// Adds what a sentence says at `words`; without words in the text there is no field.
    fn say(&mut self, at: &Place<'_>, key: FieldKey, value: Value, unit: Option<Unit>, words: Range<usize>) {
        self.tell(at, Said { unit, ..Said::new(key, value, words) });
    }

    /// The same of a statement that is not plain.
    fn tell(&mut self, at: &Place<'_>, said: Said) {
        let Said { key, value, unit, words, weight, origin, placed } = said;
        let Some(quote) = at.sentence.quote(words.clone()) else { return };
        // Baselines share data and metrics with the paper.
        let shared = matches!(key, FieldKey::Datasets | FieldKey::Metrics | FieldKey::Results);
        // An abstract speaks of effort to impress, an experiments section to inform.
        let boast = matches!(key, FieldKey::Hardware | FieldKey::TrainingTime) && at.boasts;
        let confidence = if shared {
            at.trust().max(0.7)
        } else if boast {
            0.5
        } else {
            at.trust()
        };
        let scope = if placed { at.scope.clone() } else { clause::of(at.text(), &words, at.scope) };
        self.add(key, value, unit, scope, weight * confidence, quote, at.sentence.section);
        if let Some(field) = self.fields.last_mut() {
            field.origin = origin;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "these are the parts of a field")]
    fn add(
        &mut self,
        key: FieldKey,
        value: Value,
        unit: Option<Unit>,
        scope: Scope,
        confidence: f32,
        quote: Quote,
        section: Option<usize>,
    ) {
        let evidence = Evidence { quote, section: self.section(section) };
        self.fields.push(Field { key, value, unit, scope, origin: Origin::Stated, confidence, evidence });
    }
}

/// What one paragraph says of augmentation in several sentences is one list; its words are all of them.
fn join_augmentation(paper: &Paper, fields: &mut Vec<Field>) {
    let mut joined: Vec<Field> = Vec::new();
    for field in std::mem::take(fields) {
        let last = joined
            .last_mut()
            .filter(|last| field.key == FieldKey::Augmentation && last.key == field.key && last.scope == field.scope);
        let (first, next) = match (last, &field.value) {
            (Some(last), Value::Texts { texts }) => (last, texts.clone()),
            _ => {
                joined.push(field);
                continue;
            }
        };
        let (a, b) = (&first.evidence.quote, &field.evidence.quote);
        let span = Span { start: a.span().start.min(b.span().start), end: a.span().end.max(b.span().end) };
        if a.page() == b.page() && span.end - span.start < 600 {
            first.evidence.quote = paper.quote(a.page(), span);
            first.confidence = first.confidence.max(field.confidence);
            if let Value::Texts { texts } = &mut first.value {
                for text in next {
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
            }
        } else {
            joined.push(field);
        }
    }
    *fields = joined;
}

/// In the order of keys, the surest first; what is said twice of the same thing once.
fn tidy(mut fields: Vec<Field>) -> Vec<Field> {
    fields.sort_by(|a, b| a.key.cmp(&b.key).then(b.confidence.total_cmp(&a.confidence)));
    let mut kept: Vec<Field> = Vec::new();
    // Of the key that is looked at: where it begins, and the places of each of its values, as they are written.
    let (mut begin, mut places): (usize, HashMap<String, Vec<usize>>) = (0, HashMap::new());
    for mut field in fields {
        if kept.last().is_some_and(|last| last.key != field.key) {
            (begin, places) = (kept.len(), HashMap::new());
        }
        if let Value::Dataset { dataset } = &field.value {
            add_dataset(&mut kept, begin, &field, dataset);
            continue;
        }
        let same = places.entry(serde_json::to_string(&field.value).unwrap_or_default()).or_default();
        if field.key == FieldKey::Metrics && !same.is_empty() {
            continue;
        }
        // Of a loss that is defined and one that is only named in the same phase, the definition is meant.
        // (Of two experiments that are told apart each has its own.)
        let topic = &field.scope.topic;
        let is_other = |k: &Field| k.scope.topic.is_some() && topic.is_some() && k.scope.topic != *topic;
        let is_defined = |k: &Field| k.scope.phase == field.scope.phase && k.confidence > field.confidence && !is_other(k);
        if field.key == FieldKey::Loss && kept[begin..].iter().any(is_defined) {
            field.confidence *= ASIDE;
        }
        // The same value without a scope, or with the same one, says nothing new.
        // What a heading alone tells apart is one choice, and may well be two numbers.
        let chosen = field.value.numbers().is_empty();
        let one = |k: &Scope| k.says_no_other(&field.scope) || chosen && k.is_vague() && field.scope.is_vague();
        // What fine-tuning takes in a section of its own says nothing of the training before it.
        let is_apart = |k: &Field| {
            let tunes = [k.scope.phase, field.scope.phase].contains(&Some(Phase::FineTuning));
            !chosen && tunes && k.scope.is_empty() != field.scope.is_empty() && k.evidence.section != field.evidence.section
        };
        match same.iter().copied().find(|at| one(&kept[*at].scope) && !is_apart(&kept[*at])) {
            // (With its own words, which tell of that scope.)
            Some(at) if kept[at].scope.is_vague() && !field.scope.is_vague() => {
                field.confidence = field.confidence.max(kept[at].confidence);
                kept[at] = field;
            }
            Some(at) => kept[at].scope.add_topic(&field.scope),
            None => {
                same.push(kept.len());
                kept.push(field);
            }
        }
    }
    kept
}

/// Data sets that settings are for are called as the paper mostly writes them: who looks for them looks there.
fn spell(fields: &mut [Field], paper: &Paper, sentences: &[Sentence]) {
    let mut written: HashMap<&'static str, Vec<(String, usize)>> = HashMap::new();
    let titles = paper.sections.iter().map(|section| section.title.as_str());
    for text in sentences.iter().map(|sentence| sentence.text.as_str()).chain(titles) {
        for mention in names::datasets_in(text) {
            let Some(spelling) = text.get(mention.at.clone()) else { continue };
            let all = written.entry(mention.name).or_default();
            match all.iter_mut().find(|(known, _)| known == spelling) {
                Some((_, count)) => *count += 1,
                None => all.push((spelling.to_string(), 1)),
            }
        }
    }
    for name in fields.iter_mut().flat_map(|field| &mut field.scope.datasets) {
        let Some(all) = written.get(name.as_str()) else { continue };
        let most = all.iter().rev().max_by_key(|(_, count)| *count);
        if let Some((spelling, _)) = most.filter(|_| all.iter().all(|(known, _)| known != name)) {
            *name = spelling.clone();
        }
    }
}

/// `CIFAR` beside `CIFAR-10` is short for its members.
fn without_short_names(mut fields: Vec<Field>) -> Vec<Field> {
    // What is said of it is said of them.
    let uses: Vec<DatasetUse> = fields
        .iter()
        .filter_map(|field| match &field.value {
            Value::Dataset { dataset } => Some(dataset.clone()),
            _ => None,
        })
        .collect();
    for field in &mut fields {
        if let Value::Dataset { dataset } = &mut field.value
            && let Some(short) = uses.iter().find(|short| is_short_for(&short.name, &dataset.name))
            && short.role != dataset.role
        {
            dataset.role = DatasetRole::TrainAndEval;
        }
    }
    let name = |field: &Field| match &field.value {
        Value::Dataset { dataset } => Some(dataset.name.clone()),
        _ => None,
    };
    let all: Vec<String> = fields.iter().filter_map(name).collect();
    let is_short = |short: &str| all.iter().any(|other| is_short_for(short, other));
    fields.into_iter().filter(|field| name(field).is_none_or(|name| !is_short(&name))).collect()
}

fn is_short_for(short: &str, other: &str) -> bool {
    other.len() > short.len() && other.starts_with(short) && is_member(other, short)
}

/// One field for each spelling of a data set, with all that it is used for. Data sets are kept from `begin` on.
fn add_dataset(kept: &mut Vec<Field>, begin: usize, field: &Field, used: &DatasetUse) {
    let known = kept[begin..].iter_mut().find_map(|k| match &mut k.value {
        Value::Dataset { dataset } if names::same_spelling(&dataset.name, &used.name) => Some(dataset),
        _ => None,
    });
    match known {
        Some(dataset) if dataset.role != used.role => dataset.role = DatasetRole::TrainAndEval,
        Some(_) => {}
        None => kept.push(field.clone()),
    }
}

impl Scope {
    /// Whether both may be about the same: one of them says nothing, or both say the same.
    fn says_no_other(&self, other: &Scope) -> bool {
        self == other || self.is_empty() || other.is_empty() || self.covers(other)
    }

    /// Says something, and nothing that `other` does not say more closely.
    fn covers(&self, other: &Scope) -> bool {
        let datasets =
            self.datasets.is_empty() || !other.datasets.is_empty() && other.datasets.iter().all(|d| self.datasets.contains(d));
        let phase = self.phase.is_none() || self.phase == other.phase;
        let variant = self.variant.is_none() || self.variant == other.variant;
        !self.is_vague() && phase && variant && datasets
    }

    /// What is said of two experiments, told apart by words alone, is said of both.
    fn add_topic(&mut self, other: &Scope) {
        const LONGEST: usize = 100;
        if self.topic.is_none() && !self.is_vague() {
            self.topic.clone_from(&other.topic);
        }
        if let (Some(topic), Some(more)) = (&mut self.topic, &other.topic)
            && !topic.contains(more.as_str())
            && topic.len() + more.len() < LONGEST
        {
            *topic = format!("{topic}, {more}");
        }
    }

    /// Says nothing of phase, data or model.
    fn is_vague(&self) -> bool {
        self.phase.is_none() && self.datasets.is_empty() && self.variant.is_none()
    }
}

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod further_tests;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod misread_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod paper_tests;
#[cfg(test)]
mod placed_tests;
#[cfg(test)]
mod qualified_tests;
#[cfg(test)]
mod said_tests;
#[cfg(test)]
mod spoken_tests;
#[cfg(test)]
mod stage_tests;
#[cfg(test)]
mod stated_tests;
#[cfg(test)]
mod terse_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unseen_tests;
#[cfg(test)]
mod wording_tests;
