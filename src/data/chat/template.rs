//! Chat templates as transformers renders them: Jinja with trimmed blocks, Python's methods of strings, and `{% generation %}`.
//!
//! Which part of a text is an answer is read off `{% generation %}` blocks where the template has them, else off the text of the
//! conversation before the answer, which the whole begins with; and where a template writes a turn otherwise once others follow it, off
//! marks around what was said in it.

use super::{Message, Role};
use crate::data::{Error, Result};
use crate::job::ChatFormat;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, ErrorKind, Value};
use minijinja_contrib::pycompat::unknown_method_callback;
use regex::Regex;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ops::Range;

/// What is written where a model has no template: ChatML, closed by whatever the model knows as an end.
const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + turn_end + '\\n' }}\
{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/// The template's source: the model's own, else [`CHATML`] with the end that the model knows; `knows`: whether the tokenizer has a
/// token of that name.
pub fn source(format: &ChatFormat, knows: &dyn Fn(&str) -> bool) -> String {
    const USUAL: &str = "<|im_end|>";
    let end = || format.tokens.get("eos_token").filter(|_| !knows(USUAL)).map_or(USUAL, String::as_str);
    // A text in JSON's quotes is one in Jinja's.
    format.template.clone().unwrap_or_else(|| CHATML.replace("turn_end", &Json::from(end()).to_string()))
}

/// Where an answer begins and ends in what a template writes, by its `{% generation %}` blocks or around what a turn says: characters
/// that no text may have.
const BEGINS: char = '\u{fdd0}';
const ENDS: char = '\u{fdd1}';

/// Steps that a template may take: enough for thousands of turns, and no loop without an end.
const FUEL: u64 = 2_000_000;

/// What templates that ask for today's date are told. A date that moved would train another model each day.
const TODAY: &str = "2024-07-26";

const NAME: &str = "chat_template";

/// A chat template, read.
pub struct Template {
    environment: Environment<'static>,
    tokens: BTreeMap<String, String>,
    /// Whether it says itself where answers are.
    marks: bool,
}

/// A conversation as one text, and where the assistant's answers lie in it, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub text: String,
    pub answers: Vec<Range<usize>>,
}

/// Where a turn's marks lie in a text without them; the first is lost where the template takes the turn apart.
struct Marked {
    start: Option<usize>,
    end: usize,
}

impl Template {
    /// `knows`: whether the tokenizer has a token of that name.
    ///
    /// # Errors
    /// It is no template: the message names the line.
    pub fn new(format: &ChatFormat, knows: &dyn Fn(&str) -> bool) -> Result<Self> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(|e| failed(&e))?;
        environment.set_syntax(syntax);
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.add_filter("tojson", to_json);
        environment.add_function("raise_exception", |message: String| -> Result<Value, minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        environment.add_function("strftime_now", |format: String| -> Result<String, minijinja::Error> {
            let today: Result<jiff::civil::Date, _> = TODAY.parse();
            let told = today.and_then(|today| jiff::fmt::strtime::format(&format, today));
            told.map_err(|e| minijinja::Error::new(ErrorKind::InvalidOperation, e.to_string()))
        });
        let (source, marks) = with_marks(&source(format, knows));
        environment.add_template_owned(NAME, source).map_err(|e| failed(&e))?;
        Ok(Template { environment, tokens: format.tokens.clone(), marks })
    }

    /// The text of a conversation; `asks`: up to where the assistant's next turn begins.
    ///
    /// # Errors
    /// The template fails on it, with its line.
    pub fn render(&self, messages: &[Message], asks: bool) -> Result<String> {
        Ok(self.write(messages, asks)?.text)
    }

    /// The text of a conversation with its answers: all, or the last turn alone.
    ///
    /// # Errors
    /// The template fails on it; it does not write the beginning of a conversation as it writes the whole.
    pub fn tell(&self, messages: &[Message], last_alone: bool) -> Result<Told> {
        let mut told = self.write(messages, false)?;
        if !self.marks {
            let answers = messages.iter().enumerate().filter(|(_, message)| message.role == Role::Assistant).map(|(i, _)| i);
            let wanted = answers.filter(|&i| !last_alone || i + 1 == messages.len());
            told.answers = wanted.map(|i| self.answer(messages, i, &told.text)).collect::<Result<_>>()?;
        } else if last_alone {
            let last = told.answers.pop();
            told.answers = last.into_iter().collect();
        }
        Ok(told)
    }

