//! A model goes to a Hub on loopback: what is stored, what is asked before, and every way in which it fails. What the Python libraries
//! download and load from there is compared where `TALLOW_PYTHON` names a Python that has them.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;
mod server;

use program::{Place, Refusal, said, succeeds};
use serde_json::Value;
use server::{Fault, PART, Server, TOKEN};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tallow::data::hub::push::{Error, Patience, Pushed, Standing, Target};
use tallow::data::hub::{Hub, HubConfig, Secret};
use tallow::error::Failure;
use tallow::publish::Shipment;

const ID: &str = "acme/moods";

/// A model's folder: two large files, one of which goes in parts, and small ones.
fn model(place: &Place) -> std::path::PathBuf {
    place.write("model/config.json", "{\"model_type\": \"bert\"}\n");
    place.write("model/README.md", "---\nlicense: apache-2.0\n---\n# A model\n");
    place.write("model/model.safetensors", vec![7u8; 2 * PART + 123]);
    place.write("model/head.safetensors", vec![9u8; 1000]);
    place.write("model/1_Pooling/config.json", "{}\n");
    place.path("model")
}

fn target() -> Target {
    Target { id: ID.into(), revision: "main".into(), private: false, pull_request: false }
}

/// Tries soon again.
const SOON: Patience = Patience {
    attempts: 3,
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_millis(20),
    longest_limit: Duration::from_millis(20),
    longest_answer: Duration::from_secs(60),
};

fn hub(server: &Server, place: &Place) -> Hub {
    let token = Some(Secret::new(TOKEN.into()));
    let (endpoint, cache_dir) = (server.endpoint.clone(), place.path("hub"));
    Hub::new(HubConfig { endpoint, cache_dir, token, offline: false, local: None })
}

/// Pushes the model by the library.
fn pushed(server: &Server, place: &Place, target: &Target) -> Result<Pushed, Error> {
    let shipment = Shipment::of(&model(place), &|_| false).expect("a model");
    hub(server, place).pusher(SOON)?.push(target, &shipment.files, "a push", &mut |_| {})
}

fn is_stored(server: &Server, folder: &Path, branch: &str) {
    let files = server.files(ID, branch);
    for file in Shipment::of(folder, &|_| false).expect("a model").files {
        assert_eq!(files[&file.path], std::fs::read(&file.place).expect("read"), "{}", file.path);
    }
}

#[test]
fn a_model_is_stored_by_one_commit_and_a_second_push_changes_nothing() {
    let (server, place) = (Server::start(), Place::new());
    let Ok(Pushed::Committed { sent, uploaded, pull_request: None, .. }) = pushed(&server, &place, &target()) else {
        panic!("expected a commit");
    };
    assert_eq!((sent, uploaded), (3, 2));
    is_stored(&server, &place.path("model"), "main");
    assert_eq!(server.world.lock().expect("world").repos[ID].messages, ["initial commit", "a push"]);
    // Uploads go without the token: the server refuses them otherwise.
    let world = server.world.lock().expect("world");
    assert!(world.with_token.iter().all(|name| !name.starts_with("PUT")), "{:?}", world.with_token);
    drop(world);
    server.take_requests();
    let again = pushed(&server, &place, &target()).expect("pushed");
    assert!(matches!(again, Pushed::Unchanged { .. }), "{again:?}");
    assert!(server.take_requests().iter().all(|name| name.starts_with("GET")), "nothing is written");
    // What changed alone goes.
    let shipment = {
        model(&place);
        place.write("model/config.json", "{\"model_type\": \"roberta\"}\n");
        Shipment::of(&place.path("model"), &|_| false).expect("a model")
    };
    let pusher = hub(&server, &place).pusher(SOON).expect("a pusher");
    let changed = pusher.push(&target(), &shipment.files, "changed", &mut |_| {}).expect("pushed");
    assert!(matches!(changed, Pushed::Committed { sent: 1, uploaded: 0, .. }), "{changed:?}");
    is_stored(&server, &place.path("model"), "main");
}

