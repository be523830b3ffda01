//! A worker's process from its start to its end: what it is told, how long it may take, how much it may say, and that nothing of it
//! is left.

use crate::Test;
use crate::attempts::work;
use crate::site::{SECRET, SECRET_VARIABLE, Stage};
use crate::worker::{Job, Told};
use std::fs;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tallow::run::process::{Exit, KillReason, Launch, Program, Status, launch};
use tallow::sandbox::{self, Entry, Grouped, Layer, Level, Policy, State};

type Check = fn() -> Result<(), String>;

#[rustfmt::skip]
pub(crate) fn tests() -> Vec<Test> {
    let checks: &[(&str, Check)] = &[
        ("every layer holds and is told", every_layer_holds),
        ("a worker can do its own work", own_work),
        ("switched off is told", off_is_told),
        ("more files can be named than may be open", many_named_files),
        ("a jail costs under 50 ms", starts_fast),
        ("exit code and usage are known", exit_code),
        ("a worker's memory is its own, whatever we had", own_memory),
        ("death by signal is known", abort),
        ("half a line at the end is handed on", half_line),
        ("a job longer than a pipe arrives", long_job),
        ("stderr is kept, bounded, and cannot steer a terminal", noisy_stderr),
        ("the wall clock asks first", wall_clock_obeyed),
        ("the wall clock kills who does not listen", wall_clock_ignored),
        ("a stalled worker is killed", stalled),
        ("a kind stop is obeyed", stop_obeyed),
        ("a kind stop that is ignored ends in a kill", stop_ignored),
        ("what is refused is named, however it ends", refusals_are_named),
        ("sound work is refused nothing", nothing_refused),
        ("a GPU's policy opens what it names and nothing else", gpu_opens),
        ("disk space over the limit asks first", disk_asked),
        ("disk space far over the limit kills", disk_killed),
        ("a stop before the worker listens is ours", stop_early),
        ("a worker that closed its stdout does not linger", lingering),
        ("endless output is cut off", endless_output),
        ("a line of 100 MB is cut off", endless_line),
        ("nothing that a worker starts is left, without walls", daemons),
        ("a worker dies with its supervisor", supervisor_killed),
        ("memory over the limit ends the worker alone", memory_bomb),
        ("threads over the limit are refused", thread_bomb),
        ("no jail for a supervisor that is gone", wrong_supervisor),
        ("no jail around inherited variables", inherited_variable),
        ("no jail without its folder", no_folder),
        ("no program, no worker", no_program),
    ];
    checks.iter().map(|&(name, run)| Test { name: format!("supervision::{name}"), run: Box::new(run) }).collect()
}

macro_rules! ensure {
    ($holds:expr, $($found:tt)+) => {
        match $holds {
            true => {}
            false => return Err(format!("expected {}; found {}", stringify!($holds), format!($($found)+))),
        }
    };
}

/// Has a worker behave as named, under this policy's changes.
fn behaving(name: &str, change: impl FnOnce(&mut Policy)) -> (Exit, Vec<Told>) {
    stopping(name, change, &AtomicBool::new(false))
}

fn stopping(name: &str, change: impl FnOnce(&mut Policy), stop: &AtomicBool) -> (Exit, Vec<Told>) {
    let stage = Stage::new();
    let mut policy = stage.policy(Level::Strict);
    change(&mut policy);
    work(&stage, policy, &Job::Behave(name.into(), stage.site.clone()), stop)
}

fn words(told: &[Told]) -> Vec<&str> {
    told.iter().filter_map(|t| if let Told::Word(word) = t { Some(word.as_str()) } else { None }).collect()
}

fn every_layer_holds() -> Result<(), String> {
    let (exit, told) = behaving("nothing", |policy| policy.memory_bytes = Some(256 << 20));
    let Some(Told::Jailed(effective)) = told.first() else { return Err(format!("first word: {told:?} {exit:?}")) };
    for layer in Layer::ALL {
        match effective.layers.get(&layer) {
            Some(State::Holds(_) | State::Partly(_)) => {}
            state => return Err(format!("`{}`: {state:?}", layer.name())),
        }
    }
    let words = effective.in_words();
    ensure!(words.len() == Layer::ALL.len(), "{words:?}");
    words.iter().for_each(|(layer, state)| println!("    {layer}: {state}"));
    Ok(())
}

