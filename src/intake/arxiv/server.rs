//! An arXiv on loopback for tests, which notes every breach of manners: two requests at once, one within three seconds of another, one
//! without a name, one for what no page of arXiv offers.

use super::manners::{Clock, PACE};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that goes on when someone sleeps, and then alone.
#[derive(Debug)]
pub(super) struct FakeClock(Mutex<Duration>);

impl FakeClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(FakeClock(Mutex::new(Duration::from_secs(1_000_000))))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        *self.0.lock().expect("a clock")
    }
    fn sleep(&self, time: Duration) {
        *self.0.lock().expect("a clock") += time;
    }
}

/// Status, headers, body; answers of one path are given one after the other, the last of them ever after.
#[derive(Clone)]
pub(super) struct Reply {
    status: u16,
    headers: String,
    body: Vec<u8>,
}

pub(super) fn reply(status: u16, headers: &str, body: impl Into<Vec<u8>>) -> Reply {
    Reply { status, headers: headers.into(), body: body.into() }
}

pub(super) struct Server {
    pub(super) url: String,
    state: Arc<State>,
}

struct State {
    clock: Arc<FakeClock>,
    pages: Mutex<HashMap<String, Vec<Reply>>>,
    asked: Mutex<Vec<(String, Duration)>>,
    faults: Mutex<Vec<String>>,
    at_once: AtomicUsize,
}

impl Server {
    pub(super) fn start(clock: &Arc<FakeClock>, pages: &[(&str, Vec<Reply>)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            clock: clock.clone(),
            pages: Mutex::new(pages.iter().map(|(path, replies)| ((*path).to_string(), replies.clone())).collect()),
            asked: Mutex::default(),
            faults: Mutex::default(),
            at_once: AtomicUsize::new(0),
        });
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || state.answer(stream));
            }
        });
        Server { url, state }
    }

    /// The paths that were asked for, in order; no manners were broken.
    pub(super) fn asked(&self) -> Vec<String> {
        let faults = self.state.faults.lock().expect("faults");
        assert!(faults.is_empty(), "{faults:?}");
        self.state.asked.lock().expect("asked").iter().map(|(path, _)| path.clone()).collect()
    }
}

impl State {
    fn answer(&self, mut stream: TcpStream) {
        let fault = |text: String| self.faults.lock().expect("faults").push(text);
        let mut lines = BufReader::new(stream.try_clone().expect("a clone")).lines();
        let Some(Ok(first)) = lines.next() else { return };
        let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        if self.at_once.fetch_add(1, Ordering::SeqCst) > 0 {
            fault(format!("{first}: another request is still being answered"));
        }
        if !head.iter().any(|line| line.to_ascii_lowercase().starts_with("user-agent: tallow/")) {
            fault(format!("{first}: it does not say who asks"));
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_string();
        let now = self.clock.now();
        {
            let mut asked = self.asked.lock().expect("asked");
            if let Some((_, last)) = asked.last()
                && now < *last + PACE
            {
                fault(format!("{first}: {:?} after the last request", now - *last));
            }
            asked.push((path.clone(), now));
        }
        let reply = {
            let mut pages = self.pages.lock().expect("pages");
            match pages.get_mut(&path) {
                Some(replies) if replies.len() > 1 => replies.remove(0),
                Some(replies) => replies[0].clone(),
                None => reply(404, "", "no such page"),
            }
        };
        let head = format!(
            "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n",
            reply.status,
            reply.body.len(),
            reply.headers
        );
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        // A client that went away is none of the server's business.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&reply.body));
    }
}
