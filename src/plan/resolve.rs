//! Spec + facts -> plan. After this nothing is decided, only carried out.

mod fitting;
mod runs;
mod told;

use super::estimate::{Pauses, Share, estimate, mapped_bytes, pauses};
use super::idle::idle;
use super::{Error, Estimate, Facts, Plan};
use crate::job::{Normalize, RunConfig};
use crate::spec::{AdapterSpec, ExperimentSpec, Group, Length, Metric, Monitor, Similarity, Task};
use crate::words;
use fitting::{classes, groups, split, too_large, unfit};
use runs::Common;
use std::path::PathBuf;
use tallow_zoo::{Adapted, BaseWeights, ModelConfig};
pub(super) use told::WATCHED_AS_ASKED;
pub use told::unpriced;
use told::{assumed_pair, cost, deviations, of_length, of_memory, of_money, of_parts, of_rare_classes, of_time};

/// Where things will lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Folder of the prepared splits, from the run folder on.
    pub prepared: PathBuf,
    /// Threads of a worker.
    pub threads: usize,
}

/// Resolves `spec` against what is there.
///
/// # Errors
/// Everything that does not fit, at once.
pub fn resolve(spec: &ExperimentSpec, facts: &Facts, layout: &Layout) -> Result<Plan, Error> {
    let (mut problems, mut assumptions) = (Vec::new(), spec.assumptions.clone());
    let train = split(facts, &spec.data.train, "data.train", &mut problems);
    let held_out = split(facts, &spec.data.held_out, "data.held_out", &mut problems);
    if spec.data.is_cut_off() && held_out.is_some_and(|split| split.part.is_none()) {
        problems.push(format!(
            "`data.held_out`: the data set has a split `{}` of its own; give the part another name",
            spec.data.held_out
        ));
    }
    if let Monitor::Split { name } = &spec.data.monitor {
        split(facts, name, "data.monitor", &mut problems);
    }
    problems.extend(classes(spec, facts, &mut assumptions));
    let model = model(spec, facts, &mut problems);
    let adapted = adapted(spec, facts, &model, &mut problems);
    // Examples of a stream of words are pieces as long as the model sees at once.
    let (spec, facts) = &with_images(spec, facts, &mut assumptions, &mut problems);
    let (spec, share) = &with_base(spec, facts, &model, adapted.as_ref(), &mut assumptions);
    let length = piece_len(spec, &model);
    let kept_out = kept_out(spec);
    let there = train.map_or(0, |split| split.pieces(length));
    if there <= kept_out {
        problems.push(format!("`data.monitor.examples`: {kept_out} of {there} training examples cannot be kept out"));
    }
    groups(spec, &model, &mut problems);
    problems.extend(speech(spec, facts, &mut assumptions).err());
    let similarity = similarity(spec, facts, &mut problems, &mut assumptions);
    problems.extend(unfit(spec, facts, &model));
    if !problems.is_empty() {
        return Err(Error(problems));
    }
    let examples = trained(spec, there);
    let per_epoch = examples.div_ceil(spec.recipe.batch_size) as u64;
    let total_steps = steps_of(spec.recipe.length, per_epoch);
    if let Some(problem) = too_large(spec, facts, share) {
        return Err(Error(vec![problem]));
    }
    if spec.seeds.is_empty() {
        return Err(Error(vec!["`seeds`: at least one".into()]));
    }
    assumptions.extend(of_parts(spec));
    assumptions.extend(facts.data.all_notes().filter(|note| !spec.assumptions.contains(note)).cloned());
    assumptions.extend(of_rare_classes(spec, facts));
    let normalize = normalize(spec, facts, &mut assumptions);
    assumptions.extend(assumed_pair(spec, facts));
    let mut estimate = estimate(&model, share, &spec.recipe, micro_batch_size(spec), total_steps, &facts.data, &facts.host);
    estimate.peak_memory_bytes += mapped_bytes(facts, &model, share, &spec.recipe, there) as u64;
    let pauses = pauses_of(spec, facts, &model, [total_steps, per_epoch], &estimate);
    let common = Common { spec, facts, layout, model, normalize, similarity, total_steps, pauses };
    let runs: Vec<RunConfig> = spec.seeds.iter().map(|&seed| common.run(seed)).collect();
    let needed = estimate.train_secs * runs.len() as f64;
    let tokens = train.and_then(|split| split.tokens);
    assumptions.extend(of_length(spec, tokens, length));
    assumptions.extend(of_time(spec, needed));
    assumptions.extend(of_memory(spec, estimate.peak_memory_bytes));
    assumptions.extend(cost(spec, facts, needed));
    assumptions.extend(of_money(spec, facts));
    assumptions.extend(idle(spec, facts, total_steps));
    let deviations = deviations(spec, there, kept_out);
    Ok(Plan { version: 1, spec: spec.clone(), facts: facts.clone(), runs, estimate, deviations, assumptions })
}

