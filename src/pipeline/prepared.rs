//! Source files -> tensors on disk, and what the splits share.

use super::{Pipeline, Unfinished};
use crate::data::{self, Overlap};
use crate::error::{Class, Failure, Result};
use crate::job::{
    COMPARE, Event, FEW_ROWS, Job, PREPARE, PREPARE_HELD_OUT, PairFormat, PrepareJob, PreparedSplit, RunConfig, SHARED,
    SpeechFormat, SplitSource, TokenizerSource,
};
use crate::plan::{ModelFacts, Plan};
use crate::provenance::{FileHash, Sourced, sources};
use crate::spec::{ExperimentSpec, ModelSpec, Monitor, Task, TokenizerKind, TokenizerSpec};
use crate::store::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tallow_zoo::{HeadKind, ModelConfig, SpeechLimits, mlp};

/// What the ledger calls the reading of the data that a plan is of.
const PLANNED: &str = "plan";

/// A model whose vectors are made in a way that is not known here.
#[derive(Debug, thiserror::Error)]
#[error("the model makes its vectors in a way that Tallow does not support: {what}")]
pub(super) struct Vectors {
    what: String,
}

impl Failure for Vectors {
    fn class(&self) -> Class {
        Class::Model
    }
}

/// Data that changed while a run was made of it.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` is not what it was when this run was planned, or its other split was prepared")]
struct Changed {
    path: String,
}

impl Failure for Changed {
    fn class(&self) -> Class {
        Class::Data
    }
    fn hint(&self) -> Option<String> {
        Some("put the file back as it was, and resume; or begin a run of its own with what it holds now".into())
    }
}

/// Few rows, of which a class is on one side alone: nothing is learnt of it, or nothing said. Where fewer are held out than there are
/// classes, as whoever asks for a small share has it, some are not scored, and the plan says so.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the {rows} rows of `{split}` cannot be parted so that each class is trained on and scored: {sides}")]
struct OneSided {
    split: String,
    rows: usize,
    sides: String,
}

impl OneSided {
    /// Of a draw of few rows; none where every class has a row on either side.
    fn of(train: &PreparedSplit, held_out: &PreparedSplit) -> Option<Self> {
        let rows = train.examples + held_out.examples;
        let counts = || train.labels.iter().zip(train.label_counts.iter().zip(&held_out.label_counts));
        let classes = counts().filter(|(_, (train, held_out))| *train + *held_out > 0).count();
        let reaches = held_out.examples >= classes;
        let lacks = |(_, counts): &(&String, (&usize, &usize))| match counts {
            (0, held_out) => **held_out > 0,
            (train, 0) => reaches || **train == 1,
            (_, _) => false,
        };
        let told = |(name, (train, held_out)): (&String, (&usize, &usize))| {
            format!("`{name}` has {train} to be trained on and {held_out} to be scored")
        };
        let sides: Vec<String> = counts().filter(lacks).map(told).collect();
        let is_lacking = rows < FEW_ROWS && !sides.is_empty();
        is_lacking.then(|| OneSided { split: train.split.clone(), rows, sides: sides.join(", ") })
    }
}

impl Failure for OneSided {
    fn class(&self) -> Class {
        Class::Data
    }
    fn hint(&self) -> Option<String> {
        Some("add rows of that class (two at least), leave it out, or add a split of its own named `test`".into())
    }
}

