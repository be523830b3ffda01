//! What a model remembers of the words so far, so that each is read once.

use candle_core::{Device, Tensor};
use tallow_kernels::{Error, Result, Var};

/// The memory of a model that is writing `b` texts of equal length.
#[derive(Debug, Clone)]
pub struct Cache {
    layers: Vec<Past>,
    len: usize,
    device: Device,
}

/// What one layer remembers: keys and values `[b, t, d]`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    own: Option<[Tensor; 2]>,
    source: Option<[Tensor; 2]>,
}

impl Cache {
    /// Knows no word.
    pub(crate) fn new(num_layers: usize, device: &Device) -> Self {
        Cache { layers: vec![Past::default(); num_layers], len: 0, device: device.clone() }
    }

    /// Words of each text so far: the next one's position.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no word is known.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the model lies.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Goes on with these texts, of those so far: one may go on twice, or not at all.
    ///
    /// # Errors
    /// There is no text of that number.
    pub fn select(&mut self, texts: &[u32]) -> Result<()> {
        let rows = Tensor::from_vec(texts.to_vec(), texts.len(), &self.device)?;
        let remembered = self.layers.iter_mut().flat_map(|past| [&mut past.own, &mut past.source]).flatten().flatten();
        for tensor in remembered {
            *tensor = tensor.index_select(&rows, 0)?;
        }
        Ok(())
    }

    /// All layers have read this many more words.
    pub(crate) fn advance(&mut self, words: usize) {
        self.len += words;
    }

    pub(crate) fn layer(&mut self, layer: usize) -> &mut Past {
        &mut self.layers[layer]
    }
}

impl Past {
    /// Adds keys and values of new words; returns those of all words so far.
    pub(crate) fn extend(&mut self, k: &Var, v: &Var) -> Result<[Var; 2]> {
        let [k, v] = match self.own.take() {
            None => [k.tensor().clone(), v.tensor().clone()],
            Some([keys, values]) => [Tensor::cat(&[&keys, k.tensor()], 1)?, Tensor::cat(&[&values, v.tensor()], 1)?],
        };
        self.own = Some([k.clone(), v.clone()]);
        Ok([k, v].map(Var::constant))
    }

    /// As [`Past::extend`] of queries, keys and values that lie side by side, equally wide; the queries come back as they are.
    pub(crate) fn extend_packed(&mut self, qkv: &Var) -> Result<[Var; 3]> {
        let width = qkv.tensor().dim(2)? / 3;
        let part = |i: usize| Ok::<_, Error>(Var::constant(qkv.tensor().narrow(2, i * width, width)?.contiguous()?));
        let [k, v] = self.extend(&part(1)?, &part(2)?)?;
        Ok([part(0)?, k, v])
    }

    /// Keeps keys and values of the text that was read first.
    pub(crate) fn set_source(&mut self, source: [Var; 2]) {
        self.source = Some(source.map(|var| var.tensor().clone()));
    }

    /// Keys and values of the text that was read first.
    ///
    /// # Errors
    /// There was none: the memory is another model's.
    pub(crate) fn source(&self) -> Result<[Var; 2]> {
        match &self.source {
            Some(source) => Ok(source.clone().map(Var::constant)),
            None => Err(Error::Argument { op: "source", message: "the memory holds no text that was read before".into() }),
        }
    }
}
