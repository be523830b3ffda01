//! The weights that a run begins with, the very batches of its steps, and those of the split that it is scored on, as files: for
//! whoever takes the same steps by other means, so that nothing but the means differs.

use super::{Run, Scale};
use crate::data::{Prepared, PreparedSpans, PreparedTargets, Verbatim};
use crate::job::{EvaluateJob, RunConfig};
use crate::store::WorkFolder;
use crate::trainer::Error;
use crate::trainer::collate::{self, Batch, collate};
use crate::trainer::feed::Part;
use crate::trainer::objective::Wanted;
use crate::trainer::schedule::lr_at;
use crate::trainer::similarity::{self, Asked, Similar};
use crate::trainer::weights::{self, Seal};
use candle_core::{DType, Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tallow_kernels::Documents;
use tallow_zoo::Input;

/// The file of the weights.
pub const INIT: &str = "init.safetensors";

/// Batches go into a file until it holds so much: whoever reads them has one of them in memory.
const FULL: u64 = 16 << 20;

/// What there is to know of what was laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct LaidOut {
    /// Names of the files with the batches of the steps, in order, and of those with the split that is scored.
    pub train: Vec<String>,
    pub held_out: Vec<String>,
    /// Of each step.
    pub lrs: Vec<f64>,
    /// (mean, standard deviation) of the values that are learnt, where they are numbers.
    pub scale: Option<(f64, f64)>,
    /// What an example of each class counts, where they do not count alike.
    pub class_weights: Option<Vec<f32>>,
    /// Examples of each step.
    pub examples: Vec<u64>,
    /// Names of the weights that are trained.
    pub trainable: Vec<String>,
    /// What the scored split holds besides tensors: texts that are written, with what a writer begins and ends with; questions with
    /// their texts and right answers, by their number.
    pub told: Value,
}

/// Writes [`INIT`] and the files of batches into `out`. A tensor's name begins with its step (or batch) and its part: `12.0.ids`.
///
/// Text: `ids` and `types` `[B, T]`, `lengths` `[B]`; packed texts: `ids`, `documents` and `positions` `[B, T]`; images: `pixels`
/// `[B, C, H, W]`; tables: `numbers`, `categories`; texts from texts: `source_ids` `[B, S]`, `source_lengths`, `target_ids` `[B, T]`,
/// `target_lengths`; recordings: `features` `[B, M, F]` and the targets. Vectors: `ids_R`, `types_R`, `lengths_R` of the texts in
/// place R of each example.
///
/// What should be said: `classes` `[B]`, of mixed images `other_classes` and `own_share`, too; `labels` `[B, L]`; `values` `[B]` as
/// they are learnt; `words` or `tags` `[B, T]` (`u32::MAX`: none); `spans` `[B, 2]`; for preferences `words` and `pairs` `[P, 4]`, where
/// in all words the better and the other answer begin and end; of vectors `cosines` or `order` `[B]`, or `hidden` `[B, (R - 1) B]`.
/// `examples` are their numbers in the file, `share` `[1]` is how much of the step's loss the part is. The scored split has
/// `characters` `[tokens, 2]` and `questions` of windows, `bytes` of streams, and `texts` `[B, R]`, numbers that equal texts share.
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
    let mut parts = Parts::below(out, "train");
    let (mut maker, mut examples) = (run.maker(), Vec::new());
    for step in 0..config.total_steps {
        let mut of_step = 0;
        match &run.similarity {
            None => {
                let (mut number, mut failed) = (0, None);
                maker.make(step, &mut |part| {
                    of_step += part.examples.len() as u64;
                    failed = parts.part(&format!("{step}.{number}"), part, run.scale.as_ref()).err();
                    number += 1;
                    failed.is_none()
                })?;
                failed.map_or(Ok(()), Err)?;
            }
            Some(similarity) => {
                let chosen = maker.order.batch(step);
                of_step = chosen.len() as u64;
                let (texts, asked) = similarity.lay(&run.data, &chosen)?;
                parts.vectors(&format!("{step}.0"), &texts, &asked)?;
            }
        }
        examples.push(of_step);
        parts.write_if_full()?;
        if parts.written > most_bytes {
            return Ok(Err(format!("its batches take more than {}", crate::words::bytes(most_bytes as f64))));
        }
    }
    let train = parts.finish()?;
    let data = collate::open(&evaluation.data, evaluation.task, &evaluation.model, evaluation.normalize.as_ref())?;
    let held_out = held_out(&data, evaluation, run.scale.as_ref(), Parts::below(out, "held_out"))?;
    let dense = |weight: &tallow_kernels::FrozenWeight| -> Result<_, Error> {
        Ok((weight.name().to_string(), weight.dense(DType::F32, &Device::Cpu)?))
    };
    let mut tensors: BTreeMap<String, Tensor> = run.built.store.kept().iter().map(|w| dense(w)).collect::<Result<_, _>>()?;
    tensors.extend(weights::named(&run.built.store));
    weights::write(&out.join(INIT), &config.model.public_tensors(tensors)?, &[], Seal::None)?;
    let lrs = (0..config.total_steps).map(|step| lr_at(&config.recipe.schedule, config.recipe.lr, step, config.total_steps));
    let scale = run.scale.as_ref().map(|scale| (scale.own(0.0), scale.own(1.0) - scale.own(0.0)));
    let class_weights = run.rule.class_weights().map(<[f32]>::to_vec);
    let trainable = run.built.store.trainable().map(|param| param.name().to_string()).collect();
    Ok(Ok(LaidOut { train, held_out, lrs: lrs.collect(), scale, class_weights, examples, trainable, told: told(&data) }))
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