impl Pipeline<'_> {
    /// Source files -> tensors on disk: what training may see, then the held-out split with the same labels and tokenizer.
    pub(super) fn prepare(&mut self, plan: &Plan) -> Result<Option<Unfinished>> {
        if let Some(end) = self.prepare_training(plan)? {
            return Ok(Some(end));
        }
        if let Some(end) = self.prepare_held_out(plan)? {
            return Ok(Some(end));
        }
        // Who says which rows are held out has said what stands on either side.
        let is_drawn = plan.spec.data.held_out_frac.is_some() && plan.spec.data.held_out_by.is_chance();
        let is_drawn = is_drawn && plan.spec.task.head() == HeadKind::Classes;
        let (train, held_out) = (self.prepared_by(PREPARE)?, self.prepared_by(PREPARE_HELD_OUT)?);
        match train.first().zip(held_out.first()).filter(|_| is_drawn).and_then(|(train, held_out)| OneSided::of(train, held_out))
        {
            Some(one_sided) => Err(one_sided.into()),
            None => Ok(None),
        }
    }

    /// What training may see.
    pub(super) fn prepare_training(&mut self, plan: &Plan) -> Result<Option<Unfinished>> {
        let prepared = self.folder.prepared();
        if prepared.is_dir() {
            return Ok(None);
        }
        let tokenizer = tokenizer(&plan.spec.model, plan.spec.task, &plan.facts.model);
        let labels = Some(plan.facts.data.labels.clone()).filter(|labels| !labels.is_empty());
        self.watch.say("preparing the training data");
        self.prepare_into(PREPARE, prepare_job(plan, &training_splits(plan), tokenizer, labels), &prepared)
    }

    /// The split of the verdict, with the labels and the tokenizer of the training split.
    fn prepare_held_out(&mut self, plan: &Plan) -> Result<Option<Unfinished>> {
        let held_out = self.folder.held_out();
        if held_out.is_dir() {
            return Ok(None);
        }
        self.watch.say("preparing the held-out data");
        let tokenizer = TokenizerSource::File(match tokenizer(&plan.spec.model, plan.spec.task, &plan.facts.model) {
            TokenizerSource::File(path) => path,
            // One that was made from the training split is there now.
            TokenizerSource::Trained(_) => self.folder.prepared().join("tokenizer.json"),
        });
        let labels = self.prepared_by(PREPARE)?.into_iter().next().map(|split| split.labels);
        let mut job = prepare_job(plan, std::slice::from_ref(&plan.spec.data.held_out), tokenizer, labels);
        // What is scored is not drawn.
        job.columns.weight = None;
        self.prepare_into(PREPARE_HELD_OUT, job, &held_out)
    }

    pub(super) fn prepare_into(&mut self, name: &str, mut job: PrepareJob, place: &Path) -> Result<Option<Unfinished>> {
        job.splits.iter_mut().flat_map(|split| &mut split.files).for_each(|file| *file = self.folder.root().join(&*file));
        let number = self.next_attempt(name)?;
        job.out = self.folder.attempt(name, number).work();
        let sources = read_besides(&job)?;
        let mut readable: Vec<PathBuf> = sources.iter().flat_map(Read::paths).cloned().collect();
        readable.extend(job.tokenizer.file().map(Path::to_path_buf));
        let attempt = match self.attempt(name, number, Job::Prepare(Box::new(job)), readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Some(end)),
        };
        let out = attempt.folder.work();
        let file_of = |event: &Event| if let Event::Prepared(split) = event { Some(split.file.clone()) } else { None };
        let mut files: Vec<String> = attempt.events.iter().filter_map(file_of).collect();
        files.push("tokenizer.json".into());
        // Before the data is there, which is what says that the stage is done: whoever is stopped between the two makes it again.
        self.note_sources(name, &sources, &out.join("tokenizer.json"))?;
        self.folder.adopt(&out, &files, place)?;
        Ok(None)
    }

    /// Enters in the ledger what a preparation read.
    ///
    /// # Errors
    /// A table is another than it was for a stage before this one: what is scored and what is trained on would be of two versions, and
    /// the plan of a third.
    fn note_sources(&self, name: &str, read: &[Read], tokenizer: &Path) -> Result<()> {
        let root = self.folder.root();
        let hash = |read: &Read| -> Result<FileHash> {
            let (place, sha256) = match read {
                Read::Whole(place) => (place, data::sha256_of_place(place)?),
                Read::Named { folder, files } => (folder, data::sha256_of_files(folder, files)?),
            };
            Ok(FileHash { path: place.strip_prefix(root).unwrap_or(place).display().to_string(), sha256 })
        };
        let files = read.iter().map(hash).collect::<Result<Vec<_>>>()?;
        let ledger = self.folder.ledger().read()?;
        let wholes = read.iter().zip(&files).filter(|(read, _)| matches!(read, Read::Whole(_)));
        for (_, file) in wholes {
            let before = sources(&ledger).into_iter().filter(|(stage, _)| *stage != name).flat_map(|(_, read)| &read.files);
            if before.into_iter().any(|known| known.path == file.path && known.sha256 != file.sha256) {
                return Err(Changed { path: file.path.clone() }.into());
            }
        }
        let tokenizer_sha256 = tokenizer.is_file().then(|| data::sha256_of_file(tokenizer)).transpose()?;
        let record = Record::Sourced { run: name.into(), read: Sourced { files, tokenizer_sha256 } };
        self.folder.ledger().append((self.setup.now)(), record)?;
        Ok(())
    }

    /// Enters in the ledger what a plan was made of: files that are read in a moment, for it is to be quick.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn note_planned(&self, plan: &Plan) -> Result<()> {
        const MOST_BYTES: u64 = 256 << 20;
        let names = training_splits(plan).into_iter().chain([plan.spec.data.held_out.clone()]);
        let splits: Vec<String> = names.collect();
        let files: BTreeSet<&PathBuf> =
            plan.facts.data.splits.iter().filter(|split| splits.contains(&split.name)).flat_map(|split| &split.files).collect();
        let places = files.into_iter().map(|file| (file, self.folder.root().join(file))).filter(|(_, place)| place.is_file());
        let bytes = |place: &Path| place.metadata().map_or(0, |file| file.len());
        let places: Vec<(&PathBuf, PathBuf)> = places.collect();
        if places.iter().map(|(_, place)| bytes(place)).sum::<u64>() > MOST_BYTES {
            return Ok(());
        }
        let hash = |(file, place): &(&PathBuf, PathBuf)| -> Result<FileHash> {
            Ok(FileHash { path: file.display().to_string(), sha256: data::sha256_of_place(place)? })
        };
        let files = places.iter().map(hash).collect::<Result<Vec<_>>>()?;
        let record = Record::Sourced { run: PLANNED.into(), read: Sourced { files, tokenizer_sha256: None } };
        self.folder.ledger().append((self.setup.now)(), record)?;
        Ok(())
    }

    /// Whether a file that the plan is of holds something else by now.
    pub(super) fn has_other_data(&self) -> Result<bool> {
        let ledger = self.folder.ledger().read()?;
        let planned = sources(&ledger).into_iter().filter(|(stage, _)| *stage == PLANNED).flat_map(|(_, read)| &read.files);
        for file in planned {
            let place = self.folder.root().join(&file.path);
            // What is gone is told by whoever needs it.
            if place.is_file() && data::sha256_of_place(&place)? != file.sha256 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Before anything is trained: whether it would learn what it is scored on. Both splits are in one jail here, which trains nothing.
    pub(super) fn compare(&mut self, plan: &Plan) -> Result<Option<Unfinished>> {
        if self.told(COMPARE)?.iter().any(|event| matches!(event, Event::Compared(_))) {
            return Ok(None);
        }
        let file = |folder: PathBuf, split: &str| folder.join(format!("{split}.safetensors"));
        let train = file(self.folder.prepared(), &plan.spec.data.train);
        let held_out = file(self.folder.held_out(), &plan.spec.data.held_out);
        let (number, readable) = (self.next_attempt(COMPARE)?, vec![train.clone(), held_out.clone()]);
        let attempt = match self.attempt(COMPARE, number, Job::Compare { train, held_out }, readable)? {
            Ok(attempt) => attempt,
            Err(end) => return Ok(Some(end)),
        };
        let found = attempt.events.iter().find_map(|event| if let Event::Compared(found) = event { Some(found) } else { None });
        let Some(Overlap { held_out, train, exact, near, first, .. }) = found else { return Ok(None) };
        let mut values = BTreeMap::from([
            ("held-out examples".to_string(), *held_out as f64),
            ("training examples".to_string(), *train as f64),
            ("in training as they are".to_string(), *exact as f64),
        ]);
        values.extend(near.map(|near| ("nearly in training".to_string(), near as f64)));
        if let Some((example, place)) = first {
            let place = place.map(|place| format!(", training example {place}")).unwrap_or_default();
            let nearly = near.map(|near| format!(" and {near} nearly")).unwrap_or_default();
            self.watch.say(&format!(
                "{exact} of {held_out} held-out examples are in the training split{nearly}: the first is held-out example {example}{place}"
            ));
        }
        let record = Record::Measured { what: SHARED.into(), values };
        self.folder.ledger().append((self.setup.now)(), record)?;
        Ok(None)
    }
}

/// The model's own tokenizer, else the one that its experiment asks for, else the usual one of the task.
pub(super) fn tokenizer(spec: &ModelSpec, task: Task, model: &ModelFacts) -> TokenizerSource {
    match (&model.tokenizer, spec) {
        (Some(path), _) => TokenizerSource::File(path.clone()),
        (None, ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Trained(kind)), .. }) => TokenizerSource::Trained(*kind),
        (None, _) => TokenizerSource::Trained(TokenizerKind::usual(task)),
    }
}

