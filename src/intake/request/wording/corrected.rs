//! What somebody says otherwise in the same breath: of `5 epochs, no wait, make it 3` the last holds.

use super::number::{NUMBER, in_words};
use crate::intake::regex;
use crate::intake::request::data::name::looks_like_path;
use crate::intake::request::rest::is_filler;
use crate::intake::request::task::models::last_model;
use crate::intake::request::wording::english::is_verb;
use regex::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// Words of which each correction has one.
const SIGNS: [&str; 17] = [
    " no let",
    "hm no",
    " too ",
    "that's too",
    "way too",
    "wait",
    "scratch that",
    "strike that",
    "second thought",
    "correction",
    "i mean",
    "or rather",
    "make it",
    "make that",
    "actually",
    "sorry",
    "no,",
];

/// What says that something else is meant, and what may stand between it and that.
const MARK: &str = r"(?:[\s,.;?(–—-]|\.\.\.|…)+(?:(?:hm+|uh+|um+|oops|that(?:['’]s| is) (?:far |way |much )?too [a-z]+|no,? wait|wait,? no|wait\s?[,;:.!…–—-]|scratch that|strike that|on second thou?ghts?|correction|i meant?(?: to (?:say|write))?|or rather|make (?:it|that)|actually|sorry|no(?:,| [–—-]| let['’]?s\b| rather\b))[\s,.;:!…–—-]+)+(?:(?:(?:let['’]?s|i|make|it|that|be|should|go|with|use|take|do|have|say|want|need|better|rather|just|only|an?|the|of|to|is|for|in)\s+){0,5})";

/// Whether such a mark corrects anything: `augment: no` has a value, and `I actually need` goes on, as `and make it` does.
fn corrects(before: &str, mark: &str, behind: &str) -> bool {
    let at = mark.find(char::is_alphabetic).unwrap_or(0);
    let (signs, words) = mark.split_at(at);
    let words = words.to_lowercase();
    if words.starts_with("no") && signs.trim().is_empty() && before.trim_end().ends_with([':', '=']) {
        return false;
    }
    let goes_on = signs.trim().is_empty() && ["actually", "make"].iter().any(|word| words.starts_with(word));
    !goes_on || ends(behind)
}

/// Whether nothing more is said in a clause.
fn ends(behind: &str) -> bool {
    behind.trim_start().is_empty() || behind.trim_start().starts_with([',', '.', ';', ':', '!', '?', ')', '…', '–', '—', '-'])
}

/// Whether something is said in place of something else.
pub(crate) fn takes_back(text: &str) -> bool {
    let low = text.to_lowercase();
    ["no wait", "no, wait", "wait, no", "scratch that", "strike that", "second thought", "actually", "after all", "sorry", "oops"]
        .iter()
        .any(|sign| low.contains(sign))
}

/// The text with what was corrected in place of what was said first; of one line already.
pub(crate) fn corrected(text: &str) -> Cow<'_, str> {
    // `From scratch that translates` takes nothing back.
    if text.contains("from scratch that ") {
        return Cow::Owned(corrected(&text.replace("from scratch that ", "from scratch which ")).into_owned());
    }
    let low = text.to_lowercase();
    if [" one", " version", " variant"].iter().any(|word| low.contains(word))
        && let Some(named) = size_behind(text)
    {
        return Cow::Owned(corrected(&named).into_owned());
    }
    if ["forget", "never mind", "nevermind", "disregard that"].iter().any(|word| low.contains(word))
        && let Some(rest) = taken_back(text)
    {
        return Cow::Owned(corrected(&rest).into_owned());
    }
    if !SIGNS.iter().any(|sign| low.contains(sign)) {
        return Cow::Borrowed(text);
    }
    let mut out = too_much(&stays_in(text)).into_owned();
    // One at a time: what was corrected may be corrected again.
    for _ in 0..8 {
        match number_corrected(&out).or_else(|| name_corrected(&out)).or_else(|| wish_corrected(&out)) {
            Some(next) => out = next,
            None => break,
        }
    }
    Cow::Owned(out)
}

