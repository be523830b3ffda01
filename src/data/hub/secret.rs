//! A token or key that does not print.

use std::fmt;

/// A credential: prints as `***`, and only the clients that send it look inside (`tests/tidy.rs`).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: String) -> Self {
        Secret(value)
    }

    /// Whether a text holds it. Nothing so short that it may stand there by chance is looked for.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.len() >= 8 && text.contains(&self.0)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Somebody else's words without it.
    pub fn redacted(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_string() } else { text.replace(&self.0, "***") }
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
        let secret = super::Secret::new("hf_abc".into());
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.redacted("hf_abc is no hf_ab, hf_abc"), "*** is no hf_ab, ***");
    }
}
