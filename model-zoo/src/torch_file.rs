//! Weights as PyTorch's `torch.save` writes them (`pytorch_model.bin`): a dictionary of tensors as a pickle, beside their bytes; in a zip
//! archive, or one after another as versions before 1.6 had it.
//!
//! Such a file is a program for Python. Here none of it runs: the pickle is read as data, and what is neither a tensor nor a dictionary of
//! tensors is told or left out. Nothing is believed that the file's own length does not bear out.
//!
//! Source: `torch/serialization.py` and `torch/_utils.py`.

mod pickle;

use candle_core::{DType, Device, Tensor};
use pickle::{Id, Node, Pickle};
use std::collections::BTreeMap;
use std::io::{BufReader, Read, Seek, SeekFrom};
use zip::{CompressionMethod, ZipArchive};

/// A file that no weights can be taken from.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read.
    #[error("reading the file of weights failed")]
    Read(#[from] std::io::Error),

    /// It is no such file, damaged, or holds something else.
    #[error("as a file of PyTorch's `torch.save` it cannot be read: {0}")]
    Unfit(String),

    /// A tensor of a kind that is not known.
    #[error("the tensor `{tensor}`: expected a dense tensor of a usual type, found {found}")]
    Tensor { tensor: String, found: String },

    /// A tensor could not be made.
    #[error("making a tensor from the file of weights failed")]
    Candle(#[from] candle_core::Error),
}

type Result<T> = std::result::Result<T, Error>;

fn unfit(what: impl Into<String>) -> Error {
    Error::Unfit(what.into())
}

/// No pickle of a file of weights is longer.
const MOST_PICKLE: u64 = 64 << 20;
/// What a file without an archive begins with: protocol 2 and the number that follows.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// The types of elements, by the name of their storage, and their bytes.
const STORAGES: [(&str, Kind, u64); 10] = [
    ("FloatStorage", Kind::F32, 4),
    ("DoubleStorage", Kind::F64, 8),
    ("HalfStorage", Kind::F16, 2),
    ("BFloat16Storage", Kind::BF16, 2),
    ("LongStorage", Kind::Signed, 8),
    ("IntStorage", Kind::Signed, 4),
    ("ShortStorage", Kind::Signed, 2),
    ("CharStorage", Kind::Signed, 1),
    ("ByteStorage", Kind::Unsigned, 1),
    ("BoolStorage", Kind::Unsigned, 1),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    F32,
    F64,
    F16,
    BF16,
    /// Becomes 64 bits wide, whatever it was.
    Signed,
    Unsigned,
}

/// Where a tensor's elements lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Lying {
    kind: Kind,
    /// Of an element.
    bytes: u64,
    shape: Vec<usize>,
    /// In elements.
    stride: Vec<u64>,
    offset: u64,
    storage: String,
    /// Elements that the storage is said to have.
    elements: u64,
}

/// The outline of a file: which tensors it holds.
#[derive(Debug)]
pub struct TorchFile {
    tensors: BTreeMap<String, Lying>,
    /// By key: the first byte in the file, and how many there are.
    storages: BTreeMap<String, (u64, u64)>,
}

