//! How an attempt of a script ended: from what we did to it, then its last word, then the engine's, then its last exception. Pure.

use super::Told;
use super::python::{self, Kind};
use crate::error::Class;
use crate::job::{Divergence, GpuFailure};
use crate::run::process::{Exit, KillReason, Status};
use crate::run::{OF_ITSELF, Outcome, ended_by, overrun};
use crate::words::clean;
use std::ops::RangeInclusive;

/// What `docker run` exits with where the engine itself failed, or found nothing to start.
const OF_THE_ENGINE: RangeInclusive<i32> = 125..=127;
/// Beyond it are the codes of a program that a signal ended, as many as there are signals.
const OF_A_SIGNAL: i32 = 128;
const SIGNALS: RangeInclusive<i32> = 1..=64;
/// What `docker run` exits with where it is asked to end before the container runs: SIGINT, SIGTERM.
const ENDED_AS_ASKED: [i32; 2] = [OF_A_SIGNAL + 2, OF_A_SIGNAL + 15];

/// The limits that it ran under.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub memory_bytes: Option<u64>,
    /// The most that may lie on the disk, and what lies there.
    pub disk: Option<[u64; 2]>,
    pub wall_secs: u64,
    pub silence_secs: u64,
}

/// What the end of a script is to whoever runs it; none: it completed. What is a mistake of ours in a worker is the script's own here, and a
/// signal that no broken program gets comes from the machine.
pub fn class(outcome: &Outcome) -> Option<Class> {
    match outcome {
        Outcome::Crashed { .. } => Some(Class::Spec),
        Outcome::Killed { signal } if OF_ITSELF.contains(signal) => Some(Class::Spec),
        Outcome::Killed { .. } => Some(Class::Resource),
        Outcome::Completed
        | Outcome::Diverged { .. }
        | Outcome::OutOfMemory { .. }
        | Outcome::TimedOut { .. }
        | Outcome::BudgetSpent { .. }
        | Outcome::Interrupted { .. }
        | Outcome::Refused { .. }
        | Outcome::Stalled { .. } => outcome.class(),
    }
}

/// The outcome's name.
pub fn name(exit: &Exit, told: &[Told], limits: Limits) -> Outcome {
    let step = told.iter().filter_map(Told::step).max().unwrap_or(0);
    let overrun = || {
        let [limit, held] = limits.disk.unwrap_or_default();
        overrun(limit, held)
    };
    let ended =
        |reason: KillReason, step: u64| ended_by(reason, ("script", step), [limits.wall_secs, limits.silence_secs], overrun);
    if let Some(reason) = exit.killed_by {
        return ended(reason, step);
    }
    let diverged = |step| Outcome::Diverged { step, what: Divergence::LossNotFinite, origin: None };
    let out_of_memory = || Outcome::OutOfMemory { limit_bytes: limits.memory_bytes, peak_bytes: None, gpu: None };
    // Notes are no last word.
    let last_word = told.iter().rev().find(|told| !matches!(told, Told::Note { .. }));
    match (last_word, exit.asked) {
        (Some(Told::Diverged { step, .. }), _) => return diverged(*step),
        (Some(Told::Stopped { step }), Some(reason)) => return ended(reason, *step),
        _ => {}
    }
    let is_ours = |code: i32| ENDED_AS_ASKED.contains(&code) || told.is_empty() && OF_THE_ENGINE.contains(&code);
    let as_asked = match exit.status {
        Status::Exited(code) => is_ours(code),
        Status::Signalled(signal) => is_ours(OF_A_SIGNAL + signal),
    };
    if let Some(reason) = exit.asked.filter(|_| as_asked) {
        return ended(reason, step);
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
    // The runner's first word comes before the script's first line.
    if OF_THE_ENGINE.contains(&code) && told.is_empty() {
        let message = format!("the container could not be started: {}", of_the_engine(&exit.stderr_tail));
        let hint = Some("`tallow doctor` says what the engine offers".into());
        return Outcome::Refused { class: Class::Sandbox, message, hint };
    }
    let raised = python::exception(&exit.stderr_tail).filter(|_| code != 0);
    if let Some(Told::Refused { what, path, error }) = last_word.filter(|_| code != 0) {
        let place = path.as_ref().map(|path| format!(" of `{}`", clean(path))).unwrap_or_default();
        let raised = raised.as_ref().map(|raised| format!("{}; ", raised.message)).unwrap_or_default();
        let message = format!("{raised}the container refused `{}`{place} ({})", clean(what), clean(error));
        let hint = "there is no network, and only `tallow.out` and a small /tmp can be written; what the script needs must be in the image or in `--data`, readable for a user without rights";
        return Outcome::Refused { class: Class::Sandbox, message, hint: Some(hint.into()) };
    }
    let said = match last_word {
        Some(Told::Exited { message }) if code != 0 => Some(format!("the script ended itself: {}", clean(message))),
        _ => None,
    };
    match (raised, said) {
        (Some(exception), said) => match exception.kind {
            Kind::OutOfMemory => out_of_memory(),
            Kind::Gpu(GpuFailure::OutOfMemory) => {
                Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: exception.gpu_memory }
            }
            Kind::NotFinite => diverged(step),
            kind => {
                let message = said.unwrap_or(exception.message);
                Outcome::Refused { class: kind.class(), message, hint: exception.hint }
            }
        },
        (None, Some(message)) => Outcome::Refused { class: Class::Spec, message, hint: None },
        (None, None) if SIGNALS.contains(&(code - OF_A_SIGNAL)) => Outcome::Killed { signal: code - OF_A_SIGNAL },
        (None, None) => Outcome::Crashed { exit_code: code },
    }
}

