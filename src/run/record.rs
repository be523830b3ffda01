//! The record of an attempt's events, as the supervisor keeps it: whatever a worker sends, it stays of a size.

use crate::job::{Event, JobKind};
use crate::store::{self, AttemptFolder};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::mem::{Discriminant, discriminant};
use std::path::PathBuf;
use std::time::Instant;

/// Writes an attempt's events as they come. A line that is no event, or none that its job tells, is kept as a note, never trusted.
pub(super) struct Recorder {
    job: JobKind,
    path: PathBuf,
    file: File,
    begun: Instant,
    events: Vec<Event>,
    /// Events so far, by their kind.
    told: HashMap<Discriminant<Event>, usize>,
    /// Lines that were no events of its job; the first of them is kept.
    stray: usize,
    /// Events beyond the most of their kind.
    dropped: usize,
    failed: Option<std::io::Error>,
}

/// Events of one kind that are kept of one attempt, and may stand in the ledger: none of ours tells so many.
const MOST_TOLD: usize = 1000;

/// The same of those that training tells again and again.
const MOST_REPEATED: usize = 100_000;

/// Steps and other chatter that are held in memory: of more of one kind the last alone, and where another kind comes, none of before.
const MOST_HELD: usize = 1_000_000;

impl Recorder {
    pub(super) fn new(folder: &AttemptFolder, job: JobKind) -> Result<Self, store::Error> {
        let path = folder.events();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|source| store::Error::Io { action: "open", path: path.clone(), source })?;
        let begun = Instant::now();
        let (events, told) = (Vec::new(), HashMap::new());
        Ok(Recorder { job, path, file, begun, events, told, stray: 0, dropped: 0, failed: None })
    }

    /// What a line says, once it is recorded; none where it says nothing, or too much was said already.
    pub(super) fn line(&mut self, line: &[u8]) -> Option<Event> {
        let told: Option<Event> = serde_json::from_slice(line).ok();
        let event = match told.filter(|event| self.may_tell(event)) {
            Some(event) => event,
            None if self.stray > 0 => {
                self.stray += 1;
                return None;
            }
            None => {
                self.stray = 1;
                let begin = String::from_utf8_lossy(&line[..line.len().min(200)]).escape_debug().to_string();
                Event::Note { message: format!("not an event: {begin}") }
            }
        };
        // How the attempt goes on and ends is told however much was said of something else before.
        let told = self.told.entry(discriminant(&event)).or_default();
        *told += 1;
        if *told > most(&event) {
            self.dropped += 1;
            return None;
        }
        Some(self.keep(event))
    }

    /// Whether the worker's job tells such an event now. The jail is told of before the job is read, so another word on it is forged.
    fn may_tell(&self, event: &Event) -> bool {
        let is_again = matches!(event, Event::Jailed { .. }) && self.told.contains_key(&discriminant(event));
        !is_again && is_of(event, self.job)
    }

    pub(super) fn keep(&mut self, event: Event) -> Event {
        let written = serde_json::to_vec(&event).map_err(std::io::Error::other).and_then(|mut text| {
            store::stamp(&mut text, self.begun.elapsed());
            text.push(b'\n');
            self.file.write_all(&text)
        });
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
        self.hold(event.clone());
        event
    }

    /// Of how far it is the last word counts, and of what is written piece by piece nothing but the whole.
    fn hold(&mut self, event: Event) {
        let replaces = |last: &Event| {
            let is_passing = matches!(event, Event::Progress { .. } | Event::Wrote { .. });
            discriminant(last) == discriminant(&event) && (is_passing || is_chatter(&event) && self.events.len() >= MOST_HELD)
        };
        match self.events.last().is_some_and(replaces) {
            true => drop(self.events.pop()),
            // Another kind of chatter than the last.
            false if is_chatter(&event) && self.events.len() >= MOST_HELD => self.events.retain(|held| !is_chatter(held)),
            false => {}
        }
        self.events.push(event);
    }

    pub(super) fn finish(mut self) -> Result<Vec<Event>, store::Error> {
        for (count, what) in
            [(self.stray.saturating_sub(1), "further lines were no events"), (self.dropped, "events were not kept")]
        {
            if count > 0 {
                self.keep(Event::Note { message: format!("{count} {what}") });
            }
        }
        match self.failed {
            Some(source) => Err(store::Error::Io { action: "write", path: self.path, source }),
            None => Ok(self.events),
        }
    }
}

