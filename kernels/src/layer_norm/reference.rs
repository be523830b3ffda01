//! The plain version, in Candle operations: any device, any float type.

use crate::Result;
use candle_core::{D, Tensor};

/// What backward needs: the normalised input `n` and `r`.
pub(super) struct Saved {
    n: Tensor,
    r: Tensor,
}

pub(super) fn forward(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64) -> Result<(Tensor, Saved)> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let r = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?.recip()?;
    let n = centred.broadcast_mul(&r)?;
    Ok((n.broadcast_mul(w)?.broadcast_add(b)?, Saved { n, r }))
}

/// `(dx, dw, db)`.
pub(super) fn backward(dy: &Tensor, saved: &Saved, w: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
    let Saved { n, r } = saved;
    let g = dy.broadcast_mul(w)?;
    let along = n.broadcast_mul(&(&g * n)?.mean_keepdim(D::Minus1)?)?;
    let dx = (g.broadcast_sub(&g.mean_keepdim(D::Minus1)?)? - along)?.broadcast_mul(r)?;
    let rows = |t: &Tensor| Ok::<_, crate::Error>(t.reshape(((), w.elem_count()))?.sum(0)?);
    Ok((dx, rows(&(dy * n)?)?, rows(dy)?))
}
