//! Escape attempts as data: what is tried, how it must be refused, and what it does where nothing holds.

use crate::Test;
use crate::calls;
use crate::site::{SECRET, SECRET_VARIABLE, Site, Stage};
use crate::worker::{Job, Told};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::fd::FromRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tallow::run::process::{Exit, Launch, Program, launch};
use tallow::sandbox::{Level, Policy};

/// What an attempt does without walls, so that its refusal is theirs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Control {
    /// It comes through.
    Escapes,
    /// It comes through if root tries it.
    EscapesAsRoot,
    /// It fails, but otherwise: its arguments make no sense.
    FailsOtherwise,
    /// The same, if root tries it: without rights the kernel refuses with the same error.
    FailsOtherwiseAsRoot,
    /// Refused without walls as well: by a limit, by hygiene that is never off, or by a kernel that lacks it.
    AlsoRefused,
}

pub(crate) struct Attempt {
    pub(crate) name: &'static str,
    /// Errors that are a refusal.
    pub(crate) refused: &'static [i32],
    pub(crate) control: Control,
    pub(crate) run: fn(&Site) -> io::Result<()>,
}

pub(crate) fn tests() -> Vec<Test> {
    let test = |attempt: Attempt| Test { name: format!("escape::{}", attempt.name), run: Box::new(move || check(&attempt)) };
    all().into_iter().map(test).collect()
}

pub(crate) fn try_it(name: &str, site: &Site) -> io::Result<()> {
    let attempt = all().into_iter().find(|attempt| attempt.name == name).expect("an attempt of this name");
    (attempt.run)(site)
}

fn check(attempt: &Attempt) -> Result<(), String> {
    let stage = Stage::new();
    let before = stage.surroundings();
    let (exit, told) = last_word(&stage, Level::Strict, attempt.name)?;
    match &told {
        Told::Failed { errno: Some(errno), .. } if attempt.refused.contains(errno) => {}
        told => return Err(format!("behind the walls: expected one of the errors {:?}, found {told:?}", attempt.refused)),
    }
    // What the filter refuses the kernel names, whatever the worker says.
    if attempt.refused == EPERM && attempt.control != Control::AlsoRefused && exit.refused.is_empty() {
        return Err(format!("behind the walls: nobody was told what was refused: {exit:?}"));
    }
    if stage.surroundings() != before {
        return Err(format!("the host was changed: before {before:#?}, after {:#?}", stage.surroundings()));
    }
    // SAFETY: takes nothing, cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    let tried = match attempt.control {
        Control::AlsoRefused => return Ok(()),
        Control::EscapesAsRoot | Control::FailsOtherwiseAsRoot if !root => return Ok(()),
        _ => last_word(&Stage::new(), Level::Off, attempt.name)?.1,
    };
    let escapes = matches!(attempt.control, Control::Escapes | Control::EscapesAsRoot);
    match tried {
        Told::Escaped => Ok(()),
        Told::Failed { errno: Some(errno), .. } if !escapes && !attempt.refused.contains(&errno) => Ok(()),
        told => Err(format!("without walls: expected no such refusal, found {told:?}; the attempt proves nothing")),
    }
}

fn last_word(stage: &Stage, level: Level, name: &str) -> Result<(Exit, Told), String> {
    let (exit, told) = work(stage, stage.policy(level), &Job::Try(name.into(), stage.site.clone()), &AtomicBool::new(false));
    let last = told.last().cloned().ok_or_else(|| format!("the worker said nothing: {exit:?}"))?;
    Ok((exit, last))
}

/// Runs a worker of these tests to its end.
pub(crate) fn work(stage: &Stage, policy: Policy, job: &Job, stop: &AtomicBool) -> (Exit, Vec<Told>) {
    let mut told = Vec::new();
    let program = std::env::current_exe().expect("this program");
    let spec = Launch {
        program: Program::Worker(&program),
        policy,
        job: serde_json::to_string(job).expect("serialises"),
        stderr: stage.site.jail.join("stderr.log"),
        threads: 1,
        stall: Duration::from_secs(10),
        disk: None,
        stop,
    };
    let exit = launch(&spec, &mut |line| told.extend(serde_json::from_slice(line).ok())).expect("a worker");
    (exit, told)
}

/// Landlock refuses; in a mount namespace it is not there at all.
const EACCES: &[i32] = &[libc::EACCES, libc::ENOENT];
const EPERM: &[i32] = &[libc::EPERM];
/// Moving into or out of a Landlock domain's folders is refused as if it were another device.
const EXDEV: &[i32] = &[libc::EXDEV, libc::EACCES, libc::ENOENT];

fn all() -> Vec<Attempt> {
    let mut all = files();
    all.extend(processes());
    all.extend(network());
    all.extend(limits());
    all.extend(calls::all());
    all
}

fn read(path: impl AsRef<std::path::Path>) -> io::Result<()> {
    File::open(path)?.read_to_end(&mut Vec::new()).map(drop)
}

fn append(path: impl AsRef<std::path::Path>) -> io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(b"!")
}

