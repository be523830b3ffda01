//! Which number belongs to what, and what is none of it.

use super::*;

#[test]
fn each_setting_of_a_list_has_the_value_behind_it() {
    let r = parse("MiniLM on tweets.csv, lr 0.00002 bs 16 epochs 3");
    assert_eq!((r.lr, r.batch_size, r.epochs, is_clear(&r)), (Some(2e-5), Some(16), Some(3.0), true), "{r:?}");
    let r = parse("MiniLM on tweets.csv bs=16 epochs=3");
    assert_eq!((r.batch_size, r.epochs, is_clear(&r)), (Some(16), Some(3.0), true), "{r:?}");
    let r = parse("MiniLM on tweets.csv, seed 7 epochs 3");
    assert_eq!((r.seeds.as_slice(), r.epochs, is_clear(&r)), (&[7][..], Some(3.0), true), "{r:?}");
    let r = parse("GPT on novel.txt, layers 4 heads 4 hidden size 128 steps 300");
    let size = ModelSize { layers: Some(4), heads: Some(4), hidden: Some(128), ..ModelSize::default() };
    assert_eq!((r.size, r.steps, is_clear(&r)), (size, Some(300), true), "{r:?}");
    let r = parse("MiniLM on tweets.csv, warmup 10 steps 200");
    assert_eq!((r.warmup, r.steps, is_clear(&r)), (Some(Warmup::Steps(10)), Some(200), true), "{r:?}");
}

#[test]
fn parts_of_times() {
    for (text, secs) in [
        ("in a quarter of an hour", 900),
        ("in three quarters of an hour", 2700),
        ("two thirds of an hour", 2400),
        ("half an hour", 1800),
        ("a half hour", 1800),
        ("within half a day", 43_200),
        ("2 1/2 hours", 9000),
        ("two and a half hours", 9000),
        ("1h30", 5400),
        ("with a limit of an hour", 3600),
    ] {
        let r = parse(&format!("MiniLM on tweets.csv, {text}"));
        assert_eq!((r.max_time_secs, r.refused.len()), (Some(secs), 0), "{text}: {r:?}");
    }
    let r = parse("MiniLM on tweets.csv in a fraction of an hour");
    assert_eq!((r.max_time_secs, r.not_understood.len()), (None, 2), "{r:?}");
}

#[test]
fn words_of_english_are_no_slips() {
    for text in [
        "predict is_fraud for a bank transaction, fraud.csv",
        "MiniLM on tweets.csv, whatever the person says",
        "MiniLM on tweets of several persons in tweets.csv",
        "tweets.csv with MiniLM, wall time matters",
        "find matches in tweets.csv",
        "NER of persons in tags.jsonl with MiniLM",
    ] {
        let r = parse(text);
        assert_eq!((&r.read_as, r.pair.is_none(), r.metric), (&None, true, None), "{text}: {r:?}");
    }
}

#[test]
fn limits_of_memory_disk_money_and_attempts() {
    let of = |text: &str| {
        let r = parse(&format!("MiniLM on tweets.csv, {text}"));
        assert!(is_clear(&r), "{text}: {r:?}");
        (r.max_memory_bytes, r.max_disk_bytes, r.max_attempts, r.max_usd)
    };
    assert_eq!(of("keep the memory under 2 GB"), (Some(2_000_000_000), None, None, None));
    let all = (Some(1_000_000_000), Some(500_000_000), Some(3), None);
    assert_eq!(of("at most 1 GB of RAM and 500MB of disk, max 3 attempts"), all);
    for text in ["spend no more than 2 dollars", "at most $2", "it may cost at most 2 USD", "a budget of $2"] {
        assert_eq!(of(text), (None, None, None, Some(2.0)), "{text}");
    }
    assert_eq!(of("memory limit: 512MiB"), (Some(512 << 20), None, None, None));
    assert_eq!(parse("MiniLM on tweets.csv, a budget of 2 hours").max_usd, None);
    let r = parse("MiniLM on tweets.csv with at most $2 and 3 attempts");
    assert_eq!(r.budget(), [("budget.max_attempts".to_string(), "3".to_string()), ("budget.max_usd".into(), "2.0".into())]);
}

