//! Attempts by bare system calls. Arguments are chosen so that the call harms nothing where it is allowed.

use crate::attempts::{Attempt, Control};
use crate::site::Site;
use libc::{c_int, c_long};
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The result of a system call.
pub(crate) fn result(value: c_long) -> io::Result<()> {
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn name(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL")
}

pub(crate) fn open(path: &Path, flags: c_int, mode: libc::mode_t) -> c_long {
    let path = name(path);
    // SAFETY: the path ends with a NUL and lives through the call.
    unsafe { libc::open(path.as_ptr(), flags, mode) }.into()
}

pub(crate) fn mknod(path: &Path, mode: libc::mode_t, device: libc::dev_t) -> c_long {
    let path = name(path);
    // SAFETY: the path ends with a NUL and lives through the call.
    unsafe { libc::mknod(path.as_ptr(), mode, device) }.into()
}

pub(crate) fn socket(family: c_int, kind: c_int) -> c_long {
    // SAFETY: plain numbers.
    unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, 0) }.into()
}

pub(crate) fn fork() -> io::Result<()> {
    // SAFETY: the worker has one thread; the child does nothing but leave.
    match unsafe { libc::fork() } {
        // SAFETY: ends the child at once, without touching what it shares.
        0 => unsafe { libc::_exit(0) },
        pid => result(pid.into()),
    }
}

/// A datagram socket of a connected pair can send to any path, without `socket` or `connect`.
pub(crate) fn datagram_from_a_pair(to: &Path) -> io::Result<()> {
    let mut ends = [0; 2];
    // SAFETY: zeroed is a valid address; both arrays live through the calls and are as long as is said.
    unsafe {
        result(libc::socketpair(libc::AF_UNIX, libc::SOCK_DGRAM, 0, ends.as_mut_ptr()).into())?;
        let mut address: libc::sockaddr_un = std::mem::zeroed();
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (place, byte) in address.sun_path.iter_mut().zip(to.as_os_str().as_bytes()) {
            *place = *byte as libc::c_char;
        }
        let length = size_of::<libc::sockaddr_un>() as libc::socklen_t;
        result(libc::sendto(ends[0], b"!".as_ptr().cast(), 1, 0, (&raw const address).cast(), length) as c_long)
    }
}

/// A call with up to five plain arguments; pointers among them are null.
fn call(number: c_long, arguments: [c_long; 5]) -> io::Result<()> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: every pointer is null or not looked at, so the kernel writes nothing into this process.
    result(unsafe { libc::syscall(number, a, b, c, d, e, 0) })
}

/// Asks for a page of our stack to lie where it lies and be as long as it is.
fn move_own_stack() -> io::Result<()> {
    let here = 0u8;
    // SAFETY: takes a plain number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    call(libc::SYS_mremap, [(&raw const here) as c_long & -page, page, page, 0, 0])
}

const EPERM: &[i32] = &[libc::EPERM];
const ENOSYS: &[i32] = &[libc::ENOSYS];

