//! What of a request is told as not followed: words that nothing came of, judged clause by clause.
//!
//! A clause from which a rule or the experiment has taken something is followed: of its other words those are told that may be a wish of
//! their own, which are numbers, what is negated, words that settings are made of, columns, and words that nobody knows. One that nothing
//! was taken of is told whole, in the user's words, where it asks for something; a statement (why something is asked for, what the data is
//! like, who writes) only where it speaks of what settings are made of.

use super::clauses::{self, Clause, Kind, Word, is_to_know};
use super::marks::{Mark, marks, names, placed};
use super::signature::signature;
use crate::data::Roles;
use crate::intake::request::Request;
use crate::intake::request::rest::{is_filler_misspelt, is_negation};
use crate::intake::request::wording::english::{is_verb, is_word};
use crate::intake::request::wording::meant::{is_amount, is_of_settings, may_change};
use std::ops::Range;

/// What is known of the words of a request once there is an experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Phrases of [`Request::not_understood`] that the experiment does not follow either.
    pub open: Vec<String>,
    /// Columns of the data.
    pub columns: Vec<String>,
    /// Those that are told, or read because the request says so.
    pub used: Vec<String>,
    /// Those that are left out.
    pub left_out: Vec<String>,
    /// That the rows are parted by.
    pub parted_by: Vec<String>,
    /// Those that are not read, though nobody said so.
    pub unread: Vec<String>,
}

impl Request {
    /// What is told as not followed, each once, in the order and spelling of the text.
    pub fn unmet(&self, outcome: &Outcome) -> Vec<String> {
        let text = self.read_as.as_ref().unwrap_or(&self.text);
        let (words, mut clauses) = clauses::of(text);
        let (mut marks, unplaced) = marks(&words, &mut clauses, self, outcome);
        marks[signature(text, &words, &clauses)..].fill(Mark::Idle);
        let judge = Judge { own: &self.text, text, words: &words, marks: &marks, outcome };
        let mut told: Vec<String> =
            (0..clauses.len()).flat_map(|at| judge.told(&clauses[..at], &clauses[at], clauses.get(at + 1))).collect();
        told.extend(unplaced.into_iter().filter(|words| may_change(words)));
        let mut once: Vec<String> = Vec::new();
        for words in told {
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            if !once.iter().any(|own| own.eq_ignore_ascii_case(&words)) {
                once.push(words);
            }
        }
        once
    }
}

impl Request {
    /// Whether words that nothing came of only tell why, or what the data is like, wherever they stand.
    pub fn only_explains(&self, words: &str) -> bool {
        let of_text = |text: &String| {
            let (all, clauses) = clauses::of(text);
            let own: Vec<String> = clauses::of(words).0.into_iter().map(|word| word.low).collect();
            let mut found = vec![false; all.len()];
            let mut is_told = None;
            loop {
                let places = placed(&all, &own, &found);
                let Some(first) = places.first() else { return is_told.unwrap_or(false) };
                let tells = clauses.iter().filter(|clause| clause.words.contains(first)).all(|clause| {
                    let negates = || clause.words.clone().any(|at| is_negation(&all[at].low));
                    clause.kind == Kind::Statement && !negates()
                });
                is_told = Some(is_told.unwrap_or(true) && tells);
                places.into_iter().for_each(|at| found[at] = true);
            }
        };
        of_text(self.read_as.as_ref().unwrap_or(&self.text))
    }
}

struct Judge<'a> {
    /// As the user wrote it.
    own: &'a str,
    /// As it was read.
    text: &'a str,
    words: &'a [Word],
    marks: &'a [Mark],
    outcome: &'a Outcome,
}

