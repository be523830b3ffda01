//! Counter-based random streams: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//!
//! A run has one seed. It splits by name and number into streams, and a stream is addressed by index: the bits of element
//! `i` depend on nothing but the stream's key and `i`. So resuming, the number of threads and the order of calls change nothing.

use crate::simd::vectorised;

/// A random stream: a 64-bit key. Copying it costs nothing, and reading it does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    key: u64,
}

impl Stream {
    /// The stream that all others of a run are split from.
    pub fn root(seed: u64) -> Self {
        Stream { key: mix(seed ^ 0x7461_6c6c_6f77_0001) }
    }

    /// The child stream of that name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        // FNV-1a over the bytes, then mixed with the parent's key.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Stream { key: mix(self.key ^ mix(hash)) }
    }

    /// The child stream of that number (a step, an epoch, an example).
    #[must_use]
    pub fn at(self, index: u64) -> Self {
        Stream { key: mix(self.key.rotate_left(32) ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))) }
    }

    /// Four random words for block `block`; element `i` of a tensor is word `i % 4` of block `i / 4`.
    #[inline]
    pub fn block(self, block: u64) -> [u32; 4] {
        let mut counter = [block as u32, (block >> 32) as u32, 0, 0];
        let mut key = [self.key as u32, (self.key >> 32) as u32];
        for _ in 0..10 {
            let p0 = u64::from(counter[0]) * 0xD251_1F53;
            let p1 = u64::from(counter[2]) * 0xCD9E_8D57;
            counter = [(p1 >> 32) as u32 ^ counter[1] ^ key[0], p1 as u32, (p0 >> 32) as u32 ^ counter[3] ^ key[1], p0 as u32];
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        counter
    }

    /// 32 random bits of element `index`.
    #[inline]
    pub fn bits(self, index: u64) -> u32 {
        self.block(index / 4)[(index % 4) as usize]
    }

    /// Uniform in `[0, 1)` with 24 bits, of element `index`.
    #[inline]
    pub fn uniform(self, index: u64) -> f32 {
        (self.bits(index) >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Uniform integer in `0..bound` of element `index` (multiply-shift; the bias is below 2^-32 * bound). `bound` must not be 0.
    #[inline]
    pub fn below(self, index: u64, bound: usize) -> usize {
        let [a, b, ..] = self.at(index).block(0);
        let word = u64::from(a) << 32 | u64::from(b);
        ((u128::from(word) * bound as u128) >> 64) as usize
    }

    /// For elements `4 * block ..`: `scale` where the element's [`Stream::uniform`] is at least `p`, else 0. Vectorised.
    pub(crate) fn keep(self, block: u64, p: f32, scale: f32, out: &mut [f32]) {
        fill_keep(self, block, Self::drop_limit(p), scale, out);
    }

    /// What an element's upper 24 bits must reach for its [`Stream::uniform`] to be at least `p`.
    pub(crate) fn drop_limit(p: f32) -> u32 {
        (f64::from(p) * f64::from(1u32 << 24)).ceil() as u32
    }

    /// The key, for a device that computes blocks itself.
    #[cfg(device_kernels)]
    pub(crate) fn key(self) -> u64 {
        self.key
    }

    /// The words of 16 blocks, by word and then by block.
    #[inline(always)]
    fn blocks(self, first: u64) -> [[u32; WIDE]; 4] {
        let mut counter = [[0u32; WIDE]; 4];
        let [low, high, ..] = &mut counter;
        for (block, (low, high)) in (0..).zip(low.iter_mut().zip(high)) {
            let block = first.wrapping_add(block);
            (*low, *high) = (block as u32, (block >> 32) as u32);
        }
        let mut key = [self.key as u32, (self.key >> 32) as u32];
        for _ in 0..10 {
            let mut next = [[0u32; WIDE]; 4];
            for i in 0..WIDE {
                let p0 = u64::from(counter[0][i]) * 0xD251_1F53;
                let p1 = u64::from(counter[2][i]) * 0xCD9E_8D57;
                next[0][i] = (p1 >> 32) as u32 ^ counter[1][i] ^ key[0];
                next[1][i] = p1 as u32;
                next[2][i] = (p0 >> 32) as u32 ^ counter[3][i] ^ key[1];
                next[3][i] = p0 as u32;
            }
            counter = next;
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        counter
    }

    /// Standard normal of element `index` (Box-Muller in float64, one draw a block).
    pub fn normal(self, index: u64) -> f32 {
        let [a, b, c, d] = self.block(index);
        let unit = |hi: u32, lo: u32| ((u64::from(hi) << 21 ^ u64::from(lo) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (u, v) = (unit(a, b), unit(c, d));
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// A random order of `0..n` (Fisher-Yates). Narrow numbers: there may be very many.
    pub fn permutation(self, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, self.below(i as u64, i + 1));
        }
        order
    }
}

/// Blocks that are drawn side by side.
const WIDE: usize = 16;

vectorised! {
    fn fill_keep(stream: Stream, block: u64, limit: u32, scale: f32, out: &mut [f32]) {
        for (group, out) in (0u64..).zip(out.chunks_mut(4 * WIDE)) {
            let words = stream.blocks(block.wrapping_add(group * WIDE as u64));
            let mut kept = [0f32; 4 * WIDE];
            for (word, drawn) in words.iter().enumerate() {
                let mine = kept.iter_mut().skip(word).step_by(4);
                mine.zip(drawn).for_each(|(k, bits)| *k = if bits >> 8 >= limit { scale } else { 0.0 });
            }
            out.copy_from_slice(&kept[..out.len()]);
        }
    }
}

/// The finaliser of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the Random123 distribution's kat_vectors for philox4x32-10.
    #[test]
    fn philox_known_answers() {
        assert_eq!(Stream { key: 0 }.block(0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    }

    #[test]
    fn streams_are_addressable_and_apart() {
        let root = Stream::root(7);
        assert_eq!(root.named("a").bits(5), root.named("a").bits(5));
        assert_ne!(root.named("a"), root.named("b"));
        assert_ne!(root.at(0), root.at(1));
        assert_ne!(root.named("a").at(1), root.at(1).named("a"));
    }

    #[test]
    fn kept_elements_are_those_of_uniform() {
        let stream = Stream::root(9);
        for (first, n, p) in [(0, 1, 0.5), (3, 63, 0.1), (0, 64, 0.9), (u64::from(u32::MAX) - 2, 200, 0.3), (7, 1000, 0.0)] {
            let mut out = vec![7.0; n];
            stream.keep(first, p, 2.0, &mut out);
            let expected = (0..n as u64).map(|i| if stream.uniform(4 * first + i) >= p { 2.0 } else { 0.0 });
            assert_eq!(out, expected.collect::<Vec<f32>>(), "{n} from {first}");
        }
    }

    #[test]
    fn moments_are_right() {
        let (s, n) = (Stream::root(3), 100_000u64);
        let mean = (0..n).map(|i| f64::from(s.uniform(i))).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let normal: Vec<f64> = (0..n).map(|i| f64::from(s.normal(i))).collect();
        let mean = normal.iter().sum::<f64>() / n as f64;
        let var = normal.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.02 && (var - 1.0).abs() < 0.02, "{mean} {var}");
    }

    #[test]
    fn permutation_holds_each_once() {
        let mut p = Stream::root(1).permutation(1000);
        assert_ne!(p[..10], (0..10).collect::<Vec<_>>()[..]);
        p.sort_unstable();
        assert_eq!(p, (0..1000).collect::<Vec<_>>());
    }
}
