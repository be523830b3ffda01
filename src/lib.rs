//! Tallow: an ML engineer in one native binary.
//!
//! ```text
//! request / paper     spec.toml        plan.json         Job (stdin)          Event (stdout)         eval.json    report
//!  ┌────────┐        ┌────────┐       ┌────────┐        ┌────────────┐       ┌──────────────────┐    ┌────────┐   ┌────────┐
//!  │ intake │ ─────▶ │  spec  │ ────▶ │  plan  │ ─────▶ │    run     │ ────▶ │ trainer (worker, │ ─▶ │  eval  │ ─▶│ report │
//!  └────────┘        └────────┘       └────────┘        │ supervisor │ ◀──── │  in the sandbox) │    └────────┘   └────────┘
//!                                                       └────────────┘       └──────────────────┘
//! ```
//!
//! Each arrow is a file in the run folder, written by the stage before it and parsed into a type by the stage after it.
//! The modules stand here in the order of the flow; `job` is the contract between the supervisor and its worker, `store` names
//! the files and keeps the ledger, `error` gives every failure its class and exit code, `words` says numbers and settings alike everywhere.

mod enumerated;
pub mod error;
mod stop;
pub mod store;
mod tar;
mod words;

pub mod bench;
pub mod cli;
pub mod data;
pub mod eval;
pub mod export;
pub mod intake;
pub mod job;
pub mod llm;
pub mod pipeline;
pub mod plan;
pub mod provenance;
pub mod publish;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod script;
pub mod search;
pub mod spec;
pub mod trainer;
