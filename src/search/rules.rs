//! What to try next, by rules: first what the curves of the best trial call for, then what usually matters, most of it first.
//!
//! A rule looks at the best recipe so far and at what watching saw of it, and proposes one change. The order is that of how much a
//! setting is known to matter: the learning rate before all else (1206.5533, section 2.2), then length, schedule, and regularisation.

use super::{Journal, Revision, Settings, Watched};
use crate::spec::{AdapterSpec, Augment, Ema, ExperimentSpec, Keep, Length, ModelSpec, Optimizer, Schedule, Task, Warmup};
use crate::words::{count, plain, score};
use serde::Serialize;
use tallow_zoo::{HeadKind, Modality};

/// A loss that rose by more than this share above its least has turned.
const TURNED: f64 = 1.03;
/// What is watched was best within this share of the end, so that longer training may help.
const NEAR_END: f64 = 0.95;

/// Everything that rules would try now, best first. `tried` is the best experiment so far (the first, where none completed).
pub fn revisions(tried: &ExperimentSpec, journal: &Journal) -> Vec<Revision> {
    let last_failed = journal.trials.last().and_then(|trial| trial.result.as_ref()?.failed.as_ref());
    let Some(watched) = journal.best().and_then(|trial| trial.result.as_ref()?.watched.as_ref()) else {
        let why = last_failed.map_or("nothing completed".into(), |failed| format!("nothing completed yet; the last: {failed}"));
        return gentler(tried, &why);
    };
    let case = Case { spec: tried, watched };
    let diagnosed = if case.turned() { case.against_overfitting() } else { case.against_underfitting() };
    diagnosed.into_iter().chain(case.usual()).flatten().collect()
}

/// Nothing completed yet: whatever went wrong, smaller steps are the safer ones, and gradients that are cut.
fn gentler(tried: &ExperimentSpec, why: &str) -> Vec<Revision> {
    let mut all: Vec<Revision> = [3.0, 10.0, 30.0].map(|times| lr(tried, 1.0 / times, why)).into();
    let recipe = &tried.recipe;
    let is_cut = recipe.grad_clip_value.is_some() || recipe.grad_clip_norm.is_some_and(|norm| norm <= 1.0);
    if let (false, Some(gentlest)) = (is_cut, all.last().cloned()) {
        let set = gentlest.set.into_iter().chain([put("recipe.grad_clip_norm", &1.0)]);
        all.push(revision(set, format!("{why}: a rate as low, and gradients cut to a norm of 1")));
    }
    all
}

/// The best recipe so far and what was seen of it.
struct Case<'a> {
    spec: &'a ExperimentSpec,
    watched: &'a Watched,
}

