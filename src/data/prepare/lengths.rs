//! How long a split's texts are, counted as they pass.

use crate::job::LengthBin;

/// Counts of texts by their tokens, in bins that grow: those up to 4, 6, 8, 12, 16, 24 and so on.
#[derive(Default)]
pub(super) struct Lengths(Vec<u64>);

/// The longest text of a bin.
fn most(bin: usize) -> usize {
    let doubled = 4usize.checked_shl((bin / 2) as u32).unwrap_or(usize::MAX);
    if bin.is_multiple_of(2) { doubled } else { doubled.saturating_add(doubled / 2) }
}

impl Lengths {
    pub(super) fn add(&mut self, tokens: usize) {
        let bin = (0..).find(|bin| tokens <= most(*bin)).unwrap_or(0);
        if self.0.len() <= bin {
            self.0.resize(bin + 1, 0);
        }
        self.0[bin] += 1;
    }

    /// From the first bin that has texts to the last; none of none.
    pub(super) fn bins(&self) -> Vec<LengthBin> {
        let bins = self.0.iter().enumerate().map(|(bin, texts)| LengthBin { most: most(bin), texts: *texts });
        bins.skip_while(|bin| bin.texts == 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_a_bin_and_bins_grow() {
        let mut lengths = Lengths::default();
        [5, 6, 7, 24, 25, 5].into_iter().for_each(|tokens| lengths.add(tokens));
        let bins: Vec<(usize, u64)> = lengths.bins().iter().map(|bin| (bin.most, bin.texts)).collect();
        assert_eq!(bins, [(6, 3), (8, 1), (12, 0), (16, 0), (24, 1), (32, 1)]);
        assert_eq!(Lengths::default().bins(), []);
        lengths.add(usize::MAX);
        assert_eq!(lengths.bins().last().map(|bin| bin.texts), Some(1));
    }
}
