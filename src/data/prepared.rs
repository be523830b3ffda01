//! Prepared splits, read back and checked: what the trainer sees of data.

use super::{Error, Result, tensor_file};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// A prepared split, whole in memory.
#[derive(Debug)]
pub enum Prepared {
    Text(PreparedTexts),
    Image(PreparedImages),
}

/// Token ids of all texts, end to end.
#[derive(Debug)]
pub struct PreparedTexts {
    tokens: Vec<u32>,
    type_ids: Vec<u8>,
    /// Where each text begins; one more entry for the end.
    offsets: Vec<u64>,
    labels: Vec<u32>,
    classes: Vec<String>,
    vocab_size: usize,
}

/// Pixels of all images, end to end: each `[height, width, channels]`, 0..=255.
#[derive(Debug)]
pub struct PreparedImages {
    file: Vec<u8>,
    pixels: Range<usize>,
    shape: [usize; 3],
    labels: Vec<u32>,
    classes: Vec<String>,
}

impl Prepared {
    /// Reads a file that [`super::prepare`] wrote, and checks it.
    ///
    /// # Errors
    /// It cannot be read; it is no prepared split; offsets, labels or ids are out of range.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, metadata) = tensor_file::read(path)?;
        parse(file, &metadata).map_err(|what| Error::NotPrepared { path: path.into(), what })
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels().len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels().is_empty()
    }

    /// The class of each example.
    pub fn labels(&self) -> &[u32] {
        match self {
            Prepared::Text(texts) => &texts.labels,
            Prepared::Image(images) => &images.labels,
        }
    }

    /// The class of example `i`. Panics where there is none.
    pub fn label(&self, i: usize) -> u32 {
        self.labels()[i]
    }

    /// Class names, in the order of their index.
    pub fn classes(&self) -> &[String] {
        match self {
            Prepared::Text(texts) => &texts.classes,
            Prepared::Image(images) => &images.classes,
        }
    }

    /// The texts, if it holds texts.
    pub fn texts(&self) -> Option<&PreparedTexts> {
        match self {
            Prepared::Text(texts) => Some(texts),
            Prepared::Image(_) => None,
        }
    }

    /// The images, if it holds images.
    pub fn images(&self) -> Option<&PreparedImages> {
        match self {
            Prepared::Image(images) => Some(images),
            Prepared::Text(_) => None,
        }
    }
}

impl PreparedTexts {
    /// Token ids and type ids of text `i`, special tokens included, no padding. Panics where there is none.
    pub fn text(&self, i: usize) -> (&[u32], &[u8]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.tokens[range.clone()], &self.type_ids[range])
    }

    /// Tokens of text `i`. Panics where there is none.
    pub fn text_len(&self, i: usize) -> usize {
        (self.offsets[i + 1] - self.offsets[i]) as usize
    }

    /// Tokens in all.
    pub fn num_tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Every id is below it.
    pub fn vocab_size(&self) -> usize {
        self.vocab_size
    }
}

impl PreparedImages {
    /// Pixels of image `i`, `[height, width, channels]`. Panics where there is none.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.shape.iter().product::<usize>();
        &self.file[self.pixels.clone()][i * size..(i + 1) * size]
    }

    /// Height, width, channels.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }
}

