//! What is to be done, with which model, and how good it is to be.

pub(super) mod deeds;
pub(super) mod direction;
pub(super) mod kind;
pub(super) mod metrics;
pub(super) mod models;
pub(super) mod pair;
pub(super) mod papers;
pub(super) mod quality;
pub(super) mod question;
pub(super) mod speech;
