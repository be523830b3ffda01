//! What the verdict is read from: a split of the data's own, or a part of the one that is trained on; and what is said of it.

use super::brief::Brief;
use super::paper::Drafted;
use crate::data::tells_when;
use crate::intake::{AskedOrder, AskedPart, Edge, Lack, Request};
use crate::plan::{DataChoice, DataFacts, PlannerError, SplitFacts};
use crate::spec::{Deviation, HeldOutBy, Monitor};
use crate::words::{count, quoted};
use tallow_zoo::HeadKind;

/// The splits to train on and to read the verdict from.
pub(super) struct Splits {
    pub(super) train: String,
    pub(super) held_out: String,
    /// `held_out` is this part of `train`: the source has but one labelled split.
    pub(super) held_out_frac: Option<f64>,
    /// Which rows that part is.
    pub(super) held_out_by: HeldOutBy,
}

impl Splits {
    /// Both are the data's own.
    fn of_data(train: &str, held_out: &str) -> Self {
        Splits { train: train.into(), held_out: held_out.into(), held_out_frac: None, held_out_by: HeldOutBy::Chance }
    }
}

/// The part that is cut off where there is but one labelled split, and the rows that it takes at least; of a text, its end.
const HELD_OUT_FRAC: f64 = 0.2;
const HELD_OUT_TEXT: f64 = 0.1;
const LEAST_TO_CUT: usize = 50;

/// Those of the data, or what is cut off as the request has it, where there is one.
pub(super) fn splits(choice: &DataChoice, data: &DataFacts, request: Option<&Request>) -> Result<Splits, PlannerError> {
    let asked = request.and_then(|request| request.tested);
    if let [train, held_out, ..] = choice.splits.as_slice() {
        return Ok(Splits::of_data(train, held_out));
    }
    let Some(train) = data.usual_train() else {
        return Err(PlannerError::Data { data: choice.name.clone(), what: "no split has labels".into() });
    };
    match data.usual_held_out(Some(&train.name)) {
        Some(held_out) => Ok(Splits::of_data(&train.name, &held_out.name)),
        None if train.examples >= LEAST_TO_CUT || train.tokens.is_some() => {
            let usual = if train.tokens.is_some() { HELD_OUT_TEXT } else { HELD_OUT_FRAC };
            let frac = match asked {
                None => usual,
                // A text is no number of examples.
                Some(AskedPart::Examples(_)) if train.tokens.is_some() => usual,
                Some(part) => part.share_of(train.examples),
            };
            if frac >= 1.0 {
                let part = asked.map(AskedPart::in_words).unwrap_or_default();
                let what = format!("{part} were to be kept out for the test, and `{}` has {}", train.name, train.examples);
                return Err(PlannerError::Data { data: choice.name.clone(), what });
            }
            let free = |name: &&&str| data.splits.iter().all(|split| split.name != **name);
            let held_out = ["test", "held_out", "held_out_of_train"].iter().find(free).copied().unwrap_or("cut_off");
            let held_out_by = if train.is_one_text() { HeldOutBy::Chance } else { held_out_by(request, data) };
            Ok(Splits { train: train.name.clone(), held_out: held_out.into(), held_out_frac: Some(frac), held_out_by })
        }
        None => {
            let have = data.splits.iter().map(|s| s.name.clone()).collect();
            Err(PlannerError::NoHeldOut {
                data: choice.name.clone(),
                train: train.name.clone(),
                examples: train.examples,
                least: LEAST_TO_CUT,
                have,
            })
        }
    }
}

/// The order in which somebody wants the rows cut.
#[derive(Clone, Copy)]
enum Order<'a> {
    /// The latest are held out, by the column where one was named.
    Time(Option<&'a str>),
    /// The oldest are.
    Back,
    /// The last or the first, as they stand.
    End,
    Start,
}

impl<'a> Order<'a> {
    fn of(request: &'a Request) -> Option<Self> {
        Some(match (&request.ordered_by, request.tested_at) {
            (Some(_), Some(Edge::Start | Edge::Oldest)) | (None, Some(Edge::Oldest)) => Order::Back,
            (Some(AskedOrder::By(column)), _) => Order::Time(Some(column)),
            (Some(AskedOrder::Time), _) | (None, Some(Edge::Latest)) => Order::Time(None),
            (None, Some(Edge::End)) => Order::End,
            (None, Some(Edge::Start)) => Order::Start,
            (None, None) if request.forecasts => Order::Time(None),
            (None, None) => return None,
        })
    }

