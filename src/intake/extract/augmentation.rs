//! How training data are changed as they are read.

use super::{Findings, Place};
use crate::intake::{FieldKey, Value};
use std::ops::Range;
use std::sync::LazyLock;

/// (what it is written as, what it is called).
const AUGMENTATIONS: &[(&str, &str)] = &[
    (r"(?P<n>\d+) pixels? (?:are |is )?padded|padd(?:ed|ing) (?:of |by |with )?(?P<m>\d+) pixels?", "pad {} pixels on each side"),
    (r"(?P<n>\d+\s?[×x]\s?\d+) crop[^.;]{0,20}random|random(?:ly)? (?:sampled )?(?P<m>\d+\s?[×x]\s?\d+) crop", "{} random crop"),
    (r"random(?:ly)? (?:resized )?crop(?:s|ped|ping)?\b", "random crop"),
    (
        r"horizontal(?:ly)? flip|flip\w* horizontally|(?:horizontal(?:ly)? )mirror|mirror\w* horizontally|flip\w* (?:the |each |an )?images? (?:with|at)\b|random(?:ly)? flip",
        "horizontal flip",
    ),
    (r"scale augmentation", "scale augmentation"),
    (r"colou?r augmentation", "color augmentation"),
    (r"colou?r[- ]?jitter\w*", "color jitter"),
    (r"colou?r[- ]?distort\w*", "color distortion"),
    (r"random(?:ly)? rotat\w*|rotations? (?:of|by|up to|between)\b", "random rotation"),
    (r"random(?:ly)? (?:shift|translat)\w*", "random translation"),
    (r"vertical(?:ly)? flip", "vertical flip"),
    (r"(?:random ?)?gr[ae]y-?scal(?:e|ing)\b", "random grayscale"),
    (r"gaussian[- ]?blur\w*", "gaussian blur"),
    (r"\bspec-?aug(?:ment(?:ation)?)?\b", "SpecAugment"),
    (r"\bspeed perturbation", "speed perturbation"),
    (r"\bback-?translation\b", "back-translation"),
    // As a library calls them.
    (r"RandomResizedCrop", "RandomResizedCrop"),
    (r"RandomHorizontalFlip", "RandomHorizontalFlip"),
    (r"\bmixup\b", "mixup"),
    (r"\bcutmix\b", "cutmix"),
    (r"\baugmix\b", "AugMix"),
    (r"\bcutout\b", "cutout"),
    (r"\brand[- ]?aug(?:ment(?:ation)?)?\b", "RandAugment"),
    (r"\bauto[- ]?aug(?:ment)?\b", "AutoAugment"),
    (r"\brandom erasing\b|^erasing\b", "random erasing"),
    (r"^repeated[- ]aug(?:mentation)?\b|\buse repeated[- ]augmentation\b", "repeated augmentation"),
];

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    let text = at.text();
    let lower = text.to_lowercase();
    // What is compared with is not what is done.
    let compares = lower.contains("compare") || lower.contains("baseline") && !tells_of_the_baseline(&lower);
    if at.caption
        || compares
        || is_only_named(text, at.boasts)
        || ![
            "crop",
            "flip",
            "augment",
            "mixup",
            "cutmix",
            "cutout",
            "augmix",
            "speed perturb",
            "mirror",
            "padded",
            "erasing",
            "jitter",
            "blur",
            "grayscale",
            "random rotat",
            "randomly rotat",
            "specaug",
        ]
        .iter()
        .any(|w| lower.contains(w))
    {
        return;
    }
    if let Some(none) = augments_nothing(text) {
        return found.say(at, FieldKey::Augmentation, Value::Texts { texts: vec!["none".into()] }, None, none);
    }
    let (mut texts, mut words) = augmentations_in(text);
    if let Some((listed, place)) = listed_augmentations(text) {
        // What a list says goes before what is known of its words.
        if texts.len() < 2 && texts.len() < listed.len() {
            (texts, words) = (listed, Some(place));
        }
    }
    let goes_on = goes_on_a_list(at, found);
    // Pictures in grey are no augmentation, nor is a rotation of something else.
    let is_doubtful = |text: &String| ["random grayscale", "random rotation", "random translation"].contains(&text.as_str());
    let bare = lower.replace("transformer", "");
    let changes_images = ["augment", "transform", "image", "flip", "crop"].iter().any(|word| bare.contains(word));
    let is_random = lower.contains("augment") || lower.contains("random");
    if texts.iter().all(is_doubtful) && !(changes_images && is_random) && !goes_on {
        return;
    }
    if let Some(words) = words {
        found.say(at, FieldKey::Augmentation, Value::Texts { texts }, None, words);
    }
}

/// Whether a sentence is the next item of a list of augmentations: right behind one of the same section, and of another random kind.
fn goes_on_a_list(at: &Place<'_>, found: &Findings<'_>) -> bool {
    /// Not further apart than the items of a list.
    const CLOSE: usize = 160;
    let last = found.fields.iter().rev().find(|field| field.key == FieldKey::Augmentation);
    last.is_some_and(|last| found.follows(at, last, CLOSE)) && at.text().trim_start_matches(['•', ' ']).starts_with("Random")
}

