//! The real Hub client against a Hub on loopback: what is fetched, what is kept, and every way in which it fails.

mod hub_server;

use hub_server::{Fault, HubServer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tallow::data::hub::push::Patience;
use tallow::data::hub::{Error, Hub, HubConfig, Secret};
use tallow::data::{DataSpecHints, Making, survey_data, survey_model};
use tallow::error::{Class, Failure};
use tallow::spec::{Columns, DataSource, ModelSpec};
use tallow_zoo::ModelConfig;

/// Tries soon again.
const SOON: Patience = Patience {
    attempts: 3,
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_secs(2),
    longest_limit: Duration::from_secs(2),
    longest_answer: Duration::from_secs(60),
};

const MODEL: &str = "acme/tiny-model";
const DATA: &str = "acme/moods";

/// A Hub with one model and one data set, its server, and an empty cache.
struct World {
    server: HubServer,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("hub");
        let put = |path: &str, bytes: &[u8]| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, bytes).expect("written");
        };
        put("models/acme/tiny-model/config.json", b"{\"model_type\":\"bert\"}");
        put("models/acme/tiny-model/model.safetensors", &[7; 100_000]);
        put("datasets/acme/moods/README.md", CARD.as_bytes());
        put("datasets/acme/moods/data/train.csv", b"words,mood\ngood,1\nbad,0\nfine,1\n");
        put("datasets/acme/moods/data/test.csv", b"words,mood\nwell,-1\nill,-1\n");
        World { server: HubServer::start(&root), dir }
    }

    fn hub(&self) -> PathBuf {
        self.dir.path().join("hub")
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn config(&self) -> HubConfig {
        HubConfig { endpoint: self.server.endpoint.clone(), cache_dir: self.cache(), token: None, offline: false, local: None }
    }

    fn online(&self) -> Hub {
        Hub::patient(self.config(), SOON)
    }

    fn offline(&self) -> Hub {
        Hub::new(HubConfig { offline: true, ..self.config() })
    }

    /// Files of the cache that hold content, but for what goes on when it is asked for again.
    fn contents(&self) -> Vec<PathBuf> {
        let (mut found, mut waiting) = (Vec::new(), vec![self.cache()]);
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                match entry.file_type().expect("a type").is_dir() {
                    true => waiting.push(entry.path()),
                    false if entry.path().extension().is_some_and(|ending| ending == "incomplete") => {}
                    false if folder.ends_with("blobs") || folder.iter().any(|p| p == "snapshots") => found.push(entry.path()),
                    false => {}
                }
            }
        }
        found
    }
}

const CARD: &str = "---
license: mit
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train.*
  - split: test
    path: data/test.*
dataset_info:
  features:
  - name: words
    dtype: string
  - name: mood
    dtype:
      class_label:
        names:
          '0': sad
          '1': glad
---
";

#[test]
fn a_model_is_fetched_once_and_then_found_offline() {
    let world = World::new();
    let repo = world.online().model(MODEL, None).expect("a model");
    assert_eq!(repo.paths(), ["config.json", "model.safetensors"]);
    let weights = repo.fetch("model.safetensors").expect("fetched");
    assert_eq!(std::fs::read(weights).expect("read"), [7; 100_000]);
    assert_eq!(repo.read_text("config.json").expect("read").as_deref(), Some("{\"model_type\":\"bert\"}"));
    assert_eq!(repo.read_text("README.md").expect("read"), None);
    let asked = world.server.take_requests();
    assert!(asked.iter().any(|r| r == "GET /api/models/acme/tiny-model/revision/main"), "{asked:?}");

    let offline = world.offline();
    let repo = offline.model(MODEL, None).expect("in the cache");
    assert_eq!(repo.commit(), Some("0123456789abcdef0123456789abcdef01234567"));
    assert_eq!(std::fs::read(repo.fetch("model.safetensors").expect("there")).expect("read").len(), 100_000);
    assert_eq!(world.server.take_requests(), Vec::<String>::new());
    let error = offline.model("acme/other", None).err().expect("not in the cache");
    assert!(matches!(error, Error::Offline { .. }) && error.class() == Class::External && error.hint().is_some(), "{error}");
    assert_eq!(world.server.take_requests(), Vec::<String>::new());
}