    /// As one says it of rows.
    fn in_words(self) -> String {
        match self {
            Order::Time(Some(column)) => format!("the latest by `{column}`"),
            Order::Time(None) => "the latest".into(),
            Order::Back => "the oldest".into(),
            Order::End => HeldOutBy::End.in_words(),
            Order::Start => HeldOutBy::Start.in_words(),
        }
    }

    /// Why it cannot be followed, of rows that do not say when they were.
    fn refused(self) -> String {
        match self {
            Order::Time(Some(column)) if !tells_when(column) => format!("`{column}` is no column that says when a row was"),
            Order::Back => {
                "what is held out comes behind what is trained on; `the first 20 % of the rows` goes by how they stand".into()
            }
            Order::Time(_) | Order::End | Order::Start => "no column says when a row was".into(),
        }
    }
}

/// By what the rows are held out that are cut off, as far as the data can follow what was asked for.
fn held_out_by(request: Option<&Request>, data: &DataFacts) -> HeldOutBy {
    match request.and_then(Order::of) {
        Some(Order::Time(named)) => {
            column_of_time(named, data).map_or(HeldOutBy::Chance, |column| HeldOutBy::Time { column: column.clone() })
        }
        Some(Order::End) => HeldOutBy::End,
        Some(Order::Start) => HeldOutBy::Start,
        Some(Order::Back) | None => HeldOutBy::Chance,
    }
}

/// The column that says when, of that name where there is one.
fn column_of_time<'a>(named: Option<&str>, data: &'a DataFacts) -> Option<&'a String> {
    let Some(name) = named else { return data.times.first() };
    let is_it = |column: &&String| column.eq_ignore_ascii_case(name);
    let is_part = |column: &&String| column.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case(name));
    let known = data.times.iter().find(is_it).or_else(|| data.times.iter().find(is_part));
    // Numbers that grow with time may be called anything.
    let numbers = || data.table.iter().flat_map(|table| &table.numeric).map(|column| &column.name);
    // `By date` is by whatever says it; a column that is called otherwise is no other one.
    let is_any = tells_when(name) && name.chars().all(char::is_alphabetic);
    known.or_else(|| numbers().find(is_it)).or_else(|| data.times.first().filter(|_| is_any))
}

/// Why nothing is cut off.
const OWN_SPLIT: &str = "the data has a labelled split of its own";

/// Whether words part rows by a date, and not by whom they are of.
fn has_year(words: &str) -> bool {
    let digits: Vec<&str> = words.split(|c: char| !c.is_ascii_digit()).collect();
    digits.iter().any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")))
}

