//! From what stands in a label column to the index of a class.

use super::features;
use super::read::Cell;
use crate::words::count;
use std::collections::BTreeSet;

/// More classes than this are no classes.
pub(super) const MOST_CLASSES: usize = 1000;

/// The classes of a column.
pub(super) struct Classes<'a> {
    pub(super) names: &'a [String],
    /// The file says that its integers are indices; otherwise an integer that is a name is that name.
    pub(super) indices: bool,
    /// File or card says the order of the classes. Of names that were found by looking no integer says a place.
    pub(super) declared: bool,
}

/// What a cell says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Label {
    Class(u32),
    /// Nothing, or a negative number that is no class: the -1 of splits whose labels are kept secret.
    Missing,
    /// Something that is no class, in words.
    Unknown(String),
}

impl Classes<'_> {
    pub(super) fn label(&self, cell: &Cell) -> Label {
        let exact = |name: &str| self.names.iter().position(|n| n == name);
        let alike = |name: &str| whole(name).and_then(|i| self.names.iter().position(|n| whole(n) == Some(i)));
        // Where classes are numbers, another number is none of them: it is never taken for the place of one.
        let is_number = |name: &String| name.parse::<f64>().is_ok_and(f64::is_finite);
        let are_numbers = !self.indices && self.names.iter().any(is_number);
        // Where somebody says that true comes before false, 0 is true.
        let is_place = |name: &str| self.declared && !are_numbers && self.names.len() == 2 && whole(name).is_some();
        // Yes and no are words in some formats, and numbers in others.
        let true_or_false = |name: &str| {
            if is_place(name) {
                return None;
            }
            let of_names = || self.names.iter().map(|name| features::truth_or_number(name)).collect::<Option<Vec<bool>>>();
            let truths = of_names().filter(|truths| matches!(truths[..], [_] | [true, false] | [false, true]))?;
            let said = features::truth_or_number(name)?;
            truths.iter().position(|truth| *truth == said)
        };
        let of_name = |name: &str| exact(name).or_else(|| alike(name)).or_else(|| true_or_false(name));
        let named = |name: &str| of_name(name).map(|i| Label::Class(i as u32));
        let indexed = |i: i64| match usize::try_from(i) {
            Ok(index) if index < self.names.len() && !are_numbers => match self.declared || self.indices {
                true => Label::Class(index as u32),
                false => Label::Unknown(format!("{i}, and neither file nor card says which class has that number")),
            },
            Ok(_) => Label::Unknown(i.to_string()),
            Err(_) => Label::Missing,
        };
        match cell {
            Cell::Null => Label::Missing,
            Cell::Int(i) if self.indices => indexed(*i),
            Cell::Int(i) => named(&i.to_string()).unwrap_or_else(|| indexed(*i)),
            Cell::Float(f) if f.is_nan() => Label::Missing,
            Cell::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => self.label(&Cell::Int(*f as i64)),
            Cell::Float(f) => named(&f.to_string()).unwrap_or_else(|| Label::Unknown(f.to_string())),
            Cell::Text(text) => {
                let text = text.trim();
                let number = || whole(text).or_else(|| text.parse().ok()).map(|i| self.label(&Cell::Int(i)));
                named(text).or_else(number).unwrap_or_else(|| match is_missing(cell) {
                    true => Label::Missing,
                    false => Label::Unknown(cell.in_words()),
                })
            }
            other => Label::Unknown(other.in_words()),
        }
    }
}

/// Where `name` stands among `names`: spelt so, else in other letters where that can be but one.
pub fn place_of(name: &str, names: &[String]) -> Option<usize> {
    let exact = names.iter().position(|own| own == name);
    exact.or_else(|| {
        let wanted = name.to_lowercase();
        let mut alike = names.iter().enumerate().filter(|(_, own)| own.to_lowercase() == wanted).map(|(at, _)| at);
        alike.next().filter(|_| alike.next().is_none())
    })
}

/// The whole number that a name writes: `1`, and `1.0`, as programs have it where a cell of the column was empty.
pub(super) fn whole(name: &str) -> Option<i64> {
    let is_nothing = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit == b'0');
    let digits = name.split_once('.').filter(|(_, part)| is_nothing(part)).map_or(name, |(whole, _)| whole);
    digits.parse().ok().filter(|number: &i64| number.to_string() == digits)
}

