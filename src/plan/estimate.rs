//! What a run costs: a first estimate from the model's own count of its work.

use super::{DataFacts, Estimate, Facts, HostFacts};
use crate::data::STAYS_MAPPED;
use crate::spec::{Keep, Recipe, Task};
use tallow_zoo::marian::Config as MarianConfig;
use tallow_zoo::resnet::LayerType;
use tallow_zoo::t5::Config as T5Config;
use tallow_zoo::{Adapted, ModelConfig, SpeechLimits};

/// Share of the machine's matrix product speed that training reaches, from steps of nothing but that on two cores (`benches/RESULTS.md`,
/// "Whole training steps"): products of small models are small, and those of narrow or 1 x 1 filters are bound by memory.
fn efficiency(model: &ModelConfig) -> f64 {
    // BERT of 64 reaches 0.2, GPT of 128 0.43, ViT of 192 0.59, MiniLM of 384 0.64, BERT of 768 0.69.
    let of_width = |width: usize| match width {
        ..96 => 0.2,
        96..160 => 0.43,
        160..256 => 0.58,
        _ => 0.6,
    };
    match model {
        ModelConfig::Bert(config) => of_width(config.hidden_size),
        ModelConfig::Distilbert(config) => of_width(config.dim),
        ModelConfig::Electra(config) => of_width(config.hidden_size),
        ModelConfig::Roberta(config) => of_width(config.hidden_size),
        ModelConfig::Gpt2(config) => of_width(config.n_embd),
        ModelConfig::Llama(config) => of_width(config.hidden_size),
        ModelConfig::Vit(config) => of_width(config.hidden_size),
        // A Transformer of 128 reaches 0.6 with sentences of a dozen words.
        ModelConfig::T5(T5Config { d_model: ..160, .. }) | ModelConfig::Marian(MarianConfig { d_model: ..160, .. }) => 0.55,
        ModelConfig::T5(config) => of_width(config.d_model),
        ModelConfig::Marian(config) => of_width(config.d_model),
        ModelConfig::Whisper(config) => of_width(config.d_model),
        // ResNet-20 reaches 0.41, ResNet-18 0.73, ResNet-50 on small images 0.41.
        ModelConfig::ResnetCifar(_) => 0.41,
        ModelConfig::Resnet(config) if config.layer_type == LayerType::Bottleneck => 0.41,
        ModelConfig::Resnet(_) => 0.7,
        // WRN-16 of factor 1 reaches 0.29, of 2 0.6, of 4 0.95: the direct sum's operations, of which Winograd's filters need fewer.
        ModelConfig::WideResnet(config) => match config.width * config.widen_factor {
            ..24 => 0.29,
            24..48 => 0.58,
            _ => 0.9,
        },
        ModelConfig::Mlp(_) => 0.43,
    }
}

/// The operations of a forward pass that its time goes by. Filters of 3 x 3 go over tiles of four pixels, whole ones, and the last of the three
/// stages of a small ResNet sees each fourth pixel: 28 pixels take what 32 take.
fn paced_flops(model: &ModelConfig, examples: usize, size: usize) -> f64 {
    const LAST_TILE: usize = 4 * 4;
    let of_tiles = matches!(model, ModelConfig::ResnetCifar(_) | ModelConfig::WideResnet(_));
    model.forward_flops(examples, if of_tiles { size.next_multiple_of(LAST_TILE) } else { size })
}

/// Seconds of a step that do not grow with it: its batch, its tape, a few hundred calls of the threads. A perceptron of 20,000 parameters
/// takes this for all of its step.
const STEP_SECS: f64 = 0.000_15;

/// Bytes of memory a second that the optimiser's pass over weights, gradients and moments reaches: AdamW of 22.7 million weights takes 22 ms
/// on two cores of a server, as much as their memory takes to move its bytes.
const MEMORY_RATE: f64 = 29e9;

/// Seconds that a step takes after its gradients are there, whatever its batch: weights and moments are read and written, gradients read;
/// those once more for their norm, at a third of that speed.
fn update_secs(recipe: &Recipe, num_trainable: usize) -> f64 {
    let norm = if recipe.grad_clip_norm.is_some() { 3 } else { 0 };
    let floats = 3 + 2 * recipe.optimizer.moments() + norm;
    (4 * floats * num_trainable) as f64 / MEMORY_RATE
}

