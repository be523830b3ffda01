//! The small files beside the weights that other libraries want: how texts and images become the model's input.

use crate::data::{ENDS_OF_TEXT, ENDS_OF_TURN};
use crate::job::{Normalize, Writing};
use crate::plan::SpeechFacts;
use crate::report::Report;
use crate::spec::{ImageSize, Metric, Resample, Write};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use tallow_zoo::{ModelConfig, PairIds};

/// Role -> the token that plays it, of those that the tokenizer knows.
const SPECIAL: [(&str, &[&str]); 7] = [
    ("bos_token", &["<s>", "<bos>", "<|begin_of_text|>"]),
    ("eos_token", &ENDS_OF_TEXT),
    ("unk_token", &["[UNK]", "<unk>"]),
    ("sep_token", &["[SEP]", "</s>"]),
    ("pad_token", &["[PAD]", "<pad>"]),
    ("cls_token", &["[CLS]", "<s>"]),
    ("mask_token", &["[MASK]", "<mask>"]),
];

/// `special_tokens_map.json`, from a parsed tokenizer.json; what the model's own files say, by role, comes first.
pub(super) fn special_tokens(tokenizer: &Value, own: &BTreeMap<String, String>) -> Value {
    let added = tokenizer["added_tokens"].as_array().into_iter().flatten();
    let known: Vec<&str> = added.filter_map(|token| token["content"].as_str()).collect();
    let role = |(role, names): &(&str, &[&str])| {
        let told = own.get(*role).map(String::as_str).filter(|token| known.contains(token));
        let token = told.or_else(|| names.iter().copied().find(|name| known.contains(name)))?;
        Some((role.to_string(), json!(token)))
    };
    Value::Object(SPECIAL.iter().filter_map(role).collect())
}

/// Adds to a language model's `config.json` by which words texts begin and end. A tokenizer with one of the two means both by it, as
/// GPT-2's does. Nothing changes where there is none: other libraries then take what their own class has.
pub(super) fn add_ends(config: &mut Value, tokenizer: &Value, own: &BTreeMap<String, String>) {
    let special = special_tokens(tokenizer, own);
    let id = |role: &str| {
        let token = special.get(role)?;
        tokenizer["added_tokens"].as_array()?.iter().find(|added| added["content"] == *token).map(|added| added["id"].clone())
    };
    let (begin, end) = (id("bos_token"), id("eos_token"));
    if let (Some(begin), Some(end)) = (begin.clone().or(end.clone()), end.or(begin)) {
        (config["bos_token_id"], config["eos_token_id"]) = (begin, end);
    }
}

/// What ends a turn as the chat `template` writes it, by name and number: the tokens of such a name that stand in it.
pub(super) fn ends_of_turns(tokenizer: &Value, template: &str) -> Vec<(&'static str, u64)> {
    let number = |name: &str| {
        let mut added = tokenizer["added_tokens"].as_array().into_iter().flatten();
        let added = added.find(|added| added["content"] == name).map(|added| &added["id"]);
        added.unwrap_or(&tokenizer["model"]["vocab"][name]).as_u64()
    };
    let named = ENDS_OF_TEXT.into_iter().chain(ENDS_OF_TURN).filter(|name| template.contains(name));
    named.filter_map(|name| Some((name, number(name)?))).collect()
}

/// The library's class of a tokenizer for models of that family. Those of words and their pieces are made anew of their vocabulary by
/// a class of their own, which is for what BERT's tokenizer does and nothing else; any other is what its file says.
fn tokenizer_class(tokenizer: &Value, family: &str) -> &'static str {
    let is_usual = tokenizer["normalizer"]["type"] == "BertNormalizer";
    // Whisper's own tokens are known to its class.
    let mut added = tokenizer["added_tokens"].as_array().into_iter().flatten();
    match family {
        // ELECTRA's has no name of its own any more.
        "bert" | "electra" if is_usual => "BertTokenizer",
        "distilbert" if is_usual => "DistilBertTokenizer",
        "whisper" if added.any(|token| token["content"] == "<|startoftranscript|>") => "WhisperTokenizer",
        _ => "PreTrainedTokenizerFast",
    }
}

