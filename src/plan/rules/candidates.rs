//! Models that serve a goal, largest first.

use super::brief::Brief;
use super::data::zoo;
use super::models::{self, Candidate, EncoderSize};
use crate::intake::{FieldKey, ModelName, PaperSpec, Phase, Wanted};
use crate::plan::{Goal, PlannerError};
use crate::spec::{ModelSpec, Task};
use tallow_zoo::Job;

/// The zoo's ResNets are for images of at most so many pixels a side.
const MOST_PIXELS: usize = 96;

impl Brief<'_> {
    /// Models that serve, largest first.
    pub(super) fn candidates(&self) -> Result<Vec<Candidate>, PlannerError> {
        let asked = self.wishes.model.as_ref().or(self.request().and_then(|r| r.model.as_ref()));
        match (asked, self.task) {
            (Some(ModelName::At { id }), _) => self.given(id),
            (Some(ModelName::Called { name }), task) => self.called(name, task),
            (None, Task::ImageClassification) => self.resnets(),
            (None, Task::TextClassification) => self.encoders(),
        }
    }

    /// The model that was asked for by id, as it was found.
    fn given(&self, id: &str) -> Result<Vec<Candidate>, PlannerError> {
        let found = self.offer.model.ok_or_else(|| PlannerError::NoModel { wanted: format!("`{id}`"), zoo: zoo() })?;
        let name = id.rsplit('/').next().unwrap_or(id).to_string();
        Ok(vec![Candidate { name, spec: ModelSpec::Pretrained { id: id.into(), revision: None }, config: found.config.clone() }])
    }

    /// A family, or one of its sizes.
    fn called(&self, name: &str, task: Task) -> Result<Vec<Candidate>, PlannerError> {
        let wrong = |wanted: String| Err(PlannerError::NoModel { wanted, zoo: zoo() });
        let name = name.replace(['_', ' '], "-");
        let encoders = |part: &str| -> Vec<Candidate> { models::encoders().into_iter().filter(|c| c.name.to_lowercase().starts_with(part)).collect() };
        let found = match name.as_str() {
            "bert" => self.encoders()?,
            name if name.contains("minilm") => {
                let size = name.split('-').find(|part| part.starts_with('l') && part[1..].parse::<u32>().is_ok());
                encoders(&size.map_or("minilm".into(), |size| format!("minilm-{size}")))
            }
            name if name.starts_with("bert-") => encoders(name.trim_end_matches("-uncased")),
            "resnet" => self.resnets()?,
            name if name.starts_with("resnet-") || name.starts_with("resnet") => {
                let depth = name.trim_start_matches("resnet").trim_start_matches('-').parse().unwrap_or(0);
                models::resnet(depth, self.channels()).into_iter().collect()
            }
            _ => vec![],
        };
        if found.is_empty() {
            return wrong(format!("`{name}`"));
        }
        let suits = |c: &Candidate| (task == Task::ImageClassification) == (c.config.job() == Job::ImageClassification);
        if !found.iter().all(suits) {
            let what = if task == Task::ImageClassification { "images" } else { "texts" };
            return wrong(format!("`{}` holds {what}, which `{name}` cannot read", self.choice.name));
        }
        Ok(found)
    }

    fn channels(&self) -> usize {
        self.offer.data.image_shape.map_or(3, |[.., channels]| channels)
    }

    /// ResNets for small images: those that the paper reports on, else all usual ones.
    fn resnets(&self) -> Result<Vec<Candidate>, PlannerError> {
        if let Some([height, width, _]) = self.offer.data.image_shape
            && height.max(width) > MOST_PIXELS
        {
            let what = format!("its images have {height} x {width} pixels; the zoo's models are for at most {MOST_PIXELS} a side");
            return Err(PlannerError::Data { data: self.choice.name.clone(), what });
        }
        let reported = |depth: &usize| {
            let name = format!("ResNet-{depth}");
            self.paper().is_none_or(|paper| paper.results_on(&self.choice.name).any(|(r, _)| r.variant.as_deref() == Some(&name)))
        };
        let mut depths: Vec<usize> = models::RESNET_DEPTHS.into_iter().filter(reported).collect();
        if depths.is_empty() {
            depths = models::RESNET_DEPTHS.to_vec();
        }
        Ok(depths.into_iter().filter_map(|depth| models::resnet(depth, self.channels())).collect())
    }

    /// Public encoders; one from scratch where that was asked for, or where a paper describes one and no pretraining.
    fn encoders(&self) -> Result<Vec<Candidate>, PlannerError> {
        let scratch = match self.goal {
            Goal::Request(request) => request.from_scratch.then(|| EncoderSize { layers: 2, hidden: 128, heads: 2, intermediate: 512, ..self.scratch_size(128) }),
            Goal::Paper(paper) => self.described(paper),
        };
        match scratch.and_then(|size| size.candidate(0.1)) {
            Some(candidate) => Ok(vec![candidate]),
            None => Ok(models::encoders()),
        }
    }

    /// The encoder that a paper describes in full and trains from scratch on its task.
    fn described(&self, paper: &PaperSpec) -> Option<EncoderSize> {
        if self.phase.is_some() || paper.fields.iter().any(|f| f.scope.phase == Some(Phase::PreTraining)) {
            return None;
        }
        let (variant, _) = paper.variants().next()?;
        let hidden = variant.hidden_size? as usize;
        let wanted = Wanted { phase: None, dataset: Some(&self.choice.name), variant: Some(&variant.name) };
        let positions = paper.best(FieldKey::MaxSeqLen, &wanted).and_then(|f| f.value.numbers().first().copied());
        Some(EncoderSize {
            layers: variant.num_layers? as usize,
            hidden,
            heads: variant.num_heads? as usize,
            intermediate: variant.intermediate_size.map_or(4 * hidden, |size| size as usize),
            ..self.scratch_size(positions.map_or(128, |p| p as usize))
        })
    }

    /// A vocabulary in proportion to the data.
    fn scratch_size(&self, positions: usize) -> EncoderSize {
        let vocab = match self.examples {
            0..10_000 => 2_000,
            10_000..100_000 => 8_000,
            _ => 30_522,
        };
        EncoderSize { layers: 0, hidden: 0, heads: 1, intermediate: 0, positions, vocab }
    }
}
