//! Texts that a model writes from those of a split, to be compared with what stands there.

use super::Error;
use crate::data::{Prepared, PreparedTargets, Vocabulary};
use crate::job::Writing;
use tallow_zoo::{Model, Search, Settings, Source};

/// Has a model write.
pub(super) struct Writer {
    vocabulary: Vocabulary,
    start: u32,
    settings: Settings,
}

impl Writer {
    /// None where nothing is to be written.
    ///
    /// # Errors
    /// The tokenizer cannot be used.
    pub(super) fn of(writing: Option<&Writing>, data: &Prepared) -> Result<Option<Self>, Error> {
        let (Some(writing), PreparedTargets::Texts { begin, end, .. }) = (writing, data.targets()) else { return Ok(None) };
        let search = match writing.num_beams {
            0 | 1 => Search::Greedy,
            num_beams => Search::Beam { num_beams, length_penalty: writing.length_penalty, early_stopping: false },
        };
        let settings = Settings { search, ..Settings::greedy(writing.max_new_tokens, &[*end]) };
        Ok(Some(Writer { vocabulary: Vocabulary::open(&writing.tokenizer)?, start: *begin, settings }))
    }

    /// What the model writes from the sources of these examples, without special tokens.
    ///
    /// # Errors
    /// The model does not write; an operation failed.
    pub(super) fn write(&self, model: &dyn Model, data: &Prepared, examples: &[usize]) -> Result<Vec<String>, Error> {
        let Some(texts) = data.texts() else { return Ok(Vec::new()) };
        let sources: Vec<Source> = examples.iter().map(|&i| Source::Text(texts.text(data.texts_of(i).start).0)).collect();
        let written = tallow_zoo::generate_all(model, &sources, &[self.start], &self.settings)?;
        written.iter().map(|ids| Ok(self.vocabulary.spell(ids)?)).collect()
    }
}