/// What a model of that family is fed with of a text: some are told which text of a pair a token belongs to, others fail on it. Without
/// saying so it would be for the library's version to decide.
fn input_names(family: &str) -> &'static [&'static str] {
    match family {
        "bert" | "electra" => &["input_ids", "token_type_ids", "attention_mask"],
        _ => &["input_ids", "attention_mask"],
    }
}

/// `tokenizer_config.json`, from a parsed tokenizer.json.
pub(super) fn tokenizer_config(tokenizer: &Value, model: &ModelConfig, own: &BTreeMap<String, String>) -> Value {
    let mut fields: Map<String, Value> = special_tokens(tokenizer, own).as_object().cloned().unwrap_or_default();
    fields.insert("tokenizer_class".into(), json!(tokenizer_class(tokenizer, model.family())));
    fields.insert("model_input_names".into(), json!(input_names(model.family())));
    // Not its positions, of which RoBERTa's begin behind the padding.
    if let Some((_, longest)) = model.text_limits() {
        fields.insert("model_max_length".into(), json!(longest));
    }
    let normalizer = &tokenizer["normalizer"];
    if normalizer["type"] == "BertNormalizer" {
        for (ours, theirs) in [
            ("do_lower_case", "lowercase"),
            ("strip_accents", "strip_accents"),
            ("tokenize_chinese_chars", "handle_chinese_chars"),
        ] {
            fields.insert(ours.into(), normalizer[theirs].clone());
        }
    }
    Value::Object(fields)
}

/// `tokenizer_config.json` of a tokenizer with a file for either text of a pair: what the model's own said, without its place.
pub(super) fn pair_tokenizer_config(own: Value) -> Value {
    let mut fields = own.as_object().cloned().unwrap_or_default();
    fields.retain(|name, _| !["name_or_path", "special_tokens_map_file", "tokenizer_file"].contains(&name.as_str()));
    fields.insert("tokenizer_class".into(), json!("MarianTokenizer"));
    Value::Object(fields)
}

/// `generation_config.json`: how the texts were written that were scored.
pub(super) fn generation_config(ids: PairIds, writing: &Writing) -> Value {
    json!({
        "decoder_start_token_id": ids.start, "eos_token_id": ids.end, "pad_token_id": ids.pad,
        "max_new_tokens": writing.max_new_tokens, "num_beams": writing.num_beams.max(1), "length_penalty": writing.length_penalty,
    })
}

/// `generation_config.json` of a language model: what its texts begin and end with, as its `config.json` says, and what its `turns` end
/// with, where it answers.
pub(super) fn ends_of_texts(config: &Value, turns: &[u64]) -> Value {
    let names = ["bos_token_id", "eos_token_id", "pad_token_id"];
    let mut fields: Map<String, Value> =
        names.iter().filter_map(|name| Some((name.to_string(), config.get(*name)?.clone()))).collect();
    let mut ends: Vec<u64> = config["eos_token_id"].as_u64().into_iter().collect();
    ends.extend(turns.iter().filter(|end| Some(**end) != config["eos_token_id"].as_u64()));
    if ends.len() > 1 {
        fields.insert("eos_token_id".into(), json!(ends));
    }
    Value::Object(fields)
}

/// `metrics.json`: the held-out scores of every run, the mean and its interval. Every number is the report's.
pub(super) fn metrics(report: &Report) -> Value {
    // As an experiment file names them: of the Hub's names several metrics may have the same.
    let name = |metric: Metric| json!(metric).as_str().unwrap_or_default().to_string();
    let runs = report.scores.runs.iter().map(|run| {
        let scores: Map<String, Value> = run.scores.iter().map(|(metric, score)| (name(*metric), json!(score.value))).collect();
        json!({"run": run.run, "seed": run.seed, "examples": run.examples.value, "loss": run.loss.value, "scores": scores,
               "weights_sha256": run.weights_sha256, "kept": Some(&run.run) == report.model.kept_run.as_ref()})
    });
    let interval = report.scores.interval.as_ref();
    json!({
        "metric": name(report.metric), "mean": report.scores.ours.value,
        "interval_95": interval.map(|i| [i.low.value, i.high.value]), "interval_is": interval.map(|i| &i.basis),
        "baseline": report.scores.baseline.map(|baseline| baseline.value), "runs": runs.collect::<Vec<_>>(),
    })
}

