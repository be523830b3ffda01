//! What a language model may take: reserved before each question, settled after it.

use super::price::Price;
use super::{Ask, Error, LanguageModel, Reply, Usage};
use crate::store::Record;
use crate::words::dollars;
use std::cell::Cell;

/// What a run's language model may take in all; none: as much as it likes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Allowance {
    pub max_tokens: Option<u64>,
    /// US dollars.
    pub max_usd: Option<f64>,
}

impl Allowance {
    /// As keys of an experiment file set it that is not there yet, `budget={ … }` and numbers such as `1_000` included. What cannot be
    /// read allows nothing: whoever reads the file says what is wrong.
    pub fn of_keys(set: &[(String, String)]) -> Self {
        let number = |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
        let value = |name: &str| -> Option<f64> {
            set.iter().rev().find_map(|(key, text)| {
                let read = || {
                    toml::from_str::<toml::Table>(&format!("value = {text}")).ok().and_then(|table| table.get("value").cloned())
                };
                match key.strip_prefix("budget") {
                    Some("") => read().map_or(Some(0.0), |all| Some(all.get(name)?).map(|value| number(value).unwrap_or(0.0))),
                    Some(rest) if rest.strip_prefix('.') == Some(name) => Some(read().as_ref().and_then(number).unwrap_or(0.0)),
                    _ => None,
                }
            })
        };
        Allowance { max_tokens: value("max_tokens").map(|max| max as u64), max_usd: value("max_usd") }
    }
}

/// What it took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    pub tokens: u64,
    /// US dollars, of what has a known price.
    pub usd: f64,
}

impl Spent {
    fn and(self, other: Spent) -> Spent {
        Spent { tokens: self.tokens.saturating_add(other.tokens), usd: self.usd + other.usd }
    }

    /// By the ledger's rows, over all processes that worked on the run. A question whose answer is not there (the process was killed
    /// meanwhile) counts as what was reserved for it.
    pub fn of<'r>(rows: impl Iterator<Item = &'r Record>) -> Spent {
        let (mut spent, mut open) = (Spent::default(), None);
        for row in rows {
            match row {
                Record::Reserved { tokens, usd } => {
                    spent = spent.and(open.replace(Spent { tokens: *tokens, usd: usd.unwrap_or(0.0) }).unwrap_or_default());
                }
                Record::Settled { usage, usd, .. } => {
                    open = None;
                    spent = spent.and(Spent { tokens: usage.tokens(), usd: usd.unwrap_or(0.0) });
                }
                _ => {}
            }
        }
        spent.and(open.unwrap_or_default())
    }
}

/// Another language model, which is asked only while there is enough for the most that a question may take.
pub struct Meter<'a> {
    inner: &'a dyn LanguageModel,
    price: Option<Price>,
    allowance: Allowance,
    spent: Cell<Spent>,
    /// Enters a row in the ledger.
    enter: &'a dyn Fn(Record) -> Result<(), crate::store::Error>,
}

impl<'a> Meter<'a> {
    /// `spent`: before, by the ledger. `price`: none where nobody knows it.
    pub fn new(
        inner: &'a dyn LanguageModel,
        price: Option<Price>,
        allowance: Allowance,
        spent: Spent,
        enter: &'a dyn Fn(Record) -> Result<(), crate::store::Error>,
    ) -> Self {
        Meter { inner, price, allowance, spent: Cell::new(spent), enter }
    }

    pub fn spent(&self) -> Spent {
        self.spent.get()
    }

    /// The most that a question can take.
    fn most(&self, ask: &Ask) -> Spent {
        let usage = most_of(ask);
        Spent { tokens: usage.tokens(), usd: self.price.map_or(0.0, |price| price.of(usage)) }
    }

    /// How many such questions there is enough for.
    fn tries(&self, most: Spent) -> Option<u64> {
        let (spent, Allowance { max_tokens, max_usd }) = (self.spent.get(), self.allowance);
        let of_tokens = max_tokens.map(|max| max.saturating_sub(spent.tokens) / most.tokens.max(1));
        let of_usd = max_usd.filter(|_| most.usd > 0.0).map(|max| ((max - spent.usd) / most.usd).max(0.0) as u64);
        of_tokens.into_iter().chain(of_usd).min()
    }

