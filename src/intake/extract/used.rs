//! The model that a paper trains or builds on, by what stands around its name: `we fine-tune X`, `X as our backbone`, `the base model is X`.

use super::{Findings, Place, names};
use crate::intake::{FieldKey, Scope, Value, Variant};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

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
    const BASE: &str = r"(?:backbones?|base|(?:object )?detectors?|segment(?:er|ation model)|default|(?:text |image |visual |audio |feature )?encoders?|feature extractors?|student|teacher|retriever|generator|policy|classifier|starting point|initial policy|initiali[sz]ation)";
    static TRAINS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:[Ww]e|and|to|then|are|is|was|were|by|experiments|[Oo]ur (?:model|method|system|approach)) (?:also |mainly |further |jointly |only |first |then |LoRA[- ])?(?:(?:fine-?\s?tun|(?:pre-?|re-?)?train)(?:e|ed|ing|s)?|initiali[sz]ed? (?:from|with)|start(?:ed|s|ing)? (?:from|with)|based on|built (?:up)?on|build (?:up)?on|adapt(?:s|ed)?)\s",
            r"|\b(?:[Qq]uanti[sz]ation|LoRA|[Aa]dapters?)(?: \([^)]*\))? (?:on|of|to|for)\s|(?:^|[:,] |\b(?:[Ww]e use|[Ww]ith|[Uu]sing|of|on|[Tt]hree|[Tt]wo|[Ss]everal|[Tt]he|[Aa]n?) )[Ff]rozen\s|\b(?:[Ff]ine-?tuning (?:of|to)|(?:[Pp]re-?)?[Tt]raining of)\s"
        ))
    });
    static TAKES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b(?:(?:[Ww]e|and) (?:also |mainly |further |primarily |then )?(?:use|used|adopt|adopted|employ|employed|utili[sz]e|utili[sz]ed|choose|chose|select|selected|leverage|consider|follow|evaluate|experiment with|(?:construct|implement|build|develop)(?:ed)?|built)|\b(?:open|closed)-(?:weight|source|weights)(?: models?(?: such as| like|:)?)?|[Uu]sing|(?:experiments|methods|models|runs|variants|systems|agents|approaches) (?:all )?(?:use|adopt|share)|(?:is|are) (?:loosely )?(?:based on|inspired by))\s",
        )
    });
    static IS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"\b(?:{BASE}(?: (?:network|model|architecture|encoder|LLM)s?)?|(?:ASR|language|underlying|main) model)(?: (?:of|for|in) (?:our|the|all) [\w-]+(?: [\w-]+)?)?(?: (?:before|after|during|for|in) [^,;.]{{1,60}},?)?(?: (?:that |which )?we (?:use|used|adopt|adopted|employ|employed|choose|chose|train|trained)(?: in [^,;.]{{1,50}}?)?)?(?: (?:is|are|was|were|to be)|:) |\b(?:adopt|use|follow|employ|take)(?:s|ed)? the (?:[\w-]+ )?architecture of (?:the |an? )?|\b[Oo]ur (?:{BASE}|main) (?:network|model|architecture|encoder|LLM), |\b(?:[Tt]he|[Oo]ur) (?:main |model |network |overall )?(?:architecture|classifier|detector) is (?:loosely )?(?:based on |inspired by |built on )?|\b(?:network|model|architecture|classifier|method)s?\b[^.;]{{0,80}}, (?:namely|i\.e\.,) "
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
    let mut found: Vec<Used> = passive(text, BASE).into_iter().collect();
    // `FooNet5 was trained`: in the past, by the paper itself.
    if let Some((name, at)) = super::topic::trained_subject(text).and_then(|name| text.find(&name).map(|at| (name, at)))
        && text[at + name.len()..].contains(" trained")
    {
        found.push(Used { at: at..at + name.len(), weight: 5.0, sure: true });
    }
    // `Model: Foo-7B`, an item of a list.
    static ITEM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[•*-] )?(?:(?:[Bb]ase|[Pp]re-?trained|[Bb]ackbone|[Ff]oundation|[Ss]tudent|[Tt]eacher) )?(?:[Mm]odel|[Bb]ackbone|LLM|[Ee]ncoder|[Aa]rchitecture) ?: ",
        )
    });
    if let Some(label) = ITEM.find(text) {
        let end = text[label.end()..].find([';', ',']).map_or(text.len(), |end| label.end() + end);
        found.push(Used { at: label.end()..end, weight: 5.0, sure: true });
    }
    // `Foo-large is fine-tuned on`: a name with a size, whoever made it.
    static TUNED: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^(?: \([^()]*\)| \[[^\[\]]*\])* (?:is|was|are|were) (?:\w+ )?fine-?tuned\b"));
    let is_tuned = |after: &str| TUNED.is_match(after);
    if text.contains(" fine")
        && let Some((_, at)) = models_named(text).into_iter().next().filter(|(_, at)| at.start == 0 && is_tuned(&text[at.end..]))
    {
        found.push(Used { at, weight: 5.0, sure: true });
    }
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

