//! A JSON file that is one object with its rows under `data`, as many data sets are published; those of SQuAD's kind nest them deeper:
//! articles of paragraphs of questions.

use super::Cell;
use super::json::{Object, get, take};

/// The rows of such a file; none: it is no such file.
pub(super) fn rows(mut file: Object) -> Option<Vec<Object>> {
    let Cell::List(items) = take(&mut file, "data")? else { return None };
    let row = |item| if let Cell::Object(row) = item { Some(row) } else { None };
    let rows: Vec<Object> = items.into_iter().map(row).collect::<Option<_>>()?;
    let nests = !rows.is_empty() && rows.iter().all(|row| matches!(get(row, "paragraphs"), Some(Cell::List(_))));
    Some(if nests { rows.iter().flat_map(questions).collect() } else { rows })
}

/// A row for each question of an article, in the columns that the Hub's copies have. (1606.05250)
fn questions(article: &Object) -> Vec<Object> {
    let field = |of: &Object, key: &str| get(of, key).cloned().unwrap_or(Cell::Null);
    let mut rows = Vec::new();
    for paragraph in objects(article, "paragraphs") {
        for question in objects(paragraph, "qas") {
            let answers: Vec<&Object> = objects(question, "answers").collect();
            let each = |key: &str| (key.to_string(), Cell::List(answers.iter().map(|answer| field(answer, key)).collect()));
            rows.push(vec![
                ("id".into(), field(question, "id")),
                ("title".into(), field(article, "title")),
                ("context".into(), field(paragraph, "context")),
                ("question".into(), field(question, "question")),
                ("answers".into(), Cell::Object(vec![each("text"), each("answer_start")])),
            ]);
        }
    }
    rows
}

/// The objects of a list of them.
fn objects<'a>(of: &'a Object, key: &str) -> impl Iterator<Item = &'a Object> {
    let items = if let Some(Cell::List(items)) = get(of, key) { items.as_slice() } else { &[] };
    items.iter().filter_map(|item| if let Cell::Object(object) = item { Some(object) } else { None })
}
