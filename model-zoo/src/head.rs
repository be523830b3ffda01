//! What a model's last layer says, and how public files tell it: by the class name in `architectures`, `problem_type` and `id2label`.

use crate::error::ConfigProblem;
use crate::fields::{Fields, check_labels, generic_labels, write_labels};
use crate::pooling::Pooling;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a model's last layer says. Shapes: `b` examples, `t` tokens, `d` hidden size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// One of these classes: a score each, `[b, classes]`.
    Classes(Vec<String>),
    /// Any of these labels: a score each, `[b, labels]`, positive where it is more likely than not.
    Labels(Vec<String>),
    /// A number: `[b, 1]`.
    Value,
    /// One of these classes for each token: `[b, t, classes]`.
    Tags(Vec<String>),
    /// Where an answer begins and where it ends: `[b, t, 2]`.
    Span,
    /// The next word, or a hidden one: states `[b, t, d]` and the vocabulary.
    Words,
    /// A vector that means the whole example: `[b, d]`.
    Vector(Pooling),
}

/// A [`Head`] without its classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeadKind {
    Classes,
    Labels,
    Value,
    Tags,
    Span,
    Words,
    Vector,
}

/// The heads that an architecture has, each with the name of its class in public files; the first is what a file that names no
/// such class is taken for.
pub(crate) type Heads = [(HeadKind, &'static str)];

impl Default for Head {
    /// Classes that the data will name.
    fn default() -> Self {
        Head::Classes(Vec::new())
    }
}

/// For configurations of models that know no other head.
pub(crate) fn words() -> Head {
    Head::Words
}

impl HeadKind {
    /// As an experiment file has it.
    pub fn name(self) -> &'static str {
        match self {
            HeadKind::Classes => "classes",
            HeadKind::Labels => "labels",
            HeadKind::Value => "value",
            HeadKind::Tags => "tags",
            HeadKind::Span => "span",
            HeadKind::Words => "words",
            HeadKind::Vector => "vector",
        }
    }

    /// A head of this kind; `labels` are its classes, if it has any.
    pub fn with(self, labels: Vec<String>) -> Head {
        match self {
            HeadKind::Classes => Head::Classes(labels),
            HeadKind::Labels => Head::Labels(labels),
            HeadKind::Value => Head::Value,
            HeadKind::Tags => Head::Tags(labels),
            HeadKind::Span => Head::Span,
            HeadKind::Words => Head::Words,
            HeadKind::Vector => Head::Vector(Pooling::default()),
        }
    }

    /// What public files call training it; none: they have no word.
    fn problem_type(self) -> Option<&'static str> {
        match self {
            HeadKind::Classes => Some("single_label_classification"),
            HeadKind::Labels => Some("multi_label_classification"),
            HeadKind::Value => Some("regression"),
            HeadKind::Tags | HeadKind::Span | HeadKind::Words | HeadKind::Vector => None,
        }
    }
}

impl Head {
    pub fn kind(&self) -> HeadKind {
        match self {
            Head::Classes(_) => HeadKind::Classes,
            Head::Labels(_) => HeadKind::Labels,
            Head::Value => HeadKind::Value,
            Head::Tags(_) => HeadKind::Tags,
            Head::Span => HeadKind::Span,
            Head::Words => HeadKind::Words,
            Head::Vector(_) => HeadKind::Vector,
        }
    }

    /// Class names; none where it has no classes.
    pub fn labels(&self) -> &[String] {
        match self {
            Head::Classes(labels) | Head::Labels(labels) | Head::Tags(labels) => labels,
            Head::Value | Head::Span | Head::Words | Head::Vector(_) => &[],
        }
    }

    /// The same with other classes; nothing changes where it has none.
    #[must_use]
    pub fn with_labels(self, new: Vec<String>) -> Self {
        match self {
            Head::Classes(_) | Head::Labels(_) | Head::Tags(_) => self.kind().with(new),
            Head::Value | Head::Span | Head::Words | Head::Vector(_) => self,
        }
    }

    /// Scores of an example or a token; 0 where it gives none.
    pub fn width(&self) -> usize {
        match self {
            Head::Classes(labels) | Head::Labels(labels) | Head::Tags(labels) => labels.len(),
            Head::Value => 1,
            Head::Span => 2,
            Head::Words | Head::Vector(_) => 0,
        }
    }

    /// For tiny configurations.
    pub(crate) fn three_classes() -> Self {
        Head::Classes(generic_labels(3))
    }

