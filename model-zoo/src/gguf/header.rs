//! The header of a GGUF file, read as what it may be: damaged or made to harm.

use super::{Error, Place, Result, Value};
use std::io::{BufReader, Read, Seek};

/// The header while it is read: no step goes behind the file's end.
pub(super) struct Header<R> {
    pub(super) file: BufReader<R>,
    pub(super) at: u64,
    pub(super) len: u64,
}

/// The longest name or text that is kept.
const LONGEST_TEXT: u64 = 1 << 20;

impl<R: Read + Seek> Header<R> {
    fn damaged(&self, what: &str, expected: impl Into<String>, found: impl ToString) -> Error {
        Error::Damaged { what: what.into(), at: self.at, expected: expected.into(), found: found.to_string() }
    }

    fn left(&self) -> u64 {
        self.len.saturating_sub(self.at)
    }

    pub(super) fn bytes<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        if self.left() < N as u64 {
            return Err(self.damaged(what, format!("{N} bytes"), format!("{} left", self.left())));
        }
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32> {
        Ok(u32::from_le_bytes(self.bytes(what)?))
    }

    fn u64(&mut self, what: &str) -> Result<u64> {
        Ok(u64::from_le_bytes(self.bytes(what)?))
    }

    /// How many things follow, each of at least `least` bytes.
    pub(super) fn count(&mut self, what: &str, least: u64) -> Result<u64> {
        let count = self.u64(what)?;
        match count.checked_mul(least).filter(|bytes| *bytes <= self.left()) {
            Some(_) => Ok(count),
            None => Err(self.damaged(what, format!("as many as fit into the {} bytes that are left", self.left()), count)),
        }
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        // `count` has seen that they are there.
        self.file.seek_relative(bytes as i64)?;
        self.at += bytes;
        Ok(())
    }

    pub(super) fn text(&mut self, what: &str) -> Result<String> {
        let len = self.count(what, 1)?;
        if len > LONGEST_TEXT {
            return Err(self.damaged(what, format!("at most {LONGEST_TEXT} bytes"), len));
        }
        let mut bytes = vec![0; len as usize];
        self.file.read_exact(&mut bytes)?;
        self.at += len;
        String::from_utf8(bytes).map_err(|_| self.damaged(what, "text in UTF-8", "other bytes"))
    }

    pub(super) fn value(&mut self, key: &str, kind: u32, depth: usize) -> Result<Value> {
        Ok(match kind {
            0 => Value::Whole(u64::from(u8::from_le_bytes(self.bytes(key)?))),
            1 => signed(i64::from(i8::from_le_bytes(self.bytes(key)?))),
            2 => Value::Whole(u64::from(u16::from_le_bytes(self.bytes(key)?))),
            3 => signed(i64::from(i16::from_le_bytes(self.bytes(key)?))),
            4 => Value::Whole(u64::from(self.u32(key)?)),
            5 => signed(i64::from(i32::from_le_bytes(self.bytes(key)?))),
            6 => Value::Number(f64::from(f32::from_le_bytes(self.bytes(key)?))),
            7 => Value::Flag(self.bytes::<1>(key)? != [0]),
            // Chat templates are long.
            8 => Value::Text(self.text(key)?),
            9 => self.list(key, depth)?,
            10 => Value::Whole(self.u64(key)?),
            11 => signed(i64::from_le_bytes(self.bytes(key)?)),
            12 => Value::Number(f64::from_le_bytes(self.bytes(key)?)),
            other => return Err(self.damaged(key, "a type from 0 to 12", other)),
        })
    }

    /// Reads a tokenizer's list, and passes over another.
    fn list(&mut self, key: &str, depth: usize) -> Result<Value> {
        if depth > 3 {
            return Err(self.damaged(key, "lists within lists, three deep at most", "more"));
        }
        let kind = self.u32(key)?;
        if key.starts_with("tokenizer.ggml.") && [4, 5, 6, 8].contains(&kind) {
            let count = self.count(key, if kind == 8 { 8 } else { 4 })?;
            if kind == 8 {
                return Ok(Value::Texts((0..count).map(|_| self.text(key)).collect::<Result<_>>()?));
            }
            let mut number = || {
                let bytes = self.bytes::<4>(key)?;
                Ok(match kind {
                    4 => f64::from(u32::from_le_bytes(bytes)),
                    5 => f64::from(i32::from_le_bytes(bytes)),
                    _ => f64::from(f32::from_le_bytes(bytes)),
                })
            };
            return Ok(Value::Numbers((0..count).map(|_| number()).collect::<Result<_>>()?));
        }
        let size = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            10..=12 => 8,
            8 => {
                for _ in 0..self.count(key, 8)? {
                    let len = self.count(key, 1)?;
                    self.skip(len)?;
                }
                return Ok(Value::List);
            }
            9 => {
                for _ in 0..self.count(key, 12)? {
                    self.list(key, depth + 1)?;
                }
                return Ok(Value::List);
            }
            other => return Err(self.damaged(key, "a type from 0 to 12", other)),
        };
        let count = self.count(key, size)?;
        self.skip(count * size)?;
        Ok(Value::List)
    }

    pub(super) fn place(&mut self, name: &str) -> Result<Place> {
        let rank = self.u32(name)?;
        if rank > 4 {
            return Err(self.damaged(name, "at most 4 dimensions", rank));
        }
        let mut shape = Vec::with_capacity(rank as usize);
        for _ in 0..rank {
            let dim = self.u64(name)?;
            shape.push(usize::try_from(dim).map_err(|_| self.damaged(name, "a dimension", dim))?);
        }
        // Files have the dimension first whose elements are neighbours.
        shape.reverse();
        Ok(Place { shape, kind: self.u32(name)?, offset: self.u64(name)? })
    }
}

fn signed(n: i64) -> Value {
    u64::try_from(n).map_or(Value::Negative(n), Value::Whole)
}
