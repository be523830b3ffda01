//! Numbers and settings as experts and talkers write them, put as everybody does: `wu 1/20` is `warmup 0.05`, `2^5` is 32, `half a dozen` 6.
//! What no such sign is in costs nothing: no pattern is made for it.

use super::curt;
use super::number::{in_words, number};
use crate::intake::regex;
use crate::words::plain;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// The text with its notation put plainly; of one line already.
pub(crate) fn spelt_out(text: &str) -> String {
    let low = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| low.contains(word));
    let mut out = whole_of(text);
    // As papers write them.
    for (sign, name) in [("|B|", "batch size "), ("η", "lr ")] {
        if out.contains(sign) {
            out = out.replace(sign, name);
        }
    }
    if has(&["^", "**", "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]) {
        out = powers(&out);
    }
    if has(&[
        "dozen",
        "ten to the",
        "10 to the",
        "point",
        "minus",
        "negative",
        "thousand",
        "percent",
        "per cent",
        "seed",
        "decay",
        "clip",
        "dropout",
    ]) {
        out = words(&out);
    }
    if has(&["undredth", "ousandth", "illionth", " and a half", " and a quarter", "zero "]) {
        out = spoken(&out);
    }
    if has(&["half of", "third", "quarter", "fifth", "sixth", "eighth", "tenth", "twelfth", "twentieth"]) {
        out = parts(&out);
    }
    if has(&["/", "÷", "×", "*", "x"]) && has(&[" at ", " after ", " every ", " each "]) {
        out = falls(&out);
    }
    if out.contains('/') {
        out = fractions(&out);
    }
    if low.contains("00 ") {
        static PARTED: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                // Behind another word the first may be a value of its own: `batch size 16 500 steps`.
                r"(?i)(?P<before>(?:^|[,;:(]|\b(?:for|on|up to|in total|total of|subset of|sample of|run of|first|at most|about|after|every|only|with|has|have))\s*)(?P<thousands>[1-9][0-9]{0,2}) (?P<rest>[0-9]00) (?P<unit>(?:training |optimi[sz]er )?(?:steps|updates|iterations|examples|rows|samples|images|texts)\b)",
            )
        });
        out = PARTED.replace_all(&out, "${before}${thousands}${rest} ${unit}").into_owned();
    }
    if low.contains(" be ") {
        static SHALL: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)\b(?:should|must|shall|has to|have to|needs? to|ought to) be (?P<v>\.?[0-9])"));
        out = SHALL.replace_all(&out, "= ${v}").into_owned();
    }
    if low.contains(" as ") {
        // `16 as the batch size`.
        static AS: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)(?P<before>^|[\s,;(])(?P<v>\.?[0-9][0-9.]*(?:e-?[0-9]+)?) as (?:the |a |an |my |our )?(?P<key>batch[ -]?size|learning rate|lr|patience|seed|drop-?out|weight decay|max(?:imum)? length)\b",
            )
        });
        out = AS.replace_all(&out, "${before}${key} ${v}").into_owned();
    }
    if has(&["frozen", "freez", "fixed"]) {
        // How much of a thing stays as it is its name says.
        static DEGREE: LazyLock<Regex> = LazyLock::new(|| {
            regex(r"(?i)\b(?:completely|fully|entirely|totally|wholly|strictly) (?P<v>frozen|fixed|freez(?:e|ing))\b")
        });
        out = DEGREE.replace_all(&out, "${v}").into_owned();
    }
    curt::sizes(&short(&curter(&out)))
}

/// `¼` as 0.25, `2 ½` as 2.5.
fn whole_of(text: &str) -> String {
    const SIGNS: [(char, &str); 10] = [
        ('¼', ".25"),
        ('½', ".5"),
        ('¾', ".75"),
        ('⅓', ".333333"),
        ('⅔', ".666667"),
        ('⅕', ".2"),
        ('⅛', ".125"),
        ('⅒', ".1"),
        ('⅖', ".4"),
        ('⅘', ".8"),
    ];
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let Some((_, share)) = SIGNS.iter().find(|(sign, _)| *sign == c) else {
            out.push(c);
            continue;
        };
        let before = out.trim_end_matches(' ').len();
        let digits = out[..before].rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let is_whole = !digits.is_empty() && out.len() - before <= 1 && !out[..before - digits.len()].ends_with(['.', '-']);
        match is_whole {
            true => out.truncate(before),
            false => out.push('0'),
        }
        out.push_str(share);
    }
    out
}