/// Whether a cell holds no label: nothing, or a word for it. `none` is a class to many.
pub(super) fn is_missing(cell: &Cell) -> bool {
    features::is_nothing(cell) && !matches!(cell, Cell::Text(text) if text.trim().eq_ignore_ascii_case("none"))
}

/// Whether a class that is shown is one of the words for nothing.
pub fn says_nothing(class: &str) -> bool {
    is_missing(&Cell::Text(class.into()))
}

/// Whether two classes look the same, and are written otherwise: `é` in one letter, and in two.
pub fn looks_alike(one: &str, other: &str) -> bool {
    let composed = |text: &str| {
        let mut text = tokenizers::NormalizedString::from(text);
        text.nfc();
        text.get().to_string()
    };
    one != other && composed(one) == composed(other)
}

/// What a secret label is given as.
pub(super) const SECRET: &str = "-1";

/// The name of the class that a cell stands for, where classes are found by looking; none for a missing label. Numbers with a fraction
/// are names, too: half stars are classes as whole ones are.
pub(super) fn name_of(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Int(i) => Some(i.to_string()),
        Cell::Float(f) if f.fract() == 0.0 && f.abs() < 1e15 => Some((*f as i64).to_string()),
        Cell::Float(f) if f.is_finite() => Some(f.to_string()),
        Cell::Text(text) if !text.trim().is_empty() => Some(text.trim().to_string()),
        _ => None,
    }
}

/// As [`name_of`] of a cell that is a label by itself: words for nothing are none.
pub(super) fn class_of(cell: &Cell) -> Option<String> {
    name_of(cell).filter(|_| !is_missing(cell))
}

/// As [`class_of`] of a cell that says whose a row is, a whole number as all files write it.
pub(super) fn group_of(cell: &Cell) -> Option<String> {
    class_of(cell).map(|name| whole(&name).map_or(name, |number| number.to_string()))
}

/// The classes among the names found in a column: a column of nothing but -1 keeps its labels secret.
pub(super) fn without_secret(names: BTreeSet<String>) -> BTreeSet<String> {
    if names.iter().all(|name| name == SECRET) { BTreeSet::new() } else { names }
}

/// Whether these are measurements rather than classes: many numbers, some with a fraction.
pub(super) fn are_measured(names: &BTreeSet<String>) -> bool {
    const MOST: usize = 20;
    let number = |name: &String| name.parse::<f64>().is_ok_and(f64::is_finite);
    names.len() > MOST && names.iter().all(number) && names.iter().any(|name| name.parse::<i64>().is_err())
}

/// What there is to say where nearly every row is a class of its own.
pub(super) fn hardly_any_twice(label: &str, classes: &[String], rows: usize) -> Option<String> {
    const FEW: usize = 20;
    let example = classes.first().filter(|_| classes.len() > FEW && classes.len() * 2 > rows)?;
    let example: String = example.chars().take(40).collect();
    let (different, rows) = (count(classes.len() as f64), count(rows as f64));
    Some(format!(
        "classes: `{label}` has {different} different values in {rows} rows, such as `{example}`: nearly every row is a class of its own, \
         of which there is little to learn; numbers are predicted where its cells are numbers"
    ))
}

