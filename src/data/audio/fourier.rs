//! The discrete Fourier transform `X[k] = sum over j of x[j] e^(-2 pi i j k / n)`, factor by factor (Stockham's order: no element is put
//! in its place at the end).

use std::f64::consts::TAU;

/// Real and imaginary part.
pub(super) type Complex = [f64; 2];

/// The transform of vectors of one length.
pub(super) struct Fourier {
    factors: Vec<usize>,
    /// `e^(-2 pi i k / n)` for each k.
    roots: Vec<Complex>,
}

impl Fourier {
    pub(super) fn new(n: usize) -> Self {
        let (mut rest, mut factors) = (n, Vec::new());
        // Four at a time is less work than twice two.
        for factor in [4, 2, 3, 5].into_iter().chain(7..) {
            while rest.is_multiple_of(factor) && rest > 1 {
                factors.push(factor);
                rest /= factor;
            }
            if rest <= 1 {
                break;
            }
        }
        let root = |k: usize| {
            let angle = TAU * k as f64 / n as f64;
            [angle.cos(), -angle.sin()]
        };
        Fourier { factors, roots: (0..n).map(root).collect() }
    }

    /// Transforms `x`; `scratch` has its length.
    pub(super) fn transform(&self, x: &mut Vec<Complex>, scratch: &mut Vec<Complex>) {
        let n = self.roots.len();
        // Transforms of `len` elements that are left to do, `stride` of them side by side.
        let (mut len, mut stride) = (n, 1);
        for &p in &self.factors {
            let part = len / p;
            for q in 0..part {
                for r in 0..p {
                    // Behind the sum of p elements the root of this place.
                    let turn = self.roots[q * r * stride % n];
                    for s in 0..stride {
                        let mut sum = [0.0; 2];
                        for k in 0..p {
                            sum = add(sum, times(x[s + stride * (q + part * k)], self.roots[k * r % p * (n / p)]));
                        }
                        scratch[s + stride * (p * q + r)] = times(sum, turn);
                    }
                }
            }
            std::mem::swap(x, scratch);
            (len, stride) = (part, stride * p);
        }
    }
}

fn add(a: Complex, b: Complex) -> Complex {
    [a[0] + b[0], a[1] + b[1]]
}

fn times(a: Complex, b: Complex) -> Complex {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum as it is written, for lengths of all kinds of factors.
    #[test]
    fn equals_the_sum() {
        for n in [1, 2, 3, 4, 5, 7, 8, 12, 22, 49, 60, 400] {
            let x: Vec<Complex> = (0..n).map(|j| [(j as f64 * 1.7).sin(), (j as f64 * 0.3 + 1.0).cos()]).collect();
            let expected: Vec<Complex> = (0..n)
                .map(|k| {
                    (0..n).fold([0.0; 2], |sum, j| {
                        let angle = -TAU * (j * k % n) as f64 / n as f64;
                        add(sum, times(x[j], [angle.cos(), angle.sin()]))
                    })
                })
                .collect();
            let (mut found, mut scratch) = (x, vec![[0.0; 2]; n]);
            Fourier::new(n).transform(&mut found, &mut scratch);
            for (k, (f, e)) in found.iter().zip(&expected).enumerate() {
                assert!((f[0] - e[0]).abs() + (f[1] - e[1]).abs() < 1e-11 * n as f64, "{k} of {n}: {f:?}, expected {e:?}");
            }
        }
    }
}