/// The split in the batches that it is scored in: those of about one length together.
fn held_out(data: &Prepared, job: &EvaluateJob, scale: Option<&Scale>, mut parts: Parts) -> Result<Vec<String>, Error> {
    let mut all: Vec<usize> = (0..data.len()).collect();
    all.sort_by_key(|&i| data.example_len(i));
    for (number, examples) in all.chunks(job.batch_size.max(1)).enumerate() {
        let name = format!("{number}.0");
        if let PreparedTargets::Similar(similar) = data.targets() {
            let (texts, asked) = similarity::lay_scored(data, similar, examples)?;
            parts.vectors(&name, &texts, &asked)?;
            let each = similar.each();
            let numbers: Vec<u32> = examples.iter().flat_map(|&i| (0..each).map(move |role| similar.number(i, role))).collect();
            parts.numbers(&format!("{name}.texts"), vec![examples.len(), each], &numbers);
        } else {
            parts.batch(&name, collate(data, examples, job.normalize.as_ref(), None)?, scale)?;
        }
        parts.numbers(&format!("{name}.examples"), vec![examples.len()], &narrow(examples));
        match (data.targets(), data.texts()) {
            (PreparedTargets::Words { bytes, .. }, _) => {
                let bytes: u64 = examples.iter().map(|&i| u64::from(bytes[i])).sum();
                parts.doubles(&format!("{name}.bytes"), &[bytes as f64]);
            }
            (PreparedTargets::Spans(spans), Some(texts)) => {
                let characters: Vec<u32> =
                    examples.iter().flat_map(|&i| spans.characters(texts.range(i)).as_flattened().to_vec()).collect();
                parts.numbers(&format!("{name}.characters"), vec![characters.len() / 2, 2], &characters);
                let questions: Vec<usize> = examples.iter().map(|&i| spans.question(i)).collect();
                parts.numbers(&format!("{name}.questions"), vec![questions.len()], &narrow(&questions));
            }
            _ => {}
        }
        parts.write_if_full()?;
    }
    parts.finish()
}

/// What a split holds besides tensors.
fn told(data: &Prepared) -> Value {
    match data.targets() {
        PreparedTargets::Texts { begin, end, words } => json!({"texts": pairs(words), "start": [begin], "end": end}),
        PreparedTargets::Transcripts(told) => json!({"texts": pairs(&told.words), "start": told.prompt(), "end": told.end}),
        PreparedTargets::Spans(spans) => {
            json!({"questions": questions(spans, data.len()), "some_unanswered": spans.some_unanswered()})
        }
        PreparedTargets::Classes { .. }
        | PreparedTargets::Labels { .. }
        | PreparedTargets::Tags(_)
        | PreparedTargets::Values { .. }
        | PreparedTargets::Words { .. }
        | PreparedTargets::Answers { .. }
        | PreparedTargets::Preferences { .. }
        | PreparedTargets::Similar(_) => Value::Null,
    }
}

