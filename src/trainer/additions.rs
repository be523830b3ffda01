//! An adapter's additions beside the linear layers that one is trained beside here: public adapters have them for tables of words, output
//! layers and heads, too. These are taken into the weights as both are read, which says the same.

use super::Error;
use candle_core::Tensor;
use std::collections::BTreeMap;
use std::path::Path;
use tallow_kernels::{all_finite, merged_weight};
use tallow_zoo::{Adapter, ModelConfig};

/// The tensors of a layer that additions are made of.
const LINEAR: [&str; 2] = ["lora_A.weight", "lora_B.weight"];
/// The same of a table, whose rows are looked up: both matrices are turned, and so is their product.
const TABLE: [&str; 2] = ["lora_embedding_A", "lora_embedding_B"];
const LENGTHS: &str = "lora_magnitude_vector";

/// What becomes of a weight `[out, in]` with the addition `s B A`, and with DoRA's lengths of its rows: in float32, whatever each was stored in.
///
/// # Errors
/// In words: a product failed, or the sum is beyond float32.
pub(super) fn sum(weight: &Tensor, parts: [&Tensor; 2], scale: f64, lengths: Option<&Tensor>) -> Result<Tensor, String> {
    let sum = merged_weight(weight, parts, scale, lengths).map_err(|e| e.to_string())?;
    match all_finite(&sum).map_err(|e| e.to_string())? {
        true => Ok(sum),
        false => Err("expected finite numbers as the sum of weight and addition, found NaN or infinity".into()),
    }
}

/// Takes into `given`, the tensors of a base and its adapter by the zoo's names, what no linear layer of the model has beside it; returns
/// what is left of the adapter. `path`: its file.
///
/// # Errors
/// Such an addition is not whole, of another shape than its weight, or has lengths of a table's rows.
pub(super) fn take_in(
    config: &ModelConfig,
    adapter: &Adapter,
    given: &mut BTreeMap<String, Tensor>,
    path: &Path,
) -> Result<Option<Adapter>, Error> {
    let beyond = config.targets_beyond(adapter)?;
    if !beyond.is_empty() {
        config.untie(given);
    }
    let mut taken = Vec::new();
    for target in beyond {
        let is_its = |layer: &str| layer.strip_suffix(target).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let found = [LINEAR, TABLE].into_iter().find_map(|parts| {
            let layer = |name: &String| name.strip_suffix(parts[0])?.strip_suffix('.').map(str::to_string);
            Some((parts, given.keys().filter_map(layer).find(|layer| is_its(layer))?))
        });
        // Of a target that is not there the model says so where it is built.
        let Some((parts, layer)) = found else { continue };
        let own = format!("{layer}.weight");
        let Some(weight) = given.get(&own).cloned() else { continue };
        let of_table = parts == TABLE;
        let sum = added(adapter, given, &layer, &weight, parts, of_table);
        let sum = sum.map_err(|message| Error::Addition { path: path.into(), layer, message })?;
        given.insert(own, sum);
        taken.push(target);
    }
    Ok(adapter.without(&taken))
}

