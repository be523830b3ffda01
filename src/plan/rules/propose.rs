//! From goal and data to complete experiments that the budget allows.

use super::data::{share, splits, zoo};
use super::defaults::{self, Defaults};
use super::fit::{Fit, Price};
use super::models::{self, Candidate, EncoderSize};
use super::paper::{self, Drafted};
use crate::intake::{Field, FieldKey, ModelName, PaperSpec, Phase, ReportedResult, Request, Wanted};
use crate::plan::{DataChoice, DataFacts, Goal, Offer, PlannerError, Wishes};
use crate::spec::{
    Budget, Claim, DataSpec, Deviation, ExperimentSpec, Length, Metric, ModelSpec, Monitor, Recipe, Target, Task, VERSION,
};
use crate::words;
use tallow_zoo::ModelConfig;

/// What is planned for if nobody gives a limit.
const DEFAULT_SECS: u64 = 1800;
/// Share of the time that training may take; preparing, scoring and the error of the estimate take the rest.
const TRAINING_SHARE: f64 = 0.7;
/// The zoo's ResNets are for images of at most so many pixels a side.
const MOST_PIXELS: usize = 96;

pub(super) fn experiments(goal: &Goal, wishes: &Wishes, choice: &DataChoice, offer: &Offer<'_>) -> Result<Vec<ExperimentSpec>, PlannerError> {
    let brief = Brief::new(goal, wishes, choice, offer)?;
    let mut priced = Vec::new();
    for candidate in brief.candidates()? {
        let drafted = brief.recipe(&candidate);
        let price = Price::of(&candidate.config, &drafted.recipe, brief.examples, offer.data, offer.host);
        priced.push((candidate, drafted, price));
    }
    let room = brief.room_secs();
    let fits: Vec<Fit> = priced.iter().map(|(.., price)| price.fit(room)).collect();
    if let Some((.., cheapest)) = priced.iter().min_by(|a, b| a.2.least_secs().total_cmp(&b.2.least_secs()))
        && !brief.length_is_fixed()
        && fits.iter().all(|fit| *fit == Fit::Nothing)
    {
        let needed_secs = cheapest.least_secs() / TRAINING_SHARE;
        return Err(PlannerError::Budget { max_secs: brief.limit_secs, needed_secs, steps: (cheapest.least_secs() / cheapest.secs_per_step) as u64 });
    }
    let mut order = preference(&priced.iter().map(|(candidate, ..)| candidate).collect::<Vec<_>>(), &fits);
    order.retain(|i| brief.length_is_fixed() || fits[*i] != Fit::Nothing);
    Ok(order.into_iter().map(|i| brief.experiment(&priced, i, fits[i])).collect())
}

/// The order in which candidates (largest first) are tried.
///
/// Pretrained ones: the largest for which at least an epoch fits, for what it has learnt before counts most. From scratch: the largest
/// whose whole recipe fits, else the smallest, for there the length of training counts most.
fn preference(candidates: &[&Candidate], fits: &[Fit]) -> Vec<usize> {
    let rank = |i: &usize| {
        let pretrained = matches!(candidates[*i].spec, ModelSpec::Pretrained { .. });
        let from_the_smallest = candidates.len() - i;
        match fits[*i] {
            Fit::Whole => (0, *i),
            Fit::Epochs(_) if pretrained => (0, *i),
            Fit::Epochs(_) | Fit::Examples(_) => (1, from_the_smallest),
            Fit::Nothing => (2, from_the_smallest),
        }
    };
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by_key(rank);
    order
}

type Priced = (Candidate, Drafted, Price);

/// All that is known before a model is chosen.
struct Brief<'a> {
    goal: &'a Goal,
    wishes: &'a Wishes,
    choice: &'a DataChoice,
    offer: &'a Offer<'a>,
    task: Task,
    metric: Metric,
    train: String,
    held_out: String,
    monitor: Monitor,
    /// Training examples that are left after those kept out.
    examples: usize,
    seeds: Vec<u64>,
    /// The limit on everything, said or assumed.
    limit_secs: u64,
    phase: Option<Phase>,
}

