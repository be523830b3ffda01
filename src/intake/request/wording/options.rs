//! Options of other programs, as they stand in a command line or in a file of settings that somebody pastes: those of the trainers of
//! `transformers`, `trl`, `axolotl` and nanoGPT. Each is put as everybody says it before anything else is read, or asks for nothing.
//! What is not in the table stays as it is: many are called here as there.

use super::code;
use super::number::number;
use crate::intake::regex;
use crate::words::plain;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// What an option means here.
#[derive(Clone, Copy)]
enum Equal {
    /// In other words, with its value in place of `{}`, or in hundredths in place of `{%}`.
    Said(&'static str),
    /// The same of a number, for which nothing is said where it is none above zero.
    Above(&'static str),
    /// In other words where it is switched on; else nothing.
    On(&'static str),
    /// Nothing where it is switched off; else it stays for others to tell.
    Off,
    /// Nothing: a folder, a logger, a device, or how often something is written.
    Nothing,
    /// Nothing where another option has the same value.
    As(&'static str),
    /// One of Adam's two.
    Beta,
    /// What is reported; of a loss, what the best is by.
    Measure,
    /// How the rate goes.
    Schedule,
    Optimizer,
    /// `epoch` or `steps`.
    Strategy,
    /// A share or a number of examples that is watched.
    Watched,
    /// How the rows of a file are laid out, which the file says itself.
    Layout,
    /// `balanced`; weights one by one stay as they are.
    Balanced,
}

/// By all names of it, with low lines between their words.
const TABLE: [(&str, Equal); 44] = [
    ("num_train_epochs num_epochs max_epochs n_epochs train_epochs epochs max_num_epochs", Equal::Above("{} epochs")),
    (
        "max_steps max_train_steps num_train_steps train_steps total_steps max_iters max_iterations num_iterations training_steps",
        Equal::Above("{} steps"),
    ),
    // As scikit-learn and Keras call it.
    ("max_iter nb_epoch", Equal::Above("{} epochs")),
    ("learning_rate_init", Equal::Above("lr {}")),
    ("class_weight", Equal::Balanced),
    ("n_iter_no_change", Equal::Above("early stopping with patience {}")),
    ("restore_best_weights save_best_only", Equal::On("keep the best checkpoint")),
    ("max_train_samples max_train_examples", Equal::Above("at most {} training examples")),
    (
        "max_seq_length max_seq_len sequence_len model_max_length cutoff_len block_size context_length max_source_length",
        Equal::Above("max length {}"),
    ),
    ("num_warmup_steps warmup_iters", Equal::Said("{} warmup steps")),
    ("warmup_ratio", Equal::Said("warmup {%}")),
    ("min_lr_ratio min_lr_rate lr_min_ratio cosine_min_lr_ratio", Equal::Said("floor at {%} of peak")),
    ("adam_beta1 adam_beta2 beta1 beta2", Equal::Beta),
    ("adam_epsilon", Equal::Said("eps {}")),
    ("max_grad_norm grad_clip gradient_clip_val clip_grad_norm", Equal::Above("clip gradients at {}")),
    ("lr_scheduler_type lr_scheduler", Equal::Schedule),
    ("optim", Equal::Optimizer),
    ("eval_strategy evaluation_strategy", Equal::Strategy),
    ("eval_interval", Equal::Above("evaluate every {} steps")),
    ("early_stopping_patience", Equal::Above("early stopping with patience {}")),
    ("load_best_model_at_end", Equal::On("keep the best checkpoint")),
    ("gradient_checkpointing", Equal::On("gradient checkpointing")),
    ("use_peft", Equal::On("LoRA")),
    ("use_dora peft_use_dora", Equal::On("DoRA")),
    ("use_rslora peft_use_rslora", Equal::On("rsLoRA")),
    ("load_in_4bit load_in_8bit", Equal::On("QLoRA")),
    ("lora_target_linear", Equal::On("on all linear layers")),
    ("base_model model_name_or_path pretrained_model_name_or_path", Equal::Said("model {}")),
    ("path", Equal::Said("data {}")),
    ("label_column_name label_column target_column label_col", Equal::Said("label column {}")),
    ("text_column_name text_column_names text_column sentence_column", Equal::Said("the text is in column {}")),
    ("train_file", Equal::Said("data {}")),
    ("test_file", Equal::Said("test data {}")),
    ("validation_file eval_file", Equal::Said("validation data {}")),
    ("metric_name metric_for_best_model", Equal::Measure),
    ("val_set_size validation_split validation_fraction", Equal::Watched),
    ("lr_decay_iters", Equal::As("max_iters")),
    (
        "train_on_inputs group_by_length sample_packing eval_sample_packing packing push_to_hub fp16 bf16 tf32 fp16_full_eval \
         bf16_full_eval resume_from_checkpoint neftune_noise_alpha auto_find_batch_size full_determinism",
        Equal::Off,
    ),
    (
        "output_dir overwrite_output_dir logging_dir log_dir out_dir save_dir cache_dir dataset_prepared_path hub_model_id hub_strategy \
         hub_private_repo model_revision",
        Equal::Nothing,
    ),
    (
        "do_train do_eval do_predict logging_strategy logging_steps logging_first_step logging_nan_inf_filter log_level log_interval \
         log_every_n_steps report_to run_name save_strategy save_steps save_total_limit save_safetensors save_only_model saves_per_epoch \
         save_interval always_save_checkpoint disable_tqdm wandb_project wandb_entity wandb_run_name wandb_run_id wandb_name wandb_watch \
         wandb_log wandb_log_model wandb_mode use_wandb mlflow_tracking_uri mlflow_experiment_name log_with logger project_name \
         include_inputs_for_metrics skip_memory_metrics greater_is_better eval_iters eval_accumulation_steps \
         per_device_eval_batch_size per_gpu_eval_batch_size eval_batch_size prediction_loss_only predict_with_generate debug verbose",
        Equal::Nothing,
    ),
    (
        "dataloader_num_workers dataloader_pin_memory dataloader_prefetch_factor dataloader_persistent_workers num_workers workers \
         preprocessing_num_workers dataset_num_proc dataset_processes num_proc overwrite_cache remove_unused_columns \
         no_remove_unused_columns trust_remote_code use_fast_tokenizer ignore_data_skip local_files_only use_cache strict \
         pad_to_max_length pad_to_sequence_len",
        Equal::Nothing,
    ),
    (
        "local_rank ddp_backend ddp_find_unused_parameters ddp_bucket_cap_mb ddp_timeout no_cuda use_cpu use_mps_device device \
         device_map n_gpu num_gpus gpus devices nnodes nproc_per_node num_nodes accelerator fsdp fsdp_config deepspeed torch_compile \
         torch_compile_backend torch_compile_mode compile backend flash_attention flash_attention_2 use_flash_attention xformers_attention \
         sdp_attention attn_implementation jit_mode_eval use_ipex",
        Equal::Nothing,
    ),
    ("model_type tokenizer_type is_llama_derived_model special_tokens datasets gradient_checkpointing_kwargs", Equal::Nothing),
    ("type", Equal::Layout),
];

static BY_NAME: LazyLock<BTreeMap<&str, Equal>> =
    LazyLock::new(|| TABLE.iter().flat_map(|(names, equal)| names.split_whitespace().map(move |name| (name, *equal))).collect());

/// One that stands somewhere.
struct Given {
    place: Range<usize>,
    key: String,
    /// Without the quotes around it; empty of a switch.
    value: String,
}

/// The text with the options that it has in words.
pub(crate) fn in_words(text: &str) -> Cow<'_, str> {
    let text = code::in_words(text);
    if !text.contains(['_', '=', ':', '#']) && !text.contains("--") {
        return text;
    }
    let text = without_comments(&text);
    let text = without_commands(&text);
    let all = options(&text);
    if all.is_empty() {
        return Cow::Owned(text.into_owned());
    }
    let (mut out, mut end) = (String::with_capacity(text.len()), 0);
    for option in &all {
        // `adapter: qlora` beside `load_in_4bit: true` says it already.
        let is_said = option.key.starts_with("load_in_") && text.to_lowercase().contains("qlora");
        let Some(said) = (if is_said { Some(String::new()) } else { said(option, &all) }) else { continue };
        out.push_str(&text[end..option.place.start]);
        // It is no part of what stands beside it.
        out.push_str(&if said.is_empty() { ";".to_string() } else { format!("; {said};") });
        end = option.place.end;
    }
    out.push_str(&text[end..]);
    Cow::Owned(code::spoken_of(&out).into_owned())
}

/// All that are in the table: of a command line, where they begin with two lines, or with a sign before their value. One whose name is
/// an ordinary word is none unless there are several others.
fn options(text: &str) -> Vec<Given> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r#"(?m)(?:^|[\s,;({\[])(?P<all>(?P<dashes>--)?["']?(?P<key>[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9])["']?(?P<sign>[ \t]*[=:]|[ \t]|$))"#,
        )
    });
    let is_file = is_file(text);
    let (mut all, mut from) = (Vec::new(), 0);
    while let Some(found) = KEY.captures_at(text, from) {
        let (Some(whole), Some(key), Some(sign)) = (found.name("all"), found.name("key"), found.name("sign")) else { break };
        let own = key.as_str().to_lowercase().replace('-', "_");
        let is_called = found.name("dashes").is_some();
        let has_sign = sign.as_str().ends_with(['=', ':']);
        let is_plain = !own.contains('_');
        let is_one = is_called || !is_plain || is_file && has_sign;
        let Some(equal) = BY_NAME.get(own.as_str()).filter(|_| is_one) else {
            from = key.end();
            continue;
        };
        let value = value_behind(text, sign.end()).filter(|(value, _)| has_sign || is_value(value, *equal, is_called));
        // `Predict run_name` is of a column.
        if value.is_none() && !has_sign && !is_called {
            from = key.end();
            continue;
        }
        let none = if has_sign { sign.end() } else { sign.start() };
        let (value, end) = value.unwrap_or((String::new(), none));
        all.push(Given { place: whole.start()..end, key: own, value });
        from = end;
    }
    all
}

