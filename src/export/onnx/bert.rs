//! BERT with each of its heads. Shapes: `b` batch, `t` tokens, `d` hidden size.

use super::LOGITS;
use super::graph::{Attribute, Dim, Graph, Kind, Name};
use crate::export::{Error, Tensors};
use tallow_zoo::bert::Config;
use tallow_zoo::{Head, PoolingOf};

const BATCH: Dim = Dim::Named("batch_size");
const TOKENS: Dim = Dim::Named("sequence_length");

pub(super) fn graph(config: &Config, tensors: &Tensors) -> Result<Graph, Error> {
    let mut g = Graph::default();
    // A bare body has names without its place.
    let body = if matches!(config.head, Head::Vector(_)) { "" } else { "bert." };
    let input = |g: &mut Graph, name| g.input(name, Kind::Int, &[BATCH, TOKENS]);
    let (ids, mask, types) = (input(&mut g, "input_ids"), input(&mut g, "attention_mask"), input(&mut g, "token_type_ids"));
    let real = g.op("Cast", &[&mask], &[("to", Attribute::Int(1))]);
    let hidden = hidden(&mut g, &real);
    let mut x = embeddings(&mut g, config, tensors, &format!("{body}embeddings"), [&ids, &types])?;
    for layer in 0..config.num_hidden_layers {
        x = self::layer(&mut g, config, tensors, &format!("{body}encoder.layer.{layer}"), [&x, &hidden])?;
    }
    head(&mut g, config, tensors, [&x, &real])?;
    Ok(g)
}

/// What is added to the scores of tokens that are padding, `[b, 1, 1, t]`.
fn hidden(g: &mut Graph, real: &str) -> Name {
    let (one, least, axes) = (g.number(1.0), g.number(f32::MIN), g.ints(&[1, 2]));
    let wide = g.op("Unsqueeze", &[real, &axes], &[]);
    let padding = g.op("Sub", &[&one, &wide], &[]);
    g.op("Mul", &[&padding, &least], &[])
}

/// Words, positions and segment types, `[b, t, d]`.
fn embeddings(g: &mut Graph, config: &Config, tensors: &Tensors, at: &str, [ids, types]: [&str; 2]) -> Result<Name, Error> {
    let table = |g: &mut Graph, name: &str| g.weight(tensors, &format!("{at}.{name}.weight"));
    let (words, places, kinds) =
        (table(g, "word_embeddings")?, table(g, "position_embeddings")?, table(g, "token_type_embeddings")?);
    let words = g.op("Gather", &[&words, ids], &[]);
    let kinds = g.op("Gather", &[&kinds, types], &[]);
    // As many rows of the table as the texts have tokens.
    let (shape, second, zero) = (g.op("Shape", &[ids], &[]), g.ints(&[1]), g.ints(&[0]));
    let tokens = g.op("Gather", &[&shape, &second], &[("axis", Attribute::Int(0))]);
    let places = g.op("Slice", &[&places, &zero, &tokens, &zero], &[]);
    let sum = g.op("Add", &[&words, &kinds], &[]);
    let sum = g.op("Add", &[&sum, &places], &[]);
    g.layer_norm(tensors, &format!("{at}.LayerNorm"), &sum, config.layer_norm_eps)
}

fn layer(g: &mut Graph, config: &Config, tensors: &Tensors, at: &str, [x, hidden]: [&str; 2]) -> Result<Name, Error> {
    let linear = |g: &mut Graph, name: &str, x: &str| g.linear(tensors, &format!("{at}.{name}"), x);
    let q = linear(g, "attention.self.query", x)?;
    let k = linear(g, "attention.self.key", x)?;
    let v = linear(g, "attention.self.value", x)?;
    let seen = g.attention([&q, &k, &v], config.num_attention_heads, config.hidden_size, Some(hidden));
    let seen = linear(g, "attention.output.dense", &seen)?;
    let sum = g.op("Add", &[&seen, x], &[]);
    let x = g.layer_norm(tensors, &format!("{at}.attention.output.LayerNorm"), &sum, config.layer_norm_eps)?;
    let inner = linear(g, "intermediate.dense", &x)?;
    let inner = g.activation(config.hidden_act, &inner);
    let outer = linear(g, "output.dense", &inner)?;
    let sum = g.op("Add", &[&outer, &x], &[]);
    g.layer_norm(tensors, &format!("{at}.output.LayerNorm"), &sum, config.layer_norm_eps)
}

