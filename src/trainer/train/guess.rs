//! What guessing costs, which a loss that is far too high is measured against.

use crate::data::PreparedTargets;
use crate::spec::Similarity;

/// What an answer may be, besides what the targets say themselves.
pub(super) struct Asked {
    /// Words of the model's vocabulary.
    pub(super) vocab_size: usize,
    /// Tokens of the longest text.
    pub(super) longest: usize,
    /// Examples of a step.
    pub(super) batch_size: usize,
    /// What vectors are trained by, where it is said.
    pub(super) similarity: Option<Similarity>,
}

/// How many answers one that knows nothing chooses from, each as likely: its loss is their number's logarithm. Numbers are no choice:
/// on their own scale the mean of all loses about as much as one of two.
pub(super) fn choices(targets: &PreparedTargets, asked: &Asked) -> usize {
    match targets {
        PreparedTargets::Classes { names, .. } => names.len(),
        PreparedTargets::Tags(tags) => tags.names().len(),
        // Which token is the first, and which the last.
        PreparedTargets::Spans(_) => asked.longest,
        PreparedTargets::Words { .. }
        | PreparedTargets::Answers { .. }
        | PreparedTargets::Texts { .. }
        | PreparedTargets::Transcripts(_) => asked.vocab_size,
        // Each label by itself, and the better of two answers.
        PreparedTargets::Labels { .. } | PreparedTargets::Preferences { .. } | PreparedTargets::Values { .. } => 2,
        PreparedTargets::Similar(similar) => {
            let (each, b) = (similar.each(), asked.batch_size);
            match asked.similarity.unwrap_or(Similarity::usual(similar.scores().is_some())) {
                // All texts of the step but those in the first place.
                Similarity::Contrastive { .. } => b * each.saturating_sub(1),
                // Where all cosines are alike, each pair of examples in a wrong order or none adds 1 to the 1 that is there.
                Similarity::Cosent { .. } => 1 + b * b.saturating_sub(1) / 2,
                Similarity::Cosine { .. } => 2,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Prepared;
    use safetensors::Dtype::{self, F64, U8, U32, U64};
    use std::collections::HashMap;

    type Tensor<'a> = (&'a str, Dtype, Vec<usize>, Vec<u8>);

    fn u32s(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn u64s(values: &[u64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// Two texts of one and of three tokens, and what is asked of them.
    fn prepared(targets: &[Tensor], metadata: &[(&str, &str)]) -> Prepared {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let texts = [
            ("offsets", U64, vec![3], u64s(&[0, 1, 4])),
            ("tokens", U32, vec![4], u32s(&[1, 2, 3, 4])),
            ("type_ids", U8, vec![4], vec![0; 4]),
        ];
        let views = texts.iter().chain(targets).map(|(name, dtype, shape, bytes)| {
            (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
        });
        let own = [("vocab_size", "50"), ("labels", r#"["a","b","c"]"#)];
        let metadata: HashMap<String, String> =
            own.iter().chain(metadata).map(|(name, value)| (name.to_string(), value.to_string())).collect();
        std::fs::write(&path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
        Prepared::open(&path).expect("prepared")
    }

    #[test]
    fn each_kind_of_answer_has_its_own_choices() {
        let check = |targets: &[Tensor], metadata: &[(&str, &str)], similarity: Option<Similarity>, expected: usize| {
            let asked = Asked { vocab_size: 40, longest: 3, batch_size: 8, similarity };
            let data = prepared(targets, metadata);
            assert_eq!(choices(data.targets(), &asked), expected, "{:?} {similarity:?}", data.targets());
        };
        check(&[("labels", U32, vec![2], u32s(&[0, 2]))], &[], None, 3);
        let tags = [
            ("tags", U32, vec![2], u32s(&[0, 1])),
            ("firsts", U32, vec![2], u32s(&[0, 0])),
            ("word_offsets", U64, vec![3], u64s(&[0, 1, 2])),
        ];
        check(&tags, &[], None, 3);
        check(&[("labels", U8, vec![2, 3], vec![0, 1, 1, 0, 0, 0])], &[], None, 2);
        check(&[("values", F64, vec![2], [0.5f64, 9.0].iter().flat_map(|value| value.to_le_bytes()).collect())], &[], None, 2);
        check(&[("bytes", U32, vec![2], u32s(&[4, 9]))], &[], None, 40);
        let spans = [
            ("questions", U32, vec![2], u32s(&[0, 0])),
            ("spans", U32, vec![2, 2], u32s(&[0, 0, 1, 2])),
            ("characters", U32, vec![4, 2], u32s(&[0, 1, 1, 2, 2, 3, 3, 4])),
            ("contexts", U8, vec![4], b"abcd".to_vec()),
            ("context_offsets", U64, vec![2], u64s(&[0, 4])),
            ("asked_of", U32, vec![1], u32s(&[0])),
            ("answers", U8, vec![2], b"cd".to_vec()),
            ("answer_offsets", U64, vec![2], u64s(&[0, 2])),
            ("right_offsets", U64, vec![2], u64s(&[0, 1])),
        ];
        check(&spans, &[], None, 3);
        // Two texts of one example.
        let two = [("texts_each", "2")];
        check(&[], &two, None, 8);
        check(&[], &two, Some(Similarity::Contrastive { scale: 20.0 }), 8);
        let scored = [("values", F64, vec![1], 0.5f64.to_le_bytes().to_vec())];
        check(&scored, &two, None, 2);
        check(&scored, &two, Some(Similarity::Cosent { scale: 20.0 }), 1 + 28);
    }

    /// What is asked of every token but the first of a text, of each or of the better of two texts.
    #[test]
    fn answers_are_words_and_of_two_answers_one_is_better() {
        let dir = tempfile::tempdir().expect("a folder");
        for (marks, expected) in [("asked", 40), ("preferred", 2)] {
            let path = dir.path().join(marks);
            let tensors = [
                ("offsets", U64, vec![3], u64s(&[0, 2, 4])),
                ("tokens", U32, vec![4], u32s(&[1, 2, 3, 4])),
                ("type_ids", U8, vec![4], vec![0; 4]),
                (marks, U8, vec![4], vec![0, 1, 0, 1]),
            ];
            let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
                (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
            });
            let metadata = HashMap::from([("vocab_size".to_string(), "50".to_string())]);
            std::fs::write(&path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
            let asked = Asked { vocab_size: 40, longest: 2, batch_size: 8, similarity: None };
            assert_eq!(choices(Prepared::open(&path).expect("prepared").targets(), &asked), expected, "{marks}");
        }
    }
}