/// `{Foo-18 and Bar-2} are used as students`: what a clause begins with, where it says what for.
fn passive(text: &str, base: &str) -> Option<Used> {
    static VERB: OnceLock<regex::Regex> = OnceLock::new();
    let verb = VERB.get_or_init(|| {
        crate::intake::regex(&format!(
            r"\b(?:is|are|was|were) (?:\w+ )?(?:used|adopted|employed|chosen|taken|selected|utili[sz]ed) as (?:the |our |an? )?(?:[\w-]+ ){{0,2}}?(?:{base}|students|teachers|retrievers|generators|classifiers)\b"
        ))
    });
    let verb = verb.find(text).filter(|_| text.contains(" as "))?;
    let before = &text[..verb.start()];
    let starts = ["; ", ". ", ", while ", ", whereas ", ", and the ", ": "].iter();
    let start = starts.filter_map(|mark| before.rfind(mark).map(|at| at + mark.len())).max().unwrap_or_default();
    Some(Used { at: start..verb.start(), weight: 6.0, sure: true })
}

/// How long the object of a verb is, up to what it is done with or to, and how long what follows in the same clause.
fn object(text: &str) -> (usize, usize) {
    static END: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"[;:]|\. |, (?:which|where|while|but|because|so)\b| (?:with|as|by|instead|rather|than|compared|for|on|in|to|because|which|where|while|using|via|that|similar|from|following) |\.$|$",
        )
    });
    static CLAUSE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"[;]|\. |, (?:which|where|while|but)\b|$"));
    // `We train {on Foo}`: what it is done with or on is no object.
    if ["on ", "for ", "in ", "at ", "over ", "until "].iter().any(|word| text.starts_with(word)) {
        return (0, 0);
    }
    let near = &text[..text.floor_char_boundary(160.min(text.len()))];
    let object = END.find(near).map_or(near.len(), |end| end.start());
    let rest = CLAUSE.find(&near[object..]).map_or(0, |end| end.start().min(90));
    (object, near.floor_char_boundary(object + rest) - object)
}

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
fn in_one_word(name: &regex::Match<'_>) -> Vec<(String, Range<usize>)> {
    static SIZES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"^(?P<s>.*?[A-Za-z\d][- ])(?P<a>\d+(?:\.\d+)?[BM])(?P<more>(?:/\d+(?:\.\d+)?[BM])+)$")
    });
    let Some(found) = SIZES.captures(name.as_str()) else { return vec![(name.as_str().to_string(), name.range())] };
    let sizes = std::iter::once(&found["a"]).chain(found["more"].split('/').filter(|size| !size.is_empty()));
    sizes.map(|size| (format!("{}{size}", &found["s"]), name.range())).collect()
}

/// `Foo-2 7B {and 13B}`: each further size is of the same name.
fn further_sizes(text: &str, name: &regex::Match<'_>) -> Vec<(String, Range<usize>)> {
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
        LazyLock::new(|| crate::intake::regex(r"(?:(?P<whole>Net|NET)|[A-Z]{3})-?(?P<n>\d{2,3})(?:-\d{1,2})?(?:-[a-z]+)?$"));
    let found = DEPTH.captures(name)?;
    let family = super::about::family_named(name)?;
    // Letters are short for what may have any number.
    let is_deep = matches!(family, Family::Resnet | Family::WideResnet | Family::Densenet | Family::Vgg);
    if found.name("whole").is_none() && !is_deep {
        return None;
    }
    found["n"].parse().ok()
}

/// Whether a name is that of a model for sure: its family is known, or it tells parameters.
fn is_model(name: &str) -> bool {
    super::about::family_named(name).is_some() || super::about::kind_named(name) || parameters(name).is_some()
}