/// `2^5`, `2**5`, `2⁵`; those of ten are written otherwise.
fn powers(text: &str) -> String {
    static POWER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?P<before>^|[\s=:(,~])(?P<base>[2-9])(?:\s?(?:\^|\*\*)\s?[({]?(?P<power>[0-9]{1,2})[)}]?|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))",
        )
    });
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let value = |found: &Captures<'_>| {
        // A rate is no such power: it was to be one below nothing.
        let before = &text[..found.get(0).map_or(0, |all| all.start())];
        if before.trim_end_matches([' ', '=', ':']).to_lowercase().ends_with("lr") || before.trim_end().ends_with("rate") {
            return found[0].to_string();
        }
        let raised = found.name("raised").map(|signs| {
            signs.as_str().chars().filter_map(|c| RAISED.iter().position(|sign| *sign == c)).fold(0, |sum, n| 10 * sum + n as u32)
        });
        let power = raised.or_else(|| found.name("power")?.as_str().parse().ok());
        let value = found["base"].parse::<u64>().ok().zip(power).and_then(|(base, power)| base.checked_pow(power));
        value.map_or_else(|| found[0].to_string(), |value| format!("{}{value}", &found["before"]))
    };
    POWER.replace_all(text, value).into_owned()
}

/// Numbers that are said in several words, none of which is one by itself.
fn words(text: &str) -> String {
    const ONE: &str = "zero|nought|oh|one|two|three|four|five|six|seven|eight|nine";
    static TEN: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:(?P<times>[0-9]+(?:\.[0-9]+)?|(?:{ONE})(?: point (?:{ONE}))?)\s(?:times\s|x\s)?)?(?:(?:ten|10) to the (?:power (?:of )?)?|e\s)(?P<sign>(?:minus|negative)\s)?(?P<power>[0-9]|{ONE}|(?:{ONE})th|fourth|fifth|sixth|third)\b"
        ))
    });
    static EXPONENT: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?P<digits>[0-9](?:\.[0-9]+)?)\s?e\s(?:minus|negative)\s(?P<power>[0-9])\b"));
    static POINT: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?:(?P<whole>{ONE}) point|(?P<name>of|at|to|is|rate|lr|dropout|decay|momentum|smoothing) point)(?P<digits>(?:\s(?:{ONE}))+)\b"
        ))
    });
    static DOZEN: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?P<of>half a|a|one|two|three) dozen\b(?: of\b)?"));
    static OTHERS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            regex(r"(?i)\b(?P<v>[0-9]+(?:\.[0-9]+)?) thousand (?P<unit>(?:training )?(?:steps|updates|iterations|iters))\b"),
            regex(r"(?i)\b(?P<of>half a|a quarter of a|a quarter|one tenth of a|a tenth of a) (?:percent|per cent)\b"),
            regex(&format!(
                r"(?i)\b(?P<key>seed|alpha|weight decay|drop-?out|clip(?:ping|ped)?(?: (?:the |its )?(?:gradients?|grads?|norms?))*)(?P<is>\s(?:of\s|is\s|at\s|to\s)?|\s?[=:]\s?)(?:(?:a|one)\s(?P<part>half|quarter|fifth|tenth)\b|(?P<v>zero\b|{}))",
                in_words()
            )),
        ]
    });
    // What stands for a digit.
    let digit = |word: &str| match word.to_lowercase().as_str() {
        "nought" | "oh" | "zero" => Some(0),
        "third" => Some(3),
        "fifth" => Some(5),
        word => number(word.trim_end_matches("th")).map(|n| n as u64),
    };
    let of_words = |words: &str| {
        words
            .split_whitespace()
            .map(|word| if word == "point" { ".".into() } else { digit(word).map_or(word.into(), |n| n.to_string()) })
            .collect::<String>()
    };
    let ten = |found: &Captures<'_>| {
        let times = found.name("times").map_or("1".to_string(), |times| of_words(&times.as_str().to_lowercase()));
        // `E` by itself is a letter.
        let is_power =
            found[0].to_lowercase().contains(" to the ") || found.name("sign").is_some() && found.name("times").is_some();
        match digit(&found["power"]).filter(|_| is_power) {
            Some(power) => format!("{times}e{}{power}", if found.name("sign").is_some() { "-" } else { "" }),
            None => found[0].to_string(),
        }
    };
    let out = TEN.replace_all(text, ten);
    let out = EXPONENT.replace_all(&out, "${digits}e-${power}");
    let point = |found: &Captures<'_>| {
        let whole = found.name("whole").map_or("0".to_string(), |whole| of_words(whole.as_str()));
        let name = found.name("name").map_or(String::new(), |name| format!("{} ", name.as_str()));
        format!("{name}{whole}.{}", of_words(&found["digits"]))
    };
    let out = POINT.replace_all(&out, point);
    let dozen = |found: &Captures<'_>| match found["of"].to_lowercase().as_str() {
        "half a" => "6",
        "two" => "24",
        "three" => "36",
        _ => "12",
    };
    let out = DOZEN.replace_all(&out, |found: &Captures<'_>| dozen(found).to_string());
    let [thousand, percent, keyed] = &*OTHERS;
    let out = thousand.replace_all(&out, "${v}k ${unit}");
    let share = |found: &Captures<'_>| {
        let of = found["of"].to_lowercase();
        let share = if of.starts_with("half") {
            "0.5"
        } else if of.contains("quarter") {
            "0.25"
        } else {
            "0.1"
        };
        format!("{share} %")
    };
    let out = percent.replace_all(&out, share);
    let said = |found: &Captures<'_>| {
        let said = found.name("v").map_or("", |value| value.as_str());
        let value = match found.name("part").map(|part| part.as_str().to_lowercase()).as_deref() {
            Some("half") => "0.5".into(),
            Some("quarter") => "0.25".into(),
            Some("fifth") => "0.2".into(),
            Some(_) => "0.1".into(),
            None if said.eq_ignore_ascii_case("zero") => "0".into(),
            None => number(said).map_or_else(|| said.to_string(), plain),
        };
        let gap = if said.ends_with(' ') { " " } else { "" };
        format!("{}{}{value}{gap}", &found["key"], &found["is"])
    };
    keyed.replace_all(&out, said).into_owned()
}

