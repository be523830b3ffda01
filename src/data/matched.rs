//! Which class of a model each class of a data set is: by its name, and by its number only where both sides have numbers.

use super::classes::{place_of, whole};
use super::features;
use std::collections::BTreeMap;

/// A class of the model for each of the data's, no two the same.
#[derive(Debug, PartialEq, Eq)]
pub struct MatchedClasses {
    /// Where each class of the data stands among the model's.
    pub places: Vec<usize>,
    pub by: MatchedBy,
}

/// What says that two classes are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchedBy {
    /// Their names, but for upper and lower case and what stands between words.
    Name,
    /// What their names mean: the one is short for the other, or both say yes or no.
    Meaning,
    /// The numbers that both sides give them.
    Number,
}

/// Matches the classes of a data set to those of a model; none where neither names nor numbers say which is which. `are_numbered`: the data
/// states the numbers of its classes, whose order is otherwise that of the alphabet and says nothing.
pub fn match_classes(model: &[String], data: &[String], are_numbered: bool) -> Option<MatchedClasses> {
    let same = |name: &String| place_of(name, model).or_else(|| only(model, |own| are_same_words(own, name)));
    let means = |name: &String| same(name).or_else(|| place_of_truth(name, model, data));
    let short = |name: &String| {
        let is_alone = |own: &str| only(data, |other| is_short_for(own, other)).is_some();
        means(name).or_else(|| only(model, |own| is_short_for(own, name) && is_alone(own)))
    };
    let found = |places: Option<Vec<usize>>, by| places.map(|places| MatchedClasses { places, by });
    found(each_its_own(data, same), MatchedBy::Name)
        .or_else(|| found(each_its_own(data, short), MatchedBy::Meaning))
        .or_else(|| found(numbers(model, data, are_numbered), MatchedBy::Number))
}

/// A place for each, where all have one and none is taken twice.
fn each_its_own(data: &[String], place: impl Fn(&String) -> Option<usize>) -> Option<Vec<usize>> {
    let places = data.iter().map(place).collect::<Option<Vec<_>>>()?;
    taken_twice(&places).is_none().then_some(places)
}

/// The first two that have one place.
pub fn taken_twice(places: &[usize]) -> Option<(usize, usize)> {
    let mut taken = BTreeMap::new();
    places.iter().enumerate().find_map(|(at, place)| Some((taken.insert(place, at)?, at)))
}

/// The place of the only one that is so.
fn only(names: &[String], is_so: impl Fn(&str) -> bool) -> Option<usize> {
    let mut found = names.iter().enumerate().filter(|(_, name)| is_so(name)).map(|(at, _)| at);
    found.next().filter(|_| found.next().is_none())
}

/// Whether two names have the same words, whatever stands between these: `Sci/Tech` and `sci_tech`. A sign at an end is a part of the name,
/// as in `A-`, and so is one in a number.
fn are_same_words(one: &str, other: &str) -> bool {
    let words = |name: &str| {
        let name = name.trim().to_lowercase();
        let words: Vec<String> = name.split([' ', '_', '-', '/', '.']).map(str::to_string).collect();
        (name.parse::<f64>().is_err() && words.iter().all(|word| !word.is_empty())).then_some(words)
    };
    match (whole(one.trim()), whole(other.trim())) {
        (Some(one), Some(other)) => one == other,
        _ => words(one).is_some_and(|one| words(other) == Some(one)),
    }
}

/// Whether a name is the beginning of the other: `neg` of `NEGATIVE`.
fn is_short_for(one: &str, other: &str) -> bool {
    const LEAST: usize = 3;
    let [one, other] = [one, other].map(|name| name.trim().to_lowercase());
    let are_words = [&one, &other].into_iter().all(|name| name.chars().all(char::is_alphabetic) && name.chars().count() >= LEAST);
    are_words && (one.starts_with(&other) || other.starts_with(&one))
}

/// Of two classes that say yes and no on both sides: the one that says the same. Numbers alone say it on neither.
fn place_of_truth(name: &str, model: &[String], data: &[String]) -> Option<usize> {
    let truths = |names: &[String]| names.iter().map(|name| truth(name)).collect::<Option<Vec<bool>>>();
    let is_word = |name: &String| whole(name).is_none();
    let (own, others) = (truths(model)?, truths(data)?);
    let are_pairs = own.len() == 2 && own[0] != own[1] && others.len() <= 2;
    let is_said = are_pairs && (model.iter().any(is_word) || data.iter().any(is_word));
    let said = truth(name).filter(|_| is_said)?;
    own.iter().position(|truth| *truth == said)
}

