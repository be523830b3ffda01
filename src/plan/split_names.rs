//! What splits are for, by their names: which one is trained on, and which one is scored.

use super::types::{PARTIAL, SplitFacts};
use crate::data::SPLIT_WORDS;
use std::cmp::Reverse;

/// What a split is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Train,
    Validation,
    Test,
}

/// Further words that stand for what is kept for a test.
const HELD: [&str; 2] = ["heldout", "holdout"];

/// A split's name, taken apart: `train_prefs` is for training, and of `prefs`.
struct Name {
    /// None where no word says it.
    role: Option<Role>,
    /// The other words, numbers among them.
    of: Vec<String>,
}

impl Name {
    fn new(split: &str) -> Self {
        let mut words = words(split.strip_prefix(PARTIAL).unwrap_or(split));
        let place = words.iter().position(|word| role(word).is_some());
        let role = place.and_then(|place| role(&words.remove(place)));
        Name { role, of: words }
    }

    /// How many words two names share, and whether they are the same.
    fn likeness(&self, other: &Name) -> (usize, bool) {
        (other.of.iter().filter(|word| self.of.contains(word)).count(), self.of == other.of)
    }

    /// Whether it may be the same rows' other part: where both say what they are of, they share a word. Numbers say nothing.
    fn may_belong_to(&self, other: &Name) -> bool {
        let says = |name: &Name| name.of.iter().any(|word| word.contains(char::is_alphabetic));
        !says(self) || !says(other) || self.likeness(other).0 > 0
    }
}

/// Letters and digits by themselves, in lower case.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut last) = (Vec::<String>::new(), None);
    let name = name.to_lowercase().replace("held_out", "heldout").replace("held-out", "heldout");
    for letter in name.chars() {
        let kind = letter.is_alphanumeric().then(|| letter.is_numeric());
        match words.last_mut().filter(|_| kind.is_some() && kind == last) {
            Some(word) => word.push(letter),
            None if kind.is_some() => words.push(letter.into()),
            None => {}
        }
        last = kind;
    }
    words
}

fn role(word: &str) -> Option<Role> {
    let named = SPLIT_WORDS.iter().zip([Role::Train, Role::Validation, Role::Test]);
    let found = named.into_iter().find(|((_, words), _)| words.contains(&word)).map(|(_, role)| role);
    found.or(HELD.contains(&word).then_some(Role::Test))
}

/// The split that is trained on: `train`, else the first that is called so besides something else, else the first that is not called a
/// test, else the first.
pub(super) fn training<'a>(splits: &[&'a SplitFacts]) -> Option<&'a SplitFacts> {
    let first = |fits: &dyn Fn(&SplitFacts) -> bool| splits.iter().copied().find(|split| fits(split));
    first(&|split| split.name == "train")
        .or_else(|| first(&|split| Name::new(&split.name).role == Some(Role::Train)))
        .or_else(|| first(&|split| Name::new(&split.name).role.is_none()))
        .or_else(|| first(&|_| true))
}

/// The split that is usually scored: of those that are called a test or a validation, the one that is of the same as `train`, a test
/// before a validation. None that is called something else: it may be of another kind, or for training as well.
pub(super) fn held_out<'a>(splits: &[&'a SplitFacts], train: Option<&str>) -> Option<&'a SplitFacts> {
    let own = Name::new(train.unwrap_or_default());
    let others = splits.iter().enumerate().filter(|(_, split)| Some(split.name.as_str()) != train);
    let named = others.map(|(at, split)| (at, *split, Name::new(&split.name)));
    let tests = named.filter(|(_, _, name)| matches!(name.role, Some(Role::Validation | Role::Test)) && name.may_belong_to(&own));
    tests.max_by_key(|(at, _, name)| (own.likeness(name), name.role, Reverse(*at))).map(|(_, split, _)| split)
}

/// The split that is usually watched while `train` is trained on: of those that are called a validation or a test, besides the
/// one that is `scored`, the one that is of the same as `train`, a validation before a test. None that is for training: it may be
/// huge.
pub(super) fn watched<'a>(splits: &[&'a SplitFacts], train: &str, scored: &str) -> Option<&'a SplitFacts> {
    let own = Name::new(train);
    let others = splits.iter().enumerate().filter(|(_, split)| split.name != train && split.name != scored);
    let named = others.map(|(at, split)| (at, *split, Name::new(&split.name)));
    let kept = named.filter(|(_, _, name)| matches!(name.role, Some(Role::Validation | Role::Test)) && name.may_belong_to(&own));
    let rank = |name: &Name| (own.likeness(name), name.role == Some(Role::Validation));
    kept.max_by_key(|(at, _, name)| (rank(name), Reverse(*at))).map(|(_, split, _)| split)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &&str) -> SplitFacts {
        SplitFacts { name: name.to_string(), files: vec![], examples: 100, labelled: true, part: None, tokens: None }
    }

    #[test]
    fn splits_are_chosen_by_what_they_are_of() {
        for (names, train, held) in [
            (&["train", "validation", "test"][..], "train", Some("test")),
            (&["validation_matched", "validation_mismatched", "train"], "train", Some("validation_matched")),
            (&["test_gen", "test_prefs", "test_sft", "train_gen", "train_prefs", "train_sft"], "train_gen", Some("test_gen")),
            (&["train_prefs", "train_sft", "test_sft", "test_prefs"], "train_prefs", Some("test_prefs")),
            (&["train_prefs", "train_sft"], "train_prefs", None),
            (&["train_prefs", "test_sft"], "train_prefs", None),
            (&["train_prefs", "test"], "train_prefs", Some("test")),
            (&["train_r1", "dev_r1", "test_r1", "train_r2", "test_r2"], "train_r1", Some("test_r1")),
            (&["train.clean.100", "validation.other", "validation.clean"], "train.clean.100", Some("validation.clean")),
            (&["training2016", "test2017"], "training2016", Some("test2017")),
            (&["cats", "dogs"], "cats", None),
            (&["validation", "test"], "validation", Some("test")),
            (&["test", "rows"], "rows", Some("test")),
            (&["partial-train", "partial-train_sft"], "partial-train", None),
            (&["all", "held_out"], "all", Some("held_out")),
        ] {
            let splits: Vec<SplitFacts> = names.iter().map(of).collect();
            let splits: Vec<&SplitFacts> = splits.iter().collect();
            let found = training(&splits).map(|split| split.name.as_str());
            assert_eq!(found, Some(train), "{names:?}");
            assert_eq!(held_out(&splits, found).map(|split| split.name.as_str()), held, "{names:?}");
        }
    }

    #[test]
    fn what_is_watched_is_no_training_split() {
        for (names, train, scored, expected) in [
            (&["train", "validation", "test"][..], "train", "test", Some("validation")),
            (&["test", "train.100", "train.360", "validation"], "train.100", "test", Some("validation")),
            (&["train_sft", "test_sft", "train_gen", "test_gen"], "train_sft", "test_sft", None),
            (&["train", "extra", "test"], "train", "test", None),
            (&["train", "test", "test_other", "dev_other"], "train", "test", Some("dev_other")),
            (&["train.clean", "test.clean", "dev.other", "dev.clean"], "train.clean", "test.clean", Some("dev.clean")),
            (&["train", "dev_matched", "dev_mismatched"], "train", "dev_matched", Some("dev_mismatched")),
        ] {
            let splits: Vec<SplitFacts> = names.iter().map(of).collect();
            let splits: Vec<&SplitFacts> = splits.iter().collect();
            assert_eq!(watched(&splits, train, scored).map(|split| split.name.as_str()), expected, "{names:?}");
        }
    }
}
