//! Numbers next to zero: float32 below 1.2e-38 has fewer digits, and processors take a hundred times as long for each. They come up where
//! gradients vanish, as behind a learning rate far too high, and would make such a run twenty times as slow as another. None of them can
//! change a weight by its last bit, so they count as zero, as in TensorFlow's own threads.

/// From here on this thread, and those that it starts, take subnormal numbers for zero, in operands and in results; elsewhere than on
/// x86-64 and AArch64 nothing is changed.
pub(crate) fn flush() {
    #[cfg(target_arch = "x86_64")]
    {
        // Bits "flush to zero" and "denormals are zero" of MXCSR.
        const BITS: u32 = 1 << 15 | 1 << 6;
        let mut control = 0u32;
        // SAFETY: both read or write four bytes at `control`, which is ours. The compiler takes these bits for unset where it works out a
        // constant at build time, and nowhere else.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack));
            control |= BITS;
            std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack));
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        // Bit "flush to zero" of FPCR: operands and results.
        const BIT: u64 = 1 << 24;
        let mut control: u64;
        // SAFETY: no memory is touched; of the compiler's constants the same holds.
        unsafe {
            std::arch::asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack));
            control |= BIT;
            std::arch::asm!("msr fpcr, {}", in(reg) control, options(nomem, nostack));
        }
    }
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn subnormal_numbers_are_zero_where_that_was_asked_for() {
        let products = || [(1e-20f32, 1e-20f32), (1e-40, 1e10), (1e-38, 1.0)].map(|(a, b)| black_box(a) * black_box(b));
        let flushed = std::thread::spawn(move || {
            flush();
            products()
        });
        assert_eq!(flushed.join().expect("a thread"), [0.0, 0.0, 0.0]);
        let plain = products();
        assert!(plain.iter().all(|product| *product > 0.0), "other threads are as they were: {plain:?}");
    }
}
