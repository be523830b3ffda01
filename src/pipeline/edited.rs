//! An experiment file that somebody edited after it was written.

use super::Pipeline;
use super::verify::last_stage;
use crate::data::sha256_of_file;
use crate::error::{Class, Failure, Result};
use crate::plan::Plan;
use crate::search::{self, Settings};
use crate::spec::ExperimentSpec;
use crate::store::{RunFolder, Stage};
use std::path::PathBuf;

/// What has been prepared or tried belongs to another experiment.
#[derive(Debug, thiserror::Error)]
#[error("`{}` was changed after the run had begun: expected the experiment that was prepared, found another", path.display())]
struct Edited {
    path: PathBuf,
}

impl Failure for Edited {
    fn class(&self) -> Class {
        Class::Spec
    }

    fn hint(&self) -> Option<String> {
        let file = crate::words::shell(&self.path);
        Some(format!("`tallow train {file}` begins anew with it; of a run that has begun only `[budget]` may be edited"))
    }
}

impl Pipeline<'_> {
    /// Whoever edits the experiment wants what stands there now: while nothing has begun it is planned anew; after that only its
    /// budget may change.
    pub(super) fn heed_edits(&mut self) -> Result<()> {
        let path = self.folder.spec();
        let ledger = self.folder.ledger().read()?;
        // A process that was killed before it could note the hash has edited nothing.
        let recorded = last_stage(&ledger, Stage::Spec).filter(|(_, sha256)| !sha256.is_empty());
        let Some((_, recorded)) = recorded else { return Ok(()) };
        if sha256_of_file(&path)? == recorded {
            return Ok(());
        }
        let edited = self.read_spec()?;
        let has_begun = self.has_begun();
        if has_begun && !self.is_as_planned(edited)? {
            return Err(Edited { path }.into());
        }
        if !has_begun {
            self.folder.remove(&self.folder.plan())?;
            self.folder.trials().into_iter().for_each(|trial| trial.discard(false));
        }
        self.stage(Stage::Spec, &path, |_| Ok(()))
    }

    /// Whether an experiment is the one that was planned, but for its budget and what the plan filled in.
    fn is_as_planned(&self, mut edited: ExperimentSpec) -> Result<bool> {
        let mut path = self.folder.plan();
        if self.folder.journal().is_file() {
            // The first trial is the experiment without its search.
            edited = search::experiment(&edited, &Settings::new())?;
            path = RunFolder::open(self.folder.trial(1))?.plan();
        }
        if !path.is_file() {
            return Ok(false);
        }
        let planned = self.folder.read_json::<Plan>(&path)?.spec;
        edited.budget = planned.budget.clone();
        edited.data.image = edited.data.image.or(planned.data.image);
        if let (Some(adapter), Some(filled)) = (&mut edited.adapter, &planned.adapter) {
            adapter.base = adapter.base.or(filled.base);
        }
        Ok(edited == planned)
    }
}
