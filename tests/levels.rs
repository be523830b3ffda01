//! How strict the jail is, where a layer of it is missing. It is made missing as it is on an older kernel or in a container that keeps
//! it away: the program is started behind a filter that answers its system call with ENOSYS.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "other tests use more of it")]
mod program;

use program::{Place, Refusal, Said, said};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A system call, and which of its arguments (32 bits at this place of the kernel's record) must be what for it to be refused.
type Call = (libc::c_long, Option<(u32, u32)>);

/// Places of the first and second argument.
const FIRST: u32 = 16;
const SECOND: u32 = 24;

/// Layers that can be taken away, with their calls.
const LAYERS: [(&str, &[Call]); 2] = [
    ("files", &[(libc::SYS_landlock_create_ruleset, None)]),
    // A filter that forbids filters. `prctl` is the older way to install one.
    ("syscalls", &[(libc::SYS_seccomp, None), (libc::SYS_prctl, Some((FIRST, libc::PR_SET_SECCOMP as u32)))]),
];

/// Starts it where these calls fail with this error.
fn without(command: &mut Command, calls: &[Call], errno: i32) {
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let (load, equal, give) =
        (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::BPF_RET | libc::BPF_K);
    let refuse = step(give, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32);
    let mut program = Vec::new();
    for (call, argument) in calls {
        program.push(step(load, 0, 0, 0));
        match argument {
            None => program.extend([step(equal, 0, 1, *call as u32), refuse]),
            Some((place, value)) => {
                program.extend([step(equal, 0, 3, *call as u32), step(load, 0, 0, *place), step(equal, 0, 1, *value), refuse])
            }
        }
    }
    program.push(step(give, 0, 0, libc::SECCOMP_RET_ALLOW));
    let install = move || {
        let rules = libc::sock_fprog { len: program.len() as u16, filter: program.as_ptr().cast_mut() };
        // SAFETY: plain numbers, and a program that lives through the call, which only reads it.
        let done = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const rules) == 0
        };
        if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    // SAFETY: what runs between fork and exec makes two system calls and allocates nothing.
    unsafe { command.pre_exec(install) };
}

fn train(place: &Place, run: &Path, level: &str) -> Command {
    let mut command = place.train(&[], run);
    command.args(["--offline", "--sandbox", level]);
    command
}

/// The ledger, the manifest and both pages of a run that completed.
fn records(run: &Path, said: &Said) -> [String; 4] {
    assert_eq!(said.code, Some(0), "{said:#?}");
    ["ledger.jsonl", "manifest.json", "report.md", "report.html"].map(|file| std::fs::read_to_string(run.join(file)).expect(file))
}

#[test]
fn a_strict_jail_refuses_what_is_missing_and_says_what_to_do() {
    let place = Place::new();
    for (layer, calls) in LAYERS {
        let words = [&format!("the sandbox layer `{layer}` cannot be entered")[..]];
        let refusal = Refusal { code: 50, words: &words, hint: "`--sandbox best-effort`" };
        refusal.check(&|| {
            let run = place.run();
            let mut command = train(&place, &run, "strict");
            without(&mut command, calls, libc::ENOSYS);
            (command, Some(run))
        });
    }
}

#[test]
fn the_best_effort_runs_and_says_what_is_missing() {
    for (layer, calls) in LAYERS {
        let place = Place::new();
        let run = place.run();
        let mut command = train(&place, &run, "best-effort");
        without(&mut command, calls, libc::ENOSYS);
        let [ledger, manifest, markdown, html] = records(&run, &said(&mut command));
        assert!(ledger.contains(r#""level":"best_effort""#) && ledger.contains(&format!(r#""{layer}":"MISSING: "#)), "{ledger}");
        assert!(manifest.contains("best_effort") || manifest.contains("best-effort"), "{manifest}");
        for page in [&markdown, &html] {
            assert!(page.contains("--sandbox best-effort") && page.contains("MISSING: "), "{layer}: {page}");
        }
        // The others hold.
        let other = if layer == "files" { "seccomp: " } else { "Landlock, ABI" };
        assert!(ledger.contains(other), "{ledger}");
    }
}

#[test]
fn what_is_switched_off_says_so() {
    let place = Place::new();
    let run = place.run();
    let [ledger, manifest, markdown, html] = records(&run, &said(&mut train(&place, &run, "off")));
    assert!(ledger.contains(r#""level":"off""#) && ledger.contains("MISSING: switched off by the user"), "{ledger}");
    assert!(manifest.contains(r#""off""#), "{manifest}");
    for page in [&markdown, &html] {
        assert!(page.contains("--sandbox off") && page.contains("switched off by the user"), "{page}");
    }
    // The same model, whatever stands around it.
    let strict = place.run();
    assert_eq!(said(&mut train(&place, &strict, "strict")).code, Some(0));
    assert_eq!(program::weights(&run), program::weights(&strict));
}

/// As where somebody around us listens already: the walls hold, and nobody is told what they refuse.
#[test]
fn without_a_listener_the_walls_hold() {
    let place = Place::new();
    let run = place.run();
    let mut command = train(&place, &run, "strict");
    without(&mut command, &[(libc::SYS_seccomp, Some((SECOND, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32)))], libc::EBUSY);
    let [ledger, ..] = records(&run, &said(&mut command));
    assert!(ledger.contains("no socket, no process; nobody is told which") && !ledger.contains("MISSING"), "{ledger}");
    let usual = place.run();
    let [ledger, ..] = records(&usual, &said(&mut train(&place, &usual, "strict")));
    assert!(ledger.contains("the supervisor is told which"), "{ledger}");
}
