//! Lists and numbers in other shapes, and settings in other languages.

use super::*;

#[test]
fn seeds_and_runs_that_are_averaged() {
    for (text, seeds) in [
        ("seeds 3 5 8", &[3, 5, 8][..]),
        ("seeds: 11 12 13 14", &[11, 12, 13, 14]),
        ("random seeds 1 2", &[1, 2]),
        ("averaged over 4 runs", &[0, 1, 2, 3]),
        ("report the mean of 3 runs", &[0, 1, 2]),
        ("5 runs with different seeds", &[0, 1, 2, 3, 4]),
        ("repeat it three times with different seeds", &[0, 1, 2]),
        ("train it 3 times", &[0, 1, 2]),
        ("average over five independent runs", &[0, 1, 2, 3, 4]),
    ] {
        let r = parse(&format!("MiniLM on SST-2, lr 2e-5, {text}"));
        assert_eq!((r.seeds.as_slice(), r.lr), (seeds, Some(2e-5)), "{text}: {r:?}");
        assert!(is_clear(&r), "{text}: {r:?}");
    }
    for text in [
        "MiniLM auf SST-2 trainieren, Zufallsstarts 1, 2 und 3",
        "Entraîner MiniLM sur SST-2, graines 1, 2 et 3",
        "Entrena MiniLM con SST-2, semillas 1, 2 y 3",
    ] {
        assert_eq!(parse(text).seeds, [1, 2, 3], "{text}");
    }
    // Others are no seeds.
    assert!(parse("MiniLM on SST-2, hyperparameter search with 20 runs").seeds.is_empty());
    assert_eq!(parse("MiniLM on SST-2, seeds 1 2 epochs").seeds, [1]);
}

#[test]
fn a_rate_that_falls_in_signs() {
    for text in
        ["lr /10 at epochs 60 and 80", "lr / 10 at epochs 60 and 80", "lr x0.1 at epochs 60 and 80", "lr*0.1 at epochs 60, 80"]
    {
        let r = parse(&format!("ResNet-20 on CIFAR-10, SGD lr 0.1, 100 epochs, {text}"));
        let Some(ScheduleShape::Milestones { at, divisor, .. }) = &r.schedule else { panic!("{text}: {r:?}") };
        assert_eq!((at.as_slice(), *divisor), (&[60.0, 80.0][..], Some(10.0)), "{text}: {r:?}");
        assert_eq!((r.lr, r.epochs), (Some(0.1), Some(100.0)), "{text}: {r:?}");
        assert!(is_clear(&r), "{text}: {r:?}");
    }
}

#[test]
fn what_is_read_and_what_is_written_have_lengths() {
    for text in [
        "max input 400, max output 50",
        "max source length 400, max target length 50",
        "inputs of at most 400 tokens, outputs of up to 50 tokens",
        "max_input_length=400, max_new_tokens=50",
    ] {
        let r = parse(&format!("t5-small on x.jsonl, summarise body, {text}, 2 epochs"));
        assert_eq!((r.max_seq_len, r.max_target_len, r.epochs), (Some(400), Some(50), Some(2.0)), "{text}: {r:?}");
    }
    let r = parse("whisper-tiny on clips/, max input 30 seconds");
    assert_eq!(r.max_seq_len, None, "{r:?}");
    assert_eq!(parse("t5-small on x.jsonl, max summary 3 sentences").max_target_len, None);
}

#[test]
fn limits_and_weights_in_other_languages() {
    for text in [
        "MiniLM auf SST-2 trainieren mit höchstens 3 GB Arbeitsspeicher",
        "Entraîner MiniLM sur SST-2 avec au plus 3 GB de mémoire",
        "Entrena MiniLM con SST-2, como máximo 3 GB de memoria",
        "Treine MiniLM em SST-2 com no máximo 3 GB de memória",
        "Addestra MiniLM su SST-2 con al massimo 3 GB di memoria",
    ] {
        assert_eq!(parse(text).max_memory_bytes, Some(3_000_000_000), "{text}: {:?}", parse(text));
    }
    for text in [
        "MiniLM auf mails.csv trainieren, Klassen gewichten, 3 Epochen",
        "Entraîner MiniLM sur mails.csv, pondérer les classes, 3 époques",
        "Entrena MiniLM con mails.csv, con pesos de clase, 3 épocas",
        "Treine MiniLM em mails.csv, com pesos de classe, 3 épocas",
        "Addestra MiniLM su mails.csv, con pesi di classe, 3 epoche",
    ] {
        let r = parse(text);
        assert_eq!((r.class_weights, r.epochs), (true, Some(3.0)), "{text}: {r:?}");
    }
    for text in ["Addestra MiniLM su SST-2, tasso di apprendimento 0,0005", "MiniLM auf SST-2 trainieren, Lernrate 0,0005"] {
        assert_eq!(parse(text).lr, Some(0.0005), "{text}");
    }
    let r = parse("MiniLM auf mails.csv trainieren, Spalte country nicht verwenden, 2 Epochen");
    assert_eq!(r.perhaps_columns().exclude, ["country"], "{r:?}");
}

#[test]
fn what_does_not_matter_is_no_wish() {
    for text in ["speed is not important", "the margin does not matter", "use cosine if possible", "warmup 10% if you can"] {
        let r = parse(&format!("MiniLM on SST-2, {text}, 2 epochs"));
        assert!(is_clear(&r), "{text}: {r:?}");
    }
}
