//! Faults that a task is run with, as data: each changes what is given to the program, or strikes it from outside. None of them is
//! known to the program.

use super::suite::Tier;
use serde::{Deserialize, Serialize};
use tallow_kernels::Stream;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing.
    None,
    /// Less memory than training needs: half of what it took undisturbed, above what a worker of that run took at least, and above what weights,
    /// gradients and moments take.
    Memory,
    /// A hundred times the learning rate of the undisturbed run.
    LearningRate,
    /// A column that is not there is named: to be refused before anything is trained.
    BadColumn,
    /// The Hub's first answer with a large file is cut short.
    CutDownload,
    /// A training worker is ended as by `kill -9`, at a step drawn by the seed.
    KillWorker,
    /// The program itself is ended so, and resumed.
    KillProgram,
    /// The request is said vaguely.
    Vague,
    /// The request is full of slips of the keys.
    Misspelt,
}

/// What is to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The target is reached all the same.
    Target,
    /// An orderly refusal that names what is wrong, before anything is trained.
    Refusal,
}

impl Fault {
    /// Every fault, in order; without [`Fault::None`].
    pub const ALL: [Fault; 8] = [
        Fault::Memory,
        Fault::LearningRate,
        Fault::BadColumn,
        Fault::CutDownload,
        Fault::KillWorker,
        Fault::KillProgram,
        Fault::Vague,
        Fault::Misspelt,
    ];

    /// Names its files.
    pub fn name(self) -> &'static str {
        match self {
            Fault::None => "none",
            Fault::Memory => "memory",
            Fault::LearningRate => "learning_rate",
            Fault::BadColumn => "bad_column",
            Fault::CutDownload => "cut_download",
            Fault::KillWorker => "kill_worker",
            Fault::KillProgram => "kill_program",
            Fault::Vague => "vague",
            Fault::Misspelt => "misspelt",
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Fault::None => "undisturbed",
            Fault::Memory => "memory below need",
            Fault::LearningRate => "learning rate x 100",
            Fault::BadColumn => "a column that is not there",
            Fault::CutDownload => "a cut download",
            Fault::KillWorker => "kill -9 of the worker",
            Fault::KillProgram => "kill -9 of the program",
            Fault::Vague => "a vague request",
            Fault::Misspelt => "a misspelt request",
        }
    }

    pub fn expected(self) -> Expected {
        match self {
            Fault::BadColumn => Expected::Refusal,
            Fault::None
            | Fault::Memory
            | Fault::LearningRate
            | Fault::CutDownload
            | Fault::KillWorker
            | Fault::KillProgram
            | Fault::Vague
            | Fault::Misspelt => Expected::Target,
        }
    }

    /// Whether there is something in the task that it can be done to.
    pub fn applies(self, tier: &Tier) -> bool {
        match self {
            Fault::None | Fault::Memory | Fault::LearningRate | Fault::KillWorker | Fault::KillProgram => true,
            Fault::BadColumn => tier.bad_column.is_some(),
            Fault::CutDownload => tier.hub,
            Fault::Vague => tier.vague.is_some(),
            Fault::Misspelt => tier.misspelt.is_some(),
        }
    }

    /// Whether it is measured from the undisturbed run with the same seed.
    pub fn needs_undisturbed(self) -> bool {
        matches!(self, Fault::Memory | Fault::LearningRate)
    }
}

/// After how many of `total` steps a kill with this seed strikes: in the middle four fifths, so that there is something to lose.
pub(super) fn strike_at(seed: u64, fault: Fault, total: u64) -> u64 {
    let draw = f64::from(Stream::root(seed).named("bench").named(fault.name()).uniform(0));
    ((0.1 + 0.8 * draw) * total as f64).floor().max(1.0) as u64
}

/// The memory that a run is given which took `trained` bytes for training and `least` for its smallest worker.
pub(super) fn too_little_memory(trained: u64, least: u64) -> u64 {
    let least = least.min(trained);
    least + (trained - least) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_are_drawn_by_the_seed_and_lie_within() {
        let strikes: Vec<u64> = (0..50).map(|seed| strike_at(seed, Fault::KillWorker, 100)).collect();
        assert!(strikes.iter().all(|step| (10..=90).contains(step)), "{strikes:?}");
        assert!(strikes.iter().collect::<std::collections::BTreeSet<_>>().len() > 20);
        assert_eq!(strike_at(3, Fault::KillWorker, 100), strike_at(3, Fault::KillWorker, 100));
        assert_eq!(strike_at(3, Fault::KillWorker, 1), 1);
    }

    #[test]
    fn half_of_what_training_takes_is_left() {
        assert_eq!(too_little_memory(100, 40), 70);
        assert_eq!(too_little_memory(30, 40), 30);
    }
}
