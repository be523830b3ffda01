//! What must hold between the values of an experiment. Their own ranges are in the schema.

use super::place::Place;
use super::schema::{self, Problem};
use super::{
    Augment, ClassWeights, Columns, ExperimentSpec, Keep, Metric, ModelSpec, Monitor, NumberLoss, Sampling, Similarity, Task,
    TokenizerKind, TokenizerSpec, VERSION,
};
use crate::words;
use tallow_zoo::HeadKind;

/// The ids of `<pad>` and `</s>` in a tokenizer that is made for pairs of texts.
const PAIR_TOKENS: [u32; 2] = [0, 1];

/// What is wrong between them.
pub(super) fn together(spec: &ExperimentSpec) -> Vec<Problem> {
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
    let of_numbers = recipe.number_loss == NumberLoss::Squared || spec.task.head() == HeadKind::Value;
    wrong.unless(of_numbers, "recipe.number_loss", "a task that tells numbers", task);
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
    let is_cut = data.held_out_by.is_chance() || data.is_cut_off();
    wrong.unless(is_cut, "data.held_out_by", "`data.held_out_frac` beside it, how much is held out", "none");
    if let Some(border) = data.held_out_by.border() {
        let is_place = border.date().is_some() || border.number().is_some();
        let expected = "a date (2021-01-31), a month (2021-01), a year or a number";
        wrong.unless(is_place, "data.held_out_by.from", expected, &format!("`{border}`"));
        let expected = "none beside `data.held_out_by.from`, which says how much is held out";
        let found = data.held_out_frac.unwrap_or_default().to_string();
        wrong.unless(data.held_out_frac.is_none(), "data.held_out_frac", expected, &found);
    }
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
    use crate::spec::{Border, HeldOutBy, parse, parse_with, to_toml};

    const PRESET: &str = include_str!("../../presets/toy_bert.toml");

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
        assert_eq!(of(&[by, frac]), Ok(HeldOutBy::Time { column: "date".into(), from: None }));
        assert_eq!(of(&[frac]), Ok(HeldOutBy::Chance));
        assert!(of(&[by]).is_err_and(|e| e.contains("`data.held_out_by`: expected `data.held_out_frac` beside it")));
        let unnamed = of(&[("data.held_out_by", "{ kind = \"time\" }"), frac]);
        assert!(unnamed.is_err_and(|e| e.contains("data.held_out_by") && e.contains("column")));
        let group = ("data.held_out_by", "{ kind = \"group\", column = \"patient_id\" }");
        assert_eq!(of(&[group, frac]), Ok(HeldOutBy::Group { column: "patient_id".into() }));
        assert!(of(&[group]).is_err_and(|e| e.contains("expected `data.held_out_frac` beside it")));
    }

    /// A border says how much is held out, and a share would say it again.
    #[test]
    fn rows_are_held_out_from_a_border_on() {
        let of = |from: &str, frac: Option<&str>| {
            let by = format!("{{ kind = \"time\", column = \"date\", from = {from} }}");
            let set: Vec<_> = std::iter::once(("data.held_out_by".to_string(), by))
                .chain(frac.map(|frac| ("data.held_out_frac".to_string(), frac.to_string())))
                .collect();
            parse_with(PRESET, "x.toml", &set).map_err(|e| e.to_string())
        };
        for (from, expected) in [("\"2021-01-31\"", "2021-01-31"), ("2021", "2021"), ("0.5", "0.5")] {
            let spec = of(from, None).expect("a border");
            let by = HeldOutBy::Time { column: "date".into(), from: Some(Border::new(expected)) };
            assert_eq!((&spec.data.held_out_by, spec.data.is_cut_off()), (&by, true), "{from}");
            assert_eq!(parse(&to_toml(&spec), "x").expect("read back"), spec, "{from}");
        }
        let expected =
            "`data.held_out_by.from`: expected a date (2021-01-31), a month (2021-01), a year or a number, found `soon`";
        assert!(of("\"soon\"", None).is_err_and(|e| e.contains(expected)));
        assert!(of("true", None).is_err_and(|e| e.contains("data.held_out_by.from")));
        let both = of("2021", Some("0.2"));
        assert!(both.is_err_and(|e| e.contains("`data.held_out_frac`: expected none beside `data.held_out_by.from`")));
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
}
