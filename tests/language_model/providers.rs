//! A provider that does everything wrong that one can do, and some right.

use crate::server::{Act, Server, ends, refuses, says};
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tallow::error::{Class, Failure};
use tallow::llm::{Ask, Chosen, ConfigFile, Error, Reply};

const KEY: &str = "sk-very-secret-0123456789";

/// Asks a provider that does this.
struct Asking {
    acts: Vec<Act>,
    /// Further lines of its configuration.
    config: &'static str,
}

/// What came, from how many requests, and what the provider saw.
struct Came {
    reply: Result<Reply, Error>,
    server: Server,
    took: Duration,
    /// What was said while it was waited for.
    told: Vec<String>,
}

fn ask() -> Ask {
    Ask::new("be brief", "what?", Some(json!({"type": "object"})), 50)
}

impl Asking {
    fn go(self) -> Came {
        let server = Server::start(self.acts);
        let limits = "limits = { connect_secs = 2.0, silence_secs = 0.6, whole_secs = 2.0, attempts = 3, backoff_secs = 0.01 }";
        let text = format!(
            "[providers.test]\nurl = \"{}\"\nmodel = \"m\"\nkey_env = \"A_KEY\"\n{limits}\n{}\n",
            server.url, self.config
        );
        let config = ConfigFile::parse(&text, "llm.toml").expect("a configuration");
        let told = Rc::new(RefCell::new(Vec::new()));
        let tell = {
            let told = Rc::clone(&told);
            move |line: &str| told.borrow_mut().push(line.to_string())
        };
        let chosen =
            Chosen::provider("test", &config, &|name| (name == "A_KEY").then(|| KEY.into()), true, tell).expect("chosen");
        let begun = Instant::now();
        let reply = chosen.model.answer(&ask());
        Came { reply, took: begun.elapsed(), server, told: told.take() }
    }
}

fn asking(acts: Vec<Act>) -> Came {
    Asking { acts, config: "" }.go()
}

fn streaming(acts: Vec<Act>) -> Came {
    Asking { acts, config: "stream = true" }.go()
}

impl Came {
    /// An answer, after so many requests.
    fn says(&self, text: &str, requests: usize) {
        match &self.reply {
            Ok(reply) => assert_eq!((reply.text.as_str(), self.server.asked().len()), (text, requests), "{reply:?}"),
            Err(error) => panic!("{error}"),
        }
    }

    /// A failure in such words, after so many requests, and never with the key.
    fn fails(&self, class: Class, words: &str, requests: usize) {
        let error = self.reply.as_ref().expect_err(words);
        let told = format!("{error} {:?}", error.hint());
        assert!(told.contains(words) && !told.contains(KEY), "expected {words:?}: {told}");
        assert_eq!((error.class(), self.server.asked().len()), (class, requests), "{told}");
    }
}

fn events(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| format!("data: {text}\n\n")).collect()
}

const NOW: Duration = Duration::ZERO;

#[test]
fn whole_answers() {
    let came = asking(vec![says("{\"a\": 1}")]);
    came.says("{\"a\": 1}", 1);
    let reply = came.reply.as_ref().expect("a reply");
    assert_eq!((reply.json().expect("JSON"), reply.usage.tokens()), (json!({"a": 1}), 120));
    let asked = &came.server.asked()[0];
    assert_eq!(
        (asked.path.as_str(), asked.header("authorization")),
        ("/v1/chat/completions", Some(format!("Bearer {KEY}").as_str()))
    );
    assert_eq!((&asked.body["temperature"], &asked.body["response_format"]["type"]), (&json!(0), &json!("json_schema")));
    // Empty, or cut off: an answer all the same, and told when it is looked into.
    assert!(matches!(asking(vec![says("")]).reply.expect("a reply").json(), Err(Error::Empty)));
    assert!(matches!(
        asking(vec![ends("{\"a\":", "length")]).reply.expect("a reply").json(),
        Err(Error::CutShort { tokens: 20 })
    ));
    assert!(matches!(asking(vec![says("as you wish")]).reply.expect("a reply").json(), Err(Error::NotJson { .. })));
}

