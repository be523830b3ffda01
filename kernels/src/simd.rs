//! Loops that the compiler turns into vector code: written once over plain slices, compiled for three kinds of processor,
//! chosen when they run. And the functions that such loops need, without a call into the C library for each element.
//!
//! Sums keep [`LANES`] partial sums in a fixed order, and products are added by `mul_add`, so the bits are the same on all
//! three kinds.

/// Partial sums of a reduction; one AVX-512 register of float32.
pub(crate) const LANES: usize = 16;

/// What the processor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "other processors have the plain level alone"))]
pub(crate) enum Level {
    Avx512,
    Avx2,
    Plain,
}

/// The best level of this processor. The standard library caches what it detects, so this is a load and a test.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn level() -> Level {
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
        Level::Avx512
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        Level::Avx2
    } else {
        Level::Plain
    }
}

/// The only level of processors of other kinds: the compiler's own vectors.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(crate) fn level() -> Level {
    Level::Plain
}

/// Defines functions whose body is compiled for each [`Level`]; what the body calls must be `#[inline]` to take part.
macro_rules! vectorised {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {$(
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            fn body($($arg: $ty),*) $(-> $ret)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
                fn avx512($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? { body($($arg),*) }
                match $crate::simd::level() {
                    // SAFETY: `level` has just found these features on this processor.
                    $crate::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                    $crate::simd::Level::Plain => body($($arg),*),
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            body($($arg),*)
        }
    )*};
}
pub(crate) use vectorised;

/// `e^x` within 2 units in the last place; `x` is held to `[-87, 88]` so that neither end overflows, NaN stays NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HI: f32 = 0.693_145_75;
    const LN2_LO: f32 = 1.428_606_8e-6;
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LO, n.mul_add(-LN2_HI, x));
    // e^r = 1 + r + r^2 p(r) on [-ln(2)/2, ln(2)/2], Chebyshev fit of degree 5, relative error 3e-10.
    let p = horner(r, [0.5, 1.666_666_7e-1, 4.166_646_3e-2, 8.333_298e-3, 1.393_373_4e-3, 1.989_939_2e-4]);
    let e = (r * r).mul_add(p, r) + 1.0;
    let two_to_n = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    e * two_to_n
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// `tanh(x)` within 4 units in the last place.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let a = x.abs();
    // Near zero x + x^3 p(x^2), Chebyshev fit of degree 4, relative error 1e-8; elsewhere 1 - 2 / (e^2|x| + 1).
    let s = x * x;
    let p = horner(s, [-3.333_333e-1, 1.333_292_4e-1, -5.387_513_7e-2, 2.111_621_6e-2, -6.276_39e-3]);
    let near = (x * s).mul_add(p, x);
    let far = (1.0 - 2.0 / (exp(2.0 * a) + 1.0)).copysign(x);
    if a < 0.6 { near } else { far }
}

/// The standard normal's distribution and density at `x`: `(P(X <= x), e^(-x^2/2) / sqrt(2 pi))`, absolute error below 1.5e-7.
#[inline(always)]
pub(crate) fn normal(x: f32) -> (f32, f32) {
    let a = x.abs();
    let a = if a > 13.0 { 13.0 } else { a };
    let e = exp(-0.5 * a * a);
    // P(X > a) = e^(-a^2/2) r(a); r is a Chebyshev fit of degree 9 in q = (a - 3) / (a + 3), relative error 2e-8.
    let q = (a - 3.0) / (a + 3.0);
    let r = horner(
        q,
        [
            1.215_139_5e-1,
            -2.064_026_1e-1,
            1.232_250_7e-1,
            -4.621_333_3e-2,
            6.131_658e-3,
            2.904_665_7e-3,
            -9.823_828e-4,
            -3.391_711_2e-4,
            1.140_371_3e-4,
            5.278_794e-5,
        ],
    );
    let tail = e * r;
    (if x < 0.0 { tail } else { 1.0 - tail }, e * 0.398_942_3)
}

