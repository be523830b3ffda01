//! What the whole program makes of what it cannot use: papers, data, models, experiment files, disks and networks. Each case ends in a
//! message that says what, where, expected and found, the documented exit code, and nothing half-written.

#[path = "../hub_server/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod hub_server;
#[path = "../program/mod.rs"]
mod program;

mod data;
#[cfg(target_os = "linux")]
mod disk;
mod models;
mod network;
mod pairs;
mod papers;
mod sentences;
mod specs;
mod speech;
mod tables;