/// What a worker holds besides: 33 MiB of its program's pages and little else, as measured of a perceptron.
const PROCESS_BYTES: u64 = 37 << 20;

/// And the buffers that products of more than a few columns are packed into, and what the heap keeps of them: ResNet-20 and a small ViT hold
/// 15 MiB more than is counted with batches of 32, and less than is counted with batches of 128; between the two.
const BUFFER_BYTES: u64 = 10 << 20;

/// How often training stops to watch and to save.
pub(super) struct Pauses {
    pub(super) monitor_every_steps: u64,
    pub(super) checkpoint_every_steps: u64,
}

/// At most so often each: often enough to lose little and to draw a curve.
const MOST_PAUSES: f64 = 20.0;
/// Share of the training time that watching may take, and saving; but each is done once, at the end.
const MONITOR_SHARE: f64 = 0.1;
const CHECKPOINT_SHARE: f64 = 0.05;
/// Bytes a second at which a checkpoint is hashed, written and synced: that of a slow disk.
const DISK_RATE: f64 = 200e6;

/// Spaced so that a short run of a large model does not spend its time on them; `watched`: examples of the monitor.
pub(super) fn pauses(
    model: &ModelConfig,
    recipe: &Recipe,
    total_steps: u64,
    watched: usize,
    estimate: &Estimate,
    facts: &Facts,
) -> Pauses {
    let every = |share: f64, once: f64| {
        // What costs nothing is done as often as anything is.
        let times = (share * estimate.train_secs / once.max(f64::MIN_POSITIVE)).floor().clamp(1.0, MOST_PAUSES);
        (total_steps as f64 / times).ceil().max(1.0) as u64
    };
    let watching = scoring_secs(model, recipe, watched, &facts.data, &facts.host);
    // What is frozen is in no checkpoint.
    let saving = ((copies(recipe) - 1) * estimate.num_trainable * 4) as f64 / DISK_RATE;
    Pauses { monitor_every_steps: every(MONITOR_SHARE, watching), checkpoint_every_steps: every(CHECKPOINT_SHARE, saving) }
}

/// Typical tokens of a text, or pixels of an image's side.
pub fn size_of(model: &ModelConfig, data: &DataFacts, recipe: &Recipe) -> usize {
    // Pieces of a stream are as long as the model sees at once.
    if data.is_stream() {
        return recipe.max_seq_len.or(model.text_limits().map(|(_, positions)| positions)).unwrap_or(1);
    }
    match (data.mean_tokens, data.image_shape) {
        (Some(tokens), _) => {
            let longest = recipe.max_seq_len.map_or(f64::INFINITY, |longest| (texts_each(data) * longest) as f64);
            // What texts have beyond that is cut.
            let cut = data.tokens_by_length.iter().map(|tokens| (tokens - longest).max(0.0)).sum::<f64>();
            (tokens - cut / data.tokens_by_length.len().max(1) as f64).min(longest).round().max(1.0) as usize
        }
        (None, Some([height, ..])) => height,
        (None, None) => 1,
    }
}

/// Texts of an example whose lengths are told together.
fn texts_each(data: &DataFacts) -> usize {
    match data.task {
        Some(Task::SentenceSimilarity) => data.columns.input.len().max(1),
        Some(Task::PreferenceOptimization) => 2,
        _ => 1,
    }
}

/// Copies of the weights that training holds: themselves, their gradients, and what checkpoints hold too: moments, their mean and the
/// best.
pub(super) fn copies(recipe: &Recipe) -> usize {
    2 + recipe.optimizer.moments() + usize::from(recipe.ema.is_some()) + usize::from(recipe.keep == Keep::Best)
}

/// Seconds of scoring so many examples: one forward pass, what is written, and what preferences are measured against.
pub fn scoring_secs(model: &ModelConfig, recipe: &Recipe, examples: usize, data: &DataFacts, host: &HostFacts) -> f64 {
    let passes = match data.task {
        // Texts that are written word by word take about two more, as measured on two cores.
        Some(Task::TextToText | Task::SpeechRecognition) => 3.0,
        Some(Task::PreferenceOptimization) => 2.0,
        _ => 1.0,
    };
    passes * forward_secs(model, recipe, examples, data, host)
}

/// Seconds before the first step: preferences are measured against what the model says of so many examples at first.
pub fn reference_secs(model: &ModelConfig, recipe: &Recipe, examples: usize, data: &DataFacts, host: &HostFacts) -> f64 {
    let refers = data.task == Some(Task::PreferenceOptimization);
    if refers { forward_secs(model, recipe, examples, data, host) } else { 0.0 }
}

