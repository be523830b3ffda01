//! What the end of a Python program's stderr means, by a table that is data: `python_errors.toml`.

use crate::error::Class;
use crate::job::{GpuFailure, GpuMemory, gpu_failed, gpu_memory};
use crate::words::clean;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use std::sync::LazyLock;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    OutOfMemory,
    NotFinite,
    Network,
    Module,
    Syntax,
    Disk,
    Place,
    /// Two devices where one was meant.
    Device,
    Kernel,
    Index,
    Shape,
    File,
    Data,
    Value,
    /// A GPU, its driver or its libraries, by a table of their own.
    #[serde(skip)]
    Gpu(GpuFailure),
}

impl Kind {
    /// What a failure of this kind is to whoever runs it.
    pub fn class(self) -> Class {
        match self {
            Kind::OutOfMemory | Kind::Disk | Kind::Device | Kind::Kernel | Kind::Gpu(_) => Class::Resource,
            Kind::NotFinite => Class::Numeric,
            Kind::Network | Kind::Place => Class::Sandbox,
            Kind::Data | Kind::File => Class::Data,
            Kind::Module | Kind::Syntax | Kind::Index | Kind::Shape | Kind::Value => Class::Spec,
        }
    }
}

impl Kind {
    /// Whether it lies in the machine: no other script does better there.
    pub fn is_of_the_machine(self) -> bool {
        match self {
            Kind::Gpu(failure) => failure.is_of_the_machine(),
            Kind::OutOfMemory
            | Kind::NotFinite
            | Kind::Network
            | Kind::Module
            | Kind::Syntax
            | Kind::Disk
            | Kind::Place
            | Kind::Device
            | Kind::Kernel
            | Kind::Index
            | Kind::Shape
            | Kind::File
            | Kind::Data
            | Kind::Value => false,
        }
    }
}

/// An exception that ended a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    pub kind: Kind,
    /// What it says of a GPU's memory, where that ran out.
    pub gpu_memory: Option<GpuMemory>,
    /// The line of the script, and what was raised there.
    pub message: String,
    pub hint: Option<String>,
}

#[derive(Deserialize)]
struct Table {
    meaning: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    kind: Kind,
    patterns: Vec<String>,
    hint: Option<String>,
}

struct Meaning {
    kind: Kind,
    patterns: Vec<Regex>,
    hint: Option<String>,
}

static MEANINGS: LazyLock<Vec<Meaning>> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("python_errors.toml")).unwrap_or_else(|e| unreachable!("the table: {e}"));
    let regex = |pattern: &String| {
        let built = RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).build();
        built.unwrap_or_else(|e| unreachable!("a pattern of the table: {e}"))
    };
    let meaning = |row: Row| Meaning { kind: row.kind, patterns: row.patterns.iter().map(regex).collect(), hint: row.hint };
    table.meaning.into_iter().map(meaning).collect()
});

/// Lines at the end that can hold the cause where there is no traceback.
const LAST_LINES: usize = 8;
/// A longer message is cut.
const MOST_CHARS: usize = 300;

/// The exception that the end of a stderr tells of; none where it tells of nothing known.
pub fn exception(stderr: &str) -> Option<Exception> {
    let lines: Vec<&str> = stderr.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let traced = lines.iter().rposition(|line| line.starts_with("Traceback (most recent call last)"));
    // Behind the traceback's own lines, which are indented, stands what was raised.
    let raised = match traced {
        Some(at) => lines[at + 1..].iter().position(|line| !line.starts_with(' ')).map(|from| &lines[at + 1 + from..]),
        None => None,
    };
    let shown = raised.unwrap_or(&lines[lines.len().saturating_sub(LAST_LINES)..]);
    let text = shown.join("\n");
    let gpu = gpu_failed(&text);
    let means = |meaning: &&Meaning| meaning.patterns.iter().any(|pattern| pattern.is_match(&text));
    let meaning = MEANINGS.iter().filter(|_| gpu.is_none()).find(means);
    let kind = match &gpu {
        Some(gpu) => Kind::Gpu(gpu.kind),
        None => meaning.map_or(Kind::Value, |meaning| meaning.kind),
    };
    // Without a traceback an ordinary log line is no exception; with one, what is raised need not be known.
    if raised.is_none_or(<[&str]>::is_empty) && kind == Kind::Value {
        return None;
    }
    let line = traced.and_then(|at| line_of_script(&lines[at..]));
    let what = match raised {
        Some(raised) => named(raised),
        None => {
            let is_meant = |line: &&&str| match meaning {
                Some(meaning) => meaning.patterns.iter().any(|pattern| pattern.is_match(line)),
                None => gpu_failed(line).is_some(),
            };
            shown.iter().find(is_meant).map(|line| line.to_string()).unwrap_or_default()
        }
    };
    let cause = traced.and_then(|at| cause(&lines[..at])).filter(|cause| !what.contains(cause.as_str()));
    let what = what + &cause.map(|cause| format!(" (caused by {cause})")).unwrap_or_default();
    let what: String = clean(&what).chars().take(MOST_CHARS).collect();
    let message = line.map_or_else(|| what.clone(), |line| format!("line {line} of the script: {what}"));
    let ran_out = gpu.as_ref().is_some_and(|gpu| gpu.kind == GpuFailure::OutOfMemory);
    let hint = gpu.and_then(|gpu| gpu.hint).or_else(|| meaning.and_then(|meaning| meaning.hint.clone()));
    Some(Exception { kind, gpu_memory: ran_out.then(|| gpu_memory(&text)), message, hint })
}

