//! Which data and which model a request names.

use super::asides::{DID, WHO};
use super::english::is_word;
use super::folders;
use super::name::{hub_id, hub_page, is_data_file, looks_like_path};
use super::number::number;
use super::pair::code_of;
use super::rest::{AROUND, Cut, Found, Judged, Rest, is_filler, last_word, taken_if};
use super::settings::ONE_OF_TWO;
use super::{DataName, Lying, ModelName, Refused, Request, size};
use crate::data::{GENERATED, Known, catalogue, public_id, split_of_file};
use crate::intake::regex;
use regex::Regex;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

/// Data by a path, an id or a name that is known, and a model by a path or an id.
pub(super) fn find(rest: &mut Rest, request: &mut Request, lying: impl Fn(&str) -> Option<Lying>) {
    // Where it is to go is no name of what is there.
    static PUSHED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:push|upload|publish|share|release|deploy|post)\s[^.;¦]{0,40}?\b(?:as|to|under|at)\s[`'\x22]?[\w.-]+/[\w.-]*\w[`'\x22]?",
        )
    });
    // As a demand: a post and what was published are data.
    static DEMANDED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:^|[.,;:¦]|\b(?:and|then|please|to|finally|also))\s*$"));
    while rest.cut_as(&PUSHED, |found| if DEMANDED.is_match(found.before) { Judged::Told } else { Judged::Passed }).is_some() {}
    let (apart, apart_tested) = (spaced(rest, &lying, false), spaced(rest, &lying, true));
    let role = |before: &str, word: &str| role(before, word, &lying);
    let mut data = |tested: bool, earlier: bool| {
        let fits = |before: &str| {
            is_tested(before) == tested && DONE_BEFORE.is_match(before) == earlier && !OF_ANOTHER_RUN.is_match(before)
        };
        let path = |before: &str, word: &str| {
            let name = hub_page(word).map_or(word, |(id, _)| id);
            (role(before, word)? == Lying::Data && fits(before)).then(|| DataName::parse(name, &lying))
        };
        rest.cut_word(path).or_else(|| known_data(rest, fits)).or_else(|| bare_id(rest, fits))
    };
    let (trained, tested) = (data(false, false), apart_tested.or(data(true, false)));
    // `I trained MiniLM on reviews.csv`, and nothing else is said.
    let trained = match trained.is_none() && tested.is_none() {
        true => data(false, true).or_else(|| data(true, true)),
        false => trained,
    };
    let trained = trained.map(|first| match &tested {
        None => beside(rest, first, &lying),
        Some(_) => first,
    });
    request.data = match (apart.or(trained), tested) {
        (Some(data), Some(held_out)) if data != held_out => match together(&data, &held_out) {
            Some(both) => Some(both),
            None => {
                let words = format!("training on {} and testing on {}", in_words(&data), in_words(&held_out));
                let expected =
                    "one data set, with a split for each: two tables are one as `train.csv` and `test.csv` of a folder";
                request.refused.push(Refused { words, expected: expected.into() });
                Some(data)
            }
        },
        // What is to be scored is trained on where there is nothing else.
        (trained, tested) => trained.or(tested).or_else(|| folder(rest, &lying)).or_else(|| folders::bare(rest, &lying)),
    };
    // `The folder clips, with a metadata.csv in it`.
    if let Some(DataName::Local { path }) = &request.data
        && path.components().count() == 1
        && lying(&path.to_string_lossy()).is_none()
        && let Some(DataName::Local { path: within }) = folder(rest, &lying)
    {
        let is_list = path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("metadata"));
        let whole = within.join(path);
        // A file that is in none of both is still the one that was named: data of another name is not trained on instead.
        let path = match lying(&whole.to_string_lossy()) {
            _ if is_list => within,
            Some(_) => whole,
            None => path.clone(),
        };
        request.data = Some(DataName::Local { path });
    }
    request.model = rest.cut_word(|before, word| {
        let id = hub_page(word).map_or(word, |(id, _)| id);
        (role(before, word)? == Lying::Model).then(|| ModelName::At { id: id.into() })
    });
}

