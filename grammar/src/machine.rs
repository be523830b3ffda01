//! Where a text stands: every way in which it may be read so far, and where each may go on.

use crate::grammar::{CLOSE_KEYS, CLOSE_LIST, COMMA, Grammar, Id, NEVER, Node, OPEN_KEYS, OPEN_LIST, Order};
use crate::number::{Decimal, Integers, Whole};
use crate::text::{Step, Text};

/// A part that has begun: which, and how far it has come, which each kind of part packs in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) node: Id,
    pub(crate) at: [u64; 2],
}

/// Nothing below: the text is whole.
pub(crate) const BOTTOM: u32 = u32::MAX;
/// The part of a text that is whole.
const WHOLE: Id = Id::MAX;

/// One way to read the text: the part that takes the next byte, and those that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thread {
    pub(crate) frame: Frame,
    pub(crate) below: u32,
}

/// A part that another is in, and what it costs from here to the end of the text.
#[derive(Debug, Clone, Copy)]
struct Entry {
    frame: Frame,
    below: u32,
    cost: u32,
}

/// Ways to read a text; parts that others are in are kept in one list, which grows at its end and is cut off there.
#[derive(Debug)]
pub(crate) struct Machine<'g> {
    grammar: &'g Grammar,
    costs: Vec<u32>,
    /// Of texts: what is left of them costs, from each byte on.
    texts: Vec<Option<Box<[u32]>>>,
    entries: Vec<Entry>,
}

/// Bits of a list's state that say how far its ascending items have come; those above say how many must still follow.
const LOWER_BITS: u32 = 50;

impl<'g> Machine<'g> {
    /// `rest`: what is left of a text costs, from each byte on.
    pub(crate) fn new(grammar: &'g Grammar, rest: impl Fn(&[u8]) -> Vec<Option<u32>>) -> Self {
        let made = |node: &Node| match node {
            Node::Text(text) => Some(rest(text).into_iter().map(|cost| cost.unwrap_or(NEVER)).collect()),
            _ => None,
        };
        let texts: Vec<Option<Box<[u32]>>> = grammar.nodes.iter().map(made).collect();
        let first = |text: &[u8]| rest(text).first().copied().flatten().unwrap_or(NEVER);
        Machine { grammar, costs: grammar.costs(&first), texts, entries: Vec::new() }
    }

    /// Where every text begins.
    pub(crate) fn begin(&mut self) -> Vec<Thread> {
        let mut threads = Vec::new();
        self.enter(self.grammar.root, BOTTOM, &mut threads);
        threads
    }

