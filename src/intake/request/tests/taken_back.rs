//! What somebody takes back, and what is to be as it was before, each beside a neighbour that means something else.

use super::*;

#[test]
fn columns_stay_in_where_that_is_said() {
    let exclude = |text: &str| parse(text).perhaps_columns().exclude;
    let mail = "Go ahead, and keep the redshift in this time. objid must stay out.\n\n> On Monday Jonas wrote:\n> Shall I train an MLP on g.csv, without redshift?";
    assert_eq!(exclude(mail), ["objid"]);
    assert!(!parse(mail).not_understood.iter().any(|words| words.contains("Jonas")), "who wrote it is quoted as well");
    assert_eq!(parse("MLP on g.csv, 3 epochs.\n\nThanks, Marta").not_understood, Vec::<String>::new());
    let signed = "Hi all,\n\nMLP on g.csv, 3 epochs. The id is odd, so don't use it.\n\nThanks,\nMarta\n-- \nMarta Lind | Desk 4 | Tel. +46 8 555 123 45";
    let left = parse(signed).not_understood;
    assert!(!left.iter().any(|words| ["Marta", "Tel", "46", "Desk", "Thanks"].iter().any(|own| words.contains(own))), "{left:?}");
    // What another says below it is read.
    assert_eq!(parse("MLP on g.csv, 3 epochs\n--\n> lr 1e-4").lr, Some(1e-4));
    let again = parse("MLP on g.csv without redshift. No wait, keep the redshift in.");
    assert!(again.refused.is_empty() && !again.perhaps_columns().exclude.contains(&"redshift".to_string()), "{again:?}");
    assert_eq!(again.kept_columns(), ["redshift"]);
    let explicit = parse("MLP on g.csv without the redshift column. On second thought, put redshift back in.");
    assert_eq!(explicit.exclude, Vec::<String>::new(), "{explicit:?}");
    for text in [
        "MLP on g.csv without redshift, keep the rows in order",
        "MLP on g.csv without redshift, don't keep the redshift in",
        "MLP on g.csv without redshift, keep the best model in a folder",
    ] {
        assert!(exclude(text).contains(&"redshift".to_string()), "{text}");
    }
    assert!(exclude("MLP on g.csv using only u, g and r, not the redshift").contains(&"redshift".to_string()));
    assert!(!exclude("MLP on g.csv, predict price, not the area").contains(&"area".to_string()));
}

#[test]
fn what_stands_behind_scratch_that_holds() {
    let read = |text: &str| {
        let r = parse(text);
        (r.epochs, r.lr, r.refused.len())
    };
    let text = "Train MiniLM on r.csv for 5 epochs at 5e-5. Actually scratch that, 5e-5 was too hot - use 2e-5 - and we only have time for two epochs.";
    assert_eq!(read(text), (Some(2.0), Some(2e-5), 0));
    assert_eq!(
        read("MiniLM on r.csv for 5 epochs, lr 1e-3. Scratch that! We have time for 2 epochs"),
        (Some(2.0), Some(1e-3), 0)
    );
    // Nothing stands in the place of anything.
    assert_eq!(read("MiniLM on r.csv, early stopping. Scratch that. 3 epochs").2, 1);
    assert_eq!(read("Train GPT from scratch. That is for n.txt, 3 epochs"), (Some(3.0), None, 0));
}

#[test]
fn what_was_before_is_taken() {
    let text = "We trained on l.csv last quarter with 100 epochs and lr 0.01 and got 0.71 AUC. This time: 60 epochs, same learning rate, y is the target";
    let r = parse(text);
    assert_eq!((r.epochs, r.lr), (Some(60.0), Some(0.01)), "{r:?}");
}

#[test]
fn a_name_from_its_id_is_a_model() {
    let r = parse("SmolLM2-135M-Instruct from HuggingFaceTB/SmolLM2-135M-Instruct-GGUF, SFT on chats.jsonl, 1 epoch");
    assert_eq!(r.model, Some(ModelName::At { id: "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF".into() }));
    assert_eq!(r.data, Some(DataName::Local { path: "chats.jsonl".into() }));
    let r = parse("fine-tune SmolLM2-135M on texts from HuggingFaceTB/smoltalk");
    assert_eq!(r.data, Some(DataName::Hub { id: "HuggingFaceTB/smoltalk".into(), config: None }));
}

#[test]
fn of_several_measures_the_first_is_the_verdicts() {
    let read = |text: &str| {
        let r = parse(text);
        (r.metric, r.further_metrics)
    };
    assert_eq!(read("MLP on h.csv, report RMSE and R2"), (Some(Metric::Rmse), vec![Metric::R2]));
    assert_eq!(read("MLP on h.csv, report R2, MAE and RMSE"), (Some(Metric::R2), vec![Metric::Mae, Metric::Rmse]));
    assert_eq!(read("MLP on h.csv, report RMSE and R2, maximise R2"), (Some(Metric::R2), vec![Metric::Rmse]));
    assert_eq!(read("MLP on h.csv, RMSE, and R2 of at least 0.5"), (Some(Metric::R2), vec![Metric::Rmse]));
    assert_eq!(read("MLP on h.csv, not RMSE but R2"), (Some(Metric::R2), vec![]));
    assert_eq!(read("MLP on h.csv, report the R2"), (Some(Metric::R2), vec![]));
    let (f1, precision) = (Some(Metric::EntityF1), vec![Metric::EntityPrecision]);
    assert_eq!(read("NER on n.jsonl, report: entity F1 and entity precision"), (f1, precision.clone()));
    assert_eq!(read("MiniLM on n.jsonl, report entity F1 and entity-level precision"), (f1, precision.clone()));
    assert_eq!(read("NER on n.jsonl, report entity F1 and precision"), (f1, precision));
}
