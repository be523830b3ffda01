//! What of a model is to stay as it is: `freeze the encoder`, `train only the last two layers`.

use super::{ONE_OF_TWO, any, first};
use crate::intake::regex;
use crate::intake::request::pattern::{pattern, patterns};
use crate::intake::request::rest::{Found, Judged, Rest, taken_if};
use crate::intake::request::{Frozen, Lack, Lacking, Refused, Request};
use crate::words::plain;
use regex::Regex;
use std::sync::LazyLock;

patterns! {
    // Not to the end: `freeze the encoder for 1 epoch, then unfreeze it`.
    a_while: [
        r"\b(?:freez(?:e|ing)|frozen)(?: (?:the|its|all|pre-?trained|encoder|backbone|body|base|model|word|embeddings?|lower|upper|first|last|top|bottom|layers?|blocks?|weights|everything|but|except|head|of|\d+|one|two|three|four|six))* (?:for|during|in) (?:the )?(?P<start>first )?(?:\d+ |one |two |three |an? |few )*(?:epochs?|steps?)\b(?P<then>,? (?:and )?(?:then|afterwards|after that) (?:un-?freez|train|tun|fine-?tun)\w*(?: everything| all(?: layers)?| it| the rest)?)?",
    ],
    lower: [
        r"\b(?:freez(?:e|ing)|frozen) (?:(?:the |its )?(?:word |token )?embeddings?(?: layers?)? (?:and|plus|with) )?(?:the |its )?(?:first|lower|lowest|bottom)\s@(?:\w+ )?(?:layers?|blocks?)(?:,? (?:and|with|plus) (?:the |its )?(?:word |token )?embeddings?(?: layers?)?)?\b",
        r"\b(?:(?:keep|leave|hold)(?:ing)? (?:the |its )?)?(?:(?:word |token )?embeddings?(?: layers?)? (?:and|plus|with) (?:the |its )?)?(?:first|lower|lowest|bottom)\s@(?:\w+ )?(?:layers?|blocks?)(?:,? (?:and|with|plus) (?:the |its )?(?:word |token )?embeddings?(?: layers?)?)? (?:are |is |stays? |kept |to be )*(?:frozen|fixed)\b",
        r"\b(?:train|tun|fine-?tun|updat)(?:e|ing)? (?:everything|(?:all|every)(?: (?:of )?the)?(?: layers?| blocks?)?),? (?:but|except)(?: for)? (?:the |its )?(?:first|lower|lowest|bottom)\s@(?:layers?|blocks?)?(?:,? (?:which|that|those|these)(?: (?:are|is|stays?|to be|kept|should be|must be|remain))* frozen\b)?",
        r"\b(?:freez(?:e|ing)|frozen)\s(?:the |its )?@(?:of the |(?:first|lower|lowest|bottom|encoder|transformer|hidden|attention) )*(?:layers|blocks)\b",
    ],
    // All but these.
    upper: [
        // `Everything but the last two layers frozen`, and with the number first, as other languages have it.
        r"\b(?:(?:freez(?:e|ing)|frozen) )?(?:everything|all|(?:the )?(?:rest|others?))(?: (?:layers|weights|of it))? (?:but|except|besides|apart from|other than|save)(?: for)? (?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?)(?: (?:is|are|stays?|kept|to be))*(?: (?:frozen|freeze))?\b",
        r"\b(?:(?:freez(?:e|ing)|frozen) )?(?:everything|all|(?:the )?(?:rest|others?))(?: (?:layers|weights|of it))? (?:but|except|besides|apart from|other than|save)(?: for)? (?:the |its )?@\s?(?:last|top|upper|final|highest) (?:\w+ )?(?:layers?|blocks?)(?: (?:is|are|stays?|kept|to be))*(?: (?:frozen|freeze))?\b",
        r"\b(?:freez(?:e|ing)|frozen) (?:everything|all|(?:the )?(?:model|encoder|rest|others?|body|backbone))(?: (?:layers|weights|of it))? (?:but|except|besides|apart from|other than)(?: for)? (?:the |its )?@\s?(?:last|top|upper|final|highest) (?:\w+ )?(?:layers?|blocks?)\b",
        r"\b(?:freez(?:e|ing)|frozen) (?:everything|all|(?:the )?(?:model|encoder|rest|others?|body|backbone))(?: (?:layers|weights|of it))? (?:but|except|besides|apart from|other than)(?: for)? (?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?)\b",
        r"\b(?:only )?(?:train|tune|fine-?tune|updat|unfreez|training|tuning|fine-?tuning)(?:e|ing)?(?: only| just)? (?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?)(?: (?:only|alone))?\b(?:(?: of)?(?:\s*¦| the model| it))?(?:\s*\(?(?:and|plus|with|\+) (?:the |its )?(?:(?:classification|new) )?(?:head|classifier)\b)?",
        r"\b(?:only )?(?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?) (?:are |is |stays? |to be )*(?:trained|trainable|tuned|fine-?tuned|unfrozen)\b",
    ],
    embeddings: [
        r"\b(?:freez(?:e|ing)|frozen|fixed) (?:the |its |all )?(?:word |token |input )?embeddings?(?: layers?| tables?)?\b",
        r"\bembeddings? (?:(?:weights|layers|parameters|side|part|is|are|be|to|must|should|shall|has|have|will|all|stays?|remains?|kept|left|held) )*(?:frozen|fixed)\b",
    ],
    // Of a model of two sides that is one of them, of another all but its head.
    encoder: [
        r"\b(?:freez(?:e|ing)|frozen)\s+(?:(?:the|its|pre-?trained|whole|entire|speech|audio|text|¦\s*(?:['’]?s)?)\s+)*encoder(?: side| weights| layers| part)?(?: and (?:the )?embeddings?)?\b",
        r"\b(?:keep(?:ing)? (?:the |its )?)?encoder (?:(?:weights|layers|parameters|side|part|is|are|be|to|must|should|shall|has|have|will|all|stays?|remains?|kept|left|held) )*(?:frozen|fixed)\b(?: (?:throughout|all (?:the time|along|through)))?",
        r"\b(?:only (?:train|tune|fine-?tune|update)|(?:train|tune|fine-?tune|training|tuning|fine-?tuning) only) (?:the |its )?decoder\b",
    ],
    decoder: [
        r"\b(?:freez(?:e|ing)|frozen)\s+(?:(?:the|its|pre-?trained|whole|entire|text|¦\s*(?:['’]?s)?)\s+)*decoder(?: side| weights| layers| part)?\b",
        r"\b(?:keep(?:ing)? (?:the |its )?)?decoder (?:(?:weights|layers|parameters|side|part|is|are|be|to|must|should|shall|has|have|will|all|stays?|remains?|kept|left|held) )*(?:frozen|fixed)\b(?: (?:throughout|all (?:the time|along|through)))?",
        r"\b(?:only (?:train|tune|fine-?tune|update)|(?:train|tune|fine-?tune|training|tuning|fine-?tuning) only) (?:the |its )?encoder\b",
    ],
    body: [
        r"\blinear[- ]prob(?:e|ing)\b",
        r"\b(?:(?:freez(?:e|ing)|frozen) (?:everything|all(?: (?:the |of its )?(?:layers|weights|parameters|of it))?|(?:the )?(?:(?:whole|entire) (?:model|network)|rest|others?))|(?:everything|all(?: (?:layers|weights))?)(?: (?:is|are|stays?|kept|to be))* frozen),? (?:but|except|besides|apart from|other than|save)(?: for)? (?:the |its )?(?:(?:classification|classifier|output|final|new|prediction|task|linear|last)[ -])*(?:head|classifier|layer)\b",
        r"\b(?:train|tune|fine-?tune|updat|training|tuning|fine-?tuning)(?:e|ing)? (?:nothing|no layers?|no weights) (?:but|except|besides|other than)(?: for)? (?:the |its )?(?:(?:classification|classifier|output|final|new|prediction|task|linear|last)[ -])*(?:head|classifier|layer)\b",
        r"\b(?:freez(?:e|ing)|frozen)\s+(?:(?:the|its|pre-?trained|whole|entire|¦\s*(?:['’]?s)?)\s+)*(?:backbone|body|base(?: model)?|trunk|feature extractor)(?: weights| layers)?(?: and (?:the )?embeddings?)?\b",
        r"\b(?:keep(?:ing)? (?:the |its )?)?(?:backbone|body|base model|trunk|feature extractor) (?:(?:weights|layers|parameters|side|part|is|are|be|to|must|should|shall|has|have|will|all|stays?|remains?|kept|left|held) )*(?:frozen|fixed)\b(?: (?:throughout|all (?:the time|along|through)))?",
        r"\b(?:(?:re-?)?train|tune|fine-tune|(?:re-?)?training|tuning|fine-tuning) only (?:the |its )?(?:(?:classification|classifier|output|final|new|prediction|task|linear|last)[ -])*(?:head|classifier|layer)\b|\bonly (?:(?:re-?)?train|tune|fine-?tune|(?:re-?)?training|tuning|update) (?:the |its )?(?:(?:classification|classifier|output|final|new|prediction|task|linear|last)[ -])*(?:head|classifier|layer)\b|\bonly (?:the |its )?(?:(?:classification|output|new) )?head (?:is |gets |to be |should be )*(?:trained|tuned|fine-?tuned|updated|trainable)\b",
        r"\b(?:train|tune|fine-tune|training|tuning|fine-tuning) (?:the |its )?(?:(?:classification|classifier|output|final|new|prediction|task|linear|last)[ -])*(?:head|classifier|layer) (?:only|alone)\b",
    ],
}

