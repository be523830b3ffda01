//! All that is known before a model is chosen.

use super::data::{answers_by_a_class, share};
use super::fit::Price;
use super::held_out::{Splits, splits};
use super::models::{self, Candidate, Named};
use crate::data::PairKind;
use crate::intake::{AskedPair, Family, Field, ModelName, PaperSpec, Phase, ReportedResult, Request, Tuned};
use crate::job::Part;
use crate::plan::advised::{Settable, said};
use crate::plan::{AtHand, DataChoice, DataFacts, Goal, Offer, PlannerError, Wishes};
use crate::spec::{HeldOutBy, ImageSize, Metric, Monitor, Search, Task};
use std::collections::BTreeSet;
use tallow_zoo::{HeadKind, Modality};

/// What is planned for if nobody gives a limit.
pub(in crate::plan) const DEFAULT_SECS: u64 = 1800;
/// Share of the time that training may take; preparing, scoring and the error of the estimate take the rest.
pub(in crate::plan) const TRAINING_SHARE: f64 = 0.7;

/// Share of the limit that training and scoring may take together.
pub(super) const WORKING_SHARE: f64 = 0.9;

/// Tokens of a piece of a stream of words, where nobody says how many.
pub(super) const PIECE: usize = 256;

/// All that is known before a model is chosen.
pub(super) struct Brief<'a> {
    pub(super) goal: &'a Goal,
    pub(super) wishes: &'a Wishes,
    pub(super) choice: &'a DataChoice,
    pub(super) offer: &'a Offer<'a>,
    /// The model that lies here and is taken, though nobody named it.
    pub(super) at_hand: Option<&'a AtHand>,
    pub(super) task: Task,
    /// The task follows from the model alone.
    pub(super) vectors_assumed: bool,
    pub(super) metric: Metric,
    /// Of the metric, where somebody hoped for one.
    pub(super) asked_target: Option<f64>,
    pub(super) train: String,
    pub(super) held_out: String,
    pub(super) held_out_frac: Option<f64>,
    pub(super) held_out_by: HeldOutBy,
    pub(super) monitor: Monitor,
    /// Tokens of a piece, where the data is a stream of words.
    pub(super) piece: usize,
    /// What images are brought to, and why.
    pub(super) image: Option<(ImageSize, String)>,
    /// Examples that are scored.
    pub(super) scored: usize,
    /// Examples that are watched while training.
    pub(super) watched: usize,
    /// Training examples that are left after those kept out, at most as many as were asked for.
    pub(super) examples: usize,
    /// How many of them were asked for, where fewer than all were.
    pub(super) asked_examples: Option<usize>,
    pub(super) seeds: Vec<u64>,
    /// Whether further recipes are to be tried.
    pub(super) search: Option<Search>,
    /// The limit on the time of everything that somebody gave.
    pub(super) asked_secs: Option<u64>,
    /// What is planned for: that, or what is assumed, or less where the money buys less.
    pub(super) limit_secs: u64,
    pub(super) phase: Option<Phase>,
}

/// The number that a paper reports on the data.
pub(super) struct Stated<'a> {
    pub(super) value: f64,
    pub(super) result: &'a ReportedResult,
    pub(super) field: &'a Field,
}