/// That a model's vectors can be made, where the task is about them.
pub(super) fn usable_vectors(model: &ModelFacts, task: Task) -> Result<(), Vectors> {
    match model.sentences.as_ref().and_then(|of| of.unusable.clone()) {
        Some(what) if task == Task::SentenceSimilarity => Err(Vectors { what }),
        _ => Ok(()),
    }
}

/// The longest text that is prepared.
pub(super) fn prepared_len(plan: &Plan) -> usize {
    let positions = plan.facts.model.config.text_limits().map_or(0, |(_, positions)| positions);
    plan.spec.recipe.max_seq_len.unwrap_or(positions)
}

/// The job that prepares `names`; where it writes is filled in when its attempt is known.
fn prepare_job(plan: &Plan, names: &[String], tokenizer: TokenizerSource, labels: Option<Vec<String>>) -> PrepareJob {
    let source = |name: &String| {
        let facts = plan.facts.data.splits.iter().find(|split| split.name == *name);
        let (files, part) = facts.map(|split| (split.files.clone(), split.part.clone())).unwrap_or_default();
        SplitSource { name: name.clone(), files, part }
    };
    let vocab_size = plan.facts.model.config.text_limits().map_or(0, |(vocab_size, _)| vocab_size);
    PrepareJob {
        task: plan.spec.task,
        splits: names.iter().map(source).collect(),
        columns: plan.facts.data.columns.clone(),
        rows: plan.facts.data.rows.clone(),
        tokenizer,
        vocab_size,
        max_seq_len: prepared_len(plan),
        image_shape: plan.facts.data.image_shape,
        image: plan.spec.data.image,
        table: plan.runs.first().and_then(|run| columns_of(&run.model)),
        labels,
        numbered: None,
        max_examples: None,
        chat: plan.facts.model.chat.clone(),
        pairs: plan.runs.first().and_then(|run| pair_format(&plan.spec, run)),
        speech: plan.runs.first().and_then(|run| {
            let asked = plan.spec.speech.clone().unwrap_or_default();
            // That it can be told is known since it was planned.
            let known = plan.facts.model.speech.clone().unwrap_or_default();
            let forced = known.forced(asked.language.as_deref(), asked.write).unwrap_or_default();
            speech_format(plan.spec.task, &run.model, forced, run.writing.as_ref()?.max_new_tokens)
        }),
        out: PathBuf::new(),
    }
}

