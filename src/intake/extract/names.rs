//! Names that many papers share: public data sets, metrics, tasks. Each has its usual spelling and how else it is written.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// (usual name, other spellings, the suite it belongs to). A hyphen or space also stands for the other, or none.
const DATASETS: &[(&str, &[&str], &str)] = &[
    ("GLUE", &[], ""),
    ("SuperGLUE", &[], ""),
    ("SST-2", &["SST2"], "GLUE"),
    ("SST-5", &[], ""),
    ("CoLA", &[], "GLUE"),
    ("MRPC", &[], "GLUE"),
    ("QQP", &["Quora Question Pairs"], "GLUE"),
    ("STS-B", &["STSb", "STS benchmark"], "GLUE"),
    ("MNLI", &["MultiNLI", "Multi-Genre Natural Language Inference", "Multi-Genre NLI", "MNLI-m"], "GLUE"),
    ("QNLI", &[], "GLUE"),
    ("RTE", &[], "GLUE"),
    ("WNLI", &[], "GLUE"),
    ("SNLI", &[], ""),
    ("STS12", &[], ""),
    ("STS13", &[], ""),
    ("STS14", &[], ""),
    ("STS15", &[], ""),
    ("STS16", &[], ""),
    ("SICK-R", &[], ""),
    ("SQuAD v1.1", &["SQuAD 1.1"], "SQuAD"),
    ("SQuAD v2.0", &["SQuAD 2.0"], "SQuAD"),
    ("SQuAD", &["Stanford Question Answering Dataset"], ""),
    ("SWAG", &[], ""),
    ("HellaSwag", &[], ""),
    ("RACE", &[], ""),
    ("TriviaQA", &[], ""),
    ("Natural Questions", &[], ""),
    ("CoQA", &[], ""),
    ("CoNLL-2003", &["CoNLL 2003", "CoNLL03"], ""),
    ("AG News", &["AG's News", "AGNews"], ""),
    ("Yelp", &["Yelp Review"], ""),
    ("Yelp-2", &["Yelp Polarity"], ""),
    ("Yelp-5", &["Yelp Full"], ""),
    ("MedNLI", &[], ""),
    ("MIMIC-III", &[], ""),
    ("MIMIC-IV", &[], ""),
    ("PubMed", &[], ""),
    ("StackExchange", &[], ""),
    ("IMDB", &["IMDb", "IMDB movie review"], ""),
    ("20 Newsgroups", &[], ""),
    ("DBpedia", &[], ""),
    ("TREC", &["TREC-6"], ""),
    ("BooksCorpus", &["BookCorpus", "Toronto Books Corpus"], ""),
    ("English Wikipedia", &["Wikipedia"], ""),
    ("OpenWebText", &[], ""),
    ("TL;DR", &["Reddit TL;DR"], ""),
    ("WebText", &[], ""),
    ("C4", &["Colossal Clean Crawled Corpus"], ""),
    ("The Pile", &[], ""),
    ("Common Crawl", &["CommonCrawl"], ""),
    ("CC-News", &[], ""),
    ("ClueWeb", &[], ""),
    ("Gigaword", &[], ""),
    ("Paracrawl", &["ParaCrawl"], ""),
    ("OASST1", &[], ""),
    ("FLAN v2", &["Flan v2"], ""),
    ("Super-NaturalInstructions", &[], ""),
    ("LAMBADA", &[], ""),
    ("WikiText-2", &["WikiText2"], ""),
    ("WikiText-103", &["WikiText103"], ""),
    ("PTB", &["Penn Treebank", "Penn Tree Bank"], ""),
    ("enwik8", &[], ""),
    ("text8", &[], ""),
    ("1BW", &["One Billion Word", "1 Billion Word", "LM1B"], ""),
    ("CBT-CN", &[], "CBT"),
    ("CBT-NE", &[], "CBT"),
    ("CBT", &["Children's Book Test"], ""),
    ("Winograd Schema Challenge", &["Winograd Schema"], ""),
    ("CNN and Daily Mail", &["CNN/Daily Mail", "CNN/DailyMail", "CNN/DM", "CNNDM"], ""),
    ("XSum", &["XSUM"], ""),
    ("SAMSum", &[], ""),
    ("WikiSQL", &[], ""),
    ("E2E NLG Challenge", &["E2E NLG", "E2E"], ""),
    ("WebNLG", &[], ""),
    ("DART", &[], ""),
    (
        "WMT 2014 English-German",
        &["WMT 2014 English-to-German", "WMT14 English-German", "WMT'14 English-German", "WMT'14 En-De", "EN-DE"],
        "",
    ),
    (
        "WMT 2014 English-French",
        &["WMT 2014 English-to-French", "WMT14 English-French", "WMT'14 English-French", "WMT'14 En-Fr", "EN-FR"],
        "",
    ),
    ("WMT-14 French-English", &[], ""),
    ("WMT-14 English-French", &[], ""),
    ("MMLU", &[], ""),
    ("GSM8K", &[], ""),
    ("ARC", &[], ""),
    ("BoolQ", &[], ""),
    ("PIQA", &[], ""),
    ("WinoGrande", &["Winogrande"], ""),
    ("OpenBookQA", &[], ""),
    ("HumanEval", &[], ""),
    ("MNIST", &[], ""),
    ("Fashion-MNIST", &["FashionMNIST"], ""),
    ("SVHN", &[], ""),
    ("CIFAR", &[], ""),
    ("CIFAR-10", &["CIFAR10"], "CIFAR"),
    ("CIFAR-100", &["CIFAR100"], "CIFAR"),
    ("STL-10", &[], ""),
    ("Tiny ImageNet", &["TinyImageNet"], ""),
    ("ImageNet", &["ImageNet 2012", "ImageNet-1k", "ILSVRC 2012", "ILSVRC-2012", "ILSVRC2012"], ""),
    ("ImageNet-21k", &["ImageNet 22k", "ImageNet-21K"], ""),
    ("ImageNet ReaL", &[], ""),
    ("ImageNet-V2", &["ImageNetV2"], ""),
    ("ImageNet-A", &[], ""),
    ("ImageNet-R", &[], ""),
    ("ImageNet-C", &[], ""),
    ("ImageNet-Sketch", &[], ""),
    ("JFT-300M", &["JFT"], ""),
    ("COCO", &["MS COCO"], ""),
    ("PASCAL VOC 2007", &["VOC 2007", "VOC 07"], "PASCAL VOC"),
    ("PASCAL VOC 2012", &["VOC 2012", "VOC 12"], "PASCAL VOC"),
    ("PASCAL VOC", &[], ""),
    ("ADE20K", &[], ""),
    ("Cityscapes", &[], ""),
    ("CelebA", &[], ""),
    ("VTAB", &[], ""),
    ("Oxford-IIIT Pets", &["Oxford-IIIT-Pets", "Oxford Pets"], "VTAB"),
    ("Oxford Flowers-102", &["Flowers-102", "Flowers"], "VTAB"),
    ("Stanford Cars", &[], ""),
    ("FGVC Aircraft", &[], ""),
    ("Caltech-101", &[], ""),
    ("Food-101", &[], ""),
    ("SUN397", &[], ""),
    ("iNaturalist", &[], ""),
    ("Multilingual LibriSpeech", &[], ""),
    ("LibriSpeech", &["Librispeech"], ""),
    ("VoxPopuli", &[], ""),
    ("CoVoST 2", &["CoVoST2"], ""),
    ("TED-LIUM", &[], ""),
    ("FLEURS", &["Fleurs"], ""),
    ("LibriVox", &[], ""),
    ("Libri-Light", &["Libri-light"], ""),
    ("Common Voice", &["CommonVoice"], ""),
    ("TIMIT", &[], ""),
    ("Kinetics-400", &[], ""),
    ("Kinetics-600", &[], ""),
    ("UCF101", &[], ""),
    ("toy_reviews", &["toy reviews"], ""),
    ("MovieLens", &[], ""),
];

