//! From which language into which, in other languages and orders than `from German into English`: `dal tedesco all'inglese`, `German in,
//! English out`, `in the other direction`.

use super::pair::{code_of, names_of_languages};
use crate::intake::regex;
use crate::intake::request::rest::{Rest, taken_if};
use crate::intake::request::{DataName, ModelName, Request};
use regex::Regex;
use std::sync::LazyLock;

/// How languages are called in others, with their codes: the beginnings of their names, but for endings.
#[rustfmt::skip]
const NAMES: [(&str, &str); 60] = [
    ("deutsche?n?", "de"), ("englische?n?", "en"), ("französische?n?", "fr"), ("spanische?n?", "es"), ("italienische?n?", "it"), ("portugiesische?n?", "pt"),
    ("russische?n?", "ru"), ("chinesische?n?", "zh"), ("polnische?n?", "pl"), ("niederländische?n?", "nl"), ("türkische?n?", "tr"), ("japanische?n?", "ja"),
    ("allemand", "de"), ("anglais", "en"), ("français", "fr"), ("espagnol", "es"), ("italien", "it"), ("portugais", "pt"), ("russe", "ru"), ("chinois", "zh"),
    ("polonais", "pl"), ("néerlandais", "nl"), ("turc", "tr"), ("japonais", "ja"),
    ("alem[áa]n", "de"), ("ingl[ée]s", "en"), ("franc[ée]s", "fr"), ("español", "es"), ("italiano", "it"), ("portugués", "pt"), ("ruso", "ru"), ("chino", "zh"),
    ("polaco", "pl"), ("neerlandés|holandés", "nl"), ("turco", "tr"), ("japonés", "ja"),
    ("tedesco", "de"), ("inglese", "en"), ("francese", "fr"), ("spagnolo", "es"), ("portoghese", "pt"), ("russo", "ru"), ("cinese", "zh"), ("polacco", "pl"),
    ("olandese", "nl"), ("giapponese", "ja"),
    ("alemão", "de"), ("inglês", "en"), ("francês", "fr"), ("espanhol", "es"), ("português", "pt"), ("chinês", "zh"), ("japonês", "ja"),
    ("德[语文]", "de"), ("英[语文]", "en"), ("法[语文]", "fr"), ("西班牙[语文]", "es"), ("意大利[语文]", "it"), ("中文|汉语", "zh"), ("日[语文]", "ja"),
];

/// Those names and the English ones, as a pattern has them.
fn names() -> String {
    let foreign = NAMES.map(|(name, _)| name).join("|");
    format!("{}|{foreign}", names_of_languages())
}

/// The code of a language that is called so.
fn code(name: &str) -> String {
    static EACH: LazyLock<Vec<(Regex, &str)>> =
        LazyLock::new(|| NAMES.iter().map(|(name, code)| (regex(&format!("(?i)^(?:{name})$")), *code)).collect());
    EACH.iter().find(|(way, _)| way.is_match(name)).map_or_else(|| code_of(name), |(_, code)| code.to_string())
}

/// From which into which.
pub(crate) fn find(rest: &mut Rest, request: &Request) -> Option<[String; 2]> {
    in_words(rest).or_else(|| reversed(rest, request))
}

