//! A run that needs more memory than there is: smaller forward passes, the same steps.

use super::{Allowed, Change, Decision, From, Outcome, RunConfig, Tried, give_up, is_memory, retry};

/// What training is reckoned to need of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Whatever the forward pass: weights, gradients, moments, buffers. Pages of files are not among it: they are given back before a limit
    /// kills.
    pub state_bytes: u64,
    /// For each example of a forward pass.
    pub example_bytes: u64,
}

impl Needs {
    /// How many examples a forward pass may have, none of them where all else is too much already; none: that cannot be said.
    fn fitting(self, room: Room) -> Option<usize> {
        let left = match room {
            Room::Limit(bytes) => bytes.saturating_sub(self.state_bytes),
            // Other programs may have had the rest, or it ended before all was there.
            Room::Peak(bytes) => bytes.checked_sub(self.state_bytes)?,
        };
        Some(left.checked_div(self.example_bytes)? as usize)
    }
}

/// The memory that there was, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// What it may have.
    Limit(u64),
    /// No limit is known: what it had when it ended.
    Peak(u64),
}

/// Smaller forward passes before activations are no longer kept: these cost no time, that costs a forward pass a step.
const SMALLER: usize = 2;

/// Whether memory ran out in any of these.
pub(super) fn ran_out(history: &[Tried]) -> usize {
    history.iter().filter(|tried| is_memory(&tried.outcome)).count()
}

pub(super) fn save(outcome: &Outcome, config: &RunConfig, history: &[Tried], allowed: Allowed) -> Decision {
    let fitting = room(outcome).zip(allowed.needs).and_then(|(room, needs)| needs.fitting(room));
    let early = if ran_out(history) < SMALLER { smaller(config, fitting) } else { None };
    early
        .or_else(|| keep_less(config))
        .or_else(|| smaller(config, fitting))
        .unwrap_or_else(|| give_up("out of memory with one example a forward pass"))
}

/// None: nobody knows.
fn room(outcome: &Outcome) -> Option<Room> {
    match outcome {
        Outcome::OutOfMemory { limit_bytes, peak_bytes, gpu: None } => {
            limit_bytes.map(Room::Limit).or(peak_bytes.map(Room::Peak))
        }
        _ => None,
    }
}

/// The largest forward pass that still divides the effective batch, of those that are half as large at most and are reckoned to fit: by
/// halves alone one that is far too large would be too large still in the last attempt. `fitting`: so many examples.
fn smaller(config: &RunConfig, fitting: Option<usize>) -> Option<Decision> {
    let (from, fewest) = (config.micro_batch_size, config.model.fewest_examples());
    let most = fitting.unwrap_or(from).max(fewest).min(from / 2);
    let to = (fewest..=most).rev().find(|size| config.recipe.batch_size.is_multiple_of(*size))?;
    // Sums are cut otherwise, which shows in their last bits: a run that was cut in two ways could not be repeated from its config.
    let reason =
        format!("out of memory: {to} examples a forward pass instead of {from}, the effective batch is the same, from the start");
    Some(retry(Change::MicroBatch { from, to }, config, From::Start, reason))
}

/// Activations are made again instead of kept.
fn keep_less(config: &RunConfig) -> Option<Decision> {
    if config.recipe.gradient_checkpointing || !config.model.can_checkpoint() {
        return None;
    }
    let reason = "out of memory: activations are made again in backward instead of kept, the weights are the same, from the last checkpoint";
    Some(retry(Change::GradientCheckpointing, config, From::LastCheckpoint, reason.into()))
}

/// ": out of memory with 64, 32, 16 examples a forward pass"; nothing where memory never ran out.
pub(super) fn sizes_tried(outcome: &Outcome, config: &RunConfig, history: &[Tried]) -> String {
    let all = history.iter().map(|tried| (&tried.outcome, &tried.config)).chain([(outcome, config)]);
    let sizes: Vec<String> =
        all.filter(|(outcome, _)| is_memory(outcome)).map(|(_, config)| config.micro_batch_size.to_string()).collect();
    if sizes.is_empty() { String::new() } else { format!(": out of memory with {} examples a forward pass", sizes.join(", ")) }
}
