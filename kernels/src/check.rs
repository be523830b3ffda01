//! The harness that every operation's tests run: the plain version against finite differences in float64, through the tape,
//! then the fast float32 version against the plain one, also with inputs that are not contiguous.

use crate::{Gradients, Op, Param, ParamStore, Result, Stream, Tape, Var, Weights};
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;

mod threads;

/// What an operation computes with: it sets how far float32 may lie from float64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Elementwise,
    Reduction,
    Product,
}

/// What a tensor is taken to reach at least, where errors are held against its largest element. A gradient that is what numbers of about
/// 1 leave of each other (a norm over two elements, tanh far from 0) keeps their roundings: a few units of 1e-7 in float32.
const FLOOR: f64 = 5e-2;
/// The same in bfloat16, whose roundings of such numbers are larger than what is left. What is tiny is seen in float32.
#[cfg(device_kernels)]
const HALF_FLOOR: f64 = 1.0;

/// The one tolerance table: relative to the largest element of the tensor that is compared, and at least to [`FLOOR`].
pub(crate) fn tolerance(dtype: DType, kind: Kind) -> f64 {
    match (dtype, kind) {
        (DType::F64, _) => 2e-6,  // of the finite differences, not of the arithmetic
        (DType::BF16, _) => 2e-2, // a few roundings to 8 bits
        (_, Kind::Elementwise) => 2e-6,
        (_, Kind::Reduction) => 1e-5,
        (_, Kind::Product) => 2e-5,
    }
}

/// The inputs of an operation: random activations and parameters of these shapes.
#[derive(Clone, Default)]
pub(crate) struct Case {
    vars: Vec<(Vec<usize>, f64)>,
    params: Vec<(&'static str, Vec<usize>)>,
}

impl Case {
    pub(crate) fn new() -> Self {
        Case::default()
    }

    /// An activation, standard normal.
    pub(crate) fn var(self, shape: &[usize]) -> Self {
        self.var_scaled(shape, 1.0)
    }

    /// An activation of that standard deviation.
    pub(crate) fn var_scaled(mut self, shape: &[usize], std: f64) -> Self {
        self.vars.push((shape.to_vec(), std));
        self
    }

    /// A trainable parameter, standard normal.
    pub(crate) fn param(mut self, name: &'static str, shape: &[usize]) -> Self {
        self.params.push((name, shape.to_vec()));
        self
    }

    /// The activations, in float64.
    pub(crate) fn values(&self) -> Result<Vec<Tensor>> {
        let stream = Stream::root(1).named("vars");
        let numbered = (0u64..).zip(&self.vars);
        numbered.map(|(i, (shape, std))| Ok((normal(shape, stream.at(i))? * *std)?)).collect()
    }

    /// The parameters in the order of asking, and their store.
    pub(crate) fn params(&self, dtype: DType) -> Result<(Vec<Param>, ParamStore)> {
        self.params_on(dtype, &Device::Cpu)
    }

