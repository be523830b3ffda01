//! Line charts and the interval line as SVG, for a page that brings the colours as CSS variables (`--s0` .. `--s5`, `--ink`,
//! `--faint`, `--line`). No scripts, no outside resources; every text is escaped.

mod bars;

pub use bars::{Band, Bar, bands, bars};

use crate::words::{count, plain, put};

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    pub label: String,
    /// (x, y), by x, all finite.
    pub points: Vec<[f64; 2]>,
}

/// A line chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: String,
    pub x_label: String,
    pub series: Vec<Series>,
    /// Logarithmic y axis; ignored if a value is not positive.
    pub log_y: bool,
    /// Lines of many points are drawn faintly, with their smoothed course on top.
    pub smoothed: bool,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 40.0;

/// Lines of more points than this are smoothed.
const NOISY: usize = 60;

/// Colours that a page must offer; lines beyond them repeat the colours, dashed.
const NUM_COLORS: usize = 6;

/// The chart as a file of its own, which brings its own style.
pub fn standing_alone(chart: &Chart) -> String {
    let svg = line_chart(chart);
    let (open, rest) = svg.split_once('>').unwrap_or((&svg, ""));
    let open = open.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1);
    format!("{open}><style>{STYLE}</style>{rest}\n")
}

/// As the page has it, in light colours.
const STYLE: &str = "svg{background:#fff;font-family:sans-serif;--faint:#667079;--line:#e2e4e0;--ink:#1c2024;--s0:#2b5f8a;--s1:#b4552d;--s2:#3d7a4e;\
--s3:#7a4f9a;--s4:#8a7a1f;--s5:#a23b57}.tick{fill:var(--faint);font-size:11.5px}.grid{stroke:var(--line)}.axis{stroke:var(--faint)}\
path{fill:none;stroke-linejoin:round}text{font-size:12px;fill:var(--ink)}.curve{stroke-width:1.8}.raw{stroke-width:1;opacity:.28}";

