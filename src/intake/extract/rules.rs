//! How papers say settings that are numbers: one row of [`RULES`] each way of saying one.

use super::numbers;
use crate::intake::{FieldKey, Unit};
use std::sync::LazyLock;

/// One way of saying a setting: `{n}` is a number or a list of them, `{v}` one number, `{c}` one in words, `{m}` another, `{of}` what stands between a name and its value.
pub(super) struct Rule {
    pub key: FieldKey,
    pattern: &'static str,
    pub unit: Option<Unit>,
    /// Values outside are not this setting.
    pub within: (f64, f64),
}

const fn rule(key: FieldKey, pattern: &'static str, unit: Option<Unit>, within: (f64, f64)) -> Rule {
    Rule { key, pattern, unit, within }
}

const LR: (f64, f64) = (1e-8, 5.0);
const SHARE: (f64, f64) = (0.0, 0.9999999);
const COUNT: (f64, f64) = (1.0, 1e12);
const VOCABULARY: (f64, f64) = (50.0, 1e7);

const RULES: &[Rule] = &[
    // What was suggested did not do; what was taken in its place did.
    rule(
        FieldKey::Lr,
        r"\blearning[-_ ]rates?\b[^.;]{0,60}?{m}[^.;\d]{0,30}\btoo (?:high|low|large|small|big|aggressive|slow|fast)\b[^.;\d]{0,30}\b(?:us(?:e|ed|ing)|set|chose|took|picked|employ(?:ed)?|adopt(?:ed)?|changed?(?: it)? to|lower(?:ed)?(?: it)? to|reduced?(?: it)? to|rais(?:e|ed)(?: it)? to) (?:a (?:rate |learning[-_ ]rate |value )?of )?{n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\blearning[-_ ]rates?\b[^.;]{0,60}?{m}[^.;\d]{0,30}\b(?:too \w+|unstable|diverg\w+)\b[^.;\d]{0,30}?{n} (?:is|was|were) (?:used|chosen|taken)",
        None,
        LR,
    ),
    // The two ends of a range.
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rates?|lr)\b[^.;\d]{0,40}?\b(?:rang\w*|search\w*|tun\w+|swe\w+|var\w+|explor\w+|tr(?:y|ied)|grid|interval)\b[^.;\d]{0,20}?\bfrom {v} to {n2}",
        None,
        LR,
    ),
    rule(FieldKey::Lr, r"\b(?:learning[-_ ]rates?|step[- ]?size|(?:(?:max|peak|base|init|initial)_?)?lr)\b{of}{n}", None, LR),
    rule(FieldKey::Lr, r"\blr[_ ]?(?:max|peak|base|init|initial){of}{n}", None, LR),
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rate|lr) (?:decay|schedul\w+|anneal\w+)\b[^.;,\d]{0,40}?\b(?:start|begin|initial|peak)\w*(?: (?:from|at|with|of|value|learning|rate|lr|a|an|the))* {n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\blearning[-_ ]rates? (?:for|of) (?:the |our |all )?(?:[a-z-]+ ){1,7}?(?:is|are|was|were) (?:set |fixed |kept )*(?:to |at )?{n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rate|lr)\b[^.;\d]{0,50}\b(?:warm\w*|ramp\w*|ris\w*|rais\w*|increas\w*)[^.;\d]{0,30}(?:(?:over|for|in|during|within) (?:the )?(?:first )?{m} (?:\w+ )?(?:steps|iterations|updates|epochs) )?(?:from {m} )?to (?:a (?:peak|maximum|maximal)(?: value| learning rate)? of )?{n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rate|lr)\b[^.;]{0,80}?\b(?:to|with|and|reaching) (?:a |its |the )?(?:peak|maximum|maximal)(?: value| learning rate| lr)?(?: of| at|:)? {n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\b(?:increas|ramp|warm|rais)\w*(?: up)?(?: linearly)? (?:the )?(?:learning[-_ ]rate|lr)[^.;\d]{0,20}(?:from {m} )?to (?:a (?:peak|maximum|maximal)(?: value)? of )?{n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rate|lr)\b[^.;,]{0,80}?\b(?:warm|increas|rais|ramp|ris)[^.;,]{0,60}, (?:(?:and|then|is|was) )*(?:maintained|kept|held)(?: constant| fixed)? at {n}",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rates?|lr)\b[^.;,\d]{0,50}?\b(?:decay\w*|anneal\w*|decreas\w*|reduc\w*|lower\w*|drop(?:s|ped)?|schedul\w*|cosine)\b[^.;,\d]{0,40}?\bfrom (?:an? )?(?:(?:initial|peak|maximum|base|starting) )?(?:(?:value|learning[- ]rate|lr) )?(?:of )?{v} (?:down )?to\b",
        None,
        LR,
    ),
    rule(
        FieldKey::Lr,
        r"{n} (?:as |for )?(?:the |our |an? )?(?:initial |base |peak |maximum |constant )?(?:learning[-_ ]rates?|lr)\b",
        None,
        LR,
    ),
    rule(FieldKey::Lr, r"(?:\bα|\bη){of}{n}", None, LR),
    rule(FieldKey::Beta1, r"\b(?:β\s?[₁1]|beta_?\s?1){of}{n}", None, SHARE),
    rule(FieldKey::Beta2, r"\b(?:β\s?[₂2]|beta_?\s?2){of}{n}", None, SHARE),
    rule(FieldKey::Eps, r"(?:[ϵεǫ]|\bepsilon|\beps){of}{n}", None, (1e-16, 1.0)),
    rule(FieldKey::Momentum, r"\bmomentum(?: (?:coefficient|parameter|term|value))?{of}{n}", None, SHARE),
    rule(FieldKey::Momentum, r"{v} (?:Nesterov )?momentum\b", None, SHARE),
    rule(
        FieldKey::WeightDecay,
        r"\bweight[-_ ]decay(?: (?:factor|rate|coefficient|parameter|regulari[sz]ation|value|strength|constant|multiplier|penalty|term|λ))?{of}{n}",
        None,
        (0.0, 1.0),
    ),
    rule(
        FieldKey::WeightDecay,
        r"\bweight[-_ ]decay\s?\((?:[^()\d]|\bL\s?2\b){1,60}?(?:\bset to|\bof|\bis|\bat|=|:)\s?{n}",
        None,
        (0.0, 1.0),
    ),
    rule(
        FieldKey::WeightDecay,
        r"\b[Lℓ]\s?[2₂²][- ](?:penalty|regulari[sz]ation)(?: (?:multiplier|coefficient|factor|strength|weight|term|parameter|constant))?{of}{n}",
        None,
        (0.0, 1.0),
    ),
    rule(
        FieldKey::WeightDecay,
        r"\b(?:weight[-_ ]decay|[Lℓ]\s?[2₂²][- ](?:penalty|regulari[sz]ation|regulari[sz]er)) (?:with|using) (?:an? |the )?(?:coefficient|factor|strength|rate|parameter|weight|λ)s?(?: of| =)? ?{n}",
        None,
        (0.0, 1.0),
    ),
    rule(
        FieldKey::WeightDecay,
        r"\b[Lℓ]\s?[2₂²][- ](?:penalty|regulari[sz]ation|regulari[sz]er)\b(?:[^.;\d]|\bal\.){0,70}?\bwith {sign}{v}",
        None,
        (0.0, 1.0),
    ),
    rule(FieldKey::WeightDecay, r"\bwd\s?[=:]\s?{n}", None, (0.0, 1.0)),
    rule(FieldKey::WeightDecay, r"\bdecay(?:ed|ing|s)? (?:the |all )?weights (?:by|with|at) {n}", None, (0.0, 1.0)),
    rule(FieldKey::WeightDecay, r"{v} weight[-_ ]decay", None, (0.0, 1.0)),
    rule(FieldKey::BatchSize, r"\b(?:mini[- ]?\s?)?batch[-_ ]?sizes?{to}{n}", Some(Unit::Examples), COUNT),
    rule(
        FieldKey::BatchSize,
        r"\b(?:mini[- ]?)?batch[-_ ]?sizes? (?:per|on each|for each|on every) (?:gpu|tpu|device|core|worker|node|chip|card){to}{n}",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(FieldKey::BatchSize, r"\b(?:mini[- ]?)?batch(?:es)? of (?:size )?{n}", Some(Unit::Examples), COUNT),
    rule(FieldKey::BatchSize, r"\b{v}[- ](?:mini[- ]?)?batch[-_ ]?size\b", Some(Unit::Examples), COUNT),
    rule(
        FieldKey::BatchSize,
        r"\b{v} (?:is|was|as|denotes|being) (?:the |our |an? )?(?:mini[- ]?)?batch[-_ ]?size\b",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(
        FieldKey::BatchSize,
        r"\bsizes? of (?:the |each |an? |our )?(?:mini[- ]?)?batch(?:es)?{to}{n}",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(FieldKey::BatchSize, r"\b(?:bs|bsz)\s?[=:]\s?{n}", Some(Unit::Examples), COUNT),
    rule(
        FieldKey::BatchSize,
        r"{n} (?:\w+ )?(?:examples|samples|sequences|images|tokens|sentences|pairs|instances) (?:per|in each|in every) (?:mini-?)?batch",
        Some(Unit::Examples),
        COUNT,
    ),
    // What each device takes, where the sentence trains.
    rule(
        FieldKey::BatchSize,
        r"\b(?:train\w*|fine-?tun\w*|batch\w*)\b[^.;]{0,80}?\b(?:with|using|of|,) {v} (?:training )?(?:examples|samples|sequences|images|tokens|sentences|pairs|instances|clips|prompts) (?:per|on each|for each|on every) (?:gpu|tpu|device|core|worker|node|chip|card)\b",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(
        FieldKey::BatchSize,
        r"\bbatch(?:es)? (?:size )?of {m}(?: \w+)? ?[x×*·] ?{m}(?: \w+)? ?[=≈] ?{n}",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(
        FieldKey::BatchSize,
        r"\b(?:mini-?)?batch(?:es)? (?:contain|consist|compris)\w* (?:of )?[^.;\d]{0,60}?{n}(?: \w+)?",
        Some(Unit::Examples),
        COUNT,
    ),
    rule(FieldKey::Epochs, r"\b(?:number of |training |# ?)?epochs?\s*[:=∈]\s*[{{\[(]?{n}", Some(Unit::Epochs), COUNT),
    rule(FieldKey::Epochs, r"\bnumbers? of (?:[a-z-]+ )?epochs?{of}{v}\s?(?:[-–]|to)\s?{n2}", Some(Unit::Epochs), COUNT),
    rule(
        FieldKey::Epochs,
        r"\b(?:(?:num|max|total)_(?:train_)?|(?:number|maximum|max\.?|total)(?: number)? of (?:the )?(?:[a-z-]+ )?)epochs?{of}{n}",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b(?:training|total|maximum|max\.?|fine-?tuning) epochs?(?: (?:number|is|are|was|were|be|set|fixed|limited|to|at|of|as)\b|\s?[=:])+\s?{n}",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b(?:set|fix|limit)\w* (?:the )?(?:maximum |total )?(?:training )?epochs? (?:to|at|as) {n}",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(FieldKey::Epochs, r"[;,:] (?:training )?epochs? {n}", Some(Unit::Epochs), COUNT),
    rule(
        FieldKey::Epochs,
        r"\b(?:maximum|max\.?|total|up to|at most)(?: of)? {n} (?:training )?epochs\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(FieldKey::Epochs, r"\b{v}[- ]epochs? (?:training|schedule|recipe)s?\b", Some(Unit::Epochs), COUNT),
    rule(
        FieldKey::Epochs,
        r"\b(?:train(?:ed|ing|s)?|(?:fine-?)?tun(?:e|ed|ing))(?: (?:the|our|all|each|both|this|models?|networks?|it|them|from|scratch|jointly|end-to-end))* (?:with |using |up to |at most )?{n} (?:training |full )?epochs?\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\btraining (?:length|duration|schedule) (?:is |was )?(?:set |fixed )?(?:to |at )?{n} epochs\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b(?:train(?:ed|ing|s)?|(?:fine-?)?tun(?:e|ed|ing)|optimi[sz](?:ed?|ing|ation))\b(?:[^.;,]|\.\d){0,120}?\b(?:for|lasts|lasted|runs|ran) (?:a total of |about |around |roughly |approximately |only |just |up to |another )?{n} (?:training |full |complete )?epochs?\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(FieldKey::Epochs, r"\bafter {n} epochs? \(\w+\) and {n2} epochs?", Some(Unit::Epochs), COUNT),
    rule(
        FieldKey::Epochs,
        r"\b(?:for|over|after|in|to|during) (?:(?:a )?total(?: of)? |up to |at most |no more than |only |just |a maximum of |about |around |roughly |approximately |the first )?[{{\[(]?{n}[}}\])]? (?:training |full )?epochs?",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b(?:training|tuning)\b[^.;\d]{0,20}\b(?:takes|took|lasts|lasted) (?:for )?{n} epochs\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(FieldKey::Epochs, r"{n} (?:full )?epochs? of (?:pre-?|fine-?)?(?:training|tuning)\b", Some(Unit::Epochs), COUNT),
    rule(
        FieldKey::Epochs,
        r"\b(?:for|over) (?:only |just |a total of |at most |up to )?{c} (?:training |full |single )?epochs?\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b(?:train|tun)(?:e|ed|ing|s)?\b[^.,;\d]{0,40}? {c} (?:training |full )?epochs?\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"{n} (?:full |complete |entire )?(?:cycles?|pass(?:es)?|sweeps?) (?:through|over) (?:all |all of )?(?:the |our |its )?(?:\w+ ){0,2}?(?:training (?:set|data|examples|images|corpus|sentences)|data ?sets?|data|corpus)\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b(?P<v>single|one) (?:full |complete )?(?:pass|epoch) (?:through|over|on) (?:all |all of )?(?:the |our |its |each )?(?:\w+ ){0,2}?(?:training (?:set|data|examples|images|corpus)|data ?sets?|data|corpus)\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    // Whatever else is said of so many epochs, where the sentence speaks of training.
    rule(
        FieldKey::Epochs,
        r"\b(?:and|with|use[sd]?|using|run|ran|set|take[sn]?|require[sd]?|perform(?:ed)?|need(?:s|ed)?|,) (?:about |around |roughly |approximately |only |just )?{n} (?:training |full |total |pre-?training |fine-?tuning )?epochs\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Steps,
        r"\b(?:for|at|after) (?:a total of |up to |a maximum of |about |approximately |another |the first )?{n} (?:training |gradient |gradient descent |parameter |weight |update |optimi[sz](?:ation|er) )?(?:steps|iterations|iters|updates|mini-?batches)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Steps,
        r"\b(?:in|over|with|of) (?:a total of |up to |a maximum of ){n} (?:training |gradient |gradient descent |parameter |weight |update |optimi[sz](?:ation|er) )?(?:steps|iterations|iters|updates)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Steps,
        r"\b{n} (?:training |gradient |parameter |weight |update |optimi[sz](?:ation|er) )?(?:steps|iterations|updates) (?:were|are|was|have been|had been) (?:completed|performed|run|used|executed|taken|made|done|carried out|conducted)\b",
        Some(Unit::Steps),
        (100.0, 1e12),
    ),
    rule(
        FieldKey::Steps,
        r"\b(?:runs?|ran|running|perform(?:s|ed|ing)?|tak(?:es?|ing)|took|completed?|execut(?:es?|ed|ing)|us(?:es?|ed|ing)) (?:for )?(?:a total of |about |up to |approximately )?{n} (?:training |gradient |parameter |weight |update |optimi[sz](?:ation|er) )?(?:steps|iterations|updates)\b",
        Some(Unit::Steps),
        (1e3, 1e12),
    ),
    // The same length in the other unit: `for 30 epochs (9,000 steps)`, `9k steps, which corresponds to about 30 epochs`.
    rule(
        FieldKey::Steps,
        r"\b{m} (?:training )?epochs? ?(?:\((?:i\.e\.,? |or |that is,? )?|,? (?:which )?(?:(?:roughly |approximately |about )?(?:correspond(?:s|ing)? to|equals?|amount(?:s|ing)? to|equivalent to|or|i\.e\.,?)) )(?:about |roughly |approximately |around |a total of |~ ?)?{n} (?:training |gradient |update |optimi[sz]ation )?(?:steps|iterations|updates)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Epochs,
        r"\b{m} (?:training |gradient |update |optimi[sz]ation )?(?:steps|iterations|updates) ?(?:\((?:i\.e\.,? |or |that is,? )?|,? (?:which )?(?:(?:roughly |approximately |about )?(?:correspond(?:s|ing)? to|equals?|amount(?:s|ing)? to|equivalent to|or|i\.e\.,?)) )(?:about |roughly |approximately |around |a total of |~ ?)?{n} (?:training )?epochs\b",
        Some(Unit::Epochs),
        COUNT,
    ),
    // What is trained in rounds that clients take part in has these for steps.
    rule(FieldKey::Steps, r"\b(?:communication|federated|global|training) rounds?{of}{n}", Some(Unit::Steps), COUNT),
    rule(FieldKey::Steps, r"{n} (?:communication|federated|global|training) rounds\b", Some(Unit::Steps), COUNT),
    // A few of these are a loop within a step, or the making of one example.
    rule(
        FieldKey::Steps,
        r"\b(?:in|over|with|of) {n} (?:training |gradient |gradient descent |parameter |weight |update |optimi[sz](?:ation|er) )(?:steps|iterations|iters|updates)\b",
        Some(Unit::Steps),
        (1e3, 1e12),
    ),
    rule(
        FieldKey::Steps,
        r"\btrain(?:ed|ing|s)?\b(?: \w+){0,4}? (?:for |with |to |lasts |takes )?{n} (?:training |gradient |update |optimi[sz]ation )?(?:steps|iterations|updates)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Steps,
        r"\b(?:total|number of|maximum|max\.?) (?:number of )?(?:training |optimi[sz]ation |update |gradient )?(?:steps|iterations|updates)\b[^.;,\d]{0,30}?(?:\bis|\bwas|\bof|\bto|:|=) {n}",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed|ing|s)?[- ]?up\b[^.;\d]{0,50}?\b(?:over|for|of|in|during|is|to|takes) (?:the )?(?:first )?{n}\s*%",
        Some(Unit::Percent),
        (0.0, 100.0),
    ),
    rule(
        FieldKey::Warmup,
        r"\b{v}\s*% of (?:the |all |our )?(?:total |training |optimi[sz]ation )*(?:steps|iterations|updates|training|epochs|time) (?:(?:is|are|was|were) )?(?:used )?(?:for|as|to) (?:the |a |learning[- ]rate |linear )*warm-?\s?(?:ing )?up\b",
        Some(Unit::Percent),
        (0.0, 100.0),
    ),
    rule(FieldKey::Warmup, r"\b{v}\s*% (?:\w+ ){0,2}?warm-?\s?up\b", Some(Unit::Percent), (0.0, 100.0)),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed)?[- ]?up(?: (?:phase|period|stage|steps|schedule|strategy|learning[- ]rate|lr))* ?\((?:the first |about )?{n}\s?%",
        Some(Unit::Percent),
        (0.0, 100.0),
    ),
    rule(
        FieldKey::Warmup,
        r"\b(?:warm(?:ed|ing|s)?[- ]?up|warm\w*|increas\w* linearly|linearly increas\w*|ramp\w*)\b[^.;]{0,60}?\b(?:over|for|in|during|within) (?:the )?first {n}\s*% of",
        Some(Unit::Percent),
        (0.0, 100.0),
    ),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed|ing|s)?[- ]?up[^.;,\d]{0,40}?\b(?:over|for|of|in|during|is|to) (?:the )?(?:first )?{n}\s*(?:training |update |linear |optimi[sz]ation |mini-?)?(?:steps|iterations|updates|epochs|tokens|batches)",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\b(?:warm\w*|increas\w* linearly|linearly increas\w*|ramp\w* up)[- a-z]{0,40}(?:from {m} )?to (?:\w+ ){0,5}?{m},? (?:over|for|in|during|within) (?:the )?(?:first )?{n}\s*(?:training |update )?(?:steps|iterations|updates|epochs|tokens)",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\b(?:learning[-_ ]rates?|lr)\b[^.;\d]{0,50}?\b(?:increas|ramp|ris|rais|grow)\w*\b[^.;\d]{0,50}?(?:(?:from {m} )?to {m} )?\b(?:over|for|during|in|within) (?:the )?(?:first |initial )?{n} (?:training |update |optimi[sz]ation )?(?:steps|iterations|updates|epochs)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\b(?:increas|ramp|rais)\w*(?: up)?(?: linearly| gradually)? (?:the |our )?(?:learning[-_ ]rates?|lr)\b[^.;,\d]{0,30}?\b(?:over|for|during|in|within) (?:the )?(?:first |initial )?{n} (?:training |update |optimi[sz]ation )?(?:steps|iterations|updates|epochs)\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed|ing|s)?[- ]?up\b(?:[^.;]|\.\d){0,80}?\b(?:at|until|till|by|to) (?:the )?epoch {n}",
        Some(Unit::Epochs),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed|ing|s)?[- ]?up\b(?:[^.;]|\.\d){0,80}?\b(?:at|until|till|by|to) (?:the )?(?:step|iteration) {n}",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(FieldKey::Warmup, r"\bwarm-?_?\s?up[_ ]epochs?{of}{n}", Some(Unit::Epochs), COUNT),
    rule(FieldKey::Warmup, r"\bwarm-?_?\s?up[_ ](?:steps?|iterations|iters|updates|batches){of}{n}", Some(Unit::Steps), COUNT),
    rule(
        FieldKey::Warmup,
        r"\b(?:number|length|duration) of (?:the )?(?:linear |learning[- ]rate )?warm-?\s?up(?: (?:stage|phase|period))?{of}{n}",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(FieldKey::Warmup, r"\bwarm-?\s?up[_ ](?:ratio|proportion|fraction|rate)s?{of}{n}", Some(Unit::Fraction), SHARE),
    rule(
        FieldKey::Warmup,
        r"{v}[- ](?:linear )?warm-?\s?up[- ](?:steps?|iterations?|updates?|epochs?)",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"{v}[- ](?:steps?|iterations?|updates?|epochs?)(?: of)?(?: linear| gradual| initial| learning[-_ ]rate| lr)* warm-?\s?up\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\bfirst {v} (?:training )?(?:steps|iterations|updates|epochs)(?: are used)? (?:as|for) (?:a )?(?:linear )?warm-?\s?up\b",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Warmup,
        r"\bwarm(?:ed)?[- ]?up\b[^.;]{0,70}\((?:about |approximately )?{n} (?:steps|iterations)\)",
        Some(Unit::Steps),
        COUNT,
    ),
    rule(
        FieldKey::Dropout,
        r"\bdrop-?outs?(?: (?:with )?(?:an? )?(?:probability|probabilities|rate|ratio|prob\.?))?{of}{n}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::Dropout,
        r"\bdrop-?outs? (?:to|on|in|after|before|for|between) (?:[a-z-]+ ){1,5}?(?:with|at|of) (?:an? |the )?(?:rate|probability|ratio|p)? ?(?:of |= ?)?{v}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::Dropout,
        r"\bdrop-?out layers? (?:[a-z]+ ){0,4}?(?:with|at|of) (?:an? |the )?(?:drop-?out )?(?:rate|probability|ratio|p) ?(?:of |= ?)?{v}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::Dropout,
        r"\bdrop-?outs? (?:layers? )?(?:is|are|was|were) (?:also )?(?:applied|used|added|employed|inserted)\b[^.;\d]{0,50}?\b(?:rate|probability|ratio|p)\b ?(?:of |= ?|is )?{v}",
        None,
        SHARE,
    ),
    rule(FieldKey::Dropout, r"\bP_?drop{of}{n}", None, SHARE),
    rule(FieldKey::Dropout, r"{v}(?:\s?%)? drop-?out", None, (0.0, 99.0)),
    rule(
        FieldKey::LabelSmoothing,
        r"\blabel[-_ ]smoothing(?: (?:of value|factor|parameter|coefficient))?(?:(?: with)? [ϵεǫα]?(?:_?ls)?)?{of}{n}",
        None,
        SHARE,
    ),
    rule(FieldKey::LabelSmoothing, r"[ϵεǫ]_?ls{of}{n}", None, SHARE),
    // `Label-smoothed cross entropy with ε = 0.1`.
    rule(
        FieldKey::LabelSmoothing,
        r"\blabel[-_ ]?smooth(?:ed|ing)\b[^.;,\d]{0,90}?(?:[ϵεǫα]\s?=|\b(?:factor|value|parameter|coefficient|rate|smoothing)(?: of| is| set to)?) ?{n}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::LabelSmoothing,
        r"\bsmooth(?:ed|ing)? (?:the |our |all |target |training )*labels? (?:by|with|at|using) (?:[a-z]+ ){0,4}?{n}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::LabelSmoothing,
        r"\blabels? (?:is |are |was |were )?smooth(?:ed|ing) (?:of |by |with |at )+(?:[a-z]+ ){0,3}?{n}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::GradClipNorm,
        r"\b(?:gradients?|grad)[-_ ](?:norm )?clip\w*(?: (?:with|by|to|at|of|a|an|the|max\w*(?:-norm)?|global|[Lℓ]2|norm|value|threshold|factor|bound|constant|is|are|was|were|set|applied|used|done))*{of}{n}",
        None,
        (1e-6, 1e4),
    ),
    rule(FieldKey::GradClipNorm, r"\bmax(?:imum|imal|\.)?[_ ](?:grad(?:ient)?s?[-_ ])norm{of}{n}", None, (1e-6, 1e4)),
    rule(
        FieldKey::GradClipNorm,
        r"\bclip\w* (?:the |all )?(?:norms? of (?:the )?)?grad(?:ient)?s?(?: norms?)? (?:at|to|with|by) (?:an? )?(?:(?:global |max(?:imum)? )?(?:l2[- ])?(?:norm|value|threshold)(?: of)? )?{n}",
        None,
        (1e-6, 1e4),
    ),
    rule(
        FieldKey::GradClipNorm,
        r"\bgradients? (?:is|are|was|were) clipped (?:at|to|by) (?:an? )?(?:(?:maximum |global )?(?:norm|value|threshold) of )?{n}",
        None,
        (1e-6, 1e4),
    ),
    rule(
        FieldKey::GradClipNorm,
        r"\b(?:grad(?:ient)?s?\b[^.;\d]{0,30}\bclipp?\w*|clipp?\w* (?:the |all )?grad(?:ient)?s?)\b[^.;\d]{0,60}?\b(?:exceed(?:s|ed|ing)?|(?:is|are|was|were|becomes?|grows?) (?:above|over|larger than|greater than|more than|higher than)) {n}",
        None,
        (1e-6, 1e4),
    ),
    rule(FieldKey::GradClipNorm, r"\bclip\w*\b[^.;\d]{0,50}\bnorm(?: of (?:the |all )?gradients?)?{of}{n}", None, (1e-6, 1e4)),
    rule(FieldKey::GradClipNorm, r"\bclip\w*\b[^.;\d]{0,50}\bnorm{of}{c}\b", None, (1e-6, 1e4)),
    rule(FieldKey::GradClipNorm, r"\bclip\w*\b[^.;\d]{0,50}\b(?P<v>unit) (?:global |[Ll]2[- ])?norm\b", None, (1e-6, 1e4)),
    rule(
        FieldKey::GradClipNorm,
        r"\bgrad(?:ient)?s?(?:[- ]norms?)? (?:(?:is|are|was|were) )?(?:clipped|limited|capped|bounded|rescaled) (?:to|at|by|with) (?:an? )?(?:(?:maximum |max |global |[Ll]2[- ])*(?:norm|value|threshold) (?:of )?)?{n}",
        None,
        (1e-6, 1e4),
    ),
    rule(
        FieldKey::MaxSeqLen,
        r"\b(?:(?:maximum|max\.?|combined|total|input|sequence|seq|context|query|document|source|target|prompt|completion|response|text|token|sentence)[_ ]){1,3}(?:(?:token )?length|len\.?|size|window){to}{n}",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(
        FieldKey::MaxSeqLen,
        r"\b(?:sequences?|inputs?|texts?|documents?|sentences?|segments?|articles?|examples?|passages?|notes?) (?:are |is |were )?(?:of |truncated |cut |padded |limited |or |and )*(?:to )?(?:up to|at most|of length|length|to|at|after)(?: a maximum of| the first)? {sign}{n} (?:word-?pieces|sub-?words|bpe |sentencepiece |byte )?(?:tokens|pieces|subwords)\b",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(
        FieldKey::MaxSeqLen,
        r"\bsequences? (?:of )?(?:up to|at most|of (?:maximum |max )?length|length) {sign}{n}",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(FieldKey::MaxSeqLen, r"\bsequences of {n} tokens", Some(Unit::Tokens), (8.0, 1e7)),
    rule(
        FieldKey::MaxSeqLen,
        r"\b(?:longer|more) than {n} (?:sub-?word |bpe |word-?piece )?(?:tokens|word-?pieces|sub-?words) (?:are|is|were|was|get) (?:truncated|cut|trimmed|clipped|dropped|discarded|removed|filtered|skipped|excluded)",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(
        FieldKey::MaxSeqLen,
        r"\b(?:truncat|trim|clip|cut|crop)\w* (?:\w+ ){0,3}?(?:to|at|after) (?:a maximum (?:length )?of |the first |at most )?{n} (?:sub-?word |bpe )?tokens\b",
        Some(Unit::Tokens),
        (8.0, 1e6),
    ),
    rule(FieldKey::MaxSeqLen, r"\b(?:keep|use|take|retain)\w* (?:only )?the first {n} tokens\b", Some(Unit::Tokens), (8.0, 1e6)),
    rule(
        FieldKey::MaxSeqLen,
        r"\bthe first {n} tokens (?:of (?:each|every|the|an?) \w+ )?(?:are|is|were) (?:kept|used|taken|retained|fed)\b",
        Some(Unit::Tokens),
        (8.0, 1e6),
    ),
    rule(
        FieldKey::MaxSeqLen,
        r"\b{n}[- ]tokens? (?:sequences?|contexts?|windows?|inputs?|segments?)",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(FieldKey::MaxSeqLen, r"\b{n} (?:tokens? )?(?:context|sequence) (?:length|window|size)", Some(Unit::Tokens), (8.0, 1e7)),
    rule(FieldKey::VocabSize, r"\bvocabular(?:y|ies)(?: sizes?)?{of}{n}", None, VOCABULARY),
    rule(
        FieldKey::VocabSize,
        r"\bvocabulary (?:\w+ )?(?:expanded|extended|increased|limited|restricted|reduced) to {n}",
        None,
        VOCABULARY,
    ),
    rule(
        FieldKey::VocabSize,
        r"\b{n}[- ](?:(?:tokens?|words?|word-?pieces?|sub-?words?|symbols?|entry|entries|bpe|sentencepiece) )?vocabular(?:y|ies)\b",
        None,
        VOCABULARY,
    ),
    rule(FieldKey::LoraRank, r"\brank{of}(?:r ?= ?)?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\brank[-–]{v}\b(?: \w+){0,2}? (?:LoRA|DoRA|adapters?)\b", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\br_?q ?= ?r_?v ?= ?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\b\w*LoRA\b[^.;]{0,60}?\br ?= ?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraDropout, r"\bLoRA(?:'s)?[-_ ]drop-?out(?: (?:probability|rate|ratio))?{of}{n}", None, SHARE),
    rule(
        FieldKey::LoraDropout,
        r"\bLoRA\b[^.;]{0,90}?\b(?:rank|r|α|alpha)\b[^.;]{0,60}?\bdrop-?out(?: (?:probability|rate|ratio))?{of}{n}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::LoraAlpha,
        r"\b\w*LoRA\b[^.;]{0,90}?(?:\bα|\b(?:lora_)?alpha\b)(?: (?:parameter|value|scaling|factor))*{of}{n}",
        None,
        (1.0, 4096.0),
    ),
    rule(
        FieldKey::LoraAlpha,
        r"\b(?:rank|r|LoRA)\b[^.;]{0,60}?(?:\bα|\balpha\b|\bscaling (?:factor|parameter|coefficient))(?: (?:parameter|value|scaling|factor))*{of}{n}",
        None,
        (1.0, 4096.0),
    ),
];

/// What stands between a setting's name and its value.
const OF: &str = concat!(
    // `the rank {of the new layers is} 8`, `we set the momentum {of the optimiser to} 0.9`.
    r"(?:\s(?:of|for|in) (?:the |our |all |each |every |both )?(?:[A-Za-z][A-Za-z0-9-]* ){1,4}?(?:is|are|was|were|to)\b)?",
    r"(?:\s(?:[α-ωϵε]|(?-i:[BCEKLNTbdpr]))[₀-₉]?(?-i:max|init|0)?\b)?",
    r"(?:\s*(?:[\(\[][A-Za-zα-ωϵε₀-₉ -]{1,50}[\)\]]|\((?-i:[A-Z])[^()0-9]{2,60}[0-9]{4}[a-z]?\)|\[\^?\d{1,3}(?:, ?\^?\d{1,3})*\])|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})?",
    r"(?:\s*(?:\b(?:of|is|are|was|were|be|been|set|to|at|from|in|with|a|an|the|value|values|rate|fixed|constant|starting|starts|start|initial|",
    r"initially|initiali[sz]ed|equal|equals|among|between|either|ratio|probability|kept|always|also|same|default|around|about|approximately|up|range|following|size|used|tuned|",
    r"limited|capped|restricted|truncated|bounded|clipped|configured|adjusted|chosen|selected|picked|searched|swept|taken|we|use|being|as|held|then|both|simply|empirically|peak|maximum|max|base|within|default|values?|sizes?|grid)\b|[:=∈≈≤~,\(\[\{]))*\s*",
);

/// What stands between a setting's name and its sign.
const NAMED: &str = r"(?:\s(?:of|is|to|was|were|at|be|set|value|rate|size|length|factor|coefficient|parameter|probability|with|a|an|the|fixed))*\s\(?";

/// The sign of a quantity before its value: `learning rate η = 3e-4`, `batch size B = 1024`.
const SIGN: &str = r"(?:(?:[A-Za-zα-ωϵε][₀-₉]?\s?\()?\b[A-Za-zα-ωϵε](?:_?[₀-₉0-9])?\s?=\s?)";

pub(super) struct Compiled {
    pub rule: &'static Rule,
    pub pattern: regex::Regex,
}

pub(super) static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    let list = numbers::list();
    let compile = |rule: &'static Rule| {
        let pattern = rule
            .pattern
            .replace("{of}", &format!("(?:{NAMED}{SIGN}|{OF})"))
            // What was changed `from 256 to 128` is the second.
            .replace("{to}", &format!(r"(?:{NAMED}{SIGN}|\s?\(?from {{m}} to |{OF})"))
            .replace("{sign}", &format!("{SIGN}?"))
            .replace("{n2}", &format!("(?P<w>{list})"))
            .replace("{n}", &format!("(?P<v>{list})"))
            .replace("{v}", &format!("(?P<v>{})", numbers::NUMBER))
            .replace("{c}", &format!("(?P<v>{})", numbers::WORDS))
            .replace("{m}", numbers::NUMBER);
        Compiled { rule, pattern: crate::intake::regex(&format!("(?i){pattern}")) }
    };
    RULES.iter().map(compile).collect()
});
