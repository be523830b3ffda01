//! What the verdict is read from: a split of the data's own, or a part of the one that is trained on; and what is said of it.

use super::brief::Brief;
use super::paper::Drafted;
use super::parted::{by_split, counted, group};
use crate::data::tells_when;
use crate::intake::{AskedOrder, AskedPart, Edge, Lack, Request};
use crate::job::{FEW_ROWS, Part, least_to_part, share_drawn};
use crate::plan::{DataChoice, DataFacts, PlannerError, SplitFacts};
use crate::spec::{Deviation, HeldOutBy, Monitor};
use crate::words::{count, quoted};
use tallow_zoo::HeadKind;

/// The splits to train on and to read the verdict from.
pub(super) struct Splits {
    pub(super) train: String,
    pub(super) held_out: String,
    /// `held_out` is this part of `train`: the source has but one labelled split. Where a border says which rows it is, about as much.
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

/// The part that is cut off where there is but one labelled split; of a text, its end.
const HELD_OUT_FRAC: f64 = 0.2;
const HELD_OUT_TEXT: f64 = 0.1;

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
        None if train.examples >= least_to_part(data.labels.len()) || train.tokens.is_some() => {
            let held_out_by = if train.is_one_text() { HeldOutBy::Chance } else { held_out_by(request, data) };
            let usual = match train.tokens {
                Some(_) => HELD_OUT_TEXT,
                None => share_drawn(HELD_OUT_FRAC, train.examples, data.labels.len()),
            };
            // So many patients are no number of rows.
            let of_groups = matches!(held_out_by, HeldOutBy::Group { .. });
            let counts_groups = of_groups && request.is_some_and(|request| request.parted.iter().any(counted));
            let frac = match asked.filter(|_| held_out_by.border().is_none() && !counts_groups) {
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
            Ok(Splits { train: train.name.clone(), held_out: held_out.into(), held_out_frac: Some(frac), held_out_by })
        }
        None => {
            let have = data.splits.iter().map(|s| s.name.clone()).collect();
            Err(PlannerError::NoHeldOut {
                data: choice.name.clone(),
                train: train.name.clone(),
                examples: train.examples,
                least: least_to_part(data.labels.len()),
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

    /// How the data can follow it; none where it cannot.
    fn by(self, data: &DataFacts) -> Option<HeldOutBy> {
        match self {
            Order::Time(named) => column_of_time(named, data)
                .map(|column| HeldOutBy::Time { column: column.clone(), from: None })
                // `Split by city`: what says no time says whose a row is.
                .or_else(|| group(named.filter(|name| !tells_when(name))?, data)),
            Order::End => Some(HeldOutBy::End),
            Order::Start => Some(HeldOutBy::Start),
            Order::Back => None,
        }
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
            Order::Time(Some(column)) if !tells_when(column) => {
                format!("`{column}` is no column that says when a row was, or whose it is")
            }
            Order::Back => {
                "what is held out comes behind what is trained on; `the first 20 % of the rows` goes by how they stand".into()
            }
            Order::Time(_) | Order::End | Order::Start => "no column says when a row was".into(),
        }
    }
}

/// By what the rows are held out that are cut off, as far as the data can follow what was asked for: a border is an order already, and an
/// order that was asked for goes before groups, whose rows it may part.
fn held_out_by(request: Option<&Request>, data: &DataFacts) -> HeldOutBy {
    let Some(request) = request else { return HeldOutBy::Chance };
    let parted = || request.parted.iter().filter_map(|asked| by_split(asked, request, data));
    let order = || Order::of(request)?.by(data);
    let border = parted().find(|by| by.border().is_some());
    let said = border.or_else(|| order().filter(|_| is_ordered(request))).or_else(|| parted().next());
    said.or_else(order).unwrap_or_default()
}

/// Whether the rows' order was asked for, and does not only follow from what is to be told.
fn is_ordered(request: &Request) -> bool {
    request.ordered_by.is_some() || request.tested_at.is_some()
}

/// The column that says when, of that name where there is one.
pub(super) fn column_of_time<'a>(named: Option<&str>, data: &'a DataFacts) -> Option<&'a String> {
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

impl Brief<'_> {
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
        let lacks_border = request.is_some_and(|request| request.lacking.iter().any(|lack| lack.of == Lack::Split));
        // That something is forecast asks for an order where there is one, and for none where there is not.
        let order_said = order.filter(|_| request.is_some_and(is_ordered));
        let mut differs = |stated: String, used: String, reason: String| {
            out.deviations.push(Deviation { field: "data.held_out".into(), stated, used, reason });
        };
        let is_stratified = request.is_some_and(|request| request.stratified);
        let Some(frac) = self.held_out_frac else {
            let used = || format!("the split `{}`", self.held_out);
            let lacking = request.map(|request| request.lacking.as_slice()).unwrap_or_default();
            let lacking = lacking.iter().filter(|lack| lack.of == Lack::Split).map(|lack| &lack.words);
            let parted = request.map(|request| request.parted.as_slice()).unwrap_or_default();
            let parted: Vec<&String> = parted.iter().map(|asked| &asked.words).chain(lacking).collect();
            parted.iter().for_each(|words| differs((*words).clone(), used(), OWN_SPLIT.into()));
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
        let border = self.held_out_by.border();
        // How much lies behind a border is known once the data is read.
        let part = if border.is_some() { "a part".into() } else { self.part_in_words(frac) };
        let is_text = self.offer.data.splits.iter().any(|split| split.name == *train && split.tokens.is_some());
        let (rows, tested) = match tested {
            Some(rows @ AskedPart::Examples(_)) if is_text => (Some(rows), None),
            tested => (None, tested),
        };
        let one_text = self.offer.data.splits.iter().any(|split| split.name == *train && split.is_one_text());
        let how = self.offer.data.held_out_in_words(train, &self.held_out_by, self.task);
        let is_end = one_text && matches!(order, Some(Order::Time(None) | Order::End));
        let is_followed = !self.held_out_by.is_chance() || is_end;
        self.say_parted(&format!("{part} of `{train}` for the test, {how}"), &how, &mut differs);
        if let Some(tested) = tested.filter(|_| border.is_some()) {
            let reason = "a border says how much is held out";
            differs(format!("{} for the test", tested.in_words()), format!("{part} of `{train}`, {how}"), reason.into());
        }
        // Each class has its share anyway.
        let has_shares = self.held_out_by.is_chance() && how.contains("of each class");
        if is_stratified && !has_shares {
            let reason = match &self.held_out_by {
                HeldOutBy::Chance if self.task.head() == HeadKind::Classes => {
                    "of so many rows a draw comes near each class's share".into()
                }
                HeldOutBy::Chance => "there are no classes here that could have their shares".into(),
                HeldOutBy::Group { column } => format!("rows of one `{column}` stay together, whatever their classes are"),
                _ => "the rows are taken in their order, whatever their classes are".into(),
            };
            differs("a stratified split".into(), format!("{part} of `{train}`, {how}"), reason);
        }
        let is_ordered_so = |order: &Order<'_>| order.by(self.offer.data).as_ref() == Some(&self.held_out_by);
        if let Some(order) = order_said.filter(|order| !(is_ordered_so(order) || border.is_some() || is_end || lacks_border)) {
            let stated = format!("{part} of `{train}` for the test, {}", order.in_words());
            differs(stated, format!("{part} of it, {how}"), order.refused());
        }
        if let Some(rows) = rows {
            let stated = format!("{} of `{train}` for the test", rows.in_words());
            differs(stated, format!("{part} of it, {how}"), "a text is no number of examples".into());
        }
        let is_said = order_said.is_some() || request.is_some_and(|request| !request.parted.is_empty());
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
        out.assumptions.extend(self.say_few(frac));
        self.say_column(one_text, out);
    }

    /// That few rows are parted, of which fewer are scored.
    fn say_few(&self, frac: f64) -> Option<String> {
        let split = self.offer.data.splits.iter().find(|split| split.name == self.train)?;
        let rows = Some(split.examples).filter(|rows| split.tokens.is_none() && *rows < FEW_ROWS)?;
        let scored = Part::Drawn(frac).count(rows);
        let classes = self.offer.data.labels.len();
        let unscored = if scored < classes { format!(", not all of its {classes} classes among them") } else { String::new() };
        Some(format!(
            "data: there are but {rows} rows, of which about {} are trained on and {scored} scored{unscored}: expect a wide 95 % interval, \
             and chance to decide much; rows of a split `test` make it narrower",
            rows - scored
        ))
    }

    /// `10 %`; of few examples that come to another share, how many these are.
    fn part_in_words(&self, frac: f64) -> String {
        /// Of all, that rounding may make of it without being told.
        const ROUNDED: f64 = 0.01;
        let split = self.offer.data.splits.iter().find(|split| split.name == self.train);
        let all = split.filter(|split| !split.is_one_text()).map_or(0, |split| split.examples);
        let count = Part::Drawn(frac).count(all);
        match (count as f64 - frac * all as f64).abs() > ROUNDED * all as f64 {
            true => format!("{count} of the {all} examples"),
            false => format!("{:.0} %", frac * 100.0),
        }
    }

    /// What there is to say of the column that decides, or of one that could.
    fn say_column(&self, one_text: bool, out: &mut Drafted) {
        match (&self.held_out_by, self.offer.data.times.as_slice()) {
            // What would be refused is not advised.
            (HeldOutBy::Chance, [time, ..]) if !one_text && !self.offer.data.unclear_times.contains(time) => out.assumptions.push(format!(
                "held out: `{time}` says when a row was, and later ones are trained on, too; `split by {time}` in a request, or \
                 `data.held_out_by = {{ kind = \"time\", column = \"{time}\" }}`, holds out the latest"
            )),
            (HeldOutBy::Time { column, .. }, times) => {
                let others = quoted(times.iter().filter(|time| *time != column));
                if times.len() > 1 {
                    out.assumptions.push(format!("data.held_out_by: `{column}`; {others} may say when a row was as well"));
                }
                if self.held_out_by.border().is_some() {
                    out.assumptions.push(
                        "data.held_out_by.from: all rows from there on are held out, and trained on are all before it, however old; how many \
                         these are is told where the data is read"
                            .into(),
                    );
                }
            }
            (HeldOutBy::Group { column }, _) if self.is_left_out_for_groups(column) => out.assumptions.push(format!(
                "data.columns.exclude: `{column}` is no input, for no value of it that is trained on is met again"
            )),
            _ => {}
        }
    }
}
