//! Escape attempts from Python: the worker enters the same jail, whose policy names python3 as a program that it may become, and becomes
//! it. Each attempt is a script; its errors are told as a worker's are.

use crate::Test;
use crate::attempts::work;
use crate::site::{SECRET_VARIABLE, Site, Stage};
use crate::worker::{Job, Told};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::AtomicBool;
use tallow::sandbox::{Level, Policy};

struct Attempt {
    name: &'static str,
    refused: &'static [i32],
    /// Whether it comes through without walls, so that its refusal is theirs; if not, it fails there otherwise, or is not tried.
    escapes: bool,
    script: &'static str,
}

/// Python as this machine has it.
struct Python {
    program: String,
    /// All that it needs to start.
    files: Vec<PathBuf>,
}

const EPERM: &[i32] = &[libc::EPERM];
/// Landlock refuses; in a mount namespace it is not there at all.
const AWAY: &[i32] = &[libc::EACCES, libc::ENOENT];

#[rustfmt::skip]
const ATTEMPTS: &[Attempt] = &[
    a("write a file outside", AWAY, true, "open(site['outside'] + '/new', 'w').write('x')"),
    a("append to a secret through ..", AWAY, true, "open(site['jail'] + '/../outside/secret.txt', 'a').write('x')"),
    a("read a secret", AWAY, true, "open(site['outside'] + '/secret.txt').read()"),
    a("read a secret through a symlink", AWAY, true, "open(site['jail'] + '/link').read()"),
    a("read an ssh key", AWAY, true, "open(site['outside'] + '/.ssh/id_ed25519').read()"),
    a("read the list of users", AWAY, true, "open('/etc/passwd').read()"),
    a("list a folder", AWAY, true, "os.listdir(site['outside'])"),
    a("read the supervisor's environment", AWAY, true, "open(f\"/proc/{site['supervisor']}/environ\").read()"),
    a("read through the supervisor's root", AWAY, true, "open(f\"/proc/{site['supervisor']}/root{site['outside']}/secret.txt\").read()"),
    a("link a secret", &[libc::EXDEV, libc::EACCES, libc::ENOENT], true, "os.link(site['outside'] + '/secret.txt', site['jail'] + '/mine')"),
    a("change a mode", EPERM, true, "os.chmod(site['outside'] + '/secret.txt', 0o777)"),
    a("find an inherited secret", &[libc::ENOENT], false, "os.environ.get(site['variable']) or fail(errno.ENOENT)"),
    a("open a socket", EPERM, true, "import socket; socket.create_connection(('127.0.0.1', site['port']))"),
    a("connect to a daemon", EPERM, true, "import socket; socket.socket(socket.AF_UNIX).connect(site['daemon'])"),
    a("connect to an abstract socket", EPERM, true, "import socket; socket.socket(socket.AF_UNIX).connect('\\0' + site['abstract_name'])"),
    a("ask a name server", EPERM, false, "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"),
    a("fork", EPERM, true, "os.fork() or os._exit(0)"),
    a("start a program", EPERM, true, "import subprocess; subprocess.run(['/bin/true'])"),
    a("become a shell", AWAY, false, "os.execv('/bin/sh', ['sh', '-c', 'true'])"),
    a("run a program from memory", &[libc::EPERM, libc::EACCES, libc::ENOENT], false,
        "fd = os.memfd_create('x', 0); os.write(fd, open(sys.executable, 'rb').read(100000)); os.execve(fd, ['x'], {})"),
    a("signal the supervisor", EPERM, true, "os.kill(site['supervisor'], 0)"),
    a("leave the session", EPERM, false, "os.setsid()"),
    a("set its user", EPERM, true, "os.setuid(os.getuid())"),
    a("share memory by a name", AWAY, true, "os.close(os.open('/dev/shm/tallow-python', os.O_CREAT | os.O_RDWR)); os.unlink('/dev/shm/tallow-python')"),
    a("trace", EPERM, false, "call(libc.ptrace(16, site['supervisor'], 0, 0))"),
    a("make a namespace", EPERM, false, "call(libc.unshare(0x10000000))"),
    a("mount", EPERM, false, "call(libc.mount(b'none', b'/', None, 0x44000, None))"),
    a("set up io_uring", EPERM, false, "call(libc.syscall(425, 1, None))"),
];

