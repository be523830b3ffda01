//! Characters with places -> lines of cells.
//!
//! A line is what stands on one baseline; a wide gap begins a new cell, which is how tables keep their columns. Raised and lowered
//! numbers become their own Unicode characters (10⁻⁴, β₁), so that 10⁻⁴ is never read as 10 - 4 and stays the same text under NFKC.

use crate::intake::structure::ligature;

/// One character as drawn. `x` and `y` (downward) are points, `y` the baseline.
pub(super) struct Glyph<'a> {
    pub text: &'a str,
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub size: f32,
}

/// Text between two wide gaps, from `x0` to `x1` points.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::intake) struct LineCell {
    pub text: String,
    pub x0: f32,
    pub x1: f32,
}

/// What stands on one baseline. `size` is the size of its letters in points.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::intake) struct Line {
    pub cells: Vec<LineCell>,
    pub y: f32,
    pub size: f32,
}

impl Line {
    pub(in crate::intake) fn text(&self) -> String {
        self.cells.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    pub(in crate::intake) fn x0(&self) -> f32 {
        self.cells.iter().map(|c| c.x0).fold(f32::MAX, f32::min)
    }

    pub(in crate::intake) fn x1(&self) -> f32 {
        self.cells.iter().map(|c| c.x1).fold(f32::MIN, f32::max)
    }
}

/// The lines of one page in the order drawn.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::intake) struct PageLines {
    pub number: u32,
    pub height: f32,
    pub lines: Vec<Line>,
    /// Text that is not upright.
    pub turned: String,
    /// Whether the page was read to its end.
    pub whole: bool,
}

impl PageLines {
    pub(super) fn letters(&self) -> usize {
        self.lines.iter().flat_map(|l| &l.cells).flat_map(|c| c.text.chars()).filter(|c| c.is_alphanumeric()).count()
    }
}

// In units of the letters' size.
const SPACE_GAP: f32 = 0.13;
const CELL_GAP: f32 = 0.75;
const SAME_BASELINE: f32 = 0.14;
const SCRIPT_SHIFT: f32 = 0.75;
const SCRIPT_SIZE: f32 = 0.88;

#[derive(Clone, Copy, PartialEq)]
enum Script {
    None,
    Raised,
    Lowered,
}

/// Puts lines together from characters in the order drawn.
pub(super) struct LineBuilder {
    number: u32,
    pub(super) height: f32,
    lines: Vec<Line>,
    open: Option<OpenLine>,
}

struct OpenLine {
    y: f32,
    size: f32,
    /// Right end of the last character.
    end: f32,
    space: bool,
    cells: Vec<LineCell>,
    /// Characters of the script run at the end of the last cell, and which script it is.
    run: String,
    script: Script,
    /// Only characters of the first size so far, so that a larger one beside them makes them a script.
    uniform: bool,
}

impl LineBuilder {
    pub(super) fn new(number: u32) -> Self {
        LineBuilder { number, height: 0.0, lines: Vec::new(), open: None }
    }

    pub(super) fn push(&mut self, glyph: Glyph<'_>) {
        let text = readable(glyph.text);
        if text.trim().is_empty() {
            if let Some(line) = &mut self.open {
                line.space = true;
            }
            return;
        }
        match self.open.as_mut().and_then(|line| line.place(&glyph)) {
            Some(script) => {
                if let Some(line) = &mut self.open {
                    line.append(&glyph, &text, script);
                }
            }
            None => {
                self.close();
                self.open = Some(OpenLine::start(&glyph, &text));
            }
        }
    }

    fn close(&mut self) {
        if let Some(line) = self.open.take() {
            self.lines.push(line.finish());
        }
    }

    pub(super) fn finish(mut self, turned: String, whole: bool) -> PageLines {
        self.close();
        PageLines { number: self.number, height: self.height, lines: self.lines, turned, whole }
    }
}

impl OpenLine {
    fn start(glyph: &Glyph<'_>, text: &str) -> Self {
        OpenLine {
            y: glyph.y,
            size: glyph.size,
            end: glyph.x + glyph.width,
            space: false,
            cells: vec![LineCell { text: text.to_string(), x0: glyph.x, x1: glyph.x + glyph.width }],
            run: String::new(),
            script: Script::None,
            uniform: true,
        }
    }

    /// Whether the character goes on with this line, and as what.
    fn place(&mut self, glyph: &Glyph<'_>) -> Option<Script> {
        let em = self.size.max(glyph.size);
        let (dx, dy) = (glyph.x - self.end, glyph.y - self.y);
        let near = dx > -0.6 * em && dx < 0.6 * em;
        if dy.abs() <= SAME_BASELINE * em {
            let smaller_caps = glyph.size > self.size;
            if smaller_caps && dx > -em {
                self.size = glyph.size;
            }
            return (dx > -em).then_some(Script::None);
        }
        if near && glyph.size < SCRIPT_SIZE * self.size && dy.abs() < SCRIPT_SHIFT * self.size {
            return Some(if dy < 0.0 { Script::Raised } else { Script::Lowered });
        }
        if near && self.uniform && self.size < SCRIPT_SIZE * glyph.size && dy.abs() < SCRIPT_SHIFT * glyph.size {
            self.become_script(if dy > 0.0 { Script::Raised } else { Script::Lowered }, glyph);
            return Some(Script::None);
        }
        // Cells that are set a little higher or lower than their row.
        (dy.abs() <= 0.3 * em && dx > CELL_GAP * em).then_some(Script::None)
    }

