//! How a model is used and verified, what it is not good for, and what lies in its folder.

use super::base_model;
use crate::plan::Plan;
use crate::publish::places::again;
use crate::report::{self, Report};
use crate::spec::Task;
use crate::words::{plain, quoted};

/// The curves of training, which lie beside the card.
pub(super) fn plots(report: &Report) -> String {
    let shown: String = report::plots(report).iter().map(|(name, title, _)| format!("![{title}](plots/{name})\n")).collect();
    if shown.is_empty() { shown } else { format!("## Curves\n\n{shown}\n") }
}

/// From other libraries, where one loads it, and from Tallow.
pub(super) fn uses(plan: &Plan) -> String {
    let mut out = String::from("## Use\n\n");
    if let Some(code) = library(plan) {
        out.push_str(&format!("```python\n{code}\n```\n\n"));
    }
    let command = match plan.spec.task {
        Task::LanguageModelling | Task::TextToText => "tallow generate path/to/this/folder \"a text\"",
        Task::InstructionTuning | Task::PreferenceOptimization => "tallow generate path/to/this/folder --chat \"a question\"",
        Task::SpeechRecognition => "tallow generate path/to/this/folder recording.wav",
        Task::ImageClassification => "tallow predict path/to/this/folder image.png",
        Task::TabularClassification | Task::TabularRegression => "tallow predict path/to/this/folder rows.csv",
        Task::QuestionAnswering => "tallow predict path/to/this/folder \"a question?\" --context \"the text that it is about\"",
        Task::TextClassification
        | Task::TextRegression
        | Task::TextMultiLabel
        | Task::TokenClassification
        | Task::MaskedLanguageModelling
        | Task::SentenceSimilarity => "tallow predict path/to/this/folder \"a text\"",
    };
    out.push_str(&format!("```\n{command}\n```\n\n"));
    out
}

/// A few lines of Python; none where only Tallow loads it.
fn library(plan: &Plan) -> Option<String> {
    if !plan.facts.model.config.is_public() {
        return None;
    }
    if plan.spec.task == Task::SentenceSimilarity {
        return Some(SENTENCES.into());
    }
    let class = match plan.spec.task {
        Task::TextClassification | Task::TextRegression | Task::TextMultiLabel => "AutoModelForSequenceClassification",
        Task::TokenClassification => "AutoModelForTokenClassification",
        Task::QuestionAnswering => "AutoModelForQuestionAnswering",
        Task::MaskedLanguageModelling => "AutoModelForMaskedLM",
        Task::LanguageModelling | Task::InstructionTuning | Task::PreferenceOptimization => "AutoModelForCausalLM",
        Task::TextToText => "AutoModelForSeq2SeqLM",
        Task::SpeechRecognition => "AutoModelForSpeechSeq2Seq",
        Task::ImageClassification => "AutoModelForImageClassification",
        Task::TabularClassification | Task::TabularRegression | Task::SentenceSimilarity => return None,
    };
    let companion = match plan.spec.task {
        Task::ImageClassification => "AutoImageProcessor",
        Task::SpeechRecognition => "AutoProcessor",
        _ => "AutoTokenizer",
    };
    let place = "\"path/to/this/folder\"";
    let name = if companion == "AutoTokenizer" { "tokenizer" } else { "processor" };
    if plan.spec.adapter.is_none() {
        let code = format!(
            "from transformers import {companion}, {class}\n\nmodel = {class}.from_pretrained({place})\n{name} = {companion}.from_pretrained({place})"
        );
        return Some(if positions_are_stretched(plan) { format!("{code}\n{STRETCHED}") } else { code });
    }
    let base = base_model(plan).map_or_else(|| "\"path/to/the/base\"".into(), |base| format!("\"{base}\""));
    // The base may have another head: the adapter brings its own, whose classes its configuration names.
    let (reader, config, head) = match plan.runs.first().map_or(0, |run| run.model.num_labels()) {
        0 => ("", String::new(), ""),
        _ => (
            "AutoConfig, ",
            format!("config = AutoConfig.from_pretrained({place})\n"),
            ", config=config, ignore_mismatched_sizes=True",
        ),
    };
    let code = format!(
        "from peft import PeftModel\nfrom transformers import {reader}{companion}, {class}\n\n{config}\
         base = {class}.from_pretrained({base}{head})\nmodel = PeftModel.from_pretrained(base, {place})\n\
         {name} = {companion}.from_pretrained({place})"
    );
    Some(if positions_are_stretched(plan) { format!("{code}\n{STRETCHED}") } else { code })
}

