//! A graph as it is built: operations in order, each with names of what it takes and gives; weights; inputs and outputs.
//!
//! Source: the format's description (github.com/onnx/onnx, `docs/IR.md`, and field numbers as `onnx.proto` has them).

use super::proto::Message;
use crate::export::{Error, Tensors, tensor};
use candle_core::{DType, Tensor};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

const OPSET: i64 = 17;
/// The version of the format that came with it.
const IR_VERSION: i64 = 8;
/// Operations of models that are no networks, and the version of them.
const ML: &str = "ai.onnx.ml";
const ML_OPSET: i64 = 3;
const FLOAT: i64 = 1;
const INT64: i64 = 7;
const STRING: i64 = 8;
const DOUBLE: i64 = 11;

/// Protocol buffers are no longer.
const MOST_BYTES: u64 = (1 << 31) - (1 << 20);

/// A value's name.
pub(super) type Name = String;

/// A setting of an operation.
pub(super) enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Float(f32),
    Texts(Vec<String>),
}

/// A size: known, or called by a name.
pub(super) enum Dim {
    Known(usize),
    Named(&'static str),
}

/// What a value is made of.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Float,
    Double,
    Int,
    Text,
}

#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Message>,
    weights: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
    /// Constants and weights by their names, so that each is written once.
    known: BTreeMap<String, ()>,
    /// All that has a name, and what came under one that was taken: two columns may be called alike, or as a value of the graph is.
    names: BTreeSet<String>,
    twice: Option<String>,
    bytes: u64,
    /// Whether an operation is none of networks.
    is_ml: bool,
}

impl Graph {
    /// Adds an operation, and names what it gives.
    pub(super) fn op(&mut self, kind: &str, inputs: &[&str], attributes: &[(&str, Attribute)]) -> Name {
        let name = format!("{}_{}", kind.to_lowercase(), self.nodes.len());
        self.named_op(kind, inputs, attributes, &name);
        name
    }

    /// As [`Graph::op`], under a name of its own.
    pub(super) fn named_op(&mut self, kind: &str, inputs: &[&str], attributes: &[(&str, Attribute)], output: &str) {
        let node = self.node(kind, inputs, attributes, output);
        self.take(output);
        self.nodes.push(node);
    }

    /// As [`Graph::op`], of an operation that is none of networks.
    pub(super) fn ml_op(&mut self, kind: &str, inputs: &[&str], attributes: &[(&str, Attribute)]) -> Name {
        let name = format!("{}_{}", kind.to_lowercase(), self.nodes.len());
        let node = self.node(kind, inputs, attributes, &name).text(7, ML);
        self.take(&name);
        self.nodes.push(node);
        self.is_ml = true;
        name
    }

    /// A name that no column has: this one, else `predicted_` before it.
    pub(super) fn free(&self, name: &str) -> Name {
        let mut free = name.to_string();
        while self.names.contains(&free) {
            free.insert_str(0, "predicted_");
        }
        free
    }

    fn take(&mut self, name: &str) {
        if !self.names.insert(name.into()) {
            self.twice.get_or_insert_with(|| name.into());
        }
    }

    fn node(&self, kind: &str, inputs: &[&str], attributes: &[(&str, Attribute)], output: &str) -> Message {
        let mut node = Message::new();
        for input in inputs {
            node = node.text(1, input);
        }
        node = node.text(2, output).text(3, &format!("{kind}_{}", self.nodes.len())).text(4, kind);
        for (name, value) in attributes {
            let attribute = Message::new().text(1, name);
            let attribute = match value {
                Attribute::Float(value) => attribute.float(2, *value).int(20, 1),
                Attribute::Int(value) => attribute.int(3, *value).int(20, 2),
                Attribute::Ints(values) => values.iter().fold(attribute, |a, value| a.int(8, *value)).int(20, 7),
                Attribute::Texts(values) => values.iter().fold(attribute, |a, value| a.text(9, value)).int(20, 8),
            };
            node = node.message(5, &attribute);
        }
        node
    }

    /// A weight under its own name.
    pub(super) fn weight(&mut self, tensors: &Tensors, name: &str) -> Result<Name, Error> {
        self.values(name, tensor(tensors, name)?)
    }

    /// A matrix `[out, in]` turned, so that rows of an input are multiplied by it.
    pub(super) fn turned(&mut self, tensors: &Tensors, name: &str) -> Result<Name, Error> {
        self.values(&format!("{name}.T"), &tensor(tensors, name)?.t()?.contiguous()?)
    }

    /// Numbers under a name.
    pub(super) fn values(&mut self, name: &str, values: &Tensor) -> Result<Name, Error> {
        if self.known.insert(name.into(), ()).is_none() {
            let numbers = values.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
            let bytes: Vec<[u8; 4]> = numbers.iter().map(|number| number.to_le_bytes()).collect();
            let dims: Vec<i64> = values.dims().iter().map(|dim| *dim as i64).collect();
            self.constant(name, FLOAT, &dims, bytes.as_flattened());
        }
        Ok(name.into())
    }