/// The same of what was said in recordings; `positions` bound a text with all its tokens.
pub(super) fn speech_generation_config(
    ids: PairIds,
    writing: &Writing,
    positions: usize,
    known: &SpeechFacts,
    language: Option<&str>,
    write: Write,
) -> Value {
    let mut fields = generation_config(ids, writing);
    if let (Some(fields), Some(own)) = (fields.as_object_mut(), speech_generation(known, language, write).as_object()) {
        // What a text begins with counts here, which the library takes from what is new.
        fields.remove("max_new_tokens");
        fields.insert("max_length".into(), json!((writing.max_new_tokens + 1).min(positions)));
        fields.extend(own.clone());
    }
    fields
}

/// What a model of speech is told by first tokens, and what it does not write.
pub(super) fn speech_generation(known: &SpeechFacts, language: Option<&str>, write: Write) -> Value {
    let mut fields = json!({ "is_multilingual": !known.languages.is_empty(), "return_timestamps": false });
    let spelt = |tokens: &BTreeMap<String, u32>| -> Map<String, Value> {
        tokens.iter().map(|(code, id)| (format!("<|{code}|>"), json!(id))).collect()
    };
    if let Some(language) = language {
        (fields["lang_to_id"], fields["language"]) = (spelt(&known.languages).into(), format!("<|{language}|>").into());
        (fields["task_to_id"], fields["task"]) = (json!(known.tasks), write.public().into());
    }
    if let Some(id) = known.no_timestamps {
        fields["no_timestamps_token_id"] = id.into();
    }
    for (name, tokens) in [("suppress_tokens", &known.suppress_tokens), ("begin_suppress_tokens", &known.begin_suppress_tokens)] {
        if !tokens.is_empty() {
            fields[name] = json!(tokens);
        }
    }
    fields
}

/// `sentence_bert_config.json`: how texts are cut.
pub(super) fn sentence_texts(max_seq_len: Option<usize>) -> Value {
    json!({ "max_seq_length": max_seq_len, "do_lower_case": false })
}

/// `config_sentence_transformers.json`: how vectors are compared, and that nothing is put before a text.
pub(super) fn sentence_similarity() -> Value {
    json!({ "prompts": {}, "default_prompt_name": null, "similarity_fn_name": "cosine" })
}

