//! The weights that a run begins with, the very batches of its steps, and those of the split that it is scored on, as files: for
//! whoever takes the same steps by other means, so that nothing but the means differs.

use super::{Run, Scale};
use crate::data::Prepared;
use crate::job::{EvaluateJob, RunConfig};
use crate::store::WorkFolder;
use crate::trainer::Error;
use crate::trainer::collate::{self, Batch, collate};
use crate::trainer::objective::Wanted;
use crate::trainer::schedule::lr_at;
use crate::trainer::weights::{self, Seal};
use candle_core::{DType, Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::collections::BTreeMap;
use std::path::Path;
use tallow_kernels::Documents;
use tallow_zoo::Input;

/// The files, by what they hold.
pub const INIT: &str = "init.safetensors";
pub const TRAIN: &str = "train.safetensors";
pub const HELD_OUT: &str = "held_out.safetensors";

/// What there is to know of what was laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct LaidOut {
    /// Of each step.
    pub lrs: Vec<f64>,
    /// (mean, standard deviation) of the values that are learnt, where they are numbers.
    pub scale: Option<(f64, f64)>,
    pub examples: u64,
}

/// Writes [`INIT`], [`TRAIN`] and [`HELD_OUT`] into `out`. A tensor's name begins with its step (or batch) and its part: `12.0.ids`.
/// Text: `ids` and `types` `[B, T]`, `lengths` `[B]`; packed texts: `ids`, `documents` and `positions` `[B, T]`; images: `pixels`
/// `[B, C, H, W]`; tables: `numbers`, `categories`. What should be said: `classes` `[B]`, `values` `[B]` as they are learnt, `words` or
/// `tags` `[B, T]` (`u32::MAX`: none). `share` `[1]` is how much of the step's loss the part is.
///
/// None: such a run cannot be laid out, and why.
///
/// # Errors
/// Data or weights cannot be used, or the files not be written.
pub fn lay_out(
    config: &RunConfig,
    evaluation: &EvaluateJob,
    out: &Path,
    most_bytes: u64,
) -> Result<Result<LaidOut, String>, Error> {
    tallow_kernels::set_threads(config.threads)?;
    let run = Run::new(config, WorkFolder::at(out))?;
    if run.similarity.is_some() {
        return Ok(Err("examples of a step are compared with each other".into()));
    }
    let mut parts = Parts { tensors: Vec::new(), bytes: 0 };
    let (mut maker, mut examples, mut why) = (run.maker(), 0, None);
    for step in 0..config.total_steps {
        let mut number = 0;
        maker.make(step, &mut |part| {
            examples += part.examples.len() as u64;
            let name = format!("{step}.{number}");
            number += 1;
            why = parts.put(&name, part.batch, run.scale.as_ref()).err();
            parts.add(&format!("{name}.share"), Dtype::F64, vec![1], part.share.to_le_bytes().to_vec());
            why.is_none()
        })?;
        if parts.bytes > most_bytes {
            why.get_or_insert_with(|| format!("its batches take more than {}", crate::words::bytes(most_bytes as f64)));
        }
        if let Some(why) = why {
            return Ok(Err(why));
        }
    }
    parts.write(&out.join(TRAIN))?;
    let data = collate::open(&evaluation.data, evaluation.task, &evaluation.model, evaluation.normalize.as_ref())?;
    if let Err(why) = held_out(&data, evaluation, run.scale.as_ref(), &out.join(HELD_OUT))? {
        return Ok(Err(why));
    }
    let dense = |weight: &tallow_kernels::FrozenWeight| -> Result<_, Error> {
        Ok((weight.name().to_string(), weight.dense(DType::F32, &Device::Cpu)?))
    };
    let mut tensors: BTreeMap<String, Tensor> = run.built.store.kept().iter().map(|w| dense(w)).collect::<Result<_, _>>()?;
    tensors.extend(weights::named(&run.built.store));
    weights::write(&out.join(INIT), &config.model.public_tensors(tensors)?, &[], Seal::None)?;
    let lrs = (0..config.total_steps).map(|step| lr_at(&config.recipe.schedule, config.recipe.lr, step, config.total_steps));
    let scale = run.scale.as_ref().map(|scale| (scale.own(0.0), scale.own(1.0) - scale.own(0.0)));
    Ok(Ok(LaidOut { lrs: lrs.collect(), scale, examples }))
}

/// Makes what every step of a run is fed with, one after the other, and keeps nothing of it: for measurements. `told` hears how many
/// examples each batch has.
///
/// # Errors
/// As [`super::train`].
pub fn feed(config: &RunConfig, out: &Path, told: &mut dyn FnMut(usize)) -> Result<(), Error> {
    tallow_kernels::set_threads(config.threads)?;
    let mut maker = Run::new(config, WorkFolder::at(out))?.maker();
    (0..config.total_steps).try_for_each(|step| {
        maker.make(step, &mut |part| {
            told(part.examples.len());
            true
        })
    })
}

