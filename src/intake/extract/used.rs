//! The model that a paper trains or builds on, by what stands around its name: `we fine-tune X`, `X as our backbone`, `the base model is X`.

mod in_tables;

use super::models::{comes_trained, depth, is_model, models_named, parameters, sized_in_words};
use super::{Findings, Place, names};
use crate::intake::{FieldKey, Scope, Value, Variant};
use in_tables::{built_on, depths_in_rows, in_heads, series};
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
}