/// Examples of the training split that are watched instead.
fn kept_out(spec: &ExperimentSpec) -> usize {
    if let Monitor::HoldOut { examples } = spec.data.monitor { examples } else { 0 }
}

/// Of so many examples of the training split those that are trained on.
fn trained(spec: &ExperimentSpec, there: usize) -> usize {
    there.saturating_sub(kept_out(spec)).min(spec.data.max_train_examples.unwrap_or(usize::MAX))
}

impl Plan {
    /// Examples that its runs are trained on, of a stream of words in pieces of `length` tokens, as many as were counted on.
    pub fn train_examples(&self, length: usize) -> usize {
        let train = self.facts.data.splits.iter().find(|split| split.name == self.spec.data.train);
        train.map_or(0, |split| trained(&self.spec, split.pieces(length)))
    }

    /// The same where preparation made another number of training examples than was counted on (some had no answer within the tokens
    /// that there are, or could not be read; a stream's pieces were an estimate): epochs are as long as what is there. None where nothing
    /// changes.
    pub fn with_examples(&self, prepared: usize) -> Option<Plan> {
        let (spec, first) = (&self.spec, self.runs.first()?);
        let examples = trained(spec, prepared);
        let per_epoch = examples.div_ceil(spec.recipe.batch_size) as u64;
        let (planned, total_steps) = (first.total_steps, steps_of(spec.recipe.length, per_epoch));
        if examples == 0 || total_steps == planned || !matches!(spec.recipe.length, Length::Epochs(_)) {
            return None;
        }
        let mut plan = self.clone();
        let share = total_steps as f64 / planned as f64;
        plan.estimate.train_flops *= share;
        plan.estimate.train_secs *= share;
        let pauses = pauses_of(spec, &self.facts, &first.model, [total_steps, per_epoch], &plan.estimate);
        plan.runs.iter_mut().for_each(|run| pauses.enter(total_steps, run));
        let [steps, planned, examples] = [total_steps as f64, planned as f64, examples as f64].map(words::count);
        plan.assumptions.push(format!(
            "recipe.length: {steps} steps instead of {planned}, for that is as long as {examples} examples make it that were left when the \
             data was prepared"
        ));
        Some(plan)
    }
}

/// When a run of so many steps, in epochs of so many, is watched and saved.
fn pauses_of(
    spec: &ExperimentSpec,
    facts: &Facts,
    model: &ModelConfig,
    [total_steps, per_epoch]: [u64; 2],
    estimate: &Estimate,
) -> Pauses {
    let watched = match &spec.data.monitor {
        Monitor::Split { name } => {
            let split = facts.data.splits.iter().find(|split| split.name == *name);
            split.map_or(0, |split| split.pieces(piece_len(spec, model)))
        }
        Monitor::HoldOut { examples } => *examples,
        Monitor::None => 0,
    };
    let mut pauses = pauses(model, &spec.recipe, total_steps, watched, estimate, facts);
    if let Some(every) = spec.recipe.evaluate_every {
        pauses.monitor_every_steps = steps_of(every, per_epoch);
    }
    pauses
}

