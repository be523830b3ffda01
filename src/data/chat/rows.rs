//! What a row of a data set says as a conversation: lists of turns, or columns of texts under their usual names.

use super::{Message, Role};
use crate::data::read::Cell;
use crate::spec::Columns;
use serde_json::Value;

/// A prompt with a better answer and another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Pair {
    pub(in crate::data) prompt: Vec<Message>,
    pub(in crate::data) better: Message,
    pub(in crate::data) other: Message,
}

/// The conversation of a row with the cells of these columns, the label's last; none where an answer is blank, of which nothing can
/// be learnt.
pub(in crate::data) fn conversation(columns: &Columns, mut cells: Vec<Cell>) -> Result<Option<Vec<Message>>, String> {
    let answer = columns.label.as_ref().map(|_| cells.pop().unwrap_or(Cell::Null));
    let mut turns = prompt(&columns.input, cells)?;
    if let Some(cell) = answer {
        turns.extend(answers(cell)?);
    }
    let answers: Vec<&Message> = turns.iter().filter(|turn| turn.role == Role::Assistant).collect();
    if answers.is_empty() {
        return Err("no turn is the assistant's: there is no answer to learn".into());
    }
    let is_blank = answers.iter().any(|answer| answer.content.trim().is_empty());
    Ok((!is_blank).then_some(turns))
}

/// The pair of a row with the cells of these columns, the better answer and the other one last; none where an answer is blank.
pub(in crate::data) fn pair(columns: &Columns, mut cells: Vec<Cell>) -> Result<Option<Pair>, String> {
    let other = replies(cells.pop().unwrap_or(Cell::Null))?;
    let better = replies(cells.pop().unwrap_or(Cell::Null))?;
    let given = prompt(&columns.input[..cells.len().min(columns.input.len())], cells)?;
    // Both may hold the whole conversation, which they share up to their answers.
    let (Some((better_last, better_before)), Some((other_last, other_before))) = (better.split_last(), other.split_last()) else {
        return Err("there is no answer".into());
    };
    if better_before != other_before {
        return Err("the two answers are not to the same conversation".into());
    }
    let prompt = match given.is_empty() {
        true => better_before.to_vec(),
        false if better_before.is_empty() || better_before == given => given,
        false => [given, better_before.to_vec()].concat(),
    };
    for answer in [better_last, other_last] {
        if answer.role != Role::Assistant {
            return Err(format!("the last turn of an answer is the {}'s: expected the assistant's", answer.role.name()));
        }
    }
    if prompt.is_empty() {
        return Err("there is nothing that is answered".into());
    }
    let is_blank = [better_last, other_last].iter().any(|answer| answer.content.trim().is_empty());
    Ok((!is_blank).then(|| Pair { prompt, better: better_last.clone(), other: other_last.clone() }))
}

/// What comes before an answer: turns as they are, texts one below the other as what the user says; `system` is the system's.
pub(in crate::data) fn prompt(columns: &[String], cells: Vec<Cell>) -> Result<Vec<Message>, String> {
    let (mut turns, mut said) = (Vec::new(), Vec::new());
    for (column, cell) in columns.iter().zip(cells) {
        match cell {
            list @ Cell::List(_) => turns.extend(Message::list(&json(list))?),
            object @ Cell::Object(_) => turns.push(Message::of(&json(object))?),
            Cell::Null => {}
            Cell::Text(text) if text.trim().is_empty() => {}
            Cell::Text(text) if column.eq_ignore_ascii_case("system") => turns.insert(0, Message::new(Role::System, text)),
            Cell::Text(text) => said.push(text),
            Cell::Int(number) => said.push(number.to_string()),
            Cell::Float(number) => said.push(number.to_string()),
            other => return Err(format!("`{column}`: expected a text or a list of turns, found {}", other.in_words())),
        }
    }
    if !said.is_empty() {
        turns.push(Message::new(Role::User, said.join("\n\n")));
    }
    Ok(turns)
}

