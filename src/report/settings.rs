//! What a run is trained with, in words: of a plan, and of what recovery made of it.

use crate::job::RunConfig;
use crate::plan::Plan;
use crate::spec::{BestBy, Keep, Sampling};
use crate::words;

/// Names and values of all that a run is trained with, beyond its model and its data.
pub(crate) fn settings(plan: &Plan, first: Option<&RunConfig>) -> Vec<(&'static str, String)> {
    let recipe = &plan.spec.recipe;
    let resolved = first.map_or(recipe, |run| &run.recipe);
    let steps = first.map(|run| format!(" ({} steps)", words::count(run.total_steps as f64))).unwrap_or_default();
    let micro = first
        .filter(|run| run.grad_accum_steps() > 1)
        .map(|run| format!(" ({} forward passes of {})", run.grad_accum_steps(), run.micro_batch_size));
    let mut settings = vec![
        ("optimizer", words::optimizer(&resolved.optimizer)),
        ("learning rate", words::plain(resolved.lr)),
        ("schedule", words::schedule(&resolved.schedule)),
        ("length", words::length(&resolved.length) + &steps),
        ("batch size", format!("{}{}", resolved.batch_size, micro.unwrap_or_default())),
    ];
    let rules: Vec<String> = plan.spec.data.rows.iter().map(|rule| words::clean(&rule.in_words())).collect();
    settings.extend((!rules.is_empty()).then(|| ("rows", rules.join("; "))));
    settings.extend(resolved.max_seq_len.map(|n| ("longest text", format!("{n} tokens"))));
    settings.extend(first.and_then(|run| run.writing.as_ref()).map(|writing| ("texts written", words::writing(writing))));
    let compared = first.and_then(|run| run.writing.as_ref()?.compared.in_words());
    settings.extend(compared.map(|how| ("texts compared", how.to_string())));
    let prefix = plan.spec.text_to_text.as_ref().map(|pairs| &pairs.prefix).filter(|prefix| !prefix.is_empty());
    settings.extend(prefix.map(|prefix| ("before each source", format!("`{}`", words::clean(prefix)))));
    settings.extend(resolved.grad_clip_norm.map(|norm| ("gradient clipping", format!("global norm {}", words::plain(norm)))));
    settings.extend(resolved.grad_clip_value.map(|most| ("gradient clipping", format!("values at {}", words::plain(most)))));
    settings.extend(
        resolved
            .layerwise_lr_decay
            .map(|decay| ("rate of each layer", format!("times {} of the one above", words::plain(decay)))),
    );
    if !resolved.groups.is_empty() {
        settings.push(("parameter groups", words::groups(&resolved.groups)));
    }
    if resolved.label_smoothing > 0.0 {
        settings.push(("label smoothing", words::plain(resolved.label_smoothing)));
    }
    settings.extend(first.and_then(|run| run.similarity).map(|loss| ("vectors trained by", words::similarity(&loss))));
    settings.extend(resolved.class_weights.as_ref().map(|weights| ("class weights", words::class_weights(weights))));
    settings.extend(resolved.focal_gamma.map(|gamma| ("focal loss", format!("gamma {}", words::plain(gamma)))));
    settings.extend(words::number_loss(&resolved.number_loss).map(|loss| ("loss", loss)));
    match (resolved.sampling, &plan.spec.data.columns.weight) {
        (Sampling::Balanced, _) => settings.push(("examples", "drawn with replacement, each class as often as any other".into())),
        (Sampling::Weighted, Some(column)) => {
            let column = words::clean(column);
            settings.push(("examples", format!("drawn with replacement, each in proportion to its `{column}`")));
        }
        (Sampling::Weighted, None) | (Sampling::Shuffled, _) => {}
    }
    settings.extend(resolved.ema.map(|ema| ("mean of the weights", words::ema(&ema))));
    settings.extend(resolved.early_stopping.map(|stopping| ("early stopping", words::early_stopping(&stopping))));
    if resolved.keep == Keep::Best {
        let by = if resolved.best_by == BestBy::Loss { ", by the loss" } else { "" };
        settings.push(("weights kept", format!("those that do best on what is watched{by}")));
    }
    settings.extend(resolved.dropout.map(|p| ("dropout", p.to_string())));
    settings.extend(plan.spec.adapter.as_ref().map(|adapter| ("adapter", words::adapter(adapter))));
    settings.extend(plan.spec.data.image.map(|size| ("images", size.in_words())));
    if first.is_some_and(|run| run.recipe.gradient_checkpointing) {
        settings.push(("activations", "made again in backward, not kept".into()));
    }
    let preference = first.and_then(|run| run.preference);
    settings.extend(preference.map(|p| ("preference", format!("beta {}, label smoothing {}", p.beta, p.label_smoothing))));
    if !resolved.augment.is_empty() {
        settings.push(("augmentation", words::augment(&resolved.augment)));
    }
    settings
        .extend(plan.spec.data.max_train_examples.map(|n| ("training examples", format!("at most {}", words::count(n as f64)))));
    settings.push(("seeds", plan.spec.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")));
    settings.extend(first.map(|run| ("threads", run.threads.to_string())));
    settings
}
