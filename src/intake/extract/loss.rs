//! What training minimises, as papers say it: a name before `loss` or `objective`, a well known kind, `A as our loss`, `maximising ...`.

use super::{Findings, Place, Said};
use crate::intake::{FieldKey, Scope, Value};
use std::ops::Range;
use std::sync::LazyLock;

/// What a loss that is named, not defined, counts for.
const NAMED_LOSS: f32 = 0.88;

pub(super) fn find(at: &Place<'_>, found: &mut Findings<'_>) {
    let text = at.text();
    // A caption that stands in the text is one, too.
    if at.caption || ["Figure ", "Fig. ", "Table "].iter().any(|word| text.starts_with(word)) {
        return;
    }
    if is_of_cited(text) || is_background(found.paper.section_title(at.sentence.section)) && !is_taken(text) {
        return;
    }
    let all = said_in(text);
    for (words, weight) in all {
        let value = Value::Text { text: text[words.clone()].trim().to_string() };
        // `For binary classification, ... was used`: the loss of that task.
        let scope = task_of(text, words.start)
            .filter(|_| at.scope.phase.is_none() && at.scope.datasets.is_empty())
            .map(|topic| Scope { topic: Some(topic), ..at.scope.clone() });
        let place = Place { scope: scope.as_ref().unwrap_or(at.scope), ..*at };
        found.tell(&place, Said { weight, ..Said::new(FieldKey::Loss, value, words) });
    }
}

/// `Preliminaries`, `Problem formulation`: a section that tells what is known.
fn is_background(title: &str) -> bool {
    static KNOWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?:preliminar(?:y|ies)|(?:technical )?background|notations?|problem (?:set-?up|formulation|setting|definition|statement)s?|prior work|motivation)\b",
        )
    });
    KNOWN.is_match(title.trim())
}

/// `we train with`: said of what the paper does itself.
fn is_taken(text: &str) -> bool {
    static TAKEN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:we|our \w+ (?:is|are)) (?:\w+ )?(?:(?:pre-?)?train|fine-?tun|use|adopt|employ|minimi[sz]|optimi[sz]|propos|introduc)",
        )
    });
    TAKEN.is_match(text)
}

/// `Ash and Oak (2023) introduce a margin loss`, `Leaf [7] trains with`: a sentence on what others did.
fn is_of_cited(text: &str) -> bool {
    static CITED: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[\w ]{1,24}, )?[A-Z][\w-]+(?:,? (?:and|&) [A-Z][\w-]+|(?:, [A-Z][\w-]+)+,? and [A-Z][\w-]+| et al\.?)?,? ?[(\[](?:[A-Z][^()\[\]]*)?\d[\d, a-z]*[)\]]",
        )
    });
    static OWN: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:we|our|ours)\b"));
    static ORIGINAL: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^In (?:the|its|their) original\b"));
    // `A recent study [7] has shown that ... as the loss is better`.
    static SHOWN: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[\w ]{1,24}, )?(?:(?:A|An|One|The|Some|Several|Many|Most|Other|Recent|Previous|Prior|Earlier|Existing) )+(?:(?:recent|previous|prior|earlier|related|other|existing|empirical) )*(?:stud(?:y|ies)|works?|authors|researchers|(?P<own>papers?|results?|findings?))(?P<cited>(?: [(\[][^)\]]{1,40}[)\]])*) (?:(?:has|have|also|recently|first) )*(?:shows?|showed|shown|finds?|found|demonstrate[sd]?|suggest(?:s|ed)?|report(?:s|ed)?|argue[sd]?|propose[sd]?|observe[sd]?)\b",
        )
    });
    // `The results show` are the paper's, unless it is said whose else.
    const OTHERS: [&str; 9] = ["recent", "previous", "prior", "earlier", "related", "other", "existing", "some", "several"];
    let is_shown = SHOWN.captures(text).is_some_and(|found| {
        let lower = found[0].to_lowercase();
        found.name("own").is_none() || !found["cited"].is_empty() || OTHERS.iter().any(|word| lower.contains(word))
    });
    (CITED.is_match(text) || ORIGINAL.is_match(text) || is_shown) && !OWN.is_match(text)
}

