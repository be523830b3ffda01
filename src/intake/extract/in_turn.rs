//! What each of several values of one setting is for: `300 and 40 epochs on A and B, respectively`, `the local learning rate is 0.1`.

use super::{scope, settings};
use crate::intake::{FieldKey, Scope};
use std::ops::Range;
use std::sync::LazyLock;

/// What `count` values are for, in their order, where the sentence says that they go `respectively`; the values stand at `value`
/// within the words `whole`.
pub(super) fn scopes(text: &str, whole: &Range<usize>, value: &Range<usize>, count: usize) -> Option<Vec<Scope>> {
    static BEHIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^[})\]]?(?:\s\p{L}+){0,2}?(?:\s(?:for|on|in|when)\s(?:the\s)?(?P<names>[^.;:]{3,120}?))?,?\srespectively\b",
        )
    });
    static BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?:^|[,;(] ?|\s)(?:[Oo]n|[Ff]or|[Ii]n)\s(?:the\s)?(?P<names>[^.;:()]{3,100}?)(?:,?\swe\b|,?\sthe\b|,|\suse)")
    });
    let behind = BEHIND.captures(text.get(value.end..)?)?;
    if let Some(names) = behind.name("names") {
        return each(names.as_str(), count);
    }
    let before = text.get(..whole.start)?;
    // The names may have commas between them: the longest that comes out even.
    let whole_list = before.find(" we ").and_then(|end| before.get(..end));
    let opening = whole_list.and_then(|list| {
        let list = list.trim_end_matches(',');
        let start = ["On ", "For ", "In "].iter().find_map(|word| list.starts_with(word).then_some(word.len()))?;
        each(list.get(start..)?, count)
    });
    opening.or_else(|| BEFORE.captures_iter(before).filter_map(|found| each(&found["names"], count)).last())
}

/// The scopes of a list of names, if there are so many.
fn each(names: &str, count: usize) -> Option<Vec<Scope>> {
    static PARTS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r",\s(?:and\s|or\s)?|\sand\s|\sor\s|/"));
    let names: Vec<&str> = PARTS.split(names).map(str::trim).filter(|name| !name.is_empty()).collect();
    let of = |name: &&str| {
        let said = Some(scope::of_text(name)).filter(|scope| !scope.is_empty());
        said.or_else(|| settings::named(name)).or_else(|| thing(name))
    };
    let scopes: Vec<Scope> = names.iter().filter_map(of).collect();
    (names.len() == count && scopes.len() == count).then_some(scopes)
}

/// Anything else that a value is for, in a few plain words: `the encoder`, `binary classification`, `other datasets`.
pub(super) fn thing(text: &str) -> Option<Scope> {
    static THING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?:(?:the|our|all|each|every|both|an?) )*(?P<t>\p{L}[\w/+-]*(?: [\w/+-]+){0,4})$")
    });
    // `for a while`, `for training`, `on average` say nothing.
    static NOTHING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:while|time|training|all|each|both|others?|experiments?|models?|average|total|us|it|them|this|these|that|which|(?:all )?(?:our )?(?:experiments|models|runs|tasks|datasets?|settings))$",
        )
    });
    let thing = THING.captures(text.trim())?.name("t")?.as_str();
    (!NOTHING.is_match(thing)).then(|| Scope { topic: Some(thing.to_string()), ..Scope::default() })
}

/// The part of a model, or of what trains, that a rate belongs to by the words before its name: `the local {learning rate}`.
pub(super) fn part(key: FieldKey, before: &str) -> Scope {
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(local|global|client|server|inner|outer|meta|encoder|decoder|generator|discriminator|actor|critic|policy|backbone|head|classifier|teacher|student|adapter|embedding)(?:'s)?[ -](?:(?:initial|base|peak|constant|maximum) )?$",
        )
    });
    let is_rate = matches!(key, FieldKey::Lr | FieldKey::Epochs | FieldKey::WeightDecay | FieldKey::Dropout);
    let topic = PART.captures(before).filter(|_| is_rate).map(|found| found[1].to_lowercase());
    Scope { topic, ..Scope::default() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn values_in_turn() {
        check(
            "We train for 30 and 4 epochs on MNIST and SVHN, respectively.",
            &["epochs 30.0 epochs [MNIST]", "epochs 4.0 epochs [SVHN]"],
        );
        check(
            "On MNIST and SVHN we train with batch sizes of 16 and 64, respectively.",
            &["batch_size 16.0 examples [MNIST]", "batch_size 64.0 examples [SVHN]"],
        );
        // As many values as names, or none is whose.
        check("On MNIST we train with batch sizes of 16 and 64.", &["batch_size [16.0,64.0] examples [MNIST]"]);
    }

    #[test]
    fn values_of_parts() {
        check(
            "We use 30 epochs for the encoder and 60 epochs for the decoder in training.",
            &["epochs 30.0 epochs [encoder]", "epochs 60.0 epochs [decoder]"],
        );
        check(
            "We set the local learning rate to 0.1 and the global learning rate to 1.0.",
            &["optimizer.lr 0.1 [local]", "optimizer.lr 1.0 [global]"],
        );
    }
}
