//! Words of a request that nothing came of: all that were not understood, but for those that the columns of the experiment follow however
//! they were said, and for what it has [all the same](super::followed).

use super::brief::Brief;
use super::paper::Drafted;
use crate::data::{PerhapsColumns, Roles, is_alike, is_called};
use crate::intake::{Outcome, Request};
use tallow_zoo::HeadKind;

impl Brief<'_> {
    /// What the request asks for and nothing came of.
    pub(super) fn not_understood(&self, out: &Drafted) -> Vec<String> {
        let Some(request) = self.request() else { return vec![] };
        let said = Said::of(self, request);
        let is_open = |words: &&String| {
            // As the columns were found: `lable is taem`.
            let mended = said.perhaps.mended(words, &said.columns);
            !said.is_followed(&mended) && !self.is_so_anyway(&mended, out)
        };
        let open = request.not_understood.iter().filter(is_open).cloned().collect();
        let is_of_none = |words: &&String| Roles::mentioned(words, &said.columns).is_empty();
        let alike = request.alike.iter().filter(is_of_none).cloned();
        let mut unmet = request.unmet(&self.outcome(&said, open));
        unmet.extend(alike);
        unmet
    }

    /// What became of the columns, where nothing came of these words.
    fn outcome(&self, said: &Said<'_>, open: Vec<String>) -> Outcome {
        let data = self.offer.data;
        let columns: Vec<String> =
            self.column_names().into_iter().chain(data.whose.iter().map(String::as_str)).map(str::to_string).collect();
        let own = &data.columns;
        // Of a table all that is not left out is read, whether anybody asked for it or not.
        let is_asked = |name: &&String| data.table.is_none() || said.is_asked_input(name);
        let used: Vec<String> = own.label.iter().chain(&own.labels).chain(own.input.iter().filter(is_asked)).cloned().collect();
        let parted_by: Vec<String> = self.held_out_by.column().cloned().into_iter().collect();
        let left_out: Vec<String> = columns.iter().filter(|name| self.left_out(name).is_some()).cloned().collect();
        let is_unread =
            |name: &&String| !own.input.is_empty() && ![&own.input, &used, &left_out].iter().any(|all| all.contains(name));
        let unread = columns.iter().filter(is_unread).cloned().collect();
        Outcome { open, used, left_out, parted_by, unread, columns }
    }

    /// Columns that are used and whose names were read out of slips of the keyboard.
    pub(super) fn say_of_slips(&self, out: &mut Drafted) {
        let Some(request) = self.request() else { return };
        let said = Said::of(self, request);
        let is_used = |name: &str| said.is_input(name) || said.is_label(name) || said.is_left_out(name);
        // A word of another language is a slip of none.
        let is_read = |word: &&String| request.read_as.as_ref().is_none_or(|read| read.to_lowercase().contains(word.as_str()));
        for word in said.perhaps.strange.iter().filter(is_read) {
            let read = said.perhaps.mended(word, &said.columns);
            // Where the column is named as well, the word is another one.
            let is_named = !Roles::mentioned(&request.text, &[read.as_str()]).is_empty();
            if !is_named && !read.eq_ignore_ascii_case(word) && said.columns.contains(&read.as_str()) && is_used(&read) {
                out.assumptions.push(format!("data.columns: `{word}` is read as the column `{read}`"));
            }
        }
    }
}

/// What a request says of columns, beside those that its experiment has.
struct Said<'a> {
    brief: &'a Brief<'a>,
    request: &'a Request,
    perhaps: PerhapsColumns,
    /// What is to stay in.
    kept: Vec<String>,
    /// Words that say the label in passing.
    passing: Option<String>,
    roles: Roles,
    columns: Vec<&'a str>,
    reads_just_these: bool,
    is_stratified: bool,
}

