//! Parameters: named leaves, made by a model through [`Weights`], kept ordered by name in a [`ParamStore`].

use crate::error::WeightProblem;
use crate::{Error, FrozenWeight, Result, Stream, slice};
use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Tensor};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

/// What a parameter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// Moved by the optimiser.
    Trainable,
    /// Used, but no gradient is computed for it.
    Frozen,
    /// State that forward updates (running statistics): saved with the weights, never moved by the optimiser.
    Buffer,
}

/// A named tensor of a model. Clones share the memory, so the model sees what the optimiser writes.
#[derive(Debug, Clone)]
pub struct Param {
    id: usize,
    name: Arc<str>,
    tensor: Tensor,
    kind: ParamKind,
}

impl Param {
    pub(crate) fn id(&self) -> usize {
        self.id
    }

    /// The name in the public model's own terms, such as `encoder.layer.0.output.dense.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    pub fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    /// What it is for.
    pub fn kind(&self) -> ParamKind {
        self.kind
    }

    /// Whether a gradient is computed for it.
    pub fn is_trainable(&self) -> bool {
        self.kind == ParamKind::Trainable
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.tensor.elem_count()
    }

    /// Whether it holds no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Overwrites the value in place (loading a checkpoint).
    ///
    /// # Errors
    /// `value` has another shape.
    pub fn set(&self, value: &Tensor) -> Result<()> {
        if value.dims() != self.tensor.dims() {
            let expected = format!("{:?}", self.tensor.dims());
            return Err(Error::shape("set", format!("parameter `{}`", self.name), expected, value.dims()));
        }
        slice::overwrite(&self.tensor, value)
    }
}

/// How a parameter starts when no weights are loaded for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    Zeros,
    Ones,
    /// Normal with mean 0 and this standard deviation.
    Normal(f32),
    /// Uniform in `[-bound, bound)`.
    Uniform(f32),
    /// Normal with variance 2 / fan_in (He et al. 2015, for ReLU): PyTorch's `kaiming_normal_`.
    KaimingNormalFanIn,
    /// Normal with variance 2 / fan_out, fan_out = out channels x kernel area (He et al. 2015, for ReLU).
    KaimingNormalFanOut,
    /// Uniform with bound 1 / sqrt(fan_in): PyTorch's default for linear and convolution layers.
    KaimingUniformFanIn,
    /// A row a position: the sines of all angles, then the cosines, the slowest angle `1 / 10_000` of the quickest (Whisper's; 1706.03762
    /// has nearly these).
    Sinusoids,
    /// A row a position: a sine and a cosine of each angle side by side (1706.03762, section 3.5).
    InterleavedSinusoids,
}

impl Init {
    fn tensor(self, shape: &[usize], stream: Stream, device: &Device, dtype: DType) -> Result<Tensor> {
        let count: usize = shape.iter().product();
        let receptive: usize = shape.iter().skip(2).product();
        let fan_in = shape.get(1).map_or(count, |n| n * receptive).max(1) as f32;
        let fan_out = shape.first().map_or(1, |n| n * receptive).max(1) as f32;
        let uniform = |bound: f32| (0..count as u64).map(|i| (stream.uniform(i) * 2.0 - 1.0) * bound).collect::<Vec<_>>();
        let normal = |std: f32| (0..count as u64).map(|i| stream.normal(i) * std).collect::<Vec<_>>();
        let values = match self {
            Init::Zeros => vec![0.0; count],
            Init::Ones => vec![1.0; count],
            Init::Normal(std) => normal(std),
            Init::Uniform(bound) => uniform(bound),
            Init::KaimingNormalFanIn => normal((2.0 / fan_in).sqrt()),
            Init::KaimingNormalFanOut => normal((2.0 / fan_out).sqrt()),
            Init::KaimingUniformFanIn => uniform(1.0 / fan_in.sqrt()),
            Init::Sinusoids => sinusoids(shape),
            Init::InterleavedSinusoids => interleaved_sinusoids(shape),
        };
        Ok(Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?)
    }
}

/// `[positions, channels]`; a last odd channel stays 0.
fn sinusoids(shape: &[usize]) -> Vec<f32> {
    let channels = shape.last().copied().unwrap_or(0);
    let half = channels / 2;
    let step = 10_000f64.ln() / (half.max(2) - 1) as f64;
    let row = |position: usize| {
        (0..channels).map(move |channel| {
            let angle = |i: usize| position as f64 * (-step * i as f64).exp();
            match channel {
                i if i < half => angle(i).sin() as f32,
                i if i < 2 * half => angle(i - half).cos() as f32,
                _ => 0.0,
            }
        })
    };
    (0..shape.first().copied().unwrap_or(0)).flat_map(row).collect()
}

