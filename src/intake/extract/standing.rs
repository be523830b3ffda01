//! Where names of data sets stand in sentences, and what cannot be one.

use super::names;
use std::sync::LazyLock;

/// A name: words with a capital or a digit each.
pub(super) const NAME: &str =
    r"(?:[a-z]?[A-Z][\w’'!+]*(?:[-/][\w+]+)*(?:\.\d+)?)(?:[ ](?:[A-Z][\w’'!+]*\.?(?:[-/][\w+]+)*|v?\d[\w]*(?:[-.]\w+)*)){0,4}";
/// What may stand in brackets behind it.
const ASIDE: &str = r"(?: \([^()]{1,40}\))?";

pub(super) fn list() -> String {
    format!(r"{NAME}{ASIDE}(?:(?:,? and |, |,? or |,? as well as )(?:the |on )?{NAME}{ASIDE})*")
}

/// Words for a collection of data.
const DATA: &str = r"(?:data ?sets?|corpus|corpora|benchmarks?|treebanks?)";
/// Up to two words between a name and such a word.
const FEW: &str = r"(?P<b>(?:[a-z]+(?:-[a-z]+)* ){0,2}?)";

/// One or two names of one word with a further capital or a number: `FooBar`, `Foo-2`, `Foo-Bar`.
const COINED: &str = r"[A-Z][a-z]+[A-Za-z]*(?:[A-Z]|-?\d|-[A-Z])[\w-]*(?:\.\d+)?(?:,? and [A-Z][a-z]+[A-Za-z]*(?:[A-Z]|-?\d|-[A-Z])[\w-]*(?:\.\d+)?)?";
/// What stands behind a name that is all that is said: nothing of `The text is Foo-2 encoded`.
const END_OF_CLAUSE: &str = r"(?:[.,;:)]|$| \(| (?:and|while|whereas|for|from|in|with)\b)";

/// How a name of a data set may stand in a sentence; the names are the group `l`, what stands between them and the word for data `b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `the Foo and Bar data sets`.
    Before,
    /// `data sets such as Foo and Bar`.
    Behind,
    /// Any other that says so.
    Other,
}

