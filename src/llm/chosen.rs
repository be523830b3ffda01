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
    given: Option<Value>,
}

impl Chosen {
    /// The provider that `wanted` names; `variable` reads the environment.
    ///
    /// # Errors
    /// There is none of this name, its key is not to be had, or the network must not be used. Nothing is sent yet.
    pub fn provider(
        wanted: &str,
        config: &ConfigFile,
        variable: &dyn Fn(&str) -> Option<OsString>,
        offline: bool,
    ) -> Result<Self, Error> {
        let provider = config.provider(wanted)?;
        let (price, key) = (provider.price, read_key(&provider.name, &provider.key, variable)?);
        let model = Box::new(Http::new(provider, key.clone(), offline)?);
        Ok(Chosen { model, price, key, given: None })
    }

    /// One that runs on this machine: it costs nothing and touches no network.
    pub fn of_this_machine(model: Box<dyn LanguageModel>) -> Self {
        Chosen { model, price: Some(Price::default()), key: None, given: None }
    }

    /// What was recorded: it costs nothing and touches no network.
    ///
    /// # Errors
    /// It cannot be read, or is no recording.
    pub fn recording(path: &Path) -> Result<Self, Error> {
        let recording = Recording::open(path)?;
        let given = recording.given();
        Ok(Chosen { model: Box::new(recording), price: Some(Price::default()), key: None, given })
    }

    /// Of a recording: what its questions were made from.
    pub fn given<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.given.clone()?).ok()
    }
}
