//! Reports from ledgers made by hand: the golden page, sources of numbers, hostile text, the model's folder.

mod fixture;

use fixture::{Experiment, images, text};
use std::path::{Path, PathBuf};
use tallow::eval::Verdict;
use tallow::job::Event;
use tallow::report::{self, CurveKind, Error, Sources, Style};
use tallow::run::recovery::Change;
use tallow::spec::{BestBy, EarlyStopping, Optimizer};
use tallow::store::{Decided, Entry, Record, Stage};

/// Compares with a committed file; `UPDATE_GOLDEN=1` writes it anew.
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}; run with UPDATE_GOLDEN=1", path.display()));
    for (i, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{name}, line {}; UPDATE_GOLDEN=1 writes it anew", i + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{name}: number of lines");
}

#[test]
fn pages_are_as_committed() {
    let report = text().report().expect("a report");
    golden("bert.md", &report::markdown(&report));
    golden("bert.txt", &report::terminal(&report, Style::Plain, 100));
    golden("resnet.md", &report::markdown(&images().report().expect("a report")));
}

/// Early stopping that never saw a score says so beside what was assumed.
#[test]
fn what_was_watched_in_vain_is_told() {
    let mut experiment = text();
    experiment.plan.runs[0].recipe.early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 });
    let told = |experiment: &fixture::Experiment| {
        let assumptions = experiment.report().expect("a report").assumptions;
        assumptions.iter().filter(|assumed| assumed.contains("nothing was stopped or kept by the accuracy")).count()
    };
    assert_eq!(told(&experiment), 0, "it had scores");
    experiment.events.values_mut().for_each(|events| events.retain(|event| !matches!(event, Event::Monitored { .. })));
    assert_eq!(told(&experiment), 1);
    experiment.plan.runs[0].recipe.best_by = BestBy::Loss;
    assert_eq!(told(&experiment), 0, "the loss has a value of any examples");
}

#[test]
fn html_pages_are_whole_and_fetch_nothing() {
    for (name, experiment) in [("bert", text()), ("resnet", images())] {
        let page = report::html(&experiment.report().expect("a report"));
        check_html(&page);
        if let Some(folder) = std::env::var_os("REPORT_PAGES") {
            std::fs::write(PathBuf::from(folder).join(format!("{name}.html")), &page).expect("written");
        }
    }
}

/// Every tag is closed in order, and nothing comes from outside or runs.
fn check_html(page: &str) {
    const VOID: [&str; 3] = ["meta", "br", "hr"];
    let body = page.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag that ends");
        let tag = &rest[start + 1..end];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed in order near {}", &rest[start.saturating_sub(60)..end]);
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
        assert!(!["script", "link", "img", "iframe", "object", "embed", "base"].contains(&name), "<{name}> has no place here");
        let attributes = tag.to_lowercase();
        assert!(!attributes.contains("http") && !attributes.contains("javascript:"), "no address in <{tag}>");
        assert!(!attributes.split('"').step_by(2).any(|outside| outside.contains(" on")), "no handler in <{tag}>");
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(!page.contains("@import") && !page.contains("url("), "the style fetches nothing");
    assert!(!page.contains("NaN"), "no number is missing in a plot");
}

#[test]
fn links_to_ledger_rows_lead_somewhere() {
    let page = report::html(&text().report().expect("a report"));
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{target}\"")), "#{target} is not on the page");
    }
}

