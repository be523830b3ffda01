//! Kernels on the CPU, for tests: see `emulation.hpp`.

use super::{Grid, Kernel, Raw};
use crate::Result;
use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int};

/// In which order threads go on from barrier to barrier, and blocks one after the other. Both must give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), expect(dead_code, reason = "only tests emulate"))]
pub(crate) enum Order {
    Rising,
    Falling,
}

thread_local! {
    static ORDER: Cell<Option<Order>> = const { Cell::new(None) };
    static LAUNCHES: Cell<usize> = const { Cell::new(0) };
}

/// How many kernels this thread has launched.
#[cfg(test)]
pub(crate) fn launches() -> usize {
    LAUNCHES.get()
}

/// The order, while this thread emulates.
pub(super) fn order() -> Option<Order> {
    ORDER.get()
}

/// Runs `f`; meanwhile operations on this thread run their CUDA kernels on CPU tensors.
#[cfg(test)]
pub(crate) fn emulated<R>(order: Order, f: impl FnOnce() -> R) -> R {
    struct Reset(Option<Order>);
    impl Drop for Reset {
        fn drop(&mut self) {
            ORDER.set(self.0);
        }
    }
    let _reset = Reset(ORDER.replace(Some(order)));
    f()
}

unsafe extern "C" {
    /// `name` is "source:kernel". Returns 0, or 1 with a message in `message`.
    fn tallow_emulated_launch(
        name: *const c_char,
        blocks: u32,
        size_x: u32,
        size_y: u32,
        shared_bytes: u64,
        args: *const RawArg,
        count: u64,
        falling: c_int,
        message: *mut c_char,
        message_bytes: u64,
    ) -> c_int;
}

/// `emulation::Arg` of the header.
#[repr(C)]
struct RawArg {
    kind: u32,
    element_bytes: u32,
    bits: u64,
    bytes: u64,
}

pub(super) fn launch(kernel: Kernel, grid: Grid, args: &[Raw]) -> Result<()> {
    LAUNCHES.set(LAUNCHES.get() + 1);
    let name = format!("{}:{}", kernel.source(), kernel.name);
    let c_name = CString::new(name).map_err(|e| kernel.error(e.to_string()))?;
    let raw = |a: &Raw| RawArg { kind: u32::from(a.kind), element_bytes: a.element_bytes, bits: a.bits, bytes: a.bytes };
    let args: Vec<RawArg> = args.iter().map(raw).collect();
    let mut message = [0 as c_char; 512];
    // SAFETY: name, arguments and message live through the call with the lengths given; memory that the arguments name is alive
    // and, where it is written, exclusive by the contract of `address_mut`. The emulator checks kinds and bounds.
    let failed = unsafe {
        tallow_emulated_launch(
            c_name.as_ptr(),
            grid.blocks as u32,
            grid.threads[0],
            grid.threads[1],
            grid.shared_bytes as u64,
            args.as_ptr(),
            args.len() as u64,
            c_int::from(order() == Some(Order::Falling)),
            message.as_mut_ptr(),
            message.len() as u64,
        )
    };
    if failed == 0 {
        return Ok(());
    }
    // SAFETY: the emulator ends its message with a zero.
    let message = unsafe { CStr::from_ptr(message.as_ptr()) };
    Err(kernel.error(message.to_string_lossy().into_owned()))
}

/// What a kernel does wrong must show.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Arg;
    use candle_core::{DType, Device, Tensor};

    fn run(name: &'static str, order: Order, n: usize, more: &[Arg]) -> Result<Vec<f32>> {
        let y = Tensor::zeros(n, DType::F32, &Device::Cpu)?;
        let args: Vec<Arg> = [Arg::Write(&y)].into_iter().chain(more.iter().copied()).collect();
        let grid = Grid { blocks: 2, threads: [64, 1], shared_bytes: 0 };
        emulated(order, || Kernel { op: "faults", name, dtype: DType::F32 }.launch(&Device::Cpu, grid, &args))?;
        Ok(y.to_vec1()?)
    }

    #[test]
    fn faults_show() -> Result<()> {
        let error = |name, n, more: &[Arg]| run(name, Order::Rising, n, more).unwrap_err().to_string();
        assert!(error("misses_barrier", 1, &[]).contains("of 64 threads 63 wait at a barrier, 0 at a shuffle and 1 have ended"));
        assert!(error("misses_shuffle", 1, &[]).contains("31 at a shuffle"));
        assert!(error("writes_behind", 3, &[]).contains("it wrote outside of a buffer of 12 bytes"));
        let input = Tensor::zeros(3, DType::F32, &Device::Cpu)?;
        let grid = Grid { blocks: 1, threads: [32, 1], shared_bytes: 0 };
        let kernel = Kernel { op: "faults", name: "writes_input", dtype: DType::F32 };
        let found = emulated(Order::Rising, || kernel.launch(&Device::Cpu, grid, &[Arg::Read(&input)]));
        assert!(found.unwrap_err().to_string().contains("it changed a buffer that it says it reads"));
        assert!(error("misses_barrier", 1, &[Arg::Int(1)]).contains("it takes 1 arguments, found 2"));
        assert!(error("takes_int", 1, &[Arg::Long(1)]).contains("argument 1 is i4, found l8"));
        assert!(error("is_absent", 1, &[]).contains("there is no such kernel"));
        assert!(run("reads_before_writing", Order::Rising, 1, &[])?[0].is_nan());
        assert!(run("reads_behind", Order::Rising, 1, &[])?[0].is_nan());
        let (rising, falling) = (run("races", Order::Rising, 64, &[])?, run("races", Order::Falling, 64, &[])?);
        assert_ne!(rising, falling);
        let good: Vec<f32> = (0..64).map(|i| ((i + 1) % 64) as f32).collect();
        assert_eq!((run("passes_on", Order::Rising, 64, &[])?, run("passes_on", Order::Falling, 64, &[])?), (good.clone(), good));
        Ok(())
    }
}
