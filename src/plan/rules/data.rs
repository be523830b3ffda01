//! Which data a goal is about, and which of its splits the verdict is read from.

use super::models::{self, Named};
use super::of_paper;
use crate::data::{GENERATED, Known, PerhapsColumns, catalogue, find_known};
use crate::intake::{AskedPair, DataName, Lack, ModelName, ReportedResult};
use crate::plan::{DataChoice, Goal, PlannerError, Wishes};
use crate::spec::{Columns, DataSource, Metric, Task, lay_over};
use crate::words::last_of_address;

/// Training examples of a data set that Tallow makes itself, if nobody says how many.
const GENERATED_EXAMPLES: usize = 12_000;

/// What learns from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// A model of the zoo.
    Zoo,
    /// Whatever a script makes.
    Script,
}

/// The data that was asked for, else what the paper reports on, best first.
pub(super) fn choices(goal: &Goal, wishes: &Wishes, learner: For) -> Result<Vec<DataChoice>, PlannerError> {
    let named = match goal {
        Goal::Request(request) => wishes.data.as_ref().or(request.data.as_ref()),
        Goal::Paper(_) => wishes.data.as_ref(),
    };
    if let Goal::Request(request) = goal
        && !request.refused.is_empty()
    {
        return Err(PlannerError::Request { refused: request.refused.clone() });
    }
    // Nor is another task than the one that was asked for.
    if let (Goal::Request(request), For::Zoo) = (goal, learner)
        && let Some(lacking) = request.lacking.iter().find(|lacking| lacking.of == Lack::Task)
    {
        return Err(PlannerError::NoModel { wanted: format!("`{}`", lacking.words), zoo: zoo() });
    }
    // A model that nobody has is told before any data is looked for.
    if let (Some(ModelName::Called { name }), For::Zoo) = (goal.model(wishes), learner)
        && models::named(name).is_none()
    {
        return Err(PlannerError::NoModel { wanted: format!("`{name}`"), zoo: zoo() });
    }
    classifies(goal, wishes)?;
    match (named, goal) {
        (Some(name), _) => named_choices(name)?.into_iter().map(|choice| asked(choice, goal, wishes)).collect(),
        (None, Goal::Request(request)) => {
            Err(PlannerError::NoData { not_understood: request.not_understood.clone(), known: known_names() })
        }
        (None, Goal::Paper(paper)) => of_paper::data(paper, wishes, learner),
    }
}

/// A model that tells words is none that tells classes, and to train it as if nothing had been said would be another task.
fn classifies(goal: &Goal, wishes: &Wishes) -> Result<(), PlannerError> {
    let Goal::Request(request) = goal else { return Ok(()) };
    let Some(ModelName::Called { name }) = goal.model(wishes) else { return Ok(()) };
    let writes = matches!(models::named(name), Some(Named::Decoders(_) | Named::Llama | Named::Writers(_)));
    if !request.classifies || !writes || request.pair.is_some() {
        return Ok(());
    }
    let wanted =
        format!("`{name}` to classify: it writes words; encoders classify texts, such as `minilm`, `bert` and `roberta`");
    Err(PlannerError::NoModel { wanted, zoo: zoo() })
}

/// Data that was asked for by its name, for what was asked of it.
fn asked(choice: DataChoice, goal: &Goal, wishes: &Wishes) -> Result<DataChoice, PlannerError> {
    let choice = made_as_asked(choice, wishes);
    if wants_vectors(goal) {
        return of_vectors(choice, goal, wishes);
    }
    if let Some(choice) = for_another_task(&choice, goal) {
        return Ok(choice);
    }
    // What is known has its task and columns, but for how it is drawn.
    if !choice.columns.input.is_empty() {
        let columns = Columns { weight: columns(goal, wishes).weight, ..choice.columns.clone() };
        return Ok(DataChoice { columns, ..choice });
    }
    let task = task(goal, wishes).or(choice.task);
    let perhaps = if let Goal::Request(request) = goal { request.perhaps_columns() } else { PerhapsColumns::default() };
    let perhaps = PerhapsColumns { reads_texts: reads_texts(goal, wishes), ..perhaps };
    Ok(DataChoice { task, columns: columns(goal, wishes), perhaps, languages: languages(goal), ..choice })
}

/// Whether the model that was asked for reads texts, or, where none was, the task is of such: a table's texts are read then.
fn reads_texts(goal: &Goal, wishes: &Wishes) -> bool {
    match goal.model(wishes) {
        Some(ModelName::Called { name }) => {
            matches!(models::named(name), Some(Named::Bert | Named::Fresh(_) | Named::Encoders(_)))
        }
        Some(ModelName::At { id }) if is_encoder(id) => true,
        _ => matches!(goal, Goal::Request(request) if request.task == Some(Task::TextClassification)),
    }
}

