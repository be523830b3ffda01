//! What the optimiser has: learning rate, momenta, weight decay.

use super::{LR, Rule, SHARE, rule};
use crate::intake::FieldKey;

pub(super) const RULES: &[Rule] = &[
    // `AdamW at 2e-5`.
    rule(
        FieldKey::Lr,
        r"\b(?:Adam|AdamW|SGD|Adafactor|Lion|LAMB|RMS-?prop) at (?:an? )?(?:(?:peak|constant|fixed|initial) )?(?:of )?{v}",
        None,
        (1e-8, 0.5),
    ),
    // `3 epochs at 2e-5`.
    rule(FieldKey::Lr, r"\b(?:epochs?|steps|updates) at {v}(?:[,;.)]|$| and )", None, (1e-8, 0.01)),
    // `warm up over the first 6% of steps to a peak of 3e-4`.
    rule(
        FieldKey::Lr,
        r"\bwarm(?:ed|ing|s)?[- ]?up\b[^.;]{0,80}? to (?:a |the |its )?(?:peak|maximum|max\.?)(?: (?:learning[-_ ]rate|lr|value|rate))?(?: of)? {v}",
        None,
        (1e-8, 0.5),
    ),
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
        r"\b(?:learning[-_ ]rates?|lr)\b[^.;\d]{0,40}?\b(?:rang\w*|search\w*|tun\w+|swe\w+|var\w+|explor\w+|tr(?:y|ied)|grid|interval)\b[^.;\d]{0,20}?\b(?:from|between) {v} to {n2}",
        None,
        LR,
    ),
    rule(FieldKey::Lr, r"\b(?:learning[-_ ]rates?|lr) (?:\w+ )?between {v} (?:and|to) {n2}", None, LR),
    rule(FieldKey::Lr, r"\b(?:learning[-_ ]rates?|step[- ]?size|(?:(?:max|peak|base|init|initial)_?)?lr)\b{of}{n}", None, LR),
    rule(FieldKey::Lr, r"\blr[_ ]?(?:max|peak|base|init|initial){of}{n}", None, LR),
    rule(
        FieldKey::Lr,
        r"\b(?:learning[-_ ]rate|lr) (?:decay|schedul\w+|anneal\w+)\b[^.;,\d]{0,40}?\b(?:start|begin|initial|peak)\w*(?: (?:from|at|with|of|value|learning|rate|lr|a|an|the))* {n}",
        None,
        LR,
    ),
    // `the rate is halved whenever the loss stops falling, starting from 1e-3`.
    rule(
        FieldKey::Lr,
        r"\blearning[-_ ]rates?\b(?:[^.;]|\.\d){0,140}?,? (?:starting|beginning) (?:from|at|with) (?:an? )?(?:(?:initial )?(?:value|rate|learning[- ]rate) of )?{n}",
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
        r"\b(?:learning[-_ ]rate|lr)\b[^.;]{0,80}?\b(?:to|with|and|reaching) (?:a |its |the )?(?:peak|maximum|maximal)(?: value| rate| learning rate| lr)?(?: of| at|:)? {n}",
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
    rule(FieldKey::Lr, r"(?:\bα|\bη)(?:_?[₀-₉ₐ-ₜ]|_?\{?[A-Za-z]{1,8}\}?)?{of}{n}", None, LR),
    rule(FieldKey::Beta1, r"\b(?:β\s?[₁1]|beta_?\s?1){of}{n}", None, SHARE),
    rule(FieldKey::Beta2, r"\b(?:β\s?[₂2]|beta_?\s?2){of}{n}", None, SHARE),
    rule(FieldKey::Eps, r"(?:[ϵεǫ]|\bepsilon|\beps){of}{n}", None, (1e-16, 1.0)),
    rule(
        FieldKey::Momentum,
        r"\bmomentum(?: (?:coefficient|factor|hyper-?parameter|parameter|term|value|rate|weight))?{of}{n}",
        None,
        SHARE,
    ),
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
    rule(FieldKey::WeightDecay, r"\bwd(?:\s?[=:]\s?|\s){n}", None, (0.0, 1.0)),
    rule(FieldKey::WeightDecay, r"\bdecay(?:ed|ing|s)? (?:the |all )?weights (?:by|with|at) {n}", None, (0.0, 1.0)),
    rule(FieldKey::WeightDecay, r"{v} weight[-_ ]decay", None, (0.0, 1.0)),
];
