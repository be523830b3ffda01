//! A date between what is trained on and what is tested on: `train on everything before 2021 and test on the rest`. Each clause that
//! says such a thing is read by itself, for the two may stand in any order, or one alone.

use crate::intake::regex;
use crate::intake::request::wording::dates::{date_form, dates, written};
use jiff::civil::Date;
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// What stands before a date, and what it makes of it.
const BEFORE: &str = r"before|prior to|earlier than|older than|preceding|<|vor(?: de[mn])?|avant(?: l[ea]s?)?|d['’]avant|antes(?: d[aeo]l?| of(?: the)?)?|prima(?: d\w+| of(?: the)?)?|anterior\w*(?: a\w*)?";
const UNTIL: &str = r"until|till";
const UP_TO: &str = r"up to(?: and including)?|through|thru|no later than|<=|≤|bis(?: (?:zum|einschließlich|inklusive|zu))?|jusqu['’]?\s?(?:à|au|en)|hasta|fino (?:a\w*|the)|até|ate|截至|截止到?";
const AFTER: &str = r"after|later than|newer than|past|>|nach(?: de[mn])?|by|après|después(?: d\w+| of(?: the)?)?|dopo|depois(?: d\w+| of(?: the)?)?|posterior\w*(?: a\w*)?";
const FROM: &str = r"from|since|as of|starting(?: (?:in|on|from|with|at))?|beginning (?:in|on|with)|on or after|>=|≥|ab(?: dem)?|seit|à partir d\w+|depuis|desde|a partir d\w+|dal(?:l['’])?|从|自";
const IN: &str = r"in|on|of|for|with|year|years|period|im|vom|aus|sur|en|su|sul|nel|em|:|=";

/// A date where it stands, with what is before and behind it.
static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    let date = date_form();
    let between = r"(?:\s?['`\x22]?\s?(?:the|and|el|le|la|l['’]|il|o|of|al|am)?\s?){0,2}['`\x22]?";
    let later = r"(?:(?:\s(?:and|or|und|et|y|e|o|ou|oder)\s|,\s|\s)(?:later|after(?:wards)?|onwards?|on\b|newer|beyond|up|upwards|später|danach|après|plus tard|después|posterior\w*|dopo|oltre|successiv\w+|depois|adelante|avanti|diante)|\s?\+|-(?:present|now|today))";
    let earlier = r"(?:\s(?:and|or|und|et|y|e|o|ou|oder)\s(?:earlier|before|older|früher|davor|avant|antes|prima|anterior\w*))";
    let last = r"(?:\s?(?:-|–|to|through|until|bis|à|au|a|al|hasta|até)\s?)";
    regex(&format!(
        r"(?i)(?:(?P<side>(?:\b|[^\p{{L}}\d])(?:{FROM}|{AFTER}|{BEFORE}|{UNTIL}|{UP_TO}|{IN})){between})?(?P<date>{date})(?:{last}(?P<last>{date})|['`\x22]?(?:(?P<later>{later})|(?P<earlier>{earlier})|\s(?P<behind>before|after)\b))?"
    ))
});

static SIDES: LazyLock<[(Side, Regex); 6]> = LazyLock::new(|| {
    [(Side::From, FROM), (Side::After, AFTER), (Side::Before, BEFORE), (Side::Until, UNTIL), (Side::UpTo, UP_TO), (Side::In, IN)]
        .map(|(side, words)| (side, regex(&format!(r"(?i)^\W?(?:{words})$"))))
});

/// What is done with the rows of a clause.
static TRAINS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)\b(?:train\w*|fit(?:ting|ted)?|learn\w*|entraîn\w*|entren\w*|addestr\w*|trein\w*)\b|训练"));
static TESTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:test\w*|evaluat\w*|hold(?:ing)?[- ]?out|held[- ]?out|scor\w*|check\w*|prueba\w*|probar|prova\w*|valuta\w*|avali\w*|évalu\w*|evalú\w*|auswert\w*|bewert\w*)\b|测试|评估",
    )
});
static VALIDATES: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:validat\w*|val|dev)\b"));

/// What is neither, and ends a clause.
static BOUND: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)[,;!?()]|[.](?:\s|$)|\s(?:and|then|but|while|whereas|und|dann|et|puis|y|luego|e|poi|depois|和)\s|\s[-–—/|]\s|(?:->|→)",
    )
});

/// The other side, which needs no date: `and test on the rest`.
static REST: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?:rest\w*|others?|remain\w+|later|afterwards?|newer|after that|after|else|danach|später|übrig\w*|reste|resto|demás|altr[ie]|demais)\b|其余|剩下",
    )
});

