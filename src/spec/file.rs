//! The experiment as a TOML file: read with every problem at once, written so that reading gives the same.

use super::place::Place;
use super::schema::{self, Problem};
use super::{
    Augment, ClassWeights, Columns, ExperimentSpec, Keep, Metric, ModelSpec, Monitor, Sampling, Similarity, Task, TokenizerKind,
    TokenizerSpec,
};
use crate::error::{Class, Failure};
use crate::words;
use tallow_zoo::mlp::NumericColumn;
use tallow_zoo::{HeadKind, ModelConfig};

/// The ids of `<pad>` and `</s>` in a tokenizer that is made for pairs of texts.
const PAIR_TOKENS: [u32; 2] = [0, 1];

/// The version of the format that is written and read.
pub const VERSION: u32 = 1;

/// The file is no experiment.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{file}` is no experiment file:\n{source}")]
    Syntax { file: String, source: Box<toml::de::Error> },
    #[error("`{file}` has {} problem(s):{}", .problems.len(), words::bullets(problems))]
    Problems { file: String, problems: Vec<String> },
    #[error("a planner proposed no {what}")]
    Empty { what: &'static str },
    #[error("`--set {key}={value}` cannot be used: {message}")]
    Set { key: String, value: String, message: String },
}

impl Failure for Error {
    fn class(&self) -> Class {
        Class::Spec
    }
    fn hint(&self) -> Option<String> {
        Some("`tallow schema` prints every key; `presets/` holds examples".into())
    }
}

/// Reads an experiment.
///
/// # Errors
/// Not TOML; or unknown and missing keys, values of another type or out of range, and what does not go together: all at once, each
/// with its line and its key.
pub fn parse(text: &str, file: &str) -> Result<ExperimentSpec, Error> {
    parse_with(text, file, &[])
}

/// As [`parse`], with `KEY=VALUE` pairs laid over the file; a key is a dotted path, a value TOML or else a plain string.
pub fn parse_with(text: &str, file: &str, set: &[(String, String)]) -> Result<ExperimentSpec, Error> {
    let syntax = |source| Error::Syntax { file: file.into(), source: Box::new(source) };
    let mut table: toml::Table = toml::from_str(text).map_err(syntax)?;
    for (key, value) in set {
        lay_over(&mut table, key, value)?;
    }
    read(table).map_err(|wrong| match wrong {
        Wrong::Syntax(source) => syntax(*source),
        Wrong::Problems(problems) => Error::Problems { file: file.into(), problems: listed(problems, text, set) },
    })
}

/// As [`parse`], of a table at hand: each problem with its key.
///
/// # Errors
/// Every problem at once.
pub fn of_table(table: toml::Table) -> Result<ExperimentSpec, Vec<String>> {
    read(table).map_err(|wrong| match wrong {
        Wrong::Syntax(source) => vec![source.message().to_string()],
        Wrong::Problems(problems) => {
            problems.into_iter().map(|Problem { place, what, .. }| format!("`{place}`: {what}")).collect()
        }
    })
}

/// What the value of a key must be, in words.
pub(crate) fn takes(key: &str) -> String {
    schema::takes(&schemars::schema_for!(ExperimentSpec).to_value(), key).unwrap_or_default()
}

/// Why a table is no experiment.
enum Wrong {
    Syntax(Box<toml::de::Error>),
    Problems(Vec<Problem>),
}

fn read(mut table: toml::Table) -> Result<ExperimentSpec, Wrong> {
    let schema = schemars::schema_for!(ExperimentSpec).to_value();
    let mut problems = schema::check(&schema, &table);
    problems.extend(of_the_model(&table));
    // What can be read in spite of them is looked at as a whole.
    problems.iter().filter(|problem| problem.superfluous).for_each(|problem| problem.place.remove_from(&mut table));
    match toml::Value::Table(table).try_into::<ExperimentSpec>() {
        Ok(spec) => {
            problems.extend(together(&spec));
            if problems.is_empty() { Ok(spec) } else { Err(Wrong::Problems(problems)) }
        }
        Err(source) if problems.is_empty() => Err(Wrong::Syntax(Box::new(source))),
        Err(_) => Err(Wrong::Problems(problems)),
    }
}

