//! What of a paper the zoo can try: on which of its data sets, and with which models of its family.

use super::brief::Brief;
use super::candidates::OF_ENCODERS;
use super::data::{For, generated_choice, known_choices, known_names, share, zoo};
use super::models::{self, Candidate, Named};
use crate::data::{DECODERS, GENERATED, OTHER_ENCODERS, PublicModel, SEERS, find_known};
use crate::intake::{Family, PaperSpec, Phase, family_named};
use crate::plan::{DataChoice, PlannerError, Wishes};
use crate::spec::{Metric, Task};
use tallow_zoo::ModelConfig;

/// What models of a family are for; nothing where the zoo has none of it.
fn tasks(family: Family) -> &'static [Task] {
    const OF_TEXTS: [Task; 5] = [
        Task::TextClassification,
        Task::TextRegression,
        Task::TextMultiLabel,
        Task::TokenClassification,
        Task::QuestionAnswering,
    ];
    const OF_WORDS: [Task; 3] = [Task::LanguageModelling, Task::InstructionTuning, Task::PreferenceOptimization];
    match family {
        Family::Bert | Family::Roberta | Family::Distilbert | Family::Electra => &OF_TEXTS,
        // Additions stand beside the layers of any transformer.
        Family::Lora | Family::Dora => &[
            Task::TextClassification,
            Task::TextRegression,
            Task::QuestionAnswering,
            Task::TokenClassification,
            Task::InstructionTuning,
            Task::LanguageModelling,
            Task::TextToText,
        ],
        Family::Resnet | Family::WideResnet | Family::Vit => &[Task::ImageClassification],
        Family::Transformer | Family::T5 => &[Task::TextToText],
        Family::Gpt2 | Family::Llama => &OF_WORDS,
        Family::Whisper => &[Task::SpeechRecognition],
        Family::Mlp => &[Task::TabularClassification, Task::TabularRegression],
        Family::Lstm
        | Family::Cnn
        | Family::LogisticRegression
        | Family::Deberta
        | Family::Albert
        | Family::Bart
        | Family::Gpt3
        | Family::Vgg
        | Family::Densenet
        | Family::Efficientnet
        | Family::Mobilenet
        | Family::Convnext
        | Family::Swin
        | Family::Clip
        | Family::Unet
        | Family::Diffusion
        | Family::Gan
        | Family::Vae
        | Family::GraphNetwork
        | Family::Gru
        | Family::Mamba
        | Family::MixtureOfExperts
        | Family::Xlnet
        | Family::Wav2vec2
        | Family::Tabnet => &[],
    }
}

