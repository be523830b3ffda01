//! Models by their names: where one is named, all that belongs to its name, and which public model or family it is.

use crate::intake::regex;
use crate::intake::request::rest::{Found, Rest, taken_if};
use crate::intake::request::settings::ONE_OF_TWO;
use crate::intake::request::settings::size;
use crate::intake::request::told::asides::{DID, WHO};
use crate::intake::request::{ModelName, Refused, Request};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A model by its name, where there is none yet. Its name, if it has one.
pub(crate) fn find_model(rest: &mut Rest, request: &mut Request) -> Option<String> {
    static COMPARED: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)\b(?:compar(?:e|es|ing|isons?)|versus|vs|both|either|which (?:of|one|model))\b|¦\s*,?\s*or\s")
    });
    if request.model.is_some() {
        return None;
    }
    size::find_before(rest, request, |behind| model_at(behind, 0).is_some_and(|range| range.start == 0));
    request.is_small = is_small(rest);
    let named = std::cell::RefCell::new(None);
    let words = rest.cut_place(|text, from| {
        let (place, name) = model_with_own_name(text, from)?;
        *named.borrow_mut() = Some(text[name].to_string());
        Some(place)
    })?;
    let mut words = named.into_inner().unwrap_or(words);
    if words.to_lowercase().starts_with("vision") {
        words = "ViT".into();
    }
    // `SmolLM2 (GGUF)`, `the GGUF of SmolLM2`.
    static GGUF: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let file = r"(?:[ -](?:files?|formats?|versions?|weights|models?|checkpoints?|quants?|variants?))?";
        [
            regex(&format!(r"(?i)¦\s*\(?(?:(?:in|as|the|its|an?)\s)*gguf{file}\b\)?")),
            regex(&format!(r"(?i)\b(?:the\s|an?\s)?gguf{file}\s(?:of|for|from)\s+(?:the\s+)?¦")),
        ]
    });
    if rest.says("gguf") && !words.to_lowercase().ends_with("gguf") && GGUF.iter().any(|way| rest.cut(way).is_some()) {
        words = format!("{words}-GGUF");
    }
    // `A language model with GPT-2`: any of a kind, and which.
    if ANY_OF_TEXTS.is_match(&words)
        && !rest.has(&COMPARED)
        && let Some(name) = rest.cut_place(model_at)
    {
        words = name;
    }
    // Of several names of one family the one with a size: `(ResNet) on CIFAR-10 with ResNet-20`.
    if !rest.has(&COMPARED)
        && let Some(name) = rest.cut_place(|text, from| sized_of(&words, text, from))
    {
        words = name;
    }
    request.model = Some(of_organisation(rest, &words).unwrap_or_else(|| ModelName::called(&words)));
    // The first of two that are to be compared is not what was asked for.
    if rest.has(&COMPARED)
        && let Some(other) = rest.cut_place(model_at)
        && ModelName::called(&other) != ModelName::called(&words)
    {
        request.refused.push(Refused { words: format!("{words} and {other}"), expected: one_of(&words, &other) });
    }
    Some(words)
}

