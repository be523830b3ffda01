//! Tensors as safetensors: read, built into a model, written whole or not at all.
//!
//! The file is written here and not by the `safetensors` crate: tensors lie in the order of their names, so the same values always
//! give the same bytes and the file's hash is the hash of the weights; and one tensor at a time is in memory twice, not all.

use super::{Error, additions};
use crate::data::{sha256_of_weights, weight_files};
use crate::job::{AdapterFiles, ModelFiles};
use crate::spec::Group;
use crate::store::write_atomic;
use crate::words::hex;
use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Tensor};
use memmap2::Mmap;
use safetensors::SafeTensors;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use tallow_kernels::{LoadReport, Param, ParamKind, ParamStore, Stream, Weights};
use tallow_zoo::gguf::Gguf;
use tallow_zoo::torch_file::TorchFile;
use tallow_zoo::{Adapter, BaseWeights, Head, Model, ModelConfig, peft};

/// A model with its parameters.
pub(super) struct Built {
    /// Shared with the blocks of a pass that are made again in its backward.
    pub(super) model: Rc<dyn Model>,
    pub(super) store: ParamStore,
    pub(super) report: LoadReport,
}

impl Built {
    /// Elements of all parameters; running statistics do not count.
    pub(super) fn num_params(&self) -> usize {
        let own: usize = self.store.iter().filter(|p| p.kind() != ParamKind::Buffer).map(|p| p.len()).sum();
        own + self.store.kept().iter().map(|weight| weight.dims().iter().product::<usize>()).sum::<usize>()
    }
}

/// Weights that a model is built from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    Scratch,
    /// Training goes on from these: a new head may start anew, and the head of another task be left over. The file's hash is given
    /// where it is known.
    Pretrained {
        path: &'a Path,
        sha256: Option<&'a str>,
    },
    /// These are scored: they are the whole model and nothing else.
    Trained {
        files: &'a ModelFiles,
    },
}

/// Builds the model; what `source` does not hold starts from `init`, and what `groups` freeze is not trained. With an adapter all but
/// that and a new head is frozen.
///
/// # Errors
/// The file cannot be read, or is another one than planned; tensors are missing, wrongly shaped or not finite: all of these at once;
/// tensors are left over that are those of a larger model, or for [`Source::Trained`] any at all.
pub(super) fn build(
    config: &ModelConfig,
    adapter: Option<&Adapter>,
    source: Source,
    init: Stream,
    groups: &[Group],
) -> Result<Built, Error> {
    let device = Device::Cpu;
    let groups = groups.to_vec();
    let freezes = move |name: &str| Group::freezes(&groups, name);
    let (path, sha256) = match source {
        Source::Scratch => {
            let weights = Weights::scratch(init, &device).freezing(freezes);
            let model = config.build(&weights, adapter)?;
            let (store, report) = weights.finish()?;
            return Ok(Built { model: model.into(), store, report });
        }
        Source::Pretrained { path, sha256 } => (path, sha256),
        Source::Trained { files } => (files.weights.as_path(), None),
    };
    let files = if let Source::Trained { files: ModelFiles { adapter, .. } } = source { adapter.as_ref() } else { None };
    let adapter = files.map(|files| &files.adapter).or(adapter);
    let base = adapter.map_or(BaseWeights::Float32, |adapter| adapter.base);
    let Given { tensors, quantized } = read(path, sha256, base)?;
    let mut given = config.public_names(tensors)?;
    let mut adapter = adapter.cloned();
    // What an adapter holds takes the place of what its base has under that name: a head of its own.
    let path = match files {
        Some(files) => {
            let own = peft::own_names(read_adapter(&files.weights, path)?);
            // Beside a bare body they have its names, without its place.
            given.extend(if matches!(config.head(), Head::Vector(_)) { config.public_names(own)? } else { own });
            adapter = additions::take_in(config, &files.adapter, &mut given, &files.weights)?;
            files.weights.as_path()
        }
        None => path,
    };
    let weights = Weights::given(given, init, &device).freezing(freezes);
    let weights = if base == BaseWeights::AsStored { weights.keeping_stored(quantized) } else { weights };
    let model = config.build(&weights, adapter.as_ref())?;
    let (store, report) = weights.finish().map_err(|source| Error::Weights { path: path.into(), source })?;
    let trained = matches!(source, Source::Trained { .. });
    if trained && !report.initialised.is_empty() {
        return Err(Error::Untrained { path: path.into(), missing: report.initialised });
    }
    // A tensor whose name differs from one in use by its numbers alone is of one more layer.
    let used: BTreeSet<String> = store.iter().map(|p| without_numbers(p.name())).collect();
    let extra: Vec<String> =
        report.unused.iter().filter(|name| trained || used.contains(&without_numbers(name))).cloned().collect();
    if !extra.is_empty() {
        return Err(Error::ExtraWeights { path: path.into(), extra });
    }
    Ok(Built { model: model.into(), store, report })
}