pub(crate) fn find(rest: &mut Rest, request: &mut Request) -> Option<Frozen> {
    let p = &*PATTERNS;
    // `Frozen for 3 epochs` may be all of them.
    let is_a_while = |found: &Found<'_>| {
        let is_order = found.cut.words.to_lowercase().starts_with("freeze ");
        taken_if(is_order || !found.cut.get("start").is_empty() || !found.cut.get("then").is_empty())
    };
    while let Some(cut) = p.a_while.iter().find_map(|way| rest.cut_as(way, is_a_while)) {
        request.lacking.push(Lacking { of: Lack::Method, words: cut.words });
    }
    let cut = first(rest, &p.lower);
    let layers = request.value(cut, "1 to 1,000 layers", |cut| cut.whole(1, 1000).map(|count| count as usize));
    // `Use everything but the last 2 layers` says nothing of what is frozen.
    let is_frozen = |found: &Found<'_>| {
        let words = found.cut.words.to_lowercase();
        let is_said = ["freez", "frozen", "train", "tun", "updat", "unfr"].iter().any(|word| words.contains(word));
        taken_if(is_said)
    };
    let cut = p.upper.iter().find_map(|way| rest.cut_as(way, is_frozen));
    let trained = request.value(cut, "1 to 1,000 layers", |cut| cut.whole(1, 1000).map(|count| count as usize));
    let (encoder, decoder) = (any(rest, &p.encoder), any(rest, &p.decoder));
    let (body, embeddings) = (any(rest, &p.body), any(rest, &p.embeddings));
    request.frozen_encoder = encoder && !body;
    // What holds more holds the rest.
    let frozen = (body || encoder)
        .then_some(Frozen::Body)
        .or(decoder.then_some(Frozen::Decoder))
        .or(trained.map(|count| Frozen::AllButUpperLayers { count }))
        .or(layers.map(|count| Frozen::LowerLayers { count }))
        .or(embeddings.then_some(Frozen::Embeddings));
    if let Some(part) = frozen
        && let Some(words) = all_trained(rest, part)
    {
        let words = format!("{} frozen, and {words}", part.in_words());
        request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
    }
    frozen
}

