//! What somebody asks for in ordinary words: `fine-tune BERT on SST-2, at most 30 minutes` -> [`Request`].
//!
//! [`wording`] puts the text as the rules expect it. Each phrase is then cut out of what is left ([`rest`]) by the one rule that understands
//! it: [`names`] first, for they may hold digits and words that mean something else elsewhere, then what is to be done ([`task`]), what is
//! said of columns and rows ([`data`]), [`settings`] and [`quality`]; [`told`] knows what sets nothing. It ends in one of four places, so that nobody believes that
//! something was followed which was not: a field of the request; [`Request::refused`], a setting with a value that it cannot have;
//! [`Request::lacking`], a wish that Tallow cannot follow; or [`Request::not_understood`], all else that means something. A wish that
//! is negated (`not BERT`) is never followed.

mod asked;
mod data;
mod pattern;
mod rest;
mod settings;
mod task;
#[cfg(test)]
mod tests;
mod told;
mod wording;

pub use asked::{AskedAdapter, AskedError, AskedSpeech, Frozen, Lack, Lacking, ModelSize, Refused, Request, Times};
pub use data::held::{AskedOrder, AskedPart, Edge};
pub use data::name::{DataName, ModelName};
pub use data::parting::{AskedSplit, SplitBy};
pub use data::preparation::{AskedPreparation, Preparation};
pub use settings::tuned::Tuned;
pub use settings::weights::AskedWeights;
pub use settings::without::Without;
pub use task::metrics::measure_called;
pub use task::pair::{AskedPair, language};
pub use told::unmet::Outcome;

use crate::data::PerhapsColumns;
use data::{label, names, perhaps, preparation, rows};
use rest::Rest;
use task::{deeds, kind, models, pair, papers, quality, question, speech};
use told::{again, asides, contradicted};
use wording::{answers, meant, pasted, unread};

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lying {
    /// A folder in the Hub's format.
    Model,
    /// Another folder, or a file.
    Data,
}

/// Understands `text`; `lying` tells what is at a path, none where nothing is. Never fails: what cannot be understood is told. Where
/// that is less once slips of the keys are mended, or once it is put into English, this is how it is read.
pub fn parse_request(text: &str, lying: impl Fn(&str) -> Option<Lying>) -> Request {
    let (text, pasted) = pasted::apart(text);
    Request { pasted, ..parse_own(&text, lying) }
}

/// Of what nobody pasted.
fn parse_own(text: &str, lying: impl Fn(&str) -> Option<Lying>) -> Request {
    let mail = answers::mail(text);
    let is_mail = mail.is_some();
    // Of a mail its answer holds, and behind `scratch that` what is said there.
    let both = mail.or_else(|| answers::started_again(text)).and_then(|(own, other)| {
        let [answer, mut below] = [&own, &other].map(|part| parse_one(part, &lying));
        // `Not the colour; leave it out`: what the answer bars is not told.
        if let Some(label) = &below.label
            && perhaps::perhaps(&own).exclude.iter().chain(&answer.exclude).any(|name| name.eq_ignore_ascii_case(label))
        {
            below.label = None;
        }
        let holds = is_mail || answers::says_otherwise(&answer, &below);
        let read_as = Some(format!("{own} -- {other}"));
        holds.then(|| Request { text: text.trim().to_string(), read_as, answer: Some(own), ..answers::answered(answer, below) })
    });
    let request = both.unwrap_or_else(|| parse_one(text, &lying));
    let request = unread::find(request);
    let kept = if request.exclude.is_empty() { vec![] } else { request.kept_columns() };
    let exclude = request.exclude.iter().filter(|name| !perhaps::is_kept(&kept, name)).cloned().collect();
    contradicted::find(Request { exclude, ..request })
}

/// Of what one person says.
fn parse_one(text: &str, lying: &impl Fn(&str) -> Option<Lying>) -> Request {
    let (plain, negated) = read(text, lying);
    if plain.not_understood.is_empty() {
        return plain;
    }
    let another = |meant::Reading { text: reading, is_foreign }: meant::Reading| {
        let (request, still) = read(&reading, lying);
        // What was not wanted is not to be read as wanted.
        let keeps = is_foreign || still.len() >= negated.len();
        keeps.then(|| (Request { text: plain.text.clone(), read_as: Some(reading), ..request }, is_foreign))
    };
    let others = meant::readings(&plain.text, &plain.not_understood).into_iter().filter_map(another);
    let best = others.min_by_key(|(other, _)| (other.refused.len(), other.words_left()));
    // What is refused in its own language is so in English: of a text that is surely in it, most of which is understood then.
    let is_better = |(other, is_foreign): &(Request, bool)| {
        let is_clearly = *is_foreign && 2 * other.words_left() < plain.words_left();
        (other.refused.len() <= plain.refused.len() || is_clearly) && other.words_left() < plain.words_left()
    };
    best.filter(is_better).map_or(plain, |(other, _)| other)
}