/// Whether an id is that of an encoder of texts, by what its family is called.
fn is_encoder(id: &str) -> bool {
    let name = id.rsplit('/').next().unwrap_or(id).to_lowercase();
    // That one hears.
    !name.contains("hubert") && ["bert", "electra", "minilm"].iter().any(|family| name.contains(family))
}

/// Known data for another kind of task than it is known for: its columns are looked at anew.
fn for_another_task(choice: &DataChoice, goal: &Goal) -> Option<DataChoice> {
    let Goal::Request(request) = goal else { return None };
    let (known, asked) = (choice.known?, request.task?);
    let columns = Columns::default();
    let is_other = known.task.head() != asked.head() && !answers_by_a_class(known, asked);
    is_other.then(|| DataChoice { task: Some(asked), known: None, columns, ..choice.clone() })
}

/// Whether its questions are answered by one of a few classes, such as yes and no: that is "question answering", too.
pub(super) fn answers_by_a_class(known: &Known, asked: Task) -> bool {
    asked == Task::QuestionAnswering && known.task == Task::TextClassification && known.input.contains(&"question")
}

/// Whether vectors of texts are asked for: in words, or by what measures nothing else.
fn wants_vectors(goal: &Goal) -> bool {
    let measures = |metric: Metric| metric.serves(Task::SentenceSimilarity) && !metric.is_of_scores();
    matches!(goal, Goal::Request(request) if request.embeddings || request.metric.is_some_and(measures))
}

/// The data for vectors of texts. Of a known data set of pairs its score, or its two classes; of questions and the texts that hold
/// their answers, these belong together.
fn of_vectors(choice: DataChoice, goal: &Goal, wishes: &Wishes) -> Result<DataChoice, PlannerError> {
    let task = Some(Task::SentenceSimilarity);
    let Some(known) = choice.known else {
        let perhaps = if let Goal::Request(request) = goal { request.perhaps_columns() } else { PerhapsColumns::default() };
        let measures = matches!(goal, Goal::Request(request) if request.metric.is_some_and(Metric::is_of_scores));
        let perhaps = PerhapsColumns { is_scored: perhaps.is_scored || measures, ..perhaps };
        return Ok(DataChoice { task, columns: columns(goal, wishes), perhaps, ..choice });
    };
    let label = match known.task {
        Task::TextRegression => known.label.map(str::to_string),
        Task::TextClassification if known.classes == 2 => known.label.map(str::to_string),
        Task::QuestionAnswering => None,
        Task::SentenceSimilarity => return Ok(choice),
        _ => return Err(no_pairs(&choice)),
    };
    if known.input.len() != 2 {
        return Err(no_pairs(&choice));
    }
    Ok(DataChoice { task, columns: Columns { label, ..choice.columns.clone() }, ..choice })
}

fn no_pairs(choice: &DataChoice) -> PlannerError {
    let what = "vectors are learnt from pairs of texts, with a score or because they belong together; it has none".into();
    PlannerError::Data { data: choice.name.clone(), what }
}

/// What is to be learnt, where request or model say so; none: what the data is found to be for.
fn task(goal: &Goal, wishes: &Wishes) -> Option<Task> {
    if let Goal::Request(request) = goal {
        match request.task {
            // Data has them by itself, or none.
            Some(Task::TextClassification | Task::ImageClassification | Task::TabularClassification) | None => {}
            asked => return asked,
        }
        if request.speech.is_some() {
            return Some(Task::SpeechRecognition);
        }
    }
    let writes = match goal.model(wishes) {
        Some(ModelName::Called { name }) => matches!(models::named(name), Some(Named::Writers(_))),
        _ => matches!(goal, Goal::Request(request) if request.pair.is_some()),
    };
    if writes {
        return Some(Task::TextToText);
    }
    if let Some(ModelName::Called { name }) = goal.model(wishes)
        && matches!(models::named(name), Some(Named::Hearers(_)))
    {
        return Some(Task::SpeechRecognition);
    }
    let tells_words = match goal.model(wishes) {
        Some(ModelName::Called { name }) => matches!(models::named(name), Some(Named::Decoders(_) | Named::Llama)),
        _ => false,
    };
    let measured = match goal {
        Goal::Request(request) => request.metric,
        Goal::Paper(_) => None,
    };
    let of_words = matches!(measured, Some(Metric::Perplexity | Metric::BitsPerByte));
    let of_numbers = measured.is_some_and(|metric| metric.serves(Task::TextRegression)).then_some(Task::TextRegression);
    let of_labels = match measured {
        Some(Metric::Bleu | Metric::Chrf | Metric::Rouge1 | Metric::Rouge2 | Metric::RougeL) => Some(Task::TextToText),
        Some(Metric::Wer | Metric::Cer) => Some(Task::SpeechRecognition),
        Some(Metric::SubsetAccuracy) => Some(Task::TextMultiLabel),
        Some(Metric::PreferenceAccuracy | Metric::PreferenceMargin) => Some(Task::PreferenceOptimization),
        Some(Metric::MaskedAccuracy) => Some(Task::MaskedLanguageModelling),
        Some(Metric::AnswerF1 | Metric::ExactMatch) => Some(Task::QuestionAnswering),
        Some(Metric::EntityF1 | Metric::EntityPrecision | Metric::EntityRecall) => Some(Task::TokenClassification),
        _ => None,
    };
    (tells_words || of_words).then_some(Task::LanguageModelling).or(of_numbers).or(of_labels)
}