/// What a name says that stands for yes or for no; of numbers 1 and 0 do.
fn truth(name: &str) -> Option<bool> {
    features::truth_or_number(name).or_else(|| match name.trim().to_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    })
}

/// The places that the data's numbers say, where they can be none else: the data states them of as many classes as a model has that does not
/// name its own, or its classes are called 0, 1 and so on. Where the model names its classes, and has more, they may be others' numbers.
fn numbers(model: &[String], data: &[String], are_numbered: bool) -> Option<Vec<usize>> {
    let is_nameless = model.iter().enumerate().all(|(at, name)| *name == format!("LABEL_{at}") || whole(name) == Some(at as i64));
    let says_number = |name: &String| whole(name).and_then(|number| usize::try_from(number).ok());
    if let Some(places) = data.iter().map(says_number).collect::<Option<Vec<_>>>() {
        let model_says_others = !is_nameless && model.iter().any(|name| whole(name).is_some());
        let are_all = data.len() == model.len() || is_nameless && places.contains(&0);
        let are_there = places.iter().all(|place| *place < model.len());
        return each_its_own(data, |name| says_number(name)).filter(|_| are_all && are_there && !model_says_others);
    }
    (are_numbered && is_nameless && data.len() == model.len()).then(|| (0..model.len()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn classes_are_matched_by_name_then_by_meaning_then_by_number() {
        use MatchedBy::{Meaning, Name, Number};
        // Data whose classes are numbered stands in brackets.
        let check = |model: &str, data: &str, expected: Option<(&[usize], MatchedBy)>| {
            let (are_numbered, data) = (data.starts_with('['), data.trim_matches(['[', ']']));
            let found = match_classes(&names(model), &names(data), are_numbered);
            let found = found.as_ref().map(|found| (found.places.as_slice(), found.by));
            assert_eq!(found, expected, "{model} / {data}");
        };
        check("no yes", "no yes", Some((&[0, 1], Name)));
        check("Yes no", "no yes", Some((&[1, 0], Name)));
        check("a b c", "a c", Some((&[0, 2], Name)));
        check("World Sci/Tech", "sci_tech world", Some((&[1, 0], Name)));
        check("A A- B", "A- b", Some((&[1, 2], Name)));
        check("A B", "A- B", None);
        check("1 -1", "-1 1", Some((&[1, 0], Name)));
        check("1 2", "1.0 2.0", Some((&[0, 1], Name)));
        // Names in another order, or words that mean them.
        check("contradiction entailment neutral", "[entailment neutral contradiction]", Some((&[1, 2, 0], Name)));
        check("POSITIVE NEGATIVE", "neg pos", Some((&[1, 0], Meaning)));
        check("NEG NEU POS", "[negative neutral positive]", Some((&[0, 1, 2], Meaning)));
        check("yes no", "0 1", Some((&[1, 0], Meaning)));
        check("0 1", "no yes", Some((&[0, 1], Meaning)));
        check("True False", "[no yes]", Some((&[1, 0], Meaning)));
        check("false true", "1 0", Some((&[1, 0], Meaning)));
        check("pro process", "proc x", None);
        // Both sides have numbers.
        check("LABEL_0 LABEL_1", "[bad good]", Some((&[0, 1], Number)));
        check("0 1 2", "[bad so good]", Some((&[0, 1, 2], Number)));
        check("LABEL_0 LABEL_1", "1 0", Some((&[1, 0], Number)));
        check("LABEL_0 LABEL_1 LABEL_2", "0 2", Some((&[0, 2], Number)));
        check("bad good", "0 1", Some((&[0, 1], Number)));
        // The alphabet gives no numbers, and numbers of one side none of the other.
        check("LABEL_0 LABEL_1", "bad good", None);
        check("0 1", "bad good", None);
        check("bad good", "[no yes]", None);
        check("bad good", "no yes", None);
        check("bad good", "1 2", None);
        check("bad so good", "0 1", None);
        check("LABEL_0 LABEL_1 LABEL_2", "1 2", None);
        check("1 2 3 4 5", "0 1 2 3 4", None);
        check("a b", "a b c", None);
        check("a b c", "a d", None);
        check("LABEL_0 LABEL_1 LABEL_2", "[no yes]", None);
    }
}