/// What asks for rates of layers that stay as they are: one of the two is void.
pub(crate) fn settle(request: &mut Request) {
    let is_body = matches!(request.frozen, Some(Frozen::Body));
    let Some(frozen) = request.frozen.filter(|_| is_body) else { return };
    let of_layers = request.layerwise_lr_decay.map(|decay| format!("a rate that falls by {} a layer", plain(decay)));
    // Of a head alone no second rate is said.
    let of_body = request.head_lr.and(request.lr).map(|lr| format!("a learning rate of {} for it", plain(lr)));
    for words in of_layers.into_iter().chain(of_body) {
        let words = format!("{} frozen, and {words}", frozen.in_words());
        request.refused.push(Refused { words, expected: ONE_OF_TWO.into() });
    }
}

/// What of a model is frozen in words that say of no part which: to train all of it would be another experiment. `Frozen food` is no model.
pub(crate) fn refuse_unclear(rest: &mut Rest, request: &mut Request) {
    static WAYS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
        let part = r"(?:weights|parameters|layers?|blocks?|encoder|decoder|backbone|body|base|trunk|model|network|head|classifier|embeddings?|everything|all|half|most|some|¦)";
        let which = r"(?:the|its|every|each|both|lower|upper|first|last|top|bottom|middle|whole|entire|full|complete|pre-?trained|of|\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve)";
        let on = r"(?:[^.,;:!?()\n]{0,60})";
        [
            regex(&format!(r"(?i)\b(?:freez(?:e|ing)|frozen)(?: {which})*\s+{part}(?:\b{on}|\s{on}|$)")),
            regex(&format!(
                r"(?i)(?:\b(?:{which} )*{part})(?: (?:is|are|stays?|kept|to be|completely|fully|should be|must be|remains?))* frozen\b{on}"
            )),
        ]
    });
    if !rest.says("freez") && !rest.says("frozen") {
        return;
    }
    for way in WAYS.iter() {
        while let Some(cut) = rest.cut(way) {
            let expected = "a part of a model that can stay as it is: `the encoder`, `the embeddings`, `the first 4 layers`, `all but \
                            the last 2 layers`, `everything but the head`; where all of it does nothing is left to train";
            request.refused.push(Refused { words: cut.words, expected: expected.into() });
        }
    }
}

