//! The section on the data: licence, columns, splits, balance and lengths, what is repeated and shared, what to beware of.

use super::super::blocks::{BarsShown, Block, Line, code, head, number, prose, text};
use super::super::document::license;
use super::super::types::*;
use crate::words::{clean, count, measured, score};

/// More classes are told by their range alone.
const CLASSES: usize = 20;
/// A class that has less than this share of the examples of the largest is worth a word; so are texts that are cut, above that share.
const RARE: f64 = 0.1;
const MANY: f64 = 0.01;

pub(in crate::report) fn blocks(data: &DataShown) -> Vec<Block> {
    let mut pairs = vec![("source".to_string(), text(clean(&data.source))), ("licence".into(), license(data.license.as_ref()))];
    pairs.extend(data.asks.as_ref().map(|asks| ("what that asks for".to_string(), prose(asks))));
    pairs.push(("columns".into(), code(clean(&data.columns))));
    pairs.extend(data.revision.as_ref().map(|r| ("revision".to_string(), code(clean(r)))));
    let mut blocks = vec![Block::Pairs(pairs), splits(data)];
    blocks.extend(columns(&data.schema));
    let bars: Vec<BarsShown> = data.splits.iter().flat_map(bars).collect();
    blocks.extend((!bars.is_empty()).then_some(Block::Bars(bars)));
    blocks.extend(data.overlap.as_ref().map(|overlap| Block::Paragraph(shared(overlap))));
    let beware = beware(data);
    if !beware.is_empty() {
        blocks.push(Block::Paragraph(text("Worth knowing of it:")));
        blocks.push(Block::List(beware));
    }
    blocks
}

fn splits(data: &DataShown) -> Block {
    let row = |split: &SplitShown| {
        let mut shape = Line::default();
        for (i, (name, value)) in split.shape.iter().enumerate() {
            shape =
                shape.text(format!("{}{name} ", if i > 0 { ", " } else { "" })).number(count(value.value), &[value.ledger_row]);
        }
        if let Some(tokens) = mean_tokens(split) {
            shape =
                shape.text(", mean length ").number(format!("{:.1}", tokens.value / split.examples.value), &[tokens.ledger_row]);
        }
        vec![text(clean(&split.split)), text(&split.role), number(Some(split.examples), count), balance(split), shape]
    };
    let head = head(&["split", "role", "examples", "class balance", "contents"]);
    Block::Table { head, rows: data.splits.iter().map(row).collect() }
}

/// All tokens of a split whose examples are a text each.
fn mean_tokens(split: &SplitShown) -> Option<Sourced> {
    let named = |wanted: &str| split.shape.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    named("longest text")?;
    named("tokens").filter(|_| split.examples.value > 0.0)
}

/// None where the line above says it all.
fn columns(schema: &[ColumnShown]) -> Option<Block> {
    if schema.is_empty() || schema.len() <= 2 && schema.iter().all(|column| column.kind.is_empty()) {
        return None;
    }
    let row = |column: &ColumnShown| {
        let mut holds = Line::default();
        if !column.kind.is_empty() {
            holds = holds.number(clean(&column.kind), &[column.ledger_row]);
        }
        for (name, value) in &column.numbers {
            holds = holds.text(format!(", {name} ")).number(measured(value.value), &[value.ledger_row]);
        }
        vec![code(clean(&column.name)), text(&column.role), holds]
    };
    let table = Block::Table { head: head(&["column", "used as", "holds"]), rows: schema.iter().map(row).collect() };
    Some(match schema.len() {
        0..=24 => table,
        more => Block::Folded { title: format!("{more} columns"), blocks: vec![table] },
    })
}

/// Classes, and lengths of texts.
fn bars(split: &SplitShown) -> Vec<BarsShown> {
    let mut shown = Vec::new();
    if (2..=CLASSES).contains(&split.classes.len()) {
        let bars = split.classes.iter().map(|class| (clean(&class.label), class.count)).collect();
        shown.push(BarsShown {
            title: format!("{}: classes", clean(&split.split)),
            of: ["class", "examples"].map(String::from),
            bars,
        });
    }
    for (of, bins) in [("texts", &split.lengths), ("targets", &split.target_lengths)] {
        let named = |(at, bin): (usize, &LengthShown)| {
            let from = at.checked_sub(1).map_or(1.0, |before| bins[before].most.value + 1.0);
            let most = bin.most.value;
            (if from == most { count(most) } else { format!("{} to {}", count(from), count(most)) }, bin.texts)
        };
        if bins.len() > 1 {
            let title = format!("{}: {of} by their tokens", clean(&split.split));
            shown.push(BarsShown {
                title,
                of: ["tokens", of].map(String::from),
                bars: bins.iter().enumerate().map(named).collect(),
            });
        }
    }
    shown
}

