//! Which column of a table is told, as code says it: `y = df["price"]`, `model.fit(X, df["price"])`.

use super::within;
use crate::intake::regex;
use regex::Regex;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// A text in which labels are said in words, and their names.
pub(super) struct Labels {
    pub(super) text: String,
    pub(super) names: BTreeSet<String>,
}

/// `y_train = ...`, `targets = ...`.
static SET: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?m)(?P<start>^|[;\n])[ \t]*(?P<to>y|Y|[yY]_[A-Za-z]\w*|(?:\w+_)?(?:targets?|labels?)(?:_\w+)?)\s?=\s?(?P<what>[^=\s;][^\n;]*)",
    )
});

/// One column of a table; by its place among them only the first and the last.
static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"\b(?P<frame>[A-Za-z_]\w*)(?:(?:\.loc\[\s?:\s?,|\[)\s?\[?\s?['"](?P<a>[^'"\]]+)['"]\s?\]?\s?\]|\.(?:pop|get)\(\s?['"](?P<b>[^'"]+)['"]\s?\)|\.iloc\[\s?:\s?,\s?(?P<at>-1|0)\s?\]|\.(?P<c>[A-Za-z_]\w*))"#,
    )
});

/// Whether a text says in code which column is told, in a way that only tables have.
pub(super) fn is_told(text: &str) -> bool {
    SET.captures_iter(text).any(|found| column(&found["what"], false).is_some())
}

/// `reads`: tables are read in it, so that `df.price` may be a column.
pub(super) fn in_words(text: &str, reads: bool) -> Labels {
    let (mut out, mut names, mut from) = (String::new(), BTreeSet::new(), 0);
    for found in SET.captures_iter(text) {
        let (Some(whole), Some(what)) = (found.get(0), found.name("what")) else { continue };
        // What a model says is no label.
        let is_answer = ["pred", "hat", "prob", "score"].iter().any(|part| found["to"].contains(part));
        let Some((name, place)) = column(what.as_str(), reads).filter(|_| !is_answer) else { continue };
        let said = if name == FIRST || name == LAST {
            format!("the label is the {name} column")
        } else {
            format!("label column: `{name}`")
        };
        let more = more(what.as_str(), place, &name);
        out.push_str(&format!("{}{}; {said};{more}", &text[from..whole.start()], &found["start"]));
        from = whole.end();
        names.insert(name);
    }
    out.push_str(&text[from..]);
    if let Some(name) = passed(&out, reads).filter(|_| names.is_empty()) {
        out.push_str(&format!("\n; label column: `{name}`;"));
        names.insert(name);
    }
    Labels { text: out, names }
}

const FIRST: &str = "first";
const LAST: &str = "last";

/// The only column that a term is made of, and where it stands in it.
fn column(what: &str, reads: bool) -> Option<(String, Range<usize>)> {
    // Modules, and what a table has that is no column.
    const NO_FRAMES: [&str; 9] = ["np", "numpy", "pd", "torch", "tf", "nn", "math", "model", "clf"];
    const NO_COLUMNS: [&str; 8] = ["values", "columns", "index", "shape", "loc", "iloc", "str", "T"];
    let mut all = COLUMN.captures_iter(what).filter_map(|found| {
        let whole = found.get(0)?.range();
        let bare = found.name("c").map(|name| name.as_str());
        let is_column = |name: &str| reads && !what[whole.end..].starts_with('(') && !NO_COLUMNS.contains(&name);
        let place = found.name("at").map(|at| if at.as_str() == "0" { FIRST } else { LAST });
        let name = found.name("a").or(found.name("b")).map(|name| name.as_str()).or(place);
        let name = name.or(bare.filter(|name| is_column(name) && !NO_FRAMES.contains(&&found["frame"])))?;
        Some((name.to_string(), whole))
    });
    let (name, place) = all.next()?;
    all.all(|(other, _)| other == name).then_some((name, place))
}

/// What is computed of a column before it is told, in words; of a logarithm that there is one.
fn more(what: &str, place: Range<usize>, name: &str) -> String {
    const COLUMN: &str = "§";
    static SAME: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            regex(
                r"§(?:\.(?:values|cat\.codes)\b|\.(?:to_numpy|astype|copy|tolist|ravel|squeeze|reshape|reset_index|to_frame|unique|fillna)\([^()]*\)|\.map\(\s?(?:\{[^{}]*\}|\w+)\s?\)|\.replace\(\s?\{[^{}]*\}\s?\))",
            ),
            regex(
                r"(?:\b[A-Za-z_][\w.]*(?:\(\))?\.)?\b(?:array|asarray|fit_transform|Series|tensor|list|factorize|to_categorical|ravel)\(\s?§(?:,[^()]*)?\)(?:\[0\])?",
            ),
            regex(r"(?P<before>^|[^\w.])\(\s?§\s?\)"),
        ]
    });
    static LOG: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\b\w+\.)?\blog(?:1p|2|10)?\(\s?§\s?\)"));
    let mut term = format!("{}{COLUMN}{}", &what[..place.start], &what[place.end..]);
    let mut is_log = false;
    loop {
        let shorter = SAME.iter().fold(term.clone(), |term, way| way.replace_all(&term, "${before}§").into_owned());
        is_log |= LOG.is_match(&shorter);
        let shorter = LOG.replace_all(&shorter, COLUMN).into_owned();
        if shorter == term {
            break;
        }
        term = shorter;
    }
    let log = if is_log { " log-transform the target;" } else { "" };
    match term.trim() {
        COLUMN => log.to_string(),
        other => {
            let bare = other.replace(COLUMN, name).replace(['(', ')', '[', ']', '{', '}', '"', '\'', ',', ':'], " ");
            format!("{log} {};", bare.split_whitespace().collect::<Vec<_>>().join(" "))
        }
    }
}

/// The column that a fit or a split is given as what is told: `train_test_split(X, df["price"], test_size=0.2)`.
fn passed(text: &str, reads: bool) -> Option<String> {
    static CALL: LazyLock<Regex> = LazyLock::new(|| regex(r"(?:\.fit|\btrain_test_split|\bcross_val_score)\("));
    let told = |call: regex::Match<'_>| {
        let arguments = &text[within(text, call.end())?];
        let second = super::super::arguments(arguments).into_iter().filter(|(key, _)| key.is_none()).nth(1)?.1;
        column(second, reads).map(|(name, _)| name)
    };
    CALL.find_iter(text).find_map(told)
}