#[test]
fn weights_of_another_form_do_not_stay_beside_new_ones() {
    let (server, place) = (Server::start(), Place::new());
    pushed(&server, &place, &target()).expect("pushed");
    std::fs::remove_file(place.path("model/model.safetensors")).expect("removed");
    place.write("model/model-00001-of-00002.safetensors", vec![1u8; 500]);
    place.write("model/model-00002-of-00002.safetensors", vec![2u8; 500]);
    let shipment = Shipment::of(&place.path("model"), &|_| false).expect("a model");
    let pusher = hub(&server, &place).pusher(SOON).expect("a pusher");
    let standing = pusher.standing(&target()).expect("there");
    assert_eq!(standing.replaced(&shipment.files), ["model.safetensors"]);
    let made = pusher.push(&target(), &shipment.files, "in parts", &mut |_| {}).expect("pushed");
    assert!(matches!(made, Pushed::Committed { sent: 0, uploaded: 2, .. }), "{made:?}");
    let files = server.files(ID, "main");
    assert!(!files.contains_key("model.safetensors") && files.contains_key("head.safetensors"), "{:?}", files.keys());
    let again = pusher.push(&target(), &shipment.files, "in parts", &mut |_| {}).expect("pushed");
    assert!(matches!(again, Pushed::Unchanged { .. }), "{again:?}");
}

/// Of a model of words nothing stays beside a table's that a library would load; what nobody here wrote does.
#[test]
fn files_of_another_model_do_not_stay_and_others_are_told() {
    let (server, place) = (Server::start(), Place::new());
    model(&place);
    for name in ["tokenizer.json", "modules.json", "plots/loss.svg", "notes.md"] {
        place.write(&format!("model/{name}"), "{}\n");
    }
    let shipment = |folder: &str| Shipment::of(&place.path(folder), &|_| false).expect("a model");
    let pusher = hub(&server, &place).pusher(SOON).expect("a pusher");
    pusher.push(&target(), &shipment("model").files, "words", &mut |_| {}).expect("pushed");
    place.write("table/config.json", "{}\n");
    place.write("table/model.safetensors", vec![3u8; 500]);
    let files = shipment("table").files;
    let standing = pusher.standing(&target()).expect("there");
    let replaced = ["1_Pooling/config.json", "modules.json", "plots/loss.svg", "tokenizer.json"];
    assert_eq!(standing.replaced(&files), replaced);
    assert_eq!(standing.staying(&files), ["README.md", "head.safetensors", "notes.md"]);
    pusher.push(&target(), &files, "a table", &mut |_| {}).expect("pushed");
    let there = server.files(ID, "main");
    assert!(replaced.iter().all(|path| !there.contains_key(*path)), "{:?}", there.keys());
    assert!(there.contains_key("notes.md") && there.contains_key("config.json"), "{:?}", there.keys());
}

/// A server that takes an upload and never answers is not waited for for ever, and what happens is told.
#[test]
fn an_upload_that_is_never_answered_ends() {
    let (server, place) = (Server::start(), Place::new());
    (0..SOON.attempts).for_each(|_| server.fail("PUT /upload/", Fault::Silence));
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = told.clone();
    let hub = hub(&server, &place).telling(move |line| hears.lock().expect("not poisoned").push(line.to_string()));
    let shipment = Shipment::of(&model(&place), &|_| false).expect("a model");
    let patience = Patience { longest_answer: Duration::from_millis(400), ..SOON };
    let pusher = hub.pusher(patience).expect("a pusher");
    let error = pusher.push(&target(), &shipment.files, "a push", &mut |_| {}).expect_err("no answer");
    assert!(matches!(&error, Error::Broken { attempts: 3, .. }) && error.to_string().contains("no answer within"), "{error:?}");
    let told = told.lock().expect("not poisoned").join("\n");
    assert!(told.contains("again, 2 of 3") && told.contains("again, 3 of 3"), "{told}");
}

#[test]
fn branches_and_pull_requests() {
    let (server, place) = (Server::start(), Place::new());
    let branch = Target { revision: "try/1".into(), ..target() };
    pushed(&server, &place, &branch).expect("pushed");
    is_stored(&server, &place.path("model"), "try/1");
    assert_eq!(server.files(ID, "main").len(), 1, "main is as it was");
    let request = Target { pull_request: true, ..target() };
    let Ok(Pushed::Committed { pull_request: Some(url), .. }) = pushed(&server, &place, &request) else { panic!("a commit") };
    assert!(url.ends_with("/discussions/1"), "{url}");
    is_stored(&server, &place.path("model"), "refs/pr/1");
    assert_eq!(server.files(ID, "main").len(), 1);
}

