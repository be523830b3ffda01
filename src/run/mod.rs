//! Supervision: attempts, how each ended, and what to try next.

mod carry_out;
mod disk;
pub mod outcome;
pub mod process;
mod record;
pub mod recovery;
pub mod supervisor;

pub use disk::overrun;
pub(crate) use outcome::ended_by;
pub use outcome::{Budget, Outcome};
pub use recovery::Allowed;
pub use supervisor::{
    Attempt, MAX_WALL, OF_ITSELF, READING_MEMORY, SILENCE, Supervisor, Watch, readable_by_training, whole_secs,
};