/// `Two and a half epochs`, `forty millionths`, `zero epochs`, of which each word means something else by itself.
fn spoken(text: &str) -> String {
    static MIXED: LazyLock<Regex> =
        LazyLock::new(|| regex(&format!(r"(?i)\b(?P<v>[0-9]+|{})\s?and (?:a|one) (?P<part>half|quarter)\b", in_words())));
    static SMALL: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)\b(?P<v>[0-9]+(?:\.[0-9]+)?\s|an?\s|{})(?P<part>hundredth|(?:(?:ten|hundred)[ -])?thousandth|millionth)s?\b(?P<of>\s(?:of|inch|second|part)\b)?",
            in_words()
        ))
    });
    static ZERO: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\bzero (?P<unit>(?:training )?(?:epochs?|steps|passes|iterations)\b)"));
    let mixed = |found: &Captures<'_>| match number(&found["v"]) {
        Some(whole) => plain(whole + if found["part"].eq_ignore_ascii_case("half") { 0.5 } else { 0.25 }),
        None => found[0].to_string(),
    };
    let out = MIXED.replace_all(text, mixed);
    // Of rows and of inches it is another thing.
    let small = |found: &Captures<'_>| {
        let part = found["part"].to_lowercase();
        // `Three hundred-thousandths`: the sign says to which of the two the hundred belongs, and nothing else does.
        let value = found["v"].to_lowercase();
        if part == "thousandth" && value.contains("hundred") {
            let of_part = value.strip_suffix("hundred-").and_then(number);
            return of_part.map_or_else(|| found[0].to_string(), |value| format!("{}", value / 1e5));
        }
        let by = match part.as_str() {
            "hundredth" => 1e2,
            "millionth" => 1e6,
            part if part.starts_with("ten") => 1e4,
            part if part.starts_with("hundred") => 1e5,
            _ => 1e3,
        };
        match number(&found["v"]).filter(|_| found.name("of").is_none()) {
            Some(value) => format!("{}", value / by),
            None => found[0].to_string(),
        }
    };
    let out = SMALL.replace_all(&out, small);
    ZERO.replace_all(&out, "0 ${unit}").into_owned()
}

