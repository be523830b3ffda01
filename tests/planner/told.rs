//! What a plan tells of a request: what was found for it, what follows of it, and what does not.

use super::*;
use tallow::plan::{AtHand, TableFacts};
use tallow::spec::HeldOutBy;
use tallow_zoo::ModelConfig;

fn resnet_at_hand(id: &str, depth: usize, trained_on: &[&str]) -> AtHand {
    let config = json!({"model_type": "resnet_cifar", "depth": depth, "num_channels": 3, "width": 16});
    let facts = ModelFacts::from_scratch(ModelConfig::from_public(&config.to_string()).expect("a model"));
    AtHand { id: id.into(), facts, trained_on: trained_on.iter().map(|name| name.to_string()).collect() }
}

fn with_at_hand(text: &str, at_hand: &[AtHand]) -> Result<ExperimentSpec, String> {
    let (goal, wishes, data) = (request(text), Wishes::default(), cifar());
    let offer = Offer { data: &data, model: None, host: &host(200.0), absent: &[], at_hand };
    let found = RulePlanner.experiments(&goal, &wishes, &choice(&goal, &wishes), &offer);
    found.map(|mut all| all.remove(0)).map_err(|error| error.to_string())
}

/// Weights of the family and the data that were named are taken though nobody knows their id, and told.
#[test]
fn weights_that_lie_here_are_found() {
    let here = [resnet_at_hand("a/other", 20, &[]), resnet_at_hand("b/small", 20, &["uoft-cs/cifar10"])];
    for text in [
        "CIFAR-10, ResNet-20, pretrained, 2 epochs",
        "CIFAR-10, ResNet-20. Use pretrained weights if you have some and retrain only the last layer: 2 epochs",
        "a pretrained model on CIFAR-10, 2 epochs",
    ] {
        let spec = with_at_hand(text, &here).expect("planned");
        assert_eq!(id(&spec), "b/small", "{text}");
        assert!(assumes(&spec, "model: `b/small`, trained on `uoft-cs/cifar10`"), "{text}: {:?}", spec.assumptions);
        assert!(!says(&spec, "model"), "{text}: {:?}", spec.deviations);
        assert_eq!(spec.recipe.groups.iter().any(|group| group.frozen), text.contains("last layer"), "{text}");
    }
    // Of another data set they are those of the family all the same, and of no family they are none.
    assert_eq!(id(&with_at_hand("CIFAR-10, ResNet-20, pretrained, 2 epochs", &here[..1]).expect("planned")), "a/other");
    let none = with_at_hand("a pretrained model on CIFAR-10, 2 epochs", &here[..1]).expect("planned");
    assert_eq!(id(&none), "resnet_cifar");
    assert!(assumes(&none, "weights that lie here are those of `a/other`"), "{:?}", none.assumptions);
    // Nobody who wants none gets some.
    assert_eq!(id(&with_at_hand("CIFAR-10, ResNet-20, 2 epochs", &here).expect("planned")), "resnet_cifar");
    assert_eq!(id(&with_at_hand("CIFAR-10, ResNet-20 from scratch, 2 epochs", &here).expect("planned")), "resnet_cifar");
    // What cannot be had is refused with the id of what can.
    let refused = with_at_hand("CIFAR-10, pretrained ResNet-32, retrain only the last layer, 2 epochs", &here).expect_err("none");
    assert!(refused.contains("`a/other`, `b/small`"), "{refused}");
}

fn bugs(labels: &[&str]) -> DataFacts {
    let names = |all: &[&str]| all.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let columns = Columns { input: names(&["title", "body"]), labels: names(labels), ..Columns::default() };
    let splits = vec![split("train", 900, true)];
    DataFacts { task: Some(Task::TextMultiLabel), columns, labels: names(labels), ..texts(splits) }
}