/// `encoder.layer.10.output.weight` -> `encoder.layer.#.output.weight`.
fn without_numbers(name: &str) -> String {
    let part = |part: &str| if part.parse::<u64>().is_ok() { "#".to_string() } else { part.to_string() };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// The name under which an adapter's file holds the hash of its base's.
pub(super) const BASE_SHA256: &str = "base_sha256";

/// The tensors of an adapter, which must be one for that base where it says so itself.
fn read_adapter(path: &Path, base: &Path) -> Result<BTreeMap<String, Tensor>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let bad = |message: String| Error::BadWeights { path: path.into(), message };
    if TorchFile::begins(&bytes) {
        let read = TorchFile::read(&mut Cursor::new(&bytes)).map_err(|e| bad(e.to_string()))?;
        return read.load(&bytes).map_err(|e| bad(e.to_string()));
    }
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| bad(e.to_string()))?;
    if let Some(expected) = header.metadata().as_ref().and_then(|metadata| metadata.get(BASE_SHA256)) {
        let found = sha256_of_weights(base)?;
        if found != *expected {
            return Err(Error::OtherBase { path: path.into(), base: base.into(), expected: expected.clone(), found });
        }
    }
    Ok(candle_core::safetensors::load_buffer(&bytes, &Device::Cpu).map_err(|e| bad(e.to_string()))?.into_iter().collect())
}

/// The weights of the one model that a base and its adapter are together, as public files have them.
///
/// # Errors
/// As [`build`]; a product failed.
pub(super) fn merged(config: &ModelConfig, files: &ModelFiles) -> Result<BTreeMap<String, Tensor>, Error> {
    let mut files = files.clone();
    files.adapter.iter_mut().for_each(|files| files.adapter.base = BaseWeights::Float32);
    let built = build(config, None, Source::Trained { files: &files }, Stream::root(0), &[])?;
    let mut own = named(&built.store);
    let Some(AdapterFiles { adapter, weights: path }) = &files.adapter else { return Ok(config.public_tensors(own)?) };
    let layers: Vec<String> = own.keys().filter_map(|name| name.strip_suffix(".lora_A.weight").map(str::to_string)).collect();
    for layer in layers {
        let mut take = |part: &str| {
            let name = format!("{layer}.{part}");
            own.remove(&name).ok_or_else(|| Error::Untrained { path: files.weights.clone(), missing: vec![name] })
        };
        let (a, b, weight) = (take("lora_A.weight")?, take("lora_B.weight")?, take("weight")?);
        let lengths = if adapter.use_dora { Some(take("lora_magnitude_vector")?) } else { None };
        let sum = additions::sum(&weight, [&a, &b], adapter.scale(&layer), lengths.as_ref());
        let sum = sum.map_err(|message| Error::Addition { path: path.clone(), layer: layer.clone(), message })?;
        own.insert(format!("{layer}.weight"), sum);
    }
    Ok(config.public_tensors(own)?)
}

/// What a file of weights holds.
#[derive(Default)]
struct Given {
    tensors: BTreeMap<String, Tensor>,
    /// Blocks of a GGUF file, where they are to stay so.
    quantized: BTreeMap<String, Arc<QTensor>>,
}

