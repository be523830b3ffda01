//! A model in the format of another program.

use super::Error;
use super::weights;
use crate::data::tokenizer_json;
use crate::export::{self, Beside};
use crate::job::{Event, ExportJob, ExportTo};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes the one model's file into the job's `out`.
///
/// # Errors
/// Weights or tokenizer cannot be read, do not fit each other, or have no form in that format; the file cannot be written.
pub fn export(job: &ExportJob, emit: &mut dyn FnMut(Event)) -> Result<(), Error> {
    let tensors = weights::merged(&job.model, &job.weights)?;
    let params = tensors.values().map(candle_core::Tensor::elem_count).sum();
    let path = job.out.join(job.to.file_name());
    let io = |action: &'static str, path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Io { action, path: path.clone(), source }
    };
    let mut file = BufWriter::new(File::create(&path).map_err(io("write", &path))?);
    match &job.to {
        ExportTo::Onnx { image } => export::write_onnx(&job.model, &tensors, *image, &mut file)?,
        ExportTo::Gguf { kind, name, tokenizer, special, chat_template } => {
            // It may lie in parts, or within a GGUF file.
            let (json, _) = tokenizer_json(tokenizer)?;
            let json = serde_json::from_slice(&json).map_err(|e| export::Error::Tokenizer { what: e.to_string() })?;
            let beside = Beside { name, tokenizer: &json, special, chat_template: chat_template.as_deref() };
            export::write_gguf(&job.model, &tensors, &beside, *kind, &mut file)?;
        }
    }
    file.flush().map_err(io("write", &path))?;
    let bytes = file.get_ref().metadata().map_err(io("read", &path))?.len();
    emit(Event::Exported { bytes, params });
    Ok(())
}
