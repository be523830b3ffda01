//! The text of a request, less the phrases that were understood.

use super::told::again::without_names;
use super::wording::contrast::{bounded, wanted};
use super::wording::corrected::corrected;
use super::wording::dates::in_a_row;
use super::wording::english::is_word;
use super::wording::forbidden::each_forbidden;
use super::wording::former::{as_before, as_reached};
use super::wording::notation::spelt_out;
use super::wording::number::number;
use super::wording::options;
use super::wording::padding::as_crops;
use super::wording::shares::in_percent;
use super::wording::written::{listed, plainly};
use crate::intake::regex;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// Stands where something was cut out, so that its neighbours do not become one phrase.
const GAP: &str = " ¦ ";

/// What is left to understand.
pub(super) struct Rest {
    text: String,
    /// Phrases that say what is not wanted.
    negated: Vec<String>,
    /// Phrases that are understood as no wish of this kind, and that nothing else is to be made of.
    told: Vec<String>,
}

/// A phrase that was cut out.
pub(super) struct Cut {
    /// As the user wrote it.
    pub(super) words: String,
    /// What stands at once behind its number and makes it another one: the `%` of `1%`, the `x10^-5` of `2x10^-5`.
    tail: String,
    groups: Vec<(String, String)>,
}

/// A phrase where it stands.
pub(super) struct Found<'a> {
    pub(super) cut: &'a Cut,
    /// All that stands before it; of one with a value, before that.
    pub(super) before: &'a str,
    pub(super) behind: &'a str,
}

/// What becomes of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is what was looked for.
    Taken,
    /// It is something that nobody else would understand better: it is told.
    Told,
    /// It is something else, and stays for others.
    Passed,
}

/// Taken, or left for others.
pub(super) fn taken_if(is_it: bool) -> Judged {
    if is_it { Judged::Taken } else { Judged::Passed }
}

impl Cut {
    /// And how far it goes, with what belongs to its number.
    fn new(found: &Captures<'_>, names: regex::CaptureNames<'_>, text: &str) -> Option<(Range<usize>, Cut)> {
        static TAIL: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(?:\s?(?:%|percent\b)|(?:[a-z^]|/\d)[^\s,;()]*)"));
        let mut range = found.get(0)?.range();
        let is_number = found.name("v").is_some() && found[0].ends_with(|c: char| c.is_ascii_digit());
        static OTHER: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)^(?P<or>\s(?:or|vs\.?|versus)\s\d+(?:\.\d+)?(?:e-?\d+)?k?)\.?\s*(?:$|[,;)(¦]|(?:on|with|for|and|in|which|whichever)\b)",
            )
        });
        let behind = &text[range.end..];
        let tail = TAIL.find(behind).or_else(|| OTHER.captures(behind)?.name("or"));
        let tail = tail.filter(|_| is_number).map_or("", |tail| tail.as_str()).to_string();
        range.end += tail.len();
        let group = |name: &str| Some((name.to_string(), found.name(name)?.as_str().trim().to_string()));
        let cut = Cut { words: tidy(&text[range.clone()]), tail, groups: names.flatten().filter_map(group).collect() };
        Some((range, cut))
    }

    /// Its number; none where what stands behind makes it another.
    pub(super) fn number(&self) -> Option<f64> {
        number(self.get("v").trim_end_matches(['-', ' '])).filter(|_| self.tail.is_empty() || self.is_percent())
    }

    /// Whether its number is so many hundredths.
    pub(super) fn is_percent(&self) -> bool {
        let is_sign = |text: &str| text == "%" || text.eq_ignore_ascii_case("percent");
        is_sign(self.tail.trim()) || is_sign(self.get("unit"))
    }

    /// What a named group of the pattern holds; empty where it took no part.
    pub(super) fn get(&self, name: &str) -> &str {
        self.groups.iter().find(|(other, _)| other == name).map_or("", |(_, text)| text)
    }
}

