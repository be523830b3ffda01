//! Numbers, sizes, times and settings in words: one wording on every page and in every message.

mod months;
mod settings;

pub(crate) use months::{MONTHS, month};
pub(crate) use settings::*;

use std::fmt::{Display, Write};

/// Bytes as lower-case hexadecimal, as hashes are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds to a text.
pub(crate) fn put(text: &mut String, args: std::fmt::Arguments) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(args);
}

/// A score: four decimals, or of those too large or too small for that four digits.
pub(crate) fn score(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if size.is_finite() && size >= 1e7 || size > 0.0 && size < 1e-4 => format!("{value:.3e}"),
        _ => format!("{value:.4}"),
    }
}

/// A whole number with separators: 67,349.
pub(crate) fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < -0.5 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds as people say them: 0.42 s, 38 s, 12 min 5 s, 2 h 4 min.
pub(crate) fn duration(secs: f64) -> String {
    let whole = secs.round() as u64;
    match whole {
        _ if secs < 9.95 => format!("{} s", shortest(secs, 2)),
        0..60 => format!("{whole} s"),
        60..3600 if whole.is_multiple_of(60) => format!("{} min", whole / 60),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ if whole % 3600 < 60 => format!("{} h", whole / 3600),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Bytes in binary units: 2.4 GiB.
pub(crate) fn bytes(value: f64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (value, 0);
    while value >= 1023.5 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = if unit > 0 && value < 99.95 { 1 } else { 0 };
    format!("{value:.decimals$} {}", units[unit])
}

/// Bytes as an option takes them, rounded up: 128MiB, 4GiB.
pub(crate) fn size_option(bytes: u64) -> String {
    match bytes.div_ceil(1 << 20) {
        mib if mib.is_multiple_of(1024) => format!("{}GiB", mib / 1024),
        mib => format!("{mib}MiB"),
    }
}

/// A path as a shell takes it for one word.
pub(crate) fn shell(path: &std::path::Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,~".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Names as they are quoted in a sentence: `a`, `b`, `c`.
pub(crate) fn quoted<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The same of names of which there may be many: the first twelve, then how many more.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.len() {
        0 => "nothing".into(),
        n if n > SHOWN => format!("{}, and {} more", quoted(&names[..SHOWN]), n - SHOWN),
        _ => quoted(names),
    }
}

/// So many things: `1 file`, `3 files`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(n: N, what: &str) -> String {
    let end = if n == N::from(1) { "" } else { "s" };
    format!("{n} {what}{end}")
}

/// Lines below a sentence, each with its bullet.
pub(crate) fn bullets<D: Display>(lines: impl IntoIterator<Item = D>) -> String {
    lines.into_iter().map(|line| format!("\n  - {line}")).collect()
}

/// `over` a second, as a short number: 397, 12.4.
pub(crate) fn rate(over: f64, secs: f64) -> Option<String> {
    let value = over / secs;
    (secs > 0.0 && over > 0.0).then(|| if value >= 100.0 { count(value) } else { shortest(value, 1) })
}

/// `$0.0123`.
pub(crate) fn dollars(usd: f64) -> String {
    // Of small amounts two digits, of others cents and fractions of them.
    let places = if usd > 0.0 && usd < 1e-4 { 1e9 } else { 1e6 };
    format!("${}", plain((usd * places).round() / places))
}

/// A hyperparameter: 5e-5, 0.9, 32.
pub(crate) fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e6) { format!("{value:e}") } else { format!("{value}") }
}

/// A number of any size that was measured, to four digits: 0.75, 1.235e-7, 165.
pub(crate) fn measured(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if value.fract() == 0.0 && size < 1e9 => format!("{value}"),
        _ if (1e-3..1e6).contains(&size) => shortest(value, 4),
        _ => format!("{value:.3e}"),
    }
}

