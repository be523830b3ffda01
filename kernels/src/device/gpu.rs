//! Kernels on a GPU, through Candle's device: its context, its stream, its store of loaded modules.

use super::{Grid, Kernel, Raw};
use crate::Result;
use candle_core::cuda_backend::cudarc::driver::sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, DevicePtr, LaunchConfig, PushKernelArg};
use candle_core::cuda_backend::{CudaDevice, CudaStorage, CudaStorageSlice};

/// Each source's PTX, by operation and type.
static PTX: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/ptx.rs"));

/// Dynamic shared memory beyond which a kernel must ask for it.
const SHARED_UNASKED: usize = 48 * 1024;

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
