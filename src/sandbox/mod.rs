//! The jail of a worker: what a policy asks for, and what the kernel really holds.
//!
//! The worker is our own binary. It enters the jail itself, single-threaded, before it reads its job or any file ([`enter`]). The
//! supervisor puts a control group around it before that ([`Cgroup`]), where the machine has one to give. A layer that the policy
//! asks for and the kernel lacks is refused. What is there is said by [`probe`].

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod cgroup;
pub mod container;
#[cfg(target_os = "linux")]
mod files;
mod gpu;
#[cfg(target_os = "linux")]
mod inheritance;
mod layers;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod notices;
mod policy;
#[cfg(target_os = "linux")]
mod privileges;
mod probe;
mod refusal;
pub mod stop;
#[cfg(target_os = "linux")]
mod syscalls;

#[cfg(target_os = "linux")]
pub use cgroup::{Cgroup, memory_around};
pub use gpu::Gpu;
pub use layers::{Effective, Error, Layer, MISSING, State, enter};
#[cfg(target_os = "linux")]
pub use limits::survive_file_limits;
#[cfg(target_os = "linux")]
pub use notices::{Listener, Refused};
pub use policy::{Entry, Grouped, Level, MARK, Policy};
pub use probe::probe;
pub use refusal::{Refusal, in_words};