/// `Split at 2021-01-01`, `cutoff date 2021-06-30`, `use 2021 as the cutoff`.
static CUTOFF: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let date = date_form();
    let name = r"(?:cut-?\s?off|border|boundary|threshold|split(?:ting)?[ -](?:point|date|year|time)|stichtag|trenndatum|date de coupure|fecha de corte|data di taglio|data de corte)(?:\s(?:date|year|point|time))?";
    [
        regex(&format!(
            r"(?i)(?P<cut>(?:\b(?:with|and|use|using|by|a|the)\s){{0,3}})(?:\b{name}\s?(?:(?:is|at|of|on|set to|=|:|the|am)\s?){{0,3}}|\bsplit(?:s|ting)?(?:\s(?:it|them|the|my|data|rows|file|table|train\w*|test|and|into|set|sets|¦|by|date|time|chronologically)){{0,8}},?\s(?:at|on|in|from|before|(?P<after>after))\s(?:the\s)?)['`\x22]?(?P<date>{date})"
        )),
        regex(&format!(
            r"(?i)(?P<cut>\b(?:use|using|take|taking|with))\s(?:the\s)?['`\x22]?(?P<date>{date})['`\x22]?\sas\s(?:(?:a|the|our|my)\s)?(?:{name}|split)\b"
        )),
    ]
});

/// Where a date stands to what is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    /// The day with it, of a month or year only what is before it.
    Until,
    UpTo,
    After,
    From,
    In,
}

/// The rows that are meant: those of a day, a month or a year, or around it.
#[derive(Debug, Clone)]
struct Mention {
    trains: bool,
    side: Side,
    /// The first day, and the first that is behind it.
    first: Date,
    next: Date,
}

/// What is said of a border.
pub(crate) struct Found {
    pub(crate) range: Range<usize>,
    /// The first day that is held out, as short as it can be written; none where it is not one date, or cannot be told.
    pub(crate) from: Option<String>,
}

/// The first border in `text` from a place on.
pub(crate) fn find(text: &str, from: usize) -> Option<Found> {
    cutoff(text, from).or_else(|| clauses(text, from))
}

fn cutoff(text: &str, from: usize) -> Option<Found> {
    let found = CUTOFF.iter().find_map(|way| way.captures_at(text, from))?;
    if is_another(text, &found, Side::In, false) {
        return None;
    }
    let is_after = found.name("after").is_some();
    let border = dates(&found["date"]).map(|(first, next)| written(if is_after { next } else { first }));
    Some(Found { range: found.get(0)?.range(), from: border })
}

fn clauses(text: &str, from: usize) -> Option<Found> {
    let mut mentions: Vec<(Range<usize>, Option<Mention>)> = Vec::new();
    for found in MENTION.captures_iter(text).filter(|found| found.get(0).is_some_and(|all| all.start() >= from)) {
        let Some((range, mention)) = mention(text, &found, !mentions.is_empty()) else { continue };
        // The second side is said in the same breath.
        let is_next = mentions.last().is_none_or(|(last, _)| is_breath(text.get(last.end..range.start).unwrap_or("¦¦¦")));
        if !is_next {
            break;
        }
        mentions.push((range, mention));
    }
    let (first, last) = (mentions.first()?.0.start, mentions.last()?.0.end);
    let end = last + rest_of(&text[last..]);
    let all: Option<Vec<Mention>> = mentions.into_iter().map(|(_, mention)| mention).collect();
    let border = all.as_deref().and_then(border);
    let parts = all.as_ref().is_none_or(|all| all.iter().any(Mention::parts));
    if parts { Some(Found { range: first..end, from: border.map(written) }) } else { clauses(text, last) }
}

/// Whether what lies between two clauses is no sentence of its own.
fn is_breath(between: &str) -> bool {
    const MOST: usize = 40;
    between.chars().count() <= MOST && !between.contains(". ") && !between.contains('¦')
}

impl Mention {
    /// Whether it says by itself on which side rows are.
    fn parts(&self) -> bool {
        match self.trains {
            true => matches!(self.side, Side::Before | Side::Until | Side::UpTo),
            false => matches!(self.side, Side::After | Side::From | Side::In),
        }
    }

    /// Whether a whole day was said, and no month or year.
    fn is_day(&self) -> bool {
        self.first.tomorrow().ok() == Some(self.next)
    }