fn languages(goal: &Goal) -> Option<[String; 2]> {
    match goal {
        Goal::Request(request) => match &request.pair {
            Some(AskedPair::Translation { from: Some(from), to: Some(to) }) => Some([from.clone(), to.clone()]),
            _ => None,
        },
        Goal::Paper(_) => None,
    }
}

/// The columns that were said, by the request or by keys of the experiment file: the data is looked at with them.
fn columns(goal: &Goal, wishes: &Wishes) -> Columns {
    let mut columns = Columns::default();
    if let Goal::Request(request) = goal {
        (columns.label, columns.weight) = (request.label.clone(), request.weighted_by.clone());
        (columns.input, columns.exclude) = (request.input.clone(), request.exclude.clone());
    }
    let mut set = toml::Table::new();
    for (key, value) in &wishes.set {
        if let Some(key) = key.strip_prefix("data.columns.") {
            // What cannot be read is refused with the experiment.
            let _ = lay_over(&mut set, key, value);
        }
    }
    let name = |key: &str| set.get(key)?.as_str().map(str::to_string);
    let names = |key: &str| {
        let names = set.get(key)?.as_array()?.iter().filter_map(toml::Value::as_str);
        Some(names.map(str::to_string).collect::<Vec<_>>())
    };
    (columns.label, columns.weight) = (name("label").or(columns.label), name("weight").or(columns.weight));
    columns.input = names("input").unwrap_or(columns.input);
    columns.exclude = names("exclude").unwrap_or(columns.exclude);
    columns
}

pub(super) fn known_names() -> Vec<&'static str> {
    catalogue().iter().map(|known| known.name).chain(GENERATED).collect()
}

/// Where it may lie, best first.
fn named_choices(name: &DataName) -> Result<Vec<DataChoice>, PlannerError> {
    let choice = match name {
        DataName::Known { name } => match find_known(name) {
            Some(known) => return Ok(known_choices(known)),
            None => return Err(PlannerError::NoData { not_understood: vec![name.clone()], known: known_names() }),
        },
        DataName::Generated { name } => generated_choice(name),
        DataName::Hub { id, config } => {
            // The catalogue knows columns and splits of ids, too, where the id has one configuration or it was said.
            let of_id = |known: &&Known| known.id == id && config.as_deref().is_none_or(|config| known.config == Some(config));
            let mut known = catalogue().iter().filter(of_id);
            let (first, second) = (known.next(), known.next());
            match (first, second) {
                (Some(only), None) => return Ok(known_choices(only)),
                _ => open(id.clone(), DataSource::Hub { id: id.clone(), config: config.clone(), revision: None }),
            }
        }
        DataName::Url { url } => open(last_of_address(url), DataSource::Url { url: url.clone(), sha256: None }),
        DataName::Local { path } => {
            let stem = path.file_stem().map_or_else(|| path.display().to_string(), |stem| stem.to_string_lossy().into_owned());
            // Of two tables that were named together the first says what it is.
            let name =
                stem.trim_start_matches('{').split([',', '.']).next().map(str::to_string).filter(|_| stem.starts_with('{'));
            let name = name.unwrap_or(stem);
            open(name, DataSource::Local { path: path.clone() })
        }
    };
    Ok(vec![choice])
}

/// Nothing is known of it yet.
fn open(name: String, source: DataSource) -> DataChoice {
    DataChoice {
        name,
        source,
        splits: vec![],
        columns: Columns::default(),
        perhaps: PerhapsColumns::default(),
        languages: None,
        task: None,
        known: None,
    }
}

/// A known data set in each form that it has on the Hub.
pub(super) fn known_choices(known: &'static Known) -> Vec<DataChoice> {
    let in_form = |config: Option<&'static str>| DataChoice {
        name: known.name.into(),
        source: DataSource::Hub { id: known.id.into(), config: config.map(str::to_string), revision: None },
        splits: known.splits.map(|(train, held_out)| vec![train.into(), held_out.into()]).unwrap_or_default(),
        columns: Columns {
            input: known.input.iter().map(|c| c.to_string()).collect(),
            label: known.label.map(str::to_string),
            ..Columns::default()
        },
        perhaps: PerhapsColumns::default(),
        languages: None,
        task: Some(known.task),
        known: Some(known),
    };
    std::iter::once(in_form(known.config)).chain(known.else_config.map(|config| in_form(Some(config)))).collect()
}

