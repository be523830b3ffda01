//! What a model remembers of the words so far, so that each is read once.

use candle_core::{DType, Device, Tensor};
use tallow_kernels::{Error, Result, Var};

/// The memory of a model that is writing `b` texts of equal length.
#[derive(Debug)]
pub struct Cache {
    layers: Vec<Past>,
    len: usize,
    /// Of a model of two texts: the words of each text's source.
    source_lengths: Vec<usize>,
    /// All texts are of one source.
    one_source: bool,
    device: Device,
}

/// What one layer remembers: keys and values `[b, t, d]`.
#[derive(Debug, Default)]
pub(crate) struct Past {
    own: Option<Growing>,
    source: Option<[Tensor; 2]>,
}

/// Keys and values of the words so far, with room for more, so that a word is written once and moved seldom.
#[derive(Debug)]
struct Growing {
    /// `[b, room, d]`, of which the first `len` positions are known; the rest are zeros.
    memory: [Tensor; 2],
    len: usize,
}

/// Keys and values as attention takes them: those of all words so far, and room behind them that nobody may see.
pub(crate) struct Known {
    /// `[b, room, d]`
    pub(crate) k: Var,
    pub(crate) v: Var,
    /// Of each text, how many positions are known: attention's `key_lengths`.
    pub(crate) lengths: Vec<usize>,
}

impl Cache {
    /// Knows no word.
    pub(crate) fn new(num_layers: usize, device: &Device) -> Self {
        let layers = (0..num_layers).map(|_| Past::default()).collect();
        Cache { layers, len: 0, source_lengths: Vec::new(), one_source: true, device: device.clone() }
    }

    /// The same for texts that are written from sources of these lengths, one each.
    pub(crate) fn of_sources(self, source_lengths: Vec<usize>) -> Self {
        Cache { one_source: source_lengths.len() == 1, source_lengths, ..self }
    }

