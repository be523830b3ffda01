//! The model that a paper trains or builds on, by what stands around its name: `we fine-tune X`, `X as our backbone`, `the base model is X`.

use super::{Findings, Place, names};
use crate::intake::{FieldKey, Scope, Value, Variant};
use std::ops::Range;
use std::sync::LazyLock;

/// Words of a sentence that name what is trained or built on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Used {
    pub at: Range<usize>,
    /// How much they are worth beside a mere mention.
    pub weight: f64,
    /// They are of a model for sure; `we use X` may be of anything.
    pub sure: bool,
}

/// Where a sentence names the model that is used, each with what it is worth.
pub(super) fn used_in(text: &str) -> Vec<Used> {
    const BASE: &str = r"(?:backbones?|base|default|(?:text |image |visual |audio |feature )?encoders?|feature extractors?|student|teacher|retriever|generator|policy|classifier|starting point|initiali[sz]ation)";
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:[Ww]e|and|to|then|are|is|was|were|by|experiments|[Oo]ur (?:model|method|system|approach)) (?:also |mainly |further |jointly |only |first |then |LoRA[- ])?(?:(?:fine-?\s?tun|(?:pre-?|re-?)?train)(?:e|ed|ing|s)?|initiali[sz]ed? (?:from|with)|based on|built (?:up)?on|build (?:up)?on|adapt(?:s|ed)?)\s",
            r"|\b(?:[Qq]uanti[sz]ation|LoRA|[Aa]dapters?)(?: \([^)]*\))? (?:on|of|to|for)\s|\b(?:[Ff]ine-?tuning (?:of|to)|(?:[Pp]re-?)?[Tt]raining of)\s"
        ))
    });
    static TAKES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:(?:[Ww]e|and) (?:also |mainly |further |primarily |then )?(?:use|used|adopt|adopted|employ|employed|utili[sz]e|utili[sz]ed|choose|chose|select|selected|leverage|consider|follow|evaluate|experiment with)|\b(?:open|closed)-(?:weight|source|weights)(?: models?(?: such as| like|:)?)?|[Uu]sing|experiments use|(?:is|are) based on)\s",
        )
    });
    static IS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\b(?:{BASE}(?: (?:network|model|architecture|encoder|LLM)s?)?|(?:ASR|language|underlying|main) model)(?: (?:of|for|in) (?:our|the|all) [\w-]+(?: [\w-]+)?)?(?: (?:before|after|during|for|in) [^,;.]{{1,60}},?)?(?: (?:is|are|was|were|to be|we use is)|:) "
        ))
    });
    static AS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\b(?:as|for|in) (?:our|the|a|an|its)? ?(?:[\w-]+ ){{0,2}}?{BASE}\b|\bas (?:our|the) (?:[\w-]+ )?(?:model|network|architecture)\b|\bby default\b"
        ))
    });
    // `We experiment with several models, including ...`.
    static KINDS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:[Ww]e (?:\w+ ){0,2}?(?:experiment|conduct experiments|(?:pre-?)?train|fine-?tune|study|apply)|[Oo]ur experiments) [^.;]{3,160}?\b(?:models|architectures|networks|backbones|LLMs)(?:,? (?:including|such as|namely|i\.e\.,)|:) ",
        )
    });
    let mut found: Vec<Used> = Vec::new();
    let verbs = [(&*TRAINS, true, 4.0, 6.0), (&*TAKES, false, 2.0, 6.0), (&*IS, true, 5.0, 6.0), (&*KINDS, true, 2.0, 2.0)];
    for (verbs, sure, plain, strong) in verbs {
        for verb in verbs.find_iter(text) {
            let (object, rest) = object(&text[verb.end()..]);
            let at = verb.end()..verb.end() + object;
            let is_base = AS.is_match(&text[at.start..at.end + rest]);
            let weight = if is_base { strong } else { plain };
            if object > 0 && !found.iter().any(|other| other.at.end == at.end && other.weight >= weight) {
                found.push(Used { at, weight, sure: sure || is_base });
            }
        }
    }
    found
}

