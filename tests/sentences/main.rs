//! Vectors of texts by the whole program: trained on tables of pairs and triples, scored, published as sentence-transformers has them,
//! and read back. What that library makes of the published folder is compared where `TALLOW_PYTHON` names a Python that has it.

#[path = "../program/mod.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod program;

use candle_core::{Device, Tensor};
use program::{Place, succeeds};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tallow_kernels::{Stream, Tape, Weights};
use tallow_zoo::{Head, Input, ModelConfig, Output, Pooling};

const THINGS: [&str; 8] = [
    "a red bird",
    "the old ship",
    "some warm bread",
    "our small town",
    "his loud horn",
    "her blue coat",
    "a deep lake",
    "one tall tree",
];
const WAYS: [&str; 6] =
    ["in the morning", "by the sea", "for everyone to see", "as it was before", "under a wide sky", "with nothing else"];

/// The `i`th text about thing number `about`.
fn text(about: usize, i: usize) -> String {
    format!("{} {}", THINGS[about % THINGS.len()], WAYS[(i + about) % WAYS.len()])
}

/// A table of `rows` rows from the `from`th on.
fn table(header: &str, from: usize, rows: usize, row: impl Fn(usize) -> String) -> String {
    let lines: Vec<String> = (from..from + rows).map(row).collect();
    format!("{header}\n{}\n", lines.join("\n"))
}

fn scored(place: &Place) {
    let row = |i: usize| {
        let other = if i % 2 == 0 { 8 } else { 1 + i % 5 };
        format!("{},{},{}", text(i, i / 8), text(i + other, i / 8 + 2), if i % 2 == 0 { 5.0 } else { 0.5 })
    };
    place.write("scored/train.csv", table("sentence1,sentence2,score", 0, 96, row));
    place.write("scored/test.csv", table("sentence1,sentence2,score", 200, 24, row));
}

fn triples(place: &Place) {
    let row = |i: usize| format!("{},{},{}", text(i, i / 8), text(i, i / 8 + 3), text(i + 1 + i % 5, i / 8 + 1));
    place.write("triples/train.csv", table("anchor,positive,negative", 0, 96, row));
    place.write("triples/test.csv", table("anchor,positive,negative", 200, 24, row));
}

/// The tiny experiment on that folder, with a head that pools like this.
fn train(place: &Place, data: &str, metric: &str, pooling: &str, set: &[&str], out: &Path) -> Command {
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path(data));
    let (metric, head) = (format!("metric={metric}"), format!("model.config.head={{ vector = {pooling} }}"));
    let all = [
        &[
            "task=sentence_similarity",
            &metric,
            &source,
            &head,
            "model.config.vocab_size=120",
            "recipe.length={ steps = 60 }",
            "recipe.lr=3e-3",
        ],
        set,
    ]
    .concat();
    let mut command = place.train(&all, out);
    command.arg("--offline");
    command
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).expect("JSON")
}