/// What the paper reports a comparable number on and the zoo has a model for; single texts before pairs, accuracy before other
/// metrics, and otherwise in the paper's order.
pub(super) fn data(paper: &PaperSpec, wishes: &Wishes, learner: For) -> Result<Vec<DataChoice>, PlannerError> {
    let family = paper.family().map(|(family, _)| family);
    // A model of the user's, or a script, says itself what it is for.
    let open = wishes.model.is_some() || learner == For::Script;
    let tasks = family.map_or(&[] as &[Task], tasks);
    if tasks.is_empty() && !open {
        let wanted = match family {
            Some(family) => format!("the paper is about {}", family.name()),
            None => "the paper names no architecture that is known".to_string(),
        };
        return Err(PlannerError::NoModel { wanted, zoo: zoo() });
    }
    let mut names: Vec<&str> = paper.results().map(|(result, _)| result.dataset.as_str()).collect();
    names.extend(paper.datasets().map(|(dataset, _)| dataset.name.as_str()));
    let mut found: Vec<(u32, DataChoice)> = Vec::new();
    for name in &names {
        let (rank, choices) = match find_known(name) {
            Some(known) if open || tasks.contains(&known.task) => {
                let other_metric = u32::from(known.metric != Metric::Accuracy);
                let unreported =
                    u32::from(!paper.results_on(known.name).any(|(result, _)| share(result, known.metric).is_some()));
                let pairs = u32::from(known.input.len() > 1);
                (4 * unreported + 2 * other_metric + pairs, known_choices(known))
            }
            None if GENERATED.contains(name) => (0, vec![generated_choice(name)]),
            Some(_) | None => continue,
        };
        for choice in choices {
            if !found.iter().any(|(_, other)| other.source == choice.source) {
                found.push((rank, choice));
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    if found.is_empty() {
        names.dedup();
        let found = names.into_iter().take(8).map(str::to_string).collect();
        return Err(PlannerError::NoUsableData { found, known: known_names() });
    }
    Ok(found.into_iter().map(|(_, choice)| choice).collect())
}

/// Whether a model is what a paper about the family means.
pub(super) fn is_of_family(candidate: &Candidate, family: Family) -> bool {
    match &candidate.config {
        ModelConfig::Bert(_) => matches!(family, Family::Bert | Family::Transformer),
        ModelConfig::Roberta(_) => matches!(family, Family::Roberta | Family::Transformer),
        ModelConfig::Distilbert(_) => family == Family::Distilbert,
        ModelConfig::Electra(_) => family == Family::Electra,
        ModelConfig::Vit(_) => matches!(family, Family::Vit | Family::Transformer),
        ModelConfig::Marian(_) => family == Family::Transformer,
        ModelConfig::T5(_) => matches!(family, Family::T5 | Family::Transformer),
        ModelConfig::Gpt2(_) => matches!(family, Family::Gpt2 | Family::Transformer),
        ModelConfig::Llama(_) => matches!(family, Family::Llama | Family::Transformer),
        ModelConfig::Whisper(_) => family == Family::Whisper,
        ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) => family == Family::Resnet,
        ModelConfig::WideResnet(_) => matches!(family, Family::WideResnet | Family::Resnet),
        ModelConfig::Mlp(_) => family == Family::Mlp,
    }
}

/// Public models of an architecture, to be tuned.
fn tuned<'a>(models: &'a [PublicModel], architecture: &str) -> impl Iterator<Item = Candidate> + use<'a> {
    let own = format!(r#""model_type":"{architecture}""#);
    models.iter().filter(move |model| model.config.contains(&own)).filter_map(models::tuned)
}

impl Brief<'_> {
    /// Models of the paper's own family for the task, largest first, then what stands in for them where none can be had or is small
    /// enough; none where the task's usual models are those.
    pub(super) fn of_paper(&self, paper: &PaperSpec) -> Result<Option<Vec<Candidate>>, PlannerError> {
        let Some((family, _)) = paper.family() else { return Ok(None) };
        let family = match family {
            // A method is tried on the models that the paper tries it on.
            Family::Lora | Family::Dora => {
                let named = paper.variants().filter_map(|(variant, _)| family_named(&variant.name));
                let Some(base) = named.into_iter().find(|family| tasks(*family).contains(&self.task)) else { return Ok(None) };
                base
            }
            own => own,
        };
        let of_texts = OF_ENCODERS.contains(&self.task);
        let of_words = matches!(self.task, Task::LanguageModelling | Task::InstructionTuning | Task::PreferenceOptimization);
        let is_from_scratch = self.is_trained_from_scratch(paper);
        let mut found: Vec<Candidate> = match family {
            Family::Roberta if of_texts => tuned(&OTHER_ENCODERS, "roberta").collect(),
            Family::Distilbert if of_texts => tuned(&OTHER_ENCODERS, "distilbert").collect(),
            Family::Electra if of_texts => tuned(&OTHER_ENCODERS, "electra").collect(),
            Family::Vit if self.task == Task::ImageClassification => tuned(&SEERS, "vit").collect(),
            // The smallest of a name comes first there.
            Family::Gpt2 if of_words => tuned(&DECODERS, "gpt2").collect::<Vec<_>>().into_iter().rev().collect(),
            Family::Llama if of_words => tuned(&DECODERS, "llama").collect::<Vec<_>>().into_iter().rev().collect(),
            Family::WideResnet if self.task == Task::ImageClassification => return Ok(Some(self.wide_resnets(paper))),
            _ => return Ok(None),
        };
        if is_from_scratch {
            found.clear();
        }
        found.extend(match (family, self.task) {
            (Family::Vit, _) => self.vits()?,
            (Family::Gpt2, Task::LanguageModelling) => self.decoders(models::decoder)?,
            (Family::Llama, Task::LanguageModelling) => self.decoders(models::llama)?,
            _ if of_texts => self.encoders()?,
            _ => Vec::new(),
        });
        Ok(Some(found))
    }

    /// Whether a paper trains its model on the task from the start: nothing is said of another phase, and sizes are given.
    pub(super) fn is_trained_from_scratch(&self, paper: &PaperSpec) -> bool {
        let in_phases = self.phase.is_some() || paper.fields.iter().any(|f| f.scope.phase == Some(Phase::PreTraining));
        !in_phases && paper.variants().any(|(variant, _)| variant.num_layers.is_some() && variant.hidden_size.is_some())
    }

    /// Layers and width of models from scratch, largest first: of those that the paper describes, where there is one, and of `usual` ones.
    pub(super) fn with_stated(&self, usual: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let stated = self.paper().into_iter().flat_map(PaperSpec::variants);
        let stated = stated.filter_map(|(v, _)| Some((v.num_layers? as usize, v.hidden_size? as usize)));
        let mut sizes: Vec<(usize, usize)> = stated.chain(usual.iter().copied()).collect();
        sizes.sort_by_key(|&(layers, width)| std::cmp::Reverse(layers * width * width));
        sizes.dedup();
        sizes
    }

    /// Wide ResNets that the paper names, then smaller ones.
    fn wide_resnets(&self, paper: &PaperSpec) -> Vec<Candidate> {
        let names = paper.variants().map(|(variant, _)| variant.name.as_str());
        let names = names.chain(paper.results_on(&self.choice.name).filter_map(|(result, _)| result.variant.as_deref()));
        let mut sizes: Vec<(usize, usize)> = names
            .filter_map(|name| match models::named(name) {
                Some(Named::WideResnet(depth, width)) => Some((depth, width)),
                _ => None,
            })
            .collect();
        sizes.extend([(16, 4), (16, 2), (16, 1)]);
        let found = sizes.into_iter().filter_map(|(depth, width)| models::wide_resnet(depth, width, self.channels()));
        largest_first(found)
    }
}

/// Each once.
pub(super) fn largest_first(found: impl Iterator<Item = Candidate>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = found.collect();
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.config.num_params()));
    found.dedup_by(|a, b| a.name == b.name);
    found
}
