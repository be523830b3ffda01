//! Characters and their places, as the PDF library reports them.

use super::lines::{Glyph, LineBuilder, PageLines};
use pdf_extract::{Document, MediaBox, OutputDev, OutputError, Transform, output_doc_page};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// More characters than this on one page are no page of a paper.
const MAX_GLYPHS: usize = 200_000;

/// The lines of one page, numbered from 1. A page that breaks the library gives what came before the break.
pub(super) fn page(document: &Document, number: u32) -> PageLines {
    let mut device = Device {
        builder: LineBuilder::new(number),
        sideways: LineBuilder::new(number),
        upright: 0,
        top: 0.0,
        right: 0.0,
        glyphs: 0,
        turned: String::new(),
    };
    let whole = catch_unwind(AssertUnwindSafe(|| output_doc_page(document, &mut device, number).is_ok())).unwrap_or(false);
    // A page, or a table with its caption, that is set sideways is read so; else what is turned is a stamp, or labels of axes.
    let turned = device.turned.chars().filter(|c| c.is_alphanumeric()).count();
    let sideways = device.sideways.finish(String::new(), true).lines;
    let captioned = sideways.iter().any(|line| crate::intake::structure::is_caption(&line.text()));
    let mut page = device.builder.finish(device.turned, whole);
    if captioned || turned > device.upright.max(20) {
        page.lines.extend(sideways);
    }
    page
}

struct Device {
    builder: LineBuilder,
    /// Lines of text that is turned by a right angle.
    sideways: LineBuilder,
    /// Letters that are not turned.
    upright: usize,
    /// Upper edge of the page; places are measured downward from it.
    top: f64,
    right: f64,
    glyphs: usize,
    /// Text that is not upright: the stamp on a preprint's margin, labels of axes.
    turned: String,
}

impl OutputDev for Device {
    fn begin_page(&mut self, _: u32, media_box: &MediaBox, _: Option<(f64, f64, f64, f64)>) -> Result<(), OutputError> {
        self.top = media_box.ury;
        self.right = media_box.urx;
        self.builder.height = (media_box.ury - media_box.lly) as f32;
        Ok(())
    }

    fn output_character(&mut self, at: &Transform, width: f64, _: f64, font_size: f64, text: &str) -> Result<(), OutputError> {
        self.glyphs += 1;
        if self.glyphs > MAX_GLYPHS {
            return Err(OutputError::FormatError(std::fmt::Error));
        }
        let upright = at.m12.abs() < 0.01 * at.m11.abs() && at.m11 > 0.0;
        let (builder, x, y, scale) = if upright {
            self.upright += text.chars().filter(|c| c.is_alphanumeric()).count();
            (&mut self.builder, at.m31, self.top - at.m32, at.m11)
        } else {
            self.turned.push_str(text);
            if at.m11.abs() > 0.01 * at.m12.abs() {
                return Ok(());
            }
            // Upward, so that lines follow each other to the right; or the other way round.
            let (x, y) = if at.m12 > 0.0 { (at.m32, at.m31) } else { (self.top - at.m32, self.right - at.m31) };
            (&mut self.sideways, x, y, at.m12.abs())
        };
        let size = if upright { (at.m11 * at.m22).abs() } else { (at.m12 * at.m21).abs() }.sqrt() * font_size;
        if [x, y, size, width].iter().all(|v| v.is_finite()) && size > 0.5 {
            let advance = width * scale * font_size;
            builder.push(Glyph { text, x: x as f32, y: y as f32, width: advance as f32, size: size as f32 });
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