/// Data whose path has blanks, in quotes: `train on "my data.csv"`.
fn spaced(rest: &mut Rest, lying: &impl Fn(&str) -> Option<Lying>, tested: bool) -> Option<DataName> {
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"`(?P<a>[^`¦]*[^`¦\s]\s[^`¦]+)`|\x22(?P<b>[^\x22¦]*[^\x22¦\s]\s[^\x22¦]+)\x22|'(?P<c>[^'¦]*[^'¦\s]\s[^'¦]+)'")
    });
    static ONE: LazyLock<Regex> = LazyLock::new(|| regex(r"^[^,;:=]+\.[A-Za-z]{2,8}(?:\.(?:gz|zst|zip))?$"));
    static DATA_NEXT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:on|from|in|with|data|data ?set|file|table|over|using)\s*[:=]?\s*[`'\x22]?$"));
    let name = |cut: &Cut| ["a", "b", "c"].map(|group| cut.get(group).to_string()).concat();
    let judged = |found: &Found<'_>| {
        let name = name(found.cut);
        // What is quoted may be a whole sentence.
        let is_file = is_data_file(&name) && ONE.is_match(&name) && DATA_NEXT.is_match(found.before);
        let is_there = is_file || lying(&name) == Some(Lying::Data);
        taken_if(is_there && is_tested(found.before) == tested && !GOES.is_match(found.before))
    };
    rest.cut_as(&QUOTED, judged).map(|cut| DataName::Local { path: name(&cut).into() })
}

/// A folder that is there, called by its name alone: `the pets folder`, `on pets`.
fn folder(rest: &mut Rest, lying: &impl Fn(&str) -> Option<Lying>) -> Option<DataName> {
    static WAYS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        let name = r"[`'\x22]?(?P<v>[A-Za-z0-9_][A-Za-z0-9_.-]*)[`'\x22]?";
        [
            regex(&format!(r"(?i)\b(?:folder|directory|ordner|dossier|carpeta|cartella|pasta)\s(?:(?:called|named)\s)?{name}")),
            regex(&format!(r"(?i){name}\s?(?:\b(?:folder|directory)\b|フォルダー?|文件夹)")),
            regex(&format!(r"(?i)\b(?:on|in|from)\s(?:(?:the|my|our)\s)*{name}")),
        ]
    });
    let judged = |found: &Found<'_>| taken_if(lying(found.cut.get("v")) == Some(Lying::Data) && !GOES.is_match(found.before));
    let cut = WAYS.iter().find_map(|way| rest.cut_as(way, judged))?;
    Some(DataName::Local { path: cut.get("v").into() })
}

/// Stands before what somebody trained on: `we trained ResNet-20 on`.
static DONE_BEFORE: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"(?i)\b{WHO} {DID}(?: [^\s.,;:¦]+){{0,3}} on(?:\s(?:the|all of|our|my))*\s*$")));

/// Stands before what the weights come from that are begun with: `pretrained on MNLI`.
static OF_ANOTHER_RUN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:pre-?trained|(?:was|were|been|already|previously|originally) (?:trained|(?:fine-?)?tuned))\s+on(?:\s+(?:the|all of|our|my))*\s*$",
    )
});

/// Whether what stands behind such words is what a model is scored on: `evaluate it on`, `the test set is`.
fn is_tested(before: &str) -> bool {
    static TESTED: LazyLock<Regex> = LazyLock::new(|| {
        regex(concat!(
            r"(?i)(?:\b(?P<verb>evaluat\w*|test(?:ed|ing|s)?|validat(?:e|ed|es|ing)|scor(?:e|ed|es|ing))(?P<words>(?:\s+[\w-]+){0,5}?)\s+(?:on|with|against|using)",
            r"|\b(?:test|validation|dev|eval(?:uation)?|held-out)\s+(?:set|data|file|split)\s*(?:is|:|=|in|from)?)(?:\s+(?:the|my|our|file|data|set|split|held-out|test|in|of))*\s*$"
        ))
    });
    static TRAINED: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:(?:pre-?)?train|fine-?tun|tun|learn)"));
    let Some(found) = TESTED.captures(before) else { return false };
    !found.name("words").is_some_and(|words| TRAINED.is_match(words.as_str()))
}

