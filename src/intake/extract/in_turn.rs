//! What each of several values of one setting is for: `300 and 40 epochs on A and B, respectively`.

use super::{numbers, scope, topic};
use crate::intake::Scope;
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
        crate::intake::regex(
            r"(?:^|[,;(] ?|\s)(?:[Oo]n|[Ff]or|[Ii]n)\s(?:the\s)?(?P<names>[^.;:()]{3,100}?)(?:,?\swe\b|,?\sthe\b|,|\suse)",
        )
    });
    // `learning rates of 0.1 and 0.2 and batch sizes of 8 and 16, respectively`: the word stands behind the last list.
    static LATER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[^.;:]|\.\d){0,200}?(?:\s(?:for|on)\s(?:the\s)?(?P<names>(?:[^.;:\d]|[\w-]\d){3,120}?))?,?\srespectively\b",
        )
    });
    // `The teacher and the student are trained with ...`.
    static SUBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?P<names>[^.;:()]{3,80}?)\s(?:is|are|was|were|have|use|used)\s(?:then\s|both\s|each\s)?(?:trained|optimi[sz]ed|updated|(?:fine-?)?tuned|learned|fitted|set|given|learning|an?|the)\b",
        )
    });
    // `We train the teacher and the student with ...`.
    static OBJECT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:[Tt]rain|[Tt]une|[Oo]ptimi[sz]e|[Uu]pdate|[Ll]earn)(?:d|ed|s|ing)?\s(?P<names>[^.;:()]{3,80}?)\s(?:with|using|for|by)\b",
        )
    });
    let rest = text.get(value.end..)?;
    let behind = BEHIND.captures(rest).or_else(|| LATER.captures(rest))?;
    if let Some(names) = behind.name("names")
        && let Some(scopes) = each(names.as_str(), count)
    {
        return Some(scopes);
    }
    let before = text.get(..whole.start)?;
    if let Some(roles) = (count == 2).then(|| roles(text.get(..value.start)?)).flatten() {
        return Some(roles);
    }
    // The names may have commas between them: the longest that comes out even.
    let whole_list = before.find(" we ").and_then(|end| before.get(..end));
    let opening = whole_list.and_then(|list| {
        let list = list.trim_end_matches(',');
        let start = ["On ", "For ", "In "].iter().find_map(|word| list.starts_with(word).then_some(word.len()))?;
        each(list.get(start..)?, count)
    });
    let subject = || SUBJECT.captures(before).and_then(|found| each(&found["names"], count));
    // (`for 10 and 20 steps`: the word before the values may be theirs.)
    let object = || OBJECT.captures(text.get(..value.start)?).and_then(|found| each(&found["names"], count));
    let listed = || BEFORE.captures_iter(before).filter_map(|found| each(&found["names"], count)).last();
    opening.or_else(listed).or_else(subject).or_else(object)
}

/// Whether values end here that go in turn: ` tokens, respectively`.
pub(super) fn is_behind(rest: &str) -> bool {
    rest.find("respectively").is_some_and(|at| at < 24 && !rest[..at].contains(['.', ';']))
}

/// `The leaf size and root size are set to`: what tells the two settings of one name apart.
fn roles(before: &str) -> Option<Vec<Scope>> {
    static ROLES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?P<a>[a-z-]{3,})(?: (?P<n>learning rate|batch size|length|size|dropout|window|weight decay)s?)?(?:,? and|/) ?(?:the |our )?(?:maximum |max |initial )?",
            r"(?P<b>[a-z-]{3,}) (?P<m>learning rate|batch size|length|size|dropout|window|weight decay)s?\b[^.;\d]{0,40}$"
        ))
    });
    let found = ROLES.captures(before)?;
    let is_one = found.name("n").is_none_or(|name| name.as_str().eq_ignore_ascii_case(&found["m"]));
    let of = |role: &str| Scope { topic: Some(found[role].to_string()), ..Scope::default() };
    let is_setting = |role: &str| super::tables::setting(&found[role]).is_some();
    (is_one && !is_setting("a") && !is_setting("b")).then(|| vec![of("a"), of("b")])
}