/// Where a sentence says what is minimised, each with what that is worth.
fn said_in(text: &str) -> Vec<(Range<usize>, f32)> {
    defined(text).map_or_else(|| named(text), |words| vec![(words, 1.0)])
}

/// `the training loss is ...`, `we use A and B as our loss`, `maximising the log-probability of ...`.
fn defined(text: &str) -> Option<Range<usize>> {
    static FORMS: LazyLock<[regex::Regex; 8]> = LazyLock::new(|| {
        [
            crate::intake::regex(
                r"(?i)\b(?:training|overall|total|final) (?:loss|objective) (?:function )?is (?:the )?(?P<l>[a-z][^.;(\[]{8,160})",
            ),
            // `The final objective combines A and B`, of this stage or that.
            crate::intake::regex(
                r"(?i)\b(?:training|overall|total|final|full|learning) (?:loss|objective)(?: functions?)?(?: (?:in|of|for) (?:the |this |our )?[\w-]+(?: [\w-]+){0,3}?)? (?:combines|sums(?: up)?|consists of|(?:is|are) composed of|(?:is|are) (?:a |the )?(?:weighted )?(?:combination|sum) of) (?:the |an? )?(?P<l>[a-z][^.;:(\[]{8,160})",
            ),
            // `The objective of leaf sorting is:`, and a formula.
            crate::intake::regex(
                r"(?i)\b(?:loss|objective)(?: functions?)? (?:associated with|of|for|corresponding to) (?:this |the |our )?(?P<l>[a-z][\w -]{4,50}?) (?:is|reads|becomes)(?: then| thus)? ?(?::?$|: (?-i:[A-Z]))",
            ),
            crate::intake::regex(
                r"(?i)\b(?:as|for) (?:the|our|a|an) (?:(?:training|learning|overall|final|main) )?(?:loss|objective)(?: function)?, (?:we )?(?:use[sd]?|adopt(?:ed)?|employ(?:ed)?|minimi[sz]e|take|choose|apply) (?:the |an? )?(?P<l>[A-Za-z][^.;,(]{1,80})",
            ),
            crate::intake::regex(
                r"(?i)\b(?:us(?:e[sd]?|ing)|adopt(?:s|ed)?|employ(?:s|ed)?|tak(?:e|es|en)|apply|applies) (?:the |an? )?(?P<l>[^.;,()]{5,100}?) as (?:our |the |an? |its )?(?:\w+ )?(?:(?:training |learning )?(?:loss|objective)|training criterion)\b",
            ),
            crate::intake::regex(
                r"(?P<l>\b(?:BCE|CE|MSE|MAE|NLL|CTC|RMSE|[A-Z]?[a-z]*(?: [a-z-]+)?[- ](?:[Ee]rror|[Ee]ntropy))(?: \([A-Z]+\))?) (?:is|was|were|are) (?:then |also )?(?:(?:used|chosen|employed|taken|selected|adopted|set) )?(?:as |for )?(?:the |our )?(?:(?:training|model's|learning) )?(?:loss|objective)(?: function)?\b",
            ),
            crate::intake::regex(
                r"\b[Tt]he (?:loss|objective)(?: function)? (?:is|was) (?:set to |chosen (?:as|to be) )?(?:the |a )?(?P<l>(?:BCE|CE|MSE|MAE|NLL|CTC)\b(?: loss)?)",
            ),
            crate::intake::regex(
                r"(?i)\b(?:jointly |end-to-end )?by (?P<l>(?:maximi[sz]|minimi[sz])ing the (?:conditional |expected |negative )?(?:log[- ](?:probabilit(?:y|ies)|likelihoods?)|likelihood|probability)\b[^.;,(]{0,60})",
            ),
        ]
    });
    if !["oss", "bjective", "riterion", "imiz", "imis"].iter().any(|word| text.contains(word)) {
        return None;
    }
    let words = FORMS.iter().find_map(|form| {
        form.captures(text)?.name("l").filter(|words| !is_judged(words.as_str()) && !is_purpose(words.as_str()))
    })?;
    // The last word may be cut.
    let is_cut = words.len() > 155 && text[words.end()..].starts_with(char::is_alphanumeric);
    let end = if is_cut { words.start() + words.as_str().rfind(' ').unwrap_or(words.len()) } else { words.end() };
    (!is_generic(words.as_str())).then_some(words.start()..end)
}

