//! How strict the jail is, where a layer of it is missing. It is made missing as it is on an older kernel or in a container that keeps
//! it away: the program is started behind a filter that answers its system call with ENOSYS.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "other tests use more of it")]
mod program;

use program::{Place, Refusal, Said, said};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A layer that can be taken away, its call, and its name.
const LAYERS: [(&str, libc::c_long, u32); 2] = [
    ("files", libc::SYS_landlock_create_ruleset, libc::ENOSYS as u32),
    // A filter that forbids filters: what an old container does.
    ("syscalls", libc::SYS_seccomp, libc::ENOSYS as u32),
];

/// Starts it where these calls are not there. `prctl` is the older way to install a filter, so that goes with the newer.
fn without(command: &mut Command, call: libc::c_long, errno: u32) {
    let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let (load, equal, give) =
        (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, libc::BPF_RET | libc::BPF_K);
    let refuse = libc::SECCOMP_RET_ERRNO | errno;
    let also = if call == libc::SYS_seccomp { libc::PR_SET_SECCOMP as u32 } else { u32::MAX };
    let program = [
        step(load, 0, 0, 0),
        step(equal, 3, 0, call as u32),
        step(equal, 0, 3, libc::SYS_prctl as u32),
        step(load, 0, 0, 16),
        step(equal, 0, 1, also),
        step(give, 0, 0, refuse),
        step(give, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
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
    for (layer, call, errno) in LAYERS {
        let words = [&format!("the sandbox layer `{layer}` cannot be entered")[..]];
        let refusal = Refusal { code: 50, words: &words, hint: "`--sandbox best-effort`" };
        refusal.check(&|| {
            let run = place.run();
            let mut command = train(&place, &run, "strict");
            without(&mut command, call, errno);
            (command, Some(run))
        });
    }
}

#[test]
fn the_best_effort_runs_and_says_what_is_missing() {
    for (layer, call, errno) in LAYERS {
        let place = Place::new();
        let run = place.run();
        let mut command = train(&place, &run, "best-effort");
        without(&mut command, call, errno);
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