impl Brief<'_> {
    /// Why rows are not parted as these words have it, and how that can be had.
    fn border_or_groups(&self, words: &str) -> String {
        let files = "two files, one for each side (`train.csv for training and test.csv for testing`), are split as you like";
        match (has_year(words), &self.held_out_by) {
            (true, HeldOutBy::Time { .. }) => {
                format!("a date is no border here, a share is: say how much lies behind it (`test on the latest 30%`); {files}")
            }
            (true, _) => format!("a date is no border here, and no column says when a row was; {files}"),
            (false, _) => format!("rows are not kept together by a column here, and their like may stand on both sides; {files}"),
        }
    }

    /// Splits with labels that nothing comes of, where a part of the training split is cut off; none where there are no such.
    fn unused(&self) -> Option<String> {
        const SHOWN: usize = 6;
        let is_watched = |split: &SplitFacts| matches!(&self.monitor, Monitor::Split { name } if *name == split.name);
        let is_used = |split: &SplitFacts| [&self.train, &self.held_out].contains(&&split.name) || is_watched(split);
        let unused = self.offer.data.splits.iter().filter(|split| split.labelled && !is_used(split));
        let mut names: Vec<String> =
            unused.map(|split| format!("`{}` ({} examples)", split.name, count(split.examples as f64))).collect();
        if names.len() > SHOWN {
            let more = format!("{} more", names.len() - SHOWN);
            names.truncate(SHOWN);
            names.push(more);
        }
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// What is held out, why, and what was asked for instead.
    pub(super) fn say_held_out(&self, out: &mut Drafted) {
        let (request, train) = (self.request(), &self.train);
        let tested = request.and_then(|request| request.tested);
        let order = request.and_then(Order::of);
        // That something is forecast asks for an order where there is one, and for none where there is not.
        let is_said = request.is_some_and(|request| request.ordered_by.is_some() || request.tested_at.is_some());
        let order_said = order.filter(|_| is_said);
        let mut differs = |stated: String, used: String, reason: String| {
            out.deviations.push(Deviation { field: "data.held_out".into(), stated, used, reason });
        };
        let parted = request.map(|request| request.lacking.as_slice()).unwrap_or_default();
        let parted: Vec<&str> = parted.iter().filter(|lack| lack.of == Lack::Split).map(|lack| lack.words.as_str()).collect();
        let is_stratified = request.is_some_and(|request| request.stratified);
        let Some(frac) = self.held_out_frac else {
            let used = || format!("the split `{}`", self.held_out);
            parted.iter().for_each(|words| differs((*words).into(), used(), OWN_SPLIT.into()));
            if is_stratified {
                differs("a stratified split".into(), used(), OWN_SPLIT.into());
            }
            if tested.is_some() || order_said.filter(|_| parted.is_empty()).is_some() {
                let what = tested.map(|part| format!(" {}", part.in_words())).unwrap_or_default();
                let which = order_said.map(|order| format!("{},", order.in_words())).unwrap_or_default();
                let stated = format!("{which}{what} for the test").trim_start().to_string();
                differs(stated, used(), OWN_SPLIT.into());
            }
            return;
        };
        let part = format!("{:.0} %", frac * 100.0);
        let is_text = self.offer.data.splits.iter().any(|split| split.name == *train && split.tokens.is_some());
        let (rows, tested) = match tested {
            Some(rows @ AskedPart::Examples(_)) if is_text => (Some(rows), None),
            tested => (None, tested),
        };
        let one_text = self.offer.data.splits.iter().any(|split| split.name == *train && split.is_one_text());
        let how = self.offer.data.held_out_in_words(train, &self.held_out_by, self.task);
        let is_followed = !self.held_out_by.is_chance() || one_text && matches!(order, Some(Order::Time(None) | Order::End));
        for words in &parted {
            let (used, reason) = (format!("{part} of `{train}` for the test, {how}"), self.border_or_groups(words));
            differs((*words).into(), used, reason);
        }
        // Of a table's classes each has its share anyway.
        let has_shares = self.held_out_by.is_chance() && how.contains("of each class");
        if is_stratified && !has_shares {
            let reason = match self.held_out_by.is_chance() {
                true if self.task.head() == HeadKind::Classes => {
                    "it is of tables that each class gets its share: of other data a draw of many rows comes near it"
                }
                true => "there are no classes here that could have their shares",
                false => "the rows are taken in their order, whatever their classes are",
            };
            differs("a stratified split".into(), format!("{part} of `{train}`, {how}"), reason.into());
        }
        if let Some(order) = order_said.filter(|_| !is_followed && parted.is_empty()) {
            let stated = format!("{part} of `{train}` for the test, {}", order.in_words());
            differs(stated, format!("{part} of it, {how}"), order.refused());
        }
        if let Some(rows) = rows {
            let stated = format!("{} of `{train}` for the test", rows.in_words());
            differs(stated, format!("{part} of it, {how}"), "a text is no number of examples".into());
        }
        let unused = self.unused();
        let why = match (is_followed, is_said) {
            (true, false) => "a forecast is of what comes later",
            (true, true) => "that was asked for",
            (false, false) if tested.is_some() => "that was asked for",
            (false, _) if unused.is_some() => "no other labelled split is called a test of it",
            (false, _) => "there is no other labelled split",
        };
        out.assumptions.push(format!("held out: {part} of `{train}`, {how}, for {why}"));
        let unused = unused.map(|names| format!("data: not used, for no name of these is that of a test of `{train}`: {names}"));
        out.assumptions.extend(unused);
        match (&self.held_out_by, self.offer.data.times.as_slice()) {
            (HeldOutBy::Chance, [time, ..]) if !one_text => out.assumptions.push(format!(
                "held out: `{time}` says when a row was, and later ones are trained on, too; `split by {time}` in a request, or \
                 `data.held_out_by = {{ kind = \"time\", column = \"{time}\" }}`, holds out the latest"
            )),
            (HeldOutBy::Time { column }, [_, _, ..]) => {
                let others = quoted(self.offer.data.times.iter().filter(|time| *time != column));
                out.assumptions.push(format!("data.held_out_by: `{column}`; {others} may say when a row was as well"));
            }
            _ => {}
        }
    }
}
