use super::ending::KILL;
use super::*;
use crate::error::Class;
use crate::run::process::{Exit, KillReason, Status};

const GIB: u64 = 1 << 30;

fn supervised<T>(memory_bytes: Option<u64>, check: impl FnOnce(&Supervisor) -> T) -> T {
    supervised_within(memory_bytes, None, check)
}

/// `disk_bytes`: what the folder around the run folder may hold.
fn supervised_within<T>(memory_bytes: Option<u64>, disk_bytes: Option<u64>, check: impl FnOnce(&Supervisor) -> T) -> T {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = RunFolder::create(dir.path().join("run")).expect("made");
    let stop = AtomicBool::new(false);
    check(&Supervisor {
        folder: &folder,
        program: PathBuf::new(),
        level: Level::Strict,
        threads: 1,
        memory_bytes,
        silence: SILENCE,
        deadline: None,
        disk: disk_bytes.map(|limit| Disk { folder: dir.path().into(), limit }),
        allowed: Allowed::default(),
        stop: &stop,
        now: &String::new,
    })
}

struct Quiet;

impl Watch for Quiet {
    fn event(&mut self, _: &str, _: u32, _: &Event) {}
    fn say(&mut self, _: &str) {}
}

fn reading() -> Job {
    let source = crate::intake::Opened::example().record;
    Job::Read { paper: "p.pdf".into(), source: Box::new(source), out: "out".into() }
}

fn comparing() -> Job {
    Job::Compare { train: "a".into(), held_out: "b".into() }
}

#[test]
fn who_reads_a_paper_never_has_the_whole_machine() {
    let limits = |given| supervised(given, |one| [one.memory_of(&reading()), one.memory_of(&comparing())]);
    assert_eq!(limits(None), [Some(READING_MEMORY), None]);
    assert_eq!(limits(Some(GIB / 2)), [Some(GIB / 2); 2]);
    assert_eq!(limits(Some(8 * GIB)), [Some(READING_MEMORY), Some(8 * GIB)]);
    let policy = |one: &Supervisor| one.policy(&reading(), &one.folder.attempt("read", 1), Vec::new(), MAX_WALL);
    assert_eq!(supervised(None, policy).memory_bytes, Some(READING_MEMORY));
}

/// One that was given up after five attempts, as a process of before left it.
#[test]
fn who_resumes_a_run_tries_what_was_not_tried() {
    let memory = || Outcome::OutOfMemory { limit_bytes: None, peak_bytes: None, gpu: None };
    let planned = recovery::tests::config(96);
    let sizes = supervised(None, |one| {
        let (mut config, mut history) = (planned.clone(), Vec::new());
        for number in 1.. {
            let (attempt, run) = (one.folder.attempt(&config.name, number), config.name.clone());
            attempt.create().expect("made");
            let job =
                Job::Train { config: Box::new(config.clone()), resume_from: Vec::new(), out: attempt.work(), stop_after: None };
            attempt.write_json(&attempt.job(), &job).expect("written");
            let started = Record::AttemptStarted { run: run.clone(), attempt: number, job: JobKind::Train };
            let ended = Record::AttemptEnded { run, attempt: number, outcome: memory(), wall_secs: 1.0, max_rss_bytes: 0 };
            for record in [started, ended] {
                one.folder.ledger().append(String::new(), record).expect("written");
            }
            let decision = recovery::decide(&memory(), &config, &history, one.allowed);
            history.push(Tried { config: config.clone(), outcome: memory() });
            match decision {
                Decision::Retry { config: next, .. } => config = *next,
                Decision::GiveUp { .. } => break,
            }
        }
        // No program is there to be started.
        let last = one.train(&planned, &mut Quiet).expect("a run folder");
        let Job::Train { config: tried, .. } = one.folder.read_json(&last.folder.job()).expect("a job") else {
            panic!("{last:?}")
        };
        (history.len(), config.micro_batch_size, last.number, tried.micro_batch_size)
    });
    assert_eq!(sizes, (5, 12, 6, 6));
}

