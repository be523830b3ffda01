//! Images and recordings that no model could be shown.

use super::super::audio::{self, Resamplers};
use super::super::prepare::{decode_image, image_shape};
use super::super::read::{Cell, ColumnKind};
use super::cell_in_words;
use serde::{Deserialize, Serialize};

/// So many are decoded: of the others it is looked at how they begin.
const DECODED: u64 = 500;

/// Files or cells that are there and hold nothing that can be decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damaged {
    pub count: u64,
    /// The first of them, and what is wrong with it.
    pub first: String,
    pub why: String,
}

/// Looks at what a column of images or recordings holds.
#[derive(Default)]
pub(super) struct Looked {
    seen: u64,
    resamplers: Resamplers,
    damaged: Option<Damaged>,
}

impl Looked {
    pub(super) fn take(&mut self, kind: &ColumnKind, cell: &Cell) {
        self.seen += 1;
        let is_decoded = self.seen <= DECODED;
        let wrong = match kind {
            ColumnKind::Image if is_decoded => decode_image(cell).err(),
            ColumnKind::Image => image_shape(cell).err(),
            ColumnKind::Audio if is_decoded => audio::decode(cell, audio::RATE as usize, &self.resamplers).err(),
            ColumnKind::Audio => audio::seconds(cell).is_none().then(|| "it does not begin as a recording".into()),
            _ => None,
        };
        if let Some(why) = wrong {
            self.damaged.get_or_insert_with(|| Damaged { count: 0, first: cell_in_words(cell), why }).count += 1;
        }
    }

    pub(super) fn done(self) -> Option<Damaged> {
        self.damaged
    }
}
