//! The jail of a worker: what a policy asks for, and what the kernel really holds.
//!
//! The worker is our own binary. It enters the jail itself, single-threaded, before it reads its job or any file: first the limits,
//! then the files (Landlock), then the system calls (seccomp). A layer that the policy asks for and the kernel lacks is refused.

mod files;
mod limits;
mod policy;
pub mod stop;
mod syscalls;

pub use policy::{Level, Policy};

use crate::error::{Class, Failure};
use std::collections::BTreeMap;

/// The jail cannot be built as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the sandbox layer `{layer}` is missing: {message}")]
    Missing { layer: &'static str, message: String },
    #[error("the sandbox knows only Linux")]
    Unsupported,
}

impl Failure for Error {
    fn class(&self) -> Class {
        Class::Sandbox
    }
    fn hint(&self) -> Option<String> {
        Some("`--sandbox best-effort` runs with the layers that this kernel has; `tallow doctor` lists them".into())
    }
}

/// What really holds, layer by layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effective {
    layers: BTreeMap<String, String>,
}

impl Effective {
    /// Layer -> what holds, in words.
    pub fn in_words(&self) -> BTreeMap<String, String> {
        self.layers.clone()
    }
}

/// Puts this process into the jail, for good.
///
/// # Errors
/// A layer is missing and the policy is strict.
pub fn enter(policy: &Policy) -> Result<Effective, Error> {
    let mut effective = Effective::default();
    if policy.level == Level::Off {
        effective.layers.insert("none".into(), "switched off by the user".into());
        return Ok(effective);
    }
    let layers: [(&'static str, fn(&Policy) -> Result<String, String>); 3] =
        [("limits", limits::apply), ("files", files::apply), ("syscalls", syscalls::apply)];
    for (layer, apply) in layers {
        match apply(policy) {
            Ok(words) => effective.layers.insert(layer.into(), words),
            Err(message) if policy.level == Level::Strict => return Err(Error::Missing { layer, message }),
            Err(message) => effective.layers.insert(layer.into(), format!("MISSING: {message}")),
        };
    }
    Ok(effective)
}

/// Which layers this kernel offers, without entering any.
pub fn probe() -> Vec<(String, Result<String, String>)> {
    let actions = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
    let seccomp = actions.map(|_| "seccomp filters".to_string()).map_err(|_| "this kernel has no seccomp filters".to_string());
    vec![("files".to_string(), files::offered()), ("syscalls".to_string(), seccomp)]
}
