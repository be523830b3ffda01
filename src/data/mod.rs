//! Data sets and models: find, fetch, inspect, prepare.
//!
//! `hub` is the one door to the network for models and data sets. `survey_*` looks at cards, headers and labels and says what is there.
//! [`prepare`] runs in the jail: source files in, token or pixel tensors out. [`Prepared`] reads those back for the trainer.

mod answers;
mod audio;
mod braces;
mod card;
mod catalogue;
mod chat;
mod classes;
mod columns;
mod describe;
mod digest;
mod error;
mod features;
mod generated;
mod grouped;
mod guarded;
mod handed;
pub mod hub;
pub mod inputs;
mod lengths;
mod lfs;
mod locate;
mod mapped;
mod matched;
mod ordered;
mod overlap;
mod packing;
mod prepare;
mod prepared;
mod public_models;
mod read;
mod shards;
mod similar;
mod splits;
mod stream;
mod survey;
mod survey_model;
mod tensor_file;
mod tokenizers;
mod unpack;
mod vocabulary;
mod walk;

pub use answers::{Parted, without_answers};
pub use audio::{OTHER_RECORDINGS, RECORDINGS, extractor, hear};
pub use card::Card;
pub use catalogue::{Known, catalogue, find_known};
pub use chat::{Message, Role, Template, Told, chat_source};
pub use classes::{looks_alike, place_of, says_nothing};
pub use columns::{PairKind, PerhapsColumns, Roles, is_alike, is_called, is_same_name};
pub use describe::{ColumnDescribed, FEW, Lengths, Personal, SplitDescribed, describe, described_files};
pub use digest::{copy_below, git_blob, sha256_of as sha256_of_bytes, sha256_of_file, sha256_of_files, sha256_of_place};
pub use error::{Error, Lacks, Result};
pub(crate) use features::UNEVEN;
pub use generated::{GENERATED, Making, generate};
pub use handed::{Handed, HeldOutRows, hand_over, tell_folder};
pub use locate::{Lying, files_called, lying, near};
pub use mapped::{Elements, Plain, STAYS_MAPPED};
pub use matched::{MatchedBy, MatchedClasses, match_classes, taken_twice};
pub use ordered::{CutOff, tells_when};
pub use overlap::{Overlap, overlap};
pub use prepare::{named_files, prepare};
pub use prepared::{
    HidingTokens, NOT_SEEN, Prepared, PreparedImages, PreparedInputs, PreparedSimilar, PreparedSpans, PreparedSpeech,
    PreparedTable, PreparedTags, PreparedTargets, PreparedTexts, PreparedTranscripts, Verbatim,
};
pub use public_models::{
    DECODERS, ENCODERS, EncoderFamily, HEARERS, OTHER_ENCODERS, PublicEncoder, PublicModel, SEERS, SMALLER_BERTS, USUAL_BERT,
    WRITERS, public_id,
};
pub use read::{IMAGES, Named, check_object, letters};
pub use shards::{sha256_of_weights, weight_files};
pub use splits::{SPLIT_WORDS, TABLES, are_splits, holds_rows, holds_text, is_pattern, is_table, split_of_file};
pub use stream::in_characters;
pub use survey::{DataSpecHints, split_column_in_words, survey_data};
pub use survey_model::{is_file_of_weights, look_at_model, models_at_hand, survey_model, survey_tokenizer};
pub(crate) use tokenizers::given::{SOURCE as PAIR_TOKENIZER, tokenizer_files, tokenizer_json};
pub use tokenizers::{ENDS_OF_TEXT, words_of_characters};
pub use vocabulary::{ENDS_OF_TURN, Vocabulary};
pub use walk::holds_everything;
