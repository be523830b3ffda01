//! Numbers that a reader of PDFs got wrong, where the paper gives them once more: `2²⁰` without its height is 220.

use crate::intake::{Field, Value};

/// Takes out what is written as a power of two without the power, where the same setting has that power elsewhere.
pub(super) fn powers_of_two(fields: &mut Vec<Field>) {
    let number = |field: &Field| match &field.value {
        Value::Number { value } => Some(*value),
        _ => None,
    };
    let is_slip = |field: &Field| {
        let power = number(field).and_then(power_written_flat);
        power.is_some_and(|power| fields.iter().any(|other| other.key == field.key && number(other) == Some(power)))
    };
    let slips: Vec<bool> = fields.iter().map(is_slip).collect();
    let mut slips = slips.into_iter();
    fields.retain(|_| !slips.next().unwrap_or_default());
}

/// 220 -> 2²⁰
fn power_written_flat(value: f64) -> Option<f64> {
    let is_written = value.fract() == 0.0 && (25.0..=240.0).contains(&value);
    let digits = is_written.then(|| format!("{value}"))?;
    let power = digits.strip_prefix('2').filter(|power| !power.starts_with('0'))?.parse::<i32>().ok()?;
    (5..=40).contains(&power).then(|| 2f64.powi(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_that_lost_their_height() {
        assert_eq!(power_written_flat(220.0), Some(1_048_576.0));
        assert_eq!(power_written_flat(28.0), Some(256.0));
        for value in [20.0, 205.0, 300.0, 2.5, 1024.0] {
            assert_eq!(power_written_flat(value), None, "{value}");
        }
    }
}