/// How pairs of texts become tokens, where such are learnt.
fn pair_format(spec: &ExperimentSpec, run: &RunConfig) -> Option<PairFormat> {
    let (ids, writing) = (run.model.pair_ids().filter(|_| spec.task == Task::TextToText)?, run.writing.as_ref()?);
    let prefix = spec.text_to_text.as_ref().map(|pairs| pairs.prefix.clone()).unwrap_or_default();
    Some(PairFormat { prefix, max_target_len: writing.max_new_tokens, start: ids.start, end: ids.end })
}

/// How recordings and their texts become what a model of speech takes, where such is learnt.
pub(super) fn speech_format(task: Task, model: &ModelConfig, forced: Vec<u32>, max_target_len: usize) -> Option<SpeechFormat> {
    let (ids, limits) = (model.pair_ids().filter(|_| task == Task::SpeechRecognition)?, model.speech_limits()?);
    let SpeechLimits { mel_bins, frames } = limits;
    Some(SpeechFormat { mel_bins, frames, forced, max_target_len, start: ids.start, end: ids.end })
}

/// What a preparation reads of the source.
enum Read {
    /// A table, or a folder of images.
    Whole(PathBuf),
    /// Of a folder that a table lies in, the files that its rows name.
    Named { folder: PathBuf, files: BTreeSet<PathBuf> },
}