/// The forms that say that it is one.
pub(super) static STRONG: LazyLock<Vec<(Form, regex::Regex)>> = LazyLock::new(|| {
    const INTRODUCE: &str = "(?:introduce|present|release|propose|construct|build|built|create|collect|compile)d?";
    const SUCH_AS: &str = r"(?:such as|including|namely|specifically|in particular|i\.e\.,?|called|named|known as)";
    let list = list();
    let other = |pattern: String| (Form::Other, crate::intake::regex(&pattern));
    vec![
        (Form::Before, crate::intake::regex(&format!(r"(?P<l>{list}) {FEW}{DATA}\b"))),
        (
            Form::Behind,
            crate::intake::regex(&format!(
                r"\b(?:{DATA}|tasks|(?:(?:existing|public|other|available|several) (?:re)?|data )?sources)(?:(?:,|[^.;:()]{{0,60}}?) {SUCH_AS}|,? are|:| [–—-]| \() ?(?:the )?(?P<l>{list})"
            )),
        ),
        // `on the test set of Foo`.
        (
            Form::Behind,
            crate::intake::regex(&format!(
                r"\b(?:test|validation|training|development|dev|held-out) (?:sets?|splits?|partitions?) of (?:the )?(?P<l>{NAME})"
            )),
        ),
        // `the sorting dataset Foo`.
        (
            Form::Behind,
            crate::intake::regex(&format!(
                r"\b(?:[Tt]he|[Aa]|[Oo]ur) (?:[a-z][\w-]* ){{0,4}}?(?:data ?set|corpus|benchmark) (?P<l>{NAME}{ASIDE})"
            )),
        ),
        // `We introduce Foo, a benchmark`, `Foo is a large corpus`.
        other(format!(
            r"(?:^|^\(?\d\)? |\(\d\) |[Ww]e (?:also )?{INTRODUCE} )(?P<l>{NAME}){ASIDE}(?: is|,) (?:an?|the) (?P<b>(?:[\w-]+ ){{0,5}}?){DATA}\b"
        )),
        // `On Foo2, we achieve`.
        other(format!(
            r"^On (?:the )?(?P<l>[A-Z][\w-]*(?:[A-Z]|\d)[\w-]*(?: and [A-Z][\w-]*(?:[A-Z]|\d)[\w-]*)?), (?:we|our|the|it|{NAME}) (?:[\w-]+ ){{0,3}}?(?:achiev|obtain|reach|outperform|improv|attain|scor)\w*\b"
        )),
        // `a mixture built from Foo and Bar`.
        other(format!(
            r"\b(?:{DATA}|mixture|mix|collection|pool|suite|data|(?:training|test|evaluation) set)s?\b[^.;]{{0,40}}? (?:assembled|built|constructed|compiled|derived|composed|drawn|aggregated|merged|combined|curated|sourced|created|formed) (?:from|of|by (?:combining|merging)) (?:the )?(?P<l>{list})"
        )),
        // `Foo contains 12,000 sentences in four languages`.
        other(format!(
            r"^(?:The )?(?P<l>{NAME}){ASIDE} (?:contains?|comprises|consists of|has|includes) (?:about |around |over |approximately |more than |a total of )?\d[\d,.]*[kKM]? (?P<b>(?:[a-z-]+ ){{0,3}}?)(?:examples|samples|instances|sentences|documents|utterances|images|pairs|questions|descriptions|records|articles|tweets|posts|reviews|recordings|clips|videos|dialogues|hours|tokens|queries|conversations|abstracts)\b"
        )),
        // `in Foo, a large corpus`, and an item of a list: `• Foo (5-shot): A corpus of words`.
        other(format!(r"\b(?:in|from|on|of|uses?|using|with) (?P<l>{NAME}){ASIDE}, (?:an?|the) (?P<b>(?:[\w-]+ ){{0,5}}?){DATA}\b")),
        other(format!(r"^• (?P<l>{NAME}){ASIDE} ?[:–—-] (?:An?|The|It) [^.:]{{0,60}}?\b{DATA}\b")),
        other(format!(r"^• (?P<l>{NAME}){ASIDE}, (?:an?|the|our) (?P<b>(?:[\w-]+ ){{0,2}}?){DATA}\b")),
        // `Foo as our sorting dataset`, `the Foo Bar (FB) annotations`.
        other(format!(r"\b(?:[Uu]se|[Uu]sing|[Ss]elect|[Aa]dopt|[Cc]hoose|[Tt]ake|and)(?:ed|d|s)? (?:the )?(?P<l>{NAME}){ASIDE} as (?:the|our|an?) (?P<b>(?:[\w-]+ ){{0,4}}?){DATA}\b")),
        other(format!(r"\b(?:[Tt]he|[Oo]n) (?P<l>{NAME} \([A-Z][\w-]{{1,11}}\)) (?:annotations|trees|treebanks)\b")),
        // `(5) Foo, a dataset introduced in`.
        other(format!(r"(?:\([\w&]{{1,3}}\)|;|:) (?P<l>{NAME}){ASIDE}, (?:an?|the) (?P<b>(?:[\w-]+ ){{0,4}}?){DATA}\b")),
        // `The dataset is based on Foo`.
        other(format!(
            r"\b(?:[Tt]he|[Oo]ur|[Tt]his|[Aa]ll) (?:[\w-]+ ){{0,2}}?(?:data ?sets?|data|corpus|benchmark|images|samples|recordings) (?:(?:is|are|was|were) (?:mainly |partly )?)(?:based (?:up)?on|derived from|extracted from|obtained from|taken from) (?:the )?(?P<l>{list})"
        )),
        // `10k hours of speech from Foo`.
        other(format!(
            r"\b\d[\d,.]*[kKM]?\+? (?:hours|utterances|sentences|documents|images|videos|pairs|tokens|examples|samples|questions|instances|articles|recordings|clips)(?: of (?:[a-z-]+ ){{0,2}}?(?:audio|speech|data|text|video|recordings))? from (?:the )?(?P<l>{list})"
        )),
        // `data are sampled from Foo`.
        other(format!(r"\bdata (?:(?:is|are|was|were) )?(?:(?:sampled|drawn|taken|collected|selected|crawled) )?from (?:the )?(?P<l>{list})")),
        // `text comes from FooBar`; `Leafish text is FooBar`, `the training data is Foo-2`: which of the data it is.
        other(format!(
            r"\b(?:text|data|corpus|speech|audio|material) (?:comes? from|came from|stems? from) (?:the )?(?P<l>{COINED}){END_OF_CLAUSE}"
        )),
        other(format!(
            r"\b(?P<b>[A-Z][a-z]+|(?:pre-?)?training|fine-?tuning|evaluation|test|validation) (?:text|data|corpus|speech|audio|material) (?:is|are|was|were) (?:the )?(?P<l>{COINED}){END_OF_CLAUSE}"
        )),
        // Not only words of capitals: `the foo2.5 dataset`.
        other(format!(r"\b(?:[Tt]he|[Oo]n|’s|'s) (?P<l>[a-z]+[a-z-]*\d[\w.-]*\w) {DATA}\b")),
        // Its own name says what it is: `the Foo Bar Task (FBT)`, `the Foo Database`.
        other(
            r"(?P<l>(?:[A-Z][\w’'-]+ ){1,4}(?:Task|Challenge|Dataset|Corpus|Benchmark|Database|Treebank)(?: \([A-Z][\w-]{1,11}\))?)"
                .to_string(),
        ),
        // `the Foo Bar (FB) corpus`: the short name before the word.
        other(format!(r"\b(?:[Tt]he|[Oo]n|[Oo]ur) (?P<l>{NAME} \([A-Z][\w-]{{1,11}}\)) {FEW}{DATA}\b")),
    ]
});

