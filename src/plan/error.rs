//! Why a spec cannot be planned.

use crate::error::{Class, Failure};
use crate::words::bullets;

/// Spec and facts do not fit: every problem at once.
#[derive(Debug, thiserror::Error)]
#[error("the experiment does not fit what is there:{}", bullets(.0))]
pub struct Error(pub Vec<String>);

impl Failure for Error {
    fn class(&self) -> Class {
        Class::Spec
    }
}
