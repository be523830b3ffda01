//! Spec and facts -> [`Plan`]: fully resolved runs with their cost. Pure: what must be looked up comes in as [`Facts`].

mod types;

pub use types::*;
