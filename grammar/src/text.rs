//! Strings, byte by byte: their letters in UTF-8, the escapes of JSON, their length in characters and their pattern.

use crate::pattern::Pattern;

/// Which strings.
#[derive(Debug)]
pub(crate) struct Strings {
    /// Characters.
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) pattern: Option<Pattern>,
}

/// Where a string stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Text {
    phase: Phase,
    /// Characters so far.
    count: u32,
    /// Of the pattern.
    set: u32,
    /// The bits of a character that has begun, how many of its bytes are to come, and how many it has.
    bits: u32,
    left: u32,
    bytes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Closed,
    Open,
    Escape,
}

/// What a byte does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    On(Text),
    /// The closing quote.
    End,
}

impl Strings {
    pub(crate) fn step(&self, at: Text, byte: u8) -> Option<Step> {
        match (at.phase, byte) {
            (Phase::Closed, b'"') => Some(Step::On(Text { phase: Phase::Open, ..at })),
            (Phase::Closed, _) => None,
            (Phase::Escape, _) => {
                let c = match byte {
                    b'"' => '"',
                    b'\\' => '\\',
                    b'n' => '\n',
                    b't' => '\t',
                    _ => return None,
                };
                self.with(Text { phase: Phase::Open, ..at }, c)
            }
            (Phase::Open, _) if at.left > 0 => self.continued(at, byte),
            (Phase::Open, b'"') => self.is_whole(at).then_some(Step::End),
            (Phase::Open, b'\\') => {
                let any = ['"', '\\', '\n', '\t'].into_iter().any(|c| self.with(at, c).is_some());
                any.then_some(Step::On(Text { phase: Phase::Escape, ..at }))
            }
            (Phase::Open, 0x20..=0x7e) => self.with(at, char::from(byte)),
            (Phase::Open, 0xc2..=0xdf) => self.begun(at, u32::from(byte & 0x1f), 2),
            (Phase::Open, 0xe0..=0xef) => self.begun(at, u32::from(byte & 0x0f), 3),
            (Phase::Open, 0xf0..=0xf4) => self.begun(at, u32::from(byte & 0x07), 4),
            (Phase::Open, _) => None,
        }
    }

    fn is_whole(&self, at: Text) -> bool {
        at.count >= self.min && self.pattern.as_ref().is_none_or(|pattern| pattern.accepts(at.set))
    }

    /// A whole character more.
    fn with(&self, at: Text, c: char) -> Option<Step> {
        let set = match &self.pattern {
            None => 0,
            Some(pattern) => pattern.step(at.set, c)?,
        };
        let next = Text { count: at.count + 1, set, bits: 0, left: 0, bytes: 0, ..at };
        self.needs(next).map(|_| Step::On(next))
    }

    fn begun(&self, at: Text, bits: u32, bytes: u32) -> Option<Step> {
        let next = Text { bits, bytes, left: bytes - 1, ..at };
        self.may_end(next).then_some(Step::On(next))
    }

    fn continued(&self, at: Text, byte: u8) -> Option<Step> {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        let next = Text { bits: at.bits << 6 | u32::from(byte & 0x3f), left: at.left - 1, ..at };
        if next.left > 0 {
            return self.may_end(next).then_some(Step::On(next));
        }
        let least = [0, 0, 0x80, 0x800, 0x1_0000][next.bytes as usize];
        let c = char::from_u32(next.bits).filter(|_| next.bits >= least)?;
        self.with(next, c)
    }

    /// Whether a character that has begun can become one that is allowed.
    fn may_end(&self, at: Text) -> bool {
        if at.count >= self.max {
            return false;
        }
        let shift = 6 * at.left;
        let least = [0, 0, 0x80, 0x800, 0x1_0000][at.bytes as usize];
        let (from, to) = ((at.bits << shift).max(least), ((at.bits + 1) << shift).saturating_sub(1).min(0x10_ffff));
        // Half a pair is no character: those lie in one block.
        let from = if (0xd800..0xe000).contains(&from) { 0xe000 } else { from };
        let to = if (0xd800..0xe000).contains(&to) { 0xd7ff } else { to };
        let (Some(from), Some(to)) = (char::from_u32(from), char::from_u32(to)) else { return false };
        let room = self.max - at.count - 1;
        let count = at.count as usize + 1;
        from <= to
            && match &self.pattern {
                None => true,
                Some(pattern) => {
                    pattern.leads(at.set, from, to, |state| pattern.state_needs(state, count).is_some_and(|needs| needs <= room))
                }
            }
    }