fn own_work() -> Result<(), String> {
    let (exit, told) = behaving("work", |_| {});
    ensure!(words(&told) == ["all of it"], "{told:?} {exit:?}");
    Ok(())
}

fn off_is_told() -> Result<(), String> {
    let (_, told) = behaving("nothing", |policy| policy.level = Level::Off);
    let Some(Told::Jailed(effective)) = told.first() else { return Err(format!("first word: {told:?}")) };
    let missing = |layer| matches!(effective.layers.get(&layer), Some(State::Missing(_)));
    ensure!(missing(Layer::Namespaces), "{effective:?}");
    ensure!(missing(Layer::Files) && missing(Layer::Syscalls), "{effective:?}");
    ensure!(!missing(Layer::Environment) && !missing(Layer::Death), "{effective:?}");
    Ok(())
}

/// Each file that a job names is a place of the worker's own world.
fn many_named_files() -> Result<(), String> {
    let has_a_world = |named: u64| {
        let (exit, told) = behaving("nothing", |policy| {
            let folder = policy.writable.with_file_name("named");
            fs::create_dir(&folder).expect("a folder");
            let files: Vec<_> = (0..named).map(|i| folder.join(i.to_string())).collect();
            files.iter().for_each(|file| fs::write(file, "named").expect("a file"));
            policy.read_only.extend(files);
        });
        let Some(Told::Jailed(effective)) = told.first() else { return Err(format!("first word: {told:?} {exit:?}")) };
        println!("    {named} named: {:?}", effective.layers.get(&Layer::Namespaces));
        Ok(matches!(effective.layers.get(&Layer::Namespaces), Some(State::Holds(_))))
    };
    // Where this machine has such worlds to give.
    ensure!(has_a_world(1)? == has_a_world(200)?, "none for many");
    Ok(())
}

/// Of a worker that takes the refusals and of one that dies of them.
fn refusals_are_named() -> Result<(), String> {
    for (name, status) in [("refused", Status::Exited(0)), ("refused and dies", Status::Signalled(libc::SIGABRT))] {
        let (exit, told) = behaving(name, |_| {});
        let found: Vec<(&str, &str, u64)> =
            exit.refused.iter().map(|refusal| (refusal.call.as_str(), refusal.what.as_str(), refusal.count)).collect();
        let expected = [
            ("socket", "sockets", 3),
            ("ptrace", "other processes", 1),
            ("prctl", "what it is to others", 1),
            ("clone", "starting a process", 1),
        ];
        ensure!(found == expected, "{exit:?} {told:?}");
        ensure!(exit.status == status, "{exit:?}");
    }
    // Without walls nothing is.
    let (exit, _) = behaving("nothing", |policy| policy.level = Level::Off);
    ensure!(exit.refused.is_empty(), "{exit:?}");
    Ok(())
}

fn nothing_refused() -> Result<(), String> {
    let (exit, _) = behaving("work", |_| {});
    ensure!(exit.refused.is_empty(), "{exit:?}");
    Ok(())
}

/// Other devices stand in the place of a GPU's: one that answers an ioctl, one that no policy names.
fn gpu_opens() -> Result<(), String> {
    let gpu = sandbox::Gpu {
        devices: vec!["/dev/urandom".into(), "/dev/not there".into()],
        readable: vec!["/proc/devices".into(), "/sys/bus".into()],
        libraries: ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"]
            .map(std::path::PathBuf::from)
            .into_iter()
            .filter(|path| path.exists())
            .collect(),
        threads: vec!["/proc/self/task".into()],
    };
    let tried = |level, gpu: Option<sandbox::Gpu>| {
        let (exit, told) = behaving("gpu", |policy| (policy.level, policy.gpu) = (level, gpu.clone()));
        words(&told).first().map(|word| word.to_string()).ok_or(format!("{told:?} {exit:?}"))
    };
    let opened = tried(Level::Strict, Some(gpu))?;
    let expected = "device ioctl write readable folder library thread memfd mbind cache";
    ensure!(opened == expected, "{opened}");
    let cpu = tried(Level::Strict, None)?;
    ensure!(cpu.is_empty(), "{cpu}");
    // It could all be done, and more.
    let off = tried(Level::Off, None)?;
    ensure!(
        off.contains("device ioctl write readable folder library thread memfd mbind") && off.contains("another device"),
        "{off}"
    );
    Ok(())
}

