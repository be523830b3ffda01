//! A run's language model: recorded and metered in the run folder, and what its proposals are held against.

use super::Pipeline;
use crate::error::Result;
use crate::intake::{Paper, PaperSpec, told};
use crate::llm::prompt::{ChunkShown, Fenced, Prompt, ReadQuestion, ReadSystem};
use crate::llm::{Allowance, Ask, Chosen, Error, LanguageModel, Meter, Recorder, Recording, Remembered, Spent, TOOK};
use crate::plan::{self, Gate, HostFacts, Plan};
use crate::spec::ExperimentSpec;
use crate::store::{Record, RunFolder};
use serde::Serialize;
use std::collections::BTreeMap;

impl Pipeline<'_> {
    /// Lets `work` ask the language model, within what the allowance leaves it. What was asked is recorded, what it cost is in the ledger.
    pub(super) fn asking<T>(
        &mut self,
        chosen: &Chosen,
        allowance: Allowance,
        host: &HostFacts,
        work: impl FnOnce(&mut Self, &dyn LanguageModel) -> Result<T>,
    ) -> Result<T> {
        let (folder, now, machine_usd) = (self.folder.clone(), self.setup.now, self.machine_usd()?);
        // Who goes on with a run asks nothing twice.
        let path = folder.language_model().path().to_path_buf();
        let recorded = path.is_file().then(|| Recording::open(&path)).transpose()?;
        let allowance = (allowance, machine_usd);
        asking_beside(&folder, now, chosen, allowance, host, |model| work(self, &Remembered::new(model, recorded)))
    }

    /// What this machine has cost the run so far, in US dollars; 0 where nobody knows its price.
    fn machine_usd(&self) -> Result<f64> {
        let Some(usd_per_hour) = self.setup.usd_per_hour else { return Ok(0.0) };
        Ok(plan::usd_of((self.used_before()? + self.begun.elapsed()).as_secs_f64(), usd_per_hour))
    }

    /// What is wrong with an experiment that was proposed in place of `draft`, on a machine such as `host`.
    pub(super) fn wrong_with(&mut self, spec: &ExperimentSpec, draft: &ExperimentSpec, host: &HostFacts) -> Vec<String> {
        let told = |error: crate::error::Error| error.chain();
        if spec.model != draft.model {
            match self.look_at(&spec.model, &mut Vec::new()) {
                Ok(None) => {}
                Ok(Some(absent)) => return vec![format!("`model`: it cannot be had here: {absent}")],
                Err(error) => return told(error),
            }
        }
        let plans = self.plan_for(spec, host).and_then(|plan| Ok((plan, self.plan_for(draft, host)?)));
        match plans {
            Ok((plan, before)) => plan::advised::too_long(&plan, &before).into_iter().chain(not_agreed(&plan, &before)).collect(),
            Err(error) => told(error),
        }
    }
}

/// Lets `work` ask a language model for the run of this folder: what was asked is recorded, within the allowance, and what it cost is in the
/// ledger. `given`: what the questions are made from that may be other on the next machine.
///
/// # Errors
/// The run folder cannot be written, or those of `work`.
pub fn asking<T>(
    folder: &RunFolder,
    now: &dyn Fn() -> String,
    chosen: &Chosen,
    allowance: Allowance,
    given: &impl Serialize,
    work: impl FnOnce(&dyn LanguageModel) -> Result<T>,
) -> Result<T> {
    asking_beside(folder, now, chosen, (allowance, 0.0), given, work)
}

/// The same, where so much of the allowance is gone on the machine.
fn asking_beside<T>(
    folder: &RunFolder,
    now: &dyn Fn() -> String,
    chosen: &Chosen,
    (allowance, machine_usd): (Allowance, f64),
    given: &impl Serialize,
    work: impl FnOnce(&dyn LanguageModel) -> Result<T>,
) -> Result<T> {
    let enter = |record: Record| folder.ledger().append(now(), record).map(|_| ());
    let rows = folder.ledger().read()?;
    let before = Spent::of(rows.iter().map(|row| &row.record));
    let recorder = Recorder::new(&*chosen.model, folder.language_model(), chosen.key.as_ref(), given)?;
    let gone = Spent { usd: before.usd + machine_usd, ..before };
    let meter = Meter::new(&recorder, chosen.price, allowance, gone, &enter);
    let done = work(&meter)?;
    let values = in_numbers(meter.spent(), machine_usd, allowance, chosen.price.is_some());
    enter(Record::Measured { what: format!("what {} {TOOK}", meter.name()), values })?;
    Ok(done)
}

/// Tokens of an answer about a paper: a dozen fields with their quotes.
const MOST_TOKENS: u32 = 2048;