/// The forms in which other things stand, too.
pub(super) static WEAK: LazyLock<Vec<regex::Regex>> = LazyLock::new(|| {
    const DONE: &str = r"(?:[Ee]valuat\w+|[Ee]xperiment\w*|[Tt]est(?:ed|ing)?|[Tt]rain(?:ed|ing|s)?|[Ff]ine-?tun(?:ed?|ing)|[Rr]esults?|[Pp]erformances?|[Vv]alidat\w+|[Cc]lassification|[Aa]chiev\w+|[Ss]cores?|[Aa]verages?)";
    const TAKE: &str = "(?:use|adopt|consider|select|employ|utili[sz]e|choose)d?";
    const PURPOSE: &str = "(?:(?:pre-?)?train|evaluat|fine-?tun|test|validation|benchmark|source)";
    const SPLIT: &str = "(?:training|test|validation|dev|development|evaluation|eval)";
    let list = list();
    let forms = [
        format!(r"\b(?:[Ii]nclude|[Aa]dd|[Ss]elect|[Tt]ake|{TAKE})d? (?:the )?(?P<l>{list}) from (?:the )?[A-Z]"),
        format!(
            r"\b[Rr]eport (?:[\w@%.-]+ ){{0,4}}?(?:averages?|means?) (?:[\w@%.-]+ ){{0,3}}?(?:of|over|across) (?:the )?(?P<l>{list})"
        ),
        format!(r"\b{DONE} (?:[\w’'@%.-]+ ){{0,8}}?on (?:the |both |all )?(?P<l>{list})"),
        format!(r"\b{TAKE} (?:the )?(?P<l>{list}) (?:for|as|to) (?:[a-z-]+ ){{0,4}}?{PURPOSE}"),
        format!(r"(?P<l>{NAME}) (?:is|was) used (?:as|for) (?:the |our )?(?:test|validation|dev|train)"),
        format!(r"\b(?:[Tt]he|[Oo]n|[Oo]f) (?P<l>{list}) {SPLIT} (?:sets?|splits?|data)\b"),
        format!(
            r"(?P<l>{list})(?:,? (?:and )?[a-z]+(?: [a-z]+)?){{0,3}},? (?:is|are|was|were) used as (?:the |our )?(?:[\w-]+ ){{0,3}}?{DATA}\b"
        ),
        format!(r"\b(?:subsets?|splits?|portions?) of (?:the )?(?P<l>{list})"),
        // `The text is Foo-2`: or what it is like.
        format!(r"\b(?:text|data|corpus|speech|audio|material) (?:is|are|was|were) (?:the )?(?P<l>{COINED}){END_OF_CLAUSE}"),
        format!(r"\b(?:on|the) (?P<l>{list}) (?:[a-z]+(?:-[a-z]+)* ){{0,3}}?tasks?\b|\btasks? (?P<m>{list})"),
    ];
    forms.iter().map(|form| crate::intake::regex(form)).collect()
});

