//! The whole program: the same run twice gives the same weights; so does one that is killed at random moments and resumed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A run of some two seconds, with checkpoints every few steps.
const SMALL: [&str; 8] = [
    "train",
    "--example",
    "--offline",
    "--threads=2",
    "--set=data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 800, seed = 1 }",
    "--epochs=3",
    "--set=model.config.hidden_size=32",
    "--set=model.config.intermediate_size=64",
];

fn tallow(args: &[&str], out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallow"));
    command.args(args).args(["--out".as_ref(), out.as_os_str()]).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn weights(run: &Path) -> String {
    tallow::data::sha256_of_file(&run.join("model/model.safetensors")).expect("weights")
}

#[test]
fn twice_and_killed_at_random_gives_the_same_weights() {
    let dir = tempfile::tempdir().expect("a folder");
    let begun = Instant::now();
    assert!(tallow(&SMALL, &dir.path().join("a")).status().expect("run").success());
    let whole = begun.elapsed();
    assert!(tallow(&SMALL, &dir.path().join("b")).status().expect("run").success());
    let expected = weights(&dir.path().join("a"));
    assert_eq!(weights(&dir.path().join("b")), expected, "the same run twice");

    // Twenty kills, spread over runs; each is killed at most four times, so that attempts are left.
    let (mut kills, mut run, mut seed) = (0, 0, 0x2545_F491_4F6C_DD1Du64);
    while kills < 20 {
        run += 1;
        assert!(run < 40, "only {kills} of the kills hit a living process");
        let out = dir.path().join(format!("killed-{run}"));
        for attempt in 0..5 {
            let mut child = if attempt == 0 {
                tallow(&SMALL, &out).spawn().expect("start")
            } else {
                let mut command = Command::new(env!("CARGO_BIN_EXE_tallow"));
                command.arg("resume").arg(&out).args(["--offline", "--threads=2"]).stdout(Stdio::null()).stderr(Stdio::null());
                command.spawn().expect("resume")
            };
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let wait = whole.mul_f64((seed >> 40) as f64 / (1u64 << 24) as f64);
            if attempt < 4 {
                std::thread::sleep(wait.max(Duration::from_millis(150)));
                if child.try_wait().expect("wait").is_none() {
                    child.kill().expect("kill -9");
                    kills += 1;
                }
            }
            let done = child.wait().expect("wait").success();
            // Killed before there was a ledger: nothing to resume.
            if done || !out.join("spec.toml").is_file() {
                break;
            }
        }
        if out.join("report.html").is_file() {
            assert_eq!(weights(&out), expected, "run {run}");
        }
    }
}

/// A plan names the files of its run from the run folder on.
#[test]
fn a_run_folder_can_be_moved() {
    let dir = tempfile::tempdir().expect("a folder");
    let (planned, moved) = (dir.path().join("planned"), dir.path().join("moved"));
    assert!(tallow(&SMALL, &dir.path().join("a")).status().expect("run").success());
    let file = dir.path().join("a/spec.toml").display().to_string();
    assert!(tallow(&["plan", &file, "--offline", "--threads=2"], &planned).status().expect("plan").success());
    std::fs::rename(&planned, &moved).expect("moved");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallow"));
    command.arg("resume").arg(&moved).args(["--offline", "--threads=2"]).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("resume").success());
    assert_eq!(weights(&moved), weights(&dir.path().join("a")));
}
