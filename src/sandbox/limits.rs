//! How much a worker may use, where no control group says so: the kernel's limits of a process.

use super::{Grouped, Level, Policy, State};

/// Memory of its own. RLIMIT_DATA counts what is written to, unlike RLIMIT_AS, which counts reserved addresses and so breaks what
/// reserves generously (CUDA). Under it an allocation fails; under a control group the kernel kills, and counts that.
pub(super) fn memory(policy: &Policy, group: Grouped) -> Result<State, String> {
    let Some(bytes) = policy.memory_bytes else { return Ok(State::NotAsked) };
    if group.memory {
        return Ok(State::Holds(format!("at most {} MiB, by a control group", bytes >> 20)));
    }
    limit("memory", libc::RLIMIT_DATA, bytes)?;
    let how = format!("at most {} MiB, by RLIMIT_DATA", bytes >> 20);
    // It does not count memory that could be shared with other processes; the filter of system calls refuses that, where it holds for sure
    // and no GPU needs it.
    match (policy.level, &policy.gpu) {
        (Level::Strict, None) => Ok(State::Holds(how)),
        (Level::Strict | Level::BestEffort | Level::Off, _) => {
            Ok(State::Partly(how + ", which does not count memory that could be shared"))
        }
    }
}

/// Threads. RLIMIT_NPROC counts all that this user runs and does not bind root, so it is the second choice.
pub(super) fn threads(policy: &Policy, group: Grouped) -> Result<State, String> {
    let most = policy.max_threads;
    if group.threads {
        return Ok(State::Holds(format!("at most {most}, by a control group")));
    }
    // SAFETY: takes nothing, cannot fail.
    let user = unsafe { libc::getuid() };
    if user == 0 {
        // No hole in the wall: threads of one process, whose memory and time are limited, and no processes at all.
        return Ok(State::Partly("no control group can be made here, and RLIMIT_NPROC does not bind root".into()));
    }
    limit("threads", libc::RLIMIT_NPROC, threads_of(user) + most)?;
    Ok(State::Holds(format!("at most {most} more of this user, by RLIMIT_NPROC")))
}

/// Of the first thread.
pub(super) const STACK_BYTES: u64 = 8 << 20;

/// File size, open files, stack, core dumps, message queues.
pub(super) fn amounts(policy: &Policy) -> Result<State, String> {
    for (what, resource, value) in [
        ("core size", libc::RLIMIT_CORE, 0),
        ("file size", libc::RLIMIT_FSIZE, policy.max_file_bytes),
        ("open files", libc::RLIMIT_NOFILE, policy.max_open_files),
        ("message queues", libc::RLIMIT_MSGQUEUE, 0),
        // That of the first thread; it is no part of what is counted as memory.
        ("stack", libc::RLIMIT_STACK, STACK_BYTES),
    ] {
        limit(what, resource, value)?;
    }
    survive_file_limits();
    Ok(State::Holds(format!(
        "files of at most {} MiB, {} open, no core dumps",
        policy.max_file_bytes >> 20,
        policy.max_open_files
    )))
}

/// As many open files as this process may give itself, until [`amounts`] limits them.
pub(super) fn open_many() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid rlimit that lives through both calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            // Where that fails there are as many as before.
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

/// From now on a write beyond the limit on the size of files is an error that can be told (EFBIG), not a death by signal.
pub fn survive_file_limits() {
    // SAFETY: ignoring a signal installs no handler.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// How the C library types the name of a limit.
#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

/// Sets soft and hard limit; never above what was inherited, which only a privileged process may exceed.
fn limit(what: &str, resource: Resource, value: u64) -> Result<(), String> {
    let failed = || format!("{what}: {}", std::io::Error::last_os_error());
    let mut inherited = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `inherited` is a valid rlimit to write to and lives through the call.
    if unsafe { libc::getrlimit(resource, &mut inherited) } != 0 {
        return Err(failed());
    }
    let value = value.min(inherited.rlim_max);
    let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
    // SAFETY: `limit` lives through the call, which only reads it.
    if unsafe { libc::setrlimit(resource, &limit) } != 0 { Err(failed()) } else { Ok(()) }
}

/// Threads that a user runs now, all processes together: what RLIMIT_NPROC compares with.
fn threads_of(user: u32) -> u64 {
    let statuses = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    statuses.filter_map(|entry| threads_in(&std::fs::read_to_string(entry.path().join("status")).ok()?, user)).sum()
}

/// The thread count in a `/proc/PID/status`, if the process is that user's.
fn threads_in(status: &str, user: u32) -> Option<u64> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    (field("Uid:")?.parse() == Ok(user)).then(|| field("Threads:")?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_read_of_the_right_user() {
        let status = "Name:\ttallow\nUid:\t1000\t0\t0\t0\nThreads:\t12\n";
        assert_eq!(threads_in(status, 1000), Some(12));
        assert_eq!(threads_in(status, 0), None);
        assert_eq!(threads_in("Name:\tx\n", 1000), None);
        // SAFETY: takes nothing, cannot fail.
        assert!(threads_of(unsafe { libc::getuid() }) >= 1);
    }
}