fn parse(file: Vec<u8>, metadata: &BTreeMap<String, String>) -> Result<Prepared, String> {
    let tensors = SafeTensors::deserialize(&file).map_err(|e| e.to_string())?;
    let classes: Vec<String> =
        metadata.get("labels").and_then(|json| serde_json::from_str(json).ok()).ok_or("it names no classes")?;
    let labels = u32s(bytes(&tensors, "labels", Dtype::U32, 1)?.0);
    if let Some(label) = labels.iter().find(|l| **l as usize >= classes.len()) {
        return Err(format!("a label is {label}, and there are {} classes", classes.len()));
    }
    if tensors.tensor("images").is_ok() {
        let (pixels, shape) = bytes(&tensors, "images", Dtype::U8, 4)?;
        if shape[0] != labels.len() || shape[1..].contains(&0) {
            return Err(format!("it has {} labels and images of shape {shape:?}", labels.len()));
        }
        let start = pixels.as_ptr() as usize - file.as_ptr() as usize;
        let pixels = start..start + pixels.len();
        return Ok(Prepared::Image(PreparedImages { shape: [shape[1], shape[2], shape[3]], labels, classes, pixels, file }));
    }
    let tokens = u32s(bytes(&tensors, "tokens", Dtype::U32, 1)?.0);
    let type_ids = bytes(&tensors, "type_ids", Dtype::U8, 1)?.0.to_vec();
    let offsets: Vec<u64> =
        bytes(&tensors, "offsets", Dtype::U64, 1)?.0.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect();
    let vocab_size: usize = metadata.get("vocab_size").and_then(|v| v.parse().ok()).ok_or("it names no vocabulary size")?;
    let whole = offsets.first() == Some(&0) && offsets.last() == Some(&(tokens.len() as u64));
    if !whole || offsets.len() != labels.len() + 1 || offsets.windows(2).any(|w| w[0] >= w[1]) {
        return Err(format!("the offsets do not cut {} tokens into {} texts", tokens.len(), labels.len()));
    }
    if type_ids.len() != tokens.len() {
        return Err(format!("it has {} tokens and {} type ids", tokens.len(), type_ids.len()));
    }
    if let Some(id) = tokens.iter().find(|id| **id as usize >= vocab_size) {
        return Err(format!("a token is {id}, and the vocabulary has {vocab_size}"));
    }
    Ok(Prepared::Text(PreparedTexts { tokens, type_ids, offsets, labels, classes, vocab_size }))
}

/// A tensor's bytes and shape, of this type and so many dimensions.
fn bytes<'a>(tensors: &SafeTensors<'a>, name: &str, dtype: Dtype, dims: usize) -> Result<(&'a [u8], Vec<usize>), String> {
    let tensor = tensors.tensor(name).map_err(|_| format!("it has no tensor `{name}`"))?;
    if tensor.dtype() != dtype || tensor.shape().len() != dims {
        return Err(format!(
            "`{name}`: expected {dtype:?} with {dims} dimension(s), found {:?} {:?}",
            tensor.dtype(),
            tensor.shape()
        ));
    }
    Ok((tensor.data(), tensor.shape().to_vec()))
}

fn u32s(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tensor_file::{Dtype, Tensor, write};
    use super::*;

    fn u32_bytes(values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.safetensors");
        let check = |tokens: &[u32], offsets: &[u64], labels: &[u32], expected: Option<&str>| {
            let metadata = [("labels", "[\"a\",\"b\"]".to_string()), ("vocab_size", "10".into())].into();
            let offsets_bytes: Vec<u8> = offsets.iter().flat_map(|v| v.to_le_bytes()).collect();
            let (tokens_bytes, labels_bytes, type_ids) = (u32_bytes(tokens), u32_bytes(labels), vec![0u8; tokens.len()]);
            let tensors = [
                Tensor { name: "offsets", dtype: Dtype::U64, shape: vec![offsets.len()], bytes: &offsets_bytes },
                Tensor { name: "labels", dtype: Dtype::U32, shape: vec![labels.len()], bytes: &labels_bytes },
                Tensor { name: "tokens", dtype: Dtype::U32, shape: vec![tokens.len()], bytes: &tokens_bytes },
                Tensor { name: "type_ids", dtype: Dtype::U8, shape: vec![tokens.len()], bytes: &type_ids },
            ];
            write(&path, &metadata, &tensors).expect("written");
            match (Prepared::open(&path), expected) {
                (Ok(prepared), None) => {
                    assert_eq!((prepared.len(), prepared.label(1)), (2, 0));
                    assert_eq!(prepared.texts().expect("texts").text(1), (&[2u32, 3][..], &[0u8, 0][..]));
                }
                (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("expected {expected:?}, found {found:?}"),
            }
        };
        check(&[1, 2, 3], &[0, 1, 3], &[1, 0], None);
        check(&[1, 2, 3], &[0, 1, 3], &[1, 2], Some("a label is 2, and there are 2 classes"));
        check(&[1, 2, 10], &[0, 1, 3], &[1, 0], Some("a token is 10, and the vocabulary has 10"));
        check(&[1, 2, 3], &[0, 1, 4], &[1, 0], Some("offsets"));
        check(&[1, 2, 3], &[0, 3, 1], &[1, 0], Some("offsets"));
        check(&[1, 2, 3], &[0, 3], &[1, 0], Some("offsets"));
    }
}
