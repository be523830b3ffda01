//! Models that serve a goal, largest first.

use super::brief::Brief;
use super::data::zoo;
use super::defaults::long_enough;
use super::models::{self, Candidate, EncoderKind, EncoderSize, Named};
use super::of_paper::largest_first;
use crate::data::{DECODERS, HEARERS, WRITERS};
use crate::intake::{Family, FieldKey, ModelName, ModelSize, PaperSpec, Wanted};
use crate::plan::{Goal, PlannerError};
use crate::spec::{ModelSpec, Task, TokenizerKind, TokenizerSpec};
use crate::words;
use tallow_zoo::{HeadKind, Modality};

/// What encoders are for.
pub(super) const OF_ENCODERS: [Task; 7] = [
    Task::TextClassification,
    Task::TextRegression,
    Task::TextMultiLabel,
    Task::TokenClassification,
    Task::QuestionAnswering,
    Task::MaskedLanguageModelling,
    Task::SentenceSimilarity,
];

impl Brief<'_> {
    /// Models that serve and were not looked for in vain, largest first.
    pub(super) fn candidates(&self) -> Result<Vec<Candidate>, PlannerError> {
        let found = match (self.goal.model(self.wishes), self.paper()) {
            (Some(ModelName::At { id }), _) => self.given(id)?,
            (Some(ModelName::Called { name }), _) => self.called(name, self.task)?,
            (None, Some(paper)) => match self.of_paper(paper)? {
                Some(found) => found,
                None => self.usual()?,
            },
            (None, None) => self.usual()?,
        };
        let mut found: Vec<Candidate> = found.into_iter().map(|candidate| candidate.sized(&self.size())).collect();
        if self.is_of_characters() {
            for candidate in &mut found {
                if let ModelSpec::Scratch { tokenizer: tokenizer @ None, .. } = &mut candidate.spec {
                    *tokenizer = Some(TokenizerSpec::Trained(TokenizerKind::Characters));
                }
            }
        }
        let needs = |spec: &ModelSpec| match spec {
            ModelSpec::Pretrained { id, .. } | ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Of(id)), .. } => {
                Some(id.clone())
            }
            ModelSpec::Scratch { .. } => None,
        };
        found.retain(|candidate| needs(&candidate.spec).is_none_or(|id| !self.offer.absent.contains(&id)));
        if let Some(wanted) = self.lacks_weights(&found) {
            return Err(PlannerError::NoModel { wanted, zoo: zoo() });
        }
        if let (false, Some(most)) = (found.is_empty(), self.size().max_params) {
            let least = found.iter().map(|candidate| candidate.config.num_params()).min().unwrap_or(0);
            found.retain(|candidate| candidate.config.num_params() as f64 <= most);
            if found.is_empty() {
                let [most, least] = [most, least as f64].map(words::count);
                let wanted = format!("one of at most {most} parameters; the smallest that serves has {least}");
                return Err(PlannerError::NoModel { wanted, zoo: zoo() });
            }
        }
        // Of a family whose sizes are the planner's to choose, the smallest is what people call small.
        let is_small = self.request().is_some_and(|request| request.is_small) && self.size() == ModelSize::default();
        if let (true, Some(least)) = (is_small, found.iter().map(|candidate| candidate.config.num_params()).min()) {
            found.retain(|candidate| candidate.config.num_params() == least);
        }
        if found.is_empty() {
            let wanted = format!("none that serves can be had: {} were looked for", self.offer.absent.join(", "));
            return Err(PlannerError::NoModel { wanted, zoo: zoo() });
        }
        Ok(found)
    }

    /// What the task is usually done with.
    fn usual(&self) -> Result<Vec<Candidate>, PlannerError> {
        Ok(match self.task {
            Task::ImageClassification => self.resnets()?,
            Task::TextClassification
            | Task::TextRegression
            | Task::TextMultiLabel
            | Task::TokenClassification
            | Task::QuestionAnswering
            | Task::MaskedLanguageModelling => self.encoders()?,
            Task::SentenceSimilarity => self.sentence_encoders()?,
            Task::LanguageModelling => self.decoders(models::decoder)?,
            Task::InstructionTuning | Task::PreferenceOptimization => DECODERS.iter().filter_map(models::tuned).collect(),
            Task::TabularClassification | Task::TabularRegression => self.perceptrons()?,
            Task::TextToText => self.writers()?,
            Task::SpeechRecognition => self.hearers()?,
        })
    }

    /// The model that was asked for by id, as it was found; from scratch, its architecture.
    fn given(&self, id: &str) -> Result<Vec<Candidate>, PlannerError> {
        let found = self.offer.model.ok_or_else(|| PlannerError::NoModel { wanted: format!("`{id}`"), zoo: zoo() })?;
        let name = id.rsplit('/').next().unwrap_or(id).to_string();
        let spec = match self.is_from_scratch() {
            true => {
                let tokenizer = found.tokenizer.as_ref().map(|_| TokenizerSpec::Of(id.into()));
                // Its classes are those of what it was trained for.
                let open: Vec<String> = (0..found.config.num_labels()).map(|at| format!("LABEL_{at}")).collect();
                ModelSpec::Scratch { config: found.config.clone().with_labels(&open), tokenizer }
            }
            false => ModelSpec::Pretrained { id: id.into(), revision: None },
        };
        Ok(vec![Candidate { name, spec, config: found.config.clone() }])
    }

    /// Whether each character is to be a token, of texts that can be read back.
    pub(super) fn is_of_characters(&self) -> bool {
        matches!(self.task, Task::LanguageModelling | Task::TextToText)
            && self.request().is_some_and(|request| request.characters)
    }

    fn is_from_scratch(&self) -> bool {
        self.request().is_some_and(|request| request.from_scratch)
    }

    /// A family, or one of its sizes.
    fn called(&self, name: &str, task: Task) -> Result<Vec<Candidate>, PlannerError> {
        let wrong = |wanted: String| Err(PlannerError::NoModel { wanted, zoo: zoo() });
        let jobs: &[Task] = match models::named(name) {
            None => return wrong(format!("`{name}`")),
            Some(Named::Bert | Named::Fresh(_) | Named::Encoders(_)) => &OF_ENCODERS,
            Some(Named::Resnet(_) | Named::WideResnet(..) | Named::Vit) => &[Task::ImageClassification],
            Some(Named::Decoders([]) | Named::Llama) => &[Task::LanguageModelling],
            // Whoever tells words can learn to answer.
            Some(Named::Decoders(_)) => &[Task::LanguageModelling, Task::InstructionTuning, Task::PreferenceOptimization],
            Some(Named::Writers(_)) => &[Task::TextToText],
            Some(Named::Hearers(_)) => &[Task::SpeechRecognition],
            Some(Named::Mlp) => &[Task::TabularClassification, Task::TabularRegression],
        };
        if !jobs.contains(&task) {
            let data = &self.choice.name;
            if matches!(models::named(name), Some(Named::Llama))
                && matches!(task, Task::InstructionTuning | Task::PreferenceOptimization)
            {
                let known = "one that can write already has a name of its own, such as `llama-3.2-1b`, `tinyllama` or `smollm2`";
                return wrong(format!("`{name}` on `{data}`: {known}"));
            }
            return wrong(match (jobs.iter().any(|job| job.takes() == task.takes()), task.takes()) {
                (true, _) => format!("`{name}` on `{data}`, which is for {}", task.in_words()),
                (false, Modality::Image) => format!("`{data}` holds images, which `{name}` cannot read"),
                (false, Modality::Table) if jobs.contains(&Task::TextClassification) => format!(
                    "`{name}` reads a text, and as far as the request is understood it says of no column of `{data}` that it holds one: \
                     name it, as in `predict y from text`"
                ),
                (false, Modality::Table) => format!("`{data}` is a table of numbers and categories, which `{name}` cannot read"),
                (false, Modality::Text) => format!("`{data}` holds texts, which `{name}` cannot read"),
                (false, Modality::Speech) => format!("`{data}` holds recordings, which `{name}` cannot hear"),
                (false, Modality::TextToText) => format!("`{name}` on `{data}`, which is for {}", task.in_words()),
            });
        }
        let found = match models::named(name) {
            Some(Named::Bert) => self.encoders()?,
            Some(Named::Fresh(kind)) => self.fresh_encoder(EncoderSize { kind, ..self.asked_size() })?,
            Some(Named::Encoders(found)) => {
                let scratch = |c: Candidate| match self.is_from_scratch() {
                    true => Candidate { spec: ModelSpec::Scratch { config: c.config.clone(), tokenizer: None }, ..c },
                    false => c,
                };
                found.into_iter().filter_map(models::public).map(scratch).collect()
            }
            Some(Named::Decoders([])) => self.decoders(models::decoder)?,
            Some(Named::Llama) => self.decoders(models::llama)?,
            Some(Named::Decoders(found)) if self.is_from_scratch() => found.iter().filter_map(models::fresh).collect(),
            Some(Named::Decoders(found)) => found.iter().filter_map(models::tuned).collect(),
            Some(Named::Resnet(depth)) => match depth {
                Some(depth) => models::resnet(depth, self.channels()).into_iter().collect(),
                None => self.resnets()?,
            },
            Some(Named::WideResnet(depth, width)) => match models::wide_resnet(depth, width, self.channels()) {
                Some(found) => vec![found],
                None => return wrong(format!("`{name}`: a wide ResNet has 6n + 4 layers")),
            },
            Some(Named::Vit) => self.vits()?,
            Some(Named::Mlp) => self.perceptrons()?,
            Some(Named::Hearers(_)) if self.is_from_scratch() => self.fresh_hearers()?,
            Some(Named::Hearers(found)) => found.iter().filter_map(models::tuned).collect(),
            Some(Named::Writers([])) => self.fresh_writers(models::writer)?,
            // Of another size than the public ones it is the architecture that is meant.
            // So is the family by its name alone: its tokenizer is made from the data, as that of each other model from scratch.
            Some(Named::Writers(_)) if self.is_from_scratch() && (self.size().is_given() || name.eq_ignore_ascii_case("t5")) => {
                self.fresh_writers(models::t5)?
            }
            Some(Named::Writers(found)) if self.is_from_scratch() => found.iter().filter_map(models::fresh).collect(),
            Some(Named::Writers(found)) => found.iter().filter_map(models::tuned).collect(),
            None => vec![],
        };
        Ok(found)
    }

    /// A perceptron for the table's columns: of the size that was asked for, those that the paper states, or a usual one.
    fn perceptrons(&self) -> Result<Vec<Candidate>, PlannerError> {
        let (size, table) = (self.size(), self.offer.data.table.clone().unwrap_or_default());
        let of = |layers: Option<usize>, hidden: Option<usize>| vec![hidden.unwrap_or(models::HIDDEN); layers.unwrap_or(2)];
        let asked = self.request().map(|request| request.units.clone()).filter(|units| !units.is_empty());
        let count = |value: Option<u32>| value.map(|value| value as usize);
        let stated =
            self.paper().into_iter().flat_map(PaperSpec::variants).map(|(v, _)| [v.num_layers, v.hidden_size].map(count));
        let stated = stated.filter(|[layers, hidden]| layers.or(*hidden).is_some()).map(|[layers, hidden]| of(layers, hidden));
        let usual = asked.unwrap_or_else(|| of(size.layers, size.hidden));
        let (activation, norm) = self.request().map_or((None, None), |request| (request.activation, request.norm));
        let found = |units| models::perceptron(&table, self.task.head(), units, activation, norm);
        // The usual one stands in for none.
        let stated = largest_first(stated.filter_map(found));
        match if stated.is_empty() { largest_first(found(usual).into_iter()) } else { stated } {
            none if none.is_empty() => Err(PlannerError::NoModel { wanted: format!("a perceptron of {size:?}"), zoo: zoo() }),
            found => Ok(found),
        }
    }

    pub(super) fn channels(&self) -> usize {
        self.offer.data.image_shape.map_or(3, |[.., channels]| channels)
    }

    /// ResNets for small images: those that the paper reports on, else all usual ones.
    fn resnets(&self) -> Result<Vec<Candidate>, PlannerError> {
        let of_depth = |depth: usize| models::resnet(depth, self.channels());
        // A depth that was asked for is no other.
        if let Some(found) = self.size().layers.and_then(of_depth) {
            return Ok(vec![found]);
        }
        let results = self.paper().into_iter().flat_map(|paper| paper.results_on(&self.choice.name));
        let reported = results.filter_map(|(result, _)| match models::named(result.variant.as_deref()?) {
            Some(Named::Resnet(depth)) => depth,
            _ => None,
        });
        let found = largest_first(reported.filter_map(of_depth));
        Ok(if found.is_empty() { models::RESNET_DEPTHS.into_iter().filter_map(of_depth).collect() } else { found })
    }

    /// Vision transformers from scratch: of the size that was asked for, else those that small images are worth.
    pub(super) fn vits(&self) -> Result<Vec<Candidate>, PlannerError> {
        let size = self.size();
        let sizes = match (size.layers, size.hidden) {
            (None, None) => self.with_stated(&models::SCRATCH_VITS),
            (layers, hidden) => vec![(layers.unwrap_or(6), hidden.unwrap_or(192))],
        };
        let [height, width, channels] = self.offer.data.image_shape.unwrap_or([32, 32, 3]);
        if height != width {
            let wanted = format!("a ViT for images of {height} x {width}, which are not square");
            return Err(PlannerError::NoModel { wanted, zoo: zoo() });
        }
        let of = |(layers, hidden): (usize, usize)| {
            models::vit(layers, hidden, size.heads.unwrap_or(usual_heads(hidden)), [height, channels], size.patch)
        };
        let found: Vec<Candidate> = sizes.iter().copied().filter_map(of).collect();
        match found.is_empty() {
            true => Err(PlannerError::NoModel { wanted: format!("a ViT of {sizes:?} (layers, width)"), zoo: zoo() }),
            false => Ok(found),
        }
    }

    /// Public encoders; one from scratch where that was asked for, or where a paper describes one and no pretraining.
    pub(super) fn encoders(&self) -> Result<Vec<Candidate>, PlannerError> {
        let scratch = match self.goal {
            Goal::Request(request) => request.from_scratch.then(|| self.asked_size()),
            Goal::Paper(paper) => self.described(paper),
        };
        scratch.map_or_else(|| Ok(models::encoders()), |size| self.fresh_encoder(size))
    }

    /// The size of an encoder from scratch that was asked for, as far as it was.
    fn asked_size(&self) -> EncoderSize {
        let size = self.size();
        let hidden = size.hidden.unwrap_or(128);
        // Heads of 64, as BERT has them.
        let heads = size.heads.unwrap_or((hidden / 64).max(1));
        let layers = size.layers.unwrap_or(2);
        EncoderSize { layers, hidden, heads, intermediate: 4 * hidden, ..self.scratch_size(self.positions()) }
    }

    /// Positions of an encoder from scratch: as many as are asked for, else enough for the texts that its recipe reads.
    fn positions(&self) -> usize {
        const LEAST: usize = 128;
        let reads = self.task.head() != HeadKind::Words;
        let usual = || self.offer.data.mean_tokens.filter(|_| reads).map_or(LEAST, long_enough);
        self.request().and_then(|request| request.max_seq_len).unwrap_or_else(usual).max(LEAST)
    }

    fn fresh_encoder(&self, size: EncoderSize) -> Result<Vec<Candidate>, PlannerError> {
        let wanted = || format!("an encoder of {} layers of {} with {} heads", size.layers, size.hidden, size.heads);
        size.candidate(0.1).map(|found| vec![found]).ok_or_else(|| PlannerError::NoModel { wanted: wanted(), zoo: zoo() })
    }

    /// Models of two texts: public ones, then, where none of them can be had, one from scratch.
    fn writers(&self) -> Result<Vec<Candidate>, PlannerError> {
        let fresh = self.fresh_writers(models::writer)?;
        // A paper on the architecture itself trains it from scratch.
        let of_itself = self.paper().and_then(PaperSpec::family).is_some_and(|(family, _)| family == Family::Transformer);
        if of_itself || self.is_from_scratch() || self.size() != ModelSize::default() {
            return Ok(fresh);
        }
        let mut found: Vec<Candidate> = WRITERS.iter().filter(|w| w.name.starts_with("T5")).filter_map(models::tuned).collect();
        let there = |c: &Candidate| matches!(&c.spec, ModelSpec::Pretrained { id, .. } if !self.offer.absent.contains(id));
        if !found.iter().any(there) {
            found.extend(fresh);
        }
        Ok(found)
    }

    /// Models of speech: public ones, then, where none of them can be had, one from scratch.
    fn hearers(&self) -> Result<Vec<Candidate>, PlannerError> {
        if self.is_from_scratch() || self.size() != ModelSize::default() {
            return self.fresh_hearers();
        }
        let mut found: Vec<Candidate> = HEARERS[..2].iter().filter_map(models::tuned).collect();
        let there = |c: &Candidate| matches!(&c.spec, ModelSpec::Pretrained { id, .. } if !self.offer.absent.contains(id));
        if !found.iter().any(there) {
            found.extend(self.fresh_hearers()?);
        }
        Ok(found)
    }

    /// Frames that a model of speech from scratch hears: whole seconds, as long as the longest recording, if that is known, and at most
    /// as long as Whisper hears.
    pub(super) fn frames(&self) -> usize {
        /// A second.
        const FRAMES: usize = 100;
        const MOST_SECS: f64 = 30.0;
        const USUAL_SECS: f64 = 10.0;
        self.offer.data.longest_secs.unwrap_or(USUAL_SECS).ceil().clamp(1.0, MOST_SECS) as usize * FRAMES
    }

    /// Models of speech from scratch: of the size that was asked for, else those that a CPU can train.
    fn fresh_hearers(&self) -> Result<Vec<Candidate>, PlannerError> {
        let size = self.size();
        let sizes = match (size.layers, size.hidden) {
            (None, None) => self.with_stated(&models::SCRATCH_HEARERS),
            (layers, hidden) => vec![(layers.unwrap_or(3), hidden.unwrap_or(256))],
        };
        let of = |(layers, width): (usize, usize)| {
            models::hearer(layers, width, size.heads.unwrap_or(usual_heads(width)), self.frames(), 128)
        };
        let found: Vec<Candidate> = sizes.iter().copied().filter_map(of).collect();
        match found.is_empty() {
            true => Err(PlannerError::NoModel { wanted: format!("a Whisper of {sizes:?} (layers, width)"), zoo: zoo() }),
            false => Ok(found),
        }
    }

    /// Models of two texts from scratch: of the size that was asked for, else those that the data is worth. `made`: of layers, width,
    /// heads, positions and words.
    fn fresh_writers(
        &self,
        made: fn(usize, usize, usize, usize, usize) -> Option<Candidate>,
    ) -> Result<Vec<Candidate>, PlannerError> {
        let size = self.size();
        let sizes = match (size.layers, size.hidden) {
            (None, None) => self.with_stated(&models::SCRATCH_WRITERS),
            (layers, hidden) => vec![(layers.unwrap_or(3), hidden.unwrap_or(256))],
        };
        let (vocab, positions) = (self.scratch_size(0).vocab, self.request().and_then(|request| request.max_seq_len));
        let of = |(layers, width): (usize, usize)| {
            let heads = size.heads.unwrap_or(usual_heads(width));
            made(layers, width, heads, positions.unwrap_or(256).max(16), vocab)
        };
        let found: Vec<Candidate> = sizes.iter().copied().filter_map(of).collect();
        match found.is_empty() {
            true => Err(PlannerError::NoModel { wanted: format!("a Transformer of {sizes:?} (layers, width)"), zoo: zoo() }),
            false => Ok(found),
        }
    }

    /// Encoders that were tuned on sentences before, where one from scratch was not asked for.
    fn sentence_encoders(&self) -> Result<Vec<Candidate>, PlannerError> {
        let found = self.encoders()?;
        let tuned = |c: &Candidate| matches!(&c.spec, ModelSpec::Scratch { .. }) || models::is_of_sentences(c);
        Ok(found.into_iter().filter(tuned).collect())
    }

    /// Language models from scratch: of the size that was asked for, else those that a small text is worth. `made`: of layers, width,
    /// heads, positions and words.
    pub(super) fn decoders(
        &self,
        made: fn(usize, usize, usize, usize, usize) -> Option<Candidate>,
    ) -> Result<Vec<Candidate>, PlannerError> {
        let tokens = self.offer.data.splits.iter().find(|split| split.name == self.train).and_then(|split| split.tokens);
        let characters = self.offer.data.characters.filter(|_| self.is_of_characters());
        let vocab = characters.map_or_else(|| models::vocabulary(tokens.unwrap_or(0)), models::of_characters);
        let size = self.size();
        let sizes = match (size.layers, size.hidden) {
            (None, None) => self.with_stated(&models::SCRATCH_DECODERS),
            (layers, hidden) => vec![(layers.unwrap_or(6), hidden.unwrap_or(384))],
        };
        let of = |(layers, width): (usize, usize)| {
            // Heads of 64, as GPT-2 has them.
            made(layers, width, size.heads.unwrap_or((width / 64).max(1)), self.piece, vocab)
        };
        let found: Vec<Candidate> = sizes.iter().copied().filter_map(of).collect();
        match found.is_empty() {
            true => Err(PlannerError::NoModel { wanted: format!("a language model of {sizes:?} (layers, width)"), zoo: zoo() }),
            false => Ok(found),
        }
    }

    /// The encoder that a paper describes in full and trains from scratch on its task.
    fn described(&self, paper: &PaperSpec) -> Option<EncoderSize> {
        if !self.is_trained_from_scratch(paper) {
            return None;
        }
        let (variant, _) = paper.variants().next()?;
        let hidden = variant.hidden_size? as usize;
        let wanted = Wanted { phase: None, dataset: Some(&self.choice.name), variant: Some(&variant.name) };
        let number = |key: FieldKey| paper.best(key, &wanted).and_then(|f| f.value.numbers().first().copied());
        let positions = number(FieldKey::MaxSeqLen);
        let usual = self.scratch_size(positions.map_or(128, |p| p as usize));
        Some(EncoderSize {
            layers: variant.num_layers? as usize,
            hidden,
            heads: variant.num_heads? as usize,
            intermediate: variant.intermediate_size.map_or(4 * hidden, |size| size as usize),
            vocab: number(FieldKey::VocabSize).map_or(usual.vocab, |size| size as usize),
            ..usual
        })
    }

    /// How large the model was asked to be.
    pub(super) fn size(&self) -> ModelSize {
        self.request().map(|request| request.size).unwrap_or_default()
    }

    /// A vocabulary in proportion to the data.
    fn scratch_size(&self, positions: usize) -> EncoderSize {
        let vocab = match self.examples {
            0..10_000 => 2_000,
            10_000..100_000 => 8_000,
            _ => 30_522,
        };
        EncoderSize { kind: EncoderKind::Bert, layers: 0, hidden: 0, heads: 1, intermediate: 0, positions, vocab }
    }
}

/// Heads of 64, as Whisper, ViT and the Transformer have them; a small model has four at the least. With two, a Whisper of two layers of 128
/// did not learn in 18 epochs of toy_speech which sounds a letter stands for (word error rate 1.07, with four 0.29).
fn usual_heads(width: usize) -> usize {
    (width / 64).max(4)
}