/// The weight with its addition, whose tensors leave `given`; what does not fit in words.
fn added(
    adapter: &Adapter,
    given: &mut BTreeMap<String, Tensor>,
    layer: &str,
    weight: &Tensor,
    parts: [&str; 2],
    of_table: bool,
) -> Result<Tensor, String> {
    let mut take = |part: &str| given.remove(&format!("{layer}.{part}"));
    let [Some(a), Some(b)] = parts.map(&mut take) else {
        return Err(format!("expected `{}` and `{}`, found one", parts[0], parts[1]));
    };
    let lengths = take(LENGTHS);
    let said = |e: candle_core::Error| e.to_string();
    // A table's rows are the words, which its first matrix has as columns.
    let [a, b] = if of_table { [b.t().map_err(said)?, a.t().map_err(said)?] } else { [a, b] };
    let rank = adapter.rank(layer);
    let fits = matches!((a.dims(), b.dims()), (&[of_a, inner], &[out, of_b]) if [of_a, of_b] == [rank; 2] && weight.dims() == [out, inner]);
    if !fits {
        let found = format!("{:?} and {:?} beside {:?}", a.dims(), b.dims(), weight.dims());
        return Err(format!("expected matrices of rank {rank} whose product is as large as the weight, found {found}"));
    }
    if adapter.use_dora && (of_table || lengths.is_none()) {
        return Err("lengths of rows (DoRA) of a table of words, or none: merge it with `peft`".into());
    }
    sum(weight, [&a, &b], adapter.scale(layer), lengths.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};
    use serde_json::json;

    fn llama() -> ModelConfig {
        let public = json!({"model_type": "llama", "vocab_size": 5, "hidden_size": 4, "intermediate_size": 8, "num_hidden_layers": 1,
            "num_attention_heads": 2, "max_position_embeddings": 16, "tie_word_embeddings": true});
        ModelConfig::from_public(&public.to_string()).expect("a model").untied().expect("an output layer of its own")
    }

    fn matrix(rows: usize, columns: usize, first: f32) -> Tensor {
        let values: Vec<f32> = (0..rows * columns).map(|i| first + i as f32).collect();
        Tensor::from_vec(values, (rows, columns), &Device::Cpu).expect("a matrix")
    }

    /// The tied table becomes two, each with its own addition; linear layers keep theirs beside them.
    #[test]
    fn tables_and_output_layers_take_their_additions_in() {
        let adapter = Adapter {
            r: 1,
            lora_alpha: 2.0,
            rank_pattern: [("lm_head".to_string(), 2)].into(),
            ..Adapter::of(&["model.embed_tokens", "lm_head", "model.layers.0.mlp.up_proj"])
        };
        let base = |name: &str, tensor| (name.to_string(), tensor);
        let given: BTreeMap<String, Tensor> = [
            base("model.embed_tokens.weight", matrix(5, 4, 0.0)),
            base("model.embed_tokens.lora_embedding_A", matrix(1, 5, 1.0)),
            base("model.embed_tokens.lora_embedding_B", matrix(4, 1, 1.0)),
            base("lm_head.lora_A.weight", matrix(2, 4, 0.0)),
            base("lm_head.lora_B.weight", matrix(5, 2, 0.0)),
            base("model.layers.0.mlp.up_proj.lora_A.weight", matrix(1, 4, 0.0)),
        ]
        .into();
        let path = Path::new("adapter");
        let mut found = given.clone();
        let left = take_in(&llama(), &adapter, &mut found, path).expect("taken in").expect("a layer is left");
        assert_eq!(left.target_modules, ["model.layers.0.mlp.up_proj"]);
        let rows = |name: &str| found[name].to_vec2::<f32>().expect("numbers");
        // 2 / 1 · (word + 1) · (column + 1), and 2 / 2 · B A.
        assert_eq!(rows("model.embed_tokens.weight")[2], [14.0, 21.0, 28.0, 35.0]);
        assert_eq!(rows("lm_head.weight")[1], [4.0 + 12.0, 5.0 + 17.0, 6.0 + 22.0, 7.0 + 27.0]);
        assert_eq!(found.len(), 3, "{:?}", found.keys());
        // A base in 16 bits, and additions in 32: the sum is none of 16.
        let mut halves = given.clone();
        let table = halves.get_mut("model.embed_tokens.weight").expect("there");
        *table = table.to_dtype(DType::BF16).expect("halved");
        take_in(&llama(), &adapter, &mut halves, path).expect("taken in");
        let whole = &halves["model.embed_tokens.weight"];
        assert_eq!((whole.dtype(), whole.to_vec2::<f32>().expect("numbers")[2][3]), (DType::F32, 35.0));
        let refused = |name: &str, tensor: Tensor, adapter: &Adapter| {
            let mut given = given.clone();
            given.insert(name.into(), tensor);
            take_in(&llama(), adapter, &mut given, path).map(|_| ()).expect_err("refused").to_string()
        };
        let told = refused("lm_head.lora_B.weight", matrix(6, 2, 0.0), &adapter);
        assert!(told.contains("`lm_head`") && told.contains("[6, 2] beside [5, 4]"), "{told}");
        let told = refused("model.embed_tokens.lora_embedding_A", matrix(2, 5, 0.0), &adapter);
        assert!(told.contains("of rank 1"), "{told}");
        let dora = Adapter { use_dora: true, ..adapter.clone() };
        let told = refused("model.embed_tokens.lora_magnitude_vector", matrix(1, 4, 0.0), &dora);
        assert!(told.contains("DoRA"), "{told}");
    }

    /// A row of zeros has no direction to be stretched along; what float32 cannot hold is told.
    #[test]
    fn sums_are_finite_or_refused() {
        let matrix = |values: &[f32], shape: (usize, usize)| Tensor::from_slice(values, shape, &Device::Cpu).expect("a matrix");
        let (a, b) = (matrix(&[5.0, 6.0], (1, 2)), matrix(&[0.0, 0.0], (2, 1)));
        let (weight, lengths) = (matrix(&[1.0, 2.0, 0.0, 0.0], (2, 2)), matrix(&[3.0, 0.0], (1, 2)));
        let lengths = lengths.flatten_all().expect("a vector");
        let found = sum(&weight, [&a, &b], 2.0, Some(&lengths)).expect("a sum").to_vec2::<f32>().expect("numbers");
        // 3 / sqrt(1 + 4) of the first row.
        assert!((found[0][0] - 1.341641).abs() < 1e-5 && (found[0][1] - 2.683282).abs() < 1e-5, "{found:?}");
        assert_eq!(found[1], [0.0, 0.0]);
        let (large, one) = (matrix(&[3e38], (1, 1)), matrix(&[1.0], (1, 1)));
        let told = sum(&large, [&large, &one], 1.0, None).expect_err("twice as much");
        assert!(told.contains("found NaN or infinity"), "{told}");
    }
}
