//! Why a spec cannot be planned.

use crate::error::{Class, Failure};

/// Spec and facts do not fit: every problem at once.
#[derive(Debug, thiserror::Error)]
#[error("the experiment does not fit what is there:{}", .0.iter().map(|p| format!("\n  - {p}")).collect::<String>())]
pub struct Error(pub Vec<String>);

impl Failure for Error {
    fn class(&self) -> Class {
        Class::Spec
    }
}
