//! Python's pickle format, protocols 2 to 5, as far as it builds values: nothing that a stream names is ever looked up, made or called.
//! Calls stay what they are, [`Node::Call`], for the reader to make sense of.
//!
//! Values lie in one list and name each other by their place there. So a value that is used a million times is there once, and depth
//! costs no stack. Source: CPython's `pickletools`.

use std::collections::BTreeMap;
use std::io::Read;

/// No file of weights has a stream of so many values.
const MOST_NODES: usize = 4 << 20;
/// No name is longer.
const MOST_TEXT: usize = 1 << 20;

/// The place of a value in its [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(u32);

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Int(i128),
    Text(String),
    /// A list, too.
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function, by module and name.
    Global(String, String),
    /// What lies outside of the stream.
    Persistent(Id),
    /// A function or class with its arguments.
    Call(Id, Id),
    /// None, a truth value, a number that is not whole, bytes.
    Other,
}

/// What a stream holds.
#[derive(Debug)]
pub(super) struct Pickle {
    nodes: Vec<Node>,
    root: Id,
}

impl Pickle {
    /// One stream, up to its end.
    ///
    /// # Errors
    /// In words.
    pub(super) fn read(stream: &mut impl Read) -> Result<Self, String> {
        let mut machine = Machine { stream, nodes: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
        let root = machine.run()?;
        Ok(Pickle { nodes: machine.nodes, root })
    }

    pub(super) fn root(&self) -> Id {
        self.root
    }

    /// Of every value.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> {
        (0..self.nodes.len() as u32).map(Id)
    }

    pub(super) fn at(&self, id: Id) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&Node::Other)
    }

    pub(super) fn text(&self, id: Id) -> Option<&str> {
        if let Node::Text(text) = self.at(id) { Some(text) } else { None }
    }

    pub(super) fn whole(&self, id: Id) -> Option<u64> {
        if let Node::Int(n) = self.at(id) { u64::try_from(*n).ok() } else { None }
    }

    pub(super) fn tuple(&self, id: Id) -> Option<&[Id]> {
        if let Node::Tuple(items) = self.at(id) { Some(items) } else { None }
    }

    pub(super) fn dict(&self, id: Id) -> Option<&[(Id, Id)]> {
        if let Node::Dict(pairs) = self.at(id) { Some(pairs) } else { None }
    }

    pub(super) fn global(&self, id: Id) -> Option<(&str, &str)> {
        if let Node::Global(module, name) = self.at(id) { Some((module, name)) } else { None }
    }
}

struct Machine<'a, R> {
    stream: &'a mut R,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Id>,
}

