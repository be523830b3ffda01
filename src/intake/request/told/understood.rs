//! What was understood of a request, in a few words: for whoever asks and gets no plan.

use crate::intake::request::{AskedPart, AskedSplit, DataName, ModelName, Request, SplitBy};
use crate::words::{bytes, duration, plain};

impl Request {
    /// Its settings, each in words; empty where there are none.
    pub fn understood(&self) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        let mut add = |name: &str, value: Option<String>| said.extend(value.map(|value| format!("{name} {value}")));
        add("model", self.model.as_ref().map(of_model));
        add("data", self.data.as_ref().map(of_data));
        add("task", self.task.map(|task| task.in_words().to_string()));
        add("label", self.label.clone());
        add("inputs", (!self.input.is_empty()).then(|| self.input.join(", ")));
        add("without", (!self.exclude.is_empty()).then(|| self.exclude.join(", ")));
        add("for the test", self.tested.map(AskedPart::in_words));
        for AskedSplit { by, .. } in &self.parted {
            match by {
                SplitBy::Group(column) | SplitBy::Some { of: column, .. } => {
                    add("together the rows of one", Some(column.clone()));
                }
                SplitBy::Border(from) => add("held out from", Some(format!("{from} on"))),
            }
        }
        add("epochs", self.epochs.map(plain));
        add("steps", self.steps.map(|steps| steps.to_string()));
        add("batch size", self.batch_size.map(|size| size.to_string()));
        add("learning rate", self.lr.map(plain));
        add("optimizer", self.optimizer.map(|kind| kind.name().to_string()));
        add("weight decay", self.weight_decay.map(plain));
        add("dropout", self.dropout.map(plain));
        add("patience", self.patience.map(|patience| patience.to_string()));
        add("longest text", self.max_seq_len.map(|len| format!("{len} tokens")));
        add("adapter rank", self.adapter.and_then(|adapter| adapter.rank).map(|rank| rank.to_string()));
        add("training examples", self.max_examples.map(|count| count.to_string()));
        add("metric", self.metric.map(|metric| metric.in_words().to_string()));
        add("target", self.target.map(plain));
        let seeds: Vec<String> = self.seeds.iter().map(u64::to_string).collect();
        add("seeds", (!seeds.is_empty()).then(|| seeds.join(", ")));
        add("time", self.max_time_secs.map(|secs| duration(secs as f64)));
        add("memory", self.max_memory_bytes.map(|most| bytes(most as f64)));
        said
    }
}

fn of_model(model: &ModelName) -> String {
    match model {
        ModelName::Called { name } => name.clone(),
        ModelName::At { id } => id.clone(),
    }
}

fn of_data(data: &DataName) -> String {
    match data {
        DataName::Known { name } | DataName::Generated { name } => name.clone(),
        DataName::Hub { id, .. } => id.clone(),
        DataName::Url { url } => url.clone(),
        DataName::Local { path } => path.display().to_string(),
    }
}
