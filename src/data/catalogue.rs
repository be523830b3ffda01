//! Data sets that papers and people call by name: where they lie on the Hub, and how they are usually scored.

use crate::spec::{Metric, Task};

/// A well-known data set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// As papers write it.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
    pub task: Task,
    /// Of the Hub.
    pub id: &'static str,
    pub config: Option<&'static str>,
    /// The same in another form, for where the first cannot be had.
    pub else_config: Option<&'static str>,
    /// The split to train on and the one that scores are usually read from, among those with public labels; none: as they are found.
    pub splits: Option<(&'static str, &'static str)>,
    /// None: as they are found.
    pub input: &'static [&'static str],
    pub label: Option<&'static str>,
    /// What is usually reported.
    pub metric: Metric,
    pub classes: usize,
    /// A mirrored image shows the same class (not so for digits).
    pub mirror: bool,
}

/// All of them.
pub fn catalogue() -> &'static [Known] {
    &KNOWN
}

/// The one that goes by this name, whatever its case and hyphens; the longest name wins where several fit.
pub fn find_known(name: &str) -> Option<&'static Known> {
    let wanted = squeeze(name);
    let named = KNOWN.iter().find(|k| squeeze(k.name) == wanted || k.aliases.iter().any(|a| squeeze(a) == wanted));
    // What several have says of none which it is.
    let mut of_id = KNOWN.iter().filter(|k| squeeze(k.id) == wanted);
    named.or_else(|| of_id.next().filter(|_| of_id.next().is_none()))
}

fn squeeze(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

const fn text(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
    splits: (&'static str, &'static str),
    input: &'static [&'static str],
    metric: Metric,
    classes: usize,
) -> Known {
    let (id, config) = place;
    Known {
        name,
        aliases,
        task: Task::TextClassification,
        id,
        config,
        else_config: None,
        splits: Some(splits),
        input,
        label: Some("label"),
        metric,
        classes,
        mirror: false,
    }
}

const fn image(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
    splits: (&'static str, &'static str),
    input: &'static [&'static str],
    label: &'static str,
    classes: usize,
) -> Known {
    let of = text(name, aliases, place, splits, input, Metric::Accuracy, classes);
    Known { task: Task::ImageClassification, label: Some(label), mirror: true, ..of }
}

/// Questions about texts, with answers.
const fn questions(name: &'static str, aliases: &'static [&'static str], place: (&'static str, Option<&'static str>)) -> Known {
    let of = text(name, aliases, place, DEV, &["question", "context"], Metric::AnswerF1, 0);
    Known { task: Task::QuestionAnswering, label: Some("answers"), ..of }
}

/// Lists of words with a tag each.
const fn tagged(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
    splits: (&'static str, &'static str),
    classes: usize,
) -> Known {
    let of = text(name, aliases, place, splits, &["tokens"], Metric::EntityF1, classes);
    Known { task: Task::TokenClassification, label: Some("ner_tags"), ..of }
}

/// A text and what is written from it.
const fn pairs(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
    [source, target]: [&'static [&'static str]; 2],
    metric: Metric,
) -> Known {
    Known { task: Task::TextToText, label: Some(target[0]), ..text(name, aliases, place, TEST, source, metric, 0) }
}

/// Images that mean something else in a mirror.
const fn digits(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
    splits: (&'static str, &'static str),
    input: &'static [&'static str],
    label: &'static str,
    classes: usize,
) -> Known {
    Known { mirror: false, ..image(name, aliases, place, splits, input, label, classes) }
}

/// One whose splits and columns are what they are found to be.
const fn open(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
    task: Task,
    metric: Metric,
) -> Known {
    Known { task, splits: None, label: None, ..text(name, aliases, place, TEST, &[], metric, 0) }
}

/// Texts for a language model; some lie there as they were written and, for counts of words, cut into words.
const fn texts(
    name: &'static str,
    aliases: &'static [&'static str],
    id: &'static str,
    [config, else_config]: [Option<&'static str>; 2],
) -> Known {
    Known { else_config, ..open(name, aliases, (id, config), Task::LanguageModelling, Metric::Perplexity) }
}

