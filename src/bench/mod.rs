//! Suites of tasks, run unattended through the program's own front door, and what is honestly to be said of how they went.
//!
//! A [`Suite`] is data. A [`Trial`] is one task with one seed and perhaps one fault, run as a user runs it: a child process of this
//! binary, in a run folder of its own. What it says of itself is read from that run's ledger and report. [`Results`] are made from
//! trials alone, so they can be made again at any time. `suite`, `fault`, `trial`, `results`, `compare` and the pages are pure;
//! `made` makes data, `runner` runs, `files` reads and writes what it leaves, `strike` does the faults, `cut_hub` is a Hub with a bad line,
//! `beside` runs another framework.

mod beside;
mod compare;
mod cut_hub;
mod energy;
mod error;
mod fault;
mod files;
mod made;
mod page;
mod results;
mod runner;
mod strike;
mod suite;
mod tables;
mod trial;

pub use beside::{Beside, Framework};
pub use compare::{Comparison, compare};
pub use fault::Fault;
pub use files::load_results;
pub use page::page;
pub use results::{Results, Share};
pub use runner::{Bench, Told};
pub use suite::{Suite, SuiteError, Tier, TierName, shipped};
pub use tables::{comparison_markdown, markdown};
pub use trial::{Ending, Machine, Program, Trial};
