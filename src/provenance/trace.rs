//! What a training logged, by step, to be compared bit for bit.

use crate::job::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A thing that a training tells of a step, in the order in which it comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    Lr,
    Loss,
    GradNorm,
    MonitorLoss,
    MonitorScore,
    /// The hash of the weights in a checkpoint.
    Weights,
    /// The hash of the trained model's file.
    Model,
    /// What the held-out split gave.
    HeldOut,
}

impl Quantity {
    pub fn in_words(self) -> &'static str {
        match self {
            Quantity::Lr => "learning rate",
            Quantity::Loss => "loss",
            Quantity::GradNorm => "norm of the gradient",
            Quantity::MonitorLoss => "loss on what is watched",
            Quantity::MonitorScore => "score on what is watched",
            Quantity::Weights => "hash of the weights",
            Quantity::Model => "hash of the model's file",
            Quantity::HeldOut => "number of the held-out split",
        }
    }
}

/// Where two trainings part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parting {
    /// Steps done.
    pub step: u64,
    pub quantity: Quantity,
    pub a: String,
    pub b: String,
}

/// What one training told. A value is its shortest decimal form, which names its bits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace(BTreeMap<(u64, Quantity), String>);

impl Trace {
    /// Of the events of the attempts that a run grew from, in order. Where two tell of the same step, a run that was killed did it
    /// twice: `Err` is where they differ, which cannot be unless a record was changed.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Trace, Parting> {
        let mut values = BTreeMap::new();
        let mut put = |step: u64, quantity: Quantity, value: String| match values.insert((step, quantity), value.clone()) {
            Some(before) if before != value => Err(Parting { step, quantity, a: before, b: value }),
            _ => Ok(()),
        };
        for event in events {
            match event {
                Event::Step(told) => {
                    put(told.step, Quantity::Lr, format!("{:?}", told.lr))?;
                    put(told.step, Quantity::Loss, format!("{:?}", told.loss))?;
                    put(told.step, Quantity::GradNorm, format!("{:?}", told.grad_norm))?;
                }
                Event::Monitored { step, value, loss, .. } => {
                    put(*step, Quantity::MonitorLoss, format!("{loss:?}"))?;
                    put(*step, Quantity::MonitorScore, format!("{value:?}"))?;
                }
                Event::Checkpointed { step, weights_sha256: Some(hash), .. } => put(*step, Quantity::Weights, hash.clone())?,
                Event::Finished { step, weights_sha256, .. } => put(*step, Quantity::Model, weights_sha256.clone())?,
                _ => {}
            }
        }
        Ok(Trace(values))
    }

    /// As [`Trace::of`], where of what is told twice the last counts.
    pub fn last_of(events: &[Event]) -> Trace {
        let mut trace = Trace::default();
        for event in events {
            if let Ok(told) = Trace::of([event]) {
                trace.0.extend(told.0);
            }
        }
        trace
    }

    /// The first thing that both tell and that differs.
    pub fn first_difference(&self, other: &Trace) -> Option<Parting> {
        let both = self.0.iter().filter_map(|(at, a)| Some((*at, a, other.0.get(at)?)));
        let parting = |((step, quantity), a, b): (_, &String, &String)| Parting { step, quantity, a: a.clone(), b: b.clone() };
        both.into_iter().find(|(_, a, b)| a != b).map(parting)
    }

    /// The first thing up to `steps` steps that differs. What only `other` tells is no difference, nor is a checkpoint that only
    /// this one has: a run that was asked to stop wrote one.
    pub fn parts_from(&self, other: &Trace, steps: u64) -> Option<Parting> {
        let until = self.0.iter().filter(|((step, _), _)| *step <= steps);
        until.into_iter().find_map(|(&(step, quantity), a)| {
            let parting = |b: &str| Some(Parting { step, quantity, a: a.clone(), b: b.into() });
            match other.0.get(&(step, quantity)) {
                Some(b) if a == b => None,
                Some(b) => parting(b),
                None if quantity == Quantity::Weights => None,
                None => parting("nothing"),
            }
        })
    }

    /// The first step that something is told of.
    pub fn first_step(&self) -> Option<u64> {
        self.0.keys().next().map(|(step, _)| *step)
    }

    /// The hash of the trained model's file, and the step that it is of.
    pub fn model(&self) -> Option<(u64, &str)> {
        let told = self.0.iter().find(|((_, quantity), _)| *quantity == Quantity::Model);
        told.map(|((step, _), hash)| (*step, hash.as_str()))
    }

    /// How many things of each kind both tell.
    pub fn shared(&self, other: &Trace) -> BTreeMap<Quantity, usize> {
        let mut counts = BTreeMap::new();
        for (_, quantity) in self.0.keys().filter(|at| other.0.contains_key(at)) {
            *counts.entry(*quantity).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::StepEvent;

    fn step(step: u64, loss: f64) -> Event {
        let (epoch, lr, grad_norm, train_secs) = (0.5, 1e-3, 1.0, step as f64);
        Event::Step(StepEvent { step, epoch, loss, lr, grad_norm, tokens: 3, examples: 4, train_secs })
    }

    #[test]
    fn one_bit_is_seen_and_the_time_is_not() {
        let up = f64::from_bits(0.7f64.to_bits() + 1);
        let trace = |events: &[Event]| Trace::of(events).expect("one story");
        let a = trace(&[step(1, 0.9), step(2, 0.7), step(3, 0.5)]);
        assert_eq!(a.parts_from(&trace(&[step(1, 0.9), step(2, 0.7)]), 2), None);
        assert_eq!(a.parts_from(&trace(&[step(1, 0.9), step(2, 0.7)]), 3).expect("they part").b, "nothing");
        let parting = a.parts_from(&trace(&[step(1, 0.9), step(2, up), step(3, 0.1)]), 3).expect("they part");
        assert_eq!((parting.step, parting.quantity, parting.a.as_str()), (2, Quantity::Loss, "0.7"));
        assert_eq!(a.shared(&trace(&[step(2, 0.0)])).get(&Quantity::Loss), Some(&1));
    }

    #[test]
    fn a_step_that_was_done_twice_is_told_twice_alike() {
        assert!(Trace::of(&[step(1, 0.9), step(2, 0.7), step(2, 0.7)]).is_ok());
        let error = Trace::of(&[step(2, 0.7), step(2, 0.8)]).expect_err("two stories");
        assert_eq!((error.step, error.quantity), (2, Quantity::Loss));
    }
}
