//! A text that is being written, held to a grammar.

use crate::grammar::{Grammar, NEVER};
use crate::machine::{Machine, Thread};
use crate::vocabulary::{Mask, Tree, Vocabulary};
use std::collections::HashMap;
use std::rc::Rc;

/// A text that cannot be written so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the schema's shortest text takes about {needed} tokens, and there is room for {room}")]
    Room { needed: u32, room: usize },
    #[error("the model's tokens cannot write what the schema asks for: none of them is {}", listed(bytes))]
    Unspellable { bytes: Vec<u8> },
    #[error("none of the model's tokens goes on with `{text}` as the schema wants it")]
    Stuck { text: String },
    #[error("the token {token} may not follow `{text}`")]
    Forbidden { token: u32, text: String },
}

fn listed(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("`{}`", char::from(*byte))).collect::<Vec<_>>().join(", ")
}

/// Marks without which no JSON is written.
const MARKS: &[u8] = b"{}[]\":,.-e0123456789abcdefghijklmnopqrstuvwxyz";

/// Masks that are kept.
const MOST_MASKS: usize = 512;

/// What may come next in one text.
#[derive(Debug)]
pub struct Constraint<'a> {
    vocabulary: &'a Vocabulary,
    machine: Machine<'a>,
    threads: Vec<Thread>,
    masks: HashMap<Vec<u64>, Kept>,
    text: Vec<u8>,
}

/// A mask, and the dearest state that a token of it leads to.
#[derive(Debug, Clone)]
struct Kept {
    mask: Rc<Mask>,
    dearest: u32,
}

impl<'a> Constraint<'a> {
    /// At the beginning of a text.
    ///
    /// # Errors
    /// The vocabulary lacks letters that JSON is made of, or the shortest text takes more than `room` tokens.
    pub fn new(grammar: &'a Grammar, vocabulary: &'a Vocabulary, room: usize) -> Result<Self, Error> {
        let missing: Vec<u8> = MARKS.iter().copied().filter(|mark| vocabulary.fewest(&[*mark])[0].is_none()).collect();
        if !missing.is_empty() {
            return Err(Error::Unspellable { bytes: missing });
        }
        let mut machine = Machine::new(grammar, |text| vocabulary.fewest(text));
        let threads = machine.begin();
        let constraint = Constraint { vocabulary, machine, threads, masks: HashMap::new(), text: Vec::new() };
        match constraint.cost() {
            needed if needed >= NEVER => Err(constraint.stuck()),
            needed if needed as usize > room => Err(Error::Room { needed, room }),
            _ => Ok(constraint),
        }
    }

    /// No more tokens than these finish the text.
    fn cost(&self) -> u32 {
        self.threads.iter().map(|thread| self.machine.cost(thread)).min().unwrap_or(NEVER)
    }

    /// Whether the text is whole and nothing can follow.
    pub fn is_over(&self) -> bool {
        self.machine.is_over(&self.threads)
    }

