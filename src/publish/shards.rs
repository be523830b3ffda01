//! Large weights in several files, as the Hub's libraries have them: `model-00001-of-00003.safetensors`, and an index that says which
//! tensor lies where. Tensors keep their order and are never cut.

use super::{Error, bundle};
use crate::store::write_atomic;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// No file of weights is longer, unless one tensor is.
pub(super) const MOST_BYTES: u64 = 5_000_000_000;

/// The index of files.
const INDEX: &str = "model.safetensors.index.json";

/// A tensor as the header of a file tells it.
struct Tensor {
    name: String,
    about: Value,
    from: u64,
    bytes: u64,
}

/// Cuts the file `weights` into files of at most `most` bytes of tensors, in `folder`.
///
/// # Errors
/// It cannot be read or is no safetensors file; the files cannot be written.
pub(super) fn write(weights: &Path, folder: &Path, most: u64) -> Result<(), Error> {
    let read = bundle::io("read", weights);
    let mut file = File::open(weights).map_err(&read)?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(&read)?;
    let length = u64::from_le_bytes(length);
    let mut header = vec![0; usize::try_from(length).unwrap_or(0).min(1 << 30)];
    file.read_exact(&mut header).map_err(&read)?;
    let unwritable = |reason: String| Error::Unwritable { what: INDEX, reason };
    let header: Map<String, Value> = serde_json::from_slice(&header).map_err(|e| unwritable(e.to_string()))?;
    let metadata = header.get("__metadata__").cloned().unwrap_or_else(|| json!({"format": "pt"}));
    let mut tensors = Vec::new();
    for (name, about) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let at = |i: usize| about["data_offsets"][i].as_u64().ok_or_else(|| unwritable(format!("`{name}` lies nowhere")));
        let (from, to) = (at(0)?, at(1)?);
        tensors.push(Tensor { from: 8 + length + from, bytes: to.saturating_sub(from), name, about });
    }
    tensors.sort_by_key(|tensor| tensor.from);
    let total: u64 = tensors.iter().map(|tensor| tensor.bytes).sum();
    let parts = parted(tensors, most);
    let mut map = Map::new();
    for (number, part) in (1..).zip(&parts) {
        let name = format!("model-{number:05}-of-{:05}.safetensors", parts.len());
        part.iter().for_each(|tensor| drop(map.insert(tensor.name.clone(), name.clone().into())));
        write_part(&mut file, weights, &folder.join(&name), part, &metadata)?;
    }
    bundle::write_json(&folder.join(INDEX), &json!({"metadata": {"total_size": total}, "weight_map": map}))
}

/// As few files as the order allows.
fn parted(tensors: Vec<Tensor>, most: u64) -> Vec<Vec<Tensor>> {
    let mut parts: Vec<Vec<Tensor>> = Vec::new();
    let mut held = 0;
    for tensor in tensors {
        match parts.last_mut().filter(|_| held + tensor.bytes <= most) {
            Some(part) => {
                held += tensor.bytes;
                part.push(tensor);
            }
            None => {
                held = tensor.bytes;
                parts.push(vec![tensor]);
            }
        }
    }
    parts
}

fn write_part(from: &mut File, weights: &Path, to: &Path, tensors: &[Tensor], metadata: &Value) -> Result<(), Error> {
    let (mut header, mut at) = (Map::from_iter([("__metadata__".to_string(), metadata.clone())]), 0);
    for Tensor { name, about, bytes, .. } in tensors {
        let mut about = about.clone();
        about["data_offsets"] = json!([at, at + bytes]);
        header.insert(name.clone(), about);
        at += bytes;
    }
    let mut json = Value::Object(header).to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    let mut failed = None;
    let written = write_atomic(to, |file| {
        file.write_all(&(json.len() as u64).to_le_bytes())?;
        file.write_all(&json)?;
        for tensor in tensors {
            let copied =
                from.seek(SeekFrom::Start(tensor.from)).and_then(|_| std::io::copy(&mut (&mut *from).take(tensor.bytes), file));
            match copied {
                Ok(copied) if copied == tensor.bytes => {}
                Ok(_) => {
                    failed = Some(bundle::io("read", weights)(std::io::ErrorKind::UnexpectedEof.into()));
                    return Err(std::io::ErrorKind::Other.into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    written.map_err(|error| failed.take().unwrap_or(Error::Store(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{sha256_of_weights, weight_files};
    use safetensors::SafeTensors;

    #[test]
    fn files_hold_what_the_one_held_and_the_index_says_where() {
        let dir = tempfile::tempdir().expect("a folder");
        let numbers: Vec<Vec<u8>> = (0..5u8).map(|i| vec![i; 16 + 8 * usize::from(i)]).collect();
        let view = |i: usize| {
            safetensors::tensor::TensorView::new(safetensors::Dtype::U8, vec![numbers[i].len()], &numbers[i]).expect("a tensor")
        };
        let one = safetensors::serialize((0..5).map(|i| (format!("t{i}"), view(i))), None).expect("a file");
        let weights = dir.path().join("model.safetensors");
        std::fs::write(&weights, one).expect("written");
        write(&weights, dir.path(), 60).expect("cut");
        let index = dir.path().join(INDEX);
        let files = weight_files(&index).expect("an index").into_iter().filter(|file| *file != index).collect::<Vec<_>>();
        assert!(files.len() >= 3, "{files:?}");
        let mut seen = 0;
        for file in files {
            let bytes = std::fs::read(&file).expect("read");
            for (name, tensor) in SafeTensors::deserialize(&bytes).expect("a whole file").iter() {
                let i: usize = name.strip_prefix('t').and_then(|i| i.parse().ok()).expect("a number");
                assert_eq!(tensor.data(), numbers[i], "{name}");
                seen += 1;
            }
        }
        assert_eq!(seen, 5);
        sha256_of_weights(&index).expect("as any reader takes them");
    }
}
