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