/// The turns of an answer.
fn answers(cell: Cell) -> Result<Vec<Message>, String> {
    match cell {
        list @ Cell::List(_) => Message::list(&json(list)),
        object @ Cell::Object(_) => Ok(vec![Message::of(&json(object))?]),
        Cell::Text(text) => Ok(vec![Message::new(Role::Assistant, text)]),
        Cell::Int(number) => Ok(vec![Message::new(Role::Assistant, number.to_string())]),
        Cell::Float(number) => Ok(vec![Message::new(Role::Assistant, number.to_string())]),
        Cell::Null => Ok(vec![Message::new(Role::Assistant, "")]),
        other => Err(format!("expected an answer, found {}", other.in_words())),
    }
}

/// Lists and objects as JSON has them; what JSON has no word for is nothing.
fn json(cell: Cell) -> Value {
    match cell {
        Cell::List(cells) => cells.into_iter().map(json).collect(),
        Cell::Object(cells) => cells.into_iter().map(|(name, cell)| (name, json(cell))).collect(),
        Cell::Int(number) => number.into(),
        Cell::Float(number) => number.into(),
        Cell::Text(text) => text.into(),
        Cell::Null | Cell::Bytes(_) | Cell::File(_) | Cell::Other(_) => Value::Null,
    }
}

/// As [`answers`]; a text may be a whole conversation of `Human:` and `Assistant:`.
fn replies(cell: Cell) -> Result<Vec<Message>, String> {
    match cell {
        Cell::Text(text) if text.trim_start().starts_with(HUMAN.trim_start()) => Ok(transcript(&text)),
        other => answers(other),
    }
}

const HUMAN: &str = "\n\nHuman:";
const ASSISTANT: &str = "\n\nAssistant:";

