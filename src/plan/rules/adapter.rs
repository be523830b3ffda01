//! Which additions are trained in place of all weights.

use super::asked;
use super::brief::Brief;
use super::defaults;
use super::models::Candidate;
use super::paper::Drafted;
use crate::intake::{AskedAdapter, Family, Field, FieldKey, PaperSpec, Request, Value, Wanted, Without};
use crate::spec::{AdapterSpec, Citation, Deviation, ModelSpec, Task};
use crate::words::plain;
use std::collections::BTreeSet;
use tallow_zoo::{BaseWeights, ModelConfig};

impl Brief<'_> {
    /// A request may ask for one, a paper may be about one; conversations are learnt by one where nobody says otherwise.
    pub(super) fn adapter(&self, candidate: &Candidate, drafted: &mut Drafted) {
        let asked = self.request().and_then(|request| request.adapter);
        let paper = self.paper().filter(|paper| matches!(paper.family(), Some((Family::Lora | Family::Dora, _))));
        let pretrained = matches!(candidate.spec, ModelSpec::Pretrained { .. });
        let serves = pretrained && candidate.config.adapted(&AdapterSpec::default().adapter()).is_ok();
        let usual = AdapterSpec::default();
        let whole = self.request().is_some_and(|request| request.without.contains(&Without::Adapter));
        let freezes = self.request().is_some_and(|request| request.frozen.is_some());
        match (asked, paper) {
            (Some(_), _) | (_, Some(_)) if !serves => drafted.deviations.push(Deviation {
                field: "adapter".into(),
                stated: if asked.is_some() { "an adapter".into() } else { "LoRA".into() },
                used: "training of all weights".into(),
                reason: "an adapter stands beside the linear layers of a pretrained transformer".into(),
            }),
            (Some(AskedAdapter { rank, alpha, dropout, use_dora, use_rslora, as_stored }), _) => {
                let rank = rank.unwrap_or(usual.rank);
                // Alpha follows the rank, so that an addition is as large for each.
                let alpha = alpha.unwrap_or(usual.alpha / usual.rank as f64 * rank as f64);
                let dropout = dropout.unwrap_or(usual.dropout);
                let base = as_stored.then_some(BaseWeights::AsStored);
                let asked = AdapterSpec { rank, alpha, dropout, use_dora, use_rslora, base, ..usual };
                drafted.adapter = Some(self.beside_what_was_asked(asked, candidate, drafted));
            }
            (None, Some(paper)) => self.adapter_of_paper(paper, candidate, drafted),
            // Who says what stays as it is speaks of the model's own weights.
            (None, None) if serves && self.task.is_of_conversations() && !whole && !freezes => {
                drafted.assumptions.push("adapter: LoRA of rank 8 on all linear layers, not all weights (2106.09685)".into());
                drafted.adapter = Some(usual);
            }
            (None, None) => {}
        }
        let lr_is_said = self.request().is_some_and(|request| request.lr.is_some())
            || drafted.citations.iter().any(|citation| citation.field == "recipe.lr");
        if drafted.adapter.is_some() && self.task != Task::PreferenceOptimization && !lr_is_said {
            usual_rate(drafted, self.request());
        }
    }

    /// Beside the layers that the request names, as models or papers call them; beside all linear ones where the model has none such.
    fn beside_what_was_asked(&self, adapter: AdapterSpec, candidate: &Candidate, drafted: &mut Drafted) -> AdapterSpec {
        let named = self.request().map(|request| request.adapter_targets.as_slice()).unwrap_or_default();
        if named.is_empty() {
            return adapter;
        }
        let layer = |name: &String| layer_of(&candidate.config, name).unwrap_or_else(|| name.clone());
        let target_modules: Vec<String> = named.iter().map(layer).collect::<BTreeSet<_>>().into_iter().collect();
        let asked = AdapterSpec { target_modules, ..adapter.clone() };
        match candidate.config.adapted(&asked.adapter()) {
            Ok(_) => asked,
            Err(_) => {
                let reason = "the model has no layers of these names";
                drafted.deviate("adapter.target_modules", named.join(", "), "all linear layers", reason);
                adapter
            }
        }
    }

    /// Rank, alpha and layers that a paper states for the model, else for any.
    fn adapter_of_paper(&self, paper: &PaperSpec, candidate: &Candidate, drafted: &mut Drafted) {
        let variant = self.stated(candidate).and_then(|stated| stated.result.variant.clone());
        let wanted = Wanted { phase: self.phase, dataset: Some(&self.choice.name), variant: variant.as_deref() };
        let best = |key| paper.best(key, &wanted).or_else(|| paper.best(key, &Wanted::default()));
        let cite = |drafted: &mut Drafted, name: &str, value: String, field: &Field| {
            let (quote, page) = (field.evidence.quote.verbatim().into(), field.evidence.quote.page());
            drafted.citations.push(Citation { field: name.into(), value, quote, page });
        };
        let number = |drafted: &mut Drafted, name: &str, key: FieldKey| {
            let field = best(key)?;
            let value = *field.value.numbers().first()?;
            cite(drafted, name, crate::words::plain(value), field);
            Some(value)
        };
        let usual = AdapterSpec::default();
        let rank = number(drafted, "adapter.rank", FieldKey::LoraRank).map(|rank| rank as usize).filter(|rank| *rank > 0);
        let rank = rank.unwrap_or_else(|| {
            drafted.assumptions.push(format!("adapter.rank: {} (the paper states none)", usual.rank));
            usual.rank
        });
        let alpha = number(drafted, "adapter.alpha", FieldKey::LoraAlpha).filter(|alpha| *alpha > 0.0);
        let alpha = alpha.unwrap_or_else(|| {
            drafted.assumptions.push(format!("adapter.alpha: {rank}, the rank (the paper states none)"));
            rank as f64
        });
        let dropout = number(drafted, "adapter.dropout", FieldKey::LoraDropout).filter(|share| (0.0..1.0).contains(share));
        let dropout = dropout.unwrap_or(usual.dropout);
        let targets = best(FieldKey::LoraTargets).and_then(|field| {
            let Value::Texts { texts } = &field.value else { return None };
            let names: Vec<String> = texts.iter().map(|text| layer_of(&candidate.config, text)).collect::<Option<_>>()?;
            cite(drafted, "adapter.target_modules", texts.join(", "), field);
            Some(names)
        });
        let mut target_modules = targets.unwrap_or_else(|| {
            drafted
                .assumptions
                .push("adapter.target_modules: all linear layers (the paper names none that this model has)".into());
            usual.target_modules.clone()
        });
        // A layer that makes queries, keys and values at once has one name, and none of the three can be left out of it.
        let mut seen = BTreeSet::new();
        target_modules.retain(|name| seen.insert(name.clone()));
        let stated =
            best(FieldKey::LoraTargets).map(|field| if let Value::Texts { texts } = &field.value { texts.len() } else { 0 });
        let joined = matches!(candidate.config, ModelConfig::Gpt2(_)) && seen.contains("c_attn");
        if joined && stated.is_some_and(|stated| stated < 3) {
            drafted.deviations.push(Deviation {
                field: "adapter.target_modules".into(),
                stated: "some of queries, keys and values".into(),
                used: "all three".into(),
                reason: "the model makes them by one layer".into(),
            });
        }
        let use_dora = matches!(paper.family(), Some((Family::Dora, _)));
        drafted.adapter = Some(AdapterSpec { rank, alpha, dropout, target_modules, use_dora, ..usual });
    }
}

