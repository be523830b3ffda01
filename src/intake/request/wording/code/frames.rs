//! Tables of pandas in a request: which file is read, what of it is told, what is read and what is dropped.

mod target;

use self::target::Labels;
use super::within;
use crate::intake::regex;
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A column in quotes, or several in brackets.
const NAMES: &str = r#"(?:[\[(]\s*)?['"][^'"\[\]]+['"](?:\s*,\s*['"][^'"\[\]]+['"])*\s*,?\s*[\])]?"#;

/// What makes an array of a table or a copy of it, and changes nothing.
const SAME: &str =
    r"(?:\.(?:values|to_numpy\(\)|copy\(\)|astype\([^()]*\)|tolist\(\)|ravel\(\)|squeeze\(\)|reset_index\([^()]*\)))*";

/// The text with what it does to tables in words.
pub(super) fn in_words(text: &str) -> Cow<'_, str> {
    let reads = text.contains("read_");
    if !text.contains('=') || !(reads || target::is_told(text)) {
        return Cow::Borrowed(text);
    }
    let text = apart(&spelt_out(text));
    let Labels { text, names: labels } = target::in_words(&text, reads);
    let ignored = |names: Vec<String>| {
        let names: Vec<String> = names.into_iter().filter(|name| !labels.contains(name)).collect();
        match names.as_slice() {
            [] => ";".to_string(),
            [one] => format!("; ignore the column `{one}`;"),
            _ => format!("; ignore the columns {};", quoted(&names)),
        }
    };
    let text = OTHERS.replace_all(&text, |found: &Captures<'_>| ignored(listed(&found["names"])));
    let text = DROPPED.replace_all(&text, |found: &Captures<'_>| ignored(listed(&found["names"])));
    let text = READ.replace_all(&text, |found: &Captures<'_>| {
        let names = listed(&found["names"]);
        match names.as_slice() {
            [one] => format!("; column `{one}` is the input;"),
            _ => format!("; columns {} are the input;", quoted(&names)),
        }
    });
    let text = WHOLE.replace_all(&text, "${start};");
    let text = KEPT.replace_all(&text, |found: &Captures<'_>| rows(found).unwrap_or_else(|| found[0].to_string()));
    let text = GIVEN.replace_all(&text, |found: &Captures<'_>| {
        let each = listed(&found["names"]).into_iter().map(|name| format!("; drop rows where `{name}` is missing"));
        format!("{};", each.collect::<String>())
    });
    Cow::Owned(FILE.replace_all(&text, "; data ${path};").into_owned())
}

/// With the names of columns in place of the variables that hold them: `df[TARGET]` where `TARGET = "price"`.
fn spelt_out(text: &str) -> String {
    static SET: LazyLock<Regex> = LazyLock::new(|| {
        regex(&format!(r"(?m)(?P<start>^|[;\n])[ \t]*(?P<name>[A-Za-z_]\w*)\s?=\s?(?P<value>{NAMES})[ \t]*(?P<end>$|[;\n])"))
    });
    let mut out = text.to_string();
    let mut from = 0;
    while let Some(found) = SET.captures_at(&out, from) {
        let (Some(whole), name, value) = (found.get(0), found["name"].to_string(), found["value"].to_string()) else { break };
        from = whole.start() + 1;
        // Of a table, and not of a call that happens to have an argument of this name.
        let used = regex(&format!(r"(?P<before>\w\[|\w\[\[|\w\[:,\s?|\.drop\((?:columns\s?=\s?)?\[?){name}\b"));
        if !used.is_match(&out) {
            continue;
        }
        let kept = format!("{}{}", &found["start"], &found["end"]);
        let range = whole.range();
        out.replace_range(range, &kept);
        let listed = regex(&format!(r"(?P<before>[\[(,]\s?|columns\s?=\s?){name}(?P<after>\s?[\]),])"));
        out = listed
            .replace_all(&out, |found: &Captures<'_>| format!("{}{value}{}", &found["before"], &found["after"]))
            .into_owned();
    }
    out
}

/// `X, y = df[["a", "b"]], df["c"]` as two statements.
fn apart(text: &str) -> String {
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        regex(r"(?m)(?P<start>^|[;\n])[ \t]*(?P<x>[A-Za-z]\w*)\s?,\s?(?P<y>y\w*|Y)\s?=\s?(?P<both>[^\n;=][^\n;]*)")
    });
    BOTH.replace_all(text, |found: &Captures<'_>| {
        let both = &found["both"];
        let at = both.char_indices().find(|(at, c)| *c == ',' && is_outside(&both[..*at])).map(|(at, _)| at);
        match at.map(|at| (both[..at].trim(), both[at + 1..].trim())) {
            Some((x, y)) if is_outside(y) => format!("{}{} = {x}\n{} = {y}", &found["start"], &found["x"], &found["y"]),
            _ => found[0].to_string(),
        }
    })
    .into_owned()
}

