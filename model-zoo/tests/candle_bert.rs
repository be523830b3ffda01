//! BERT against Candle's own port of it (`candle-transformers`), on random weights and sizes: a second reference that needs no fixture.

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module, VarBuilder, linear};
use candle_transformers::models::bert::{BertModel, Config};
use std::collections::HashMap;
use tallow_kernels::{Stream, Tape, Weights};
use tallow_zoo::{Head, Input, ModelConfig, bert};

/// Both compute in float32, in another order.
const CLOSE: f32 = 2e-5;

/// Encoder, pooler and head by Candle alone.
fn by_candle(
    config: &ModelConfig,
    tensors: HashMap<String, Tensor>,
    ids: &Tensor,
    types: &Tensor,
    mask: &Tensor,
) -> candle_core::Result<Tensor> {
    let candle_config: Config = serde_json::from_value(config.to_public()).expect("the public config.json");
    let hidden = candle_config.hidden_size;
    let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
    let encoder = BertModel::load(weights.pp("bert"), &candle_config)?;
    let first = encoder.forward(ids, types, Some(mask))?.narrow(1, 0, 1)?.squeeze(1)?;
    let pooled = linear(hidden, hidden, weights.pp("bert.pooler.dense"))?.forward(&first.contiguous()?)?.tanh()?;
    linear(hidden, config.num_labels(), weights.pp("classifier"))?.forward(&pooled)
}

#[test]
fn logits_equal_those_of_candle() {
    let device = &Device::Cpu;
    for (seed, layers, hidden, heads, lengths) in
        [(1, 1, 12, 3, vec![5, 1, 7]), (2, 3, 40, 5, vec![9]), (3, 2, 24, 2, vec![2, 10, 4, 3])]
    {
        let stream = Stream::root(seed);
        let longest = lengths.iter().copied().max().unwrap_or(1);
        let config = ModelConfig::Bert(bert::Config {
            vocab_size: 60,
            hidden_size: hidden,
            num_hidden_layers: layers,
            num_attention_heads: heads,
            intermediate_size: 2 * hidden + 3,
            max_position_embeddings: longest + 2,
            type_vocab_size: 2,
            hidden_act: bert::Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            classifier_dropout: None,
            // Large enough that every layer matters.
            initializer_range: 0.3,
            layer_norm_eps: 1e-12,
            pad_token_id: 0,
            head: Head::Classes(["a", "b", "c"].map(String::from).to_vec()),
        });
        let weights = Weights::scratch(stream.named("init"), device);
        let model = config.build(&weights, None).expect("a model");
        let (store, _) = weights.finish().expect("from scratch");
        let tensors = store.iter().map(|p| (p.name().to_string(), p.tensor().clone())).collect();

        let draw = |name: &str, bound: usize| -> Vec<u32> {
            let stream = stream.named(name);
            (0..(lengths.len() * longest) as u64).map(|i| stream.below(i, bound) as u32).collect()
        };
        let shape = (lengths.len(), longest);
        let ids = Tensor::from_vec(draw("ids", 60), shape, device).expect("ids");
        let types = Tensor::from_vec(draw("types", 2), shape, device).expect("types");
        let mask: Vec<u32> = lengths.iter().flat_map(|&len| (0..longest).map(move |t| u32::from(t < len))).collect();
        let mask = Tensor::from_vec(mask, shape, device).expect("a mask");

        let expected = by_candle(&config, tensors, &ids, &types, &mask).expect("Candle's logits");
        let input = Input::Text { token_ids: ids, type_ids: types, lengths };
        let found =
            model.forward(&Tape::inference(), &input).and_then(|output| output.scores(&Tape::inference())).expect("logits");
        let difference = (found.tensor() - expected).and_then(|d| d.abs()?.max_all()?.to_scalar::<f32>()).expect("a number");
        assert!(difference < CLOSE, "seed {seed}: {difference}");
    }
}