/// `A tenth of the steps` in per cent. Of data it is read as it stands.
fn parts(text: &str) -> String {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?P<count>an?|one|two|three|the first|the)\s)?(?P<part>half|thirds?|quarters?|fifths?|sixths?|eighths?|tenths?|twelfths?|twentieths?)(?P<of> of (?:(?:the|all|its|total|training)\s)*(?:steps|updates|iterations|epochs|training|run))\b",
        )
    });
    let share = |found: &Captures<'_>| {
        let count = match found.name("count").map(|count| count.as_str().to_lowercase()).as_deref() {
            Some("two") => 2.0,
            Some("three") => 3.0,
            _ => 1.0,
        };
        let part = match found["part"].to_lowercase().trim_end_matches('s') {
            "half" => 2.0,
            "third" => 3.0,
            "quarter" => 4.0,
            "fifth" => 5.0,
            "sixth" => 6.0,
            "eighth" => 8.0,
            "tenth" => 10.0,
            "twelfth" => 12.0,
            _ => 20.0,
        };
        format!("{}%{}", plain(100.0 * count / part), &found["of"])
    };
    PART.replace_all(text, share).into_owned()
}

/// A rate that falls, in signs: `lr /10 at epochs 82 and 123`, `x0.1 every 30 epochs`.
fn falls(text: &str) -> String {
    static SIGN: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)(?P<before>(?:^|[\s,;:(]|\b(?:lr|rate)(?:\s(?:is|gets))?(?:\s(?:drops?|dropped|falls|decays?|decayed|reduced|lowered|cut))?)\s?)(?P<sign>[/÷]|[x×*])\s?(?P<by>[0-9]+(?:\.[0-9]+)?|0?\.[0-9]+)(?P<behind>\s(?:at|after|every|each)\s)",
        )
    });
    let said = |found: &Captures<'_>| {
        let verb = if matches!(&found["sign"], "/" | "÷") { "divided by" } else { "multiplied by" };
        // `x2 at` is no fall.
        let grows = verb == "multiplied by" && number(&found["by"]).is_none_or(|by| by >= 1.0);
        match grows {
            true => found[0].to_string(),
            // Whose fall it is need not be said again.
            false => {
                let before = found["before"].trim_end().trim_start_matches(|c: char| c.is_alphabetic() || c == ' ');
                format!("{before} {verb} {}{}", &found["by"], &found["behind"])
            }
        }
    };
    SIGN.replace_all(text, said).into_owned()
}