impl Judge<'_> {
    /// What of a clause is told.
    fn told(&self, before: &[Clause], clause: &Clause, next: Option<&Clause>) -> Vec<String> {
        let all = clause.words.clone();
        let has = |mark: Mark| self.marks[all.clone()].contains(&mark);
        if !has(Mark::Open) {
            return vec![];
        }
        // What is said in brackets is said of what stands before them.
        let of_data = clause.is_aside && before.last().is_some_and(|host| self.ends_with_data(host));
        let is_done = has(Mark::Taken) || has(Mark::Parts) || self.leaves_out(clause);
        // What is called as the data is says nothing of what is wished: `set aside a quarter of the bikes`.
        let is_of_columns = has(Mark::Used) && !self.wants_more(clause);
        let is_taken = is_done || is_of_columns || has(Mark::Followed) && clause.kind != Kind::Wish;
        let runs = || self.runs(all.clone()).into_iter();
        if is_taken {
            return runs()
                .filter(|run| self.may_ask(clause, run))
                .map(|run| self.written(self.with_object(clause, run)))
                .collect();
        }
        let is_meant = self.meant(before, &all).is_some_and(|host| self.leaves_out(host));
        let is_told_on = next.is_some_and(|next| self.leads_to(clause, next) || self.introduces(clause, next))
            || before.is_empty() && self.is_headline(clause);
        if is_meant || is_told_on || !self.is_a_wish(clause, of_data) {
            return vec![];
        }
        let whole = self.written(self.trimmed(self.with_meant(before, all.clone())));
        // Of another language some words may be in English by now.
        if self.own.contains(&whole) { vec![whole] } else { runs().map(|run| self.written(run)).collect() }
    }

    /// Whether a wish is for more than what its columns tell: `I would like a chart of the prices`, not `route mails to the right team`.
    fn wants_more(&self, clause: &Clause) -> bool {
        let low: Vec<&str> = self.words[clause.words.clone()].iter().map(|word| word.low.as_str()).collect();
        let is_task = || low.iter().any(|word| Roles::places(word) || TELLS.contains(word));
        let is_asked = || low.iter().any(|word| matches!(*word, "like" | "want" | "need" | "also" | "prefer"));
        clause.kind == Kind::Wish && is_asked() && !is_task() && !is_to_know(&low)
    }

    /// Whether a wish is for what the next clause says, and that is followed: `I would like a model that tells me` is one for `which of them
    /// will be cancelled`.
    fn leads_to(&self, clause: &Clause, next: &Clause) -> bool {
        const UNDER: [&str; 10] = ["which", "who", "whether", "what", "how", "if", "where", "when", "whose", "that"];
        let is_under = !next.is_first && UNDER.contains(&self.words[next.words.start].low.as_str());
        let is_followed = || self.marks[next.words.clone()].iter().any(|mark| matches!(mark, Mark::Used | Mark::Taken));
        let tells = || clause.words.clone().any(|at| TELLS.contains(&self.words[at].low.as_str()));
        is_under && is_followed() && tells() && !self.speaks_of_settings(clause)
    }

    /// Whether what is asked for stands behind a colon: `please change a few things:`.
    fn introduces(&self, clause: &Clause, next: &Clause) -> bool {
        let (last, first) = (&self.words[clause.words.end - 1], &self.words[next.words.start]);
        let ends = self.text[last.place.end..first.place.start].contains(':');
        let is_common = |at: usize| !may_change(&self.words[at].low) || is_verb(&self.words[at].low);
        ends && clause.words.clone().all(is_common) && !self.speaks_of_settings(clause)
    }

    /// Whether it is a heading before all else that says what is predicted, and nothing of how: `Kaggle exercise, age of crabs`.
    fn is_headline(&self, clause: &Clause) -> bool {
        let tells = self.marks[clause.words.clone()].contains(&Mark::Used);
        clause.kind == Kind::Fragment && tells && !self.speaks_of_settings(clause)
    }

    /// Whether what is open in it may be of a recipe, an amount, a column or a negation.
    fn speaks_of_settings(&self, clause: &Clause) -> bool {
        let open = |at: &usize| self.marks[*at] == Mark::Open;
        clause.words.clone().filter(open).any(|at| {
            let word = self.words[at].low.as_str();
            is_of_settings(word) || has_digit(word) || is_amount(word) || is_negation(word) || self.column(clause, at)
        })
    }

    /// Whether a clause that nothing was taken of asks for something.
    fn is_a_wish(&self, clause: &Clause, of_data: bool) -> bool {
        let low: Vec<&str> = self.words[clause.words.clone()].iter().map(|word| word.low.as_str()).collect();
        let open = || clause.words.clone().filter(|at| self.marks[*at] == Mark::Open);
        let is_of_settings = open().any(|at| is_of_settings(&self.words[at].low)) && !of_data;
        let has_column = open().any(|at| self.column(clause, at));
        // `Hmm, actually no` is said of nothing, and `that is enough` of all.
        if low.iter().all(|word| OF_NOTHING.contains(word)) || is_of_all(&low) {
            return false;
        }
        match clause.kind {
            Kind::Wish if is_to_know(&low) || names_a_task(&low) && !self.speaks_of_settings(clause) => {
                is_of_settings || has_column || low.iter().any(|word| SOURCES.contains(word))
            }
            Kind::Wish => {
                let says = || open().any(|at| !VAGUE.contains(&self.words[at].low.as_str()));
                let is_of_left_out = clause.words.clone().any(|at| self.marks[at] == Mark::LeftOut);
                let is_whole = clause.words.len() > FEW && says() || open().count() > 1 || is_of_left_out;
                is_whole || open().any(|at| may_change(&self.words[at].low))
            }
            Kind::Fragment if of_data => has_column,
            Kind::Fragment => open().any(|at| !self.is_counted(clause, at) && may_change(&self.words[at].low)) || has_column,
            // `A missed fraud is 8 times worse`, `half of it is enough`.
            Kind::Statement => is_of_settings || has_column || open().any(|at| WEIGHS.contains(&self.words[at].low.as_str())),
        }
    }

    /// Whether words of a clause that is followed may be a wish of their own.
    fn may_ask(&self, clause: &Clause, run: &Range<usize>) -> bool {
        let open = || run.clone().filter(|at| self.marks[*at] == Mark::Open);
        let word = |at: usize| self.words[at].low.as_str();
        let is_barred = || clause.words.clone().any(|at| bars(word(at)));
        if open().any(|at| self.column(clause, at) || self.names_partly(at) && is_barred()) || self.is_done_to_column(clause, run)
        {
            return true;
        }
        let speaks_of_settings = clause.kind != Kind::Statement
            || clause.words.clone().any(|at| self.marks[at] == Mark::Taken && (is_of_settings(word(at)) || has_digit(word(at))));
        let is_strange =
            |at: usize| !is_word(word(at)) && !is_negation(word(at)) && !is_filler_misspelt(word(at)) && !self.is_slip(at);
        if !speaks_of_settings {
            // `Tanh, if you have it`: no other word of the clause speaks of a setting.
            return open().any(|at| WEIGHS.contains(&word(at)) || is_strange(at) && is_of_settings(word(at)));
        }
        let is_negated = || open().any(|at| is_negation(word(at))) && open().any(|at| !is_negation(word(at)));
        let is_value = |at: usize| has_digit(word(at)) || clause.kind != Kind::Statement && is_amount(word(at));
        open().any(|at| {
            is_value(at) && !self.counts_data(clause, at)
                || is_strange(at) && !has_digit(word(at))
                || is_choice(word(at))
                || self.is_name(clause, at)
        }) || is_negated() && !self.leaves_out(clause)
            || self.bids(clause, run)
    }

    /// Whether words begin a clause with what is to be done, and nobody did it: `choose the checkpoint`, `shorten the body`, `compare`.
    fn bids(&self, clause: &Clause, run: &Range<usize>) -> bool {
        let word = |at: usize| self.words[at].low.as_str();
        let low: Vec<&str> = clause.words.clone().map(word).collect();
        // `Tell whether a flat was sold` bids nobody to flat.
        let is_under = clause.words.start..run.start;
        if is_under.into_iter().any(|at| matches!(word(at), "whether" | "if" | "which" | "what" | "that" | "how")) {
            return false;
        }
        let first = clause.words.clone().find(|at| self.marks[*at] != Mark::Idle);
        if first != Some(run.start)
            || !is_verb(word(run.start))
            || is_to_know(&low)
            || bars(word(run.start))
            || KEEPS.contains(&word(run.start))
        {
            return false;
        }
        let is_alone = run.clone().filter(|at| self.marks[*at] == Mark::Open).count() == 1;
        let object = (run.start + 1..clause.words.end).find(|at| self.marks[*at] != Mark::Idle);
        // `Sort mails into teams` does nothing to the column.
        let is_placed = |at: usize| at > run.start && matches!(word(at - 1), "into" | "to" | "by" | "as");
        let is_done_to = object.is_some_and(|at| matches!(self.marks[at], Mark::Used | Mark::LeftOut) && !is_placed(at));
        let tells = clause.words.clone().any(|at| self.marks[at] == Mark::Used);
        match is_alone {
            _ if Roles::places(word(run.start)) => false,
            true => is_done_to || may_change(word(run.start)),
            false => is_done_to || !tells && !self.leaves_out(clause),
        }
    }

    /// Open words that stand together, but for words that mean nothing between them; a negation goes on to the end of its clause.
    fn runs(&self, all: Range<usize>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for at in all.clone().filter(|at| self.marks[*at] == Mark::Open) {
            let is_between = |mark: &Mark| !matches!(mark, Mark::Taken | Mark::Followed);
            match runs.last_mut().filter(|run| self.marks[run.end..at].iter().all(is_between)) {
                Some(run) => run.end = at + 1,
                None => runs.push(at..at + 1),
            }
        }
        if let Some(last) = runs.last_mut() {
            let negates = last.clone().any(|at| is_negation(&self.words[at].low));
            let is_rest_idle = self.marks[last.end..all.end].iter().all(|mark| *mark == Mark::Idle);
            last.end = if negates && is_rest_idle { all.end } else { last.end };
        }
        runs
    }

    /// With the column that something is to be done to: `shorten the body`.
    fn with_object(&self, clause: &Clause, run: Range<usize>) -> Range<usize> {
        let object = (run.end..clause.words.end).find(|at| self.marks[*at] != Mark::Idle);
        let object = object.filter(|at| matches!(self.marks[*at], Mark::Used | Mark::LeftOut) && self.bids(clause, &run));
        run.start..object.map_or(run.end, |at| at + 1)
    }

    /// The clause before it, where that says what `it` is: `the phone is broken, leave it out`.
    fn meant<'b>(&self, before: &'b [Clause], own: &Range<usize>) -> Option<&'b Clause> {
        // `A model that tells` leads on to what it tells.
        let leads_on =
            |at: usize| at + 1 < own.end && self.words[at].low == "that" && at > own.start && !is_verb(&self.words[at - 1].low);
        let is_it = |at: usize| {
            matches!(self.words[at].low.as_str(), "it" | "them" | "these" | "those" | "this" | "that") && !leads_on(at)
        };
        let is_short = own.clone().filter(|at| self.marks[*at] == Mark::Open).count() < 3;
        let host = before.last().filter(|host| host.words.end <= own.start && host.kind != Kind::Wish);
        host.filter(|_| is_short && own.clone().any(is_it))
    }

    fn with_meant(&self, before: &[Clause], own: Range<usize>) -> Range<usize> {
        match self.meant(before, &own) {
            Some(host) if self.marks[host.words.clone()].contains(&Mark::Open) => host.words.start..own.end,
            _ => own,
        }
    }

    /// Without the joint that it begins with.
    fn trimmed(&self, all: Range<usize>) -> Range<usize> {
        let is_joint = |at: &usize| ["and", "but", "so", "then", "or", "also"].contains(&self.words[*at].low.as_str());
        all.clone().find(|at| !is_joint(at)).unwrap_or(all.start)..all.end
    }

    fn written(&self, run: Range<usize>) -> String {
        self.text[self.words[run.start].place.start..self.words[run.end - 1].place.end].to_string()
    }

    /// Whether it is somebody's own name for something: in quotes, or large in the middle of a wish.
    fn is_name(&self, clause: &Clause, at: usize) -> bool {
        let place = &self.words[at].place;
        let is_quoted = self.text[..place.start].ends_with(['"', '`', '\'', '“', '„', '«']);
        let own = &self.text[place.clone()];
        let starts_line = self.text[..place.start].trim_end_matches(' ').ends_with('\n');
        let is_large = own.starts_with(char::is_uppercase) && own.chars().any(char::is_lowercase) && !starts_line;
        is_quoted || is_large && at > clause.words.start && clause.kind == Kind::Wish && self.own == self.text
    }

    /// Whether it is but for a slip of the keys another word of the text, or of a column or file that is named there.
    fn is_slip(&self, at: usize) -> bool {
        const SHORTEST: usize = 5;
        let word = self.words[at].low.as_str();
        let others = self.words.iter().map(|other| other.low.as_str()).chain(self.outcome.columns.iter().map(String::as_str));
        let mut parts = others.flat_map(|other| other.split(|c: char| !c.is_alphanumeric()));
        // What the data is called: `is a flat sold?` of flats.csv, `an EEG model` of eeg.csv.
        let is_same = |part: &str| part == word || part.strip_suffix('s') == Some(word) || word.strip_suffix('s') == Some(part);
        let mut files = self.words.iter().map(|other| other.low.as_str()).filter(|other| other.contains(['.', '/']));
        if files.any(|file| file.split(|c: char| !c.is_alphanumeric()).any(is_same)) {
            return true;
        }
        word.chars().count() >= SHORTEST && parts.any(|part| strsim::osa_distance(part, word) == 1)
    }

    /// Whether a clause says of a column that it is not to be read, and it is not; or how the rows are parted, as they are.
    fn leaves_out(&self, clause: &Clause) -> bool {
        let is_out = |at: usize| self.marks[at] == Mark::LeftOut || names(self.words, at, &self.outcome.unread).is_some();
        let is_along = |at: usize| matches!(self.words[at].low.as_str(), "too" | "well" | "also");
        let bars = || clause.words.clone().any(|at| bars(&self.words[at].low) || is_along(at)) || clause.kind == Kind::Statement;
        clause.words.clone().any(|at| self.marks[at] == Mark::Parts) || clause.words.clone().any(is_out) && bars()
    }

    /// Whether it is such a number, or what it counts.
    fn is_counted(&self, clause: &Clause, at: usize) -> bool {
        self.counts_data(clause, at) || at > clause.words.start && self.counts_data(clause, at - 1)
    }

    /// Whether a number is of the data: `about nine hundred of them`, `(4 columns)`, `(score, 0-5)`.
    fn counts_data(&self, clause: &Clause, at: usize) -> bool {
        let word = |at: usize| self.words[at].low.as_str();
        if !has_digit(word(at)) && !is_amount(word(at)) {
            return false;
        }
        let before = || clause.words.start..at;
        let is_about = before().any(|at| ABOUT.contains(&word(at))) && !clause.words.clone().any(|at| is_of_settings(word(at)));
        let is_of_column = || at > clause.words.start && matches!(self.marks[at - 1], Mark::Used | Mark::LeftOut);
        // `(a number from 0 to 10)`.
        let is_range = || {
            let is_bound = |at: usize| clause.words.contains(&at) && has_digit(word(at));
            let is_to = |at: usize| clause.words.contains(&at) && matches!(word(at), "to" | "and");
            is_to(at + 1) && is_bound(at + 2) || at >= clause.words.start + 2 && is_to(at - 1) && is_bound(at - 2)
        };
        // `The four measurements a, b, c and d`.
        let names_next = || {
            let is_kind = |at: usize| {
                clause.words.contains(&at)
                    && (OF_DATA.contains(&word(at)) || SOURCES.contains(&word(at)) || word(at) == "measurements")
            };
            is_kind(at + 1) && clause.words.contains(&(at + 2)) && self.marks[at + 2] == Mark::Used
        };
        if names_next() {
            return true;
        }
        let is_of_rows = || clause.words.contains(&(at + 1)) && OF_DATA.contains(&word(at + 1));
        is_about && clause.kind != Kind::Wish || clause.is_aside && (is_of_column() || is_of_rows() || is_range())
    }

    /// Whether a word names a column that has no part of its own. How one is that is not read does not matter.
    fn column(&self, clause: &Clause, at: usize) -> bool {
        let tells = clause.kind == Kind::Statement || self.leaves_out(clause);
        let is_other = |name: &&String| !self.has_part(name) && !(tells && self.outcome.unread.contains(name));
        let others: Vec<String> = self.outcome.columns.iter().filter(is_other).cloned().collect();
        self.marks[at] == Mark::Open && names(self.words, at, &others).is_some()
    }

    /// Whether a word is one of those of such a column's name: `listing` of `listing_id`.
    fn names_partly(&self, at: usize) -> bool {
        const SHORTEST: usize = 4;
        let word = self.words[at].low.as_str();
        // One that is not read is left out already.
        let has = |name: &String| {
            let is_open = !self.has_part(name) && !self.outcome.unread.contains(name);
            is_open && name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|own| own == word)
        };
        word.chars().count() >= SHORTEST && self.outcome.columns.iter().any(has)
    }

    /// `A monotone constraint on age`: of a column more is said than what it is for.
    fn is_done_to_column(&self, clause: &Clause, run: &Range<usize>) -> bool {
        let is_on = clause.words.contains(&run.end) && matches!(self.words[run.end].low.as_str(), "on" | "over");
        let is_used = clause.words.contains(&(run.end + 1)) && self.marks[run.end + 1] == Mark::Used;
        clause.kind != Kind::Statement && run.len() > 1 && is_on && is_used
    }

    fn has_part(&self, name: &String) -> bool {
        [&self.outcome.used, &self.outcome.left_out, &self.outcome.parted_by].iter().any(|all| all.contains(name))
    }

    /// Whether a clause ends with a column, a file or a part of the data: what brackets say behind it is said of that.
    fn ends_with_data(&self, clause: &Clause) -> bool {
        let Some(last) = clause.words.clone().next_back() else { return false };
        let is_file = self.words[last].low.contains(['.', '/']);
        is_file
            || self.marks[last] == Mark::Used
            || self.marks[last] == Mark::LeftOut
            || names(self.words, last, &self.outcome.columns).is_some()
    }
}