impl Rest {
    pub(super) fn new(text: &str) -> Rest {
        static MOST: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)\b(?:(?:no|not|never|\w+n['’]t)(?: (?:use|spend|take|run|train|need)(?: for| it)?)? (?:more|longer|later|over|above) (?:than|as)|(?:(?:do|does|should|must|may|can) ?not|don['’]t|doesn['’]t|not|never) (?:exceed|take (?:more|longer) than|go (?:over|above)))\b",
            )
        });
        static LEAST: LazyLock<Regex> =
            LazyLock::new(|| regex(r"(?i)\b(?:no|not|never) (?:less|fewer|lower|worse|shorter) than\b|\bnot (?:below|under)\b"));
        let plain = in_percent(&as_crops(&spelt_out(&plainly(&each_forbidden(&without_names(&options::in_words(text)))))));
        let spaced = format!(" {} ", listed(&as_reached(&as_before(&corrected(&wanted(&plain))))));
        // These are limits, not negations.
        let spaced = in_a_row(&spaced);
        let text = bounded(&LEAST.replace_all(&MOST.replace_all(&spaced, "at most"), "at least")).into_owned();
        Rest { text, negated: Vec::new(), told: Vec::new() }
    }

    /// What is left of it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is there, as it may be within what something else understands.
    pub(super) fn has(&self, pattern: &Regex) -> bool {
        pattern.is_match(&self.text)
    }

    /// Whether a word, or a part of one, is there: as no pattern need be made for what is not.
    pub(super) fn says(&self, word: &str) -> bool {
        self.text.to_lowercase().contains(word)
    }

    /// The first match of `pattern` that is not negated, cut out. Those that are negated are cut out before it.
    pub(super) fn cut(&mut self, pattern: &Regex) -> Option<Cut> {
        self.cut_as(pattern, |_| Judged::Taken)
    }

    /// The first match that `judge` takes.
    pub(super) fn cut_as(&mut self, pattern: &Regex, judge: impl Fn(&Found<'_>) -> Judged) -> Option<Cut> {
        self.cut_judged(pattern, &NEGATION, judge)
    }

    /// As [`Rest::cut`] of what is a negation itself.
    pub(super) fn cut_plain(&mut self, pattern: &Regex) -> Option<Cut> {
        static NOTHING: LazyLock<Regex> = LazyLock::new(|| regex(r"[^\s\S]"));
        self.cut_unless_after(pattern, &NOTHING)
    }

    /// As [`Rest::cut`] where another phrase `before` it negates it, too.
    pub(super) fn cut_unless_after(&mut self, pattern: &Regex, before: &Regex) -> Option<Cut> {
        self.cut_judged(pattern, before, |_| Judged::Taken)
    }

    /// All matches, to be told as they are.
    pub(super) fn tell(&mut self, pattern: &Regex) {
        while self.cut_as(pattern, |_| Judged::Told).is_some() {}
    }

    /// The clauses that hold a match, to be told as they are: each up to an `end`, or to the next clause.
    pub(super) fn tell_clauses(&mut self, pattern: &Regex, end: Option<&Regex>) {
        static BOUND: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)[;!?()]|[.,:](?:\s|$)|\s(?:but|so|now|this time|therefore|hence|instead|then|because|since|as|than|whereas|while)\b",
            )
        });
        // What may stand before a statement of its own.
        static LEAD: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)^(?:and|in|during|before|earlier|originally|first|yesterday|last|previously|at first|for (?:the|my|our) (?:last|previous|first))\b",
            )
        });
        while let Some(found) = pattern.find(&self.text) {
            // Signs at its end are where the clause may end.
            let words = found.as_str().trim_end_matches([' ', '.', ',', ';', ':', '!', '?', ')']);
            let found = found.start()..found.start() + words.len();
            let start = BOUND.find_iter(&self.text[..found.start]).last().map_or(0, |bound| bound.end());
            // `On the data we had`: what stands before it is a wish.
            let lead = self.text[start..found.start].trim();
            if end.is_some() && !lead.is_empty() && !LEAD.is_match(lead) {
                self.told.push(tidy(&self.text[found.clone()]));
                self.text.replace_range(found, GAP);
                continue;
            }
            let behind = &self.text[found.end..];
            let end = end.unwrap_or(&BOUND).find(behind).map_or(self.text.len(), |bound| found.end + bound.start());
            self.told.push(tidy(&self.text[start..end]));
            self.text.replace_range(start..end, GAP);
        }
    }

    /// The first match that `judge` takes, where no phrase `before` it negates it.
    pub(super) fn cut_judged(&mut self, pattern: &Regex, before: &Regex, judge: impl Fn(&Found<'_>) -> Judged) -> Option<Cut> {
        let mut from = 0;
        loop {
            let (range, value, cut) = {
                let found = pattern.captures_at(&self.text, from)?;
                let (range, cut) = Cut::new(&found, pattern.capture_names(), &self.text)?;
                let value = found.name("v").map_or(range.start, |value| value.start());
                (range, value, cut)
            };
            let judged = judge(&Found { cut: &cut, before: &self.text[..value], behind: &self.text[range.end..] });
            // `No regularisation except weight decay` asks for the second.
            if judged == Judged::Passed || excepts(&self.text[..range.start], &cut.words) {
                // A phrase begins with what stands before it.
                from = range.end;
                continue;
            }
            let failed = cut.number().and_then(|_| FAILED.find(&self.text[range.end..])).map_or(0, |found| found.len());
            match self.cut_range(range, before, failed) {
                Ok(_) if judged == Judged::Taken => return Some(cut),
                Ok(next) => {
                    self.told.push(cut.words);
                    from = next;
                }
                Err(next) => from = next,
            }
        }
    }

    /// The first place that `place` finds from some place on, cut out.
    pub(super) fn cut_place(&mut self, place: impl Fn(&str, usize) -> Option<Range<usize>>) -> Option<String> {
        let mut from = 0;
        loop {
            let range = place(&self.text, from)?;
            let words = tidy(&self.text[range.clone()]);
            match self.cut_range(range, &NEGATION, 0) {
                Ok(_) => return Some(words),
                Err(next) => from = next,
            }
        }
    }

    /// The first word for which `take` has a value, cut out: it is told all that stands before the word, and the word. `data=a.csv` is a
    /// word with one before it.
    pub(super) fn cut_word<T>(&mut self, take: impl Fn(&str, &str) -> Option<T>) -> Option<T> {
        static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"\S+"));
        static KEYED: LazyLock<Regex> = LazyLock::new(|| {
            regex(
                r"(?i)^-{0,2}(?:(?P<tested>test|val(?:idation)?|eval)(?:_(?:file|data|set))?|(?P<model>(?:base_?)?model(?:_(?:name|path|name_or_path))?)|(?:train_?)?(?:data(?:set)?|file|path)(?:_(?:path|dir|files?|name))?|train)[=:](?P<value>/?[^/].*)$",
            )
        });
        let mut from = 0;
        loop {
            let range = WORD.find_at(&self.text, from)?.range();
            let (word, before) = (name_of(&self.text[range.clone()]), &self.text[..range.start]);
            let taken = match word.contains(['=', ':']).then(|| KEYED.captures(word)).flatten() {
                Some(found) => {
                    let key = match (found.name("tested"), found.name("model")) {
                        (Some(_), _) => "test data",
                        (None, Some(_)) => "model",
                        (None, None) => "data",
                    };
                    take(&format!("{before} {key} "), name_of(&found["value"]))
                }
                None => take(before, word),
            };
            from = range.end;
            if let Some(taken) = taken {
                // A sentence that ends with it ends there still.
                let ends = self.text[range.clone()].ends_with(['.', ';', '!', '?']);
                let range = range.start..range.end - usize::from(ends);
                match self.cut_range(range, &NEGATION, 0) {
                    Ok(_) => return Some(taken),
                    Err(next) => from = next,
                }
            }
        }
    }

    /// Cuts it out; a negated one with what negates it, as so many bytes behind it do that say it `failed`. The place to go on, which is
    /// the error of a negated one.
    fn cut_range(&mut self, range: Range<usize>, before: &Regex, failed: usize) -> Result<usize, usize> {
        let before = before.find(&self.text[..range.start]).map(|found| found.start());
        let before = before.filter(|start| !is_exception(&self.text, *start));
        let not_so = NOT_SO.captures(&self.text[range.end..]).filter(|found| {
            // `Is large and has duplicates, drop them`: of something else.
            !found.name("said").is_some_and(|said| OF_OTHERS.is_match(said.as_str()))
        });
        let not_so = not_so.and_then(|found| Some(range.end + found.get(0)?.end()));
        let behind = not_so.or((failed > 0).then_some(range.end + failed));
        let is_negated = before.is_some() || behind.is_some();
        let whole = before.unwrap_or(range.start)..behind.unwrap_or(range.end);
        if is_negated {
            self.negated.push(tidy(&self.text[whole.clone()]));
        }
        let next = whole.start + GAP.len();
        self.text.replace_range(whole, GAP);
        if is_negated { Err(next) } else { Ok(next) }
    }

    /// Phrases that were negated, so far.
    pub(super) fn negated(&self) -> &[String] {
        &self.negated
    }

    /// Phrases that nothing understood; words that carry no wish of their own are left out.
    pub(super) fn left_over(self) -> Vec<String> {
        let mut phrases = self.negated;
        phrases.extend(self.told);
        for clause in self.text.split([',', ';', ':', '(', ')', '"', '!', '?', '¦', '\n']) {
            let (mut phrase, mut negated): (Vec<&str>, bool) = (Vec::new(), false);
            let mut end = |phrase: &mut Vec<&str>| {
                if !phrase.is_empty() {
                    phrases.push(std::mem::take(phrase).join(" "));
                }
            };
            // A point by itself ends a sentence as well.
            let words = clause.split_whitespace().filter(|word| *word == "." || !bare(word).is_empty());
            let words: Vec<&str> = words.collect();
            for (at, own) in words.iter().enumerate() {
                if *own == "." {
                    end(&mut phrase);
                    negated = false;
                    continue;
                }
                let word = bare(own);
                // `5 epochs instead` is said of what stands there; `instead of 3` is not.
                let is_of_this = word.eq_ignore_ascii_case("instead") && words.get(at + 1).is_none_or(|next| *next != "of");
                if is_of_this {
                    end(&mut phrase);
                    continue;
                }
                let negation = is_negation(word);
                if negation || is_filler(word) && !negated {
                    end(&mut phrase);
                }
                // What is negated goes on to the end of the clause, whatever its words are.
                negated |= negation;
                if negated || !is_filler(word) {
                    phrase.push(word);
                }
                // Nor does it go beyond its sentence; `e.g.` ends none.
                if own.ends_with('.') && word.len() > SHORTEST && !word.contains('.') {
                    end(&mut phrase);
                    negated = false;
                }
            }
            end(&mut phrase);
        }
        phrases
    }
}

