//! The GPU version: a thread for each pair. The tables go to the device once.

use super::{Rope, Turn};
use crate::Result;
use crate::device::{self, Arg, Grid, Kernel};
use candle_core::{Device, Tensor};
use std::sync::{Arc, Mutex, PoisonError};

/// Cosines and sines on the device that used them last. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables(Arc<Mutex<Option<[Tensor; 2]>>>);

impl Tables {
    fn on(&self, device: &Device, rope: &Rope) -> Result<[Tensor; 2]> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tables) = held.as_ref().filter(|tables| tables[0].device().same_device(device)) {
            return Ok(tables.clone());
        }
        let upload = |values: &Vec<f32>| Tensor::from_slice(values, values.len(), device);
        let tables = [upload(&rope.tables[0])?, upload(&rope.tables[1])?];
        Ok(held.insert(tables).clone())
    }
}

pub(super) fn turn(table: &Rope, x: &Tensor, places: &[u32], turn: Turn) -> Result<Tensor> {
    let x = x.contiguous()?;
    let dim = x.dim(2)?;
    let [cosines, sines] = table.on_device.on(x.device(), table)?;
    let places = Tensor::from_slice(places, places.len(), x.device())?;
    let (y, pairs) = (device::empty_like(&x)?, x.elem_count() / 2);
    let args = [
        Arg::Read(&x),
        Arg::Read(&cosines),
        Arg::Read(&sines),
        Arg::Read(&places),
        Arg::Write(&y),
        Arg::Long(pairs),
        Arg::Int(dim),
        Arg::Int(table.size / 2),
        Arg::Float(if turn == Turn::Forward { 1.0 } else { -1.0 }),
    ];
    Kernel { op: "rope", name: "rope_turn", dtype: x.dtype() }.launch(x.device(), Grid::elements(pairs), &args)?;
    Ok(y)
}
