//! How an attempt of a script ended: from what we did to it, then its last word, then the engine's, then its last exception. Pure.

use super::Told;
use super::python::{self, Kind};
use crate::error::Class;
use crate::job::{Divergence, GpuFailure};
use crate::run::process::{Exit, KillReason, Status};
use crate::run::{Outcome, overrun};
use crate::words::clean;

/// What `docker run` exits with where the engine itself failed.
const OF_THE_ENGINE: i32 = 125;
/// Codes beyond it are of a program that a signal ended.
const OF_A_SIGNAL: i32 = 128;

/// The limits that it ran under.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub memory_bytes: Option<u64>,
    /// The most that may lie on the disk, and what lies there.
    pub disk: Option<[u64; 2]>,
    pub wall_secs: u64,
    pub silence_secs: u64,
}

/// The outcome's name.
pub fn name(exit: &Exit, told: &[Told], limits: Limits) -> Outcome {
    let step = told.iter().filter_map(Told::step).max().unwrap_or(0);
    let overrun = || {
        let [limit, held] = limits.disk.unwrap_or_default();
        overrun(limit, held)
    };
    match exit.killed_by {
        Some(KillReason::WallClock) => return Outcome::TimedOut { limit_secs: limits.wall_secs },
        Some(KillReason::Stalled) => return Outcome::Stalled { limit_secs: limits.silence_secs },
        Some(KillReason::Interrupted) => return Outcome::Interrupted { step },
        Some(KillReason::Disk) => return overrun(),
        Some(KillReason::Flooded) => {
            let message = "what the script sends are no events: expected lines of at most 1 MiB, found more".into();
            return Outcome::Refused { class: Class::Sandbox, message, hint: None };
        }
        None => {}
    }
    let diverged = |step| Outcome::Diverged { step, what: Divergence::LossNotFinite, origin: None };
    let out_of_memory = || Outcome::OutOfMemory { limit_bytes: limits.memory_bytes, peak_bytes: None, gpu: None };
    // Notes are no last word.
    let last_word = told.iter().rev().find(|told| !matches!(told, Told::Note { .. }));
    match last_word {
        Some(Told::Diverged { step, .. }) => return diverged(*step),
        Some(Told::Stopped { .. }) if exit.asked == Some(KillReason::WallClock) => {
            return Outcome::TimedOut { limit_secs: limits.wall_secs };
        }
        Some(Told::Stopped { .. }) if exit.asked == Some(KillReason::Disk) => return overrun(),
        Some(Told::Stopped { step }) if exit.asked.is_some() => return Outcome::Interrupted { step: *step },
        _ => {}
    }
    let finished = told.iter().any(|told| matches!(told, Told::Finished { .. }));
    let code = match exit.status {
        Status::Exited(0) if finished => return Outcome::Completed,
        Status::Exited(code) => code,
        Status::Signalled(signal) => return Outcome::Killed { signal },
    };
    if exit.memory_kills.is_some_and(|kills| kills > 0) {
        return out_of_memory();
    }
    if code == OF_THE_ENGINE && told.is_empty() {
        let message = exit.stderr_tail.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
        let (class, message) = (Class::Sandbox, format!("the container could not be started: {}", clean(message)));
        return Outcome::Refused { class, message, hint: Some("`tallow doctor` says what the engine offers".into()) };
    }
    let raised = python::exception(&exit.stderr_tail).filter(|_| code != 0);
    if let Some(Told::Refused { what, path, error }) = last_word.filter(|_| code != 0) {
        let place = path.as_ref().map(|path| format!(" of `{}`", clean(path))).unwrap_or_default();
        let raised = raised.as_ref().map(|raised| format!("{}; ", raised.message)).unwrap_or_default();
        let message = format!("{raised}the container refused `{}`{place} ({})", clean(what), clean(error));
        let hint = "there is no network, and only `tallow.out` and a small /tmp can be written; what the script needs must be in the image or in `--data`, readable for a user without rights";
        return Outcome::Refused { class: Class::Sandbox, message, hint: Some(hint.into()) };
    }
    match raised {
        Some(exception) => match exception.kind {
            Kind::OutOfMemory => out_of_memory(),
            Kind::Gpu(GpuFailure::OutOfMemory) => {
                Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: exception.gpu_memory }
            }
            Kind::NotFinite => diverged(step),
            kind => Outcome::Refused { class: kind.class(), message: exception.message, hint: exception.hint },
        },
        None if code > OF_A_SIGNAL => Outcome::Killed { signal: code - OF_A_SIGNAL },
        None => Outcome::Crashed { exit_code: code },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::GpuMemory;

    fn exit(status: Status) -> Exit {
        Exit {
            status,
            asked: None,
            killed_by: None,
            wall_secs: 1.0,
            user_secs: 0.0,
            sys_secs: 0.0,
            max_rss_bytes: 0,
            memory_kills: Some(0),
            memory_peak_bytes: None,
            refused: Vec::new(),
            stderr_tail: String::new(),
        }
    }

    #[test]
    fn ends_have_their_names() {
        let limits = Limits { memory_bytes: Some(1 << 20), disk: Some([1000, 1200]), wall_secs: 60, silence_secs: 9 };
        let memory = Outcome::OutOfMemory { limit_bytes: Some(1 << 20), peak_bytes: None, gpu: None };
        let diverged = |step| Outcome::Diverged { step, what: Divergence::LossNotFinite, origin: None };
        let told = |told: Told| vec![Told::Started { step: 0, total_steps: 9 }, told];
        let finished = told(Told::Finished { step: 9 });
        let raised = |what: &str| Exit {
            stderr_tail: format!(
                "Traceback (most recent call last):\n  File \"/tallow/script.py\", line 3, in <module>\n{what}\n"
            ),
            ..exit(Status::Exited(1))
        };
        let asked = |reason| Exit { asked: Some(reason), ..exit(Status::Exited(0)) };
        let killed = |reason| Exit { killed_by: Some(reason), ..exit(Status::Signalled(9)) };
        for (exit, told, expected) in [
            (exit(Status::Exited(0)), finished.clone(), Outcome::Completed),
            (exit(Status::Exited(0)), vec![], Outcome::Crashed { exit_code: 0 }),
            // Done, and then it failed all the same.
            (exit(Status::Exited(3)), finished, Outcome::Crashed { exit_code: 3 }),
            (exit(Status::Exited(137)), vec![], Outcome::Killed { signal: 9 }),
            (Exit { memory_kills: Some(1), ..exit(Status::Exited(137)) }, vec![], memory.clone()),
            (raised("MemoryError"), vec![], memory),
            (
                raised(
                    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 16.00 GiB of which 1.00 GiB is free.",
                ),
                vec![],
                Outcome::OutOfMemory {
                    limit_bytes: None,
                    peak_bytes: None,
                    gpu: Some(GpuMemory { wanted_bytes: Some(2 << 30), used_bytes: Some(15 << 30), total_bytes: Some(16 << 30) }),
                },
            ),
            (raised("FloatingPointError: overflow"), told(Told::Step { step: 4, loss: 1.0, lr: None }), diverged(4)),
            (exit(Status::Exited(1)), told(Told::Diverged { step: 5, value: "nan".into() }), diverged(5)),
            (
                raised("KeyError: 'x'"),
                vec![],
                Outcome::Refused {
                    class: Class::Data,
                    message: "line 3 of the script: KeyError: 'x'".into(),
                    hint: Some("what the data holds is not what the script expects".into()),
                },
            ),
            (asked(KillReason::Interrupted), told(Told::Stopped { step: 6 }), Outcome::Interrupted { step: 6 }),
            (asked(KillReason::WallClock), told(Told::Stopped { step: 6 }), Outcome::TimedOut { limit_secs: 60 }),
            (
                asked(KillReason::WallClock),
                vec![Told::Stopped { step: 6 }, Told::Note { message: "1 line was no event".into() }],
                Outcome::TimedOut { limit_secs: 60 },
            ),
            // Nobody asked it to stop.
            (exit(Status::Exited(0)), told(Told::Stopped { step: 6 }), Outcome::Crashed { exit_code: 0 }),
            (killed(KillReason::Stalled), vec![], Outcome::Stalled { limit_secs: 9 }),
            (killed(KillReason::WallClock), vec![], Outcome::TimedOut { limit_secs: 60 }),
            (killed(KillReason::Disk), vec![], overrun(1000, 1200)),
            (asked(KillReason::Disk), told(Told::Stopped { step: 6 }), overrun(1000, 1200)),
            // It went on after its loss was not finite, and said that it is done.
            (
                exit(Status::Exited(0)),
                vec![Told::Diverged { step: 5, value: "nan".into() }, Told::Finished { step: 9 }],
                Outcome::Completed,
            ),
        ] {
            assert_eq!(name(&exit, &told, limits), expected, "{exit:?} {told:?}");
        }
        let open = Told::Refused { what: "open".into(), path: Some("/etc/x".into()), error: "Read-only file system".into() };
        let Outcome::Refused { class: Class::Sandbox, message, .. } = name(&raised("OSError: [Errno 30]"), &told(open), limits)
        else {
            panic!("refused")
        };
        assert!(message.contains("line 3 of the script") && message.contains("refused `open` of `/etc/x`"), "{message}");
        let refused =
            Exit { stderr_tail: "docker: Error response from daemon: no such image\n\n".into(), ..exit(Status::Exited(125)) };
        let Outcome::Refused { class: Class::Sandbox, message, .. } = name(&refused, &[], limits) else { panic!("refused") };
        assert!(message.ends_with("no such image"), "{message}");
    }
}
