//! What a worker can ask of the kernel: seccomp.
//!
//! Three parts. [`REFUSED`]: calls that a worker has no use for, each with the reason. [`refused_if`]: calls that it needs, with
//! arguments that it must not give. Both fail with EPERM, so that a library can go on without them. [`absent`]: calls newer than
//! this list, other ways to name a call, and two whose arguments a filter cannot see; they fail with ENOSYS, as on an older kernel,
//! and libraries then use the older call, which can be checked.

use super::{Policy, State};
use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};
use std::collections::BTreeMap;

// Calls newer than the numbers that every C library knows; from 424 on a call has one number on all machines.
const PIDFD_OPEN: c_long = 434;
const PROCESS_MADVISE: c_long = 440;
const QUOTACTL_FD: c_long = 443;
const PROCESS_MRELEASE: c_long = 448;
const FCHMODAT2: c_long = 452;
const STATMOUNT: c_long = 457;
const LISTMOUNT: c_long = 458;
const LSM_SET_SELF_ATTR: c_long = 460;
/// The newest call that was looked at for these lists: `mseal`, Linux 6.10.
const NEWEST_REVIEWED: u32 = 462;

/// Refused whatever the arguments.
#[rustfmt::skip]
const REFUSED: &[(&str, &[c_long])] = &[
    // Landlock does not cover connecting to a pathname Unix socket: a reachable docker.sock would be root. No socket, no such way.
    // Pipes and connected pairs (socketpair) still work.
    ("sockets", &[libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4]),
    // By a descriptor there need be no path that Landlock could look at: a program from memory. `execve` is [`PROGRAMS`].
    ("programs without a path", &[libc::SYS_execveat]),
    // Reading, steering or naming other processes. A file descriptor of a process outlives checks of its number.
    ("other processes", &[libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kcmp,
        libc::SYS_pidfd_getfd, libc::SYS_pidfd_send_signal, PIDFD_OPEN, PROCESS_MADVISE, PROCESS_MRELEASE,
        libc::SYS_migrate_pages, libc::SYS_move_pages, libc::SYS_setpriority, libc::SYS_ioprio_set]),
    // Signals by any call that does not name the thread group, which `refused_if` compares with our own.
    ("signals", &[libc::SYS_tkill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo]),
    // The supervisor ends the whole process group; leaving it would be surviving it.
    ("leaving the group", &[libc::SYS_setsid, libc::SYS_setpgid]),
    // A new user namespace has all capabilities inside, and with them the kernel's least-tried code.
    ("namespaces and mounts", &[libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root,
        libc::SYS_chroot, libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount,
        libc::SYS_fspick, libc::SYS_mount_setattr, STATMOUNT, LISTMOUNT, libc::SYS_swapon, libc::SYS_swapoff,
        libc::SYS_quotactl, QUOTACTL_FD]),
    // Its operations run past this filter.
    ("io_uring", &[libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register]),
    // Owner, mode, times and attributes of a file are not Landlock's business: they could be changed on any file of this user.
    ("attributes of files", &[libc::SYS_fchmod, libc::SYS_fchmodat, FCHMODAT2, libc::SYS_fchown, libc::SYS_fchownat,
        libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr, libc::SYS_removexattr, libc::SYS_lremovexattr,
        libc::SYS_fremovexattr, libc::SYS_utimensat]),
    // Truncation by path: Landlock knows it only from ABI 3 on. `ftruncate` needs an open file and stays.
    ("truncation by path", &[libc::SYS_truncate]),
    // Watching what happens to files elsewhere, which Landlock does not cover.
    ("watching files", &[libc::SYS_inotify_init1, libc::SYS_inotify_add_watch, libc::SYS_fanotify_init, libc::SYS_fanotify_mark]),
    // Opening by handle goes round every check of paths.
    ("file handles", &[libc::SYS_open_by_handle_at, libc::SYS_name_to_handle_at]),
    // Memory and queues that other processes of this user share by number or name.
    ("System V and POSIX IPC", &[libc::SYS_shmget, libc::SYS_shmat, libc::SYS_shmctl, libc::SYS_msgget, libc::SYS_msgsnd,
        libc::SYS_msgrcv, libc::SYS_msgctl, libc::SYS_semget, libc::SYS_semop, libc::SYS_semtimedop, libc::SYS_semctl,
        libc::SYS_mq_open, libc::SYS_mq_unlink]),
    // Keys of the session: tokens of the user's other programs.
    ("keys", &[libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key]),
    // Kernel code with a history of holes that numeric code has no use for.
    ("kernel surface", &[libc::SYS_bpf, libc::SYS_userfaultfd, libc::SYS_perf_event_open, libc::SYS_personality,
        libc::SYS_lookup_dcookie, libc::SYS_vhangup, libc::SYS_nfsservctl, LSM_SET_SELF_ATTR]),
    // The machine itself.
    ("machine", &[libc::SYS_kexec_load, libc::SYS_kexec_file_load, libc::SYS_init_module, libc::SYS_finit_module,
        libc::SYS_delete_module, libc::SYS_reboot, libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime,
        libc::SYS_adjtimex, libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_acct, libc::SYS_syslog]),
    // Becoming somebody else.
    ("users", &[libc::SYS_setuid, libc::SYS_setgid, libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid,
        libc::SYS_setresgid, libc::SYS_setgroups, libc::SYS_setfsuid, libc::SYS_setfsgid, libc::SYS_capset]),
    #[cfg(target_arch = "x86_64")]
    ("older spellings", &[libc::SYS_fork, libc::SYS_vfork, libc::SYS_chmod, libc::SYS_chown, libc::SYS_lchown, libc::SYS_utime,
        libc::SYS_utimes, libc::SYS_futimesat, libc::SYS_inotify_init]),
    // Ports of the machine, and code segments of 16 bits.
    #[cfg(target_arch = "x86_64")]
    ("x86", &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt]),
];