/// `by maximizing the likelihood of {ranking} one over the other`: what it is good for.
fn is_purpose(words: &str) -> bool {
    static OF_DOING: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(r"(?i)^m\w+ the \w+ of (?:rank|choos|select|prefer|obtain|reach|find|pick)\w*ing\b")
    });
    OF_DOING.is_match(words)
}

/// `the training objective is {competitive with others}`, `computed on the masked positions`: said of it, not what it is.
fn is_judged(words: &str) -> bool {
    const JUDGED: &str = " competitive similar identical different comparable same not also then still thus therefore to given defined computed \
        calculated obtained averaged evaluated applied formulated expressed written taken accumulated \
        based as more less very too well only often usually better worse simple simply important easy hard crucial expected shown found \
        now again able in at on ";
    words.split_whitespace().next().is_some_and(|first| JUDGED.contains(&format!(" {} ", first.to_lowercase())))
}

/// Losses that are named where they are used, as far as the sentence says that they are.
fn named(text: &str) -> Vec<(Range<usize>, f32)> {
    let mut all: Vec<(Range<usize>, f32)> = Vec::new();
    for words in phrases(text).into_iter().chain(kinds(text).into_iter().take(1)) {
        let overlaps = all.iter().any(|(other, _)| words.start < other.end && other.start < words.end);
        if !overlaps && all.len() < 2 && is_used(&text[..words.start], &text[words.end..]) {
            all.push((words, NAMED_LOSS));
        }
    }
    all
}

/// Well known kinds that need no `loss` behind them.
fn kinds(text: &str) -> Vec<Range<usize>> {
    static KINDS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)\b(?:(?:standard|binary|softmax|categorical|weighted|sparse|token-level|pixel-wise|autoregressive|label[- ]smoothed|masked) )*",
            r"(?:cross[- ]?entropy|mean[- ]squared?[- ]error|mean[- ]absolute[- ]error|(?:negative )?log[- ]likelihood|InfoNCE|ELBO|KL[- ]divergence|(?:BCE|CE|MSE|MAE|NLL|CTC) loss|BCEWithLogitsLoss)(?: with logits)?\b(?: (?:loss|objective)\b)?",
            r"|\b(?:masked|causal|autoregressive) language[- ]model(?:l?ing)?\b(?: (?:loss|objective)\b)?|\bnext[- ](?:token|word)[- ]prediction\b(?: (?:loss|objective)\b)?",
            r"|\b(?-i:DPO|GRPO|ORPO|SimPO|KTO|IPO)\b|\bdirect preference optimi[sz]ation\b"
        ))
    });
    // The root of a squared error measures.
    let measures = |at: usize| text[..at].trim_end().ends_with("root");
    let all = KINDS.find_iter(text).map(|found| found.range());
    all.filter(|words| !measures(words.start) && !names_a_task(&text[..words.start], &text[words.end..])).collect()
}

/// `we design a task, named frame-based {masked language model} (FM) task`: a task of the paper's own, whose loss is told elsewhere.
fn names_a_task(before: &str, after: &str) -> bool {
    static TASK: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r"^(?: \([A-Z][\w-]*\))? tasks?\b"));
    let qualified = before.trim_end().ends_with("-based") || before.trim_end().ends_with("-level");
    TASK.is_match(after)
        && (qualified || ["design", "propos", "introduc", "named", "called"].iter().any(|word| before.contains(word)))
}