/// `1/4 hour`, `1/10 of the data`, `warm-up 1/20`; two numbers beside each other are no fraction by themselves.
fn fractions(text: &str) -> String {
    static FRACTION: LazyLock<Regex> = LazyLock::new(|| {
        regex(concat!(
            r"(?i)(?P<before>^|[\s=:(~])(?:(?P<whole>[0-9]{1,3})\s)?(?P<top>[0-9]{1,2})/(?P<bottom>[0-9]{1,4})(?:th)?",
            r"(?:(?P<unit>(?:\sof\s(?:an?|one))?\s(?:hours?|hrs?|h|minutes?|mins?|days?)\b|\s?%|\sepochs?\b)|(?P<of>\sof\s(?:the|all|my|our|its)\b)|(?P<end>\s|$|[,;).]))",
        ))
    });
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:warm-?\s?up(?:[ _](?:ratio|fraction|share))?|wu|weight[ _-]decay|wd|drop(?:out)?|lr|learning rate|smoothing|ls|momentum)(?:\s(?:of|is|over|for))?\s?[=:]?\s?$",
        )
    });
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for found in FRACTION.captures_iter(text) {
        let value = |name: &str| found.name(name).and_then(|digits| digits.as_str().parse::<f64>().ok());
        let (Some(all), Some(top), Some(bottom)) = (found.get(0), value("top"), value("bottom").filter(|n| *n > 0.0)) else {
            continue;
        };
        let before = &text[..all.start() + found["before"].len()];
        let share = value("whole").unwrap_or(0.0) + top / bottom;
        let is_keyed = KEY.is_match(before) && found.name("whole").is_none();
        let said = match (found.name("unit"), found.name("of"), found.name("end")) {
            (Some(unit), ..) => {
                let unit = unit.as_str();
                let unit = unit
                    .split_once(" of ")
                    .map_or(unit, |(_, of)| of.trim_start_matches("an").trim_start_matches("one").trim_start_matches('a'));
                format!("{}{unit}", neat(share))
            }
            (_, Some(of), _) if top < bottom && found.name("whole").is_none() => {
                format!("{}%{}", neat(100.0 * share), of.as_str())
            }
            (_, _, Some(end)) if top < bottom && is_keyed => format!("{}{}", neat(share), end.as_str()),
            _ => continue,
        };
        out.push_str(&text[end..all.start()]);
        out.push_str(&found["before"]);
        out.push_str(&said);
        end = all.end();
    }
    out.push_str(&text[end..]);
    out
}

/// To six digits.
fn neat(value: f64) -> String {
    plain((value * 1e6).round() / 1e6)
}

/// The shortest of them: `bsz 16`, `6% wu`, `wu100`, and `no es` beside other settings.
fn curter(text: &str) -> String {
    static RECIPE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:lr|bsz?|wd)\s?[=:]?\s?[0-9.]|\b[0-9]+\s?ep\b"));
    let low = text.to_lowercase();
    let mut out = text.to_string();
    if low.contains("bsz") {
        static BATCH: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)(?P<before>^|[\s,;(|/])bsz\s?[=:]?\s?(?P<v>[1-9][0-9]{0,5})(?P<behind>$|[\s,;)|/])"));
        let said = |found: &Captures<'_>| {
            let behind = if &found["behind"] == " " { ", " } else { &found["behind"] };
            format!("{}batch size {}{behind}", &found["before"], &found["v"])
        };
        out = BATCH.replace_all(&out, said).into_owned();
    }
    if low.contains("wu") {
        static SHARE: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)(?P<before>^|[\s,;(|/])(?P<v>[0-9]{1,2}(?:\.[0-9]+)?)\s?%\s?wu(?P<behind>$|[\s,;)|/])"));
        static STEPS: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?P<before>[\s,;|/])wu(?P<v>[1-9][0-9]{1,5})(?P<behind>$|[\s,;)|/])"));
        out = SHARE.replace_all(&out, "${before}${v}% warmup${behind}").into_owned();
        let said = |found: &Captures<'_>| {
            let behind = if &found["behind"] == " " { ", " } else { &found["behind"] };
            format!("{}{} warmup steps{behind}", &found["before"], &found["v"])
        };
        // By itself it may be the name of a column.
        if RECIPE.is_match(&out) {
            out = STEPS.replace_all(&out, said).into_owned();
        }
    }
    // `Es` may be the name of a column, and is a word of other languages.
    if low.contains("no es") {
        static STOPPING: LazyLock<Regex> = LazyLock::new(|| regex(r"(?P<before>[\s,;|/])no es(?P<behind>\s*(?:$|[,;|/]))"));
        if RECIPE.is_match(&out) {
            out = STOPPING.replace_all(&out, "${before}no early stopping${behind}").into_owned();
        }
    }
    out
}