    /// Characters that still have to come; none where there is no room for them.
    fn needs(&self, at: Text) -> Option<u32> {
        let room = self.max.checked_sub(at.count)?;
        let needs = match &self.pattern {
            None => self.min.saturating_sub(at.count),
            Some(pattern) => pattern.needs(at.set, at.count as usize)?,
        };
        (needs <= room).then_some(needs)
    }

    /// Bytes that still come at most on the shortest way to the closing quote, which is among them.
    pub(crate) fn cost(&self, at: Text) -> Option<u32> {
        // With a pattern a character may need an escape, or four bytes.
        let width = if self.pattern.is_some() { 4 } else { 1 };
        let open = |at: Text| self.needs(at).map(|needs| needs * width + 1);
        match at.phase {
            Phase::Closed => open(at).map(|cost| cost + 1),
            Phase::Open if at.left == 0 => open(at),
            Phase::Open | Phase::Escape => {
                let after = Text { count: at.count + 1, left: 0, phase: Phase::Open, ..at };
                let needs = match &self.pattern {
                    None => self.needs(after)?,
                    Some(pattern) => pattern.needs(at.set, at.count as usize).map(|needs| needs.max(1))?,
                };
                Some(at.left.max(1) + needs * width + 1)
            }
        }
    }

    /// Where every token of plain letters is allowed, whatever was written before: no pattern, enough characters and room for `letters`
    /// more.
    pub(crate) fn is_free(&self, at: Text, letters: u32) -> bool {
        self.pattern.is_none()
            && at.phase == Phase::Open
            && at.left == 0
            && at.count >= self.min
            && self.max - at.count >= letters
    }
}

impl Text {
    pub(crate) fn pack(self) -> [u64; 2] {
        let phase = self.phase as u64;
        let character = u64::from(self.bits) << 2 | u64::from(self.left) << 24 | u64::from(self.bytes) << 27;
        [phase | character | u64::from(self.set) << 32, u64::from(self.count)]
    }

    pub(crate) fn unpack([first, count]: [u64; 2]) -> Self {
        let phase = [Phase::Closed, Phase::Open, Phase::Escape][(first & 3) as usize % 3];
        let bits = |from: u32, count: u32| (first >> from & ((1 << count) - 1)) as u32;
        Text { phase, count: count as u32, set: (first >> 32) as u32, bits: bits(2, 22), left: bits(24, 3), bytes: bits(27, 3) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(strings: &Strings, json: &[u8]) -> bool {
        let mut at = Text::default();
        for (i, byte) in json.iter().enumerate() {
            match strings.step(at, *byte) {
                None => return false,
                Some(Step::End) => return i + 1 == json.len(),
                Some(Step::On(next)) => {
                    assert_eq!(Text::unpack(next.pack()), next);
                    at = next;
                }
            }
        }
        false
    }

    fn strings(min: u32, max: u32, pattern: Option<&str>) -> Strings {
        Strings { min, max, pattern: pattern.map(|pattern| Pattern::new(pattern, min as usize).expect("a pattern")) }
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        let two = strings(2, 3, None);
        for text in ["\"ab\"", "\"日本\"", "\"a\\n\"", "\"🎉é\"", "\"\\\"\\\\\\t\""] {
            assert!(accepts(&two, text.as_bytes()), "{text}");
        }
        for text in ["\"a\"", "\"abcd\"", "\"日本日本\"", "\"a\nb\"", "ab", "\"\\u0041b\"", "\"ab"] {
            assert!(!accepts(&two, text.as_bytes()), "{text}");
        }
        for bytes in
            [b"\"\xc0\x80a\"".as_slice(), b"\"\xed\xa0\x80a\"", b"\"\xf4\x90\x80\x80a\"", b"\"\xe0\x80\x80a\"", b"\"\xe6\x97\""]
        {
            assert!(!accepts(&two, bytes), "{bytes:?} is no UTF-8");
        }
    }

    #[test]
    fn patterns_are_of_what_the_text_means() {
        let quoted = strings(0, 10, Some("^\"[a-zé]+\"$"));
        assert!(accepts(&quoted, "\"\\\"aé\\\"\"".as_bytes()));
        assert!(!accepts(&quoted, "\"\\\"A\\\"\"".as_bytes()));
        assert!(!accepts(&strings(0, 3, Some("^a+$")), b"\"aaaa\""));
        // 0xc3 begins é, 0xc4 nothing that is allowed.
        let at = match quoted.step(Text { phase: Phase::Open, set: 0, ..Text::default() }, b'\\') {
            Some(Step::On(at)) => at,
            other => panic!("{other:?}"),
        };
        let Some(Step::On(at)) = quoted.step(at, b'"') else { panic!("a quote") };
        assert!(quoted.step(at, 0xc3).is_some() && quoted.step(at, 0xc4).is_none());
    }
}