/// With further tables of its folder that are splits by their names: `train.csv for training, val.csv for validation`.
fn beside(rest: &mut Rest, first: DataName, lying: &impl Fn(&str) -> Option<Lying>) -> DataName {
    let mut all = first;
    loop {
        let found = std::cell::Cell::new(None);
        let cut = rest.cut_word(|before, word| {
            let is_data = role(before, word, lying)? == Lying::Data;
            let both = is_data.then(|| together(&all, &DataName::parse(word, lying)))??;
            found.set(Some(both));
            Some(())
        });
        match cut.and(found.take()) {
            Some(both) => all = both,
            None => return all,
        }
    }
}

/// Two tables of one folder whose names say which is which, as a pattern for both.
fn together(data: &DataName, held_out: &DataName) -> Option<DataName> {
    let (DataName::Local { path: first }, DataName::Local { path: second }) = (data, held_out) else { return None };
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let (first_name, second_name) = (name(first)?, name(second)?);
    let is_plain = |name: &str| !name.contains(['*', '?', '[', ']', '{', '}', ',']);
    // It may be several already.
    let all = first_name.strip_prefix('{').and_then(|list| list.strip_suffix('}')).unwrap_or(&first_name);
    let splits: Vec<String> = all.split(',').map(split_of_file).collect::<Option<_>>()?;
    let says = splits.iter().any(|split| split == "train") && !splits.contains(&split_of_file(&second_name)?);
    let ends = |name: &str| Path::new(name).extension().map(|end| end.to_owned());
    let apart = first.parent() == second.parent() && all.split(',').all(|name| ends(name) == ends(&second_name));
    let fits = all.split(',').chain([second_name.as_str()]).all(|name| is_data_file(name) && is_plain(name));
    let one = || first.with_file_name(format!("{{{all},{second_name}}}"));
    (says && apart && fits).then(|| DataName::Local { path: one() })
}

fn in_words(data: &DataName) -> String {
    let path = |path: &PathBuf| path.display().to_string();
    match data {
        DataName::Known { name } | DataName::Generated { name } => name.clone(),
        DataName::Hub { id, .. } => id.clone(),
        DataName::Url { url } => url.clone(),
        DataName::Local { path: at } => path(at),
    }
}

/// `on opus_books`: a name of the Hub without who it belongs to, as old ids are.
fn bare_id(rest: &mut Rest, fits: impl Fn(&str) -> bool) -> Option<DataName> {
    rest.cut_word(|before, word| {
        let led = matches!(last_word(before).as_str(), "on" | "data" | "dataset" | "set" | "over");
        let is_name = word.contains('_') && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        (led && is_name && fits(before) && public_id(&word.to_lowercase()).is_none())
            .then(|| DataName::Hub { id: word.into(), config: None })
    })
}