/// Settings by what experts call them: `wu=3% ga=8 1ep`.
fn short(text: &str) -> String {
    const VALUE: &str = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:e-?[0-9]+)?k?";
    const KEYS: [&str; 17] =
        ["wu", "ga", "gas", "drop", "do", "tgt", "tm", "ls", "sl", "msl", "ml", "mom", "opt", "sched", "cos", "ep", "seq"];
    let mut all =
        text.split(|c: char| !c.is_ascii_alphanumeric()).map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()));
    let is_pieces = |text: &str| text.contains("bs") && text.contains(['x', '×']);
    if !all.any(|word| KEYS.iter().any(|key| word.eq_ignore_ascii_case(key))) && !is_pieces(text) {
        return text.to_string();
    }
    static KEYED: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(
            r"(?i)(?P<before>^|[\s,;(|/])(?:(?:(?P<plain>ga|seq)\s?[=:]?\s?|(?P<signed>wu|gas|mom|drop|do|ls|sl|msl|ml)\s?[=:]\s?)(?P<v>{VALUE}(?:\s?%)?)|(?P<share>drop|wu|mom)\s?(?P<p>0?\.[0-9]+|[0-9]+\s?%)|(?P<name>tgt|tm|opt|sched)\s?[=:]\s?(?P<word>[a-z][\w,+/-]*\w)|bs\s?[=:]?\s?(?P<micro>[0-9]+)\s?[x×]\s?(?P<pieces>[0-9]+)|(?P<epochs>[1-9][0-9]{{0,3}}(?:\.5)?)\s?ep)(?P<behind>$|[\s,;)|/.])"
        ))
    });
    static COSINE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(?P<before>[\s,;])cos(?P<behind>$|[\s,;.)])"));
    let name = |key: &str| {
        match key.to_lowercase().as_str() {
            "wu" => "warmup",
            "ga" | "gas" => "gradient accumulation",
            "mom" => "momentum",
            "drop" | "do" => "dropout",
            "ls" => "label smoothing",
            "tgt" | "tm" => "target modules",
            "opt" => "optimizer:",
            "sched" => "schedule:",
            _ => "max length",
        }
        .to_string()
    };
    let said = |found: &Captures<'_>, whole: &str| {
        let at = |name: &str| found.name(name).map_or("", |group| group.as_str());
        let is_next = !whole[..found.get(0).map_or(0, |all| all.start())].trim_end().ends_with([',', ';', ':', '(', '.', '|']);
        let key = [at("plain"), at("signed"), at("share"), at("name")].concat();
        let value = [at("v"), at("p"), at("word")].concat();
        // `To do: 3 epochs`, `drop 10% of the rows`, `bs 16 ep 3`.
        let is_dropout = key.to_lowercase().starts_with('d');
        let is_share = match (is_dropout, at("signed")) {
            (true, "") => !value.ends_with('%'),
            (true, _) => value.ends_with('%') || value.parse::<f64>().is_ok_and(|share| share < 1.0),
            (false, _) => true,
        };
        let rest = whole[found.get(0).map_or(0, |all| all.end())..].trim_start();
        let is_key = !at("epochs").is_empty() && rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '=' | ':' | '.'));
        if !is_share || is_key {
            return found[0].to_string();
        }
        let said = match (at("micro"), at("epochs")) {
            ("", "") => format!("{} {value}", name(&key)),
            ("", epochs) => format!("{epochs} epochs"),
            (micro, _) => format!("micro batch {micro}, gradient accumulation {}", at("pieces")),
        };
        // The next setting is another.
        let before = if at("before") == " " && at("epochs").is_empty() && is_next { ", " } else { at("before") };
        let behind = if at("behind") == " " && at("epochs").is_empty() { ", " } else { at("behind") };
        format!("{before}{said}{behind}")
    };
    let mut out = text.to_string();
    // Neighbours share the sign between them.
    for _ in 0..2 {
        let whole = out.clone();
        out = KEYED.replace_all(&whole, |found: &Captures<'_>| said(found, &whole)).into_owned();
    }
    let is_recipe = out.to_lowercase().contains("lr");
    let cosine = |found: &Captures<'_>| {
        let behind = if &found["behind"] == " " { ", " } else { &found["behind"] };
        format!("{}cosine schedule{behind}", &found["before"])
    };
    if is_recipe { COSINE.replace_all(&out, cosine).into_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_is_put_plainly() {
        for (text, expected) in [
            ("wd ¼ %, wu 1/20", "wd 0.25 %, warmup 0.05"),
            ("2½ hours or 1 ½ days", "2.5 hours or 1.5 days"),
            ("bs 2^5, bs 2**4, bs 2⁶", "bs 32, bs 16, bs 64"),
            ("in 1/4 hour, 3/4 of an hour", "in 0.25 hour, 0.75 hour"),
            ("1/10 of the data", "10% of the data"),
            ("half a dozen epochs", "6 epochs"),
            ("a rate of two times ten to the minus five", "a rate of 2e-5"),
            ("lr three times 10 to the minus 4", "lr 3e-4"),
            ("lr 5 e minus 5", "lr 5e-5"),
            ("dropout point one", "dropout 0.1"),
            ("momentum of zero point nine five", "momentum of 0.95"),
            ("a tenth of the steps", "10% of the steps"),
            ("weight decay of half a percent", "weight decay of 0.5 %"),
            ("seed forty-two, 3 epochs", "seed 42, 3 epochs"),
            ("weight decay of one hundredth, clip gradients at one", "weight decay of 0.01, clip gradients at 1"),
            ("weight decay zero, dropout of a tenth", "weight decay 0, dropout of 0.1"),
            ("drop=.1 wu=3%, bs=2 ga=8, 1ep", "dropout .1, warmup 3%, bs=2, gradient accumulation 8, 1 epochs"),
            ("the rate should be 1e-4 and the batch must be 8", "the rate = 1e-4 and the batch = 8"),
            ("for 1 000 steps", "for 1000 steps"),
            ("on 10 000 rows, 2 500 steps", "on 10000 rows, 2500 steps"),
            ("gas=4, mom=0.8, wu 5%", "gradient accumulation 4, momentum 0.8, warmup 5%"),
            ("tgt=all-linear", "target modules all-linear"),
            ("bs 4x8", "micro batch 4, gradient accumulation 8"),
            ("lr 2e-4 cos, 2 ep", "lr 2e-4 cosine schedule, 2 epochs"),
            ("lr 1e-3, 6% wu, bsz 16 ep 3", "lr 1e-3, 6% warmup, batch size 16, ep 3"),
            ("2ep bsz=8, wu100, seed42, no es", "2 epochs batch size 8, 100 warmup steps, seed42, no early stopping"),
            ("8 as the batch size, lr 1e-3", "batch size 8, lr 1e-3"),
            ("MLP on a.csv; 128-64-32; batch 32", "MLP on a.csv; hidden layers (128-64-32); batch 32"),
        ] {
            assert_eq!(spelt_out(text), expected, "{text}");
        }
        // What only looks like it.
        for text in [
            "an 80/20 split",
            "ViT-B/16",
            "on 1/2/2024",
            "train/val",
            "drop 10% of the rows",
            "x^2 and R2",
            "do 3 epochs",
            "to be or not to be",
            "eps 1e-6",
            "AdamW lr 5e-5 eps 1e-8",
            "betas 0.9 0.98 eps 1e-6",
            "bs 16 ep 3",
            "batch size 16 500 steps",
            "seed 42 100 steps",
            "To do: 3 epochs",
            "predict gas 10 epochs",
            "(Wu 2016)",
            "at this point we train",
            "a dozens of rows",
            "a third of the data",
            "cos similarity of lines",
            "1/2 as long",
            "no es importante, lr 1e-3",
            "seq1 and seq2",
            "predict y from wu10, wu12",
            "no es",
            "MLP on a.csv; 2024-10-12; batch 32",
            "MLP on a.csv; 12-10-2024",
            "BERT; 128-64-32; batch 32",
        ] {
            assert_eq!(spelt_out(text), text);
        }
    }
}
