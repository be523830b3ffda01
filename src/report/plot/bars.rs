//! Bars with intervals, and lines within bands.

use super::{Axis, BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, axes, escape, open, path, put, text_width};
use crate::words::clean;

/// A value with its name, lying.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: String,
    pub value: f64,
    pub interval: Option<[f64; 2]>,
    /// The value in words.
    pub told: String,
}

/// Bars below each other as an `<svg>` element; `most`: the end of the axis, where it is known.
pub fn bars(all: &[Bar], most: Option<f64>) -> String {
    const ROW: f64 = 24.0;
    const SIDE: f64 = 10.0;
    let longest = |of: &dyn Fn(&Bar) -> f64| all.iter().map(of).fold(0.0, f64::max);
    let left = (longest(&|bar| text_width(&bar.label)) + SIDE).min(WIDTH / 2.0);
    let right = longest(&|bar| text_width(&bar.told)) + SIDE;
    let ends = all.iter().flat_map(|bar| [Some(bar.value), bar.interval.map(|[_, high]| high)]).flatten();
    let ends = ends.chain([0.0]).chain(most).filter(|end| end.is_finite());
    let axis = Axis::linear(ends, 4);
    let place = |v: f64| left + axis.share(v).clamp(0.0, 1.0) * (WIDTH - left - right);
    let bottom = ROW * all.len() as f64 + 6.0;
    let mut svg = open(WIDTH, bottom + 22.0, "bars with their intervals");
    for (at, label) in &axis.ticks {
        let x = place(*at);
        put(&mut svg, format_args!(r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="2" y2="{bottom:.1}"/>"#));
        put(
            &mut svg,
            format_args!(
                r#"<text class="tick" text-anchor="middle" x="{x:.1}" y="{:.1}">{}</text>"#,
                bottom + 16.0,
                escape(label)
            ),
        );
    }
    for (i, bar) in all.iter().enumerate().filter(|(_, bar)| bar.value.is_finite()) {
        let y = ROW * i as f64 + 4.0;
        let middle = y + ROW / 2.0 - 3.0;
        let width = (place(bar.value) - place(0.0)).max(1.0);
        put(
            &mut svg,
            format_args!(
                r#"<text text-anchor="end" x="{:.1}" y="{:.1}">{}</text>"#,
                left - 6.0,
                middle + 4.0,
                fitted(&bar.label, left - 8.0)
            ),
        );
        put(
            &mut svg,
            format_args!(
                r#"<rect class="bar" x="{:.1}" y="{:.1}" width="{width:.1}" height="{:.1}" rx="2"/>"#,
                place(0.0),
                y,
                ROW - 8.0
            ),
        );
        if let Some([low, high]) = bar.interval {
            let (from, to) = (place(low), place(high));
            put(&mut svg, format_args!(r#"<path class="whisker" d="M{from:.1} {middle:.1}L{to:.1} {middle:.1}"/>"#));
            for x in [from, to] {
                put(
                    &mut svg,
                    format_args!(r#"<path class="whisker" d="M{x:.1} {:.1}L{x:.1} {:.1}"/>"#, middle - 4.0, middle + 4.0),
                );
            }
        }
        put(
            &mut svg,
            format_args!(
                r#"<text class="tick" x="{:.1}" y="{:.1}">{}</text>"#,
                WIDTH - right + 6.0,
                middle + 4.0,
                escape(&bar.told)
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A text cut to a width.
fn fitted(text: &str, width: f64) -> String {
    let text = clean(text);
    if text_width(&text) <= width {
        return escape(&text);
    }
    let keep = text.chars().count().min((width / 6.6) as usize).saturating_sub(1);
    escape(&(text.chars().take(keep).collect::<String>() + "…"))
}

/// A line and what lies around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    pub label: String,
    /// (x, y, least, greatest), by x, all finite.
    pub points: Vec<[f64; 4]>,
}

/// Lines within their bands as an `<svg>` element.
pub fn bands(title: &str, x_label: &str, all: &[Band]) -> String {
    let points = || all.iter().flat_map(|band| &band.points).filter(|p| p.iter().all(|v| v.is_finite()));
    let x = Axis::linear(points().map(|p| p[0]), 5);
    let y = Axis::linear(points().flat_map(|p| [p[2], p[3]]), 5);
    let (top, bottom) = (12.0, HEIGHT - BOTTOM);
    let place = |[at_x, at_y]: [f64; 2]| [LEFT + x.share(at_x) * (WIDTH - LEFT - RIGHT), bottom - y.share(at_y) * (bottom - top)];
    let mut svg = open(WIDTH, HEIGHT, title);
    axes(&mut svg, (&x, &y), (top, bottom), x_label);
    for (i, band) in all.iter().enumerate() {
        let line: Vec<[f64; 2]> = band.points.iter().map(|p| place([p[0], p[1]])).collect();
        let above = band.points.iter().map(|p| place([p[0], p[3]]));
        let around: Vec<[f64; 2]> = above.chain(band.points.iter().rev().map(|p| place([p[0], p[2]]))).collect();
        let corners: Vec<String> = around.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        put(&mut svg, format_args!(r#"<polygon class="band" points="{}"/>"#, corners.join(" ")));
        svg.push_str(&path(&line, i, "curve"));
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_bands_are_whole_escaped_and_finite() {
        let bar = |label: &str, value: f64| Bar {
            label: label.into(),
            value,
            interval: Some([value / 2.0, value]),
            told: "<1>".into(),
        };
        let long = "a very long name of a task ".repeat(4);
        for svg in [
            bars(&[bar("<a>", 0.5), bar(&long, 1.0), bar("nothing", f64::NAN)], Some(1.0)),
            bars(&[], None),
            bands("<t>", "step", &[Band { label: "b".into(), points: vec![[0.0, 1.0, 0.5, 2.0], [5.0, 0.5, 0.5, 0.5]] }]),
            bands("t", "step", &[]),
        ] {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("<a>") && !svg.contains("<1>") && !svg.contains("inf"), "{svg}");
        }
    }
}
