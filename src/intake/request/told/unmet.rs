//! What of a request is told as not followed: words that nothing came of, judged clause by clause.
//!
//! A clause from which a rule or the experiment has taken something is followed: of its other words those are told that may be a wish of
//! their own, which are numbers, what is negated, words that settings are made of, columns, and words that nobody knows. One that nothing
//! was taken of is told whole, in the user's words, where it asks for something; a statement (why something is asked for, what the data is
//! like, who writes) only where it speaks of what settings are made of.

use super::clauses::{self, Kind};
use super::judge::Judge;
use super::marks::{Mark, marks, placed};
use super::signature::signature;
use crate::intake::request::Request;
use crate::intake::request::rest::is_negation;
use crate::intake::request::wording::meant::may_change;

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