fn pairs(words: &Verbatim) -> Vec<[String; 2]> {
    (0..words.len() / 2).map(|i| words.pair(i)).collect()
}

/// Each question's text and right answers.
fn questions(spans: &PreparedSpans, windows: usize) -> BTreeMap<usize, (String, Vec<String>)> {
    let of = |window: usize| {
        let question = spans.question(window);
        (question, (spans.words(question, 0, usize::MAX), spans.answers(question)))
    };
    (0..windows).map(of).collect()
}

/// Tensors on their way into files.
struct Parts {
    folder: PathBuf,
    stem: &'static str,
    tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
    /// Of `tensors`, and of all files.
    waiting: u64,
    written: u64,
    files: Vec<String>,
}

impl Parts {
    fn below(folder: &Path, stem: &'static str) -> Self {
        Parts { folder: folder.into(), stem, tensors: Vec::new(), waiting: 0, written: 0, files: Vec::new() }
    }

    fn add(&mut self, name: &str, dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>) {
        self.waiting += bytes.len() as u64;
        self.tensors.push((name.into(), dtype, shape, bytes));
    }

    fn floats(&mut self, name: &str, tensor: &Tensor) -> Result<(), Error> {
        let values = tensor.flatten_all()?.to_vec1::<f32>()?;
        self.add(name, Dtype::F32, tensor.dims().to_vec(), values.iter().flat_map(|v| v.to_le_bytes()).collect());
        Ok(())
    }

