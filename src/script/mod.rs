//! The fallback for what the zoo lacks: a Python script in a container.
//!
//! The script tells what it does as typed lines ([`Told`], by the module `tallow` that lies beside it) and is supervised as a worker of our
//! own is: how an attempt ended is an [`Outcome`](crate::run::Outcome), named from the engine's word, those lines and the last exception;
//! [`recovery::decide`] says what is tried next. Its numbers are its own, and pages say so; what it predicts is scored here.

mod contract;
pub mod outcome;
pub mod python;
pub mod recovery;
mod score;
mod spec;
mod supervise;

pub use contract::{Heard, Settings, Told};
pub use score::{Scored, score};
pub use spec::{HeldOut, ScriptSpec, VERSION};
pub use supervise::{Ended, RUN, ScriptJob, Scripts, image_id, lay, lay_held_out, predictions, told};

/// What lies beside a script in its container.
pub const SHIM: &str = include_str!("shim/tallow.py");
/// What starts it.
pub const RUNNER: &str = include_str!("shim/run.py");
