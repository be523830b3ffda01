//! What a process gets from its parent: variables, open files, and being left behind.

use super::{Policy, State};
use crate::words::counted;

/// Has the kernel kill this process when its supervisor dies, however that happens.
///
/// The signal is bound to the supervisor's thread that started the worker; [`crate::run::process::launch`] keeps that one waiting.
pub(super) fn die_with(supervisor: u32) -> Result<State, String> {
    // SAFETY: this option takes a plain number and touches no memory of ours.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0, 0, 0) } != 0 {
        return Err(std::io::Error::last_os_error().to_string());
    }
    // It may have died before: then we were handed to another parent, whose death would tell nothing.
    match std::os::unix::process::parent_id() {
        parent if parent == supervisor => Ok(State::Holds("dies with its supervisor".into())),
        parent => Err(format!("the supervisor is gone: expected parent {supervisor}, found {parent}")),
    }
}

/// Checks that nothing was inherited. Removing a variable now would not do: its text would stay in this process's memory.
pub(super) fn check_environment(policy: &Policy) -> Result<State, String> {
    let variables = policy.variables();
    let known = |name: &std::ffi::OsStr| variables.iter().any(|known| name == *known);
    let (mut given, mut foreign) = (0, Vec::new());
    for (name, _) in std::env::vars_os() {
        if known(&name) { given += 1 } else { foreign.push(name.to_string_lossy().into_owned()) }
    }
    if foreign.is_empty() {
        Ok(State::Holds(format!("{}, given by the supervisor", counted(given, "variable"))))
    } else {
        Err(format!("expected only {}, found also {}", variables.join(" and "), foreign.join(", ")))
    }
}

/// Closes whatever a careless ancestor left open: a file without close-on-exec outlives every rule about paths.
pub(super) fn close_descriptors() -> Result<State, String> {
    // SAFETY: the worker has opened nothing yet, so no owner of a descriptor above its three streams exists in this process.
    if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } != 0 {
        return Err(format!("close_range: {}", std::io::Error::last_os_error()));
    }
    Ok(State::Holds("stdin, stdout and stderr alone".into()))
}