#[test]
fn what_passes_is_tried_again_and_parts_are_not_sent_twice() {
    let (server, place) = (Server::start(), Place::new());
    for (begins, fault) in [
        ("POST /api/repos/create", Fault::Status(503)),
        ("GET /api/models", Fault::Status(500)),
        ("POST /api/models/acme/moods/preupload", Fault::RetryAfter(429, 0)),
        ("POST /acme/moods.git/info/lfs", Fault::Cut),
        ("PUT /part/", Fault::Cut),
        ("PUT /upload/", Fault::Status(500)),
        ("POST /complete/", Fault::Status(502)),
        ("POST /api/models/acme/moods/commit", Fault::Status(504)),
    ] {
        server.fail(begins, fault);
    }
    pushed(&server, &place, &target()).expect("pushed in the end");
    is_stored(&server, &place.path("model"), "main");
    let parts = server.take_requests().into_iter().filter(|name| name.starts_with("PUT /part/")).count();
    assert_eq!(parts, 3 + 1, "three parts, one of them twice");
}

/// A push that fails in the middle, whatever the fault, and is repeated, stores everything; what was uploaded is not sent again.
#[test]
fn a_push_that_was_cut_is_repeated() {
    for begins in ["PUT /part/", "PUT /upload/", "POST /verify/", "POST /api/models/acme/moods/commit"] {
        let (server, place) = (Server::start(), Place::new());
        (0..SOON.attempts).for_each(|_| server.fail(begins, Fault::Status(500)));
        let error = pushed(&server, &place, &target()).expect_err(begins);
        assert!(matches!(error, Error::Failed { status: 500, attempts: 3, .. }), "{begins}: {error:?}");
        assert_eq!(server.files(ID, "main").len(), 1, "{begins}: nothing is committed");
        let done: Vec<String> = server.world.lock().expect("world").large.keys().cloned().collect();
        server.take_requests();
        pushed(&server, &place, &target()).expect("pushed");
        is_stored(&server, &place.path("model"), "main");
        let again = server.take_requests().into_iter().filter(|name| done.iter().any(|oid| name.contains(oid.as_str())));
        assert_eq!(again.filter(|name| name.starts_with("PUT")).count(), 0, "{begins}");
    }
}

#[test]
fn two_pushes_at_once() {
    let (server, place) = (Server::start(), Place::new());
    server.fail("POST /api/models/acme/moods/commit", Fault::OtherPush);
    let error = pushed(&server, &place, &target()).expect_err("moved");
    assert!(matches!(error, Error::Moved { .. }), "{error:?}");
    assert!(!server.files(ID, "main").contains_key("config.json"), "theirs is not overwritten");
    pushed(&server, &place, &target()).expect("on top of theirs");
    is_stored(&server, &place.path("model"), "main");
    assert!(server.files(ID, "main").contains_key("theirs.txt"));
    // The commit was made and its answer lost: the next try finds the branch moved, and everything there.
    let (server, place) = (Server::start(), Place::new());
    server.fail("POST /api/models/acme/moods/commit", Fault::LostAnswer);
    let found = pushed(&server, &place, &target()).expect("pushed");
    assert!(matches!(found, Pushed::Committed { sent: 3, uploaded: 2, pull_request: None, .. }), "{found:?}");
    is_stored(&server, &place.path("model"), "main");
    assert_eq!(server.world.lock().expect("world").repos[ID].messages.len(), 2, "one commit");
    // A pull request is not asked for twice.
    server.fail("POST /api/models/acme/moods/commit", Fault::LostAnswer);
    let request = Target { pull_request: true, ..target() };
    let error = {
        place.write("model/config.json", "{\"model_type\": \"roberta\"}\n");
        let shipment = Shipment::of(&place.path("model"), &|_| false).expect("a model");
        let pusher = hub(&server, &place).pusher(SOON).expect("a pusher");
        pusher.push(&request, &shipment.files, "a request", &mut |_| {}).expect_err("lost")
    };
    assert!(matches!(error, Error::Lost { .. }) && error.hint().is_some_and(|hint| hint.contains("pull requests")), "{error:?}");
}