#[rustfmt::skip]
fn files() -> Vec<Attempt> {
    use Control::{Escapes, EscapesAsRoot};
    let a = |name, refused, control, run| Attempt { name, refused, control, run };
    vec![
        a("create a file outside", EACCES, Escapes, |s| fs::write(s.outside.join("new"), "x")),
        a("write a file outside", EACCES, Escapes, |s| append(s.secret())),
        a("write outside through ..", EACCES, Escapes, |s| append(s.jail.join("../outside/secret.txt"))),
        a("write outside through a symlink", EACCES, Escapes, |s| append(s.jail.join("link"))),
        a("write outside through a symlinked folder", EACCES, Escapes, |s| fs::write(s.jail.join("folder/new"), "x")),
        a("write a file that may be read", &[libc::EACCES, libc::EROFS], Escapes, |s| append(s.data())),
        a("truncate a file that may be read", &[libc::EPERM, libc::EACCES], Escapes, |s| {
            OpenOptions::new().read(true).custom_flags(libc::O_TRUNC).open(s.data()).map(drop)
        }),
        a("read a file that is not listed", EACCES, Escapes, |s| read(s.secret())),
        a("read an ssh key", EACCES, Escapes, |s| read(s.outside.join(".ssh/id_ed25519"))),
        a("read /etc/shadow", EACCES, EscapesAsRoot, |_| read("/etc/shadow")),
        a("read /etc/passwd", EACCES, Escapes, |_| read("/etc/passwd")),
        a("read through .. of a listed folder", EACCES, Escapes, |s| read(s.listed.join("../outside/secret.txt"))),
        a("read through a symlink in a listed folder", EACCES, Escapes, |s| read(s.listed.join("link"))),
        a("read through /proc/self/cwd", EACCES, Escapes, |_| read("/proc/self/cwd/../outside/secret.txt")),
        a("list a folder that is not listed", EACCES, Escapes, |s| fs::read_dir(&s.outside).map(drop)),
        a("list the root folder", EACCES, Escapes, |_| fs::read_dir("/").map(drop)),
        a("open with an access mode that nothing checks", EPERM, Escapes, |s| {
            calls::result(calls::open(&s.secret(), libc::O_ACCMODE, 0))
        }),
        a("link a secret into the folder", EXDEV, Escapes, |s| fs::hard_link(s.secret(), s.jail.join("mine"))),
        a("link a listed file into the folder", EXDEV, Escapes, |s| fs::hard_link(s.data(), s.jail.join("mine"))),
        a("move a secret into the folder", EXDEV, Escapes, |s| fs::rename(s.secret(), s.jail.join("mine"))),
        a("move a file out of the folder", EXDEV, Escapes, |s| {
            fs::write(s.jail.join("own"), "x")?;
            fs::rename(s.jail.join("own"), s.outside.join("own"))
        }),
        a("remove a file outside", EACCES, Escapes, |s| fs::remove_file(s.secret())),
        a("make a folder outside", EACCES, Escapes, |s| fs::create_dir(s.outside.join("new"))),
        a("leave a symlink behind", EACCES, Escapes, |s| symlink("/etc/passwd", s.jail.join("report.html"))),
        a("leave a setuid file behind", EPERM, Escapes, |s| {
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o4755).open(s.jail.join("suid")).map(drop)
        }),
        a("leave a setuid file behind that was never opened", EPERM, Escapes, |s| {
            calls::result(calls::mknod(&s.jail.join("suid"), libc::S_IFREG | 0o4755, 0))
        }),
        a("make a file setuid", EPERM, Escapes, |s| {
            fs::write(s.jail.join("suid"), "x")?;
            fs::set_permissions(s.jail.join("suid"), fs::Permissions::from_mode(0o4755))
        }),
        a("make a named pipe", EACCES, Escapes, |s| calls::result(calls::mknod(&s.jail.join("pipe"), libc::S_IFIFO | 0o600, 0))),
        a("make a device", &[libc::EACCES, libc::EPERM], EscapesAsRoot, |s| {
            calls::result(calls::mknod(&s.jail.join("null"), libc::S_IFCHR | 0o600, libc::makedev(1, 3)))
        }),
        a("change a mode outside", EPERM, Escapes, |s| fs::set_permissions(s.secret(), fs::Permissions::from_mode(0o777))),
        a("change a mode through a listed file", EPERM, Escapes, |s| File::open(s.data())?.set_permissions(fs::Permissions::from_mode(0o777))),
        a("change an owner outside", EPERM, Escapes, |s| std::os::unix::fs::chown(s.secret(), None, None)),
        a("change a time outside", EPERM, Escapes, |s| File::open(s.data())?.set_modified(std::time::UNIX_EPOCH)),
        a("read the memory of the machine", &[libc::EACCES, libc::ENOENT], Control::AlsoRefused, |_| read("/dev/mem")),
        a("open the terminal", EACCES, Control::FailsOtherwise, |_| File::open("/dev/tty").map(drop)),
    ]
}