    /// What came so far is a small mark before the real line.
    fn become_script(&mut self, script: Script, glyph: &Glyph<'_>) {
        if let Some(cell) = self.cells.last_mut() {
            self.run = std::mem::take(&mut cell.text);
            self.script = script;
            self.flush();
        }
        (self.y, self.size) = (glyph.y, glyph.size);
    }

    fn append(&mut self, glyph: &Glyph<'_>, text: &str, script: Script) {
        let gap = glyph.x - self.end;
        let em = self.size;
        if script != self.script || gap > SPACE_GAP * em || self.space {
            self.flush();
        }
        self.script = script;
        self.uniform &= script == Script::None && (glyph.size - self.size).abs() < 0.02 * self.size;
        if gap > CELL_GAP * em {
            self.cells.push(LineCell { text: String::new(), x0: glyph.x, x1: glyph.x });
        } else if (gap > SPACE_GAP * em || self.space && gap > -0.1 * em)
            && let Some(cell) = self.cells.last_mut()
            && !cell.text.is_empty()
        {
            cell.text.push(' ');
        }
        self.space = false;
        self.end = if script == Script::None { glyph.x + glyph.width } else { self.end.max(glyph.x + glyph.width) };
        if script != Script::None {
            self.run.push_str(text);
        }
        if let Some(cell) = self.cells.last_mut() {
            cell.x1 = cell.x1.max(glyph.x + glyph.width);
            if script == Script::None {
                cell.text.push_str(text);
            }
        }
    }

    /// Ends a script run: numbers in their own characters, anything else as it is.
    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        let script = std::mem::replace(&mut self.script, Script::None);
        let mapped: Option<String> = run.chars().map(|c| scripted(c, script)).collect();
        if let Some(cell) = self.cells.last_mut() {
            cell.text.push_str(mapped.as_deref().unwrap_or(&run));
        }
    }

    fn finish(mut self) -> Line {
        self.flush();
        self.cells.retain(|c| !c.text.trim().is_empty());
        Line { cells: self.cells, y: self.y, size: self.size }
    }
}

fn scripted(c: char, script: Script) -> Option<char> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    const LOWERED: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    match (script, c) {
        (Script::Raised, '0'..='9') => Some(RAISED[c as usize - '0' as usize]),
        (Script::Raised, '-' | '−' | '–') => Some('⁻'),
        (Script::Lowered, '0'..='9') => Some(LOWERED[c as usize - '0' as usize]),
        _ => None,
    }
}

/// Ligatures taken apart, look-alikes unified, what cannot be shown left out.
fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if ligature(c).is_some() => out.push_str(ligature(c).unwrap_or_default()),
            '\u{a0}' | '\t' | '\n' | '\r' => out.push(' '),
            '\u{ad}' | '\u{fffd}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words at given places, set letter by letter with a width of half the size.
    fn lines(words: &[(&str, f32, f32, f32)]) -> Vec<Vec<String>> {
        let mut builder = LineBuilder::new(1);
        for (word, x, y, size) in words {
            for (i, c) in word.chars().enumerate() {
                let mut text = [0; 4];
                let text = c.encode_utf8(&mut text);
                builder.push(Glyph { text, x: x + i as f32 * size / 2.0, y: *y, width: size / 2.0, size: *size });
            }
        }
        let page = builder.finish(String::new(), true);
        page.lines.into_iter().map(|l| l.cells.into_iter().map(|c| c.text).collect()).collect()
    }

    #[test]
    fn gaps_make_words_and_cells() {
        assert_eq!(lines(&[("ab", 0.0, 10.0, 10.0), ("cd", 13.0, 10.0, 10.0), ("e", 40.0, 10.0, 10.0)]), [["ab cd", "e"]]);
        assert_eq!(lines(&[("ab", 0.0, 10.0, 10.0), ("cd", 0.0, 22.0, 10.0)]), [["ab"], ["cd"]]);
    }

    #[test]
    fn raised_and_lowered_numbers_keep_their_meaning() {
        assert_eq!(lines(&[("10", 0.0, 10.0, 10.0), ("−4", 10.0, 6.0, 7.0), (".", 17.5, 10.0, 10.0)]), [["10⁻⁴."]]);
        assert_eq!(lines(&[("β", 0.0, 10.0, 10.0), ("1", 5.0, 11.5, 7.0), ("=", 12.0, 10.0, 10.0)]), [["β₁ ="]]);
        assert_eq!(lines(&[("W", 0.0, 10.0, 10.0), ("q", 5.0, 11.5, 7.0)]), [["Wq"]]);
        // A footnote begins with its mark.
        assert_eq!(lines(&[("9", 0.0, 6.0, 6.0), ("The", 4.0, 10.0, 9.0)]), [["⁹The"]]);
    }

    #[test]
    fn ligatures_are_taken_apart_and_control_characters_left_out() {
        assert_eq!(readable("ﬁne\u{7}-tune\u{ad}"), "fine-tune");
    }
}
