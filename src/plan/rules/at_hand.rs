//! Weights that lie here and that nobody named: those of the family and the data that a request speaks of, where it asks for pretrained ones.

use super::brief::Brief;
use super::models::{self, Candidate, EncoderKind, Named};
use super::paper::Drafted;
use crate::intake::{ModelName, Request};
use crate::plan::{AtHand, DataChoice, Goal, Offer, Wishes};
use crate::spec::{DataSource, ModelSpec, Task};
use crate::words::{listed, quoted};
use tallow_zoo::ModelConfig;

/// The model that is meant where weights are asked for: of the family that was named, trained on the same data if there is one; without a
/// family, of the same data.
pub(super) fn meant<'a>(goal: &Goal, wishes: &Wishes, choice: &DataChoice, offer: &Offer<'a>) -> Option<&'a AtHand> {
    let Goal::Request(request) = goal else { return None };
    if !goal.wants_weights(wishes) {
        return None;
    }
    let named = match goal.model(wishes) {
        Some(ModelName::Called { name }) => Some(models::named(name)?),
        Some(ModelName::At { .. }) => return None,
        None => None,
    };
    let channels = offer.data.image_shape.map_or(3, |[.., channels]| channels);
    let is_of_family = |own: &AtHand| named.as_ref().is_none_or(|named| is_of(named, &own.facts.config, channels));
    let mut found: Vec<&AtHand> = there(offer, choice).filter(|own| is_of_family(own) && is_of_size(own, request)).collect();
    // What is of the same data comes first, and each kind by its id.
    found.sort_by_key(|own| !is_trained_on(own, choice));
    found.into_iter().find(|own| named.is_some() || is_trained_on(own, choice))
}

/// The same goal with a model by its id.
pub(super) fn named(own: &AtHand, goal: &Goal, wishes: &Wishes) -> (Goal, Wishes) {
    let mut goal = goal.clone();
    if let Goal::Request(request) = &mut goal {
        request.model = Some(ModelName::At { id: own.id.clone() });
    }
    (goal, Wishes { model: None, ..wishes.clone() })
}

/// Those that can learn what is asked for.
fn there<'a>(offer: &Offer<'a>, choice: &DataChoice) -> impl Iterator<Item = &'a AtHand> {
    let task = offer.data.task.or(choice.task).or(offer.data.image_shape.map(|_| Task::ImageClassification));
    let channels = offer.data.image_shape.map(|[.., channels]| channels);
    let (absent, at_hand) = (offer.absent, offer.at_hand);
    at_hand.iter().filter(move |own| {
        let config = &own.facts.config;
        let sees = channels.is_none() || config.image_channels() == channels;
        sees && task.is_some_and(|task| task.suits(config)) && !absent.contains(&own.id)
    })
}

/// Whether a model is of the family, and of the size that its name has. Those of families that public models stand for go by their names.
fn is_of(named: &Named, config: &ModelConfig, channels: usize) -> bool {
    match named {
        Named::Resnet(None) => matches!(config, ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_)),
        Named::Resnet(Some(depth)) => models::resnet(*depth, channels).is_some_and(|of| is_as_deep(config, &of.config)),
        Named::WideResnet(depth, width) => {
            models::wide_resnet(*depth, *width, channels).is_some_and(|of| is_as_deep(config, &of.config))
        }
        Named::Vit => matches!(config, ModelConfig::Vit(_)),
        Named::Llama => matches!(config, ModelConfig::Llama(_)),
        Named::Fresh(EncoderKind::Roberta) => matches!(config, ModelConfig::Roberta(_)),
        Named::Fresh(EncoderKind::Distilbert) => matches!(config, ModelConfig::Distilbert(_)),
        Named::Fresh(EncoderKind::Electra) => matches!(config, ModelConfig::Electra(_)),
        Named::Decoders([]) => matches!(config, ModelConfig::Gpt2(_)),
        Named::Writers([]) => matches!(config, ModelConfig::Marian(_)),
        Named::Fresh(EncoderKind::Bert)
        | Named::Bert
        | Named::Encoders(_)
        | Named::Decoders(_)
        | Named::Writers(_)
        | Named::Hearers(_)
        | Named::Mlp => false,
    }
}

/// Whether two networks of one kind have the same layers; what stands before and behind these may differ.
fn is_as_deep(config: &ModelConfig, other: &ModelConfig) -> bool {
    match (config, other) {
        (ModelConfig::ResnetCifar(one), ModelConfig::ResnetCifar(other)) => (one.depth, one.width) == (other.depth, other.width),
        (ModelConfig::Resnet(one), ModelConfig::Resnet(other)) => {
            one.depths == other.depths && one.layer_type == other.layer_type && one.width_factor == other.width_factor
        }
        (ModelConfig::WideResnet(one), ModelConfig::WideResnet(other)) => {
            (one.depth, one.widen_factor) == (other.depth, other.widen_factor)
        }
        _ => false,
    }
}

