//! A run whose numbers went wrong. First where they come from: data and weights that are not finite are no case for another rate. Then
//! one change at a time, always from the start: the weights may have been damaged long before it showed, and a model that was trained
//! by two recipes is that of neither.

use super::change::{least_warmup, rate_after, share_of};
use super::{Allowed, Change, Decision, From, Outcome, RunConfig, Tried, give_up, memory, retry};
use crate::job::{Divergence, Origin};
use crate::spec::Optimizer;
use crate::words::plain;

/// Learning rate and clipping are held to so much of what they were.
const LOWER: f64 = 0.3;

/// The same of a rate that left nothing of what was learnt: it is no near miss.
const MUCH_LOWER: f64 = 0.1;

/// So many times the usual rate is far above it; that of plain steps, which are not scaled by their gradients, varies more.
fn far_above(optimizer: &Optimizer) -> f64 {
    if matches!(optimizer, Optimizer::Sgd { .. }) { 50.0 } else { 9.0 }
}

/// The global norm that gradients are clipped at where they were not, and nothing says what is usual.
const CLIP: f64 = 1.0;

/// What can calm a run, one change each.
#[derive(Clone, Copy)]
enum Remedy {
    Rate,
    Clipping,
    Optimizer,
}

/// The first remedies by where it comes from; after them the rate falls further. What grew was driven by its steps; what was calm until
/// one step met one gradient too large.
const GREW: [Remedy; 3] = [Remedy::Rate, Remedy::Clipping, Remedy::Optimizer];
const ONE_STEP: [Remedy; 3] = [Remedy::Clipping, Remedy::Rate, Remedy::Optimizer];

pub(super) fn calm(
    (step, what): (u64, Divergence),
    origin: Option<&Origin>,
    config: &RunConfig,
    history: &[Tried],
    allowed: Allowed,
) -> Decision {
    // Whoever gave a rate so far above what such models are trained with has mistyped it, or never tried it: a tenth of it would only do
    // less harm.
    let is_finite = !matches!(origin, Some(Origin::Data { .. } | Origin::Loaded { .. }));
    if let Some(usual) =
        allowed.usual_lr.filter(|usual| is_finite && config.recipe.lr >= far_above(&config.recipe.optimizer) * usual)
    {
        return usual_lr(step, config, usual);
    }
    if matches!(what, Divergence::LossStayedHigh | Divergence::LossRose | Divergence::Collapsed) {
        return lower_lr(step, config, MUCH_LOWER);
    }
    let (remedies, usual) = match origin {
        Some(Origin::Data { example }) if allowed.scope_change => return leave_out(*example, config),
        Some(Origin::Data { example }) => {
            return give_up(format!(
                "training example {example} (from 0) is not finite, which no learning rate mends; \
                 `--allow-scope-change` trains without it"
            ));
        }
        Some(Origin::Loaded { place }) => {
            return give_up(format!(
                "the weights that it began with give numbers that are not finite{place}: no learning rate mends that"
            ));
        }
        Some(Origin::Operation { grad_norm, .. }) => (ONE_STEP, Some(*grad_norm)),
        Some(Origin::Growth { grad_norm, .. }) => (GREW, *grad_norm),
        None => (GREW, None),
    };
    let before = history.iter().filter(|tried| matches!(tried.outcome, Outcome::Diverged { .. })).count();
    match remedies.get(before).unwrap_or(&Remedy::Rate) {
        Remedy::Rate => lower_lr(step, config, LOWER),
        Remedy::Clipping => clip(step, config, usual),
        Remedy::Optimizer => other_optimizer(step, config, history).unwrap_or_else(|| lower_lr(step, config, LOWER)),
    }
}

/// A retry from the start. `what` is said of the change.
fn again(step: u64, change: Change, config: &RunConfig, what: &str) -> Decision {
    retry(change, config, From::Start, format!("diverged at step {step}: {what}, from the start"))
}

/// The rate that is usual for such a run.
fn usual_lr(step: u64, config: &RunConfig, to: f64) -> Decision {
    other_lr(step, config, to, ", which is usual for such a model,")
}

/// The rate times `share`.
fn lower_lr(step: u64, config: &RunConfig, share: f64) -> Decision {
    other_lr(step, config, share_of(config.recipe.lr, share), "")
}

/// `why`: what is said of the rate.
fn other_lr(step: u64, config: &RunConfig, to: f64, why: &str) -> Decision {
    let from = config.recipe.lr;
    let warmup = match least_warmup(config.total_steps) {
        0 => String::new(),
        least => format!(", warm-up of at least {least} steps"),
    };
    again(
        step,
        Change::LowerLr { from, to },
        config,
        &format!("learning rate {}{why} instead of {}{warmup}", plain(to), plain(from)),
    )
}

/// At what was usual before it went wrong, or lower: such steps go through as they are.
fn clip(step: u64, config: &RunConfig, usual: Option<f64>) -> Decision {
    let from = config.recipe.grad_clip_norm;
    let to = from.map_or(CLIP, |norm| share_of(norm, LOWER)).min(usual.filter(|norm| *norm > 0.0).unwrap_or(f64::INFINITY));
    let was = match (from, config.recipe.grad_clip_value) {
        (Some(norm), _) => plain(norm),
        (None, Some(most)) => format!("each value at {}", plain(most)),
        (None, None) => "not at all".into(),
    };
    let what = format!("gradients clipped at norm {} instead of {was}", plain(to));
    again(step, Change::TighterClipping { from, to }, config, &what)
}

/// One whose updates are bounded more tightly and for which the same rate means the same or less. None where there is none, or where it
/// would need more memory than ran out before.
fn other_optimizer(step: u64, config: &RunConfig, history: &[Tried]) -> Option<Decision> {
    let from = &config.recipe.optimizer;
    let to = match *from {
        // Adam whose updates are held to the length of the rate: what Wortsman et al. (2304.13013) found to take away the spikes
        // that stale second moments make.
        Optimizer::Adam { beta1, weight_decay, .. } | Optimizer::Adamw { beta1, weight_decay, .. } => {
            Optimizer::Adafactor { beta1: Some(beta1), decay: 0.8, eps: 1e-30, clip: 1.0, scale_parameter: false, weight_decay }
        }
        // An update of AdamW is hardly longer than the sign that Lion takes, and shorter where gradients disagree.
        Optimizer::Lion { beta1, weight_decay, .. } => Optimizer::Adamw { beta1, beta2: 0.999, eps: 1e-8, weight_decay },
        // What trains the rest of the model already, at the rate that it has.
        Optimizer::Muon { beta1, beta2, eps, weight_decay, .. } => Optimizer::Adamw { beta1, beta2, eps, weight_decay },
        // A rate of theirs says nothing of another's.
        Optimizer::Sgd { .. } | Optimizer::Lamb { .. } | Optimizer::Adafactor { .. } => return None,
    };
    if memory::ran_out(history) > 0 && to.moments() > from.moments() {
        return None;
    }
    let lr = rate_after(from, config.recipe.lr);
    let what = format!("{} at a rate of {} instead of {}", to.name(), plain(lr), from.name());
    Some(again(step, Change::OtherOptimizer { from: from.clone(), to }, config, &what))
}

fn leave_out(example: usize, config: &RunConfig) -> Decision {
    let reason = format!("training example {example} (from 0) is not finite: trained without it, as was allowed, from the start");
    retry(Change::LeaveOut { example }, config, From::Start, reason)
}
