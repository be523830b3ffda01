//! Data that a suite has made: small, the same for the same number of rows, each by a rule that can be learnt.

use super::suite::Made;
use serde_json::json;
use std::fmt::Write;
use tallow_kernels::Stream;

const WHO: [&str; 8] = ["anna", "bruno", "clara", "david", "emma", "felix", "greta", "hugo"];
const CITIES: [&str; 8] = ["york", "lima", "oslo", "delhi", "paris", "cairo", "quito", "rome"];
const THINGS: [&str; 8] = ["film", "book", "song", "meal", "hotel", "phone", "garden", "lamp"];
const GOOD: [&str; 6] = ["good", "great", "lovely", "fine", "superb", "charming"];
const BAD: [&str; 6] = ["bad", "poor", "awful", "dull", "weak", "boring"];
const TIMES: [&str; 6] = ["yesterday", "today", "last week", "in spring", "on monday", "at noon"];
const COLOURS: [&str; 3] = ["red", "blue", "white"];

/// The file's text.
pub(super) fn make(made: Made, rows: usize) -> String {
    let stream = Stream::root(0).named("bench").named("data");
    let each = (0..rows).map(|row| Draws { stream: stream.at(row as u64), next: 0 });
    match made {
        Made::Reviews => table("text,label", each, |d| {
            let good = d.chance(50);
            let said = if d.chance(5) { !good } else { good };
            format!("{},{}", review(d, good), if said { "positive" } else { "negative" })
        }),
        Made::Pairs => table("sentence1,sentence2,label", each, |d| {
            let (first, same) = (d.chance(50), d.chance(50));
            let thing = d.pick(&THINGS);
            let second = if same { first } else { !first };
            format!("{},{},{}", opinion(d, thing, first), opinion(d, thing, second), u8::from(same))
        }),
        Made::Similar => table("sentence1,sentence2,score", each, |d| {
            let (first, second) = (d.below(3), d.below(3));
            // Of a kind of place each: what is said of the same kind is near.
            let score = if first == second { 4.0 } else { 1.0 } + d.uniform();
            format!("{},{},{score:.2}", visit(d, first), visit(d, second))
        }),
        Made::Ratings => table("text,rating", each, |d| {
            let goods = d.below(4);
            let mut words: Vec<&str> = (0..3).map(|i| d.pick(if i < goods { &GOOD } else { &BAD })).collect();
            let shift = d.below(3);
            words.rotate_left(shift);
            let rating = 1.0 + 4.0 / 3.0 * goods.min(3) as f64 + 0.4 * (d.uniform() - 0.5);
            format!("the {} was {} {} and {},{rating:.2}", d.pick(&THINGS), words[0], words[1], words[2])
        }),
        Made::Entities => lines(each, |d| {
            let (mut tokens, mut tags) = (vec![], vec![]);
            for _ in 0..2 {
                let person = d.pick(&WHO);
                tokens.extend([person.to_string(), d.pick(&["met", "saw", "called"]).into(), d.pick(&WHO).into(), "in".into()]);
                tags.extend(["B-PER", "O", "B-PER", "O"]);
                if d.chance(50) {
                    tokens.push("new".into());
                    tags.push("B-LOC");
                    tokens.push(d.pick(&CITIES).into());
                    tags.push("I-LOC");
                } else {
                    tokens.push(d.pick(&CITIES).into());
                    tags.push("B-LOC");
                }
                tokens.push(d.pick(&["today", "again", "twice"]).into());
                tags.push("O");
            }
            json!({"tokens": tokens, "ner_tags": tags})
        }),
        Made::Questions => {
            let mut row = 0;
            lines(each, |d| {
                let (who, city) = (d.pick(&WHO), d.pick(&CITIES));
                let context = match d.chance(50) {
                    true => format!("{who} lives in {city} and likes the {}", d.pick(&THINGS)),
                    false => format!("{} {who} went home to {city} with a {}", d.pick(&TIMES), d.pick(&THINGS)),
                };
                let at = context.rfind(city).unwrap_or_default();
                row += 1;
                json!({"id": row.to_string(), "context": context, "question": format!("where is the home of {who}"),
                    "answers": {"text": [city], "answer_start": [at]}})
            })
        }
        Made::Novel => each.fold(String::new(), |text, mut d| {
            let good = d.chance(50);
            text + &review(&mut d, good) + ".\n"
        }),
        Made::Instructions => list(each, |d| {
            let good = d.chance(50);
            let told = format!("{} found the {} {}", d.pick(&WHO), d.pick(&THINGS), d.pick(if good { &GOOD } else { &BAD }));
            json!({"instruction": told, "input": "", "output": review(d, good) + "."})
        }),
        Made::Preferences => list(each, |d| {
            let thing = d.pick(&THINGS);
            let (kind, rude) = (d.pick(&GOOD), d.pick(&BAD));
            json!({"prompt": format!("how was the {thing}"), "chosen": format!("the {thing} was {kind}"),
                "rejected": format!("the {thing} was {rude}")})
        }),
        Made::Flowers => table("width,length,colour,species", each, |d| {
            let kind = d.below(3);
            let width = [1.0, 2.0, 3.0][kind] + 0.4 * d.normal();
            let length = [5.0, 3.0, 4.5][kind] + 0.4 * d.normal();
            let colour = if d.chance(70) { COLOURS[kind] } else { d.pick(&COLOURS) };
            format!("{width:.2},{length:.2},{colour},{}", ["rosa", "lily", "iris"][kind])
        }),
        Made::Houses => table("area,rooms,district,price", each, |d| {
            let (area, rooms, district) = (30.0 + 170.0 * d.uniform(), 1 + d.below(6), d.below(3));
            let price = 2.0 * area + 10.0 * rooms as f64 + [0.0, 50.0, 20.0][district] + 5.0 * d.normal();
            format!("{area:.1},{rooms},{},{price:.1}", ["north", "south", "east"][district])
        }),
    }
}