/// The scopes of a list of names, if there are so many.
fn each(names: &str, count: usize) -> Option<Vec<Scope>> {
    static PARTS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r",\s(?:and\s|or\s)?|\sand\s|\sor\s|/"));
    let names = PARTS.split(names).map(|name| name.trim().trim_start_matches("The ").trim_start_matches("Both "));
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    let of = |name: &&str| {
        let said = Some(scope::of_text(name)).filter(|scope| !scope.is_empty());
        said.or_else(|| named(name)).or_else(|| thing(name))
    };
    let scopes: Vec<Scope> = names.iter().filter_map(of).collect();
    (names.len() == count && scopes.len() == count).then_some(scopes)
}

/// `384 for WikiSQL, 768 for MNLI, and 2048 for SAMSum`: the numbers after `end`, and what each is for; the first is the one that ends
/// there. Empty unless there are at least two.
pub(super) fn one_each(text: &str, end: usize) -> Vec<(Range<usize>, Scope)> {
    static FOR: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:(?:\s(?:performed|performs|worked|works|proved|proves|was|were|is|are|did|does|used|chosen|better|best|well|more|most|suitable|optimal|good|effective|to\sbe))+|\s(?:training\s)?\p{L}+)?\s(?:(?:for|on|if|when)\s(?P<x>(?:the\s)?(?:[^,;.()]|\.\d){2,40}?)|(?:in|during)\s(?P<y>(?:the\s)?[^,;.()]{2,30}?\s(?:stage|phase|step|part|half|round|model|network|variant|setting|case|experiment)s?))(?:\s?\([^()]*\))?(?P<end>,\sand\s|,\sor\s|,?\swhereas\s|,?\swhile\s|,\sbut\s|,\s|\sand\s|\sor\s|\sto\s|\s(?:during|using|which|that|when)\s|[;)]|\.(?:\s|$)|$)",
        )
    });
    // The same where several names stand before the next number: `13 for A and B, and 65 for C`.
    static NEXT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"^(?:\s(?:training\s)?\p{{L}}+)?\s(?:for|on)\s(?P<x>(?:the\s)?[A-Z](?:[^\s,;.()]|\.\d)*(?:(?:,?\sand\s|,\s|\s)[\p{{L}}\d](?:[^\s,;.()]|\.\d)*){{0,6}}?)(?P<end>,?\sand\s|,\s){}",
            numbers::NUMBER
        ))
    });
    static NUMBER: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(&format!("^{}", numbers::NUMBER)));
    let mut all = Vec::new();
    let mut number = end..end;
    let next = |rest: &str| {
        FOR.captures(rest).and_then(|first| {
            let joins = first.name("end").is_some_and(|end| [", ", " and ", ", and ", " or ", ", or "].contains(&end.as_str()));
            let ends = first.get(0).is_some_and(|whole| NUMBER.is_match(&rest[whole.end()..]));
            let several =
                || NEXT.captures(rest).map(|several| (several["x"].to_string(), several.name("end").map_or(0, |end| end.end())));
            let one = || Some((first.name("x").or_else(|| first.name("y"))?.as_str().to_string(), first.get(0)?.end()));
            if joins && !ends { several().or_else(one) } else { one() }
        })
    };
    while let Some((x, length)) = next(&text[number.end..]) {
        let of = Some(scope::of_text(&x)).filter(|scope| !scope.is_empty());
        // `full fine-tuning` is more than the phase.
        let is_phase = |scope: &Scope| scope.datasets.is_empty() && scope.variant.is_none();
        let of = of.map(|scope| if is_phase(&scope) { scope::with_topic(scope, topic::telling(&x)) } else { scope });
        let Some(of) = of.or_else(|| named(&x)).or_else(|| rest(&x).filter(|_| !all.is_empty())).or_else(|| thing(&x)) else {
            break;
        };
        all.push((number.clone(), of));
        let next = number.end + length;
        let Some(found) = NUMBER.find(&text[next..]) else { break };
        number = next..next + found.end();
    }
    if all.len() < 2 { Vec::new() } else { all }
}

