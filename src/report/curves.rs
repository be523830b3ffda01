//! Events -> curves.

use super::{Curve, CurveKind};
use crate::job::Event;
use std::collections::BTreeMap;

/// Points that a curve keeps at most; more cannot be seen.
pub(super) const MAX_POINTS: usize = 600;

/// The curves of every run, by kind. `row`: the ledger row of a run's last training attempt; a run without one has no curves.
///
/// An attempt that starts at step s replaces what earlier attempts drew beyond s: what is shown is the path to the final weights.
pub(super) fn curves(events: &BTreeMap<String, Vec<Event>>, row: impl Fn(&str) -> Option<u64>) -> Vec<Curve> {
    let kinds = [CurveKind::TrainLoss, CurveKind::MonitorLoss, CurveKind::MonitorMetric, CurveKind::Lr];
    let mut curves = Vec::new();
    for kind in kinds {
        for (run, events) in events {
            let points = thin(points(kind, events), MAX_POINTS);
            if let Some(ledger_row) = row(run).filter(|_| !points.is_empty()) {
                curves.push(Curve { kind, run: run.clone(), ledger_row, points });
            }
        }
    }
    curves
}

fn points(kind: CurveKind, events: &[Event]) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = Vec::new();
    for event in events {
        if let Event::Started { step, .. } = event {
            points.retain(|[x, _]| *x <= *step as f64);
        }
        let point = match (kind, event) {
            (CurveKind::TrainLoss, Event::Step(s)) => Some((s.step, s.loss)),
            (CurveKind::Lr, Event::Step(s)) => Some((s.step, s.lr)),
            (CurveKind::MonitorLoss, Event::Monitored { step, loss, .. }) => Some((*step, *loss)),
            (CurveKind::MonitorMetric, Event::Monitored { step, value, .. }) => Some((*step, *value)),
            _ => None,
        };
        points.extend(point.filter(|(_, y)| y.is_finite()).map(|(step, y)| [step as f64, y]));
    }
    points
}

/// At most about `most` points: of each stretch the lowest and the highest, so that no spike is lost; first and last stay.
pub(super) fn thin(points: Vec<[f64; 2]>, most: usize) -> Vec<[f64; 2]> {
    if points.len() <= most {
        return points;
    }
    let stretch = points.len().div_ceil(most / 2);
    let mut kept = vec![points[0]];
    for chunk in points.chunks(stretch) {
        let by_value = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
        let mut ends: Vec<[f64; 2]> =
            chunk.iter().min_by(by_value).into_iter().chain(chunk.iter().max_by(by_value)).copied().collect();
        ends.sort_by(|a, b| a[0].total_cmp(&b[0]));
        kept.extend(ends);
    }
    kept.extend(points.last());
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::StepEvent;

    fn step(step: u64, loss: f64) -> Event {
        Event::Step(StepEvent { step, epoch: 0.0, loss, lr: 0.1, grad_norm: 1.0, tokens: 0, examples: 0, train_secs: 0.0 })
    }

    fn started(step: u64) -> Event {
        Event::Started { step, total_steps: 9, num_params: 1, num_trainable: 1, train_examples: 1, resumed: step > 0 }
    }

    #[test]
    fn a_resumed_attempt_replaces_what_lies_beyond_its_checkpoint() {
        let events = [started(0), step(1, 3.0), step(2, 2.0), step(3, 9.0), started(2), step(3, 1.5), step(4, f64::NAN)];
        assert_eq!(points(CurveKind::TrainLoss, &events), [[1.0, 3.0], [2.0, 2.0], [3.0, 1.5]]);
    }

    #[test]
    fn thinning_keeps_spikes_and_ends() {
        let mut points: Vec<[f64; 2]> = (0..10_000).map(|x| [x as f64, 1.0]).collect();
        points[7_777][1] = 50.0;
        let thinned = thin(points, 600);
        assert!(thinned.len() <= 602, "{}", thinned.len());
        assert_eq!((thinned[0][0], thinned[thinned.len() - 1][0]), (0.0, 9_999.0));
        assert!(thinned.contains(&[7_777.0, 50.0]));
        assert!(thinned.windows(2).all(|w| w[0][0] <= w[1][0]), "in order");
    }
}