/// Whether a word says of a column that it is not to be read.
fn bars(word: &str) -> bool {
    is_negation(word) || matches!(word, "out" | "away" | "aside" | "off") || BARS.iter().any(|own| word.starts_with(own))
}

/// Whether words point at what stands elsewhere or say that nothing more is wanted: `see the snippet below`, `that is enough`.
fn is_of_all(low: &[&str]) -> bool {
    const ENDS: [&str; 14] =
        ["that", "that's", "this", "it", "is", "'s", "all", "enough", "for", "now", "really", "will", "do", "me"];
    const POINTS: [&str; 24] = [
        "see",
        "find",
        "use",
        "take",
        "the",
        "this",
        "my",
        "our",
        "a",
        "as",
        "in",
        "snippet",
        "snippets",
        "below",
        "above",
        "attached",
        "following",
        "code",
        "config",
        "configuration",
        "settings",
        "file",
        "script",
        "block",
    ];
    let says_enough = low.contains(&"enough") || low.contains(&"all");
    let points = low.iter().any(|word| matches!(*word, "below" | "above" | "attached" | "following"));
    says_enough && low.iter().all(|word| ENDS.contains(word)) || points && low.iter().all(|word| POINTS.contains(word))
}

/// Whether a wish is only for the task itself, which the experiment has: `we want to sort mails automatically`.
fn names_a_task(low: &[&str]) -> bool {
    let is_wanted = |two: &[&str]| two[0] == "to" && (Roles::places(two[1]) || TASKS.contains(&two[1]));
    low.windows(2).any(is_wanted) && !low.contains(&"also")
}

