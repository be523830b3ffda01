//! Which parameters stay as they are, where a request says so.

use super::brief::Brief;
use super::models::Candidate;
use crate::intake::Frozen;
use crate::spec::{Group, ModelSpec};
use std::collections::BTreeSet;
use tallow_zoo::{Place, Places};

/// Groups of a model with parameters of these names, as few as there can be: a pattern ends at the first part of a name below which
/// everything stays.
pub(super) fn groups(frozen: Frozen, names: &[String]) -> Vec<Group> {
    let places = Places::of(names.iter().map(String::as_str));
    let layers = places.layers();
    // As many as there are, or more, leave nothing to freeze but what is below them: that is not what was meant.
    if matches!(frozen, Frozen::AllButUpperLayers { count } if count >= layers) {
        return Vec::new();
    }
    let is_of = |name: &str, side: &str| has_two_sides(names) && name.split('.').any(|part| part == side);
    let stays = |name: &str| match (frozen, places.place(name)) {
        // Of one that has both.
        (Frozen::Encoder, _) => is_of(name, "encoder"),
        (Frozen::Decoder, _) => is_of(name, "decoder"),
        (Frozen::Embeddings, Place::Embeddings) => true,
        (Frozen::LowerLayers { .. } | Frozen::AllButUpperLayers { .. } | Frozen::Body, Place::Embeddings) => true,
        (Frozen::LowerLayers { count }, Place::Layer(number)) => number < count,
        (Frozen::AllButUpperLayers { count }, Place::Layer(number)) => number + count < layers,
        (Frozen::Body, Place::Layer(_)) => true,
        (Frozen::Embeddings, Place::Layer(_)) => false,
        (Frozen::Embeddings | Frozen::LowerLayers { .. } | Frozen::AllButUpperLayers { .. } | Frozen::Body, Place::Head) => false,
    };
    let trained: Vec<&String> = names.iter().filter(|name| !stays(name)).collect();
    let pattern = |name: &String| {
        let ends = name.match_indices('.').map(|(at, _)| &name[..=at]);
        let whole = ends.into_iter().find(|prefix| !trained.iter().any(|other| other.starts_with(prefix)));
        whole.map_or_else(|| name.clone(), |prefix| format!("{prefix}*"))
    };
    let patterns: BTreeSet<String> = names.iter().filter(|name| stays(name)).map(pattern).collect();
    patterns.into_iter().map(|pattern| Group { pattern, lr_scale: 1.0, weight_decay: None, frozen: true }).collect()
}

impl Brief<'_> {
    /// What was asked for that is not to be had: weights that were learnt, where all but a head is to stay as it is. Of a model from scratch
    /// that would be chance for ever.
    pub(super) fn lacks_weights(&self, found: &[Candidate]) -> Option<String> {
        let request = self.request()?;
        let are_anew = found.iter().all(|candidate| matches!(candidate.spec, ModelSpec::Scratch { .. }));
        let first = found.first().filter(|_| request.keeps_most() && are_anew && !request.from_scratch)?;
        let stays = request.frozen.map(Frozen::in_words).unwrap_or_default();
        let others = self.others_at_hand().map(|others| format!(" ({others})")).unwrap_or_default();
        Some(format!(
            "pretrained weights, for {stays} is to stay as it is: none of `{}` are known by that name, and from scratch nothing but chance would \
             stay; name such a model by its id or its folder{others}",
            first.name
        ))
    }
}

/// Whether a model with parameters of these names reads with one side and writes with another.
pub(super) fn has_two_sides(names: &[String]) -> bool {
    let has = |side: &str| names.iter().any(|name| name.split('.').any(|part| part == side));
    has("encoder") && has("decoder")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BERT: [&str; 7] = [
        "bert.embeddings.word_embeddings.weight",
        "bert.embeddings.LayerNorm.bias",
        "bert.encoder.layer.0.output.dense.weight",
        "bert.encoder.layer.1.output.dense.weight",
        "bert.encoder.layer.10.output.dense.weight",
        "bert.pooler.dense.weight",
        "classifier.weight",
    ];

    #[test]
    fn patterns_meet_what_stays_and_nothing_else() {
        let check = |names: &[&str], frozen: Frozen, expected: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
            let found = groups(frozen, &names);
            assert_eq!(found.iter().map(|group| group.pattern.as_str()).collect::<Vec<_>>(), expected, "{frozen:?}");
        };
        check(&BERT, Frozen::Embeddings, &["bert.embeddings.*"]);
        check(
            &BERT,
            Frozen::LowerLayers { count: 2 },
            &["bert.embeddings.*", "bert.encoder.layer.0.*", "bert.encoder.layer.1.*"],
        );
        // Of three layers, the last of which has another number in its name.
        check(
            &BERT,
            Frozen::AllButUpperLayers { count: 1 },
            &["bert.embeddings.*", "bert.encoder.layer.0.*", "bert.encoder.layer.1.*"],
        );
        check(&BERT, Frozen::AllButUpperLayers { count: 3 }, &[]);
        check(&BERT, Frozen::Body, &["bert.embeddings.*", "bert.encoder.*"]);
        check(&BERT[..1], Frozen::Body, &["bert.*"]);
        check(&["wte", "ln_f.weight"], Frozen::Embeddings, &["wte"]);
        let t5 = ["shared.weight", "encoder.block.0.layer.0.q.weight", "decoder.block.0.layer.0.q.weight", "lm_head.weight"];
        check(&t5, Frozen::Encoder, &["encoder.*"]);
        check(&t5, Frozen::Decoder, &["decoder.*"]);
        check(&["model.encoder.conv1.bias", "model.decoder.layers.0.fc1.bias"], Frozen::Encoder, &["model.encoder.*"]);
        check(&BERT, Frozen::Decoder, &[]);
        check(&BERT[5..], Frozen::Body, &[]);
    }
}
