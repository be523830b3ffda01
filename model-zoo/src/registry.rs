//! The list of all models, and what is asked of any of them by its configuration.

use crate::contract::{Architecture, Modality, Model, PairIds, SpeechLimits};
use crate::cost::Cost;
use crate::error::{ConfigProblem, Error, Result};
use crate::fields::parse_object;
use crate::head::{Head, HeadKind, Heads};
use crate::lora::{ALL_LINEAR, Adapted, Adapter};
use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tallow_kernels::{ParamKind, Stream, Weights};

/// One line of the zoo.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub family: &'static str,
    pub summary: &'static str,
    /// What public files call it in `model_type`.
    pub model_types: &'static [&'static str],
    /// A configuration small enough for tests.
    pub tiny: fn() -> ModelConfig,
    from_public: fn(&Map<String, Value>) -> Result<ModelConfig>,
}

/// All architectures, a line each: its variant, its file, what it takes, its public names, what it is. A file has its `Config`, with
/// a field `head`, and the `HEADS` that this can be.
macro_rules! zoo {
    ($($variant:ident, $module:ident, $takes:ident, $types:expr, $summary:expr;)*) => {
        /// An architecture with its whole configuration.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "family", rename_all = "snake_case")]
        pub enum ModelConfig {
            $($variant(crate::$module::Config),)*
        }

        impl ModelConfig {
            fn architecture(&self) -> &dyn Architecture {
                match self {
                    $(ModelConfig::$variant(config) => config,)*
                }
            }

            fn architecture_mut(&mut self) -> &mut dyn Architecture {
                match self {
                    $(ModelConfig::$variant(config) => config,)*
                }
            }

            /// The family's name in the registry.
            pub fn family(&self) -> &'static str {
                match self {
                    $(ModelConfig::$variant(_) => stringify!($module),)*
                }
            }

            /// What it is fed with.
            pub fn takes(&self) -> Modality {
                match self {
                    $(ModelConfig::$variant(_) => Modality::$takes,)*
                }
            }

            fn known_heads(&self) -> &'static Heads {
                match self {
                    $(ModelConfig::$variant(_) => crate::$module::HEADS,)*
                }
            }

            /// What its last layer says.
            pub fn head(&self) -> &Head {
                match self {
                    $(ModelConfig::$variant(config) => &config.head,)*
                }
            }

            /// The same body with another head; [`ModelConfig::check`] tells if the architecture has none of that kind.
            #[must_use]
            pub fn with_head(mut self, head: Head) -> Self {
                match &mut self {
                    $(ModelConfig::$variant(config) => config.head = head,)*
                }
                self
            }
        }

        /// All architectures.
        pub fn registry() -> &'static [Entry] {
            &[$(Entry {
                family: stringify!($module),
                summary: $summary,
                model_types: &$types,
                tiny: || ModelConfig::$variant(Architecture::tiny()),
                from_public: |object| Ok(ModelConfig::$variant(Architecture::from_public(object)?)),
            },)*]
        }
    };
}

zoo! {
    Bert, bert, Text, ["bert"], "BERT encoders of any size (1810.04805)";
    Distilbert, distilbert, Text, ["distilbert"], "DistilBERT: BERT's encoders at half the depth, without segment types (1910.01108)";
    Electra, electra, Text, ["electra"], "ELECTRA: BERT with small embeddings, trained to tell replaced words (2003.10555)";
    Gpt2, gpt2, Text, ["gpt2"], "GPT-2 of any size (Radford et al. 2019)";
    Llama, llama, Text, ["llama", "mistral", "qwen2", "qwen3"], "Llama 2 and 3, SmolLM2, Mistral, Qwen2, Qwen3 (2302.13971)";
    Marian, marian, TextToText, ["marian"], "The Transformer of any size for one text from another (1706.03762), as Marian has it (1804.00344)";
    Mlp, mlp, Table, ["mlp"], "Multi-layer perceptrons for tables, an embedding for each categorical column (2106.11959)";
    Resnet, resnet, Image, ["resnet"], "ResNet-18, 34, 50, 101, 152 (1512.03385)";
    ResnetCifar, resnet_cifar, Image, ["resnet_cifar"], "ResNet-20, 32, 44, 56, 110 for small images (1512.03385, section 4.2), shortcuts padded or projected";
    Roberta, roberta, Text, ["roberta", "xlm-roberta", "camembert"], "RoBERTa, XLM-R, CamemBERT of any size (1907.11692, 1911.02116, 1911.03894)";
    T5, t5, TextToText, ["t5"], "T5 1.0 and 1.1 of any size: one text from another (1910.10683)";
    Vit, vit, Image, ["vit"], "Vision Transformers of any size, patch and image (2010.11929)";
    Whisper, whisper, Speech, ["whisper"], "Whisper of any size: text from speech (2212.04356)";
    WideResnet, wide_resnet, Image, ["wide_resnet"], "WideResNet-d-k for small images, such as WRN-28-10 (1605.07146)";
}

