//! Numbers, sizes, times and settings in words: one wording on every page and in every message.

use crate::spec::{AdapterSpec, Augment, Length, Optimizer, Schedule, Warmup};

/// A score: four decimals.
pub(crate) fn score(value: f64) -> String {
    format!("{value:.4}")
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

/// `over` a second, as a short number: 397, 12.4.
pub(crate) fn rate(over: f64, secs: f64) -> Option<String> {
    let value = over / secs;
    (secs > 0.0 && over > 0.0).then(|| if value >= 100.0 { count(value) } else { shortest(value, 1) })
}

/// A hyperparameter: 5e-5, 0.9, 32.
pub(crate) fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() < 1e-3 || value.abs() >= 1e6) { format!("{value:e}") } else { format!("{value}") }
}

fn shortest(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Text from outside on one line, without control characters.
pub(crate) fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn adapter(adapter: &AdapterSpec) -> String {
    let AdapterSpec { rank, alpha, dropout, target_modules, use_rslora } = adapter;
    let kind = if *use_rslora { "rsLoRA" } else { "LoRA" };
    format!("{kind} of rank {rank}, alpha {}, dropout {}, on {}", plain(*alpha), plain(*dropout), target_modules.join(", "))
}

pub(crate) fn optimizer(optimizer: &Optimizer) -> String {
    match optimizer {
        Optimizer::Adamw { beta1, beta2, eps, weight_decay } => {
            format!(
                "AdamW, betas {} and {}, eps {}, weight decay {}",
                plain(*beta1),
                plain(*beta2),
                plain(*eps),
                plain(*weight_decay)
            )
        }
        Optimizer::Sgd { momentum, nesterov, weight_decay } => {
            let kind = if *nesterov { "SGD with Nesterov momentum" } else { "SGD with momentum" };
            format!("{kind} {}, weight decay {}", plain(*momentum), plain(*weight_decay))
        }
    }
}

pub(crate) fn schedule(schedule: &Schedule) -> String {
    let after = |warmup: &Warmup| match warmup {
        Warmup::Steps(0) => String::new(),
        Warmup::Frac(frac) if *frac == 0.0 => String::new(),
        Warmup::Steps(steps) => format!(", warm-up {} steps", count(*steps as f64)),
        Warmup::Frac(frac) => format!(", warm-up {} % of steps", shortest(frac * 100.0, 2)),
    };
    match schedule {
        Schedule::Constant { warmup } => format!("constant{}", after(warmup)),
        Schedule::Linear { warmup } => format!("linear to 0{}", after(warmup)),
        Schedule::Cosine { warmup } => format!("cosine to 0{}", after(warmup)),
        Schedule::Step { warmup, at_frac, factor } => {
            let places: Vec<String> = at_frac.iter().map(|f| format!("{} %", shortest(f * 100.0, 2))).collect();
            format!("times {} at {} of steps{}", plain(*factor), places.join(", "), after(warmup))
        }
    }
}

pub(crate) fn length(length: &Length) -> String {
    match length {
        Length::Epochs(1.0) => "1 epoch".into(),
        Length::Epochs(epochs) => format!("{} epochs", plain(*epochs)),
        Length::Steps(steps) => format!("{} steps", count(*steps as f64)),
    }
}

pub(crate) fn augment(augment: &[Augment]) -> String {
    let word = |a: &Augment| match a {
        Augment::PadCrop { padding } => format!("pad by {padding} and crop back at random"),
        Augment::HorizontalFlip => "flip left and right at random".into(),
    };
    augment.iter().map(word).collect::<Vec<String>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check(plain(5e-5), "5e-5");
        check(plain(0.01), "0.01");
        check(plain(32.0), "32");
        check(rate(896_523.0, 2259.0).unwrap_or_default(), "397");
        check(rate(124.0, 10.0).unwrap_or_default(), "12.4");
        assert_eq!(rate(1.0, 0.0), None);
        check(clean("a\u{1b}[31m\nb\tc "), "a [31m b c");
    }
}