/// Where the next model of a family is named that has a size, where `family` has none. What is taken of a model alone is none:
/// `GPT-2 BPE`.
fn sized_of(family: &str, text: &str, from: usize) -> Option<Range<usize>> {
    static A_PART: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^(?:['’]s)?[\s-]*(?:bpe|tokens?|tokeni[sz]\w*|vocab\w*|style|like|features|embeddings)\b"));
    const SIZES: [&str; 6] = ["tiny", "mini", "small", "medium", "base", "large"];
    let family = family.to_lowercase();
    // Those are others than what is called so alone.
    let is_one = family.contains(|c: char| c.is_ascii_digit() || c == '-' || c == ' ');
    if is_one || family.ends_with("gpt") {
        return None;
    }
    let mut from = from;
    loop {
        let place = model_at(text, from)?;
        let name = text[place.clone()].to_lowercase();
        let more = name.strip_prefix(&family).map(|more| more.trim_start_matches(['-', '_', ' ']));
        let is_size =
            |more: &str| more.starts_with(|c: char| c.is_ascii_digit()) || SIZES.iter().any(|size| more.starts_with(size));
        let is_sized = more.is_some_and(is_size);
        if is_sized && !A_PART.is_match(&text[place.end..]) {
            return Some(place);
        }
        from = place.end;
    }
}

/// Which of two models is meant; of some it is known that nobody can have them here.
fn one_of(first: &str, second: &str) -> String {
    static CLASSICAL: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^(?:xgboost|lightgbm|catboost|random[- ]forests?|decision trees?|gradient[- ]boost.*|(?:logistic|linear|ridge|lasso|support[- ]vector) regression|svms?|support[- ]vector .*|naive bayes|k-?nn|k[- ]nearest .*|fasttext|arima|lstm|gru|rnn)$",
        )
    });
    let script = "a script of your own can be one (`tallow train --script FILE.py`)";
    let alone = |own: &str, other: &str| format!("`{own}` alone: there is no {other} here; {script}");
    match [first, second].map(|name| CLASSICAL.is_match(name)) {
        [true, false] => alone(second, first),
        [false, true] => alone(first, second),
        [true, true] => format!("a model that there is: neither of them is one here; {script}"),
        [false, false] => ONE_OF_TWO.into(),
    }
}

/// `A small ResNet`, `a ResNet small enough`: one of the family's small models. BERT's own sizes have such names, and those of others
/// with a number say what they are.
fn is_small(rest: &mut Rest) -> bool {
    if !["small", "tiny", "little", "compact", "lightweight"].iter().any(|word| rest.says(word)) {
        return false;
    }
    // Of whatever serves: `the smallest model that reaches 98 %`, `a small transformer from scratch`.
    static OF_ANY: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?:the\s)?smallest(?:\spossible|\spublic|\savailable)?|(?:a\s)?(?:very\s|really\s)?(?:small|tiny|little|compact|lightweight))\s+(?P<what>models?|networks?|nets?|neural net(?:work)?s?|transformers?|encoders?|decoders?)\b|\b(?:the\s)?smallest\s(?:thing|one)\b",
        )
    });
    static OF_SOME: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(?:\s(?:size|than|compared|of the|[-\w]+\s?file)|-)"));
    let of_any = |found: &Found<'_>| {
        let is_smallest = found.cut.words.to_lowercase().contains("smallest");
        // Beside a name with a size that says which one it is.
        let is_open = last_model(found.before).is_none() && last_model(found.behind).is_none();
        taken_if((is_smallest || is_open) && !OF_SOME.is_match(found.behind))
    };
    if rest.cut_as(&OF_ANY, of_any).is_some() {
        return true;
    }
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:small(?:est)?|tiny|little|compact|lightweight)(?:,? (?:and )?(?:simple|plain|fast|quick|cheap|but|decent|good|basic))*\s+",
        )
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bsmall\s*(?:$|[,.;:)]|(?:from|on|with|for|to|and)\b)"));
    static FAMILY: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^(?:resnet|cnn|conv[- ]?nets?|vit|vision[- ]transformers?|minilm|(?:nano)?gpt|transformers?|whisper|t5)$")
    });
    let family_at = |text: &str| {
        let place = model_at(text, 0).filter(|place| place.start == 0);
        place.is_some_and(|place| FAMILY.is_match(text.get(place).unwrap_or_default()))
    };
    if rest.cut_as(&BEFORE, |found| taken_if(family_at(found.behind))).is_some() {
        return true;
    }
    // As other languages put it, word for word.
    static SMALL: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\bsmall\b"));
    let of_name = |found: &Found<'_>| {
        let start =
            last_model(found.before).filter(|place| found.before.get(place.end..).is_some_and(|gap| gap.trim().is_empty()));
        let is_family = start.is_some_and(|place| FAMILY.is_match(found.before.get(place).unwrap_or_default()));
        taken_if(is_family && BEHIND.is_match(&format!("small{}", found.behind)))
    };
    rest.cut_as(&SMALL, of_name).is_some()
}

