//! `ExperimentSpec`: WHAT is tested. People write it as TOML; a planner writes the same file. Pure: no file is opened here.

mod adapter;
mod file;
mod metric;
mod optimizer;
mod place;
mod schedule;
mod schema;
mod task;
mod types;

pub use adapter::{AdapterSpec, Preference};
pub use file::{Error, VERSION, parse, parse_with, to_toml};
pub use metric::Metric;
pub use optimizer::Optimizer;
pub use schedule::{Schedule, Warmup};
pub use task::Task;
pub use types::*;
