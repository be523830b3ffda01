//! The gradients of a step, summed over its micro-batches.

use crate::matmul::Write;
#[cfg(device_kernels)]
use crate::optim;
use crate::{Error, Param, ParamStore, Result, blocks, simd, slice};
use candle_core::{DType, Tensor};
use rayon::prelude::*;

/// One gradient for each trainable parameter, addressed by parameter; kept from step to step so that memory is reused.
pub struct Gradients {
    by_id: Vec<Option<Slot>>,
}

/// A parameter's gradient and what may be in its memory.
struct Slot {
    grad: Tensor,
    /// Whether this step has reached it; if not, the memory holds an earlier step's.
    live: bool,
    touched: Touched,
}

/// Which elements of the memory may differ from zero.
enum Touched {
    All,
    /// These rows of the first dimension, in order, each once: an embedding's.
    Rows(Vec<u32>),
}

impl Gradients {
    /// No gradients yet, for the parameters of `store`.
    pub fn new(store: &ParamStore) -> Self {
        Gradients { by_id: (0..store.len()).map(|_| None).collect() }
    }

    /// The parameter's gradient, if backward reached it.
    pub fn get(&self, param: &Param) -> Option<&Tensor> {
        self.by_id[param.id()].as_ref().filter(|slot| slot.live).map(|slot| &slot.grad)
    }

    /// Takes the parameter's gradient out, if backward reached it, so that its memory can go.
    pub fn take(&mut self, param: &Param) -> Option<Tensor> {
        self.by_id[param.id()].take_if(|slot| slot.live).map(|slot| slot.grad)
    }

    /// Forgets all gradients, but keeps their memory for the next step.
    pub fn clear(&mut self) {
        self.by_id.iter_mut().flatten().for_each(|slot| slot.live = false);
    }

    /// # Errors
    /// Names every trainable parameter that no gradient reached.
    pub fn check_complete(&self, store: &ParamStore) -> Result<()> {
        let missing: Vec<String> = store.trainable().filter(|p| self.get(p).is_none()).map(|p| p.name().to_string()).collect();
        if missing.is_empty() { Ok(()) } else { Err(Error::NoGradient(missing)) }
    }

    /// The Euclidean norm of all gradients together: squares are summed in float64, by fixed blocks, parameters by name.
    /// Parameters without a gradient count as zeros. NaN or infinity in a gradient shows in the result.
    ///
    /// # Errors
    /// A tensor operation failed.
    pub fn global_norm(&self, store: &ParamStore) -> Result<f64> {
        #[cfg(device_kernels)]
        {
            let grads: Vec<&Tensor> = store.trainable().filter_map(|p| self.get(p)).collect();
            if !grads.is_empty() && grads.iter().all(|grad| crate::device::takes(grad)) {
                return Ok(optim::sum_of_squares(&grads)?.sqrt());
            }
        }
        let mut sum = 0.0;
        for grad in store.trainable().filter_map(|p| self.get(p)) {
            sum += if slice::is_fast(grad) {
                let grad = slice::floats(grad)?;
                let partial: Vec<f64> = grad.par_chunks(blocks::BLOCK * 8).map(simd::sum_of_squares).collect();
                partial.iter().sum::<f64>()
            } else {
                grad.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar::<f64>()?
            };
        }
        Ok(sum.sqrt())
    }

    /// Holds every element of every gradient to `[-most, most]`, in place, as `torch.nn.utils.clip_grad_value_`; NaN stays NaN.
    ///
    /// # Errors
    /// A tensor operation failed.
    pub fn clip_values(&mut self, store: &ParamStore, most: f64) -> Result<()> {
        for grad in store.trainable().filter_map(|p| self.get(p)) {
            if slice::is_fast(grad) {
                let most = most as f32;
                slice::update(grad, |grad| {
                    grad.par_chunks_mut(blocks::BLOCK).for_each(|grad| grad.iter_mut().for_each(|g| *g = g.clamp(-most, most)));
                })?;
            } else {
                slice::overwrite(grad, &grad.clamp(-most, most)?)?;
            }
        }
        Ok(())
    }

