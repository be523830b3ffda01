//! A JSON file that is one object with its rows under `data`, as many data sets are published; those of SQuAD's kind nest them deeper:
//! articles of paragraphs of questions.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The rows of such a file; none: it is no such file.
pub(super) fn rows(mut file: Object) -> Option<Vec<Object>> {
    let Value::Array(items) = file.get_mut("data")?.take() else { return None };
    let rows: Vec<Object> =
        items.into_iter().map(|item| if let Value::Object(row) = item { Some(row) } else { None }).collect::<Option<_>>()?;
    let nests = !rows.is_empty() && rows.iter().all(|row| row.get("paragraphs").is_some_and(Value::is_array));
    Some(if nests { rows.iter().flat_map(questions).collect() } else { rows })
}

/// A row for each question of an article, in the columns that the Hub's copies have. (1606.05250)
fn questions(article: &Object) -> Vec<Object> {
    let list = |of: &Value, key: &str| of[key].as_array().cloned().unwrap_or_default();
    let title = article.get("title").cloned().unwrap_or_default();
    let mut rows = Vec::new();
    for paragraph in article.get("paragraphs").and_then(Value::as_array).into_iter().flatten() {
        for question in list(paragraph, "qas") {
            let answers = list(&question, "answers");
            let each = |key: &str| answers.iter().map(|answer| answer[key].clone()).collect::<Vec<_>>();
            let row = json!({
                "id": question["id"], "title": title, "context": paragraph["context"], "question": question["question"],
                "answers": { "text": each("text"), "answer_start": each("answer_start") },
            });
            rows.extend(if let Value::Object(row) = row { Some(row) } else { None });
        }
    }
    rows
}