/// The names of a list, each with its short form, if that stands behind it in brackets.
pub(super) fn items(list: &str) -> Vec<(String, Option<String>)> {
    static ONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(&format!(
            r"(?:^|,? and |, |,? or |,? as well as |the |on )(?P<n>{NAME})(?: \((?P<s>[^()]{{1,40}})\))?"
        ))
    });
    let is_short =
        |text: &str| text.len() > 1 && text.len() < 12 && !text.contains(' ') && text.starts_with(|c: char| c.is_uppercase());
    ONE.captures_iter(list)
        .map(|one| (bare(&one["n"]), one.name("s").map(|s| s.as_str().to_string()).filter(|s| is_short(s))))
        .flat_map(|(name, short)| parts(&name).into_iter().map(move |name| (name, short.clone())))
        .filter(|(name, _)| !name.is_empty())
        .chain(list.starts_with(|c: char| c.is_lowercase()).then(|| (list.to_string(), None)))
        .collect()
}

/// `Foo10/100` is two.
fn parts(name: &str) -> Vec<String> {
    static BOTH: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(?P<n>[A-Za-z -]+)(?P<a>\d+)/(?P<b>\d+)$"));
    match BOTH.captures(name) {
        Some(both) => vec![format!("{}{}", &both["n"], &both["a"]), format!("{}{}", &both["n"], &both["b"])],
        None => vec![name.to_string()],
    }
}

/// Without the words that a sentence begins with.
fn bare(name: &str) -> String {
    let words: Vec<&str> = name.split(' ').collect();
    // `Leaf Growth Dataset` is a name that ends in such a word; `Leaf Dataset` may be the beginning of any.
    let is_whole = matches!(words.as_slice(), [.., first, second, "Dataset"] if !is_begin(first) && !is_begin(second));
    let upto = words.len() - usize::from(is_whole);
    let from = words[..upto].iter().rposition(|word| is_begin(word)).map_or(0, |at| at + 1);
    let mut words = words[from..].to_vec();
    // A heading in its own line is what the sentence begins with once more.
    words.dedup();
    words.join(" ").trim_end_matches(['.', '\'', '’']).to_string()
}

fn is_begin(word: &str) -> bool {
    BEGINS.contains(&format!(" {word} "))
}

/// What a sentence or a caption begins with.
const BEGINS: &str = " It They Its Existing Public Since Most Many Several Such Other Different Because Training When Then \
    Across New Large Custom The This These Our We For In On Both Each All Using From Table Figure Section \
    Appendix And As With While Datasets Dataset Data ";

/// Whether a word begins another part of the sentence, so that what is before it is not named by what follows.
pub(super) fn is_small_word(word: &str) -> bool {
    const SMALL: &str = " on the for with of in a an this each to from our and is are these that by as at all two three four \
    other or has uses using across over into between against than under per any some every multiple several \
    many various different its their which ";
    !word.is_empty() && SMALL.contains(&format!(" {word} "))
}