/// How long the object of a verb is, up to what it is done with or to, and how long what follows in the same clause.
fn object(text: &str) -> (usize, usize) {
    static END: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"[;:]|\. |, (?:which|where|while|but|because|so)\b| (?:with|as|by|instead|rather|than|compared|for|on|in|to|because|which|where|while|using|via|that|similar|from) |\.$|$",
        )
    });
    static CLAUSE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"[;]|\. |, (?:which|where|while|but)\b|$"));
    let near = &text[..text.floor_char_boundary(160.min(text.len()))];
    let object = END.find(near).map_or(near.len(), |end| end.start());
    let rest = CLAUSE.find(&near[object..]).map_or(0, |end| end.start().min(90));
    (object, near.floor_char_boundary(object + rest) - object)
}

/// Names of models: with a size, a depth or a version (`Foo2.5-7B-Chat`, `FooNet-18`, `Foo-B/32`, `Foo-base`), but no data set.
pub(super) fn models_named(text: &str) -> Vec<(String, Range<usize>)> {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b[A-Z][A-Za-z]+\d*(?:\.\d+)?(?:[-/ ]?(?:v?\d+(?:\.\d+)?[BMbm]?|[A-Z]\d*|[Bb]ase|[Ll]arge|[Ss]mall|[Tt]iny|BASE|LARGE|XL|Instruct|Chat|it|V\d+))*\b",
        )
    });
    static SIZED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\d(?:\.\d+)?[BMbm]\b|[A-Za-z]-?\d|-[A-Z]/\d|[- ](?:[Bb]ase|[Ll]arge|[Ss]mall|[Tt]iny|BASE|LARGE|XL)\b",
        )
    });
    // `Foo-3B/7B` are two.
    static TWO: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\d[BM]/"));
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ (?:\w+ )?(?:data\s?sets?|corpus|corpora|benchmarks?|data|tokeni[sz]ers?|embeddings?|GPUs?|images?|loss|optimi[sz]ers?)\b",
        )
    });
    let named = NAME.find_iter(text).filter(|name| {
        SIZED.is_match(name.as_str())
            && !TWO.is_match(name.as_str())
            && !super::standing::begins_with_machine(name.as_str())
            && name.as_str().chars().filter(|c| c.is_alphabetic()).count() >= 3
            && names::datasets_in(name.as_str()).is_empty()
            && !DATA.is_match(&text[name.end()..])
    });
    named.map(|name| (name.as_str().to_string(), name.range())).collect()
}

/// What a model of a public name with a size is one of: `Foo2.5-7B-Chat` of `foo`; another name is its own.
pub(super) fn kind_of(name: &str) -> String {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"[- ]\d+(?:\.\d+)?[BMbm]\b"));
    if !SIZE.is_match(name) {
        return name.to_string();
    }
    name.chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase()
}

/// The parameters that a name tells: `Foo-7B`, `Foo-350M`.
fn parameters(name: &str) -> Option<f64> {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"[A-Za-z\d][- ](\d+(?:\.\d+)?)([BMbm])\b"));
    let found = SIZE.captures(name)?;
    let count: f64 = found[1].parse().ok()?;
    Some(count * if found[2].eq_ignore_ascii_case("b") { 1e9 } else { 1e6 })
}

/// The depth that a convolutional network's name tells: `FooNet-50`, `FooNet-28-10`.
fn depth(name: &str) -> Option<u32> {
    static DEPTH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"Net-?(\d{2,3})(?:-\d{1,2})?$"));
    super::about::family_named(name)?;
    DEPTH.captures(name)?[1].parse().ok()
}

/// Whether a name is that of a model for sure: its family is known, or it tells parameters.
fn is_model(name: &str) -> bool {
    super::about::family_named(name).is_some() || parameters(name).is_some()
}

