//! `tallow worker`: its way into the jail and a job on stdin, events on stdout. Enters the jail before it reads the job.

use crate::error::{Class, Error, Failure};
use crate::job::{Event, Job, Pulse};
use crate::sandbox::{self, Entry};
use crate::trainer;
use crate::{data, intake};
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Runs one job to its end. What went wrong is told as an event and as the exit code of its class.
pub(super) fn run() -> ExitCode {
    let begun = Instant::now();
    let mut out = std::io::stdout().lock();
    let mut emit = |event: Event| {
        // The supervisor is gone if this fails, and with it whoever could be told.
        let _ = serde_json::to_writer(&mut out, &event);
        let _ = out.write_all(b"\n").and_then(|()| out.flush());
    };
    match work(begun, &mut emit) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let gpu = error.as_failure::<trainer::Error>().and_then(trainer::Error::gpu_memory);
            let message = error.chain().join(": ");
            emit(match gpu {
                Some(gpu) => Event::OutOfMemory { gpu },
                None => Event::Failed { class: error.class(), message, hint: error.hint() },
            });
            ExitCode::from(error.class().exit_code())
        }
    }
}

fn work(begun: Instant, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let mut input = std::io::stdin().lock();
    let entry: Entry = read_line(&mut input, "way into the jail")?;
    keep_memory();
    let effective = sandbox::enter(&entry)?;
    let start_ms = begun.elapsed().as_secs_f64() * 1e3;
    emit(Event::Jailed { level: effective.level, layers: effective.in_words(), start_ms });
    let job = read_line(&mut input, "job")?;
    if let Some(threads) = threads(&job) {
        tallow_kernels::set_threads_with_this(threads).map_err(trainer::Error::from)?;
    }
    match job {
        Job::Read { paper, source, out } => intake::work(&paper, &source, &out, emit)?,
        Job::Prepare(job) => data::prepare(&job, emit)?,
        Job::Describe(job) => data::describe(&job, emit)?,
        Job::Train { config, resume_from, out, stop_after } => {
            let asked = sandbox::stop::flag();
            let stop = |step| asked.load(Ordering::Relaxed) || stop_after.is_some_and(|enough| step >= enough);
            trainer::train(&config, &out, &resume_from, &stop, emit)?;
        }
        Job::Evaluate(job) => trainer::evaluate(&job, emit)?,
        Job::Generate(job) => {
            let asked = sandbox::stop::flag();
            trainer::generate(&job, &|| asked.load(Ordering::Relaxed), emit)?;
        }
        Job::Merge(job) => trainer::merge(&job, emit)?,
        Job::Predict(job) => trainer::predict(&job, emit)?,
        Job::Export(job) => trainer::export(&job, emit)?,
        Job::Compare { train, held_out } => {
            let mut pulse = Pulse::new(emit);
            let found = data::overlap(&train, &held_out, &mut |done| pulse.beat(done))?;
            emit(Event::Compared(found));
        }
    }
    Ok(())
}

/// How many threads a job computes with; none where it does not.
fn threads(job: &Job) -> Option<usize> {
    match job {
        Job::Train { config, .. } => Some(config.threads),
        Job::Evaluate(job) => Some(job.threads),
        Job::Generate(job) => Some(job.threads),
        Job::Predict(job) => Some(job.threads),
        Job::Read { .. } | Job::Prepare(_) | Job::Describe(_) | Job::Merge(_) | Job::Export(_) | Job::Compare { .. } => None,
    }
}

/// Tells the C library's allocator to keep what is freed: every step asks for the same sizes again, and pages that were given back
/// would have to be zeroed by the kernel each time.
pub(super) fn keep_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt only sets numbers of the allocator, under its own lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
    }
}

fn read_line<T: serde::de::DeserializeOwned>(input: &mut impl BufRead, what: &'static str) -> Result<T, BadInput> {
    let mut line = String::new();
    input.read_line(&mut line).map_err(|source| BadInput::Unreadable { what, source })?;
    serde_json::from_str(&line).map_err(|source| BadInput::Malformed { what, source })
}

/// The supervisor sent something else than agreed.
#[derive(Debug, thiserror::Error)]
enum BadInput {
    #[error("the worker cannot read its {what} from stdin")]
    Unreadable { what: &'static str, source: std::io::Error },
    #[error("the worker got no valid {what} on stdin")]
    Malformed { what: &'static str, source: serde_json::Error },
}

impl Failure for BadInput {
    fn class(&self) -> Class {
        Class::Usage
    }
    fn hint(&self) -> Option<String> {
        Some("`tallow worker` is started by `tallow` itself; use `tallow train`".into())
    }
}
