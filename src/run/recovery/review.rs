//! What a person who has to decide is told: what was tried, and what there is to decide.

use super::{Outcome, RunConfig, Tried};
use crate::job::Origin;
use crate::words::{bytes, plain};
use serde::{Deserialize, Serialize};

/// A run that rules gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Each attempt: what was new in it, and how it ended.
    pub tried: Vec<String>,
    /// What may help and is not the rules' to choose.
    pub decide: Vec<String>,
}

/// The review of a run with these attempts, oldest first.
pub fn review(attempts: &[Tried]) -> Review {
    let before = |i: usize| i.checked_sub(1).map(|i| &attempts[i].config);
    let line = |(i, tried): (usize, &Tried)| format!("{}: {}", news(before(i), &tried.config), tried.outcome);
    Review {
        tried: attempts.iter().enumerate().map(line).collect(),
        decide: choices(
            &attempts.iter().map(|tried| &tried.outcome).collect::<Vec<_>>(),
            attempts.last().map(|last| last.config.recipe.lr),
        ),
    }
}

impl Review {
    /// As a page; `reason`: why nothing more is tried.
    pub fn to_markdown(&self, run: &str, reason: &str) -> String {
        let list =
            |items: &[String]| items.iter().enumerate().map(|(i, item)| format!("{}. {item}\n", i + 1)).collect::<String>();
        let mut page = format!("# {run} needs a decision: {reason}\n\nTried:\n\n{}", list(&self.tried));
        if !self.decide.is_empty() {
            page += &format!("\nTo decide:\n\n{}", list(&self.decide));
        }
        page
    }
}

/// What a config has otherwise than the one before it.
fn news(before: Option<&RunConfig>, config: &RunConfig) -> String {
    let recipe = &config.recipe;
    let Some(old) = before else {
        return format!("{} examples a forward pass, learning rate {}", config.micro_batch_size, plain(recipe.lr));
    };
    let mut news = Vec::new();
    if config.micro_batch_size != old.micro_batch_size {
        news.push(format!("{} examples a forward pass", config.micro_batch_size));
    }
    if recipe.gradient_checkpointing && !old.recipe.gradient_checkpointing {
        news.push("activations made again in backward".into());
    }
    if recipe.optimizer.name() != old.recipe.optimizer.name() {
        news.push(recipe.optimizer.name().into());
    }
    if recipe.lr != old.recipe.lr {
        news.push(format!("learning rate {}", plain(recipe.lr)));
    }
    if recipe.grad_clip_norm != old.recipe.grad_clip_norm {
        news.extend(recipe.grad_clip_norm.map(|norm| format!("gradients clipped at norm {}", plain(norm))));
    }
    news.extend(config.leave_out.iter().filter(|i| !old.leave_out.contains(i)).map(|i| format!("without example {i}")));
    if news.is_empty() { "the same again".into() } else { news.join(", ") }
}

/// What there is to decide after these ends, the last of them with this learning rate.
pub(super) fn choices(outcomes: &[&Outcome], lr: Option<f64>) -> Vec<String> {
    let Some(outcome) = outcomes.last() else { return Vec::new() };
    match outcome {
        Outcome::Completed | Outcome::Interrupted { .. } => Vec::new(),
        Outcome::OutOfMemory { gpu: Some(memory), .. } => {
            let than = memory.total_bytes.map_or(String::new(), |total| format!(" than {}", bytes(total as f64)));
            vec![
                format!("a GPU with more memory{than}"),
                "a smaller model, an adapter instead of all weights, or shorter texts: this tests something else".into(),
            ]
        }
        Outcome::OutOfMemory { limit_bytes, gpu: None, .. } => {
            let peaks = outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::OutOfMemory { peak_bytes, .. } => *peak_bytes,
                _ => None,
            });
            let more = match (limit_bytes, peaks.max()) {
                (Some(limit), _) => format!("more memory: `--memory` above {}", bytes(*limit as f64)),
                (None, Some(peak)) => format!("a machine with more memory than the {} that it had", bytes(peak as f64)),
                (None, None) => "a machine with more memory".into(),
            };
            let smaller =
                "a smaller model, an adapter instead of all weights, or shorter texts: this tests something else".into();
            vec![more, smaller]
        }
        Outcome::Diverged { origin: Some(Origin::Data { example }), .. } => vec![
            format!("mend example {example} (from 0) of the training split, and start anew"),
            "train without it: `--allow-scope-change`".into(),
        ],
        Outcome::Diverged { origin: Some(Origin::Loaded { .. }), .. } => {
            vec!["other weights to begin with: these give no finite numbers of this data".into()]
        }
        Outcome::Diverged { .. } => vec![
            lr.map_or("another recipe".into(), |lr| format!("another recipe: the last learning rate tried was {}", plain(lr))),
            "whether the data hold what the task needs: examples out of the ordinary, answers on another scale".into(),
        ],
        Outcome::Stalled { .. } => vec![
            "more patience, if it was only slow: `budget.max_silence_secs`".into(),
            "what the machine waits for: the attempt's `stderr.log` may say more".into(),
        ],
        Outcome::Killed { .. } | Outcome::Crashed { .. } => {
            vec!["what ends the worker: the attempt's `stderr.log` and the system's log may say more".into()]
        }
        Outcome::TimedOut { .. } => vec!["more time: `--max-time`".into()],
        Outcome::BudgetSpent { what, .. } => vec![format!("whether the budget is raised: {what}")],
        Outcome::Refused { hint, .. } => hint.iter().cloned().collect(),
    }
}