#[rustfmt::skip]
fn processes() -> Vec<Attempt> {
    use Control::{AlsoRefused, Escapes, EscapesAsRoot};
    let a = |name, refused, control, run| Attempt { name, refused, control, run };
    vec![
        a("read the supervisor's environment", EACCES, Escapes, |s| read(format!("/proc/{}/environ", s.supervisor))),
        a("read the supervisor's command line", EACCES, Escapes, |s| read(format!("/proc/{}/cmdline", s.supervisor))),
        a("read files through the supervisor's root", EACCES, Escapes, |s| {
            read(format!("/proc/{}/root{}", s.supervisor, s.secret().display()))
        }),
        a("read the supervisor's open files", EACCES, Escapes, |s| read(format!("/proc/{}/fd/{}", s.supervisor, s.leaked))),
        a("write the supervisor's memory", EACCES, EscapesAsRoot, |s| {
            OpenOptions::new().write(true).open(format!("/proc/{}/mem", s.supervisor)).map(drop)
        }),
        a("read what the supervisor left open", &[libc::EBADF], AlsoRefused, |s| {
            // SAFETY: the descriptor is nobody else's in this process: it must not even exist.
            let mut file = std::mem::ManuallyDrop::new(unsafe { File::from_raw_fd(s.leaked) });
            file.seek(SeekFrom::Start(0)).map(drop)
        }),
        a("read an inherited secret", &[libc::ENOENT], AlsoRefused, |_| match std::env::var(SECRET_VARIABLE).as_deref() {
            Ok(SECRET) => Ok(()),
            _ => Err(io::Error::from_raw_os_error(libc::ENOENT)),
        }),
        a("read its own environment again", EACCES, Escapes, |_| read("/proc/self/environ")),
        a("start a shell", EPERM, Escapes, |_| std::process::Command::new("/bin/sh").args(["-c", "true"]).status().map(drop)),
        a("fork", EPERM, Escapes, |_| calls::fork()),
        a("become another program", EPERM, Control::FailsOtherwise, |_| {
            use std::os::unix::process::CommandExt;
            Err(std::process::Command::new("/not/there").exec())
        }),
    ]
}

#[rustfmt::skip]
fn network() -> Vec<Attempt> {
    use Control::Escapes;
    let a = |name, refused, control, run| Attempt { name, refused, control, run };
    vec![
        a("connect by TCP", EPERM, Escapes, |s| TcpStream::connect(("127.0.0.1", s.port)).map(drop)),
        a("listen by TCP", EPERM, Escapes, |_| std::net::TcpListener::bind("127.0.0.1:0").map(drop)),
        a("send by UDP", EPERM, Escapes, |_| UdpSocket::bind("127.0.0.1:0").map(drop)),
        a("ask a name server", &[libc::EPERM], Control::FailsOtherwise, |_| UdpSocket::bind("0.0.0.0:0")?.send_to(b"?", "127.0.0.1:1").map(drop)),
        a("connect to a daemon's socket", EPERM, Escapes, |s| UnixStream::connect(&s.daemon).map(drop)),
        a("connect to an abstract socket", EPERM, Escapes, |s| {
            UnixStream::connect_addr(&SocketAddr::from_abstract_name(&s.abstract_name)?).map(drop)
        }),
        a("send a datagram from a pair to the system's log", EPERM, Escapes, |s| calls::datagram_from_a_pair(&s.log)),
        a("open a netlink socket", EPERM, Escapes, |_| calls::result(calls::socket(libc::AF_NETLINK, libc::SOCK_RAW))),
        a("open a raw socket", EPERM, Control::EscapesAsRoot, |_| calls::result(calls::socket(libc::AF_PACKET, libc::SOCK_RAW))),
        a("open a kernel crypto socket", EPERM, Control::FailsOtherwise, |_| calls::result(calls::socket(libc::AF_ALG, libc::SOCK_SEQPACKET))),
        a("open a socket to the hypervisor", EPERM, Control::FailsOtherwise, |_| calls::result(calls::socket(libc::AF_VSOCK, libc::SOCK_STREAM))),
    ]
}

#[rustfmt::skip]
fn limits() -> Vec<Attempt> {
    use Control::AlsoRefused;
    let a = |name, refused, control, run| Attempt { name, refused, control, run };
    vec![
        a("write a file over the limit", &[libc::EFBIG], AlsoRefused, |s| {
            let mut file = File::create(s.jail.join("large"))?;
            (0..40).try_for_each(|_| file.write_all(&[0; 1 << 16]))
        }),
        a("extend a file over the limit", &[libc::EFBIG], AlsoRefused, |s| File::create(s.jail.join("large"))?.set_len(1 << 40)),
        a("open files without end", &[libc::EMFILE], AlsoRefused, |s| {
            let mut open = Vec::new();
            loop { open.push(File::open(s.data())?); }
        }),
        a("raise its own limits", &[libc::EPERM, libc::EINVAL], AlsoRefused, |_| {
            let limit = libc::rlimit { rlim_cur: 1 << 20, rlim_max: 1 << 20 };
            // SAFETY: `limit` lives through the call, which only reads it.
            calls::result(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) }.into())
        }),
    ]
}