    /// The text so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    fn stuck(&self) -> Error {
        Error::Stuck { text: self.text() }
    }

    /// The tokens that may come next where `left` may still be written, this one among them; the vocabulary's ends where the text may end.
    ///
    /// # Errors
    /// There is none: the vocabulary cannot spell what must come.
    pub fn allowed(&mut self, left: usize) -> Result<Rc<Mask>, Error> {
        let longest = self.vocabulary.longest_plain;
        let key = self.machine.key(&self.threads, longest);
        let limit = u32::try_from(left.saturating_sub(1)).unwrap_or(NEVER).min(NEVER - 1);
        let kept = match self.masks.get(&key) {
            Some(kept) => kept.clone(),
            None => {
                let kept = self.walk(NEVER - 1);
                if self.masks.len() >= MOST_MASKS {
                    self.masks.clear();
                }
                self.masks.insert(key, kept.clone());
                kept
            }
        };
        let mask = if kept.dearest <= limit { kept.mask } else { self.walk(limit).mask };
        if mask.is_empty() { Err(self.stuck()) } else { Ok(mask) }
    }

    /// Every token that leads to where at most `limit` more are needed.
    fn walk(&mut self, limit: u32) -> Kept {
        let mut mask = Mask::none(self.vocabulary.len());
        let free = self.machine.is_free(&self.threads, self.vocabulary.longest_plain) && self.cost() <= limit;
        let (tree, mut dearest) = if free {
            mask.add_all(&self.vocabulary.plain);
            (&self.vocabulary.special, self.cost())
        } else {
            (&self.vocabulary.all, 0)
        };
        if Machine::is_whole(&self.threads) {
            self.vocabulary.ends().iter().for_each(|end| mask.add(*end));
        }
        dearest = dearest.max(visit(&mut self.machine, &self.threads, tree, limit, &mut mask));
        Kept { mask: Rc::new(mask), dearest }
    }

    /// The token was written.
    ///
    /// # Errors
    /// It was not allowed; nothing has changed.
    pub fn take(&mut self, token: u32) -> Result<(), Error> {
        let bytes = self.vocabulary.bytes(token);
        if self.vocabulary.ends().contains(&token) {
            return if Machine::is_whole(&self.threads) { Ok(()) } else { Err(Error::Forbidden { token, text: self.text() }) };
        }
        let mut threads = self.threads.clone();
        for byte in bytes {
            let mut next = Vec::new();
            self.machine.step(&threads, *byte, &mut next);
            threads = next;
        }
        if threads.is_empty() || bytes.is_empty() {
            return Err(Error::Forbidden { token, text: self.text() });
        }
        self.threads = threads;
        self.text.extend(bytes);
        Ok(())
    }

    /// Takes the tokens that must come, as far as there is no choice: the model need not be asked. The last bytes of what must come are
    /// left to it, for it may write them together with what follows. None where `left` tokens would no longer be enough.
    pub fn forced(&mut self, left: usize) -> Vec<u32> {
        let mark = self.machine.mark();
        let (mut bytes, mut threads) = (Vec::new(), self.threads.clone());
        while let Some(byte) = self.machine.only(&threads) {
            let mut next = Vec::new();
            self.machine.step(&threads, byte, &mut next);
            bytes.push(byte);
            threads = next;
        }
        let is_whole = Machine::is_whole(&threads) && threads.len() == 1;
        self.machine.cut(mark);
        let mut tokens = self.vocabulary.greedy(&bytes);
        if !is_whole {
            tokens.pop();
        }
        let before = self.threads.clone();
        for (taken, (_, token)) in tokens.iter().enumerate() {
            if self.take(*token).is_err() || self.cost() as usize > left.saturating_sub(taken + 1) {
                // Without a choice the fewest tokens are not always the longest ones: the mask finds them.
                self.text.truncate(
                    self.text.len() - tokens[..=taken].iter().map(|(_, t)| self.vocabulary.bytes(*t).len()).sum::<usize>(),
                );
                self.threads = before;
                self.machine.cut(mark);
                return Vec::new();
            }
        }
        tokens.into_iter().map(|(_, token)| token).collect()
    }
}

/// Adds the tokens of a tree that lead to where at most `limit` more are needed; returns the dearest of those places.
fn visit(machine: &mut Machine, threads: &[Thread], tree: &Tree, limit: u32, mask: &mut Mask) -> u32 {
    /// Where a walk has come to, and the node behind everything below it.
    struct Level {
        first: usize,
        mark: usize,
        end: usize,
    }
    let mut all: Vec<Thread> = threads.to_vec();
    let mut levels = vec![Level { first: 0, mark: machine.mark(), end: tree.nodes.len() }];
    let (mut at, mut dearest, mut next) = (0, 0, Vec::new());
    while at < tree.nodes.len() {
        while let Some(level) = levels.last().filter(|level| at >= level.end && level.first > 0) {
            all.truncate(level.first);
            machine.cut(level.mark);
            levels.pop();
        }
        let node = tree.nodes[at];
        let Some(level) = levels.last() else { break };
        let (mark, first) = (machine.mark(), all.len());
        next.clear();
        for i in level.first..first {
            machine.step_one(all[i], node.byte, &mut next);
        }
        if next.is_empty() {
            machine.cut(mark);
            at = node.end as usize;
            continue;
        }
        if let Some(token) = node.token {
            let cost = next.iter().map(|thread| machine.cost(thread)).min().unwrap_or(NEVER);
            if cost <= limit {
                mask.add(token);
                dearest = dearest.max(cost);
            }
        }
        all.append(&mut next);
        levels.push(Level { first, mark, end: node.end as usize });
        at += 1;
    }
    let begun = levels.first().map_or(0, |level| level.mark);
    machine.cut(begun);
    dearest
}