fn has_digit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')) && word.contains(|c: char| c.is_ascii_digit())
}

/// Words that are told only where nothing stands beside them: by themselves they choose nothing.
fn is_choice(word: &str) -> bool {
    is_of_settings(word) && !BARE.contains(&word)
}

/// How words begin that say of a column that it is not to be read.
const BARS: [&str; 17] = [
    "useless",
    "irrelevant",
    "meaningless",
    "nothing",
    "drop",
    "ignor",
    "exclud",
    "omit",
    "skip",
    "remov",
    "discard",
    "leav",
    "forbid",
    "prohib",
    "hid",
    "avoid",
    "except",
];

/// Verbs that ask for nothing beside what is followed: `keep 20 % for testing`.
const KEEPS: [&str; 8] = ["keep", "group", "continue", "divide", "reserve", "consider", "treat", "go"];

/// Words that by themselves take back or go on.
const OF_NOTHING: [&str; 10] = ["no", "actually", "hmm", "hm", "oh", "sorry", "wait", "oops", "well", "but"];

/// A wish of more words than these asks for something, however common they are.
const FEW: usize = 4;

/// What is said of any model.
const VAGUE: [&str; 11] = ["small", "simple", "nice", "plain", "little", "quick", "fast", "decent", "basic", "short", "great"];