/// What images are brought to: what is asked, else what a pretrained model was made for; and the shape that they have then.
fn with_images(
    spec: &ExperimentSpec,
    facts: &Facts,
    assumptions: &mut Vec<String>,
    problems: &mut Vec<String>,
) -> (ExperimentSpec, Facts) {
    let (mut spec, mut facts) = (spec.clone(), facts.clone());
    let Some([height, width, channels]) = facts.data.image_shape else { return (spec, facts) };
    let channels = match facts.model.config.image_channels() {
        // A pretrained model mostly sees colours.
        Some(3) if channels == 1 => {
            assumptions.push("data.image: grey as three equal channels (the model sees three)".into());
            3
        }
        Some(seen) if seen != channels => {
            problems.push(format!(
                "`model`: expected one that sees {channels} channels, as the images have, found one that sees {seen}"
            ));
            channels
        }
        _ => channels,
    };
    facts.data.image_shape = Some([height, width, channels]);
    let of_model = facts.model.image.filter(|size| facts.data.images_differ || [size.height, size.width] != [height, width]);
    if let (None, Some(size)) = (spec.data.image, of_model) {
        assumptions.push(format!("data.image: {} (as the model's `preprocessor_config.json` has it)", size.in_words()));
        spec.data.image = Some(size);
    }
    match spec.data.image {
        Some(size) => facts.data.image_shape = Some([size.height, size.width, channels]),
        None if facts.data.images_differ => problems.push(format!(
            "`data.image`: the images are of several sizes, {height} x {width} pixels in the middle; expected one that they are brought \
             to, such as `{{ height = 64, width = 64 }}`"
        )),
        None => {}
    }
    assumptions.extend(of_positions(&facts));
    (spec, facts)
}

/// That the positions of a model are stretched, which other libraries do where they are told so alone.
fn of_positions(facts: &Facts) -> Option<String> {
    let ([height, width, _], side) = (facts.data.image_shape?, facts.model.config.image_side()?);
    ([height, width] != [side, side]).then(|| {
        format!(
            "data.image: {height} x {width} pixels, where the model's positions are for {side} x {side}: they are stretched, and \
             `transformers` is to be told so (`interpolate_pos_encoding=True`)"
        )
    })
}

/// At least one.
fn steps_of(length: Length, per_epoch: u64) -> u64 {
    match length {
        Length::Epochs(epochs) => ((epochs * per_epoch as f64).round() as u64).max(1),
        Length::Steps(steps) => steps,
    }
}

/// Bytes that there are, 0 where nobody knows, and who says so.
fn memory(spec: &ExperimentSpec, facts: &Facts) -> (u64, &'static str) {
    match spec.budget.max_memory_bytes {
        Some(bytes) if bytes <= facts.host.memory_bytes || facts.host.memory_bytes == 0 => {
            (bytes, "`budget.max_memory_bytes` allows")
        }
        _ => (facts.host.memory_bytes, "this machine has"),
    }
}

/// Share of the memory that weights may take in float32 before they are held as they are stored: activations want room, too.
const WEIGHTS_SHARE: f64 = 0.5;

/// Elements that groups leave as they are, of those that would be trained without.
fn num_frozen(spec: &ExperimentSpec, model: &ModelConfig) -> usize {
    let groups = &spec.recipe.groups;
    if !groups.iter().any(|group| group.frozen) {
        return 0;
    }
    let adapter = spec.adapter.as_ref().map(AdapterSpec::adapter);
    // A configuration with mistakes is refused elsewhere.
    let sizes = model.trainable_sizes(adapter.as_ref()).unwrap_or_default();
    sizes.iter().filter(|(name, _)| Group::freezes(groups, name)).map(|(_, elements)| elements).sum()
}

