//! From goal and data to complete experiments that the budget allows.

use super::asked;
use super::at_hand;
use super::brief::{Brief, Stated, TRAINING_SHARE, WORKING_SHARE};
use super::defaults::{self, Case, Defaults};
use super::fit::{Fit, Price};
use super::images;
use super::models::Candidate;
use super::paper::{self, Drafted};
use crate::data::in_characters;
use crate::intake::{Frozen, Lack, Lacking, ModelSize, Request, Wanted};
use crate::plan::{DataChoice, DataFacts, Goal, Offer, PlannerError, Wishes};
use crate::spec::{
    Budget, Claim, DataSpec, Deviation, ExperimentSpec, ImageSize, Keep, Length, ModelSpec, Monitor, Target, Task, VERSION,
};
use crate::words;
use tallow_zoo::{Modality, ModelConfig};

pub(super) fn experiments(
    goal: &Goal,
    wishes: &Wishes,
    choice: &DataChoice,
    offer: &Offer<'_>,
) -> Result<Vec<ExperimentSpec>, PlannerError> {
    // Weights that lie here are taken as if they had been named.
    let found = at_hand::meant(goal, wishes, choice, offer);
    let named = found.map(|own| at_hand::named(own, goal, wishes));
    let (goal, wishes) = named.as_ref().map_or((goal, wishes), |(goal, wishes)| (goal, wishes));
    let offer = &Offer { model: found.map(|own| &own.facts).or(offer.model), ..*offer };
    // What a model costs goes by the images that it will see.
    let asked = if let Goal::Request(request) = goal { request.image_size } else { None };
    let image = match asked.filter(|_| offer.data.image_shape.is_some()) {
        Some([height, width]) => Some((ImageSize { height, width, ..ImageSize::square(height) }, "it was asked for".to_string())),
        None => images::size(offer),
    };
    let data = DataFacts {
        images_differ: false,
        ..images::brought(offer.data, image.as_ref().map(|(size, _)| *size).or(images::of_model(offer)))
    };
    let mut data = data;
    if matches!(goal, Goal::Request(request) if request.characters) {
        data.splits.iter_mut().for_each(|split| split.tokens = split.tokens.map(in_characters));
    }
    let offer = &Offer { data: &data, ..*offer };
    let mut brief = Brief::new(goal, wishes, choice, offer)?;
    (brief.image, brief.at_hand) = (image, found);
    brief.check_shunned()?;
    let mut priced = Vec::new();
    for candidate in brief.candidates()? {
        let drafted = brief.recipe(&candidate);
        let adapted = drafted.adapter.as_ref().and_then(|adapter| candidate.config.adapted(&adapter.adapter()).ok());
        let sizes = [brief.examples, brief.scored, brief.watched];
        let seen = images::brought(offer.data, brief.own_size(&candidate));
        let price = Price::of(&candidate.config, adapted.as_ref(), &drafted.recipe, sizes, &seen, offer.host);
        priced.push((candidate, drafted, price));
    }
    let fits: Vec<Fit> = priced.iter().map(|(.., price)| price.fit(brief.room_secs(price))).collect();
    if let Some((candidate, _, cheapest)) = priced.iter().min_by(|a, b| a.2.least_secs().total_cmp(&b.2.least_secs()))
        && !brief.length_is_fixed()
        && fits.iter().all(|fit| *fit == Fit::Nothing)
    {
        let training = cheapest.least_secs() * brief.seeds.len() as f64;
        let scoring = brief.scoring_secs(cheapest);
        return Err(PlannerError::Budget {
            max_secs: brief.limit_secs,
            needed_secs: brief.whole_secs((training / TRAINING_SHARE).max((training + scoring) / WORKING_SHARE)),
            usd_per_hour: brief.offer.host.usd_per_hour.filter(|_| brief.limit_is_bought()),
            searches: brief.search.is_some() && !brief.limit_is_assumed(),
            steps: (cheapest.least_secs() / cheapest.secs_per_step).round() as u64,
            name: candidate.name.clone(),
            model: Box::new(candidate.spec.clone()),
        });
    }
    let mut order = preference(&priced.iter().map(|(candidate, ..)| candidate).collect::<Vec<_>>(), &fits, &brief.size());
    order.retain(|i| brief.length_is_fixed() || fits[*i] != Fit::Nothing);
    Ok(order.into_iter().map(|i| brief.experiment(&priced, &fits, i)).collect())
}

