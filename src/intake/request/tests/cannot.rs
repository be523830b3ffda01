//! What cannot be had is refused with what there is, or told.

use super::*;

#[test]
fn training_against_a_reward_is_refused() {
    for text in [
        "run PPO on pairs.jsonl with SmolLM2-135M-Instruct",
        "RLHF for SmolLM2-135M-Instruct on pairs.jsonl",
        "train a reward model on pairs.jsonl",
        "fine-tune SmolLM2-135M-Instruct with GRPO on maths.jsonl",
        "use a policy gradient against a learned reward model, pairs.jsonl",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().any(|refused| refused.expected.contains("DPO")), "{text}: {r:?}");
    }
    let r = parse("DPO instead of PPO on pairs.jsonl with SmolLM2-135M-Instruct");
    assert!(r.refused.is_empty(), "{r:?}");
}

#[test]
fn tasks_of_recordings_that_there_are_no_models_for() {
    for text in [
        "a hotword detector for clips/",
        "keyword spotting on clips/",
        "speaker diarization of the recordings in calls/",
        "sound event detection on clips/",
    ] {
        let r = parse(text);
        assert!(r.lacking.iter().any(|lack| lack.of == Lack::Task), "{text}: {r:?}");
    }
    let r = parse("transcribe the recordings in talks/ with whisper-tiny, with word-level timestamps");
    assert!(r.lacking.iter().any(|lack| lack.of == Lack::Output), "{r:?}");
    // A column may be called so.
    let r = parse("predict load in grid.csv, split by timestamp");
    assert!(r.lacking.is_empty(), "{r:?}");
}

#[test]
fn of_two_models_the_one_that_there_is_is_named() {
    for text in [
        "compare bert-mini and logistic regression on AG News",
        "random forest vs minilm on AG News",
        "bert-mini versus an SVM on AG News",
    ] {
        let r = parse(text);
        assert!(r.refused.iter().any(|refused| refused.expected.contains("alone: there is no")), "{text}: {r:?}");
    }
    assert_eq!(parse("gradient boosted trees on ./x.csv").model, called("gradient-boosted-trees"));
}
