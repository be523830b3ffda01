//! Scripts in containers, with a real engine: `DOCKER_HOST` or the usual socket, and an image named by `TALLOW_SCRIPT_IMAGE` or
//! `tallow-python` that has `python3`. `engine.sh` beside this file makes both. Where there is none, that is said, and nothing is tested.

mod held_out;
mod limits;
#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;
#[path = "../language_model/server.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod server;
mod stops;
mod written;

use program::{Place, Said};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Passed on from our own environment: how the engine is found.
const MEANS: [&str; 3] = ["PATH", "DOCKER_HOST", "TALLOW_SCRIPT_IMAGE"];

fn docker(args: &[&str]) -> Option<String> {
    let out = Command::new("docker").args(args).stdin(Stdio::null()).output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_string())
}

/// Whether there is an engine with an image.
fn has_engine() -> bool {
    let image = std::env::var("TALLOW_SCRIPT_IMAGE").unwrap_or_else(|_| "tallow-python".into());
    let found = docker(&["image", "inspect", "--format", "{{.Id}}", &image]).is_some();
    if !found {
        // Not by `println`, which is shown of tests that fail alone.
        let said =
            format!("no container engine with the image `{image}`: scripts are not tested (tests/scripts/engine.sh makes one)");
        let _ = writeln!(std::io::stderr(), "{said}");
    }
    found
}

/// A script with its data, in a place of its own.
struct Bench {
    place: Place,
    script: PathBuf,
}

impl Bench {
    fn new(body: &str) -> Self {
        let place = Place::new();
        let script = place.write("train.py", format!("import json, math, os, sys, time\nimport tallow\n{body}"));
        place.write("data/train.csv", "x,y\n1,2\n");
        Bench { place, script }
    }

    fn command(&self, out: &Path, args: &[&str]) -> Command {
        let mut command = self.place.tallow(["train", "--threads=1", "--script"]);
        command.arg(&self.script).arg("--data").arg(self.place.path("data")).arg("--out").arg(out).args(args);
        self.with_means(command)
    }

