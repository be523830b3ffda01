//! Images: bytes -> values, changed and mixed.

use super::{Batch, Changes, collate};
use crate::data::{Prepared, PreparedImages};
use crate::job::Normalize;
use crate::trainer::Error;
use crate::trainer::augment::{Mix, Picture, change};
use crate::trainer::objective::Wanted;
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use tallow_zoo::Input;

/// Each channel's value of each byte.
fn scales(channels: usize, normalize: Option<&Normalize>) -> Vec<[f32; 256]> {
    let of = |c: usize| {
        let (mean, std) = normalize.map_or((0.0, 1.0), |n| (n.mean[c], n.std[c]));
        std::array::from_fn(|byte| (byte as f32 / 255.0 - mean) / std)
    };
    (0..channels).map(of).collect()
}

/// Bytes `[h, w, c]` -> values `[c, h, w]`.
fn scaled(bytes: &[u8], tables: &[[f32; 256]], out: &mut [f32]) {
    let channels = tables.len();
    let size = out.len() / channels.max(1);
    for ((channel, out), table) in out.chunks_exact_mut(size).enumerate().zip(tables) {
        out.iter_mut().zip(bytes.iter().skip(channel).step_by(channels)).for_each(|(out, byte)| *out = table[usize::from(*byte)]);
    }
}

/// `[b, c, h, w]` of images `[h, w, c]` as they are, scaled to 0..1 and normalised; `normalize` has the images' channels.
pub(in crate::trainer) fn images_of(images: &[&[u8]], shape: [usize; 3], normalize: Option<&Normalize>) -> Result<Input, Error> {
    let [height, width, channels] = shape;
    let (tables, each) = (scales(channels, normalize), height * width * channels);
    let mut pixels = vec![0f32; images.len() * each];
    pixels.par_chunks_mut(each.max(1)).zip(images).for_each(|(out, bytes)| scaled(bytes, &tables, out));
    Ok(Input::Image { pixels: Tensor::from_vec(pixels, (images.len(), channels, height, width), &Device::Cpu)? })
}

/// `[b, c, h, w]`, scaled to 0..1 and normalised. `normalize` has the images' channels: [`open`](super::open) saw to it.
pub(super) fn collate_images(
    images: &PreparedImages,
    examples: &[usize],
    normalize: Option<&Normalize>,
    changes: Option<Changes>,
) -> Result<Input, Error> {
    let [height, width, channels] = images.shape();
    let tables = scales(channels, normalize);
    let size = height * width;
    let mut pixels = vec![0f32; examples.len() * channels * size];
    pixels.par_chunks_mut(channels * size).zip(examples).for_each(|(out, &i)| {
        let changed = changes.filter(|changes| !changes.augment.is_empty()).map(|changes| {
            let picture = Picture { pixels: images.image(i).to_vec(), height, width, channels };
            change(picture, changes.augment, changes.streams.augmentation(changes.epoch, i))
        });
        let bytes = changed.as_ref().map_or(images.image(i), |(picture, _)| &picture.pixels);
        scaled(bytes, &tables, out);
        if let Some((_, Some(erased))) = changed {
            erased.rows(height, width, out.len()).for_each(|row| out[row].fill(0.0));
        }
    });
    Ok(Input::Image { pixels: Tensor::from_vec(pixels, (examples.len(), channels, height, width), &Device::Cpu)? })
}

/// Examples that are mixed with `others`, as many; only images of classes can be.
///
/// # Errors
/// They are something else.
pub(in crate::trainer) fn collate_mixed(
    data: &Prepared,
    examples: &[usize],
    others: &[usize],
    normalize: Option<&Normalize>,
    changes: Changes,
    mix: Mix,
) -> Result<Batch, Error> {
    let [own, other] = [examples, others].map(|part| collate(data, part, normalize, Some(changes)));
    match (own?, other?, data.images()) {
        (
            Batch { input: Input::Image { pixels }, wanted: Wanted::Classes(own), .. },
            Batch { input: Input::Image { pixels: theirs }, wanted: Wanted::Classes(other), .. },
            Some(images),
        ) => {
            let (shape, dims) = (images.shape(), pixels.dims().to_vec());
            let size = shape.iter().product::<usize>().max(1);
            let [mut pixels, theirs] = [pixels.flatten_all()?.to_vec1::<f32>()?, theirs.flatten_all()?.to_vec1::<f32>()?];
            let pairs = pixels.par_chunks_mut(size).zip(theirs.par_chunks(size));
            pairs.for_each(|(own, other)| mix.apply(own, other, shape));
            let pixels = Tensor::from_vec(pixels, dims, &Device::Cpu)?;
            let wanted = Wanted::Mixed { own, other, share: mix.share(shape) };
            Ok(Batch { input: Input::Image { pixels }, wanted, tokens: 0 })
        }
        _ => Err(Error::WrongTask { expected: "images of classes, which can be mixed", found: "something else" }),
    }
}