    /// Where turn `i` lies in `whole`: from behind what is written before it to the last of its own letters.
    fn answer(&self, messages: &[Message], i: usize, whole: &str) -> Result<Range<usize>> {
        let through = self.render(&messages[..=i], false)?;
        let through = through.trim_end();
        let before = match i {
            0 => String::new(),
            _ => self.render(&messages[..i], true)?,
        };
        // Some templates write what opens the turn otherwise where there is one.
        let before = if through.starts_with(&before) { before } else { self.render(&messages[..i], false)? };
        if through.starts_with(&before) && whole.starts_with(through) {
            return Ok(before.len()..through.len());
        }
        self.answer_by_marks(messages, i, whole, &before).ok_or_else(|| {
            let what = format!(
                "it does not write turn {} of a conversation as it writes the whole, so that the answer cannot be found: a template with `{{% generation %}}` blocks would say where it is",
                i + 1
            );
            Error::Template { line: None, what }
        })
    }

    /// The same by marks around what the turn says, with what closes the turn where it is the last; from behind `before` where the whole
    /// begins so. None where the template does not write it, or writes it otherwise with marks.
    fn answer_by_marks(&self, messages: &[Message], i: usize, whole: &str, before: &str) -> Option<Range<usize>> {
        let said = self.marked(messages, i, whole)?;
        let through = self.render(&messages[..=i], false).ok()?;
        let last = self.marked(&messages[..=i], i, &through)?;
        let closes = through[last.end..].trim_end();
        let end = if whole[said.end..].starts_with(closes) { said.end + closes.len() } else { said.end };
        let start = if whole.starts_with(before) && before.len() <= said.end { Some(before.len()) } else { said.start };
        Some(start?..end)
    }

    /// Where the marks lie that turn `i` was put between, if the text is `whole` all the same.
    fn marked(&self, messages: &[Message], i: usize, whole: &str) -> Option<Marked> {
        let content = messages[i].content.as_str();
        // A template may trim it, which marks would prevent.
        [content, content.trim()].into_iter().find_map(|content| {
            let mut messages = messages.to_vec();
            messages[i].content = format!("{BEGINS}{content}{ENDS}");
            let marked = self.fill(&messages, false).ok()?;
            let (mut text, mut start, mut end) = (String::with_capacity(marked.len()), None, None);
            for c in marked.chars() {
                match c {
                    BEGINS => start = Some(text.len()),
                    ENDS => end = Some(text.len()),
                    c => text.push(c),
                }
            }
            (text == whole).then_some(Marked { start, end: end? })
        })
    }

    fn write(&self, messages: &[Message], asks: bool) -> Result<Told> {
        if messages.iter().any(|message| message.content.contains([BEGINS, ENDS])) {
            return Err(Error::Template {
                line: None,
                what: "the text holds a character that is none (U+FDD0 or U+FDD1)".into(),
            });
        }
        Ok(without_marks(&self.fill(messages, asks)?))
    }

    /// What the template writes, marks among it.
    fn fill(&self, messages: &[Message], asks: bool) -> Result<String> {
        let turn = |message: &Message| {
            Value::from(BTreeMap::from([
                ("role", Value::from(message.role.name())),
                ("content", Value::from(message.content.as_str())),
            ]))
        };
        let mut context: BTreeMap<&str, Value> =
            self.tokens.iter().map(|(name, token)| (name.as_str(), Value::from(token.as_str()))).collect();
        context.insert("messages", Value::from(messages.iter().map(turn).collect::<Vec<_>>()));
        context.insert("add_generation_prompt", Value::from(asks));
        // What other libraries hand to a template where there is none of it.
        for name in ["tools", "documents"] {
            context.insert(name, Value::from(()));
        }
        let template = self.environment.get_template(NAME).map_err(|e| failed(&e))?;
        template.render(Value::from(context)).map_err(|e| failed(&e))
    }
}

