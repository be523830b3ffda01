//! What a failure of a GPU is, by the code's own name or by what is said of it, from a table that is data: `gpu_failures.toml`. Pure.
//!
//! Running out of its memory is saved as running out of the machine's is: smaller forward passes of the same step. All else is no case for
//! another configuration, least of all for another learning rate.

use crate::words::bytes;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::LazyLock;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpuFailure {
    OutOfMemory,
    /// The driver is older than the toolkit, or another than its library.
    Driver,
    /// Kernels that are not for this GPU, or in a form that its driver does not know.
    Program,
    NoDevice,
    Busy,
    /// Memory that lost bits, a link that broke, a device that is gone.
    Hardware,
    /// Several GPUs among each other.
    Peers,
    /// A kernel's own check.
    Assert,
    /// A kernel reached beyond its memory.
    Access,
    Launch,
    /// cuBLAS, cuDNN and others.
    Library,
    Other,
}

impl GpuFailure {
    /// Whether it lies in the machine: no other program does better there.
    pub fn is_of_the_machine(self) -> bool {
        match self {
            GpuFailure::Driver | GpuFailure::Program | GpuFailure::Busy | GpuFailure::Hardware | GpuFailure::Peers => true,
            // A program may do without a GPU, or use it otherwise.
            GpuFailure::OutOfMemory
            | GpuFailure::NoDevice
            | GpuFailure::Assert
            | GpuFailure::Access
            | GpuFailure::Launch
            | GpuFailure::Library
            | GpuFailure::Other => false,
        }
    }
}

/// Memory of a GPU when it ran out, as far as was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpuMemory {
    /// What was asked for in vain.
    pub wanted_bytes: Option<u64>,
    pub used_bytes: Option<u64>,
    pub total_bytes: Option<u64>,
}

impl fmt::Display for GpuMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [("wanted", self.wanted_bytes), ("in use", self.used_bytes), ("in all", self.total_bytes)];
        let known: Vec<String> =
            named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", bytes(value? as f64)))).collect();
        f.write_str(&known.join(", "))
    }
}

#[derive(Deserialize)]
struct Table {
    failure: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    kind: GpuFailure,
    codes: Vec<String>,
    says: Vec<String>,
    hint: Option<String>,
}

struct Known {
    kind: GpuFailure,
    codes: Vec<String>,
    says: Vec<Regex>,
    hint: Option<String>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("gpu_failures.toml")).unwrap_or_else(|e| unreachable!("the table: {e}"));
    let regex = |pattern: &String| {
        let built = RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).build();
        built.unwrap_or_else(|e| unreachable!("a pattern of the table: {e}"))
    };
    let known = |row: Row| Known { kind: row.kind, codes: row.codes, says: row.says.iter().map(regex).collect(), hint: row.hint };
    table.failure.into_iter().map(known).collect()
});

/// A failure, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuFailed {
    pub kind: GpuFailure,
    pub hint: Option<String>,
}

/// What is said of a GPU's failure; none where a text is about none. A code's own name counts before any words.
pub fn gpu_failed(text: &str) -> Option<GpuFailed> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let by_code = || KNOWN.iter().find(|row| text.split(|c| !is_name(c)).any(|word| row.codes.iter().any(|code| code == word)));
    let by_words = || KNOWN.iter().find(|row| row.says.iter().any(|pattern| pattern.is_match(text)));
    by_code().or_else(by_words).map(|row| GpuFailed { kind: row.kind, hint: row.hint.clone() })
}

/// What a text says of a GPU's memory.
pub fn gpu_memory(text: &str) -> GpuMemory {
    let amount = |patterns: &[Regex]| patterns.iter().find_map(|pattern| bytes_of(&pattern.captures(text)?));
    let free = amount(&AMOUNTS.free);
    let total_bytes = amount(&AMOUNTS.total);
    let used_bytes = amount(&AMOUNTS.used).or_else(|| total_bytes?.checked_sub(free?));
    GpuMemory { wanted_bytes: amount(&AMOUNTS.wanted), used_bytes, total_bytes }
}