/// All labels that were found for a request are those of its experiment, whichever was named first.
#[test]
fn several_labels_stay_several() {
    let labels = ["ui", "api", "docs"];
    for text in [
        "bugs.csv, multi-label: predict ui, api and docs from title and body, MiniLM, 6 epochs",
        "bugs.csv: title and body in, labels ui, api, docs (0/1 columns, several per bug). MiniLM, 6 epochs",
        "bugs.csv: title, body, then one 0/1 column per part (ui, api, docs). A bug may touch several parts. MiniLM, 6 epochs",
    ] {
        let spec = first(&request(text), &Wishes::default(), &bugs(&labels));
        assert_eq!(
            (spec.data.columns.label.as_deref(), spec.data.columns.labels.as_slice()),
            (None, &labels.map(String::from)[..])
        );
        assert_eq!(spec.not_understood, Vec::<String>::new(), "{text}");
    }
}

/// What is told as not understood asks for something, and nothing comes of it.
#[test]
fn what_is_followed_is_not_told() {
    let names = |all: &[&str]| all.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let columns =
        Columns { input: names(&["body"]), label: Some("team".into()), exclude: names(&["agent"]), ..Columns::default() };
    let mails = DataFacts {
        task: Some(Task::TextClassification),
        columns,
        labels: names(&["a", "b", "c"]),
        whose: names(&["body", "agent"]),
        ..texts(vec![split("train", 900, true)])
    };
    let left = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data).not_understood;
    let text = "Attached is the export of our helpdesk (mails.csv). Train something that routes new mails to the right team from body. \
                Report macro F1 rather than accuracy. The agent column is filled in later, so don't use it.";
    assert_eq!(left(text, &mails), Vec::<String>::new());
    assert_eq!(left("train a classifer on mails.csv, text is in bdoy, lable is taem, 2 epochs", &mails), Vec::<String>::new());
    let spec = first(&request("mails.csv, text is in bdoy, lable is taem, MiniLM"), &Wishes::default(), &mails);
    assert!(assumes(&spec, "`taem` is read as the column `team`"), "{:?}", spec.assumptions);
    // A word beside the column's name, or of another language, is a slip of none.
    let spec = first(&request("mails.csv, is it the right taem, label is team, read body, MiniLM"), &Wishes::default(), &mails);
    assert!(!assumes(&spec, "is read as the column"), "{:?}", spec.assumptions);
    // Beside each a wish that nothing comes of is told.
    let pooled = left("route mails with quantile pooling to the right team, mails.csv", &mails);
    assert!(pooled.iter().any(|words| words.contains("quantile pooling")), "{pooled:?}");
    assert!(!left("mails.csv, predict team, quantile loss rather than accuracy", &mails).is_empty());
    let numeric = vec![tallow_zoo::mlp::NumericColumn::of("temp", [Some(1.0), Some(2.0), None])];
    let left_out = names(&["casual", "row_id"]);
    let columns = Columns { input: names(&["temp"]), label: Some("count".into()), ..Columns::default() };
    let table = Some(TableFacts { numeric, left_out, ..TableFacts::default() });
    let rides = DataFacts {
        task: Some(Task::TabularRegression),
        columns,
        labels: vec![],
        table,
        mean_tokens: None,
        ..texts(vec![split("train", 900, true)])
    };
    for text in [
        "leave out casual (they add up to count), predict count in rides.csv",
        "rides.csv: predict count. casual adds up to count so leave it out, row_id is just a row number",
        "predict count in rides.csv. casual please left out.",
    ] {
        assert_eq!(left(text, &rides), Vec::<String>::new(), "{text}");
    }
    let spec =
        first(&request("rides.csv, predict count as classes. Actually no: do regression. MLP"), &Wishes::default(), &rides);
    assert_eq!((spec.task, spec.not_understood.len()), (Task::TabularRegression, 0), "{:?}", spec.not_understood);
    assert!(assumes(&spec, "`classes` was taken back"), "{:?}", spec.assumptions);
}