/// Whether images have another size than the model's table of positions is for.
fn positions_are_stretched(plan: &Plan) -> bool {
    let config = plan.runs.first().map_or(&plan.facts.model.config, |run| &run.model);
    let sizes = config.image_side().zip(plan.facts.data.image_shape);
    sizes.is_some_and(|(side, [height, width, _])| [height, width] != [side, side])
}

const STRETCHED: &str = "
# `image` is one of Pillow's; its positions are stretched, for images have another size than they are for.
logits = model(**processor(images=image, return_tensors=\"pt\"), interpolate_pos_encoding=True).logits";

const SENTENCES: &str = "from sentence_transformers import SentenceTransformer

model = SentenceTransformer(\"path/to/this/folder\")
vectors = model.encode([\"How is the weather today?\", \"Is it sunny outside?\"])
print(model.similarity(vectors, vectors))";

/// What nobody looked at, said so that nobody thinks somebody did.
pub(super) fn limits(plan: &Plan, report: &Report) -> String {
    let data = &plan.spec.data;
    let measured_on = match data.is_cut_off() {
        true => {
            // Where rows stay together it is another share than was asked for.
            let cut =
                plan.facts.data.splits.iter().find(|split| split.name == data.held_out).and_then(|split| split.part.as_ref());
            let share = cut.map_or(data.held_out_frac.unwrap_or_default(), |part| part.share());
            let share = (1000.0 * share).round() / 10.0;
            let (part, train) = (plain(share), &data.train);
            let how = plan.facts.data.held_out_in_words(train, &data.held_out_by, plan.spec.task);
            format!("{part} % of the split `{train}`, {how}, cut off from it,")
        }
        false => format!("the split `{}`", data.held_out),
    };
    let mut lines = vec![
        format!("It was measured on {measured_on} of one data set and on nothing else; on other data it may do better or worse."),
        "No language, group of people or kind of input was looked at apart from the rest: what the data favours, the model may favour. \
         Whoever uses it on people measures that first."
            .into(),
    ];
    if let languages @ [_, ..] = plan.facts.data.languages.as_slice() {
        lines.push(format!("Languages: {}, as the data set's own card states them; none was looked at.", quoted(languages)));
    }
    if base_model(plan).is_some() {
        lines.push("What its base model learnt, and from what, is on the base model's own card, with its limits.".into());
    }
    if let Some((_, longest)) = plan.facts.model.config.text_limits() {
        lines.push(format!("Texts beyond {longest} tokens are cut."));
    }
    if report.scores.runs.len() == 1 {
        lines.push("One seed was trained: how much scores differ from seed to seed is not known.".into());
    }
    // Names of splits and columns are the data's.
    let lines: Vec<String> = lines.iter().map(|line| format!("- {}", report::prose_line(line))).collect();
    format!("## Limits\n\n{}\n\n", lines.join("\n"))
}

pub(super) fn verification(plan: &Plan, report: &Report) -> String {
    let name = if plan.spec.adapter.is_some() { "adapter_model.safetensors" } else { "model.safetensors" };
    let hash = report.model.weights_sha256.as_deref().map_or(String::new(), |hash| {
        format!("The weights that were scored have the SHA-256 `{hash}` (`sha256sum {name}`, where they are one file).\n\n")
    });
    format!(
        "## Verify\n\n{hash}`manifest.json` holds the hashes of everything that the run was made from. `{}` runs the \
         experiment again, `tallow verify RUN` compares a run with its own repetition bit for bit, `tallow eval path/to/this/folder --data ...` \
         scores the model on other data, and `metrics.json` holds the scores above.\n\n",
        again(plan)
    )
}

pub(super) fn files(plan: &Plan) -> String {
    let own = match &plan.spec.adapter {
        Some(_) => ADAPTER_FILES,
        None if plan.facts.model.config.is_public() => FILES,
        None => OWN_FILES,
    };
    format!("{own} `training.toml` is the whole experiment: `{}` runs it again.", again(plan))
}

const ADAPTER_FILES: &str = "`adapter_model.safetensors` and `adapter_config.json` are an adapter as the `peft` library has it, to be \
loaded beside the base model; `tallow merge` makes one model of both.";

const OWN_FILES: &str =
    "`model.safetensors` and `config.json` are as Tallow has them: no other library knows this architecture by them.";

const FILES: &str = "`model.safetensors` and `config.json` have the names and keys of the public model, so other libraries \
load them.";
