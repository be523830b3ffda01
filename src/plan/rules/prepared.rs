//! How a request would have the data prepared: what is done anyway is followed, and of all else it is told what is done instead.

use super::brief::Brief;
use super::paper::Drafted;
use crate::intake::Preparation;
use tallow_zoo::Modality;

/// What is done in place of a wish, and why.
type Instead = (&'static str, &'static str);

const OF_NUMBERS: Instead =
    ("numbers in standard deviations from their mean", "a model of tables is fed with numbers so, and keeps how");
const OF_GAPS: Instead = (
    "the median of the training rows, and an input that says where one was missing",
    "gaps are filled so, and a category that is missing has a number of its own",
);
const OF_CATEGORIES: Instead =
    ("an embedding of each category", "categories are learnt as vectors, which a one-hot code and a linear layer make as well");
const OF_COLUMNS: Instead = ("the columns as they are", "no column is made of others: one that is added to the file is read");
const OF_ROWS: Instead = ("all rows", "rows are not chosen by what they hold: give a file that holds just those");
const OF_TEXTS: Instead = ("the texts as they are", "the model's tokenizer takes them so, and knows which signs it heeds");
const OF_IMAGES: Instead = ("colours in deviations from their mean", "images are brought to their size and fed so");
const OF_SPEECH: Instead = ("the recordings as they are", "a model of speech hears them so");

impl Brief<'_> {
    /// Once of all wishes for which the same is done.
    pub(super) fn say_of_preparation(&self, out: &mut Drafted) {
        let Some(request) = self.request() else { return };
        let mut told: Vec<(Instead, Vec<&str>)> = Vec::new();
        for asked in &request.preparation {
            let Some(instead) = in_place_of(asked.what, self.task.takes()) else { continue };
            match told.iter_mut().find(|(known, _)| *known == instead) {
                Some((_, words)) => words.push(&asked.words),
                None => told.push((instead, vec![&asked.words])),
            }
        }
        for ((used, reason), words) in told {
            out.deviate("data", words.join(", "), used, reason);
        }
    }

    /// What stands in the request and asks nobody for anything.
    pub(super) fn say_of_pasted(&self, out: &mut Drafted) {
        const MOST: usize = 80;
        for words in self.request().map_or(&[][..], |request| request.pasted.as_slice()) {
            let shown: String = words.chars().take(MOST).collect();
            let more = if shown.len() < words.len() { "..." } else { "" };
            let reason = "it stands in a comment, or is quoted and speaks to whoever reads it: that asks for nothing";
            out.deviate("request", format!("\"{shown}{more}\""), "not followed", reason);
        }
    }
}

/// None: it is done anyway.
fn in_place_of(what: Preparation, takes: Modality) -> Option<Instead> {
    match (takes, what) {
        (_, Preparation::Shuffle) => None,
        (_, Preparation::Outliers | Preparation::Duplicates) => Some(OF_ROWS),
        (Modality::Table, Preparation::Standardize | Preparation::FillMedian) => None,
        (Modality::Table, Preparation::Rescale | Preparation::Log) => Some(OF_NUMBERS),
        (Modality::Table, Preparation::Fill | Preparation::DropGaps) => Some(OF_GAPS),
        (Modality::Table, Preparation::OneHot | Preparation::Encode) => Some(OF_CATEGORIES),
        (Modality::Table, Preparation::Features | Preparation::CleanText) => Some(OF_COLUMNS),
        (Modality::Image, Preparation::Standardize) => None,
        (Modality::Image, _) => Some(OF_IMAGES),
        // Examples of which a part is missing are left out.
        (Modality::Text | Modality::TextToText, Preparation::DropGaps) => None,
        (Modality::Text | Modality::TextToText, _) => Some(OF_TEXTS),
        (Modality::Speech, _) => Some(OF_SPEECH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_anyway_is_followed() {
        for what in [Preparation::Standardize, Preparation::FillMedian, Preparation::Shuffle] {
            assert_eq!(in_place_of(what, Modality::Table), None);
        }
        for (what, takes, used) in [
            (Preparation::OneHot, Modality::Table, OF_CATEGORIES),
            (Preparation::Log, Modality::Table, OF_NUMBERS),
            (Preparation::DropGaps, Modality::Table, OF_GAPS),
            (Preparation::CleanText, Modality::Text, OF_TEXTS),
            (Preparation::Duplicates, Modality::Text, OF_ROWS),
        ] {
            assert_eq!(in_place_of(what, takes), Some(used));
        }
    }
}