fn is_of_size(own: &AtHand, request: &Request) -> bool {
    let spec = ModelSpec::Pretrained { id: own.id.clone(), revision: None };
    Candidate { name: own.id.clone(), spec, config: own.facts.config.clone() }.is_of(&request.size)
}

/// Whether a model's card says so, or its name: `resnet20-cifar10` is of CIFAR-10, and none of `resnet20-cifar100` is.
fn is_trained_on(own: &AtHand, choice: &DataChoice) -> bool {
    let squeezed = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let last = |id: &str| id.rsplit('/').next().map(squeezed).unwrap_or_default();
    let mut names = vec![squeezed(&choice.name)];
    names.extend(choice.known.iter().flat_map(|known| known.aliases).map(|alias| squeezed(alias)));
    // A repository of several data sets says nothing of which.
    if let DataSource::Hub { id, config: None, .. } = &choice.source {
        names.extend([squeezed(id), last(id)]);
    }
    names.retain(|name| !name.is_empty());
    let is_one = |said: &String| names.contains(said);
    let words: Vec<String> =
        own.id.rsplit('/').next().unwrap_or_default().split(|c: char| !c.is_alphanumeric()).map(squeezed).collect();
    let in_name = (0..words.len()).any(|from| (from + 1..=words.len()).any(|to| is_one(&words[from..to].concat())));
    in_name || own.trained_on.iter().any(|said| is_one(&squeezed(said)) || is_one(&last(said)))
}

impl Brief<'_> {
    /// Which weights were found, or which others lie here where those that were asked for do not.
    pub(super) fn say_at_hand(&self, candidate: &Candidate, out: &mut Drafted) {
        let Some(request) = self.request() else { return };
        let is_fresh = matches!(candidate.spec, ModelSpec::Scratch { .. });
        match self.at_hand {
            Some(AtHand { id, trained_on, .. }) => {
                let of = if trained_on.is_empty() { String::new() } else { format!(", trained on {}", listed(trained_on)) };
                out.assumptions.push(format!("model: `{id}`{of}, for pretrained weights were asked for and these lie here"));
            }
            None if is_fresh && request.pretrained => {
                out.assumptions.extend(self.others_at_hand().map(|others| format!("model: {others}")));
            }
            None => {}
        }
    }

    /// Weights that lie here and are of another family or size than was asked for.
    pub(super) fn others_at_hand(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let ids: Vec<&String> = there(self.offer, self.choice).map(|own| &own.id).take(SHOWN).collect();
        (!ids.is_empty()).then(|| format!("weights that lie here are those of {}: named so, they are taken", quoted(ids)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::find_known;
    use crate::plan::ModelFacts;
    use serde_json::json;

    fn at_hand(id: &str, config: serde_json::Value, trained_on: &[&str]) -> AtHand {
        let config = ModelConfig::from_public(&config.to_string()).expect("a model");
        let trained_on = trained_on.iter().map(|name| name.to_string()).collect();
        AtHand { id: id.into(), facts: ModelFacts::from_scratch(config), trained_on }
    }

    fn resnet(id: &str, depth: usize, trained_on: &[&str]) -> AtHand {
        at_hand(id, json!({"model_type": "resnet_cifar", "depth": depth, "num_channels": 3, "width": 16}), trained_on)
    }

    #[test]
    fn what_a_model_was_trained_on_is_said_by_card_or_name() {
        let known = find_known("CIFAR-10").expect("known");
        let source = DataSource::Hub { id: known.id.into(), config: None, revision: None };
        let choice = DataChoice {
            name: known.name.into(),
            source,
            splits: vec![],
            columns: Default::default(),
            perhaps: Default::default(),
            languages: None,
            task: Some(Task::ImageClassification),
            known: Some(known),
        };
        for (id, said, expected) in [
            ("a/net", &["uoft-cs/cifar10"][..], true),
            ("a/net", &["somebody/cifar10"], true),
            ("a/net", &["uoft-cs/cifar100"], false),
            ("a/resnet20-cifar10", &[], true),
            ("a/resnet20_cifar_10", &[], true),
            ("a/resnet20-cifar100", &[], false),
            ("cifar10/net", &[], false),
        ] {
            assert_eq!(is_trained_on(&resnet(id, 20, said), &choice), expected, "{id} {said:?}");
        }
    }

    #[test]
    fn a_family_with_a_size_is_of_that_size() {
        let twenty = resnet("a/b", 20, &[]).facts.config;
        let is = |name: &str, config: &ModelConfig| is_of(&models::named(name).expect("a model"), config, 3);
        assert!(is("resnet-20", &twenty) && is("resnet", &twenty));
        assert!(!is("resnet-32", &twenty) && !is("wrn-16-4", &twenty) && !is("vit", &twenty));
        let roberta = EncoderKind::Roberta;
        let size =
            models::EncoderSize { kind: roberta, layers: 2, hidden: 64, heads: 2, intermediate: 128, positions: 64, vocab: 99 };
        let encoder = size.config(0.0).expect("an encoder");
        assert!(is("roberta", &encoder) && !is("distilbert", &encoder) && !is("bert", &encoder));
    }
}