/// What of the held-out split is in training, too.
fn shared(overlap: &OverlapShown) -> Line {
    let shown = |line: Line, n: &Sourced| line.number(count(n.value), &[n.ledger_row]);
    let line = shown(text("Of "), &overlap.held_out).text(" held-out examples ");
    let mut line = match overlap.exact.value {
        0.0 => line.text("none").number("", &[overlap.exact.ledger_row]).text(" is among the "),
        _ => shown(line, &overlap.exact).text(" are among the "),
    };
    line = shown(line, &overlap.train).text(" of training as they are");
    line = match overlap.near {
        Some(near) => shown(line.text(", and "), &near).text(" more nearly."),
        None => line.text("; whether any is nearly there was not looked for."),
    };
    for (split, repeated) in [("training split", overlap.repeated_in_train), ("held-out split", overlap.repeated_in_held_out)] {
        if let Some(repeated) = repeated {
            line = shown(line.text(format!(" In the {split} ")), &repeated).text(" repeat the inputs of an earlier one.");
        }
    }
    line
}

/// What whoever trains on it should know: what the numbers show, then what survey and workers noted.
fn beware(data: &DataShown) -> Vec<Line> {
    let mut found = Vec::new();
    if let Some(overlap) = &data.overlap {
        let seen = overlap.exact.value + overlap.near.map_or(0.0, |near| near.value);
        if seen > 0.0 {
            let share = format!("{:.1} %", 100.0 * seen / overlap.held_out.value.max(1.0));
            let line = Line::default().number(share, &[overlap.exact.ledger_row]);
            found.push(line.text(" of what is scored was there in training: what is learnt by heart scores there"));
        }
    }
    for split in &data.splits {
        let name = || text(format!("{}: ", clean(&split.split)));
        let by_count = |a: &&ClassShown, b: &&ClassShown| a.count.value.total_cmp(&b.count.value);
        if let (Some(least), Some(most)) = (split.classes.iter().min_by(by_count), split.classes.iter().max_by(by_count))
            && least.count.value < RARE * most.count.value
        {
            let line = name()
                .text(format!("the class {} has ", clean(&least.label)))
                .number(count(least.count.value), &[least.count.ledger_row]);
            let line = line
                .text(format!(" examples, {} ", clean(&most.label)))
                .number(count(most.count.value), &[most.count.ledger_row]);
            found.push(line.text(": look at macro F1 beside accuracy, or weigh the classes"));
        }
        for (what, cut) in split.shape.iter().filter(|(what, _)| what.ends_with(" cut")) {
            if cut.value > MANY * split.examples.value {
                let share = format!("{:.1} %", 100.0 * cut.value / split.examples.value.max(1.0));
                found.push(
                    name().text(format!("{what}: ")).number(share, &[cut.ledger_row]).text(" are longer than the model is given"),
                );
            }
        }
    }
    found.extend(data.notes.iter().map(|note| Line::default().number(clean(&note.message), &[note.ledger_row])));
    found
}

/// Share of each class; of many classes only the range. Of numbers, what they are like.
fn balance(split: &SplitShown) -> Line {
    if let Some(ValuesShown { mean, std, least, most }) = split.values {
        let parts = [("mean ", mean), (", standard deviation ", std), (", from ", least), (" to ", most)];
        return parts
            .into_iter()
            .fold(Line::default(), |line, (name, value)| line.text(name).number(score(value.value), &[value.ledger_row]));
    }
    if split.classes.is_empty() {
        return text("–");
    }
    // Tags are of words, of which an example has many: no label has more examples than there are.
    let (examples, of_words) = (split.examples.value, split.classes.iter().any(|class| class.count.value > split.examples.value));
    let all = if of_words { split.classes.iter().map(|class| class.count.value).sum() } else { examples };
    let share = |n: &Sourced| format!("{:.1} %", 100.0 * n.value / all.max(1.0));
    if split.classes.len() > 4 {
        let counts = || split.classes.iter().map(|class| class.count);
        let least = counts().min_by(|a, b| a.value.total_cmp(&b.value));
        let most = counts().max_by(|a, b| a.value.total_cmp(&b.value));
        let Some((least, most)) = least.zip(most) else { return text("–") };
        let line = text(format!("{} classes, ", split.classes.len())).number(share(&least), &[least.ledger_row]);
        return line.text(" to ").number(share(&most), &[most.ledger_row]);
    }
    let mut line = Line::default();
    for (i, class) in split.classes.iter().enumerate() {
        line = line.text(format!("{}{} ", if i > 0 { ", " } else { "" }, clean(&class.label)));
        line = line.number(share(&class.count), &[class.count.ledger_row]);
    }
    line
}