/// `The baseline uses cropping and flipping`: what all build on, where the paper is on more of it.
fn tells_of_the_baseline(lower: &str) -> bool {
    static USES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:the|our) (?:[\w-]+ )?baseline (?:model )?(?:uses|applies|consists of|includes|is trained with|only uses) ",
        )
    });
    USES.is_match(lower)
}

/// Whether augmentations are only spoken of: in the abstract and before it, in a line of keywords, a question, or a finding.
fn is_only_named(text: &str, boasts: bool) -> bool {
    static KEYWORDS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^\W{0,3}(?:key ?-?words?|index terms|ccs concepts)\b"));
    static FINDS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:improv|achiev|outperform|increas|decreas|reduc|degrad|hurt|help|los|yield|obtain|rank|gain|drop|benefit|perform|show|report)(?:e?s|ed|ing|es)?\b",
        )
    });
    static DOES: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:us(?:e|ed|es|ing)|appl(?:y|ied|ies|ying)|employ\w*|adopt\w*|augmented|perform(?:ed)?|train(?:ed|ing)? with|follow\w*|include[sd]?|consist\w*|add(?:ed)?|utili[sz]\w*|crop(?:ped|s)?|flip(?:ped|s)?|pad(?:ded)?)\b",
        )
    });
    // Methods with a name of their own are spoken of without a word on what is done, too.
    static METHODS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:mixup|cutmix|cutout|augmix|rand-?augment|auto-?augment)\b"));
    static CHANGES: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)crop|flip|pad(?:d|s\b)|rotat|jitter|blur|erasing|: |[=•]|\baugment"));
    let finds = || FINDS.is_match(text) || METHODS.is_match(text) && !CHANGES.is_match(text);
    boasts || text.ends_with('?') || KEYWORDS.is_match(text) || !DOES.is_match(text) && finds()
}

/// `No further augmentations are applied`: said of all of it, not of one kind.
fn augments_nothing(text: &str) -> Option<Range<usize>> {
    static NONE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:no|without(?: any| using)?) (?:additional |further |extra |explicit |other )?(?:data[- ]|image[- ])?augmentations?(?: techniques?| methods?| strateg\w+)? (?:is|are|was|were) (?:used|applied|employed|performed)",
            r"|\b(?:do|did|does) not (?:use|apply|employ|perform) (?:any )?(?:data[- ]|image[- ])?augmentations?\b"
        ))
    });
    NONE.find(text).map(|none| none.range())
}

/// `we augment with A, B and C`, `for augmentation we use the following: A, B, and C`, `A was applied as data augmentation`.
fn listed_augmentations(text: &str) -> Option<(Vec<String>, Range<usize>)> {
    static LIST: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\baugmentations?\b(?: \w+| \([^)]*\)|,){0,14}?(?:: | such as | including | include[ds]? | consist(?:s|ed)? of | namely | like )(?P<l>(?:[^.;:()]|\([^()]*\))+)",
        )
    });
    static AS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)(?:^|, |additionally |and )(?P<l>(?:additive |random |synthetic )?[\w -]{4,40}?)(?: \([^)]*\)| [^\s\w]\S*)* (?:is|are|was|were) (?:also |randomly )?(?:applied|added|used)\b[^.;]{0,90}\bas (?:an? |the )?(?:form of |kind of )?(?:data )?augmentation",
        )
    });
    // `the usual augmentation (turning/shifting)`
    static BRACKETS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\baugmentations?(?: (?:schemes?|strateg(?:y|ies)|techniques?|pipelines?|methods?|policy|procedure))? \((?:e\.g\.,? |i\.e\.,? )?(?P<l>[a-z][a-z -]{2,40}(?:(?:[/,]| and) ?(?:and )?[a-z][a-z -]{2,40})+)\)",
        )
    });
    let found = LIST.captures(text).or_else(|| AS.captures(text)).or_else(|| BRACKETS.captures(text))?.name("l")?;
    static INSIDE: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" ?\([^()]*\)"));
    let mut items: Vec<String> = Vec::new();
    for item in INSIDE.replace_all(found.as_str(), "").split([',', '/']).flat_map(|part| part.split(" and ")) {
        let item = item.trim().trim_start_matches("and ").trim_start_matches("the ");
        let item = item.split(" with ").next().unwrap_or_default().split(" of ").next().unwrap_or_default();
        let item = item.split('[').next().unwrap_or_default().trim();
        if item.is_empty() || item == "and" {
            continue;
        }
        // A clause is no item.
        let words = item.split_whitespace().count();
        if words > 4 || ["we ", "to ", "which ", "is ", "it "].iter().any(|verb| item.starts_with(verb)) {
            break;
        }
        items.push(item.to_string());
    }
    (!items.is_empty()).then(|| (items, found.range()))
}

