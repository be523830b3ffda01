//! A world of its own: user, mount, network, IPC, host-name and control-group namespaces, where this machine lets us make them.
//!
//! The file system that it sees is an empty one with the paths that the policy names, so that even whether another file exists cannot
//! be asked; there is no network interface, not even loopback; and root in there is nobody out here. Landlock and the filter of
//! system calls hold what they hold without this layer: it is a second wall behind them, and no policy asks for it by itself.
//!
//! No PID namespace: a process that makes one can start no threads any more, and one that is born in one is its init, which the
//! kernel lets ignore the very signals that we stop workers with. What it would give is given otherwise: a worker sees no `/proc`,
//! and may name no process but itself.

use super::files::SYSTEM;
use super::{Policy, State};
use crate::words::counted;
use libc::{c_int, c_uint};
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const OPEN_TREE_CLONE: c_uint = 1;
const AT_RECURSIVE: c_uint = 0x8000;
const MOVE_MOUNT_F_EMPTY_PATH: c_uint = 4;

const READ_ONLY: u64 = 1;
const NO_SETUID: u64 = 2;
const NO_DEVICES: u64 = 4;
const NO_PROGRAMS: u64 = 8;

/// `struct mount_attr` of Linux 5.12.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Puts this process into namespaces of its own, as far as this machine lets it. Never an error: what is not there is said.
pub(super) fn enter(policy: &Policy) -> State {
    const REST: &str = "Landlock and the filter of system calls hold without it";
    if let Err(error) = unshare() {
        return State::Partly(format!("no namespaces here ({error}); {REST}"));
    }
    match own_files(policy) {
        Ok(count) => State::Holds(format!(
            "users, mounts, network, IPC and host name of its own: sees {} of the file system, no network interface",
            counted(count, "place")
        )),
        Err(error) => State::Partly(format!(
            "users, network, IPC and host name of its own; sees the whole file system ({error}), of which {REST}"
        )),
    }
}

