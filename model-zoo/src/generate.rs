//! Writing: a model that says the next word, asked word after word. Choices are those of transformers' `generate`; chance comes from a
//! counter-based stream, so that a seed and a prompt give one text.

mod beams;
mod draw;

use self::beams::{Beams, beams};
use self::draw::{best, draw, penalise};
use crate::cache::Cache;
use crate::contract::{Input, Model, Output};
use crate::error::{ConfigProblem, Error, Result};
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use tallow_kernels::{self as kernels, Attention, Documents, Stream, Tape, Var};

/// A model that says the next word of a text.
pub trait Generator {
    /// A memory without a word of the texts to be written; a model of two texts reads the first ones, `sources`, here, one for each text
    /// that is written.
    ///
    /// # Errors
    /// The model needs a source and has none, or takes none and has one; the source does not suit it; an operation failed.
    fn begin(&self, sources: &[Source]) -> Result<Cache>;

    /// States of words `[b, t]` (u32) that follow those in `cache`, and the vocabulary; a state says the word after its own.
    ///
    /// # Errors
    /// The texts grow longer than the model's positions, a word is not in its vocabulary, or an operation failed.
    fn next(&self, token_ids: &Tensor, cache: &mut Cache) -> Result<Output>;

    /// The longest text.
    fn max_positions(&self) -> usize;
}

/// A text that is being written: what its next word may be, word after word.
pub trait NextWord {
    /// Scores of the word that follows these new ones, `[v]`, which the caller may change.
    ///
    /// # Errors
    /// There is none, one is not known, or the text grows longer than the model's positions; an operation failed.
    fn read(&mut self, words: &[u32]) -> Result<&mut [f32]>;

    /// The longest text.
    fn max_positions(&self) -> usize;
}

/// What a text is held to while it is written.
pub trait Guide {
    /// Words that must come, and are taken: the model is not asked for them. `left`: words that there is room for.
    fn forced(&mut self, left: usize) -> Vec<u32>;

    /// Scores of words that must not come become negative infinity.
    ///
    /// # Errors
    /// None may come: in words.
    fn restrict(&mut self, left: usize, scores: &mut [f32]) -> std::result::Result<(), String>;

    /// The word was chosen.
    ///
    /// # Errors
    /// It must not come: in words.
    fn take(&mut self, word: u32) -> std::result::Result<(), String>;

    /// Whether the text is whole and nothing can follow.
    fn is_over(&self) -> bool;
}

/// A text of any model that writes, with its memory.
pub struct Remembered<'a> {
    generator: &'a dyn Generator,
    cache: Cache,
    scores: Vec<f32>,
}

impl<'a> Remembered<'a> {
    /// Without a word; a model of two texts reads the source here.
    ///
    /// # Errors
    /// As [`Generator::begin`]; the model does not write.
    pub fn new(model: &'a dyn Model, source: Option<Source>) -> Result<Self> {
        let generator = model.generator().ok_or(Error::NoGenerator)?;
        Ok(Remembered { generator, cache: generator.begin(source.as_slice())?, scores: Vec::new() })
    }
}

impl NextWord for Remembered<'_> {
    fn read(&mut self, words: &[u32]) -> Result<&mut [f32]> {
        self.scores = next_scores(self.generator, &[words.to_vec()], &mut self.cache)?.remove(0);
        Ok(&mut self.scores)
    }

    fn max_positions(&self) -> usize {
        self.generator.max_positions()
    }
}

/// A model of one text whose words follow each other, with or without those that it remembers.
pub(crate) trait Decoder {
    const FAMILY: &'static str;

    /// States of words `[b, t]` of these texts, and the vocabulary. With a cache the words follow those in it.
    ///
    /// # Errors
    /// The texts do not suit the model, or an operation failed.
    fn states(&self, tape: &Tape, token_ids: &Tensor, texts: Texts, cache: Option<&mut Cache>) -> Result<Output>;

    /// Remembers no word.
    fn empty_cache(&self) -> Cache;

    /// The longest text.
    fn max_positions(&self) -> usize;
}

/// Which texts rows of words hold.
#[derive(Debug, Clone)]
pub(crate) enum Texts {
    /// One each, of these lengths.
    One(Rc<[usize]>),
    /// Several each, one behind the other.
    Several(Rc<Documents>),
}

impl Texts {
    /// What attention needs to know of them.
    pub(crate) fn attention<'a>(&'a self, args: Attention<'a>) -> Attention<'a> {
        match self {
            Texts::One(lengths) => Attention { lengths: Some(lengths), ..args },
            Texts::Several(documents) => Attention { documents: Some(documents), ..args },
        }
    }

