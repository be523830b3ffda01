//! The record of an attempt's events, as the supervisor keeps it: whatever a worker sends, it stays of a size.

use crate::job::Event;
use crate::store::{self, AttemptFolder};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

/// Writes an attempt's events as they come. A line that is no event is kept as a note, never trusted.
pub(super) struct Recorder {
    path: PathBuf,
    file: File,
    begun: Instant,
    events: Vec<Event>,
    bytes: usize,
    /// Lines that were no events; the first of them is kept.
    stray: usize,
    /// Events that there was no room for.
    dropped: usize,
    failed: Option<std::io::Error>,
}

/// Notes of one attempt that stand in the ledger: none of ours says so many.
pub(super) const MOST_NOTES: usize = 1000;

/// Events that are kept of one attempt, as they are written. Those of a week of training, told ten times a second, take less.
const MOST_BYTES: usize = 1 << 30;

impl Recorder {
    pub(super) fn new(folder: &AttemptFolder) -> Result<Self, store::Error> {
        let path = folder.events();
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|source| store::Error::Io { action: "open", path: path.clone(), source })?;
        let begun = Instant::now();
        Ok(Recorder { path, file, begun, events: Vec::new(), bytes: 0, stray: 0, dropped: 0, failed: None })
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
        // How the attempt goes on and ends is told however much was said before.
        let is_chatter = matches!(event, Event::Note { .. } | Event::Step(_) | Event::Progress { .. } | Event::Wrote { .. });
        if is_chatter && self.bytes > MOST_BYTES {
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
        self.events.push(event.clone());
        event
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
        assert_eq!(recorder.line(br#"{"event":"note","message":"again"}"#), None);
        assert!(recorder.line(br#"{"event":"stopped","step":3}"#).is_some());
        let last = recorder.finish().expect("written").pop();
        assert_eq!(last, Some(Event::Note { message: "1 events were not kept".into() }));
    }
}
