//! What a model learns to do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tallow_zoo::{HeadKind, Modality, ModelConfig};

/// What a model learns to do: it says what the model is fed with and what its last layer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    TextClassification,
    ImageClassification,
    /// Tell each word of a text from those before it.
    LanguageModelling,
    /// One class of each row of a table.
    TabularClassification,
}

impl Task {
    const ALL: [Task; 4] =
        [Task::TextClassification, Task::ImageClassification, Task::LanguageModelling, Task::TabularClassification];

    /// What the model is fed with.
    pub fn takes(self) -> Modality {
        match self {
            Task::TextClassification | Task::LanguageModelling => Modality::Text,
            Task::ImageClassification => Modality::Image,
            Task::TabularClassification => Modality::Table,
        }
    }

    /// What the model's last layer says.
    pub fn head(self) -> HeadKind {
        match self {
            Task::TextClassification | Task::ImageClassification | Task::TabularClassification => HeadKind::Classes,
            Task::LanguageModelling => HeadKind::Words,
        }
    }

    /// What a model does as it is; none: nothing of these.
    pub fn of(model: &ModelConfig) -> Option<Task> {
        Task::ALL.into_iter().find(|task| (task.takes(), task.head()) == (model.takes(), model.head().kind()))
    }

    /// Whether a model can learn it, with another head if need be.
    pub fn suits(self, model: &ModelConfig) -> bool {
        model.takes() == self.takes() && model.heads().any(|head| head == self.head())
    }

    /// As one would say it.
    pub fn in_words(self) -> &'static str {
        match self {
            Task::TextClassification => "text classification",
            Task::ImageClassification => "image classification",
            Task::LanguageModelling => "language modelling",
            Task::TabularClassification => "tabular classification",
        }
    }
}