#[test]
fn what_recovery_changed_is_a_deviation_and_curves_follow_the_last_attempt() {
    let report = text().report().expect("a report");
    let recovered = report.deviations.iter().find(|d| d.field == "recipe.lr").expect("a deviation");
    assert_eq!((recovered.stated.as_str(), recovered.used.as_str()), ("5e-5", "2.5e-5"));
    let rate = report.recipe.iter().find(|setting| setting.name == "learning rate").expect("a setting");
    let row = report.rows.iter().find(|row| row.ledger_row == rate.ledger_row).expect("its row");
    assert_eq!(rate.value, "2.5e-5", "what was run");
    assert!(row.what.contains("recover"), "by the row that says so: {}", row.what);
    let loss = report.curves.iter().find(|c| c.kind == CurveKind::TrainLoss).expect("a curve");
    assert!(loss.points.windows(2).all(|w| w[0][0] < w[1][0]), "one path, without the attempt that was given up");
    assert_eq!(loss.points.last().map(|p| p[0]), Some(2100.0));
    assert!(matches!(report.verdict, Verdict::Inconclusive { .. }));
}

/// Of Muon, which has a rate beside the one of its own: all that changed is told, and the recipe is the last attempt's.
#[test]
fn everything_that_recovery_changed_is_told() {
    let muon = |adamw_lr: f64| Optimizer::Muon {
        momentum: 0.95,
        nesterov: true,
        adamw_lr,
        beta1: 0.9,
        beta2: 0.95,
        eps: 1e-10,
        weight_decay: 0.0,
    };
    let adamw = Optimizer::Adamw { beta1: 0.9, beta2: 0.95, eps: 1e-10, weight_decay: 0.0 };
    let changed = |changes: &[Change]| {
        let mut experiment = text();
        for recipe in experiment.plan.runs.iter_mut().map(|run| &mut run.recipe).chain([&mut experiment.plan.spec.recipe]) {
            (recipe.lr, recipe.optimizer) = (1.0, muon(1.5));
        }
        let at = experiment.ledger.iter().position(|entry| matches!(entry.record, Record::Recovery { .. })).expect("a recovery");
        let recovery = experiment.ledger.remove(at);
        for (row, change) in (900..).zip(changes) {
            let mut entry = Entry { row, ..recovery.clone() };
            if let Record::Recovery { decision, .. } = &mut entry.record {
                *decision = Decided::Changed(change.clone());
            }
            experiment.ledger.push(entry);
        }
        let report = experiment.report().expect("a report");
        let of = |name: &str| {
            let setting = report.recipe.iter().find(|setting| setting.name == name).expect("a setting");
            (setting.value.clone(), setting.ledger_row)
        };
        let by_recovery = report.deviations.iter().filter(|told| told.reason.starts_with("recovery of seed-0"));
        let told: Vec<_> = by_recovery.map(|told| format!("{} {} -> {}", told.field, told.stated, told.used)).collect();
        (told, of("learning rate"), of("optimizer"))
    };
    let lower = |from: f64, to: f64| Change::LowerLr { from, to };
    let (told, rate, optimizer) = changed(&[lower(1.0, 0.5), lower(0.5, 0.25)]);
    let expected = [
        "recipe.lr 1 -> 0.5",
        "recipe.schedule.warmup 127 steps -> 210 steps",
        "recipe.optimizer.adamw_lr 1.5 -> 0.75",
        "recipe.lr 0.5 -> 0.25",
        "recipe.optimizer.adamw_lr 0.75 -> 0.375",
    ];
    assert_eq!((told, rate), (expected.map(String::from).to_vec(), ("0.25".into(), 901)));
    assert!(optimizer.0.contains("AdamW at 0.375") && optimizer.1 == 901, "{optimizer:?}");

    let (told, rate, optimizer) = changed(&[Change::OtherOptimizer { from: muon(1.5), to: adamw }]);
    assert!(told[0] == "recipe.lr 1 -> 1.5" && told[1].starts_with("recipe.optimizer Muon"), "{told:?}");
    assert_eq!(told.len(), 2);
    assert_eq!((rate, optimizer.1), (("1.5".into(), 900), 900));
}

