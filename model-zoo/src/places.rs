//! Where in a model its parameters lie, counted from the input: read off their public names, which all families number alike.

use std::collections::BTreeMap;

/// Where a parameter lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Tables of words, positions and values; the first convolution of a model of images.
    Embeddings,
    /// The layer's number from 0, the one next to the input first. A decoder's layers follow its encoder's.
    Layer(usize),
    /// All behind the last layer: final norms, poolers, classifiers.
    Head,
}

/// The layers of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    layers: BTreeMap<Key, usize>,
    /// Whether `bn1` stands behind the last block and not behind the stem: so it does in networks with norms before convolutions.
    ends_in_bn1: bool,
}

/// Whether a layer is a decoder's, and its number: of its stage and within it where a model has stages.
type Key = (bool, Vec<usize>);

impl Places {
    /// Of a model with parameters of these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut layers, mut ends_in_bn1) = (BTreeMap::<Key, usize>::new(), false);
        for name in names {
            ends_in_bn1 |= name.starts_with("block1.");
            layers.extend(key(name).map(|key| (key, 0)));
        }
        layers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
        Places { layers, ends_in_bn1 }
    }

    /// How many layers there are.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Where the parameter of that name lies.
    pub fn place(&self, name: &str) -> Place {
        if is_embedding(name) && !(self.ends_in_bn1 && name.starts_with("bn1.")) {
            return Place::Embeddings;
        }
        key(name).and_then(|key| self.layers.get(&key)).map_or(Place::Head, |number| Place::Layer(*number))
    }
}

/// Tables by what they are called, and stems, which have no number.
fn is_embedding(name: &str) -> bool {
    let mut parts = name.split('.');
    let table = |part: &str| part.contains("embed") || ["wte", "wpe", "shared", "relative_attention_bias"].contains(&part);
    let mut at = parts.clone().skip_while(|part| ["model", "encoder"].contains(part));
    let stem = at.next().is_some_and(|first| ["conv1", "conv2", "bn1"].contains(&first));
    stem || parts.any(table)
}

/// The layer that a name is of: `encoder.layer.3.`, `h.3.`, `block.3.`; of a stage's, `stages.1.layers.0.`, `layer2.0.`,
/// `block2.layer.0.`.
fn key(name: &str) -> Option<Key> {
    const STAGES: &[&str] = &["stages", "stage", "groups"];
    const LAYERS: &[&str] = &["layer", "layers", "h", "block", "blocks"];
    let parts: Vec<&str> = name.split('.').collect();
    let (mut numbers, mut at) = (Vec::new(), 0);
    while at < parts.len() {
        let next = parts.get(at + 1).and_then(|part| part.parse::<usize>().ok());
        match (parts[at], next) {
            (part, Some(number)) if STAGES.contains(&part) => {
                numbers.push(number);
                at += 1;
            }
            (part, Some(number)) if LAYERS.contains(&part) => {
                numbers.push(number);
                break;
            }
            (part, _) => {
                if let Some(stage) = numbered(part) {
                    numbers.push(stage);
                    if let Some(number) = next {
                        numbers.push(number);
                        break;
                    }
                }
            }
        }
        at += 1;
    }
    (!numbers.is_empty()).then(|| (parts.contains(&"decoder"), numbers))
}

/// `layer2` -> 2.
fn numbered(part: &str) -> Option<usize> {
    ["layer", "block", "stage", "group"].iter().find_map(|word| part.strip_prefix(word)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;

    #[test]
    fn names_of_all_kinds() {
        let check = |names: &[&str], expected: &[Place]| {
            let places = Places::of(names.iter().copied());
            let found: Vec<Place> = names.iter().map(|name| places.place(name)).collect();
            assert_eq!(found, expected, "{names:?}");
        };
        use Place::{Embeddings, Head, Layer};
        check(
            &[
                "bert.embeddings.LayerNorm.bias",
                "bert.encoder.layer.0.output.dense.weight",
                "bert.encoder.layer.10.output.dense.weight",
            ],
            &[Embeddings, Layer(0), Layer(1)],
        );
        check(&["transformer.wte.weight", "transformer.h.1.ln_1.bias", "transformer.ln_f.bias"], &[Embeddings, Layer(0), Head]);
        check(
            &[
                "resnet.embedder.embedder.convolution.weight",
                "resnet.encoder.stages.0.layers.1.layer.0.convolution.weight",
                "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight",
                "classifier.1.weight",
            ],
            &[Embeddings, Layer(0), Layer(1), Head],
        );
        check(
            &["conv1.weight", "layer1.0.conv1.weight", "layer1.1.bn2.bias", "layer3.0.conv2.weight"],
            &[Embeddings, Layer(0), Layer(1), Layer(2)],
        );
        check(&["bn1.weight", "layer1.0.bn1.weight"], &[Embeddings, Layer(0)]);
        check(
            &["conv1.weight", "block1.layer.0.bn1.weight", "block2.layer.0.conv1.weight", "bn1.weight", "fc.bias"],
            &[Embeddings, Layer(0), Layer(1), Head, Head],
        );
        check(
            &["model.encoder.conv2.weight", "model.encoder.layers.0.fc1.bias", "model.encoder.layer_norm.bias"],
            &[Embeddings, Layer(0), Head],
        );
        check(
            &[
                "shared.weight",
                "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                "encoder.block.0.layer.0.SelfAttention.q.weight",
                "encoder.final_layer_norm.weight",
                "decoder.block.0.layer.2.DenseReluDense.wi.weight",
                "lm_head.weight",
            ],
            &[Embeddings, Embeddings, Layer(0), Head, Layer(1), Head],
        );
    }

    /// Each family numbers its layers in a way that is understood: there are layers, and they hold most matrices.
    #[test]
    fn every_family_has_layers() {
        for entry in registry() {
            let names = (entry.tiny)().trainable_names(None).expect("a model");
            let places = Places::of(names.iter().map(String::as_str));
            let within = names.iter().filter(|name| matches!(places.place(name), Place::Layer(_))).count();
            assert!(places.layers() > 0 && 2 * within > names.len(), "{}: {within} of {names:?}", entry.family);
        }
    }
}
