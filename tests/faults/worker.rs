//! A worker that breaks: our own, but for what it does between two steps of its first attempt.

use std::cell::Cell;
use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tallow::error::Failure;
use tallow::job::{Event, Job};
use tallow::sandbox::{self, Entry};
use tallow::trainer;

/// What goes wrong, at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It takes memory without end.
    Memory,
    /// It is killed.
    Kill,
    /// It tells nothing any more.
    Hang,
    /// No file may grow: what a full disk looks like to whoever writes.
    Disk,
    /// It dies, and half of its newest checkpoint is on disk.
    TornCheckpoint,
    /// It dies in the middle of a line.
    HalfEvent,
    /// It asks for a socket, and dies of having none.
    Refused,
    /// It fills its folder.
    Fill,
    /// A GPU's memory runs out, as a worker tells it.
    GpuMemory,
    /// A GPU fails otherwise.
    Gpu,
}

impl Fault {
    const ALL: [(&str, Fault); 10] = [
        ("memory", Fault::Memory),
        ("kill", Fault::Kill),
        ("hang", Fault::Hang),
        ("disk", Fault::Disk),
        ("torn", Fault::TornCheckpoint),
        ("half", Fault::HalfEvent),
        ("refused", Fault::Refused),
        ("fill", Fault::Fill),
        ("gpu_memory", Fault::GpuMemory),
        ("gpu", Fault::Gpu),
    ];

    pub(crate) fn name(self) -> &'static str {
        Fault::ALL.iter().find(|(_, fault)| *fault == self).expect("all are named").0
    }

    /// Of a run `memory-at-7`, in its first attempt, which writes to `out`.
    fn of(run: &str, out: &Path) -> Option<(Fault, u64)> {
        let (name, step) = run.split_once("-at-")?;
        let (_, fault) = Fault::ALL.into_iter().find(|(known, _)| *known == name)?;
        let first = out.components().any(|part| part.as_os_str() == "001");
        first.then_some((fault, step.parse().expect("a step")))
    }

    fn strike(self, out: &Path) {
        let die = || {
            // SAFETY: plain numbers; the process is this one.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        };
        match self {
            Fault::Memory => {
                let mut kept: Vec<Vec<u8>> = Vec::new();
                loop {
                    kept.push(vec![1; 1 << 20]);
                }
            }
            Fault::Kill => die(),
            Fault::Hang => loop {
                std::thread::sleep(Duration::from_secs(60));
            },
            Fault::Disk => {
                let limit = libc::rlimit { rlim_cur: 100, rlim_max: 100 };
                // SAFETY: `limit` lives through the call, which only reads it.
                assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) }, 0);
            }
            Fault::TornCheckpoint => {
                let newest = checkpoints(out).pop().expect("a checkpoint");
                let whole = fs::metadata(&newest).expect("there").len();
                fs::OpenOptions::new().write(true).open(&newest).and_then(|file| file.set_len(whole / 2)).expect("torn");
                die();
            }
            Fault::Refused => {
                std::net::UdpSocket::bind("127.0.0.1:0").expect_err("no socket");
                std::process::abort();
            }
            Fault::Fill => {
                fs::write(out.join("scratch"), vec![7; 8 << 20]).expect("room");
                // Until that is seen, and it is asked to stop.
                std::thread::sleep(Duration::from_millis(2500));
            }
            Fault::GpuMemory => fails("DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")"),
            Fault::Gpu => fails("DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"an illegal memory access was encountered\")"),
            Fault::HalfEvent => {
                let mut stdout = std::io::stdout();
                stdout.write_all(br#"{"event":"finished","step":40,"weig"#).and_then(|()| stdout.flush()).expect("half a line");
                die();
            }
        }
    }
}

/// Ends as a worker does whose GPU says this.
fn fails(said: &str) {
    let error = trainer::Error::Candle(candle_core::Error::Cuda(said.into()));
    emit(&told(&error));
    std::process::exit(i32::from(error.class().exit_code()));
}

fn told(error: &trainer::Error) -> Event {
    let message = format!("{error}: {:?}", std::error::Error::source(error).map(ToString::to_string));
    match error.gpu_memory() {
        Some(gpu) => Event::OutOfMemory { gpu },
        None => Event::Failed { class: error.class(), message, hint: error.hint() },
    }
}

/// Checkpoint files of an attempt's work folder, oldest first.
fn checkpoints(work: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(work.join("checkpoint")).into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.sort();
    files
}

fn emit(event: &Event) {
    let mut out = std::io::stdout();
    let line = serde_json::to_string(event).expect("serialises");
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

pub(crate) fn run() -> ExitCode {
    let mut lines = std::io::stdin().lock().lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let entry: Entry = serde_json::from_str(&line()).expect("an entry");
    let effective = sandbox::enter(&entry).expect("a jail");
    emit(&Event::Jailed { level: effective.level, layers: effective.in_words(), start_ms: 0.0 });
    let job = serde_json::from_str(&line()).expect("a job");
    let Job::Train { config, resume_from, out, .. } = job else { panic!("expected a job of training") };
    tallow_kernels::set_threads_with_this(config.threads).expect("threads");
    let (asked, fault) = (sandbox::stop::flag(), Cell::new(Fault::of(&config.name, &out)));
    let stop = |step: u64| {
        if let Some((fault_now, at)) = fault.get()
            && step == at
        {
            fault.set(None);
            fault_now.strike(&out);
        }
        asked.load(std::sync::atomic::Ordering::Relaxed)
    };
    match trainer::train(&config, &out, &resume_from, &stop, &mut |event| emit(&event)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            emit(&told(&error));
            ExitCode::from(error.class().exit_code())
        }
    }
}
