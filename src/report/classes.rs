//! Class by class: what the model that was kept says of the held-out split.

use super::blocks::*;
use super::types::{ClassesShown, Sourced, ToldClass};
use crate::words::{clean, count, score};

/// So many are shown at once; more are folded away.
const SHOWN: usize = 30;

pub(super) fn blocks(shown: Option<&ClassesShown>) -> Vec<Block> {
    let Some(ClassesShown { run, classes, confused }) = shown else { return vec![] };
    let row = |class: &ToldClass| {
        let shares = [class.precision, class.recall, class.f1].map(|share| number(Some(share), score));
        [text(clean(&class.name)), number(Some(class.actual), count), number(Some(class.said), count)]
            .into_iter()
            .chain(shares)
            .collect()
    };
    let head = head(&["class", "examples", "said", "precision", "recall", "F1"]);
    let table = Block::Table { head, rows: classes.iter().map(row).collect() };
    let mut blocks = vec![Block::Paragraph(text(format!("Of {run}, on the held-out split.")))];
    blocks.push(match classes.len() {
        few if few <= SHOWN => table,
        many => Block::Folded { title: format!("all {} classes", count(many as f64)), blocks: vec![table] },
    });
    if !confused.is_empty() {
        let names = classes.iter().map(|class| clean(&class.name));
        let head = ["class".to_string()].into_iter().chain(names).collect();
        let cell = |at: usize, (i, taken): (usize, &Sourced)| match number(Some(*taken), count) {
            right if i == at => right,
            _ if taken.value == 0.0 => text("·"),
            wrong => wrong,
        };
        let line = |(at, (class, taken)): (usize, (&ToldClass, &Vec<Sourced>))| {
            let cells = taken.iter().enumerate().map(|cells| cell(at, cells));
            [text(clean(&class.name))].into_iter().chain(cells).collect()
        };
        let rows = classes.iter().zip(confused).enumerate().map(line).collect();
        let title = "which is taken for which (a row for each class, a column for what was said)".into();
        blocks.push(Block::Folded { title, blocks: vec![Block::Table { head, rows }] });
    }
    blocks
}
