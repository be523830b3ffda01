//! Which files can be reached: Landlock (Linux 5.13). Read what the policy names, write the one folder, connect to nothing.
//!
//! Not covered by any version of it: whether a path exists and how large the file is (`stat`), owner, mode and times of a file, and
//! connecting to a pathname Unix socket. The filter of system calls refuses all but the first.

use super::{Policy, State};
use crate::words::counted;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use std::path::{Path, PathBuf};

/// What numeric code reads of the system: topology and memory of the machine. Nothing of other processes.
pub(super) const SYSTEM: [&str; 3] = ["/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo"];

/// The newest version that these rules were tried with. A newer kernel offers at least this.
const TRIED: i64 = 7;

/// Restricts this process and all threads that it will start.
pub(super) fn restrict(policy: &Policy) -> Result<State, String> {
    let version = offered()?.min(TRIED);
    let abi = ABI::from(version as i32);
    // Exactly what this kernel has, and that as a hard requirement: with less than was asked the crate would enforce less, silently.
    let mut rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules = rules.handle_access(AccessFs::from_all(abi)).map_err(words)?;
    if abi >= ABI::V4 {
        rules = rules.handle_access(AccessNet::from_all(abi)).map_err(words)?;
    }
    if abi >= ABI::V6 {
        rules = rules.scope(Scope::from_all(abi)).map_err(words)?;
    }
    let mut rules = rules.create().map_err(words)?;
    let read = BitFlags::from(AccessFs::ReadFile);
    let system = SYSTEM.iter().map(Path::new);
    let readable = policy.read_only.iter().map(|p| p.as_path()).chain(system).map(|path| (path, read));
    let runnable = policy.programs.iter().map(|path| (path.as_path(), read | AccessFs::Execute));
    for (path, rights) in readable.chain(runnable) {
        // What is not there cannot be read. What cannot be opened here, before the wall, cannot be behind it.
        let Ok(place) = PathFd::new(path) else { continue };
        let rights = if path.is_dir() { rights | AccessFs::ReadDir } else { rights };
        rules = rules.add_rule(PathBeneath::new(place, rights)).map_err(words)?;
    }
    if let Some(gpu) = &policy.gpu {
        let named = |paths: &'_ [PathBuf], rights| paths.iter().map(move |path| (path.clone(), rights)).collect::<Vec<_>>();
        let mut opened = named(&gpu.devices, (read | AccessFs::WriteFile | AccessFs::IoctlDev) & AccessFs::from_all(abi));
        opened.extend(named(&gpu.threads, (read | AccessFs::WriteFile | AccessFs::Truncate) & AccessFs::from_all(abi)));
        opened.extend([&gpu.readable, &gpu.libraries].into_iter().flat_map(|paths| named(paths, read)));
        for (path, rights) in opened {
            let Ok(place) = PathFd::new(&path) else { continue };
            let rights = if path.is_dir() { rights | AccessFs::ReadDir } else { rights };
            rules = rules.add_rule(PathBeneath::new(place, rights)).map_err(words)?;
        }
    }
    let folder = PathFd::new(&policy.writable).map_err(|e| format!("the writable folder: {}", words(e)))?;
    let rules = rules.add_rule(PathBeneath::new(folder, writing(abi))).map_err(words)?;
    match rules.restrict_self().map_err(words)?.ruleset {
        RulesetStatus::FullyEnforced => Ok(state(version, policy.read_only.len() + policy.programs.len())),
        other => Err(format!("Landlock, ABI {version}: the kernel took the rules but enforces them only as {other:?}")),
    }
}

/// What may be done below the writable folder: no running of programs, no devices, pipes or sockets, and no symlinks, which
/// others would follow to somewhere else.
fn writing(abi: ABI) -> BitFlags<AccessFs> {
    let refused = AccessFs::Execute
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::MakeSock
        | AccessFs::MakeFifo
        | AccessFs::MakeSym
        | AccessFs::IoctlDev;
    AccessFs::from_all(abi) & !refused
}

fn state(version: i64, paths: usize) -> State {
    let how = format!("Landlock, ABI {version}: reads {}, writes its own folder", counted(paths, "named path"));
    match version {
        6.. => State::Holds(how + ", no TCP, no signals to others"),
        4.. => State::Holds(how + ", no TCP"),
        3 => State::Holds(how),
        // Older ones do not know truncation; the filter of system calls refuses what they miss.
        _ => State::Partly(how + "; truncating files is left to the filter of system calls"),
    }
}

/// The version of Landlock that this kernel offers.
pub(super) fn offered() -> Result<i64, String> {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with no attributes and this flag the call only answers with a number.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0usize, VERSION) };
    if abi > 0 { Ok(abi) } else { Err("this kernel has no Landlock (Linux 5.13), or it is switched off".into()) }
}

/// An error with its causes.
fn words(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
