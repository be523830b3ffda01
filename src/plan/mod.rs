//! From a goal to a [`Plan`]: a [`Planner`] proposes experiments, [`resolve`] turns one and the facts into fully resolved runs with
//! their cost. Pure: what must be looked up comes in as [`Facts`].

pub mod advised;
mod checked;
mod error;
mod estimate;
mod idle;
mod license;
mod planner;
mod price;
mod resolve;
mod rules;
mod split_names;
mod types;

pub use checked::{Checked, Compared, Measured};
pub use error::Error;
pub use estimate::{Share, estimate, reference_secs, scoring_secs, size_of};
pub use license::{Duty, Gate, Licensed, hub_name, licensed, licensed_data};
pub use planner::{AtHand, DataChoice, Draft, Goal, Inspect, Offer, Planner, PlannerError, Revised, Wishes};
pub use price::{Gpu, Prices, secs_for, usd_of};
pub use resolve::{Layout, resolve, unpriced};
pub use rules::{Loose, RulePlanner, Shape, Silent, shapes, silences, usual_rate};
pub use types::*;
