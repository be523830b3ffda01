//! Texts that a model writes from the texts or the recordings of a split, to be compared with what stands there.

use super::Error;
use super::collate::heard;
use crate::data::{Prepared, PreparedTargets, Vocabulary};
use crate::job::Writing;
use crate::spec::Compared;
use tallow_zoo::{Model, Search, Settings, Source};

/// Has a model write.
pub(super) struct Writer {
    vocabulary: Vocabulary,
    /// What every text begins with.
    start: Vec<u32>,
    settings: Settings,
    /// How what is written is compared.
    pub(super) compared: Compared,
}

impl Writer {
    /// None where nothing is to be written.
    ///
    /// # Errors
    /// The tokenizer cannot be used.
    pub(super) fn of(writing: Option<&Writing>, data: &Prepared) -> Result<Option<Self>, Error> {
        let (writing, start, end) = match (writing, data.targets()) {
            (Some(writing), PreparedTargets::Texts { begin, end, .. }) => (writing, vec![*begin], *end),
            (Some(writing), PreparedTargets::Transcripts(told)) => (writing, told.prompt(), told.end),
            _ => return Ok(None),
        };
        let search = match writing.num_beams {
            0 | 1 => Search::Greedy,
            num_beams => Search::Beam { num_beams, length_penalty: writing.length_penalty, early_stopping: false },
        };
        let settings = Settings {
            search,
            suppress_tokens: writing.suppress_tokens.clone(),
            begin_suppress_tokens: writing.begin_suppress_tokens.clone(),
            ..Settings::greedy(writing.max_new_tokens, &[end])
        };
        let (vocabulary, compared) = (Vocabulary::open(&writing.tokenizer)?, writing.compared);
        Ok(Some(Writer { vocabulary, start, settings, compared }))
    }

    /// What the model writes from the sources of these examples, without special tokens.
    ///
    /// # Errors
    /// The model does not write; an operation failed.
    pub(super) fn write(&self, model: &dyn Model, data: &Prepared, examples: &[usize]) -> Result<Vec<String>, Error> {
        let written = match (data.texts(), data.speech()) {
            (Some(texts), _) => {
                let sources: Vec<Source> = examples.iter().map(|&i| Source::Text(texts.text(data.texts_of(i).start).0)).collect();
                tallow_zoo::generate_all(model, &sources, &self.start, &self.settings)?
            }
            (None, Some(speech)) => {
                let features = heard(speech, examples)?;
                let features = (0..examples.len()).map(|row| features.get(row)).collect::<candle_core::Result<Vec<_>>>()?;
                let sources: Vec<Source> = features.iter().map(Source::Speech).collect();
                tallow_zoo::generate_all(model, &sources, &self.start, &self.settings)?
            }
            (None, None) => return Ok(Vec::new()),
        };
        written.iter().map(|ids| Ok(self.vocabulary.spell(ids)?)).collect()
    }
}