/// `c[0] + c[1] x + c[2] x^2 + ...`
#[inline(always)]
fn horner<const N: usize>(x: f32, c: [f32; N]) -> f32 {
    c.iter().rev().skip(1).fold(c[N - 1], |sum, c| sum.mul_add(x, *c))
}

/// Sum of `f` over the pairs of two slices of one length, in [`LANES`] partial sums.
#[inline(always)]
pub(crate) fn sum2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let (chunks_a, chunks_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(&a, &b)| f(a, b)).sum();
    for (a, b) in chunks_a.zip(chunks_b) {
        lanes.iter_mut().zip(a).zip(b).for_each(|((lane, a), b)| *lane += f(*a, *b));
    }
    fold(lanes, |a, b| a + b) + rest
}

/// Sum of `f` over a slice, in [`LANES`] partial sums.
#[inline(always)]
pub(crate) fn sum(a: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum2(a, a, |a, _| f(a))
}

/// The largest element; negative infinity for none. NaN is passed over (the sums that follow keep it).
#[inline(always)]
pub(crate) fn max(a: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if a > b { a } else { b };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = a.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(f32::NEG_INFINITY, |m, &v| larger(v, m));
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, v)| *lane = larger(*v, *lane));
    }
    larger(fold(lanes, larger), rest)
}

/// Folds the lanes in a tree of fixed shape.
#[inline(always)]
fn fold(mut lanes: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = f(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

vectorised! {
    /// `to += from`.
    pub(crate) fn add_assign(to: &mut [f32], from: &[f32]) {
        to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
    }

    /// Sum of squares in float64.
    pub(crate) fn sum_of_squares(x: &[f32]) -> f64 {
        let mut lanes = [0f64; LANES];
        let chunks = x.chunks_exact(LANES);
        let rest: f64 = chunks.remainder().iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(lane, v)| *lane = f64::from(*v).mul_add(f64::from(*v), *lane));
        }
        lanes.iter().sum::<f64>() + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest error of `fast` against `exact` over `[from, to]`, relative to the larger of the value and `floor`.
    fn worst(from: f64, to: f64, floor: f64, fast: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> f64 {
        let n = 200_000;
        (0..=n)
            .map(|i| (from + (to - from) * f64::from(i) / f64::from(n)) as f32)
            .map(|x| (f64::from(fast(x)) - exact(f64::from(x))).abs() / exact(f64::from(x)).abs().max(floor))
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_accurate() {
        assert!(worst(-87.0, 88.0, 0.0, exp, f64::exp) < 2e-7);
        assert!(worst(-12.0, 12.0, 0.0, tanh, f64::tanh) < 3e-7);
        assert!(worst(-0.01, 0.01, 1e-30, tanh, f64::tanh) < 2e-7);
        let cdf = |x: f64| 0.5 * (1.0 + candle_core::cpu::erf::erf_f64(x * std::f64::consts::FRAC_1_SQRT_2));
        assert!(worst(-15.0, 15.0, 1.0, |x| normal(x).0, cdf) < 1.5e-7);
        let pdf = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
        assert!(worst(-15.0, 15.0, 1.0, |x| normal(x).1, pdf) < 1e-7);
    }

    #[test]
    fn not_a_number_stays() {
        assert!(exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan() && normal(f32::NAN).0.is_nan());
        assert_eq!((tanh(f32::INFINITY), tanh(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!((normal(f32::INFINITY).0, exp(f32::NEG_INFINITY) < 2e-38), (1.0, true));
    }

    #[test]
    fn reductions_equal_plain_ones() {
        for n in [0, 1, 15, 16, 17, 100] {
            let x: Vec<f32> = (0..n).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
            assert_eq!(sum(&x, |v| v), x.iter().sum::<f32>(), "{n} elements");
            assert_eq!(max(&x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max), "{n} elements");
            assert_eq!(sum_of_squares(&x), x.iter().map(|v| f64::from(v * v)).sum::<f64>(), "{n} elements");
        }
    }
}
