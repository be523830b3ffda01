//! From goal and data to complete experiments that the budget allows.

use super::brief::{Brief, Stated, TRAINING_SHARE};
use super::defaults::{self, Defaults};
use super::fit::{Fit, Price};
use super::models::Candidate;
use super::paper::{self, Drafted};
use crate::intake::Wanted;
use crate::plan::{DataChoice, Goal, Offer, PlannerError, Wishes};
use crate::spec::{Budget, Claim, DataSpec, Deviation, ExperimentSpec, Length, ModelSpec, Recipe, Target, VERSION};
use crate::words;
use tallow_zoo::ModelConfig;

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

impl Brief<'_> {
    fn defaults(&self, candidate: &Candidate) -> Defaults {
        let mut defaults = match (&candidate.spec, &candidate.config) {
            (_, ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_)) => defaults::resnet_from_scratch(self.choice.known.is_some_and(|k| k.mirror)),
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
                held_out_frac: self.held_out_frac,
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
        if let Some(frac) = self.held_out_frac {
            let (part, train) = (format!("{:.0} %", frac * 100.0), &self.train);
            assumptions.push(format!("held out: {part} of `{train}`, drawn at random, for there is no other labelled split"));
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