/// As it stands, and the phrases that are negated in it.
fn read(text: &str, lying: &impl Fn(&str) -> Option<Lying>) -> (Request, Vec<String>) {
    let mut request = Request { text: text.trim().to_string(), ..Request::default() };
    let parted = rest::parted(text);
    let mut rest = Rest::new(&parted);
    papers::find(&mut rest, &mut request);
    names::find(&mut rest, &mut request, lying);
    kind::find_of_words(&mut rest, &mut request);
    let name = models::find_model(&mut rest, &mut request);
    pair::find(&mut rest, &mut request);
    label::find(&mut rest, &mut request);
    speech::find(&mut rest, &mut request);
    kind::find(&mut rest, &mut request);
    question::find(&mut rest, &mut request);
    deeds::find(&mut rest, &mut request);
    asides::find(&mut rest);
    preparation::find(&mut rest, &mut request);
    settings::find(&mut rest, &mut request);
    kind::find_classes(&mut rest, &mut request);
    models::settle_family(name, &mut request);
    quality::find(&mut rest, &mut request);
    again::find(&mut rest, &request);
    asides::find_reasons(&mut rest);
    let negated = rest.negated().to_vec();
    request.not_understood = rest.left_over();
    (request, negated)
}

impl Request {
    /// All of the user's own words that it holds, each as `told` has it.
    #[must_use]
    pub fn in_words(mut self, told: impl Fn(&str) -> String) -> Self {
        let own = [&mut self.text].into_iter().chain(&mut self.read_as).chain(&mut self.answer).chain(&mut self.not_understood);
        let refused = self.refused.iter_mut().map(|refused| &mut refused.words);
        let lacking = self.lacking.iter_mut().map(|lacking| &mut lacking.words);
        let parted = self.parted.iter_mut().map(|parted| &mut parted.words);
        let preparation = self.preparation.iter_mut().map(|asked| &mut asked.words);
        own.chain(&mut self.pasted)
            .chain(&mut self.alike)
            .chain(preparation)
            .chain(refused)
            .chain(lacking)
            .chain(parted)
            .chain(&mut self.taken_back)
            .for_each(|words| *words = told(words));
        self
    }

    /// Whether all but a head, or the last layers, is to stay as it is: of a model from scratch nothing but chance would.
    pub fn keeps_most(&self) -> bool {
        matches!(self.frozen, Some(Frozen::Body | Frozen::AllButUpperLayers { .. }))
    }

    /// Whether what was not understood may have been a wish, and not only ordinary words between those that are.
    pub fn may_change(words: &str) -> bool {
        meant::may_change(words)
    }

    /// Words that may be names of columns: it is for the data to say whether they are.
    pub fn perhaps_columns(&self) -> PerhapsColumns {
        let mut all = perhaps::perhaps(&self.without_rows(self.read_as.as_ref().unwrap_or(&self.text)));
        // Its own words say in another order what is to be told.
        let own = self.read_as.as_ref().map(|_| perhaps::perhaps(&self.without_rows(&self.text))).unwrap_or_default();
        for (names, more) in
            [(&mut all.label, own.label), (&mut all.input, own.input), (&mut all.exclude, own.exclude), (&mut all.told, own.told)]
        {
            let more: Vec<String> = more.into_iter().filter(|name| !names.contains(name)).collect();
            names.extend(more);
        }
        all.open.clone_from(&self.not_understood);
        let first = self.answer.as_ref().map(|answer| perhaps::perhaps(answer).label).unwrap_or_default();
        if !first.is_empty() {
            all.label.retain(|name| !first.contains(name));
            all.label.splice(0..0, first);
        }
        let of_rows = self.lacking.iter().filter(|lacking| lacking.of == Lack::Filter);
        all.rows = of_rows.map(|lacking| lacking.words.clone()).collect();
        all.strange = perhaps::strange(&self.text);
        all.is_scored = perhaps::is_scored(&self.text);
        all.says = self.answer.iter().chain([&self.text]).chain(&self.read_as).map(|text| self.without_rows(text)).collect();
        all
    }

    /// A text without the words that choose rows: what they say of a column is said of some of its cells.
    fn without_rows(&self, text: &str) -> String {
        let chosen = self.lacking.iter().filter(|lacking| lacking.of == Lack::Filter);
        chosen.fold(text.to_string(), |text, lacking| rows::without(&text, &lacking.words))
    }

    /// What is to stay in, as it may be called: `keep the redshift in`.
    pub fn kept_columns(&self) -> Vec<String> {
        perhaps::kept(self.read_as.as_ref().unwrap_or(&self.text))
    }

    /// The words of a phrase that are more than what one says of columns: `zip` of `Exclude zip`.
    pub fn names_in(phrase: &str) -> Vec<&str> {
        perhaps::names_in(phrase)
    }

    /// Of a script that does not part its words, each sign is one.
    fn words_left(&self) -> usize {
        let is_sign = |c: &char| ('\u{2e80}'..='\u{9fff}').contains(c) || ('\u{ac00}'..='\u{d7af}').contains(c);
        let words = |phrase: &String| phrase.split_whitespace().count() + phrase.chars().filter(is_sign).count();
        self.not_understood.iter().map(words).sum()
    }
}
