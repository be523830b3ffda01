//! Which data a request names, and models by a path or an id.

use super::folders;
use super::name::{hub_id, hub_page, is_data_file, looks_like_path};
use crate::data::{GENERATED, Known, SPLIT_WORDS, catalogue, public_id, split_of_file};
use crate::intake::regex;
use crate::intake::request::rest::{AROUND, Cut, Found, Rest, is_filler, last_word, taken_if};
use crate::intake::request::task::models::{FAMILIES, last_model};
use crate::intake::request::task::pair::code_of;
use crate::intake::request::told::asides::{DID, WHO};
use crate::intake::request::wording::english::is_word;
use crate::intake::request::wording::number::number;
use crate::intake::request::{DataName, Lack, Lacking, Lying, ModelName, Refused, Request};
use regex::Regex;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

/// Data by a path, an id or a name that is known, and a model by a path or an id.
pub(crate) fn find(rest: &mut Rest, request: &mut Request, lying: impl Fn(&str) -> Option<Lying>) {
    // Where it is to go is no name of what is there.
    static PUSHED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:push|upload|publish|share|release|deploy|post)\s[^.;¦]{0,40}?\b(?:as|to|under|at)\s[`'\x22]?[\w.-]+/[\w.-]*\w[`'\x22]?",
        )
    });
    // As a demand: a post and what was published are data, as is what somebody pushes anyway.
    static DEMANDED: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        [
            regex(
                r"(?i)(?:^|[.,;:¦]|\b(?:and|then|please|to|finally|also|should|must|will|you|it|done|afterwards?|later|lastly|training))\s*$",
            ),
            regex(r"(?i)\b(?:i|we|they|he|she|who|that|which)(?: (?:always|often|usually|also|once|had|have))?\s*$"),
        ]
    });
    let is_demand = |found: &Found<'_>| {
        let low = found.cut.words.to_lowercase();
        let is_deed = (low.starts_with("push") || low.starts_with("upload")) && !DEMANDED[1].is_match(found.before);
        taken_if(is_deed || DEMANDED[0].is_match(found.before))
    };
    while let Some(cut) = rest.cut_as(&PUSHED, is_demand) {
        request.lacking.push(Lacking { of: Lack::Afterwards, words: cut.words });
    }
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
            // A third may be what is watched.
            Some(both) => Some(beside(rest, both, &lying)),
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
            // Several files of it: `in the folder parts are train.csv and test.csv`.
            None if first_of(&whole).is_some_and(|file| lying(&file).is_some()) => whole,
            None => path.clone(),
        };
        request.data = Some(DataName::Local { path });
    }
    configuration(rest, request);
    request.model = rest.cut_word(|before, word| {
        let id = hub_page(word).map_or(word, |(id, _)| id);
        (role(before, word)? == Lying::Model).then(|| ModelName::At { id: id.into() })
    });
}

/// Which of a Hub's data sets in one is meant: `dataset: nyu-mll/glue, subset: mrpc`. A subset of the rows is none.
fn configuration(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let key = r"(?:sub-?set|(?:data(?:set)?[ _-])?config(?:uration)?(?:[ _-]name)?|task[ _-]name|(?:data(?:set)?[ _-])?sub-?set(?:[ _-]name)?)";
        [
            regex(&format!(r"(?i)(?:\b|--){key}\s?[:=]\s?[`'\x22]?(?P<v>[a-z][\w.-]*\w)[`'\x22]?")),
            regex(&format!(
                r"(?i)(?:--|\b(?:the |its |of )?){key}\s(?:named\s|called\s|is\s)?[`'\x22]?(?P<v>[a-z][\w.-]*\w)[`'\x22]?\s*(?:$|[,;.)¦]|\band\b|\bfor\b|\bwith\b|\n|--)"
            )),
        ]
    });
    let Some(DataName::Hub { id, config: None }) = &request.data else { return };
    let is_name = |found: &Found<'_>| taken_if(!is_filler(found.cut.get("v")) && !is_data_file(found.cut.get("v")));
    let Some(cut) = WAYS.iter().find_map(|way| rest.cut_as(way, is_name)) else { return };
    request.data = Some(DataName::Hub { id: id.clone(), config: Some(cut.get("v").to_string()) });
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
    // A sentence may end with it.
    let name = |cut: &Cut| cut.get("v").trim_end_matches('.').to_string();
    let judged = |found: &Found<'_>| taken_if(lying(&name(found.cut)) == Some(Lying::Data) && !GOES.is_match(found.before));
    let cut = WAYS.iter().find_map(|way| rest.cut_as(way, judged))?;
    Some(DataName::Local { path: name(&cut).into() })
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
            let other = is_data.then(|| DataName::parse(word, lying))?;
            // Neither is said to be the one that is trained on.
            let both = together(&all, &other).or_else(|| together(&other, &all))?;
            found.set(Some(both));
            Some(())
        });
        match cut.and(found.take()) {
            Some(both) => all = both,
            None => return all,
        }
    }
}

