//! The stages before the experiment file: a paper or a request -> `spec.toml`.

use super::Pipeline;
use super::stages::{making, supervisor};
use crate::data::{self, hub};
use crate::error::{Class, Failure, Result};
use crate::intake::{self, ModelName, Opened, Paper, PaperSpec, Request, SourceRecord};
use crate::job::Job;
use crate::llm::{Allowance, Chosen};
use crate::plan::advised::AdvisedPlanner;
use crate::plan::{
    AtHand, DataChoice, DataFacts, Draft, Goal, HostFacts, ModelFacts, Offer, Planner, PlannerError, Wishes, secs_for,
};
use crate::run::{Outcome, READING_MEMORY, Supervisor, Watch};
use crate::spec::{self, Columns, Deviation, ExperimentSpec, ModelSpec, Task, TokenizerSpec};
use crate::store::Stage;
use crate::words::quoted;
use std::cell::RefCell;
use std::path::PathBuf;

/// Name of the run that reads a paper: its attempts lie beside those of training.
const READ: &str = "read-paper";

/// An experiment whose data and model are there.
struct Found {
    spec: ExperimentSpec,
    /// All that were proposed.
    others: Vec<ExperimentSpec>,
    choice: DataChoice,
    data: DataFacts,
    /// The model that was asked for by id or folder.
    model: Option<ModelFacts>,
    /// Models that lie here, where one was asked for without an id.
    at_hand: Vec<AtHand>,
    /// The machine that was planned for.
    host: HostFacts,
}

/// The worker that read the paper did not come to an end.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.words())]
struct NotRead {
    name: String,
    outcome: Outcome,
}

impl NotRead {
    fn words(&self) -> String {
        match &self.outcome {
            Outcome::Refused { message, .. } => message.clone(),
            other => format!("`{}` could not be read: {other}", self.name),
        }
    }

    /// It was not a smaller limit of the user's own that was too small.
    fn unpacks_to_too_much(&self) -> bool {
        matches!(self.outcome, Outcome::OutOfMemory { limit_bytes: Some(limit), .. } if limit >= READING_MEMORY)
    }
}

/// The run was killed before its first file was there.
#[derive(Debug, thiserror::Error)]
#[error("{}: the run ended before it had written down what was asked for: there is nothing to resume", path.display())]
struct NothingYet {
    path: PathBuf,
}

impl Failure for NothingYet {
    fn class(&self) -> Class {
        Class::Spec
    }

    fn hint(&self) -> Option<String> {
        let place = crate::words::shell(&self.path);
        Some(format!("give the command again, for another place, or for this one after `rm -r {place}`"))
    }
}

impl Failure for NotRead {
    /// A parser that dies on a file has met a file that it cannot read; so has one that needs far more memory than papers do.
    fn class(&self) -> Class {
        match self.outcome.class() {
            None | Some(Class::Bug) => Class::Paper,
            Some(Class::Resource) if self.unpacks_to_too_much() => Class::Paper,
            Some(class) => class,
        }
    }
    fn hint(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Refused { hint, .. } => hint.clone(),
            _ if self.unpacks_to_too_much() => {
                Some("papers take a tenth of that: give it in another form, or its arXiv id".into())
            }
            _ => None,
        }
    }
}

/// None of several data sets that would serve can be had.
#[derive(Debug, thiserror::Error)]
#[error("none of the data sets that would serve can be had here: {}", looked.join(", "))]
struct NoneThere {
    looked: Vec<String>,
    #[source]
    first: data::Error,
}

impl Failure for NoneThere {
    fn class(&self) -> Class {
        self.first.class()
    }
    fn hint(&self) -> Option<String> {
        Some("`--data` names other data for the same model and recipe: a Hub id, a file, or one that Tallow makes".into())
    }
}