impl Case<'_> {
    /// Whether the loss of what is watched rose again while that of training fell.
    fn turned(&self) -> bool {
        let (Some(least), Some(last)) = (self.watched.least_loss(), self.watched.last()) else { return false };
        last.loss > least.loss * TURNED && self.watched.train_loss[1] < self.watched.train_loss[0]
    }

    /// What is learnt by heart helps no more.
    fn against_overfitting(&self) -> Vec<Option<Revision>> {
        let (Some(least), Some(last)) = (self.watched.least_loss(), self.watched.last()) else { return Vec::new() };
        let turned = format!(
            "the watched loss was {} at step {} and {} at the end, step {}",
            score(least.loss),
            count(least.step as f64),
            score(last.loss),
            count(last.step as f64)
        );
        let share = least.step as f64 / self.watched.total_steps.max(1) as f64;
        vec![
            self.keep_best(&turned),
            self.length(share.max(0.2), &format!("{turned}: stop there")),
            self.smoothing(&turned),
            self.dropout(&turned),
            self.augment(&turned),
            self.decay(10.0, &turned),
        ]
    }

    /// What still gets better wants longer or greater steps.
    fn against_underfitting(&self) -> Vec<Option<Revision>> {
        let best = self.watched.least_loss().map_or(0, |point| point.step);
        let improves = best as f64 >= NEAR_END * self.watched.total_steps as f64;
        if !improves || self.watched.points.len() < 2 {
            return Vec::new();
        }
        let why = "the watched loss was least at the end";
        vec![Some(lr(self.spec, stride(self.spec), why)), self.length(1.5, why)]
    }

    /// What usually matters, in its order.
    fn usual(&self) -> Vec<Option<Revision>> {
        let why = "the rate matters most";
        vec![
            Some(lr(self.spec, stride(self.spec), why)),
            Some(lr(self.spec, 1.0 / stride(self.spec), why)),
            self.smaller_batch(),
            self.schedule(),
            self.warmup(),
            self.layerwise(),
            self.rank(),
            self.augment("images that are changed at random are harder to learn by heart"),
            self.smoothing("smoothed targets often generalise better"),
            self.length(1.5, "longer training"),
            self.ema(),
            self.decay(10.0, "stronger weight decay"),
            self.keep_best("the last weights need not be the best"),
        ]
    }

    fn keep_best(&self, why: &str) -> Option<Revision> {
        let several = self.watched.points.len() > 1;
        (several && self.spec.recipe.keep == Keep::Last).then(|| {
            revision([put("recipe.keep", &Keep::Best)], format!("{why}: keep the weights that do best on what is watched"))
        })
    }

    fn length(&self, factor: f64, why: &str) -> Option<Revision> {
        let length = match self.spec.recipe.length {
            Length::Epochs(epochs) => Length::Epochs((epochs * factor * 100.0).round() / 100.0),
            Length::Steps(steps) => Length::Steps(((steps as f64 * factor).round() as u64).max(1)),
        };
        let whole = !matches!(length, Length::Epochs(epochs) if epochs <= 0.0);
        whole.then(|| revision([put("recipe.length", &length)], why.into()))
    }

    fn smoothing(&self, why: &str) -> Option<Revision> {
        let recipe = &self.spec.recipe;
        let classes = matches!(self.spec.task.head(), HeadKind::Classes | HeadKind::Tags);
        (classes && recipe.label_smoothing == 0.0 && recipe.focal_gamma.is_none())
            .then(|| revision([put("recipe.label_smoothing", &0.1)], format!("{why}: smooth the targets (1512.00567)")))
    }

    fn dropout(&self, why: &str) -> Option<Revision> {
        // A residual network has none to override.
        let has_dropout = self.spec.task.takes() != Modality::Image;
        let now = f64::from(self.spec.recipe.dropout.unwrap_or(0.1));
        (has_dropout && now < 0.3)
            .then(|| revision([put("recipe.dropout", &neat(now + 0.1))], format!("{why}: more dropout (1207.0580)")))
    }

    fn augment(&self, why: &str) -> Option<Revision> {
        let bare = self.spec.task == Task::ImageClassification && self.spec.recipe.augment.is_empty();
        bare.then(|| {
            revision([put("recipe.augment", &[Augment::PadCrop { padding: 2 }])], format!("{why}: crops at random places"))
        })
    }

    fn decay(&self, factor: f64, why: &str) -> Option<Revision> {
        let now = self.spec.recipe.optimizer.weight_decay();
        let decay = if now == 0.0 { 0.01 } else { now * factor };
        (decay <= 0.3).then(|| revision([put("recipe.optimizer.weight_decay", &neat(decay))], why.into()))
    }

    /// More, noisier steps over the same examples; Adam's rate falls with the root of the batch, SGD's with the batch.
    fn smaller_batch(&self) -> Option<Revision> {
        let recipe = &self.spec.recipe;
        let together = self.spec.task == Task::SentenceSimilarity;
        (recipe.batch_size >= 16 && recipe.micro_batch_size.is_none() && !together).then(|| {
            let factor = if matches!(recipe.optimizer, Optimizer::Sgd { .. }) { 0.5 } else { 0.5f64.sqrt() };
            let half = recipe.batch_size / 2;
            let mut set = vec![put("recipe.batch_size", &half), put("recipe.lr", &neat(recipe.lr * factor))];
            if let Length::Steps(steps) = recipe.length {
                set.push(put("recipe.length", &Length::Steps(steps * 2)));
            }
            revision(set, format!("batches of {half}: twice as many steps over the same examples"))
        })
    }

    fn schedule(&self) -> Option<Revision> {
        let schedule = match &self.spec.recipe.schedule {
            Schedule::Linear { warmup, .. } => Schedule::cosine(*warmup),
            Schedule::Constant { warmup } | Schedule::Cosine { warmup, .. } | Schedule::Exponential { warmup, .. } => {
                Schedule::linear(*warmup)
            }
            Schedule::Step { warmup, .. } | Schedule::Polynomial { warmup, .. } | Schedule::Wsd { warmup, .. } => {
                Schedule::cosine(*warmup)
            }
            Schedule::CosineRestarts { .. } | Schedule::OneCycle { .. } | Schedule::InverseSqrt { .. } => return None,
        };
        Some(revision(
            [put("recipe.schedule", &schedule)],
            format!("{} in place of {}", schedule.name(), self.spec.recipe.schedule.name()),
        ))
    }

    fn warmup(&self) -> Option<Revision> {
        let schedule = &self.spec.recipe.schedule;
        let frac = schedule.warmup().exact(self.watched.total_steps) / self.watched.total_steps.max(1) as f64;
        let to = if frac < 0.03 { 0.06 } else { (frac * 2.0).min(0.2) };
        (to > frac).then(|| {
            let longer = schedule.with_warmup(Warmup::Frac(neat(to)));
            revision([put("recipe.schedule", &longer)], format!("a warm-up over {} % of all steps", plain(neat(to * 100.0))))
        })
    }

    /// Layers of a pretrained model that are near the input know most already.
    fn layerwise(&self) -> Option<Revision> {
        let pretrained = matches!(self.spec.model, ModelSpec::Pretrained { .. });
        let of_layers = matches!(self.spec.task.takes(), Modality::Text | Modality::Image);
        let fits = pretrained && of_layers && self.spec.adapter.is_none() && self.spec.recipe.layerwise_lr_decay.is_none();
        fits.then(|| {
            let why = "lower layers learn slower, by a tenth each (1801.06146, section 3.2)";
            revision([put("recipe.layerwise_lr_decay", &0.9)], why.into())
        })
    }

    fn rank(&self) -> Option<Revision> {
        let AdapterSpec { rank, alpha, .. } = self.spec.adapter.as_ref().filter(|adapter| adapter.rank < 64)?;
        let set = [put("adapter.rank", &(rank * 2)), put("adapter.alpha", &(alpha * 2.0))];
        Some(revision(set, format!("an adapter of rank {}", rank * 2)))
    }

    fn ema(&self) -> Option<Revision> {
        let long = self.watched.total_steps >= 200 && self.spec.recipe.ema.is_none();
        let decay = if self.watched.total_steps >= 2000 { 0.999 } else { 0.99 };
        long.then(|| {
            let ema = Ema { decay, warmup: true, evaluate: true };
            revision([put("recipe.ema", &ema)], "a running mean of the weights".into())
        })
    }
}

