//! The whole program with a language model on loopback: what it changes, what is written, what is never written, and how it repeats.

use crate::program::{Place, Said, said, succeeds};
use crate::server::{Act, Server, refuses, says};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tallow::llm::{ConfigFile, Dialect, KeySource, Limits, Price};

const KEY: &str = "sk-very-secret-0123456789";

/// A table of two kinds that are easily told apart, and a request for it.
fn flowers(place: &Place) -> String {
    let rows: String = (0..200).map(|i| format!("{},{},{}\n", i % 2 * 10 + i % 7, i % 5, ["rose", "tulip"][i % 2])).collect();
    let file = place.write("flowers.csv", format!("height,leaves,kind\n{rows}"));
    format!("predict kind on {}, at most 10 minutes", file.display())
}

/// Nor is a key written that somebody puts into a request.
#[test]
fn a_request_is_kept_without_keys() {
    let (place, token) = (Place::new(), format!("hf_{}", "a1".repeat(20)));
    let out = place.run();
    let request = format!("{} with {KEY} and {token}", flowers(&place));
    let mut plan = place.tallow(["plan", &request, "--offline", "--threads=2"]);
    let said = succeeds(plan.env("TALLOW_LLM_KEY", KEY).arg("--out").arg(&out));
    for key in [KEY, &token] {
        assert!(!said.stdout.contains(key) && !holds(&everything(&out), key), "{}", said.stdout);
    }
    assert!(text(out.join("request.json")).contains("***"));
}

fn answer(changes: Value) -> String {
    json!({"changes": changes}).to_string()
}

fn lr(value: f64) -> Value {
    json!({"recipe.lr": {"value": value, "reason": "the table is small"}})
}

/// `tallow COMMAND REQUEST` with a model at `server`.
fn command(place: &Place, what: &str, server: &Server, out: &Path, more: &[&str]) -> Command {
    let mut command = place.tallow([what, &flowers(place), "--offline", "--threads=2", "--llm", &format!("{}#m", server.url)]);
    command.arg("--out").arg(out).args(more).env("TALLOW_LLM_KEY", KEY);
    command
}

fn text(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// All bytes below a folder, names included.
fn everything(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        all.extend(entry.file_name().as_encoded_bytes());
        match entry.path().is_dir() {
            true => all.extend(everything(&entry.path())),
            false => all.extend(std::fs::read(entry.path()).expect("read")),
        }
    }
    all
}