/// A model by its name, where there is none yet. Its name, if it has one.
pub(super) fn find_model(rest: &mut Rest, request: &mut Request) -> Option<String> {
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
    // `A language model with GPT-2`: any of a kind, and which.
    if ANY_OF_TEXTS.is_match(&words)
        && !rest.has(&COMPARED)
        && let Some(name) = rest.cut_place(model_at)
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
            r"(?i)\b(?:(?:the\s)?smallest(?:\spossible|\spublic|\savailable)?|(?:a\s)?(?:very\s|really\s)?(?:small|tiny|little|compact|lightweight))\s+(?P<what>models?|networks?|nets?|neural net(?:work)?s?|transformers?|encoders?|decoders?)\b",
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
    static FAMILY: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^(?:resnet|vit|vision[- ]transformers?|minilm|(?:nano)?gpt|transformers?|whisper|t5)$"));
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

/// Where the last model of a text is named.
pub(super) fn last_model(text: &str) -> Option<Range<usize>> {
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
pub(super) fn settle_family(name: Option<String>, request: &mut Request) {
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

/// Words in lower case that names of data and models are made of.
pub(super) fn words_of_names() -> Vec<String> {
    let known = catalogue().iter().flat_map(|known| std::iter::once(known.name).chain(known.aliases.iter().copied()));
    let words = known.flat_map(|name| name.split(|c: char| !c.is_alphabetic())).map(str::to_lowercase);
    words.filter(|word| !word.is_empty()).chain(FAMILIES.iter().map(|name| name.to_string())).collect()
}

/// Names of models as they are spelt most often.
const FAMILIES: &[&str] = &[
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

/// Stands before where something is to go, or what is to be done with a file: `save the model to`, `and upload`.
pub(super) static GOES: LazyLock<Regex> = LazyLock::new(|| {
    let to = r"(?:to|in|into|at|under|as)\s(?:(?:the|an?)\s)?(?:(?:file|folder|directory)\s)?";
    regex(&format!(
        r"(?i)(?:(?:^|[.,;:¦]|\b(?:and|then|please|to|finally|also))\s*(?:save|write|store|export|upload|send|copy|move|delete|dump|put)\s(?:(?:[^.,;:¦]{{0,40}}\s)?{to})?|\boutput[ _-](?:folder|dir(?:ectory)?|path|file)\s?[:=]?\s?)$"
    ))
});

/// What a path or id stands for: what lies there tells, else its form, else the word before it.
fn role(before: &str, word: &str, lying: impl Fn(&str) -> Option<Lying>) -> Option<Lying> {
    if GOES.is_match(before) {
        return None;
    }
    // `Starting from ORG/NAME` leads to weights.
    static STARTS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:start(?:s|ed|ing)?|begin(?:s|ning)?|initiali[sz](?:e[sd]?|ing)|init|warm-?start(?:ed|ing)?|continu(?:e|ing)|weights|checkpoint|(?:fine-?)?tun(?:ed?|ing)|model)\s(?:it |them |off |out |the model )?from\s+(?:the\s)?$",
        )
    });
    let is_begun_with = before.to_lowercase().contains("from") && (STARTS.is_match(before) || is_called_so(before, word));
    let before = last_word(before);
    let before = before.as_str();
    if word.contains('/')
        && let Some(lying) = lying(word)
    {
        return Some(lying);
    }
    if let Some((_, lying)) = hub_page(word).filter(|_| !is_data_file(word)) {
        return Some(lying);
    }
    let id = hub_id(word);
    // `ViT-B/16` is a name.
    let is_id = id.is_some() && !is_pair_of_words(before, word) && public_id(&word.to_lowercase()).is_none();
    if !looks_like_path(word) && !is_id {
        return None;
    }
    Some(match before {
        _ if is_data_file(word) || crate::data::find_known(word).is_some() || id.is_some_and(|(_, config)| config.is_some()) => {
            Lying::Data
        }
        _ if is_begun_with && is_id && !looks_like_path(word) => Lying::Model,
        "on" | "data" | "dataset" | "set" | "over" | "from" | "file" | "folder" | "my" | "classify" | "classifying" => {
            Lying::Data
        }
        "with" | "using" | "use" | "model" | "train" | "fine-tune" | "finetune" | "tune" | "evaluate" => Lying::Model,
        // Most paths lead to data, and most ids that are named without a word to models.
        _ if is_id && !looks_like_path(word) => Lying::Model,
        _ => Lying::Data,
    })
}