    fn allow(&self, most: Spent) -> Result<(), Error> {
        let (spent, Allowance { max_tokens, max_usd }) = (self.spent.get(), self.allowance);
        if let Some(max) = max_tokens.filter(|max| spent.tokens.saturating_add(most.tokens) > *max) {
            let what = format!(
                "`budget.max_tokens` is {max}, {} were used, and the next question may take {}",
                spent.tokens, most.tokens
            );
            return Err(Error::Budget { what });
        }
        let Some(max) = max_usd else { return Ok(()) };
        if self.price.is_none() {
            return Err(Error::NoPrice { model: self.name() });
        }
        if spent.usd + most.usd > max {
            let [max, used, next] = [max, spent.usd, most.usd].map(dollars);
            let what = format!("`budget.max_usd` is {max}, {used} were used, and the next question may take {next}");
            return Err(Error::Budget { what });
        }
        Ok(())
    }
}

fn most_of(ask: &Ask) -> Usage {
    Usage { tokens_in: ask.most_tokens_in(), tokens_out: ask.limit().into(), tokens_cached: 0 }
}

impl LanguageModel for Meter<'_> {
    fn name(&self) -> String {
        self.inner.name()
    }

    fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
        let most = self.most(ask);
        self.allow(most)?;
        (self.enter)(Record::Reserved { tokens: most.tokens, usd: self.price.map(|_| most.usd) })?;
        let answered = self.inner.answer(&Ask { tries: self.tries(most), ..ask.clone() });
        let lost = self.inner.lost();
        let (usage, secs) = match &answered {
            Ok(reply) => (reply.usage, reply.secs),
            Err(error) if error.may_have_cost() => (lost.and(most_of(ask)), 0.0),
            Err(_) => (lost, 0.0),
        };
        let usd = self.price.map(|price| price.of(usage));
        self.spent.set(self.spent.get().and(Spent { tokens: usage.tokens(), usd: usd.unwrap_or(0.0) }));
        (self.enter)(Record::Settled { model: self.name(), usage, usd, secs })?;
        answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    struct Parrot(Usage);

    impl LanguageModel for Parrot {
        fn name(&self) -> String {
            "a parrot".into()
        }
        fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
            let text = ask.turns[0].text.clone();
            if text == "fail" {
                return Err(Error::Unreachable { model: self.name(), why: "down".into() });
            }
            if text == "busy" {
                return Err(Error::Failing { model: self.name(), attempts: 5, why: "it answers 429".into() });
            }
            if text == "hang" {
                return Err(Error::Slow { model: self.name(), what: "nothing", secs: 1.0 });
            }
            Ok(Reply { text, is_cut: false, usage: self.0, secs: 1.0, notes: vec![] })
        }
    }

    const USED: Usage = Usage { tokens_in: 100, tokens_out: 20, tokens_cached: 0 };
    const PRICE: Price = Price { input: 1000.0, output: 1000.0, cached: None };

    /// 36 tokens in at the most (12 bytes and the roles), 64 out.
    fn ask(text: &str) -> Ask {
        Ask::new("system", text, None, 64)
    }

    #[test]
    fn a_budget_is_kept_before_it_is_overrun() {
        let check = |allowance: Allowance, price: Option<Price>, answers: usize, words: &str| {
            let (rows, parrot) = (RefCell::new(Vec::new()), Parrot(USED));
            let enter = |row| {
                rows.borrow_mut().push(row);
                Ok(())
            };
            let meter = Meter::new(&parrot, price, allowance, Spent::default(), &enter);
            let given = (0..10).map(|_| meter.answer(&ask("a word"))).take_while(Result::is_ok).count();
            assert_eq!(given, answers, "{allowance:?}");
            if !words.is_empty() {
                let error = meter.answer(&ask("a word")).expect_err(words).to_string();
                assert!(error.contains(words), "{error}");
            }
            // The ledger says the same as the meter, and a new process goes on from there.
            assert_eq!(Spent::of(rows.borrow().iter()), meter.spent());
            assert_eq!(meter.spent().tokens, 120 * answers as u64);
        };
        let none = Allowance::default();
        check(none, None, 10, "");
        let most = ask("a word").most_tokens_in() + 64;
        check(Allowance { max_tokens: Some(240 + most), ..none }, None, 3, "`budget.max_tokens` is 340, 360 were used");
        check(Allowance { max_tokens: Some(239 + most), ..none }, None, 2, "240 were used, and the next question may take 100");
        check(
            Allowance { max_usd: Some(0.35), ..none },
            Some(PRICE),
            3,
            "`budget.max_usd` is $0.35, $0.36 were used, and the next",
        );
        check(Allowance { max_usd: Some(1.0), ..none }, None, 0, "no price is known for a parrot");
        check(Allowance { max_usd: Some(0.0), ..none }, Some(Price::default()), 10, "");
    }

    #[test]
    fn an_allowance_is_read_as_experiment_files_are() {
        let check = |set: &[(&str, &str)], tokens: Option<u64>, usd: Option<f64>| {
            let set: Vec<(String, String)> = set.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
            assert_eq!(Allowance::of_keys(&set), Allowance { max_tokens: tokens, max_usd: usd }, "{set:?}");
        };
        check(&[], None, None);
        check(&[("budget.max_tokens", "1_000"), ("budget.max_usd", "2")], Some(1000), Some(2.0));
        check(&[("budget", "{ max_usd = 0.5, max_attempts = 2 }"), ("recipe.lr", "1")], None, Some(0.5));
        check(&[("budget.max_tokens", "9"), ("budget.max_tokens", "8")], Some(8), None);
        check(&[("budget.max_tokens", "many"), ("budgets", "1")], Some(0), None);
    }

    /// Answers that break off are paid for, too: no more of them are begun than there is enough for.
    #[test]
    fn how_often_may_be_asked_again_is_bounded_by_what_is_left() {
        struct Begun(Cell<Option<u64>>);
        impl LanguageModel for Begun {
            fn name(&self) -> String {
                "begun".into()
            }
            fn answer(&self, ask: &Ask) -> Result<Reply, Error> {
                self.0.set(ask.tries);
                Err(Error::Budget { what: "it broke off".into() })
            }
            fn lost(&self) -> Usage {
                Usage { tokens_in: 70, tokens_out: 5, tokens_cached: 0 }
            }
        }
        let enter = |_| Ok(());
        let check = |allowance: Allowance, tries: Option<u64>| {
            let inner = Begun(Cell::default());
            let meter = Meter::new(&inner, Some(PRICE), allowance, Spent::default(), &enter);
            assert!(meter.answer(&ask("a word")).is_err());
            assert_eq!((inner.0.get(), meter.spent().tokens), (tries, 75), "{allowance:?}");
        };
        let most = ask("a word").most_tokens_in() + 64;
        check(Allowance::default(), None);
        check(Allowance { max_tokens: Some(3 * most - 1), max_usd: None }, Some(2));
        check(Allowance { max_tokens: Some(9 * most), max_usd: Some(most as f64 / 1000.0) }, Some(1));
    }

    #[test]
    fn what_failed_and_what_was_killed() {
        let (rows, parrot) = (RefCell::new(Vec::new()), Parrot(USED));
        let enter = |row| {
            rows.borrow_mut().push(row);
            Ok(())
        };
        let meter = Meter::new(&parrot, Some(PRICE), Allowance::default(), Spent::default(), &enter);
        for unanswered in ["fail", "busy"] {
            assert!(meter.answer(&ask(unanswered)).is_err());
            assert_eq!(meter.spent(), Spent::default(), "{unanswered}: nobody took the question");
        }
        // It may have written all the same.
        assert!(meter.answer(&ask("hang")).is_err());
        assert_eq!(meter.spent().tokens, ask("hang").most_tokens_in() + 64);
        let reserved = Record::Reserved { tokens: 1000, usd: Some(0.5) };
        let settled = Record::Settled { model: "m".into(), usage: USED, usd: Some(0.12), secs: 1.0 };
        let of = |rows: &[&Record]| Spent::of(rows.iter().copied());
        assert_eq!(of(&[&reserved]), Spent { tokens: 1000, usd: 0.5 });
        assert_eq!(of(&[&reserved, &reserved, &settled]), Spent { tokens: 1120, usd: 0.62 });
        assert_eq!(of(&[&reserved, &settled]), Spent { tokens: 120, usd: 0.12 });
    }
}
