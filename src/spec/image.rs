//! The size that images are brought to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every image becomes so many pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSize {
    #[schemars(extend("minimum" = 1, "maximum" = 4096))]
    pub height: usize,
    #[schemars(extend("minimum" = 1, "maximum" = 4096))]
    pub width: usize,
    /// The shorter side is first brought to this length, at least `height` and `width`, and the middle is cut out; none: the image is
    /// stretched.
    #[serde(default)]
    #[schemars(extend("minimum" = 1, "maximum" = 4096))]
    pub crop_from: Option<usize>,
    #[serde(default)]
    pub resample: Resample,
}

/// How pixels come from those around them; where an image shrinks, from all that it covers, as in Pillow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resample {
    #[default]
    Bilinear,
    Bicubic,
}

impl ImageSize {
    /// The middle of an image whose shorter side is brought to `side`.
    pub fn square(side: usize) -> Self {
        ImageSize { height: side, width: side, crop_from: Some(side), resample: Resample::Bilinear }
    }

    /// Height and width that an image of `[height, width]` is scaled to before anything is cut off; as torchvision's `Resize`.
    pub fn scaled(&self, [height, width]: [usize; 2]) -> [usize; 2] {
        let Some(shorter) = self.crop_from else { return [self.height, self.width] };
        let longer = |long: usize, short: usize| (shorter * long / short.max(1)).max(1);
        if height <= width { [shorter, longer(width, height)] } else { [longer(height, width), shorter] }
    }

    /// As one would say it.
    pub fn in_words(&self) -> String {
        let how = match self.crop_from {
            None => "stretched".into(),
            Some(side) => format!("the shorter side brought to {side}, the middle cut out"),
        };
        format!("{} x {} pixels, {how}", self.height, self.width)
    }
}