/// Has a worker fill its folder, which may hold 4 MiB.
fn filling(name: &str) -> (Exit, Vec<Told>) {
    let stage = Stage::new();
    let (program, stop) = (std::env::current_exe().expect("this program"), AtomicBool::new(false));
    let spec = Launch {
        program: Program::Worker(&program),
        policy: stage.policy(Level::Strict),
        job: serde_json::to_string(&Job::Behave(name.into(), stage.site.clone())).expect("serialises"),
        stderr: stage.site.jail.join("stderr.log"),
        threads: 1,
        stall: Duration::from_secs(10),
        disk: Some(tallow::run::process::Disk { folder: stage.site.jail.clone(), limit: 4 << 20 }),
        stop: &stop,
    };
    let mut told = Vec::new();
    let exit = launch(&spec, &mut |line| told.extend(serde_json::from_slice(line).ok())).expect("a worker");
    (exit, told)
}

fn disk_asked() -> Result<(), String> {
    let (exit, told) = filling("fill a little");
    ensure!(exit.asked == Some(KillReason::Disk) && exit.killed_by.is_none(), "{exit:?}");
    ensure!(words(&told).last() == Some(&"stopped"), "{told:?}");
    Ok(())
}

fn disk_killed() -> Result<(), String> {
    let (exit, told) = filling("fill");
    ensure!(exit.killed_by == Some(KillReason::Disk) && exit.status == Status::Signalled(libc::SIGKILL), "{exit:?} {told:?}");
    ensure!(exit.wall_secs < 5.0, "{exit:?}");
    Ok(())
}

fn starts_fast() -> Result<(), String> {
    let stage = Stage::new();
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let time = |level| {
        let mut times: Vec<(f64, f64)> = (0..21)
            .map(|_| {
                let job = serde_json::to_string(&Job::Behave("nothing".into(), stage.site.clone())).expect("serialises");
                let (policy, stderr) = (stage.policy(level), stage.site.jail.join("stderr.log"));
                let (stop, stall) = (AtomicBool::new(false), Duration::from_secs(10));
                let spec = Launch {
                    program: Program::Worker(&program),
                    policy,
                    job,
                    stderr,
                    threads: 1,
                    stall,
                    disk: None,
                    stop: &stop,
                };
                let (begun, mut jailed) = (Instant::now(), None);
                launch(&spec, &mut |_| jailed = jailed.or(Some(begun.elapsed()))).expect("a worker");
                (jailed.expect("a first word").as_secs_f64() * 1e3, begun.elapsed().as_secs_f64() * 1e3)
            })
            .collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        times[10]
    };
    let (jailed, free) = (time(Level::Strict), time(Level::Off));
    println!(
        "    median ms from start to the first word, to the end: jailed {:.1} {:.1}, without walls {:.1} {:.1}",
        jailed.0, jailed.1, free.0, free.1
    );
    ensure!(jailed.0 - free.0 < 50.0, "{} ms more than without walls", jailed.0 - free.0);
    Ok(())
}

fn exit_code() -> Result<(), String> {
    let (exit, _) = behaving("exit", |_| {});
    ensure!(exit.status == Status::Exited(33) && exit.killed_by.is_none() && exit.asked.is_none(), "{exit:?}");
    // One so brief may be seen before it runs the program: how much it then has is no matter of this test.
    ensure!(exit.max_rss_bytes > 0 && exit.wall_secs > 0.0 && exit.user_secs + exit.sys_secs > 0.0, "{exit:?}");
    Ok(())
}

fn own_memory() -> Result<(), String> {
    // Each page is written, and all of it given back before anything starts.
    drop(std::hint::black_box(vec![1u8; 300 << 20]));
    let (exit, _) = behaving("nothing", |_| {});
    ensure!((1 << 20..100 << 20).contains(&exit.max_rss_bytes), "{exit:?}");
    Ok(())
}

fn abort() -> Result<(), String> {
    let (exit, _) = behaving("abort", |_| {});
    ensure!(exit.status == Status::Signalled(libc::SIGABRT) && exit.killed_by.is_none(), "{exit:?}");
    Ok(())
}

fn half_line() -> Result<(), String> {
    let (_, told) = behaving("half", |_| {});
    ensure!(words(&told) == ["whole", "half"], "{told:?}");
    Ok(())
}

fn long_job() -> Result<(), String> {
    let stage = Stage::new();
    let name = "x".repeat(3 << 20);
    let (exit, told) =
        work(&stage, stage.policy(Level::Strict), &Job::Behave(name.clone(), stage.site.clone()), &AtomicBool::new(false));
    // The answer holds the whole name, and so is a line over the limit: that it came so far is what is tried here.
    ensure!(matches!(exit.killed_by, Some(KillReason::Flooded(_))), "{exit:?}, {} words", told.len());
    Ok(())
}