/// A data set that Tallow makes, as large as keys of the experiment file say: it is made before there is an experiment.
fn made_as_asked(mut choice: DataChoice, wishes: &Wishes) -> DataChoice {
    if let DataSource::Generated { examples, seed, .. } = &mut choice.source {
        for (key, value) in &wishes.set {
            match key.as_str() {
                // One that is no number is refused with the experiment.
                "data.source.examples" => *examples = value.trim().parse().unwrap_or(*examples),
                "data.source.seed" => *seed = value.trim().parse().unwrap_or(*seed),
                _ => {}
            }
        }
    }
    choice
}

pub(super) fn generated_choice(name: &str) -> DataChoice {
    open(name.into(), DataSource::Generated { name: name.into(), examples: GENERATED_EXAMPLES, seed: 1 })
}

pub(super) fn zoo() -> Vec<&'static str> {
    tallow_zoo::registry().iter().map(|entry| entry.family).collect()
}

/// A reported number as a value of `metric`, 0..1 (Matthews: -1..1); none where it is of another metric.
pub(super) fn share(result: &ReportedResult, metric: Metric) -> Option<f64> {
    let named = |names: &[&str]| result.metric.as_deref().is_some_and(|found| names.contains(&found));
    let part = |value: f64| if value.abs() > 1.0 { value / 100.0 } else { value };
    match metric {
        Metric::Accuracy => result.accuracy().map(|(value, _)| value),
        Metric::F1 => named(&["F1"]).then(|| part(result.value)),
        Metric::Matthews => named(&["Matthews correlation"]).then(|| part(result.value)),
        Metric::MacroF1 => named(&["macro F1"]).then(|| part(result.value)),
        Metric::Perplexity => named(&["perplexity", "PPL"]).then_some(result.value),
        Metric::BitsPerByte => named(&["bits per byte", "BPB"]).then_some(result.value),
        Metric::Pearson => named(&["Pearson", "Pearson correlation"]).then(|| part(result.value)),
        Metric::Spearman => named(&["Spearman", "Spearman correlation"]).then(|| part(result.value)),
        Metric::MicroF1 => named(&["micro F1"]).then(|| part(result.value)),
        Metric::Auroc => named(&["AUROC", "AUC", "ROC AUC"]).then(|| part(result.value)),
        Metric::AveragePrecision => named(&["average precision", "AP", "mAP"]).then(|| part(result.value)),
        Metric::Top5Accuracy => named(&["top-5 accuracy"]).then(|| part(result.value)),
        Metric::SubsetAccuracy => named(&["subset accuracy", "exact match"]).then(|| part(result.value)),
        Metric::EntityF1 => named(&["F1", "entity F1", "span F1"]).then(|| part(result.value)),
        Metric::AnswerF1 => named(&["F1"]).then(|| part(result.value)),
        Metric::ExactMatch => named(&["EM", "exact match"]).then(|| part(result.value)),
        Metric::MaskedAccuracy => None,
        Metric::EntityPrecision => named(&["precision"]).then(|| part(result.value)),
        Metric::EntityRecall => named(&["recall"]).then(|| part(result.value)),
        Metric::LogLoss | Metric::CalibrationError => None,
        Metric::AccuracyAt1 => named(&["accuracy@1", "recall@1", "R@1"]).then(|| part(result.value)),
        Metric::MrrAt10 => named(&["MRR@10", "MRR"]).then(|| part(result.value)),
        Metric::NdcgAt10 => named(&["nDCG@10", "NDCG"]).then(|| part(result.value)),
        Metric::RecallAt10 => named(&["recall@10", "R@10"]).then(|| part(result.value)),
        Metric::TripletAccuracy => None,
        // In units of the data's own.
        Metric::Rmse | Metric::Mae | Metric::R2 => None,
        // Of models and data that no paper shares.
        Metric::PreferenceAccuracy | Metric::PreferenceMargin => None,
        Metric::Bleu => named(&["BLEU"]).then_some(result.value),
        Metric::Chrf => named(&["chrF", "chrF2"]).then_some(result.value),
        Metric::Rouge1 => named(&["ROUGE-1"]).then(|| part(result.value)),
        Metric::Rouge2 => named(&["ROUGE-2"]).then(|| part(result.value)),
        Metric::RougeL => named(&["ROUGE-L"]).then(|| part(result.value)),
        Metric::Wer => named(&["WER", "word error rate"]).then(|| part(result.value)),
        Metric::Cer => named(&["CER", "character error rate"]).then(|| part(result.value)),
    }
}
