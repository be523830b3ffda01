//! The worker's training and evaluation: everything that touches a device. Reads prepared files, writes into the attempt's folder,
//! tells events; knows nothing of plans, papers or the network.

mod calibrate;
mod checkpoint;
mod collate;
mod error;
mod evaluate;
mod optimizer;
mod order;
mod schedule;
mod streams;
mod train;
mod weights;

pub use calibrate::matmul_flops;
pub use error::Error;
pub use evaluate::evaluate;
pub use order::steps_per_epoch;
pub use schedule::lr_at;
pub use train::{Finish, train};