const fn a(name: &'static str, refused: &'static [i32], escapes: bool, script: &'static str) -> Attempt {
    Attempt { name, refused, escapes, script }
}

const BEGIN: &str = r#"
import errno, json, os, sys
site = json.loads(sys.argv[1])
def fail(number):
    raise OSError(number, os.strerror(number))
def attempt():
    "#;

const END: &str = r#"
class C:
    def __getattr__(self, name):
        import ctypes
        return getattr(ctypes.CDLL(None, use_errno=True), name)
libc = C()
def call(result):
    import ctypes
    if result < 0:
        fail(ctypes.get_errno())
try:
    attempt()
    print('"Escaped"', flush=True)
except OSError as error:
    print(json.dumps({"Failed": {"errno": error.errno, "words": str(error)}}), flush=True)
"#;

pub(crate) fn tests() -> Vec<Test> {
    let test =
        |attempt: &'static Attempt| Test { name: format!("python::{}", attempt.name), run: Box::new(move || check(attempt)) };
    ATTEMPTS.iter().map(test).collect()
}

/// The worker's side: it is in the jail, and becomes Python.
pub(crate) fn run(python: &str, script: &str, site: &Site) -> ExitCode {
    let mut told = serde_json::to_value(site).expect("serialises");
    told["variable"] = SECRET_VARIABLE.into();
    // Alone: no folder of the user's, no module of the working folder, no bytecode.
    let error = Command::new(python).args(["-I", "-S", "-B", "-c", script]).arg(told.to_string()).exec();
    eprintln!("{error}");
    ExitCode::FAILURE
}

/// None where there is no python3.
fn python() -> Option<Python> {
    let ask = "import sys; print(sys.executable); print(sys.base_prefix)";
    let out = Command::new("python3").args(["-I", "-c", ask]).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(out.stdout).ok()?;
    let (program, prefix) = text.trim().split_once('\n')?;
    let mut files: Vec<PathBuf> = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"].map(PathBuf::from).to_vec();
    files.extend([PathBuf::from(program), PathBuf::from(prefix).join("lib")]);
    files.extend(PathBuf::from(program).canonicalize());
    files.retain(|file| file.exists());
    Some(Python { program: program.into(), files })
}

fn check(attempt: &Attempt) -> Result<(), String> {
    let Some(python) = python() else {
        println!("    skipped: there is no python3 here");
        return Ok(());
    };
    let stage = Stage::new();
    let before = stage.surroundings();
    match tell(&stage, Level::Strict, &python, attempt.script)? {
        Told::Failed { errno: Some(errno), .. } if attempt.refused.contains(&errno) => {}
        told => return Err(format!("behind the walls: expected one of the errors {:?}, found {told:?}", attempt.refused)),
    }
    if stage.surroundings() != before {
        return Err(format!("the host was changed: before {before:#?}, after {:#?}", stage.surroundings()));
    }
    if !attempt.escapes {
        return Ok(());
    }
    match tell(&Stage::new(), Level::Off, &python, attempt.script)? {
        Told::Escaped => Ok(()),
        told => Err(format!("without walls: expected an escape, found {told:?}; the attempt proves nothing")),
    }
}

fn tell(stage: &Stage, level: Level, python: &Python, script: &str) -> Result<Told, String> {
    let script = format!("{BEGIN}{script}\n{END}");
    let job = Job::Become { python: python.program.clone(), script, site: stage.site.clone() };
    let policy = Policy { programs: python.files.clone(), ..stage.policy(level) };
    let (exit, told) = work(stage, policy, &job, &AtomicBool::new(false));
    told.into_iter()
        .rev()
        .find(|told| matches!(told, Told::Escaped | Told::Failed { .. }))
        .ok_or_else(|| format!("Python said nothing: {exit:?}"))
}