/// `[positions, channels]`: of a pair of channels from `c` on, the angle is `position / 10_000^(c / channels)`.
fn interleaved_sinusoids(shape: &[usize]) -> Vec<f32> {
    let channels = shape.last().copied().unwrap_or(0);
    let row = |position: usize| {
        (0..channels).map(move |channel| {
            let angle = position as f64 / 10_000f64.powf((channel - channel % 2) as f64 / channels as f64);
            let value = if channel.is_multiple_of(2) { angle.sin() } else { angle.cos() };
            value as f32
        })
    };
    (0..shape.first().copied().unwrap_or(0)).flat_map(row).collect()
}

/// What became of the weights that were given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadReport {
    /// Parameters whose value came from the given weights.
    pub loaded: usize,
    /// Parameters that started anew (a new head).
    pub initialised: Vec<String>,
    /// Given tensors that the model has no place for.
    pub unused: Vec<String>,
}

/// A tensor that a model is built from.
enum Given {
    Plain(Tensor),
    /// Blocks of GGUF: a few bits an element.
    Quantized(Arc<QTensor>),
}

impl Given {
    fn dims(&self) -> &[usize] {
        match self {
            Given::Plain(tensor) => tensor.dims(),
            Given::Quantized(blocks) => blocks.shape().dims(),
        }
    }

    /// A matrix of fewer bits than float32, as it is.
    fn stored(&self, name: &str) -> Option<FrozenWeight> {
        let weight = match self {
            Given::Plain(tensor) if matches!(tensor.dtype(), DType::F16 | DType::BF16) => FrozenWeight::new(name, tensor),
            Given::Plain(_) => return None,
            Given::Quantized(blocks) => FrozenWeight::quantized(name, blocks.clone()),
        };
        weight.ok()
    }
}

struct Building {
    /// What was not asked for yet: a tensor's memory is free once the model has its own.
    given: Option<BTreeMap<String, Given>>,
    used: BTreeSet<String>,
    /// Whether matrices may stay as they are stored.
    keeps: bool,
    kept: Vec<FrozenWeight>,
    init: Stream,
    device: Device,
    dtype: DType,
    /// Whether shapes alone are compared, and no tensor is made.
    outline: bool,
    /// Which trainable parameters are frozen, by their full name.
    freezes: Option<Box<dyn Fn(&str) -> bool>>,
    made: Vec<Param>,
    /// Shapes of `made`, which an outline's empty tensors do not tell.
    shapes: Vec<Vec<usize>>,
    initialised: Vec<String>,
    problems: Vec<WeightProblem>,
    failed: Option<Error>,
}

/// Where a model gets its parameters from while it is built: loaded by name, or initialised from a stream.
///
/// Asking for a parameter never fails; all problems are reported together by [`Weights::finish`].
/// The initial value of a parameter depends on the stream and its full name only, not on the order of asking.
#[derive(Clone)]
pub struct Weights {
    building: Rc<RefCell<Building>>,
    prefix: String,
    frozen: bool,
}

impl Weights {
    /// Every parameter is initialised.
    pub fn scratch(init: Stream, device: &Device) -> Self {
        Self::new(None, init, device)
    }

    /// Parameters come from `given`; only those asked for by [`Weights::fresh`] may be absent there.
    pub fn given(given: BTreeMap<String, Tensor>, init: Stream, device: &Device) -> Self {
        Self::new(Some(given.into_iter().map(|(name, tensor)| (name, Given::Plain(tensor))).collect()), init, device)
    }

    fn new(given: Option<BTreeMap<String, Given>>, init: Stream, device: &Device) -> Self {
        let building = Building {
            given,
            init,
            device: device.clone(),
            dtype: DType::F32,
            outline: false,
            freezes: None,
            used: BTreeSet::new(),
            keeps: false,
            kept: Vec::new(),
            made: Vec::new(),
            shapes: Vec::new(),
            initialised: Vec::new(),
            problems: Vec::new(),
            failed: None,
        };
        Weights { building: Rc::new(RefCell::new(building)), prefix: String::new(), frozen: false }
    }

    /// Parameters of another float type than float32, from here on: float64 to check gradients by finite differences.
    #[must_use]
    pub fn with_dtype(self, dtype: DType) -> Self {
        self.building.borrow_mut().dtype = dtype;
        self
    }

    /// Matrices that are asked for by [`Weights::stored`] stay as they are stored: given ones in 16 bits, and these `quantized` ones.
    #[must_use]
    pub fn keeping_stored(self, quantized: BTreeMap<String, Arc<QTensor>>) -> Self {
        {
            let b = &mut *self.building.borrow_mut();
            b.keeps = true;
            let quantized = quantized.into_iter().map(|(name, blocks)| (name, Given::Quantized(blocks)));
            b.given.get_or_insert_default().extend(quantized);
        }
        self
    }

