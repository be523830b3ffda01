//! A provider on loopback that does what a test tells it to, wrong or right.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with one request; of several the last is done again and again.
#[derive(Clone)]
pub(crate) enum Act {
    /// Status, further headers, body.
    Say(u16, String, String),
    /// The head promises more than comes; then the connection ends.
    Cut(String),
    /// The connection ends at once.
    Hang,
    /// Nothing, for so long.
    Sleep(Duration),
    /// These pieces of a body without end mark, with so much time before each.
    Drip(Duration, Vec<String>),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// Header lines in lower case.
    pub(crate) head: Vec<String>,
    pub(crate) body: serde_json::Value,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (asked, acts) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(acts)));
        let shared = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, acts) = (shared.clone(), acts.clone());
                std::thread::spawn(move || answer(stream, &asked, &acts));
            }
        });
        Server { url, asked }
    }

    /// What was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("asked").clone()
    }
}

fn answer(mut stream: TcpStream, asked: &Mutex<Vec<Asked>>, acts: &Mutex<Vec<Act>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    let (mut first, mut head) = (String::new(), Vec::new());
    if reader.read_line(&mut first).unwrap_or(0) == 0 {
        return;
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.trim().split_once(": ").expect("a header");
        head.push(format!("{}: {value}", name.to_lowercase()));
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let path = first.split(' ').nth(1).unwrap_or_default().to_string();
    asked.lock().expect("asked").push(Asked { path, head, body: serde_json::from_slice(&body).unwrap_or_default() });
    let act = {
        let mut acts = acts.lock().expect("acts");
        if acts.len() > 1 { acts.remove(0) } else { acts[0].clone() }
    };
    let mut send = |text: &str| stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    // A client that went away is none of the server's business.
    let _ = match act {
        Act::Say(status, headers, body) => {
            send(&format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()))
        }
        Act::Cut(body) => {
            send(&format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 100))
        }
        Act::Hang => Ok(()),
        Act::Sleep(time) => {
            std::thread::sleep(time);
            Ok(())
        }
        Act::Drip(pause, pieces) => {
            let mut sent = send("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\r\n");
            for piece in pieces {
                std::thread::sleep(pause);
                sent = sent.and_then(|()| send(&piece));
            }
            sent
        }
    };
}

/// An answer in OpenAI's form.
pub(crate) fn says(text: &str) -> Act {
    ends(text, "stop")
}

/// The same, that ended for this reason.
pub(crate) fn ends(text: &str, reason: &str) -> Act {
    let body = serde_json::json!({
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": reason}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20},
    });
    Act::Say(200, "content-type: application/json\r\n".into(), body.to_string())
}

/// A refusal in OpenAI's form.
pub(crate) fn refuses(status: u16, headers: &str, message: &str) -> Act {
    Act::Say(status, headers.into(), serde_json::json!({"error": {"message": message}}).to_string())
}