/// Conversations to learn answers from.
const fn conversations(
    name: &'static str,
    aliases: &'static [&'static str],
    place: (&'static str, Option<&'static str>),
) -> Known {
    open(name, aliases, place, Task::InstructionTuning, Metric::Perplexity)
}

/// Answers of which one is the better.
const fn preferences(name: &'static str, aliases: &'static [&'static str], place: (&'static str, Option<&'static str>)) -> Known {
    open(name, aliases, place, Task::PreferenceOptimization, Metric::PreferenceAccuracy)
}

const GLUE: &str = "nyu-mll/glue";
const DEV: (&str, &str) = ("train", "validation");
const TEST: (&str, &str) = ("train", "test");

const KNOWN: [Known; 53] = [
    // GLUE and its kind: the test labels are not public, so the development set is scored.
    text("SST-2", &["Stanford Sentiment Treebank", "glue/sst2"], (GLUE, Some("sst2")), DEV, &["sentence"], Metric::Accuracy, 2),
    text(
        "CoLA",
        &["Corpus of Linguistic Acceptability", "glue/cola"],
        (GLUE, Some("cola")),
        DEV,
        &["sentence"],
        Metric::Matthews,
        2,
    ),
    text(
        "MRPC",
        &["Microsoft Research Paraphrase Corpus", "glue/mrpc"],
        (GLUE, Some("mrpc")),
        DEV,
        &["sentence1", "sentence2"],
        Metric::F1,
        2,
    ),
    text("QQP", &["Quora Question Pairs", "glue/qqp"], (GLUE, Some("qqp")), DEV, &["question1", "question2"], Metric::F1, 2),
    text("QNLI", &["Question NLI", "glue/qnli"], (GLUE, Some("qnli")), DEV, &["question", "sentence"], Metric::Accuracy, 2),
    text(
        "RTE",
        &["Recognizing Textual Entailment", "glue/rte"],
        (GLUE, Some("rte")),
        DEV,
        &["sentence1", "sentence2"],
        Metric::Accuracy,
        2,
    ),
    text("WNLI", &["Winograd NLI", "glue/wnli"], (GLUE, Some("wnli")), DEV, &["sentence1", "sentence2"], Metric::Accuracy, 2),
    text(
        "MNLI",
        &["MultiNLI", "Multi-Genre Natural Language Inference", "MNLI-m", "glue/mnli"],
        (GLUE, Some("mnli")),
        ("train", "validation_matched"),
        &["premise", "hypothesis"],
        Metric::Accuracy,
        3,
    ),
    text(
        "SNLI",
        &["Stanford Natural Language Inference"],
        ("stanfordnlp/snli", Some("plain_text")),
        TEST,
        &["premise", "hypothesis"],
        Metric::Accuracy,
        3,
    ),
    text(
        "IMDB",
        &["IMDb", "IMDB movie reviews", "Large Movie Review Dataset"],
        ("stanfordnlp/imdb", Some("plain_text")),
        TEST,
        &["text"],
        Metric::Accuracy,
        2,
    ),
    text("AG News", &["AG's News", "AGNews"], ("fancyzhx/ag_news", Some("default")), TEST, &["text"], Metric::Accuracy, 4),
    text(
        "DBpedia",
        &["DBpedia-14", "DBpedia ontology"],
        ("fancyzhx/dbpedia_14", Some("dbpedia_14")),
        TEST,
        &["title", "content"],
        Metric::Accuracy,
        14,
    ),
    text(
        "Yelp Polarity",
        &["Yelp-2", "Yelp review polarity"],
        ("fancyzhx/yelp_polarity", Some("plain_text")),
        TEST,
        &["text"],
        Metric::Accuracy,
        2,
    ),
    text(
        "Yelp Full",
        &["Yelp-5", "Yelp review full"],
        ("Yelp/yelp_review_full", Some("yelp_review_full")),
        TEST,
        &["text"],
        Metric::Accuracy,
        5,
    ),
    text(
        "Amazon Polarity",
        &["Amazon review polarity"],
        ("fancyzhx/amazon_polarity", Some("amazon_polarity")),
        TEST,
        &["title", "content"],
        Metric::Accuracy,
        2,
    ),
    text(
        "Rotten Tomatoes",
        &["Movie Review Data"],
        ("cornell-movie-review-data/rotten_tomatoes", Some("default")),
        TEST,
        &["text"],
        Metric::Accuracy,
        2,
    ),
    text("Emotion", &["dair-ai emotion"], ("dair-ai/emotion", Some("split")), TEST, &["text"], Metric::Accuracy, 6),
    Known {
        task: Task::TextRegression,
        ..text(
            "STS-B",
            &["Semantic Textual Similarity Benchmark", "STSB", "glue/stsb"],
            (GLUE, Some("stsb")),
            DEV,
            &["sentence1", "sentence2"],
            Metric::Spearman,
            0,
        )
    },
    questions(
        "SQuAD",
        &["SQuAD 1.1", "SQuAD v1.1", "Stanford Question Answering Dataset"],
        ("rajpurkar/squad", Some("plain_text")),
    ),
    questions("SQuAD 2.0", &["SQuAD v2.0", "SQuAD v2", "SQuAD2"], ("rajpurkar/squad_v2", Some("squad_v2"))),
    tagged("WNUT-17", &["WNUT 2017", "Emerging Entities"], ("leondz/wnut_17", Some("wnut_17")), TEST, 13),
    tagged("CoNLL-2003", &["CoNLL03", "CoNLL 2003 NER"], ("eriktks/conll2003", Some("conll2003")), TEST, 9),
    image("CIFAR-10", &["CIFAR10"], ("uoft-cs/cifar10", Some("plain_text")), TEST, &["img"], "label", 10),
    image("CIFAR-100", &["CIFAR100"], ("uoft-cs/cifar100", Some("cifar100")), TEST, &["img"], "fine_label", 100),
    digits("MNIST", &[], ("ylecun/mnist", Some("mnist")), TEST, &["image"], "label", 10),
    image(
        "Fashion-MNIST",
        &["FashionMNIST"],
        ("zalando-datasets/fashion_mnist", Some("fashion_mnist")),
        TEST,
        &["image"],
        "label",
        10,
    ),
    digits(
        "SVHN",
        &["Street View House Numbers"],
        ("ufldl-stanford/svhn", Some("cropped_digits")),
        TEST,
        &["image"],
        "label",
        10,
    ),
    image("Tiny ImageNet", &["TinyImageNet"], ("zh-plus/tiny-imagenet", None), ("train", "valid"), &["image"], "label", 200),
    image("Food-101", &["Food101"], ("ethz/food101", None), DEV, &["image"], "label", 101),
    pairs(
        "WMT 2014 English-German",
        &["WMT14 English-German", "WMT14 en-de", "WMT14"],
        ("wmt/wmt14", Some("de-en")),
        [&["translation.en"], &["translation.de"]],
        Metric::Bleu,
    ),
    pairs(
        "WMT 2014 English-French",
        &["WMT14 English-French", "WMT14 en-fr"],
        ("wmt/wmt14", Some("fr-en")),
        [&["translation.en"], &["translation.fr"]],
        Metric::Bleu,
    ),
    pairs(
        "CNN and Daily Mail",
        &["CNN/DailyMail", "CNN/DM", "CNN DailyMail"],
        ("abisee/cnn_dailymail", Some("3.0.0")),
        [&["article"], &["highlights"]],
        Metric::RougeL,
    ),
    pairs("XSum", &["Extreme Summarization"], ("EdinburghNLP/xsum", None), [&["document"], &["summary"]], Metric::RougeL),
    pairs("SAMSum", &[], ("knkarthick/samsum", None), [&["dialogue"], &["summary"]], Metric::RougeL),
    texts("WikiText-2", &["WikiText2"], "Salesforce/wikitext", [Some("wikitext-2-raw-v1"), Some("wikitext-2-v1")]),
    texts("WikiText-103", &["WikiText103"], "Salesforce/wikitext", [Some("wikitext-103-raw-v1"), Some("wikitext-103-v1")]),
    texts("TinyStories", &[], "roneneldan/TinyStories", [Some("default"), None]),
    texts("Penn Treebank", &["PTB"], "ptb-text-only/ptb_text_only", [Some("penn_treebank"), None]),
    texts("enwik8", &[], "LTCB/enwik8", [Some("enwik8"), Some("enwik8-raw")]),
    conversations("Alpaca", &["Stanford Alpaca"], ("tatsu-lab/alpaca", Some("default"))),
    conversations("Dolly", &["Dolly 15k", "databricks-dolly-15k"], ("databricks/databricks-dolly-15k", Some("default"))),
    conversations("GSM8K", &["Grade School Math 8K"], ("openai/gsm8k", Some("main"))),
    conversations("Open-Platypus", &["OpenPlatypus"], ("garage-bAInd/Open-Platypus", Some("default"))),
    conversations("UltraChat", &["UltraChat 200k"], ("HuggingFaceH4/ultrachat_200k", Some("default"))),
    conversations("OpenAssistant Guanaco", &["Guanaco"], ("timdettmers/openassistant-guanaco", Some("default"))),
    preferences("UltraFeedback", &["UltraFeedback binarized"], ("trl-lib/ultrafeedback_binarized", Some("default"))),
    preferences("HH-RLHF", &["Anthropic HH"], ("Anthropic/hh-rlhf", Some("default"))),
    open(
        "AllNLI",
        &["all-nli"],
        ("sentence-transformers/all-nli", Some("triplet")),
        Task::SentenceSimilarity,
        Metric::TripletAccuracy,
    ),
    open(
        "GoEmotions",
        &["Go Emotions"],
        ("google-research-datasets/go_emotions", Some("simplified")),
        Task::TextMultiLabel,
        Metric::MicroF1,
    ),
    open("LibriSpeech", &["Libri Speech"], ("openslr/librispeech_asr", Some("clean")), Task::SpeechRecognition, Metric::Wer),
    text("Banking77", &["Banking 77"], ("PolyAI/banking77", Some("default")), TEST, &["text"], Metric::Accuracy, 77),
    text(
        "20 Newsgroups",
        &["Twenty Newsgroups"],
        ("SetFit/20_newsgroups", Some("default")),
        TEST,
        &["text"],
        Metric::Accuracy,
        20,
    ),
    Known {
        label: Some("answer"),
        ..text("BoolQ", &[], ("google/boolq", Some("default")), DEV, &["question", "passage"], Metric::Accuracy, 2)
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn names_are_found_however_they_are_spelt() {
        for (asked, config) in [
            ("sst2", Some("sst2")),
            ("SST-2", Some("sst2")),
            ("multi nli", None),
            ("MultiNLI", Some("mnli")),
            ("cifar10", Some("plain_text")),
        ] {
            let found = find_known(asked).unwrap_or_else(|| panic!("{asked}"));
            assert!(config.is_none() || found.config == config, "{asked}");
        }
        assert_eq!(find_known("unheard of"), None);
    }

    #[test]
    fn no_name_stands_for_two() {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for known in catalogue() {
            for name in std::iter::once(&known.name).chain(known.aliases) {
                assert_eq!(seen.insert(squeeze(name), known.name).filter(|k| *k != known.name), None, "{name}");
            }
            let open = known.splits.is_none();
            assert_eq!(open, known.input.is_empty() && known.label.is_none(), "{}", known.name);
            let classless = open || matches!(known.task, Task::TextRegression | Task::QuestionAnswering | Task::TextToText);
            assert!(
                (known.classes >= 2 || classless) && known.input.len() <= 2 && known.metric.serves(known.task),
                "{}",
                known.name
            );
        }
    }
}