/// Lines that say how something is are true of the plan.
#[test]
fn what_is_assumed_is_so() {
    let text = "ResNet-20 on CIFAR-10, 2 epochs, lr 0.1 with cosine decay to 10% of it";
    let spec = first(&request(text), &Wishes::default(), &cifar());
    assert!(matches!(spec.recipe.schedule, Schedule::Cosine { min_lr_frac, .. } if (min_lr_frac - 0.1).abs() < 1e-9));
    assert!(assumes(&spec, "recipe.schedule.warmup: ") && !assumes(&spec, "to 0"), "{:?}", spec.assumptions);
    let spec = first(&request("Reproduce arXiv 1512.03385 on CIFAR-10 with ResNet-20, 2 epochs"), &Wishes::default(), &cifar());
    assert!(why(&spec, "request").contains("no paper is read") && why(&spec, "request").contains("tallow plan 1512.03385"));
    assert_eq!(spec.not_understood, Vec::<String>::new());
    let tags = ["O", "B-PER", "I-PER"].map(String::from).to_vec();
    let columns = Columns { input: vec!["tokens".into()], label: Some("tags".into()), ..Columns::default() };
    let names = DataFacts { task: Some(Task::TokenClassification), columns, labels: tags, ..glue() };
    for text in ["NER on n.jsonl, MiniLM, report entity F1 and entity precision", "MiniLM on n.jsonl, report F1 and precision"] {
        let spec = first(&request(text), &Wishes::default(), &names);
        assert_eq!(spec.metric, Metric::EntityF1, "{text}");
        assert!(assumes(&spec, "beside it the report has entity precision"), "{text}: {:?}", spec.assumptions);
        assert!(!says(&spec, "metric"), "{text}: {:?}", spec.deviations);
    }
}

/// A thing is called by the column that holds it.
#[test]
fn groups_are_found_by_what_holds_them() {
    let whose = ["question", "chapter_text", "plot_no", "answer"].map(str::to_string).to_vec();
    let columns =
        Columns { input: vec!["question".into(), "chapter_text".into()], label: Some("answer".into()), ..Columns::default() };
    let notes = DataFacts {
        task: Some(Task::QuestionAnswering),
        columns,
        whose,
        labels: vec![],
        ..texts(vec![split("train", 900, true)])
    };
    for (said, column) in [("chapter", "chapter_text"), ("chapter_text", "chapter_text"), ("plot", "plot_no")] {
        let text = format!(
            "question answering on notes.csv. Hold out 20% and make sure that the same {said} doesn't appear in both train and test"
        );
        let spec = first(&request(&text), &Wishes::default(), &notes);
        assert_eq!(spec.data.held_out_by, HeldOutBy::Group { column: column.into() }, "{text}: {:?}", spec.deviations);
        assert!(!says(&spec, "data.held_out") && spec.not_understood.is_empty(), "{text}: {:?}", spec.not_understood);
    }
}

/// What was asked for differs from nothing, and what is said of it is true of this data and this measure.
#[test]
fn lines_are_true_of_what_was_asked() {
    let lonely = texts(vec![split("train", 700, true)]);
    let text = "MiniLM on my.csv, 20% of the rows for testing, keep 70 rows for validation, 1 epoch";
    let asked = first(&request(text), &Wishes::default(), &lonely);
    assert!(assumes(&asked, "data.monitor: as was asked for, 70 training examples"), "{:?}", asked.assumptions);
    let columns = Columns { input: vec!["text".into()], ..Columns::default() };
    let train = SplitFacts { tokens: Some(400_000), ..split("train", 5, true) };
    let few = DataFacts {
        task: Some(Task::LanguageModelling),
        mean_tokens: Some(80_000.0),
        columns,
        labels: vec![],
        ..texts(vec![train])
    };
    let spec = first(&request("train a GPT on my.jsonl, 10% for testing, 15 minutes"), &Wishes::default(), &few);
    assert!(assumes(&spec, "1 of the 5 examples") && !assumes(&spec, "10 %"), "{:?}", spec.assumptions);
}

/// Words that the finished experiment follows are not told, and are where it does not.
#[test]
fn words_are_held_against_the_experiment() {
    let left = |text: &str, data: &DataFacts| first(&request(text), &Wishes::default(), data).not_understood;
    let text = "MiniLM on my.csv with one pass, three runs, seeds 1, 2 and 3, 1 epoch";
    let rows = texts(vec![split("train", 900, true)]);
    assert_eq!(left(text, &rows), [""; 0]);
    assert_eq!(left("MiniLM on my.csv, four runs, seeds 1, 2 and 3, 1 epoch", &rows), ["four runs"]);
}
