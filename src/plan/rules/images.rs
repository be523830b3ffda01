//! The size that images are brought to.

use super::models::Candidate;
use crate::plan::{DataFacts, Offer};
use crate::spec::{ImageSize, ModelSpec};
use tallow_zoo::ModelConfig;

/// Sides that networks for small images are usual with; a larger one costs by its square.
const SIDES: [usize; 4] = [32, 48, 64, 96];

/// The size for a model from scratch, and why; none where images can stay as they are, or a pretrained model says its own.
pub(super) fn size(offer: &Offer<'_>) -> Option<(ImageSize, String)> {
    let [height, width, _] = offer.data.image_shape?;
    let most = SIDES[SIDES.len() - 1];
    let pretrained = offer.model.filter(|model| model.weights.is_some());
    if of_model(offer).is_some() || !offer.data.images_differ && (pretrained.is_some() || height.max(width) <= most) {
        return None;
    }
    if let Some(ModelConfig::Vit(vit)) = pretrained.map(|model| &model.config) {
        return Some((ImageSize::square(vit.image_size), "they are of several sizes; the model is for this one".into()));
    }
    let shorter = height.min(width);
    let side = SIDES.into_iter().rev().find(|side| *side <= shorter).unwrap_or(SIDES[0]);
    let why = match offer.data.images_differ {
        true => format!("they are of several sizes, {height} x {width} in the middle"),
        false => format!("they have {height} x {width}; training from scratch takes time by their area"),
    };
    Some((ImageSize::square(side), why))
}

/// What the model that was looked up was made for.
pub(super) fn of_model(offer: &Offer<'_>) -> Option<ImageSize> {
    offer.model?.image
}

/// What a public model that was not looked up yet sees.
pub(super) fn of_candidate(candidate: &Candidate) -> Option<ImageSize> {
    match (&candidate.spec, &candidate.config) {
        (ModelSpec::Pretrained { .. }, ModelConfig::Vit(vit)) => Some(ImageSize::square(vit.image_size)),
        _ => None,
    }
}

/// The same data with images of that size.
pub(super) fn brought(data: &DataFacts, size: Option<ImageSize>) -> DataFacts {
    let shape = |[height, width, channels]: [usize; 3]| match size {
        Some(size) => [size.height, size.width, channels],
        None => [height, width, channels],
    };
    DataFacts { image_shape: data.image_shape.map(shape), ..data.clone() }
}
