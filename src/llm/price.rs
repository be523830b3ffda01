//! What tokens cost.

use super::Usage;
use serde::{Deserialize, Serialize};

/// US dollars a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    /// Of those of the question that the provider had read before; none: as the others.
    pub cached: Option<f64>,
}

impl Price {
    pub(super) fn is_sound(&self) -> bool {
        [self.input, self.output, self.cached.unwrap_or(0.0)].iter().all(|price| price.is_finite() && *price >= 0.0)
    }

    /// US dollars.
    pub fn of(&self, usage: Usage) -> f64 {
        let cached = usage.tokens_cached.min(usage.tokens_in);
        let fresh = usage.tokens_in - cached;
        let dollars =
            fresh as f64 * self.input + cached as f64 * self.cached.unwrap_or(self.input) + usage.tokens_out as f64 * self.output;
        dollars / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cost_what_the_table_says() {
        let usage = Usage { tokens_in: 1_000_000, tokens_out: 500_000, tokens_cached: 400_000 };
        assert_eq!(Price { input: 1.0, output: 4.0, cached: Some(0.5) }.of(usage), 0.6 + 0.2 + 2.0);
        assert_eq!(Price { input: 1.0, output: 4.0, cached: None }.of(usage), 3.0);
        assert_eq!(Price::default().of(usage), 0.0);
        // More cached than read: nobody is paid for it.
        assert_eq!(
            Price { input: 1.0, output: 0.0, cached: Some(0.0) }.of(Usage { tokens_in: 1, tokens_out: 0, tokens_cached: 9 }),
            0.0
        );
    }
}
