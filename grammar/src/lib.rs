//! What a language model may write next so that the whole is JSON of a schema.
//!
//! A JSON schema becomes a [`Grammar`], once; a model's tokens become a [`Vocabulary`], once. A [`Constraint`] of the two then says
//! before each token which are allowed ([`Constraint::allowed`]) and hears which was taken ([`Constraint::take`]). Three things hold:
//!
//! - **Sound**: whatever is taken, the finished text is valid against the schema. Where the grammar cannot hold a keyword, the schema is
//!   refused with the keyword's place; where it would be too much to allow everything, it allows less (no white space between values, keys
//!   in one order, numbers of at most fifteen digits).
//! - **It ends**: every state knows the fewest tokens that still finish the text, and no token is allowed that would leave too few for that.
//!   A budget that is too small for the shortest text is refused before the first token.
//! - **No dead end**: a byte is allowed only where some text goes on from it, so a mask is empty only where the vocabulary lacks a byte.
//!
//! Numbers, lengths and lists are bounded where the schema does not bound them ([`Bounds`]), for a small model likes to go on for ever.
//!
//! This is no port of the well-known libraries of this kind: those ask of `serde_json` that all objects of the program keep the order
//! of their keys, which would change every file and hash that the program writes, and they do not steer a text to its end.

mod constraint;
mod disjoint;
mod flat;
mod grammar;
mod machine;
mod number;
mod pattern;
mod schema;
mod text;
mod vocabulary;

pub use constraint::{Constraint, Error};
pub use grammar::Grammar;
pub use schema::{Bounds, Problem, Unfit};
pub use vocabulary::{Mask, Vocabulary};
