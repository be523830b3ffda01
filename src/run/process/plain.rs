//! Programs that are no workers, for benchmarks: this binary as a user starts it, and another framework beside it. They are not jailed;
//! they are watched, and ended with all that they started; nor do they outlive who watches them.

use super::peak::Peak;
use super::{Error, Status};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(10);
/// What it gets to end by itself once it was asked to.
const GRACE: Duration = Duration::from_secs(20);

/// A program and what it is given. Its stdin is closed: nobody is there to be asked.
#[derive(Debug)]
pub struct Plain<'a> {
    pub program: &'a Path,
    pub args: &'a [OsString],
    /// Variables beside those of this process.
    pub variables: &'a [(&'static str, OsString)],
    /// Where it runs.
    pub folder: &'a Path,
    /// Files that its output goes to.
    pub stdout: PathBuf,
    pub stderr: PathBuf,
    /// The most time that it gets.
    pub limit: Duration,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ended {
    pub status: Status,
    pub wall_secs: f64,
    /// The largest resident memory of it or of a process that it started and waited for; of it alone where that is less than we had.
    pub max_rss_bytes: u64,
    /// It was ended because its time was over.
    pub timed_out: bool,
    /// It was ended because the user wants to stop.
    pub stopped: bool,
}

/// A program that runs.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    pid: u32,
}

impl Running {
    /// Ends it as `kill -9` does.
    pub fn kill(self) {
        send(self.pid as libc::pid_t, libc::SIGKILL);
    }

    /// Ends what it started, and not itself, as `kill -9` does. Whether there was anything.
    pub fn kill_children(self) -> bool {
        let children = children(self.pid);
        children.iter().for_each(|pid| send(*pid as libc::pid_t, libc::SIGKILL));
        !children.is_empty()
    }
}

/// Runs it to its end. `on_tick` sees it every now and then.
///
/// # Errors
/// It cannot be started, or its output cannot be written.
pub fn attend(what: &Plain, on_tick: &mut dyn FnMut(Running)) -> Result<Ended, Error> {
    let failed = |action| move |source| Error::Worker { action, program: what.program.to_path_buf(), source };
    let file = |path: &Path| File::create(path).map_err(|source| Error::Log { path: path.into(), source });
    let mut command = Command::new(what.program);
    command.args(what.args).envs(what.variables.iter().map(|(name, value)| (name, value))).current_dir(what.folder);
    // A group of its own: a terminal's Ctrl-C reaches us alone, and all that it starts can be ended together.
    command.stdin(Stdio::null()).stdout(file(&what.stdout)?).stderr(file(&what.stderr)?).process_group(0);
    let own = std::process::id();
    // SAFETY: between fork and exec it makes two system calls, which may be made there, and takes no memory.
    unsafe { command.pre_exec(move || die_with(own)) };
    let begun = Instant::now();
    let child = command.spawn().map_err(failed("started"))?;
    let (running, mut peak) = (Running { pid: child.id() }, Peak::new());
    let (mut asked, mut timed_out, mut stopped) = (None, false, false);
    let (status, usage) = loop {
        peak.look(child.id());
        if let Some(ended) = reaped(child.id()).map_err(failed("waited for"))? {
            break ended;
        }
        let now = begun.elapsed();
        (timed_out, stopped) = (timed_out || now > what.limit && !stopped, stopped || what.stop.load(Ordering::Relaxed));
        match asked {
            None if timed_out || stopped => {
                send(-(child.id() as libc::pid_t), libc::SIGTERM);
                asked = Some(now);
            }
            Some(at) if now > at + GRACE => send(-(child.id() as libc::pid_t), libc::SIGKILL),
            _ => on_tick(running),
        }
        std::thread::sleep(TICK);
    };
    // What it left running has no master any more.
    send(-(child.id() as libc::pid_t), libc::SIGKILL);
    Ok(Ended {
        status,
        wall_secs: begun.elapsed().as_secs_f64(),
        max_rss_bytes: peak.bytes(usage.ru_maxrss as u64 * 1024),
        timed_out,
        stopped,
    })
}

/// Has the kernel kill this process when the thread that started it ends, however that happens: nobody else would keep its time limit.
fn die_with(parent: u32) -> io::Result<()> {
    // SAFETY: this option takes a plain number and touches no memory of ours.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0, 0, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // It may have ended before; then another one took us, whose end would tell nothing.
    if std::os::unix::process::parent_id() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
}