/// The text with a comma for each sign that parts what is said, as a stroke between blanks does: `MiniLM / 2 epochs | lr 1e-4`. Between
/// two numbers it may be a ratio.
pub(super) fn parted(text: &str) -> Cow<'_, str> {
    static SIGN: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?P<before>\S+)(?P<gap>[ \t]+)(?P<sign>[/|])(?P<behind>[ \t]+)(?P<next>\S+)"));
    let is_number = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let mut out = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(found) = SIGN.captures_at(&out, from) {
        let at = |name: &str| found.name(name).map(|part| part.range()).unwrap_or_default();
        let (before, sign, next) = (at("before"), at("sign"), at("next"));
        let [one, other] = [&out[before], &out[next.clone()]].map(|word| word.trim_end_matches([',', '%']));
        // `Lr / 10 at epoch 60` divides.
        let divides = is_number(one) || matches!(one.to_lowercase().as_str(), "lr" | "rate");
        let is_ratio = &out[sign.clone()] == "/" && divides && is_number(other);
        from = next.start;
        if !is_ratio {
            out.to_mut().replace_range(sign, ",");
        }
    }
    out
}

/// Letters of a word that is no abbreviation, more than.
const SHORTEST: usize = 2;

/// Signs around a word that are no part of it.
pub(super) const AROUND: [char; 10] = [',', ';', '"', '\'', '`', '(', ')', '!', '?', '¦'];