/// The words that end in `loss` or `objective` and say which: up to five, back to an article, a verb or a sign.
fn phrases(text: &str) -> Vec<Range<usize>> {
    static LOSS: LazyLock<regex::Regex> =
        LazyLock::new(|| crate::intake::regex(r"(?i)\b(?:loss(?P<s>es)?|(?:learning |training )?objective(?P<t>s)?)\b"));
    const STOPS: &str = " the a an of to with by in is are was were be on for that this these those our we as and or its using use uses \
        used via under from at employ apply adopt minimize minimizing minimizes optimize optimizing compute computes computing import \
        applying while similar imports both each same following calculate calculating it which between through train trained training \
        evaluate where when whose such can could may will without than from into combine combines combining sum sums ";
    let mut all = Vec::new();
    for found in LOSS.captures_iter(text) {
        let Some(loss) = found.get(0) else { continue };
        // `A and B losses`: several are named, or which they are is not said.
        let several = found.name("s").or(found.name("t")).is_some();
        let mut start = loss.start();
        for _ in 0..5 {
            let before = text[..start].trim_end();
            let word_start = before.rfind(char::is_whitespace).map_or(0, |space| space + 1);
            let word = &before[word_start..];
            let bare = word.trim_matches(['(', ')']).to_lowercase();
            let is_short_form = word.starts_with('(') && word.ends_with(')');
            let ends = word.is_empty()
                || word.ends_with([',', '.', ';', ':', ']'])
                || !is_short_form && word.contains(['(', ')', '"', '“', '”', '=', '$'])
                || STOPS.contains(&format!(" {bare} ")) && !(several && bare == "and" && start < loss.start());
            if ends {
                break;
            }
            start = word_start;
        }
        // A short form in brackets belongs to what is before it.
        if text[start..].starts_with('(') {
            start = text[start..loss.start()].find(' ').map_or(loss.start(), |space| start + space + 1);
        }
        let words = &text[start..loss.start()];
        let are_named = !several || words.contains(" and ") && !words.starts_with("and ");
        if start < loss.start() && are_named && !is_generic(words) && is_noun(&text[loss.end()..]) {
            all.push(start..loss.end() + parts_behind(&text[loss.end()..]));
        }
    }
    all
}

/// How long the words behind a loss are that say what it is made of: ` combining A, B and C losses`.
fn parts_behind(after: &str) -> usize {
    static PARTS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^ (?:combining|(?:that|which) (?:combines|sums)|(?:consisting|composed|made up) of|summing) [^.;:()]{5,100}?\b(?:loss(?:es)?|objectives?|terms?)\b",
        )
    });
    PARTS.find(after).map_or(0, |parts| parts.end())
}

/// Whether what follows leaves `loss` or `objective` a noun of its own: `objective assessment` and `loss surface` are others.
fn is_noun(after: &str) -> bool {
    static NEXT: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"^(?:[^\s\w]|$|\s(?:[^a-z]|(?:functions?|terms?|with|to|on|for|over|is|was|are|were|has|as|in|and|or|at|between|that|which|when|during|exclusively|only|by|plus|without|weighted|alone|against|inspired|consistent|similar|identical|following|from|of|as|proposed|introduced|described|defined|combining|consisting|composed|summing)\b))",
        )
    });
    // `without loss of generality`.
    static IDIOM: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^ (?:of|in|on) (?:the )?(?:generality|information|precision|accuracy|performance|quality|data|detail|plasticity|power|energy|life)\b",
        )
    });
    NEXT.is_match(after) && !IDIOM.is_match(after)
}

/// Whether words say nothing of which loss it is.
fn is_generic(words: &str) -> bool {
    const GENERAL: &str = " training total overall final main combined whole validation test evaluation auxiliary new same single simple \
        proposed task-specific task original first second third local global own local, metric learning optimization minimum low lower higher \
        following usual several different objective loss losses function functions optimal average information weight data \
        stochastic supervised unsupervised non-convex convex smooth principled scalar parameterized persistent classical some standard classification regression domain \
        pre-training pretraining fine-tuning finetuning target self-supervised additional corresponding respective \
        asr nmt mt st tts nlu nlg nli ner qa vqa ocr translation recognition segmentation detection parsing tagging downstream ";
    const MEASURED: [&str; 4] = ["validation", "valida-", "test", "similar"];
    let lower = words.to_lowercase();
    if lower.split_whitespace().any(|word| MEASURED.contains(&word)) {
        return true;
    }
    lower.split_whitespace().all(|word| GENERAL.contains(&format!(" {word} ")))
}