/// Seconds of one forward pass over so many examples.
fn forward_secs(model: &ModelConfig, recipe: &Recipe, examples: usize, data: &DataFacts, host: &HostFacts) -> f64 {
    let products = paced_flops(model, examples, size_of(model, data, recipe)) / (host.matmul_flops * efficiency(model));
    // Of a step a third is forward.
    products + examples as f64 / recipe.batch_size.max(1) as f64 * STEP_SECS / 3.0
}

/// Bytes of files that are mapped beside what training holds: a split of `examples`, of which a part drawn at random touches nearly all
/// pages, unless it is so large that they are given back, and the weights that it begins with. They count as the worker's memory as they
/// are read, though the system may take them back. A file of weights is given up before there are gradients and moments, and so it counts
/// as far as it is larger than those.
pub(super) fn mapped_bytes(facts: &Facts, model: &ModelConfig, share: &Share, recipe: &Recipe, examples: usize) -> f64 {
    /// A token's id, and which text of a pair it is of.
    const TOKEN: f64 = 5.0;
    /// Of a spectrogram, in a second.
    const FRAMES: f64 = 100.0;
    let data = &facts.data;
    let of_example = match (&data.table, data.image_shape, model.speech_limits()) {
        (Some(table), ..) => 4.0 * (table.numeric.len() + table.categorical.len()) as f64,
        (None, Some([height, width, channels]), _) => (height * width * channels) as f64,
        (None, None, Some(SpeechLimits { mel_bins, frames })) => {
            let usual = data.mean_secs.map_or(frames as f64, |secs| (FRAMES * secs).min(frames as f64));
            4.0 * mel_bins as f64 * usual
        }
        (None, None, None) => TOKEN * data.mean_tokens.unwrap_or(0.0),
    };
    let tokens = data.splits.iter().find_map(|split| split.tokens).filter(|_| data.is_stream());
    let of_data = tokens.map_or(of_example * examples as f64, |tokens| TOKEN * tokens as f64);
    let of_data = if of_data > STAYS_MAPPED as f64 { 0.0 } else { of_data };
    let stored = facts.model.bytes_per_weight.unwrap_or(4.0) * share.num_params as f64;
    let weights = facts.model.weights.as_ref().map_or(0.0, |_| stored);
    let later = (4 * (copies(recipe) - 1) * share.num_trainable) as f64;
    of_data + (weights - later).max(0.0)
}

/// How much of a model is trained, and what memory the rest takes.
#[derive(Debug, Clone, Copy)]
pub struct Share {
    pub num_params: usize,
    pub num_trainable: usize,
    pub frozen_bytes: f64,
    /// Additions are trained in place of all weights.
    pub is_adapted: bool,
}

impl Share {
    /// With an adapter its additions; `bytes_per_weight`: of the matrices that are held as they are stored, if they are.
    pub fn of(model: &ModelConfig, adapted: Option<&Adapted>, bytes_per_weight: Option<f64>) -> Self {
        let Some(adapted) = adapted else {
            let num_params = model.num_params();
            return Share { num_params, num_trainable: num_params, frozen_bytes: 0.0, is_adapted: false };
        };
        let stored = bytes_per_weight.map_or(0, |_| adapted.num_stored);
        let frozen_bytes = 4.0 * (adapted.num_frozen - stored) as f64 + bytes_per_weight.unwrap_or(0.0) * stored as f64;
        let num_trainable = adapted.num_trained();
        Share { num_params: adapted.num_frozen + num_trainable, num_trainable, frozen_bytes, is_adapted: true }
    }

    /// The same where so many elements of what would be trained stay as they are: they have neither gradients nor moments.
    #[must_use]
    pub fn freezing(self, elements: usize) -> Self {
        let elements = elements.min(self.num_trainable);
        let frozen_bytes = self.frozen_bytes + 4.0 * elements as f64;
        Share { num_trainable: self.num_trainable - elements, frozen_bytes, ..self }
    }

    /// Of the weights, with gradients and moments of what is trained.
    pub(super) fn bytes(&self, recipe: &Recipe) -> f64 {
        self.frozen_bytes + (4 * copies(recipe) * self.num_trainable) as f64
    }
}