/// The chart as an `<svg>` element.
pub fn line_chart(chart: &Chart) -> String {
    let points = || chart.series.iter().flat_map(|s| &s.points).filter(|p| p.iter().all(|v| v.is_finite()));
    let log = chart.log_y && points().all(|p| p[1] > 0.0);
    let scale_y = |y: f64| if log { y.log10() } else { y };
    let x = Axis::linear(points().map(|p| p[0]), 5);
    let y = if log { Axis::decades(points().map(|p| p[1])) } else { Axis::linear(points().map(|p| p[1]), 5) };
    let legend = if chart.series.len() > 1 { legend(&chart.series) } else { (String::new(), 0.0) };
    let (top, bottom) = (12.0 + legend.1, HEIGHT - BOTTOM);
    let place_x = |v: f64| LEFT + x.share(v) * (WIDTH - LEFT - RIGHT);
    let place_y = |v: f64| bottom - y.share(scale_y(v)) * (bottom - top);

    let mut svg = open(WIDTH, HEIGHT, &chart.title);
    axes(&mut svg, (&x, &y), (top, bottom), &chart.x_label);
    svg.push_str(&legend.0);
    for (i, series) in chart.series.iter().enumerate() {
        let placed = |points: &[[f64; 2]]| points.iter().map(|p| [place_x(p[0]), place_y(p[1])]).collect::<Vec<_>>();
        let noisy = chart.smoothed && series.points.len() > NOISY;
        svg.push_str(&path(&placed(&series.points), i, if noisy { "raw" } else { "curve" }));
        if noisy {
            svg.push_str(&path(&placed(&smooth(&series.points)), i, "curve"));
        } else if series.points.len() <= 24 {
            for [x, y] in placed(&series.points) {
                put(&mut svg, format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="2.6" fill="var(--s{})"/>"#, i % NUM_COLORS));
            }
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A value on the interval line, with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub label: String,
    pub value: f64,
    /// Drawn as the measured value, not as something that it is held against.
    pub measured: bool,
}

/// The measured score with its interval, between the values that it is held against, as an `<svg>` element.
pub fn interval_line(marks: &[Mark], interval: Option<(f64, f64)>) -> String {
    const SIDE: f64 = 24.0;
    let width = WIDTH;
    let ends = interval.into_iter().flat_map(|(low, high)| [low, high]);
    let axis = Axis::linear(marks.iter().map(|mark| mark.value).chain(ends), 5);
    let place = |v: f64| SIDE + axis.share(v) * (width - 2.0 * SIDE);
    let levels = levels(marks, &place);
    let rows = levels.iter().max().map_or(0, |row| row + 1) as f64;
    let line = 16.0 * rows + 16.0;
    let mut svg = open(width, line + 30.0, "score, interval, target and baseline on one line");
    put(&mut svg, format_args!(r#"<line class="axis" x1="{SIDE}" x2="{:.1}" y1="{line}" y2="{line}"/>"#, width - SIDE));
    for (at, label) in &axis.ticks {
        let x = place(*at);
        put(&mut svg, format_args!(r#"<line class="axis" x1="{x:.1}" x2="{x:.1}" y1="{line}" y2="{}"/>"#, line + 4.0));
        put(
            &mut svg,
            format_args!(r#"<text class="tick" text-anchor="middle" x="{x:.1}" y="{}">{}</text>"#, line + 18.0, escape(label)),
        );
    }
    if let Some((low, high)) = interval {
        let (from, to) = (place(low), place(high));
        put(
            &mut svg,
            format_args!(
                r#"<rect class="span" x="{from:.1}" y="{}" width="{:.1}" height="10" rx="5"/>"#,
                line - 5.0,
                (to - from).max(2.0)
            ),
        );
    }
    for (mark, level) in marks.iter().zip(levels) {
        let (x, text_y) = (place(mark.value), line - 12.0 - 16.0 * level as f64);
        let class = if mark.measured { "ours" } else { "mark" };
        put(
            &mut svg,
            format_args!(r#"<line class="{class}" x1="{x:.1}" x2="{x:.1}" y1="{:.1}" y2="{}"/>"#, text_y + 3.0, line + 5.0),
        );
        if mark.measured {
            put(&mut svg, format_args!(r#"<circle class="ours" cx="{x:.1}" cy="{line}" r="5"/>"#));
        }
        let (anchor, shift) = anchor(x, &mark.label, width);
        put(
            &mut svg,
            format_args!(
                r#"<text class="{class}" text-anchor="{anchor}" x="{:.1}" y="{text_y:.1}">{}</text>"#,
                x + shift,
                escape(&mark.label)
            ),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// The row of each label above the line, so that no two overlap.
fn levels(marks: &[Mark], place: &dyn Fn(f64) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..marks.len()).collect();
    order.sort_by(|a, b| marks[*a].value.total_cmp(&marks[*b].value));
    let (mut taken, mut levels): (Vec<f64>, Vec<usize>) = (Vec::new(), vec![0; marks.len()]);
    for i in order {
        let (x, half) = (place(marks[i].value), text_width(&marks[i].label) / 2.0 + 6.0);
        let row = taken.iter().position(|right| x - half > *right).unwrap_or(taken.len());
        taken.resize(taken.len().max(row + 1), f64::NEG_INFINITY);
        taken[row] = x + half;
        levels[i] = row;
    }
    levels
}

/// Centred over `x` unless that would cross the edge.
fn anchor(x: f64, label: &str, width: f64) -> (&'static str, f64) {
    let half = text_width(label) / 2.0;
    if x - half < 2.0 {
        ("start", 2.0 - x)
    } else if x + half > width - 2.0 {
        ("end", width - 2.0 - x)
    } else {
        ("middle", 0.0)
    }
}

/// Width of a text at 12 px, roughly.
fn text_width(text: &str) -> f64 {
    6.6 * text.chars().count() as f64
}

fn legend(series: &[Series]) -> (String, f64) {
    let (mut svg, mut x, mut row) = (String::new(), LEFT, 0.0);
    for (i, series) in series.iter().enumerate() {
        let width = 30.0 + text_width(&series.label);
        if x > LEFT && x + width > WIDTH - RIGHT {
            (x, row) = (LEFT, row + 1.0);
        }
        let y = 12.0 + 16.0 * row;
        svg.push_str(&path(&[[x, y], [x + 16.0, y]], i, "curve"));
        put(
            &mut svg,
            format_args!(r#"<text class="tick" x="{:.1}" y="{:.1}">{}</text>"#, x + 21.0, y + 4.0, escape(&series.label)),
        );
        x += width;
    }
    (svg, 16.0 * (row + 1.0))
}

fn path(points: &[[f64; 2]], color: usize, class: &str) -> String {
    let mut d = String::new();
    for (i, [x, y]) in points.iter().enumerate() {
        put(&mut d, format_args!("{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' }));
    }
    let dash = if color < NUM_COLORS { "" } else { r#" stroke-dasharray="5 3""# };
    format!(r#"<path class="{class}" d="{d}" stroke="var(--s{})"{dash}/>"#, color % NUM_COLORS)
}

/// Exponential moving average over about a 25th of the points, without a bias to the first.
fn smooth(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let keep = 1.0 - 25.0 / points.len().max(50) as f64;
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut step = |[x, y]: &[f64; 2]| {
        sum = keep * sum + y;
        weight = keep * weight + 1.0;
        [*x, sum / weight]
    };
    points.iter().map(&mut step).collect()
}

/// A range with labelled ticks.
struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// Ticks at 1, 2 or 5 times a power of ten, about `wanted` of them; the range ends on ticks or just outside the values.
    fn linear(values: impl Iterator<Item = f64>, wanted: usize) -> Axis {
        let (low, high) = spread(values);
        let step = nice_step((high - low) / wanted as f64);
        let (first, last) = ((low / step + 1e-9).ceil() as i64, (high / step - 1e-9).floor() as i64);
        let first = if (first as f64 - 0.35) * step > low { first - 1 } else { first };
        let last = if (last as f64 + 0.35) * step < high { last + 1 } else { last };
        let ticks = (first..=last).map(|i| (i as f64 * step, tick_label(i as f64 * step, step))).collect();
        Axis { low: low.min(first as f64 * step), high: high.max(last as f64 * step), ticks }
    }

    /// In powers of ten: 1, 2 and 5 of each where they are few. Works on logarithms.
    fn decades(values: impl Iterator<Item = f64>) -> Axis {
        let (low, high) = spread(values.map(f64::log10));
        let few = high - low < 2.5;
        let factors: &[f64] = if few { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = low.floor() as i32..=high.ceil() as i32;
        let all = powers.flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power)));
        let within = all.filter(|v| (low - 0.05..=high + 0.05).contains(&v.log10()));
        let ticks = within.map(|v| (v.log10(), plain(v))).collect();
        Axis { low: low - 0.05, high: high + 0.05, ticks }
    }

    /// Where a value lies within the range, 0 to 1.
    fn share(&self, v: f64) -> f64 {
        (v - self.low) / (self.high - self.low)
    }
}

/// Smallest and largest value, apart even if they are equal or none.
fn spread(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    match (low.is_finite() && high.is_finite(), high - low) {
        (false, _) => (0.0, 1.0),
        (true, width) if width > f64::EPSILON * high.abs().max(1e-300) => (low, high),
        _ => {
            let half = if low == 0.0 { 0.5 } else { low.abs() / 10.0 };
            (low - half, high + half)
        }
    }
}

fn nice_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    let lead = rough / power;
    let nice = [1.0, 2.0, 5.0, 10.0];
    power * nice.into_iter().find(|n| *n >= lead - 1e-9).unwrap_or(10.0)
}

/// As many decimals as the step needs; very small ones with an exponent.
fn tick_label(value: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    if value.abs() < step / 2.0 {
        "0".into()
    } else if decimals > 4 {
        let exponent = value.abs().log10().floor() as i32;
        let lead = format!("{:.1}", value / 10f64.powi(exponent));
        format!("{}e{exponent}", lead.trim_end_matches(".0"))
    } else if decimals == 0 {
        count(value)
    } else {
        format!("{value:.decimals$}")
    }
}

fn open(width: f64, height: f64, title: &str) -> String {
    format!(r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{}">"#, escape(title))
}

/// Text for an element or an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Lines and numbers of both axes, between these heights, and what runs along the lower one.
fn axes(svg: &mut String, (x, y): (&Axis, &Axis), (top, bottom): (f64, f64), x_label: &str) {
    for (at, label) in &y.ticks {
        let v = bottom - y.share(*at) * (bottom - top);
        put(svg, format_args!(r#"<line class="grid" x1="{LEFT}" x2="{:.1}" y1="{v:.1}" y2="{v:.1}"/>"#, WIDTH - RIGHT));
        put(
            svg,
            format_args!(
                r#"<text class="tick" text-anchor="end" x="{:.1}" y="{:.1}">{}</text>"#,
                LEFT - 7.0,
                v + 4.0,
                escape(label)
            ),
        );
    }
    for (at, label) in &x.ticks {
        let v = LEFT + x.share(*at) * (WIDTH - LEFT - RIGHT);
        put(svg, format_args!(r#"<line class="grid" x1="{v:.1}" x2="{v:.1}" y1="{bottom:.1}" y2="{:.1}"/>"#, bottom + 4.0));
        let (anchor, aside) = anchor(v, label, WIDTH);
        put(
            svg,
            format_args!(
                r#"<text class="tick" text-anchor="{anchor}" x="{:.1}" y="{:.1}">{}</text>"#,
                v + aside,
                bottom + 17.0,
                escape(label)
            ),
        );
    }
    put(svg, format_args!(r#"<line class="axis" x1="{LEFT}" x2="{:.1}" y1="{bottom:.1}" y2="{bottom:.1}"/>"#, WIDTH - RIGHT));
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    put(
        svg,
        format_args!(
            r#"<text class="tick" text-anchor="middle" x="{middle:.1}" y="{:.1}">{}</text>"#,
            HEIGHT - 6.0,
            escape(x_label)
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        let check = |values: &[f64], wanted: usize, expected: &[&str]| {
            let axis = Axis::linear(values.iter().copied(), wanted);
            let labels: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(labels, expected, "{values:?}");
            assert!(values.iter().all(|v| (-1e-9..=1.0 + 1e-9).contains(&axis.share(*v))), "{values:?} lie within");
        };
        check(&[0.0, 1.0], 5, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(|l| if l == "0.0" { "0" } else { l }));
        check(&[0.0, 2105.0], 5, &["0", "500", "1,000", "1,500", "2,000"]);
        check(&[0.0, 5e-5], 5, &["0", "1e-5", "2e-5", "3e-5", "4e-5", "5e-5"]);
        check(&[0.51, 0.935], 5, &["0.5", "0.6", "0.7", "0.8", "0.9"]);
        check(&[3.0, 3.0], 3, &["2.6", "2.8", "3.0", "3.2", "3.4"]);
        check(&[], 5, &["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }

    #[test]
    fn a_log_axis_has_decades() {
        let axis = Axis::decades([0.01, 4.0].into_iter());
        let labels: Vec<&str> = axis.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0.01", "0.1", "1"]);
    }

    #[test]
    fn charts_are_whole_escaped_and_finite() {
        let noisy = Series { label: "<a & \"b\">".into(), points: (0..200).map(|i| [i as f64, 1.0 + (i % 7) as f64]).collect() };
        let short = Series { label: "seed-1".into(), points: vec![[0.0, 2.0], [199.0, 0.5]] };
        for log_y in [false, true] {
            let svg = line_chart(&Chart {
                title: "<loss>".into(),
                x_label: "step".into(),
                series: vec![noisy.clone(), short.clone()],
                log_y,
                smoothed: true,
            });
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
            assert!(svg.contains("&lt;a &amp; &quot;b&quot;&gt;") && !svg.contains("<a &"));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            assert_eq!(svg.matches("class=\"raw\"").count(), 1, "only the line of many points is smoothed");
        }
    }

    #[test]
    fn smoothing_starts_at_the_data_and_follows_a_constant() {
        let points: Vec<[f64; 2]> = (0..100).map(|i| [i as f64, 3.0]).collect();
        assert!(smooth(&points).iter().all(|p| (p[1] - 3.0).abs() < 1e-12));
    }

    #[test]
    fn labels_of_the_interval_line_do_not_overlap() {
        let mark = |label: &str, value, measured| Mark { label: label.into(), value, measured };
        let marks =
            [mark("target 0.8800", 0.88, false), mark("ours 0.8890", 0.889, true), mark("baseline 0.5092", 0.5092, false)];
        let place = |v: f64| 30.0 + (v - 0.5) * 1320.0;
        let levels = levels(&marks, &place);
        assert_ne!(levels[0], levels[1], "neighbours lie in different rows");
        assert_eq!(levels[2], 0);
    }
}