/// What is wrong with weights that are stored in a format of their own: read as plain numbers, they would lack their scales.
fn quantized(object: &Map<String, Value>) -> Option<ConfigProblem> {
    let key =
        ["quantization_config", "compression_config"].into_iter().find(|key| object.get(*key).is_some_and(Value::is_object))?;
    let method = object[key].get("quant_method").and_then(Value::as_str).unwrap_or("a method that is not named");
    let expected = "weights in float32, float16 or bfloat16, or a GGUF file: take the model that this one was quantised from";
    Some(ConfigProblem::new(format!("{key}.quant_method"), expected, method))
}

impl ModelConfig {
    /// From a public `config.json`.
    ///
    /// # Errors
    /// No JSON object, a family that the zoo lacks, or fields that cannot be used: all of them at once.
    pub fn from_public(config_json: &str) -> Result<Self> {
        let object = parse_object(config_json)?;
        if let Some(problem) = quantized(&object) {
            return Err(Error::Config(vec![problem]));
        }
        let model_type = object.get("model_type").and_then(Value::as_str);
        match registry().iter().find(|entry| model_type.is_some_and(|name| entry.model_types.contains(&name))) {
            Some(entry) => (entry.from_public)(&object),
            None => {
                let known: Vec<_> =
                    registry().iter().flat_map(|entry| entry.model_types).map(|name| format!("\"{name}\"")).collect();
                Err(Error::UnknownFamily {
                    expected: format!("`model_type` {}", known.join(" or ")),
                    found: model_type.map_or("none".into(), |name| format!("\"{name}\"")),
                })
            }
        }
    }

