//! Runs that are stopped, killed, starved or hang: each ends as documented, leaves no process behind, and goes on to the same weights.
#![cfg(target_os = "linux")]

mod program;

use program::{Place, Refusal, Said, nothing_is_half_written, said, succeeds, weights};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tallow::run::Outcome;
use tallow::store::{Record, RunFolder};

/// A second or two of training, with a checkpoint every twentieth of it.
const LONG: &str = "recipe.length={ steps = 1500 }";

/// Hash of the model that [`LONG`] makes where nobody disturbs it.
fn undisturbed() -> &'static str {
    static WEIGHTS: OnceLock<String> = OnceLock::new();
    WEIGHTS.get_or_init(|| {
        let place = Place::new();
        let run = place.run();
        succeeds(place.train(&[LONG], &run).arg("--offline"));
        weights(&run)
    })
}

/// A run that goes on in another process, until the test ends.
struct Running {
    child: Child,
    run: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is gone already unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(command: Command, run: &Path) -> Self {
        Self::start_with(command, run, None)
    }

    /// `stderr`: another than the file that its end is read from.
    fn start_with(mut command: Command, run: &Path, stderr: Option<Stdio>) -> Self {
        // Files, so that much of it never holds it up.
        let file = |name: &str| Stdio::from(std::fs::File::create(run.with_extension(name)).expect("a file"));
        let written = file("stderr");
        command.stdout(file("stdout")).stderr(stderr.unwrap_or(written));
        Running { child: command.spawn().expect("started"), run: run.into() }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the events of an attempt (`seed-0/attempts/001`) hold `words`; says which process works on it.
    fn until(&mut self, attempt: &str, words: &str) -> u32 {
        let events = self.run.join("runs").join(attempt).join("events.jsonl");
        let begun = Instant::now();
        loop {
            let told = std::fs::read_to_string(&events).is_ok_and(|text| text.contains(words));
            if let (true, Some(worker)) = (told, worker_of(self.pid())) {
                return worker;
            }
            assert!(self.child.try_wait().expect("asked").is_none(), "it ended before `{words}` of {attempt}");
            assert!(begun.elapsed() < Duration::from_secs(60), "no `{words}` of {attempt} in a minute");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn signal(&self, signal: libc::c_int) {
        send(self.pid(), signal);
    }

    /// Its end, which must come within `most`; no process may be left of it.
    fn end(mut self, most: Duration, worker: u32) -> Said {
        let begun = Instant::now();
        let code = loop {
            match self.child.try_wait().expect("asked") {
                Some(status) => break status.code(),
                None if begun.elapsed() > most => panic!("it did not end within {most:?}"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let gone = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            !is_running(worker)
        });
        assert!(gone, "the worker {worker} is still there");
        let [stdout, stderr] =
            ["stdout", "stderr"].map(|name| std::fs::read_to_string(self.run.with_extension(name)).expect("text"));
        Said { code, stdout, stderr }
    }
}

fn send(pid: u32, signal: libc::c_int) {
    // SAFETY: plain numbers; the process is one that the test started.
    unsafe { libc::kill(pid as libc::pid_t, signal) };
}

/// State and parent of a process, from `/proc/PID/stat`.
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// The process that a run has started.
fn worker_of(parent: u32) -> Option<u32> {
    let pids = std::fs::read_dir("/proc").expect("/proc").flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find(|&pid| stat(pid).is_some_and(|(state, of)| of == parent && state != 'Z'))
}

/// How the attempts of a run ended, as its ledger has it.
fn outcomes(run: &Path, job: &str) -> Vec<Outcome> {
    let entries = RunFolder::open(run).expect("a run").ledger().read().expect("a ledger");
    let of = |record| match record {
        Record::AttemptEnded { run, outcome, .. } if run == job => Some(outcome),
        _ => None,
    };
    entries.into_iter().filter_map(|entry| of(entry.record)).collect()
}

const AT_ONCE: Duration = Duration::from_secs(5);

/// It says that it was stopped and how to go on, with the exit code for that.
fn stopped(said: &Said, run: &Path) {
    assert_eq!(said.code, Some(41), "{said:#?}");
    let resume =
        format!("hint: `tallow resume {}` goes on from the last checkpoint", run.canonicalize().expect("there").display());
    assert!(said.stderr.contains(&resume) && !said.stderr.contains("panicked"), "{said:#?}");
    assert_eq!(said.stdout, "", "there is nothing to report");
}

#[test]
fn a_signal_stops_training_and_resume_goes_on() {
    for (signal, json) in [(libc::SIGINT, false), (libc::SIGTERM, true)] {
        let place = Place::new();
        let run = place.run();
        let mut command = place.train(&[LONG], &run);
        command.arg("--offline").args(json.then_some("--json"));
        let mut running = Running::start(command, &run);
        let worker = running.until("seed-0/attempts/001", "\"event\":\"step\"");
        running.signal(signal);
        let said = running.end(AT_ONCE, worker);
        assert!(said.stderr.contains("the run `seed-0` did not complete: stopped by the user at step"), "{said:#?}");
        if json {
            let told: serde_json::Value = serde_json::from_str(said.stderr.lines().last().expect("a line")).expect("JSON");
            let (class, code) = (told["error"]["class"].as_str(), told["error"]["exit_code"].as_i64());
            assert_eq!((said.code, class, code), (Some(41), Some("interrupted"), Some(41)), "{said:#?}");
            assert!(told["error"]["hint"].as_str().is_some_and(|hint| hint.contains("`tallow resume ")), "{said:#?}");
        } else {
            stopped(&said, &run);
        }
        nothing_is_half_written(&run);
        assert!(matches!(outcomes(&run, "seed-0")[..], [Outcome::Interrupted { step: 1.. }]));
        succeeds(&mut place.resume(&run));
        assert_eq!(weights(&run), undisturbed());
    }
}

/// Damaged checkpoints of the last attempt are not the end of those before it.
#[test]
fn a_damaged_checkpoint_leads_to_those_of_earlier_attempts() {
    let place = Place::new();
    let run = place.run();
    let checkpoints = |attempt: &str| {
        let folder = run.join("runs").join(attempt).join("work/checkpoint");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        files.sort();
        files
    };
    let mut command = place.train(&[LONG], &run);
    command.arg("--offline");
    for (attempt, command) in [("seed-0/attempts/001", command), ("seed-0/attempts/002", place.resume(&run))] {
        let mut running = Running::start(command, &run);
        running.until(attempt, "\"event\":\"checkpointed\"");
        running.child.kill().expect("kill -9");
        running.child.wait().expect("gone");
    }
    let damaged = checkpoints("seed-0/attempts/002");
    assert!(!damaged.is_empty() && !checkpoints("seed-0/attempts/001").is_empty());
    for path in damaged {
        let mut bytes = std::fs::read(&path).expect("a checkpoint");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("written");
    }
    succeeds(&mut place.resume(&run));
    let events = std::fs::read_to_string(run.join("runs/seed-0/attempts/003/events.jsonl")).expect("events");
    assert!(events.contains("passed over") && events.contains("\"resumed\":true"), "{events}");
    assert_eq!(weights(&run), undisturbed());
}

/// `nohup tallow train &`, and the terminal is closed.
#[test]
fn what_was_ignored_before_is_ignored() {
    use std::os::unix::process::CommandExt;
    let place = Place::new();
    let run = place.run();
    let mut command = place.train(&[LONG], &run);
    command.arg("--offline");
    let ignore = || {
        // SAFETY: a plain number, and a disposition that runs no code.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
        Ok(())
    };
    // SAFETY: between fork and exec it calls `signal` alone, which may be called there.
    unsafe { command.pre_exec(ignore) };
    let mut running = Running::start(command, &run);
    let worker = running.until("seed-0/attempts/001", "\"event\":\"step\"");
    running.signal(libc::SIGHUP);
    let said = running.end(Duration::from_secs(60), worker);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert_eq!(weights(&run), undisturbed());
}

/// A terminal that is closed takes stderr with it: whoever asks for a stop is heard all the same, and nothing panics.
#[test]
fn words_that_nobody_reads_change_nothing() {
    let place = Place::new();
    let closed = || std::io::pipe().expect("a pipe").1;
    let mut wrong = place.tallow(["train", "absent.toml", "--offline"]);
    assert_eq!(wrong.stderr(closed()).status().expect("started").code(), Some(2));
    let run = place.run();
    let mut command = place.train(&[LONG], &run);
    command.arg("--offline");
    let mut running = Running::start_with(command, &run, Some(Stdio::from(closed())));
    let worker = running.until("seed-0/attempts/001", "\"event\":\"step\"");
    running.signal(libc::SIGINT);
    assert_eq!(running.end(AT_ONCE, worker).code, Some(41));
}

#[test]
fn a_signal_stops_preparation_and_evaluation() {
    let place = Place::new();
    let rows: String =
        (0..40_000).map(|i| format!("film number {i} was {} to us all in the end,{}\n", ["bad", "good"][i % 2], i % 2)).collect();
    for split in ["train", "test"] {
        place.write(&format!("data/{split}.csv"), format!("text,label\n{rows}"));
    }
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let (whole, run) = (place.run(), place.run());
    succeeds(place.train(&[&source], &whole).arg("--offline"));
    let mut command = place.train(&[&source], &run);
    command.arg("--offline");
    let mut running = Running::start(command, &run);
    let worker = running.until("prepare/attempts/001", "\"event\":\"jailed\"");
    running.signal(libc::SIGINT);
    let said = running.end(AT_ONCE, worker);
    assert!(said.stderr.contains("the run `prepare` did not complete: stopped by the user"), "{said:#?}");
    stopped(&said, &run);
    nothing_is_half_written(&run);
    let mut running = Running::start(place.resume(&run), &run);
    let worker = running.until("seed-0-held-out/attempts/001", "\"event\":\"jailed\"");
    running.signal(libc::SIGINT);
    let said = running.end(AT_ONCE, worker);
    assert!(said.stderr.contains("the run `seed-0-held-out` did not complete: stopped by the user"), "{said:#?}");
    stopped(&said, &run);
    succeeds(&mut place.resume(&run));
    assert_eq!(weights(&run), weights(&whole));
}

#[test]
fn a_second_signal_ends_everything_at_once() {
    let place = Place::new();
    let run = place.run();
    let mut command = place.train(&[LONG], &run);
    command.arg("--offline");
    let mut running = Running::start(command, &run);
    let worker = running.until("seed-0/attempts/001", "\"event\":\"checkpointed\"");
    // A worker that cannot listen: kindness would take a minute.
    send(worker, libc::SIGSTOP);
    running.signal(libc::SIGINT);
    std::thread::sleep(Duration::from_millis(300));
    assert!(running.child.try_wait().expect("asked").is_none(), "it waits for its worker");
    running.signal(libc::SIGINT);
    let said = running.end(Duration::from_secs(1), worker);
    // What the worker had told before may come between them.
    let told = ["stopping; once more stops at once\n", "error: stopped at once\n"].map(|words| said.stderr.find(words));
    assert!(matches!(told, [Some(asked), Some(done)] if asked < done), "{said:#?}");
    stopped(&said, &run);
    succeeds(&mut place.resume(&run));
    assert_eq!(weights(&run), undisturbed());
    nothing_is_half_written(&run);
}

/// Killed between its folder and its first file: nothing is lost, for nothing was there, and that is said.
#[test]
fn a_run_that_had_nothing_yet_cannot_be_resumed() {
    let place = Place::new();
    let run = place.run();
    std::fs::create_dir_all(&run).expect("a folder");
    std::fs::write(run.join("ledger.jsonl"), "").expect("an empty ledger");
    let words = ["there is nothing to resume"];
    Refusal { code: 10, words: &words, hint: "give the command again" }.check(&|| (place.resume(&run), None));
}

#[test]
fn a_run_belongs_to_one_process() {
    let place = Place::new();
    let run = place.run();
    let mut command = place.train(&[LONG], &run);
    command.arg("--offline");
    let mut running = Running::start(command, &run);
    let worker = running.until("seed-0/attempts/001", "\"event\":\"step\"");
    send(worker, libc::SIGSTOP);
    let words = ["run-1` is in use by another process"];
    Refusal { code: 40, words: &words, hint: "wait until the other `tallow` is done" }.check(&|| (place.resume(&run), None));
    send(worker, libc::SIGCONT);
    assert_eq!(running.end(Duration::from_secs(60), worker).code, Some(0));
    assert_eq!(weights(&run), undisturbed());
}

#[test]
fn time_counts_over_the_whole_run() {
    let place = Place::new();
    let run = place.run();
    // More than any machine does in that time.
    let mut command = place.train(&["recipe.length={ steps = 1000000 }"], &run);
    command.args(["--offline", "--max-time=3s"]);
    let mut running = Running::start(command, &run);
    let worker = running.until("seed-0/attempts/001", "\"event\":\"started\"");
    let said = running.end(Duration::from_secs(8), worker);
    assert_eq!(said.code, Some(42), "{said:#?}");
    let hint = format!("hint: `tallow resume {} --max-time 1h`", run.canonicalize().expect("there").display());
    for words in ["budget spent: `budget.max_time_secs` is 3 s for the whole run, ", " s were used", &hint] {
        assert!(said.stderr.contains(words), "{words}: {said:#?}");
    }
    let before = outcomes(&run, "seed-0");
    assert!(matches!(before[..], [Outcome::TimedOut { .. }]), "{before:?}");
    nothing_is_half_written(&run);
    // Going on gains no time.
    let words = ["budget spent: `budget.max_time_secs` is 3 s for the whole run", "before it was resumed"];
    Refusal { code: 42, words: &words, hint: "--max-time 1h" }.check(&|| (place.resume(&run), Some(run.clone())));
    assert_eq!(outcomes(&run, "seed-0"), before, "no attempt is made without time");
    // More of it does, from the last checkpoint, and it lands in the spec.
    let mut command = place.resume(&run);
    command.arg("--max-time=1h");
    let mut running = Running::start(command, &run);
    let worker = running.until("seed-0/attempts/002", "\"resumed\":true");
    running.signal(libc::SIGINT);
    stopped(&running.end(AT_ONCE, worker), &run);
    assert!(std::fs::read_to_string(run.join("spec.toml")).expect("read").contains("max_time_secs = 3600"));
}

#[test]
fn a_worker_that_is_killed_or_hangs_is_started_again() {
    let check = |signal: libc::c_int, set: &[&str], how: &str, expected: fn(&Outcome) -> bool| {
        let place = Place::new();
        let run = place.run();
        let mut command = place.train(&[&[LONG], set].concat(), &run);
        command.arg("--offline");
        let mut running = Running::start(command, &run);
        let worker = running.until("seed-0/attempts/001", "\"event\":\"checkpointed\"");
        send(worker, signal);
        let said = running.end(Duration::from_secs(60), worker);
        assert_eq!(said.code, Some(0), "{said:#?}");
        let words = format!("it ended by accident ({how}): continued from the last checkpoint");
        assert!(said.stderr.contains(&words), "{said:#?}");
        let outcomes = outcomes(&run, "seed-0");
        assert!(expected(&outcomes[0]) && outcomes[1..] == [Outcome::Completed], "{outcomes:?}");
        assert_eq!(weights(&run), undisturbed());
        nothing_is_half_written(&run);
    };
    check(libc::SIGKILL, &[], "killed by signal 9", |outcome| *outcome == Outcome::Killed { signal: libc::SIGKILL });
    let silence = "stalled: nothing heard for 3 s";
    check(libc::SIGSTOP, &["budget.max_silence_secs=3"], silence, |outcome| *outcome == Outcome::Stalled { limit_secs: 3 });
}

#[test]
fn preparation_and_evaluation_that_are_killed_are_done_again() {
    for (job, words) in [("prepare", "\"event\":\"jailed\""), ("seed-0-held-out", "\"event\":\"jailed\"")] {
        let place = Place::new();
        let rows: String =
            (0..20_000).map(|i| format!("film number {i} was {} in the end,{}\n", ["bad", "good"][i % 2], i % 2)).collect();
        for split in ["train", "test"] {
            place.write(&format!("data/{split}.csv"), format!("text,label\n{rows}"));
        }
        let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
        let run = place.run();
        let mut command = place.train(&[&source], &run);
        command.arg("--offline");
        let mut running = Running::start(command, &run);
        let worker = running.until(&format!("{job}/attempts/001"), words);
        send(worker, libc::SIGKILL);
        let said = running.end(Duration::from_secs(120), worker);
        assert_eq!(said.code, Some(0), "{said:#?}");
        assert!(said.stderr.contains("it ended by accident (killed by signal 9): begun anew"), "{said:#?}");
        assert_eq!(outcomes(&run, job), [Outcome::Killed { signal: libc::SIGKILL }, Outcome::Completed]);
        nothing_is_half_written(&run);
    }
}

/// Training takes two texts at once; scoring would take more than there is memory for.
#[test]
fn scoring_that_is_out_of_memory_takes_fewer_at_once() {
    let place = Place::new();
    let rows: String = (0..80).map(|i| format!("{}{},{}\n", "film ".repeat(500), i, i % 2)).collect();
    for split in ["train", "test"] {
        place.write(&format!("data/{split}.csv"), format!("text,label\n{rows}"));
    }
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let run = place.run();
    let set = [
        source.as_str(),
        "model.config.max_position_embeddings=512",
        "recipe.max_seq_len=512",
        "model.config.num_attention_heads=8",
        "recipe.batch_size=2",
        "recipe.length={ steps = 2 }",
    ];
    let said = succeeds(place.train(&set, &run).args(["--offline", "--memory=64MiB"]));
    let ends = outcomes(&run, "seed-0-held-out");
    assert!(ends.last() == Some(&Outcome::Completed), "{ends:?}");
    // As many as a bound on tokens lets, and half of that as often as memory was too small.
    let sizes: Vec<u64> = (1..=ends.len())
        .map(|number| {
            let job = std::fs::read(run.join(format!("runs/seed-0-held-out/attempts/{number:03}/job.json"))).expect("a job");
            serde_json::from_slice::<serde_json::Value>(&job).expect("JSON")["batch_size"].as_u64().expect("a number")
        })
        .collect();
    assert_eq!(sizes, [16, 8, 4, 2, 1][..sizes.len()], "{said:#?}");
}

/// A step over all 1024 examples at once, which needs some hundred MiB.
const GREEDY: [&str; 5] = [
    "data.source={ kind = \"generated\", name = \"toy_reviews\", examples = 1500, seed = 1 }",
    "recipe.batch_size=1024",
    "model.config.hidden_size=64",
    "model.config.intermediate_size=256",
    "recipe.length={ steps = 2 }",
];

/// The sizes of forward passes that the attempts of `seed-0` were started with.
fn sizes(run: &Path) -> Vec<u64> {
    let of = |number: usize| {
        let job = std::fs::read(run.join(format!("runs/seed-0/attempts/{number:03}/job.json"))).ok()?;
        let job: serde_json::Value = serde_json::from_slice(&job).expect("JSON");
        job["config"]["micro_batch_size"].as_u64()
    };
    (1..).map_while(of).collect()
}

#[test]
fn out_of_memory_means_smaller_forward_passes_and_the_same_steps() {
    let place = Place::new();
    let run = place.run();
    let said = succeeds(place.train(&GREEDY, &run).args(["--offline", "--memory=80MiB"]));
    assert!(said.stderr.contains("examples a forward pass instead of 1024, the effective batch is the same"), "{said:#?}");
    let (outcomes, sizes) = (outcomes(&run, "seed-0"), sizes(&run));
    assert!(outcomes.len() >= 2 && outcomes.last() == Some(&Outcome::Completed), "{outcomes:?}");
    assert!(
        outcomes[..outcomes.len() - 1].iter().all(|o| {
            matches!(o, Outcome::OutOfMemory { limit_bytes: Some(limit), peak_bytes: Some(peak), gpu: None } if *limit == 80 << 20 && *peak > 40 << 20)
        }),
        "{outcomes:?}"
    );
    // By what it is reckoned to need the second attempt fits, and halves would not have.
    assert!(sizes.len() == 2 && sizes[0] == 1024 && sizes[1] < 512 && 1024 % sizes[1] == 0, "{sizes:?}");
    assert!(std::fs::read_to_string(run.join("report.md")).expect("read").contains("out of memory"), "the report tells of it");
    nothing_is_half_written(&run);
}

#[test]
fn without_memory_for_one_example_a_run_is_given_up() {
    let place = Place::new();
    // Weights and moments of a larger vocabulary leave next to nothing.
    let set = [&GREEDY[..], &["model.config.vocab_size=27300", "budget.max_memory_bytes=29360128"]].concat();
    let words = [
        "the run `seed-0` did not complete: out of memory (limit 28.0 MiB, peak ",
        "out of memory with one example a forward pass",
    ];
    let refusal = Refusal { code: 40, words: &words, hint: "raise `budget.max_memory_bytes`" };
    place.refuses(&set, &refusal);
    let sizes = sizes(&place.path("run-1"));
    assert!(sizes.len() <= 5 && sizes[0] == 1024 && sizes.ends_with(&[1, 1]), "{sizes:?}");
}

/// Before a run is worked on there is nothing to end well: Ctrl-C ends the program at once, as it ends later.
#[test]
fn the_first_moments_end_like_later_ones() {
    let place = Place::new();
    let pipe = place.path("experiment.toml");
    let name = std::ffi::CString::new(pipe.to_str().expect("UTF-8")).expect("no zero");
    // SAFETY: the name is a string that ends in zero.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    // Nobody writes into it, so that reading the experiment takes for ever.
    let running = Running::start(place.tallow(["train".as_ref(), pipe.as_os_str(), "--offline".as_ref()]), &place.run());
    let threads = || std::fs::read_dir(format!("/proc/{}/task", running.pid())).map_or(0, Iterator::count);
    let begun = Instant::now();
    // The one that hears signals is there.
    while threads() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not hear signals");
        std::thread::sleep(Duration::from_millis(2));
    }
    running.signal(libc::SIGINT);
    let said = running.end(Duration::from_secs(20), 0);
    assert!(said.code == Some(41) && said.stderr.contains("error: stopped at once"), "{said:?}");
}

/// While no worker runs there is nothing that has to end well: a download is not waited for.
#[test]
fn a_download_that_hangs_is_left_at_once() {
    let place = Place::new();
    let run = place.run();
    // It takes calls and answers none.
    let hub = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at_hub = |mut command: Command| {
        command.env("HF_ENDPOINT", format!("http://{}", hub.local_addr().expect("an address"))).env("HF_HOME", place.path("hf"));
        command
    };
    let command = at_hub(place.train(&["data.source={ kind = \"hub\", id = \"acme/moods\" }"], &run));
    let running = Running::start(command, &run);
    let call = hub.accept().expect("a call");
    running.signal(libc::SIGTERM);
    let said = running.end(Duration::from_secs(20), 0);
    assert!(said.stderr.contains("error: stopped at once\n"), "{said:#?}");
    stopped(&said, &run);
    drop(call);

    // What passes with the program is not left behind, and nothing of it can be gone on with.
    let passing = place.path("passing");
    std::fs::create_dir(&passing).expect("made");
    let tiny = place.path("tiny.toml");
    let from_hub = "--set=data.source={ kind = \"hub\", id = \"acme/moods\" }";
    let profile = place.tallow(["profile".as_ref(), tiny.as_os_str(), from_hub.as_ref()]);
    for command in [place.tallow(["data", "acme/moods"]), profile] {
        let mut command = at_hub(command);
        command.env("TMPDIR", &passing);
        let running = Running::start(command, &place.run());
        let call = hub.accept().expect("a call");
        assert!(std::fs::read_dir(&passing).expect("there").count() > 0);
        running.signal(libc::SIGINT);
        let said = running.end(Duration::from_secs(20), 0);
        assert!(said.code == Some(41) && !said.stderr.contains("tallow resume"), "{said:#?}");
        assert_eq!(std::fs::read_dir(&passing).expect("there").count(), 0);
        drop(call);
    }
}

/// A data set that is being made is given up, and nothing of it is left.
#[test]
fn making_data_hears_a_stop() {
    let place = Place::new();
    let run = place.run();
    let mut command =
        place.train(&["data.source={ kind = \"generated\", name = \"toy_speech\", examples = 2000000, seed = 1 }"], &run);
    command.arg("--offline");
    let running = Running::start(command, &run);
    let begun = Instant::now();
    let sources = run.join("data/sources");
    while std::fs::read_dir(&sources).map_or(0, Iterator::count) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is made");
        std::thread::sleep(Duration::from_millis(2));
    }
    running.signal(libc::SIGINT);
    let said = running.end(Duration::from_secs(60), 0);
    assert!(said.code == Some(41) && said.stderr.contains("making the data set `toy_speech` was stopped"), "{said:?}");
    assert_eq!(std::fs::read_dir(&sources).expect("there").count(), 0, "nothing is left");
}

#[test]
fn budgets_of_attempts_and_disk_have_their_own_code() {
    let place = Place::new();
    let run = place.run();
    let told = said(place.train(&GREEDY, &run).args(["--offline", "--memory=80MiB", "--max-attempts=1"]));
    assert_eq!(told.code, Some(42), "{told:#?}");
    for words in
        ["budget spent: 1 attempt did not complete, and `budget.max_attempts` is 1; the last: out of memory", "--max-attempts 5"]
    {
        assert!(told.stderr.contains(words), "{words}: {told:#?}");
    }
    let review = std::fs::read_to_string(run.join("runs/seed-0/review.md")).expect("a review");
    assert!(review.contains("1. more memory: `--memory` above 80.0 MiB"), "{review}");
    // More attempts, and recovery goes on where it was.
    succeeds(place.resume(&run).arg("--max-attempts=5"));
    let sizes = sizes(&run);
    assert!(sizes[0] == 1024 && sizes[1] < 1024, "{sizes:?}");
    assert!(!run.join("runs/seed-0/review.md").exists(), "nothing is left to decide");

    // Checkpoints of three copies of 0.4 MiB: counted before any is written.
    let run = place.run();
    let large = ["model.config.vocab_size=4000", "model.config.hidden_size=64"];
    let told = said(place.train(&large, &run).args(["--offline", "--max-disk=5MB"]));
    assert_eq!(told.code, Some(42), "{told:#?}");
    for words in
        ["the run `seed-0` did not complete: budget spent: `budget.max_disk_bytes` is 4.8 MiB", "would be written", "--max-disk"]
    {
        assert!(told.stderr.contains(words), "{words}: {told:#?}");
    }
    assert!(outcomes(&run, "seed-0").is_empty(), "nothing was begun");
    succeeds(place.resume(&run).arg("--max-disk=1GB"));
}
