//! What a worker needs of the machine for an NVIDIA GPU, besides what every worker has. As a value: found once by the supervisor, opened
//! by the layers where a policy holds it, and by no other policy.
//!
//! What is opened: the driver's device nodes (read, write, ioctl), of its capabilities those for use alone; what `/proc` and `/sys` say of the driver and the bus; the names of
//! the worker's own threads, which the driver sets; the driver's libraries, which it loads while it runs; and three system calls
//! ([`OF_A_GPU`](super::calls::OF_A_GPU)). The driver compiles kernels into a cache; that lies in the attempt's own folder, for what one
//! attempt writes must not be run by another, least of all by the one that scores it.
//!
//! Written from what the driver's documentation and tracing of it say; **never run on a GPU**. Tests stand other devices in its place.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The paths that a GPU needs. None of them need be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Device nodes: read, written and asked by ioctl.
    pub devices: Vec<PathBuf>,
    /// Read, with all below them.
    pub readable: Vec<PathBuf>,
    /// Read, and mapped to be run; never started as programs.
    pub libraries: Vec<PathBuf>,
    /// The folder of the worker's own threads, whose names it writes.
    pub threads: Vec<PathBuf>,
}

/// Files and folders that the driver reads.
const READABLE: [&str; 9] = [
    "proc/driver/nvidia",
    "proc/driver/nvidia-uvm",
    "proc/driver/nvidia-caps",
    "proc/devices",
    "proc/modules",
    "sys/bus/pci",
    "sys/devices",
    "sys/module/nvidia",
    "sys/module/nvidia_uvm",
];

/// Where distributions and container runtimes put the driver's libraries.
const LIBRARIES: [&str; 6] = [
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/local/nvidia/lib64",
    "usr/local/cuda/lib64",
    "usr/lib/wsl/lib",
];

/// How their names begin.
const NAMES: [&str; 6] = ["libcuda.", "libnvidia-", "libcublas", "libcurand", "libnvrtc", "libcudart"];

/// What each node of `dev/nvidia-caps` is for.
const MINORS: &str = "proc/driver/nvidia-caps/mig-minors";

/// Whether such a node is for using a part of a GPU, and not for parting it or watching other parts. `minors`: lines such as
/// `gpu0/gi0/access 3`; where nobody says, these are all but the first two, which the driver numbers so.
fn is_for_use(node: &str, minors: Option<&str>) -> bool {
    let Some(number) = node.strip_prefix("nvidia-cap").and_then(|number| number.parse::<u32>().ok()) else { return false };
    let named = |line: &str| {
        line.trim().rsplit_once(' ').is_some_and(|(name, minor)| name.ends_with("/access") && minor.parse() == Ok(number))
    };
    minors.map_or(number > 2, |minors| minors.lines().any(named))
}

impl Gpu {
    /// What is there below `root`, which is `/` but in tests.
    pub fn found(root: &Path) -> Gpu {
        let mut devices = below(&root.join("dev"), |name| {
            let rest = name.strip_prefix("nvidia").unwrap_or("?");
            matches!(rest, "ctl" | "-uvm" | "-uvm-tools") || (!rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
        });
        let minors = std::fs::read_to_string(root.join(MINORS)).ok();
        devices.extend(below(&root.join("dev/nvidia-caps"), |name| is_for_use(name, minors.as_deref())));
        let libraries = LIBRARIES.iter().flat_map(|folder| {
            below(&root.join(folder), |name| NAMES.iter().any(|start| name.starts_with(start)) && name.contains(".so"))
        });
        Gpu {
            devices,
            readable: READABLE.iter().map(|path| root.join(path)).filter(|path| path.exists()).collect(),
            libraries: libraries.collect(),
            threads: vec![root.join("proc/self/task")].into_iter().filter(|path| path.exists()).collect(),
        }
    }

    /// Variables that a worker with a GPU is given; `writable`: its own folder.
    pub fn environment(&self, writable: &Path) -> [(&'static str, String); 2] {
        let cache = writable.join("cuda-cache").display().to_string();
        // The second has cuBLAS give the same bits each time.
        [(VARIABLES[0], cache), (VARIABLES[1], ":4096:8".into())]
    }
}

/// Names of what [`Gpu::environment`] gives.
pub(super) const VARIABLES: [&str; 2] = ["CUDA_CACHE_PATH", "CUBLAS_WORKSPACE_CONFIG"];

/// Entries of a folder with such names, sorted; none where it is not there.
fn below(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted));
    let mut found: Vec<PathBuf> = named.map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_files_are_found_and_nothing_else() {
        let place = tempfile::tempdir().expect("a folder");
        let put = |path: &str| {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        };
        let wanted = [
            "dev/nvidia-caps/nvidia-cap3",
            "dev/nvidia-uvm",
            "dev/nvidia-uvm-tools",
            "dev/nvidia0",
            "dev/nvidia12",
            "dev/nvidiactl",
            "usr/lib/x86_64-linux-gnu/libcuda.so.580.65",
            "usr/lib/x86_64-linux-gnu/libnvidia-ptxjitcompiler.so.1",
        ];
        wanted.iter().for_each(|path| put(path));
        for other in [
            "dev/sda",
            "dev/nvidia",
            "dev/nvidia-modeset",
            "dev/nvidia0.bak",
            "dev/nvidia-caps/nvidia-cap1",
            "dev/nvidia-caps/nvidia-cap2",
            "dev/nvidia-caps/nvidia-capx",
            "dev/mem",
            "usr/lib/x86_64-linux-gnu/libc.so.6",
            "proc/kcore",
        ] {
            put(other);
        }
        put("proc/driver/nvidia/version");
        let gpu = Gpu::found(place.path());
        let mut found: Vec<String> = gpu
            .devices
            .iter()
            .chain(&gpu.libraries)
            .map(|path| path.strip_prefix(place.path()).expect("below").display().to_string())
            .collect();
        found.sort();
        assert_eq!(found, wanted);
        assert_eq!(gpu.readable, [place.path().join("proc/driver/nvidia")]);
        assert!(gpu.threads.is_empty());
        // Where the driver says what they are for, that is it.
        let minors = "config 1\nmonitor 4\ngpu0/gi0/access 2\ngpu0/gi0/ci0/access 7\n";
        let used: Vec<u32> = (1..9).filter(|number| is_for_use(&format!("nvidia-cap{number}"), Some(minors))).collect();
        assert_eq!(used, [2, 7]);
        assert_eq!(Gpu::found(Path::new("/not/there")), Gpu::default());
    }
}