/// Without a wish in whose place, behind a pause, another one stands: `keep the best epoch... no wait, just take the last one`.
fn wish_corrected(text: &str) -> Option<String> {
    static NEW: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\s?(?:\.{2,}|…|[–—-]\s|;)\s*(?:(?:hm+|uh+|um+|oh|ah|sorry|actually|no)[\s,.…–—-]+)*(?:no,? wait|wait,? no|scratch that|strike that|on second thou?ghts?)[\s,.;:!…–—-]+(?P<new>(?:(?:just|please|let['’]?s|rather|better|instead|we|i|should|want|to|need)\s+)*(?P<verb>\p{L}+)\b)",
        )
    });
    NEW.captures_iter(text).find_map(|found| {
        let (all, new) = (found.get(0)?, found.name("new")?);
        let before = text.get(..all.start())?;
        let from = start_of_clause(before);
        let old = before.get(from..)?;
        let is_wish = |words: &str| words.split_whitespace().take(3).any(|word| is_verb(&word.to_lowercase()));
        // `Lr 1e-3, no wait, use SGD` corrects nothing that one could tell.
        (is_wish(old) && is_verb(&found["verb"].to_lowercase())).then(|| {
            format!("{}{}{}", text.get(..from).unwrap_or_default(), if from > 0 { " " } else { "" }, &text[new.start()..])
        })
    })
}

/// Where the last clause of a text begins: a sign within a word ends none, as those of `a.csv`, `0.1` and `10,000` do.
fn start_of_clause(text: &str) -> usize {
    let is_bound = |(at, sign): &(usize, &str)| text[at + sign.len()..].starts_with(char::is_whitespace);
    text.rmatch_indices(['.', ';', '!', '?', ',', ':']).find(is_bound).map_or(0, |(at, sign)| at + sign.len())
}

/// `No wait, keep the redshift in` takes back that it is left out, and says so without the first words.
fn stays_in(text: &str) -> Cow<'_, str> {
    static MARKED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)[\s,.;(–—…-]+(?:(?:no,? wait|wait,? no|wait|scratch that|strike that|on second thou?ghts?|actually|sorry|hm+|oh)[\s,.;:!…–—-]+)+(?P<keep>(?:please |let['’]?s |but |better )*(?:keep|leave|put|take)\s[^.;:!?¦]{1,60}?\s(?:back )?in\s*(?:$|[.,;:!?)]|(?:this time|again|after all|and|but)\b))",
        )
    });
    MARKED.replace_all(text, ". ${keep}")
}

/// `100 epochs. Hm, 100 epochs is too many, 40`: what was too much gives way to the value behind it, wherever it was said before.
fn too_much(text: &str) -> Cow<'_, str> {
    static TOO: LazyLock<Regex> = LazyLock::new(|| {
        let number = format!(r"(?:{NUMBER}|{})", in_words());
        let much = r"(?:is|are|was|were|seems?|looks?|would be|might be|sounds?)\s(?:(?:a bit|a little|far|way|much|probably|maybe|really|just|still|surely)\s)*too (?:much|many|few|little|long|short|high|low|large|big|small|slow)";
        let verbs = r"(?:so|and|please|rather|better|just|only|let['’]?s|we|i|want|need|make|it|that|them|use|take|do|try|go|with|to|say|have|should|be|of|only)";
        regex(&format!(
            r"(?i)(?P<lead>[\s,.;:(–—-]*\b(?:(?:and|but|hm+|oh|no|wait|well|actually|sorry|on second thou?ghts?)[\s,.…–—-]+)*)(?P<old>{number})(?P<unit>[\s-]?[a-z]+)??\s?{much}(?:\s?[,;:.–—-]+\s?|\s(?:so|and)\s)(?:{verbs}\s+){{0,5}}(?P<new>{number})(?P<again>[\s-]?[a-z]+)?(?P<behind>\s*(?:$|[,.;:!?)–—-]|(?:is|are|should|will|would|instead|please|then|rather|and|but)\b))"
        ))
    });
    let Some(found) = TOO.captures(text) else { return Cow::Borrowed(text) };
    let at = |name: &str| found.name(name).map_or("", |part| part.as_str());
    let (Some(all), Some(behind)) = (found.get(0), found.name("behind")) else { return Cow::Borrowed(text) };
    let [unit, again] = [at("unit"), at("again")].map(unit_of);
    // `16 is too much, 8 epochs` may speak of two things.
    if unit.is_some() && again.is_some() && unit != again {
        return Cow::Borrowed(text);
    }
    let (before, lead) = (&text[..all.start()], at("lead"));
    let new = at("new").trim_end_matches([' ', '-']);
    // What stands at once before it names it: `batch 64 is too much`.
    let name =
        before.trim_end_matches([' ', ':', '=']).rsplit(' ').next().filter(|_| lead.trim().is_empty() && !before.is_empty());
    let of = Withdrawn { value: at("old"), unit: unit.as_deref().or(again.as_deref()), name };
    let places = of.places(before);
    if places.is_empty() && unit.is_none() && again.is_some() {
        return Cow::Borrowed(text);
    }
    let instead = match (places.is_empty(), name) {
        (false, None) => String::new(),
        _ => format!("{lead}{new}{}", if at("unit").is_empty() { at("again") } else { at("unit") }),
    };
    let mut out = before.to_string();
    for place in places.into_iter().rev() {
        let gap = gap_of(&before[place.clone()]);
        out.replace_range(place, &format!("{new}{gap}"));
    }
    Cow::Owned(format!("{out}{instead}{}", &text[behind.start()..]))
}