#[test]
fn an_end_of_the_data_is_no_random_part() {
    let of = |text: &str| {
        let r = parse(&format!("predict units from sales.csv, {text}"));
        (r.tested, r.tested_at)
    };
    let fifth = Some(AskedPart::Share(0.2));
    assert_eq!(of("use the last 20% of the rows as test set"), (fifth, Some(Edge::End)));
    assert_eq!(of("hold out the first 20% for testing"), (fifth, Some(Edge::Start)));
    assert_eq!(of("keep the most recent 20% for the test"), (fifth, Some(Edge::Latest)));
    assert_eq!(of("test on the latest 20%"), (fifth, Some(Edge::Latest)));
    assert_eq!(of("train on the first 80% and test on the last 20%"), (fifth, Some(Edge::End)));
    assert_eq!(of("hold out 20% for testing"), (fifth, None));
    assert!(parse("forecast the units sold in sales.csv").forecasts && !parse("predict units in sales.csv").forecasts);
}

#[test]
fn rows_are_put_in_order_before_they_are_parted() {
    let of = |text: &str| {
        let r = parse(&format!("predict units from sales.csv, {text}"));
        (r.ordered_by.clone(), r.tested, r.not_understood)
    };
    let by = |column: &str| Some(AskedOrder::By(column.into()));
    let fifth = Some(AskedPart::Share(0.2));
    for (text, order, part) in [
        ("split by date", by("date"), None),
        ("split the data by the column created_at", by("created_at"), None),
        ("split chronologically", Some(AskedOrder::Time), None),
        ("with a chronological split", Some(AskedOrder::Time), None),
        ("use a time-based split by week_of", by("week_of"), None),
        ("with a temporal train/test split", Some(AskedOrder::Time), None),
        ("train on the past and test on the latest", Some(AskedOrder::Time), None),
        ("train on older data and test on the most recent rows", Some(AskedOrder::Time), None),
        ("test on the latest rows", Some(AskedOrder::Time), None),
        ("hold out the latest 20% by date", by("date"), fifth),
        ("an 80/20 split by date", by("date"), fifth),
        ("an 80/20 chronological split", Some(AskedOrder::Time), fifth),
        ("a chronological 80/20 split by date", by("date"), fifth),
        ("hold out 20% for testing, in chronological order", Some(AskedOrder::Time), fifth),
        ("train on the past and test on the latest 20%", None, fifth),
    ] {
        assert_eq!(of(text), (order, part, vec![]), "{text}");
    }
    for text in ["hold out 20% for testing", "test on the last month", "predict the class by colour"] {
        assert_eq!(of(text).0, None, "{text}");
    }
    let negated = parse("predict units from sales.csv, do not split by date");
    assert!(negated.ordered_by.is_none() && !negated.not_understood.is_empty(), "{negated:?}");
}

#[test]
fn one_of_two_is_not_chosen() {
    for text in [
        "which of these two models is better on tweets.csv: MiniLM or DistilBERT",
        "either MiniLM or BERT-tiny on tweets.csv",
        "MiniLM on tweets.csv, no wait, something else",
        "MiniLM on tweets.csv, batch size 16 or 32",
        "resnet-20 on CIFAR-10 with and without augmentation",
    ] {
        assert_eq!(parse(text).refused.len(), 1, "{text}: {:?}", parse(text));
    }
    let r = parse("MiniLM on tweets.csv, lr 20e-6, 1e3 steps");
    assert_eq!((r.lr, r.steps, is_clear(&r)), (Some(20e-6), Some(1000), true), "{r:?}");
    let r = parse("MiniLM on tweets.csv, reach an accuracy of 0.9 or 30 minutes");
    assert_eq!((r.target, r.refused.len()), (Some(0.9), 0), "{r:?}");
}

#[test]
fn what_is_to_be_left_out_is_not_what_is_trained_on() {
    let told = |text: &str| parse(&format!("MiniLM on tweets.csv, {text}")).not_understood;
    let r = parse("MiniLM on tweets.csv, skip the first 100 rows");
    assert_eq!((r.max_examples, r.not_understood.is_empty()), (None, false), "{r:?}");
    assert_eq!(told("use less data"), ["use less data"]);
    assert_eq!(told("train on the test set"), ["train on the test set"]);
}

#[test]
fn small_numbers_in_words_and_other_orders() {
    let of = |text: &str| parse(&format!("MiniLM on tweets.csv with LoRA, {text}"));
    assert_eq!(of("5 different random seeds").seeds, [0, 1, 2, 3, 4]);
    assert_eq!(of("early stopping, patience of five").patience, Some(5));
    assert_eq!(of("batch size of thirty-two, 3 epochs").batch_size, Some(32));
    assert_eq!(of("64 per batch").batch_size, Some(64));
    assert_eq!(of("rank sixteen").adapter.and_then(|adapter| adapter.rank), Some(16));
    let signed = parse("MiniLM on https://x.org/tweets.csv?sig=ab12");
    assert_eq!(signed.data, Some(DataName::Url { url: "https://x.org/tweets.csv?sig=ab12".into() }));
    let mail = parse("Hi, please train MiniLM on tweets.csv. Thanks");
    assert!(is_clear(&mail), "{mail:?}");
}

