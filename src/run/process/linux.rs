//! The one door to processes, on Linux.

use super::killer::Killer;
use super::peak::Peak;
use super::starved::Starved;
use super::stream::{Capture, Lines};
use super::watch::{Decision, Facts, Limits, decide};
use super::{Disk, Error, Exit, Flood, KillReason, Launch, Program, Status};
use crate::sandbox::container::{Container, Engine};
use crate::sandbox::{Cgroup, Entry, Level, Listener, MARK, Refused};
use crate::stop::hearing;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A longer line is no event of ours.
const MAX_LINE: usize = 1 << 20;

/// How often limits are looked at while nothing comes.
const TICK: Duration = Duration::from_millis(100);

/// The same while its end is near: its stdout is closed, or it was killed.
const SHORT_TICK: Duration = Duration::from_millis(2);

/// Time that a worker gets to exit by itself once it has closed its stdout, and that pipes get to run dry after its end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Starts a worker, gives it its way into the jail and its job, hands each line of its stdout to `on_line`, and waits for its end.
/// Whatever it started is gone afterwards.
///
/// The calling thread waits with it: a worker dies with the thread that started it.
///
/// # Errors
/// It could not be started or watched, or its log not be written.
pub fn launch(launch: &Launch, on_line: &mut dyn FnMut(&[u8])) -> Result<Exit, Error> {
    let (begun, _hearing) = (Instant::now(), hearing());
    let failed = |action| move |source| Error::Worker { action, program: launch.program.path().to_path_buf(), source };
    let log = |source| Error::Log { path: launch.stderr.clone(), source };
    let stderr = Capture::new(File::create(&launch.stderr).map_err(log)?, launch.policy.stderr_bytes);
    let mut killer = Killer::new();
    let group = match launch.program {
        Program::Worker(_) => Cgroup::create(&launch.policy),
        // The engine has groups of its own.
        Program::Container(_) => Cgroup::default(),
    };
    let (mut worker, input) = Worker::start(launch, group).map_err(failed("started"))?;
    let mut peak = Peak::new();
    let pipes = Pipes::new(&mut worker.child, input, stderr, launch.policy.events_bytes);
    let mut pipes = pipes.map_err(failed("given its pipes"))?;
    pipes.log_is_life = worker.container.is_some();
    let (mut asked, killed) =
        worker.watch(launch, begun, (&mut pipes, &mut killer, &mut peak), on_line).map_err(failed("watched"))?;
    worker.end_all();
    let container_kills = worker.end_container();
    let (status, usage) = worker.reap().map_err(failed("waited for"))?;
    let flooded = pipes.run_dry(!matches!(killed, Some(KillReason::Flooded(_))), on_line);
    let stderr_tail = pipes.stderr.finish().map_err(log)?;
    let killed = killed.or(flooded.map(KillReason::Flooded));
    if let Some(reason @ (KillReason::Interrupted | KillReason::WallClock | KillReason::Disk)) = killed {
        asked.get_or_insert(reason);
    }
    // SIGTERM before it was ready to take it: our doing as well.
    let died_of_request = status == Status::Signalled(libc::SIGTERM);
    Ok(Exit {
        status,
        asked,
        killed_by: killed.or(asked.filter(|_| died_of_request)),
        wall_secs: begun.elapsed().as_secs_f64(),
        user_secs: secs(usage.ru_utime),
        sys_secs: secs(usage.ru_stime),
        max_rss_bytes: peak.bytes(usage.ru_maxrss as u64 * 1024),
        memory_kills: container_kills.or_else(|| worker.group.memory_kills()),
        machine_killed: killer.struck(),
        refused: pipes.refused.list.into_list(),
        stderr_tail,
    })
}