struct Amounts {
    wanted: Vec<Regex>,
    used: Vec<Regex>,
    total: Vec<Regex>,
    free: Vec<Regex>,
}

/// "2.00 GiB", "8589934592 bytes".
static AMOUNTS: LazyLock<Amounts> = LazyLock::new(|| {
    const AMOUNT: &str = r"([0-9]+(?:\.[0-9]+)?) ?(bytes|[KMGT]i?B)";
    let of = |patterns: &[&str]| {
        patterns.iter().filter_map(|pattern| Regex::new(&format!("(?i){}", pattern.replace("AMOUNT", AMOUNT))).ok()).collect()
    };
    Amounts {
        wanted: of(&["allocate AMOUNT", "allocating AMOUNT"]),
        used: of(&["process has AMOUNT memory in use", "AMOUNT already allocated"]),
        total: of(&["total capacity of AMOUNT", "AMOUNT total capacity"]),
        free: of(&["of which AMOUNT is free", "AMOUNT free"]),
    }
});

fn bytes_of(found: &regex::Captures) -> Option<u64> {
    let number: f64 = found.get(1)?.as_str().parse().ok()?;
    let unit = match found.get(2)?.as_str().to_lowercase().as_bytes() {
        [b'b', ..] => 1.0,
        [b'k', b'i', ..] => 1024.0,
        [b'm', b'i', ..] => 1_048_576.0,
        [b'g', b'i', ..] => 1_073_741_824.0,
        [b't', b'i', ..] => 1_099_511_627_776.0,
        [b'k', ..] => 1e3,
        [b'm', ..] => 1e6,
        [b'g', ..] => 1e9,
        _ => 1e12,
    };
    Some((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use GpuFailure::*;

    /// Messages as drivers, libraries and frameworks write them.
    const MESSAGES: &[(&str, GpuFailure)] = &[
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB of which 1.12 GiB is free.",
            OutOfMemory,
        ),
        ("RuntimeError: CUDA error: out of memory", OutOfMemory),
        ("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", OutOfMemory),
        ("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")", OutOfMemory),
        ("cudnnException: CUDNN_STATUS_ALLOC_FAILED", OutOfMemory),
        ("torch.cuda.OutOfMemoryError: HIP out of memory. Tried to allocate 20.00 MiB", OutOfMemory),
        (
            "RuntimeError: The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver",
            Driver,
        ),
        ("CUDA driver version is insufficient for CUDA runtime version", Driver),
        ("Failed to initialize NVML: Driver/library version mismatch", Driver),
        (
            "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 804: forward compatibility was attempted on non supported HW",
            Driver,
        ),
        (
            "DriverError(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, \"system has unsupported display driver / cuda driver combination\")",
            Driver,
        ),
        (
            "DriverError(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, \"the provided PTX was compiled with an unsupported toolchain.\")",
            Program,
        ),
        ("RuntimeError: CUDA error: no kernel image is available for execution on the device", Program),
        ("DriverError(CUDA_ERROR_INVALID_PTX, \"a PTX JIT compilation failed\")", Program),
        ("NVIDIA H100 with CUDA capability sm_90 is not compatible with the current PyTorch installation.", Program),
        ("DriverError(CUDA_ERROR_NO_DEVICE, \"no CUDA-capable device is detected\")", NoDevice),
        ("RuntimeError: No CUDA GPUs are available", NoDevice),
        ("RuntimeError: CUDA error: invalid device ordinal", NoDevice),
        ("RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU", NoDevice),
        ("OSError: libcuda.so.1: cannot open shared object file: No such file or directory", NoDevice),
        ("docker: Error response from daemon: could not select device driver \"\" with capabilities: [[gpu]].", NoDevice),
        ("RuntimeError: CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`", NoDevice),
        ("RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable", Busy),
        ("RuntimeError: CUDA error: uncorrectable ECC error encountered", Hardware),
        ("DriverError(CUDA_ERROR_ECC_UNCORRECTABLE, \"uncorrectable ECC error encountered\")", Hardware),
        ("NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus.", Hardware),
        ("Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.", Hardware),
        ("RuntimeError: NCCL error in: ../torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:1333, unhandled cuda error", Peers),
        ("ncclUnhandledCudaError: Call to CUDA function failed.", Peers),
        ("[Rank 1] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=3, OpType=ALLREDUCE)", Peers),
        ("RuntimeError: CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported", Assert),
        (
            "../aten/src/ATen/native/cuda/Loss.cu:250: nll_loss_forward: block: [0,0,0], thread: [3,0,0] Assertion `t >= 0 && t < n_classes` failed.",
            Assert,
        ),
        ("RuntimeError: CUDA error: an illegal memory access was encountered", Access),
        ("DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"an illegal memory access was encountered\")", Access),
        ("RuntimeError: CUDA error: misaligned address", Access),
        ("RuntimeError: CUDA error: unspecified launch failure", Access),
        ("RuntimeError: CUDA error: too many resources requested for launch", Launch),
        ("DriverError(CUDA_ERROR_LAUNCH_TIMEOUT, \"the launch timed out and was terminated\")", Launch),
        ("RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", Library),
        (
            "RuntimeError: cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in a non-contiguous input.",
            Library,
        ),
        ("RuntimeError: CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb)`", Library),
        ("CublasError(CUBLAS_STATUS_INTERNAL_ERROR)", Library),
        ("RuntimeError: cuFFT error: CUFFT_INTERNAL_ERROR", Library),
        ("RuntimeError: Unable to find an engine to execute this computation", Library),
        ("RuntimeError: CUDA error: operation not permitted when stream is capturing", Other),
        ("DriverError(CUDA_ERROR_UNKNOWN, \"unknown error\")", Other),
    ];

    #[test]
    fn real_messages_have_their_meaning() {
        for (message, kind) in MESSAGES {
            assert_eq!(gpu_failed(message).map(|failed| failed.kind), Some(*kind), "{message}");
        }
        for text in [
            "",
            "MemoryError",
            "ValueError: nothing of the kind",
            "the GPU is fast",
            "cuda:0 is used",
            "OSError: [Errno 12] Cannot allocate memory",
        ] {
            assert_eq!(gpu_failed(text), None, "{text}");
        }
        // What cannot be saved by smaller steps says what to do.
        assert!(KNOWN.iter().all(|row| row.hint.is_some() == (row.kind != OutOfMemory)));
    }

    #[test]
    fn memory_is_told_in_bytes() {
        let check = |text: &str, [wanted, used, total]: [Option<u64>; 3]| {
            let expected = GpuMemory { wanted_bytes: wanted, used_bytes: used, total_bytes: total };
            assert_eq!(gpu_memory(text), expected, "{text}");
        };
        let gib = |number: f64| Some((number * 1_073_741_824.0) as u64);
        check(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 16.00 GiB of which 1.00 GiB is free.",
            [gib(2.0), gib(15.0), gib(16.0)],
        );
        check(
            "CUDA out of memory. Tried to allocate 512.00 MiB (GPU 0; 8.00 GiB total capacity; 6.00 GiB already allocated; 0.50 GiB free)",
            [gib(0.5), gib(6.0), gib(8.0)],
        );
        check(
            "GPU 0 has a total capacity of 16.00 GiB of which 1.00 GiB is free. Including non-PyTorch memory, this process has 14.50 GiB memory in use.",
            [None, gib(14.5), gib(16.0)],
        );
        check("Out of memory while trying to allocate 8589934592 bytes.", [gib(8.0), None, None]);
        check("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")", [None; 3]);
        let memory = GpuMemory { wanted_bytes: gib(2.0), used_bytes: None, total_bytes: gib(16.0) };
        assert_eq!(memory.to_string(), "wanted 2.0 GiB, in all 16.0 GiB");
    }
}