/// Reads a file of another kind than an experiment's, such as a benchmark's suite, as strictly. `together` says what is wrong between
/// values, each with its place: keys and numbers in lists, joined by dots.
///
/// # Errors
/// All that is wrong, each with its line and its key.
pub fn parse_strictly<T: schemars::JsonSchema + serde::de::DeserializeOwned>(
    text: &str,
    together: &dyn Fn(&T) -> Vec<(String, String)>,
) -> Result<T, Vec<String>> {
    let syntax = |source: toml::de::Error| vec![source.to_string()];
    let table: toml::Table = toml::from_str(text).map_err(syntax)?;
    let problems = schema::check(&schemars::schema_for!(T).to_value(), &table);
    if !problems.is_empty() {
        return Err(listed(problems, text, &[]));
    }
    let read: T = toml::Value::Table(table).try_into().map_err(syntax)?;
    let place = |at: &str| {
        at.split('.').fold(Place::default(), |place, part| match part.parse() {
            Ok(index) => place.index(index),
            Err(_) => place.key(part),
        })
    };
    let problems: Vec<Problem> = together(&read).into_iter().map(|(at, what)| Problem::new(place(&at), what)).collect();
    if problems.is_empty() { Ok(read) } else { Err(listed(problems, text, &[])) }
}

/// In words, by their lines; those of the command line come last.
fn listed(problems: Vec<Problem>, text: &str, set: &[(String, String)]) -> Vec<String> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for Problem { place, what, .. } in problems {
        let line = match set.iter().any(|(key, _)| Place::of(key).touches(&place)) {
            true => Err("command line, "),
            false => place.line(text).ok_or(""),
        };
        let (rank, at) = line.map_or_else(|at| (usize::MAX, at.to_string()), |line| (line, format!("line {line}, ")));
        lines.push((rank, format!("{at}`{place}`: {what}")));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The file that [`parse`] reads back.
pub fn to_toml(spec: &ExperimentSpec) -> String {
    toml::to_string_pretty(spec).unwrap_or_default()
}

/// Sets a key, a dotted path, to a value in TOML, else to a plain string; no text at all takes it away.
pub(crate) fn lay_over(table: &mut toml::Table, key: &str, value: &str) -> Result<(), Error> {
    let wrong = |message: &str| Error::Set { key: key.into(), value: value.into(), message: message.into() };
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok().and_then(|mut t| t.remove("v"));
    if parsed.is_none() && has_too_large_a_number(value) {
        return Err(wrong(&format!("expected whole numbers from {} to {}", i64::MIN, i64::MAX)));
    }
    let parsed = parsed.unwrap_or_else(|| toml::Value::String(value.into()));
    let mut path: Vec<&str> = key.split('.').collect();
    let Some(last) = path.pop().filter(|last| !last.is_empty()) else { return Err(wrong("the key is empty")) };
    let mut at = table;
    for part in path {
        at = at
            .entry(part)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| wrong(&format!("`{part}` is not a table")))?;
    }
    match value {
        "" => drop(at.remove(last)),
        _ => drop(at.insert(last.into(), parsed)),
    }
    Ok(())
}

/// Whether a value is a whole number or a list of them, and too large for TOML; other texts that are no TOML are meant as texts.
fn has_too_large_a_number(value: &str) -> bool {
    let of = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    let numbers: Option<Vec<i128>> = of.split(',').map(|number| number.trim().parse().ok()).collect();
    numbers.is_some_and(|numbers| numbers.iter().any(|number| i64::try_from(*number).is_err()))
}