/// How the weights beside an adapter are held, where nobody says it.
fn with_base(
    spec: &ExperimentSpec,
    facts: &Facts,
    model: &ModelConfig,
    adapted: Option<&Adapted>,
    assumptions: &mut Vec<String>,
) -> (ExperimentSpec, Share) {
    let mut spec = spec.clone();
    let frozen = num_frozen(&spec, model);
    let (wide, (there, whose)) = (Share::of(model, adapted, None).freezing(frozen), memory(&spec, facts));
    let needed = wide.bytes(&spec.recipe);
    let Some(adapter) = &mut spec.adapter else { return (spec, wide) };
    let in_file = facts.model.bytes_per_weight.filter(|bytes| *bytes < 4.0);
    let crowded = there > 0 && needed > WEIGHTS_SHARE * there as f64;
    if adapter.base.is_none() && in_file.is_some() && crowded {
        let (needed, there) = (words::bytes(needed), words::bytes(there as f64));
        assumptions.push(format!("adapter.base: as_stored (in float32 weights take {needed}, {whose} {there})"));
        adapter.base = Some(BaseWeights::AsStored);
    }
    match (adapter.base, in_file) {
        (Some(BaseWeights::AsStored), Some(bytes)) => {
            let bits = words::plain((80.0 * bytes).round() / 10.0);
            assumptions.push(format!("adapter.base: the file has {bits} bits a weight, on average"));
            (spec, Share::of(model, adapted, Some(bytes)).freezing(frozen))
        }
        (Some(BaseWeights::AsStored), None) => {
            assumptions.push("adapter.base: the file holds float32, so nothing is saved by as_stored".into());
            (spec, wide)
        }
        (Some(BaseWeights::Float32) | None, _) => (spec, wide),
    }
}

/// The model with the data's classes, and of a table its columns.
fn model(spec: &ExperimentSpec, facts: &Facts, problems: &mut Vec<String>) -> ModelConfig {
    let config = facts.model.config.clone();
    if !spec.task.suits(&config) {
        problems.push(format!("`model`: a {} model is not for {}", config.family(), spec.task.in_words()));
    }
    if let (Some((_, positions)), Some(longest)) = (config.text_limits(), spec.recipe.max_seq_len)
        && longest > positions
    {
        problems.push(format!("`recipe.max_seq_len`: the model has {positions} positions, found {longest}"));
    }
    let labels = if facts.data.labels.is_empty() { config.labels().to_vec() } else { facts.data.labels.clone() };
    let config = match spec.task.head() {
        // As the model has it, with all else that its head says.
        kind if kind == config.head().kind() => config.with_labels(&labels),
        kind => config.with_head(kind.with(labels)),
    };
    match (config, &facts.data.table) {
        (ModelConfig::Mlp(mlp), Some(table)) => ModelConfig::Mlp(table.given_to(mlp, facts.data.columns.label.clone())),
        (config, _) => config,
    }
}

/// Whether the model of speech can be told what is asked, and what is assumed of it.
fn speech(spec: &ExperimentSpec, facts: &Facts, assumptions: &mut Vec<String>) -> Result<(), String> {
    if spec.task != Task::SpeechRecognition {
        return Ok(());
    }
    let (asked, known) = (spec.speech.clone().unwrap_or_default(), facts.model.speech.clone().unwrap_or_default());
    let forced = known.forced(asked.language.as_deref(), asked.write).map_err(|what| format!("`speech.language`: {what}"))?;
    if let (None, Some(language)) = (&asked.language, known.language(None)) {
        assumptions.push(format!("speech.language: {language} (nobody said which)"));
    }
    let longest = target_len(spec).or(facts.model.config.text_limits().map(|(_, positions)| positions)).unwrap_or(0);
    match longest > forced.len() + 1 {
        true => Ok(()),
        false => Err(format!(
            "`recipe.max_seq_len`: expected more than the {} tokens that every text begins and ends with, found {longest}",
            forced.len() + 1
        )),
    }
}