/// The number that a paper reports on the data.
struct Stated<'a> {
    value: f64,
    result: &'a ReportedResult,
    field: &'a Field,
}

impl<'a> Brief<'a> {
    fn new(goal: &'a Goal, wishes: &'a Wishes, choice: &'a DataChoice, offer: &'a Offer<'a>) -> Result<Self, PlannerError> {
        let (train, held_out) = splits(choice, offer.data)?;
        let there = offer.data.splits.iter().find(|s| s.name == train).map_or(0, |s| s.examples);
        let monitor = monitor(offer.data, &train, &held_out, there);
        let kept_out = if let Monitor::HoldOut { examples } = monitor { examples } else { 0 };
        let request = if let Goal::Request(request) = goal { Some(request) } else { None };
        let most = wishes.max_examples.or(request.and_then(|r| r.max_examples)).unwrap_or(usize::MAX);
        let task = if offer.data.image_shape.is_some() { Task::ImageClassification } else { Task::TextClassification };
        let metric = request.and_then(|r| r.metric).or(choice.known.map(|k| k.metric)).unwrap_or(Metric::Accuracy);
        let seeds = if wishes.seeds.is_empty() { request.map(|r| r.seeds.clone()).unwrap_or_default() } else { wishes.seeds.clone() };
        let mut brief = Brief {
            goal, wishes, choice, offer, task, metric, train, held_out, monitor,
            examples: (there - kept_out.min(there)).min(most),
            seeds: if seeds.is_empty() { vec![0] } else { seeds },
            limit_secs: wishes.max_time_secs.or(request.and_then(|r| r.max_time_secs)).unwrap_or(DEFAULT_SECS),
            phase: None,
        };
        if let Goal::Paper(paper) = goal {
            brief.phase = paper.fields.iter().any(|f| f.scope.phase == Some(Phase::FineTuning)).then_some(Phase::FineTuning);
        }
        Ok(brief)
    }

    fn request(&self) -> Option<&Request> {
        if let Goal::Request(request) = self.goal { Some(request) } else { None }
    }

    fn paper(&self) -> Option<&PaperSpec> {
        if let Goal::Paper(paper) = self.goal { Some(paper) } else { None }
    }

    /// Seconds that one run may train.
    fn room_secs(&self) -> f64 {
        self.limit_secs as f64 * TRAINING_SHARE / self.seeds.len() as f64
    }

    fn limit_is_assumed(&self) -> bool {
        self.wishes.max_time_secs.is_none() && self.request().is_none_or(|r| r.max_time_secs.is_none())
    }

    /// Somebody who says how long to train and gives no limit gets what was said; the assumed limit then only chooses the model.
    fn length_is_fixed(&self) -> bool {
        self.limit_is_assumed() && self.length_is_asked()
    }

    fn length_is_asked(&self) -> bool {
        self.wishes.epochs.is_some() || self.request().is_some_and(|r| r.epochs.is_some() || r.steps.is_some())
    }

    /// Models that serve, largest first.
    fn candidates(&self) -> Result<Vec<Candidate>, PlannerError> {
        let asked = self.wishes.model.as_ref().or(self.request().and_then(|r| r.model.as_ref()));
        match (asked, self.task) {
            (Some(ModelName::At { id }), _) => self.given(id),
            (Some(ModelName::Called { name }), task) => self.called(name, task),
            (None, Task::ImageClassification) => self.resnets(),
            (None, Task::TextClassification) => self.encoders(),
        }
    }

    /// The model that was asked for by id, as it was found.
    fn given(&self, id: &str) -> Result<Vec<Candidate>, PlannerError> {
        let found = self.offer.model.ok_or_else(|| PlannerError::NoModel { wanted: format!("`{id}`"), zoo: zoo() })?;
        let name = id.rsplit('/').next().unwrap_or(id).to_string();
        Ok(vec![Candidate { name, spec: ModelSpec::Pretrained { id: id.into(), revision: None }, config: found.config.clone() }])
    }

