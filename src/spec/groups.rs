//! Parameters that are trained otherwise than the rest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parameters by their names, as weights files have them, and what holds for them. A parameter belongs to the first group whose pattern
/// meets its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The whole name, in which `*` stands for any characters, dots included, and `?` for one: `bert.embeddings.*`, `*.bias`.
    pub pattern: String,
    /// Their learning rate is so many times the others'.
    #[serde(default = "same_rate")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1_000_000))]
    pub lr_scale: f64,
    /// Their weight decay, biases and norms included; none: the optimiser's, for matrices alone.
    #[serde(default)]
    #[schemars(extend("minimum" = 0))]
    pub weight_decay: Option<f64>,
    /// They stay as they are, and no gradient is computed for them. (Running statistics of norms go on.)
    #[serde(default)]
    pub frozen: bool,
}

fn same_rate() -> f64 {
    1.0
}

impl Group {
    /// The group of a parameter: its number in `groups`.
    pub fn of(groups: &[Group], name: &str) -> Option<usize> {
        groups.iter().position(|group| meets(&group.pattern, name))
    }

    /// Whether a parameter stays as it is.
    pub fn freezes(groups: &[Group], name: &str) -> bool {
        Group::of(groups, name).is_some_and(|i| groups[i].frozen)
    }
}

/// Whether `name` is of the form `pattern`.
fn meets(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where the last `*` stands, and how much of the name it has taken.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a.bc", false),
            ("a.*", "a.b.c", true),
            ("*.bias", "x.y.bias", true),
            ("*.bias", "x.bias.weight", false),
            ("*layer.?.*", "encoder.layer.3.w", true),
            ("*layer.?.*", "encoder.layer.13.w", false),
            ("*a*b*", "xaxxbx", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
        ] {
            assert_eq!(meets(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_first_group_counts() {
        let group = |pattern: &str, frozen| Group { pattern: pattern.into(), lr_scale: 1.0, weight_decay: None, frozen };
        let groups = [group("a.*", false), group("*", true)];
        assert_eq!((Group::of(&groups, "a.b"), Group::of(&groups, "b"), Group::of(&groups[..1], "b")), (Some(0), Some(1), None));
        assert!(!Group::freezes(&groups, "a.b") && Group::freezes(&groups, "b"));
    }

    proptest! {
        /// Against all ways of cutting.
        #[test]
        fn equals_trying_everything(pattern in "[ab*?]{0,7}", name in "[ab]{0,8}") {
            fn all(pattern: &[u8], name: &[u8]) -> bool {
                match pattern.split_first() {
                    None => name.is_empty(),
                    Some((b'*', rest)) => (0..=name.len()).any(|i| all(rest, &name[i..])),
                    Some((c, rest)) => name.split_first().is_some_and(|(n, name)| (*c == b'?' || c == n) && all(rest, name)),
                }
            }
            prop_assert_eq!(meets(&pattern, &name), all(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
