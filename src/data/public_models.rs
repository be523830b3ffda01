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

/// Those between the ones above that are taken where somebody names them, largest first.
pub const SMALLER_BERTS: [PublicEncoder; 2] = [
    encoder("google/bert_uncased_L-8_H-512_A-8", EncoderFamily::Bert, "BERT-medium", 8, 512, 8),
    encoder("google/bert_uncased_L-4_H-512_A-8", EncoderFamily::Bert, "BERT-small", 4, 512, 8),
];

/// A public model by its whole configuration: a language model, one that writes a text from another or from speech, one of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicModel {
    /// Of the Hub.
    pub id: &'static str,
    /// As people call it.
    pub name: &'static str,
    /// What its cost depends on, of its `config.json`.
    pub config: &'static str,
}

impl PublicModel {
    /// Whether people mean it by `name`, in lower case with hyphens: its own, or the start of it.
    pub fn is_called(&self, name: &str) -> bool {
        let squeezed = |text: &str| text.to_lowercase().replace(['-', '.'], "");
        let (own, asked) = (squeezed(self.name), squeezed(name));
        asked == own || asked.len() >= 4 && own.starts_with(&asked)
    }
}

/// Small ones that a CPU can tune, of each name the smallest first.
pub const DECODERS: [PublicModel; 5] = [
    PublicModel {
        id: "openai-community/gpt2",
        name: "GPT-2",
        config: r#"{"model_type":"gpt2","vocab_size":50257,"n_positions":1024,"n_embd":768,"n_layer":12,"n_head":12}"#,
    },
    PublicModel {
        id: "openai-community/gpt2-medium",
        name: "GPT-2-medium",
        config: r#"{"model_type":"gpt2","vocab_size":50257,"n_positions":1024,"n_embd":1024,"n_layer":24,"n_head":16}"#,
    },
    PublicModel {
        id: "HuggingFaceTB/SmolLM2-135M",
        name: "SmolLM2-135M",
        config: r#"{"model_type":"llama","vocab_size":49152,"hidden_size":576,"intermediate_size":1536,"num_hidden_layers":30,"num_attention_heads":9,"num_key_value_heads":3,"max_position_embeddings":8192,"tie_word_embeddings":true}"#,
    },
    PublicModel {
        id: "HuggingFaceTB/SmolLM2-360M",
        name: "SmolLM2-360M",
        config: r#"{"model_type":"llama","vocab_size":49152,"hidden_size":960,"intermediate_size":2560,"num_hidden_layers":32,"num_attention_heads":15,"num_key_value_heads":5,"max_position_embeddings":8192,"tie_word_embeddings":true}"#,
    },
    PublicModel {
        id: "Qwen/Qwen2.5-0.5B",
        name: "Qwen2.5-0.5B",
        config: r#"{"model_type":"qwen2","vocab_size":151936,"hidden_size":896,"intermediate_size":4864,"num_hidden_layers":24,"num_attention_heads":14,"num_key_value_heads":2,"max_position_embeddings":32768,"tie_word_embeddings":true}"#,
    },
];

const T5_BASE: &str = r#"{"model_type":"t5","vocab_size":32128,"d_model":768,"d_kv":64,"d_ff":3072,"num_layers":12,"num_heads":12,"n_positions":512}"#;
const T5_SMALL: &str = r#"{"model_type":"t5","vocab_size":32128,"d_model":512,"d_kv":64,"d_ff":2048,"num_layers":6,"num_heads":8,"n_positions":512}"#;
const FLAN_BASE: &str = r#"{"model_type":"t5","vocab_size":32128,"d_model":768,"d_kv":64,"d_ff":2048,"num_layers":12,"num_heads":12,"n_positions":512,"feed_forward_proj":"gated-gelu","tie_word_embeddings":false}"#;
const FLAN_SMALL: &str = r#"{"model_type":"t5","vocab_size":32128,"d_model":512,"d_kv":64,"d_ff":1024,"num_layers":8,"num_heads":6,"n_positions":512,"feed_forward_proj":"gated-gelu","tie_word_embeddings":false}"#;

/// Models of speech, the largest first; those that hear English alone are asked for by name.
pub const HEARERS: [PublicModel; 4] = [
    PublicModel { id: "openai/whisper-base", name: "Whisper-base", config: WHISPER_BASE },
    PublicModel { id: "openai/whisper-tiny", name: "Whisper-tiny", config: WHISPER_TINY },
    PublicModel { id: "openai/whisper-base.en", name: "Whisper-base.en", config: WHISPER_BASE },
    PublicModel { id: "openai/whisper-tiny.en", name: "Whisper-tiny.en", config: WHISPER_TINY },
];