/// The file beside the weights makes the weights beside it, and says how it differs from what was planned.
#[test]
fn the_experiment_as_it_was_trained_has_what_recovery_changed() {
    let experiment = text();
    let trained = report::experiment_as_trained(&experiment.plan, "seed-0", &experiment.ledger);
    assert_eq!((experiment.plan.spec.recipe.lr, trained.recipe.lr), (5e-5, 2.5e-5));
    let told = trained.deviations.last().expect("a deviation");
    assert!(told.reason.starts_with("recovery of seed-0: "), "{told:?}");
    let lr = trained.deviations.iter().find(|told| told.field == "recipe.lr").expect("of the rate");
    assert_eq!((lr.stated.as_str(), lr.used.as_str()), ("5e-5", "2.5e-5"));
    let again = tallow::spec::parse(&tallow::spec::to_toml(&trained), "training.toml").expect("an experiment file");
    assert_eq!(again, trained);
    // Nothing was changed of what is none of its runs.
    assert_eq!(report::experiment_as_trained(&experiment.plan, "seed-9", &experiment.ledger), experiment.plan.spec);
    // Another cut of the step rounds otherwise.
    let mut halved = text();
    let at = halved.ledger.iter().position(|entry| matches!(entry.record, Record::Recovery { .. })).expect("a recovery");
    if let Record::Recovery { decision, .. } = &mut halved.ledger[at].record {
        let micro_batch_size = halved.plan.runs[0].micro_batch_size;
        *decision = Decided::Changed(Change::MicroBatch { from: micro_batch_size, to: micro_batch_size / 2 });
    }
    let trained = report::experiment_as_trained(&halved.plan, "seed-0", &halved.ledger);
    assert_eq!(trained.recipe.micro_batch_size, Some(halved.plan.runs[0].micro_batch_size / 2));
}

/// What was cut off took its time, and so did the trials of a search.
#[test]
fn whatever_was_run_is_in_the_sum() {
    let mut experiment = text();
    let result = serde_json::json!({ "failed": "it diverged", "secs": 50.0, "kept": false });
    let trial = serde_json::json!({ "kind": "tried", "number": 1, "reason": "the first plan", "result": result });
    let started = Record::AttemptStarted { run: "prepare".into(), attempt: 9, job: tallow::job::JobKind::Prepare };
    let cut_off = Record::CutOff { run: "prepare".into(), attempt: 9, secs: 100.0 };
    for (row, record) in (900..).zip([started, cut_off, serde_json::from_value(trial).expect("a trial")]) {
        experiment.ledger.push(Entry { row, before: None, at: "2026-11-23T11:00:00Z".into(), record });
    }
    let page = report::markdown(&experiment.report().expect("a report"));
    let line = page.lines().find(|line| line.starts_with("All attempts together")).expect("a sum");
    let words = "All attempts together, preparation, scoring and the trials of the search included: 46 min 8 s";
    assert!(line.starts_with(words) && line.ends_with(", 901, 902]."), "{line}");
    let row = page.lines().find(|line| line.contains("prepare / 9")).expect("an attempt");
    assert!(row.contains("cut off: the process that had started it ended") && row.contains("1 min 40 s [901]"), "{row}");
}

#[test]
fn hostile_text_stays_text() {
    let mut experiment = text();
    let evil = "</style></title><script>alert('x')</script><img src=http://evil.example/a.png onerror=\"x()\">";
    let claim = experiment.plan.spec.claim.as_mut().expect("a claim");
    claim.quote = Some(evil.into());
    claim.source = evil.into();
    experiment.plan.spec.title = evil.into();
    experiment.plan.deviations[0].reason = format!("{evil} | x |\n\n# not a heading");
    for entry in &mut experiment.ledger {
        if let Record::Told { told: Event::Prepared(split), .. } = &mut entry.record {
            split.labels[0] = evil.into();
        }
        if let Record::Told { told: Event::Jailed { layers, .. }, .. } = &mut entry.record {
            layers.insert(evil.into(), evil.into());
        }
    }
    let report = experiment.report().expect("a report");
    let page = report::html(&report);
    check_html(&page);
    assert!(page.contains("&lt;script&gt;alert"), "it is shown");
    let markdown = report::markdown(&report);
    assert!(!markdown.contains("<script") && !markdown.contains("<img"), "{markdown}");
    assert!(!markdown.contains("\n# not"), "{markdown}");
    let card = tallow::publish::card(&experiment.plan, &report);
    assert_eq!(card.lines().filter(|line| *line == "---").count(), 2, "the front matter ends where it should");
}

