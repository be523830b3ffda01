//! What a script needs that takes an experiment's place: the data as files that it can read, and in words what it is wanted for.

use super::Pipeline;
use crate::data::{self, Handed};
use crate::error::Result;
use crate::intake::ModelName;
use crate::plan::{self, DataFacts, Goal, Wishes};
use crate::publish::redacted;

/// What a script is wanted for, and what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub words: String,
    /// As the request has it.
    pub max_time_secs: Option<u64>,
    pub facts: DataFacts,
    pub handed: Handed,
}

impl Pipeline<'_> {
    /// Looks for the data that was asked for, whatever model it is for, and writes it where a script finds it. The run folder holds a
    /// request, or a paper that was read.
    ///
    /// # Errors
    /// There is no such data, or it cannot be read or written.
    pub fn hand_over(&mut self) -> Result<Wanted> {
        let goal = match self.folder.request().is_file() {
            true => Goal::Request(self.folder.read_json(&self.folder.request())?),
            false => Goal::Paper(Box::new(self.folder.read_json(&self.folder.paper_spec())?)),
        };
        let wishes: Wishes = self.folder.read_json(&self.folder.wishes())?;
        let (choice, facts) = self.first_data(self.setup.planner.data_of_script(&goal, &wishes)?)?;
        self.watch.say(&format!("writing the data set {} for a script", choice.name));
        let into = self.folder.handed_over();
        let handed = data::hand_over(&facts, &into)?;
        let max_time_secs = match &goal {
            Goal::Request(request) => request.max_time_secs,
            Goal::Paper(_) => None,
        };
        Ok(Wanted { words: words(&goal, &wishes), max_time_secs, facts, handed })
    }
}

/// What was asked for, with what the command line says besides.
fn words(goal: &Goal, wishes: &Wishes) -> String {
    let mut lines = vec![plan::advised::wanted(goal)];
    let mut put = |what: &str, value: Option<String>| lines.extend(value.map(|value| format!("{what}: {value}")));
    let model = wishes.model.as_ref().map(|model| match model {
        ModelName::Called { name } => name.clone(),
        ModelName::At { id } => id.clone(),
    });
    put("model", model);
    put("epochs", wishes.epochs.map(crate::words::plain));
    put("training examples at most", wishes.max_examples.map(|most| most.to_string()));
    wishes.set.iter().filter(|(key, _)| !key.starts_with("budget.")).for_each(|(key, value)| put(key, Some(redacted(value))));
    lines.join("\n")
}