/// The augmentations that a cell of a table names.
pub(super) fn augmentations_named(text: &str) -> Vec<String> {
    augmentations_in(text).0
}

/// `the usual crop + flip augmentation`: kinds in short, right before the word.
fn in_short(text: &str) -> Option<(Vec<String>, Range<usize>)> {
    static SHORT: LazyLock<regex::Regex> = LazyLock::new(|| {
        let kind = r"(?:random |horizontal )?(?:crop(?:ping|s)?|flip(?:ping|s)?|padd?(?:ing|s)?|rotations?|shifts?|translations?|mirror(?:ing)?|jitter(?:ing)?|scaling|cutout|mixup)";
        crate::intake::regex(&format!(
            r"(?i)\b(?P<l>{kind}(?: ?[+/&,] ?(?:and )?{kind}| and {kind})+) (?:data[- ]|image[- ])?augmentations?\b"
        ))
    });
    let list = SHORT.captures(text).filter(|_| text.contains("ugment"))?.name("l")?;
    let parts = list.as_str().split(['+', '/', '&', ',']).flat_map(|part| part.split(" and "));
    let kinds = parts.map(|part| part.trim().trim_start_matches("and ").to_lowercase()).filter(|part| !part.is_empty());
    Some((kinds.collect(), list.range()))
}

/// `random cropping` -> `random crop`.
fn stem_of(kind: &str) -> &str {
    const ENDS: [&str; 5] = ["pping", "dding", "ing", "pped", "s"];
    let cut = |end: &&str| kind.strip_suffix(*end).map(|stem| &kind[..stem.len() + usize::from(end.len() == 5)]);
    ENDS.iter().find_map(cut).unwrap_or(kind)
}

/// The augmentations that a text names, and where.
fn augmentations_in(text: &str) -> (Vec<String>, Option<Range<usize>>) {
    static PATTERNS: LazyLock<Vec<regex::Regex>> =
        LazyLock::new(|| AUGMENTATIONS.iter().map(|(p, _)| crate::intake::regex(&format!("(?i){p}"))).collect());
    // `We do not use cropping`.
    static NOT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:not|never) (?:use|apply|employ|perform)(?: any)?|without(?: any)?|no|rather than|instead of) $",
        )
    });
    let mut texts: Vec<String> = Vec::new();
    let mut words: Option<Range<usize>> = None;
    for ((_, name), pattern) in AUGMENTATIONS.iter().zip(PATTERNS.iter()) {
        let Some(one) = pattern.captures(text) else { continue };
        // A `random rotation matrix` is no change of the data.
        let is_other =
            |whole: regex::Match<'_>| NOT.is_match(&text[..whole.start()]) || text[whole.end()..].starts_with(" matri");
        if one.get(0).is_some_and(is_other) {
            continue;
        }
        let size =
            one.name("n").or_else(|| one.name("m")).map_or(String::new(), |m| m.as_str().replace(' ', "").replace('×', "x"));
        let item = name.replace("{}", &size);
        // `32x32 random crop` has said `random crop` already.
        if let Some(whole) = one.get(0).filter(|_| !texts.iter().any(|t| t.ends_with(&item))) {
            words = Some(words.map_or(whole.range(), |w| w.start.min(whole.start())..w.end.max(whole.end())));
            texts.push(item);
        }
    }
    if let Some((kinds, place)) = in_short(text).filter(|(_, place)| !NOT.is_match(&text[..place.start])) {
        words = Some(words.map_or(place.clone(), |w| w.start.min(place.start)..w.end.max(place.end)));
        let is_told = |kind: &String| texts.iter().any(|text| text.contains(stem_of(kind)));
        let first = kinds.into_iter().filter(|kind| !is_told(kind)).collect::<Vec<_>>();
        texts.splice(0..0, first);
    }
    (texts, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_named() {
        for text in [
            "CutMix achieves the highest clean accuracy.",
            "Are the losses of CutMix sensitive to its probability?",
            "Keywords: data augmentation; robustness; Mixup",
            "Reducing the CutMix probability improves the mean accuracy.",
            "The study has a shared budget and a CutMix analysis.",
        ] {
            assert!(is_only_named(text, false), "{text}");
        }
        for text in [
            "We use CutMix to improve robustness.",
            "Images are padded, and a random crop is taken.",
            "Mixup uses an alpha of 1.0.",
        ] {
            assert!(!is_only_named(text, false), "{text}");
        }
        assert!(is_only_named("We train with CutMix and see more.", true));
        assert!(tells_of_the_baseline("the baseline uses random cropping."));
        assert!(!tells_of_the_baseline("we outperform the baseline that uses random cropping."));
    }

    #[test]
    fn other_words_for_it() {
        let named = |text: &str| augmentations_in(text).0;
        assert_eq!(named("a random crop, mirrored horizontally with 50% probability"), ["random crop", "horizontal flip"]);
        assert_eq!(named("We apply AugMix and speed perturbation."), ["speed perturbation", "AugMix"]);
        assert!(named("a mirror of the set").is_empty());
    }
}