#[test]
fn a_second_fetch_asks_for_nothing_but_the_listing() {
    let world = World::new();
    world.online().model(MODEL, None).expect("a model").fetch("model.safetensors").expect("fetched");
    world.server.take_requests();
    world.online().model(MODEL, None).expect("a model").fetch("model.safetensors").expect("there");
    let asked = world.server.take_requests();
    assert!(asked.iter().all(|r| r.starts_with("GET /api/")), "{asked:?}");
}

#[test]
fn a_data_set_is_surveyed_and_only_the_wanted_splits_are_fetched() {
    let world = World::new();
    let source = DataSource::Hub { id: DATA.into(), config: None, revision: None };
    let survey = |hub: &Hub, splits: &[&str]| {
        let hints = DataSpecHints { splits: splits.iter().map(|s| s.to_string()).collect(), ..DataSpecHints::default() };
        survey_data(hub, &source, &hints, &Making::quietly(world.dir.path()))
    };
    let facts = survey(&world.online(), &["train"]).expect("surveyed");
    assert!(!world.server.take_requests().iter().any(|r| r.contains("test.csv")));
    assert_eq!((facts.license.as_deref(), facts.labels.as_slice()), (Some("mit"), &["sad".to_string(), "glad".into()][..]));
    assert_eq!((facts.columns.input.as_slice(), facts.columns.label.as_deref()), (&["words".to_string()][..], Some("mood")));
    assert!(facts.splits.len() == 1 && facts.splits[0].labelled && facts.splits[0].examples == 3);

    let facts = survey(&world.online(), &["train", "test"]).expect("surveyed");
    assert!(!facts.splits[1].labelled, "all labels are -1");
    world.server.take_requests();
    assert_eq!(survey(&world.offline(), &["train", "test"]).expect("surveyed"), facts);
    assert_eq!(world.server.take_requests(), Vec::<String>::new());

    let error = survey(&world.online(), &["validation"]).expect_err("no such split");
    assert!(error.to_string().contains("no split `validation`: it has `train`, `test`"), "{error}");
}

#[test]
fn a_new_commit_is_seen_and_the_old_one_stays() {
    let world = World::new();
    let old = world.online().model(MODEL, None).expect("a model").fetch("config.json").expect("fetched");
    std::fs::write(world.hub().join("models/acme/tiny-model/config.json"), "{\"new\":true}").expect("written");
    let commit = "89abcdef0123456789abcdef0123456789abcdef";
    world.server.set_commit(commit);
    let repo = world.online().model(MODEL, None).expect("a model");
    let new = repo.fetch("config.json").expect("fetched");
    assert_eq!((repo.commit(), std::fs::read_to_string(new).expect("read").as_str()), (Some(commit), "{\"new\":true}"));
    assert_eq!(std::fs::read_to_string(old).expect("read"), "{\"model_type\":\"bert\"}");
}

#[test]
fn every_failure_says_what_it_is_and_leaves_nothing() {
    let check = |fault: Fault, expected: fn(&Error) -> bool, class: Class, words: &str| {
        let world = World::new();
        world.server.set_fault(fault.clone());
        let result = world.online().model(MODEL, None).and_then(|repo| repo.fetch("model.safetensors"));
        let error = result.expect_err("it must fail");
        assert!(expected(&error) && error.class() == class && error.hint().is_some(), "{fault:?}: {error:?}");
        assert!(error.to_string().contains(words), "{fault:?}: {error}");
        assert_eq!(world.contents(), Vec::<PathBuf>::new(), "{fault:?}");
        world.server.set_fault(Fault::None);
        let again = world.online().model(MODEL, None).and_then(|repo| repo.fetch("model.safetensors")).expect("it works again");
        assert_eq!(std::fs::read(again).expect("read"), [7; 100_000], "{fault:?}");
    };
    check(
        Fault::Status(401),
        |e| matches!(e, Error::Gated { status: 401, .. }),
        Class::External,
        "no access to model `acme/tiny-model`",
    );
    check(Fault::Status(403), |e| matches!(e, Error::Gated { status: 403, .. }), Class::External, "403");
    check(Fault::Status(404), |e| matches!(e, Error::NotFound { .. }), Class::Model, "there is no model `acme/tiny-model`");
    check(Fault::Status(500), |e| matches!(e, Error::Failed { status: 500, .. }), Class::External, "500");
    check(Fault::Html, |e| matches!(e, Error::BadAnswer { .. }), Class::External, "cannot be used");
    check(
        Fault::Cut,
        |e| matches!(e, Error::BadAnswer { .. }),
        Class::External,
        "`model.safetensors` of model `acme/tiny-model`",
    );
    check(Fault::Garbled, |e| matches!(e, Error::BadAnswer { .. }), Class::External, "expected SHA-256");
}