    /// Adds to the parameter's gradient; nothing where it is not trained. It may come from elsewhere than a tape.
    ///
    /// # Errors
    /// It has another shape.
    pub fn add(&mut self, param: &Param, grad: Tensor) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        if grad.dims() != param.tensor().dims() {
            let expected = format!("{:?}", param.tensor().dims());
            return Err(Error::shape("gradient", format!("of `{}`", param.name()), expected, grad.dims()));
        }
        let place = &mut self.by_id[param.id()];
        let grad = match place.take() {
            Some(have) if have.live && slice::is_fast(&have.grad) => {
                blocks::accumulate(&have.grad, &grad)?;
                have.grad
            }
            Some(have) if have.live => (have.grad + grad)?,
            _ => grad.contiguous()?,
        };
        *place = Some(Slot { grad, live: true, touched: Touched::All });
        Ok(())
    }

    pub(crate) fn add_with(&mut self, param: &Param, f: impl FnOnce(&mut [f32])) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        let slot = self.zeroed(param)?;
        slot.touched = Touched::All;
        slice::update(&slot.grad, f)
    }

    /// As [`Gradients::add_with`] without zeros at first: `f` is told whether to set or to add.
    pub(crate) fn add_product(&mut self, param: &Param, f: impl FnOnce(&mut [f32], Write)) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        let place = &mut self.by_id[param.id()];
        let (grad, write) = match place.take() {
            Some(slot) if slot.live => (slot.grad, Write::Add),
            Some(slot) if slice::is_fast(&slot.grad) => (slot.grad, Write::Set),
            _ => (param.tensor().zeros_like()?, Write::Set),
        };
        let slot = place.insert(Slot { grad, live: true, touched: Touched::All });
        slice::update(&slot.grad, |grad| f(grad, write))
    }

    pub(crate) fn add_rows_with(&mut self, param: &Param, rows: &[u32], f: impl FnOnce(&mut [f32])) -> Result<()> {
        if !param.is_trainable() {
            return Ok(());
        }
        let slot = self.zeroed(param)?;
        if let Touched::Rows(touched) = &mut slot.touched {
            touched.extend_from_slice(rows);
            touched.sort_unstable();
            touched.dedup();
        }
        slice::update(&slot.grad, f)
    }

    /// The parameter's slot, live: as it is, or zeros if this step has not reached it yet.
    fn zeroed(&mut self, param: &Param) -> Result<&mut Slot> {
        let place = &mut self.by_id[param.id()];
        let slot = match place.take() {
            Some(slot) if slot.live => slot,
            Some(slot) if slice::is_fast(&slot.grad) => {
                let width = param.len() / param.tensor().dims().first().copied().unwrap_or(1).max(1);
                slice::update(&slot.grad, |grad| match &slot.touched {
                    Touched::All => blocks::zero(grad),
                    Touched::Rows(rows) => rows.iter().for_each(|&row| grad[row as usize * width..][..width].fill(0.0)),
                })?;
                Slot { live: true, touched: Touched::Rows(Vec::new()), ..slot }
            }
            _ => Slot { grad: param.tensor().zeros_like()?, live: true, touched: Touched::Rows(Vec::new()) },
        };
        Ok(place.insert(slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Init, Stream, Weights};
    use candle_core::Device;

    #[test]
    fn memory_is_kept_and_zeroed() -> Result<()> {
        #[cfg(feature = "cuda-emulation")]
        crate::device::emulated(crate::device::Order::Rising, kept_and_zeroed)?;
        kept_and_zeroed()
    }

    /// Several parameters, of a block of squares and more.
    #[test]
    fn the_norm_is_of_all_gradients() -> Result<()> {
        let norm = || {
            let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
            let params = [("a", 3), ("b", 40_000), ("c", 16_385)].map(|(name, n)| weights.param(name, &[n], Init::Zeros));
            let (store, _) = weights.finish()?;
            let mut grads = Gradients::new(&store);
            let mut expected = 0.0;
            for (i, p) in params.iter().enumerate() {
                let values: Vec<f32> = (0..p.len()).map(|at| ((at * 7 + i) % 13) as f32 - 6.0).collect();
                expected += values.iter().map(|v| f64::from(v * v)).sum::<f64>();
                grads.add(p, Tensor::from_vec(values, p.len(), &Device::Cpu)?)?;
            }
            assert_eq!(grads.global_norm(&store)?, expected.sqrt());
            Ok(())
        };
        #[cfg(feature = "cuda-emulation")]
        crate::device::emulated(crate::device::Order::Falling, norm)?;
        norm()
    }

    #[test]
    fn values_are_held_within_bounds() -> Result<()> {
        for dtype in [DType::F32, DType::F64] {
            let weights = Weights::scratch(Stream::root(0), &Device::Cpu).with_dtype(dtype);
            let p = weights.param("p", &[4], Init::Zeros);
            let (store, _) = weights.finish()?;
            let mut grads = Gradients::new(&store);
            grads.add(&p, Tensor::new(&[-3.0, 0.25, f64::INFINITY, 0.5], &Device::Cpu)?.to_dtype(dtype)?)?;
            grads.clip_values(&store, 0.5)?;
            let found = grads.get(&p).map(|g| g.to_dtype(DType::F64)?.to_vec1::<f64>()).transpose()?;
            assert_eq!(found, Some(vec![-0.5, 0.25, 0.5, 0.5]));
        }
        Ok(())
    }

    fn kept_and_zeroed() -> Result<()> {
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu);
        let p = weights.param("p", &[3, 2], Init::Zeros);
        let (store, _) = weights.finish()?;
        let mut grads = Gradients::new(&store);
        assert!(matches!(grads.check_complete(&store), Err(Error::NoGradient(names)) if names == ["p"]));
        let values = |grads: &Gradients| grads.get(&p).map(|g| g.flatten_all()?.to_vec1::<f32>()).transpose();

        grads.add_rows_with(&p, &[2], |g| g[4] = 3.0)?;
        grads.add_rows_with(&p, &[0, 2], |g| g[0] += 4.0)?;
        assert_eq!(values(&grads)?, Some(vec![4., 0., 0., 0., 3., 0.]));
        assert_eq!(grads.global_norm(&store)?, 5.0);
        grads.clear();
        assert_eq!((values(&grads)?, grads.global_norm(&store)?), (None, 0.0));
        grads.add_rows_with(&p, &[1], |g| g[2] += 1.0)?;
        assert_eq!(values(&grads)?, Some(vec![0., 0., 1., 0., 0., 0.]));
        grads.add(&p, Tensor::ones((3, 2), DType::F32, &Device::Cpu)?)?;
        assert_eq!(values(&grads)?, Some(vec![1., 1., 2., 1., 1., 1.]));
        grads.clear();
        grads.add_with(&p, |g| g[5] += 7.0)?;
        grads.add_product(&p, |g, write| g[0] += if write == Write::Add { 1.0 } else { f32::NAN })?;
        assert_eq!(values(&grads)?, Some(vec![1., 0., 0., 0., 0., 7.]));
        grads.clear();
        grads.add_product(&p, |g, write| g.fill(if write == Write::Set { 2.0 } else { f32::NAN }))?;
        assert_eq!(values(&grads)?, Some(vec![2.; 6]));
        assert!(grads.add(&p, Tensor::ones(2, DType::F32, &Device::Cpu)?).is_err());
        grads.check_complete(&store)
    }
}