/// `Foo-base`: a name that tells a size in words.
fn sized_in_words(name: &str) -> bool {
    let last = name.rsplit(['-', ' ']).next().unwrap_or_default().to_lowercase();
    last.len() < name.len() && ["base", "large", "small", "tiny", "medium", "mini", "xl"].contains(&last.as_str())
}

/// `the pre-trained {Foo-18}`: what comes with weights of its own.
fn comes_before(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with("pre-trained") || before.ends_with("pretrained")
}

/// The models that a sentence says to be used, each as a size of which only the name is known.
pub(super) fn named(at: &Place<'_>, found: &mut Vec<NamedModel>) {
    if at.caption || at.of_others {
        return;
    }
    // What bears the name of what the paper proposes, and a size.
    for (name, words) in models_named(at.text()) {
        let is_own = at.own.iter().any(|own| own.len() > 2 && name.to_lowercase().starts_with(own.as_str()));
        let is_sized = parameters(&name).is_some() || depth(&name).is_some();
        if let Some(quote) = at.sentence.quote(words).filter(|_| is_own && is_sized) {
            found.push(NamedModel {
                name,
                sure: true,
                weight: 0.0,
                begins: false,
                trust: 0.75,
                quote,
                section: at.sentence.section,
            });
        }
    }
    // In a list of models each begins its own item.
    if let Some((name, words)) = begins_item(at.text())
        && let Some(quote) = at.sentence.quote(words)
    {
        found.push(NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section: at.sentence.section });
    }
    if let Some((name, words)) = pretrained(at.text())
        && let Some(quote) = at.sentence.quote(words)
    {
        let section = at.sentence.section;
        found.push(NamedModel { name, sure: false, weight: PRETRAINED, begins: true, trust: 0.7, quote, section });
    }
    for used in used_in(at.text()) {
        let begins = used.sure && used.weight >= 4.0 && takes_weights(at.text(), &used);
        let mut names = models_named(&at.text()[used.at.clone()]);
        if names.is_empty() && used.sure {
            names.extend(plainly_named(&at.text()[used.at.clone()]));
        }
        for (name, words) in names {
            let words = used.at.start + words.start..used.at.start + words.end;
            let words_at = words.start;
            if super::architecture::is_a_tool(&at.text()[..words_at]) {
                continue;
            }
            if let Some(quote) = at.sentence.quote(words).filter(|_| {
                is_model(&name)
                    || used.weight >= 5.0
                    || used.sure && (sized_in_words(&name) || comes_before(&at.text()[used.at.start..words_at]))
            }) {
                let trust = if used.sure { 0.75 } else { 0.7 };
                let section = at.sentence.section;
                let begins = begins && comes_trained(&name);
                found.push(NamedModel { name, sure: used.sure, weight: used.weight, begins, trust, quote, section });
            }
        }
    }
}

/// `DistilBERT`: a model that comes trained, by its bare name.
fn plainly_named(text: &str) -> Option<(String, Range<usize>)> {
    static NAME: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"\b[A-Za-z]*[A-Z][A-Za-z]*[A-Z][A-Za-z]*\b"));
    let name = NAME.find_iter(text).find(|name| comes_trained(name.as_str()) && names::datasets_in(name.as_str()).is_empty())?;
    // A part of a longer name is none.
    let goes_on = text[name.end()..].starts_with(['-', '_', '/']) || text[..name.start()].ends_with(['-', '_', '/']);
    (!goes_on).then(|| (name.as_str().to_string(), name.range()))
}

/// `• Foo-7B (Ash, 2023): a model of ...`: the model that an item of a list begins with.
fn begins_item(text: &str) -> Option<(String, Range<usize>)> {
    let item = text.strip_prefix('•')?;
    let start = text.len() - item.trim_start().len();
    let (name, at) = models_named(&text[start..]).into_iter().next().filter(|(_, at)| at.start == 0)?;
    let behind = text[start + at.end..].split_once(':')?.0.trim();
    let is_cited = behind.is_empty() || behind.starts_with(['(', '[']) && behind.ends_with([')', ']']);
    (is_cited && parameters(&name).is_some()).then_some((name, start + at.start..start + at.end))
}

/// What `pretrained FooNet` is worth to be what training begins with.
const PRETRAINED: f64 = 5.5;