fn review(d: &mut Draws, good: bool) -> String {
    let judged = |d: &mut Draws| d.pick(if good { &GOOD } else { &BAD });
    let (first, second) = (judged(d), judged(d));
    format!("{} found the {} {first} and the {} {second} {}", d.pick(&WHO), d.pick(&THINGS), d.pick(&THINGS), d.pick(&TIMES))
}

fn opinion(d: &mut Draws, thing: &str, good: bool) -> String {
    let word = d.pick(if good { &GOOD } else { &BAD });
    match d.chance(50) {
        true => format!("the {thing} is {word}"),
        false => format!("{} finds the {thing} {word}", d.pick(&WHO)),
    }
}

fn visit(d: &mut Draws, kind: usize) -> String {
    let places = [["river", "lake", "sea"], ["shop", "market", "bank"], ["school", "library", "museum"]];
    let deeds =
        [["swims in", "sails on", "fishes in"], ["buys at", "pays at", "sells at"], ["reads in", "learns in", "studies in"]];
    format!("{} {} the {}", d.pick(&WHO), d.pick(&deeds[kind]), d.pick(&places[kind]))
}

fn table(head: &str, each: impl Iterator<Item = Draws>, mut row: impl FnMut(&mut Draws) -> String) -> String {
    each.fold(format!("{head}\n"), |mut text, mut draws| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", row(&mut draws));
        text
    })
}

fn lines(each: impl Iterator<Item = Draws>, mut row: impl FnMut(&mut Draws) -> serde_json::Value) -> String {
    each.map(|mut draws| row(&mut draws).to_string() + "\n").collect()
}

fn list(each: impl Iterator<Item = Draws>, mut row: impl FnMut(&mut Draws) -> serde_json::Value) -> String {
    let rows: Vec<String> = each.map(|mut draws| row(&mut draws).to_string()).collect();
    format!("[\n{}\n]\n", rows.join(",\n"))
}

/// Draws of one row, one after the other.
struct Draws {
    stream: Stream,
    next: u64,
}

impl Draws {
    fn step(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
    fn below(&mut self, bound: usize) -> usize {
        let at = self.step();
        self.stream.below(at, bound)
    }
    fn uniform(&mut self) -> f64 {
        let at = self.step();
        f64::from(self.stream.uniform(at))
    }
    fn normal(&mut self) -> f64 {
        let at = self.step();
        f64::from(self.stream.named("normal").normal(at))
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_whole_and_always_the_same() {
        for made in [Made::Reviews, Made::Pairs, Made::Similar, Made::Ratings, Made::Flowers, Made::Houses] {
            let text = make(made, 50);
            let commas = text.lines().next().expect("a head").matches(',').count();
            assert!(text.lines().all(|line| line.matches(',').count() == commas), "{made:?}: {text}");
            assert_eq!(text.lines().count(), 51);
            assert_eq!(text, make(made, 50));
        }
        for made in [Made::Entities, Made::Questions] {
            for line in make(made, 50).lines() {
                let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
                if made == Made::Questions {
                    let (text, at) = (&row["answers"]["text"][0], row["answers"]["answer_start"][0].as_u64().expect("a place"));
                    let answer = text.as_str().expect("a text");
                    assert!(row["context"].as_str().expect("a text")[at as usize..].starts_with(answer), "{line}");
                } else {
                    assert_eq!(row["tokens"].as_array().map(Vec::len), row["ner_tags"].as_array().map(Vec::len));
                }
            }
        }
        for made in [Made::Instructions, Made::Preferences] {
            let rows: Vec<serde_json::Value> = serde_json::from_str(&make(made, 50)).expect("JSON");
            assert_eq!(rows.len(), 50);
        }
        assert_eq!(make(Made::Novel, 50).lines().count(), 50);
    }
}
