//! Examples -> one batch as a model takes it.

use super::Error;
use super::streams::Streams;
use crate::data::{Prepared, PreparedImages, PreparedTexts};
use crate::job::Normalize;
use crate::spec::Augment;
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use tallow_kernels::Stream;
use tallow_zoo::Input;

/// Random changes in training: which, and from which stream.
#[derive(Clone, Copy)]
pub(super) struct Changes<'a> {
    pub(super) augment: &'a [Augment],
    pub(super) streams: Streams,
    pub(super) epoch: u64,
}

/// A batch, its labels, and its real tokens (0 for images).
pub(super) struct Batch {
    pub(super) input: Input,
    pub(super) labels: Vec<u32>,
    pub(super) tokens: u64,
}

/// Puts examples together. Texts are padded with id 0 to the longest of the batch.
pub(super) fn collate(
    data: &Prepared, examples: &[usize], normalize: Option<&Normalize>, changes: Option<Changes>,
) -> Result<Batch, Error> {
    let labels = examples.iter().map(|&i| data.label(i)).collect();
    let (input, tokens) = match data {
        Prepared::Text(texts) => collate_texts(texts, examples)?,
        Prepared::Image(images) => (collate_images(images, examples, normalize, changes)?, 0),
    };
    Ok(Batch { input, labels, tokens })
}

fn collate_texts(texts: &PreparedTexts, examples: &[usize]) -> Result<(Input, u64), Error> {
    let lengths: Vec<usize> = examples.iter().map(|&i| texts.text_len(i)).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let (mut ids, mut types) = (vec![0u32; examples.len() * longest], vec![0u32; examples.len() * longest]);
    for (row, &i) in examples.iter().enumerate() {
        let (token_ids, type_ids) = texts.text(i);
        ids[row * longest..][..token_ids.len()].copy_from_slice(token_ids);
        types[row * longest..].iter_mut().zip(type_ids).for_each(|(to, from)| *to = u32::from(*from));
    }
    let shape = (examples.len(), longest);
    let token_ids = Tensor::from_vec(ids, shape, &Device::Cpu)?;
    let type_ids = Tensor::from_vec(types, shape, &Device::Cpu)?;
    let tokens = lengths.iter().sum::<usize>() as u64;
    Ok((Input::Text { token_ids, type_ids, lengths }, tokens))
}

fn collate_images(
    images: &PreparedImages, examples: &[usize], normalize: Option<&Normalize>, changes: Option<Changes>,
) -> Result<Input, Error> {
    let [height, width, channels] = images.shape();
    let (mean, std) = match normalize {
        Some(n) if n.mean.len() == channels && n.std.len() == channels => (n.mean.clone(), n.std.clone()),
        Some(n) => {
            let found = format!("{} channels", n.mean.len());
            return Err(Error::WrongData { what: "normalisation", expected: format!("{channels} channels"), found });
        }
        None => (vec![0.0; channels], vec![1.0; channels]),
    };
    let mut pixels = vec![0f32; examples.len() * channels * height * width];
    pixels.par_chunks_mut(channels * height * width).zip(examples).for_each(|(out, &i)| {
        let image = images.image(i);
        let view = changes.map_or(View::default(), |c| View::draw(c.augment, c.streams.augment(c.epoch, i)));
        for (place, out) in out.iter_mut().enumerate() {
            let (c, y, x) = (place / (height * width), place / width % height, place % width);
            let x = if view.flipped { width - 1 - x } else { x };
            let (y, x) = (y as isize + view.down, x as isize + view.right);
            let inside = (0..height as isize).contains(&y) && (0..width as isize).contains(&x);
            // Zeros are padded before normalising, as is usual.
            let value = if inside { f32::from(image[(y as usize * width + x as usize) * channels + c]) / 255.0 } else { 0.0 };
            *out = (value - mean[c]) / std[c];
        }
    });
    Ok(Input::Image { pixels: Tensor::from_vec(pixels, (examples.len(), channels, height, width), &Device::Cpu)? })
}

/// Which part of the padded image is seen, and whether mirrored.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct View {
    down: isize,
    right: isize,
    flipped: bool,
}

impl View {
    fn draw(augment: &[Augment], stream: Stream) -> Self {
        let mut view = View::default();
        for (i, augment) in augment.iter().enumerate() {
            let stream = stream.at(i as u64);
            match *augment {
                Augment::PadCrop { padding } => {
                    view.down = stream.below(0, 2 * padding + 1) as isize - padding as isize;
                    view.right = stream.below(1, 2 * padding + 1) as isize - padding as isize;
                }
                Augment::HorizontalFlip => view.flipped = stream.below(0, 2) == 1,
            }
        }
        view
    }
}
