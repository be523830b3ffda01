//! What was tried, why, and what came of it. The run folder's `search.json`.

use super::Settings;
use crate::llm::Usage;
use crate::spec::Metric;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of `search.json`.
const VERSION: u32 = 1;

/// Every trial so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    pub version: u32,
    /// By which trials are compared.
    pub metric: Metric,
    pub trials: Vec<Trial>,
    /// None while the search goes on.
    #[serde(default)]
    pub stopped: Option<Stop>,
}

/// One recipe, tried with the first seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// From 1, the first plan.
    pub number: usize,
    /// The trial that it changes.
    #[serde(default)]
    pub from: Option<usize>,
    /// Laid over the first plan.
    #[serde(default)]
    pub settings: Settings,
    /// What differs from the trial that it changes.
    #[serde(default)]
    pub changes: Vec<Changed>,
    pub reason: String,
    /// Who proposed it.
    #[serde(default)]
    pub by: By,
    /// What a language model was asked for it; none: none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// None while it runs.
    #[serde(default)]
    pub result: Option<Result>,
}

/// Who proposed a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum By {
    /// Nobody: it is what was planned before.
    Plan,
    #[default]
    Rules,
    LanguageModel {
        name: String,
    },
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Plan => f.write_str("the plan"),
            By::Rules => f.write_str("rules"),
            By::LanguageModel { name } => f.write_str(name),
        }
    }
}

/// What it took to ask a language model for a trial.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub usage: Usage,
    /// US dollars; none: nobody knows.
    pub usd: Option<f64>,
    /// Why the rules' proposal was taken all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// A trial that is to be run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    pub settings: Settings,
    pub changes: Vec<Changed>,
    pub reason: String,
    pub by: By,
    pub asked: Option<Asked>,
}

impl Proposal {
    /// The recipe that was planned before there was a search.
    pub fn first() -> Self {
        Proposal { reason: "the first plan".into(), by: By::Plan, ..Proposal::default() }
    }
}

/// One setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub key: String,
    pub was: String,
    pub now: String,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.key, self.was, self.now)
    }
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Result {
    /// None: it did not complete.
    pub watched: Option<Watched>,
    /// In words, where it did not complete.
    #[serde(default)]
    pub failed: Option<String>,
    /// The wall time of everything it took.
    pub secs: f64,
    /// Whether it is better than all before it.
    pub kept: bool,
}

/// What watching saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// The metric of the weights that come out.
    pub score: f64,
    /// The loss of the training batches, over the first and the last tenth of all steps.
    pub train_loss: [f64; 2],
    /// Every evaluation, by step.
    pub points: Vec<Point>,
    pub total_steps: u64,
}

/// One evaluation of what is watched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub step: u64,
    pub score: f64,
    pub loss: f64,
}

/// Why no more is tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stop {
    /// What is watched reached the target.
    Target {
        value: f64,
    },
    Trials {
        limit: usize,
    },
    /// So many on end were no better.
    NoProgress {
        trials: usize,
    },
    NothingLeft,
    /// What is left of the time is for what follows.
    Time {
        left_secs: f64,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Target { value } => write!(f, "what is watched reached the target of {}", crate::words::score(*value)),
            Stop::Trials { limit } => write!(f, "{limit} recipes were to be tried at most"),
            Stop::NoProgress { trials } => write!(f, "{trials} on end were no better"),
            Stop::NothingLeft => f.write_str("nothing is left to try"),
            Stop::Time { left_secs } => {
                write!(f, "the {} that are left are needed for the verdict", crate::words::duration(*left_secs))
            }
        }
    }
}

impl Journal {
    pub fn of(metric: Metric) -> Self {
        Journal { version: VERSION, metric, trials: Vec::new(), stopped: None }
    }

    /// The trial that is kept: the last that was better than all before it.
    pub fn best(&self) -> Option<&Trial> {
        self.trials.iter().rev().find(|trial| trial.result.as_ref().is_some_and(|result| result.kept))
    }

    /// The score to be bettered.
    pub fn best_score(&self) -> Option<f64> {
        Some(self.best()?.result.as_ref()?.watched.as_ref()?.score)
    }

    /// A trial that is to be run.
    pub fn begin(&mut self, proposal: Proposal) -> usize {
        let (number, from) = (self.trials.len() + 1, self.best().map(|trial| trial.number));
        let Proposal { settings, changes, reason, by, asked } = proposal;
        self.trials.push(Trial { number, from, settings, changes, reason, by, asked, result: None });
        number
    }

    /// What came of the trial that runs. It is kept if it is better than all before it: by the metric, then by the watched loss.
    pub fn end(&mut self, watched: std::result::Result<Watched, String>, secs: f64) {
        let best = self.best().and_then(|best| best.result.as_ref()?.watched.as_ref());
        let loss = |watched: &Watched| watched.last().map_or(f64::INFINITY, |point| point.loss);
        // A few examples often score the same; their loss tells more.
        let is_better = |watched: &Watched| {
            best.is_none_or(|best| match watched.score == best.score {
                true => loss(watched) < loss(best),
                false => self.metric.reaches(watched.score, best.score),
            })
        };
        let result = match watched {
            Ok(watched) => Result { kept: is_better(&watched), watched: Some(watched), failed: None, secs },
            Err(failed) => Result { watched: None, failed: Some(failed), secs, kept: false },
        };
        if let Some(trial) = self.trials.last_mut() {
            trial.result = Some(result);
        }
    }

    /// Trials since the last that was kept.
    pub fn since_best(&self) -> usize {
        self.trials.len() - self.best().map_or(0, |best| best.number)
    }
}

impl Watched {
    /// The evaluation with the least loss.
    pub fn least_loss(&self) -> Option<Point> {
        self.points.iter().copied().min_by(|a, b| a.loss.total_cmp(&b.loss))
    }

    pub fn last(&self) -> Option<Point> {
        self.points.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_scores_the_lesser_loss_is_better() {
        let scored = |loss: f64| {
            let points = vec![Point { step: 10, score: 0.5, loss }];
            Ok(Watched { score: 0.5, train_loss: [1.0, 0.5], points, total_steps: 10 })
        };
        let mut journal = Journal::of(Metric::Accuracy);
        for loss in [0.7, 0.6, 0.65] {
            journal.begin(Proposal::default());
            journal.end(scored(loss), 1.0);
        }
        assert_eq!(journal.best().map(|best| best.number), Some(2));
    }

    #[test]
    fn only_what_is_better_is_kept() {
        let scored = |score: f64| Ok(Watched { score, train_loss: [1.0, 0.5], points: vec![], total_steps: 10 });
        let check = |metric: Metric, scores: &[Option<f64>], kept: &[bool], best: Option<usize>| {
            let mut journal = Journal::of(metric);
            for score in scores {
                journal.begin(Proposal::default());
                journal.end(score.map_or(Err("it diverged".into()), scored), 1.0);
            }
            let found: Vec<bool> = journal.trials.iter().map(|t| t.result.as_ref().is_some_and(|r| r.kept)).collect();
            assert_eq!((found.as_slice(), journal.best().map(|t| t.number)), (kept, best), "{scores:?}");
        };
        check(
            Metric::Accuracy,
            &[Some(0.8), Some(0.8), Some(0.9), None, Some(0.85)],
            &[true, false, true, false, false],
            Some(3),
        );
        check(Metric::Perplexity, &[Some(9.0), Some(9.5), Some(8.0)], &[true, false, true], Some(3));
        check(Metric::Accuracy, &[None, Some(0.1)], &[false, true], Some(2));
        check(Metric::Accuracy, &[None], &[false], None);
    }
}