#[test]
fn what_does_not_pass_is_told() {
    let check = |begins: &str, fault: Fault, expected: fn(&Error) -> bool, words: &str| {
        let (server, place) = (Server::start(), Place::new());
        (0..SOON.attempts).for_each(|_| server.fail(begins, fault.clone()));
        let error = pushed(&server, &place, &target()).expect_err(words);
        assert!(expected(&error) && error.to_string().contains(words), "{error:?}: {error}");
        assert_eq!(error.class().exit_code(), 60, "{error}");
        assert!(error.hint().is_some() || matches!(error, Error::Refused { .. }), "{error}");
        // Wherever it failed, a repeated push goes through.
        server.world.lock().expect("world").faults.clear();
        pushed(&server, &place, &target()).expect("pushed");
        is_stored(&server, &place.path("model"), "main");
    };
    check(
        "POST /api/repos",
        Fault::Status(401),
        |e| matches!(e, Error::NoRight { status: 401, .. }),
        "making the model `acme/moods`",
    );
    check("POST /api/models", Fault::Status(403), |e| matches!(e, Error::NoRight { status: 403, .. }), "answered 403");
    check("POST /acme", Fault::Status(404), |e| matches!(e, Error::NotFound { .. }), "asking where large files");
    check("PUT /part", Fault::Status(413), |e| matches!(e, Error::Refused { status: 413, .. }), "part 1 of 3");
    check("PUT /upload", Fault::Garbled, |e| matches!(e, Error::Refused { status: 400, .. }), "uploading `head.safetensors`");
    check("POST /api/models", Fault::Html, |e| matches!(e, Error::BadAnswer { .. }), "expected JSON");
    check("GET /api/models", Fault::RetryAfter(429, 3600), |e| matches!(e, Error::Failed { status: 429, .. }), "3 times");
    let away = Fault::Redirect("http://127.0.0.2:1/api".into());
    check("POST /api/repos", away, |e| matches!(e, Error::SentAway { .. }), "127.0.0.2");
    check("POST /api/models/acme/moods/commit", Fault::Cut, |e| matches!(e, Error::Broken { .. }), "committing");
}

#[test]
fn a_redirect_on_the_hubs_own_host_is_followed() {
    let (server, place) = (Server::start(), Place::new());
    pushed(&server, &place, &target()).expect("pushed");
    server.fail("GET /api/models/acme/moods/revision", Fault::Redirect("/api/models/acme/moods/revision/main".into()));
    let standing = hub(&server, &place).pusher(SOON).expect("a pusher").standing(&target()).expect("looked at");
    assert!(matches!(standing, Standing::There { .. }));
}

fn push(place: &Place, server: &Server, more: &[&str]) -> Command {
    let mut command = place.tallow(["push"]);
    command.arg(place.path("model")).arg(ID).args(more);
    command.envs([("HF_ENDPOINT", server.endpoint.as_str()), ("HF_TOKEN", TOKEN)]);
    command
}

