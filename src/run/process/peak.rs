//! The most memory that a process had resident at once. What the kernel counts of a process until its end begins with what the one that
//! started it had (Linux carries that mark over `exec`); what it says of a process's memory itself begins anew with each program.

/// Of one process, as far as it was seen.
#[derive(Debug)]
pub(super) struct Peak {
    /// Of the process that started it.
    ours: Option<u64>,
    seen: Option<u64>,
}

impl Peak {
    /// Of a process that was just started: what it cannot have from us is known from now on.
    pub(super) fn new() -> Peak {
        Peak { ours: resident("self"), seen: None }
    }

    /// Looks at it while it lives; one that has ended has no memory any more.
    pub(super) fn look(&mut self, pid: u32) {
        self.seen = self.seen.max(resident(&pid.to_string()));
    }

    /// The most of it, in bytes; `counted` is what the kernel counted until its end.
    pub(super) fn bytes(&self, counted: u64) -> u64 {
        match (self.ours, self.seen) {
            // The kernel's counters are off by a little: what is clearly more than we had is its own.
            (Some(ours), Some(seen)) if counted <= ours + ours / 8 => seen.min(counted),
            (None, Some(seen)) => seen.min(counted),
            _ => counted,
        }
    }
}

/// The largest resident memory of a process so far, of the program that it runs now.
fn resident(pid: &str) -> Option<u64> {
    peak(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// `VmHWM` of `/proc/PID/status`, in bytes.
fn peak(status: &str) -> Option<u64> {
    let kib: u64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_mark_is_read_as_the_kernel_writes_it() {
        assert_eq!(peak("Name:\tsh\nVmPeak:\t    9000 kB\nVmHWM:\t    1234 kB\nVmRSS:\t    1200 kB\n"), Some(1234 * 1024));
        assert_eq!(peak("Name:\tsh\nState:\tZ (zombie)\n"), None);
        assert!(resident("self").is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn what_we_had_is_not_its_own() {
        let of = |ours: Option<u64>, seen: Option<u64>| Peak { ours: ours.map(|n| n * MIB), seen: seen.map(|n| n * MIB) };
        assert_eq!(of(Some(120), Some(30)).bytes(120 * MIB), 30 * MIB);
        assert_eq!(of(Some(120), Some(30)).bytes(121 * MIB), 30 * MIB);
        // More than we ever had: it grew after it was seen last.
        assert_eq!(of(Some(120), Some(150)).bytes(900 * MIB), 900 * MIB);
        // Nothing better is known.
        assert_eq!(of(Some(120), None).bytes(120 * MIB), 120 * MIB);
        assert_eq!(of(None, Some(30)).bytes(120 * MIB), 30 * MIB);
    }
}