/// Refused too, but where the policy names programs that a worker may become: without it there is no setuid program and no shell.
const PROGRAMS: c_long = libc::SYS_execve;

/// One condition on an argument: its index, how to compare, with what. Arguments are `int` unless said otherwise.
type Condition = (u8, SeccompCmpOp, u64);

/// Refused if all conditions of one of its lists hold. `own` is our process id.
fn refused_if(own: u64) -> Vec<(c_long, Vec<Condition>)> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    let bits = |mask: libc::c_int, value: libc::c_int| (MaskedEq(mask as u32 as u64), value as u32 as u64);
    let has = |arg: u8, mask: libc::c_int| (arg, bits(mask, mask).0, bits(mask, mask).1);
    let lacks = |arg: u8, mask: libc::c_int| (arg, bits(mask, 0).0, 0);
    let is = |arg: u8, value: u64| (arg, Eq, value);
    let mut rules = vec![
        // Signals to ourselves alone: `abort` and `raise` need them.
        (libc::SYS_kill, vec![(0, Ne, own)]),
        (libc::SYS_tgkill, vec![(0, Ne, own)]),
        // Threads, not processes.
        (libc::SYS_clone, vec![lacks(0, libc::CLONE_THREAD)]),
        // Limits of ourselves alone.
        (libc::SYS_prlimit64, vec![(0, Ne, 0), (0, Ne, own)]),
        // Connected pairs of streams alone: a datagram socket of a pair can still send to any path.
        (libc::SYS_socketpair, vec![(0, Ne, libc::AF_UNIX as u64)]),
        (libc::SYS_socketpair, vec![(1, bits(0xf, 0).0, libc::SOCK_DGRAM as u64)]),
        (libc::SYS_socketpair, vec![(1, bits(0xf, 0).0, libc::SOCK_RAW as u64)]),
    ];
    // Typing into a terminal, and having the kernel send signals for us.
    rules.extend([libc::TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP].map(|request| (libc::SYS_ioctl, vec![is(1, request)])));
    rules.extend([libc::F_SETOWN as u64, F_SETOWN_EX, F_SETSIG].map(|command| (libc::SYS_fcntl, vec![is(1, command)])));
    // Outliving the supervisor, being traced, hiding what we are, rearranging our own memory map.
    for option in
        [libc::PR_SET_PDEATHSIG, libc::PR_SET_DUMPABLE, libc::PR_SET_PTRACER, libc::PR_SET_MM, libc::PR_SET_CHILD_SUBREAPER]
    {
        rules.push((libc::SYS_prctl, vec![is(0, option as u32 as u64)]));
    }
    for (call, flags, mode) in opening() {
        // Access mode 3 opens without a right that Landlock looks at; truncating while reading is unknown to its ABI 1 and 2.
        rules.push((call, vec![has(flags, libc::O_ACCMODE)]));
        rules.push((call, vec![lacks(flags, libc::O_ACCMODE), has(flags, libc::O_TRUNC)]));
        // A file that runs as its owner, left behind for another user to start. The mode counts only where a file is made.
        for making in [libc::O_CREAT, libc::O_TMPFILE & !libc::O_DIRECTORY] {
            for bit in [libc::S_ISUID, libc::S_ISGID] {
                rules.push((call, vec![has(flags, making), has(mode, bit as libc::c_int)]));
            }
        }
    }
    #[cfg(target_arch = "x86_64")]
    for bit in [libc::S_ISUID, libc::S_ISGID] {
        rules.push((libc::SYS_creat, vec![has(1, bit as libc::c_int)]));
    }
    rules
}