/// A template whose `{% generation %}` blocks write marks around what is in them, and whether it has any. The tags that take their
/// place are blocks, too, so that the white space around them is trimmed alike.
fn with_marks(source: &str) -> (String, bool) {
    let Ok(tags) = Regex::new(r"\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}") else { return (source.into(), false) };
    let mark = |found: &regex::Captures| {
        let mark = if found.get(2).is_some() { ENDS } else { BEGINS };
        format!("{{%{} if true %}}{{{{ \"{mark}\" }}}}{{% endif {}%}}", &found[1], &found[3])
    };
    (tags.replace_all(source, mark).into_owned(), tags.is_match(source))
}

fn without_marks(marked: &str) -> Told {
    let (mut text, mut answers, mut begun) = (String::with_capacity(marked.len()), Vec::new(), None);
    for c in marked.chars() {
        match c {
            BEGINS => begun = Some(text.len()),
            ENDS => answers.extend(begun.take().map(|start| start..text.len())),
            c => text.push(c),
        }
    }
    Told { text, answers: answers.into_iter().filter(|answer| !answer.is_empty()).collect() }
}

fn failed(error: &minijinja::Error) -> Error {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_string);
    Error::Template { line: error.line(), what }
}

/// As Python's `json.dumps` writes it, letters of all languages as they are.
fn to_json(value: &Value, kwargs: Kwargs) -> Result<String, minijinja::Error> {
    let indent = kwargs.get::<Option<usize>>("indent")?;
    let mut out = String::new();
    dump(value, indent, 0, &mut out)?;
    Ok(out)
}