/// As the two are named.
fn in_words(rest: &mut Rest) -> Option<[String; 2]> {
    static WAYS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        let names = names();
        // What stands before a language's name where texts are brought into it.
        let into = r"(?:in[s']?|into|nach|zum?|vers|verso|en|au|à|a|al|all['’]|para|all|to)\s?(?:(?:das|dem|the|le|la|el|o|l['’]|il|lo)\s?)?";
        [
            regex(&format!(
                r"(?i)(?:\b(?:from|vo[nm]|aus|de|du|del|dell['’]|desde|dal|dall['’]|da|do)\s?(?:(?:dem|the|l['’]|le|el|o|il|lo)\s?)?)?\b(?P<from>{names})\b(?:\s(?:text\w*|sätze|phrases|frases|frasi))?\s{into}(?P<to>{names})\b"
            )),
            regex(&format!(r"(?i)\b(?P<from>{names})\s(?:goes\s)?in\b[\s,;]*(?:and\s)?(?P<to>{names})\s(?:comes\s)?out\b")),
            regex(&format!(r"(?i)从?\s?(?P<from>{names})[\s¦]*(?:translate|翻译|译)?[\s¦]*(?:成|为|到|至|to)\s?(?P<to>{names})")),
        ]
    });
    static OTHER_ORDER: LazyLock<Regex> = LazyLock::new(|| {
        let names = names();
        regex(&format!(
            r"(?i)\b(?:(?:in)?to\s)?(?P<to>{names})\s(?:out,?\s(?P<from>{names})\sin|from\s(?:the\s)?(?P<of>{names}))\b"
        ))
    });
    // Letters of such names, so that no pattern is made where there are none.
    const SIGNS: [&str; 24] = [
        "deutsch",
        "englisch",
        "allemand",
        "anglais",
        "français",
        "espagnol",
        "ingl",
        "tedesco",
        "frances",
        "francés",
        "español",
        "spagnol",
        "alem",
        "portug",
        "ital",
        "语",
        "文",
        "english",
        "german",
        "french",
        "spanish",
        "russ",
        "chin",
        "french",
    ];
    if !SIGNS.iter().any(|sign| rest.says(sign)) {
        return None;
    }
    let other = |from: &str, to: &str| (from != to).then(|| [from.to_string(), to.to_string()]);
    for way in WAYS.iter().chain([&*OTHER_ORDER]) {
        let differ =
            |cut: &crate::intake::request::rest::Cut| code(&[cut.get("from"), cut.get("of")].concat()) != code(cut.get("to"));
        if let Some(cut) = rest.cut_as(way, |found| taken_if(differ(found.cut))) {
            // It may say the same twice.
            reverse_words(rest);
            return other(&code(&[cut.get("from"), cut.get("of")].concat()), &code(cut.get("to")));
        }
    }
    None
}

/// Words that say that it goes the other way; whether there were any.
fn reverse_words(rest: &mut Rest) -> bool {
    static REVERSED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?:but |just )?in (?:the )?(?:other|opposite|reverse|reversed|inverse) direction|in reverse|the other way (?:a)?round|in die andere richtung|in umgekehrter richtung|dans l['’]autre sens|en sens inverse|en (?:la )?(?:otra dirección|dirección contraria)|al revés|nell['’]altra direzione|al contrario|na outra direção|no sentido (?:contrário|inverso))\b|反方向|反过来",
        )
    });
    const SIGNS: [&str; 15] = [
        "direction",
        "reverse",
        "other way",
        "richtung",
        "sens ",
        "dirección",
        "revés",
        "direzione",
        "contrario",
        "direção",
        "sentido",
        "反",
        "inverse",
        "andere",
        "autre",
    ];
    SIGNS.iter().any(|sign| rest.says(sign)) && rest.cut(&REVERSED).is_some()
}

/// `In the other direction` than that of the model, or of the file, by its name.
fn reversed(rest: &mut Rest, request: &Request) -> Option<[String; 2]> {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:^|[-_.])(?P<from>[a-z]{2})[-_](?P<to>[a-z]{2})$"));
    let of = |name: &str| {
        let found = PAIR.captures(name)?;
        Some([found["to"].to_string(), found["from"].to_string()])
    };
    let model = match &request.model {
        Some(ModelName::At { id } | ModelName::Called { name: id }) => of(&id.to_lowercase()),
        None => None,
    };
    let data = || match &request.data {
        Some(DataName::Local { path }) => of(&path.file_stem()?.to_string_lossy().to_lowercase()),
        _ => None,
    };
    let known = model.or_else(data)?;
    reverse_words(rest).then_some(known)
}