/// (usual name, pattern, whether it is given in percent).
const METRICS: &[(&str, &str, bool)] = &[
    ("top-1 error", r"[Tt]op[- ]?1 (?:val(?:idation)?\.? |test )?err(?:or|\.)(?: rates?)?", true),
    ("top-5 error", r"[Tt]op[- ]?5 (?:val(?:idation)?\.? |test )?err(?:or|\.)(?: rates?)?", true),
    ("top-5 accuracy", r"[Tt]op[- ]?5(?: (?:validation |test )?acc(?:uracy\b|\.|\b))", true),
    ("top-1 accuracy", r"[Tt]op[- ]?1(?: (?:validation |test )?acc(?:uracy\b|\.|\b)|\b)", true),
    ("RMSE", r"\bn?RMSE\b|[Rr]oot[- ][Mm]ean[- ][Ss]quared?[- ][Ee]rrors?", false),
    ("nMAE", r"\bnMAE\b|[Nn]ormali[sz]ed [Mm]ean [Aa]bsolute [Ee]rrors?", false),
    ("MAE", r"\bMAE\b|[Mm]ean [Aa]bsolute [Ee]rrors?", false),
    ("MAPE", r"\bs?MAPE\b|[Mm]ean [Aa]bsolute [Pp]ercentage [Ee]rrors?", true),
    ("MSE", r"\bMSE\b|[Mm]ean[- ][Ss]quared?[- ][Ee]rrors?", false),
    ("phoneme error rate (PER)", r"\bPERs?\b|[Pp]hon(?:eme|e) [Ee]rror [Rr]ates?", true),
    ("CER", r"\bCERs?\b|[Cc]haracter [Ee]rror [Rr]ates?", true),
    ("EER", r"\bEERs?\b|[Ee]qual [Ee]rror [Rr]ates?", true),
    ("WER", r"\bWERs?\b|[Ww]ord [Ee]rror [Rr]ates?", true),
    ("ECE", r"\bECE\b|[Ee]xpected [Cc]alibration [Ee]rrors?", false),
    ("accuracy", r"[Aa]ccurac(?:y|ies)|\bACC\b|\b[Aa]cc(?:\.|\b)", true),
    ("error", r"(?:[Tt]est |[Vv]alidation |[Cc]lassification )?[Ee]rror(?: rates?)?\b", true),
    ("F1", r"\b(?:(?:[Mm]acro|[Mm]icro|Token|Span)[- ])?F-?1\b|\bF₁|\bF-(?:score|measure)", true),
    ("Hits@k", r"\b[Hh]it(?:s|[- ][Rr]ate)?@(?:k|K|\d+)", true),
    ("pass@1", r"\b[Pp]ass@1\b", true),
    ("pass@k", r"\b[Pp]ass@(?:k|\d+)", true),
    ("precision", r"\b[Pp]rec(?:ision|\.)(?:@\d+)?|\bP@(?:k|\d+)", true),
    ("recall", r"\b[Rr]ecall(?:@\d+)?|\bR@(?:k|\d+)", true),
    ("sensitivity", r"\b[Ss]ensitivity\b", true),
    ("specificity", r"\b[Ss]pecificity\b", true),
    ("Dice", r"\bDice\b(?: (?:score|coefficient))?|\bDSC\b", true),
    ("HD95", r"\bHD-?95\b", false),
    ("R2", r"\bR(?:2|²|\^2|\^\{2\})(?:\b|\s|$)|[Cc]oefficient of determination", false),
    ("PSNR", r"\bPSNR\b", false),
    ("SSIM", r"\bSSIM\b", false),
    ("FID", r"\bFID\b", false),
    ("MRR", r"\bMRR\b", true),
    ("NDCG", r"\b[Nn]?DCG(?:@\d+)?", true),
    ("chrF", r"\b(?:[Cc]hr[Ff]|CHRF)(?:\+\+|[23]?\b)", false),
    ("COMET", r"\bCOMET\b", false),
    ("Hamming loss", r"\b[Hh]amming [Ll]oss(?:es)?\b", false),
    ("GLEU", r"\bGLEU\b", false),
    ("validation loss", r"\b[Vv]al(?:idation)?\.? loss", false),
    ("EM", r"\bEM\b|[Ee]xact [Mm]atch", true),
    ("BLEU", r"\bBLEU\b", false),
    ("perplexity", r"[Pp]erplexit(?:y|ies)|\bPPL\b|\bppl\b", false),
    ("Matthews correlation", r"Matthews?'?s? corr(?:elation|\.)?(?: coefficient)?|\bMCC\b", false),
    ("Spearman correlation", r"\bSpearman(?:['’]s)?\b(?: rank)?(?: corr(?:elations?|\.)?)?", false),
    ("Pearson correlation", r"\bPearson(?:['’]s)?\b(?: corr(?:elations?|\.)?)?", false),
    ("ROUGE-L", r"R(?:OUGE|ouge)-?L\b", false),
    ("ROUGE-1", r"\bR(?:OUGE|ouge)-?1\b", false),
    ("ROUGE-2", r"\bR(?:OUGE|ouge)-?2\b", false),
    ("ROUGE", r"\bR(?:OUGE|ouge)\b", false),
    ("BERTScore", r"\bBERT-?[Ss]core\b", false),
    ("BLEURT", r"\bBLEURT\b", false),
    ("SARI", r"\bSARI\b", false),
    ("TER", r"\bTER\b", true),
    ("LPIPS", r"\bLPIPS\b", false),
    ("PESQ", r"\bPESQ\b", false),
    ("STOI", r"\bSTOI\b", false),
    ("MOS", r"\b(?:UT|DNS)?MOS\b|[Mm]ean [Oo]pinion [Ss]cores?", false),
    ("DER", r"\bDER\b|[Dd]iari[sz]ation [Ee]rror [Rr]ates?", true),
    ("SI-SDR", r"\bSI-?S[DN]Ri?\b", false),
    ("kappa", r"\b(?:[Qq]uadratic [Ww]eighted |Cohen(?:['’]s)? )?[Kk]appa\b|\bQWK\b", false),
    ("Jaccard index", r"\bJaccard(?: (?:index|score|similarity))?\b", true),
    ("MOTA", r"\bMOTA\b", true),
    ("HOTA", r"\bHOTA\b", true),
    ("success rate", r"\b[Ss]uccess [Rr]ates?\b", true),
    ("UAS", r"\bUAS\b", true),
    ("LAS", r"\bLAS\b", true),
    ("METEOR", r"\bMETEOR\b|\bMET\b", false),
    ("NIST", r"\bNIST\b", false),
    ("CIDEr", r"\bCIDEr\b", false),
    ("mAP", r"\bmAP\b|[Mm]ean [Aa]verage [Pp]recision", true),
    ("AP", r"\b(?:(?:box|mask) )?AP\b", true),
    ("IoU", r"\bm?IoU\b", true),
    ("AUC", r"\b(?:ROC[- ])?AUC\b|\bAURO?C\b|\bAUC-?ROC\b", false),
    ("AUPRC", r"\bAUPRC?\b", false),
    ("bits per byte", r"[Bb]its[- ]per[- ]byte|\bBPB\b", false),
    ("bits per character", r"[Bb]its[- ]per[- ]char(?:acter)?|\bBPC\b", false),
    ("score", r"\b[Ss]cores?\b|\b[Aa]verage\b|\bAvg\b", true),
    ("training cost", r"[Tt]raining cost", false),
];

