//! Sixteen floats side by side, for loops that the compiler does not turn into vectors by itself: one AVX-512 register, two AVX2
//! registers, or an array. All three round alike.

use crate::simd::LANES;

/// Sixteen floats. The register versions may be used only inside functions that [`vectors`](super::vector::vectors) compiles for them.
pub(super) trait Vector: Copy {
    fn zero() -> Self;
    fn load(from: &[f32]) -> Self;
    fn store(self, to: &mut [f32]);
    /// `self * by`.
    fn times(self, by: f32) -> Self;
    /// `self + x * by`, rounded once.
    fn plus(self, x: Self, by: f32) -> Self;
}

#[derive(Clone, Copy)]
pub(super) struct Plain([f32; LANES]);

impl Vector for Plain {
    #[inline(always)]
    fn zero() -> Self {
        Plain([0.0; LANES])
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        let mut lanes = [0.0; LANES];
        lanes.copy_from_slice(&from[..LANES]);
        Plain(lanes)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn times(self, by: f32) -> Self {
        Plain(self.0.map(|v| v * by))
    }

    #[inline(always)]
    fn plus(mut self, x: Self, by: f32) -> Self {
        self.0.iter_mut().zip(x.0).for_each(|(s, x)| *s = x.mul_add(by, *s));
        self
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{LANES, Vector};
    use std::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(__m512);

    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(__m256, __m256);

    // SAFETY, for all blocks below: `vectors` uses these types only where the processor has been found to have the instructions, and
    // slices are cut to 16 floats first.
    impl Vector for Avx512 {
        #[inline(always)]
        fn zero() -> Self {
            // SAFETY: as above.
            unsafe { Avx512(_mm512_setzero_ps()) }
        }

        #[inline(always)]
        fn load(from: &[f32]) -> Self {
            // SAFETY: as above.
            unsafe { Avx512(_mm512_loadu_ps(from[..LANES].as_ptr())) }
        }

        #[inline(always)]
        fn store(self, to: &mut [f32]) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(to[..LANES].as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn times(self, by: f32) -> Self {
            // SAFETY: as above.
            unsafe { Avx512(_mm512_mul_ps(self.0, _mm512_set1_ps(by))) }
        }

        #[inline(always)]
        fn plus(self, x: Self, by: f32) -> Self {
            // SAFETY: as above.
            unsafe { Avx512(_mm512_fmadd_ps(x.0, _mm512_set1_ps(by), self.0)) }
        }
    }

    impl Vector for Avx2 {
        #[inline(always)]
        fn zero() -> Self {
            // SAFETY: as above.
            unsafe { Avx2(_mm256_setzero_ps(), _mm256_setzero_ps()) }
        }

        #[inline(always)]
        fn load(from: &[f32]) -> Self {
            let from = from[..LANES].as_ptr();
            // SAFETY: as above.
            unsafe { Avx2(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
        }

        #[inline(always)]
        fn store(self, to: &mut [f32]) {
            let to = to[..LANES].as_mut_ptr();
            // SAFETY: as above.
            unsafe {
                _mm256_storeu_ps(to, self.0);
                _mm256_storeu_ps(to.add(8), self.1);
            }
        }

        #[inline(always)]
        fn times(self, by: f32) -> Self {
            // SAFETY: as above.
            unsafe { Avx2(_mm256_mul_ps(self.0, _mm256_set1_ps(by)), _mm256_mul_ps(self.1, _mm256_set1_ps(by))) }
        }

        #[inline(always)]
        fn plus(self, x: Self, by: f32) -> Self {
            // SAFETY: as above.
            unsafe {
                let by = _mm256_set1_ps(by);
                Avx2(_mm256_fmadd_ps(x.0, by, self.0), _mm256_fmadd_ps(x.1, by, self.1))
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

/// Defines functions over a [`Vector`], compiled for each kind of processor and chosen when they run.
macro_rules! vectors {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident<$v:ident>($($arg:ident: $ty:ty),* $(,)?) $body:block)*) => {$(
        $(#[$meta])*
        $vis fn $name($($arg: $ty),*) {
            #[inline(always)]
            fn body<$v: $crate::conv2d::vector::Vector>($($arg: $ty),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::conv2d::vector::{Avx2, Avx512};
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
                fn avx512($($arg: $ty),*) { body::<Avx512>($($arg),*) }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) { body::<Avx2>($($arg),*) }
                match $crate::simd::level() {
                    // SAFETY: `level` has just found these features on this processor.
                    $crate::simd::Level::Avx512 => unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    $crate::simd::Level::Avx2 => unsafe { avx2($($arg),*) },
                    $crate::simd::Level::Plain => body::<$crate::conv2d::vector::Plain>($($arg),*),
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            body::<$crate::conv2d::vector::Plain>($($arg),*)
        }
    )*};
}
pub(super) use vectors;
