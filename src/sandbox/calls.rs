//! Which system calls a worker is refused, and why.
//!
//! [`REFUSED`]: calls that a worker has no use for. [`refused_if`], [`refused_without_gpu`]: calls that it needs, with arguments that it must not give.
//! [`OF_A_GPU`]: calls that only the driver of a GPU has use for. [`name`] says what a number means, for those who are told of a refusal.

use libc::c_long;
use seccompiler::SeccompCmpOp;

/// Its name as it is written here, and its number.
pub(super) type Call = (&'static str, c_long);

macro_rules! call {
    ($call:expr) => {
        (stringify!($call), $call)
    };
}

macro_rules! calls {
    ($($call:expr),* $(,)?) => { &[$(call!($call)),*] };
}

// Calls newer than the numbers that every C library knows; from 424 on a call has one number on all machines.
const PIDFD_OPEN: c_long = 434;
const PROCESS_MADVISE: c_long = 440;
const QUOTACTL_FD: c_long = 443;
const MEMFD_SECRET: c_long = 447;
const PROCESS_MRELEASE: c_long = 448;
const FCHMODAT2: c_long = 452;
const STATMOUNT: c_long = 457;
const LISTMOUNT: c_long = 458;
const LSM_SET_SELF_ATTR: c_long = 460;
/// The newest call that was looked at for these lists: `mseal`, Linux 6.10.
pub(super) const NEWEST_REVIEWED: u32 = 462;
/// Numbers above the first and below the second were no calls when these lists were made: a machine's own table ends with the one
/// (`uprobe`, which serves who traces us and fails for us; `kexec_file_load`), the one that all machines share begins with the other.
pub(super) const GAP: (u32, u32) = (if cfg!(target_arch = "x86_64") { 336 } else { 294 }, 424);

/// Refused whatever the arguments.
#[rustfmt::skip]
pub(super) const REFUSED: &[(&str, &[Call])] = &[
    // Landlock does not cover connecting to a pathname Unix socket: a reachable docker.sock would be root. No socket, no such way.
    // Pipes and connected pairs (socketpair) still work.
    ("sockets", calls![libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4]),
    // By a descriptor there need be no path that Landlock could look at: a program from memory. `execve` is [`PROGRAMS`].
    ("programs without a path", calls![libc::SYS_execveat]),
    // Reading, steering or naming other processes. A file descriptor of a process outlives checks of its number.
    ("other processes", calls![libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kcmp,
        libc::SYS_pidfd_getfd, libc::SYS_pidfd_send_signal, PIDFD_OPEN, PROCESS_MADVISE, PROCESS_MRELEASE,
        libc::SYS_migrate_pages, libc::SYS_move_pages, libc::SYS_setpriority, libc::SYS_ioprio_set]),
    // Signals by any call that does not name the thread group, which `refused_if` compares with our own.
    ("signals", calls![libc::SYS_tkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo]),
    // The supervisor ends the whole process group; leaving it would be surviving it.
    ("leaving the group", calls![libc::SYS_setsid, libc::SYS_setpgid]),
    // A new user namespace has all capabilities inside, and with them the kernel's least-tried code.
    ("namespaces and mounts", calls![libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root,
        libc::SYS_chroot, libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount,
        libc::SYS_fspick, libc::SYS_mount_setattr, STATMOUNT, LISTMOUNT, libc::SYS_swapon, libc::SYS_swapoff,
        libc::SYS_quotactl, QUOTACTL_FD]),
    // Its operations run past this filter.
    ("io_uring", calls![libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register]),
    // Of the same kind, older: the kernel's own threads and memory for what we ask. Its other calls need one of these.
    ("asynchronous operations", calls![libc::SYS_io_setup, libc::SYS_io_submit]),
    // Files of memory that even the kernel does not see; the driver of a GPU has no use for them.
    (UNCOUNTED, calls![MEMFD_SECRET]),
    // A filter of its own would answer before ours asks, and what was refused would be kept from the supervisor.
    ("filters of its own", calls![libc::SYS_seccomp]),
    // Owner, mode, times and attributes of a file are not Landlock's business: they could be changed on any file of this user.
    ("attributes of files", calls![libc::SYS_fchmod, libc::SYS_fchmodat, FCHMODAT2, libc::SYS_fchown, libc::SYS_fchownat,
        libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr, libc::SYS_removexattr, libc::SYS_lremovexattr,
        libc::SYS_fremovexattr, libc::SYS_utimensat]),
    // Truncation by path: Landlock knows it only from ABI 3 on. `ftruncate` needs an open file and stays.
    ("truncation by path", calls![libc::SYS_truncate]),
    // Watching what happens to files elsewhere, which Landlock does not cover.
    ("watching files", calls![libc::SYS_inotify_init1, libc::SYS_inotify_add_watch, libc::SYS_fanotify_init, libc::SYS_fanotify_mark]),
    // Opening by handle goes round every check of paths.
    ("file handles", calls![libc::SYS_open_by_handle_at, libc::SYS_name_to_handle_at]),
    // Memory and queues that other processes of this user share by number or name.
    ("System V and POSIX IPC", calls![libc::SYS_shmget, libc::SYS_shmat, libc::SYS_shmctl, libc::SYS_msgget, libc::SYS_msgsnd,
        libc::SYS_msgrcv, libc::SYS_msgctl, libc::SYS_semget, libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_semctl,
        libc::SYS_mq_open, libc::SYS_mq_unlink]),
    // Keys of the session: tokens of the user's other programs.
    ("keys", calls![libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key]),
    // Kernel code with a history of holes that numeric code has no use for.
    ("kernel surface", calls![libc::SYS_bpf, libc::SYS_userfaultfd, libc::SYS_perf_event_open, libc::SYS_personality,
        libc::SYS_lookup_dcookie, libc::SYS_vhangup, libc::SYS_nfsservctl, LSM_SET_SELF_ATTR]),
    // The machine itself.
    ("machine", calls![libc::SYS_kexec_load, libc::SYS_kexec_file_load, libc::SYS_init_module, libc::SYS_finit_module,
        libc::SYS_delete_module, libc::SYS_reboot, libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime,
        libc::SYS_adjtimex, libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_acct, libc::SYS_syslog]),
    // Becoming somebody else.
    ("users", calls![libc::SYS_setuid, libc::SYS_setgid, libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid,
        libc::SYS_setresgid, libc::SYS_setgroups, libc::SYS_setfsuid, libc::SYS_setfsgid, libc::SYS_capset]),
    #[cfg(target_arch = "x86_64")]
    ("older spellings", calls![libc::SYS_fork, libc::SYS_vfork, libc::SYS_chmod, libc::SYS_chown, libc::SYS_lchown, libc::SYS_utime,
        libc::SYS_utimes, libc::SYS_futimesat, libc::SYS_inotify_init]),
    // Ports of the machine, and code segments of 16 bits.
    #[cfg(target_arch = "x86_64")]
    ("x86", calls![libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt]),
];

/// Refused too, but where the policy names programs that a worker may become: without it there is no setuid program and no shell.
pub(super) const PROGRAMS: Call = call!(libc::SYS_execve);

/// Refused too, but where the policy has a GPU: files of memory alone, which a program could be started from, and where memory lies.
pub(super) const OF_A_GPU: &[Call] = calls![libc::SYS_memfd_create, libc::SYS_mbind, libc::SYS_set_mempolicy];

/// One condition on an argument: its index, how to compare, with what. Arguments are `int` unless said otherwise.
pub(super) type Condition = (u8, SeccompCmpOp, u64);

/// A call that is refused if all conditions hold, and what it would be.
pub(super) type Rule = (Call, &'static str, Vec<Condition>);

/// Refused if all conditions of one of its rules hold. `own` is our process id.
pub(super) fn refused_if(own: u64) -> Vec<Rule> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let bits = |mask: libc::c_int, value: libc::c_int| (MaskedEq(mask as u32 as u64), value as u32 as u64);
    let has = |arg: u8, mask: libc::c_int| (arg, bits(mask, mask).0, bits(mask, mask).1);
    let lacks = |arg: u8, mask: libc::c_int| (arg, bits(mask, 0).0, 0);
    let is = |arg: u8, value: u64| (arg, Eq, value);
    let pairs = "pairs of sockets that are no streams";
    let mut rules = vec![
        // Signals to ourselves alone: `abort` and `raise` need them.
        (call!(libc::SYS_kill), "signals to others", vec![(0, Ne, own)]),
        (call!(libc::SYS_tgkill), "signals to others", vec![(0, Ne, own)]),
        // Threads, not processes.
        (call!(libc::SYS_clone), "starting a process", vec![lacks(0, libc::CLONE_THREAD)]),
        // Limits of ourselves alone.
        (call!(libc::SYS_prlimit64), "limits of others", vec![(0, Ne, 0), (0, Ne, own)]),
        // Where and how our own threads run, and nobody else's.
        (call!(libc::SYS_sched_setaffinity), SCHEDULING, vec![(0, Ne, 0), (0, Ne, own)]),
        (call!(libc::SYS_sched_setscheduler), SCHEDULING, vec![(0, Ne, 0), (0, Ne, own)]),
        (call!(libc::SYS_sched_setparam), SCHEDULING, vec![(0, Ne, 0), (0, Ne, own)]),
        (call!(libc::SYS_sched_setattr), SCHEDULING, vec![(0, Ne, 0), (0, Ne, own)]),
        // Connected pairs of streams alone: a datagram socket of a pair can still send to any path.
        (call!(libc::SYS_socketpair), pairs, vec![(0, Ne, libc::AF_UNIX as u64)]),
        (call!(libc::SYS_socketpair), pairs, vec![(1, bits(0xf, 0).0, libc::SOCK_DGRAM as u64)]),
        (call!(libc::SYS_socketpair), pairs, vec![(1, bits(0xf, 0).0, libc::SOCK_RAW as u64)]),
    ];
    // Typing into a terminal, having the kernel send signals for us,
    // and changing attributes of a file through one that is only read.
    let typing = [libc::TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP, FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR];
    rules.extend(typing.map(|request| (call!(libc::SYS_ioctl), "terminals, signals and attributes", vec![is(1, request)])));
    // Besides, holding up whoever opens a file, and watching folders.
    let owning = [libc::F_SETOWN as u64, F_SETOWN_EX, F_SETSIG, libc::F_SETLEASE as u64, libc::F_NOTIFY as u64];
    rules.extend(owning.map(|command| (call!(libc::SYS_fcntl), "signals and leases of files", vec![is(1, command)])));
    // Outliving the supervisor, being traced, hiding what we are, rearranging our own memory map, a filter of its own.
    for option in [
        libc::PR_SET_PDEATHSIG,
        libc::PR_SET_DUMPABLE,
        libc::PR_SET_PTRACER,
        libc::PR_SET_MM,
        libc::PR_SET_CHILD_SUBREAPER,
        libc::PR_SET_SECCOMP,
    ] {
        rules.push((call!(libc::SYS_prctl), "what it is to others", vec![is(0, option as u32 as u64)]));
    }
    for (call, flags, mode) in opening() {
        // Access mode 3 opens without a right that Landlock looks at; truncating while reading is unknown to its ABI 1 and 2.
        rules.push((call, "opening without a right", vec![has(flags, libc::O_ACCMODE)]));
        rules.push((call, "truncating while reading", vec![lacks(flags, libc::O_ACCMODE), has(flags, libc::O_TRUNC)]));
        // A file that runs as its owner, left behind for another user to start. The mode counts only where a file is made.
        for making in [libc::O_CREAT, libc::O_TMPFILE & !libc::O_DIRECTORY] {
            for bit in [libc::S_ISUID, libc::S_ISGID] {
                rules.push((call, SETUID, vec![has(flags, making), has(mode, bit as libc::c_int)]));
            }
        }
    }
    for (call, mode) in making() {
        rules.extend([libc::S_ISUID, libc::S_ISGID].map(|bit| (call, SETUID, vec![has(mode, bit as libc::c_int)])));
    }
    // Memory that grows downwards counts as stack, which the limit on memory leaves out.
    rules.push((call!(libc::SYS_mmap), UNCOUNTED, vec![has(3, libc::MAP_GROWSDOWN)]));
    rules
}

const SCHEDULING: &str = "where and how others run";
const SETUID: &str = "a file that runs as its owner";
const UNCOUNTED: &str = "memory that no limit counts";

/// Refused too, but where the policy has a GPU, whose driver shares memory with it: memory that could be shared with other processes and has
/// no file is counted by no limit of a process.
pub(super) fn refused_without_gpu() -> Rule {
    let shared = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u32 as u64;
    (call!(libc::SYS_mmap), UNCOUNTED, vec![(3, SeccompCmpOp::MaskedEq(shared), shared)])
}

/// A datagram with an address, on whatever socket. The address is a pointer, so that its condition has another width.
pub(super) const SENDTO: (Call, &str) = (call!(libc::SYS_sendto), "datagrams");

/// Moving or growing what lies as high as our own stack, which no limit counts as memory: of the stack alone, its limit is looked at only
/// where it grows by itself. An address, too.
pub(super) const MREMAP: (Call, &str) = (call!(libc::SYS_mremap), UNCOUNTED);

/// Calls that open files, with the places of their flags and mode.
fn opening() -> Vec<(Call, u8, u8)> {
    vec![
        (call!(libc::SYS_openat), 2, 3),
        #[cfg(target_arch = "x86_64")]
        (call!(libc::SYS_open), 1, 2),
    ]
}

/// Calls that make a file without opening it, or whatever their flags, with the place of its mode.
fn making() -> Vec<(Call, u8)> {
    vec![
        (call!(libc::SYS_mknodat), 2),
        #[cfg(target_arch = "x86_64")]
        (call!(libc::SYS_mknod), 1),
        #[cfg(target_arch = "x86_64")]
        (call!(libc::SYS_creat), 1),
    ]
}

const TIOCLINUX: u64 = 0x541c;
const FIOSETOWN: u64 = 0x8901;
const SIOCSPGRP: u64 = 0x8902;
const F_SETSIG: u64 = 10;
const F_SETOWN_EX: u64 = 15;
/// `_IOW('f', 2, long)` and `_IOW('X', 32, struct fsxattr)`, of 8 and 28 bytes.
const FS_IOC_SETFLAGS: u64 = 0x4008_6602;
const FS_IOC_FSSETXATTR: u64 = 0x401c_5820;

/// What a refused call is called, and what it is about; by its number where it is none of these lists.
pub(super) fn name(number: c_long) -> (String, &'static str) {
    let always = REFUSED.iter().flat_map(|(what, calls)| calls.iter().map(move |call| (*call, *what)));
    let others = [(PROGRAMS, "becoming another program"), SENDTO, MREMAP].into_iter();
    let others = others.chain(OF_A_GPU.iter().map(|call| (*call, "memory without a place in the file system")));
    let by_arguments = refused_if(0).into_iter().chain([refused_without_gpu()]).map(|(call, what, _)| (call, what));
    let found = always.chain(others).chain(by_arguments).find(|((_, known), _)| *known == number);
    found.map_or_else(|| (format!("system call {number}"), "not known here"), |((written, _), what)| (plain(written), what))
}

/// `libc::SYS_socket` -> `socket`, `PIDFD_OPEN` -> `pidfd_open`.
fn plain(written: &str) -> String {
    let last = written.rsplit(':').next().unwrap_or(written).trim();
    last.trim_start_matches("SYS_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_listed_twice_and_none_is_newer_than_reviewed() {
        let always = REFUSED.iter().flat_map(|(_, calls)| calls.iter().copied()).chain(OF_A_GPU.iter().copied());
        let mut all: Vec<c_long> = always.map(|(_, number)| number).collect();
        assert!(all.iter().all(|&call| call <= c_long::from(NEWEST_REVIEWED)));
        let by_arguments: Vec<c_long> = refused_if(1).into_iter().map(|((_, number), ..)| number).collect();
        assert!(
            by_arguments.iter().all(|call| !all.contains(call)),
            "a call refused by its arguments is refused altogether as well"
        );
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn refused_calls_have_the_names_that_people_know() {
        for (number, expected, what) in [
            (libc::SYS_socket, "socket", "sockets"),
            (PIDFD_OPEN, "pidfd_open", "other processes"),
            (libc::SYS_execve, "execve", "becoming another program"),
            (libc::SYS_clone, "clone", "starting a process"),
            (libc::SYS_mmap, "mmap", "memory that no limit counts"),
            (libc::SYS_memfd_create, "memfd_create", "memory without a place in the file system"),
            (MEMFD_SECRET, "memfd_secret", "memory that no limit counts"),
            (libc::SYS_mremap, "mremap", "memory that no limit counts"),
            (libc::SYS_seccomp, "seccomp", "filters of its own"),
            (99999, "system call 99999", "not known here"),
        ] {
            assert_eq!(name(number), (expected.to_string(), what));
        }
    }
}
