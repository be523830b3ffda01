//! The user's own text as words and clauses: where each begins, how it is joined to the one before it, and what kind of a clause it is.

use crate::intake::request::rest::is_negation;
use crate::intake::request::wording::english::is_verb;
use std::ops::Range;

/// A word where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In the text, without the signs around it.
    pub(super) place: Range<usize>,
    /// In lower case.
    pub(super) low: String,
}

/// What a clause is by its grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It asks for something: `smooth the labels`, `it must not shuffle`, `we want a chart`.
    Wish,
    /// No verb says what it is: `quantile loss`.
    Fragment,
    /// It tells how something is, or why.
    Statement,
}

/// Words between two signs or joints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    /// Of the words.
    pub(super) words: Range<usize>,
    pub(super) kind: Kind,
    /// It stands in brackets, behind the word before its first.
    pub(super) is_aside: bool,
    /// A sentence begins with it.
    pub(super) is_first: bool,
}

/// The words of a text and its clauses.
pub(super) fn of(text: &str) -> (Vec<Word>, Vec<Clause>) {
    let (words, signs) = words(text);
    let mut clauses: Vec<Clause> = Vec::new();
    let (mut start, mut depth, mut is_new) = (0, 0usize, true);
    for at in 0..words.len() {
        let joint = at > start && begins(&words, at);
        if signs[at].opens || joint {
            push(&words, start..at, depth > 0, is_new, &mut clauses);
            is_new = is_new && at == start;
            start = at;
        }
        depth += usize::from(signs[at].opens);
        if signs[at].ends != End::Nothing {
            push(&words, start..at + 1, depth > 0, is_new, &mut clauses);
            is_new = signs[at].ends == End::Sentence;
            start = at + 1;
        }
        if signs[at].closes {
            depth = depth.saturating_sub(1);
        }
    }
    push(&words, start..words.len(), depth > 0, is_new, &mut clauses);
    (words, clauses)
}

fn push(words: &[Word], range: Range<usize>, is_aside: bool, is_new: bool, clauses: &mut Vec<Clause>) {
    if range.is_empty() {
        return;
    }
    let before = clauses.last().filter(|_| !is_new);
    let kind = kind(&words[range.clone()], before.map(|clause| (clause.kind, &words[clause.words.clone()])));
    clauses.push(Clause { words: range, kind, is_aside, is_first: is_new });
}

/// What ends behind a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Nothing,
    Clause,
    Sentence,
}

/// The signs around a word.
struct Signs {
    opens: bool,
    closes: bool,
    ends: End,
}

/// The words, parted as the rules part them, and the signs around each.
fn words(text: &str) -> (Vec<Word>, Vec<Signs>) {
    let is_apart =
        |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '!' | '?') || !c.is_ascii() && is_sign(c);
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '%' | '_');
    let (mut words, mut signs): (Vec<Word>, Vec<Signs>) = (Vec::new(), Vec::new());
    let mut end_of_last = 0;
    for token in text.split(is_apart) {
        let Some(start) = token.find(is_inner) else { continue };
        // `-1` and `.5` keep their sign.
        let is_signed = token[..start].ends_with(['-', '.']) && token[start..].starts_with(|c: char| c.is_ascii_digit());
        let own = token[start - usize::from(is_signed)..].trim_end_matches(|c| !is_inner(c));
        let start = own.as_ptr() as usize - text.as_ptr() as usize;
        let gap = &text[end_of_last..start];
        if let Some(last) = signs.last_mut() {
            let before = words.last().map_or("", |word: &Word| word.low.as_str());
            *last = Signs { closes: gap.contains(')'), ends: ends(before, gap, own), ..*last };
        }
        end_of_last = start + own.len();
        words.push(Word { place: start..end_of_last, low: own.replace('’', "'").to_lowercase() });
        signs.push(Signs { opens: gap.contains('('), closes: false, ends: End::Nothing });
    }
    (words, signs)
}

/// A sign of a script that does not part its words, or a quote.
fn is_sign(c: char) -> bool {
    matches!(c, '“' | '”' | '„' | '«' | '»' | '，' | '。' | '；' | '：' | '（' | '）' | '、' | '！' | '？' | '「' | '」' | '¦')
}