/// What the engine says of a container that it could not start: its error, and not its advice.
fn of_the_engine(stderr: &str) -> String {
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().rev().find_map(|line| line.strip_prefix("docker:"));
    clean(error.or_else(|| lines().last()).unwrap_or("it does not say why"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::GpuMemory;
    use crate::run::process::Flood;

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
            machine_killed: Some(false),
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
        let too_much = "the script says more than any job does:";
        let code_when_asked = |reason, code| Exit { asked: Some(reason), ..exit(Status::Exited(code)) };
        let asked = |reason| Exit { asked: Some(reason), ..exit(Status::Exited(0)) };
        let killed = |reason| Exit { killed_by: Some(reason), ..exit(Status::Signalled(9)) };
        for (exit, told, expected) in [
            (exit(Status::Exited(0)), finished.clone(), Outcome::Completed),
            (exit(Status::Exited(0)), vec![], Outcome::Crashed { exit_code: 0 }),
            // Done, and then it failed all the same.
            (exit(Status::Exited(3)), finished, Outcome::Crashed { exit_code: 3 }),
            (exit(Status::Exited(137)), vec![], Outcome::Killed { signal: 9 }),
            // `sys.exit(-1)`, which is no signal; and the engine's own codes where the script had begun.
            (exit(Status::Exited(255)), vec![Told::Began], Outcome::Crashed { exit_code: 255 }),
            (exit(Status::Exited(192)), vec![Told::Began], Outcome::Killed { signal: 64 }),
            (exit(Status::Exited(193)), vec![Told::Began], Outcome::Crashed { exit_code: 193 }),
            (exit(Status::Exited(125)), vec![Told::Began], Outcome::Crashed { exit_code: 125 }),
            (
                exit(Status::Exited(1)),
                vec![Told::Began, Told::Exited { message: "no data".into() }],
                Outcome::Refused { class: Class::Spec, message: "the script ended itself: no data".into(), hint: None },
            ),
            (
                Exit { stderr_tail: "[Errno 28] No space left on device\n".into(), ..exit(Status::Exited(1)) },
                vec![Told::Began, Told::Exited { message: "[Errno 28] No space left on device".into() }],
                Outcome::Refused {
                    class: Class::Resource,
                    message: "the script ended itself: [Errno 28] No space left on device".into(),
                    hint: Some("free some room, or write fewer and smaller checkpoints".into()),
                },
            ),
            // Asked before the container ran.
            (code_when_asked(KillReason::Interrupted, 143), vec![], Outcome::Interrupted { step: 0 }),
            (code_when_asked(KillReason::Interrupted, 130), vec![Told::Began], Outcome::Interrupted { step: 0 }),
            (code_when_asked(KillReason::Interrupted, 125), vec![], Outcome::Interrupted { step: 0 }),
            (code_when_asked(KillReason::WallClock, 143), vec![], Outcome::TimedOut { limit_secs: 60 }),
            (code_when_asked(KillReason::Interrupted, 1), vec![Told::Began], Outcome::Crashed { exit_code: 1 }),
            (exit(Status::Exited(143)), vec![Told::Began], Outcome::Killed { signal: 15 }),
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
            (
                killed(KillReason::Flooded(Flood::Together { most_bytes: 256 << 20 })),
                vec![],
                Outcome::Refused {
                    class: Class::Sandbox,
                    message: format!("{too_much} expected at most 256 MiB of lines in all, found more"),
                    hint: None,
                },
            ),
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
        for (code, said) in [
            (125, "docker: Error response from daemon: no such image\n\n"),
            (125, "docker: Error response from daemon: no such image\n\nRun 'docker run --help' for more information\n"),
            (127, "docker: Error response from daemon: no such image.\nSee 'docker run --help'.\n"),
        ] {
            let refused = Exit { stderr_tail: said.into(), ..exit(Status::Exited(code)) };
            let Outcome::Refused { class: Class::Sandbox, message, .. } = name(&refused, &[], limits) else { panic!("refused") };
            assert!(message.contains("could not be started: Error response from daemon: no such image"), "{message}");
        }
    }

    /// 70 is for mistakes of ours: a script's are its own, or the machine's.
    #[test]
    fn no_end_of_a_script_is_a_bug_of_ours() {
        for (outcome, expected) in [
            (Outcome::Completed, None),
            (Outcome::Crashed { exit_code: 0 }, Some(Class::Spec)),
            (Outcome::Killed { signal: 11 }, Some(Class::Spec)),
            (Outcome::Killed { signal: 9 }, Some(Class::Resource)),
            (Outcome::Stalled { limit_secs: 1 }, Some(Class::Stalled)),
        ] {
            assert_eq!(class(&outcome), expected, "{outcome:?}");
        }
    }
}
