//! Models for tables against PyTorch: small ones that `fixtures/tables.py` made; and how they refuse what they cannot take.

use crate::fixture::{self, Tensors, whole};
use candle_core::{DType, Device, Tensor};
use tallow_kernels::{self as kernels, Tape, Var};
use tallow_zoo::{Head, Input, ModelConfig, Output};

fn rows(expected: &Tensors) -> Input {
    let categories = expected["input.categories"].to_dtype(DType::U32).expect("ids");
    Input::Table { numbers: expected["input.numbers"].clone(), categories }
}

fn check(name: &str) {
    let head = fixture::load(name).config.head().clone();
    let loss = |tape: &Tape, output: &Output, expected: &Tensors| -> Var {
        let Output::Scores(scores) = output else { panic!("expected scores") };
        match head {
            Head::Classes(_) => kernels::cross_entropy(tape, scores, &whole(&expected["target"])),
            Head::Labels(_) => kernels::bce_with_logits(tape, scores, &expected["target"], None),
            Head::Value => kernels::mse(tape, scores, &expected["target"]),
            ref other => panic!("no head for tables: {other:?}"),
        }
        .expect("a loss")
    };
    fixture::equals(name, rows, loss);
}

#[test]
fn classes_with_batch_norm() {
    check("mlp_batch_norm");
}

#[test]
fn labels_with_layer_norm_and_categories_alone() {
    check("mlp_layer_norm");
}

#[test]
fn a_value_without_norm_and_numbers_alone() {
    check("mlp_plain");
}

#[test]
fn rows_that_do_not_fit_are_told() {
    let loaded = fixture::load("mlp_batch_norm");
    assert_eq!(loaded.config.table_limits(), Some((4, vec![5, 2])));
    let (rows, _) = loaded.expected["input.numbers"].dims2().expect("rows");
    let told = |numbers: Vec<f32>, columns: usize, category: u32| {
        let numbers = Tensor::from_vec(numbers, (rows, columns), &Device::Cpu).expect("numbers");
        let categories = Tensor::full(category, (rows, 2), &Device::Cpu).expect("categories");
        loaded.model.forward(&Tape::inference(), &Input::Table { numbers, categories }).err().expect("a mistake").to_string()
    };
    let message = told(vec![0.0; rows * 3], 3, 0);
    assert!(message.contains("rows of 4 numbers [B, 4] and 2 categories [B, 2], found [9, 3] and [9, 2]"), "{message}");
    let mut numbers = vec![0.0; rows * 4];
    numbers[4 * 2 + 1] = f32::NAN;
    let message = told(numbers, 4, 0);
    assert!(message.contains("a missing one is filled before") && message.contains("NaN in row 2 at number 1"), "{message}");
    let message = told(vec![0.0; rows * 4], 4, 2);
    assert!(message.contains("index 2") && message.contains("embeddings.1.weight"), "{message}");
}

#[test]
fn mistakes_in_columns_are_named_all_at_once() {
    let told = ModelConfig::from_public(
        r#"{"model_type": "mlp", "numeric_columns": [{"name": "a"}, {"name": "b", "scale": {"mean": 0, "std": 0}, "fill": 0, "indicator": true}],
            "categorical_columns": [{"name": "b", "values": ["x", "x"], "embedding_size": 0}], "hidden_sizes": [8, 0], "norm": "group"}"#,
    );
    let message = told.expect_err("mistakes").to_string();
    for part in [
        "`numeric_columns.0`: expected a column with `name`, `scale`, `fill`, `indicator`, found missing field `scale`",
        "`numeric_columns.0.scale`: expected a finite `mean` and a positive `std`",
        "`categorical_columns`: expected a different name for each column, found \"b\" twice",
        "`categorical_columns.0.values`: expected each value once, found \"x\" twice",
        "`categorical_columns.0.embedding_size`",
        "`hidden_sizes.1`",
        "`norm`: expected \"none\" or \"batch\" or \"layer\", found \"group\"",
    ] {
        assert!(message.contains(part), "no `{part}` in {message}");
    }
    let none = ModelConfig::from_public(r#"{"model_type": "mlp"}"#).expect_err("no column").to_string();
    assert!(none.contains("`numeric_columns`: expected a whole number from 1"), "{none}");
}
