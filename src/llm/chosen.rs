//! The language model that somebody chose, and what is needed around it.

use super::{ConfigFile, Error, Http, LanguageModel, Price, Recording, read_key};
use crate::data::hub::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;

/// A language model that was chosen; nothing has been asked yet.
pub struct Chosen {
    pub model: Box<dyn LanguageModel>,
    /// None: nobody knows it.
    pub price: Option<Price>,
    /// What must be written nowhere.
    pub key: Option<Secret>,
    given: Vec<Value>,
}

impl Chosen {
    /// The provider that `wanted` names; `variable` reads the environment, `tell` hears why an answer is waited for.
    ///
    /// # Errors
    /// There is none of this name, its key is not to be had, or the network must not be used. Nothing is sent yet.
    pub fn provider(
        wanted: &str,
        config: &ConfigFile,
        variable: &dyn Fn(&str) -> Option<OsString>,
        offline: bool,
        tell: impl Fn(&str) + 'static,
    ) -> Result<Self, Error> {
        let provider = config.provider(wanted)?;
        let (price, key) = (provider.price, read_key(&provider.name, &provider.key, variable)?);
        let model = Box::new(Http::new(provider, key.clone(), offline)?.telling(tell));
        Ok(Chosen { model, price, key, given: Vec::new() })
    }

    /// One that runs on this machine: it costs nothing and touches no network.
    pub fn of_this_machine(model: Box<dyn LanguageModel>) -> Self {
        Chosen { model, price: Some(Price::default()), key: None, given: Vec::new() }
    }

    /// What was recorded: it costs nothing and touches no network.
    ///
    /// # Errors
    /// It cannot be read, or is no recording.
    pub fn recording(path: &Path) -> Result<Self, Error> {
        let (recording, given) = Recording::open(path)?.all_given();
        Ok(Chosen { model: Box::new(recording), price: Some(Price::default()), key: None, given })
    }

    /// Of a recording: what its questions of a kind were made from, first.
    pub fn given<T: DeserializeOwned>(&self) -> Option<T> {
        self.given.iter().find_map(|given| serde_json::from_value(given.clone()).ok())
    }
}