/// Whether each bracket in a text is closed.
fn is_outside(text: &str) -> bool {
    let depth = |c: char| i32::from(matches!(c, '(' | '[' | '{')) - i32::from(matches!(c, ')' | ']' | '}'));
    text.chars().map(depth).sum::<i32>() == 0
}

/// `X = df.drop(columns=["id", "price"])`, `df.drop("id", axis=1, inplace=True)`.
static DROPPED: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:(?:\b[A-Za-z_]\w*\s?=\s?)?\b[A-Za-z_]\w*)?\.drop\(\s?(?:(?:columns|labels)\s?=\s?)?(?P<names>{NAMES})\s?(?:,\s?(?:axis\s?=\s?(?:1|'columns'|\x22columns\x22)|inplace\s?=\s?True|errors\s?=\s?['\x22]\w+['\x22])\s?)*\){SAME}"
    ))
});

/// `X = df[[c for c in df.columns if c not in ("id", "price")]]`, and `X = df[cols]` behind the list.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"\b[A-Za-z_]\w*\s?=\s?(?:[A-Za-z_]\w*\[\s?)?\[\s?\w+\sfor\s\w+\sin\s[\w.]+\sif\s\w+\s?(?:!=|not\sin)\s?(?P<names>{NAMES})\s?\](?:\s?\])?(?:\s*[;\n]\s*[A-Za-z_]\w*\s?=\s?[A-Za-z_]\w*\[[A-Za-z_]\w*\])?"
    ))
});

/// `X = df[["area", "rooms"]]`.
static READ: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"\b(?:[Xx](?:_\w+)?|features|inputs|data)\s?=\s?[A-Za-z_]\w*(?:\.loc\[\s?:\s?,|\[)\s?(?P<names>{NAMES})\s?\]{SAME}"
    ))
});

/// All but the last, as is read anyway: `X = df.iloc[:, :-1]`.
static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?m)(?P<start>^|[;\n])[ \t]*[Xx](?:_\w+)?\s?=\s?[A-Za-z_]\w*\.iloc\[\s?:\s?,\s?(?:0\s?)?:\s?-1\s?\]{SAME}[ \t]*"
    ))
});

/// `df = df[df["age"] > 18]`, `df = df.query("age > 18")`.
static KEPT: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r#"(?m)(?P<start>^|[;\n])[ \t]*[A-Za-z_]\w*\s?=\s?[A-Za-z_]\w*(?:(?:\.loc)?\[\s?(?P<tests>[^\n;]*[A-Za-z_]\w*(?:\[['"]|\.)[^\n;]+?)\s?\]|\.query\(\s?(?:'(?P<q>[^'\n]+)'|"(?P<p>[^"\n]+)")\s?\)){SAME}[ \t]*(?P<end>$|[;\n])"#
    ))
});

/// `df.dropna(subset=["price"])`.
static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:(?:\b[A-Za-z_]\w*\s?=\s?)?\b[A-Za-z_]\w*)?\.dropna\(\s?subset\s?=\s?(?P<names>{NAMES})\s?(?:,\s?inplace\s?=\s?True\s?)?\){SAME}"
    ))
});