/// What vectors are trained by, with what scores mean.
fn similarity(
    spec: &ExperimentSpec,
    facts: &Facts,
    problems: &mut Vec<String>,
    assumptions: &mut Vec<String>,
) -> Option<Similarity> {
    if spec.task != Task::SentenceSimilarity {
        return None;
    }
    if let Some(what) = facts.model.sentences.as_ref().and_then(|sentences| sentences.unusable.as_ref()) {
        problems.push(format!("`model`: it makes its vectors in a way that Tallow does not support: {what}"));
    }
    let (columns, batch) = (&facts.data.columns, spec.recipe.batch_size);
    let scored = columns.label.is_some();
    let found = if scored { "pairs with a score" } else { "texts that belong together, without a score" };
    let asked = spec.similarity.unwrap_or(Similarity::usual(scored));
    if asked.is_of_scores() != scored {
        let usual = Similarity::usual(scored).name();
        problems.push(format!("`similarity.kind`: `{}` is not for {found} (`{usual}` is)", asked.name()));
    }
    if spec.metric.is_of_scores() != scored || spec.metric == Metric::TripletAccuracy && columns.input.len() < 3 {
        problems.push(format!("`metric`: {} does not measure {found} ({} columns)", spec.metric.in_words(), columns.input.len()));
    }
    if batch < 2 && !matches!(asked, Similarity::Cosine { .. }) && columns.input.len() == 2 {
        let name = asked.name();
        problems
            .push(format!("`recipe.batch_size`: `{name}` compares the examples of a step: expected at least 2, found {batch}"));
    }
    match (asked, facts.data.scores) {
        (_, Some([least, most])) if scored && least == most => {
            problems.push(format!("`data.columns.label`: all scores of `{}` are {}", spec.data.train, words::plain(least)));
            Some(asked)
        }
        (Similarity::Cosine { score_range: None }, Some(scores)) => {
            let score_range = Similarity::range_of(scores);
            let [least, most] = scores.map(words::plain);
            assumptions.push(match score_range {
                Some(_) => {
                    format!("similarity.score_range: scores from {least} to {most}, as the training split has them, mean cosines from 0 to 1")
                }
                None => format!("similarity.score_range: scores from {least} to {most} are taken for cosines as they are"),
            });
            Some(Similarity::Cosine { score_range })
        }
        (asked, _) => Some(asked),
    }
}

/// What the experiment's adapter makes of the model.
fn adapted(spec: &ExperimentSpec, facts: &Facts, model: &ModelConfig, problems: &mut Vec<String>) -> Option<Adapted> {
    if facts.model.adapter.is_some() {
        problems.push("`model`: it is an adapter: `tallow merge` it with its base, and train what comes of that".into());
        return None;
    }
    match model.adapted(&spec.adapter.as_ref()?.adapter()) {
        Ok(adapted) => Some(adapted),
        Err(tallow_zoo::Error::Config(found)) => {
            problems.extend(found.iter().map(|p| format!("`adapter.{}`: expected {}, found {}", p.field, p.expected, p.found)));
            None
        }
        Err(other) => {
            problems.push(format!("`adapter`: {other}"));
            None
        }
    }
}

/// Tokens of a piece of a stream: what is asked for, else what the model has positions for.
fn piece_len(spec: &ExperimentSpec, model: &ModelConfig) -> usize {
    let positions = model.text_limits().map_or(1, |(_, positions)| positions);
    spec.recipe.max_seq_len.unwrap_or(positions)
}

/// For images: the model's own normalisation, else that of ImageNet, which public models are trained with.
fn normalize(spec: &ExperimentSpec, facts: &Facts, assumptions: &mut Vec<String>) -> Option<Normalize> {
    if spec.task != Task::ImageClassification {
        return None;
    }
    let channels = facts.data.image_shape.map_or(3, |[_, _, channels]| channels);
    facts.model.normalize.clone().or_else(|| {
        assumptions.push(Normalize::IMAGENET_ASSUMED.into());
        Some(Normalize::imagenet(channels))
    })
}

/// Examples of a forward pass.
fn micro_batch_size(spec: &ExperimentSpec) -> usize {
    spec.recipe.micro_batch_size.unwrap_or(spec.recipe.batch_size)
}

/// The longest target, where somebody said so.
fn target_len(spec: &ExperimentSpec) -> Option<usize> {
    spec.text_to_text.as_ref().and_then(|pairs| pairs.max_target_len).or(spec.recipe.max_seq_len)
}