/// Whether it is a file of settings, by its lines.
fn is_file(text: &str) -> bool {
    const LEAST: usize = 3;
    static LINE: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?m)^[ \t]*(?:- )?["']?[A-Za-z]\w*["']?[ \t]*[=:]"#));
    LINE.find_iter(text).count() >= LEAST
}

/// The value that stands behind a name, and where it ends. What stands on the next line, or is another option, is none.
fn value_behind(text: &str, start: usize) -> Option<(String, usize)> {
    let behind = &text[start..];
    let at = start + behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let behind = &text[at..];
    let until = |sign: char| behind[1..].find(sign).map(|end| (behind[1..=end].to_string(), at + end + 2));
    match behind.chars().next()? {
        '\n' | '\r' | '#' => None,
        sign @ ('"' | '\'') => until(sign),
        '[' => until(']'),
        _ if behind.starts_with("--") => None,
        _ => {
            let end = behind.find([' ', '\t', '\n', '\r', ',', ';', ')', '}']).unwrap_or(behind.len());
            let value = behind[..end].trim_end_matches(['.', '!', '?']);
            (!value.is_empty()).then(|| (value.to_string(), at + value.len()))
        }
    }
}

/// Whether it may be the value of a name that no sign stands behind: `gradient_checkpointing and a batch of 8` has none.
fn is_value(value: &str, equal: Equal, is_called: bool) -> bool {
    let is_switch = SWITCHES.contains(&value.to_lowercase().as_str());
    match equal {
        Equal::On(_) | Equal::Off => is_switch,
        _ => is_called || is_switch || !value.chars().all(|c| c.is_ascii_lowercase()),
    }
}