const WHISPER_BASE: &str = r#"{"model_type":"whisper","vocab_size":51865,"d_model":512,"encoder_layers":6,"decoder_layers":6,"encoder_attention_heads":8,"decoder_attention_heads":8,"encoder_ffn_dim":2048,"decoder_ffn_dim":2048}"#;
const WHISPER_TINY: &str = r#"{"model_type":"whisper","vocab_size":51865,"d_model":384,"encoder_layers":4,"decoder_layers":4,"encoder_attention_heads":6,"decoder_attention_heads":6,"encoder_ffn_dim":1536,"decoder_ffn_dim":1536}"#;

/// Of each family the largest first.
pub const WRITERS: [PublicModel; 4] = [
    PublicModel { id: "google-t5/t5-base", name: "T5-base", config: T5_BASE },
    PublicModel { id: "google-t5/t5-small", name: "T5-small", config: T5_SMALL },
    PublicModel { id: "google/flan-t5-base", name: "FLAN-T5-base", config: FLAN_BASE },
    PublicModel { id: "google/flan-t5-small", name: "FLAN-T5-small", config: FLAN_SMALL },
];

/// Vision transformers that were trained on ImageNet, largest first: Dosovitskiy et al., 2010.11929, and the smaller ones of Touvron et
/// al., 2012.12877.
pub const SEERS: [PublicModel; 4] = [
    PublicModel {
        id: "google/vit-large-patch16-224",
        name: "ViT-Large/16",
        config: r#"{"model_type":"vit","hidden_size":1024,"num_hidden_layers":24,"num_attention_heads":16,"intermediate_size":4096}"#,
    },
    PublicModel {
        id: "google/vit-base-patch16-224",
        name: "ViT-Base/16",
        config: r#"{"model_type":"vit","hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,"intermediate_size":3072}"#,
    },
    PublicModel {
        id: "facebook/deit-small-patch16-224",
        name: "DeiT-small",
        config: r#"{"model_type":"vit","hidden_size":384,"num_hidden_layers":12,"num_attention_heads":6,"intermediate_size":1536}"#,
    },
    PublicModel {
        id: "facebook/deit-tiny-patch16-224",
        name: "DeiT-tiny",
        config: r#"{"model_type":"vit","hidden_size":192,"num_hidden_layers":12,"num_attention_heads":3,"intermediate_size":768}"#,
    },
];

/// Encoders of other families than BERT's, of each the largest first.
pub const OTHER_ENCODERS: [PublicModel; 6] = [
    PublicModel { id: "FacebookAI/roberta-large", name: "RoBERTa-large", config: ROBERTA_LARGE },
    PublicModel { id: "FacebookAI/roberta-base", name: "RoBERTa-base", config: ROBERTA_BASE },
    PublicModel {
        id: "distilbert/distilbert-base-uncased",
        name: "DistilBERT-base",
        config: r#"{"model_type":"distilbert","vocab_size":30522,"dim":768,"n_layers":6,"n_heads":12,"hidden_dim":3072}"#,
    },
    PublicModel { id: "google/electra-large-discriminator", name: "ELECTRA-large", config: ELECTRA_LARGE },
    PublicModel { id: "google/electra-base-discriminator", name: "ELECTRA-base", config: ELECTRA_BASE },
    PublicModel { id: "google/electra-small-discriminator", name: "ELECTRA-small", config: ELECTRA_SMALL },
];

const ROBERTA_LARGE: &str = r#"{"model_type":"roberta","vocab_size":50265,"hidden_size":1024,"num_hidden_layers":24,"num_attention_heads":16,"intermediate_size":4096,"max_position_embeddings":514,"type_vocab_size":1}"#;
const ROBERTA_BASE: &str = r#"{"model_type":"roberta","vocab_size":50265,"hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,"intermediate_size":3072,"max_position_embeddings":514,"type_vocab_size":1}"#;
const ELECTRA_LARGE: &str = r#"{"model_type":"electra","vocab_size":30522,"embedding_size":1024,"hidden_size":1024,"num_hidden_layers":24,"num_attention_heads":16,"intermediate_size":4096}"#;
const ELECTRA_BASE: &str = r#"{"model_type":"electra","vocab_size":30522,"embedding_size":768,"hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,"intermediate_size":3072}"#;
const ELECTRA_SMALL: &str = r#"{"model_type":"electra","vocab_size":30522,"embedding_size":128,"hidden_size":256,"num_hidden_layers":12,"num_attention_heads":4,"intermediate_size":1024}"#;

