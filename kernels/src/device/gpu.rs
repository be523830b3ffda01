//! Kernels on a GPU, through Candle's device: its context, its stream, its store of loaded modules.

use super::{Grid, Kernel, Raw};
use crate::{Error, Result};
use candle_core::Device;
use candle_core::cuda_backend::cudarc::driver::sys;
use candle_core::cuda_backend::cudarc::driver::sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, DevicePtr, DriverError, LaunchConfig, PushKernelArg};
use candle_core::cuda_backend::{CudaDevice, CudaStorage, CudaStorageSlice};

/// Each source's PTX, by operation and type.
static PTX: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/ptx.rs"));

/// Dynamic shared memory beyond which a kernel must ask for it.
const SHARED_UNASKED: usize = 48 * 1024;

/// The compute capability that the kernels are compiled for; later ones take them too.
const CAPABILITY: (i32, i32) = (8, 0);

/// Opens the GPU of that number, checks that it can run the kernels, and sets it up for training: one stream needs no events, and
/// memory that is freed stays with this process for the next step. For results that repeat, the environment must hold
/// `CUBLAS_WORKSPACE_CONFIG=:4096:8` before.
///
/// # Errors
/// There is no such GPU or no driver, or the GPU is older than compute capability 8.0.
pub fn open_gpu(number: usize) -> Result<Device> {
    let argument = |message: String| Error::Argument { op: "open_gpu", message };
    let device = Device::new_cuda(number).map_err(|e| {
        argument(format!("GPU {number} cannot be opened: {e}; hint: `nvidia-smi` shows GPUs and driver; the CPU works without"))
    })?;
    let cuda = device.as_cuda_device()?;
    let context = cuda.cuda_stream().context().clone();
    let driver = |e: DriverError| argument(format!("GPU {number}: {e}"));
    let found = context.compute_capability().map_err(driver)?;
    if found < CAPABILITY {
        let (name, expected) = (context.name().map_err(driver)?, CAPABILITY);
        let message = format!("GPU {number} ({name}): expected compute capability {expected:?} or later, found {found:?}");
        return Err(argument(message + "; hint: train on the CPU"));
    }
    // SAFETY: all work of the device goes to its one stream (see `device`), which is what the events would order.
    unsafe { cuda.disable_event_tracking() };
    keep_freed_memory(context.cu_device()).map_err(driver)?;
    Ok(device)
}

/// Lets the device's memory pool keep what is freed, instead of giving it back whenever the host waits.
fn keep_freed_memory(device: sys::CUdevice) -> std::result::Result<(), DriverError> {
    let (mut pool, mut threshold) = (std::ptr::null_mut(), u64::MAX);
    let attribute = sys::CUmemPool_attribute::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: the device is open; `pool` is written before it is read; the attribute is a 64-bit number that lives through the call.
    unsafe {
        sys::cuDeviceGetDefaultMemPool(&raw mut pool, device).result()?;
        sys::cuMemPoolSetAttribute(pool, attribute, (&raw mut threshold).cast()).result()
    }
}

/// The first GPU, where tests find one.
#[cfg(test)]
pub(crate) fn any_gpu() -> Option<Device> {
    thread_local! {
        static GPU: Option<Device> = open_gpu(0).ok();
    }
    GPU.with(Clone::clone)
}

pub(super) fn launch(device: &CudaDevice, kernel: Kernel, grid: Grid, args: &[Raw]) -> Result<()> {
    let source = kernel.source();
    let Some((module, ptx)) = PTX.iter().find(|(name, _)| *name == source) else {
        return Err(kernel.error(format!("there is no source `{source}`")));
    };
    let loaded = device.get_or_load_custom_func(kernel.name, &format!("tallow.{module}"), ptx);
    let function = loaded.map_err(|e| {
        kernel.error(format!(
            "cannot be loaded: {e}; hint: it needs a GPU of compute capability 8.0 and a driver as new as the toolkit"
        ))
    })?;
    if grid.shared_bytes > SHARED_UNASKED {
        let set = function.set_attribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, grid.shared_bytes as i32);
        set.map_err(|e| kernel.error(format!("needs {} bytes of shared memory in a block: {e}", grid.shared_bytes)))?;
    }
    let mut builder = function.builder();
    for arg in args {
        // The kernel takes as many bytes of it as its own type has.
        builder.arg(&arg.bits);
    }
    let config = LaunchConfig {
        grid_dim: (grid.blocks as u32, 1, 1),
        block_dim: (grid.threads[0], grid.threads[1], 1),
        shared_mem_bytes: grid.shared_bytes as u32,
    };
    // SAFETY: number and types of the arguments are the kernel's, which the emulated tests check for every launch; memory is
    // alive and large enough by the operation's own checks of shapes.
    unsafe { builder.launch(config) }.map_err(|e| kernel.error(format!("cannot be launched: {e}")))?;
    Ok(())
}

/// Where a tensor's memory starts. The event that Candle would record for another stream is of no use: there is one stream.
pub(super) fn address(storage: &CudaStorage) -> candle_core::Result<u64> {
    fn of<T>(slice: &CudaSlice<T>, device: &CudaDevice) -> u64 {
        slice.device_ptr(&device.cuda_stream()).0
    }
    Ok(match &storage.slice {
        CudaStorageSlice::F32(s) => of(s, &storage.device),
        CudaStorageSlice::BF16(s) => of(s, &storage.device),
        CudaStorageSlice::U32(s) => of(s, &storage.device),
        CudaStorageSlice::F64(s) => of(s, &storage.device),
        _ => candle_core::bail!("kernels take tensors of f32, bf16, u32 and f64"),
    })
}