/// What the data is for, and whether that are vectors though a number is said of its pairs.
fn task_of(goal: &Goal, wishes: &Wishes, choice: &DataChoice, offer: &Offer) -> Result<(Task, bool), PlannerError> {
    let request = if let Goal::Request(request) = goal { Some(request) } else { None };
    let task = match (offer.data.task.or(choice.task), offer.data.image_shape) {
        (Some(task), _) => task,
        (None, Some(_)) => Task::ImageClassification,
        (None, None) if offer.data.is_stream() => Task::LanguageModelling,
        (None, None) => Task::TextClassification,
    };
    // Documents are for both; the model says which.
    let sees_all = match goal.model(wishes) {
        Some(ModelName::Called { name }) => {
            matches!(models::named(name), Some(Named::Bert | Named::Fresh(_) | Named::Encoders(_)))
        }
        _ => offer.model.is_some_and(|model| Task::MaskedLanguageModelling.suits(&model.config)),
    };
    let task = if task == Task::LanguageModelling && sees_all { Task::MaskedLanguageModelling } else { task };
    // Pairs with a score are for a number each, or for vectors; a model that is known for its vectors says which.
    let encoder = offer.model.is_some_and(|model| model.sentences.is_some());
    let pairs = task == Task::TextRegression && offer.data.columns.input.len() == 2;
    let of_numbers = request.and_then(|r| r.metric).is_some_and(|metric| !metric.is_of_scores());
    let vectors_assumed = encoder && pairs && !of_numbers;
    let task = if vectors_assumed { Task::SentenceSimilarity } else { task };
    let by_a_class = |asked: Task| choice.known.is_some_and(|known| answers_by_a_class(known, asked));
    let unlike = |asked: &Task| !is_of_kind(task, *asked) && !by_a_class(*asked);
    if let Some(asked) = request.and_then(|request| request.task).filter(unlike) {
        let what = format!("{} was asked for, and what it holds is for {}", asked.in_words(), task.in_words());
        return Err(PlannerError::Data { data: choice.name.clone(), what });
    }
    Ok((task, vectors_assumed))
}

/// What the task is measured by, and the value that was asked for.
fn measured(request: Option<&Request>, choice: &DataChoice, offer: &Offer, task: Task) -> (Metric, Option<f64>) {
    let of_summaries = match request.and_then(|request| request.pair.as_ref()) {
        Some(AskedPair::Summary) => true,
        Some(AskedPair::Translation { .. }) => false,
        Some(AskedPair::Any) | None => PairKind::of(&offer.data.columns) == PairKind::Summary,
    };
    let with_scores = offer.data.columns.label.is_some();
    let told = |metric: &Metric| task != Task::SentenceSimilarity || metric.is_of_scores() == with_scores;
    let usual = || match task {
        Task::TextToText if of_summaries => Metric::RougeL,
        _ => Metric::usual_of(task, &offer.data.labels).find(told).unwrap_or(Metric::Accuracy),
    };
    // An error that is hoped for is a value of what measures the task.
    let by_error = request.and_then(|r| r.error?.on(task));
    let asked = by_error.map(|(metric, _)| metric).or(request.and_then(|r| r.metric)).map(|metric| metric.as_of(task));
    // F1 is of one class of two; of several it is the mean over them that is meant.
    let is_of_several = task.head() == HeadKind::Classes && offer.data.labels.len() > 2;
    let asked = asked.map(|metric| if metric == Metric::F1 && is_of_several { Metric::MacroF1 } else { metric });
    // A measure of scores is none of texts that belong together, nor the other way round.
    let is_other = asked.is_some_and(|metric| metric.serves(task) && !told(&metric));
    let asked = asked.filter(|_| !is_other);
    let asked_target = by_error.map(|(_, value)| value).or(request.and_then(|r| r.target)).filter(|_| !is_other);
    let metric =
        asked.or(choice.known.map(|k| k.metric).filter(|metric| metric.serves(task) && told(metric))).unwrap_or_else(usual);
    (metric, asked_target)
}