    /// A family, or one of its sizes.
    fn called(&self, name: &str, task: Task) -> Result<Vec<Candidate>, PlannerError> {
        let wrong = |wanted: String| Err(PlannerError::NoModel { wanted, zoo: zoo() });
        let name = name.replace(['_', ' '], "-");
        let encoders = |part: &str| -> Vec<Candidate> { models::encoders().into_iter().filter(|c| c.name.to_lowercase().starts_with(part)).collect() };
        let found = match name.as_str() {
            "bert" => self.encoders()?,
            name if name.contains("minilm") => {
                let size = name.split('-').find(|part| part.starts_with('l') && part[1..].parse::<u32>().is_ok());
                encoders(&size.map_or("minilm".into(), |size| format!("minilm-{size}")))
            }
            name if name.starts_with("bert-") => encoders(name.trim_end_matches("-uncased")),
            "resnet" => self.resnets()?,
            name if name.starts_with("resnet-") || name.starts_with("resnet") => {
                let depth = name.trim_start_matches("resnet").trim_start_matches('-').parse().unwrap_or(0);
                models::resnet(depth, self.channels()).into_iter().collect()
            }
            _ => vec![],
        };
        if found.is_empty() {
            return wrong(format!("`{name}`"));
        }
        let suits = |c: &Candidate| (task == Task::ImageClassification) == matches!(c.config, ModelConfig::ResnetCifar(_));
        if !found.iter().all(suits) {
            let what = if task == Task::ImageClassification { "images" } else { "texts" };
            return wrong(format!("`{}` holds {what}, which `{name}` cannot read", self.choice.name));
        }
        Ok(found)
    }

    fn channels(&self) -> usize {
        self.offer.data.image_shape.map_or(3, |[.., channels]| channels)
    }

    /// ResNets for small images: those that the paper reports on, else all usual ones.
    fn resnets(&self) -> Result<Vec<Candidate>, PlannerError> {
        if let Some([height, width, _]) = self.offer.data.image_shape
            && height.max(width) > MOST_PIXELS
        {
            let what = format!("its images have {height} x {width} pixels; the zoo's models are for at most {MOST_PIXELS} a side");
            return Err(PlannerError::Data { data: self.choice.name.clone(), what });
        }
        let reported = |depth: &usize| {
            let name = format!("ResNet-{depth}");
            self.paper().is_none_or(|paper| paper.results_on(&self.choice.name).any(|(r, _)| r.variant.as_deref() == Some(&name)))
        };
        let mut depths: Vec<usize> = models::RESNET_DEPTHS.into_iter().filter(reported).collect();
        if depths.is_empty() {
            depths = models::RESNET_DEPTHS.to_vec();
        }
        Ok(depths.into_iter().filter_map(|depth| models::resnet(depth, self.channels())).collect())
    }

    /// Public encoders; one from scratch where that was asked for, or where a paper describes one and no pretraining.
    fn encoders(&self) -> Result<Vec<Candidate>, PlannerError> {
        let scratch = match self.goal {
            Goal::Request(request) => request.from_scratch.then(|| EncoderSize { layers: 2, hidden: 128, heads: 2, intermediate: 512, ..self.scratch_size(128) }),
            Goal::Paper(paper) => self.described(paper),
        };
        match scratch.and_then(|size| size.from_scratch(0.1)) {
            Some(candidate) => Ok(vec![candidate]),
            None => Ok(models::encoders()),
        }
    }

    /// The encoder that a paper describes in full and trains from scratch on its task.
    fn described(&self, paper: &PaperSpec) -> Option<EncoderSize> {
        if self.phase.is_some() || paper.fields.iter().any(|f| f.scope.phase == Some(Phase::PreTraining)) {
            return None;
        }
        let (variant, _) = paper.variants().next()?;
        let hidden = variant.hidden_size? as usize;
        let wanted = Wanted { phase: None, dataset: Some(&self.choice.name), variant: Some(&variant.name) };
        let positions = paper.best(FieldKey::MaxSeqLen, &wanted).and_then(|f| f.value.numbers().first().copied());
        Some(EncoderSize {
            layers: variant.num_layers? as usize,
            hidden,
            heads: variant.num_heads? as usize,
            intermediate: variant.intermediate_size.map_or(4 * hidden, |size| size as usize),
            ..self.scratch_size(positions.map_or(128, |p| p as usize))
        })
    }