/// `we use the pretrained FooNet`: the model that training begins with.
fn pretrained(text: &str) -> Option<(String, Range<usize>)> {
    static NAMED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"\b(?:[Ww]e|is|are|was|were) (?:\w+ )?(?:use[sd]?|adopt(?:ed)?|employ(?:ed)?|utili[sz]ed?|leveraged?|load(?:ed)?|take|initiali[sz]ed?|start|fine-?tuned?|build|built)\b",
            r"[^.;]{0,60}?\bpre-?trained (?:(?:[a-z]+ ){0,2})(?P<n>[A-Z][\w.-]*(?:[ -](?:[Bb]ase|[Ll]arge|[Ss]mall))?)"
        ))
    });
    if !text.contains("rained ") {
        return None;
    }
    let found = NAMED.captures(text)?.name("n")?;
    let name = found.as_str().trim_end_matches(['.', '-']);
    let is_coined = name.chars().filter(|c| c.is_uppercase() || c.is_ascii_digit()).count() > 1;
    let splits = ["SentencePiece", "WordPiece", "Tokenizer", "BPE"].iter().any(|part| name.contains(part));
    (is_coined && !splits && !is_for_measuring(&text[found.start() + name.len()..]) && names::datasets_in(name).is_empty())
        .then(|| (name.to_string(), found.start()..found.start() + name.len()))
}

/// `pretrained FooNet {to compute a distance}`, `{as the reward model}`: a tool, no beginning.
fn is_for_measuring(after: &str) -> bool {
    static TOOL: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?: ?\([^()]*\)| ?\[[^\[\]]*\])?(?: [\w-]+){0,3}? (?:to (?:compute|extract|evaluate|measure|score|filter)|(?:for|as) (?:the |an? |our )?(?:evaluation|reward|judge|perceptual|metric))\b",
        )
    });
    TOOL.is_match(after)
}

/// Whether a model that is used like this is where training begins, rather than what is trained anew or only built alike.
fn takes_weights(text: &str, used: &Used) -> bool {
    static ANEW: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:from scratch|pre-?train(?:s|ing)?|architectures?)\b"));
    static TRAINS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:pre-?|re-?)?train(?:e|ed|ing|s)?(?: of)?\s$"));
    static TUNES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:fine-?\s?tun\w*|initiali[sz]\w* (?:from|with)|adapt\w*|LoRA|adapters?)\b[^.;,]{0,20}$")
    });
    let before = &text[..used.at.start];
    !ANEW.is_match(text) && !TRAINS.is_match(before) && (used.weight >= 5.0 || TUNES.is_match(before))
}

/// Whether who takes a model of this name takes its weights: a language model of a public size, or one of a family that comes trained.
fn comes_trained(name: &str) -> bool {
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

/// Where a paper says nothing else of how its weights begin, they are those of the model that it builds on.
pub(super) fn init(models: &[NamedModel], found: &mut Findings<'_>) {
    if found.fields.iter().any(|field| field.key == FieldKey::Init) {
        return;
    }
    let best = models.iter().filter(|model| model.begins).rev().max_by(|a, b| a.weight.total_cmp(&b.weight));
    if let Some(model) = best {
        let value = Value::Text { text: model.name.clone() };
        found.add(FieldKey::Init, value, None, Scope::default(), 0.7, model.quote.clone(), model.section);
    }
}

/// Models that heads of columns name: `Teacher | FooNet-34 | BarNet-18`, each cell of one or of the two that were trained together.
fn in_heads(found: &Findings<'_>) -> Vec<NamedModel> {
    static MODELS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)\b(?:teachers?|students?|models?|backbones?|networks?|architectures?|encoders?|arch\.?)\b")
    });
    let mut models: Vec<NamedModel> = Vec::new();
    for table in &found.paper.tables {
        let heads = table.rows.iter().take(3).filter(|row| super::tables::is_header(row) && row.cells.len() > 2);
        for row in heads {
            let Some((_, cells)) = row.cells.split_first().filter(|(first, _)| MODELS.is_match(&first.text)) else { continue };
            let named = |text: &str| -> Vec<String> {
                let named: Vec<String> = models_named(text).into_iter().map(|(name, _)| name).collect();
                let whole: usize = named.iter().map(|name| name.len() + 1).sum();
                if whole > text.len() { named } else { Vec::new() }
            };
            // One of them may be known to nobody else.
            let known = cells.iter().filter(|cell| named(&cell.text).iter().any(|name| is_model(name))).count();
            if known * 2 <= cells.len() || cells.iter().any(|cell| named(&cell.text).is_empty()) {
                continue;
            }
            for cell in cells {
                for name in named(&cell.text) {
                    let quote = found.paper.quote(table.page, cell.span);
                    let section = table.section;
                    models.push(NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section });
                }
            }
        }
    }
    models
}