/// The turns of a text that names its speakers.
fn transcript(text: &str) -> Vec<Message> {
    let text = format!("\n\n{}", text.trim_start());
    let mut marks: Vec<(usize, &str, Role)> = text.match_indices(HUMAN).map(|(at, mark)| (at, mark, Role::User)).collect();
    marks.extend(text.match_indices(ASSISTANT).map(|(at, mark)| (at, mark, Role::Assistant)));
    marks.sort_by_key(|(at, ..)| *at);
    let ends = marks.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]);
    marks.iter().zip(ends).map(|((at, mark, role), end)| Message::new(*role, text[at + mark.len()..end].trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn columns(input: &[&str], label: Option<&str>) -> Columns {
        Columns {
            input: input.iter().map(|name| name.to_string()).collect(),
            label: label.map(str::to_string),
            ..Columns::default()
        }
    }

    /// As a JSON file's cells are read.
    fn nested(value: Value) -> Cell {
        match value {
            Value::Array(items) => Cell::List(items.into_iter().map(nested).collect()),
            Value::Object(fields) => Cell::Object(fields.into_iter().map(|(name, value)| (name, nested(value))).collect()),
            Value::String(text) => Cell::Text(text),
            _ => Cell::Null,
        }
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.into())
    }

    fn shown(turns: &[Message]) -> Vec<String> {
        turns.iter().map(|turn| format!("{}: {}", turn.role.name(), turn.content)).collect()
    }

    #[test]
    fn every_usual_form_is_a_conversation() {
        let check = |columns: Columns, cells: Vec<Cell>, expected: &[&str]| {
            let found = conversation(&columns, cells).expect("a row").expect("a conversation");
            assert_eq!(shown(&found), expected, "{columns:?}");
        };
        let openai =
            json!([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]);
        let expected = ["system: s", "user: u", "assistant: a"];
        check(columns(&["messages"], None), vec![nested(openai)], &expected);
        let parts = json!([{"role": "user", "content": [{"type": "text", "text": "u"}]},
                           {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
        check(columns(&["messages"], None), vec![nested(parts)], &["user: u", "assistant: ab"]);
        let shared = json!([{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]);
        check(columns(&["conversations"], None), vec![nested(shared)], &expected[1..]);
        check(columns(&["prompt"], Some("completion")), vec![text("u"), text("a")], &expected[1..]);
        check(columns(&["question"], Some("answer")), vec![text("u"), Cell::Int(4)], &["user: u", "assistant: 4"]);
        let alpaca = || columns(&["instruction", "input"], Some("output"));
        check(alpaca(), vec![text("do"), text("this"), text("a")], &["user: do\n\nthis", "assistant: a"]);
        check(alpaca(), vec![text("do"), text(""), text("a")], &["user: do", "assistant: a"]);
        let prompt = json!([{"role": "user", "content": "u"}]);
        let completion = json!([{"role": "assistant", "content": "a"}]);
        check(columns(&["prompt"], Some("completion")), vec![nested(prompt), nested(completion)], &expected[1..]);
        for system in ["system", "System", "SYSTEM"] {
            check(columns(&[system, "prompt"], Some("completion")), vec![text("s"), text("u"), text("a")], &expected);
        }
    }

    #[test]
    fn every_usual_form_is_a_pair() {
        let check = |input: &[&str], cells: Vec<Cell>| {
            let found = pair(&columns(input, None), cells).expect("a row").expect("a pair");
            assert_eq!(shown(&found.prompt), ["user: u"], "{input:?}");
            assert_eq!((found.better.content.as_str(), found.other.content.as_str()), ("yes", "no"), "{input:?}");
        };
        let turn = |content: &str| json!({"role": "assistant", "content": content});
        let whole = |content: &str| nested(json!([{"role": "user", "content": "u"}, turn(content)]));
        check(&["prompt", "chosen", "rejected"], vec![text("u"), text("yes"), text("no")]);
        check(&["chosen", "rejected"], vec![whole("yes"), whole("no")]);
        check(&["prompt", "chosen", "rejected"], vec![text("u"), whole("yes"), whole("no")]);
        let talk = json!([{"from": "human", "value": "u"}]);
        let said = |content: &str| nested(json!({"from": "gpt", "value": content}));
        check(&["conversations", "chosen", "rejected"], vec![nested(talk), said("yes"), said("no")]);
        check(&["chosen", "rejected"], vec![text("\n\nHuman: u\n\nAssistant: yes"), text("\n\nHuman: u\n\nAssistant: no")]);
    }

    #[test]
    fn mistakes_are_named() {
        let says = |columns: Columns, cells: Vec<Cell>| conversation(&columns, cells).expect_err("refused");
        let list = |turns: serde_json::Value| vec![nested(turns)];
        let messages = || columns(&["messages"], None);
        assert!(says(messages(), list(json!([{"role": "user", "content": "u"}]))).contains("no turn is the assistant's"));
        assert!(says(messages(), list(json!([{"role": "wizard", "content": "u"}]))).contains("the role `wizard` is not known"));
        assert!(says(messages(), list(json!([{"content": "u"}]))).contains("no `role`"));
        assert!(says(messages(), list(json!([{"role": "user"}]))).contains("no text as its `content`"));
        let picture = json!([{"role": "user", "content": [{"type": "image", "text": null}]}]);
        assert!(says(messages(), list(picture)).contains("no text as its `content`"));
        let pairs = |cells| pair(&columns(&["prompt", "chosen", "rejected"], None), cells).expect_err("refused");
        assert!(pairs(vec![Cell::Null, text("yes"), text("no")]).contains("nothing that is answered"));
    }

    #[test]
    fn of_a_blank_answer_nothing_is_learnt() {
        let answered = columns(&["prompt"], Some("completion"));
        let preferred = columns(&["prompt", "chosen", "rejected"], None);
        for blank in [Cell::Null, text("  "), text("")] {
            assert_eq!(conversation(&answered, vec![text("u"), blank.clone()]), Ok(None), "{blank:?}");
            assert_eq!(pair(&preferred, vec![text("u"), text("yes"), blank.clone()]), Ok(None), "{blank:?}");
            assert_eq!(pair(&preferred, vec![text("u"), blank.clone(), text("no")]), Ok(None), "{blank:?}");
        }
    }
}