/// Whether what an id calls its model stands at once before: `SmolLM2-135M from HuggingFaceTB/SmolLM2-135M`.
fn is_called_so(before: &str, id: &str) -> bool {
    let words: Vec<&str> = before.split_whitespace().collect();
    let ([.., name, from], Some((_, own))) = (words.as_slice(), id.rsplit_once('/')) else { return false };
    let (name, own) = (name.trim_matches(AROUND).to_lowercase(), own.to_lowercase());
    let goes_on = own.strip_prefix(&name).is_some_and(|more| more.is_empty() || more.starts_with(['-', '.', '_']));
    goes_on && from.eq_ignore_ascii_case("from") && last_model(&name).is_some()
}

/// Two things beside each other, as no id is: `train/val`, `and/or`, `spam/ham`, `q_proj/v_proj`, `0.9/0.999`.
fn is_pair_of_words(before: &str, word: &str) -> bool {
    static SHORT: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"^(?:\w+_(?:proj|lin|attn)|val|valid|dev|spam|ham|pos|neg|src|tgt|cpu|gpu|b?f(?:p|loat)?16|fp32|auc|acc|sec|epochs?|tokens?|[a-z]{1,2}|[fpr][12])$",
        )
    });
    let always = |part: &str| {
        is_filler(part)
            || matches!(part.to_lowercase().as_str(), "yes" | "no" | "true" | "false")
            || part.chars().all(|c| c.is_ascii_digit())
    };
    let mostly = |part: &str| {
        let low = part.to_lowercase();
        always(part) || is_word(&low) || number(&low).is_some() || SHORT.is_match(&low) || code_of(&low) != low
    };
    // What is said to be a name is one, as is a place in a folder.
    let is_named = matches!(before, "model" | "dataset" | "data" | "repo" | "id" | "checkpoint" | "folder");
    let folders = ["data", "datasets", "models", "runs", "checkpoints", "images", "files", "home", "tmp"];
    let is_folder = word.split('/').next().is_some_and(|first| folders.contains(&first));
    word.split('/').all(always) || !is_named && !is_folder && word.split('/').all(mostly)
}

/// A data set of the catalogue or one that Tallow makes, where it `fits` what stands before it: the one that is named first, and of names
/// that share words the longest.
fn known_data(rest: &mut Rest, fits: impl Fn(&str) -> bool) -> Option<DataName> {
    let named = |text: &str, from: usize| -> Option<(Range<usize>, &'static DataName)> {
        let all = letters_of(&text[from..]);
        let places =
            DATA.iter().filter(|known| all.contains(&known.letters)).flat_map(|Spelt { pattern, name, data, .. }| {
                let whole = pattern.get_or_init(|| spelt(name)).captures_iter(&text[from..]);
                let whole = whole.filter_map(|found| found.name("name").map(|name| name.range()));
                whole.map(move |range| (range.start + from..range.end + from, data))
            });
        let fitting: Vec<_> = places.filter(|(range, _)| fits(&text[..range.start])).collect();
        let first = fitting.iter().min_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)))?.0.clone();
        let sharing = fitting.into_iter().filter(|(range, _)| range.start < first.end && first.start < range.end);
        sharing.max_by_key(|(range, _)| (range.len(), std::cmp::Reverse(range.start)))
    };
    let found = std::cell::Cell::new(None);
    rest.cut_place(|text, from| {
        let (range, data) = named(text, from)?;
        found.set(Some(data));
        Some(range)
    })?;
    found.get().cloned()
}

/// How a data set is spelt.
struct Spelt {
    name: &'static str,
    /// Those of the name alone: where a text has them not, no pattern is made.
    letters: String,
    pattern: OnceLock<Regex>,
    data: DataName,
}