#[rustfmt::skip]
pub(crate) fn all() -> Vec<Attempt> {
    use Control::{AlsoRefused, Escapes, FailsOtherwise, FailsOtherwiseAsRoot};
    let a = |name, refused, control, run: fn(&Site) -> io::Result<()>| Attempt { name, refused, control, run };
    vec![
        // Other processes. Signal 0 only asks whether a signal might be sent.
        a("signal the supervisor", EPERM, Escapes, |s| call(libc::SYS_kill, [s.supervisor.into(), 0, 0, 0, 0])),
        a("signal everybody", EPERM, Escapes, |_| call(libc::SYS_kill, [-1, 0, 0, 0, 0])),
        a("signal the supervisor's thread", EPERM, Escapes, |s| call(libc::SYS_tgkill, [s.supervisor.into(), s.supervisor.into(), 0, 0, 0])),
        a("signal a thread by its number alone", EPERM, Escapes, |s| call(libc::SYS_tkill, [s.supervisor.into(), 0, 0, 0, 0])),
        a("queue a signal to the supervisor", EPERM, FailsOtherwise, |s| call(libc::SYS_rt_sigqueueinfo, [s.supervisor.into(), 0, 0, 0, 0])),
        a("have the kernel signal the supervisor", EPERM, Escapes, |s| call(libc::SYS_fcntl, [0, libc::F_SETOWN.into(), s.supervisor.into(), 0, 0])),
        a("get a handle on the supervisor", EPERM, Escapes, |s| call(libc::SYS_pidfd_open, [s.supervisor.into(), 0, 0, 0, 0])),
        a("trace the supervisor", EPERM, FailsOtherwise, |s| call(libc::SYS_ptrace, [libc::PTRACE_PEEKDATA.into(), s.supervisor.into(), 0, 0, 0])),
        a("read the supervisor's memory", EPERM, FailsOtherwise, |s| call(libc::SYS_process_vm_readv, [s.supervisor.into(), 0, 0, 0, 0])),
        a("write into the supervisor's memory", EPERM, FailsOtherwise, |s| call(libc::SYS_process_vm_writev, [s.supervisor.into(), 0, 0, 0, 0])),
        a("read the supervisor's limits", EPERM, Escapes, |s| call(libc::SYS_prlimit64, [s.supervisor.into(), libc::RLIMIT_NOFILE.into(), 0, 0, 0])),
        // An empty set of processors, no such class, no parameters: nothing changes where they are allowed.
        a("say where the supervisor runs", EPERM, FailsOtherwise, |s| call(libc::SYS_sched_setaffinity, [s.supervisor.into(), 0, 0, 0, 0])),
        a("say how the supervisor is scheduled", EPERM, FailsOtherwise, |s| call(libc::SYS_sched_setscheduler, [s.supervisor.into(), -1, 0, 0, 0])),
        a("set the supervisor's priority", EPERM, FailsOtherwise, |s| call(libc::SYS_sched_setparam, [s.supervisor.into(), 0, 0, 0, 0])),
        a("set the supervisor's deadline", EPERM, FailsOtherwise, |s| call(libc::SYS_sched_setattr, [s.supervisor.into(), 0, 0, 0, 0])),
        a("take memory that no limit counts", EPERM, Escapes, |_| call(libc::SYS_mmap, [0, 4096, libc::PROT_READ.into(), (libc::MAP_SHARED | libc::MAP_ANONYMOUS).into(), -1])),
        a("take memory that counts as stack", EPERM, Escapes, |_| call(libc::SYS_mmap, [0, 4096, libc::PROT_READ.into(), (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_GROWSDOWN).into(), -1])),
        // Nothing is moved and nothing is mapped where they are allowed.
        a("move its own stack", EPERM, Escapes, |_| move_own_stack()),
        a("take memory that the kernel does not see", EPERM, FailsOtherwise, |_| call(447, [-1, 0, 0, 0, 0])),
        a("leave the process group", EPERM, Escapes, |_| call(libc::SYS_setpgid, [0, 0, 0, 0, 0])),
        a("outlive the supervisor", EPERM, Escapes, |_| call(libc::SYS_prctl, [libc::PR_SET_PDEATHSIG.into(), 0, 0, 0, 0])),
        a("be traceable again", EPERM, Escapes, |_| call(libc::SYS_prctl, [libc::PR_SET_DUMPABLE.into(), 1, 0, 0, 0])),
        a("type into a terminal", EPERM, FailsOtherwise, |_| call(libc::SYS_ioctl, [0, libc::TIOCSTI as c_long, 0, 0, 0])),
        // There is no such file.
        a("set flags of a file", EPERM, FailsOtherwise, |_| call(libc::SYS_ioctl, [-1, 0x4008_6602, 0, 0, 0])),
        a("set extended flags of a file", EPERM, FailsOtherwise, |_| call(libc::SYS_ioctl, [-1, 0x401c_5820, 0, 0, 0])),
        a("hold up whoever opens a file", EPERM, FailsOtherwise, |_| call(libc::SYS_fcntl, [-1, libc::F_SETLEASE.into(), 1, 0, 0])),
        a("watch a folder that is open", EPERM, FailsOtherwise, |_| call(libc::SYS_fcntl, [-1, libc::F_NOTIFY.into(), 0, 0, 0])),
        // Programs and processes by other names.
        a("fork by a flag of clone", EPERM, FailsOtherwise, |_| call(libc::SYS_clone, [libc::CLONE_SIGHAND.into(), 0, 0, 0, 0])),
        a("fork by clone3", ENOSYS, FailsOtherwise, |_| call(libc::SYS_clone3, [0, 0, 0, 0, 0])),
        a("run a program from memory", EPERM, FailsOtherwise, |_| call(libc::SYS_execveat, [-1, 0, 0, 0, libc::AT_EMPTY_PATH.into()])),
        // Namespaces and mounts.
        a("make a user namespace", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_unshare, [libc::CLONE_NEWUSER.into(), 0, 0, 0, 0])),
        a("join a namespace", EPERM, FailsOtherwise, |_| call(libc::SYS_setns, [-1, 0, 0, 0, 0])),
        a("mount", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_mount, [0, 0, 0, 0, 0])),
        a("unmount", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_umount2, [0, 0, 0, 0, 0])),
        a("mount by the new calls", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_fsopen, [0, 0, 0, 0, 0])),
        a("chroot", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_chroot, [0, 0, 0, 0, 0])),
        a("pivot the root", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_pivot_root, [0, 0, 0, 0, 0])),
        // Ways round the filter or the rules of paths.
        a("set up io_uring", EPERM, FailsOtherwise, |_| call(libc::SYS_io_uring_setup, [1, 0, 0, 0, 0])),
        a("set up asynchronous operations", EPERM, FailsOtherwise, |_| call(libc::SYS_io_setup, [0, 0, 0, 0, 0])),
        a("ask for asynchronous operations", EPERM, FailsOtherwise, |_| call(libc::SYS_io_submit, [0, 0, 0, 0, 0])),
        // A filter of its own would keep from the supervisor what was refused. There is no such operation, and no such mode.
        a("filter its own calls", EPERM, FailsOtherwise, |_| call(libc::SYS_seccomp, [99, 0, 0, 0, 0])),
        a("filter its own calls by prctl", EPERM, FailsOtherwise, |_| call(libc::SYS_prctl, [libc::PR_SET_SECCOMP.into(), 99, 0, 0, 0])),
        a("open by handle", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_open_by_handle_at, [-1, 0, 0, 0, 0])),
        a("get a handle of a file", EPERM, FailsOtherwise, |_| call(libc::SYS_name_to_handle_at, [-1, 0, 0, 0, 0])),
        a("open by openat2", ENOSYS, FailsOtherwise, |_| call(libc::SYS_openat2, [-1, 0, 0, 0, 0])),
        a("call by a newer number", ENOSYS, AlsoRefused, |_| call(463, [0, 0, 0, 0, 0])),
        a("call by a number that was none", ENOSYS, AlsoRefused, |_| call(400, [0, 0, 0, 0, 0])),
        #[cfg(target_arch = "x86_64")]
        a("call by an x32 number", ENOSYS, AlsoRefused, |_| call(0x4000_0000 | libc::SYS_socket, [libc::AF_INET.into(), libc::SOCK_STREAM.into(), 0, 0, 0])),
        a("watch files elsewhere", EPERM, Escapes, |_| call(libc::SYS_inotify_init1, [0, 0, 0, 0, 0])),
        a("truncate by path", EPERM, FailsOtherwise, |_| call(libc::SYS_truncate, [0, 0, 0, 0, 0])),
        a("set an attribute by path", EPERM, FailsOtherwise, |_| call(libc::SYS_setxattr, [0, 0, 0, 0, 0])),
        a("send to an address", EPERM, FailsOtherwise, |_| call(libc::SYS_sendto, [0, 0, 0, 0, 1])),
        // What other processes share by number or name.
        a("use shared memory of System V", EPERM, FailsOtherwise, |_| call(libc::SYS_shmget, [0x7a11_0e5c, 1, 0, 0, 0])),
        a("open a message queue", EPERM, FailsOtherwise, |_| call(libc::SYS_mq_open, [0, 0, 0, 0, 0])),
        a("read the session's keys", EPERM, FailsOtherwise, |_| call(libc::SYS_keyctl, [0, -3, 0, 0, 0])),
        a("add a key", EPERM, FailsOtherwise, |_| call(libc::SYS_add_key, [0, 0, 0, 0, 0])),
        // Kernel surface, and the machine.
        a("load a BPF program", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_bpf, [5, 0, 0, 0, 0])),
        a("use userfaultfd", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_userfaultfd, [-1, 0, 0, 0, 0])),
        a("count events of the machine", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_perf_event_open, [0, 0, -1, -1, 0])),
        a("change its personality", EPERM, Escapes, |_| call(libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0])),
        a("load another kernel", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_kexec_load, [0, 0, 0, 0xffff, 0])),
        a("load a kernel module", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_finit_module, [-1, 0, 0, 0, 0])),
        a("reboot", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_reboot, [0, 0, 0, 0, 0])),
        a("set the clock", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_clock_settime, [0, 0, 0, 0, 0])),
        a("swap", EPERM, FailsOtherwiseAsRoot, |_| call(libc::SYS_swapon, [0, 0, 0, 0, 0])),
        // Becoming somebody else.
        a("set its user", EPERM, FailsOtherwise, |_| call(libc::SYS_setresuid, [-1, -1, -1, 0, 0])),
        a("set its capabilities", EPERM, FailsOtherwise, |_| call(libc::SYS_capset, [0, 0, 0, 0, 0])),
    ]
}