    /// Words of each row.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        match self {
            Texts::One(lengths) => lengths.to_vec(),
            Texts::Several(documents) => {
                (0..documents.rows()).map(|row| documents.of(row).last().map_or(0, |last| last.end)).collect()
            }
        }
    }
}

impl<D: Decoder> Model for D {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        match input {
            Input::Text { token_ids, lengths, .. } => self.states(tape, token_ids, Texts::One(lengths[..].into()), None),
            Input::Packed { token_ids, texts } => self.states(tape, token_ids, Texts::Several(Rc::new(texts.clone())), None),
            other => Err(other.other_than(D::FAMILY, "texts")),
        }
    }

    fn generator(&self) -> Option<&dyn Generator> {
        Some(self)
    }
}

impl<D: Decoder> Generator for D {
    fn begin(&self, sources: &[Source]) -> Result<Cache> {
        match sources.first() {
            None => Ok(self.empty_cache()),
            Some(source) => {
                let found = match source {
                    Source::Text(ids) => format!("a source of {} words before it", ids.len()),
                    Source::Speech(_) => "a recording before it".into(),
                };
                Err(Error::Input { family: D::FAMILY, expected: "a text alone".into(), found })
            }
        }
    }

    fn next(&self, token_ids: &Tensor, cache: &mut Cache) -> Result<Output> {
        let (b, t) = token_ids.dims2()?;
        self.states(&Tape::inference(), token_ids, Texts::One(vec![t; b].into()), Some(cache))
    }

    fn max_positions(&self) -> usize {
        Decoder::max_positions(self)
    }
}

/// What a text is written from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// The words of another.
    Text(&'a [u32]),
    /// A recording's features, float32 `[M, F]`.
    Speech(&'a Tensor),
}

/// What a text begins with.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// What a model that writes from something reads first.
    pub source: Option<Source<'a>>,
    /// The first words of the text, at least one; a model of two texts has one that means the beginning.
    pub start: &'a [u32],
}

/// How words are chosen, and when the text ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Words beyond the prompt, at most. A text also ends at the model's last position.
    pub max_new_tokens: usize,
    /// Words that end a text.
    pub eos_token_ids: Vec<u32>,
    /// What the score of a word that was there before is divided by, where it is positive, or else multiplied by (Keskar et al.,
    /// 1909.05858); 1 changes nothing.
    pub repetition_penalty: f64,
    /// Words that are never chosen, and that are not chosen as the first behind the prompt.
    #[serde(default)]
    pub suppress_tokens: Vec<u32>,
    #[serde(default)]
    pub begin_suppress_tokens: Vec<u32>,
    pub search: Search,
}

/// How the next word is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Search {
    /// The likeliest.
    Greedy,
    /// By chance: of the `top_k` likeliest, of the fewest that together have probability `top_p` (Holtzman et al., 1904.09751), by
    /// scores divided by `temperature`.
    Sample { temperature: f64, top_k: Option<usize>, top_p: Option<f64>, seed: u64 },
    /// The likeliest text of those found by going on with `num_beams` at a time. A text's score is the sum of the logarithms of its
    /// words' probabilities over its length to the power of `length_penalty`. `early_stopping`: as soon as `num_beams` texts have
    /// ended, not when no other can become better.
    Beam { num_beams: usize, length_penalty: f64, early_stopping: bool },
}

impl Settings {
    /// The likeliest word each time.
    pub fn greedy(max_new_tokens: usize, eos_token_ids: &[u32]) -> Self {
        let search = Search::Greedy;
        Settings {
            max_new_tokens,
            eos_token_ids: eos_token_ids.to_vec(),
            repetition_penalty: 1.0,
            suppress_tokens: Vec::new(),
            begin_suppress_tokens: Vec::new(),
            search,
        }
    }

    /// Scores of the word behind `text`, of which the prompt is the first `start` words, as the choice goes by them.
    fn adjust(&self, scores: &mut [f32], text: &[u32], start: usize) {
        penalise(scores, text, self.repetition_penalty);
        let first: &[u32] = if text.len() == start { &self.begin_suppress_tokens } else { &[] };
        for word in self.suppress_tokens.iter().chain(first) {
            if let Some(score) = scores.get_mut(*word as usize) {
                *score = f32::NEG_INFINITY;
            }
        }
    }

