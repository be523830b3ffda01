//! Where a number that is not finite comes from. Told before anybody touches the learning rate: most such numbers are none of its.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What made a run diverge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// The data hold it: this example of the prepared training split (from 0), whose input is not finite, or which is not finite in the
    /// model when it is taken alone, while the others of its batch are and all before it was calm.
    Data { example: usize },
    /// It was there before any step was taken: the weights that the run began with give it, of data that are finite.
    Loaded { place: Place },
    /// One step alone: what came before it was as ever, weights and data are finite. `grad_norm`: what was usual before.
    Operation { place: Place, grad_norm: f64 },
    /// Losses or gradients grew over the steps before, or an update made weights that are not finite. `grad_norm`: what was usual
    /// before they grew, where enough steps say so.
    Growth { place: Place, grad_norm: Option<f64> },
}

/// Where it showed first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The operation whose output it was; none: it was no operation's output in forward.
    #[serde(default)]
    pub operation: Option<String>,
    /// The parameter that the operation used or that was used last before it; without an operation the parameter whose gradient
    /// backward reached first, or whose own values it was.
    #[serde(default)]
    pub parameter: Option<String>,
}

impl fmt::Display for Place {
    /// ", first in `gelu` at `encoder.layer.0.output.dense.weight`"; nothing where nothing is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.operation, &self.parameter) {
            (Some(operation), Some(parameter)) => write!(f, ", first in `{operation}` at `{parameter}`"),
            (Some(operation), None) => write!(f, ", first in `{operation}`"),
            (None, Some(parameter)) => write!(f, ", first at `{parameter}`"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Data { example } => write!(f, ": training example {example} (from 0) is not finite, alone in its batch"),
            Origin::Loaded { place } => write!(f, "{place}: the weights that it began with give it, before any step"),
            Origin::Operation { place, .. } => write!(f, "{place}: in one step, those before it were as ever"),
            Origin::Growth { place, .. } => write!(f, "{place}: it grew over the steps before"),
        }
    }
}
