//! Scripts in containers, with a real engine: `DOCKER_HOST` or the usual socket, and an image named by `TALLOW_SCRIPT_IMAGE` or
//! `tallow-python` that has `python3`. `engine.sh` beside this file makes both. Where there is none, that is said, and nothing is tested.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;
#[path = "../language_model/server.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod server;
mod written;

use program::{Place, Said};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

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
fn out_of_memory_is_tried_in_smaller_parts_of_the_same_batch() {
    if !has_engine() {
        return;
    }
    let body = r#"
size, parts = tallow.batch(16)
tallow.start(total_steps=1)
room = [bytearray(b"x" * (8 << 20)) for _ in range(size)]
tallow.metric("batch", size * parts)
tallow.metric("parts", parts)
tallow.step(1, loss=0.5)
tallow.finish(1)
"#;
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &["--memory=64MiB"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let (attempts, metrics) = report(&run);
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    assert!(attempts[..2].iter().all(|outcome| outcome == "out of memory (limit 64.0 MiB)"), "{attempts:?}");
    assert_eq!(metrics, [("batch".to_string(), 16.0), ("parts".to_string(), 4.0)]);
    let fixed = Bench::new("tallow.start(total_steps=1)\nroom = bytearray(b'x' * (128 << 20))\n");
    let run = fixed.place.run();
    let said = fixed.run(&run, &["--memory=64MiB"]);
    assert_eq!(said.code, Some(40), "{said:#?}");
    assert!(std::fs::read_to_string(run.join("runs/script/review.md")).expect("a review").contains("`tallow.batch`"));
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

#[test]
fn what_is_told_without_end_or_sense_is_bounded() {
    if !has_engine() {
        return;
    }
    let body = "tallow.start(total_steps=3000)\nfd = int(os.environ['TALLOW_EVENTS'])\n\
                for line in [b'hello', b'\\xff\\xfe', b'{\"event\": \"metric\", \"name\": \"acc\"}']:\n    os.write(fd, line + b'\\n')\n\
                for i in range(1, 3001):\n    tallow.step(i, loss=1 / i, lr=tallow.lr(0.1))\n    tallow.metric('acc', i / 3000, step=i)\n\
                tallow.metric('acc', math.nan)\ntallow.finish(3000)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(said.stderr.lines().count() < 30, "{said:#?}");
    assert_eq!(report(&run).1, [("acc".to_string(), 1.0)]);
    let ledger = std::fs::read_to_string(run.join("ledger.jsonl")).expect("a ledger");
    assert!(ledger.lines().count() < 20, "{ledger}");
    let page = std::fs::read_to_string(run.join("report.md")).expect("a report");
    assert!(page.contains("3 line(s) among its events were none; the first: hello"), "{page}");
    assert!(page.contains("the metric acc is nan and is not told"), "{page}");
}

/// Steps that take no time are told now and then, and the last of them.
#[test]
fn very_many_steps_are_no_flood() {
    if !has_engine() {
        return;
    }
    let body = "tallow.start(total_steps=100000)\nfor i in range(1, 100001):\n    tallow.step(i, loss=1 / i)\n\
                tallow.finish(100000)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let events = std::fs::read_to_string(run.join("runs/script/attempts/001/events.jsonl")).expect("events");
    let steps: Vec<&str> = events.lines().filter(|line| line.contains("\"event\":\"step\"")).collect();
    assert!(steps.len() < 1000 && steps[0].contains("\"step\":1,"), "{}", steps.len());
    assert!(steps.last().is_some_and(|line| line.contains("\"step\":100000,")), "{steps:?}");
}

#[test]
fn budgets_bound_a_script_and_resume_raises_them() {
    if !has_engine() {
        return;
    }
    let body = format!(
        "{STEPS}\nif began == 0:\n    (tallow.out / 'scratch').write_bytes(b'x' * (9 << 20))\ntrain(8000 if began == 0 else began + 1, wait=0.02)\n"
    );
    let bench = Bench::new(&body);
    let run = bench.place.run();
    let said = bench.run(&run, &["--max-disk=8MiB"]);
    assert!(said.code == Some(42) && said.stderr.contains("--max-disk"), "{said:#?}");
    // What was there is kept, and it goes on from there; with as little room as before it does not begin.
    let again = bench.resume(&run);
    assert!(again.code == Some(42) && report(&run).0.len() == 1, "{again:#?}");
    let mut command = bench.place.tallow(["resume", "--max-disk=1GiB"]);
    command.arg(&run);
    let said = self::said(bench.with_means(command));
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(report(&run).1.iter().any(|(name, value)| name == "began" && *value > 0.0), "{:?}", report(&run));
    // Attempts.
    let bench = Bench::new("tallow.batch(16)\nroom = bytearray(b'x' * (128 << 20))\n");
    let run = bench.place.run();
    let said = bench.run(&run, &["--memory=64MiB", "--max-attempts=2"]);
    assert!(said.code == Some(42) && said.stderr.contains("`--max-attempts` is 2"), "{said:#?}");
    assert_eq!(report(&run).0.len(), 2);
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

/// The answers of held-out examples are nowhere in the container, and what is predicted of them is scored here.
#[test]
fn held_out_examples_are_predicted_without_their_answers() {
    if !has_engine() {
        return;
    }
    let body = "lines = [json.loads(line) for line in open(tallow.held_out)]\nfound = ''\nfor place, _, files in os.walk('/'):\n    \
                if not place.startswith(('/proc', '/sys', '/usr', '/dev')):\n        for name in files:\n            try:\n                \
                found += open(os.path.join(place, name)).read(100000)\n            except Exception:\n                pass\n\
                tallow.metric('leaks', found.count('secret' + 'answer'))\n\
                tallow.predict('secret' + 'answer' if line['x'] > 1 else 'other' for line in lines)\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let table = bench.place.write("held.csv", "x,kind\n1,other\n2,secretanswer\n3,other\n4,secretanswer\n");
    let args = ["--held-out", table.to_str().expect("a path"), "--label=kind"];
    let run = bench.place.run();
    let said = bench.run(&run, &args);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(report(&run).1, [("leaks".to_string(), 0.0)]);
    let scores = &json(run.join("report.json"))["scores"][0];
    assert_eq!((scores["metric"].as_str(), scores["value"]["value"].as_f64()), (Some("accuracy"), Some(0.75)), "{scores}");
    assert!(scores["interval"][0]["value"].as_f64().is_some_and(|low| (0.2..0.75).contains(&low)), "{scores}");
    for (body, words) in [
        ("tallow.finish(1)\n", "did not call `tallow.predict`"),
        ("tallow.predict(['other'])\ntallow.finish(1)\n", "each of 4 held-out examples, found 1"),
        ("os.symlink('/etc/passwd', tallow.out / 'predictions.jsonl')\ntallow.finish(1)\n", "did not call"),
    ] {
        let bench = Bench::new(body);
        let out = bench.place.run();
        let said = bench.run(&out, &args);
        assert!(said.code == Some(10) && said.stderr.contains(words), "{body}: {said:#?}");
        // All else is told all the same.
        let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
        assert!(report.contains("Not scored") && report.contains("Completed"), "{report}");
    }
}

/// What the script sees must not hold the answers. Said before any engine is asked.
#[test]
fn held_out_answers_are_not_among_the_data() {
    let rows = "x,kind\n1,other\n2,answer\n";
    let refused = |bench: &Bench, table: &Path, words: &str| {
        let said = bench.run(&bench.place.run(), &["--held-out", table.to_str().expect("a path"), "--label=kind"]);
        assert!(said.code == Some(2) && said.stderr.contains("the held-out answers are in the data"), "{said:#?}");
        assert!(said.stderr.contains(words) && said.stderr.contains("in another folder"), "{said:#?}");
        assert!(!bench.place.run().exists(), "nothing is begun");
    };
    let bench = Bench::new("tallow.finish(1)\n");
    let within = bench.place.write("data/deep/test.csv", rows);
    refused(&bench, &within, "test.csv");
    // By a way around, and as a copy under another name.
    refused(&bench, &bench.place.path("data/../data/deep/test.csv"), "test.csv");
    let bench = Bench::new("tallow.finish(1)\n");
    let apart = bench.place.write("held.csv", rows);
    std::os::unix::fs::symlink(&apart, bench.place.path("data/link.csv")).expect("a link");
    bench.place.write("data/extra/notes.bin", rows);
    refused(&bench, &apart, "notes.bin");
    // Those that another run keeps.
    let bench = Bench::new("tallow.finish(1)\n");
    let apart = bench.place.write("held.csv", rows);
    bench.place.write("data/old/ledger.jsonl", "");
    bench.place.write("data/old/data/held_out/answers.jsonl", "\"answer\"\n");
    refused(&bench, &apart, "held_out");
}

/// The run folder keeps them, too.
#[test]
fn a_run_that_keeps_answers_does_not_lie_among_the_data() {
    let bench = Bench::new("tallow.finish(1)\n");
    let table = bench.place.write("held.csv", "x,kind\n1,other\n2,answer\n");
    for place in ["data/run", "data/new/run", "data/../data/run"] {
        let out = bench.place.path(place);
        let said = bench.run(&out, &["--held-out", table.to_str().expect("a path"), "--label=kind"]);
        assert!(said.code == Some(2) && said.stderr.contains("the run folder keeps the held-out answers"), "{said:#?}");
        assert!(said.stderr.contains("`--out`") && !out.exists(), "{said:#?}");
    }
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

/// Where nobody says how much a script may take, it is a share of what there is, which the engine holds it to.
#[test]
fn a_script_that_nobody_limits_has_a_share_of_what_there_is() {
    if !has_engine() {
        return;
    }
    let body = "limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']\n\
                tallow.metric('memory', [int(open(file).read()) for file in limits if os.path.exists(file)][0])\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let spec: toml::Table = toml::from_str(&std::fs::read_to_string(run.join("script.toml")).expect("read")).expect("TOML");
    let limit = |name: &str| spec.get(name).and_then(toml::Value::as_integer).expect("a limit");
    let (_, metrics) = report(&run);
    let held = limit("spare_memory_bytes") as f64;
    assert!((metrics[0].1 - held).abs() <= 4096.0 && held > (64 << 20) as f64, "{metrics:?} {held}");
    assert!(limit("spare_disk_bytes") > 1 << 20 && !spec.contains_key("max_memory_bytes"));
    let page = std::fs::read_to_string(run.join("report.md")).expect("a report");
    assert!(page.contains("a share of what the machine had to spare"), "{page}");
}

/// A run that is complete is not run again: what it predicted is scored, and its report written, also where a crash came before.
#[test]
fn a_complete_run_is_not_run_again() {
    if !has_engine() {
        return;
    }
    let body = "lines = [json.loads(line) for line in open(tallow.held_out)]\ntallow.metric('nonce', int.from_bytes(os.urandom(4), 'big'))\n\
                (tallow.out / '.tmp-mine').write_text('x')\ntallow.predict(line['x'] + 0.5 for line in lines)\ntallow.finish(1)\n";
    let bench = Bench::new(body);
    let table = bench.place.write("held.csv", "x,age\n20,20\n31,31\n42,42\n");
    let run = bench.place.run();
    let said = bench.run(&run, &["--held-out", table.to_str().expect("a path"), "--label=age"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let before = report(&run);
    assert!(said.stdout.contains("root mean squared error  0.5000"), "{said:#?}");
    std::fs::remove_file(run.join("report.json")).expect("removed");
    let again = bench.resume(&run);
    assert_eq!((again.code, report(&run)), (Some(0), before), "{again:#?}");
    assert!(!run.join("runs/script/attempts/002").exists() && run.join("runs/script/attempts/001/work/.tmp-mine").is_file());
    let mut diff = bench.place.tallow(["diff"]);
    let told = program::said(diff.arg(&run).arg(&run));
    assert!(told.code == Some(2) && told.stderr.contains("is the run of a script"), "{told:#?}");
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

/// What it prints is a sign of life; what says nothing at all is stalled, and the hint can be followed.
#[test]
fn a_log_is_a_sign_of_life() {
    if !has_engine() {
        return;
    }
    let talks = Bench::new("for i in range(12):\n    time.sleep(1)\n    print(i)\ntallow.finish(1)\n");
    let said = talks.run(&talks.place.run(), &["--max-silence=8s"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let silent = Bench::new(
        "if tallow.resume is None:\n    (tallow.out / 'c').write_text('1')\n    tallow.checkpoint(1, 'c')\n    time.sleep(30)\ntallow.finish(1)\n",
    );
    let run = silent.place.run();
    let said = silent.run(&run, &["--max-silence=8s", "--max-attempts=1"]);
    assert_eq!(said.code, Some(42), "{said:#?}");
    assert!(report(&run).0[0].starts_with("stalled"), "{said:#?}");
    let mut command = silent.place.tallow(["resume", "--max-silence=1m"]);
    command.arg(&run);
    let said = self::said(silent.with_means(command));
    assert_eq!(said.code, Some(0), "{said:#?}");
}

/// The end of a log of many megabytes is what tells why it ended; notes and names have an end.
#[test]
fn the_end_of_a_huge_log_is_kept() {
    if !has_engine() {
        return;
    }
    let body = "tallow.metric('m' * 500000, 1)\nfor i in range(60):\n    tallow._tell('note', message=str(i) + 'n' * 900000)\n\
                for _ in range(320):\n    print('x' * 65535)\nraise KeyError('why it ended')\n";
    let bench = Bench::new(body);
    let run = bench.place.run();
    let said = bench.run(&run, &[]);
    assert!(said.code == Some(20) && said.stderr.contains("why it ended"), "{:?}", said.code);
    let bytes = |name: &str| std::fs::metadata(run.join(name)).expect("a file").len();
    assert!(
        bytes("runs/script/attempts/001/stderr.log") < 17 << 20 && bytes("report.html") < 1 << 20,
        "{}",
        bytes("report.html")
    );
    let log = std::fs::read_to_string(run.join("runs/script/attempts/001/stderr.log")).expect("a log");
    assert!(log.trim_end().ends_with("KeyError: 'why it ended'") && log.contains("bytes were not kept]"));
    assert!(std::fs::read_to_string(run.join("runs/script/review.md")).expect("a review").contains("why it ended"));
}

/// What the engine would refuse is told before a run is begun.
#[test]
fn limits_that_the_engine_has_not_are_told_first() {
    if !has_engine() {
        return;
    }
    let bench = Bench::new("tallow.finish(1)\n");
    for (arg, words) in [("--threads=1000", "found 1000"), ("--memory=1MiB", "expected at least 6.0 MiB")] {
        let run = bench.place.run();
        let mut command = bench.place.tallow(["train", "--script"]);
        command.arg(&bench.script).arg("--out").arg(&run).arg(arg);
        let said = said(bench.with_means(command));
        assert!(said.code == Some(2) && said.stderr.contains(words) && !run.exists(), "{said:#?}");
    }
}

#[test]
fn what_does_not_go_with_a_script_is_told() {
    let bench = Bench::new("");
    for (args, code, words) in [
        (&["--epochs=3"][..], 2, "`--epochs` does not go with a script"),
        (&["--seeds=1,2"], 2, "several `--seeds`"),
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
            said.code == Some(50) && said.stderr.contains("the image") && said.stderr.contains("docs/scripts.md"),
            "{said:#?}"
        );
    }
}