fn secs(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

/// A running worker. Dropped before it was reaped, by an error or a panic, it is killed.
struct Worker {
    child: Child,
    group: Cgroup,
    /// Its value of [`MARK`], unique on this machine while the supervisor lives.
    mark: String,
    level: Level,
    /// Where it is only the one who waits for a container: that one.
    container: Option<Container>,
    reaped: bool,
}

impl Worker {
    /// With what its stdin is given.
    fn start(launch: &Launch, group: Cgroup) -> io::Result<(Worker, Input)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let mark = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (mut command, container) = match launch.program {
            Program::Worker(path) => {
                let mut command = Command::new(path);
                // No secrets: nothing of the environment is inherited.
                command.env_clear().arg("worker").envs(launch.policy.environment(launch.threads, &mark));
                (command, None)
            }
            Program::Container(container) => {
                let mut command = engine_command(&container.engine);
                command.args(container.arguments()).env(MARK, &mark);
                (command, Some(container.clone()))
            }
        };
        // A worker's stdin is a socket, through which it hands us what tells of refused system calls.
        let ours = match launch.program {
            Program::Worker(_) => {
                let (ours, theirs) = UnixStream::pair()?;
                command.stdin(Stdio::from(OwnedFd::from(theirs)));
                Some(ours)
            }
            Program::Container(_) => {
                command.stdin(Stdio::piped());
                None
            }
        };
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: a terminal's Ctrl-C reaches the supervisor alone, and all that it starts can be ended together.
        command.current_dir(&launch.policy.writable).process_group(0);
        let child = command.spawn()?;
        let mut worker = Worker { child, group, mark, level: launch.policy.level, container, reaped: false };
        let input = match ours {
            Some(socket) => Input::Greeting { text: worker.greeting(launch), socket },
            None => Input::Open { _until_dropped: worker.child.stdin.take() },
        };
        Ok((worker, input))
    }

    /// Puts the worker into its control group, where it waits for these two lines; they say what already holds.
    fn greeting(&mut self, launch: &Launch) -> Vec<u8> {
        let group = self.group.admit(self.child.id());
        let entry = Entry { policy: launch.policy.clone(), supervisor: std::process::id(), group, listens: true };
        format!("{}\n{}\n", serde_json::to_string(&entry).unwrap_or_default(), launch.job).into_bytes()
    }

    /// Hands lines on until the worker has ended or must be killed. Returns what it was asked, and why it must be killed.
    fn watch(
        &self,
        launch: &Launch,
        begun: Instant,
        (pipes, killer, peak): (&mut Pipes, &mut Killer, &mut Peak),
        on_line: &mut dyn FnMut(&[u8]),
    ) -> io::Result<(Option<KillReason>, Option<KillReason>)> {
        let disk_bytes = launch.disk.as_ref().map(|disk| disk.limit);
        let limits = Limits { wall: launch.policy.wall, stall: launch.stall, grace: launch.policy.grace, disk_bytes };
        let (mut facts, mut measured, mut starved) = (Facts::default(), Measured::default(), Starved::default());
        let mut closed: Option<Instant> = None;
        loop {
            pipes.wait(if closed.is_some() { SHORT_TICK } else { TICK })?;
            // Before what it said is dealt with: with its last word it is about to leave.
            peak.look(self.child.id());
            match pipes.read(on_line) {
                Ok(0) => {}
                Ok(_) => {
                    facts.last_line = begun.elapsed();
                    starved.heard();
                }
                Err(flood) => facts.flooded = Some(flood),
            }
            if facts.flooded.is_none() && (self.has_ended() || closed.is_some_and(|at| at.elapsed() > LAST_WORDS)) {
                return Ok((facts.asked.map(|(reason, _)| reason), None));
            }
            if pipes.stdout.is_none() {
                closed.get_or_insert_with(Instant::now);
            }
            (facts.now, facts.stop) = (begun.elapsed(), launch.stop.load(Ordering::Relaxed));
            killer.look();
            facts.starved = starved.waited(|| self.pids());
            facts.held_bytes = launch.disk.as_ref().map_or(0, |disk| measured.held(disk));
            match decide(&limits, &facts) {
                Decision::Wait => {}
                Decision::Ask(reason) => {
                    self.signal_group(libc::SIGTERM);
                    facts.asked = Some((reason, facts.now));
                }
                Decision::Kill(reason) => return Ok((facts.asked.map(|(reason, _)| reason), Some(reason))),
            }
        }
    }

    /// Kills the worker and whatever it started. Behind its walls it can start nothing; where none hold, its process group, its
    /// control group and the mark in its environment say what belongs to it.
    fn end_all(&self) {
        self.signal_group(libc::SIGKILL);
        for _ in 0..100 {
            let mut left = self.group.members();
            if self.level != Level::Strict {
                left.extend(marked(&self.mark));
            }
            left.retain(|&pid| pid != self.child.id());
            if left.is_empty() {
                return;
            }
            for pid in left {
                // SAFETY: plain numbers; the process was ours a moment ago.
                unsafe { libc::kill(pid as libc::pid_t, libc::SIGKILL) };
            }
            std::thread::sleep(SHORT_TICK);
        }
    }

    /// Removes the container, whatever it still does, and says how often it was out of memory; none where there is none, or the engine
    /// does not say.
    fn end_container(&mut self) -> Option<u64> {
        let Container { engine, name, .. } = self.container.take()?;
        let killed = ask(&engine, &["inspect", "--format", "{{.State.OOMKilled}}", &name]);
        // One that was never made cannot be removed; whatever else fails, the next attempt's name is another.
        let _ = ask(&engine, &["rm", "--force", "--volumes", &name]);
        killed.ok().map(|answer| u64::from(answer.trim() == "true"))
    }

    /// The worker, and what its control group has besides.
    fn pids(&self) -> Vec<u32> {
        let mut pids = self.group.members();
        pids.push(self.child.id());
        pids
    }

    /// Signals the worker and its process group.
    fn signal_group(&self, signal: libc::c_int) {
        let pid = self.child.id() as libc::pid_t;
        // SAFETY: plain numbers; the worker has not been reaped, so its number and group still belong to it.
        unsafe {
            libc::kill(-pid, signal);
            libc::kill(pid, signal);
        }
    }

    /// Whether it has exited and only waits to be reaped.
    fn has_ended(&self) -> bool {
        // SAFETY: zeroed is a valid siginfo_t, and waitid only writes to it; WNOWAIT leaves the child to be reaped.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            libc::waitid(libc::P_PID, self.child.id(), &mut info, options) == 0 && info.si_pid() != 0
        }
    }

    /// Waits for the end and asks the kernel what was used.
    fn reap(&mut self) -> io::Result<(Status, libc::rusage)> {
        let mut raw = 0;
        // SAFETY: zeroed is a valid rusage; wait4 writes status and usage of our own child.
        let (pid, usage) = unsafe {
            let mut usage = std::mem::zeroed::<libc::rusage>();
            (libc::wait4(self.child.id() as libc::pid_t, &mut raw, 0, &mut usage), usage)
        };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        self.reaped = true;
        let status = std::process::ExitStatus::from_raw(raw);
        Ok((status.code().map_or_else(|| Status::Signalled(status.signal().unwrap_or(0)), Status::Exited), usage))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.reaped {
            self.end_all();
            self.end_container();
            // Nobody is left to be told of a failure; the process is dead either way.
            let _ = self.reap();
        }
    }
}