impl<'a> Said<'a> {
    fn of(brief: &'a Brief<'a>, request: &'a Request) -> Said<'a> {
        let perhaps = request.perhaps_columns();
        let named = request.not_understood.iter().flat_map(|words| Request::names_in(words));
        let asked: Vec<&str> = perhaps.input.iter().chain(&request.input).map(String::as_str).chain(named).collect();
        let input = &brief.offer.data.columns.input;
        let is_asked = |column: &String| asked.iter().any(|name| is_called(column, name) || is_alike(column, name));
        let says_strata = || request.not_understood.iter().any(|words| words.to_lowercase().contains("stratif"));
        Said {
            reads_just_these: !input.is_empty() && input.iter().all(is_asked),
            is_stratified: brief.task.head() == HeadKind::Classes && says_strata(),
            kept: request.kept_columns(),
            passing: brief.label_in_passing(),
            roles: brief.roles(),
            columns: brief.column_names(),
            brief,
            request,
            perhaps,
        }
    }

    /// Whether the columns of the experiment are as these words have it.
    fn is_followed(&self, words: &str) -> bool {
        let names = Request::names_in(words);
        if self.is_in_its_part(words)
            || self.is_of_strata(words)
            || self.says_label(&names)
            || all_of(words, &LEFT_OUT) && self.leaves_out()
            || self.brief.held_out_by.column().is_some_and(|column| is_called(column, words))
            || self.is_as_asked(words, &names)
        {
            return true;
        }
        match names.as_slice() {
            // `Ignore` of `ignore the id and the name`.
            [] => {
                let has_roles = !self.roles.input.is_empty() || !self.roles.label.is_empty();
                let lists = !self.perhaps.input.is_empty() || !self.perhaps.exclude.is_empty() || has_roles;
                let says_nothing = all_of(words, &OF_COLUMNS) || !negates(words) && !has_value(words);
                lists && says_nothing || !self.kept.is_empty() && all_of(words, &["keep", "leave"])
            }
            // By which column the rows are parted: `the newest 15 % by created_at`.
            [name] if self.brief.held_out_by.column().is_some_and(|column| is_called(column, name)) => true,
            names => self.is_in_its_role(&names.join(" ")) || names.iter().all(|name| self.is_in_its_role(name)),
        }
    }

    /// Whether something is left out because it was asked for.
    fn leaves_out(&self) -> bool {
        let mut asked = self.perhaps.exclude.iter().chain(&self.roles.exclude).chain(&self.request.exclude);
        asked.any(|name| self.is_left_out(name))
    }

    /// `Entrada body`: columns with their parts, which they have.
    fn is_in_its_part(&self, words: &str) -> bool {
        let (roles, labels) = (&self.roles, &self.brief.offer.data.columns.labels);
        let has = |name: &String| {
            let is_listed = roles.listed.contains(name);
            labels.contains(name)
                || (roles.label.contains(name) || is_listed) && self.is_label(name)
                || (roles.input.contains(name) || is_listed) && self.is_input(name)
                || roles.exclude.contains(name) && self.is_left_out(name)
        };
        Roles::says_only(words, &self.columns) && Roles::mentioned(words, &self.columns).iter().all(has)
    }

    /// Each class has its share of what is held out.
    fn is_of_strata(&self, words: &str) -> bool {
        const OF_STRATA: [&str; 8] = ["split", "splits", "sampling", "label", "labels", "class", "classes", "target"];
        let is_own = |word: &str| {
            let low = word.to_lowercase();
            low.starts_with("stratif") || OF_STRATA.contains(&low.as_str()) || self.is_label(word)
        };
        self.is_stratified && words.split_whitespace().all(is_own)
    }

    /// `A house price model` says what it is for.
    fn says_label(&self, names: &[&str]) -> bool {
        const MOST_WORDS: usize = 3;
        let has = |word: &str| names.iter().any(|name| name.eq_ignore_ascii_case(word));
        names.len() <= MOST_WORDS && self.passing.as_ref().is_some_and(|said| said.split(' ').all(has))
    }

    /// Read or left out as the words have it, however they say so: `body text` of what alone is read, `not the id`.
    fn is_as_asked(&self, words: &str, names: &[&str]) -> bool {
        let is_name = |name: &&str| !OF_ANY.contains(&name.to_lowercase().as_str());
        let own: Vec<&str> = names.iter().copied().filter(is_name).collect();
        let is_left = |word: &str| word == "out" || LEAVES.iter().any(|own| word.starts_with(own));
        let leaves = negates(words) || words.to_lowercase().split(' ').any(is_left);
        let stays = |name: &str| self.kept.iter().any(|own| own.eq_ignore_ascii_case(name)) && !self.is_left_out(name);
        let is_other_input = |name: &str| [&self.perhaps.input, &self.request.input].iter().any(|names| has(names, name));
        let is_as_asked = |name: &&str| match leaves {
            _ if stays(name) => true,
            true => self.is_left_out(name),
            false => self.is_label(name) && !is_other_input(name) || self.reads_just_these && self.is_input(name),
        };
        !own.is_empty() && own.iter().all(is_as_asked)
    }

    /// Whether the column that is called so is used as the request may mean it.
    fn is_in_its_role(&self, name: &str) -> bool {
        let perhaps = &self.perhaps;
        match has(&perhaps.exclude, name) || self.roles.exclude.iter().any(|own| is_called(own, name)) {
            true => self.is_left_out(name),
            false => {
                has(&perhaps.input, name) && self.is_input(name)
                    || (has(&perhaps.label, name) || has(&perhaps.told, name)) && self.is_label(name)
            }
        }
    }

    /// Whether the request says that a column is to be read.
    fn is_asked_input(&self, name: &str) -> bool {
        let asked = self.roles.input.iter().chain(&self.perhaps.input).chain(&self.request.input).chain(&self.kept);
        self.reads_just_these || asked.clone().any(|own| is_called(name, own) || is_alike(name, own))
    }

    fn is_input(&self, name: &str) -> bool {
        self.brief.offer.data.columns.input.iter().any(|column| is_called(column, name))
    }

    /// A flag is called by what it tells: `spam` of `is_spam`.
    fn is_label(&self, name: &str) -> bool {
        let columns = &self.brief.offer.data.columns;
        let flag = format!("is_{name}");
        columns.label.iter().chain(&columns.labels).any(|column| is_called(column, name) || is_called(column, &flag))
    }

    fn is_left_out(&self, name: &str) -> bool {
        self.brief.left_out(name).is_some()
    }
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|own| own == name)
}