/// A model of which a sentence tells no more than its name.
pub(super) struct NamedModel {
    name: String,
    sure: bool,
    /// What the words around it are worth, as in [`Used`].
    weight: f64,
    /// Whether training begins with its weights.
    begins: bool,
    trust: f32,
    quote: crate::intake::Quote,
    section: Option<usize>,
}

/// Models that tables of settings name as what is built on: `Base architecture | FooNet-18 (lib)`.
fn built_on(found: &Findings<'_>) -> Vec<NamedModel> {
    static BASE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:(?:base|backbone|pre-?trained|foundation|encoder) (?:architecture|model|network|LLM)|backbone|base|(?:text |image |audio |vision )?encoder|architecture|model)s?:?$",
        )
    });
    static ASIDE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" ?[(\[].*$"));
    let mut models = Vec::new();
    for table in &found.paper.tables {
        let rows = table.rows.iter().filter(|row| row.cells.len() > 1 && BASE.is_match(row.cells[0].text.trim()));
        // A head of columns stands above, a row of settings among others.
        let of_settings =
            |row: &&crate::intake::Row| row.cells.first().is_some_and(|cell| super::tables::setting(&cell.text).is_some());
        if table.rows.iter().filter(of_settings).count() < 2 {
            continue;
        }
        for cell in rows.flat_map(|row| &row.cells[1..]) {
            let name = ASIDE.replace(cell.text.trim(), "").into_owned();
            if models_named(&name).len() == 1 && name.split(' ').count() <= 3 {
                let quote = found.paper.quote(table.page, cell.span);
                models.push(NamedModel {
                    name,
                    sure: true,
                    weight: 6.0,
                    begins: false,
                    trust: 0.75,
                    quote,
                    section: table.section,
                });
            }
        }
    }
    models
}

/// Models that rows begin with, whose names tell how deep they are.
fn depths_in_rows(found: &Findings<'_>) -> Vec<NamedModel> {
    let mut models = Vec::new();
    for table in &found.paper.tables {
        for cell in table.rows.iter().filter_map(|row| row.cells.first()).filter(|cell| depth(cell.text.trim()).is_some()) {
            let (name, quote) = (cell.text.trim().to_string(), found.paper.quote(table.page, cell.span));
            models.push(NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section: table.section });
        }
    }
    models
}

/// Models of the paper's own that rows tell apart by size alone: `Foo-Small` and `Foo-Large`.
fn series(found: &Findings<'_>) -> Vec<NamedModel> {
    static SIZE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?P<stem>[A-Z][A-Za-z\d]*[A-Z\d][\w]*)[- ](?P<size>(?i:nano|tiny|small|base|medium|large|huge)|XXL|XL|XS|[TSBMLH])$",
        )
    });
    let mut all: Vec<(String, NamedModel)> = Vec::new();
    for table in &found.paper.tables {
        for cell in table.rows.iter().filter_map(|row| row.cells.first()) {
            let Some(parts) = SIZE.captures(cell.text.trim()) else { continue };
            let name = cell.text.trim().to_string();
            let known = super::about::family_named(&name).is_some() || !names::datasets_in(&name).is_empty();
            if known || all.iter().any(|(_, other)| other.name == name) {
                continue;
            }
            let quote = found.paper.quote(table.page, cell.span);
            let section = table.section;
            let model = NamedModel { name, sure: true, weight: 0.0, begins: false, trust: 0.7, quote, section };
            all.push((parts["stem"].to_string(), model));
        }
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for (stem, _) in &all {
        *counts.entry(stem.clone()).or_default() += 1;
    }
    counts.retain(|_, count| *count > 1);
    // Others' models come in sizes, too: the paper's own bear its name, or are the only ones.
    let own: Vec<&String> = found.own.iter().filter(|own| own.len() > 2 && super::about::family_named(own).is_none()).collect();
    // `Blue Oak Trees` is short for itself as `BOT`.
    let title = found.paper.title.as_ref().map_or("", |title| found.paper.passage(title)).to_lowercase();
    let initials: String = title.split([' ', '-']).filter_map(|word| word.chars().next()).collect();
    let is_own = |stem: &str| {
        let lower = stem.to_lowercase();
        let is_named = || own.iter().any(|own| lower.starts_with(own.as_str())) || initials.starts_with(&lower);
        counts.contains_key(stem) && if own.is_empty() { counts.len() == 1 } else { is_named() }
    };
    all.into_iter().filter(|(stem, _)| is_own(stem)).map(|(_, model)| model).collect()
}

