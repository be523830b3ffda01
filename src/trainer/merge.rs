//! A base and its adapter as one model: `W + s B A` in place of each adapted `W`.

use super::Error;
use super::weights::{self, Seal};
use crate::job::{Event, MergeJob};
use crate::store::WorkFolder;

/// Writes the one model's weights into the job's `out`.
///
/// # Errors
/// Weights cannot be read, do not fit each other, or cannot be written.
pub fn merge(job: &MergeJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let tensors = weights::merged(&job.model, &job.weights)?;
    let params = tensors.values().map(candle_core::Tensor::elem_count).sum();
    let metadata = [("format", "pt".to_string())];
    let weights_sha256 = weights::write(&WorkFolder::at(&job.out).weights(), &tensors, &metadata, Seal::None)?.sha256;
    emit(Event::Merged { weights_sha256, params });
    Ok(())
}
