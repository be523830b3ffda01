//! Models that write from a text or from speech against transformers: small ones that `fixtures/seq2seq.py` made.

use crate::fixture::{self, Tensors, whole};
use candle_core::DType;
use tallow_kernels::{self as kernels, Tape, Var};
use tallow_zoo::{Input, Output};

fn pairs(expected: &Tensors) -> Input {
    let ids = |name: &str| expected[name].to_dtype(DType::U32).expect("ids");
    let lengths = |name: &str| whole(&expected[name]).into_iter().map(|n| n as usize).collect();
    Input::TextToText {
        source_ids: ids("input.source_ids"),
        source_lengths: lengths("input.source_lengths"),
        target_ids: ids("input.target_ids"),
        target_lengths: lengths("input.target_lengths"),
    }
}

fn loss(tape: &Tape, output: &Output, expected: &Tensors) -> Var {
    let Output::Words { states, vocabulary, bias } = output else { panic!("expected states of words") };
    kernels::linear_cross_entropy(tape, states, vocabulary, bias.as_ref(), &whole(&expected["labels"])).expect("a loss")
}

fn recordings(expected: &Tensors) -> Input {
    Input::Speech {
        features: expected["input.features"].clone(),
        target_ids: expected["input.target_ids"].to_dtype(DType::U32).expect("ids"),
        target_lengths: whole(&expected["input.target_lengths"]).into_iter().map(|n| n as usize).collect(),
    }
}

#[test]
fn t5() {
    fixture::equals("t5", pairs, loss);
}

#[test]
fn t5_with_gates_and_its_own_output_layer() {
    fixture::equals("t5_gated", pairs, loss);
}

#[test]
fn marian() {
    fixture::equals("marian", pairs, loss);
}

#[test]
fn marian_with_swish_and_plain_embeddings() {
    fixture::equals("marian_swish", pairs, loss);
}

#[test]
fn whisper() {
    fixture::equals("whisper", recordings, loss);
}

#[test]
fn whisper_with_relu() {
    fixture::equals("whisper_relu", recordings, loss);
}