/// A value that somebody takes back, with what it counts and what it is called by, as far as that is said.
struct Withdrawn<'a> {
    value: &'a str,
    unit: Option<&'a str>,
    name: Option<&'a str>,
}

impl Withdrawn<'_> {
    /// Where it was said in the text before: of what nobody called by a name the last place.
    fn places(&self, before: &str) -> Vec<Range<usize>> {
        let value = |text: &str| super::number::number(text.trim_end_matches(['-', ' ']));
        let is_same = |(range, own): &(Range<usize>, Option<String>)| {
            let is_named = |name: &str| before[..range.start].trim_end_matches([' ', ':', '=']).ends_with(name);
            value(&before[range.clone()]) == value(self.value)
                && match (self.unit, self.name) {
                    (Some(unit), _) => own.as_deref() == Some(unit),
                    (None, Some(name)) => is_named(name),
                    (None, None) => true,
                }
        };
        let all: Vec<Range<usize>> = numbers(before).into_iter().filter(is_same).map(|(range, _)| range).collect();
        let is_bare = self.unit.is_none() && self.name.is_none();
        all[if is_bare { all.len().saturating_sub(1) } else { 0 }..].to_vec()
    }
}

/// Without the clause that is taken back: `seq 128, 50k tokens per... hmm, forget that, 600 steps`.
fn taken_back(text: &str) -> Option<String> {
    static BACK: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?:^|(?P<before>[,;:!?(¦–—]|\.(?:\s|$)))(?:[^,.;:!?()¦–—…]|\.\w|,\d{3}\b)*(?:[\s,;–—-]|\.{1,3}|…)+(?:(?:hm+|uh+|um+|oh|ah|actually|no|wait|well|sorry|please|on second thou?ghts?)[\s,.…–—-]+)*(?P<deed>forget (?:about )?(?:that|it|this)|never ?mind(?: that| this)?|disregard that)(?P<behind>\s*(?:$|[,.;:!?)–—-]))",
        )
    });
    // `And don't forget it` takes nothing back.
    static KEPT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?:n['’]t|\b(?:not|never|to))\s+$"));
    let is_back = |found: &regex::Captures<'_>| found.name("deed").is_some_and(|deed| !KEPT.is_match(&text[..deed.start()]));
    let found = BACK.captures_iter(text).find(is_back)?;
    let (all, at) = (found.get(0)?, |name: &str| found.name(name).map_or("", |sign| sign.as_str().trim()));
    let sign = if matches!(at("before"), "" | "(") { at("before") } else { at("behind") };
    Some(format!("{}{sign}{}", text.get(..all.start())?, text.get(all.end()..)?))
}

