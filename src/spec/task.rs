//! What a model learns to do.

use crate::enumerated::enumerated;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallow_zoo::{HeadKind, Modality, ModelConfig};

enumerated! {
    /// What a model learns to do: it says what the model is fed with and what its last layer says.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum Task {
        TextClassification,
        ImageClassification,
        /// Tell each word of a text from those before it.
        LanguageModelling,
        /// A number for a text, or for a pair of texts.
        TextRegression,
        /// Any of several labels for a text, or for a pair of texts.
        TextMultiLabel,
        /// A tag for each word of a sentence.
        TokenClassification,
        /// The words of a text that answer a question about it.
        QuestionAnswering,
        /// Tell the hidden words of a text from all others.
        MaskedLanguageModelling,
        /// Tell the words of an assistant's answers from the conversation before them.
        InstructionTuning,
        /// Prefer one of two answers to the other.
        PreferenceOptimization,
        /// One class for each row of a table.
        TabularClassification,
        /// A number for each row of a table.
        TabularRegression,
        /// Vectors of texts, near each other where the texts mean alike or belong together.
        SentenceSimilarity,
        /// Write one text from another: translate, summarise, answer.
        TextToText,
        /// Write what is said in a recording.
        SpeechRecognition,
    }
}

impl Task {
    /// What the model is fed with.
    pub fn takes(self) -> Modality {
        match self {
            Task::TextClassification
            | Task::LanguageModelling
            | Task::TextRegression
            | Task::TextMultiLabel
            | Task::TokenClassification
            | Task::QuestionAnswering
            | Task::MaskedLanguageModelling
            | Task::InstructionTuning
            | Task::PreferenceOptimization
            | Task::SentenceSimilarity => Modality::Text,
            Task::ImageClassification => Modality::Image,
            Task::TabularClassification | Task::TabularRegression => Modality::Table,
            Task::TextToText => Modality::TextToText,
            Task::SpeechRecognition => Modality::Speech,
        }
    }

    /// Whether it has an answer to an input by itself.
    pub fn answers(self) -> bool {
        match self {
            Task::TextClassification
            | Task::ImageClassification
            | Task::TextRegression
            | Task::TextMultiLabel
            | Task::TokenClassification
            | Task::QuestionAnswering
            | Task::MaskedLanguageModelling
            | Task::TabularClassification
            | Task::TabularRegression
            | Task::SentenceSimilarity => true,
            Task::LanguageModelling
            | Task::InstructionTuning
            | Task::PreferenceOptimization
            | Task::TextToText
            | Task::SpeechRecognition => false,
        }
    }

    /// What the model's last layer says.
    pub fn head(self) -> HeadKind {
        match self {
            Task::TextClassification | Task::ImageClassification | Task::TabularClassification => HeadKind::Classes,
            Task::LanguageModelling
            | Task::MaskedLanguageModelling
            | Task::InstructionTuning
            | Task::PreferenceOptimization
            | Task::TextToText
            | Task::SpeechRecognition => HeadKind::Words,
            Task::TextRegression | Task::TabularRegression => HeadKind::Value,
            Task::TextMultiLabel => HeadKind::Labels,
            Task::TokenClassification => HeadKind::Tags,
            Task::QuestionAnswering => HeadKind::Span,
            Task::SentenceSimilarity => HeadKind::Vector,
        }
    }

    /// What a model does as it is; none: nothing of these.
    pub fn of(model: &ModelConfig) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.head() == model.head().kind() && task.suits(model))
    }

    /// Whether it is told from a stream of words, which documents make, and their own words are the answers.
    pub fn is_of_streams(self) -> bool {
        matches!(self, Task::LanguageModelling | Task::MaskedLanguageModelling)
    }

    /// Whether each example is a row of the data, and no piece of a stream or of a text that is looked at window by window.
    pub fn has_rows_for_examples(self) -> bool {
        !self.is_of_streams() && self != Task::QuestionAnswering
    }

    /// Whether its examples are conversations.
    pub fn is_of_conversations(self) -> bool {
        matches!(self, Task::InstructionTuning | Task::PreferenceOptimization)
    }

    /// Whether a pretrained model can do it before it has learnt it from the data at hand: it is then scored as it is, too. Which of two
    /// answers a model prefers more than before needs no such pass: before training it is neither.
    pub fn is_done_untrained(self) -> bool {
        matches!(self, Task::InstructionTuning | Task::SentenceSimilarity | Task::TextToText | Task::SpeechRecognition)
    }

    /// Whether a model can learn it, with another head if need be.
    pub fn suits(self, model: &ModelConfig) -> bool {
        // What sees a whole text can tag its words; what sees only what comes before cannot tell hidden ones.
        let sees_all = model.heads().any(|head| head == HeadKind::Tags);
        let sees = match self {
            Task::LanguageModelling | Task::InstructionTuning | Task::PreferenceOptimization => !sees_all,
            Task::MaskedLanguageModelling => sees_all,
            Task::TextClassification
            | Task::ImageClassification
            | Task::TextRegression
            | Task::TextMultiLabel
            | Task::TokenClassification
            | Task::QuestionAnswering
            | Task::TabularClassification
            | Task::TabularRegression
            | Task::SentenceSimilarity
            | Task::TextToText
            | Task::SpeechRecognition => true,
        };
        sees && model.takes() == self.takes() && model.heads().any(|head| head == self.head())
    }

    /// As one would say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Task::TextClassification => "text classification",
            Task::ImageClassification => "image classification",
            Task::LanguageModelling => "language modelling",
            Task::InstructionTuning => "instruction tuning",
            Task::PreferenceOptimization => "preference optimisation",
            Task::TextRegression => "text regression",
            Task::TextMultiLabel => "multi-label text classification",
            Task::TokenClassification => "token classification",
            Task::QuestionAnswering => "question answering",
            Task::MaskedLanguageModelling => "masked language modelling",
            Task::TabularClassification => "tabular classification",
            Task::TabularRegression => "tabular regression",
            Task::SentenceSimilarity => "sentence similarity",
            Task::TextToText => "text to text",
            Task::SpeechRecognition => "speech recognition",
        }
    }

    /// What can be said of an example without looking at it, from the answers of the training split alone; none: nothing sensible.
    pub fn guess_in_words(self) -> Option<&'static str> {
        match self.head() {
            HeadKind::Classes => Some("always predicting the most frequent class"),
            HeadKind::Value => Some("always predicting the mean of the training split"),
            HeadKind::Labels => Some("always predicting the labels that most training examples have"),
            HeadKind::Words if self == Task::TextToText => Some("copying the source"),
            HeadKind::Words if self == Task::PreferenceOptimization => Some("preferring neither answer, as before training"),
            HeadKind::Tags | HeadKind::Span | HeadKind::Words | HeadKind::Vector => None,
        }
    }
}