impl TorchFile {
    /// Whether a file that begins so may be one.
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\x80\x02\x8a\x0a")
    }

    /// Reads which tensors there are, and that their bytes are.
    ///
    /// # Errors
    /// It is no such file, damaged, cut off, or holds something else than tensors by name.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self> {
        let mut first = [0; 4];
        file.rewind()?;
        file.read_exact(&mut first).map_err(|_| unfit("it has fewer than 4 bytes"))?;
        file.rewind()?;
        let (pickle, storages) = match first {
            [b'P', b'K', 3, 4] => archived(file)?,
            [0x80, ..] => one_after_another(file)?,
            _ => return Err(unfit("it begins neither as an archive nor as a pickle")),
        };
        let found = TorchFile { tensors: tensors_of(&pickle)?, storages };
        found.tensors.iter().try_for_each(|(name, lying)| found.check(name, lying))?;
        Ok(found)
    }

    /// Each tensor's name and shape.
    pub fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        self.tensors.iter().map(|(name, lying)| (name.clone(), lying.shape.clone())).collect()
    }

    /// Of the tensor's elements, as they lie in the file; 0 where there is no such tensor.
    pub fn bytes_of(&self, name: &str) -> usize {
        self.tensors.get(name).map_or(0, |lying| lying.shape.iter().product::<usize>() * lying.bytes as usize)
    }

    /// All tensors, floats in their own type and whole numbers in 64 bits. `bytes`: the same file.
    ///
    /// # Errors
    /// The file has been changed since it was read.
    pub fn load(&self, bytes: &[u8]) -> Result<BTreeMap<String, Tensor>> {
        // Weights that are tied lie in one place: they are made once.
        let mut made: BTreeMap<&Lying, Tensor> = BTreeMap::new();
        let mut tensors = BTreeMap::new();
        for (name, lying) in &self.tensors {
            let tensor = match made.get(lying) {
                Some(tensor) => tensor.clone(),
                None => self.tensor(lying, bytes)?,
            };
            made.entry(lying).or_insert_with(|| tensor.clone());
            tensors.insert(name.clone(), tensor);
        }
        Ok(tensors)
    }

    /// That every element lies within the storage, and no more are asked for than it has: a stride of 0 could repeat one without end.
    fn check(&self, name: &str, lying: &Lying) -> Result<()> {
        let wrong = |found: String| Error::Tensor { tensor: name.into(), found };
        let Some(&(_, held)) = self.storages.get(&lying.storage) else {
            return Err(wrong(format!("its storage `{}` is not there", lying.storage)));
        };
        let count = lying.shape.iter().try_fold(1u64, |all, &side| all.checked_mul(side as u64));
        let reach = lying
            .shape
            .iter()
            .zip(&lying.stride)
            .try_fold(lying.offset, |at, (&side, &step)| at.checked_add(step.checked_mul((side as u64).saturating_sub(1))?));
        let (Some(count), Some(last)) = (count, reach) else { return Err(wrong(format!("the shape {:?}", lying.shape))) };
        let has = held / lying.bytes;
        if lying.elements > has {
            return Err(wrong(format!("{} elements of a storage that has {has}: the file is cut off", lying.elements)));
        }
        if count > 0 && (last >= lying.elements || count > lying.elements) {
            return Err(wrong(format!("the shape {:?} in a storage of {} elements", lying.shape, lying.elements)));
        }
        Ok(())
    }

    fn tensor(&self, lying: &Lying, bytes: &[u8]) -> Result<Tensor> {
        let changed = || unfit("it has been changed while it was read");
        let &(start, held) = self.storages.get(&lying.storage).ok_or_else(changed)?;
        let storage = bytes.get(start as usize..(start + held) as usize).ok_or_else(changed)?;
        let size = lying.bytes as usize;
        let count: usize = lying.shape.iter().product();
        let held = match count > 0 && lying.stride == contiguous(&lying.shape) {
            true => {
                let from = lying.offset as usize * size;
                storage.get(from..from + count * size).ok_or_else(changed)?.to_vec()
            }
            false => gathered(storage, lying, count).ok_or_else(changed)?,
        };
        let device = &Device::Cpu;
        let float = |dtype| Tensor::from_raw_buffer(&held, dtype, &lying.shape, device);
        Ok(match lying.kind {
            Kind::F32 => float(DType::F32)?,
            Kind::F64 => float(DType::F64)?,
            Kind::F16 => float(DType::F16)?,
            Kind::BF16 => float(DType::BF16)?,
            Kind::Unsigned => Tensor::from_vec(held, lying.shape.as_slice(), device)?,
            Kind::Signed => {
                let wide = |bytes: &[u8]| {
                    let mut all = [if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 }; 8];
                    all[..bytes.len()].copy_from_slice(bytes);
                    i64::from_le_bytes(all)
                };
                let values: Vec<i64> = held.chunks_exact(size).map(wide).collect();
                Tensor::from_vec(values, lying.shape.as_slice(), device)?
            }
        })
    }
}

/// Steps between neighbours, rows last.
fn contiguous(shape: &[usize]) -> Vec<u64> {
    let mut steps: Vec<u64> = shape
        .iter()
        .rev()
        .scan(1u64, |step, &side| {
            let own = *step;
            *step = step.saturating_mul(side as u64);
            Some(own)
        })
        .collect();
    steps.reverse();
    steps
}

