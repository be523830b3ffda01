//! Experiment files with mistakes.

use crate::program::{Place, Refusal, TINY, said};

/// The tiny experiment with these words replaced is refused before anything is made.
fn check(replaced: &[(&str, &str)], words: &[&str]) {
    let place = Place::new();
    let mut text = TINY.to_string();
    for (old, new) in replaced {
        assert!(text.contains(old), "{old}");
        text = text.replacen(old, new, 1);
    }
    let file = place.write("wrong.toml", &text);
    let hint = "`tallow schema` prints every key";
    Refusal { code: 10, words, hint }.check(&|| {
        let out = place.run();
        let command = place.tallow(["train".as_ref(), file.as_os_str(), "--offline".as_ref(), "--out".as_ref(), out.as_os_str()]);
        (command, Some(out))
    });
    assert!(!place.path("run-1").exists(), "no run is made");
}

/// The line, from 1, of the tiny experiment in which these words stand.
fn line(words: &str) -> usize {
    1 + TINY[..TINY.find(words).expect("there")].matches('\n').count()
}

#[test]
fn three_mistakes_of_three_kinds_come_at_once_with_their_lines() {
    check(
        &[("lr = 1e-3", "lr = \"fast\""), ("{ frac = 0.1 }", "{ frac = 2.0 }"), ("max_seq_len", "max_seq_length")],
        &[
            "wrong.toml` has 3 problems",
            &format!("line {}, `recipe.lr`: expected a number above 0 and at most 100, found the text \"fast\"", line("lr = ")),
            &format!("line {}, `recipe.schedule.warmup.frac`: expected a number from 0 to 1, found 2.0", line("frac = ")),
            &format!(
                "line {}, `recipe.max_seq_length`: there is no such key; there are `augment`, `batch_size`",
                line("max_seq_len")
            ),
        ],
    );
}

#[test]
fn every_value_has_its_range() {
    check(&[("lr = 1e-3", "lr = nan")], &["`recipe.lr`: expected a number above 0 and at most 100, found NaN"]);
    check(&[("lr = 1e-3", "lr = -1e-3")], &["`recipe.lr`: expected a number above 0 and at most 100, found -0.001"]);
    check(&[("batch_size = 16", "batch_size = 0")], &["`recipe.batch_size`: expected a whole number from 1 to 1048576, found 0"]);
    check(
        &[("max_seq_len = 32", "max_seq_len = 32\n[budget]\nmax_time_secs = 9223372036854775807")],
        &["`budget.max_time_secs`: expected a whole number from 1 to 1000000000, found 9223372036854775807"],
    );
    check(&[("seeds = [0]", "seeds = [3, 1, 3]")], &["`seeds[2]`: expected each only once, found 3 again"]);
    check(
        &[("steps = 20", "steps = 20, epochs = 1")],
        &["`recipe.length`: expected a table with one of `epochs`, `steps`, found `epochs`, `steps`"],
    );
    check(
        &[("\"adamw\"", "\"lars\"")],
        &[
            "`recipe.optimizer.kind`: expected one of `adafactor`, `adam`, `adamw`, `lamb`, `lion`, `muon`, `sgd`, found the text \"lars\"",
        ],
    );
    check(
        &[("kind = \"none\"", "kind = \"split\", name = \"test\"")],
        &["`data.monitor.name`: expected another split than", "found `test`"],
    );
    check(&[("held_out = \"test\"\n", "")], &["`data.held_out`: expected a text, found nothing"]);
}

