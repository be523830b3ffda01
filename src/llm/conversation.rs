//! A question that is asked until its answer serves.

use super::prompt::{Problems, Prompt};
use super::{Ask, Error, LanguageModel, Usage};
use crate::error::{Class, Failure};
use crate::words::clean;
use serde_json::Value;

/// An answer that fails is sent back so often.
const SENT_BACK: usize = 2;
/// Letters of a problem as it is sent back.
const PROBLEM: usize = 600;
/// Who thinks longer than an answer may be gets so many times its length besides.
const THOUGHTS: u32 = 7;

/// What came of asking.
#[derive(Debug)]
pub struct Conversation<T> {
    pub came: Came<T>,
    /// What whoever waits should know of it.
    pub notes: Vec<String>,
    /// Of all answers together.
    pub usage: Usage,
}

/// An answer that serves, or why there is none.
#[derive(Debug)]
pub enum Came<T> {
    Answer(T),
    /// Nothing (more) may be asked: there is not enough left for the question, or it is too long; or, where that was to be forgiven,
    /// nobody answers.
    NotAsked(Error),
    /// No answer served, in so many attempts.
    Useless {
        attempts: usize,
        last: String,
    },
}

/// Asks, has `judge` say what an answer comes to, and sends one that fails back with everything that is wrong with it, twice at most.
/// `otherwise`: what is said of the answer that would do, besides. `is_forgiving`: whoever asks can do without, so that a provider which
/// fails ends nothing.
///
/// # Errors
/// No answer comes, for another reason than what may be spent or is forgiven.
pub fn converse<T>(
    model: &dyn LanguageModel,
    mut ask: Ask,
    otherwise: &str,
    is_forgiving: bool,
    mut judge: impl FnMut(&Value) -> Result<T, Vec<String>>,
) -> Result<Conversation<T>, Error> {
    let (mut notes, mut usage, mut last) = (Vec::new(), Usage::default(), String::new());
    for _ in 0..=SENT_BACK {
        let reply = match model.answer(&ask) {
            Ok(reply) => reply,
            Err(error @ (Error::Budget { .. } | Error::TooLong { .. })) => {
                return Ok(Conversation { came: Came::NotAsked(error), notes, usage });
            }
            Err(error) if is_forgiving && error.class() == Class::External => {
                return Ok(Conversation { came: Came::NotAsked(error), notes, usage });
            }
            Err(error) => return Err(error),
        };
        usage = usage.and(reply.usage);
        notes.extend(reply.notes.iter().cloned());
        if reply.is_thoughts_alone() {
            if ask.thoughts > 0 {
                last = format!("the answer did not begin within {} tokens", ask.limit());
                return Ok(Conversation { came: Came::Useless { attempts: 2, last }, notes, usage });
            }
            ask.thoughts = THOUGHTS;
            notes.push(format!(
                "{} thought for {} tokens and had none left for its answer: it gets {}",
                model.name(),
                ask.max_tokens,
                ask.limit()
            ));
            continue;
        }
        let judged = reply.json().map_err(|error| vec![error.to_string()]).and_then(|answer| judge(&answer));
        let problems = match judged {
            Ok(answer) => return Ok(Conversation { came: Came::Answer(answer), notes, usage }),
            Err(problems) => problems,
        };
        notes.push(format!("the answer of {} cannot be used: {}", model.name(), problems.join("; ")));
        last = problems.first().cloned().unwrap_or_default();
        let problems = problems.iter().map(|problem| clean(problem).chars().take(PROBLEM).collect()).collect();
        ask = ask.go_on(said_before(&reply.text), Problems { problems, otherwise: otherwise.into() }.text());
    }
    Ok(Conversation { came: Came::Useless { attempts: SENT_BACK + 1, last }, notes, usage })
}

/// An answer as it is repeated to whoever gave it. Empty turns are refused by some.
fn said_before(text: &str) -> String {
    const MOST: usize = 4000;
    let text: String = text.chars().take(MOST).collect();
    if text.trim().is_empty() { "(nothing)".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::Reply;
    use super::*;
    use std::cell::RefCell;

    /// Thinks for so many tokens before it answers.
    struct Thinker {
        thoughts: u32,
        limits: RefCell<Vec<u32>>,
    }

    impl LanguageModel for Thinker {
        fn name(&self) -> String {
            "a thinker".into()
        }
        fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
            self.limits.borrow_mut().push(ask.limit());
            let is_cut = ask.limit() < self.thoughts;
            let text = if is_cut { String::new() } else { "{}".into() };
            let usage = Usage { tokens_out: self.thoughts.min(ask.limit()).into(), ..Usage::default() };
            Ok(Reply { text, is_cut, usage, secs: 0.0, notes: vec![] })
        }
    }

    #[test]
    fn who_thinks_long_is_given_more_once() {
        let check = |thoughts: u32, limits: &[u32], answers: bool| {
            let thinker = Thinker { thoughts, limits: RefCell::default() };
            let ask = Ask::new("s", "q", None, 100);
            let came = converse(&thinker, ask.clone(), "", false, |_| Ok(())).expect("asked").came;
            assert_eq!((thinker.limits.borrow().as_slice(), matches!(came, Came::Answer(()))), (limits, answers), "{came:?}");
            assert_eq!(Ask { thoughts: 7, ..ask.clone() }.hash(), ask.hash(), "it is the same question");
        };
        check(50, &[100], true);
        check(700, &[100, 800], true);
        check(900, &[100, 800], false);
    }
}