impl Read {
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let (whole, named) = match self {
            Read::Whole(place) => (Some(place), None),
            Read::Named { folder: _, files } => (None, Some(files)),
        };
        whole.into_iter().chain(named.into_iter().flatten())
    }
}

/// The splits that training may see.
fn training_splits(plan: &Plan) -> Vec<String> {
    let mut names = vec![plan.spec.data.train.clone()];
    if let Monitor::Split { name } = &plan.spec.data.monitor {
        names.push(name.clone());
    }
    names
}

/// The files below each folder that the rows of a preparation's tables name now, and that its record of the folder is of.
pub(super) fn named_files(plan: &Plan, root: &Path, preparation: &str) -> data::Result<data::Named> {
    let held_out = std::slice::from_ref(&plan.spec.data.held_out);
    let names = if preparation == PREPARE { &training_splits(plan) } else { held_out };
    let mut job = prepare_job(plan, names, TokenizerSource::File(PathBuf::new()), None);
    job.splits.iter_mut().flat_map(|split| &mut split.files).for_each(|file| *file = root.join(&*file));
    data::named_files(&job)
}

/// Everything that a preparation reads, each once.
fn read_besides(job: &PrepareJob) -> Result<Vec<Read>> {
    let tables: BTreeSet<&PathBuf> = job.splits.iter().flat_map(|split| &split.files).collect();
    let named = data::named_files(job)?.into_iter().map(|(folder, files)| Read::Named { folder, files });
    Ok(tables.into_iter().cloned().map(Read::Whole).chain(named).collect())
}

/// What cells of a table become, as a model says.
pub(super) fn columns_of(model: &ModelConfig) -> Option<Box<mlp::Config>> {
    if let ModelConfig::Mlp(mlp) = model { Some(Box::new(mlp.clone())) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::SplitShape;

    #[test]
    fn each_class_of_few_rows_is_on_either_side() {
        let split = |counts: &[usize]| PreparedSplit {
            split: "train".into(),
            file: String::new(),
            examples: counts.iter().sum(),
            labels: ["a", "b", "c"].map(str::to_string).to_vec(),
            label_counts: counts.to_vec(),
            values: None,
            lengths: vec![],
            target_lengths: vec![],
            shape: SplitShape::Table { numbers: 1, categories: 0, missing: 0, unseen: 0 },
            columns: crate::spec::Columns::default(),
            sha256: String::new(),
        };
        let check = |train: &[usize], held_out: &[usize], expected: Option<&str>| {
            let found = OneSided::of(&split(train), &split(held_out)).map(|found| found.to_string());
            assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()));
        };
        check(&[20, 10, 8], &[5, 3, 1], None);
        check(&[20, 10, 1], &[5, 3, 0], Some("the 39 rows of `train` cannot be parted so that each class"));
        check(&[20, 10, 0], &[5, 3, 1], Some("`c` has 0 to be trained on and 1 to be scored"));
        check(&[20, 10, 0], &[5, 3, 0], None);
        check(&[90, 10, 1], &[20, 3, 0], None);
        // Two of forty were asked for.
        check(&[20, 10, 8], &[1, 1, 0], None);
        check(&[20, 17, 1], &[1, 1, 0], Some("`c` has 1 to be trained on and 0 to be scored"));
    }
}