/// What the model says, by the names that other exporters give it.
fn head(g: &mut Graph, config: &Config, tensors: &Tensors, [x, real]: [&str; 2]) -> Result<(), Error> {
    let scores = config.head.width();
    match &config.head {
        Head::Classes(_) | Head::Labels(_) | Head::Value => {
            let first = g.first(x);
            let pooled = g.linear(tensors, "bert.pooler.dense", &first)?;
            let pooled = g.op("Tanh", &[&pooled], &[]);
            let said = g.linear(tensors, "classifier", &pooled)?;
            g.named_op("Identity", &[&said], &[], LOGITS);
            g.output(LOGITS, &[BATCH, Dim::Known(scores)]);
        }
        Head::Tags(_) => {
            let said = g.linear(tensors, "classifier", x)?;
            g.named_op("Identity", &[&said], &[], LOGITS);
            g.output(LOGITS, &[BATCH, TOKENS, Dim::Known(scores)]);
        }
        Head::Span => {
            let said = g.linear(tensors, "qa_outputs", x)?;
            for (which, name) in [(0, "start_logits"), (1, "end_logits")] {
                let (from, to, axis) = (g.ints(&[which]), g.ints(&[which + 1]), g.ints(&[2]));
                let one = g.op("Slice", &[&said, &from, &to, &axis], &[]);
                g.named_op("Squeeze", &[&one, &axis], &[], name);
                g.output(name, &[BATCH, TOKENS]);
            }
        }
        Head::Words => {
            let h = g.linear(tensors, "cls.predictions.transform.dense", x)?;
            let h = g.activation(config.hidden_act, &h);
            let h = g.layer_norm(tensors, "cls.predictions.transform.LayerNorm", &h, config.layer_norm_eps)?;
            // The table of words is written once, and turned here.
            let words = g.weight(tensors, "bert.embeddings.word_embeddings.weight")?;
            let words = g.op("Transpose", &[&words], &[("perm", Attribute::Ints(vec![1, 0]))]);
            let product = g.op("MatMul", &[&h, &words], &[]);
            let bias = g.weight(tensors, "cls.predictions.bias")?;
            g.named_op("Add", &[&product, &bias], &[], LOGITS);
            g.output(LOGITS, &[BATCH, TOKENS, Dim::Known(config.vocab_size)]);
        }
        Head::Vector(pooling) => {
            let vector = match pooling.of {
                PoolingOf::First => g.first(x),
                PoolingOf::Mean => {
                    let (last, second) = (g.ints(&[2]), g.ints(&[1]));
                    let wide = g.op("Unsqueeze", &[real, &last], &[]);
                    let seen = g.op("Mul", &[x, &wide], &[]);
                    let keep = [("keepdims", Attribute::Int(0))];
                    let sum = g.op("ReduceSum", &[&seen, &second], &keep);
                    let count = g.op("ReduceSum", &[&wide, &second], &keep);
                    g.op("Div", &[&sum, &count], &[])
                }
            };
            let vector = match pooling.normalize {
                false => vector,
                true => {
                    let settings = [("axes", Attribute::Ints(vec![1])), ("keepdims", Attribute::Int(1))];
                    let (length, least) = (g.op("ReduceL2", &[&vector], &settings), g.number(1e-12));
                    let length = g.op("Max", &[&length, &least], &[]);
                    g.op("Div", &[&vector, &length], &[])
                }
            };
            g.named_op("Identity", &[&vector], &[], "sentence_embedding");
            g.output("sentence_embedding", &[BATCH, Dim::Known(config.hidden_size)]);
        }
    }
    Ok(())
}
