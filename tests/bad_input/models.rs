//! Models that cannot be used: folders in the Hub's format with something wrong.

use crate::program::{Place, Refusal, succeeds};
use safetensors::{SafeTensors, tensor::TensorView};
use std::path::PathBuf;
use std::sync::OnceLock;

/// A model that the program itself made: config, weights and tokenizer that belong together.
fn made() -> &'static [(String, Vec<u8>)] {
    static MADE: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    MADE.get_or_init(|| {
        let place = Place::new();
        let run = place.run();
        succeeds(place.train(&[], &run).arg("--offline"));
        let files = ["config.json", "model.safetensors", "tokenizer.json"].map(String::from);
        files.into_iter().map(|name| (name.clone(), std::fs::read(run.join("model").join(name)).expect("read"))).collect()
    })
}

/// That model in a folder of its own.
struct Folder {
    place: Place,
}

impl Folder {
    fn new() -> Self {
        let place = Place::new();
        made().iter().for_each(|(name, bytes)| drop(place.write(&format!("model/{name}"), bytes)));
        Folder { place }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path("model").join(name)
    }

    /// Changes keys of `config.json`.
    fn configure(&self, keys: &[(&str, serde_json::Value)]) {
        let bytes = std::fs::read(self.file("config.json")).expect("read");
        let mut config: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        keys.iter().for_each(|(key, value)| config[*key] = value.clone());
        std::fs::write(self.file("config.json"), config.to_string()).expect("written");
    }

    /// Writes the weights anew: what `change` makes of each tensor's name and shape, none to leave it out; the rest is zeros.
    fn reshape(&self, extra: &[(&str, &[usize])], change: impl Fn(&str, Vec<usize>) -> Option<Vec<usize>>) {
        let bytes = std::fs::read(self.file("model.safetensors")).expect("read");
        let given = SafeTensors::deserialize(&bytes).expect("safetensors");
        let mut shapes: Vec<(String, Vec<usize>)> =
            given.tensors().iter().filter_map(|(name, t)| Some((name.clone(), change(name, t.shape().to_vec())?))).collect();
        shapes.extend(extra.iter().map(|(name, shape)| (name.to_string(), shape.to_vec())));
        let zeros = vec![0; 4 * shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).max().unwrap_or(0)];
        let view = |shape: &[usize]| {
            let bytes = &zeros[..4 * shape.iter().product::<usize>()];
            TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).expect("a tensor")
        };
        let tensors: Vec<_> = shapes.iter().map(|(name, shape)| (name, view(shape))).collect();
        std::fs::write(self.file("model.safetensors"), safetensors::serialize(tensors, None).expect("bytes")).expect("written");
    }

    /// The keys of an experiment that fine-tunes this model.
    fn set(&self) -> String {
        format!("model={{ kind = \"pretrained\", id = {:?} }}", self.place.path("model"))
    }

    fn refused(&self, code: i32, words: &[&str], hint: &str) {
        self.place.refuses(&[&self.set()], &Refusal { code, words, hint });
    }
}

const TOGETHER: &str = "belong together";
const DENSE: &str = "bert.encoder.layer.0.output.dense.weight";

#[test]
fn tensors_that_are_missing_or_of_another_shape_come_at_once() {
    let folder = Folder::new();
    folder.reshape(&[], |name, shape| match name {
        DENSE => None,
        "bert.embeddings.word_embeddings.weight" => Some(vec![shape[0], shape[1] + 1]),
        _ => Some(shape),
    });
    let words = [
        "model.safetensors`: ",
        "`bert.encoder.layer.0.output.dense.weight` is missing (expected shape [16, 32])",
        "`bert.embeddings.word_embeddings.weight` has shape [",
        "17], expected [",
    ];
    folder.refused(21, &words, TOGETHER);
}

#[test]
fn tensors_without_a_place_are_told_and_stop_nothing() {
    let folder = Folder::new();
    folder.reshape(&[("bert.strange.weight", &[2, 2])], |_, shape| Some(shape));
    let said = succeeds(folder.place.train(&[&folder.set()], &folder.place.run()).arg("--offline"));
    assert!(said.stderr.contains("1 tensor without a place in the model: bert.strange.weight"), "{said:#?}");
}

#[test]
fn weights_that_are_cut_off_or_not_there() {
    let folder = Folder::new();
    let whole = std::fs::read(folder.file("model.safetensors")).expect("read");
    std::fs::write(folder.file("model.safetensors"), &whole[..whole.len() / 2]).expect("written");
    let (expected, found) = (format!("expected {} bytes", whole.len()), format!("found {}", whole.len() / 2));
    folder.refused(21, &["`model.safetensors`: it is cut off", &expected, &found], "whole");
    std::fs::write(folder.file("model.safetensors"), "x").expect("written");
    folder.refused(21, &["`model.safetensors`: it is no safetensors file: it has 1 bytes"], "whole");
    std::fs::remove_file(folder.file("model.safetensors")).expect("removed");
    folder.refused(
        21,
        &["has no weights: expected `model.safetensors`, `pytorch_model.bin` or a GGUF file, found `config.json`, `tokenizer.json`"],
        "safetensors and GGUF",
    );
    std::fs::remove_dir_all(folder.place.path("model")).expect("removed");
    folder.refused(21, &["the model `", "there is no such folder"], "check the path");
}