/// The one of them that papers also call by its first word alone.
pub(super) const TOP_1: &str = "top-1 accuracy";

/// (task, pattern in lower case).
const TASKS: &[(&str, &str)] = &[
    ("question-answering", r"question[- ]answering"),
    ("semantic-textual-similarity", r"semantic textual similarity"),
    (
        "dialogue",
        r"\bdialogue (?:systems?|generation|modell?ing|agents?|use cases|tasks?|response)|\bconversational (?:agents?|ai\b|assistants?)|\bchat ?bots?\b",
    ),
    ("natural-language-inference", r"natural language inference|language inference|textual entailment"),
    ("text-classification", r"text classification|sentiment (?:analysis|classification)|document classification"),
    (
        "image-classification",
        r"image (?:classification|recognition)|imagenet[^.]{0,30}classification|classification[^.]{0,20}imagenet|ilsvrc[^.]{0,20}classification",
    ),
    ("object-detection", r"object detection"),
    ("semantic-segmentation", r"semantic segmentation"),
    ("language-modeling", r"language[- ]modell?ing"),
    ("machine-translation", r"machine translation|translation tasks?"),
    ("summarization", r"summari[sz]ation"),
    ("named-entity-recognition", r"named entity recognition"),
    ("natural-language-understanding", r"natural language understanding"),
    ("natural-language-generation", r"natural language generation|to generation \(nlg\)|\bnlg\b"),
    ("speech-recognition", r"speech recognition"),
    ("speech-translation", r"speech[- ](?:to[- ]text )?translation"),
    ("language-identification", r"language identification"),
    ("image-generation", r"image (?:generation|synthesis)"),
    ("regression", r"regression tasks?"),
];

