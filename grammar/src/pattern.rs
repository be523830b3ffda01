//! Regular expressions of strings, character by character, with how many characters are still needed.
//!
//! The pattern becomes an automaton with many states at once (Thompson 1968), whose sets of states are numbered as they turn up.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// More states than this make a pattern too large.
const MOST_STATES: usize = 4000;
/// States times characters that are counted: 64 MiB.
const MOST_NEEDS: usize = 16 << 20;

/// A pattern, with the lengths that a string may have.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Of a state: the characters that lead on, and to where.
    steps: Vec<Vec<(char, char, u32)>>,
    /// Where a text may end.
    last: u32,
    /// `needs[r][state]`: the fewest characters to the end that are at least `r`.
    needs: Vec<Vec<u32>>,
    sets: RefCell<Sets>,
}

/// Sets of states, by number.
#[derive(Debug, Default)]
struct Sets {
    list: Vec<Vec<u32>>,
    numbers: BTreeMap<Vec<u32>, u32>,
    steps: BTreeMap<(u32, char), Option<u32>>,
}

const NEVER: u32 = u32::MAX;

/// What is known while the automaton grows: steps over characters, and steps over nothing.
#[derive(Default)]
struct Builder {
    steps: Vec<Vec<(char, char, u32)>>,
    free: Vec<Vec<u32>>,
}

impl Pattern {
    /// Strings that hold it somewhere, of at least `min` characters.
    ///
    /// # Errors
    /// It is none, or of a kind that cannot be held: in words.
    pub(crate) fn new(pattern: &str, min: usize) -> Result<Self, String> {
        let hir = regex_syntax::ParserBuilder::new().build().parse(&plain_classes(pattern));
        let hir = hir.map_err(|e| e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_string())?;
        let mut builder = Builder::default();
        let first = builder.state()?;
        let parts: Vec<&Hir> = match hir.kind() {
            HirKind::Concat(parts) => parts.iter().collect(),
            _ => vec![&hir],
        };
        let is_look =
            |part: Option<&&Hir>, look: Look| part.is_some_and(|part| matches!(part.kind(), HirKind::Look(l) if *l == look));
        let (starts, ends) = (
            is_look(parts.first(), Look::Start),
            parts.len() > usize::from(is_look(parts.first(), Look::Start)) && is_look(parts.last(), Look::End),
        );
        let inner = &parts[usize::from(starts)..parts.len() - usize::from(ends)];
        let mut at = if starts { first } else { builder.anything(first)? };
        for part in inner {
            at = builder.add(part, at)?;
        }
        let last = if ends { at } else { builder.anything(at)? };
        let closed = builder.closed();
        if closed.len().saturating_mul(min.saturating_add(1)) > MOST_NEEDS {
            return Err(format!("a text of at least {min} characters that fits it is too long to be held to it"));
        }
        let needs = needs(&closed, last, min);
        let pattern = Pattern { steps: closed, last, needs, sets: RefCell::default() };
        let begin = builder.reach(first);
        pattern.sets.borrow_mut().number(begin);
        Ok(pattern)
    }

    /// The set of states where a text begins.
    #[cfg(test)]
    pub(crate) const BEGIN: u32 = 0;

    /// The fewest characters behind `count` of them; none where no string goes on so.
    pub(crate) fn needs(&self, set: u32, count: usize) -> Option<u32> {
        let sets = self.sets.borrow();
        let least = (self.needs.len() - 1).saturating_sub(count);
        let needs = sets.list[set as usize].iter().map(|state| self.needs[least][*state as usize]).min()?;
        (needs != NEVER).then_some(needs)
    }

    pub(crate) fn accepts(&self, set: u32) -> bool {
        self.sets.borrow().list[set as usize].contains(&self.last)
    }

    pub(crate) fn step(&self, set: u32, c: char) -> Option<u32> {
        let mut sets = self.sets.borrow_mut();
        if let Some(known) = sets.steps.get(&(set, c)) {
            return *known;
        }
        let mut next: Vec<u32> = Vec::new();
        for state in &sets.list[set as usize] {
            next.extend(self.steps[*state as usize].iter().filter(|(from, to, _)| (*from..=*to).contains(&c)).map(|step| step.2));
        }
        next.sort_unstable();
        next.dedup();
        let found = (!next.is_empty()).then(|| sets.number(next));
        sets.steps.insert((set, c), found);
        found
    }

    /// Whether a character between these two leads to where `count` more characters than before are enough.
    pub(crate) fn leads(&self, set: u32, from: char, to: char, enough: impl Fn(u32) -> bool) -> bool {
        let list = self.sets.borrow().list[set as usize].clone();
        let steps = list.iter().flat_map(|state| &self.steps[*state as usize]);
        steps.filter(|(first, last, _)| *first <= to && *last >= from).any(|(_, _, to)| enough(*to))
    }