    fn params_on(&self, dtype: DType, device: &Device) -> Result<(Vec<Param>, ParamStore)> {
        let stream = Stream::root(1).named("params");
        let given = self.params.iter().map(|(name, shape)| Ok((name.to_string(), normal(shape, stream.named(name))?)));
        let weights = Weights::given(given.collect::<Result<BTreeMap<_, _>>>()?, stream, device).with_dtype(dtype);
        let params = self.params.iter().map(|(name, shape)| weights.param(name, shape, crate::Init::Zeros)).collect();
        Ok((params, weights.finish()?.0))
    }
}

fn normal(shape: &[usize], stream: Stream) -> Result<Tensor> {
    let values = (0..shape.iter().product::<usize>() as u64).map(|i| f64::from(stream.normal(i)));
    Ok(Tensor::from_iter(values, &Device::Cpu)?.reshape(shape)?)
}

/// A float32 input of that shape.
pub(crate) fn constant(shape: &[usize]) -> Var {
    Var::constant(normal(shape, Stream::root(2)).and_then(|t| Ok(t.to_dtype(DType::F32)?)).unwrap())
}

/// The same values in memory of another order, where the shape allows one.
fn scattered(t: &Tensor) -> Result<Tensor> {
    let last = t.rank().saturating_sub(1);
    if t.rank() < 2 { Ok(t.clone()) } else { Ok(t.transpose(0, last)?.contiguous()?.transpose(0, last)?) }
}

/// Everything that an operation computes: its output, then the gradients of activations, then of parameters.
#[derive(Clone)]
pub(crate) struct Outcome {
    pub(crate) y: Tensor,
    pub(crate) grads: Vec<(String, Tensor)>,
}

#[cfg(device_kernels)]
impl Outcome {
    /// All of it by name, on the CPU.
    fn all(self) -> Vec<(String, Tensor)> {
        let named = std::iter::once(("output".to_string(), self.y)).chain(self.grads);
        named.map(|(name, t)| (name, t.to_device(&Device::Cpu).unwrap())).collect()
    }
}

/// Runs `f` forward and, from a fixed random gradient of its output, backward.
pub(crate) fn run<F>(case: &Case, values: &[Tensor], params: &(Vec<Param>, ParamStore), f: &F) -> Result<Outcome>
where
    F: Fn(&Tape, &[Var], &[Param]) -> Result<Var>,
{
    let (params, store) = params;
    let tape = Tape::training(Stream::root(3).named("dropout"));
    let vars: Vec<Var> = values.iter().map(|v| tape.leaf(v.clone())).collect();
    let y = f(&tape, &vars, params)?;
    let loss = weighted_sum(&tape, &y)?;
    let mut grads = Gradients::new(store);
    let leaves: Vec<&Var> = vars.iter().collect();
    let found = tape.backward_to(&loss, &mut grads, &leaves)?;
    let zeros = |t: &Tensor| t.zeros_like();
    let mut all = Vec::new();
    for (i, (grad, value)) in found.into_iter().zip(values).enumerate() {
        all.push((format!("input {i}"), grad.map_or_else(|| zeros(value), Ok)?));
    }
    for (param, (name, _)) in params.iter().zip(&case.params) {
        all.push((name.to_string(), grads.get(param).cloned().map_or_else(|| zeros(param.tensor()), Ok)?));
    }
    Ok(Outcome { y: y.tensor().clone(), grads: all })
}

/// The gradient that [`weighted_sum`] sends into `y`.
fn seed(y: &Tensor) -> Result<Tensor> {
    Ok(normal(y.dims(), Stream::root(4))?.to_dtype(y.dtype())?.to_device(y.device())?)
}

fn weighted_sum(tape: &Tape, y: &Var) -> Result<Var> {
    let weights = seed(y.tensor())?;
    let sum = (y.tensor() * &weights)?.sum_all()?;
    Ok(tape.record(Op::arrays("weighted_sum", weights.elem_count(), 2, 1), sum, y.wants_grad(), || {
        let y = y.target();
        move |_, grads| grads.add(y, weights)
    }))
}

/// Checks an operation as the module says.
#[track_caller]
pub(crate) fn check_gradients<F>(name: &str, kind: Kind, case: Case, f: F)
where
    F: Fn(&Tape, &[Var], &[Param]) -> Result<Var>,
{
    let values = case.values().unwrap();
    let params = case.params(DType::F64).unwrap();
    let plain = run(&case, &values, &params, &f).unwrap();
    let what = format!("{name} {:?} {:?}", case.vars, case.params);
    differences(&what, &case, &values, &plain, &f);

    let singles: Vec<Tensor> = values.iter().map(|v| v.to_dtype(DType::F32).unwrap()).collect();
    let strided: Vec<Tensor> = singles.iter().map(|v| scattered(v).unwrap()).collect();
    for (how, values) in [("contiguous", &singles), ("strided", &strided)] {
        let fast = run(&case, values, &case.params(DType::F32).unwrap(), &f).unwrap();
        let what = format!("{what}: fast against plain, {how}");
        close(&what, "output", &fast.y, &plain.y, tolerance(DType::F32, kind));
        for ((name, fast), (_, plain)) in fast.grads.iter().zip(&plain.grads) {
            close(&what, name, fast, plain, tolerance(DType::F32, kind));
        }
    }
    #[cfg(device_kernels)]
    kernels(&what, kind, &case, [&values[..], &singles], &plain, &f);
}

/// The kernels of our own, emulated and on a GPU where there is one: against the plain version, and with the same bits each time. In
/// bfloat16 against the plain version of rounded inputs.
#[cfg(device_kernels)]
#[track_caller]
fn kernels<F>(what: &str, kind: Kind, case: &Case, [values, singles]: [&[Tensor]; 2], plain: &Outcome, f: &F)
where
    F: Fn(&Tape, &[Var], &[Param]) -> Result<Var>,
{
    let rounded = |t: &Tensor| t.to_dtype(DType::BF16).unwrap().to_dtype(DType::F64).unwrap();
    let plain_rounded = || {
        let params = case.params(DType::F64).unwrap();
        params.0.iter().for_each(|p| p.set(&rounded(p.tensor())).unwrap());
        run(case, &values.iter().map(rounded).collect::<Vec<_>>(), &params, f).unwrap()
    };
    let runner = |dtype: DType, device: &Device| {
        let values: Vec<Tensor> = singles.iter().map(|v| v.to_dtype(dtype).unwrap().to_device(device).unwrap()).collect();
        run(case, &values, &case.params_on(dtype, device).unwrap(), f).unwrap()
    };
    let compare = |how: &str, found: [Outcome; 3]| {
        let [once, again, half] = found.map(Outcome::all);
        let (expected, expected_half) = (plain.clone().all(), plain_rounded().all());
        for (i, (name, once)) in once.iter().enumerate() {
            let what = format!("{what}: {how}");
            close(&what, name, once, &expected[i].1, tolerance(DType::F32, kind));
            let bits =
                |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert!(bits(once) == bits(&again[i].1), "{what}: {name} has other bits the second time: a race");
            let what = format!("{what} in bfloat16");
            close_above(HALF_FLOOR, &what, name, &half[i].1, &expected_half[i].1, tolerance(DType::BF16, kind));
        }
    };
    #[cfg(feature = "cuda-emulation")]
    {
        use crate::device::{self, Order, emulated};
        let before = device::launches();
        let once = emulated(Order::Rising, || runner(DType::F32, &Device::Cpu));
        // Without kernels of its own an operation has shown all above.
        if device::launches() > before {
            let again = emulated(Order::Falling, || runner(DType::F32, &Device::Cpu));
            let half = emulated(Order::Rising, || runner(DType::BF16, &Device::Cpu));
            compare("emulated kernels", [once, again, half]);
        }
    }
    #[cfg(feature = "cuda")]
    if let Some(gpu) = crate::device::any_gpu() {
        compare("kernels on the GPU", [DType::F32, DType::F32, DType::BF16].map(|dtype| runner(dtype, &gpu)));
    }
}

/// The gradients against central differences, on up to 24 elements of each input.
#[track_caller]
fn differences<F>(what: &str, case: &Case, values: &[Tensor], plain: &Outcome, f: &F)
where
    F: Fn(&Tape, &[Var], &[Param]) -> Result<Var>,
{
    const STEP: f64 = 1e-5;
    for (input, (name, grad)) in plain.grads.iter().enumerate() {
        let grad = flat(grad);
        let largest = largest(FLOOR, &grad);
        let stride = grad.len().div_ceil(24).max(1);
        for element in (0..grad.len()).step_by(stride) {
            let loss = |change: f64| {
                let params = case.params(DType::F64).unwrap();
                let mut values = values.to_vec();
                if let Some(value) = values.get_mut(input) {
                    *value = moved(value, element, change);
                } else {
                    let param = &params.0[input - values.len()];
                    param.set(&moved(param.tensor(), element, change)).unwrap();
                }
                let y = run(case, &values, &params, f).unwrap().y;
                (&y * seed(&y).unwrap()).unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap()
            };
            let expected = (loss(STEP) - loss(-STEP)) / (2.0 * STEP);
            let error = (grad[element] - expected).abs() / largest.max(expected.abs());
            let limit = tolerance(DType::F64, Kind::Elementwise);
            assert!(error < limit, "{what}: gradient of {name}[{element}]: {} against {expected} by differences", grad[element]);
        }
    }
}

fn moved(t: &Tensor, element: usize, change: f64) -> Tensor {
    let mut values = flat(t);
    values[element] += change;
    Tensor::from_vec(values, t.shape(), &Device::Cpu).unwrap()
}

/// The size of the largest element, or `floor`.
fn largest(floor: f64, values: &[f64]) -> f64 {
    values.iter().fold(floor, |most, value| most.max(value.abs()))
}

fn flat(t: &Tensor) -> Vec<f64> {
    t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
}

/// Asserts that two tensors are close, relative to the largest element.
#[track_caller]
pub(crate) fn close(what: &str, name: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    close_above(FLOOR, what, name, found, expected, tolerance);
}

#[track_caller]
fn close_above(floor: f64, what: &str, name: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}: shape of {name}");
    let (found, expected) = (flat(found), flat(expected));
    let largest = largest(floor, &expected);
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= tolerance * largest, "{what}: {name}[{i}]: {f} against {e}, of at most {largest}");
    }
}