/// A size that is said behind the name it belongs to: `BERT, but not base: the large uncased one`.
fn size_behind(text: &str) -> Option<String> {
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        let size = "tiny|mini|small|medium|base|large|xl";
        regex(&format!(
            r"(?i)\b(?P<name>bert|roberta|electra|deberta|vit|t5|whisper|gpt-?2)\b,? (?:but )?(?:not (?:the )?(?:{size})\b[\s,:;–—-]*(?:but )?)?(?:in |use |take )?(?:the|its|a) (?P<size>{size})(?:[ -](?P<case>(?:un)?cased))?(?P<more>(?: [\w-]+){{0,2}}?) (?:one|version|variant)\b"
        ))
    });
    let found = BEHIND.captures(text)?;
    let all = found.get(0)?;
    let case = found.name("case").map_or(String::new(), |case| format!("-{}", case.as_str()));
    let (before, behind) = (text.get(..all.start())?, text.get(all.end()..)?);
    Some(format!("{before}{}-{}{case}{}{behind}", &found["name"], &found["size"], &found["more"]))
}

/// A number in place of the last of its kind.
fn number_corrected(text: &str) -> Option<String> {
    static NEW: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i){MARK}(?P<name>(?:[a-z]+[\s=:]+){{0,3}}?)(?P<v>{NUMBER}|{})(?P<unit>\s?%|[\s-]?[a-z]+)?(?P<behind>[\s,.;:!?)…–—-]|$)",
            in_words()
        ))
    });
    NEW.captures_iter(text).find_map(|found| {
        let (all, value) = (found.get(0)?, found.name("v")?);
        let own = unit_of(found.name("unit").map_or("", |unit| unit.as_str()));
        let name = found["name"].trim().trim_end_matches([':', '=']).trim().to_lowercase();
        let before = text.get(..all.start())?;
        let end = if own.is_some() { found.name("unit")?.end() } else { value.end() };
        if !corrects(before, text.get(all.start()..found.name("name")?.start())?, text.get(end..)?) {
            return None;
        }
        let old = numbers(before).into_iter().rev().find(|(range, unit)| {
            let named = before.get(..range.start).unwrap_or_default().trim_end_matches([' ', ':', '=']).to_lowercase();
            let is_near = before.len() - range.end <= 24;
            match (own.as_deref(), name.as_str()) {
                (None, "") => is_near,
                (Some(own), "") => match unit.as_deref() {
                    Some(unit) => unit == own,
                    None => named.ends_with(own) || named.ends_with(&format!("{own}s")),
                },
                (_, name) => named.ends_with(name) || named.ends_with(&format!("{name} of")),
            }
        });
        let (old, unit) = old?;
        // A share may be one of anything: `20% for validation, actually 5% of warm-up`. What both are of is said once.
        let of = text.get(old.end..all.start())?.trim_matches([' ', '%']).to_lowercase();
        let behind = text.get(end..)?;
        let is_same = !of.is_empty() && behind.trim_start().to_lowercase().starts_with(&of);
        if own.as_deref() == Some("%") && !is_same && !ends(behind) {
            return None;
        }
        let end = if is_same { end + (behind.len() - behind.trim_start().len()) + of.len() } else { end };
        // `Batch 16, make it 3 epochs` corrects nothing.
        if own.is_some() && unit.is_some() && own != unit {
            return None;
        }
        let replaced = format!(
            "{}{}{}",
            text.get(..old.start)?,
            value.as_str().trim_end_matches([' ', '-']),
            gap_of(text.get(old.clone())?)
        );
        Some(format!("{replaced}{}{}", text.get(old.end..all.start())?, text.get(end..)?))
    })
}

/// Each number of a text that stands by itself, with what it counts.
fn numbers(text: &str) -> Vec<(Range<usize>, Option<String>)> {
    static ONE: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?i)(?:^|[\s(=:,~])(?P<v>{NUMBER}|{})(?P<unit>\s?%|[\s-]?[a-z]+)?", in_words())));
    let one = |found: regex::Captures<'_>| {
        Some((found.name("v")?.range(), unit_of(found.name("unit").map_or("", |unit| unit.as_str()))))
    };
    ONE.captures_iter(text).filter_map(one).collect()
}