/// Vectors of texts by the model of a folder, read as its files say.
fn vectors(model: &Path, texts: &[String]) -> Vec<Vec<f32>> {
    let read = |name: &str| std::fs::read_to_string(model.join(name)).expect("read");
    let modules = read("modules.json");
    let path = Pooling::path(&modules).expect("modules").expect("a pooling");
    let pooling = Pooling::from_public(&modules, Some(&read(&path))).expect("a pooling");
    let config = ModelConfig::from_public(&read("config.json")).expect("a model").with_head(Head::Vector(pooling));
    let given = candle_core::safetensors::load(model.join("model.safetensors"), &Device::Cpu).expect("weights");
    let weights = Weights::given(config.public_names(given.into_iter().collect()).expect("names"), Stream::root(0), &Device::Cpu);
    let built = config.build(&weights, None).expect("built");
    weights.finish().expect("all weights");
    let tokenizer = tokenizers::Tokenizer::from_file(model.join("tokenizer.json")).expect("a tokenizer");
    let longest = json(&model.join("sentence_bert_config.json"))["max_seq_length"].as_u64().expect("a length") as usize;
    let vector = |text: &String| {
        let mut ids = tokenizer.encode(text.as_str(), true).expect("tokens").get_ids().to_vec();
        if ids.len() > longest {
            // The end's token stays.
            ids = [&ids[..longest - 1], &ids[ids.len() - 1..]].concat();
        }
        let token_ids = Tensor::from_vec(ids.clone(), (1, ids.len()), &Device::Cpu).expect("ids");
        let input = Input::Text { type_ids: token_ids.zeros_like().expect("types"), token_ids, lengths: vec![ids.len()] };
        match built.forward(&Tape::inference(), &input).expect("a vector") {
            Output::Vectors(vectors) => vectors.tensor().get(0).and_then(|vector| vector.to_vec1()).expect("numbers"),
            _ => panic!("expected vectors"),
        }
    };
    texts.iter().map(vector).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

/// Vectors of the library by the same folder are the same, where it is at hand.
fn equal_the_library(model: &Path, texts: &[String], found: &[Vec<f32>], place: &Place) {
    let Some(python) = std::env::var_os("TALLOW_PYTHON") else {
        eprintln!("not compared: TALLOW_PYTHON names no Python with sentence-transformers");
        return;
    };
    let said = place.write("said.json", serde_json::json!({"texts": texts, "vectors": found}).to_string());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sentences/encode.py");
    let told = Command::new(python).arg(script).arg(model).arg(said).output().expect("the Python that TALLOW_PYTHON names");
    let (out, err) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    println!("{out}");
    assert!(told.status.success() && out.contains("off by"), "{out}\n{err}");
}

fn work(run: &Path, name: &str) -> PathBuf {
    run.join("runs").join(name).join("attempts/001/work")
}

#[test]
fn pairs_with_a_score() {
    let place = Place::new();
    scored(&place);
    // Some texts are longer than is read of them.
    for (pooling, longest) in [("{ of = \"mean\", normalize = false }", "6"), ("{ of = \"first\", normalize = true }", "32")] {
        let run = place.run();
        let said = succeeds(&mut train(&place, "scored", "spearman", pooling, &[&format!("recipe.max_seq_len={longest}")], &run));
        assert!(said.stdout.contains("Spearman correlation"), "{said:#?}");
        let plan = json(&run.join("plan.json"));
        assert_eq!(plan["facts"]["data"]["columns"]["input"], serde_json::json!(["sentence1", "sentence2"]));
        assert_eq!(plan["runs"][0]["similarity"], serde_json::json!({"kind": "cosine", "score_range": [0.5, 5.0]}));
        assert!(
            plan["assumptions"]
                .to_string()
                .contains("scores from 0.5 to 5, as the training split has them, mean cosines from 0 to 1")
        );
        let score = json(&run.join("eval.json"))["runs"][0]["scores"]["spearman"].as_f64().expect("a number");
        assert!(score > 0.0, "{score}");

        // The published folder gives the cosines that were scored.
        let model = run.join("model");
        let rows = std::fs::read_to_string(place.path("scored/test.csv")).expect("read");
        let texts: Vec<String> = rows.lines().skip(1).flat_map(|row| row.split(',').take(2)).map(str::to_string).collect();
        let found = vectors(&model, &texts);
        let lines = std::fs::read_to_string(work(&run, "seed-0-held-out").join("predictions.jsonl")).expect("read");
        for (line, pair) in lines.lines().zip(found.chunks(2)) {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let told = line["predicted"].as_f64().expect("a cosine");
            assert!((cosine(&pair[0], &pair[1]) - told).abs() < 1e-5, "{line}");
        }
        equal_the_library(&model, &texts, &found, &place);

        // It is a base, and scored as it is.
        let data = place.path("scored");
        let args = [
            OsStr::new("eval"),
            model.as_os_str(),
            OsStr::new("--data"),
            data.as_os_str(),
            OsStr::new("--json"),
            OsStr::new("--offline"),
        ];
        let told = succeeds(&mut place.tallow(args));
        let told: Value = serde_json::from_str(told.stdout.lines().last().unwrap_or_default()).expect("JSON");
        let again = told["score"]["scores"]["spearman"]["value"].as_f64().expect("a number");
        assert!((again - score).abs() < 1e-9, "{told}");
        let more = place.run();
        let base = format!("model={{ kind = \"pretrained\", id = {model:?} }}");
        succeeds(&mut train(
            &place,
            "scored",
            "spearman",
            pooling,
            &[&base, "similarity.kind=cosent", "recipe.length={ steps = 5 }"],
            &more,
        ));
        let evaluation = json(&more.join("eval.json"));
        let untrained = evaluation["untrained"]["scores"]["spearman"].as_f64().expect("a number");
        assert!(
            (untrained - score).abs() < 0.05 && evaluation["baseline"] == evaluation["untrained"]["scores"]["spearman"],
            "{evaluation}"
        );
        let card = std::fs::read_to_string(more.join("model/README.md")).expect("a card");
        for words in [
            "library_name: sentence-transformers",
            "pipeline_tag: sentence-similarity",
            "SentenceTransformer(",
            "CoSENT, scale 20",
        ] {
            assert!(card.contains(words), "{words}: {card}");
        }
    }
}

/// An adapter says how its vectors are made, too.
#[test]
fn an_adapter_beside_its_base() {
    let place = Place::new();
    scored(&place);
    let (base, run) = (place.run(), place.run());
    let pooling = "{ of = \"first\", normalize = true }";
    succeeds(&mut train(&place, "scored", "spearman", pooling, &[], &base));
    let model = format!("model={{ kind = \"pretrained\", id = {:?} }}", base.join("model"));
    let set = [model.as_str(), "adapter={ rank = 2 }", "recipe.lr=1e-2"];
    succeeds(&mut train(&place, "scored", "spearman", pooling, &set, &run));
    let score = json(&run.join("eval.json"))["runs"][0]["scores"]["spearman"].as_f64().expect("a number");
    let (adapter, data) = (run.join("model"), place.path("scored"));
    let args = [
        OsStr::new("eval"),
        adapter.as_os_str(),
        OsStr::new("--data"),
        data.as_os_str(),
        OsStr::new("--json"),
        OsStr::new("--offline"),
    ];
    let told = succeeds(&mut place.tallow(args));
    let told: Value = serde_json::from_str(told.stdout.lines().last().unwrap_or_default()).expect("JSON");
    let again = told["score"]["scores"]["spearman"]["value"].as_f64().expect("a number");
    assert!((again - score).abs() < 1e-9, "{again}, expected {score}");
    let merged = place.path("merged");
    succeeds(&mut place.tallow([
        OsStr::new("merge"),
        adapter.as_os_str(),
        OsStr::new("--out"),
        merged.as_os_str(),
        OsStr::new("--offline"),
    ]));
    // What is known of the adapter is told of the model that was made of it, in the words of a whole one.
    let card = std::fs::read_to_string(merged.join("README.md")).expect("a card");
    assert!(card.contains("model-index:") && card.contains("merged by `tallow merge`"), "{card}");
    assert!(!card.contains("- lora\n") && !card.contains("base_model_relation: adapter"), "{card}");
    assert!(merged.join("manifest.json").is_file() && merged.join("training.toml").is_file());
    let texts: Vec<String> = (0..6).map(|i| text(i, i)).collect();
    let found = vectors(&merged, &texts);
    equal_the_library(&merged, &texts, &found, &place);
    equal_the_library(&adapter, &texts, &found, &place);
}

#[test]
fn texts_that_belong_together() {
    let place = Place::new();
    triples(&place);
    let run = place.run();
    // A step of two forward passes.
    let set = ["recipe.micro_batch_size=8"];
    succeeds(&mut train(&place, "triples", "ndcg_at_10", "{ of = \"mean\", normalize = true }", &set, &run));
    let plan = json(&run.join("plan.json"));
    assert_eq!(plan["facts"]["data"]["columns"]["input"], serde_json::json!(["anchor", "positive", "negative"]));
    assert_eq!(plan["runs"][0]["similarity"], serde_json::json!({"kind": "contrastive", "scale": 20.0}));
    let scores = &json(&run.join("eval.json"))["runs"][0]["scores"];
    let of = |metric: &str| scores[metric].as_f64().unwrap_or_else(|| panic!("{metric}: {scores}"));
    assert!(of("triplet_accuracy") > 0.9 && of("recall_at_10") >= of("accuracy_at_1"), "{scores}");
    assert!(scores["spearman"].is_null(), "there are no scores: {scores}");
    let texts: Vec<String> = (0..8).map(|i| text(i, i)).collect();
    let model = run.join("model");
    equal_the_library(&model, &texts, &vectors(&model, &texts), &place);
}