/// Calls that open files, with the places of their flags and mode.
fn opening() -> Vec<(c_long, u8, u8)> {
    vec![
        (libc::SYS_openat, 2, 3),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_open, 1, 2),
    ]
}

const TIOCLINUX: u64 = 0x541c;
const FIOSETOWN: u64 = 0x8901;
const SIOCSPGRP: u64 = 0x8902;
const F_SETSIG: u64 = 10;
const F_SETOWN_EX: u64 = 15;

/// Installs the filters for this process and all threads that it will start; they cannot be taken off.
pub(super) fn restrict(policy: &Policy) -> Result<State, String> {
    let programs = !policy.programs.is_empty();
    let (refusing, always, by_arguments) = refusing(u64::from(std::process::id()), programs).map_err(|e| e.to_string())?;
    for program in [absent(), refusing] {
        apply_filter(&program).map_err(|e| e.to_string())?;
    }
    Ok(State::Holds(format!(
        "seccomp: {always} system calls refused, {by_arguments} more by their arguments; no socket, no process"
    )))
}

/// The filter of what is refused with EPERM, and how many calls it refuses altogether and by their arguments. A foreign architecture
/// kills. `programs`: whether it may become another program.
fn refusing(own: u64, programs: bool) -> Result<(BpfProgram, usize, usize), BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (call, conditions) in refused_if(own) {
        let condition = |(arg, op, value)| SeccompCondition::new(arg, SeccompCmpArgLen::Dword, op, value);
        let rule = SeccompRule::new(conditions.into_iter().map(condition).collect::<Result<_, _>>()?)?;
        rules.entry(call).or_default().push(rule);
    }
    // A datagram with an address, on whatever socket: the address is a pointer.
    let address = SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)?;
    rules.insert(libc::SYS_sendto, vec![SeccompRule::new(vec![address])?]);
    let by_arguments = rules.len();
    let always = REFUSED.iter().flat_map(|(_, calls)| calls.iter().copied());
    let always: Vec<c_long> = always.chain((!programs).then_some(PROGRAMS)).collect();
    rules.extend(always.iter().map(|&call| (call, Vec::new())));
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let eperm = SeccompAction::Errno(libc::EPERM as u32);
    Ok((SeccompFilter::new(rules, SeccompAction::Allow, eperm, arch)?.try_into()?, always.len(), by_arguments))
}

/// The filter of what is answered with ENOSYS. By hand, because a range of numbers is not among the crate's conditions. A foreign
/// architecture, whose numbers mean other calls, is the other filter's business: the kernel takes the stricter answer.
fn absent() -> BpfProgram {
    const LOAD_NUMBER: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
    const JUMP_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        step(LOAD_NUMBER, 0, 0, 0),
        // Newer calls; and x86-64's x32 calls, which are the known ones again with bit 30 set.
        step(JUMP_GREATER, 3, 0, NEWEST_REVIEWED),
        // Their flags are behind a pointer. `clone` and `openat` do the same where a filter can see it.
        step(JUMP_EQUAL, 2, 0, libc::SYS_clone3 as u32),
        step(JUMP_EQUAL, 1, 0, libc::SYS_openat2 as u32),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ]
}

/// Whether this kernel takes filters of system calls.
pub(super) fn offered() -> Result<String, String> {
    let action = libc::SECCOMP_RET_ERRNO;
    // SAFETY: `action` lives through the call, which reads it and answers whether a filter may return it.
    let there = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) };
    if there == 0 { Ok("seccomp filters".into()) } else { Err("this kernel takes no seccomp filters".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_is_listed_twice_and_none_is_newer_than_reviewed() {
        let mut all: Vec<c_long> = REFUSED.iter().flat_map(|(_, calls)| calls.iter().copied()).collect();
        assert!(all.iter().all(|&call| call <= c_long::from(NEWEST_REVIEWED)));
        let by_arguments: Vec<c_long> = refused_if(1).into_iter().map(|(call, _)| call).collect();
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
    fn the_filters_fit_into_the_kernels_limit() {
        let (program, ..) = refusing(1, false).expect("compiles");
        assert!(program.len() < 4096, "{} instructions", program.len());
    }
}
