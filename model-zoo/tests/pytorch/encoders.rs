//! Encoders of texts against transformers, each with every head: small ones that `fixtures/encoders.py` made.

use crate::fixture::{self, Tensors, whole};
use candle_core::DType;
use tallow_kernels::{self as kernels, Tape, Targets, Var};
use tallow_zoo::{Input, Output};

fn texts(expected: &Tensors) -> Input {
    let ids = |name: &str| expected[name].to_dtype(DType::U32).expect("ids");
    let lengths = whole(&expected["input.lengths"]).into_iter().map(|n| n as usize).collect();
    Input::Text { token_ids: ids("input.token_ids"), type_ids: ids("input.type_ids"), lengths }
}

/// Cross entropy of classes, tags and words; a span's scores are taken for two classes of each token, which reaches all of them.
fn loss(tape: &Tape, output: &Output, expected: &Tensors) -> Var {
    if let Output::Vectors(vectors) = output {
        return kernels::mse(tape, vectors, &expected["labels"]).expect("a loss");
    }
    let (scores, labels) = (output.scores(tape).expect("scores"), whole(&expected["labels"]));
    kernels::cross_entropy(tape, &scores, Targets { ignore: Some(u32::MAX), ..Targets::new(&labels) }).expect("a loss")
}

const ALL: [&str; 5] = ["classes", "tags", "span", "words", "vector"];

fn check(family: &str, heads: &[&str]) {
    for head in heads {
        let name = format!("{family}_{head}");
        assert_eq!(fixture::load(&name).config.head().kind().name(), *head, "{name}");
        fixture::equals(&name, texts, loss);
    }
}

#[test]
fn bert() {
    check("bert", &ALL);
}

#[test]
fn roberta() {
    check("roberta", &ALL);
}

/// They differ from RoBERTa in names alone.
#[test]
fn xlm_r_and_camembert() {
    check("xlm_roberta", &["tags", "words"]);
    check("camembert", &["tags", "words"]);
}

#[test]
fn electra() {
    check("electra", &ALL);
}

#[test]
fn distilbert() {
    check("distilbert", &ALL);
}