impl<R: Read> Machine<'_, R> {
    fn run(&mut self) -> Result<Id, String> {
        loop {
            let [code] = self.bytes()?;
            match code {
                b'.' => return self.pop(),
                0x80 => {
                    let [version] = self.bytes()?;
                    if version > 5 {
                        return Err(format!("expected pickle protocol 2 to 5, found {version}"));
                    }
                }
                // A frame's length: nothing is read ahead.
                0x95 => drop(self.bytes::<8>()?),
                b'(' => self.marks.push(self.stack.len()),
                b'0' => drop(self.pop()?),
                b'1' => drop(self.to_mark()?),
                b'2' => {
                    let top = self.top()?;
                    self.stack.push(top);
                }
                b'q' | b'r' | 0x94 => self.put(code)?,
                b'h' | b'j' => self.get(code)?,
                b'K' | b'M' | b'J' | 0x8a => self.whole(code)?,
                b'X' | 0x8c | 0x8d | b'U' | b'T' | b'B' | b'C' => self.text(code)?,
                b'N' | 0x88 | 0x89 => self.push(Node::Other)?,
                b'G' => {
                    self.bytes::<8>()?;
                    self.push(Node::Other)?;
                }
                b')' | b']' => self.push(Node::Tuple(Vec::new()))?,
                b'}' => self.push(Node::Dict(Vec::new()))?,
                b't' | b'l' | 0x85 | 0x86 | 0x87 => self.collect(code)?,
                b'd' | b's' | b'u' => self.set(code)?,
                b'a' | b'e' => self.append(code)?,
                b'c' | 0x93 => self.global(code)?,
                b'Q' => {
                    let id = self.pop()?;
                    self.push(Node::Persistent(id))?;
                }
                b'R' | 0x81 => self.call()?,
                // An object's own fields: none is needed.
                b'b' => drop(self.pop()?),
                other => return Err(format!("it has the pickle operation {other:#04x}, which files of weights have not")),
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes).map_err(|e| format!("its list of tensors is cut off ({e})"))?;
        Ok(bytes)
    }

    fn push(&mut self, node: Node) -> Result<(), String> {
        if self.nodes.len() >= MOST_NODES {
            return Err(format!("it has more than {MOST_NODES} values beside its tensors"));
        }
        self.stack.push(Id(self.nodes.len() as u32));
        self.nodes.push(node);
        Ok(())
    }

    fn top(&self) -> Result<Id, String> {
        self.stack.last().copied().ok_or_else(empty)
    }

    fn pop(&mut self) -> Result<Id, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(empty());
        }
        self.stack.pop().ok_or_else(empty)
    }

    fn to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().ok_or_else(empty)?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// A length, then so many bytes.
    fn counted(&mut self, length: u64) -> Result<Vec<u8>, String> {
        if length > MOST_TEXT as u64 {
            return Err(format!("it has a text of {length} bytes in its list of tensors"));
        }
        let mut bytes = Vec::new();
        let read = self.stream.by_ref().take(length).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        if read as u64 == length { Ok(bytes) } else { Err("its list of tensors is cut off".into()) }
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        loop {
            match self.bytes()? {
                [b'\n'] => return Ok(String::from_utf8_lossy(&line).into_owned()),
                [byte] if line.len() < 4096 => line.push(byte),
                _ => return Err("it has a name without an end in its list of tensors".into()),
            }
        }
    }

    fn put(&mut self, code: u8) -> Result<(), String> {
        let key = match code {
            b'q' => self.bytes::<1>()?[0].into(),
            b'r' => u32::from_le_bytes(self.bytes()?),
            _ => self.memo.len() as u32,
        };
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn get(&mut self, code: u8) -> Result<(), String> {
        let key = if code == b'h' { self.bytes::<1>()?[0].into() } else { u32::from_le_bytes(self.bytes()?) };
        let id = *self.memo.get(&key).ok_or_else(|| format!("its list of tensors names value {key}, which is not there"))?;
        self.stack.push(id);
        // A stream may repeat a name without end, too.
        if self.stack.len() > MOST_NODES { Err(empty()) } else { Ok(()) }
    }

    fn whole(&mut self, code: u8) -> Result<(), String> {
        let value = match code {
            b'K' => self.bytes::<1>()?[0].into(),
            b'M' => u16::from_le_bytes(self.bytes()?).into(),
            b'J' => i32::from_le_bytes(self.bytes()?).into(),
            _ => {
                let [length] = self.bytes()?;
                let bytes = self.counted(length.into())?;
                if bytes.len() > 16 {
                    return self.push(Node::Other);
                }
                let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
                let mut wide = [if negative { 0xff } else { 0 }; 16];
                wide[..bytes.len()].copy_from_slice(&bytes);
                i128::from_le_bytes(wide)
            }
        };
        self.push(Node::Int(value))
    }

    fn text(&mut self, code: u8) -> Result<(), String> {
        let length = match code {
            0x8c | b'U' | b'C' => self.bytes::<1>()?[0].into(),
            0x8d => u64::from_le_bytes(self.bytes()?),
            _ => u32::from_le_bytes(self.bytes()?).into(),
        };
        let bytes = self.counted(length)?;
        match code {
            b'B' | b'C' => self.push(Node::Other),
            _ => self.push(Node::Text(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }

    fn collect(&mut self, code: u8) -> Result<(), String> {
        let items = match code {
            0x85..=0x87 => {
                let mut items = (0x85..=code).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
                items.reverse();
                items
            }
            _ => self.to_mark()?,
        };
        self.push(Node::Tuple(items))
    }

    fn set(&mut self, code: u8) -> Result<(), String> {
        let items = match code {
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.to_mark()?,
        };
        let pairs = items.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        if code == b'd' {
            return self.push(Node::Dict(pairs.collect()));
        }
        let at = self.top()?;
        if let Some(Node::Dict(own)) = self.nodes.get_mut(at.0 as usize) {
            own.extend(pairs);
        }
        Ok(())
    }

    fn append(&mut self, code: u8) -> Result<(), String> {
        let items = if code == b'a' { vec![self.pop()?] } else { self.to_mark()? };
        let at = self.top()?;
        if let Some(Node::Tuple(own)) = self.nodes.get_mut(at.0 as usize) {
            own.extend(items);
        }
        Ok(())
    }

    fn global(&mut self, code: u8) -> Result<(), String> {
        let (module, name) = match code {
            b'c' => (self.line()?, self.line()?),
            _ => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |id: Id| match self.nodes.get(id.0 as usize) {
                    Some(Node::Text(text)) => text.clone(),
                    _ => String::new(),
                };
                (text(module), text(name))
            }
        };
        self.push(Node::Global(module, name))
    }

    /// An ordered dictionary is one; every other call stays a call.
    fn call(&mut self) -> Result<(), String> {
        let (with, what) = (self.pop()?, self.pop()?);
        let ordered = matches!(self.nodes.get(what.0 as usize),
            Some(Node::Global(module, name)) if module == "collections" && name == "OrderedDict");
        self.push(if ordered { Node::Dict(Vec::new()) } else { Node::Call(what, with) })
    }
}

fn empty() -> String {
    "its list of tensors is damaged".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_calls_stay_calls() {
        // {'a': (1, -2), 'b': os.system('x')} by protocol 2.
        let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01J\xfe\xff\xff\xff\x86X\x01\x00\x00\x00bcos\nsystem\nX\x01\x00\x00\x00x\x85Ru.";
        let read = Pickle::read(&mut &bytes[..]).expect("read");
        let pairs = read.dict(read.root()).expect("a dictionary");
        assert_eq!(read.text(pairs[0].0), Some("a"));
        let tuple = read.tuple(pairs[0].1).expect("a tuple");
        assert_eq!((read.whole(tuple[0]), read.whole(tuple[1]), read.at(tuple[1])), (Some(1), None, &Node::Int(-2)));
        let Node::Call(what, _) = read.at(pairs[1].1) else { panic!("{:?}", read.at(pairs[1].1)) };
        assert_eq!(read.global(*what), Some(("os", "system")));
    }

    #[test]
    fn what_is_damaged_or_endless_is_told() {
        let deep = [&b"\x80\x02)"[..], &vec![0x85; 1 << 20], b"."].concat();
        assert!(Pickle::read(&mut &deep[..]).is_ok(), "depth costs no stack");
        let endless = [&b"\x80\x02)"[..], &b"q\x00h\x00\x86".repeat(1 << 20), b"."].concat();
        assert!(Pickle::read(&mut &endless[..]).is_ok(), "what is named twice is there once");
        let many = vec![b'N'; MOST_NODES + 1];
        let cases: [(&[u8], &str); 7] = [
            (b"\x80\x09.", "protocol"),
            (b"\x80\x02X\xff\xff\xff\xffab.", "text of"),
            (b"\x80\x02h\x05.", "value 5"),
            (b"\x80\x02t.", "damaged"),
            (b"\x80\x02i.", "0x69"),
            (b"\x80\x02", "cut off"),
            (&many, "more than"),
        ];
        for (bytes, expected) in cases {
            let told = Pickle::read(&mut &bytes[..]).map(drop).expect_err(expected);
            assert!(told.contains(expected), "{told}");
        }
    }
}