/// A spelt number has the space behind it.
fn gap_of(number: &str) -> &str {
    if number.ends_with(' ') { " " } else { "" }
}

/// What a number counts, of one or of several; none for a word that only goes on.
fn unit_of(word: &str) -> Option<String> {
    const ON: [&str; 24] = [
        "on", "with", "and", "please", "for", "is", "in", "instead", "then", "to", "using", "at", "but", "should", "will",
        "sorry", "as", "if", "would", "because", "since", "or", "rather", "actually",
    ];
    let word = word.trim_matches([' ', '-']).to_lowercase();
    let word = word.strip_suffix('s').unwrap_or(&word);
    (!word.is_empty() && !ON.contains(&word)).then(|| word.to_string())
}

/// The name of a file, a model or an optimiser in place of the last of its kind.
fn name_corrected(text: &str) -> Option<String> {
    static NEW: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?i){MARK}(?P<name>[a-z][\w./-]*\w)(?P<behind>[\s,.;:!?)…–—-]|$)")));
    NEW.captures_iter(text).find_map(|found| {
        let (all, name) = (found.get(0)?, found.name("name")?);
        let before = text.get(..all.start())?;
        if !corrects(before, text.get(all.start()..name.start())?, text.get(name.end()..)?) {
            return None;
        }
        let whole = last_model(text.get(name.start()..)?).filter(|range| range.start == 0);
        let (old, end) = match whole {
            Some(range) => (last_model(before)?, name.start() + range.end),
            None => {
                match last_of_kind(before, name.as_str()).or_else(|| column_at(before, text.get(all.range())?, name.as_str())) {
                    Some(old) => (old, name.end()),
                    None => return None,
                }
            }
        };
        let new = text.get(name.start()..end)?;
        Some(format!("{}{new}{}{}", text.get(..old.start)?, text.get(old.end..all.start())?, text.get(end..)?))
    })
}

/// The last file or optimiser, whichever `name` is.
fn last_of_kind(text: &str, name: &str) -> Option<Range<usize>> {
    static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z][\w./-]*\w"));
    const OPTIMIZERS: [&str; 7] = ["sgd", "adam", "adamw", "adafactor", "lion", "lamb", "muon"];
    let is_optimizer = |name: &str| OPTIMIZERS.contains(&name.to_lowercase().as_str());
    let is_alike = |word: &str| is_optimizer(name) && is_optimizer(word) || looks_like_path(name) && looks_like_path(word);
    WORD.find_iter(text).filter(|word| is_alike(word.as_str())).last().map(|word| word.range())
}