/// Whether a job of this kind tells such events: what a worker reads may be hostile, and what one job measured, pages quote as its word.
fn is_of(event: &Event, job: JobKind) -> bool {
    let tellers: &[JobKind] = match event {
        Event::Jailed { .. } | Event::Note { .. } | Event::Progress { .. } => return true,
        // How any of them may end.
        Event::Failed { .. } | Event::OutOfMemory { .. } => return true,
        Event::Read { .. } => &[JobKind::Read],
        Event::Prepared(_) => &[JobKind::Prepare],
        Event::Described(_) => &[JobKind::Describe],
        Event::Compared(_) => &[JobKind::Compare],
        Event::Merged { .. } => &[JobKind::Merge],
        Event::Predicted { .. } => &[JobKind::Predict],
        Event::Exported { .. } => &[JobKind::Export],
        Event::Started { .. }
        | Event::Step(_)
        | Event::Monitored { .. }
        | Event::Checkpointed { .. }
        | Event::Diverged { .. }
        | Event::Finished { .. } => &[JobKind::Train],
        Event::Stopped { .. } => &[JobKind::Train, JobKind::Generate],
        Event::Evaluated { .. } | Event::ByClass(_) | Event::Sampled { .. } => &[JobKind::Evaluate],
        Event::Wrote { .. } => &[JobKind::Evaluate, JobKind::Generate],
        Event::Generated { .. } => &[JobKind::Generate],
        // The supervisor's own word.
        Event::Refused { .. } => &[],
    };
    tellers.contains(&job)
}

fn is_chatter(event: &Event) -> bool {
    matches!(event, Event::Step(_) | Event::Progress { .. } | Event::Wrote { .. })
}

/// How many events of this kind are kept.
fn most(event: &Event) -> usize {
    match event {
        Event::Step(_) | Event::Progress { .. } | Event::Wrote { .. } => usize::MAX,
        Event::Monitored { .. } | Event::Checkpointed { .. } => MOST_REPEATED,
        _ => MOST_TOLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RunFolder;

    #[test]
    fn what_is_no_event_is_told_once_and_counted() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made").attempt("x", 1);
        folder.create().expect("made");
        let mut recorder = Recorder::new(&folder, JobKind::Train).expect("opened");
        let told = (0..10_000).filter(|_| recorder.line(b"x").is_some()).count();
        assert_eq!(told, 1);
        let step = br#"{"event":"stopped","step":3}"#;
        assert_eq!(recorder.line(step), Some(Event::Stopped { step: 3 }));
        let notes: Vec<String> = recorder
            .finish()
            .expect("written")
            .into_iter()
            .filter_map(|event| if let Event::Note { message } = event { Some(message) } else { None })
            .collect();
        assert_eq!(notes, ["not an event: x", "9999 further lines were no events"]);
    }

    /// Who trains has not compared, prepared or scored anything, and is not the jail that holds it.
    #[test]
    fn what_another_job_tells_is_not_believed() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made").attempt("x", 1);
        folder.create().expect("made");
        let mut recorder = Recorder::new(&folder, JobKind::Train).expect("opened");
        let jailed = br#"{"event":"jailed","level":"strict","layers":{},"start_ms":1.0}"#;
        assert!(matches!(recorder.line(jailed), Some(Event::Jailed { .. })));
        let forged: [&[u8]; 6] = [
            br#"{"event":"read","pages":1,"fields":1}"#,
            br#"{"event":"evaluated","examples":1,"scores":{"accuracy":1.0},"loss":0.0,"secs":1.0}"#,
            br#"{"event":"sampled","example":0,"prompt":"","wanted":"","written":""}"#,
            br#"{"event":"merged","weights_sha256":"","params":1}"#,
            br#"{"event":"refused","calls":[]}"#,
            jailed,
        ];
        for line in forged {
            assert!(serde_json::from_slice::<Event>(line).is_ok(), "{}", String::from_utf8_lossy(line));
            recorder.line(line);
        }
        assert!(recorder.line(br#"{"event":"progress","examples":1}"#).is_some());
        let kinds: Vec<bool> = recorder.events.iter().map(|event| matches!(event, Event::Note { .. })).collect();
        assert_eq!(kinds, [false, true, false]);
        let last = recorder.finish().expect("written").pop();
        assert_eq!(last, Some(Event::Note { message: "5 further lines were no events".into() }));
        let evaluated: Event = serde_json::from_slice(forged[1]).expect("an event");
        assert!(is_of(&evaluated, JobKind::Evaluate) && !is_of(&evaluated, JobKind::Predict));
    }

    #[test]
    fn a_flood_of_events_takes_no_memory_and_no_rows() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made").attempt("x", 1);
        folder.create().expect("made");
        let mut recorder = Recorder::new(&folder, JobKind::Train).expect("opened");
        for _ in 0..5000 {
            assert!(recorder.line(br#"{"event":"progress","examples":1}"#).is_some());
        }
        assert_eq!(recorder.events.len(), 1);
        let stopped = (0..5000).filter(|_| recorder.line(br#"{"event":"stopped","step":0}"#).is_some()).count();
        assert_eq!((stopped, recorder.events.len()), (MOST_TOLD, MOST_TOLD + 1));
        // The end is heard all the same.
        assert!(recorder.line(br#"{"event":"failed","class":"data","message":"x","hint":null}"#).is_some());
        let last = recorder.finish().expect("written").pop();
        assert_eq!(last, Some(Event::Note { message: "4000 events were not kept".into() }));
    }
}