    /// A vocabulary in proportion to the data.
    fn scratch_size(&self, positions: usize) -> EncoderSize {
        let vocab = match self.examples {
            0..10_000 => 2_000,
            10_000..100_000 => 8_000,
            _ => 30_522,
        };
        EncoderSize { layers: 0, hidden: 0, heads: 1, intermediate: 0, positions, vocab }
    }

    fn defaults(&self, candidate: &Candidate) -> Defaults {
        let mut defaults = match (&candidate.spec, &candidate.config) {
            (_, ModelConfig::ResnetCifar(_)) => defaults::resnet_from_scratch(self.choice.known.is_some_and(|k| k.mirror)),
            (ModelSpec::Scratch { .. }, ModelConfig::Bert(config)) => defaults::encoder_from_scratch(config.hidden_size),
            (ModelSpec::Pretrained { .. }, ModelConfig::Bert(_)) => defaults::fine_tuning(candidate.config.num_params()),
        };
        let recipe = &mut defaults.recipe;
        // A batch is never more than a twentieth of the data: there must be steps to learn in.
        while recipe.batch_size > 8 && recipe.batch_size * 20 > self.examples {
            recipe.batch_size /= 2;
        }
        defaults
    }

    /// The recipe for a model: the paper's or the default one, then what was asked for.
    fn recipe(&self, candidate: &Candidate) -> Drafted {
        let defaults = self.defaults(candidate);
        let mut drafted = match self.paper() {
            Some(paper) => {
                let variant = self.stated(candidate).and_then(|s| s.result.variant.clone());
                let phase = self.phase.filter(|_| matches!(candidate.spec, ModelSpec::Pretrained { .. }));
                let wanted = Wanted { phase, dataset: Some(&self.choice.name), variant: variant.as_deref() };
                paper::recipe_of(paper, &wanted, &defaults, |batch| self.examples.div_ceil(batch.max(1)) as u64)
            }
            None => Drafted {
                assumptions: vec![format!("recipe: the default for such models ({}) but for what was asked", defaults.source)],
                recipe: defaults.recipe,
                citations: vec![],
                deviations: vec![],
            },
        };
        if let ModelConfig::Bert(config) = &candidate.config {
            let recipe = &mut drafted.recipe;
            recipe.max_seq_len = recipe.max_seq_len.map(|len| len.min(config.max_position_embeddings));
        }
        self.asked(&mut drafted);
        drafted
    }

    /// Lays over the recipe what was asked for; beside a paper that is a deviation.
    fn asked(&self, drafted: &mut Drafted) {
        let recipe = &mut drafted.recipe;
        if let Some(r) = self.request() {
            recipe.batch_size = r.batch_size.unwrap_or(recipe.batch_size);
            recipe.lr = r.lr.unwrap_or(recipe.lr);
            recipe.max_seq_len = recipe.max_seq_len.map(|len| r.max_seq_len.unwrap_or(len));
            recipe.length = r.steps.map(Length::Steps).or(r.epochs.map(Length::Epochs)).unwrap_or(recipe.length);
        }
        if let Some(epochs) = self.wishes.epochs {
            let (stated, used) = (words::length(&recipe.length), words::length(&Length::Epochs(epochs)));
            recipe.length = Length::Epochs(epochs);
            if self.paper().is_some() && stated != used {
                drafted.deviations.push(Deviation { field: "recipe.length".into(), stated, used, reason: "asked for on the command line".into() });
            }
        }
    }

