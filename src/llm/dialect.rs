//! Two dialects of asking over HTTP: what is sent, and what is read from the answer, whole or as a stream. Pure.

use super::config::Dialect;
use super::{Ask, Speaker, Usage};
use serde_json::{Value, json};

/// What the answer's schema, or the tool that takes its place, is called.
const ANSWER: &str = "answer";

/// How a server can be asked; what it refuses is left out from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) held: Held,
    /// `max_completion_tokens` in place of `max_tokens`.
    pub(super) completion_tokens: bool,
    /// Models that know no temperature are not told any.
    pub(super) temperature: bool,
    pub(super) stream_usage: bool,
    /// What the model is told to be stands in a message of its own, rather than before the first question.
    pub(super) system: bool,
}

/// By what the answer is held to its schema. It is checked all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    BySchema,
    /// To be JSON; the schema is told in words.
    ByJson,
    /// By words alone.
    ByWords,
}

impl Default for Manner {
    fn default() -> Self {
        Manner { held: Held::BySchema, completion_tokens: false, temperature: true, stream_usage: true, system: true }
    }
}

impl Manner {
    /// Another, without what a server refused by `said`, and what is done instead; none where it is something else that it refused.
    pub(super) fn without(self, said: &str) -> Option<(Self, &'static str)> {
        let names = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if names(&["max_tokens"]) && names(&["max_completion_tokens"]) && !self.completion_tokens {
            return Some((Manner { completion_tokens: true, ..self }, "the length is limited by `max_completion_tokens`"));
        }
        if names(&["temperature"]) && self.temperature {
            return Some((Manner { temperature: false, ..self }, "no temperature is asked for: answers may differ"));
        }
        if names(&["stream_options"]) && self.stream_usage {
            return Some((Manner { stream_usage: false, ..self }, "tokens are estimated"));
        }
        let no_system = ["system role not supported", "roles must alternate", "system messages are not supported"];
        if self.system && no_system.iter().any(|words| said.to_lowercase().contains(words)) {
            return Some((Manner { system: false, ..self }, "what it is to be told first stands before the question"));
        }
        let of_schema = names(&["response_format", "json_schema", "schema", "grammar", "json_object", "tool"]);
        match self.held {
            Held::BySchema if of_schema => {
                Some((Manner { held: Held::ByJson, ..self }, "the answer is only held to be JSON; its schema is told in words"))
            }
            Held::ByJson if of_schema => {
                Some((Manner { held: Held::ByWords, ..self }, "the answer's form is told in words alone"))
            }
            Held::BySchema | Held::ByJson | Held::ByWords => None,
        }
    }
}