/// A name in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    pub name: &'static str,
    pub at: Range<usize>,
}

struct Datasets {
    any: regex::Regex,
    names: HashMap<String, &'static str>,
}

static KNOWN: LazyLock<Datasets> = LazyLock::new(|| {
    let mut names = HashMap::new();
    let mut spellings: Vec<String> = Vec::new();
    for (name, others, _) in DATASETS {
        for spelling in std::iter::once(name).chain(others.iter()) {
            names.insert(bare(spelling), *name);
            spellings.push((*spelling).to_string());
            // Of a long name capitals mean the same.
            let capitals = spelling.to_uppercase();
            if spelling.len() > 5 && capitals != **spelling {
                spellings.push(capitals);
            }
        }
    }
    // The longest first: `ImageNet-21k` is not `ImageNet`.
    spellings.sort_by_key(|s| std::cmp::Reverse(s.len()));
    let flexible = |s: &String| regex::escape(s).replace(r"\-", r"[-–\s]?").replace(' ', r"[-–\s]?").replace('\'', "['’]");
    let pattern = spellings.iter().map(flexible).collect::<Vec<_>>().join("|");
    // Bounds of words as ASCII has them: those of Unicode take an engine many times slower wherever a text has other letters or signs.
    Datasets { any: crate::intake::large_regex(&format!(r"(?-u:\b)(?:{pattern})(?:(?-u:\b)|s(?-u:\b))")), names }
});

fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Known data sets in a text, in order.
pub(super) fn datasets_in(text: &str) -> Vec<Mention> {
    let known = |found: regex::Match<'_>| {
        let name = bare(found.as_str());
        let name = KNOWN.names.get(&name).or_else(|| KNOWN.names.get(name.strip_suffix('s')?))?;
        Some(Mention { name, at: found.range() })
    };
    // (Beside another letter it is part of a longer word.)
    let is_whole = |found: &regex::Match<'_>| {
        !text[..found.start()].ends_with(char::is_alphabetic) && !text[found.end()..].starts_with(char::is_alphabetic)
    };
    KNOWN.any.find_iter(text).filter(is_whole).filter_map(known).filter(|found| !is_end_to_end(text, found)).collect()
}

/// `an E2E decoder`, `end-to-end (E2E)`: short for something else than the data.
fn is_end_to_end(text: &str, found: &Mention) -> bool {
    const OF_DATA: [&str; 14] = [
        "nlg",
        "data",
        "dataset",
        "datasets",
        "corpus",
        "challenge",
        "benchmark",
        "test",
        "task",
        "and",
        "or",
        "for",
        "with",
        "is",
    ];
    if &text[found.at.clone()] != "E2E" {
        return false;
    }
    let next = text[found.at.end..].trim_start_matches(' ').split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    text.contains("nd-to-end") || !next.is_empty() && !OF_DATA.contains(&next.to_lowercase().as_str())
}

