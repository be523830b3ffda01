//! ONNX, opset 17: a graph of the operations of a model, with its weights. Names of inputs and outputs, and their dynamic sizes, are those
//! that other exporters give (`input_ids`, `attention_mask`, `token_type_ids`; `pixel_values`; of tables the columns; `logits`).

mod bert;
mod graph;
mod images;
mod mlp;
mod proto;
mod resnet;
mod resnet_cifar;
mod vit;

use super::{Error, Tensors};
use std::io::Write;
use tallow_zoo::ModelConfig;

/// Writes a model as one file. `image`: height and width of the images that it is given; none: those that it was made for.
///
/// # Errors
/// The family is none that is known here, weights are missing, it is too large for one file, or the file cannot be written.
pub fn write(config: &ModelConfig, tensors: &Tensors, image: Option<[usize; 2]>, to: &mut dyn Write) -> Result<(), Error> {
    let graph = match config {
        ModelConfig::Bert(config) => bert::graph(config, tensors)?,
        ModelConfig::Resnet(config) => resnet::graph(config, tensors)?,
        ModelConfig::ResnetCifar(config) => resnet_cifar::graph(config, tensors)?,
        ModelConfig::WideResnet(config) => resnet_cifar::wide_graph(config, tensors)?,
        ModelConfig::Mlp(config) => mlp::graph(config, tensors)?,
        ModelConfig::Vit(config) => vit::graph(config, tensors, image)?,
        other => {
            let (family, expected) = (other.family(), "BERT, ResNet, WideResNet, ViT, or a perceptron for tables");
            return Err(Error::Model { format: "ONNX", family, head: None, expected });
        }
    };
    graph.write(config.family(), to)
}

/// The name of scores.
const LOGITS: &str = "logits";