/// The engine's command, with nothing of our environment but where its daemon listens.
fn engine_command(engine: &Engine) -> Command {
    let mut command = Command::new(&engine.program);
    command.env_clear().env("DOCKER_CONFIG", "/nonexistent");
    if let Some(host) = &engine.host {
        command.env("DOCKER_HOST", host);
    }
    command
}

/// Time that an engine has for an answer.
const ANSWER: Duration = Duration::from_secs(60);

/// What a container engine answers to one short question, within a minute.
///
/// # Errors
/// It could not be asked, or its answer is a refusal: in its words.
pub fn ask(engine: &Engine, question: &[&str]) -> Result<String, String> {
    let mut command = engine_command(engine);
    command.args(question).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("`{}` cannot be started: {e}", engine.program.display()))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        // While it goes on, so that no answer waits for room in its pipe.
        let (said, told) = (scope.spawn(|| whole(stdout)), scope.spawn(|| whole(stderr)));
        let begun = Instant::now();
        let status = loop {
            match child.try_wait().map_err(|e| e.to_string())? {
                Some(status) => break status,
                None if begun.elapsed() > ANSWER => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("`{}` does not answer", engine.program.display()));
                }
                None => std::thread::sleep(SHORT_TICK),
            }
        };
        let (said, told) = (said.join().unwrap_or_default(), told.join().unwrap_or_default());
        if status.success() { Ok(said) } else { Err(told) }
    })
}

/// All that a pipe gives, up to a limit; beyond it, nothing is kept.
fn whole(pipe: Option<impl Read>) -> String {
    const MOST: u64 = 1 << 20;
    let (Some(mut pipe), mut text) = (pipe, Vec::new()) else { return String::new() };
    // What came before an error is what there is.
    let _ = pipe.by_ref().take(MOST).read_to_end(&mut text);
    let _ = io::copy(&mut pipe, &mut io::sink());
    String::from_utf8_lossy(&text).trim().to_string()
}