    /// Words of each text's source; none for a model of one text.
    pub(crate) fn source_lengths(&self) -> &[usize] {
        &self.source_lengths
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
        for past in &mut self.layers {
            for tensor in past.own.iter_mut().flat_map(|own| &mut own.memory) {
                // Texts that stay where they are need no move.
                if !(0..tensor.dim(0)? as u32).eq(texts.iter().copied()) {
                    *tensor = tensor.index_select(&rows, 0)?;
                }
            }
            for tensor in past.source.iter_mut().flatten() {
                let same = self.one_source && tensor.dim(0)? == texts.len();
                if !same && !(0..tensor.dim(0)? as u32).eq(texts.iter().copied()) {
                    *tensor = tensor.index_select(&rows, 0)?;
                }
            }
        }
        if !self.source_lengths.is_empty() {
            self.source_lengths = texts.iter().filter_map(|text| self.source_lengths.get(*text as usize)).copied().collect();
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

impl Growing {
    /// Room for so many words before any is known.
    const LEAST: usize = 32;

    /// Adds keys and values of new words, `[b, t, d]`. The memory doubles when it is full, so that writing n words moves fewer than
    /// 2 n.
    fn extend(before: Option<Growing>, new: [&Tensor; 2]) -> Result<Growing> {
        let (b, t, _) = new[0].dims3()?;
        let len = before.as_ref().map_or(0, |before| before.len);
        let room = (len + t).next_power_of_two().max(Self::LEAST);
        let mut memory = Vec::with_capacity(2);
        for (i, new) in new.into_iter().enumerate() {
            let enough = before.as_ref().map(|before| &before.memory[i]).filter(|memory| memory.dims()[1] >= len + t);
            let grown = match enough {
                Some(memory) => memory.clone(),
                None => {
                    let grown = Tensor::zeros((b, room, new.dim(2)?), DType::F32, new.device())?;
                    if let Some(before) = &before {
                        grown.slice_set(&before.memory[i].narrow(1, 0, len)?.contiguous()?, 1, 0)?;
                    }
                    grown
                }
            };
            grown.slice_set(&new.contiguous()?, 1, len)?;
            memory.push(grown);
        }
        let memory: [Tensor; 2] = memory.try_into().map_err(|_| missing("keys and values"))?;
        Ok(Growing { memory, len: len + t })
    }
}

impl Past {
    /// Adds keys and values of new words; returns those of all words so far.
    pub(crate) fn extend(&mut self, k: &Var, v: &Var) -> Result<Known> {
        let own = Growing::extend(self.own.take(), [k.tensor(), v.tensor()])?;
        let [k, v] = own.memory.clone().map(Var::constant);
        let lengths = vec![own.len; k.dims().first().copied().unwrap_or(0)];
        self.own = Some(own);
        Ok(Known { k, v, lengths })
    }

    /// As [`Past::extend`] of queries, keys and values that lie side by side, equally wide; the queries come back as they are.
    pub(crate) fn extend_packed(&mut self, qkv: &Var) -> Result<(Var, Known)> {
        let width = qkv.tensor().dim(2)? / 3;
        let part = |i: usize| Ok::<_, Error>(Var::constant(qkv.tensor().narrow(2, i * width, width)?.contiguous()?));
        Ok((part(0)?, self.extend(&part(1)?, &part(2)?)?))
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
            None => Err(missing("a text that was read before")),
        }
    }
}

impl Known {
    /// Keys and values without the room behind them, for attention that takes every position that it is given.
    pub(crate) fn trimmed(self) -> Result<[Var; 2]> {
        let len = self.lengths.first().copied().unwrap_or(0);
        let trim = |x: &Var| Ok::<_, Error>(Var::constant(x.tensor().narrow(1, 0, len)?));
        Ok([trim(&self.k)?, trim(&self.v)?])
    }
}

fn missing(what: &str) -> Error {
    Error::Argument { op: "cache", message: format!("the memory does not hold {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var(b: usize, t: usize, from: f32) -> Var {
        let values: Vec<f32> = (0..b * t * 2).map(|i| from + i as f32).collect();
        Var::constant(Tensor::from_vec(values, (b, t, 2), &Device::Cpu).expect("a tensor"))
    }

    /// What is remembered is what was given, word for word, however often the memory grew.
    #[test]
    fn words_are_remembered_in_order() {
        let (mut past, mut given) = (Past::default(), Vec::new());
        for (step, t) in [5, 1, 1, 40, 1, 90, 1].into_iter().enumerate() {
            let new = var(2, t, 1000.0 * step as f32);
            given.push(new.tensor().clone());
            let known = past.extend(&new, &new).expect("room");
            let all = Tensor::cat(&given, 1).expect("all");
            assert_eq!(known.lengths, [all.dim(1).expect("words"); 2]);
            for x in known.trimmed().expect("trimmed") {
                let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
                assert_eq!(values(x.tensor()), values(&all));
            }
        }
    }

    #[test]
    fn a_memory_that_has_room_is_not_moved() {
        let mut past = Past::default();
        past.extend(&var(1, 3, 0.0), &var(1, 3, 0.0)).expect("room");
        let place = |past: &Past| past.own.as_ref().map(|own| own.memory[0].id());
        let before = place(&past);
        for _ in 0..Growing::LEAST - 3 {
            past.extend(&var(1, 1, 0.0), &var(1, 1, 0.0)).expect("room");
        }
        assert_eq!(place(&past), before);
        past.extend(&var(1, 1, 0.0), &var(1, 1, 0.0)).expect("room");
        assert_ne!(place(&past), before);
    }

    #[test]
    fn texts_go_on_as_they_are_chosen() {
        let mut cache = Cache::new(1, &Device::Cpu);
        cache.layer(0).extend(&var(2, 1, 0.0), &var(2, 1, 0.0)).expect("room");
        cache.select(&[1, 1, 0]).expect("chosen");
        let known = cache.layer(0).extend(&var(3, 1, 50.0), &var(3, 1, 50.0)).expect("room");
        let [k, _] = known.trimmed().expect("trimmed");
        let found = k.tensor().to_vec3::<f32>().expect("values");
        let words = |old: f32, new: f32| vec![vec![old, old + 1.0], vec![new, new + 1.0]];
        assert_eq!(found, [words(2.0, 50.0), words(2.0, 52.0), words(0.0, 54.0)]);
        assert!(cache.select(&[3]).is_err());
    }
}
