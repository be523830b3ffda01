//! The plain version, in Candle operations: any device, any float type. It makes all scores at once.

use super::{Layer, Outcome, Wanted};
use crate::cross_entropy::{Rows, plain};
use crate::targets::Counted;
use crate::{Error, Result};

pub(super) fn run(layer: Layer, counted: &Counted, shares: &[f64], wanted: Wanted) -> Result<Outcome> {
    let mut z = layer.h.matmul(&layer.w.t()?)?;
    if let Some(bias) = layer.b {
        z = z.broadcast_add(bias)?;
    }
    let Rows { each, dz } = plain(&z, counted, shares)?;
    let missing = || Error::Argument { op: "linear_cross_entropy", message: "the scores have no gradient".into() };
    let dz = dz.ok_or_else(missing)?;
    Ok(Outcome {
        each,
        dhidden: wanted.hidden.then(|| dz.matmul(layer.w)).transpose()?,
        dweight: wanted.weight.then(|| dz.t()?.matmul(layer.h)).transpose()?,
        dbias: wanted.bias.then(|| dz.sum(0)).transpose()?,
    })
}