const SWITCHES: [&str; 11] = ["true", "false", "yes", "no", "on", "off", "none", "null", "all", "sgd", "auto"];

/// In words; none where it stays as it is.
fn said(option: &Given, all: &[Given]) -> Option<String> {
    let value = option.value.as_str();
    let low = value.to_lowercase();
    let is_none = matches!(low.as_str(), "none" | "null" | "~");
    let is_off = is_none || matches!(low.as_str(), "false" | "no" | "off" | "0");
    let nothing = Some(String::new());
    let equal = *BY_NAME.get(option.key.as_str())?;
    match equal {
        Equal::Nothing => nothing,
        Equal::Off => {
            if is_off {
                nothing
            } else {
                None
            }
        }
        Equal::On(words) => {
            if is_off {
                nothing
            } else {
                Some(words.into())
            }
        }
        _ if is_none => nothing,
        _ if value.is_empty() => None,
        Equal::Measure => match low.as_str() {
            "loss" | "eval_loss" => Some("choose by validation loss".into()),
            _ => with_value("report {}", value),
        },
        Equal::Said(words) => with_value(words, value),
        Equal::Above(words) => match number(value).or_else(|| value.parse().ok()) {
            Some(value) if value > 0.0 => with_value(words, &plain(value)),
            Some(_) => nothing,
            None => None,
        },
        Equal::As(other) => {
            let is_alike = |own: &Given| own.key == other && number(&own.value) == number(value);
            if all.iter().any(is_alike) { nothing } else { None }
        }
        Equal::Beta => betas(option, all),
        Equal::Schedule => Some(match low.as_str() {
            "reduce_lr_on_plateau" => "reduce lr on plateau".into(),
            "warmup_stable_decay" => "wsd schedule".into(),
            "inverse_sqrt" => "inverse square root schedule".into(),
            "cosine_with_restarts" => "cosine with restarts".into(),
            name => format!("{} schedule", name.split("_with_").next().unwrap_or(name).replace('_', " ")),
        }),
        Equal::Optimizer => {
            let kind = ["adamw", "adafactor", "sgd", "rmsprop", "adagrad", "lion"].into_iter().find(|kind| low.contains(kind))?;
            Some(format!("optimizer: {kind}{}", if low.contains("8bit") { ", 8-bit" } else { "" }))
        }
        Equal::Strategy => Some(if low == "epoch" { "evaluate every epoch".into() } else { String::new() }),
        Equal::Layout => {
            const LAYOUTS: [&str; 8] =
                ["alpaca", "sharegpt", "chat_template", "completion", "input_output", "chat", "instruction", "messages"];
            if LAYOUTS.contains(&low.as_str()) { nothing } else { None }
        }
        Equal::Balanced => low.starts_with("balanced").then(|| "balanced class weights".into()),
        Equal::Watched => match number(value)? {
            share if share > 0.0 && share < 1.0 => with_value("{%} for validation", value),
            0.0 => nothing,
            _ => with_value("{} examples for validation", value),
        },
    }
}