fn held_out(data: &Prepared, job: &EvaluateJob, scale: Option<&Scale>, file: &Path) -> Result<Result<(), String>, Error> {
    let all: Vec<usize> = (0..data.len()).collect();
    let mut parts = Parts { tensors: Vec::new(), bytes: 0 };
    for (number, examples) in all.chunks(job.batch_size.max(1)).enumerate() {
        let batch = collate(data, examples, job.normalize.as_ref(), None)?;
        if let Err(why) = parts.put(&format!("{number}.0"), batch, scale) {
            return Ok(Err(why));
        }
    }
    parts.write(file)?;
    Ok(Ok(()))
}

/// Tensors on their way into a file.
struct Parts {
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
    bytes: u64,
}

impl Parts {
    fn add(&mut self, name: &str, dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>) {
        self.bytes += bytes.len() as u64;
        self.tensors.push((name.into(), dtype, shape, bytes));
    }

    fn floats(&mut self, name: &str, tensor: &Tensor) -> Result<(), String> {
        let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(|e| e.to_string())?;
        self.add(name, Dtype::F32, tensor.dims().to_vec(), values.iter().flat_map(|v| v.to_le_bytes()).collect());
        Ok(())
    }

    fn ids(&mut self, name: &str, tensor: &Tensor) -> Result<(), String> {
        let values = tensor.flatten_all().and_then(|t| t.to_vec1::<u32>()).map_err(|e| e.to_string())?;
        self.numbers(name, tensor.dims().to_vec(), &values);
        Ok(())
    }

    fn numbers(&mut self, name: &str, shape: Vec<usize>, values: &[u32]) {
        self.add(name, Dtype::U32, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }

    /// A batch, and what should be said of it.
    ///
    /// # Errors
    /// There is no form for it: why, in words.
    fn put(&mut self, name: &str, batch: Batch, scale: Option<&Scale>) -> Result<(), String> {
        let of = |what: &str| format!("{name}.{what}");
        let mut shape = Vec::new();
        match &batch.input {
            Input::Text { token_ids, type_ids, lengths } => {
                shape = token_ids.dims().to_vec();
                self.ids(&of("ids"), token_ids)?;
                self.ids(&of("types"), type_ids)?;
                self.numbers(&of("lengths"), vec![lengths.len()], &narrow(lengths));
            }
            Input::Packed { token_ids, texts } => {
                shape = token_ids.dims().to_vec();
                let [rows, width] = shape[..] else { return Err("a batch of texts has two dimensions".into()) };
                self.ids(&of("ids"), token_ids)?;
                self.numbers(&of("documents"), shape.clone(), &documents(texts, rows, width));
                let positions = texts.positions(rows, width).map_err(|e| e.to_string())?;
                self.numbers(&of("positions"), shape.clone(), &positions);
            }
            Input::Image { pixels } => self.floats(&of("pixels"), pixels)?,
            Input::Table { numbers, categories } => {
                self.floats(&of("numbers"), numbers)?;
                self.ids(&of("categories"), categories)?;
            }
            Input::TextToText { .. } => return Err("pairs of texts have no counterpart yet".into()),
            Input::Speech { .. } => return Err("recordings have no counterpart yet".into()),
        }
        match &batch.wanted {
            Wanted::Classes(classes) => self.numbers(&of("classes"), vec![classes.len()], classes),
            Wanted::Words(words) => self.numbers(&of("words"), shape, words),
            Wanted::Tags(tags) => self.numbers(&of("tags"), shape, tags),
            Wanted::Values(values) => {
                let learnt = values.iter().map(|value| scale.map_or(*value, |scale| scale.learnt(*value)));
                self.add(&of("values"), Dtype::F64, vec![values.len()], learnt.flat_map(|v| v.to_le_bytes()).collect());
            }
            Wanted::Mixed { .. } => return Err("mixed images have no counterpart yet".into()),
            Wanted::Labels(..) => return Err("several labels have no counterpart yet".into()),
            Wanted::Spans(..) => return Err("answers to questions have no counterpart yet".into()),
            Wanted::Preferences(_) => return Err("preferences have no counterpart yet".into()),
            Wanted::Similar(_) => return Err("vectors of texts have no counterpart yet".into()),
        }
        Ok(())
    }

    fn write(self, path: &Path) -> Result<(), Error> {
        let bad = |e: safetensors::SafeTensorError| Error::BadWeights { path: path.into(), message: e.to_string() };
        let views: Vec<(&str, TensorView)> = self
            .tensors
            .iter()
            .map(|(name, dtype, shape, bytes)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).map_err(bad)?)))
            .collect::<Result<_, Error>>()?;
        safetensors::serialize_to_file(views, None, path).map_err(bad)
    }
}

fn narrow(values: &[usize]) -> Vec<u32> {
    values.iter().map(|value| *value as u32).collect()
}

/// The number of each position's document within its row, from 1; padding is 0.
fn documents(texts: &Documents, rows: usize, width: usize) -> Vec<u32> {
    let mut numbers = vec![0; rows * width];
    for row in 0..rows {
        for (number, range) in texts.of(row).enumerate() {
            numbers[row * width..][range].fill(number as u32 + 1);
        }
    }
    numbers
}