fn read(path: &Path, sha256: Option<&str>, base: BaseWeights) -> Result<Given, Error> {
    if let Some(expected) = sha256.filter(|hash| !hash.is_empty()) {
        let found = sha256_of_weights(path)?;
        if found != expected {
            return Err(Error::OtherWeights { path: path.into(), expected: expected.into(), found });
        }
    }
    let mut given = Given::default();
    for file in weight_files(path)? {
        let Given { tensors, quantized } = read_file(&file, base)?;
        given.tensors.extend(tensors);
        given.quantized.extend(quantized);
    }
    Ok(given)
}

/// Of safetensors, of GGUF, or of what `torch.save` writes.
fn read_file(path: &Path, base: BaseWeights) -> Result<Given, Error> {
    let io = |source| Error::Io { action: "read", path: path.into(), source };
    let mut file = File::open(path).map_err(io)?;
    if is_gguf(&mut file) {
        let load = |file: &mut File| match base {
            BaseWeights::Float32 => Ok(Given { tensors: Gguf::read(file)?.load(file)?.tensors, ..Given::default() }),
            BaseWeights::AsStored => Ok(Given { quantized: Gguf::read(file)?.load_stored(file)?.tensors, ..Given::default() }),
        };
        return load(&mut file).map_err(|source| Error::Gguf { path: path.into(), source });
    }
    let bytes = mapped(&file).map_err(io)?;
    if TorchFile::begins(&bytes) {
        let bad = |e: tallow_zoo::torch_file::Error| Error::BadWeights { path: path.into(), message: e.to_string() };
        let read = TorchFile::read(&mut file).map_err(bad)?;
        return Ok(Given { tensors: read.load(&bytes).map_err(bad)?, ..Given::default() });
    }
    let tensors = candle_core::safetensors::load_buffer(&bytes, &Device::Cpu);
    let tensors = tensors.map_err(|e| Error::BadWeights { path: path.into(), message: e.to_string() })?.into_iter().collect();
    Ok(Given { tensors, ..Given::default() })
}

/// Whether a file that was just opened begins as GGUF does.
pub(super) fn is_gguf(file: &mut File) -> bool {
    let mut magic = [0; 4];
    file.read_exact(&mut magic).is_ok() && &magic == b"GGUF"
}

/// A file without a copy in memory beside the tensors that are made of it.
pub(super) fn mapped(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: weights and checkpoints are put in place whole and not changed; one that is removed stays for whoever has it open. A
    // program that cuts one off meanwhile ends this worker alone.
    unsafe { Mmap::map(file) }
}

/// Parameters and buffers that training changes, by the optimiser or on the way forward, in the order of their names.
pub(super) fn changing(store: &ParamStore) -> impl Iterator<Item = &Param> {
    store.iter().filter(|param| param.kind() != ParamKind::Frozen)
}

/// The same by name.
pub(super) fn learnt(store: &ParamStore) -> BTreeMap<String, Tensor> {
    changing(store).map(|p| (p.name().to_string(), p.tensor().clone())).collect()
}

/// Parameters and buffers by name.
pub(super) fn named(store: &ParamStore) -> BTreeMap<String, Tensor> {
    store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect()
}

/// SHA-256 of what training changes, in the order of the names: equal for equal weights, whatever file they lie in. What is frozen is
/// named by its own file's hash.
pub(super) fn hash(store: &ParamStore) -> Result<String, Error> {
    let mut hasher = Sha256::new();
    for (name, value) in learnt(store) {
        hasher.update(name);
        let values = value.flatten_all()?.to_vec1::<f32>()?;
        values.chunks(BUFFER).for_each(|part| {
            let bytes: Vec<[u8; 4]> = part.iter().map(|value| value.to_le_bytes()).collect();
            hasher.update(bytes.as_flattened());
        });
    }
    Ok(hex(&hasher.finalize()))
}

