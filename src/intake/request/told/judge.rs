//! What of one clause is told, by what became of its words.

use super::clauses::{Clause, Kind, Word, is_to_know};
use super::marks::Mark;
use super::unmet::Outcome;
use super::wishes::{
    FEW, KEEPS, OF_NOTHING, SOURCES, TELLS, VAGUE, WEIGHS, bars, has_digit, is_choice, is_of_all, is_rate, names_a_task,
};
use crate::data::Roles;
use crate::intake::request::rest::{is_filler_misspelt, is_negation};
use crate::intake::request::wording::english::{is_verb, is_word};
use crate::intake::request::wording::meant::{is_amount, is_of_settings, may_change};
use std::ops::Range;

pub(super) struct Judge<'a> {
    /// As the user wrote it.
    pub(super) own: &'a str,
    /// As it was read.
    pub(super) text: &'a str,
    pub(super) words: &'a [Word],
    pub(super) marks: &'a [Mark],
    pub(super) outcome: &'a Outcome,
}

impl Judge<'_> {
    /// What of a clause is told.
    pub(super) fn told(&self, before: &[Clause], clause: &Clause, next: Option<&Clause>) -> Vec<String> {
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
            Kind::Statement => {
                let weighs = |at: usize| WEIGHS.contains(&self.words[at].low.as_str()) || is_rate(&self.words[at].low);
                is_of_settings || has_column || open().any(weighs)
            }
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
            return open()
                .any(|at| WEIGHS.contains(&word(at)) || is_rate(word(at)) || is_strange(at) && is_of_settings(word(at)));
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
}
