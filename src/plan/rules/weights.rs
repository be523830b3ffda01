//! Weights of classes that a request gives, by the classes that the data has.

use super::brief::Brief;
use super::paper::Drafted;
use crate::intake::{AskedWeights, Request};
use crate::spec::ClassWeights;
use crate::words::{self, plain};
use tallow_zoo::HeadKind;

const FIELD: &str = "recipe.class_weights";

/// What the class that is looked for is called, where the other is called by its negation.
const POSITIVE: [&str; 6] = ["1", "yes", "true", "positive", "pos", "y"];

impl Brief<'_> {
    /// As they were given; what names no class that there is comes to nothing, and is told.
    pub(super) fn weigh_classes(&self, request: &Request, out: &mut Drafted) {
        let Some(asked) = &request.given_weights else { return };
        let labels = &self.offer.data.labels;
        let stated = in_words(asked);
        if !matches!(self.task.head(), HeadKind::Classes | HeadKind::Tags) {
            return out.deviate(FIELD, stated, "none", "only classes of which each example has one are weighed");
        }
        match weights_of(asked, labels) {
            Ok((weights, assumed)) => {
                if let Some(class) = assumed {
                    out.assumptions.push(format!("{FIELD}: {stated} is of the class `{class}`"));
                }
                out.recipe.class_weights = Some(ClassWeights::Given { weights });
            }
            Err(reason) => out.deviate(FIELD, stated, "none", &reason),
        }
    }
}

/// One for each class, and the class that was meant without its name; else why there are none.
fn weights_of<'a>(asked: &AskedWeights, labels: &'a [String]) -> Result<(Vec<f64>, Option<&'a String>), String> {
    let there = || format!("the data has the classes {}", words::quoted(labels.iter().take(12)));
    match asked {
        AskedWeights::All { weights } if weights.len() == labels.len() => Ok((weights.clone(), None)),
        AskedWeights::All { .. } => Err(format!("one is needed for each class: {}", there())),
        AskedWeights::Rare { weight } => {
            let positive = positive(labels).ok_or_else(|| format!("which class it is of is not said: {}", there()))?;
            Ok((only(labels, positive, *weight), Some(&labels[positive])))
        }
        AskedWeights::Some { weights: named } => {
            let place = |name: &String| labels.iter().position(|label| is_alike(label, name));
            // `The fraud class` of 0 and 1 is the one that is looked for.
            if let ([(name, weight)], Some(positive)) = (named.as_slice(), positive(labels))
                && place(name).is_none()
            {
                return Ok((only(labels, positive, *weight), Some(&labels[positive])));
            }
            let mut weights = vec![1.0; labels.len()];
            for (name, weight) in named {
                let at = place(name).ok_or_else(|| format!("no class is called `{name}`: {}", there()))?;
                weights[at] = *weight;
            }
            Ok((weights, None))
        }
    }
}

fn only(labels: &[String], at: usize, weight: f64) -> Vec<f64> {
    (0..labels.len()).map(|own| if own == at { weight } else { 1.0 }).collect()
}

/// Of two classes the one that is looked for.
fn positive(labels: &[String]) -> Option<usize> {
    let at = labels.iter().position(|label| POSITIVE.contains(&label.to_lowercase().as_str()))?;
    (labels.len() == 2).then_some(at)
}

/// `Leavers` and `leaver` are one.
fn is_alike(label: &str, name: &str) -> bool {
    let bare = |text: &str| text.to_lowercase().replace(['_', '-'], " ").trim_end_matches('s').to_string();
    bare(label) == bare(name)
}

fn in_words(asked: &AskedWeights) -> String {
    match asked {
        AskedWeights::All { weights } => {
            format!("class weights {}", weights.iter().map(|weight| plain(*weight)).collect::<Vec<_>>().join(", "))
        }
        AskedWeights::Some { weights } => {
            let each = weights.iter().map(|(name, weight)| format!("{} for `{name}`", plain(*weight)));
            format!("a weight of {}", each.collect::<Vec<_>>().join(", "))
        }
        AskedWeights::Rare { weight } => format!("a weight of {} for the rarer class", plain(*weight)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_stand_where_their_classes_do() {
        let labels = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let named = |name: &str, weight| AskedWeights::Some { weights: vec![(name.into(), weight)] };
        let (flags, kinds) = (labels(&["0", "1"]), labels(&["ham", "news", "spam"]));
        assert_eq!(weights_of(&named("fraud", 20.0), &flags), Ok((vec![1.0, 20.0], Some(&flags[1]))));
        assert_eq!(weights_of(&named("News", 3.0), &kinds), Ok((vec![1.0, 3.0, 1.0], None)));
        assert_eq!(
            weights_of(&AskedWeights::Rare { weight: 4.0 }, &labels(&["yes", "no"])).map(|(own, _)| own),
            Ok(vec![4.0, 1.0])
        );
        assert_eq!(weights_of(&AskedWeights::All { weights: vec![1.0, 2.0] }, &flags), Ok((vec![1.0, 2.0], None)));
        for wrong in [named("fraud", 2.0), AskedWeights::Rare { weight: 4.0 }, AskedWeights::All { weights: vec![1.0] }] {
            assert!(weights_of(&wrong, &kinds).is_err(), "{wrong:?}");
        }
    }
}