/// What the zoo says of a configuration in the file. It reads public keys by itself, so the schema leaves them to it.
fn of_the_model(table: &toml::Table) -> Vec<Problem> {
    let place = Place::of("model.config");
    let Some(config) = table.get("model").and_then(|model| model.get("config")).and_then(toml::Value::as_table) else {
        return Vec::new();
    };
    let config = match config_of(config.clone(), &place) {
        Ok(config) => config,
        Err(problems) => return problems,
    };
    // The classes may be those of the data.
    let nameless = config.labels().is_empty() && config.head().width() == 0;
    let mut config = if nameless { config.with_labels(&["0".into(), "1".into()]) } else { config };
    // So may the columns.
    if let ModelConfig::Mlp(mlp) = &mut config
        && mlp.is_without_columns()
    {
        mlp.numeric_columns.push(NumericColumn::of("any", []));
    }
    match config.check() {
        Ok(()) => Vec::new(),
        Err(tallow_zoo::Error::Config(problems)) => {
            problems.iter().map(|p| Problem::expected(place.key(&p.field), &p.expected, &p.found)).collect()
        }
        Err(other) => vec![Problem::new(place, other.to_string())],
    }
}

/// Reads a configuration of the zoo's.
///
/// # Errors
/// All keys that it lacks at once: reading stops at the first, so each gets the value that a small model of the family has, until no
/// more are missing. Anything else that is wrong is told as the first such thing.
fn config_of(mut config: toml::Table, place: &Place) -> Result<ModelConfig, Vec<Problem>> {
    let small = small_of(&config);
    let mut problems = Vec::new();
    loop {
        let source = match toml::Value::Table(config.clone()).try_into::<ModelConfig>() {
            Ok(config) if problems.is_empty() => return Ok(config),
            Ok(_) => return Err(problems),
            Err(source) => source,
        };
        let message = source.message().trim();
        let key = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        let lacking = key.filter(|key| !config.contains_key(*key)).and_then(|key| Some((key, small.as_ref()?.get(key)?)));
        let Some((key, value)) = lacking else {
            problems.push(Problem::new(place.clone(), message));
            return Err(problems);
        };
        problems.push(Problem::expected(place.key(key), &format!("a value, such as {value}"), "nothing"));
        config.insert(key.to_string(), value.clone());
    }
}

/// The configuration of a small model of the family that is named.
fn small_of(config: &toml::Table) -> Option<toml::Table> {
    let family = config.get("family")?;
    let mut all = tallow_zoo::registry().iter().filter_map(|entry| toml::Table::try_from((entry.tiny)()).ok());
    all.find(|small| small.get("family") == Some(family))
}

/// What must hold between values. Their own ranges are in the schema.
fn together(spec: &ExperimentSpec) -> Vec<Problem> {
    let mut wrong = Wrongs::default();
    wrong.unless(spec.version == VERSION, "version", &VERSION.to_string(), &spec.version.to_string());
    of_recipe(spec, &mut wrong);
    of_examples(spec, &mut wrong);
    of_images(spec, &mut wrong);
    of_splits(spec, &mut wrong);
    of_search(spec, &mut wrong);
    of_task(spec, &mut wrong);
    of_pairs(spec, &mut wrong);
    wrong.0
}

/// Problems as they are found.
#[derive(Default)]
struct Wrongs(Vec<Problem>);

impl Wrongs {
    fn unless(&mut self, ok: bool, path: &str, expected: &str, found: &str) {
        if !ok {
            self.0.push(Problem::expected(Place::of(path), expected, found));
        }
    }
}

