//! FlatBuffers, as far as Arrow's headers need them: tables of optional fields, found by offsets. Nothing is trusted: what would lie
//! outside is not there.

/// A table within the bytes of a message.
#[derive(Clone, Copy)]
pub(super) struct Flat<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Flat<'a> {
    pub(super) fn root(bytes: &'a [u8]) -> Option<Self> {
        let at = u32_at(bytes, 0)?;
        Flat { bytes, at: 0 }.at(at)
    }

    fn at(self, at: usize) -> Option<Self> {
        (at.checked_add(4)? <= self.bytes.len()).then_some(Flat { at, ..self })
    }

    /// Where a field lies; none: it has its default.
    fn field(&self, number: usize) -> Option<usize> {
        let back = i32::from_le_bytes(four(self.bytes, self.at)?);
        let vtable = usize::try_from(i64::try_from(self.at).ok()? - i64::from(back)).ok()?;
        let size = usize::from(u16_at(self.bytes, vtable)?);
        let slot = 4 + 2 * number;
        if slot + 2 > size {
            return None;
        }
        match u16_at(self.bytes, vtable.checked_add(slot)?)? {
            0 => None,
            offset => self.at.checked_add(usize::from(offset)),
        }
    }

    /// What a field's own offset leads to.
    fn follow(&self, number: usize) -> Option<usize> {
        let at = self.field(number)?;
        at.checked_add(u32_at(self.bytes, at)?)
    }

    pub(super) fn byte(&self, number: usize, default: u8) -> u8 {
        self.field(number).and_then(|at| self.bytes.get(at)).copied().unwrap_or(default)
    }

    pub(super) fn i16(&self, number: usize, default: i16) -> i16 {
        self.field(number).and_then(|at| u16_at(self.bytes, at)).map_or(default, u16::cast_signed)
    }

    pub(super) fn i32(&self, number: usize, default: i32) -> i32 {
        self.field(number).and_then(|at| four(self.bytes, at)).map_or(default, i32::from_le_bytes)
    }

    pub(super) fn i64(&self, number: usize, default: i64) -> i64 {
        self.field(number).and_then(|at| eight(self.bytes, at)).map_or(default, i64::from_le_bytes)
    }

    pub(super) fn table(&self, number: usize) -> Option<Flat<'a>> {
        self.at(self.follow(number)?)
    }

    pub(super) fn text(&self, number: usize) -> Option<&'a str> {
        let at = self.follow(number)?;
        let length = u32_at(self.bytes, at)?;
        std::str::from_utf8(self.bytes.get(at.checked_add(4)?..)?.get(..length)?).ok()
    }

    /// The tables of a vector of tables.
    pub(super) fn tables(&self, number: usize) -> Vec<Flat<'a>> {
        let (from, length) = self.vector(number).unwrap_or_default();
        let each = (0..length).map_while(|i| {
            let at = from.checked_add(i.checked_mul(4)?)?;
            self.at(at.checked_add(u32_at(self.bytes, at)?)?)
        });
        each.collect()
    }

    /// The elements of a vector of structs that are `words` integers of 64 bits each, end to end; none: it leads outside.
    pub(super) fn longs(&self, number: usize, words: usize) -> Option<Vec<i64>> {
        let Some((from, length)) = self.vector(number) else { return Some(Vec::new()) };
        let bytes = self.bytes.get(from..)?.get(..length.checked_mul(8)?.checked_mul(words)?)?;
        Some(bytes.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok()).map(i64::from_le_bytes).collect())
    }

    /// Where a vector's elements begin, and how many there are.
    fn vector(&self, number: usize) -> Option<(usize, usize)> {
        let at = self.follow(number)?;
        Some((at.checked_add(4)?, u32_at(self.bytes, at)?))
    }
}

fn four(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..)?.get(..4)?.try_into().ok()
}

fn eight(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    bytes.get(at..)?.get(..8)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..)?.get(..2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(four(bytes, at)?)).ok()
}