    /// Shapes alone are compared from here on, and no memory is taken: parameters are empty, and what is made of them serves to ask
    /// [`Weights::finish`] whether the given tensors fit.
    #[must_use]
    pub fn outline(self) -> Self {
        self.building.borrow_mut().outline = true;
        self
    }

    /// The same place; what is asked for from here on is used, but not trained.
    #[must_use]
    pub fn frozen(&self) -> Self {
        Weights { frozen: true, ..self.clone() }
    }

    /// Parameters whose full name `freezes` holds for are used, but not trained, wherever they are asked for from here on.
    #[must_use]
    pub fn freezing(self, freezes: impl Fn(&str) -> bool + 'static) -> Self {
        self.building.borrow_mut().freezes = Some(Box::new(freezes));
        self
    }

    /// This place's name: `model.layers.0`; empty at the root.
    pub fn path(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    /// The same weights, one level further down: names get `name.` in front.
    #[must_use]
    pub fn at(&self, name: impl Display) -> Self {
        Weights { prefix: format!("{}{name}.", self.prefix), ..self.clone() }
    }

    /// Whether the given weights hold a tensor of that name (below the prefix).
    pub fn has(&self, name: &str) -> bool {
        let full = format!("{}{name}", self.prefix);
        self.building.borrow().given.as_ref().is_some_and(|given| given.contains_key(&full))
    }

    /// A trainable parameter; given weights must hold it.
    pub fn param(&self, name: &str, shape: &[usize], init: Init) -> Param {
        self.make(name, shape, init, ParamKind::Trainable, false)
    }

    /// A trainable parameter that may start anew though weights are given: a new head.
    pub fn fresh(&self, name: &str, shape: &[usize], init: Init) -> Param {
        self.make(name, shape, init, ParamKind::Trainable, true)
    }

    /// State that forward updates, such as running statistics; given weights must hold it.
    pub fn buffer(&self, name: &str, shape: &[usize], init: Init) -> Param {
        self.make(name, shape, init, ParamKind::Buffer, false)
    }

    /// A matrix `[out, in]` that is never trained, as it is stored: none unless such are kept ([`Weights::keeping_stored`]), and it is
    /// there in fewer bits than float32. It is no parameter: [`ParamStore::kept`] has it.
    pub fn stored(&self, name: &str, dims: [usize; 2]) -> Option<FrozenWeight> {
        let name = format!("{}{name}", self.prefix);
        let b = &mut *self.building.borrow_mut();
        let given = b.given.as_mut().filter(|_| b.keeps && !b.outline)?;
        let weight = given.get(&name)?.stored(&name).filter(|weight| weight.dims() == dims)?;
        given.remove(&name);
        b.used.insert(name.clone());
        match weight.dense(DType::F32, &Device::Cpu).map(|values| is_finite(&values)) {
            Ok(true) => {}
            Ok(false) => b.problems.push(WeightProblem::NotFinite { name }),
            Err(error) => drop(b.failed.get_or_insert(error)),
        }
        b.kept.push(weight.clone());
        Some(weight)
    }

    fn make(&self, name: &str, shape: &[usize], init: Init, kind: ParamKind, may_be_absent: bool) -> Param {
        let name = format!("{}{name}", self.prefix);
        let b = &mut *self.building.borrow_mut();
        let frozen = self.frozen || b.freezes.as_ref().is_some_and(|freezes| freezes(&name));
        let kind = if frozen && kind == ParamKind::Trainable { ParamKind::Frozen } else { kind };
        let given = match b.given.as_mut().map(|given| given.remove(&name)) {
            Some(Some(given)) => {
                b.used.insert(name.clone());
                let checked = fits(&name, shape, given.dims()).and_then(|()| match b.outline {
                    true => Ok(empty()),
                    false => own(&name, given, &b.device, b.dtype),
                });
                checked.map_err(|problem| b.problems.push(problem)).ok()
            }
            Some(None) if !may_be_absent => {
                b.problems.push(WeightProblem::Missing { name: name.clone(), shape: shape.to_vec() });
                None
            }
            _ => {
                b.initialised.push(name.clone());
                None
            }
        };
        let absent = || if b.outline { Ok(empty()) } else { init.tensor(shape, b.init.named(&name), &b.device, b.dtype) };
        let tensor = given.map_or_else(absent, Ok);
        let tensor = tensor.unwrap_or_else(|error| {
            // Only an allocation can fail here; the model is thrown away by `finish`.
            b.failed.get_or_insert(error);
            empty()
        });
        let param = Param { id: b.made.len(), name: name.into(), tensor, kind };
        b.made.push(param.clone());
        b.shapes.push(shape.to_vec());
        param
    }

    /// The full names of all that was asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.building.borrow().made.iter().map(|param| param.name().to_string()).collect()
    }

