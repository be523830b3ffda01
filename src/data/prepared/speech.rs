//! Recordings, as log-mel spectrograms, and what is said in them.

use super::{PreparedTexts, TRANSCRIPTS, Verbatim};
use crate::data::mapped::{Elements, TensorFile};

/// Log-mel spectrograms of all recordings, end to end, without the silence behind each.
#[derive(Debug)]
pub struct PreparedSpeech {
    values: Elements<f32>,
    /// Frames before each recording; one more entry for the end.
    offsets: Elements<u64>,
    /// What stands in the frames behind each recording.
    silence: Elements<f32>,
    mel_bins: usize,
    /// Of every recording, silence included.
    frames: usize,
}

/// What is said in each recording.
#[derive(Debug)]
pub struct PreparedTranscripts {
    /// With the tokens that every text begins with, and its end.
    texts: PreparedTexts,
    /// What a decoder is fed with before a text's first token, and what each text ends with.
    pub begin: u32,
    pub end: u32,
    /// Tokens that every text begins with.
    pub forced: usize,
    /// Of each example what the recording is called, and its text as it stands in the data.
    pub words: Verbatim,
}

impl PreparedSpeech {
    /// Mel bins and frames of every recording.
    pub fn shape(&self) -> [usize; 2] {
        [self.mel_bins, self.frames]
    }

    /// Writes recording `i`, `[mel bins, frames]`, into as many elements. Panics where there is none.
    pub fn copy(&self, i: usize, to: &mut [f32]) {
        let (start, end) = (self.offsets[i] as usize, self.offsets[i + 1] as usize);
        let own = end - start;
        let values = &self.values[start * self.mel_bins..end * self.mel_bins];
        for (mel, row) in to.chunks_exact_mut(self.frames).enumerate() {
            row[..own].copy_from_slice(&values[mel * own..(mel + 1) * own]);
            row[own..].fill(self.silence[i]);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.silence.len()
    }

    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let count = |name: &str| {
            let found = file.told(name).and_then(|count| count.parse::<usize>().ok()).filter(|count| *count > 0);
            found.ok_or_else(|| format!("it does not say its `{name}`"))
        };
        let (mel_bins, frames) = (count("mel_bins")?, count("frames")?);
        let (values, silence) = (file.elements::<f32>("features", 1)?.0, file.elements::<f32>("silence", 1)?.0);
        let offsets = file.elements::<u64>("frame_offsets", 1)?.0;
        let fits = |from: u64, to: u64| from <= to && to - from <= frames as u64;
        let whole = offsets.first() == Some(&0)
            && offsets.len() == silence.len() + 1
            && offsets.all_pairs(fits)
            && offsets.last().is_some_and(|last| (*last as usize).checked_mul(mel_bins) == Some(values.len()));
        match whole {
            true => Ok(PreparedSpeech { values, offsets, silence, mel_bins, frames }),
            false => Err(format!("the offsets do not cut {} numbers into {} recordings", values.len(), silence.len())),
        }
    }
}

impl PreparedTranscripts {
    /// Tokens of the text of recording `i`, those that every text begins with and its end included. Panics where there is none.
    pub fn tokens(&self, i: usize) -> &[u32] {
        self.texts.text(i).0
    }

    /// What a decoder is fed with before the first token that is its own to tell.
    pub fn prompt(&self) -> Vec<u32> {
        let forced = if self.texts.is_empty() { &[] } else { &self.tokens(0)[..self.forced] };
        [&[self.begin], forced].concat()
    }