    /// The first day that is held out by what it says.
    fn border(&self) -> Option<Date> {
        match (self.trains, self.side) {
            (true, Side::Before) | (false, Side::From | Side::In) => Some(self.first),
            (true, Side::Until) if !self.is_day() => Some(self.first),
            (true, Side::Until | Side::UpTo | Side::In) | (false, Side::After) => Some(self.next),
            (true, Side::After | Side::From) | (false, Side::Before | Side::Until | Side::UpTo) => None,
        }
    }
}

/// The day from which on rows are held out, where what is said of both sides is one.
fn border(mentions: &[Mention]) -> Option<Date> {
    let of = |trains: bool| mentions.iter().filter(move |mention| mention.trains == trains);
    let trained = of(true).filter_map(|mention| Some((mention.border()?, mention))).max_by_key(|(border, _)| *border);
    let tested = of(false).filter_map(|mention| Some((mention.border()?, mention))).min_by_key(|(border, _)| *border);
    match (trained, tested) {
        (Some((a, _)), Some((b, _))) if a == b => Some(a),
        // `Before 2021 is train, after 2021 is test` means one border, and who says `from` or `before` says which.
        (Some((_, a)), Some((_, b))) if a.first == b.first && a.next == b.next => {
            Some(if a.side == Side::Before || matches!(b.side, Side::From | Side::In) { a.first } else { a.next })
        }
        (Some(_), Some(_)) => None,
        (Some((border, mention)), None) => Some(border).filter(|_| mention.parts()),
        // Of what is trained on only how old it may be was said, and that is no border here.
        (None, Some((border, _))) => Some(border),
        (None, None) => None,
    }
}

/// A date with what its clause does, where that is to train or to test; `is_next`: behind another. The second is none where the date cannot be told, or where it is
/// watched what is said of.
fn mention(text: &str, found: &Captures<'_>, is_next: bool) -> Option<(Range<usize>, Option<Mention>)> {
    let (all, date) = (found.get(0)?.range(), found.name("date")?);
    let side = side_of(found);
    if is_another(text, found, side, is_next) {
        return None;
    }
    let start = BOUND.find_iter(&text[..all.start]).last().map_or(0, |bound| bound.end());
    let end = BOUND.find(&text[all.end..]).map_or(text.len(), |bound| all.end + bound.start());
    let (before, behind) = (&text[start..all.start], &text[all.end..end]);
    let first = uses(before).max_by_key(|(place, _)| place.start).filter(|(place, _)| near(&before[place.end..], side));
    let last = uses(behind).min_by_key(|(place, _)| place.start).filter(|(place, _)| near(&behind[..place.start], side));
    // `Train ¦ on ¦ everything from 2021 for testing`: behind a name that was cut out, another clause may begin.
    let is_nearer = last.is_some() && before.contains('¦');
    let first = first.filter(|_| !is_nearer);
    let (range, trains) = match (&first, last) {
        (Some((place, trains)), _) => (start + place.start..all.end, *trains),
        (None, Some((place, trains))) => {
            (start + words_before(before, 3)..all.end + place.end + set_behind(&behind[place.end..]), trains)
        }
        (None, None) => return None,
    };
    // `Train and test on 2021` asks for these rows alone.
    static BOTH: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:train\w*|fit)(?:\s(?:it|the model))?\s?(?:and|&|/|or)\s?$"));
    if !trains && first.is_some() && BOTH.is_match(&text[..range.start]) {
        return None;
    }
    let is_watched = VALIDATES.is_match(&text[range.clone()]) && TESTS.is_match(text);
    let is_told = !is_watched && !is_vague(&text[..all.start]);
    let last = found.name("last").map(|last| dates(last.as_str()));
    let whole = dates(date.as_str()).zip(last.unwrap_or_else(|| dates(date.as_str())));
    let mention = whole.filter(|_| is_told).map(|((first, next), (_, last))| {
        // A range of what is trained on ends with its last day, one of what is tested on begins with its first.
        let side = if found.name("last").is_some() { Side::In } else { side };
        Mention { trains, side, first, next: next.max(last) }
    });
    Some((range, mention))
}

/// `The summer of 2021` begins on no day that all agree on.
fn is_vague(before: &str) -> bool {
    static VAGUE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:spring|summer|autumn|fall|winter|mid|middle|early|late|quarter|half|semester|term)(?:\s(?:of|in|the))*[\s-]?$",
        )
    });
    VAGUE.is_match(before)
}

/// Where a text says what is done, and whether that is to train.
fn uses(text: &str) -> impl Iterator<Item = (Range<usize>, bool)> {
    let all = [(true, &TRAINS), (false, &TESTS), (false, &VALIDATES)];
    all.into_iter().flat_map(move |(trains, way)| way.find_iter(text).map(move |place| (place.range(), trains)))
}