impl<'a> Brief<'a> {
    pub(super) fn new(
        goal: &'a Goal,
        wishes: &'a Wishes,
        choice: &'a DataChoice,
        offer: &'a Offer<'a>,
    ) -> Result<Self, PlannerError> {
        let request = if let Goal::Request(request) = goal { Some(request) } else { None };
        let Splits { train, held_out, held_out_frac, held_out_by } = splits(choice, offer.data, request)?;
        let piece = request.and_then(|request| request.max_seq_len).unwrap_or(PIECE);
        let there = offer.data.splits.iter().find(|s| s.name == train).map_or(0, |s| s.pieces(piece));
        let scored = match held_out_frac {
            Some(frac) => Part::Drawn(frac).count(there),
            None => offer.data.splits.iter().find(|s| s.name == held_out).map_or(0, |s| s.pieces(piece)),
        };
        let all = there;
        let there = held_out_frac.map_or(there, |frac| Part::Rest(frac).count(there));
        let search = search(request, wishes);
        let decides = search.is_some() || request.is_some_and(|request| request.patience.is_some() || request.keep_best);
        let is_looked_at = request.is_some_and(|request| request.evaluate_every.is_some());
        let watch = |decides: bool| monitor(offer.data, [&train, &held_out], there, decides);
        let monitor = match request.and_then(|request| request.watched).map(|part| part.of(all)) {
            // Whoever says how often to look wants something to be looked at.
            None => match watch(decides) {
                Monitor::None if is_looked_at => watch(true),
                watched => watched,
            },
            Some(examples) if examples < there => Monitor::HoldOut { examples },
            Some(examples) => {
                let what = format!("{examples} examples were to be kept out for validation, and `{train}` has {there}");
                return Err(PlannerError::Data { data: choice.name.clone(), what });
            }
        };
        let kept_out = if let Monitor::HoldOut { examples } = monitor { examples } else { 0 };
        let watched = match &monitor {
            Monitor::Split { name } => offer.data.splits.iter().find(|s| s.name == *name).map_or(0, |s| s.pieces(piece)),
            Monitor::HoldOut { examples } => *examples,
            Monitor::None => 0,
        };
        let left = there - kept_out.min(there);
        let of_request = |request: &Request| {
            let part = request.data_frac.map(|frac| ((frac * left as f64).round() as usize).max(1));
            part.into_iter().chain(request.max_examples).min()
        };
        let asked_examples = wishes.max_examples.or(request.and_then(of_request)).filter(|asked| *asked < left);
        let (task, vectors_assumed) = task_of(goal, wishes, choice, offer)?;
        let (metric, asked_target) = measured(request, choice, offer, task);
        let asked_secs = wishes.max_time_secs.or(request.and_then(|r| r.max_time_secs));
        let seeds =
            if wishes.seeds.is_empty() { request.map(|r| r.seeds.clone()).unwrap_or_default() } else { wishes.seeds.clone() };
        let mut brief = Brief {
            goal,
            wishes,
            choice,
            offer,
            at_hand: None,
            task,
            vectors_assumed,
            metric,
            asked_target,
            train,
            held_out,
            held_out_frac,
            held_out_by,
            monitor,
            piece,
            image: None,
            scored,
            watched,
            asked_examples,
            examples: left.min(asked_examples.unwrap_or(usize::MAX)),
            seeds: if seeds.is_empty() { usual_seeds(task, left) } else { seeds },
            search,
            asked_secs,
            limit_secs: wishes.affordable_secs.into_iter().fold(asked_secs.unwrap_or(DEFAULT_SECS), u64::min),
            phase: None,
        };
        if let Goal::Paper(paper) = goal {
            brief.phase = paper.fields.iter().any(|f| f.scope.phase == Some(Phase::FineTuning)).then_some(Phase::FineTuning);
        }
        Ok(brief)
    }

    pub(super) fn request(&self) -> Option<&Request> {
        if let Goal::Request(request) = self.goal { Some(request) } else { None }
    }

    pub(super) fn paper(&self) -> Option<&PaperSpec> {
        if let Goal::Paper(paper) = self.goal { Some(paper) } else { None }
    }

    /// Seconds that one run may train with a model of this price.
    pub(super) fn room_secs(&self, price: &Price) -> f64 {
        let limit = self.first_secs() as f64;
        let room = (limit * TRAINING_SHARE).min(limit * WORKING_SHARE - self.scoring_secs(price));
        (room / self.seeds.len() as f64).max(0.0)
    }

    /// What the first recipe may take of the limit: others are to have room, too.
    pub(super) fn first_secs(&self) -> u64 {
        match &self.search {
            Some(search) if !self.limit_is_assumed() => search.first_secs(self.limit_secs, self.seeds.len()),
            _ => self.limit_secs,
        }
    }