/// Names in the order of their index: numbers by value, each once however it is written, others by their letters.
pub(super) fn in_order(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_cached_key(|n| (whole(n).or_else(|| n.parse().ok()).map_or((1, 0), |i| (0, i)), n.clone()));
    names.dedup_by(|b, a| a == b || whole(a).is_some_and(|number| whole(b) == Some(number)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As one system writes names of folders, and as others do.
    #[test]
    fn names_may_look_alike() {
        assert!(looks_alike("caf\u{e9}", "cafe\u{301}"));
        assert!(!looks_alike("cafe", "caf\u{e9}") && !looks_alike("caf\u{e9}", "caf\u{e9}"));
    }

    #[test]
    fn names_that_differ_by_their_case_are_told_apart() {
        let names = ["A".to_string(), "a".into(), "Bee".into()];
        for (name, expected) in [("A", Some(0)), ("a", Some(1)), ("bee", Some(2)), ("BEE", Some(2)), ("c", None)] {
            assert_eq!(place_of(name, &names), expected, "{name}");
        }
        assert_eq!(place_of("B", &["b".to_string(), "b ".into()]), Some(0));
        assert_eq!(place_of("BB", &["Bb".to_string(), "bB".into()]), None, "either");
    }

    #[test]
    fn labels() {
        let check = |names: &[&str], indices: bool, cell: Cell, expected: Label| {
            let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
            let classes = Classes { names: &names, indices, declared: true };
            assert_eq!(classes.label(&cell), expected, "{names:?} {cell:?}");
        };
        let text = |t: &str| Cell::Text(t.into());
        check(&["no", "yes"], true, Cell::Int(1), Label::Class(1));
        check(&["no", "yes"], true, Cell::Int(-1), Label::Missing);
        check(&["no", "yes"], true, Cell::Int(2), Label::Unknown("2".into()));
        check(&["no", "yes"], false, text("yes"), Label::Class(1));
        check(&["no", "yes"], false, text(" 1 "), Label::Class(1));
        check(&["no", "yes"], false, text("maybe"), Label::Unknown("`maybe`".into()));
        check(&["no", "yes"], false, text("-1"), Label::Missing);
        check(&["1", "2"], false, Cell::Int(1), Label::Class(0));
        check(&["1", "2"], false, Cell::Int(0), Label::Unknown("0".into()));
        check(&["1", "2"], false, text("0"), Label::Unknown("0".into()));
        check(&["-1", "1"], false, Cell::Int(-1), Label::Class(0));
        check(&["-1", "1"], false, text("-1"), Label::Class(0));
        check(&["1", "2"], true, Cell::Int(1), Label::Class(1));
        check(&["a"], false, Cell::Null, Label::Missing);
        // A number is the same however it is written, and a code is none.
        check(&["0", "1"], false, text("0.0"), Label::Class(0));
        check(&["1.0", "2.0"], false, text("1"), Label::Class(0));
        check(&["1.0", "2.0"], false, Cell::Int(2), Label::Class(1));
        check(&["0", "1"], false, text("0.5"), Label::Unknown("`0.5`".into()));
        check(&["007", "7"], false, text("7.0"), Label::Class(1));
        // Words for nothing, but where they are classes.
        check(&["a"], false, text("NaN"), Label::Missing);
        check(&["a", "NA"], false, text("NA"), Label::Class(1));
        check(&["a"], false, text("None"), Label::Unknown("`None`".into()));
        assert_eq!([class_of(&text("NaN")), name_of(&text("NaN"))], [None, Some("NaN".into())], "a tag may be called so");
    }

    /// What is `True` in a CSV is 1 in Parquet and JSON.
    #[test]
    fn yes_and_no_are_the_same_labels_in_words_and_in_numbers() {
        let check = |names: &[&str], cell: Cell, expected: Label| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            let classes = Classes { names: &names, indices: false, declared: false };
            assert_eq!(classes.label(&cell), expected, "{cell:?}");
        };
        let text = |text: &str| Cell::Text(text.into());
        check(&["False", "True"], Cell::Int(1), Label::Class(1));
        check(&["False", "True"], Cell::Int(0), Label::Class(0));
        check(&["False", "True"], text("TRUE"), Label::Class(1));
        check(&["0", "1"], text("False"), Label::Class(0));
        check(&["0", "1"], text("maybe"), Label::Unknown("`maybe`".into()));
        check(&["False", "True"], Cell::Int(2), Label::Unknown("2".into()));
        check(&["False", "True", "maybe"], text("TRUE"), Label::Unknown("`TRUE`".into()));
    }

    #[test]
    fn a_declared_order_of_true_and_false_counts_before_what_numbers_mean() {
        let check = |names: [&str; 2], cell: Cell, expected: Label| {
            let names = names.map(String::from);
            let classes = Classes { names: &names, indices: false, declared: true };
            assert_eq!(classes.label(&cell), expected, "{cell:?}");
        };
        let text = |text: &str| Cell::Text(text.into());
        check(["True", "False"], Cell::Int(0), Label::Class(0));
        check(["True", "False"], Cell::Float(1.0), Label::Class(1));
        check(["True", "False"], text("0"), Label::Class(0));
        check(["True", "False"], text("false"), Label::Class(1));
        check(["False", "True"], Cell::Int(1), Label::Class(1));
        check(["0", "1"], text("False"), Label::Class(0));
    }

    #[test]
    fn numbers_with_fractions_are_classes_and_no_number_is_missing() {
        let names = ["1", "2", "0.5", "1.5"].map(String::from);
        let halves = Classes { names: &names, indices: false, declared: true };
        for (cell, expected) in [
            (Cell::Float(0.5), Label::Class(2)),
            (Cell::Float(2.0), Label::Class(1)),
            (Cell::Int(1), Label::Class(0)),
            (Cell::Text("1.5".into()), Label::Class(3)),
            (Cell::Float(2.5), Label::Unknown("2.5".into())),
            (Cell::Float(f64::NAN), Label::Missing),
        ] {
            assert_eq!(halves.label(&cell), expected, "{cell:?}");
        }
        let only_halves = Classes { names: &names[2..], indices: false, declared: true };
        assert_eq!(only_halves.label(&Cell::Int(1)), Label::Unknown("1".into()), "no place among numbers");
        let names = [0.5, 1.0, -2.25, f64::NAN, f64::INFINITY].map(|number| name_of(&Cell::Float(number)));
        assert_eq!(names, [Some("0.5".into()), Some("1".into()), Some("-2.25".into()), None, None]);
    }

    #[test]
    fn a_number_is_a_place_only_where_somebody_says_the_order() {
        let names = ["Sports", "World"].map(String::from);
        let found = Classes { names: &names, indices: false, declared: false };
        let Label::Unknown(told) = found.label(&Cell::Text("1".into())) else { panic!("taken for a place") };
        assert_eq!(told, "1, and neither file nor card says which class has that number");
        assert_eq!(found.label(&Cell::Text("World".into())), Label::Class(1));
        assert_eq!([found.label(&Cell::Int(-1)), found.label(&Cell::Int(2))], [Label::Missing, Label::Unknown("2".into())]);
        let declared = Classes { declared: true, ..found };
        assert_eq!(declared.label(&Cell::Text("1".into())), Label::Class(1));
    }

    /// -1 is a class of whoever has others beside it, and a secret where there is nothing else.
    #[test]
    fn secret_labels_and_classes_of_minus_one() {
        let found = |cells: &[i64]| {
            without_secret(cells.iter().filter_map(|i| name_of(&Cell::Int(*i))).collect()).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(found(&[-1, 1, -1]), ["-1", "1"]);
        assert_eq!(found(&[-1, 0, 1]), ["-1", "0", "1"]);
        assert_eq!(found(&[-1, -1]), [""; 0]);
        let measured = |names: &[String]| are_measured(&names.iter().cloned().collect());
        let halves = |n: usize| (0..n).map(|i| format!("{}", i as f64 / 2.0)).collect::<Vec<_>>();
        assert!(measured(&halves(21)) && !measured(&halves(20)));
        assert!(
            !measured(&(0..40).map(|i| i.to_string()).collect::<Vec<_>>())
                && !measured(&(0..40).map(|i| format!("c{i}.5")).collect::<Vec<_>>())
        );
    }

    #[test]
    fn classes_that_hardly_come_twice_are_told() {
        let classes: Vec<String> = (0..30).map(|i| format!("1.{i}m")).collect();
        let told = hardly_any_twice("height", &classes, 40).expect("told");
        assert!(told.contains("`height` has 30 different values in 40 rows, such as `1.0m`"), "{told}");
        assert_eq!(hardly_any_twice("height", &classes, 60), None, "two rows each");
        assert_eq!(hardly_any_twice("height", &classes[..20], 21), None, "a few");
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        let names = |n: &[&str]| n.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(in_order(names(&["10", "9", "b", "a", "9"])), names(&["9", "10", "a", "b"]));
        assert_eq!(in_order(names(&["10.0", "2.0", "1", "1.0", "1.5"])), names(&["1", "2.0", "10.0", "1.5"]));
        assert_eq!(in_order(names(&["07", "7"])), names(&["07", "7"]));
    }
}