fn noisy_stderr() -> Result<(), String> {
    let stage = Stage::new();
    let policy = Policy { stderr_bytes: 10_000, ..stage.policy(Level::Strict) };
    let (exit, _) = work(&stage, policy, &Job::Behave("complain".into(), stage.site.clone()), &AtomicBool::new(false));
    let log = fs::read_to_string(stage.site.jail.join("stderr.log")).map_err(|e| e.to_string())?;
    ensure!(log.len() < 20_200 && log.contains("bytes were not kept"), "{} bytes", log.len());
    ensure!(exit.stderr_tail.ends_with("\\u{1b}]0;title\\u{7} last words"), "{:?}", exit.stderr_tail);
    Ok(())
}

fn wall_clock_obeyed() -> Result<(), String> {
    let (exit, told) = behaving("obey", |policy| policy.wall = Duration::from_millis(300));
    ensure!(words(&told) == ["ready", "stopped"], "{told:?}");
    ensure!(exit.asked == Some(KillReason::WallClock) && exit.killed_by.is_none(), "{exit:?}");
    ensure!(exit.status == Status::Exited(0) && exit.wall_secs < 2.0, "{exit:?}");
    Ok(())
}

fn wall_clock_ignored() -> Result<(), String> {
    let change = |policy: &mut Policy| (policy.wall, policy.grace) = (Duration::from_millis(300), Duration::from_millis(200));
    let (exit, _) = behaving("ignore", change);
    ensure!(exit.killed_by == Some(KillReason::WallClock) && exit.status == Status::Signalled(libc::SIGKILL), "{exit:?}");
    ensure!(exit.wall_secs < 2.0, "{exit:?}");
    Ok(())
}

fn stalled() -> Result<(), String> {
    let stage = Stage::new();
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let run = |name: &str| {
        let job = serde_json::to_string(&Job::Behave(name.into(), stage.site.clone())).expect("serialises");
        let (stderr, stop) = (stage.site.jail.join("stderr.log"), AtomicBool::new(false));
        let policy = Policy { wall: Duration::from_secs(2), grace: Duration::ZERO, ..stage.policy(Level::Strict) };
        let stall = Duration::from_millis(500);
        let spec = Launch { program: Program::Worker(&program), policy, job, stderr, threads: 1, stall, disk: None, stop: &stop };
        launch(&spec, &mut |_| {}).expect("a worker")
    };
    let exit = run("sleep");
    ensure!(exit.killed_by == Some(KillReason::Stalled) && exit.wall_secs < 1.5, "{exit:?}");
    let exit = run("sleep and say");
    ensure!(exit.killed_by == Some(KillReason::WallClock), "{exit:?}");
    Ok(())
}

/// Sets the flag when the worker says that it is ready.
fn stop_when_ready(name: &str, grace: Duration) -> (Exit, Vec<Told>) {
    let stage = Stage::new();
    let (stop, mut told) = (AtomicBool::new(false), Vec::new());
    let program = std::env::current_exe().expect("this program");
    let job = serde_json::to_string(&Job::Behave(name.into(), stage.site.clone())).expect("serialises");
    let policy = Policy { grace, ..stage.policy(Level::Strict) };
    let (stderr, stall) = (stage.site.jail.join("stderr.log"), Duration::from_secs(10));
    let spec = Launch { program: Program::Worker(&program), policy, job, stderr, threads: 1, stall, disk: None, stop: &stop };
    let exit = launch(&spec, &mut |line| {
        let word: Told = serde_json::from_slice(line).expect("a word");
        if matches!(&word, Told::Word(word) if word == "ready") {
            stop.store(true, Ordering::Relaxed);
        }
        told.push(word);
    });
    (exit.expect("a worker"), told)
}

fn stop_obeyed() -> Result<(), String> {
    let (exit, told) = stop_when_ready("obey", Duration::from_secs(10));
    ensure!(words(&told) == ["ready", "stopped"] && exit.status == Status::Exited(0), "{told:?} {exit:?}");
    ensure!(exit.asked == Some(KillReason::Interrupted) && exit.killed_by.is_none(), "{exit:?}");
    Ok(())
}