/// Processes whose first environment holds this mark. One that cannot be looked into belongs to somebody else.
fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK}={mark}");
    let is_ours = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_ours).collect()
}

/// What a folder holds, measured now and then: at most a twentieth of the time is spent on it.
#[derive(Default)]
struct Measured {
    bytes: u64,
    next: Option<Instant>,
}

impl Measured {
    const EVERY: Duration = Duration::from_secs(1);

    fn held(&mut self, disk: &Disk) -> u64 {
        let begun = Instant::now();
        if self.next.is_none_or(|next| begun >= next) {
            self.bytes = disk.held();
            self.next = Some(begun + Self::EVERY.max(20 * begun.elapsed()));
        }
        self.bytes
    }
}

/// What goes into the stdin of what was started.
enum Input {
    /// A worker's way into the jail and its job, through a socket, which then has no more to say.
    Greeting { text: Vec<u8>, socket: UnixStream },
    /// Nothing; it stays open as long as we live.
    Open { _until_dropped: Option<ChildStdin> },
}

/// What a worker is refused, as the kernel tells us who answer.
#[derive(Default)]
struct Refusals {
    /// From which the listener will come.
    from: Option<UnixStream>,
    listener: Option<Listener>,
    list: Refused,
}

impl Refusals {
    /// What to wait for.
    fn end(&self) -> Option<RawFd> {
        let listener = self.listener.as_ref().map(|listener| listener.as_fd().as_raw_fd());
        listener.or(self.from.as_ref().map(AsRawFd::as_raw_fd))
    }

    /// Takes the listener, or refuses the call that waits.
    fn take(&mut self, is_ready: libc::c_short) {
        // What waits comes first. Nobody is left who could call, or hand over: asking would wait for ever.
        match (is_ready & libc::POLLIN != 0, is_ready != 0) {
            (true, _) => {}
            (false, true) => return (self.from, self.listener) = (None, None),
            (false, false) => return,
        }
        if let Some(socket) = &self.from {
            match Listener::receive(socket) {
                Ok(None) => {}
                // Nothing else is ever taken from there.
                Ok(listener) => (self.listener, self.from) = (listener, None),
                Err(_) => self.from = None,
            }
        } else if let Some(listener) = &self.listener {
            match listener.refuse() {
                Ok(Some(call)) => self.list.add(call),
                Ok(None) => {}
                Err(_) => self.listener = None,
            }
        }
    }
}

/// Our ends of a worker's streams; none of them ever blocks.
struct Pipes {
    input: Input,
    refused: Refusals,
    /// What `poll` said of [`Refusals::end`].
    is_asked: Cell<libc::c_short>,
    stdout: Option<ChildStdout>,
    lines: Lines,
    stderr_pipe: Option<ChildStderr>,
    stderr: Capture<File>,
    /// What it says counts as a sign of life: a script need not tell anything.
    log_is_life: bool,
}