    /// How many parts are kept; [`Machine::cut`] takes the list back to it.
    pub(crate) fn mark(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn cut(&mut self, mark: usize) {
        self.entries.truncate(mark);
    }

    /// What a thread costs to the end.
    pub(crate) fn cost(&self, thread: &Thread) -> u32 {
        if thread.frame.node == WHOLE { 0 } else { self.frame_cost(thread.frame).saturating_add(self.below_cost(thread.below)) }
    }

    fn below_cost(&self, below: u32) -> u32 {
        self.entries.get(below as usize).map_or(0, |entry| entry.cost)
    }

    fn frame_cost(&self, frame: Frame) -> u32 {
        let id = frame.node as usize;
        if frame.at == [ENTER, 0] {
            return self.costs[id];
        }
        let sum = |ids: &mut dyn Iterator<Item = Id>| ids.map(|id| self.costs[id as usize]).fold(0, u32::saturating_add);
        match self.grammar.node(frame.node) {
            Node::Text(_) => self.texts[id].as_ref().map_or(NEVER, |rest| rest[frame.at[0] as usize]),
            Node::Strings(strings) => strings.cost(Text::unpack(frame.at)).unwrap_or(NEVER),
            Node::Integers(integers) => {
                let at = if frame.at[0] == ENTER { Whole::default() } else { Whole::unpack(frame.at[0]) };
                of_order(integers, frame.at[1]).cost(at).unwrap_or(NEVER)
            }
            Node::Decimals(decimals) => decimals.cost(Decimal::unpack(frame.at)).unwrap_or(NEVER),
            Node::Choice(_) => self.costs[id],
            Node::Sequence(parts) => sum(&mut parts.iter().skip(frame.at[0] as usize).copied()),
            Node::List { .. } | Node::Map { .. } => self.grammar.rest_of_list(frame.node, frame.at[0] as u32, &self.costs),
            Node::Tuple(items) => {
                let left = items.iter().skip(frame.at[0] as usize).copied();
                let commas = items.len() as u32 - (frame.at[0] as u32).max(1);
                sum(&mut left.chain([CLOSE_LIST])).saturating_add(commas * self.costs[COMMA as usize])
            }
            Node::Keys(fields) => self.grammar.rest_of_keys(fields, frame.at[0] as usize, frame.at[1] == 1, &self.costs),
        }
    }

    /// Whether the text may end here.
    pub(crate) fn is_whole(threads: &[Thread]) -> bool {
        threads.iter().any(|thread| thread.frame.node == WHOLE)
    }

    /// Whether it must.
    pub(crate) fn is_over(&self, threads: &[Thread]) -> bool {
        threads.iter().all(|thread| match thread.frame.node {
            WHOLE => true,
            node => match self.grammar.node(node) {
                // A number that no digit follows.
                Node::Integers(integers) => {
                    let at = Whole::unpack(thread.frame.at[0]);
                    thread.below == BOTTOM
                        && integers.accepts(at)
                        && (b'0'..=b'9').all(|digit| integers.step(at, digit).is_none())
                }
                _ => false,
            },
        })
    }

    fn push(&mut self, frame: Frame, below: u32) -> u32 {
        let cost = self.frame_cost(frame).saturating_add(self.below_cost(below));
        self.entries.push(Entry { frame, below, cost });
        self.entries.len() as u32 - 1
    }

    /// Adds the ways on from a part that is to be written.
    fn enter(&mut self, id: Id, below: u32, out: &mut Vec<Thread>) {
        let (grammar, frame) = (self.grammar, Frame { node: id, at: [0, 0] });
        if self.costs[id as usize] >= NEVER {
            return;
        }
        match grammar.node(id) {
            Node::Text(_) | Node::Strings(_) | Node::Integers(_) | Node::Decimals(_) => self.wait(frame, below, out),
            Node::Choice(all) => all.iter().for_each(|one| self.enter(*one, below, out)),
            Node::Sequence(_) => self.go_on(frame, below, out),
            Node::List { .. } | Node::Tuple(_) => {
                let below = self.push(frame, below);
                self.enter(OPEN_LIST, below, out);
            }
            Node::Map { .. } | Node::Keys(_) => {
                let below = self.push(frame, below);
                self.enter(OPEN_KEYS, below, out);
            }
        }
    }

    /// A part takes the next byte, if that can come to an end.
    fn wait(&mut self, frame: Frame, below: u32, out: &mut Vec<Thread>) {
        let thread = Thread { frame, below };
        if self.frame_cost(frame) < NEVER && !out.contains(&thread) {
            out.push(thread);
        }
    }

    /// Adds the ways on where the next part within this one is to be written, or its end.
    fn go_on(&mut self, frame: Frame, below: u32, out: &mut Vec<Thread>) {
        let grammar = self.grammar;
        let (i, next) = (frame.at[0] as usize, frame.at[0] + 1);
        match grammar.node(frame.node) {
            Node::Sequence(parts) => {
                let below = if i + 1 < parts.len() { self.push(Frame { at: [next, 0], ..frame }, below) } else { below };
                self.enter(parts[i], below, out);
            }
            Node::Tuple(items) => match items.get(i) {
                None => self.enter(CLOSE_LIST, below, out),
                Some(item) => {
                    let below = self.push(Frame { at: [next, 0], ..frame }, below);
                    self.behind_comma(i > 0, *item, below, out);
                }
            },
            Node::Map { pair, min, max } => {
                if i < *max as usize {
                    let below = self.push(Frame { at: [next, 0], ..frame }, below);
                    self.behind_comma(i > 0, *pair, below, out);
                }
                if i >= *min as usize {
                    self.enter(CLOSE_KEYS, below, out);
                }
            }
            Node::List { item, min, max, order } => {
                if i < *max as usize {
                    self.next_item(frame, (*item, *order), u64::from(*min).saturating_sub(next), below, out);
                }
                if i >= *min as usize {
                    self.enter(CLOSE_LIST, below, out);
                }
            }
            Node::Keys(fields) => {
                for (j, field) in fields.iter().enumerate().skip(i) {
                    let after = self.push(Frame { at: [j as u64 + 1, 1], ..frame }, below);
                    let after = self.push(Frame { node: field.value, at: [ENTER, 0] }, after);
                    self.enter(if frame.at[1] == 1 { field.later } else { field.first }, after, out);
                    if field.needed {
                        return;
                    }
                }
                self.enter(CLOSE_KEYS, below, out);
            }
            Node::Text(_) | Node::Strings(_) | Node::Integers(_) | Node::Decimals(_) | Node::Choice(_) => {}
        }
    }

    /// An item of a list behind which so many must still follow.
    fn next_item(&mut self, frame: Frame, (item, order): (Id, Order), follow: u64, below: u32, out: &mut Vec<Thread>) {
        let grammar = self.grammar;
        let (begun, next) = (frame.at[0] > 0, frame.at[0] + 1);
        match (order, grammar.node(item)) {
            (Order::Choices, Node::Choice(all)) => {
                let last = (all.len() as u64).saturating_sub(follow);
                for i in frame.at[1]..last {
                    let after = self.push(Frame { at: [next, i + 1], ..frame }, below);
                    self.behind_comma(begun, all[i as usize], after, out);
                }
            }
            (Order::Numbers, Node::Integers(integers)) => {
                let at = Frame { node: item, at: [ENTER, frame.at[1] | follow << LOWER_BITS] };
                if of_order(integers, at.at[1]).is_empty() {
                    return;
                }
                let after = self.push(Frame { at: [next, frame.at[1]], ..frame }, below);
                if begun {
                    let after = self.push(at, after);
                    self.enter(COMMA, after, out);
                } else {
                    self.wait(Frame { at: [0, at.at[1]], ..at }, after, out);
                }
            }
            _ => {
                let after = self.push(Frame { at: [next, 0], ..frame }, below);
                self.behind_comma(begun, item, after, out);
            }
        }
    }

    fn behind_comma(&mut self, comma: bool, item: Id, below: u32, out: &mut Vec<Thread>) {
        if comma {
            let below = self.push(Frame { node: item, at: [ENTER, 0] }, below);
            self.enter(COMMA, below, out);
        } else {
            self.enter(item, below, out);
        }
    }

    /// A part is whole: what it is in goes on. `number`: its size, where it is a whole number.
    fn leave(&mut self, below: u32, number: Option<u64>, out: &mut Vec<Thread>) {
        let Some(Entry { mut frame, below, .. }) = self.entries.get(below as usize).copied() else {
            return out.push(Thread { frame: Frame { node: WHOLE, at: [0, 0] }, below: BOTTOM });
        };
        if frame.at[0] != ENTER {
            if let (Node::List { order: Order::Numbers, .. }, Some(number)) = (self.grammar.node(frame.node), number) {
                frame.at[1] = number + 1;
            }
            return self.go_on(frame, below, out);
        }
        match frame.at[1] {
            0 => self.enter(frame.node, below, out),
            order => self.wait(Frame { at: [0, order], ..frame }, below, out),
        }
    }

    /// The ways on behind a byte.
    pub(crate) fn step(&mut self, threads: &[Thread], byte: u8, out: &mut Vec<Thread>) {
        threads.iter().for_each(|thread| self.step_one(*thread, byte, out));
    }

    pub(crate) fn step_one(&mut self, Thread { frame, below }: Thread, byte: u8, out: &mut Vec<Thread>) {
        if frame.node == WHOLE {
            return;
        }
        let grammar = self.grammar;
        match grammar.node(frame.node) {
            Node::Text(text) => {
                let next = frame.at[0] + 1;
                if text[frame.at[0] as usize] != byte {
                } else if next as usize == text.len() {
                    self.leave(below, None, out);
                } else {
                    self.wait(Frame { at: [next, 0], ..frame }, below, out);
                }
            }
            Node::Strings(strings) => match strings.step(Text::unpack(frame.at), byte) {
                Some(Step::On(next)) => out.push(Thread { frame: Frame { at: next.pack(), ..frame }, below }),
                Some(Step::End) => self.leave(below, None, out),
                None => {}
            },
            Node::Integers(integers) => {
                let integers = of_order(integers, frame.at[1]);
                if let Some(next) = integers.step(Whole::unpack(frame.at[0]), byte) {
                    out.push(Thread { frame: Frame { at: [next.pack(), frame.at[1]], ..frame }, below });
                    if integers.accepts(next) {
                        self.leave(below, Some(next.size()), out);
                    }
                }
            }
            Node::Decimals(decimals) => {
                if let Some(next) = decimals.step(Decimal::unpack(frame.at), byte) {
                    out.push(Thread { frame: Frame { at: next.pack(), ..frame }, below });
                    if decimals.accepts(next) {
                        self.leave(below, None, out);
                    }
                }
            }
            Node::Choice(_) | Node::Sequence(_) | Node::List { .. } | Node::Tuple(_) | Node::Keys(_) | Node::Map { .. } => {}
        }
    }

    /// The only byte that may come next, where there is one alone and the text cannot end.
    pub(crate) fn only(&self, threads: &[Thread]) -> Option<u8> {
        let mut only = None;
        for thread in threads.iter() {
            let byte = match thread.frame.node {
                WHOLE => return None,
                node => match self.grammar.node(node) {
                    Node::Text(text) => text[thread.frame.at[0] as usize],
                    Node::Strings(_) if thread.frame.at == [0, 0] => b'"',
                    _ => return None,
                },
            };
            if only.is_some_and(|only| only != byte) {
                return None;
            }
            only = Some(byte);
        }
        only
    }

    /// Whether every token of plain letters may come next, of at most so many characters.
    pub(crate) fn is_free(&self, threads: &[Thread], letters: u32) -> bool {
        match threads {
            [Thread { frame, .. }] if frame.node != WHOLE => match self.grammar.node(frame.node) {
                Node::Strings(strings) => strings.is_free(Text::unpack(frame.at), letters),
                _ => false,
            },
            _ => false,
        }
    }

    /// Equal for threads that go on alike. `letters`: as of [`Machine::is_free`].
    pub(crate) fn key(&self, threads: &[Thread], letters: u32) -> Vec<u64> {
        let mut key = Vec::with_capacity(16 * threads.len());
        for thread in threads {
            let mut at = thread.frame.at;
            if self.is_free(std::slice::from_ref(thread), letters) {
                at = [u64::MAX, 0];
            }
            key.extend([u64::from(thread.frame.node) << 1, at[0], at[1]]);
            let mut below = thread.below;
            while let Some(entry) = self.entries.get(below as usize) {
                key.extend([u64::from(entry.frame.node) << 1, entry.frame.at[0], entry.frame.at[1]]);
                below = entry.below;
            }
            key.push(1);
        }
        key
    }
}

/// In the place of a part's own state: it is to be entered. Of ascending whole numbers `at[1]` then says which are left.
const ENTER: u64 = u64::MAX;

/// Whole numbers of an ascending list that are left, as its items' `at[1]` has it: from a number on, and so many below the largest.
fn of_order(integers: &Integers, order: u64) -> Integers {
    let (from, follow) = (order & ((1 << LOWER_BITS) - 1), order >> LOWER_BITS);
    if order == 0 { integers.clone() } else { integers.between(from, follow) }
}