#[test]
fn a_page_instead_of_a_file_is_no_file() {
    let world = World::new();
    let repo = world.online().model(MODEL, None).expect("a model");
    world.server.set_fault(Fault::Html);
    let error = repo.fetch("model.safetensors").expect_err("a page");
    assert!(error.to_string().contains("expected 100000 bytes"), "{error}");
    assert_eq!(world.contents(), Vec::<PathBuf>::new());
}

#[test]
fn no_network_is_said_with_the_address() {
    let world = World::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let hub = Hub::new(HubConfig { endpoint: endpoint.clone(), ..world.config() });
    let error = hub.model(MODEL, None).err().expect("unreachable");
    assert!(matches!(error, Error::Unreachable { .. }) && error.to_string().contains(&endpoint), "{error}");
    assert!(matches!(hub.check_reachable(), Err(Error::Unreachable { .. })));
    assert!(world.online().check_reachable().is_ok());
}

#[test]
fn the_token_goes_to_the_hub_and_is_not_printed() {
    let world = World::new();
    let config = HubConfig { token: Some(Secret::new("hf_secret".into())), ..world.config() };
    assert!(!format!("{config:?}").contains("hf_secret"));
    Hub::new(config).model(MODEL, None).expect("a model");
    assert_eq!(world.server.authorization().as_deref(), Some("Bearer hf_secret"));
}

#[test]
fn a_local_folder_stands_in_for_the_hub() {
    let world = World::new();
    let hub = Hub::new(HubConfig { local: Some(world.hub()), ..world.config() });
    let repo = hub.model(MODEL, None).expect("a model");
    assert_eq!(repo.fetch("config.json").expect("there"), world.hub().join("models/acme/tiny-model/config.json"));
    let error = hub.dataset("acme/modos", None).err().expect("not there");
    assert!(error.hint().is_some_and(|h| h.contains("acme/moods")), "{error:?}");
    let error = repo.fetch("confg.json").expect_err("not there");
    assert!(error.hint().is_some_and(|h| h.contains("config.json")), "{error:?}");
    assert_eq!(world.server.take_requests(), Vec::<String>::new());
}

#[test]
fn a_revision_that_a_folder_does_not_have_is_told() {
    let world = World::new();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    let hub = Hub::new(HubConfig { local: Some(world.hub()), ..world.config() })
        .telling(move |line| heard.lock().expect("said").push(line.to_string()));
    let words = "is not heeded: the folder";
    let of = |revision: Option<&str>| {
        let source = DataSource::Hub { id: DATA.into(), config: None, revision: revision.map(String::from) };
        survey_data(&hub, &source, &DataSpecHints::default(), &Making::quietly(world.dir.path())).expect("surveyed").notes
    };
    assert!(of(Some("v1.0")).iter().any(|note| note.contains("`v1.0` of the data set `acme/moods`") && note.contains(words)));
    assert!(!of(None).into_iter().chain(of(Some("main"))).any(|note| note.contains(words)));
    hub.model(MODEL, None).expect("a model");
    assert_eq!(said.lock().expect("said").len(), 0);
    hub.model(MODEL, Some("v1.0")).expect("a model");
    assert!(said.lock().expect("said")[0].contains("`v1.0` of the model `acme/tiny-model`"));
}