/// Where a paper tells no sizes, the names of the models that it uses say them; those that it trains, if any.
pub(super) fn say(models: Vec<NamedModel>, found: &mut Findings<'_>) {
    let is_sized = |field: &crate::intake::Field| match &field.value {
        Value::Variant { variant } => variant.num_params.is_some() || variant.hidden_size.is_some(),
        _ => false,
    };
    // Depths of the paper's own tell more of it than what others' models have.
    let own = found.own.clone();
    let is_own_depth = |model: &NamedModel| {
        depth(&model.name).is_some() && own.iter().any(|own| own.len() > 2 && model.name.to_lowercase().starts_with(own.as_str()))
    };
    let (mut models, in_rows) = (models, depths_in_rows(found));
    let mut in_tables = Vec::new();
    if found.fields.iter().any(is_sized) {
        models.retain(is_own_depth);
    } else {
        in_tables = in_heads(found).into_iter().chain(series(found)).chain(built_on(found)).collect();
    }
    in_tables.extend(in_rows.into_iter().filter(is_own_depth));
    let is_told = |field: &crate::intake::Field| field.key == FieldKey::Variants && !models.iter().all(is_own_depth);
    let any_told = found.fields.iter().any(is_told);
    let any_sure = models.iter().any(|model| model.sure) || !in_tables.is_empty();
    let said = models.into_iter().filter(|model| !any_told && (model.sure || !any_sure) && model.weight != PRETRAINED);
    for model in said.chain(in_tables) {
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
            ("All methods use Foo-7B as the initial policy.", vec!["Foo-7B"]),
            ("Our base model, Foo-1B, is made larger.", vec!["Foo-1B"]),
            ("We adapt the Foo-12 protocol of others.", vec![]),
            ("All parameters of Foo-7B are counted in Table 2.", vec![]),
            ("We evaluate on Foo-100 images.", vec![]),
            ("We train on the official Foo-2026 of the Foo-2026-Strict.", vec![]),
            ("We train Foo-7B on words.", vec!["Foo-7B"]),
            ("We use a ratio of 15% following Foo-7B and more.", vec![]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
        let weight = |text: &str| used_in(text).first().map(|used| used.weight);
        assert!(used_in("We adopt the architecture of FooNet as in others.").iter().any(|used| used.weight > 4.0));
        assert!(weight("We use FooNet as the base encoder.") > weight("We use FooNet once."));
    }

    #[test]
    fn what_training_begins_with() {
        let named = |text: &str| pretrained(text).map(|(name, _)| name);
        assert_eq!(named("We use the vanilla pretrained PlumBERT (Ash et al., 2020) here."), Some("PlumBERT".into()));
        assert_eq!(named("We adopt a pre-trained language model FooNet2."), Some("FooNet2".into()));
        assert_eq!(named("Pretrained PlumBERT was better in earlier work."), None);
        assert_eq!(named("We use weights pretrained on ImageNet."), None);
        let item = |text: &str| begins_item(text).map(|(name, _)| name);
        assert_eq!(item("• Foo-7B (Ash et al., 2023): a model of its time."), Some("Foo-7B".into()));
        assert_eq!(item("• Foo-7B is better: it learns."), None);
        assert!(comes_trained("Foo-7B") && comes_trained("BERT-base") && !comes_trained("ResNet-50"));
    }

    #[test]
    fn depths_in_names() {
        assert_eq!((depth("ResNet-50"), depth("WideResNet-28-10"), depth("DenseNet121")), (Some(50), Some(28), Some(121)));
        assert_eq!((depth("WRN-28-10"), depth("WRN-40-2-slim"), depth("VGG16")), (Some(28), Some(40), Some(16)));
        // Of a version, and of what is no network.
        assert_eq!((depth("MobileNet-2"), depth("FOO-50")), (None, None));
    }

    #[test]
    fn what_a_name_tells() {
        assert_eq!((kind_of("Foo2.5-7B-Chat"), parameters("Foo2.5-7B-Chat")), ("foo".into(), Some(7e9)));
        assert_eq!((kind_of("FooNetv3"), parameters("FooNet-18")), ("FooNetv3".into(), None));
    }
}
