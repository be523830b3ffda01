//! What recovery decided after an attempt, as the ledger has it.

use crate::run::recovery::Change;
use crate::script::Settings;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What comes after an attempt that did not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Decided {
    /// The next attempt of a run, with this change.
    Changed(Change),
    /// The next attempt of a script, with these settings.
    Script(Settings),
    /// Another script is asked for.
    Mend,
    /// Nothing more is tried.
    GiveUp,
}

impl Decided {
    /// Reads it also as ledgers had it at first: a text, which holds a change or settings as JSON, or a word.
    pub(super) fn of_any_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decided, D::Error> {
        let read = match Value::deserialize(deserializer)? {
            Value::String(text) => match text.as_str() {
                "give_up" => Ok(Decided::GiveUp),
                "mend" => Ok(Decided::Mend),
                text => match serde_json::from_str(text) {
                    Ok(change) => Ok(Decided::Changed(change)),
                    Err(error) => serde_json::from_str(text).map(Decided::Script).map_err(|_| error),
                },
            },
            value => serde_json::from_value(value),
        };
        read.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Entry, Record};
    use serde_json::json;

    #[test]
    fn decisions_of_any_age_are_read() {
        let read = |decision: Value| {
            let record =
                json!({ "kind": "recovery", "run": "seed-0", "attempt": 1, "decision": decision, "reason": "it diverged" });
            let entry = serde_json::from_value::<Entry>(json!({ "row": 1, "at": "t", "record": record }))?;
            let Record::Recovery { decision, .. } = entry.record else { panic!("{:?}", entry.record) };
            Ok::<_, serde_json::Error>(decision)
        };
        let lower = Decided::Changed(Change::LowerLr { from: 0.1, to: 0.1 * 0.3 });
        let parts = Decided::Script(Settings { batch_parts: 2, lr_scale: 0.1 });
        for (text, decided) in [
            (r#"{"kind":"lower_lr","from":0.1,"to":0.03}"#, &lower),
            (r#"{"batch_parts":2,"lr_scale":0.1}"#, &parts),
            ("mend", &Decided::Mend),
            ("give_up", &Decided::GiveUp),
        ] {
            assert_eq!(&read(json!(text)).expect("an old row"), decided);
            assert_eq!(&read(serde_json::to_value(decided).expect("JSON")).expect("a row"), decided);
        }
        assert!(read(json!("whatever")).is_err());
    }
}