/// Has a language model look in a paper for what no rule found. What it finds is taken where the paper's own words prove it; the rest
/// is told, in words.
///
/// # Errors
/// It gives no answer.
pub fn read_further(model: &dyn LanguageModel, paper: &Paper, spec: &mut PaperSpec) -> std::result::Result<Vec<String>, Error> {
    let Some(wanted) = told::wanted(paper, spec) else { return Ok(Vec::new()) };
    let chunk = |(id, words): &(String, String)| ChunkShown { id: id.clone(), words: Fenced::new("chunk", words, words.len()) };
    let question = ReadQuestion {
        keys: wanted.keys.iter().map(|key| key.to_string()).collect(),
        chunks: wanted.chunks.iter().map(chunk).collect(),
    };
    let ask = Ask::new(ReadSystem {}.text(), question.text(), Some(wanted.schema.clone()), MOST_TOKENS);
    let mut notes = Vec::new();
    let reply = match model.answer(&ask) {
        Ok(reply) => reply,
        // The rules have read it already.
        Err(error @ (Error::Budget { .. } | Error::TooLong { .. })) => {
            return Ok(vec![format!("{} was not asked about the paper: {error}", model.name())]);
        }
        Err(error) => return Err(error),
    };
    notes.extend(reply.notes.iter().cloned());
    let before = spec.fields.len();
    match reply.json().map_err(|error| error.to_string()).and_then(|answer| told::add(paper, spec, &wanted, &answer)) {
        Ok(dropped) => {
            let found = spec.fields.len() - before;
            notes.push(format!("{} found {found} more of what the paper states", model.name()));
            notes.extend(dropped.into_iter().map(|why| format!("dropped: {why}")));
        }
        Err(why) => notes.push(format!("what {} says of the paper cannot be used: {why}", model.name())),
    }
    Ok(notes)
}

/// Terms that nobody was asked to agree to, and that nobody would have been but for the proposal.
fn not_agreed(plan: &Plan, before: &Plan) -> Vec<String> {
    let asking = |plan: &Plan| plan::licensed(&plan.spec, &plan.facts).into_iter().filter(|one| one.gate() == Gate::Ask);
    let known: Vec<String> = asking(before).map(|one| one.what).collect();
    let new = asking(plan).filter(|one| !one.is_accepted(&plan.spec.budget.accept_licenses) && !known.contains(&one.what));
    new.map(|one| format!("`model`: somebody would have to agree to its terms: {}", one.in_words())).collect()
}

/// What was used, but for the machine's part, and what is left, for the ledger and the report.
fn in_numbers(spent: Spent, machine_usd: f64, allowance: Allowance, has_price: bool) -> BTreeMap<String, f64> {
    let tokens = allowance.max_tokens.map(|max| max.saturating_sub(spent.tokens) as f64);
    let usd = allowance.max_usd.map(|max| (max - spent.usd).max(0.0));
    let all = [
        ("tokens", Some(spent.tokens as f64)),
        ("tokens left", tokens),
        ("US dollars", has_price.then_some(spent.usd - machine_usd)),
        ("US dollars left", usd),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{Price, Reply, Usage};

    struct Parrot;

    impl LanguageModel for Parrot {
        fn name(&self) -> String {
            "a parrot".into()
        }
        fn answer(&self, _: &Ask) -> std::result::Result<Reply, Error> {
            let usage = Usage { tokens_in: 10, tokens_out: 5, tokens_cached: 0 };
            Ok(Reply { text: "a word".into(), is_cut: false, usage, secs: 0.1, notes: vec![] })
        }
    }

    #[test]
    fn what_the_machine_has_cost_is_not_spent_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::create(dir.path().join("run")).expect("made");
        let mut chosen = Chosen::of_this_machine(Box::new(Parrot));
        chosen.price = Some(Price { input: 1000.0, output: 1000.0, cached: None });
        let allowance = Allowance { max_tokens: None, max_usd: Some(1.0) };
        // 100 tokens at the most, which are 10 cents.
        let ask = Ask::new("system", "a word", None, 64);
        let answers = |machine_usd: f64| {
            asking_beside(&folder, &String::new, &chosen, (allowance, machine_usd), &(), |model| Ok(model.answer(&ask).is_ok()))
                .expect("a run folder")
        };
        assert!(answers(0.5) && !answers(0.95));
        let ledger = folder.ledger().read().expect("a ledger");
        let Some(Record::Measured { values, .. }) = ledger.last().map(|row| &row.record) else { panic!("{ledger:?}") };
        // The one answer took 15 tokens.
        assert!((values["US dollars"] - 0.015).abs() < 1e-9, "{values:?}");
        assert!((values["US dollars left"] - 0.035).abs() < 1e-9, "{values:?}");
    }
}