    fn doubles(&mut self, name: &str, values: &[f64]) {
        self.add(name, Dtype::F64, vec![values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }

    fn ids(&mut self, name: &str, tensor: &Tensor) -> Result<(), Error> {
        let values = tensor.flatten_all()?.to_vec1::<u32>()?;
        self.numbers(name, tensor.dims().to_vec(), &values);
        Ok(())
    }

    fn numbers(&mut self, name: &str, shape: Vec<usize>, values: &[u32]) {
        self.add(name, Dtype::U32, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect());
    }

    /// A part of a step.
    fn part(&mut self, name: &str, part: Part, scale: Option<&Scale>) -> Result<(), Error> {
        self.doubles(&format!("{name}.share"), &[part.share]);
        self.numbers(&format!("{name}.examples"), vec![part.examples.len()], &narrow(&part.examples));
        self.batch(name, part.batch, scale)
    }

    /// A batch, and what should be said of it.
    fn batch(&mut self, name: &str, batch: Batch, scale: Option<&Scale>) -> Result<(), Error> {
        let of = |what: &str| format!("{name}.{what}");
        // Of what is said of each token.
        let mut shape = Vec::new();
        match &batch.input {
            Input::Text { token_ids, .. } => {
                shape = token_ids.dims().to_vec();
                self.text(name, "", &batch.input)?;
            }
            Input::Packed { token_ids, texts } => {
                let (rows, width) = token_ids.dims2()?;
                shape = vec![rows, width];
                self.ids(&of("ids"), token_ids)?;
                self.numbers(&of("documents"), shape.clone(), &documents(texts, rows, width));
                self.numbers(&of("positions"), shape.clone(), &texts.positions(rows, width)?);
            }
            Input::Image { pixels } => self.floats(&of("pixels"), pixels)?,
            Input::Table { numbers, categories } => {
                self.floats(&of("numbers"), numbers)?;
                self.ids(&of("categories"), categories)?;
            }
            Input::TextToText { source_ids, source_lengths, target_ids, target_lengths } => {
                shape = target_ids.dims().to_vec();
                self.ids(&of("source_ids"), source_ids)?;
                self.numbers(&of("source_lengths"), vec![source_lengths.len()], &narrow(source_lengths));
                self.targets(name, target_ids, target_lengths)?;
            }
            Input::Speech { features, target_ids, target_lengths } => {
                shape = target_ids.dims().to_vec();
                self.floats(&of("features"), features)?;
                self.targets(name, target_ids, target_lengths)?;
            }
        }
        match &batch.wanted {
            Wanted::Classes(classes) => self.numbers(&of("classes"), vec![classes.len()], classes),
            Wanted::Mixed { own, other, share } => {
                self.numbers(&of("classes"), vec![own.len()], own);
                self.numbers(&of("other_classes"), vec![other.len()], other);
                self.doubles(&of("own_share"), &[*share]);
            }
            Wanted::Labels(flags, labels) => {
                let flags: Vec<u32> = flags.iter().map(|flag| u32::from(*flag)).collect();
                self.numbers(&of("labels"), vec![flags.len() / labels.max(&1), *labels], &flags);
            }
            Wanted::Words(words) => self.numbers(&of("words"), shape, words),
            Wanted::Tags(tags) => self.numbers(&of("tags"), shape, tags),
            Wanted::Spans(spans, _) => self.numbers(&of("spans"), vec![spans.len(), 2], spans.as_flattened()),
            Wanted::Values(values) => {
                let learnt: Vec<f64> = values.iter().map(|value| scale.map_or(*value, |scale| scale.learnt(*value))).collect();
                self.doubles(&of("values"), &learnt);
            }
            Wanted::Preferences(pairs) => {
                self.numbers(&of("words"), shape, &pairs.words);
                let places = pairs.texts.iter().flat_map(|[better, other]| [better.start, better.end, other.start, other.end]);
                self.numbers(&of("pairs"), vec![pairs.texts.len(), 4], &narrow(&places.collect::<Vec<usize>>()));
            }
            Wanted::Similar(asked) => self.asked(name, asked),
        }
        Ok(())
    }

    /// The names of the tensors end with `behind`.
    fn text(&mut self, name: &str, behind: &str, input: &Input) -> Result<(), Error> {
        let Input::Text { token_ids, type_ids, lengths } = input else {
            return Err(Error::WrongTask { expected: "texts", found: "something else" });
        };
        self.ids(&format!("{name}.ids{behind}"), token_ids)?;
        self.ids(&format!("{name}.types{behind}"), type_ids)?;
        self.numbers(&format!("{name}.lengths{behind}"), vec![lengths.len()], &narrow(lengths));
        Ok(())
    }

    fn targets(&mut self, name: &str, ids: &Tensor, lengths: &[usize]) -> Result<(), Error> {
        self.ids(&format!("{name}.target_ids"), ids)?;
        self.numbers(&format!("{name}.target_lengths"), vec![lengths.len()], &narrow(lengths));
        Ok(())
    }

    /// Texts whose vectors are compared: those of each place of an example.
    fn vectors(&mut self, name: &str, texts: &[Input], asked: &Similar) -> Result<(), Error> {
        (0..).zip(texts).try_for_each(|(role, input): (usize, _)| self.text(name, &format!("_{role}"), input))?;
        self.asked(name, asked);
        Ok(())
    }

    fn asked(&mut self, name: &str, asked: &Similar) {
        let of = |what: &str| format!("{name}.{what}");
        match &asked.asked {
            Asked::Cosines(cosines) => self.doubles(&of("cosines"), cosines),
            Asked::Order { scores, scale } => {
                self.doubles(&of("order"), scores);
                self.doubles(&of("scale"), &[*scale]);
            }
            Asked::Own { scale, hidden } => {
                let flags: Vec<u32> = hidden.iter().map(|hidden| u32::from(*hidden)).collect();
                self.numbers(&of("hidden"), vec![asked.examples, flags.len() / asked.examples.max(1)], &flags);
                self.doubles(&of("scale"), &[*scale]);
            }
        }
    }

    fn write_if_full(&mut self) -> Result<(), Error> {
        if self.waiting >= FULL { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), Error> {
        let name = format!("{}-{}.safetensors", self.stem, self.files.len());
        let path = self.folder.join(&name);
        let bad = |e: safetensors::SafeTensorError| Error::BadWeights { path: path.clone(), message: e.to_string() };
        let views: Vec<(&str, TensorView)> = self
            .tensors
            .iter()
            .map(|(name, dtype, shape, bytes)| Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).map_err(bad)?)))
            .collect::<Result<_, Error>>()?;
        safetensors::serialize_to_file(views, None, &path).map_err(bad)?;
        self.files.push(name);
        self.written += self.waiting;
        self.tensors.clear();
        self.waiting = 0;
        Ok(())
    }

    /// The files, in order.
    fn finish(mut self) -> Result<Vec<String>, Error> {
        if !self.tensors.is_empty() {
            self.write()?;
        }
        Ok(self.files)
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