/// What says that all weights are trained, which a part that is frozen is not; it stays in the text. `Train all layers above it` says
/// nothing else.
fn all_trained(rest: &mut Rest, part: Frozen) -> Option<String> {
    static ALL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:(?:train|tun|fine-?tun|updat)(?:e|ing)?|unfreez(?:e|ing))\s(?:all|every)(?: (?:the|of the|its))*\s(?:layers?|weights|parameters|blocks)\b(?: end[- ]to[- ]end)?|\b(?:(?:train|tun|fine-?tun|updat)(?:e|ing)?)\s(?:the |its )?(?:whole|entire|full|complete)\s(?:model|network|encoder|thing)\b|\b(?:(?:train|tun|fine-?tun|updat)(?:e|ing)?|unfreez(?:e|ing))\s(?:absolutely )?everything\b|\beverything\s(?:(?:is|be|gets|to|should|must|shall|has|will)\s)+(?:(?:fine-?)?tuned|trained|trainable|updated|learn\w*|unfrozen)\b|\b(?:all|every)(?: (?:of the|the|its))*\s(?:layers?|weights|parameters|blocks)\s(?:(?:is|are|be|stays?|kept|to)\s)*(?:trainable|unfrozen|trained|updated)\b|\b(?:all|every)(?: (?:of the|the|its))*\s(?:layers?|weights|parameters|blocks)\s(?:(?:is|are|be|get|gets|to|should|must|shall|still|all|gently|slowly|then)\s)+(?:(?:fine-?)?tun|train|updat|adapt|learn)\w*|\bfull(?:y)?[- ]fine-?tun\w*",
        )
    });
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?i)^\s*(?:of the (?:head|classifier)|in the head|except|but|above|besides|apart|behind|after|on top|from|other|that|which)\b",
        )
    });
    static EMBEDDINGS: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?i)^[\s,]*(?:including|with|and) (?:the |its )?(?:word )?embeddings?\b"));
    let words = std::cell::RefCell::new(None);
    rest.cut_as(&ALL, |found| {
        let is_against = part != Frozen::Embeddings || EMBEDDINGS.is_match(found.behind);
        // `All layers, but freeze the encoder`, whose words are cut out already.
        let is_apart = found.behind.trim_start().strip_prefix("but").is_some_and(|behind| behind.trim_start().starts_with('¦'));
        if is_against && (is_apart || !OTHERS.is_match(found.behind)) {
            *words.borrow_mut() = Some(found.cut.words.clone());
        }
        Judged::Passed
    });
    words.into_inner()
}