    /// Whether weights that timm's own `config.json` calls `architecture` are what their names and shapes say: many networks have the
    /// tensors of a plain one and compute something else.
    ///
    /// # Errors
    /// It is none of the plain ones.
    pub fn check_timm_name(architecture: &str) -> Result<()> {
        let known = crate::resnet::TIMM_NAMES;
        let name = architecture.split('.').next().unwrap_or_default();
        let name = ["tv_", "ssl_", "swsl_"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        match known.contains(&name) {
            true => Ok(()),
            false => {
                let known = known.map(|name| format!("\"{name}\"")).join(" or ");
                let (expected, found) = (format!("`architecture` {known}"), format!("\"{architecture}\""));
                Err(Error::UnknownFamily { expected, found })
            }
        }
    }

    /// From names and shapes of weights that come without a `config.json`.
    pub fn identify(shapes: &BTreeMap<String, Vec<usize>>) -> Option<Self> {
        let cifar = || crate::resnet_cifar::Config::identify(shapes).map(ModelConfig::ResnetCifar);
        let wide = || crate::wide_resnet::Config::identify(shapes).map(ModelConfig::WideResnet);
        let imagenet = || crate::resnet::Config::identify(shapes).map(ModelConfig::Resnet);
        cifar().or_else(wide).or_else(imagenet)
    }

    /// # Errors
    /// Every field that cannot be used.
    pub fn check(&self) -> Result<()> {
        let problems = self.architecture().problems();
        if problems.is_empty() { Ok(()) } else { Err(Error::Config(problems)) }
    }

    /// The same with a head of the same kind for these classes; nothing changes where a head has no classes.
    #[must_use]
    pub fn with_labels(self, labels: &[String]) -> Self {
        let head = self.head().clone().with_labels(labels.to_vec());
        self.with_head(head)
    }

    /// The same with another dropout probability everywhere; nothing changes where the architecture has none.
    #[must_use]
    pub fn with_dropout(mut self, p: f32) -> Self {
        self.architecture_mut().set_dropout(f64::from(p));
        self
    }

    /// Class names; none where the head has no classes.
    pub fn labels(&self) -> &[String] {
        self.head().labels()
    }

    pub fn num_labels(&self) -> usize {
        self.labels().len()
    }

    /// The heads that the architecture has.
    pub fn heads(&self) -> impl Iterator<Item = HeadKind> {
        self.known_heads().iter().map(|(kind, _)| *kind)
    }

    /// Words of the vocabulary, and the longest text in tokens; none for models of something else.
    pub fn text_limits(&self) -> Option<(usize, usize)> {
        self.architecture().text_limits()
    }

    /// Numbers of the vector that it makes of a text; none for models that make none.
    pub fn vector_width(&self) -> Option<usize> {
        self.architecture().vector_width()
    }

    /// What texts that are written from others begin and end with; none for models that do not write such.
    pub fn pair_ids(&self) -> Option<PairIds> {
        self.architecture().pair_ids()
    }

    /// Channels of the images that it sees; none for models of something else.
    pub fn image_channels(&self) -> Option<usize> {
        self.architecture().image_channels()
    }

    /// Pixels a side of the images that its positions are for; none for models without such.
    pub fn image_side(&self) -> Option<usize> {
        self.architecture().image_side()
    }

    /// What of a recording is heard; none for models of something else.
    pub fn speech_limits(&self) -> Option<SpeechLimits> {
        self.architecture().speech_limits()
    }

    /// Numbers of a row, and how many values each of its categorical columns has; none for models of something else.
    pub fn table_limits(&self) -> Option<(usize, Vec<usize>)> {
        self.architecture().table_limits()
    }

    /// Builds the model, asking `weights` for every parameter by its public name. With an adapter everything but the adapter is
    /// frozen.
    ///
    /// # Errors
    /// The configuration or the adapter's has mistakes, or the adapter meets no layer. What is wrong with the weights is told by
    /// `weights.finish()`.
    pub fn build(&self, weights: &Weights, adapter: Option<&Adapter>) -> Result<Box<dyn Model>> {
        let problems: Vec<_> =
            self.architecture().problems().into_iter().chain(adapter.map(Adapter::problems).unwrap_or_default()).collect();
        if !problems.is_empty() {
            return Err(Error::Config(problems));
        }
        let model = self.architecture().build(weights, adapter)?;
        adapter.map_or(Ok(()), |adapter| adapter.check_met(&weights.asked()))?;
        Ok(model)
    }

    /// Names of the parameters that are trained, in the order in which the model asks for them. No memory is taken.
    ///
    /// # Errors
    /// The configuration has mistakes.
    pub fn trainable_names(&self, adapter: Option<&Adapter>) -> Result<Vec<String>> {
        Ok(self.trainable_sizes(adapter)?.into_iter().map(|(name, _)| name).collect())
    }

    /// The same with how many elements each has.
    ///
    /// # Errors
    /// The configuration has mistakes.
    pub fn trainable_sizes(&self, adapter: Option<&Adapter>) -> Result<Vec<(String, usize)>> {
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu).outline();
        self.build(&weights, adapter)?;
        let trained = weights.asked_shapes().into_iter().filter(|(.., kind)| *kind == ParamKind::Trainable);
        Ok(trained.map(|(name, shape, _)| (name, shape.iter().product())).collect())
    }

    /// Whether weights of these names and shapes fit, before any is read.
    ///
    /// # Errors
    /// Tensors are missing or of another shape: all of them at once. Or the configuration has mistakes.
    pub fn check_shapes(&self, shapes: &BTreeMap<String, Vec<usize>>) -> Result<()> {
        // One number, seen as often as each shape says.
        let number = Tensor::new(0f32, &Device::Cpu)?;
        let seen = |(name, shape): (&String, &Vec<usize>)| Ok((name.clone(), number.broadcast_as(shape.as_slice())?));
        let given = shapes.iter().map(seen).collect::<Result<BTreeMap<_, _>>>()?;
        let weights = Weights::given(self.public_names(given)?, Stream::root(0), &Device::Cpu).outline();
        self.build(&weights, None)?;
        weights.finish()?;
        Ok(())
    }

