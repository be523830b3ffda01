//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::Tensor;

pub(super) fn forward(x: &Tensor, groups: usize, w: &Tensor, b: &Tensor, eps: f64) -> Result<Tensor> {
    let (n, _) = normalised(x, groups, eps)?;
    Ok(n.broadcast_mul(w)?.broadcast_add(b)?)
}

/// `(dx, dw, db)`.
pub(super) fn backward(dy: &Tensor, x: &Tensor, groups: usize, w: &Tensor, eps: f64) -> Result<(Tensor, Tensor, Tensor)> {
    let (n, r) = normalised(x, groups, eps)?;
    let dn = dy.broadcast_mul(w)?;
    let inner = (&dn - group_mean(&dn, groups)?)? - (&n * group_mean(&(&dn * &n)?, groups)?)?;
    let sum = |t: &Tensor| t.flatten_to(2)?.sum(0);
    Ok(((inner? * r)?, sum(&(dy * &n)?)?, sum(dy)?))
}

/// `n` and `r`, both of the shape of `x`.
fn normalised(x: &Tensor, groups: usize, eps: f64) -> Result<(Tensor, Tensor)> {
    let centred = (x - group_mean(x, groups)?)?;
    let r = (group_mean(&centred.sqr()?, groups)? + eps)?.sqrt()?.recip()?;
    Ok(((centred * &r)?, r))
}

/// Each element's group's mean.
fn group_mean(x: &Tensor, groups: usize) -> Result<Tensor> {
    let (batch, height, width, channels) = x.dims4()?;
    let split = x.reshape((batch, height * width, groups, channels / groups))?;
    let mean = split.mean_keepdim(3)?.mean_keepdim(1)?;
    Ok(mean.broadcast_as(split.shape())?.reshape(x.shape())?)
}