fn stop_ignored() -> Result<(), String> {
    let (exit, _) = stop_when_ready("ignore", Duration::from_millis(200));
    ensure!(exit.killed_by == Some(KillReason::Interrupted) && exit.status == Status::Signalled(libc::SIGKILL), "{exit:?}");
    Ok(())
}

fn stop_early() -> Result<(), String> {
    let (exit, _) = stopping("sleep", |_| {}, &AtomicBool::new(true));
    ensure!(exit.killed_by == Some(KillReason::Interrupted) && exit.status == Status::Signalled(libc::SIGTERM), "{exit:?}");
    Ok(())
}

fn lingering() -> Result<(), String> {
    let (exit, _) = behaving("close", |_| {});
    ensure!(exit.status == Status::Signalled(libc::SIGKILL) && exit.wall_secs < 4.0, "{exit:?}");
    Ok(())
}

fn endless_output() -> Result<(), String> {
    let (exit, told) = behaving("flood", |policy| policy.events_bytes = 1 << 20);
    ensure!(matches!(exit.killed_by, Some(KillReason::Flooded(_))) && exit.wall_secs < 5.0, "{exit:?}");
    ensure!(words(&told).len() <= (1 << 20) / 13, "{}", told.len());
    Ok(())
}

fn endless_line() -> Result<(), String> {
    let (exit, told) = behaving("long line", |_| {});
    ensure!(matches!(exit.killed_by, Some(KillReason::Flooded(_))) && exit.wall_secs < 5.0, "{exit:?}");
    ensure!(words(&told).is_empty(), "{}", told.len());
    Ok(())
}

/// Whether a process lives; a zombie does not.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn gone_soon(pid: u32) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        !lives(pid)
    })
}

fn daemons() -> Result<(), String> {
    let stage = Stage::new();
    let job = Job::Behave("daemons".into(), stage.site.clone());
    let (exit, told) = work(&stage, stage.policy(Level::Off), &job, &AtomicBool::new(false));
    ensure!(words(&told) == ["started"], "{told:?} {exit:?}");
    let pid = fs::read_to_string(stage.site.jail.join("daemon.pid")).map_err(|e| e.to_string())?;
    let pid: u32 = pid.trim().parse().map_err(|e| format!("{pid}: {e}"))?;
    ensure!(gone_soon(pid), "process {pid}, in a session of its own, lives on");
    let left = fs::read_dir("/proc").into_iter().flatten().flatten().filter(|entry| {
        let file = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let ours = format!("TALLOW_WORKER={}-", std::process::id());
        file("environ").split(|&b| b == 0).any(|variable| variable.starts_with(ours.as_bytes()))
    });
    ensure!(left.count() == 0, "processes of a worker");
    Ok(())
}

/// The supervisor that is killed in the next test.
pub(crate) fn supervise_sleeper() -> ExitCode {
    let stage = Stage::new();
    let word = Job::Behave("ignore".into(), stage.site.clone());
    let program = std::env::current_exe().expect("this program");
    let job = serde_json::to_string(&word).expect("serialises");
    let (policy, stop) = (stage.policy(Level::Strict), AtomicBool::new(false));
    let (stderr, stall) = (stage.site.jail.join("stderr.log"), Duration::from_secs(30));
    let spec = Launch { program: Program::Worker(&program), policy, job, stderr, threads: 1, stall, disk: None, stop: &stop };
    let _ = launch(&spec, &mut |line| {
        let _ = io::stdout().write_all(line).and_then(|()| io::stdout().write_all(b"\n"));
    });
    ExitCode::SUCCESS
}