    /// What a model with this adapter is made of, before any weight is read.
    ///
    /// # Errors
    /// The configuration or the adapter's has mistakes, or targets meet no layer: all of them at once.
    pub fn adapted(&self, adapter: &Adapter) -> Result<Adapted> {
        let mut problems = self.architecture().problems();
        if problems.is_empty() {
            let all = self.outlined(&Adapter { r: 1, ..Adapter::of(&[ALL_LINEAR]) })?;
            problems.extend(adapter.problems());
            problems.extend(adapter.unmet(&all.layers()));
            if problems.is_empty() {
                let mut adapted = self.outlined(adapter)?;
                adapted.num_stored = all.num_beside();
                return Ok(adapted);
            }
        }
        Err(Error::Config(problems))
    }

    fn outlined(&self, adapter: &Adapter) -> Result<Adapted> {
        let weights = Weights::scratch(Stream::root(0), &Device::Cpu).outline();
        self.architecture().build(&weights, Some(adapter)).map(|_| Adapted::of(weights.asked_shapes()))
    }

    /// The adapter's targets that are none of the linear layers that an addition is trained beside: in public adapters tables of words,
    /// output layers and heads.
    ///
    /// # Errors
    /// The configuration has mistakes.
    pub fn targets_beyond<'a>(&self, adapter: &'a Adapter) -> Result<Vec<&'a str>> {
        self.check()?;
        let all = self.outlined(&Adapter { r: 1, ..Adapter::of(&[ALL_LINEAR]) })?;
        Ok(adapter.beyond(&all.layers()))
    }

    /// The same with an output layer of its own, where it can have one.
    pub fn untied(mut self) -> Option<Self> {
        self.architecture_mut().set_untied().then_some(self)
    }

    /// The tensors of a base for the model that is [`ModelConfig::untied`].
    pub fn untie(&self, given: &mut BTreeMap<String, Tensor>) {
        self.architecture().untie(given);
    }

    /// Public tensors under the names and in the layout that [`ModelConfig::build`] asks for; a head for another number of classes is
    /// left out, so that it starts anew.
    ///
    /// # Errors
    /// A tensor could not be turned around.
    pub fn public_names(&self, given: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        self.architecture().public_names(given)
    }

    /// The model's parameters as public files have them: what [`ModelConfig::public_names`] reads.
    ///
    /// # Errors
    /// A tensor could not be turned around.
    pub fn public_tensors(&self, own: BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>> {
        self.architecture().public_tensors(own)
    }

    /// `config.json`: the fields, whose names are the public ones, the head, and what the architecture says beside them.
    pub fn to_public(&self) -> Value {
        let mut config = Map::from_iter([("model_type".into(), json!(self.family())), ("torch_dtype".into(), json!("float32"))]);
        if let Value::Object(fields) = json!(self) {
            config.extend(fields.into_iter().filter(|(field, _)| field != "family" && field != "head"));
        }
        self.head().write(&mut config, self.known_heads());
        self.architecture().beside(&mut config);
        Value::Object(config)
    }

    /// Trainable elements.
    pub fn num_params(&self) -> usize {
        self.cost(1, 1).params
    }

    /// Floating-point operations of a forward pass over `batch` examples of `size` tokens, or of `size` pixels a side; rows
    /// of a table have no size.
    pub fn forward_flops(&self, batch: usize, size: usize) -> f64 {
        self.cost(batch, size).forward_flops
    }

    /// Bytes that a forward pass keeps for backward, and that it needs at once besides: a first estimate.
    pub fn activation_bytes(&self, batch: usize, size: usize) -> f64 {
        let cost = self.cost(batch, size);
        (cost.kept + cost.scratch) * 4.0
    }

    /// With gradient checkpointing: bytes that are kept at most, and operations more than without; first estimates.
    pub fn checkpointed(&self, batch: usize, size: usize) -> (f64, f64) {
        let cost = self.cost(batch, size);
        let (kept, forward_flops) = cost.made_again();
        ((kept + cost.scratch) * 4.0, forward_flops)
    }

    /// Whether other libraries know it by its `config.json` and the names of its tensors.
    pub fn is_public(&self) -> bool {
        self.architecture().is_public()
    }

    /// The fewest examples of a forward pass in training.
    pub fn fewest_examples(&self) -> usize {
        self.architecture().fewest_examples()
    }

    /// Whether it is made of blocks that gradient checkpointing can make again.
    pub fn can_checkpoint(&self) -> bool {
        self.checkpointed(1, 1).1 > 0.0
    }

    fn cost(&self, batch: usize, size: usize) -> Cost {
        self.architecture().cost(batch, size)
    }
}