/// The usual name of a data set, if it is known.
fn usual(name: &str) -> Option<&'static str> {
    KNOWN.names.get(&bare(name)).copied()
}

/// Whether two names differ only in case, spaces and hyphens.
pub(super) fn same_spelling(a: &str, b: &str) -> bool {
    bare(a) == bare(b)
}

/// Whether two names mean the same data set: `CIFAR10` and `CIFAR-10`, `MultiNLI` and `MNLI`.
pub(in crate::intake) fn same_dataset(a: &str, b: &str) -> bool {
    match (usual(a), usual(b)) {
        (Some(a), Some(b)) => a == b,
        _ => bare(a) == bare(b),
    }
}

/// The suite that a data set belongs to.
pub(super) fn suite_of(member: &str) -> Option<&'static str> {
    let member = usual(member)?;
    DATASETS.iter().find(|(name, ..)| *name == member).map(|(_, _, suite)| *suite).filter(|suite| !suite.is_empty())
}

/// Whether a data set is one of several: `GLUE`.
pub(super) fn is_suite(name: &str) -> bool {
    DATASETS.iter().any(|(.., suite)| !suite.is_empty() && same_dataset(suite, name))
}

/// Whether `member` is one of the data sets of `suite`.
pub(in crate::intake) fn is_member(member: &str, suite: &str) -> bool {
    suite_of(member).is_some_and(|s| same_dataset(s, suite))
}

/// Metrics in a text, in order; where two overlap, the more special one.
pub(super) fn metrics_in(text: &str) -> Vec<Mention> {
    static PATTERNS: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| METRICS.iter().map(|(_, p, _)| crate::intake::regex(p)).collect());
    let mut found: Vec<Mention> = Vec::new();
    // `top-1` alone is an accuracy where nothing is said of errors.
    let of_errors = text.contains("err") || text.contains("Err");
    for ((name, ..), pattern) in METRICS.iter().zip(PATTERNS.iter()) {
        for at in pattern.find_iter(text).map(|m| m.range()) {
            // Of numbers, precision is something else.
            if *name == "precision" && !text.contains("ecall") && !text.contains("Rec.") {
                continue;
            }
            if *name == "error" && is_no_rate(&text[..at.start], &text[at.end..])
                || *name == "sensitivity" && [" to ", " analys"].iter().any(|next| text[at.end..].starts_with(next))
            {
                continue;
            }
            if of_errors && *name == TOP_1 && !text[at.clone()].contains("acc") {
                continue;
            }
            if found.iter().all(|other| at.end <= other.at.start || other.at.end <= at.start) {
                found.push(Mention { name, at });
            }
        }
    }
    found.sort_by_key(|m| m.at.start);
    found
}

/// `standard error`, `error bars`, `error analysis`: an error that no model makes.
fn is_no_rate(before: &str, after: &str) -> bool {
    const BEFORE: [&str; 7] =
        ["tandard ", "argin of ", "rial and ", "argins of ", "reconstruction ", "rounding ", "quantization "];
    const AFTER: [&str; 12] = [
        " bar",
        " analy",
        " propag",
        " correct",
        " message",
        " detect",
        " handling",
        " term",
        " function",
        " margin",
        " signal",
        " cases",
    ];
    BEFORE.iter().any(|word| before.ends_with(word)) || AFTER.iter().any(|word| after.starts_with(word))
}

/// Whether words say that nothing was trained on the data.
pub(super) fn says_zero_shot(text: &str) -> bool {
    text.to_lowercase().replace('-', " ").contains("zero shot")
}