#[test]
fn deeds_that_are_no_training_are_refused() {
    for text in [
        "evaluate MiniLM on tweets.csv",
        "only evaluate MiniLM on tweets.csv, do not train",
        "continue training the model from yesterday on tweets.csv",
        "zero-shot classification of tweets.csv",
        "5-fold cross-validation of MiniLM on tweets.csv",
        "MiniLM on tweets.csv, leave-one-author-out",
        "an ensemble of three MiniLM models on tweets.csv",
    ] {
        assert!(!parse(text).refused.is_empty(), "{text}: {:?}", parse(text));
    }
    for text in [
        "train an object detector on photos/",
        "image captioning with ./photos",
        "segment the images in ./photos",
        "train a GAN on ./photos",
        "generate images like those of ./photos",
        "topic modelling of articles.csv",
    ] {
        let r = parse(text);
        assert_eq!(r.lacking.iter().map(|lacking| lacking.of).collect::<Vec<_>>(), [Lack::Task], "{text}: {r:?}");
    }
    for text in [
        "train MiniLM on tweets.csv and evaluate it on test.csv",
        "classify ./photos of segments",
        "detect spam in mails.csv",
        "classify papers.csv about reinforcement learning and clustering",
        "classify GAN-generated faces in ./faces",
        "I mean to train MiniLM on tweets.csv",
        "resume screening in cvs.csv with MiniLM",
        "fine-tune BERT on SST-2 and evaluate every epoch",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().all(|refused| refused.expected.contains("data set")) && r.lacking.is_empty(), "{text}: {r:?}");
    }
}

#[test]
fn where_a_model_goes_is_no_model() {
    let r = parse("fine-tune MiniLM on tweets.csv, then push it to the Hub as me/tweet-sentiment");
    assert_eq!((r.model, r.not_understood), (called("minilm"), vec!["push it to the Hub as me/tweet-sentiment".to_string()]));
}

#[test]
fn a_label_ends_with_its_sentence() {
    assert_eq!(parse("customers.csv: predict churned. The classes are very imbalanced").label.as_deref(), Some("churned"));
}

#[test]
fn words_that_may_be_columns() {
    let of = |text: &str| parse(text).perhaps_columns();
    for text in ["classify tickets.csv by priority", "tickets.csv -> priority", "klassifiziere tickets.csv nach priority"] {
        assert_eq!(of(text).label, ["priority"], "{text}");
    }
    assert_eq!(of("detect fraud in fraud.csv").label, ["fraud"]);
    let r = of("houses.csv, predict price from area, rooms and district");
    assert_eq!(r.input, ["area", "rooms", "district"]);
    assert_eq!(of("houses.csv: predict price using everything except year").exclude, ["year"]);
    for text in ["predict queue from subject and body of tickets.csv", "classify the subject and body by queue in tickets.csv"] {
        assert_eq!(of(text).input, ["subject", "body"], "{text}");
    }
    assert_eq!(of("classify the subject and the body by queue in tickets.csv").label, ["queue"]);
}

#[test]
fn numbers_and_limits_of_other_languages() {
    for (text, epochs, secs) in [
        ("Trainiere MiniLM auf tweets.csv mit drei Epochen", Some(3.0), None),
        ("Trainiere MiniLM auf tweets.csv, höchstens zehn Minuten", None, Some(600)),
        ("Trainiere MiniLM auf tweets.csv in einer Viertelstunde", None, Some(900)),
        ("Treine MiniLM com tweets.csv por três épocas, no máximo meia hora", Some(3.0), Some(1800)),
        ("Entraîne MiniLM sur tweets.csv en un quart d'heure", None, Some(900)),
        ("Entrena MiniLM con tweets.csv en menos de media hora", None, Some(1800)),
        ("Addestra MiniLM su tweets.csv al massimo mezz'ora", None, Some(1800)),
    ] {
        let r = parse(text);
        assert_eq!((r.epochs, r.max_time_secs, is_clear(&r)), (epochs, secs, true), "{text}: {r:?}");
    }
    assert_eq!(parse("Trainiere MiniLM auf tweets.csv, Stapelgröße 16").batch_size, Some(16));
}