/// The rate that is usual for adapters with AdamW (2305.14314, table 9).
pub(super) const ADAMW: f64 = 2e-4;

/// Small additions bear and need larger steps than whole weights; so many times that, where it was asked for.
fn usual_rate(drafted: &mut Drafted, request: Option<&Request>) {
    let Some(choice) = defaults::beside_adamw(&drafted.recipe, ADAMW) else { return };
    drafted.recipe.lr = choice.lr;
    // Of whole weights.
    drafted.assumptions.retain(|said| !said.starts_with("recipe.lr: "));
    drafted.assumptions.push(match choice.lr == ADAMW {
        true => "recipe.lr: 2e-4, as is usual for adapters (2305.14314, table 9)".into(),
        false => format!(
            "recipe.lr: {}, for {} wants another than the 2e-4 that are usual for adapters with AdamW (2305.14314, table 9; {})",
            plain(choice.lr),
            drafted.recipe.optimizer.name(),
            choice.source
        ),
    });
    if let Some((by, decay)) = request.and_then(|request| Some((request.times.lr?, request.weight_decay))) {
        asked::times_the_rate(by, decay, drafted);
    }
}

/// The layer of a model that papers write as `Wq`, `W_k`, `Wv`, `Wo`: of queries, keys, values, and what attention puts out.
fn layer_of(config: &ModelConfig, written: &str) -> Option<String> {
    let written = written.to_lowercase();
    let letter = match written.as_str() {
        "query" => "q",
        "key" => "k",
        "value" => "v",
        "output" => "o",
        other => other.trim_start_matches(['w', '_']),
    };
    let at = ["q", "k", "v", "o"].iter().position(|part| letter == *part)?;
    let names = match config {
        ModelConfig::Bert(_) | ModelConfig::Roberta(_) | ModelConfig::Electra(_) | ModelConfig::Vit(_) => {
            ["query", "key", "value", "attention.output.dense"]
        }
        ModelConfig::Distilbert(_) => ["q_lin", "k_lin", "v_lin", "out_lin"],
        ModelConfig::Gpt2(_) => ["c_attn", "c_attn", "c_attn", "attn.c_proj"],
        ModelConfig::Llama(_) => ["q_proj", "k_proj", "v_proj", "o_proj"],
        ModelConfig::Marian(_) | ModelConfig::Whisper(_) => ["q_proj", "k_proj", "v_proj", "out_proj"],
        ModelConfig::T5(_) => ["q", "k", "v", "o"],
        ModelConfig::Mlp(_) | ModelConfig::Resnet(_) | ModelConfig::ResnetCifar(_) | ModelConfig::WideResnet(_) => return None,
    };
    Some(names[at].into())
}
