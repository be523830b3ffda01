//! What says of columns that they are no good as inputs, whatever is done about it: that they say nothing, `the dealer's phone is of no use`,
//! or too much, `payout is only known afterwards`, `the fee leaks the answer`.

use super::pattern;
use regex::Regex;
use std::sync::LazyLock;

/// What may stand between a name and what is said of it, and within that.
const BESIDES: &str = r"(?:(?:just|only|merely|simply|really|completely|totally|absolutely|entirely|rather|quite|pretty|obviously|clearly|certainly|surely|probably|basically|actually|also|all|both|each|either|here|anyway|itself|themselves|too|plainly|mostly|practically|perfectly|then|for us|to us|for me|to me|of course|a) )*";

/// The names' own words: `the dealer phone number`.
const NOUN: &str = r"(?:(?:number|numbers|code|codes|name|names|column|columns|field|fields|values?|data|variable|feature|spalte|spalten|colonne|columna|列) )*";

/// In the words behind names, in lower case and with one blank between them: an apostrophe is one.
static BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let is = r"(?:is|are|was|were|be|s|re|seems?|looks?|appears?)(?: to be)?";
    let nothing = r"(?:(?:absolutely|really|next to|almost|practically|about) )?nothing";
    let us = r"(?:(?:us|me|you|it|anybody|anyone|the model|a model|the network) )?";
    let good = r"(?:relevant|useful|helpful|informative|meaningful|important|needed|interesting|of (?:any |much )?(?:use|interest|value|help|relevance)|any (?:use|good|help)|worth anything)";
    let known =
        r"(?:known|available|recorded|measured|filled(?: in)?|determined|decided|computed|entered|seen|there|at hand|given)";
    let late = r"(?:afterwards?|later(?: on)?|after|in hindsight|in retrospect|once|at the end|too late)";
    let early = r"(?:yet|at|when|before|beforehand|in advance|up ?front|until|in production|then|by then|for new)";
    let answer = r"(?:answer|label|target|outcome|result|class|solution)";
    pattern(&format!(
        r"^{NOUN}{BESIDES}(?:[^,]{{0,40}}? (?:and|but) )?{BESIDES}(?:{}) ?",
        [
            format!(r"(?:say|mean|tell|add|contribute|explain|bring|give|reveal|predict|offer)s? {us}{nothing}\b"),
            format!(r"(?:has|have|carr(?:y|ies)|holds?|contains?|brings?|adds?|gives?|provides?|offers?) {us}(?:absolutely |really |practically )?no (?:\w+ )?(?:information|meaning|signal|sense|use|relevance|influence|bearing|significance|importance|relation|connection)\b"),
            format!(r"{is} {BESIDES}(?:irrelevant|useless|meaningless|pointless|worthless|uninformative|unimportant|immaterial|insignificant|redundant|superfluous|unrelated|nonsense|rubbish|garbage|junk|noise|pure noise|no (?:use|good|help)|of (?:absolutely )?no \w+|without (?:any )?(?:meaning|information|value|use|relevance)|not {BESIDES}{good}|none of (?:our|your|its|the model s) business|against (?:the |our )?(?:law|rules|policy|regulations?))\b|of (?:absolutely )?no (?:use|interest|value|help|relevance|importance)\b"),
            format!(r"(?:isn|aren|wasn|weren) t {BESIDES}{good}\b"),
            format!(r"(?:is|are) (?:just|only|merely|simply|nothing but|no more than|purely|but) (?:an? |the )?(?:\w+ )?(?:counter|index|indices|indexes|ids?|identifiers?|keys?|bookkeeping|(?:row|running|serial|consecutive|internal|reference|random) numbers?)\b"),
            format!(r"(?:(?:don|doesn|didn) t|(?:do|does|did) not) (?:really )?(?:matter|count|help|(?:say|mean|tell|add|contribute|explain) {us}(?:anything|much|a thing)|(?:carry|have|hold) (?:any )?(?:information|signal|meaning|influence|bearing))\b"),
            format!(r"(?:(?:is|are|would be|will be) {BESIDES}(?:(?:an?|pure|clear|obvious|plain|target|label|data) )*(?:leak|leaks|leaking|leaky|leakage|cheating|giveaway|give away|spoiler)|leaks?|(?:would |will )?gives? (?:it|everything|the (?:\w+ )?{answer}) away|(?:would |will )?gives? away|(?:reveals?|betrays?) the (?:\w+ )?{answer})\b"),
            format!(r"{is} {BESIDES}(?:(?:only|first) {known}|{known} only) (?:only )?{late}\b"),
            format!(r"(?:(?:is|are|was|were|will)(?: not| never)|(?:isn|aren|wasn|weren|won) t)(?: yet| be)* {known} {early}\b"),
            format!(r"(?:is|are|will be) (?:unknown|unavailable) {early}\b"),
            r"(?:is|are) (?:an? )?(?:absolute )?no go\b|(?:can|may|must|should|has to|have to) go(?: too| as well| away| out)?$".into(),
            // In other languages.
            r"(?:sagt|sagen|bedeutet|bedeuten|bringt|bringen|verrät|verraten|nützt|nützen|nutzt|nutzen|hilft|helfen|taugt|taugen)(?: (?:uns|mir|dem modell|auch|ja|gar|überhaupt|so))* (?:nichts|nix|wenig)\b".into(),
            r"(?:ist|sind)(?: (?:für uns|hier|völlig|ganz|komplett|total|einfach|nur|ja|auch))* (?:irrelevant|unwichtig|nutzlos|bedeutungslos|belanglos|egal|überflüssig|unerheblich|wertlos|rauschen|sinnlos|ohne (?:bedeutung|belang|aussage|aussagekraft|wert))\b".into(),
            r"(?:ist|sind) (?:nur|bloß|lediglich) (?:(?:eine?|der|die|das|laufende|interne) )*(?:zähler|index|kennung|id|schlüssel|nummer)$".into(),
            r"(?:spielt|spielen) keine rolle\b|(?:ist|sind|wird|werden)(?: ja)? erst (?:hinterher|später|danach|nachher|im nachhinein|nachträglich) bekannt\b".into(),
            r"(?:ne |n )(?:nous )?(?:disent|dit|apportent|apporte|signifient|signifie|servent|sert|valent|vaut|veulent dire|veut dire)(?: à)? rien\b|n (?:a|ont) (?:aucune?|pas d) (?:intérêt|importance|sens|valeur|information)\b".into(),
            r"(?:est|sont)(?: (?:totalement|complètement|tout à fait|ici))* (?:inutiles?|sans (?:intérêt|importance|valeur|signification)|non pertinente?s?|hors sujet|du bruit)\b".into(),
            r"no (?:nos )?(?:dicen|dice|aportan|aporta|significan|significa|sirven para|sirve para|sirven de|sirve de|valen|vale)(?: absolutamente)? nada\b|no (?:sirven?|importan?)\b|no tienen? (?:sentido|importancia|valor|relevancia|significado)\b|(?:es|son)(?: (?:totalmente|completamente))? (?:inútil|inútiles|irrelevantes?|puro ruido|ruido)\b".into(),
            r"non (?:ci )?(?:dicono|dice|servono a|serve a|apportano|apporta|significano|significa) (?:nulla|niente)\b|não (?:nos )?(?:dizem|diz|servem para|serve para|acrescentam|acrescenta|significam|significa) nada\b|(?:sono|è|são) (?:inutil[ei]|irrilevant[ei]|irrelevantes?|inúteis)\b".into(),
            r"(?:对 我 们 )?(?:没 (?:有 )?(?:用|意 义|关 系)|无 (?:关|用|意 义)|毫 无 (?:用 处|意 义))".into(),
        ]
        .join("|")
    ))
});