/// The elements row after row, wherever they lie.
fn gathered(storage: &[u8], lying: &Lying, count: usize) -> Option<Vec<u8>> {
    let size = lying.bytes as usize;
    let mut out = Vec::with_capacity(count * size);
    let mut place = vec![0usize; lying.shape.len()];
    for _ in 0..count {
        let at = place.iter().zip(&lying.stride).map(|(&i, &step)| i as u64 * step).sum::<u64>() + lying.offset;
        let from = at as usize * size;
        out.extend_from_slice(storage.get(from..from + size)?);
        for (i, &side) in place.iter_mut().zip(&lying.shape).rev() {
            *i += 1;
            if *i < side {
                break;
            }
            *i = 0;
        }
    }
    Some(out)
}

type Storages = BTreeMap<String, (u64, u64)>;

/// `NAME/data.pkl`, and each storage as `NAME/data/KEY`, nothing compressed.
fn archived(file: &mut (impl Read + Seek)) -> Result<(Pickle, Storages)> {
    let broken = |e: zip::result::ZipError| unfit(format!("its archive is damaged or cut off: {e}"));
    let len = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let (mut pickle, mut places) = (None, Vec::new());
    for i in 0..archive.len() {
        let mut member = archive.by_index_raw(i).map_err(broken)?;
        let name = member.name().map_err(broken)?.into_owned();
        if member.compression() != CompressionMethod::Stored || member.encrypted() {
            return Err(unfit(format!("`{name}` in its archive is packed or locked, which `torch.save` does not do")));
        }
        let size = member.size();
        if let Some(folder) = name.strip_suffix("data.pkl") {
            if size > MOST_PICKLE {
                return Err(unfit(format!("its list of tensors has {size} bytes")));
            }
            let read = Pickle::read(&mut BufReader::new(&mut member)).map_err(unfit)?;
            pickle = Some((format!("{folder}data/"), read));
        } else if name.ends_with("byteorder") {
            let mut order = String::new();
            (&mut member).take(16).read_to_string(&mut order)?;
            if order.trim() != "little" {
                return Err(unfit(format!("expected bytes in little-endian order, found `{order}`")));
            }
        } else if let Some(start) = member.data_start() {
            if start.checked_add(size).is_none_or(|end| end > len) {
                return Err(unfit(format!("it is cut off: `{name}` in its archive is not whole")));
            }
            places.push((name, (start, size)));
        }
    }
    let (folder, pickle) = pickle.ok_or_else(|| unfit("its archive has no `data.pkl`"))?;
    let key = |(name, place): (String, (u64, u64))| Some((name.strip_prefix(&folder)?.to_string(), place));
    Ok((pickle, places.into_iter().filter_map(key).collect()))
}

/// A number, a version, the machine, the dictionary, the keys of storages; then each storage: how many elements, and those.
fn one_after_another(file: &mut (impl Read + Seek)) -> Result<(Pickle, Storages)> {
    let len = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut file = BufReader::new(file);
    let mut next = || Pickle::read(&mut (&mut file).take(MOST_PICKLE)).map_err(unfit);
    let (magic, version, _machine, pickle, keys) = (next()?, next()?, next()?, next()?, next()?);
    if magic.at(magic.root()) != &Node::Int(MAGIC) || version.whole(version.root()) != Some(1001) {
        return Err(unfit("it is a pickle of something else than weights"));
    }
    // How wide each storage's elements are, the dictionary says.
    let widths: BTreeMap<String, u64> = all_storages(&pickle).collect();
    let mut storages = Storages::new();
    let mut at = file.stream_position()?;
    for key in keys.tuple(keys.root()).ok_or_else(|| unfit("it has no list of storages"))? {
        let key = keys.text(*key).ok_or_else(|| unfit("a storage has no name"))?;
        let mut count = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut count).map_err(|_| unfit("it is cut off"))?;
        let width = *widths.get(key).ok_or_else(|| unfit(format!("no tensor lies in its storage `{key}`")))?;
        let bytes = u64::from_le_bytes(count).checked_mul(width).ok_or_else(|| unfit("a storage is larger than can be"))?;
        let end = (at + 8).checked_add(bytes).filter(|end| *end <= len).ok_or_else(|| unfit("it is cut off"))?;
        storages.insert(key.into(), (at + 8, bytes));
        at = end;
    }
    Ok((pickle, storages))
}

/// A storage as a stream names it: its key, its type's name, how many elements.
fn storage(pickle: &Pickle, id: Id) -> Option<(&str, &str, u64)> {
    let Node::Persistent(inner) = pickle.at(id) else { return None };
    let parts = pickle.tuple(*inner)?;
    let &[what, kind, key, _, elements, ..] = parts else { return None };
    (pickle.text(what)? == "storage").then_some(())?;
    Some((pickle.text(key)?, pickle.global(kind)?.1, pickle.whole(elements)?))
}

