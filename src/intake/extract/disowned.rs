//! Values that a paper speaks of and did not train with: what was suggested, tried, found wanting, or taken by others; what is another part's.

use super::numbers;
use std::sync::LazyLock;

/// What was suggested, tried or found wanting is not what was done: `0.001, to be too high`, `instead of a learning rate of 0.1`.
pub(super) fn is_disowned(before: &str, after: &str) -> bool {
    static TOO_MUCH: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\)?,?\s(?:(?:to be|was|were|is|are|proved|turned out|which|that|both|far|much|often|found|seemed|being)\s)*(?:too (?:high|low|large|small|big|aggressive|slow|fast|long|short)|unstable|divergent)\b",
        )
    });
    static IN_PLACE_OF: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:instead of|rather than|in place of|as opposed to|not) (?:(?:the|a|an|their|its|with|using|training for|training|suggested|recommended|usual|default|original|standard|common|larger|smaller|higher|lower)\s)*$",
        )
    });
    TOO_MUCH.is_match(after) || IN_PLACE_OF.is_match(before) || is_of_a_study(after) || is_of_others(before, after)
}

/// `A batch size of 8 gives 8 pairs`, `a rate of 1 leads to divergence`: what follows from a value; what works best was taken.
fn is_of_a_study(after: &str) -> bool {
    static FOLLOWS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?: (?:examples|samples|images|sequences|tokens|epochs|steps))? (?:gives?|gave|yield(?:s|ed)?|leads?|led|results?|resulted|implies|causes?|caused|produces?|makes?) (?P<rest>[^.;]{0,80})",
        )
    });
    const TAKEN: [&str; 8] = ["best", "better", "optimal", "good", "strong", "stable", "higher", "superior"];
    FOLLOWS.captures(after).is_some_and(|found| !TAKEN.iter().any(|word| found["rest"].contains(word)))
}

/// `The result of Foo was obtained with a batch size of 64, whereas we use 128`.
fn is_of_others(before: &str, after: &str) -> bool {
    static WE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^[^.;]{0,40}?,? (?:whereas|while|but|however,?) (?:\w+ )?we (?:\w+ )?(?:use[sd]?|train(?:ed)?|set|cho+se|appl(?:y|ied)|employ(?:ed)?|adopt(?:ed)?|take|took)\b",
        )
    });
    static OURS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:we|our|ours)\b"));
    static NOTES: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)^we (?:also )?(?:note|observe|remark|stress|point out) (?:here )?that "));
    WE.is_match(after) && !OURS.is_match(&NOTES.replace(before, ""))
}

/// `a grid of 7 rates spaced between 1e-4 and 0.1`: the ends of what was tried, of which none need be a value.
pub(super) fn ends_of_a_grid(before: &str) -> bool {
    static GRID: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:spaced|(?:log-?)?uniform(?:ly)?|sampled|drawn|random search)\b[^.;]{0,60}?\b(?:between|in)\b[^.;\d]{0,20}$",
        )
    });
    GRID.is_match(before)
}

/// `Foo with label smoothing {(77.4% on all leaves)}`, `{(12% error)}`: what a run with it reached. A share of its own is smaller, and has
/// no measure beside it.
pub(super) fn is_a_score(inside: &str, written: &str, after: &str) -> bool {
    static GOES_ON: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"^\s?%?(?:\)|\s?[/;,]| (?:for|in|on|after|rate|prob\w*|during|at|per)\b)"));
    static MEASURED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^\s?%?(?: (?:top-\d|test|mean|average|relative|absolute))? (?:of (?:all|the|them)\b|acc\w*|err\w*|F1|BLEU|mAP|AUC|recall|precision|correct|wrong|better|worse)",
        )
    });
    let in_percent = written.contains('%') || after.trim_start().starts_with('%');
    // Nobody smooths or drops out to a tenth of a percent.
    let is_fine = written.split_once('.').is_some_and(|(whole, _)| whole.len() > 1 && whole.starts_with(|c: char| c > '2'));
    let is_high = numbers::parse(written.trim_end_matches('%').trim()).is_some_and(|value| value > 50.0);
    let is_reached = is_fine || MEASURED.is_match(after) || is_high && !GOES_ON.is_match(after);
    inside.trim_end().ends_with('(') && in_percent && is_reached
}

/// `RMSNorm (Ash, 2019; {ε = 1e-5})`, `ε = 1e-5 for layer normalization`: the constant of a layer, not of the optimiser.
pub(super) fn is_of_a_norm(before: &str, after: &str) -> bool {
    static NORM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:layer|batch|rms|group|instance|qk|pre|post)[- ]?norm\w*|normali[sz]ation|(?-i:LN|BN))\b",
        )
    });
    static OPTIMIZER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:adam\w?|adamax|nadam|adagrad|adadelta|adafactor|rms-?prop|lamb|sgd|optimi[sz]er|beta\w*|learning[- ]rate|momentum)\b|β",
        )
    });
    static BEHIND: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ (?:for|in|of) (?:the |all |our )?(?:(?:layer|batch|rms|group|instance)[- ]?norm\w*|normali[sz]ation)\b",
        )
    });
    let last = |pattern: &regex::Regex| pattern.find_iter(before).last().map(|found| found.start());
    let is_close = last(&NORM).is_some_and(|norm| last(&OPTIMIZER).is_none_or(|optimizer| optimizer < norm));
    is_close || BEHIND.is_match(after)
}

/// `before it has completed {one pass over the corpus}`: a point in training, no length.
pub(super) fn is_before_a_pass(before: &str, written: &str) -> bool {
    static POINT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:before|until|after|prior to|less than|more than|fewer than|beyond|exceed\w*|complet\w+|precede\w*)\b[^.;,]{0,60}$",
        )
    });
    let is_one = ["one", "single"].iter().any(|word| written.eq_ignore_ascii_case(word));
    is_one && POINT.is_match(before) && ![" stop", " ends "].iter().any(|word| before.contains(word))
}