/// In the words before names, up to them; what says when it is so may stand on either side.
static BEFORE: LazyLock<Option<[Regex; 3]>> = LazyLock::new(|| {
    let we = r"(?:we|you|i|they|one|it|the model)";
    let own = r"(?: (?:the|our|its|their|any|about|of))*$";
    Some([
        pattern(&format!(
            r"\b(?:nobody|no one|noone|nothing) (?:knows?|has|can know|cares? about|needs?|wants?)(?: yet)?{own}|\bonly (?:afterwards?|later|then|in hindsight|at the end) (?:do|will|can|does) {we} (?:know|have|get|learn|see){own}|\b(?:there is|there s|has|have) no (?:use|point|sense|value) in(?: using)?{own}"
        ))?,
        pattern(&format!(
            r"\b(?:won t|will not|don t|do not|doesn t|does not|wouldn t|can t|cannot|never)(?: (?:yet|really|even))* (?:have|know|get|see){own}|\b{we} (?:only|just) (?:have|know|get|learn|see|find out){own}"
        ))?,
        pattern(
            r"^(?:at (?:the time|prediction|inference|that point|decision|scoring)|when|before|until|in (?:advance|production|time|hindsight)|yet|beforehand|afterwards?|later|after|once|up ?front)\b",
        )?,
    ])
});