/// Whether every value is finite.
pub(super) fn all_finite(store: &ParamStore) -> Result<bool, Error> {
    for param in store.iter() {
        if !param.tensor().flatten_all()?.to_vec1::<f32>()?.iter().all(|value| value.is_finite()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a file ends with the hash of all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    None,
    /// A last tensor [`SEAL`] of 32 bytes: the SHA-256 of all bytes before it.
    Sha256,
}

/// Name of the tensor that holds a file's own hash.
const SEAL: &str = "~sha256";

const SEAL_BYTES: usize = 32;

/// Values that are turned into bytes at once.
const BUFFER: usize = 1 << 16;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Of the whole file.
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

/// Writes float32 tensors whole or not at all, ordered by name.
///
/// # Errors
/// The disk is full, or the file cannot be written for another reason; the old file, if any, is as it was.
pub(super) fn write(
    path: &Path,
    tensors: &BTreeMap<String, Tensor>,
    metadata: &[(&str, String)],
    seal: Seal,
) -> Result<Written, Error> {
    let header = header(tensors, metadata, seal);
    let (mut hasher, mut count, mut buffer) = (Sha256::new(), 0, vec![[0u8; 4]; BUFFER]);
    write_atomic(path, |file| {
        let mut put = |bytes: &[u8]| {
            hasher.update(bytes);
            count += bytes.len() as u64;
            file.write_all(bytes)
        };
        put(&header)?;
        for tensor in tensors.values() {
            let values = tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).map_err(std::io::Error::other)?;
            for part in values.chunks(BUFFER) {
                let buffer = &mut buffer[..part.len()];
                buffer.iter_mut().zip(part).for_each(|(to, value)| *to = value.to_le_bytes());
                put(buffer.as_flattened())?;
            }
        }
        if seal == Seal::Sha256 {
            let hash = hasher.clone().finalize();
            hasher.update(hash);
            count += SEAL_BYTES as u64;
            file.write_all(&hash)?;
        }
        Ok(())
    })?;
    Ok(Written { sha256: hex(&hasher.finalize()), bytes: count })
}

/// The length of the header and the header, padded so that the tensors are aligned.
fn header(tensors: &BTreeMap<String, Tensor>, metadata: &[(&str, String)], seal: Seal) -> Vec<u8> {
    let mut entries = Map::new();
    let metadata: Map<String, Json> = metadata.iter().map(|(key, value)| (key.to_string(), json!(value))).collect();
    entries.insert("__metadata__".into(), metadata.into());
    let mut at = 0;
    let mut entry = |dtype: &str, shape: &[usize], bytes: usize| {
        at += bytes;
        json!({"dtype": dtype, "shape": shape, "data_offsets": [at - bytes, at]})
    };
    for (name, tensor) in tensors {
        let described = entry("F32", tensor.dims(), tensor.elem_count() * DType::F32.size_in_bytes());
        entries.insert(name.clone(), described);
    }
    if seal == Seal::Sha256 {
        entries.insert(SEAL.into(), entry("U8", &[SEAL_BYTES], SEAL_BYTES));
    }
    let mut json = Json::Object(entries).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    [&(json.len() as u64).to_le_bytes()[..], &json].concat()
}

/// Whether the bytes are those of a sealed file, whole and unchanged.
pub(super) fn seal_holds(file: &[u8]) -> bool {
    file.len().checked_sub(SEAL_BYTES).is_some_and(|end| Sha256::digest(&file[..end])[..] == file[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> BTreeMap<String, Tensor> {
        let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu).expect("a tensor");
        [("b.weight".to_string(), tensor(&[1., -2., 3.5, 0.], &[2, 2])), ("a".to_string(), tensor(&[f32::MIN_POSITIVE], &[1]))]
            .into()
    }

    #[test]
    fn what_is_written_reads_back_and_has_its_hash() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let written = write(&path, &tensors(), &[("format", "pt".into())], Seal::None).expect("written");
        assert_eq!(written.bytes, path.metadata().expect("there").len());
        let back = read(&path, Some(&written.sha256), BaseWeights::Float32).expect("read").tensors;
        for (name, tensor) in tensors() {
            assert_eq!(back[&name].dims(), tensor.dims());
            let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
            assert_eq!(values(&back[&name]), values(&tensor), "{name}");
        }
        assert!(matches!(read(&path, Some("00"), BaseWeights::Float32), Err(Error::OtherWeights { .. })));
        let whole = std::fs::read(&path).expect("read");
        std::fs::write(&path, &whole[..whole.len() - 1]).expect("cut");
        assert!(matches!(read(&path, None, BaseWeights::Float32), Err(Error::BadWeights { .. })));
    }

    /// Weights in several files are those in one.
    #[test]
    fn an_index_is_read_as_the_files_that_it_names() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = |name: &str| dir.path().join(name);
        let (mut first, mut second) = (tensors(), tensors());
        (first.pop_first(), second.pop_last());
        write(&place("1.safetensors"), &first, &[], Seal::None).expect("written");
        write(&place("2.safetensors"), &second, &[], Seal::None).expect("written");
        let index = place("model.safetensors.index.json");
        std::fs::write(&index, r#"{"weight_map": {"b.weight": "1.safetensors", "a": "2.safetensors"}}"#).expect("written");
        let hash = sha256_of_weights(&index).expect("hashed");
        let back = read(&index, Some(&hash), BaseWeights::Float32).expect("read").tensors;
        assert_eq!(back.keys().collect::<Vec<_>>(), tensors().keys().collect::<Vec<_>>());
        std::fs::write(place("2.safetensors"), "no tensors").expect("written");
        assert!(matches!(read(&index, Some(&hash), BaseWeights::Float32), Err(Error::OtherWeights { .. })));
        let told = read(&index, None, BaseWeights::Float32).map(|_| ()).expect_err("damaged").to_string();
        assert!(told.contains("2.safetensors"), "{told}");
    }

    /// A base in 16 bits is as good held so as in float32: equal values, and so an equal hash.
    #[test]
    fn a_base_as_it_is_stored_has_the_values_of_its_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        let config = (tallow_zoo::registry()[0].tiny)();
        let scratch = build(&config, None, Source::Scratch, Stream::root(0), &[]).expect("a model");
        let public = config.public_tensors(named(&scratch.store)).expect("public names");
        let half = public.into_iter().map(|(name, t)| (name, t.to_dtype(DType::BF16).expect("half")));
        candle_core::safetensors::save(&half.collect(), &path).expect("written");
        let built = |base| {
            let adapter = Adapter { base, ..Adapter::of(&["query", "output.dense"]) };
            let source = Source::Pretrained { path: &path, sha256: None };
            build(&config, Some(&adapter), source, Stream::root(0), &[]).expect("a model")
        };
        let [wide, stored] = [BaseWeights::Float32, BaseWeights::AsStored].map(built);
        assert!(wide.store.kept().is_empty() && !stored.store.kept().is_empty());
        assert_eq!(wide.num_params(), stored.num_params());
        let values = |tensor: &Tensor| tensor.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
        let own = named(&wide.store);
        for weight in stored.store.kept() {
            let dense = weight.dense(DType::F32, &Device::Cpu).expect("values");
            assert_eq!(values(&dense), values(&own[weight.name()]), "{}", weight.name());
        }
        assert_eq!(hash(&wide.store).expect("hashed"), hash(&stored.store).expect("hashed"), "what is learnt");
        assert_eq!((wide.report.loaded, &wide.report.unused), (stored.report.loaded, &stored.report.unused));
    }

    #[test]
    fn a_seal_shows_every_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.safetensors");
        write(&path, &tensors(), &[("progress", "{}".into())], Seal::Sha256).expect("written");
        let whole = std::fs::read(&path).expect("read");
        assert!(seal_holds(&whole));
        safetensors::SafeTensors::deserialize(&whole).expect("a valid file all the same");
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(!seal_holds(&changed), "byte {at}");
            assert!(!seal_holds(&whole[..at]), "cut at {at}");
        }
    }
}