fn supervisor_killed() -> Result<(), String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut supervisor = Command::new(program).arg("supervise").stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let mut out = supervisor.stdout.take().ok_or("no stdout")?;
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while !seen.contains("ready") {
        let count = out.read(&mut buffer).map_err(|e| e.to_string())?;
        ensure!(count > 0, "the supervisor ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    let children = format!("/proc/{0}/task/{0}/children", supervisor.id());
    let children = fs::read_to_string(&children).map_err(|e| e.to_string())?;
    let worker: u32 = children.split_whitespace().next().and_then(|pid| pid.parse().ok()).ok_or("no worker")?;
    ensure!(lives(worker), "no worker {worker}");
    supervisor.kill().and_then(|()| supervisor.wait().map(drop)).map_err(|e| e.to_string())?;
    ensure!(gone_soon(worker), "worker {worker} lives on");
    Ok(())
}

fn memory_bomb() -> Result<(), String> {
    let (exit, told) = behaving("memory", |policy| policy.memory_bytes = Some(200 << 20));
    ensure!(words(&told).is_empty() && exit.killed_by.is_none(), "{told:?} {exit:?}");
    let Some(Told::Jailed(effective)) = told.first() else { return Err(format!("{told:?}")) };
    let grouped = effective.layers.get(&Layer::Memory).is_some_and(|state| state.to_string().contains("control group"));
    match exit.memory_kills {
        Some(kills) => ensure!(grouped && kills == 1 && exit.status == Status::Signalled(libc::SIGKILL), "{exit:?}"),
        None => ensure!(!grouped && exit.status == Status::Signalled(libc::SIGABRT), "{exit:?}"),
    }
    ensure!(exit.max_rss_bytes <= 210 << 20, "{exit:?}");
    Ok(())
}

fn thread_bomb() -> Result<(), String> {
    let (exit, told) = behaving("threads", |policy| policy.max_threads = 40);
    let Some(Told::Jailed(effective)) = told.first() else { return Err(format!("{told:?} {exit:?}")) };
    let started: usize = words(&told).first().and_then(|word| word.parse().ok()).ok_or(format!("{told:?} {exit:?}"))?;
    match effective.layers.get(&Layer::Threads) {
        // RLIMIT_NPROC counts other processes of this user as well, which come and go.
        Some(State::Holds(_)) => ensure!((30..=50).contains(&started), "{started} threads"),
        state => println!("    not tried: {state:?}"),
    }
    Ok(())
}

/// Starts a worker without the library's door, with an entry and environment of our own.
fn by_hand(entry: &Entry, variable: Option<&str>) -> Result<String, String> {
    let mut command = Command::new(std::env::current_exe().map_err(|e| e.to_string())?);
    command.arg("worker").env_clear().envs(variable.map(|name| (name, SECRET))).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let line = serde_json::to_string(entry).map_err(|e| e.to_string())?;
    child.stdin.take().ok_or("no stdin")?.write_all(format!("{line}\n").as_bytes()).map_err(|e| e.to_string())?;
    let out = child.wait_with_output().map_err(|e| e.to_string())?;
    ensure!(out.status.code() == Some(50), "{out:?}");
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn wrong_supervisor() -> Result<(), String> {
    let stage = Stage::new();
    let entry = Entry { policy: stage.policy(Level::Strict), supervisor: 1, group: Grouped::default(), listens: false };
    let answer = by_hand(&entry, None)?;
    ensure!(answer.contains("the supervisor is gone"), "{answer}");
    Ok(())
}

fn inherited_variable() -> Result<(), String> {
    let stage = Stage::new();
    let entry =
        Entry { policy: stage.policy(Level::Strict), supervisor: std::process::id(), group: Grouped::default(), listens: false };
    let answer = by_hand(&entry, Some(SECRET_VARIABLE))?;
    ensure!(answer.contains(SECRET_VARIABLE) && !answer.contains(SECRET), "{answer}");
    // This process has threads, or could have: the jail is for a process of its own.
    let inside = std::thread::spawn(move || sandbox::enter(&entry)).join().map_err(|_| "a panic")?;
    ensure!(matches!(inside, Err(sandbox::Error::Threads { .. })), "{inside:?}");
    Ok(())
}

fn no_folder() -> Result<(), String> {
    let stage = Stage::new();
    let policy = Policy { writable: stage.site.jail.join("not there"), ..stage.policy(Level::Strict) };
    let entry = Entry { policy, supervisor: std::process::id(), group: Grouped::default(), listens: false };
    let answer = by_hand(&entry, None)?;
    ensure!(answer.contains("writable folder") && answer.contains("not there"), "{answer}");
    Ok(())
}

fn no_program() -> Result<(), String> {
    let stage = Stage::new();
    let (program, stop) = (stage.site.jail.join("tallow"), AtomicBool::new(false));
    let spec = Launch {
        program: Program::Worker(&program),
        policy: stage.policy(Level::Strict),
        job: String::new(),
        stderr: stage.site.jail.join("stderr.log"),
        threads: 1,
        stall: Duration::from_secs(1),
        disk: None,
        stop: &stop,
    };
    let error = launch(&spec, &mut |_| {}).err().ok_or("a worker started")?;
    ensure!(error.to_string().contains("tallow` could not be started"), "{error}");
    Ok(())
}