/// A word without the signs around it, in whatever order they end it: `"reviews.csv".`, `(reviews.csv).`
fn name_of(word: &str) -> &str {
    let word = word.trim_start_matches(AROUND);
    // As JSON ends with them; `{train,test}.csv` has its own.
    let closes = |c: char| matches!(c, '}' | ']') && !word.contains(['{', '[']);
    word.trim_end_matches(|c: char| AROUND.contains(&c) || matches!(c, '.' | ':') || closes(c))
}

/// The last word of a text, in lower case, without the lines of an option.
pub(super) fn last_word(text: &str) -> String {
    let word = text.trim_end_matches([' ', '=']).split_whitespace().next_back().unwrap_or_default();
    word.trim_matches(AROUND).trim_end_matches(['.', ':']).trim_start_matches('-').to_lowercase()
}

pub(super) static NEGATION: LazyLock<Regex> = LazyLock::new(|| regex(&format!("{NOT}$")));

/// A negation and the few words that may stand between it and what is not wanted.
pub(super) const NOT: &str = concat!(
    r"(?i)\b(?:no|not|never|without|avoid(?:ing)?|except(?: for)?|excluding|skip(?:ping)?|neither|nor|\w+n['’]t|cannot|instead of|rather than|other than|anything but|unlike)",
    r"(?:\s+(?:use|uses|using|used|any|a|an|the|my|to|be|it|do|want|need|have|run|train|reach|with|on|of|for|apply|applying|add|adding|enable|try|",
    r"bother|really|ever|such|kind|sort|form|type|other|extra|additional|further|more|fancy|large|big|small|tiny|single|pre-?trained|fine-?tune|",
    r"fine-?tuning)){0,4}\s*"
);