    /// A number.
    pub(super) fn number(&mut self, value: f32) -> Name {
        let name = format!("number_{:08x}", value.to_bits());
        if self.known.insert(name.clone(), ()).is_none() {
            self.constant(&name, FLOAT, &[], &value.to_le_bytes());
        }
        name
    }

    /// Numbers of double precision under a name, a list of them.
    pub(super) fn doubles(&mut self, name: &str, values: &[f64]) -> Name {
        let bytes: Vec<[u8; 8]> = values.iter().map(|value| value.to_le_bytes()).collect();
        self.constant(name, DOUBLE, &[values.len() as i64], bytes.as_flattened());
        name.into()
    }

    /// One of them.
    pub(super) fn double(&mut self, name: &str, value: f64) -> Name {
        self.constant(name, DOUBLE, &[], &value.to_le_bytes());
        name.into()
    }

    /// Whole numbers, a list of them.
    pub(super) fn ints(&mut self, values: &[i64]) -> Name {
        let words: Vec<String> = values.iter().map(i64::to_string).collect();
        let name = format!("ints_{}", words.join("_"));
        if self.known.insert(name.clone(), ()).is_none() {
            self.indices(&name, values);
        }
        name
    }

    /// Whole numbers under a name: a list of them that stands there once.
    pub(super) fn indices(&mut self, name: &str, values: &[i64]) -> Name {
        let bytes: Vec<[u8; 8]> = values.iter().map(|value| value.to_le_bytes()).collect();
        self.constant(name, INT64, &[values.len() as i64], bytes.as_flattened());
        name.into()
    }

    fn constant(&mut self, name: &str, kind: i64, dims: &[i64], bytes: &[u8]) {
        self.take(name);
        self.bytes += bytes.len() as u64;
        let tensor = dims.iter().fold(Message::new(), |tensor, dim| tensor.int(1, *dim));
        let mut tensor = tensor.int(2, kind).text(8, name);
        tensor.put(9, bytes);
        self.weights.push(tensor);
    }

    pub(super) fn input(&mut self, name: &str, kind: Kind, dims: &[Dim]) -> Name {
        self.take(name);
        self.inputs.push(described(name, kind, dims));
        name.into()
    }

    pub(super) fn output(&mut self, name: &str, dims: &[Dim]) {
        self.outputs.push(described(name, Kind::Float, dims));
    }

    /// `x W' + b` of the layer `at`.
    pub(super) fn linear(&mut self, tensors: &Tensors, at: &str, x: &str) -> Result<Name, Error> {
        let matrix = self.turned(tensors, &format!("{at}.weight"))?;
        let product = self.op("MatMul", &[x, &matrix], &[]);
        let bias = format!("{at}.bias");
        if !tensors.contains_key(&bias) {
            return Ok(product);
        }
        let bias = self.weight(tensors, &bias)?;
        Ok(self.op("Add", &[&product, &bias], &[]))
    }

    pub(super) fn layer_norm(&mut self, tensors: &Tensors, at: &str, x: &str, eps: f64) -> Result<Name, Error> {
        let (weight, bias) = (self.weight(tensors, &format!("{at}.weight"))?, self.weight(tensors, &format!("{at}.bias"))?);
        let settings = [("axis", Attribute::Int(-1)), ("epsilon", Attribute::Float(eps as f32))];
        Ok(self.op("LayerNormalization", &[x, &weight, &bias], &settings))
    }

    pub(super) fn activation(&mut self, act: tallow_zoo::bert::Activation, x: &str) -> Name {
        use tallow_zoo::bert::Activation;
        match act {
            Activation::Relu => self.op("Relu", &[x], &[]),
            Activation::Tanh => self.op("Tanh", &[x], &[]),
            Activation::Silu => {
                let gate = self.op("Sigmoid", &[x], &[]);
                self.op("Mul", &[x, &gate], &[])
            }
            // x (1 + erf(x / sqrt(2))) / 2
            Activation::Gelu => {
                let (root, one, half) = (self.number(std::f32::consts::SQRT_2), self.number(1.0), self.number(0.5));
                let scaled = self.op("Div", &[x, &root], &[]);
                let erf = self.op("Erf", &[&scaled], &[]);
                let sum = self.op("Add", &[&erf, &one], &[]);
                let product = self.op("Mul", &[x, &sum], &[]);
                self.op("Mul", &[&product, &half], &[])
            }
            // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
            Activation::GeluNew => {
                let (three, factor, one, half) = (self.number(3.0), self.number(0.044_715), self.number(1.0), self.number(0.5));
                let root = self.number((2.0 / std::f64::consts::PI).sqrt() as f32);
                let cube = self.op("Pow", &[x, &three], &[]);
                let part = self.op("Mul", &[&cube, &factor], &[]);
                let inner = self.op("Add", &[x, &part], &[]);
                let scaled = self.op("Mul", &[&inner, &root], &[]);
                let tanh = self.op("Tanh", &[&scaled], &[]);
                let sum = self.op("Add", &[&tanh, &one], &[]);
                let product = self.op("Mul", &[x, &sum], &[]);
                self.op("Mul", &[&product, &half], &[])
            }
        }
    }