/// Its end, if it has ended.
fn reaped(pid: u32) -> io::Result<Option<(Status, libc::rusage)>> {
    let mut raw = 0;
    // SAFETY: zeroed is a valid rusage; wait4 writes status and usage of our own child.
    let (found, usage) = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        (libc::wait4(pid as libc::pid_t, &mut raw, libc::WNOHANG, &mut usage), usage)
    };
    match found {
        0 => Ok(None),
        _ if found < 0 => Err(io::Error::last_os_error()),
        _ => {
            let status = std::process::ExitStatus::from_raw(raw);
            Ok(Some((status.code().map_or_else(|| Status::Signalled(status.signal().unwrap_or(0)), Status::Exited), usage)))
        }
    }
}

fn send(pid: libc::pid_t, signal: libc::c_int) {
    // SAFETY: plain numbers; the process or group is one that we started.
    unsafe { libc::kill(pid, signal) };
}

/// Processes whose parent is `pid`, but for those that have ended and wait to be asked how.
fn children(pid: u32) -> Vec<u32> {
    let parent = |of: u32| std::fs::read_to_string(format!("/proc/{of}/stat")).ok().and_then(|stat| parent_of_living(&stat));
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|of| parent(*of) == Some(pid)).collect()
}

fn parent_of_living(stat: &str) -> Option<u32> {
    // The name stands in brackets and may hold anything; behind it come the state and the parent.
    let mut behind = stat.rsplit_once(')')?.1.split_whitespace();
    let state = behind.next()?;
    behind.next()?.parse().ok().filter(|_| !matches!(state, "Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, limit: Duration, on_tick: &mut dyn FnMut(Running)) -> (Ended, String) {
        let dir = tempfile::tempdir().expect("a folder");
        let stop = AtomicBool::new(false);
        let what = Plain {
            program: Path::new("/bin/sh"),
            args: &["-c".into(), script.into()],
            variables: &[("SAID", "hello".into())],
            folder: dir.path(),
            stdout: dir.path().join("out"),
            stderr: dir.path().join("err"),
            limit,
            stop: &stop,
        };
        let ended = attend(&what, on_tick).expect("ran");
        (ended, std::fs::read_to_string(dir.path().join("out")).expect("output"))
    }

    #[test]
    fn it_says_how_a_program_ended() {
        let long = Duration::from_secs(60);
        let (ended, said) = run("echo $SAID; exit 3", long, &mut |_| {});
        assert_eq!((ended.status, said.as_str(), ended.timed_out), (Status::Exited(3), "hello\n", false));
        assert!(ended.max_rss_bytes > 0);
        let (ended, _) = run("sleep 60", Duration::from_millis(100), &mut |_| {});
        assert!(ended.timed_out && ended.wall_secs < 50.0, "{ended:?}");
        let (ended, _) = run("sleep 60; exit 0", long, &mut Running::kill);
        assert_eq!(ended.status, Status::Signalled(libc::SIGKILL));
        // What it waits for is killed; itself goes on.
        let (ended, said) = run("sleep 60; echo on", long, &mut |running| {
            running.kill_children();
        });
        assert_eq!((ended.status, said.as_str()), (Status::Exited(0), "on\n"));
    }

    #[test]
    fn who_has_ended_is_nobodys_child() {
        assert_eq!(parent_of_living("12 (a) b) S 7 12 12 0"), Some(7));
        assert_eq!(parent_of_living("12 (sh) Z 7 12 12 0"), None);
        assert_eq!(parent_of_living("12 (sh"), None);
    }

    #[test]
    fn who_watches_is_not_outlived() {
        let parent = std::process::id();
        let start = move || {
            let mut command = Command::new("/bin/sleep");
            command.arg("60");
            // SAFETY: as in `attend`.
            unsafe { command.pre_exec(move || die_with(parent)) };
            command.spawn().expect("started")
        };
        let begun = Instant::now();
        // The thread that started it is over.
        let mut child = std::thread::spawn(start).join().expect("a child");
        let ended = child.wait().expect("it is waited for");
        assert_eq!(ended.signal(), Some(libc::SIGKILL));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