/// The first of the files in braces.
fn first_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_prefix('{')?.strip_suffix('}')?.split(',').next()?.to_string();
    Some(path.with_file_name(name).to_string_lossy().into_owned())
}

/// The folder that two folders are splits of by their names: `photos` of `photos/train` and `photos/val`.
fn folder_of_splits(first: &Path, second: &Path) -> Option<PathBuf> {
    let split = |path: &Path| {
        let name = path.file_name()?.to_str()?.to_lowercase();
        SPLIT_WORDS.iter().find(|(_, words)| words.contains(&name.as_str())).map(|(split, _)| *split)
    };
    let parent = first.parent().filter(|parent| !parent.as_os_str().is_empty());
    // A third beside two that are found already.
    if second.parent() == Some(first) {
        return split(second).map(|_| first.to_path_buf());
    }
    // What is trained on is called so.
    let are_two = split(first).zip(split(second)).is_some_and(|(one, other)| one == "train" && other != "train");
    parent.filter(|parent| are_two && second.parent() == Some(*parent)).map(Path::to_path_buf)
}

/// Two tables of one folder whose names say which is which, as a pattern for both; of two folders the one that they lie in.
fn together(data: &DataName, held_out: &DataName) -> Option<DataName> {
    let (DataName::Local { path: first }, DataName::Local { path: second }) = (data, held_out) else { return None };
    if let Some(path) = folder_of_splits(first, second) {
        return Some(DataName::Local { path });
    }
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

/// Words in lower case that names of data and models are made of.
pub(crate) fn words_of_names() -> Vec<String> {
    let known = catalogue().iter().flat_map(|known| std::iter::once(known.name).chain(known.aliases.iter().copied()));
    let words = known.flat_map(|name| name.split(|c: char| !c.is_alphabetic())).map(str::to_lowercase);
    words.filter(|word| !word.is_empty()).chain(FAMILIES.iter().map(|name| name.to_string())).collect()
}

/// Stands before where something is to go, or what is to be done with a file: `save the model to`, `and upload`.
pub(crate) static GOES: LazyLock<Regex> = LazyLock::new(|| {
    let to = r"(?:to|in|into|at|under|as)\s(?:(?:the|an?)\s)?(?:(?:file|folder|directory)\s)?";
    regex(&format!(
        r"(?i)(?:(?:^|[.,;:¦]|\b(?:and|then|please|to|finally|also))\s*(?:save|write|store|export|upload|send|copy|move|delete|dump|put)\s(?:(?:[^.,;:¦]{{0,40}}\s)?{to})?|\boutput[ _-](?:folder|dir(?:ectory)?|path|file)\s?[:=]?\s?|(?:^|[\s`'\x22(])(?:sudo\s)?(?:rm|rmdir|mv|cp|scp|rsync|chmod|chown|curl|wget)\s(?:-{{1,2}}[\w-]+\s)*)$"
    ))
});

/// What a path or id stands for: what lies there tells, else its form, else the word before it.
fn role(before: &str, word: &str, lying: impl Fn(&str) -> Option<Lying>) -> Option<Lying> {
    // A sign that parts what is said names nothing: `SST-2 / MiniLM / 2 epochs`; nor does the place where one is.
    if GOES.is_match(before) || word.chars().all(|c| matches!(c, '/' | '.' | '~' | '\\')) {
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