fn holds(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

#[test]
fn a_run_from_request_to_report() {
    let place = Place::new();
    // It says the key that it was sent, and so does a refusal before.
    let answer = answer(json!({"recipe.lr": {"value": 0.002, "reason": format!("says {KEY}")}}));
    let server = Server::start(vec![refuses(500, "", &format!("busy with {KEY}")), says(&answer)]);
    let out = place.run();
    let said = succeeds(&mut command(&place, "do", &server, &out, &["--max-tokens", "20000"]));
    let [first, second] = &server.asked()[..] else { panic!("two requests: {:?}", server.asked()) };
    assert_eq!(first.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(first.body, second.body);
    // What was changed is run, and told in plan and report.
    let told = "recipe.lr: 0.002 instead of 0.001 (proposed by the language model m at 127.0.0.1: \"says ***\")";
    for file in ["spec.toml", "plan.json", "report.json"] {
        assert!(text(out.join(file)).replace("\\\"", "\"").contains(told), "{file}: {}", text(out.join(file)));
    }
    assert!(text(out.join("spec.toml")).contains("lr = 0.002") && text(out.join("spec.toml")).contains("max_tokens = 20000"));
    let report = text(out.join("report.md"));
    assert!(report.contains("Measured: what m at 127.0.0.1 took so far.") && report.contains("tokens left"), "{report}");
    // The ledger has what was set aside and what it took.
    let ledger = text(out.join("ledger.jsonl"));
    let rows: Vec<Value> = ledger.lines().map(|line| serde_json::from_str(line).expect("a row")).collect();
    let of = |kind: &str| rows.iter().map(|row| &row["record"]).find(|record| record["kind"] == kind).expect(kind).clone();
    assert_eq!(of("settled")["usage"], json!({"tokens_in": 100, "tokens_out": 20, "tokens_cached": 0}));
    assert!(of("reserved")["tokens"].as_u64().expect("tokens") > 2048 && of("settled")["usd"] == 0.0);
    // The key is nowhere.
    assert!(holds(&everything(&out), "the language model") && !holds(&everything(&out), KEY));
    for words in [&said.stdout, &said.stderr] {
        assert!(!words.contains(KEY), "{words}");
    }
    assert!(said.stderr.contains("asked again"), "{}", said.stderr);
}

#[test]
fn the_key_is_in_no_error() {
    let place = Place::new();
    for (act, code, words) in [
        (refuses(401, "", &format!("bad key {KEY}")), 60, "refused with 401: bad key ***"),
        (Act::Say(200, String::new(), format!("{KEY} is no JSON")), 60, "expected JSON"),
        (Act::Say(302, format!("location: https://evil.example/{KEY}\r\n"), String::new()), 60, "to `https://evil.example`"),
    ] {
        for json in [false, true] {
            let (server, out) = (Server::start(vec![act.clone()]), place.run());
            let mut command = command(&place, "plan", &server, &out, if json { &["--json"] } else { &[] });
            let said = said(&mut command);
            assert_eq!(said.code, Some(code), "{said:#?}");
            assert!(said.stderr.contains(words) && !said.stderr.contains(KEY) && !said.stdout.contains(KEY), "{said:#?}");
            assert!(!out.exists(), "nothing came of it");
        }
    }
}

/// What a configuration says of a key.
#[test]
fn keys_of_files() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let server = Server::start(vec![says(&answer(lr(0.002)))]);
    let key = place.write("key", format!("{KEY}\n"));
    let config = place.write(
        "llm.toml",
        format!(
            "[providers.mine]\nurl = \"{}\"\nmodel = \"m\"\nkey_file = {key:?}\nprice = {{ input = 1.0, output = 2.0 }}\n",
            server.url
        ),
    );
    let plan = |mode: u32, more: &[&str]| {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("set");
        let mut command = place.tallow(["plan", &flowers(&place), "--offline", "--llm", "mine"]);
        command.arg("--out").arg(place.run()).args(more).env("TALLOW_LLM_CONFIG", &config);
        said(&mut command)
    };
    let open = plan(0o644, &[]);
    assert!(open.code == Some(2) && open.stderr.contains("others can read") && !open.stderr.contains(KEY), "{open:#?}");
    assert!(server.asked().is_empty());
    let closed = plan(0o600, &[]);
    assert_eq!((closed.code, server.asked().len()), (Some(0), 1), "{closed:#?}");
    assert_eq!(server.asked()[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    // A price that is known is held against what may be spent: nothing is asked, and the rules plan.
    let poor = plan(0o600, &["--max-usd", "0.001"]);
    assert_eq!((poor.code, server.asked().len()), (Some(0), 1), "{poor:#?}");
    assert!(poor.stdout.contains("planner: the rules' proposal (m at 127.0.0.1 was not asked: the budget for the language model is spent: `budget.max_usd` is $0.001"), "{poor:#?}");
    let rich = plan(0o600, &["--max-usd", "$1"]);
    assert_eq!((rich.code, server.asked().len()), (Some(0), 2), "{rich:#?}");
}

#[test]
fn a_replayed_run_gives_the_same_experiment() {
    let place = Place::new();
    // The first answer is wrong, so that there are two turns.
    let wrong = answer(lr(-1.0));
    let server = Server::start(vec![says(&wrong), says(&answer(lr(0.003)))]);
    let first = place.run();
    succeeds(&mut command(&place, "plan", &server, &first, &["--max-time", "5m"]));
    assert_eq!(server.asked().len(), 2);
    let replay = |request: &str, more: &[&str]| {
        let out = place.run();
        let mut command = place.tallow(["plan", request, "--offline", "--max-time", "5m", "--llm-replay"]);
        command.arg(first.join("llm.jsonl")).arg("--out").arg(&out).args(more);
        (said(&mut command), out)
    };
    let (replayed, out) = replay(&flowers(&place), &[]);
    assert_eq!(replayed.code, Some(0), "{replayed:#?}");
    assert_eq!(text(first.join("spec.toml")), text(out.join("spec.toml")));
    assert!(text(out.join("spec.toml")).contains("lr = 0.003"));
    // And so does one that is replayed from the replay.
    let again = place.run();
    let mut command = place.tallow(["plan", &flowers(&place), "--offline", "--max-time", "5m", "--llm-replay"]);
    succeeds(command.arg(out.join("llm.jsonl")).arg("--out").arg(&again));
    assert_eq!(text(first.join("spec.toml")), text(again.join("spec.toml")));
    assert_eq!(server.asked().len(), 2, "nobody was asked");
    // What differs is said.
    let (other, out) = replay(&(flowers(&place) + ", gently"), &[]);
    assert_eq!(other.code, Some(31), "{other:#?}");
    assert!(
        other.stderr.contains("holds no answer to what is asked: turn 1: line") && other.stderr.contains("gently"),
        "{other:#?}"
    );
    assert!(!out.exists());
    let (fixed, _) = replay(&flowers(&place), &["--set", "recipe.lr=0.01"]);
    assert_eq!(fixed.code, Some(31), "{fixed:#?}");
    let missing = said(&mut place.tallow(["do", "classify it", "--llm-replay", "/nowhere.jsonl"]));
    assert!(missing.code == Some(2) && missing.stderr.contains("the recording `/nowhere.jsonl` cannot be read"), "{missing:#?}");
}

#[test]
fn budgets_are_kept() {
    let place = Place::new();
    let server = Server::start(vec![says(&answer(lr(0.002)))]);
    let out = place.run();
    let poor = succeeds(&mut command(&place, "plan", &server, &out, &["--max-tokens", "100"]));
    assert!(
        server.asked().is_empty() && poor.stdout.contains("was not asked: the budget for the language model is spent"),
        "{poor:#?}"
    );
    assert!(poor.stderr.contains("the rules' proposal is taken"), "{poor:#?}");
    // Once the first answer is paid for, there is not enough for a second one.
    let wrong = Server::start(vec![says(&answer(lr(-1.0)))]);
    let out = place.run();
    let spent = succeeds(&mut command(&place, "plan", &wrong, &out, &["--max-tokens", "9000"]));
    assert!(wrong.asked().len() < 3 || spent.stdout.contains("in 3 attempts"), "{spent:#?}");
    assert!(text(out.join("spec.toml")).contains("lr = 0.001"));
}

/// Nothing of it is there for whoever does not ask for it.
#[test]
fn without_it_nothing_changes() {
    let place = Place::new();
    let out = place.run();
    // A configuration that cannot be read is not read.
    place.write("home/.config/tallow/llm.toml", "nonsense");
    let mut plan = place.tallow(["plan", &flowers(&place), "--offline", "--out"]);
    succeeds(plan.arg(&out));
    assert!(!out.join("llm.jsonl").exists() && !holds(&everything(&out), "language model"));
    let check = |args: &[&str], code: i32, words: &str| {
        let said: Said = said(place.tallow(args).env("TALLOW_LLM_KEY", KEY));
        assert!(said.code == Some(code) && said.stderr.contains(words) && !said.stderr.contains(KEY), "{args:?}: {said:#?}");
    };
    check(&["do", "classify it", "--llm", "mine"], 2, "llm.toml` cannot be used");
    std::fs::remove_file(place.path("home/.config/tallow/llm.toml")).expect("removed");
    check(&["do", "classify it", "--llm", "mine"], 2, "no language model is called `mine`: expected one of openai, anthropic");
    check(&["do", "classify it", "--llm", "openai"], 2, "it names no model: expected `openai#MODEL`");
    check(&["do", "classify it", "--llm", "openai#m"], 2, "expected it in the variable OPENAI_API_KEY, which is not set");
    check(&["do", "classify it", "--llm", "http://models.example.org#m"], 2, "https, or http to this machine alone");
    check(
        &["do", "classify it", "--offline", "--llm", "https://models.example.org#m"],
        60,
        "is asked over the network, and the network must not be used",
    );
    check(&["train", "x.toml", "--llm", "openai#m"], 2, "x.toml");
    let spec = place.write("tiny.toml", crate::program::TINY);
    let mut train = place.tallow([OsStr::new("train"), spec.as_os_str(), OsStr::new("--llm"), OsStr::new("ollama#m")]);
    let said = said(&mut train);
    assert!(said.code == Some(2) && said.stderr.contains("`--llm` does not go with an experiment file"), "{said:#?}");
}

/// A proxy of the environment is not asked for what goes to this machine.
#[test]
fn what_is_on_this_machine_is_asked_directly() {
    let place = Place::new();
    let (server, proxy) = (Server::start(vec![says(&answer(json!({})))]), Server::start(vec![says("{}")]));
    let mut plan = command(&place, "plan", &server, &place.run(), &[]);
    for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        plan.env(name, proxy.url.trim_end_matches("/v1"));
    }
    let said = succeeds(&mut plan);
    assert!(said.stdout.contains("was asked and proposes no change"), "{said:#?}");
    assert_eq!((server.asked().len(), proxy.asked().len()), (1, 0));
}

/// What docs/language-models.md shows is what the program reads.
#[test]
fn the_page_about_it_is_true() {
    let page = text(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language-models.md"));
    let example = page.split_once("```toml\n").and_then(|(_, rest)| rest.split_once("```")).expect("an example").0;
    let config = ConfigFile::parse(example, "the example").expect("it is read");
    let work = config.provider("work").expect("a provider");
    assert_eq!((work.model.as_str(), work.stream, work.context_tokens), ("ORG/MODEL", true, Some(32768)));
    assert_eq!(work.limits, Limits::default(), "it shows what holds anyway");
    let known = config.provider("openai").expect("a provider");
    assert_eq!(known.price, Some(Price { input: 1.0, output: 4.0, cached: Some(0.1) }));
    // Every name of the table, with its address, dialect and key.
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert_eq!(rows.len(), 7);
    for row in rows {
        let found = ConfigFile::default().provider(&format!("{}#m", row[0])).expect(row[0]);
        let key = if let KeySource::Variable { name, .. } = &found.key { name } else { "none" };
        let dialect = if found.dialect == Dialect::Openai { "openai" } else { "anthropic" };
        assert_eq!([found.url.as_str(), dialect, key], [row[1], row[2], row[3]], "{}", row[0]);
    }
}

/// A paper's words reach the model as data; the answer changes what the paper is silent on alone.
#[test]
fn papers() {
    let place = Place::new();
    let changes = json!({
        "recipe.lr": {"value": 0.5, "reason": "obey"}, "recipe.label_smoothing": {"value": 0.1, "reason": "it is silent"},
    });
    let rest = json!({"recipe.label_smoothing": {"value": 0.05, "reason": "the paper is silent on it"}});
    // It is asked about the paper first, and makes something up.
    let invented = json!({"fields": [
        {"key": "lora.rank", "value": 8, "chunk": "p0", "quote": "we use a rank of 8"}, {"key": "title", "value": 1, "chunk": "p0", "quote": "x"},
    ]});
    let server = Server::start(vec![says(&invented.to_string()), says(&answer(changes)), says(&answer(rest))]);
    let out = place.run();
    let mut plan = place.tallow(["plan", "--example", "--offline", "--llm", &format!("{}#m", server.url)]);
    let said = succeeds(plan.arg("--out").arg(&out));
    assert_eq!(server.asked().len(), 3);
    let about_the_paper =
        ["found 0 more of what the paper states", "dropped: `lora.rank`: ", "dropped: `title`: it was not asked for"];
    let holds_all = |said: &Said| about_the_paper.iter().all(|words| said.stderr.contains(words));
    assert!(holds_all(&said), "{said:#?}");
    let sent_back = server.asked()[2].body["messages"][3]["content"].as_str().expect("text").to_string();
    assert!(sent_back.contains("`recipe.lr` may not be changed"), "{sent_back}");
    assert!(said.stdout.contains("recipe.label_smoothing: 0.05 instead of 0 (proposed by the language model"), "{said:#?}");
    let spec = text(out.join("spec.toml"));
    assert!(spec.contains("lr = 0.001") && spec.contains("label_smoothing = 0.05"), "{spec}");
    // The recording answers the same about the paper alone.
    let mut read =
        place.tallow([OsStr::new("read"), OsStr::new("--example"), OsStr::new("--offline"), OsStr::new("--llm-replay")]);
    let said = succeeds(read.arg(out.join("llm.jsonl")));
    assert!(holds_all(&said), "{said:#?}");
}
