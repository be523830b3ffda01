//! What there is of time and money: what is planned for it, and what is told where it is too little.

use super::*;

/// A split that is for training is not watched, however it is called; one that is watched takes its part of the time.
#[test]
fn what_is_watched_is_kept_for_that_and_paid_for() {
    let of = |names: &[&str]| {
        let data = texts(names.iter().map(|name| split(name, 9000, true)).collect());
        first(&request("bert on ./mine for 1 epoch"), &Wishes::default(), &data).data
    };
    let parts = of(&["test", "train.100", "train.360", "validation"]);
    assert_eq!((parts.train.as_str(), parts.held_out.as_str()), ("train.100", "test"));
    assert_eq!(parts.monitor, Monitor::Split { name: "validation".into() });
    let kinds = of(&["train_sft", "test_sft", "train_gen", "test_gen"]);
    assert_eq!((kinds.train.as_str(), kinds.held_out.as_str()), ("train_sft", "test_sft"));
    assert_eq!(kinds.monitor, Monitor::HoldOut { examples: 100 });

    // An epoch takes about eight of the fourteen minutes that training may take; a pass over so many others twelve of twenty.
    let taken = |watched: usize| {
        let data = texts(vec![split("train", 67_349, true), split("validation", watched, true), split("test", 872, true)]);
        first(&request("MiniLM-L6 on my.csv, 9 epochs, 20 minutes"), &Wishes::default(), &data).data.max_train_examples
    };
    assert_eq!(taken(872), None, "an epoch fits");
    assert!(taken(300_000).is_some_and(|examples| examples < 67_349), "{:?}", taken(300_000));
}

/// What the money buys is planned for; what was asked of the time stays as it was asked.
#[test]
fn money_limits_the_time_that_is_planned_for() {
    let of = |text: &str, max_time_secs: Option<u64>, affordable_secs: u64| {
        let wishes = Wishes { max_time_secs, affordable_secs: Some(affordable_secs), ..Wishes::default() };
        first(&request(text), &wishes, &glue())
    };
    let told = "time: planned for 12 min, which is what `budget.max_usd` pays for of this machine";
    let cut = of("MiniLM-L6 on SST-2, 100 epochs", None, 720);
    assert!(why(&cut, "recipe.length").contains("the time that may be paid for of 12 min"), "{:?}", cut.deviations);
    assert!(cut.budget.max_time_secs.is_none() && assumes(&cut, told), "{:?}", cut.assumptions);
    let both = of("MiniLM-L6 on SST-2", Some(7200), 720);
    assert!(both.budget.max_time_secs == Some(7200) && assumes(&both, told), "{:?}", both.assumptions);
    let rich = of("MiniLM-L6 on SST-2, 3 epochs", None, 1_000_000);
    assert!(!says(&rich, "recipe.length") && !assumes(&rich, "budget.max_usd"), "{:?}", rich.assumptions);
}

#[test]
fn too_little_money_is_told_as_money() {
    let (goal, data) = (request("BERT on SST-2"), glue());
    let wishes = Wishes { affordable_secs: Some(30), ..Wishes::default() };
    let machine = HostFacts { usd_per_hour: Some(36.0), ..host(1.0) };
    let offer = Offer { data: &data, model: None, host: &machine, absent: &[], at_hand: &[] };
    let error = RulePlanner.experiments(&goal, &wishes, &choice(&goal, &wishes), &offer).expect_err("nothing fits");
    assert!(error.to_string().starts_with("30 s of this machine, which $0.3 pay for, are too little: BERT-tiny"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("`--max-usd ")), "{:?}", error.hint());
}

/// The time that is told to be enough is enough, also where other recipes are to be tried in it.
#[test]
fn what_is_told_to_be_needed_does() {
    let at = |secs: u64| {
        let wishes = Wishes { max_time_secs: Some(secs), trials: Some(8), ..Wishes::default() };
        proposals(&request("BERT on SST-2"), &wishes, &glue(), 1.0)
    };
    let error = at(30).expect_err("nothing fits");
    let PlannerError::Budget { max_secs, needed_secs, .. } = &error else { panic!("{error}") };
    assert_eq!(*max_secs, 30, "all that there is, not the first recipe's share");
    assert!(error.to_string().contains("preparing, scoring and further recipes included"), "{error}");
    let enough = (needed_secs * 1.5).ceil() as u64;
    assert!(error.hint().is_some_and(|hint| hint.contains(&format!("`--max-time {enough}s`"))), "{:?}", error.hint());
    assert!(at(enough).is_ok());
}