fn of_recipe(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let (recipe, task) = (&spec.recipe, spec.task.in_words());
    let micro = recipe.micro_batch_size.unwrap_or(recipe.batch_size);
    let divides = micro == 0 || recipe.batch_size.is_multiple_of(micro);
    wrong.unless(divides, "recipe.micro_batch_size", &format!("a divisor of {}", recipe.batch_size), &micro.to_string());
    let clip = (recipe.grad_clip_norm, recipe.grad_clip_value);
    wrong.unless(clip.0.is_none() || clip.1.is_none(), "recipe.grad_clip_value", "one of `grad_clip_norm` and it", "both");
    let classes = spec.task.head() == HeadKind::Classes;
    for (set, path) in [
        (recipe.class_weights.is_some(), "recipe.class_weights"),
        (recipe.focal_gamma.is_some(), "recipe.focal_gamma"),
        (recipe.sampling == Sampling::Balanced, "recipe.sampling"),
    ] {
        wrong.unless(!set || classes, path, "a task that tells classes", task);
    }
    if let Some(ClassWeights::Given { weights }) = &recipe.class_weights {
        let counts = weights.iter().any(|weight| *weight > 0.0);
        wrong.unless(counts, "recipe.class_weights.weights", "one above 0 at least", "none");
    }
    let (place, smoothing) = ("recipe.label_smoothing", recipe.label_smoothing);
    let smoothed = matches!(spec.task.head(), HeadKind::Classes | HeadKind::Tags | HeadKind::Words);
    wrong.unless(smoothing == 0.0 || smoothed, place, "a task that tells classes, tags or words", task);
    let preferring = spec.task == Task::PreferenceOptimization;
    let own = "`preference.label_smoothing`, which is that of preferences";
    wrong.unless(smoothing == 0.0 || !preferring, place, own, &smoothing.to_string());
    let smooth = smoothing > 0.0 && recipe.focal_gamma.is_some();
    wrong.unless(!smooth, "recipe.focal_gamma", "one of `label_smoothing` and it", "both");
    for (i, group) in recipe.groups.iter().enumerate() {
        let before = recipe.groups[..i].iter().any(|other| other.pattern == group.pattern);
        wrong.unless(!before, &format!("recipe.groups[{i}].pattern"), "each pattern once", &format!("`{}` again", group.pattern));
    }
}

/// How examples are drawn, and the column that says so.
fn of_examples(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let Columns { input, exclude: _, label, labels, weight } = &spec.data.columns;
    let (place, weight) = ("data.columns.weight", weight.as_deref());
    let weighted = spec.recipe.sampling == Sampling::Weighted;
    let rows = spec.task.has_rows_for_examples();
    wrong.unless(!weighted || rows, "recipe.sampling", "a task whose examples are rows of the data", spec.task.in_words());
    wrong.unless(!weighted || weight.is_some(), place, "the column by which `recipe.sampling = \"weighted\"` draws", "none");
    wrong.unless(weighted || weight.is_none(), place, "`recipe.sampling = \"weighted\"`, which draws by it", "another sampling");
    let another = !weight.is_some_and(|weight| input.iter().chain(label).chain(labels).any(|name| name == weight));
    wrong.unless(another, place, "a column that is neither input nor label", weight.unwrap_or_default());
}

fn of_images(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let (recipe, image, task) = (&spec.recipe, spec.data.image, spec.task.in_words());
    let images = spec.task.takes() == tallow_zoo::Modality::Image;
    wrong.unless(recipe.augment.is_empty() || images, "recipe.augment", "images to change", task);
    wrong.unless(image.is_none() || images, "data.image", "images to bring to a size", task);
    if let Some((image, from)) = image.and_then(|image| Some((image, image.crop_from?))) {
        let least = image.height.max(image.width);
        wrong.unless(from >= least, "data.image.crop_from", &format!("at least {least}, what is cut out"), &from.to_string());
    }
    for (i, augment) in recipe.augment.iter().enumerate() {
        let place = format!("recipe.augment[{i}]");
        let alone = recipe.class_weights.is_none() && recipe.focal_gamma.is_none();
        let expected = "no `class_weights` and no `focal_gamma` beside mixed classes";
        wrong.unless(!augment.mixes() || alone, &place, expected, "one of them");
        if let Augment::RandomResizedCrop { min_area, max_area, .. } | Augment::RandomErasing { min_area, max_area, .. } = augment
        {
            let found = max_area.to_string();
            wrong.unless(min_area <= max_area, &format!("{place}.max_area"), "no less than `min_area`", &found);
        }
    }
}

