//! The one place that starts processes, watches them and ends them.

use crate::error::{Class, Failure};
use crate::sandbox::Policy;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// What to start, and within which limits.
pub struct Launch<'a> {
    /// This binary.
    pub program: &'a Path,
    pub policy: Policy,
    /// The job, as one line of JSON.
    pub job: String,
    /// Where the worker's stderr goes.
    pub stderr: PathBuf,
    pub threads: usize,
    /// No line for so long means that it hangs.
    pub stall: Duration,
    /// Set when the user wants to stop.
    pub stop: &'a AtomicBool,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    pub status: Status,
    pub killed_by: Option<KillReason>,
    pub wall_secs: f64,
    /// Largest resident memory, from the kernel.
    pub max_rss_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Exited(i32),
    Signalled(i32),
}

/// Why we killed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillReason {
    WallClock,
    Stalled,
    /// It did not stop in the time that it was given.
    Interrupted,
}

/// The worker could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the worker `{}` could not be started", program.display())]
pub struct Error {
    program: PathBuf,
    source: std::io::Error,
}

impl Failure for Error {
    fn class(&self) -> Class {
        Class::Resource
    }
}

/// A longer line is no event of ours.
const MAX_LINE: u64 = 1 << 20;

/// Time that a worker gets to finish its step and write a checkpoint.
const GRACE: Duration = Duration::from_secs(60);

/// How often limits are looked at.
const TICK: Duration = Duration::from_millis(100);

/// Starts a worker, gives it policy and job, hands each line of its stdout to `line`, and waits for its end. Its whole process
/// group is gone afterwards.
///
/// # Errors
/// It could not be started.
pub fn launch(launch: Launch, line: &mut dyn FnMut(&[u8])) -> Result<Exit, Error> {
    let failed = |source| Error { program: launch.program.to_path_buf(), source };
    let begun = Instant::now();
    let mut child = start(&launch).map_err(failed)?;
    let mut input = format!("{}\n{}\n", serde_json::to_string(&launch.policy).unwrap_or_default(), launch.job).into_bytes();
    let lines = read_lines(&mut child);
    if let Some(mut stdin) = child.stdin.take() {
        // A worker that dies before it reads shows in its status.
        let _ = stdin.write_all(&input);
    }
    input.clear();
    let killed_by = watch(&launch, &child, &lines, begun, line);
    end_group(&child, libc::SIGKILL);
    let (status, max_rss_bytes) = wait(&mut child).map_err(failed)?;
    Ok(Exit { status, killed_by, wall_secs: begun.elapsed().as_secs_f64(), max_rss_bytes })
}

fn start(launch: &Launch) -> std::io::Result<Child> {
    let stderr = File::create(&launch.stderr)?;
    let mut command = Command::new(launch.program);
    command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
    // No secrets: nothing of the environment is inherited.
    command.env_clear().env("RAYON_NUM_THREADS", launch.threads.to_string()).current_dir(&launch.policy.writable);
    // A group of its own: a terminal's Ctrl-C reaches the supervisor alone, and all that it starts can be ended together.
    command.process_group(0);
    // SAFETY: close_range is a plain system call, safe between fork and exec; it marks all but the standard streams to be closed.
    unsafe {
        command.pre_exec(|| {
            libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC);
            Ok(())
        });
    }
    command.spawn()
}

/// Lines of the child's stdout, read on a thread; a line beyond the limit ends the reading.
fn read_lines(child: &mut Child) -> Receiver<Vec<u8>> {
    // Bounded: a flood of lines blocks the worker, not our memory.
    let (send, receive) = sync_channel(1024);
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stdout);
            loop {
                let mut line = Vec::new();
                let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
                if !matches!(read, Ok(n) if n > 0) || line.len() as u64 >= MAX_LINE || send.send(line).is_err() {
                    return;
                }
            }
        });
    }
    receive
}

/// Hands lines on until the worker closes its stdout or has to be killed.
fn watch(
    launch: &Launch, child: &Child, lines: &Receiver<Vec<u8>>, begun: Instant, line: &mut dyn FnMut(&[u8]),
) -> Option<KillReason> {
    let (mut last, mut asked): (Instant, Option<Instant>) = (begun, None);
    loop {
        match lines.recv_timeout(TICK) {
            Ok(bytes) => {
                last = Instant::now();
                line(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        if asked.is_none() && launch.stop.load(Ordering::Relaxed) {
            end_group(child, libc::SIGTERM);
            asked = Some(Instant::now());
        }
        if asked.is_some_and(|at| at.elapsed() > GRACE) {
            return Some(KillReason::Interrupted);
        }
        if begun.elapsed() > launch.policy.wall {
            return Some(KillReason::WallClock);
        }
        if last.elapsed() > launch.stall {
            return Some(KillReason::Stalled);
        }
    }
}

/// Signals the child's process group. After its stdout is closed a worker has a moment to exit by itself before SIGKILL.
fn end_group(child: &Child, signal: libc::c_int) {
    if signal == libc::SIGKILL {
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until && !is_zombie(child.id()) {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    // SAFETY: the child has not been waited for, so its pid and group still belong to it.
    unsafe { libc::kill(-(child.id() as libc::pid_t), signal) };
}

/// Whether the child has exited and only waits to be reaped.
fn is_zombie(pid: u32) -> bool {
    // SAFETY: zeroed is a valid siginfo_t, and waitid only writes to it; WNOWAIT leaves the child to be reaped.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        libc::waitid(libc::P_PID, pid, &mut info, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT) == 0 && info.si_pid() != 0
    }
}

/// Reaps the child and asks the kernel for its largest memory.
fn wait(child: &mut Child) -> std::io::Result<(Status, u64)> {
    // SAFETY: zeroed is a valid rusage; wait4 writes status and usage of our own child.
    let (raw, usage) = unsafe {
        let (mut raw, mut usage) = (0, std::mem::zeroed::<libc::rusage>());
        if libc::wait4(child.id() as libc::pid_t, &mut raw, 0, &mut usage) < 0 {
            return Err(std::io::Error::last_os_error());
        }
        (raw, usage)
    };
    let status = std::process::ExitStatus::from_raw(raw);
    let status = status.code().map_or_else(|| Status::Signalled(status.signal().unwrap_or(0)), Status::Exited);
    Ok((status, usage.ru_maxrss as u64 * 1024))
}
