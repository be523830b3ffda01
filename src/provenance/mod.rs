//! What a run was made of, whether it repeats, and how two runs differ. Pure: what is compared was read by others.
//!
//! [`Manifest`] holds the hashes of all that decided a run; [`compare`] holds two of them against each other, and [`Trace`] what two
//! trainings logged, bit for bit.

mod difference;
mod manifest;
mod prepared;
mod script;
mod surroundings;
mod trace;
mod verification;

pub use difference::{Comparison, Difference, Input, compare, paired};
pub use manifest::{DataHashes, FileHash, Manifest, Prepared, RunHashes, Sourced, decides, settings};
pub use prepared::{prepared, sources};
pub use script::{ScriptHash, ScriptManifest};
pub use surroundings::{Determinism, DeviceKind, Surroundings};
pub use trace::{Parting, Quantity, Trace};
pub use verification::{Replayed, Verification, surroundings_apart};
