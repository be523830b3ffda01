//! The tokens of a model as bytes, in a tree by their beginnings.

/// Which tokens are allowed: a bit each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    bits: Vec<u64>,
}

impl Mask {
    pub(crate) fn none(tokens: usize) -> Self {
        Mask { bits: vec![0; tokens.div_ceil(64)] }
    }

    pub(crate) fn add(&mut self, token: u32) {
        self.bits[token as usize / 64] |= 1 << (token % 64);
    }

    pub(crate) fn add_all(&mut self, other: &Mask) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(own, other)| *own |= other);
    }

    pub fn has(&self, token: u32) -> bool {
        self.bits.get(token as usize / 64).is_some_and(|bits| bits >> (token % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        self.bits.iter().all(|bits| *bits == 0)
    }

    /// The tokens, in order.
    pub fn tokens(&self) -> impl Iterator<Item = u32> + '_ {
        self.bits.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros();
                    left &= left - 1;
                    word as u32 * 64 + bit
                })
            })
        })
    }
}

/// Tokens as a tree: its nodes in the order in which a walk meets them.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) byte: u8,
    /// The first node that is no longer below this one.
    pub(crate) end: u32,
    pub(crate) token: Option<u32>,
}

/// In bytes.
const LONGEST: usize = 1024;

impl Tree {
    /// Of tokens by their bytes, sorted.
    fn new(tokens: &[(&[u8], u32)]) -> Self {
        let mut tree = Tree::default();
        // One level of the stack a byte: what is longer is no token that anybody would want written.
        let tokens: Vec<(&[u8], u32)> = tokens.iter().copied().filter(|(bytes, _)| bytes.len() <= LONGEST).collect();
        tree.grow(&tokens, 0);
        tree
    }

    fn grow(&mut self, tokens: &[(&[u8], u32)], depth: usize) {
        for group in tokens.chunk_by(|a, b| a.0[depth] == b.0[depth]) {
            let at = self.nodes.len();
            // Of tokens of the same bytes the first is enough.
            let own = group.iter().take_while(|(bytes, _)| bytes.len() == depth + 1).count();
            self.nodes.push(Node { byte: group[0].0[depth], end: 0, token: group[..own].first().map(|(_, token)| *token) });
            self.grow(&group[own..], depth + 1);
            self.nodes[at].end = self.nodes.len() as u32;
        }
    }

    /// The tokens that `bytes` begin with, each with its length.
    fn beginnings<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = (usize, u32)> + 'a {
        let (mut at, mut end) = (0, self.nodes.len());
        bytes
            .iter()
            .enumerate()
            .map_while(move |(i, byte)| {
                while at < end && self.nodes[at].byte != *byte {
                    at = self.nodes[at].end as usize;
                }
                let node = self.nodes[..end].get(at)?;
                end = node.end as usize;
                at += 1;
                Some((i + 1, node.token))
            })
            .filter_map(|(length, token)| Some((length, token?)))
    }
}

/// The tokens of a model.
#[derive(Debug)]
pub struct Vocabulary {
    bytes: Vec<Vec<u8>>,
    ends: Vec<u32>,
    pub(crate) all: Tree,
    /// Those that are not letters of a string alone.
    pub(crate) special: Tree,
    /// Those that are, and the characters of the longest.
    pub(crate) plain: Mask,
    pub(crate) longest_plain: u32,
}

impl Vocabulary {
    /// `bytes`: what each token writes, in order; nothing for one that is never to be written. `ends`: tokens that end a text.
    pub fn new(bytes: Vec<Vec<u8>>, ends: Vec<u32>) -> Self {
        let usable = |id: &u32| !ends.contains(id) && !bytes[*id as usize].is_empty();
        let mut sorted: Vec<(&[u8], u32)> =
            (0..bytes.len() as u32).filter(usable).map(|id| (&bytes[id as usize][..], id)).collect();
        sorted.sort_unstable();
        let letters = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).ok()?;
            let plain = text.chars().all(|c| c >= ' ' && !['"', '\\', '\u{7f}'].contains(&c));
            plain.then(|| text.chars().count() as u32)
        };
        let (mut plain, mut longest_plain) = (Mask::none(bytes.len()), 0);
        let mut special = Vec::new();
        for (bytes, id) in &sorted {
            match letters(bytes) {
                Some(count) => {
                    plain.add(*id);
                    longest_plain = longest_plain.max(count);
                }
                None => special.push((*bytes, *id)),
            }
        }
        let (all, special) = (Tree::new(&sorted), Tree::new(&special));
        Vocabulary { all, special, plain, longest_plain, ends, bytes }
    }

    /// Tokens in all.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Tokens that end a text.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// What a token writes.
    pub fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], |bytes| bytes)
    }

    /// The fewest tokens that write `bytes` from each place on; none where they cannot.
    pub(crate) fn fewest(&self, bytes: &[u8]) -> Vec<Option<u32>> {
        let mut fewest = vec![None; bytes.len() + 1];
        fewest[bytes.len()] = Some(0);
        for at in (0..bytes.len()).rev() {
            let next = self.all.beginnings(&bytes[at..]).filter_map(|(length, _)| fewest[at + length]);
            fewest[at] = next.min().map(|tokens: u32| tokens + 1);
        }
        fewest
    }

    /// The longest token each time, and where each begins.
    pub(crate) fn greedy(&self, bytes: &[u8]) -> Vec<(usize, u32)> {
        let (mut at, mut tokens) = (0, Vec::new());
        while at < bytes.len() {
            let Some((length, token)) = self.all.beginnings(&bytes[at..]).last() else { break };
            tokens.push((at, token));
            at += length;
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_by_their_beginnings() {
        let words = ["", "a", "ab", "abc", "b", "bc", "é", "\"", "a", "c\""];
        let vocabulary = Vocabulary::new(words.iter().map(|word| word.as_bytes().to_vec()).collect(), vec![4]);
        let found: Vec<_> = vocabulary.all.beginnings(b"abcd").collect();
        assert_eq!(found, [(1, 1), (2, 2), (3, 3)], "of two tokens of the same bytes the first");
        assert_eq!(vocabulary.fewest(b"abcbc"), [Some(2), Some(2), None, Some(1), None, Some(0)]);
        assert_eq!(vocabulary.greedy(b"ababc"), [(0, 2), (2, 3)]);
        assert_eq!(vocabulary.plain.tokens().collect::<Vec<_>>(), [1, 2, 3, 5, 6, 8]);
        assert_eq!(vocabulary.longest_plain, 3);
        assert!(!vocabulary.plain.has(7) && vocabulary.plain.has(6) && !vocabulary.plain.has(1000));
    }
}