    pub(super) fn parse(file: &TensorFile) -> Result<Self, String> {
        let number = |name: &str| {
            file.told(name).and_then(|id| id.parse::<u32>().ok()).ok_or_else(|| format!("it does not say its `{name}`"))
        };
        let texts = PreparedTexts::parse(file)?;
        let words = Verbatim::parse(file, TRANSCRIPTS)?;
        let (begin, end, forced) = (number("begin_token")?, number("end_token")?, number("forced_tokens")? as usize);
        if 2 * texts.len() != words.len() {
            return Err(format!("it has {} texts in tokens and {} names and texts in words", texts.len(), words.len()));
        }
        if let Some(id) = [begin, end].into_iter().find(|id| *id as usize >= texts.vocab_size()) {
            return Err(format!("a text begins or ends with {id}, and the vocabulary has {}", texts.vocab_size()));
        }
        match (0..texts.len()).find(|i| texts.text_len(*i) <= forced) {
            Some(i) => Err(format!("text {i} has no token behind the {forced} that every text begins with")),
            None => Ok(PreparedTranscripts { texts, begin, end, forced, words }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Prepared, PreparedTargets};
    use crate::data::tensor_file::{Bytes, Dtype, Tensor, write};

    /// Two recordings of two mel bins, of three frames and of none, in a window of four.
    #[test]
    fn recordings_end_in_silence_and_what_is_out_of_range_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("s.safetensors");
        let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let longs = |values: &[u64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let open = |frames: &[u64], window: &str, forced: &str, ends: &[u64]| {
            let metadata = [
                ("vocab_size", "9"),
                ("begin_token", "0"),
                ("end_token", "1"),
                ("forced_tokens", forced),
                ("mel_bins", "2"),
                ("frames", window),
            ];
            let (values, silence, offsets) = (floats(&[1., 2., 3., 4., 5., 6.]), floats(&[-1.0, -0.5]), longs(&[0, 3, 5]));
            let tokens: Vec<u8> = [7u32, 4, 1, 7, 1].iter().flat_map(|v| v.to_le_bytes()).collect();
            let (frames, ends) = (longs(frames), longs(ends));
            let of = |name, dtype, shape: usize, bytes| Tensor { name, dtype, shape: vec![shape], bytes };
            let tensors = [
                of("offsets", Dtype::U64, 3, Bytes::Held(&offsets)),
                of("frame_offsets", Dtype::U64, frames.len() / 8, Bytes::Held(&frames)),
                of("transcript_offsets", Dtype::U64, ends.len() / 8, Bytes::Held(&ends)),
                of("features", Dtype::F32, 6, Bytes::Held(&values)),
                of("silence", Dtype::F32, 2, Bytes::Held(&silence)),
                of("tokens", Dtype::U32, 5, Bytes::Held(&tokens)),
                of("type_ids", Dtype::U8, 5, Bytes::Zeros(5)),
                of("transcripts", Dtype::U8, 4, Bytes::Held(b"axby")),
            ];
            write(&path, &metadata.map(|(name, value)| (name, value.to_string())).into(), &tensors).expect("written");
            Prepared::open(&path).map_err(|e| e.to_string())
        };
        let words = &[0, 1, 2, 3, 4];
        let prepared = open(&[0, 3, 3], "4", "1", words).expect("whole");
        let mut heard = [[0f32; 8]; 2];
        (0..2).for_each(|i| prepared.speech().expect("speech").copy(i, &mut heard[i]));
        assert_eq!(heard, [[1., 2., 3., -1., 4., 5., 6., -1.], [-0.5; 8]]);
        let PreparedTargets::Transcripts(told) = prepared.targets() else { panic!("expected texts") };
        assert_eq!((prepared.len(), told.tokens(0), told.prompt()), (2, &[7, 4, 1][..], vec![0, 7]));
        assert_eq!(prepared.example_len(1), Some(2));
        assert_eq!(told.words.pair(1), ["b", "y"]);
        let refused = |found: Result<Prepared, String>, expected: &str| {
            let message = found.expect_err("out of range");
            assert!(message.contains(expected), "{message}");
        };
        refused(open(&[0, 3, 3], "2", "1", words), "offsets do not cut");
        refused(open(&[0, 3, 4], "4", "1", words), "offsets do not cut");
        refused(open(&[0, 3], "4", "1", words), "offsets do not cut");
        refused(open(&[0, 3, 3], "4", "2", words), "text 1 has no token behind the 2");
        refused(open(&[0, 3, 3], "4", "1", &[0, 2, 4]), "2 texts in tokens and 2 names and texts in words");
        refused(open(&[0, 3, 3], "none", "1", words), "does not say its `frames`");
        refused(open(&[0, 3, 3], "4", "1", &[0, 1, 2, 3]), "offsets do not cut 4 bytes");
    }
}
