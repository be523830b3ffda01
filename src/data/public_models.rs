//! Public models that fine-tunes start from: where they lie on the Hub, what people call them, and their sizes, so that their cost is
//! known before anything is fetched.

/// An encoder in BERT's format. Its feed-forward layers have four times the hidden size; vocabulary and positions are those of
/// `bert-base-uncased`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicEncoder {
    /// Of the Hub.
    pub id: &'static str,
    pub family: EncoderFamily,
    /// As people call it.
    pub name: &'static str,
    pub layers: usize,
    pub hidden: usize,
    pub heads: usize,
}

/// Who trained it, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderFamily {
    /// Devlin et al., 1810.04805, and the smaller ones of Turc et al., 1908.08962.
    Bert,
    /// Wang et al., 2002.10957: distilled from BERT, with its architecture. Those of `sentence-transformers` were tuned on pairs of
    /// sentences besides; they are the ones with `safetensors` and a `tokenizer.json`, and the only small encoders of their quality.
    Minilm,
}

/// What `BERT` without a size means to most people: the size that the paper's comparisons are made with.
pub const USUAL_BERT: &str = "BERT-base";

const fn encoder(
    id: &'static str,
    family: EncoderFamily,
    name: &'static str,
    layers: usize,
    hidden: usize,
    heads: usize,
) -> PublicEncoder {
    PublicEncoder { id, family, name, layers, hidden, heads }
}

/// All of them, largest first.
pub const ENCODERS: [PublicEncoder; 6] = [
    encoder("google-bert/bert-large-uncased", EncoderFamily::Bert, "BERT-large", 24, 1024, 16),
    encoder("google-bert/bert-base-uncased", EncoderFamily::Bert, "BERT-base", 12, 768, 12),
    encoder("sentence-transformers/all-MiniLM-L12-v2", EncoderFamily::Minilm, "MiniLM-L12", 12, 384, 12),
    encoder("sentence-transformers/all-MiniLM-L6-v2", EncoderFamily::Minilm, "MiniLM-L6", 6, 384, 12),
    encoder("google/bert_uncased_L-4_H-256_A-4", EncoderFamily::Bert, "BERT-mini", 4, 256, 4),
    encoder("google/bert_uncased_L-2_H-128_A-2", EncoderFamily::Bert, "BERT-tiny", 2, 128, 2),
];
