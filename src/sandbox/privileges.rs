//! No rights to gain, none to use: no new privileges, no capabilities, no looking in from outside.

use super::State;

/// `_LINUX_CAPABILITY_VERSION_3`: two sets of 32 bits.
const CAPABILITY_VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: libc::c_int,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct CapabilityData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Gives up every right that is more than an ordinary user's, for good. A worker of root stays the owner of root's files; which
/// of them it reaches is for Landlock to say.
pub(super) fn drop_all() -> Result<State, String> {
    set("no new privileges", libc::PR_SET_NO_NEW_PRIVS, 1)?;
    // Not dumpable: others of the same user cannot trace it or read its memory.
    set("not dumpable", libc::PR_SET_DUMPABLE, 0)?;
    set("ambient capabilities", libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong)?;
    let header = CapabilityHeader { version: CAPABILITY_VERSION, pid: 0 };
    let none = [CapabilityData { effective: 0, permitted: 0, inheritable: 0 }; 2];
    // SAFETY: both structures have the layout that this version of the call reads, and live through it.
    if unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) } != 0 {
        return Err(format!("capabilities: {}", std::io::Error::last_os_error()));
    }
    Ok(State::Holds("no capability, none to gain, not traceable".into()))
}

fn set(what: &str, option: libc::c_int, value: libc::c_ulong) -> Result<(), String> {
    // SAFETY: these options take plain numbers and touch no memory of ours.
    match unsafe { libc::prctl(option, value, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(format!("{what}: {}", std::io::Error::last_os_error())),
    }
}
