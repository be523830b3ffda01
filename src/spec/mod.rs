//! `ExperimentSpec`: WHAT is tested. People write it as TOML; a planner writes the same file. Pure: no file is opened here.

mod adapter;
mod border;
mod file;
mod groups;
mod image;
mod loss;
mod metric;
mod optimizer;
mod place;
mod schedule;
mod schema;
mod search;
mod similarity;
mod speech;
mod task;
mod text_to_text;
mod together;
mod types;
mod watching;

pub use adapter::{AdapterSpec, Preference};
pub use border::Border;
pub use file::{Error, VERSION, of_table, parse, parse_strictly, parse_with, to_toml};
pub(crate) use file::{lay_over, takes};
pub use groups::Group;
pub use image::{ImageSize, Resample};
pub use loss::{ClassWeights, Sampling};
pub use metric::{Metric, tell_entities};
pub use optimizer::Optimizer;
pub use schedule::{Decay, Schedule, Warmup};
pub use search::Search;
pub use similarity::Similarity;
pub use speech::{Compared, Speech, Write};
pub use task::Task;
pub use text_to_text::TextToText;
pub use types::*;
pub use watching::{BestBy, EarlyStopping, Ema, Keep};
