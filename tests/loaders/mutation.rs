//! Mutations of a valid file, and what must hold of whoever reads it.

use super::memory;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Mutation {
    Cut(Index),
    Flip(Index, u8),
    Set(Index, u8),
    /// A number of so many bytes, in either order.
    Number(Index, usize, u64, bool),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    /// A part again, so many times.
    Repeat(Index, Index, usize),
    /// The value, number or name at a place becomes another.
    Replace(Index, &'static [u8]),
    /// So many brackets.
    Nest(Index, &'static [u8], usize),
    /// A part from elsewhere.
    Copy(Index, Index, Index),
}

const NUMBERS: [u64; 12] =
    [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, 1 << 40, i64::MAX as u64, u64::MAX];

const VALUES: [&[u8]; 24] = [
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"NaN",
    b"18446744073709551616",
    b"9223372036854775807",
    b"-9223372036854775809",
    b"4294967296",
    b"\"\"",
    b"\"x\"",
    b"\"\\ud800\"",
    b"[]",
    b"{}",
    b"[1]",
    b"{\"a\":1}",
    b"\"\\u0000\"",
    b"\xff\xfe",
    b"\xe2\x80\xa8",
    b"\r",
    b"1_000",
];

const BRACKETS: [&[u8]; 6] = [b"[", b"{\"a\":", b"{", b"\"", b"(", b"\n- "];

fn mutation(kind: Kind) -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    let anywhere = prop_oneof![
        1 => index().prop_map(Mutation::Cut),
        3 => (index(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        2 => (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..16)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        1 => (index(), index()).prop_map(|(from, to)| Mutation::Remove(from, to)),
        1 => (index(), index(), 2usize..50).prop_map(|(from, to, times)| Mutation::Repeat(from, to, times)),
        1 => (index(), index(), index()).prop_map(|(from, to, at)| Mutation::Copy(from, to, at)),
    ];
    let own = match kind {
        Kind::Text => prop_oneof![
            4 => (index(), prop::sample::select(&VALUES[..])).prop_map(|(at, value)| Mutation::Replace(at, value)),
            1 => (index(), prop::sample::select(&BRACKETS[..]), prop::sample::select(&[10usize, 1000, 100_000][..]))
                .prop_map(|(at, bracket, times)| Mutation::Nest(at, bracket, times)),
        ]
        .boxed(),
        Kind::Binary => {
            (index(), prop::sample::select(&[1usize, 2, 4, 8][..]), prop::sample::select(&NUMBERS[..]), any::<bool>())
                .prop_map(|(at, width, number, big)| Mutation::Number(at, width, number, big))
                .boxed()
        }
    };
    prop_oneof![3 => anywhere, 2 => own]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        let range = |a: &Index, b: &Index| {
            let (a, b) = (a.index(len), b.index(len));
            a.min(b)..a.max(b)
        };
        match self {
            Mutation::Cut(at) => bytes.truncate(at.index(len)),
            Mutation::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Mutation::Set(at, byte) => bytes[at.index(len)] = *byte,
            Mutation::Number(at, width, number, big) => {
                let at = early(at, len);
                let number =
                    if *big { number.to_be_bytes()[8 - width..].to_vec() } else { number.to_le_bytes()[..*width].to_vec() };
                bytes.iter_mut().skip(at).zip(number).for_each(|(to, from)| *to = from);
            }
            Mutation::Insert(at, new) => drop(bytes.splice(at.index(len)..at.index(len), new.iter().copied())),
            Mutation::Remove(from, to) => drop(bytes.drain(range(from, to))),
            Mutation::Repeat(from, to, times) => {
                let range = range(from, to);
                let part = &bytes[range.start..range.end.min(range.start + 4096)].repeat(*times);
                bytes.splice(range.end..range.end, part.iter().copied());
            }
            Mutation::Replace(at, value) => drop(bytes.splice(word(bytes, at.index(len)), value.iter().copied())),
            Mutation::Nest(at, bracket, times) => {
                drop(bytes.splice(at.index(len)..at.index(len), bracket.repeat(*times)));
            }
            Mutation::Copy(from, to, at) => {
                let range = range(from, to);
                let part = bytes[range.start..range.end.min(range.start + 4096)].to_vec();
                bytes.iter_mut().skip(at.index(len)).zip(part).for_each(|(to, from)| *to = from);
            }
        }
    }
}

/// Every other time near the start, where headers are; every fourth near the end, where Parquet has its own.
fn early(at: &Index, len: usize) -> usize {
    let place = at.index(4 * len);
    match place % 4 {
        0 | 1 => (place / 4) % len.min(256),
        2 => len - 1 - (place / 4) % len.min(512),
        _ => place / 4,
    }
}

/// The run of letters, digits and marks of numbers, or the quoted text, that a place lies in.
fn word(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let inside = |b: u8| b.is_ascii_alphanumeric() || b"+-._".contains(&b) || b >= 0x80;
    let start = bytes[..at].iter().rposition(|b| !inside(*b)).map_or(0, |i| i + 1);
    let end = bytes[at..].iter().position(|b| !inside(*b)).map_or(bytes.len(), |i| at + i);
    let quoted = start > 0 && bytes[start - 1] == b'"' && bytes.get(end) == Some(&b'"');
    if quoted { start - 1..end + 1 } else { start..end.max(start) }
}

/// What reading any small file may ask for at once.
const MOST_BYTES: usize = 256 << 20;

/// One loader at a time, so that memory is counted for whoever asked for it.
static TURN: Mutex<()> = Mutex::new(());

/// Reads the file as it is, which must do; then mutated, which must end as a value or an error in words.
pub(crate) fn check(name: &str, kind: Kind, valid: &[u8], read: &dyn Fn(&[u8]) -> Result<(), String>) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    read(valid).unwrap_or_else(|error| panic!("{name}: the valid file: {error}"));
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (mut refused, begun) = (0, std::time::Instant::now());
    let refusals = std::cell::RefCell::new(&mut refused);
    let result = runner.run(&prop::collection::vec(mutation(kind), 1..5), |mutations| {
        let mut bytes = valid.to_vec();
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        memory::take_largest();
        let read = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        let largest = memory::take_largest();
        let shown = || String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
        if largest > MOST_BYTES + 64 * bytes.len() {
            return Err(TestCaseError::fail(format!("{largest} bytes of memory for a file of {}: {}", bytes.len(), shown())));
        }
        match read {
            Err(_) => Err(TestCaseError::fail(format!("it panicked: {}", shown()))),
            Ok(Err(error)) if error.trim().is_empty() => Err(TestCaseError::fail("an error without words".to_string())),
            Ok(Err(_)) => {
                **refusals.borrow_mut() += 1;
                Ok(())
            }
            Ok(Ok(())) => Ok(()),
        }
    });
    if let Err(error) = result {
        panic!("{name}: {error}");
    }
    println!("{name}: {refused} of {cases} mutated files refused, in {:.1?}", begun.elapsed());
}