fn with_value(words: &str, value: &str) -> Option<String> {
    if !words.contains("{%}") {
        return Some(words.replace("{}", value));
    }
    let share = number(value)?;
    Some(words.replace("{%}", &format!("{}%", plain((share * 1e8).round() / 1e6))))
}

/// Both at the place of the first.
fn betas(option: &Given, all: &[Given]) -> Option<String> {
    let of = |number: char| all.iter().find(|own| own.key.starts_with(['a', 'b']) && own.key.ends_with(&format!("beta{number}")));
    match (of('1'), of('2')) {
        (Some(first), Some(second)) if option.key == first.key => Some(format!("betas {}, {}", first.value, second.value)),
        (Some(_), Some(_)) => Some(String::new()),
        _ => Some(format!("beta{} {}", option.key.chars().next_back()?, option.value)),
    }
}

/// Names of programs and of their files are neither models nor data, and a comment ends a line of settings: what it says is read all the
/// same, as in `dataset = 'x.txt'  # char level`.
fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains('#') || !is_file(text) {
        return Cow::Borrowed(text);
    }
    static COMMENT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)(?P<before>^|[ \t])#+[ \t]+(?P<words>.*)$"));
    static NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)[\w./~-]+\.(?:py|sh|ya?ml|toml|cfg|ini|ipynb|json)\b"));
    COMMENT.replace_all(text, |found: &Captures<'_>| format!("{}; {};", &found["before"], NAME.replace_all(&found["words"], "")))
}