/// Whether each word is one of these.
fn all_of(words: &str, own: &[&str]) -> bool {
    words.split_whitespace().all(|word| own.contains(&word.to_lowercase().as_str()))
}

fn negates(words: &str) -> bool {
    words.to_lowercase().split(' ').any(|word| NEGATES.contains(&word))
}

/// Whether a number stands in it, which no column has: `output 48`.
fn has_value(words: &str) -> bool {
    words.split_whitespace().any(|word| word.trim_end_matches('%').parse::<f64>().is_ok())
}

/// What says that something is left out, where it was named before.
const LEFT_OUT: [&str; 26] = [
    "used", "left", "is", "to", "be", "it", "them", "these", "those", "they", "leave", "keep", "out", "aside", "away", "drop",
    "ignore", "exclude", "omit", "skip", "remove", "discard", "not", "don't", "use", "never",
];

/// How words begin that leave something out.
const LEAVES: [&str; 11] = ["aside", "away", "drop", "ignor", "exclud", "omit", "skip", "remov", "discard", "leav", "forbid"];

/// What is said of anything beside its name.
const OF_ANY: [&str; 7] = ["thing", "things", "stuff", "bit", "part", "stay", "stays"];

/// What people call columns.
const OF_COLUMNS: [&str; 10] =
    ["column", "columns", "feature", "features", "field", "fields", "input", "inputs", "predictors", "variables"];

/// What says that something is not to be.
const NEGATES: [&str; 7] = ["not", "no", "never", "don't", "neither", "nor", "without"];
