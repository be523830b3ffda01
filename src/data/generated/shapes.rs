//! `toy_shapes`: coloured shapes of 16 x 16 pixels on a noisy ground. PNG files in `split/class/`.

use super::Draws;
use image::{Rgb, RgbImage};
use std::io::{Error, Result};
use std::path::Path;
use tallow_kernels::Stream;

const SIDE: u32 = 16;
const CLASSES: [&str; 4] = ["circle", "cross", "square", "triangle"];

pub(super) fn write(folder: &Path, splits: &[(&str, usize)], stream: Stream) -> Result<()> {
    for (split, examples) in splits {
        for class in CLASSES {
            std::fs::create_dir_all(folder.join(split).join(class))?;
        }
        for i in 0..*examples {
            let class = CLASSES[i % CLASSES.len()];
            let image = draw(class, &mut Draws::new(stream.named(split).at(i as u64)));
            image.save(folder.join(split).join(class).join(format!("{i:05}.png"))).map_err(Error::other)?;
        }
    }
    Ok(())
}

/// One shape of random place, size and colour.
fn draw(class: &str, draws: &mut Draws) -> RgbImage {
    let radius = 3.0 + draws.below(30) as f32 / 10.0;
    let mut centre = || 6.0 + draws.below(40) as f32 / 10.0;
    let (cx, cy) = (centre(), centre());
    let ground = [0; 3].map(|_: u8| draws.below(110));
    let paint = [0; 3].map(|_: u8| 145 + draws.below(110));
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (dx, dy) = (x as f32 + 0.5 - cx, y as f32 + 0.5 - cy);
        let inside = match class {
            "circle" => dx.hypot(dy) <= radius,
            "square" => dx.abs().max(dy.abs()) <= radius * 0.85,
            "cross" => dx.abs().max(dy.abs()) <= radius && dx.abs().min(dy.abs()) <= radius * 0.3,
            _ => dy.abs() <= radius && dx.abs() <= (dy + radius) / 2.0,
        };
        let base = if inside { paint } else { ground };
        Rgb(base.map(|c| (c + draws.below(30)).min(255) as u8))
    })
}