impl Dialect {
    /// What is asked at, below the provider's address.
    pub(super) fn path(self) -> &'static str {
        match self {
            Dialect::Openai => "chat/completions",
            Dialect::Anthropic => "messages",
        }
    }

    /// The body of the request.
    pub(super) fn request(self, model: &str, ask: &Ask, stream: bool, manner: Manner) -> Value {
        let mut system = ask.system.clone();
        if let (Some(schema), Held::ByJson | Held::ByWords) = (&ask.schema, manner.held) {
            system
                .push_str(&format!("\n\nAnswer with JSON alone, without any other word, that fits this JSON schema:\n{schema}"));
        }
        let turns = ask.turns.iter().enumerate().map(|(i, turn)| {
            let role = match turn.by {
                Speaker::User => "user",
                Speaker::Model => "assistant",
            };
            let text = if i == 0 && !manner.system { format!("{system}\n\n{}", turn.text) } else { turn.text.clone() };
            json!({"role": role, "content": text})
        });
        let mut body = json!({"model": model, "stream": stream});
        if manner.temperature {
            body["temperature"] = json!(0);
        }
        match self {
            Dialect::Openai => {
                let limit = if manner.completion_tokens { "max_completion_tokens" } else { "max_tokens" };
                body[limit] = json!(ask.limit());
                let first = manner.system.then(|| json!({"role": "system", "content": system}));
                body["messages"] = Value::Array(first.into_iter().chain(turns).collect());
                if stream && manner.stream_usage {
                    body["stream_options"] = json!({"include_usage": true});
                }
                match (&ask.schema, manner.held) {
                    (Some(schema), Held::BySchema) => {
                        let schema = json!({"name": ANSWER, "schema": schema});
                        body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
                    }
                    (Some(_), Held::ByJson) => body["response_format"] = json!({"type": "json_object"}),
                    (Some(_), Held::ByWords) | (None, _) => {}
                }
            }
            Dialect::Anthropic => {
                body["max_tokens"] = json!(ask.limit());
                if manner.system {
                    body["system"] = json!(system);
                }
                body["messages"] = Value::Array(turns.collect());
                if let (Some(schema), Held::BySchema) = (&ask.schema, manner.held) {
                    let tool = json!({"name": ANSWER, "description": "Gives the answer.", "input_schema": schema});
                    body["tools"] = json!([tool]);
                    body["tool_choice"] = json!({"type": "tool", "name": ANSWER});
                }
            }
        }
        body
    }

    /// What a whole answer holds; none: it is no answer of this dialect.
    pub(super) fn answer(self, body: &Value) -> Option<Heard> {
        let mut heard = Heard::default();
        match self {
            Dialect::Openai => {
                let choice = body.get("choices")?.get(0)?;
                let message = choice.get("message")?;
                heard.text = words(message).or_else(|| text(message, "refusal")).unwrap_or_default();
                heard.unseen = thoughts(message);
                heard.end(text(choice, "finish_reason"));
                heard.openai_usage(body);
            }
            Dialect::Anthropic => {
                for block in body.get("content")?.as_array()? {
                    match text(block, "type").as_deref() {
                        // What the tool is given is the answer, whatever was said before.
                        Some("tool_use") => heard.tool.push_str(&block.get("input")?.to_string()),
                        Some("text") => heard.text.push_str(&text(block, "text")?),
                        _ => {}
                    }
                }
                heard.unseen = thoughts(body);
                heard.end(text(body, "stop_reason"));
                heard.anthropic_usage(body);
            }
        }
        Some(heard)
    }
}

/// What was heard so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heard {
    text: String,
    tool: String,
    /// Bytes of thoughts: none of the answer, and paid for as it is.
    unseen: usize,
    pub(super) is_cut: bool,
    /// The provider said that this is the end.
    pub(super) is_over: bool,
    /// And that nothing comes behind it.
    pub(super) has_stopped: bool,
    /// None: not all of it was said.
    pub(super) usage: Option<Usage>,
    /// Of Anthropic's: what was read with how much of it from a cache, and what was written, as far as that was said.
    read: Option<(u64, u64)>,
    written: Option<u64>,
}

impl Heard {
    pub(super) fn text(&self) -> &str {
        if self.tool.is_empty() { &self.text } else { &self.tool }
    }

