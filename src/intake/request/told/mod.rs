//! What stands in a request and sets nothing: what is said again, aside or as a reason. And what was understood, in a few words.

mod about_data;
pub(super) mod again;
pub(super) mod asides;
mod clauses;
pub(super) mod contradicted;
mod judge;
mod marks;
mod signature;
pub(super) mod understood;
pub(super) mod unmet;
mod wishes;