/// A name or a size that a value is for: `Small`, `the 7B models`, `En–De`.
pub(super) fn named(text: &str) -> Option<Scope> {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:(?:the|our) )?(?P<n>[A-Z][\w+./–-]*(?: [A-Z0-9][\w+./–-]*){0,2}|\d+(?:\.\d+)?[BM](?:(?:,| and|, and) \d+(?:\.\d+)?[BM])*)(?:[ -]parameters?)?(?: [A-Z][\w-]*(?: \d[\w.-]*)?)?(?: models?| variants?| [a-z]+)?$|^(?:the |our )?(?P<m>(?:models? )?up to \d+(?:\.\d+)?[BM]|(?:tiny|small|base|medium|large|huge))(?: models?| variants?| [a-z]+)?$",
        )
    });
    let name = NAME.captures(text.trim())?;
    let name = name.name("n").or_else(|| name.name("m"))?.as_str();
    Some(Scope { variant: Some(name.to_string()), ..Scope::default() })
}

/// `the rest`, behind what other values are for.
pub(super) fn rest(text: &str) -> Option<Scope> {
    static REST: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:all |the |all the |all of the )?(?:rest|others?|remaining(?: \w+)?|other (?:models?|sizes|variants|tasks|data ?sets|ones|methods|approaches|baselines|settings))$|^most (?:(?:of the )?(?:models|variants|tasks|data ?sets|methods|approaches|baselines))$",
        )
    });
    REST.is_match(text.trim()).then(|| Scope { topic: Some(text.trim().to_string()), ..Scope::default() })
}

/// Anything else that a value is for, in a few plain words: `the encoder`, `binary classification`, `other datasets`.
pub(super) fn thing(text: &str) -> Option<Scope> {
    static THING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?:(?:the|our|all|each|every|both|an?) )*(?P<t>\p{L}[\w/+-]*(?: [\w/+-]+){0,8})$")
    });
    // `for a while`, `for training`, `on average` say nothing.
    static NOTHING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:first|last|next|remaining|rest)\b.*|while|time|training|all|each|both|others?|experiments?|models?|average|total|us|it|them|this|these|that|which|(?:all )?(?:our )?(?:experiments|models|runs|tasks|datasets?|settings))$",
        )
    });
    let thing = THING.captures(text.trim())?.name("t")?.as_str();
    (!NOTHING.is_match(thing)).then(|| Scope { topic: Some(thing.to_string()), ..Scope::default() })
}

#[cfg(test)]
mod tests {
    use super::super::said_tests::in_markdown;
    use crate::intake::FieldKey;

    fn said(sentence: &str, key: FieldKey) -> Vec<String> {
        in_markdown(&format!("## Training\n\n{sentence}\n"), key)
    }

    #[test]
    fn values_in_turn() {
        let epochs = said("We train for 30 and 4 epochs on MNIST and SVHN, respectively.", FieldKey::Epochs);
        assert_eq!(epochs, ["30.0 [MNIST]", "4.0 [SVHN]"]);
        let sizes = said("On MNIST and SVHN we train with batch sizes of 16 and 64, respectively.", FieldKey::BatchSize);
        assert_eq!(sizes, ["16.0 [MNIST]", "64.0 [SVHN]"]);
        let text = "On MNIST and SVHN, we train with learning rates of 0.1 and 0.3, and batch sizes of 16 and 64, respectively.";
        assert_eq!(said(text, FieldKey::Lr), ["0.1 [MNIST]", "0.3 [SVHN]"]);
        assert_eq!(said(text, FieldKey::BatchSize), ["16.0 [MNIST]", "64.0 [SVHN]"]);
        let parts = "The encoder and the decoder are trained with learning rates of 0.1 and 0.3, respectively.";
        assert_eq!(said(parts, FieldKey::Lr), ["0.1 [encoder]", "0.3 [decoder]"]);
        let roles = "The maximum source length and target length are set to 128 and 32 tokens, respectively.";
        assert_eq!(said(roles, FieldKey::MaxSeqLen), ["128.0 [source]", "32.0 [target]"]);
        let several = "The batch size is 16 for Leaf-1 and Leaf-2, and 64 for Root-3.";
        assert_eq!(said(several, FieldKey::BatchSize), ["16.0 [Leaf-1 and Leaf-2]", "64.0 [Root-3]"]);
        let other = "The batch size is 16 for Leaf-1 and Leaf-2, and we train for 64 epochs.";
        assert_eq!(said(other, FieldKey::BatchSize).len(), 1);
        let object = "We train the generator and the critic with learning rates of 0.1 and 0.3 respectively.";
        assert_eq!(said(object, FieldKey::Lr), ["0.1 [generator]", "0.3 [critic]"]);
        // As many values as names, or none is whose.
        let sizes = said("On MNIST we train with batch sizes of 16 and 64.", FieldKey::BatchSize);
        assert_eq!(sizes, ["[16.0,64.0] [MNIST]"]);
    }