#[test]
fn a_job_may_name_very_many_files() {
    let named: Vec<PathBuf> = (0..50_000).map(|i| PathBuf::from(format!("/data/images/{i}.png"))).collect();
    let begun = Instant::now();
    let policy = supervised(None, |one| one.policy(&comparing(), &one.folder.attempt("x", 1), named.clone(), MAX_WALL));
    assert!(policy.read_only == named, "each is named once");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// A trial lies beside what its run has already.
#[test]
fn disk_space_is_that_of_the_whole_run() {
    let outcome = supervised_within(None, Some(1000), |one| {
        std::fs::write(one.folder.root().with_file_name("beside"), vec![0u8; 1 << 13]).expect("written");
        one.attempt("x", 1, &comparing(), Vec::new(), &mut Quiet).expect("a run folder").outcome
    });
    assert!(matches!(outcome, Outcome::BudgetSpent { budget: Budget::Disk, .. }), "{outcome:?}");
}

fn killed(signal: i32, memory_kills: Option<u64>, machine_killed: Option<bool>) -> Exit {
    Exit {
        status: Status::Signalled(signal),
        asked: None,
        killed_by: None,
        wall_secs: 1.0,
        user_secs: 1.0,
        sys_secs: 0.0,
        max_rss_bytes: 3 * GIB,
        memory_kills,
        machine_killed,
        refused: Vec::new(),
        stderr_tail: String::new(),
    }
}

/// Where nobody set a budget: a paper may be made so that its reader writes without end.
#[test]
fn who_writes_words_fills_no_disk() {
    let exit = Exit { killed_by: Some(KillReason::Disk), ..killed(KILL, None, Some(false)) };
    let of = |one: &Supervisor| {
        let folder = one.folder.attempt("read", 1);
        folder.create().expect("made");
        let within = one.disk_of(&reading(), &folder).map(|disk| (disk.folder == folder.work(), disk.limit));
        (within, one.name_outcome((&reading(), &folder), &exit, &[], MAX_WALL))
    };
    let (within, outcome) = supervised(None, of);
    assert_eq!(within, Some((true, 4 * GIB)));
    let expected = "the worker writes more than any such job does: expected at most 4.0 GiB, found";
    let Outcome::Refused { class: Class::Sandbox, message, hint: None } = outcome else { panic!("{outcome:?}") };
    assert!(message.starts_with(expected), "{message}");
    // The user's own word counts for all.
    let (within, outcome) = supervised_within(None, Some(1000), of);
    assert_eq!(within, Some((false, 1000)));
    assert!(matches!(outcome, Outcome::BudgetSpent { budget: Budget::Disk, .. }), "{outcome:?}");
}

#[test]
fn a_kill_for_want_of_the_machines_memory_is_no_accident() {
    let exit = killed;
    let named =
        |exit: Exit| supervised(None, |one| one.name_outcome((&comparing(), &one.folder.attempt("x", 1)), &exit, &[], MAX_WALL));
    let out_of_memory = Outcome::OutOfMemory { limit_bytes: None, peak_bytes: Some(3 * GIB), gpu: None };
    assert_eq!(named(exit(KILL, None, Some(true))), out_of_memory);
    assert_eq!(named(exit(KILL, None, Some(false))), Outcome::Killed { signal: KILL });
    // Who counts for the worker alone knows better.
    assert_eq!(named(exit(KILL, Some(0), Some(true))), Outcome::Killed { signal: KILL });
    assert_eq!(named(exit(15, None, Some(true))), Outcome::Killed { signal: 15 });
}

/// Whatever its memory was: who counts and found nothing, or another signal, says that it was an accident.
#[test]
fn a_worker_that_somebody_killed_was_not_out_of_memory() {
    let named = |limit: u64, exit: Exit| {
        supervised(Some(limit), |one| one.name_outcome((&comparing(), &one.folder.attempt("x", 1)), &exit, &[], MAX_WALL))
    };
    let accident = |signal| Outcome::Killed { signal };
    for limit in [GIB, 8 * GIB] {
        assert_eq!(named(limit, killed(KILL, Some(0), None)), accident(KILL));
        assert_eq!(named(limit, killed(KILL, None, Some(false))), accident(KILL));
        assert_eq!(named(limit, killed(15, None, None)), accident(15));
    }
    // Nobody counts: by what it had.
    let out_of_memory = Outcome::OutOfMemory { limit_bytes: Some(GIB), peak_bytes: Some(3 * GIB), gpu: None };
    assert_eq!(named(GIB, killed(KILL, None, None)), out_of_memory);
    assert_eq!(named(8 * GIB, killed(KILL, None, None)), accident(KILL));
}