/// What ends with the signs between two words.
fn ends(before: &str, gap: &str, behind: &str) -> End {
    const SHORT: [&str; 14] = ["dr", "mr", "mrs", "ms", "st", "vs", "ca", "e", "g", "i", "eg", "ie", "cf", "approx"];
    let is_digit = |c: char| c.is_ascii_digit();
    if gap == "," && before.ends_with(is_digit) && behind.starts_with(is_digit) {
        return End::Nothing;
    }
    let is_short = SHORT.contains(&before) || before.contains('.') && before.len() <= 4;
    let is_line = gap.matches('\n').count() > 1 || gap.contains('\n') && gap.contains(['-', '*', '•', '>', '#', '|']);
    match () {
        () if is_line || gap.contains(['!', '?', ';', '。', '！', '？', '；']) => End::Sentence,
        () if gap.contains('.') && (!is_short || gap.starts_with(['%', ')'])) => End::Sentence,
        // An arrow, a dash or a stroke parts as a comma does.
        () if gap.contains([',', ':', ')', '，', '：', '、', '–', '—', '>', '|', '→'])
            || gap.contains(" - ")
            || gap.contains(" / ") =>
        {
            End::Clause
        }
        () => End::Nothing,
    }
}

/// Whether a clause begins with a word in the middle of others: `and smooth the labels`, `because it leaks`.
fn begins(words: &[Word], at: usize) -> bool {
    match words[at].low.as_str() {
        "so" => words.get(at + 1).is_none_or(|next| !matches!(next.low.as_str(), "much" | "far" | "that" | "many")),
        "please" => {
            words.get(at + 1).is_some_and(|next| is_verb(&next.low) || is_negation(&next.low)) && words[at - 1].low != "and"
        }
        "because" | "but" | "while" | "whereas" | "although" | "though" | "unless" | "otherwise" | "which" | "who" => true,
        "and" | "then" | "or" => words[at + 1..].iter().find(|word| !LIGHT.contains(&word.low.as_str())).is_some_and(|word| {
            is_verb(&word.low) || is_negation(&word.low) && word.low != "not" || SUBJECTS.contains(&word.low.as_str())
        }),
        _ => false,
    }
}

/// What a clause is; `before`: the one that the same sentence has before it.
fn kind(words: &[Word], before: Option<(Kind, &[Word])>) -> Kind {
    let low: Vec<&str> = words.iter().map(|word| word.low.as_str()).collect();
    let is_joined = low.first().is_some_and(|word| JOINTS.contains(word));
    if low.first().is_some_and(|word| REASONS.contains(word)) && !asks(&low[1..]) {
        return Kind::Statement;
    }
    // `In order to save time`, `so that nobody has to`: what it is for.
    if low.starts_with(&["in", "order", "to"]) || low.starts_with(&["so", "that"]) {
        return Kind::Statement;
    }
    if asks(&low) {
        return Kind::Wish;
    }
    let first = low.iter().position(|word| !LIGHT.contains(word)).unwrap_or(0);
    let has_subject = low.get(first).is_some_and(|word| SUBJECTS.contains(word));
    // `We sat there and wrote`: what is joined has the subject of what stands before it.
    let is_told_on = is_joined && before.is_some_and(|(kind, _)| kind == Kind::Statement);
    if !has_subject
        && !is_told_on
        && low.get(first).is_some_and(|word| is_verb(word) && !OF_WRITER.contains(word))
        && (first > 0 || low.len() > 1)
    {
        // `Test accuracy was`: a noun, where what is told follows.
        let own = low[first + 1..].iter().take_while(|word| !UNDER.contains(word) && !SUBJECTS.contains(word));
        if !own.clone().any(|word| FINITE.contains(word)) {
            return Kind::Wish;
        }
    }
    let is_finite =
        |word: &&str| FINITE.contains(word) || word.ends_with("'s") && SUBJECTS.contains(&word.trim_end_matches("'s"));
    if has_subject && low.len() > first + 1 || is_told_on || low.iter().any(is_finite) {
        return Kind::Statement;
    }
    // `The regulator publishes complaints`, `a friend makes wine`.
    let is_led = low.get(first).is_some_and(|word| LEADS.contains(word));
    let tells = |word: &&str| ["s", "es", "ed"].iter().any(|end| word.strip_suffix(end).is_some_and(is_verb));
    // `About 700 arrive every week`.
    let counts = |two: &[&str]| two[0].starts_with(|c: char| c.is_ascii_digit()) && is_verb(two[1]);
    let is_told = is_led && low.iter().skip(first + 2).any(tells)
        || low.windows(2).next().is_some_and(counts)
        || low.windows(2).nth(1).is_some_and(counts)
        || low.iter().any(|word| TOLD.contains(word));
    if is_told { Kind::Statement } else { Kind::Fragment }
}

