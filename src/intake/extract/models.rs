//! Names of models: what one looks like, and what it tells of size, depth and kind.

use super::names;
use std::ops::Range;
use std::sync::LazyLock;

/// Names of models: with a size, a depth or a version (`Foo2.5-7B-Chat`, `FooNet-18`, `Foo-B/32`, `Foo-base`), but no data set.
pub(super) fn models_named(text: &str) -> Vec<(String, Range<usize>)> {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:[A-Z]{2,4}-)?(?:[a-z]{0,2}[A-Z](?:[A-Za-z]+\d*|\dD|\d)|wav2vec2?)(?:\.\d+)?(?:x\d{1,2}|[a-z]\b)?",
            r"(?:[-/ ]?(?:v?\d+(?:\.\d+)?[BMbm]?|[A-Z]\d*|[Bb]ase|[Ll]arge|[Ss]mall|[Tt]iny|BASE|LARGE|XL|Instruct|Chat|V\d+)",
            r"|-(?:it|VL|vl|[Ii]nstruct|[Cc]hat|[Dd]istil(?:led)?|[Mm]edium|[Mm]ini|[Nn]ano|[Mm]icro|[Hh]uge|[Gg]iant|[Tt]urbo|(?:un)?cased|multilingual|mono|xlsr|ASR|Coder|Math|hf))*\b"
        ))
    });
    static SIZED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\d(?:\.\d+)?[BMbm]\b|[A-Za-z]-?\d|-[A-Z]/\d|[- ](?:[Bb]ase|[Ll]arge|[Ss]mall|[Tt]iny|[Mm]edium|[Mm]ini|[Nn]ano|[Hh]uge|BASE|LARGE|XL)\b|-[TSBMLH]$",
        )
    });
    // `owner/foo-large-b10`: a name that nobody writes with capitals.
    static ID: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:[A-Za-z][\w-]*/)?(?P<n>[a-z][a-z\d.]*(?:-[\w.]+)*-(?:\d+(?:\.\d+)?[bm]|base|large|small|tiny|medium)(?:-[\w.]*\w)*)\b",
        )
    });
    static DATA: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ (?:\w+ )?(?:data\s?sets?|corpus|corpora|benchmarks?|data|tokeni[sz]ers?|embeddings?|GPUs?|images?|loss|optimi[sz]ers?|protocols?|procedures?|implementation|code(?:base)?|settings?|pipeline|toolkit|library|framework|recipe)\b",
        )
    });
    let named = NAME.find_iter(text).filter(|name| {
        SIZED.is_match(name.as_str())
            && !super::standing::begins_with_machine(name.as_str())
            && (name.as_str().chars().filter(|c| c.is_alphabetic()).count() >= 3 || name.as_str().contains("D-"))
            && names::datasets_in(name.as_str()).is_empty()
            && !DATA.is_match(&text[name.end()..])
    });
    // The end of an address is no name.
    let is_in_address = |at: usize| {
        text[..at].rsplit(char::is_whitespace).next().is_some_and(|word| word.contains("://") || word.contains(".co"))
    };
    let ids = ID
        .captures_iter(text)
        .filter_map(|found| found.name("n"))
        // Nor is what a longer name ends with.
        .filter(|name| !is_in_address(name.start()) && !text[..name.start()].ends_with('-'))
        .map(|name| (name.as_str().to_string(), name.range()));
    let ids: Vec<_> = if text.contains(['/', '-']) { ids.collect() } else { Vec::new() };
    // What stands before the stroke is who keeps it.
    let is_apart = |at: &Range<usize>| ids.iter().all(|(_, id)| at.end < id.start.saturating_sub(1) || id.end <= at.start);
    let all = named.flat_map(|name| in_one_word(&name).into_iter().chain(further_sizes(text, &name)));
    let mut all: Vec<_> = all.filter(|(_, at)| is_apart(at)).chain(ids.iter().cloned()).collect();
    all.sort_by_key(|(_, at)| at.start);
    all
}

/// `Foo-3B/7B` are two; any other name is one.
pub(super) fn in_one_word(name: &regex::Match<'_>) -> Vec<(String, Range<usize>)> {
    static SIZES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?P<s>.*?[A-Za-z\d][- ])(?P<a>\d+(?:\.\d+)?[BM])(?P<more>(?:/\d+(?:\.\d+)?[BM])+)$")
    });
    let Some(found) = SIZES.captures(name.as_str()) else { return vec![(name.as_str().to_string(), name.range())] };
    let sizes = std::iter::once(&found["a"]).chain(found["more"].split('/').filter(|size| !size.is_empty()));
    sizes.map(|size| (format!("{}{size}", &found["s"]), name.range())).collect()
}

