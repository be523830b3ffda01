//! A window that slides over height and width: what convolution and pooling share. The plain operations here work on images with
//! the channels first, `[B, C, H, W]`.

use crate::Result;
#[cfg(device_kernels)]
use crate::device::Arg;
use candle_core::{Device, Tensor};

/// A window of `kernel` places, `dilation` apart, moved by `stride` over an image with `padding` places around it; each along height
/// and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

impl Window {
    /// Height and width of the output for an image of that size; none if the window does not fit, or stride, dilation or
    /// kernel is 0.
    pub(crate) fn output(&self, image: [usize; 2]) -> Option<[usize; 2]> {
        let one = |axis: usize| {
            let reach = self.dilation[axis].checked_mul(self.kernel[axis].checked_sub(1)?)?.checked_add(1)?;
            let padded = self.padding[axis].checked_mul(2)?.checked_add(image[axis])?;
            let room = padded.checked_sub(reach)?;
            (self.stride[axis] > 0 && self.dilation[axis] > 0).then(|| room / self.stride[axis] + 1)
        };
        Some([one(0)?, one(1)?])
    }

    /// What a kernel takes as `WINDOW_ARGS`.
    #[cfg(device_kernels)]
    pub(crate) fn args<'a>(&self, image: [usize; 2], out: [usize; 2]) -> impl Iterator<Item = Arg<'a>> + use<'a> {
        let Window { kernel, stride, padding, dilation } = *self;
        [kernel, stride, padding, dilation, image, out].into_iter().flatten().map(Arg::Int)
    }

    /// An image's height and width with their padding.
    pub(crate) fn padded(&self, image: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| image[axis] + 2 * self.padding[axis])
    }

    /// The window's places, row by row: `(ky, kx)`.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let [height, width] = self.kernel;
        (0..height).flat_map(move |ky| (0..width).map(move |kx| (ky, kx)))
    }

    /// The image with `padding` places of `value` around it. Plain Candle operations, as what follows.
    pub(crate) fn pad(&self, x: &Tensor, value: f64) -> Result<Tensor> {
        let mut x = x.clone();
        for (dim, padding) in [2, 3].into_iter().zip(self.padding) {
            let mut border = x.dims().to_vec();
            border[dim] = padding;
            let border = (Tensor::zeros(border, x.dtype(), x.device())? + value)?;
            x = if padding > 0 { Tensor::cat(&[&border, &x, &border], dim)? } else { x };
        }
        Ok(x)
    }

    /// Removes the padding.
    pub(crate) fn unpad(&self, x: &Tensor) -> Result<Tensor> {
        let (_, _, height, width) = x.dims4()?;
        let [top, left] = self.padding;
        Ok(x.narrow(2, top, height - 2 * top)?.narrow(3, left, width - 2 * left)?.contiguous()?)
    }

    /// What the window's place `(ky, kx)` sees, for each output: `[B, C, OH, OW]` of a padded image.
    pub(crate) fn tap(&self, padded: &Tensor, (ky, kx): (usize, usize), out: [usize; 2]) -> Result<Tensor> {
        let rows = self.seen(0, ky, out[0], padded.device())?;
        let cols = self.seen(1, kx, out[1], padded.device())?;
        Ok(padded.index_select(&rows, 2)?.index_select(&cols, 3)?)
    }

    /// The reverse of [`Window::tap`]: adds `[B, C, OH, OW]` to the places of a padded image that it came from.
    pub(crate) fn add_tap(&self, padded: &Tensor, (ky, kx): (usize, usize), tap: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = tap.dims4()?;
        let wide = Tensor::zeros((batch, channels, height, padded.dim(3)?), tap.dtype(), tap.device())?;
        let wide = wide.index_add(&self.seen(1, kx, width, tap.device())?, &tap.contiguous()?, 3)?;
        Ok(padded.index_add(&self.seen(0, ky, height, tap.device())?, &wide, 2)?)
    }

    fn seen(&self, axis: usize, place: usize, outputs: usize, device: &Device) -> Result<Tensor> {
        let seen = (0..outputs).map(|o| (o * self.stride[axis] + place * self.dilation[axis]) as u32);
        Ok(Tensor::from_iter(seen, device)?)
    }
}

/// `[B, H, W, C]` -> `[B, C, H, W]`, contiguous.
pub(crate) fn channels_first(x: &Tensor) -> Result<Tensor> {
    Ok(x.permute((0, 3, 1, 2))?.contiguous()?)
}

/// `[B, C, H, W]` -> `[B, H, W, C]`, contiguous.
pub(crate) fn channels_last(x: &Tensor) -> Result<Tensor> {
    Ok(x.permute((0, 2, 3, 1))?.contiguous()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_sizes() {
        let window = |kernel, stride, padding, dilation| Window {
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [padding; 2],
            dilation: [dilation; 2],
        };
        let sides = Window { kernel: [3, 2], stride: [1, 2], padding: [0, 1], dilation: [2, 1] };
        assert_eq!(sides.output([9, 7]), Some([5, 4]));
        assert_eq!(Window { padding: [0, usize::MAX], ..sides }.output([9, 7]), None);
        assert_eq!(Window { dilation: [usize::MAX, 1], ..sides }.output([9, 7]), None);
        assert_eq!(window(3, 1, 1, 1).output([32, 31]), Some([32, 31]));
        assert_eq!(window(3, 2, 1, 1).output([32, 7]), Some([16, 4]));
        assert_eq!(window(7, 2, 3, 1).output([224, 224]), Some([112, 112]));
        assert_eq!(window(3, 1, 0, 2).output([5, 6]), Some([1, 2]));
        assert_eq!(window(3, 1, 0, 1).output([2, 5]), None);
        assert_eq!(window(1, 0, 0, 1).output([2, 5]), None);
        assert_eq!(window(0, 1, 0, 1).output([2, 5]), None);
        assert_eq!(window(1, 1, 0, 0).output([2, 5]), None);
    }
}