    #[test]
    fn values_of_sizes_and_of_the_rest() {
        for (text, expected) in [
            ("The learning rate is 0.1 for the 70B parameter model and 0.2 for the rest.", ["0.1 [70B]", "0.2 [the rest]"]),
            (
                "We use a learning rate of 0.1 for Leaf-7B and 0.2 for all other models.",
                ["0.1 [Leaf-7B]", "0.2 [all other models]"],
            ),
            ("The learning rate is 0.1 for the 13B Leaf 2-Chat and 0.2 for the others.", ["0.1 [13B]", "0.2 [the others]"]),
        ] {
            assert_eq!(said(text, FieldKey::Lr), expected, "{text}");
        }
    }

    #[test]
    fn values_of_parts() {
        let epochs = "We train with 30 epochs for the encoder and 60 epochs for the decoder.";
        assert_eq!(said(epochs, FieldKey::Epochs), ["30.0 [encoder]", "60.0 [decoder]"]);
        let rates = "We set the local learning rate to 0.1 and the global learning rate to 1.0.";
        assert_eq!(said(rates, FieldKey::Lr), ["0.1 [local]", "1.0 [global]"]);
        let probe = "For linear probing, we train with a learning rate of 0.1, while for the decoder, the learning rate is 0.2.";
        assert_eq!(said(probe, FieldKey::Lr), ["0.1 [linear probing]", "0.2 [decoder]"]);
        let inside = "The learning rate for the root is 0.1, with a batch size of 8.";
        assert_eq!(said(inside, FieldKey::Lr), ["0.1 [root]"]);
        assert_eq!(said(inside, FieldKey::BatchSize), ["8.0 []"]);
        let phases = "We pre-train for 30 epochs and fine-tune for 4 epochs.";
        assert_eq!(said(phases, FieldKey::Epochs), ["30.0 [pre-training]", "4.0 [fine-tuning]"]);
        let clauses = "On SVHN we train with a dropout of 0.1; on MNIST we use a dropout of 0.2.";
        assert_eq!(said(clauses, FieldKey::Dropout), ["0.1 [SVHN]", "0.2 [MNIST]"]);
        let clauses = "For SVHN, we use dropout 0.1, while for MNIST, dropout is 0.2.";
        assert_eq!(said(clauses, FieldKey::Dropout), ["0.1 [SVHN]", "0.2 [MNIST]"]);
        let list = "**Leaf-S.** lr 0.1, batch size 8, 90 epochs. Dropout 0.2.\n\n**Leaf-L.** lr 0.3, batch size 4, 40 epochs.";
        assert_eq!(said(list, FieldKey::Lr), ["0.1 [Leaf-S]", "0.3 [Leaf-L]"]);
        assert_eq!(said(list, FieldKey::Dropout), ["0.2 [Leaf-S]"]);
        let others =
            "**Baselines.** We compare with BarNet, trained with a learning rate of 0.5.\n\nWe take a learning rate of 0.1.";
        assert_eq!(said(others, FieldKey::Lr), ["0.1 []"]);
        let aim = "For a fair reading, we train with a learning rate of 0.1 for example on 4 GPUs.";
        assert_eq!(said(aim, FieldKey::Lr).len(), 1);
    }
}