/// What a recipe may ask for beyond the usual, wrong in all ways at once.
#[test]
fn every_part_of_a_recipe_has_its_range() {
    let more = "lr = 1e-3
layerwise_lr_decay = 1.5
label_smoothing = 1.0
ema = { decay = 1.0 }
early_stopping = { patience = 0 }
keep = \"newest\"
keep_checkpoints = 0
evaluate_every = { steps = 0 }
groups = [{ pattern = \"a\", lr_scale = -1.0 }, { pattern = \"b\", frozn = true }]
";
    check(
        &[("lr = 1e-3\n", more)],
        &[
            "has 9 problems",
            "`recipe.layerwise_lr_decay`: expected a number above 0 and at most 1, found 1.5",
            "`recipe.label_smoothing`: expected a number from 0 to below 1, found 1.0",
            "`recipe.ema.decay`: expected a number above 0 and below 1, found 1.0",
            "`recipe.early_stopping.patience`: expected a whole number from 1 to 1000000, found 0",
            "`recipe.keep`: expected one of `last`, `best`, found the text \"newest\"",
            "`recipe.keep_checkpoints`: expected a whole number from 1 to 1000, found 0",
            "`recipe.evaluate_every.steps`: expected a whole number from 1 to 1000000000, found 0",
            "`recipe.groups[0].lr_scale`: expected a number above 0 and at most 1000000, found -1.0",
            "`recipe.groups[1].frozn`: there is no such key; there are `frozen`, `lr_scale`, `pattern`, `weight_decay`",
        ],
    );
    // Nothing is watched in the tiny experiment.
    check(
        &[("lr = 1e-3\n", "lr = 1e-3\nkeep = \"best\"\ngrad_clip_value = 1.0\ngrad_clip_norm = 1.0\n")],
        &["`recipe.keep`: expected something to be watched", "`recipe.grad_clip_value`: expected one of `grad_clip_norm` and it"],
    );
}

/// Patterns are held against the model's own names, before anything is trained.
#[test]
fn patterns_meet_parameters() {
    let with = |groups: &str, words: &[&str]| {
        let groups = format!("lr = 1e-3\ngroups = [{groups}]\n");
        let place = Place::new();
        let file = place.write("wrong.toml", &TINY.replacen("lr = 1e-3\n", &groups, 1));
        let out = place.run();
        let said =
            said(&mut place.tallow(["plan".as_ref(), file.as_os_str(), "--offline".as_ref(), "--out".as_ref(), out.as_os_str()]));
        assert_eq!(said.code, Some(10), "{}", said.stderr);
        words.iter().for_each(|word| assert!(said.stderr.contains(word), "`{word}` in: {}", said.stderr));
    };
    with("{ pattern = \"nothing.*\" }", &["`recipe.groups[0].pattern`: `nothing.*`: it meets no parameter; there are `bert."]);
    with("{ pattern = \"*\" }, { pattern = \"*bias\" }", &["`recipe.groups[1].pattern`: `*bias`: all that it meets"]);
    with("{ pattern = \"*\", frozen = true }", &["`recipe.groups`: everything is frozen"]);
}

#[test]
fn a_model_that_cannot_be_is_refused_with_all_its_mistakes() {
    check(
        &[
            ("hidden_size = 16", "hidden_size = 0"),
            ("num_hidden_layers = 1", "num_hidden_layers = 1_000_000_000_000"),
            ("lr = 1e-3", "lr = 0"),
        ],
        &[
            "has 3 problems",
            &format!(
                "line {}, `model.config.hidden_size`: expected a whole number from 1 to 65536, found 0",
                line("hidden_size")
            ),
            "`model.config.num_hidden_layers`: expected a whole number from 1 to 1000, found 1000000000000",
            "`recipe.lr`: expected a number above 0",
        ],
    );
    check(
        &[("hidden_size = 16", "hidden_size = 15")],
        &["`model.config.num_attention_heads`: expected a divisor of `hidden_size` (15), found 2"],
    );
}

#[test]
fn what_is_no_toml_or_no_file() {
    check(&[("[data]", "[data")], &["wrong.toml` is no experiment file", "line 8"]);
    let place = Place::new();
    let absent = place.path("absent.toml");
    let refusal = Refusal { code: 2, words: &["cannot read", "absent.toml", "No such file"], hint: "check the path" };
    refusal.check(&|| (place.tallow(["train".as_ref(), absent.as_os_str()]), None));
}

/// What a file says of data and model is not silently kept where the command line asks for others.
#[test]
fn options_that_do_not_go_with_a_file() {
    let place = Place::new();
    for (option, what, hint) in [
        ("--data=sst2", "names its own data", "--set data.source.path=FILE"),
        ("--model=bert-base", "names its own model", "--set model.id=ORG/NAME"),
        ("--llm=openai#any", "nothing to propose", "let it search: `--improve`"),
    ] {
        let said = said(place.train(&[], &place.run()).arg(option));
        assert!(said.code == Some(2) && said.stderr.contains(what) && said.stderr.contains(hint), "{}", said.stderr);
    }
    for (option, words) in [("--max-time=5", "with its unit such as `5s`"), ("--max-examples=0", "at least 1")] {
        let said = said(place.train(&[], &place.run()).arg(option));
        assert!(said.code == Some(2) && said.stderr.contains(words), "{}", said.stderr);
    }
}

/// Nor are wishes about a script that nobody is there to write.
#[test]
fn options_of_scripts_need_one() {
    let place = Place::new();
    for option in ["--gpu", "--image=mine", "--allow-script"] {
        let said = said(&mut place.tallow(["do", "train a BERT on toy_reviews", "--offline", option]));
        let name = option.split('=').next().unwrap_or_default();
        assert!(said.code == Some(2) && said.stderr.contains(&format!("`{name}` is about a script")), "{}", said.stderr);
    }
    for wrong in ["nan", "inf"] {
        let epochs = format!("--epochs={wrong}");
        let said = said(&mut place.tallow(["do", "train a BERT on toy_reviews", "--offline", &epochs]));
        assert!(said.code == Some(2) && said.stderr.contains("expected a number of epochs above 0"), "{}", said.stderr);
    }
}

/// A folder in which nothing can be made is what is the matter with nothing but that folder.
#[test]
fn a_folder_that_cannot_be_made_again_hides_no_failure() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let out = place.path("closed/mine");
    std::fs::create_dir_all(&out).expect("made");
    let mode = |mode| std::fs::set_permissions(place.path("closed"), std::fs::Permissions::from_mode(mode)).expect("set");
    mode(0o555);
    let said = said(place.tallow(["do", "classify texts with bert on ./absent.csv", "--offline", "--out"]).arg(&out));
    mode(0o755);
    assert!(said.code == Some(20) && said.stderr.contains("absent.csv"), "{said:#?}");
    assert_eq!(std::fs::read_dir(&out).expect("it is there").count(), 0);
}

/// An evaluation that came to nothing cannot be gone on with, and is not in the way of the next.
#[test]
fn a_failed_evaluation_leaves_no_folder() {
    let place = Place::new();
    for was_there in [false, true] {
        let out = place.run();
        if was_there {
            std::fs::create_dir(&out).expect("made");
        }
        let mut eval = place.tallow(["eval", "no-model", "--data=toy_reviews", "--offline", "--out"]);
        let said = said(eval.arg(&out));
        assert!(said.code.is_some_and(|code| code != 0), "{said:#?}");
        assert_eq!(std::fs::read_dir(&out).map(|entries| entries.count()).ok(), was_there.then_some(0), "{said:#?}");
    }
}

#[test]
fn threads_have_their_range() {
    let place = Place::new();
    for threads in ["--threads=0", "--threads=999999", "--threads=many"] {
        let said = said(&mut place.tallow(["train", "--example", "--offline", threads]));
        assert!(said.code == Some(2) && said.stderr.contains("expected a whole number from 1 to 512"), "{}", said.stderr);
    }
}

/// A folder that was there before a run failed to begin in it is there after it.
#[test]
fn a_folder_of_the_users_own_is_kept() {
    let place = Place::new();
    let out = place.path("mine");
    std::fs::create_dir(&out).expect("made");
    let said = said(place.tallow(["do", "classify texts with bert on ./absent.csv", "--offline", "--out"]).arg(&out));
    assert_ne!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(std::fs::read_dir(&out).expect("it is there").count(), 0);
}

#[test]
fn flags_are_named_as_such() {
    let place = Place::new();
    let words = ["command line, `recipe.batch_size`: expected a whole number from 1 to 1048576, found 0"];
    place.refuses(&["recipe.batch_size=0"], &Refusal { code: 10, words: &words, hint: "tallow schema" });
}
