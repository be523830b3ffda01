//! What stands behind the flags of the command line, read.

use super::Faults;
use crate::bench::Fault;
use std::num::NonZeroUsize;
use std::time::Duration;

pub(super) fn parse_temperature(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|t| (0.0..=100.0).contains(t))
        .ok_or_else(|| format!("expected a number from 0 to 100, found `{text}`"))
}

pub(super) fn parse_share_of_one(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|p| *p > 0.0 && *p <= 1.0)
        .ok_or_else(|| format!("expected a number above 0 and at most 1, found `{text}`"))
}

pub(super) fn parse_fault(text: &str) -> Result<Faults, String> {
    if text == "all" {
        return Ok(Faults::All);
    }
    let found = Fault::ALL.into_iter().find(|fault| fault.name() == text.replace('-', "_"));
    let names = || Fault::ALL.map(|fault| fault.name().replace('_', "-")).join(", ");
    found.map(Faults::One).ok_or_else(|| format!("expected `all` or one of {}, found `{text}`", names()))
}

pub(super) fn parse_patience(text: &str) -> Result<f64, String> {
    let found = text.parse::<f64>().ok().filter(|times| (0.1..=1000.0).contains(times));
    found.ok_or_else(|| format!("expected a number from 0.1 to 1000, found `{text}`"))
}

pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let found = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    found.ok_or_else(|| format!("expected a share from 0 to 1, found `{text}`"))
}

/// Recipes that a search tries.
pub(super) fn parse_trials(text: &str) -> Result<u16, String> {
    let trials = text.trim().parse().ok().filter(|trials| (2..=1000).contains(trials));
    let wrong = || {
        format!(
            "expected a number of recipes from 2 to 1000, found `{text}`; what is to be done stands before it, or write \
             `--improve=N`"
        )
    };
    trials.ok_or_else(wrong)
}

/// How many seeds.
pub(super) fn parse_seed_count(text: &str) -> Result<u64, String> {
    let count = text.trim().parse().ok().filter(|count| (1..=1000).contains(count));
    count.ok_or_else(|| format!("expected how many seeds, from 1 to 1000, found `{text}`"))
}

/// One of a list of seeds.
pub(super) fn parse_seed(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("expected whole numbers such as `0,1,2`, found `{text}`"))
}

/// Steps that are timed.
pub(super) fn parse_steps(text: &str) -> Result<u64, String> {
    let steps = text.trim().parse().ok().filter(|steps| (1..=10_000).contains(steps));
    steps.ok_or_else(|| format!("expected how many steps, from 1 to 10,000, found `{text}`"))
}

/// A number of epochs, which may have a fraction.
pub(super) fn parse_epochs(text: &str) -> Result<f64, String> {
    let epochs = text.trim().parse::<f64>().ok().filter(|epochs| epochs.is_finite() && *epochs > 0.0);
    epochs.ok_or_else(|| format!("expected a number of epochs above 0, found `{text}`"))
}

/// A number of things, such as examples.
pub(super) fn parse_count(text: &str) -> Result<usize, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| format!("expected a whole number of at least 1, found `{text}`"))
}

/// More threads than a machine has are a slip of the pen, and a worker's jail lets it start no more than 1,024 in all.
pub(super) fn parse_threads(text: &str) -> Result<NonZeroUsize, String> {
    const MOST: usize = 512;
    let threads = text.trim().parse::<NonZeroUsize>().ok().filter(|threads| threads.get() <= MOST);
    threads.ok_or_else(|| format!("expected a whole number from 1 to {MOST}, found `{text}`"))
}

pub(super) fn parse_usd(text: &str) -> Result<f64, String> {
    let usd = text.trim().trim_start_matches('$').parse::<f64>().ok().filter(|usd| usd.is_finite() && *usd >= 0.0);
    usd.ok_or_else(|| format!("expected US dollars such as `0.50`, found `{text}`"))
}