/// Keys and bytes of an element.
fn all_storages(pickle: &Pickle) -> impl Iterator<Item = (String, u64)> {
    let width = |kind: &str| STORAGES.iter().find(|(name, ..)| *name == kind).map(|(.., bytes)| *bytes);
    pickle.ids().filter_map(move |id| {
        let (key, kind, _) = storage(pickle, id)?;
        Some((key.to_string(), width(kind)?))
    })
}

/// Under which key training scripts keep the weights beside other things.
const HOLDERS: [&str; 3] = ["state_dict", "model_state_dict", "model"];

/// The dictionary's tensors; or those of the one that it holds.
fn tensors_of(pickle: &Pickle) -> Result<BTreeMap<String, Lying>> {
    let root = pickle.root();
    let Some(top) = pickle.dict(root) else {
        let found = match pickle.at(root) {
            Node::Call(what, _) => match pickle.global(*what) {
                Some((module, name)) => format!("a Python object (`{module}.{name}`): save its `state_dict()`"),
                None => "a Python object: save its `state_dict()`".into(),
            },
            _ => "something else".into(),
        };
        return Err(unfit(format!("expected a dictionary of tensors, found {found}")));
    };
    let held = |key: &str| top.iter().find(|(k, _)| pickle.text(*k) == Some(key)).map(|(_, value)| *value);
    let mut candidates = vec![root];
    candidates.extend(HOLDERS.iter().filter_map(|key| held(key)));
    for id in candidates {
        let mut tensors = BTreeMap::new();
        for (key, value) in pickle.dict(id).unwrap_or_default() {
            let Some(name) = pickle.text(*key) else { continue };
            if let Some(lying) = tensor_at(pickle, name, *value, 0)? {
                tensors.insert(name.to_string(), lying);
            }
        }
        if !tensors.is_empty() {
            return Ok(without_wrapper(tensors));
        }
    }
    Err(unfit(format!("it holds no tensors by name, nor below `{}`", HOLDERS.join("`, `"))))
}

/// Models that were trained on several devices have `module.` before every name.
fn without_wrapper(tensors: BTreeMap<String, Lying>) -> BTreeMap<String, Lying> {
    match tensors.keys().all(|name| name.starts_with("module.")) {
        true => tensors.into_iter().map(|(name, lying)| (name["module.".len()..].to_string(), lying)).collect(),
        false => tensors,
    }
}

/// None: it is no tensor.
fn tensor_at(pickle: &Pickle, name: &str, id: Id, depth: usize) -> Result<Option<Lying>> {
    let Node::Call(what, with) = pickle.at(id) else { return Ok(None) };
    let (Some((_, function)), Some(with)) = (pickle.global(*what), pickle.tuple(*with)) else { return Ok(None) };
    let wrong = |found: &str| Error::Tensor { tensor: name.into(), found: format!("`{found}`") };
    match (function, with) {
        ("_rebuild_parameter" | "_rebuild_parameter_with_state", [inner, ..]) if depth < 4 => {
            tensor_at(pickle, name, *inner, depth + 1)
        }
        ("_rebuild_tensor_v2" | "_rebuild_tensor", [place, offset, shape, stride, ..]) => {
            let damaged = || wrong("a damaged description");
            let (key, kind, elements) = storage(pickle, *place).ok_or_else(damaged)?;
            let (_, kind, bytes) = STORAGES.iter().find(|(name, ..)| *name == kind).ok_or_else(|| wrong(kind))?;
            let numbers = |id: Id| pickle.tuple(id)?.iter().map(|id| pickle.whole(*id)).collect::<Option<Vec<u64>>>();
            let (shape, stride) =
                numbers(*shape).zip(numbers(*stride)).filter(|(a, b)| a.len() == b.len()).ok_or_else(damaged)?;
            Ok(Some(Lying {
                kind: *kind,
                bytes: *bytes,
                shape: shape.into_iter().map(|side| side as usize).collect(),
                stride,
                offset: pickle.whole(*offset).ok_or_else(damaged)?,
                storage: key.into(),
                elements,
            }))
        }
        (other, _) if other.starts_with("_rebuild") => Err(wrong(other)),
        _ => Ok(None),
    }
}
