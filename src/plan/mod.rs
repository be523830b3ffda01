//! Spec and facts -> [`Plan`]: fully resolved runs with their cost. Pure: what must be looked up comes in as [`Facts`].

mod error;
mod estimate;
mod resolve;
mod types;

pub use error::Error;
pub use resolve::{Layout, resolve};
pub use types::*;
