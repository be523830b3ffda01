//! Where a number that is not finite comes from, once there is one: the step is looked at again. Nothing is changed by it, for the run
//! has ended.

use super::super::Error;
use super::{Pass, Run};
use crate::job::{Divergence, Event, Origin, Place};
use tallow_kernels::{Gradients, Inspection, ParamKind, Tape, all_finite};
use tallow_zoo::Input;

/// So many examples of a batch that are not finite alone are to blame themselves.
#[derive(Clone, Copy, PartialEq)]
enum Few {
    None,
    One,
    Half,
}

impl Run<'_> {
    /// What made the step diverge that the run is at.
    ///
    /// # Errors
    /// The step's batch cannot be made again, or an operation failed.
    pub(super) fn origin(&mut self, what: Divergence, emit: &mut dyn FnMut(Event)) -> Result<Origin, Error> {
        let grad_norm = self.progress.watch.usual_norm();
        match what {
            Divergence::LossExploded | Divergence::LossStayedHigh | Divergence::LossRose | Divergence::Collapsed => {
                return Ok(Origin::Growth { place: Place::default(), grad_norm });
            }
            Divergence::WeightsNotFinite => {
                return Ok(Origin::Growth { place: self.bad_weights()?.unwrap_or_default(), grad_norm });
            }
            Divergence::LossNotFinite | Divergence::GradNotFinite => {}
        }
        if let Some(example) = self.bad_input()? {
            return Ok(Origin::Data { example });
        }
        let began = self.progress.step == 0;
        if let Some(place) = self.bad_weights()? {
            return Ok(if began { Origin::Loaded { place } } else { Origin::Growth { place, grad_norm } });
        }
        let grew = self.progress.watch.grew();
        let few = match grew {
            _ if began => Few::Half,
            Some(true) => Few::None,
            Some(false) => Few::Half,
            // Steps that are too long spoil some examples before all.
            None => Few::One,
        };
        if let Some(example) = self.bad_example(few, emit)? {
            return Ok(Origin::Data { example });
        }
        let place = self.first_place(emit)?;
        Ok(match grad_norm {
            _ if began => Origin::Loaded { place },
            Some(grad_norm) if grew == Some(false) => Origin::Operation { place, grad_norm },
            _ => Origin::Growth { place, grad_norm },
        })
    }

    /// The first example of the step's batch whose input is not finite. Answers are: a prepared file with others is refused.
    fn bad_input(&self) -> Result<Option<usize>, Error> {
        let mut found = Ok(None);
        if self.similarity.is_none() {
            self.maker().make(self.progress.step, &mut |part| {
                found = bad_row(&part.batch.input).map(|row| row.map(|row| part.examples[row]));
                matches!(found, Ok(None))
            })?;
        }
        found
    }

    /// The first of the few examples of the step's batch that are not finite when they are taken alone, though the others are: not the
    /// model is at fault then. None where it is more of them, or where they cannot be taken alone.
    fn bad_example(&self, few: Few, emit: &mut dyn FnMut(Event)) -> Result<Option<usize>, Error> {
        if self.similarity.is_some() || few == Few::None {
            return Ok(None);
        }
        let mut maker = self.maker();
        maker.config.micro_batch_size = 1;
        let pass = Pass { built: &self.built, scale: self.scale.as_ref(), reference: self.reference.as_ref(), rule: &self.rule };
        let (mut bad, mut all, mut found) = (Vec::new(), 0, Ok(()));
        let mut grads = Gradients::new(&self.built.store);
        maker.make(self.progress.step, &mut |part| {
            let tape = Tape::training(self.streams.dropout(self.progress.step, all)).repeating();
            let example = part.examples[0];
            grads.clear();
            all += 1;
            emit(Event::Progress { examples: all });
            let norm = pass.take(part, tape, &mut grads).and_then(|loss| Ok(loss + grads.global_norm(&self.built.store)?));
            found = norm.map(|norm| bad.extend((!norm.is_finite()).then_some(example)));
            found.is_ok()
        })?;
        found?;
        let most = match few {
            Few::None => 0,
            Few::One => usize::from(all >= 4),
            Few::Half => all / 2,
        };
        Ok(bad.first().copied().filter(|_| bad.len() <= most))
    }

    /// A parameter whose own values are not finite; running statistics follow from the pass.
    fn bad_weights(&self) -> Result<Option<Place>, Error> {
        for param in self.built.store.iter().filter(|param| param.kind() != ParamKind::Buffer) {
            if !all_finite(param.tensor())? {
                return Ok(Some(Place { operation: None, parameter: Some(param.name().to_string()) }));
            }
        }
        Ok(None)
    }

    /// Takes the step's passes once more and looks at every operation; then, from the loss on, at every gradient.
    fn first_place(&mut self, emit: &mut dyn FnMut(Event)) -> Result<Place, Error> {
        let inspection = Inspection::default();
        (self.feed, self.inspection, self.repeats) = (None, Some(inspection.clone()), true);
        self.grads.clear();
        let passed = self.passes(self.progress.step, emit);
        (self.feed, self.inspection, self.repeats) = (None, None, false);
        passed?;
        if let Some(suspect) = inspection.first() {
            return Ok(Place { operation: Some(suspect.operation.into()), parameter: suspect.parameter });
        }
        for param in inspection.used().into_iter().rev() {
            if let Some(grad) = self.grads.get(&param)
                && !all_finite(grad)?
            {
                return Ok(Place { operation: None, parameter: Some(param.name().to_string()) });
            }
        }
        Ok(Place::default())
    }
}

/// The first row of a batch that is not finite.
fn bad_row(input: &Input) -> Result<Option<usize>, Error> {
    let numbers = match input {
        Input::Image { pixels } => pixels,
        Input::Table { numbers, .. } => numbers,
        Input::Speech { features, .. } => features,
        Input::Text { .. } | Input::Packed { .. } | Input::TextToText { .. } => return Ok(None),
    };
    let rows = numbers.dims().first().copied().unwrap_or(0);
    for row in 0..rows {
        if !all_finite(&numbers.get(row)?)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}
