//! `toy_reviews`: short reviews of films, places and things, negative or positive.
//!
//! Counting words is not enough for them: a negation turns a judgement round, after "but" the other judgement counts, and most of the
//! words say nothing. A linear model gets about 0.76 from single words, 0.90 from pairs. One label in fifty is wrong on purpose, so no model
//! reaches 1.0.

use super::Draws;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;
use tallow_kernels::Stream;

#[rustfmt::skip]
const GOOD: [&str; 24] = [
    "wonderful", "brilliant", "charming", "delightful", "superb", "lovely", "excellent", "clever", "moving", "gorgeous", "funny", "warm",
    "fresh", "solid", "thoughtful", "exciting", "graceful", "generous", "pleasant", "bright", "honest", "elegant", "tasty", "reliable",
];
#[rustfmt::skip]
const BAD: [&str; 24] = [
    "terrible", "dull", "boring", "awful", "clumsy", "tedious", "weak", "dreadful", "messy", "stale", "shallow", "ugly", "cold", "lazy",
    "painful", "bland", "noisy", "broken", "rude", "confusing", "greasy", "pointless", "cheap", "tiresome",
];
#[rustfmt::skip]
const THINGS: [&str; 20] = [
    "film", "story", "soup", "hotel", "room", "novel", "concert", "garden", "lamp", "phone", "play", "song", "dinner", "museum", "game",
    "jacket", "train ride", "lecture", "cake", "camera",
];
#[rustfmt::skip]
const PARTS: [&str; 16] = [
    "ending", "service", "music", "design", "first half", "staff", "price", "sound", "colour", "pace", "view", "middle part", "menu",
    "opening", "handling", "finish",
];
const HOW: [&str; 8] = ["really", "truly", "quite", "rather", "simply", "so", "very", "surprisingly"];
const NOT: [&str; 5] = ["not", "never", "hardly", "anything but", "far from"];
#[rustfmt::skip]
const NEUTRAL: [&str; 16] = [
    "we went there on a monday", "my brother came along", "it was raining all day", "i bought it last spring", "the bus was on time",
    "it comes in a blue box", "there were forty people", "it took about two hours", "i saw it with friends", "they opened in may",
    "it stands near the river", "the second one is longer", "my sister has the same", "we sat in the third row", "it arrived on friday",
    "nobody else was there",
];

/// Writes a JSONL file a split. No text stands in two splits, or twice in one.
pub(super) fn write(folder: &Path, splits: &[(&str, usize)], stream: Stream) -> Result<()> {
    let mut seen = HashSet::new();
    for (split, examples) in splits {
        let mut file = BufWriter::new(File::create(folder.join(format!("{split}.jsonl")))?);
        let (mut written, mut drawn) = (0, 0);
        while written < *examples {
            let mut draws = Draws::new(stream.named(split).at(drawn));
            drawn += 1;
            let (text, positive) = review(&mut draws);
            let wrong = draws.chance(2);
            if seen.insert(text.clone()) {
                let label = if positive != wrong { "positive" } else { "negative" };
                writeln!(file, "{}", serde_json::json!({"text": text, "label": label}))?;
                written += 1;
            }
        }
        file.flush()?;
    }
    Ok(())
}

/// A review and whether it is positive.
fn review(draws: &mut Draws) -> (String, bool) {
    let positive = draws.chance(50);
    let thing = draws.pick(&THINGS);
    let mut judgement = match draws.below(20) {
        // "... but ...": the last word counts.
        0..=2 => {
            let (first, last) = (clause(draws, thing, !positive), clause_of_part(draws, positive));
            let link = draws.pick(&["but", "yet in the end", "but overall"]);
            format!("{first} {link} {last}")
        }
        // "although ..., ...": the main clause counts.
        3 => format!("although {} , {}", clause_of_part(draws, !positive), clause(draws, thing, positive)),
        _ => clause(draws, thing, positive),
    };
    if draws.chance(40) {
        judgement = format!("{} . {judgement}", draws.pick(&NEUTRAL));
    }
    if draws.chance(40) {
        judgement = format!("{judgement} . {}", draws.pick(&NEUTRAL));
    }
    (format!("{judgement} ."), positive)
}

fn clause(draws: &mut Draws, thing: &str, positive: bool) -> String {
    let quality = quality(draws, positive);
    match draws.below(4) {
        0 => format!("the {thing} was {quality}"),
        1 => format!("this {thing} is {quality}"),
        2 => format!("i found the {thing} {quality}"),
        _ => format!("what we got was a {thing} that is {quality}"),
    }
}

fn clause_of_part(draws: &mut Draws, positive: bool) -> String {
    let (part, quality) = (draws.pick(&PARTS), quality(draws, positive));
    format!("the {part} was {quality}")
}

/// A judging word, or its opposite negated; now and then two of them.
fn quality(draws: &mut Draws, positive: bool) -> String {
    if draws.chance(12) {
        let word = draws.pick(if positive { &BAD } else { &GOOD });
        return format!("{} {word}", draws.pick(&NOT));
    }
    let words = if positive { &GOOD } else { &BAD };
    let word = draws.pick(words);
    match draws.below(4) {
        0 => format!("{} {word}", draws.pick(&HOW)),
        1 => format!("{word} and {}", draws.pick(words)),
        _ => word.to_string(),
    }
}