    /// The paper's number that belongs to the model: that of the same size, else of the smallest of the paper's own.
    fn stated(&self, candidate: &Candidate) -> Option<Stated<'_>> {
        let paper = self.paper()?;
        let squeeze = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let family = paper.family().map(|(family, _)| family.name()).unwrap_or_default();
        let sizes: Vec<(String, f64)> = paper.variants().map(|(v, _)| (squeeze(&v.name), v.num_params.unwrap_or(f64::MAX))).collect();
        let mut best: Option<(f64, Stated<'_>)> = None;
        for (result, field) in paper.results_on(&self.choice.name) {
            let Some(value) = share(result, self.metric) else { continue };
            // 0: the very model; then the paper's own, smallest first; then what names no model; never another system's.
            let rank = match result.variant.as_deref().map(squeeze) {
                Some(name) if name == squeeze(&candidate.name) => 0.0,
                Some(name) => match sizes.iter().find(|(size, _)| *size == name) {
                    Some((_, params)) => 1.0 + params,
                    None if !family.is_empty() && name.starts_with(&squeeze(family)) => f64::MAX,
                    None => continue,
                },
                None => 0.5,
            };
            if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                best = Some((rank, Stated { value, result, field }));
            }
        }
        best.map(|(_, stated)| stated)
    }

    /// The whole experiment with candidate `i`, cut to what fits.
    fn experiment(&self, priced: &[Priced], i: usize, fit: Fit) -> ExperimentSpec {
        let (candidate, drafted, price) = &priced[i];
        let mut drafted = drafted.clone();
        let stated = self.stated(candidate);
        let (deviations, assumptions) = (&mut drafted.deviations, &mut drafted.assumptions);
        let max_train_examples = self.cut(&mut drafted.recipe, price, fit, deviations);
        self.say_model(priced, i, stated.as_ref(), deviations, assumptions);
        self.say_rest(deviations, assumptions);
        let asked = self.wishes.max_examples.or(self.request().and_then(|r| r.max_examples));
        ExperimentSpec {
            version: VERSION,
            title: format!("{} on {}", candidate.name, self.choice.name),
            claim: stated.as_ref().map(|stated| self.claim_of(stated)),
            task: self.task,
            data: DataSpec {
                source: self.choice.source.clone(),
                train: self.train.clone(),
                held_out: self.held_out.clone(),
                monitor: self.monitor.clone(),
                columns: self.choice.columns.clone(),
                max_train_examples: max_train_examples.or(asked),
            },
            model: candidate.spec.clone(),
            recipe: drafted.recipe,
            metric: self.metric,
            target: self.target(stated.as_ref()),
            budget: Budget { max_time_secs: if self.limit_is_assumed() { None } else { Some(self.limit_secs) }, ..Budget::default() },
            seeds: self.seeds.clone(),
            deviations: drafted.deviations,
            assumptions: drafted.assumptions,
            citations: drafted.citations,
        }
    }

    /// Shortens the recipe to what fits; returns the limit on examples.
    fn cut(&self, recipe: &mut Recipe, price: &Price, fit: Fit, deviations: &mut Vec<Deviation>) -> Option<usize> {
        let stated = words::length(&recipe.length);
        let time = if self.limit_is_assumed() { "the planned" } else { "the" };
        let reason = format!("all of it takes about {} here; {time} limit is {}", words::duration(price.secs()), words::duration(self.limit_secs as f64));
        let mut deviate = |field: &str, stated: String, used: String| {
            deviations.push(Deviation { field: field.into(), stated, used, reason: reason.clone() });
        };
        let epochs = match fit {
            Fit::Epochs(epochs) => epochs,
            Fit::Examples(_) => 1.0,
            Fit::Whole | Fit::Nothing => return None,
        };
        if self.length_is_fixed() {
            return None;
        }
        if recipe.length != Length::Epochs(epochs) {
            let in_epochs = price.steps as f64 / price.steps_per_epoch as f64;
            let stated = if matches!(recipe.length, Length::Steps(_)) { format!("{stated} ({in_epochs:.0} epochs)") } else { stated };
            deviate("recipe.length", stated, words::length(&Length::Epochs(epochs)));
            recipe.length = Length::Epochs(epochs);
        }
        let Fit::Examples(examples) = fit else { return None };
        deviate("data.max_train_examples", format!("{} training examples", words::count(self.examples as f64)), words::count(examples as f64));
        Some(examples)
    }

    /// Why this model.
    fn say_model(&self, priced: &[Priced], i: usize, stated: Option<&Stated<'_>>, deviations: &mut Vec<Deviation>, assumptions: &mut Vec<String>) {
        let candidate = &priced[i].0;
        let used = match &candidate.spec {
            ModelSpec::Pretrained { id, .. } => format!("{} (`{id}`)", candidate.name),
            ModelSpec::Scratch { .. } => candidate.name.clone(),
        };
        let pretrained = matches!(candidate.spec, ModelSpec::Pretrained { .. });
        let larger = priced[..i].iter().map(|(c, _, price)| {
            let (what, secs) = if pretrained { ("one epoch", price.epoch_secs()) } else { ("all of it", price.secs()) };
            format!("{what} with {} takes about {} here", c.name, words::duration(secs))
        });
        let mut reason = larger.collect::<Vec<String>>().join("; ");
        if !reason.is_empty() {
            reason.push_str(&format!("; the limit is {}", words::duration(self.limit_secs as f64)));
        }
        let own = stated.and_then(|s| s.result.variant.as_deref());
        match own {
            Some(own) if own != candidate.name => {
                if reason.is_empty() {
                    reason = "the closest public model that was found".into();
                }
                deviations.push(Deviation { field: "model".into(), stated: own.into(), used, reason });
            }
            _ if priced.len() > 1 => assumptions.push(format!("model: {used}{}", if reason.is_empty() { String::new() } else { format!(" ({reason})") })),
            _ => {}
        }
    }

    /// What else differs or was assumed.
    fn say_rest(&self, deviations: &mut Vec<Deviation>, assumptions: &mut Vec<String>) {
        if self.paper().is_some() {
            if self.choice.known.is_some_and(|k| k.held_out.starts_with("validation")) {
                deviations.push(Deviation {
                    field: "data.held_out".into(),
                    stated: "the test split".into(),
                    used: format!("the split `{}`", self.held_out),
                    reason: "the test labels are not public".into(),
                });
            }
            if self.seeds.len() == 1 && self.wishes.seeds.is_empty() {
                deviations.push(Deviation {
                    field: "seeds".into(),
                    stated: "what the paper ran, or chose from".into(),
                    used: "one run".into(),
                    reason: "each further seed costs as much again (`--seeds 0,1,2`)".into(),
                });
            }
        }
        if self.limit_is_assumed() && !self.length_is_asked() {
            assumptions.push(format!("time: planned for {}, for no limit was given (`--max-time`)", words::duration(self.limit_secs as f64)));
        }
        if let Some(request) = self.request() {
            if request.target.is_some() && request.metric.is_none() {
                assumptions.push(format!("target: of the {}", words::metric_name(self.metric)));
            }
            if !request.not_understood.is_empty() {
                assumptions.push(format!("not understood and not followed: {}", request.not_understood.join(", ")));
            }
        }
    }

    fn claim_of(&self, stated: &Stated<'_>) -> Claim {
        let paper = self.paper();
        let quote = &stated.field.evidence.quote;
        Claim {
            source: paper.and_then(|p| p.title.clone().or(p.arxiv_id.clone())).unwrap_or_else(|| "the paper".into()),
            statement: format!(
                "{} reaches {} {} on {}.", stated.result.variant.as_deref().unwrap_or("The paper's model"), words::metric_name(self.metric), words::plain(stated.value), self.choice.name
            ),
            value: Some(stated.value),
            quote: Some(quote.verbatim().into()),
            page: Some(quote.page()),
        }
    }

    fn target(&self, stated: Option<&Stated<'_>>) -> Option<Target> {
        let asked = self.request().and_then(|r| r.target).map(|value| Target { value, source: "the request".into() });
        let of_paper = |stated: &Stated<'_>| Target { value: stated.value, source: format!("the paper, page {}", stated.field.evidence.quote.page()) };
        asked.or(stated.map(of_paper))
    }
}

/// What is watched while training: another labelled split where there is one, else a few training examples.
fn monitor(data: &DataFacts, train: &str, held_out: &str, there: usize) -> Monitor {
    let other = data.splits.iter().find(|s| s.name != train && s.name != held_out && s.labelled && s.examples > 0);
    match other {
        Some(split) => Monitor::Split { name: split.name.clone() },
        None if there >= 2000 => Monitor::HoldOut { examples: (there / 100).clamp(100, 500) },
        None => Monitor::None,
    }
}
