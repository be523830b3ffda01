//! The harness that every operation's tests run: the plain version against finite differences in float64, through the tape,
//! then the fast float32 version against the plain one, also with inputs that are not contiguous.

use crate::{Gradients, Op, Param, ParamStore, Result, Stream, Tape, Var, Weights};
use candle_core::{DType, Device, Tensor};
use std::collections::BTreeMap;

/// What an operation computes with: it sets how far float32 may lie from float64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Elementwise,
    Reduction,
    Product,
}

/// The one tolerance table: relative to the largest element of the tensor that is compared, and at least to 1.
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
            close(&format!("{what} in bfloat16"), name, &half[i].1, &expected_half[i].1, tolerance(DType::BF16, kind));
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
            let error = (grad[element] - expected).abs() / expected.abs().max(1.0);
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

fn flat(t: &Tensor) -> Vec<f64> {
    t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
}

/// Asserts that two tensors are close, relative to the largest element.
#[track_caller]
pub(crate) fn close(what: &str, name: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}: shape of {name}");
    let (found, expected) = (flat(found), flat(expected));
    let largest = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= tolerance * largest, "{what}: {name}[{i}]: {f} against {e}, of at most {largest}");
    }
}

/// The bits of every operation's output and gradients must not depend on the number of threads.
#[test]
fn threads_change_no_bit() {
    use crate::*;
    type Op = fn(&Tape, &[Var], &[Param]) -> Result<Var>;
    let cases: Vec<(&str, Case, Op)> = vec![
        ("linear", Case::new().var(&[301, 129]).param("w", &[257, 129]).param("b", &[257]), |t, v, p| {
            linear(t, &v[0], &p[0], Some(&p[1]))
        }),
        ("linear, few rows", Case::new().var(&[3, 129]).param("w", &[2, 129]), |t, v, p| linear(t, &v[0], &p[0], None)),
        ("product", Case::new().var(&[301, 129]).var(&[257, 129]), |t, v, _| product(t, &v[0], &v[1])),
        ("linear_cross_entropy", Case::new().var(&[301, 70]).param("w", &[60_001, 70]).param("b", &[60_001]), |t, v, p| {
            linear_cross_entropy(t, &v[0], &p[0], Some(&p[1]), Targets { smoothing: 0.1, ..Targets::new(&[7; 301]) })
        }),
        ("linear_cross_entropy_rows", Case::new().var(&[301, 70]).param("w", &[60_001, 70]).param("b", &[60_001]), |t, v, p| {
            linear_cross_entropy_rows(t, &v[0], &p[0], Some(&p[1]), &[7; 301])
        }),
        ("cross_entropy, focal", Case::new().var(&[3001, 7]), |t, v, _| {
            cross_entropy(t, &v[0], Targets { focal: 2.0, ..Targets::new(&[5; 3001]) })
        }),
        ("add", Case::new().var(&[301, 70]).var(&[70]), |t, v, _| add(t, &v[0], &v[1])),
        ("gelu", Case::new().var(&[100_001]), |t, v, _| gelu(t, &v[0])),
        ("layer_norm", Case::new().var(&[301, 70]).param("w", &[70]).param("b", &[70]), |t, v, p| {
            layer_norm(t, &v[0], &p[0], &p[1], 1e-5)
        }),
        ("dropout", Case::new().var(&[100_001]), |t, v, _| dropout(t, &v[0], 0.3)),
        ("attention", Case::new().var(&[3, 130, 24]).var(&[3, 130, 24]).var(&[3, 130, 24]), |t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { lengths: Some(&[130, 57, 0]), dropout: 0.2, ..Attention::full(3) })
        }),
        ("attention, shared heads", Case::new().var(&[1, 300, 24]).var(&[1, 300, 8]).var(&[1, 300, 8]), |t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { dropout: 0.2, ..Attention::causal(3) })
        }),
        ("attention, one head", Case::new().var(&[1, 700, 16]).var(&[1, 700, 16]).var(&[1, 700, 16]), |t, v, _| {
            attention(t, &v[0], &v[1], &v[2], &Attention { mask: Mask::CausalWindow(300), ..Attention::full(1) })
        }),
        ("rope", Case::new().var(&[3, 130, 24]), |t, v, _| rope(t, &v[0], &Rope::new(8, 130, 1e4, RopeScaling::None)?, None)),
        ("rms_norm", Case::new().var(&[301, 70]).param("w", &[70]), |t, v, p| rms_norm(t, &v[0], &p[0], 1e-5)),
        ("add_rms_norm", Case::new().var(&[301, 70]).var(&[301, 70]).param("w", &[70]), |t, v, p| {
            let (sum, norm) = add_rms_norm(t, &v[0], &v[1], &p[0], 1e-5)?;
            add(t, &sum, &norm)
        }),
        ("swiglu", Case::new().var(&[100_001]).var(&[100_001]), |t, v, _| swiglu(t, &v[0], &v[1])),
        (
            "lora_linear",
            Case::new().var(&[1301, 129]).param("a", &[8, 129]).param("b", &[257, 8]).param("c", &[257]),
            |t, v, p| {
                let weight = FrozenWeight::new("w", &constant(&[257, 129]).tensor().to_dtype(DType::BF16)?)?;
                let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 2.0, dropout: 0.1 };
                lora_linear(t, &v[0], &weight, Some(&p[2]), &lora)
            },
        ),
        (
            "dora_linear",
            Case::new().var(&[1301, 129]).param("a", &[8, 129]).param("b", &[257, 8]).param("c", &[257]).param("m", &[257]),
            |t, v, p| {
                let weight = FrozenWeight::new("w", &constant(&[257, 129]).tensor().to_dtype(DType::BF16)?)?;
                let lora = Lora { a: p[0].clone(), b: p[1].clone(), scale: 2.0, dropout: 0.1 };
                dora_linear(t, &v[0], &weight, Some(&p[2]), &Dora { lora, magnitude: p[3].clone() })
            },
        ),
        ("scatter_add", Case::new().var(&[3, 40, 300]).var(&[3, 70, 300]), |t, v, _| {
            let index: Vec<u32> = (0..3 * 70 * 300).map(|i| i * i % 40).collect();
            scatter_add(t, &v[0], 1, &Tensor::from_vec(index, (3, 70, 300), &Device::Cpu)?, &v[1])
        }),
        ("top_k", Case::new().var(&[3000, 7]), |t, v, _| Ok(top_k(t, &v[0], 3)?.0)),
        ("conv2d", Case::new().var(&[37, 9, 9, 5]).param("w", &[7, 5, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(1, 1))
        }),
        ("conv2d, many channels", Case::new().var(&[9, 9, 7, 40]).param("w", &[36, 40, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(1, 1))
        }),
        ("conv2d, tiles", Case::new().var(&[29, 17, 14, 32]).param("w", &[48, 32, 3, 3]).param("b", &[48]), |t, v, p| {
            conv2d(t, &v[0], &p[0], Some(&p[1]), Conv2d::square(1, 1))
        }),
        ("conv2d, few tiles", Case::new().var(&[3, 8, 8, 48]).param("w", &[80, 48, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(1, 1))
        }),
        ("conv2d, stride 2", Case::new().var(&[37, 19, 19, 5]).param("w", &[7, 5, 3, 3]), |t, v, p| {
            conv2d(t, &v[0], &p[0], None, Conv2d::square(2, 1))
        }),
        ("conv2d, depthwise", Case::new().var(&[7, 9, 9, 20]).param("w", &[20, 1, 3, 3]).param("b", &[20]), |t, v, p| {
            conv2d(t, &v[0], &p[0], Some(&p[1]), Conv2d { groups: 20, ..Conv2d::square(1, 1) })
        }),
        (
            "batch_norm",
            Case::new().var(&[37, 9, 9, 50]).param("w", &[50]).param("b", &[50]).param("m", &[50]).param("v", &[50]),
            |t, v, p| {
                batch_norm_relu(
                    t,
                    &v[0],
                    &BatchNorm { weight: &p[0], bias: &p[1], running_mean: &p[2], running_var: &p[3], momentum: 0.1, eps: 1e-5 },
                )
            },
        ),
        ("group_norm", Case::new().var(&[37, 9, 9, 6]).param("w", &[6]).param("b", &[6]), |t, v, p| {
            group_norm(t, &v[0], 2, &p[0], &p[1], 1e-5)
        }),
        ("max_pool2d", Case::new().var(&[37, 9, 9, 5]), |t, v, _| max_pool2d(t, &v[0], Pool2d::square(3, 2, 1))),
        ("avg_pool2d", Case::new().var(&[37, 9, 9, 5]), |t, v, _| avg_pool2d(t, &v[0], Pool2d::square(3, 2, 1))),
        ("interpolate", Case::new().var(&[7, 9, 9, 5]), |t, v, _| interpolate(t, &v[0], [13, 7], Interpolation::Bicubic)),
        ("global_avg_pool", Case::new().var(&[37, 9, 9, 5]), |t, v, _| global_avg_pool(t, &v[0])),
        ("shortcut_pad", Case::new().var(&[37, 9, 9, 5]), |t, v, _| shortcut_pad(t, &v[0], 2, 9)),
    ];
    for (name, case, op) in cases {
        let bits = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (case, op) = (case.clone(), op);
            pool.install(move || {
                let values: Vec<Tensor> = case.values().unwrap().iter().map(|v| v.to_dtype(DType::F32).unwrap()).collect();
                let outcome = run(&case, &values, &case.params(DType::F32).unwrap(), &op).unwrap();
                let tensors = std::iter::once(&outcome.y).chain(outcome.grads.iter().map(|(_, g)| g));
                let bits = tensors.flat_map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap());
                bits.map(f32::to_bits).collect::<Vec<u32>>()
            })
        };
        let one = bits(1);
        for threads in [2, 3, 4, 8] {
            assert!(one == bits(threads), "{name}: {threads} threads give other bits than one");
        }
    }
}
