//! Models of images against PyTorch, torchvision and transformers: small ones that `fixtures/images.py` made.

use crate::fixture::{self, Tensors, whole};
use tallow_kernels::{self as kernels, Tape, Var};
use tallow_zoo::{Input, Output};

fn check(name: &str) {
    let images = |expected: &Tensors| Input::Image { pixels: expected["input.pixels"].clone() };
    let loss = |tape: &Tape, output: &Output, expected: &Tensors| -> Var {
        let Output::Scores(scores) = output else { panic!("expected scores") };
        kernels::cross_entropy(tape, scores, &whole(&expected["labels"])).expect("a loss")
    };
    fixture::equals(name, images, loss);
}

#[test]
fn vit() {
    check("vit");
}

/// Neither as large as the table of positions is for, nor square, nor a whole number of patches.
#[test]
fn vit_with_stretched_positions() {
    check("vit_stretched");
}

#[test]
fn wide_resnet_for_small_images() {
    check("wide_resnet");
}

/// Known by its tensors alone.
#[test]
fn wide_bottlenecks_of_torchvision() {
    check("wide_resnet50_2");
}
