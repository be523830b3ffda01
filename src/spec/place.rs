//! Where in an experiment file something stands.

use std::fmt;
use toml::de::{DeTable, DeValue};

/// One step from a value to one within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The steps from the whole file to a value: `recipe.lr`, `seeds[1]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<Step>);

impl Place {
    /// A dotted path of keys.
    pub(super) fn of(path: &str) -> Self {
        Place(path.split('.').map(|key| Step::Key(key.into())).collect())
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.into()))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Place(steps)
    }

    /// Whether one of the two lies within the other.
    pub(super) fn touches(&self, other: &Place) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }

    /// Takes the key that this leads to out of `table`.
    pub(super) fn remove_from(&self, table: &mut toml::Table) {
        let Some((Step::Key(last), before)) = self.0.split_last() else { return };
        let Some((Step::Key(first), within)) = before.split_first() else { return drop(table.remove(last)) };
        let mut at = table.get_mut(first);
        for step in within {
            at = match step {
                Step::Key(key) => at.and_then(|value| value.get_mut(key)),
                Step::Index(index) => at.and_then(|value| value.get_mut(index)),
            };
        }
        if let Some(table) = at.and_then(toml::Value::as_table_mut) {
            table.remove(last);
        }
    }

    /// The line of `text`, from 1, in which it stands, or what is nearest above it; none for the whole file.
    pub(super) fn line(&self, text: &str) -> Option<usize> {
        let document = DeTable::parse(text).ok()?;
        let (mut table, mut list, mut start) = (Some(document.get_ref()), None, None);
        for step in &self.0 {
            let (at, value) = match step {
                Step::Key(name) => match table.and_then(|t| t.iter().find(|(key, _)| key.get_ref().as_ref() == name.as_str())) {
                    Some((key, value)) => (key.span().start, value.get_ref()),
                    None => break,
                },
                Step::Index(index) => match list.and_then(|l: &toml::de::DeArray| l.get(*index)) {
                    Some(value) => (value.span().start, value.get_ref()),
                    None => break,
                },
            };
            start = Some(at);
            table = if let DeValue::Table(table) = value { Some(table) } else { None };
            list = if let DeValue::Array(list) = value { Some(list) } else { None };
        }
        start.map(|at| 1 + text[..at].matches('\n').count())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_however_a_key_is_written() {
        let text = "a = 1\n\n[b]\nc = { d = 2 }\nlist = [\n  1,\n  2,\n]\n[b.e]\nf.g = 3\n";
        let check = |place: Place, expected: Option<usize>| assert_eq!(place.line(text), expected, "{place}");
        check(Place::of("a"), Some(1));
        check(Place::of("b.c.d"), Some(4));
        check(Place::of("b.list").index(1), Some(7));
        check(Place::of("b.e.f.g"), Some(10));
        check(Place::of("b.c.absent"), Some(4));
        check(Place::default(), None);
        assert_eq!(Place::of("b.list").index(1).key("x").to_string(), "b.list[1].x");
    }
}
