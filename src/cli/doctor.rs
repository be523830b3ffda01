//! What this machine offers, and what follows from it.

use crate::report::Style;
use crate::words::{bytes, clean};
use serde::Serialize;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What is looked at. The closures reach what others own: the sandbox's probe, the engine's client and the Hub's.
pub struct Probe<'a> {
    /// Layers of the jail, each with how it holds or why it is missing.
    pub sandbox: &'a dyn Fn() -> Vec<(String, Result<String, String>)>,
    pub hub: HubProbe<'a>,
    /// The value of PATH.
    pub path: Option<&'a OsStr>,
    /// The socket of the container engine.
    pub docker: &'a Path,
    /// The image that scripts run in, and what a client of the engine says of it: what it can do, or why it cannot be used.
    pub image: (&'a str, &'a dyn Fn(&Path) -> Result<String, String>),
    /// Where runs are kept; its file system is measured.
    pub runs: &'a Path,
    /// Environment variables that are set and honoured: name and what is shown of them.
    pub variables: Vec<(String, String)>,
    /// The user's own files.
    pub files: Vec<OwnFile>,
}

/// A file in which the user says something: what it says, or what is wrong with it and what follows from that.
pub struct OwnFile {
    pub name: &'static str,
    pub says: Result<String, String>,
    pub otherwise: &'static str,
}

