//! A disk that is full, files that may not grow, folders that may not be written.

use crate::program::{Place, Refusal, nothing_is_half_written, said, succeeds, weights};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Files that the command writes may have at most so many bytes, as under `ulimit -f`.
fn limit_files(command: &mut Command, bytes: u64) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: setrlimit is safe between fork and exec, and only reads `limit`.
    unsafe {
        command.pre_exec(move || match libc::setrlimit(libc::RLIMIT_FSIZE, &limit) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
}

/// A model whose checkpoint has 3 MiB, on data that has few KiB.
const LARGE_MODEL: [&str; 2] = ["model.config.vocab_size=4000", "model.config.hidden_size=64"];
const HINT: &str = "raise the limit (`ulimit -f`), then `tallow resume` the run";

#[test]
fn no_room_for_prepared_data() {
    let place = Place::new();
    let rows: String = (0..4000).map(|i| format!("what a film this number {i} was and how we liked it,{}\n", i % 2)).collect();
    for split in ["train", "test"] {
        place.write(&format!("data/{split}.csv"), format!("text,label\n{rows}"));
    }
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let words = ["the run `prepare` did not complete", "cannot write in", "File too large"];
    let limited = |command: &mut Command| limit_files(command.arg("--offline"), 64 << 10);
    place.refuses_with(&[&source], &limited, &Refusal { code: 40, words: &words, hint: HINT });
    succeeds(&mut place.resume(&place.path("run-1")));
}

#[test]
fn no_room_for_a_checkpoint() {
    let place = Place::new();
    let words = ["the run `seed-0` did not complete", "/work/checkpoint/", "File too large"];
    let limited = |command: &mut Command| limit_files(command.arg("--offline"), 512 << 10);
    place.refuses_with(&LARGE_MODEL, &limited, &Refusal { code: 40, words: &words, hint: HINT });
    succeeds(&mut place.resume(&place.path("run-1")));
    nothing_is_half_written(&place.path("run-1"));
}

#[test]
fn no_room_for_the_report_and_the_model() {
    let place = Place::new();
    let run = place.run();
    succeeds(place.train(&LARGE_MODEL, &run).arg("--offline"));
    let expected = weights(&run);
    // As if the last stage had not been reached.
    std::fs::remove_dir_all(run.join("model")).expect("removed");
    std::fs::remove_file(run.join("report.html")).expect("removed");
    let words = ["cannot write", "model.safetensors", "File too large"];
    Refusal { code: 40, words: &words, hint: HINT }.check(&|| {
        let mut command = place.resume(&run);
        limit_files(&mut command, 256 << 10);
        (command, Some(run.clone()))
    });
    assert!(!run.join("model").exists() && !run.join("report.html").exists());
    succeeds(&mut place.resume(&run));
    assert_eq!(weights(&run), expected);
}

/// In a mount namespace of its own, so that nothing is left of it.
const FULL_DISK: &str = r#"
mount -t tmpfs -o size=1m tallow "$1" || exit 99
"$2" train "$3" --offline --threads=2 --out "$1/run" "$4" "$5"
code=$?
find "$1" -name '.*' -o -name '*.new' | sed 's/^/left: /'
mount -o remount,size=64m "$1" || exit 99
"$2" resume "$1/run" --offline --threads=2 2>&1 | tail -n 1
test -s "$1/run/report.html" && echo resumed
exit $code
"#;

#[test]
fn a_disk_that_is_full() {
    let place = Place::new();
    let spec = place.write("tiny.toml", crate::program::TINY);
    std::fs::create_dir(place.path("disk")).expect("a folder");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", FULL_DISK, "sh"]);
    command
        .arg(place.path("disk"))
        .arg(env!("CARGO_BIN_EXE_tallow"))
        .arg(spec)
        .args(LARGE_MODEL.map(|set| format!("--set={set}")));
    let said = match command.output() {
        Ok(_) => said(&mut command),
        Err(error) => return println!("skipped: no `unshare` here: {error}"),
    };
    if said.code == Some(99) || said.stderr.starts_with("unshare:") {
        return println!("skipped: no small file system can be mounted here: {}", said.stderr);
    }
    assert_eq!(said.code, Some(40), "{said:#?}");
    for words in ["error: ", "No space left on device", "hint: the disk is full: free some space, then `tallow resume` the run"] {
        assert!(said.stderr.contains(words), "{words}: {said:#?}");
    }
    assert!(!said.stderr.contains("panicked") && !said.stdout.contains("left: "), "{said:#?}");
    assert!(said.stdout.contains("\nresumed\n"), "{said:#?}");
}

#[test]
fn a_folder_that_may_not_be_written() {
    let place = Place::new();
    let locked = place.path("locked");
    std::fs::create_dir(&locked).expect("a folder");
    std::fs::set_permissions(place.path("."), std::fs::Permissions::from_mode(0o755)).expect("open to all");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).expect("read-only");
    // SAFETY: takes nothing, cannot fail.
    let is_root = unsafe { libc::getuid() } == 0;
    // Root may write everywhere; nobody may not.
    let as_nobody = |command: &mut Command| {
        if is_root {
            command.uid(65534).gid(65534);
        }
    };
    let mut trial = place.tallow(["models"]);
    as_nobody(&mut trial);
    if trial.output().is_err() {
        return println!("skipped: the program lies where only its owner can start it");
    }
    let hint = "choose a folder that you may write, such as with `--out DIR`";
    Refusal { code: 40, words: &["cannot create", "locked/run", "Permission denied"], hint }.check(&|| {
        let mut command = place.train(&[], &locked.join("run"));
        as_nobody(command.arg("--offline"));
        (command, Some(locked.clone()))
    });
}

