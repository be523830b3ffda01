//! The classes of a data set by the numbers that a model has for them.

use crate::data::{self, MatchedBy, place_of};
use crate::error::{Class, Failure};
use crate::words::listed;

/// The classes of model and data do not fit each other, or not what was said of them.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the classes of model and data differ: the model tells {} apart ({}), the data has {} ({})", model.len(), listed(model), data.len(), listed(data))]
    Number { model: Vec<String>, data: Vec<String> },
    #[error(
        "the classes of model and data have other names: the model tells {} apart, the data has {}",
        listed(model),
        listed(data)
    )]
    Names { model: Vec<String>, data: Vec<String> },
    #[error("`--classes` names {} ({}), and the model tells {} classes apart ({})", said.len(), listed(said), model.len(), listed(model))]
    Said { said: Vec<String>, model: Vec<String> },
    #[error("the data has the class `{class}`, which `--classes` does not name: {}", listed(said))]
    Unsaid { class: String, said: Vec<String> },
    #[error("`--classes` names `{class}` twice")]
    Twice { class: String },
    #[error("the data's classes `{one}` and `{other}` would both be `{class}` of `--classes`")]
    Shared { one: String, other: String, class: String },
}

impl Failure for Error {
    fn class(&self) -> Class {
        match self {
            Error::Said { .. } | Error::Twice { .. } => Class::Usage,
            Error::Number { .. } | Error::Names { .. } | Error::Unsaid { .. } | Error::Shared { .. } => Class::Data,
        }
    }
    fn hint(&self) -> Option<String> {
        match self {
            Error::Number { .. } => {
                Some("a model that was fine-tuned on such data is needed, such as the `model` folder of a run".into())
            }
            Error::Names { model, .. } => Some(format!(
                "name what the data calls each of the model's classes by `--classes`, in the order {}",
                model.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            )),
            Error::Said { model, .. } if model.is_empty() => Some("leave it out".into()),
            Error::Said { .. } | Error::Unsaid { .. } | Error::Twice { .. } | Error::Shared { .. } => {
                Some("name what the data calls each of the model's classes, in the model's order".into())
            }
        }
    }
}

/// The classes of a question's data, and how they are numbered.
#[derive(Debug, PartialEq)]
pub(super) struct Numbered {
    /// As the data has them.
    pub(super) source: Vec<String>,
    /// As the model numbers them, where that is another order or more of them.
    pub(super) model: Option<Vec<String>>,
}

impl Numbered {
    /// Names by their number in the model.
    pub(super) fn names(&self) -> &[String] {
        self.model.as_deref().unwrap_or(&self.source)
    }
}

/// Matches the classes of model and data: as `said`, else as their names and numbers say.
pub(super) fn classes(
    model: &[String],
    (data, are_numbered): (&[String], bool),
    said: &[String],
    assumptions: &mut Vec<String>,
) -> Result<Numbered, Error> {
    if !said.is_empty() && said.len() != model.len() {
        return Err(Error::Said { said: said.to_vec(), model: model.to_vec() });
    }
    if let Some(class) = (1..said.len()).find(|at| said[..*at].contains(&said[*at])).map(|at| said[at].clone()) {
        return Err(Error::Twice { class });
    }
    if data.is_empty() {
        return Ok(Numbered { source: model.to_vec(), model: None });
    }
    let (own, places) = match said {
        [] => {
            let differ = || match data.len() > model.len() {
                true => Error::Number { model: model.to_vec(), data: data.to_vec() },
                false => Error::Names { model: model.to_vec(), data: data.to_vec() },
            };
            let matched = data::match_classes(model, data, are_numbered).ok_or_else(differ)?;
            assumptions.extend(told(model, data, &matched.places, matched.by));
            (model, matched.places)
        }
        said => {
            let unsaid = |name: &String| Error::Unsaid { class: name.clone(), said: said.to_vec() };
            let places =
                data.iter().map(|name| place_of(name, said).ok_or_else(|| unsaid(name))).collect::<Result<Vec<_>, _>>()?;
            if let Some((one, other)) = data::taken_twice(&places) {
                return Err(Error::Shared {
                    one: data[one].clone(),
                    other: data[other].clone(),
                    class: said[places[other]].clone(),
                });
            }
            (said, places)
        }
    };
    // The model's own order, by the data's names.
    let mut names = own.to_vec();
    places.iter().zip(data).for_each(|(place, name)| names[*place].clone_from(name));
    let is_same = names == data;
    Ok(Numbered { source: data.to_vec(), model: (!is_same).then_some(names) })
}

/// Which class was taken for which, where it is not their names that say it.
fn told(model: &[String], data: &[String], places: &[usize], by: MatchedBy) -> Option<String> {
    /// Pairs that are told.
    const SHOWN: usize = 10;
    let why = match by {
        MatchedBy::Name => return None,
        MatchedBy::Meaning => "by what their names mean",
        MatchedBy::Number => "by their number, for their names say nothing",
    };
    let pairs = data.iter().zip(places).take(SHOWN).map(|(name, place)| format!("`{name}` is the model's `{}`", model[*place]));
    let more = data.len().checked_sub(SHOWN + 1).map(|more| format!(", and {} more", more + 1)).unwrap_or_default();
    Some(format!("classes: matched {why}: {}{more} (`--classes` says otherwise)", pairs.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_string).collect()
    }

    #[test]
    fn classes_are_numbered_as_the_model_has_them() {
        let check = |[model, data, said]: [&str; 3], expected: Result<&str, &str>, told: &str| {
            let mut assumptions = Vec::new();
            match (classes(&names(model), (&names(data), false), &names(said), &mut assumptions), expected) {
                (Ok(found), Ok(own)) => {
                    assert_eq!(found.names(), names(own), "{model} / {data}");
                    assert!(data.is_empty() || found.source == names(data), "{model} / {data}");
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, expected) => panic!("{model} / {data}: expected {expected:?}, found {found:?}"),
            }
            assert!(assumptions.concat().contains(told) && assumptions.is_empty() == told.is_empty(), "{assumptions:?}");
        };
        check(["NO YES", "no yes", ""], Ok("no yes"), "");
        check(["a b c", "C a", ""], Ok("a b C"), "");
        check(["a b", "", ""], Ok("a b"), "");
        check(["x y", "a", "a a"], Err("names `a` twice"), "");
        check(["x y", "A a", "a c"], Err("`A` and `a` would both be `a`"), "");
        check(
            ["POSITIVE NEGATIVE", "neg pos", ""],
            Ok("pos neg"),
            "by what their names mean: `neg` is the model's `NEGATIVE`, `pos`",
        );
        check(["bad good", "0 1", ""], Ok("0 1"), "by their number, for their names say nothing: `0` is the model's `bad`");
        check(["bad good", "no yes", ""], Err("other names: the model tells `bad`, `good` apart, the data has `no`, `yes`"), "");
        check(["a b", "a b c", ""], Err("the model tells 2 apart (`a`, `b`), the data has 3"), "");
        // Where somebody says it nothing is guessed, and names that would match do not.
        check(["bad good", "no yes", "no yes"], Ok("no yes"), "");
        check(["bad good", "no yes", "yes no"], Ok("yes no"), "");
        check(["a b c", "b a", "b a z"], Ok("b a z"), "");
        check(["bad good", "no yes", "no"], Err("`--classes` names 1 (`no`), and the model tells 2 classes apart"), "");
        check(["bad good", "no yes", "no maybe"], Err("the class `yes`, which `--classes` does not name"), "");
        check(["", "", "a"], Err("the model tells 0 classes apart"), "");
    }
}