/// What says behind a phrase that it is not wanted: `early_stopping=False`, `class weights are not needed`.
static NOT_SO: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^\s*(?:(?:=|:|(?:is|are|turned|switched|set to)\b)\s*)*(?:(?:=|:|\bis|\bare|\bturned|\bswitched|\bset to)\s*(?:off|disabled|none|false|no)\b|off\b|(?:is|are|was|were)\s+(?:not\s(?:needed|wanted|what|necessary|useful|required|to be)|(?P<said>[^.,;¦]{1,40})[,;]\s(?:so\s|please\s)*(?:(?:do not|don['’]t|never)\s(?:use|do|apply)\s(?:it|them)|(?:leave|keep)\s(?:it|them)\sout|(?:skip|avoid|drop)\s(?:it|them))|un(?:necessary|wanted|desired|welcome)|useless|forbidden|prohibited|banned|off[- ]limits|out of the question|to be avoided)|(?:did|do|does)(?:\s+not|n['’]t)\s+help)",
    )
});

/// What says that something that was named has more, which is then to be left out.
static OF_OTHERS: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(?:has|have|with|columns?|rows|but)\b"));

/// Whether what stands at a place takes something out of what is not wanted: `no regularisation except dropout` asks for it.
pub(super) fn is_exception(text: &str, at: usize) -> bool {
    excepts(&text[..at], &text[at..])
}

