//! Sections of an experiment that only some tasks have.

use super::brief::Brief;
use super::models::Candidate;
use super::paper::Drafted;
use crate::data::PairKind;
use crate::intake::{AskedPair, language};
use crate::spec::{Compared, Deviation, ModelSpec, Preference, Similarity, Speech, Task, TextToText};
use crate::words;
use tallow_zoo::ModelConfig;

impl Brief<'_> {
    /// How far DPO may go from the model that it begins with, and the smoothing of its labels, where one of them was said.
    pub(super) fn preference(&self, drafted: &mut Drafted) -> Option<Preference> {
        let beta = self.request().and_then(|request| request.beta);
        if self.task == Task::PreferenceOptimization {
            let label_smoothing = std::mem::take(&mut drafted.recipe.label_smoothing);
            let usual = Preference::default();
            return (beta.is_some() || label_smoothing > 0.0)
                .then(|| Preference { beta: beta.unwrap_or(usual.beta), label_smoothing });
        }
        let beta = beta?;
        drafted.deviations.push(Deviation {
            field: "preference.beta".into(),
            stated: format!("a beta of {}", words::plain(beta)),
            used: "none".into(),
            reason: format!("it is one of DPO, and this is {}", self.task.in_words()),
        });
        None
    }

    /// The usual for such pairs, with the scale that was asked for.
    pub(super) fn similarity(&self) -> Option<Similarity> {
        if self.task != Task::SentenceSimilarity {
            return None;
        }
        let asked = self.request().and_then(|request| request.similarity_scale);
        Some(match (Similarity::usual(self.offer.data.columns.label.is_some()), asked) {
            (Similarity::Contrastive { .. }, Some(scale)) => Similarity::Contrastive { scale },
            (Similarity::Cosent { .. }, Some(scale)) => Similarity::Cosent { scale },
            (usual, _) => usual,
        })
    }

    /// A pretrained Whisper is told what is spoken, where somebody said so.
    pub(super) fn speech(&self, candidate: &Candidate) -> Option<Speech> {
        let request = self.request().filter(|_| self.task == Task::SpeechRecognition)?;
        let pretrained = matches!(candidate.spec, ModelSpec::Pretrained { .. });
        let language = request.speech.as_ref().and_then(|speech| speech.language.clone()).filter(|_| pretrained);
        let usual = Speech::default();
        let is_plain = request.speech.as_ref().is_some_and(|speech| speech.compared_plainly);
        (language.is_some() || request.num_beams.is_some() || is_plain).then_some(Speech {
            compared: if is_plain { Compared::LowercaseWithoutPunctuation } else { usual.compared },
            language,
            num_beams: request.num_beams.unwrap_or(usual.num_beams),
            ..usual
        })
    }

    /// A pretrained T5 knows its tasks by words before the source; how many texts are followed at once may be said of any.
    pub(super) fn text_to_text(&self, candidate: &Candidate) -> Option<TextToText> {
        let prefix = self.prefix(candidate);
        let request = self.request().filter(|_| self.task == Task::TextToText);
        let beams = request.and_then(|request| request.num_beams);
        let max_target_len = request.and_then(|request| request.max_target_len);
        let usual = TextToText::default();
        (prefix.is_some() || beams.is_some() || max_target_len.is_some()).then_some(TextToText {
            prefix: prefix.unwrap_or_default(),
            max_target_len,
            num_beams: beams.unwrap_or(usual.num_beams),
            ..usual
        })
    }

    fn prefix(&self, candidate: &Candidate) -> Option<String> {
        let pretrained = matches!((&candidate.spec, &candidate.config), (ModelSpec::Pretrained { .. }, ModelConfig::T5(_)));
        let pair = self.request().and_then(|request| request.pair.as_ref());
        let columns = &self.offer.data.columns;
        let prefix = match (pair, PairKind::of(columns)) {
            _ if !pretrained || self.task != Task::TextToText => return None,
            (Some(AskedPair::Summary), _) | (None | Some(AskedPair::Any), PairKind::Summary) => "summarize: ".to_string(),
            // Neither the request nor the columns say which languages.
            (Some(AskedPair::Translation { from: None, to: None }), PairKind::Summary | PairKind::Other) => return None,
            (Some(AskedPair::Translation { .. }), _) | (None | Some(AskedPair::Any), PairKind::Translation) => {
                let code = |name: &String| name.rsplit('.').next().unwrap_or(name).to_string();
                let asked = match pair {
                    Some(AskedPair::Translation { from, to }) => [from.clone(), to.clone()],
                    _ => [None, None],
                };
                let named = [columns.input.first(), columns.label.as_ref()].map(|name| name.map(code).unwrap_or_default());
                let [from, to] = [0, 1].map(|i| asked[i].clone().unwrap_or_else(|| named[i].clone()));
                format!("translate {} to {}: ", language(&from), language(&to))
            }
            (None | Some(AskedPair::Any), PairKind::Other) => return None,
        };
        Some(prefix)
    }
}