/// Whether two names of models are one: spelt alike but for signs and case, or one short for the other (`RoBbase (LoRA)` for
/// `RoBERTa base LoRA`).
pub(in crate::intake) fn same_model(a: &str, b: &str) -> bool {
    let squeezed = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<Vec<char>>();
    let (a, b) = (squeezed(a), squeezed(b));
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short == long {
        return true;
    }
    // All its letters in order, from the first to the last; numbers are never left out, and neither is what tells `FooXt` or
    // `xlarge` from another.
    let mut rest = long.iter();
    let crosses = |name: &[char]| name.iter().filter(|c| **c == 'x').count();
    let digits = |name: &[char]| name.iter().filter(|c| c.is_ascii_digit()).copied().collect::<Vec<char>>();
    short.len() * 3 >= long.len() * 2
        && (short.first(), short.last()) == (long.first(), long.last())
        && digits(&short) == digits(&long)
        && crosses(&short) == crosses(&long)
        && short.iter().all(|letter| rest.any(|other| other == letter))
}

/// Whether a metric is usually given in percent.
pub(super) fn in_percent(metric: &str) -> bool {
    METRICS.iter().any(|(name, _, percent)| *name == metric && *percent)
}

/// Whether a score without a sign is a part of 1: an accuracy of 0.91, but not an error of 0.8.
pub(super) fn is_share(metric: &str, value: f64) -> bool {
    value <= 1.0 && !["error", "ER"].iter().any(|rate| metric.contains(rate))
}

/// Tasks in a text, in order.
pub(super) fn tasks_in(text: &str) -> Vec<Mention> {
    static PATTERNS: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| TASKS.iter().map(|(_, p)| crate::intake::regex(&format!("(?i){p}"))).collect());
    let mut found: Vec<Mention> = Vec::new();
    for ((name, _), pattern) in TASKS.iter().zip(PATTERNS.iter()) {
        found.extend(pattern.find(text).map(|m| Mention { name, at: m.range() }));
    }
    found.sort_by_key(|m| m.at.start);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_sets_under_all_their_spellings() {
        let names = |text| datasets_in(text).into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert_eq!(names("on CIFAR10, CIFAR-100 and ImageNet-21k"), ["CIFAR-10", "CIFAR-100", "ImageNet-21k"]);
        assert_eq!(names("MultiNLI accuracy; SQuAD v1.1; SST2"), ["MNLI", "SQuAD v1.1", "SST-2"]);
        assert!(names("we swag and race against the cola").is_empty());
        assert!(names("an E2E decoder").is_empty() && names("End-to-end (E2E) systems").is_empty());
        assert_eq!(names("on E2E, and on the E2E NLG data"), ["E2E NLG Challenge", "E2E NLG Challenge"]);
        assert!(same_dataset("CIFAR10", "CIFAR-10") && !same_dataset("CIFAR-10", "CIFAR-100"));
        assert!(is_member("sst2", "GLUE") && !is_member("IMDB", "GLUE"));
    }

    #[test]
    fn the_more_special_metric_wins() {
        let names = |text| metrics_in(text).into_iter().map(|m| m.name).collect::<Vec<_>>();
        assert_eq!(names("a top-5 validation error of 4.49%"), ["top-5 error"]);
        assert_eq!(names("BLEU score of 28.4"), ["BLEU", "score"]);
        assert_eq!(names("accuracy and F1"), ["accuracy", "F1"]);
        assert_eq!(names("81.3% top-1 on ImageNet"), ["top-1 accuracy"]);
        assert_eq!(names("a top 1 accuracy of 81.3%"), ["top-1 accuracy"]);
        assert_eq!(names("a top 1 error of 23.4%"), ["top-1 error"]);
        assert_eq!(names("both top-1 and top-5 error rates"), ["top-5 error"]);
        assert!(names("the top-10 of the list").is_empty());
        // Words that hold one, and errors that no model makes.
        assert!(names("according to an account, accompanied by it").is_empty());
        assert!(names("the standard error, with error bars and an error analysis, and the sensitivity to noise").is_empty());
        assert_eq!(names("val acc. of 3, acc 4, test error and sensitivity"), ["accuracy", "accuracy", "error", "sensitivity"]);
    }
}
