//! Language models over HTTP: providers that do everything wrong, and the whole program with one on loopback.

#[expect(dead_code, reason = "others use the rest")]
#[path = "../program/mod.rs"]
mod program;
mod providers;
mod runs;
mod searches;
mod server;