/// Other models of the zoo's architectures by the names that people call them, in lower case with hyphens: each is looked up under its
/// id of the Hub.
#[rustfmt::skip]
const PUBLIC: &[(&str, &[&str])] = &[
    ("FacebookAI/roberta-base", &["roberta", "roberta-base"]),
    ("FacebookAI/roberta-large", &["roberta-large"]),
    ("FacebookAI/xlm-roberta-base", &["xlm-roberta", "xlm-roberta-base", "xlmroberta"]),
    ("FacebookAI/xlm-roberta-large", &["xlm-roberta-large"]),
    ("almanach/camembert-base", &["camembert", "camembert-base", "french-bert"]),
    ("distilbert/distilbert-base-uncased", &["distilbert", "distilbert-base", "distilbert-base-uncased"]),
    ("distilbert/distilbert-base-cased", &["distilbert-base-cased"]),
    ("distilbert/distilroberta-base", &["distilroberta", "distilroberta-base"]),
    ("distilbert/distilgpt2", &["distilgpt2", "distil-gpt2"]),
    ("google-bert/bert-base-cased", &["bert-base-cased"]),
    ("google-bert/bert-large-cased", &["bert-large-cased"]),
    ("google-bert/bert-base-multilingual-cased", &["bert-base-multilingual", "bert-base-multilingual-cased", "mbert", "multilingual-bert"]),
    ("google-bert/bert-base-multilingual-uncased", &["bert-base-multilingual-uncased"]),
    ("google-bert/bert-base-german-cased", &["bert-base-german", "bert-base-german-cased", "german-bert"]),
    ("google-bert/bert-base-chinese", &["bert-base-chinese", "chinese-bert"]),
    ("dccuchile/bert-base-spanish-wwm-cased", &["spanish-bert", "bert-base-spanish-wwm-cased", "beto"]),
    ("dbmdz/bert-base-italian-cased", &["italian-bert", "bert-base-italian-cased"]),
    ("neuralmind/bert-base-portuguese-cased", &["portuguese-bert", "bert-base-portuguese-cased", "bertimbau"]),
    ("distilbert/distilbert-base-german-cased", &["distilbert-base-german-cased", "german-distilbert"]),
    ("distilbert/distilbert-base-multilingual-cased", &["distilbert-base-multilingual-cased", "multilingual-distilbert"]),
    ("deepset/minilm-uncased-squad2", &["minilm-uncased-squad2"]),
    ("deepset/roberta-base-squad2", &["roberta-base-squad2"]),
    ("google/electra-small-discriminator", &["electra", "electra-small"]),
    ("google/electra-base-discriminator", &["electra-base"]),
    ("google/electra-large-discriminator", &["electra-large"]),
    ("google/vit-base-patch16-224", &["vit-b", "vit-base", "vit-b/16", "vit-b-16", "vit-base-patch16-224", "vit-base/16"]),
    ("google/vit-large-patch16-224", &["vit-l", "vit-large", "vit-l/16", "vit-l-16", "vit-large-patch16-224", "vit-large/16"]),
    ("facebook/deit-tiny-patch16-224", &["deit-tiny", "vit-ti", "vit-tiny", "vit-ti/16"]),
    ("facebook/deit-small-patch16-224", &["deit", "deit-small", "vit-s", "vit-small", "vit-s/16"]),
    ("facebook/deit-base-patch16-224", &["deit-base"]),
    ("openai-community/gpt2-large", &["gpt2-large", "gpt-2-large"]),
    ("openai-community/gpt2-xl", &["gpt2-xl", "gpt-2-xl"]),
    ("HuggingFaceTB/SmolLM2-1.7B", &["smollm2-1.7b"]),
    ("HuggingFaceTB/SmolLM2-135M-Instruct", &["smollm2-135m-instruct", "smollm2-instruct"]),
    ("HuggingFaceTB/SmolLM2-360M-Instruct", &["smollm2-360m-instruct"]),
    ("Qwen/Qwen3-0.6B", &["qwen3", "qwen-3", "qwen3-0.6b"]),
    ("Qwen/Qwen3-1.7B", &["qwen3-1.7b"]),
    ("Qwen/Qwen2.5-0.5B-Instruct", &["qwen2.5-0.5b-instruct", "qwen2.5-instruct"]),
    ("Qwen/Qwen2.5-1.5B", &["qwen2.5-1.5b"]),
    ("meta-llama/Llama-3.2-1B", &["llama-3.2", "llama-3.2-1b", "llama3.2-1b"]),
    ("meta-llama/Llama-3.2-3B", &["llama-3.2-3b", "llama3.2-3b"]),
    ("meta-llama/Llama-3.1-8B", &["llama-3.1", "llama-3.1-8b", "llama3.1-8b"]),
    ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", &["tinyllama", "tinyllama-1.1b"]),
    ("mistralai/Mistral-7B-v0.3", &["mistral", "mistral-7b"]),
];

/// The id of a public model that people call so, or whose id this is without its organisation; none where it is called by another name here, or by none.
pub fn public_id(name: &str) -> Option<&'static str> {
    let is_own = |id: &&str| id.rsplit('/').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let called = PUBLIC.iter().find(|(_, names)| names.contains(&name)).map(|(id, _)| *id);
    called.or_else(|| PUBLIC.iter().map(|(id, _)| *id).find(is_own))
}