/// What a model does with what it is told.
const TELLS: [&str; 10] =
    ["predict", "predicts", "classify", "estimate", "estimates", "guess", "guesses", "tells", "model", "score"];

/// What one does by hand that a model is to do.
const TASKS: [&str; 10] =
    ["tag", "classify", "recognise", "recognize", "detect", "label", "categorise", "categorize", "identify", "automate"];

/// What a prediction is made from, in words.
const SOURCES: [&str; 8] = ["features", "feature", "variables", "variable", "columns", "factors", "inputs", "predictors"];

/// What a statement says that weighs one thing against another.
const WEIGHS: [&str; 6] = ["times", "worse", "matter", "matters", "enough", "suffices"];

/// What stands before a number that is told of something.
const ABOUT: [&str; 7] = ["about", "around", "roughly", "approximately", "nearly", "almost", "ca"];

/// What data is counted in.
const OF_DATA: [&str; 21] = [
    "kinds",
    "types",
    "sorts",
    "species",
    "groups",
    "levels",
    "speakers",
    "columns",
    "rows",
    "lines",
    "files",
    "classes",
    "labels",
    "categories",
    "images",
    "photos",
    "texts",
    "documents",
    "ones",
    "people",
    "stars",
];

/// Of settings, which mean nothing without a value.
const BARE: [&str; 22] = [
    "batch",
    "batches",
    "epoch",
    "epochs",
    "evaluate",
    "hidden",
    "layers",
    "loss",
    "optimizer",
    "parameters",
    "rate",
    "schedule",
    "seed",
    "seeds",
    "sequence",
    "split",
    "steps",
    "tokens",
    "training",
    "validation",
    "warm-up",
    "warmup",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::is_called;
    use crate::intake::request::parse_request;

    /// Where nothing of what is left is followed, of data with these columns.
    fn left(text: &str, used: &[&str], left_out: &[&str], columns: &[&str]) -> Vec<String> {
        let names = |all: &[&str]| all.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let request = parse_request(text, |_| None);
        let all = [used, left_out, columns].concat();
        let is_open = |words: &&String| !all.iter().any(|name| is_called(name, words));
        let open = request.not_understood.iter().filter(is_open).cloned().collect();
        let outcome = Outcome { open, columns: names(&all), used: names(used), left_out: names(left_out), ..Outcome::default() };
        request.unmet(&outcome)
    }

    #[test]
    fn what_is_followed_explains_or_greets_is_not_told() {
        for text in [
            "Hello! I run a second-hand shop. MLP on a.csv, predict price, 5 epochs",
            "We have 18 months of sales in a.csv. Predict price with an MLP, we only know it afterwards.",
            "About 700 arrive every week and three colleagues do nothing but forward them. MLP on a.csv, predict price",
            "MLP on a.csv, predict price (they're all small numbers!), batch 32",
            "MLP on a.csv, predict price, it is about 20% too low. Use class weights because only ~7% are sold",
            "Our wind farm is offshore, getting there costs a fortune. Predict price from a.csv with an MLP",
            "MLP on a.csv, predict price. Kind regards, Dr. Ines Falk, Head of Credit Risk",
            "MLP on a.csv, predict price.\n\nBest,\nMarta Oliveira\nCredit Analytics\nPhone 555 0142",
            "MLP on a.csv, predict price. agent must play no part. 5 epochs",
            "MLP on a.csv, predict price. agent must stay out. 5 epochs",
            "MLP on a.csv, predict price. agent is filled in later, so don't use it. 5 epochs",
        ] {
            assert_eq!(left(text, &["price"], &["agent"], &[]), [""; 0], "{text}");
        }
    }

    #[test]
    fn columns_that_are_not_read_are_left_out() {
        let request = parse_request("MiniLM on a.jsonl, predict flags. moderator must play no part", |_| None);
        let names = |all: &[&str]| all.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let of = |unread: &[&str]| {
            let open = request.not_understood.clone();
            let columns = names(&["flags", "comment", "moderator"]);
            request.unmet(&Outcome { open, columns, used: names(&["flags"]), unread: names(unread), ..Outcome::default() })
        };
        assert_eq!(of(&["moderator"]), [""; 0]);
        assert_eq!(of(&[]), ["moderator must play no part"]);
    }

    #[test]
    fn wishes_are_told_in_the_words_of_the_user() {
        let mut lost = Vec::new();
        for (text, told) in [
            ("MLP on a.csv, predict price, quantile loss", "quantile loss"),
            (
                "MLP on a.csv, predict price. Smooth the predictions over five neighbours.",
                "Smooth the predictions over five neighbours",
            ),
            (
                "We sell bikes. I would also like a chart of them by brand. MLP on a.csv, predict price",
                "I would also like a chart of them by brand",
            ),
            ("MLP on a.csv, predict price with 7 experts", "7 experts"),
            ("MLP on a.csv, predict price, two layers of 32, sigmoid if you have it", "sigmoid"),
            ("MLP on a.csv, predict price, don't smooth anything", "don't smooth anything"),
            ("zip says nothing about it. MLP on a.csv, predict price", "zip says nothing about it"),
            ("MLP on a.csv, predict price. A monotone constraint on price", "monotone constraint"),
            ("MLP on a.csv, predict price. Deploy it as a service when done", "Deploy it as a service when done"),
            ("MLP on a.csv, predict price. Thanks, Tom. Use a quantile loss", "Use a quantile loss"),
            ("MLP on a.csv, predict price. It has to run on a phone afterwards.", "It has to run on a phone afterwards"),
            ("MLP on a.csv, predict price. Ideally the model also tells why.", "Ideally the model also tells why"),
            ("MLP on a.csv, predict price. Half of it is enough.", "Half of it is enough"),
            ("MLP on a.csv, predict price. Only bikes younger than ten years count.", "Only bikes younger than ten years count"),
            ("MLP on a.csv, predict price. Old ones are not of interest.", "Old ones are not of interest"),
            ("MLP on a.csv, predict price. Email me the result.", "Email me the result"),
            ("MLP on a.csv, predict price. shorten the price", "shorten the price"),
            ("MLP on a.csv, predict price. The phone is broken, leave it out", "The phone is broken, leave it out"),
            ("MLP on a.csv, predict price, age may not be used", "age may not be used"),
            ("MLP on a.csv, predict price. polish the agent", "polish the agent"),
            (
                "MLP on a.csv, predict price. I would also like a chart of the price by maker",
                "I would also like a chart of the price by maker",
            ),
        ] {
            let found = left(text, &["price"], &["agent"], &["zip", "age"]);
            lost.extend((!found.iter().any(|words| words == told)).then(|| format!("{text}: {found:?}")));
        }
        assert!(lost.is_empty(), "{lost:#?}");
    }
}
