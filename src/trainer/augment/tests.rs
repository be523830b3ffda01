use super::*;
use std::collections::BTreeMap;

fn picture(height: usize, width: usize, channels: usize) -> Picture {
    let byte = |i: usize| ((i * i * 37 + 11 * i) % 256) as u8;
    Picture { pixels: (0..height * width * channels).map(byte).collect(), height, width, channels }
}

/// Against `tests/fixtures/recipe/changes.py`: byte by byte, or nearly so where float32 is rounded.
#[test]
fn as_torchvision_makes_them() {
    let expected: BTreeMap<String, Vec<u8>> =
        serde_json::from_str(include_str!("../../../tests/fixtures/recipe/changes.json")).expect("a fixture");
    let p = || picture(7, 6, 3);
    // Six by six times the same image, so that its histogram is full enough to be levelled.
    let tiled = Picture { height: 42, width: 36, ..picture(42, 36, 3) };
    let tiled = tiled.like(
        (0..42 * 36).flat_map(|at| p().at((at / 36 % 7) as isize, (at % 36 % 6) as isize).expect("inside").to_vec()).collect(),
    );
    let found = [
        ("brightness", colour::brightness(p(), 1.3)),
        ("contrast", colour::contrast(p(), 0.6)),
        ("saturation", colour::saturation(p(), 1.5)),
        ("hue", colour::hue(p(), 0.2)),
        ("sharpness", colour::sharpness(&p(), 1.7)),
        ("posterize", colour::posterize(p(), 4)),
        ("solarize", colour::solarize(p(), 128.0)),
        ("autocontrast", colour::autocontrast(p())),
        ("equalize", colour::equalize(tiled)),
        ("rotated", affine::rotated(&p(), 20.0)),
        ("sheared_x", affine::sheared(&p(), 0.3, 0.0)),
        ("sheared_y", affine::sheared(&p(), 0.0, 0.3)),
        ("translated_x", p().shifted(0, 2)),
        ("resized", p().resized(Region { top: 1, left: 2, height: 4, width: 3 })),
    ];
    assert_eq!(found.len(), expected.len());
    let mut wrong = Vec::new();
    for (name, found) in found {
        let expected = &expected[name];
        assert_eq!(found.pixels.len(), expected.len(), "{name}");
        let off = found.pixels.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
        let differ = found.pixels.iter().zip(expected).filter(|(a, b)| a != b).count();
        if off > 1 || 5 * differ > expected.len() {
            wrong.push(format!("{name}: {differ} of {} bytes differ, by up to {off}", expected.len()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn other_numbers_of_channels_are_taken() {
    let all = [
        Augment::PadCrop { padding: 2 },
        Augment::HorizontalFlip,
        Augment::RandomResizedCrop { min_area: 0.08, max_area: 1.0, max_ratio: 4.0 / 3.0 },
        Augment::Rotation { degrees: 30.0 },
        Augment::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
        Augment::RandAugment { ops: 2, magnitude: 9 },
        Augment::RandomErasing { p: 1.0, min_area: 0.02, max_area: 0.33, max_ratio: 3.3 },
    ];
    for channels in [1, 2, 3, 4] {
        for (height, width) in [(1, 1), (2, 9), (8, 8)] {
            let mut seen = std::collections::BTreeSet::new();
            for example in 0..60 {
                let stream = Stream::root(1).at(example);
                let (changed, erased) = change(picture(height, width, channels), &all, stream);
                assert_eq!((changed.height, changed.width, changed.pixels.len()), (height, width, height * width * channels));
                assert!(erased.is_none_or(|r| r.top + r.height <= height && r.left + r.width <= width));
                assert_eq!(
                    change(picture(height, width, channels), &all, stream),
                    (changed.clone(), erased),
                    "drawn by its stream"
                );
                seen.insert(changed.pixels);
            }
            // A single pixel has little to change.
            assert!(seen.len() > if height * width > 1 { 10 } else { 0 }, "{channels} {height} {width}: {}", seen.len());
        }
    }
}

/// Means and spread of the beta distribution, and that a mix keeps what it says.
#[test]
fn mixes() {
    for alpha in [0.2, 1.0, 4.0] {
        let draws: Vec<f64> = (0..4000).map(|i| Draws::of(Stream::root(2).at(i)).beta(alpha)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)));
        let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
        assert!((mean - 0.5).abs() < 0.02 && (variance / expected - 1.0).abs() < 0.1, "{alpha}: {mean} {variance} {expected}");
    }
    let shape = [4, 5, 2];
    assert_eq!(Mix::draw(&[Augment::HorizontalFlip], Stream::root(0), shape), None);
    let (mut blends, mut patches) = (0, 0);
    for step in 0..50 {
        let mix = Mix::draw(&[Augment::Mixup { alpha: 1.0 }, Augment::Cutmix { alpha: 1.0 }], Stream::root(3).at(step), shape);
        let mix = mix.expect("a mix");
        let (mut own, other) = (vec![1f32; 40], vec![0f32; 40]);
        mix.apply(&mut own, &other, shape);
        let kept = f64::from(own.iter().sum::<f32>()) / 40.0;
        assert!((kept - mix.share(shape)).abs() < 1e-5, "{mix:?}");
        match mix {
            Mix::Blend(_) => blends += 1,
            Mix::Patch(_) => patches += 1,
        }
    }
    assert!(blends > 10 && patches > 10);
}
