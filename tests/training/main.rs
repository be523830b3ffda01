//! The trainer as the worker calls it, on small prepared files made here: it learns what it should, repeats itself bit for bit, goes
//! on after a stop or a damaged checkpoint, and refuses what cannot be used.

mod bench;
mod conversations;
mod golden;
mod numbers;
mod recipes;
mod refused;
mod repeated;
mod similarity;
mod supervised;
mod written;