impl Pipes {
    fn new(child: &mut Child, input: Input, stderr: Capture<File>, events_bytes: u64) -> io::Result<Pipes> {
        let (stdout, stderr_pipe) = (child.stdout.take(), child.stderr.take());
        let mut refused = Refusals::default();
        if let Input::Greeting { socket, .. } = &input {
            socket.set_nonblocking(true)?;
            refused.from = Some(socket.try_clone()?);
        }
        let ends = [stdout.as_ref().map(AsRawFd::as_raw_fd), stderr_pipe.as_ref().map(AsRawFd::as_raw_fd)];
        for end in ends.into_iter().flatten() {
            // SAFETY: the descriptor is open and ours; only its status flags change.
            if unsafe { libc::fcntl(end, libc::F_SETFL, libc::fcntl(end, libc::F_GETFL) | libc::O_NONBLOCK) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        let (lines, is_asked) = (Lines::new(MAX_LINE, events_bytes), Cell::new(0));
        Ok(Pipes { input, refused, is_asked, stdout, lines, stderr_pipe, stderr, log_is_life: false })
    }

    /// Waits until something can be read or written, for `at_most` so long; a signal ends the wait as well.
    fn wait(&self, at_most: Duration) -> io::Result<()> {
        let watched = |end: Option<RawFd>, events| libc::pollfd { fd: end.unwrap_or(-1), events, revents: 0 };
        let greeting = match &self.input {
            Input::Greeting { socket, .. } => Some(socket.as_raw_fd()),
            Input::Open { .. } => None,
        };
        let mut ends = [
            watched(self.refused.end(), libc::POLLIN),
            watched(greeting, libc::POLLOUT),
            watched(self.stdout.as_ref().map(AsRawFd::as_raw_fd), libc::POLLIN),
            watched(self.stderr_pipe.as_ref().map(AsRawFd::as_raw_fd), libc::POLLIN),
        ];
        // SAFETY: `ends` holds as many entries as are named, and lives through the call.
        let found = unsafe { libc::poll(ends.as_mut_ptr(), ends.len() as libc::nfds_t, at_most.as_millis() as libc::c_int) };
        match io::Error::last_os_error() {
            error if found < 0 && error.kind() != ErrorKind::Interrupted => Err(error),
            _ => {
                self.is_asked.set(if found > 0 { ends[0].revents } else { 0 });
                Ok(())
            }
        }
    }

    /// Writes what its stdin takes, reads what has come. Returns the number of signs of life: lines, and pieces of a log that counts.
    fn read(&mut self, on_line: &mut dyn FnMut(&[u8])) -> Result<usize, Flood> {
        self.refused.take(self.is_asked.take());
        self.write();
        let mut buffer = [0; 1 << 16];
        let mut signs = 0;
        if let Some(count) = read_some(&mut self.stderr_pipe, &mut buffer) {
            // A full disk must not end the run for its log's sake; what training writes will say so.
            let _ = self.stderr.take(&buffer[..count]);
            signs += usize::from(self.log_is_life);
        }
        match read_some(&mut self.stdout, &mut buffer) {
            Some(count) => Ok(signs + self.lines.take(&buffer[..count], on_line)?),
            None => Ok(signs),
        }
    }

    /// Writes as much of the greeting as is taken, then has no more to say. A worker that dies before it reads shows in its status.
    fn write(&mut self) {
        let Input::Greeting { text, socket } = &mut self.input else { return };
        match socket.write(text) {
            Ok(count) if count < text.len() => drop(text.drain(..count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            _ => {
                // A worker that is gone needs no end of its input.
                let _ = socket.shutdown(Shutdown::Write);
                self.input = Input::Open { _until_dropped: None };
            }
        }
    }

    /// After the end: takes what is still in the pipes. Somebody who holds one of them open does not hold us. Returns what of it was
    /// too much.
    fn run_dry(&mut self, keep_lines: bool, on_line: &mut dyn FnMut(&[u8])) -> Option<Flood> {
        self.input = Input::Open { _until_dropped: None };
        if !keep_lines {
            self.stdout = None;
        }
        let until = Instant::now() + LAST_WORDS;
        while (self.stdout.is_some() || self.stderr_pipe.is_some()) && Instant::now() < until {
            if self.wait(SHORT_TICK).is_err() {
                break;
            }
            if let Err(flood) = self.read(on_line) {
                return Some(flood);
            }
        }
        if keep_lines {
            self.lines.finish(on_line);
        }
        None
    }
}

/// Reads what is there; None if nothing is. The end of the stream, or an error, closes it.
fn read_some(pipe: &mut Option<impl Read>, buffer: &mut [u8]) -> Option<usize> {
    match pipe.as_mut()?.read(buffer) {
        Ok(count @ 1..) => Some(count),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => None,
        Ok(0) | Err(_) => {
            *pipe = None;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer that no pipe holds, on either side, is heard at once.
    #[test]
    fn long_answers_are_heard() {
        let engine = Engine { program: "/bin/sh".into(), host: None };
        let begun = Instant::now();
        let said = ask(&engine, &["-c", "head -c 3000000 /dev/zero | tr '\\0' y; head -c 3000000 /dev/zero >&2"]);
        assert_eq!(said.map(|said| said.len()), Ok(1 << 20));
        let told = ask(&engine, &["-c", "head -c 500000 /dev/zero | tr '\\0' n >&2; exit 1"]);
        assert_eq!(told.map_err(|told| told.len()), Err(500_000));
        assert!(begun.elapsed() < ANSWER / 2, "{:?}", begun.elapsed());
    }
}