/// `preprocessor_config.json`: pixels scaled to 0..1, then normalised a channel.
pub(super) fn preprocessor(normalize: &Normalize, [height, width]: [usize; 2], image: Option<&ImageSize>) -> Value {
    // The shortest decimal that reads back as the same float32.
    let numbers = |values: &[f32]| {
        values.iter().map(|v| json!(v.to_string().parse::<f64>().unwrap_or(f64::from(*v)))).collect::<Vec<Value>>()
    };
    let cut = image.and_then(|image| image.crop_from);
    let resample = match image.map(|image| image.resample).unwrap_or_default() {
        Resample::Bilinear => 2,
        Resample::Bicubic => 3,
    };
    let mut fields = json!({
        // The one that stretches, or the one that cuts out the middle.
        "image_processor_type": if cut.is_some() { "BitImageProcessor" } else { "ViTImageProcessor" },
        "do_resize": true,
        "size": cut.map_or(json!({ "height": height, "width": width }), |side| json!({ "shortest_edge": side })),
        "resample": resample,
        "do_rescale": true,
        "rescale_factor": 1.0 / 255.0,
        "do_normalize": true,
        "image_mean": numbers(&normalize.mean),
        "image_std": numbers(&normalize.std),
    });
    if cut.is_some() {
        (fields["do_center_crop"], fields["crop_size"]) = (true.into(), json!({ "height": height, "width": width }));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_tokens_are_those_that_the_tokenizer_has() {
        let tokenizer = json!({
            "added_tokens": [{"content": "[PAD]"}, {"content": "[UNK]"}, {"content": "[CLS]"}, {"content": "[SEP]"}],
            "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null, "handle_chinese_chars": true},
        });
        let config = tokenizer_config(&tokenizer, &tiny("bert"), &BTreeMap::new());
        assert_eq!(config["cls_token"], "[CLS]");
        assert!(config.get("mask_token").is_none(), "it has none");
        assert_eq!(config["do_lower_case"], json!(true));
        assert_eq!(config["tokenizer_class"], "BertTokenizer");
    }

    fn tiny(family: &str) -> ModelConfig {
        let entry = tallow_zoo::registry().iter().find(|entry| entry.family == family).expect("a family of the zoo");
        (entry.tiny)()
    }

    #[test]
    fn tokenizers_say_what_their_family_is_fed_with() {
        let (pieces, bytes) = (json!({"normalizer": {"type": "BertNormalizer"}}), json!({"normalizer": null}));
        let (pairs, plain) = (json!(["input_ids", "token_type_ids", "attention_mask"]), json!(["input_ids", "attention_mask"]));
        for (family, tokenizer, class, names) in [
            ("bert", &pieces, "BertTokenizer", &pairs),
            ("bert", &bytes, "PreTrainedTokenizerFast", &pairs),
            ("electra", &pieces, "BertTokenizer", &pairs),
            ("distilbert", &pieces, "DistilBertTokenizer", &plain),
            ("roberta", &bytes, "PreTrainedTokenizerFast", &plain),
            ("gpt2", &bytes, "PreTrainedTokenizerFast", &plain),
            ("llama", &bytes, "PreTrainedTokenizerFast", &plain),
        ] {
            let model = tiny(family);
            let config = tokenizer_config(tokenizer, &model, &BTreeMap::new());
            assert_eq!((&config["tokenizer_class"], &config["model_input_names"]), (&json!(class), names), "{family}");
            assert_eq!(config["model_max_length"].as_u64(), model.text_limits().map(|(_, longest)| longest as u64), "{family}");
        }
        let public = tiny("roberta").to_public()["max_position_embeddings"].as_u64().expect("positions");
        let config = tokenizer_config(&bytes, &tiny("roberta"), &BTreeMap::new());
        assert!(config["model_max_length"].as_u64().expect("a length") < public, "the first positions are the padding's");
    }

    #[test]
    fn turns_end_with_what_the_template_names() {
        let tokenizer = json!({
            "added_tokens": [{"content": "<|endoftext|>", "id": 0}, {"content": "<|im_end|>", "id": 2}, {"content": "<|eot_id|>", "id": 3}],
            "model": {"vocab": {"<|end|>": 9}},
        });
        assert_eq!(ends_of_turns(&tokenizer, "{{ '<|im_start|>' }}{{ '<|im_end|>' }}"), [("<|im_end|>", 2)]);
        assert_eq!(ends_of_turns(&tokenizer, "<|end|>"), [("<|end|>", 9)]);
        assert_eq!(ends_of_turns(&tokenizer, "{{ eos_token }}</s>"), []);
        let config = json!({"bos_token_id": 0, "eos_token_id": 0, "vocab_size": 5});
        assert_eq!(ends_of_texts(&config, &[2]), json!({"bos_token_id": 0, "eos_token_id": [0, 2]}));
        assert_eq!(ends_of_texts(&config, &[0]), json!({"bos_token_id": 0, "eos_token_id": 0}));
    }

    #[test]
    fn language_models_say_where_texts_begin_and_end() {
        let ends = |tokens: &[(&str, u32)]| {
            let added: Vec<Value> = tokens.iter().map(|(content, id)| json!({"content": content, "id": id})).collect();
            let mut config = json!({});
            add_ends(&mut config, &json!({"added_tokens": added}), &BTreeMap::new());
            config
        };
        assert_eq!(ends(&[("<|endoftext|>", 7), ("[UNK]", 1)]), json!({"bos_token_id": 7, "eos_token_id": 7}));
        assert_eq!(ends(&[("<s>", 1), ("</s>", 2)]), json!({"bos_token_id": 1, "eos_token_id": 2}));
        assert_eq!(ends(&[("[CLS]", 1)]), json!({}));
    }

    #[test]
    fn normalisation_keeps_its_decimals() {
        let found = preprocessor(&Normalize { mean: vec![0.485], std: vec![0.229] }, [32, 32], None);
        assert_eq!(found["image_mean"], json!([0.485]));
        assert_eq!(found["size"], json!({"height": 32, "width": 32}));
    }
}
