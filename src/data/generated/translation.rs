//! `toy_translation`: sentences of a small part of English, and what they are in a language that does not exist.
//!
//! Every sentence has one translation, which a grammar makes; a dictionary does not suffice for it. The verb comes last and agrees with
//! its subject in gender and number, and has its tense behind it; nouns carry article, number and case as endings, by their gender;
//! adjectives stand behind their noun and agree with it; what is told as a reason comes before what it explains; a few words mean
//! something else as another part of speech. So who does what to whom, and which of two nouns an adjective belongs to, must be read off
//! the order of the source: the same words in another order are another sentence.

use super::Draws;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;
use tallow_kernels::Stream;

/// What endings depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gender {
    Sun,
    Sea,
    Stone,
}
use Gender::{Sea, Stone, Sun};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    One,
    Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Subject,
    Object,
    Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tense {
    Present,
    Past,
    Future,
}

struct Noun(&'static str, &'static str, &'static str, Gender);

#[rustfmt::skip]
const NOUNS: [Noun; 24] = [
    Noun("dog", "dogs", "karu", Sun), Noun("cat", "cats", "mesa", Sea), Noun("child", "children", "tiln", Sun), Noun("bird", "birds", "fesh", Sea),
    Noun("farmer", "farmers", "godar", Sun), Noun("teacher", "teachers", "lumel", Sea), Noun("king", "kings", "reth", Sun),
    Noun("queen", "queens", "retha", Sea), Noun("horse", "horses", "harn", Sun), Noun("fish", "fishes", "olim", Sea), Noun("baker", "bakers", "pano", Sun),
    Noun("wolf", "wolves", "vulk", Sun), Noun("house", "houses", "domu", Stone), Noun("tree", "trees", "silv", Stone), Noun("river", "rivers", "akel", Sea),
    Noun("book", "books", "bren", Stone), Noun("boat", "boats", "navi", Sea), Noun("bridge", "bridges", "pont", Stone), Noun("light", "lights", "luso", Sun),
    Noun("stone", "stones", "petr", Stone), Noun("garden", "gardens", "hort", Sea), Noun("watch", "watches", "tikar", Stone),
    Noun("letter", "letters", "skri", Sea), Noun("plant", "plants", "verd", Stone),
];

/// In the present of one, of many, in the past, plain; and what the verb is there.
struct Verb(&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const VERBS: [Verb; 14] = [
    Verb("sees", "see", "saw", "vid"), Verb("loves", "love", "loved", "amor"), Verb("finds", "find", "found", "trov"), Verb("follows", "follow", "followed", "sekv"),
    Verb("carries", "carry", "carried", "port"), Verb("hides", "hide", "hid", "kash"), Verb("paints", "paint", "painted", "pikt"), Verb("watches", "watch", "watched", "obser"),
    Verb("plants", "plant", "planted", "semen"), Verb("lights", "light", "lit", "brul"), Verb("buys", "buy", "bought", "komp"), Verb("hears", "hear", "heard", "aud"),
    Verb("breaks", "break", "broke", "frak"), Verb("fears", "fear", "feared", "tim"),
];

#[rustfmt::skip]
const ADJECTIVES: [(&str, &str); 14] = [
    ("small", "min"), ("big", "grand"), ("red", "rud"), ("green", "zel"), ("old", "vet"), ("young", "jun"), ("light", "lev"), ("heavy", "grav"),
    ("happy", "gai"), ("sad", "trist"), ("white", "alb"), ("dark", "tum"), ("clever", "sagh"), ("slow", "lent"),
];

const PLACES: [(&str, &str); 5] = [("near", "ap"), ("behind", "dor"), ("under", "sub"), ("beside", "lat"), ("above", "sor")];
const WHEN: [(&str, &str); 5] =
    [("today", "hodi"), ("often", "sepe"), ("in the morning", "matin"), ("at night", "noktu"), ("again", "iter")];

/// Writes a JSONL file a split. No sentence stands in two splits, or twice in one.
pub(super) fn write(folder: &Path, splits: &[(&str, usize)], stream: Stream) -> Result<()> {
    let mut seen = HashSet::new();
    for (split, examples) in splits {
        let mut file = BufWriter::new(File::create(folder.join(format!("{split}.jsonl")))?);
        let (mut written, mut drawn) = (0, 0);
        while written < *examples {
            let [english, other] = sentence(&mut Draws::new(stream.named(split).at(drawn)));
            drawn += 1;
            if seen.insert(english.clone()) {
                writeln!(file, "{}", serde_json::json!({"translation": {"en": english, "toy": other}}))?;
                written += 1;
            }
        }
        file.flush()?;
    }
    Ok(())
}

/// A sentence and its translation.
fn sentence(draws: &mut Draws) -> [String; 2] {
    let [english, other] = clause(draws);
    match draws.below(10) {
        // A reason is told last here, first there.
        0 | 1 => {
            let [reason, there] = clause(draws);
            [format!("{english} because {reason} ."), format!("kar {there} , {other} .")]
        }
        2 => {
            let [second, there] = clause(draws);
            [format!("{english} and {second} ."), format!("{other} i {there} .")]
        }
        _ => [format!("{english} ."), format!("{other} .")],
    }
}

/// Subject, verb, object, and now and then a place and a time; there the time comes first and the verb last.
fn clause(draws: &mut Draws) -> [String; 2] {
    let (subject, object) = (Phrase::draw(draws), Phrase::draw(draws));
    let Verb(of_one, of_many, past, there) = VERBS[draws.below(VERBS.len())];
    let tense = [Tense::Present, Tense::Present, Tense::Past, Tense::Future][draws.below(4)];
    let negated = draws.chance(20);
    let one = subject.number == Number::One;
    let verb = match (tense, negated) {
        (Tense::Present, false) => (if one { of_one } else { of_many }).to_string(),
        (Tense::Present, true) => format!("{} not {of_many}", if one { "does" } else { "do" }),
        (Tense::Past, false) => past.to_string(),
        (Tense::Past, true) => format!("did not {of_many}"),
        (Tense::Future, false) => format!("will {of_many}"),
        (Tense::Future, true) => format!("will not {of_many}"),
    };
    let agreed = match (subject.gender(), subject.number) {
        (Sun, Number::One) => "a",
        (Sea, Number::One) => "e",
        (Stone, Number::One) => "u",
        (Sun | Sea, Number::Many) => "si",
        (Stone, Number::Many) => "su",
    };
    let ending = match tense {
        Tense::Present => "ar",
        Tense::Past => "it",
        Tense::Future => "ov",
    };
    let [mut english, mut other] = [
        format!("{} {verb} {}", subject.english(), object.english()),
        format!("{} {}", subject.there(Case::Subject), object.there(Case::Object)),
    ];
    if draws.chance(30) {
        let (place, (here, there)) = (Phrase::draw(draws), PLACES[draws.below(PLACES.len())]);
        english = format!("{english} {here} {}", place.english());
        other = format!("{other} {} {there}", place.there(Case::Place));
    }
    if draws.chance(30) {
        let (here, there) = WHEN[draws.below(WHEN.len())];
        english = format!("{english} {here}");
        other = format!("{there} {other}");
    }
    let negation = if negated { "ne " } else { "" };
    [english, format!("{other} {negation}{agreed}{there}{ending}")]
}

/// A noun with its article and perhaps an adjective.
struct Phrase {
    noun: &'static Noun,
    number: Number,
    known: bool,
    adjective: Option<(&'static str, &'static str)>,
}

impl Phrase {
    fn draw(draws: &mut Draws) -> Phrase {
        Phrase {
            noun: &NOUNS[draws.below(NOUNS.len())],
            number: if draws.chance(35) { Number::Many } else { Number::One },
            known: draws.chance(60),
            adjective: draws.chance(45).then(|| ADJECTIVES[draws.below(ADJECTIVES.len())]),
        }
    }

    fn gender(&self) -> Gender {
        self.noun.3
    }

    fn english(&self) -> String {
        let article = match (self.known, self.number) {
            (true, _) => "the ",
            (false, Number::One)
                if self.adjective.is_some_and(|(adjective, _)| adjective.starts_with(['a', 'e', 'i', 'o', 'u'])) =>
            {
                "an "
            }
            (false, Number::One) => "a ",
            (false, Number::Many) => "some ",
        };
        let adjective = self.adjective.map(|(adjective, _)| format!("{adjective} ")).unwrap_or_default();
        format!("{article}{adjective}{}", if self.number == Number::One { self.noun.0 } else { self.noun.1 })
    }

    fn there(&self, case: Case) -> String {
        let number = match (self.gender(), self.number) {
            (_, Number::One) => "",
            (Sun, Number::Many) => "ai",
            (Sea, Number::Many) => "el",
            (Stone, Number::Many) => "or",
        };
        let case = match case {
            Case::Subject => "",
            Case::Object => "m",
            Case::Place => "ti",
        };
        let article = if self.known { "da" } else { "" };
        let adjective = self.adjective.map(|(_, adjective)| {
            let gender = match self.gender() {
                Sun => "o",
                Sea => "i",
                Stone => "un",
            };
            format!(" {adjective}{gender}{}", if self.number == Number::Many { "s" } else { "" })
        });
        format!("{}{number}{case}{article}{}", self.noun.2, adjective.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same words in another order are another sentence: no dictionary tells them apart.
    #[test]
    fn the_order_of_words_matters() {
        let phrase = |noun: usize, number, known, adjective: Option<usize>| Phrase {
            noun: &NOUNS[noun],
            number,
            known,
            adjective: adjective.map(|i| ADJECTIVES[i]),
        };
        let (dog, cats) = (phrase(0, Number::One, true, Some(0)), phrase(1, Number::Many, false, Some(2)));
        assert_eq!((dog.english(), cats.english()), ("the small dog".into(), "some red cats".into()));
        assert_eq!((dog.there(Case::Subject), dog.there(Case::Object)), ("karuda mino".into(), "karumda mino".into()));
        assert_eq!(cats.there(Case::Place), "mesaelti rudis");
    }

    #[test]
    fn a_sentence_has_one_translation() {
        let mut known = std::collections::HashMap::new();
        for i in 0..5_000 {
            let [english, other] = sentence(&mut Draws::new(Stream::root(3).at(i)));
            assert_eq!(known.entry(english.clone()).or_insert_with(|| other.clone()), &other, "{english}");
            assert!(english.ends_with(" .") && !english.contains("  ") && !other.contains("  "), "{english}: {other}");
        }
    }
}