/// Not the name of a model, a metric, a machine, a tool or a language.
pub(super) fn is_possible(name: &str) -> bool {
    static OTHER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:NVIDIA|[CGT]PUs?|[AVH]\d00|RTX|GeForce|Tesla|Adam\w?|SGD|(?:PyTorch|TensorFlow|Keras|JAX|DeepSpeed|Megatron)(?:-[\w-]+)?|Hugging ?Face|Transformers|Eq|Tab|Fig|Figures?|Tables?|Sections?|Appendix|Algorithm|NLP|AI|ML|L?LMs?|RAG|SFT|RL|Learning|Python|Java|C\+\+|English|Chinese|German|French|Spanish|Japanese|Latin|Arabic)$",
        )
    });
    // `English-language corpora` are of a kind, and so are `QA` ones.
    static OF_KIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)-(?:language|style|scale|based|domain|level|quality|specific|source|trained|purpose|only|like|sized)$|^(?:QA|NMT|ASR|OCR)$",
        )
    });
    if name.split(' ').all(|word| is_kind(word) || OF_KIND.is_match(word)) {
        return false;
    }
    // What data are like, and how they are written.
    static LIKE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:non-.*|.*-(?:en|de)?coded|.*-(?:licen[cs]ed|formatted|tokeni[sz]ed|stripped|spectrograms?)|.*cased|utf-?\d*|ascii|base-?64|jpe?g(?:-?2000)?|png|webp|mp[34]|jsonl?|html5?|conll-[ux]|word-?piece|sentence-?piece|creative[- ]commons.*)$",
        )
    });
    static PART: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:Stage|Phase|Step|Round|Season|Episode|Chapter|Part|Volume|Level|Class|Category|Label|Grade|Group|Fold|Type|Cluster|Task|Track|Experiment|Model) \d",
        )
    });
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let metric = names::metrics_in(name).iter().any(|m| m.at.start == 0);
    letters > 1
        && name.len() <= 60
        && !metric
        && !OTHER.is_match(name)
        && !PART.is_match(name)
        && !LIKE.is_match(name)
        && !begins_with_machine(name)
        && (super::family_named(name).is_none() || !names::datasets_in(name).is_empty())
        && names::tasks_in(name).is_empty()
}

/// A word for a kind of thing, no name.
pub(super) fn is_kind(word: &str) -> bool {
    static KIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:Tasks?|Challenges?|Benchmarks?|Data(?:sets?|bases?)?|Corpus|Corpora|Treebank|Test|Train|Training|Validation|Dev|Sets?|Evaluation|Word|Classification|Binary|Multiclass|Shared|Language|Adaptation)$",
        )
    });
    KIND.is_match(word)
}

/// A machine, or the firm that makes or lends it: `Google Speech Commands` is neither.
pub(super) fn begins_with_machine(name: &str) -> bool {
    const FIRMS: [&str; 4] = ["Google", "Amazon", "Intel", "AMD"];
    const MACHINES: [&str; 11] = ["GeForce", "GTX", "RTX", "TITAN", "Titan", "Tesla", "Quadro", "NVIDIA", "Nvidia", "TPU", "GPU"];
    const OF_FIRMS: [&str; 25] = [
        "Cloud",
        "Colab",
        "Colaboratory",
        "TPU",
        "TPUs",
        "Compute",
        "Drive",
        "Research",
        "Brain",
        "AI",
        "Translate",
        "Scholar",
        "Maps",
        "EC2",
        "AWS",
        "SageMaker",
        "Web",
        "Mechanical",
        "Xeon",
        "Core",
        "Arc",
        "MKL",
        "Gaudi",
        "EPYC",
        "Ryzen",
    ];
    let mut words = name.split([' ', '-', '(']);
    let is_firm = words.next().is_some_and(|first| FIRMS.contains(&first.trim_end_matches("'s")));
    MACHINES.iter().any(|maker| name.starts_with(maker)) || is_firm && words.next().is_none_or(|next| OF_FIRMS.contains(&next))
}

/// A word with a digit or two capitals: made up, not only at the head of a sentence or of a title.
pub(super) fn is_coined(name: &str) -> bool {
    name.split(' ').any(|word| word.chars().any(|c| c.is_ascii_digit()) || word.chars().filter(|c| c.is_uppercase()).count() > 1)
        || !names::datasets_in(name).is_empty()
}