/// How models and data sets are to be had.
pub enum HubProbe<'a> {
    /// Nobody is to be asked.
    Offline,
    /// A folder in the Hub's layout takes its place.
    Local(&'a Path),
    /// One small, bounded request: what answered, or why nothing did.
    Ask(&'a dyn Fn() -> Result<String, String>),
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    pub version: String,
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    pub name: String,
    pub state: State,
    pub found: String,
    /// What follows from it, where it is not what one would wish.
    pub consequence: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// Works, but less well.
    Limited,
    Missing,
}

impl Check {
    fn ok(name: &str, found: impl Into<String>) -> Check {
        Check { name: name.into(), state: State::Ok, found: found.into(), consequence: None }
    }
    fn limited(name: &str, found: impl Into<String>, consequence: impl Into<String>) -> Check {
        Check { name: name.into(), state: State::Limited, found: found.into(), consequence: Some(consequence.into()) }
    }
    fn missing(name: &str, found: impl Into<String>, consequence: impl Into<String>) -> Check {
        Check { name: name.into(), state: State::Missing, found: found.into(), consequence: Some(consequence.into()) }
    }
}

impl Facts {
    /// Looks, and opens no device. A process is started where there is a container engine alone: its client.
    pub fn gather(probe: &Probe) -> Facts {
        let mut checks =
            vec![cores(), memory(&read(MEMINFO), crate::sandbox::memory_around()), cpu(&features()), gpu(&Gpu::find())];
        checks.push(disk(free_bytes(probe.runs), probe.runs));
        checks.extend((probe.sandbox)().into_iter().map(|(name, held)| layer(&name, held)));
        let engine = docker(probe.docker, probe.path);
        let client = client(probe.path).filter(|_| engine.state == State::Ok);
        checks.push(engine);
        checks.extend(client.map(|client| image(probe.image.0, (probe.image.1)(&client))));
        checks.push(hub(&probe.hub));
        checks.extend(probe.files.iter().map(own_file));
        checks.extend(probe.variables.iter().map(|(name, value)| Check::ok(name, value.clone())));
        Facts { version: env!("CARGO_PKG_VERSION").into(), checks }
    }

    /// For people: one line a check.
    pub fn text(&self, style: Style) -> String {
        let width = self.checks.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
        let mut out = format!("{} {}\n", style.bold("tallow"), self.version);
        for check in &self.checks {
            let state = match check.state {
                State::Ok => style.green("ok     "),
                State::Limited => style.yellow("limited"),
                State::Missing => style.yellow("missing"),
            };
            out.push_str(&format!("  {state}  {:<width$}  {}\n", check.name, check.found));
            if let Some(consequence) = &check.consequence {
                out.push_str(&format!("  {:7}  {:width$}  {}\n", "", "", style.dim(&format!("-> {consequence}"))));
            }
        }
        out
    }

    /// For machines.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn cores() -> Check {
    match std::thread::available_parallelism() {
        Ok(cores) => Check::ok("cores", cores.to_string()),
        Err(error) => Check::limited("cores", error.to_string(), "one thread is used"),
    }
}

/// Memory of this machine, in bytes, or as much of it as a control group around us lets us have.
pub fn memory_bytes() -> Option<u64> {
    let total = field(&read(MEMINFO), "MemTotal").map(|bytes| bytes as u64);
    total.into_iter().chain(crate::sandbox::memory_around()).min()
}

/// What of it nobody uses.
pub(super) fn spare_memory_bytes() -> Option<u64> {
    let free = field(&read(MEMINFO), "MemAvailable").map(|bytes| bytes as u64);
    free.into_iter().chain(memory_bytes()).min()
}

const MEMINFO: &str = "/proc/meminfo";

/// A field of `/proc/meminfo`, in bytes.
fn field(meminfo: &str, name: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}

/// `around`: what a control group around us lets us have.
fn memory(meminfo: &str, around: Option<u64>) -> Check {
    match (field(meminfo, "MemTotal"), field(meminfo, "MemAvailable")) {
        (Some(total), Some(free)) => {
            let within = around.map(|limit| limit as f64).filter(|limit| *limit < total);
            let free = within.unwrap_or(f64::INFINITY).min(free);
            let found = match within {
                Some(limit) => format!("{} by a control group, of {}; {} free", bytes(limit), bytes(total), bytes(free)),
                None => format!("{}, {} free", bytes(total), bytes(free)),
            };
            match free < 2.0 * 1024f64.powi(3) {
                true => Check::limited("memory", found, "fine-tuning a small BERT takes about 1 GiB; larger models will not fit"),
                false => Check::ok("memory", found),
            }
        }
        _ => Check::limited("memory", "unknown", "plans cannot be held against the memory of this machine"),
    }
}

/// Names of the processor's features that the kernels use.
pub(super) fn features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let known = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(target_arch = "aarch64")]
    let known = [("neon", std::arch::is_aarch64_feature_detected!("neon"))];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let known: [(&'static str, bool); 0] = [];
    known.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
}

fn cpu(features: &[&str]) -> Check {
    let found = if features.is_empty() { "no vector extension that is used".to_string() } else { features.join(", ") };
    let vectors = features.contains(&"avx2") && features.contains(&"fma") || features.contains(&"neon");
    if vectors {
        Check::ok("processor", found)
    } else {
        Check::limited("processor", found, "training takes several times longer")
    }
}

/// What the files of the NVIDIA driver say.
struct Gpu {
    driver: String,
    devices: Vec<PathBuf>,
}

impl Gpu {
    fn find() -> Gpu {
        let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten().map(|entry| entry.path());
        let mut devices: Vec<PathBuf> = entries.filter(|path| is_gpu(path)).collect();
        devices.sort();
        Gpu { driver: read("/proc/driver/nvidia/version"), devices }
    }
}

/// `/dev/nvidia0`, not `/dev/nvidiactl`.
fn is_gpu(path: &Path) -> bool {
    let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("nvidia"));
    number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

fn gpu(gpu: &Gpu) -> Check {
    // "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 ..."
    let is_version = |word: &&str| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let driver = gpu.driver.lines().next().and_then(|line| line.split_whitespace().find(is_version));
    match (driver, gpu.devices.len()) {
        (Some(driver), 1..) => {
            let names: Vec<String> = gpu.devices.iter().map(|path| path.display().to_string()).collect();
            Check::ok("GPU", format!("NVIDIA driver {driver}, {}", names.join(", ")))
        }
        (Some(driver), _) => {
            Check::limited("GPU", format!("NVIDIA driver {driver}, no device"), "training runs on the processor")
        }
        (None, 1..) => Check::limited("GPU", "devices without a driver", "training runs on the processor"),
        _ => Check::missing("GPU", "no NVIDIA driver", "training runs on the processor"),
    }
}

fn disk(free: Option<u64>, place: &Path) -> Check {
    match free {
        Some(free) => {
            let found = format!("{} free for {}", bytes(free as f64), place.display());
            match free < 5 << 30 {
                true => Check::limited("disk", found, "a run of a small BERT writes about 0.5 GiB; larger models may not fit"),
                false => Check::ok("disk", found),
            }
        }
        None => {
            Check::limited("disk", format!("unknown for {}", place.display()), "a full disk will be noticed only when it is full")
        }
    }
}

/// Free bytes of the file system that `path`, or the nearest folder above it that exists, lies in.
#[cfg(target_os = "linux")]
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    use std::os::unix::ffi::OsStrExt;
    let whole = std::path::absolute(path).ok()?;
    let there = whole.ancestors().find(|place| place.exists())?;
    let name = std::ffi::CString::new(there.as_os_str().as_bytes()).ok()?;
    let mut stat = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `name` ends with a NUL and lives through the call; `stat` is large enough for the structure that is written.
    let done = unsafe { libc::statvfs(name.as_ptr(), stat.as_mut_ptr()) };
    if done != 0 {
        return None;
    }
    // SAFETY: statvfs returned 0, so it filled the structure.
    let stat = unsafe { stat.assume_init() };
    Some(stat.f_bavail * stat.f_frsize)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn free_bytes(_: &Path) -> Option<u64> {
    None
}

fn layer(name: &str, held: Result<String, String>) -> Check {
    let name = format!("jail: {name}");
    match held {
        Ok(how) => Check::ok(&name, how),
        Err(why) => Check::missing(&name, why, "`--sandbox strict` refuses to train here; see `tallow train --help`"),
    }
}

fn own_file(file: &OwnFile) -> Check {
    match &file.says {
        Ok(says) => Check::ok(file.name, clean(says)),
        Err(why) => Check::limited(file.name, clean(why), file.otherwise),
    }
}

/// The engine's client on PATH.
fn client(path: Option<&OsStr>) -> Option<PathBuf> {
    std::env::split_paths(path?).map(|place| place.join("docker")).find(|file| file.is_file())
}

/// What a script finds in its image, or how one is made.
fn image(name: &str, found: Result<String, String>) -> Check {
    match found {
        Ok(found) => Check::ok("Image", format!("{name}: {found}")),
        Err(why) => Check::limited(
            "Image",
            format!("{name} cannot be used: {}", clean(why.lines().next().unwrap_or_default())),
            format!(
                "scripts need one that has Python: `docker build` or `docker pull` it and name it by `--image`; where no registry can be reached, a root file system \
                 does, as root on Debian: `mmdebstrap --variant=essential --include=python3 bookworm root.tar && docker import root.tar {name}` (docs/scripts.md)"
            ),
        ),
    }
}

/// A socket that is there and a client on PATH; neither is used.
fn docker(socket: &Path, path: Option<&OsStr>) -> Check {
    let client = client(path);
    let why = "`tallow train --script`, for what the zoo lacks, needs both and an image with Python (docs/scripts.md)";
    match (socket.exists(), client) {
        (true, Some(client)) => Check::ok("Docker", format!("{}, {}", client.display(), socket.display())),
        (true, None) => Check::limited("Docker", format!("{} without a `docker` on PATH", socket.display()), why),
        (false, Some(client)) => Check::limited("Docker", format!("{}, no daemon's socket", client.display()), why),
        (false, None) => Check::missing("Docker", "neither client nor daemon", why),
    }
}

fn hub(probe: &HubProbe) -> Check {
    let what = "models and data sets come from the cache, `--hub DIR` or local files alone";
    match probe {
        HubProbe::Offline => Check::limited("Hub", "offline, as asked", what),
        HubProbe::Local(folder) if folder.is_dir() => {
            let count = |kind: &str| {
                std::fs::read_dir(folder.join(kind))
                    .map_or(0, |owners| owners.flatten().flat_map(|o| std::fs::read_dir(o.path())).flatten().count())
            };
            Check::ok(
                "Hub",
                format!("the folder `{}`: {} models, {} data sets", folder.display(), count("models"), count("datasets")),
            )
        }
        HubProbe::Local(folder) => {
            Check::missing("Hub", format!("there is no folder `{}`", folder.display()), "name one by `--hub DIR` or TALLOW_HUB")
        }
        HubProbe::Ask(ask) => match ask() {
            Ok(answer) => Check::ok("Hub", answer),
            Err(why) => Check::missing("Hub", why, what),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_judged() {
        let check = |text: &str, state: State, found: &str| {
            let seen = memory(text, None);
            assert_eq!((seen.state, seen.found.as_str()), (state, found));
        };
        check("MemTotal: 16384000 kB\nMemFree: 1 kB\nMemAvailable:   8192000 kB\n", State::Ok, "15.6 GiB, 7.8 GiB free");
        check("MemTotal: 2048000 kB\nMemAvailable: 1024000 kB\n", State::Limited, "2.0 GiB, 1000 MiB free");
        check("", State::Limited, "unknown");
        let within = memory("MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n", Some(3 << 30));
        assert_eq!(within.found, "3.0 GiB by a control group, of 16.0 GiB; 3.0 GiB free");
        assert_eq!(memory("MemTotal: 1048576 kB\nMemAvailable: 1024 kB\n", Some(3 << 30)).found, "1.0 GiB, 1.0 MiB free");
    }

    #[test]
    fn gpus_need_a_driver_and_a_device() {
        let version =
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 06:44:34 UTC 2025\nGCC version: gcc 12.2.0\n";
        let found = |driver: &str, devices: &[&str]| {
            gpu(&Gpu { driver: driver.into(), devices: devices.iter().map(PathBuf::from).collect() })
        };
        assert_eq!(found(version, &["/dev/nvidia0"]).found, "NVIDIA driver 580.65.06, /dev/nvidia0");
        assert_eq!(found(version, &[]).state, State::Limited);
        assert_eq!(found("", &["/dev/nvidia0"]).state, State::Limited);
        assert_eq!(found("", &[]).state, State::Missing);
        assert!(
            is_gpu(Path::new("/dev/nvidia12")) && !is_gpu(Path::new("/dev/nvidiactl")) && !is_gpu(Path::new("/dev/nvidia-uvm"))
        );
    }

    #[test]
    fn docker_needs_a_socket_and_a_client() {
        let dir = tempfile::tempdir().expect("a folder");
        let (socket, client) = (dir.path().join("docker.sock"), dir.path().join("docker"));
        let state = || docker(&socket, Some(dir.path().as_os_str())).state;
        assert_eq!(state(), State::Missing);
        std::fs::write(&client, "").expect("written");
        assert_eq!(state(), State::Limited);
        std::fs::write(&socket, "").expect("written");
        assert_eq!(state(), State::Ok);
        assert_eq!(docker(&socket, None).state, State::Limited);
    }

    #[test]
    fn an_image_that_is_not_there_can_be_made() {
        let missing = image("mine", Err("Error: No such image: mine\nmore".into()));
        assert_eq!((missing.state, missing.found.as_str()), (State::Limited, "mine cannot be used: Error: No such image: mine"));
        assert!(missing.consequence.is_some_and(|then| then.contains("docker import root.tar mine")));
        assert_eq!(image("mine", Ok("Python 3.11.2".into())).state, State::Ok);
    }

    #[test]
    fn the_page_has_a_line_for_each_check_and_says_what_follows() {
        let layers =
            || vec![("seccomp".to_string(), Ok("no sockets".to_string())), ("landlock".into(), Err("kernel too old".into()))];
        let dir = tempfile::tempdir().expect("a folder");
        let refused = || Err("connection refused".to_string());
        let probe = Probe {
            sandbox: &layers,
            hub: HubProbe::Ask(&refused),
            path: None,
            docker: Path::new("/nowhere/docker.sock"),
            image: ("tallow-python", &|_| Err("nobody is asked".into())),
            runs: &dir.path().join("not/yet"),
            variables: vec![],
            files: vec![
                OwnFile { name: "prices", says: Ok("prices.toml".into()), otherwise: "" },
                OwnFile { name: "language models", says: Err("line 3:\nunknown".into()), otherwise: "`--llm` ends so" },
            ],
        };
        let facts = Facts::gather(&probe);
        let text = facts.text(Style::Plain);
        assert!(text.contains("ok       jail: seccomp") && text.contains("missing  jail: landlock"), "{text}");
        assert!(text.contains("connection refused"), "{text}");
        assert!(text.contains("limited  language models") && text.contains("line 3: unknown"), "{text}");
        assert!(!text.contains('\u{1b}'));
        let json: serde_json::Value = serde_json::from_str(&facts.json()).expect("JSON");
        assert_eq!(json["checks"].as_array().map(Vec::len), Some(facts.checks.len()));
        let disk = facts.checks.iter().find(|c| c.name == "disk").expect("a check");
        assert!(disk.found.contains("free for"), "the nearest folder that exists is measured: {}", disk.found);
        let missing = facts.checks.iter().filter(|c| c.state != State::Ok);
        assert!(missing.into_iter().all(|c| c.consequence.is_some()), "what is not there has a consequence");
    }
}