    /// All that was written, thoughts too.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.tool.len() + self.unseen
    }

    /// A further event of a stream.
    ///
    /// # Errors
    /// The provider tells of a failure, in its words.
    pub(super) fn hear(&mut self, dialect: Dialect, event: &Value) -> Result<(), String> {
        if let Some(error) = event.get("error").filter(|error| !error.is_null()) {
            return Err(text(error, "message").unwrap_or_else(|| error.to_string()));
        }
        match dialect {
            Dialect::Openai => {
                if let Some(choice) = event.get("choices").and_then(|choices| choices.get(0)) {
                    let delta = choice.get("delta").unwrap_or(&Value::Null);
                    self.text.push_str(&words(delta).or_else(|| text(delta, "refusal")).unwrap_or_default());
                    self.unseen += thoughts(delta);
                    self.end(text(choice, "finish_reason"));
                }
                self.openai_usage(event);
            }
            Dialect::Anthropic => match text(event, "type").as_deref() {
                Some("message_start") => self.anthropic_usage(event.get("message").unwrap_or(&Value::Null)),
                Some("content_block_delta") => {
                    let delta = event.get("delta").unwrap_or(&Value::Null);
                    self.text.push_str(&text(delta, "text").unwrap_or_default());
                    self.tool.push_str(&text(delta, "partial_json").unwrap_or_default());
                    self.unseen += thoughts(delta);
                }
                Some("message_delta") => {
                    self.end(event.get("delta").and_then(|delta| text(delta, "stop_reason")));
                    self.anthropic_usage(event);
                }
                Some("message_stop") => (self.is_over, self.has_stopped) = (true, true),
                _ => {}
            },
        }
        Ok(())
    }

    fn end(&mut self, reason: Option<String>) {
        let Some(reason) = reason else { return };
        self.is_over = true;
        self.is_cut |= matches!(reason.as_str(), "length" | "max_tokens");
    }

    fn openai_usage(&mut self, body: &Value) {
        let Some(usage) = body.get("usage").filter(|usage| usage.is_object()) else { return };
        let cached = usage.get("prompt_tokens_details").map_or(0, |details| number(details, "cached_tokens"));
        let count = |key: &str| usage.get(key).and_then(Value::as_u64);
        // No question has no tokens: who counts none has not counted.
        let both = count("prompt_tokens").filter(|read| *read > 0).zip(count("completion_tokens"));
        let usage = both.map(|(tokens_in, tokens_out)| Usage { tokens_in, tokens_out, tokens_cached: cached });
        self.usage = usage.or(self.usage);
    }

    /// What is said of the question stands at the start, what is said of the answer at its end.
    fn anthropic_usage(&mut self, message: &Value) {
        let Some(usage) = message.get("usage").filter(|usage| usage.is_object()) else { return };
        let cached = number(usage, "cache_read_input_tokens");
        let read = number(usage, "input_tokens") + cached + number(usage, "cache_creation_input_tokens");
        if read > 0 {
            self.read = Some((read, cached));
        }
        self.written = self.written.max(usage.get("output_tokens").and_then(Value::as_u64));
        let both = self.read.zip(self.written);
        let both = both.map(|((tokens_in, tokens_cached), tokens_out)| Usage { tokens_in, tokens_out, tokens_cached });
        self.usage = both.or(self.usage);
    }
}

/// The data of the events of a stream (server-sent events), as their bytes come.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
}

impl Events {
    /// What became whole by these bytes, in order.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).trim_end_matches('\r').to_string();
            self.line.clear();
            found.extend(line.strip_prefix("data:").map(|data| data.trim_start().to_string()).filter(|data| !data.is_empty()));
        }
        found
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(String::from)
}

/// The words of a message, as one or in parts; parts that are thoughts are none of the answer.
fn words(message: &Value) -> Option<String> {
    let content = message.get("content")?;
    let Some(parts) = content.as_array() else { return content.as_str().map(String::from) };
    let is_said =
        |part: &&Value| part.get("type").and_then(Value::as_str).is_none_or(|kind| matches!(kind, "text" | "output_text"));
    Some(parts.iter().filter(is_said).filter_map(|part| text(part, "text")).collect())
}

