//! The jail of a script that is not ours: an ephemeral container. What is asked of the engine, as arguments of its command line; pure.
//!
//! No network, a read-only root, your own user (nobody where you are root) without capabilities, the engine's own seccomp profile,
//! limits on memory, processes and open files, nothing mounted but the script, the data (both read-only) and the attempt's folder.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// How the engine is reached: the `docker` command, or one that takes the same arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    pub program: PathBuf,
    /// Where its daemon listens, where that is not the usual place: `DOCKER_HOST`.
    pub host: Option<String>,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    pub engine: Engine,
    /// Unique on this machine: by it the container is asked about, killed and removed.
    pub name: String,
    /// A label, by which a container is found that its process has left.
    pub label: String,
    /// The image's id, so that a name that means another image meanwhile is not taken.
    pub image: String,
    /// A folder with the shim, the runner and the script.
    pub program: PathBuf,
    pub data: Option<PathBuf>,
    /// The attempt's folder: all that can be written, besides /tmp.
    pub work: PathBuf,
    /// The checkpoint of an attempt before, seen as `/resume`.
    pub resume: Option<PathBuf>,
    /// `[user, group]`: who the script is inside and outside.
    pub user: [u32; 2],
    pub memory_bytes: Option<u64>,
    pub cpus: usize,
    pub gpu: bool,
    pub environment: Vec<(String, String)>,
}

/// Processes and threads of a script.
const MOST_PROCESSES: u32 = 512;
const MOST_OPEN_FILES: u32 = 4096;
/// The least memory that an engine gives a container.
pub const LEAST_MEMORY: u64 = 6 << 20;
/// Of /tmp and of shared memory each.
const TMP_BYTES: u64 = 256 << 20;
/// No file of a script is larger.
const FILE_BYTES: u64 = 64 << 30;

/// What holds in a container, for the record of an attempt.
pub const HELD: [(&str, &str); 8] = [
    ("capabilities", "none, and no new privileges"),
    ("files", "the root, the script and the data are read-only; the attempt's folder and a small /tmp can be written"),
    ("network", "none"),
    ("pids", "at most 512 processes"),
    ("syscalls", "the engine's seccomp profile, and no io_uring"),
    ("user", "whoever runs Tallow, or nobody where that is root; without capabilities"),
    ("namespaces", "mounts, processes, network, host name and shared memory of its own"),
    ("environment", "nothing inherited"),
];

/// Arguments of `docker` that have an image's Python answer one question, as jailed as a script is, in a container of that name.
pub fn question(image: &str, program: &str, name: &str) -> Vec<String> {
    let fixed =
        ["run", "--rm", "--pull", "never", "--log-driver", "json-file", "--network", "none", "--read-only", "--cap-drop", "ALL"];
    let bounds = [
        "--security-opt",
        "no-new-privileges",
        "--user",
        "65534:65534",
        "--pids-limit",
        "64",
        "--memory",
        "1g",
        "--memory-swap",
        "1g",
    ];
    let end = ["--name", name, "--entrypoint", "python3", image, "-c", program];
    fixed.into_iter().chain(bounds).chain(end).map(String::from).collect()
}

impl Container {
    /// Arguments of `docker` that create, start and watch it: its stdout and stderr are those of the script.
    pub fn arguments(&self) -> Vec<String> {
        let mut all: Vec<String> =
            ["run", "--interactive", "--name", &self.name, "--pull", "never", "--log-driver", "none", "--network", "none"]
                .map(String::from)
                .into();
        let mut put = |flag: &str, value: String| all.extend([flag.to_string(), value]);
        put("--label", self.label.clone());
        put("--ipc", "private".into());
        put("--hostname", "tallow".into());
        put("--user", format!("{}:{}", self.user[0], self.user[1]));
        put("--cap-drop", "ALL".into());
        put("--security-opt", "no-new-privileges".into());
        put("--pids-limit", MOST_PROCESSES.to_string());
        put("--ulimit", format!("nofile={MOST_OPEN_FILES}:{MOST_OPEN_FILES}"));
        put("--ulimit", "core=0:0".into());
        put("--ulimit", format!("fsize={FILE_BYTES}:{FILE_BYTES}"));
        put("--shm-size", TMP_BYTES.to_string());
        put("--tmpfs", format!("/tmp:rw,nosuid,nodev,size={TMP_BYTES}"));
        put("--cpus", self.cpus.max(1).to_string());
        if let Some(bytes) = self.memory_bytes {
            // Memory and swap together: no swap.
            put("--memory", bytes.to_string());
            put("--memory-swap", bytes.to_string());
        }
        if self.gpu {
            put("--gpus", "all".into());
        }
        put("--mount", mount(&self.program, "/tallow", true));
        put("--mount", mount(&self.work, "/out", false));
        self.data.iter().for_each(|data| put("--mount", mount(data, "/data", true)));
        self.resume.iter().for_each(|file| put("--mount", mount(file, "/resume", true)));
        put("--workdir", "/out".into());
        let fixed = [("HOME", "/tmp"), ("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONHASHSEED", "0")];
        fixed.iter().for_each(|(name, value)| put("--env", format!("{name}={value}")));
        self.environment.iter().for_each(|(name, value)| put("--env", format!("{name}={value}")));
        all.extend(["--read-only", "--entrypoint", "python3"].map(String::from));
        all.extend([self.image.clone(), "/tallow/run.py".into()]);
        all
    }
}

/// As `--mount` has it: fields of CSV, so that a comma or quote in a path stays part of it.
fn mount(from: &Path, to: &str, read_only: bool) -> String {
    let source = format!("source={}", from.display());
    let source = if source.contains([',', '"']) { format!("\"{}\"", source.replace('"', "\"\"")) } else { source };
    format!("type=bind,{source},target={to}{}", if read_only { ",readonly" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_open() {
        let engine = Engine { program: "docker".into(), host: None };
        let container = Container {
            engine,
            name: "tallow-1".into(),
            label: "tallow.run=/r".into(),
            image: "sha256:ab".into(),
            program: "/r/program".into(),
            data: Some("/my, \"data\"".into()),
            work: "/r/work".into(),
            resume: None,
            user: [65534, 65534],
            memory_bytes: Some(1 << 30),
            cpus: 2,
            gpu: false,
            environment: vec![("TALLOW_SEED".into(), "3".into())],
        };
        let all = container.arguments();
        let has = |pair: [&str; 2]| all.windows(2).any(|found| found == pair);
        for pair in [
            ["--network", "none"],
            ["--user", "65534:65534"],
            ["--cap-drop", "ALL"],
            ["--security-opt", "no-new-privileges"],
            ["--memory", "1073741824"],
            ["--memory-swap", "1073741824"],
            ["--pull", "never"],
            ["--env", "TALLOW_SEED=3"],
            ["--mount", "type=bind,source=/r/program,target=/tallow,readonly"],
            ["--mount", "type=bind,source=/r/work,target=/out"],
            ["--mount", "type=bind,\"source=/my, \"\"data\"\"\",target=/data,readonly"],
            ["sha256:ab", "/tallow/run.py"],
        ] {
            assert!(has(pair), "{pair:?} in {all:?}");
        }
        assert!(
            all.contains(&"--read-only".to_string()) && !all.iter().any(|a| a.contains("privileged=") || a == "--privileged")
        );
        assert!(!has(["--gpus", "all"]) && Container { gpu: true, ..container }.arguments().contains(&"--gpus".to_string()));
    }
}
