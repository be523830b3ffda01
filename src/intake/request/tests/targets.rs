//! What is hoped for: a metric's value, or the most that an error may be.

use super::*;

#[test]
fn a_target_stands_beside_a_metric_or_a_goal() {
    for text in [
        "accuracy of 0.9",
        "90% accuracy",
        "reach 90%",
        "reach at least 90 % test accuracy",
        "target 0.9",
        "accuracy >= 0.9",
        "at least 0.9",
        "an accuracy of 90",
        "target accuracy: 90%",
        "aim for 90%",
        "no less than 90% accuracy",
        "accuracy above 90%",
    ] {
        let r = parse(text);
        assert_eq!((r.target, is_clear(&r)), (Some(0.9), true), "{text}: {r:?}");
    }
    let r = parse("macro F1 of at least 0.8");
    assert_eq!((r.metric, r.target), (Some(Metric::MacroF1), Some(0.8)));
    for text in [
        "90%",
        "0.3",
        "with 0.1 of noise",
        "10% noise",
        "at most 90% accuracy",
        "lose less than 2% accuracy",
        "recall of at least 0.9",
        "a 5% error",
    ] {
        let r = parse(text);
        assert_eq!(r.target, None, "{text}");
        assert!(!r.not_understood.is_empty() || !r.lacking.is_empty(), "{text}: it is told");
    }
}

/// What is better when it is smaller: a bound from above.
#[test]
fn an_error_is_at_most_so_much() {
    use Metric::{BitsPerByte, CalibrationError, Cer, LogLoss, Mae, Perplexity, Rmse, Wer};
    for (text, metric, target) in [
        ("a WER below 10 %", Wer, 0.1),
        ("WER of at most 0.1", Wer, 0.1),
        ("word error rate under 12%", Wer, 0.12),
        ("reach a word error rate of 8 percent", Wer, 0.08),
        ("WER should stay below 25%", Wer, 0.25),
        ("below 10% WER", Wer, 0.1),
        ("at most 10% test WER", Wer, 0.1),
        ("no more than 10% WER", Wer, 0.1),
        ("10% WER", Wer, 0.1),
        ("WER < 0.2", Wer, 0.2),
        ("WER <= 20%", Wer, 0.2),
        ("get the CER down to 5%", Cer, 0.05),
        ("a character error rate lower than 3 %", Cer, 0.03),
        ("RMSE under 300", Rmse, 300.0),
        ("RMSE of at most 0.5", Rmse, 0.5),
        ("a root mean squared error of less than 2.5", Rmse, 2.5),
        ("MSE below 9", Rmse, 3.0),
        ("mean squared error under 0.25", Rmse, 0.5),
        ("MAE less than 2", Mae, 2.0),
        ("mean absolute error within 4", Mae, 4.0),
        ("perplexity below 20", Perplexity, 20.0),
        ("a perplexity of 35.5", Perplexity, 35.5),
        ("bits per byte under 1.2", BitsPerByte, 1.2),
        ("log loss at most 0.3", LogLoss, 0.3),
        ("an expected calibration error below 5%", CalibrationError, 0.05),
    ] {
        let r = parse(text);
        assert_eq!((r.metric, r.target), (Some(metric), Some(target)), "{text}: {r:?}");
        assert!(is_clear(&r) && r.error.is_none(), "{text}: {r:?}");
    }
    for (text, metric) in [("report the RMSE", Rmse), ("measured by word error rate", Wer), ("perplexity", Perplexity)] {
        let r = parse(text);
        assert_eq!((r.metric, r.target), (Some(metric), None), "{text}: {r:?}");
    }
    for (text, words) in [
        ("WER below 150%", "WER below 150%"),
        ("RMSE below 10%", "RMSE below 10%"),
        ("perplexity below 0.5", "perplexity below 0.5"),
        ("MAE under -3", "MAE under -3"),
        ("error rate at most 250%", "error rate at most 250%"),
        ("loss below 0", "loss below 0"),
    ] {
        let r = parse(text);
        assert_eq!(r.refused.iter().map(|r| r.words.as_str()).collect::<Vec<_>>(), [words], "{text}: {r:?}");
        assert_eq!((r.target, r.error), (None, None), "{text}");
    }
    for text in ["WER of at least 0.2", "perplexity above 20", "not a WER below 10%"] {
        let r = parse(text);
        assert!(r.target.is_none() && !is_clear(&r), "{text}: it is told: {r:?}");
    }
}

/// An error or a loss is what the task makes of it.
#[test]
fn an_error_that_the_task_names() {
    use AskedError::{Loss, Rate};
    for (text, expected) in [
        ("error rate at most 0.2", Rate(0.2)),
        ("an error rate of 5%", Rate(0.05)),
        ("error rate below 10 percent", Rate(0.1)),
        ("test error under 8%", Rate(0.08)),
        ("at most 7% error", Rate(0.07)),
        ("less than 7 % test error rate", Rate(0.07)),
        ("loss below 1.5", Loss(1.5)),
        ("validation loss of at most 0.7", Loss(0.7)),
        ("a cross entropy loss under 2", Loss(2.0)),
        ("loss < 0.3", Loss(0.3)),
        ("below 1.2 loss", Loss(1.2)),
    ] {
        let r = parse(text);
        assert_eq!(r.error, Some(expected), "{text}: {r:?}");
        assert!(is_clear(&r) && r.metric.is_none() && r.target.is_none(), "{text}: {r:?}");
    }
    for text in ["a 5% error", "weighted loss", "focal loss with gamma 2", "absolute percentage error below 5", "a loss of 3"] {
        assert_eq!(parse(text).error, None, "{text}");
    }
    for (asked, task, expected) in [
        (Rate(0.2), Task::TextClassification, Some((Metric::Accuracy, 0.8))),
        (Rate(0.25), Task::SpeechRecognition, Some((Metric::Wer, 0.25))),
        (Rate(0.25), Task::TextRegression, None),
        (Rate(0.25), Task::TextToText, None),
        (Loss(0.5), Task::ImageClassification, Some((Metric::LogLoss, 0.5))),
        (Loss(1.0), Task::LanguageModelling, Some((Metric::Perplexity, std::f64::consts::E))),
        (Loss(4.0), Task::TabularRegression, Some((Metric::Rmse, 2.0))),
        (Loss(1.0), Task::PreferenceOptimization, None),
    ] {
        assert_eq!(asked.on(task), expected, "{asked:?} {task:?}");
        assert!(expected.is_none_or(|(metric, _)| metric.serves(task)), "{asked:?} {task:?}");
    }
}
