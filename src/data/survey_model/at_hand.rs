//! Models that lie here already, whoever made them.

use super::{Card, look_at_model, open};
use crate::data::hub::Hub;
use crate::plan::AtHand;
use crate::spec::ModelSpec;

/// All that the local folder, or offline the cache, holds whole. What cannot be used as a model is none, whatever is wrong with it: nobody
/// asked for it by name.
pub fn models_at_hand(hub: &Hub) -> Vec<AtHand> {
    let look = |id: String| {
        let facts = look_at_model(hub, &ModelSpec::Pretrained { id: id.clone(), revision: None }).ok()?;
        let trained_on = open(hub, &id, None).ok().and_then(|repo| Card::of(&repo).ok()).map(|card| card.trained_on);
        facts.weights.is_some().then(|| AtHand { id, trained_on: trained_on.unwrap_or_default(), facts })
    };
    hub.models_here().into_iter().filter_map(look).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::hub::HubConfig;

    /// A network of one tensor is none of the zoo's, and no reason to find nothing.
    #[test]
    fn what_is_no_model_is_passed_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let place = dir.path().join("models/somebody/odd");
        std::fs::create_dir_all(&place).expect("made");
        std::fs::write(place.join("model.safetensors"), b"odd").expect("written");
        let (endpoint, cache_dir) = ("http://127.0.0.1:1".to_string(), dir.path().join("cache"));
        let hub = |local| {
            Hub::new(HubConfig { endpoint: endpoint.clone(), cache_dir: cache_dir.clone(), token: None, offline: true, local })
        };
        let local = hub(Some(dir.path().to_path_buf()));
        assert_eq!(local.models_here(), ["somebody/odd"]);
        assert_eq!(models_at_hand(&local), []);
        std::fs::create_dir_all(cache_dir.join("models--a--b--c/snapshots")).expect("made");
        std::fs::create_dir_all(cache_dir.join("datasets--a--d")).expect("made");
        assert_eq!(hub(None).models_here(), ["a/b--c"], "as the Hub's clients name its folders");
    }
}
