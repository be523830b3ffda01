//! The user's own keys, wherever they lie: in words of the command line they are left out before anything is made of these, and
//! no file that goes to the Hub may hold one.

use super::environment::{self, Environment};
use super::language_model;
use crate::data::hub::Secret;
use crate::publish::redacted;

/// All that are known, and whatever looks like one.
pub(super) struct Secrets(Vec<Secret>);

impl Secrets {
    /// The Hub's token and the keys of language models, as far as they can be read. What is wrong with the user's file of language models
    /// is told where one is asked for; their usual keys are known without it.
    pub(super) fn read(env: &Environment) -> Self {
        let keys = language_model::config(env).unwrap_or_default().keys(&environment::variable);
        Secrets(env.token.iter().cloned().chain(keys).collect())
    }

    /// Whether a text holds one that is known, whatever it looks like.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| secret.is_in(text))
    }

    /// The text without them.
    pub(super) fn left_out(&self, text: &str) -> String {
        redacted(&self.without_own(text))
    }

    /// The same, but for the signatures of addresses: without them nothing could be read there.
    pub(super) fn left_out_beside_addresses(&self, text: &str) -> String {
        let is_address = |word: &str| word.contains("http://") || word.contains("https://");
        let (mut out, mut beside) = (String::new(), String::new());
        for word in text.split_inclusive(char::is_whitespace) {
            if !is_address(word) {
                beside += word;
                continue;
            }
            out += &self.left_out(&std::mem::take(&mut beside));
            out += &self.without_own(word);
        }
        out + &self.left_out(&beside)
    }

    fn without_own(&self, text: &str) -> String {
        self.0.iter().fold(text.to_string(), |text, secret| secret.redacted(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out_and_data_can_still_be_read() {
        let secrets = Secrets(vec![Secret::new("my-own-key-42".into())]);
        let key = format!("sk-{}", "a1".repeat(20));
        let text = format!("MiniLM on https://x.org/a.csv?sig=0123456789 with my-own-key-42 and key={key}");
        assert_eq!(secrets.left_out(&text), "MiniLM on https://x.org/a.csv*** with *** and key=***");
        let parsed = "MiniLM on https://x.org/a.csv?sig=0123456789 with *** and key=***";
        assert_eq!(secrets.left_out_beside_addresses(&text), parsed);
        assert!(secrets.are_in(&text) && !secrets.are_in(&format!("MiniLM with my-own-key and {key}")));
    }
}