/// The order in which candidates (largest first) are tried.
///
/// Pretrained ones: the largest for which at least an epoch fits, for what it has learnt before counts most. From scratch: the largest
/// whose whole recipe fits, else the smallest, for there the length of training counts most. Those of the size that was asked for
/// come before the others.
fn preference(candidates: &[&Candidate], fits: &[Fit], size: &ModelSize) -> Vec<usize> {
    let rank = |i: &usize| {
        let pretrained = matches!(candidates[*i].spec, ModelSpec::Pretrained { .. });
        let from_the_smallest = candidates.len() - i;
        let (class, place) = match fits[*i] {
            fit if serves(pretrained, fit) => (0, *i),
            Fit::Nothing => (2, from_the_smallest),
            _ => (1, from_the_smallest),
        };
        (!candidates[*i].is_of(size), class, place)
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(rank);
    order
}

/// Whether enough of the recipe fits that no smaller model is wanted.
pub(super) fn serves(pretrained: bool, fit: Fit) -> bool {
    fit == Fit::Whole || pretrained && matches!(fit, Fit::Epochs(_))
}

pub(super) type Priced = (Candidate, Drafted, Price);

impl Brief<'_> {
    fn defaults(&self, candidate: &Candidate) -> Defaults {
        let mut defaults = defaults::usual(&Case {
            config: &candidate.config,
            pretrained: matches!(candidate.spec, ModelSpec::Pretrained { .. }),
            task: self.task,
            mirror: self.choice.known.is_some_and(|k| k.mirror),
            piece: self.piece,
            examples: self.examples,
            scored: self.offer.data.columns.label.is_some(),
            longest: self.offer.model.and_then(|model| model.sentences.as_ref()?.max_seq_len),
            mean_tokens: self.offer.data.mean_tokens,
        });
        let recipe = &mut defaults.recipe;
        // A batch is never more than a twentieth of the data: there must be steps to learn in. Those for tables reckon with it.
        let of_table = self.task.takes() == Modality::Table;
        while !of_table && recipe.batch_size > 8 && recipe.batch_size * 20 > self.examples {
            recipe.batch_size /= 2;
        }
        defaults
    }

    /// The size of images that a public model brings along, where nobody looked it up before or asked for another.
    fn own_size(&self, candidate: &Candidate) -> Option<ImageSize> {
        let is_asked = self.request().is_some_and(|request| request.image_size.is_some());
        images::of_candidate(candidate).filter(|_| self.offer.model.is_none() && !is_asked)
    }

    /// What images are brought to for a model that has no size of its own, and why.
    pub(super) fn image_for(&self, candidate: &Candidate) -> Option<&(ImageSize, String)> {
        self.image.as_ref().filter(|_| self.own_size(candidate).is_none())
    }

    /// The recipe for a model: the paper's or the default one, then what was asked for.
    fn recipe(&self, candidate: &Candidate) -> Drafted {
        let defaults = self.defaults(candidate);
        let mut drafted = match self.goal {
            Goal::Paper(paper) => {
                let variant = self.stated(candidate).and_then(|s| s.result.variant.clone());
                let phase = self.phase.filter(|_| matches!(candidate.spec, ModelSpec::Pretrained { .. }));
                let wanted = Wanted { phase, dataset: Some(&self.choice.name), variant: variant.as_deref() };
                paper::recipe_of(paper, &wanted, &defaults, self.examples)
            }
            Goal::Request(request) => {
                asked::recipe_of(&self.as_it_is_here(request), &self.with_own_head(&candidate.config), &defaults)
            }
        };
        self.adapter(candidate, &mut drafted);
        if let Some(request) = self.request() {
            asked::least_rate(request, &mut drafted);
            self.weigh_classes(request, &mut drafted);
            // A head over weights of chance learns next to nothing.
            let is_scratch = matches!(candidate.spec, ModelSpec::Scratch { .. });
            if is_scratch && request.frozen == Some(Frozen::Body) && drafted.recipe.groups.iter().any(|group| group.frozen) {
                drafted.recipe.groups.retain(|group| !group.frozen);
                let reason =
                    "its weights are random here, for no pretrained ones are known: a head alone would learn next to nothing";
                drafted.deviate("recipe.groups", "all but the head frozen", "training of all weights", reason);
            }
        }
        if let Some((_, positions)) = candidate.config.text_limits() {
            self.shorten_texts(&mut drafted, positions);
        }
        self.epochs_of_the_command_line(&mut drafted);
        drafted
    }

    /// A model with the head that it gets for the task: what its file has may be that of its pretraining.
    fn with_own_head(&self, config: &ModelConfig) -> ModelConfig {
        match self.task.head() {
            kind if kind == config.head().kind() => config.clone(),
            kind => config.clone().with_head(kind.with(vec!["0".into(), "1".into()])),
        }
    }

    /// The request with the command line's epochs for its own, for what it says of epochs is a share of these; and without what there is a
    /// way to follow in this data.
    fn as_it_is_here(&self, request: &Request) -> Request {
        let steps = request.steps.filter(|_| self.wishes.epochs.is_none());
        let is_followed = |lacking: &Lacking| lacking.of == Lack::Filter && self.offer.data.rows_said.contains(&lacking.words);
        let lacking = request.lacking.iter().filter(|lacking| !is_followed(lacking)).cloned().collect();
        Request { epochs: self.wishes.epochs.or(request.epochs), steps, lacking, ..request.clone() }
    }

    /// No text is longer than the model has positions; where somebody said how long, that is a deviation.
    fn shorten_texts(&self, drafted: &mut Drafted, positions: usize) {
        let Some(stated) = drafted.recipe.max_seq_len.filter(|len| *len > positions) else { return };
        drafted.recipe.max_seq_len = Some(positions);
        let cited = drafted.citations.iter().any(|citation| citation.field == "recipe.max_seq_len");
        if cited || self.request().is_some_and(|request| request.max_seq_len.is_some()) {
            let (stated, used) = (format!("{stated} tokens"), format!("{positions} tokens"));
            let reason = "the model has no more positions".into();
            drafted.deviations.push(Deviation { field: "recipe.max_seq_len".into(), stated, used, reason });
        }
    }

    /// They come before what a paper or a request says; beside a paper that is a deviation.
    fn epochs_of_the_command_line(&self, drafted: &mut Drafted) {
        let Some(epochs) = self.wishes.epochs else { return };
        let (stated, used) = (words::length(&drafted.recipe.length), words::length(&Length::Epochs(epochs)));
        let differs = self.paper().is_some() && drafted.length_is_given && stated != used;
        drafted.recipe.length = Length::Epochs(epochs);
        drafted.length_is_given = true;
        if differs {
            let reason = "asked for on the command line".into();
            drafted.deviations.push(Deviation { field: "recipe.length".into(), stated, used, reason });
        }
    }

    /// The whole experiment with candidate `i`, cut to what fits.
    fn experiment(&self, priced: &[Priced], fits: &[Fit], i: usize) -> ExperimentSpec {
        let (candidate, drafted, price) = &priced[i];
        let mut drafted = drafted.clone();
        let stated = self.stated(candidate);
        let max_train_examples = self.cut(&mut drafted, price, fits[i]);
        self.say_model(priced, fits, i, stated.as_ref(), &mut drafted);
        self.say_rest(candidate, stated.as_ref(), &mut drafted);
        if let (ModelSpec::Scratch { config: ModelConfig::Whisper(_), .. }, Some(longest)) =
            (&candidate.spec, self.offer.data.longest_secs)
        {
            let (heard, longest) = (self.frames() / 100, words::plain((longest * 10.0).round() / 10.0));
            drafted.assumptions.push(format!("model: it hears {heard} seconds (the longest recording has {longest})"));
        }
        if self.monitor == Monitor::None && drafted.recipe.watching_decides() {
            (drafted.recipe.early_stopping, drafted.recipe.keep) = (None, Keep::Last);
            let (stated, used) = ("what does best on what is watched".into(), "the last weights".into());
            let reason = "there are too few examples to keep some out".into();
            drafted.deviations.push(Deviation { field: "recipe.keep".into(), stated, used, reason });
        }
        if self.monitor == Monitor::None && self.search.is_some() {
            let (stated, used) = ("several recipes tried".into(), "one recipe".into());
            let reason = "there are too few examples to compare recipes on".into();
            drafted.deviations.push(Deviation { field: "search".into(), stated, used, reason });
        }
        self.say_idle(&mut drafted);
        let preference = self.preference(&mut drafted);
        ExperimentSpec {
            version: VERSION,
            title: format!("{} on {}", candidate.name, self.choice.name),
            claim: stated.as_ref().map(|stated| self.claim_of(stated)),
            task: self.task,
            data: DataSpec {
                source: self.choice.source.clone(),
                train: self.train.clone(),
                held_out: self.held_out.clone(),
                held_out_frac: self.held_out_frac.filter(|_| self.held_out_by.border().is_none()),
                rows: self.offer.data.rows.clone(),
                held_out_by: self.held_out_by.clone(),
                monitor: self.monitor.clone(),
                columns: self.columns(),
                image: self.image_for(candidate).map(|(size, _)| *size),
                max_train_examples: max_train_examples.or(self.asked_examples),
            },
            model: candidate.spec.clone(),
            adapter: drafted.adapter,
            recipe: drafted.recipe,
            text_to_text: self.text_to_text(candidate),
            speech: self.speech(candidate),
            preference,
            similarity: self.similarity(),
            metric: self.metric,
            target: self.target(stated.as_ref()),
            search: self.search.clone().filter(|_| self.monitor != Monitor::None),
            budget: Budget { max_time_secs: self.asked_secs, ..Budget::default() },
            seeds: self.seeds.clone(),
            deviations: drafted.deviations,
            assumptions: drafted.assumptions,
            not_understood: drafted.not_understood,
            citations: drafted.citations,
        }
    }

    /// Shortens the recipe to what fits; returns the limit on examples. A length that nobody gave is shortened as an assumption.
    fn cut(&self, drafted: &mut Drafted, price: &Price, fit: Fit) -> Option<usize> {
        let epochs = match fit {
            Fit::Epochs(epochs) => epochs,
            Fit::Examples(_) => 1.0,
            Fit::Whole | Fit::Nothing => return None,
        };
        if self.length_is_fixed() {
            return None;
        }
        let reason = format!("all of it takes about {} here; {}", words::duration(price.secs()), self.room_in_words(price));
        let (before, after) = (drafted.recipe.length, Length::Epochs(epochs));
        if before != after {
            let (stated, used) = (words::length(&before), words::length(&after));
            if drafted.length_is_given {
                let in_epochs = price.steps as f64 / price.steps_per_epoch as f64;
                let stated =
                    if matches!(before, Length::Steps(_)) { format!("{stated} ({in_epochs:.0} epochs)") } else { stated };
                drafted.deviations.push(Deviation { field: "recipe.length".into(), stated, used, reason: reason.clone() });
            } else {
                drafted.assumptions.push(format!("recipe.length: {used} instead of the default of {stated} ({reason})"));
            }
            drafted.recipe.length = after;
        }
        let Fit::Examples(examples) = fit else { return None };
        let (stated, used) = (format!("{} training examples", words::count(self.examples as f64)), words::count(examples as f64));
        drafted.deviations.push(Deviation { field: "data.max_train_examples".into(), stated, used, reason });
        Some(examples)
    }

    /// What was asked for and is of another kind of task.
    fn say_idle(&self, drafted: &mut Drafted) {
        let Some(request) = self.request() else { return };
        let writes = matches!(self.task, Task::TextToText | Task::SpeechRecognition);
        if let Some(beams) = request.num_beams.filter(|_| !writes) {
            let reason = "no text is written where this task is scored";
            drafted.deviate("text_to_text.num_beams", format!("{beams} beams"), "none", reason);
        }
        if let Some(longest) = request.max_target_len.filter(|_| self.task != Task::TextToText) {
            let reason = "no text is written from another here: `recipe.max_seq_len` is the longest text";
            drafted.deviate("text_to_text.max_target_len", format!("{longest} tokens"), "none", reason);
        }
        if let Some([height, width]) = request.image_size.filter(|_| self.offer.data.image_shape.is_none()) {
            let stated = format!("images of {height}x{width} pixels");
            drafted.deviate("data.image", stated, "none", "the data has no images");
        }
    }

    fn claim_of(&self, stated: &Stated<'_>) -> Claim {
        let paper = self.paper();
        let quote = &stated.field.evidence.quote;
        Claim {
            source: paper.and_then(|p| p.title.clone().or(p.arxiv_id.clone())).unwrap_or_else(|| "the paper".into()),
            statement: format!(
                "{} reaches {} {} on {}.",
                stated.result.variant.as_deref().unwrap_or("The paper's model"),
                self.metric.in_words(),
                words::plain(stated.value),
                self.choice.name
            ),
            value: Some(stated.value),
            quote: Some(quote.verbatim().into()),
            page: Some(quote.page()),
        }
    }

    fn target(&self, stated: Option<&Stated<'_>>) -> Option<Target> {
        let asked = self.asked_target.map(|value| Target { value, source: "the request".into() });
        let of_paper = |stated: &Stated<'_>| Target {
            value: stated.value,
            source: format!("the paper, page {}", stated.field.evidence.quote.page()),
        };
        // A paper's number that this metric cannot have is of something else.
        asked.or(stated.filter(|stated| self.metric.can_be(stated.value)).map(of_paper))
    }
}
