//! The operations on images against the same formulas in Candle's plain operations and float64, forward and backward, on fresh random
//! inputs of odd sizes.

mod plain;

use candle_core::{Device, Tensor};
use plain::{check, random};
use tallow_kernels::*;

/// `[B, H, W, C]` -> `[B, C, H, W]`.
fn first(x: &Tensor) -> candle_core::Result<Tensor> {
    x.permute((0, 3, 1, 2))?.contiguous()
}

/// `[B, C, H, W]` -> `[B, H, W, C]`.
fn last(x: &Tensor) -> candle_core::Result<Tensor> {
    x.permute((0, 2, 3, 1))?.contiguous()
}

#[test]
fn convolutions() {
    // batch, channels, height, width, out, kernel height, kernel width, args
    let args = |stride, padding, groups, dilation| Conv2d { groups, dilation: [dilation; 2], ..Conv2d::square(stride, padding) };
    for (b, c, h, w, o, kh, kw, a) in [
        (1, 1, 1, 1, 1, 1, 1, args(1, 0, 1, 1)),
        (5, 3, 7, 9, 4, 3, 3, args(1, 1, 1, 1)),
        (2, 4, 8, 7, 6, 3, 3, args(2, 1, 2, 1)),
        (3, 2, 9, 9, 2, 3, 3, args(1, 2, 1, 2)),
        (2, 3, 5, 5, 4, 1, 1, args(1, 0, 1, 1)),
        (2, 3, 6, 5, 4, 1, 1, args(2, 0, 1, 1)),
        (1, 3, 15, 15, 2, 7, 7, args(2, 3, 1, 1)),
        (2, 4, 5, 5, 4, 3, 3, args(1, 1, 4, 1)),
        (3, 35, 9, 10, 33, 3, 3, args(1, 1, 1, 1)),
        (3, 64, 13, 18, 48, 3, 3, args(1, 1, 1, 1)),
        (3, 32, 4, 5, 17, 3, 3, args(1, 0, 1, 1)),
        (2, 70, 7, 7, 40, 1, 1, args(2, 0, 1, 1)),
        (2, 3, 9, 8, 5, 3, 2, Conv2d { stride: [2, 1], padding: [1, 0], groups: 1, dilation: [1, 3] }),
        (2, 6, 8, 9, 6, 2, 3, Conv2d { stride: [1, 3], padding: [0, 2], groups: 6, dilation: [2, 1] }),
        (2, 16, 9, 6, 16, 3, 3, Conv2d { stride: [1, 1], padding: [0, 2], groups: 1, dilation: [1, 1] }),
    ] {
        check(
            "conv2d",
            &[&[b, h, w, c]],
            &[&[o, c / a.groups, kh, kw], &[o]],
            &|t, x, p| conv2d(t, &x[0], &p[0], Some(&p[1]), a),
            &move |t| plain_conv2d(t, a),
        );
    }
}

/// A sum over kernel places of products of channels (Candle's own convolution has no backward for groups).
fn plain_conv2d(t: &[Tensor], a: Conv2d) -> candle_core::Result<Tensor> {
    let (x, w, b) = (first(&t[0])?, &t[1], &t[2]);
    let (o, i, kh, kw) = w.dims4()?;
    let x = x.pad_with_zeros(2, a.padding[0], a.padding[0])?.pad_with_zeros(3, a.padding[1], a.padding[1])?;
    let (batch, _, h, width) = x.dims4()?;
    let out = |axis: usize, size: usize, k: usize| (size - a.dilation[axis] * (k - 1) - 1) / a.stride[axis] + 1;
    let (oh, ow) = (out(0, h, kh), out(1, width, kw));
    let pick = |axis: usize, k: usize, n: usize| {
        let seen = (0..n).map(|p| (p * a.stride[axis] + k * a.dilation[axis]) as u32);
        Tensor::from_vec(seen.collect::<Vec<_>>(), n, &Device::Cpu)
    };
    let mut groups = Vec::new();
    for g in 0..a.groups {
        let (x, w) = (x.narrow(1, g * i, i)?, w.narrow(0, g * (o / a.groups), o / a.groups)?);
        let mut sum: Option<Tensor> = None;
        for (ky, kx) in (0..kh).flat_map(|y| (0..kw).map(move |x| (y, x))) {
            let seen = x.contiguous()?.index_select(&pick(0, ky, oh)?, 2)?.index_select(&pick(1, kx, ow)?, 3)?.reshape((
                batch,
                i,
                oh * ow,
            ))?;
            let w =
                w.narrow(2, ky, 1)?.narrow(3, kx, 1)?.reshape((1, o / a.groups, i))?.broadcast_as((batch, o / a.groups, i))?;
            let part = w.contiguous()?.matmul(&seen)?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        groups.extend(sum);
    }
    last(&Tensor::cat(&groups, 1)?.reshape((batch, o, oh, ow))?)?.broadcast_add(b)
}

#[test]
fn batch_norms_in_training() {
    for (b, c, h, w) in [(2, 1, 1, 5), (3, 5, 4, 7), (7, 2, 9, 3)] {
        let buffers = Weights::scratch(Stream::root(0), &Device::Cpu);
        let (mean, var) = (buffers.buffer("mean", &[c], Init::Zeros), buffers.buffer("var", &[c], Init::Ones));
        let fused = |t: &Tape, x: &[Var], p: &[Param]| {
            batch_norm(
                t,
                &x[0],
                &BatchNorm { weight: &p[0], bias: &p[1], running_mean: &mean, running_var: &var, momentum: 0.1, eps: 1e-5 },
            )
        };
        check("batch_norm", &[&[b, h, w, c]], &[&[c], &[c]], &fused, &move |t| {
            let flat = t[0].reshape(((), c))?;
            let centred = flat.broadcast_sub(&flat.mean_keepdim(0)?)?;
            let var = (&centred * &centred)?.mean_keepdim(0)?;
            let y = centred.broadcast_div(&(var + 1e-5)?.sqrt()?)?.broadcast_mul(&t[1])?.broadcast_add(&t[2])?;
            y.reshape((b, h, w, c))
        });
        assert!(mean.tensor().to_vec1::<f32>().unwrap().iter().any(|m| *m != 0.0), "the running mean must move");
    }
}

#[test]
fn pools_and_shortcuts() {
    check("global_avg_pool", &[&[2, 3, 5, 7]], &[], &|t, x, _| global_avg_pool(t, &x[0]), &|t| t[0].mean(2)?.mean(1));
    check("max_pool2d", &[&[2, 8, 6, 3]], &[], &|t, x, _| max_pool2d(t, &x[0], Pool2d::square(2, 2, 0)), &|t| {
        t[0].reshape((2, 4, 2, 3, 2, 3))?.max(4)?.max(2)
    });
    check("shortcut_pad", &[&[2, 6, 6, 4]], &[], &|t, x, _| shortcut_pad(t, &x[0], 2, 8), &|t| {
        let even = Tensor::new(&[0u32, 2, 4], &Device::Cpu)?;
        t[0].index_select(&even, 1)?.index_select(&even, 2)?.pad_with_zeros(3, 2, 2)
    });
}

#[test]
fn overlapping_max_pool_has_the_resnet_stem_shape() {
    let x = Var::constant(random(&[1, 7, 7, 2], Stream::root(1)));
    let y = max_pool2d(&Tape::inference(), &x, Pool2d::square(3, 2, 1)).unwrap();
    assert_eq!(y.dims(), [1, 4, 4, 2]);
}
