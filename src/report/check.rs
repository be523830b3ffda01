//! No number without a source: walks the finished report as JSON, so that a field added later is held to the same rule.

use super::{Error, Report};
use crate::eval::Evaluation;
use crate::plan::Plan;
use crate::store::{Entry, Record, Stage};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the numbers of a report may come from: the ledger's rows, and for the row of a stage the file that it wrote.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    pub ledger: &'a [Entry],
    /// Of an experiment: what its stages wrote.
    pub made: Option<(&'a Plan, &'a Evaluation)>,
}

/// Numbers under these names are names themselves.
const NAMES: [&str; 7] = ["version", "seed", "attempt", "page", "trial", "from", "ledger_row"];

/// Holds every number of the report against the row that it cites.
///
/// # Errors
/// The first number that has no row, whose row is not in the ledger or does not hold it, or that is not finite.
pub fn check(report: &Report, sources: &Sources) -> Result<(), Error> {
    hold(report, sources)
}

/// The same of any report.
pub(super) fn hold(report: &impl Serialize, sources: &Sources) -> Result<(), Error> {
    let mut rows = BTreeMap::new();
    for entry in sources.ledger {
        rows.insert(entry.row, numbers_of(entry, sources)?);
    }
    Walk { rows }.value("report", "", &serde_json::to_value(report)?)
}

/// Every row that the report cites, in order.
pub(super) fn cited(report: &impl Serialize) -> Result<Vec<u64>, Error> {
    let mut found = Vec::new();
    collect(&serde_json::to_value(report)?, &mut |key, value| {
        if key == "ledger_row" {
            found.extend(value.as_u64());
        }
    });
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn collect(value: &Value, take: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            take(key, value);
            collect(value, take);
        }),
        Value::Array(items) => items.iter().for_each(|item| {
            take("", item);
            collect(item, take);
        }),
        _ => {}
    }
}

fn numbers_of(entry: &Entry, sources: &Sources) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    let mut add = |value: Value| collect(&value, &mut |_, value| numbers.extend(value.as_f64()));
    add(serde_json::to_value(&entry.record)?);
    if let (Record::Stage { stage, .. }, Some((plan, evaluation))) = (&entry.record, sources.made) {
        match stage {
            Stage::Spec => add(serde_json::to_value(&plan.spec)?),
            Stage::Plan => add(serde_json::to_value(plan)?),
            Stage::Eval => add(serde_json::to_value(evaluation)?),
            Stage::Paper | Stage::PaperSpec | Stage::Request | Stage::Manifest | Stage::Report => {}
        }
    }
    Ok(numbers)
}

struct Walk {
    /// Row -> the numbers that it holds.
    rows: BTreeMap<u64, Vec<f64>>,
}

impl Walk {
    fn value(&self, path: &str, key: &str, value: &Value) -> Result<(), Error> {
        match value {
            Value::Object(fields) => {
                if let Some(row) = fields.get("ledger_row") {
                    self.row(path, row)?;
                    if fields.len() == 2 && fields.contains_key("value") {
                        return self.sourced(path, &fields["value"], row);
                    }
                }
                let cites = fields.contains_key("ledger_row");
                fields.iter().try_for_each(|(key, value)| match key.as_str() {
                    "points" if cites => Ok(()),
                    _ => self.value(&format!("{path}.{key}"), key, value),
                })
            }
            Value::Array(items) => {
                items.iter().enumerate().try_for_each(|(i, item)| self.value(&format!("{path}[{i}]"), "", item))
            }
            Value::Number(number) if !NAMES.contains(&key) => {
                Err(Error::Unsourced { path: path.to_string(), value: number.to_string() })
            }
            _ => Ok(()),
        }
    }

    fn row(&self, path: &str, row: &Value) -> Result<&Vec<f64>, Error> {
        let found = row.as_u64().and_then(|row| self.rows.get(&row));
        found.ok_or_else(|| Error::NoRow { what: format!("`{path}`, which cites row {row}") })
    }

    fn sourced(&self, path: &str, value: &Value, row: &Value) -> Result<(), Error> {
        let Some(value) = value.as_f64() else { return Err(Error::NotFinite { path: path.to_string() }) };
        if self.row(path, row)?.contains(&value) {
            return Ok(());
        }
        Err(Error::NotInRow { path: path.to_string(), value, row: row.as_u64().unwrap_or_default() })
    }
}