/// With whose it is, in brackets behind its name on the Hub: `SmolLM2-135M-Instruct-GGUF (HuggingFaceTB)`.
fn of_organisation(rest: &mut Rest, words: &str) -> Option<ModelName> {
    static WHOSE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)¦\s*(?:\((?:(?:from|by|of|org:?)\s)?(?P<org>ORGS)(?: on (?:the )?(?:hub|hugging ?face))?\)|(?:from|by)\s(?P<bare>ORGS)\b)"
                .replace("ORGS", ORGANISATIONS)
                .as_str(),
        )
    });
    // Only what is called as files of the Hub are: `BERT-base (Google)` is public under another name.
    let is_file = words.contains('-') && words.contains(|c: char| c.is_ascii_digit()) && !words.contains(' ');
    if !is_file || !matches!(ModelName::called(words), ModelName::Called { .. }) {
        return None;
    }
    let cut = rest.cut(&WHOSE)?;
    Some(ModelName::At { id: format!("{}{}/{words}", cut.get("org"), cut.get("bare")) })
}

/// Whose language models lie on the Hub under the names that people use.
const ORGANISATIONS: &str = r"huggingfacetb|huggingfaceh4|meta-llama|qwen|mistralai|eleutherai|allenai|tinyllama|unsloth|bartowski|thebloke|deepseek-ai|ibm-granite|tiiuae|stabilityai|openai-community";

static ANY_OF_TEXTS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^language model"));

/// Where the next model is named, with what is said at once behind it of which it is, and its name: `a CNN (ResNet-18)`.
fn model_with_own_name(text: &str, from: usize) -> Option<(Range<usize>, Range<usize>)> {
    static OPENS: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?i)^\s?(?:\(\s*(?:(?:e\.\s?g\.|i\.\s?e\.|namely|such as),?\s)?|(?:such as|namely)\s)(?:an?\s|the\s)?")
    });
    static CLOSES: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s?(?:[),.;:]|$)"));
    static ANY: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(?:language model\w*|cnn|rnn|vision[- ]transformers?)$"));
    let kind = model_at(text, from)?;
    // What has a size is one already.
    let is_one = |words: &str| words.contains(|c: char| c.is_ascii_digit() || c == '-');
    let name = OPENS.find(&text[kind.end..]).and_then(|opens| {
        let start = kind.end + opens.end();
        model_at(text, start).filter(|name| name.start == start && CLOSES.is_match(&text[name.end..]))
    });
    let tells = |name: &Range<usize>| {
        let words = &text[kind.clone()];
        ANY.is_match(words) || !is_one(words) && is_one(&text[name.clone()])
    };
    Some(match name.filter(tells) {
        Some(name) => (kind.start..name.end, name),
        None => (kind.clone(), kind),
    })
}