/// Whether words hold a mark of a wish.
fn asks(low: &[&str]) -> bool {
    let is_mark = |word: &&str| MARKS.contains(word);
    let mine = |word: &str| matches!(word, "i" | "we" | "i'd" | "we'd" | "you");
    let wants = |at: usize, word: &str| WANTS.contains(&word) && low[..at].iter().rev().take(4).any(|before| mine(before));
    let would_be = low.windows(2).any(|two| two[0] == "would" && matches!(two[1], "be" | "also"));
    // `Could you`, `email me`.
    let first = low.iter().position(|word| !LIGHT.contains(word)).unwrap_or(0);
    let two = [low.get(first), low.get(first + 1)].map(|word| word.copied().unwrap_or_default());
    let begs = matches!(two, ["can" | "could" | "would" | "will", "you" | "u"])
        || matches!(two[1], "me" | "us") && !FINITE.contains(&two[0]) && !SUBJECTS.contains(&two[0]);
    // `May not be used`, `is prohibited`.
    let bars = low.windows(3).any(|three| matches!(three, ["may" | "can" | "could", "not", "be" | "use" | "enter" | "have"]))
        || low.windows(2).any(|two| matches!(two, ["cannot" | "can't", "be" | "use"]))
        || low.windows(2).any(|two| {
            matches!(
                two,
                ["not", "of" | "relevant" | "needed" | "wanted" | "interesting" | "necessary" | "useful" | "required" | "to"]
            )
        })
        || low.iter().any(|word| matches!(*word, "forbidden" | "prohibited" | "banned" | "disallowed" | "off-limits"));
    let makes_sure = low.windows(2).any(|two| two == ["make", "sure"]);
    let has_to = low.windows(2).any(|two| matches!(two, ["has", "to"] | ["is", "to"] | ["are", "to"]));
    let lacks = low.iter().enumerate().any(|(at, word)| {
        // `There are no gaps`, `it never rains`, `they do not know` tell how something is.
        let is_told = low[..at].iter().any(|before| FINITE.contains(before) || SUBJECTS.contains(before));
        let is_bidden = matches!(*word, "don't" | "dont" | "never") || *word == "not" && at > 0 && low[at - 1] == "do";
        let is_bid = is_bidden && !low[..at].iter().any(|before| SUBJECTS.contains(before));
        is_bid || is_negation(word) && !is_told
    });
    low.iter().any(is_mark)
        || low.iter().enumerate().any(|(at, word)| wants(at, word))
        || would_be
        || begs
        || bars
        || makes_sure
        || has_to
        || lacks
}

/// Whether a wish is only to know what the model is to tell: `I want to know which of them come back`.
pub(super) fn is_to_know(low: &[&str]) -> bool {
    let knows = |two: &[&str]| two[0] == "to" && KNOWS.contains(&two[1]);
    low.windows(2).any(knows) || low.iter().any(|word| matches!(*word, "wonder" | "wondering"))
}

const KNOWS: [&str; 9] = ["know", "learn", "guess", "tell", "see", "find", "understand", "predict", "estimate"];

/// Which say that something is to be.
const MARKS: [&str; 15] = [
    "ideally",
    "preferably",
    "please",
    "pls",
    "plz",
    "must",
    "should",
    "shall",
    "mustn't",
    "shouldn't",
    "shan't",
    "ensure",
    "let's",
    "needs",
    "ought",
];

/// The same of who speaks.
const WANTS: [&str; 10] = ["want", "need", "like", "prefer", "love", "wish", "expect", "require", "hope", "appreciate"];

