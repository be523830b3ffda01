//! `ExperimentSpec`: WHAT is tested. People write it as TOML; the planner writes the same file.
//!
//! `raw` is the file as written (every field optional, unknown keys refused); `check` turns it into the types of `types`,
//! reporting all problems at once. Pure: no file is opened here.

mod types;

pub use types::*;