/// Where the next model is named, with all that belongs to its name: `bert-base-german-cased` is no `bert-base`.
fn model_at(text: &str, from: usize) -> Option<Range<usize>> {
    let found = MODEL.captures_at(text, from)?;
    let name = found.name("name")?;
    let is_own = |part: &str| !part.is_empty() && !part.chars().all(|c| c.is_ascii_digit()) && !BESIDE_NAMES.contains(&part);
    let part = |group: &str| found.name(group).map_or("", |part| part.as_str()).to_lowercase();
    let (before, behind) = (part("before"), part("behind"));
    // What is only spoken of.
    static SPOKEN_OF: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(&format!(
                r"(?i)\b(?:(?:smaller|larger|bigger|better|faster|cheaper|lighter|worse) than|about|replac(?:e|ing)|beat(?:ing)?|outperform(?:ing)?|outputs? of|(?:tokeni[sz]er|vocab(?:ulary)?) of|written by|generated by|as in|(?:old|previous|current|former|last) (?:model|run) (?:is|was)|{WHO} {DID})\s(?:(?:the|an?|our|my|their|existing|current|old)\s){{0,3}}$"
            )),
            regex(r"(?i)^(?:\s(?:is|was) (?:too|so)\b|(?:['’]s)? (?:tokeni[sz]er|vocab(?:ulary)?)\b)"),
        ]
    });
    let is_spoken_of =
        SPOKEN_OF[0].is_match(&text[..found.get(0)?.start()]) || SPOKEN_OF[1].is_match(&text[found.get(0)?.end()..]);
    if behind == "-free" || behind == "-less" || is_spoken_of {
        return model_at(text, found.get(0)?.end());
    }
    let start = match before.split('-').filter(|part| !part.is_empty()).all(is_own) {
        true => found.name("before")?.start(),
        false => name.start(),
    };
    // Up to the first word that is an ordinary one.
    let own = behind.split_inclusive(['-', '_']).skip(1).take_while(|part| {
        let part = part.trim_end_matches(['-', '_', '.']);
        part.chars().all(|c| c.is_ascii_digit()) || is_own(part)
    });
    let length: usize = own.map(str::len).sum();
    let behind = &text[name.end()..name.end() + if length > 0 { length + 1 } else { 0 }];
    Some(start..name.end() + behind.trim_end_matches(['-', '_', '.']).len())
}

/// Where the first model of a text is named.
pub(crate) fn first_model(text: &str) -> Option<Range<usize>> {
    model_at(text, 0)
}

/// Where the last model of a text is named.
pub(crate) fn last_model(text: &str) -> Option<Range<usize>> {
    let (mut last, mut from) = (None, 0);
    while let Some(range) = model_at(text, from) {
        from = range.end;
        last = Some(range);
    }
    last
}

/// Words beside the name of a model that are no part of it: `a BERT-like model`, `a 2-layer-bert`.
#[rustfmt::skip]
const BESIDE_NAMES: &[&str] = &[
    "like", "modell", "modells", "modelle", "netz", "netzes", "netzwerk", "style", "based", "type", "kind", "family", "sized", "size", "shaped", "inspired", "model", "models", "network", "networks", "encoder", "encoders",
    "decoder", "decoders", "classifier", "classifiers", "architecture", "baseline", "embedding", "embeddings", "features", "fine", "finetune", "finetuned", "finetuning", "tune", "tuned",
    "tuning", "training", "trained", "pretrained", "layer", "layers", "parameter", "param", "head", "heads", "hidden", "non", "pre", "self", "a", "an", "the", "on", "with", "from", "and", "or", "vs",
];

/// From scratch, and of a size of its own, a model is none of the public ones that bear its family's name.
pub(crate) fn settle_family(name: Option<String>, request: &mut Request) {
    // Public vision transformers cut images into pieces of 14, 16 or 32 pixels: one of others has weights of its own.
    let is_vit = name.as_ref().is_some_and(|name| vit_of(&name.to_lowercase()).is_some() || name.eq_ignore_ascii_case("vit"));
    let is_other = request.size.patch.is_some_and(|patch| ![14, 16, 32].contains(&patch));
    request.from_scratch |= is_vit && is_other && !request.pretrained;
    if let Some(id) = pretrained_resnet(name.as_deref(), request) {
        request.model = Some(ModelName::At { id });
    }
    let Some(name) = name.map(|name| name.to_lowercase()).filter(|_| request.from_scratch) else { return };
    if matches!(name.as_str(), "gpt2" | "gpt-2") && request.size.is_given() {
        // The architecture that a GPT has here.
        request.model = Some(ModelName::Called { name: "gpt".into() });
    } else if MADE_ANEW.contains(&name.as_str()) && request.size.is_given() {
        request.model = Some(ModelName::Called { name });
    } else if request.size.is_given()
        && SIZES_OF_BERT.iter().any(|size| name == format!("{size} bert") || name == format!("bert-{size}"))
    {
        request.model = Some(ModelName::Called { name: "bert".into() });
    } else if let Some((layers, hidden)) = vit_of(&name)
        && !request.size.is_given()
    {
        request.model = Some(ModelName::Called { name: "vit".into() });
        (request.size.layers, request.size.hidden) = (Some(layers), Some(hidden));
    }
}