/// What is broken, and what the check says.
fn broken(breaking: impl Fn(&mut Experiment)) -> String {
    let mut experiment = text();
    breaking(&mut experiment);
    let error = experiment.report().expect_err("the report must fail");
    error.to_string()
}

#[test]
fn no_number_without_a_source() {
    let experiment = text();
    let sources = Sources { ledger: &experiment.ledger, made: Some((&experiment.plan, &experiment.evaluation)) };
    let report = experiment.report().expect("a report");
    report::check(&report, &sources).expect("every number has its row");

    let fails = |change: &dyn Fn(&mut report::Report)| {
        let mut changed = report.clone();
        change(&mut changed);
        report::check(&changed, &sources).expect_err("the check must fail")
    };
    assert!(matches!(fails(&|r| r.scores.ours.value = 0.95), Error::NotInRow { .. }), "a number that nobody measured");
    assert!(matches!(fails(&|r| r.scores.ours.ledger_row = 1), Error::NotInRow { .. }), "a row that does not hold it");
    assert!(matches!(fails(&|r| r.scores.ours.ledger_row = 9999), Error::NoRow { .. }), "a row that is not there");
    assert!(matches!(fails(&|r| r.curves[0].ledger_row = 9999), Error::NoRow { .. }), "a curve from nowhere");
    assert!(matches!(fails(&|r| r.scores.ours.value = f64::NAN), Error::NotFinite { .. }), "not a number");
    assert!(matches!(
        fails(&|r| r.cost[0].tokens = r.cost[0].tokens.map(|mut t| {
            t.value += 1.0;
            t
        })),
        Error::NotInRow { .. }
    ));
}

#[test]
fn a_ledger_that_lacks_rows_or_disagrees_gives_no_report() {
    let without = |what: fn(&Record) -> bool| broken(|e| e.ledger.retain(|entry| !what(&entry.record)));
    let scored = |r: &Record| matches!(r, Record::Told { told: Event::Evaluated { .. }, .. });
    assert_eq!(without(scored), "the report needs the held-out score of seed-0, and the ledger has no row for it");
    assert!(without(|r| matches!(r, Record::Stage { stage: Stage::Eval, .. })).contains("the stage `eval`"));
    assert!(without(|r| matches!(r, Record::Created { .. })).contains("the making of the run folder"));
    let changed = broken(|e| e.evaluation.mean = 0.99);
    assert!(changed.contains("scores.ours") && changed.contains("does not hold it"), "{changed}");
    let changed = broken(|e| e.evaluation.runs[0].scores.values_mut().for_each(|v| *v = 0.99));
    assert!(changed.contains("does not hold it"), "{changed}");
}

#[test]
fn reports_survive_json() {
    for experiment in [text(), images()] {
        let report = experiment.report().expect("a report");
        let text = serde_json::to_string(&report).expect("JSON");
        assert_eq!(serde_json::from_str::<report::Report>(&text).expect("a report"), report);
    }
}

#[test]
fn the_terminal_page_has_colours_only_when_asked() {
    let report = text().report().expect("a report");
    assert!(!report::terminal(&report, Style::Plain, 80).contains('\u{1b}'));
    assert!(report::terminal(&report, Style::Color, 80).contains("\u{1b}[1;33mInconclusive"));
    let longest = report::terminal(&report, Style::Plain, 60).lines().map(|l| l.chars().count()).max();
    assert!(longest.is_some_and(|n| n <= 80), "{longest:?}");
}

