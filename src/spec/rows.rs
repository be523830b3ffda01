//! Which rows of the data are used at all, by what stands in their columns.

use super::Border;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule that rows are used by; of several each holds. It is of every split: what is trained on, watched and held out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowRule {
    pub column: String,
    pub test: RowTest,
    /// The rows that meet the test are left out; else these alone are used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leave_out: bool,
}

/// What a cell is compared with. A cell that says nothing meets no test but that it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RowTest {
    /// One of these, in upper or lower case; `true` is also `yes` and `1`.
    Is {
        #[schemars(extend("minItems" = 1))]
        values: Vec<String>,
    },
    AtLeast {
        bound: Border,
    },
    /// Greater, or later.
    Above {
        bound: Border,
    },
    AtMost {
        bound: Border,
    },
    /// Less, or earlier.
    Below {
        bound: Border,
    },
    Empty,
}

impl RowTest {
    /// The number or date that it compares with.
    pub fn bound(&self) -> Option<&Border> {
        match self {
            RowTest::AtLeast { bound } | RowTest::Above { bound } | RowTest::AtMost { bound } | RowTest::Below { bound } => {
                Some(bound)
            }
            RowTest::Is { .. } | RowTest::Empty => None,
        }
    }
}

impl RowRule {
    /// As one says it: ``those whose `age` is above 60``.
    pub fn in_words(&self) -> String {
        let test = match &self.test {
            RowTest::Is { values } => values.join(" or "),
            RowTest::AtLeast { bound } => format!("at least {bound}"),
            RowTest::Above { bound } => format!("above {bound}"),
            RowTest::AtMost { bound } => format!("at most {bound}"),
            RowTest::Below { bound } => format!("below {bound}"),
            RowTest::Empty => "empty".into(),
        };
        let those = if self.leave_out { "without those" } else { "those" };
        format!("{those} whose `{}` is {test}", self.column)
    }
}
