//! A script that is stopped, and one whose watcher is gone.

use super::{Bench, STEPS, docker, has_engine, report};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn a_stop_is_heard_and_a_run_resumed() {
    if !has_engine() {
        return;
    }
    let bench = Bench::new(&format!("{STEPS}\ntrain(40, wait=0.05)\n"));
    let run = bench.place.run();
    let child = bench.command(&run, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    wait_for(&run.join("runs/script/attempts/001/work/state.json"));
    // SAFETY: plain numbers, of our own child.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let ended = child.wait_with_output().expect("ended");
    assert_eq!(ended.status.code(), Some(41));
    let said = bench.resume(&run);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let (attempts, metrics) = report(&run);
    assert!(attempts[0].starts_with("stopped by the user") && attempts[1] == "completed", "{attempts:?}");
    assert_eq!(metrics[0], ("sum".to_string(), 820.0));
    assert!(metrics[1].1 > 0.0, "{metrics:?}");
    // Its time.
    let bench = Bench::new("tallow.start(total_steps=1)\nwhile not tallow.stopping():\n    time.sleep(0.05)\ntallow.finish(0)\n");
    let run = bench.place.run();
    let said = bench.run(&run, &["--max-time=4s"]);
    assert_eq!(said.code, Some(42), "{said:#?}");
}

/// A process of ours that is killed leaves no container for long: its stdin closes, and the next process removes what is left.
#[test]
fn a_container_dies_with_whoever_watches() {
    if !has_engine() {
        return;
    }
    let bench = Bench::new(&format!("{STEPS}\ntrain(4 if began else 100000, wait=0.02)\n"));
    let run = bench.place.run();
    let mut child = bench.command(&run, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    wait_for(&run.join("runs/script/attempts/001/work/state.json"));
    child.kill().expect("killed");
    child.wait().expect("ended");
    let filter = format!("label=tallow.run={}", run.canonicalize().expect("there").display());
    let begun = Instant::now();
    while docker(&["ps", "-q", "--filter", &filter]).is_some_and(|running| !running.is_empty()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it runs on");
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = bench.resume(&run);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(docker(&["ps", "-aq", "--filter", &filter]), Some(String::new()));
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.is_file() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asked to stop before the container runs, nothing else is tried.
#[test]
fn a_stop_before_the_container_runs_is_heard() {
    if !has_engine() {
        return;
    }
    let bench = Bench::new("tallow.start(total_steps=1)\nwhile not tallow.stopping():\n    time.sleep(0.02)\ntallow.finish(0)\n");
    for wait in [0, 300] {
        let run = bench.place.run();
        let child = bench.command(&run, &[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
        wait_for(&run.join("runs/script/attempts/001/job.json"));
        std::thread::sleep(Duration::from_millis(wait));
        // SAFETY: plain numbers, of our own child.
        unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
        let ended = child.wait_with_output().expect("ended");
        assert_eq!(ended.status.code(), Some(41), "{wait}: {}", String::from_utf8_lossy(&ended.stderr));
        assert!(!run.join("runs/script/attempts/002").exists(), "{wait}");
    }
}