/// The content of the large file of the tests below, no two parts of which are alike.
fn large() -> Vec<u8> {
    (0..60_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn with_large() -> World {
    let world = World::new();
    std::fs::write(world.hub().join("models/acme/tiny-model/model.safetensors"), large()).expect("written");
    world
}

#[test]
fn a_download_that_is_cut_off_goes_on_where_it_was() {
    let size = large().len();
    for tenth in 1..=10 {
        let world = with_large();
        let most = (size * tenth).div_ceil(10);
        world.server.set_fault(Fault::CutEvery(most));
        let place = world.online().model(MODEL, None).and_then(|repo| repo.fetch("model.safetensors")).expect("whole");
        assert!(std::fs::read(place).expect("read") == large(), "{tenth}");
        let (ranges, sent) = world.server.take_ranges();
        let expected: Vec<String> = (1..size.div_ceil(most)).map(|n| format!("bytes={}-", n * most)).collect();
        assert_eq!((ranges, sent), (expected, size), "nothing is sent twice");
    }
}

#[test]
fn a_download_goes_on_in_another_process() {
    for tenth in 1..10 {
        let world = with_large();
        let whole = large();
        let blob = world.cache().join("models--acme--tiny-model/blobs");
        let repo = world.online().model(MODEL, None).expect("a model");
        // What a process leaves that was killed.
        let have = whole.len() * tenth / 10;
        std::fs::create_dir_all(&blob).expect("made");
        std::fs::write(blob.join(format!("{}.incomplete", sha256(&whole))), &whole[..have]).expect("written");
        let place = repo.fetch("model.safetensors").expect("whole");
        assert!(std::fs::read(place).expect("read") == whole);
        assert_eq!(world.server.take_ranges(), (vec![format!("bytes={have}-")], whole.len() - have));
    }
}

fn sha256(bytes: &[u8]) -> String {
    tallow::data::sha256_of_bytes(bytes)
}

#[test]
fn what_was_left_of_another_content_is_begun_anew_and_said() {
    let check = |left: &[u8], fault: Fault| {
        let world = with_large();
        let blobs = world.cache().join("models--acme--tiny-model/blobs");
        let hub = world.online();
        let repo = hub.model(MODEL, None).expect("a model");
        std::fs::create_dir_all(&blobs).expect("made");
        std::fs::write(blobs.join(format!("{}.incomplete", sha256(&large()))), left).expect("written");
        world.server.set_fault(fault.clone());
        let place = repo.fetch("model.safetensors").expect("whole");
        assert!(std::fs::read(place).expect("read") == large(), "{fault:?}");
        assert_eq!(std::fs::read_dir(blobs).expect("a folder").count(), 1, "nothing else is kept");
        hub.downloaded().anew
    };
    // Another beginning; more than there is; a beginning, and a server that knows no parts.
    assert_eq!(check(&[1; 5000], Fault::None), 1);
    assert_eq!(check(&vec![1; large().len() + 7], Fault::None), 1);
    assert_eq!(check(&large()[..5000], Fault::CutOnceWithoutParts(9000)), 0);
    assert_eq!(check(&large()[..5000], Fault::None), 0);
}

#[test]
fn a_busy_server_is_waited_for_as_long_as_it_asks() {
    for (status, retry_after, times) in [(500, None, 2), (503, None, 1), (429, Some(1), 1), (504, None, 2)] {
        let world = World::new();
        let repo = world.online().model(MODEL, None).expect("a model");
        world.server.set_fault(Fault::Passing { status, retry_after, times });
        let begun = Instant::now();
        repo.fetch("model.safetensors").expect("in the end");
        assert!(begun.elapsed() >= Duration::from_secs(retry_after.unwrap_or(0)), "{status}");
        world.server.set_fault(Fault::Passing { status, retry_after, times });
        world.online().model(MODEL, None).expect("in the end");
    }
    let world = World::new();
    world.server.set_fault(Fault::Passing { status: 429, retry_after: Some(0), times: 3 });
    let error = world.online().model(MODEL, None).err().expect("given up");
    assert!(matches!(error, Error::Failed { status: 429, .. }), "{error}");
}

#[test]
fn the_token_stays_with_the_hub_wherever_it_leads() {
    let world = World::new();
    let other = HubServer::start(&world.hub());
    let config = HubConfig { token: Some(Secret::new("hf_secret".into())), ..world.config() };
    let repo = Hub::patient(config.clone(), SOON).model(MODEL, None).expect("a model");
    world.server.set_fault(Fault::Away(other.endpoint.clone()));
    other.set_fault(Fault::CutEvery(30_000));
    let place = repo.fetch("model.safetensors").expect("fetched");
    assert_eq!(std::fs::read(place).expect("read"), [7; 100_000]);
    assert_eq!((other.authorized(), other.take_ranges().0.len()), (0, 3));
    assert_eq!(world.server.authorization().as_deref(), Some("Bearer hf_secret"));
    // A repository that moved is found at its new name on the same host, with the token.
    world.server.set_fault(Fault::Moved("acme/old-name", MODEL));
    let moved = Hub::patient(config, SOON).model("acme/old-name", None).expect("moved");
    assert_eq!(moved.read_text("config.json").expect("read").as_deref(), Some("{\"model_type\":\"bert\"}"));
    assert_eq!(world.server.authorization().as_deref(), Some("Bearer hf_secret"));
}

#[test]
fn two_at_once_fetch_it_once() {
    let world = with_large();
    let fetched: Vec<PathBuf> = std::thread::scope(|scope| {
        let fetch = || world.online().model(MODEL, None).and_then(|repo| repo.fetch("model.safetensors")).expect("fetched");
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(fetch)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(fetched.iter().all(|place| std::fs::read(place).expect("read") == large()));
    assert_eq!(world.server.take_ranges(), (vec![], large().len()), "one of them brought it");
    assert_eq!(world.contents().len(), 2, "{:?}", world.contents());
}

#[test]
fn the_cache_is_that_of_all_clients() {
    let world = World::new();
    let place = world.online().model(MODEL, None).and_then(|repo| repo.fetch("model.safetensors")).expect("fetched");
    let repo = world.cache().join("models--acme--tiny-model");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    assert_eq!(place, repo.join("snapshots").join(commit).join("model.safetensors"));
    let name = sha256(&[7; 100_000]);
    assert_eq!(std::fs::read_link(&place).expect("a link"), PathBuf::from("../../blobs").join(&name));
    assert_eq!(std::fs::read_to_string(repo.join("refs/main")).expect("read"), commit);
    assert!(world.cache().join(".locks/models--acme--tiny-model").join(format!("{name}.lock")).is_file());
}

#[test]
fn a_file_of_the_web_is_fetched_when_it_changes() {
    let world = World::new();
    let url = format!("{}/datasets/acme/moods/resolve/main/data/train.csv", world.server.endpoint);
    let read = |hub: &Hub, sha256: Option<&str>| -> Result<String, Error> {
        Ok(std::fs::read_to_string(hub.file_at(&url, sha256)?).expect("read"))
    };
    let (old, new) = ("words,mood\ngood,1\nbad,0\nfine,1\n", "words,mood\nnew,1\nbad,0\n");
    assert!(matches!(read(&world.offline(), None), Err(Error::Offline { .. })));
    assert_eq!(read(&world.online(), None).expect("fetched"), old);
    assert_eq!(world.server.take_ranges().1, old.len());
    assert_eq!(read(&world.online(), Some(&sha256(old.as_bytes()))).expect("fetched"), old);
    assert_eq!(world.server.take_ranges().1, 0, "it is here already");
    std::fs::write(world.hub().join("datasets/acme/moods/data/train.csv"), new).expect("written");
    let error = read(&world.online(), Some(&sha256(old.as_bytes()))).expect_err("another");
    assert!(error.to_string().contains("expected SHA-256"), "{error}");
    assert_eq!(read(&world.online(), None).expect("fetched"), new);
    world.server.take_requests();
    assert_eq!(read(&world.offline(), None).expect("here"), new);
    assert_eq!(world.server.take_requests(), Vec::<String>::new());
    let source = DataSource::Url { url: url.clone(), sha256: None };
    let columns = Columns { input: vec!["words".into()], label: Some("mood".into()), ..Columns::default() };
    let hints = DataSpecHints { columns, ..DataSpecHints::default() };
    let facts = survey_data(&world.online(), &source, &hints, &Making::quietly(world.dir.path()));
    assert_eq!(facts.expect("surveyed").splits[0].examples, 2);
    world.server.set_fault(Fault::Html);
    let gone = format!("{}/another.csv", world.server.endpoint);
    let error = world.online().file_at(&gone, None).expect_err("a page");
    assert!(error.to_string().contains("there is no") || error.to_string().contains("a page for people"), "{error}");
    for (url, words) in
        [("ftp://x.org/a.csv", "expected was https"), ("http://x.org/a.csv", "expected was https"), ("https//x", "is no address")]
    {
        let hub = Hub::patient(HubConfig { endpoint: "https://hub.invalid".into(), ..world.config() }, SOON);
        let error = hub.file_at(url, None).expect_err(words).to_string();
        assert!(error.contains(words), "{url}: {error}");
    }
}

/// The real fixtures over the real client, where they are.
#[test]
fn real_models_are_recognised() {
    let Some(root) = std::env::var_os("TALLOW_FIXTURES_HUB").map(PathBuf::from) else { return };
    let server = HubServer::start(&root);
    let cache = tempfile::tempdir().expect("a folder");
    let config =
        HubConfig { endpoint: server.endpoint.clone(), cache_dir: cache.path().into(), token: None, offline: false, local: None };
    let survey = |id: &str| {
        survey_model(&Hub::new(config.clone()), &ModelSpec::Pretrained { id: id.into(), revision: None }).expect("surveyed")
    };
    let bert = survey("sentence-transformers/all-MiniLM-L6-v2");
    assert!(matches!(bert.config, ModelConfig::Bert(_)) && bert.tokenizer.is_some(), "{:?}", bert.config);
    assert_eq!((bert.license.as_deref(), bert.revision.is_some()), (Some("apache-2.0"), true));
    let resnet = survey("akamaster/resnet20-cifar10");
    assert!(matches!(resnet.config, ModelConfig::ResnetCifar(_)) && resnet.tokenizer.is_none(), "{:?}", resnet.config);
    assert_eq!((resnet.license, resnet.normalize), (None, None));
}

#[test]
fn real_data_sets_come_over_the_wire_as_they_lie_on_disk() {
    let Some(root) = std::env::var_os("TALLOW_FIXTURES_HUB").map(PathBuf::from) else { return };
    let server = HubServer::start(&root);
    let cache = tempfile::tempdir().expect("a folder");
    let config =
        HubConfig { endpoint: server.endpoint.clone(), cache_dir: cache.path().into(), token: None, offline: false, local: None };
    let over_the_wire = Hub::new(config.clone());
    let on_disk = Hub::new(HubConfig { local: Some(root), ..config });
    for (id, config, splits) in
        [("nyu-mll/glue", Some("sst2"), ["train", "validation"]), ("ylecun/mnist", None, ["train", "test"])]
    {
        let source = DataSource::Hub { id: id.into(), config: config.map(String::from), revision: None };
        let hints = DataSpecHints { splits: splits.map(String::from).to_vec(), ..DataSpecHints::default() };
        let survey = |hub: &Hub| survey_data(hub, &source, &hints, &Making::quietly(Path::new("."))).expect("surveyed");
        let (wire, disk) = (survey(&over_the_wire), survey(&on_disk));
        assert_eq!(
            (&wire.labels, &wire.columns, &wire.license, wire.mean_tokens),
            (&disk.labels, &disk.columns, &disk.license, disk.mean_tokens)
        );
        for (a, b) in wire.splits.iter().zip(&disk.splits) {
            assert_eq!((&a.name, a.examples, a.labelled), (&b.name, b.examples, b.labelled));
            assert_eq!(std::fs::read(&a.files[0]).expect("read"), std::fs::read(&b.files[0]).expect("read"), "{id}");
        }
    }
}