/// How far apart rates are tried: good ones of a pretrained model lie close together (1810.04805, appendix A.3).
fn stride(spec: &ExperimentSpec) -> f64 {
    if matches!(spec.model, ModelSpec::Pretrained { .. }) { 2.0 } else { 3.0 }
}

fn lr(spec: &ExperimentSpec, factor: f64, why: &str) -> Revision {
    let (rate, way) = (neat(spec.recipe.lr * factor), if factor > 1.0 { "higher" } else { "lower" });
    revision([put("recipe.lr", &rate)], format!("{why}: a {way} rate"))
}

fn revision(set: impl IntoIterator<Item = (String, String)>, reason: String) -> Revision {
    Revision { set: set.into_iter().collect::<Settings>(), reason }
}

/// A key and its value in TOML.
fn put<T: Serialize>(key: &str, value: &T) -> (String, String) {
    let value = toml::Value::try_from(value).map(|value| value.to_string());
    (key.into(), value.unwrap_or_default())
}

/// To two digits.
fn neat(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::super::{Point, Proposal, revised};
    use super::*;
    use crate::spec::{Monitor, Recipe};

    fn toy() -> ExperimentSpec {
        crate::spec::parse(include_str!("../../presets/toy_bert.toml"), "toy").expect("an experiment")
    }

    /// A journal of the first plan, which saw these watched losses.
    fn journal(losses: &[f64]) -> Journal {
        let mut journal = Journal::of(toy().metric);
        journal.begin(Proposal::first());
        let point = |(i, loss): (usize, &f64)| Point { step: 100 * (i as u64 + 1), score: 0.8, loss: *loss };
        let points: Vec<Point> = losses.iter().enumerate().map(point).collect();
        let total_steps = 100 * losses.len() as u64;
        journal.end(Ok(Watched { score: 0.8, train_loss: [0.7, 0.2], points, total_steps }), 10.0);
        journal
    }

    #[test]
    fn every_revision_can_be_tried_from_presets_of_every_kind() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/presets")).expect("presets");
        let files = folder.map(|entry| entry.expect("an entry").path());
        let mut seen = 0;
        for file in files.filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            let mut first = crate::spec::parse(&std::fs::read_to_string(&file).expect("text"), "x").expect("an experiment");
            first.data.monitor = Monitor::HoldOut { examples: 60 };
            for losses in [[0.6, 0.4, 0.3], [0.6, 0.3, 0.5]] {
                let journal = Journal { metric: first.metric, ..journal(&losses) };
                for revision in revisions(&first, &journal) {
                    revised(&first, &journal, &revision).unwrap_or_else(|e| panic!("{}: {revision:?}: {e}", file.display()));
                    seen += 1;
                }
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn curves_say_what_is_tried_first() {
        let first = |losses: &[f64]| {
            let set = revisions(&toy(), &journal(losses)).first().expect("a revision").set.clone();
            set.into_iter().next().expect("a key")
        };
        let check = |losses: &[f64], key: &str, value: &str| {
            assert_eq!(first(losses), (key.to_string(), value.to_string()), "{losses:?}");
        };
        check(&[0.6, 0.3, 0.5], "recipe.keep", "\"best\"");
        check(&[0.6, 0.4, 0.3], "recipe.lr", "0.003");
        // At its least before the end, and not much above it since.
        check(&[0.6, 0.3, 0.302], "recipe.lr", "0.003");
    }

    #[test]
    fn a_first_plan_that_diverged_is_tried_with_smaller_steps() {
        let mut journal = Journal::of(toy().metric);
        journal.begin(Proposal::first());
        journal.end(Err("diverged at step 3".into()), 10.0);
        let found = revisions(&toy(), &journal);
        let rates: Vec<_> = found.iter().map(|revision| revision.set["recipe.lr"].as_str()).collect();
        assert_eq!(rates, ["0.00033", "0.0001", "0.000033"]);
        let uncut = ExperimentSpec { recipe: Recipe { grad_clip_norm: None, ..toy().recipe }, ..toy() };
        assert_eq!(revisions(&uncut, &journal)[3].set["recipe.grad_clip_norm"], "1.0");
        assert!(found[0].reason.contains("diverged at step 3"), "{}", found[0].reason);
    }
}
