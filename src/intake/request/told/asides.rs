//! What is said of other runs than the one that is asked for: `last time batch size 64 diverged`. None of it is followed.

use crate::intake::regex;
use crate::intake::request::rest::{Found, Rest, taken_if};
use regex::Regex;
use std::sync::LazyLock;

/// Who speaks of what was done before, and when.
pub(crate) const WHO: &str = r"(?:i|we|they|he|she|others|some(?:body|one)|people|colleagues?|(?:the|this) (?:paper|authors?|tutorial|baseline)|(?:an?|my|our|the) (?:intern|student|colleague|boss|friend|contractor|team|consultant|predecessor|supervisor))(?:['’]ve| have| had)?(?: (?:already|once|first|previously|also))?";
/// And what was done.
pub(crate) const DID: &str = r"(?:tried|used|ran|trained|(?:fine-?)?tuned|started with|had)";

/// Behind which stands, up to the end of the sentence, what another run had: `we used lr 1e-3, batch size 64, 5 epochs`.
static HAD: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        regex(&format!(
            r"(?i)\b(?:{WHO} {DID}\b|(?:previously|so far),? (?:i|we|it|with|used)\b|last time\s?[,:]|(?:yesterday|last (?:week|night|month|year|quarter|spring|summer|autumn|fall|winter|time|sprint))(?:['’]s (?:run|model|experiment|version|system|attempt|baseline|classifier)| (?:i|we|it))\b|(?:the|my|our|an?) {OTHER_RUN}(?: (?:had|used|was|were|ran|with)\b|\s?:)|(?:the|my|our|their|this) {OTHER_MODEL} (?:had|used|was|were|ran|got|reached|scored|achieved|needed|took|trained|came|diverged|overfitted)\b)"
        )),
        // Where the wish itself begins.
        regex(
            r"(?i)[;!?()]|\.(?:\s|$)|[,:]\s+(?:but|so|now|please|use|using|try|train|fine|let|this time|then|(?:i|we) (?:want|need)|¦\s+(?:on|for))\b|\s(?:but|so|now|this time|therefore|hence|instead|then)\b|\sand (?:i|we) (?:now )?(?:want|need)\b",
        ),
    ]
});
const OTHER_MODEL: &str = r"(?:old|previous|former|last|earlier|existing|current|original|production|deployed) (?:model|version|system|baseline|classifier|regressor|network|checkpoint|setup|pipeline)";
const OTHER_RUN: &str = r"(?:previous|former|last|earlier) (?:runs?|attempts?|experiments?|try|trials?)";

/// What only somebody says who speaks of what was done before.
static ENDED: LazyLock<Regex> = LazyLock::new(|| {
    let it = r"(?:it|this|that|training|loss|run|model|everything)";
    let surely = r"(?:diverged|overfitted|exploded|ran out of memory|oomed)";
    // What is classified may have, too: `passed and failed inspections`.
    let perhaps = r"(?:crashed|failed|collapsed)";
    regex(&format!(
        r"(?i)\b(?:last time (?:i|we|it|with|the|batch|lr|learning)\b|(?:in )?(?:the|my|our|an?) {OTHER_RUN}\b|{it} (?:has |had |always |then )?(?:{surely}|{perhaps})\b|and (?:then )?(?:{surely}\b|{perhaps}\s*(?:[.,;:!?)]|$))|(?:was|were) too (?:slow|big|large|small|high|low|much|many|long|short)\b)"
    ))
});

/// Why something is asked for, once all that is a wish is cut out: `no flips, since anatomy is not symmetric`. A number is no reason.
pub(crate) fn find_reasons(rest: &mut Rest) {
    static WHY: LazyLock<Regex> = LazyLock::new(|| {
        let is = r"(?:is|are|was|were|isn['’]t|aren['’]t|wasn['’]t|weren['’]t|has|have|had|does|doesn['’]t|do|don['’]t|can|cannot|can['’]t|looks?|seems?|gives?|leaks?)";
        regex(&format!(
            r"(?i)\b(?:because\s(?:[^\s,.;:!?()¦\d]+\s?){{1,14}}|since\s(?:[^\s,.;:!?()¦\d]+\s){{1,5}}?{is}\b(?:\s[^\s,.;:!?()¦\d]+){{0,10}})"
        ))
    });
    if !rest.says("because") && !rest.says("since") {
        return;
    }
    // `Not because of that, use x` goes on.
    static GOES_ON: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\b(?:use|train|drop|ignore|exclude|keep|set|take|please|so|leave|skip|want|need)\b"));
    let is_reason = |found: &Found<'_>| taken_if(!GOES_ON.is_match(&found.cut.words));
    static NOTHING: LazyLock<Regex> = LazyLock::new(|| regex(r"[^\s\S]"));
    while rest.cut_judged(&WHY, &NOTHING, is_reason).is_some() {}
}

/// Clauses about other runs, of which names of data and models and the task are cut out already: they are told.
pub(crate) fn find(rest: &mut Rest) {
    rest.tell_clauses(&HAD[0], Some(&HAD[1]));
    rest.tell_clauses(&ENDED, None);
    // What does not matter is no wish, and what may be done is one all the same.
    static NO_MATTER: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\b(?:(?:the |its )?[\w-]+ )?(?:(?:is|are) )?(?:not|un)[ -]?important\b|\b(?:(?:the |its )?[\w-]+ )?(?:does not|doesn['’]t|do not|don['’]t) (?:really )?matter(?: (?:much|at all|here))?\b",
        )
    });
    if rest.says("important") || rest.says("matter") {
        while rest.cut_plain(&NO_MATTER).is_some() {}
    }
    static IF_YOU_CAN: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)\bif (?:(?:you|it|we|that) (?:can|could|like|want|works?|helps?|fits?|is possible|(?:do )?have (?:some|any|one|them|it|those))|(?:at all )?(?:possible|needed|necessary|required|useful|available))\b(?: (?:do|be|manage|fit) (?:it|that|so))?",
        )
    });
    // `What do we get if we use x?` asks for a run with it.
    static IF_WE_USE: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)\bif (?:we|i|one|you) (?:use|used|take|took|train|trained|fine-?tune[sd]?|run|ran)\b"));
    if rest.says("if ") {
        while rest.cut_plain(&IF_YOU_CAN).is_some() {}
        while rest.cut_plain(&IF_WE_USE).is_some() {}
    }
    // What comes of the run is known behind it: the first value holds, and the condition is told.
    static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
        let what = r"(?:it|that|this|training|everything|(?:the|a) (?:training|run|loss|model|job|result|accuracy))";
        let comes = r"(?:takes?|needs?|lasts?|runs?|is|gets|goes|exceeds?|would|will|diverges?|overfits?|fails?|crash(?:es)?|drops?|falls|does(?: not|n['’]t))";
        let instead = r"(?:do|use|try|take|make|go|run|train|set|reduce|lower|switch|fall back|only|just)";
        regex(&format!(
            r"(?i)\b(?:if|should) {what} {comes}\b[^.;!?]{{0,60}}?(?:(?:,|\bthen|\bplease)\s(?:then |please )?{instead}\b[^.;!?]{{0,60}}?\b(?:instead|rather|epochs?|steps)\b(?: instead)?|\s{instead}\s[^.,;!?]{{0,60}}?\b(?:instead|rather)\b)"
        ))
    });
    if rest.says("if ") || rest.says("should ") {
        rest.tell(&CONDITION);
    }
}