/// Whether the words behind names say so.
pub(super) fn said_behind(behind: &[String]) -> bool {
    let words = behind.join(" ");
    // Of some rows alone.
    let is_of_rows = [" rows", " cases", " records", " examples"].iter().any(|rows| words.contains(rows));
    !is_of_rows && BEHIND.as_ref().is_some_and(|way| way.is_match(&words))
}

/// Whether those before them do, the nearest first.
pub(super) fn said_before(before: &[String], behind: &[String]) -> bool {
    let Some([surely, when, time]) = BEFORE.as_ref() else { return false };
    let before = before.iter().rev().map(String::as_str).collect::<Vec<_>>().join(" ");
    if surely.is_match(&before) {
        return true;
    }
    let is_timed =
        || time.is_match(&behind.join(" ")) || before.starts_with("at the time") || before.starts_with("at prediction");
    when.is_match(&before) && is_timed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_string).collect()
    }

    #[test]
    fn what_is_no_good_is_said_to_be() {
        for text in [
            "says nothing",
            "obviously mean nothing to us",
            "number is noise",
            "are irrelevant for us",
            "is of no use",
            "is just a counter",
            "don t matter",
            "carries no information",
            "leaks the answer",
            "would be cheating",
            "isn t known at prediction time",
            "is only known afterwards",
            "is known only in hindsight",
            "sagen nichts aus",
            "ne disent rien",
            "no aportan nada",
            "isn t useful",
            "comes last and would give it away",
            "is there for our agents and of no interest",
            "is against the law",
            "can go",
            "ist nur ein zähler",
        ] {
            assert!(said_behind(&words(text)), "{text}");
        }
        for text in [
            "is not irrelevant",
            "says most",
            "is only known for some rows",
            "matters",
            "is a number",
            "is just a number from 1 to 5",
            "has no duplicates",
            "is known",
            "isn t leaking",
            "is never useless",
            "is random",
            "means little",
            "can go in",
        ] {
            assert!(!said_behind(&words(text)), "{text}");
        }
    }

    #[test]
    fn what_comes_too_late_is_no_input() {
        let said = |before: &str, behind: &str| said_before(&words(before).into_iter().rev().collect::<Vec<_>>(), &words(behind));
        assert!(said("we won t have", "when the model runs") && said("nobody knows the", "yet"));
        assert!(said("only afterwards do we know", "") && said("we only learn the", "later"));
        assert!(!said("we don t have the", "of some rows") && !said("we only know", "and the age"));
    }
}