/// The column that was named at once before, where another one stands in its place: `predict sex, sorry, species`. What begins a sentence
/// of its own names none.
fn column_at(before: &str, said: &str, name: &str) -> Option<Range<usize>> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?:\b(?:predict|forecast|estimat|classify|regress|drop|ignor|exclud|remov|omit)(?:s|e|es|ing|ping|ting)?|\b(?:label|target|outcome|column|without)(?:\s?[:=]|\sis)?|\b(?:by|from)|->|→)\s(?:the\s|column\s)*(?P<v>[`'\x22]?[\p{L}_][\w.-]*?[`'\x22]?)$",
        )
    });
    let signs = said.chars().take_while(|c| !c.is_alphabetic()).collect::<String>();
    let ends_a_sentence = signs.trim_start().starts_with('.') && !signs.trim_start().starts_with("..");
    #[rustfmt::skip]
    const NO_NAMES: [&str; 18] = [
        "really", "seriously", "honestly", "maybe", "perhaps", "typo", "typing", "wrong", "kidding", "never", "nothing", "well", "ok", "okay", "first", "everything",
        "anything", "because",
    ];
    let low = said.to_lowercase();
    let goes_on = [" for ", " only ", " just ", " with ", " use ", " have "].iter().any(|word| low.contains(word));
    let is_word = goes_on || is_filler(name) || name.chars().count() < 2 || NO_NAMES.contains(&name.to_lowercase().as_str());
    let found = NAMED.captures(before)?.name("v")?;
    let is_same = found.as_str().eq_ignore_ascii_case(name);
    (!ends_a_sentence && !is_word && !is_filler(found.as_str()) && !is_same).then(|| found.range())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_was_said_holds() {
        for (text, expected) in [
            ("for 5 epochs, no wait, make it 3. Batch", "for 3 epochs. Batch"),
            ("batch 16 - actually 8, then", "batch 8, then"),
            ("lr 1e-4, I mean 1e-5.", "lr 1e-5."),
            ("10 epochs... sorry, 12 epochs on x.csv", "12 epochs on x.csv"),
            ("batch size 16, lr 1e-4, no wait, batch size 32", "batch size 32, lr 1e-4"),
            ("five epochs, scratch that, seven, please", "seven epochs, please"),
            ("60 epochs on x.csv. hm, 60 epochs is too many, 25. Batch 8", "25 epochs on x.csv. Batch 8"),
            ("60 epochs. actually 60 epochs are far too many, make it 25", "25 epochs"),
            ("60 epochs, lr 1e-3. 60 is too much, 25.", "25 epochs, lr 1e-3."),
            ("batch 64, 3 epochs. batch 64 is too large, so use 16", "batch 16, 3 epochs. batch 16"),
            ("lr 1e-3 is too high, 3 epochs", "lr 1e-3 is too high, 3 epochs"),
            ("seed 1, no, 2", "seed 2"),
            ("hold out 20%, actually 10%.", "hold out 10%."),
            ("10% warm-up, actually 5% warm-up, 3 epochs", "5% warm-up, 3 epochs"),
            ("on 10% of the data, no wait, 20% of the data", "on 20% of the data"),
            ("5 epochs. Wait, 3 epochs on x.csv", "3 epochs on x.csv"),
            ("Epochs: 10. Actually, let's do 4 epochs. Batch 8", "Epochs: 4. Batch 8"),
            (
                "BERT, but not base: the large uncased whole-word-masking one. x.csv",
                "BERT-large-uncased whole-word-masking. x.csv",
            ),
            ("RoBERTa in the large version", "RoBERTa-large"),
            ("train BERT, no wait, MiniLM on a.csv, sorry, b.csv", "train MiniLM on b.csv"),
            ("with SGD - I mean AdamW, 3 epochs", "with AdamW, 3 epochs"),
            ("predict sex... sorry, species! so drop sex then", "predict species! so drop sex then"),
            ("predict sex, I mean the species, from x.csv", "predict species, from x.csv"),
            ("label: price - no, rent. 3 epochs", "label: rent. 3 epochs"),
            ("drop zip, sorry, id, and predict price", "drop id, and predict price"),
            ("MiniLM on a.csv, keep the last epoch of b.csv... no wait, use the best one", "MiniLM on a.csv, use the best one"),
            ("train on a.csv with lr 0.1... no wait, use SGD", "use SGD"),
            ("Drop 10,000 rows... scratch that, keep all", "keep all"),
            ("ResNet-50 on pets/. On second thoughts, ResNet-18. 20 epochs, actually 10", "ResNet-18 on pets/. 10 epochs"),
        ] {
            assert_eq!(corrected(text), expected, "{text}");
        }
        for text in [
            "batch 16, make it 3 epochs",
            "Train for 20 epochs, early stopping: wait 3 epochs",
            "20 epochs; wait for 5 epochs before stopping",
            "Hold out 20% for validation; I actually need 90% accuracy",
            "use 10% of the data and make it 95% accurate",
            "hold out 20%, augment: no, 5% warm-up",
            "20% for validation, actually 5% of warm-up",
            "batch 16 and make it reach 90% accuracy",
            "3 epochs, sorry for the short notice",
            "early stopping: no, 5 epochs",
            "MiniLM on reviews.csv. Sorry, I am new to this",
            "predict price. Sorry, typing on a phone",
            "predict price, sorry, thanks",
            "predict price, no, really, it is easy",
            "predict churn, actually only for adults",
            "5 epochs, no 0.1 dropout",
            "it is actually 3 files",
            "BERT on the large one of two files",
            "hold out 20% and don't forget it.",
            "3 epochs, lr 1e-4, and never forget that!",
        ] {
            assert_eq!(corrected(text), text);
        }
    }
}