fn dump(value: &Value, indent: Option<usize>, depth: usize, out: &mut String) -> Result<(), minijinja::Error> {
    let line = |depth: usize| indent.map(|indent| format!("\n{}", " ".repeat(indent * depth)));
    let comma = || if indent.is_some() { "," } else { ", " };
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let is_map = value.kind() == ValueKind::Map;
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => out.push_str(&value.to_string()),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            let items: Vec<Value> = value.try_iter()?.collect();
            out.push(if is_map { '{' } else { '[' });
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { comma() } else { "" });
                out.push_str(&line(depth + 1).unwrap_or_default());
                if is_map {
                    out.push_str(&format!("{}: ", quoted(&item.to_string())));
                    dump(&value.get_item(item)?, indent, depth + 1, out)?;
                } else {
                    dump(item, indent, depth + 1, out)?;
                }
            }
            out.push_str(&line(depth).filter(|_| !items.is_empty()).unwrap_or_default());
            out.push(if is_map { '}' } else { ']' });
        }
        _ => out.push_str(&quoted(&value.to_string())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(template: &str) -> ChatFormat {
        let tokens = [("bos_token", "<s>"), ("eos_token", "</s>")].map(|(name, token)| (name.to_string(), token.to_string()));
        ChatFormat { template: Some(template.into()), tokens: tokens.into() }
    }

    fn turns(turns: &[(Role, &str)]) -> Vec<Message> {
        turns.iter().map(|(role, content)| Message::new(*role, *content)).collect()
    }

    fn answers(template: &str, messages: &[Message]) -> Result<Vec<String>> {
        let told = Template::new(&format(template), &|_| false)?.tell(messages, false)?;
        Ok(told.answers.iter().map(|answer| told.text[answer.clone()].to_string()).collect())
    }

    /// Texts that transformers 5.24 gives for these templates and turns: `tests/chat/render.py` makes the file.
    #[test]
    fn equal_transformers() {
        let cases: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../tests/chat/rendered.json")).expect("the cases");
        assert!(cases.len() >= 12);
        for case in &cases {
            let text = |key: &str| case[key].as_str().expect("a text");
            let messages = Message::list(&case["messages"]).expect("turns");
            let template = Template::new(&format(text("template")), &|_| false).expect("a template");
            let found = template.render(&messages, case["add_generation_prompt"] == true).expect("rendered");
            assert_eq!(found, text("text"), "{}", text("name"));
            if let Some(expected) = case["answers"].as_array() {
                let told = template.tell(&messages, false).expect("told");
                let found: Vec<&str> = told.answers.iter().map(|answer| &told.text[answer.clone()]).collect();
                assert_eq!(found, expected.iter().map(|a| a.as_str().expect("a text")).collect::<Vec<_>>(), "{}", text("name"));
            }
        }
    }

    #[test]
    fn answers_are_found_with_and_without_marks() {
        let said = turns(&[(Role::User, "one"), (Role::Assistant, "two"), (Role::User, "three"), (Role::Assistant, "four")]);
        let plain = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
        assert_eq!(answers(plain, &said).expect("found"), ["two</s>", "four</s>"]);
        let marked = "{% for m in messages %}\n[{{ m.role }}]{% if m.role == 'assistant' %}\n  {% generation %}\n{{ m.content }}{{ eos_token }}{% endgeneration %}\n{% else %}\n{{ m.content }}{% endif %}\n{% endfor %}";
        assert_eq!(answers(marked, &said).expect("found"), ["two</s>", "four</s>"]);
        let template = Template::new(&format(plain), &|_| false).expect("a template");
        let told = template.tell(&said, true).expect("told");
        assert_eq!(told.answers.len(), 1);
        // One that forgets earlier answers cannot be cut.
        let forgets = "{% for m in messages %}{% if m.role == 'user' or loop.last %}{{ m.content }};{% endif %}{% endfor %}";
        assert!(answers(forgets, &said).expect_err("cannot be found").to_string().contains("turn 2"));
    }

    /// As templates of models that think do: the last answer alone has the place of the thoughts.
    #[test]
    fn answers_are_found_where_the_last_is_written_otherwise() {
        let thinks = "{% for m in messages %}<{{ m.role }}>\n\
            {% if m.role == 'assistant' %}{% set said = m.content.split('</think>')[-1].lstrip('\n') %}\
            {% if loop.last %}<think>\n\n</think>\n\n{% endif %}{{ said }}{% else %}{{ m.content }}{% endif %}{{ eos_token }}\n\
            {% endfor %}{% if add_generation_prompt %}<assistant>\n{% endif %}";
        let (asked, said) = ((Role::User, "one"), (Role::Assistant, "two"));
        let found = answers(thinks, &turns(&[asked, said, (Role::User, "two"), (Role::Assistant, "two")]));
        assert_eq!(found.expect("found"), ["two</s>", "<think>\n\n</think>\n\ntwo</s>"]);
        let thought = (Role::Assistant, "<think>\nhm\n</think>\n\ntwo");
        let found = answers(thinks, &turns(&[asked, thought, asked, said]));
        assert_eq!(found.expect("found"), ["two</s>", "<think>\n\n</think>\n\ntwo</s>"]);
        // One that says in the last question what stands before all, so that nothing begins as the whole does.
        let late = "{% for m in messages %}[{{ m.role }}]{% if loop.revindex <= 2 %}!{% endif %}{{ m.content | trim }}{{ eos_token }}{% endfor %}";
        let found = answers(late, &turns(&[asked, (Role::Assistant, " two\n"), (Role::User, "three"), said]));
        assert_eq!(found.expect("found"), ["two</s>", "two</s>"]);
    }

    #[test]
    fn without_a_template_a_turn_ends_with_what_the_model_knows() {
        let said = turns(&[(Role::User, "hi")]);
        let mut format = format("");
        format.template = None;
        let render = |knows: bool| Template::new(&format, &|_| knows).expect("ChatML").render(&said, true).expect("rendered");
        assert_eq!(render(true), "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
        assert_eq!(render(false), "<|im_start|>user\nhi</s>\n<|im_start|>assistant\n");
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let said = turns(&[(Role::User, "hi")]);
        let says = |template: &str| {
            let made = Template::new(&format(template), &|_| false);
            made.and_then(|template| template.render(&said, false)).expect_err("refused").to_string()
        };
        assert!(says("{% for m in messages %}\n{{ m.role }\n{% endfor %}").contains("line 2"), "syntax");
        let raised = says("\n\n{{ raise_exception('Roles must alternate') }}");
        assert!(raised.contains("line 3") && raised.contains("Roles must alternate"), "{raised}");
        assert!(
            says("{% for i in range(100000000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}").contains("template")
        );
    }
}
