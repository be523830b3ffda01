//! What is said of the metrics that were asked for.

use super::brief::Brief;
use super::paper::Drafted;
use crate::intake::Lack;
use crate::spec::{Metric, Task, tell_entities};
use tallow_zoo::HeadKind;

impl Brief<'_> {
    /// Where another metric is taken than somebody may mean.
    pub(super) fn say_of_metric(&self, out: &mut Drafted) {
        let labels = &self.offer.data.labels;
        let lacking = self.request().map(|request| request.lacking.as_slice()).unwrap_or_default();
        for lacking in lacking.iter().filter(|lacking| lacking.of == Lack::Metric && self.measured(&lacking.words).is_none()) {
            let all: Vec<&str> = Metric::of(self.task).map(Metric::in_words).collect();
            let reason = format!("it is not measured here; of {} there are {}", self.task.in_words(), all.join(", "));
            out.deviate("metric", lacking.words.clone(), self.metric.in_words(), &reason);
        }
        self.say_of_further_metrics(out);
        if self.task == Task::SentenceSimilarity
            && let Some(asked) = self.request().and_then(|request| request.metric).map(|asked| asked.as_of(self.task))
            && asked.serves(self.task)
            && asked != self.metric
        {
            let reason = match self.offer.data.columns.label {
                None => "it is of pairs with a score, and no column is known to hold one: `label COLUMN` says which does",
                Some(_) => "it is of texts that belong together, and these have a score",
            };
            out.deviate("metric", asked.in_words(), self.metric.in_words(), reason);
        }
        if self.metric == Metric::MacroF1 && self.request().and_then(|request| request.metric) == Some(Metric::F1) {
            out.assumptions.push(format!("metric: macro F1, for F1 is of one class of two, and there are {}", labels.len()));
        }
        if let (Task::TokenClassification, Metric::Accuracy, [first, ..]) = (self.task, self.metric, labels.as_slice())
            && !tell_entities(labels)
            && self.request().is_none_or(|request| request.metric.is_none())
        {
            out.assumptions.push(format!("metric: accuracy of words, for their tags, such as `{first}`, are no entities"));
        }
    }

    /// Of several that are to be reported one is the verdict's.
    fn say_of_further_metrics(&self, out: &mut Drafted) {
        let Some(request) = self.request() else { return };
        let (task, data) = (self.task, &self.offer.data);
        let is_of_several = task.head() == HeadKind::Classes && data.labels.len() > 2;
        let is_measured = |metric: &Metric| {
            metric.serves(task) && (task != Task::SentenceSimilarity || metric.is_of_scores() == data.columns.label.is_some())
        };
        let (mut beside, mut none) = (Vec::new(), Vec::new());
        let lacking = request.lacking.iter().filter(|lacking| lacking.of == Lack::Metric);
        let of_task: Vec<Metric> = lacking.filter_map(|lacking| self.measured(&lacking.words)).flatten().collect();
        for metric in request.further_metrics.iter().chain(&of_task) {
            let metric = match metric.as_of(task) {
                Metric::F1 if is_of_several => Metric::MacroF1,
                own => own,
            };
            let list = if is_measured(&metric) { &mut beside } else { &mut none };
            if metric != self.metric && !list.contains(&metric.in_words()) {
                list.push(metric.in_words());
            }
        }
        if !beside.is_empty() {
            let (own, beside) = (self.metric.in_words(), beside.join(", "));
            out.assumptions.push(format!("metric: {own} is what the verdict is read from; beside it the report has {beside}"));
        }
        if !none.is_empty() {
            let reason = format!("nothing is measured so of {}", task.in_words());
            out.deviate("metric", none.join(", "), self.metric.in_words(), &reason);
        }
    }

    /// Words for measures that most tasks have not, where the data turned out to be for one that has all of them.
    fn measured(&self, words: &str) -> Option<Vec<Metric>> {
        if self.task != Task::TokenClassification {
            return None;
        }
        let own = |words: &str| match words.rsplit(' ').next().map(str::to_lowercase).as_deref() {
            Some("precision") => Some(Metric::EntityPrecision),
            Some("recall") => Some(Metric::EntityRecall),
            _ => None,
        };
        words.split(", ").map(own).collect()
    }
}