/// The public ResNet of a depth that was trained on ImageNet, where a pretrained one is asked for; of any depth the smallest.
fn pretrained_resnet(name: Option<&str>, request: &Request) -> Option<String> {
    const DEPTHS: [&str; 5] = ["18", "34", "50", "101", "152"];
    let is_wanted = request.pretrained && !request.from_scratch && request.size.layers.is_none();
    let name = name.filter(|_| is_wanted)?.to_lowercase();
    let depth = name.strip_prefix("resnet")?.trim_start_matches(['-', '_', ' ']);
    let depth = if depth.is_empty() { DEPTHS[0] } else { depth };
    DEPTHS.contains(&depth).then(|| format!("microsoft/resnet-{depth}"))
}

/// Layers and width of the vision transformers of 2010.11929, table 1, and 2012.12877, table 1.
fn vit_of(name: &str) -> Option<(usize, usize)> {
    let size = name.strip_prefix("vit").or(name.strip_prefix("deit"))?.trim_start_matches(['-', '_', ' ']);
    Some(match size {
        "ti" | "tiny" => (12, 192),
        "s" | "small" => (12, 384),
        "b" | "base" => (12, 768),
        "l" | "large" => (24, 1024),
        _ => return None,
    })
}

/// Families whose name alone is that of a public model, and that can be made in any size.
const MADE_ANEW: [&str; 3] = ["roberta", "distilbert", "electra"];

/// Sizes of BERT by words alone.
const SIZES_OF_BERT: [&str; 6] = ["tiny", "mini", "small", "medium", "base", "large"];

/// Names of models as they are spelt most often.
pub(crate) const FAMILIES: &[&str] = &[
    "bert",
    "minilm",
    "resnet",
    "roberta",
    "distilbert",
    "electra",
    "albert",
    "deberta",
    "llama",
    "smollm",
    "qwen",
    "mistral",
    "gemma",
    "whisper",
    "wideresnet",
];