    /// Name, shape and kind of all that was asked for so far.
    pub fn asked_shapes(&self) -> Vec<(String, Vec<usize>, ParamKind)> {
        let b = self.building.borrow();
        b.made.iter().zip(&b.shapes).map(|(param, shape)| (param.name().to_string(), shape.clone(), param.kind)).collect()
    }

    /// The parameters, ordered by name, and what became of the given weights.
    ///
    /// # Errors
    /// Every missing, wrongly shaped or wrongly typed tensor, at once.
    pub fn finish(self) -> Result<(ParamStore, LoadReport)> {
        let b = &mut *self.building.borrow_mut();
        if let Some(error) = b.failed.take() {
            return Err(error);
        }
        if !b.problems.is_empty() {
            return Err(Error::Weights(std::mem::take(&mut b.problems)));
        }
        let unused: Vec<String> = b.given.take().unwrap_or_default().into_keys().collect();
        let any_given = !(b.used.is_empty() && unused.is_empty());
        let initialised = if any_given { std::mem::take(&mut b.initialised) } else { Vec::new() };
        let report = LoadReport { loaded: b.used.len(), initialised, unused };
        let (mut params, mut kept) = (std::mem::take(&mut b.made), std::mem::take(&mut b.kept));
        params.sort_by(|x, y| x.name.cmp(&y.name));
        kept.sort_by(|x, y| x.name().cmp(y.name()));
        Ok((ParamStore { params, kept }, report))
    }
}

fn empty() -> Tensor {
    Tensor::from_vec(Vec::<f32>::new(), 0, &Device::Cpu).unwrap_or_else(|_| unreachable!("an empty tensor needs no memory"))
}

fn fits(name: &str, shape: &[usize], found: &[usize]) -> Result<(), WeightProblem> {
    if found == shape {
        return Ok(());
    }
    Err(WeightProblem::Shape { name: name.into(), expected: shape.to_vec(), found: found.to_vec() })
}

/// The given tensor as a parameter of its own memory: of that type, contiguous, finite.
fn own(name: &str, given: Given, device: &Device, dtype: DType) -> Result<Tensor, WeightProblem> {
    let wrong_type = |found: DType| WeightProblem::Type { name: name.into(), found: format!("{found:?}") };
    let own = match given {
        // Smaller floats mean nothing without scales of their own.
        Given::Plain(tensor) if matches!(tensor.dtype(), DType::F16 | DType::BF16 | DType::F32 | DType::F64) => {
            let own = || tensor.to_dtype(dtype)?.to_device(device)?.force_contiguous();
            own().map_err(|_| wrong_type(tensor.dtype()))?
        }
        Given::Plain(tensor) => return Err(wrong_type(tensor.dtype())),
        Given::Quantized(blocks) => {
            blocks.dequantize(device).and_then(|own| own.to_dtype(dtype)).map_err(|_| wrong_type(DType::U8))?
        }
    };
    match own {
        own if is_finite(&own) => Ok(own),
        _ => Err(WeightProblem::NotFinite { name: name.into() }),
    }
}

fn is_finite(values: &Tensor) -> bool {
    let sum = values.abs().and_then(|t| t.sum_all()).and_then(|t| t.to_dtype(DType::F32)).and_then(|t| t.to_scalar::<f32>());
    sum.is_ok_and(f32::is_finite)
}

/// All parameters of a model, ordered by name.
#[derive(Debug, Clone, Default)]
pub struct ParamStore {
    params: Vec<Param>,
    kept: Vec<FrozenWeight>,
}

impl ParamStore {
    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Param> {
        self.params.iter()
    }

    /// Those that the optimiser moves, by name.
    pub fn trainable(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|p| p.is_trainable())
    }

    /// Matrices that stay as they are stored, by name: no parameters, and in no file that is written.
    pub fn kept(&self) -> &[FrozenWeight] {
        &self.kept
    }

    /// The parameter of that name.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.params.binary_search_by(|p| p.name().cmp(name)).ok().map(|i| &self.params[i])
    }

    /// Number of parameters (tensors).
    pub fn len(&self) -> usize {
        self.params.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    /// Number of trainable elements.
    pub fn num_trainable(&self) -> usize {
        self.trainable().map(Param::len).sum()
    }
}
