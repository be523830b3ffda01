//! How training images are changed at random.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Random changes of training images, made in their order, drawn anew for each example in each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Augment {
    /// Pad with zeros on each side, then crop back at random.
    PadCrop {
        #[schemars(extend("maximum" = 64))]
        padding: usize,
    },
    HorizontalFlip,
    /// A part of random size and shape, made as large as the whole (1409.4842, section 6).
    RandomResizedCrop {
        /// Of the whole area.
        #[serde(default = "least_crop")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        min_area: f64,
        #[serde(default = "whole_area")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        max_area: f64,
        /// Of the longer side to the shorter.
        #[serde(default = "crop_ratio")]
        #[schemars(extend("minimum" = 1, "maximum" = 100))]
        max_ratio: f64,
    },
    /// By up to so many degrees, either way.
    Rotation {
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 180))]
        degrees: f64,
    },
    /// Brightness, contrast and saturation by up to these shares, hue by up to this share of the circle of colours, in random order.
    ColorJitter {
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        brightness: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        contrast: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        saturation: f64,
        #[serde(default)]
        #[schemars(extend("minimum" = 0, "maximum" = 0.5))]
        hue: f64,
    },
    /// So many of fourteen operations, at one magnitude of 0 to 30 (1909.13719), as torchvision's.
    RandAugment {
        #[serde(default = "operations")]
        #[schemars(extend("minimum" = 1, "maximum" = 14))]
        ops: usize,
        #[serde(default = "magnitude")]
        #[schemars(extend("minimum" = 0, "maximum" = 30))]
        magnitude: u8,
    },
    /// With probability `p` a part becomes 0, which is the mean of what is normalised (1708.04896).
    RandomErasing {
        #[serde(default = "erase_probability")]
        #[schemars(extend("minimum" = 0, "maximum" = 1))]
        p: f64,
        #[serde(default = "least_erased")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        min_area: f64,
        #[serde(default = "most_erased")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
        max_area: f64,
        #[serde(default = "erased_ratio")]
        #[schemars(extend("minimum" = 1, "maximum" = 100))]
        max_ratio: f64,
    },
    /// Each image is blended with another of its batch, and so are their classes; the share is drawn once a step from a beta
    /// distribution (1710.09412). With `cutmix` beside it, each step takes one of the two.
    Mixup {
        #[serde(default = "mixup_alpha")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
        alpha: f64,
    },
    /// A part of each image is that of another of its batch, and the classes are mixed by area (1905.04899).
    Cutmix {
        #[serde(default = "cutmix_alpha")]
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 100))]
        alpha: f64,
    },
}

/// The papers' and torchvision's own values.
fn least_crop() -> f64 {
    0.08
}
fn whole_area() -> f64 {
    1.0
}
fn crop_ratio() -> f64 {
    4.0 / 3.0
}
fn operations() -> usize {
    2
}
fn magnitude() -> u8 {
    9
}
fn erase_probability() -> f64 {
    0.5
}
fn least_erased() -> f64 {
    0.02
}
fn most_erased() -> f64 {
    0.33
}
fn erased_ratio() -> f64 {
    3.3
}
fn mixup_alpha() -> f64 {
    0.2
}
fn cutmix_alpha() -> f64 {
    1.0
}

impl Augment {
    /// Whether it mixes images, and so their classes.
    pub fn mixes(&self) -> bool {
        matches!(self, Augment::Mixup { .. } | Augment::Cutmix { .. })
    }

    /// Whether they change images alike, whatever by how much.
    pub fn is_like(&self, other: &Augment) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
