//! The whole program: `tallow eval` scores the model that a run left as the run itself did, and says what does not fit.

use std::path::Path;
use std::process::{Command, Output};

fn tallow(args: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tallow"));
    command.args(args).env_remove("TALLOW_HUB");
    for (flag, path) in paths {
        command.arg(flag).arg(path);
    }
    command.output().expect("started")
}

fn eval(model: &Path, args: &[&str]) -> Output {
    let model = model.to_string_lossy().into_owned();
    tallow(&[&["eval", &model, "--offline"], args].concat(), &[])
}

fn last_line(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn a_runs_model_scores_as_in_the_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = dir.path().join("run");
    let trained = tallow(&["train", "--example", "--offline", "--epochs=0.3"], &[("--out", &run)]);
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    let held_out: serde_json::Value =
        serde_json::from_slice(&std::fs::read(run.join("eval.json")).expect("eval.json")).expect("JSON");
    let model = run.join("model");

    // The generated set of the same name is that of the example, and its test split is the one that is usually scored.
    let answer = eval(&model, &["--data", "toy_reviews", "--json"]);
    let score = &last_line(&answer)["score"];
    assert_eq!((&score["split"], &score["examples"]), (&"test".into(), &held_out["runs"][0]["examples"]), "{score}");
    assert_eq!(
        (&score["scores"]["accuracy"]["value"], &score["loss"]),
        (&held_out["runs"][0]["scores"]["accuracy"], &held_out["runs"][0]["loss"])
    );
    assert_eq!(score["assumptions"], serde_json::json!([]));
    let accuracy = score["scores"]["accuracy"]["value"].as_f64().expect("a number");
    let within = |end: &str| score["scores"]["accuracy"]["interval"][end].as_f64().expect("a number");
    assert!(within("low") < accuracy && accuracy < within("high"), "{score}");

    // What it learnt from is no measure of it.
    let of_train = last_line(&eval(&model, &["--data=toy_reviews", "--split=train", "--max-examples=50", "--json"]));
    let said = of_train["score"]["assumptions"][0].as_str().unwrap_or_default().to_string();
    assert!(said.contains("trained on this split `train`"), "{of_train}");

    // The run folder stands for its model, wherever it lies; what it holds is told of its new place.
    let moved = dir.path().join("moved");
    std::fs::rename(&run, &moved).expect("moved");
    assert_eq!(last_line(&eval(&moved, &["--data", "toy_reviews", "--json"]))["score"], *score);
    let told = tallow(&["report"], &[("--", &moved)]);
    let page = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(page.contains(&format!("{}/model/", moved.canonicalize().expect("there").display())), "{page}");
    let model = moved.join("model");

    let kept = dir.path().join("kept");
    let few = eval(&model, &["--data=toy_reviews", "--split=validation", "--max-examples=50", "--out", &kept.to_string_lossy()]);
    let page = String::from_utf8_lossy(&few.stdout).into_owned();
    assert!(few.status.success() && page.contains("split `validation`, 50 examples") && page.contains("accuracy "), "{page}");
    let predictions = std::fs::read_to_string(kept.join("runs/score/attempts/001/work/predictions.jsonl")).expect("predictions");
    assert_eq!(predictions.lines().count(), 50);
    let again = tallow(&["resume"], &[("--", &kept)]);
    let message = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(2) && message.contains("holds an evaluation, not an experiment"), "{message}");

    let check = |args: &[&str], code: i32, words: &str| {
        let output = eval(&model, args);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(code) && message.contains(words),
            "{code}, {words:?}: {:?}, {message}",
            output.status
        );
    };
    check(&["--data=toy_reviews", "--split=dev"], 20, "`dev`");
    check(
        &["--data=toy_shapes"],
        20,
        "the classes of model and data differ: the model tells 2 apart (`negative`, `positive`), the data has 4",
    );
    // Names that are not the model's are matched as somebody says, and by no order of theirs.
    let other = dir.path().join("other.csv");
    let rows: String = (0..12).map(|i| format!("a {} film,{}\n", ["dull", "fine"][i % 2], ["bad", "good"][i % 2])).collect();
    std::fs::write(&other, format!("text,label\n{rows}")).expect("written");
    let other = format!("--data={}", other.display());
    let names = "the classes of model and data have other names: the model tells `negative`, `positive` apart, the data has `bad`, `good`";
    check(&[&other], 20, names);
    check(&[&other], 20, "`--classes`, in the order `negative`, `positive`");
    check(&[&other, "--classes=bad"], 2, "`--classes` names 1 (`bad`), and the model tells 2 classes apart");
    check(&[&other, "--classes=bad,fair"], 20, "the class `good`, which `--classes` does not name");
    let said =
        |classes: &str| last_line(&eval(&model, &[&other, classes, "--json"]))["score"]["scores"]["accuracy"]["value"].clone();
    let (one, turned) = (said("--classes=bad,good").as_f64(), said("--classes=good,bad").as_f64());
    assert!((one.expect("a number") + turned.expect("a number") - 1.0).abs() < 1e-9, "{one:?} {turned:?}");
    check(&["--data=absent.csv"], 20, "absent.csv");
    check(&["--data=toy_reviews", "--max-examples=0"], 2, "--max-examples");
    let absent = dir.path().join("absent");
    let output = eval(&absent, &["--data=toy_reviews"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("absent"), "{output:?}");
}