/// Who or what a statement begins with.
const SUBJECTS: [&str; 32] = [
    "i",
    "we",
    "they",
    "he",
    "she",
    "it",
    "you",
    "people",
    "there",
    "this",
    "that",
    "these",
    "those",
    "who",
    "which",
    "what",
    "everybody",
    "everyone",
    "nobody",
    "somebody",
    "someone",
    "i'm",
    "we're",
    "they're",
    "it's",
    "that's",
    "there's",
    "i've",
    "we've",
    "he's",
    "she's",
    "here's",
];

/// What tells how something is.
const FINITE: [&str; 38] = [
    "is", "are", "was", "were", "has", "have", "had", "does", "did", "am", "isn't", "aren't", "wasn't", "weren't", "hasn't",
    "haven't", "hadn't", "doesn't", "didn't", "can", "could", "cannot", "can't", "couldn't", "will", "won't", "would",
    "wouldn't", "may", "might", "contains", "holds", "wants", "goes", "comes", "looks", "says", "shows",
];

/// What a clause under another begins with.
const UNDER: [&str; 14] =
    ["when", "if", "that", "which", "as", "because", "what", "whether", "where", "who", "until", "unless", "while", "since"];

/// What only a statement has in it where no verb was found.
const TOLD: [&str; 8] = ["us", "me", "him", "whether", "why", "how", "myself", "ourselves"];

/// What leads a subject of several words.
const LEADS: [&str; 15] =
    ["the", "a", "an", "my", "our", "his", "her", "their", "your", "every", "each", "some", "many", "most", "all"];

/// What may stand before the first word of a clause.
const LIGHT: [&str; 24] = [
    "and",
    "but",
    "so",
    "then",
    "or",
    "also",
    "just",
    "now",
    "first",
    "finally",
    "afterwards",
    "otherwise",
    "please",
    "well",
    "ok",
    "oh",
    "anyway",
    "hi",
    "hello",
    "maybe",
    "perhaps",
    "again",
    "lastly",
    "instead",
];

/// Which begin what one says of oneself, without `I`: `hope you are well`.
const OF_WRITER: [&str; 8] = ["hope", "wish", "guess", "thank", "know", "mean", "love", "wonder"];

const JOINTS: [&str; 4] = ["and", "or", "then", "who"];

/// Which begin a reason, or what is said of a thing beside its name.
const REASONS: [&str; 10] = ["because", "since", "as", "while", "whereas", "although", "though", "which", "who", "where"];

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, Kind)> {
        let (words, clauses) = of(text);
        let own = |clause: &Clause| {
            let (first, last) = (&words[clause.words.start], &words[clause.words.end - 1]);
            (text[first.place.start..last.place.end].to_string(), clause.kind)
        };
        clauses.iter().map(own).collect()
    }

    #[test]
    fn clauses_are_told_from_each_other() {
        use Kind::{Fragment, Statement, Wish};
        for (text, expected) in [
            ("MiniLM, 3 epochs, quantile loss", vec![("MiniLM", Fragment), ("3 epochs", Fragment), ("quantile loss", Fragment)]),
            (
                "We sell bikes in Leeds. Smooth the labels.",
                vec![("We sell bikes in Leeds", Statement), ("Smooth the labels", Wish)],
            ),
            ("Use AdamW and average the last weights", vec![("Use AdamW", Wish), ("and average the last weights", Wish)]),
            ("I would also like a chart of the prices", vec![("I would also like a chart of the prices", Wish)]),
            ("A friend makes wine and gave me his file", vec![("A friend makes wine and gave me his file", Statement)]),
            (
                "Predict team (they're digits!) from body",
                vec![("Predict team", Wish), ("they're digits", Statement), ("from body", Fragment)],
            ),
            ("Drop zip because it leaks", vec![("Drop zip", Wish), ("because it leaks", Statement)]),
            ("Rows of one shop should stay together", vec![("Rows of one shop should stay together", Wish)]),
            ("No turbine may occur on both sides", vec![("No turbine may occur on both sides", Wish)]),
            ("There are no gaps in it", vec![("There are no gaps in it", Statement)]),
        ] {
            let expected: Vec<(String, Kind)> = expected.into_iter().map(|(text, kind)| (text.to_string(), kind)).collect();
            assert_eq!(kinds(text), expected, "{text}");
        }
    }
}
