//! Whether two measurements differ: 95 % intervals of a difference, of means by Welch, of shares by Newcombe.

use super::interval::{t_975, wilson};
use serde::{Deserialize, Serialize};

/// A difference and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Difference {
    /// Whether the interval lies on one side of 0.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The mean of `b` less that of `a`, by Welch (1947): the variances need not be alike. The degrees of freedom are rounded down, which
/// makes the interval a little too wide and never too narrow. None of less than two values each,
/// nor where neither varies: nothing then tells how far another value would lie.
pub fn of_means(a: &[f64], b: &[f64]) -> Option<Difference> {
    let moments = |values: &[f64]| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
    };
    if a.len() < 2 || b.len() < 2 {
        return None;
    }
    let ((mean_a, of_a), (mean_b, of_b)) = (moments(a), moments(b));
    let (value, error) = (mean_b - mean_a, (of_a + of_b).sqrt());
    let freedom = (of_a + of_b).powi(2) / (of_a.powi(2) / (a.len() as f64 - 1.0) + of_b.powi(2) / (b.len() as f64 - 1.0));
    if error == 0.0 {
        return None;
    }
    let half = t_975((freedom.floor() as usize).max(1)) * error;
    Some(Difference { value, low: value - half, high: value + half })
}

/// The share `b` less the share `a`, each as (hits, of), by Newcombe's hybrid score (1998, method 10), which is well-behaved near 0 and 1.
/// None where one is of nothing.
pub fn of_shares(a: (usize, usize), b: (usize, usize)) -> Option<Difference> {
    if a.1 == 0 || b.1 == 0 {
        return None;
    }
    let share = |(hits, of): (usize, usize)| hits as f64 / of as f64;
    let (p, q) = (share(a), share(b));
    let (of_p, of_q) = (wilson(p, a.1), wilson(q, b.1));
    let value = q - p;
    Some(Difference {
        value,
        low: value - (q - of_q.low).hypot(of_p.high - p),
        high: value + (of_q.high - q).hypot(p - of_p.low),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "expected {expected}, found {found}");
    }

    #[test]
    fn shares_differ_as_published() {
        // Newcombe (1998), table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/10, 10/10 - 0/20.
        let check = |a: (usize, usize), b: (usize, usize), low: f64, high: f64| {
            let found = of_shares(b, a).expect("a difference");
            close(found.low, low, 6e-5);
            close(found.high, high, 6e-5);
        };
        check((56, 70), (48, 80), 0.0524, 0.3339);
        check((9, 10), (3, 10), 0.1705, 0.8090);
        check((10, 10), (0, 10), 0.6075, 1.0);
        check((10, 10), (0, 20), 0.6791, 1.0);
        assert_eq!(of_shares((0, 0), (1, 2)), None);
    }

    #[test]
    fn means_differ_as_welch_has_it() {
        // Variances 2.5 and 10 of five values each: 5.88 degrees of freedom, rounded down to 5; t = 2.5706.
        let found = of_means(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 6.0, 8.0, 10.0]).expect("a difference");
        close(found.value, 3.0, 1e-12);
        close(found.high - found.value, 2.570_582 * 2.5f64.sqrt(), 1e-6);
        assert!(!found.is_clear());
        assert_eq!(of_means(&[1.0, 1.0], &[0.995, 0.995]), None, "no spread at all tells nothing of chance");
        assert_eq!(of_means(&[1.0], &[1.0, 2.0]), None);
    }
}