/// What is trained on, watched and held out.
fn of_splits(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let (recipe, data) = (&spec.recipe, &spec.data);
    let expected = "another split than `data.train`";
    wrong.unless(data.train != data.held_out, "data.held_out", expected, &format!("`{}`", data.held_out));
    let is_cut = data.held_out_by.is_chance() || data.held_out_frac.is_some();
    wrong.unless(is_cut, "data.held_out_by", "`data.held_out_frac` beside it, how much is held out", "none");
    if let Monitor::Split { name } = &data.monitor {
        let other = *name != data.held_out && *name != data.train;
        wrong.unless(other, "data.monitor.name", "another split than `data.train` and `data.held_out`", &format!("`{name}`"));
    }
    let watched = data.monitor != Monitor::None;
    for (set, path) in [
        (recipe.early_stopping.is_some(), "recipe.early_stopping"),
        (recipe.keep == Keep::Best, "recipe.keep"),
        (spec.search.is_some(), "search"),
    ] {
        wrong.unless(!set || watched, path, "something to be watched (`data.monitor`)", "`kind = \"none\"`");
    }
}

/// What a search leaves as it is: a key that nothing has would leave nothing.
fn of_search(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let fixed = spec.search.as_ref().map(|search| search.fixed.as_slice()).unwrap_or_default();
    if fixed.is_empty() {
        return;
    }
    let schema = schemars::schema_for!(ExperimentSpec).to_value();
    for (i, key) in fixed.iter().enumerate() {
        let is_tried = ["recipe", "adapter"].contains(&key.split('.').next().unwrap_or_default());
        if !is_tried || !schema::has(&schema, key) {
            let place = Place::of("search.fixed").index(i);
            wrong.0.push(Problem::expected(place, "a key of `recipe` or `adapter`", &format!("`{key}`")));
        }
    }
}

/// What a task is measured by and needs, and what is of one task alone.
fn of_task(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let task = spec.task.in_words();
    let metrics: Vec<_> = Metric::of(spec.task).map(Metric::in_words).collect();
    let expected = format!("one of {task}: {}", metrics.join(", "));
    wrong.unless(spec.metric.serves(spec.task), "metric", &expected, spec.metric.in_words());
    of_target(spec, wrong);
    let pretrained = matches!(spec.model, ModelSpec::Pretrained { .. });
    wrong.unless(spec.adapter.is_none() || pretrained, "adapter", "a pretrained model to stand beside", "one from scratch");
    let writes = !spec.task.is_of_conversations() || pretrained;
    wrong.unless(writes, "model.kind", "`pretrained`: answers are learnt by a model that writes already", "`scratch`");
    for (set, path, of, name) in [
        (spec.preference.is_some(), "preference", Task::PreferenceOptimization, "preference_optimization"),
        (spec.speech.is_some(), "speech", Task::SpeechRecognition, "speech_recognition"),
        (spec.text_to_text.is_some(), "text_to_text", Task::TextToText, "text_to_text"),
        (spec.similarity.is_some(), "similarity", Task::SentenceSimilarity, "sentence_similarity"),
    ] {
        wrong.unless(!set || spec.task == of, path, &format!("the task `{name}`"), task);
    }
}

/// What no score can be is never reached, or always.
fn of_target(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    let (metric, Some(value)) = (spec.metric, spec.target.as_ref().map(|target| target.value)) else { return };
    let (least, most) = metric.range();
    let name = metric.in_words();
    let expected = match (least.is_finite(), most.is_finite()) {
        (true, true) => format!("{} to {} for {name}", words::plain(least), words::plain(most)),
        (true, false) => format!("{} or more for {name}", words::plain(least)),
        (false, true) => format!("{} at most for {name}", words::plain(most)),
        (false, false) => format!("a number for {name}"),
    };
    let share = value / 100.0;
    let found = match most <= 1.0 && value > 1.0 && metric.can_be(share) {
        true => format!("{} ({} is {} %)", words::plain(value), words::plain(share), words::plain(value)),
        false => words::plain(value),
    };
    wrong.unless(metric.can_be(value), "target.value", &expected, &found);
}