/// The rows that a table is cut to, where each test is one of a column; none of those that are joined otherwise.
fn rows(found: &Captures<'_>) -> Option<String> {
    static TEST: LazyLock<Regex> = LazyLock::new(|| {
        let column = r#"(?:[A-Za-z_]\w*(?:\[\s?['"](?P<a>[^'"]+)['"]\s?\]|\.(?P<b>[A-Za-z_]\w*))|(?P<c>[A-Za-z_]\w*))"#;
        regex(&format!(
            r#"^\(?\s?(?P<not>~\s?|not\s)?\(?{column}(?:\s?(?P<op>==|!=|<=|>=|<|>)\s?(?P<value>-?[\d._]+|['"][^'"]*['"]|True|False)|(?:\.isin\(|\sin\s?)\s?(?P<list>[\[(][^\[\]()]+[\])])\)?|\.(?P<is>isna|isnull|notna|notnull)\(\))\s?\)?\s?\)?$"#
        ))
    });
    static JOINT: LazyLock<Regex> = LazyLock::new(|| regex(r"\s?&\s?|\sand\s"));
    let all = ["tests", "q", "p"].iter().find_map(|name| found.name(name))?.as_str();
    let one = |test: &str| {
        let own = TEST.captures(test.trim())?;
        let column = ["a", "b", "c"].iter().find_map(|name| own.name(name))?.as_str();
        let is = match (own.name("op"), own.name("list"), own.name("is")) {
            (Some(op), ..) => format!("{} {}", op.as_str(), own["value"].replace('_', "")),
            (_, Some(list), _) => {
                format!("is {}", list.as_str().trim_matches(['[', ']', '(', ')']).replace(", ", " or ").replace(',', " or "))
            }
            (.., Some(is)) if is.as_str().starts_with("is") => "is missing".to_string(),
            _ => "is not missing".to_string(),
        };
        let verb = if own.name("not").is_some() { "drop" } else { "only" };
        Some(format!("; {verb} rows where `{column}` {is}"))
    };
    let each: Option<Vec<String>> = JOINT.split(all).map(one).collect();
    Some(format!("{}{};{}", &found["start"], each?.concat(), &found["end"]))
}

/// How a file is laid out it says itself.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:\b[A-Za-z_]\w*\s?=\s?)?\b(?:pd|pandas|pl|polars)\.read_(?:csv|table|parquet|json|excel|feather)\(\s?(?:filepath_or_buffer\s?=\s?)?r?['"](?P<path>[^'"]+)['"](?:\s?,\s?(?:sep|delimiter|encoding|header|engine|lines|low_memory|orient|decimal|quotechar)\s?=\s?(?:'[^']*'|"[^"]*"|[^\s,()'"]+))*\s?\)"#,
    )
});

