//! A language model without a server: weights on this machine, run by a worker in its jail, which answers one question and ends. The worker
//! reads the model's files and nothing else, and no network is there.

use super::made::files;
use super::stages::next_attempt;
use crate::data::hub::Hub;
use crate::job::{Event, GenerateJob, Job, Prompt, Speaker, Turn};
use crate::llm::{self, Ask, LanguageModel, Reply, Usage};
use crate::plan::ModelFacts;
use crate::run::{Outcome, SILENCE, Supervisor, Watch};
use crate::sandbox::Level;
use crate::spec::ModelSpec;
use crate::store::RunFolder;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use tallow_zoo::{HeadKind, Search};

/// What it needs of the world.
pub struct Worker {
    /// This binary.
    pub program: PathBuf,
    pub level: Level,
    pub threads: usize,
    /// Set when the user wants to stop.
    pub stop: &'static AtomicBool,
    /// UTC, RFC 3339.
    pub now: fn() -> String,
    /// Where what its workers are told and tell lies.
    pub folder: RunFolder,
}

/// The model.
pub struct Embedded {
    name: String,
    facts: ModelFacts,
    worker: Worker,
}

/// The attempts' name.
const ANSWER: &str = "answer";

impl Embedded {
    /// `model`: a folder, a GGUF file, or a Hub id.
    ///
    /// # Errors
    /// The model is not there, or does not write: nothing has been asked yet.
    pub fn open(hub: &Hub, model: &str, worker: Worker) -> Result<Self, crate::error::Error> {
        let facts = crate::data::survey_model(hub, &ModelSpec::Pretrained { id: model.into(), revision: None })?;
        if facts.config.head().kind() != HeadKind::Words || facts.config.pair_ids().is_some() {
            return Err(super::made::silent(&facts).into());
        }
        files(&facts)?;
        let short = model.trim_end_matches('/').rsplit('/').next().unwrap_or(model);
        Ok(Embedded { name: format!("{short} in Tallow itself"), facts, worker })
    }

    fn job(&self, ask: &Ask) -> Result<(GenerateJob, Vec<PathBuf>), llm::Error> {
        let weights = files(&self.facts).map_err(|error| self.failing(error.to_string()))?;
        let tokenizer = self.facts.tokenizer.clone().ok_or_else(|| self.failing("it has no tokenizer".into()))?;
        let turn = |turn: &llm::Turn| Turn {
            by: match turn.by {
                llm::Speaker::User => Speaker::User,
                llm::Speaker::Model => Speaker::Assistant,
            },
            text: turn.text.clone(),
        };
        let system = (!ask.system.is_empty()).then(|| Turn { by: Speaker::System, text: ask.system.clone() });
        let readable = weights.paths().into_iter().chain([tokenizer.clone()]).collect();
        let job = GenerateJob {
            model: self.facts.config.clone(),
            weights,
            tokenizer,
            prompt: Prompt::Turns {
                turns: system.into_iter().chain(ask.turns.iter().map(turn)).collect(),
                format: self.facts.chat.clone(),
            },
            hearing: None,
            max_new_tokens: ask.max_tokens as usize,
            ends: self.facts.ends.clone(),
            search: Search::Greedy,
            schema: ask.schema.clone(),
            stream: false,
            threads: self.worker.threads,
        };
        Ok((job, readable))
    }

    fn failing(&self, why: String) -> llm::Error {
        llm::Error::Failing { model: self.name.clone(), attempts: 1, why }
    }
}

impl LanguageModel for Embedded {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn answer(&self, ask: &Ask) -> Result<Reply, llm::Error> {
        let (job, readable) = self.job(ask)?;
        let supervisor = Supervisor {
            folder: &self.worker.folder,
            program: self.worker.program.clone(),
            level: self.worker.level,
            threads: self.worker.threads,
            memory_bytes: None,
            silence: SILENCE,
            deadline: None,
            disk: None,
            allowed: Default::default(),
            stop: self.worker.stop,
            now: &self.worker.now,
        };
        let number = next_attempt(&self.worker.folder, ANSWER)?;
        let attempt = supervisor.attempt(ANSWER, number, &Job::Generate(Box::new(job)), readable, &mut Quiet)?;
        let told = attempt.events.into_iter().find_map(|event| match event {
            Event::Generated { text, prompt_tokens, tokens, ended, secs, .. } => Some(Reply {
                text,
                is_cut: !ended,
                usage: Usage { tokens_in: prompt_tokens as u64, tokens_out: tokens as u64, tokens_cached: 0 },
                secs,
                notes: Vec::new(),
            }),
            _ => None,
        });
        let interrupted = || llm::Error::Interrupted { model: self.name.clone() };
        match (attempt.outcome, told) {
            // What came of an answer by then is none.
            (Outcome::Interrupted { .. }, _) => Err(interrupted()),
            (_, reply) if self.worker.stop.load(Ordering::SeqCst) && reply.as_ref().is_none_or(|reply| reply.is_cut) => {
                Err(interrupted())
            }
            (Outcome::Completed, Some(reply)) => Ok(reply),
            (Outcome::Refused { message, .. }, _) => Err(self.failing(message)),
            (outcome, _) => Err(self.failing(outcome.to_string())),
        }
    }
}

/// Nobody watches an answer come.
struct Quiet;

impl Watch for Quiet {
    fn event(&mut self, _: &str, _: u32, _: &Event) {}
    fn say(&mut self, _: &str) {}
}