/// `Foo-2 7B {and 13B}`: each further size is of the same name.
pub(super) fn further_sizes(text: &str, name: &regex::Match<'_>) -> Vec<(String, Range<usize>)> {
    static STEM: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(?P<s>.*[\w.][- ])\d+(?:\.\d+)?[BM]$"));
    static NEXT: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?:, and |,? and |, | & )(?P<n>\d+(?:\.\d+)?[BM])\b"));
    let Some(stem) = STEM.captures(name.as_str()).map(|found| found["s"].to_string()) else { return Vec::new() };
    let (mut end, mut all) = (name.end(), Vec::new());
    while let Some(size) = NEXT.captures(&text[end..]).and_then(|found| found.name("n")) {
        let at = end + size.start()..end + size.end();
        end = at.end;
        // (Tokens and words are counted so, too.)
        if ["tokens", "words", "examples", "pairs"].iter().any(|counted| text[end..].trim_start().starts_with(counted)) {
            break;
        }
        all.push((format!("{stem}{}", size.as_str()), at));
    }
    all
}

/// What a model of a public name with a size is one of: `Foo2.5-7B-Chat` of `foo`; another name is its own.
pub(super) fn kind_of(name: &str) -> String {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"[- ]\d+(?:\.\d+)?[BMbm]\b"));
    // `Foo2.5-Instruct`: a version and what it was tuned for.
    static VERSION: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^[A-Za-z]+-?\d(?:\.\d)?(?:-(?:[Ii]nstruct|[Cc]hat|it|VL|vl|[Mm]ini|[Mm]edium|[Ss]mall))+$|^[A-Za-z]{3,}v\d+[a-z]$",
        )
    });
    if !SIZE.is_match(name) && !VERSION.is_match(name) {
        return name.to_string();
    }
    name.chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase()
}

/// The parameters that a name tells: `Foo-7B`, `Foo-350M`.
pub(super) fn parameters(name: &str) -> Option<f64> {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"[A-Za-z\d][- ](\d+(?:\.\d+)?)([BMbm])\b"));
    let found = SIZE.captures(name)?;
    let count: f64 = found[1].parse().ok()?;
    Some(count * if found[2].eq_ignore_ascii_case("b") { 1e9 } else { 1e6 })
}

/// The depth that a convolutional network's name tells: `FooNet-50`, `FooNet-28-10`, `FOO-28-10`.
pub(super) fn depth(name: &str) -> Option<u32> {
    use crate::intake::Family;
    static DEPTH: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?:Net|NET|[A-Z]{3})-?(?P<n>\d{2,3})(?:-\d{1,2})?(?:-[a-z]+)?$"));
    let found = DEPTH.captures(name)?;
    // In other names it is a width or the size of the pictures.
    let family = super::about::family_named(name)?;
    let is_deep = matches!(family, Family::Resnet | Family::WideResnet | Family::Densenet | Family::Vgg);
    is_deep.then(|| found["n"].parse().ok()).flatten()
}

/// Whether a name is that of a model for sure: its family is known, or it tells parameters.
pub(super) fn is_model(name: &str) -> bool {
    super::about::family_named(name).is_some() || super::about::kind_named(name) || parameters(name).is_some()
}

/// `Foo-base`: a name that tells a size in words.
pub(super) fn sized_in_words(name: &str) -> bool {
    let last = name.rsplit(['-', ' ']).next().unwrap_or_default().to_lowercase();
    last.len() < name.len() && ["base", "large", "small", "tiny", "medium", "mini", "xl"].contains(&last.as_str())
}

/// Whether who takes a model of this name takes its weights: a language model of a public size, or one of a family that comes trained.
pub(super) fn comes_trained(name: &str) -> bool {
    use crate::intake::Family;
    parameters(name).is_some()
        || matches!(
            super::about::family_named(name),
            Some(
                Family::Bert
                    | Family::Roberta
                    | Family::Distilbert
                    | Family::Deberta
                    | Family::Albert
                    | Family::Electra
                    | Family::Gpt2
                    | Family::Bart
                    | Family::Llama
                    | Family::T5
                    | Family::Clip
                    | Family::Whisper
                    | Family::Xlnet
                    | Family::Wav2vec2
            )
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_in_names() {
        assert_eq!((depth("ResNet-50"), depth("WideResNet-28-10"), depth("DenseNet121")), (Some(50), Some(28), Some(121)));
        assert_eq!((depth("WRN-28-10"), depth("WRN-40-2-slim"), depth("VGG16")), (Some(28), Some(40), Some(16)));
        // Of a version, and of what is no network.
        assert_eq!((depth("MobileNet-2"), depth("FOO-50")), (None, None));
        // Of what a name tells the size of pictures, or a width.
        assert_eq!((depth("MobileNet-192"), depth("U-Net-32"), depth("XLNet-256")), (None, None, None));
    }

    #[test]
    fn what_a_name_tells() {
        assert_eq!((kind_of("Foo2.5-7B-Chat"), parameters("Foo2.5-7B-Chat")), ("foo".into(), Some(7e9)));
        assert_eq!((kind_of("FooNetv3"), parameters("FooNet-18")), ("FooNetv3".into(), None));
    }
}