/// The models that a sentence says to be used, each as a size of which only the name is known.
pub(super) fn named(at: &Place<'_>, found: &mut Vec<NamedModel>) {
    if at.caption || at.of_others {
        return;
    }
    // What bears the name of what the paper proposes, and a size.
    for (name, words) in models_named(at.text()) {
        let is_own = at.own.iter().any(|own| own.len() > 2 && name.to_lowercase().starts_with(own.as_str()));
        if let Some(quote) = at.sentence.quote(words).filter(|_| is_own && parameters(&name).is_some()) {
            found.push(NamedModel { name, sure: true, trust: 0.75, quote, section: at.sentence.section });
        }
    }
    for used in used_in(at.text()) {
        for (name, words) in models_named(&at.text()[used.at.clone()]) {
            let words = used.at.start + words.start..used.at.start + words.end;
            if let Some(quote) = at.sentence.quote(words).filter(|_| is_model(&name)) {
                let trust = if used.sure { 0.75 } else { 0.65 };
                let section = at.sentence.section;
                found.push(NamedModel { name, sure: used.sure, trust, quote, section });
            }
        }
    }
}

/// A model of which a sentence tells no more than its name.
pub(super) struct NamedModel {
    name: String,
    sure: bool,
    trust: f32,
    quote: crate::intake::Quote,
    section: Option<usize>,
}

/// Where a paper tells no sizes, the names of the models that it uses say them; those that it trains, if any.
pub(super) fn say(models: Vec<NamedModel>, found: &mut Findings<'_>) {
    if found.fields.iter().any(|field| field.key == FieldKey::Variants) {
        return;
    }
    let any_sure = models.iter().any(|model| model.sure);
    for model in models.into_iter().filter(|model| model.sure || !any_sure) {
        let is_data = |field: &crate::intake::Field| match &field.value {
            Value::Dataset { dataset } => names::same_spelling(&dataset.name, &model.name),
            _ => false,
        };
        if found.is_variant(&model.name) || found.fields.iter().any(is_data) {
            continue;
        }
        let (num_params, num_layers) = (parameters(&model.name), depth(&model.name));
        let variant = Variant { num_params, num_layers, name: model.name, ..Variant::default() };
        let value = Value::Variant { variant };
        found.add(FieldKey::Variants, value, None, Scope::default(), model.trust, model.quote, model.section);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let used = used_in(text);
        used.iter().flat_map(|used| models_named(&text[used.at.clone()])).map(|(name, _)| name).collect()
    }

    #[test]
    fn what_is_used() {
        for (text, expected) in [
            ("We fine-tune Foo-7B-Instruct on our questions.", vec!["Foo-7B-Instruct"]),
            ("We adopt BarNet-18 as our backbone.", vec!["BarNet-18"]),
            ("The backbone of our system is Baz-B/32, with care.", vec!["Baz-B/32"]),
            ("We study three models, including FooNet-50 (Ash et al., 2019) and Foo-1B.", vec!["FooNet-50", "Foo-1B"]),
            ("The model was tuned on an NVIDIA L40S.", vec![]),
            ("We compare with other models, including Foo-7B.", vec![]),
            ("All parameters of Foo-7B are counted in Table 2.", vec![]),
            ("We evaluate on Foo-100 images.", vec![]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
        let weight = |text: &str| used_in(text).first().map(|used| used.weight);
        assert!(weight("We use FooNet as the base encoder.") > weight("We use FooNet once."));
    }

    #[test]
    fn depths_in_names() {
        assert_eq!((depth("ResNet-50"), depth("WideResNet-28-10"), depth("DenseNet121")), (Some(50), Some(28), Some(121)));
        // Of a version, and of what is no network.
        assert_eq!((depth("MobileNet-2"), depth("Foo-50")), (None, None));
    }

    #[test]
    fn what_a_name_tells() {
        assert_eq!((kind_of("Foo2.5-7B-Chat"), parameters("Foo2.5-7B-Chat")), ("foo".into(), Some(7e9)));
        assert_eq!((kind_of("FooNetv3"), parameters("FooNet-18")), ("FooNetv3".into(), None));
    }
}
