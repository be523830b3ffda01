//! A token or key that does not print.

use std::fmt;

/// Letters of the shortest secret that is looked for in texts.
const LEAST: usize = 8;

/// A credential: prints as `***`, and only the clients that send it look inside (`tests/tidy.rs`).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: String) -> Self {
        Secret(value)
    }

    /// Whether a text holds it. Nothing so short that it may stand there by chance is looked for.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.len() >= LEAST && text.contains(&self.0)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Somebody else's words without it. What may stand there by chance stays: a dummy such as `test` is no secret, and a part of words.
    pub fn redacted(&self, text: &str) -> String {
        if self.is_in(text) { text.replace(&self.0, "***") } else { text.to_string() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_never_prints() {
        let secret = super::Secret::new("hf_abcde".into());
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.redacted("hf_abcde is no hf_ab, hf_abcde"), "*** is no hf_ab, ***");
        let dummy = super::Secret::new("a".into());
        assert_eq!((dummy.redacted("{\"a\": 1}").as_str(), format!("{dummy}").as_str()), ("{\"a\": 1}", "***"));
    }
}