#[test]
fn the_command_asks_before_anything_goes() {
    let (server, place) = (Server::start(), Place::new());
    model(&place);
    // A dry run says what would go, and writes nothing.
    let told = succeeds(&mut push(&place, &server, &["--dry-run"])).stdout;
    for words in ["to be made, public", "new", "model.safetensors", "5 files", "apache-2.0", "Nothing was sent"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let json: Value = serde_json::from_str(&succeeds(&mut push(&place, &server, &["--dry-run", "--json"])).stdout).expect("JSON");
    assert_eq!(json["files"].as_array().map(Vec::len), Some(5));
    assert_eq!(json["files"][0]["sha256"].as_str().map(str::len), Some(64));
    assert!(server.world.lock().expect("world").repos.is_empty());
    // Nobody is there to agree.
    let refused = |more: &[&str], code, words: &[&str], hint| {
        let refusal = Refusal { code, words, hint };
        refusal.check(&|| (push(&place, &server, more), None));
        // A dry run says it with the same code, unless what is missing is somebody who agrees, or the network.
        let dry = said(push(&place, &server, more).arg("--dry-run"));
        let told = dry.stdout.contains("Would be refused: ");
        assert_eq!(dry.code, Some(if told { code } else { 0 }), "{more:?}: {dry:?}");
        assert!(told || more.is_empty() || more.contains(&"--offline"), "{more:?}: {dry:?}");
        assert!(server.world.lock().expect("world").repos.is_empty(), "{more:?}");
    };
    refused(&[], 2, &["nobody agreed"], "`--yes`");
    refused(&["--yes", "--offline"], 2, &["the network must not be used"], "--dry-run");
    // What the gates look at.
    place.write("model/README.md", "---\nlicense: cc-by-nc-4.0\n---\n# A model\n");
    refused(&["--yes"], 10, &["cc-by-nc-4.0", "no commercial use"], "--accept-license \"cc-by-nc-4.0\"");
    place.write("model/README.md", "# A model\n");
    refused(&["--yes"], 10, &["no licence is stated"], "--accept-license \"unknown\"");
    place.write("model/README.md", "---\nlicense: apache-2.0\n---\n# A model\n");
    place.write("model/training.toml", "[data]\npath = \"/home/ada/x.csv\"\n");
    refused(&["--yes"], 2, &["paths of this machine", "training.toml, line 2: /home/ada/x.csv"], "--allow-paths");
    place.write("model/adapter_config.json", "{\"base_model_name_or_path\": \"/srv/models/base\"}\n");
    refused(&["--yes", "--allow-paths"], 2, &["the adapter's base `/srv/models/base` lies on this machine"], "`tallow merge`");
    std::fs::remove_file(place.path("model/adapter_config.json")).expect("removed");
    place.write("model/training.toml", format!("# {TOKEN}\n"));
    refused(&["--yes", "--allow-paths"], 2, &["secrets", "training.toml, line 1: a key of your own"], "take them out");
    place.write("model/training.toml", format!("key = \"ghp_{}\"\n", "a1B2".repeat(9)));
    refused(&["--yes"], 2, &["a token of GitHub, `ghp_a1…`"], "take them out");
    place.write("model/training.toml", "url = \"https://x.example.org/a.csv?se=1&sig=0123456789abcdef\"\n");
    refused(&["--yes"], 2, &["a signed address"], "take them out");
    place.write("model/training.toml", "[data]\npath = \"/home/ada/x.csv\"\n");
    let told = succeeds(&mut push(&place, &server, &["--yes", "--allow-paths"]));
    assert!(told.stdout.contains("Pushed acme/moods at ") && told.stdout.contains("hashes read back"), "{told:?}");
    is_stored(&server, &place.path("model"), "main");
    let told = succeeds(&mut push(&place, &server, &["--yes", "--allow-paths"]));
    assert!(told.stdout.contains("Nothing to push"), "{told:?}");
    // One that is there and public is not what was asked for.
    let private = said(&mut push(&place, &server, &["--yes", "--allow-paths", "--private"]));
    assert!(private.code == Some(2) && private.stderr.contains("is there already and public"), "{private:?}");
    let mut without = push(&place, &server, &["--yes", "--allow-paths"]);
    without.env_remove("HF_TOKEN");
    let without = said(&mut without);
    assert!(without.code == Some(2) && without.stderr.contains("HF_TOKEN"), "{without:?}");
}

/// What would go is said whether or not the Hub can be reached or lets us in.
#[test]
fn a_dry_run_needs_no_hub() {
    let (server, place) = (Server::start(), Place::new());
    model(&place);
    server.fail("GET /api/models", Fault::Status(401));
    for endpoint in ["http://127.0.0.1:1", server.endpoint.as_str()] {
        let mut command = push(&place, &server, &["--dry-run"]);
        command.env("HF_ENDPOINT", endpoint);
        let told = succeeds(&mut command).stdout;
        for words in ["(not looked at: looking at the model `acme/moods`", "model.safetensors", "5 files", "Nothing was sent"] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}

#[test]
fn whoever_pushes_may_state_a_licence() {
    let (server, place) = (Server::start(), Place::new());
    model(&place);
    place.write("model/README.md", "# A model\n");
    let refusal = Refusal { code: 2, words: &["`mine` is no licence that the Hub has a name for"], hint: "apache-2.0" };
    refusal.check(&|| (push(&place, &server, &["--yes", "--license", "mine"]), None));
    succeeds(&mut push(&place, &server, &["--yes", "--license", "mit"]));
    assert_eq!(server.files(ID, "main")["README.md"], b"---\nlicense: mit\n---\n# A model\n");
    let own = std::fs::read_to_string(place.path("model/README.md")).expect("a card");
    assert_eq!(own, "# A model\n", "the folder stays as it is");
    // A model from scratch is its maker's own, as its run says.
    let run = place.run();
    succeeds(place.train(&[], &run).arg("--offline"));
    for model in [run.clone(), run.join("model")] {
        let mut command = place.tallow(["push"]);
        command.arg(&model).args([ID, "--dry-run", "--json"]);
        let told: Value = serde_json::from_str(&succeeds(&mut command).stdout).expect("JSON");
        assert_eq!(told["objections"], serde_json::json!([]), "{told:#}");
    }
}

/// The keys of language models are the user's own as the Hub's token is, wherever they are named.
#[test]
fn no_key_of_the_users_goes_along() {
    let (server, place) = (Server::start(), Place::new());
    model(&place);
    let own = "a.word.that.has.no.form.of.a.key";
    let config = place.write("llm.toml", "[providers.mine]\nurl = \"http://127.0.0.1:1/v1\"\nkey_env = \"KEY_OF_MINE\"\n");
    place.write("model/notes.md", format!("asked with {own}\n"));
    for name in ["TALLOW_LLM_KEY", "KEY_OF_MINE"] {
        let refusal = Refusal { code: 2, words: &["secrets", "notes.md, line 1: a key of your own"], hint: "take them out" };
        refusal.check(&|| {
            let mut command = push(&place, &server, &["--yes"]);
            command.env(name, own).env("TALLOW_LLM_CONFIG", &config);
            (command, None)
        });
        assert!(server.take_requests().is_empty(), "{name}");
    }
}

/// Where data and run lay on this machine is nobody's affair, and nothing that has to be agreed to.
#[test]
fn a_run_on_local_data_names_no_place_of_this_machine() {
    let (server, place) = (Server::start(), Place::new());
    let rows = |from: usize| -> String {
        let row = |i: usize| format!("a film of {i},{}\n", if i % 2 == 0 { "negative" } else { "positive" });
        format!("sentence,label\n{}", (from..from + 60).map(row).collect::<String>())
    };
    place.write("acme/secret/train.csv", rows(0));
    place.write("acme/secret/test.csv", rows(60));
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("acme/secret"));
    let run = place.run();
    succeeds(place.train(&[&source], &run).arg("--offline"));
    let mut command = place.tallow(["push"]);
    command.arg(&run).args([ID, "--dry-run", "--json"]);
    command.envs([("HF_ENDPOINT", server.endpoint.as_str()), ("HF_TOKEN", TOKEN)]);
    let told: Value = serde_json::from_str(&succeeds(&mut command).stdout).expect("JSON");
    assert_eq!(told["objections"], serde_json::json!([]), "{told:#}");
    let own = place.path("").display().to_string();
    for file in Shipment::of(&run.join("model"), &|_| false).expect("a model").files {
        let text = String::from_utf8_lossy(&std::fs::read(&file.place).expect("read")).into_owned();
        assert!(!text.contains(own.trim_end_matches('/')), "{}:\n{text}", file.path);
    }
    let read = |file: &str| std::fs::read_to_string(run.join("model").join(file)).expect("a text");
    assert!(read("training.toml").contains("path = \"secret\""), "{}", read("training.toml"));
    assert!(read("training.toml").starts_with("# `tallow train training.toml --set data.source.path=DATA` runs it again"));
    assert!(read("manifest.json").contains("\"secret/train.csv\""), "{}", read("manifest.json"));
    assert!(read("README.md").contains("tallow train training.toml --set data.source.path=DATA"), "{}", read("README.md"));
}

/// A run's model and an adapter that was trained on it go to the Hub; the Python libraries download and load them, and say the same as
/// Tallow. The base of the adapter is read from that Hub, too.
#[test]
fn the_python_libraries_load_what_was_pushed() {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not compared: TALLOW_PYTHON names no Python with huggingface_hub, transformers and peft");
        return;
    };
    let (server, place) = (Server::start(), Place::new());
    let online = |command: &mut Command| {
        command.envs([("HF_ENDPOINT", server.endpoint.as_str()), ("HF_TOKEN", TOKEN)]).env("HF_HOME", place.path("hf"));
        succeeds(command)
    };
    let (base, adapter) = (place.run(), place.run());
    let texts = ["a fine film", "dull and far too long , a waste of time", "good"].map(str::to_string);
    let inputs = |texts: &[String]| serde_json::json!(texts);
    let pushed_and_loaded = |run: &Path, id: &str, texts: &[String], said: Value| {
        let mut push = place.tallow(["push"]);
        push.arg(run).args([id, "--yes", "--private", "--allow-paths", "--accept-license", "unknown"]);
        online(&mut push);
        let mut predict = place.tallow(["predict"]);
        predict.arg(run.join("model")).args(texts).args(["--json", "--logits", "--threads=2"]);
        let answers: Vec<Value> =
            online(&mut predict).stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let wanted =
            place.write("wanted.json", serde_json::json!({"texts": said, "answers": answers, "longest": 32}).to_string());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/push/load.py");
        let mut load = Command::new(&python);
        load.arg(script).args([id.as_ref(), wanted.as_os_str()]).env("HF_HUB_DISABLE_XET", "1");
        let out = online(&mut load).stdout;
        println!("{id}: {out}");
        assert!(out.contains("off by"), "{out}");
    };
    succeeds(place.train(&[], &base).arg("--offline"));
    pushed_and_loaded(&base, "acme/base", &texts, inputs(&texts));
    let set = ["model={ kind = \"pretrained\", id = \"acme/base\" }", "adapter={ rank = 2 }", "recipe.lr=1e-2"];
    online(&mut place.train(&set, &adapter));
    pushed_and_loaded(&adapter, "acme/adapter", &texts, inputs(&texts));
    // Pairs: some models are told which of the two a token belongs to, others know nothing of it.
    let rows = |from: usize| -> String {
        let row = |i: usize| format!("a film of {i},it is {} than {i},{}\n", if i % 2 == 0 { "more" } else { "less" }, i % 2);
        format!("sentence1,sentence2,label\n{}", (from..from + 60).map(row).collect::<String>())
    };
    place.write("pairs/train.csv", rows(0));
    let pairs = place.write("pairs/test.csv", rows(60));
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("pairs"));
    let said: Value = (60..120)
        .map(|i| {
            serde_json::json!([format!("a film of {i}"), format!("it is {} than {i}", if i % 2 == 0 { "more" } else { "less" })])
        })
        .collect();
    let usual = "vocab_size = 400, max_position_embeddings = 32, pad_token_id = 0, head = { classes = [\"0\", \"1\"] }, initializer_range = 0.5";
    let electra = "family = \"electra\", embedding_size = 8, hidden_size = 16, num_hidden_layers = 1, num_attention_heads = 2, \
                   intermediate_size = 32, type_vocab_size = 2, hidden_act = \"gelu\", hidden_dropout_prob = 0.1, \
                   attention_probs_dropout_prob = 0.1, layer_norm_eps = 1e-12";
    let distilbert = "family = \"distilbert\", dim = 16, n_layers = 1, n_heads = 2, hidden_dim = 32, activation = \"gelu\", dropout = 0.1, \
                      attention_dropout = 0.1, seq_classif_dropout = 0.1, qa_dropout = 0.1";
    for (name, config) in [("electra", electra), ("distilbert", distilbert)] {
        let (run, model) = (place.run(), format!("model={{ kind = \"scratch\", config = {{ {config}, {usual} }} }}"));
        succeeds(place.train(&[&source, &model], &run).arg("--offline"));
        pushed_and_loaded(&run, &format!("acme/{name}"), &[pairs.display().to_string()], said.clone());
    }
}