    /// As a public `config.json` tells it. The classes are those of `id2label`, else as many as one of the fields `counts` says, else
    /// `default` many.
    pub(crate) fn read(f: &mut Fields, heads: &Heads, counts: &[&str], default: usize) -> Self {
        let named = f.get("architectures").and_then(Value::as_array).and_then(|all| all.first()).and_then(Value::as_str);
        let first = heads.first().map_or(HeadKind::Classes, |(kind, _)| *kind);
        let kind = named.and_then(|name| heads.iter().find(|(_, known)| *known == name)).map_or(first, |(kind, _)| *kind);
        let labels = match kind {
            HeadKind::Span | HeadKind::Words | HeadKind::Vector => return kind.with(Vec::new()),
            _ => f.labels(counts, default),
        };
        // One class has several heads, which the type of the problem tells apart.
        let problem = f.get("problem_type").and_then(Value::as_str);
        let told = heads.iter().map(|(kind, _)| *kind).find(|kind| problem.is_some() && kind.problem_type() == problem);
        let one = (kind == HeadKind::Classes && labels.len() == 1 && problem.is_none()).then_some(HeadKind::Value);
        if told == Some(HeadKind::Value) && kind == HeadKind::Classes && labels.len() > 1 {
            let found = format!("{} labels", labels.len());
            f.problem("problem_type", "regression of one number", found);
        }
        told.filter(|_| kind.problem_type().is_some()).or(one).unwrap_or(kind).with(labels)
    }

    /// Adds what a public `config.json` says of it.
    pub(crate) fn write(&self, config: &mut Map<String, Value>, heads: &Heads) {
        if let Some((_, name)) = heads.iter().find(|(kind, _)| *kind == self.kind()) {
            config.insert("architectures".into(), json!([name]));
        }
        match self {
            Head::Classes(labels) | Head::Tags(labels) | Head::Labels(labels) => write_labels(config, labels),
            Head::Value => write_labels(config, &generic_labels(1)),
            Head::Span | Head::Words | Head::Vector(_) => {}
        }
        if matches!(self, Head::Labels(_) | Head::Value) {
            config.insert("problem_type".into(), json!(self.kind().problem_type()));
        }
    }

    /// It must be one of those that the architecture has, with classes if it is for classes.
    pub(crate) fn check(&self, problems: &mut Vec<ConfigProblem>, heads: &Heads) {
        if !heads.iter().any(|(kind, _)| *kind == self.kind()) {
            let names: Vec<_> = heads.iter().map(|(kind, _)| format!("\"{}\"", kind.name())).collect();
            problems.push(ConfigProblem::new("head", names.join(" or "), format!("\"{}\"", self.kind().name())));
        } else if let Head::Classes(labels) | Head::Labels(labels) | Head::Tags(labels) = self {
            check_labels(problems, labels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: [(HeadKind, &str); 5] = [
        (HeadKind::Classes, "XForSequenceClassification"),
        (HeadKind::Labels, "XForSequenceClassification"),
        (HeadKind::Value, "XForSequenceClassification"),
        (HeadKind::Tags, "XForTokenClassification"),
        (HeadKind::Words, "XForMaskedLM"),
    ];

    fn read(config: &Value) -> Head {
        let mut fields = Fields::new(config.as_object().expect("an object"));
        Head::read(&mut fields, &HEADS, &["num_labels"], 2)
    }

    #[test]
    fn what_is_written_reads_back() {
        let labels = || vec!["a".to_string(), "b".to_string()];
        for head in [Head::Classes(labels()), Head::Labels(labels()), Head::Value, Head::Tags(labels()), Head::Words] {
            let mut config = Map::new();
            head.write(&mut config, &HEADS);
            assert_eq!(read(&Value::Object(config)), head);
        }
    }

    #[test]
    fn public_files_are_understood() {
        let classes = |count| Head::Classes(generic_labels(count));
        assert_eq!(read(&json!({})), classes(2));
        assert_eq!(read(&json!({"architectures": ["XModel"], "num_labels": 3})), classes(3));
        let one = json!({"architectures": ["XForSequenceClassification"], "num_labels": 1});
        assert_eq!(read(&one), Head::Value, "as transformers takes it");
        let typed = json!({"architectures": ["XForTokenClassification"], "problem_type": "regression", "num_labels": 2});
        assert_eq!(read(&typed), Head::Tags(generic_labels(2)), "tags are no regression");
        let several = json!({"architectures": ["XForSequenceClassification"], "problem_type": "regression", "num_labels": 3});
        let mut fields = Fields::new(several.as_object().expect("an object"));
        Head::read(&mut fields, &HEADS, &["num_labels"], 2);
        assert!(fields.finish(Vec::new()).is_err(), "one number is told, not several");
        let mut problems = Vec::new();
        Head::Span.check(&mut problems, &HEADS);
        assert_eq!(problems[0].found, "\"span\"");
    }
}
