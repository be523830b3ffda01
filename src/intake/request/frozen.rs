//! What of a model is to stay as it is: `freeze the encoder`, `train only the last two layers`.

use super::pattern::patterns;
use super::rest::Rest;
use super::settings::{any, first};
use super::{Frozen, Request};

patterns! {
    lower: [
        r"\b(?:freez(?:e|ing)|frozen) (?:the |its )?(?:first|lower|lowest|bottom)\s@(?:\w+ )?(?:layers?|blocks?)\b",
        r"\b(?:first|lower|lowest|bottom)\s@(?:\w+ )?(?:layers?|blocks?) (?:are |is |stays? |kept |to be )*(?:frozen|fixed)\b",
        r"\b(?:freez(?:e|ing)|frozen)\s@(?:of the |\w+ )?(?:layers|blocks)\b",
    ],
    // All but these.
    upper: [
        r"\b(?:freez(?:e|ing)|frozen) (?:everything|all|(?:the )?(?:model|encoder|rest|others?|body|backbone))(?: (?:layers|weights|of it))? (?:but|except|besides|apart from|other than)(?: for)? (?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?)\b",
        r"\b(?:only )?(?:train|tune|fine-?tune|updat|unfreez|training|tuning|fine-?tuning)(?:e|ing)?(?: only| just)? (?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?)(?: (?:only|alone))?\b",
        r"\b(?:only )?(?:the |its )?(?:last|top|upper|final|highest)\s@(?:\w+ )?(?:layers?|blocks?) (?:are |is |stays? |to be )*(?:trained|trainable|tuned|fine-?tuned|unfrozen)\b",
    ],
    embeddings: [
        r"\b(?:freez(?:e|ing)|frozen|fixed) (?:the |its |all )?(?:word |token |input )?embeddings?(?: layers?| tables?)?\b",
        r"\bembeddings? (?:are |stay |kept )?(?:frozen|fixed)\b",
    ],
    body: [
        r"\blinear[- ]prob(?:e|ing)\b",
        r"\b(?:freez(?:e|ing)|frozen) (?:everything|all(?: (?:layers|weights))?|(?:the )?(?:whole|entire) (?:model|network)) (?:but|except|besides) (?:for )?(?:the )?(?:head|classifier|last layer|final layer)\b",
        r"\b(?:freez(?:e|ing)|frozen) (?:the |its |pre-?trained )*(?:encoder|backbone|body|base(?: model)?|trunk|feature extractor)(?: weights| layers)?(?: and (?:the )?embeddings?)?\b",
        r"\b(?:encoder|backbone|body|base model|trunk|feature extractor) (?:is |stays |kept )?(?:frozen|fixed)\b",
        r"\b(?:train|tune|fine-tune|training|tuning|fine-tuning) only (?:the |its )?(?:head|classifier|last layer|final layer)\b",
        r"\b(?:train|tune|fine-tune|training|tuning|fine-tuning) (?:the |its )?(?:head|last layer|final layer) (?:only|alone)\b",
    ],
}

pub(super) fn find(rest: &mut Rest, request: &mut Request) -> Option<Frozen> {
    let p = &*PATTERNS;
    let cut = first(rest, &p.lower);
    let layers = request.value(cut, "1 to 1,000 layers", |cut| cut.whole(1, 1000).map(|count| count as usize));
    let cut = first(rest, &p.upper);
    let trained = request.value(cut, "1 to 1,000 layers", |cut| cut.whole(1, 1000).map(|count| count as usize));
    let (body, embeddings) = (any(rest, &p.body), any(rest, &p.embeddings));
    // What holds more holds the rest.
    body.then_some(Frozen::Body)
        .or(trained.map(|count| Frozen::AllButUpperLayers { count }))
        .or(layers.map(|count| Frozen::LowerLayers { count }))
        .or(embeddings.then_some(Frozen::Embeddings))
}