    fn with_means(&self, mut command: Command) -> Command {
        command.envs(MEANS.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
    }

    fn run(&self, out: &Path, args: &[&str]) -> Said {
        said(self.command(out, args))
    }

    fn resume(&self, out: &Path) -> Said {
        let mut command = self.place.tallow(["resume"]);
        command.arg(out);
        said(self.with_means(command))
    }
}

fn said(mut command: Command) -> Said {
    let out = command.output().expect("started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: out.status.code(), stdout: text(&out.stdout), stderr: text(&out.stderr) }
}

fn json(path: PathBuf) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON")
}

/// Attempts and metrics of a run's report: how each attempt ended, and name and value.
fn report(run: &Path) -> (Vec<String>, Vec<(String, f64)>) {
    let report = json(run.join("report.json"));
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
    let attempts = report["attempts"].as_array().expect("attempts").iter().map(|a| text(&a["outcome"])).collect();
    let metrics = report["metrics"].as_array().expect("metrics");
    (attempts, metrics.iter().map(|m| (text(&m["name"]), m["value"]["value"].as_f64().unwrap_or(f64::NAN))).collect())
}

/// Steps with a checkpoint each, then the sum of all that was done.
const STEPS: &str = r#"
state = {"step": 0, "sum": 0}
if tallow.resume:
    state = json.load(open(tallow.resume))
began = state["step"]
def save():
    (tallow.out / "new").write_text(json.dumps(state))
    os.replace(tallow.out / "new", tallow.out / "state.json")
    tallow.checkpoint(state["step"], "state.json")
def train(total, wait=0.0):
    tallow.start(total_steps=total, step=state["step"])
    while state["step"] < total and not tallow.stopping():
        state["step"] += 1
        state["sum"] += state["step"] * (tallow.seed + 1)
        time.sleep(wait)
        tallow.step(state["step"], loss=1 / state["step"])
        save()
    tallow.metric("sum", state["sum"])
    tallow.metric("began", began)
    tallow.finish(state["step"])
"#;

#[test]
fn a_script_tells_what_it_did() {
    if !has_engine() {
        return;
    }
    let bench =
        Bench::new(&format!("{STEPS}\nprint('{{\"event\": \"metric\", \"name\": \"printed\", \"value\": 1}}')\ntrain(10)\n"));
    let run = bench.place.run();
    let said = bench.run(&run, &["--seeds=2", "--memory=128MiB"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(said.stdout.contains("Its own numbers") && said.stdout.contains("sum    165"), "{said:#?}");
    // A page as every run has it: its curves, its number with the row that it comes from, and what held.
    let page = std::fs::read_to_string(run.join("report.html")).expect("a page");
    for words in ["Completed", "<svg", ">loss</a>", ">165</a>", "read-only", "row-", "train.py"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let mut again = bench.place.tallow(["report"]);
    again.arg(&run);
    assert_eq!(program::said(&mut again).stdout, said.stdout);
    let mut verify = bench.place.tallow(["verify"]);
    let verified = program::said(verify.arg(&run));
    assert!(verified.code == Some(2) && verified.stderr.contains("is the run of a script"), "{verified:#?}");
    // What it prints is in its log and is no event.
    assert_eq!(report(&run), (vec!["completed".into()], vec![("sum".into(), 165.0), ("began".into(), 0.0)]));
    let log = std::fs::read_to_string(run.join("runs/script/attempts/001/stderr.log")).expect("a log");
    assert!(log.contains("printed"), "{log}");
    assert_eq!(docker(&["ps", "-aq", "--filter", &format!("label=tallow.run={}", run.display())]), Some(String::new()));
}

#[test]
fn a_loss_that_is_not_finite_lowers_the_rate_from_the_start() {
    if !has_engine() {
        return;
    }
    let body = "lr = tallow.lr(1.0)\ntrain_from = tallow.resume\ntallow.start(total_steps=2)\n\
                tallow.step(1, loss=1.0, lr=lr)\n(tallow.out / 'c').write_text('1')\ntallow.checkpoint(1, 'c')\n\
                tallow.step(2, loss=0.5 if lr < 0.5 else math.nan, lr=lr)\n\
                tallow.metric('lr', lr)\ntallow.metric('resumed', train_from is not None)\ntallow.finish(2)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let (attempts, metrics) = report(&run);
    assert_eq!(attempts, ["diverged at step 2: loss not finite", "completed"]);
    assert_eq!(metrics, [("lr".to_string(), 0.3), ("resumed".to_string(), 0.0)]);
}

#[test]
fn an_accident_goes_on_from_the_last_checkpoint() {
    if !has_engine() {
        return;
    }
    let body =
        format!("{STEPS}\nif began == 0:\n    tallow.step = lambda n, loss: os._exit(137) if n == 6 else None\ntrain(10)\n");
    let bench = Bench::new(&body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let expected = (vec!["killed by signal 9".into(), "completed".into()], vec![("sum".into(), 55.0), ("began".into(), 5.0)]);
    assert_eq!(report(&run), expected);
    // A checkpoint that a link leads elsewhere is none.
    let body = "ours = tallow.resume\nif ours is None and not (tallow.data / 'never').exists():\n    os.symlink('/etc/passwd', tallow.out / 'c')\n    \
                tallow.checkpoint(1, 'x') if False else tallow._tell('checkpoint', step=1, path='c')\n    \
                tallow._tell('checkpoint', step=1, path='../../../../../script.toml')\n    os._exit(137)\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(40), "it never sees a checkpoint: {said:#?}");
    assert_eq!(report(&run).0, vec!["killed by signal 9".to_string(); 3]);
}

#[test]
fn an_exception_is_named_with_its_line_and_left_to_a_person() {
    if !has_engine() {
        return;
    }
    let bench = Bench::new("rows = [{'x': 1}]\nrows[0]['label']\n");
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(20), "{said:#?}");
    assert!(said.stderr.contains("line 4 of the script: KeyError: 'label'"), "{said:#?}");
    let review = std::fs::read_to_string(run.join("runs/script/review.md")).expect("a review");
    assert!(review.contains("KeyError") && review.contains("Traceback"), "{review}");
    for (body, code, words) in [
        ("import nothing_of_the_kind\n", 10, "No module named"),
        ("def f(:\n", 10, "SyntaxError"),
        ("import urllib.request\nurllib.request.urlopen('http://example.com', timeout=5)\n", 50, "no network"),
        ("open('/data/x', 'w')\n", 50, "only `tallow.out`"),
        ("open('/data/x', 'w')\n", 50, "refused `open` of `/data/x`"),
        ("os.chown('/data', 0, 0)\n", 50, "refused `os.chown` of `/data`"),
        (
            "import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), 2)\nexcept OSError as e:\n    raise ValueError('cannot go on') from e\n",
            50,
            "refused `socket.connect`",
        ),
        ("class Odd(Exception):\n    pass\nraise Odd('seven')\n", 10, "line 5 of the script: Odd: seven"),
        ("tallow.start(total_steps=1)\n", 10, "without `tallow.finish`"),
        ("sys.exit(-1)\n", 10, "exit code 255"),
        ("sys.exit(125)\n", 10, "exit code 125"),
        ("sys.exit('the data has no label')\n", 10, "the script ended itself: the data has no label"),
    ] {
        let bench = Bench::new(body);
        let said = bench.run(&bench.place.run(), &[]);
        assert!(said.code == Some(code) && said.stderr.contains(words), "{body}: {said:#?}");
    }
}

/// Each attempt is a function that must fail, or find nothing; those that do not are told as metrics.
#[test]
fn nothing_can_be_reached_from_a_container() {
    if !has_engine() {
        return;
    }
    let body = r#"
import ctypes, socket, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def denied(f):
    try:
        return not f()
    except BaseException:
        return True
def write(path):
    open(path, "w").write("x"); return True
def connect(family, address):
    s = socket.socket(family); s.settimeout(2); s.connect(address); return True
def fork_bomb():
    started = []
    try:
        while len(started) < 4000:
            started.append(os.fork() or os._exit(time.sleep(1) or 0))
    except OSError:
        pass
    return len(started) >= 4000
host = str(os.getppid())
tries = {
    "write_data": lambda: write("/data/x"), "write_script": lambda: write("/tallow/script.py"), "write_root": lambda: write("/x"),
    "write_etc": lambda: write("/etc/x"), "write_usr": lambda: write("/usr/lib/x"), "write_proc": lambda: write("/proc/sys/kernel/hostname"),
    "write_sys": lambda: write("/sys/kernel/x"), "read_shadow": lambda: open("/etc/shadow").read(), "read_docker": lambda: open("/var/run/docker.sock", "rb"),
    "read_mem": lambda: open("/dev/mem", "rb"), "read_kmsg": lambda: open("/dev/kmsg", "rb").read(1), "read_disk": lambda: open("/dev/vda", "rb"),
    "inet": lambda: connect(socket.AF_INET, ("1.1.1.1", 53)), "inet6": lambda: connect(socket.AF_INET6, ("2606:4700:4700::1111", 53)),
    "unix": lambda: connect(socket.AF_UNIX, "/var/run/docker.sock"), "abstract": lambda: connect(socket.AF_UNIX, "\0docker"),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1), "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "dns": lambda: socket.getaddrinfo("example.com", 80), "interfaces": lambda: [n for _, n in socket.if_nameindex() if n != "lo"],
    "root": lambda: os.setuid(0) or True, "uid": lambda: os.getuid() == 0, "chroot": lambda: os.chroot("/tmp") or True,
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0, "unshare": lambda: libc.unshare(0x10000000) == 0,
    "umount": lambda: libc.umount(b"/out") == 0, "mknod": lambda: os.mknod("/tmp/d", 0o60666, os.makedev(8, 0)) or True,
    "chown": lambda: os.chown("/out", 0, 0) or True, "suid": lambda: subprocess.run(["su", "-c", "id"], input=b"", timeout=5).returncode == 0,
    "ptrace": lambda: libc.ptrace(16, os.getppid() or 1, 0, 0) == 0, "kill_all": lambda: any(p for p in os.listdir("/proc") if p.isdigit() and int(p) > 64),
    "reboot": lambda: libc.reboot(0x1234567) == 0, "keyctl": lambda: libc.syscall(250, 0, -3, 1) >= 0, "bpf": lambda: libc.syscall(321, 0, 0, 0) >= 0,
    "module": lambda: libc.syscall(175, 0, 0, b"") == 0, "time": lambda: time.clock_settime(time.CLOCK_REALTIME, 0) or True,
    "nice": lambda: os.nice(-5) < 0, "io_uring": lambda: libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0,
    "fork_bomb": fork_bomb, "secrets": lambda: [k for k in os.environ if "TOKEN" in k or "SECRET" in k or k == "TALLOW_RUNS"],
    "core_pattern": lambda: write("/proc/sys/kernel/core_pattern"), "cgroup": lambda: write("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    "userfaultfd": lambda: libc.syscall(323, 0) >= 0, "big_tmp": lambda: [open("/tmp/big", "wb").write(b"x" * (64 << 20)) for _ in range(1)] and len([open(f"/tmp/b{i}", "wb").write(b"x" * (64 << 20)) for i in range(5)]) == 5,
}
open_ways = [name for name, f in tries.items() if not denied(f)]
tallow.metric("tries", len(tries))
for name in open_ways:
    tallow.metric(name, 1)
tallow.finish(1)
"#;
    let bench = Bench::new(body);
    let run = bench.place.run();
    // Room for as many processes as there may be.
    let said = bench.run(&run, &["--memory=3GiB"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let (_, metrics) = report(&run);
    assert!(metrics[0].1 >= 40.0 && metrics.len() == 1, "open: {metrics:?}");
}

/// What another process is at is not changed. Said before any engine is asked.
#[test]
fn a_run_that_somebody_works_on_is_left_as_it_is() {
    let bench = Bench::new("tallow.finish(1)\n");
    let folder = tallow::store::RunFolder::create(bench.place.run()).expect("made");
    let text = "version = 1\nimage = \"python\"\nimage_id = \"sha256:0\"\nseed = 0\ncpus = 1\ngpu = false\n";
    folder.write_text(&folder.script_spec(), text).expect("written");
    let _lock = folder.lock().expect("nobody works on it");
    let mut command = bench.place.tallow(["resume", "--max-time=2h"]);
    command.arg(folder.root());
    let said = said(bench.with_means(command));
    assert!(said.code == Some(40) && said.stderr.contains("is in use by another process"), "{said:#?}");
    assert_eq!(std::fs::read_to_string(folder.script_spec()).expect("read"), text);
}

#[test]
fn what_does_not_go_with_a_script_is_told() {
    let bench = Bench::new("");
    for (args, code, words) in [
        (&["--epochs=3"][..], 2, "`--epochs` does not go with a script"),
        (&["--seeds=1,2"], 2, "`--seeds A,B` does not go with a script"),
        (&["--sandbox=off"], 2, "`--sandbox`"),
        (&["--allow-scope-change"], 2, "`--allow-scope-change`"),
        (&["--improve=8"], 2, "`--improve` does not go with a script"),
        (&["--accept-license=mit"], 2, "`--accept-license` without `--llm`"),
    ] {
        let said = bench.run(&bench.place.run(), args);
        assert!(said.code == Some(code) && said.stderr.contains(words), "{args:?}: {said:#?}");
    }
    // No engine on PATH.
    let mut command = bench.command(&bench.place.run(), &[]);
    command.env("PATH", bench.place.path("nowhere"));
    let none = said(command);
    assert!(none.code == Some(50) && none.stderr.contains("there is no `docker` on PATH"), "{none:#?}");
    let mut command = bench.command(&bench.place.run(), &[]);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let said = said(command);
    if docker(&["--version"]).is_some() {
        assert!(
            said.code == Some(50)
                && said.stderr.contains("the container engine cannot be used")
                && said.stderr.contains("DOCKER_HOST")
                && !said.stderr.contains("the image"),
            "{said:#?}"
        );
    }
}