    /// Attention of `heads` heads over `[b, t, d]` each; `mask`: what is added to the scores `[b, heads, t, t]`.
    pub(super) fn attention(&mut self, [q, k, v]: [&str; 3], heads: usize, width: usize, mask: Option<&str>) -> Name {
        let size = width / heads;
        let apart = self.ints(&[0, 0, heads as i64, size as i64]);
        let mut part = |x: &str, order: [i64; 4]| {
            let parts = self.op("Reshape", &[x, &apart], &[]);
            self.op("Transpose", &[&parts], &[("perm", Attribute::Ints(order.to_vec()))])
        };
        let (q, k, v) = (part(q, [0, 2, 1, 3]), part(k, [0, 2, 3, 1]), part(v, [0, 2, 1, 3]));
        let (product, root) = (self.op("MatMul", &[&q, &k], &[]), self.number((size as f32).sqrt()));
        let mut scores = self.op("Div", &[&product, &root], &[]);
        if let Some(mask) = mask {
            scores = self.op("Add", &[&scores, mask], &[]);
        }
        let shares = self.op("Softmax", &[&scores], &[("axis", Attribute::Int(-1))]);
        let sum = self.op("MatMul", &[&shares, &v], &[]);
        let turned = self.op("Transpose", &[&sum], &[("perm", Attribute::Ints(vec![0, 2, 1, 3]))]);
        let together = self.ints(&[0, 0, width as i64]);
        self.op("Reshape", &[&turned, &together], &[])
    }

    /// The first token of each text, `[b, d]`.
    pub(super) fn first(&mut self, x: &str) -> Name {
        let (zero, one) = (self.ints(&[0]), self.ints(&[1]));
        let first = self.op("Slice", &[x, &zero, &one, &one], &[]);
        self.op("Squeeze", &[&first, &one], &[])
    }

    /// The whole file.
    ///
    /// # Errors
    /// Two values have one name, it is too large, or cannot be written.
    pub(super) fn write(self, name: &str, to: &mut dyn Write) -> Result<(), Error> {
        if let Some(name) = self.twice {
            return Err(Error::Twice { format: "ONNX", name });
        }
        if self.bytes > MOST_BYTES {
            return Err(Error::TooLarge { bytes: self.bytes });
        }
        let mut graph = Message::new();
        self.nodes.iter().for_each(|node| graph.put_message(1, node));
        graph = graph.text(2, name);
        for weight in self.weights {
            graph.put_message(5, &weight);
        }
        self.inputs.iter().for_each(|input| graph.put_message(11, input));
        self.outputs.iter().for_each(|output| graph.put_message(12, output));
        let opset = Message::new().text(1, "").int(2, OPSET);
        let head = Message::new().int(1, IR_VERSION).text(2, "tallow").text(3, env!("CARGO_PKG_VERSION"));
        let more = self.is_ml.then(|| Message::new().text(1, ML).int(2, ML_OPSET));
        let head =
            more.iter().fold(head.message(8, &opset), |head, more| head.message(8, more)).opened(7, graph.as_bytes().len());
        to.write_all(head.as_bytes())?;
        to.write_all(graph.as_bytes())?;
        Ok(())
    }
}

fn described(name: &str, kind: Kind, dims: &[Dim]) -> Message {
    let shape = dims.iter().fold(Message::new(), |shape, dim| {
        let dim = match dim {
            Dim::Known(size) => Message::new().int(1, *size as i64),
            Dim::Named(name) => Message::new().text(2, name),
        };
        shape.message(1, &dim)
    });
    let kind = match kind {
        Kind::Float => FLOAT,
        Kind::Double => DOUBLE,
        Kind::Int => INT64,
        Kind::Text => STRING,
    };
    let tensor = Message::new().int(1, kind).message(2, &shape);
    Message::new().text(1, name).message(2, &Message::new().message(1, &tensor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_of_one_name_are_refused() {
        let written = |names: &[&str]| {
            let mut graph = Graph::default();
            for name in names {
                graph.input(name, Kind::Double, &[Dim::Known(1)]);
            }
            let sum = graph.op("Sum", names, &[]);
            graph.named_op("Identity", &[&sum], &[], "value");
            graph.write("mlp", &mut Vec::new()).map_err(|error| error.to_string())
        };
        assert_eq!(written(&["sold", "sold.year"]), Ok(()));
        for twice in [["sold.year", "sold.year"], ["area", "value"], ["area", "sum_0"]] {
            let error = written(&twice).expect_err("two are called alike");
            assert!(error.contains(&format!("called `{}`", twice[1])), "{error}");
        }
    }
}