/// Tokens of the longest text of data whose texts have `size` on average: somewhat more than in the sample, which has not seen all.
fn longest_of(data: &DataFacts, size: usize) -> usize {
    const BEYOND: f64 = 1.25;
    const TIMES: usize = 4;
    let seen = data.longest_tokens.map_or(usize::MAX, |longest| (BEYOND * longest).ceil() as usize);
    seen.clamp(size, TIMES * size)
}

/// Cost of so many steps with forward passes of `micro_batch_size`; a backward pass costs two forward passes, and one beside an
/// adapter, where nearly all weights are frozen and their gradients are not made. What other frozen layers save of it depends on
/// where they are, and is not counted.
pub fn estimate(
    model: &ModelConfig,
    share: &Share,
    recipe: &Recipe,
    micro_batch_size: usize,
    steps: u64,
    data: &DataFacts,
    host: &HostFacts,
) -> Estimate {
    let size = size_of(model, data, recipe);
    // A step of vectors that is cut is encoded twice.
    let again = data.task == Some(Task::SentenceSimilarity) && micro_batch_size < recipe.batch_size;
    let passes = if share.is_adapted { 2.0 } else { 3.0 } + if again { 1.0 } else { 0.0 };
    let mut step_flops = passes * model.forward_flops(recipe.batch_size, size);
    let pace = paced_flops(model, recipe.batch_size, size) / model.forward_flops(recipe.batch_size, size).max(1.0);
    let most = recipe.max_seq_len.map_or(size, |longest| texts_each(data) * longest);
    let longest = if data.mean_tokens.is_some() { most.min(longest_of(data, size)) } else { size };
    let mut activations = model.activation_bytes(micro_batch_size, longest);
    if recipe.gradient_checkpointing {
        step_flops += model.checkpointed(recipe.batch_size, size).1;
        activations = model.checkpointed(micro_batch_size, longest).0;
    }
    let train_flops = step_flops * steps as f64;
    let buffers = if matches!(model, ModelConfig::Mlp(_)) { 0 } else { BUFFER_BYTES };
    Estimate {
        num_params: share.num_params,
        num_trainable: share.num_trainable,
        train_flops,
        train_secs: pace * train_flops / (host.matmul_flops * efficiency(model))
            + steps as f64 * (STEP_SECS + update_secs(recipe, share.num_trainable)),
        peak_memory_bytes: PROCESS_BYTES + buffers + (share.bytes(recipe) + activations) as u64,
        state_bytes: buffers + share.bytes(recipe) as u64,
        example_bytes: (activations / micro_batch_size.max(1) as f64).ceil() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ModelFacts, SplitFacts};
    use crate::spec::{Length, Optimizer, Schedule, Warmup};

    /// Of texts that are cut only what is left counts; of a pair of answers both.
    #[test]
    fn what_is_cut_costs_nothing() {
        let model = tallow_zoo::registry()[0].tiny;
        let adamw = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
        let bare = Recipe::bare(adamw, 1e-3, Schedule::Constant { warmup: Warmup::Steps(0) }, Length::Steps(1), 8);
        let size = |lengths: &[f64], cut: Option<usize>, task: Task| {
            let mean_tokens = Some(lengths.iter().sum::<f64>() / lengths.len() as f64);
            let data = DataFacts { task: Some(task), mean_tokens, tokens_by_length: lengths.to_vec(), ..DataFacts::default() };
            size_of(&model(), &data, &Recipe { max_seq_len: cut, ..bare.clone() })
        };
        let classes = Task::TextClassification;
        assert_eq!(size(&[10.0, 20.0, 60.0], None, classes), 30);
        assert_eq!(size(&[10.0, 20.0, 60.0], Some(64), classes), 30);
        assert_eq!(size(&[10.0, 20.0, 60.0], Some(30), classes), 20);
        assert_eq!(size(&[50.0, 60.0], Some(20), classes), 20);
        assert_eq!(size(&[50.0, 60.0], Some(20), Task::PreferenceOptimization), 40);
    }

    /// 28 pixels take as long as 32, and 33 as 48; a Transformer's patches are no tiles.
    #[test]
    fn small_images_go_by_whole_tiles() {
        let registry = tallow_zoo::registry();
        let model = |name: &str| registry.iter().map(|entry| (entry.tiny)()).find(|model| model.family() == name).expect(name);
        let cifar = model("resnet_cifar");
        for (size, paced) in [(28, 32), (32, 32), (33, 48)] {
            assert_eq!(paced_flops(&cifar, 4, size), cifar.forward_flops(4, paced), "{size}");
        }
        assert_eq!(paced_flops(&model("vit"), 4, 28), model("vit").forward_flops(4, 28));
    }

    /// The pass before the first step is of preferences alone, is none of training's, and is made again to score others.
    #[test]
    fn preferences_are_measured_against_a_pass_before_training() {
        let model = tallow_zoo::registry()[0].tiny;
        let adamw = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
        let recipe = Recipe::bare(adamw, 1e-3, Schedule::Constant { warmup: Warmup::Steps(0) }, Length::Steps(1), 8);
        let host = HostFacts::new(2, 1 << 34, 2e11);
        let secs = |task: Task| {
            let data = DataFacts { task: Some(task), mean_tokens: Some(8.0), ..DataFacts::default() };
            let training = estimate(&model(), &Share::of(&model(), None, None), &recipe, 8, 10, &data, &host).train_secs;
            let of =
                |secs: fn(&ModelConfig, &Recipe, usize, &DataFacts, &HostFacts) -> f64| secs(&model(), &recipe, 80, &data, &host);
            [training, of(reference_secs), of(scoring_secs)]
        };
        let [plain, none, once] = secs(Task::TextClassification);
        let [preferring, reference, twice] = secs(Task::PreferenceOptimization);
        assert_eq!((plain, none, 2.0 * once), (preferring, 0.0, twice));
        assert_eq!(reference, once);
    }

    /// The file that a model begins with is closed before there are gradients and moments; where few are trained it is the larger.
    #[test]
    fn a_file_of_weights_counts_where_little_is_trained() {
        let model = (tallow_zoo::registry()[0].tiny)();
        let adamw = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
        let recipe = Recipe::bare(adamw, 1e-3, Schedule::Constant { warmup: Warmup::Steps(0) }, Length::Steps(1), 8);
        let known = ModelFacts { weights: Some("model.safetensors".into()), ..ModelFacts::from_scratch(model.clone()) };
        let facts = Facts { host: HostFacts::new(2, 1 << 34, 2e11), data: DataFacts::default(), model: known };
        let share = Share::of(&model, None, None);
        let (all, head) = (share.num_params, share.num_params / 100);
        assert_eq!(mapped_bytes(&facts, &model, &share, &recipe, 0), 0.0);
        let frozen = mapped_bytes(&facts, &model, &share.freezing(all - head), &recipe, 0);
        assert_eq!(frozen, (4 * all - 12 * head) as f64, "AdamW's gradient and two moments of each weight that is trained");
    }

    /// Watching and saving take a bounded share of a run by the estimate's own count, but are done once at least.
    #[test]
    fn pauses_are_bounded_by_what_they_cost() {
        let model = tallow_zoo::registry()[0].tiny;
        let recipe = Recipe {
            max_seq_len: Some(12),
            ..Recipe::bare(
                Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 },
                1e-3,
                Schedule::Constant { warmup: Warmup::Steps(0) },
                Length::Steps(1),
                8,
            )
        };
        let split = SplitFacts { name: "train".into(), files: vec![], examples: 100, labelled: true, part: None, tokens: None };
        let data = DataFacts { splits: vec![split], mean_tokens: Some(8.0), ..DataFacts::default() };
        let host = HostFacts::new(2, 1 << 34, 2e11);
        let known = ModelFacts::from_scratch(model());
        let facts = Facts { host, data, model: known };
        let times = |steps: u64, watched: usize| {
            let estimate = estimate(&model(), &Share::of(&model(), None, None), &recipe, 8, steps, &facts.data, &facts.host);
            let pauses = pauses(&model(), &recipe, steps, watched, &estimate, &facts);
            [pauses.monitor_every_steps, pauses.checkpoint_every_steps].map(|every| steps.div_ceil(every))
        };
        assert_eq!(times(1, 1000), [1, 1], "a single step");
        assert_eq!(times(1_000_000, 100), [20, 20], "a long run, at most twenty");
        // A forward pass of 8 of `watched` examples costs a third of a step: 1000 steps afford 300 x 8 examples in all.
        assert_eq!(times(1000, 790)[0], 3);
        assert_eq!(times(1_000_000, 0)[0], 20, "nothing to watch costs nothing");
    }
}
