//! A Hub that cannot be reached, refuses, or fails half-way.

use crate::hub_server::{Fault, HubServer};
use crate::program::{Place, Refusal};
use std::process::Command;

/// A Hub with a data set, and what the experiment says of it.
fn hub(place: &Place) -> HubServer {
    let rows: String = (0..200).map(|i| format!("text number {i},{}\n", i % 2)).collect();
    for split in ["train", "test"] {
        place.write(&format!("hub/datasets/acme/moods/{split}.csv"), format!("text,label\n{rows}"));
    }
    place.write("hub/models/acme/tiny/config.json", "{}");
    place.write("hub/models/acme/tiny/model.safetensors", [0; 1000]);
    HubServer::start(&place.path("hub"))
}

const DATA: &str = "data.source={ kind = \"hub\", id = \"acme/moods\" }";
const MODEL: &str = "model={ kind = \"pretrained\", id = \"acme/tiny\" }";

/// With the Hub at `endpoint` and an empty cache.
fn at(place: &Place, endpoint: &str) -> impl Fn(&mut Command) + use<> {
    let (endpoint, home) = (endpoint.to_string(), place.path("hf"));
    move |command: &mut Command| {
        command.env("HF_ENDPOINT", &endpoint).env("HF_HOME", &home);
    }
}

/// What the cache keeps of downloads, but for those that go on when they are asked for again.
fn cached(place: &Place) -> Vec<String> {
    let (mut found, mut waiting) = (Vec::new(), vec![place.path("hf")]);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path().is_dir() {
                true => waiting.push(entry.path()),
                false => found.push(entry.path().display().to_string()),
            }
        }
    }
    found.retain(|path| (path.contains("/blobs/") || path.contains("/snapshots/")) && !path.ends_with(".incomplete"));
    found
}

#[test]
fn no_network() {
    let place = Place::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let words = ["the Hub at", &endpoint, "cannot be reached"];
    place.refuses_with(
        &[DATA],
        &at(&place, &endpoint),
        &Refusal { code: 60, words: &words, hint: "with `--offline` the cache is used, with `--hub DIR`" },
    );
}

#[test]
fn offline_by_wish_touches_no_network() {
    let place = Place::new();
    let server = hub(&place);
    let hint = "run once without `--offline` (and without `HF_HUB_OFFLINE`), or give a local folder with `--hub DIR`";
    let offline = |command: &mut Command| {
        at(&place, &server.endpoint)(command);
        command.env("HF_HUB_OFFLINE", "1");
    };
    let words = ["the data set `acme/moods` at `main` is not in the cache, and the network must not be used"];
    place.refuses_with(&[DATA], &offline, &Refusal { code: 60, words: &words, hint });
    let words = ["the model `acme/tiny` at `main` is not in the cache"];
    place.refuses_with(&[MODEL], &offline, &Refusal { code: 60, words: &words, hint });
    assert_eq!(server.take_requests(), Vec::<String>::new());
}

#[test]
fn what_a_hub_may_answer() {
    let check = |fault: Fault, set: &str, code: i32, words: &[&str], hint: &str| {
        let place = Place::new();
        let server = hub(&place);
        server.set_fault(fault);
        place.refuses_with(&[set], &at(&place, &server.endpoint), &Refusal { code, words, hint });
        assert_eq!(cached(&place), Vec::<String>::new());
    };
    check(Fault::Status(404), DATA, 20, &["there is no data set `acme/moods`"], "check the spelling");
    check(Fault::Status(404), MODEL, 21, &["there is no model `acme/tiny`"], "check the spelling");
    check(Fault::Status(401), DATA, 60, &["no access to data set `acme/moods`", "the Hub answered 401"], "set `HF_TOKEN`");
    check(Fault::Status(500), DATA, 60, &["the Hub failed with 500 when asked for data set `acme/moods`"], "try again later");
    check(Fault::Cut, DATA, 60, &["`train.csv` of data set `acme/moods` cannot be used"], "try again later");
    check(Fault::Html, MODEL, 60, &["the Hub's answer for model `acme/tiny`", "cannot be used"], "try again later");
}
