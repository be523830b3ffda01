//! The record of an attempt's events, as the supervisor keeps it: whatever a worker sends, it stays of a size.

use crate::job::Event;
use crate::store::{self, AttemptFolder};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::mem::{Discriminant, discriminant};
use std::path::PathBuf;
use std::time::Instant;

/// Writes an attempt's events as they come. A line that is no event is kept as a note, never trusted.
pub(super) struct Recorder {
    path: PathBuf,
    file: File,
    begun: Instant,
    events: Vec<Event>,
    bytes: usize,
    /// Events so far, by their kind.
    told: HashMap<Discriminant<Event>, usize>,
    /// Lines that were no events; the first of them is kept.
    stray: usize,
    /// Events that there was no room for.
    dropped: usize,
    failed: Option<std::io::Error>,
}

/// Events of one kind that are kept of one attempt, and may stand in the ledger: none of ours tells so many.
const MOST_TOLD: usize = 1000;

/// The same of those that training tells again and again.
const MOST_REPEATED: usize = 100_000;

/// Steps and other chatter that are held in memory: of more of one kind the last alone, and where another kind comes, none of before.
const MOST_HELD: usize = 1_000_000;

/// Events that are kept of one attempt, as they are written. Those of a week of training, told ten times a second, take less.
const MOST_BYTES: usize = 1 << 30;

impl Recorder {
    pub(super) fn new(folder: &AttemptFolder) -> Result<Self, store::Error> {
        let path = folder.events();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|source| store::Error::Io { action: "open", path: path.clone(), source })?;
        let begun = Instant::now();
        let (events, told) = (Vec::new(), HashMap::new());
        Ok(Recorder { path, file, begun, events, bytes: 0, told, stray: 0, dropped: 0, failed: None })
    }

    /// What a line says, once it is recorded; none where it says nothing, or too much was said already.
    pub(super) fn line(&mut self, line: &[u8]) -> Option<Event> {
        let event = match serde_json::from_slice(line).ok().filter(|event| !matches!(event, Event::Refused { .. })) {
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
        if (is_chatter(&event) && self.bytes > MOST_BYTES) || *told > most(&event) {
            self.dropped += 1;
            return None;
        }
        Some(self.keep(event))
    }

    pub(super) fn keep(&mut self, event: Event) -> Event {
        let written = serde_json::to_vec(&event).map_err(std::io::Error::other).and_then(|mut text| {
            store::stamp(&mut text, self.begun.elapsed());
            text.push(b'\n');
            self.bytes += text.len();
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
        let mut recorder = Recorder::new(&folder).expect("opened");
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

    #[test]
    fn chatter_beyond_all_room_is_dropped_and_the_end_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made").attempt("x", 1);
        folder.create().expect("made");
        let mut recorder = Recorder::new(&folder).expect("opened");
        recorder.bytes = MOST_BYTES + 1;
        assert_eq!(recorder.line(br#"{"event":"progress","examples":1}"#), None);
        assert!(recorder.line(br#"{"event":"stopped","step":3}"#).is_some());
        let last = recorder.finish().expect("written").pop();
        assert_eq!(last, Some(Event::Note { message: "1 events were not kept".into() }));
    }

    #[test]
    fn a_flood_of_events_takes_no_memory_and_no_rows() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made").attempt("x", 1);
        folder.create().expect("made");
        let mut recorder = Recorder::new(&folder).expect("opened");
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