/// The bytes of thoughts in a message or a piece of one: under a key of their own (some servers say them under two), or as parts
/// of it.
fn thoughts(message: &Value) -> usize {
    fn length(said: &Value) -> usize {
        match said {
            Value::String(said) => said.len(),
            Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")).map(length).sum(),
            _ => 0,
        }
    }
    let beside = ["reasoning_content", "reasoning", "thinking"].into_iter().filter_map(|key| message.get(key)).map(length).max();
    let parts = message.get("content").and_then(Value::as_array);
    let within: usize = parts.into_iter().flatten().filter_map(|part| part.get("thinking")).map(length).sum();
    beside.unwrap_or(0) + within
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who counts nothing, or not all, has not said that it was free.
    #[test]
    fn counts_that_lack_are_none() {
        for usage in [json!({}), json!({"prompt_tokens": null}), json!({"prompt_tokens": 9}), json!({"input_tokens": 9})] {
            let openai = json!({"choices": [{"message": {"content": "a"}}], "usage": usage});
            assert_eq!(Dialect::Openai.answer(&openai).map(|heard| heard.usage), Some(None), "{usage}");
            let anthropic = json!({"content": [{"type": "text", "text": "a"}], "usage": usage});
            assert_eq!(Dialect::Anthropic.answer(&anthropic).map(|heard| heard.usage), Some(None), "{usage}");
        }
    }

    fn ask() -> Ask {
        Ask::new("be brief", "what?", Some(json!({"type": "object"})), 50).go_on("this", "why?")
    }

    #[test]
    fn what_is_sent() {
        let openai = |manner| Dialect::Openai.request("m", &ask(), false, manner);
        let usual = openai(Manner::default());
        assert_eq!(
            usual,
            json!({
                "model": "m", "stream": false, "temperature": 0, "max_tokens": 50,
                "messages": [
                    {"role": "system", "content": "be brief"}, {"role": "user", "content": "what?"},
                    {"role": "assistant", "content": "this"}, {"role": "user", "content": "why?"},
                ],
                "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
            })
        );
        let words =
            "be brief\n\nAnswer with JSON alone, without any other word, that fits this JSON schema:\n{\"type\":\"object\"}";
        let by_json = openai(Manner { held: Held::ByJson, ..Manner::default() });
        assert_eq!(
            (&by_json["response_format"], &by_json["messages"][0]["content"]),
            (&json!({"type": "json_object"}), &json!(words))
        );
        let by_words = openai(Manner { held: Held::ByWords, ..Manner::default() });
        assert_eq!((by_words.get("response_format"), &by_words["messages"][0]["content"]), (None, &json!(words)));
        let without = openai(Manner { system: false, ..Manner::default() });
        let messages = without["messages"].as_array().expect("messages");
        assert_eq!((messages.len(), &messages[0]), (3, &json!({"role": "user", "content": "be brief\n\nwhat?"})));
        let anthropic = Dialect::Anthropic.request("m", &ask(), true, Manner::default());
        assert_eq!(
            anthropic,
            json!({
                "model": "m", "stream": true, "temperature": 0, "max_tokens": 50, "system": "be brief",
                "messages": [
                    {"role": "user", "content": "what?"}, {"role": "assistant", "content": "this"}, {"role": "user", "content": "why?"},
                ],
                "tools": [{"name": "answer", "description": "Gives the answer.", "input_schema": {"type": "object"}}],
                "tool_choice": {"type": "tool", "name": "answer"},
            })
        );
    }

    #[test]
    fn what_a_server_refuses_is_left_out() {
        let usual = Manner::default();
        let check = |from: Manner, said: &str, expected: Option<Manner>| {
            assert_eq!(from.without(said).map(|(manner, _)| manner), expected, "{said}");
        };
        let (by_json, by_words) = (Manner { held: Held::ByJson, ..usual }, Manner { held: Held::ByWords, ..usual });
        check(usual, "`response_format.type` json_schema is not supported", Some(by_json));
        check(by_json, "unknown field response_format", Some(by_words));
        check(by_words, "unknown field response_format", None);
        let said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
        check(usual, said, Some(Manner { completion_tokens: true, ..usual }));
        check(usual, "'temperature' does not support 0 with this model", Some(Manner { temperature: false, ..usual }));
        check(usual, "stream_options is not known", Some(Manner { stream_usage: false, ..usual }));
        let said = "System role not supported";
        check(usual, said, Some(Manner { system: false, ..usual }));
        check(Manner { system: false, ..usual }, said, None);
        check(usual, "the context is too long", None);
    }

    #[test]
    fn whole_answers() {
        let check = |dialect: Dialect, body: Value, expected: Option<(&str, bool, Option<[u64; 3]>)>| {
            let heard = dialect.answer(&body);
            let usage = |usage: Usage| [usage.tokens_in, usage.tokens_out, usage.tokens_cached];
            let found = heard.as_ref().map(|heard| (heard.text(), heard.is_cut, heard.usage.map(usage)));
            assert_eq!(found, expected, "{body}");
        };
        use Dialect::{Anthropic, Openai};
        let usage = json!({"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 5}});
        let of = |message: Value, end: &str| json!({"choices": [{"message": message, "finish_reason": end}], "usage": usage});
        check(Openai, of(json!({"content": "{}"}), "stop"), Some(("{}", false, Some([9, 4, 5]))));
        check(Openai, of(json!({"content": "{"}), "length"), Some(("{", true, Some([9, 4, 5]))));
        check(Openai, of(json!({"content": null, "refusal": "no"}), "stop"), Some(("no", false, Some([9, 4, 5]))));
        check(Openai, json!({"choices": [{"message": {"content": "a"}}]}), Some(("a", false, None)));
        let parts = json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "{"}, {"type": "text", "text": "}"}]});
        check(Openai, of(parts, "stop"), Some(("{}", false, Some([9, 4, 5]))));
        check(Openai, json!({"choices": []}), None);
        check(Openai, json!({"error": "x"}), None);
        let usage =
            json!({"input_tokens": 3, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 1, "output_tokens": 4});
        let of = |content: Value, end: &str| json!({"content": content, "stop_reason": end, "usage": usage});
        let tool = json!([{"type": "text", "text": "well"}, {"type": "tool_use", "name": "answer", "input": {"a": 1}}]);
        check(Anthropic, of(tool, "tool_use"), Some(("{\"a\":1}", false, Some([9, 4, 5]))));
        check(Anthropic, of(json!([{"type": "text", "text": "hi"}]), "max_tokens"), Some(("hi", true, Some([9, 4, 5]))));
        check(Anthropic, json!({"type": "error"}), None);
    }

    /// They are no words of the answer, and count where the provider does not count.
    #[test]
    fn thoughts_are_counted() {
        let check = |dialect: Dialect, event: Value, whole: Value, bytes: usize| {
            let mut heard = Heard::default();
            heard.hear(dialect, &event).expect("no failure");
            let answered = dialect.answer(&whole).expect("an answer");
            assert_eq!((heard.text(), heard.bytes(), answered.text(), answered.bytes()), ("", bytes, "{}", bytes + 2), "{event}");
        };
        let openai = |thought: Value| {
            let mut message = thought.clone();
            message["content"] = json!("{}");
            (json!({"choices": [{"delta": thought}]}), json!({"choices": [{"message": message}]}))
        };
        for thought in [json!({"reasoning_content": "hmm"}), json!({"reasoning": "hmm", "reasoning_content": "hmm"})] {
            let (event, whole) = openai(thought);
            check(Dialect::Openai, event, whole, 3);
        }
        let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]}]);
        let whole = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hmm"}]}, {"type": "text", "text": "{}"}]);
        let of = |name: &str, content: &Value| json!({"choices": [{name: {"content": content}}]});
        check(Dialect::Openai, of("delta", &parts), of("message", &whole), 3);
        let event = json!({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hmm"}});
        let whole = json!({"content": [{"type": "thinking", "thinking": "hmm"}, {"type": "text", "text": "{}"}]});
        check(Dialect::Anthropic, event, whole, 3);
    }

    #[test]
    fn streamed_answers() {
        let check = |dialect: Dialect, stream: &str, expected: Result<(&str, bool, bool, u64), &str>| {
            // However the bytes are cut, the same is heard.
            for size in [1, 7, stream.len()] {
                let (mut events, mut heard) = (Events::default(), Heard::default());
                let mut failed = None;
                for bytes in stream.as_bytes().chunks(size) {
                    for data in events.take(bytes).iter().filter(|data| *data != "[DONE]") {
                        failed = failed.or(heard.hear(dialect, &serde_json::from_str(data).expect("JSON")).err());
                    }
                }
                let tokens = heard.usage.map_or(0, Usage::tokens);
                let found = failed.map_or(Ok((heard.text(), heard.is_cut, heard.is_over, tokens)), Err);
                assert_eq!(found, expected.map_err(String::from), "{size}");
            }
        };
        let openai = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n: a comment\n\
             data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"a\\\":\"}}]}\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"\\\"ü\\\"}\"}}]}\n\n\
             data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3}}\n\n\
             data: [DONE]\n\n";
        check(Dialect::Openai, openai, Ok(("{\"a\":\"ü\"}", false, true, 5)));
        check(Dialect::Openai, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", Ok(("a", false, false, 0)));
        check(Dialect::Openai, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n", Ok(("", true, true, 0)));
        check(Dialect::Openai, "data: {\"error\":{\"message\":\"overloaded\"}}\n", Err("overloaded"));
        let anthropic = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}}\n\n\
             event: ping\ndata: {\"type\":\"ping\"}\n\n\
             data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\"\"}}\n\n\
             data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\":1}\"}}\n\n\
             data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":6}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
        check(Dialect::Anthropic, anthropic, Ok(("{\"a\":1}", false, true, 10)));
        check(Dialect::Anthropic, "data: {\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"busy\"}}\n", Err("busy"));
    }
}