    /// Seconds that scoring takes in all, and watching, which is done once in each run at least.
    pub(super) fn scoring_secs(&self, price: &Price) -> f64 {
        // Some are scored with the untrained model, too.
        let passes = self.seeds.len() + usize::from(self.task.is_done_untrained());
        price.scoring_secs * passes as f64 + price.watching_secs * self.seeds.len() as f64
    }

    /// What everything takes where the first recipe takes so many seconds: as much for each that is tried besides.
    pub(super) fn whole_secs(&self, first_secs: f64) -> f64 {
        match &self.search {
            Some(search) if !self.limit_is_assumed() => search.whole_secs(first_secs, self.seeds.len()),
            _ => first_secs,
        }
    }

    /// Whether the limit is what the money buys of this machine.
    pub(super) fn limit_is_bought(&self) -> bool {
        self.wishes.affordable_secs.is_some_and(|secs| secs < self.asked_secs.unwrap_or(DEFAULT_SECS))
    }

    pub(super) fn limit_is_assumed(&self) -> bool {
        self.asked_secs.is_none() && !self.limit_is_bought()
    }

    /// Somebody who says how long to train and gives no limit gets what was said; the assumed limit then only chooses the model.
    pub(super) fn length_is_fixed(&self) -> bool {
        self.limit_is_assumed() && self.length_is_asked()
    }

    pub(super) fn length_is_asked(&self) -> bool {
        self.wishes.epochs.is_some() || self.request().is_some_and(|r| r.epochs.is_some() || r.steps.is_some())
    }

    /// The paper's number that belongs to the model: that of the same size, else of the smallest of the paper's own. A number
    /// that names no model is that of the only one of its own that is reported; of several it may be any, and comes last.
    pub(super) fn stated(&self, candidate: &Candidate) -> Option<Stated<'_>> {
        let paper = self.paper()?;
        let squeeze = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let family = paper.family().map(|(family, _)| family);
        // A method stands behind the model that it is tried on, as in `RoBERTa (LoRA)`.
        let is_own = |name: &str| match family {
            Some(method @ (Family::Lora | Family::Dora)) => name.contains(method.name()),
            Some(family) => name.starts_with(&squeeze(family.name())),
            None => false,
        };
        let sizes: Vec<(String, f64)> =
            paper.variants().map(|(v, _)| (squeeze(&v.name), v.num_params.unwrap_or(f64::MAX))).collect();
        let own = |name: &str| match sizes.iter().find(|(size, _)| size == name) {
            Some((_, params)) => Some(1.0 + params),
            None => is_own(name).then_some(f64::MAX),
        };
        let results = paper.results_on(&self.choice.name);
        let results: Vec<_> = results.filter_map(|(r, field)| Some((share(r, self.metric)?, r, field))).collect();
        // Among percentages 0.9 is one as well.
        let is_rate = matches!(self.metric, Metric::Wer | Metric::Cer);
        let in_percent = is_rate && results.iter().any(|(_, result, _)| result.value > 1.0);
        let names: BTreeSet<String> = results.iter().filter_map(|(_, r, _)| r.variant.as_deref().map(squeeze)).collect();
        let unnamed = if names.iter().filter(|name| own(name).is_some()).count() > 1 { f64::INFINITY } else { 0.5 };
        let mut best: Option<(f64, Stated<'_>)> = None;
        for (value, result, field) in results {
            // 0: the very model; then the paper's own, smallest first; never another system's.
            let rank = match result.variant.as_deref().map(squeeze) {
                Some(name) if name == squeeze(&candidate.name) => 0.0,
                Some(name) => match own(&name) {
                    Some(rank) => rank,
                    None => continue,
                },
                None => unnamed,
            };
            let value = if in_percent && result.value <= 1.0 { value / 100.0 } else { value };
            if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                best = Some((rank, Stated { value, result, field }));
            }
        }
        best.map(|(_, stated)| stated)
    }
}