mod bundle {
    use super::*;
    use std::fs;
    use tallow::publish::write_bundle;

    const TOKENIZER: &str = r#"{"added_tokens":[{"content":"[PAD]"},{"content":"[UNK]"},{"content":"[CLS]"},{"content":"[SEP]"}],
        "normalizer":{"type":"BertNormalizer","lowercase":true,"strip_accents":null,"handle_chinese_chars":true}}"#;

    /// A folder with weights and a tokenizer to make bundles of.
    fn inputs() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        let (weights, tokenizer) = (dir.path().join("w.safetensors"), dir.path().join("t.json"));
        fs::write(&weights, fixture::WEIGHTS).expect("written");
        fs::write(&tokenizer, TOKENIZER).expect("written");
        (dir, weights, tokenizer)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).expect("a folder").flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn json(path: &Path) -> serde_json::Value {
        serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
    }

    #[test]
    fn a_text_model_has_all_that_others_need() {
        let (dir, weights, tokenizer) = inputs();
        let (experiment, place) = (text(), dir.path().join("model"));
        let report = experiment.report().expect("a report");
        for _ in 0..2 {
            write_bundle(&place, &experiment.plan, &report, &weights, Some(&tokenizer)).expect("written, and written again");
        }
        let expected = [
            "README.md",
            "config.json",
            "metrics.json",
            "model.safetensors",
            "plots",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "training.toml",
        ];
        assert_eq!(names(&place), expected);
        assert_eq!(names(dir.path()), ["model", "t.json", "w.safetensors"], "nothing half-written is left");
        assert_eq!(fs::read(place.join("model.safetensors")).expect("weights"), fixture::WEIGHTS);
        let config = json(&place.join("config.json"));
        assert_eq!(config["id2label"], serde_json::json!({"0": "negative", "1": "positive"}), "the data's names, not LABEL_0");
        assert_eq!(json(&place.join("tokenizer_config.json"))["tokenizer_class"], "BertTokenizer");
        let metrics = json(&place.join("metrics.json"));
        assert_eq!(metrics["mean"].as_f64(), Some(report.scores.ours.value), "{metrics}");
        assert_eq!(metrics["runs"].as_array().map(Vec::len), Some(report.scores.runs.len()));
        for (name, _, svg) in tallow::report::plots(&report) {
            assert_eq!(fs::read_to_string(place.join("plots").join(name)).expect("a plot"), svg);
            assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.trim_end().ends_with("</svg>"), "{svg}");
        }
        let training = fs::read_to_string(place.join("training.toml")).expect("the experiment");
        let again = tallow::spec::parse(&training, "training.toml").expect("an experiment file");
        assert_eq!(again, experiment.plan.spec, "the file beside the weights is the experiment");
    }

    #[test]
    fn an_image_model_says_how_pixels_are_normalised() {
        let (dir, weights, _) = inputs();
        let (experiment, place) = (images(), dir.path().join("model"));
        write_bundle(&place, &experiment.plan, &experiment.report().expect("a report"), &weights, None).expect("written");
        assert_eq!(json(&place.join("preprocessor_config.json"))["image_mean"], serde_json::json!([0.485, 0.456, 0.406]));
        assert!(!place.join("tokenizer.json").exists());
        let card = fs::read_to_string(place.join("README.md")).expect("a card");
        assert!(!card.contains("\nlicense:") && card.contains("whoever publishes it chooses"), "{card}");
    }

    #[test]
    fn other_weights_are_refused_and_nothing_changes() {
        let (dir, weights, tokenizer) = inputs();
        let (experiment, place) = (text(), dir.path().join("model"));
        let report = experiment.report().expect("a report");
        write_bundle(&place, &experiment.plan, &report, &weights, Some(&tokenizer)).expect("written");
        fs::write(&weights, b"others").expect("written");
        let error = write_bundle(&place, &experiment.plan, &report, &weights, Some(&tokenizer)).expect_err("other weights");
        assert!(matches!(error, tallow::publish::Error::Changed { .. }), "{error}");
        assert_eq!(fs::read(place.join("model.safetensors")).expect("weights"), fixture::WEIGHTS);
        fs::remove_file(&tokenizer).expect("removed");
        fs::write(&weights, fixture::WEIGHTS).expect("written");
        write_bundle(&place, &experiment.plan, &report, &weights, Some(&tokenizer)).expect_err("no tokenizer");
        assert_eq!(names(dir.path()), ["model", "w.safetensors"]);
    }

    #[test]
    fn cards_are_as_committed_and_licences_are_never_guessed() {
        let mut experiment = text();
        let card = |experiment: &Experiment| tallow::publish::card(&experiment.plan, &experiment.report().expect("a report"));
        let whole = card(&experiment);
        let front = whole.split("---\n").nth(1).expect("front matter");
        golden("card.yaml", front);
        let mut licensed = |license: Option<&str>, expected: Option<&str>| {
            experiment.plan.facts.model.license = license.map(str::to_string);
            let card = card(&experiment);
            let found = card.lines().find(|line| line.starts_with("license:")).map(str::to_string);
            assert_eq!(found.as_deref(), expected, "{license:?}");
            card
        };
        licensed(Some("Apache-2.0"), Some("license: apache-2.0"));
        licensed(Some("mit-ish"), Some("license: other"));
        licensed(Some("apache"), Some("license: other"));
        assert!(licensed(None, None).contains("unknown is not permission"));
        licensed(Some("  "), None);
        let terms = tallow::plan::OwnTerms { name: Some("own-research".into()), link: Some("LICENSE".into()) };
        (experiment.plan.facts.model.license, experiment.plan.facts.model.terms) = (Some("other".into()), Some(terms));
        let card = card(&experiment);
        let told = "license: other\nlicense_name: \"own-research\"\nlicense_link: \"https://huggingface.co/";
        assert!(card.contains(told) && card.contains("/blob/main/LICENSE\""), "{card}");
        assert!(card.contains("licence other (own-research, LICENSE)"), "{card}");
    }

    /// The end of a text is not drawn, and a folder is nobody's repository, whatever it looks like.
    #[test]
    fn cards_say_which_part_was_cut_off_and_name_no_folder_as_a_base() {
        let mut experiment = text();
        let card = |experiment: &Experiment| tallow::publish::card(&experiment.plan, &experiment.report().expect("a report"));
        assert!(card(&experiment).contains("\nbase_model: \"sentence-transformers/all-MiniLM-L6-v2\""));
        experiment.plan.facts.model.is_local = true;
        let local = card(&experiment);
        assert!(!local.contains("base_model:") && local.contains("--set model.id=MODEL"), "{local}");
        experiment.plan.spec.data.held_out_frac = Some(0.1);
        assert!(card(&experiment).contains("cut off from `train`, drawn at random"));
        let train = experiment.plan.facts.data.splits.iter_mut().find(|split| split.name == "train").expect("a split");
        (train.examples, train.tokens) = (1, Some(67_349));
        let of_text = card(&experiment);
        assert!(of_text.contains("cut off from `train`, its end") && !of_text.contains("at random"), "{of_text}");
        assert!(of_text.contains("measured on 10 % of the split `train`, its end, cut off from it"), "{of_text}");
    }

    /// What somebody called a licence or a column is text on the page that is published, and no markup of it.
    #[test]
    fn names_from_outside_are_no_markup_of_a_card() {
        let mut experiment = text();
        let terms = tallow::plan::OwnTerms { name: Some("<img src=x>".into()), link: None };
        (experiment.plan.facts.model.license, experiment.plan.facts.model.terms) = (Some("other".into()), Some(terms));
        experiment.plan.spec.data.held_out_frac = Some(0.2);
        experiment.plan.spec.data.held_out_by = tallow::spec::HeldOutBy::Time { column: "a` <img src=y> `b".into(), from: None };
        let card = tallow::publish::card(&experiment.plan, &experiment.report().expect("a report"));
        let (_, own) = card.split_once("## Limits").expect("limits");
        assert!(own.contains("licence other (&lt;img src=x&gt;)") && own.contains("&lt;img src=y&gt;"), "{own}");
        assert!(!own.contains("<img"), "{own}");
    }

    /// A library stretches positions where it is told so alone.
    #[test]
    fn cards_say_how_images_of_another_size_are_given() {
        let mut experiment = images();
        let vit = r#"{"model_type": "vit", "image_size": 32, "patch_size": 8, "hidden_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "intermediate_size": 32, "num_labels": 10}"#;
        let config = tallow_zoo::ModelConfig::from_public(vit).expect("a config");
        experiment.plan.facts.model.config = config.clone();
        experiment.plan.runs.iter_mut().for_each(|run| run.model = config.clone());
        let card = |experiment: &Experiment| tallow::publish::card(&experiment.plan, &experiment.report().expect("a report"));
        assert!(!card(&experiment).contains("interpolate_pos_encoding"));
        experiment.plan.facts.data.image_shape = Some([32, 40, 3]);
        let told = "model(**processor(images=image, return_tensors=\"pt\"), interpolate_pos_encoding=True)";
        assert!(card(&experiment).contains(told));
    }

    /// A part that was cut off is no split of the data set's own, and a ResNet with our stem no model of another library.
    #[test]
    fn cards_claim_no_split_and_no_library_that_there_is_not() {
        let mut experiment = text();
        let card = |experiment: &Experiment| tallow::publish::card(&experiment.plan, &experiment.report().expect("a report"));
        experiment.plan.spec.data.held_out_frac = Some(0.2);
        let cut_off = card(&experiment);
        assert!(!cut_off.contains("split: \"") && cut_off.contains("held-out examples, cut off from `"), "{cut_off}");
        assert!(
            cut_off.contains("measured on 20 % of the split `train`, drawn at random, of each class its share, cut off from it"),
            "{cut_off}"
        );
        experiment.plan.spec.data.held_out_by = tallow::spec::HeldOutBy::Time { column: "date".into(), from: None };
        let latest = card(&experiment);
        assert!(latest.contains("measured on 20 % of the split `train`, the latest by `date`, cut off from it"), "{latest}");
        assert!(latest.contains("held-out examples, cut off from `train`, the latest by `date`"), "{latest}");
        assert!(!latest.contains("language:") && !latest.contains("Languages:"), "{latest}");
        experiment.plan.facts.data.languages = vec!["en".into(), "no".into()];
        let spoken = card(&experiment);
        assert!(spoken.contains("\nlanguage:\n- \"en\"\n- \"no\"\n"), "{spoken}");
        assert!(spoken.contains("- Languages: `en`, `no`, as the data set's own card states them"), "{spoken}");
        let stem = r#"{"model_type": "resnet", "num_channels": 3, "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1],
            "layer_type": "basic", "stem_type": "cifar", "id2label": {"0": "a", "1": "b"}}"#;
        let public = stem.replace("cifar", "imagenet");
        for (config, is_public) in [(stem, false), (public.as_str(), true)] {
            experiment.plan.spec.task = tallow::spec::Task::ImageClassification;
            experiment.plan.facts.model.config = tallow_zoo::ModelConfig::from_public(config).expect("a config");
            let card = card(&experiment);
            assert_eq!(card.contains("library_name: transformers"), is_public, "{card}");
            assert_eq!(card.contains("from transformers import"), is_public, "{card}");
            assert_eq!(card.contains("other libraries load"), is_public, "{card}");
        }
    }
}