#[test]
fn places_that_are_taken() {
    let place = Place::new();
    let (run, file) = (place.run(), place.write("file", "x"));
    succeeds(place.train(&[], &run).arg("--offline"));
    let (before, expected) = (std::fs::read(run.join("ledger.jsonl")).expect("read"), weights(&run));
    let train = |out: &Path| {
        let mut command = place.train(&[], out);
        command.arg("--offline");
        (command, Some(run.clone()))
    };
    let hint = "choose another folder with `--out`, or `tallow resume` that run";
    Refusal { code: 2, words: &["run-1` already exists and is not empty"], hint }.check(&|| train(&run));
    assert_eq!((std::fs::read(run.join("ledger.jsonl")).expect("read"), weights(&run)), (before, expected));
    Refusal { code: 40, words: &["cannot create", "/file"], hint: "choose a folder" }.check(&|| train(&file));
    assert_eq!(std::fs::read(&file).expect("read"), b"x");
    let words = ["is no run folder: it has no `ledger.jsonl`"];
    Refusal { code: 2, words: &words, hint: "`tallow runs` lists the runs" }
        .check(&|| (place.resume(&place.path("nowhere")), None));
}

/// An answer that is cut off is no answer, and says so.
#[test]
fn a_stdout_that_takes_nothing_more() {
    let place = Place::new();
    let run = place.run();
    succeeds(place.train(&[], &run).arg("--offline"));
    let full = |command: &mut Command| {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("it is there");
        let told = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().expect("started").wait_with_output();
        let told = told.expect("ended");
        let stderr = String::from_utf8(told.stderr).expect("UTF-8");
        assert_eq!(told.status.code(), Some(40), "{stderr}");
        for words in ["could not be written to stdout in full", "No space left on device", "have it lead elsewhere"] {
            assert!(stderr.contains(words), "{words}: {stderr}");
        }
    };
    full(&mut place.tallow(["schema"]));
    for json in [&[][..], &["--json"]] {
        full(place.tallow(["predict".as_ref(), run.as_os_str(), "a film".as_ref(), "--offline".as_ref()]).args(json));
    }
    // Whoever reads no more has had enough.
    let closed = std::io::pipe().expect("a pipe").1;
    assert!(place.tallow(["schema"]).stdout(closed).status().expect("ended").success());
}