/// How each is, the longest names first.
static DATA: LazyLock<Vec<Spelt>> = LazyLock::new(|| {
    let known = |k: &'static Known| {
        std::iter::once(k.name).chain(k.aliases.iter().copied()).map(move |name| (name, DataName::Known { name: k.name.into() }))
    };
    let generated = GENERATED.iter().map(|name| (*name, DataName::Generated { name: name.to_string() }));
    let mut all: Vec<(&str, DataName)> = catalogue().iter().flat_map(known).chain(generated).collect();
    all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let one = |(name, data)| Spelt { name, letters: letters_of(name), pattern: OnceLock::new(), data };
    all.into_iter().map(one).collect()
});

/// A name as it stands in a text, with whatever parts its words.
fn spelt(name: &str) -> Regex {
    let parts: Vec<String> = name.split(['-', '_', ' ']).map(regex::escape).collect();
    regex(&format!(r"(?i)(?:^|[^\w-])(?P<name>{})(?:[^\w-]|$)", parts.join(r"[-_ ]?")))
}

/// In lower case, without what parts words.
fn letters_of(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Names of models, those that the zoo lacks among them: whoever asks for one is told so.
#[rustfmt::skip]
const MODELS: &[&str] = &[
    r"(?:(?:multilingual|german|chinese|french|spanish|italian|portuguese) (?:distil)?bert|mbert)", r"(?:tiny|mini|small|medium|base|large) bert", r"bert[-_ ]?(?:large|base|medium|small|mini|tiny)(?:[-_ ]multilingual)?(?:[-_ ](?:un)?cased)?", "bert", r"(?:all-)?minilm(?:[-_ ]?l\d+)?(?:[-_]h\d+)?(?:-v2)?",
    r"resnet[-_ ]?\d+", "resnet", r"(?:xlm-?)?roberta(?:-\w+)?", r"distil(?:ro)?bert(?:a)?(?:[-_]\w+)*", r"electra(?:-\w+)?", "albert", r"distil-?gpt-?2", r"opus-mt-[\w-]+", r"marian(?:mt)?", r"deberta(?:-\w+)?",
    r"modernbert(?:-\w+)?", "xlnet", r"vision[- ]transformers?", r"vit(?:[-_](?:ti|s|b|l|h|tiny|small|base|large|huge)\b[\w/-]*| (?:tiny|small|base|large|huge)\b)?", r"deit(?:[-_ ](?:tiny|small|base))?", "swin", "convnext", r"efficientnet(?:-\w+)?",
    r"mobilenet(?:-?\w+)?", r"densenet(?:-?\d+)?", r"vgg(?:-?\d+)?", "alexnet", r"inception(?:-?v\d)?", r"wide[- ]?resnet[- ]?[-\w]*", r"wrn[- ]?[-\d]*", r"tinyllama[-\w.]*", r"camembert(?:-\w+)?", r"gpt-?2[- ](?:small|medium|large|xl)\b", r"(?:nano)?gpt(?:-?\d)?", r"language model(?:s|l?ing)?",
    r"(?:llama|qwen|smollm|mistral|gemma)(?:[- ]?\d(?:\.\d)?)?[- ]\d+(?:\.\d+)?[bm](?:[- ](?:instruct|chat|base|it))?\b", r"llama[- ]\d\.\d", r"llama[-\w.]*", r"smollm[-\w.]*", r"(?:flan-)?t5(?:-\w+)?", r"m?bart(?:-\w+)?", r"nllb(?:-[\w.-]+)?", r"pegasus(?:-\w+)?", r"qwen[-\w.]*", r"mistral[-\w.]*", r"gemma[-\w.]*", r"phi-?\d[-\w.]*", r"mamba[-\w.]*", r"whisper(?:[-_ ](?:tiny|base|small|medium|large|turbo)(?:\.en|-v\d)?)?",
    "lstm", "gru", "rnn", "cnn", "mlp", "u-?net", "xgboost", r"random[- ]forests?", r"(?:logistic|linear|ridge|lasso|support[- ]vector) regression", r"svms?", r"support[- ]vector (?:machines?|classifiers?)", r"fasttext", r"arima", r"k-?nn",
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
