//! Where an experiment finds what lies on this machine, whichever folder it is run from.

use crate::data::{is_file_of_weights, is_pattern};
use crate::spec::{DataSource, ExperimentSpec, ModelSpec, TokenizerSpec};
use std::path::Path;

/// The experiment with the paths of what is there named from the root on.
pub(super) fn from_anywhere(spec: &ExperimentSpec) -> ExperimentSpec {
    let mut spec = spec.clone();
    if let DataSource::Local { path } = &mut spec.data.source
        && (path.exists() || is_pattern(&path.to_string_lossy()))
        && let Ok(whole) = std::path::absolute(&*path)
    {
        *path = whole;
    }
    match &mut spec.model {
        ModelSpec::Pretrained { id, .. } | ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Of(id)), .. } => {
            if let Some(whole) = whole_id(id) {
                *id = whole;
            }
        }
        ModelSpec::Scratch { .. } => {}
    }
    spec
}

/// What stands for a model where its id is a place on this machine.
fn whole_id(id: &str) -> Option<String> {
    let is_here = Path::new(id).is_dir() || is_file_of_weights(id);
    std::path::absolute(id).ok().filter(|_| is_here)?.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::parse;

    #[test]
    fn what_is_here_is_named_from_the_root_on() {
        let here = std::env::current_dir().expect("a folder");
        let text = include_str!("../../presets/toy_bert.toml");
        let source = |path: &str| {
            let mut spec = parse(text, "toy_bert.toml").expect("an experiment");
            spec.data.source = DataSource::Local { path: path.into() };
            let DataSource::Local { path } = from_anywhere(&spec).data.source else { panic!("it lies here") };
            path
        };
        assert_eq!(source("Cargo.toml"), here.join("Cargo.toml"));
        assert_eq!(source("src/*.rs"), here.join("src/*.rs"), "a pattern");
        assert_eq!(source("/nowhere/x.csv"), Path::new("/nowhere/x.csv"));
        assert_eq!(source("absent.csv"), Path::new("absent.csv"), "what is not there is told as it was said");
        let model = |id: &str| {
            let mut spec = parse(text, "toy_bert.toml").expect("an experiment");
            spec.model = ModelSpec::Pretrained { id: id.into(), revision: None };
            let ModelSpec::Pretrained { id, .. } = from_anywhere(&spec).model else { panic!("as it was") };
            id
        };
        assert_eq!((model("src"), model("org/name")), (here.join("src").display().to_string(), "org/name".to_string()));
    }
}
