//! Characters and their places, as the PDF library reports them.

use super::lines::{Glyph, LineBuilder, PageLines};
use pdf_extract::{Document, MediaBox, OutputDev, OutputError, Transform, output_doc_page};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// More characters than this on one page are no page of a paper.
const MAX_GLYPHS: usize = 200_000;

/// The lines of one page, numbered from 1. A page that breaks the library gives what came before the break.
pub(super) fn page(document: &Document, number: u32) -> PageLines {
    let mut device = Device { builder: LineBuilder::new(number), top: 0.0, glyphs: 0, turned: String::new() };
    let whole = catch_unwind(AssertUnwindSafe(|| output_doc_page(document, &mut device, number).is_ok())).unwrap_or(false);
    device.builder.finish(device.turned, whole)
}

struct Device {
    builder: LineBuilder,
    /// Upper edge of the page; places are measured downward from it.
    top: f64,
    glyphs: usize,
    /// Text that is not upright: the stamp on a preprint's margin, labels of axes.
    turned: String,
}

impl OutputDev for Device {
    fn begin_page(&mut self, _: u32, media_box: &MediaBox, _: Option<(f64, f64, f64, f64)>) -> Result<(), OutputError> {
        self.top = media_box.ury;
        self.builder.height = (media_box.ury - media_box.lly) as f32;
        Ok(())
    }

    fn output_character(&mut self, at: &Transform, width: f64, _: f64, font_size: f64, text: &str) -> Result<(), OutputError> {
        self.glyphs += 1;
        if self.glyphs > MAX_GLYPHS {
            return Err(OutputError::FormatError(std::fmt::Error));
        }
        let upright = at.m12.abs() < 0.01 * at.m11.abs() && at.m11 > 0.0;
        if !upright {
            self.turned.push_str(text);
            return Ok(());
        }
        let size = (at.m11 * at.m22).abs().sqrt() * font_size;
        let (x, y) = (at.m31, self.top - at.m32);
        if [x, y, size, width].iter().all(|v| v.is_finite()) && size > 0.5 {
            let advance = width * at.m11 * font_size;
            self.builder.push(Glyph { text, x: x as f32, y: y as f32, width: advance as f32, size: size as f32 });
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}