/// How a program is called, in words for what it trains.
fn without_commands(text: &str) -> Cow<'_, str> {
    static COMMANDS: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"(?:\b(?:CUDA_VISIBLE_DEVICES|WANDB_\w+|HF_\w+|OMP_NUM_THREADS)=\S+\s+)*\b(?:(?:python3?|torchrun|accelerate launch|deepspeed)(?:[ \t]+-m)?(?:[ \t]+--[\w-]+(?:=\S+)?)*[ \t]+(?P<script>[\w./-]+\.py)|axolotl(?: train)?[ \t]+\S+\.ya?ml|trl[ \t]+(?P<method>sft|dpo|orpo|kto|grpo|reward))(?P<behind>\s|$)",
        )
    });
    const TASKS: [(&str, &str); 8] = [
        ("run_ner", "named entity recognition"),
        ("run_qa", "question answering"),
        ("run_clm", "language modelling"),
        ("run_mlm", "masked language modelling"),
        ("run_summarization", "summarize"),
        ("run_translation", "translate"),
        ("run_image_classification", "classify images"),
        ("run_speech_recognition", "speech recognition"),
    ];
    if !["python", "torchrun", "accelerate", "deepspeed", "axolotl", "trl"].iter().any(|name| text.contains(name)) {
        return Cow::Borrowed(text);
    }
    COMMANDS.replace_all(text, |found: &Captures<'_>| {
        let script = found.name("script").map_or("", |script| script.as_str());
        let task = TASKS.iter().find(|(name, _)| script.contains(name)).map_or("", |(_, task)| task);
        format!("{task}{};{}", found.name("method").map_or("", |method| method.as_str()), &found["behind"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::request::parse_request;
    use crate::intake::{OptimizerKind, ScheduleShape};
    use crate::spec::Warmup;

    #[test]
    fn each_name_stands_once() {
        let names: Vec<&str> = TABLE.iter().flat_map(|(names, _)| names.split_whitespace()).collect();
        assert_eq!(names.len(), BY_NAME.len());
    }

    #[test]
    fn options_are_put_in_words() {
        for (text, expected) in [
            ("--num_train_epochs 7 --output_dir out", "; 7 epochs; ;"),
            ("MiniLM, num-train-epochs=2.0, logging_steps=10", "MiniLM, ; 2 epochs;, ;"),
            ("{\"max_steps\": -1, \"max_grad_norm\": 0.5}", "{;, ; clip gradients at 0.5;}"),
            ("--adam_beta2 0.95 --adam_beta1 0.8", "; ; betas 0.8, 0.95;"),
            ("--use_peft --fp16 false --fp16", "; LoRA; ; --fp16"),
            ("val_set_size: 0.05", "; 5% for validation;"),
        ] {
            assert_eq!(in_words(text), expected, "{text}");
        }
        // Words of columns and sentences are none.
        for text in [
            "predict device from path and type",
            "type: classification on a.csv",
            "gradient descent -- 3 epochs",
            "columns: device, strict",
            "predict run_name from num_workers and model_type",
            "a_b = 3, x: 4",
        ] {
            assert_eq!(in_words(text), text);
        }
    }

    #[test]
    fn a_pasted_command_is_read_whole() {
        let text = "python examples/run_glue.py --model_name_or_path bert-base-uncased --task_name sst2 --do_train --do_eval \
                    --num_train_epochs 4 --per_device_train_batch_size 8 --learning_rate 3e-5 --weight_decay 0.05 --warmup_ratio 0.06 \
                    --lr_scheduler_type cosine --adam_beta1 0.85 --adam_beta2 0.98 --adam_epsilon 1e-7 --max_grad_norm 0.5 \
                    --label_smoothing_factor 0.1 --max_seq_length 96 --seed 11 --optim adamw_torch_fused --eval_strategy epoch \
                    --save_strategy epoch --load_best_model_at_end --report_to wandb --run_name mine --output_dir /tmp/x --no_cuda \
                    --dataloader_num_workers 4 --overwrite_output_dir";
        let request = parse_request(text, |_| None);
        assert_eq!((request.epochs, request.batch_size, request.lr), (Some(4.0), Some(8), Some(3e-5)));
        assert_eq!((request.weight_decay, request.warmup), (Some(0.05), Some(Warmup::Frac(0.06))));
        assert_eq!((request.schedule, request.optimizer), (Some(ScheduleShape::Cosine), Some(OptimizerKind::AdamW)));
        assert_eq!((request.betas, request.eps, request.grad_clip_norm), (Some([0.85, 0.98]), Some(1e-7), Some(0.5)));
        assert_eq!((request.label_smoothing, request.max_seq_len, request.seeds), (Some(0.1), Some(96), vec![11]));
        assert!(request.keep_best);
        assert_eq!(
            request.not_understood.iter().filter(|words| words.as_str() != "task_name").count(),
            0,
            "{:?}",
            request.not_understood
        );
        assert_eq!(request.lacking, []);
    }

    #[test]
    fn a_pasted_file_names_no_model_in_its_comments() {
        let text = "# settings/train_poems.py -- as always\ndataset = 'poems.txt'  # char level\nbatch_size = 32\nblock_size = 64\n\
                    max_iters = 900\nlr_decay_iters = 900\nlearning_rate = 1e-3\nmin_lr = 1e-4\nout_dir = 'out-poems'";
        let request = parse_request(text, |_| None);
        assert_eq!(request.model, None);
        assert_eq!((request.steps, request.batch_size, request.max_seq_len), (Some(900), Some(32), Some(64)));
        assert!(request.characters);
        assert!(
            !request.not_understood.iter().any(|words| words.contains("iters") || words.contains("out")),
            "{:?}",
            request.not_understood
        );
        // Nor is a program one anywhere.
        assert_eq!(parse_request("run tools/train.py on a.csv", |_| None).model, None);
    }

    #[test]
    fn a_file_for_adapters_is_read() {
        let text = "base_model: some-org/Tiny-1B\nload_in_4bit: true\nadapter: qlora\nlora_r: 4\nlora_alpha: 8\nlora_target_linear: true\n\
                    datasets:\n  - path: faq.jsonl\n    type: alpaca\nsequence_len: 256\nval_set_size: 0.2\nnum_epochs: 2\n\
                    optimizer: adamw_torch\nwandb_project:\nflash_attention: true\n";
        let request = parse_request(text, |_| None);
        assert_eq!(request.epochs, Some(2.0));
        assert!(request.adapter.is_some_and(|adapter| adapter.as_stored && adapter.rank == Some(4)));
        assert!(request.tested.is_some() || request.watched.is_some());
        assert_eq!(request.not_understood, Vec::<String>::new());
        assert_eq!(request.read_as, None);
    }
}