/// Whether what looks like a date is a part of a name, or a number of things. `is_next`: behind another, as a number alone is a year, too.
fn is_another(text: &str, found: &Captures<'_>, side: Side, is_next: bool) -> bool {
    static GOES_ON: LazyLock<Regex> = LazyLock::new(|| regex(r"^[._/\\-]?[A-Za-z0-9]"));
    let (Some(all), Some(date)) = (found.get(0), found.name("date")) else { return true };
    let is_year = date.as_str().len() == 4;
    // Behind `split at` it stands by itself.
    let is_alone = !is_next
        && found.name("cut").is_none()
        && ["side", "last", "later", "earlier"].iter().all(|name| found.name(name).is_none())
        && !is_vague(&text[..all.start()]);
    let is_round = date.as_str().ends_with("00") && found.name("later").is_none();
    text[..date.start()].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '-' | '.'))
        || GOES_ON.is_match(&text[all.end()..])
        || counts(&text[all.end()..])
        || is_year && (is_alone || side == Side::In && is_round)
}

fn side_of(found: &Captures<'_>) -> Side {
    let said = found.name("side").map_or("", |side| side.as_str().trim());
    let side = SIDES.iter().find(|(_, words)| words.is_match(said)).map_or(Side::In, |(side, _)| *side);
    // Behind it in languages that put it there.
    let is_postponed = found.name("date").is_some_and(|date| date.as_str().ends_with(['年', '月', '日', '号']));
    match (found.name("later"), found.name("earlier"), found.name("behind").filter(|_| is_postponed)) {
        (Some(_), ..) => Side::From,
        (None, Some(_), _) => Side::UpTo,
        (None, None, Some(word)) => {
            if word.as_str().eq_ignore_ascii_case("before") {
                Side::Before
            } else {
                Side::After
            }
        }
        (None, None, None) => side,
    }
}

/// Whether these words may stand between what is done and the date that says of which rows. What is told of a year is no part of it.
fn near(between: &str, side: Side) -> bool {
    const MOST: usize = 50;
    const OTHER: [&str; 8] = ["predict", "forecast", "estimate", "whether", "how", "if", "that", "what"];
    let words = || between.split_whitespace().map(str::to_lowercase);
    let (most, other) = if side == Side::In { (4, &OTHER[..]) } else { (9, &OTHER[..4]) };
    let is_plain = !between.contains(|c: char| c.is_ascii_digit()) && between.chars().count() <= MOST;
    is_plain && words().count() <= most && !words().any(|word| other.iter().any(|other| word.starts_with(other)))
}

/// `After 2000 steps` tells no year.
fn counts(behind: &str) -> bool {
    static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s(?:(?:training|random|more|test|labell?ed)\s)?(?:steps?|iter|updates?|epochs?|rows|examples|samples|images|texts|tokens|batches|words|pairs|lines|records|seconds|minutes)",
        )
    });
    COUNTED.is_match(behind)
}

/// Where the last few words of a clause begin, which are cut with what they say: `paid` of `paid before 2021 is train`.
fn words_before(clause: &str, most: usize) -> usize {
    let own = clause.rfind(['¦', ':']).map_or(0, |at| at + clause[at..].chars().next().map_or(1, char::len_utf8));
    let starts = clause[own..].split_whitespace().rev().take(most).last();
    starts.map_or(clause.len(), |word| word.as_ptr() as usize - clause.as_ptr() as usize)
}

/// How far what is behind a use belongs to it: `training set`.
fn set_behind(behind: &str) -> usize {
    static SET: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s(?:set|split|data|part|rows|purposes)\b"));
    SET.find(behind).map_or(0, |set| set.end())
}

/// How far behind a border the other side is told without a date.
fn rest_of(behind: &str) -> usize {
    static JOINT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^\s?(?:[,;]|[.]\s)?\s?(?:(?:and|then|but|und|dann|et|puis|y|luego|e|poi|depois|和)\s)*"));
    let joint = JOINT.find(behind).map_or(0, |joint| joint.end());
    let end = BOUND.find(&behind[joint..]).map_or(behind.len(), |bound| joint + bound.start());
    let clause = behind[joint..end].trim_end();
    let says = REST.is_match(clause) && (TESTS.is_match(clause) || TRAINS.is_match(clause) || VALIDATES.is_match(clause));
    let is_plain = joint > 0 && !clause.contains(|c: char| c.is_ascii_digit() || c == '¦') && clause.chars().count() <= 70;
    if says && is_plain { joint + clause.len() } else { 0 }
}
