//! Conversations: what rows say, and how a model's own template writes it. Runs in the jail: rows and templates are not trusted.

mod rows;
mod template;

pub(super) use rows::{conversation, pair, prompt};
pub use template::{Template, Told, source as chat_source};

use serde_json::Value;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
    Tool,
}

impl Role {
    /// As templates have it.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }

    /// As data sets have it.
    fn of(name: &str) -> Option<Self> {
        match name.trim().to_lowercase().as_str() {
            "system" | "developer" => Some(Role::System),
            "user" | "human" | "prompter" => Some(Role::User),
            "assistant" | "gpt" | "chatgpt" | "bot" | "model" => Some(Role::Assistant),
            "tool" | "function" | "observation" | "ipython" => Some(Role::Tool),
            _ => None,
        }
    }
}

impl Message {
    fn new(role: Role, content: impl Into<String>) -> Self {
        Message { role, content: content.into() }
    }

    /// From `{"role": ..., "content": ...}` or `{"from": ..., "value": ...}`; the content is a text, or a list of such.
    fn of(value: &Value) -> Result<Self, String> {
        let role = ["role", "from"].into_iter().find_map(|key| value.get(key)?.as_str());
        let role = role.ok_or("a turn has no `role` (or `from`)")?;
        let content = ["content", "value"].into_iter().find_map(|key| text_of(value.get(key)?));
        let content = content.ok_or("a turn has no text as its `content` (or `value`)")?;
        let role =
            Role::of(role).ok_or_else(|| format!("the role `{role}` is not known: expected system, user, assistant or tool"))?;
        Ok(Message::new(role, content))
    }

    /// From a list of turns.
    fn list(value: &Value) -> Result<Vec<Self>, String> {
        value.as_array().ok_or("expected a list of turns")?.iter().map(Message::of).collect()
    }
}

/// The text of a turn: as it is, or in parts, one behind the other; none where a part is something else.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) if !parts.is_empty() => parts.iter().map(|part| part.get("text").and_then(Value::as_str)).collect(),
        _ => None,
    }
}