/// Names of models, those that the zoo lacks among them: whoever asks for one is told so.
#[rustfmt::skip]
const MODELS: &[&str] = &[
    r"(?:(?:multilingual|german|chinese|french|spanish|italian|portuguese) (?:distil)?bert|mbert)", r"(?:tiny|mini|small|medium|base|large) bert", r"bert[-_ ]?(?:large|base|medium|small|mini|tiny)(?:[-_ ]multilingual)?(?:[-_ ](?:un)?cased)?", "bert", r"(?:all-)?minilm(?:[-_ ]?l\d+)?(?:[-_]h\d+)?(?:-v2)?",
    r"resnet[-_ ]?\d+", "resnet", r"(?:xlm-?)?roberta(?:-\w+)?", r"distil(?:ro)?bert(?:a)?(?:[-_]\w+)*", r"electra(?:-\w+)?", "albert", r"distil-?gpt-?2", r"opus-mt-[\w-]+", r"marian(?:mt)?", r"deberta(?:-\w+)?",
    r"modernbert(?:-\w+)?", "xlnet", r"vision[- ]transformers?", r"vit(?:[-_](?:ti|s|b|l|h|tiny|small|base|large|huge)\b[\w/-]*| (?:tiny|small|base|large|huge)\b)?", r"deit(?:[-_ ](?:tiny|small|base))?", "swin", "convnext", r"efficientnet(?:-\w+)?",
    r"mobilenet(?:-?\w+)?", r"densenet(?:-?\d+)?", r"vgg(?:-?\d+)?", "alexnet", r"inception(?:-?v\d)?", r"wide[- ]?resnet[- ]?[-\w]*", r"wrn[- ]?[-\d]*", r"tinyllama[-\w.]*", r"camembert(?:-\w+)?", r"gpt-?2[- ](?:small|medium|large|xl)\b", r"(?:nano)?gpt(?:-?\d)?", r"language model(?:s|l?ing)?",
    r"(?:llama|qwen|smollm|mistral|gemma)(?:[- ]?\d(?:\.\d)?)?[- ]\d+(?:\.\d+)?[bm](?:[- ](?:instruct|chat|base|it))?\b", r"llama[- ]\d\.\d", r"llama[-\w.]*", r"smollm[-\w.]*", r"(?:flan-)?t5(?:-\w+)?", r"m?bart(?:-\w+)?", r"nllb(?:-[\w.-]+)?", r"pegasus(?:-\w+)?", r"qwen[-\w.]*", r"mistral[-\w.]*", r"gemma[-\w.]*", r"phi-?\d[-\w.]*", r"mamba[-\w.]*", r"whisper(?:[-_ ](?:tiny|base|small|medium|large|turbo)(?:\.en|-v\d)?)?",
    "lstm", "gru", "rnn", "cnn", r"conv[- ]?nets?", "mlp", "u-?net", "xgboost", r"random[- ]forests?", r"(?:logistic|linear|ridge|lasso|support[- ]vector) regression", r"svms?", r"support[- ]vector (?:machines?|classifiers?)", r"fasttext", r"arima", r"k-?nn",
    r"capsule net(?:work)?s?", r"graph (?:neural|convolutional|attention) net(?:work)?s?", "gnn", "gcn", r"spiking (?:neural )?net(?:work)?s?", r"kolmogorov[- ]arnold net(?:work)?s?", r"gradient[- ]boost(?:ing|ed(?: decision)? trees?)",
    "lightgbm", "catboost", r"decision trees?", r"naive bayes", r"k[- ]nearest neighbou?rs?", r"(?:variational )?autoencoders?", r"diffusion models?", "rwkv", "tabnet", r"ft-transformer", "perceiver", "hyena",
    "retnet", "longformer", "bigbird", r"yolo[\w-]*", "detr", r"dinov2[\w-]*", r"beit(?:-\w+)?", "regnet", r"wav2vec2?(?:-\w+)?", "hubert", r"stable ?diffusion", r"pythia[-\w.]*",
    r"olmo[-\w.]*", r"deepseek[-\w.]*", r"falcon-\d+\w*", r"bloomz?-\d\w*", r"opt-\d[\w.]*", r"layoutlm[\w-]*",
];

static MODEL: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?i)\b(?P<before>(?:[A-Za-z\d]+-)*)(?P<name>{}|{OTHERS})\b(?P<behind>(?:[-_][A-Za-z\d][A-Za-z\d.]*)*)",
        // Their letters are plain ones.
        MODELS.join("|").replace(r"[\w", "[0-9A-Za-z_").replace(r"[-\w", "[-0-9A-Za-z_").replace(r"\w", "[0-9A-Za-z_]")
    ))
});

/// Shaped like a model's name, and no other word.
const OTHERS: &str = r"(?-i:[A-Za-z]*BERT[A-Za-z\d]*|[A-Za-z]+GPT\d*|[A-Za-z]+LLaMA\d*|[A-Za-z]+T5|(?:Long|Re|Per|In|Auto|Lin|Con|Fed|Seg|Meta|Patch|Max|Point|Big)[Ff]ormer)|(?:fin|sci|bio|clinical|legal|pubmed|code|mobile|tiny|squeeze|matsci|med|news|patent|tweet|hate|s|kr|ko|ara|beto|ru)bert";