/// Whether what stands around a loss says that it is what is trained with.
fn is_used(before: &str, after: &str) -> bool {
    static BEFORE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(concat!(
            r"(?i)(?:\b(?:(?:pre-?|re-?)?train(?:s|ed|ing)?|fine-?tun(?:e|ed|es|ing)|learn(?:s|ed|ing)?|optimi[sz](?:e|ed|es|ing)|minimi[sz](?:e|ed|es|ing)|maximi[sz](?:e|ed|es|ing)|supervis\w+|us(?:e[sd]?|ing)|utili[sz]\w+|adopt\w*|employ\w*|appl(?:y|ies|ied)|comput(?:e|es|ed|ing)|import\w*|implement\w*|updat(?:e|ed|es|ing))\b[^.;]{0,60}",
            r"|\b[Ww]e (?:also |further |then )?(?:introduce|propose|present|design|devise)\b[^.;]{0,40}",
            r"|(?:ℒ|\b(?-i:L))[\w₀-₉]{0,8} (?:is|denotes) (?:the |an? )?(?:[\w-]+ ){0,2}$",
            r"|\b(?:loss|objective|criterion)(?: functions?)?(?: we use)?(?: is| was| are|:| \((?:e\.g|i\.e)\.,?)(?: the| an?)?\s)$"
        ))
    });
    static AFTER: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?: functions?| with [^.;,]{1,40}| \([^)]{1,40}\)| \S{1,12})? ?(?:\([^)]{1,40}\) ?)?(?:is|are|was|were) (?:then |also |formally )?(?:defined as|given by|formulated as|used|applied|employed|adopted|minimi[sz]ed|optimi[sz]ed|chosen|computed|calculated)\b|^ (?:is|reads|becomes)(?: then| thus)? ?(?::?$|: (?-i:[A-Z]))",
        )
    });
    // What is measured, avoided, or only talked about.
    static ELSE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:instead of|rather than|replac\w+|compared? (?:to|with)|unlike|without|such as|revisit|experiment(?:ed)? with|evaluat\w+|report\w*|measur\w+|others? use[sd]?|(?:originally|typically|commonly|traditionally|conventionally|usually|often) (?:use|employ|adopt|appl|train|optimi[sz])\w*|variants? of|(?:can|could|may) be)\b[^.;]{0,60}$",
        )
    });
    static BRACKETS: LazyLock<regex::Regex> = LazyLock::new(|| crate::intake::regex(r" ?\([^()]*\)"));
    // `trained with Adam (rate: 0.1; epochs: 3) with the Foo loss`.
    let before = &*if before.contains(')') { BRACKETS.replace_all(before, "") } else { before.into() };
    let clause = before.rsplit(['.', ';']).next().unwrap_or_default();
    !ELSE.is_match(clause) && !is_compared(clause, after) && (BEFORE.is_match(before) || AFTER.is_match(after))
}

/// `close to {the linear loss}`, `(same with {A loss})`, `{the linear loss} fails to train`: what another is like, or what did not do.
fn is_compared(clause: &str, after: &str) -> bool {
    static LIKE: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)\b(?:(?:similar|close|equivalent|equal|identical|reduces?|opposed|related) to|(?:same|similarly) (?:as|with)|inspired by|mimics?|resembl\w+|interpolat\w+ between|motivat\w+ by) (?:(?:the|an?) )?(?:[\w-]+ ){0,2}$",
        )
    });
    static FAILS: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"(?i)^(?: functions?)? (?:(?:also|often|then|still) )?(?:fails?|failed|does not|did not|cannot|(?:is|was) (?:not|unable|too|crucial|known|prone|sensitive))\b",
        )
    });
    LIKE.is_match(clause) || FAILS.is_match(after)
}