/// Leaves the machine's namespaces. User and group keep their numbers, and no other has one in here.
fn unshare() -> io::Result<()> {
    // SAFETY: take nothing, cannot fail.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let all = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWCGROUP;
    // SAFETY: plain flags; this process has one thread.
    check(unsafe { libc::unshare(all) }.into())?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

/// Makes a root of what the policy names, and goes there. Says how many places it has. After an error all is as it was, or the same
/// files are seen.
fn own_files(policy: &Policy) -> io::Result<usize> {
    // What happens to mounts in here stays in here.
    mount(None, Path::new("/"), libc::MS_REC | libc::MS_PRIVATE)?;
    // Each place is held open until it is laid.
    super::limits::open_many();
    let places = places(policy)?;
    let root = &policy.writable;
    mount(Some("tmpfs"), root, libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC)?;
    let laid = places.iter().try_for_each(|place| place.lay_below(root)).and_then(|()| pivot(root));
    if laid.is_err() {
        let over = name(root)?;
        // SAFETY: the path ends with a NUL and lives through the call. If it stays covered, writing will say so.
        unsafe { libc::umount2(over.as_ptr(), libc::MNT_DETACH) };
        std::env::set_current_dir(root)?;
    }
    laid?;
    // Nothing is added to the root itself.
    set(libc::AT_FDCWD, Path::new("/"), 0, READ_ONLY | NO_SETUID | NO_DEVICES | NO_PROGRAMS)?;
    std::env::set_current_dir(&policy.writable)?;
    Ok(places.len())
}

/// A path of the new root, and a mount of what shall be there that is not yet anywhere.
struct Place {
    path: PathBuf,
    mount: OwnedFd,
    is_folder: bool,
}

/// The places that the policy names, outer ones first. Each lies where it lies, and also where it is named if a symlink leads there.
fn places(policy: &Policy) -> io::Result<Vec<Place>> {
    let system = SYSTEM.iter().map(PathBuf::from);
    let (mut read_only, mut aliases) = (BTreeSet::new(), BTreeSet::new());
    let gpu = policy.gpu.clone().unwrap_or_default();
    let of_a_gpu = [&gpu.devices, &gpu.readable, &gpu.libraries, &gpu.threads].into_iter().flatten();
    for named in policy.read_only.iter().chain(&policy.programs).chain(of_a_gpu).cloned().chain(system) {
        // What is not there, or cannot be reached, cannot be read: as Landlock has it.
        let Ok(real) = named.canonicalize() else { continue };
        if real != named {
            aliases.insert(named);
        }
        read_only.insert(real);
    }
    let writable = policy.writable.canonicalize()?;
    if writable != policy.writable {
        aliases.insert(policy.writable.clone());
    }
    let is_below = |path: &Path, others: &BTreeSet<PathBuf>| path.ancestors().skip(1).any(|above| others.contains(above));
    let outer: BTreeSet<PathBuf> =
        read_only.iter().filter(|path| !is_below(path, &read_only) && !path.starts_with(&writable)).cloned().collect();
    // A name inside a folder that is there leads on by itself.
    let aliases = aliases.into_iter().filter(|alias| !is_below(alias, &outer) && !alias.starts_with(&writable));
    let mut found = Vec::new();
    for path in outer.iter().cloned().chain(aliases).chain([writable.clone()]) {
        let writes = path == writable || path == policy.writable;
        let runs = policy.programs.iter().filter_map(|program| program.canonicalize().ok());
        let runs = runs
            .into_iter()
            .any(|program| program.starts_with(&path) || path.canonicalize().is_ok_and(|p| p.starts_with(&program)));
        let real = path.canonicalize()?;
        let holds = |paths: &[PathBuf]| paths.iter().filter_map(|named| named.canonicalize().ok()).any(|p| p.starts_with(&real));
        let (devices, threads) = (holds(&gpu.devices), holds(&gpu.threads));
        // What is mapped to be run lies where running is not forbidden altogether; that nothing is started is said elsewhere.
        let runs = (runs || holds(&gpu.libraries)) && !writes;
        let attributes = NO_SETUID
            | if devices { 0 } else { NO_DEVICES }
            | if writes || devices || threads { 0 } else { READ_ONLY }
            | if runs { 0 } else { NO_PROGRAMS };
        found.push(Place::of(path, attributes)?);
    }
    Ok(found)
}

impl Place {
    fn of(path: PathBuf, attributes: u64) -> io::Result<Place> {
        let source = name(&path)?;
        let flags = OPEN_TREE_CLONE | AT_RECURSIVE | libc::O_CLOEXEC as c_uint;
        // SAFETY: the path ends with a NUL and lives through the call.
        let fd = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, source.as_ptr(), flags) };
        check(fd)?;
        // SAFETY: the kernel has just given us this descriptor, and nobody else has it.
        let mount = unsafe { OwnedFd::from_raw_fd(fd as c_int) };
        set(mount.as_raw_fd(), Path::new(""), libc::AT_EMPTY_PATH as c_uint | AT_RECURSIVE, attributes)?;
        Ok(Place { is_folder: path.is_dir(), path, mount })
    }

    fn lay_below(&self, root: &Path) -> io::Result<()> {
        let target = root.join(self.path.strip_prefix("/").map_err(io::Error::other)?);
        // Below a place that was laid before it is there already.
        if fs::symlink_metadata(&target).is_err() {
            fs::create_dir_all(target.parent().unwrap_or(root))?;
            if self.is_folder {
                fs::create_dir(&target)?;
            } else {
                fs::File::create(&target)?;
            }
        }
        let (empty, target) = (name(Path::new(""))?, name(&target)?);
        let (from, flags) = (self.mount.as_raw_fd(), MOVE_MOUNT_F_EMPTY_PATH);
        // SAFETY: both paths end with a NUL and live through the call.
        let moved = unsafe { libc::syscall(libc::SYS_move_mount, from, empty.as_ptr(), libc::AT_FDCWD, target.as_ptr(), flags) };
        check(moved)
    }
}

/// Makes `root` the root, and takes away what was it.
fn pivot(root: &Path) -> io::Result<()> {
    std::env::set_current_dir(root)?;
    let here = c".";
    // SAFETY: the path ends with a NUL and lives through the calls.
    unsafe {
        check(libc::syscall(libc::SYS_pivot_root, here.as_ptr(), here.as_ptr()))?;
        check(libc::umount2(here.as_ptr(), libc::MNT_DETACH).into())?;
    }
    std::env::set_current_dir("/")
}

fn mount(kind: Option<&str>, place: &Path, flags: libc::c_ulong) -> io::Result<()> {
    let (kind, place) = (kind.map(CString::new).transpose()?, name(place)?);
    let kind = kind.as_ref().map_or(std::ptr::null(), |kind| kind.as_ptr());
    // Names and folders alone lie in it.
    let options = if kind.is_null() { std::ptr::null() } else { c"size=1m,mode=0755".as_ptr().cast() };
    // SAFETY: all strings end with a NUL or are null, and live through the call.
    check(unsafe { libc::mount(kind, place.as_ptr(), kind, flags, options) }.into())
}

/// Adds attributes to a mount.
fn set(place: c_int, path: &Path, flags: c_uint, attributes: u64) -> io::Result<()> {
    let attributes = MountAttributes { set: attributes, clear: 0, propagation: 0, user_namespace: 0 };
    let (path, size) = (name(path)?, size_of::<MountAttributes>());
    // SAFETY: the path ends with a NUL, the attributes have the size that is told; both live through the call.
    check(unsafe { libc::syscall(libc::SYS_mount_setattr, place, path.as_ptr(), flags, &raw const attributes, size) })
}

fn name(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| ErrorKind::InvalidInput.into())
}

fn check(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