    /// As [`Pattern::needs`], of one state.
    pub(crate) fn state_needs(&self, state: u32, count: usize) -> Option<u32> {
        let least = (self.needs.len() - 1).saturating_sub(count);
        Some(self.needs[least][state as usize]).filter(|needs| *needs != NEVER)
    }
}

impl Sets {
    fn number(&mut self, set: Vec<u32>) -> u32 {
        let next = self.list.len() as u32;
        *self.numbers.entry(set.clone()).or_insert_with(|| {
            self.list.push(set);
            next
        })
    }
}

impl Builder {
    fn state(&mut self) -> Result<u32, String> {
        if self.steps.len() >= MOST_STATES {
            return Err(format!("it is too large: it needs more than {MOST_STATES} states"));
        }
        self.steps.push(Vec::new());
        self.free.push(Vec::new());
        Ok(self.steps.len() as u32 - 1)
    }

    fn join(&mut self, from: u32, to: u32) {
        self.free[from as usize].push(to);
    }

    /// Any characters, however many.
    fn anything(&mut self, from: u32) -> Result<u32, String> {
        let to = self.state()?;
        self.join(from, to);
        self.steps[to as usize].push((' ', char::MAX, to));
        Ok(to)
    }

    fn add(&mut self, hir: &Hir, from: u32) -> Result<u32, String> {
        match hir.kind() {
            HirKind::Empty => Ok(from),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).map_err(|_| "it is of bytes, not of characters".to_string())?;
                text.chars().try_fold(from, |from, c| {
                    let to = self.state()?;
                    self.steps[from as usize].push((c, c, to));
                    Ok(to)
                })
            }
            HirKind::Class(Class::Unicode(class)) => {
                let to = self.state()?;
                let ranges = class.ranges().iter().map(|range| (range.start(), range.end(), to));
                self.steps[from as usize].extend(ranges);
                Ok(to)
            }
            HirKind::Class(Class::Bytes(class)) => {
                let to = self.state()?;
                let ranges = class.ranges().iter().map(|range| (char::from(range.start()), char::from(range.end()), to));
                self.steps[from as usize].extend(ranges);
                Ok(to)
            }
            HirKind::Look(_) => Err("`^` and `$` can be held at its beginning and end alone, and `\\b` not at all".into()),
            HirKind::Capture(capture) => self.add(&capture.sub, from),
            HirKind::Concat(parts) => parts.iter().try_fold(from, |from, part| self.add(part, from)),
            HirKind::Alternation(parts) => {
                let to = self.state()?;
                for part in parts {
                    let begin = self.state()?;
                    self.join(from, begin);
                    let end = self.add(part, begin)?;
                    self.join(end, to);
                }
                Ok(to)
            }
            HirKind::Repetition(repetition) => {
                let mut at = from;
                for _ in 0..repetition.min {
                    at = self.add(&repetition.sub, at)?;
                }
                match repetition.max {
                    None => {
                        let (begin, end) = (self.state()?, self.state()?);
                        self.join(at, begin);
                        let back = self.add(&repetition.sub, begin)?;
                        self.join(back, begin);
                        self.join(begin, end);
                        Ok(end)
                    }
                    Some(max) => {
                        let end = self.state()?;
                        self.join(at, end);
                        for _ in repetition.min..max {
                            let begin = self.state()?;
                            self.join(at, begin);
                            at = self.add(&repetition.sub, begin)?;
                            self.join(at, end);
                        }
                        Ok(end)
                    }
                }
            }
        }
    }

    /// The states that are reached over nothing, itself among them.
    fn reach(&self, from: u32) -> Vec<u32> {
        let (mut found, mut waiting) = (vec![from], vec![from]);
        while let Some(state) = waiting.pop() {
            for next in &self.free[state as usize] {
                if !found.contains(next) {
                    found.push(*next);
                    waiting.push(*next);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Steps over characters alone, to every state that is reached then.
    fn closed(&self) -> Vec<Vec<(char, char, u32)>> {
        let reach: Vec<Vec<u32>> = (0..self.steps.len() as u32).map(|state| self.reach(state)).collect();
        let all = |step: &(char, char, u32)| {
            let (from, to, target) = *step;
            reach[target as usize].iter().map(move |state| (from, to, *state)).collect::<Vec<_>>()
        };
        self.steps.iter().map(|steps| steps.iter().flat_map(all).collect()).collect()
    }
}

/// See [`Pattern::needs`]. A character that cannot be written in a string without `\u` is none.
fn needs(steps: &[Vec<(char, char, u32)>], last: u32, min: usize) -> Vec<Vec<u32>> {
    let usable = |(from, to, _): &(char, char, u32)| *to >= ' ' || ('\t'..='\n').any(|c| (*from..=*to).contains(&c));
    let mut nearest = vec![NEVER; steps.len()];
    nearest[last as usize] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for (state, steps) in steps.iter().enumerate() {
            let best = steps.iter().filter(|step| usable(step)).map(|step| nearest[step.2 as usize]).min().unwrap_or(NEVER);
            if best != NEVER && best + 1 < nearest[state] {
                nearest[state] = best + 1;
                changed = true;
            }
        }
    }
    let mut all = vec![nearest];
    for _ in 0..min {
        let before = &all[all.len() - 1];
        let one = |steps: &Vec<(char, char, u32)>| {
            let best = steps.iter().filter(|step| usable(step)).map(|step| before[step.2 as usize]).min().unwrap_or(NEVER);
            best.saturating_add(1)
        };
        all.push(steps.iter().map(one).collect());
    }
    all
}

/// `\d`, `\w` and `\s` mean the letters of ASCII in the schemas' regular expressions, and of `\s` the space alone is written. What
/// a class leaves out is all that any reader takes for white space.
fn plain_classes(pattern: &str) -> String {
    let (mut out, mut chars) = (String::with_capacity(pattern.len()), pattern.chars());
    let (mut inside, mut negated) = (false, false);
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next();
                let class = match next {
                    Some('d') => Some("0-9"),
                    Some('w') => Some("A-Za-z0-9_"),
                    Some('s') if inside && negated => Some(r"\s\u{feff}"),
                    Some('s') => Some(" "),
                    _ => None,
                };
                match (class, next) {
                    (Some(class), _) if inside => out.push_str(class),
                    (Some(class), _) => out.extend(["[", class, "]"]),
                    // Some escape letters that need it elsewhere alone.
                    (None, Some('/')) => out.push('/'),
                    (None, Some(c)) => out.extend(['\\', c]),
                    (None, None) => out.push('\\'),
                }
            }
            c => {
                match c {
                    '[' => {
                        negated = if inside { negated } else { chars.clone().next() == Some('^') };
                        inside = true;
                    }
                    ']' => inside = false,
                    _ => {}
                }
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(pattern: &Pattern, text: &str) -> bool {
        let end = text.chars().try_fold(Pattern::BEGIN, |set, c| pattern.step(set, c));
        end.is_some_and(|set| pattern.accepts(set))
    }

    #[test]
    fn patterns_tell_texts_apart() {
        let check = |pattern: &str, yes: &[&str], no: &[&str]| {
            let made = Pattern::new(pattern, 0).expect("a pattern");
            yes.iter().for_each(|text| assert!(accepts(&made, text), "{pattern} {text}"));
            no.iter().for_each(|text| assert!(!accepts(&made, text), "{pattern} {text}"));
        };
        assert!(Pattern::new("^[a-z]{2000}$", 1 << 20).map(drop).expect_err("too long").contains("too long"));
        check("^[a-z]{2,4}$", &["ab", "abcd"], &["a", "abcde", "aB"]);
        check("^\\d{4}-\\d\\d$", &["2024-11"], &["٢٠٢٤-11", "2024-1", "x2024-11"]);
        check("b+", &["b", "abba", "ab"], &["", "ac"]);
        check("^(a|bc)*x?$", &["", "abca", "bcx"], &["b", "xx"]);
        check("^[^/\\s]+/[\\w.-]+$", &["a/b.c", "ä/x"], &["a b/c", "/x", "a/"]);
        check("^[^\\s]+$", &["ab"], &["a b", "a\tb", "a\nb", "a\u{a0}b", "a\u{feff}b"]);
        check("^[\\sx]\\s$", &["x ", "  "], &["x\t", "\u{a0} "]);
        check("end$", &["the end", "end"], &["ends"]);
        check("^é.$", &["éa", "é本"], &["é", "ea"]);
    }

    #[test]
    fn it_is_known_how_many_characters_are_needed() {
        let needs = |pattern: &str, min: usize| Pattern::new(pattern, min).expect("a pattern").needs(Pattern::BEGIN, 0);
        assert_eq!(needs("^a{3,5}$", 0), Some(3));
        assert_eq!(needs("^a{3,5}$", 4), Some(4));
        assert_eq!(needs("^a{3,5}$", 6), None);
        assert_eq!(needs("^(ab)*$", 5), Some(6));
        assert_eq!(needs("x", 0), Some(1));
        assert_eq!(needs("^[\\x00-\\x08]$", 0), None, "such a character is not written");
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        for pattern in ["(", "a\\b", "x^y", "(?=a)", "(a{500}){500}", "(a)\\1"] {
            assert!(Pattern::new(pattern, 0).is_err(), "{pattern}");
        }
    }
}