impl Pipeline<'_> {
    /// Begins with a paper: its file goes into the run folder.
    pub fn begin_with_paper(&mut self, paper: &Opened, wishes: &Wishes) -> Result<()> {
        self.folder.write_json(&self.folder.wishes(), wishes)?;
        self.folder.write_json(&self.folder.paper_source(), &paper.record)?;
        let path = self.folder.paper_file(paper.record.format.extension());
        self.stage(Stage::Paper, &path, |this| Ok(this.folder.write_bytes(&path, &paper.bytes)?))?;
        self.read_paper().map(|_| ())
    }

    /// Begins with a request.
    pub fn begin_with_request(&mut self, request: &Request, wishes: &Wishes) -> Result<()> {
        let is_set = |key: &String| wishes.set.iter().any(|(other, _)| other == key);
        let said = request.budget().into_iter().filter(|(key, _)| !is_set(key));
        let set = wishes.set.iter().cloned().chain(said).collect();
        self.folder.write_json(&self.folder.wishes(), &Wishes { set, ..wishes.clone() })?;
        let path = self.folder.request();
        self.stage(Stage::Request, &path, |this| Ok(this.folder.write_json(&this.folder.request(), request)?))
    }

    /// Writes the experiment, unless it is there; one that was edited since is heeded.
    pub(super) fn propose(&mut self) -> Result<()> {
        let path = self.folder.spec();
        if path.is_file() {
            return self.heed_edits();
        }
        let goal = if self.folder.request().is_file() {
            Goal::Request(self.folder.read_json(&self.folder.request())?)
        } else if self.folder.paper_source().is_file() || self.folder.paper_spec().is_file() {
            Goal::Paper(Box::new(self.read_paper()?))
        } else {
            return Err(NothingYet { path: self.folder.root().to_path_buf() }.into());
        };
        if let Goal::Request(Request { read_as: Some(reading), .. }) = &goal {
            self.watch.say(&format!("reading the request as \"{reading}\""));
        }
        let wishes: Wishes = self.folder.read_json(&self.folder.wishes())?;
        self.stage(Stage::Spec, &path, |this| {
            let proposed = this.proposal(&goal, &wishes)?;
            Ok(this.folder.write_text(&this.folder.spec(), &spec::to_toml(&proposed))?)
        })
    }

    /// The paper's file -> what it holds and what it says, by a worker in its jail.
    fn read_paper(&mut self) -> Result<PaperSpec> {
        let path = self.folder.paper_spec();
        if !path.is_file() {
            self.watch.say("reading the paper");
            let number = self.next_attempt(READ)?;
            let supervisor = supervisor(&self.folder, &self.setup, &self.limits);
            let source: SourceRecord = self.folder.read_json(&self.folder.paper_source())?;
            let (paper, mut spec) = read_paper(&supervisor, number, source, self.watch)?;
            self.ask_about(&paper, &mut spec)?;
            self.folder.write_json(&self.folder.paper(), &paper)?;
            self.stage(Stage::PaperSpec, &path, |this| Ok(this.folder.write_json(&this.folder.paper_spec(), &spec)?))?;
        }
        Ok(self.folder.read_json(&path)?)
    }

    /// Has the language model that was asked for, if any, look for what the rules did not find.
    fn ask_about(&mut self, paper: &Paper, spec: &mut PaperSpec) -> Result<()> {
        let wishes: Wishes = self.folder.read_json(&self.folder.wishes())?;
        let Some(chosen) = (self.setup.language_model)(&wishes)? else { return Ok(()) };
        let host = chosen.given().map_or_else(|| (self.setup.host)(), Ok)?;
        self.asking(&chosen, Allowance::of_keys(&wishes.set), &host, |this, model| {
            this.watch.say(&format!("asking {} about the paper", model.name()));
            super::read_further(model, paper, spec)?.iter().for_each(|note| this.watch.say(note));
            Ok(())
        })
    }

    /// The planner's experiment with the user's own keys laid over it; a language model may have had a look at it.
    fn proposal(&mut self, goal: &Goal, wishes: &Wishes) -> Result<ExperimentSpec> {
        let chosen = (self.setup.language_model)(wishes)?;
        let (goal, wishes) = &self.with_model_here(goal, wishes)?;
        let wishes = &self.afforded(goal, wishes);
        // The questions of a recording come up again on the machine that they were made for.
        let recorded = chosen.as_ref().and_then(Chosen::given);
        let Found { spec, others, choice, data, model, at_hand, host } = self.choose(goal, wishes, recorded)?;
        let spec = laid_over(spec, goal, wishes)?;
        let Some(chosen) = chosen else { return Ok(spec) };
        // One that the user's keys do not fit is none.
        let others = others.into_iter().filter_map(|other| laid_over(other, goal, wishes).ok()).collect();
        let allowance = Allowance { max_tokens: spec.budget.max_tokens, max_usd: spec.budget.max_usd };
        let (draft, rules) = (Draft { spec: spec.clone(), others }, self.setup.planner);
        self.asking(&chosen, allowance, &host, |this, adviser| {
            this.watch.say(&format!("asking {}", adviser.name()));
            let offer = Offer { data: &data, model: model.as_ref(), host: &host, absent: &[], at_hand: &at_hand };
            let planner = AdvisedPlanner::new(rules, adviser);
            let mut inspect = |proposed: &ExperimentSpec| this.wrong_with(proposed, &spec, &host);
            let revised = planner.revise((goal, wishes), &choice, &offer, draft, &mut inspect)?;
            revised.notes.iter().for_each(|note| this.watch.say(note));
            Ok(revised.spec)
        })
    }

    /// The same with the id of a model that lies here, where one was called by its name alone.
    fn with_model_here(&mut self, goal: &Goal, wishes: &Wishes) -> Result<(Goal, Wishes)> {
        let (mut goal, mut wishes) = (goal.clone(), wishes.clone());
        // Of one that is called by its id only another form of its file is meant.
        let (name, found) = match goal.model(&wishes) {
            Some(ModelName::Called { name }) => (name, self.setup.hub.called(name).map_err(data::Error::from)?),
            Some(ModelName::At { id }) => (id, None),
            None => return Ok((goal, wishes)),
        };
        let Some(id) = found.or_else(|| self.setup.hub.as_gguf(name)) else { return Ok((goal, wishes)) };
        let what = if id.to_lowercase().ends_with("-gguf") && !name.to_lowercase().ends_with("gguf") {
            "holds as a GGUF"
        } else {
            "is called"
        };
        self.watch.say(&format!("taking the model {id}, which lies here and {what} {name}"));
        let model = Some(ModelName::At { id });
        match (&mut goal, wishes.model.is_some()) {
            (Goal::Request(request), false) => request.model = model,
            (Goal::Request(_) | Goal::Paper(_), _) => wishes.model = model,
        }
        Ok((goal, wishes))
    }

    /// Wishes that also say what the money buys, where an hour of this machine has a price.
    fn afforded(&self, goal: &Goal, wishes: &Wishes) -> Wishes {
        let max_usd = Allowance::of_keys(&wishes.set).max_usd;
        let secs = max_usd.zip(self.setup.usd_per_hour).and_then(|(usd, per_hour)| secs_for(usd, per_hour));
        let of_request = if let Goal::Request(request) = goal { request.max_time_secs } else { None };
        let asked = wishes.max_time_secs.or(of_request).map_or(f64::INFINITY, |secs| secs as f64);
        let affordable_secs = secs.filter(|secs| *secs < asked).map(|secs| (secs as u64).max(1));
        Wishes { affordable_secs, ..wishes.clone() }
    }

    /// The planner's best experiment whose data and model are there.
    fn choose(&mut self, goal: &Goal, wishes: &Wishes, recorded: Option<HostFacts>) -> Result<Found> {
        let planner = self.setup.planner;
        let (choice, data) = self.first_data(planner.data(goal, wishes)?)?;
        let model = match goal.model(wishes) {
            Some(ModelName::At { id }) => {
                Some(data::survey_model(self.setup.hub, &ModelSpec::Pretrained { id: id.clone(), revision: None })?)
            }
            _ => None,
        };
        let at_hand = if goal.wants_weights(wishes) { data::models_at_hand(self.setup.hub) } else { Vec::new() };
        let (mut absent, mut first_error) = (Vec::new(), None);
        let host = recorded.map_or_else(|| (self.setup.host)(), Ok)?;
        loop {
            let known = absent.len();
            let offer = Offer { data: &data, model: model.as_ref(), host: &host, absent: &absent, at_hand: &at_hand };
            match (planner.experiments(goal, wishes, &choice, &offer), first_error.take()) {
                (Ok(others), before) => match self.first_model(others.clone(), &mut absent)? {
                    Ok(spec) => return Ok(Found { spec, others, choice, data, model, at_hand, host }),
                    // The planner would propose the same again.
                    Err(error) if absent.len() == known => return Err(before.unwrap_or(error).into()),
                    // The planner is asked for what is left: it may say that none of it fits.
                    Err(error) => first_error = before.or(Some(error)),
                },
                // Too little for a model that cannot be had is no reason.
                (Err(PlannerError::Budget { model, .. }), before) if !self.is_there(&model, &mut absent)? => first_error = before,
                (Err(PlannerError::NoModel { .. }), Some(absent)) => return Err(absent.into()),
                (Err(error), _) => return Err(error.into()),
            }
        }
    }

    pub(super) fn first_data(&mut self, choices: Vec<DataChoice>) -> Result<(DataChoice, DataFacts)> {
        let (sources, watch) = (self.folder.sources(), RefCell::new(&mut *self.watch));
        let tell = |message: &str| watch.borrow_mut().say(message);
        let (setup, making) = (&self.setup, making(&self.setup, &sources, &tell));
        let mut first_error = None;
        let mut looked: Vec<String> = choices.iter().map(|choice| choice.name.clone()).collect();
        looked.dedup();
        for choice in choices {
            tell(&format!("looking at the data set {}", choice.name));
            let survey_with = |task: Option<Task>, columns: &Columns| {
                let hints = data::DataSpecHints {
                    task,
                    columns: columns.clone(),
                    perhaps: choice.perhaps.clone(),
                    splits: choice.splits.clone(),
                    ..data::DataSpecHints::default()
                };
                data::survey_data(setup.hub, &choice.source, &hints, &making)
            };
            // Columns called by the languages are meant; others serve as well.
            let by_languages = choice.languages.clone().filter(|_| choice.columns == Columns::default());
            let by_languages =
                by_languages.map(|[from, to]| Columns { input: vec![from], label: Some(to), ..Columns::default() });
            let survey = |task: Option<Task>| match by_languages.as_ref().map(|columns| survey_with(task, columns)) {
                None | Some(Err(data::Error::NoColumn { .. })) => survey_with(task, &choice.columns),
                Some(found) => found,
            };
            // A model that tells words tells those of answers, where the rows are conversations.
            let of_conversations = |facts: &DataFacts| facts.task.is_some_and(Task::is_of_conversations);
            let tells_words = choice.task == Some(Task::LanguageModelling);
            let found = tells_words.then(|| survey(None).ok().filter(of_conversations)).flatten();
            match found.map_or_else(|| survey(choice.task), Ok) {
                Ok(facts) => return Ok((DataChoice { task: facts.task.or(choice.task), ..choice }, facts)),
                Err(error) if is_absent(&error) => drop(first_error.get_or_insert(error)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(match first_error {
            None => spec::Error::Empty { what: "data sets" }.into(),
            Some(first) if looked.len() > 1 => NoneThere { looked, first }.into(),
            Some(only) => only.into(),
        })
    }

    /// The first whose model can be had; those that cannot are named in what is run instead, and noted as `absent`. None can: why
    /// not the first.
    fn first_model(
        &mut self,
        proposals: Vec<ExperimentSpec>,
        absent: &mut Vec<String>,
    ) -> Result<std::result::Result<ExperimentSpec, data::Error>> {
        let mut first_error = None;
        for mut spec in proposals {
            match self.look_at(&spec.model, absent)? {
                None => {
                    tell_passed_over(&mut spec, absent);
                    return Ok(Ok(spec));
                }
                Some(error) => drop(first_error.get_or_insert(error)),
            }
        }
        first_error.map(Err).ok_or_else(|| spec::Error::Empty { what: "experiments" }.into())
    }

    fn is_there(&mut self, model: &ModelSpec, absent: &mut Vec<String>) -> Result<bool> {
        Ok(self.look_at(model, absent)?.is_none())
    }

    /// Why a model cannot be had; its id is noted as `absent` then.
    pub(super) fn look_at(&mut self, model: &ModelSpec, absent: &mut Vec<String>) -> Result<Option<data::Error>> {
        if let ModelSpec::Pretrained { id, .. } = model {
            self.watch.say(&format!("looking at the model {id}"));
        }
        match data::survey_model(self.setup.hub, model) {
            Ok(_) => Ok(None),
            Err(error) if is_absent(&error) => {
                if let data::Error::Hub(gated @ hub::Error::Gated { .. }) = &error {
                    // Another may do; but whoever wants this one can have it.
                    self.watch.say(&format!("{gated}: {}", gated.hint().unwrap_or_default()));
                }
                // Of a model from scratch it is the tokenizer that is not there.
                if let ModelSpec::Pretrained { id, .. } | ModelSpec::Scratch { tokenizer: Some(TokenizerSpec::Of(id)), .. } =
                    model
                {
                    absent.push(id.clone());
                }
                Ok(Some(error))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Attempt `number` at reading the paper of a run folder: a worker in its jail reads it, for a paper is hostile input.
///
/// # Errors
/// The paper cannot be read.
pub fn read_paper(
    supervisor: &Supervisor<'_>,
    number: u32,
    source: SourceRecord,
    watch: &mut dyn Watch,
) -> Result<(Paper, PaperSpec)> {
    let folder = supervisor.folder;
    let (paper, out) = (folder.paper_file(source.format.extension()), folder.attempt(READ, number).work());
    let name = source.name.clone();
    let job = Job::Read { paper: paper.clone(), source: Box::new(source), out: out.clone() };
    let attempt = supervisor.attempt(READ, number, &job, vec![paper], watch)?;
    if attempt.outcome != Outcome::Completed {
        return Err(NotRead { name, outcome: attempt.outcome }.into());
    }
    // What a worker wrote is believed only as far as it is of its type, and of a size.
    Ok((folder.read_left(&out.join(intake::PAPER_FILE))?, folder.read_left(&out.join(intake::PAPER_SPEC_FILE))?))
}

/// It is not there, or not in a form that can be used: another choice may be. (That the Hub cannot be reached is no such case.)
fn is_absent(error: &data::Error) -> bool {
    use data::Error::{Hub, NoConfig, NoData, NoTokenizer, NoWeights};
    use hub::Error::{Gated, NotFound, Offline};
    let of_hub = matches!(error, Hub(NotFound { .. } | Gated { .. } | Offline { .. }));
    of_hub || matches!(error, NoWeights { .. } | NoTokenizer { .. } | NoData { .. } | NoConfig { .. })
}

fn tell_passed_over(spec: &mut ExperimentSpec, passed_over: &[String]) {
    if passed_over.is_empty() {
        return;
    }
    let told = format!("not to be had here: {}", quoted(passed_over));
    match spec.deviations.iter_mut().find(|d| d.field == "model") {
        Some(deviation) => deviation.reason = format!("{}; {told}", deviation.reason),
        None => spec.assumptions.push(format!("model: {told}")),
    }
}

/// The proposal with the user's own keys laid over it, checked like any experiment file.
fn laid_over(mut proposed: ExperimentSpec, goal: &Goal, wishes: &Wishes) -> Result<ExperimentSpec> {
    if matches!(goal, Goal::Paper(_)) {
        proposed.deviations.extend(wishes.set.iter().map(|(key, value)| Deviation {
            field: key.clone(),
            stated: "what the paper says, or the default".into(),
            used: value.clone(),
            reason: "asked for on the command line".into(),
        }));
    }
    let mut spec = spec::parse_with(&spec::to_toml(&proposed), "the proposed experiment", &wishes.set)?;
    // Whoever names a key to leave as it is does not open the others; an empty list does.
    if let (Some(search), Some(said)) = (&mut spec.search, &proposed.search)
        && !search.fixed.is_empty()
    {
        said.fixed.iter().for_each(|key| search.fix(key));
    }
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Search;

    #[test]
    fn who_names_a_key_to_leave_as_it_is_does_not_open_the_others() {
        let preset = include_str!("../../presets/toy_bert.toml");
        let goal = Goal::Request(intake::parse_request("a small BERT on toy_reviews, 2 epochs", |_| None));
        let fixed = |list: &str| {
            let mut proposed = spec::parse(preset, "x.toml").expect("an experiment");
            proposed.search = Some(Search { fixed: vec!["recipe.length".into()], ..Search::default() });
            let wishes = Wishes { set: vec![("search.fixed".into(), list.into())], ..Wishes::default() };
            laid_over(proposed, &goal, &wishes).expect("an experiment").search.expect("a search").fixed
        };
        assert_eq!(fixed("[\"recipe.lr\"]"), ["recipe.lr", "recipe.length"]);
        assert_eq!(fixed("[]"), [""; 0]);
    }
}
