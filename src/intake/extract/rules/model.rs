//! What is set of the model and its inputs: dropout, smoothing, clipping, lengths, adapters.

use super::{Rule, SHARE, VOCABULARY, rule};
use crate::intake::{FieldKey, Unit};

/// `α = r = 4`: both at once.
const RANK_AND_ALPHA: &str = r"(?:\bα|\balpha|\br) ?= ?(?:α|alpha|r) ?= ?{v}";

pub(super) const RULES: &[Rule] = &[
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
        r"\blabel[-_ ]smoothing(?: (?:regulari[sz]ation|of value|factor|parameter|coefficient))?(?:(?: with)? [ϵεǫα]?(?:_?ls)?)?{of}{n}",
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
    rule(
        FieldKey::GradClipNorm,
        r"\bgradients? clipping (?:(?:is|was) )?(?:applied|used|employed|performed) (?:using|with|at|to|by) (?:an? |the )?(?:max\w*[- ]|global |[Ll]2[- ])*norm(?: threshold| value| limit)?{of}{n}",
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
        r"\b(?:(?:maximum|max\.?|combined|total|input|sequence|seq|context|query|document|source|target|prompt|completion|response|text|token|sentence|cut-?off)[_ ]){1,3}(?:(?:token )?length|len\.?|size|window){to}{n}",
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
        r"\b(?:truncat|trim|clip|cut|crop)\w* (?:\w+ ){0,3}?(?:to|at|after) (?:contain |have |keep )?(?:a maximum (?:length )?of |the first |at most |only )*{n} (?:sub-?word |bpe )?(?:tokens|words)\b",
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
    rule(
        FieldKey::MaxSeqLen,
        r"\b{n} (?:tokens? )?(?:context|sequence) (?:length|window|size)\b",
        Some(Unit::Tokens),
        (8.0, 1e7),
    ),
    rule(FieldKey::VocabSize, r"\bvocabular(?:y|ies)(?: sizes?)?{of}{n}", None, VOCABULARY),
    rule(
        FieldKey::VocabSize,
        r"\bvocabulary (?:\w+ )?(?:expanded|extended|increased|limited|restricted|reduced) to {n}",
        None,
        VOCABULARY,
    ),
    rule(
        FieldKey::VocabSize,
        r"\bvocabular(?:y|ies) (?:containing|comprising|consisting of|(?:that|which) (?:contains?|has)|with) (?:about |around |roughly )?{n} (?:[\w-]+ )?(?:tokens|words|word-?pieces|units|sub-?words|symbols|entries|types)\b",
        None,
        VOCABULARY,
    ),
    rule(
        FieldKey::VocabSize,
        r"\b{n}[- ](?:(?:tokens?|words?|word-?pieces?|sub-?words?|symbols?|entry|entries|bpe|sentencepiece) )?vocabular(?:y|ies)\b",
        None,
        VOCABULARY,
    ),
    rule(FieldKey::LoraRank, RANK_AND_ALPHA, None, (1.0, 4096.0)),
    rule(FieldKey::LoraAlpha, RANK_AND_ALPHA, None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\brank{of}(?:r ?= ?)?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\brank[-–]{v}\b(?: \w+){0,2}? (?:LoRA|DoRA|adapters?)\b", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\br_?q ?= ?r_?v ?= ?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraRank, r"\b\w*LoRA\b(?:[^.;]|\bal\.){0,60}?\br ?= ?{n}", None, (1.0, 4096.0)),
    rule(FieldKey::LoraDropout, r"\b\w*LoRA(?:'s)?[-_ ]drop-?out(?: (?:probability|rate|ratio))?{of}{n}", None, SHARE),
    rule(
        FieldKey::LoraDropout,
        r"\b\w*LoRA\b(?:[^.;]|\bal\.){0,90}?\b(?:rank|r|α|alpha)\b[^.;]{0,60}?\bdrop-?out(?: (?:probability|rate|ratio))?{of}{n}",
        None,
        SHARE,
    ),
    rule(
        FieldKey::LoraAlpha,
        r"\b\w*LoRA\b(?:[^.;]|\bal\.){0,90}?(?:\bα|\b(?:lora_)?alpha\b)(?: (?:parameter|value|scaling|factor))*{of}{n}",
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