    /// # Errors
    /// Every setting that is out of range.
    pub fn check(&self) -> Result<()> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, field: &str, expected: &str, found: &dyn std::fmt::Display| {
            if !holds {
                problems.push(ConfigProblem::new(field, expected, found));
            }
        };
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let penalty = self.repetition_penalty;
        must(positive(penalty), "repetition_penalty", "a positive number", &penalty);
        match &self.search {
            Search::Greedy => {}
            Search::Sample { temperature, top_k, top_p, seed: _ } => {
                must(positive(*temperature), "search.temperature", "a positive number", temperature);
                must(*top_k != Some(0), "search.top_k", "at least 1", &0);
                let share = top_p.unwrap_or(1.0);
                must(share > 0.0 && share <= 1.0, "search.top_p", "a share above 0, at most 1", &share);
            }
            Search::Beam { num_beams, length_penalty, early_stopping: _ } => {
                must((1..=1000).contains(num_beams), "search.num_beams", "a count from 1 to 1000", num_beams);
                must(length_penalty.is_finite(), "search.length_penalty", "a number", length_penalty);
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Config(problems)) }
    }
}

/// The words that follow the prompt; the last one ends the text if there was room for that.
///
/// # Errors
/// The settings have mistakes; the model does not write; the prompt is empty, too long, or holds a word that the model does not know;
/// an operation failed.
pub fn generate(model: &dyn Model, prompt: Prompt, settings: &Settings) -> Result<Vec<u32>> {
    settings.check()?;
    let generator = model.generator().ok_or(Error::NoGenerator)?;
    if let Search::Beam { num_beams, length_penalty, early_stopping } = settings.search {
        let room = room(generator.max_positions(), prompt.start, settings)?;
        return beams(generator, prompt, settings, room, Beams { num_beams, length_penalty, early_stopping });
    }
    write(&mut Remembered::new(model, prompt.source)?, prompt.start, settings, None, &mut |_| true)
}

/// One text, word by word, behind the words of `start`: each is told as it is chosen, until `tell` says that it is enough. With a guide the
/// text also ends where that says so.
///
/// # Errors
/// The settings have mistakes or ask for several texts at once; the start is empty, too long, or holds a word that is not known; the
/// guide allows nothing; an operation failed.
pub fn write(
    text: &mut dyn NextWord,
    start: &[u32],
    settings: &Settings,
    mut guide: Option<&mut dyn Guide>,
    tell: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    settings.check()?;
    let room = room(text.max_positions(), start, settings)?;
    let (mut all, mut new) = (start.to_vec(), start.to_vec());
    let mut going_on = true;
    while going_on && all.len() - start.len() < room {
        let written = all.len() - start.len();
        let forced = guide.as_mut().map(|guide| guide.forced(room - written)).unwrap_or_default();
        for word in forced {
            all.push(word);
            new.push(word);
            going_on &= tell(word);
        }
        let left = room - (all.len() - start.len());
        if !going_on || left == 0 || guide.as_ref().is_some_and(|guide| guide.is_over()) {
            break;
        }
        let scores = text.read(&new)?;
        settings.adjust(scores, &all, start.len());
        if let Some(guide) = &mut guide {
            guide.restrict(left, scores).map_err(Error::Guide)?;
        }
        let word = match &settings.search {
            Search::Greedy => best(scores),
            Search::Sample { temperature, top_k, top_p, seed } => {
                let step = (all.len() - start.len()) as u64;
                let chance = Stream::root(*seed).named("generate").uniform(step);
                draw(scores, *temperature, *top_k, *top_p, f64::from(chance))
            }
            Search::Beam { .. } => return Err(Error::Guide("a search by beams writes several texts at once".into())),
        };
        if let Some(guide) = &mut guide {
            guide.take(word).map_err(Error::Guide)?;
        }
        all.push(word);
        new.clear();
        new.push(word);
        going_on = tell(word) && !settings.eos_token_ids.contains(&word);
        going_on &= !guide.as_ref().is_some_and(|guide| guide.is_over());
    }
    Ok(all.split_off(start.len()))
}