/// Texts that are written, and texts that are near each other.
fn of_pairs(spec: &ExperimentSpec, wrong: &mut Wrongs) {
    if matches!(spec.task, Task::TextToText | Task::SpeechRecognition)
        && let ModelSpec::Scratch { config, tokenizer } = &spec.model
    {
        let spells = !matches!(tokenizer, Some(TokenizerSpec::Trained(TokenizerKind::Wordpiece)));
        wrong.unless(spells, "model.tokenizer", "`bpe` or `characters`, by which a text is spelt as it was", "`wordpiece`");
        let made = !matches!(tokenizer, Some(TokenizerSpec::Of(_)));
        for (name, id, token, own) in config.pair_ids().into_iter().flat_map(|ids| {
            [("eos_token_id", ids.end, "</s>", PAIR_TOKENS[1]), ("pad_token_id", ids.pad, "<pad>", PAIR_TOKENS[0])]
        }) {
            let expected = format!("{own}, that of `{token}` in a tokenizer that is made");
            wrong.unless(!made || id == own, &format!("model.config.{name}"), &expected, &id.to_string());
        }
    }
    if let Some(similarity) = spec.similarity.filter(|_| spec.task == Task::SentenceSimilarity) {
        let fits = similarity.is_of_scores() == spec.metric.is_of_scores();
        let metric = format!("a metric of what `{}` is for", similarity.name());
        wrong.unless(fits, "metric", &metric, spec.metric.in_words());
    }
    if let Some(Similarity::Cosine { score_range: Some([low, high]) }) = spec.similarity {
        let found = format!("{low} and {high}");
        wrong.unless(low < high, "similarity.score_range", "two scores, the lower one first", &found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESET: &str = include_str!("../../presets/toy_bert.toml");

    #[test]
    fn presets_are_read_and_written_back() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/presets")).expect("presets");
        let files = folder.map(|entry| entry.expect("an entry").path());
        let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        assert!(!files.is_empty());
        for file in files {
            let name = file.display().to_string();
            let spec = parse(&std::fs::read_to_string(&file).expect("text"), &name).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(parse(&to_toml(&spec), &name).expect("read back"), spec);
        }
    }

    #[test]
    fn all_problems_come_at_once() {
        let set = [("recipe.lr", "-1"), ("recipe.batch_size", "0"), ("recipe.grad_clip_norm", "0.0")];
        let set: Vec<_> = set.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let message = parse_with(PRESET, "x.toml", &set).expect_err("refused").to_string();
        for path in ["recipe.lr", "recipe.batch_size", "recipe.grad_clip_norm"] {
            assert!(message.contains(path), "{message}");
        }
        assert!(message.starts_with("`x.toml` has 3 problem(s):"), "{message}");
    }

    #[test]
    fn numbers_without_measure_are_told_in_few_words() {
        let refused = |key: &str, value: &str| {
            parse_with(PRESET, "x.toml", &[(key.into(), value.into())]).expect_err("refused").to_string()
        };
        let large = refused("seeds", "[0, 18446744073709551615]");
        assert!(large.ends_with("expected whole numbers from -9223372036854775808 to 9223372036854775807"), "{large}");
        let long = refused("recipe.length", "{ epochs = 1e300 }");
        assert!(long.contains("found 1e300"), "{long}");
        let title = [("title".to_string(), "007".to_string())];
        assert_eq!(parse_with(PRESET, "x.toml", &title).expect("an experiment").title, "007");
    }

    #[test]
    fn each_problem_has_its_line_and_its_key() {
        let text = PRESET
            .replace("lr = 1e-3", "learning_rate = 1e-3\nlr = \"fast\"")
            .replace("{ frac = 0.1 }", "{ frac = 2.0 }")
            .replace("num_attention_heads = 2", "num_attention_heads = 3")
            .replace("name = \"validation\"", "name = \"test\"");
        let line = |words: &str| 1 + text[..text.find(words).expect("there")].matches('\n').count();
        let message = parse(&text, "x.toml").expect_err("refused").to_string();
        for (at, expected) in [
            ("learning_rate", "`recipe.learning_rate`: there is no such key; there are `augment`, `batch_size`"),
            ("lr = \"fast\"", "`recipe.lr`: expected a number above 0 and at most 100, found the text \"fast\""),
            ("frac = 2.0", "`recipe.schedule.warmup.frac`: expected a number from 0 to 1, found 2.0"),
            ("num_attention_heads", "`model.config.num_attention_heads`: expected a divisor of `hidden_size` (64), found 3"),
        ] {
            assert!(message.contains(&format!("\n  - line {}, {expected}", line(at))), "{expected}\n{message}");
        }
        let text = text.replace("\"fast\"", "1e-3");
        let message = parse(&text, "x.toml").expect_err("refused").to_string();
        assert!(
            message.contains("`data.monitor.name`: expected another split than `data.train` and `data.held_out`, found `test`"),
            "{message}"
        );
    }

    /// As of the rest of the file.
    #[test]
    fn all_keys_that_a_model_lacks_are_told_at_once() {
        let lines = PRESET.lines().filter(|line| !line.starts_with("hidden_size") && !line.starts_with("num_attention_heads"));
        let text = lines.map(|line| format!("{line}\n")).collect::<String>().replace("lr = 1e-3", "lr = \"fast\"");
        let message = parse(&text, "x.toml").expect_err("refused").to_string();
        for key in ["hidden_size", "num_attention_heads"] {
            assert!(message.contains(&format!("`model.config.{key}`: expected a value, such as ")), "{message}");
        }
        assert!(message.contains("`recipe.lr`: expected a number") && message.contains("has 3 problem(s)"), "{message}");
        let other = parse_with(PRESET, "x.toml", &[("model.config.family".to_string(), "dragon".to_string())]);
        assert!(other.is_err_and(|error| error.to_string().contains("dragon")));
    }

    #[test]
    fn weights_are_drawn_by_where_both_are_said() {
        let check = |set: &[(&str, &str)], expected: &[&str]| {
            let set: Vec<_> = set.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            let message = parse_with(PRESET, "x.toml", &set).map_or_else(|e| e.to_string(), |_| String::new());
            assert_eq!(message.is_empty(), expected.is_empty(), "{message}");
            expected.iter().for_each(|words| assert!(message.contains(words), "expected {words:?}: {message}"));
        };
        let (weighted, column) = (("recipe.sampling", "weighted"), ("data.columns.weight", "w"));
        check(&[weighted, column], &[]);
        check(&[weighted], &["`data.columns.weight`: expected the column by which `recipe.sampling = \"weighted\"` draws"]);
        check(&[column], &["`data.columns.weight`: expected `recipe.sampling = \"weighted\"`, which draws by it"]);
        check(
            &[weighted, ("data.columns.weight", "y"), ("data.columns.label", "y")],
            &["expected a column that is neither input nor label, found y"],
        );
        check(
            &[weighted, column, ("task", "language_modelling")],
            &["`recipe.sampling`: expected a task whose examples are rows of the data, found language modelling"],
        );
    }

    #[test]
    fn rows_are_held_out_by_something_where_a_part_is_cut_off() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            parse_with(PRESET, "x.toml", &set).map(|spec| spec.data.held_out_by).map_err(|e| e.to_string())
        };
        let (by, frac) = (("data.held_out_by", "{ kind = \"time\", column = \"date\" }"), ("data.held_out_frac", "0.2"));
        assert_eq!(of(&[by, frac]), Ok(crate::spec::HeldOutBy::Time { column: "date".into() }));
        assert_eq!(of(&[frac]), Ok(crate::spec::HeldOutBy::Chance));
        assert!(of(&[by]).is_err_and(|e| e.contains("`data.held_out_by`: expected `data.held_out_frac` beside it")));
        let unnamed = of(&[("data.held_out_by", "{ kind = \"time\" }"), frac]);
        assert!(unnamed.is_err_and(|e| e.contains("data.held_out_by") && e.contains("column")));
    }

    #[test]
    fn what_a_search_leaves_as_it_is_is_there() {
        let of = |keys: &str| parse_with(PRESET, "x.toml", &[("search.fixed".to_string(), keys.to_string())]);
        let of_recipe = ["recipe.lr", "recipe.optimizer.weight_decay", "recipe.length.epochs", "recipe.schedule.warmup.frac"];
        for key in of_recipe.into_iter().chain(["recipe", "adapter", "adapter.rank"]) {
            let spec = of(&format!("[\"{key}\"]")).unwrap_or_else(|e| panic!("{key}: {e}"));
            assert_eq!(spec.search.expect("a search").fixed, [key]);
        }
        for key in ["recipe.learning_rate", "recipe.optimizer.decoy", "adapter.rang", "data.train", "adapters", ""] {
            let message = of(&format!("[\"recipe.lr\", \"{key}\"]")).expect_err(key).to_string();
            let expected = format!("`search.fixed[1]`: expected a key of `recipe` or `adapter`, found `{key}`");
            assert!(message.contains(&expected), "{message}");
        }
    }

    #[test]
    fn a_target_is_one_that_scores_can_reach() {
        let of = |metric: &str, value: &str| {
            let set = [("metric", metric), ("target.value", value), ("target.source", "me")];
            let set: Vec<_> = set.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            parse_with(PRESET, "x.toml", &set).map(|spec| spec.target.map(|target| target.value)).map_err(|e| e.to_string())
        };
        assert_eq!(of("accuracy", "0.9"), Ok(Some(0.9)));
        assert_eq!(of("accuracy", "1.0"), Ok(Some(1.0)));
        assert_eq!(of("log_loss", "7.0"), Ok(Some(7.0)));
        for (metric, value, expected) in [
            ("accuracy", "90.0", "`target.value`: expected 0 to 1 for accuracy, found 90 (0.9 is 90 %)"),
            ("accuracy", "-0.5", "`target.value`: expected 0 to 1 for accuracy, found -0.5"),
            ("matthews", "130.0", "`target.value`: expected -1 to 1 for Matthews correlation, found 130"),
            ("log_loss", "-1.0", "`target.value`: expected 0 or more for log loss, found -1"),
        ] {
            assert!(of(metric, value).is_err_and(|found| found.contains(expected)), "{metric} {value}");
        }
    }

    #[test]
    fn weights_of_classes_leave_something_to_learn() {
        let of = |weights: &str| {
            let value = format!("{{ kind = \"given\", weights = {weights} }}");
            parse_with(PRESET, "x.toml", &[("recipe.class_weights".to_string(), value)]).map(drop).map_err(|e| e.to_string())
        };
        assert_eq!((of("[0.0, 1.0]"), of("[2.0, 1.0]")), (Ok(()), Ok(())));
        let expected = "`recipe.class_weights.weights`: expected one above 0 at least, found none";
        assert!(of("[0.0, 0.0]").is_err_and(|found| found.contains(expected)));
    }

    #[test]
    fn unknown_keys_are_named() {
        let set = [("recipe.learning_rate".to_string(), "1".to_string())];
        let message = parse_with(PRESET, "x.toml", &set).expect_err("refused").to_string();
        assert!(message.contains("learning_rate"), "{message}");
    }
}