/// The same of what stands before it, and of what begins with it.
fn excepts(before: &str, words: &str) -> bool {
    static EXCEPT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^\s*(?:except|other than)\b"));
    static NOTHING: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:no|not|none|nothing|never|without|cannot|\w+n['’]t)\b[^.,;:!?()¦\n]*$"));
    EXCEPT.is_match(words) && NOTHING.is_match(before)
}

/// What says behind a value that it was no good: `batch size 64 does not fit`.
static FAILED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^\s*(?:(?:is|are|was|were)\s+(?:(?:far|way|much)\s+)?(?:too\s+\w+|not\s+(?:possible|feasible|enough|stable|supported))|(?:do|does|did|would|wo|ca)(?:\s+not|n['’]t)\s+(?:help|fit|work|converge)|(?:gives?|gave|causes?|caused)\s+(?:oom|nans?|out of memory)|(?:diverge[sd]?|overfit(?:s|ted)?|crash(?:es|ed)?|explode[sd]?|oom(?:s|ed)?)\b|(?:runs?|ran) out of memory)",
    )
});

pub(super) fn is_negation(word: &str) -> bool {
    const WORDS: [&str; 12] =
        ["no", "not", "never", "without", "avoid", "avoiding", "except", "excluding", "neither", "nor", "cannot", "instead"];
    let word = word.to_lowercase();
    WORDS.contains(&word.as_str()) || word.ends_with("n't") || word.ends_with("n’t")
}

/// Words that carry no wish of their own.
#[rustfmt::skip]
pub(super) const FILLERS: &[&str] = &[
    "a", "an", "the", "to", "of", "on", "for", "with", "in", "at", "by", "as", "is", "are", "be", "it", "its", "it's", "this", "that", "which", "from", "into",
    "and", "or", "then", "so", "also", "too", "but", "i", "i'd", "i'm", "am", "we", "me", "my", "our", "us", "you", "please", "can", "could", "would", "should", "want",
    "wants", "like", "need", "needs", "let's", "have", "has", "some", "any", "there", "here", "use", "using", "used", "run", "do", "make", "build", "take",
    "give", "get", "see", "reach", "reaches", "reaching", "achieve", "achieving", "try", "learn", "teach", "train", "training", "trained", "fine-tune", "finetune",
    "fine-tunes", "fine-tuned", "fine-tuning", "finetuning", "finetuned", "tune", "classify", "classifies", "classifying", "classification", "classifier",
    "classifiers", "predict", "evaluate", "validate", "test", "measure", "experiment", "report", "result", "results", "model", "models", "network", "neural", "data",
    "dataset", "set", "file", "folder", "text", "texts", "image", "images", "recording", "recordings", "audio", "sentiment", "task", "most", "least", "more", "less", "fewer", "than", "up", "within", "under",
    "over", "above", "about", "around", "max", "maximum", "only", "just", "limit", "time", "budget", "target", "goal", "score", "metric", "good", "best", "well",
    "possible", "validation", "testing", "everything", "rest", "transformer", "transformers", "tabular", "fp32", "float32", "csv", "tsv", "json", "jsonl", "parquet", "tell", "find", "what", "what's", "how", "reporting", "does", "gets", "getting", "after", "modell", "modells", "tops", "expect", "expects", "got", "you've", "we've", "i've", "hey", "sorry", "obviously", "actually", "plz", "pls", "thx", "i'll", "hi", "hello", "dear", "thanks", "thank", "cheers", "regards", "cpu", "altogether", "finally", "afterwards", "arch", "architecture", "optimizer", "optimiser", "random", "randomly", "hm", "hmm", "uh", "um", "oops", "ok", "okay", "settings", "setting", "start", "starting", "called", "named", "net", "nets",
];

pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word.to_lowercase().as_str())
}

/// Whether a long word that is none of English is one of these but for a slip of the keyboard.
pub(super) fn is_filler_misspelt(word: &str) -> bool {
    const SHORTEST: usize = 6;
    let low = word.to_lowercase();
    let is_near = |filler: &&str| filler.len() >= SHORTEST && strsim::osa_distance(filler, &low) == 1;
    low.len() >= SHORTEST && !is_word(&low) && FILLERS.iter().any(is_near)
}

/// The word without the signs around it; a number keeps its sign and per cent.
fn bare(word: &str) -> &str {
    let end = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '%');
    let start = end.trim_start_matches(|c: char| !c.is_alphanumeric());
    let before = &end[..end.len() - start.len()];
    match before.chars().last() {
        Some(sign @ ('-' | '.')) if start.starts_with(|c: char| c.is_ascii_digit()) => &end[before.len() - sign.len_utf8()..],
        _ => start,
    }
}

/// On one line, without the gaps and signs around it.
fn tidy(words: &str) -> String {
    let words = words.replace('¦', " ");
    let words = words.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '=' | '~'));
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
