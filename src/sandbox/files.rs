//! Which files can be reached: Landlock (Linux 5.13). Read what the policy names, write the one folder, connect to nothing.

use super::Policy;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope,
};

/// What numeric code reads of the system: topology and memory of the machine. Nothing of other processes.
const SYSTEM: [&str; 4] = ["/sys/devices/system/cpu", "/sys/fs/cgroup", "/proc/cpuinfo", "/proc/meminfo"];

/// Restricts this process.
pub(super) fn apply(policy: &Policy) -> Result<String, String> {
    restrict(policy).map_err(|e| e.to_string())?
}

fn restrict(policy: &Policy) -> Result<Result<String, String>, landlock::RulesetError> {
    // The first ABI is required; what later ones add is taken where the kernel has it.
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?;
    let mut ruleset = ruleset;
    let named = policy.read_only.iter().map(|path| path.as_path());
    for path in named.chain(SYSTEM.iter().map(std::path::Path::new)) {
        // A path that is not there cannot be read anyway; naming it would leave the ruleset unenforced.
        let Ok(fd) = PathFd::new(path) else { continue };
        let access = if path.is_dir() { AccessFs::from_read(abi) } else { AccessFs::ReadFile.into() };
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
    }
    match PathFd::new(&policy.writable) {
        Ok(fd) => ruleset = ruleset.add_rule(PathBeneath::new(fd, AccessFs::from_all(abi) & !AccessFs::Execute))?,
        Err(e) => return Ok(Err(format!("the writable folder: {e}"))),
    }
    let status = ruleset.restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock".into()),
        RulesetStatus::PartiallyEnforced => Ok("Landlock, in part: files hold, what newer kernels add does not".into()),
        RulesetStatus::FullyEnforced => {
            Ok(format!("Landlock, in full: reads {} named path(s), writes its own folder, no TCP", policy.read_only.len()))
        }
    })
}

/// What this kernel offers of Landlock.
pub(super) fn offered() -> Result<String, String> {
    const VERSION: libc::c_uint = 1;
    // SAFETY: with no attributes and this flag the call only answers with a number.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<libc::c_void>(), 0usize, VERSION) };
    if abi > 0 { Ok(format!("Landlock, ABI {abi}")) } else { Err("this kernel has no Landlock, or it is switched off".into()) }
}