/// `For {binary classification}, `: the task that a clause begins with.
fn task_of(text: &str, upto: usize) -> Option<String> {
    static TASK: LazyLock<regex::Regex> = LazyLock::new(|| {
        crate::intake::regex(
            r"\b[Ff]or (?:the )?((?:[\w-]+ ){0,3}?(?:classification|regression|segmentation|detection|generation|prediction|ranking|retrieval)(?: (?:targets|problems))?|(?:[\w-]+ ){0,2}(?:classifier|regressor|detector|decoder))\b(?: tasks?)?,",
        )
    });
    TASK.captures_iter(text.get(..upto)?).last().map(|found| found[1].to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<&str> {
        said_in(text).into_iter().map(|(words, _)| text[words].trim()).collect()
    }

    #[test]
    fn losses() {
        for (text, expected) in [
            ("The decoder is optimized by a weighted Foo+Bar loss on masks.", vec!["weighted Foo+Bar loss"]),
            ("The head is trained with a balanced margin (BM) loss.", vec!["balanced margin (BM) loss"]),
            ("The negative log-likelihood loss function is used as an objective function.", vec!["negative log-likelihood loss"]),
            ("We use a sum of margin and variance as our loss function.", vec!["sum of margin and variance"]),
            ("MSE was the loss function, and Adam was used.", vec!["MSE"]),
            ("The loss function was MAE.", vec!["MAE"]),
            ("Mean squared error (MSE) was used as the loss function.", vec!["Mean squared error (MSE)"]),
            (
                "We tune all of it by maximizing the log-probability of the answer.",
                vec!["maximizing the log-probability of the answer"],
            ),
            ("Then we used DPO with a small rate.", vec!["DPO"]),
            ("We train with combined leaf and root losses, without dropout.", vec!["combined leaf and root losses"]),
            (
                "We introduce a double loss combining leaf, root and bark losses.",
                vec!["double loss combining leaf, root and bark losses"],
            ),
            ("We used a leaf ranking loss consistent with Ash et al. (2020):", vec!["leaf ranking loss"]),
            ("We utilize a leaf objective and mask the rest.", vec!["leaf objective"]),
            ("The leaf objective is", vec!["leaf objective"]),
            ("The objective associated with this leaf sorting is:", vec!["leaf sorting"]),
            (
                "The training objective is a sum of the leaf loss and the root loss.",
                vec!["a sum of the leaf loss and the root loss"],
            ),
            ("The training objective is competitive with others that were used before.", vec![]),
            ("We train with two losses, and its target objective is given by a sum.", vec![]),
            ("Here Lleaf is teacher-forcing cross-entropy over words.", vec!["cross-entropy"]),
            ("We stop when the validation loss rises.", vec![]),
            ("Without loss of generality, we train with x and optimize the loss of plasticity.", vec![]),
            ("We train on what others originally use a margin loss for.", vec![]),
            ("We tune it by maximizing the likelihood of ranking the first over the last.", vec![]),
            ("Others compare a fancy margin loss.", vec![]),
            ("We train longer instead of using a triplet loss.", vec![]),
            // What it is made of.
            (
                "The final objective combines the leaf loss and the cross-entropy loss:",
                vec!["leaf loss and the cross-entropy loss"],
            ),
            ("The total loss for the second stage consists of the leaf and root losses.", vec!["leaf and root losses"]),
            ("The training objective in this course sums three terms on leaves.", vec!["three terms on leaves"]),
            ("The final objective combines", vec![]),
            // A loss that bears the name of a task tells which, not what.
            ("We train the model towards the ASR objective to learn words.", vec![]),
            ("The decoder is updated by the MT loss.", vec![]),
            ("We use the translation loss alone.", vec![]),
            ("We use the CTC loss alone.", vec!["CTC loss"]),
            // What another is like, or what did not do.
            ("We compute it at the last layer (same with margin loss).", vec![]),
            ("The weight used makes them too similar to the linear loss.", vec![]),
            ("We train, but the linear loss fails to learn.", vec![]),
            ("We use the linear loss, similar to others.", vec!["linear loss"]),
            ("We train with a margin loss inspired by the triplet loss.", vec!["margin loss"]),
            ("Next we design a task, named leaf-based masked language model (LMLM) task.", vec![]),
            ("We train with masked language modeling.", vec!["masked language modeling"]),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
        for text in [
            "In the original Leaf procedure, the net is trained with a margin loss.",
            "Ash and Oak (2023) train with a margin loss.",
            "Ash et al. [7] train with it.",
            "Leaf (Ash, 2020) trains it.",
        ] {
            assert!(is_of_cited(text), "{text}");
        }
        for text in ["As Ash (2023) does, we train it.", "Leaf trains with a margin loss (Ash, 2020).", "We train it (2020)."] {
            assert!(!is_of_cited(text), "{text}");
        }
        assert!(
            is_background("Preliminaries") && is_background("Problem Formulation") && !is_background("Method and background")
        );
        assert!(is_taken("Then we minimize the loss.") && !is_taken("The loss is defined as:"));
        let text = "For binary classification, the usual margin loss was used.";
        assert_eq!(task_of(text, 40).as_deref(), Some("binary classification"));
        assert_eq!(task_of("For speed, the margin loss was used.", 20), None);
    }
}
