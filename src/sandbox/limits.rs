//! Limits of the process: file size, open files, no core dumps, no new privileges, death with the parent.

use super::Policy;

/// Applies the limits to this process.
pub(super) fn apply(policy: &Policy) -> Result<String, String> {
    let failed = |what: &str| format!("{what}: {}", std::io::Error::last_os_error());
    let limit = |resource, value: u64| {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: `limit` lives through the call, which only reads it.
        unsafe { libc::setrlimit(resource, &limit) == 0 }
    };
    let set = |option: libc::c_int, value: libc::c_ulong| {
        // SAFETY: these options of prctl take plain numbers and touch no memory of ours.
        unsafe { libc::prctl(option, value, 0, 0, 0) == 0 }
    };
    if !set(libc::PR_SET_NO_NEW_PRIVS, 1) {
        return Err(failed("no new privileges"));
    }
    // Not dumpable: others of the same user cannot trace it or read its memory.
    if !set(libc::PR_SET_DUMPABLE, 0) {
        return Err(failed("not dumpable"));
    }
    if !set(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong) {
        return Err(failed("death with the parent"));
    }
    for (what, resource, value) in [
        ("core size", libc::RLIMIT_CORE, 0),
        ("file size", libc::RLIMIT_FSIZE, policy.max_file_bytes),
        ("open files", libc::RLIMIT_NOFILE, policy.max_open_files),
    ] {
        if !limit(resource, value) {
            return Err(failed(what));
        }
    }
    if let Some(bytes) = policy.memory_bytes
        && !limit(libc::RLIMIT_DATA, bytes)
    {
        return Err(failed("memory"));
    }
    let memory = policy.memory_bytes.map_or("none".into(), |b| format!("{} MiB", b >> 20));
    Ok(format!("no new privileges, {} open files, memory limit {memory}, dies with its parent", policy.max_open_files))
}
