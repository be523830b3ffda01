//! What an hour of a machine costs: the user's own table, for nobody else knows it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file `prices.toml`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// This machine.
    host: Option<HostPrice>,
    /// Others that could be had, by name.
    gpus: BTreeMap<String, Gpu>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostPrice {
    usd_per_hour: f64,
}

/// A GPU that could be had: its price, and what its data sheet says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    pub usd_per_hour: f64,
    /// 10^12 floating-point operations a second, at the precision that is trained in.
    pub tflops: f64,
    pub memory_gib: f64,
}

/// Training rarely reaches more of a GPU's stated speed than this.
const REACHED: f64 = 0.3;

impl Prices {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// Not TOML, or not of this form, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let prices: Prices = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_string())?;
        let mut problems = Vec::new();
        let mut check = |ok: bool, key: String, expected: &str, found: f64| {
            if !ok {
                problems.push(format!("`{key}`: expected {expected}, found {found}"));
            }
        };
        let is_price = |usd: f64| usd.is_finite() && usd >= 0.0;
        if let Some(HostPrice { usd_per_hour }) = prices.host {
            check(is_price(usd_per_hour), "host.usd_per_hour".into(), "US dollars, at least 0", usd_per_hour);
        }
        for (name, Gpu { usd_per_hour, tflops, memory_gib }) in &prices.gpus {
            let key = |last: &str| format!("gpus.{name}.{last}");
            check(is_price(*usd_per_hour), key("usd_per_hour"), "US dollars, at least 0", *usd_per_hour);
            check(tflops.is_finite() && *tflops > 0.0, key("tflops"), "a number above 0", *tflops);
            check(memory_gib.is_finite() && *memory_gib > 0.0, key("memory_gib"), "a number above 0", *memory_gib);
        }
        if problems.is_empty() { Ok(prices) } else { Err(problems.join("; ")) }
    }

    /// US dollars an hour of this machine, where the file says it.
    pub fn of_host(&self) -> Option<f64> {
        self.host.map(|host| host.usd_per_hour)
    }

    pub fn gpus(&self) -> &BTreeMap<String, Gpu> {
        &self.gpus
    }
}

impl Gpu {
    /// Seconds of so many floating-point operations.
    pub fn secs(&self, flops: f64) -> f64 {
        flops / (self.tflops * 1e12 * REACHED)
    }

    pub fn has_room_for(&self, bytes: f64) -> bool {
        bytes <= self.memory_gib * f64::from(1 << 30)
    }
}

/// US dollars of so many seconds.
pub fn usd_of(secs: f64, usd_per_hour: f64) -> f64 {
    secs / 3600.0 * usd_per_hour
}

/// Seconds that so many US dollars buy; none: as many as one likes.
pub fn secs_for(usd: f64, usd_per_hour: f64) -> Option<f64> {
    (usd_per_hour > 0.0).then(|| usd.max(0.0) / usd_per_hour * 3600.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_and_mistakes_told_at_once() {
        let table = "[host]\nusd_per_hour = 0.5\n[gpus.big]\nusd_per_hour = 2.0\ntflops = 100.0\nmemory_gib = 24\n";
        let prices = Prices::parse(table).expect("prices");
        assert_eq!(prices.of_host(), Some(0.5));
        let gpu = prices.gpus()["big"];
        assert_eq!(gpu.secs(3e13), 1.0);
        assert!(gpu.has_room_for(f64::from(1 << 30)) && !gpu.has_room_for(25.0 * f64::from(1 << 30)));
        assert_eq!(Prices::parse("").expect("nothing").of_host(), None);
        for (text, words) in [
            ("[host]\nusd_per_hour = -1.0", "`host.usd_per_hour`: expected US dollars, at least 0, found -1"),
            ("[host]\nusd = 1.0", "usd_per_hour"),
            (
                "[gpus.x]\nusd_per_hour = 1.0\ntflops = 0.0\nmemory_gib = 0.0",
                "`gpus.x.tflops`: expected a number above 0, found 0; `gpus.x.memory_gib`",
            ),
            ("nonsense", "expected"),
        ] {
            let problem = Prices::parse(text).expect_err(text);
            assert!(problem.contains(words), "{problem}");
        }
    }

    #[test]
    fn hours_are_bought() {
        assert_eq!(usd_of(1800.0, 0.5), 0.25);
        assert_eq!(secs_for(1.0, 0.5), Some(7200.0));
        assert_eq!((secs_for(1.0, 0.0), secs_for(-1.0, 1.0)), (None, Some(0.0)));
    }
}