/// What a model writes from each source: as [`generate`], of which it is the same but for rounding. Where the likeliest
/// word is taken each time, all are written at once.
///
/// # Errors
/// As [`generate`], of any of them.
pub fn generate_all(model: &dyn Model, sources: &[Source], start: &[u32], settings: &Settings) -> Result<Vec<Vec<u32>>> {
    if settings.search != Search::Greedy {
        return sources.iter().map(|source| generate(model, Prompt { source: Some(*source), start }, settings)).collect();
    }
    settings.check()?;
    let generator = model.generator().ok_or(Error::NoGenerator)?;
    let room = room(generator.max_positions(), start, settings)?;
    let mut texts = vec![start.to_vec(); sources.len()];
    // Those that have not ended, by their numbers.
    let mut running: Vec<usize> = (0..sources.len()).collect();
    if running.is_empty() {
        return Ok(texts);
    }
    let mut cache = generator.begin(sources)?;
    let mut new = texts.clone();
    for _ in 0..room {
        let scores = next_scores(generator, &new, &mut cache)?;
        let mut going_on: Vec<u32> = Vec::new();
        for ((place, &text), mut scores) in (0u32..).zip(&running).zip(scores) {
            settings.adjust(&mut scores, &texts[text], start.len());
            let word = best(&scores);
            texts[text].push(word);
            if !settings.eos_token_ids.contains(&word) {
                going_on.push(place);
            }
        }
        running = going_on.iter().map(|place| running[*place as usize]).collect();
        if running.is_empty() {
            break;
        }
        cache.select(&going_on)?;
        new = running.iter().map(|&text| texts[text][texts[text].len() - 1..].to_vec()).collect();
    }
    Ok(texts.into_iter().map(|mut text| text.split_off(start.len())).collect())
}

/// Words that there is room for.
fn room(max_positions: usize, start: &[u32], settings: &Settings) -> Result<usize> {
    let room = max_positions.saturating_sub(start.len()).min(settings.max_new_tokens);
    if start.is_empty() {
        return Err(Error::NoPrompt);
    }
    if room == 0 && settings.max_new_tokens > 0 {
        let expected = format!("fewer words than the model's {max_positions} positions");
        return Err(Error::Prompt { expected, found: format!("{} words", start.len()) });
    }
    Ok(room)
}

/// Scores of the word that comes after each of the texts, whose new words these are: as many of each.
fn next_scores(generator: &dyn Generator, new: &[Vec<u32>], cache: &mut Cache) -> Result<Vec<Vec<f32>>> {
    let (b, t) = (new.len(), new.first().map_or(0, Vec::len));
    let token_ids = Tensor::from_vec(new.concat(), (b, t), cache.device())?;
    let output = generator.next(&token_ids, cache)?;
    let Output::Words { states, vocabulary, bias } = output else { return Err(Error::NoGenerator) };
    let last = Var::constant(states.tensor().narrow(1, t - 1, 1)?.contiguous()?);
    let scores = kernels::linear(&Tape::inference(), &last, &vocabulary, bias.as_ref())?;
    Ok(scores.tensor().squeeze(1)?.to_vec2::<f32>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_shared_by_probability() {
        // Probabilities 0.1, 0.2, 0.3, 0.4, drawn from the likeliest down.
        let scores = [0.1f32, 0.2, 0.3, 0.4].map(f32::ln);
        let at = |top_k, top_p, chance| draw(&scores, 1.0, top_k, top_p, chance);
        assert_eq!([0.0, 0.39, 0.41, 0.69, 0.71, 0.91, 0.999999].map(|chance| at(None, None, chance)), [3, 3, 2, 2, 1, 0, 0]);
        assert_eq!([0.0, 0.56, 0.58, 0.999].map(|chance| at(Some(2), None, chance)), [3, 3, 2, 2]);
        assert_eq!([0.0, 0.56, 0.58, 0.999].map(|chance| at(None, Some(0.5), chance)), [3, 3, 2, 2]);
        assert_eq!(at(None, Some(1e-9), 0.999), 3, "one word always stays");
        // 1 / 30, 4 / 30, 9 / 30, 16 / 30 at half the temperature.
        assert_eq!([0.52, 0.54, 0.98].map(|chance| draw(&scores, 0.5, None, None, chance)), [3, 2, 0]);
    }

    #[test]
    fn settings_are_checked_all_at_once() {
        let search = Search::Sample { temperature: 0.0, top_k: Some(0), top_p: Some(1.5), seed: 0 };
        let message = Settings { repetition_penalty: f64::NAN, search, ..Settings::greedy(3, &[]) }
            .check()
            .expect_err("refused")
            .to_string();
        for field in ["`repetition_penalty`", "`search.temperature`", "`search.top_k`", "`search.top_p`"] {
            assert!(message.contains(field), "{message}");
        }
    }

    #[test]
    fn what_was_said_is_less_likely() {
        let mut scores = [2.0, -2.0, 1.0];
        penalise(&mut scores, &[0, 1, 1, 9], 2.0);
        assert_eq!(scores, [1.0, -4.0, 1.0]);
        assert_eq!(best(&[1.0, 3.0, 3.0]), 1);
    }
}
