//! Rows that are no examples because what they hold cannot be read: left out, counted, and the first of them named.

use crate::data::Error;
use crate::job::Event;

#[derive(Default)]
pub(super) struct Unreadable {
    count: usize,
    first: Vec<Error>,
}

impl Unreadable {
    /// So many are told of.
    const TOLD: usize = 3;

    pub(super) fn add(&mut self, error: Error) {
        self.count += 1;
        if self.first.len() < Self::TOLD {
            self.first.push(error);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What is wrong with the first, where it is wrong with all.
    pub(super) fn into_first(self) -> Option<Error> {
        self.first.into_iter().next()
    }

    /// What there is to say of them, if there are any: of `readable` others, called `what`, of a split.
    pub(super) fn note(&self, split: &str, readable: usize, what: &str) -> Option<Event> {
        let told: Vec<String> = self.first.iter().map(Error::to_string).collect();
        let more = match self.count - told.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let (count, all, told) = (self.count, readable + self.count, told.join("; "));
        let message = format!("split `{split}`: {count} of {all} {what} are left out, for they cannot be read: {told}{more}");
        (count > 0).then_some(Event::Note { message })
    }
}