fn shortest(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Whether a character of a text from outside could steer a terminal, or turn round what is read: a control character, a mark of direction,
/// the end of a line.
pub(crate) fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Text from outside on one line, without what could steer a terminal.
pub(crate) fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON that says the same, with what could steer a terminal escaped; between its values lines end and tabs stand as before.
pub(crate) fn in_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            // None of them needs more than four digits.
            c if steers(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// An address as it is shown: without name and password, and without what stands behind `?` and `#`, by which it may be signed.
pub(crate) fn address(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = bare.split_once("://") else { return bare.to_string() };
    let (host, path) = rest.split_at(rest.find(['/', '\\']).unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// The last part of an address: the name of its file.
pub(crate) fn last_of_address(url: &str) -> String {
    let shown = address(url);
    shown.rsplit('/').next().unwrap_or(&shown).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_is_given() {
        let path = |path: &str| shell(std::path::Path::new(path));
        assert_eq!(path("/tmp/runs/a-1.b"), "/tmp/runs/a-1.b");
        assert_eq!(path("/tmp/sp ace"), "'/tmp/sp ace'");
        assert_eq!(path("it's"), r"'it'\''s'");
        assert_eq!([64 << 20, 8 << 30, 1].map(size_option), ["64MiB", "8GiB", "1MiB"]);
    }

    #[test]
    fn json_says_the_same_and_steers_nothing() {
        let said = "{\"a\": \"caf\u{e9} \u{202e}b\u{9b}31m\u{7f}\\n\"}\n";
        assert_eq!(in_json(said), "{\"a\": \"caf\u{e9} \\u202eb\\u009b31m\\u007f\\n\"}\n");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).expect("JSON");
        assert_eq!(read(&in_json(said)), read(said));
        // Of what is no JSON nothing is left that steers.
        assert_eq!(in_json("\u{1b}[2J\r"), "\\u001b[2J\\u000d");
    }

    #[test]
    fn addresses_are_shown_without_what_opens_them() {
        let check = |url: &str, shown: &str, last: &str| {
            assert_eq!((address(url).as_str(), last_of_address(url).as_str()), (shown, last));
        };
        check("https://x.org/a/b.csv?sig=abc/def", "https://x.org/a/b.csv", "b.csv");
        check("https://ada:secret@x.org:8443/b.csv#part", "https://x.org:8443/b.csv", "b.csv");
        check("https://ada:se@cret@x.org?a@b", "https://x.org", "x.org");
        check("https://x.org/@ada/b.csv", "https://x.org/@ada/b.csv", "b.csv");
        check("no address?x=1", "no address", "no address");
    }

    #[test]
    fn names_are_quoted_and_many_are_cut() {
        let names: Vec<String> = (1..=13).map(|i| format!("n{i}")).collect();
        assert_eq!((quoted(["a", "b"]).as_str(), listed(&[]).as_str()), ("`a`, `b`", "nothing"));
        assert_eq!(listed(&names[..12]), quoted(&names[..12]));
        assert_eq!(listed(&names), format!("{}, and 1 more", quoted(&names[..12])));
        assert_eq!(bullets(&names[..2]), "\n  - n1\n  - n2");
        assert_eq!([0, 1, 2].map(|n| counted(n, "file")), ["0 files", "1 file", "2 files"]);
    }

    #[test]
    fn numbers_in_words() {
        let check = |found: String, expected: &str| assert_eq!(found, expected);
        check(count(0.0), "0");
        check(count(999.0), "999");
        check(count(1000.0), "1,000");
        check(count(22_713_986.0), "22,713,986");
        check(count(-1234.0), "-1,234");
        check(duration(0.4249), "0.42 s");
        check(duration(2.0), "2 s");
        check(duration(59.6), "1 min");
        check(duration(7201.0), "2 h");
        check(duration(2259.0), "37 min 39 s");
        check(duration(7500.0), "2 h 5 min");
        check(bytes(512.0), "512 bytes");
        check(bytes(2.4 * 1024f64.powi(3)), "2.4 GiB");
        check(bytes(1_048_575.0), "1.0 MiB");
        check(bytes(864.0 * 1024.0 * 1024.0), "864 MiB");
        check(score(0.88751), "0.8875");
        check(score(-0.5), "-0.5000");
        check(score(0.0), "0.0000");
        check(score(9_402_430_983_736_873e15), "9.402e30");
        check(score(-9.9e67), "-9.900e67");
        check(score(3.21e-6), "3.210e-6");
        check(score(f64::NAN), "NaN");
        check(plain(5e-5), "5e-5");
        check(plain(0.01), "0.01");
        check(plain(32.0), "32");
        check(rate(896_523.0, 2259.0).unwrap_or_default(), "397");
        check(rate(124.0, 10.0).unwrap_or_default(), "12.4");
        assert_eq!(rate(1.0, 0.0), None);
        check(clean("a\u{1b}[31m\nb\tc "), "a [31m b c");
        check(clean("accuracy\u{202e}99.0\u{2066}\u{200f}"), "accuracy 99.0");
    }
}
