//! What was asked and answered, line by line in the run folder, and a language model that answers from it.
//!
//! A question is looked up by the hash of all that it says. So that the same questions come up again, the recording also holds what
//! else they were made from and may be another next time: how fast the machine was.

use super::{Ask, Error, LanguageModel, Reply, Usage};
use crate::data::hub::Secret;
use crate::store::Lines;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A line of `llm.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// What the questions from here on were made from, but for the request and its data.
    Given {
        given: Value,
    },
    Exchange {
        hash: String,
        model: String,
        ask: Ask,
        reply: Reply,
    },
}

/// Another language model, whose every answer is recorded.
pub struct Recorder<'a> {
    inner: &'a dyn LanguageModel,
    lines: Lines,
    secret: Option<&'a Secret>,
}

impl<'a> Recorder<'a> {
    /// Appends to `lines`, nothing of which ever holds `secret`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(
        inner: &'a dyn LanguageModel,
        lines: Lines,
        secret: Option<&'a Secret>,
        given: &impl Serialize,
    ) -> Result<Self, Error> {
        let recorder = Recorder { inner, lines, secret };
        recorder.write(&Line::Given { given: serde_json::to_value(given).unwrap_or_default() })?;
        Ok(recorder)
    }

    fn write(&self, line: &Line) -> Result<(), Error> {
        let text = serde_json::to_string(line).unwrap_or_default();
        Ok(self.lines.append(&self.secret.map_or_else(|| text.clone(), |secret| secret.redacted(&text)))?)
    }
}

impl LanguageModel for Recorder<'_> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
        let reply = self.inner.answer(ask)?;
        // What is written is what is looked up: where the question holds the key, it is hashed without.
        let text = serde_json::to_string(ask).unwrap_or_default();
        let written = self.secret.map(|secret| secret.redacted(&text)).filter(|written| *written != text);
        let ask = written.and_then(|written| serde_json::from_str(&written).ok()).unwrap_or_else(|| ask.clone());
        let (hash, model) = (ask.hash(), self.name());
        self.write(&Line::Exchange { hash, model, ask, reply: reply.clone() })?;
        Ok(reply)
    }

    fn lost(&self) -> Usage {
        self.inner.lost()
    }
}

/// The answers of an earlier run. They cost nothing now.
pub struct Recording {
    path: PathBuf,
    /// What its questions were made from: each kind of question has its own.
    given: Vec<Value>,
    model: String,
    asks: Vec<Ask>,
    /// By hash, those that are still to be given, first one first; the last is given again and again.
    replies: RefCell<BTreeMap<String, Vec<Reply>>>,
}

impl Recording {
    /// # Errors
    /// It cannot be read, or is no recording: the first line that is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let wrong = |line: usize, why: String| Error::Recording { path: path.into(), line, why };
        let text = std::fs::read_to_string(path).map_err(|source| Error::NoRecording { path: path.into(), source })?;
        let mut found = Recording {
            path: path.into(),
            given: Vec::new(),
            model: String::new(),
            asks: Vec::new(),
            replies: RefCell::default(),
        };
        // A last line that a crash cut short is left out.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (number, line) in whole.lines().enumerate() {
            match serde_json::from_str(line).map_err(|error| wrong(number + 1, error.to_string()))? {
                Line::Given { given } => found.given.push(given),
                Line::Exchange { hash, model, ask, reply } => {
                    if ask.hash() != hash {
                        return Err(wrong(number + 1, "the question is not the one that its hash says".into()));
                    }
                    found.model = model;
                    found.asks.push(ask);
                    found.replies.get_mut().entry(hash).or_default().push(reply);
                }
            }
        }
        Ok(found)
    }

    /// The first answer to this that was not given yet.
    fn take(&self, ask: &Ask) -> Option<Reply> {
        let mut replies = self.replies.borrow_mut();
        let left = replies.get_mut(&ask.hash()).filter(|left| !left.is_empty())?;
        Some(left.remove(0))
    }

    pub(super) fn all_given(self) -> (Self, Vec<Value>) {
        let given = self.given.clone();
        (self, given)
    }
}

impl LanguageModel for Recording {
    fn name(&self) -> String {
        self.model.clone()
    }

    fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
        let mut replies = self.replies.borrow_mut();
        let Some(left) = replies.get_mut(&ask.hash()).filter(|left| !left.is_empty()) else {
            return Err(Error::NotRecorded { path: self.path.clone(), differs: differs(&self.asks, ask) });
        };
        let reply = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
        Ok(Reply { usage: Usage::default(), ..reply })
    }
}

/// Another language model, which is not asked what it has answered in this run before: whoever goes on with a run comes by the same
/// questions again. Such an answer took what it took then, and is not paid for again.
pub struct Remembered<'a> {
    inner: &'a dyn LanguageModel,
    before: Option<Recording>,
}

impl<'a> Remembered<'a> {
    pub fn new(inner: &'a dyn LanguageModel, before: Option<Recording>) -> Self {
        Remembered { inner, before }
    }
}

impl LanguageModel for Remembered<'_> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
        match self.before.as_ref().and_then(|before| before.take(ask)) {
            Some(reply) => Ok(reply),
            None => self.inner.answer(ask),
        }
    }

    fn lost(&self) -> Usage {
        self.inner.lost()
    }
}

/// The first thing in which a question is another than the recorded one that is most like it.
fn differs(asks: &[Ask], ask: &Ask) -> String {
    let alike = |other: &Ask| {
        let turns = other.turns.iter().zip(&ask.turns).take_while(|(a, b)| a == b).count();
        (other.system == ask.system, turns, other.schema == ask.schema)
    };
    // The first of several that are alike.
    let Some(nearest) = asks.iter().rev().max_by_key(|other| alike(other)) else { return "nothing was asked".into() };
    if nearest.system != ask.system {
        return format!("what the model is told to be: {}", line_that_differs(&nearest.system, &ask.system));
    }
    for (i, (recorded, now)) in nearest.turns.iter().zip(&ask.turns).enumerate() {
        if recorded != now {
            return format!("turn {}: {}", i + 1, line_that_differs(&recorded.text, &now.text));
        }
    }
    if nearest.turns.len() != ask.turns.len() {
        return format!("{} turns were recorded, {} are asked", nearest.turns.len(), ask.turns.len());
    }
    if nearest.max_tokens != ask.max_tokens {
        return format!("at most {} tokens were recorded, {} are asked", nearest.max_tokens, ask.max_tokens);
    }
    "the schema of the answer".into()
}

fn line_that_differs(recorded: &str, now: &str) -> String {
    let shown =
        |line: Option<&str>| line.map_or("nothing".into(), |line| format!("`{}`", line.chars().take(160).collect::<String>()));
    // A fence is named by what it holds, which is told itself.
    let is_text = |line: &&str| !line.starts_with("<data ") && !line.starts_with("</data ");
    let mut lines = (recorded.lines().filter(is_text), now.lines().filter(is_text));
    for number in 1.. {
        match (lines.0.next(), lines.1.next()) {
            (None, None) => break,
            (a, b) if a != b => return format!("line {number}: expected {}, found {}", shown(a), shown(b)),
            _ => {}
        }
    }
    "the ends of its lines".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::RunFolder;
    use serde_json::json;

    /// Says how often it was asked, and the key.
    struct Counter(RefCell<u32>);

    impl LanguageModel for Counter {
        fn name(&self) -> String {
            "a counter".into()
        }
        fn answer(&self, _: &Ask) -> Result<Reply, Error> {
            *self.0.borrow_mut() += 1;
            let usage = Usage { tokens_in: 3, tokens_out: 2, tokens_cached: 0 };
            Ok(Reply { text: format!("{} sk-secret", self.0.borrow()), is_cut: false, usage, secs: 0.5, notes: vec![] })
        }
    }

    #[test]
    fn what_was_answered_is_answered_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("a run");
        let (counter, key) = (Counter(RefCell::new(0)), Secret::new("sk-secret".into()));
        let ask = |question: &str| Ask::new("count", question, Some(json!({"type": "object"})), 9);
        {
            let recorder = Recorder::new(&counter, folder.language_model(), Some(&key), &(2, 1.5e11)).expect("recording");
            for question in ["a", "b", "a"] {
                recorder.answer(&ask(question)).expect("answered");
            }
        }
        let path = dir.path().join("run/llm.jsonl");
        let text = std::fs::read_to_string(&path).expect("read");
        assert!(text.contains("***") && !text.contains("sk-secret"), "{text}");
        // A crash cut the next line short.
        std::fs::write(&path, text + "{\"kind\":\"exch").expect("written");
        let recording = Recording::open(&path).expect("opened");
        assert_eq!((recording.given.as_slice(), recording.name().as_str()), ([json!([2, 1.5e11])].as_slice(), "a counter"));
        let said = |question: &str| recording.answer(&ask(question)).map(|reply| (reply.text, reply.usage));
        for (question, expected) in [("a", "1 ***"), ("a", "3 ***"), ("a", "3 ***"), ("b", "2 ***")] {
            assert_eq!(said(question).expect("recorded"), (expected.to_string(), Usage::default()));
        }
    }

    #[test]
    fn a_recording_is_one_whatever_the_key() {
        // A dummy that is a part of every line, and a key that somebody wrote into the question.
        for (key, question, written) in
            [("a", "a", "a"), ("none", "is none there?", "is none there?"), ("sk-secret", "sk-secret", "***")]
        {
            let dir = tempfile::tempdir().expect("a folder");
            let folder = RunFolder::create(dir.path().join("run")).expect("a run");
            let (counter, key) = (Counter(RefCell::new(0)), Secret::new(key.into()));
            let recorder = Recorder::new(&counter, folder.language_model(), Some(&key), &1).expect("recording");
            recorder.answer(&Ask::new("count", question, None, 9)).expect("answered");
            let recording = Recording::open(&dir.path().join("run/llm.jsonl")).expect("opened");
            assert!(recording.answer(&Ask::new("count", written, None, 9)).is_ok(), "{question}");
        }
    }

    #[test]
    fn whoever_goes_on_asks_nothing_twice() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("a run");
        let (counter, ask) = (Counter(RefCell::new(0)), |question: &str| Ask::new("count", question, None, 9));
        let recorder = Recorder::new(&counter, folder.language_model(), None, &1).expect("recording");
        recorder.answer(&ask("a")).expect("answered");
        let before = Recording::open(&dir.path().join("run/llm.jsonl")).expect("opened");
        let later = Counter(RefCell::new(10));
        let recorder = Recorder::new(&later, folder.language_model(), None, &1).expect("recording");
        let remembered = Remembered::new(&recorder, Some(before));
        let said =
            |question: &str| remembered.answer(&ask(question)).map(|reply| (reply.text, reply.usage.tokens())).expect("said");
        assert_eq!(said("a"), ("1 sk-secret".into(), 5));
        assert_eq!(said("b"), ("11 sk-secret".into(), 5));
        // What is asked once more is another question.
        assert_eq!(said("a"), ("12 sk-secret".into(), 5));
        let all = Recording::open(&dir.path().join("run/llm.jsonl")).expect("opened");
        assert_eq!((all.given.as_slice(), all.asks.len()), ([json!(1), json!(1)].as_slice(), 3));
    }

    #[test]
    fn what_was_not_asked_is_said() {
        let recorded = Ask::new("be brief", "one\ntwo", Some(json!({})), 9).go_on("x", "y");
        let check = |ask: Ask, expected: &str| assert_eq!(differs(std::slice::from_ref(&recorded), &ask), expected);
        check(
            Ask { system: "be long".into(), ..recorded.clone() },
            "what the model is told to be: line 1: expected `be brief`, found `be long`",
        );
        check(Ask::new("be brief", "one\nthree", Some(json!({})), 9), "turn 1: line 2: expected `two`, found `three`");
        check(Ask::new("be brief", "one", Some(json!({})), 9), "turn 1: line 2: expected `two`, found nothing");
        check(Ask::new("be brief", "one\ntwo", Some(json!({})), 9), "3 turns were recorded, 1 are asked");
        check(Ask { max_tokens: 8, ..recorded.clone() }, "at most 9 tokens were recorded, 8 are asked");
        check(Ask { schema: None, ..recorded.clone() }, "the schema of the answer");
        assert_eq!(differs(&[], &recorded), "nothing was asked");
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.jsonl");
        let check = |text: &str, words: &str| {
            std::fs::write(&path, text).expect("written");
            let message = Recording::open(&path).map_or_else(|e| e.to_string(), |_| String::new());
            assert!(message.contains(words), "{message}");
        };
        check("hello\n", "is no recording of a language model: line 1: expected value");
        let ask = serde_json::to_string(&Ask::new("a", "b", None, 1)).expect("JSON");
        let usage = "{\"tokens_in\":1,\"tokens_out\":1,\"tokens_cached\":0}";
        let line = format!(
            "{{\"kind\":\"exchange\",\"hash\":\"0\",\"model\":\"m\",\"ask\":{ask},\"reply\":{{\"text\":\"\",\"is_cut\":false,\"usage\":{usage},\"secs\":1.0}}}}\n"
        );
        check(&line, "line 1: the question is not the one that its hash says");
    }
}
