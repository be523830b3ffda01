//! A model that is heard of while it writes: a long text, or several at once, is one call that gives its words at the end alone.

use candle_core::Tensor;
use std::cell::RefCell;
use tallow_kernels::Tape;
use tallow_zoo::{Cache, Error, Generator, Input, Model, Output, Result, Source};

/// Calls `told` before each word.
pub(super) struct Telling<'a> {
    model: &'a dyn Model,
    told: RefCell<&'a mut dyn FnMut()>,
}

impl<'a> Telling<'a> {
    pub(super) fn new(model: &'a dyn Model, told: &'a mut dyn FnMut()) -> Self {
        Telling { model, told: RefCell::new(told) }
    }

    fn inner(&self) -> Result<&dyn Generator> {
        self.model.generator().ok_or(Error::NoGenerator)
    }
}

impl Model for Telling<'_> {
    fn forward(&self, tape: &Tape, input: &Input) -> Result<Output> {
        self.model.forward(tape, input)
    }

    fn generator(&self) -> Option<&dyn Generator> {
        self.model.generator().map(|_| self as &dyn Generator)
    }
}

impl Generator for Telling<'_> {
    fn begin(&self, sources: &[Source]) -> Result<Cache> {
        self.inner()?.begin(sources)
    }

    fn next(&self, token_ids: &Tensor, cache: &mut Cache) -> Result<Output> {
        (*self.told.borrow_mut())();
        self.inner()?.next(token_ids, cache)
    }

    fn max_positions(&self) -> usize {
        self.model.generator().map_or(0, |generator| generator.max_positions())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;
    use tallow_kernels::{Stream, Weights};
    use tallow_zoo::{ModelConfig, Prompt, Search, Settings, generate};

    /// It writes the same, by beams or the likeliest word each time, and is heard of at each word.
    #[test]
    fn each_word_is_heard_of_and_is_the_same() {
        let config = serde_json::json!({
            "model_type": "gpt2", "vocab_size": 12, "n_positions": 16, "n_embd": 8, "n_layer": 1, "n_head": 2,
        });
        let config = ModelConfig::from_public(&config.to_string()).expect("a config");
        let model = config.build(&Weights::scratch(Stream::root(5), &Device::Cpu), None).expect("a model");
        let beam = Search::Beam { num_beams: 2, length_penalty: 1.0, early_stopping: false };
        for search in [Search::Greedy, beam] {
            // Nothing ends the text but its length.
            let settings = Settings { search, ..Settings::greedy(5, &[]) };
            let write = |model: &dyn Model| generate(model, Prompt { source: None, start: &[3, 1] }, &settings).expect("written");
            let mut heard = 0;
            let written = write(&Telling::new(&*model, &mut || heard += 1));
            assert_eq!((written, heard), (write(&*model), 5));
        }
    }
}
