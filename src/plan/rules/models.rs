//! Which models serve: public ones that fine-tunes start from, and architectures of the zoo from scratch.

use crate::spec::ModelSpec;
use serde_json::json;
use tallow_zoo::ModelConfig;

/// A model that a run may start from, with all that its cost depends on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    /// As people call it: `BERT-base`, `ResNet-20`.
    pub(super) name: String,
    pub(super) spec: ModelSpec,
    pub(super) config: ModelConfig,
}

/// A public encoder in the Hub's format: (id, as people call it, layers, hidden size, heads). Feed-forward layers have four times
/// the hidden size; vocabulary and positions are those of `bert-base-uncased`.
const ENCODERS: [(&str, &str, usize, usize, usize); 6] = [
    ("google-bert/bert-large-uncased", "BERT-large", 24, 1024, 16),
    ("google-bert/bert-base-uncased", "BERT-base", 12, 768, 12),
    ("sentence-transformers/all-MiniLM-L12-v2", "MiniLM-L12", 12, 384, 12),
    ("sentence-transformers/all-MiniLM-L6-v2", "MiniLM-L6", 6, 384, 12),
    ("google/bert_uncased_L-4_H-256_A-4", "BERT-mini", 4, 256, 4),
    ("google/bert_uncased_L-2_H-128_A-2", "BERT-tiny", 2, 128, 2),
];

/// All public encoders, largest first.
pub(super) fn encoders() -> Vec<Candidate> {
    let candidate = |&(id, name, layers, hidden, heads): &(&str, &str, usize, usize, usize)| {
        let size = EncoderSize { layers, hidden, heads, intermediate: 4 * hidden, positions: 512, vocab: 30_522 };
        Some(Candidate { name: name.into(), spec: ModelSpec::Pretrained { id: id.into(), revision: None }, config: size.config(0.1)? })
    };
    ENCODERS.iter().filter_map(candidate).collect()
}

/// Sizes of a BERT encoder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct EncoderSize {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) heads: usize,
    pub(super) intermediate: usize,
    pub(super) positions: usize,
    pub(super) vocab: usize,
}

impl EncoderSize {
    /// With BERT's own values for all else; none where the sizes make no encoder.
    pub(super) fn config(&self, dropout: f64) -> Option<ModelConfig> {
        let config = json!({
            "model_type": "bert", "vocab_size": self.vocab, "hidden_size": self.hidden, "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads, "intermediate_size": self.intermediate, "max_position_embeddings": self.positions,
            "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout,
        });
        ModelConfig::from_public(&config.to_string()).ok()
    }

    pub(super) fn candidate(&self, dropout: f64) -> Option<Candidate> {
        let name = format!("BERT of {} layers of {}", self.layers, self.hidden);
        let config = self.config(dropout)?;
        Some(Candidate { name, spec: ModelSpec::Scratch { config: config.clone(), tokenizer: None }, config })
    }
}

/// A ResNet for small images; none where there is no such depth.
pub(super) fn resnet(depth: usize, channels: usize) -> Option<Candidate> {
    let config = json!({ "model_type": "resnet_cifar", "depth": depth, "num_channels": channels, "width": 16 });
    let config = ModelConfig::from_public(&config.to_string()).ok()?;
    Some(Candidate { name: format!("ResNet-{depth}"), spec: ModelSpec::Scratch { config: config.clone(), tokenizer: None }, config })
}

/// Depths of He et al., 1512.03385, table 6, that are worth training.
pub(super) const RESNET_DEPTHS: [usize; 5] = [110, 56, 44, 32, 20];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_public_models() {
        // Parameters as the public models have them with a head of two classes (pooler included where BERT has one).
        let millions: Vec<f64> = encoders().iter().map(|c| c.config.num_params() as f64 / 1e6).collect();
        for (found, expected) in millions.iter().zip([335.1, 109.5, 33.4, 22.7, 11.2, 4.4]) {
            assert!((found - expected).abs() < 0.1, "{found} {expected}");
        }
        assert_eq!(millions.len(), 6);
        assert!((resnet(20, 3).expect("there is one").config.num_params() as f64 - 269_722.0).abs() < 1.0);
        assert_eq!(resnet(21, 3), None);
        assert_eq!(EncoderSize { layers: 2, hidden: 64, heads: 3, intermediate: 256, positions: 64, vocab: 100 }.config(0.1), None);
    }
}