#[test]
fn streamed_answers() {
    let pieces = events(&[
        r#"{"choices":[{"delta":{"content":"{\"a\":"}}]}"#,
        r#"{"choices":[{"delta":{"content":"1}"},"finish_reason":"stop"}]}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#,
        "[DONE]",
    ]);
    let came = streaming(vec![Act::Drip(Duration::from_millis(30), pieces)]);
    came.says("{\"a\":1}", 1);
    assert_eq!(came.reply.expect("a reply").usage.tokens(), 10);
    // A server that does not stream though it was asked to.
    streaming(vec![says("whole")]).says("whole", 1);
    // It breaks off, and is asked again; what came counts.
    let broken = events(&[r#"{"choices":[{"delta":{"content":"abcdef"}}]}"#]);
    let came = streaming(vec![Act::Drip(NOW, broken.clone()), says("whole")]);
    came.says("whole", 2);
    assert_eq!(came.reply.expect("a reply").usage.tokens(), 120 + ask().most_tokens_in() + 2);
    streaming(vec![Act::Drip(NOW, broken)]).fails(Class::External, "did not answer in 3 attempts: the answer broke off", 3);
    // Thoughts are no words of the answer, and are paid for as these are.
    let thought = json!({"choices": [{"delta": {"reasoning_content": "x".repeat(300)}}]}).to_string();
    let came = streaming(vec![Act::Drip(NOW, events(&[thought.as_str(), thought.as_str()])), says("whole")]);
    came.says("whole", 2);
    assert_eq!(came.reply.expect("a reply").usage.tokens(), 120 + ask().most_tokens_in() + 200);
    let failing = events(&[r#"{"error":{"message":"overloaded"}}"#]);
    streaming(vec![Act::Drip(NOW, failing)]).fails(Class::External, "did not answer in 3 attempts: overloaded", 3);
    let nonsense = events(&["{nonsense"]);
    streaming(vec![Act::Drip(NOW, nonsense)]).fails(Class::External, "expected events of JSON", 1);
}

/// The last event has come, and the connection stays open.
fn then_silence(events: Vec<String>) -> Vec<Act> {
    let silence = std::iter::repeat_n(String::new(), 15);
    vec![Act::Drip(Duration::from_millis(100), std::iter::once(events.concat()).chain(silence).collect())]
}

#[test]
fn a_whole_answer_is_not_lost_to_a_connection_that_stays_open() {
    let end = r#"{"choices":[{"delta":{"content":"{}"},"finish_reason":"stop"}]}"#;
    streaming(then_silence(events(&[end]))).says("{}", 1);
    let pieces = events(&[
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"{}"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    let came = Asking { acts: then_silence(pieces), config: "dialect = \"anthropic\"\nstream = true" }.go();
    came.says("{}", 1);
    assert!(came.took < Duration::from_millis(650), "nothing comes behind `message_stop`: {:?}", came.took);
}

#[test]
fn the_other_dialect() {
    let anthropic = |acts, stream: bool| {
        let config = if stream { "dialect = \"anthropic\"\nstream = true" } else { "dialect = \"anthropic\"" };
        Asking { acts, config }.go()
    };
    let body = json!({
        "content": [{"type": "tool_use", "name": "answer", "input": {"a": 1}}], "stop_reason": "tool_use",
        "usage": {"input_tokens": 9, "output_tokens": 4},
    });
    let came = anthropic(vec![Act::Say(200, String::new(), body.to_string())], false);
    came.says("{\"a\":1}", 1);
    let asked = &came.server.asked()[0];
    assert_eq!(
        (asked.path.as_str(), asked.header("x-api-key"), asked.header("authorization")),
        ("/v1/messages", Some(KEY), None)
    );
    assert_eq!((asked.header("anthropic-version").is_some(), &asked.body["tool_choice"]["name"]), (true, &json!("answer")));
    let pieces = events(&[
        r#"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#,
        r#"{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":4}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    anthropic(vec![Act::Drip(NOW, pieces)], true).says("{\"a\":1}", 1);
    anthropic(vec![refuses(529, "", "overloaded")], false).fails(
        Class::External,
        "did not answer in 3 attempts: it answers 529",
        3,
    );
}

#[test]
fn what_may_be_over_soon_is_tried_again() {
    asking(vec![refuses(429, "retry-after: 0\r\n", "slow down"), says("{}")]).says("{}", 2);
    let came = asking(vec![refuses(429, "retry-after: 1\r\n", "slow down"), says("{}")]);
    came.says("{}", 2);
    assert!(came.took >= Duration::from_secs(1), "{:?}", came.took);
    assert_eq!(came.told, ["m at 127.0.0.1 did not answer (it answers 429: slow down): asked again in 1 s"]);
    assert!(came.reply.expect("a reply").notes.is_empty());
    asking(vec![refuses(500, "", "oops"), refuses(503, "", "oops"), says("{}")]).says("{}", 3);
    let hung = asking(vec![Act::Hang, says("{}")]);
    hung.says("{}", 2);
    // The question may have been read, and somebody may have to pay for it.
    assert_eq!(hung.reply.expect("a reply").usage.tokens(), 120 + ask().most_tokens_in());
    // A failure in what looks like an answer; one with a status that will not pass is a refusal.
    let within = |code: u16| {
        let error = json!({"error": {"message": "the backend is overloaded", "code": code}});
        Act::Say(200, String::new(), error.to_string())
    };
    asking(vec![within(503), says("{}")]).says("{}", 2);
    asking(vec![within(402)]).fails(Class::External, "refused with 402: the backend is overloaded", 1);
    asking(vec![Act::Cut("{\"choices\"".into()), says("{}")]).says("{}", 2);
    // Not for ever.
    asking(vec![refuses(500, "", "oops")]).fails(Class::External, "did not answer in 3 attempts: it answers 500: oops", 3);
    asking(vec![Act::Cut("{".into())]).fails(Class::External, "did not answer in 3 attempts: the answer broke off", 3);
    // Nor for as long as a provider likes.
    let patient = asking(vec![refuses(429, "retry-after: 9999\r\n", "come back")]);
    patient.fails(Class::External, "it answers 429: come back; asking again would be in 9999 s", 1);
    let whole = asking(vec![refuses(429, "retry-after: 3\r\n", "come back")]);
    whole.fails(Class::External, "asking again would be in 3 s", 1);
    assert!(patient.took + whole.took < Duration::from_secs(2));
}

#[test]
fn what_is_refused_is_told_at_once() {
    asking(vec![refuses(401, "", &format!("Incorrect API key provided: {KEY}."))]).fails(
        Class::External,
        "m at 127.0.0.1 refused with 401: Incorrect API key provided: ***.",
        1,
    );
    asking(vec![refuses(403, "", "no")]).fails(Class::External, "check the key", 1);
    asking(vec![refuses(404, "", "no such model")]).fails(Class::External, "refused with 404: no such model", 1);
    asking(vec![refuses(400, "", "the context is too long")]).fails(Class::External, "refused with 400", 1);
    asking(vec![Act::Say(451, String::new(), "<html>".repeat(1000))]).fails(Class::External, "451: a page for people", 1);
}

#[test]
fn what_a_server_does_not_know_is_left_out() {
    let no_schema = || refuses(400, "", "response_format type json_schema is not supported");
    let came = asking(vec![no_schema(), says("{}")]);
    came.says("{}", 2);
    assert_eq!(came.server.asked()[1].body["response_format"], json!({"type": "json_object"}));
    assert!(came.reply.expect("a reply").notes[0].contains("the answer is only held to be JSON; its schema is told in words"));
    let came = asking(vec![no_schema(), no_schema(), says("{}")]);
    came.says("{}", 3);
    let last = &came.server.asked()[2].body;
    assert!(
        last.get("response_format").is_none() && last["messages"][0]["content"].as_str().expect("text").contains("JSON schema")
    );
    asking(vec![no_schema()]).fails(Class::External, "refused with 400", 3);
    // Named beside the message, or far behind.
    let beside =
        json!({"error": {"message": "bad request", "details": format!("{} 'temperature' is not known", "x".repeat(500))}});
    let came = asking(vec![Act::Say(400, String::new(), beside.to_string()), says("{}")]);
    came.says("{}", 2);
    assert!(came.server.asked()[1].body.get("temperature").is_none());
    let came = asking(vec![refuses(400, "", "System role not supported"), says("{}")]);
    came.says("{}", 2);
    assert_eq!(came.server.asked()[1].body["messages"], json!([{"role": "user", "content": "be brief\n\nwhat?"}]));
    let came = asking(vec![refuses(400, "", "'max_tokens' is not supported, use 'max_completion_tokens'"), says("{}")]);
    came.says("{}", 2);
    assert_eq!(came.server.asked()[1].body["max_completion_tokens"], 50);
}

#[test]
fn what_is_no_answer() {
    let plain = |body: &str| asking(vec![Act::Say(200, String::new(), body.into())]);
    plain("{\"choices\": [{\"mess").fails(Class::External, "expected JSON, found EOF while parsing", 1);
    plain("{\"choices\": []}").fails(Class::External, "expected an answer, found {\"choices\": []}", 1);
    plain("{}").fails(Class::External, "expected an answer", 1);
    plain("").fails(Class::External, "expected JSON", 1);
    plain("<!doctype html><title>log in</title>").fails(Class::External, "expected JSON, found a page for people", 1);
    let page = Act::Say(200, "content-type: text/html; charset=utf-8\r\n".into(), "please log in".into());
    asking(vec![page.clone()]).fails(Class::External, "found a page for people", 1);
    streaming(vec![page]).fails(Class::External, "found a page for people", 1);
    plain(&format!("{{\"a\": \"{}\"}}", "x".repeat(9 << 20))).fails(Class::External, "expected an answer of at most 8 MiB", 1);
    // What is said of it is short, and without the key.
    let long = plain(&format!("{KEY} {}", "y".repeat(5000)));
    long.fails(Class::External, "expected JSON, found expected value", 1);
    assert!(long.reply.expect_err("no answer").to_string().len() < 600);
}

#[test]
fn slowness_is_bounded() {
    let quick = |came: Came, words: &str| {
        came.fails(Class::External, words, 1);
        assert!(came.took < Duration::from_secs(4), "{:?}", came.took);
    };
    quick(asking(vec![Act::Sleep(Duration::from_secs(30))]), "is too slow: no sign of an answer after 0.6 s");
    let piece = r#"{"choices":[{"delta":{"content":"a"}}]}"#;
    let pause = Duration::from_millis(1500);
    quick(streaming(vec![Act::Drip(pause, events(&[piece]))]), "is too slow: nothing more came after 0.6 s");
    // One that always says a little is not waited for either.
    quick(
        streaming(vec![Act::Drip(Duration::from_millis(100), events(&[piece; 100]))]),
        "is too slow: no whole answer after 2 s",
    );
    // A slow first token within the limits is waited for.
    let done = events(&[r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#, "[DONE]"]);
    streaming(vec![Act::Drip(Duration::from_millis(300), done)]).says("a", 1);
}

#[test]
fn redirects_are_not_followed() {
    let other = Server::start(vec![says("mine now")]);
    for status in [301, 302, 303, 307, 308] {
        let to = format!("location: {}/chat/completions?key=x\r\n", other.url);
        asking(vec![Act::Say(status, to, String::new())]).fails(
            Class::External,
            "sends elsewhere, to `http://127.0.0.1`, and is not followed",
            1,
        );
    }
    assert!(other.asked().is_empty());
}

#[test]
fn who_is_not_there_is_told_at_once() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let config = ConfigFile::default();
    let wanted = format!("http://127.0.0.1:{port}#m");
    let chosen = Chosen::provider(&wanted, &config, &|_| None, true, |_| {}).expect("chosen");
    let (begun, error) = (Instant::now(), chosen.model.answer(&ask()).expect_err("nobody is there"));
    assert!(matches!(error, Error::Unreachable { .. }) && begun.elapsed() < Duration::from_secs(2), "{error}");
    // Offline, only this machine is asked.
    let error = Chosen::provider("https://models.example.org#m", &config, &|_| None, true, |_| {}).err().expect("offline");
    assert!(matches!(error, Error::Offline { .. }) && error.class() == Class::External, "{error}");
    assert!(Chosen::provider("https://models.example.org#m", &config, &|_| None, false, |_| {}).is_ok());
}

#[test]
fn what_is_too_long_is_not_sent() {
    let came = Asking { acts: vec![says("{}")], config: "context_tokens = 60" }.go();
    came.fails(Class::Resource, "takes at most 60", 0);
}