/// Whether further recipes are to be tried, by the command line or the request.
fn search(request: Option<&Request>, wishes: &Wishes) -> Option<Search> {
    let asked = wishes.trials.or(request.and_then(|request| request.trials));
    let fixed = || {
        let said = request.map(said).unwrap_or_default();
        let tuned = |settable: &Settable| *settable == Settable::Lr && request.is_some_and(|request| request.tunes_rate);
        let own = said.into_iter().filter(|settable| !tuned(settable)).map(|settable| settable.key().to_string());
        // Where it is named what is to be found, all else stays.
        let named = request.map_or(&[][..], |request| request.tunes.as_slice());
        let own = own.filter(|key| !named.iter().any(|tuned| key == whole_of(*tuned)));
        let own = own.chain(if named.is_empty() { vec![] } else { all_but(named) });
        let set = wishes.set.iter().map(|(key, _)| key.clone()).chain(wishes.epochs.map(|_| Settable::Length.key().to_string()));
        let mut keys: Vec<String> =
            own.chain(set).filter(|key| key.starts_with("recipe.") || key.starts_with("adapter")).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    let of = |max_trials| Search { max_trials, fixed: fixed(), ..Search::default() };
    asked.map(of).or(request.filter(|request| request.search).map(|_| of(Search::default().max_trials)))
}

/// The key of a setting, or that of which it is a part.
fn whole_of(tuned: Tuned) -> &'static str {
    let settable = match tuned {
        Tuned::Rate => Settable::Lr,
        Tuned::BatchSize => Settable::BatchSize,
        Tuned::WeightDecay | Tuned::Optimizer => Settable::Optimizer,
        Tuned::Dropout => Settable::Dropout,
        Tuned::Schedule => Settable::Schedule,
        Tuned::LabelSmoothing => Settable::LabelSmoothing,
        Tuned::Length => Settable::Length,
        Tuned::Adapter => Settable::Adapter,
        Tuned::Ema => Settable::Ema,
        Tuned::Clipping => Settable::GradClipNorm,
        Tuned::Augmentation => Settable::Augment,
    };
    settable.key()
}

/// All that a search could set but for these.
fn all_but(tuned: &[Tuned]) -> Vec<String> {
    let is_open = |key: &str| tuned.iter().any(|tuned| key == whole_of(*tuned));
    let all = Settable::ALL.into_iter().map(Settable::key).filter(|key| !is_open(key)).map(str::to_string);
    // Of an optimiser whose weight decay is tuned the kind stays.
    let is_part = tuned.contains(&Tuned::WeightDecay) && !tuned.contains(&Tuned::Optimizer);
    all.chain(is_part.then(|| format!("{}.kind", Settable::Optimizer.key()))).collect()
}

/// One run, but of a small table several: they cost seconds, and one says little.
fn usual_seeds(task: Task, examples: usize) -> Vec<u64> {
    const SMALL: usize = 2000;
    if task.takes() == Modality::Table && examples < SMALL { vec![0, 1, 2] } else { vec![0] }
}

/// What is watched while training: another split that is kept for such things where there is one, else a few training examples;
/// more of them where it `decides` what comes out.
fn monitor(data: &DataFacts, [train, held_out]: [&str; 2], there: usize, decides: bool) -> Monitor {
    match data.usual_watched(train, held_out) {
        Some(split) => Monitor::Split { name: split.name.clone() },
        None if decides && there >= 20 => Monitor::HoldOut { examples: (there / 10).min(2000) },
        None if there >= 2000 => Monitor::HoldOut { examples: (there / 100).clamp(100, 500) },
        None => Monitor::None,
    }
}

/// Whether a task is of the kind that was asked for. Whether numbers are those of texts or of a table, and whether words are told from
/// both sides, is for data and model to say.
fn is_of_kind(task: Task, asked: Task) -> bool {
    match asked {
        Task::TextRegression => task.head() == HeadKind::Value || task == Task::SentenceSimilarity,
        Task::LanguageModelling => task.is_of_streams() || task == Task::InstructionTuning,
        _ => task == asked,
    }
}