/// What was raised: its first line, and the next where that ends before it says anything.
fn named(raised: &[&str]) -> String {
    let first = raised.first().copied().unwrap_or_default();
    match (first.ends_with(':'), raised.get(1)) {
        (true, Some(next)) => format!("{first} {}", next.trim()),
        _ => first.to_string(),
    }
}

/// What was raised before, where a traceback says that it was the cause.
fn cause(before: &[&str]) -> Option<String> {
    let (last, before) = before.split_last()?;
    if !last.starts_with("The above exception was the direct cause") {
        return None;
    }
    let traced = before.iter().rposition(|line| line.starts_with("Traceback (most recent call last)"))?;
    let from = before[traced + 1..].iter().position(|line| !line.starts_with(' '))?;
    Some(named(&before[traced + 1 + from..]))
}

/// The last line of the script itself that a traceback names.
fn line_of_script(trace: &[&str]) -> Option<u64> {
    let named = trace.iter().rev().find_map(|line| line.trim_start().strip_prefix(r#"File "/tallow/script.py", line "#))?;
    let digits: String = named.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages as Python 3 and its libraries write them.
    const MESSAGES: &[(&str, Kind)] = &[
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB of which 1.12 GiB is free.",
            Kind::Gpu(GpuFailure::OutOfMemory),
        ),
        (
            "RuntimeError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 7.79 GiB total capacity; 6.04 GiB already allocated)",
            Kind::Gpu(GpuFailure::OutOfMemory),
        ),
        (
            "RuntimeError: [enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)",
            Kind::OutOfMemory,
        ),
        ("MemoryError", Kind::OutOfMemory),
        (
            "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 7.28 TiB for an array with shape (1000000, 1000000) and data type float64",
            Kind::OutOfMemory,
        ),
        (
            "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            Kind::Gpu(GpuFailure::OutOfMemory),
        ),
        (
            "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.",
            Kind::OutOfMemory,
        ),
        ("OSError: [Errno 12] Cannot allocate memory", Kind::OutOfMemory),
        ("RuntimeError: Function 'MulBackward0' returned nan values in its 0th output.", Kind::NotFinite),
        ("ValueError: Input X contains NaN.", Kind::NotFinite),
        ("ValueError: Input contains infinity or a value too large for dtype('float64').", Kind::NotFinite),
        ("FloatingPointError: divide by zero encountered in log", Kind::NotFinite),
        (
            "RuntimeError: The total norm of order 2.0 for gradients from `parameters` is non-finite, so it cannot be clipped.",
            Kind::NotFinite,
        ),
        ("ValueError: Loss is nan, stopping training", Kind::NotFinite),
        (
            "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded with url: /bert-base-uncased",
            Kind::Network,
        ),
        ("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>", Kind::Network),
        (
            "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files.",
            Kind::Network,
        ),
        ("OSError: [Errno 101] Network is unreachable", Kind::Network),
        ("ModuleNotFoundError: No module named 'torch'", Kind::Module),
        (
            "ImportError: cannot import name 'AdamW' from 'transformers' (/usr/lib/python3/dist-packages/transformers/__init__.py)",
            Kind::Module,
        ),
        ("ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory", Kind::Module),
        ("SyntaxError: invalid syntax", Kind::Syntax),
        ("IndentationError: expected an indented block after 'for' statement on line 3", Kind::Syntax),
        ("OSError: [Errno 28] No space left on device: '/out/checkpoint.pt'", Kind::Disk),
        ("OSError: [Errno 30] Read-only file system: '/data/cache'", Kind::Place),
        ("PermissionError: [Errno 13] Permission denied: '/var/cache/x'", Kind::Place),
        ("RuntimeError: No CUDA GPUs are available", Kind::Gpu(GpuFailure::NoDevice)),
        ("AssertionError: Torch not compiled with CUDA enabled", Kind::Device),
        (
            "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
            Kind::Device,
        ),
        (
            "RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver",
            Kind::Gpu(GpuFailure::NoDevice),
        ),
        ("RuntimeError: CUDA error: device-side assert triggered", Kind::Gpu(GpuFailure::Assert)),
        (
            "RuntimeError: DataLoader worker (pid 12345) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.",
            Kind::Kernel,
        ),
        ("IndexError: Target 5 is out of bounds.", Kind::Index),
        ("IndexError: index out of range in self", Kind::Index),
        ("RuntimeError: mat1 and mat2 shapes cannot be multiplied (8x512 and 256x10)", Kind::Shape),
        ("RuntimeError: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1", Kind::Shape),
        ("ValueError: Expected input batch_size (32) to match target batch_size (16).", Kind::Shape),
        ("ValueError: operands could not be broadcast together with shapes (3,) (4,) ", Kind::Shape),
        ("RuntimeError: Error(s) in loading state_dict for Net:", Kind::Value),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/data/train.csv'", Kind::File),
        ("KeyError: 'label'", Kind::Data),
        ("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", Kind::Data),
        ("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", Kind::Data),
        ("pandas.errors.ParserError: Error tokenizing data. C error: Expected 3 fields in line 5, saw 4", Kind::Data),
        ("ValueError: could not convert string to float: 'abc'", Kind::Data),
        ("TypeError: forward() missing 1 required positional argument: 'x'", Kind::Value),
        ("AttributeError: 'NoneType' object has no attribute 'shape'", Kind::Value),
        ("ZeroDivisionError: division by zero", Kind::Value),
        ("RuntimeError: CUDA error: an illegal memory access was encountered", Kind::Gpu(GpuFailure::Access)),
        ("RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", Kind::Gpu(GpuFailure::Library)),
        (
            "torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:1970, unhandled system error",
            Kind::Gpu(GpuFailure::Peers),
        ),
    ];

    fn traced(message: &str) -> String {
        format!(
            "epoch 1 loss 0.7\nTraceback (most recent call last):\n  File \"/tallow/run.py\", line 15, in <module>\n    runpy.run_path(\"/tallow/script.py\")\n  \
             File \"/tallow/script.py\", line 12, in <module>\n    main()\n  File \"/usr/lib/python3/dist-packages/x.py\", line 3, in f\n    g()\n{message}\n"
        )
    }

    #[test]
    fn real_messages_have_their_meaning() {
        assert!(MESSAGES.len() >= 30);
        for (message, kind) in MESSAGES {
            let found = exception(&traced(message)).unwrap_or_else(|| panic!("{message}: nothing"));
            assert_eq!(found.kind, *kind, "{message}: {found:?}");
            let start: String = clean(message).chars().take(40).collect();
            assert!(found.message.starts_with(&format!("line 12 of the script: {}", start.trim_end())), "{}", found.message);
        }
    }

    #[test]
    fn what_is_no_exception_means_nothing() {
        for text in
            ["", "epoch 1\nepoch 2\n", "warning: RuntimeError ahead\nall is well\n", "Traceback (most recent call last):\n"]
        {
            assert_eq!(exception(text), None, "{text}");
        }
        // Without a traceback: a library's abort, or the interpreter's.
        let aborted =
            exception("epoch 1\nterminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n");
        assert_eq!(
            aborted.map(|e| (e.kind, e.message)),
            Some((Kind::OutOfMemory, "terminate called after throwing an instance of 'std::bad_alloc'".into()))
        );
        // What was raised while another exception was handled is what ended it.
        let both = format!(
            "{}\nDuring handling of the above exception, another exception occurred:\n\n{}",
            traced("KeyError: 'x'"),
            traced("MemoryError")
        );
        assert_eq!(exception(&both).map(|e| e.kind), Some(Kind::OutOfMemory));
        // One that no table knows, and one whose cause says more than itself.
        let own = exception(&traced("Oops: layer 3 is broken")).map(|e| (e.kind, e.message));
        assert_eq!(own, Some((Kind::Value, "line 12 of the script: Oops: layer 3 is broken".into())));
        let caused = format!(
            "{}\nThe above exception was the direct cause of the following exception:\n\n{}",
            traced("ImportError: libstdc++.so.6: cannot open shared object file: No such file or directory"),
            traced("ImportError: \n\nIMPORTANT: PLEASE READ THIS\nmore").trim_start_matches("epoch 1 loss 0.7\n")
        );
        let caused = exception(&caused).expect("an exception");
        let expected = "ImportError: IMPORTANT: PLEASE READ THIS (caused by ImportError: libstdc++.so.6: cannot open";
        assert!(caused.kind == Kind::Module && caused.message.contains(expected), "{caused:?}");
        // Escape sequences do not reach the terminal.
        let coloured = exception(&traced("ValueError: \u{1b}[31mred\u{1b}[0m")).expect("an exception");
        assert!(!coloured.message.contains('\u{1b}'), "{}", coloured.message);
    }
}