fn listed(names: &str) -> Vec<String> {
    static ONE: LazyLock<Regex> = LazyLock::new(|| regex(r#"['"](?P<v>[^'"]+)['"]"#));
    ONE.captures_iter(names).map(|found| found["v"].to_string()).collect()
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use crate::intake::request::{Lack, Request, parse_request};

    fn parse(text: &str) -> Request {
        parse_request(text, |_| None)
    }

    /// What is told of, read and left out of a table, where nothing else is left.
    fn columns(code: &str) -> (Option<String>, Vec<String>, Vec<String>) {
        let request = parse(&format!("df = pd.read_csv('a.csv')\n{code}\nan MLP, 5 epochs"));
        assert_eq!((&request.not_understood, &request.refused), (&Vec::<String>::new(), &vec![]), "{code}");
        (request.label, request.input, request.exclude)
    }

    #[test]
    fn what_is_done_to_tables_is_said() {
        let request = parse(
            "df = pd.read_csv(\"a.csv\", sep=';')\nX = df.drop(columns=['key', 'paid'])\ny = df['paid'].astype(int)\n\
             clf = MLPClassifier(hidden_layer_sizes=(32, 16), max_iter=40)",
        );
        assert_eq!((request.label.as_deref(), &request.exclude[..]), (Some("paid"), &["key".to_string()][..]), "{request:?}");
        assert_eq!((&request.units[..], request.epochs), (&[32, 16][..], Some(40.0)));
        assert_eq!(request.not_understood, Vec::<String>::new());
        let request = parse("data = pd.read_csv('a.csv')\nX = data[['area', 'rooms']]\ny = data.rent\nan MLP, 5 epochs");
        assert_eq!((request.label.as_deref(), &request.input[..]), (Some("rent"), &["area".to_string(), "rooms".into()][..]));
        assert_eq!(request.not_understood, Vec::<String>::new());
    }

    #[test]
    fn what_is_told_is_not_left_out() {
        for code in [
            "X = df.drop(\"rent\", axis=1); y_train = df[\"rent\"]",
            "X = df.drop(columns='rent')\ny = df.loc[:, 'rent']",
            "X = df.drop(columns='rent')\ny = df['rent'].map({'no': 0, 'yes': 1})",
            "X = df.drop(columns=['rent']).values\ntarget = np.asarray(df.rent)",
            "X, y = df.drop(columns='rent'), df['rent'].values",
            "TARGET = 'rent'\nX = df.drop(columns=[TARGET])\ny = df[TARGET]",
            "X = df.drop(columns='rent')\nX_train, X_test, y_train, y_test = train_test_split(X, df['rent'])",
            "y = df.pop('rent')",
            "TARGET = 'rent'\ncols = [c for c in df.columns if c not in (TARGET, )]\nX, y = df[cols], df[TARGET]",
            "cols = [c for c in df.columns if c != 'rent']\nX = df[cols]\ny = LabelEncoder().fit_transform(df['rent'])",
        ] {
            assert_eq!(columns(code), (Some("rent".into()), vec![], vec![]), "{code}");
        }
        let (label, input, exclude) = columns("FEATURES = ['a', 'b']\nX = df[FEATURES]\ny = df['c']");
        assert_eq!((label.as_deref(), input, exclude), (Some("c"), vec!["a".into(), "b".into()], vec![]));
        let (label, _, exclude) = columns("X = df[[c for c in df.columns if c not in ('id', 'rent')]]\ny = df.rent");
        assert_eq!((label.as_deref(), exclude), (Some("rent"), vec!["id".into()]));
        // What else is computed of it is told.
        let request = parse("df = pd.read_csv('a.csv'); y = (df['rent'] > 900).astype(int); an MLP");
        assert_eq!(request.label.as_deref(), Some("rent"));
        assert!(request.not_understood.concat().contains("900"), "{request:?}");
        assert_eq!(parse("df = pd.read_csv('a.csv'); y = np.log1p(df['rent']); an MLP").preparation.len(), 1);
    }

    #[test]
    fn rows_that_a_table_is_cut_to_are_said() {
        let rows = |code: &str| -> Vec<String> {
            let request = parse(&format!("df = pd.read_csv('a.csv')\n{code}\ny = df['c']\nan MLP"));
            assert_eq!(request.not_understood, Vec::<String>::new(), "{code}");
            request.lacking.into_iter().filter(|lack| lack.of == Lack::Filter).map(|lack| lack.words).collect()
        };
        assert_eq!(rows("df = df[df['age'] > 18]"), ["only rows where `age` > 18"]);
        assert_eq!(rows("df = df[(df.age >= 18) & (df.city != 'Rome')].copy()").len(), 2);
        assert_eq!(rows("df = df[df['city'].isin(['Rome', 'Oslo'])]"), ["only rows where `city` is 'Rome' or 'Oslo'"]);
        assert_eq!(rows("df = df[df['city'].notna()]"), ["only rows where `city` is not missing"]);
        assert_eq!(rows("df = df.query(\"age > 18 and city == 'Rome'\")").len(), 2);
        assert_eq!(rows("df = df.dropna(subset=['age'])"), ["drop rows where `age` is missing"]);
    }

    #[test]
    fn what_is_no_table_stays() {
        for text in ["y = a + b", "lr = 0.1, epochs = 5", "predict y = price from a.csv", "X = iris.data; y = iris.target"] {
            assert_eq!(in_words(text), text);
        }
    }
}
