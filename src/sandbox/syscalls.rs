//! Which system calls are refused (seccomp). They fail with EPERM, so that a library can go on without them.

use super::Policy;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter_all_threads};
use std::collections::BTreeMap;

/// Refused calls, with the reason. A socket of any family is among them: Landlock does not cover connecting to a pathname Unix
/// socket, so a reachable `docker.sock` would be root. `socketpair` and pipes still work.
#[rustfmt::skip]
const REFUSED: &[(&str, &[libc::c_long])] = &[
    ("network and local sockets", &[libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4]),
    ("other programs: a worker needs none", &[libc::SYS_execve, libc::SYS_execveat]),
    ("other processes", &[libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kcmp,
        libc::SYS_pidfd_getfd, libc::SYS_pidfd_send_signal]),
    ("namespaces and mounts", &[libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root,
        libc::SYS_chroot, libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount,
        libc::SYS_fspick, libc::SYS_mount_setattr]),
    ("io_uring goes round this filter", &[libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register]),
    ("kernel surface with a history", &[libc::SYS_bpf, libc::SYS_userfaultfd, libc::SYS_perf_event_open, libc::SYS_keyctl,
        libc::SYS_add_key, libc::SYS_request_key, libc::SYS_open_by_handle_at, libc::SYS_name_to_handle_at, libc::SYS_personality]),
    ("the machine", &[libc::SYS_kexec_load, libc::SYS_kexec_file_load, libc::SYS_init_module, libc::SYS_finit_module,
        libc::SYS_delete_module, libc::SYS_reboot, libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_settimeofday, libc::SYS_clock_settime,
        libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_acct, libc::SYS_quotactl, libc::SYS_syslog]),
    ("users", &[libc::SYS_setuid, libc::SYS_setgid, libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid, libc::SYS_setresgid,
        libc::SYS_setgroups, libc::SYS_setfsuid, libc::SYS_setfsgid, libc::SYS_capset]),
    ("signals to others: a worker has no children", &[libc::SYS_kill, libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo]),
    ("leaving the process group", &[libc::SYS_setsid, libc::SYS_setpgid]),
];

/// Installs the filter for all threads of this process.
pub(super) fn apply(_policy: &Policy) -> Result<String, String> {
    let rules: BTreeMap<i64, Vec<_>> = REFUSED.iter().flat_map(|(_, calls)| calls.iter().map(|&call| (call, Vec::new()))).collect();
    let count = rules.len();
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|e| e.to_string())?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32), arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(|e| e.to_string())?;
    apply_filter_all_threads(&program).map_err(|e| e.to_string())?;
    Ok(format!("seccomp: {count} system calls refused, all sockets among them"))
}
