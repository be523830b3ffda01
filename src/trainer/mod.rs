//! The worker's training and evaluation: everything that touches a device. Reads prepared files, writes into the attempt's folder,
//! tells events; knows nothing of plans, papers or the network.
//!
//! Pure: `batches` (which examples, in which order), `schedule` (the learning rate), `streams` (all randomness), `divergence` (when it
//! has gone wrong), `best` (which evaluation was the best), `augment` (random changes of images). With effects: `weights` and
//! `checkpoint` (files), `additions` (an adapter's, taken into weights), `collate` (examples -> tensors), `objective` (outputs -> loss), `scale` (of numbers that are learnt),
//! `answering` (scores -> answers), `masking` (which words are hidden), `optimizer` (moments and their step), `ema` (the mean of
//! weights), `train` (the loop: read it first), `feed` (its batches, made ahead), `monitor` (what is watched meanwhile), `reference` (what preferences are measured
//! against), `similarity` (vectors of texts: their losses and what they are worth), `writing` (texts that are written from others), `telling` (a
//! model that is heard of while it writes),
//! `scoring` and `evaluate` (what a model is worth), `predict`, `generate`, `merge` and `export` (what is done with one that is there),
//! `calibrate` (how fast this machine is), `profile` (where a step's time goes).

mod additions;
mod answering;
mod augment;
mod batches;
mod best;
mod calibrate;
mod checkpoint;
mod collate;
mod divergence;
mod ema;
mod error;
mod evaluate;
mod export;
mod feed;
mod generate;
mod held;
mod in_bulk;
mod masking;
mod merge;
mod monitor;
mod objective;
mod optimizer;
mod predict;
mod profile;
mod reference;
mod scale;
mod schedule;
mod scoring;
mod similarity;
mod streams;
mod telling;
mod train;
mod weights;
mod writing;

pub use batches::steps_per_epoch;
pub use calibrate::matmul_flops;
pub use error::Error;
pub use evaluate::evaluate;
pub use export::export;
pub use generate::generate;
pub use merge::merge;
pub use predict::predict;
pub use profile::{BatchShape, Profiled, Row, profile};
pub use schedule::lr_at;
pub use train::{Finish, INIT, LaidOut, feed, lay_out, train};