/// Weights in several files are read as one; a file that is missing or cut off is named.
#[test]
fn weights_in_several_files() {
    let folder = Folder::new();
    let whole = std::fs::read(folder.file("model.safetensors")).expect("read");
    let given = SafeTensors::deserialize(&whole).expect("safetensors");
    let mut tensors = given.tensors();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let second = tensors.split_off(tensors.len() / 2);
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let mut map = serde_json::Map::new();
    for (name, part) in names.into_iter().zip([tensors, second]) {
        map.extend(part.iter().map(|(tensor, _)| (tensor.clone(), name.into())));
        std::fs::write(folder.file(name), safetensors::serialize(part, None).expect("bytes")).expect("written");
    }
    std::fs::remove_file(folder.file("model.safetensors")).expect("removed");
    let index = |map: serde_json::Value| {
        let json = serde_json::json!({"metadata": {}, "weight_map": map});
        std::fs::write(folder.file("model.safetensors.index.json"), json.to_string()).expect("written");
    };
    index(map.into());
    let run = folder.place.run();
    succeeds(folder.place.train(&[&folder.set()], &run).arg("--offline"));
    let whole = std::fs::read(folder.file(names[1])).expect("read");
    std::fs::write(folder.file(names[1]), &whole[..whole.len() - 4]).expect("cut");
    folder.refused(21, &["`model-00002-of-00002.safetensors`: it is cut off"], "whole");
    std::fs::remove_file(folder.file(names[1])).expect("removed");
    folder.refused(21, &["`model-00002-of-00002.safetensors`"], "");
    index(serde_json::json!({"a": "../x.safetensors"}));
    folder.refused(
        21,
        &["`model.safetensors.index.json`: expected files of weights beside the index, found `../x.safetensors`"],
        "",
    );
}

#[test]
fn a_config_that_no_model_can_be_made_from() {
    let folder = Folder::new();
    folder.configure(&[
        ("hidden_size", 0.into()),
        ("num_hidden_layers", 1_000_000_000_000u64.into()),
        ("vocab_size", "many".into()),
    ]);
    let words = [
        "3 mistake(s)",
        "`hidden_size`: expected a whole number from 1 to 65536, found 0",
        "`num_hidden_layers`: expected a whole number from 1 to 1000, found 1000000000000",
        "`vocab_size`: expected a whole number, found \"many\"",
    ];
    folder.refused(21, &words, "");
    let folder = Folder::new();
    folder.configure(&[("num_attention_heads", 3.into())]);
    folder.refused(21, &["`num_attention_heads`: expected a divisor of `hidden_size` (16), found 3"], "");
    folder.configure(&[("model_type", "gpt9".into())]);
    folder.refused(
        21,
        &["no architecture of the zoo fits", "expected `model_type` \"bert\"", "found \"gpt9\""],
        "`tallow models`",
    );
    std::fs::write(folder.file("config.json"), "{").expect("written");
    folder.refused(21, &["config.json is not a JSON object"], "");
}

/// It would be killed for want of memory, after all of the data was prepared.
#[test]
fn a_model_that_cannot_fit_is_refused_before_anything_runs() {
    let keys = ["hidden_size=60000", "num_hidden_layers=900", "num_attention_heads=4"].map(|key| format!("model.config.{key}"));
    let words = ["`model`: the weights, gradients and moments of", "parameters take", "MiB, this machine has"];
    Place::new().refuses(&keys.each_ref().map(String::as_str), &Refusal { code: 10, words: &words, hint: "" });
}

#[test]
fn a_tokenizer_that_is_missing_broken_or_of_another_model() {
    let folder = Folder::new();
    std::fs::write(folder.file("tokenizer.json"), "{}").expect("written");
    folder.refused(21, &["the tokenizer `", "tokenizer.json` cannot be read"], "again");
    std::fs::remove_file(folder.file("tokenizer.json")).expect("removed");
    folder.refused(
        21,
        &["has no tokenizer: expected `tokenizer.json` (or `vocab.txt`, `vocab.json` with `merges.txt`, SentencePiece's file, `source.spm` with `target.spm` and `vocab.json`), found `config.json`, `model.safetensors`"],
        "texts can only be cut",
    );
    let folder = Folder::new();
    folder.configure(&[("vocab_size", 50.into())]);
    folder.reshape(&[], |name, shape| match name {
        "bert.embeddings.word_embeddings.weight" => Some(vec![50, shape[1]]),
        _ => Some(shape),
    });
    folder.refused(21, &["line 1: the tokenizer gives token", "and the model has 50"], TOGETHER);
}