/// "90s", "30m", "1.5h", "1h30m".
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a time such as `90s`, `30m`, `2h` or `1h30m`, found `{text}`");
    let (mut total, mut number) = (0.0, String::new());
    let seconds = |number: &str| number.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0).ok_or_else(wrong);
    for c in text.trim().chars() {
        let unit = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'h' => 3600.0,
            'm' => 60.0,
            's' => 1.0,
            _ => return Err(wrong()),
        };
        total += unit * seconds(&std::mem::take(&mut number))?;
    }
    let is_nothing = total == 0.0 && number.parse::<f64>().is_ok_and(|number| number == 0.0);
    if !number.is_empty() && !is_nothing {
        return Err(format!("expected a time with its unit such as `{text}s`, `{text}m` or `{text}h`, found `{text}`"));
    }
    if total == 0.0 && !text.trim().is_empty() {
        return Err(format!("expected a time above 0, found `{text}`"));
    }
    // Limits are counted in whole seconds, and none would be no time at all.
    if total > 0.0 && total < 1.0 {
        return Err(format!("expected a time of at least 1 s, found `{text}`"));
    }
    if total > 0.0 && total < 1e9 { Ok(Duration::from_secs_f64(total)) } else { Err(wrong()) }
}

/// "500MB", "1GiB", "1.5 GiB", or a number of bytes.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 9] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("b", 1),
    ];
    let lower = text.trim().to_lowercase();
    let unit = UNITS.iter().find_map(|(name, unit)| Some((lower.strip_suffix(name)?, *unit)));
    let (number, unit) = unit.unwrap_or((&lower, 1));
    let bytes =
        number.trim().parse::<f64>().ok().map(|number| number * unit as f64).filter(|bytes| *bytes >= 1.0 && *bytes < 1e18);
    bytes.map(|bytes| bytes as u64).ok_or_else(|| format!("expected a size such as `500MB` or `1GiB`, found `{text}`"))
}

pub(super) fn parse_assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        // What a text ends with may be meant, such as the space of a prefix.
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim_start().to_string())),
        _ => Err(format!("expected KEY=VALUE such as `recipe.lr=1e-4`, found `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |text: &str, bytes: Option<u64>| assert_eq!(parse_bytes(text).ok(), bytes, "{text}");
        check("1GiB", Some(1 << 30));
        check("1.5 gib", Some(3 << 29));
        check("500MB", Some(500_000_000));
        check("83886080", Some(83_886_080));
        for wrong in ["", "0", "-1GB", "1 GiB of it", "much", "GiB", "1e30", "nan"] {
            check(wrong, None);
        }
    }

    #[test]
    fn assignments() {
        let check = |text: &str, key: &str, value: &str| {
            assert_eq!(parse_assignment(text), Ok((key.to_string(), value.to_string())), "{text}");
        };
        check(" recipe.lr = 1e-4", "recipe.lr", "1e-4");
        check("text_to_text.prefix=translate English to German: ", "text_to_text.prefix", "translate English to German: ");
        check("similarity=", "similarity", "");
        check("similarity= ", "similarity", "");
        assert!(parse_assignment("=1").is_err() && parse_assignment("recipe.lr").is_err());
    }

    #[test]
    fn epochs() {
        assert_eq!(parse_epochs("0.5"), Ok(0.5));
        for wrong in ["nan", "inf", "-inf", "1e999", "0", "-1", "many", ""] {
            assert!(parse_epochs(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        let check = |text: &str, secs: Option<f64>| {
            assert_eq!(parse_duration(text).ok().map(|d| d.as_secs_f64()), secs, "{text}");
        };
        check("90", None);
        check("90s", Some(90.0));
        check("30m", Some(1800.0));
        check("1h30m", Some(5400.0));
        check("1.5h", Some(5400.0));
        check("", None);
        check("0", None);
        check("soon", None);
        check("m", None);
        check("-5m", None);
        check("1s", Some(1.0));
        check("0.5s", None);
    }

    /// What is told is what was expected, not what a number's parser lacks.
    #[test]
    fn whole_numbers() {
        assert_eq!((parse_trials("8"), parse_seed_count("5"), parse_seed(" 7")), (Ok(8), Ok(5), Ok(7)));
        assert_eq!(parse_steps("5"), Ok(5));
        for (told, words) in [
            (parse_trials("train an MLP").err(), "from 2 to 1000, found `train an MLP`"),
            (parse_trials("1").err(), "from 2 to 1000"),
            (parse_seed_count("0,1").err(), "how many seeds, from 1 to 1000, found `0,1`"),
            (parse_seed("a").err(), "such as `0,1,2`, found `a`"),
            (parse_steps("0").err(), "how many steps, from 1 to 10,000, found `0`"),
        ] {
            assert!(told.as_ref().is_some_and(|told| told.contains(words)), "{words}: {told:?}");
        }
    }
}
